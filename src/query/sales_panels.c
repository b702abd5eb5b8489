/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_panels.c - groups of a pass in order, and their rows.
 *
 * A cursor of groups is "<key>~<number>~<text>" of the last row, or without a text
 * "<key>~<number>"; of rows that have a fixed order it is how many came before.
 */
#define _GNU_SOURCE /* qsort_r */
#include "query/sales_panels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_search.h"

typedef struct panel {
    const char *name, *header;
    mr_status (*write)(const mr_sales_result *result, const mr_sales_page *page,
                       mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err);
    bool fixed; /* its rows have one order, and a number each */
} panel;

/* --- Order ------------------------------------------------------------------------------------ */

typedef struct entry {
    uint32_t number;
    __int128 key;
} entry;

/* What tells groups of one key apart, in this order; absent texts come first. */
typedef struct identity {
    mr_text text;
    int64_t number;
} identity;

/* Groups in an order: the largest key first, equal ones by their identity. */
typedef struct ranking {
    bool (*counts)(const mr_sales_group *group); /* whether it has a row */
    __int128 (*key)(const mr_sales_group *group);
    identity (*identity)(const mr_sales_set *set, uint32_t number);
    void (*cells)(const mr_sales_result *result, uint32_t number, const mr_sales_group *group,
                  mr_sales_rows *rows);
    bool by_identity; /* it is the order itself, and turns with the direction */
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

static mr_text label_of(const mr_sales_names *names, const uint32_t *numbers, uint32_t of)
{
    return numbers[of] == MR_SALES_NONE ? MR_TEXT_ABSENT : mr_sales_name(names, numbers[of]);
}

static identity product_identity(const mr_sales_set *set, uint32_t number)
{
    return (identity){.text = mr_sales_name(&set->products, number)};
}

static identity country_identity(const mr_sales_set *set, uint32_t number)
{
    return (identity){.text = mr_sales_name(&set->countries, number)};
}

static identity customer_identity(const mr_sales_set *set, uint32_t number)
{
    return (identity){.text = MR_TEXT_ABSENT, .number = set->customers.number[number]};
}

static identity customer_name_identity(const mr_sales_set *set, uint32_t number)
{
    const mr_sales_customers *customers = &set->customers;

    return (identity){.text = label_of(&customers->names, customers->name, number),
                      .number = customers->number[number]};
}

static int compare_identities(identity a, identity b)
{
    const size_t bytes = a.text.bytes < b.text.bytes ? a.text.bytes : b.text.bytes;
    int order = (a.text.data != NULL) - (b.text.data != NULL);

    if (order == 0 && bytes > 0) {
        order = memcmp(a.text.data, b.text.data, bytes);
    }
    if (order == 0) {
        order = (a.text.bytes > b.text.bytes) - (a.text.bytes < b.text.bytes);
    }
    return order != 0 ? order : (a.number > b.number) - (a.number < b.number);
}

/* A row's place in an order. */
typedef struct place {
    __int128 key;
    identity who;
} place;

/* The first of an order, as many as there is room for. */
typedef struct ranked {
    const mr_sales_set *set;
    const ranking *by;
    bool ascending;
    entry *entries;
    size_t count, room;
    uint64_t behind; /* the cursor, with those that there is no room for */
    uint64_t total;
} ranked;

static int compare_places(const ranked *list, const place *a, const place *b)
{
    if (a->key != b->key) {
        return (a->key < b->key) == list->ascending ? -1 : 1;
    }
    const int order = compare_identities(a->who, b->who);
    return list->by->by_identity && !list->ascending ? -order : order;
}

static place place_of(const ranked *list, const entry *one)
{
    return (place){one->key, list->by->identity(list->set, one->number)};
}

static int compare_entries(const void *left, const void *right, void *ctx)
{
    const entry *a = left, *b = right;
    const ranked *list = ctx;

    if (a->key != b->key) { /* mostly: names need not be looked up */
        return (a->key < b->key) == list->ascending ? -1 : 1;
    }
    const place x = place_of(list, a), y = place_of(list, b);
    return compare_places(list, &x, &y);
}

/* Keeps the entries in order; most find no place. */
static void offer(ranked *list, entry one)
{
    if (list->count == list->room &&
        (list->room == 0 || compare_entries(&one, &list->entries[list->room - 1], list) >= 0)) {
        return;
    }
    size_t at = list->count < list->room ? list->count++ : list->room - 1;
    while (at > 0 && compare_entries(&one, &list->entries[at - 1], list) < 0) {
        list->entries[at] = list->entries[at - 1];
        at--;
    }
    list->entries[at] = one;
}

/* --- Pages ------------------------------------------------------------------------------------ */

/* Takes off what stands before the next '~'; false: there is none. */
static bool take_part(mr_text *rest, mr_text *ret_part)
{
    const char *mark = rest->bytes > 0 ? memchr(rest->data, '~', rest->bytes) : NULL;

    if (mark == NULL) {
        return false;
    }
    *ret_part = (mr_text){rest->data, (size_t)(mark - rest->data)};
    *rest = (mr_text){mark + 1, rest->bytes - ret_part->bytes - 1};
    return true;
}

static bool parse_place(mr_text cursor, place *ret_place)
{
    mr_text rest = cursor, key, number;
    mr_amount amount;
    place found = {.who = {.text = MR_TEXT_ABSENT}};

    if (!take_part(&rest, &key) || !mr_amount_parse(key, &amount)) {
        return false;
    }
    if (take_part(&rest, &number)) {
        found.who.text = rest;
    } else {
        number = rest;
    }
    found.key = amount.scaled;
    if (!mr_parse_int64(number, &found.who.number)) {
        return false;
    }
    *ret_place = found;
    return true;
}

static void write_place(const place *last, mr_buffer *out)
{
    char key[mr_amount_text_bytes_max];

    (void)mr_amount_format((mr_amount){last->key}, 0, key);
    (void)mr_buffer_printf(out, "%s~%" PRId64, key, last->who.number);
    if (last->who.text.data != NULL) {
        (void)mr_buffer_printf(out, "~%.*s", MR_TEXT_ARGS(last->who.text));
    }
}

/* The rows of a page where each has its number. */
typedef struct span {
    uint64_t first, end;
} span;

static span span_of(const mr_sales_page *page, uint64_t count, mr_sales_shown *ret)
{
    uint64_t first = 0;

    MR_ASSERT(page->after.data == NULL || mr_parse_uint64(page->after, UINT64_MAX, &first));
    first = first < count ? first : count;
    const uint64_t end = page->limit >= count - first ? count : first + page->limit;
    ret->total = count;
    if (end < count && ret->next != NULL) {
        (void)mr_buffer_printf(ret->next, "%" PRIu64, end);
    }
    return (span){first, end};
}

/* Customers who are searched for. */
typedef struct sought {
    mr_text number;
    mr_words words;
} sought;

/* As the store finds them: by the beginning of the number, or by words of the name. */
static bool is_sought(const sought *what, const mr_sales_set *set, uint32_t customer)
{
    const mr_text name = label_of(&set->customers.names, set->customers.name, customer);
    char text[24];
    const int bytes = snprintf(text, sizeof text, "%" PRId64, set->customers.number[customer]);

    return (what->number.bytes <= (size_t)bytes &&
            memcmp(text, what->number.data, what->number.bytes) == 0) ||
           (name.data != NULL && what->words.count > 0 &&
            mr_words_match(&what->words, name, MR_TEXT_LITERAL("")));
}

enum { offered_max = 1000 }; /* more are sorted at once */

/* Those behind the cursor, as far as there is room; all are counted. */
static ranked rank(const mr_sales_set *set, const mr_sales_group *groups, uint32_t count,
                   const ranking *by, const mr_sales_page *page)
{
    const mr_text search = page->search.data != NULL ? mr_text_trim(page->search) : MR_TEXT_ABSENT;
    sought what = {.number = search};
    place after;
    ranked list = {.set = set,
                   .by = by,
                   .ascending = page->ascending,
                   .room = page->limit < count ? (size_t)page->limit : count};

    MR_ASSERT(page->after.data == NULL || parse_place(page->after, &after));
    mr_words_of(search, &what.words);
    const bool sorts = list.room > offered_max;
    list.room = sorts ? count : list.room;
    list.entries = mr_alloc((list.room + 1) * sizeof *list.entries);
    for (uint32_t number = 0; number < count; number++) {
        if (!by->counts(&groups[number]) || (search.bytes > 0 && !is_sought(&what, set, number))) {
            continue;
        }
        const entry one = {number, by->key(&groups[number])};
        const place here = page->after.data != NULL ? place_of(&list, &one) : (place){.key = 0};

        list.total++;
        if (page->after.data != NULL && compare_places(&list, &here, &after) <= 0) {
            continue;
        }
        list.behind++;
        if (sorts) {
            list.entries[list.count++] = one;
        } else {
            offer(&list, one);
        }
    }
    if (sorts) {
        qsort_r(list.entries, list.count, sizeof *list.entries, compare_entries, &list);
    }
    return list;
}

/* --- Cells ------------------------------------------------------------------------------------ */

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
                              mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    const mr_sales_range range = result->range;
    const span shown = span_of(page, result->series.count, ret);
    mr_status status = MR_OK;

    for (uint64_t index = shown.first; index < shown.end && status == MR_OK; index++) {
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
                              mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    const ranked list = rank(result->set, groups, count, by, page);
    const uint64_t end = page->limit < list.count ? page->limit : list.count;
    mr_status status = MR_OK;

    ret->total = list.total;
    for (uint64_t index = 0; index < end && status == MR_OK; index++) {
        const uint32_t number = list.entries[index].number;

        mr_sales_row_begin(rows);
        by->cells(result, number, &groups[number], rows);
        status = mr_sales_row_end(rows, err);
    }
    if (end > 0 && end < list.behind && ret->next != NULL) {
        const place last = place_of(&list, &list.entries[end - 1]);

        write_place(&last, ret->next);
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
                                mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    static const ranking by_sales = {has_orders, sales_of, product_identity, sold_cells, false};
    static const ranking by_quantity = {has_orders, quantity_of, product_identity, sold_cells,
                                        false};

    return write_ranked(result, result->now->products, result->now->product_count,
                        page->by_quantity ? &by_quantity : &by_sales, page, rows, ret, err);
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
                                 mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    static const ranking by[] = {
        [MR_SALES_BUYERS_BY_SPENT] = {has_orders, sales_of, customer_identity, buyer_cells, false},
        [MR_SALES_BUYERS_BY_ORDERS] = {has_orders, orders_of, customer_identity, buyer_cells,
                                       false},
        [MR_SALES_BUYERS_BY_LAST_ORDER] = {has_orders, last_order_of, customer_identity,
                                           buyer_cells, false},
        [MR_SALES_BUYERS_BY_NUMBER] = {has_orders, nothing_of, customer_identity, buyer_cells,
                                       true},
        [MR_SALES_BUYERS_BY_NAME] = {has_orders, nothing_of, customer_name_identity, buyer_cells,
                                     true},
    };

    MR_ASSERT(page->buyers < MR_SALES_BUYERS_SORTS);
    return write_ranked(result, result->now->customers, result->now->customer_count,
                        &by[page->buyers], page, rows, ret, err);
}

static void returned_cells(const mr_sales_result *result, uint32_t product,
                           const mr_sales_group *group, mr_sales_rows *rows)
{
    product_cells(rows, result->set, product);
    mr_sales_row_count(rows, "quantity", group->returned);
    mr_sales_row_money(rows, "amount", group->returns);
}

static mr_status write_returned(const mr_sales_result *result, const mr_sales_page *page,
                                mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    static const ranking by = {has_cancelled, returned_of, product_identity, returned_cells, false};

    return write_ranked(result, result->now->products, result->now->product_count, &by, page, rows,
                        ret, err);
}

static void cancelling_cells(const mr_sales_result *result, uint32_t customer,
                             const mr_sales_group *group, mr_sales_rows *rows)
{
    customer_cells(rows, result->set, customer);
    mr_sales_row_count(rows, "orders", group->cancelled);
    mr_sales_row_money(rows, "amount", group->returns);
}

static mr_status write_cancelling(const mr_sales_result *result, const mr_sales_page *page,
                                  mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    static const ranking by = {has_cancelled, returned_of, customer_identity, cancelling_cells,
                               false};

    return write_ranked(result, result->now->customers, result->now->customer_count, &by, page,
                        rows, ret, err);
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
                                 mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    static const ranking by = {has_lines, sales_of, country_identity, country_cells, false};

    return write_ranked(result, result->now->countries, result->now->country_count, &by, page, rows,
                        ret, err);
}

static mr_status write_hours(const mr_sales_result *result, const mr_sales_page *page,
                             mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    const span shown = span_of(page, mr_sales_hours, ret);
    mr_status status = MR_OK;

    for (uint64_t index = shown.first; index < shown.end && status == MR_OK; index++) {
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
                                mr_sales_rows *rows, mr_sales_shown *ret, mr_err *err)
{
    const mr_sales_pass *now = result->now;
    uint8_t *made = result->narrowed.rfm != NULL
                        ? NULL
                        : mr_sales_rfm_of(now, mr_sales_result_end(result->set, result->range));
    const uint8_t *segments = made != NULL ? made : result->narrowed.rfm;
    const span shown = span_of(page, mr_sales_rfm_count, ret);
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
    for (uint64_t index = shown.first; index < shown.end && status == MR_OK; index++) {
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
                               write_series, true},
    [MR_SALES_PANEL_PRODUCTS] = {"products",
                                 "stock_code,description,sales,quantity,orders,share\r\n",
                                 write_products, false},
    [MR_SALES_PANEL_CUSTOMERS] = {"customers",
                                  "customer_id,name,country,spent,orders,last_order\r\n",
                                  write_customers, false},
    [MR_SALES_PANEL_SEGMENTS] = {"segments", "name,customers,spent,definition\r\n", write_segments,
                                 true},
    [MR_SALES_PANEL_CANCELLATIONS] = {"cancellations", "stock_code,description,quantity,amount\r\n",
                                      write_returned, false},
    [MR_SALES_PANEL_CANCELLING] = {"cancelling_customers", "customer_id,name,orders,amount\r\n",
                                   write_cancelling, false},
    [MR_SALES_PANEL_COUNTRIES] = {"countries", "country,sales,returns,orders,customers,share\r\n",
                                  write_countries, false},
    [MR_SALES_PANEL_HOURS] = {"hours", "weekday,hour,sales,orders\r\n", write_hours, true},
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

bool mr_sales_panel_takes(mr_sales_panel which, mr_text cursor)
{
    uint64_t first;
    place last;

    return panels[which].fixed ? mr_parse_uint64(cursor, UINT64_MAX, &first)
                               : parse_place(cursor, &last);
}

mr_status mr_sales_panel_write(const mr_sales_result *result, mr_sales_panel which,
                               const mr_sales_page *page, mr_sales_rows *rows, mr_sales_shown *ret,
                               mr_err *err)
{
    return panels[which].write(result, page, rows, ret, err);
}
