/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_stream.c - many events of one document: lines (NDJSON) or one array.
 *
 * Each event is found first, by its line's end or by its brackets, and then parsed in place, so
 * that memory is one event's however long the document, and a bad line cannot disturb the next.
 * Owns the parser's life too. One parser a thread.
 *
 *     start --first byte '['--> ARRAY --"]", broken syntax--> ENDED
 *           --anything else---> LINES --end of the text-----> ENDED
 */
#include <stdlib.h>

#include "event/event_parser.h"

enum { byte_plain = 0, byte_quote, byte_backslash, byte_open, byte_close, byte_nul };

static const uint8_t byte_kinds[256] = {
    ['"'] = byte_quote, ['\\'] = byte_backslash, ['{'] = byte_open, ['['] = byte_open,
    ['}'] = byte_close, [']'] = byte_close,      [0] = byte_nul,
};

mr_event_parser *mr_event_parser_create(void)
{
    mr_event_parser *parser = mr_alloc_zero(1, sizeof *parser);

    parser->values_bytes =
        yyjson_read_max_memory_usage(mr_event_json_bytes_max, YYJSON_READ_INSITU);
    parser->values = mr_alloc(parser->values_bytes);
    parser->extras = mr_arena_create(mr_event_extras_bytes_max);
    mr_buffer_init(&parser->scratch, mr_event_extra_bytes_max);
    return parser;
}

