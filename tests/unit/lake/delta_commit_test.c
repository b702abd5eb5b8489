/* SPDX-License-Identifier: Apache-2.0 */
/* Commits: what is written, who wins, and what two writers may do at once. */
#include "lake/lake_fixture.h"

#include <pthread.h>

static mr_status commit(lake_fixture *fixture, const mr_delta_snapshot *base,
                        const mr_delta_commit *what)
{
    int64_t version = -1;
    mr_err err = {.message = ""};

    return mr_delta_commit_to(fixture->table, base, what, &version, &err);
}

static void the_first_commit_creates_the_table(void **state)
{
    lake_fixture *fixture = *state;

    fixture_create(fixture->table);
    char *entry = fixture_get_entry(fixture, 0);
    assert_non_null(
        strstr(entry, "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"));
    assert_non_null(strstr(entry, "\"format\":{\"provider\":\"parquet\",\"options\":{}}"));
    assert_non_null(strstr(entry, "\"partitionColumns\":[],\"configuration\":{}"));
    assert_non_null(strstr(entry, "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\","
                                  "\\\"nullable\\\":false,\\\"metadata\\\":{}}"));
    free(entry);
    mr_delta_snapshot *snapshot = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(snapshot), 0);
    assert_int_equal(mr_delta_file_count(snapshot), 0);
    const mr_delta_schema *schema = mr_delta_schema_of(snapshot);
    assert_int_equal(schema->field_count, 2);
    assert_string_equal(schema->fields[1].name, "name");
    assert_string_equal(schema->fields[1].comment, "what it is called");
    assert_true(schema->fields[0].not_null);
    assert_false(schema->fields[1].not_null);
    mr_delta_snapshot_free(snapshot);
}

static void a_table_is_created_once(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_commit again = {.operation = "CREATE TABLE", .schema = &fixture_schema};
    const mr_delta_commit nothing = {.operation = "CREATE TABLE"};

    assert_int_equal(commit(fixture, NULL, &nothing), MR_INVALID);
    fixture_create(fixture->table);
    assert_int_equal(commit(fixture, NULL, &again), MR_EXISTS);
}

static void a_file_is_added_and_removed(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_file odd = fixture_data_file("a b%20c/x.parquet", 3);
    const mr_delta_commit add = {.operation = "WRITE",
                                 .adds = &odd,
                                 .add_count = 1,
                                 .info = "{\"rows\":3,\"nested\":{\"a\":[1]},\"text\":\"x\"}",
                                 .append_only = true,
                                 .data_change = true};

    odd.tags = "{\"millrace.sum\":\"1.5\"}";
    fixture_create(fixture->table);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    assert_int_equal(commit(fixture, base, &add), MR_OK);
    mr_delta_snapshot *added = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(added), 1);
    assert_int_equal(mr_delta_file_count(added), 1);
    const mr_delta_file *file = mr_delta_file_at(added, 0);
    assert_string_equal(file->path, odd.path);
    assert_string_equal(file->tags, odd.tags);
    assert_string_equal(file->stats, odd.stats);
    assert_int_equal(file->rows, 3);
    assert_int_equal(file->bytes, odd.bytes);
    assert_int_equal(mr_delta_rows(added), 3);
    assert_int_equal(mr_delta_bytes(added), odd.bytes);
    char *entry = fixture_get_entry(fixture, 1);
    assert_non_null(strstr(entry, "\"path\":\"a%20b%2520c/x.parquet\""));
    assert_non_null(strstr(entry, "\"isBlindAppend\":true"));
    /* A map of texts for others. */
    assert_non_null(strstr(entry, "\"operationMetrics\":{\"rows\":\"3\","
                                  "\"nested\":\"{\\\"a\\\":[1]}\",\"text\":\"x\"}"));
    free(entry);

    const mr_delta_commit removal = {
        .operation = "DELETE", .removes = file, .remove_count = 1, .data_change = true};
    assert_int_equal(commit(fixture, added, &removal), MR_OK);
    mr_delta_snapshot *removed = fixture_read(fixture->table);
    assert_int_equal(mr_delta_file_count(removed), 0);
    assert_int_equal(mr_delta_bytes(removed), 0);
    /* A snapshot stays what it was. */
    assert_int_equal(mr_delta_file_count(base), 0);
    assert_int_equal(mr_delta_file_count(added), 1);
    assert_string_equal(mr_delta_file_at(added, 0)->path, odd.path);
    mr_delta_snapshot_free(base);
    mr_delta_snapshot_free(added);
    mr_delta_snapshot_free(removed);
}

