/* SPDX-License-Identifier: Apache-2.0 */
/* http/target.c - the request target: its form, its path split and percent-decoded, its query.
 *
 * A path is split at '/' first and decoded afterwards, so that %2F stays inside its segment; it is
 * decoded in place, which can only make it shorter.
 */
#include "http/loop.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte "%xx" at data stands for; -1 when it is none, or NUL. */
static int decode_escape(const char *data, size_t bytes)
{
    if (bytes < 3) {
        return -1;
    }
    int high = hex_digit(data[1]);
    int low = hex_digit(data[2]);
    int value = high < 0 || low < 0 ? -1 : high * 16 + low;
    return value == 0 ? -1 : value;
}

/* Decodes into out, which may be `data` itself. false: a bad escape. */
static bool decode(const char *data, size_t bytes, bool plus_is_blank, char *out, size_t *ret_bytes)
{
    size_t used = 0;

    for (size_t i = 0; i < bytes; i++) {
        int value = (unsigned char)data[i];
        if (value == '%') {
            value = decode_escape(data + i, bytes - i);
            if (value < 0) {
                return false;
            }
            i += 2;
        } else if (value == '+' && plus_is_blank) {
            value = ' ';
        }
        out[used++] = (char)value;
    }
    *ret_bytes = used;
    return true;
}

/* Bytes of "http://host" before the path of an absolute-form target (RFC 9112, 3.2.2). */
static bool skip_authority(char *data, size_t bytes, size_t *ret_skipped)
{
    mr_text target = {data, bytes};
    size_t scheme = 0;

    if (mr_text_starts_with(target, "http://")) {
        scheme = 7;
    } else if (mr_text_starts_with(target, "https://")) {
        scheme = 8;
    } else {
        return false;
    }
    size_t end = scheme;
    while (end < bytes && data[end] != '/' && data[end] != '?') {
        end++;
    }
    if (end == scheme) {
        return false;
    }
    if (end == bytes || data[end] == '?') {
        data[--end] = '/'; /* an empty path is "/": the last byte of the host makes room */
    }
    *ret_skipped = end;
    return true;
}

static bool add_segment(mr_message *message, size_t offset, size_t bytes)
{
    if (message->segment_count == mr_http_segments_max) {
        return false;
    }
    message->segments[message->segment_count++] = (mr_span){(uint32_t)offset, (uint32_t)bytes};
    return true;
}

/* Splits and decodes [start, end). A path of too many segments has none: it matches no route. */
static bool parse_path(mr_message *message, size_t start, size_t end)
{
    char *data = message->head.data;
    size_t used = start;
    bool fits = true;

    for (size_t at = start; at < end;) {
        size_t segment_end = at + 1;
        while (segment_end < end && data[segment_end] != '/') {
            segment_end++;
        }
        size_t bytes = 0;
        data[used++] = '/';
        if (!decode(data + at + 1, segment_end - at - 1, false, data + used, &bytes)) {
            return mr_message_refuse(message, 400, "the path has an invalid %-escape");
        }
        fits = add_segment(message, used, bytes) && fits;
        used += bytes;
        at = segment_end;
    }
    if (!fits) {
        message->segment_count = 0;
    }
    message->path = (mr_span){(uint32_t)start, (uint32_t)(used - start)};
    if (!mr_utf8_valid(mr_message_text(message, message->path))) {
        return mr_message_refuse(message, 400, "the path is not UTF-8");
    }
    return true;
}

static bool check_query(mr_message *message)
{
    mr_text query = mr_message_text(message, message->query);
    size_t bytes = 0;

    if (query.bytes == 0) {
        return true;
    }
    char *decoded = mr_buffer_reserve(&message->head, query.bytes);
    MR_ASSERT(decoded != NULL);
    query = mr_message_text(message, message->query); /* the head may have moved */
    if (!decode(query.data, query.bytes, true, decoded, &bytes) ||
        !mr_utf8_valid((mr_text){decoded, bytes})) {
        return mr_message_refuse(message, 400, "the query has an invalid %-escape");
    }
    return true;
}

bool mr_target_parse(mr_message *message)
{
    char *data = message->head.data;
    size_t bytes = message->target.bytes;
    size_t start = 0;

    MR_ASSERT(message->target.offset == 0 && bytes > 0);
    if (message->parser.method == HTTP_OPTIONS && bytes == 1 && data[0] == '*') {
        message->path = message->target;
        return true;
    }
    if (memchr(data, '#', bytes) != NULL ||
        (data[0] != '/' && !skip_authority(data, bytes, &start))) {
        return mr_message_refuse(message, 400, "the request target is not valid");
    }
    const char *mark = memchr(data + start, '?', bytes - start);
    size_t path_end = mark == NULL ? bytes : (size_t)(mark - data);
    if (mark != NULL) {
        message->query = (mr_span){(uint32_t)path_end + 1, (uint32_t)(bytes - path_end - 1)};
    }
    return parse_path(message, start, path_end) && check_query(message);
}

/* Whether the still encoded name equals a plain one. */
static bool name_is(mr_text encoded, const char *name)
{
    size_t bytes = strlen(name);
    size_t at = 0;

    for (size_t i = 0; i < encoded.bytes; i++, at++) {
        int value = (unsigned char)encoded.data[i];
        if (value == '%') {
            value = decode_escape(encoded.data + i, encoded.bytes - i);
            i += 2;
        } else if (value == '+') {
            value = ' ';
        }
        if (at >= bytes || value != (unsigned char)name[at]) {
            return false;
        }
    }
    return at == bytes;
}

static bool append_decoded(mr_text value, mr_buffer *out)
{
    size_t bytes = 0;
    char *room = mr_buffer_reserve(out, value.bytes);

    if (room == NULL || !decode(value.data, value.bytes, true, room, &bytes)) {
        return false;
    }
    mr_buffer_commit(out, bytes);
    return true;
}

bool mr_target_query(mr_text query, const char *name, size_t nth, mr_buffer *out)
{
    size_t at = 0;

    while (at < query.bytes) {
        const char *end = memchr(query.data + at, '&', query.bytes - at);
        size_t bytes = end == NULL ? query.bytes - at : (size_t)(end - query.data) - at;
        mr_text pair = {query.data + at, bytes};
        const char *equals = bytes == 0 ? NULL : memchr(pair.data, '=', bytes);
        size_t name_bytes = equals == NULL ? bytes : (size_t)(equals - pair.data);
        if (bytes > 0 && name_is((mr_text){pair.data, name_bytes}, name) && nth-- == 0) {
            size_t skipped = equals == NULL ? name_bytes : name_bytes + 1;
            return append_decoded((mr_text){pair.data + skipped, bytes - skipped}, out);
        }
        at += bytes + 1;
    }
    return false;
}