void mr_event_parser_destroy(mr_event_parser *parser)
{
    if (parser == NULL) {
        return;
    }
    mr_buffer_free(&parser->scratch);
    mr_arena_destroy(parser->extras);
    free(parser->values);
    free(parser);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Windows tools put the mark before UTF-8 files; it is no part of the text. */
static size_t byte_order_mark_bytes(const char *json, size_t bytes)
{
    return bytes >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

mr_status mr_event_parse_keyed(mr_event_parser *parser, char *json, size_t bytes, mr_text event_key,
                               mr_event *ret_event, mr_event_faults *ret_faults)
{
    size_t mark_bytes = byte_order_mark_bytes(json, bytes);

    parser->stream.form = MR_STREAM_ENDED;
    mr_arena_reset(parser->extras);
    return mr_event_read_document(parser, json + mark_bytes, bytes - mark_bytes, event_key,
                                  ret_event, ret_faults);
}

mr_status mr_event_parse(mr_event_parser *parser, char *json, size_t bytes, mr_event *ret_event,
                         mr_event_faults *ret_faults)
{
    return mr_event_parse_keyed(parser, json, bytes, MR_TEXT_ABSENT, ret_event, ret_faults);
}

void mr_event_stream_start(mr_event_parser *parser, char *json, size_t bytes)
{
    mr_event_stream *stream = &parser->stream;
    char *first;

    mr_arena_reset(parser->extras);
    stream->at = json + byte_order_mark_bytes(json, bytes);
    stream->end = json + bytes;
    stream->number = 0;
    memset(stream->end, 0, mr_json_padding_bytes);
    first = stream->at;
    while (first < stream->end && is_blank(*first)) {
        first++;
    }
    stream->form = MR_STREAM_LINES;
    if (first < stream->end && *first == '[') {
        stream->form = MR_STREAM_ARRAY;
        stream->at = first + 1;
    }
}

/* --- Lines ---------------------------------------------------------------------------------- */

static mr_status next_line(mr_event_parser *parser, mr_event *ret_event,
                           mr_event_faults *ret_faults, uint64_t *ret_number)
{
    mr_event_stream *stream = &parser->stream;

    while (stream->at < stream->end) {
        char *line = stream->at;
        char *line_end = memchr(line, '\n', (size_t)(stream->end - line));

        if (line_end == NULL) {
            line_end = stream->end;
        }
        stream->at = line_end < stream->end ? line_end + 1 : line_end;
        stream->number++;
        while (line < line_end && is_blank(*line)) {
            line++;
        }
        if (line < line_end) {
            *ret_number = stream->number;
            return mr_event_read_document(parser, line, (size_t)(line_end - line), MR_TEXT_ABSENT,
                                          ret_event, ret_faults);
        }
    }
    stream->form = MR_STREAM_ENDED;
    return MR_NOT_FOUND;
}

/* --- Array ---------------------------------------------------------------------------------- */

/* Behind the string whose opening quote stands before `at`; end if it has no closing one. */
static char *skip_string(char *at, char *end)
{
    while (at < end) {
        uint8_t kind = byte_kinds[(uint8_t)*at];

        if (kind == byte_quote) {
            return at + 1;
        }
        at += kind == byte_backslash ? 2 : 1;
    }
    return end;
}

/* Behind the element that begins at `at`; NULL if its brackets do not close. The NULs behind end
 * stop the inner loop. */
static char *skip_container(char *at, char *end)
{
    size_t depth = 0;

    while (at < end) {
        while (byte_kinds[(uint8_t)*at] == byte_plain) {
            at++;
        }
        switch (byte_kinds[(uint8_t)*at++]) {
        case byte_quote:
            at = skip_string(at, end);
            break;
        case byte_open:
            depth++;
            break;
        case byte_close:
            depth--;
            if (depth == 0) {
                return at;
            }
            break;
        default: /* a NUL, or a backslash outside a string: yyjson will say what is wrong */
            break;
        }
    }
    return NULL;
}

static char *skip_element(char *at, char *end)
{
    if (byte_kinds[(uint8_t)*at] == byte_open) {
        return skip_container(at, end);
    }
    if (*at == '"') {
        return skip_string(at + 1, end);
    }
    while (at < end && *at != ',' && *at != ']' && !is_blank(*at)) {
        at++;
    }
    return at;
}

static char *skip_blanks(char *at, char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* Reports what spoils the rest of the array, and ends the stream. */
static mr_status end_broken(mr_event_stream *stream, mr_event_faults *ret_faults,
                            uint64_t *ret_number, const char *what)
{
    stream->form = MR_STREAM_ENDED;
    *ret_number = stream->number + 1;
    return mr_event_malformed(ret_faults, "broken array, the rest of it is not read: %s", what);
}

static mr_status end_array(mr_event_stream *stream, mr_event_faults *ret_faults,
                           uint64_t *ret_number)
{
    if (skip_blanks(stream->at + 1, stream->end) < stream->end) {
        return end_broken(stream, ret_faults, ret_number, "text behind the closing ]");
    }
    stream->form = MR_STREAM_ENDED;
    return MR_NOT_FOUND;
}

static mr_status read_element(mr_event_parser *parser, mr_event *ret_event,
                              mr_event_faults *ret_faults, uint64_t *ret_number)
{
    mr_event_stream *stream = &parser->stream;
    char *element = stream->at;
    char *element_end = skip_element(element, stream->end);
    mr_status status;

    if (element_end == NULL) {
        return end_broken(stream, ret_faults, ret_number, "an element without its end");
    }
    stream->at = element_end;
    stream->number++;
    *ret_number = stream->number;
    status = mr_event_read_document(parser, element, (size_t)(element_end - element),
                                    MR_TEXT_ABSENT, ret_event, ret_faults);
    if (parser->syntax_error) {
        stream->form = MR_STREAM_ENDED;
    }
    return status;
}

static mr_status next_element(mr_event_parser *parser, mr_event *ret_event,
                              mr_event_faults *ret_faults, uint64_t *ret_number)
{
    mr_event_stream *stream = &parser->stream;

    stream->at = skip_blanks(stream->at, stream->end);
    if (stream->at < stream->end && *stream->at == ']') {
        return end_array(stream, ret_faults, ret_number);
    }
    if (stream->number > 0) {
        if (stream->at == stream->end || *stream->at != ',') {
            return end_broken(stream, ret_faults, ret_number, "no , or ] behind an element");
        }
        stream->at = skip_blanks(stream->at + 1, stream->end);
    }
    if (stream->at == stream->end || *stream->at == ']' || *stream->at == ',') {
        return end_broken(stream, ret_faults, ret_number, "an element is missing");
    }
    return read_element(parser, ret_event, ret_faults, ret_number);
}

mr_status mr_event_stream_next(mr_event_parser *parser, mr_event *ret_event,
                               mr_event_faults *ret_faults, uint64_t *ret_number)
{
    switch (parser->stream.form) {
    case MR_STREAM_LINES:
        return next_line(parser, ret_event, ret_faults, ret_number);
    case MR_STREAM_ARRAY:
        return next_element(parser, ret_event, ret_faults, ret_number);
    case MR_STREAM_ENDED:
    default:
        return MR_NOT_FOUND;
    }
}
