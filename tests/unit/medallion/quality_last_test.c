/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/quality_last_test.c - the balances that a run keeps are those that one finds later. */
#include "lake_fixture.h"

static mr_kept_reconciliation last_of(lake_fixture *f)
{
    mr_kept_reconciliation kept;

    OK(mr_medallion_last_reconciliation(f->blobs, &kept, &err));
    return kept;
}

static bool run_again(lake_fixture *f, char id[static 40])
{
    mr_run_options options = lake_options(f);
    mr_run_report *report = lake_run(&options);
    const bool ok = report->ok;

    (void)snprintf(id, 40, "%s", report->id);
    mr_run_report_free(report);
    return ok;
}

/* Takes the files out of a mart: its money no longer is silver's. */
static void empty_table(lake_fixture *f, const char *path)
{
    mr_delta_table *table = mr_delta_table_create(f->blobs, path);
    mr_delta_snapshot *snapshot = NULL;
    int64_t version = -1;

    OK(mr_delta_read(table, &snapshot, &err));
    const mr_delta_commit commit = {.operation = "DELETE",
                                    .removes = mr_delta_file_at(snapshot, 0),
                                    .remove_count = 1,
                                    .data_change = true};
    OK(mr_delta_commit_to(table, snapshot, &commit, &version, &err));
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(table);
}

static mr_kept_balance balance_named(const mr_kept_reconciliation *kept, const char *name)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->balances[i].name, name) == 0) {
            return kept->balances[i];
        }
    }
    fail_msg("no balance %s", name);
    return (mr_kept_balance){.known = false};
}

static void before_any_run_there_is_none(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_kept_reconciliation kept;
    mr_err err;

    (void)state;
    assert_int_equal(mr_medallion_last_reconciliation(f->blobs, &kept, &err), MR_NOT_FOUND);
    lake_close(f);
}

static void books_are_kept_with_their_run_when_it_worked_and_when_they_turn(void **state)
{
    lake_fixture *f = lake_open(NULL);
    char first[40];
    char id[40];
    char broke[40];

    (void)state;
    lake_make_arrivals(f, 300, 300, 3);
    lake_arrive(f, 0, 300, "2026-11-20");
    assert_true(run_again(f, first));
    mr_kept_reconciliation kept = last_of(f);
    assert_string_equal(kept.run, first);
    assert_true(kept.holds);
    assert_true(kept.started_ms > 0);
    assert_int_equal(kept.bronze_version, 0);
    assert_int_equal(kept.silver_version, 0);
    assert_int_equal(kept.gold_version, 0);
    assert_string_equal(balance_named(&kept, "bronze rows = rows silver has read").left, "300");
    assert_false(balance_named(&kept, "store lines = silver lines").known);
    assert_string_equal(balance_named(&kept, "store lines = silver lines").left, "");

    assert_true(run_again(f, id)); /* nothing to do: nothing to keep */
    assert_string_equal(last_of(f).run, first);

    empty_table(f, "gold/mart_sales_by_hour");
    assert_false(run_again(f, broke));
    kept = last_of(f);
    assert_string_equal(kept.run, broke);
    assert_false(kept.holds);
    assert_false(balance_named(&kept, "gold.mart_sales_by_hour").holds);
    assert_true(balance_named(&kept, "gold.mart_sales_by_day").holds);
    assert_false(run_again(f, id)); /* still broken: once is enough */
    assert_string_equal(last_of(f).run, broke);

    lake_bring_up(f, true);
    assert_true(last_of(f).holds);
    lake_close(f);
}

static void a_store_that_cannot_be_read_leaves_its_balances_unknown(void **state)
{
    lake_fixture *f = lake_open(NULL);
    char store[128];
    char url[160];

    (void)state;
    (void)snprintf(store, sizeof(store), "%s/store.db", f->folder);
    (void)snprintf(url, sizeof(url), "sqlite:%s", store);
    FILE *file = fopen(store, "w");
    assert_non_null(file);
    assert_true(fputs("this is no database, and long enough to be seen as none", file) >= 0);
    assert_int_equal(fclose(file), 0);
    lake_make_arrivals(f, 100, 100, 5);
    lake_arrive(f, 0, 100, "2026-11-20");
    const mr_store_options peer = {.url = url, .mode = MR_STORE_READ};
    mr_run_options options = lake_options(f);
    options.peers.store = &peer;
    mr_run_report *report = lake_run(&options);
    assert_true(report->ok);
    mr_run_report_free(report);
    const mr_kept_reconciliation kept = last_of(f);
    assert_true(kept.holds);
    const mr_kept_balance lines = balance_named(&kept, "store lines = silver lines");
    assert_false(lines.known);
    assert_non_null(strstr(lines.note, "the store cannot be read"));
    lake_close(f);
}

/* From the tenth commit on the log is read from a checkpoint, by the engine of the run. */
static void runs_go_on_from_checkpoints(void **state)
{
    lake_fixture *f = lake_open(NULL);
    char id[40];

    (void)state;
    lake_make_arrivals(f, 240, 240, 9);
    for (int i = 0; i < 12; i++) {
        lake_arrive(f, i * 20, i * 20 + 20, "2026-11-20");
        assert_true(run_again(f, id));
    }
    lake_read_table(f, "silver.fact_sales", "fact");
    assert_int_equal(lake_count(f, "SELECT count(*) FROM fact"),
                     lake_count(f, "SELECT count(DISTINCT event_id) FROM arrivals"));
    lake_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_any_run_there_is_none),
        cmocka_unit_test(a_store_that_cannot_be_read_leaves_its_balances_unknown),
        cmocka_unit_test(runs_go_on_from_checkpoints),
        cmocka_unit_test(books_are_kept_with_their_run_when_it_worked_and_when_they_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
