/* SPDX-License-Identifier: Apache-2.0 */
/* cli/dispatch_test.c - the program as a whole, called with the command lines of a newcomer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/commands.h"

enum { words_max = 6 };

typedef struct fixture {
    capture *out;
    capture *err;
    int status;
} fixture;

static void release(fixture *f)
{
    free(f->out);
    free(f->err);
}

static fixture run(const char *const *words)
{
    char copies[words_max][64] = {"millrace"};
    char *argv[words_max + 1] = {copies[0]};
    fixture f;
    int count = 1;

    for (; words[count - 1] != NULL; count++) {
        assert_true(count < words_max);
        (void)snprintf(copies[count], sizeof copies[0], "%s", words[count - 1]);
        argv[count] = copies[count];
    }
    f.out = capture_begin(stdout);
    f.err = capture_begin(stderr);
    f.status = mr_cli_main(count, argv);
    (void)capture_end(f.err);
    (void)capture_end(f.out);
    return f;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void every_command_of_the_table_is_complete(void **state)
{
    (void)state;
    for (size_t index = 0; index < mr_command_count; index++) {
        const mr_command *command = &mr_commands[index];
        const size_t bytes = strlen(command->name);

        assert_non_null(command->run);
        assert_true(strlen(command->summary) > 0 && strlen(command->summary) <= 64);
        assert_int_equal(strncmp(command->usage, command->name, bytes), 0);
        for (size_t other = index + 1; other < mr_command_count; other++) {
            assert_string_not_equal(command->name, mr_commands[other].name);
        }
    }
}

static void every_command_has_help_with_status_0(void **state)
{
    (void)state;
    for (size_t index = 0; index < mr_command_count; index++) {
        fixture f = RUN("help", mr_commands[index].name);

        assert_int_equal(f.status, MR_EXIT_OK);
        assert_non_null(strstr(f.out->text, mr_commands[index].usage));
        assert_non_null(strstr(f.out->text, "--help"));
        assert_string_equal(f.err->text, "");
        release(&f);
    }
}

static void help_lists_every_command(void **state)
{
    fixture f = RUN("--help");
    fixture same = RUN("help");

    (void)state;
    assert_int_equal(f.status, MR_EXIT_OK);
    assert_string_equal(f.out->text, same.out->text);
    for (size_t index = 0; index < mr_command_count; index++) {
        assert_non_null(strstr(f.out->text, mr_commands[index].summary));
    }
    release(&f);
    release(&same);
}

static void no_command_is_wrong_usage_with_the_list_on_standard_error(void **state)
{
    fixture f = run((const char *const[]){NULL});

    (void)state;
    assert_int_equal(f.status, MR_EXIT_USAGE);
    assert_string_equal(f.out->text, "");
    assert_non_null(strstr(f.err->text, "Commands:"));
    release(&f);
}

static void an_unknown_command_suggests_the_nearest(void **state)
{
    fixture f = RUN("stauts");
    fixture help = RUN("help", "gatway");
    fixture strange = RUN("frobnicate");

    (void)state;
    assert_int_equal(f.status, MR_EXIT_USAGE);
    assert_non_null(strstr(f.err->text, "did you mean 'status'?"));
    assert_int_equal(help.status, MR_EXIT_USAGE);
    assert_non_null(strstr(help.err->text, "did you mean 'gateway'?"));
    assert_int_equal(strange.status, MR_EXIT_USAGE);
    assert_non_null(strstr(strange.err->text, "'millrace help' lists them"));
    release(&f);
    release(&help);
    release(&strange);
}

static void the_version_is_a_command_and_an_option(void **state)
{
    fixture f = RUN("version");
    fixture same = RUN("--version");
    fixture json = RUN("version", "--json");

    (void)state;
    assert_int_equal(f.status, MR_EXIT_OK);
    assert_int_equal(strncmp(f.out->text, "millrace ", 9), 0);
    assert_string_equal(f.out->text, same.out->text);
    assert_int_equal(strncmp(json.out->text, "{\"version\":\"", 12), 0);
    release(&f);
    release(&same);
    release(&json);
}

static void surplus_arguments_are_wrong_usage(void **state)
{
    fixture f = RUN("version", "please");
    fixture config = RUN("config", "frob");

    (void)state;
    assert_int_equal(f.status, MR_EXIT_USAGE);
    assert_non_null(strstr(f.err->text, "please"));
    assert_int_equal(config.status, MR_EXIT_USAGE);
    release(&f);
    release(&config);
}

static void config_show_masks_secrets(void **state)
{
    fixture f;
    fixture json;

    (void)state;
    assert_int_equal(setenv("MILLRACE_API_KEY", "mr_secret", 1), 0);
    f = RUN("config", "show", "--data", "/somewhere");
    json = RUN("config", "show", "--json");
    assert_int_equal(unsetenv("MILLRACE_API_KEY"), 0);
    assert_int_equal(f.status, MR_EXIT_OK);
    assert_null(strstr(f.out->text, "mr_secret"));
    assert_non_null(strstr(f.out->text, "****"));
    assert_non_null(strstr(f.out->text, "/somewhere"));
    assert_non_null(strstr(f.out->text, "flag --data"));
    assert_int_equal(json.status, MR_EXIT_OK);
    assert_null(strstr(json.out->text, "mr_secret"));
    assert_non_null(strstr(json.out->text, "\"source\":\"environment\""));
    release(&f);
    release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_the_table_is_complete),
        cmocka_unit_test(every_command_has_help_with_status_0),
        cmocka_unit_test(help_lists_every_command),
        cmocka_unit_test(no_command_is_wrong_usage_with_the_list_on_standard_error),
        cmocka_unit_test(an_unknown_command_suggests_the_nearest),
        cmocka_unit_test(the_version_is_a_command_and_an_option),
        cmocka_unit_test(surplus_arguments_are_wrong_usage),
        cmocka_unit_test(config_show_masks_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
