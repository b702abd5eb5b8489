/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract_portal.h - what store_portal.h promises, for any backend: finding
 * customers, months, pages of orders and returned items, own invoices, returns, changes, limits. */
#ifndef MR_TESTS_STORE_CONTRACT_PORTAL_H
#define MR_TESTS_STORE_CONTRACT_PORTAL_H

#include "base/civil.h"
#include "store/store_portal.h"
#include "store_fixture.h"

static mr_civil portal_date(int32_t year, uint8_t month, uint8_t day)
{
    mr_civil date;

    assert_true(mr_civil_make((mr_civil_parts){.year = year, .month = month, .day = day}, &date));
    return date;
}

/* --- Customers -------------------------------------------------------------------------------- */

static void customers_are_found_by_the_beginning_of_id_or_name(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .invoice_no = "1", .customer_id = 149, .price = 10000, .quantity = 2);
    APPLY(store, .invoice_no = "2", .customer_id = 14911, .name = "Mary O'Brien-Smith 7");
    APPLY(store, .invoice_no = "3", .customer_id = 1490, .name = "JEAN-LUC MÜLLER");
    APPLY(store, .invoice_no = "4", .customer_id = 7, .name = "Jean Brien");
    APPLY(store, .invoice_no = "5", .customer_id = -149, .name = "Ελένη");
    assert_found(store, "149", 10, "149/2/1 1490/0/1 14911/0/1 ");
    assert_found(store, " 149 ", 2, "149/2/1 1490/0/1 ");
    assert_found(store, "-1", 10, "-149/0/1 ");
    assert_found(store, "7", 10, "7/0/1 14911/0/1 "); /* and a name with a 7 */
    assert_found(store, "0149", 10, "");
    assert_found(store, "99999999999999999999", 10, "");
    assert_found(store, "9223372036854775807", 10, "");
    assert_found(store, "brien", 10, "7/0/1 14911/0/1 ");
    assert_found(store, "BRI jea", 10, "7/0/1 ");
    assert_found(store, "o'brien", 10, "14911/0/1 ");
    assert_found(store, "müller", 10, "1490/0/1 ");
    assert_found(store, "Ελέ", 10, "-149/0/1 ");
    assert_found(store, "rien", 10, "");
    assert_found(store, "'\" OR 1 * NEAR(", 10, "");
    assert_found(store, "...", 10, "");
    assert_found(store, "", 2, "-149/0/1 7/0/1 ");
}

static void found_customers_come_in_pages_without_gap_or_repetition(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    assert_found_paged(store, "", 2, "| ");
    APPLY(store, .invoice_no = "1", .customer_id = 7, .name = "Jean");
    APPLY(store, .invoice_no = "2", .customer_id = 70, .name = "Channel 7");
    APPLY(store, .invoice_no = "3", .customer_id = 7000, .name = "Seven");
    APPLY(store, .invoice_no = "4", .customer_id = 12, .name = "7 Eleven");
    APPLY(store, .invoice_no = "5", .customer_id = 5, .name = "Number 7");
    APPLY(store, .invoice_no = "6", .customer_id = -71);
    APPLY(store, .invoice_no = "7", .customer_id = INT64_MAX, .name = "Number 70");
    assert_found_paged(store, "", 3,
                       "-71/0/1 5/0/1 7/0/1 | 12/0/1 70/0/1 7000/0/1 | "
                       "9223372036854775807/0/1 | ");
    assert_found_paged(store, "", 7,
                       "-71/0/1 5/0/1 7/0/1 12/0/1 70/0/1 7000/0/1 9223372036854775807/0/1 | ");
    /* By id first; by name those that were not by id, with 70 between them. */
    assert_found_paged(store, "7", 1,
                       "7/0/1 | 70/0/1 | 7000/0/1 | 5/0/1 | 12/0/1 | 9223372036854775807/0/1 | ");
    assert_found_paged(store, "7", 4,
                       "7/0/1 70/0/1 7000/0/1 5/0/1 | 12/0/1 9223372036854775807/0/1 | ");
    assert_found_paged(store, "-7", 1,
                       "-71/0/1 | 5/0/1 | 12/0/1 | 70/0/1 | 9223372036854775807/0/1 | ");
    assert_found_paged(store, "9223372036854775807", 1, "9223372036854775807/0/1 | ");
}

