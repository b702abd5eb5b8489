/* SPDX-License-Identifier: Apache-2.0 */
/* base/buffer.c - a growable byte buffer with a hard cap, and JSON strings written into it.
 *
 * Invariants: bytes <= capacity <= bytes_max; a refused append changes nothing but `overflowed`.
 */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { buffer_capacity_min = 256 };

void mr_buffer_init(mr_buffer *buffer, size_t bytes_max)
{
    *buffer = (mr_buffer){.bytes_max = bytes_max};
}

void mr_buffer_free(mr_buffer *buffer)
{
    free(buffer->data);
    *buffer = (mr_buffer){.bytes_max = buffer->bytes_max};
}

void mr_buffer_clear(mr_buffer *buffer)
{
    buffer->bytes = 0;
    buffer->overflowed = false;
}

static void grow(mr_buffer *buffer, size_t needed)
{
    size_t capacity =
        buffer->capacity < buffer_capacity_min ? buffer_capacity_min : buffer->capacity;

    while (capacity < needed) {
        capacity = capacity > buffer->bytes_max / 2 ? buffer->bytes_max : capacity * 2;
    }
    if (capacity > buffer->bytes_max) {
        capacity = buffer->bytes_max;
    }
    buffer->data = mr_realloc(buffer->data, capacity);
    buffer->capacity = capacity;
}

char *mr_buffer_reserve(mr_buffer *buffer, size_t bytes)
{
    MR_ASSERT(buffer->bytes <= buffer->capacity);
    if (bytes > buffer->capacity - buffer->bytes || buffer->data == NULL) {
        if (buffer->bytes > buffer->bytes_max || bytes > buffer->bytes_max - buffer->bytes) {
            buffer->overflowed = true;
            return NULL;
        }
        grow(buffer, buffer->bytes + bytes);
    }
    return buffer->data + buffer->bytes;
}

void mr_buffer_commit(mr_buffer *buffer, size_t bytes)
{
    MR_ASSERT(bytes <= buffer->capacity - buffer->bytes);
    buffer->bytes += bytes;
}

bool mr_buffer_append(mr_buffer *buffer, const void *data, size_t bytes)
{
    char *place = mr_buffer_reserve(buffer, bytes);

    if (place == NULL) {
        return false;
    }
    if (bytes > 0) {
        memcpy(place, data, bytes);
    }
    buffer->bytes += bytes;
    return true;
}

bool mr_buffer_append_text(mr_buffer *buffer, mr_text text)
{
    return mr_buffer_append(buffer, text.data, text.bytes);
}

bool mr_buffer_append_string(mr_buffer *buffer, const char *string)
{
    return mr_buffer_append(buffer, string, strlen(string));
}

bool mr_buffer_printf(mr_buffer *buffer, const char *format, ...)
{
    size_t room = buffer->capacity - buffer->bytes;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(room > 0 ? buffer->data + buffer->bytes : NULL, room, format, arguments);
    va_end(arguments);
    MR_ASSERT(length >= 0);
    size_t bytes = (size_t)length;
    if (bytes < room) {
        buffer->bytes += bytes;
        return true;
    }
    if (buffer->bytes > buffer->bytes_max || bytes > buffer->bytes_max - buffer->bytes) {
        buffer->overflowed = true;
        return false;
    }
    /* vsnprintf writes a NUL that does not belong to the content and may not fit below the cap. */
    char *text = mr_alloc(bytes + 1);
    va_start(arguments, format);
    (void)vsnprintf(text, bytes + 1, format, arguments);
    va_end(arguments);
    bool appended = mr_buffer_append(buffer, text, bytes);
    free(text);
    return appended;
}

/* The bytes up to the first that a JSON string must escape: below 0x20, '"' or '\\'. */
static size_t plain_run(const char *data, size_t bytes)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = 0x8080808080808080u;
    size_t i = 0;

    for (; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, sizeof(word));
        uint64_t quote = word ^ (ones * '"');
        uint64_t slash = word ^ (ones * '\\');
        /* A top bit is set in the lane of a byte below the subtrahend; a borrow can only mark lanes
         * above a true hit, so a zero result is certain and a hit is looked at byte by byte. */
        uint64_t hits =
            ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
        if ((hits & tops) != 0) {
            break;
        }
    }
    while (i < bytes && (unsigned char)data[i] >= 0x20 && data[i] != '"' && data[i] != '\\') {
        i++;
    }
    return i;
}

static size_t write_escape(char *place, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char letter = byte < sizeof(shorts) ? shorts[byte] : (char)byte;

    place[0] = '\\';
    if (letter != '\0') {
        place[1] = letter;
        return 2;
    }
    memcpy(place + 1, "u00", 3);
    place[4] = digits[byte >> 4];
    place[5] = digits[byte & 15];
    return 6;
}

enum { json_escape_bytes_max = 6 };

static bool append_escaped(mr_buffer *buffer, mr_text text, size_t done)
{
    char escape[json_escape_bytes_max];

    while (done < text.bytes) {
        size_t escape_bytes = write_escape(escape, (unsigned char)text.data[done]);
        if (!mr_buffer_append(buffer, escape, escape_bytes)) {
            return false;
        }
        done++;
        size_t run = plain_run(text.data + done, text.bytes - done);
        if (!mr_buffer_append(buffer, text.data + done, run)) {
            return false;
        }
        done += run;
    }
    return mr_buffer_append(buffer, "\"", 1);
}

bool mr_buffer_append_json_string(mr_buffer *buffer, mr_text text)
{
    size_t start = buffer->bytes;
    size_t run = text.bytes > 0 ? plain_run(text.data, text.bytes) : 0;
    char *place = text.bytes <= SIZE_MAX - 2 ? mr_buffer_reserve(buffer, text.bytes + 2) : NULL;

    if (place == NULL) {
        return false;
    }
    *place = '"';
    if (run > 0) {
        memcpy(place + 1, text.data, run);
    }
    if (run == text.bytes) {
        place[run + 1] = '"';
        buffer->bytes += run + 2;
        return true;
    }
    buffer->bytes += run + 1;
    if (!append_escaped(buffer, text, run)) {
        buffer->bytes = start;
        return false;
    }
    return true;
}

mr_text mr_buffer_text(const mr_buffer *buffer)
{
    return (mr_text){buffer->data != NULL ? buffer->data : "", buffer->bytes};
}
