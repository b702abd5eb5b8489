/* SPDX-License-Identifier: Apache-2.0 */
/* base/config_test.c - where a setting comes from, and what it may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/file.h"

static const mr_setting settings[] = {
    {.name = "MILLRACE_DATA", .flag = "--data", .default_value = "./data", .help = "folder"},
    {.name = "MILLRACE_BATCH",
     .flag = "--batch",
     .kind = MR_SETTING_INTEGER,
     .default_value = "5000",
     .min = 1,
     .max = 65536},
    {.name = "MILLRACE_BODY",
     .kind = MR_SETTING_BYTES,
     .default_value = "64KiB",
     .min = 1024,
     .max = 1048576},
    {.name = "MILLRACE_WAIT",
     .kind = MR_SETTING_DURATION,
     .default_value = "5s",
     .min = 1,
     .max = 60000},
    {.name = "MILLRACE_OPEN", .flag = "--open", .kind = MR_SETTING_FLAG, .default_value = "off"},
    {.name = "MILLRACE_LEVEL",
     .kind = MR_SETTING_CHOICE,
     .default_value = "info",
     .choices = "debug|info|warn|error"},
    {.name = "MILLRACE_GATEWAY", .kind = MR_SETTING_ADDRESS, .default_value = "127.0.0.1:8000"},
    {.name = "MILLRACE_KEY", .secret = true, .kind = MR_SETTING_INTEGER},
    {.name = "MILLRACE_STORE"},
    {.name = "MILLRACE_LIB_SIZE", .kind = MR_SETTING_INTEGER, .min = 1, .max = 9},
    {.name = "MILLRACE_LIB_*"},
};

enum { setting_count = sizeof(settings) / sizeof(settings[0]) };

static char folder[64];
static char env_path[96];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/millrace-config-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(env_path, sizeof(env_path), "%s/.env", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(env_path);
    return rmdir(folder);
}

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        (void)unsetenv(settings[i].name);
    }
    (void)unlink(env_path);
    return 0;
}

static void write_env(const char *content)
{
    assert_int_equal(mr_file_replace(env_path, mr_text_of(content), NULL), MR_OK);
}

static mr_config *create(void)
{
    mr_config *config = NULL;
    mr_err err;

    if (mr_config_create(settings, setting_count, env_path, &config, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return config;
}

static void expect_refused(const char *expected_part)
{
    mr_config *config = NULL;
    mr_err err = {0};

    if (mr_config_create(settings, setting_count, env_path, &config, &err) == MR_OK) {
        mr_status status = mr_config_check(config, &err);
        mr_config_destroy(config);
        assert_int_equal(status, MR_INVALID);
    }
    if (strstr(err.message, expected_part) == NULL) {
        fail_msg("'%s' lacks '%s'", err.message, expected_part);
    }
}

static void test_defaults_stand_without_anything_else(void **state)
{
    mr_config *config = create();

    (void)state;
    assert_int_equal(mr_config_check(config, NULL), MR_OK);
    assert_string_equal(mr_config_text(config, "MILLRACE_DATA"), "./data");
    assert_string_equal(mr_config_source(config, "MILLRACE_DATA"), "default");
    assert_int_equal(mr_config_integer(config, "MILLRACE_BATCH"), 5000);
    assert_int_equal(mr_config_bytes(config, "MILLRACE_BODY"), 65536);
    assert_int_equal(mr_config_duration_ms(config, "MILLRACE_WAIT"), 5000);
    assert_false(mr_config_flag(config, "MILLRACE_OPEN"));
    assert_null(mr_config_text(config, "MILLRACE_STORE"));
    mr_config_destroy(config);
    mr_config_destroy(NULL);
}

static void test_flag_wins_over_environment_over_file(void **state)
{
    char *const arguments[] = {(char[]){"--batch"}, (char[]){"3"}};
    char *const joined[] = {(char[]){"--batch=4"}};
    int used = 0;

    (void)state;
    write_env("# mine\nMILLRACE_BATCH=1\nMILLRACE_DATA=/from/file\nOTHER=x\n");
    mr_config *config = create();
    assert_int_equal(mr_config_integer(config, "MILLRACE_BATCH"), 1);
    assert_non_null(strstr(mr_config_source(config, "MILLRACE_BATCH"), ".env:2"));
    mr_config_destroy(config);
    (void)setenv("MILLRACE_BATCH", "2", 1);
    config = create();
    assert_int_equal(mr_config_integer(config, "MILLRACE_BATCH"), 2);
    assert_string_equal(mr_config_source(config, "MILLRACE_BATCH"), "environment");
    assert_string_equal(mr_config_text(config, "MILLRACE_DATA"), "/from/file");
    assert_int_equal(mr_config_apply_flag(config, 2, arguments, &used, NULL), MR_OK);
    assert_int_equal(used, 2);
    assert_int_equal(mr_config_integer(config, "MILLRACE_BATCH"), 3);
    assert_string_equal(mr_config_source(config, "MILLRACE_BATCH"), "flag --batch");
    assert_int_equal(mr_config_apply_flag(config, 1, joined, &used, NULL), MR_OK);
    assert_int_equal(used, 1);
    assert_int_equal(mr_config_integer(config, "MILLRACE_BATCH"), 4);
    mr_config_destroy(config);
}

static void test_flags_that_are_not_settings_are_left_alone(void **state)
{
    char *const other[] = {(char[]){"--batches=4"}};
    char *const missing[] = {(char[]){"--data"}};
    char *const empty[] = {(char[]){"--data="}};
    char *const open[] = {(char[]){"--open"}, (char[]){"file"}};
    mr_config *config = create();
    int used = 9;
    mr_err err;

    (void)state;
    assert_int_equal(mr_config_apply_flag(config, 1, other, &used, NULL), MR_OK);
    assert_int_equal(used, 0);
    assert_int_equal(mr_config_apply_flag(config, 1, missing, &used, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "--data needs a value"));
    assert_int_equal(mr_config_apply_flag(config, 1, empty, &used, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "--data needs a value"));
    assert_int_equal(mr_config_apply_flag(config, 2, open, &used, NULL), MR_OK);
    assert_int_equal(used, 1);
    assert_true(mr_config_flag(config, "MILLRACE_OPEN"));
    assert_int_equal(mr_config_set(config, "MILLRACE_DATA", "/x", "test", NULL), MR_OK);
    assert_string_equal(mr_config_source(config, "MILLRACE_DATA"), "test");
    assert_int_equal(mr_config_set(config, "MILLRACE_DATE", "/x", "test", &err), MR_INVALID);
    mr_config_destroy(config);
}

static void test_an_unknown_name_suggests_the_nearest(void **state)
{
    (void)state;
    (void)setenv("MILLRACE_GATEWY", "127.0.0.1:1", 1);
    expect_refused("did you mean MILLRACE_GATEWAY?");
    (void)unsetenv("MILLRACE_GATEWY");
    write_env("\n\nMILLRACE_DAAT=x\n");
    expect_refused(".env:3) is not a setting; did you mean MILLRACE_DATA?");
}

static void test_names_of_a_family_are_properties_with_their_sources(void **state)
{
    size_t count = 0;

    (void)state;
    write_env("MILLRACE_LIB_SASL_USERNAME=ann\nMILLRACE_LIB_SASL_PASSWORD='hunter2'\n"
              "MILLRACE_LIB_SIZE=3\nMILLRACE_LIB_EMPTY=\n");
    (void)setenv("MILLRACE_LIB_SASL_USERNAME", "bob", 1); /* wins over the file */
    mr_config *config = create();
    (void)unsetenv("MILLRACE_LIB_SASL_USERNAME");
    assert_int_equal(mr_config_check(config, NULL), MR_OK);
    assert_int_equal(mr_config_integer(config, "MILLRACE_LIB_SIZE"), 3); /* a setting of its own */
    const mr_property *properties = mr_config_properties(config, &count);
    assert_int_equal(count, 2);
    assert_string_equal(properties[0].name, "sasl.username");
    assert_string_equal(properties[0].value, "bob");
    assert_string_equal(mr_config_property_name(config, 0), "MILLRACE_LIB_SASL_USERNAME");
    assert_string_equal(mr_config_property_source(config, 0), "environment");
    assert_string_equal(mr_config_property_shown(config, 0), "bob");
    assert_string_equal(properties[1].name, "sasl.password");
    assert_string_equal(properties[1].value, "hunter2");
    assert_non_null(strstr(mr_config_property_source(config, 1), ".env:2"));
    assert_string_equal(mr_config_property_shown(config, 1), "****");
    mr_config_destroy(config);
}

