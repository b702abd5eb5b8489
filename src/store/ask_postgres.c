/* SPDX-License-Identifier: Apache-2.0 */
/* store/ask_postgres.c - one SELECT over the shop's tables in PostgreSQL, run as somebody who may
 * read nothing else.
 *
 * The query runs within millrace_ask (sql/postgres_ask.sql), which belongs to a role without login
 * and runs as that role. PostgreSQL lets nobody change the role from within such a function, so
 * what the query calls can do no more than the query. The function returns when it has all rows:
 * nothing of the query is run by the session itself, which may do more.
 *
 * Invariants: (1) the connection is of this call alone and ends with it, the transaction only reads
 *             and is rolled back: what a read-only transaction lets through (an advisory lock, a
 *             large object, a setting) is gone with them;
 *             (2) what is executed is the query as a table of a SELECT of ours, so it can be
 * nothing but a SELECT; the server's parser has taken it by itself before, so it cannot end that
 *             SELECT early;
 *             (3) the function is not called while its owner could do more than it should.
 * Not here:   making function and role: store_postgres.c, when a processor begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "store/ask_backend.h"
#include "store/store_postgres.h"

enum {
    look_ms = 50,
    cancel_words_max = 256,
    wrapped_bytes_max = 2 * mr_store_ask_sql_bytes_max,
    names_bytes_max = mr_store_ask_columns_max * 64,
    schema_bytes_max = 160, /* a name of 63 bytes, quoted */
    bytea_oid = 17,
    timeout_ms_default = 5000,
};

typedef enum ask_query { ASK_CHECK, ASK_SCHEMA, ASK_TYPES, ASK_QUERY_COUNT } ask_query;

extern const char mr_embed_postgres_ask_check_sql[];
extern const char mr_embed_postgres_ask_schema_sql[];

static const mr_pg_query queries[ASK_QUERY_COUNT] = {
    [ASK_CHECK] = {"ask_check", mr_embed_postgres_ask_check_sql},
    [ASK_SCHEMA] = {"ask_schema", mr_embed_postgres_ask_schema_sql},
    [ASK_TYPES] = {"ask_types", "SELECT format_type(t.type, t.modifier) FROM"
                                " unnest($1::bigint[]::oid[], $2::integer[]) WITH ORDINALITY"
                                " AS t (type, modifier, place) ORDER BY t.place"},
};

typedef struct question {
    const mr_store_asked *asked;
    mr_pg *pg;
    PGconn *conn; /* pg's */
    bool cancelled;
    char schema[schema_bytes_max]; /* quoted */
    char reader[schema_bytes_max]; /* the role that the query runs as */
} question;

/* --- Waiting ---------------------------------------------------------------------------------- */

/* The server's answer then says so; should the asking fail, its own time-out stays. */
static void cancel(question *self)
{
    char reason[cancel_words_max];
    PGcancel *handle = self->cancelled ? NULL : PQgetCancel(self->conn);

    self->cancelled = true;
    if (handle != NULL) {
        (void)PQcancel(handle, reason, sizeof reason);
        PQfreeCancel(handle);
    }
}

/* The next result, or NULL: there is none, or the connection was lost (its status tells). */
static PGresult *next_result(question *self)
{
    while (PQisBusy(self->conn)) {
        mr_pg_await(PQsocket(self->conn), true, mr_monotonic_us() + (int64_t)look_ms * 1000);
        if (self->asked->is_over(self->asked->ctx)) {
            cancel(self);
        }
        if (PQconsumeInput(self->conn) == 0) {
            return NULL;
        }
    }
    return PQgetResult(self->conn);
}

static mr_status fail(question *self, const PGresult *result, mr_err *err)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *at = result != NULL ? PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION) : NULL;

    if (state == NULL || strncmp(state, "08", 2) == 0) {
        return mr_fail(err, MR_UNAVAILABLE, "%s: the connection was lost", mr_pg_where(self->pg));
    }
    if (strcmp(state, "57014") == 0) {
        return mr_fail(err, MR_STOPPED, "the query was stopped: it took too long, or nobody waits");
    }
    const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (strncmp(state, "53", 2) == 0 || strncmp(state, "57", 2) == 0 ||
        strcmp(state, "55P03") == 0) {
        return mr_fail(err, MR_UNAVAILABLE, "%s: %s", mr_pg_where(self->pg), why);
    }
    if (strncmp(state, "58", 2) == 0 || strncmp(state, "XX", 2) == 0) {
        return mr_fail(err, MR_IO, "%s: %s", mr_pg_where(self->pg), why);
    }
    if (strcmp(state, "42501") == 0) {
        return mr_fail(err, MR_INVALID, "%s; queries read the shop's tables alone", why);
    }
    return mr_fail(err, MR_INVALID, "%s%s%s", why, at != NULL ? ", at character " : "",
                   at != NULL ? at : "");
}

