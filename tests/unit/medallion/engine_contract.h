/* SPDX-License-Identifier: Apache-2.0 */
/* engine_contract.h - what the runner expects of every engine (medallion/engine.h), as one test.
 *
 * Statements are of the kind that the runner makes; each engine's own test runs all of it.
 */
#ifndef MR_TEST_ENGINE_CONTRACT_H
#define MR_TEST_ENGINE_CONTRACT_H

#include "lake_fixture.h"

#include "medallion/engine.h"

typedef struct contract_rows {
    mr_buffer text; /* a line a row, values with '|' between them, \N for NULL */
} contract_rows;

static inline mr_status contract_take(void *ctx, const mr_text *values, size_t count, mr_err *err)
{
    contract_rows *rows = ctx;

    (void)err;
    for (size_t i = 0; i < count; i++) {
        (void)mr_buffer_append_string(&rows->text, i == 0 ? "" : "|");
        (void)mr_buffer_append_text(&rows->text,
                                    values[i].data == NULL ? MR_TEXT_LITERAL("\\N") : values[i]);
    }
    (void)mr_buffer_append_string(&rows->text, "\n");
    return MR_OK;
}

static inline void contract_expect(mr_engine *engine, const char *sql, const char *expected)
{
    contract_rows rows;

    mr_buffer_init(&rows.text, 1 << 20);
    OK(mr_engine_query(engine, sql, contract_take, &rows, &err));
    (void)mr_buffer_append(&rows.text, "", 1);
    assert_string_equal(rows.text.data, expected);
    mr_buffer_free(&rows.text);
}

static const mr_delta_field contract_fields[] = {
    {.name = "id", .type = "binary"},    {.name = "text", .type = "string"},
    {.name = "whole", .type = "long"},   {.name = "small", .type = "integer"},
    {.name = "day", .type = "date"},     {.name = "instant", .type = "timestamp"},
    {.name = "flag", .type = "boolean"}, {.name = "money", .type = "decimal(18,4)"},
    {.name = "part", .type = "integer"}, {.name = "wide", .type = "decimal(38,4)"},
};

static const mr_delta_schema contract_schema = {
    .fields = contract_fields, .field_count = 10, .partition_columns = {"part"}};

static const char contract_values[] =
    "SELECT CAST(v.id AS BINARY) AS \"id\", v.text, CAST(v.whole AS BIGINT) AS \"whole\", "
    "CAST(v.small AS INTEGER) AS \"small\", CAST(v.day AS DATE) AS \"day\", "
    "CAST(v.instant AS TIMESTAMP) AS \"instant\", v.flag, CAST(v.money AS decimal(18,4)) AS "
    "\"money\", "
    "CAST(v.part AS INTEGER) AS \"part\", CAST(v.money AS decimal(38,4)) AS \"wide\" FROM (VALUES "
    "('ab', 'O''Neill \\ \"x\" \xc3\xa4\xe2\x82\xac', 9007199254740993, -1, '2011-12-09', "
    "'2011-12-09 12:50:00', true, '-11062.0600', 7), "
    "('c', CAST(NULL AS STRING), 2, 5, '2010-12-01', '2010-12-01 08:26:00.000001', false, "
    "'0.0001', 7), "
    "('d', 'z', CAST(NULL AS BIGINT), 3, CAST(NULL AS STRING), CAST(NULL AS STRING), "
    "CAST(NULL AS BOOLEAN), '1.5', CAST(NULL AS INTEGER))) "
    "AS v(id, text, whole, small, day, instant, flag, money, part)";

static const char contract_text[] =
    "6162|O'Neill \\ \"x\" \xc3\xa4\xe2\x82\xac|9007199254740993|-1|2011-12-09|2011-12-09 "
    "12:50:00|true|-11062.0600|7|-11062.0600\n"
    "63|\\N|2|5|2010-12-01|2010-12-01 08:26:00.000001|false|0.0001|7|0.0001\n"
    "64|z|\\N|3|\\N|\\N|\\N|1.5000|\\N|1.5000\n";

