/* SPDX-License-Identifier: Apache-2.0 */
/* run_test.c - runs over a lake: whatever the order and the pieces, the tables come out the same.
 */
#include "lake_fixture.h"

#include "base/random.h"

/* Reads every stored model's table under a prefix. */
static void read_all(lake_fixture *f, const char *prefix)
{
    for (size_t i = 0; i < mr_models_count(f->models); i++) {
        const mr_model *model = mr_models_at(f->models, i);
        char name[128];
        if (model->mode != MR_MODEL_VIEW) {
            (void)snprintf(name, sizeof(name), "%s_%s_%s", prefix, model->layer, model->table);
            lake_read_table(f, model->name, name);
        }
    }
}

static void assert_all_same(lake_fixture *f)
{
    for (size_t i = 0; i < mr_models_count(f->models); i++) {
        const mr_model *model = mr_models_at(f->models, i);
        char one[128];
        char other[128];
        if (model->mode != MR_MODEL_VIEW) {
            (void)snprintf(one, sizeof(one), "grown_%s_%s", model->layer, model->table);
            (void)snprintf(other, sizeof(other), "full_%s_%s", model->layer, model->table);
            lake_assert_same(f, model->name, one, other);
        }
    }
}

/* The rules of the store, told another way: what each dimension has to be. */
static void assert_rules(lake_fixture *f)
{
    lake_sql(f, "CREATE OR REPLACE VIEW lines AS SELECT * FROM (SELECT *, row_number() OVER "
                "(PARTITION BY event_id ORDER BY \"partition\", \"offset\") AS nth FROM arrivals) "
                "WHERE nth = 1");
    lake_sql(f,
             "CREATE OR REPLACE TABLE expected AS SELECT InvoiceNo, (SELECT min(InvoiceDate) FROM "
             "lines m WHERE m.InvoiceNo = l.InvoiceNo) AS InvoiceDate, CustomerID, Country FROM "
             "(SELECT *, row_number() OVER (PARTITION BY InvoiceNo ORDER BY CustomerID IS NULL, "
             "InvoiceDate DESC, \"partition\" DESC, \"offset\" DESC) AS nth_best FROM lines) l "
             "WHERE nth_best = 1");
    lake_sql(f,
             "CREATE OR REPLACE TABLE found AS SELECT InvoiceNo, InvoiceDate, CustomerID, Country "
             "FROM full_silver_dim_invoice");
    lake_assert_same(f, "rules of invoices", "expected", "found");
    lake_sql(f,
             "CREATE OR REPLACE TABLE expected AS SELECT CustomerID, (SELECT CustomerName FROM "
             "lines n WHERE n.CustomerID = l.CustomerID AND CustomerName <> '' ORDER BY "
             "InvoiceDate DESC, \"partition\" DESC, \"offset\" DESC LIMIT 1) AS CustomerName, "
             "Country FROM (SELECT *, row_number() OVER (PARTITION BY CustomerID ORDER BY "
             "InvoiceDate DESC, \"partition\" DESC, \"offset\" DESC) AS nth_best FROM lines WHERE "
             "CustomerID IS NOT NULL) l WHERE nth_best = 1");
    lake_sql(f, "CREATE OR REPLACE TABLE found AS SELECT CustomerID, CustomerName, Country FROM "
                "full_silver_dim_customer");
    lake_assert_same(f, "rules of customers", "expected", "found");
    lake_sql(f,
             "CREATE OR REPLACE TABLE expected AS SELECT DISTINCT StockCode, (SELECT Description "
             "FROM lines d WHERE d.StockCode = l.StockCode AND Description <> '' ORDER BY "
             "InvoiceDate DESC, \"partition\" DESC, \"offset\" DESC LIMIT 1) AS Description FROM "
             "lines l");
    lake_sql(f, "CREATE OR REPLACE TABLE found AS SELECT StockCode, Description FROM "
                "full_silver_dim_product");
    lake_assert_same(f, "rules of products", "expected", "found");
    lake_sql(f,
             "CREATE OR REPLACE TABLE expected AS SELECT CAST(strftime(InvoiceDate, '%Y%m%d') AS "
             "INTEGER) AS DateID, Country, count(*) AS Lines, count(DISTINCT InvoiceNo) FILTER "
             "(WHERE InvoiceNo NOT LIKE 'C%') AS Orders, CAST(coalesce(sum(Quantity * UnitPrice) "
             "FILTER (WHERE InvoiceNo NOT LIKE 'C%'), 0) AS DECIMAL(38,4)) AS Sales FROM lines "
             "GROUP BY ALL");
    lake_sql(f,
             "CREATE OR REPLACE TABLE found AS SELECT DateID, Country, Lines, Orders, Sales FROM "
             "full_gold_mart_sales_by_day");
    lake_assert_same(f, "rules of days", "expected", "found");
    lake_sql(f,
             "CREATE OR REPLACE TABLE expected AS SELECT CustomerID, count(*) AS Lines, "
             "count(DISTINCT InvoiceNo) FILTER (WHERE InvoiceNo NOT LIKE 'C%') AS Orders, "
             "count(DISTINCT InvoiceNo) FILTER (WHERE InvoiceNo LIKE 'C%') AS Returns, "
             "CAST(sum(Quantity * UnitPrice) AS DECIMAL(38,4)) AS Amount, max(InvoiceDate) FILTER "
             "(WHERE InvoiceNo NOT LIKE 'C%') AS LastOrderDate FROM lines WHERE CustomerID IS NOT "
             "NULL GROUP BY ALL");
    lake_sql(f, "CREATE OR REPLACE TABLE found AS SELECT CustomerID, Lines, Orders, Returns, "
                "Amount, LastOrderDate FROM grown_gold_mart_sales_by_customer");
    lake_assert_same(f, "rules of customers' sums", "expected", "found");
    assert_int_equal(lake_count(f, "SELECT count(*) FROM full_silver_dim_date WHERE WeekdayName <> "
                                   "dayname(Date) OR Weekday <> isodow(Date) OR MonthName <> "
                                   "monthname(Date) OR Date <> strptime(CAST(DateID AS VARCHAR), "
                                   "'%Y%m%d')::DATE"),
                     0);
}

static void gather_bronze(lake_fixture *f)
{
    const mr_delta_optimize_options options = {.files_min = 2};
    mr_delta_optimize_report report;

    OK(mr_delta_optimize(f->bronze, f->connection, &options, &report, &err));
}

static void grow_and_compare(uint64_t seed)
{
    lake_fixture *f = lake_open(NULL);
    mr_random random;
    enum { lines = 900, distinct = 700 };

    mr_random_seed(&random, seed);
    lake_make_arrivals(f, lines, distinct, (int)seed);
    for (int place = 0; place < lines;) {
        int end = place + 1 + (int)mr_random_below(&random, 300);
        char date[32];
        (void)snprintf(date, sizeof(date), "2026-11-%02d", 20 + (int)mr_random_below(&random, 3));
        lake_arrive(f, place, end < lines ? end : lines, date);
        place = end;
        if (mr_random_below(&random, 3) > 0) {
            lake_bring_up(f, false);
        }
        if (mr_random_below(&random, 4) == 0) {
            gather_bronze(f);
        }
    }
    lake_bring_up(f, false);
    read_all(f, "grown");
    lake_bring_up(f, true);
    read_all(f, "full");
    assert_all_same(f);
    assert_rules(f);
    lake_close(f);
}

static void any_order_and_any_pieces_give_the_same_tables(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        grow_and_compare(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_and_any_pieces_give_the_same_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
