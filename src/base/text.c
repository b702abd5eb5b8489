/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.c - UTF-8, hex, and the small parsers of numbers, sizes and durations.
 *
 * mr_utf8_valid and mr_utf8_length run per field per event: eight ASCII bytes a step.
 */
#include "base/text.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool mr_text_equal_ignoring_case(mr_text a, mr_text b)
{
    if (a.bytes != b.bytes || (a.data == NULL) != (b.data == NULL)) {
        return false;
    }
    for (size_t i = 0; i < a.bytes; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

bool mr_text_starts_with(mr_text text, const char *prefix)
{
    size_t bytes = strlen(prefix);

    return text.bytes >= bytes && (bytes == 0 || memcmp(text.data, prefix, bytes) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

mr_text mr_text_trim(mr_text text)
{
    while (text.bytes > 0 && is_blank(text.data[0])) {
        text.data++;
        text.bytes--;
    }
    while (text.bytes > 0 && is_blank(text.data[text.bytes - 1])) {
        text.bytes--;
    }
    return text;
}

static const uint64_t top_bits = 0x8080808080808080u;

/* Bytes of the valid sequence that begins with a byte >= 0x80; 0 if there is none. The second
 * byte's range is what forbids overlong forms, surrogates and what lies above U+10FFFF. */
static size_t sequence_bytes(const unsigned char *data, size_t left)
{
    unsigned char lead = data[0];
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t bytes;

    if (lead >= 0xC2 && lead <= 0xDF) {
        bytes = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        bytes = 3;
        low = lead == 0xE0 ? 0xA0 : 0x80;
        high = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        bytes = 4;
        low = lead == 0xF0 ? 0x90 : 0x80;
        high = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (left < bytes || data[1] < low || data[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < bytes; i++) {
        if ((data[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return bytes;
}

bool mr_utf8_valid(mr_text text)
{
    const unsigned char *data = (const unsigned char *)text.data;
    size_t i = 0;

    while (i < text.bytes) {
        uint64_t word;

        if (i + sizeof(word) <= text.bytes) {
            memcpy(&word, data + i, sizeof(word));
            if ((word & top_bits) == 0) {
                i += sizeof(word);
                continue;
            }
        }
        if (data[i] < 0x80) {
            i++;
            continue;
        }
        size_t bytes = sequence_bytes(data + i, text.bytes - i);
        if (bytes == 0) {
            return false;
        }
        i += bytes;
    }
    return true;
}

size_t mr_utf8_length(mr_text text)
{
    size_t continuations = 0;
    size_t i = 0;

    for (; i + 8 <= text.bytes; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, sizeof(word));
        uint64_t marks = word & top_bits;
        if (marks != 0) { /* 10xxxxxx: the top bit set, the next one not */
            continuations += (size_t)__builtin_popcountll(marks & ~(word << 1));
        }
    }
    for (; i < text.bytes; i++) {
        continuations += ((unsigned char)text.data[i] & 0xC0) == 0x80;
    }
    return text.bytes - continuations;
}

bool mr_parse_uint64(mr_text text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (text.bytes == 0) {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned digit = (unsigned)(unsigned char)text.data[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
        if (value > max) {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

bool mr_parse_int64(mr_text text, int64_t *ret_value)
{
    bool negative = text.bytes > 0 && text.data[0] == '-';
    uint64_t magnitude;

    if (negative) {
        text.data++;
        text.bytes--;
    }
    if (!mr_parse_uint64(text, (uint64_t)INT64_MAX + negative, &magnitude)) {
        return false;
    }
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* Splits "64 KiB" into its digits and its unit. */
static bool split_unit(mr_text text, uint64_t *ret_number, mr_text *ret_unit)
{
    size_t digits = 0;

    text = mr_text_trim(text);
    while (digits < text.bytes && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    if (!mr_parse_uint64((mr_text){text.data, digits}, UINT64_MAX, ret_number)) {
        return false;
    }
    *ret_unit = mr_text_trim((mr_text){text.data + digits, text.bytes - digits});
    return true;
}

bool mr_parse_bytes(mr_text text, uint64_t *ret_bytes)
{
    static const struct {
        const char *name;
        unsigned shift;
    } units[] = {
        {"", 0},     {"b", 0},  {"k", 10},  {"kb", 10},  {"kib", 10}, {"m", 20},  {"mb", 20},
        {"mib", 20}, {"g", 30}, {"gb", 30}, {"gib", 30}, {"t", 40},   {"tb", 40}, {"tib", 40},
    };
    uint64_t number;
    mr_text unit;

    if (!split_unit(text, &number, &unit)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (mr_text_equal_ignoring_case(unit, mr_text_of(units[i].name))) {
            if (number > UINT64_MAX >> units[i].shift) {
                return false;
            }
            *ret_bytes = number << units[i].shift;
            return true;
        }
    }
    return false;
}

bool mr_parse_duration_ms(mr_text text, uint64_t *ret_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        {"ms", 1}, {"", 1000}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
    };
    uint64_t number;
    mr_text unit;

    if (!split_unit(text, &number, &unit)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (mr_text_equal(unit, mr_text_of(units[i].name))) {
            return !__builtin_mul_overflow(number, units[i].ms, ret_ms);
        }
    }
    return false;
}

void mr_hex_encode(const void *data, size_t bytes, char *ret_string)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = data;

    for (size_t i = 0; i < bytes; i++) {
        ret_string[2 * i] = digits[from[i] >> 4];
        ret_string[2 * i + 1] = digits[from[i] & 15];
    }
    ret_string[2 * bytes] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mr_hex_decode(mr_text text, void *ret_data, size_t bytes)
{
    unsigned char *to = ret_data;

    if (text.bytes % 2 != 0 || text.bytes / 2 != bytes) {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        if (hex_digit(text.data[i]) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < bytes; i++) {
        unsigned high = (unsigned)hex_digit(text.data[2 * i]);
        unsigned low = (unsigned)hex_digit(text.data[2 * i + 1]);
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
