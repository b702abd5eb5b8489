/* SPDX-License-Identifier: Apache-2.0 */
/* base/decimal.c - exact decimals from and to their digits.
 *
 * mr_price_parse runs once an event: plain numbers take one pass; exponents and long tails take
 * parse_general, which places every digit by its power of ten.
 */
#include "base/decimal.h"

#include "base/status.h"

enum { price_digits_before_point_max = 14, exponent_clamp = 1000000000 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The three parts of a JSON number, after its grammar was checked. */
typedef struct number_parts {
    mr_text whole, fraction;
    int64_t exponent;
    bool negative;
} number_parts;

static size_t digit_run(mr_text text, size_t from)
{
    size_t at = from;

    while (at < text.bytes && is_digit(text.data[at])) {
        at++;
    }
    return at - from;
}

/* Reads "e+12" at `at`. Clamped: no document holds enough digits to bring such a number back. */
static bool read_exponent(mr_text text, size_t at, int64_t *ret_exponent)
{
    bool negative = false;
    int64_t exponent = 0;

    at++;
    if (at < text.bytes && (text.data[at] == '+' || text.data[at] == '-')) {
        negative = text.data[at] == '-';
        at++;
    }
    size_t digits = digit_run(text, at);
    if (digits == 0 || at + digits != text.bytes) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        exponent = exponent * 10 + (text.data[at + i] - '0');
        if (exponent > exponent_clamp) {
            exponent = exponent_clamp;
        }
    }
    *ret_exponent = negative ? -exponent : exponent;
    return true;
}

static bool split_number(mr_text text, number_parts *ret_parts)
{
    number_parts parts = {.negative = text.bytes > 0 && text.data[0] == '-'};
    size_t at = parts.negative ? 1 : 0;

    parts.whole = (mr_text){text.data + at, digit_run(text, at)};
    if (parts.whole.bytes == 0 || (parts.whole.bytes > 1 && parts.whole.data[0] == '0')) {
        return false;
    }
    at += parts.whole.bytes;
    if (at < text.bytes && text.data[at] == '.') {
        parts.fraction = (mr_text){text.data + at + 1, digit_run(text, at + 1)};
        if (parts.fraction.bytes == 0) {
            return false;
        }
        at += 1 + parts.fraction.bytes;
    }
    if (at < text.bytes) {
        if (text.data[at] != 'e' && text.data[at] != 'E') {
            return false;
        }
        if (!read_exponent(text, at, &parts.exponent)) {
            return false;
        }
    }
    *ret_parts = parts;
    return true;
}

/* Adds the digits of one part, whose first digit stands at 10^power, to *scaled. */
static mr_decimal_result place_digits(mr_text digits, int64_t power, int64_t *scaled)
{
    static const int64_t powers[] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000};
    mr_decimal_result result = MR_DECIMAL_OK;

    for (size_t i = 0; i < digits.bytes; i++, power--) {
        int digit = digits.data[i] - '0';
        if (digit == 0) {
            continue;
        }
        if (power >= price_digits_before_point_max) {
            return MR_DECIMAL_TOO_LARGE;
        }
        if (power < -mr_price_scale) {
            return MR_DECIMAL_TOO_FINE;
        }
        *scaled += digit * powers[power + mr_price_scale];
    }
    return result;
}

static mr_decimal_result parse_general(mr_text text, mr_price *ret_price)
{
    number_parts parts;
    int64_t scaled = 0;

    if (!split_number(text, &parts)) {
        return MR_DECIMAL_SYNTAX;
    }
    int64_t power = (int64_t)parts.whole.bytes - 1 + parts.exponent;
    mr_decimal_result result = place_digits(parts.whole, power, &scaled);
    if (result == MR_DECIMAL_OK) {
        result = place_digits(parts.fraction, parts.exponent - 1, &scaled);
    }
    if (result == MR_DECIMAL_OK) {
        ret_price->scaled = parts.negative ? -scaled : scaled;
    }
    return result;
}

