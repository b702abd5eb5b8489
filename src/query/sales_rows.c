/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_rows.c - cells and rows. A buffer that overflows is noticed at the row's end. */
#include "query/sales_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/civil.h"
#include "query/sales_range.h"
#include "query/sql_cell.h"

enum { flush_bytes = 32768 };

void mr_sales_write_money(mr_buffer *out, mr_amount amount)
{
    char text[mr_amount_text_bytes_max];

    (void)mr_amount_format(amount, 2, text);
    (void)mr_buffer_printf(out, "\"%s\"", text);
}

void mr_sales_write_rate(mr_buffer *out, double rate)
{
    (void)mr_buffer_printf(out, "%.6g", isfinite(rate) ? rate : 0.0);
}

double mr_sales_ratio(mr_amount left, mr_amount right)
{
    return right.scaled == 0 ? 0.0 : (double)left.scaled / (double)right.scaled;
}

void mr_sales_row_begin(mr_sales_rows *rows)
{
    rows->begun = false;
    if (!rows->csv) {
        (void)mr_buffer_append_string(rows->out, rows->count > 0 ? ",{" : "{");
    }
}

static void begin_cell(mr_sales_rows *rows, const char *name)
{
    if (rows->begun) {
        (void)mr_buffer_append(rows->out, ",", 1);
    }
    rows->begun = true;
    if (!rows->csv) {
        (void)mr_buffer_printf(rows->out, "\"%s\":", name);
    }
}

/* A text that a spreadsheet would take for a formula gets an apostrophe in front. */
static void write_csv_text(mr_buffer *out, mr_text text)
{
    mr_buffer harmless;

    if (text.bytes == 0 || memchr("=+-@\t\r", text.data[0], 6) == NULL) {
        (void)mr_sql_cell_csv(out, text);
        return;
    }
    mr_buffer_init(&harmless, out->bytes_max);
    (void)mr_buffer_append(&harmless, "'", 1);
    (void)mr_buffer_append_text(&harmless, text);
    (void)mr_sql_cell_csv(out, mr_buffer_text(&harmless));
    mr_buffer_free(&harmless);
}

void mr_sales_row_text(mr_sales_rows *rows, const char *name, mr_text text)
{
    begin_cell(rows, name);
    if (rows->csv) {
        write_csv_text(rows->out, text);
    } else if (text.data == NULL) {
        (void)mr_buffer_append_string(rows->out, "null");
    } else {
        (void)mr_buffer_append_json_string(rows->out, text);
    }
}

void mr_sales_row_money(mr_sales_rows *rows, const char *name, mr_amount amount)
{
    char text[mr_amount_text_bytes_max];

    begin_cell(rows, name);
    if (rows->csv) {
        (void)mr_amount_format(amount, 2, text);
        (void)mr_buffer_append_string(rows->out, text);
    } else {
        mr_sales_write_money(rows->out, amount);
    }
}

void mr_sales_row_count(mr_sales_rows *rows, const char *name, int64_t count)
{
    begin_cell(rows, name);
    (void)mr_buffer_printf(rows->out, "%" PRId64, count);
}

void mr_sales_row_rate(mr_sales_rows *rows, const char *name, double rate)
{
    begin_cell(rows, name);
    mr_sales_write_rate(rows->out, rate);
}

void mr_sales_row_flag(mr_sales_rows *rows, const char *name, bool flag)
{
    begin_cell(rows, name);
    (void)mr_buffer_append_string(rows->out, flag ? "true" : "false");
}

/* Digits, dashes and colons: nothing to escape. */
static void plain(mr_sales_rows *rows, const char *name, const char *text)
{
    begin_cell(rows, name);
    (void)mr_buffer_printf(rows->out, rows->csv ? "%s" : "\"%s\"", text);
}

void mr_sales_row_day(mr_sales_rows *rows, const char *name, int32_t day)
{
    char text[mr_sales_day_text_bytes_max];

    plain(rows, name, mr_sales_day_text(day, text));
}

void mr_sales_row_moment(mr_sales_rows *rows, const char *name, int64_t epoch_s)
{
    char text[mr_civil_text_bytes_max];

    (void)mr_civil_format_iso((mr_civil){epoch_s}, text);
    text[10] = 'T';
    plain(rows, name, text);
}

mr_status mr_sales_row_end(mr_sales_rows *rows, mr_err *err)
{
    mr_status status = MR_OK;

    (void)mr_buffer_append_string(rows->out, rows->csv ? "\r\n" : "}");
    rows->count++;
    if (rows->out->overflowed) {
        return mr_fail(err, MR_LIMIT, "the answer is larger than %zu bytes: ask for fewer rows",
                       rows->out->bytes_max);
    }
    if (rows->flush != NULL && rows->out->bytes >= flush_bytes) {
        status = rows->flush(rows->ctx, mr_buffer_text(rows->out), err);
        mr_buffer_clear(rows->out);
    }
    return status;
}
