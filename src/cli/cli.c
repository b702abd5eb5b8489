/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cli.c - what a command gets and how it reports failure.
 *
 * Not here: a command's arguments (options.c), its help (help.c), choosing it (dispatch.c).
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/cli_private.h"

const mr_config *mr_cli_config(const mr_cli *cli)
{
    MR_ASSERT(cli->config != NULL);
    return cli->config;
}

bool mr_cli_json(const mr_cli *cli)
{
    return cli->json;
}

const char *mr_cli_program(const mr_cli *cli)
{
    return cli->program;
}

static void say(const mr_cli *cli, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void say(const mr_cli *cli, const char *format, va_list arguments)
{
    (void)fprintf(stderr, "millrace %s: ", cli->command->name);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
}

int mr_cli_fail(const mr_cli *cli, const mr_err *err)
{
    return mr_cli_fail_text(cli, "%s", err->message);
}

int mr_cli_fail_text(const mr_cli *cli, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
    return MR_EXIT_FAILED;
}

int mr_cli_usage(const mr_cli *cli, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "usage: millrace %s\nmore:  millrace help %s\n", cli->command->usage,
                  cli->command->name);
    return MR_EXIT_USAGE;
}
