/* SPDX-License-Identifier: Apache-2.0 */
/* store/postgres_db.c - one connection to PostgreSQL: statements, transactions, COPY, errors.
 *
 * Owns:       the connection and what was prepared on it.
 * Called by:  the PostgreSQL backends of store and ops, on the handle's thread.
 * Invariants: (1) no wait is without end: the server's own time-outs, and a deadline here for a
 *                 server that answers nothing at all;
 *             (2) a call leaves no result unread, so the next one always may begin;
 *             (3) after a failure inside a transaction the transaction is gone;
 *             (4) no password stands in any message.
 * Not here:   finding the server and the schema (postgres_connect.c), cells (postgres_cell.c).
 */
#include "store/postgres_private.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

enum { grace_ms = 5000, look_ms = 50, cancel_words_max = 256, binary_result = 1 };

const char *mr_pg_where(const mr_pg *pg)
{
    return pg->where;
}

bool mr_pg_in_transaction(const mr_pg *pg)
{
    return pg->in_transaction;
}

PGconn *mr_pg_connection(mr_pg *pg)
{
    return pg->conn;
}

uint64_t mr_pg_generation(const mr_pg *pg)
{
    return pg->generation;
}

void mr_pg_set_limit(mr_pg *pg, const mr_store_limit *limit)
{
    pg->limit = limit == NULL ? (mr_store_limit){0} : *limit;
}

/* --- Errors ----------------------------------------------------------------------------------- */

/* What the class or code of an SQLSTATE means to a caller; the first that begins it counts. */
static const struct {
    const char *state;
    mr_status status;
} meanings[] = {
    {"08", MR_UNAVAILABLE},    /* connection */
    {"25006", MR_UNAVAILABLE}, /* read-only: a standby, or a primary that became one */
    {"25P03", MR_UNAVAILABLE}, /* idle in a transaction for too long */
    {"40003", MR_UNKNOWN_OUTCOME},
    {"40", MR_UNAVAILABLE}, /* serialization, deadlock */
    {"53100", MR_FULL},
    {"53", MR_UNAVAILABLE},    /* memory, connections */
    {"55P03", MR_UNAVAILABLE}, /* lock_timeout */
    {"57", MR_UNAVAILABLE},    /* statement_timeout, shutting down, starting up */
    {"23505", MR_EXISTS},
    {"22", MR_LIMIT},        /* a value out of its type's range */
    {"28", MR_INVALID},      /* password, role */
    {"3D", MR_INVALID},      /* database */
    {"3F", MR_INVALID},      /* schema */
    {"42501", MR_INVALID},   /* a right is missing */
    {"42P01", MR_NOT_FOUND}, /* a table */
    {"XX001", MR_CORRUPT},
    {"XX002", MR_CORRUPT},
};

mr_status mr_pg_status_of(const char *state)
{
    size_t index;

    for (index = 0; index < sizeof(meanings) / sizeof(meanings[0]); index++) {
        if (strncmp(state, meanings[index].state, strlen(meanings[index].state)) == 0) {
            return meanings[index].status;
        }
    }
    return MR_IO;
}

/* What an operator can do about it, where the server's own words do not say. */
static const char *hint_for(const char *state)
{
    if (strcmp(state, "42501") == 0) {
        return "; grant the right to this user, docs/postgresql.md lists them";
    }
    if (strcmp(state, "25006") == 0) {
        return "; this server only reads, name the primary too";
    }
    return "";
}

/* libpq ends its messages with a line end, and may put several lines into one. */
void mr_pg_one_line(const char *message, char *ret_line, size_t capacity)
{
    size_t bytes = 0;

    for (; *message != '\0' && bytes + 3 < capacity; message++) {
        if (*message != '\n') {
            ret_line[bytes++] = *message == '\t' ? ' ' : *message;
        } else if (message[1] != '\0') {
            ret_line[bytes++] = ';';
            ret_line[bytes++] = ' ';
        }
    }
    ret_line[bytes] = '\0';
}

static mr_status fail_lost(mr_pg *pg, const char *operation, mr_err *err)
{
    char reason[256];

    mr_pg_one_line(pg->conn == NULL ? "" : PQerrorMessage(pg->conn), reason, sizeof(reason));
    mr_pg_drop(pg);
    return mr_fail(err, MR_UNAVAILABLE, "%s: %s: connection lost: %s", pg->where, operation,
                   reason[0] == '\0' ? "the server is gone" : reason);
}

