/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv.c - the CSV reader: a scan that stops and goes on wherever a chunk ends.
 *
 * Owns:       one buffer, which holds the record in the making and one read behind it.
 * Called by:  convert; one reader a thread.
 * Invariants: (1) what is returned does not depend on how the source cuts its chunks;
 *             (2) bytes of a record are moved at most once, and scanned once unless it is broken.
 *
 *     FIELD_START --quote--> QUOTED <--quote--> QUOTE_SEEN --else--> BROKEN_LINE
 *          |  ^                |                    | delimiter or line break ends the field
 *          v  '--delimiter-----'--------------------'
 *       UNQUOTED: a quote inside is a character like any other
 *
 * A broken record (text behind a closing quote, a quote that never closes, too many fields, too
 * long) loses its first line only: reading goes on at the next, since a stray quote would else
 * swallow the file. That scans some bytes again, but a line that leaves a quote open both as a
 * beginning and as a continuation ends a field, so mr_csv_fields_max bounds how often.
 * raw is always as it was read, in the source's encoding.
 */
#include "event/csv.h"

#include <stdlib.h>

#include "event/csv_windows_1252.h"

enum {
    read_bytes = 65536,
    buffer_bytes = mr_csv_record_bytes_max + read_bytes,
    scratch_bytes = mr_csv_record_bytes_max * mr_windows_1252_expansion_max,
};

typedef enum scan_mode {
    MODE_FIELD_START,
    MODE_UNQUOTED,
    MODE_QUOTED,
    MODE_QUOTE_SEEN,
    MODE_BROKEN_LINE,
} scan_mode;

typedef enum scan_result {
    SCAN_MORE,     /* the buffer's end: read on */
    SCAN_RECORD,   /* `at` is the line break that ends the record */
    SCAN_LINE_END, /* `at` is the line break that ends a broken record's line */
} scan_result;

/* All positions are counted from the record's first byte. */
typedef struct field_span {
    size_t start, end;
    bool has_doubled_quotes;
} field_span;

typedef struct record_scan {
    scan_mode mode;
    size_t at;
    size_t field_start;
    bool has_doubled_quotes;
    size_t field_count;
    size_t first_break; /* of the line breaks within quotes; 0 = none, a quote comes before any */
    uint64_t breaks;
    const char *broken; /* why, when it is */
} record_scan;

struct mr_csv_reader {
    mr_csv_options options;
    char *buffer;  /* buffer_bytes, and a '\n' at buffer[end] that stops the loops */
    char *scratch; /* fields that are not in the buffer as they are meant; made when needed */
    size_t record; /* the record's first byte in buffer */
    size_t end;
    uint64_t line;
    bool started;
    bool source_ended;
    bool break_was_cr;  /* a '\n' here still belongs to the line break before */
    bool dropping_line; /* the rest of a line too long to hold */
    record_scan scan;
    bool unquoted_stops[256];
    field_span spans[mr_csv_fields_max];
    mr_text fields[mr_csv_fields_max];
};

static const bool quoted_stops[256] = {['"'] = true, ['\n'] = true, ['\r'] = true};

mr_csv_reader *mr_csv_reader_create(const mr_csv_options *options)
{
    mr_csv_reader *reader = mr_alloc_zero(1, sizeof *reader);

    MR_ASSERT(options->read != NULL);
    MR_ASSERT(options->delimiter != '"' && options->delimiter != '\n' &&
              options->delimiter != '\r' && options->delimiter != '\0');
    reader->options = *options;
    reader->buffer = mr_alloc(buffer_bytes + 1);
    reader->buffer[0] = '\n';
    reader->line = 1;
    reader->unquoted_stops[(uint8_t)options->delimiter] = true;
    reader->unquoted_stops['\n'] = true;
    reader->unquoted_stops['\r'] = true;
    return reader;
}

void mr_csv_reader_destroy(mr_csv_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    free(reader->scratch);
    free(reader->buffer);
    free(reader);
}

