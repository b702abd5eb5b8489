/* SPDX-License-Identifier: Apache-2.0 */
/* task_test.c - single models: what is skipped, made anew, refused, and what stays untouched. */
#include "lake_fixture.h"

#include <glob.h>

static const mr_model_report *report_of(const mr_run_report *report, const char *name)
{
    for (size_t i = 0; i < report->model_count; i++) {
        if (strcmp(report->models[i].model->name, name) == 0) {
            return &report->models[i];
        }
    }
    fail_msg("no report of %s", name);
    return NULL;
}

static lake_fixture *open_with_lines(int lines)
{
    lake_fixture *f = lake_open(NULL);

    lake_make_arrivals(f, lines, lines, 7);
    lake_arrive(f, 0, lines / 2, "2026-11-20");
    return f;
}

static void a_second_run_finds_nothing_and_is_no_failure(void **state)
{
    lake_fixture *f = open_with_lines(400);
    mr_run_options options = lake_options(f);
    mr_buffer json;

    (void)state;
    lake_bring_up(f, false);
    mr_run_report *report = lake_run(&options);
    assert_true(report->ok);
    assert_int_equal(report->done, 0);
    assert_int_equal(report->skipped, report->model_count);
    assert_string_equal(mr_run_report_status(report), "skipped");
    assert_string_equal(report->models[0].message, "nothing new");
    mr_buffer_init(&json, 1 << 20);
    assert_true(mr_run_report_json(report, &json));
    assert_non_null(memmem(json.data, json.bytes, "\"reason\":\"nothing new\"", 22));
    mr_buffer_free(&json);
    mr_run_report_free(report);
    lake_close(f);
}

static void without_bronze_there_is_nothing_to_do(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_run_options options = lake_options(f);

    (void)state;
    mr_run_report *report = lake_run(&options);
    assert_true(report->ok);
    assert_int_equal(report->skipped, report->model_count);
    assert_string_equal(report->models[0].message, "there is no bronze.sales_events yet");
    mr_run_report_free(report);
    lake_close(f);
}

static void an_increment_reads_only_what_is_new(void **state)
{
    lake_fixture *f = open_with_lines(400);
    mr_run_options options = lake_options(f);

    (void)state;
    lake_bring_up(f, false);
    lake_arrive(f, 200, 210, "2026-11-21");
    mr_run_report *report = lake_run(&options);
    const mr_model_report *lines = report_of(report, "silver.fact_sales");
    assert_false(lines->full);
    assert_int_equal(lines->rows_read, 10);
    assert_int_equal(lines->rows_new + lines->rows_known, 10);
    assert_int_equal(lines->files_removed, 0);
    const mr_model_report *orders = report_of(report, "gold.mart_orders");
    assert_int_equal(orders->rows_read, lines->rows_new);
    assert_true(orders->rows_new + orders->rows_changed <= 10);
    mr_run_report_free(report);
    lake_close(f);
}

static void a_day_again_changes_nothing(void **state)
{
    lake_fixture *f = open_with_lines(300);
    mr_run_options options = lake_options(f);

    (void)state;
    lake_bring_up(f, false);
    lake_read_table(f, "silver.fact_sales", "before_day");
    lake_read_table(f, "gold.mart_sales_by_product", "before_mart");
    options.date = "2026-11-20";
    mr_run_report *report = lake_run(&options);
    const mr_model_report *lines = report_of(report, "silver.fact_sales");
    assert_true(report->ok);
    assert_int_equal(lines->state, MR_MODEL_SKIPPED);
    assert_int_equal(lines->rows_read, 150);
    assert_int_equal(lines->rows_new, 0);
    mr_run_report_free(report);
    lake_read_table(f, "silver.fact_sales", "after_day");
    lake_read_table(f, "gold.mart_sales_by_product", "after_mart");
    lake_assert_same(f, "lines", "before_day", "after_day");
    lake_assert_same(f, "products", "before_mart", "after_mart");
    lake_close(f);
}

