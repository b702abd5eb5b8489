/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/scheduler.h - the scheduler role, and runs carried out without it.
 *
 * Whoever carries runs out holds <data_folder>/runs/executor.lock. Whoever asks for something
 * writes it into the history and touches <data_folder>/runs/wake, which the scheduler watches.
 */
#ifndef MR_ORCHESTRATOR_SCHEDULER_H
#define MR_ORCHESTRATOR_SCHEDULER_H

#include "lake/blob.h"
#include "orchestrator/executor.h"
#include "orchestrator/planner.h"

typedef struct mr_scheduler_options {
    const char *data_folder;
    const char *program;      /* what tasks are processes of */
    char *const *environment; /* with the settings; ends with NULL */
    mr_blobs_options lake;
    const char *models;    /* folder of the user's models; NULL: none */
    const char *schedule;  /* "off": none */
    const char *time_zone; /* of the schedule */
    mr_catch_up catch_up;
    uint64_t continuous_ms; /* 0: by the schedule alone */
    uint64_t timeout_ms;
    uint32_t retries;
    uint64_t retry_delay_ms;
    uint32_t keep;
    bool publish; /* each run of gold ends with `millrace publish` */
} mr_scheduler_options;

/* Runs until SIGTERM or SIGINT: asks the tasks under way to end (their run is taken up at the next
 * start) and returns MR_OK. MR_INVALID: schedule or time zone are wrong. Call from the process's
 * only thread: it forks, and blocks SIGTERM, SIGINT and SIGHUP meanwhile. */
mr_status mr_scheduler_run(const mr_scheduler_options *options, mr_err *err);

/* Carries the queue out until the run has ended. MR_EXISTS: a scheduler does that. SIGTERM and
 * SIGINT cancel the run, a second one leaves it. As above otherwise. */
mr_status mr_scheduler_carry_out(const mr_scheduler_options *options, const char *run_id,
                                 mr_err *err);

/* true while somebody carries runs out. */
bool mr_scheduler_is_at_work(const char *data_folder);
/* Tells it to look into the history now; nothing happens where there is none. */
void mr_scheduler_wake(const char *data_folder);

#endif
