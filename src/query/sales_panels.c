/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_panels.c - groups of a pass in order, and their rows. */
#define _GNU_SOURCE /* qsort_r */
#include "query/sales_panels.h"

#include <stdlib.h>
#include <string.h>

typedef struct panel {
    const char *name, *header;
    mr_status (*write)(const mr_sales_result *result, const mr_sales_page *page,
                       mr_sales_rows *rows, uint64_t *ret_total, mr_err *err);
} panel;

/* --- Order ------------------------------------------------------------------------------------ */

typedef struct entry {
    uint32_t number;
    __int128 key;
} entry;

/* Groups in an order: the largest key first, equal ones by their name or number. */
typedef struct ranking {
    bool (*counts)(const mr_sales_group *group); /* whether it has a row */
    __int128 (*key)(const mr_sales_group *group);
    int (*tie)(const mr_sales_set *set, uint32_t a, uint32_t b);
    void (*cells)(const mr_sales_result *result, uint32_t number, const mr_sales_group *group,
                  mr_sales_rows *rows);
    bool by_tie; /* `tie` is the order itself, and turns with the direction */
} ranking;

static bool has_orders(const mr_sales_group *group)
{
    return group->orders > 0;
}

static bool has_cancelled(const mr_sales_group *group)
{
    return group->cancelled > 0;
}

static bool has_lines(const mr_sales_group *group)
{
    return group->lines > 0;
}

static __int128 sales_of(const mr_sales_group *group)
{
    return group->sales.scaled;
}

static __int128 quantity_of(const mr_sales_group *group)
{
    return group->quantity;
}

static __int128 orders_of(const mr_sales_group *group)
{
    return group->orders;
}

static __int128 last_order_of(const mr_sales_group *group)
{
    return group->last_order_s;
}

static __int128 nothing_of(const mr_sales_group *group)
{
    (void)group;
    return 0;
}

static __int128 returned_of(const mr_sales_group *group)
{
    return -group->returns.scaled;
}

static int compare_names(const mr_sales_names *names, uint32_t a, uint32_t b)
{
    const mr_text left = mr_sales_name(names, a), right = mr_sales_name(names, b);
    const size_t bytes = left.bytes < right.bytes ? left.bytes : right.bytes;
    const int order = bytes > 0 ? memcmp(left.data, right.data, bytes) : 0;

    return order != 0 ? order : (left.bytes > right.bytes) - (left.bytes < right.bytes);
}

static int tie_products(const mr_sales_set *set, uint32_t a, uint32_t b)
{
    return compare_names(&set->products, a, b);
}

static int tie_countries(const mr_sales_set *set, uint32_t a, uint32_t b)
{
    return compare_names(&set->countries, a, b);
}

static int tie_customers(const mr_sales_set *set, uint32_t a, uint32_t b)
{
    return (set->customers.number[a] > set->customers.number[b]) -
           (set->customers.number[a] < set->customers.number[b]);
}

static int tie_customer_names(const mr_sales_set *set, uint32_t a, uint32_t b)
{
    const mr_sales_customers *customers = &set->customers;
    const uint32_t left = customers->name[a], right = customers->name[b];
    int order = (left != MR_SALES_NONE) - (right != MR_SALES_NONE);

    if (order == 0 && left != right) {
        order = compare_names(&customers->names, left, right);
    }
    return order != 0 ? order : tie_customers(set, a, b);
}

/* The first of an order, as many as there is room for. */
typedef struct ranked {
    const mr_sales_set *set;
    const ranking *by;
    bool ascending;
    entry *entries;
    size_t count, room;
    uint64_t total; /* with those that there is no room for */
} ranked;

static int compare_entries(const void *left, const void *right, void *ctx)
{
    const entry *a = left, *b = right;
    const ranked *self = ctx;

    if (a->key != b->key) {
        return (a->key < b->key) == self->ascending ? -1 : 1;
    }
    const int order = self->by->tie(self->set, a->number, b->number);
    return self->by->by_tie && !self->ascending ? -order : order;
}

/* Keeps the entries in order; most find no place. */
static void offer(ranked *list, entry one)
{
    if (list->count == list->room &&
        (list->room == 0 || compare_entries(&one, &list->entries[list->room - 1], list) >= 0)) {
        return;
    }
    size_t place = list->count < list->room ? list->count++ : list->room - 1;
    while (place > 0 && compare_entries(&one, &list->entries[place - 1], list) < 0) {
        list->entries[place] = list->entries[place - 1];
        place--;
    }
    list->entries[place] = one;
}

static uint64_t end_of(const mr_sales_page *page, uint64_t count)
{
    return page->skip >= count                 ? page->skip
           : page->limit >= count - page->skip ? count
                                               : page->skip + page->limit;
}

enum { offered_max = 1000 }; /* more are sorted at once */

