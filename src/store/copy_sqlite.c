/* SPDX-License-Identifier: Apache-2.0 */
/* store/copy_sqlite.c - the tables of a SQLite file as rows of plain cells.
 *
 * Owns:       a connection of its own, in one transaction from open to close: that is the moment.
 * Called by:  store_copy.c, on its thread.
 * Not here:   which tables there are (store_copy.c), the schema (sql/sqlite_001.sql).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/copy_backend.h"
#include "store/store_sqlite.h"

enum { statement_bytes_max = 1024 };

typedef struct copy_end {
    sqlite3 *handle;
    char *path;
    sqlite3_stmt *insert; /* of the table that rows are put into */
} copy_end;

static mr_status fail_sqlite(const copy_end *end, const char *operation, mr_err *err)
{
    int code = sqlite3_errcode(end->handle) & 0xff;
    mr_status status = code == SQLITE_BUSY || code == SQLITE_LOCKED      ? MR_UNAVAILABLE
                       : code == SQLITE_FULL                             ? MR_FULL
                       : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? MR_CORRUPT
                                                                         : MR_IO;

    return mr_fail(err, status, "%s: %s: %s", end->path, operation, sqlite3_errmsg(end->handle));
}

static mr_status exec(copy_end *end, const char *sql, mr_err *err)
{
    return sqlite3_exec(end->handle, sql, NULL, NULL, NULL) == SQLITE_OK
               ? MR_OK
               : fail_sqlite(end, sql, err);
}

static void close_end(void *state)
{
    copy_end *end = state;

    (void)sqlite3_finalize(end->insert);
    (void)sqlite3_close(end->handle); /* rolls back */
    free(end->path);
    free(end);
}

