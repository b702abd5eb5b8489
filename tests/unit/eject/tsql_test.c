/* SPDX-License-Identifier: Apache-2.0 */
/* Columns and views as T-SQL: what is translated, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eject/tsql.h"

static mr_models *models;
static mr_relations relations;

static int load(void **state)
{
    (void)state;
    assert_int_equal(mr_models_load(NULL, &models, NULL), MR_OK);
    assert_int_equal(mr_relations_of(models, &relations, NULL), MR_OK);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    mr_models_free(models);
    return 0;
}

static mr_status translate(const char *select, char *ret_text, size_t room, mr_err *err)
{
    char text[2048];
    mr_model *view = NULL;
    mr_buffer out;
    mr_status status;

    (void)snprintf(text, sizeof text, "-- name: gold.vw_x\n-- mode: view\n-- column: A long\n%s\n",
                   select);
    assert_int_equal(mr_model_parse("vw_x.sql", mr_text_of(text), &view, err), MR_OK);
    mr_buffer_init(&out, 4096);
    status = mr_put_tsql_view(&out, view, &relations, err);
    (void)snprintf(ret_text, room, "%.*s", MR_TEXT_ARGS(mr_buffer_text(&out)));
    mr_buffer_free(&out);
    mr_model_free(view);
    return status;
}

static void test_what_differs_is_translated(void **state)
{
    static const struct {
        const char *engines, *tsql;
    } pairs[] = {
        {"SELECT count(*) AS A FROM gold.dim_invoice i WHERE i.IsCancelled",
         "SELECT count_big(*) AS A FROM gold.dim_invoice i WHERE i.IsCancelled = 1"},
        {"SELECT sum(CASE WHEN i.IsCancelled AND i.DateID > 1 THEN 1 ELSE 0 END) AS A FROM "
         "gold.dim_invoice i",
         "SELECT sum(CASE WHEN i.IsCancelled = 1 AND i.DateID > 1 THEN CAST(1 AS bigint) ELSE "
         "CAST(0 AS bigint) END) AS A FROM gold.dim_invoice i"},
        {"SELECT t.A FROM (SELECT m.Lines AS A FROM gold.mart_orders m ORDER BY A LIMIT 3) t "
         "ORDER BY t.A",
         "SELECT t.A FROM (SELECT TOP (3) m.Lines AS A FROM gold.mart_orders m ORDER BY A) t"},
        {"SELECT CAST(m.Lines AS double) AS A FROM gold.mart_orders m LIMIT 5",
         "SELECT TOP (5) CAST(m.Lines AS float) AS A FROM gold.mart_orders m"},
        {"SELECT i.IsCancelled AS A FROM gold.dim_invoice i",
         "SELECT i.IsCancelled AS A FROM gold.dim_invoice i"},
    };
    char text[2048];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        mr_err err = {.message = ""};

        assert_int_equal(translate(pairs[i].engines, text, sizeof text, &err), MR_OK);
        assert_string_equal(text, pairs[i].tsql);
    }
}

static void test_what_it_has_not_got_is_refused(void **state)
{
    static const struct {
        const char *select, *word;
    } refused[] = {
        {"SELECT max_by(m.Lines, m.DateID) AS A FROM gold.mart_orders m", "max_by"},
        {"SELECT sum(m.Lines) FILTER (WHERE m.Lines > 1) AS A FROM gold.mart_orders m", "FILTER"},
        {"SELECT hour(m.InvoiceDate) AS A FROM gold.mart_orders m", "hour"},
        {"SELECT m.Country || 'x' AS A FROM gold.mart_orders m", "|"},
        {"SELECT t.A FROM (SELECT m.Lines AS A FROM gold.mart_orders m ORDER BY A) t", "ORDER"},
    };
    char text[2048], said[256];

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        mr_err err = {.message = ""};

        assert_int_equal(translate(refused[i].select, text, sizeof text, &err), MR_UNSUPPORTED);
        (void)snprintf(said, sizeof said, "vw_x.sql: T-SQL has no %s as gold.vw_x uses it",
                       refused[i].word);
        assert_string_equal(err.message, said);
    }
}

static void test_types(void **state)
{
    static const struct {
        mr_model_column column;
        const char *serverless, *dedicated;
    } types[] = {
        {{.type = "string", .length_max = 32},
         "varchar(128) COLLATE Latin1_General_100_BIN2_UTF8",
         "nvarchar(64) COLLATE Latin1_General_100_BIN2"},
        {{.type = "string"},
         "varchar(8000) COLLATE Latin1_General_100_BIN2_UTF8",
         "nvarchar(4000) COLLATE Latin1_General_100_BIN2"},
        {{.type = "binary", .length_max = 16}, "varbinary(16)", "varbinary(16)"},
        {{.type = "decimal(28,4)"}, "decimal(28, 4)", "decimal(28, 4)"},
        {{.type = "timestamp"}, "datetime2(6)", "datetime2(6)"},
        {{.type = "long"}, "bigint", "bigint"},
        {{.type = "boolean"}, "bit", "bit"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (int pool = MR_TSQL_SERVERLESS; pool <= MR_TSQL_DEDICATED; pool++) {
            mr_buffer out;

            mr_buffer_init(&out, 256);
            mr_put_tsql_type(&out, &types[i].column, (mr_tsql_pool)pool);
            assert_true(mr_buffer_append(&out, "", 1));
            assert_string_equal(out.data, pool == MR_TSQL_SERVERLESS ? types[i].serverless
                                                                     : types[i].dedicated);
            mr_buffer_free(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_differs_is_translated),
        cmocka_unit_test(test_what_it_has_not_got_is_refused),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
