/* SPDX-License-Identifier: Apache-2.0 */
/* Synapse's scripts are filled in with the settings, quoted as T-SQL wants it. */
#include "eject_fixture.h"

static void test_settings_are_filled_in(void **state)
{
    mr_eject_settings settings = mr_eject_defaults;
    kept_files kept = {.count = 0};
    mr_err err = {.message = ""};

    (void)state;
    settings.account = "shop1";
    settings.folder = "o'neill";
    settings.database = "a]b";
    assert_int_equal(generate(mr_synapse_write, &settings, &kept, &err), MR_OK);
    assert_int_equal(kept.count, 10);
    assert_non_null(strstr(kept_text(&kept, "serverless/1_database.sql"),
                           "CREATE DATABASE [a]]b] COLLATE Latin1_General_100_BIN2_UTF8;"));
    assert_non_null(strstr(kept_text(&kept, "serverless/2_lake.sql"),
                           "LOCATION = 'https://shop1.dfs.core.windows.net/lake/o''neill'"));
    assert_non_null(strstr(kept_text(&kept, "dedicated/4_load.sql"),
                           "FROM ''https://shop1.dfs.core.windows.net/synapse/export/' + @run"));
    forget_files(&kept);
}

static void test_only_days_that_stand_alone_are_deleted_by_date(void **state)
{
    kept_files kept = {.count = 0};
    mr_err err = {.message = ""};
    const char *loads;

    (void)state;
    assert_int_equal(generate(mr_synapse_write, &mr_eject_defaults, &kept, &err), MR_OK);
    loads = kept_text(&kept, "dedicated/4_load.sql");
    assert_non_null(strstr(loads, "[gold].[load_fact_sales] @run varchar(64), @rows bigint, @from "
                                  "int, @to int AS"));
    assert_non_null(strstr(loads, "[gold].[load_dim_invoice] @run varchar(64), @rows bigint AS"));
    /* A guest's number is NULL on both sides. */
    assert_non_null(strstr(loads, "(t.[CustomerID] = s.[CustomerID] OR (t.[CustomerID] IS NULL AND "
                                  "s.[CustomerID] IS NULL))"));
    forget_files(&kept);
}

static void test_a_name_that_is_none_is_refused(void **state)
{
    mr_eject_settings settings = mr_eject_defaults;
    kept_files kept = {.count = 0};
    mr_err err = {.message = ""};

    (void)state;
    settings.account = "shop''; DROP TABLE x; --";
    assert_int_equal(generate(mr_synapse_write, &settings, &kept, &err), MR_INVALID);
    settings = mr_eject_defaults;
    settings.exchange = "";
    assert_int_equal(generate(mr_synapse_write, &settings, &kept, &err), MR_INVALID);
    assert_int_equal(kept.count, 0);
}

static void test_the_sinks_failure_ends_it(void **state)
{
    kept_files kept = {.refuse_at = 4};
    mr_err err = {.message = ""};

    (void)state;
    assert_int_equal(generate(mr_synapse_write, &mr_eject_defaults, &kept, &err), MR_FULL);
    assert_string_equal(err.message, "no room for serverless/4_views.sql");
    assert_int_equal(kept.count, 3);
    forget_files(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_are_filled_in),
        cmocka_unit_test(test_only_days_that_stand_alone_are_deleted_by_date),
        cmocka_unit_test(test_a_name_that_is_none_is_refused),
        cmocka_unit_test(test_the_sinks_failure_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
