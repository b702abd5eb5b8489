/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: what they keep, when they are written, and what a broken one costs. */
#include "lake/engine_fixture.h"

#include "base/civil.h"

#include <sys/time.h>

static const char last_name[] = "bronze/events/_delta_log/_last_checkpoint";

static const char *checkpoint_name(int version, char name[static 128])
{
    (void)snprintf(name, 128, "bronze/events/_delta_log/%020d.checkpoint.parquet", version);
    return name;
}

static const char *entry_name(int version, char name[static 128])
{
    (void)snprintf(name, 128, "bronze/events/_delta_log/%020d.json", version);
    return name;
}

static void append_many(lake_fixture *fixture, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "file %d", i);
        assert_int_equal(fixture_append(fixture->table, path), i);
    }
}

static void remove_file(lake_fixture *fixture, const char *path)
{
    mr_delta_snapshot *base = fixture_read(fixture->table);
    const mr_delta_file file = fixture_file_of(base, path);
    const mr_delta_commit commit = {
        .operation = "DELETE", .removes = &file, .remove_count = 1, .data_change = true};
    int64_t version;
    mr_err err;

    fixture_ok(mr_delta_commit_to(fixture->table, base, &commit, &version, &err), &err);
    mr_delta_snapshot_free(base);
}

static void set_txn(lake_fixture *fixture)
{
    mr_delta_snapshot *base = fixture_read(fixture->table);
    const mr_delta_txn txn = {"bronze/ingestion-topic/0", 12345678901};
    const mr_delta_commit commit = {
        .operation = "WRITE", .txns = &txn, .txn_count = 1, .append_only = true};
    int64_t version;
    mr_err err;

    fixture_ok(mr_delta_commit_to(fixture->table, base, &commit, &version, &err), &err);
    mr_delta_snapshot_free(base);
}

/* A handle that knows nothing yet. */
static mr_delta_snapshot *read_afresh(lake_fixture *fixture)
{
    mr_delta_table *table = mr_delta_table_create(fixture->blobs, "bronze/events");
    mr_delta_snapshot *snapshot = fixture_read(table);

    mr_delta_table_destroy(table);
    return snapshot;
}

static void every_tenth_commit_writes_one(void **state)
{
    lake_fixture *fixture = *state;
    char name[128];

    fixture_create(fixture->table);
    append_many(fixture, 1, 9);
    assert_false(fixture_exists(fixture, last_name));
    append_many(fixture, 10, 1);
    assert_true(fixture_exists(fixture, checkpoint_name(10, name)));
    char *last = fixture_get(fixture, last_name);
    assert_non_null(strstr(last, "{\"version\":10,\"size\":12,"));
    assert_non_null(strstr(last, "\"numOfAddFiles\":10}"));
    free(last);
    append_many(fixture, 11, 3);
    assert_false(fixture_exists(fixture, checkpoint_name(11, name)));
}

static void the_interval_is_the_tables(void **state)
{
    lake_fixture *fixture = *state;
    static const char *const properties[] = {"delta.checkpointInterval", "3", NULL};
    const mr_delta_commit create = {
        .operation = "CREATE TABLE", .schema = &fixture_schema, .properties = properties};
    int64_t version;
    char name[128];
    mr_err err;

    fixture_ok(mr_delta_commit_to(fixture->table, NULL, &create, &version, &err), &err);
    append_many(fixture, 1, 4);
    assert_true(fixture_exists(fixture, checkpoint_name(3, name)));
    assert_false(fixture_exists(fixture, checkpoint_name(4, name)));
}

static void it_stands_for_the_log_before(void **state)
{
    lake_fixture *fixture = *state;
    char name[128];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 3);
    remove_file(fixture, "file 2");
    set_txn(fixture);
    fixture_ok(mr_delta_checkpoint_now(fixture->table, &err), &err);
    append_many(fixture, 6, 1);
    for (int version = 0; version < 5; version++) { /* that of the checkpoint stays */
        fixture_ok(mr_blob_delete(fixture->blobs, entry_name(version, name), &err), &err);
    }
    mr_delta_snapshot *snapshot = read_afresh(fixture);
    assert_int_equal(mr_delta_version(snapshot), 6);
    assert_int_equal(mr_delta_file_count(snapshot), 3);
    assert_null(fixture_find(snapshot, "file 2"));
    const mr_delta_file file = fixture_file_of(snapshot, "file 3");
    assert_int_equal(file.rows, 3);
    assert_int_equal(file.bytes, 103);
    assert_string_equal(file.stats, "{\"numRecords\":3}");
    assert_int_equal(mr_delta_txn_version(snapshot, "bronze/ingestion-topic/0"), 12345678901);
    assert_string_equal(mr_delta_schema_of(snapshot)->fields[1].comment, "what it is called");
    mr_delta_snapshot_free(snapshot);
}