static void a_changed_name_is_found_and_the_old_one_is_not(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .invoice_no = "1", .customer_id = 5, .name = "Before Marriage",
          .date_seconds = 100);
    assert_found(store, "before", 10, "5/0/1 ");
    APPLY(store, .invoice_no = "2", .customer_id = 5, .name = "After Marriage",
          .date_seconds = 200);
    APPLY(store, .invoice_no = "3", .customer_id = 5, .date_seconds = 300);
    assert_found(store, "before", 10, "");
    assert_found(store, "after marr", 10, "5/0/3 ");
}

static bool list_month(void *ctx, const mr_store_month *month)
{
    char spent[mr_amount_text_bytes_max], returned[mr_amount_text_bytes_max];

    mr_amount_format(month->spent, 0, spent);
    mr_amount_format(month->returned, 0, returned);
    return mr_buffer_printf(ctx, "%d-%02d/%s/%s/%llu/%llu ", (int)month->year, (int)month->month,
                            spent, returned, (unsigned long long)month->orders,
                            (unsigned long long)month->cancellations);
}

static void months_follow_each_other_without_gaps(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_buffer list;

    APPLY(store, .invoice_no = "1", .customer_id = 5, .price = 12345, .quantity = 1,
          .date_seconds = portal_date(2010, 11, 30).seconds);
    APPLY(store, .invoice_no = "2", .customer_id = 5, .price = 10000, .quantity = 3,
          .date_seconds = portal_date(2011, 2, 1).seconds);
    APPLY(store, .invoice_no = "C3", .customer_id = 5, .price = 10000, .quantity = -2,
          .date_seconds = portal_date(2011, 2, 28).seconds);
    APPLY(store, .invoice_no = "4", .customer_id = 6, .price = 10000, .quantity = 3,
          .date_seconds = portal_date(2011, 5, 1).seconds);
    mr_buffer_init(&list, portal_list_bytes_max);
    assert_int_equal(mr_store_read_months(store, 5, list_month, &list, NULL), MR_OK);
    portal_expect(&list, "2010-11/1.2345/0/1/0 2010-12/0/0/0/0 2011-01/0/0/0/0 2011-02/3/-2/1/1 ");
    mr_buffer_init(&list, portal_list_bytes_max);
    assert_int_equal(mr_store_read_months(store, 9, list_month, &list, NULL), MR_OK);
    portal_expect(&list, "");
}

/* --- Pages of orders -------------------------------------------------------------------------- */

static bool list_order(void *ctx, const mr_store_page_order *order)
{
    return mr_buffer_printf(ctx, "%.*s ", MR_TEXT_ARGS(order->order.invoice_no));
}

/* All pages of `limit` rows, one behind the other; total and sum are the same on each. */
static void assert_pages(mr_store *store, mr_store_page_query query, const char *expected,
                         const char *sum)
{
    mr_store_page page = {.has_next = true}, last;
    mr_buffer list;
    mr_err err = {.message = ""};
    uint64_t rows = 0;

    mr_buffer_init(&list, portal_list_bytes_max);
    while (page.has_next) {
        last = page;
        query.after = rows == 0 ? NULL : &last.last;
        if (mr_store_read_order_page(store, &query, &page, list_order, &list, &err) != MR_OK) {
            fail_msg("%s", err.message);
        }
        assert_amount(page.sum, sum);
        rows++;
        assert_true(rows < 100);
    }
    portal_expect(&list, expected);
}

static mr_store_page_query orders_of(int64_t customer_id)
{
    return (mr_store_page_query){
        .customer_id = customer_id, .orders = true, .cancellations = true, .limit = 2};
}

static void apply_portal_orders(mr_store *store)
{
    const int64_t most = INT64_C(999999999999999999);

    APPLY(store, .invoice_no = "11", .customer_id = 5, .date_seconds = 300, .quantity = 5,
          .price = 20000, .stock_code = "22423", .description = "REGENCY CAKESTAND 3 TIER");
    APPLY(store, .invoice_no = "12", .customer_id = 5, .date_seconds = 100, .quantity = 10,
          .price = 10000, .stock_code = "85099B", .description = "JUMBO BAG  RED-RETROSPOT");
    APPLY(store, .invoice_no = "C13", .customer_id = 5, .date_seconds = 200, .quantity = -1,
          .price = 20000, .stock_code = "22423");
    APPLY(store, .invoice_no = "21", .customer_id = 5, .date_seconds = 300, .quantity = INT32_MAX,
          .price = most, .stock_code = "Big");
    APPLY(store, .invoice_no = "22", .customer_id = 5, .date_seconds = 400, .quantity = INT32_MAX,
          .price = most - 1, .stock_code = "Big2", .description = "Ödland Café");
    APPLY(store, .invoice_no = "11", .customer_id = 6, .date_seconds = 300, .quantity = 1,
          .price = 10000, .stock_code = "85099B");
}

