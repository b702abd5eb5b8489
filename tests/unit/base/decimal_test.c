/* SPDX-License-Identifier: Apache-2.0 */
/* base/decimal_test.c - exact prices and amounts from and to their digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/decimal.h"
#include "base/random.h"

static void expect_price(const char *text, int64_t scaled)
{
    mr_price price = {-7};

    if (mr_price_parse(mr_text_of(text), &price) != MR_DECIMAL_OK || price.scaled != scaled) {
        fail_msg("%s gave %lld", text, (long long)price.scaled);
    }
}

static void expect_refused(const char *text, mr_decimal_result expected)
{
    mr_price price = {-7};

    if (mr_price_parse(mr_text_of(text), &price) != expected) {
        fail_msg("'%s' is not answered with %d", text, (int)expected);
    }
    assert_int_equal(price.scaled, -7);
}

static void test_price_reads_every_json_number_exactly(void **state)
{
    (void)state;
    expect_price("0", 0);
    expect_price("-0", 0);
    expect_price("-0.0", 0);
    expect_price("2.55", 25500);
    expect_price("-11.2", -112000);
    expect_price("0.0001", 1);
    expect_price("0.1", 1000);
    expect_price("99999999999999.9999", 999999999999999999);
    expect_price("-99999999999999.9999", -999999999999999999);
    expect_price("6", 60000);
    expect_price("10", 100000);
    expect_price("1.50000000000000000000000000", 15000);
    expect_price("0.00010000", 1);
}

static void test_price_reads_exponents(void **state)
{
    (void)state;
    expect_price("1e3", 10000000);
    expect_price("1E+3", 10000000);
    expect_price("2.5E-2", 250);
    expect_price("2.55e0", 25500);
    expect_price("100000000000000000000e-20", 10000);
    expect_price("0.00000000000000000001e20", 10000);
    expect_price("0e999999999999999999999", 0);
    expect_price("0.000e-999999999999999999999", 0);
    expect_price("1e13", 100000000000000000);
    expect_price("-1e-4", -1);
    expect_price("0.0e5", 0);
}

static void test_price_refuses_what_is_no_json_number(void **state)
{
    static const char *const texts[] = {"",      "-",
                                        ".5",    "5.",
                                        "01",    "-01",
                                        "00",    "+1",
                                        "1e",    "1e+",
                                        "1e-",   "1.e3",
                                        "1 ",    " 1",
                                        "1,5",   "0x1",
                                        "NaN",   "1.2.3",
                                        "--1",   "1e1.5",
                                        "1e1e1", "1_0",
                                        "-.5",   "e5",
                                        "1.5x",  "000000000000000000000000"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_refused(texts[i], MR_DECIMAL_SYNTAX);
    }
    mr_price price = {-7};
    assert_int_equal(mr_price_parse(MR_TEXT_ABSENT, &price), MR_DECIMAL_SYNTAX);
}

static void test_price_refuses_more_than_it_holds(void **state)
{
    (void)state;
    expect_refused("100000000000000", MR_DECIMAL_TOO_LARGE);
    expect_refused("1e14", MR_DECIMAL_TOO_LARGE);
    expect_refused("-123456789012345.1", MR_DECIMAL_TOO_LARGE);
    expect_refused("1e999999999999999999999999", MR_DECIMAL_TOO_LARGE);
    expect_refused("0.00001", MR_DECIMAL_TOO_FINE);
    expect_refused("1.23456", MR_DECIMAL_TOO_FINE);
    expect_refused("1e-5", MR_DECIMAL_TOO_FINE);
    expect_refused("1e-999999999999999999999999", MR_DECIMAL_TOO_FINE);
    expect_refused("99999999999999.99999", MR_DECIMAL_TOO_FINE);
}

static void test_price_formats_shortest(void **state)
{
    static const struct {
        int64_t scaled;
        const char *text;
    } cases[] = {{0, "0"},       {25500, "2.55"}, {-10, "-0.001"},
                 {60000, "6"},   {1, "0.0001"},   {-1, "-0.0001"},
                 {100000, "10"}, {10100, "1.01"}, {999999999999999999, "99999999999999.9999"}};
    char buffer[mr_amount_text_bytes_max];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t bytes = mr_price_format((mr_price){cases[i].scaled}, buffer);
        assert_string_equal(buffer, cases[i].text);
        assert_int_equal(bytes, strlen(cases[i].text));
    }
}

static void test_price_comes_back_from_its_text(void **state)
{
    mr_random random;
    char buffer[mr_amount_text_bytes_max];

    (void)state;
    mr_random_seed(&random, 11);
    for (int i = 0; i < 20000; i++) {
        uint64_t limit = 1;
        for (uint64_t digits = mr_random_below(&random, 19); digits > 0; digits--) {
            limit *= 10;
        }
        int64_t scaled = (int64_t)mr_random_below(&random, limit);
        scaled = (mr_random_next(&random) & 1) != 0 ? -scaled : scaled;
        mr_price back = {0};
        size_t bytes = mr_price_format((mr_price){scaled}, buffer);
        assert_int_equal(mr_price_parse((mr_text){buffer, bytes}, &back), MR_DECIMAL_OK);
        assert_int_equal(back.scaled, scaled);
    }
}

static void test_amount_formats_with_decimals_asked_for(void **state)
{
    char buffer[mr_amount_text_bytes_max];

    (void)state;
    (void)mr_amount_format((mr_amount){1437111700}, 2, buffer);
    assert_string_equal(buffer, "143711.17");
    (void)mr_amount_format((mr_amount){60000}, 2, buffer);
    assert_string_equal(buffer, "6.00");
    (void)mr_amount_format((mr_amount){60000}, 0, buffer);
    assert_string_equal(buffer, "6");
    (void)mr_amount_format((mr_amount){-112524412}, 2, buffer);
    assert_string_equal(buffer, "-11252.4412");
    (void)mr_amount_format((mr_amount){0}, 4, buffer);
    assert_string_equal(buffer, "0.0000");
}

static void test_amount_holds_far_more_than_64_bits(void **state)
{
    mr_amount sum = {0};
    mr_amount back;
    char buffer[mr_amount_text_bytes_max];
    mr_amount line = mr_amount_of(INT32_MIN, (mr_price){999999999999999999});

    (void)state;
    for (int i = 0; i < 1000; i++) {
        sum = mr_amount_add(sum, line);
    }
    size_t bytes = mr_amount_format(sum, 0, buffer);
    assert_string_equal(buffer, "-214748364799999999785251635.2");
    assert_true(mr_amount_parse((mr_text){buffer, bytes}, &back));
    assert_true(back.scaled == sum.scaled);
    bytes = mr_amount_format((mr_amount){(__int128)1 << 126}, 0, buffer);
    assert_string_equal(buffer, "8507059173023461586584365185794205.2864");
    assert_int_equal(bytes, strlen(buffer));
}

static void test_amount_refuses_bad_text(void **state)
{
    static const char *const texts[] = {
        "",    "-", "1.", ".1",  "1.12345",
        "1e3", "a", "1 ", "--1", "1234567890123456789012345678901234567890"};
    mr_amount amount = {5};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(mr_amount_parse(mr_text_of(texts[i]), &amount));
    }
    assert_true(amount.scaled == 5);
    assert_true(mr_amount_parse(MR_TEXT_LITERAL("-1.5"), &amount));
    assert_true(amount.scaled == -15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_price_reads_every_json_number_exactly),
        cmocka_unit_test(test_price_reads_exponents),
        cmocka_unit_test(test_price_refuses_what_is_no_json_number),
        cmocka_unit_test(test_price_refuses_more_than_it_holds),
        cmocka_unit_test(test_price_formats_shortest),
        cmocka_unit_test(test_price_comes_back_from_its_text),
        cmocka_unit_test(test_amount_formats_with_decimals_asked_for),
        cmocka_unit_test(test_amount_holds_far_more_than_64_bits),
        cmocka_unit_test(test_amount_refuses_bad_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
