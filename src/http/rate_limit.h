/* SPDX-License-Identifier: Apache-2.0 */
/* http/rate_limit.h - token buckets by client, in a table of fixed size. Thread-safe. */
#ifndef MR_HTTP_RATE_LIMIT_H
#define MR_HTTP_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef struct mr_rate_limit mr_rate_limit;

/* per_second tokens flow in, at most `burst` gather; `clients` buckets are kept (the idlest make
 * room). */
mr_rate_limit *mr_rate_limit_create(double per_second, double burst, uint32_t clients);
void mr_rate_limit_destroy(mr_rate_limit *limit);

/* Takes `cost` tokens of a client at now_us (mr_monotonic_us). false: too many;
 * *ret_retry_after_ms says when it would do. A cost above burst is taken when the bucket is full.
 */
bool mr_rate_limit_take(mr_rate_limit *limit, mr_text client, double cost, int64_t now_us,
                        uint32_t *ret_retry_after_ms);

#endif
