/* SPDX-License-Identifier: Apache-2.0 */
/* store/postgres_db.h - one connection to PostgreSQL: connecting again, migrations, statements.
 *
 * What store, ops and publish/ share on libpq. Nobody else outside the room includes it but its
 * tests. A connection belongs to one thread.
 *
 * A lost connection fails the call in hand (MR_UNAVAILABLE, or MR_UNKNOWN_OUTCOME for a commit) and
 * ends the transaction; the next call that begins something connects again. While that fails, tries
 * are made at growing intervals, and calls in between fail at once.
 */
#ifndef MR_STORE_POSTGRES_DB_H
#define MR_STORE_POSTGRES_DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "store/postgres_cell.h"
#include "store/store_portal.h"

enum {
    mr_pg_queries_max = 64,
    mr_pg_params_max = 16,
    mr_pg_where_bytes_max = 192,
    mr_pg_param_bytes_max = 268435456, /* an array of one column of a batch */
    mr_pg_copy_chunk_bytes = 65536,
};

typedef struct mr_pg_query {
    const char *name; /* for errors, and the statement's name on the server: "position_read" */
    const char *sql;
} mr_pg_query;

typedef struct mr_pg_options {
    const char *url;               /* as in mr_store_options; copied */
    const mr_store_server *server; /* for "postgresql:" without more; may be NULL */
    const char *what;              /* for errors: "store"; static */
    const mr_pg_query *queries;
    size_t query_count;
    const char *const *migrations; /* number n brings the schema from n - 1 to n; borrowed.
                                    * NULL: the schema is not looked at */
    int migration_count;
    const char *migration_table; /* "schema_migration"; static */
    bool read_only;              /* MR_NOT_FOUND while there is no schema */
    uint32_t timeout_ms;         /* waiting for a lock; statements get more */
} mr_pg_options;

/* The parameters of one call: binary cells, each with its length before it. */
typedef struct mr_pg_params {
    mr_buffer cells[mr_pg_params_max];
    int count;
} mr_pg_params;

typedef struct mr_pg mr_pg;

/* Connects and brings the schema up to date (a reader: checks it). */
mr_status mr_pg_open(const mr_pg_options *options, mr_pg **ret_pg, mr_err *err);
void mr_pg_close(mr_pg *pg); /* the server rolls back; NULL is fine */

const char *mr_pg_where(const mr_pg *pg); /* "store postgresql://host:5432/shop", no password */
bool mr_pg_in_transaction(const mr_pg *pg);
PGconn *mr_pg_connection(mr_pg *pg); /* NULL while there is none */
/* Grows with every new connection: what a server's session held is gone. */
uint64_t mr_pg_generation(const mr_pg *pg);

/* Statements from now on end with MR_STOPPED once the limit is reached; the server is told to give
 * up. NULL: no limit. Its ctx is borrowed until the next call. */
void mr_pg_set_limit(mr_pg *pg, const mr_store_limit *limit);

/* Waits until the socket may be read (or written), or the deadline. */
void mr_pg_await(int socket, bool reading, int64_t deadline_us);

/* Connects again where needed. Inside a transaction a lost connection is a failure. */
mr_status mr_pg_ready(mr_pg *pg, mr_err *err);

/* Fixed statements without parameters or rows; several with ';' between are one round trip. */
mr_status mr_pg_exec(mr_pg *pg, const char *sql, mr_err *err);
/* Connects again where needed, then BEGIN with these words behind it. */
mr_status mr_pg_begin(mr_pg *pg, const char *words, mr_err *err);
/* The same, but that whether it could is told as of mr_pg_send. */
mr_status mr_pg_begin_soon(mr_pg *pg, const char *words, mr_err *err);
mr_status mr_pg_commit(mr_pg *pg, mr_err *err); /* on failure the transaction is gone */
void mr_pg_rollback(mr_pg *pg);                 /* also when there is none */

