/* SPDX-License-Identifier: Apache-2.0 */
/* base/reference_test.c - which values refer to others, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"

/* --- What is one ------------------------------------------------------------------------------ */

static bool refers(const char *value, bool is_secret)
{
    const char *reference = NULL;

    return mr_reference_of(value, is_secret, &reference);
}

static void test_a_place_is_no_reference(void **state)
{
    (void)state;
    assert_false(refers("file:/srv/lake", false));
    assert_false(refers("file:", false));
    assert_false(refers("env:X", false));
    assert_false(refers("ref:", false));
    assert_false(refers("ref:/path", true));
    assert_false(refers("Keyvault://x/y", false));
    assert_true(refers("keyvault://x/y", false));
    assert_true(refers("file:/run/secrets/key", true));
    assert_true(refers("env:X", true));
    assert_true(refers("ref:file:/srv/url", false));
    assert_true(refers("ref:env:X", false));
    assert_true(refers("ref:keyvault://x/y", true));
}

/* --- A config --------------------------------------------------------------------------------- */

static const mr_setting settings[] = {
    {.name = "MILLRACE_PLACE", .kind = MR_SETTING_TEXT, .default_value = "file:"},
    {.name = "MILLRACE_KEY", .kind = MR_SETTING_TEXT, .secret = true, .also = "OTHER_KEY"},
    {.name = "MILLRACE_COUNT", .kind = MR_SETTING_INTEGER, .min = 1, .max = 9},
    {.name = "MILLRACE_KAFKA_*", .kind = MR_SETTING_TEXT},
};

typedef struct vault {
    const char *value; /* NULL: away */
    int asked;
} vault;

static mr_status read_vault(void *ctx, const char *setting, const char *reference, mr_buffer *out,
                            mr_err *err)
{
    vault *v = ctx;

    assert_true(strncmp(setting, "MILLRACE_", 9) == 0);
    assert_true(strncmp(reference, "keyvault://", 11) == 0);
    v->asked++;
    if (v->value == NULL) {
        return mr_fail(err, MR_UNAVAILABLE, "away");
    }
    return mr_buffer_append_string(out, v->value) ? MR_OK : MR_LIMIT;
}

static mr_config *config_of(const char *name, const char *value)
{
    mr_config *config = NULL;

    assert_int_equal(mr_config_create(settings, sizeof settings / sizeof settings[0], "/dev/null",
                                      &config, NULL),
                     MR_OK);
    assert_int_equal(mr_config_set(config, name, value, "test", NULL), MR_OK);
    return config;
}

static void expect_shown(const mr_config *config, const char *name, const char *wanted)
{
    mr_buffer out;

    mr_buffer_init(&out, 4096);
    mr_config_shown(config, name, &out);
    assert_true(mr_text_equal(mr_buffer_text(&out), mr_text_of(wanted)));
    mr_buffer_free(&out);
}

static void test_what_a_reference_yields_is_the_value_and_is_not_shown(void **state)
{
    vault v = {.value = "file:/etc/passwd"}; /* taken as it is */
    const mr_reference_reader reader = {.read = read_vault, .ctx = &v};
    mr_config *config = config_of("MILLRACE_KEY", "keyvault://x/y");

    (void)state;
    assert_null(mr_config_text(config, "MILLRACE_KEY"));
    expect_shown(config, "MILLRACE_KEY", "keyvault://x/y (not resolved)");
    assert_int_equal(mr_config_resolve(config, &reader, NULL), MR_OK);
    assert_string_equal(mr_config_text(config, "MILLRACE_KEY"), "file:/etc/passwd");
    assert_string_equal(mr_config_given(config, "MILLRACE_KEY"), "keyvault://x/y");
    expect_shown(config, "MILLRACE_KEY", "keyvault://x/y (resolved)");
    mr_config_destroy(config);
}