static void values_of_partitions_and_tags_are_kept(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_schema schema = {
        .fields = fixture_fields, .field_count = 2, .partition_columns = {"name"}};
    const mr_delta_commit create = {.operation = "CREATE TABLE", .schema = &schema};
    mr_delta_file files[] = {fixture_data_file("name=a/1", 3), fixture_data_file("none", 3)};
    const mr_delta_commit add = {
        .operation = "WRITE", .adds = files, .add_count = 2, .append_only = true};
    int64_t version;
    char name[128];
    mr_err err;

    files[0].partition_values[0] = "a \"quoted\" {value}";
    files[0].tags = "{\"millrace.sum\":\"1.25\",\"x\":\"y\"}";
    fixture_ok(mr_delta_commit_to(fixture->table, NULL, &create, &version, &err), &err);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    fixture_ok(mr_delta_commit_to(fixture->table, base, &add, &version, &err), &err);
    mr_delta_snapshot_free(base);
    fixture_ok(mr_delta_checkpoint_now(fixture->table, &err), &err);
    fixture_ok(mr_blob_delete(fixture->blobs, entry_name(0, name), &err), &err);
    mr_delta_snapshot *snapshot = read_afresh(fixture);
    const mr_delta_file one = fixture_file_of(snapshot, "name=a/1");
    assert_string_equal(one.partition_values[0], "a \"quoted\" {value}");
    assert_string_equal(one.tags, files[0].tags);
    assert_null(fixture_file_of(snapshot, "none").partition_values[0]);
    assert_null(fixture_file_of(snapshot, "none").tags);
    mr_delta_snapshot_free(snapshot);
}

/* Other writers' rows stand in any order. */
static void what_the_rows_mean_may_come_last(void **state)
{
    lake_fixture *fixture = *state;
    const mr_olap_options options = {.threads = 1, .preserve_order = true};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    char name[128];
    char path[fixture_path_bytes_max];
    char sql[2 * fixture_path_bytes_max + 256];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 10);
    fixture_file(fixture, checkpoint_name(10, name), path);
    (void)snprintf(
        sql, sizeof sql,
        "CREATE TABLE c AS FROM read_parquet('%s'); COPY (FROM c ORDER BY \"metaData\" IS "
        "NOT NULL, protocol IS NOT NULL) TO '%s' (FORMAT parquet)",
        path, path);
    fixture_ok(mr_olap_open(&options, &olap, &err), &err);
    fixture_ok(mr_olap_connect(olap, &connection, &err), &err);
    fixture_ok(mr_olap_run(connection, sql, &err), &err);
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    fixture_ok(mr_blob_delete(fixture->blobs, entry_name(0, name), &err), &err);
    mr_delta_snapshot *snapshot = read_afresh(fixture);
    assert_int_equal(mr_delta_file_count(snapshot), 10);
    mr_delta_snapshot_free(snapshot);
}

static void a_torn_or_missing_pointer_only_costs_a_listing(void **state)
{
    lake_fixture *fixture = *state;
    static const char *const pointers[] = {"",
                                           "{\"version\":",
                                           "{\"version\":-4}",
                                           "{\"version\":999,\"size\":1}",
                                           "[]",
                                           "{\"version\":2,\"size\":1}"};
    char name[128];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 12);
    for (int version = 0; version < 10; version++) {
        fixture_ok(mr_blob_delete(fixture->blobs, entry_name(version, name), &err), &err);
    }
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        fixture_put(fixture, last_name, pointers[i]);
        mr_delta_snapshot *snapshot = read_afresh(fixture);
        assert_int_equal(mr_delta_version(snapshot), 12);
        assert_int_equal(mr_delta_file_count(snapshot), 12);
        mr_delta_snapshot_free(snapshot);
    }
    fixture_ok(mr_blob_delete(fixture->blobs, last_name, &err), &err);
    mr_delta_snapshot *snapshot = read_afresh(fixture);
    assert_int_equal(mr_delta_file_count(snapshot), 12);
    mr_delta_snapshot_free(snapshot);
}

