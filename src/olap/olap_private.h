/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_private.h - the inside of olap.h, shared by the files of this room alone.
 *
 * A statement is "under way" from mr_olap_begin to mr_olap_end: for a query until its last row is
 * fetched or its result freed. Only then can it be stopped.
 */
#ifndef MR_OLAP_OLAP_PRIVATE_H
#define MR_OLAP_OLAP_PRIVATE_H

#include <duckdb.h>
#include <pthread.h>

#include "olap/olap.h"
#include "olap/olap_library.h"

typedef enum mr_olap_stop {
    MR_OLAP_GOES_ON,
    MR_OLAP_INTERRUPTED, /* somebody asked */
    MR_OLAP_LATE,        /* the time limit */
} mr_olap_stop;

struct mr_olap_connection {
    mr_olap *olap;
    duckdb_connection handle;
    mr_olap_connection *next; /* guarded by olap->lock, like all below */
    uint32_t timeout_ms;
    uint64_t statement; /* counts them: tells a result that another one took its place */
    bool under_way;
    int64_t deadline_us; /* of the monotonic clock; INT64_MAX: none */
    mr_olap_stop stop;
};

typedef struct mr_olap_temp {
    char *folder; /* this database's own; NULL: none */
    int lock_fd;  /* on the folder, held: it is not a dead process's */
} mr_olap_temp;

struct mr_olap {
    duckdb_database database;
    mr_olap_temp temp;
    pthread_t watcher;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    mr_olap_connection *connections; /* guarded by lock */
    bool closing;                    /* guarded by lock */
};

/* --- olap_watch.c: time limits and interrupts, by one thread a database. --- */

void mr_olap_watch_start(mr_olap *olap);
void mr_olap_watch_stop(mr_olap *olap);
void mr_olap_watch_add(mr_olap_connection *connection);
void mr_olap_watch_remove(mr_olap_connection *connection);

/* Returns the statement's number. */
uint64_t mr_olap_begin(mr_olap_connection *connection);
/* Nothing when another statement was begun meanwhile. */
void mr_olap_end(mr_olap_connection *connection, uint64_t statement);
bool mr_olap_is_current(mr_olap_connection *connection, uint64_t statement);
mr_olap_stop mr_olap_stopped(mr_olap_connection *connection);

/* --- olap_error.c --- */

/* The engine's message as a status. DUCKDB_ERROR_INVALID: the kind is read from the message. */
mr_status mr_olap_fail(mr_olap_connection *connection, duckdb_error_type type, const char *message,
                       mr_err *err);
/* The same of a statement. A thread of the engine that fails stops the others, and rarely the
 * others are heard first: an interrupt that nobody asked for. Then a query or COPY is run once
 * more, for its reason. */
mr_status mr_olap_fail_statement(mr_olap_connection *connection, duckdb_prepared_statement prepared,
                                 duckdb_error_type type, const char *message, mr_err *err);
/* Of a statement that was stopped; MR_OK when it was not. */
mr_status mr_olap_fail_stopped(mr_olap_connection *connection, mr_err *err);

/* --- olap_temp.c: a folder of one's own below a shared one. --- */

mr_status mr_olap_temp_open(const char *parent, mr_olap_temp *ret_temp, mr_err *err);
void mr_olap_temp_close(mr_olap_temp *temp); /* a zeroed one is fine */

/* --- olap_result.c, olap_type.c, olap_print.c --- */

typedef struct mr_olap_column {
    const char *name; /* the result's */
    char *type_text;
    duckdb_logical_type type;
    duckdb_type id;
    duckdb_type storage; /* of a DECIMAL or ENUM: the integer it is kept in; else id */
    uint8_t scale;
    duckdb_vector vector; /* these three of the chunk at hand */
    const void *data;
    const uint64_t *validity; /* NULL: every row is valid */
} mr_olap_column;

struct mr_olap_result {
    mr_olap_connection *connection;
    uint64_t statement;
    duckdb_prepared_statement prepared;
    duckdb_result result;
    duckdb_data_chunk chunk; /* NULL: none at hand */
    size_t row, row_count;   /* of the chunk; row is the current one */
    bool started, ended;
    size_t column_count;
    mr_olap_column *columns;
};

/* Takes prepared and result over, also when it fails. */
mr_status mr_olap_result_create(mr_olap_connection *connection, uint64_t statement,
                                duckdb_prepared_statement prepared, duckdb_result *result,
                                mr_olap_result **ret_result, mr_err *err);

/* Appends the type as SQL spells it; false for one that this room does not read. */
bool mr_olap_write_type(duckdb_logical_type type, mr_buffer *out);
duckdb_type mr_olap_storage(duckdb_logical_type type);

/* A decimal or integer of up to 128 bits, as it is kept. */
__int128 mr_olap_load_integer(const void *data, size_t row, duckdb_type storage);

/* A value of a vector, also one inside of a list or struct, as text. */
bool mr_olap_write_value(duckdb_logical_type type, duckdb_vector vector, size_t row,
                         mr_buffer *out);
/* Lists, structs, maps, arrays and unions. */
bool mr_olap_is_nested(duckdb_type id);
bool mr_olap_write_nested(duckdb_logical_type type, duckdb_vector vector, size_t row,
                          mr_buffer *out);

#endif