static ranked rank(const mr_sales_set *set, const mr_sales_group *groups, uint32_t count,
                   const ranking *by, const mr_sales_page *page)
{
    const uint64_t end = end_of(page, count);
    ranked list = {.set = set,
                   .by = by,
                   .ascending = page->ascending,
                   .room = end < count ? (size_t)end : count};

    list.entries = mr_alloc((list.room + 1) * sizeof *list.entries);
    const bool sorts = list.room > offered_max;
    if (sorts && list.room < count) {
        list.room = count;
        list.entries = mr_realloc(list.entries, (list.room + 1) * sizeof *list.entries);
    }
    for (uint32_t number = 0; number < count; number++) {
        if (!by->counts(&groups[number])) {
            continue;
        }
        list.total++;
        if (sorts) {
            list.entries[list.count++] = (entry){number, by->key(&groups[number])};
        } else {
            offer(&list, (entry){number, by->key(&groups[number])});
        }
    }
    if (sorts) {
        qsort_r(list.entries, list.count, sizeof *list.entries, compare_entries, &list);
    }
    return list;
}

/* --- Cells ------------------------------------------------------------------------------------ */

static mr_text label_of(const mr_sales_names *names, const uint32_t *numbers, uint32_t of)
{
    return numbers[of] == MR_SALES_NONE ? MR_TEXT_ABSENT : mr_sales_name(names, numbers[of]);
}

static void product_cells(mr_sales_rows *rows, const mr_sales_set *set, uint32_t product)
{
    mr_sales_row_text(rows, "stock_code", mr_sales_name(&set->products, product));
    mr_sales_row_text(rows, "description", label_of(&set->descriptions, set->description, product));
}

static void customer_cells(mr_sales_rows *rows, const mr_sales_set *set, uint32_t customer)
{
    const mr_sales_customers *customers = &set->customers;

    mr_sales_row_count(rows, "customer_id", customers->number[customer]);
    mr_sales_row_text(rows, "name", label_of(&customers->names, customers->name, customer));
}

/* --- Panels ----------------------------------------------------------------------------------- */

static void before_cells(const mr_sales_result *result, uint32_t index, mr_sales_rows *rows)
{
    static const mr_sales_group none = {.orders = 0};
    const bool there = result->before != NULL && index < result->series_before.count;
    const mr_sales_group *group = there ? &result->before->buckets[index] : &none;

    if (rows->csv) {
        if (!there) {
            for (int column = 0; column < 5; column++) {
                mr_sales_row_text(rows, "", MR_TEXT_ABSENT);
            }
            return;
        }
    } else {
        (void)mr_buffer_append_string(rows->out, there ? ",\"before\":{" : ",\"before\":null");
        if (!there) {
            return;
        }
        rows->begun = false;
    }
    mr_sales_row_day(rows, "start", result->series_before.buckets[index].from);
    mr_sales_row_money(rows, "sales", group->sales);
    mr_sales_row_money(rows, "returns", group->returns);
    mr_sales_row_count(rows, "orders", group->orders);
    mr_sales_row_count(rows, "items", group->quantity);
    if (!rows->csv) {
        (void)mr_buffer_append_string(rows->out, "}");
    }
}

static mr_status write_series(const mr_sales_result *result, const mr_sales_page *page,
                              mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_range range = result->range;
    mr_status status = MR_OK;

    *ret_total = result->series.count;
    for (uint64_t index = page->skip; index < end_of(page, result->series.count) && status == MR_OK;
         index++) {
        const mr_sales_range bucket = result->series.buckets[index];
        const mr_sales_group *group = &result->now->buckets[index];

        mr_sales_row_begin(rows);
        mr_sales_row_day(rows, "start", bucket.from);
        mr_sales_row_day(rows, "end", bucket.to);
        /* Cut off by the range, or not over yet. */
        mr_sales_row_flag(rows, "partial",
                          bucket.from < range.from || bucket.to > range.to ||
                              bucket.to > result->set->day_last);
        mr_sales_row_money(rows, "sales", group->sales);
        mr_sales_row_money(rows, "returns", group->returns);
        mr_sales_row_count(rows, "orders", group->orders);
        mr_sales_row_count(rows, "items", group->quantity);
        before_cells(result, (uint32_t)index, rows);
        status = mr_sales_row_end(rows, err);
    }
    return status;
}

/* The page's rows of groups in their order. */
static mr_status write_ranked(const mr_sales_result *result, const mr_sales_group *groups,
                              uint32_t count, const ranking *by, const mr_sales_page *page,
                              mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const ranked list = rank(result->set, groups, count, by, page);
    const uint64_t end = end_of(page, list.total);
    mr_status status = MR_OK;

    *ret_total = list.total;
    for (uint64_t index = page->skip; index < end && status == MR_OK; index++) {
        const uint32_t number = list.entries[index].number;

        mr_sales_row_begin(rows);
        by->cells(result, number, &groups[number], rows);
        status = mr_sales_row_end(rows, err);
    }
    free(list.entries);
    return status;
}

