/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_stream.c - from the fields of a CSV record to an event, by the rules of the contract.
 *
 * Owns:       the input, its reader, and the few buffers of the line at hand.
 * Called by:  cmd_convert.c and post_source.c, each on one thread.
 * Invariants: (1) what next returns as an event, the gateway takes: the same lengths and ranges;
 *             (2) no allocation a line; (3) no text has a NUL: the CSV reader refuses such a
 * record. Not here:   finding out what the file is (event/csv_profile.c), writing JSON
 * (event/event_json.h).
 */
#include "cli/convert_stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/convert_fields.h"
#include "cli/convert_input.h"
#include "cli/convert_names.h"

enum { date_text_bytes_max = 48, reason_bytes_max = 2048 };

/* A column the contract does not know, kept as an unknown field. */
typedef struct extra_column {
    size_t index;
    char *key; /* its name as a JSON string, with the colon */
    size_t key_bytes;
} extra_column;

struct mr_convert_stream {
    mr_convert_options options;
    mr_convert_input input;
    mr_csv_profile profile;
    mr_csv_date_order order;
    mr_csv_reader *reader;
    extra_column *extras;
    size_t extra_count;
    mr_buffer extra;
    mr_buffer reason;
    char name[mr_convert_name_bytes_max];
    char key[24];
    char date_text[date_text_bytes_max]; /* lines of an invoice share their date */
    size_t date_bytes;
    mr_civil date;
};

/* The line at hand: its record, the event that becomes of it, what is wrong with it. */
typedef struct conversion {
    mr_convert_stream *stream;
    const mr_csv_record *record;
    mr_event event;
    mr_event_faults faults;
} conversion;

/* --- Fields ---------------------------------------------------------------------------------- */

static void note_fault(conversion *c, mr_event_field field, mr_fault_kind kind)
{
    MR_ASSERT(c->faults.count < mr_event_faults_max);
    c->faults.items[c->faults.count++] = (mr_event_fault){field, kind};
}

/* Absent when the file has no such column, or the field is blank. */
static mr_text field_text(const conversion *c, mr_event_field field)
{
    int32_t column = c->stream->profile.columns.of_field[field];

    if (column < 0 || c->record->fields[column].bytes == 0) {
        return MR_TEXT_ABSENT;
    }
    return c->record->fields[column];
}

static void take_text(conversion *c, mr_event_field field, size_t length_max, bool required,
                      mr_text *target)
{
    mr_text text = field_text(c, field);

    if (text.data == NULL) {
        if (required) {
            note_fault(c, field, MR_FAULT_STRING_TOO_SHORT);
        }
    } else if (text.bytes > length_max && mr_utf8_length(text) > length_max) {
        note_fault(c, field, MR_FAULT_STRING_TOO_LONG);
    } else {
        *target = text;
    }
}

static bool take_integer(conversion *c, mr_event_field field, mr_text text, int64_t *ret_value)
{
    switch (mr_convert_integer(text, c->stream->profile.decimal_comma, ret_value)) {
    case MR_CONVERT_OK:
        return true;
    case MR_CONVERT_FRACTION:
        note_fault(c, field, MR_FAULT_INT_FROM_FLOAT);
        return false;
    case MR_CONVERT_RANGE:
        note_fault(c, field, MR_FAULT_INT_RANGE);
        return false;
    case MR_CONVERT_SYNTAX:
    default:
        note_fault(c, field, MR_FAULT_INT_PARSING);
        return false;
    }
}

static void take_quantity(conversion *c)
{
    mr_text text = field_text(c, MR_FIELD_QUANTITY);
    int64_t quantity = 0;

    if (text.data == NULL) {
        note_fault(c, MR_FIELD_QUANTITY, MR_FAULT_MISSING);
    } else if (take_integer(c, MR_FIELD_QUANTITY, text, &quantity)) {
        if (quantity < INT32_MIN || quantity > INT32_MAX) {
            note_fault(c, MR_FIELD_QUANTITY, MR_FAULT_INT_RANGE);
        }
        c->event.quantity = (int32_t)quantity;
    }
}

static bool read_date(mr_convert_stream *stream, mr_text text, mr_civil *ret_date)
{
    mr_csv_date parts;

    if (text.bytes == stream->date_bytes && memcmp(text.data, stream->date_text, text.bytes) == 0) {
        *ret_date = stream->date;
        return true;
    }
    if (!mr_csv_date_scan(text, &parts) ||
        !mr_csv_date_resolve(&parts, stream->order, &stream->date)) {
        return false;
    }
    stream->date_bytes = text.bytes <= date_text_bytes_max ? text.bytes : 0;
    memcpy(stream->date_text, text.data, stream->date_bytes);
    *ret_date = stream->date;
    return true;
}

