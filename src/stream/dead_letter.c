/* SPDX-License-Identifier: Apache-2.0 */
/* stream/dead_letter.c - writes and reads the envelope of a dead letter. */
#include "stream/dead_letter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/civil.h"

static const char *const code_names[] = {
    [MR_LETTER_CONFLICT] = "conflict",
    [MR_LETTER_MALFORMED] = "malformed",
    [MR_LETTER_INVALID] = "invalid",
};

enum { code_count = sizeof(code_names) / sizeof(code_names[0]) };

const char *mr_letter_code_name(mr_letter_code code)
{
    MR_ASSERT((unsigned)code < code_count);
    return code_names[code];
}

static bool write_head(const mr_dead_letter *letter, mr_buffer *out)
{
    char at[mr_civil_text_bytes_max];

    (void)mr_instant_format(letter->at_ms, at);
    return mr_buffer_append_string(out, "{\"reason\":") &&
           mr_buffer_append_json_string(out, letter->reason) &&
           mr_buffer_printf(out, ",\"code\":\"%s\",\"sink\":", mr_letter_code_name(letter->code)) &&
           mr_buffer_append_json_string(out, letter->sink) &&
           mr_buffer_append_string(out, ",\"origin\":{\"topic\":") &&
           mr_buffer_append_json_string(out, letter->origin_topic) &&
           mr_buffer_printf(out, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 "},\"at\":\"%s\"",
                            letter->origin_partition, letter->origin_offset, at) &&
           mr_buffer_append_string(out, ",\"payload\":");
}

static bool write_hex(mr_text payload, mr_buffer *out)
{
    if (!mr_buffer_append_string(out, "null,\"payload_hex\":\"")) {
        return false;
    }
    char *place = mr_buffer_reserve(out, 2 * payload.bytes + 1);
    if (place == NULL) {
        return false;
    }
    mr_hex_encode(payload.data, payload.bytes, place);
    mr_buffer_commit(out, 2 * payload.bytes);
    return mr_buffer_append_string(out, "\"}");
}

static bool write_payload(mr_text payload, mr_buffer *out)
{
    if (mr_utf8_valid(payload)) {
        return mr_buffer_append_json_string(out, payload) && mr_buffer_append_string(out, "}");
    }
    return write_hex(payload, out);
}

bool mr_dead_letter_write(const mr_dead_letter *letter, mr_buffer *out)
{
    size_t start = out->bytes;

    if (!write_head(letter, out)) {
        out->bytes = start;
        return false;
    }
    size_t head = out->bytes;
    if (write_payload(letter->payload, out)) {
        return true;
    }
    out->bytes = head;
    if (!mr_buffer_printf(out, "null,\"payload_bytes\":%zu}", letter->payload.bytes)) {
        out->bytes = start;
        return false;
    }
    return true;
}

static mr_text text_of(yyjson_val *value)
{
    return yyjson_is_str(value) ? (mr_text){yyjson_get_str(value), yyjson_get_len(value)}
                                : MR_TEXT_ABSENT;
}

static bool read_code(yyjson_val *value, mr_letter_code *ret_code)
{
    for (int i = 0; i < code_count; i++) {
        if (yyjson_equals_str(value, code_names[i])) {
            *ret_code = (mr_letter_code)i;
            return true;
        }
    }
    return false;
}

static bool read_origin(yyjson_val *origin, mr_dead_letter *letter)
{
    yyjson_val *partition = yyjson_obj_get(origin, "partition");
    yyjson_val *offset = yyjson_obj_get(origin, "offset");

    letter->origin_topic = text_of(yyjson_obj_get(origin, "topic"));
    if (letter->origin_topic.data == NULL || !yyjson_is_uint(partition) ||
        !yyjson_is_uint(offset) || yyjson_get_uint(partition) > INT32_MAX ||
        yyjson_get_uint(offset) > INT64_MAX) {
        return false;
    }
    letter->origin_partition = (int32_t)yyjson_get_uint(partition);
    letter->origin_offset = (int64_t)yyjson_get_uint(offset);
    return true;
}

static bool read_payload(yyjson_val *root, mr_dead_letter *letter)
{
    mr_text hex = text_of(yyjson_obj_get(root, "payload_hex"));

    letter->payload = text_of(yyjson_obj_get(root, "payload"));
    letter->payload_bytes = letter->payload.bytes;
    if (hex.data != NULL) {
        letter->payload_bytes = hex.bytes / 2;
        letter->decoded = mr_alloc(hex.bytes / 2);
        letter->payload = (mr_text){letter->decoded, hex.bytes / 2};
        return mr_hex_decode(hex, letter->decoded, hex.bytes / 2);
    }
    if (letter->payload.data == NULL) {
        yyjson_val *bytes = yyjson_obj_get(root, "payload_bytes");
        letter->payload_bytes = yyjson_get_uint(bytes);
        return yyjson_is_uint(bytes);
    }
    return true;
}

mr_status mr_dead_letter_read(mr_text json, mr_dead_letter *ret_letter, mr_err *err)
{
    yyjson_doc *document = yyjson_read(json.data, json.bytes, YYJSON_READ_NOFLAG);
    yyjson_val *root = yyjson_doc_get_root(document);
    mr_dead_letter letter = {.document = document,
                             .reason = text_of(yyjson_obj_get(root, "reason")),
                             .sink = text_of(yyjson_obj_get(root, "sink")),
                             .at = text_of(yyjson_obj_get(root, "at"))};

    if (letter.reason.data == NULL || letter.sink.data == NULL || letter.at.data == NULL ||
        !read_code(yyjson_obj_get(root, "code"), &letter.code) ||
        !read_origin(yyjson_obj_get(root, "origin"), &letter) || !read_payload(root, &letter)) {
        mr_dead_letter_close(&letter);
        return mr_fail(err, MR_INVALID, "the record is not the envelope of a dead letter");
    }
    *ret_letter = letter;
    return MR_OK;
}

void mr_dead_letter_close(mr_dead_letter *letter)
{
    yyjson_doc_free(letter->document);
    free(letter->decoded);
    letter->document = NULL;
    letter->decoded = NULL;
}
