/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/planner.h - turns the instants of a schedule into queued runs, each at most once.
 *
 * Remembers in the history up to which instant it has planned; that and the runs change together.
 * So instants that pass while nothing runs, or that a clock jumps over, are seen when it is asked
 * next, and a clock that is set back plans nothing twice. One thread.
 */
#ifndef MR_ORCHESTRATOR_PLANNER_H
#define MR_ORCHESTRATOR_PLANNER_H

#include "orchestrator/cron.h"
#include "orchestrator/runs.h"

typedef enum mr_catch_up {
    MR_CATCH_UP_LATEST, /* of instants missed, one run, for the latest */
    MR_CATCH_UP_ALL,    /* a run each, up to mr_planner_runs_max */
    MR_CATCH_UP_NONE,   /* only those not more than mr_planner_late_ms past */
} mr_catch_up;

enum {
    mr_planner_runs_max = 1000,
    mr_planner_late_ms = 60000,
    mr_planner_ahead_ms = 90000000, /* a memory farther ahead of the clock is the clock's error */
};

typedef struct mr_planner_options {
    mr_runs *runs;
    const char *schedule; /* as written; one that differs from last time starts afresh */
    const mr_cron *cron;
    const mr_zone *zone;
    mr_catch_up catch_up;
} mr_planner_options;

typedef struct mr_plan {
    uint32_t queued; /* runs that were added */
    uint32_t missed; /* instants that got none of their own */
    int64_t next_ms; /* the next instant; 0: never */
} mr_plan;

/* Queues what is due by now. On failure nothing has changed. */
mr_status mr_planner_step(const mr_planner_options *options, int64_t now_ms, mr_plan *ret_plan,
                          mr_err *err);

#endif
