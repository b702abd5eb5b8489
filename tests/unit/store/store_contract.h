/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract.h - what store.h promises, for any backend.
 *
 * Each test finds a fixture in *state: an empty store of the backend, open for writing. The order
 * tests make events at random from a fixed seed, with few values for every field so that everything
 * collides: several customers and guests on an invoice, ties of dates, empty descriptions.
 */
#ifndef MR_TESTS_STORE_CONTRACT_H
#define MR_TESTS_STORE_CONTRACT_H

#include <sys/wait.h>

#include "store_fixture.h"

enum {
    crowd_events = 1200,
    crowd_invoices = 60,
    crowd_customers = 25,
    crowd_answer_bytes_max = 4194304,
};

/* --- One line after another ------------------------------------------------------------------- */

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

static bool keep_description(void *ctx, const mr_store_line *line)
{
    (void)snprintf(ctx, 64, "%.*s", MR_TEXT_ARGS(line->description));
    return true;
}

static void assert_description(mr_store *store, const char *expected)
{
    char description[64] = "";
    mr_store_invoice invoice;

    assert_int_equal(mr_store_read_invoice(store, mr_text_of("536365"), &invoice, keep_description,
                                           description, NULL),
                     MR_OK);
    assert_string_equal(description, expected);
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

static void sums_are_exact_beyond_64_bits(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    const int64_t most = INT64_C(999999999999999999);

    APPLY(store, .invoice_no = "1", .quantity = INT32_MAX, .price = most, .customer_id = 1);
    APPLY(store, .invoice_no = "1", .quantity = INT32_MAX, .price = most, .customer_id = 1,
          .key = "again");
    APPLY(store, .invoice_no = "2", .quantity = 1, .price = 1, .customer_id = 1);
    APPLY(store, .invoice_no = "C3", .quantity = INT32_MIN, .price = most, .customer_id = 1);
    assert_amount(invoice_of(store, "1").total, "429496729399999999570503.2706");
    assert_amount(customer_of(store, 1).spent, "429496729399999999570503.2707");
    assert_amount(totals_of(store).sales, "429496729399999999570503.2707");
    assert_amount(customer_of(store, 1).returned, "-214748364799999999785251.6352");
    assert_int_equal(invoice_of(store, "1").items, 2 * (int64_t)INT32_MAX);
}

static void a_receipt_tells_where_an_event_went(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_event here = event_of(&(test_line){.invoice_no = "C7", .quantity = 3});
    mr_event elsewhere = event_of(&(test_line){.invoice_no = "C7", .quantity = 4});
    mr_store_item item = {.event = &here, .offset = 41};
    mr_store_receipt receipt;

    assert_int_equal(mr_store_read_receipt(store, &here.id, &receipt, NULL), MR_NOT_FOUND);
    apply_items(store, &(mr_store_source){"store", "ingestion-topic", 3}, &item, 1);
    assert_int_equal(mr_store_read_receipt(store, &here.id, &receipt, NULL), MR_OK);
    assert_string_equal(receipt.invoice_no, "C7");
    assert_int_equal(receipt.partition, 3);
    assert_int_equal(receipt.offset, 41);
    assert_int_equal(mr_store_read_receipt(store, &elsewhere.id, &receipt, NULL), MR_NOT_FOUND);
}

static void what_is_not_there_is_not_found(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_customer customer;
    mr_store_invoice invoice;
    mr_err err;

    assert_int_equal(mr_store_read_customer(store, 1, &customer, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "customer 1 "));
    assert_int_equal(mr_store_read_invoice(store, mr_text_of("no'ne"), &invoice, NULL, NULL, &err),
                     MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "no'ne"));
}

/* --- Lists ------------------------------------------------------------------------------------ */

static bool append_order(void *ctx, const mr_store_order *order)
{
    mr_buffer_printf(ctx, "%.*s ", MR_TEXT_ARGS(order->invoice_no));
    return true;
}