/* Reads all there is. *ret_last (may be NULL): the last good result, to be cleared. */
static mr_status finish(question *self, PGresult **ret_last, mr_err *err)
{
    PGresult *result, *last = NULL;
    mr_status status = MR_OK;

    while ((result = next_result(self)) != NULL) {
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && status == MR_OK) {
            status = fail(self, result, err);
        }
        PQclear(last);
        last = result;
    }
    if (status == MR_OK && last == NULL) {
        status = fail(self, NULL, err);
    }
    if (status == MR_OK && ret_last != NULL) {
        *ret_last = last;
    } else {
        PQclear(last);
    }
    return status;
}

/* --- What it would answer --------------------------------------------------------------------- */

/* The server's parser takes it, as one statement; nothing is run. *ret_shape may be NULL. */
static mr_status parse(question *self, const char *sql, PGresult **ret_shape, mr_err *err)
{
    mr_status status = MR_OK;

    self->cancelled = false; /* what was under way when nobody waited any more may have ended */
    status = PQsendPrepare(self->conn, "", sql, 0, NULL) == 1 ? finish(self, NULL, err)
                                                              : fail(self, NULL, err);

    if (status != MR_OK || ret_shape == NULL) {
        return status;
    }
    return PQsendDescribePrepared(self->conn, "") == 1 ? finish(self, ret_shape, err)
                                                       : fail(self, NULL, err);
}

static mr_status check_shape(const PGresult *shape, mr_err *err)
{
    if (PQnfields(shape) == 0) {
        return mr_fail(err, MR_INVALID, "one SELECT is taken at a time");
    }
    if (PQnparams(shape) > 0) {
        return mr_fail(err, MR_INVALID, "a query has no parameters");
    }
    return PQnfields(shape) <= mr_store_ask_columns_max
               ? MR_OK
               : mr_fail(err, MR_INVALID, "a query has 1 to %d columns", mr_store_ask_columns_max);
}

static mr_status tell_columns(question *self, const PGresult *shape, mr_err *err)
{
    const char *names[mr_store_ask_columns_max], *types[mr_store_ask_columns_max];
    const int count = PQnfields(shape);
    PGresult *spelled = NULL;
    mr_pg_params params;

    mr_pg_params_init(&params);
    mr_buffer *oids = mr_pg_array_begin(&params, MR_PG_INT8);
    for (int column = 0; column < count; column++) {
        mr_pg_put_int8(oids, PQftype(shape, column));
    }
    mr_pg_array_end(oids, (size_t)count);
    mr_buffer *modifiers = mr_pg_array_begin(&params, MR_PG_INT4);
    for (int column = 0; column < count; column++) {
        mr_pg_put_int4(modifiers, PQfmod(shape, column));
    }
    mr_pg_array_end(modifiers, (size_t)count);
    mr_status status = mr_pg_run(self->pg, ASK_TYPES, &params, &spelled, NULL, err);
    if (status == MR_OK) {
        MR_ASSERT(PQntuples(spelled) == count);
        for (int column = 0; column < count; column++) {
            names[column] = PQfname(shape, column);
            types[column] = PQgetvalue(spelled, column, 0);
        }
        status = self->asked->columns(self->asked->ctx, names, types, (size_t)count, err);
    }
    PQclear(spelled);
    mr_pg_params_free(&params);
    return status;
}

/* The query as a table of a SELECT that makes texts of its cells. Its own line ends what comment it
 * may end with. */
