/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_read.c - one JSON document to one event, checked by the rules of the contract.
 *
 * One walk over the object's keys; every field that is wrong is reported, none is reported twice.
 * Called by:  mr_event_parse*, and by the stream (event_json_stream.c) for each of its documents.
 * Invariants: (1) numbers are read from their digits; (2) ret_event is written only on success;
 *             (3) nothing is allocated but the arena's room for unknown fields.
 */
#include <stdarg.h>
#include <stdio.h>

#include "event/event_parser.h"

#define FIELD_BIT(field) (1u << (field))

static const uint32_t required_fields =
    FIELD_BIT(MR_FIELD_INVOICE_NO) | FIELD_BIT(MR_FIELD_STOCK_CODE) | FIELD_BIT(MR_FIELD_QUANTITY) |
    FIELD_BIT(MR_FIELD_INVOICE_DATE) | FIELD_BIT(MR_FIELD_UNIT_PRICE) | FIELD_BIT(MR_FIELD_COUNTRY);

typedef struct event_reading {
    mr_event event;
    uint32_t seen;
    uint32_t faulty;
    bool too_deep;
    mr_fault_kind kinds[mr_event_faults_max]; /* meaningful where faulty has the field's bit */
} event_reading;

/* The fields that an event may lack get their value for that; the others are required. Clearing
 * the whole struct would cost a tenth of reading an event. */
static void reading_start(event_reading *reading)
{
    reading->event.description = MR_TEXT_ABSENT;
    reading->event.customer_name = MR_TEXT_ABSENT;
    reading->event.event_key = MR_TEXT_ABSENT;
    reading->event.extra = MR_TEXT_ABSENT;
    reading->event.customer_id = 0;
    reading->event.has_customer = false;
    reading->seen = 0;
    reading->faulty = 0;
    reading->too_deep = false;
}

static void note_fault(event_reading *reading, mr_event_field field, mr_fault_kind kind)
{
    reading->faulty |= FIELD_BIT(field);
    reading->kinds[field] = kind;
}

/* --- Fields --------------------------------------------------------------------------------- */

static void take_text(event_reading *reading, mr_event_field field, mr_text text, size_t length_min,
                      size_t length_max, mr_text *target)
{
    if (text.bytes < length_min) {
        note_fault(reading, field, MR_FAULT_STRING_TOO_SHORT);
    } else if (text.bytes > length_max && mr_utf8_length(text) > length_max) {
        note_fault(reading, field, MR_FAULT_STRING_TOO_LONG);
    } else {
        *target = text;
    }
}

