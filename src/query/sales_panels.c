/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_panels.c - groups of a pass in order, and their rows. */
#define _GNU_SOURCE /* qsort_r */
#include "query/sales_panels.h"

#include <stdlib.h>
#include <string.h>

enum { day_s = 86400 };

typedef struct panel {
    const char *name, *header;
    mr_status (*write)(const mr_sales_result *result, const mr_sales_page *page,
                       mr_sales_rows *rows, uint64_t *ret_total, mr_err *err);
} panel;

/* --- Order ------------------------------------------------------------------------------------ */

typedef enum ranking { BY_SALES, BY_QUANTITY, BY_RETURNS } ranking;

typedef struct entry {
    uint32_t number;
    __int128 key;
} entry;

static __int128 key_of(const mr_sales_group *group, ranking by)
{
    switch (by) {
    case BY_QUANTITY:
        return group->quantity;
    case BY_RETURNS:
        return -group->returns.scaled;
    case BY_SALES:
    default:
        return group->sales.scaled;
    }
}

static bool counts(const mr_sales_group *group, ranking by)
{
    return by == BY_RETURNS ? group->cancelled > 0 : group->orders > 0;
}

typedef struct ranked {
    entry *entries;
    uint32_t count;
} ranked;

typedef int (*tie_fn)(const mr_sales_set *set, uint32_t a, uint32_t b);

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

typedef struct order {
    const mr_sales_set *set;
    tie_fn tie;
} order;

static int compare_entries(const void *left, const void *right, void *ctx)
{
    const entry *a = left, *b = right;
    const order *self = ctx;

    if (a->key != b->key) {
        return a->key < b->key ? 1 : -1;
    }
    return self->tie(self->set, a->number, b->number);
}

/* Groups that count, the largest first; equal ones by their name or number. */
static ranked rank(const mr_sales_set *set, const mr_sales_group *groups, uint32_t count,
                   ranking by, tie_fn tie)
{
    ranked list = {.entries = mr_alloc(((size_t)count + 1) * sizeof *list.entries)};
    order self = {set, tie};

    for (uint32_t number = 0; number < count; number++) {
        if (counts(&groups[number], by)) {
            list.entries[list.count++] = (entry){number, key_of(&groups[number], by)};
        }
    }
    qsort_r(list.entries, list.count, sizeof *list.entries, compare_entries, &self);
    return list;
}

