/* SPDX-License-Identifier: Apache-2.0 */
/* web/json.c - values as the API writes them. */
#include "web/json.h"

#include <math.h>

static void separate(mr_buffer *out)
{
    char last = out->bytes == 0 ? '{' : out->data[out->bytes - 1];

    if (last != '{' && last != '[' && last != ':') {
        (void)mr_buffer_append(out, ",", 1);
    }
}

void mr_web_json_next(mr_buffer *out)
{
    separate(out);
}

void mr_web_json_name(mr_buffer *out, const char *name)
{
    separate(out);
    (void)mr_buffer_append_json_string(out, mr_text_of(name));
    (void)mr_buffer_append(out, ":", 1);
}

void mr_web_json_text(mr_buffer *out, mr_text text)
{
    if (text.data == NULL) {
        (void)mr_buffer_append(out, "null", 4);
    } else {
        (void)mr_buffer_append_json_string(out, text);
    }
}

void mr_web_json_integer(mr_buffer *out, int64_t value)
{
    (void)mr_buffer_printf(out, "%lld", (long long)value);
}

void mr_web_json_number(mr_buffer *out, double value)
{
    if (isfinite(value)) {
        (void)mr_buffer_printf(out, "%.6g", value);
    } else {
        (void)mr_buffer_append(out, "null", 4);
    }
}

void mr_web_json_flag(mr_buffer *out, bool value)
{
    (void)mr_buffer_append_string(out, value ? "true" : "false");
}

void mr_web_json_amount(mr_buffer *out, mr_amount amount)
{
    char text[mr_amount_text_bytes_max];
    size_t bytes = mr_amount_format(amount, 2, text);

    (void)mr_buffer_printf(out, "\"%.*s\"", (int)bytes, text);
}

void mr_web_json_price(mr_buffer *out, mr_price price)
{
    mr_web_json_amount(out, (mr_amount){price.scaled});
}

static void append_civil(mr_buffer *out, mr_civil civil, size_t bytes)
{
    char text[mr_civil_text_bytes_max];

    MR_ASSERT(mr_civil_format_iso(civil, text) >= bytes);
    if (bytes > 10) {
        text[10] = 'T';
    }
    (void)mr_buffer_printf(out, "\"%.*s\"", (int)bytes, text);
}

void mr_web_json_civil(mr_buffer *out, mr_civil civil)
{
    append_civil(out, civil, 19);
}

void mr_web_json_day(mr_buffer *out, mr_civil civil)
{
    append_civil(out, civil, 10);
}

void mr_web_json_month(mr_buffer *out, mr_civil civil)
{
    append_civil(out, civil, 7);
}

void mr_web_json_instant(mr_buffer *out, int64_t epoch_ms)
{
    char text[mr_civil_text_bytes_max];

    if (epoch_ms == 0) {
        (void)mr_buffer_append(out, "null", 4);
        return;
    }
    (void)mr_instant_format(epoch_ms, text);
    (void)mr_buffer_printf(out, "\"%s\"", text);
}