static void test_a_name_that_only_begins_like_a_family_is_unknown(void **state)
{
    static const char *const names[] = {"MILLRACE_LIB_", "MILLRACE_LIBS", "MILLRACE_LIB_a"};
    mr_config *config = create();

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(mr_config_set(config, names[i], "x", "test", NULL), MR_INVALID);
    }
    mr_config_destroy(config);
}

static void test_a_broken_line_of_the_file_is_named(void **state)
{
    (void)state;
    write_env("MILLRACE_DATA=x\nMILLRACE_KEY='1\n");
    expect_refused(".env:2: the closing ' is missing");
    write_env("what is this\n");
    expect_refused(".env:1: NAME=value is expected");
}

static void test_values_out_of_range_are_refused_by_name(void **state)
{
    static const char *const cases[][3] = {
        {"MILLRACE_BATCH", "0", "a whole number from 1 to 65536 is allowed"},
        {"MILLRACE_BATCH", "12x", "MILLRACE_BATCH is '12x' (environment)"},
        {"MILLRACE_BODY", "10", "from 1024 to 1048576 bytes"},
        {"MILLRACE_WAIT", "2h", "from 1 to 60000 ms"},
        {"MILLRACE_OPEN", "maybe", "on or off is allowed"},
        {"MILLRACE_LEVEL", "inf", "one of debug|info|warn|error"},
        {"MILLRACE_GATEWAY", "8000", "host:port"},
        {"MILLRACE_GATEWAY", "host:65536", "host:port"},
        {"MILLRACE_GATEWAY", ":80", "host:port"},
        {"MILLRACE_GATEWAY", "::1:80", "host:port"},
        {"MILLRACE_KEY", "hunter2", "MILLRACE_KEY is '****'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)setenv(cases[i][0], cases[i][1], 1);
        expect_refused(cases[i][2]);
        (void)unsetenv(cases[i][0]);
    }
}

static void test_good_values_of_every_kind_are_taken(void **state)
{
    (void)state;
    (void)setenv("MILLRACE_GATEWAY", "[::1]:0", 1);
    (void)setenv("MILLRACE_LEVEL", "error", 1);
    (void)setenv("MILLRACE_OPEN", "Yes", 1);
    (void)setenv("MILLRACE_BATCH", "", 1); /* as compose files pass on an unset variable */
    mr_config *config = create();
    assert_int_equal(mr_config_check(config, NULL), MR_OK);
    assert_true(mr_config_flag(config, "MILLRACE_OPEN"));
    assert_int_equal(mr_config_integer(config, "MILLRACE_BATCH"), 5000);
    mr_config_destroy(config);
}

static void expect_shown(const char *name, const char *value, const char *expected)
{
    mr_buffer out = {.bytes_max = 1024};
    mr_config *config = create();

    assert_int_equal(mr_config_set(config, name, value, "test", NULL), MR_OK);
    mr_config_shown(config, name, &out);
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, expected);
    mr_buffer_free(&out);
    mr_config_destroy(config);
}