/* result NULL: the connection itself failed. Consumes result. */
static mr_status fail_result(mr_pg *pg, const char *operation, PGresult *result, mr_err *err)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    mr_status status;

    if (state == NULL || (PQstatus(pg->conn) == CONNECTION_BAD && strncmp(state, "57", 2) != 0)) {
        PQclear(result);
        return fail_lost(pg, operation, err);
    }
    status = pg->cancelled && strcmp(state, "57014") == 0 ? MR_STOPPED : mr_pg_status_of(state);
    status = mr_fail(err, status, "%s: %s: %s (%s)%s", pg->where, operation,
                     PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), state, hint_for(state));
    if (PQstatus(pg->conn) == CONNECTION_BAD || strcmp(state, "25006") == 0) {
        PQclear(result);
        mr_pg_drop(pg);
        return status;
    }
    PQclear(result);
    return status;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

void mr_pg_await(int socket, bool reading, int64_t deadline_us)
{
    struct pollfd wait = {.fd = socket, .events = reading ? POLLIN : POLLOUT};
    int64_t left_ms = (deadline_us - mr_monotonic_us()) / 1000 + 1;

    if (left_ms > 0) {
        (void)poll(&wait, 1, (int)left_ms); /* the caller looks at clock and socket itself */
    }
}

static bool is_over(const mr_pg *pg)
{
    return (pg->limit.is_over != NULL && pg->limit.is_over(pg->limit.ctx)) ||
           (pg->limit.deadline_us != 0 && mr_monotonic_us() >= pg->limit.deadline_us);
}

/* Asks the server to end the statement under way, once; its answer then says so. Should the asking
 * fail, the server's own time-out stays. */
static void cancel_if_over(mr_pg *pg)
{
    char reason[cancel_words_max];
    PGcancel *cancel;

    if (!pg->limited || pg->cancelled || !is_over(pg)) {
        return;
    }
    pg->cancelled = true;
    cancel = PQgetCancel(pg->conn);
    if (cancel != NULL) {
        (void)PQcancel(cancel, reason, sizeof(reason)); /* as above */
        PQfreeCancel(cancel);
    }
}

/* When to look up from waiting. */
static int64_t look_us(const mr_pg *pg, int64_t deadline_us)
{
    int64_t at_us = deadline_us;

    if (!pg->limited || pg->cancelled) {
        return at_us;
    }
    if (pg->limit.deadline_us != 0 && pg->limit.deadline_us < at_us) {
        at_us = pg->limit.deadline_us;
    }
    if (pg->limit.is_over != NULL && mr_monotonic_us() + (int64_t)look_ms * 1000 < at_us) {
        at_us = mr_monotonic_us() + (int64_t)look_ms * 1000;
    }
    return at_us;
}

/* The next result, or NULL: no more, or (*ret_lost) the server fell silent or away. */
static PGresult *next_result(mr_pg *pg, bool *ret_lost)
{
    int64_t deadline_us = mr_monotonic_us() + ((int64_t)pg->statement_ms + grace_ms) * 1000;

    *ret_lost = false;
    while (PQisBusy(pg->conn)) {
        mr_pg_await(PQsocket(pg->conn), true, look_us(pg, deadline_us));
        cancel_if_over(pg);
        if (!PQconsumeInput(pg->conn) || (PQisBusy(pg->conn) && mr_monotonic_us() >= deadline_us)) {
            *ret_lost = true;
            return NULL;
        }
    }
    return PQgetResult(pg->conn);
}

/* Reads every result of what was sent. *ret_last: the last good one (NULL to clear it). */
static mr_status drain(mr_pg *pg, const char *operation, PGresult **ret_last, mr_err *err)
{
    PGresult *last = NULL, *result;
    mr_status status = MR_OK;
    bool lost;

    while ((result = next_result(pg, &lost)) != NULL) {
        ExecStatusType kind = PQresultStatus(result);

        if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_SINGLE_TUPLE) {
            PQclear(last);
            last = result;
        } else if (kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT || kind == PGRES_COPY_BOTH) {
            PQclear(last);
            last = result; /* what comes next is the caller's */
            break;
        } else if (status == MR_OK) {
            status = fail_result(pg, operation, result, err);
            if (pg->conn == NULL) {
                break;
            }
        } else {
            PQclear(result);
        }
    }
    if (lost && status == MR_OK) {
        status = fail_lost(pg, operation, err);
    }
    if (status != MR_OK || ret_last == NULL) {
        PQclear(last);
    } else {
        *ret_last = last;
    }
    return status;
}

