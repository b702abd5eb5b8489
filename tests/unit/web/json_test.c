/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/json_test.c - values as the API writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "web/json.h"

static void expect(mr_buffer *out, const char *wanted)
{
    assert_true(mr_buffer_append(out, "", 1));
    assert_string_equal(out->data, wanted);
    mr_buffer_clear(out);
}

static void values_have_one_form(void **state)
{
    const mr_civil civil = {.seconds = 1323435000}; /* 2011-12-09 12:50:00 */
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 4096);
    mr_web_json_amount(&out, (mr_amount){INT64_C(106199866840)});
    expect(&out, "\"10619986.684\"");
    mr_web_json_amount(&out, (mr_amount){-1100});
    expect(&out, "\"-0.11\"");
    mr_web_json_price(&out, (mr_price){25000});
    expect(&out, "\"2.50\"");
    mr_web_json_civil(&out, civil);
    expect(&out, "\"2011-12-09T12:50:00\"");
    mr_web_json_day(&out, civil);
    expect(&out, "\"2011-12-09\"");
    mr_web_json_month(&out, civil);
    expect(&out, "\"2011-12\"");
    mr_web_json_instant(&out, 1000);
    expect(&out, "\"1970-01-01T00:00:01.000Z\"");
    mr_web_json_instant(&out, 0);
    expect(&out, "null");
    mr_web_json_number(&out, 0.25);
    expect(&out, "0.25");
    mr_web_json_number(&out, (double)NAN);
    expect(&out, "null");
    mr_web_json_text(&out, MR_TEXT_ABSENT);
    expect(&out, "null");
    mr_buffer_free(&out);
}

static void commas_stand_where_they_belong(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 4096);
    (void)mr_buffer_append_string(&out, "{");
    mr_web_json_name(&out, "a");
    (void)mr_buffer_append_string(&out, "[");
    for (int i = 0; i < 2; i++) {
        mr_web_json_next(&out);
        mr_web_json_integer(&out, i);
    }
    (void)mr_buffer_append_string(&out, "]");
    mr_web_json_name(&out, "b\"");
    mr_web_json_flag(&out, true);
    (void)mr_buffer_append_string(&out, "}");
    expect(&out, "{\"a\":[0,1],\"b\\\"\":true}");
    mr_buffer_free(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_one_form),
        cmocka_unit_test(commas_stand_where_they_belong),
    };

    return cmocka_run_group_tests_name("web json", tests, NULL, NULL);
}