static void test_secrets_are_masked(void **state)
{
    (void)state;
    expect_shown("MILLRACE_KEY", "123", "****");
    expect_shown("MILLRACE_STORE", "postgresql://me:p@ss@db:5432/shop",
                 "postgresql://me:****@db:5432/shop");
    expect_shown("MILLRACE_STORE", "postgresql://db:5432/shop", "postgresql://db:5432/shop");
    expect_shown("MILLRACE_STORE", "https://a/b?sig=abc&x=1", "https://a/b?sig=****&x=1");
    expect_shown("MILLRACE_STORE", "sqlite:/tmp/x.db", "sqlite:/tmp/x.db");
}

static void expect_line(const char *line, const char *name, const char *value)
{
    char unescaped[128];
    mr_text got_name = MR_TEXT_ABSENT;
    mr_text got_value = MR_TEXT_ABSENT;

    assert_int_equal(mr_env_parse_line(mr_text_of(line), unescaped, &got_name, &got_value, NULL),
                     MR_OK);
    assert_true(mr_text_equal(got_name, mr_text_of(name)));
    if (!mr_text_equal(got_value, mr_text_of(value))) {
        fail_msg("%s gave '%.*s'", line, MR_TEXT_ARGS(got_value));
    }
}

static void test_lines_of_the_env_grammar(void **state)
{
    (void)state;
    expect_line("A=b", "A", "b");
    expect_line("  export A_1 = b c  ", "A_1", "b c");
    expect_line("A=", "A", "");
    expect_line("A= # nothing", "A", "");
    expect_line("A=b # comment", "A", "b");
    expect_line("A=b#c", "A", "b#c");
    expect_line("A='b # \\n \"c'", "A", "b # \\n \"c");
    expect_line("A=\"b\\n\\\"c\\\\ \\$ \\x\" # d", "A", "b\n\"c\\ $ \\x");
    expect_line("A=b=c", "A", "b=c");
    expect_line("A=b\r", "A", "b");
    expect_line("exported=1", "exported", "1");
}