static void wrap(const question *self, const PGresult *shape, mr_buffer *out)
{
    const int count = PQnfields(shape);

    (void)mr_buffer_append_string(out, "SELECT ");
    for (int column = 0; column < count; column++) {
        (void)mr_buffer_printf(out,
                               "%sCASE WHEN octet_length(c%d) > %d THEN '(too large)' ELSE c%d END",
                               column > 0 ? ", " : "", column, mr_store_ask_cell_bytes_max, column);
    }
    (void)mr_buffer_append_string(out, " FROM (SELECT ");
    for (int column = 0; column < count; column++) {
        (void)mr_buffer_printf(out,
                               PQftype(shape, column) == bytea_oid ? "%sencode(c%d, 'hex') AS c%d"
                                                                   : "%sc%d::text AS c%d",
                               column > 0 ? ", " : "", column, column);
    }
    (void)mr_buffer_append_string(out, " FROM (\n");
    (void)mr_buffer_append_text(out, self->asked->sql);
    (void)mr_buffer_append_string(out, "\n) AS asked (");
    for (int column = 0; column < count; column++) {
        (void)mr_buffer_printf(out, "%sc%d", column > 0 ? ", " : "", column);
    }
    (void)mr_buffer_append_string(out, ")) AS cells");
    if (self->asked->rows_max > 0) {
        (void)mr_buffer_printf(out, " LIMIT %llu", (unsigned long long)self->asked->rows_max);
    }
    (void)mr_buffer_append(out, "", 1);
}

/* --- Rows ------------------------------------------------------------------------------------- */

static mr_status tell_row(question *self, const PGresult *result, mr_err *err)
{
    mr_text cells[mr_store_ask_columns_max];
    const int count = PQnfields(result);

    MR_ASSERT(count <= mr_store_ask_columns_max);
    for (int column = 0; column < count; column++) {
        cells[column] =
            PQgetisnull(result, 0, column) == 1
                ? MR_TEXT_ABSENT
                : (mr_text){PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column)};
    }
    return self->asked->row(self->asked->ctx, cells, (size_t)count, err);
}

/* Hands the rows on as they come. */
static mr_status tell_rows(question *self, mr_err *err)
{
    mr_status status = MR_OK;
    bool ended = false; /* the last result came */
    PGresult *result;

    while (status == MR_OK && (result = next_result(self)) != NULL) {
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            status = tell_row(self, result, err);
        } else if (PQresultStatus(result) != PGRES_TUPLES_OK) {
            status = fail(self, result, err);
        } else {
            ended = true;
        }
        PQclear(result);
    }
    if (status == MR_OK && !ended) {
        status = fail(self, NULL, err);
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static mr_status run(question *self, const char *wrapped, int columns, mr_err *err)
{
    const char *const values[] = {wrapped};
    mr_buffer sql;

    mr_buffer_init(&sql, names_bytes_max);
    (void)mr_buffer_printf(&sql, "SELECT * FROM %s.millrace_ask($1) AS t (", self->schema);
    for (int column = 0; column < columns; column++) {
        (void)mr_buffer_printf(&sql, "%sc%d text", column > 0 ? ", " : "", column);
    }
    (void)mr_buffer_append(&sql, ")", 2); /* and its NUL */
    MR_ASSERT(!sql.overflowed);
    self->cancelled = false;
    bool sent = PQsendQueryParams(self->conn, sql.data, 1, NULL, values, NULL, NULL, 0) == 1 &&
                PQsetSingleRowMode(self->conn) == 1;
    mr_buffer_free(&sql);
    return sent ? tell_rows(self, err) : fail(self, NULL, err);
}

static mr_status answer(question *self, const char *sql, mr_err *err)
{
    mr_buffer wrapped;
    PGresult *shape = NULL;
    mr_err own;
    mr_status status = parse(self, sql, &shape, err);

    mr_buffer_init(&wrapped, wrapped_bytes_max);
    if (status == MR_OK) {
        status = check_shape(shape, err);
    }
    if (status == MR_OK) {
        wrap(self, shape, &wrapped);
        status = wrapped.overflowed ? mr_fail(err, MR_LIMIT, "the query is too long") : MR_OK;
    }
    if (status == MR_OK && (status = parse(self, wrapped.data, NULL, &own)) != MR_OK) {
        status = status == MR_INVALID ? mr_fail(err, status, "one SELECT is taken at a time")
                                      : mr_fail(err, status, "%s", own.message);
    }
    if (status == MR_OK) {
        status = tell_columns(self, shape, err);
    }
    if (status == MR_OK) {
        status = run(self, wrapped.data, PQnfields(shape), err);
    }
    PQclear(shape);
    mr_buffer_free(&wrapped);
    return status;
}

/* --- Beginning -------------------------------------------------------------------------------- */

static mr_status take_check(question *self, const PGresult *row, mr_err *err)
{
    if (PQntuples(row) == 0) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "%s: queries run as a role that may read the shop's tables alone, and there "
                       "is none: the processor's login may not make it (docs/postgresql.md, "
                       "\"SQL of people\", tells how it gets there)",
                       mr_pg_where(self->pg));
    }
    (void)snprintf(self->schema, sizeof self->schema, "%.*s", PQgetlength(row, 0, 0),
                   PQgetvalue(row, 0, 0));
    (void)snprintf(self->reader, sizeof self->reader, "%.*s", PQgetlength(row, 0, 1),
                   PQgetvalue(row, 0, 1));
    if (!mr_pg_flag(row, 0, 2)) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "%s: role %s, which queries run as, could do more than read the shop's "
                       "tables; docs/postgresql.md, \"SQL of people\", says what it may be",
                       mr_pg_where(self->pg), self->reader);
    }
    return mr_pg_flag(row, 0, 3)
               ? MR_OK
               : mr_fail(err, MR_UNSUPPORTED,
                         "%s: this login may not run queries: GRANT EXECUTE ON FUNCTION "
                         "%s.millrace_ask(text) TO it",
                         mr_pg_where(self->pg), self->schema);
}

