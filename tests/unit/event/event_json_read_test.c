/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_read_test.c - the data contract, field by field, and what breaks it. */
#include "json_fixture.h"

/* A good event in which one member is replaced; NULL leaves it out. */
typedef struct document_parts {
    const char *invoice_no, *stock_code, *description, *quantity, *invoice_date, *unit_price,
        *customer_id, *customer_name, *country, *event_id;
} document_parts;

static const document_parts good = {"\"536365\"",           "\"85123A\"", "\"HOLDER\"", "6",
                                    "\"01/12/2010 08:26\"", "2.55",       "17850",      "\"Ann\"",
                                    "\"United Kingdom\"",   NULL};

static void add_member(mr_buffer *json, const char *name, const char *value)
{
    if (value != NULL) {
        assert_true(
            mr_buffer_printf(json, "%s\"%s\":%s", json->bytes == 0 ? "{" : ",", name, value));
    }
}

static mr_status parse_parts(json_fixture *fixture, document_parts parts)
{
    mr_buffer json;
    mr_status status;

    mr_buffer_init(&json, mr_event_json_bytes_max);
    add_member(&json, "InvoiceNo", parts.invoice_no);
    add_member(&json, "StockCode", parts.stock_code);
    add_member(&json, "Description", parts.description);
    add_member(&json, "Quantity", parts.quantity);
    add_member(&json, "InvoiceDate", parts.invoice_date);
    add_member(&json, "UnitPrice", parts.unit_price);
    add_member(&json, "CustomerID", parts.customer_id);
    add_member(&json, "customerName", parts.customer_name);
    add_member(&json, "Country", parts.country);
    add_member(&json, "EventID", parts.event_id);
    assert_true(mr_buffer_append(&json, "}", 1));
    status = fixture_parse_text(fixture, mr_buffer_text(&json));
    mr_buffer_free(&json);
    return status;
}

#define ASSERT_TAKEN(fixture, member_, value_)                   \
    do {                                                         \
        document_parts parts_ = good;                            \
        parts_.member_ = (value_);                               \
        assert_int_equal(parse_parts((fixture), parts_), MR_OK); \
    } while (0)

#define ASSERT_FAULT(fixture, member_, value_, field_, kind_)         \
    do {                                                              \
        document_parts parts_ = good;                                 \
        parts_.member_ = (value_);                                    \
        assert_int_equal(parse_parts((fixture), parts_), MR_INVALID); \
        assert_one_fault(&(fixture)->faults, (field_), (kind_));      \
    } while (0)

static void a_good_event_is_read_and_identified(void **state)
{
    json_fixture *fixture = *state;
    mr_event *event = &fixture->event;
    mr_event again;
    mr_civil date;

    assert_int_equal(parse_parts(fixture, good), MR_OK);
    assert_text(event->invoice_no, "536365");
    assert_text(event->stock_code, "85123A");
    assert_text(event->description, "HOLDER");
    assert_text(event->customer_name, "Ann");
    assert_text(event->country, "United Kingdom");
    assert_text(event->event_key, NULL);
    assert_text(event->extra, NULL);
    assert_int_equal(event->quantity, 6);
    assert_true(event->unit_price.scaled == 25500);
    assert_true(event->has_customer && event->customer_id == 17850);
    assert_true(mr_civil_parse(MR_TEXT_LITERAL("2010-12-01 08:26"), &date));
    assert_true(event->invoice_date.seconds == date.seconds);
    again = *event;
    mr_event_identify(&again);
    assert_same_event(event, &again);
}

static void spelling_does_not_change_the_identity(void **state)
{
    json_fixture *fixture = *state;
    document_parts other = good;
    mr_event_id id;

    assert_int_equal(parse_parts(fixture, good), MR_OK);
    id = fixture->event.id;
    other.invoice_no = "536365";
    other.stock_code = "\"85123\\u0041\"";
    other.quantity = "60e-1";
    other.invoice_date = "\"2010-12-01T08:26:00.000\"";
    other.unit_price = "255.00e-2";
    other.customer_id = "\"17850\"";
    assert_int_equal(parse_parts(fixture, other), MR_OK);
    assert_memory_equal(id.bytes, fixture->event.id.bytes, mr_event_id_bytes);
    other.customer_id = "17850.0";
    assert_int_equal(parse_parts(fixture, other), MR_OK);
    assert_memory_equal(id.bytes, fixture->event.id.bytes, mr_event_id_bytes);
}