static void orders_are_paged_by_any_order_both_ways(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    const char *sum = "429496729399999999355772.9059";
    mr_store_page_query query = orders_of(5);

    apply_portal_orders(store);
    for (query.limit = 1; query.limit <= 6; query.limit++) {
        query.ascending = false;
        query.sort = MR_STORE_BY_DATE;
        assert_pages(store, query, "22 21 11 C13 12 ", sum);
        query.sort = MR_STORE_BY_AMOUNT; /* a double could not tell the first two apart */
        assert_pages(store, query, "21 22 12 11 C13 ", sum);
        query.sort = MR_STORE_BY_ITEMS;
        assert_pages(store, query, "22 21 12 11 C13 ", sum);
        query.sort = MR_STORE_BY_NUMBER;
        assert_pages(store, query, "C13 22 21 12 11 ", sum);
        query.ascending = true;
        assert_pages(store, query, "11 12 21 22 C13 ", sum);
        query.sort = MR_STORE_BY_AMOUNT;
        assert_pages(store, query, "C13 11 12 22 21 ", sum);
        query.sort = MR_STORE_BY_DATE;
        assert_pages(store, query, "12 C13 11 21 22 ", sum);
    }
    assert_pages(store, orders_of(6), "11 ", "1");
    assert_pages(store, orders_of(7), "", "0");
}

static void orders_are_filtered_by_kind_date_and_words(void **state)
{
    static const struct {
        const char *search, *found;
    } searches[] = {
        {"1", "11 12 "},
        {"c1", "C13 "},
        {"cake", "11 C13 "},
        {"224", "11 C13 "},
        {"CAKE reg 3", "11 C13 "},
        {"akestand", ""},
        {"retro", "12 "},
        {"bag 850", "12 "},
        {"cake bag", ""},
        {"ödl cafÉ", "22 "},
        {"big", "21 22 "},
        {"  ", "11 12 21 22 C13 "},
        {"%", ""},
        {"_", ""},
        {"' OR 1=1 --", ""},
    };
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_page_query query = orders_of(5);
    mr_store_page page;
    size_t index;

    apply_portal_orders(store);
    query.sort = MR_STORE_BY_NUMBER;
    query.ascending = true;
    query.limit = 10;
    for (index = 0; index < sizeof(searches) / sizeof(searches[0]); index++) {
        mr_buffer list;

        query.search = mr_text_of(searches[index].search);
        mr_buffer_init(&list, portal_list_bytes_max);
        assert_int_equal(mr_store_read_order_page(store, &query, &page, list_order, &list, NULL),
                         MR_OK);
        portal_expect(&list, searches[index].found);
    }
    query.search = mr_text_of("cake");
    query.cancellations = false;
    assert_pages(store, query, "11 ", "10");
    query = orders_of(5);
    query.orders = false;
    assert_pages(store, query, "C13 ", "-2");
    query = orders_of(5);
    query.has_from = query.has_to = true;
    query.from.seconds = 200;
    query.to.seconds = 300;
    assert_pages(store, query, "C13 ", "-2");
    query.search = mr_text_of("cake");
    assert_pages(store, query, "C13 ", "-2");
    query.from.seconds = 300;
    query.to.seconds = 301;
    assert_pages(store, query, "11 ", "10");
}

static bool list_products(void *ctx, const mr_store_page_order *order)
{
    size_t index;

    mr_buffer_printf(ctx, "%.*s:", MR_TEXT_ARGS(order->order.invoice_no));
    for (index = 0; index < order->product_count; index++) {
        mr_buffer_printf(ctx, " %.*s,", MR_TEXT_ARGS(order->products[index]));
    }
    return mr_buffer_printf(ctx, " +%llu; ", (unsigned long long)order->product_more);
}

