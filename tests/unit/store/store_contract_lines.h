/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract_lines.h - what one line after another makes of the store. */
#ifndef MR_TESTS_STORE_CONTRACT_LINES_H
#define MR_TESTS_STORE_CONTRACT_LINES_H

#include "store_fixture.h"

static void keeps_an_event_once(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    assert_int_equal(APPLY(store, .quantity = 6, .price = 25500, .customer_id = 17850),
                     MR_STORE_INSERTED);
    assert_int_equal(APPLY(store, .quantity = 6, .price = 25500, .customer_id = 17850),
                     MR_STORE_DUPLICATE);
    assert_int_equal(totals_of(store).lines, 1);
    assert_amount(totals_of(store).sales, "15.3");
    assert_int_equal(customer_of(store, 17850).lines, 1);
    assert_int_equal(invoice_of(store, "536365").items, 6);
}

static void keeps_an_event_once_within_a_batch(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_event event = event_of(&(test_line){.quantity = 1, .price = 10000});
    mr_store_item items[] = {{.event = &event, .offset = 0}, {.event = &event, .offset = 1}};

    apply_items(store, &fixture_source, items, 2);
    assert_int_equal(items[0].verdict, MR_STORE_INSERTED);
    assert_int_equal(items[1].verdict, MR_STORE_DUPLICATE);
    assert_amount(invoice_of(store, "536365").total, "1");
}

static void the_first_of_two_events_under_one_key_stays(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    assert_int_equal(APPLY(store, .key = "a", .quantity = 1, .price = 10000), MR_STORE_INSERTED);
    assert_int_equal(APPLY(store, .key = "a", .quantity = 2, .price = 10000, .stock_code = "new",
                           .country = "Eire", .customer_id = 9),
                     MR_STORE_CONFLICT);
    assert_int_equal(APPLY(store, .key = "a", .quantity = 1, .price = 10000), MR_STORE_DUPLICATE);
    assert_int_equal(totals_of(store).lines, 1);
    assert_int_equal(totals_of(store).products, 1);
    assert_int_equal(totals_of(store).countries, 1);
    assert_int_equal(totals_of(store).customers, 0);
    assert_amount(totals_of(store).sales, "1");
}

static void a_key_names_a_line_within_its_invoice(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    assert_int_equal(APPLY(store, .key = "1", .invoice_no = "A1"), MR_STORE_INSERTED);
    assert_int_equal(APPLY(store, .key = "1", .invoice_no = "A2"), MR_STORE_INSERTED);
    assert_int_equal(APPLY(store, .key = "2", .invoice_no = "A2"), MR_STORE_INSERTED);
}

static void guests_count_in_totals_and_belong_to_nobody(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_invoice invoice;

    APPLY(store, .quantity = 2, .price = 15000);
    invoice = invoice_of(store, "536365");
    assert_false(invoice.has_customer);
    assert_string_equal(invoice.customer_name, "");
    assert_amount(totals_of(store).sales, "3");
    assert_int_equal(totals_of(store).customers, 0);
}

static void a_cancellation_is_a_return(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_customer customer;

    APPLY(store, .invoice_no = "1", .quantity = 10, .price = 12345, .customer_id = 5);
    APPLY(store, .invoice_no = "C2", .quantity = -4, .price = 12345, .customer_id = 5);
    customer = customer_of(store, 5);
    assert_int_equal(customer.orders, 1);
    assert_int_equal(customer.cancellations, 1);
    assert_amount(customer.spent, "12.345");
    assert_amount(customer.returned, "-4.938");
    assert_true(invoice_of(store, "C2").cancelled);
    assert_false(invoice_of(store, "1").cancelled);
    assert_int_equal(totals_of(store).cancelled_invoices, 1);
    assert_amount(totals_of(store).cancelled, "-4.938");
}

static void an_invoice_is_as_old_as_its_earliest_line(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .date_seconds = 500, .quantity = 1, .customer_id = 5);
    APPLY(store, .date_seconds = 300, .quantity = 2, .customer_id = 5);
    APPLY(store, .date_seconds = 400, .quantity = 3, .customer_id = 5);
    assert_int_equal(invoice_of(store, "536365").invoice_date.seconds, 300);
    assert_int_equal(customer_of(store, 5).first_order.seconds, 300);
    assert_int_equal(customer_of(store, 5).last_order.seconds, 300);
}

static void the_latest_line_names_a_customer_and_his_country(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .invoice_no = "1", .date_seconds = 200, .customer_id = 5, .name = "New",
          .country = "Eire");
    APPLY(store, .invoice_no = "2", .date_seconds = 100, .customer_id = 5, .name = "Old",
          .country = "France");
    assert_string_equal(customer_of(store, 5).name, "New");
    assert_string_equal(customer_of(store, 5).country, "Eire");
    APPLY(store, .invoice_no = "3", .date_seconds = 300, .customer_id = 5, .country = "Norway");
    assert_string_equal(customer_of(store, 5).name, "New"); /* who says nothing changes nothing */
    assert_string_equal(customer_of(store, 5).country, "Norway");
    APPLY(store, .invoice_no = "4", .date_seconds = 300, .customer_id = 5, .country = "Spain");
    assert_string_equal(customer_of(store, 5).country, "Spain"); /* a tie: the later offset */
    assert_string_equal(invoice_of(store, "1").customer_name, "New");
    assert_string_equal(invoice_of(store, "1").country, "Eire");
}

static void the_latest_description_that_is_not_empty_wins(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .date_seconds = 900);
    assert_description(store, "");
    APPLY(store, .date_seconds = 100, .description = "LANTERN");
    assert_description(store, "LANTERN");
    APPLY(store, .date_seconds = 901, .description = "");
    assert_description(store, "LANTERN");
    APPLY(store, .date_seconds = 99, .description = "lamp");
    assert_description(store, "LANTERN");
    APPLY(store, .date_seconds = 101, .description = "WHITE LANTERN");
    assert_description(store, "WHITE LANTERN");
}

static void several_customers_on_one_invoice_each_see_their_lines(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .quantity = 1, .price = 10000, .customer_id = 1, .date_seconds = 10);
    APPLY(store, .quantity = 2, .price = 10000, .customer_id = 2, .date_seconds = 20);
    APPLY(store, .quantity = 4, .price = 10000, .customer_id = 0, .date_seconds = 30);
    assert_amount(customer_of(store, 1).spent, "1");
    assert_amount(customer_of(store, 2).spent, "2");
    assert_int_equal(customer_of(store, 2).lines, 1);
    assert_int_equal(customer_of(store, 2).first_order.seconds, 20);
    assert_amount(invoice_of(store, "536365").total, "7");
    assert_int_equal(invoice_of(store, "536365").lines, 3);
    assert_int_equal(invoice_of(store, "536365").customer_id, 2); /* the latest that names one */
    assert_int_equal(totals_of(store).invoices, 1);
}

#endif
