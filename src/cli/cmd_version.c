/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_version.c - `millrace version`. */
#include <stdio.h>

#include "base/version.h"
#include "cli/commands.h"

int mr_cmd_version(mr_cli *cli, int argc, char **argv)
{
    int argument_count = 0;
    char **arguments = NULL;
    int status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, NULL, 0, &argument_count, &arguments, &status)) {
        return status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    (void)printf(mr_cli_json(cli) ? "{\"version\":\"%s\"}\n" : "millrace %s\n", mr_version());
    return MR_EXIT_OK;
}