static void an_invoice_number_is_a_string_or_its_digits(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_TAKEN(fixture, invoice_no, "\"C536379\"");
    assert_text(fixture->event.invoice_no, "C536379");
    ASSERT_TAKEN(fixture, invoice_no, "536379");
    assert_text(fixture->event.invoice_no, "536379");
    ASSERT_FAULT(fixture, invoice_no, "-5", MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_no, "5.0", MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_no, "true", MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_no, "null", MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_no, "[[1]]", MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_no, "\"\"", MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TOO_SHORT);
    ASSERT_FAULT(fixture, invoice_no, "123456789012345678901234567890123", MR_FIELD_INVOICE_NO,
                 MR_FAULT_STRING_TOO_LONG);
    ASSERT_FAULT(fixture, invoice_no, NULL, MR_FIELD_INVOICE_NO, MR_FAULT_MISSING);
}

static void required_strings_are_strings_within_their_length(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_FAULT(fixture, stock_code, "85123", MR_FIELD_STOCK_CODE, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, stock_code, "null", MR_FIELD_STOCK_CODE, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, stock_code, "\"\"", MR_FIELD_STOCK_CODE, MR_FAULT_STRING_TOO_SHORT);
    ASSERT_FAULT(fixture, stock_code, NULL, MR_FIELD_STOCK_CODE, MR_FAULT_MISSING);
    ASSERT_FAULT(fixture, country, "7", MR_FIELD_COUNTRY, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, country, "\"\"", MR_FIELD_COUNTRY, MR_FAULT_STRING_TOO_SHORT);
    ASSERT_FAULT(fixture, country, NULL, MR_FIELD_COUNTRY, MR_FAULT_MISSING);
}

static void lengths_are_counted_in_code_points(void **state)
{
    json_fixture *fixture = *state;
    char text[4 * 260 + 3] = "\"";
    const char *tree = "\xF0\x9F\x8E\x84";

    for (size_t i = 0; i < mr_event_description_length_max; i++) {
        memcpy(text + 1 + 4 * i, tree, 4);
    }
    memcpy(text + 1 + 4 * 255, "\"", 2);
    ASSERT_TAKEN(fixture, description, text);
    assert_int_equal(fixture->event.description.bytes, 4 * 255);
    ASSERT_TAKEN(fixture, customer_name, text);
    memcpy(text + 1 + 4 * 255, "x\"", 3);
    ASSERT_FAULT(fixture, description, text, MR_FIELD_DESCRIPTION, MR_FAULT_STRING_TOO_LONG);
    ASSERT_FAULT(fixture, customer_name, text, MR_FIELD_CUSTOMER_NAME, MR_FAULT_STRING_TOO_LONG);
    memcpy(text + 1 + 4 * 64, "\"", 2);
    ASSERT_TAKEN(fixture, country, text);
    ASSERT_TAKEN(fixture, event_id, text);
    memcpy(text + 1 + 4 * 64, "x\"", 3);
    ASSERT_FAULT(fixture, country, text, MR_FIELD_COUNTRY, MR_FAULT_STRING_TOO_LONG);
    ASSERT_FAULT(fixture, event_id, text, MR_FIELD_EVENT_ID, MR_FAULT_STRING_TOO_LONG);
    memcpy(text + 1 + 4 * 32, "\"", 2);
    ASSERT_TAKEN(fixture, stock_code, text);
    ASSERT_TAKEN(fixture, invoice_no, text);
    memcpy(text + 1 + 4 * 32, "x\"", 3);
    ASSERT_FAULT(fixture, stock_code, text, MR_FIELD_STOCK_CODE, MR_FAULT_STRING_TOO_LONG);
}

static void optional_strings_may_be_null_absent_or_empty(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_TAKEN(fixture, description, "null");
    assert_text(fixture->event.description, NULL);
    ASSERT_TAKEN(fixture, description, NULL);
    assert_text(fixture->event.description, NULL);
    ASSERT_TAKEN(fixture, description, "\"\"");
    assert_text(fixture->event.description, "");
    ASSERT_TAKEN(fixture, customer_name, "null");
    assert_text(fixture->event.customer_name, NULL);
    ASSERT_TAKEN(fixture, event_id, "null");
    assert_text(fixture->event.event_key, NULL);
    ASSERT_FAULT(fixture, description, "5", MR_FIELD_DESCRIPTION, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, customer_name, "{}", MR_FIELD_CUSTOMER_NAME, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, event_id, "5", MR_FIELD_EVENT_ID, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, event_id, "\"\"", MR_FIELD_EVENT_ID, MR_FAULT_STRING_TOO_SHORT);
}

