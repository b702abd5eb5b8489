/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_fields.c - reads the numbers of a CSV file exactly.
 *
 * Called by: convert_stream.c; any thread, no state.
 * Not here:  the wire's numbers (base/decimal.c), which are stricter.
 */
#include "cli/convert_fields.h"

enum { plain_bytes_max = 64, group_digits = 3 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What follows an integer's digits may only be a fraction of zeros. */
static mr_convert_number check_fraction(mr_text rest, char decimal)
{
    bool zeros = true;

    if (rest.bytes == 0) {
        return MR_CONVERT_OK;
    }
    if (rest.data[0] != decimal) {
        return MR_CONVERT_SYNTAX;
    }
    for (size_t i = 1; i < rest.bytes; i++) {
        if (!is_digit(rest.data[i])) {
            return MR_CONVERT_SYNTAX;
        }
        zeros = zeros && rest.data[i] == '0';
    }
    return zeros ? MR_CONVERT_OK : MR_CONVERT_FRACTION;
}

mr_convert_number mr_convert_integer(mr_text text, bool decimal_comma, int64_t *ret_value)
{
    mr_text number = mr_text_trim(text);
    mr_convert_number result;
    size_t digits;

    if (number.bytes > 0 && number.data[0] == '+') {
        number.data++;
        number.bytes--;
        digits = 0;
    } else {
        digits = number.bytes > 0 && number.data[0] == '-' ? 1 : 0;
    }
    if (digits == number.bytes || !is_digit(number.data[digits])) {
        return MR_CONVERT_SYNTAX;
    }
    while (digits < number.bytes && is_digit(number.data[digits])) {
        digits++;
    }
    result = check_fraction((mr_text){number.data + digits, number.bytes - digits},
                            decimal_comma ? ',' : '.');
    if (result != MR_CONVERT_OK) {
        return result;
    }
    return mr_parse_int64((mr_text){number.data, digits}, ret_value) ? MR_CONVERT_OK
                                                                     : MR_CONVERT_RANGE;
}

/* Copies the whole part without its thousands marks; returns the bytes of text it took, or 0 when
 * the marks are not where thousands have them. */
static size_t copy_whole(mr_text text, char group, char *plain, size_t *ret_bytes)
{
    size_t at = 0;
    size_t bytes = *ret_bytes;
    size_t first = bytes;
    size_t since_mark = 0;
    bool marked = false;

    while (at < text.bytes && bytes < plain_bytes_max - 2) {
        if (is_digit(text.data[at])) {
            plain[bytes++] = text.data[at];
            since_mark++;
        } else if (text.data[at] != group) {
            break;
        } else if (marked ? since_mark != group_digits : since_mark < 1 || since_mark > 3) {
            return 0;
        } else {
            marked = true;
            since_mark = 0;
        }
        at++;
    }
    if (marked && since_mark != group_digits) {
        return 0;
    }
    if (bytes == first) {
        plain[bytes++] = '0'; /* ".5" */
    }
    *ret_bytes = bytes;
    return at;
}

static mr_decimal_result price_spelled(mr_text text, bool decimal_comma, mr_price *ret_price)
{
    char plain[plain_bytes_max];
    size_t bytes = 0;
    size_t whole;
    size_t zeros = 0;
    size_t sign = 0;

    if (text.bytes > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        if (text.data[0] == '-') {
            plain[bytes++] = '-';
        }
        text.data++;
        text.bytes--;
    }
    if (text.bytes == 0) {
        return MR_DECIMAL_SYNTAX;
    }
    sign = bytes;
    whole = copy_whole(text, decimal_comma ? '.' : ',', plain, &bytes);
    text.data += whole;
    text.bytes -= whole;
    /* JSON's grammar has no leading zeros. */
    while (sign + zeros + 1 < bytes && plain[sign + zeros] == '0') {
        zeros++;
    }
    memmove(plain + sign, plain + sign + zeros, bytes - sign - zeros);
    bytes -= zeros;
    if (text.bytes > 0) {
        if (text.data[0] != (decimal_comma ? ',' : '.') || text.bytes > plain_bytes_max - bytes) {
            return MR_DECIMAL_SYNTAX;
        }
        plain[bytes] = '.';
        memcpy(plain + bytes + 1, text.data + 1, text.bytes - 1);
        bytes += text.bytes;
    }
    return mr_price_parse((mr_text){plain, bytes}, ret_price);
}

mr_decimal_result mr_convert_price(mr_text text, bool decimal_comma, mr_price *ret_price)
{
    mr_text number = mr_text_trim(text);

    /* Nearly every price is plain; a decimal comma makes of the point a mark of thousands. */
    if (!decimal_comma) {
        mr_decimal_result result = mr_price_parse(number, ret_price);
        if (result != MR_DECIMAL_SYNTAX) {
            return result;
        }
    }
    return price_spelled(number, decimal_comma, ret_price);
}