static bool append_one_order(void *ctx, const mr_store_order *order)
{
    append_order(ctx, order);
    return false;
}

static void assert_orders(mr_store *store, mr_store_order_query query, const char *expected)
{
    mr_buffer list;

    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_store_read_orders(store, &query, append_order, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, expected);
    mr_buffer_free(&list);
}

static void orders_are_listed_newest_first_by_page_and_kind(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_order_query all = {.customer_id = 5, .orders = true, .cancellations = true};
    mr_store_order_query page = {
        .customer_id = 5, .orders = true, .cancellations = true, .skip = 1, .limit = 2};
    mr_buffer first;

    APPLY(store, .invoice_no = "2", .date_seconds = 200, .customer_id = 5);
    APPLY(store, .invoice_no = "1", .date_seconds = 100, .customer_id = 5);
    APPLY(store, .invoice_no = "C3", .date_seconds = 300, .customer_id = 5);
    APPLY(store, .invoice_no = "4", .date_seconds = 200, .customer_id = 5);
    APPLY(store, .invoice_no = "5", .date_seconds = 250, .customer_id = 6);
    assert_orders(store, all, "C3 4 2 1 ");
    assert_orders(store, page, "4 2 ");
    assert_orders(store, (mr_store_order_query){.customer_id = 5, .orders = true}, "4 2 1 ");
    assert_orders(store, (mr_store_order_query){.customer_id = 5, .cancellations = true}, "C3 ");
    assert_orders(store, (mr_store_order_query){.customer_id = 5}, "");
    assert_orders(store, (mr_store_order_query){.customer_id = 9, .orders = true}, "");
    mr_buffer_init(&first, 64);
    assert_int_equal(mr_store_read_orders(store, &all, append_one_order, &first, NULL), MR_OK);
    assert_int_equal(first.bytes, 3);
    mr_buffer_free(&first);
}

static bool append_customer(void *ctx, const mr_store_customer *customer)
{
    mr_buffer_printf(ctx, "%lld ", (long long)customer->customer_id);
    return true;
}

static void assert_top(mr_store *store, size_t limit, const char *expected)
{
    mr_buffer list;

    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_store_read_top_customers(store, limit, append_customer, &list, NULL),
                     MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, expected);
    mr_buffer_free(&list);
}

static void the_best_customers_are_ranked_by_spend(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    char invoice_no[16];
    int32_t number;

    assert_top(store, 5, "");
    for (number = 1; number <= 9; number++) {
        (void)snprintf(invoice_no, sizeof(invoice_no), "%d", number);
        APPLY(store, .invoice_no = invoice_no, .customer_id = number, .price = 10000,
              .quantity = number * 7 % 9); /* 7 5 3 1 8 6 4 2 0 */
    }
    APPLY(store, .invoice_no = "C9", .customer_id = 9, .price = 10000, .quantity = 100);
    APPLY(store, .invoice_no = "10", .customer_id = 10, .price = 10000, .quantity = 8);
    APPLY(store, .invoice_no = "11", .price = 10000, .quantity = 99);
    assert_top(store, 4, "5 10 1 6 ");
    assert_top(store, 100, "5 10 1 6 2 7 3 8 4 9 ");
    assert_top(store, 0, "");
}

/* --- Order of arrival ------------------------------------------------------------------------- */

typedef struct test_crowd {
    mr_event events[crowd_events];
    mr_store_item items[crowd_events];
    char keys[crowd_events][16];
    char invoices[crowd_invoices][16];
} test_crowd;

