/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_date_test.c - dates as files have them, to the minute they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event/csv_date.h"

/* "" when the text is no date in that order. */
static const char *read_as(const char *text, mr_csv_date_order order,
                           char buffer[static mr_civil_text_bytes_max])
{
    mr_csv_date date;
    mr_civil civil;

    buffer[0] = '\0';
    if (mr_csv_date_scan(mr_text_of(text), &date) && mr_csv_date_resolve(&date, order, &civil)) {
        (void)mr_civil_format_iso(civil, buffer);
    }
    return buffer;
}

static void every_form_is_read(void **state)
{
    static const struct {
        const char *text;
        mr_csv_date_order order;
        const char *expected;
    } forms[] = {
        {"2010-12-01 08:26:00", MR_CSV_ORDER_UNNEEDED, "2010-12-01 08:26:00"},
        {"2010-12-01T08:26:30.000", MR_CSV_ORDER_UNNEEDED, "2010-12-01 08:26:30"},
        {"2010-12-01 8:26", MR_CSV_ORDER_MDY, "2010-12-01 08:26:00"},
        {"2010/12/1", MR_CSV_ORDER_MDY, "2010-12-01 00:00:00"},
        {"12/1/2010 8:26", MR_CSV_ORDER_MDY, "2010-12-01 08:26:00"},
        {"1/12/2010 08:26", MR_CSV_ORDER_DMY, "2010-12-01 08:26:00"},
        {"01.12.2010", MR_CSV_ORDER_DMY, "2010-12-01 00:00:00"},
        {"1/12/10 8:26", MR_CSV_ORDER_DMY, "2010-12-01 08:26:00"},
        {"1/12/68", MR_CSV_ORDER_DMY, "2068-12-01 00:00:00"},
        {"1/12/69", MR_CSV_ORDER_DMY, "1969-12-01 00:00:00"},
        {"31/12/99", MR_CSV_ORDER_DMY, "1999-12-31 00:00:00"},
        {"12/1/2010 12:05 AM", MR_CSV_ORDER_MDY, "2010-12-01 00:05:00"},
        {"12/1/2010 12:05 pm", MR_CSV_ORDER_MDY, "2010-12-01 12:05:00"},
        {"12/1/2010 8:05:09PM", MR_CSV_ORDER_MDY, "2010-12-01 20:05:09"},
        {"29/2/2012", MR_CSV_ORDER_DMY, "2012-02-29 00:00:00"},
    };
    char buffer[mr_civil_text_bytes_max];

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        assert_string_equal(read_as(forms[i].text, forms[i].order, buffer), forms[i].expected);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "yesterday",
        "2010",
        "2010-12",
        "1/12",
        "1/12/201",
        "1/12/20100",
        "123/1/2010",
        "1-12/2010",
        "2010-12-01Z",
        "2010-12-01T08:26:00Z",
        "2010-12-01T08:26:00+01:00",
        "2010-12-01 24:00",
        "2010-12-01 08",
        "2010-12-01 08:6",
        "2010-12-01 08:26:00.5",
        "2010-12-01 08:26:00.",
        "1/12/2010 0:10 AM",
        "1/12/2010 13:10 PM",
        "1/12/2010 8:10 XM",
        "31/4/2010",
        "29/2/2010",
        "0/1/2010",
        "2010-13-01",
        "20/20/2010",
        "1 12 2010",
        "2010-12-01 08:26:00.0000000000",
        "1/12/2010 08:60",
        "-1/12/2010",
        "1//2010",
        "2010-12-012",
    };
    char buffer[mr_civil_text_bytes_max];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(read_as(texts[i], MR_CSV_ORDER_DMY, buffer), "");
    }
}

static void order_decides_what_a_date_means(void **state)
{
    char buffer[mr_civil_text_bytes_max];

    (void)state;
    assert_string_equal(read_as("3/4/2010", MR_CSV_ORDER_DMY, buffer), "2010-04-03 00:00:00");
    assert_string_equal(read_as("3/4/2010", MR_CSV_ORDER_MDY, buffer), "2010-03-04 00:00:00");
    assert_string_equal(read_as("13/4/2010", MR_CSV_ORDER_MDY, buffer), "");
    assert_string_equal(read_as("4/13/2010", MR_CSV_ORDER_DMY, buffer), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(order_decides_what_a_date_means),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
