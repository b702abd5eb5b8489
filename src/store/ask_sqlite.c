/* SPDX-License-Identifier: Apache-2.0 */
/* store/ask_sqlite.c - one SELECT over the store's file, behind SQLite's own authorizer.
 *
 * Invariants: (1) the connection is of this call alone, read-only, and ends with it;
 *             (2) the authorizer stands before the statement is looked at, and refuses whatever it
 *             does not know.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/ask_backend.h"
#include "store/store_sqlite.h"

enum {
    steps_between_looks = 10000, /* of SQLite's machine: some tenths of a millisecond */
    attached_max = 0,
};

/* --- What may be done ------------------------------------------------------------------------- */

static int authorize(void *ctx, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)ctx;
    (void)database;
    (void)trigger;
    (void)first;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second != NULL && sqlite3_stricmp(second, "load_extension") != 0 ? SQLITE_OK
                                                                                : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int look(void *ctx)
{
    const mr_store_asked *asked = ctx;

    return asked->is_over(asked->ctx) ? 1 : 0;
}

static mr_status fail(sqlite3 *db, int code, mr_err *err)
{
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        return mr_fail(err, MR_STOPPED, "the query was stopped: it took too long, or nobody waits");
    case SQLITE_AUTH:
        return mr_fail(err, MR_INVALID, "only SELECT over the store's own tables is allowed");
    case SQLITE_BUSY:
        return mr_fail(err, MR_UNAVAILABLE, "the store is busy");
    case SQLITE_CANTOPEN:
        return mr_fail(err, MR_NOT_FOUND, "there is no store yet");
    case SQLITE_TOOBIG:
        return mr_fail(err, MR_LIMIT, "%s", sqlite3_errmsg(db));
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_READONLY:
        return mr_fail(err, MR_INVALID, "%s", sqlite3_errmsg(db));
    default:
        return mr_fail(err, MR_IO, "ask the store: %s", sqlite3_errmsg(db));
    }
}

/* Of a statement that was only looked at: but for the file itself, the statement is to blame. */
static mr_status fail_statement(sqlite3 *db, int code, mr_err *err)
{
    switch (code & 0xff) {
    case SQLITE_AUTH:
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
        return fail(db, code, err);
    default:
        return mr_fail(err, MR_INVALID, "%s", sqlite3_errmsg(db));
    }
}

/* ours: the statement is the program's own, which may look into the schema. */
static mr_status open_file(const mr_store_options *options, const mr_store_asked *asked, bool ours,
                           sqlite3 **ret_db, mr_err *err)
{
    char *path = mr_sqlite_store_path(options);
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

    free(path);
    if (code == SQLITE_OK) {
        (void)sqlite3_busy_timeout(db, 1000);
        code = sqlite3_exec(db, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF", NULL, NULL,
                            NULL);
    }
    if (code != SQLITE_OK) {
        const mr_status status = fail(db, code, err);

        (void)sqlite3_close(db);
        return status;
    }
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, mr_store_ask_cell_bytes_max);
    (void)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, mr_store_ask_sql_bytes_max);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, attached_max);
    (void)sqlite3_limit(db, SQLITE_LIMIT_COLUMN, mr_store_ask_columns_max);
    if (!ours) {
        (void)sqlite3_set_authorizer(db, authorize, NULL);
    }
    sqlite3_progress_handler(db, steps_between_looks, look, (void *)(uintptr_t)asked);
    *ret_db = db;
    return MR_OK;
}

/* --- Rows ------------------------------------------------------------------------------------- */

static mr_status tell_columns(sqlite3_stmt *statement, const mr_store_asked *asked, mr_err *err)
{
    const char *names[mr_store_ask_columns_max], *types[mr_store_ask_columns_max];
    const int count = sqlite3_column_count(statement);

    if (count == 0 || count > mr_store_ask_columns_max) {
        return mr_fail(err, MR_INVALID, "a query has 1 to %d columns", mr_store_ask_columns_max);
    }
    for (int column = 0; column < count; column++) {
        const char *type = sqlite3_column_decltype(statement, column);

        names[column] = sqlite3_column_name(statement, column);
        types[column] = type != NULL ? type : "";
    }
    return asked->columns(asked->ctx, names, types, (size_t)count, err);
}

