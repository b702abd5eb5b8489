/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_stream_test.c - CSV files of every make, as the events they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/convert_fixture.h"
#include "cli/convert_stream.h"
#include "event/event_json.h"

#define HEADER "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

/* One line for each line: its JSON, or "12: reason". Free it. */
static char *transcript(const mr_convert_options *options)
{
    mr_convert_stream *stream = NULL;
    mr_convert_line line;
    mr_buffer out;
    mr_err err = {.message = ""};
    mr_status status = mr_convert_open(options, &stream, &err);

    if (status != MR_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, MR_OK);
    mr_buffer_init(&out, fixture_file_bytes_max);
    while ((status = mr_convert_next(stream, &line, &err)) != MR_NOT_FOUND) {
        if (status == MR_OK) {
            assert_true(mr_event_write_json(&line.event, &out));
        } else {
            assert_int_equal(status, MR_INVALID);
            assert_true(
                mr_buffer_printf(&out, "%d: %.*s", (int)line.number, MR_TEXT_ARGS(line.reason)));
        }
        assert_true(mr_buffer_append(&out, "\n", 1));
    }
    mr_convert_close(stream);
    assert_true(mr_buffer_append(&out, "", 1));
    return out.data;
}

static void assert_converts(files *f, const char *csv, const mr_convert_options *options,
                            const char *expected)
{
    mr_convert_options used = options != NULL ? *options : (mr_convert_options){0};
    char *text;

    used.path = files_write(f, "in.csv", csv);
    text = transcript(&used);
    assert_string_equal(text, expected);
    free(text);
}

static void pandas_export_becomes_the_wire_form(void **state)
{
    assert_converts(*state,
                    HEADER "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,"
                           "2.55,17850.0,United Kingdom\n"
                           "536414,22139,,56,2010-12-01 11:52:07,0.0,,United Kingdom\n",
                    NULL,
                    "{\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\",\"Description\":\"WHITE "
                    "HANGING HEART T-LIGHT HOLDER\",\"Quantity\":6,\"InvoiceDate\":\"01/12/2010 "
                    "08:26\",\"UnitPrice\":2.55,\"CustomerID\":17850,\"Country\":\"United "
                    "Kingdom\"}\n"
                    "{\"InvoiceNo\":\"536414\",\"StockCode\":\"22139\",\"Description\":null,"
                    "\"Quantity\":56,\"InvoiceDate\":\"01/12/2010 11:52:07\",\"UnitPrice\":0,"
                    "\"CustomerID\":null,\"Country\":\"United Kingdom\"}\n");
}

static void german_export_becomes_the_same(void **state)
{
    assert_converts(*state,
                    "Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\n"
                    "C1;A;\"caf\xE9; \x80 5\";-2;13.12.2010 8:26;\"1.234,50\";17850,0;Espa\xF1"
                    "a\n",
                    NULL,
                    "{\"InvoiceNo\":\"C1\",\"StockCode\":\"A\",\"Description\":\"caf\xC3\xA9; "
                    "\xE2\x82\xAC 5\",\"Quantity\":-2,\"InvoiceDate\":\"13/12/2010 "
                    "08:26\",\"UnitPrice\":1234.5,\"CustomerID\":17850,\"Country\":\"Espa\xC3\xB1"
                    "a\"}\n");
}

static void american_export_becomes_the_same(void **state)
{
    assert_converts(*state,
                    "\xEF\xBB\xBFinvoice_no\tstock_code\tquantity\tinvoice_date\tunit_price\t"
                    "country\n"
                    "1\tA\t2\t12/1/2010 8:26 PM\t2.5\tUSA\n"
                    "1\tB\t2\t12/13/2010 8:26 AM\t2.5\tUSA\n",
                    NULL,
                    "{\"InvoiceNo\":\"1\",\"StockCode\":\"A\",\"Description\":null,\"Quantity\":2,"
                    "\"InvoiceDate\":\"01/12/2010 20:26\",\"UnitPrice\":2.5,\"CustomerID\":null,"
                    "\"Country\":\"USA\"}\n"
                    "{\"InvoiceNo\":\"1\",\"StockCode\":\"B\",\"Description\":null,\"Quantity\":2,"
                    "\"InvoiceDate\":\"13/12/2010 08:26\",\"UnitPrice\":2.5,\"CustomerID\":null,"
                    "\"Country\":\"USA\"}\n");
}

static void values_are_kept_as_they_are(void **state)
{
    assert_converts(*state, HEADER "1 , a,\" two \"\"words\"\" \", 6 , 2010-12-01 , 2.5 , 7 , X \n",
                    NULL,
                    "{\"InvoiceNo\":\"1 \",\"StockCode\":\" a\",\"Description\":\" two "
                    "\\\"words\\\" \",\"Quantity\":6,\"InvoiceDate\":\"01/12/2010 "
                    "00:00\",\"UnitPrice\":2.5,\"CustomerID\":7,\"Country\":\" X \"}\n");
}

