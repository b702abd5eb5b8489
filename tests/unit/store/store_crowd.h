/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_crowd.h - many events at random from a fixed seed, and all that a
 * store tells about them, as text. Every field has few values, so that everything collides: several
 * customers and guests on an invoice, ties of dates, empty descriptions. */
#ifndef MR_TESTS_STORE_CROWD_H
#define MR_TESTS_STORE_CROWD_H

#include "store_fixture.h"

enum {
    crowd_events = 1200,
    crowd_invoices = 60,
    crowd_customers = 25,
    crowd_answer_bytes_max = 4194304,
};

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

#endif
