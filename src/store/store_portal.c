/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_portal.c - what a customer's pages ask of the store, the same over every backend.
 *
 * Owns:       nothing beyond a call.
 * Called by:  whoever shows customers their orders, on the handle's thread.
 * Invariants: (1) a page with its total and sum is of one snapshot;
 *             (2) amounts are added and compared in 128 bits, here, so that all backends agree;
 *             (3) memory is that of one page, and of the matches of a search (bounded).
 * Not here:   any database: the slots of store_backend.h.
 */
#include "store/store_portal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "store/store_backend.h"

enum { found_texts_bytes_max = 64 << 20 };

/* --- Limits, snapshots, changes --------------------------------------------------------------- */

void mr_store_set_limit(mr_store *store, const mr_store_limit *limit)
{
    store->limit = limit == NULL ? (mr_store_limit){0} : *limit;
    store->backend->set_limit(store->state, limit == NULL ? NULL : &store->limit);
}

mr_status mr_store_begin_snapshot(mr_store *store, mr_err *err)
{
    mr_status status;

    MR_ASSERT(!store->in_snapshot);
    status = store->backend->begin_snapshot(store->state, err);
    store->in_snapshot = status == MR_OK;
    return status;
}

void mr_store_end_snapshot(mr_store *store)
{
    if (store->in_snapshot) {
        store->backend->end_snapshot(store->state);
        store->in_snapshot = false;
    }
}

typedef struct change_visit {
    mr_store_change *change;
    mr_buffer seen;
} change_visit;

static bool add_position(void *ctx, const mr_store_source *source, int64_t next_offset)
{
    change_visit *to = ctx;

    to->change->events += (uint64_t)next_offset;
    return mr_buffer_printf(&to->seen, "%s\n%s\n%d\n%lld\n", source->group, source->topic,
                            (int)source->partition, (long long)next_offset);
}

mr_status mr_store_read_change(mr_store *store, mr_store_change *ret_change, mr_err *err)
{
    mr_store_change change = {0};
    change_visit to = {.change = &change};
    mr_status status;

    mr_buffer_init(&to.seen, 1 << 20);
    status = store->backend->read_positions(store->state, add_position, &to, err);
    if (status == MR_OK && to.seen.overflowed) {
        status = mr_fail(err, MR_LIMIT, "the store has too many positions");
    }
    if (status == MR_OK) {
        change.version = mr_hash64(to.seen.data, to.seen.bytes);
        status = store->backend->read_changed_at(store->state, &change.at_ms, err);
    }
    mr_buffer_free(&to.seen);
    if (status == MR_OK) {
        *ret_change = change;
    }
    return status;
}

/* --- Customers -------------------------------------------------------------------------------- */

typedef struct customer_search {
    const mr_store_find *find;
    mr_store_visit_customer visit;
    void *ctx;
    mr_store_found last; /* row of the statement under way, shown or not */
    size_t rows;         /* of that statement */
    size_t count;        /* shown */
    mr_store_found_page page;
    bool ended;
} customer_search;

/* As find_by_id finds them: no id begins with a 0 more. */
static bool id_begins_with(int64_t customer_id, mr_text search)
{
    char id[24];
    size_t bytes = (size_t)snprintf(id, sizeof(id), "%lld", (long long)customer_id);

    return search.bytes <= bytes && memcmp(id, search.data, search.bytes) == 0;
}

static bool visit_found(void *ctx, const mr_store_customer *customer)
{
    customer_search *search = ctx;

    search->rows++;
    if (search->last.by_name && id_begins_with(customer->customer_id, search->find->search)) {
        search->last.customer_id = customer->customer_id;
        return true; /* shown by its id already */
    }
    if (search->count == search->find->limit) {
        search->page.has_next = true;
        search->ended = true;
        return false;
    }
    search->last.customer_id = customer->customer_id;
    search->page.last = search->last;
    search->count++;
    search->ended = !search->visit(search->ctx, customer);
    return !search->ended;
}

static mr_status find_between(mr_store *store, int64_t first, int64_t last, customer_search *search,
                              mr_err *err)
{
    const mr_store_found *after = search->find->after;

    if (after != NULL && first <= after->customer_id && after->customer_id <= last) {
        if (after->customer_id == last) {
            return MR_OK;
        }
        first = after->customer_id + 1;
    }
    return store->backend->find_customers_between(store->state, first, last,
                                                  search->find->limit - search->count + 1,
                                                  visit_found, search, err);
}

