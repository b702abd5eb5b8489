/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_write.c - an event as JSON: the canonical document, and the stored item.
 *
 * Room for the worst case is reserved once and then written without further checks; only a buffer
 * near its cap pays for an exact count first. Pure functions of the event; any thread.
 */
#include "event/event_json.h"

enum {
    escape_bytes_max = 6,  /* \u001f */
    frame_bytes_max = 512, /* names, punctuation, numbers, the date, and what follows as slack */
    integer_digits_max = 20,
};

/* --- Pieces --------------------------------------------------------------------------------- */

#define PUT_LITERAL(at, literal) \
    (memcpy((at), (literal), sizeof(literal) - 1), (at) + sizeof(literal) - 1)

static char *put_integer(char *at, int64_t value)
{
    char digits[integer_digits_max];
    size_t first = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *at++ = '-';
    }
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

static bool is_escaped(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Some byte of the eight must be escaped (RFC 8259 section 7). Bits above the lowest hit may be
 * false, the answer as a whole is not. */
static bool word_needs_escape(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;
    uint64_t quotes = word ^ (ones * '"');
    uint64_t backslashes = word ^ (ones * '\\');
    uint64_t hits = ((word - ones * 0x20) & ~word) | ((quotes - ones) & ~quotes) |
                    ((backslashes - ones) & ~backslashes);

    return (hits & highs) != 0;
}

static bool needs_escape(mr_text text)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= text.bytes; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        if (word_needs_escape(word)) {
            return true;
        }
    }
    for (; i < text.bytes; i++) {
        if (is_escaped((uint8_t)text.data[i])) {
            return true;
        }
    }
    return false;
}

/* The letter behind the backslash, or 0 for a \u escape. */
static char short_escape(uint8_t byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return (char)byte;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

static char *put_escaped(char *at, mr_text text)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.data[i];

        if (!is_escaped(byte)) {
            *at++ = (char)byte;
            continue;
        }
        *at++ = '\\';
        if (short_escape(byte) != '\0') {
            *at++ = short_escape(byte);
            continue;
        }
        at = PUT_LITERAL(at, "u00");
        *at++ = hex[byte >> 4];
        *at++ = hex[byte & 15];
    }
    return at;
}

static char *put_string(char *at, mr_text text)
{
    *at++ = '"';
    if (needs_escape(text)) {
        at = put_escaped(at, text);
    } else if (text.bytes > 0) {
        memcpy(at, text.data, text.bytes);
        at += text.bytes;
    }
    *at++ = '"';
    return at;
}

static char *put_nullable_string(char *at, mr_text text)
{
    return text.data != NULL ? put_string(at, text) : PUT_LITERAL(at, "null");
}

/* --- Room ----------------------------------------------------------------------------------- */

static size_t escaped_bytes(mr_text text)
{
    size_t bytes = text.bytes;

    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.data[i];

        if (is_escaped(byte)) {
            bytes += short_escape(byte) != '\0' ? 1 : escape_bytes_max - 1;
        }
    }
    return bytes;
}

static size_t texts_bytes_max(const mr_event *event)
{
    return escape_bytes_max *
           (event->invoice_no.bytes + event->stock_code.bytes + event->description.bytes +
            event->customer_name.bytes + event->country.bytes + event->event_key.bytes);
}

static size_t texts_bytes_exact(const mr_event *event)
{
    return escaped_bytes(event->invoice_no) + escaped_bytes(event->stock_code) +
           escaped_bytes(event->description) + escaped_bytes(event->customer_name) +
           escaped_bytes(event->country) + escaped_bytes(event->event_key);
}

static size_t room_left(const mr_buffer *out)
{
    return out->bytes_max - out->bytes;
}

/* --- Documents ------------------------------------------------------------------------------ */

