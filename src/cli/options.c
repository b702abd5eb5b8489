/* SPDX-License-Identifier: Apache-2.0 */
/* cli/options.c - reading a command's arguments: its own options, then the settings' flags.
 *
 * Invariants: (1) a command's option wins over a settings flag of the same name;
 *             (2) arguments keep their order, gathered at the front of the caller's argv.
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli_private.h"
#include "cli/settings.h"
#include "cli/suggest.h"

static const char env_file_option[] = "--env-file";

typedef struct option_parser {
    mr_cli *cli;
    int argc;
    char **argv;
    int next; /* index of the argument to read */
    const mr_cli_option *options;
    size_t option_count;
} option_parser;

/* What became of one argument. */
typedef enum parse_step { STEP_TAKEN, STEP_OTHER, STEP_WRONG } parse_step;

/* "--name" of "--name" or "--name=value"; *ret_value is NULL without a value. */
static bool splits_as(const char *argument, const char *name, const char **ret_value)
{
    const size_t bytes = strlen(name);

    if (strncmp(argument, name, bytes) != 0 ||
        (argument[bytes] != '\0' && argument[bytes] != '=')) {
        return false;
    }
    *ret_value = argument[bytes] == '=' ? argument + bytes + 1 : NULL;
    return true;
}

/* Settings must be read before the flags that change them, and help must not depend on them. */
static bool scan_early(int argc, char **argv, const char **ret_env_file)
{
    bool help = false;

    for (int index = 1; index < argc && strcmp(argv[index], "--") != 0; index++) {
        const char *value = NULL;

        if (strcmp(argv[index], "--help") == 0 || strcmp(argv[index], "-h") == 0) {
            help = true;
        } else if (splits_as(argv[index], env_file_option, &value)) {
            *ret_env_file = value != NULL ? value : argv[index + 1];
        }
    }
    return help;
}

static parse_step wrong(option_parser *p, const char *option, const char *why)
{
    (void)mr_cli_usage(p->cli, "%s %s", option, why);
    return STEP_WRONG;
}

/* The value that stands behind an option, in the same argument or the next one. */
static parse_step take_value(option_parser *p, const mr_cli_option *option, const char *inlined)
{
    if (inlined == NULL) {
        if (p->next + 1 >= p->argc) {
            (void)mr_cli_usage(p->cli, "%s needs a value: %s %s", option->name, option->name,
                               option->value_name);
            return STEP_WRONG;
        }
        p->next++;
        inlined = p->argv[p->next];
    }
    *option->ret_value = inlined;
    p->next++;
    return STEP_TAKEN;
}

static parse_step take_long(option_parser *p)
{
    const char *argument = p->argv[p->next];

    for (size_t index = 0; index < p->option_count; index++) {
        const mr_cli_option *option = &p->options[index];
        const char *value = NULL;

        if (!splits_as(argument, option->name, &value)) {
            continue;
        }
        if (option->value_name != NULL) {
            return take_value(p, option, value);
        }
        if (value != NULL) {
            return wrong(p, option->name, "takes no value");
        }
        *option->ret_switch = true;
        p->next++;
        return STEP_TAKEN;
    }
    return STEP_OTHER;
}

static const mr_cli_option *find_letter(const option_parser *p, char letter)
{
    for (size_t index = 0; index < p->option_count; index++) {
        if (p->options[index].letter == letter) {
            return &p->options[index];
        }
    }
    return NULL;
}

/* "-f", "-qf", "-n 5", "-n5". */
static parse_step take_letters(option_parser *p)
{
    const char *letters = p->argv[p->next] + 1;

    for (; *letters != '\0'; letters++) {
        const mr_cli_option *option = find_letter(p, *letters);

        if (option == NULL) {
            return STEP_OTHER;
        }
        if (option->value_name != NULL) {
            return take_value(p, option, letters[1] != '\0' ? letters + 1 : NULL);
        }
        *option->ret_switch = true;
    }
    p->next++;
    return STEP_TAKEN;
}

/* What every command takes besides its own options. */
static parse_step take_common(option_parser *p)
{
    const char *value = NULL;
    int used = 0;
    mr_err err;

    if (strcmp(p->argv[p->next], "--json") == 0) {
        p->cli->json = true;
        p->next++;
        return STEP_TAKEN;
    }
    if (splits_as(p->argv[p->next], env_file_option, &value)) {
        if (value == NULL && p->next + 1 >= p->argc) {
            return wrong(p, env_file_option, "needs a value: --env-file FILE");
        }
        p->next += value != NULL ? 1 : 2;
        return STEP_TAKEN;
    }
    if (mr_config_apply_flag(p->cli->config, p->argc - p->next, p->argv + p->next, &used, &err) !=
        MR_OK) {
        (void)mr_cli_usage(p->cli, "%s", err.message);
        return STEP_WRONG;
    }
    p->next += used;
    return used > 0 ? STEP_TAKEN : STEP_OTHER;
}

