/* SPDX-License-Identifier: Apache-2.0 */
/* csv_test.c - cells as spreadsheets read them, and texts that they would run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/csv.h"

static void expect(mr_buffer *out, const char *expected)
{
    mr_buffer_append(out, "", 1);
    assert_string_equal(out->data, expected);
    mr_buffer_free(out);
}

static void cells_are_parted_and_quoted_where_they_must_be(void **state)
{
    mr_buffer out;
    mr_civil date;

    (void)state;
    assert_true(mr_civil_parse(MR_TEXT_LITERAL("2011-12-09T12:50:00"), &date));
    mr_buffer_init(&out, 4096);
    mr_web_csv_text(&out, MR_TEXT_LITERAL("plain"));
    mr_web_csv_text(&out, MR_TEXT_LITERAL("a \"b\", c\nd"));
    mr_web_csv_empty(&out);
    mr_web_csv_integer(&out, -5);
    mr_web_csv_amount(&out, (mr_amount){-112524400});
    mr_web_csv_price(&out, (mr_price){25501});
    mr_web_csv_civil(&out, date);
    mr_web_csv_end(&out);
    mr_web_csv_empty(&out);
    mr_web_csv_integer(&out, 1);
    mr_web_csv_end(&out);
    expect(&out, "plain,\"a \"\"b\"\", c\nd\",,-5,-11252.44,2.5501,2011-12-09T12:50:00\r\n"
                 "\"\",1\r\n");
}

static void a_text_is_never_a_formula(void **state)
{
    static const char *const texts[] = {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"};
    size_t index;
    mr_buffer out;

    (void)state;
    for (index = 0; index < sizeof(texts) / sizeof(texts[0]); index++) {
        mr_buffer_init(&out, 4096);
        mr_web_csv_text(&out, mr_text_of(texts[index]));
        mr_buffer_append(&out, "", 1);
        assert_true(out.data[0] == '\'' || (out.data[0] == '"' && out.data[1] == '\''));
        mr_buffer_free(&out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_parted_and_quoted_where_they_must_be),
        cmocka_unit_test(a_text_is_never_a_formula),
    };

    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