/* --- Several statements on their way ---------------------------------------------------------- */

/* Reads the outcome of all that was sent. *ret_last (may be NULL): the last one's rows. */
static mr_status read_sent(mr_pg *pg, const char *operation, PGresult **ret_last, mr_err *err)
{
    PGresult *last = NULL;
    mr_status status = MR_OK;
    bool lost = !PQpipelineSync(pg->conn), synced = false;

    while (!lost && !synced && pg->conn != NULL) {
        PGresult *result = next_result(pg, &lost);
        ExecStatusType kind = PQresultStatus(result);

        if (result == NULL) { /* between two of them */
            lost = lost || PQstatus(pg->conn) == CONNECTION_BAD;
        } else if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
            PQclear(last);
            last = result;
        } else if (kind == PGRES_PIPELINE_SYNC || kind == PGRES_PIPELINE_ABORTED) {
            synced = kind == PGRES_PIPELINE_SYNC;
            PQclear(result);
        } else if (status == MR_OK) {
            status = fail_result(pg, operation, result, err);
        } else {
            PQclear(result);
        }
    }
    pg->sent = 0;
    if (lost && pg->conn != NULL) {
        status = fail_lost(pg, operation, err);
    }
    MR_ASSERT(pg->conn == NULL || PQexitPipelineMode(pg->conn) == 1); /* nothing is left in it */
    if (status != MR_OK || ret_last == NULL) {
        PQclear(last);
    } else {
        *ret_last = last;
    }
    return status;
}

static mr_status settle_sent(mr_pg *pg, const char *operation, mr_err *err)
{
    return pg->sent == 0 ? MR_OK : read_sent(pg, operation, NULL, err);
}

static mr_status simple(mr_pg *pg, const char *sql, const char *operation, mr_err *err)
{
    mr_status status = settle_sent(pg, operation, err);

    pg->limited = false; /* what has begun must be able to end */
    if (status != MR_OK) {
        return status;
    }
    if (pg->conn == NULL || !PQsendQuery(pg->conn, sql)) {
        return fail_lost(pg, operation, err);
    }
    return drain(pg, operation, NULL, err);
}

/* --- Transactions ----------------------------------------------------------------------------- */

mr_status mr_pg_exec(mr_pg *pg, const char *sql, mr_err *err)
{
    mr_status status = mr_pg_ready(pg, err);

    return status != MR_OK ? status : simple(pg, sql, "statement", err);
}

mr_status mr_pg_begin_soon(mr_pg *pg, const char *words, mr_err *err)
{
    char sql[128];
    mr_status status = mr_pg_ready(pg, err);

    MR_ASSERT(!pg->in_transaction && pg->sent == 0);
    if (status != MR_OK) {
        return status;
    }
    (void)snprintf(sql, sizeof(sql), "BEGIN %s", words);
    pg->limited = false;
    if (!PQenterPipelineMode(pg->conn) ||
        !PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, binary_result)) {
        return fail_lost(pg, "begin", err);
    }
    pg->sent++;
    pg->in_transaction = true;
    return MR_OK;
}

mr_status mr_pg_begin(mr_pg *pg, const char *words, mr_err *err)
{
    mr_status status = mr_pg_begin_soon(pg, words, err);

    if (status == MR_OK) {
        status = read_sent(pg, "begin", NULL, err);
        pg->in_transaction = status == MR_OK;
    }
    return status;
}

/* Behind what was sent, in the same way to the server; where that failed, it is not run. */
static mr_status send_commit(mr_pg *pg, PGresult **ret_result, mr_err *err)
{
    static const char words[] = "COMMIT";

    pg->limited = false;
    if (pg->sent == 0) {
        return PQsendQuery(pg->conn, words) ? drain(pg, "commit", ret_result, err)
                                            : fail_lost(pg, "commit", err);
    }
    return PQsendQueryParams(pg->conn, words, 0, NULL, NULL, NULL, NULL, binary_result)
               ? read_sent(pg, "commit", ret_result, err)
               : fail_lost(pg, "commit", err);
}