static void take_date(conversion *c)
{
    mr_text text = mr_text_trim(field_text(c, MR_FIELD_INVOICE_DATE));

    if (text.bytes == 0) {
        note_fault(c, MR_FIELD_INVOICE_DATE, MR_FAULT_MISSING);
    } else if (!read_date(c->stream, text, &c->event.invoice_date)) {
        note_fault(c, MR_FIELD_INVOICE_DATE, MR_FAULT_DATE);
    }
}

static void take_price(conversion *c)
{
    mr_text text = mr_text_trim(field_text(c, MR_FIELD_UNIT_PRICE));

    if (text.bytes == 0) {
        note_fault(c, MR_FIELD_UNIT_PRICE, MR_FAULT_MISSING);
        return;
    }
    switch (mr_convert_price(text, c->stream->profile.decimal_comma, &c->event.unit_price)) {
    case MR_DECIMAL_OK:
        return;
    case MR_DECIMAL_TOO_LARGE:
        note_fault(c, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_DIGITS);
        return;
    case MR_DECIMAL_TOO_FINE:
        note_fault(c, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_PLACES);
        return;
    case MR_DECIMAL_SYNTAX:
    default:
        note_fault(c, MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_TYPE);
        return;
    }
}

static void take_customer(conversion *c)
{
    mr_text text = mr_text_trim(field_text(c, MR_FIELD_CUSTOMER_ID));

    if (text.bytes > 0) {
        c->event.has_customer = take_integer(c, MR_FIELD_CUSTOMER_ID, text, &c->event.customer_id);
    }
}

static void take_name(conversion *c)
{
    mr_convert_stream *stream = c->stream;

    take_text(c, MR_FIELD_CUSTOMER_NAME, mr_event_customer_name_length_max, false,
              &c->event.customer_name);
    if (c->event.customer_name.data == NULL && stream->options.synthesize_names &&
        c->event.has_customer) {
        size_t bytes = mr_convert_name(c->event.customer_id, stream->name);
        c->event.customer_name = (mr_text){stream->name, bytes};
    }
}

static void take_event_key(conversion *c)
{
    mr_convert_stream *stream = c->stream;

    take_text(c, MR_FIELD_EVENT_ID, mr_event_key_length_max, false, &c->event.event_key);
    if (c->event.event_key.data == NULL && stream->options.event_ids) {
        /* A line number is stable for the file, and needs no memory of the lines before. */
        int bytes =
            snprintf(stream->key, sizeof(stream->key), "%llu", (unsigned long long)c->record->line);
        c->event.event_key = (mr_text){stream->key, (size_t)bytes};
    }
}

static void take_extras(conversion *c)
{
    mr_convert_stream *stream = c->stream;
    mr_buffer *extra = &stream->extra;

    if (stream->extra_count == 0) {
        return;
    }
    mr_buffer_clear(extra);
    for (size_t i = 0; i < stream->extra_count; i++) {
        const extra_column *column = &stream->extras[i];
        (void)mr_buffer_append(extra, i == 0 ? "{" : ",", 1);
        (void)mr_buffer_append(extra, column->key, column->key_bytes);
        (void)mr_buffer_append_json_string(extra, c->record->fields[column->index]);
    }
    (void)mr_buffer_append(extra, "}", 1);
    if (extra->overflowed) {
        note_fault(c, MR_FIELD_EXTRA, MR_FAULT_TOO_LARGE);
    }
    c->event.extra = mr_buffer_text(extra);
}

/* In the order of the fields, as faults are listed. */
static void take_fields(conversion *c)
{
    mr_event *event = &c->event;

    take_text(c, MR_FIELD_INVOICE_NO, mr_event_invoice_no_length_max, true, &event->invoice_no);
    take_text(c, MR_FIELD_STOCK_CODE, mr_event_stock_code_length_max, true, &event->stock_code);
    take_text(c, MR_FIELD_DESCRIPTION, mr_event_description_length_max, false, &event->description);
    take_quantity(c);
    take_date(c);
    take_price(c);
    take_customer(c);
    take_name(c);
    take_text(c, MR_FIELD_COUNTRY, mr_event_country_length_max, true, &event->country);
    take_event_key(c);
    take_extras(c);
}

/* --- Lines ----------------------------------------------------------------------------------- */

static mr_status convert_record(mr_convert_stream *stream, const mr_csv_record *record,
                                mr_convert_line *ret_line)
{
    conversion c = {.stream = stream, .record = record};

    mr_buffer_clear(&stream->reason);
    if (record->count != stream->profile.columns.count) {
        (void)mr_buffer_printf(&stream->reason, "%zu fields, where the header has %zu",
                               record->count, stream->profile.columns.count);
        return MR_INVALID;
    }
    take_fields(&c);
    if (c.faults.count > 0) {
        mr_event_faults_describe(&c.faults, &stream->reason);
        return MR_INVALID;
    }
    ret_line->event = c.event;
    return MR_OK;
}