static void a_date_that_is_none_is_refused(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_run_options options = lake_options(f);
    mr_run_report *report = NULL;
    mr_err err;

    (void)state;
    options.date = "yesterday";
    assert_int_equal(mr_medallion_run(&options, &report, &err), MR_INVALID);
    options.date = NULL;
    const char *const names[] = {"vw_TotalSales", NULL};
    options.select = names;
    assert_int_equal(mr_medallion_run(&options, &report, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "vw_TotalSales"));
    lake_close(f);
}

static const char strict_lines[] =
    "-- name: silver.dim_product\n-- mode: merge\n-- from: silver.fact_sales\n"
    "-- keys: StockCode\n-- column: StockCode string, not null\n"
    "-- column: Least long, min\n"
    "-- check: accepted_range Least 0 null\n"
    "SELECT f.StockCode, min(f.Quantity) AS Least FROM silver.fact_sales f GROUP BY f.StockCode";

/* Quantities below 0 are in the lines: the check must break, and nothing may stand on it. */
static void a_broken_check_keeps_the_table_and_blocks_its_readers(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    lake_fixture *f;
    mr_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "silver/dim_product.sql", strict_lines);
    f = lake_open(folder);
    lake_make_arrivals(f, 300, 300, 7);
    lake_arrive(f, 0, 300, "2026-11-20");
    mr_run_options options = lake_options(f);
    mr_run_report *report = lake_run(&options);
    const mr_model_report *product = report_of(report, "silver.dim_product");
    assert_false(report->ok);
    assert_int_equal(product->state, MR_MODEL_FAILED);
    assert_non_null(strstr(product->message, "accepted_range Least 0 null"));
    assert_true(product->checks[0].rows > 0);
    assert_non_null(strstr(product->checks[0].sample, "StockCode="));
    assert_int_equal(report_of(report, "gold.dim_product")->state, MR_MODEL_BLOCKED);
    assert_int_equal(report_of(report, "gold.fact_sales")->state, MR_MODEL_BLOCKED);
    assert_int_equal(report_of(report, "gold.mart_orders")->state, MR_MODEL_DONE);
    mr_run_report_free(report);
    mr_delta_table *table = mr_delta_table_create(f->blobs, "silver/dim_product");
    mr_delta_snapshot *snapshot = NULL;
    assert_int_equal(mr_delta_read(table, &snapshot, &err), MR_NOT_FOUND);
    mr_delta_table_destroy(table);
    lake_read_table(f, "ops.quality", "quality");
    assert_int_equal(lake_count(f, "SELECT count(*) FROM quality WHERE NOT holds AND model = "
                                   "'silver.dim_product' AND broken_rows > 0"),
                     1);
    remove_folder(folder);
    lake_close(f);
}

/* Of the target only files with such values are looked at: those must be enough, and no more. */
static void references_of_an_increment_are_checked(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    lake_fixture *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "silver/known.sql",
             "-- name: silver.known\n-- mode: insert\n-- from: silver.fact_sales\n-- keys: Name\n"
             "-- column: Name string\n"
             "SELECT DISTINCT Country AS Name FROM silver.fact_sales WHERE Country <> 'EIRE'");
    put_file(folder, "gold/sold.sql",
             "-- name: gold.sold\n-- mode: merge\n-- from: silver.fact_sales\n-- keys: Country\n"
             "-- column: Country string\n-- column: Lines long, sum\n"
             "-- check: references Country silver.known.Name\n"
             "SELECT Country, count(*) AS Lines FROM silver.fact_sales GROUP BY Country");
    f = lake_open(folder);
    lake_make_arrivals(f, 300, 300, 7);
    lake_sql(f, "UPDATE arrivals SET Country = 'Norway' WHERE Country = 'EIRE' AND place < 200");
    lake_arrive(f, 0, 100, "2026-11-20");
    lake_bring_up(f, false);
    lake_arrive(f, 100, 200, "2026-11-20");
    lake_bring_up(f, false);
    lake_arrive(f, 200, 300, "2026-11-20");
    mr_run_options options = lake_options(f);
    mr_run_report *report = lake_run(&options);
    const mr_model_report *sold = report_of(report, "gold.sold");
    assert_false(sold->full);
    assert_int_equal(sold->state, MR_MODEL_FAILED);
    assert_non_null(strstr(sold->message, "is broken by 1 row: Country=EIRE"));
    mr_run_report_free(report);
    remove_folder(folder);
    lake_close(f);
}

