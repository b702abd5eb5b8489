/* SPDX-License-Identifier: Apache-2.0 */
/* sql_cell_test.c - values as each format writes them; nothing of a sender steers a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/sql_cell.h"

typedef bool (*cell_writer)(mr_buffer *out, mr_text value);

static void expect(cell_writer write, mr_text value, const char *expected)
{
    mr_buffer out;

    mr_buffer_init(&out, 256);
    assert_true(write(&out, value));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, expected);
    mr_buffer_free(&out);
}

static void expect_json(mr_sql_kind kind, mr_text value, const char *expected)
{
    mr_buffer out;

    mr_buffer_init(&out, 256);
    assert_true(mr_sql_cell_json(&out, kind, value));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, expected);
    mr_buffer_free(&out);
}

static void types_are_sorted_into_kinds(void **state)
{
    (void)state;
    assert_int_equal(mr_sql_kind_of("DECIMAL(18,4)"), MR_SQL_NUMBER);
    assert_int_equal(mr_sql_kind_of("DECIMAL(18,4)[]"), MR_SQL_TEXT);
    assert_int_equal(mr_sql_kind_of("BIGINT"), MR_SQL_NUMBER);
    assert_int_equal(mr_sql_kind_of("BIGINT[]"), MR_SQL_TEXT);
    assert_int_equal(mr_sql_kind_of("HUGEINT"), MR_SQL_NUMBER);
    assert_int_equal(mr_sql_kind_of("DOUBLE"), MR_SQL_FLOAT);
    assert_int_equal(mr_sql_kind_of("BOOLEAN"), MR_SQL_BOOLEAN);
    assert_int_equal(mr_sql_kind_of("JSON"), MR_SQL_JSON);
    assert_int_equal(mr_sql_kind_of("TIMESTAMP"), MR_SQL_TEXT);
}

static void a_terminal_gets_no_control_characters(void **state)
{
    (void)state;
    expect(mr_sql_cell_terminal, MR_TEXT_ABSENT, "NULL");
    expect(mr_sql_cell_terminal, MR_TEXT_LITERAL(""), "");
    expect(mr_sql_cell_terminal, MR_TEXT_LITERAL("a\x1b[31mb\x7f\n\tc"), "a?[31mb?\\n\\tc");
    expect(mr_sql_cell_terminal,
           MR_TEXT_LITERAL("a\xc2\x9b"
                           "31m \xc2\xa3"),
           "a?31m \xc2\xa3");
}

static void markdown_marks_are_escaped(void **state)
{
    (void)state;
    expect(mr_sql_cell_markdown, MR_TEXT_LITERAL("a|b *c* <d>\n"), "a\\|b \\*c\\* \\<d>\\\\n");
    expect(mr_sql_cell_markdown, MR_TEXT_ABSENT, "NULL");
}

static void csv_tells_null_from_empty_text(void **state)
{
    (void)state;
    expect(mr_sql_cell_csv, MR_TEXT_ABSENT, "");
    expect(mr_sql_cell_csv, MR_TEXT_LITERAL(""), "\"\"");
    expect(mr_sql_cell_csv, MR_TEXT_LITERAL("plain text"), "plain text");
    expect(mr_sql_cell_csv, MR_TEXT_LITERAL("a,b"), "\"a,b\"");
    expect(mr_sql_cell_csv, MR_TEXT_LITERAL("6\" \n"), "\"6\"\" \n\"");
}

static void json_keeps_the_digits_of_numbers(void **state)
{
    (void)state;
    expect_json(MR_SQL_NUMBER, MR_TEXT_LITERAL("10619986.6840"), "10619986.6840");
    expect_json(MR_SQL_NUMBER, MR_TEXT_ABSENT, "null");
    expect_json(MR_SQL_FLOAT, MR_TEXT_LITERAL("1e+20"), "1e+20");
    expect_json(MR_SQL_FLOAT, MR_TEXT_LITERAL("-0.5"), "-0.5");
    expect_json(MR_SQL_FLOAT, MR_TEXT_LITERAL("inf"), "\"inf\"");
    expect_json(MR_SQL_FLOAT, MR_TEXT_LITERAL("-inf"), "\"-inf\"");
    expect_json(MR_SQL_FLOAT, MR_TEXT_LITERAL("nan"), "\"nan\"");
    expect_json(MR_SQL_BOOLEAN, MR_TEXT_LITERAL("true"), "true");
    expect_json(MR_SQL_JSON, MR_TEXT_LITERAL("{\"a\":1}"), "{\"a\":1}");
    expect_json(MR_SQL_TEXT, MR_TEXT_LITERAL("a\"\n"), "\"a\\\"\\n\"");
    expect_json(MR_SQL_TEXT, MR_TEXT_LITERAL("12"), "\"12\"");
}

static void width_is_what_a_terminal_takes(void **state)
{
    (void)state;
    assert_int_equal(mr_sql_width(MR_TEXT_LITERAL("")), 0);
    assert_int_equal(mr_sql_width(MR_TEXT_LITERAL("Müller £5")), 9);
    assert_int_equal(mr_sql_width(MR_TEXT_LITERAL("日本")), 4);
    assert_int_equal(mr_sql_width(MR_TEXT_LITERAL("e\xcc\x81")), 1);
    assert_int_equal(mr_sql_width(MR_TEXT_LITERAL("\xf0\x9f\x98\x80")), 2);
}

static void past_the_cap_nothing_pretends_to_be_whole(void **state)
{
    static const cell_writer writers[] = {mr_sql_cell_terminal, mr_sql_cell_markdown,
                                          mr_sql_cell_csv};
    mr_buffer out;

    (void)state;
    for (size_t index = 0; index < sizeof writers / sizeof writers[0]; index++) {
        mr_buffer_init(&out, 8);
        assert_false(writers[index](&out, MR_TEXT_LITERAL("more than, eight")));
        mr_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_sorted_into_kinds),
        cmocka_unit_test(a_terminal_gets_no_control_characters),
        cmocka_unit_test(markdown_marks_are_escaped),
        cmocka_unit_test(csv_tells_null_from_empty_text),
        cmocka_unit_test(json_keeps_the_digits_of_numbers),
        cmocka_unit_test(width_is_what_a_terminal_takes),
        cmocka_unit_test(past_the_cap_nothing_pretends_to_be_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