static void sold_cells(const mr_sales_result *result, uint32_t product, const mr_sales_group *group,
                       mr_sales_rows *rows)
{
    product_cells(rows, result->set, product);
    mr_sales_row_money(rows, "sales", group->sales);
    mr_sales_row_count(rows, "quantity", group->quantity);
    mr_sales_row_count(rows, "orders", group->orders);
    mr_sales_row_rate(rows, "share", mr_sales_ratio(group->sales, result->now->total.sales));
}

static mr_status write_products(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    static const ranking by_sales = {has_orders, sales_of, tie_products, sold_cells, false};
    static const ranking by_quantity = {has_orders, quantity_of, tie_products, sold_cells, false};

    return write_ranked(result, result->now->products, result->now->product_count,
                        page->by_quantity ? &by_quantity : &by_sales, page, rows, ret_total, err);
}

static void buyer_cells(const mr_sales_result *result, uint32_t customer,
                        const mr_sales_group *group, mr_sales_rows *rows)
{
    const mr_sales_set *set = result->set;

    customer_cells(rows, set, customer);
    mr_sales_row_text(rows, "country", label_of(&set->countries, set->customers.country, customer));
    mr_sales_row_money(rows, "spent", group->sales);
    mr_sales_row_count(rows, "orders", group->orders);
    mr_sales_row_moment(rows, "last_order", group->last_order_s);
}

static mr_status write_customers(const mr_sales_result *result, const mr_sales_page *page,
                                 mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    static const ranking by[] = {
        [MR_SALES_BUYERS_BY_SPENT] = {has_orders, sales_of, tie_customers, buyer_cells, false},
        [MR_SALES_BUYERS_BY_ORDERS] = {has_orders, orders_of, tie_customers, buyer_cells, false},
        [MR_SALES_BUYERS_BY_LAST_ORDER] = {has_orders, last_order_of, tie_customers, buyer_cells,
                                           false},
        [MR_SALES_BUYERS_BY_NUMBER] = {has_orders, nothing_of, tie_customers, buyer_cells, true},
        [MR_SALES_BUYERS_BY_NAME] = {has_orders, nothing_of, tie_customer_names, buyer_cells, true},
    };

    MR_ASSERT(page->buyers < MR_SALES_BUYERS_SORTS);
    return write_ranked(result, result->now->customers, result->now->customer_count,
                        &by[page->buyers], page, rows, ret_total, err);
}

static void returned_cells(const mr_sales_result *result, uint32_t product,
                           const mr_sales_group *group, mr_sales_rows *rows)
{
    product_cells(rows, result->set, product);
    mr_sales_row_count(rows, "quantity", group->returned);
    mr_sales_row_money(rows, "amount", group->returns);
}

static mr_status write_returned(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    static const ranking by = {has_cancelled, returned_of, tie_products, returned_cells, false};

    return write_ranked(result, result->now->products, result->now->product_count, &by, page, rows,
                        ret_total, err);
}

static void cancelling_cells(const mr_sales_result *result, uint32_t customer,
                             const mr_sales_group *group, mr_sales_rows *rows)
{
    customer_cells(rows, result->set, customer);
    mr_sales_row_count(rows, "orders", group->cancelled);
    mr_sales_row_money(rows, "amount", group->returns);
}

static mr_status write_cancelling(const mr_sales_result *result, const mr_sales_page *page,
                                  mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    static const ranking by = {has_cancelled, returned_of, tie_customers, cancelling_cells, false};

    return write_ranked(result, result->now->customers, result->now->customer_count, &by, page,
                        rows, ret_total, err);
}

static void country_cells(const mr_sales_result *result, uint32_t country,
                          const mr_sales_group *group, mr_sales_rows *rows)
{
    mr_sales_row_text(rows, "country", mr_sales_name(&result->set->countries, country));
    mr_sales_row_money(rows, "sales", group->sales);
    mr_sales_row_money(rows, "returns", group->returns);
    mr_sales_row_count(rows, "orders", group->orders);
    mr_sales_row_count(rows, "customers", group->customers);
    mr_sales_row_rate(rows, "share", mr_sales_ratio(group->sales, result->now->total.sales));
}

/* Countries with returns alone, too. */
static mr_status write_countries(const mr_sales_result *result, const mr_sales_page *page,
                                 mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    static const ranking by = {has_lines, sales_of, tie_countries, country_cells, false};

    return write_ranked(result, result->now->countries, result->now->country_count, &by, page, rows,
                        ret_total, err);
}