/* A statement over the increment names each of its files, a month's each. */
static void references_of_an_increment_of_many_files_are_checked(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_run_options options = lake_options(f);

    (void)state;
    lake_make_arrivals(f, 300, 300, 7);
    lake_sql(f, "UPDATE arrivals SET InvoiceDate = InvoiceDate - to_months(CAST(place % 150 AS "
                "INTEGER))");
    lake_arrive(f, 0, 150, "2026-11-20");
    lake_bring_up(f, false);
    lake_arrive(f, 150, 300, "2026-11-20");
    mr_run_report *report = lake_run(&options);
    const mr_model_report *sold = report_of(report, "gold.fact_sales");
    assert_string_equal(sold->message, "");
    assert_int_equal(sold->state, MR_MODEL_DONE);
    assert_false(sold->full);
    assert_int_equal(sold->check_count, 4);
    mr_run_report_free(report);
    lake_close(f);
}

static size_t count_files(const lake_fixture *f, const char *table)
{
    char pattern[256];
    glob_t found;

    (void)snprintf(pattern, sizeof(pattern), "%s/lake/%s/*.parquet", f->folder, table);
    const int answer = glob(pattern, 0, NULL, &found);
    const size_t count = answer == 0 ? found.gl_pathc : 0;
    if (answer == 0) {
        globfree(&found);
    }
    return count;
}

/* Rows of all are made, and files of those that read it written, before its own check is told. */
static void a_full_refresh_that_breaks_a_check_leaves_nothing_behind(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    lake_fixture *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "silver/fact.sql",
             "-- name: silver.fact_sales\n-- mode: insert\n-- from: bronze.sales_events\n"
             "-- keys: event_id\n-- column: event_id binary(16)\n-- column: InvoiceNo string\n"
             "-- column: StockCode string\n-- column: Description string\n"
             "-- column: CustomerID long\n-- column: CustomerName string\n"
             "-- column: Country string\n-- column: Quantity integer\n"
             "-- column: UnitPrice decimal(18,4)\n-- column: Amount decimal(28,4)\n"
             "-- column: InvoiceDate timestamp\n-- column: DateID integer\n"
             "-- column: log_position long\n-- column: InvoiceMonth integer\n"
             "-- check: unique Country\n"
             "SELECT b.event_id, b.InvoiceNo, b.StockCode, b.Description, b.CustomerID, "
             "b.CustomerName, b.Country, b.Quantity, b.UnitPrice, b.UnitPrice AS Amount, "
             "b.InvoiceDate, 20101201 AS DateID, b.offset AS log_position, 201012 AS InvoiceMonth "
             "FROM bronze.sales_events b");
    f = lake_open(folder);
    lake_make_arrivals(f, 300, 300, 7);
    lake_arrive(f, 0, 300, "2026-11-20");
    mr_run_options options = lake_options(f);
    mr_run_report *report = lake_run(&options);
    const mr_model_report *lines = report_of(report, "silver.fact_sales");
    assert_int_equal(lines->state, MR_MODEL_FAILED);
    assert_non_null(strstr(lines->message, "check unique Country is broken by 4 rows: Country="));
    assert_int_equal(report->failed, 1);
    assert_int_equal(report->failed + report->blocked, report->model_count);
    mr_run_report_free(report);
    assert_int_equal(count_files(f, "silver/dim_product"), 0);
    assert_int_equal(count_files(f, "gold/mart_sales_by_customer"), 0);
    remove_folder(folder);
    lake_close(f);
}

