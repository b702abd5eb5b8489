/* SPDX-License-Identifier: Apache-2.0 */
/* base/text_test.c - UTF-8, numbers, sizes, durations, hex. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/text.h"

/* Each text is tried at every distance from an eight-byte step, so that both paths see it. */
static void expect_utf8(const char *text, bool valid)
{
    char padded[64];
    size_t bytes = strlen(text);

    for (size_t pad = 0; pad < 17; pad++) {
        memset(padded, 'a', sizeof(padded));
        memcpy(padded + pad, text, bytes);
        if (mr_utf8_valid((mr_text){padded, pad + bytes + 9}) != valid) {
            fail_msg("'%s' behind %zu bytes is judged wrongly", text, pad);
        }
        if (mr_utf8_valid((mr_text){padded, pad + bytes}) != valid) {
            fail_msg("'%s' at the end, behind %zu bytes, is judged wrongly", text, pad);
        }
    }
}

static void test_utf8_takes_valid_text(void **state)
{
    (void)state;
    expect_utf8("", true);
    expect_utf8("plain", true);
    expect_utf8("\xC2\x80", true);
    expect_utf8("\xDF\xBF", true);
    expect_utf8("\xE0\xA0\x80", true);
    expect_utf8("\xED\x9F\xBF", true);
    expect_utf8("\xEE\x80\x80", true);
    expect_utf8("\xEF\xBF\xBF", true);
    expect_utf8("\xF0\x90\x80\x80", true);
    expect_utf8("\xF4\x8F\xBF\xBF", true);
    expect_utf8("caf\xC3\xA9 \xE2\x82\xAC", true);
    assert_true(mr_utf8_valid(MR_TEXT_ABSENT));
}

static void test_utf8_refuses_broken_text(void **state)
{
    (void)state;
    expect_utf8("\x80", false);
    expect_utf8("\xBF", false);
    expect_utf8("\xC0\x80", false);
    expect_utf8("\xC1\xBF", false);
    expect_utf8("\xC3", false);
    expect_utf8("\xE2\x82", false);
    expect_utf8("\xE0\x9F\xBF", false);
    expect_utf8("\xED\xA0\x80", false);
    expect_utf8("\xED\xBF\xBF", false);
    expect_utf8("\xF0\x8F\xBF\xBF", false);
    expect_utf8("\xF4\x90\x80\x80", false);
    expect_utf8("\xF5\x80\x80\x80", false);
    expect_utf8("\xFF", false);
    expect_utf8("\xF0\x9F\x98", false);
    expect_utf8("\xE2\x28\xA1", false);
}