static void appends_on_one_base_both_stand(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_file files[] = {fixture_data_file("a", 3), fixture_data_file("b", 3)};
    int64_t version = 0;
    mr_err err;

    fixture_create(fixture->table);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    for (size_t i = 0; i < 2; i++) {
        const mr_delta_commit add = {.operation = "WRITE",
                                     .adds = &files[i],
                                     .add_count = 1,
                                     .append_only = true,
                                     .data_change = true};
        fixture_ok(mr_delta_commit_to(fixture->table, base, &add, &version, &err), &err);
        assert_int_equal(version, i + 1);
    }
    mr_delta_snapshot_free(base);
}

static void what_others_changed_meanwhile_decides(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_file mine = fixture_data_file("mine", 3);
    const mr_delta_commit append = {.operation = "WRITE",
                                    .adds = &mine,
                                    .add_count = 1,
                                    .append_only = true,
                                    .data_change = true};

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "a");
    (void)fixture_append(fixture->table, "b");
    mr_delta_snapshot *base = fixture_read(fixture->table);
    const mr_delta_file a = fixture_file_of(base, "a");
    const mr_delta_file b = fixture_file_of(base, "b");
    const mr_delta_commit merge = {.operation = "MERGE",
                                   .removes = &a,
                                   .remove_count = 1,
                                   .adds = &mine,
                                   .add_count = 1,
                                   .data_change = true};
    const mr_delta_commit gather_a = {
        .operation = "OPTIMIZE", .removes = &a, .remove_count = 1, .adds = &mine, .add_count = 1};
    const mr_delta_commit gather_b = {.operation = "OPTIMIZE", .removes = &b, .remove_count = 1};

    /* Others rearranged what we do not remove: no row was changed. */
    assert_int_equal(commit(fixture, base, &gather_b), MR_OK);
    assert_int_equal(commit(fixture, base, &merge), MR_OK);
    /* Rows came: a merge on the old base must read them, gathering need not. */
    assert_int_equal(commit(fixture, base, &append), MR_OK);
    assert_int_equal(commit(fixture, base, &merge), MR_EXISTS);
    /* The file is gone. */
    assert_int_equal(commit(fixture, base, &gather_a), MR_EXISTS);
    assert_int_equal(commit(fixture, base, &gather_b), MR_EXISTS);
    /* Whatever happened, appending stands. */
    assert_int_equal(commit(fixture, base, &append), MR_OK);
    mr_delta_snapshot_free(base);
}

static void a_changed_schema_stops_everybody(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_field fields[] = {{.name = "id", .type = "long"},
                                     {.name = "name", .type = "string"},
                                     {.name = "more", .type = "decimal(18,4)"}};
    const mr_delta_schema schema = {.fields = fields, .field_count = 3};
    const mr_delta_commit change = {.operation = "ADD COLUMNS", .schema = &schema};
    const mr_delta_commit same = {
        .operation = "WRITE", .schema = &fixture_schema, .append_only = true};

    fixture_create(fixture->table);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    assert_int_equal(commit(fixture, base, &same), MR_OK); /* says nothing new */
    assert_int_equal(commit(fixture, base, &change), MR_OK);
    assert_int_equal(commit(fixture, base, &same), MR_EXISTS);
    mr_delta_snapshot *changed = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(changed), 2);
    assert_int_equal(mr_delta_schema_of(changed)->field_count, 3);
    assert_int_equal(mr_delta_schema_of(base)->field_count, 2);
    mr_delta_snapshot_free(changed);
    mr_delta_snapshot_free(base);
}