static void an_escaped_nul_is_refused_in_every_text(void **state)
{
    json_fixture *fixture = *state;
    const char *nul = "\"a\\u0000b\"";

    ASSERT_FAULT(fixture, invoice_no, nul, MR_FIELD_INVOICE_NO, MR_FAULT_STRING_NUL);
    ASSERT_FAULT(fixture, stock_code, nul, MR_FIELD_STOCK_CODE, MR_FAULT_STRING_NUL);
    ASSERT_FAULT(fixture, description, nul, MR_FIELD_DESCRIPTION, MR_FAULT_STRING_NUL);
    ASSERT_FAULT(fixture, customer_name, nul, MR_FIELD_CUSTOMER_NAME, MR_FAULT_STRING_NUL);
    ASSERT_FAULT(fixture, country, nul, MR_FIELD_COUNTRY, MR_FAULT_STRING_NUL);
    ASSERT_FAULT(fixture, event_id, nul, MR_FIELD_EVENT_ID, MR_FAULT_STRING_NUL);
    ASSERT_FAULT(fixture, invoice_date, nul, MR_FIELD_INVOICE_DATE, MR_FAULT_DATE);
    ASSERT_TAKEN(fixture, description, "\"a\\u0001\\tb\"");
    assert_text(fixture->event.description, "a\x01\tb");
}

static void a_quantity_is_an_integer_of_32_bits(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_TAKEN(fixture, quantity, "-2147483648");
    assert_true(fixture->event.quantity == INT32_MIN);
    ASSERT_TAKEN(fixture, quantity, "2147483647.0");
    assert_true(fixture->event.quantity == INT32_MAX);
    ASSERT_FAULT(fixture, quantity, "2147483648", MR_FIELD_QUANTITY, MR_FAULT_INT_RANGE);
    ASSERT_FAULT(fixture, quantity, "-2147483649", MR_FIELD_QUANTITY, MR_FAULT_INT_RANGE);
    ASSERT_FAULT(fixture, quantity, "1e300", MR_FIELD_QUANTITY, MR_FAULT_INT_RANGE);
    ASSERT_FAULT(fixture, quantity, "6.5", MR_FIELD_QUANTITY, MR_FAULT_INT_FROM_FLOAT);
    ASSERT_FAULT(fixture, quantity, "\"6\"", MR_FIELD_QUANTITY, MR_FAULT_INT_TYPE);
    ASSERT_FAULT(fixture, quantity, "null", MR_FIELD_QUANTITY, MR_FAULT_INT_TYPE);
    ASSERT_FAULT(fixture, quantity, "true", MR_FIELD_QUANTITY, MR_FAULT_INT_TYPE);
    ASSERT_FAULT(fixture, quantity, NULL, MR_FIELD_QUANTITY, MR_FAULT_MISSING);
}

static void a_date_is_a_string_that_parses(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_FAULT(fixture, invoice_date, "\"31/04/2011 10:00\"", MR_FIELD_INVOICE_DATE,
                 MR_FAULT_DATE);
    ASSERT_FAULT(fixture, invoice_date, "\"\"", MR_FIELD_INVOICE_DATE, MR_FAULT_DATE);
    ASSERT_FAULT(fixture, invoice_date, "1291191960", MR_FIELD_INVOICE_DATE, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_date, "null", MR_FIELD_INVOICE_DATE, MR_FAULT_STRING_TYPE);
    ASSERT_FAULT(fixture, invoice_date, NULL, MR_FIELD_INVOICE_DATE, MR_FAULT_MISSING);
}

static void an_empty_date_is_refused_by_a_fresh_parser_too(void **state)
{
    json_fixture *fixture = NULL;
    void *fresh = NULL;

    (void)state;
    (void)fixture_setup(&fresh);
    fixture = fresh;
    ASSERT_FAULT(fixture, invoice_date, "\"\"", MR_FIELD_INVOICE_DATE, MR_FAULT_DATE);
    (void)fixture_teardown(&fresh);
}