static char *put_head(char *at, const mr_event *event)
{
    at = PUT_LITERAL(at, "{\"InvoiceNo\":");
    at = put_string(at, event->invoice_no);
    at = PUT_LITERAL(at, ",\"StockCode\":");
    at = put_string(at, event->stock_code);
    at = PUT_LITERAL(at, ",\"Description\":");
    at = put_nullable_string(at, event->description);
    at = PUT_LITERAL(at, ",\"Quantity\":");
    at = put_integer(at, event->quantity);
    return PUT_LITERAL(at, ",\"InvoiceDate\":\"");
}

static char *put_price_and_customer(char *at, const mr_event *event)
{
    at = PUT_LITERAL(at, "\",\"UnitPrice\":");
    at += mr_price_format(event->unit_price, at);
    at = PUT_LITERAL(at, ",\"CustomerID\":");
    return event->has_customer ? put_integer(at, event->customer_id) : PUT_LITERAL(at, "null");
}

/* The members of the unknown fields' object, behind those of the contract. */
static char *put_extra(char *at, mr_text extra)
{
    if (extra.bytes <= 2) {
        return at;
    }
    *at++ = ',';
    memcpy(at, extra.data + 1, extra.bytes - 2);
    return at + extra.bytes - 2;
}

static char *put_canonical(char *at, const mr_event *event)
{
    at = put_head(at, event);
    at += mr_civil_format_wire(event->invoice_date, at);
    at = put_price_and_customer(at, event);
    if (event->customer_name.data != NULL) {
        at = PUT_LITERAL(at, ",\"customerName\":");
        at = put_string(at, event->customer_name);
    }
    at = PUT_LITERAL(at, ",\"Country\":");
    at = put_string(at, event->country);
    if (event->event_key.data != NULL) {
        at = PUT_LITERAL(at, ",\"EventID\":");
        at = put_string(at, event->event_key);
    }
    at = put_extra(at, event->extra);
    *at++ = '}';
    return at;
}

static char *put_answer(char *at, const mr_event *event)
{
    at = put_head(at, event);
    at += mr_civil_format_answer(event->invoice_date, at);
    at = put_price_and_customer(at, event);
    at = PUT_LITERAL(at, ",\"customerName\":");
    at = put_nullable_string(at, event->customer_name);
    at = PUT_LITERAL(at, ",\"Country\":");
    at = put_string(at, event->country);
    at = PUT_LITERAL(at, ",\"EventID\":");
    at = put_nullable_string(at, event->event_key);
    return put_extra(at, event->extra);
}

/* Near the cap the worst case may not fit where the document does: it is made aside and appended.
 */
static bool write_near_cap(const mr_event *event, mr_buffer *out,
                           char *(*put)(char *at, const mr_event *event))
{
    size_t bytes_max = texts_bytes_exact(event) + event->extra.bytes + frame_bytes_max;
    mr_buffer aside;
    char *at;
    bool appended;

    mr_buffer_init(&aside, bytes_max);
    at = mr_buffer_reserve(&aside, bytes_max);
    MR_ASSERT(at != NULL);
    mr_buffer_commit(&aside, (size_t)(put(at, event) - at));
    appended = mr_buffer_append_text(out, mr_buffer_text(&aside));
    mr_buffer_free(&aside);
    return appended;
}

static bool write_document(const mr_event *event, mr_buffer *out,
                           char *(*put)(char *at, const mr_event *event))
{
    size_t bytes_max = texts_bytes_max(event) + event->extra.bytes + frame_bytes_max;
    char *at;

    if (room_left(out) < bytes_max) {
        return write_near_cap(event, out, put);
    }
    at = mr_buffer_reserve(out, bytes_max);
    MR_ASSERT(at != NULL);
    mr_buffer_commit(out, (size_t)(put(at, event) - at));
    return true;
}

bool mr_event_write_json(const mr_event *event, mr_buffer *out)
{
    return write_document(event, out, put_canonical);
}

bool mr_event_write_answer_open(const mr_event *event, mr_buffer *out)
{
    return write_document(event, out, put_answer);
}
