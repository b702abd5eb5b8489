/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/text_fuzz.c - the small parsers: decimals, dates, durations, sizes, .env lines.
 *
 * What is taken must survive being written and read again, and two readers of a number must agree.
 */
#include <stdlib.h>

#include "base/civil.h"
#include "base/config.h"
#include "base/decimal.h"
#include "event/event_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_numbers(mr_text text)
{
    char formatted[mr_amount_text_bytes_max];
    mr_price price;
    mr_price again;
    int64_t integer = 0;
    mr_decimal_result result = mr_price_parse(text, &price);

    if (result == MR_DECIMAL_SYNTAX) {
        return;
    }
    mr_integer_result as_integer = mr_event_integer_parse(text, &integer);
    if (result == MR_DECIMAL_OK) {
        size_t written = mr_price_format(price, formatted);

        MR_ASSERT(mr_price_parse((mr_text){formatted, written}, &again) == MR_DECIMAL_OK);
        MR_ASSERT(price.scaled == again.scaled);
        MR_ASSERT(as_integer != MR_INTEGER_RANGE);
        MR_ASSERT((as_integer == MR_INTEGER_OK) == (price.scaled % mr_price_unit == 0));
        MR_ASSERT(as_integer != MR_INTEGER_OK || price.scaled == integer * mr_price_unit);
    }
    MR_ASSERT(result != MR_DECIMAL_TOO_FINE || as_integer != MR_INTEGER_OK);
}

static void check_amount(mr_text text)
{
    char formatted[mr_amount_text_bytes_max];
    mr_amount amount;
    mr_amount again;

    if (mr_amount_parse(text, &amount)) {
        size_t written = mr_amount_format(amount, 2, formatted);

        MR_ASSERT(mr_amount_parse((mr_text){formatted, written}, &again));
        MR_ASSERT(amount.scaled == again.scaled);
    }
}

static void check_civil(mr_text text)
{
    char formatted[mr_civil_text_bytes_max];
    mr_civil civil;
    mr_civil again;

    if (!mr_civil_parse(text, &civil)) {
        return;
    }
    size_t written = mr_civil_format_wire(civil, formatted);
    MR_ASSERT(mr_civil_parse((mr_text){formatted, written}, &again));
    MR_ASSERT(civil.seconds == again.seconds);
    written = mr_civil_format_iso(civil, formatted);
    MR_ASSERT(mr_civil_parse((mr_text){formatted, written}, &again));
    MR_ASSERT(civil.seconds == again.seconds);
}

static void check_env_line(mr_text line)
{
    char *unescaped = mr_alloc(line.bytes + 1);
    mr_text name = MR_TEXT_ABSENT;
    mr_text value = MR_TEXT_ABSENT;
    mr_err err;

    if (mr_env_parse_line(line, unescaped, &name, &value, &err) == MR_OK && name.data != NULL) {
        MR_ASSERT(value.bytes <= line.bytes);
        MR_ASSERT(name.bytes <= line.bytes);
    }
    free(unescaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    mr_text text = {(const char *)data, bytes};
    uint64_t number;
    int64_t integer;

    check_numbers(text);
    check_amount(text);
    check_civil(text);
    check_env_line(text);
    (void)mr_parse_duration_ms(text, &number);
    (void)mr_parse_bytes(text, &number);
    (void)mr_parse_int64(text, &integer);
    MR_ASSERT(!mr_parse_uint64(text, 99, &number) || number <= 99);
    MR_ASSERT(!mr_utf8_valid(text) || mr_utf8_length(text) <= bytes);
    MR_ASSERT(mr_text_trim(text).bytes <= bytes);
    return 0;
}
