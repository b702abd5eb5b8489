/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_letters.c - dead letters: look, correct, send again, discard.
 *
 * Letters stand in their topic for good; their state is in ops. A page is read backwards, a stretch
 * of the topic at a time, so that its cost does not grow with the topic.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "query/settings.h"
#include "stream/dead_letter.h"
#include "stream/letter_retry.h"
#include "stream/topic.h"
#include "web/json.h"
#include "web/operations.h"
#include "web/routes.h"

enum {
    stretch = 200,         /* letters read at once */
    looked_at_max = 10000, /* letters a page is searched in, and counted */
    page_default = 50,
    page_max = 200,
    words_bytes_max = 200,
    letter_changes_max = 200, /* entries of the audit log that are looked through */
};

static const char *const state_names[] = {[MR_LETTER_OPEN] = "open",
                                          [MR_LETTER_RETRIED] = "retried",
                                          [MR_LETTER_DISCARDED] = "discarded"};

/* --- The log ---------------------------------------------------------------------------------- */

typedef struct letters {
    mr_web_call *call;
    mr_bus *bus;
    mr_ops *ops;
    const char *topic;
    mr_topic_range *ranges;
    size_t range_count;
} letters;

static mr_status open_letters(mr_web_call *call, letters *ret, mr_err *err)
{
    *ret = (letters){.call = call, .topic = mr_web_call_options(call)->topic_dead_letter};
    mr_status status = mr_web_bus(call, &ret->bus, err);

    if (status == MR_OK) {
        status = mr_web_call_ops(call, &ret->ops, err);
    }
    if (status == MR_OK) {
        status = mr_topic_read_ranges(ret->bus, ret->topic, &ret->ranges, &ret->range_count, err);
    }
    return status;
}

static void close_letters(letters *self)
{
    free(self->ranges);
}

/* "17" is of partition 0, "3:17" of partition 3. */
static bool parse_id(mr_text id, mr_bus_position *ret_letter)
{
    const char *colon = id.bytes > 0 ? memchr(id.data, ':', id.bytes) : NULL;
    uint64_t partition = 0, offset = 0;
    mr_text number = id;

    if (colon != NULL) {
        const mr_text before = {id.data, (size_t)(colon - id.data)};

        number = (mr_text){colon + 1, id.bytes - before.bytes - 1};
        if (!mr_parse_uint64(before, INT32_MAX, &partition)) {
            return false;
        }
    }
    if (!mr_parse_uint64(number, INT64_MAX - 1, &offset)) {
        return false;
    }
    *ret_letter = (mr_bus_position){(int32_t)partition, (int64_t)offset};
    return true;
}

/* --- One letter as JSON ----------------------------------------------------------------------- */

static void write_invoice_no(mr_text payload, mr_buffer *out)
{
    yyjson_doc *document =
        payload.data == NULL ? NULL : yyjson_read(payload.data, payload.bytes, YYJSON_READ_NOFLAG);
    yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(document), "InvoiceNo");

    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, yyjson_is_str(value)
                              ? (mr_text){yyjson_get_str(value), yyjson_get_len(value)}
                              : MR_TEXT_ABSENT);
    yyjson_doc_free(document);
}

/* The members of a letter, without braces. */
static void write_letter(const mr_bus_message *message, mr_letter_state state,
                         const mr_dead_letter *letter, mr_buffer *out)
{
    (void)mr_buffer_printf(out,
                           "\"id\":\"%" PRId32 ":%" PRId64 "\",\"partition\":%" PRId32
                           ",\"offset\":%" PRId64 ",\"state\":\"%s\",\"code\":\"%s\"",
                           message->partition, message->offset, message->partition, message->offset,
                           state_names[state], mr_letter_code_name(letter->code));
    mr_web_json_name(out, "reason");
    mr_web_json_text(out, letter->reason);
    mr_web_json_name(out, "sink");
    mr_web_json_text(out, letter->sink);
    mr_web_json_name(out, "origin");
    (void)mr_buffer_append_string(out, "{");
    mr_web_json_name(out, "topic");
    mr_web_json_text(out, letter->origin_topic);
    (void)mr_buffer_printf(out, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 "}",
                           letter->origin_partition, letter->origin_offset);
    mr_web_json_name(out, "at");
    mr_web_json_text(out, letter->at);
    write_invoice_no(letter->payload, out);
}

/* --- A page ----------------------------------------------------------------------------------- */

typedef struct wanted {
    bool any_state;
    mr_letter_state state;
    mr_text code, words; /* absent: any */
    int64_t limit;
    bool after;
    mr_bus_position cursor;
} wanted;

