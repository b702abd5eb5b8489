/* SPDX-License-Identifier: Apache-2.0 */
/* sql_session_test.c - queries over tables that were written by the lake's own functions: names,
 * versions, formats, files, and everything that must be refused.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "cli/capture.h"
#include "cli/data_folder.h"
#include "cli/sql_session.h"
#include "lake/delta_sql.h"

enum { path_bytes_max = 160 };

/* Adds the rows of a query to a table, which is made when it is not there. */
static void add_rows(const fixture *f, const char *path, const char *select)
{
    static const mr_delta_field fields[] = {{.name = "k", .type = "long", .comment = "The key"},
                                            {.name = "amount", .type = "decimal(18,4)"},
                                            {.name = "name", .type = "string"}};
    static const mr_delta_schema schema = {.fields = fields, .field_count = 3};
    const mr_blobs_options blobs_options = {.url = "file:", .data_folder = f->folder};
    const mr_olap_options olap_options = {.threads = 1};
    const mr_delta_write write = {.schema = &schema, .select = select};
    mr_delta_commit commit = {.operation = "WRITE", .append_only = true, .data_change = true};
    mr_blobs *blobs = NULL;
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    mr_delta_snapshot *base = NULL;
    mr_delta_files *files = NULL;
    int64_t version;

    assert_int_equal(mr_blobs_open(&blobs_options, &blobs, NULL), MR_OK);
    assert_int_equal(mr_olap_open(&olap_options, &olap, NULL), MR_OK);
    assert_int_equal(mr_olap_connect(olap, &connection, NULL), MR_OK);
    mr_delta_table *table = mr_delta_table_create(blobs, path);
    commit.schema = mr_delta_read(table, &base, NULL) == MR_NOT_FOUND ? &schema : NULL;
    assert_int_equal(mr_delta_write_rows(table, connection, &write, &files, NULL), MR_OK);
    commit.adds = mr_delta_files_list(files);
    commit.add_count = mr_delta_files_count(files);
    assert_int_equal(mr_delta_commit_to(table, base, &commit, &version, NULL), MR_OK);
    mr_delta_files_free(files);
    mr_delta_snapshot_free(base);
    mr_delta_table_destroy(table);
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    mr_blobs_close(blobs);
}

static int make_lake(void **state)
{
    assert_int_equal(set_up(state), 0);
    add_rows(*state, "bronze/lines", "SELECT 1::BIGINT, 1.5::DECIMAL(18,4), 'one'");
    add_rows(*state, "bronze/lines", "SELECT 2::BIGINT, -0.25::DECIMAL(18,4), 'two, \"2\"'");
    add_rows(*state, "silver/lines", "SELECT 3::BIGINT, 0::DECIMAL(18,4), NULL");
    add_rows(*state, "gold/mart_sales", "SELECT 4::BIGINT, 0::DECIMAL(18,4), '\x1b[31mred'");
    return 0;
}

/* What one run of the command keeps. */
typedef struct run {
    mr_sql_session session;
    mr_sql_output output;
    mr_err err;
    char text[capture_bytes_max];
} run;

static run *open_run(const fixture *f, mr_sql_format format, const char *path)
{
    run *r = mr_alloc_zero(1, sizeof *r);

    r->session = (mr_sql_session){.format = format, .limit = UINT64_MAX, .output = &r->output};
    assert_int_equal(mr_sql_output_open(path, format, &r->output, &r->err), MR_OK);
    const mr_sql_lake_options lake = {.lake = {.url = "file:", .data_folder = f->folder},
                                      .data_folder = f->folder,
                                      .out_folder = r->output.folder,
                                      .threads = 1};
    if (mr_sql_lake_open(&lake, &r->session.lake, &r->err) != MR_OK) {
        fail_msg("%s", r->err.message);
    }
    return r;
}

static void close_run(run *r)
{
    mr_sql_lake_close(r->session.lake);
    mr_sql_output_close(&r->output);
    free(r);
}

/* r->text is what went to standard output. */
static mr_status ask(run *r, const char *sql)
{
    capture *errors = capture_begin(stderr);
    capture *out = capture_begin(stdout);
    const mr_status status = mr_sql_session_run_all(&r->session, mr_text_of(sql), &r->err);

    (void)snprintf(r->text, sizeof r->text, "%s", capture_end(out));
    (void)capture_end(errors);
    free(out);
    free(errors);
    return status;
}

