/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_profile_test.c - what a file is, and what it leaves open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event/csv_profile.h"

#define HEADER "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

typedef struct source {
    mr_text text;
    size_t at;
    size_t chunk_bytes;
    size_t fail_at; /* SIZE_MAX = never */
} source;

static mr_status read_source(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                             mr_err *err)
{
    source *from = ctx;
    size_t bytes = from->text.bytes - from->at;

    if (from->at >= from->fail_at) {
        return mr_fail(err, MR_IO, "the disk is gone");
    }
    bytes = bytes < from->chunk_bytes ? bytes : from->chunk_bytes;
    bytes = bytes < capacity ? bytes : capacity;
    memcpy(buffer, from->text.data + from->at, bytes);
    from->at += bytes;
    *ret_bytes = bytes;
    return MR_OK;
}

static mr_csv_profile profile_of_bytes(mr_text text, size_t chunk_bytes)
{
    source from = {text, 0, chunk_bytes, SIZE_MAX};
    mr_csv_profile profile = {0};
    mr_err err = {.message = ""};
    mr_status status = mr_csv_profile_read(read_source, &from, &profile, &err);

    if (status != MR_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, MR_OK);
    return profile;
}

static mr_csv_profile profile_of(const char *text)
{
    return profile_of_bytes(mr_text_of(text), SIZE_MAX);
}

/* The message of a file that is refused. */
static mr_err refusal_of_bytes(mr_text text, mr_status expected)
{
    source from = {text, 0, SIZE_MAX, SIZE_MAX};
    mr_csv_profile profile;
    mr_err err = {.message = ""};

    assert_int_equal(mr_csv_profile_read(read_source, &from, &profile, &err), expected);
    return err;
}

static mr_csv_profile profile_of_dates(const char *const *dates, size_t count)
{
    char text[4096] = HEADER;
    size_t bytes = strlen(text);

    for (size_t i = 0; i < count; i++) {
        bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes,
                                  "1,A,thing,1,%s,2.50,17850,France\n", dates[i]);
        assert_true(bytes < sizeof(text));
    }
    return profile_of(text);
}

static mr_csv_profile profile_of_prices(char delimiter, const char *const *prices, size_t count)
{
    char text[4096] = HEADER;
    size_t bytes = strlen(text);

    for (size_t i = 0; i < count; i++) {
        bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes,
                                  "1,A,thing,1,2010-12-01,\"%s\",17850,France\n", prices[i]);
        assert_true(bytes < sizeof(text));
    }
    /* Quoted prices keep their commas. */
    bool quoted = false;
    for (size_t i = 0; i < bytes; i++) {
        quoted = text[i] == '"' ? !quoted : quoted;
        text[i] = text[i] == ',' && !quoted ? delimiter : text[i];
    }
    return profile_of(text);
}

