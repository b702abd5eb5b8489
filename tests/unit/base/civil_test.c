/* SPDX-License-Identifier: Apache-2.0 */
/* base/civil_test.c - the calendar and the forms of dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"

static void expect_iso(const char *text, const char *iso)
{
    char buffer[mr_civil_text_bytes_max];
    mr_civil civil;

    if (!mr_civil_parse(mr_text_of(text), &civil)) {
        fail_msg("'%s' is refused", text);
    }
    assert_int_equal(mr_civil_format_iso(civil, buffer), 19);
    assert_string_equal(buffer, iso);
}

static void test_wire_and_iso_forms_are_read(void **state)
{
    (void)state;
    expect_iso("01/12/2010 08:26", "2010-12-01 08:26:00");
    expect_iso("1/2/2010 08:26", "2010-02-01 08:26:00");
    expect_iso("1/12/2010 8:26", "2010-12-01 08:26:00");
    expect_iso("31/12/9999 23:59:59", "9999-12-31 23:59:59");
    expect_iso("01/01/0001 00:00", "0001-01-01 00:00:00");
    expect_iso("2010-12-01", "2010-12-01 00:00:00");
    expect_iso("2010-12-01T08:26", "2010-12-01 08:26:00");
    expect_iso("2010-12-01 08:26:05", "2010-12-01 08:26:05");
    expect_iso("2010-12-01T08:26:05.0", "2010-12-01 08:26:05");
    expect_iso("2010-12-01T08:26:05.000000", "2010-12-01 08:26:05");
}

static void test_other_forms_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "2010",
        "2010-12-01T08:26:00Z",
        "2010-12-01T08:26:00+01:00",
        "2010-12-01T08:26Z",
        "2010-12-01T08:26:00.5",
        "2010-12-01T08:26:00.",
        "2010-12-01T",
        "2010-12-01T8:26",
        "2010-12-01 08",
        "2010-12-1",
        "2010-12-01x08:26",
        "20101201",
        "01/12/2010",
        "01/12/10 08:26",
        "01/12/2010T08:26",
        "01/12/2010 08:26:5",
        "01/12/2010 08:26 ",
        " 01/12/2010 08:26",
        "01/12/2010 08:26:00.0",
        "001/12/2010 08:26",
        "01-12-2010 08:26",
        "01/12/2010  08:26",
        "01/12/2010 08:2",
        "-1/12/2010 08:20",
        "12010-12-01",
    };
    mr_civil civil = {42};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (mr_civil_parse(mr_text_of(texts[i]), &civil)) {
            fail_msg("'%s' is taken", texts[i]);
        }
    }
    assert_false(mr_civil_parse(MR_TEXT_ABSENT, &civil));
    assert_int_equal(civil.seconds, 42);
}

static void test_dates_that_do_not_exist_are_refused(void **state)
{
    static const char *const texts[] = {
        "31/04/2011 00:00",    "29/02/2011 00:00", "29/02/1900 00:00", "00/01/2011 00:00",
        "01/00/2011 00:00",    "01/13/2011 00:00", "01/01/2011 24:00", "01/01/2011 00:60",
        "01/01/2011 00:00:60", "01/01/0000 00:00", "30/02/2012 00:00"};
    mr_civil civil;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (mr_civil_parse(mr_text_of(texts[i]), &civil)) {
            fail_msg("'%s' is taken", texts[i]);
        }
    }
    expect_iso("29/02/2000 00:00", "2000-02-29 00:00:00");
    expect_iso("29/02/2012 00:00", "2012-02-29 00:00:00");
}

static void test_every_day_of_the_calendar_follows_the_one_before(void **state)
{
    mr_civil civil = {0};
    mr_civil_parts before = {0};

    (void)state;
    assert_true(mr_civil_make((mr_civil_parts){.year = 1, .month = 1, .day = 1}, &civil));
    assert_int_equal(civil.seconds, -62135596800);
    int64_t first = civil.seconds;
    assert_true(mr_civil_make((mr_civil_parts){.year = 9999, .month = 12, .day = 31}, &civil));
    int64_t last = civil.seconds;
    for (int64_t seconds = first; seconds <= last; seconds += 86400) {
        mr_civil_parts parts = mr_civil_split((mr_civil){seconds});
        mr_civil back;
        assert_true(mr_civil_make(parts, &back));
        assert_int_equal(back.seconds, seconds);
        assert_true(parts.day == before.day + 1 || parts.day == 1);
        before = parts;
    }
    assert_int_equal(last, 253402214400);
}

static void test_formats(void **state)
{
    char buffer[mr_civil_text_bytes_max];
    mr_civil civil;

    (void)state;
    assert_true(mr_civil_parse(MR_TEXT_LITERAL("01/12/2010 08:26"), &civil));
    assert_int_equal(civil.seconds, 1291191960);
    assert_int_equal(mr_civil_format_wire(civil, buffer), 16);
    assert_string_equal(buffer, "01/12/2010 08:26");
    assert_int_equal(mr_civil_format_answer(civil, buffer), 19);
    assert_string_equal(buffer, "01-12-2010 08:26:00");
    civil.seconds += 7;
    assert_int_equal(mr_civil_format_wire(civil, buffer), 19);
    assert_string_equal(buffer, "01/12/2010 08:26:07");
    civil.seconds = -1;
    (void)mr_civil_format_iso(civil, buffer);
    assert_string_equal(buffer, "1969-12-31 23:59:59");
}

static void test_instants_show_milliseconds(void **state)
{
    char buffer[mr_civil_text_bytes_max];

    (void)state;
    assert_int_equal(mr_instant_format(1291191960042, buffer), 24);
    assert_string_equal(buffer, "2010-12-01T08:26:00.042Z");
    (void)mr_instant_format(-1, buffer);
    assert_string_equal(buffer, "1969-12-31T23:59:59.999Z");
}

static void test_the_monotonic_clock_never_steps_back(void **state)
{
    int64_t before = mr_monotonic_us();

    (void)state;
    assert_true(mr_monotonic_us() >= before);
    assert_true(mr_now_ms() > 1600000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_and_iso_forms_are_read),
        cmocka_unit_test(test_other_forms_are_refused),
        cmocka_unit_test(test_dates_that_do_not_exist_are_refused),
        cmocka_unit_test(test_every_day_of_the_calendar_follows_the_one_before),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_instants_show_milliseconds),
        cmocka_unit_test(test_the_monotonic_clock_never_steps_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