static void expect(run *r, const char *sql, const char *text)
{
    if (ask(r, sql) != MR_OK) {
        fail_msg("%s: %s", sql, r->err.message);
    }
    assert_string_equal(r->text, text);
}

static void tables_are_found_by_layer_and_by_name_alone(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);

    expect(r, "SELECT k, amount, name FROM bronze.lines ORDER BY k",
           "k,amount,name\n1,1.5000,one\n2,-0.2500,\"two, \"\"2\"\"\"\n");
    expect(r, "SELECT k, name FROM lines", "k,name\n3,\n"); /* silver before bronze */
    expect(r, "SELECT k FROM LINES l WHERE l.name IS NULL", "k\n3\n");
    expect(r, "SELECT count(*) AS n FROM \"bronze\".\"lines\" a JOIN silver.lines b ON a.k < b.k",
           "n\n2\n");
    expect(r, "SELECT lines.k FROM bronze.lines WHERE lines.k = 1", "k\n1\n");
    expect(r, "WITH lines AS (SELECT 9 AS k) SELECT k FROM lines", "k\n9\n");
    expect(r, "SELECT 1 AS a; SELECT 2 AS b;", "a\n1\nb\n2\n");
    close_run(r);
}

static void older_versions_are_read(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);

    expect(r, "SELECT count(*) AS n FROM bronze.lines VERSION AS OF 0", "n\n1\n");
    expect(r, "SELECT count(*) AS n FROM bronze.lines FOR VERSION AS OF 1 AS l", "n\n2\n");
    expect(r, "SELECT count(*) AS n FROM lines VERSION AS OF 0", "n\n1\n");
    expect(r,
           "SELECT o.name, n.name FROM bronze.lines n LEFT JOIN bronze.lines VERSION AS OF 0 o "
           "USING (k) ORDER BY k",
           "name,name\none,one\n,\"two, \"\"2\"\"\"\n");
    expect(r, "SELECT count(*) AS n FROM bronze.lines TIMESTAMP AS OF '2100-01-01'", "n\n2\n");
    assert_int_equal(ask(r, "FROM bronze.lines VERSION AS OF 7"), MR_NOT_FOUND);
    assert_int_equal(ask(r, "FROM bronze.lines TIMESTAMP AS OF '2001-01-01'"), MR_NOT_FOUND);
    assert_int_equal(ask(r, "FROM bronze.nothing VERSION AS OF 0"), MR_NOT_FOUND);
    assert_int_equal(ask(r, "FROM gold.vw_TotalSales VERSION AS OF 0"), MR_INVALID);
    close_run(r);
}

static void new_rows_are_seen_by_the_next_query(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);

    add_rows(*state, "silver/growing", "SELECT 1::BIGINT, 0::DECIMAL(18,4), ''");
    assert_int_equal(ask(r, "FROM silver.growing"), MR_INVALID); /* made after the start */
    close_run(r);
    r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);
    expect(r, "SELECT sum(k)::BIGINT AS s FROM silver.growing", "s\n1\n");
    add_rows(*state, "silver/growing", "SELECT 2::BIGINT, 0::DECIMAL(18,4), ''");
    expect(r, "SELECT sum(k)::BIGINT AS s FROM silver.growing", "s\n3\n");
    close_run(r);
}

static void formats_are_what_their_names_say(void **state)
{
    static const char query[] = "SELECT k, name, amount FROM bronze.lines ORDER BY k";
    run *r = open_run(*state, MR_SQL_FORMAT_TABLE, NULL);

    expect(r, query,
           " k | name     |  amount\n"
           "---+----------+---------\n"
           " 1 | one      |  1.5000\n"
           " 2 | two, \"2\" | -0.2500\n");
    expect(r, "SELECT name FROM silver.lines", " name\n------\n NULL\n");
    expect(r, "SELECT name FROM gold.mart_sales", " name\n----------\n ?[31mred\n");
    r->session.format = MR_SQL_FORMAT_MARKDOWN;
    expect(r, query,
           "| k | name     |  amount |\n"
           "|--:|----------|--------:|\n"
           "| 1 | one      |  1.5000 |\n"
           "| 2 | two, \"2\" | -0.2500 |\n");
    r->session.format = MR_SQL_FORMAT_JSON;
    expect(r, query,
           "[\n{\"k\":1,\"name\":\"one\",\"amount\":1.5000},\n"
           "{\"k\":2,\"name\":\"two, \\\"2\\\"\",\"amount\":-0.2500}\n]\n");
    expect(r, "SELECT 1 AS a WHERE false", "[]\n");
    r->session.format = MR_SQL_FORMAT_NDJSON;
    r->session.limit = 1;
    expect(r, query, "{\"k\":1,\"name\":\"one\",\"amount\":1.5000}\n");
    r->session.limit = 0;
    expect(r, query, "");
    close_run(r);
}