static void a_broken_checkpoint_is_got_around_while_the_log_is_there(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_snapshot *snapshot = NULL;
    char name[128];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 12);
    fixture_put(fixture, checkpoint_name(10, name), "PAR1 and no more");
    snapshot = read_afresh(fixture);
    assert_int_equal(mr_delta_file_count(snapshot), 12);
    mr_delta_snapshot_free(snapshot);
    fixture_ok(mr_blob_delete(fixture->blobs, entry_name(0, name), &err), &err);
    mr_delta_table *table = mr_delta_table_create(fixture->blobs, "bronze/events");
    assert_int_equal(mr_delta_read(table, &snapshot, &err), MR_CORRUPT);
    assert_non_null(strstr(err.message, "00000000000000000010.checkpoint.parquet"));
    mr_delta_table_destroy(table);
}

/* --- Clean-up --------------------------------------------------------------------------------- */

/* As if it had been written that long ago. */
static void make_old(lake_fixture *fixture, const char *name, int64_t age_ms)
{
    char path[fixture_path_bytes_max];
    int64_t at_ms = mr_now_ms() - age_ms;
    const struct timeval times[2] = {{at_ms / 1000, 0}, {at_ms / 1000, 0}};

    fixture_file(fixture, name, path);
    assert_int_equal(utimes(path, times), 0);
}

static void the_log_is_cleaned_up_past_its_retention(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_snapshot *snapshot = NULL;
    const mr_delta_vacuum_options options = {.retention_ms = UINT64_C(30) * 86400000};
    mr_delta_vacuum_report report;
    char name[128];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 25);
    for (int version = 0; version <= 15; version++) {
        make_old(fixture, entry_name(version, name), INT64_C(31) * 86400000);
    }
    fixture_ok(mr_delta_vacuum(fixture->table, &options, &report, &err), &err);
    assert_int_equal(report.log_entries, 10); /* 0 to 9: version 10 and its checkpoint stay */
    assert_false(fixture_exists(fixture, entry_name(9, name)));
    assert_true(fixture_exists(fixture, entry_name(10, name)));
    assert_true(fixture_exists(fixture, checkpoint_name(10, name)));
    snapshot = read_afresh(fixture);
    assert_int_equal(mr_delta_file_count(snapshot), 25);
    mr_delta_snapshot_free(snapshot);
    fixture_ok(mr_delta_read_version(fixture->table, 12, &snapshot, &err), &err);
    assert_int_equal(mr_delta_file_count(snapshot), 12);
    assert_int_equal(mr_delta_added_since(fixture->table, snapshot, 5, engine_ignore, NULL, &err),
                     MR_NOT_FOUND);
    mr_delta_snapshot_free(snapshot);
    assert_int_equal(mr_delta_read_version(fixture->table, 9, &snapshot, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "cleaned up"));
}

static void without_an_old_checkpoint_nothing_is_cleaned_up(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_vacuum_options options = {.retention_ms = UINT64_C(30) * 86400000};
    mr_delta_vacuum_report report;
    char name[128];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 10);
    for (int version = 0; version <= 9; version++) { /* the checkpoint's own entry is young */
        make_old(fixture, entry_name(version, name), INT64_C(31) * 86400000);
    }
    fixture_ok(mr_delta_vacuum(fixture->table, &options, &report, &err), &err);
    assert_int_equal(report.log_entries, 0);
    assert_true(fixture_exists(fixture, entry_name(0, name)));
}

static void a_handle_left_behind_by_the_clean_up_finds_its_way(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_table *behind = mr_delta_table_create(fixture->blobs, "bronze/events");
    char name[128];
    mr_err err;

    fixture_create(fixture->table);
    append_many(fixture, 1, 2);
    mr_delta_snapshot *old = fixture_read(behind);
    append_many(fixture, 3, 9);
    for (int version = 0; version < 10; version++) {
        fixture_ok(mr_blob_delete(fixture->blobs, entry_name(version, name), &err), &err);
    }
    mr_delta_snapshot *snapshot = fixture_read(behind);
    assert_int_equal(mr_delta_version(snapshot), 11);
    assert_int_equal(mr_delta_file_count(snapshot), 11);
    assert_int_equal(mr_delta_file_count(old), 2);
    mr_delta_snapshot_free(snapshot);
    mr_delta_snapshot_free(old);
    mr_delta_table_destroy(behind);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_tenth_commit_writes_one),
        TEST(the_interval_is_the_tables),
        TEST(it_stands_for_the_log_before),
        TEST(values_of_partitions_and_tags_are_kept),
        TEST(what_the_rows_mean_may_come_last),
        TEST(a_torn_or_missing_pointer_only_costs_a_listing),
        TEST(a_broken_checkpoint_is_got_around_while_the_log_is_there),
        TEST(the_log_is_cleaned_up_past_its_retention),
        TEST(without_an_old_checkpoint_nothing_is_cleaned_up),
        TEST(a_handle_left_behind_by_the_clean_up_finds_its_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
