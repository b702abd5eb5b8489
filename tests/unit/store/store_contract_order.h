/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract_order.h - the order of arrival changes nothing; sums are exact.
 */
#ifndef MR_TESTS_STORE_CONTRACT_ORDER_H
#define MR_TESTS_STORE_CONTRACT_ORDER_H

#include "store_crowd.h"

static void shuffle(mr_store_item *items, size_t count, mr_random *random)
{
    while (count > 1) {
        size_t other = mr_random_below(random, count--);
        mr_store_item item = items[count];

        items[count] = items[other];
        items[other] = item;
    }
}

static void apply_in_batches(mr_store *store, test_crowd *crowd, mr_random *random)
{
    size_t at = 0, count;

    while (at < crowd_events) {
        count = 1 + mr_random_below(random, 100);
        count = count < crowd_events - at ? count : crowd_events - at;
        apply_items(store, &fixture_source, crowd->items + at, count);
        at += count;
    }
}

static void answers_do_not_depend_on_the_order_of_arrival(void **state)
{
    store_fixture *other = *state;
    store_fixture *in_order = other->create();
    test_crowd *crowd = mr_alloc(sizeof(*crowd));
    mr_buffer expected, got;
    mr_random random;
    int pass;

    mr_buffer_init(&expected, crowd_answer_bytes_max);
    mr_buffer_init(&got, crowd_answer_bytes_max);
    mr_random_seed(&random, 11);
    make_crowd(crowd);
    in_order->store = open_store(in_order, MR_STORE_WRITE);
    apply_items(in_order->store, &fixture_source, crowd->items, crowd_events);
    describe(in_order->store, crowd, &expected);
    for (pass = 0; pass < 2; pass++) { /* the second brings only what is known */
        shuffle(crowd->items, crowd_events, &random);
        apply_in_batches(other->store, crowd, &random);
        mr_store_close(other->store);
        other->store = open_store(other, MR_STORE_WRITE);
        describe(other->store, crowd, &got);
        assert_string_equal(got.data, expected.data);
    }
    in_order->destroy(in_order);
    mr_buffer_free(&expected);
    mr_buffer_free(&got);
    free(crowd);
}

static void sums_are_those_of_a_plain_loop_over_the_events(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    test_crowd *crowd = mr_alloc(sizeof(*crowd));
    mr_amount sales = {0}, spent = {0};
    size_t index;

    make_crowd(crowd);
    apply_items(store, &fixture_source, crowd->items, crowd_events);
    for (index = 0; index < crowd_events; index++) {
        const mr_event *event = &crowd->events[index];

        if (!mr_event_is_cancelled(event)) {
            mr_amount amount = mr_amount_of(event->quantity, event->unit_price);

            sales = mr_amount_add(sales, amount);
            spent = event->customer_id == 3 ? mr_amount_add(spent, amount) : spent;
        }
    }
    assert_true(totals_of(store).sales.scaled == sales.scaled);
    assert_true(customer_of(store, 3).spent.scaled == spent.scaled);
    assert_int_equal(totals_of(store).lines, crowd_events);
    assert_int_equal(totals_of(store).customers, crowd_customers - 1);
    assert_int_equal(totals_of(store).invoices, crowd_invoices);
    assert_int_equal(totals_of(store).cancelled_invoices, crowd_invoices / 5);
    assert_int_equal(totals_of(store).products, 6);
    assert_int_equal(totals_of(store).countries, 4);
    free(crowd);
}

/* More new invoices, customers and products in one batch than any cache holds. */
static void a_batch_larger_than_every_cache_is_applied_whole(void **state)
{
    enum { events_count = 20000, text_bytes = 16 };
    mr_store *store = ((store_fixture *)*state)->store;
    mr_event *events = mr_alloc(events_count * sizeof(*events));
    mr_store_item *items = mr_alloc(events_count * sizeof(*items));
    char(*texts)[text_bytes] = mr_alloc((size_t)events_count * text_bytes);
    size_t index;

    for (index = 0; index < events_count; index++) {
        (void)snprintf(texts[index], text_bytes, "%zu", index);
        events[index] = event_of(&(test_line){.invoice_no = texts[index],
                                              .stock_code = texts[index],
                                              .description = texts[index],
                                              .quantity = 1,
                                              .price = 10000,
                                              .customer_id = 1 + (int64_t)index});
        items[index] = (mr_store_item){.event = &events[index], .offset = (int64_t)index};
    }
    apply_items(store, &fixture_source, items, events_count);
    apply_items(store, &fixture_source, items, events_count);
    assert_int_equal(totals_of(store).lines, events_count);
    assert_int_equal(totals_of(store).invoices, events_count);
    assert_int_equal(totals_of(store).customers, events_count);
    assert_int_equal(totals_of(store).products, events_count);
    assert_amount(totals_of(store).sales, "20000");
    for (index = 0; index < events_count; index++) {
        assert_int_equal(items[index].verdict, MR_STORE_DUPLICATE);
    }
    free(events);
    free(items);
    free(texts);
}

#endif