static void test_lines_that_assign_nothing_or_wrongly(void **state)
{
    static const char *const wrong[] = {"=x",    "1A=x",    "A",        "A-B=x",
                                        "A=\"x", "A='x' y", "export =x"};
    char unescaped[64];
    mr_text name;
    mr_text value;

    (void)state;
    assert_int_equal(mr_env_parse_line(MR_TEXT_LITERAL(""), unescaped, &name, &value, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(mr_env_parse_line(MR_TEXT_LITERAL("  # A=b"), unescaped, &name, &value, NULL),
                     MR_NOT_FOUND);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(mr_env_parse_line(mr_text_of(wrong[i]), unescaped, &name, &value, NULL),
                         MR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults_stand_without_anything_else, clear_environment),
        cmocka_unit_test_setup(test_flag_wins_over_environment_over_file, clear_environment),
        cmocka_unit_test_setup(test_flags_that_are_not_settings_are_left_alone, clear_environment),
        cmocka_unit_test_setup(test_an_unknown_name_suggests_the_nearest, clear_environment),
        cmocka_unit_test_setup(test_names_of_a_family_are_properties_with_their_sources,
                               clear_environment),
        cmocka_unit_test_setup(test_a_name_that_only_begins_like_a_family_is_unknown,
                               clear_environment),
        cmocka_unit_test_setup(test_a_broken_line_of_the_file_is_named, clear_environment),
        cmocka_unit_test_setup(test_values_out_of_range_are_refused_by_name, clear_environment),
        cmocka_unit_test_setup(test_good_values_of_every_kind_are_taken, clear_environment),
        cmocka_unit_test_setup(test_secrets_are_masked, clear_environment),
        cmocka_unit_test(test_lines_of_the_env_grammar),
        cmocka_unit_test(test_lines_that_assign_nothing_or_wrongly),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
