/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract_answers.h - what the store answers: sums, receipts, lists,
 * rankings, texts. */
#ifndef MR_TESTS_STORE_CONTRACT_ANSWERS_H
#define MR_TESTS_STORE_CONTRACT_ANSWERS_H

#include "store_fixture.h"

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

#endif