/* --- Statements ------------------------------------------------------------------------------ */

void mr_pg_params_init(mr_pg_params *params);
void mr_pg_params_free(mr_pg_params *params);
/* Forgets all; keeps the memory. */
void mr_pg_params_reset(mr_pg_params *params);

/* The next parameter, a single value. */
void mr_pg_bind_integer(mr_pg_params *params, int64_t value); /* bigint */
void mr_pg_bind_int4(mr_pg_params *params, int32_t value);    /* integer */
void mr_pg_bind_flag(mr_pg_params *params, bool value);       /* boolean */
void mr_pg_bind_text(mr_pg_params *params, mr_text text);     /* text; absent = NULL */
void mr_pg_bind_bytes(mr_pg_params *params, const void *data, size_t bytes); /* bytea, uuid */
void mr_pg_bind_amount(mr_pg_params *params, mr_amount amount);
void mr_pg_bind_date(mr_pg_params *params, mr_civil date);

/* The next parameter, an array of elements of a type; fill it by mr_pg_put_* on the buffer, then
 * mr_pg_array_end. The buffer stays valid while the params do. */
mr_buffer *mr_pg_array_begin(mr_pg_params *params, mr_pg_type type);
void mr_pg_array_end(mr_buffer *array, size_t count);

/* The columns of one statement over many rows: an array each, filled row by row. */
typedef struct mr_pg_columns {
    mr_buffer *cells[mr_pg_params_max];
    int count;
} mr_pg_columns;

mr_pg_columns mr_pg_columns_begin(mr_pg_params *params, const mr_pg_type *types, int count);
void mr_pg_columns_end(const mr_pg_columns *columns, size_t rows);

/* Runs a prepared statement. *ret_result (may be NULL): its rows in binary, PQclear them.
 * *ret_changes (may be NULL): the rows inserted, updated or read. */
mr_status mr_pg_run(mr_pg *pg, size_t query, const mr_pg_params *params, PGresult **ret_result,
                    uint64_t *ret_changes, mr_err *err);

/* Sends a prepared statement whose rows do not matter, and does not wait for it: that saves a way
 * to the server and back. The params may be used again. Whether it failed is told by the next call
 * that waits for the server; what was sent behind a failed one was not run. */
mr_status mr_pg_send(mr_pg *pg, size_t query, const mr_pg_params *params, mr_err *err);

/* Runs a statement whose rows are visited as they arrive; visit returns MR_STOPPED to end early,
 * which is MR_OK to the caller. sql instead of a prepared query when query is mr_pg_queries_max. */
typedef mr_status (*mr_pg_visit)(void *ctx, const PGresult *row, mr_err *err);
mr_status mr_pg_each(mr_pg *pg, size_t query, const mr_pg_params *params, mr_pg_visit visit,
                     void *ctx, mr_err *err);
mr_status mr_pg_each_sql(mr_pg *pg, const char *sql, mr_pg_visit visit, void *ctx, mr_err *err);

/* --- COPY ... FROM STDIN (FORMAT binary) ------------------------------------------------------ */

/* sql may hold statements before the COPY. */
mr_status mr_pg_copy_begin(mr_pg *pg, const char *sql, mr_err *err);
/* Sends what the buffer holds, and clears it. */
mr_status mr_pg_copy_put(mr_pg *pg, mr_buffer *rows, mr_err *err);
/* The same once it is worth the way. */
mr_status mr_pg_copy_put_chunk(mr_pg *pg, mr_buffer *rows, mr_err *err);
/* Sends what the buffer holds, with the end behind it. */
mr_status mr_pg_copy_put_last(mr_pg *pg, mr_buffer *rows, mr_err *err);
/* Behind the last: what became of it. MR_EXISTS: a row's key was there already. *ret_count may be
 * NULL. */
mr_status mr_pg_copy_end(mr_pg *pg, uint64_t *ret_count, mr_err *err);

#endif