static inline void contract_sql(mr_engine *engine)
{
    int64_t count = 0;
    mr_err fault;

    OK(mr_engine_make(engine, "pending", contract_values, &err));
    contract_expect(engine, "SELECT * FROM pending ORDER BY \"id\"", contract_text);
    OK(mr_engine_bind(engine, "silver.things", "SELECT * FROM pending WHERE \"part\" = 7", &err));
    OK(mr_engine_count(engine, "SELECT count(*) FROM silver.things t", &count, &err));
    assert_int_equal(count, 2);
    /* Bound anew, it is what it is bound to; a table made anew likewise. */
    OK(mr_engine_bind(engine, "silver.things",
                      "SELECT * FROM pending AS whole WHERE whole.\"small\" > 2", &err));
    contract_expect(engine,
                    "SELECT things.text, t.id FROM silver.things t JOIN silver.things ON "
                    "(things.\"id\" IS NOT DISTINCT FROM t.\"id\") ORDER BY 2",
                    "\\N|63\nz|64\n");
    OK(mr_engine_make(engine, "gone", "SELECT \"id\", \"part\" FROM silver.things", &err));
    contract_expect(engine,
                    "SELECT r.\"id\" FROM pending AS r ANTI JOIN gone g ON (r.\"id\" IS NOT "
                    "DISTINCT FROM g.\"id\")",
                    "6162\n");
    contract_expect(engine,
                    "SELECT r.\"id\" FROM pending AS r SEMI JOIN gone g ON (r.\"part\" IS NOT "
                    "DISTINCT FROM g.\"part\") WHERE r.\"text\" IN ('z', 'it''s')",
                    "64\n");
    contract_expect(engine,
                    "SELECT count(*) FROM (SELECT \"part\" FROM pending AS u GROUP BY ALL HAVING "
                    "count(*) > 1) AS t",
                    "1\n");
    contract_expect(engine, "SELECT 'silver.things', '--', 7 % 4 -- silver.things\n",
                    "silver.things|--|3\n");
    contract_expect(
        engine,
        "SELECT (TIMESTAMP '2011-01-01 00:00:00', 2) > (TIMESTAMP '2011-01-01 00:00:00', 1)",
        "true\n");
    assert_int_equal(
        mr_engine_count(engine, "SELECT \"whole\" FROM pending WHERE \"id\" = CAST('d' AS BINARY)",
                        &count, &fault),
        MR_NOT_FOUND);
    assert_int_equal(
        mr_engine_query(engine, "SELECT nothing FROM silver.things", contract_take, NULL, &fault),
        MR_INVALID);
    assert_non_null(strstr(fault.message, "nothing"));
    OK(mr_engine_count(engine, "SELECT count(*) FROM gone", &count,
                       &err)); /* it goes on behind an error */
    assert_int_equal(count, 2);
}

