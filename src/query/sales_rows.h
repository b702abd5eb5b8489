/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_rows.h - the rows of a panel as JSON objects or as lines of CSV, out of one writer:
 * what is exported is what is shown.
 */
#ifndef MR_QUERY_SALES_ROWS_H
#define MR_QUERY_SALES_ROWS_H

#include "base/decimal.h"
#include "base/memory.h"

/* Takes what the buffer holds; the writer clears it. */
typedef mr_status (*mr_sales_flush)(void *ctx, mr_text text, mr_err *err);

typedef struct mr_sales_rows {
    mr_buffer *out;
    bool csv;
    mr_sales_flush flush; /* NULL: the rows stay in out */
    void *ctx;
    uint64_t count; /* rows so far */
    bool begun;     /* a cell of the row at hand was written */
} mr_sales_rows;

void mr_sales_row_begin(mr_sales_rows *rows);
void mr_sales_row_text(mr_sales_rows *rows, const char *name, mr_text text); /* absent: null */
void mr_sales_row_money(mr_sales_rows *rows, const char *name, mr_amount amount);
void mr_sales_row_count(mr_sales_rows *rows, const char *name, int64_t count);
void mr_sales_row_rate(mr_sales_rows *rows, const char *name, double rate);
void mr_sales_row_flag(mr_sales_rows *rows, const char *name, bool flag);
void mr_sales_row_day(mr_sales_rows *rows, const char *name, int32_t day);
/* "2011-12-09T12:50:00" */
void mr_sales_row_moment(mr_sales_rows *rows, const char *name, int64_t epoch_s);
/* MR_LIMIT: the buffer is full, and there is no flush. */
mr_status mr_sales_row_end(mr_sales_rows *rows, mr_err *err);

/* Values alone, as JSON. */
void mr_sales_write_money(mr_buffer *out, mr_amount amount); /* with quotes */
void mr_sales_write_rate(mr_buffer *out, double rate);

/* left / right, 0 where right is 0: for rates and drawings only. */
double mr_sales_ratio(mr_amount left, mr_amount right);

#endif
