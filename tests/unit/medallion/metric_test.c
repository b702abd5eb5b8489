/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of metrics: what they mean, as SQL, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "medallion/metric.h"

static const char base[] = "metric: sales\ntitle: Sales\ndescription: D\nformat: money\n"
                           "is: sum Amount of orders\n"
                           "metric: orders\ntitle: Orders\ndescription: D\nformat: count\n"
                           "is: count InvoiceNo of orders\n";

static mr_metrics *read_with(const char *more, mr_err *err)
{
    char text[2048];
    mr_metrics *metrics = NULL;

    (void)snprintf(text, sizeof text, "%s%s", base, more);
    if (mr_metrics_parse("m", mr_text_of(text), &metrics, err) != MR_OK) {
        assert_null(metrics);
    }
    return metrics;
}

static void expect_sql(const mr_metrics *metrics, const char *name, mr_sql_dialect dialect,
                       const char *sql)
{
    const mr_metric *metric = mr_metrics_find(metrics, name);
    mr_buffer out;

    assert_non_null(metric);
    mr_buffer_init(&out, 8192);
    assert_true(mr_metric_write_sql(metric, dialect, "t", &out));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, sql);
    mr_buffer_free(&out);
}

static void test_a_definition_is_sql_in_each_dialect(void **state)
{
    mr_err err = {.message = ""};
    mr_metrics *metrics = read_with("metric: a\ntitle: A\ndescription: D\nformat: money\n"
                                    "is: sales / orders\n"
                                    "metric: l\ntitle: L\ndescription: D\nformat: count\n"
                                    "is: count CustomerID with orders > 1\n"
                                    "metric: q\ntitle: Q\ndescription: D\nformat: count\n"
                                    "is: sum Quantity of guests cancellations\n",
                                    &err);

    (void)state;
    assert_string_equal(err.message, "");
    expect_sql(metrics, "sales", MR_SQL_DUCKDB,
               "SELECT CAST(coalesce(sum(Amount), 0) AS decimal(38, 4)) FROM t WHERE InvoiceNo NOT "
               "LIKE 'C%'");
    expect_sql(metrics, "orders", MR_SQL_TSQL,
               "SELECT count_big(DISTINCT [InvoiceNo]) FROM t WHERE [InvoiceNo] NOT LIKE 'C%'");
    expect_sql(
        metrics, "l", MR_SQL_POSTGRES,
        "SELECT count(*) FROM (SELECT \"CustomerID\", count(DISTINCT \"InvoiceNo\") AS \"v\" "
        "FROM t WHERE \"InvoiceNo\" NOT LIKE 'C%' AND \"CustomerID\" IS NOT NULL GROUP BY "
        "\"CustomerID\") g WHERE g.\"v\" > 1");
    expect_sql(metrics, "a", MR_SQL_DUCKDB,
               "SELECT CAST(coalesce(CAST(r.y // nullif(r.d, 0) AS decimal(33, 0)) * 0.0001, 0) AS "
               "decimal(38, 4)) FROM (SELECT 2 * a.x + CASE WHEN a.x < 0 THEN -a.n ELSE a.n END AS "
               "y, 2 * a.n AS d FROM (SELECT CAST(CAST(coalesce(sum(CASE WHEN InvoiceNo NOT LIKE "
               "'C%' THEN Amount END), 0) AS decimal(38, 4)) * 10000 AS bigint) AS x, "
               "count(DISTINCT CASE WHEN InvoiceNo NOT LIKE 'C%' THEN InvoiceNo END) AS n FROM t) "
               "a) r");
    expect_sql(metrics, "q", MR_SQL_TSQL,
               "SELECT CAST(coalesce(sum(CAST([Quantity] AS bigint)), 0) AS bigint) FROM t WHERE "
               "[InvoiceNo] LIKE 'C%' AND [CustomerID] IS NULL");
    mr_metrics_free(metrics);
}

static void test_a_fault_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *said;
    } faults[] = {
        {"metric: sales\n", "m:11: a metric has a name of its own, not 'sales'"},
        {"metric: x\ntitle: X\n", "m:12: title, description, format and is belong to a metric; one "
                                  "lacks for 'x'"},
        {"metric: x\nis: sum\n", "m:12: a column is expected, not ''"},
        {"metric: x\nis: sum Amount of lines\n",
         "m:12: lines are orders, cancellations or guests, not 'lines'"},
        {"metric: x\nis: x / orders\n",
         "m:12: a sum or count that stands before it is expected, not 'x'"},
        {"metric: x\nis: sales / orders + orders + orders\n", "m:12: this is too much: 'orders'"},
        {"metric: x\nis: count CustomerID with orders > many\n",
         "m:12: '> number', or 'first metric within' or 'before', is expected, not 'orders > "
         "many'"},
        {"metric: x\nformat: percent\n", "m:12: a format is money, count or rate, not 'percent'"},
        {"metric: x\nsql: SELECT 1\n", "m:12: there is no entry 'sql'"},
        {"metric: x\nview: vw_TotalSales\n",
         "m:12: a view's column is view.column, not 'vw_TotalSales'"},
        {"words\n", "m:11: 'key: value' is expected, not 'words'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        mr_err err = {.message = ""};

        assert_null(read_with(faults[i].text, &err));
        assert_string_equal(err.message, faults[i].said);
    }
}

static void test_those_built_in_fit_the_models(void **state)
{
    mr_err err = {.message = ""};
    mr_metrics *metrics = mr_metrics_load();
    mr_metrics *other = read_with("metric: x\ntitle: X\ndescription: D\nformat: money\n"
                                  "is: sum Profit\n",
                                  &err);
    mr_models *models = NULL;

    (void)state;
    assert_int_equal(mr_models_load(NULL, &models, &err), MR_OK);
    assert_int_equal(mr_metrics_check(metrics, models, &err), MR_OK);
    assert_int_equal(mr_metrics_count(metrics), 12);
    assert_int_equal(mr_metrics_check(other, models, &err), MR_INVALID);
    assert_string_equal(err.message, "metric x: gold.fact_sales has no column Profit");
    mr_models_free(models);
    mr_metrics_free(other);
    mr_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_definition_is_sql_in_each_dialect),
        cmocka_unit_test(test_a_fault_is_named_with_its_line),
        cmocka_unit_test(test_those_built_in_fit_the_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