static void a_date_seen_before_does_not_stand_for_another(void **state)
{
    json_fixture *fixture = *state;
    int64_t first;

    ASSERT_TAKEN(fixture, invoice_date, "\"01/12/2010 08:26\"");
    first = fixture->event.invoice_date.seconds;
    ASSERT_TAKEN(fixture, invoice_date, "\"01/12/2010 08:27\"");
    assert_true(fixture->event.invoice_date.seconds == first + 60);
    ASSERT_FAULT(fixture, invoice_date, "\"01/12/2010 08:2\"", MR_FIELD_INVOICE_DATE,
                 MR_FAULT_DATE);
    ASSERT_TAKEN(fixture, invoice_date, "\"01/12/2010 08:26\"");
    assert_true(fixture->event.invoice_date.seconds == first);
}

static void a_price_is_an_exact_decimal(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_TAKEN(fixture, unit_price, "0.0001");
    assert_true(fixture->event.unit_price.scaled == 1);
    ASSERT_TAKEN(fixture, unit_price, "-11062.06");
    assert_true(fixture->event.unit_price.scaled == -110620600);
    ASSERT_TAKEN(fixture, unit_price, "99999999999999.9999");
    assert_true(fixture->event.unit_price.scaled == 999999999999999999);
    ASSERT_FAULT(fixture, unit_price, "100000000000000", MR_FIELD_UNIT_PRICE,
                 MR_FAULT_DECIMAL_DIGITS);
    ASSERT_FAULT(fixture, unit_price, "0.00001", MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_PLACES);
    ASSERT_FAULT(fixture, unit_price, "\"2.55\"", MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_TYPE);
    ASSERT_FAULT(fixture, unit_price, "null", MR_FIELD_UNIT_PRICE, MR_FAULT_DECIMAL_TYPE);
    ASSERT_FAULT(fixture, unit_price, NULL, MR_FIELD_UNIT_PRICE, MR_FAULT_MISSING);
}

static void a_customer_is_an_integer_its_digits_or_a_guest(void **state)
{
    json_fixture *fixture = *state;

    ASSERT_TAKEN(fixture, customer_id, "\"0017850\"");
    assert_true(fixture->event.has_customer && fixture->event.customer_id == 17850);
    ASSERT_TAKEN(fixture, customer_id, "-9223372036854775808");
    assert_true(fixture->event.has_customer && fixture->event.customer_id == INT64_MIN);
    ASSERT_TAKEN(fixture, customer_id, "null");
    assert_false(fixture->event.has_customer);
    ASSERT_TAKEN(fixture, customer_id, NULL);
    assert_false(fixture->event.has_customer);
    ASSERT_FAULT(fixture, customer_id, "\"\"", MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_PARSING);
    ASSERT_FAULT(fixture, customer_id, "\"17850.0\"", MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_PARSING);
    ASSERT_FAULT(fixture, customer_id, "\"-1\"", MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_PARSING);
    ASSERT_FAULT(fixture, customer_id, "\"9223372036854775808\"", MR_FIELD_CUSTOMER_ID,
                 MR_FAULT_INT_RANGE);
    ASSERT_FAULT(fixture, customer_id, "9223372036854775808", MR_FIELD_CUSTOMER_ID,
                 MR_FAULT_INT_RANGE);
    ASSERT_FAULT(fixture, customer_id, "17850.5", MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_FROM_FLOAT);
    ASSERT_FAULT(fixture, customer_id, "false", MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_TYPE);
}

static void both_spellings_of_the_customer_name_are_taken(void **state)
{
    json_fixture *fixture = *state;

    assert_int_equal(fixture_parse(fixture, GOOD_HEAD "\"CustomerName\":\"Bo\"," GOOD_TAIL), MR_OK);
    assert_text(fixture->event.customer_name, "Bo");
    assert_int_equal(fixture_parse(fixture, GOOD_HEAD "\"CustomerName\":\"Bo\","
                                                      "\"customerName\":\"Bo\"," GOOD_TAIL),
                     MR_INVALID);
    assert_one_fault(&fixture->faults, MR_FIELD_CUSTOMER_NAME, MR_FAULT_DUPLICATE);
}

