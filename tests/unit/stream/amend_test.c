/* SPDX-License-Identifier: Apache-2.0 */
/* stream/amend_test.c - payloads corrected by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/amend.h"

static const char payload[] =
    "{\"InvoiceNo\":\"1\",\"StockCode\":\"2\",\"Quantity\":\"six\",\"InvoiceDate\":\"2010-12-01\","
    "\"UnitPrice\":0.1234,\"Country\":\"UK\",\"CustomerName\":\"A\",\"big\":12345678901234567890."
    "5}";

typedef struct outcome {
    mr_status status;
    char json[2048];
    mr_err err;
} outcome;

static outcome amend(const char *text, const char *const *sets, size_t count)
{
    outcome result = {.status = MR_OK};
    mr_amendment amendments[mr_amendments_max];
    mr_event_parser *parser = mr_event_parser_create();
    mr_buffer scratch = {.bytes_max = 100000};
    mr_buffer json = {.bytes_max = 2000};
    mr_event event;

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(mr_amendment_parse(sets[i], &amendments[i], NULL), MR_OK);
    }
    result.status =
        mr_amend(mr_text_of(text), amendments, count, parser, &scratch, &json, &event, &result.err);
    memcpy(result.json, mr_buffer_text(&json).data, json.bytes);
    mr_event_parser_destroy(parser);
    mr_buffer_free(&scratch);
    mr_buffer_free(&json);
    return result;
}

static void test_a_corrected_payload_is_a_canonical_event(void **state)
{
    static const char *const sets[] = {"Quantity=6", "customerName=B \"C\"", "StockCode=10",
                                       "Description=null", "UnitPrice=1.5e1"};
    outcome result = amend(payload, sets, 5);

    (void)state;
    assert_int_equal(result.status, MR_OK);
    assert_string_equal(result.json,
                        "{\"InvoiceNo\":\"1\",\"StockCode\":\"10\",\"Description\":null,"
                        "\"Quantity\":6,\"InvoiceDate\":\"01/12/2010 00:00\",\"UnitPrice\":15,"
                        "\"CustomerID\":null,\"customerName\":\"B \\\"C\\\"\",\"Country\":\"UK\","
                        "\"big\":12345678901234567890.5}");
}

static void test_what_is_still_wrong_is_said(void **state)
{
    static const char *const country[] = {"Country="};
    static const char *const quantity[] = {"Quantity=1-2"};
    outcome result = amend(payload, NULL, 0);

    (void)state;
    assert_int_equal(result.status, MR_INVALID);
    assert_non_null(strstr(result.err.message, "still refused: Quantity"));
    result = amend(payload, country, 1);
    assert_non_null(strstr(result.err.message, "Country"));
    assert_int_equal(amend(payload, quantity, 1).status, MR_INVALID);
    assert_int_equal(amend("no JSON", country, 1).status, MR_INVALID);
    assert_int_equal(amend("no JSON", NULL, 0).status, MR_INVALID);
    assert_int_equal(amend("[1]", country, 1).status, MR_INVALID);
}

static void test_amendments_name_fields_of_the_contract(void **state)
{
    mr_amendment amendment;
    mr_err err;

    (void)state;
    assert_int_equal(mr_amendment_parse("EventID=a=b", &amendment, NULL), MR_OK);
    assert_true(mr_text_equal(amendment.value, MR_TEXT_LITERAL("a=b")));
    assert_int_equal(mr_amendment_parse("Quantity", &amendment, &err), MR_INVALID);
    assert_int_equal(mr_amendment_parse("=5", &amendment, &err), MR_INVALID);
    assert_int_equal(mr_amendment_parse("quantity=5", &amendment, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "Quantity"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_corrected_payload_is_a_canonical_event),
        cmocka_unit_test(test_what_is_still_wrong_is_said),
        cmocka_unit_test(test_amendments_name_fields_of_the_contract),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