static void read_string(event_reading *reading, mr_event_field field, yyjson_val *value,
                        size_t length_min, size_t length_max, mr_text *target)
{
    mr_text text;

    if (!yyjson_is_str(value)) {
        note_fault(reading, field, MR_FAULT_STRING_TYPE);
        return;
    }
    text = (mr_text){unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
    /* Only an escape can make a NUL: yyjson refuses a bare one. */
    if (unsafe_yyjson_get_subtype(value) != YYJSON_SUBTYPE_NOESC &&
        memchr(text.data, '\0', text.bytes) != NULL) {
        note_fault(reading, field, MR_FAULT_STRING_NUL);
        return;
    }
    take_text(reading, field, text, length_min, length_max, target);
}

static void read_nullable_string(event_reading *reading, mr_event_field field, yyjson_val *value,
                                 size_t length_min, size_t length_max, mr_text *target)
{
    if (!yyjson_is_null(value)) {
        read_string(reading, field, value, length_min, length_max, target);
    }
}

static bool all_digits(mr_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.bytes > 0;
}

static mr_text raw_of(yyjson_val *value)
{
    return (mr_text){unsafe_yyjson_get_raw(value), unsafe_yyjson_get_len(value)};
}

static void read_invoice_no(event_reading *reading, yyjson_val *value)
{
    if (yyjson_is_raw(value) && all_digits(raw_of(value))) {
        take_text(reading, MR_FIELD_INVOICE_NO, raw_of(value), 1, mr_event_invoice_no_length_max,
                  &reading->event.invoice_no);
        return;
    }
    read_string(reading, MR_FIELD_INVOICE_NO, value, 1, mr_event_invoice_no_length_max,
                &reading->event.invoice_no);
}

static bool read_integer(event_reading *reading, mr_event_field field, yyjson_val *value,
                         int64_t *ret_value)
{
    if (!yyjson_is_raw(value)) {
        note_fault(reading, field, MR_FAULT_INT_TYPE);
        return false;
    }
    switch (mr_event_integer_parse(raw_of(value), ret_value)) {
    case MR_INTEGER_OK:
        return true;
    case MR_INTEGER_FRACTION:
        note_fault(reading, field, MR_FAULT_INT_FROM_FLOAT);
        return false;
    case MR_INTEGER_RANGE:
    default:
        note_fault(reading, field, MR_FAULT_INT_RANGE);
        return false;
    }
}

static void read_quantity(event_reading *reading, yyjson_val *value)
{
    int64_t quantity;

    if (!read_integer(reading, MR_FIELD_QUANTITY, value, &quantity)) {
        return;
    }
    if (quantity < INT32_MIN || quantity > INT32_MAX) {
        note_fault(reading, MR_FIELD_QUANTITY, MR_FAULT_INT_RANGE);
        return;
    }
    reading->event.quantity = (int32_t)quantity;
}

static void read_customer_id(event_reading *reading, yyjson_val *value)
{
    if (yyjson_is_null(value)) {
        return;
    }
    if (yyjson_is_str(value)) {
        mr_text text = {unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
        uint64_t digits = 0;

        if (!all_digits(text)) {
            note_fault(reading, MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_PARSING);
        } else if (!mr_parse_uint64(text, INT64_MAX, &digits)) {
            note_fault(reading, MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_RANGE);
        } else {
            reading->event.customer_id = (int64_t)digits;
            reading->event.has_customer = true;
        }
        return;
    }
    reading->event.has_customer =
        read_integer(reading, MR_FIELD_CUSTOMER_ID, value, &reading->event.customer_id);
}

/* An invoice's lines follow one another and share its date: the last one parsed is remembered. */
static bool parse_date(mr_event_parser *parser, mr_text text, mr_civil *ret_date)
{
    mr_civil date;

    if (text.bytes > 0 && text.bytes == parser->date_bytes &&
        memcmp(text.data, parser->date_text, text.bytes) == 0) {
        *ret_date = parser->date;
        return true;
    }
    if (!mr_civil_parse(text, &date)) {
        return false;
    }
    if (text.bytes <= sizeof parser->date_text) {
        memcpy(parser->date_text, text.data, text.bytes);
        parser->date_bytes = text.bytes;
        parser->date = date;
    }
    *ret_date = date;
    return true;
}

static void read_invoice_date(mr_event_parser *parser, event_reading *reading, yyjson_val *value)
{
    if (!yyjson_is_str(value)) {
        note_fault(reading, MR_FIELD_INVOICE_DATE, MR_FAULT_STRING_TYPE);
        return;
    }
    mr_text text = {unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
    if (!parse_date(parser, text, &reading->event.invoice_date)) {
        note_fault(reading, MR_FIELD_INVOICE_DATE, MR_FAULT_DATE);
    }
}

static void read_unit_price(event_reading *reading, yyjson_val *value)
{
    if (!yyjson_is_raw(value)) {
        note_fault(reading, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_TYPE);
        return;
    }
    switch (mr_price_parse(raw_of(value), &reading->event.unit_price)) {
    case MR_DECIMAL_OK:
        break;
    case MR_DECIMAL_TOO_LARGE:
        note_fault(reading, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_DIGITS);
        break;
    case MR_DECIMAL_TOO_FINE:
        note_fault(reading, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_PLACES);
        break;
    case MR_DECIMAL_SYNTAX:
    default:
        note_fault(reading, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_TYPE);
        break;
    }
}

/* --- The walk over the keys ----------------------------------------------------------------- */

static bool is_key(const char *key, const char *name, size_t bytes)
{
    return memcmp(key, name, bytes) == 0;
}

/* MR_FIELD_EXTRA for an unknown name. */
static inline mr_event_field field_of_key(const char *key, size_t bytes)
{
    switch (bytes) {
    case 7:
        return is_key(key, "Country", 7)   ? MR_FIELD_COUNTRY
               : is_key(key, "EventID", 7) ? MR_FIELD_EVENT_ID
                                           : MR_FIELD_EXTRA;
    case 8:
        return is_key(key, "Quantity", 8) ? MR_FIELD_QUANTITY : MR_FIELD_EXTRA;
    case 9:
        return is_key(key, "InvoiceNo", 9)   ? MR_FIELD_INVOICE_NO
               : is_key(key, "StockCode", 9) ? MR_FIELD_STOCK_CODE
               : is_key(key, "UnitPrice", 9) ? MR_FIELD_UNIT_PRICE
                                             : MR_FIELD_EXTRA;
    case 10:
        return is_key(key, "CustomerID", 10) ? MR_FIELD_CUSTOMER_ID : MR_FIELD_EXTRA;
    case 11:
        return is_key(key, "Description", 11)   ? MR_FIELD_DESCRIPTION
               : is_key(key, "InvoiceDate", 11) ? MR_FIELD_INVOICE_DATE
                                                : MR_FIELD_EXTRA;
    case 12:
        return is_key(key, "customerName", 12) || is_key(key, "CustomerName", 12)
                   ? MR_FIELD_CUSTOMER_NAME
                   : MR_FIELD_EXTRA;
    default:
        return MR_FIELD_EXTRA;
    }
}

static void read_field(mr_event_parser *parser, event_reading *reading, mr_event_field field,
                       yyjson_val *value)
{
    mr_event *event = &reading->event;

    switch (field) {
    case MR_FIELD_INVOICE_NO:
        read_invoice_no(reading, value);
        break;
    case MR_FIELD_STOCK_CODE:
        read_string(reading, field, value, 1, mr_event_stock_code_length_max, &event->stock_code);
        break;
    case MR_FIELD_DESCRIPTION:
        read_nullable_string(reading, field, value, 0, mr_event_description_length_max,
                             &event->description);
        break;
    case MR_FIELD_QUANTITY:
        read_quantity(reading, value);
        break;
    case MR_FIELD_INVOICE_DATE:
        read_invoice_date(parser, reading, value);
        break;
    case MR_FIELD_UNIT_PRICE:
        read_unit_price(reading, value);
        break;
    case MR_FIELD_CUSTOMER_ID:
        read_customer_id(reading, value);
        break;
    case MR_FIELD_CUSTOMER_NAME:
        read_nullable_string(reading, field, value, 0, mr_event_customer_name_length_max,
                             &event->customer_name);
        break;
    case MR_FIELD_COUNTRY:
        read_string(reading, field, value, 1, mr_event_country_length_max, &event->country);
        break;
    case MR_FIELD_EVENT_ID:
        read_nullable_string(reading, field, value, 1, mr_event_key_length_max, &event->event_key);
        break;
    case MR_FIELD_COUNT:
    default:
        MR_ASSERT(false);
    }
}

static void read_unknown(mr_event_parser *parser, event_reading *reading, yyjson_val *key,
                         yyjson_val *value)
{
    if (reading->too_deep || (reading->faulty & FIELD_BIT(MR_FIELD_EXTRA)) != 0) {
        return;
    }
    switch (mr_event_extra_add(parser, key, value)) {
    case MR_EXTRA_OK:
        break;
    case MR_EXTRA_TOO_DEEP:
        reading->too_deep = true;
        break;
    case MR_EXTRA_TOO_LARGE:
    default:
        note_fault(reading, MR_FIELD_EXTRA, MR_FAULT_TOO_LARGE);
        break;
    }
}

static void read_members(mr_event_parser *parser, event_reading *reading, yyjson_val *root)
{
    yyjson_obj_iter iter = yyjson_obj_iter_with(root);
    yyjson_val *key;

    while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        mr_event_field field = field_of_key(unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key));

        if (field == MR_FIELD_EXTRA) {
            read_unknown(parser, reading, key, value);
        } else if ((reading->seen & FIELD_BIT(field)) != 0) {
            note_fault(reading, field, MR_FAULT_DUPLICATE);
        } else {
            reading->seen |= FIELD_BIT(field);
            read_field(parser, reading, field, value);
        }
    }
}

/* --- The whole event ------------------------------------------------------------------------ */

mr_status mr_event_malformed(mr_event_faults *ret_faults, const char *format, ...)
{
    va_list arguments;

    ret_faults->count = 0;
    ret_faults->malformed = true;
    va_start(arguments, format);
    (void)vsnprintf(ret_faults->message, sizeof ret_faults->message, format, arguments);
    va_end(arguments);
    return MR_INVALID;
}

static mr_status report_faults(const event_reading *reading, mr_event_faults *ret_faults)
{
    ret_faults->count = 0;
    ret_faults->malformed = false;
    ret_faults->message[0] = '\0';
    for (uint32_t field = 0; field < mr_event_faults_max; field++) {
        if ((reading->faulty & FIELD_BIT(field)) != 0) {
            ret_faults->items[ret_faults->count++] =
                (mr_event_fault){(mr_event_field)field, reading->kinds[field]};
        }
    }
    return MR_INVALID;
}

static void note_missing(event_reading *reading)
{
    uint32_t missing = required_fields & ~reading->seen;

    for (uint32_t field = 0; missing != 0 && field < MR_FIELD_COUNT; field++) {
        if ((missing & FIELD_BIT(field)) != 0) {
            note_fault(reading, (mr_event_field)field, MR_FAULT_MISSING);
        }
    }
}

/* The key comes from outside the document, so nobody has checked it yet. */
static void apply_event_key(event_reading *reading, mr_text event_key)
{
    if (!mr_utf8_valid(event_key)) {
        note_fault(reading, MR_FIELD_EVENT_ID, MR_FAULT_STRING_TYPE);
    } else if (event_key.bytes > 0 && memchr(event_key.data, '\0', event_key.bytes) != NULL) {
        note_fault(reading, MR_FIELD_EVENT_ID, MR_FAULT_STRING_NUL);
    } else {
        take_text(reading, MR_FIELD_EVENT_ID, event_key, 1, mr_event_key_length_max,
                  &reading->event.event_key);
    }
}

static void keep_extra(mr_event_parser *parser, event_reading *reading)
{
    if (!mr_buffer_append(&parser->scratch, "}", 1) ||
        !mr_arena_copy(parser->extras, mr_buffer_text(&parser->scratch), &reading->event.extra)) {
        note_fault(reading, MR_FIELD_EXTRA, MR_FAULT_TOO_LARGE);
    }
}

static mr_status read_object(mr_event_parser *parser, yyjson_val *root, mr_text event_key,
                             mr_event *ret_event, mr_event_faults *ret_faults)
{
    event_reading reading;

    reading_start(&reading);
    if (!yyjson_is_obj(root)) {
        note_fault(&reading, MR_FIELD_EXTRA, MR_FAULT_OBJECT_TYPE);
        return report_faults(&reading, ret_faults);
    }
    mr_buffer_clear(&parser->scratch);
    read_members(parser, &reading, root);
    if (reading.too_deep) {
        return mr_event_malformed(ret_faults, "an unknown field is nested deeper than %d levels",
                                  mr_json_depth_max);
    }
    note_missing(&reading);
    if (event_key.data != NULL && reading.event.event_key.data == NULL &&
        (reading.faulty & FIELD_BIT(MR_FIELD_EVENT_ID)) == 0) {
        apply_event_key(&reading, event_key);
    }
    if (reading.faulty == 0 && parser->scratch.bytes > 0) {
        keep_extra(parser, &reading);
    }
    if (reading.faulty != 0) {
        return report_faults(&reading, ret_faults);
    }
    *ret_event = reading.event;
    mr_event_identify(ret_event);
    return MR_OK;
}

mr_status mr_event_read_document(mr_event_parser *parser, char *json, size_t bytes,
                                 mr_text event_key, mr_event *ret_event,
                                 mr_event_faults *ret_faults)
{
    static const yyjson_read_flag flags = YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW;
    char behind[YYJSON_PADDING_SIZE];
    yyjson_read_err error;
    yyjson_alc pool;
    yyjson_doc *doc;

    _Static_assert(mr_json_padding_bytes >= YYJSON_PADDING_SIZE, "yyjson reads past the end");
    parser->syntax_error = false;
    if (bytes > mr_event_json_bytes_max) {
        return mr_event_malformed(ret_faults, "the event has %zu bytes; at most %d are allowed",
                                  bytes, mr_event_json_bytes_max);
    }
    (void)yyjson_alc_pool_init(&pool, parser->values, parser->values_bytes);
    memcpy(behind, json + bytes, sizeof behind);
    memset(json + bytes, 0, sizeof behind);
    doc = yyjson_read_opts(json, bytes, flags, &pool, &error);
    memcpy(json + bytes, behind, sizeof behind);
    if (doc == NULL && error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        /* The pool holds the values of any whole document: only open brackets need more. */
        parser->syntax_error = true;
        return mr_event_malformed(ret_faults, "not valid JSON: too many brackets are left open");
    }
    if (doc == NULL) {
        parser->syntax_error = true;
        return mr_event_malformed(ret_faults, "not valid JSON at byte %zu: %s", error.pos + 1,
                                  error.msg);
    }
    return read_object(parser, yyjson_doc_get_root(doc), event_key, ret_event, ret_faults);
}