static void a_field_that_stands_twice_is_refused_whatever_it_holds(void **state)
{
    json_fixture *fixture = *state;

    assert_int_equal(fixture_parse(fixture, GOOD_HEAD "\"Quantity\":6," GOOD_TAIL), MR_INVALID);
    assert_one_fault(&fixture->faults, MR_FIELD_QUANTITY, MR_FAULT_DUPLICATE);
    assert_int_equal(fixture_parse(fixture, GOOD_HEAD "\"Quantity\":\"x\"," GOOD_TAIL), MR_INVALID);
    assert_one_fault(&fixture->faults, MR_FIELD_QUANTITY, MR_FAULT_DUPLICATE);
    assert_int_equal(
        fixture_parse(fixture, GOOD_HEAD "\"EventID\":null,\"EventID\":null," GOOD_TAIL),
        MR_INVALID);
    assert_one_fault(&fixture->faults, MR_FIELD_EVENT_ID, MR_FAULT_DUPLICATE);
}

static void every_fault_is_reported_in_field_order(void **state)
{
    json_fixture *fixture = *state;
    mr_event before;

    memset(&fixture->event, 7, sizeof fixture->event);
    before = fixture->event;
    assert_int_equal(fixture_parse(fixture,
                                   "{\"Country\":\"\",\"CustomerID\":true,\"Quantity\":1.5,"
                                   "\"Description\":1,\"UnitPrice\":\"1\"}"),
                     MR_INVALID);
    assert_int_equal(fixture->faults.count, 8);
    assert_int_equal(fixture->faults.items[0].field, MR_FIELD_INVOICE_NO);
    assert_int_equal(fixture->faults.items[0].kind, MR_FAULT_MISSING);
    for (uint32_t i = 1; i < fixture->faults.count; i++) {
        assert_true(fixture->faults.items[i - 1].field < fixture->faults.items[i].field);
    }
    assert_int_equal(fixture->faults.items[7].field, MR_FIELD_COUNTRY);
    assert_memory_equal(&before, &fixture->event, sizeof before);
}

static void an_event_key_from_outside_fills_in(void **state)
{
    json_fixture *fixture = *state;
    mr_event_id id;
    mr_text key = MR_TEXT_LITERAL("k-1");
    mr_text json = MR_TEXT_LITERAL(GOOD_EVENT);

    assert_int_equal(fixture_parse(fixture, GOOD_HEAD "\"EventID\":\"k-1\"," GOOD_TAIL), MR_OK);
    id = fixture->event.id;
    assert_int_equal(mr_event_parse_keyed(fixture->parser, fixture_load(fixture, json), json.bytes,
                                          key, &fixture->event, &fixture->faults),
                     MR_OK);
    assert_text(fixture->event.event_key, "k-1");
    assert_memory_equal(id.bytes, fixture->event.id.bytes, mr_event_id_bytes);
    json = MR_TEXT_LITERAL(GOOD_HEAD "\"EventID\":\"own\"," GOOD_TAIL);
    assert_int_equal(mr_event_parse_keyed(fixture->parser, fixture_load(fixture, json), json.bytes,
                                          key, &fixture->event, &fixture->faults),
                     MR_OK);
    assert_text(fixture->event.event_key, "own");
}

static void an_event_key_from_outside_is_checked(void **state)
{
    static const struct {
        mr_text key;
        mr_fault_kind kind;
    } cases[] = {
        {MR_TEXT_LITERAL(""), MR_FAULT_STRING_TOO_SHORT},
        {MR_TEXT_LITERAL("a\0b"), MR_FAULT_STRING_NUL},
        {MR_TEXT_LITERAL("\xC3("), MR_FAULT_STRING_TYPE},
        {MR_TEXT_LITERAL("12345678901234567890123456789012345678901234567890123456789012345"),
         MR_FAULT_STRING_TOO_LONG},
    };
    json_fixture *fixture = *state;
    mr_text json = MR_TEXT_LITERAL(GOOD_EVENT);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mr_event_parse_keyed(fixture->parser, fixture_load(fixture, json),
                                              json.bytes, cases[i].key, &fixture->event,
                                              &fixture->faults),
                         MR_INVALID);
        assert_one_fault(&fixture->faults, MR_FIELD_EVENT_ID, cases[i].kind);
    }
}

