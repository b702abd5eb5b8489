/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_print.h - runs and their tasks, for people and for programs. */
#ifndef MR_CLI_RUNS_PRINT_H
#define MR_CLI_RUNS_PRINT_H

#include "cli/cli.h"
#include "orchestrator/runs.h"

/* A line of a table; the first has the headings above it. */
void mr_runs_print_line(const mr_run *run, bool first);
/* The fields of a run, without the brace that ends the object. */
void mr_runs_print_json(const mr_run *run);

/* A run with its tasks, whole. */
mr_status mr_runs_print_whole(const mr_cli *cli, mr_runs *runs, const mr_run *run, mr_err *err);

#endif