#define DATES(...)                                       \
    profile_of_dates((const char *const[]){__VA_ARGS__}, \
                     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#define PRICES(delimiter, ...)                                         \
    profile_of_prices((delimiter), (const char *const[]){__VA_ARGS__}, \
                      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* --- Delimiter and columns ------------------------------------------------------------------- */

static void delimiter_is_what_makes_the_header_known(void **state)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    static const char *const names[] = {"comma", "semicolon", "tab", "|"};

    (void)state;
    for (size_t i = 0; i < sizeof(delimiters); i++) {
        /* More commas than the delimiter: their number proves nothing. */
        char text[] = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,Country\n"
                      "1,A,\"a, b; c| d,,,,;;;;||||\",1,2010-12-01,1.5,France\n";
        bool quoted = false;
        for (size_t at = 0; text[at] != '\0'; at++) {
            quoted = text[at] == '"' ? !quoted : quoted;
            text[at] = text[at] == ',' && !quoted ? delimiters[i] : text[at];
        }
        mr_csv_profile profile = profile_of(text);
        assert_int_equal(profile.delimiter, delimiters[i]);
        assert_string_equal(mr_csv_delimiter_name(profile.delimiter), names[i]);
        assert_int_equal(profile.records, 1);
    }
}

static void header_names_are_known_in_any_spelling(void **state)
{
    static const struct {
        const char *name;
        mr_event_field field;
    } names[] = {
        {"InvoiceNo", MR_FIELD_INVOICE_NO},
        {"Invoice", MR_FIELD_INVOICE_NO},
        {"invoice_no", MR_FIELD_INVOICE_NO},
        {" INVOICE NO ", MR_FIELD_INVOICE_NO},
        {"stock code", MR_FIELD_STOCK_CODE},
        {"Price", MR_FIELD_UNIT_PRICE},
        {"UNIT_PRICE", MR_FIELD_UNIT_PRICE},
        {"Customer ID", MR_FIELD_CUSTOMER_ID},
        {"customer-id", MR_FIELD_CUSTOMER_ID},
        {"customerName", MR_FIELD_CUSTOMER_NAME},
        {"EventID", MR_FIELD_EVENT_ID},
        {"invoice.date", MR_FIELD_INVOICE_DATE},
        {"Quantity", MR_FIELD_QUANTITY},
        {"Country", MR_FIELD_COUNTRY},
        {"Description", MR_FIELD_DESCRIPTION},
        {"Prices", MR_FIELD_COUNT},
        {"", MR_FIELD_COUNT},
        {"Invoice Number Of The Customer", MR_FIELD_COUNT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(mr_csv_column_field(mr_text_of(names[i].name)), names[i].field);
    }
}

static void columns_are_found_in_any_order(void **state)
{
    mr_csv_profile profile =
        profile_of("Country,Price,Shop,Invoice,InvoiceDate,Quantity,StockCode\n"
                   "France,2.5,north,1,2010-12-01,3,A\n");

    (void)state;
    assert_int_equal(profile.columns.count, 7);
    assert_int_equal(profile.columns.of_field[MR_FIELD_COUNTRY], 0);
    assert_int_equal(profile.columns.of_field[MR_FIELD_UNIT_PRICE], 1);
    assert_int_equal(profile.columns.of_field[MR_FIELD_INVOICE_NO], 3);
    assert_int_equal(profile.columns.of_field[MR_FIELD_CUSTOMER_ID], -1);
    assert_int_equal(profile.columns.of_field[MR_FIELD_DESCRIPTION], -1);
}

static void missing_columns_are_named(void **state)
{
    mr_err err =
        refusal_of_bytes(MR_TEXT_LITERAL("InvoiceNo,Description,Quantity\n1,x,1\n"), MR_INVALID);

    (void)state;
    assert_non_null(strstr(err.message, "StockCode, InvoiceDate, UnitPrice, Country"));
    assert_non_null(strstr(err.message, "InvoiceNo, Description, Quantity"));
}

static void two_columns_of_one_name_are_refused(void **state)
{
    mr_err err = refusal_of_bytes(
        MR_TEXT_LITERAL("InvoiceNo,StockCode,Price,Quantity,InvoiceDate,UnitPrice,Country\n"),
        MR_INVALID);

    (void)state;
    assert_non_null(strstr(err.message, "columns 3 and 6"));
    assert_non_null(strstr(err.message, "UnitPrice"));
}

static void what_is_no_table_of_events_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(refusal_of_bytes(MR_TEXT_LITERAL(""), MR_INVALID).message, "empty"));
    assert_non_null(
        strstr(refusal_of_bytes(MR_TEXT_LITERAL("name,age\nAda,36\n"), MR_INVALID).message,
               "not a header"));
    assert_non_null(
        strstr(refusal_of_bytes(MR_TEXT_LITERAL("\n\n\n"), MR_INVALID).message, "not a header"));
    assert_non_null(strstr(
        refusal_of_bytes(MR_TEXT_LITERAL("\xFF\xFEI\0n\0v\0"), MR_UNSUPPORTED).message, "UTF-16"));
}

static void failed_read_is_passed_on(void **state)
{
    static const char text[] = HEADER "1,A,thing,1,2010-12-01,2.50,17850,France\n";

    (void)state;
    for (size_t fail_at = 0; fail_at < sizeof(text) - 1; fail_at += 7) {
        source from = {MR_TEXT_LITERAL(text), 0, 7, fail_at};
        mr_csv_profile profile;
        mr_err err = {.message = ""};
        assert_int_equal(mr_csv_profile_read(read_source, &from, &profile, &err), MR_IO);
        assert_non_null(strstr(err.message, "the disk is gone"));
    }
}

/* --- Encoding -------------------------------------------------------------------------------- */

static void encodings_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(profile_of(HEADER "1,A,caf\xC3\xA9,1,2010-12-01,1,1,France\n").encoding,
                     MR_CSV_UTF8);
    assert_int_equal(profile_of("\xEF\xBB\xBF" HEADER "1,A,x,1,2010-12-01,1,1,France\n").encoding,
                     MR_CSV_UTF8_BOM);
    assert_int_equal(profile_of(HEADER "1,A,caf\xE9,1,2010-12-01,1,1,France\n").encoding,
                     MR_CSV_WINDOWS_1252);
    assert_int_equal(profile_of(HEADER "1,A,x,1,2010-12-01,1,1,Espa\xF1\x61\n").encoding,
                     MR_CSV_WINDOWS_1252);
    /* A sequence that the end of the file cuts. */
    assert_int_equal(profile_of(HEADER "1,A,x,1,2010-12-01,1,1,caf\xC3").encoding,
                     MR_CSV_WINDOWS_1252);
}

