/* SPDX-License-Identifier: Apache-2.0 */
/* ask_sqlite_test.c - SQL of people over the store's file: rows as text, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask_answer.h"
#include "base/memory.h"

typedef struct fixture {
    char path[64], url[80];
} fixture;

static int make_store(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);
    sqlite3 *db = NULL;

    (void)snprintf(f->path, sizeof f->path, "/tmp/store_ask_%ld.db", (long)getpid());
    (void)snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE t (k INTEGER, v BLOB); INSERT INTO t VALUES"
                                  " (1, x'00ff'), (2, 'text'), (3, NULL)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    *state = f;
    return 0;
}

static int remove_store(void **state)
{
    fixture *f = *state;

    (void)unlink(f->path);
    free(f);
    return 0;
}

static mr_status ask(const fixture *f, const char *sql, answer *ret, mr_err *err)
{
    const mr_store_options options = {.url = f->url};
    const mr_store_asked asked = {
        .sql = mr_text_of(sql), .columns = columns, .row = row, .is_over = is_over, .ctx = ret};

    return mr_store_ask(&options, &asked, err);
}

static void rows_come_as_text(void **state)
{
    answer given = {.rows_max = 100, .looks_max = 1000};

    assert_int_equal(ask(*state, "SELECT k, v, k + 1 AS n FROM t ORDER BY k; -- end", &given, NULL),
                     MR_OK);
    assert_string_equal(given.text, "k:INTEGER,v:BLOB,n:,|1,00ff,2,|2,text,3,|3,NULL,4,");
}

static void the_reader_says_when_it_is_enough(void **state)
{
    answer given = {.rows_max = 1, .looks_max = 1000};

    assert_int_equal(ask(*state, "SELECT k FROM t ORDER BY k", &given, NULL), MR_OK);
    assert_string_equal(given.text, "k:INTEGER,|1,");
}

static void whatever_is_no_select_is_refused(void **state)
{
    static const char *const refused[] = {"DELETE FROM t",
                                          "INSERT INTO t VALUES (4, 5)",
                                          "DROP TABLE t",
                                          "CREATE TABLE u (x)",
                                          "CREATE TEMP TABLE u (x)",
                                          "ATTACH '/tmp/other.db' AS o",
                                          "PRAGMA query_only = OFF",
                                          "PRAGMA table_info(t)",
                                          "SELECT load_extension('x')",
                                          "SELECT 1; DELETE FROM t",
                                          "BEGIN",
                                          "VACUUM",
                                          "REINDEX",
                                          "ANALYZE",
                                          "EXPLAIN DELETE FROM t",
                                          "WITH a AS (SELECT 1) DELETE FROM t",
                                          "SELECT * FROM nothing",
                                          "",
                                          "-- nothing",
                                          "SELECT"};
    answer given = {.rows_max = 100, .looks_max = 1000};
    mr_err err;

    for (size_t index = 0; index < sizeof refused / sizeof refused[0]; index++) {
        if (ask(*state, refused[index], &given, &err) != MR_INVALID) {
            fail_msg("%s was taken: %s", refused[index], err.message);
        }
    }
    given.text[0] = '\0';
    assert_int_equal(ask(*state, "SELECT count(*) AS n FROM t", &given, NULL), MR_OK);
    assert_string_equal(given.text, "n:,|3,");
}

static void a_query_ends_when_nobody_waits(void **state)
{
    answer given = {.rows_max = 100, .looks_max = 3};

    assert_int_equal(ask(*state,
                         "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
                         " SELECT count(*) FROM c",
                         &given, NULL),
                     MR_STOPPED);
    assert_int_equal(given.looks, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_as_text, make_store, remove_store),
        cmocka_unit_test_setup_teardown(the_reader_says_when_it_is_enough, make_store,
                                        remove_store),
        cmocka_unit_test_setup_teardown(whatever_is_no_select_is_refused, make_store, remove_store),
        cmocka_unit_test_setup_teardown(a_query_ends_when_nobody_waits, make_store, remove_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
