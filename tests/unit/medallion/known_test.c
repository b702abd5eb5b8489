/* SPDX-License-Identifier: Apache-2.0 */
/* known_test.c - which files an insert looks at for what it may have already.
 *
 * Files that it must not need are taken away: a look at one would fail.
 */
#include "lake_fixture.h"

#include <unistd.h>

static const char *const lines_only[] = {"silver.fact_sales", NULL};

/* Of silver.fact_sales, but those of a partition (NULL: none is spared). */
static void take_files_away(lake_fixture *f, const char *spared)
{
    mr_delta_table *table = mr_delta_table_create(f->blobs, "silver/fact_sales");
    mr_delta_snapshot *snapshot = NULL;
    char path[512];

    OK(mr_delta_read(table, &snapshot, &err));
    for (size_t i = 0; i < mr_delta_file_count(snapshot); i++) {
        const mr_delta_file *file = mr_delta_file_at(snapshot, i);
        if (spared != NULL && strcmp(file->partition_values[0], spared) == 0) {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s/lake/silver/fact_sales/%s", f->folder, file->path);
        assert_int_equal(unlink(path), 0);
    }
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(table);
}

/* Lines without an identity that two of them share. */
static void make_arrivals(lake_fixture *f, int lines)
{
    lake_make_arrivals(f, lines, lines, 7);
    lake_sql(f, "UPDATE arrivals SET event_id = unhex(md5(CAST(place AS VARCHAR)))");
}

/* The first `lines` arrivals come again, behind all others. */
static void repeat_arrivals(lake_fixture *f, int lines, const char *condition)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO arrivals SELECT * REPLACE (\"offset\" + 100000 AS \"offset\","
                   " (SELECT max(place) FROM arrivals) + row_number() OVER () AS place)"
                   " FROM arrivals WHERE place < %d AND %s",
                   lines, condition);
    lake_sql(f, sql);
}

static void assert_lines(lake_fixture *f, int64_t read, int64_t known)
{
    mr_run_options options = lake_options(f);

    options.select = lines_only;
    mr_run_report *report = lake_run(&options);
    const mr_model_report *lines = &report->models[0];
    assert_string_equal(lines->message, "");
    assert_int_equal(lines->state, MR_MODEL_DONE);
    assert_false(lines->full);
    assert_int_equal(lines->rows_read, read);
    assert_int_equal(lines->rows_known, known);
    mr_run_report_free(report);
}

/* Their numbers lie between the least and the greatest of every file, for some begin with C. */
static void new_invoices_need_no_look_at_older_lines(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_run_options options = lake_options(f);

    (void)state;
    make_arrivals(f, 300);
    lake_sql(f, "UPDATE arrivals SET InvoiceNo = replace(InvoiceNo, '536', '936'),"
                " InvoiceDate = InvoiceDate + INTERVAL 1 YEAR WHERE place >= 200");
    lake_arrive(f, 0, 200, "2026-11-20");
    lake_bring_up(f, false);
    take_files_away(f, NULL);
    lake_arrive(f, 200, 300, "2026-11-21");
    mr_run_report *report = lake_run(&options);
    for (size_t i = 0; i < report->model_count; i++) {
        assert_string_equal(report->models[i].message, "");
    }
    assert_true(report->ok);
    assert_int_equal(report->models[0].rows_new, 100);
    mr_run_report_free(report);
    lake_close(f);
}

static void late_lines_need_a_look_at_their_invoices_days_alone(void **state)
{
    lake_fixture *f = lake_open(NULL);
    int64_t fresh;
    int64_t repeats;

    (void)state;
    make_arrivals(f, 300);
    /* An invoice has lines of one month; cancellations of each month are above all other numbers.
     */
    lake_sql(f, "UPDATE arrivals SET InvoiceNo = left(InvoiceNo, length(InvoiceNo) - 6) ||"
                " strftime(InvoiceDate, '%Y%m') || right(InvoiceNo, 4)");
    lake_sql(f, "DELETE FROM arrivals WHERE place >= 200 AND strftime(InvoiceDate, '%Y%m') <> "
                "'201101'");
    fresh = lake_count(f, "SELECT count(*) FROM arrivals WHERE place >= 200");
    repeat_arrivals(f, 200, "strftime(InvoiceDate, '%Y%m') = '201101'");
    repeats = lake_count(f, "SELECT count(*) FROM arrivals WHERE place >= 200") - fresh;
    assert_true(fresh > 10 && repeats > 10);
    lake_arrive(f, 0, 200, "2026-11-20");
    lake_bring_up(f, false);
    take_files_away(f, "201101");
    lake_arrive(f, 200, 1000, "2026-11-21");
    assert_lines(f, fresh + repeats, repeats);
    lake_close(f);
}

/* Invoices that came last are not in it: they must not be taken for new ones once more. */
static void an_index_that_lags_behind_is_not_believed(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_run_options options = lake_options(f);

    (void)state;
    make_arrivals(f, 300);
    lake_sql(f, "UPDATE arrivals SET InvoiceNo = replace(InvoiceNo, '536', '936') WHERE place >= "
                "100");
    repeat_arrivals(f, 200, "place >= 100");
    lake_arrive(f, 0, 100, "2026-11-20");
    lake_bring_up(f, false);
    lake_arrive(f, 100, 200, "2026-11-20");
    options.select = lines_only;
    mr_run_report_free(lake_run(&options));
    lake_arrive(f, 300, 400, "2026-11-21");
    assert_lines(f, 100, 100);
    lake_close(f);
}

/* The model says now what is in it; the table was made by the one before. */
static void an_index_of_another_model_is_not_believed(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    lake_fixture *f = lake_open(NULL);
    mr_models *models = NULL;
    mr_run_options options = lake_options(f);

    (void)state;
    make_arrivals(f, 100);
    repeat_arrivals(f, 100, "true");
    lake_arrive(f, 0, 100, "2026-11-20");
    assert_non_null(mkdtemp(folder));
    put_file(
        folder, "silver/dim_invoice.sql",
        "-- name: silver.dim_invoice\n-- mode: merge\n-- from: silver.fact_sales\n"
        "-- keys: InvoiceNo\n-- column: InvoiceNo string, not null\n"
        "-- column: InvoiceDate timestamp, min\n-- column: LastLineDate timestamp, max\n"
        "SELECT f.InvoiceNo, min(f.InvoiceDate) AS InvoiceDate, max(f.InvoiceDate) AS"
        " LastLineDate FROM silver.fact_sales f WHERE f.Country = 'none' GROUP BY f.InvoiceNo");
    OK(mr_models_load(folder, &models, &err));
    options.models = models;
    options.layer = "silver";
    mr_run_report_free(lake_run(&options));
    lake_arrive(f, 100, 200, "2026-11-21");
    assert_lines(f, 100, 100);
    mr_models_free(models);
    remove_folder(folder);
    lake_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_invoices_need_no_look_at_older_lines),
        cmocka_unit_test(late_lines_need_a_look_at_their_invoices_days_alone),
        cmocka_unit_test(an_index_that_lags_behind_is_not_believed),
        cmocka_unit_test(an_index_of_another_model_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