static bool is_break(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* --- Reading -------------------------------------------------------------------------------- */

/* Appends one read; the record in the making moves to the buffer's front first. */
static mr_status refill(mr_csv_reader *reader, mr_err *err)
{
    size_t bytes = 0;
    mr_status status;

    if (reader->record > 0) {
        memmove(reader->buffer, reader->buffer + reader->record, reader->end - reader->record);
        reader->end -= reader->record;
        reader->record = 0;
    }
    MR_ASSERT(reader->end + read_bytes <= buffer_bytes);
    status = reader->options.read(reader->options.ctx, reader->buffer + reader->end, read_bytes,
                                  &bytes, err);
    if (status == MR_OK) {
        MR_ASSERT(bytes <= read_bytes);
        reader->source_ended = bytes == 0;
        reader->end += bytes;
    }
    reader->buffer[reader->end] = '\n';
    return status;
}

static mr_status skip_byte_order_mark(mr_csv_reader *reader, mr_err *err)
{
    while (reader->end < 3 && !reader->source_ended) {
        mr_status status = refill(reader, err);
        if (status != MR_OK) {
            return status;
        }
    }
    if (reader->end >= 3 && memcmp(reader->buffer, "\xEF\xBB\xBF", 3) == 0) {
        reader->record = 3;
    }
    reader->started = true;
    return MR_OK;
}

/* --- Scanning ------------------------------------------------------------------------------- */

/* False: the record has too many. */
static bool end_field(mr_csv_reader *reader, size_t end)
{
    record_scan *scan = &reader->scan;

    if (scan->field_count == mr_csv_fields_max) {
        scan->broken = "the record has more than 256 fields";
        _Static_assert(mr_csv_fields_max == 256, "the message names the limit");
        return false;
    }
    reader->spans[scan->field_count++] =
        (field_span){scan->field_start, end, scan->has_doubled_quotes};
    scan->has_doubled_quotes = false;
    return true;
}

/* Of a broken record the first line is given up: it has ended, or its end is still to be found. */
static scan_result give_up(record_scan *scan)
{
    MR_ASSERT(scan->broken != NULL);
    scan->mode = MODE_BROKEN_LINE;
    return scan->first_break != 0 ? SCAN_LINE_END : SCAN_MORE;
}

/* From the first byte of an unquoted field through all that follow it without a quote. */
static scan_result scan_unquoted(mr_csv_reader *reader)
{
    record_scan *scan = &reader->scan;
    const char *record = reader->buffer + reader->record;
    const char *end = reader->buffer + reader->end;
    const char *at = record + scan->at;
    const char delimiter = reader->options.delimiter;

    for (;;) {
        while (!reader->unquoted_stops[(uint8_t)*at]) {
            at++;
        }
        scan->at = (size_t)(at - record);
        if (at == end) {
            return SCAN_MORE;
        }
        if (!end_field(reader, scan->at)) {
            return give_up(scan);
        }
        if (*at != delimiter) {
            return SCAN_RECORD;
        }
        at++;
        scan->at++;
        scan->field_start = scan->at;
        if (at == end || *at == '"') {
            scan->mode = MODE_FIELD_START;
            return SCAN_MORE;
        }
    }
}

/* Up to the quote that may close the field. */
static void scan_quoted(mr_csv_reader *reader)
{
    record_scan *scan = &reader->scan;
    const char *record = reader->buffer + reader->record;
    const char *end = reader->buffer + reader->end;
    const char *at = record + scan->at;

    for (;;) {
        while (!quoted_stops[(uint8_t)*at]) {
            at++;
        }
        if (at == end || *at == '"') {
            break;
        }
        if (*at == '\r' || at[-1] != '\r') {
            scan->first_break = scan->first_break != 0 ? scan->first_break : (size_t)(at - record);
            scan->breaks++;
        }
        at++;
    }
    scan->at = (size_t)(at - record);
    if (at < end) {
        scan->at++;
        scan->mode = MODE_QUOTE_SEEN;
    }
}

/* `at` is the byte behind a quote within a quoted field. */
static scan_result scan_behind_quote(mr_csv_reader *reader, char byte)
{
    record_scan *scan = &reader->scan;

    if (byte == '"') {
        scan->has_doubled_quotes = true;
        scan->mode = MODE_QUOTED;
        scan->at++;
        return SCAN_MORE;
    }
    if (byte != reader->options.delimiter && !is_break(byte)) {
        scan->broken = "there is text behind a closing quote";
        return give_up(scan);
    }
    if (!end_field(reader, scan->at - 1)) {
        return give_up(scan);
    }
    if (is_break(byte)) {
        return SCAN_RECORD;
    }
    scan->at++;
    scan->field_start = scan->at;
    scan->mode = MODE_FIELD_START;
    return SCAN_MORE;
}

static scan_result scan_step(mr_csv_reader *reader)
{
    record_scan *scan = &reader->scan;
    char byte = reader->buffer[reader->record + scan->at];

    switch (scan->mode) {
    case MODE_FIELD_START:
        scan->mode = byte == '"' ? MODE_QUOTED : MODE_UNQUOTED;
        scan->at += byte == '"' ? 1 : 0;
        scan->field_start = scan->at;
        return SCAN_MORE;
    case MODE_UNQUOTED:
        return scan_unquoted(reader);
    case MODE_QUOTED:
        scan_quoted(reader);
        return SCAN_MORE;
    case MODE_QUOTE_SEEN:
        return scan_behind_quote(reader, byte);
    case MODE_BROKEN_LINE:
    default:
        scan->at += is_break(byte) ? 0 : 1;
        return is_break(byte) ? SCAN_LINE_END : SCAN_MORE;
    }
}

static scan_result scan_record(mr_csv_reader *reader)
{
    scan_result result = SCAN_MORE;

    while (result == SCAN_MORE && reader->record + reader->scan.at < reader->end) {
        result = scan_step(reader);
    }
    return result;
}

/* The source has ended where the scan stands. */
static scan_result scan_end(mr_csv_reader *reader)
{
    record_scan *scan = &reader->scan;

    switch (scan->mode) {
    case MODE_FIELD_START:
    case MODE_UNQUOTED:
        return end_field(reader, scan->at) ? SCAN_RECORD : SCAN_LINE_END;
    case MODE_QUOTE_SEEN:
        return end_field(reader, scan->at - 1) ? SCAN_RECORD : SCAN_LINE_END;
    case MODE_QUOTED:
        scan->broken = "a quoted field has no closing quote";
        return SCAN_LINE_END;
    case MODE_BROKEN_LINE:
    default:
        return SCAN_LINE_END;
    }
}

/* --- Records -------------------------------------------------------------------------------- */

/* The next record begins behind the line break at `position` (or at the end of all). */
static void go_behind(mr_csv_reader *reader, size_t position, uint64_t lines)
{
    size_t break_at = reader->record + position;
    bool is_end = break_at == reader->end;

    reader->break_was_cr = !is_end && reader->buffer[break_at] == '\r';
    reader->record = is_end ? break_at : break_at + 1;
    reader->line += lines;
    reader->scan = (record_scan){.mode = MODE_FIELD_START};
}

/* Doubled quotes become single ones, in place. */
static size_t join_quotes(char *data, size_t bytes)
{
    char *end = data + bytes;
    char *quote = memchr(data, '"', bytes);
    char *out = quote;

    if (quote == NULL) {
        return bytes;
    }
    while (quote != NULL) {
        char *rest = quote + 2;
        char *next = rest < end ? memchr(rest, '"', (size_t)(end - rest)) : NULL;
        size_t run = (size_t)((next != NULL ? next : end) - rest);

        *out++ = '"';
        memmove(out, rest, run);
        out += run;
        quote = next;
    }
    return (size_t)(out - data);
}

/* Puts the field into the scratch at *used, decoded and with its quotes joined. */
static mr_text convert_field(mr_csv_reader *reader, const field_span *span, mr_text raw,
                             bool decode, size_t *used)
{
    char *out;
    size_t bytes = span->end - span->start;

    if (reader->scratch == NULL) {
        reader->scratch = mr_alloc(scratch_bytes);
    }
    out = reader->scratch + *used;
    if (decode) {
        bytes = mr_windows_1252_decode((mr_text){raw.data + span->start, bytes}, out);
    } else {
        memcpy(out, raw.data + span->start, bytes);
    }
    if (span->has_doubled_quotes) {
        bytes = join_quotes(out, bytes);
    }
    *used += bytes;
    MR_ASSERT(*used <= scratch_bytes);
    return (mr_text){out, bytes};
}

static bool is_ascii(mr_text text)
{
    uint64_t seen = 0;
    size_t i = 0;

    for (uint64_t word; i + sizeof word <= text.bytes; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        seen |= word;
    }
    for (; i < text.bytes; i++) {
        seen |= (uint8_t)text.data[i];
    }
    return (seen & 0x8080808080808080u) == 0;
}

/* Why the bytes of a record whose quotes are right cannot be taken. */
static mr_status check_bytes(const mr_csv_record *record, bool decode, mr_err *err)
{
    const char *undefined = decode ? mr_windows_1252_find_undefined(record->raw) : NULL;

    if (record->raw.bytes > 0 && memchr(record->raw.data, '\0', record->raw.bytes) != NULL) {
        return mr_fail(err, MR_INVALID, "line %llu: the record has a NUL byte in it",
                       (unsigned long long)record->line);
    }
    if (undefined != NULL) {
        return mr_fail(err, MR_INVALID,
                       "line %llu: byte 0x%02X is not a character of Windows-1252; "
                       "is the file in another encoding?",
                       (unsigned long long)record->line, (unsigned)(uint8_t)*undefined);
    }
    return MR_OK;
}

static mr_status finish_record(mr_csv_reader *reader, mr_csv_record *ret_record, mr_err *err)
{
    const record_scan *scan = &reader->scan;
    mr_csv_record record = {.line = reader->line,
                            .raw = {reader->buffer + reader->record, scan->at}};
    bool decode = reader->options.windows_1252 && !is_ascii(record.raw);
    mr_status status = check_bytes(&record, decode, err);

    if (status == MR_OK) {
        size_t used = 0;

        for (size_t i = 0; i < scan->field_count; i++) {
            const field_span *span = &reader->spans[i];

            reader->fields[i] =
                decode || span->has_doubled_quotes
                    ? convert_field(reader, span, record.raw, decode, &used)
                    : (mr_text){record.raw.data + span->start, span->end - span->start};
        }
        record.fields = reader->fields;
        record.count = scan->field_count;
    }
    *ret_record = record;
    go_behind(reader, scan->at, scan->breaks + 1);
    return status;
}

static mr_status reject(const mr_csv_reader *reader, size_t bytes, mr_csv_record *ret_record,
                        mr_err *err)
{
    *ret_record =
        (mr_csv_record){.line = reader->line, .raw = {reader->buffer + reader->record, bytes}};
    return mr_fail(err, MR_INVALID, "line %llu: %s", (unsigned long long)reader->line,
                   reader->scan.broken);
}

/* A broken record's first line is lost, the next begins a record. */
static mr_status reject_first_line(mr_csv_reader *reader, mr_csv_record *ret_record, mr_err *err)
{
    size_t bytes = reader->scan.first_break != 0 ? reader->scan.first_break : reader->scan.at;
    mr_status status = reject(reader, bytes, ret_record, err);

    go_behind(reader, bytes, 1);
    return status;
}

/* As reject_first_line; of a line that is too long itself, raw is the beginning. */
static mr_status reject_too_long(mr_csv_reader *reader, mr_csv_record *ret_record, mr_err *err)
{
    record_scan *scan = &reader->scan;
    mr_status status;

    scan->broken = "the record is longer than 1 MiB; is a closing quote missing?";
    _Static_assert(mr_csv_record_bytes_max == 1048576, "the message names the limit");
    if (scan->first_break != 0 && scan->first_break <= mr_csv_record_bytes_max) {
        return reject_first_line(reader, ret_record, err);
    }
    status = reject(reader, mr_csv_record_bytes_max, ret_record, err);
    reader->record += mr_csv_record_bytes_max;
    reader->scan = (record_scan){.mode = MODE_FIELD_START};
    reader->break_was_cr = false;
    reader->dropping_line = true;
    return status;
}

/* Makes the rest of the line that was too long disappear, if there is one. */
static mr_status drop_line(mr_csv_reader *reader, mr_err *err)
{
    while (reader->dropping_line) {
        while (reader->record < reader->end && !is_break(reader->buffer[reader->record])) {
            reader->record++;
        }
        if (reader->record < reader->end || reader->source_ended) {
            reader->dropping_line = false;
            go_behind(reader, 0, 1);
            return MR_OK;
        }
        mr_status status = refill(reader, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

/* Moves to the first byte of a record, and stays there if a read failed in the middle of one.
 * MR_NOT_FOUND: there is none. */
static mr_status find_record(mr_csv_reader *reader, mr_err *err)
{
    mr_status status = reader->started ? MR_OK : skip_byte_order_mark(reader, err);

    if (status == MR_OK) {
        status = drop_line(reader, err);
    }
    while (status == MR_OK) {
        if (reader->record == reader->end) {
            if (reader->source_ended) {
                return MR_NOT_FOUND;
            }
            status = refill(reader, err);
            continue;
        }
        char byte = reader->buffer[reader->record];
        if (reader->break_was_cr && byte == '\n') {
            reader->break_was_cr = false;
            reader->record++;
        } else if (is_break(byte)) {
            go_behind(reader, 0, 1); /* a blank line */
        } else {
            return MR_OK;
        }
    }
    return status;
}

mr_status mr_csv_next(mr_csv_reader *reader, mr_csv_record *ret_record, mr_err *err)
{
    mr_status status = find_record(reader, err);

    while (status == MR_OK) {
        scan_result result = scan_record(reader);

        if (result == SCAN_MORE && reader->source_ended) {
            result = scan_end(reader);
        }
        if (reader->scan.at > mr_csv_record_bytes_max) {
            return reject_too_long(reader, ret_record, err);
        }
        if (result == SCAN_RECORD) {
            return finish_record(reader, ret_record, err);
        }
        if (result == SCAN_LINE_END) {
            return reject_first_line(reader, ret_record, err);
        }
        status = refill(reader, err);
    }
    return status;
}