static void test_a_failure_names_setting_source_and_reference(void **state)
{
    vault v = {.value = NULL};
    const mr_reference_reader reader = {.read = read_vault, .ctx = &v};
    mr_config *config = config_of("MILLRACE_PLACE", "keyvault://x/y");
    mr_err err;

    (void)state;
    assert_int_equal(mr_config_resolve(config, &reader, &err), MR_UNAVAILABLE);
    assert_string_equal(err.message, "MILLRACE_PLACE (test) is keyvault://x/y: away");
    mr_config_destroy(config);
}

static void test_a_value_that_is_not_allowed_is_not_in_the_message(void **state)
{
    vault v = {.value = "Sesame"};
    const mr_reference_reader reader = {.read = read_vault, .ctx = &v};
    mr_config *config = config_of("MILLRACE_COUNT", "keyvault://x/y");
    mr_err err;

    (void)state;
    assert_int_equal(mr_config_check(config, &err), MR_OK); /* nothing was read yet */
    assert_int_equal(mr_config_resolve(config, &reader, &err), MR_OK);
    assert_int_equal(mr_config_check(config, &err), MR_INVALID);
    assert_null(strstr(err.message, "Sesame"));
    assert_non_null(strstr(err.message, "MILLRACE_COUNT"));
    mr_config_destroy(config);
}

/* --- Again ------------------------------------------------------------------------------------ */

typedef struct told {
    int calls, changes, failures;
} told;

static void note(void *ctx, const char *name, const char *reference, bool changed, bool live,
                 const mr_err *err)
{
    told *t = ctx;

    (void)name;
    (void)live;
    assert_string_equal(reference, "keyvault://x/y");
    t->calls++;
    t->changes += changed;
    t->failures += err != NULL;
}

static void test_a_rotation_changes_the_cell_and_not_the_text(void **state)
{
    vault v = {.value = "one"};
    const mr_reference_reader reader = {.read = read_vault, .ctx = &v};
    mr_config *config = config_of("MILLRACE_KEY", "keyvault://x/y");
    told t = {0};

    (void)state;
    assert_int_equal(mr_config_resolve(config, &reader, NULL), MR_OK);
    const char *text = mr_config_text(config, "MILLRACE_KEY");
    v.value = "two";
    mr_config_refresh(config, &reader, note, &t);
    v.value = NULL;
    mr_config_refresh(config, &reader, note, &t);
    assert_int_equal(t.calls, 2);
    assert_int_equal(t.changes, 1);
    assert_int_equal(t.failures, 1);
    assert_ptr_equal(mr_config_text(config, "MILLRACE_KEY"), text);
    assert_string_equal(text, "one");
    char *now = mr_secret_copy(mr_config_secret(config, "MILLRACE_KEY"));
    assert_string_equal(now, "two");
    mr_secret_wipe(now);
    mr_config_destroy(config);
}

static void test_a_librarys_password_may_be_a_reference(void **state)
{
    vault v = {.value = "one"};
    const mr_reference_reader reader = {.read = read_vault, .ctx = &v};
    mr_config *config = config_of("MILLRACE_KAFKA_SASL_PASSWORD", "keyvault://x/y");
    size_t count = 0;
    told t = {0};

    (void)state;
    assert_int_equal(mr_config_reference_count(config), 1);
    assert_int_equal(mr_config_resolve(config, &reader, NULL), MR_OK);
    assert_string_equal(mr_config_properties(config, &count)[0].value, "one");
    assert_string_equal(mr_config_property_shown(config, 0), "keyvault://x/y (resolved)");
    v.value = "two";
    mr_config_refresh(config, &reader, note, &t);
    assert_int_equal(t.changes, 1);
    char *now = mr_secret_copy(mr_config_property_secret(config, "sasl.password"));
    assert_string_equal(now, "two");
    mr_secret_wipe(now);
    assert_string_equal(mr_config_properties(config, &count)[0].value, "one");
    mr_config_destroy(config);
}

/* --- Files and variables ---------------------------------------------------------------------- */