static inline void contract_check_files(const mr_delta_files *files)
{
    const mr_delta_file *list = mr_delta_files_list(files);

    assert_int_equal(mr_delta_files_count(files), 2);
    assert_int_equal(mr_delta_files_rows(files), 3);
    for (size_t i = 0; i < 2; i++) {
        const bool of_none = list[i].partition_values[0] == NULL;
        assert_int_equal(list[i].rows, of_none ? 1 : 2);
        assert_true(of_none || strcmp(list[i].partition_values[0], "7") == 0);
        assert_non_null(strstr(list[i].path,
                               of_none ? "part=__HIVE_DEFAULT_PARTITION__/part-" : "part=7/part-"));
        assert_non_null(strstr(list[i].tags, of_none ? "\"millrace.sum\":\"1.5000\""
                                                     : "\"millrace.sum\":\"-11062.0599\""));
        assert_true(list[i].bytes > 0);
        assert_string_equal(
            list[i].stats,
            of_none ? "{\"numRecords\":1,\"minValues\":{\"text\":\"z\",\"small\":3,\"money\":1."
                      "5000,\"wide\":1.5000},"
                      "\"maxValues\":{\"text\":\"z\",\"small\":3,\"money\":1.5000,\"wide\":1.5000},"
                      "\"nullCount\":{\"id\":0,\"text\":0,\"whole\":1,\"small\":0,\"day\":1,"
                      "\"instant\":"
                      "1,\"flag\":1,\"money\":0,\"wide\":0}}"
                    : "{\"numRecords\":2,\"minValues\":{\"text\":\"O'Neill \\\\ \\\"x\\\" "
                      "\xc3\xa4\xe2\x82\xac\",\"whole\":2,\"small\":-1,"
                      "\"day\":\"2010-12-01\",\"instant\":\"2010-12-01T08:26:00.000Z\",\"money\":-"
                      "11062."
                      "0600,\"wide\":-11062.0600},"
                      "\"maxValues\":{\"text\":\"O'Neill \\\\ \\\"x\\\" "
                      "\xc3\xa4\xe2\x82\xac\",\"whole\":9007199254740993,\"small\":5,"
                      "\"day\":\"2011-12-09\",\"instant\":\"2011-12-09T12:50:00.000Z\",\"money\":0."
                      "0001,"
                      "\"wide\":0.0001},"
                      "\"nullCount\":{\"id\":0,\"text\":1,\"whole\":0,\"small\":0,\"day\":0,"
                      "\"instant\":"
                      "0,\"flag\":0,\"money\":0,\"wide\":0}}");
    }
}

/* Writes and reads again what it wrote, by itself and by DuckDB. */
static inline void contract_files(lake_fixture *f, mr_engine *engine)
{
    mr_delta_table *table = mr_delta_table_create(f->blobs, "silver/things");
    const mr_delta_write write = {
        .schema = &contract_schema, .select = "SELECT * FROM pending", .sum_column = "money"};
    mr_delta_files *files = NULL;
    const mr_delta_file *list[2];
    mr_buffer sql;

    OK(mr_engine_make(engine, "pending", contract_values, &err));
    OK(mr_engine_write(engine, table, &write, &files, &err));
    contract_check_files(files);
    list[0] = &mr_delta_files_list(files)[0];
    list[1] = &mr_delta_files_list(files)[1];
    mr_engine_files rows = {.table = table, .schema = &contract_schema, .files = list, .count = 2};
    mr_buffer_init(&sql, 1 << 20);
    (void)mr_buffer_append_string(&sql, "SELECT * FROM ");
    OK(mr_engine_relation(engine, &rows, &sql, &err));
    (void)mr_buffer_printf(&sql, " AS r ORDER BY \"id\"%c", '\0');
    contract_expect(engine, sql.data, contract_text);

    rows.with_paths = true;
    rows.count = 1;
    mr_buffer_clear(&sql);
    (void)mr_buffer_append_string(&sql, "SELECT DISTINCT r.file_path FROM ");
    OK(mr_engine_relation(engine, &rows, &sql, &err));
    (void)mr_buffer_printf(&sql, " AS r%c", '\0');
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s\n", list[0]->path);
    contract_expect(engine, sql.data, path);

    rows.count = 0;
    mr_buffer_clear(&sql);
    (void)mr_buffer_append_string(&sql, "SELECT count(*), count(r.file_path), max(r.money) FROM ");
    OK(mr_engine_relation(engine, &rows, &sql, &err));
    (void)mr_buffer_printf(&sql, " AS r%c", '\0');
    contract_expect(engine, sql.data, "0|0|\\N\n");
    mr_delta_files_discard(table, files);
    mr_delta_files_free(files);

    const mr_delta_write none = {.schema = &contract_schema,
                                 .select = "SELECT * FROM pending WHERE \"small\" = 77"};
    OK(mr_engine_write(engine, table, &none, &files, &err));
    assert_int_equal(mr_delta_files_count(files), 0);
    mr_delta_files_free(files);
    mr_buffer_free(&sql);
    mr_delta_table_destroy(table);
}

#endif