/* The reader's message without the line number, which stands beside it anyway. */
static void note_broken(mr_convert_stream *stream, const char *message)
{
    const char *behind_number = strstr(message, ": ");

    mr_buffer_clear(&stream->reason);
    (void)mr_buffer_append_string(&stream->reason,
                                  behind_number != NULL ? behind_number + 2 : message);
}

mr_status mr_convert_next(mr_convert_stream *stream, mr_convert_line *ret_line, mr_err *err)
{
    mr_csv_record record;
    mr_err broken = {.message = ""};
    mr_status status = mr_csv_next(stream->reader, &record, &broken);

    if (status == MR_OK) {
        status = convert_record(stream, &record, ret_line);
    } else if (status == MR_INVALID) {
        note_broken(stream, broken.message);
    } else if (status == MR_NOT_FOUND) {
        mr_status unchanged = mr_convert_input_unchanged(&stream->input, err);
        return unchanged == MR_OK ? MR_NOT_FOUND
                                  : mr_fail_in(err, unchanged, "%s", stream->options.path);
    } else {
        return mr_fail(err, status, "%s: %s", stream->options.path, broken.message);
    }
    ret_line->number = record.line;
    ret_line->raw = record.raw;
    ret_line->reason = mr_buffer_text(&stream->reason);
    return status;
}

/* --- Opening --------------------------------------------------------------------------------- */

static bool has_extra_key(const mr_convert_stream *stream, mr_text key)
{
    for (size_t i = 0; i < stream->extra_count; i++) {
        if (mr_text_equal((mr_text){stream->extras[i].key, stream->extras[i].key_bytes}, key)) {
            return true;
        }
    }
    return false;
}

/* A column without a name, or with the name of another, is named by its place. */
static void add_extra_column(mr_convert_stream *stream, mr_text name, size_t index)
{
    mr_buffer key;

    mr_buffer_init(&key, mr_event_extra_bytes_max);
    (void)mr_buffer_append_json_string(&key, name);
    (void)mr_buffer_append(&key, ":", 1);
    if (name.bytes == 0 || key.overflowed || has_extra_key(stream, mr_buffer_text(&key))) {
        mr_buffer_clear(&key);
        (void)mr_buffer_printf(&key, "\"column_%zu\":", index + 1);
    }
    stream->extras[stream->extra_count++] =
        (extra_column){.index = index, .key = key.data, .key_bytes = key.bytes};
}

static mr_status read_header(mr_convert_stream *stream, mr_err *err)
{
    mr_csv_record header;
    mr_status status = mr_csv_next(stream->reader, &header, err);

    if (status == MR_INVALID) {
        return mr_fail_in(err, status, "the header"); /* a byte that its encoding does not have */
    }
    if (status != MR_OK || header.count != stream->profile.columns.count) {
        return mr_fail(err, MR_IO, "the file was changed while it was read: run again");
    }
    stream->extras = mr_alloc_zero(header.count, sizeof(*stream->extras));
    for (size_t i = 0; i < header.count; i++) {
        if (mr_csv_column_field(header.fields[i]) == MR_FIELD_COUNT) {
            add_extra_column(stream, header.fields[i], i);
        }
    }
    return MR_OK;
}

static mr_status open_stream(mr_convert_stream *stream, mr_err *err)
{
    const mr_convert_options *options = &stream->options;
    mr_status status = mr_convert_input_open(options->path, options->head, &stream->input, err);

    if (status == MR_OK) {
        status = mr_csv_profile_read(mr_convert_input_read, &stream->input, &stream->profile, err);
    }
    if (status == MR_OK) {
        status = mr_convert_input_rewind(&stream->input, err);
    }
    if (status != MR_OK) {
        return status;
    }
    stream->order =
        options->order == MR_CSV_ORDER_UNNEEDED ? stream->profile.order : options->order;
    mr_csv_options csv = {
        .delimiter = stream->profile.delimiter,
        .windows_1252 = stream->profile.encoding == MR_CSV_WINDOWS_1252,
        .read = mr_convert_input_read,
        .ctx = &stream->input,
    };
    stream->reader = mr_csv_reader_create(&csv);
    return read_header(stream, err);
}

mr_status mr_convert_open(const mr_convert_options *options, mr_convert_stream **ret_stream,
                          mr_err *err)
{
    mr_convert_stream *stream = mr_alloc_zero(1, sizeof(*stream));
    mr_status status;

    stream->options = *options;
    stream->input.fd = -1;
    mr_buffer_init(&stream->extra, mr_event_extra_bytes_max);
    mr_buffer_init(&stream->reason, reason_bytes_max);
    status = open_stream(stream, err);
    if (status != MR_OK) {
        mr_convert_close(stream);
        return mr_fail_in(err, status, "%s",
                          strcmp(options->path, "-") == 0 ? "standard input" : options->path);
    }
    *ret_stream = stream;
    return MR_OK;
}