typedef struct page {
    letters *self;
    const wanted *asked;
    mr_buffer *out;
    mr_buffer stretch_text; /* records of the stretch at hand, one behind the other */
    struct {
        int64_t offset;
        size_t start, bytes;
    } records[stretch];
    size_t record_count;
    uint64_t looked_at;
    int64_t written;
    bool counting; /* nothing is written */
    bool more;
    mr_bus_position last;
} page;

static bool keep_record(void *ctx, const mr_bus_message *message)
{
    page *p = ctx;

    if (p->record_count == stretch || !mr_buffer_append_text(&p->stretch_text, message->value)) {
        return false;
    }
    p->records[p->record_count].offset = message->offset;
    p->records[p->record_count].start = p->stretch_text.bytes - message->value.bytes;
    p->records[p->record_count++].bytes = message->value.bytes;
    return true;
}

static bool contains(mr_text text, mr_text part)
{
    for (size_t at = 0; at + part.bytes <= text.bytes; at++) {
        if (mr_text_equal_ignoring_case((mr_text){text.data + at, part.bytes}, part)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const wanted *asked, mr_letter_state state, const mr_dead_letter *letter)
{
    if (!asked->any_state && state != asked->state) {
        return false;
    }
    if (asked->code.data != NULL &&
        !mr_text_equal(asked->code, mr_text_of(mr_letter_code_name(letter->code)))) {
        return false;
    }
    return asked->words.data == NULL || contains(letter->reason, asked->words) ||
           contains(letter->payload, asked->words);
}

static mr_status take_record(page *p, int32_t partition, size_t index, mr_err *err)
{
    const mr_bus_message message = {
        .partition = partition,
        .offset = p->records[index].offset,
        .value = {p->stretch_text.data + p->records[index].start, p->records[index].bytes}};
    mr_letter_state state = MR_LETTER_OPEN;
    mr_dead_letter letter;
    mr_status status = mr_ops_letter_state(p->self->ops, partition, message.offset, &state, err);

    p->looked_at++;
    if (status != MR_OK || mr_dead_letter_read(message.value, &letter, NULL) != MR_OK) {
        return status; /* what is no letter was put there by somebody else: it is not ours to show
                        */
    }
    if (is_wanted(p->asked, state, &letter)) {
        if (p->counting) {
            p->written++;
        } else if (p->written == p->asked->limit) {
            p->more = true;
        } else {
            (void)mr_buffer_append_string(p->out, p->written++ > 0 ? ",{" : "{");
            write_letter(&message, state, &letter, p->out);
            (void)mr_buffer_append_string(p->out, "}");
            p->last = (mr_bus_position){partition, message.offset};
        }
    }
    mr_dead_letter_close(&letter);
    return MR_OK;
}

/* Letters of [from, to) of a partition, the newest first. */
static mr_status take_stretch(page *p, int32_t partition, int64_t from, int64_t to, mr_err *err)
{
    const mr_topic_walk walk = {.topic = p->self->topic,
                                .partition = partition,
                                .from_offset = from,
                                .to_offset = to,
                                .visit = keep_record,
                                .ctx = p};
    mr_status status;

    mr_buffer_clear(&p->stretch_text);
    p->record_count = 0;
    status = mr_topic_visit(p->self->bus, &walk, err);
    for (size_t index = p->record_count; status == MR_OK && index > 0 && !p->more; index--) {
        status = take_record(p, partition, index - 1, err);
    }
    return status;
}

static mr_status take_page(page *p, mr_err *err)
{
    const wanted *asked = p->asked;
    mr_status status = MR_OK;

    for (size_t index = asked->after ? (size_t)asked->cursor.partition : 0;
         index < p->self->range_count && status == MR_OK && !p->more; index++) {
        const mr_topic_range *range = &p->self->ranges[index];
        int64_t to = range->next_offset;

        if (asked->after && (int64_t)index == asked->cursor.partition &&
            asked->cursor.offset < to) {
            to = asked->cursor.offset;
        }
        while (status == MR_OK && !p->more && to > range->first_offset &&
               p->looked_at < looked_at_max) {
            const int64_t from =
                to - stretch > range->first_offset ? to - stretch : range->first_offset;

            status = take_stretch(p, (int32_t)index, from, to, err);
            to = from;
        }
    }
    return status;
}

/* All that match, of the newest letters where they are many. */
static mr_status count_letters(letters *self, const wanted *asked, int64_t *ret_total, mr_err *err)
{
    wanted any = *asked;
    page *p;
    mr_status status;

    *ret_total = 0;
    if (asked->any_state && asked->code.data == NULL && asked->words.data == NULL) {
        for (size_t index = 0; index < self->range_count; index++) {
            *ret_total += self->ranges[index].next_offset - self->ranges[index].first_offset;
        }
        return MR_OK;
    }
    p = mr_alloc_zero(1, sizeof *p);
    any.after = false;
    p->self = self;
    p->asked = &any;
    p->counting = true;
    mr_buffer_init(&p->stretch_text, (size_t)stretch * mr_bus_record_bytes_max);
    status = take_page(p, err);
    *ret_total = p->written;
    mr_buffer_free(&p->stretch_text);
    free(p);
    return status;
}

static mr_status read_wanted(mr_web_call *call, wanted *ret, mr_err *err)
{
    size_t state = 0;
    mr_text after = MR_TEXT_ABSENT;
    mr_status status =
        mr_web_query_word(call, "state", "open|retried|discarded|all", 0, &state, err);

    ret->any_state = state == 3;
    ret->state = ret->any_state ? MR_LETTER_OPEN : (mr_letter_state)state;
    ret->limit = page_default;
    if (status == MR_OK) {
        status = mr_web_query_text(call, "code", words_bytes_max, &ret->code, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "q", words_bytes_max, &ret->words, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_integer(call, "limit", 1, page_max, page_default, &ret->limit, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "after", words_bytes_max, &after, err);
    }
    ret->code = ret->code.bytes > 0 ? ret->code : MR_TEXT_ABSENT;
    ret->words = ret->words.bytes > 0 ? ret->words : MR_TEXT_ABSENT;
    ret->after = after.data != NULL;
    if (status == MR_OK && ret->after && !parse_id(after, &ret->cursor)) {
        status = mr_web_call_fault(call, "query", "after", "value_error",
                                   "Input should be a cursor that a page before gave", err);
    }
    return status;
}

static mr_status write_page(letters *self, const wanted *asked, mr_buffer *out, mr_err *err)
{
    page *p = mr_alloc_zero(1, sizeof *p);
    int64_t total = 0;
    mr_status status;

    p->self = self;
    p->asked = asked;
    p->out = out;
    mr_buffer_init(&p->stretch_text, (size_t)stretch * mr_bus_record_bytes_max);
    (void)mr_buffer_append_string(out, "{\"items\":[");
    status = take_page(p, err);
    if (status == MR_OK) {
        status = count_letters(self, asked, &total, err);
    }
    (void)mr_buffer_printf(out, "],\"total\":%" PRId64, total);
    if (p->more) {
        (void)mr_buffer_printf(out, ",\"next\":\"%" PRId32 ":%" PRId64 "\"}", p->last.partition,
                               p->last.offset);
    } else {
        (void)mr_buffer_append_string(out, ",\"next\":null}");
    }
    mr_buffer_free(&p->stretch_text);
    free(p);
    return status;
}

mr_status mr_web_letters_get(mr_web_call *call, mr_err *err)
{
    wanted asked = {.any_state = false};
    letters self = {.ranges = NULL};
    mr_status status = read_wanted(call, &asked, err);

    if (status == MR_OK) {
        status = open_letters(call, &self, err);
    }
    if (status == MR_OK) {
        status = write_page(&self, &asked, mr_web_call_out(call), err);
    } else if (status == MR_NOT_FOUND) { /* no log yet, so no letters */
        (void)mr_buffer_append_string(mr_web_call_out(call),
                                      "{\"items\":[],\"total\":0,\"next\":null}");
        status = MR_OK;
    }
    close_letters(&self);
    return status;
}

/* --- One letter ------------------------------------------------------------------------------- */

typedef struct found {
    letters *self;
    mr_bus_position letter;
    mr_buffer value;
    bool there;
} found;

static bool take_found(void *ctx, const mr_bus_message *message)
{
    found *one = ctx;

    one->there =
        message->offset == one->letter.offset && mr_buffer_append_text(&one->value, message->value);
    return false;
}

/* The letter of the path; its envelope is one->value. */
static mr_status find_letter(mr_web_call *call, letters *self, found *one, mr_err *err)
{
    mr_status status = open_letters(call, self, err);

    *one = (found){.self = self};
    mr_buffer_init(&one->value, mr_bus_record_bytes_max);
    if (status != MR_OK) {
        return status;
    }
    if (!parse_id(mr_web_call_path(call, 0), &one->letter) ||
        (size_t)one->letter.partition >= self->range_count ||
        one->letter.offset < self->ranges[one->letter.partition].first_offset ||
        one->letter.offset >= self->ranges[one->letter.partition].next_offset) {
        return mr_fail(err, MR_NOT_FOUND, "there is no such dead letter");
    }
    const mr_topic_walk walk = {.topic = self->topic,
                                .partition = one->letter.partition,
                                .from_offset = one->letter.offset,
                                .to_offset = one->letter.offset + 1,
                                .visit = take_found,
                                .ctx = one};
    status = mr_topic_visit(self->bus, &walk, err);
    return status == MR_OK && !one->there
               ? mr_fail(err, MR_NOT_FOUND, "there is no such dead letter")
               : status;
}

static void write_payload(const mr_dead_letter *letter, mr_buffer *out)
{
    const bool text = letter->payload.data != NULL && mr_utf8_valid(letter->payload);

    mr_web_json_name(out, "payload");
    mr_web_json_text(out, text ? letter->payload : MR_TEXT_ABSENT);
    mr_web_json_name(out, "payload_hex");
    if (letter->payload.data != NULL && !text) {
        char *hex = mr_alloc(2 * letter->payload.bytes + 1);

        mr_hex_encode(letter->payload.data, letter->payload.bytes, hex);
        mr_web_json_text(out, mr_text_of(hex));
        free(hex);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    mr_web_json_name(out, "payload_bytes");
    mr_web_json_integer(out, (int64_t)(letter->payload.data != NULL ? letter->payload.bytes
                                                                    : letter->payload_bytes));
}

/* Who did what to a letter: out of the audit log. */
typedef struct changes {
    mr_buffer *out;
    char target[48];
    size_t count;
} changes;

static bool write_change(void *ctx, const mr_audit_entry *entry)
{
    changes *list = ctx;
    const bool retried = mr_text_equal(entry->action, MR_TEXT_LITERAL("letter.retry"));

    if ((!retried && !mr_text_equal(entry->action, MR_TEXT_LITERAL("letter.discard"))) ||
        !mr_text_equal(entry->target, mr_text_of(list->target))) {
        return true;
    }
    (void)mr_buffer_append_string(list->out, list->count++ > 0 ? ",{" : "{");
    mr_web_json_name(list->out, "at");
    mr_web_json_instant(list->out, entry->at_ms);
    mr_web_json_name(list->out, "user");
    mr_web_json_text(list->out, entry->user.bytes > 0 ? entry->user : MR_TEXT_ABSENT);
    mr_web_json_name(list->out, "action");
    mr_web_json_text(list->out, mr_text_of(retried ? "retried" : "discarded"));
    mr_web_json_name(list->out, "detail");
    mr_web_json_text(list->out, entry->detail.bytes > 0 ? entry->detail : MR_TEXT_ABSENT);
    (void)mr_buffer_append_string(list->out, "}");
    return true;
}

static mr_status show(const found *one, mr_buffer *out, mr_err *err)
{
    const mr_bus_message message = {.partition = one->letter.partition,
                                    .offset = one->letter.offset,
                                    .value = mr_buffer_text(&one->value)};
    changes list = {.out = out};
    mr_letter_state state = MR_LETTER_OPEN;
    mr_dead_letter letter;
    mr_status status =
        mr_ops_letter_state(one->self->ops, one->letter.partition, one->letter.offset, &state, err);

    if (status == MR_OK) {
        status = mr_dead_letter_read(message.value, &letter, err);
    }
    if (status != MR_OK) {
        return status == MR_INVALID ? mr_fail(err, MR_NOT_FOUND, "there is no such dead letter")
                                    : status;
    }
    (void)mr_buffer_append_string(out, "{");
    write_letter(&message, state, &letter, out);
    write_payload(&letter, out);
    mr_dead_letter_close(&letter);
    mr_web_json_name(out, "changed");
    (void)mr_buffer_append_string(out, "[");
    (void)snprintf(list.target, sizeof list.target, "%" PRId32 ":%" PRId64, one->letter.partition,
                   one->letter.offset);
    if (state != MR_LETTER_OPEN) {
        status =
            mr_ops_audit(one->self->ops, INT64_MAX, letter_changes_max, write_change, &list, err);
    }
    (void)mr_buffer_append_string(out, "]}");
    return status;
}

mr_status mr_web_letter_get(mr_web_call *call, mr_err *err)
{
    letters self;
    found one;
    mr_status status = find_letter(call, &self, &one, err);

    if (status == MR_OK) {
        status = show(&one, mr_web_call_out(call), err);
    }
    mr_buffer_free(&one.value);
    close_letters(&self);
    return status;
}

/* --- Sending again, and discarding ------------------------------------------------------------ */

static mr_status check_open(const found *one, mr_err *err)
{
    mr_letter_state state = MR_LETTER_OPEN;
    const mr_status status =
        mr_ops_letter_state(one->self->ops, one->letter.partition, one->letter.offset, &state, err);

    return status == MR_OK && state != MR_LETTER_OPEN
               ? mr_fail(err, MR_EXISTS, "the letter was %s already", state_names[state])
               : status;
}

static mr_status audit(mr_web_call *call, const found *one, const char *action, mr_text detail,
                       mr_err *err)
{
    char target[48];

    (void)snprintf(target, sizeof target, "%" PRId32 ":%" PRId64, one->letter.partition,
                   one->letter.offset);
    return mr_web_call_audit(call, action, target, detail, err);
}

static void write_retried(const found *one, const mr_event *event, mr_buffer *out)
{
    mr_event identified = *event;
    char id[2 * mr_event_id_bytes + 1];

    mr_event_identify(&identified);
    mr_hex_encode(identified.id.bytes, mr_event_id_bytes, id);
    (void)mr_buffer_printf(out,
                           "{\"state\":\"retried\",\"partition\":%" PRId32 ",\"offset\":%" PRId64
                           ",\"event_id\":\"%s\"",
                           one->letter.partition, one->letter.offset, id);
    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, identified.invoice_no);
    (void)mr_buffer_append_string(out, "}");
}

/* payload absent: as it was. */
static mr_status send_again(mr_web_call *call, const found *one, mr_text payload, mr_err *err)
{
    mr_letter_retry *sender = NULL;
    mr_dead_letter letter;
    mr_status status = mr_dead_letter_read(mr_buffer_text(&one->value), &letter, err);

    if (status != MR_OK) {
        return status;
    }
    const mr_text sent = payload.data != NULL ? payload : letter.payload;
    status = sent.data == NULL
                 ? mr_web_call_fault(call, "body", "payload", "missing",
                                     "The payload was too large to be kept with the "
                                     "letter: give it",
                                     err)
                 : mr_letter_retry_open(one->self->bus, mr_web_call_options(call)->topic_ingestion,
                                        one->self->ops, &sender, err);
    if (status == MR_OK) {
        status = mr_letter_retry_add(sender, one->letter, sent, NULL, 0, err);
        if (status == MR_INVALID) {
            char message[mr_err_message_bytes_max];

            (void)snprintf(message, sizeof message, "%s", err != NULL ? err->message : "");
            status = mr_web_call_fault(call, "body", "payload", "value_error", message, err);
        }
    }
    if (status == MR_OK) {
        status = audit(call, one, "letter.retry", payload, err);
    }
    if (status == MR_OK) {
        status = mr_letter_retry_flush(sender, err);
    }
    if (status == MR_OK) {
        write_retried(one, mr_letter_retry_event(sender), mr_web_call_out(call));
    }
    mr_letter_retry_close(sender);
    mr_dead_letter_close(&letter);
    return status;
}

mr_status mr_web_letter_retry(mr_web_call *call, mr_err *err)
{
    letters self;
    found one;
    mr_text payload = MR_TEXT_ABSENT;
    mr_status status = find_letter(call, &self, &one, err);

    if (status == MR_OK) {
        status =
            mr_web_call_has_body(call)
                ? mr_web_body_text(call, "payload", false, mr_bus_record_bytes_max, &payload, err)
                : MR_OK;
    }
    if (status == MR_OK) {
        status = check_open(&one, err);
    }
    if (status == MR_OK) {
        status = send_again(call, &one, payload, err);
    }
    mr_buffer_free(&one.value);
    close_letters(&self);
    return status;
}

mr_status mr_web_letter_discard(mr_web_call *call, mr_err *err)
{
    letters self;
    found one;
    mr_status status = find_letter(call, &self, &one, err);

    if (status == MR_OK) {
        status = check_open(&one, err);
    }
    if (status == MR_OK) {
        status = audit(call, &one, "letter.discard", MR_TEXT_ABSENT, err);
    }
    if (status == MR_OK) {
        status = mr_ops_letter_mark(self.ops, one.letter.partition, one.letter.offset,
                                    MR_LETTER_DISCARDED, err);
    }
    if (status == MR_OK) {
        status = show(&one, mr_web_call_out(call), err);
    }
    mr_buffer_free(&one.value);
    close_letters(&self);
    return status;
}
