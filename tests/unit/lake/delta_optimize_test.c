/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering small files, and clearing away what is left behind. */
#include "lake/engine_fixture.h"

#include "base/civil.h"

#include <sys/time.h>

static const mr_delta_field day_fields[] = {{.name = "id", .type = "long"},
                                            {.name = "price", .type = "decimal(18,4)"},
                                            {.name = "day", .type = "date"}};
static const mr_delta_schema day_schema = {
    .fields = day_fields, .field_count = 3, .partition_columns = {"day"}};

/* Files of one row each, in two partitions. */
static void append_rows(engine_fixture *fixture, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char select[128];
        (void)snprintf(select, sizeof select,
                       "SELECT %d, %d.25, DATE '2024-01-01' + (%d %% 2)::INTEGER", i, i, i);
        const mr_delta_write write = {
            .schema = &day_schema, .select = select, .sum_column = "price"};
        assert_int_equal(engine_append(fixture, &write), 1);
    }
}

static mr_delta_optimize_report optimize(engine_fixture *fixture,
                                         const mr_delta_optimize_options *options)
{
    mr_delta_optimize_report report;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_optimize(fixture->lake->table, fixture->connection, options, &report, &err),
               &err);
    return report;
}

static size_t live_files(engine_fixture *fixture)
{
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    size_t count = mr_delta_file_count(snapshot);

    mr_delta_snapshot_free(snapshot);
    return count;
}

static void small_files_of_a_partition_become_one(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 6);
    mr_delta_optimize_report report = optimize(fixture, &options);
    assert_int_equal(report.files_before, 6);
    assert_int_equal(report.files_after, 2);
    assert_true(report.bytes_after < report.bytes_before);
    assert_int_equal(report.version, 8); /* a commit a partition */
    assert_int_equal(live_files(fixture), 2);
    engine_expect(fixture, "SELECT count(*), sum(price), sum(id) FROM {}", "6|16.5000|15\n");
    engine_expect(fixture, "SELECT day, count(*) FROM {} GROUP BY 1 ORDER BY 1",
                  "2024-01-01|3\n2024-01-02|3\n");
    report = optimize(fixture, &options);
    assert_int_equal(report.version, -1);
    assert_int_equal(report.files_before, 0);
}

static void rows_are_gathered_in_the_order_asked_for(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2, .order = "id DESC"};

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 6);
    (void)optimize(fixture, &options);
    assert_int_equal(live_files(fixture), 2);
    for (size_t i = 0; i < 2; i++) {
        engine_expect_file(fixture, i,
                           "SELECT list(id) = list_reverse_sort(list(id)), count(*) FROM {}",
                           "true|3\n");
    }
}

static void sums_are_kept_and_the_files_are_marked(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 4);
    (void)optimize(fixture, &options);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    for (size_t i = 0; i < 2; i++) {
        const mr_delta_file *file = mr_delta_file_at(snapshot, i);
        bool even = strcmp(file->partition_values[0], "2024-01-01") == 0;
        assert_non_null(strstr(file->tags, "\"millrace.kept\":\"true\""));
        assert_non_null(strstr(file->tags, even ? "\"millrace.sum\":\"2.5000\""
                                                : "\"millrace.sum\":\"4.5000\""));
        assert_false(file->data_change);
    }
    mr_delta_snapshot_free(snapshot);
}

static bool count_added(void *ctx, const mr_delta_file *file)
{
    *(int64_t *)ctx += file->rows;
    return true;
}

static void gathering_adds_no_rows_for_incremental_readers(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};
    int64_t rows = 0;
    mr_err err;

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 4);
    (void)optimize(fixture, &options);
    append_rows(fixture, 4, 1);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    fixture_ok(mr_delta_added_since(fixture->lake->table, snapshot, 2, count_added, &rows, &err),
               &err);
    assert_int_equal(rows, 3); /* versions 3 and 4, and the last; not those rewritten */
    mr_delta_snapshot_free(snapshot);
}