static uint64_t end_of(const mr_sales_page *page, uint64_t count)
{
    return page->skip >= count                 ? page->skip
           : page->limit >= count - page->skip ? count
                                               : page->skip + page->limit;
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

static mr_status write_products(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    const ranked list = rank(result->set, now->products, now->product_count,
                             page->by_quantity ? BY_QUANTITY : BY_SALES, tie_products);
    mr_status status = MR_OK;

    *ret_total = list.count;
    for (uint64_t index = page->skip; index < end_of(page, list.count) && status == MR_OK;
         index++) {
        const mr_sales_group *group = &now->products[list.entries[index].number];

        mr_sales_row_begin(rows);
        product_cells(rows, result->set, list.entries[index].number);
        mr_sales_row_money(rows, "sales", group->sales);
        mr_sales_row_count(rows, "quantity", group->quantity);
        mr_sales_row_count(rows, "orders", group->orders);
        mr_sales_row_rate(rows, "share", mr_sales_ratio(group->sales, now->total.sales));
        status = mr_sales_row_end(rows, err);
    }
    free(list.entries);
    return status;
}

static mr_status write_customers(const mr_sales_result *result, const mr_sales_page *page,
                                 mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    const mr_sales_set *set = result->set;
    const ranked list = rank(set, now->customers, now->customer_count, BY_SALES, tie_customers);
    mr_status status = MR_OK;

    *ret_total = list.count;
    for (uint64_t index = page->skip; index < end_of(page, list.count) && status == MR_OK;
         index++) {
        const uint32_t customer = list.entries[index].number;
        const mr_sales_group *group = &now->customers[customer];

        mr_sales_row_begin(rows);
        customer_cells(rows, set, customer);
        mr_sales_row_text(rows, "country",
                          label_of(&set->countries, set->customers.country, customer));
        mr_sales_row_money(rows, "spent", group->sales);
        mr_sales_row_count(rows, "orders", group->orders);
        mr_sales_row_moment(rows, "last_order", group->last_order_s);
        status = mr_sales_row_end(rows, err);
    }
    free(list.entries);
    return status;
}

static mr_status write_returned(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    const ranked list =
        rank(result->set, now->products, now->product_count, BY_RETURNS, tie_products);
    mr_status status = MR_OK;

    *ret_total = list.count;
    for (uint64_t index = page->skip; index < end_of(page, list.count) && status == MR_OK;
         index++) {
        const mr_sales_group *group = &now->products[list.entries[index].number];

        mr_sales_row_begin(rows);
        product_cells(rows, result->set, list.entries[index].number);
        mr_sales_row_count(rows, "quantity", group->returned);
        mr_sales_row_money(rows, "amount", group->returns);
        status = mr_sales_row_end(rows, err);
    }
    free(list.entries);
    return status;
}

static mr_status write_cancelling(const mr_sales_result *result, const mr_sales_page *page,
                                  mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    const ranked list =
        rank(result->set, now->customers, now->customer_count, BY_RETURNS, tie_customers);
    mr_status status = MR_OK;

    *ret_total = list.count;
    for (uint64_t index = page->skip; index < end_of(page, list.count) && status == MR_OK;
         index++) {
        const mr_sales_group *group = &now->customers[list.entries[index].number];

        mr_sales_row_begin(rows);
        customer_cells(rows, result->set, list.entries[index].number);
        mr_sales_row_count(rows, "orders", group->cancelled);
        mr_sales_row_money(rows, "amount", group->returns);
        status = mr_sales_row_end(rows, err);
    }
    free(list.entries);
    return status;
}

static mr_status write_countries(const mr_sales_result *result, const mr_sales_page *page,
                                 mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    entry *entries = mr_alloc(((size_t)now->country_count + 1) * sizeof *entries);
    order self = {result->set, tie_countries};
    uint32_t count = 0;
    mr_status status = MR_OK;

    for (uint32_t number = 0; number < now->country_count; number++) {
        if (now->countries[number].lines > 0) { /* one with returns alone, too */
            entries[count++] = (entry){number, now->countries[number].sales.scaled};
        }
    }
    qsort_r(entries, count, sizeof *entries, compare_entries, &self);
    *ret_total = count;
    for (uint64_t index = page->skip; index < end_of(page, count) && status == MR_OK; index++) {
        const mr_sales_group *group = &now->countries[entries[index].number];

        mr_sales_row_begin(rows);
        mr_sales_row_text(rows, "country",
                          mr_sales_name(&result->set->countries, entries[index].number));
        mr_sales_row_money(rows, "sales", group->sales);
        mr_sales_row_money(rows, "returns", group->returns);
        mr_sales_row_count(rows, "orders", group->orders);
        mr_sales_row_count(rows, "customers", group->customers);
        mr_sales_row_rate(rows, "share", mr_sales_ratio(group->sales, now->total.sales));
        status = mr_sales_row_end(rows, err);
    }
    free(entries);
    return status;
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

enum { segment_count = 5, champion_days = 30, active_days = 90, champion_orders = 5 };

static const struct {
    const char *name, *definition;
} segments[segment_count] = {
    {"Champions", "Last order at most 30 days before the end of the range, at least 5 orders, and "
                  "spent no less than the average customer who ordered"},
    {"Active", "Last order at most 90 days before the end of the range, at least 2 orders, and no "
               "champion"},
    {"One order", "One order, at most 90 days before the end of the range"},
    {"At risk", "At least 2 orders, the last one more than 90 days before the end of the range"},
    {"Lost", "One order, more than 90 days before the end of the range"},
};

static size_t segment_of(const mr_sales_group *group, int32_t end, bool above_average)
{
    const int64_t days = end - group->last_order_s / day_s;

    if (days > active_days) {
        return group->orders > 1 ? 3 : 4;
    }
    if (group->orders == 1) {
        return 2;
    }
    return days <= champion_days && group->orders >= champion_orders && above_average ? 0 : 1;
}

static mr_status write_segments(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, uint64_t *ret_total, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    const __int128 ordered = (__int128)mr_sales_count_customers(result).ordered;
    const __int128 spent = now->total.sales.scaled - now->guests.scaled;
    const int32_t last = result->set->day_last;
    const int32_t end = result->range.to < last ? result->range.to : last;
    mr_sales_group sums[segment_count] = {{.orders = 0}};
    mr_status status = MR_OK;

    for (uint32_t customer = 0; customer < now->customer_count; customer++) {
        const mr_sales_group *group = &now->customers[customer];

        if (group->orders > 0) {
            mr_sales_group *sum =
                &sums[segment_of(group, end, group->sales.scaled * ordered >= spent)];

            sum->customers++;
            sum->sales = mr_amount_add(sum->sales, group->sales);
        }
    }
    *ret_total = segment_count;
    for (uint64_t index = page->skip; index < end_of(page, segment_count) && status == MR_OK;
         index++) {
        mr_sales_row_begin(rows);
        mr_sales_row_text(rows, "name", mr_text_of(segments[index].name));
        mr_sales_row_count(rows, "customers", sums[index].customers);
        mr_sales_row_money(rows, "spent", sums[index].sales);
        mr_sales_row_text(rows, "definition", mr_text_of(segments[index].definition));
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
