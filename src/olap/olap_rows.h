/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_rows.h - rows in memory of our own, column by column, that statements read by the name
 * of a function: SELECT ... FROM <name>().
 *
 * For rows that are written once, read once and forgotten. An appender (olap.h) copies its rows
 * into a table of the engine, with an index of blocks and statistics; a statement reads these here
 * as they lie, and texts not even then are copied. Threads: one at a time; while a statement reads
 * them, they must not change.
 */
#ifndef MR_OLAP_OLAP_ROWS_H
#define MR_OLAP_OLAP_ROWS_H

#include "olap/olap.h"

typedef struct mr_olap_rows mr_olap_rows;

typedef enum mr_olap_rows_type {
    MR_OLAP_ROWS_TEXT,    /* VARCHAR; must be UTF-8: it is not looked at again */
    MR_OLAP_ROWS_BLOB,    /* BLOB */
    MR_OLAP_ROWS_INT32,   /* INTEGER */
    MR_OLAP_ROWS_INT64,   /* BIGINT */
    MR_OLAP_ROWS_PRICE,   /* DECIMAL(18,4) */
    MR_OLAP_ROWS_INSTANT, /* TIMESTAMP WITH TIME ZONE */
} mr_olap_rows_type;

typedef struct mr_olap_rows_column {
    const char *name;
    mr_olap_rows_type type;
} mr_olap_rows_column;

enum { mr_olap_rows_text_bytes_max = 1048576 }; /* of one value */

/* columns are borrowed. */
mr_olap_rows *mr_olap_rows_create(const mr_olap_rows_column *columns, size_t column_count);
void mr_olap_rows_destroy(mr_olap_rows *rows); /* NULL is fine */

/* Makes them readable in the connection's database, for its life, by a name that is not given to
 * others there; rows outlives it. */
mr_status mr_olap_rows_show(mr_olap_rows *rows, mr_olap_connection *connection, const char *name,
                            mr_err *err);

/* Values of the row in the making; a column that is not put is NULL. Texts are copied. */
void mr_olap_rows_put_text(mr_olap_rows *rows, size_t column, mr_text value); /* absent: NULL */
void mr_olap_rows_put_int32(mr_olap_rows *rows, size_t column, int32_t value);
void mr_olap_rows_put_int64(mr_olap_rows *rows, size_t column, int64_t value);
void mr_olap_rows_put_price(mr_olap_rows *rows, size_t column, mr_price value);
void mr_olap_rows_put_instant(mr_olap_rows *rows, size_t column, int64_t epoch_us);
void mr_olap_rows_end_row(mr_olap_rows *rows);

size_t mr_olap_rows_count(const mr_olap_rows *rows);
size_t mr_olap_rows_bytes(const mr_olap_rows *rows); /* of memory that they take */
void mr_olap_rows_clear(mr_olap_rows *rows);         /* keeps the memory */
void mr_olap_rows_trim(mr_olap_rows *rows);          /* forgets them, and gives the memory back */

#endif