/* Rows rewritten per row appended stays small, and so does the number of files. */
static void with_tiers_a_row_is_rewritten_few_times(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 4, .tiers = true};
    size_t rewritten = 0;
    const mr_delta_write write = {.schema = &fixture_schema, .select = "SELECT 1, 'a'"};

    engine_create(fixture, &fixture_schema);
    for (int i = 0; i < 17; i++) {
        assert_int_equal(engine_append(fixture, &write), 1);
        mr_delta_snapshot *before = fixture_read(fixture->lake->table);
        mr_delta_optimize_report report = optimize(fixture, &options);
        if (report.version >= 0) {
            mr_delta_snapshot *after = fixture_read(fixture->lake->table);
            for (size_t k = 0; k < mr_delta_file_count(after); k++) {
                const mr_delta_file *file = mr_delta_file_at(after, k);
                if (fixture_find(before, file->path) == NULL) {
                    rewritten += (size_t)file->rows;
                }
            }
            mr_delta_snapshot_free(after);
        }
        mr_delta_snapshot_free(before);
    }
    /* 4, then 16. Gathering all small files every time would have rewritten each 4 times. */
    assert_int_equal(rewritten, 16 + 16);
    assert_int_equal(live_files(fixture), 2);
    engine_expect(fixture, "SELECT count(*) FROM {}", "17\n");
}

/* Takes the file away between the look and the commit, as another writer would. */
static void another_writers_commit_is_respected(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};
    mr_delta_table *other = mr_delta_table_create(fixture->lake->blobs, "bronze/events");
    mr_err err;

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 4);
    mr_delta_snapshot *base = fixture_read(other);
    mr_delta_file files[2];
    size_t count = 0;
    for (size_t i = 0; i < mr_delta_file_count(base) && count < 2; i++) {
        const mr_delta_file *file = mr_delta_file_at(base, i);
        if (strcmp(file->partition_values[0], "2024-01-01") == 0) {
            files[count++] = *file;
        }
    }
    (void)optimize(fixture, &options);
    const mr_delta_commit late = {.operation = "OPTIMIZE", .removes = files, .remove_count = count};
    int64_t version;
    assert_int_equal(mr_delta_commit_to(other, base, &late, &version, &err), MR_EXISTS);
    engine_expect(fixture, "SELECT count(*) FROM {}", "4\n");
    mr_delta_snapshot_free(base);
    mr_delta_table_destroy(other);
}

static void files_that_are_not_what_was_committed_stop_it(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};
    mr_delta_optimize_report report;
    char from[2 * fixture_path_bytes_max];
    char name[fixture_path_bytes_max];
    const mr_delta_write write = {.schema = &fixture_schema, .select = "SELECT 1, 'a'"};
    const mr_delta_write more = {.schema = &fixture_schema,
                                 .select = "SELECT 2, 'b' FROM range(3)"};
    mr_err err;

    engine_create(fixture, &fixture_schema);
    (void)engine_append(fixture, &write);
    (void)engine_append(fixture, &more);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    (void)snprintf(from, sizeof from, "bronze/events/%s", mr_delta_file_at(snapshot, 0)->path);
    (void)snprintf(name, sizeof name, "bronze/events/%s", mr_delta_file_at(snapshot, 1)->path);
    fixture_ok(mr_blob_delete(fixture->lake->blobs, name, &err), &err);
    fixture_ok(mr_blob_copy(fixture->lake->blobs, from, name, &err), &err);
    assert_int_equal(
        mr_delta_optimize(fixture->lake->table, fixture->connection, &options, &report, &err),
        MR_CORRUPT);
    assert_int_equal(live_files(fixture), 2);
    assert_int_equal(engine_count_blobs(fixture, "bronze/events/part-"), 2);
    mr_delta_snapshot_free(snapshot);
}

/* --- Vacuum ----------------------------------------------------------------------------------- */