static void an_order_shows_its_first_two_products_and_counts_the_others(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_page_query query = orders_of(5);
    mr_store_page page;
    mr_buffer list;

    APPLY(store, .invoice_no = "\"1'", .customer_id = 5, .stock_code = "Z", .description = "Zebra");
    APPLY(store, .invoice_no = "\"1'", .customer_id = 5, .stock_code = "A");
    APPLY(store, .invoice_no = "\"1'", .customer_id = 5, .stock_code = "Z", .quantity = 2);
    APPLY(store, .invoice_no = "\"1'", .customer_id = 5, .stock_code = "B");
    APPLY(store, .invoice_no = "\"1'", .customer_id = 5, .stock_code = "C");
    APPLY(store, .invoice_no = "\"1'", .customer_id = 6, .stock_code = "other's");
    APPLY(store, .invoice_no = "2", .customer_id = 5, .stock_code = "B", .date_seconds = 2000);
    mr_buffer_init(&list, portal_list_bytes_max);
    assert_int_equal(mr_store_read_order_page(store, &query, &page, list_products, &list, NULL),
                     MR_OK);
    portal_expect(&list, "2: B, +0; \"1': Zebra, A, +2; ");
    assert_int_equal(page.total, 2);
    assert_false(page.has_next);
}

static bool list_item(void *ctx, const mr_store_item_row *item)
{
    char amount[mr_amount_text_bytes_max];

    mr_amount_format(item->line.amount, 0, amount);
    return mr_buffer_printf(ctx, "%.*s/%.*s/%d/%s ", MR_TEXT_ARGS(item->invoice_no),
                            MR_TEXT_ARGS(item->line.stock_code), (int)item->line.quantity, amount);
}

static void returned_items_are_the_lines_of_ones_own_cancellations(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_page_query query = orders_of(5);
    mr_store_page page, next;
    mr_buffer list;

    APPLY(store, .invoice_no = "1", .customer_id = 5, .quantity = 1, .price = 10000);
    APPLY(store, .invoice_no = "C2", .customer_id = 5, .quantity = -1, .price = 10000,
          .stock_code = "A");
    APPLY(store, .invoice_no = "C2", .customer_id = 5, .quantity = -3, .price = 5000,
          .stock_code = "B");
    APPLY(store, .invoice_no = "C3", .customer_id = 5, .quantity = -2, .price = 10000,
          .stock_code = "A", .date_seconds = 2000);
    APPLY(store, .invoice_no = "C3", .customer_id = 6, .quantity = -9, .price = 10000);
    query.orders = false;
    query.sort = MR_STORE_BY_AMOUNT;
    query.ascending = true;
    mr_buffer_init(&list, portal_list_bytes_max);
    assert_int_equal(mr_store_read_item_page(store, &query, &page, list_item, &list, NULL), MR_OK);
    assert_int_equal(page.total, 3);
    assert_amount(page.sum, "-4.5");
    assert_true(page.has_next);
    query.after = &page.last;
    assert_int_equal(mr_store_read_item_page(store, &query, &next, list_item, &list, NULL), MR_OK);
    assert_false(next.has_next);
    portal_expect(&list, "C3/A/-2/-2 C2/B/-3/-1.5 C2/A/-1/-1 ");
}

/* --- Invoices --------------------------------------------------------------------------------- */

static void an_invoice_shows_a_customer_only_what_is_his(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_invoice invoice;
    char description[64] = "";

    APPLY(store, .invoice_no = "1", .customer_id = 5, .quantity = 1, .price = 10000,
          .description = "mine");
    APPLY(store, .invoice_no = "1", .customer_id = 6, .quantity = 7, .price = 10000,
          .stock_code = "X", .description = "another's", .country = "Malta", .date_seconds = 2000);
    assert_int_equal(mr_store_read_own_invoice(store, mr_text_of("1"), 5, &invoice,
                                               keep_description, description, NULL),
                     MR_OK);
    assert_amount(invoice.total, "1");
    assert_int_equal(invoice.lines, 1);
    assert_int_equal(invoice.customer_id, 5);
    assert_string_equal(invoice.country, "United Kingdom");
    assert_string_equal(description, "mine");
    assert_int_equal(
        mr_store_read_own_invoice(store, mr_text_of("1"), 7, &invoice, NULL, NULL, NULL),
        MR_NOT_FOUND);
    assert_int_equal(
        mr_store_read_own_invoice(store, mr_text_of("2"), 5, &invoice, NULL, NULL, NULL),
        MR_NOT_FOUND);
}

