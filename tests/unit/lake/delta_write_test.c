/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the engine as files of a table, and back. */
#include "lake/engine_fixture.h"

#include "base/civil.h"

static const mr_delta_field typed_fields[] = {
    {.name = "l", .type = "long"},          {.name = "i", .type = "integer"},
    {.name = "m", .type = "decimal(18,4)"}, {.name = "big", .type = "decimal(38,4)"},
    {.name = "s", .type = "string"},        {.name = "b", .type = "binary"},
    {.name = "d", .type = "date"},          {.name = "t", .type = "timestamp"},
    {.name = "f", .type = "double"},        {.name = "o", .type = "boolean"},
};
static const mr_delta_schema typed_schema = {
    .fields = typed_fields, .field_count = sizeof typed_fields / sizeof typed_fields[0]};

static const char typed_select[] =
    "SELECT i AS x, i, 1.5 + i, sum(i) OVER (), 'text ' || i, encode('bin' || i), "
    "DATE '2011-12-09' + i::INTEGER, TIMESTAMP '2011-12-09 12:50:00.000001' + to_seconds(i), "
    "i / 2, i % 2 = 0 FROM range(4) AS r(i)";

static void every_type_comes_back_as_it_was(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &typed_schema, .select = typed_select};

    engine_create(fixture, &typed_schema);
    assert_int_equal(engine_append(fixture, &write), 4);
    engine_expect(fixture,
                  "SELECT l, i, m, big, s, hex(b), d, t, f, o, typeof(big), typeof(t), typeof(b) "
                  "FROM {} WHERE l = 3",
                  "3|3|4.5000|6.0000|text 3|62696E33|2011-12-12|2011-12-09 12:50:03.000001|1.5|"
                  "false|DECIMAL(38,4)|TIMESTAMP|BLOB\n");
    engine_expect(fixture, "SELECT count(*), sum(m) FROM {}", "4|12.0000\n");
}

static void a_timestamp_is_an_instant_in_the_file(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &typed_schema, .select = typed_select};

    engine_create(fixture, &typed_schema);
    (void)engine_append(fixture, &write);
    engine_expect_file(fixture, 0,
                       "SELECT type, converted_type, logical_type FROM parquet_schema({}) WHERE "
                       "name = 't'",
                       "INT64|TIMESTAMP_MICROS|TimestampType(isAdjustedToUTC=1, "
                       "unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))\n");
    engine_expect_file(fixture, 0, "SELECT DISTINCT compression FROM parquet_metadata({})",
                       "SNAPPY\n");
}

static void statistics_say_what_is_in_a_file(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {
        .schema = &typed_schema, .select = typed_select, .sum_column = "m", .tag = "kept"};

    engine_create(fixture, &typed_schema);
    (void)engine_append(fixture, &write);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    const mr_delta_file *file = mr_delta_file_at(snapshot, 0);
    assert_int_equal(file->rows, 4);
    assert_string_equal(
        file->stats,
        "{\"numRecords\":4,\"minValues\":{\"l\":0,\"i\":0,\"m\":1.5000,\"big\":6.0000,"
        "\"s\":\"text 0\",\"d\":\"2011-12-09\",\"t\":\"2011-12-09T12:50:00.000Z\"},"
        "\"maxValues\":{\"l\":3,\"i\":3,\"m\":4.5000,\"big\":6.0000,\"s\":\"text 3\","
        "\"d\":\"2011-12-12\",\"t\":\"2011-12-09T12:50:03.001Z\"},"
        "\"nullCount\":{\"l\":0,\"i\":0,\"m\":0,\"big\":0,\"s\":0,\"b\":0,\"d\":0,\"t\":0,\"f\":0,"
        "\"o\":0}}");
    assert_non_null(strstr(file->tags, "\"millrace.sum\":\"12.0000\""));
    assert_non_null(strstr(file->tags, "\"millrace.kept\":\"true\""));
    assert_true(file->bytes > 0);
    mr_delta_snapshot_free(snapshot);
}

