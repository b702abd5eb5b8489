/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_integer_test.c - integers by their digits, however they are spelled. */
#include "json_fixture.h"

#include "event/event_parser.h"

static void assert_integer(const char *number, int64_t expected)
{
    int64_t value = 4711;

    assert_int_equal(mr_event_integer_parse(mr_text_of(number), &value), MR_INTEGER_OK);
    assert_true(value == expected);
}

static void assert_refused(const char *number, mr_integer_result expected)
{
    int64_t value = 4711;

    assert_int_equal(mr_event_integer_parse(mr_text_of(number), &value), expected);
    assert_true(value == 4711);
}

static void plain_integers_are_read(void **state)
{
    (void)state;
    assert_integer("0", 0);
    assert_integer("-0", 0);
    assert_integer("6", 6);
    assert_integer("-6", -6);
    assert_integer("999999999999999999", 999999999999999999);
    assert_integer("9223372036854775807", INT64_MAX);
    assert_integer("-9223372036854775808", INT64_MIN);
}

static void integral_floats_are_integers(void **state)
{
    (void)state;
    assert_integer("6.0", 6);
    assert_integer("6.000000000000000000000000000000", 6);
    assert_integer("6e0", 6);
    assert_integer("6E+0", 6);
    assert_integer("60e-1", 6);
    assert_integer("-0.006e3", -6);
    assert_integer("1.25e2", 125);
    assert_integer("0e999999999999999999999", 0);
    assert_integer("0.0", 0);
    assert_integer("9.223372036854775807e18", INT64_MAX);
    assert_integer("-92233720368547758080e-1", INT64_MIN);
}

static void fractions_are_told_apart(void **state)
{
    (void)state;
    assert_refused("6.5", MR_INTEGER_FRACTION);
    assert_refused("6.0000000000000000000000000001", MR_INTEGER_FRACTION);
    assert_refused("6e-1", MR_INTEGER_FRACTION);
    assert_refused("1e-999999999999999999999", MR_INTEGER_FRACTION);
    assert_refused("0.5", MR_INTEGER_FRACTION);
}

static void numbers_beyond_64_bits_are_out_of_range(void **state)
{
    (void)state;
    assert_refused("9223372036854775808", MR_INTEGER_RANGE);
    assert_refused("-9223372036854775809", MR_INTEGER_RANGE);
    assert_refused("99999999999999999999", MR_INTEGER_RANGE);
    assert_refused("1e19", MR_INTEGER_RANGE);
    assert_refused("1e999999999999999999999", MR_INTEGER_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_integers_are_read),
        cmocka_unit_test(integral_floats_are_integers),
        cmocka_unit_test(fractions_are_told_apart),
        cmocka_unit_test(numbers_beyond_64_bits_are_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