mr_decimal_result mr_price_parse(mr_text text, mr_price *ret_price)
{
    static const int64_t missing[] = {10000, 1000, 100, 10, 1};
    int64_t scaled = 0;

    if (text.bytes == 0) {
        return MR_DECIMAL_SYNTAX;
    }
    if (text.bytes > 1 + price_digits_before_point_max + 1 + mr_price_scale) {
        return parse_general(text, ret_price);
    }
    const char *at = text.data;
    const char *end = at + text.bytes;
    bool negative = *at == '-';
    at += negative;
    const char *whole = at;
    /* One digit too many is enough to know, and all that 64 bits are sure to hold. */
    for (; at < end && is_digit(*at) && at - whole <= price_digits_before_point_max; at++) {
        scaled = scaled * 10 + (*at - '0');
    }
    int64_t digits = at - whole;
    if (digits == 0 || digits > price_digits_before_point_max || (digits > 1 && *whole == '0')) {
        return parse_general(text, ret_price);
    }
    int64_t decimals = 0;
    if (at < end && *at == '.') {
        const char *point = at;
        for (at++; at < end && is_digit(*at) && at - point <= mr_price_scale; at++) {
            scaled = scaled * 10 + (*at - '0');
        }
        decimals = at - point - 1;
    }
    if (at != end || (decimals == 0 && !is_digit(end[-1]))) {
        return parse_general(text, ret_price);
    }
    scaled *= missing[decimals];
    ret_price->scaled = negative ? -scaled : scaled;
    return MR_DECIMAL_OK;
}

/* Digits of magnitude, the point before the last four, trailing zeros off down to decimals_min. */
static size_t format_scaled(unsigned __int128 magnitude, bool negative, int decimals_min,
                            char *buffer)
{
    char digits[mr_amount_text_bytes_max];
    size_t count = 0;
    size_t bytes = 0;
    int trailing = 0;

    while (magnitude > UINT64_MAX) {
        digits[count++] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
    }
    for (uint64_t rest = (uint64_t)magnitude; rest > 0 || count <= mr_price_scale; rest /= 10) {
        digits[count++] = (char)('0' + (int)(rest % 10));
    }
    while (trailing < mr_price_scale - decimals_min && digits[trailing] == '0') {
        trailing++;
    }
    if (negative) {
        buffer[bytes++] = '-';
    }
    for (size_t i = count; i-- > (size_t)trailing;) {
        if (i == mr_price_scale - 1) {
            buffer[bytes++] = '.';
        }
        buffer[bytes++] = digits[i];
    }
    buffer[bytes] = '\0';
    return bytes;
}

size_t mr_price_format(mr_price price, char buffer[static mr_amount_text_bytes_max])
{
    bool negative = price.scaled < 0;
    uint64_t magnitude = negative ? 0 - (uint64_t)price.scaled : (uint64_t)price.scaled;

    return format_scaled(magnitude, negative, 0, buffer);
}

size_t mr_amount_format(mr_amount amount, int decimals_min,
                        char buffer[static mr_amount_text_bytes_max])
{
    bool negative = amount.scaled < 0;
    unsigned __int128 magnitude = (unsigned __int128)amount.scaled;

    MR_ASSERT(decimals_min >= 0 && decimals_min <= mr_price_scale);
    return format_scaled(negative ? 0 - magnitude : magnitude, negative, decimals_min, buffer);
}

/* 37 digits at the most are read: 10^37 is below what 128 bits hold. */
enum { amount_digits_max = 37 };

bool mr_amount_parse(mr_text text, mr_amount *ret_amount)
{
    bool negative = text.bytes > 0 && text.data[0] == '-';
    size_t at = negative ? 1 : 0;
    size_t whole = digit_run(text, at);
    size_t decimals = 0;
    unsigned __int128 magnitude = 0;

    if (whole == 0 || whole > amount_digits_max - mr_price_scale) {
        return false;
    }
    for (size_t i = 0; i < whole; i++) {
        magnitude = magnitude * 10 + (unsigned)(text.data[at + i] - '0');
    }
    at += whole;
    if (at < text.bytes && text.data[at] == '.') {
        at++;
        decimals = digit_run(text, at);
        if (decimals == 0 || decimals > mr_price_scale) {
            return false;
        }
    }
    if (at + decimals != text.bytes) {
        return false;
    }
    for (size_t i = 0; i < mr_price_scale; i++) {
        magnitude = magnitude * 10 + (i < decimals ? (unsigned)(text.data[at + i] - '0') : 0);
    }
    ret_amount->scaled = negative ? -(__int128)magnitude : (__int128)magnitude;
    return true;
}
