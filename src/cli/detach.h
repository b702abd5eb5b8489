/* SPDX-License-Identifier: Apache-2.0 */
/* cli/detach.h - leaving a long-running command behind, once it serves (`up --detach`).
 *
 * Call before threads and files are opened: it forks. The process that goes on is the child, in a
 * session of its own with standard error in a log file; the caller's waits for its word.
 */
#ifndef MR_CLI_DETACH_H
#define MR_CLI_DETACH_H

#include <stdbool.h>

#include "base/status.h"

typedef struct mr_detach {
    int ready_fd; /* the child's end; -1 when nothing is detached */
} mr_detach;

/* In the parent it returns after the child's word: *ret_is_parent true, *ret_ready whether the
 * child serves (else it has ended, and log_path says why). In the child *ret_is_parent is false. */
mr_status mr_detach_begin(mr_detach *detach, const char *log_path, bool *ret_is_parent,
                          bool *ret_ready, mr_err *err);

/* In the child, once it serves and has said all it has to say on standard output: lets the parent
 * go. Nothing happens when nothing is detached. */
void mr_detach_ready(mr_detach *detach);

#endif