void mr_convert_close(mr_convert_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    mr_csv_reader_destroy(stream->reader);
    mr_convert_input_close(&stream->input);
    for (size_t i = 0; i < stream->extra_count; i++) {
        free(stream->extras[i].key);
    }
    free(stream->extras);
    mr_buffer_free(&stream->extra);
    mr_buffer_free(&stream->reason);
    free(stream);
}

/* --- What was found -------------------------------------------------------------------------- */

const mr_csv_profile *mr_convert_profile(const mr_convert_stream *stream)
{
    return &stream->profile;
}

mr_status mr_convert_check_order(const mr_convert_stream *stream, mr_err *err)
{
    const mr_csv_profile *profile = &stream->profile;
    const char *path = stream->options.path;

    if (stream->order == MR_CSV_ORDER_MIXED) {
        return mr_fail(err, MR_INVALID,
                       "%s: line %llu has a day that comes before the month, line %llu one that "
                       "comes behind it: say which order is right with --date-order dmy or "
                       "--date-order mdy (the others become rejects)",
                       path, (unsigned long long)profile->day_first_line,
                       (unsigned long long)profile->month_first_line);
    }
    if (stream->order == MR_CSV_ORDER_OPEN) {
        return mr_fail(err, MR_INVALID,
                       "%s: no date tells the day from the month (the first is in line %llu; none "
                       "has a day above 12): say which comes first with --date-order dmy or "
                       "--date-order mdy",
                       path, (unsigned long long)profile->open_line);
    }
    return MR_OK;
}

static void describe_dates(const mr_convert_stream *stream, mr_buffer *out)
{
    const char *letters = stream->order == MR_CSV_ORDER_MDY ? "md" : "dm";
    bool known = stream->order == MR_CSV_ORDER_DMY || stream->order == MR_CSV_ORDER_MDY;

    for (const char *at = stream->profile.dates; *at != '\0'; at++) {
        const char *c = *at == '?' && known ? letters++ : at;
        (void)mr_buffer_append(out, c, 1);
    }
}

void mr_convert_describe(const mr_convert_stream *stream, mr_buffer *out)
{
    const mr_csv_profile *profile = &stream->profile;
    char lines[mr_cli_text_bytes_max];

    (void)mr_buffer_printf(out, "delimiter %s, encoding %s",
                           mr_csv_delimiter_name(profile->delimiter),
                           mr_csv_encoding_name(profile->encoding));
    if (profile->dates[0] != '\0') {
        (void)mr_buffer_append_string(out, ", dates ");
        describe_dates(stream, out);
    }
    if (profile->decimal_comma) {
        (void)mr_buffer_append_string(out, ", decimal comma");
    }
    (void)mr_buffer_printf(out, ", %s lines", mr_cli_count(profile->lines, lines));
}

void mr_convert_describe_json(const mr_convert_stream *stream, mr_buffer *out)
{
    const mr_csv_profile *profile = &stream->profile;
    static const char *const orders[] = {
        [MR_CSV_ORDER_UNNEEDED] = "unneeded", [MR_CSV_ORDER_DMY] = "dmy",
        [MR_CSV_ORDER_MDY] = "mdy",           [MR_CSV_ORDER_OPEN] = "open",
        [MR_CSV_ORDER_MIXED] = "mixed",
    };

    (void)mr_buffer_printf(out, "{\"delimiter\":\"%s\",\"encoding\":\"%s\",\"dates\":\"",
                           mr_csv_delimiter_name(profile->delimiter),
                           mr_csv_encoding_name(profile->encoding));
    describe_dates(stream, out);
    (void)mr_buffer_printf(out,
                           "\",\"date_order\":\"%s\",\"decimal_comma\":%s,\"lines\":%llu,"
                           "\"records\":%llu,\"bytes\":%llu}",
                           orders[stream->order], profile->decimal_comma ? "true" : "false",
                           (unsigned long long)profile->lines, (unsigned long long)profile->records,
                           (unsigned long long)profile->bytes);
}

bool mr_convert_order_parse(const char *text, mr_csv_date_order *ret_order)
{
    if (text == NULL) {
        *ret_order = MR_CSV_ORDER_UNNEEDED;
    } else if (strcmp(text, "dmy") == 0) {
        *ret_order = MR_CSV_ORDER_DMY;
    } else if (strcmp(text, "mdy") == 0) {
        *ret_order = MR_CSV_ORDER_MDY;
    } else {
        return false;
    }
    return true;
}