static void make_crowd(test_crowd *crowd)
{
    static const char *const countries[] = {"Eire", "France", "Norway", "Spain"};
    static const char *const texts[] = {NULL, "", "WHITE LANTERN", "LANTERN", "lamp"};
    static const char *const stock_codes[] = {"A", "a", "85123A", "POST", "D", "M"};
    mr_random random;
    size_t index;

    mr_random_seed(&random, 7);
    for (index = 0; index < crowd_invoices; index++) {
        (void)snprintf(crowd->invoices[index], sizeof(crowd->invoices[index]), "%s%zu",
                       index % 5 == 0 ? "C" : "", 100 + index);
    }
    for (index = 0; index < crowd_events; index++) {
        (void)snprintf(crowd->keys[index], sizeof(crowd->keys[index]), "k%zu", index);
        crowd->events[index] = event_of(&(test_line){
            .invoice_no = crowd->invoices[mr_random_below(&random, crowd_invoices)],
            .stock_code = stock_codes[mr_random_below(&random, 6)],
            .description = texts[mr_random_below(&random, 5)],
            .name = texts[mr_random_below(&random, 5)],
            .country = countries[mr_random_below(&random, 4)],
            .key = crowd->keys[index],
            .date_seconds = 1 + (int64_t)mr_random_below(&random, 20),
            .price = (int64_t)mr_random_below(&random, 2000000) - 1000000,
            .customer_id = (int64_t)mr_random_below(&random, crowd_customers),
            .quantity = (int32_t)mr_random_below(&random, 2000) - 1000,
        });
        crowd->items[index] =
            (mr_store_item){.event = &crowd->events[index], .offset = (int64_t)index};
    }
}

static bool describe_line(void *ctx, const mr_store_line *line)
{
    char amount[mr_amount_text_bytes_max], event_id[33];

    mr_amount_format(line->amount, 0, amount);
    mr_event_id_format(&line->event_id, event_id);
    return mr_buffer_printf(
        ctx, "   %s %.*s '%.*s' %d x %lld = %s at %lld for %d %lld, %d/%lld\n", event_id,
        MR_TEXT_ARGS(line->stock_code), MR_TEXT_ARGS(line->description), (int)line->quantity,
        (long long)line->unit_price.scaled, amount, (long long)line->invoice_date.seconds,
        line->has_customer, (long long)line->customer_id, (int)line->partition,
        (long long)line->offset);
}

static void describe_invoice(mr_store *store, const char *invoice_no, mr_buffer *out)
{
    mr_store_invoice invoice;
    char amount[mr_amount_text_bytes_max];

    if (mr_store_read_invoice(store, mr_text_of(invoice_no), &invoice, describe_line, out, NULL) ==
        MR_NOT_FOUND) {
        return;
    }
    mr_amount_format(invoice.total, 0, amount);
    mr_buffer_printf(out, "invoice %s %lld %d %d %lld '%s' %s %llu %lld %s\n", invoice.invoice_no,
                     (long long)invoice.invoice_date.seconds, invoice.cancelled,
                     invoice.has_customer, (long long)invoice.customer_id, invoice.customer_name,
                     invoice.country, (unsigned long long)invoice.lines, (long long)invoice.items,
                     amount);
}

static bool describe_order(void *ctx, const mr_store_order *order)
{
    char amount[mr_amount_text_bytes_max];

    mr_amount_format(order->amount, 0, amount);
    return mr_buffer_printf(ctx, "   %.*s %lld %d %llu %lld %s\n", MR_TEXT_ARGS(order->invoice_no),
                            (long long)order->invoice_date.seconds, order->cancelled,
                            (unsigned long long)order->lines, (long long)order->items, amount);
}

static void describe_customer(mr_store *store, int64_t customer_id, mr_buffer *out)
{
    mr_store_order_query query = {
        .customer_id = customer_id, .orders = true, .cancellations = true};
    mr_store_customer customer = customer_of(store, customer_id);
    char spent[mr_amount_text_bytes_max], returned[mr_amount_text_bytes_max];

    mr_amount_format(customer.spent, 0, spent);
    mr_amount_format(customer.returned, 0, returned);
    mr_buffer_printf(
        out, "customer %lld '%s' %s %s %s %llu %llu %llu %lld %lld\n", (long long)customer_id,
        customer.name, customer.country, spent, returned, (unsigned long long)customer.orders,
        (unsigned long long)customer.cancellations, (unsigned long long)customer.lines,
        (long long)customer.first_order.seconds, (long long)customer.last_order.seconds);
    assert_int_equal(mr_store_read_orders(store, &query, describe_order, out, NULL), MR_OK);
}