static void txns_are_compared_and_set(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_txn txns[] = {{"bronze/0", 100}, {"bronze/1", 7}};
    const int64_t none[] = {-1, -1};
    const int64_t there[] = {100, 7};
    mr_delta_commit first = {.operation = "WRITE",
                             .txns = txns,
                             .txn_count = 2,
                             .txns_expected = none,
                             .append_only = true,
                             .data_change = true};
    mr_delta_commit again = first;
    mr_delta_commit any = first;

    again.txns_expected = there;
    any.txns_expected = NULL;
    fixture_create(fixture->table);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    assert_int_equal(mr_delta_txn_version(base, "bronze/0"), -1);
    assert_int_equal(commit(fixture, base, &again), MR_EXISTS);
    assert_int_equal(commit(fixture, base, &first), MR_OK);
    assert_int_equal(commit(fixture, base, &first), MR_EXISTS); /* another was first */
    assert_int_equal(commit(fixture, base, &any), MR_OK);
    mr_delta_snapshot *now = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(now), 2);
    assert_int_equal(mr_delta_txn_version(now, "bronze/0"), 100);
    assert_int_equal(mr_delta_txn_version(now, "bronze/1"), 7);
    assert_int_equal(commit(fixture, now, &first), MR_EXISTS);
    assert_int_equal(commit(fixture, now, &again), MR_OK);
    mr_delta_snapshot_free(now);
    mr_delta_snapshot_free(base);
}

static void properties_are_kept_and_an_append_only_table_loses_no_rows(void **state)
{
    lake_fixture *fixture = *state;
    static const char *const properties[] = {"delta.appendOnly", "true", "mine", "x", NULL};
    static const char *const more[] = {"mine", "y", NULL};
    const mr_delta_commit create = {
        .operation = "CREATE TABLE", .schema = &fixture_schema, .properties = properties};
    const mr_delta_commit set = {.operation = "SET TBLPROPERTIES", .properties = more};

    assert_int_equal(commit(fixture, NULL, &create), MR_OK);
    (void)fixture_append(fixture->table, "a");
    mr_delta_snapshot *base = fixture_read(fixture->table);
    assert_string_equal(mr_delta_property(base, "mine"), "x");
    assert_null(mr_delta_property(base, "other"));
    mr_delta_commit removal = {.operation = "DELETE",
                               .removes = mr_delta_file_at(base, 0),
                               .remove_count = 1,
                               .data_change = true};
    assert_int_equal(commit(fixture, base, &removal), MR_INVALID);
    removal.data_change = false; /* gathering files takes no row away */
    assert_int_equal(commit(fixture, base, &removal), MR_OK);
    mr_delta_snapshot_free(base);
    base = fixture_read(fixture->table);
    assert_int_equal(commit(fixture, base, &set), MR_OK);
    mr_delta_snapshot_free(base);
    base = fixture_read(fixture->table);
    assert_string_equal(mr_delta_property(base, "mine"), "y");
    assert_string_equal(mr_delta_property(base, "delta.appendOnly"), "true");
    mr_delta_snapshot_free(base);
}

static void a_table_of_a_later_writer_is_read_and_not_written(void **state)
{
    lake_fixture *fixture = *state;
    const mr_delta_commit append = {.operation = "WRITE", .append_only = true};
    int64_t version;
    mr_err err;

    fixture_put_entry(fixture, 0,
                      "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":4}}\n"
                      "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"{\\\"type\\\":\\\"struct\\\","
                      "\\\"fields\\\":[{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"long\\\"}]}\","
                      "\"partitionColumns\":[],\"configuration\":{}}}\n");
    mr_delta_snapshot *base = fixture_read(fixture->table);
    assert_int_equal(mr_delta_commit_to(fixture->table, base, &append, &version, &err),
                     MR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "writer version 4"));
    mr_delta_snapshot_free(base);
}

static void what_leaves_the_table_is_refused(void **state)
{
    lake_fixture *fixture = *state;
    static const char *const paths[] = {"../x", "/etc/x", "a//b", "file:/x", "a/..", ""};
    const mr_delta_field bad_fields[] = {{.name = "a b", .type = "long"}};
    const mr_delta_schema bad = {.fields = bad_fields, .field_count = 1};
    const mr_delta_commit schema = {.operation = "X", .schema = &bad};

    fixture_create(fixture->table);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const mr_delta_file file = fixture_data_file(paths[i], 3);
        const mr_delta_commit add = {
            .operation = "WRITE", .adds = &file, .add_count = 1, .append_only = true};
        assert_int_equal(commit(fixture, base, &add), MR_INVALID);
    }
    assert_int_equal(commit(fixture, base, &schema), MR_INVALID);
    assert_false(fixture_exists(fixture, "bronze/events/_delta_log/00000000000000000001.json"));
    mr_delta_snapshot_free(base);
}

/* --- A race ----------------------------------------------------------------------------------- */