mr_status mr_pg_commit(mr_pg *pg, mr_err *err)
{
    mr_status status;
    mr_err cause = {.message = ""};
    PGresult *result = NULL;
    bool kept;

    MR_ASSERT(pg->in_transaction);
    pg->in_transaction = false;
    if (pg->conn == NULL || PQstatus(pg->conn) == CONNECTION_BAD) {
        return fail_lost(pg, "commit", err); /* nothing was sent, so nothing was kept */
    }
    status = send_commit(pg, &result, &cause);
    if (status == MR_OK) {
        kept = strcmp(PQcmdStatus(result), "COMMIT") == 0;
        PQclear(result);
        return kept ? MR_OK
                    : mr_fail(err, MR_UNAVAILABLE, "%s: commit: the server rolled back instead",
                              pg->where);
    }
    if (pg->conn == NULL) { /* sent, and no answer came: it may have taken effect */
        return mr_fail(err, MR_UNKNOWN_OUTCOME,
                       "%s; read the position to learn whether it was kept", cause.message);
    }
    return mr_fail(err, status, "%s", cause.message);
}

void mr_pg_rollback(mr_pg *pg)
{
    /* Whether what was sent failed is of no interest any more. */
    (void)(pg->conn == NULL ? MR_OK : settle_sent(pg, "rollback", NULL));
    bool open = pg->conn != NULL && PQtransactionStatus(pg->conn) != PQTRANS_IDLE;

    pg->in_transaction = false;
    if (open && simple(pg, "ROLLBACK", "rollback", NULL) != MR_OK) {
        mr_pg_drop(pg); /* the server rolls back when it sees us gone */
    }
}

/* --- Parameters ------------------------------------------------------------------------------- */

void mr_pg_params_init(mr_pg_params *params)
{
    int index;

    params->count = 0;
    for (index = 0; index < mr_pg_params_max; index++) {
        mr_buffer_init(&params->cells[index], mr_pg_param_bytes_max);
    }
}

void mr_pg_params_free(mr_pg_params *params)
{
    int index;

    for (index = 0; index < mr_pg_params_max; index++) {
        mr_buffer_free(&params->cells[index]);
    }
}

void mr_pg_params_reset(mr_pg_params *params)
{
    params->count = 0;
}

static mr_buffer *next_cell(mr_pg_params *params)
{
    mr_buffer *cell = &params->cells[params->count++];

    MR_ASSERT(params->count <= mr_pg_params_max);
    mr_buffer_clear(cell);
    return cell;
}

void mr_pg_bind_integer(mr_pg_params *params, int64_t value)
{
    mr_pg_put_int8(next_cell(params), value);
}

void mr_pg_bind_int4(mr_pg_params *params, int32_t value)
{
    mr_pg_put_int4(next_cell(params), value);
}

void mr_pg_bind_flag(mr_pg_params *params, bool value)
{
    mr_pg_put_flag(next_cell(params), value);
}

void mr_pg_bind_text(mr_pg_params *params, mr_text text)
{
    mr_buffer *cell = next_cell(params);

    if (text.data != NULL) { /* an empty cell is NULL */
        mr_pg_put_text(cell, text);
    }
}

void mr_pg_bind_bytes(mr_pg_params *params, const void *data, size_t bytes)
{
    mr_pg_put_bytes(next_cell(params), data, bytes);
}

void mr_pg_bind_amount(mr_pg_params *params, mr_amount amount)
{
    mr_pg_put_amount(next_cell(params), amount);
}

void mr_pg_bind_date(mr_pg_params *params, mr_civil date)
{
    mr_pg_put_date(next_cell(params), date);
}

/* Its own length, then dimensions, has-nulls, type, count, lower bound. */
enum { array_dimensions_at = 4, array_count_at = 16, array_header_bytes = 24 };

static void patch(mr_buffer *buffer, size_t at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(buffer->data + at, &value, sizeof(value));
}

mr_buffer *mr_pg_array_begin(mr_pg_params *params, mr_pg_type type)
{
    mr_buffer *array = next_cell(params);

    MR_ASSERT(mr_buffer_reserve(array, array_header_bytes) != NULL);
    mr_buffer_commit(array, array_header_bytes);
    patch(array, array_dimensions_at, 1);
    patch(array, array_dimensions_at + 4, 1); /* may hold NULLs */
    patch(array, array_dimensions_at + 8, type);
    patch(array, array_header_bytes - 4, 1);
    return array;
}

