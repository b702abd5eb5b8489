/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settings_test.c - the table of settings is well formed, and rooms get what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/setting.h"
#include "cli/settings.h"

/* Ours begin with MILLRACE_; POSTGRES_ are the names that PostgreSQL's own images use. */
static bool is_variable_name(const char *name)
{
    if (strncmp(name, "MILLRACE_", 9) != 0 && strncmp(name, "POSTGRES_", 9) != 0) {
        return false;
    }
    if (name[9] == '\0') {
        return false;
    }
    for (; *name != '\0'; name++) {
        bool family = name[0] == '*' && name[1] == '\0'; /* MILLRACE_KAFKA_* */
        if (!isupper((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_' &&
            !family) {
            return false;
        }
    }
    return true;
}

static bool is_flag_name(const char *flag)
{
    if (strncmp(flag, "--", 2) != 0 || flag[2] == '\0') {
        return false;
    }
    for (flag += 2; *flag != '\0'; flag++) {
        if (!islower((unsigned char)*flag) && *flag != '-') {
            return false;
        }
    }
    return true;
}

static void every_setting_is_complete(void **state)
{
    (void)state;
    assert_true(mr_setting_count > 0);
    for (size_t index = 0; index < mr_setting_count; index++) {
        const mr_setting *setting = &mr_settings[index];

        assert_true(is_variable_name(setting->name));
        assert_true(setting->flag == NULL || is_flag_name(setting->flag));
        assert_non_null(setting->group);
        assert_non_null(setting->help);
        assert_int_equal(setting->help[strlen(setting->help) - 1], '.');
        assert_null(strpbrk(setting->help, "|\n")); /* it stands in a table's cell */
        assert_true(setting->kind != MR_SETTING_CHOICE || setting->choices != NULL);
    }
}

static void names_and_flags_are_unique(void **state)
{
    (void)state;
    for (size_t index = 0; index < mr_setting_count; index++) {
        for (size_t other = index + 1; other < mr_setting_count; other++) {
            const mr_setting *a = &mr_settings[index];
            const mr_setting *b = &mr_settings[other];

            assert_string_not_equal(a->name, b->name);
            assert_true(a->flag == NULL || b->flag == NULL || strcmp(a->flag, b->flag) != 0);
        }
    }
}

static void defaults_and_bounds_are_valid(void **state)
{
    (void)state;
    for (size_t index = 0; index < mr_setting_count; index++) {
        const mr_setting *setting = &mr_settings[index];
        int64_t number = 0;

        if (setting->default_value != NULL) {
            assert_true(mr_setting_accepts(setting, mr_text_of(setting->default_value)));
        }
        if (setting->kind == MR_SETTING_INTEGER || setting->kind == MR_SETTING_BYTES ||
            setting->kind == MR_SETTING_DURATION) {
            assert_true(setting->min < setting->max);
            assert_non_null(setting->default_value);
            assert_true(mr_setting_number(setting, mr_text_of(setting->default_value), &number));
        }
    }
}

static void groups_stand_together(void **state)
{
    (void)state;
    for (size_t index = 1; index < mr_setting_count; index++) {
        if (mr_settings[index].group == mr_settings[index - 1].group) {
            continue;
        }
        for (size_t before = 0; before < index; before++) {
            assert_string_not_equal(mr_settings[before].group, mr_settings[index].group);
        }
    }
}

static void what_is_secret_is_marked(void **state)
{
    (void)state;
    for (size_t index = 0; index < mr_setting_count; index++) {
        const char *name = mr_settings[index].name;
        const bool sounds_secret = strstr(name, "API_KEY") != NULL ||
                                   strstr(name, "PASSWORD") != NULL ||
                                   strstr(name, "SECRET") != NULL || strstr(name, "TOKEN") != NULL;

        const bool is_value = mr_settings[index].kind == MR_SETTING_TEXT && /* no period, no path */
                              strstr(name, "_FILE") == NULL;

        assert_true(!sounds_secret || !is_value || mr_settings[index].secret);
    }
}

static mr_config *defaults(void)
{
    mr_config *config = NULL;

    assert_int_equal(mr_config_create(mr_settings, mr_setting_count, "/dev/null", &config, NULL),
                     MR_OK);
    assert_int_equal(mr_config_check(config, NULL), MR_OK);
    return config;
}

static void the_log_gets_its_options(void **state)
{
    mr_config *config = defaults();
    mr_bus_options options = mr_settings_bus(config);

    (void)state;
    assert_string_equal(options.url, "embedded:");
    assert_string_equal(options.data_folder, "./millrace-data");
    assert_int_equal(options.retention_ms, 7 * 24 * 3600 * 1000);
    assert_int_equal(options.retention_bytes, 0);
    assert_int_equal(options.queue_bytes_max, 64 * 1024 * 1024);
    assert_int_equal(mr_config_set(config, "MILLRACE_LOG_RETENTION", "0", "test", NULL), MR_OK);
    assert_int_equal(mr_config_set(config, "MILLRACE_DATA", "/data", "test", NULL), MR_OK);
    options = mr_settings_bus(config);
    assert_int_equal(options.retention_ms, 0);
    assert_string_equal(options.data_folder, "/data");
    mr_config_destroy(config);
}

static void properties_of_kafkas_client_are_passed_on(void **state)
{
    mr_config *config = defaults();

    (void)state;
    assert_int_equal(mr_config_set(config, "MILLRACE_KAFKA_SASL_MECHANISM", "PLAIN", "test", NULL),
                     MR_OK);
    mr_bus_options options = mr_settings_bus(config);
    assert_int_equal(options.property_count, 1);
    assert_string_equal(options.properties[0].name, "sasl.mechanism");
    assert_string_equal(options.properties[0].value, "PLAIN");
    assert_int_equal(options.partitions, 6);
    assert_int_equal(options.replication, 1);
    assert_true(options.create_topics);
    mr_config_destroy(config);
}

static void the_store_gets_its_options(void **state)
{
    mr_config *config = defaults();
    const mr_store_options options = mr_settings_store(config, MR_STORE_READ);

    (void)state;
    assert_string_equal(options.url, "sqlite:");
    assert_string_equal(options.data_folder, "./millrace-data");
    assert_int_equal(options.mode, MR_STORE_READ);
    mr_config_destroy(config);
}

static void topics_have_their_names(void **state)
{
    mr_config *config = defaults();

    (void)state;
    assert_string_equal(mr_settings_topic_ingestion(config), "ingestion-topic");
    assert_string_equal(mr_settings_topic_processed(config), "processed-topic");
    assert_string_equal(mr_settings_topic_dead_letter(config), "dead-letter-topic");
    mr_config_destroy(config);
}

static void looking_at_a_log_that_is_not_there_makes_none(void **state)
{
    char folder[] = "/tmp/millrace-settings-XXXXXX";
    char log[sizeof folder + 4];
    mr_config *config = defaults();
    mr_bus *bus = NULL;
    mr_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(log, sizeof log, "%s/log", folder);
    assert_int_equal(mr_config_set(config, "MILLRACE_DATA", folder, "test", NULL), MR_OK);
    assert_int_equal(mr_settings_open_log(config, &bus, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, folder));
    assert_int_not_equal(access(log, F_OK), 0);
    assert_int_equal(mkdir(log, 0700), 0);
    assert_int_equal(mr_settings_open_log(config, &bus, &err), MR_OK);
    mr_bus_close(bus);
    assert_int_equal(rmdir(log), 0);
    assert_int_equal(rmdir(folder), 0);
    mr_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_is_complete),
        cmocka_unit_test(names_and_flags_are_unique),
        cmocka_unit_test(defaults_and_bounds_are_valid),
        cmocka_unit_test(groups_stand_together),
        cmocka_unit_test(what_is_secret_is_marked),
        cmocka_unit_test(the_log_gets_its_options),
        cmocka_unit_test(properties_of_kafkas_client_are_passed_on),
        cmocka_unit_test(the_store_gets_its_options),
        cmocka_unit_test(topics_have_their_names),
        cmocka_unit_test(looking_at_a_log_that_is_not_there_makes_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