/* Ids that begin with the digits of `prefix`: itself, then those of one more digit, and so on. A
 * negative one's bounds swap places. */
static mr_status find_by_id(mr_store *store, int64_t prefix, bool negative, customer_search *search,
                            mr_err *err)
{
    const mr_store_found *after = search->find->after;
    int64_t low = prefix, high = prefix, first, last;
    bool reached = after == NULL;
    mr_status status = MR_OK;

    while (status == MR_OK && !search->ended) {
        first = negative ? -high : low;
        last = negative ? -low : high;
        reached = reached || (first <= after->customer_id && after->customer_id <= last);
        if (reached) {
            status = find_between(store, first, last, search, err);
        }
        if (low == 0 || low > INT64_MAX / 10) {
            break; /* no number but 0 begins with 0 */
        }
        low *= 10;
        high = high > (INT64_MAX - 9) / 10 ? INT64_MAX : high * 10 + 9;
    }
    return status;
}

/* Again and again, for rows of ids that were shown already are passed over. */
static mr_status find_by_name(mr_store *store, const mr_words *words, customer_search *search,
                              mr_err *err)
{
    const mr_store_found *after = search->find->after;
    size_t limit = search->find->limit + 1;
    mr_status status = MR_OK;

    search->last = (mr_store_found){.customer_id = INT64_MIN, .by_name = true};
    if (after != NULL && after->by_name) {
        search->last.customer_id = after->customer_id;
    }
    do {
        search->rows = 0;
        status = store->backend->find_customers_named(store->state, words, search->last.customer_id,
                                                      limit, visit_found, search, err);
    } while (status == MR_OK && !search->ended && search->rows == limit);
    return status;
}

static bool parse_id_prefix(mr_text search, int64_t *ret_prefix, bool *ret_negative)
{
    uint64_t value;

    *ret_negative = mr_text_starts_with(search, "-");
    if (*ret_negative) {
        search = (mr_text){search.data + 1, search.bytes - 1};
    }
    if (search.bytes == 0 || (search.data[0] == '0' && search.bytes > 1) ||
        !mr_parse_uint64(search, INT64_MAX, &value)) {
        return false;
    }
    *ret_prefix = (int64_t)value;
    return true;
}

static mr_status find_customers(mr_store *store, customer_search *search, mr_err *err)
{
    const mr_store_find *find = search->find;
    mr_words words;
    int64_t prefix;
    bool negative, by_name = find->after != NULL && find->after->by_name;
    mr_status status = MR_OK;

    if (find->search.bytes == 0) {
        return find_between(store, INT64_MIN, INT64_MAX, search, err);
    }
    if (!by_name && parse_id_prefix(find->search, &prefix, &negative)) {
        status = find_by_id(store, prefix, negative, search, err);
    }
    mr_words_of(find->search, &words);
    if (status == MR_OK && !search->ended && words.count > 0) {
        status = find_by_name(store, &words, search, err);
    }
    return status;
}

mr_status mr_store_find_customers(mr_store *store, const mr_store_find *find,
                                  mr_store_found_page *ret_page,
                                  bool (*visit)(void *ctx, const mr_store_customer *customer),
                                  void *ctx, mr_err *err)
{
    mr_store_find trimmed = *find;
    customer_search search = {.find = &trimmed, .visit = visit, .ctx = ctx};
    mr_status status;

    MR_ASSERT(visit != NULL && find->limit >= 1 && find->limit <= mr_store_found_customers_max);
    trimmed.search = mr_text_trim(find->search);
    status = find_customers(store, &search, err);
    if (status == MR_OK) {
        *ret_page = search.page;
    }
    return status;
}

/* --- Months ----------------------------------------------------------------------------------- */

enum { months_max = 9999 * 12 };

typedef struct months {
    mr_store_month *list; /* newest first, as orders come, without gaps */
    size_t count, capacity;
} months;

static void add_month(months *to, mr_store_month month)
{
    if (to->count == to->capacity) {
        to->capacity = to->capacity == 0 ? 32 : 2 * to->capacity;
        to->list = mr_realloc(to->list, to->capacity * sizeof(*to->list));
    }
    MR_ASSERT(to->count < months_max);
    to->list[to->count++] = month;
}