void mr_pg_array_end(mr_buffer *array, size_t count)
{
    patch(array, array_count_at, (uint32_t)count);
    patch(array, 0, (uint32_t)(array->bytes - mr_pg_cell_overhead_bytes));
}

mr_pg_columns mr_pg_columns_begin(mr_pg_params *params, const mr_pg_type *types, int count)
{
    mr_pg_columns columns = {.count = count};
    int index;

    mr_pg_params_reset(params);
    for (index = 0; index < count; index++) {
        columns.cells[index] = mr_pg_array_begin(params, types[index]);
    }
    return columns;
}

void mr_pg_columns_end(const mr_pg_columns *columns, size_t rows)
{
    int index;

    for (index = 0; index < columns->count; index++) {
        mr_pg_array_end(columns->cells[index], rows);
    }
}

/* --- Statements ------------------------------------------------------------------------------- */

/* Before a statement that the limit is for. */
static mr_status start_limited(mr_pg *pg, const char *operation, mr_err *err)
{
    pg->limited = true;
    pg->cancelled = false;
    return !is_over(pg)
               ? MR_OK
               : mr_fail(err, MR_STOPPED, "%s: %s: no time is left for it", pg->where, operation);
}

static mr_status prepare(mr_pg *pg, size_t query, mr_err *err)
{
    const mr_pg_query *wanted = &pg->queries[query];
    mr_status status;

    MR_ASSERT(query < pg->query_count);
    if (pg->prepared[query]) {
        return MR_OK;
    }
    status = settle_sent(pg, wanted->name, err);
    if (status != MR_OK) {
        return status;
    }
    if (!PQsendPrepare(pg->conn, wanted->name, wanted->sql, 0, NULL)) {
        return fail_lost(pg, wanted->name, err);
    }
    status = drain(pg, wanted->name, NULL, err);
    pg->prepared[query] = status == MR_OK;
    return status;
}

static mr_status send_query(mr_pg *pg, size_t query, const mr_pg_params *params, bool as_pipeline,
                            mr_err *err)
{
    const char *values[mr_pg_params_max];
    int lengths[mr_pg_params_max], formats[mr_pg_params_max];
    int count = params == NULL ? 0 : params->count, index;
    mr_status status = mr_pg_ready(pg, err);

    if (status == MR_OK) {
        status = start_limited(pg, pg->queries[query].name, err);
    }
    if (status == MR_OK) {
        status = prepare(pg, query, err);
    }
    if (status != MR_OK) {
        return status;
    }
    for (index = 0; index < count; index++) {
        const mr_buffer *cell = &params->cells[index];

        values[index] = cell->bytes == 0 ? NULL : cell->data + mr_pg_cell_overhead_bytes;
        lengths[index] = cell->bytes == 0 ? 0 : (int)(cell->bytes - mr_pg_cell_overhead_bytes);
        formats[index] = 1;
    }
    if (as_pipeline && pg->sent == 0 && !PQenterPipelineMode(pg->conn)) {
        return fail_lost(pg, pg->queries[query].name, err);
    }
    if (!PQsendQueryPrepared(pg->conn, pg->queries[query].name, count, values, lengths, formats,
                             binary_result)) {
        return fail_lost(pg, pg->queries[query].name, err);
    }
    return MR_OK;
}

