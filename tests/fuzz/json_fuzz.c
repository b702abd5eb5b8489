/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/json_fuzz.c - any bytes as one event, as lines and as an array.
 *
 * Beyond not crashing: an event that is taken survives being written and read; a line means in a
 * stream what it means alone; numbers of a stream grow; a stream ends.
 */
#include <stdlib.h>

#include "event/event_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Events live in the parser they came from, so each use has its own. */
typedef struct fuzz_parsers {
    mr_event_parser *stream, *single, *again;
} fuzz_parsers;

static char *copy_padded(mr_text text)
{
    char *copy = mr_alloc(text.bytes + mr_json_padding_bytes);

    if (text.bytes > 0) {
        memcpy(copy, text.data, text.bytes);
    }
    memset(copy + text.bytes, '1', mr_json_padding_bytes);
    return copy;
}

static bool same_fields(const mr_event *a, const mr_event *b)
{
    return mr_text_equal(a->invoice_no, b->invoice_no) &&
           mr_text_equal(a->stock_code, b->stock_code) &&
           mr_text_equal(a->description, b->description) &&
           mr_text_equal(a->customer_name, b->customer_name) &&
           mr_text_equal(a->country, b->country) && mr_text_equal(a->event_key, b->event_key) &&
           mr_text_equal(a->extra, b->extra) &&
           a->invoice_date.seconds == b->invoice_date.seconds &&
           a->unit_price.scaled == b->unit_price.scaled && a->has_customer == b->has_customer &&
           (!a->has_customer || a->customer_id == b->customer_id) && a->quantity == b->quantity &&
           a->content_hash == b->content_hash &&
           memcmp(a->id.bytes, b->id.bytes, sizeof a->id.bytes) == 0;
}

static void check_event(mr_event_parser *parser, const mr_event *event)
{
    mr_event_faults faults;
    mr_event again;
    mr_buffer written;
    char *document;

    MR_ASSERT(mr_utf8_valid(event->invoice_no) && mr_utf8_valid(event->country));
    MR_ASSERT(mr_utf8_length(event->stock_code) <= mr_event_stock_code_length_max);
    MR_ASSERT(memchr(event->country.data, '\0', event->country.bytes) == NULL);
    mr_buffer_init(&written, mr_event_json_bytes_max);
    MR_ASSERT(mr_event_write_json(event, &written));
    document = copy_padded(mr_buffer_text(&written));
    MR_ASSERT(mr_event_parse(parser, document, written.bytes, &again, &faults) == MR_OK);
    MR_ASSERT(same_fields(event, &again));
    mr_buffer_clear(&written);
    MR_ASSERT(mr_event_write_answer_open(event, &written));
    mr_buffer_free(&written);
    free(document);
}

static void check_faults(const mr_event_faults *faults)
{
    mr_buffer text;

    MR_ASSERT(faults->malformed != (faults->count > 0));
    mr_buffer_init(&text, 4096);
    mr_event_faults_describe(faults, &text);
    MR_ASSERT(text.bytes > 0 && !text.overflowed);
    mr_buffer_free(&text);
}

static mr_status check_single(const fuzz_parsers *parsers, mr_text json, mr_event_id *ret_id)
{
    char *document = copy_padded(json);
    mr_event_faults faults;
    mr_event event;
    mr_status status = mr_event_parse(parsers->single, document, json.bytes, &event, &faults);

    MR_ASSERT(status == MR_OK || status == MR_INVALID);
    if (status == MR_OK) {
        *ret_id = event.id;
        check_event(parsers->again, &event);
    } else {
        check_faults(&faults);
    }
    free(document);
    return status;
}

/* The line of that number of the untouched document, alone. */
static void check_line(const fuzz_parsers *parsers, mr_text json, uint64_t number, mr_status status,
                       const mr_event_id *expected_id)
{
    mr_event_id id;

    for (uint64_t line = 1;; line++) {
        const char *end = memchr(json.data, '\n', json.bytes);
        size_t bytes = end != NULL ? (size_t)(end - json.data) : json.bytes;

        if (line == number) {
            MR_ASSERT(check_single(parsers, (mr_text){json.data, bytes}, &id) == status);
            MR_ASSERT(status != MR_OK || memcmp(&id, expected_id, sizeof id) == 0);
            break;
        }
        MR_ASSERT(end != NULL);
        json = (mr_text){end + 1, json.bytes - bytes - 1};
    }
}

static void check_stream(const fuzz_parsers *parsers, mr_text json, bool are_lines)
{
    char *document = copy_padded(json);
    mr_event_faults faults;
    mr_event event;
    uint64_t number = 0;
    uint64_t last = 0;
    mr_status status;

    mr_event_stream_start(parsers->stream, document, json.bytes);
    while ((status = mr_event_stream_next(parsers->stream, &event, &faults, &number)) !=
           MR_NOT_FOUND) {
        MR_ASSERT(number > last && number <= json.bytes + 1);
        last = number;
        if (status == MR_OK) {
            check_event(parsers->again, &event);
        } else {
            MR_ASSERT(status == MR_INVALID);
            check_faults(&faults);
        }
        if (are_lines) {
            check_line(parsers, json, number, status, &event.id);
        }
    }
    free(document);
}

static bool has_mark_or_array(mr_text json)
{
    json = mr_text_trim(json);
    return json.bytes > 0 && (json.data[0] == '[' || memchr(json.data, '\xEF', json.bytes) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_parsers parsers = {mr_event_parser_create(), mr_event_parser_create(),
                            mr_event_parser_create()};
    mr_text json = {(const char *)data, bytes};
    mr_buffer array;
    mr_event_id id;

    mr_buffer_init(&array, bytes + 2);
    (void)check_single(&parsers, json, &id);
    check_stream(&parsers, json, bytes > 0 && !has_mark_or_array(json));
    MR_ASSERT(mr_buffer_append(&array, "[", 1) && mr_buffer_append(&array, data, bytes) &&
              mr_buffer_append(&array, "]", 1));
    check_stream(&parsers, mr_buffer_text(&array), false);
    mr_buffer_free(&array);
    mr_event_parser_destroy(parsers.stream);
    mr_event_parser_destroy(parsers.single);
    mr_event_parser_destroy(parsers.again);
    return 0;
}