/* A blob as hex, kept in `hex`. */
static mr_text cell_of(sqlite3_stmt *statement, int column, char **hex)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
        return MR_TEXT_ABSENT;
    }
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB) {
        const unsigned char *text = sqlite3_column_text(statement, column);

        return (mr_text){text != NULL ? (const char *)text : "",
                         (size_t)sqlite3_column_bytes(statement, column)};
    }
    const size_t bytes = (size_t)sqlite3_column_bytes(statement, column);
    const void *data = sqlite3_column_blob(statement, column);

    *hex = mr_realloc(*hex, 2 * bytes + 1);
    mr_hex_encode(data != NULL ? data : "", data != NULL ? bytes : 0, *hex);
    return mr_text_of(*hex);
}

static mr_status tell_row(sqlite3_stmt *statement, const mr_store_asked *asked, char **hex,
                          mr_err *err)
{
    mr_text cells[mr_store_ask_columns_max];
    const int count = sqlite3_column_count(statement);

    for (int column = 0; column < count; column++) {
        cells[column] = cell_of(statement, column, &hex[column]);
    }
    return asked->row(asked->ctx, cells, (size_t)count, err);
}

static mr_status run(sqlite3 *db, sqlite3_stmt *statement, const mr_store_asked *asked, mr_err *err)
{
    char *hex[mr_store_ask_columns_max] = {NULL};
    mr_status status = tell_columns(statement, asked, err);
    int code = SQLITE_ROW;

    while (status == MR_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = tell_row(statement, asked, hex, err);
    }
    if (status == MR_OK && code != SQLITE_DONE) {
        status = fail(db, code, err);
    }
    for (size_t column = 0; column < mr_store_ask_columns_max; column++) {
        free(hex[column]);
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* Nothing but blanks, comments and semicolons. */
static bool is_blank(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = sql;
    bool blank = true;

    while (blank && *tail != '\0') {
        const char *from = tail;

        blank = sqlite3_prepare_v2(db, from, -1, &statement, &tail) == SQLITE_OK &&
                statement == NULL && tail != from;
        (void)sqlite3_finalize(statement);
        statement = NULL;
    }
    return blank;
}

static mr_status ask(const mr_store_options *options, const mr_store_asked *asked, bool ours,
                     mr_err *err)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    const char *tail = NULL;
    char *sql = NULL;
    mr_status status = open_file(options, asked, ours, &db, err);

    if (status != MR_OK) {
        return status;
    }
    sql = mr_alloc(asked->sql.bytes + 1);
    memcpy(sql, asked->sql.data, asked->sql.bytes);
    sql[asked->sql.bytes] = '\0';
    const int code = sqlite3_prepare_v2(db, sql, -1, &statement, &tail);
    if (code != SQLITE_OK) {
        status = fail_statement(db, code, err);
    } else if (statement == NULL || !is_blank(db, tail) || sqlite3_stmt_readonly(statement) == 0) {
        status = mr_fail(err, MR_INVALID, "one SELECT is taken at a time");
    } else {
        status = run(db, statement, asked, err);
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    free(sql);
    return status;
}

static mr_status ask_theirs(const mr_store_options *options, const mr_store_asked *asked,
                            mr_err *err)
{
    return ask(options, asked, false, err);
}

static mr_status ask_schema(const mr_store_options *options, const mr_store_asked *asked,
                            mr_err *err)
{
    mr_store_asked own = *asked;

    own.sql = MR_TEXT_LITERAL("SELECT t.name, t.type, c.name, c.type FROM sqlite_schema t,"
                              " pragma_table_info(t.name) c WHERE t.type IN ('table', 'view')"
                              " AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid");
    return ask(options, &own, true, err);
}

const mr_ask_backend mr_ask_sqlite = {.ask = ask_theirs, .schema = ask_schema};