static void one_late_byte_decides_the_encoding(void **state)
{
    enum { rows = 4000 };
    static const char row[] = "1,A,thing,1,2010-12-01,2.50,17850,France\n";
    mr_buffer text;

    (void)state;
    mr_buffer_init(&text, 1 << 20);
    assert_true(mr_buffer_append_string(&text, HEADER));
    for (int i = 0; i < rows; i++) {
        assert_true(mr_buffer_append_string(&text, row));
    }
    assert_int_equal(profile_of_bytes(mr_buffer_text(&text), SIZE_MAX).encoding, MR_CSV_UTF8);
    text.data[text.bytes - 3] = (char)0xA3;
    assert_true(text.bytes > mr_csv_head_bytes_max);
    assert_int_equal(profile_of_bytes(mr_buffer_text(&text), SIZE_MAX).encoding,
                     MR_CSV_WINDOWS_1252);
    mr_buffer_free(&text);
}

/* Sequences of two, three and four bytes, cut by chunks at every place behind the head. */
static void sequences_cut_by_chunks_stay_utf8(void **state)
{
    static const char row[] = "1,A,\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80,1,2010-12-01,1,1,France\n";
    mr_buffer text;

    (void)state;
    mr_buffer_init(&text, 1 << 20);
    assert_true(mr_buffer_append_string(&text, HEADER));
    while (text.bytes < mr_csv_head_bytes_max + 4096) {
        assert_true(mr_buffer_append_string(&text, row));
    }
    for (size_t chunk = 1; chunk <= 16; chunk++) {
        assert_int_equal(profile_of_bytes(mr_buffer_text(&text), chunk).encoding, MR_CSV_UTF8);
    }
    /* The same with one continuation byte gone near the end: never UTF-8. */
    text.data[text.bytes - 30] = 'x';
    memcpy(text.data + text.bytes - 32, "\xE2\x82", 2);
    for (size_t chunk = 1; chunk <= 16; chunk++) {
        assert_int_equal(profile_of_bytes(mr_buffer_text(&text), chunk).encoding,
                         MR_CSV_WINDOWS_1252);
    }
    mr_buffer_free(&text);
}

/* --- Counts ---------------------------------------------------------------------------------- */

static void lines_and_records_are_counted(void **state)
{
    static const char row[] = "1,A,thing,1,2010-12-01,2.50,17850,France";
    char text[1024];

    (void)state;
    (void)snprintf(text, sizeof(text), "%s%s\n%s", HEADER, row, row);
    assert_int_equal(profile_of(text).lines, 3);
    assert_int_equal(profile_of(text).records, 2);
    (void)snprintf(text, sizeof(text), "%s%s\n\n1,2,3\n", HEADER, row);
    assert_int_equal(profile_of(text).lines, 4);
    assert_int_equal(profile_of(text).records, 1);
    assert_int_equal(profile_of(text).bytes, strlen(text));
    for (size_t chunk = 1; chunk < 9; chunk++) {
        /* Windows, old Macintosh and Unix line breaks, also where chunks cut them. */
        mr_text mixed = MR_TEXT_LITERAL("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Country"
                                        "\r\n1,A,1,2010-12-01,1,X\r1,A,1,2010-12-01,1,X\n"
                                        "1,A,1,2010-12-01,1,X\r\n\r\n1,A,1,2010-12-01,1,X");
        assert_int_equal(profile_of_bytes(mixed, chunk).lines, 6);
        assert_int_equal(profile_of_bytes(mixed, chunk).records, 4);
    }
}

/* --- Dates ----------------------------------------------------------------------------------- */

static void a_day_above_twelve_decides_the_order(void **state)
{
    (void)state;
    mr_csv_profile month_first = DATES("12/1/2010 8:26", "12/13/2010 8:26");
    assert_int_equal(month_first.order, MR_CSV_ORDER_MDY);
    assert_int_equal(month_first.month_first_line, 3);
    assert_string_equal(month_first.dates, "m/d/yyyy HH:MM");
    mr_csv_profile day_first = DATES("1/12/2010 08:26", "13/12/2010 08:26");
    assert_int_equal(day_first.order, MR_CSV_ORDER_DMY);
    assert_int_equal(day_first.day_first_line, 3);
    assert_string_equal(day_first.dates, "d/m/yyyy HH:MM");
    assert_string_equal(DATES("31.12.10").dates, "d.m.yy");
    assert_string_equal(DATES("31-12-2010 1:02:03 PM").dates, "d-m-yyyy HH:MM:SS AM/PM");
}