static mr_status write_hours(const mr_sales_result *result, const mr_sales_page *page,
                             mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    mr_status status = MR_OK;

    *ret_total = mr_sales_hours;
    for (uint64_t index = page->skip; index < end_of(page, mr_sales_hours) && status == MR_OK;
         index++) {
        const mr_sales_group *group = &result->now->hours[index];

        mr_sales_row_begin(rows);
        mr_sales_row_count(rows, "weekday", (int64_t)index / 24 + 1);
        mr_sales_row_count(rows, "hour", (int64_t)index % 24);
        mr_sales_row_money(rows, "sales", group->sales);
        mr_sales_row_count(rows, "orders", group->orders);
        status = mr_sales_row_end(rows, err);
    }
    return status;
}

/* --- Customers by what they do ---------------------------------------------------------------- */

mr_sales_customer_counts mr_sales_count_customers(const mr_sales_result *result)
{
    const mr_sales_pass *now = result->now;
    mr_sales_customer_counts counted = {.total = now->total.customers};

    for (uint32_t customer = 0; customer < now->customer_count; customer++) {
        const mr_sales_group *group = &now->customers[customer];

        if (group->orders > 0) {
            const bool before = result->set->customers.first_day[customer] < result->range.from;

            counted.ordered++;
            counted.returning += before;
            counted.fresh += !before;
            counted.loyal += group->orders > 1;
        }
    }
    return counted;
}

static mr_status write_segments(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    uint8_t *made = result->narrowed.rfm != NULL
                        ? NULL
                        : mr_sales_rfm_of(now, mr_sales_result_end(result->set, result->range));
    const uint8_t *segments = made != NULL ? made : result->narrowed.rfm;
    mr_sales_group sums[mr_sales_rfm_count] = {{.orders = 0}};
    mr_status status = MR_OK;

    MR_ASSERT(segments != NULL || now->customer_count == 0);
    for (uint32_t customer = 0; customer < now->customer_count; customer++) {
        const mr_sales_group *group = &now->customers[customer];

        if (group->orders > 0) {
            mr_sales_group *sum = &sums[segments[customer]];

            sum->customers++;
            sum->sales = mr_amount_add(sum->sales, group->sales);
        }
    }
    free(made);
    *ret_total = mr_sales_rfm_count;
    for (uint64_t index = page->skip; index < end_of(page, mr_sales_rfm_count) && status == MR_OK;
         index++) {
        mr_sales_row_begin(rows);
        mr_sales_row_text(rows, "name", mr_text_of(mr_sales_rfms[index].name));
        mr_sales_row_count(rows, "customers", sums[index].customers);
        mr_sales_row_money(rows, "spent", sums[index].sales);
        mr_sales_row_text(rows, "definition", mr_text_of(mr_sales_rfms[index].definition));
        status = mr_sales_row_end(rows, err);
    }
    return status;
}

/* --- All of them ------------------------------------------------------------------------------ */

static const panel panels[] = {
    [MR_SALES_PANEL_SERIES] = {"series",
                               "start,end,partial,sales,returns,orders,items,before_start,"
                               "before_sales,before_returns,before_orders,before_items\r\n",
                               write_series},
    [MR_SALES_PANEL_PRODUCTS] = {"products",
                                 "stock_code,description,sales,quantity,orders,share\r\n",
                                 write_products},
    [MR_SALES_PANEL_CUSTOMERS] = {"customers",
                                  "customer_id,name,country,spent,orders,last_order\r\n",
                                  write_customers},
    [MR_SALES_PANEL_SEGMENTS] = {"segments", "name,customers,spent,definition\r\n", write_segments},
    [MR_SALES_PANEL_CANCELLATIONS] = {"cancellations", "stock_code,description,quantity,amount\r\n",
                                      write_returned},
    [MR_SALES_PANEL_CANCELLING] = {"cancelling_customers", "customer_id,name,orders,amount\r\n",
                                   write_cancelling},
    [MR_SALES_PANEL_COUNTRIES] = {"countries", "country,sales,returns,orders,customers,share\r\n",
                                  write_countries},
    [MR_SALES_PANEL_HOURS] = {"hours", "weekday,hour,sales,orders\r\n", write_hours},
};

bool mr_sales_panel_parse(const char *name, mr_sales_panel *ret_panel)
{
    for (size_t index = 0; index < sizeof panels / sizeof panels[0]; index++) {
        if (strcmp(panels[index].name, name) == 0) {
            *ret_panel = (mr_sales_panel)index;
            return true;
        }
    }
    return false;
}

const char *mr_sales_panel_header(mr_sales_panel which)
{
    return panels[which].header;
}

mr_status mr_sales_panel_write(const mr_sales_result *result, mr_sales_panel which,
                               const mr_sales_page *page, mr_sales_rows *rows, uint64_t *ret_total,
                               mr_err *err)
{
    return panels[which].write(result, page, rows, ret_total, err);
}
