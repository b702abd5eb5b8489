/* SPDX-License-Identifier: Apache-2.0 */
/* The Power BI project is filled in with the settings; its star is what the fact refers to. */
#include "eject_fixture.h"

static void test_settings_are_filled_in(void **state)
{
    mr_eject_settings settings = mr_eject_defaults;
    kept_files kept = {.count = 0};
    mr_err err = {.message = ""};

    (void)state;
    settings.database = "shop";
    settings.workspace = "w\"1";
    settings.postgres_host = "db:5433";
    assert_int_equal(generate(mr_powerbi_write, &settings, &kept, &err), MR_OK);
    assert_non_null(strstr(kept_text(&kept, "shop.pbip"), "\"path\": \"shop.Report\""));
    assert_non_null(strstr(kept_text(&kept, "shop.Report/definition.pbir"),
                           "\"path\": \"../shop.SemanticModel\""));
    assert_non_null(strstr(kept_text(&kept, "shop.SemanticModel/definition/expressions.tmdl"),
                           "expression Server = \"w\"\"1-ondemand.sql.azuresynapse.net\" meta"));
    assert_non_null(strstr(kept_text(&kept, "synapse.pbids"),
                           "\"server\": \"w\\\"1-ondemand.sql.azuresynapse.net\""));
    assert_non_null(strstr(kept_text(&kept, "postgresql.pbids"), "\"server\": \"db:5433\""));
    forget_files(&kept);
}

static void test_the_star(void **state)
{
    kept_files kept = {.count = 0};
    mr_err err = {.message = ""};
    const char *dates;

    (void)state;
    assert_int_equal(generate(mr_powerbi_write, &mr_eject_defaults, &kept, &err), MR_OK);
    assert_non_null(
        strstr(kept_text(&kept, "millrace.SemanticModel/definition/relationships.tmdl"),
               "fromColumn: fact_sales.InvoiceNo\n\ttoColumn: dim_invoice.InvoiceNo\n"));
    dates = kept_text(&kept, "millrace.SemanticModel/definition/tables/dim_date.tmdl");
    assert_non_null(strstr(dates, "table dim_date\n\tdataCategory: Time\n"));
    assert_non_null(strstr(dates, "column Date\n\t\tdataType: dateTime\n\t\tisKey\n"));
    assert_non_null(strstr(dates, "sourceColumn: MonthName\n\t\tsortByColumn: Month\n"));
    assert_null(strstr(kept_text(&kept, "millrace.SemanticModel/definition/tables/fact_sales.tmdl"),
                       "event_id"));
    forget_files(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_are_filled_in),
        cmocka_unit_test(test_the_star),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
