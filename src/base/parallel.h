/* SPDX-License-Identifier: Apache-2.0 */
/* base/parallel.h - the same work for many things, several at once: what waits for a network is
 * done in the time of one wait.
 */
#ifndef MR_BASE_PARALLEL_H
#define MR_BASE_PARALLEL_H

#include <stddef.h>

#include "base/status.h"

enum { mr_parallel_threads_max = 64 };

/* Calls work for every index below count, on as many threads as given, this one among them, and
 * returns when all have ended. After a failure no more are begun; the first is returned. */
mr_status mr_parallel(size_t count, size_t threads,
                      mr_status (*work)(void *ctx, size_t index, mr_err *err), void *ctx,
                      mr_err *err);

#endif