static void test_utf8_length_counts_code_points(void **state)
{
    (void)state;
    assert_int_equal(mr_utf8_length(MR_TEXT_ABSENT), 0);
    assert_int_equal(mr_utf8_length(MR_TEXT_LITERAL("abcdefghij")), 10);
    assert_int_equal(mr_utf8_length(MR_TEXT_LITERAL("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 3);
    assert_int_equal(
        mr_utf8_length(MR_TEXT_LITERAL("a\xC3\xA9"
                                       "bcdefgh\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xACxyz")),
        15);
}

static void test_trim_and_compare(void **state)
{
    (void)state;
    assert_true(
        mr_text_equal(mr_text_trim(MR_TEXT_LITERAL(" \t a b\r\n")), MR_TEXT_LITERAL("a b")));
    assert_int_equal(mr_text_trim(MR_TEXT_LITERAL("  \n")).bytes, 0);
    assert_true(mr_text_equal_ignoring_case(MR_TEXT_LITERAL("AbC"), MR_TEXT_LITERAL("aBc")));
    assert_false(mr_text_equal_ignoring_case(MR_TEXT_LITERAL("[bc"), MR_TEXT_LITERAL("{bc")));
    assert_false(mr_text_equal_ignoring_case(MR_TEXT_LITERAL(""), MR_TEXT_ABSENT));
    assert_false(mr_text_equal(MR_TEXT_LITERAL(""), MR_TEXT_ABSENT));
    assert_true(mr_text_starts_with(MR_TEXT_LITERAL("sqlite:x"), "sqlite:"));
    assert_false(mr_text_starts_with(MR_TEXT_LITERAL("sql"), "sqlite:"));
    assert_true(mr_text_starts_with(MR_TEXT_ABSENT, ""));
}

static void test_unsigned_numbers(void **state)
{
    uint64_t value = 7;

    (void)state;
    assert_true(mr_parse_uint64(MR_TEXT_LITERAL("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_true(mr_parse_uint64(MR_TEXT_LITERAL("007"), 7, &value));
    assert_int_equal(value, 7);
    assert_false(mr_parse_uint64(MR_TEXT_LITERAL("18446744073709551616"), UINT64_MAX, &value));
    assert_false(mr_parse_uint64(MR_TEXT_LITERAL("99999999999999999999999"), UINT64_MAX, &value));
    assert_false(mr_parse_uint64(MR_TEXT_LITERAL("8"), 7, &value));
    assert_false(mr_parse_uint64(MR_TEXT_LITERAL(""), 7, &value));
    assert_false(mr_parse_uint64(MR_TEXT_LITERAL("-1"), 7, &value));
    assert_false(mr_parse_uint64(MR_TEXT_LITERAL("1 "), 7, &value));
    assert_int_equal(value, 7);
}

static void test_signed_numbers(void **state)
{
    int64_t value = 7;

    (void)state;
    assert_true(mr_parse_int64(MR_TEXT_LITERAL("-9223372036854775808"), &value));
    assert_true(value == INT64_MIN);
    assert_true(mr_parse_int64(MR_TEXT_LITERAL("9223372036854775807"), &value));
    assert_true(value == INT64_MAX);
    assert_false(mr_parse_int64(MR_TEXT_LITERAL("9223372036854775808"), &value));
    assert_false(mr_parse_int64(MR_TEXT_LITERAL("-9223372036854775809"), &value));
    assert_false(mr_parse_int64(MR_TEXT_LITERAL("-"), &value));
    assert_false(mr_parse_int64(MR_TEXT_LITERAL("--1"), &value));
    assert_false(mr_parse_int64(MR_TEXT_LITERAL("+1"), &value));
}

static void expect_bytes(const char *text, uint64_t expected)
{
    uint64_t bytes = 0;

    assert_true(mr_parse_bytes(mr_text_of(text), &bytes));
    assert_true(bytes == expected);
}

static void test_sizes(void **state)
{
    static const char *const wrong[] = {"", "k", "-1k", "1.5m", "1 x", "1kk", "16777216t", "1 k b"};
    uint64_t bytes = 7;

    (void)state;
    expect_bytes("64KiB", 65536);
    expect_bytes("16 MiB", 16777216);
    expect_bytes("2g", 2147483648);
    expect_bytes("1000000", 1000000);
    expect_bytes("1TB", 1099511627776);
    expect_bytes(" 5b ", 5);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(mr_parse_bytes(mr_text_of(wrong[i]), &bytes));
    }
    assert_int_equal(bytes, 7);
}

static void expect_duration(const char *text, uint64_t expected)
{
    uint64_t ms = 0;

    assert_true(mr_parse_duration_ms(mr_text_of(text), &ms));
    assert_true(ms == expected);
}

static void test_durations(void **state)
{
    static const char *const wrong[] = {
        "", "s", "5x", "-5s", "1.5s", "5 s s", "18446744073709551615d"};
    uint64_t ms;

    (void)state;
    expect_duration("250ms", 250);
    expect_duration("5s", 5000);
    expect_duration("5", 5000);
    expect_duration("2m", 120000);
    expect_duration("1h", 3600000);
    expect_duration("7d", 604800000);
    expect_duration("0", 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(mr_parse_duration_ms(mr_text_of(wrong[i]), &ms));
    }
}

static void test_hex(void **state)
{
    uint8_t data[3] = {0x00, 0x9f, 0xff};
    uint8_t back[3] = {1, 2, 3};
    char string[7];

    (void)state;
    mr_hex_encode(data, sizeof(data), string);
    assert_string_equal(string, "009fff");
    assert_true(mr_hex_decode(MR_TEXT_LITERAL("009FfF"), back, sizeof(back)));
    assert_memory_equal(back, data, sizeof(data));
    assert_false(mr_hex_decode(MR_TEXT_LITERAL("00000g"), back, sizeof(back)));
    assert_false(mr_hex_decode(MR_TEXT_LITERAL("00000"), back, sizeof(back)));
    assert_false(mr_hex_decode(MR_TEXT_LITERAL("00000000"), back, sizeof(back)));
    assert_memory_equal(back, data, sizeof(data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_takes_valid_text),
        cmocka_unit_test(test_utf8_refuses_broken_text),
        cmocka_unit_test(test_utf8_length_counts_code_points),
        cmocka_unit_test(test_trim_and_compare),
        cmocka_unit_test(test_unsigned_numbers),
        cmocka_unit_test(test_signed_numbers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
