/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tables: of others too, by version and by time, and what is refused. */
#include "lake/lake_fixture.h"

#include "base/civil.h"

#include <sys/time.h>

#define SCHEMA                                                                          \
    "{\"metaData\":{\"id\":\"7f0c7e1c-1111-4222-8333-944455556666\",\"name\":null,"     \
    "\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{"         \
    "\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\"" \
    ":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},{\\\"name\\\":\\\"day\\"  \
    "\",\\\"type\\\":\\\"date\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\","      \
    "\"partitionColumns\":[\"day\"],\"configuration\":{\"k\":\"v\"},\"createdTime\":1}}\n"
#define PROTOCOL "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"

/* --- Logs of others --------------------------------------------------------------------------- */

static void a_log_as_spark_writes_it_is_read(void **state)
{
    lake_fixture *fixture = *state;

    /* Lines in an order that means nothing: the file's partition is told before the columns are. */
    fixture_put_entry(
        fixture, 0,
        "{\"commitInfo\":{\"timestamp\":1700000000123,\"operation\":\"WRITE\","
        "\"operationParameters\":{\"mode\":\"Append\",\"partitionBy\":\"[\\\"day\\\"]\"},"
        "\"isolationLevel\":\"Serializable\",\"isBlindAppend\":true,\"operationMetrics\":"
        "{\"numFiles\":\"1\"},\"engineInfo\":\"Apache-Spark/3.5.0 Delta-Lake/3.2.0\","
        "\"txnId\":\"6a\"}}\n"
        "{\"add\":{\"path\":\"day=2024-01-01/part-0%20a.snappy.parquet\",\"partitionValues\":"
        "{\"day\":\"2024-01-01\"},\"size\":451,\"modificationTime\":1700000000000,"
        "\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":7,\\\"minValues\\\":{}}\","
        "\"unknownField\":{\"deep\":[1,2,{}]}}}\n" SCHEMA
        "{\"somethingNew\":{\"x\":1}}\n{\"cdc\":{\"path\":\"_change_data/x\"}}\n" PROTOCOL
        "{\"txn\":{\"appId\":\"stream-1\",\"version\":4,\"lastUpdated\":1700000000000}}\n");
    fixture_put_entry(fixture, 1,
                      "{\"add\":{\"path\":\"b\",\"partitionValues\":{\"day\":\"\"},\"size\":1,"
                      "\"modificationTime\":1,\"dataChange\":false}}\n\n"
                      "{\"remove\":{\"path\":\"never-there\",\"dataChange\":true}}");
    mr_delta_snapshot *snapshot = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(snapshot), 1);
    assert_int_equal(mr_delta_file_count(snapshot), 2);
    const mr_delta_file file = fixture_file_of(snapshot, "day=2024-01-01/part-0 a.snappy.parquet");
    assert_string_equal(file.partition_values[0], "2024-01-01");
    assert_int_equal(file.rows, 7);
    assert_int_equal(file.bytes, 451);
    assert_true(file.data_change);
    assert_null(fixture_file_of(snapshot, "b").partition_values[0]); /* empty is null */
    assert_int_equal(mr_delta_rows(snapshot), -1);
    assert_int_equal(mr_delta_bytes(snapshot), 452);
    assert_int_equal(mr_delta_txn_version(snapshot, "stream-1"), 4);
    assert_string_equal(mr_delta_property(snapshot, "k"), "v");
    assert_string_equal(mr_delta_schema_of(snapshot)->partition_columns[0], "day");
    assert_null(mr_delta_schema_of(snapshot)->partition_columns[1]);
    mr_delta_snapshot_free(snapshot);
}

/* The first entry's lines, the status they get, and what the message must say. */
typedef struct refusal {
    const char *lines;
    mr_status status;
    const char *says;
} refusal;

