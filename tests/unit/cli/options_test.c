/* SPDX-License-Identifier: Apache-2.0 */
/* cli/options_test.c - command lines, as commands see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/cli_private.h"

enum { words_max = 12 };

typedef struct fixture {
    mr_cli cli;
    const char *batch;
    const char *label;
    bool force, quiet;
    int argument_count;
    char **arguments;
    int exit_status;
    bool parsed;
    char words[words_max][64];
    char *argv[words_max + 1];
    capture *out;
    capture *err;
} fixture;

static const mr_command command = {
    .name = "test",
    .summary = "try things out",
    .usage = "test [options] FILE...",
    .description = "A paragraph.\n",
};

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->cli.command = &command;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    mr_secrets_close(f->cli.secrets);
    mr_config_destroy(f->cli.config);
    free(f->out);
    free(f->err);
    free(f);
    return 0;
}

/* Parses the words of a NULL-terminated list, behind the command's name. */
static void parse(fixture *f, const char *const *words)
{
    const mr_cli_option options[] = {
        {.name = "--batch",
         .letter = 'b',
         .value_name = "N",
         .help = "events a request",
         .ret_value = &f->batch},
        {.name = "--label", .value_name = "TEXT", .help = "a text", .ret_value = &f->label},
        {.name = "--force", .letter = 'f', .help = "do it", .ret_switch = &f->force},
        {.name = "--quiet", .letter = 'q', .help = "say nothing", .ret_switch = &f->quiet},
    };
    int count = 0;

    (void)snprintf(f->words[count++], sizeof f->words[0], "test");
    for (; words[count - 1] != NULL; count++) {
        assert_true(count < words_max);
        (void)snprintf(f->words[count], sizeof f->words[0], "%s", words[count - 1]);
    }
    for (int index = 0; index < count; index++) {
        f->argv[index] = f->words[index];
    }
    f->exit_status = -1;
    f->out = capture_begin(stdout);
    f->err = capture_begin(stderr);
    f->parsed = mr_cli_parse(&f->cli, count, f->argv, options, sizeof options / sizeof options[0],
                             &f->argument_count, &f->arguments, &f->exit_status);
    (void)capture_end(f->err);
    (void)capture_end(f->out);
}

