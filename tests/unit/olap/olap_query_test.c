/* SPDX-License-Identifier: Apache-2.0 */
/* olap_query_test.c - statements: what runs, what is refused, and by which status. */
#include "olap_fixture.h"

#include "base/civil.h"
#include "olap/olap_library.h"

static mr_status query(olap_fixture *fixture, const char *sql, bool read_only)
{
    mr_olap_result *result = NULL;
    mr_status status = mr_olap_query(fixture->connection, sql, read_only, &result, &fixture->err);

    while (status == MR_OK) {
        status = mr_olap_next(result, &fixture->err);
    }
    mr_olap_result_free(result);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static void several_statements_run_for_their_effect(void **state)
{
    olap_fixture *fixture = *state;

    fixture_run(fixture, "CREATE OR REPLACE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2);");
    assert_int_equal(fixture_int64(fixture, "SELECT sum(a)::BIGINT FROM t"), 3);
}

static void wrong_sql_is_invalid_and_said_in_one_line(void **state)
{
    static const char *const wrong[] = {"SELEC 1",
                                        "SELECT nothing",
                                        "SELECT * FROM nowhere",
                                        "SELECT 'x'::INTEGER",
                                        "SELECT error('on purpose')",
                                        "SELECT 2147483647::INTEGER + 1::INTEGER"};
    olap_fixture *fixture = *state;

    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++) {
        fixture->err.message[0] = '\0';
        assert_int_equal(query(fixture, wrong[index], true), MR_INVALID);
        assert_true(fixture->err.message[0] != '\0');
        assert_null(strchr(fixture->err.message, '\n'));
        assert_null(strstr(fixture->err.message, "LINE "));
        assert_int_equal(mr_olap_run(fixture->connection, wrong[index], NULL), MR_INVALID);
    }
}

static void a_missing_file_is_an_io_error(void **state)
{
    olap_fixture *fixture = *state;

    assert_int_equal(query(fixture, "FROM read_parquet('/nonexistent/a.parquet')", true), MR_IO);
}

static void exactly_one_statement_makes_a_query(void **state)
{
    olap_fixture *fixture = *state;

    assert_int_equal(query(fixture, "", true), MR_INVALID);
    assert_int_equal(query(fixture, " -- nothing\n ; ", true), MR_INVALID);
    assert_int_equal(query(fixture, "SELECT 1; SELECT 2", true), MR_INVALID);
    assert_int_equal(query(fixture, "SELECT 1; DROP TABLE t", true), MR_INVALID);
    assert_int_equal(query(fixture, "SELECT 1; -- the end", true), MR_OK);
    assert_int_equal(query(fixture, "SELECT ?", true), MR_INVALID);
}

static void reading_is_allowed_read_only(void **state)
{
    static const char *const reading[] = {
        "SELECT 1",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
        "FROM t",
        "VALUES (1), (2)",
        "DESCRIBE t",
        "SHOW TABLES",
        "SUMMARIZE t",
        "EXPLAIN SELECT * FROM t",
        "/* a */ explain -- b\n analyze SELECT * FROM t",
        "EXPLAIN FROM t",
        "PIVOT t ON a IN (1, 2) USING count(*)",
    };
    olap_fixture *fixture = *state;

    fixture_run(fixture, "CREATE OR REPLACE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    for (size_t index = 0; index < sizeof reading / sizeof reading[0]; index++) {
        if (query(fixture, reading[index], true) != MR_OK) {
            fail_msg("%s: %s", reading[index], fixture->err.message);
        }
    }
}

static void all_else_is_refused_read_only_and_has_no_effect(void **state)
{
    static const char *const writing[] = {
        "INSERT INTO t VALUES (2)",
        "INSERT INTO t VALUES (2) RETURNING a",
        "UPDATE t SET a = 2",
        "DELETE FROM t",
        "TRUNCATE t",
        "MERGE INTO t USING (SELECT 2 AS a) s ON t.a = s.a WHEN NOT MATCHED THEN INSERT",
        "CREATE TABLE u (a INTEGER)",
        "CREATE MACRO m() AS 1",
        "CREATE TEMP VIEW v AS SELECT 1",
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN b INTEGER",
        "COPY t TO '/tmp/millrace-olap-never.csv'",
        "COPY t FROM '/etc/passwd'",
        "EXPORT DATABASE '/tmp/millrace-olap-never'",
        "ATTACH ':memory:' AS other",
        "SET threads = 1",
        "RESET threads",
        "PRAGMA memory_limit = '1GB'",
        "CALL pragma_version()",
        "INSTALL httpfs",
        "LOAD httpfs",
        "BEGIN",
        "CHECKPOINT",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "USE memory",
        "VACUUM",
        "FROM enable_logging()",
        "FROM enable_logging(storage = 'file', storage_path = '/tmp/millrace-olap-never')",
        "FROM \"enable_logging\" /* ( */ ()",
        "FROM system.main.Enable_Logging()",
        "FROM enable_logging\u00a0()",
        "/* /* */ */ FROM enable_logging()",
        "-- x\rFROM enable_logging()",
        "FROM query('FROM enable_logging()')",
        "SELECT write_log('x')",
        "SELECT $$x$$, write_log('x')",
        "SELECT E'\\'', write_log('x'), ''",
        "FROM arrow_scan_dumb(1, 2, 3)",
        "FROM (FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1')))",
        "EXPLAIN INSERT INTO t VALUES (2)",
        "EXPLAIN ANALYZE INSERT INTO t VALUES (2)",
        "EXPLAIN ANALYZE COPY t TO '/tmp/millrace-olap-never.csv'",
        "explain/**/analyze/**/delete from t",
        "EXPLAIN (ANALYZE) DELETE FROM t",
        "EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM t",
        "EXPLAIN ANALYZE (FORMAT JSON) DELETE FROM t",
        "EXPLAIN ANALYZE EXPLAIN ANALYZE DELETE FROM t",
    };
    olap_fixture *fixture = *state;

    fixture_run(fixture, "CREATE OR REPLACE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    for (size_t index = 0; index < sizeof writing / sizeof writing[0]; index++) {
        if (query(fixture, writing[index], true) != MR_INVALID) {
            fail_msg("%s was not refused", writing[index]);
        }
    }
    fixture_expect(fixture, "SELECT list(a) FROM t", "[1]");
    assert_int_equal(access("/tmp/millrace-olap-never.csv", F_OK), -1);
    assert_int_equal(access("/tmp/millrace-olap-never", F_OK), -1);
}