static void long_texts_are_cut_so_that_nothing_is_skipped_wrongly(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {
        .schema = &fixture_schema,
        .select = "SELECT * FROM (VALUES (1, repeat('\u00e9', 40)), (2, repeat('z', 33)), "
                  "(3, NULL), (4, repeat('y', 1000)), (NULL, 'm')) AS v(id, name)"};

    engine_create(fixture, &fixture_schema);
    (void)engine_append(fixture, &write);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    const char *stats = mr_delta_file_at(snapshot, 0)->stats;
    assert_non_null(strstr(stats, "\"minValues\":{\"id\":1,\"name\":\"m\"}"));
    assert_non_null(strstr(stats, "\"nullCount\":{\"id\":1,\"name\":1}"));
    /* 32 characters of the largest, and one that is above all: U+10FFFF. */
    assert_non_null(strstr(stats, "\"maxValues\":{\"id\":4,\"name\":\"\u00e9\u00e9\u00e9"));
    assert_non_null(strstr(stats, "\u00e9\xf4\x8f\xbf\xbf\"}"));
    mr_delta_snapshot_free(snapshot);
}

static void a_column_of_nulls_has_no_bounds(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &fixture_schema, .select = "SELECT NULL, NULL"};

    engine_create(fixture, &fixture_schema);
    (void)engine_append(fixture, &write);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    assert_string_equal(mr_delta_file_at(snapshot, 0)->stats,
                        "{\"numRecords\":1,\"minValues\":{},\"maxValues\":{},"
                        "\"nullCount\":{\"id\":1,\"name\":1}}");
    mr_delta_snapshot_free(snapshot);
}

static void no_rows_are_no_files(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &fixture_schema, .select = "SELECT 1, 'a' WHERE false"};
    mr_delta_files *files = NULL;
    mr_err err;

    engine_create(fixture, &fixture_schema);
    fixture_ok(mr_delta_write_rows(fixture->lake->table, fixture->connection, &write, &files, &err),
               &err);
    assert_int_equal(mr_delta_files_count(files), 0);
    assert_int_equal(mr_delta_files_rows(files), 0);
    mr_delta_files_free(files);
    engine_expect(fixture, "SELECT count(*), max(typeof(name)) FROM {}", "0|NULL\n");
    engine_expect(fixture, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {})",
                  "id|BIGINT\nname|VARCHAR\n");
}

static void rows_that_do_not_fit_are_refused_and_leave_nothing(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &fixture_schema, .select = "SELECT 'no number', 'a'"};
    const mr_delta_write wrong = {.schema = &fixture_schema, .select = "SELECT 1 FROM nowhere"};
    mr_delta_files *files = NULL;
    mr_err err;

    engine_create(fixture, &fixture_schema);
    assert_int_equal(
        mr_delta_write_rows(fixture->lake->table, fixture->connection, &write, &files, &err),
        MR_INVALID);
    assert_non_null(strstr(err.message, "bronze/events"));
    assert_int_equal(
        mr_delta_write_rows(fixture->lake->table, fixture->connection, &wrong, &files, &err),
        MR_INVALID);
    assert_int_equal(engine_count_blobs(fixture, "bronze/events/part-"), 0);
}

/* --- Partitions ------------------------------------------------------------------------------- */

static const mr_delta_field day_fields[] = {{.name = "id", .type = "long"},
                                            {.name = "day", .type = "date"},
                                            {.name = "place", .type = "string"}};
static const mr_delta_schema day_schema = {
    .fields = day_fields, .field_count = 3, .partition_columns = {"day", "place"}};

static void rows_go_into_the_folder_of_their_partition(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {
        .schema = &day_schema,
        .select = "SELECT * FROM (VALUES (1, '2024-01-01', 'a b/c'), (2, '2024-01-01', 'a b/c'), "
                  "(3, '2024-01-02', NULL), (4, NULL, 'x=%20'), (5, '2024-01-02', 'NULL')) AS v"};

    engine_create(fixture, &day_schema);
    assert_int_equal(engine_append(fixture, &write), 5);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    assert_int_equal(mr_delta_file_count(snapshot), 4);
    char *entry = fixture_get_entry(fixture->lake, 1);
    assert_non_null(strstr(entry, "\"path\":\"day=2024-01-01/place=a%2520b%252Fc/part-"));
    assert_non_null(
        strstr(entry, "\"partitionValues\":{\"day\":\"2024-01-01\",\"place\":\"a b/c\"}"));
    assert_non_null(strstr(entry, "\"partitionValues\":{\"day\":\"2024-01-02\",\"place\":null}"));
    free(entry);
    mr_delta_snapshot_free(snapshot);
    engine_expect(fixture, "SELECT * FROM {} ORDER BY id",
                  "1|2024-01-01|a b/c\n2|2024-01-01|a b/c\n3|2024-01-02|NULL\n4|NULL|x=%20\n"
                  "5|2024-01-02|NULL\n");
    engine_expect(fixture, "SELECT id FROM {} WHERE place IS NULL", "3\n");
    engine_expect(fixture, "SELECT typeof(day), count(*) FROM {} GROUP BY 1", "DATE|5\n");
}

