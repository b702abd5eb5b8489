/* SPDX-License-Identifier: Apache-2.0 */
/* cli/dispatch.c - from the program's arguments to one command and back to an exit status.
 *
 * Not here: the table of commands (commands.c), a command's own arguments (options.c).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_private.h"
#include "cli/commands.h"
#include "cli/suggest.h"

static const char self_link[] = "/proc/self/exe";

static void print_overview(FILE *stream)
{
    (void)fputs("millrace: a retail data platform in one program. Sales enter as JSON over HTTP,\n"
                "become durable in a log and flow on, exactly once, into a store and feeds.\n\n"
                "Usage: millrace <command> [options]\n\nCommands:\n",
                stream);
    for (size_t index = 0; index < mr_command_count; index++) {
        (void)fprintf(stream, "  %-10s  %s\n", mr_commands[index].name, mr_commands[index].summary);
    }
    (void)fputs("  help        explain a command: millrace help up\n\n"
                "To begin:    millrace up\n"
                "Settings:    millrace config show (flags, MILLRACE_* in the environment or .env)\n"
                "Exit status: 0 done, 1 failed, 2 wrong usage or settings\n",
                stream);
}

static const mr_command *find_command(const char *name)
{
    for (size_t index = 0; index < mr_command_count; index++) {
        if (strcmp(mr_commands[index].name, name) == 0) {
            return &mr_commands[index];
        }
    }
    return NULL;
}

static int refuse_command(const char *name)
{
    mr_suggestion nearest = {0};

    if (name[0] == '-') {
        (void)fprintf(stderr, "millrace: the command comes first, then its options: '%s' is none\n",
                      name);
        return MR_EXIT_USAGE;
    }
    for (size_t index = 0; index < mr_command_count; index++) {
        mr_suggest_offer(&nearest, name, mr_commands[index].name);
    }
    mr_suggest_offer(&nearest, name, "help");
    if (nearest.word != NULL) {
        (void)fprintf(stderr, "millrace: unknown command '%s'; did you mean '%s'?\n", name,
                      nearest.word);
    } else {
        (void)fprintf(stderr, "millrace: unknown command '%s'; 'millrace help' lists them\n", name);
    }
    return MR_EXIT_USAGE;
}

/* A replaced or removed binary leaves the link with " (deleted)" behind the path; the link itself
 * still starts the same program. */
static void find_program(mr_cli *cli)
{
    const ssize_t bytes = readlink(self_link, cli->program, sizeof cli->program - 1);

    if (bytes > 0) {
        cli->program[bytes] = '\0';
    }
    if (bytes <= 0 || access(cli->program, X_OK) != 0) {
        (void)snprintf(cli->program, sizeof cli->program, "%s", self_link);
    }
}

static int run_command(const mr_command *command, int argc, char **argv)
{
    mr_cli cli = {.command = command};
    int status = 0;

    find_program(&cli);
    status = command->run(&cli, argc, argv);
    mr_secrets_close(cli.secrets); /* before the settings that it changes */
    mr_config_destroy(cli.config);
    /* Results that did not reach their reader (a full disk behind a redirection) are a failure. */
    if (fflush(stdout) != 0 && status == MR_EXIT_OK) {
        (void)mr_cli_fail_text(&cli, "writing to standard output failed");
        status = MR_EXIT_FAILED;
    }
    return status;
}

static int run_help(int argc, char **argv)
{
    char help_option[] = "--help";
    const mr_command *command = NULL;

    if (argc < 2) {
        print_overview(stdout);
        return MR_EXIT_OK;
    }
    command = find_command(argv[1]);
    if (command == NULL) {
        return refuse_command(argv[1]);
    }
    return run_command(command, 2, (char *[]){argv[1], help_option, NULL});
}

int mr_cli_main(int argc, char **argv)
{
    const mr_command *command = NULL;
    char version_name[] = "version";

    /* A reader that leaves early (`millrace tail | head`) is an error of write, not a death. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_overview(stderr);
        return MR_EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        return run_help(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--version") == 0) {
        argv[1] = version_name;
    }
    command = find_command(argv[1]);
    return command == NULL ? refuse_command(argv[1]) : run_command(command, argc - 1, argv + 1);
}