static mr_status begin(question *self, const mr_store_options *options, mr_err *err)
{
    mr_pg_options pg_options = mr_pg_store_options(options);
    PGresult *row = NULL;

    pg_options.queries = queries;
    pg_options.query_count = ASK_QUERY_COUNT;
    pg_options.read_only = true;
    pg_options.timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : timeout_ms_default;
    mr_status status = mr_pg_open(&pg_options, &self->pg, err);
    if (status != MR_OK) {
        return status;
    }
    self->conn = mr_pg_connection(self->pg);
    status = mr_pg_begin(self->pg, "ISOLATION LEVEL REPEATABLE READ, READ ONLY", err);
    if (status == MR_OK) {
        mr_pg_params none;
        mr_pg_params_init(&none);
        status = mr_pg_run(self->pg, ASK_CHECK, &none, &row, NULL, err);
        mr_pg_params_free(&none);
    }
    if (status == MR_OK) {
        status = take_check(self, row, err);
        PQclear(row);
    }
    return status;
}

static mr_status ask(const mr_store_options *options, const mr_store_asked *asked, mr_err *err)
{
    question self = {.asked = asked};
    mr_status status = begin(&self, options, err);

    if (status == MR_OK) {
        char *sql = mr_alloc(asked->sql.bytes + 1);
        memcpy(sql, asked->sql.data, asked->sql.bytes);
        sql[asked->sql.bytes] = '\0';
        status = answer(&self, sql, err);
        free(sql);
    }
    if (self.conn != NULL && PQtransactionStatus(self.conn) == PQTRANS_ACTIVE) {
        cancel(&self); /* the reader had enough: the server should not go on */
    }
    mr_pg_close(self.pg); /* and with it whatever the session held */
    return status;
}

/* --- What there is ---------------------------------------------------------------------------- */

static mr_status take_schema_row(void *ctx, const PGresult *row, mr_err *err)
{
    const mr_store_asked *asked = ctx;
    mr_text cells[4];

    for (int column = 0; column < 4; column++) {
        cells[column] = (mr_text){PQgetvalue(row, 0, column), (size_t)PQgetlength(row, 0, column)};
    }
    return asked->row(asked->ctx, cells, 4, err);
}

static mr_status schema(const mr_store_options *options, const mr_store_asked *asked, mr_err *err)
{
    static const char *const names[] = {"table", "kind", "column", "type"};
    static const char *const types[] = {"text", "text", "text", "text"};
    question self = {.asked = asked};
    mr_status status = begin(&self, options, err);

    if (status == MR_OK) {
        status = asked->columns(asked->ctx, names, types, 4, err);
    }
    if (status == MR_OK) {
        mr_pg_params params;
        mr_pg_params_init(&params);
        mr_pg_bind_text(&params, mr_text_of(self.reader));
        status = mr_pg_each(self.pg, ASK_SCHEMA, &params, take_schema_row, (void *)(uintptr_t)asked,
                            err);
        mr_pg_params_free(&params);
    }
    mr_pg_close(self.pg);
    return status;
}

const mr_ask_backend mr_ask_postgres = {.ask = ask, .schema = schema};