static void what_is_not_known_or_broken_is_refused_by_name(void **state)
{
    lake_fixture *fixture = *state;
    static const refusal refusals[] = {
        {"{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
         "\"deletionVectors\",\"timestampNtz\"],\"writerFeatures\":[\"appendOnly\"]}}\n" SCHEMA,
         MR_UNSUPPORTED, "deletionVectors, timestampNtz"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"a\",\"size\":1,\"deletionVector\":{\"a\":1}}}",
         MR_UNSUPPORTED, "deletion vector"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"/abs/x\",\"size\":1}}", MR_UNSUPPORTED, "absolute"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"s3://b/x\",\"size\":1}}", MR_UNSUPPORTED,
         "absolute"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"a/%2e%2e/b\",\"size\":1}}", MR_CORRUPT, "leaves"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"a%zz\",\"size\":1}}", MR_CORRUPT, "URI"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"a%00\",\"size\":1}}", MR_CORRUPT, "URI"},
        {PROTOCOL SCHEMA "{\"add\":{\"size\":1}}", MR_CORRUPT, "path is missing"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"a\",\"size\":\"1\"}}", MR_CORRUPT, "size"},
        {PROTOCOL SCHEMA "{\"add\":[1]}", MR_CORRUPT, "line 3"},
        {PROTOCOL SCHEMA "{\"add\":{\"path\":\"a\"", MR_CORRUPT, "line 3"},
        {PROTOCOL SCHEMA "[]", MR_CORRUPT, "line 3"},
        {PROTOCOL SCHEMA "{\"txn\":{\"version\":1}}", MR_CORRUPT, "appId"},
        {PROTOCOL, MR_CORRUPT, "metaData"},
        {SCHEMA, MR_CORRUPT, "protocol"},
        {"{\"protocol\":{}}\n" SCHEMA, MR_CORRUPT, "protocol"},
        {"", MR_CORRUPT, "empty"},
        {PROTOCOL "{\"metaData\":{\"id\":\"x\"}}", MR_CORRUPT, "schemaString"},
        {PROTOCOL "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"{\"}}", MR_CORRUPT, "JSON"},
        {PROTOCOL "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"{\\\"fields\\\":[{\\\"name\\\":"
                  "\\\"a\\\",\\\"type\\\":\\\"timestamp_ntz\\\"}]}\"}}",
         MR_UNSUPPORTED, "timestamp_ntz"},
        {PROTOCOL "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"{\\\"fields\\\":[{\\\"name\\\":"
                  "\\\"a\\\",\\\"type\\\":{\\\"type\\\":\\\"array\\\"}}]}\"}}",
         MR_UNSUPPORTED, "array"},
        {PROTOCOL "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"{\\\"fields\\\":[{\\\"name\\\":"
                  "\\\"a\\\",\\\"type\\\":\\\"long\\\"}]}\",\"configuration\":{"
                  "\"delta.columnMapping.mode\":\"name\"}}}",
         MR_UNSUPPORTED, "column mapping"},
        {PROTOCOL "{\"metaData\":{\"id\":\"x\",\"format\":{\"provider\":\"orc\"},\"schemaString\":"
                  "\"{\\\"fields\\\":[]}\"}}",
         MR_UNSUPPORTED, "orc"},
    };

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        mr_delta_snapshot *snapshot = NULL;
        mr_err err = {.message = ""};
        fixture_put_entry(fixture, 0, refusals[i].lines);
        mr_status status = mr_delta_read(fixture->table, &snapshot, &err);
        if (status != refusals[i].status || strstr(err.message, refusals[i].says) == NULL) {
            fail_msg("%zu: %s: %s", i, mr_status_name(status), err.message);
        }
    }
}

static void deep_json_is_no_trap(void **state)
{
    lake_fixture *fixture = *state;
    enum { depth = 100000 };
    char *lines = mr_alloc(3 * depth);
    mr_delta_snapshot *snapshot = NULL;
    mr_err err;

    memset(lines, '[', depth);
    lines[depth] = '\0';
    fixture_put_entry(fixture, 0, lines);
    assert_int_equal(mr_delta_read(fixture->table, &snapshot, &err), MR_CORRUPT);
    free(lines);
}

static void a_gap_in_the_log_is_seen(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_snapshot *snapshot = NULL;
    mr_err err;

    fixture_put_entry(fixture, 0, PROTOCOL SCHEMA);
    fixture_put_entry(fixture, 2, "{\"commitInfo\":{}}");
    assert_int_equal(mr_delta_read(fixture->table, &snapshot, &err), MR_CORRUPT);
    assert_non_null(strstr(err.message, "entry 1 is missing"));
}

static void a_table_that_is_not_there_is_not_found(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_snapshot *snapshot = NULL;
    mr_err err;

    assert_int_equal(mr_delta_read(fixture->table, &snapshot, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "bronze/events"));
    assert_int_equal(mr_delta_read_version(fixture->table, 0, &snapshot, &err), MR_NOT_FOUND);
    assert_int_equal(mr_delta_read_instant(fixture->table, 0, &snapshot, &err), MR_NOT_FOUND);
}

/* --- Following -------------------------------------------------------------------------------- */

static void what_did_not_change_is_not_read_again(void **state)
{
    lake_fixture *fixture = *state;

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "a");
    mr_delta_snapshot *first = fixture_read(fixture->table);
    mr_delta_snapshot *second = fixture_read(fixture->table);
    assert_ptr_equal(first, second);
    mr_delta_snapshot_free(first);
    assert_int_equal(mr_delta_file_count(second), 1);
    mr_delta_snapshot_free(second);
}

static void another_writers_commit_is_seen(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_table *other = mr_delta_table_create(fixture->blobs, "bronze/events");

    fixture_create(fixture->table);
    mr_delta_snapshot *before = fixture_read(fixture->table);
    (void)fixture_append(other, "a");
    (void)fixture_append(other, "b");
    mr_delta_snapshot *after = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(after), 2);
    assert_int_equal(mr_delta_file_count(after), 2);
    assert_int_equal(mr_delta_file_count(before), 0);
    mr_delta_snapshot_free(before);
    mr_delta_snapshot_free(after);
    mr_delta_table_destroy(other);
}

static void a_table_made_anew_is_another(void **state)
{
    lake_fixture *fixture = *state;
    char path[fixture_path_bytes_max];

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "a");
    mr_delta_snapshot_free(fixture_read(fixture->table));
    fixture_file(fixture, "bronze/events", path);
    fixture_remove(path);
    mr_delta_snapshot *none = NULL;
    assert_int_equal(mr_delta_read(fixture->table, &none, NULL), MR_NOT_FOUND);
    fixture_create(fixture->table);
    mr_delta_snapshot *fresh = fixture_read(fixture->table);
    assert_int_equal(mr_delta_file_count(fresh), 0);
    mr_delta_snapshot_free(fresh);
}