static mr_status read_as(const char *reference, const char *wanted, mr_err *err)
{
    static const mr_reference_reader none = {.read = NULL};
    mr_buffer out;

    mr_buffer_init(&out, mr_reference_value_bytes_max);
    mr_status st = mr_reference_read(&none, "MILLRACE_KEY", reference, &out, err);
    if (st == MR_OK) {
        assert_string_equal(out.data, wanted);
    }
    mr_buffer_free(&out);
    return st;
}

static void write_file(const char *path, const char *text, size_t bytes)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void test_a_file_is_read_without_its_last_line_end(void **state)
{
    char path[] = "/tmp/millrace-reference-XXXXXX", reference[64];
    mr_err err;

    (void)state;
    assert_int_equal(close(mkstemp(path)), 0);
    (void)snprintf(reference, sizeof reference, "file:%s", path);
    write_file(path, " one\ntwo\n", 9);
    assert_int_equal(read_as(reference, " one\ntwo", &err), MR_OK);
    write_file(path, "one\r\n", 5);
    assert_int_equal(read_as(reference, "one", &err), MR_OK);
    write_file(path, "one", 3);
    assert_int_equal(read_as(reference, "one", &err), MR_OK);
    write_file(path, "\n", 1);
    assert_int_equal(read_as(reference, "", &err), MR_INVALID);
    assert_string_equal(err.message, "it is empty");
    write_file(path, "a\0b", 3);
    assert_int_equal(read_as(reference, "", &err), MR_INVALID);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(read_as(reference, "", &err), MR_NOT_FOUND);
}

static void test_a_variable_is_read_and_a_vault_needs_a_reader(void **state)
{
    mr_err err;

    (void)state;
    assert_int_equal(setenv("REFERENCE_TEST", "one", 1), 0);
    assert_int_equal(read_as("env:REFERENCE_TEST", "one", &err), MR_OK);
    assert_int_equal(unsetenv("REFERENCE_TEST"), 0);
    assert_int_equal(read_as("env:REFERENCE_TEST", "", &err), MR_NOT_FOUND);
    assert_int_equal(read_as("keyvault://x/y", "", &err), MR_UNSUPPORTED);
}

/* --- Others' names ---------------------------------------------------------------------------- */

static void expect_key(const char *wanted, const char *source)
{
    mr_config *config = NULL;

    assert_int_equal(mr_config_create(settings, sizeof settings / sizeof settings[0], "/dev/null",
                                      &config, NULL),
                     MR_OK);
    assert_string_equal(mr_config_text(config, "MILLRACE_KEY"), wanted);
    assert_string_equal(mr_config_source(config, "MILLRACE_KEY"), source);
    mr_config_destroy(config);
}

static void test_anothers_name_serves_where_the_own_is_not_given(void **state)
{
    (void)state;
    assert_int_equal(setenv("OTHER_KEY", "theirs", 1), 0);
    expect_key("theirs", "environment, OTHER_KEY");
    assert_int_equal(setenv("MILLRACE_KEY", "ours", 1), 0);
    expect_key("ours", "environment");
    assert_int_equal(unsetenv("OTHER_KEY"), 0);
    assert_int_equal(setenv("OTHER_KEY", "theirs", 1), 0); /* behind it in the environment */
    expect_key("ours", "environment");
    assert_int_equal(unsetenv("OTHER_KEY"), 0);
    assert_int_equal(unsetenv("MILLRACE_KEY"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_place_is_no_reference),
        cmocka_unit_test(test_what_a_reference_yields_is_the_value_and_is_not_shown),
        cmocka_unit_test(test_a_failure_names_setting_source_and_reference),
        cmocka_unit_test(test_a_value_that_is_not_allowed_is_not_in_the_message),
        cmocka_unit_test(test_a_rotation_changes_the_cell_and_not_the_text),
        cmocka_unit_test(test_a_librarys_password_may_be_a_reference),
        cmocka_unit_test(test_a_file_is_read_without_its_last_line_end),
        cmocka_unit_test(test_a_variable_is_read_and_a_vault_needs_a_reader),
        cmocka_unit_test(test_anothers_name_serves_where_the_own_is_not_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