enum { racers = 16, race_commits = 5 };

typedef struct racer {
    const lake_fixture *fixture;
    int number;
    bool failed;
} racer;

/* Each moves its own txn forward, on whatever version it reads. */
static bool race_once(mr_delta_table *table, const racer *self, int index)
{
    char path[64];
    char app[32];
    mr_delta_snapshot *base = NULL;
    int64_t version = -1;
    mr_err err = {.message = ""};

    (void)snprintf(path, sizeof path, "file-%d-%d", self->number, index);
    (void)snprintf(app, sizeof app, "racer-%d", self->number);
    const mr_delta_file file = fixture_data_file(path, 3);
    const mr_delta_txn txn = {app, index};
    const int64_t expected = index - 1;
    const mr_delta_commit commit_one = {.operation = "WRITE",
                                        .adds = &file,
                                        .add_count = 1,
                                        .txns = &txn,
                                        .txn_count = 1,
                                        .txns_expected = &expected,
                                        .append_only = true,
                                        .data_change = true};
    bool done = mr_delta_read(table, &base, &err) == MR_OK &&
                mr_delta_commit_to(table, base, &commit_one, &version, &err) == MR_OK;
    mr_delta_snapshot_free(base);
    if (!done) {
        (void)fprintf(stderr, "%s\n", err.message);
    }
    return done;
}

static bool race(const racer *self)
{
    const mr_blobs_options options = {.url = "file:", .data_folder = self->fixture->folder};
    mr_blobs *blobs = NULL;
    bool done = mr_blobs_open(&options, &blobs, NULL) == MR_OK;
    mr_delta_table *table = done ? mr_delta_table_create(blobs, "bronze/events") : NULL;

    for (int index = 0; index < race_commits && done; index++) {
        done = race_once(table, self, index);
    }
    mr_delta_table_destroy(table);
    mr_blobs_close(blobs);
    return done;
}

static void *race_in_thread(void *ctx)
{
    racer *self = ctx;

    self->failed = !race(self);
    return NULL;
}

/* As many versions as commits, each file once, each txn at its last. */
static void check_race(lake_fixture *fixture, int count)
{
    mr_delta_snapshot *snapshot = fixture_read(fixture->table);

    assert_int_equal(mr_delta_version(snapshot), count * race_commits);
    assert_int_equal(mr_delta_file_count(snapshot), count * race_commits);
    for (int i = 0; i < count; i++) {
        char app[32];
        char path[64];
        (void)snprintf(app, sizeof app, "racer-%d", i);
        assert_int_equal(mr_delta_txn_version(snapshot, app), race_commits - 1);
        for (int index = 0; index < race_commits; index++) {
            (void)snprintf(path, sizeof path, "file-%d-%d", i, index);
            assert_non_null(fixture_find(snapshot, path));
        }
    }
    mr_delta_snapshot_free(snapshot);
}

static void of_many_threads_one_wins_each_version(void **state)
{
    lake_fixture *fixture = *state;
    pthread_t threads[racers];
    racer list[racers];

    fixture_create(fixture->table);
    for (int i = 0; i < racers; i++) {
        list[i] = (racer){fixture, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, race_in_thread, &list[i]), 0);
    }
    for (int i = 0; i < racers; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(list[i].failed);
    }
    check_race(fixture, racers);
}

static void of_many_processes_one_wins_each_version(void **state)
{
    lake_fixture *fixture = *state;
    pid_t children[racers];

    fixture_create(fixture->table);
    for (int i = 0; i < racers; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            const racer self = {fixture, i, false};
            _exit(race(&self) ? 0 : 1);
        }
    }
    for (int i = 0; i < racers; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    check_race(fixture, racers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_commit_creates_the_table),
        TEST(a_table_is_created_once),
        TEST(a_file_is_added_and_removed),
        TEST(appends_on_one_base_both_stand),
        TEST(what_others_changed_meanwhile_decides),
        TEST(a_changed_schema_stops_everybody),
        TEST(txns_are_compared_and_set),
        TEST(properties_are_kept_and_an_append_only_table_loses_no_rows),
        TEST(a_table_of_a_later_writer_is_read_and_not_written),
        TEST(what_leaves_the_table_is_refused),
        TEST(of_many_processes_one_wins_each_version),
        TEST(of_many_threads_one_wins_each_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