static void many_rows_pass_through_a_table(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_TABLE, NULL);
    size_t lines = 0;

    assert_int_equal(ask(r, "SELECT range AS a FROM range(3000)"), MR_OK);
    for (const char *at = r->text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 3002);
    assert_non_null(strstr(r->text, "\n 999\n 1000\n")); /* the first width, then it sticks out */
    close_run(r);
}

static void the_lake_describes_itself(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);

    assert_int_equal(ask(r, "\\d"), MR_OK);
    assert_non_null(strstr(r->text, "\nbronze.lines,table,2,2,"));
    assert_non_null(strstr(r->text, "\ngold.vw_TotalSales,view,,,,,"));
    assert_int_equal(ask(r, "\\d bronze.lines"), MR_OK);
    assert_string_equal(r->text, "column,type,nullable,description\nk,long,true,The key\n"
                                 "amount,\"decimal(18,4)\",true,\nname,string,true,\n");
    assert_int_equal(ask(r, "\\d vw_totalsales"), MR_OK);
    assert_non_null(strstr(r->text, "TotalSales,\"decimal("));
    assert_int_equal(ask(r, "\\d bronze.nothing"), MR_NOT_FOUND);
    assert_int_equal(ask(r, "\\x"), MR_INVALID);
    assert_int_equal(ask(r, "DESCRIBE bronze.lines"), MR_OK);
    assert_non_null(strstr(r->text, "\namount,\"DECIMAL(18,4)\","));
    assert_int_equal(ask(r, "SHOW ALL TABLES"), MR_OK);
    assert_non_null(strstr(r->text, "bronze,lines"));
    assert_non_null(strstr(r->text, "gold,mart_sales"));
    close_run(r);
}

static void a_table_that_is_not_there_is_answered_with_those_that_are(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);

    assert_int_equal(ask(r, "FROM bronze.line"), MR_INVALID);
    assert_non_null(strstr(r->err.message, "bronze.lines, gold.mart_sales"));
    assert_int_equal(ask(r, "FROM gold.vw_TotalSales"), MR_NOT_FOUND);
    assert_non_null(strstr(r->err.message, "millrace run"));
    assert_int_equal(ask(r, " ; -- nothing"), MR_INVALID);
    close_run(r);
}

/* %s: the lake's folder, which the engine itself may read and write. */
static void whatever_could_write_or_look_outside_is_refused(void **state)
{
    static const char *const attempts[] = {
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO bronze.lines VALUES (1, 2, '3')",
        "DROP VIEW bronze.lines",
        "COPY (SELECT 1) TO '%s/x.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '%s/x.csv'",
        "EXPORT DATABASE '%s/x'",
        "ATTACH '%s/x.db'",
        "INSTALL httpfs",
        "LOAD '%s/x'",
        "SET threads = 1",
        "PRAGMA threads = 1",
        "CALL enable_logging()",
        "FROM enable_logging(storage = 'file', storage_path = '%s/x')",
        "SELECT 1; DROP SCHEMA bronze CASCADE",
        "FROM read_csv('/etc/passwd')",
        "FROM read_text('/etc/passwd')",
        "FROM read_blob('/proc/self/environ')",
        "FROM read_text('%s/../.env')",
        "FROM '/etc/passwd'",
        "FROM glob('/etc/*')",
        "FROM sniff_csv('/etc/passwd')",
        "FROM read_json('https://localhost/x')",
        "SELECT getenv('HOME')",
        "FROM query('SELECT 1')",
        "SELECT 1) TO '%s/x.parquet' (FORMAT parquet); --",
    };
    fixture *f = *state;
    char folder[path_bytes_max], sql[512];
    run *r = open_run(f, MR_SQL_FORMAT_CSV, NULL);

    (void)snprintf(folder, sizeof folder, "%s/lake", f->folder);
    for (size_t index = 0; index < sizeof attempts / sizeof attempts[0]; index++) {
        const char *mark = strstr(attempts[index], "%s");
        const int before = mark != NULL ? (int)(mark - attempts[index]) : 0;

        (void)snprintf(sql, sizeof sql, "%.*s%s%s", before, attempts[index],
                       mark != NULL ? folder : "", mark != NULL ? mark + 2 : attempts[index]);
        const mr_status status = ask(r, sql);
        if (status != MR_INVALID) {
            fail_msg("%s: status %d", sql, (int)status);
        }
    }
    (void)snprintf(sql, sizeof sql, "%s/x", folder);
    assert_int_equal(access(sql, F_OK), -1);
    (void)snprintf(sql, sizeof sql, "%s/x.csv", folder);
    assert_int_equal(access(sql, F_OK), -1);
    expect(r, "SELECT count(*) AS n FROM bronze.lines", "n\n2\n");
    close_run(r);
}