static void age_blobs(engine_fixture *fixture, const char *below, int days)
{
    char path[fixture_path_bytes_max];
    char days_ago[64];
    int status = 0;

    fixture_file(fixture->lake, below, path);
    (void)snprintf(days_ago, sizeof days_ago, "%d days ago", days);
    pid_t child = fork();
    if (child == 0) {
        (void)execlp("find", "find", path, "-name", "part-*", "-exec", "touch", "-d", days_ago,
                     "{}", "+", (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static mr_delta_vacuum_report vacuum(engine_fixture *fixture,
                                     const mr_delta_vacuum_options *options)
{
    mr_delta_vacuum_report report;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_vacuum(fixture->lake->table, options, &report, &err), &err);
    return report;
}

static void what_no_version_needs_goes_and_the_rest_stays(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};
    const mr_delta_vacuum_options week = {.retention_ms = UINT64_C(7) * 86400000};
    mr_delta_vacuum_options now = {.retention_ms = 0, .force = true, .dry_run = true};

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 4);
    (void)optimize(fixture, &options);
    fixture_put(fixture->lake, "bronze/events/day=2024-01-01/part-lost", "never committed");
    fixture_put(fixture->lake, "bronze/events/_hidden/part-x", "not a table's");
    assert_int_equal(vacuum(fixture, &week).files, 0); /* all are young */
    age_blobs(fixture, "bronze/events", 8);
    /* Removed just now: versions within the retention have them. The lost one is nobody's. */
    assert_int_equal(vacuum(fixture, &week).files, 1);
    assert_false(fixture_exists(fixture->lake, "bronze/events/day=2024-01-01/part-lost"));
    mr_delta_vacuum_report report = vacuum(fixture, &now);
    assert_int_equal(report.files, 4);
    assert_true(report.bytes > 0);
    now.dry_run = false;
    assert_int_equal(vacuum(fixture, &now).files, 4);
    assert_int_equal(vacuum(fixture, &now).files, 0);
    assert_true(fixture_exists(fixture->lake, "bronze/events/_hidden/part-x"));
    engine_expect(fixture, "SELECT count(*), sum(price) FROM {}", "4|7.0000\n");
}

/* Between a writer's files and its commit another one forces a vacuum: the commit must not name
 * files that are gone. */
static void what_a_writer_is_about_to_commit_stays_however_it_is_forced(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &day_schema,
                                  .select = "SELECT 7::BIGINT, 1::DECIMAL(18,4), '2024-01-01'"};
    const mr_delta_vacuum_options now = {.retention_ms = 0, .force = true};
    mr_delta_files *files = NULL;
    int64_t version = -1;
    mr_err err = {.message = ""};

    engine_create(fixture, &day_schema);
    fixture_ok(mr_delta_write_rows(fixture->lake->table, fixture->connection, &write, &files, &err),
               &err);
    const mr_delta_vacuum_report report = vacuum(fixture, &now);
    assert_int_equal(report.files, 0);
    assert_int_equal(report.files_kept, 1);
    mr_delta_snapshot *base = fixture_read(fixture->lake->table);
    const mr_delta_commit commit = {.operation = "WRITE",
                                    .adds = mr_delta_files_list(files),
                                    .add_count = mr_delta_files_count(files),
                                    .append_only = true,
                                    .data_change = true};
    fixture_ok(mr_delta_commit_to(fixture->lake->table, base, &commit, &version, &err), &err);
    mr_delta_snapshot_free(base);
    mr_delta_files_free(files);
    engine_expect(fixture, "SELECT count(*) FROM {}", "1\n");
    fixture_put(fixture->lake, "bronze/events/part-lost", "never committed");
    age_blobs(fixture, "bronze/events", 1);
    assert_int_equal(vacuum(fixture, &now).files, 1); /* a day old: forgotten */
    engine_expect(fixture, "SELECT count(*) FROM {}", "1\n");
}

static void a_short_retention_must_be_forced(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_vacuum_options options = {.retention_ms = 1000};
    mr_delta_vacuum_report report;
    mr_err err;

    engine_create(fixture, &day_schema);
    assert_int_equal(mr_delta_vacuum(fixture->lake->table, &options, &report, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "7 days"));
}

static void readers_of_added_files_learn_that_they_are_gone(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_optimize_options options = {.files_min = 2};
    const mr_delta_vacuum_options now = {.retention_ms = 0, .force = true};
    int64_t rows = 0;
    mr_err err;

    engine_create(fixture, &day_schema);
    append_rows(fixture, 0, 2 + 2);
    (void)optimize(fixture, &options);
    age_blobs(fixture, "bronze/events", 1);
    (void)vacuum(fixture, &now);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    assert_int_equal(
        mr_delta_added_since(fixture->lake->table, snapshot, 0, count_added, &rows, &err),
        MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "cleaned up"));
    mr_delta_snapshot_free(snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(small_files_of_a_partition_become_one),
        TEST(rows_are_gathered_in_the_order_asked_for),
        TEST(sums_are_kept_and_the_files_are_marked),
        TEST(gathering_adds_no_rows_for_incremental_readers),
        TEST(with_tiers_a_row_is_rewritten_few_times),
        TEST(another_writers_commit_is_respected),
        TEST(files_that_are_not_what_was_committed_stop_it),
        TEST(what_no_version_needs_goes_and_the_rest_stays),
        TEST(what_a_writer_is_about_to_commit_stays_however_it_is_forced),
        TEST(a_short_retention_must_be_forced),
        TEST(readers_of_added_files_learn_that_they_are_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