static void describe_totals(mr_store *store, mr_buffer *out)
{
    mr_store_totals totals = totals_of(store);
    char sales[mr_amount_text_bytes_max], cancelled[mr_amount_text_bytes_max];

    mr_amount_format(totals.sales, 0, sales);
    mr_amount_format(totals.cancelled, 0, cancelled);
    mr_buffer_printf(out, "%llu %llu %llu %llu %llu %llu %s %s\n", (unsigned long long)totals.lines,
                     (unsigned long long)totals.invoices,
                     (unsigned long long)totals.cancelled_invoices,
                     (unsigned long long)totals.customers, (unsigned long long)totals.products,
                     (unsigned long long)totals.countries, sales, cancelled);
}

/* Everything the store can tell about the crowd, as text. */
static void describe(mr_store *store, const test_crowd *crowd, mr_buffer *out)
{
    size_t index;

    mr_buffer_clear(out);
    describe_totals(store, out);
    for (index = 1; index < crowd_customers; index++) {
        describe_customer(store, (int64_t)index, out);
    }
    for (index = 0; index < crowd_invoices; index++) {
        describe_invoice(store, crowd->invoices[index], out);
    }
    assert_true(mr_buffer_append(out, "", 1));
}

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
    store_fixture in_order = {.url = other->url};
    test_crowd *crowd = mr_alloc(sizeof(*crowd));
    mr_buffer expected, got;
    mr_random random;
    int pass;

    mr_buffer_init(&expected, crowd_answer_bytes_max);
    mr_buffer_init(&got, crowd_answer_bytes_max);
    mr_random_seed(&random, 11);
    make_crowd(crowd);
    fixture_make_folder(&in_order);
    in_order.store = open_store(&in_order, MR_STORE_WRITE);
    apply_items(in_order.store, &fixture_source, crowd->items, crowd_events);
    describe(in_order.store, crowd, &expected);
    for (pass = 0; pass < 2; pass++) { /* the second brings only what is known */
        shuffle(crowd->items, crowd_events, &random);
        apply_in_batches(other->store, crowd, &random);
        mr_store_close(other->store);
        other->store = open_store(other, MR_STORE_WRITE);
        describe(other->store, crowd, &got);
        assert_string_equal(got.data, expected.data);
    }
    mr_store_close(in_order.store);
    fixture_remove_folder(&in_order);
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

/* --- Transactions and positions --------------------------------------------------------------- */

static void what_was_not_committed_is_gone(void **state)
{
    store_fixture *fixture = *state;
    mr_event event = event_of(&(test_line){.quantity = 1});
    mr_store_item item = {.event = &event};

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    assert_int_equal(totals_of(fixture->store).lines, 1); /* its own transaction sees it */
    mr_store_close(fixture->store);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    assert_int_equal(totals_of(fixture->store).lines, 0);
    assert_int_equal(position_of(fixture->store, &fixture_source), 0);
}

static void a_rollback_forgets_everything_it_had_seen(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_event event = event_of(&(test_line){.quantity = 1,
                                           .price = 10000,
                                           .customer_id = 5,
                                           .country = "Eire",
                                           .description = "LANTERN"});
    mr_store_item item = {.event = &event};

    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    mr_store_rollback(store);
    assert_int_equal(position_of(store, &fixture_source), 0);
    apply_items(store, &fixture_source, &item, 1);
    assert_int_equal(item.verdict, MR_STORE_INSERTED);
    assert_int_equal(totals_of(store).customers, 1);
    assert_int_equal(totals_of(store).countries, 1);
    assert_string_equal(customer_of(store, 5).country, "Eire");
    assert_amount(invoice_of(store, "536365").total, "1");
    assert_description(store, "LANTERN");
}

