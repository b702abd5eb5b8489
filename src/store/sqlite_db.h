/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite_db.h - one SQLite database file: opening, migrating, prepared statements, errors.
 *
 * What store_sqlite*.c and ops_sqlite.c share. A database belongs to one thread. Statements are
 * prepared at their first use, kept in a table that the owner numbers, and left reset.
 */
#ifndef MR_STORE_SQLITE_DB_H
#define MR_STORE_SQLITE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/status.h"
#include "base/text.h"

enum { mr_sqlite_queries_max = 64 };

typedef struct mr_sqlite_query {
    const char *name; /* for errors: "line_insert" */
    const char *sql;
} mr_sqlite_query;

typedef struct mr_sqlite_options {
    const char *path;              /* copied */
    const char *what;              /* for errors: "store"; static */
    const char *pragmas;           /* set on every connection, once the schema stands */
    const char *const *migrations; /* number n brings user_version from n - 1 to n; borrowed */
    int migration_count;
    const mr_sqlite_query *queries; /* borrowed */
    size_t query_count;             /* at most mr_sqlite_queries_max */
    bool read_only;                 /* MR_NOT_FOUND while there is no schema */
    bool durable_commits;           /* synchronous=FULL; else NORMAL */
    uint32_t timeout_ms;            /* waiting for another connection's lock */
} mr_sqlite_options;

typedef struct mr_sqlite {
    sqlite3 *handle;
    char *path;
    const char *what;
    const mr_sqlite_query *queries;
    size_t query_count;
    bool durable_commits;
    sqlite3_stmt *statements[mr_sqlite_queries_max];
} mr_sqlite;

/* On failure nothing is left open. */
mr_status mr_sqlite_open(const mr_sqlite_options *options, mr_sqlite *ret_db, mr_err *err);
void mr_sqlite_close(mr_sqlite *db); /* rolls back; a zeroed struct is fine */

/* "store /path/store.db: <operation>: disk is full", with the status that code means. */
mr_status mr_sqlite_fail(const mr_sqlite *db, int code, const char *operation, mr_err *err);

/* Fixed statements without parameters: BEGIN, COMMIT, PRAGMA. */
mr_status mr_sqlite_exec(mr_sqlite *db, const char *sql, mr_err *err);
/* Also when there is none, or SQLite has ended it already. */
void mr_sqlite_rollback(mr_sqlite *db);

/* The statement number `query`, reset and ready to bind. */
mr_status mr_sqlite_prepare(mr_sqlite *db, size_t query, sqlite3_stmt **ret_statement, mr_err *err);

/* One step. MR_OK: a row stands. MR_NOT_FOUND: no more rows (err untouched); the statement is
 * reset. Others: failed, and reset. */
mr_status mr_sqlite_step(mr_sqlite *db, size_t query, mr_err *err);
/* Runs a statement that gives no rows, and resets it. *ret_changes may be NULL. */
mr_status mr_sqlite_run(mr_sqlite *db, size_t query, int *ret_changes, mr_err *err);
/* Ends a statement before its last row. */
void mr_sqlite_reset(mr_sqlite *db, size_t query);

/* Binding cannot fail but for a mistake of ours, which is asserted. Texts are borrowed until the
 * statement is reset. */
void mr_sqlite_bind_integer(sqlite3_stmt *statement, int index, int64_t value);
void mr_sqlite_bind_null(sqlite3_stmt *statement, int index);
void mr_sqlite_bind_text(sqlite3_stmt *statement, int index, mr_text text); /* absent = NULL */
void mr_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *data, size_t bytes);
void mr_sqlite_bind_amount(sqlite3_stmt *statement, int index, mr_amount amount);

/* Borrowed until the statement moves; absent where the column is NULL. */
mr_text mr_sqlite_column_text(sqlite3_stmt *statement, int index);
mr_text mr_sqlite_column_blob(sqlite3_stmt *statement, int index);
void mr_sqlite_column_string(sqlite3_stmt *statement, int index, char *ret_string, size_t capacity);
bool mr_sqlite_column_is_null(sqlite3_stmt *statement, int index);
/* false: the column does not hold an amount. */
bool mr_sqlite_column_amount(sqlite3_stmt *statement, int index, mr_amount *ret_amount);

#endif
