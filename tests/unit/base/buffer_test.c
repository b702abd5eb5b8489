/* SPDX-License-Identifier: Apache-2.0 */
/* base/buffer_test.c - caps, formatted text and JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"

static void test_append_stops_at_the_cap_and_changes_nothing(void **state)
{
    mr_buffer buffer;

    (void)state;
    mr_buffer_init(&buffer, 10);
    assert_true(mr_buffer_append_string(&buffer, "12345678"));
    assert_false(mr_buffer_append_string(&buffer, "abc"));
    assert_true(buffer.overflowed);
    assert_true(mr_text_equal(mr_buffer_text(&buffer), MR_TEXT_LITERAL("12345678")));
    assert_true(mr_buffer_append_string(&buffer, "90"));
    assert_int_equal(buffer.bytes, 10);
    assert_null(mr_buffer_reserve(&buffer, 1));
    assert_null(mr_buffer_reserve(&buffer, SIZE_MAX));
    mr_buffer_clear(&buffer);
    assert_false(buffer.overflowed);
    assert_int_equal(buffer.bytes, 0);
    mr_buffer_free(&buffer);
    assert_int_equal(buffer.bytes_max, 10);
}

static void test_a_zeroed_struct_is_an_empty_buffer(void **state)
{
    mr_buffer buffer = {.bytes_max = 1000000};

    (void)state;
    assert_int_equal(mr_buffer_text(&buffer).bytes, 0);
    for (int i = 0; i < 100000; i++) {
        assert_true(mr_buffer_append(&buffer, "0123456789", 10));
    }
    assert_false(mr_buffer_append(&buffer, "x", 1));
    assert_int_equal(buffer.capacity, 1000000);
    mr_buffer_free(&buffer);
}

static void test_printf_grows_and_respects_the_cap(void **state)
{
    mr_buffer buffer;

    (void)state;
    mr_buffer_init(&buffer, 300);
    assert_true(mr_buffer_printf(&buffer, "%d-%s", 42, "x"));
    assert_true(mr_buffer_printf(&buffer, "%290d", 7));
    assert_int_equal(buffer.bytes, 294);
    assert_false(mr_buffer_printf(&buffer, "%s", "1234567"));
    assert_int_equal(buffer.bytes, 294);
    assert_true(mr_buffer_printf(&buffer, "%s", "123456"));
    assert_int_equal(buffer.bytes, 300);
    assert_true(mr_buffer_printf(&buffer, "%s", ""));
    mr_buffer_free(&buffer);
}

static void expect_json(mr_text text, const char *expected)
{
    mr_buffer buffer;

    mr_buffer_init(&buffer, 1024);
    assert_true(mr_buffer_append_json_string(&buffer, text));
    assert_true(mr_buffer_append(&buffer, "", 1));
    assert_string_equal(buffer.data, expected);
    mr_buffer_free(&buffer);
}

static void test_json_strings_escape_what_json_demands(void **state)
{
    (void)state;
    expect_json(MR_TEXT_LITERAL(""), "\"\"");
    expect_json(MR_TEXT_ABSENT, "\"\"");
    expect_json(MR_TEXT_LITERAL("plain text of some length"), "\"plain text of some length\"");
    expect_json(MR_TEXT_LITERAL("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    expect_json(MR_TEXT_LITERAL("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
    expect_json(MR_TEXT_LITERAL("x\0y\x1f\x7f"), "\"x\\u0000y\\u001f\x7f\"");
    expect_json(MR_TEXT_LITERAL("caf\xC3\xA9 \xE2\x82\xAC"), "\"caf\xC3\xA9 \xE2\x82\xAC\"");
    expect_json(MR_TEXT_LITERAL("\"\"\""), "\"\\\"\\\"\\\"\"");
}

/* One byte of each value at each place of a text long enough for the eight-byte path. */
static void test_json_strings_find_every_byte_at_every_place(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
        for (size_t place = 0; place < 20; place++) {
            char text[20];
            mr_buffer buffer = {.bytes_max = 256};

            memset(text, 'x', sizeof(text));
            text[place] = (char)byte;
            assert_true(mr_buffer_append_json_string(&buffer, (mr_text){text, sizeof(text)}));
            assert_int_equal(buffer.bytes > sizeof(text) + 2, escaped);
            assert_int_equal(buffer.data[1 + place], escaped ? '\\' : (char)byte);
            mr_buffer_free(&buffer);
        }
    }
}

static void test_json_strings_leave_nothing_behind_past_the_cap(void **state)
{
    mr_buffer buffer;

    (void)state;
    mr_buffer_init(&buffer, 12);
    assert_true(mr_buffer_append_string(&buffer, "{"));
    assert_false(mr_buffer_append_json_string(&buffer, MR_TEXT_LITERAL("abcde\n\n\n")));
    assert_int_equal(buffer.bytes, 1);
    assert_true(mr_buffer_append_json_string(&buffer, MR_TEXT_LITERAL("abcdefghi")));
    assert_int_equal(buffer.bytes, 12);
    mr_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_stops_at_the_cap_and_changes_nothing),
        cmocka_unit_test(test_a_zeroed_struct_is_an_empty_buffer),
        cmocka_unit_test(test_printf_grows_and_respects_the_cap),
        cmocka_unit_test(test_json_strings_escape_what_json_demands),
        cmocka_unit_test(test_json_strings_find_every_byte_at_every_place),
        cmocka_unit_test(test_json_strings_leave_nothing_behind_past_the_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