mr_status mr_pg_run(mr_pg *pg, size_t query, const mr_pg_params *params, PGresult **ret_result,
                    uint64_t *ret_changes, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status = send_query(pg, query, params, false, err);

    if (status == MR_OK) {
        status = pg->sent > 0 ? read_sent(pg, pg->queries[query].name, &result, err)
                              : drain(pg, pg->queries[query].name, &result, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (ret_changes != NULL) {
        *ret_changes = strtoull(PQcmdTuples(result), NULL, 10);
    }
    if (ret_result != NULL) {
        *ret_result = result;
    } else {
        PQclear(result);
    }
    return MR_OK;
}

mr_status mr_pg_send(mr_pg *pg, size_t query, const mr_pg_params *params, mr_err *err)
{
    mr_status status = send_query(pg, query, params, true, err);

    pg->sent += status == MR_OK;
    return status;
}

/* Gives rows to visit until it has enough; then reads on without it. */
static mr_status visit_rows(mr_pg *pg, const char *operation, mr_pg_visit visit, void *ctx,
                            mr_err *err)
{
    mr_status status = MR_OK, visited = MR_OK;
    PGresult *result;
    bool lost = false;

    while ((result = next_result(pg, &lost)) != NULL) {
        ExecStatusType kind = PQresultStatus(result);

        if (kind == PGRES_SINGLE_TUPLE && visited == MR_OK) {
            visited = visit(ctx, result, err);
        } else if (kind != PGRES_SINGLE_TUPLE && kind != PGRES_TUPLES_OK && status == MR_OK) {
            status = fail_result(pg, operation, result, err);
            result = NULL;
            if (pg->conn == NULL) {
                return status;
            }
        }
        PQclear(result);
    }
    if (lost) {
        return fail_lost(pg, operation, err);
    }
    return status != MR_OK ? status : visited == MR_STOPPED ? MR_OK : visited;
}

mr_status mr_pg_each(mr_pg *pg, size_t query, const mr_pg_params *params, mr_pg_visit visit,
                     void *ctx, mr_err *err)
{
    mr_status status = pg->conn == NULL ? MR_OK : settle_sent(pg, pg->queries[query].name, err);

    if (status == MR_OK) {
        status = send_query(pg, query, params, false, err);
    }
    if (status != MR_OK) {
        return status;
    }
    MR_ASSERT(PQsetSingleRowMode(pg->conn) == 1); /* right after sending it cannot fail */
    return visit_rows(pg, pg->queries[query].name, visit, ctx, err);
}

mr_status mr_pg_each_sql(mr_pg *pg, const char *sql, mr_pg_visit visit, void *ctx, mr_err *err)
{
    mr_status status = mr_pg_ready(pg, err);

    MR_ASSERT(pg->sent == 0);
    if (status == MR_OK) {
        status = start_limited(pg, "query", err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (!PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, binary_result)) {
        return fail_lost(pg, "query", err);
    }
    MR_ASSERT(PQsetSingleRowMode(pg->conn) == 1);
    return visit_rows(pg, "query", visit, ctx, err);
}

/* --- COPY ------------------------------------------------------------------------------------- */

mr_status mr_pg_copy_begin(mr_pg *pg, const char *sql, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status = mr_pg_ready(pg, err);

    if (status == MR_OK) {
        status = settle_sent(pg, "copy", err);
    }
    if (status == MR_OK && !PQsendQuery(pg->conn, sql)) {
        status = fail_lost(pg, "copy", err);
    }
    if (status == MR_OK) {
        status = drain(pg, "copy", &result, err);
    }
    if (status == MR_OK) {
        MR_ASSERT(PQresultStatus(result) == PGRES_COPY_IN);
        PQclear(result);
    }
    return status;
}

mr_status mr_pg_copy_put(mr_pg *pg, mr_buffer *rows, mr_err *err)
{
    MR_ASSERT(rows->bytes <= INT32_MAX);
    if (pg->conn == NULL || PQputCopyData(pg->conn, rows->data, (int)rows->bytes) != 1) {
        return fail_lost(pg, "copy", err);
    }
    mr_buffer_clear(rows);
    return MR_OK;
}

mr_status mr_pg_copy_put_chunk(mr_pg *pg, mr_buffer *rows, mr_err *err)
{
    return rows->bytes >= mr_pg_copy_chunk_bytes ? mr_pg_copy_put(pg, rows, err) : MR_OK;
}

mr_status mr_pg_copy_put_last(mr_pg *pg, mr_buffer *rows, mr_err *err)
{
    mr_status status;

    mr_pg_put_copy_trailer(rows);
    status = mr_pg_copy_put(pg, rows, err);
    return status != MR_OK || PQputCopyEnd(pg->conn, NULL) == 1 ? status
                                                                : fail_lost(pg, "copy", err);
}

mr_status mr_pg_copy_end(mr_pg *pg, uint64_t *ret_count, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status;

    if (pg->conn == NULL) {
        return fail_lost(pg, "copy", err);
    }
    status = drain(pg, "copy", &result, err);
    if (status == MR_OK) {
        if (ret_count != NULL) {
            *ret_count = strtoull(PQcmdTuples(result), NULL, 10);
        }
        PQclear(result);
    }
    return status;
}
