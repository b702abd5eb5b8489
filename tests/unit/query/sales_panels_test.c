/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_panels_test.c - customers in each order, searched, page by page, against plain SQL.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/sales_ask.h"
#include "query/sales_panels.h"

/* Appends the numbers of a page's customers, "12;7;"; *next is the cursor for the following one. */
static void list_page(const mr_sales_result *result, const mr_sales_page *page, mr_buffer *next,
                      char *ret_text)
{
    mr_buffer out, behind;
    mr_sales_rows rows = {.csv = true, .out = &out};
    mr_sales_shown shown = {.next = &behind};

    mr_buffer_init(&out, sql_bytes_max);
    mr_buffer_init(&behind, sql_bytes_max);
    assert_int_equal(
        mr_sales_panel_write(result, MR_SALES_PANEL_CUSTOMERS, page, &rows, &shown, NULL), MR_OK);
    assert_true(shown.total >= rows.count);
    (void)mr_buffer_append(&out, "", 1);
    for (char *line = out.data; *line != '\0'; line = strchr(line, '\n') + 1) {
        (void)snprintf(ret_text + strlen(ret_text), sql_bytes_max - strlen(ret_text), "%.*s;",
                       (int)strcspn(line, ","), line);
    }
    mr_buffer_clear(next);
    (void)mr_buffer_append_text(next, mr_buffer_text(&behind));
    assert_true(next->bytes == 0 ||
                mr_sales_panel_takes(MR_SALES_PANEL_CUSTOMERS, mr_buffer_text(next)));
    mr_buffer_free(&out);
    mr_buffer_free(&behind);
}

/* The numbers of all customers in an order, read in pages. */
static void list_customers(const mr_sales_result *result, mr_sales_page page, char *ret_text)
{
    mr_buffer next;

    mr_buffer_init(&next, sql_bytes_max);
    ret_text[0] = '\0';
    page.limit = 13;
    do {
        list_page(result, &page, &next, ret_text);
        page.after = mr_buffer_text(&next);
    } while (next.bytes > 0);
    mr_buffer_free(&next);
}

/* Those of SQL, with an order and a condition on the customer. */
static void list_sql(shop *s, const mr_sales_result *result, const char *order, const char *having,
                     char *ret_text)
{
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_NONE};
    char tail[512];

    (void)snprintf(tail, sizeof tail,
                   "WHERE CustomerID IS NOT NULL GROUP BY CustomerID HAVING %s > 0 AND %s"
                   " ORDER BY %s",
                   ORDERS, having, order);
    ask_sql(s, "CustomerID", tail, &all, result->range, ret_text, sql_bytes_max);
}

#define LAST_ORDER "max(InvoiceDate) FILTER (InvoiceNo NOT LIKE 'C%')"

static const char *const orders_of[2 * MR_SALES_BUYERS_SORTS] = {
    [2 * MR_SALES_BUYERS_BY_SPENT] = SALES " DESC, CustomerID",
    [2 * MR_SALES_BUYERS_BY_SPENT + 1] = SALES ", CustomerID",
    [2 * MR_SALES_BUYERS_BY_ORDERS] = ORDERS " DESC, CustomerID",
    [2 * MR_SALES_BUYERS_BY_ORDERS + 1] = ORDERS ", CustomerID",
    [2 * MR_SALES_BUYERS_BY_LAST_ORDER] = LAST_ORDER " DESC, CustomerID",
    [2 * MR_SALES_BUYERS_BY_LAST_ORDER + 1] = LAST_ORDER ", CustomerID",
    [2 * MR_SALES_BUYERS_BY_NUMBER] = "CustomerID DESC",
    [2 * MR_SALES_BUYERS_BY_NUMBER + 1] = "CustomerID",
    [2 * MR_SALES_BUYERS_BY_NAME] = "CustomerID DESC",
    [2 * MR_SALES_BUYERS_BY_NAME + 1] = "CustomerID",
};

