/* SPDX-License-Identifier: Apache-2.0 */
/* web/csv.c - rows of CSV into a buffer. Plain functions without state. */
#include "web/csv.h"

/* A comma, unless this is the first cell of its row. An empty first cell is written as "", so that
 * what stands before the second is not a row's end. */
static bool begin_cell(mr_buffer *out)
{
    bool first = out->bytes == 0 || out->data[out->bytes - 1] == '\n';

    if (!first) {
        (void)mr_buffer_append(out, ",", 1);
    }
    return first;
}

static bool is_formula(mr_text text)
{
    return text.bytes > 0 && memchr("=+-@\t\r\n", text.data[0], 7) != NULL;
}

static bool needs_quotes(mr_text text)
{
    size_t at;

    for (at = 0; at < text.bytes; at++) {
        if (memchr(",\"\r\n", text.data[at], 4) != NULL) {
            return true;
        }
    }
    return text.bytes > 0 && (text.data[0] == ' ' || text.data[text.bytes - 1] == ' ');
}

void mr_web_csv_text(mr_buffer *out, mr_text text)
{
    bool first = begin_cell(out);
    bool quoted = needs_quotes(text) || (first && text.bytes == 0);
    size_t at;

    if (quoted) {
        (void)mr_buffer_append(out, "\"", 1);
    }
    if (is_formula(text)) {
        (void)mr_buffer_append(out, "'", 1);
    }
    for (at = 0; at < text.bytes; at++) {
        if (text.data[at] == '"') {
            (void)mr_buffer_append(out, "\"", 1);
        }
        (void)mr_buffer_append(out, text.data + at, 1);
    }
    if (quoted) {
        (void)mr_buffer_append(out, "\"", 1);
    }
}

void mr_web_csv_integer(mr_buffer *out, int64_t value)
{
    (void)begin_cell(out);
    (void)mr_buffer_printf(out, "%lld", (long long)value);
}

void mr_web_csv_amount(mr_buffer *out, mr_amount amount)
{
    char digits[mr_amount_text_bytes_max];

    mr_amount_format(amount, 2, digits);
    (void)begin_cell(out);
    (void)mr_buffer_append_string(out, digits);
}

void mr_web_csv_price(mr_buffer *out, mr_price price)
{
    mr_web_csv_amount(out, (mr_amount){price.scaled});
}

void mr_web_csv_civil(mr_buffer *out, mr_civil civil)
{
    char text[mr_civil_text_bytes_max];

    mr_civil_format_iso(civil, text);
    text[10] = 'T';
    (void)begin_cell(out);
    (void)mr_buffer_append_string(out, text);
}

void mr_web_csv_empty(mr_buffer *out)
{
    mr_web_csv_text(out, MR_TEXT_ABSENT);
}

void mr_web_csv_end(mr_buffer *out)
{
    (void)mr_buffer_append(out, "\r\n", 2);
}
