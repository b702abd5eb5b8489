/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cli_private.h - the inside of mr_cli, for the files that make up the command line itself.
 * Commands use cli.h alone.
 */
#ifndef MR_CLI_CLI_PRIVATE_H
#define MR_CLI_CLI_PRIVATE_H

#include <stdio.h>

#include "cli/cli.h"
#include "cli/secrets.h"

enum { mr_cli_program_bytes_max = 4096 };

struct mr_cli {
    const mr_command *command;
    mr_config *config;   /* made by mr_cli_parse */
    mr_secrets *secrets; /* NULL: no reference needed a vault yet */
    bool json;
    char program[mr_cli_program_bytes_max];
};

/* Usage, description, options and settings of one command. */
void mr_cli_print_help(const mr_command *command, const mr_cli_option *options, size_t option_count,
                       FILE *stream);

#endif