static void unknown_columns_are_kept(void **state)
{
    assert_converts(
        *state,
        ",InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Country,Shop,Shop,\"a\"\"b\"\n"
        "0,1,A,2,2010-12-01,2.5,X,north,,\"say \"\"hi\"\"\"\n",
        NULL,
        "{\"InvoiceNo\":\"1\",\"StockCode\":\"A\",\"Description\":null,\"Quantity\":2,"
        "\"InvoiceDate\":\"01/12/2010 00:00\",\"UnitPrice\":2.5,\"CustomerID\":null,"
        "\"Country\":\"X\",\"column_1\":\"0\",\"Shop\":\"north\",\"column_9\":\"\","
        "\"a\\\"b\":\"say \\\"hi\\\"\"}\n");
}

static void bad_lines_are_named_with_every_reason(void **state)
{
    assert_converts(
        *state,
        HEADER "1,A,x,six,2010-12-01,2.5,7,X\n"
               ",A,x,6.5,2010-31-12,2.55555,seven,\n"
               "1,A,x,6\n"
               "1,A,x,6,2010-12-01,2.5,7,X,more\n"
               "1,A,x,99999999999,,,7.5,X\n"
               "1,A,\"x\"y,6,2010-12-01,2.5,7,X\n"
               "1,A,x,6,2010-12-01,2.5,7,X\n",
        NULL,
        "2: Quantity: Input should be a valid integer, unable to parse string as an integer\n"
        "3: InvoiceNo: String should have at least 1 character; Quantity: Input should be a valid "
        "integer, got a number with a fractional part; InvoiceDate: Input should be a valid "
        "datetime, as dd/mm/yyyy HH:MM or ISO 8601 without a zone; UnitPrice: Decimal input should "
        "have no more than 4 decimal places; CustomerID: Input should be a valid integer, unable "
        "to parse string as an integer; Country: String should have at least 1 character\n"
        "4: 4 fields, where the header has 8\n"
        "5: 9 fields, where the header has 8\n"
        "6: Quantity: Input should be an integer between -2147483648 and 2147483647; InvoiceDate: "
        "Field required; UnitPrice: Field required; CustomerID: Input should be a valid integer, "
        "got a number with a fractional part\n"
        "7: there is text behind a closing quote\n"
        "{\"InvoiceNo\":\"1\",\"StockCode\":\"A\",\"Description\":\"x\",\"Quantity\":6,"
        "\"InvoiceDate\":\"01/12/2010 00:00\",\"UnitPrice\":2.5,\"CustomerID\":7,"
        "\"Country\":\"X\"}\n");
}

static void texts_keep_the_limits_of_the_wire(void **state)
{
    char csv[4096];
    char long_text[300];
    char *text;
    mr_convert_options options = {0};

    memset(long_text, 'x', sizeof(long_text));
    (void)snprintf(csv, sizeof(csv),
                   HEADER "%.32s,A,%.255s,1,2010-12-01,1,1,%.64s\n"
                          "%.33s,A,%.256s,1,2010-12-01,1,1,%.65s\n",
                   long_text, long_text, long_text, long_text, long_text, long_text);
    options.path = files_write(*state, "in.csv", csv);
    text = transcript(&options);
    assert_int_equal(text[0], '{');
    assert_non_null(strstr(text, "3: InvoiceNo: String should have at most 32 characters; "
                                 "Description: String should have at most 255 characters; Country: "
                                 "String should have at most 64 characters\n"));
    free(text);
}

static void nul_inside_a_text_is_refused(void **state)
{
    static const char csv[] = HEADER "1,A,x\0y,1,2010-12-01,1,1,X\n1,A,xy,1,2010-12-01,1,1,X\n";
    mr_convert_options options = {.path =
                                      files_write_bytes(*state, "in.csv", csv, sizeof(csv) - 1)};
    char *text = transcript(&options);

    assert_non_null(strstr(text, "2: the record has a NUL byte in it\n"));
    assert_int_equal(count_of(text, "\n"), 2);
    assert_int_equal(count_of(text, "{"), 1);
    free(text);
}

static void event_ids_keep_identical_lines_apart(void **state)
{
    static const char csv[] = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Country,EventID\n"
                              "1,A,1,2010-12-01,1,X,\n"
                              "1,A,1,2010-12-01,1,X,\n"
                              "1,A,1,2010-12-01,1,X,own\n";
    mr_convert_options options = {.path = files_write(*state, "in.csv", csv), .event_ids = true};
    char *text = transcript(&options);

    assert_int_equal(count_of(text, "\"EventID\":\"2\""), 1);
    assert_int_equal(count_of(text, "\"EventID\":\"3\""), 1);
    assert_int_equal(count_of(text, "\"EventID\":\"own\""), 1);
    free(text);
    options.event_ids = false;
    text = transcript(&options);
    assert_int_equal(count_of(text, "EventID"), 1);
    free(text);
}