/* The rows of what is published, and what they refer to, are not committed when it is told. */
static void references_of_what_is_published_are_checked_in_full(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    lake_fixture *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "silver/known.sql",
             "-- name: silver.known\n-- mode: insert\n-- from: silver.fact_sales\n-- keys: Name\n"
             "-- column: Name string\n"
             "SELECT DISTINCT Country AS Name FROM silver.fact_sales WHERE Country <> 'EIRE'");
    put_file(folder, "gold/fact.sql",
             "-- name: gold.fact_sales\n-- mode: publish\n-- from: silver.fact_sales\n"
             "-- check: references StockCode silver.dim_product.StockCode\n"
             "-- check: references Country silver.known.Name\n"
             "SELECT * FROM silver.fact_sales");
    f = lake_open(folder);
    lake_make_arrivals(f, 300, 300, 7);
    lake_arrive(f, 0, 300, "2026-11-20");
    mr_run_options options = lake_options(f);
    mr_run_report *report = lake_run(&options);
    const mr_model_report *published = report_of(report, "gold.fact_sales");
    assert_int_equal(published->state, MR_MODEL_FAILED);
    assert_int_equal(published->check_count, 2);
    assert_int_equal(published->checks[0].rows, 0);
    assert_true(published->checks[1].rows > 0);
    assert_non_null(strstr(published->message, "check references Country silver.known.Name is "
                                               "broken by"));
    assert_non_null(strstr(published->message, "event_id="));
    assert_int_equal(report_of(report, "silver.fact_sales")->state, MR_MODEL_DONE);
    mr_run_report_free(report);
    remove_folder(folder);
    lake_close(f);
}

static void a_changed_model_makes_its_table_and_what_stands_on_it_anew(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    lake_fixture *f = open_with_lines(300);
    mr_models *models = NULL;

    (void)state;
    lake_bring_up(f, false);
    assert_non_null(mkdtemp(folder));
    put_file(folder, "gold/mine.sql",
             "-- name: gold.mart_orders\n-- mode: merge\n-- from: silver.fact_sales\n"
             "-- keys: InvoiceNo CustomerID\n-- column: InvoiceNo string\n"
             "-- column: CustomerID long\n-- column: IsCancelled boolean, same\n"
             "-- column: InvoiceDate timestamp, min\n-- column: Lines long, sum\n"
             "-- column: Amount decimal(38,4), sum\n"
             "SELECT InvoiceNo, CustomerID, InvoiceNo LIKE 'C%' AS IsCancelled, "
             "min(InvoiceDate) AS InvoiceDate, count(*) AS Lines, sum(Amount) AS Amount "
             "FROM silver.fact_sales GROUP BY InvoiceNo, CustomerID");
    OK(mr_models_load(folder, &models, &err));
    mr_run_options options = lake_options(f);
    options.models = models;
    mr_run_report *report = lake_run(&options);
    assert_true(report->ok);
    assert_true(report_of(report, "gold.mart_orders")->full);
    assert_string_equal(report_of(report, "gold.mart_orders")->message, "its model has changed");
    assert_int_equal(report_of(report, "silver.fact_sales")->state, MR_MODEL_SKIPPED);
    mr_run_report_free(report);
    mr_models_free(models);
    remove_folder(folder);
    lake_close(f);
}

