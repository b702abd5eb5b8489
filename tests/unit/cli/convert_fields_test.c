/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_fields_test.c - numbers of spreadsheets, exactly, and names that stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/convert_fields.h"
#include "cli/convert_names.h"

static void integers_may_have_a_fraction_of_zeros(void **state)
{
    static const struct {
        const char *text;
        bool decimal_comma;
        mr_convert_number result;
        int64_t value;
    } cases[] = {
        {"17850.0", false, MR_CONVERT_OK, 17850},
        {"17850", false, MR_CONVERT_OK, 17850},
        {" 6 ", false, MR_CONVERT_OK, 6},
        {"-12.000", false, MR_CONVERT_OK, -12},
        {"+3", false, MR_CONVERT_OK, 3},
        {"6,0", true, MR_CONVERT_OK, 6},
        {"007", false, MR_CONVERT_OK, 7},
        {"9223372036854775807", false, MR_CONVERT_OK, INT64_MAX},
        {"9223372036854775808", false, MR_CONVERT_RANGE, 0},
        {"6.5", false, MR_CONVERT_FRACTION, 0},
        {"6,5", true, MR_CONVERT_FRACTION, 0},
        {"6,0", false, MR_CONVERT_SYNTAX, 0},
        {"6.0", true, MR_CONVERT_SYNTAX, 0},
        {"", false, MR_CONVERT_SYNTAX, 0},
        {"-", false, MR_CONVERT_SYNTAX, 0},
        {"+-3", false, MR_CONVERT_SYNTAX, 0},
        {"six", false, MR_CONVERT_SYNTAX, 0},
        {"6x", false, MR_CONVERT_SYNTAX, 0},
        {"6.0x", false, MR_CONVERT_SYNTAX, 0},
        {".0", false, MR_CONVERT_SYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 0;
        assert_int_equal(
            mr_convert_integer(mr_text_of(cases[i].text), cases[i].decimal_comma, &value),
            cases[i].result);
        assert_int_equal(value, cases[i].value);
    }
}

static void prices_are_exact_in_every_spelling(void **state)
{
    static const struct {
        const char *text;
        bool decimal_comma;
        mr_decimal_result result;
        int64_t scaled;
    } cases[] = {
        {"2.55", false, MR_DECIMAL_OK, 25500},
        {"2,55", true, MR_DECIMAL_OK, 25500},
        {" 2,55 ", true, MR_DECIMAL_OK, 25500},
        {"-11062.06", false, MR_DECIMAL_OK, -110620600},
        {"-0,5", true, MR_DECIMAL_OK, -5000},
        {".5", false, MR_DECIMAL_OK, 5000},
        {"-.5", false, MR_DECIMAL_OK, -5000},
        {"+2.5", false, MR_DECIMAL_OK, 25000},
        {"007.10", false, MR_DECIMAL_OK, 71000},
        {"1,234.50", false, MR_DECIMAL_OK, 12345000},
        {"1.234,50", true, MR_DECIMAL_OK, 12345000},
        {"1.234.567", true, MR_DECIMAL_OK, 12345670000},
        {"1,234", false, MR_DECIMAL_OK, 12340000},
        {"0", true, MR_DECIMAL_OK, 0},
        {"10", true, MR_DECIMAL_OK, 100000},
        {"2.55", true, MR_DECIMAL_SYNTAX, 0}, /* no group of three */
        {"12,34.5", false, MR_DECIMAL_SYNTAX, 0},
        {"1234,567.0", false, MR_DECIMAL_SYNTAX, 0},
        {",123", false, MR_DECIMAL_SYNTAX, 0},
        {"1,,234", false, MR_DECIMAL_SYNTAX, 0},
        {"2,5,5", true, MR_DECIMAL_SYNTAX, 0},
        {"2.5.5", false, MR_DECIMAL_SYNTAX, 0},
        {"", false, MR_DECIMAL_SYNTAX, 0},
        {"-", false, MR_DECIMAL_SYNTAX, 0},
        {"2.", false, MR_DECIMAL_SYNTAX, 0},
        {"two", false, MR_DECIMAL_SYNTAX, 0},
        {"\xC2\xA3"
         "2.50",
         false, MR_DECIMAL_SYNTAX, 0},
        {"2.55001", false, MR_DECIMAL_TOO_FINE, 0},
        {"2,55001", true, MR_DECIMAL_TOO_FINE, 0},
        {"123456789012345", false, MR_DECIMAL_TOO_LARGE, 0},
        {"111111111111111111111111111111111111111111111111111111111111111111,5", true,
         MR_DECIMAL_SYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mr_price price = {0};
        mr_decimal_result result =
            mr_convert_price(mr_text_of(cases[i].text), cases[i].decimal_comma, &price);
        if (result != cases[i].result) {
            print_error("%s\n", cases[i].text);
        }
        assert_int_equal(result, cases[i].result);
        assert_int_equal(price.scaled, cases[i].scaled);
    }
}

/* A change here would rename every customer of every shop that used --synthesize-names. */
static void names_never_change(void **state)
{
    char name[mr_convert_name_bytes_max];
    char again[mr_convert_name_bytes_max];

    (void)state;
    size_t bytes = mr_convert_name(17850, name);
    assert_int_equal(bytes, strlen(name));
    assert_string_equal(name, "Daphne Briggs");
    (void)mr_convert_name(12347, name);
    assert_string_equal(name, "Naomi Baxter");
    (void)mr_convert_name(-1, name);
    (void)mr_convert_name(-1, again);
    assert_string_equal(name, again);
}

static void names_are_spread(void **state)
{
    char first[mr_convert_name_bytes_max];
    char name[mr_convert_name_bytes_max];
    size_t same = 0;

    (void)state;
    (void)mr_convert_name(0, first);
    for (int64_t id = 1; id <= 100000; id++) {
        (void)mr_convert_name(id, name);
        same += strcmp(name, first) == 0;
    }
    assert_in_range(same, 1, 30); /* of 16384 names, about 6 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_may_have_a_fraction_of_zeros),
        cmocka_unit_test(prices_are_exact_in_every_spelling),
        cmocka_unit_test(names_never_change),
        cmocka_unit_test(names_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