static const mr_delta_field month_fields[] = {{.name = "id", .type = "long"},
                                              {.name = "amount", .type = "decimal(18,4)"},
                                              {.name = "month", .type = "integer"}};
static const mr_delta_schema month_schema = {
    .fields = month_fields, .field_count = 3, .partition_columns = {"month"}};

/* Rows at hand are written a partition at a time and summed beside: the table is the same. */
static void rows_at_hand_make_the_same_files(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {
        .schema = &month_schema,
        .select = "SELECT * FROM (VALUES (3, 0.5, 201102), (1, 1.25, 201101), (2, -2, 201102), "
                  "(4, 9, NULL), (5, NULL, 201101)) AS v",
        .order = "\"id\" DESC",
        .at_hand = true,
        .sum_column = "amount"};

    engine_create(fixture, &month_schema);
    assert_int_equal(engine_append(fixture, &write), 5);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    assert_int_equal(mr_delta_file_count(snapshot), 3);
    for (size_t i = 0; i < 3; i++) {
        const mr_delta_file *file = mr_delta_file_at(snapshot, i);
        const char *month = file->partition_values[0];
        const char *sum = month == NULL                  ? "\"millrace.sum\":\"9.0000\""
                          : strcmp(month, "201101") == 0 ? "\"millrace.sum\":\"1.2500\""
                                                         : "\"millrace.sum\":\"-1.5000\"";
        assert_non_null(strstr(file->tags, sum));
        assert_non_null(strstr(file->stats, "\"numRecords\":"));
    }
    mr_delta_snapshot_free(snapshot);
    assert_int_equal(engine_count_blobs(fixture, "bronze/events/month=201102/part-"), 1);
    engine_expect(fixture, "SELECT * FROM {} ORDER BY id",
                  "1|1.2500|201101\n2|-2.0000|201102\n3|0.5000|201102\n4|9.0000|NULL\n"
                  "5|NULL|201101\n");
}

static void rows_at_hand_of_many_partitions_are_sorted_out_by_the_engine(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &month_schema,
                                  .select = "SELECT i, i / 4, i % 100 FROM range(300) AS r(i)",
                                  .at_hand = true,
                                  .sum_column = "amount"};

    engine_create(fixture, &month_schema);
    assert_int_equal(engine_append(fixture, &write), 300);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    assert_int_equal(mr_delta_file_count(snapshot), 100);
    assert_non_null(strstr(mr_delta_file_at(snapshot, 99)->tags, "\"millrace.sum\":\""));
    mr_delta_snapshot_free(snapshot);
    engine_expect(fixture, "SELECT count(*), sum(amount), count(DISTINCT month) FROM {}",
                  "300|11212.5000|100\n");
}

static void one_given_partition_is_not_looked_for(void **state)
{
    engine_fixture *fixture = *state;
    static const char *const values[] = {"2024-03-01", NULL};
    const mr_delta_write write = {.schema = &day_schema,
                                  .select = "SELECT i, '2024-03-01', NULL FROM range(3) AS r(i)",
                                  .partition_values = values};

    engine_create(fixture, &day_schema);
    assert_int_equal(engine_append(fixture, &write), 3);
    assert_int_equal(
        engine_count_blobs(fixture,
                           "bronze/events/day=2024-03-01/place=__HIVE_DEFAULT_PARTITION__/part-"),
        1);
    engine_expect(fixture, "SELECT * FROM {} ORDER BY id",
                  "0|2024-03-01|NULL\n1|2024-03-01|NULL\n2|2024-03-01|NULL\n");
}

/* --- Relations -------------------------------------------------------------------------------- */

static void rows_are_known_by_file_and_number(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &day_schema,
                                  .select = "SELECT i, DATE '2024-01-01' + (i % 2)::INTEGER, 'x' "
                                            "FROM range(6) AS r(i)"};
    mr_buffer sql;
    mr_err err;

    engine_create(fixture, &day_schema);
    (void)engine_append(fixture, &write);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    mr_buffer_init(&sql, 1 << 20);
    assert_true(mr_buffer_append_string(&sql, "SELECT file_path, max(file_row), count(*) FROM "));
    fixture_ok(mr_delta_relation_rows(fixture->lake->table, snapshot, NULL, 0, &sql, &err), &err);
    assert_true(mr_buffer_append_string(&sql, " GROUP BY 1 ORDER BY 1"));
    char *answer = engine_answer(fixture, &sql);
    for (size_t i = 0; i < 2; i++) {
        char line[512];
        (void)snprintf(line, sizeof line, "%s|2|3\n", mr_delta_file_at(snapshot, i)->path);
        assert_non_null(strstr(answer, line));
    }
    free(answer);
    mr_buffer_free(&sql);
    mr_delta_snapshot_free(snapshot);
}