static void refuse_unknown(const option_parser *p)
{
    const char *argument = p->argv[p->next];
    mr_suggestion nearest = {0};
    char typed[mr_suggest_word_bytes_max + 1];

    (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(argument, "="), argument);
    for (size_t index = 0; index < p->option_count; index++) {
        mr_suggest_offer(&nearest, typed, p->options[index].name);
    }
    for (size_t index = 0; index < mr_setting_count; index++) {
        if (mr_settings[index].flag != NULL) {
            mr_suggest_offer(&nearest, typed, mr_settings[index].flag);
        }
    }
    mr_suggest_offer(&nearest, typed, "--help");
    mr_suggest_offer(&nearest, typed, "--json");
    mr_suggest_offer(&nearest, typed, env_file_option);
    if (nearest.word != NULL) {
        (void)mr_cli_usage(p->cli, "unknown option %s; did you mean %s?", typed, nearest.word);
    } else {
        (void)mr_cli_usage(p->cli, "unknown option %s", typed);
    }
}

static parse_step take_option(option_parser *p)
{
    const bool is_long = p->argv[p->next][1] == '-';
    parse_step step = is_long ? take_long(p) : take_letters(p);

    if (step == STEP_OTHER && is_long) {
        step = take_common(p);
    }
    if (step == STEP_OTHER) {
        refuse_unknown(p);
        step = STEP_WRONG;
    }
    return step;
}

/* Moves what is no option to the front of argv (behind the name). */
static bool parse_all(option_parser *p, int *ret_argument_count)
{
    int kept = 1;
    bool options_ended = false;

    for (p->next = 1; p->next < p->argc;) {
        char *argument = p->argv[p->next];

        if (!options_ended && strcmp(argument, "--") == 0) {
            options_ended = true;
            p->next++;
        } else if (options_ended || argument[0] != '-' || argument[1] == '\0') {
            p->argv[kept++] = argument;
            p->next++;
        } else if (take_option(p) == STEP_WRONG) {
            return false;
        }
    }
    p->argv[kept] = NULL;
    *ret_argument_count = kept - 1;
    return true;
}

static void configure_log(const mr_cli *cli)
{
    mr_log_level level = MR_LOG_INFO;

    MR_ASSERT(mr_log_level_parse(mr_config_text(cli->config, "MILLRACE_LOG_LEVEL"), &level));
    mr_log_configure(cli->command->name, level,
                     strcmp(mr_config_text(cli->config, "MILLRACE_LOG_FORMAT"), "json") == 0);
}

/* A vault that is away for now is no wrong setting: whoever starts roles tries again. */
static bool resolve(mr_cli *cli, int *ret_exit)
{
    mr_err err;

    cli->secrets = mr_secrets_open(cli->config);
    if (cli->command->offline || mr_secrets_resolve(cli->secrets, &err) == MR_OK) {
        return true;
    }
    *ret_exit = err.status == MR_UNAVAILABLE ? MR_EXIT_FAILED : MR_EXIT_USAGE;
    (void)mr_cli_fail(cli, &err);
    return false;
}

bool mr_cli_parse(mr_cli *cli, int argc, char **argv, const mr_cli_option *options,
                  size_t option_count, int *ret_argument_count, char ***ret_arguments,
                  int *ret_exit)
{
    option_parser p = {
        .cli = cli, .argc = argc, .argv = argv, .options = options, .option_count = option_count};
    const char *env_file = NULL;
    mr_err err;

    MR_ASSERT(argc >= 1 && cli->config == NULL);
    if (scan_early(argc, argv, &env_file)) {
        mr_cli_print_help(cli->command, options, option_count, stdout);
        *ret_exit = MR_EXIT_OK;
        return false;
    }
    *ret_exit = MR_EXIT_USAGE;
    if (env_file != NULL && access(env_file, R_OK) != 0) {
        (void)mr_cli_usage(cli, "cannot read %s, named by %s", env_file, env_file_option);
        return false;
    }
    if (mr_config_create(mr_settings, mr_setting_count, env_file, &cli->config, &err) != MR_OK) {
        (void)mr_cli_fail(cli, &err);
        return false;
    }
    if (!parse_all(&p, ret_argument_count)) {
        return false;
    }
    if (!resolve(cli, ret_exit)) {
        return false;
    }
    if (mr_config_check(cli->config, &err) != MR_OK) {
        (void)mr_cli_fail(cli, &err);
        return false;
    }
    configure_log(cli);
    *ret_arguments = argv + 1;
    return true;
}

mr_status mr_cli_set(mr_cli *cli, const char *name, const char *value, const char *source,
                     mr_err *err)
{
    mr_status status = mr_config_set(cli->config, name, value, source, err);

    if (status == MR_OK) {
        status = mr_secrets_resolve(cli->secrets, err);
    }
    return status == MR_OK ? mr_config_check(cli->config, err) : status;
}
