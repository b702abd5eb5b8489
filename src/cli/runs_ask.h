/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_ask.h - asking for runs: trigger, backfill, cancel. */
#ifndef MR_CLI_RUNS_ASK_H
#define MR_CLI_RUNS_ASK_H

#include "cli/cli.h"
#include "orchestrator/runs.h"

/* Each returns the command's exit status, and has said what went wrong. */

typedef struct mr_runs_wanted {
    const char *target; /* "all", "silver", "gold" */
    const char *date;   /* the day to take again, or NULL */
    const char *key;    /* what is asked for with it is done once: mr_runs_ask; or NULL */
    bool full_refresh;
} mr_runs_wanted;

/* Carries the run out here where no scheduler does; else `wait` is for its end. */
int mr_runs_trigger(mr_cli *cli, const mr_runs_wanted *wanted, bool wait);
/* A run a day, both included: "2026-11-01". */
int mr_runs_backfill(mr_cli *cli, const char *from, const char *to, bool wait);
int mr_runs_cancel(mr_cli *cli, const char *id);

#endif