static void order_of_rows_is_no_evidence(void **state)
{
    (void)state;
    /* Ascending only if the month comes first. A sorted file is likely, and proves nothing. */
    mr_csv_profile profile = DATES("1/9/2010", "1/10/2010", "1/11/2010", "2/1/2010");
    assert_int_equal(profile.order, MR_CSV_ORDER_OPEN);
    assert_int_equal(profile.open_dates, 4);
    assert_int_equal(profile.open_line, 2);
    assert_string_equal(profile.dates, "?/?/yyyy");
}

static void dates_that_read_alike_leave_nothing_open(void **state)
{
    (void)state;
    assert_int_equal(DATES("1/1/2010", "12/12/2010").order, MR_CSV_ORDER_UNNEEDED);
    assert_int_equal(DATES("2010-12-01 08:26:00").order, MR_CSV_ORDER_UNNEEDED);
    assert_string_equal(DATES("2010-12-01 08:26:00").dates, "yyyy-mm-dd HH:MM:SS");
    assert_string_equal(DATES("2010-12-01T08:26:00.000").dates, "yyyy-mm-dd HH:MM:SS.000");
    assert_string_equal(DATES("2010-12-01", "2010-12-01", "1/1/2011").dates,
                        "yyyy-mm-dd (and other forms)");
    assert_string_equal(DATES("yesterday").dates, "");
    assert_string_equal(DATES("").dates, "");
}

static void evidence_for_both_orders_is_a_contradiction(void **state)
{
    (void)state;
    mr_csv_profile profile = DATES("13/1/2010", "2/2/2010", "1/13/2010", "13/1/2010");
    assert_int_equal(profile.order, MR_CSV_ORDER_MIXED);
    assert_int_equal(profile.day_first_dates, 2);
    assert_int_equal(profile.month_first_dates, 1);
    assert_int_equal(profile.day_first_line, 2);
    assert_int_equal(profile.month_first_line, 4);
    /* What is a date in neither order is evidence for none. */
    assert_int_equal(DATES("13/13/2010", "1/2/2010").order, MR_CSV_ORDER_OPEN);
}

/* --- Prices ---------------------------------------------------------------------------------- */

static void decimal_sign_is_found_from_prices(void **state)
{
    (void)state;
    assert_false(PRICES(',', "2.55", "10").decimal_comma);
    assert_true(PRICES(';', "2,55", "10").decimal_comma);
    assert_false(PRICES(';', "2.55", "10").decimal_comma);
    assert_true(PRICES(';', "1.234,50").decimal_comma);
    assert_false(PRICES(',', "1,234.50").decimal_comma);
    assert_true(PRICES('\t', "2,5").decimal_comma);
    assert_true(PRICES(',', "2,5").decimal_comma);
    /* 1,234 alone: thousands where the delimiter is a comma, a fraction where it is a semicolon. */
    assert_false(PRICES(',', "1,234").decimal_comma);
    assert_true(PRICES(';', "1,234").decimal_comma);
    assert_false(PRICES(';', "1,234", "2.50").decimal_comma);
    assert_false(PRICES(';', "10").decimal_comma);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delimiter_is_what_makes_the_header_known),
        cmocka_unit_test(header_names_are_known_in_any_spelling),
        cmocka_unit_test(columns_are_found_in_any_order),
        cmocka_unit_test(missing_columns_are_named),
        cmocka_unit_test(two_columns_of_one_name_are_refused),
        cmocka_unit_test(what_is_no_table_of_events_is_refused),
        cmocka_unit_test(failed_read_is_passed_on),
        cmocka_unit_test(encodings_are_told_apart),
        cmocka_unit_test(one_late_byte_decides_the_encoding),
        cmocka_unit_test(sequences_cut_by_chunks_stay_utf8),
        cmocka_unit_test(lines_and_records_are_counted),
        cmocka_unit_test(a_day_above_twelve_decides_the_order),
        cmocka_unit_test(order_of_rows_is_no_evidence),
        cmocka_unit_test(dates_that_read_alike_leave_nothing_open),
        cmocka_unit_test(evidence_for_both_orders_is_a_contradiction),
        cmocka_unit_test(decimal_sign_is_found_from_prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