#define PARSE(f, ...) parse(f, (const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const fixture *f, const char *reason)
{
    assert_false(f->parsed);
    assert_int_equal(f->exit_status, MR_EXIT_USAGE);
    assert_non_null(strstr(f->err->text, reason));
    assert_string_equal(f->out->text, "");
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void values_stand_behind_a_blank_or_an_equals_sign(void **state)
{
    fixture *f = *state;

    PARSE(f, "--batch", "5", "--label=a=b");
    assert_true(f->parsed);
    assert_string_equal(f->batch, "5");
    assert_string_equal(f->label, "a=b");
    assert_int_equal(f->argument_count, 0);
    assert_null(f->arguments[0]);
}

static void an_empty_value_is_a_value(void **state)
{
    fixture *f = *state;

    PARSE(f, "--label=", "--batch", "");
    assert_true(f->parsed);
    assert_string_equal(f->label, "");
    assert_string_equal(f->batch, "");
}

static void letters_may_be_joined_and_carry_a_value(void **state)
{
    fixture *f = *state;

    PARSE(f, "-fqb7");
    assert_true(f->parsed);
    assert_true(f->force && f->quiet);
    assert_string_equal(f->batch, "7");
}

static void a_letters_value_may_be_the_next_word_even_with_a_dash(void **state)
{
    fixture *f = *state;

    PARSE(f, "-b", "-5");
    assert_true(f->parsed);
    assert_string_equal(f->batch, "-5");
}

static void arguments_keep_their_order_between_options(void **state)
{
    fixture *f = *state;

    PARSE(f, "one", "--batch", "5", "-", "--force", "two");
    assert_true(f->parsed);
    assert_int_equal(f->argument_count, 3);
    assert_string_equal(f->arguments[0], "one");
    assert_string_equal(f->arguments[1], "-");
    assert_string_equal(f->arguments[2], "two");
    assert_null(f->arguments[3]);
}

static void two_dashes_end_the_options(void **state)
{
    fixture *f = *state;

    PARSE(f, "--", "--force", "--help", "--");
    assert_true(f->parsed);
    assert_false(f->force);
    assert_int_equal(f->argument_count, 3);
    assert_string_equal(f->arguments[0], "--force");
    assert_string_equal(f->arguments[2], "--");
}

static void settings_flags_reach_the_configuration(void **state)
{
    fixture *f = *state;

    PARSE(f, "--data", "/tmp/elsewhere", "file", "--log-level=error", "--json");
    assert_true(f->parsed);
    assert_string_equal(mr_config_text(mr_cli_config(&f->cli), "MILLRACE_DATA"), "/tmp/elsewhere");
    assert_string_equal(mr_config_source(mr_cli_config(&f->cli), "MILLRACE_DATA"), "flag --data");
    assert_true(mr_cli_json(&f->cli));
    assert_int_equal(f->argument_count, 1);
}

/* --- Refusing --------------------------------------------------------------------------------- */

static void an_unknown_option_suggests_the_nearest(void **state)
{
    fixture *f = *state;

    PARSE(f, "--bacth=5");
    assert_refused(f, "unknown option --bacth; did you mean --batch?");
    assert_non_null(strstr(f->err->text, "usage: millrace test [options] FILE..."));
}

static void an_unknown_option_may_be_near_a_settings_flag(void **state)
{
    fixture *f = *state;

    PARSE(f, "--log-leve", "info");
    assert_refused(f, "did you mean --log-level?");
}

static void an_option_like_no_other_gets_no_suggestion(void **state)
{
    fixture *f = *state;

    PARSE(f, "--xyzzyxyzzy");
    assert_refused(f, "unknown option --xyzzyxyzzy\n");
}

static void an_unknown_letter_is_refused(void **state)
{
    fixture *f = *state;

    PARSE(f, "-fx");
    assert_refused(f, "unknown option -fx");
}

static void a_missing_value_is_refused(void **state)
{
    fixture *f = *state;

    PARSE(f, "--batch");
    assert_refused(f, "--batch needs a value: --batch N");
}

static void a_missing_value_of_a_setting_is_refused(void **state)
{
    fixture *f = *state;

    PARSE(f, "--data");
    assert_refused(f, "--data needs a value");
}

static void a_value_for_a_switch_is_refused(void **state)
{
    fixture *f = *state;

    PARSE(f, "--force=yes");
    assert_refused(f, "--force takes no value");
}

static void a_wrong_setting_is_refused_by_name_and_source(void **state)
{
    fixture *f = *state;

    PARSE(f, "--log-level", "loud");
    assert_refused(f, "MILLRACE_LOG_LEVEL is 'loud' (flag --log-level)");
}

static void an_env_file_that_is_not_there_is_refused(void **state)
{
    fixture *f = *state;

    PARSE(f, "--env-file", "/nonexistent/.env");
    assert_refused(f, "cannot read /nonexistent/.env");
}

static void an_env_file_without_a_name_is_refused(void **state)
{
    fixture *f = *state;

    PARSE(f, "--env-file");
    assert_refused(f, "--env-file needs a value");
}

static void an_unknown_name_in_the_environment_is_refused(void **state)
{
    fixture *f = *state;

    assert_int_equal(setenv("MILLRACE_DATTA", "x", 1), 0);
    PARSE(f, "file");
    assert_int_equal(unsetenv("MILLRACE_DATTA"), 0);
    assert_refused(f, "MILLRACE_DATA");
}

/* --- Help ------------------------------------------------------------------------------------- */

static void help_shows_usage_options_and_settings(void **state)
{
    static const char *const expected[] = {
        "Usage: millrace test [options] FILE...\n",
        "A paragraph.\n",
        "  -b, --batch N ",
        "      --label TEXT ",
        "--json",
        "-h, --help",
        " --data",
        "millrace config show",
    };
    fixture *f = *state;

    PARSE(f, "file", "-h");
    assert_false(f->parsed);
    assert_int_equal(f->exit_status, MR_EXIT_OK);
    for (size_t index = 0; index < sizeof expected / sizeof expected[0]; index++) {
        assert_non_null(strstr(f->out->text, expected[index]));
    }
    assert_string_equal(f->err->text, "");
}

static void help_comes_even_with_broken_settings(void **state)
{
    fixture *f = *state;

    assert_int_equal(setenv("MILLRACE_LOG_LEVEL", "loud", 1), 0);
    PARSE(f, "--bogus", "--help");
    assert_int_equal(unsetenv("MILLRACE_LOG_LEVEL"), 0);
    assert_int_equal(f->exit_status, MR_EXIT_OK);
    assert_non_null(strstr(f->out->text, "Usage:"));
}

static void help_lines_fit_a_page(void **state)
{
    fixture *f = *state;

    PARSE(f, "--help");
    for (const char *line = f->out->text; *line != '\0';) {
        const size_t bytes = strcspn(line, "\n");

        assert_true(bytes <= 90);
        line += bytes + 1;
    }
}

#define OPTIONS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPTIONS_TEST(values_stand_behind_a_blank_or_an_equals_sign),
        OPTIONS_TEST(an_empty_value_is_a_value),
        OPTIONS_TEST(letters_may_be_joined_and_carry_a_value),
        OPTIONS_TEST(a_letters_value_may_be_the_next_word_even_with_a_dash),
        OPTIONS_TEST(arguments_keep_their_order_between_options),
        OPTIONS_TEST(two_dashes_end_the_options),
        OPTIONS_TEST(settings_flags_reach_the_configuration),
        OPTIONS_TEST(an_unknown_option_suggests_the_nearest),
        OPTIONS_TEST(an_unknown_option_may_be_near_a_settings_flag),
        OPTIONS_TEST(an_option_like_no_other_gets_no_suggestion),
        OPTIONS_TEST(an_unknown_letter_is_refused),
        OPTIONS_TEST(a_missing_value_is_refused),
        OPTIONS_TEST(a_missing_value_of_a_setting_is_refused),
        OPTIONS_TEST(a_value_for_a_switch_is_refused),
        OPTIONS_TEST(a_wrong_setting_is_refused_by_name_and_source),
        OPTIONS_TEST(an_env_file_that_is_not_there_is_refused),
        OPTIONS_TEST(an_env_file_without_a_name_is_refused),
        OPTIONS_TEST(an_unknown_name_in_the_environment_is_refused),
        OPTIONS_TEST(help_shows_usage_options_and_settings),
        OPTIONS_TEST(help_comes_even_with_broken_settings),
        OPTIONS_TEST(help_lines_fit_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