/* No customer of these has a name: that order is the one by number. */
static void customers_come_in_any_order_and_as_searched(void **state)
{
    static const struct {
        mr_text search;
        const char *having;
    } searches[] = {
        {{NULL, 0}, "true"},
        {MR_TEXT_LITERAL(" 1"), "CustomerID::VARCHAR LIKE '1%'"},
        {MR_TEXT_LITERAL("11"), "CustomerID = 11"},
        {MR_TEXT_LITERAL("Zoë"), "false"},
    };
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_NONE};
    char *expected = mr_alloc(sql_bytes_max), *got = mr_alloc(sql_bytes_max);
    mr_sales_result *result = NULL;

    commit(s, 0, 1000, false);
    bind(s);
    mr_sales_set *set = refresh(lake, NULL);
    (void)mr_sales_result_make(set, &all, &result, NULL);
    for (int order = 0; order < 2 * MR_SALES_BUYERS_SORTS; order++) {
        for (size_t index = 0; index < sizeof searches / sizeof searches[0]; index++) {
            const mr_sales_page page = {.buyers = (mr_sales_buyer_sort)(order / 2),
                                        .ascending = order % 2 == 1,
                                        .search = searches[index].search};

            list_sql(s, result, orders_of[order], searches[index].having, expected);
            list_customers(result, page, got);
            assert_string_equal(got, expected);
        }
    }
    mr_sales_result_free(result);
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
    free(expected);
    free(got);
}

/* By number, where new customers come before the cursor and behind it. */
static void a_cursor_means_the_same_place_in_a_later_version(void **state)
{
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_NONE};
    mr_sales_page page = {.buyers = MR_SALES_BUYERS_BY_NUMBER, .ascending = true, .limit = 10};
    char *got = mr_alloc_zero(1, sql_bytes_max), *expected = mr_alloc(sql_bytes_max), having[64];
    mr_sales_result *result = NULL;
    mr_buffer next;

    mr_buffer_init(&next, sql_bytes_max);
    commit(s, 0, 100, false);
    mr_sales_set *set = refresh(lake, NULL);
    (void)mr_sales_result_make(set, &all, &result, NULL);
    list_page(result, &page, &next, got);
    mr_sales_result_free(result);
    got[strlen(got) - 1] = '\0';
    const char *last = strrchr(got, ';') + 1;
    (void)snprintf(having, sizeof having, "CustomerID > %s", last);
    commit(s, 100, 1000, false);
    bind(s);
    mr_sales_set *later = refresh(lake, set);
    (void)mr_sales_result_make(later, &all, &result, NULL);
    got[0] = '\0';
    page.after = mr_buffer_text(&next);
    page.limit = 1000;
    list_page(result, &page, &next, got);
    list_sql(s, result, "CustomerID", having, expected);
    assert_string_equal(got, expected);
    assert_int_equal(next.bytes, 0);
    mr_sales_result_free(result);
    mr_sales_set_free(set);
    mr_sales_set_free(later);
    mr_sales_lake_close(lake);
    mr_buffer_free(&next);
    free(got);
    free(expected);
}

static void cursors_that_are_none_are_told(void **state)
{
    static const char *const none[] = {"", "1", "1.5", "x~1", "1~x", "1~2.5", "~"};

    (void)state;
    for (size_t index = 0; index < sizeof none / sizeof none[0]; index++) {
        assert_false(mr_sales_panel_takes(MR_SALES_PANEL_CUSTOMERS, mr_text_of(none[index])));
    }
    assert_true(mr_sales_panel_takes(MR_SALES_PANEL_CUSTOMERS, MR_TEXT_LITERAL("-1.5~-3~a~b")));
    assert_true(mr_sales_panel_takes(MR_SALES_PANEL_SEGMENTS, MR_TEXT_LITERAL("3")));
    assert_false(mr_sales_panel_takes(MR_SALES_PANEL_SEGMENTS, MR_TEXT_LITERAL("3~1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(customers_come_in_any_order_and_as_searched, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_cursor_means_the_same_place_in_a_later_version, open_shop,
                                        close_shop),
        cmocka_unit_test(cursors_that_are_none_are_told),
    };

    return cmocka_run_group_tests_name("sales_panels", tests, NULL, NULL);
}
