/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_parser.h - the parser's inside, shared by the event_json_*.c files and by no other.
 *
 * A document is read in three steps: yyjson builds its values in a fixed block, one walk over the
 * keys fills the event (event_json_read.c), unknown fields are written out (event_json_extra.c).
 */
#ifndef MR_EVENT_EVENT_PARSER_H
#define MR_EVENT_EVENT_PARSER_H

#include <yyjson.h>

#include "event/event_json.h"

enum {
    mr_json_depth_max = 64, /* containers inside one another within an unknown field */
    mr_event_extras_bytes_max = 64 * 1024 * 1024, /* of the events that live together */
};

typedef enum mr_stream_form {
    MR_STREAM_ENDED,
    MR_STREAM_LINES,
    MR_STREAM_ARRAY,
} mr_stream_form;

typedef struct mr_event_stream {
    char *at;  /* the first byte not looked at */
    char *end; /* behind it stand mr_json_padding_bytes, zeroed */
    uint64_t number;
    mr_stream_form form;
} mr_event_stream;

struct mr_event_parser {
    void *values; /* yyjson's memory: enough for the worst document of mr_event_json_bytes_max */
    size_t values_bytes;
    mr_arena *extras;  /* unknown fields of the events handed out */
    mr_buffer scratch; /* unknown fields of the event in the making */
    mr_event_stream stream;
    char date_text[mr_civil_text_bytes_max]; /* the InvoiceDate parsed last, and its value */
    size_t date_bytes;
    mr_civil date;
    bool syntax_error; /* the last document was not JSON: in an array, nothing behind it is sure */
};

/* Parses [json, json + bytes) in situ; the mr_json_padding_bytes behind are left as they were. */
mr_status mr_event_read_document(mr_event_parser *parser, char *json, size_t bytes,
                                 mr_text event_key, mr_event *ret_event,
                                 mr_event_faults *ret_faults);

/* Fills ret_faults as "not JSON"; returns MR_INVALID. */
mr_status mr_event_malformed(mr_event_faults *ret_faults, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef enum mr_extra_result {
    MR_EXTRA_OK,
    MR_EXTRA_TOO_LARGE,
    MR_EXTRA_TOO_DEEP,
} mr_extra_result;

/* Appends one unknown member to parser->scratch, which is empty before the first. */
mr_extra_result mr_event_extra_add(mr_event_parser *parser, yyjson_val *key, yyjson_val *value);

typedef enum mr_integer_result {
    MR_INTEGER_OK,
    MR_INTEGER_FRACTION,
    MR_INTEGER_RANGE,
} mr_integer_result;

/* The value of a JSON number's digits, exactly: 6, 6.0 and 60e-1 are all 6. */
mr_integer_result mr_event_integer_parse(mr_text number, int64_t *ret_value);

#endif