static bool list_related(void *ctx, const mr_store_related *related)
{
    char amount[mr_amount_text_bytes_max];

    mr_amount_format(related->amount, 0, amount);
    return mr_buffer_printf(ctx, "%.*s/%.*s/%s ", MR_TEXT_ARGS(related->invoice_no),
                            MR_TEXT_ARGS(related->stock_code), amount);
}

static void assert_related(mr_store *store, const char *invoice_no, const char *expected)
{
    mr_store_invoice invoice = invoice_of(store, invoice_no);
    mr_buffer list;

    mr_buffer_init(&list, portal_list_bytes_max);
    assert_int_equal(mr_store_read_related(store, &invoice, list_related, &list, NULL), MR_OK);
    portal_expect(&list, expected);
}

/* Of a shop whose customers had no names at first. */
static void a_name_that_comes_later_is_found(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    for (int64_t customer = 1; customer <= 20; customer++) {
        char number[8];

        (void)snprintf(number, sizeof(number), "%lld", (long long)customer);
        APPLY(store, .invoice_no = number, .customer_id = customer, .date_seconds = 100);
    }
    for (int64_t customer = 1; customer <= 20; customer++) {
        APPLY(store, .invoice_no = "late", .customer_id = customer, .name = "Omar Bolton",
              .date_seconds = 200 + customer);
    }
    assert_found(store, "bolton", 3, "1/0/2 2/0/2 3/0/2 ");
    APPLY(store, .invoice_no = "later", .customer_id = 1, .name = "Ada King", .date_seconds = 900);
    assert_found(store, "king", 10, "1/0/3 ");
    assert_found(store, "bolton", 2, "2/0/2 3/0/2 ");
}

static void an_order_and_its_returns_find_each_other(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;

    APPLY(store, .invoice_no = "C0", .customer_id = 5, .stock_code = "A", .date_seconds = 50);
    APPLY(store, .invoice_no = "1", .customer_id = 5, .stock_code = "A", .date_seconds = 100);
    APPLY(store, .invoice_no = "1", .customer_id = 5, .stock_code = "B", .date_seconds = 100);
    APPLY(store, .invoice_no = "2", .customer_id = 5, .stock_code = "A", .date_seconds = 200);
    APPLY(store, .invoice_no = "C3", .customer_id = 5, .stock_code = "A", .date_seconds = 300,
          .quantity = -1, .price = 10000);
    APPLY(store, .invoice_no = "C3", .customer_id = 5, .stock_code = "A", .date_seconds = 300,
          .quantity = -2, .price = 10000);
    APPLY(store, .invoice_no = "C3", .customer_id = 5, .stock_code = "B", .date_seconds = 300,
          .quantity = -1, .price = 10000);
    APPLY(store, .invoice_no = "C3", .customer_id = 5, .stock_code = "Z", .date_seconds = 300);
    APPLY(store, .invoice_no = "C4", .customer_id = 6, .stock_code = "A", .date_seconds = 300);
    APPLY(store, .invoice_no = "5", .stock_code = "A", .date_seconds = 100);
    assert_related(store, "1", "C3/A/-3 C3/B/-1 ");
    assert_related(store, "2", "C3/A/-3 ");
    assert_related(store, "C3", "2/A/0 1/A/0 1/B/0 ");
    assert_related(store, "C4", "");
    assert_related(store, "C0", "");
    assert_related(store, "5", "");
}

/* --- Changes, snapshots, limits --------------------------------------------------------------- */

static void a_change_is_told_by_version_events_and_time(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_store_change none = change_of(store), one, two;
    int64_t before_ms = mr_now_ms();

    assert_int_equal(none.events, 0);
    assert_int_equal(none.at_ms, 0);
    APPLY(store, .invoice_no = "1");
    one = change_of(store);
    assert_int_equal(one.events, 1);
    assert_true(one.version != none.version);
    assert_true(one.at_ms >= before_ms && one.at_ms <= mr_now_ms());
    assert_true(change_of(store).version == one.version);
    APPLY(store, .invoice_no = "1");
    two = change_of(store);
    assert_true(two.version != one.version && two.at_ms >= one.at_ms);
}