static void without_read_only_a_query_may_write(void **state)
{
    olap_fixture *fixture = *state;

    fixture_run(fixture, "CREATE OR REPLACE TABLE t (a INTEGER)");
    assert_int_equal(fixture_int64(fixture, "INSERT INTO t VALUES (7) RETURNING a"), 7);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM t"), 1);
}

static void a_scalar_is_exactly_one_value(void **state)
{
    olap_fixture *fixture = *state;
    mr_amount amount = {0};
    int64_t value = 77;

    assert_int_equal(
        mr_olap_scalar_amount(fixture->connection, "SELECT 10619986.684", &amount, NULL), MR_OK);
    assert_true(amount.scaled == (__int128)106199866840);
    assert_int_equal(mr_olap_scalar_amount(fixture->connection, "SELECT sum(x) FROM range(3) r(x)",
                                           &amount, NULL),
                     MR_OK);
    assert_true(amount.scaled == 30000);
    assert_int_equal(
        mr_olap_scalar_amount(fixture->connection, "SELECT 1.5::DOUBLE", &amount, NULL),
        MR_INVALID);
    assert_int_equal(mr_olap_scalar_amount(fixture->connection, "SELECT 0.00001", &amount, NULL),
                     MR_INVALID);
    assert_int_equal(mr_olap_scalar_int64(fixture->connection, "SELECT 1, 2", &value, NULL),
                     MR_INVALID);
    assert_int_equal(mr_olap_scalar_int64(fixture->connection, "SELECT 1.0", &value, NULL),
                     MR_INVALID);
    assert_int_equal(
        mr_olap_scalar_int64(fixture->connection, "SELECT 1 WHERE false", &value, NULL),
        MR_NOT_FOUND);
    assert_int_equal(mr_olap_scalar_int64(fixture->connection, "SELECT NULL::BIGINT", &value, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(value, 77);
}

enum { busy_answers = 200 };
static int busy_left; /* the group runs on one thread */
static __typeof__(duckdb_pending_execute_task) *execute_task;

/* The engine, with nothing for the caller to do for a while. */
static duckdb_pending_state be_busy(duckdb_pending_result pending)
{
    return busy_left-- > 0 ? DUCKDB_PENDING_NO_TASKS_AVAILABLE : execute_task(pending);
}

static void a_caller_with_nothing_to_do_leaves_its_core_to_others(void **state)
{
    olap_fixture *fixture = *state;
    const int64_t start_us = mr_monotonic_us();

    busy_left = busy_answers;
    execute_task = mr_duckdb.pending_execute_task;
    mr_duckdb.pending_execute_task = be_busy;
    assert_int_equal(fixture_int64(fixture, "SELECT 7::BIGINT"), 7);
    mr_duckdb.pending_execute_task = execute_task;
    assert_true(busy_left <= 0);
    /* Asking alone takes it a thousandth of that. */
    assert_true(mr_monotonic_us() - start_us >= busy_answers * 10);
}

/* The engine, heard by a thread that another one's failure has stopped. */
static duckdb_pending_state be_stopped(duckdb_pending_result pending)
{
    (void)pending;
    return DUCKDB_PENDING_ERROR;
}

static const char *say_interrupted(duckdb_pending_result pending)
{
    (void)pending;
    return "INTERRUPT Error: Interrupted!";
}

static void a_stop_that_nobody_asked_for_gets_its_reason(void **state)
{
    static const char sql[] = "SELECT CASE WHEN range = 9 THEN error('boo') ELSE '' END "
                              "FROM range(10)";
    const mr_duckdb_table engine = mr_duckdb;
    olap_fixture *fixture = *state;

    mr_duckdb.pending_execute_task = be_stopped;
    mr_duckdb.pending_error = say_interrupted;
    const mr_status status = query(fixture, sql, true);
    mr_duckdb = engine;
    assert_int_equal(status, MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "boo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_statements_run_for_their_effect),
        cmocka_unit_test(wrong_sql_is_invalid_and_said_in_one_line),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(exactly_one_statement_makes_a_query),
        cmocka_unit_test(reading_is_allowed_read_only),
        cmocka_unit_test(all_else_is_refused_read_only_and_has_no_effect),
        cmocka_unit_test(without_read_only_a_query_may_write),
        cmocka_unit_test(a_scalar_is_exactly_one_value),
        cmocka_unit_test(a_caller_with_nothing_to_do_leaves_its_core_to_others),
        cmocka_unit_test(a_stop_that_nobody_asked_for_gets_its_reason),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