static void what_is_not_json_is_malformed(void **state)
{
    static const char *const documents[] = {
        "",
        "  ",
        "{",
        "nul",
        "{\"a\":01}",
        "{\"a\":1,}",
        "{\"a\":\"\xFF\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\xED\xA0\x80\"}",
        "{} {}",
        "{\"a\":NaN}",
        "{'a':1}",
        "{\"a\":\"\n\"}",
        GOOD_EVENT "x",
        "[",
    };
    json_fixture *fixture = *state;

    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        assert_int_equal(fixture_parse(fixture, documents[i]), MR_INVALID);
        assert_true(fixture->faults.malformed);
        assert_int_equal(fixture->faults.count, 0);
        assert_non_null(strstr(fixture->faults.message, "not valid JSON"));
    }
    assert_int_equal(fixture_parse(fixture, GOOD_EVENT), MR_OK);
}

static void what_is_no_object_is_a_fault(void **state)
{
    static const char *const documents[] = {
        "[" GOOD_EVENT "]", "1", "-0.5e3", "\"x\"", "null", "[]"};
    json_fixture *fixture = *state;

    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        assert_int_equal(fixture_parse(fixture, documents[i]), MR_INVALID);
        assert_one_fault(&fixture->faults, MR_FIELD_EXTRA, MR_FAULT_OBJECT_TYPE);
    }
}

static void a_document_has_a_largest_size(void **state)
{
    json_fixture *fixture = *state;
    size_t bytes = mr_event_json_bytes_max;
    char *json = mr_alloc(bytes + 1);

    memset(json, ' ', bytes + 1);
    memcpy(json, GOOD_EVENT, strlen(GOOD_EVENT));
    assert_int_equal(fixture_parse_text(fixture, (mr_text){json, bytes}), MR_OK);
    assert_int_equal(fixture_parse_text(fixture, (mr_text){json, bytes + 1}), MR_INVALID);
    assert_true(fixture->faults.malformed);
    assert_non_null(strstr(fixture->faults.message, "65536"));
    memset(json, '[', bytes);
    assert_int_equal(fixture_parse_text(fixture, (mr_text){json, bytes}), MR_INVALID);
    assert_true(fixture->faults.malformed);
    free(json);
}

static void bytes_behind_the_document_are_left_as_they_were(void **state)
{
    json_fixture *fixture = *state;
    char behind[mr_json_padding_bytes];

    memset(behind, '9', sizeof behind);
    assert_int_equal(fixture_parse(fixture, GOOD_EVENT), MR_OK);
    assert_memory_equal(fixture->document + strlen(GOOD_EVENT), behind, sizeof behind);
    assert_int_equal(fixture_parse(fixture, "17"), MR_INVALID);
    assert_memory_equal(fixture->document + 2, behind, sizeof behind);
}

static void a_byte_order_mark_is_skipped(void **state)
{
    json_fixture *fixture = *state;

    assert_int_equal(fixture_parse(fixture, "\xEF\xBB\xBF" GOOD_EVENT), MR_OK);
    assert_text(fixture->event.invoice_no, "536365");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_event_is_read_and_identified),
        cmocka_unit_test(spelling_does_not_change_the_identity),
        cmocka_unit_test(an_invoice_number_is_a_string_or_its_digits),
        cmocka_unit_test(required_strings_are_strings_within_their_length),
        cmocka_unit_test(lengths_are_counted_in_code_points),
        cmocka_unit_test(optional_strings_may_be_null_absent_or_empty),
        cmocka_unit_test(an_escaped_nul_is_refused_in_every_text),
        cmocka_unit_test(a_quantity_is_an_integer_of_32_bits),
        cmocka_unit_test(a_date_is_a_string_that_parses),
        cmocka_unit_test(an_empty_date_is_refused_by_a_fresh_parser_too),
        cmocka_unit_test(a_date_seen_before_does_not_stand_for_another),
        cmocka_unit_test(a_price_is_an_exact_decimal),
        cmocka_unit_test(a_customer_is_an_integer_its_digits_or_a_guest),
        cmocka_unit_test(both_spellings_of_the_customer_name_are_taken),
        cmocka_unit_test(a_field_that_stands_twice_is_refused_whatever_it_holds),
        cmocka_unit_test(every_fault_is_reported_in_field_order),
        cmocka_unit_test(an_event_key_from_outside_fills_in),
        cmocka_unit_test(an_event_key_from_outside_is_checked),
        cmocka_unit_test(what_is_not_json_is_malformed),
        cmocka_unit_test(what_is_no_object_is_a_fault),
        cmocka_unit_test(a_document_has_a_largest_size),
        cmocka_unit_test(bytes_behind_the_document_are_left_as_they_were),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