static void a_snapshot_stands_still_while_others_write(void **state)
{
    const store_fixture *fixture = *state;
    mr_store *reader = open_store(fixture, MR_STORE_READ);

    APPLY(fixture->store, .invoice_no = "1", .customer_id = 5, .quantity = 1, .price = 10000);
    assert_int_equal(mr_store_begin_snapshot(reader, NULL), MR_OK);
    assert_int_equal(customer_of(reader, 5).orders, 1);
    APPLY(fixture->store, .invoice_no = "2", .customer_id = 5, .quantity = 1, .price = 10000);
    assert_int_equal(customer_of(reader, 5).orders, 1);
    assert_int_equal(invoice_of(reader, "1").lines, 1);
    assert_pages(reader, orders_of(5), "1 ", "1");
    mr_store_end_snapshot(reader);
    mr_store_end_snapshot(reader);
    assert_pages(reader, orders_of(5), "2 1 ", "2");
    mr_store_close(reader);
}

enum { limited_lines = 6000 };

static bool is_stopped(const void *ctx)
{
    return *(const bool *)ctx;
}

static void a_limit_ends_an_answer_and_the_next_one_works(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_event *events = mr_alloc_zero(limited_lines, sizeof(*events));
    mr_store_item *items = mr_alloc_zero(limited_lines, sizeof(*items));
    mr_store_page_query query = orders_of(5);
    bool stop = false;
    mr_store_page page;
    mr_err err;
    int32_t index;

    for (index = 0; index < limited_lines; index++) {
        events[index] = event_of(&(test_line){.customer_id = 5, .quantity = index});
        items[index] = (mr_store_item){.event = &events[index], .offset = index};
    }
    apply_items(store, &fixture_source, items, limited_lines);
    query.search = mr_text_of("nothing");
    mr_store_set_limit(store, &(mr_store_limit){.deadline_us = 1});
    assert_int_equal(mr_store_read_order_page(store, &query, &page, NULL, NULL, &err), MR_STOPPED);
    mr_store_set_limit(store, &(mr_store_limit){.is_over = is_stopped, .ctx = &stop});
    assert_int_equal(mr_store_read_order_page(store, &query, &page, NULL, NULL, &err), MR_OK);
    assert_int_equal(page.total, 0);
    stop = true;
    assert_int_equal(mr_store_read_order_page(store, &query, &page, NULL, NULL, &err), MR_STOPPED);
    mr_store_set_limit(store, NULL);
    assert_int_equal(mr_store_read_order_page(store, &query, &page, NULL, NULL, &err), MR_OK);
    free(events);
    free(items);
}

#define STORE_CONTRACT_PORTAL(setup, teardown)                                                     \
    cmocka_unit_test_setup_teardown(customers_are_found_by_the_beginning_of_id_or_name, setup,     \
                                    teardown),                                                     \
        cmocka_unit_test_setup_teardown(found_customers_come_in_pages_without_gap_or_repetition,   \
                                        setup, teardown),                                          \
        cmocka_unit_test_setup_teardown(a_changed_name_is_found_and_the_old_one_is_not, setup,     \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(months_follow_each_other_without_gaps, setup, teardown),   \
        cmocka_unit_test_setup_teardown(orders_are_paged_by_any_order_both_ways, setup, teardown), \
        cmocka_unit_test_setup_teardown(orders_are_filtered_by_kind_date_and_words, setup,         \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(                                                           \
            an_order_shows_its_first_two_products_and_counts_the_others, setup, teardown),         \
        cmocka_unit_test_setup_teardown(returned_items_are_the_lines_of_ones_own_cancellations,    \
                                        setup, teardown),                                          \
        cmocka_unit_test_setup_teardown(an_invoice_shows_a_customer_only_what_is_his, setup,       \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_name_that_comes_later_is_found, setup, teardown),        \
        cmocka_unit_test_setup_teardown(an_order_and_its_returns_find_each_other, setup,           \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_change_is_told_by_version_events_and_time, setup,        \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_snapshot_stands_still_while_others_write, setup,         \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_limit_ends_an_answer_and_the_next_one_works, setup,      \
                                        teardown)

#endif
