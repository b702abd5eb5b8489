/* SPDX-License-Identifier: Apache-2.0 */
/* cli/help.c - what `millrace <command> --help` prints. */
#include <string.h>

#include "cli/cli_private.h"
#include "cli/settings.h"

enum { help_name_columns_max = 26 };

static void print_option(FILE *stream, char letter, const char *name, const char *value_name,
                         const char *help, size_t columns)
{
    char left[2 * help_name_columns_max];

    (void)snprintf(left, sizeof left, "%s%s%s", name, value_name != NULL ? " " : "",
                   value_name != NULL ? value_name : "");
    if (letter != '\0') {
        (void)fprintf(stream, "  -%c, ", letter);
    } else {
        (void)fputs("      ", stream);
    }
    if (strlen(left) > columns) {
        (void)fprintf(stream, "%s\n      %*s  %s\n", left, (int)columns, "", help);
    } else {
        (void)fprintf(stream, "%-*s  %s\n", (int)columns, left, help);
    }
}

static size_t name_columns(const mr_cli_option *options, size_t option_count)
{
    size_t columns = strlen("--env-file FILE");

    for (size_t index = 0; index < option_count; index++) {
        const size_t bytes =
            strlen(options[index].name) +
            (options[index].value_name != NULL ? 1 + strlen(options[index].value_name) : 0);

        if (bytes > columns && bytes <= help_name_columns_max) {
            columns = bytes;
        }
    }
    return columns;
}

static bool declares(const mr_cli_option *options, size_t option_count, const char *name)
{
    for (size_t index = 0; index < option_count; index++) {
        if (strcmp(options[index].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "  --data, --bus, --store ..." wrapped at the width of a page. */
static void print_settings_flags(const mr_cli_option *options, size_t option_count, FILE *stream)
{
    enum { page_columns = 78 };
    size_t column = 0;

    (void)fputs("\nSettings:\n ", stream);
    column = 1;
    for (size_t index = 0; index < mr_setting_count; index++) {
        const char *flag = mr_settings[index].flag;

        if (flag == NULL || declares(options, option_count, flag)) {
            continue;
        }
        if (column + 1 + strlen(flag) > page_columns) {
            (void)fputs("\n ", stream);
            column = 1;
        }
        (void)fprintf(stream, " %s", flag);
        column += 1 + strlen(flag);
    }
    (void)fputs(
        "\n  What they mean, and every other setting (MILLRACE_* in the environment or .env):\n"
        "  millrace config show\n",
        stream);
}

void mr_cli_print_help(const mr_command *command, const mr_cli_option *options, size_t option_count,
                       FILE *stream)
{
    const size_t columns = name_columns(options, option_count);

    (void)fprintf(stream, "Usage: millrace %s\n\nmillrace %s: %s\n", command->usage, command->name,
                  command->summary);
    if (command->description != NULL) {
        (void)fprintf(stream, "\n%s", command->description);
    }
    (void)fputs("\nOptions:\n", stream);
    for (size_t index = 0; index < option_count; index++) {
        print_option(stream, options[index].letter, options[index].name, options[index].value_name,
                     options[index].help, columns);
    }
    if (!declares(options, option_count, "--json")) {
        print_option(stream, '\0', "--json", NULL, "answer in JSON, for programs", columns);
    }
    print_option(stream, '\0', "--env-file", "FILE", "read settings from FILE instead of ./.env",
                 columns);
    print_option(stream, 'h', "--help", NULL, "show this", columns);
    print_settings_flags(options, option_count, stream);
}