static void a_query_past_its_time_is_stopped(void **state)
{
    run *r = open_run(*state, MR_SQL_FORMAT_CSV, NULL);

    mr_olap_set_timeout(r->session.lake->connection, 30);
    assert_int_equal(ask(r, "SELECT count(*) FROM range(1000000000) a, range(1000000000) b "
                            "WHERE a.range + b.range = 7"),
                     MR_STOPPED);
    mr_olap_set_timeout(r->session.lake->connection, 0);
    expect(r, "SELECT 1 AS a", "a\n1\n");
    close_run(r);
}

static void a_file_is_whole_or_not_there(void **state)
{
    fixture *f = *state;
    char path[path_bytes_max];
    mr_buffer content;
    run *r;

    (void)snprintf(path, sizeof path, "%s/rows.csv", f->folder);
    mr_buffer_init(&content, 4096);
    r = open_run(f, MR_SQL_FORMAT_CSV, path);
    assert_int_equal(ask(r, "SELECT 1 AS a; SELECT error('boo')"), MR_INVALID);
    close_run(r);
    assert_int_equal(access(path, F_OK), -1);
    r = open_run(f, MR_SQL_FORMAT_CSV, path);
    expect(r, "SELECT 1 AS a", "");
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(mr_sql_output_finish(&r->output, NULL), MR_OK);
    close_run(r);
    assert_int_equal(mr_file_read(path, &content, NULL), MR_OK);
    assert_true(mr_text_equal(mr_buffer_text(&content), MR_TEXT_LITERAL("a\n1\n")));
    mr_buffer_free(&content);
}

static void parquet_is_exact_and_goes_to_the_named_file_alone(void **state)
{
    fixture *f = *state;
    const mr_olap_options options = {.threads = 1};
    char path[path_bytes_max], sql[512];
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    mr_amount amount = {0};
    run *r;

    (void)snprintf(path, sizeof path, "%s/it's rows.parquet", f->folder);
    r = open_run(f, MR_SQL_FORMAT_PARQUET, path);
    assert_int_equal(ask(r, "DROP VIEW bronze.lines"), MR_INVALID);
    assert_int_equal(ask(r, "SELECT 1) TO '/tmp/x' --"), MR_INVALID);
    assert_int_equal(ask(r, "SELECT 1; SELECT 2"), MR_INVALID);
    expect(r, "SELECT sum(k) AS \"s\"\"um\", sum(amount) AS amount FROM bronze.lines -- the end",
           "");
    assert_int_equal(mr_sql_output_finish(&r->output, NULL), MR_OK);
    close_run(r);
    assert_int_equal(mr_olap_open(&options, &olap, NULL), MR_OK);
    assert_int_equal(mr_olap_connect(olap, &connection, NULL), MR_OK);
    (void)snprintf(sql, sizeof sql,
                   "SELECT \"s\"\"um\" + amount FROM read_parquet('%s/it''s rows.parquet')",
                   f->folder);
    assert_int_equal(mr_olap_scalar_amount(connection, sql, &amount, NULL), MR_OK);
    assert_true(amount.scaled == 42500);
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_found_by_layer_and_by_name_alone),
        cmocka_unit_test(older_versions_are_read),
        cmocka_unit_test(new_rows_are_seen_by_the_next_query),
        cmocka_unit_test(formats_are_what_their_names_say),
        cmocka_unit_test(many_rows_pass_through_a_table),
        cmocka_unit_test(the_lake_describes_itself),
        cmocka_unit_test(a_table_that_is_not_there_is_answered_with_those_that_are),
        cmocka_unit_test(whatever_could_write_or_look_outside_is_refused),
        cmocka_unit_test(a_query_past_its_time_is_stopped),
        cmocka_unit_test(a_file_is_whole_or_not_there),
        cmocka_unit_test(parquet_is_exact_and_goes_to_the_named_file_alone),
    };

    return cmocka_run_group_tests(tests, make_lake, tear_down);
}
