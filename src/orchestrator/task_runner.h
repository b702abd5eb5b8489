/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/task_runner.h - how an attempt of a task is started, watched and found again.
 *
 * The one for real processes is task_process.h's; tests have one without any. An attempt outlives
 * whoever started it: it can be adopted by the next. One thread.
 */
#ifndef MR_ORCHESTRATOR_TASK_RUNNER_H
#define MR_ORCHESTRATOR_TASK_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

typedef struct mr_attempt {
    const char *run_id, *task;
    int32_t number; /* from 1 */
} mr_attempt;

typedef struct mr_attempt_end {
    bool exit_known;     /* false: it was adopted, and nobody was told how it ended */
    int32_t exit_status; /* 128 + n: by signal n */
} mr_attempt_end;

/* All slots are required. */
typedef struct mr_task_runner {
    /* arguments end with NULL. On failure nothing runs. */
    mr_status (*start)(void *ctx, const mr_attempt *attempt, const char *const *arguments,
                       void **ret_process, mr_err *err);
    /* MR_NOT_FOUND (err untouched): it does not run, or not any more. */
    mr_status (*adopt)(void *ctx, const mr_attempt *attempt, void **ret_process, mr_err *err);
    bool (*has_ended)(void *ctx, void *process, mr_attempt_end *ret_end);
    void (*signal)(void *ctx, void *process, int signal_number);
    int (*wait_fd)(void *ctx, void *process); /* readable once it has ended; -1: ask again */
    void (*close)(void *ctx, void *process);  /* lets go of it; it goes on if it runs */
    /* Appends what the attempt printed: whole, or cut when it was killed. */
    mr_status (*report)(void *ctx, const mr_attempt *attempt, mr_buffer *out, mr_err *err);
    void (*forget)(void *ctx, const char *run_id); /* removes a run's logs */
} mr_task_runner;

#endif
