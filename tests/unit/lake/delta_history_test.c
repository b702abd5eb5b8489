/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what, which files came in, and which tables there are. */
#include "lake/engine_fixture.h"

typedef struct seen {
    char text[1024];
    size_t most, count;
} seen;

static void see(seen *self, const char *text)
{
    size_t used = strlen(self->text);

    (void)snprintf(self->text + used, sizeof self->text - used, "%s;", text);
    self->count++;
}

static bool see_entry(void *ctx, const mr_delta_entry *entry)
{
    seen *self = ctx;
    char line[256];

    assert_true(entry->committed_ms > INT64_C(1600000000000));
    (void)snprintf(line, sizeof line, "%lld %s +%llu -%llu %lld %lld %s", (long long)entry->version,
                   entry->operation, (unsigned long long)entry->files_added,
                   (unsigned long long)entry->files_removed, (long long)entry->rows_added,
                   (long long)entry->rows_removed, entry->info != NULL ? entry->info : "-");
    see(self, line);
    return self->count < self->most;
}

static bool see_file(void *ctx, const mr_delta_file *file)
{
    seen *self = ctx;

    see(self, file->path);
    return self->count < self->most;
}

static bool see_path(void *ctx, const char *path)
{
    seen *self = ctx;

    see(self, path);
    return self->count < self->most;
}

static void remove_first(lake_fixture *fixture)
{
    mr_delta_snapshot *base = fixture_read(fixture->table);
    const mr_delta_commit commit = {.operation = "DELETE",
                                    .info = "{\"why\":\"test\"}",
                                    .removes = mr_delta_file_at(base, 0),
                                    .remove_count = 1,
                                    .data_change = true};
    int64_t version;
    mr_err err;

    fixture_ok(mr_delta_commit_to(fixture->table, base, &commit, &version, &err), &err);
    mr_delta_snapshot_free(base);
}

static void history_is_told_newest_first(void **state)
{
    lake_fixture *fixture = *state;
    seen all = {.most = 100};
    seen two = {.most = 2};
    mr_err err;

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "a");
    remove_first(fixture);
    fixture_put_entry(fixture, 3, "{\"add\":{\"path\":\"b\",\"size\":1,\"dataChange\":true}}");
    fixture_ok(mr_delta_history(fixture->table, see_entry, &all, &err), &err);
    assert_string_equal(all.text, "3  +1 -0 -1 0 -;2 DELETE +0 -1 0 3 {\"why\":\"test\"};"
                                  "1 WRITE +1 -0 3 0 -;0 CREATE TABLE +0 -0 0 0 -;");
    fixture_ok(mr_delta_history(fixture->table, see_entry, &two, &err), &err);
    assert_int_equal(two.count, 2);
}

static void files_added_since_a_version_are_those_with_new_rows(void **state)
{
    lake_fixture *fixture = *state;
    static const char *const names[] = {"a", "b", "c"};
    seen all = {.most = 100};
    seen later = {.most = 100};
    seen first = {.most = 1};
    seen none = {.most = 100};
    mr_err err;

    fixture_create(fixture->table);
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "bronze/events/%s", names[i]);
        fixture_put(fixture, name, "rows");
        (void)fixture_append(fixture->table, names[i]);
    }
    remove_first(fixture); /* no longer live, and yet it came in */
    mr_delta_snapshot *now = fixture_read(fixture->table);
    fixture_ok(mr_delta_added_since(fixture->table, now, -1, see_file, &all, &err), &err);
    assert_string_equal(all.text, "a;b;c;");
    fixture_ok(mr_delta_added_since(fixture->table, now, 1, see_file, &later, &err), &err);
    assert_string_equal(later.text, "b;c;");
    fixture_ok(mr_delta_added_since(fixture->table, now, 0, see_file, &first, &err), &err);
    assert_string_equal(first.text, "a;");
    fixture_ok(mr_delta_added_since(fixture->table, now, 4, see_file, &none, &err), &err);
    assert_string_equal(none.text, "");
    fixture_ok(mr_blob_delete(fixture->blobs, "bronze/events/a", &err), &err);
    assert_int_equal(mr_delta_added_since(fixture->table, now, 0, see_file, &none, &err),
                     MR_NOT_FOUND);
    mr_delta_snapshot_free(now);
}

static void every_folder_with_a_log_is_a_table(void **state)
{
    lake_fixture *fixture = *state;
    static const char *const paths[] = {"silver/fact_sales", "bronze/a-b", "bronze/a",
                                        "gold/deep/er/x", "top"};
    seen all = {.most = 100};
    seen two = {.most = 2};
    seen none = {.most = 100};
    mr_err err;

    fixture_ok(mr_delta_list(fixture->blobs, see_path, &none, &err), &err);
    assert_int_equal(none.count, 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        mr_delta_table *table = mr_delta_table_create(fixture->blobs, paths[i]);
        fixture_create(table);
        mr_delta_table_destroy(table);
    }
    fixture_put(fixture, "bronze/a/Day=1/part-1", "a name before the log's");
    fixture_put(fixture, "bronze/stray", "no table");
    fixture_put(fixture, "readme", "no table");
    fixture_ok(mr_delta_list(fixture->blobs, see_path, &all, &err), &err);
    assert_string_equal(all.text, "bronze/a-b;bronze/a;gold/deep/er/x;silver/fact_sales;top;");
    fixture_ok(mr_delta_list(fixture->blobs, see_path, &two, &err), &err);
    assert_string_equal(two.text, "bronze/a-b;bronze/a;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(history_is_told_newest_first),
        TEST(files_added_since_a_version_are_those_with_new_rows),
        TEST(every_folder_with_a_log_is_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