static void a_killed_writer_leaves_only_what_it_committed(void **state)
{
    store_fixture *fixture = *state;
    pid_t child;
    int exit_status = -1;

    mr_store_close(fixture->store);
    fixture->store = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mr_event first = event_of(&(test_line){.quantity = 1}),
                 second = event_of(&(test_line){.quantity = 2});
        mr_store_item items[] = {{.event = &first}, {.event = &second, .offset = 1}};
        mr_store *store = open_store(fixture, MR_STORE_WRITE);

        apply_items(store, &fixture_source, items, 1);
        _exit(mr_store_apply(store, &fixture_source, 1, 2, items + 1, 1, NULL) == MR_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_int_equal(exit_status, 0);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    assert_int_equal(totals_of(fixture->store).lines, 1);
    assert_int_equal(position_of(fixture->store, &fixture_source), 1);
}

static void a_writer_that_lost_its_position_is_fenced(void **state)
{
    store_fixture *fixture = *state;
    mr_store *rival = open_store(fixture, MR_STORE_WRITE);
    mr_event event = event_of(&(test_line){.quantity = 1});
    mr_store_item item = {.event = &event};
    mr_err err;

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 3, 4, &item, 1, &err),
                     MR_EXISTS); /* nothing was taken yet, so it stands at 0 */
    apply_items(rival, &fixture_source, &item, 1);
    event = event_of(&(test_line){.quantity = 2});
    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, &err),
                     MR_EXISTS);
    assert_non_null(strstr(err.message, "is 1, not 0"));
    assert_int_equal(totals_of(fixture->store).lines, 1);
    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 1, 2, &item, 1, &err), MR_OK);
    assert_int_equal(mr_store_commit(fixture->store, &err), MR_OK);
    mr_store_close(rival);
}

static void two_writers_of_two_partitions_add_up(void **state)
{
    static const mr_store_source other = {"store", "ingestion-topic", 1};
    store_fixture *fixture = *state;
    mr_store *rival = open_store(fixture, MR_STORE_WRITE);
    int32_t round;

    for (round = 1; round <= 3; round++) {
        mr_event ours = event_of(&(test_line){.quantity = round,
                                              .price = 10000,
                                              .customer_id = 5,
                                              .country = "Eire",
                                              .date_seconds = 10 * round});
        mr_event theirs = event_of(&(test_line){.quantity = 10 * round,
                                                .price = 10000,
                                                .customer_id = 5,
                                                .country = "Spain",
                                                .date_seconds = 10 * round + 1});
        mr_store_item item = {.event = &ours, .offset = round};

        apply_items(fixture->store, &fixture_source, &item, 1);
        item.event = &theirs;
        apply_items(rival, &other, &item, 1);
    }
    assert_amount(customer_of(fixture->store, 5).spent, "66");
    assert_string_equal(customer_of(fixture->store, 5).country, "Spain");
    assert_int_equal(totals_of(fixture->store).lines, 6);
    assert_int_equal(totals_of(fixture->store).countries, 2);
    mr_store_close(rival);
}

static bool append_position(void *ctx, const mr_store_source *source, int64_t next_offset)
{
    return mr_buffer_printf(ctx, "%s %s %d %lld\n", source->group, source->topic,
                            (int)source->partition, (long long)next_offset);
}

