/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_ask.h - asking for runs: trigger, backfill, cancel. */
#ifndef MR_CLI_RUNS_ASK_H
#define MR_CLI_RUNS_ASK_H

#include "cli/cli.h"
#include "orchestrator/runs.h"

/* Each returns the command's exit status, and has said what went wrong. */

/* Carries the run out here where no scheduler does; else `wait` is for its end. */
int mr_runs_trigger(mr_cli *cli, const char *target, bool full_refresh, bool wait);
/* A run a day, both included: "2026-11-01". */
int mr_runs_backfill(mr_cli *cli, const char *from, const char *to, bool wait);
int mr_runs_cancel(mr_cli *cli, const char *id);

#endif
