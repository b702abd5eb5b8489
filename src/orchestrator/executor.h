/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/executor.h - carries runs out, one at a time, from the history's queue.
 *
 * The history is the truth and is written before anything is done: an executor that dies at any
 * point leaves what the next one needs. It finds processes that live on by their locks, takes the
 * report of one that finished meanwhile, and starts again (as another attempt) what was lost.
 *
 * Nothing here waits; mr_executor_step says how long the caller may. One thread.
 */
#ifndef MR_ORCHESTRATOR_EXECUTOR_H
#define MR_ORCHESTRATOR_EXECUTOR_H

#include "orchestrator/dag.h"
#include "orchestrator/task_runner.h"

enum {
    mr_executor_tasks_max = mr_run_tasks_max,
    mr_executor_lost_max = 20, /* attempts whose process was lost, before a task has failed */
};

/* Where time comes from; tests bring their own. */
typedef struct mr_clock {
    int64_t (*now_ms)(void *ctx);       /* of the wall clock, which may jump */
    int64_t (*monotonic_us)(void *ctx); /* never steps back */
    void *ctx;
} mr_clock;

extern const mr_clock mr_system_clock;

typedef struct mr_executor_options {
    mr_runs *runs;
    mr_clock clock;
    const mr_task_runner *runner;
    void *runner_ctx;
    uint32_t retries;        /* of a task that failed */
    uint64_t retry_delay_ms; /* before the first of them; doubles, up to an hour */
    uint64_t timeout_ms;     /* of one attempt: then SIGTERM, and SIGKILL after ... */
    uint64_t grace_ms;
    uint32_t parallel_max; /* tasks at once */
    uint32_t keep;         /* runs in the history */
    bool publish;          /* runs of gold that begin now have the task, too */
    void *ctx;             /* of the functions below */
    /* Is a conditional task needed? If not, the reason. */
    mr_status (*condition)(void *ctx, const mr_run *run, const char *task, bool *ret_needed,
                           char ret_reason[static mr_run_reason_bytes_max], mr_err *err);
    /* In the transaction that ends a run. */
    mr_status (*ended)(void *ctx, const mr_run *run, const mr_run_task *tasks, size_t count,
                       mr_err *err);
} mr_executor_options;

typedef struct mr_executor mr_executor;

/* Options are copied, what they point to is borrowed. */
mr_executor *mr_executor_create(const mr_executor_options *options);
void mr_executor_destroy(mr_executor *executor); /* what runs goes on; NULL is fine */

/* Does all that can be done now. *ret_wait_ms: when to call again at the latest; -1: when something
 * happens. On failure the run in hand is let go of, and found again by the next call. */
mr_status mr_executor_step(mr_executor *executor, int64_t *ret_wait_ms, mr_err *err);

/* Descriptors that become readable when a task has ended; returns how many. */
size_t mr_executor_wait_fds(mr_executor *executor, int ret_fds[static mr_executor_tasks_max]);

/* Starts nothing more and asks what runs to end. The run stays as it is, for the next executor.
 * Call mr_executor_step until mr_executor_is_idle. */
void mr_executor_stop(mr_executor *executor);
bool mr_executor_is_idle(const mr_executor *executor); /* no process of a task is in hand */
uint64_t mr_executor_runs_ended(const mr_executor *executor, uint64_t *ret_failed);

#endif
