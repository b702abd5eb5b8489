/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_scheduler.c - `millrace scheduler`: carries runs out until it is told to stop. */
#include "cli/commands.h"
#include "cli/role_environment.h"
#include "cli/runs_settings.h"
#include "cli/secrets.h"

int mr_cmd_scheduler(mr_cli *cli, int argc, char **argv)
{
    mr_scheduler_options options;
    int argument_count = 0;
    char **arguments = NULL, **environment;
    int exit_status = MR_EXIT_OK;
    mr_status status;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, NULL, 0, &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    mr_cli_watch_secrets(cli);
    environment = mr_role_environment_create(mr_cli_config(cli));
    options = mr_runs_settings(cli, environment);
    status = mr_scheduler_run(&options, &err);
    mr_role_environment_destroy(environment);
    if (status == MR_OK) {
        return MR_EXIT_OK;
    }
    (void)mr_cli_fail(cli, &err);
    return status == MR_INVALID ? MR_EXIT_USAGE : MR_EXIT_FAILED;
}
