/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_csv.c - quotes and formats the columns. Pure functions; any thread. */
#include "cli/generate_csv.h"

bool mr_generate_csv_header(mr_buffer *out)
{
    return mr_buffer_append_string(out, "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,"
                                        "UnitPrice,CustomerID,CustomerName,Country\n");
}

static bool must_quote(mr_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.data[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

static bool append_field(mr_buffer *out, mr_text text)
{
    bool whole = true;

    if (!must_quote(text)) {
        whole = mr_buffer_append(out, text.data, text.bytes);
    } else {
        whole = mr_buffer_append(out, "\"", 1);
        for (size_t i = 0; i < text.bytes; i++) {
            whole = whole && (text.data[i] != '"' || mr_buffer_append(out, "\"", 1)) &&
                    mr_buffer_append(out, &text.data[i], 1);
        }
        whole = whole && mr_buffer_append(out, "\"", 1);
    }
    return whole && mr_buffer_append(out, ",", 1);
}

static bool append_integer(mr_buffer *out, int64_t value)
{
    char digits[24];
    size_t first = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    digits[--first] = ',';
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--first] = '-';
    }
    return mr_buffer_append(out, digits + first, sizeof(digits) - first);
}

static bool append_customer(mr_buffer *out, const mr_event *event)
{
    return event->has_customer ? append_integer(out, event->customer_id)
                               : mr_buffer_append(out, ",", 1);
}

bool mr_generate_csv_line(const mr_event *event, mr_buffer *out)
{
    char date[mr_civil_text_bytes_max];
    char price[mr_amount_text_bytes_max];
    size_t start = out->bytes;
    mr_text date_text = {date, mr_civil_format_iso(event->invoice_date, date)};
    mr_text price_text = {price, mr_price_format(event->unit_price, price)};

    bool whole = append_field(out, event->invoice_no) && append_field(out, event->stock_code) &&
                 append_field(out, event->description) && append_integer(out, event->quantity) &&
                 append_field(out, date_text) && append_field(out, price_text) &&
                 append_customer(out, event) && append_field(out, event->customer_name) &&
                 append_field(out, event->country);
    if (!whole) {
        out->bytes = start;
        return false;
    }
    out->data[out->bytes - 1] = '\n'; /* instead of the last comma */
    return true;
}
