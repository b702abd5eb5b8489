/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_identity_test.c - what makes two lines the same line, and what does not. */
#include "json_fixture.h"

static mr_event sample(void)
{
    return (mr_event){
        .invoice_no = MR_TEXT_LITERAL("536365"),
        .stock_code = MR_TEXT_LITERAL("85123A"),
        .description = MR_TEXT_LITERAL("HOLDER"),
        .customer_name = MR_TEXT_LITERAL("Ann"),
        .country = MR_TEXT_LITERAL("France"),
        .invoice_date = {1291191960},
        .unit_price = {25500},
        .customer_id = 17850,
        .quantity = 6,
        .has_customer = true,
    };
}

static mr_event identified(mr_event event)
{
    mr_event_identify(&event);
    return event;
}

static bool same_id(mr_event a, mr_event b)
{
    return memcmp(a.id.bytes, b.id.bytes, mr_event_id_bytes) == 0;
}

/* These bytes are in every store: a change of layout or hash is a change of every identity. */
static void the_identity_of_a_known_line_never_changes(void **state)
{
    mr_event event = identified(sample());
    mr_event keyed = sample();
    char text[33];

    (void)state;
    mr_event_id_format(&event.id, text);
    assert_string_equal(text, "8da94ddf2ec4ff1e45519c35f1d15aa5");
    assert_true(event.content_hash == 0xff1e45519c35f1d1u);
    keyed.event_key = MR_TEXT_LITERAL("line-1");
    keyed = identified(keyed);
    mr_event_id_format(&keyed.id, text);
    assert_string_equal(text, "8da94ddf2ec44aaab7f80b37e4a99b2c");
    assert_true(keyed.content_hash == event.content_hash);
}

static void every_field_of_the_contract_is_part_of_the_content(void **state)
{
    enum { variant_count = 11 };
    mr_event variants[variant_count];
    int count = 0;

    (void)state;
    for (int i = 0; i < variant_count; i++) {
        variants[i] = sample();
    }
    variants[++count].invoice_no = MR_TEXT_LITERAL("536366");
    variants[++count].stock_code = MR_TEXT_LITERAL("85123B");
    variants[++count].description = MR_TEXT_LITERAL("HOLDEN");
    variants[++count].customer_name = MR_TEXT_LITERAL("Anna");
    variants[++count].country = MR_TEXT_LITERAL("Francf");
    variants[++count].invoice_date.seconds++;
    variants[++count].unit_price.scaled++;
    variants[++count].customer_id++;
    variants[++count].quantity = -6;
    variants[++count].has_customer = false;
    for (int i = 0; i < variant_count; i++) {
        variants[i] = identified(variants[i]);
    }
    for (int i = 0; i < variant_count; i++) {
        for (int j = i + 1; j < variant_count; j++) {
            assert_false(same_id(variants[i], variants[j]));
            assert_true(variants[i].content_hash != variants[j].content_hash);
        }
    }
}

static void absent_is_not_empty_and_a_guest_is_not_customer_zero(void **state)
{
    mr_event a = sample();
    mr_event b = sample();

    (void)state;
    a.description = MR_TEXT_ABSENT;
    b.description = MR_TEXT_LITERAL("");
    assert_false(same_id(identified(a), identified(b)));
    a = b = sample();
    a.customer_name = MR_TEXT_ABSENT;
    b.customer_name = MR_TEXT_LITERAL("");
    assert_false(same_id(identified(a), identified(b)));
    a = b = sample();
    a.customer_id = 0;
    b.has_customer = false;
    assert_false(same_id(identified(a), identified(b)));
    a = b;
    a.customer_id = 99; /* means nothing for a guest */
    assert_true(same_id(identified(a), identified(b)));
}

static void text_moved_between_fields_is_other_content(void **state)
{
    mr_event a = sample();
    mr_event b = sample();

    (void)state;
    a.stock_code = MR_TEXT_LITERAL("AB");
    a.description = MR_TEXT_LITERAL("C");
    b.stock_code = MR_TEXT_LITERAL("A");
    b.description = MR_TEXT_LITERAL("BC");
    assert_false(same_id(identified(a), identified(b)));
}

static void unknown_fields_are_no_part_of_the_content(void **state)
{
    mr_event with = sample();

    (void)state;
    with.extra = MR_TEXT_LITERAL("{\"a\":1}");
    assert_true(same_id(identified(with), identified(sample())));
}

static void lines_of_an_invoice_share_the_prefix(void **state)
{
    mr_event a = identified(sample());
    mr_event b = sample();

    (void)state;
    b.stock_code = MR_TEXT_LITERAL("71053");
    b.event_key = MR_TEXT_LITERAL("2");
    b = identified(b);
    assert_false(same_id(a, b));
    assert_true(mr_event_id_prefix(&a.id) == mr_event_id_prefix(&b.id));
    assert_true(mr_event_id_prefix(&a.id) == mr_event_invoice_prefix(a.invoice_no));
}

static void an_event_key_names_a_line_of_its_invoice_whatever_the_content(void **state)
{
    mr_event a = sample();
    mr_event b = sample();

    (void)state;
    a.event_key = b.event_key = MR_TEXT_LITERAL("k");
    b.quantity = 7;
    a = identified(a);
    b = identified(b);
    assert_true(same_id(a, b));
    assert_true(a.content_hash != b.content_hash); /* the conflict is seen here */
    b.invoice_no = MR_TEXT_LITERAL("536366");
    assert_false(same_id(a, identified(b)));
    b = sample();
    b.event_key = MR_TEXT_LITERAL("l");
    assert_false(same_id(a, identified(b)));
}

static void the_longest_texts_are_identified(void **state)
{
    static const char wide[] = "\xF0\x9F\x8E\x84";
    char text[4 * mr_event_description_length_max];
    mr_event event = sample();

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = wide[i % 4];
    }
    event.invoice_no = (mr_text){text, 4 * mr_event_invoice_no_length_max};
    event.stock_code = (mr_text){text, 4 * mr_event_stock_code_length_max};
    event.description = (mr_text){text, 4 * mr_event_description_length_max};
    event.customer_name = (mr_text){text, 4 * mr_event_customer_name_length_max};
    event.country = (mr_text){text, 4 * mr_event_country_length_max};
    event.event_key = (mr_text){text, 4 * mr_event_key_length_max};
    event = identified(event);
    assert_true(mr_event_id_prefix(&event.id) == mr_event_invoice_prefix(event.invoice_no));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_of_a_known_line_never_changes),
        cmocka_unit_test(every_field_of_the_contract_is_part_of_the_content),
        cmocka_unit_test(absent_is_not_empty_and_a_guest_is_not_customer_zero),
        cmocka_unit_test(text_moved_between_fields_is_other_content),
        cmocka_unit_test(unknown_fields_are_no_part_of_the_content),
        cmocka_unit_test(lines_of_an_invoice_share_the_prefix),
        cmocka_unit_test(an_event_key_names_a_line_of_its_invoice_whatever_the_content),
        cmocka_unit_test(the_longest_texts_are_identified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