static void a_source_made_anew_makes_its_readers_anew(void **state)
{
    lake_fixture *f = open_with_lines(300);
    const char *const lines_only[] = {"silver.fact_sales", NULL};
    mr_run_options options = lake_options(f);

    (void)state;
    lake_bring_up(f, false);
    lake_read_table(f, "gold.mart_sales_by_hour", "before_hours");
    options.select = lines_only;
    options.full_refresh = true;
    mr_run_report_free(lake_run(&options));
    options.select = NULL;
    options.full_refresh = false;
    mr_run_report *report = lake_run(&options);
    assert_true(report->ok);
    assert_string_equal(report_of(report, "gold.mart_sales_by_hour")->message,
                        "what it reads was made anew");
    mr_run_report_free(report);
    lake_read_table(f, "gold.mart_sales_by_hour", "after_hours");
    lake_assert_same(f, "hours", "before_hours", "after_hours");
    lake_close(f);
}

/* Silver went ahead and gold was stopped: gold must take it up, once. */
static void a_run_that_stops_early_is_taken_up_by_the_next(void **state)
{
    lake_fixture *f = open_with_lines(400);
    mr_run_options options = lake_options(f);
    atomic_bool stop = false;

    (void)state;
    lake_bring_up(f, false);
    lake_arrive(f, 200, 400, "2026-11-21");
    options.layer = "silver";
    mr_run_report_free(lake_run(&options));
    options.layer = NULL;
    atomic_store(&stop, true);
    options.stop = &stop;
    mr_run_report *report = lake_run(&options);
    assert_false(report->ok);
    mr_run_report_free(report);
    lake_bring_up(f, false);
    lake_read_table(f, "gold.mart_sales_by_hour", "grown_hours");
    lake_bring_up(f, true);
    lake_read_table(f, "gold.mart_sales_by_hour", "full_hours");
    lake_assert_same(f, "hours", "grown_hours", "full_hours");
    lake_close(f);
}

/* Whether an order is new is told by mart_orders, once that has taken the same lines. */
static void a_model_waits_for_what_it_looks_up(void **state)
{
    lake_fixture *f = open_with_lines(400);
    const char *const customers_only[] = {"mart_sales_by_customer", NULL};
    mr_run_options options = lake_options(f);

    (void)state;
    lake_bring_up(f, false);
    lake_arrive(f, 200, 400, "2026-11-21");
    options.layer = "silver";
    mr_run_report_free(lake_run(&options));
    options.layer = NULL;
    options.select = customers_only;
    for (int full = 0; full < 2; full++) {
        options.full_refresh = full > 0;
        mr_run_report *report = lake_run(&options);
        const mr_model_report *customers = report_of(report, "gold.mart_sales_by_customer");
        assert_int_equal(customers->state, MR_MODEL_SKIPPED);
        assert_string_equal(customers->message,
                            "gold.mart_orders has not taken the same of silver.fact_sales");
        mr_run_report_free(report);
    }
    lake_bring_up(f, false);
    lake_read_table(f, "gold.mart_sales_by_customer", "grown_customers");
    lake_bring_up(f, true);
    lake_read_table(f, "gold.mart_sales_by_customer", "full_customers");
    lake_assert_same(f, "customers", "grown_customers", "full_customers");
    lake_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_run_finds_nothing_and_is_no_failure),
        cmocka_unit_test(without_bronze_there_is_nothing_to_do),
        cmocka_unit_test(an_increment_reads_only_what_is_new),
        cmocka_unit_test(a_day_again_changes_nothing),
        cmocka_unit_test(a_date_that_is_none_is_refused),
        cmocka_unit_test(a_broken_check_keeps_the_table_and_blocks_its_readers),
        cmocka_unit_test(references_of_an_increment_are_checked),
        cmocka_unit_test(references_of_an_increment_of_many_files_are_checked),
        cmocka_unit_test(a_full_refresh_that_breaks_a_check_leaves_nothing_behind),
        cmocka_unit_test(references_of_what_is_published_are_checked_in_full),
        cmocka_unit_test(a_changed_model_makes_its_table_and_what_stands_on_it_anew),
        cmocka_unit_test(a_source_made_anew_makes_its_readers_anew),
        cmocka_unit_test(a_run_that_stops_early_is_taken_up_by_the_next),
        cmocka_unit_test(a_model_waits_for_what_it_looks_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
