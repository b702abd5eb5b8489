/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_integer.c - integers from a JSON number's digits, never through a double.
 *
 * The text has been checked to be a number of RFC 8259 section 6. Pure functions.
 */
#include "event/event_parser.h"

enum {
    plain_digits_max = 18, /* any 18 digits fit an int64 */
    int64_digits_max = 19,
    exponent_max = 1000000, /* beyond it no text of an event's size changes the answer */
};

/* value = 0.d1d2d3... * 10^point, from the first digit that is not 0 to the last. */
typedef struct number_parts {
    const char *digits; /* may have one '.' in it */
    size_t bytes;
    int64_t point;
    bool negative;
} number_parts;

static int64_t parse_exponent(const char *at, const char *end)
{
    int64_t exponent = 0;
    bool negative = at < end && *at == '-';

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    for (; at < end && exponent < exponent_max; at++) {
        exponent = exponent * 10 + (*at - '0');
    }
    return negative ? -exponent : exponent;
}

static number_parts split_number(mr_text number)
{
    number_parts parts = {.negative = number.bytes > 0 && number.data[0] == '-'};
    const char *at = number.data + (parts.negative ? 1 : 0);
    const char *end = number.data + number.bytes;
    const char *mantissa_end = at;
    const char *dot;

    while (mantissa_end < end && *mantissa_end != 'e' && *mantissa_end != 'E') {
        mantissa_end++;
    }
    if (mantissa_end < end) {
        parts.point = parse_exponent(mantissa_end + 1, end);
    }
    dot = memchr(at, '.', (size_t)(mantissa_end - at));
    parts.point += (dot != NULL ? dot : mantissa_end) - at;
    while (at < mantissa_end && (*at == '0' || *at == '.')) {
        parts.point -= *at == '0';
        at++;
    }
    while (mantissa_end > at && (mantissa_end[-1] == '0' || mantissa_end[-1] == '.')) {
        mantissa_end--;
    }
    parts.digits = at;
    parts.bytes = (size_t)(mantissa_end - at);
    return parts;
}

static mr_integer_result parse_parts(const number_parts *parts, int64_t *ret_value)
{
    uint64_t limit = (uint64_t)INT64_MAX + (parts->negative ? 1 : 0);
    unsigned __int128 value = 0;
    int64_t count = 0;

    if (parts->bytes == 0) {
        *ret_value = 0;
        return MR_INTEGER_OK;
    }
    for (size_t i = 0; i < parts->bytes; i++) {
        count += parts->digits[i] != '.';
    }
    if (count > parts->point) {
        return MR_INTEGER_FRACTION;
    }
    if (parts->point > int64_digits_max) {
        return MR_INTEGER_RANGE;
    }
    for (size_t i = 0; i < parts->bytes; i++) {
        if (parts->digits[i] != '.') {
            value = value * 10 + (unsigned)(parts->digits[i] - '0');
        }
    }
    for (int64_t i = count; i < parts->point; i++) {
        value *= 10;
    }
    if (value > limit) {
        return MR_INTEGER_RANGE;
    }
    *ret_value = parts->negative ? (int64_t)(0 - (uint64_t)value) : (int64_t)value;
    return MR_INTEGER_OK;
}

mr_integer_result mr_event_integer_parse(mr_text number, int64_t *ret_value)
{
    bool negative = number.bytes > 0 && number.data[0] == '-';
    size_t at = negative ? 1 : 0;
    int64_t value = 0;

    if (number.bytes - at <= plain_digits_max) {
        while (at < number.bytes && number.data[at] >= '0' && number.data[at] <= '9') {
            value = value * 10 + (number.data[at] - '0');
            at++;
        }
        if (at == number.bytes) {
            *ret_value = negative ? -value : value;
            return MR_INTEGER_OK;
        }
    }
    number_parts parts = split_number(number);
    return parse_parts(&parts, ret_value);
}
