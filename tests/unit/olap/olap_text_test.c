/* SPDX-License-Identifier: Apache-2.0 */
/* olap_text_test.c - quoted text and names come back from the engine as they went in. */
#include "olap_fixture.h"

static void marks_inside_are_doubled(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 256);
    assert_true(mr_olap_quote_text(&out, MR_TEXT_LITERAL("it's \"so\"")));
    assert_true(mr_olap_quote_name(&out, MR_TEXT_LITERAL("it's \"so\"")));
    assert_true(mr_olap_quote_text(&out, MR_TEXT_LITERAL("")));
    assert_true(mr_olap_quote_text(&out, MR_TEXT_LITERAL("''")));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, "'it''s \"so\"'\"it's \"\"so\"\"\"''''''''");
    mr_buffer_free(&out);
}

static void past_the_cap_nothing_is_appended(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 6);
    assert_true(mr_olap_quote_text(&out, MR_TEXT_LITERAL("a")));
    assert_false(mr_olap_quote_text(&out, MR_TEXT_LITERAL("a'")));
    assert_int_equal(out.bytes, 3);
    mr_buffer_free(&out);
}

static void the_engine_reads_what_was_quoted(void **state)
{
    static const char hostile[] = "a'b''; DROP TABLE x; -- \\ \" \n é";
    mr_buffer sql;

    mr_buffer_init(&sql, 256);
    assert_true(mr_buffer_append_string(&sql, "SELECT "));
    assert_true(mr_olap_quote_text(&sql, MR_TEXT_LITERAL(hostile)));
    assert_true(mr_buffer_append_string(&sql, " AS "));
    assert_true(mr_olap_quote_name(&sql, MR_TEXT_LITERAL(hostile)));
    assert_true(mr_buffer_append(&sql, "", 1));
    mr_olap_result *result = fixture_first(*state, sql.data);
    assert_true(mr_text_equal(mr_olap_text(result, 0), MR_TEXT_LITERAL(hostile)));
    assert_string_equal(mr_olap_column_name(result, 0), hostile);
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_inside_are_doubled),
        cmocka_unit_test(past_the_cap_nothing_is_appended),
        cmocka_unit_test(the_engine_reads_what_was_quoted),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
