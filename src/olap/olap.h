/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap.h - the analytical engine inside this process: SQL over Parquet files, by DuckDB.
 *
 * Threads: a database may be shared; a connection, its results and its appenders belong to one
 * thread at a time (mr_olap_interrupt alone may come from any). Every session's time zone is UTC.
 * Errors: MR_INVALID for SQL that is wrong, MR_LIMIT for memory or temporary space, MR_STOPPED
 * after an interrupt or past the time limit, MR_FULL, MR_IO.
 */
#ifndef MR_OLAP_OLAP_H
#define MR_OLAP_OLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

typedef struct mr_olap mr_olap;
typedef struct mr_olap_connection mr_olap_connection;
typedef struct mr_olap_result mr_olap_result;
typedef struct mr_olap_appender mr_olap_appender;

typedef struct mr_olap_options {
    uint64_t memory_bytes_max; /* 0 = 512 MiB */
    uint32_t threads;          /* 0 = the cores this process may use */
    const char
        *temp_folder; /* spilled there, made when missing, emptied on close; NULL: no spilling */
    uint64_t temp_bytes_max; /* 0 = 64 GiB */
    bool preserve_order;     /* of rows without ORDER BY; costs memory */
} mr_olap_options;

/* An in-memory database. No extension is ever loaded from disk or net. */
mr_status mr_olap_open(const mr_olap_options *options, mr_olap **ret_olap, mr_err *err);
void mr_olap_close(mr_olap *olap); /* after its connections; NULL is fine */

/* For SQL that strangers write, irreversible, on every connection: no file is touched outside of
 * `folders` (NULL-terminated), settings cannot change any more. */
mr_status mr_olap_harden(mr_olap *olap, const char *const *folders, mr_err *err);

mr_status mr_olap_connect(mr_olap *olap, mr_olap_connection **ret_connection, mr_err *err);
void mr_olap_disconnect(mr_olap_connection *connection); /* NULL is fine */

/* Ends what the connection is doing: MR_STOPPED there. From any thread. */
void mr_olap_interrupt(mr_olap_connection *connection);
/* Each later statement is interrupted after this long; 0 = no limit. */
void mr_olap_set_timeout(mr_olap_connection *connection, uint32_t timeout_ms);

/* Statements separated by ';', for their effect. */
mr_status mr_olap_run(mr_olap_connection *connection, const char *sql, mr_err *err);

/* One statement. With read_only, anything but a SELECT (also EXPLAIN, DESCRIBE, SHOW, SUMMARIZE,
 * VALUES) is MR_INVALID. Rows are computed as they are fetched: a connection has one result with
 * rows left at a time, the next statement ends it. */
mr_status mr_olap_query(mr_olap_connection *connection, const char *sql, bool read_only,
                        mr_olap_result **ret_result, mr_err *err);
void mr_olap_result_free(mr_olap_result *result); /* NULL is fine */
/* Whether mr_olap_query would take it read-only; runs nothing. */
mr_status mr_olap_check(mr_olap_connection *connection, const char *sql, mr_err *err);

size_t mr_olap_column_count(const mr_olap_result *result);
const char *mr_olap_column_name(const mr_olap_result *result, size_t column);
/* As SQL spells it: "DECIMAL(18,4)", "BIGINT", "TIMESTAMP WITH TIME ZONE". */
const char *mr_olap_column_type(const mr_olap_result *result, size_t column);

/* MR_NOT_FOUND: there are no more rows. Values below are of the current row. */
mr_status mr_olap_next(mr_olap_result *result, mr_err *err);
bool mr_olap_is_null(const mr_olap_result *result, size_t column);
int64_t mr_olap_int64(const mr_olap_result *result,
                      size_t column); /* booleans, integers to 64 bits */
/* A DECIMAL of any width with at most 4 places, or an integer: exact. */
mr_amount mr_olap_amount(const mr_olap_result *result, size_t column);
/* VARCHAR and BLOB alone; borrowed until the next row. */
mr_text mr_olap_text(const mr_olap_result *result, size_t column);
/* Any value as text, exactly: decimals with all their places, timestamps "2011-12-09 12:50:00",
 * blobs as lower-case hex, lists and structs as DuckDB prints them; nothing for NULL. */
bool mr_olap_write_text(const mr_olap_result *result, size_t column, mr_buffer *out);

/* The only row's only value; MR_NOT_FOUND when there is no row or it is NULL. */
mr_status mr_olap_scalar_int64(mr_olap_connection *connection, const char *sql, int64_t *ret_value,
                               mr_err *err);
mr_status mr_olap_scalar_amount(mr_olap_connection *connection, const char *sql,
                                mr_amount *ret_value, mr_err *err);

/* Appends 'text' with its quotes, or "name" with its quotes, doubled where SQL asks for it. */
bool mr_olap_quote_text(mr_buffer *out, mr_text text);
bool mr_olap_quote_name(mr_buffer *out, mr_text name);

/* --- Adding rows in bulk, by column number; every column of a row is set, or it is NULL. ------ */

mr_status mr_olap_appender_open(mr_olap_connection *connection, const char *table,
                                mr_olap_appender **ret_appender, mr_err *err);
void mr_olap_appender_close(
    mr_olap_appender *appender); /* drops what is not flushed; NULL is fine */

void mr_olap_set_bool(mr_olap_appender *appender, size_t column, bool value);
void mr_olap_set_int32(mr_olap_appender *appender, size_t column, int32_t value);
void mr_olap_set_int64(mr_olap_appender *appender, size_t column, int64_t value);
/* DECIMAL(18,4), and wider ones with 4 places. */
void mr_olap_set_price(mr_olap_appender *appender, size_t column, mr_price value);
void mr_olap_set_amount(mr_olap_appender *appender, size_t column, mr_amount value);
void mr_olap_set_timestamp(mr_olap_appender *appender, size_t column,
                           int64_t epoch_us); /* also TZ */
void mr_olap_set_date(mr_olap_appender *appender, size_t column, int32_t epoch_days);
void mr_olap_set_text(mr_olap_appender *appender, size_t column, mr_text value); /* also BLOB */
mr_status mr_olap_appender_end_row(mr_olap_appender *appender, mr_err *err);
mr_status mr_olap_appender_flush(mr_olap_appender *appender, mr_err *err);

#endif
