/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cli.h - what every command gets and how it declares its own options.
 *
 * A command is one file, cmd_<name>.c, with one function mr_cmd_<name>, listed in commands.c.
 * Exit status: 0 done, 1 failed, 2 wrong usage. Results go to standard output, everything else to
 * standard error.
 */
#ifndef MR_CLI_CLI_H
#define MR_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/decimal.h"
#include "base/memory.h"
#include "base/status.h"

enum { MR_EXIT_OK = 0, MR_EXIT_FAILED = 1, MR_EXIT_USAGE = 2 };

/* An option of one command: "--batch" takes a value, "--json" (value_name NULL) does not. */
typedef struct mr_cli_option {
    const char *name;       /* "--batch" */
    char letter;            /* 'b' for -b, or 0 */
    const char *value_name; /* "N" in help; NULL: a switch */
    const char *help;
    const char **ret_value; /* set to the value's text ... */
    bool *ret_switch;       /* ... or to true */
} mr_cli_option;

typedef struct mr_cli mr_cli;

typedef struct mr_command {
    const char *name;
    const char *summary;     /* one line, for the list of commands */
    const char *usage;       /* "convert [options] FILE" */
    const char *description; /* paragraphs for --help, with examples; may be NULL */
    int (*run)(mr_cli *cli, int argc, char **argv);
    bool offline; /* references in settings are not read: it works without what they refer to */
} mr_command;

/* The table in commands.c. */
extern const mr_command mr_commands[];
extern const size_t mr_command_count;

/* argv[0] is the command's name, as mr_command.run got it. Arguments are borrowed from argv.
 * Parses options, settings flags (--data, --bus ...) and --help, -h, --json everywhere; what is
 * left stands in *ret_arguments (order kept; "--" ends options; "-" is an argument). When it
 * returns false the command ends with *ret_exit (help was printed, or the usage was wrong and said
 * so). */
bool mr_cli_parse(mr_cli *cli, int argc, char **argv, const mr_cli_option *options,
                  size_t option_count, int *ret_argument_count, char ***ret_arguments,
                  int *ret_exit);

/* Settings, checked. Borrowed for the process. */
const mr_config *mr_cli_config(const mr_cli *cli);
/* A setting that the command takes as an argument; a reference is read. source: "argument". */
mr_status mr_cli_set(mr_cli *cli, const char *name, const char *value, const char *source,
                     mr_err *err);
bool mr_cli_json(const mr_cli *cli); /* --json was given */

/* The path of this program, to start roles with. */
const char *mr_cli_program(const mr_cli *cli);

/* "millrace post: <message>" on standard error; returns MR_EXIT_FAILED. */
int mr_cli_fail(const mr_cli *cli, const mr_err *err);
int mr_cli_fail_text(const mr_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with the command's usage line below; returns MR_EXIT_USAGE. */
int mr_cli_usage(const mr_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 541,909 / 1.2 MB / 3.4 s / £1,234.50-like grouping for people; each into a caller's buffer. */
enum { mr_cli_text_bytes_max = 64 };
const char *mr_cli_count(uint64_t value, char buffer[static mr_cli_text_bytes_max]);
const char *mr_cli_bytes(uint64_t bytes, char buffer[static mr_cli_text_bytes_max]);
const char *mr_cli_amount(mr_amount amount, char buffer[static mr_cli_text_bytes_max]);
const char *mr_cli_duration(uint64_t ms, char buffer[static mr_cli_text_bytes_max]);

/* --- Commands to type next: format.c. `out` must have room. --- */

/* In quotes where a shell would take the word apart. */
void mr_cli_append_shell_word(mr_buffer *out, const char *word);
/* " --data FOLDER", where the folder came by that flag: other commands do not know it. */
void mr_cli_append_data_flag(mr_buffer *out, const mr_config *config);

#endif