static mr_status open_end(const mr_store_options *options, bool is_ops, bool writing,
                          void **ret_state, mr_err *err)
{
    copy_end *end = mr_alloc_zero(1, sizeof(*end));
    int flags = writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    mr_status status = MR_OK;

    end->path =
        is_ops ? mr_path_join(options->data_folder, "ops.db") : mr_sqlite_store_path(options);
    if (access(end->path, F_OK) != 0) {
        status = mr_fail(err, MR_NOT_FOUND, "%s does not exist", end->path);
    } else if (sqlite3_open_v2(end->path, &end->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
               SQLITE_OK) {
        status = fail_sqlite(end, "open", err);
    } else {
        (void)sqlite3_busy_timeout(end->handle, 5000);
        status = exec(end, writing ? "BEGIN IMMEDIATE" : "BEGIN", err);
    }
    if (status != MR_OK) {
        close_end(end);
        return status;
    }
    *ret_state = end;
    return MR_OK;
}

/* "a, b, c" of a table; sign instead of names: "?, ?, ?". */
static void append_columns(mr_buffer *sql, const mr_copy_table *table, const char *sign)
{
    int index;

    for (index = 0; index < table->column_count; index++) {
        mr_buffer_printf(sql, "%s%s", index == 0 ? "" : ", ",
                         sign != NULL ? sign : table->columns[index].name);
    }
}

static mr_status prepare(copy_end *end, mr_buffer *sql, sqlite3_stmt **ret_statement, mr_err *err)
{
    int code;

    MR_ASSERT(!sql->overflowed);
    code = sqlite3_prepare_v2(end->handle, sql->data, (int)sql->bytes, ret_statement, NULL);
    mr_buffer_free(sql);
    return code == SQLITE_OK ? MR_OK : fail_sqlite(end, "prepare", err);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static bool take_cell(sqlite3_stmt *statement, int index, mr_copy_kind kind, mr_copy_cell *cell)
{
    *cell = (mr_copy_cell){.is_null = mr_sqlite_column_is_null(statement, index)};
    if (cell->is_null) {
        return true;
    }
    switch (kind) {
    case MR_COPY_AMOUNT:
        return mr_sqlite_column_amount(statement, index, &cell->amount);
    case MR_COPY_TEXT:
        cell->text = mr_sqlite_column_text(statement, index);
        return true;
    case MR_COPY_BYTES:
        cell->text = mr_sqlite_column_blob(statement, index);
        return true;
    case MR_COPY_INT4:
    case MR_COPY_INT8:
    case MR_COPY_FLAG:
    case MR_COPY_DATE:
    case MR_COPY_PRICE:
        break;
    }
    cell->number = sqlite3_column_int64(statement, index);
    return true;
}

static mr_status visit_row(copy_end *end, sqlite3_stmt *statement, const mr_copy_table *table,
                           mr_copy_visit visit, void *ctx, mr_err *err)
{
    mr_copy_cell cells[mr_copy_columns_max];
    int index;

    for (index = 0; index < table->column_count; index++) {
        if (!take_cell(statement, index, table->columns[index].kind, &cells[index])) {
            return mr_fail(err, MR_CORRUPT, "%s: table %s, column %s: not an amount", end->path,
                           table->name, table->columns[index].name);
        }
    }
    return visit(ctx, cells, err);
}

static mr_status read_table(void *state, const mr_copy_table *table, mr_copy_visit visit, void *ctx,
                            mr_err *err)
{
    copy_end *end = state;
    sqlite3_stmt *statement = NULL;
    mr_buffer sql;
    mr_status status;
    int code;

    mr_buffer_init(&sql, statement_bytes_max);
    mr_buffer_printf(&sql, "SELECT ");
    append_columns(&sql, table, NULL);
    mr_buffer_printf(&sql, " FROM %s ORDER BY %s", table->name, table->columns[0].name);
    status = prepare(end, &sql, &statement, err);
    while (status == MR_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = code == SQLITE_ROW ? visit_row(end, statement, table, visit, ctx, err)
                                    : fail_sqlite(end, table->name, err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static mr_status put_begin(void *state, const mr_copy_table *table, mr_err *err)
{
    copy_end *end = state;
    mr_buffer sql;

    mr_buffer_init(&sql, statement_bytes_max);
    mr_buffer_printf(&sql, "INSERT INTO %s (", table->name);
    append_columns(&sql, table, NULL);
    mr_buffer_printf(&sql, ") VALUES (");
    append_columns(&sql, table, "?");
    mr_buffer_printf(&sql, ")");
    return prepare(end, &sql, &end->insert, err);
}

static void bind_cell(sqlite3_stmt *statement, int index, mr_copy_kind kind,
                      const mr_copy_cell *cell)
{
    if (cell->is_null) {
        mr_sqlite_bind_null(statement, index);
    } else if (kind == MR_COPY_AMOUNT) {
        mr_sqlite_bind_amount(statement, index, cell->amount);
    } else if (kind == MR_COPY_TEXT) {
        mr_sqlite_bind_text(statement, index, cell->text);
    } else if (kind == MR_COPY_BYTES) {
        mr_sqlite_bind_blob(statement, index, cell->text.data, cell->text.bytes);
    } else {
        mr_sqlite_bind_integer(statement, index, cell->number);
    }
}

static mr_status put(void *state, const mr_copy_table *table, const mr_copy_cell *cells,
                     mr_err *err)
{
    copy_end *end = state;
    int index;

    for (index = 0; index < table->column_count; index++) {
        bind_cell(end->insert, index + 1, table->columns[index].kind, &cells[index]);
    }
    if (sqlite3_step(end->insert) != SQLITE_DONE) {
        return fail_sqlite(end, table->name, err);
    }
    (void)sqlite3_reset(end->insert); /* it has succeeded */
    return MR_OK;
}

static mr_status put_end(void *state, const mr_copy_table *table, mr_err *err)
{
    copy_end *end = state;

    (void)table;
    (void)err;
    (void)sqlite3_finalize(end->insert); /* every step has succeeded */
    end->insert = NULL;
    return MR_OK;
}

static mr_status put_totals(void *state, const mr_store_totals *totals, mr_err *err)
{
    extern const char mr_embed_total_update_sql[];
    copy_end *end = state;
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(end->handle, mr_embed_total_update_sql, -1, &statement, NULL) !=
        SQLITE_OK) {
        return fail_sqlite(end, "totals", err);
    }
    mr_sqlite_bind_integer(statement, 1, (int64_t)totals->lines);
    mr_sqlite_bind_integer(statement, 2, (int64_t)totals->invoices);
    mr_sqlite_bind_integer(statement, 3, (int64_t)totals->cancelled_invoices);
    mr_sqlite_bind_integer(statement, 4, (int64_t)totals->customers);
    mr_sqlite_bind_integer(statement, 5, (int64_t)totals->products);
    mr_sqlite_bind_integer(statement, 6, (int64_t)totals->countries);
    mr_sqlite_bind_amount(statement, 7, totals->sales);
    mr_sqlite_bind_amount(statement, 8, totals->cancelled);
    if (sqlite3_step(statement) != SQLITE_DONE) {
        (void)sqlite3_finalize(statement);
        return fail_sqlite(end, "totals", err);
    }
    (void)sqlite3_finalize(statement);
    return MR_OK;
}

static mr_status commit(void *state, mr_err *err)
{
    return exec(state, "COMMIT", err);
}

const mr_copy_backend mr_copy_sqlite = {
    .open = open_end,
    .close = close_end,
    .read = read_table,
    .put_begin = put_begin,
    .put = put,
    .put_end = put_end,
    .put_totals = put_totals,
    .commit = commit,
};