static mr_store_month *month_of(months *to, mr_civil date)
{
    mr_civil_parts parts = mr_civil_split(date);

    if (to->count == 0) {
        add_month(to, (mr_store_month){.year = parts.year, .month = parts.month});
    }
    for (;;) {
        mr_store_month last = to->list[to->count - 1];

        if (last.year == parts.year && last.month == parts.month) {
            return &to->list[to->count - 1];
        }
        add_month(to, last.month > 1
                          ? (mr_store_month){.year = last.year, .month = (uint8_t)(last.month - 1)}
                          : (mr_store_month){.year = last.year - 1, .month = 12});
    }
}

static bool add_to_month(void *ctx, const mr_store_order *order)
{
    mr_store_month *month = month_of(ctx, order->invoice_date);

    if (order->cancelled) {
        month->cancellations++;
        month->returned = mr_amount_add(month->returned, order->amount);
    } else {
        month->orders++;
        month->spent = mr_amount_add(month->spent, order->amount);
    }
    return true;
}

mr_status mr_store_read_months(mr_store *store, int64_t customer_id,
                               bool (*visit)(void *ctx, const mr_store_month *month), void *ctx,
                               mr_err *err)
{
    const mr_store_order_query all = {
        .customer_id = customer_id, .orders = true, .cancellations = true};
    months found = {0};
    mr_status status;
    size_t left;

    MR_ASSERT(visit != NULL);
    status = mr_store_read_orders(store, &all, add_to_month, &found, err);
    for (left = found.count; status == MR_OK && left > 0; left--) {
        if (!visit(ctx, &found.list[left - 1])) {
            break;
        }
    }
    free(found.list);
    return status;
}

/* --- Which invoices a search means ------------------------------------------------------------ */

typedef struct matches {
    mr_words words;
    mr_text number;  /* as it was typed */
    mr_buffer texts; /* the invoice numbers that words led to, each behind its length */
    mr_text *list;   /* those, sorted */
    size_t count;
    char last[mr_store_invoice_no_bytes]; /* met last */
    size_t last_bytes;
} matches;

static bool note_match(void *ctx, const mr_store_item_row *item)
{
    matches *found = ctx;
    mr_text last = {found->last, found->last_bytes};
    uint32_t bytes = (uint32_t)item->invoice_no.bytes;

    if (found->count > 0 && mr_text_equal(last, item->invoice_no)) {
        return true; /* lines come invoice by invoice */
    }
    if (!mr_words_match(&found->words, item->line.description, item->line.stock_code)) {
        return true;
    }
    MR_ASSERT(bytes <= sizeof(found->last));
    memcpy(found->last, item->invoice_no.data, bytes);
    found->last_bytes = bytes;
    found->count++;
    return mr_buffer_append(&found->texts, &bytes, sizeof(bytes)) &&
           mr_buffer_append_text(&found->texts, item->invoice_no);
}

