/* SPDX-License-Identifier: Apache-2.0 */
/* web/invoice_view.c - an invoice with its lines and the invoices it is linked with.
 *
 * Owns:       a view's memory.
 * Called by:  routes_invoice.c, in a worker's thread.
 * Invariants: (1) head, lines and links are of one snapshot of the store;
 *             (2) the state takes in every value of the view, each with its length, so that two
 *                 views of different content do not share one.
 * Not here:   JSON (routes_invoice.c), the document (invoice_pdf.c).
 */
#include "web/invoice_view.h"

#include <stdlib.h>

#include "base/hash.h"

enum {
    view_bytes_max = 64 << 20,
    view_lines_max = 100000,
    state_bytes_max = 256 << 20,
};

typedef struct loading {
    mr_invoice_view *view;
    size_t line_capacity, link_capacity;
    bool overflowed;
} loading;

static bool keep(loading *to, mr_text *text)
{
    if (text->data != NULL && !mr_arena_copy(to->view->arena, *text, text)) {
        to->overflowed = true;
    }
    return !to->overflowed;
}

static void *grown(void *list, size_t count, size_t *capacity, size_t bytes_each)
{
    if (count < *capacity) {
        return list;
    }
    *capacity = *capacity == 0 ? 32 : 2 * *capacity;
    return mr_realloc(list, *capacity * bytes_each);
}

static bool take_line(void *ctx, const mr_store_line *line)
{
    loading *to = ctx;
    mr_invoice_view *view = to->view;
    mr_store_line copy = *line;

    if (view->line_count == view_lines_max) {
        to->overflowed = true;
    }
    if (to->overflowed || !keep(to, &copy.stock_code) || !keep(to, &copy.description)) {
        return false;
    }
    view->lines = grown(view->lines, view->line_count, &to->line_capacity, sizeof(*view->lines));
    view->lines[view->line_count++] = copy;
    return true;
}

/* Links come invoice by invoice, product by product. */
static mr_invoice_link *link_of(loading *to, const mr_store_related *related)
{
    mr_invoice_view *view = to->view;
    mr_invoice_link link = {.invoice_no = related->invoice_no,
                            .invoice_date = related->invoice_date};

    if (view->link_count > 0 &&
        mr_text_equal(view->links[view->link_count - 1].invoice_no, related->invoice_no)) {
        return &view->links[view->link_count - 1];
    }
    link.stock_codes = mr_arena_take(view->arena, mr_store_related_max * sizeof(mr_text));
    if (link.stock_codes == NULL || !keep(to, &link.invoice_no)) {
        to->overflowed = true;
        return NULL;
    }
    view->links = grown(view->links, view->link_count, &to->link_capacity, sizeof(*view->links));
    view->links[view->link_count] = link;
    return &view->links[view->link_count++];
}

static bool take_related(void *ctx, const mr_store_related *related)
{
    loading *to = ctx;
    mr_text stock_code = related->stock_code;
    mr_invoice_link *link = link_of(to, related);

    if (link == NULL || !keep(to, &stock_code)) {
        return false;
    }
    MR_ASSERT(link->stock_code_count < mr_store_related_max);
    link->stock_codes[link->stock_code_count++] = stock_code;
    link->amount = mr_amount_add(link->amount, related->amount);
    return true;
}

/* Inside a snapshot. */
static mr_status load(mr_store *store, mr_text invoice_no, const int64_t *customer_id, loading *to,
                      mr_err *err)
{
    mr_store_invoice *head = &to->view->head;
    mr_status status =
        customer_id == NULL
            ? mr_store_read_invoice(store, invoice_no, head, take_line, to, err)
            : mr_store_read_own_invoice(store, invoice_no, *customer_id, head, take_line, to, err);

    if (status == MR_OK && !to->overflowed) {
        status = mr_store_read_related(store, head, take_related, to, err);
    }
    if (status == MR_OK && to->overflowed) {
        status = mr_fail(err, MR_LIMIT, "invoice %s has too many lines to be shown whole",
                         head->invoice_no);
    }
    return status;
}

mr_status mr_invoice_view_load(mr_store *store, mr_text invoice_no, const int64_t *customer_id,
                               mr_invoice_view **ret_view, mr_err *err)
{
    mr_invoice_view *view = mr_alloc_zero(1, sizeof(*view));
    loading to = {.view = view};
    mr_status status;

    view->arena = mr_arena_create(view_bytes_max);
    status = mr_store_begin_snapshot(store, err);
    if (status == MR_OK) {
        status = load(store, invoice_no, customer_id, &to, err);
        mr_store_end_snapshot(store);
    }
    if (status != MR_OK) {
        mr_invoice_view_free(view);
        return status;
    }
    *ret_view = view;
    return MR_OK;
}

void mr_invoice_view_free(mr_invoice_view *view)
{
    if (view != NULL) {
        free(view->lines);
        free(view->links);
        mr_arena_destroy(view->arena);
        free(view);
    }
}

/* --- State ------------------------------------------------------------------------------------ */

static void add_text(mr_buffer *to, mr_text text)
{
    mr_buffer_printf(to, "%zd:", text.data == NULL ? (ssize_t)-1 : (ssize_t)text.bytes);
    mr_buffer_append_text(to, text);
}

static void add_amount(mr_buffer *to, mr_amount amount)
{
    char digits[mr_amount_text_bytes_max];

    mr_amount_format(amount, 0, digits);
    mr_buffer_printf(to, "%s,", digits);
}

static void add_head(mr_buffer *to, const mr_store_invoice *head)
{
    add_text(to, mr_text_of(head->invoice_no));
    add_text(to, mr_text_of(head->customer_name));
    add_text(to, mr_text_of(head->country));
    mr_buffer_printf(to, "%lld,%d,%d,%lld,%llu,%lld,", (long long)head->invoice_date.seconds,
                     head->cancelled, head->has_customer,
                     (long long)(head->has_customer ? head->customer_id : 0),
                     (unsigned long long)head->lines, (long long)head->items);
    add_amount(to, head->total);
}

void mr_invoice_view_state(const mr_invoice_view *view,
                           char ret_state[static mr_invoice_state_bytes])
{
    uint8_t hash[16];
    mr_buffer all;
    size_t index, code;

    mr_buffer_init(&all, state_bytes_max);
    add_head(&all, &view->head);
    for (index = 0; index < view->line_count; index++) {
        const mr_store_line *line = &view->lines[index];

        mr_buffer_append(&all, line->event_id.bytes, sizeof(line->event_id.bytes));
        add_text(&all, line->stock_code);
        add_text(&all, line->description);
        mr_buffer_printf(&all, "%d,%lld,", (int)line->quantity, (long long)line->unit_price.scaled);
    }
    for (index = 0; index < view->link_count; index++) {
        const mr_invoice_link *link = &view->links[index];

        add_text(&all, link->invoice_no);
        mr_buffer_printf(&all, "%lld,", (long long)link->invoice_date.seconds);
        add_amount(&all, link->amount);
        for (code = 0; code < link->stock_code_count; code++) {
            add_text(&all, link->stock_codes[code]);
        }
    }
    MR_ASSERT(!all.overflowed); /* a view is smaller */
    mr_hash128(all.data, all.bytes, hash);
    mr_hex_encode(hash, sizeof(hash), ret_state);
    mr_buffer_free(&all);
}
