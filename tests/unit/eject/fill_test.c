/* SPDX-License-Identifier: Apache-2.0 */
/* fill_test.c - an installation's names and settings in the languages of what deploys it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eject/fill.h"

static mr_installation nobody(void)
{
    return (mr_installation){.names = mr_eject_defaults};
}

static void assert_filled(const mr_installation *installation, const char *path, const char *from,
                          const char *to)
{
    mr_buffer out;

    mr_buffer_init(&out, 65536);
    mr_fill_file(path, mr_text_of(from), installation, &out);
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, to);
    mr_buffer_free(&out);
}

static void names_of_the_examples_give_way_where_there_are_others(void **state)
{
    mr_installation installation = nobody();
    static const char url[] = "{\"a\": \"https://millrace-dev-shop1.vault.azure.net/\", "
                              "\"value\": \"lake\"}";

    (void)state;
    assert_filled(&installation, "deploy/adf/factory/millrace.json", url, url);
    installation.vault = "v7";
    installation.names.account = "account7";
    installation.names.container = "tables";
    assert_filled(&installation, "deploy/adf/factory/millrace.json", url,
                  "{\"a\": \"https://v7.vault.azure.net/\", \"value\": \"tables\"}");
    assert_filled(&installation, "deploy/systemd/millrace.service", url, url);
}

static void a_daily_schedule_moves_the_trigger_and_another_does_not(void **state)
{
    static const char trigger[] = "\"timeZone\": \"Romance Standard Time\", \"minutes\": [40], "
                                  "\"hours\": [7]";
    mr_installation installation = nobody();

    (void)state;
    installation.schedule = "5 22 * * *";
    installation.timezone = "Europe/London";
    assert_filled(&installation, "deploy/adf/trigger/daily.json", trigger,
                  "\"timeZone\": \"GMT Standard Time\", \"minutes\": [5], \"hours\": [22]");
    installation.timezone = "Mars/Olympus";
    installation.schedule = "*/5 * * * *";
    assert_filled(&installation, "deploy/adf/trigger/daily.json", trigger, trigger);
    installation.schedule = "5 22 * * 1";
    assert_filled(&installation, "deploy/adf/trigger/daily.json", trigger, trigger);
    installation.schedule = "off";
    assert_filled(&installation, "deploy/adf/trigger/daily.json", trigger, trigger);
}

static void secrets_are_named_and_others_are_quoted(void **state)
{
    static const mr_package_setting settings[] = {{"A", "plain $HOME"},
                                                  {"B", "it's \"so\" \\"},
                                                  {"SECRET", NULL},
                                                  {"MILLRACE_LAKE", "file:/srv/lake"}};
    mr_installation installation = nobody();
    mr_buffer out;

    (void)state;
    installation.settings = settings;
    installation.setting_count = 4;
    mr_buffer_init(&out, 65536);
    mr_fill_env(&installation, &out);
    assert_true(mr_buffer_append(&out, "", 1));
    assert_non_null(strstr(out.data, "\nA='plain $HOME'\nB=\"it's \\\"so\\\" \\\\\"\n"
                                     "# SECRET= has a secret: set it, or a reference to one\n"));
    mr_buffer_clear(&out);
    mr_fill_values(&installation, &out);
    assert_true(mr_buffer_append(&out, "", 1));
    assert_non_null(strstr(out.data, "  A: \"plain $HOME\"\n"));
    assert_non_null(strstr(out.data, "# SECRET has a secret\n"));
    assert_null(strstr(out.data, "MILLRACE_LAKE")); /* a folder of this machine */
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_examples_give_way_where_there_are_others),
        cmocka_unit_test(a_daily_schedule_moves_the_trigger_and_another_does_not),
        cmocka_unit_test(secrets_are_named_and_others_are_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
