/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_test.c - field names, and identities as text. */
#include "json_fixture.h"

#include "base/hash.h"

static void fields_have_the_names_of_the_wire(void **state)
{
    (void)state;
    assert_string_equal(mr_event_field_name(MR_FIELD_INVOICE_NO), "InvoiceNo");
    assert_string_equal(mr_event_field_name(MR_FIELD_QUANTITY), "Quantity");
    assert_string_equal(mr_event_field_name(MR_FIELD_CUSTOMER_NAME), "customerName");
    assert_string_equal(mr_event_field_name(MR_FIELD_EVENT_ID), "EventID");
    for (int field = 0; field <= MR_FIELD_EXTRA; field++) {
        assert_non_null(mr_event_field_name((mr_event_field)field));
    }
}

static void an_id_survives_its_text(void **state)
{
    mr_event_id id;
    mr_event_id back;
    char text[33];

    (void)state;
    for (int i = 0; i < mr_event_id_bytes; i++) {
        id.bytes[i] = (uint8_t)(i * 17);
    }
    mr_event_id_format(&id, text);
    assert_string_equal(text, "00112233445566778899aabbccddeeff");
    assert_true(mr_event_id_parse(mr_text_of(text), &back));
    assert_memory_equal(id.bytes, back.bytes, mr_event_id_bytes);
    assert_true(mr_event_id_prefix(&id) == 0x001122334455u);
}

static void text_that_is_no_id_is_refused_and_changes_nothing(void **state)
{
    mr_event_id id = {.bytes = {1, 2, 3}};
    mr_event_id before = id;

    (void)state;
    assert_false(mr_event_id_parse(MR_TEXT_LITERAL(""), &id));
    assert_false(mr_event_id_parse(MR_TEXT_LITERAL("00112233445566778899aabbccddeef"), &id));
    assert_false(mr_event_id_parse(MR_TEXT_LITERAL("00112233445566778899aabbccddeeff0"), &id));
    assert_false(mr_event_id_parse(MR_TEXT_LITERAL("00112233445566778899aabbccddeefg"), &id));
    assert_memory_equal(&id, &before, sizeof id);
}

static void the_prefix_of_an_invoice_is_the_head_of_its_hash(void **state)
{
    (void)state;
    assert_true(mr_event_invoice_prefix(MR_TEXT_LITERAL("536365")) == mr_hash64("536365", 6) >> 16);
    assert_true(mr_event_invoice_prefix(MR_TEXT_LITERAL("536365")) !=
                mr_event_invoice_prefix(MR_TEXT_LITERAL("536366")));
}

static void a_cancellation_begins_with_c(void **state)
{
    mr_event event = {.invoice_no = MR_TEXT_LITERAL("C536379")};

    (void)state;
    assert_true(mr_event_is_cancelled(&event));
    event.invoice_no = MR_TEXT_LITERAL("536379C");
    assert_false(mr_event_is_cancelled(&event));
    event.invoice_no = MR_TEXT_LITERAL("c536379");
    assert_false(mr_event_is_cancelled(&event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_the_names_of_the_wire),
        cmocka_unit_test(an_id_survives_its_text),
        cmocka_unit_test(text_that_is_no_id_is_refused_and_changes_nothing),
        cmocka_unit_test(the_prefix_of_an_invoice_is_the_head_of_its_hash),
        cmocka_unit_test(a_cancellation_begins_with_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
