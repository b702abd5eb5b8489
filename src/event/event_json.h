/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json.h - events from and to JSON, without an allocation an event.
 *
 * The parser works in situ: it overwrites the caller's document, and the events' texts point into
 * it (unknown fields into the parser). Numbers are read from their digits, never through a double.
 * One parser a thread.
 */
#ifndef MR_EVENT_EVENT_JSON_H
#define MR_EVENT_EVENT_JSON_H

#include "base/status.h"
#include "event/event.h"

enum { mr_json_padding_bytes = 8 }; /* writable bytes that must follow a document */

typedef struct mr_event_parser mr_event_parser;

mr_event_parser *mr_event_parser_create(void);
void mr_event_parser_destroy(mr_event_parser *parser);

/* One document = one event. `json` is writable, with mr_json_padding_bytes behind it, and is
 * spoilt. MR_OK: ret_event filled and identified. MR_INVALID: ret_faults says why. The event lives
 * until the next call on this parser, or until json changes. */
mr_status mr_event_parse(mr_event_parser *parser, char *json, size_t bytes, mr_event *ret_event,
                         mr_event_faults *ret_faults);

/* As mr_event_parse, with an EventID from outside the document (an Idempotency-Key), which fills in
 * where the document has none. */
mr_status mr_event_parse_keyed(mr_event_parser *parser, char *json, size_t bytes, mr_text event_key,
                               mr_event *ret_event, mr_event_faults *ret_faults);

/* Many events: NDJSON (blank lines skipped) or one JSON array, told apart by the first byte.
 * Events of one document live together until the next mr_event_stream_start: unknown fields are
 * kept in the parser's arena, whose cap makes the event that meets it MR_FAULT_TOO_LARGE. */
void mr_event_stream_start(mr_event_parser *parser, char *json, size_t bytes);

/* MR_OK: an event. MR_INVALID: this one is bad, ret_faults says why; go on. MR_NOT_FOUND: the end.
 * *ret_number: the line (NDJSON, blank lines counted) or element (array), from 1. A syntax error in
 * an array spoils the rest of it: reported once, then the end. */
mr_status mr_event_stream_next(mr_event_parser *parser, mr_event *ret_event,
                               mr_event_faults *ret_faults, uint64_t *ret_number);

/* The canonical document: the contract's fields in its order, then the unknown ones; null fields
 * (and no EventID) are left out, except CustomerID, Description. No line break. False past out's
 * cap. */
bool mr_event_write_json(const mr_event *event, mr_buffer *out);

/* The stored item as POST /invoicedata answers it: every field of the contract, InvoiceDate as
 * dd-mm-yyyy HH:MM:SS, and the unknown ones; the closing brace is left off so that the caller may
 * add members (", \"event_id\": ...}"). */
bool mr_event_write_answer_open(const mr_event *event, mr_buffer *out);

#endif
