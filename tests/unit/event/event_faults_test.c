/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_faults_test.c - the words an answer and a dead letter are made of. */
#include "json_fixture.h"

static void every_kind_has_a_type_and_a_message_for_every_field(void **state)
{
    (void)state;
    for (int kind = 0; kind <= MR_FAULT_OBJECT_TYPE; kind++) {
        for (int field = 0; field <= MR_FIELD_EXTRA; field++) {
            mr_event_fault fault = {(mr_event_field)field, (mr_fault_kind)kind};

            assert_true(strlen(mr_fault_type(fault)) > 0);
            assert_true(strlen(mr_fault_message(fault)) > 0);
        }
    }
}

static void types_and_messages_are_those_of_pydantic(void **state)
{
    mr_event_fault missing = {MR_FIELD_QUANTITY, MR_FAULT_MISSING};
    mr_event_fault integer = {MR_FIELD_QUANTITY, MR_FAULT_INT_TYPE};
    mr_event_fault text = {MR_FIELD_COUNTRY, MR_FAULT_STRING_TYPE};

    (void)state;
    assert_string_equal(mr_fault_type(missing), "missing");
    assert_string_equal(mr_fault_message(missing), "Field required");
    assert_string_equal(mr_fault_type(integer), "int_type");
    assert_string_equal(mr_fault_message(integer), "Input should be a valid integer");
    assert_string_equal(mr_fault_type(text), "string_type");
    assert_string_equal(mr_fault_message(text), "Input should be a valid string");
}

static void messages_name_the_limit_of_their_field(void **state)
{
    (void)state;
    assert_string_equal(
        mr_fault_message((mr_event_fault){MR_FIELD_INVOICE_NO, MR_FAULT_STRING_TOO_LONG}),
        "String should have at most 32 characters");
    assert_string_equal(
        mr_fault_message((mr_event_fault){MR_FIELD_DESCRIPTION, MR_FAULT_STRING_TOO_LONG}),
        "String should have at most 255 characters");
    assert_string_equal(
        mr_fault_message((mr_event_fault){MR_FIELD_EVENT_ID, MR_FAULT_STRING_TOO_LONG}),
        "String should have at most 64 characters");
    assert_non_null(strstr(
        mr_fault_message((mr_event_fault){MR_FIELD_QUANTITY, MR_FAULT_INT_RANGE}), "2147483647"));
    assert_non_null(strstr(
        mr_fault_message((mr_event_fault){MR_FIELD_CUSTOMER_ID, MR_FAULT_INT_RANGE}), "64 bits"));
}

static void assert_description(const mr_event_faults *faults, const char *expected)
{
    mr_buffer out;

    mr_buffer_init(&out, 4096);
    mr_event_faults_describe(faults, &out);
    assert_text(mr_buffer_text(&out), expected);
    mr_buffer_free(&out);
}

static void faults_are_described_in_one_line(void **state)
{
    mr_event_faults faults = {
        .count = 2,
        .items = {{MR_FIELD_QUANTITY, MR_FAULT_INT_TYPE}, {MR_FIELD_COUNTRY, MR_FAULT_MISSING}},
    };

    (void)state;
    assert_description(&faults,
                       "Quantity: Input should be a valid integer; Country: Field required");
}

static void a_malformed_document_is_described_by_its_message(void **state)
{
    mr_event_faults faults = {.malformed = true, .message = "not valid JSON at byte 3"};

    (void)state;
    assert_description(&faults, "not valid JSON at byte 3");
}

static void a_document_that_is_no_object_names_no_field(void **state)
{
    mr_event_faults faults = {.count = 1, .items = {{MR_FIELD_EXTRA, MR_FAULT_OBJECT_TYPE}}};

    (void)state;
    assert_description(&faults,
                       "Input should be a valid dictionary or object to extract fields from");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_type_and_a_message_for_every_field),
        cmocka_unit_test(types_and_messages_are_those_of_pydantic),
        cmocka_unit_test(messages_name_the_limit_of_their_field),
        cmocka_unit_test(faults_are_described_in_one_line),
        cmocka_unit_test(a_malformed_document_is_described_by_its_message),
        cmocka_unit_test(a_document_that_is_no_object_names_no_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
