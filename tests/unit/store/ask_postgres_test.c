/* SPDX-License-Identifier: Apache-2.0 */
/* ask_postgres_test.c - SQL of people over a store in PostgreSQL: rows as text, and no way to do or
 * see more. The server's login is a superuser, so that nothing but the role stands in the way. */
#include "ask_answer.h"
#include "postgres_fixture.h"

typedef struct ask_fixture {
    store_fixture base;
    char database[postgres_schema_bytes_max];
    char login[2 * postgres_schema_bytes_max]; /* a second one, which may make no role */
    char url[postgres_url_bytes_max];
} ask_fixture;

static void exec_sql(const ask_fixture *f, const char *sql)
{
    PGconn *conn = postgres_connect(f->url);

    postgres_exec(conn, "SET client_min_messages = warning");
    postgres_exec(conn, sql);
    PQfinish(conn);
}

static const char *value_of(const ask_fixture *f, const char *sql, char value[static 256])
{
    PGconn *conn = postgres_connect(f->url);

    postgres_value(conn, sql, value);
    PQfinish(conn);
    return value;
}

static void open_and_close_a_writer(const char *url)
{
    const mr_store_options options = {.url = url, .mode = MR_STORE_WRITE};
    mr_store *store = NULL;
    mr_err err;

    if (mr_store_open(&options, &store, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    mr_store_close(store);
}

/* A store with a row or two, and the schema of the keys beside it. */
static int make_shop(void **state)
{
    ask_fixture *f = mr_alloc_zero(1, sizeof *f);

    fixture_make_folder(&f->base);
    (void)snprintf(f->database, sizeof f->database, "test_%.24s", strrchr(f->base.folder, '-') + 1);
    (void)snprintf(f->login, sizeof f->login, "%s_login", f->database);
    postgres_make_database(f->database, f->url);
    open_and_close_a_writer(f->url);
    exec_sql(f, "INSERT INTO country (name) VALUES ('France'), ('Spain');"
                "INSERT INTO product (stock_code, description) VALUES ('A', NULL);"
                "CREATE SCHEMA ops; CREATE TABLE ops.secret (word text);"
                "INSERT INTO ops.secret VALUES ('sesame'); CREATE SEQUENCE counter;"
                "CREATE EXTENSION IF NOT EXISTS dblink");
    *state = f;
    return 0;
}

static int remove_shop(void **state)
{
    ask_fixture *f = *state;
    char sql[1024], role[256];

    value_of(f,
             "SELECT string_agg(DISTINCT proowner::regrole::text, ', ') FROM pg_proc"
             " WHERE proname = 'millrace_ask'",
             role);
    (void)snprintf(sql, sizeof sql, "DROP OWNED BY %s, \"%s\" CASCADE; DROP ROLE %s, \"%s\"", role,
                   f->login, role, f->login);
    exec_sql(f, sql);
    postgres_remove_database(f->database);
    fixture_remove_folder(&f->base);
    free(f);
    return 0;
}

static mr_status ask_at(const char *url, const char *sql, answer *ret, mr_err *err)
{
    const mr_store_options options = {.url = url};
    const mr_store_asked asked = {
        .sql = mr_text_of(sql), .columns = columns, .row = row, .is_over = is_over, .ctx = ret};

    return mr_store_ask(&options, &asked, err);
}

static void expect_answer(const ask_fixture *f, const char *sql, const char *expected)
{
    answer given = {.rows_max = 100, .looks_max = 100000};
    mr_err err;

    if (ask_at(f->url, sql, &given, &err) != MR_OK) {
        fail_msg("%s: %s", sql, err.message);
    }
    assert_string_equal(given.text, expected);
}

static void expect_refusal(const ask_fixture *f, const char *sql, const char *because)
{
    answer given = {.rows_max = 100, .looks_max = 100000};
    mr_err err = {.message = ""};
    const mr_status status = ask_at(f->url, sql, &given, &err);

    if (status != MR_INVALID || strstr(err.message, because) == NULL) {
        fail_msg("%s: %d, %s%s", sql, (int)status, err.message, given.text);
    }
}

static void rows_come_as_text(void **state)
{
    expect_answer(*state,
                  "SELECT name, country_id + 1 AS n, name = 'Spain' AS b, '\\x00ff'::bytea AS h,"
                  " 1.50::numeric(9,2) AS d, NULL::date AS z FROM country ORDER BY name -- end",
                  "name:text,n:integer,b:boolean,h:bytea,d:numeric(9,2),z:date,"
                  "|France,2,false,00ff,1.50,NULL,|Spain,3,true,00ff,1.50,NULL,");
    expect_answer(*state, "VALUES (1, 'x'), (2, 'y')", "column1:integer,column2:text,|1,x,|2,y,");
    expect_answer(*state, "SELECT repeat('x', 2000000) AS a, 1 AS a",
                  "a:text,a:integer,|(too large),1,");
    expect_answer(*state, "WITH c AS (TABLE country) SELECT count(*) FROM c", "count:bigint,|2,");
}

static void the_reader_says_when_it_is_enough(void **state)
{
    const ask_fixture *f = *state;
    const mr_store_options options = {.url = f->url};
    answer given = {.rows_max = 1, .looks_max = 100000};
    mr_store_asked asked = {.sql = MR_TEXT_LITERAL("SELECT generate_series(1, 1000) AS n"),
                            .columns = columns,
                            .row = row,
                            .is_over = is_over,
                            .ctx = &given};

    assert_int_equal(mr_store_ask(&options, &asked, NULL), MR_OK);
    assert_string_equal(given.text, "n:integer,|1,");
    given = (answer){.rows_max = 100, .looks_max = 100000};
    asked.rows_max = 2;
    assert_int_equal(mr_store_ask(&options, &asked, NULL), MR_OK);
    assert_string_equal(given.text, "n:integer,|1,|2,");
}

static void whatever_is_no_select_is_refused(void **state)
{
    static const char *const refused[] = {
        "INSERT INTO country (name) VALUES ('x') RETURNING name",
        "WITH a AS (DELETE FROM country RETURNING 1) SELECT * FROM a",
        "UPDATE country SET name = 'x'",
        "DELETE FROM country",
        "TRUNCATE country",
        "DROP TABLE country",
        "CREATE TABLE u (x integer)",
        "CREATE TEMP TABLE u (x integer)",
        "SELECT * INTO u FROM country",
        "SELECT 1 INTO TEMP u",
        "COPY country TO '/tmp/x'",
        "COPY country TO PROGRAM 'id'",
        "SET ROLE postgres",
        "RESET ROLE",
        "RESET SESSION AUTHORIZATION",
        "SET SESSION AUTHORIZATION DEFAULT",
        "SET default_transaction_read_only = off",
        "SHOW server_version",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE DELETE FROM country",
        "BEGIN",
        "COMMIT",
        "DO $$ BEGIN NULL; END $$",
        "CALL nothing()",
        "VACUUM",
        "LISTEN x",
        "PREPARE p AS SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1) AS asked (c0)) AS cells; DELETE FROM country; SELECT (1",
        "SELECT $1::integer",
        "SELECT * FROM nothing",
        "SELECT 1 /* to the end",
        "",
        "-- nothing",
    };

    for (size_t index = 0; index < sizeof refused / sizeof refused[0]; index++) {
        expect_refusal(*state, refused[index], "");
    }
    expect_refusal(*state, "SELECT nme FROM country", "\"nme\" does not exist, at character 8");
    expect_answer(*state, "SELECT count(*) FROM country", "count:bigint,|2,");
}

static void nothing_but_the_shop_can_be_read(void **state)
{
    static const char *const refused[] = {
        "SELECT * FROM ops.secret",
        "SELECT table_to_xml('ops.secret', true, false, '')",
        "SELECT query_to_xml('SELECT * FROM ops.secret', true, false, '')",
        "SELECT database_to_xml(true, false, '') FROM pg_authid",
        "SELECT * FROM schema_migration",
        "SELECT * FROM pg_catalog.pg_authid",
        "SELECT * FROM pg_catalog.pg_shadow",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_read_binary_file('PG_VERSION')",
        "SELECT pg_ls_dir('/')",
        "SELECT pg_stat_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(1, '/tmp/x')",
        "SELECT lo_get(1)",
        "SELECT pg_reload_conf()",
        "SELECT pg_switch_wal()",
        "SELECT nextval('counter')",
        "SELECT dblink_connect('dbname=postgres')",
        "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t (x integer)",
    };

    for (size_t index = 0; index < sizeof refused / sizeof refused[0]; index++) {
        expect_refusal(*state, refused[index], "");
    }
    expect_answer(*state,
                  "SELECT rolname LIKE 'millrace_sql_%test_%', rolsuper FROM pg_roles"
                  " WHERE rolname = current_user",
                  "?column?:boolean,rolsuper:boolean,|true,false,");
}

/* With the function run by the session itself, each of these reads the secret, or writes. */
static void no_query_takes_another_role(void **state)
{
    static const char *const refused[] = {
        "SELECT set_config('role', 'none', false)",
        "SELECT set_config('role', session_user, true)",
        "SELECT set_config('session_authorization', session_user, false)",
        ("SELECT query_to_xml('SELECT * FROM ops.secret', true, false, r) FROM"
         " (SELECT set_config('role', 'none', false) AS r OFFSET 0) AS x"),
        "SELECT * FROM millrace_ask('SELECT set_config(''role'', ''none'', false)') AS t (a text)",
    };

    for (size_t index = 0; index < sizeof refused / sizeof refused[0]; index++) {
        expect_refusal(*state, refused[index], "security-definer function");
    }
    expect_refusal(*state, "SELECT query_to_xml('RESET ROLE', true, false, '')", "");
    expect_refusal(*state, "SELECT set_config('transaction_read_only', 'off', true)", "");
    expect_refusal(*state, "SELECT set_config('lo_compat_privileges', 'on', true)", "");
    expect_refusal(*state, "SELECT * FROM millrace_ask('DROP TABLE country') AS t (a text)", "");
    expect_refusal(*state,
                   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE backend_type = 'client backend' OR pid <> pg_backend_pid()",
                   "");
}

static void what_a_query_leaves_is_gone(void **state)
{
    char value[256];

    answer given = {.rows_max = 100, .looks_max = 100000};
    (void)ask_at(((const ask_fixture *)*state)->url, "SELECT lo_create(0)", &given, NULL);
    expect_answer(*state, "SELECT pg_advisory_lock(1836217197)::text = ''",
                  "?column?:boolean,|true,");
    assert_string_equal(value_of(*state, "SELECT count(*) FROM pg_largeobject_metadata", value),
                        "0");
    open_and_close_a_writer(((const ask_fixture *)*state)->url);
}

static void a_query_ends_when_nobody_waits(void **state)
{
    answer given = {.rows_max = 100, .looks_max = 2};

    assert_int_equal(
        ask_at(((const ask_fixture *)*state)->url, "SELECT pg_sleep(50)::text", &given, NULL),
        MR_STOPPED);
}

static void the_schema_is_what_can_be_read(void **state)
{
    const ask_fixture *f = *state;
    const mr_store_options options = {.url = f->url};
    answer given = {.rows_max = 100, .looks_max = 100000};
    const mr_store_asked asked = {
        .columns = columns, .row = row, .is_over = is_over, .ctx = &given};

    assert_int_equal(mr_store_ask_schema(&options, &asked, NULL), MR_OK);
    assert_non_null(strstr(given.text, "|country,table,name,text,"));
    assert_null(strstr(given.text, "schema_migration"));
    assert_null(strstr(given.text, "secret"));
}

static void expect_unsupported(const char *url, const char *because)
{
    answer given = {.rows_max = 100, .looks_max = 100000};
    mr_err err = {.message = ""};

    assert_int_equal(ask_at(url, "SELECT 1", &given, &err), MR_UNSUPPORTED);
    if (strstr(err.message, because) == NULL) {
        fail_msg("%s", err.message);
    }
}

static void a_role_that_may_do_more_is_not_used(void **state)
{
    const ask_fixture *f = *state;
    char sql[1024], role[256];

    exec_sql(f, "GRANT USAGE ON SCHEMA ops TO PUBLIC");
    expect_unsupported(f->url, "could do more");
    exec_sql(f, "REVOKE USAGE ON SCHEMA ops FROM PUBLIC");
    value_of(f, "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'millrace_ask'", role);
    (void)snprintf(sql, sizeof sql, "GRANT pg_read_all_data TO %s", role);
    exec_sql(f, sql);
    expect_unsupported(f->url, "could do more");
    (void)snprintf(sql, sizeof sql, "REVOKE pg_read_all_data FROM %s", role);
    exec_sql(f, sql);
    exec_sql(f, "ALTER FUNCTION millrace_ask(text) SECURITY INVOKER");
    expect_unsupported(f->url, "could do more");
    exec_sql(f, "ALTER FUNCTION millrace_ask(text) SECURITY DEFINER");
    expect_answer(f, "SELECT 1 AS one", "one:integer,|1,");
}

/* A login without the right to make roles: the store is written, and asking says what it takes. */
static void a_login_of_few_rights_goes_on_without(void **state)
{
    const ask_fixture *f = *state;
    char sql[1024], url[postgres_url_bytes_max];
    PGconn *conn = postgres_connect(f->url);

    (void)snprintf(
        sql, sizeof sql,
        "CREATE ROLE \"%s\" LOGIN PASSWORD 'few'; CREATE SCHEMA few AUTHORIZATION \"%s\"", f->login,
        f->login);
    postgres_exec(conn, sql);
    (void)snprintf(url, sizeof url, "postgresql://%s:few@%s:%s/%s?options=-csearch_path%%3Dfew",
                   f->login, PQhost(conn), PQport(conn), f->database);
    open_and_close_a_writer(url);
    expect_unsupported(url, "may not make it");
    (void)snprintf(sql, sizeof sql, "ALTER ROLE \"%s\" CREATEROLE", f->login);
    postgres_exec(conn, sql);
    open_and_close_a_writer(url);
    (void)snprintf(sql, sizeof sql, "ALTER ROLE \"%s\" NOCREATEROLE", f->login);
    postgres_exec(conn, sql);
    answer given = {.rows_max = 100, .looks_max = 100000};
    assert_int_equal(ask_at(url, "SELECT count(*) FROM country", &given, NULL), MR_OK);
    assert_string_equal(given.text, "count:bigint,|0,");
    PQfinish(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_as_text),
        cmocka_unit_test(the_reader_says_when_it_is_enough),
        cmocka_unit_test(whatever_is_no_select_is_refused),
        cmocka_unit_test(nothing_but_the_shop_can_be_read),
        cmocka_unit_test(no_query_takes_another_role),
        cmocka_unit_test(what_a_query_leaves_is_gone),
        cmocka_unit_test(a_query_ends_when_nobody_waits),
        cmocka_unit_test(the_schema_is_what_can_be_read),
        cmocka_unit_test(a_role_that_may_do_more_is_not_used),
        cmocka_unit_test(a_login_of_few_rights_goes_on_without),
    };

    if (postgres_server() == NULL) {
        return postgres_skipped;
    }
    return cmocka_run_group_tests(tests, make_shop, remove_shop);
}
