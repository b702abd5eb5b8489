/* SPDX-License-Identifier: Apache-2.0 */
/* publish_view_test.c - views of the models as PostgreSQL is told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medallion/catalog.h"
#include "publish/publish_private.h"

static const char table[] = "-- name: gold.days\n-- mode: replace\n-- from: silver.lines\n"
                            "-- group: Day\n-- keys: Day\n-- column: Day integer, not null: d\n"
                            "-- column: Date date: d\n-- column: Sales decimal(38,4): s\n"
                            "-- column: Year integer: y\nSELECT 1 AS Day";

static mr_models *models_of(const char *view)
{
    const char *const texts[] = {table, view, NULL};
    mr_models *models = mr_alloc_zero(1, sizeof(*models));
    mr_err err;

    for (size_t i = 0; texts[i] != NULL; i++) {
        mr_model *model = NULL;
        if (mr_model_parse("test.sql", mr_text_of(texts[i]), &model, &err) != MR_OK) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(mr_models_add(models, model, false, &err), MR_OK);
    }
    return models;
}

static void assert_view(const char *select, const char *expected)
{
    mr_buffer text, out;

    mr_buffer_init(&text, 4096);
    mr_buffer_init(&out, 65536);
    (void)mr_buffer_printf(&text,
                           "-- name: gold.vw_One\n-- mode: view\n-- column: Total decimal(38,4): "
                           "t\n-- column: Day integer: d\n%s",
                           select);
    assert_true(mr_buffer_append(&text, "", 1));
    mr_models *models = models_of(text.data);
    mr_publish_sql_view(&out, models, "bi", mr_models_find(models, "gold.vw_One"));
    assert_true(mr_buffer_append(&out, "", 1));
    const char *from = strstr(out.data, " FROM (");
    assert_non_null(from);
    assert_string_equal(from + 7, expected);
    mr_models_free(models);
    mr_buffer_free(&text);
    mr_buffer_free(&out);
}

static void names_are_spelt_as_the_tables_have_them(void **state)
{
    (void)state;
    assert_view("SELECT sum(d.sales) AS TOTAL, d.Day FROM gold.days d GROUP BY d.day",
                "SELECT sum(d.\"Sales\") AS \"Total\", d.\"Day\" FROM \"bi\".\"days\" d GROUP BY "
                "d.\"Day\"\n) v;");
    assert_view("SELECT x.Total, x.Day FROM (SELECT Sales AS Total, Day FROM gold.days) x",
                "SELECT x.\"Total\", x.\"Day\" FROM (SELECT \"Sales\" AS \"Total\", \"Day\" FROM "
                "\"bi\".\"days\") x\n) v;");
}

static void types_functions_literals_and_texts_stay(void **state)
{
    (void)state;
    assert_view("SELECT CAST(d.Date AS date) AS Total, year(d.Date) AS Day FROM gold.days d "
                "WHERE d.Date > DATE '2011-01-01' AND 'Sales' <> \"Sales\" -- Sales\n",
                "SELECT CAST(d.\"Date\" AS date) AS \"Total\", year(d.\"Date\") AS \"Day\" FROM "
                "\"bi\".\"days\" d WHERE d.\"Date\" > DATE '2011-01-01' AND 'Sales' <> \"Sales\" "
                "-- Sales\n) v;");
}

static void columns_are_cast_to_what_the_model_declares(void **state)
{
    mr_buffer out;
    mr_models *models = models_of("-- name: gold.vw_One\n-- mode: view\n-- column: Share double: "
                                  "s\n-- column: On date: d\n"
                                  "SELECT d.Year AS Share, d.Date AS \"On\" FROM gold.days d");

    (void)state;
    mr_buffer_init(&out, 65536);
    mr_publish_sql_view(&out, models, "a\"b", mr_models_find(models, "gold.vw_One"));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_non_null(strstr(out.data, "CREATE VIEW \"a\"\"b\".\"vw_One\" AS SELECT "
                                     "CAST(\"Share\" AS double precision) AS \"Share\", "
                                     "CAST(\"On\" AS date) AS \"On\" FROM ("));
    mr_models_free(models);
    mr_buffer_free(&out);
}

static void the_views_built_in_name_only_what_is_there(void **state)
{
    mr_models *models = NULL;
    mr_buffer out;
    mr_err err;

    (void)state;
    assert_int_equal(mr_models_load(NULL, &models, &err), MR_OK);
    mr_buffer_init(&out, 65536);
    for (size_t i = 0; i < mr_models_count(models); i++) {
        const mr_model *model = mr_models_at(models, i);
        if (model->mode != MR_MODEL_VIEW) {
            continue;
        }
        mr_buffer_clear(&out);
        mr_publish_sql_view(&out, models, "bi", model);
        assert_true(mr_buffer_append(&out, "", 1));
        assert_null(strstr(out.data, "gold."));
        assert_non_null(strstr(out.data, "\"bi\".\""));
    }
    mr_models_free(models);
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_spelt_as_the_tables_have_them),
        cmocka_unit_test(types_functions_literals_and_texts_stay),
        cmocka_unit_test(columns_are_cast_to_what_the_model_declares),
        cmocka_unit_test(the_views_built_in_name_only_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