static void names_are_made_up_only_where_there_are_none(void **state)
{
    static const char csv[] =
        "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Country,CustomerID,Customer_Name\n"
        "1,A,1,2010-12-01,1,X,17850,\n"
        "2,A,1,2010-12-01,1,X,17850.0,\n"
        "3,A,1,2010-12-01,1,X,,\n"
        "4,A,1,2010-12-01,1,X,17850,Ada King\n";
    mr_convert_options options = {.path = files_write(*state, "in.csv", csv),
                                  .synthesize_names = true};
    char *text = transcript(&options);

    assert_int_equal(count_of(text, "customerName"), 3);
    assert_int_equal(count_of(text, "\"customerName\":\"Ada King\""), 1);
    assert_int_equal(count_of(text, "\"customerName\":\"Daphne Briggs\""), 2);
    free(text);
}

static void open_dates_ask_for_an_order(void **state)
{
    static const char csv[] = HEADER "1,A,x,1,3/4/2010,1,1,X\n";
    mr_convert_options options = {.path = files_write(*state, "in.csv", csv)};
    mr_convert_stream *stream = NULL;
    mr_err err;
    char *text;

    assert_int_equal(mr_convert_open(&options, &stream, &err), MR_OK);
    assert_int_equal(mr_convert_check_order(stream, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "--date-order dmy or --date-order mdy"));
    assert_non_null(strstr(err.message, "line 2"));
    mr_convert_close(stream);

    options.order = MR_CSV_ORDER_MDY;
    assert_int_equal(mr_convert_open(&options, &stream, &err), MR_OK);
    assert_int_equal(mr_convert_check_order(stream, &err), MR_OK);
    mr_convert_close(stream);
    text = transcript(&options);
    assert_non_null(strstr(text, "04/03/2010"));
    free(text);
    options.order = MR_CSV_ORDER_DMY;
    text = transcript(&options);
    assert_non_null(strstr(text, "03/04/2010"));
    free(text);
}

static void contradicting_dates_ask_for_an_order(void **state)
{
    static const char csv[] = HEADER "1,A,x,1,13/4/2010,1,1,X\n1,A,x,1,4/13/2010,1,1,X\n";
    mr_convert_options options = {.path = files_write(*state, "in.csv", csv)};
    mr_convert_stream *stream = NULL;
    mr_err err;
    char *text;

    assert_int_equal(mr_convert_open(&options, &stream, &err), MR_OK);
    assert_int_equal(mr_convert_check_order(stream, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "--date-order"));
    mr_convert_close(stream);
    options.order = MR_CSV_ORDER_DMY;
    text = transcript(&options);
    assert_int_equal(count_of(text, "13/04/2010"), 1);
    assert_int_equal(count_of(text, "3: InvoiceDate"), 1);
    free(text);
}

static void file_that_changes_midway_is_noticed(void **state)
{
    mr_convert_options options = {
        .path = files_write(*state, "in.csv", HEADER "1,A,x,1,2010-12-01,1,1,X\n")};
    mr_convert_stream *stream = NULL;
    mr_convert_line line;
    mr_err err;

    assert_int_equal(mr_convert_open(&options, &stream, &err), MR_OK);
    assert_int_equal(mr_convert_next(stream, &line, &err), MR_OK);
    FILE *file = fopen(options.path, "ab");
    assert_non_null(file);
    assert_true(fputs("2,A,x,1,2010-12-01,1,1,X\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    mr_status status = mr_convert_next(stream, &line, &err);
    if (status == MR_OK) { /* the reader had not met the end yet */
        status = mr_convert_next(stream, &line, &err);
    }
    assert_int_equal(status, MR_IO);
    assert_non_null(strstr(err.message, "changed while it was read"));
    mr_convert_close(stream);
}

static void missing_file_is_named(void **state)
{
    mr_convert_options options = {.path = files_path(*state, "none.csv")};
    mr_convert_stream *stream = NULL;
    mr_err err;

    assert_int_not_equal(mr_convert_open(&options, &stream, &err), MR_OK);
    assert_non_null(strstr(err.message, "none.csv"));
    options.path = ((files *)*state)->folder;
    assert_int_equal(mr_convert_open(&options, &stream, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "is a folder"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pandas_export_becomes_the_wire_form),
        cmocka_unit_test(german_export_becomes_the_same),
        cmocka_unit_test(american_export_becomes_the_same),
        cmocka_unit_test(values_are_kept_as_they_are),
        cmocka_unit_test(unknown_columns_are_kept),
        cmocka_unit_test(bad_lines_are_named_with_every_reason),
        cmocka_unit_test(texts_keep_the_limits_of_the_wire),
        cmocka_unit_test(nul_inside_a_text_is_refused),
        cmocka_unit_test(event_ids_keep_identical_lines_apart),
        cmocka_unit_test(names_are_made_up_only_where_there_are_none),
        cmocka_unit_test(open_dates_ask_for_an_order),
        cmocka_unit_test(contradicting_dates_ask_for_an_order),
        cmocka_unit_test(file_that_changes_midway_is_noticed),
        cmocka_unit_test(missing_file_is_named),
    };

    return cmocka_run_group_tests(tests, files_set_up, files_tear_down);
}
