/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_settings.h - the scheduler's options from the settings. */
#ifndef MR_CLI_RUNS_SETTINGS_H
#define MR_CLI_RUNS_SETTINGS_H

#include "cli/cli.h"
#include "orchestrator/scheduler.h"

/* Texts are borrowed from the config; environment from mr_role_environment_create. */
mr_scheduler_options mr_runs_settings(const mr_cli *cli, char *const *environment);

#endif