static void positions_move_with_batches_and_by_hand(void **state)
{
    static const mr_store_source second = {"store", "ingestion-topic", 1};
    mr_store *store = ((store_fixture *)*state)->store;
    mr_buffer list;

    mr_buffer_init(&list, 4096);
    assert_int_equal(position_of(store, &fixture_source), 0);
    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 0, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 70, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_store_apply(store, &second, 0, 8, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_store_commit(store, NULL), MR_OK);
    assert_int_equal(mr_store_reposition(store, &fixture_source, 5, NULL), MR_OK);
    assert_int_equal(position_of(store, &fixture_source), 5);
    assert_int_equal(mr_store_read_positions(store, append_position, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "store ingestion-topic 0 5\nstore ingestion-topic 1 8\n");
    mr_buffer_free(&list);
}

static void a_reader_sees_what_was_committed(void **state)
{
    store_fixture *fixture = *state;
    mr_store *reader = open_store(fixture, MR_STORE_READ);
    mr_event event = event_of(&(test_line){.quantity = 1, .price = 5, .customer_id = 5});
    mr_store_item item = {.event = &event};

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    assert_int_equal(totals_of(reader).lines, 0);
    assert_int_equal(mr_store_commit(fixture->store, NULL), MR_OK);
    assert_int_equal(totals_of(reader).lines, 1);
    assert_amount(customer_of(reader, 5).spent, "0.0005");
    mr_store_close(reader);
}

static void texts_of_any_script_and_length_come_back(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    char name[4 * mr_event_customer_name_length_max + 1];
    size_t index;

    for (index = 0; index + 4 < sizeof(name); index += 4) {
        memcpy(name + index, "\xf0\x9f\x8e\x81", 4);
    }
    name[sizeof(name) - 1] = '\0';
    APPLY(store, .invoice_no = "Ж'\"-1", .customer_id = -5, .name = name, .country = "Österreich");
    assert_string_equal(customer_of(store, -5).name, name);
    assert_string_equal(invoice_of(store, "Ж'\"-1").country, "Österreich");
    assert_string_equal(invoice_of(store, "Ж'\"-1").customer_name, name);
}

#define STORE_CONTRACT(setup, teardown)                                                            \
    cmocka_unit_test_setup_teardown(keeps_an_event_once, setup, teardown),                         \
        cmocka_unit_test_setup_teardown(keeps_an_event_once_within_a_batch, setup, teardown),      \
        cmocka_unit_test_setup_teardown(the_first_of_two_events_under_one_key_stays, setup,        \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_key_names_a_line_within_its_invoice, setup, teardown),   \
        cmocka_unit_test_setup_teardown(guests_count_in_totals_and_belong_to_nobody, setup,        \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_cancellation_is_a_return, setup, teardown),              \
        cmocka_unit_test_setup_teardown(an_invoice_is_as_old_as_its_earliest_line, setup,          \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(the_latest_line_names_a_customer_and_his_country, setup,   \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(the_latest_description_that_is_not_empty_wins, setup,      \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(several_customers_on_one_invoice_each_see_their_lines,     \
                                        setup, teardown),                                          \
        cmocka_unit_test_setup_teardown(sums_are_exact_beyond_64_bits, setup, teardown),           \
        cmocka_unit_test_setup_teardown(a_receipt_tells_where_an_event_went, setup, teardown),     \
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, setup, teardown),          \
        cmocka_unit_test_setup_teardown(orders_are_listed_newest_first_by_page_and_kind, setup,    \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(the_best_customers_are_ranked_by_spend, setup, teardown),  \
        cmocka_unit_test_setup_teardown(answers_do_not_depend_on_the_order_of_arrival, setup,      \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(sums_are_those_of_a_plain_loop_over_the_events, setup,     \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_batch_larger_than_every_cache_is_applied_whole, setup,   \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(what_was_not_committed_is_gone, setup, teardown),          \
        cmocka_unit_test_setup_teardown(a_rollback_forgets_everything_it_had_seen, setup,          \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_only_what_it_committed, setup,      \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_writer_that_lost_its_position_is_fenced, setup,          \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(two_writers_of_two_partitions_add_up, setup, teardown),    \
        cmocka_unit_test_setup_teardown(positions_move_with_batches_and_by_hand, setup, teardown), \
        cmocka_unit_test_setup_teardown(a_reader_sees_what_was_committed, setup, teardown),        \
        cmocka_unit_test_setup_teardown(texts_of_any_script_and_length_come_back, setup, teardown)

#endif