static int compare_texts(const void *left, const void *right)
{
    const mr_text *a = left, *b = right;
    int order = memcmp(a->data, b->data, a->bytes < b->bytes ? a->bytes : b->bytes);

    return order != 0 ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static void sort_matches(matches *found)
{
    const char *at = found->texts.data;
    size_t index;
    uint32_t bytes;

    found->list = mr_alloc((found->count + 1) * sizeof(*found->list));
    for (index = 0; index < found->count; index++) {
        memcpy(&bytes, at, sizeof(bytes));
        found->list[index] = (mr_text){at + sizeof(bytes), bytes};
        at += sizeof(bytes) + bytes;
    }
    qsort(found->list, found->count, sizeof(*found->list), compare_texts);
}

static bool is_match(const matches *found, mr_text invoice_no)
{
    mr_text head = {invoice_no.data, found->number.bytes};

    if (invoice_no.bytes >= head.bytes && mr_text_equal_ignoring_case(head, found->number)) {
        return true;
    }
    return bsearch(&invoice_no, found->list, found->count, sizeof(*found->list), compare_texts) !=
           NULL;
}

static mr_store_item_query items_of(const mr_store_page_query *query)
{
    static const mr_civil_parts least = {.year = 1, .month = 1, .day = 1};
    static const mr_civil_parts most = {
        .year = 9999, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59};
    mr_store_item_query items = {
        .customer_id = query->customer_id,
        .orders = query->orders,
        .cancellations = query->cancellations,
        .from = query->from,
        .to = query->to,
    };
    mr_civil first, last;

    MR_ASSERT(mr_civil_make(least, &first) && mr_civil_make(most, &last));
    if (!query->has_from || items.from.seconds < first.seconds) {
        items.from = first;
    }
    if (!query->has_to || items.to.seconds > last.seconds) {
        items.to = last;
    }
    return items;
}

static mr_status find_matches(mr_store *store, const mr_store_page_query *query, matches *found,
                              mr_err *err)
{
    const mr_store_item_query items = items_of(query);
    mr_status status = MR_OK;

    mr_buffer_init(&found->texts, found_texts_bytes_max);
    found->number = mr_text_trim(query->search);
    mr_words_of(found->number, &found->words);
    if (found->words.count > 0) {
        status = store->backend->read_items(store->state, &items, note_match, found, err);
    }
    if (status == MR_OK && found->texts.overflowed) {
        return mr_fail(err, MR_LIMIT, "the search finds too many orders: add a word");
    }
    if (status == MR_OK) {
        sort_matches(found);
    }
    return status;
}

static void free_matches(matches *found)
{
    mr_buffer_free(&found->texts);
    free(found->list);
}

/* --- Pages ------------------------------------------------------------------------------------ */

static bool is_in_range(const mr_store_page_query *query, mr_civil date)
{
    return (!query->has_from || date.seconds >= query->from.seconds) &&
           (!query->has_to || date.seconds < query->to.seconds);
}

static void set_number(mr_store_mark *mark, mr_text invoice_no)
{
    MR_ASSERT(invoice_no.bytes < sizeof(mark->invoice_no));
    memcpy(mark->invoice_no, invoice_no.data, invoice_no.bytes);
    mark->invoice_no[invoice_no.bytes] = '\0';
}

static __int128 rank_of(mr_store_sort sort, mr_civil date, mr_amount amount, int64_t items)
{
    switch (sort) {
    case MR_STORE_BY_DATE:
        return date.seconds;
    case MR_STORE_BY_AMOUNT:
        return amount.scaled;
    case MR_STORE_BY_ITEMS:
        return items;
    case MR_STORE_BY_NUMBER:
        break;
    }
    return 0;
}

static void finish_page(mr_picker *picker, mr_store_page *page)
{
    mr_picker_finish(picker);
    page->has_next = picker->behind > picker->count;
    if (page->has_next) {
        page->last = *(const mr_store_mark *)picker->heap[picker->count - 1];
    }
}

static void check_query(const mr_store_page_query *query)
{
    MR_ASSERT(query->limit >= 1 && query->limit <= mr_store_page_rows_max);
    MR_ASSERT(query->sort >= MR_STORE_BY_DATE && query->sort <= MR_STORE_BY_NUMBER);
}

typedef struct order_row {
    mr_store_mark mark;
    mr_store_order order; /* its number lies in mark */
    uint64_t products;
    mr_text shown[mr_store_products_shown]; /* lie in texts */
} order_row;

typedef struct order_page {
    const mr_store_page_query *query;
    mr_store_page *page;
    const matches *found; /* NULL: all */
    mr_picker picker;
    mr_arena *texts;
} order_page;

static bool take_order(void *ctx, const mr_store_order *order)
{
    order_page *to = ctx;
    mr_store_mark mark = {
        .rank = rank_of(to->query->sort, order->invoice_date, order->amount, order->items)};
    order_row *row;

    if (!is_in_range(to->query, order->invoice_date) ||
        (to->found != NULL && !is_match(to->found, order->invoice_no))) {
        return true;
    }
    to->page->total++;
    to->page->sum = mr_amount_add(to->page->sum, order->amount);
    set_number(&mark, order->invoice_no);
    row = mr_picker_offer(&to->picker, &mark);
    if (row != NULL) {
        row->order = *order;
    }
    return true;
}

static void take_product(void *ctx, size_t number, mr_text stock_code, mr_text description)
{
    order_page *to = ctx;
    order_row *row = to->picker.heap[number];

    if (row->products < mr_store_products_shown) {
        bool kept = mr_arena_copy(to->texts, description.bytes > 0 ? description : stock_code,
                                  &row->shown[row->products]);

        MR_ASSERT(kept); /* the cap is for a whole page of the longest */
    }
    row->products++;
}

static mr_status read_products_of_page(mr_store *store, order_page *to, mr_err *err)
{
    mr_text *numbers = mr_alloc((to->picker.count + 1) * sizeof(*numbers));
    mr_status status = MR_OK;
    size_t index;

    for (index = 0; index < to->picker.count; index++) {
        order_row *row = to->picker.heap[index];

        numbers[index] = mr_text_of(row->mark.invoice_no);
        row->order.invoice_no = numbers[index];
        row->products = 0;
    }
    if (to->picker.count > 0) {
        status = store->backend->read_products(store->state, to->query->customer_id, numbers,
                                               to->picker.count, take_product, to, err);
    }
    free(numbers);
    return status;
}

static void visit_orders(const order_page *to,
                         bool (*visit)(void *ctx, const mr_store_page_order *order), void *ctx)
{
    size_t index, shown;

    for (index = 0; index < to->picker.count; index++) {
        const order_row *row = to->picker.heap[index];
        mr_store_page_order order = {.order = row->order};

        shown = row->products < mr_store_products_shown ? row->products : mr_store_products_shown;
        memcpy(order.products, row->shown, shown * sizeof(order.products[0]));
        order.product_count = shown;
        order.product_more = row->products - shown;
        if (!visit(ctx, &order)) {
            break;
        }
    }
}

/* Inside a snapshot. */
static mr_status fill_order_page(mr_store *store, order_page *to, matches *found, bool products,
                                 mr_err *err)
{
    const mr_store_order_query all = {
        .customer_id = to->query->customer_id,
        .orders = to->query->orders,
        .cancellations = to->query->cancellations,
    };
    mr_status status = MR_OK;

    if (mr_text_trim(to->query->search).bytes > 0) {
        to->found = found;
        status = find_matches(store, to->query, found, err);
    }
    if (status == MR_OK) {
        status = mr_store_read_orders(store, &all, take_order, to, err);
    }
    if (status == MR_OK) {
        finish_page(&to->picker, to->page);
    }
    return status == MR_OK && products ? read_products_of_page(store, to, err) : status;
}

mr_status mr_store_read_order_page(mr_store *store, const mr_store_page_query *query,
                                   mr_store_page *ret_page,
                                   bool (*visit)(void *ctx, const mr_store_page_order *order),
                                   void *ctx, mr_err *err)
{
    const size_t text_bytes_max = 4 * mr_event_description_length_max + 32;
    mr_store_page page = {0};
    matches found = {0};
    order_page to = {.query = query, .page = &page};
    bool nested = store->in_snapshot;
    mr_status status;

    check_query(query);
    mr_picker_init(&to.picker, sizeof(order_row), query->limit, query->after, query->ascending);
    to.texts =
        mr_arena_create((query->limit + 1) * mr_store_products_shown * text_bytes_max + 65536);
    status = nested ? MR_OK : mr_store_begin_snapshot(store, err);
    if (status == MR_OK) {
        status = fill_order_page(store, &to, &found, visit != NULL, err);
    }
    if (!nested) {
        mr_store_end_snapshot(store);
    }
    if (status == MR_OK) {
        *ret_page = page;
        if (visit != NULL) {
            visit_orders(&to, visit, ctx);
        }
    }
    free_matches(&found);
    mr_picker_free(&to.picker);
    mr_arena_destroy(to.texts);
    return status;
}

typedef struct item_row {
    mr_store_mark mark;
    mr_store_item_row item;
    char stock_code[4 * mr_event_stock_code_length_max + 1];
    char description[4 * mr_event_description_length_max + 1];
} item_row;

typedef struct item_page {
    mr_store_page_query query;
    mr_store_page *page;
    mr_words words;
    mr_picker picker;
} item_page;

static void keep_text(mr_text *text, char *copy, size_t capacity)
{
    MR_ASSERT(text->bytes < capacity); /* events are bounded */
    if (text->data != NULL) {
        memcpy(copy, text->data, text->bytes);
        text->data = copy;
    }
}

static bool take_item(void *ctx, const mr_store_item_row *item)
{
    item_page *to = ctx;
    const mr_store_line *line = &item->line;
    mr_store_mark mark = {
        .rank = rank_of(to->query.sort, item->invoice_date, line->amount, line->quantity),
        .event_id = line->event_id,
    };
    item_row *row;

    if (!mr_words_match(&to->words, line->description, line->stock_code)) {
        return true;
    }
    to->page->total++;
    to->page->sum = mr_amount_add(to->page->sum, line->amount);
    set_number(&mark, item->invoice_no);
    row = mr_picker_offer(&to->picker, &mark);
    if (row != NULL) {
        row->item = *item;
        row->item.invoice_no = mr_text_of(row->mark.invoice_no);
        keep_text(&row->item.line.stock_code, row->stock_code, sizeof(row->stock_code));
        keep_text(&row->item.line.description, row->description, sizeof(row->description));
    }
    return true;
}

mr_status mr_store_read_item_page(mr_store *store, const mr_store_page_query *query,
                                  mr_store_page *ret_page,
                                  bool (*visit)(void *ctx, const mr_store_item_row *item),
                                  void *ctx, mr_err *err)
{
    const mr_store_item_query items = items_of(query);
    mr_store_page page = {0};
    item_page to = {.query = *query, .page = &page};
    mr_status status;
    size_t index;

    check_query(query);
    mr_words_of(mr_text_trim(query->search), &to.words);
    mr_picker_init(&to.picker, sizeof(item_row), query->limit, query->after, query->ascending);
    status = store->backend->read_items(store->state, &items, take_item, &to, err);
    if (status == MR_OK) {
        finish_page(&to.picker, &page);
        *ret_page = page;
        for (index = 0; visit != NULL && index < to.picker.count; index++) {
            if (!visit(ctx, &((const item_row *)to.picker.heap[index])->item)) {
                break;
            }
        }
    }
    mr_picker_free(&to.picker);
    return status;
}

/* --- Invoices --------------------------------------------------------------------------------- */

mr_status mr_store_read_own_invoice(mr_store *store, mr_text invoice_no, int64_t customer_id,
                                    mr_store_invoice *ret_invoice,
                                    bool (*visit)(void *ctx, const mr_store_line *line), void *ctx,
                                    mr_err *err)
{
    MR_ASSERT(invoice_no.data != NULL);
    return store->backend->read_own_invoice(store->state, invoice_no, customer_id, ret_invoice,
                                            visit, ctx, err);
}

typedef struct related_visit {
    bool (*visit)(void *ctx, const mr_store_related *related);
    void *ctx;
    mr_store_related current; /* its texts lie below; invoice_no absent: none yet */
    char invoice_no[mr_store_invoice_no_bytes];
    char stock_code[4 * mr_event_stock_code_length_max + 1];
    size_t count;
} related_visit;

static bool tell_related(related_visit *to)
{
    if (to->current.invoice_no.data == NULL) {
        return true;
    }
    to->count++;
    return to->visit(to->ctx, &to->current) && to->count < mr_store_related_max;
}

/* Lines of one product on one invoice come one behind the other. */
static bool add_related(void *ctx, const mr_store_related *line)
{
    related_visit *to = ctx;

    if (mr_text_equal(to->current.invoice_no, line->invoice_no) &&
        mr_text_equal(to->current.stock_code, line->stock_code)) {
        to->current.amount = mr_amount_add(to->current.amount, line->amount);
        return true;
    }
    if (!tell_related(to)) {
        to->current.invoice_no = MR_TEXT_ABSENT;
        return false;
    }
    to->current = *line;
    keep_text(&to->current.invoice_no, to->invoice_no, sizeof(to->invoice_no));
    keep_text(&to->current.stock_code, to->stock_code, sizeof(to->stock_code));
    return true;
}

mr_status mr_store_read_related(mr_store *store, const mr_store_invoice *invoice,
                                bool (*visit)(void *ctx, const mr_store_related *related),
                                void *ctx, mr_err *err)
{
    related_visit to = {.visit = visit, .ctx = ctx};
    mr_status status;

    MR_ASSERT(visit != NULL);
    if (!invoice->has_customer) {
        return MR_OK; /* nobody knows whose a guest's other invoices are */
    }
    status = store->backend->read_related(store->state, invoice, add_related, &to, err);
    if (status == MR_OK) {
        (void)tell_related(&to); /* the last one */
    }
    return status;
}