static void a_broken_commit_does_not_spoil_the_handle(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_snapshot *snapshot = NULL;

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "a");
    mr_delta_snapshot *kept = fixture_read(fixture->table);
    fixture_put_entry(fixture, 2, "{\"remove\":{\"path\":\"a\",\"dataChange\":true}}\n{\"add\":");
    assert_int_equal(mr_delta_read(fixture->table, &snapshot, NULL), MR_CORRUPT);
    assert_int_equal(mr_delta_file_count(kept), 1);
    fixture_put_entry(fixture, 2, "{\"remove\":{\"path\":\"a\",\"dataChange\":true}}\n");
    snapshot = fixture_read(fixture->table);
    assert_int_equal(mr_delta_file_count(snapshot), 0);
    mr_delta_snapshot_free(snapshot);
    mr_delta_snapshot_free(kept);
}

/* --- The past --------------------------------------------------------------------------------- */

static void versions_of_the_past_are_read(void **state)
{
    lake_fixture *fixture = *state;
    mr_delta_snapshot *snapshot = NULL;
    mr_err err;

    fixture_create(fixture->table);
    for (int i = 1; i <= 12; i++) {
        char path[16];
        (void)snprintf(path, sizeof path, "f%d", i);
        (void)fixture_append(fixture->table, path);
    }
    for (int version = 0; version <= 12; version++) {
        fixture_ok(mr_delta_read_version(fixture->table, version, &snapshot, &err), &err);
        assert_int_equal(mr_delta_version(snapshot), version);
        assert_int_equal(mr_delta_file_count(snapshot), version);
        mr_delta_snapshot_free(snapshot);
    }
    assert_int_equal(mr_delta_read_version(fixture->table, 13, &snapshot, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "the newest is 12"));
    assert_int_equal(mr_delta_read_version(fixture->table, -1, &snapshot, &err), MR_NOT_FOUND);
}

static void set_entry_time(lake_fixture *fixture, int version, int seconds)
{
    char name[128];
    char path[fixture_path_bytes_max];
    const struct timeval times[2] = {{seconds, 0}, {seconds, 0}};

    (void)snprintf(name, sizeof name, "bronze/events/_delta_log/%020d.json", version);
    fixture_file(fixture, name, path);
    assert_int_equal(utimes(path, times), 0);
}

static void the_version_of_an_instant_is_the_last_before_it(void **state)
{
    lake_fixture *fixture = *state;
    static const struct {
        int seconds;
        int64_t version;
    } expected[] = {{1000, 0}, {1999, 0}, {2000, 2}, {2999, 2}, {3000, 3}, {9999, 3}};
    mr_delta_snapshot *snapshot = NULL;
    mr_err err;

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "a");
    (void)fixture_append(fixture->table, "b");
    (void)fixture_append(fixture->table, "c");
    set_entry_time(fixture, 0, 1000);
    set_entry_time(fixture, 1, 2000);
    set_entry_time(fixture, 2, 1500); /* a clock that went back: as old as the one before */
    set_entry_time(fixture, 3, 3000);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        fixture_ok(mr_delta_read_instant(fixture->table, expected[i].seconds * INT64_C(1000),
                                         &snapshot, &err),
                   &err);
        assert_int_equal(mr_delta_version(snapshot), expected[i].version);
        mr_delta_snapshot_free(snapshot);
    }
    assert_int_equal(mr_delta_read_instant(fixture->table, 999999, &snapshot, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "1970-01-01T00:16:40.000Z"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_log_as_spark_writes_it_is_read),
        TEST(what_is_not_known_or_broken_is_refused_by_name),
        TEST(deep_json_is_no_trap),
        TEST(a_gap_in_the_log_is_seen),
        TEST(a_table_that_is_not_there_is_not_found),
        TEST(what_did_not_change_is_not_read_again),
        TEST(another_writers_commit_is_seen),
        TEST(a_table_made_anew_is_another),
        TEST(a_broken_commit_does_not_spoil_the_handle),
        TEST(versions_of_the_past_are_read),
        TEST(the_version_of_an_instant_is_the_last_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
