/* SPDX-License-Identifier: Apache-2.0 */
/* store/postgres_cell.h - PostgreSQL's binary form of values: writing parameters and COPY rows,
 * reading results.
 *
 *   cell    = int32 length (-1: NULL), then the value; integers are big-endian
 *   numeric = int16 digits, weight, sign, scale, then that many base-10000 digits
 *   array   = int32 dimensions, has-nulls, element type, count, lower bound, then cells
 *
 * Plain functions, no state; mr_pg_write_* go past a cursor that has room, mr_pg_put_* into a
 * buffer that grows.
 */
#ifndef MR_STORE_POSTGRES_CELL_H
#define MR_STORE_POSTGRES_CELL_H

#include <libpq-fe.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "base/memory.h"
#include "event/event.h"

typedef enum mr_pg_type { /* the catalog's numbers of built-in types, fixed for ever */
                          MR_PG_BOOL = 16,
                          MR_PG_BYTEA = 17,
                          MR_PG_INT8 = 20,
                          MR_PG_INT4 = 23,
                          MR_PG_TEXT = 25,
                          MR_PG_TIMESTAMP = 1114,
                          MR_PG_NUMERIC = 1700,
                          MR_PG_UUID = 2950,
} mr_pg_type;

enum {
    mr_pg_numeric_bytes_max = 8 + 2 * 11, /* 128 bits have 39 digits: at most 11 of base 10000 */
    mr_pg_cell_overhead_bytes = 4,
};

char *mr_pg_write_null(char *at);
char *mr_pg_write_flag(char *at, bool value);
char *mr_pg_write_int4(char *at, int32_t value);
char *mr_pg_write_int8(char *at, int64_t value);
char *mr_pg_write_bytes(char *at, const void *data, size_t bytes);
char *mr_pg_write_text(char *at, mr_text text); /* absent = NULL */
char *mr_pg_write_date(char *at, mr_civil date);
char *mr_pg_write_amount(char *at, mr_amount amount);
char *mr_pg_write_price(char *at, mr_price price);

/* The same into a buffer, whose cap is asserted. */
void mr_pg_put_null(mr_buffer *out);
void mr_pg_put_flag(mr_buffer *out, bool value);
void mr_pg_put_int4(mr_buffer *out, int32_t value);
void mr_pg_put_int8(mr_buffer *out, int64_t value);
void mr_pg_put_bytes(mr_buffer *out, const void *data, size_t bytes);
void mr_pg_put_text(mr_buffer *out, mr_text text);
void mr_pg_put_date(mr_buffer *out, mr_civil date);
void mr_pg_put_amount(mr_buffer *out, mr_amount amount);
void mr_pg_put_price(mr_buffer *out, mr_price price);
void mr_pg_put_int2(mr_buffer *out, int16_t value);
void mr_pg_put_float8(mr_buffer *out, double value);
/* A numeric of any size: "-12.50", plain digits with at most one point, 48 at most. */
void mr_pg_put_decimal(mr_buffer *out, mr_text digits);

/* What surrounds the rows of a binary COPY, and stands before the cells of each. */
void mr_pg_put_copy_header(mr_buffer *out);
void mr_pg_put_copy_trailer(mr_buffer *out);
char *mr_pg_write_field_count(char *at, int16_t count);
void mr_pg_put_field_count(mr_buffer *out, int16_t count);

/* Reading a binary result; the column's type must be the function's (asserted by its length). */
bool mr_pg_is_null(const PGresult *result, int row, int column);
bool mr_pg_flag(const PGresult *result, int row, int column);
int32_t mr_pg_int4(const PGresult *result, int row, int column);
int64_t mr_pg_int8(const PGresult *result, int row, int column);  /* NULL: 0 */
mr_text mr_pg_text(const PGresult *result, int row, int column);  /* borrowed; NULL: absent */
mr_civil mr_pg_date(const PGresult *result, int row, int column); /* NULL: 0 */
void mr_pg_string(const PGresult *result, int row, int column, char *ret_string, size_t capacity);
/* false: not a number that an amount can hold. */
bool mr_pg_amount(const PGresult *result, int row, int column, mr_amount *ret_amount);

#endif