static void chosen_files_alone_are_read(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &day_schema,
                                  .select = "SELECT i, DATE '2024-01-01' + i::INTEGER, 'x' FROM "
                                            "range(3) AS r(i)"};
    mr_buffer sql;
    mr_err err;

    engine_create(fixture, &day_schema);
    (void)engine_append(fixture, &write);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    const mr_delta_file *one[] = {mr_delta_file_at(snapshot, 1)};
    mr_buffer_init(&sql, 1 << 20);
    assert_true(mr_buffer_append_string(&sql, "SELECT day FROM "));
    fixture_ok(mr_delta_relation(fixture->lake->table, snapshot, one, 1, &sql, &err), &err);
    char *answer = engine_answer(fixture, &sql);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "%s\n", one[0]->partition_values[0]);
    assert_string_equal(answer, expected);
    free(answer);
    mr_buffer_free(&sql);
    mr_delta_snapshot_free(snapshot);
}

static void a_column_added_later_is_null_before(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_field wider_fields[] = {{.name = "extra", .type = "timestamp"},
                                           {.name = "id", .type = "long"},
                                           {.name = "name", .type = "string"}};
    const mr_delta_schema wider = {.fields = wider_fields, .field_count = 3};
    const mr_delta_write first = {.schema = &fixture_schema, .select = "SELECT 1, 'one'"};
    const mr_delta_write second = {.schema = &wider,
                                   .select = "SELECT TIMESTAMP '2024-01-01 01:02:03', 2, 'two'"};

    engine_create(fixture, &fixture_schema);
    (void)engine_append(fixture, &first);
    mr_delta_snapshot *base = fixture_read(fixture->lake->table);
    const mr_delta_commit commit = {
        .operation = "ADD COLUMNS", .schema = &wider, .data_change = true};
    int64_t version;
    mr_err err;
    fixture_ok(mr_delta_commit_to(fixture->lake->table, base, &commit, &version, &err), &err);
    mr_delta_snapshot_free(base);
    engine_expect(fixture, "SELECT * FROM {}", "NULL|1|one\n");
    (void)engine_append(fixture, &second);
    engine_expect(fixture, "SELECT * FROM {} ORDER BY id",
                  "NULL|1|one\n2024-01-01 01:02:03|2|two\n");
}

static void a_select_may_end_in_a_comment(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &fixture_schema, .select = "SELECT 1, 'a' -- one"};

    engine_create(fixture, &fixture_schema);
    assert_int_equal(engine_append(fixture, &write), 1);
}

static void many_rows_make_several_files_of_the_size_asked_for(void **state)
{
    engine_fixture *fixture = *state;
    const mr_delta_write write = {.schema = &fixture_schema,
                                  .select =
                                      "SELECT i, hash(i)::VARCHAR FROM range(1000000) AS r(i)",
                                  .file_bytes_target = 4 << 20};

    engine_create(fixture, &fixture_schema);
    assert_int_equal(engine_append(fixture, &write), 1000000);
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    assert_true(mr_delta_file_count(snapshot) >= 3);
    assert_int_equal(mr_delta_rows(snapshot), 1000000);
    mr_delta_snapshot_free(snapshot);
    engine_expect(fixture, "SELECT count(*), count(DISTINCT id) FROM {}", "1000000|1000000\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_comes_back_as_it_was),
        TEST(a_timestamp_is_an_instant_in_the_file),
        TEST(statistics_say_what_is_in_a_file),
        TEST(long_texts_are_cut_so_that_nothing_is_skipped_wrongly),
        TEST(a_column_of_nulls_has_no_bounds),
        TEST(no_rows_are_no_files),
        TEST(rows_that_do_not_fit_are_refused_and_leave_nothing),
        TEST(rows_go_into_the_folder_of_their_partition),
        TEST(rows_at_hand_make_the_same_files),
        TEST(rows_at_hand_of_many_partitions_are_sorted_out_by_the_engine),
        TEST(one_given_partition_is_not_looked_for),
        TEST(rows_are_known_by_file_and_number),
        TEST(chosen_files_alone_are_read),
        TEST(a_column_added_later_is_null_before),
        TEST(a_select_may_end_in_a_comment),
        TEST(many_rows_make_several_files_of_the_size_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
