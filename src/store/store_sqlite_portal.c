/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite_portal.c - the OLTP store in a SQLite file: a customer's pages.
 *
 * Owns:       nothing; works on the store's connection.
 * Called by:  store_sqlite.c's table, on the handle's thread.
 * Invariants: (1) no statement reads a whole table: each begins from a customer, an invoice or a
 *                 name's words, by an index (a test looks at the plans);
 *             (2) with a limit set no statement outlives it by more than some thousand steps.
 * Not here:   sorting, paging and sums (store_portal.c), other answers (store_sqlite_read.c).
 */
#include "store/store_sqlite.h"

#include "base/civil.h"
#include "base/memory.h"

enum {
    limit_steps = 4000, /* of SQLite's machine between two looks: well below a millisecond */
    name_match_bytes_max = 1024,
    page_json_bytes_max = 8 << 20,
};

/* --- Limits, snapshots, changes --------------------------------------------------------------- */

static int is_over(void *ctx)
{
    const mr_sqlite_store *store = ctx;

    return (store->limit.is_over != NULL && store->limit.is_over(store->limit.ctx)) ||
           (store->limit.deadline_us != 0 && mr_monotonic_us() >= store->limit.deadline_us);
}

void mr_sqlite_store_set_limit(void *state, const mr_store_limit *limit)
{
    mr_sqlite_store *store = state;

    store->limit = limit == NULL ? (mr_store_limit){0} : *limit;
    sqlite3_progress_handler(store->db.handle, limit == NULL ? 0 : limit_steps, is_over, store);
}

mr_status mr_sqlite_store_begin_snapshot(void *state, mr_err *err)
{
    mr_sqlite_store *store = state;
    mr_status status;

    MR_ASSERT(!store->in_transaction);
    status = mr_sqlite_exec(&store->db, "BEGIN", err);
    store->in_snapshot = status == MR_OK;
    return status;
}

void mr_sqlite_store_end_snapshot(void *state)
{
    mr_sqlite_store *store = state;

    mr_sqlite_rollback(&store->db); /* nothing was written */
    store->in_snapshot = false;
}

mr_status mr_sqlite_store_read_changed_at(void *state, int64_t *ret_at_ms, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_POSITION_MOVED_AT, &statement, err);

    if (status == MR_OK) {
        status = mr_sqlite_step(&store->db, MR_QUERY_POSITION_MOVED_AT, err);
    }
    if (status == MR_OK) {
        *ret_at_ms = sqlite3_column_int64(statement, 0);
        mr_sqlite_reset(&store->db, MR_QUERY_POSITION_MOVED_AT);
    }
    MR_ASSERT(status != MR_NOT_FOUND); /* an aggregate has one row */
    return status;
}

/* --- Customers -------------------------------------------------------------------------------- */

static mr_status visit_customers(mr_sqlite_store *store, mr_store_query query,
                                 mr_store_visit_customer visit, void *ctx, mr_err *err)
{
    sqlite3_stmt *statement = store->db.statements[query];
    mr_status status;

    while ((status = mr_sqlite_step(&store->db, query, err)) == MR_OK) {
        mr_store_customer customer = {.customer_id = sqlite3_column_int64(statement, 0)};

        mr_sqlite_column_string(statement, 1, customer.name, sizeof(customer.name));
        mr_sqlite_column_string(statement, 2, customer.country, sizeof(customer.country));
        status = mr_sqlite_store_read_customer_sums(store, &customer, err);
        if (status != MR_OK || !visit(ctx, &customer)) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, query, status);
}

mr_status mr_sqlite_store_find_customers_between(void *state, int64_t low, int64_t high,
                                                 size_t limit, mr_store_visit_customer visit,
                                                 void *ctx, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_CUSTOMER_BETWEEN, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, low);
    mr_sqlite_bind_integer(statement, 2, high);
    mr_sqlite_bind_integer(statement, 3, (int64_t)limit);
    return visit_customers(store, MR_QUERY_CUSTOMER_BETWEEN, visit, ctx, err);
}

mr_status mr_sqlite_store_find_customers_named(void *state, const mr_words *words, int64_t after_id,
                                               size_t limit, mr_store_visit_customer visit,
                                               void *ctx, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_buffer match;
    size_t index;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_CUSTOMER_NAMED, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_buffer_init(&match, name_match_bytes_max);
    for (index = 0; index < words->count; index++) { /* words hold letters and digits: no quotes */
        mr_buffer_printf(&match, "\"%.*s\"* ", MR_TEXT_ARGS(words->words[index]));
    }
    MR_ASSERT(!match.overflowed);
    mr_sqlite_bind_text(statement, 1, mr_buffer_text(&match));
    mr_sqlite_bind_integer(statement, 2, (int64_t)limit);
    mr_sqlite_bind_integer(statement, 3, after_id);
    status = visit_customers(store, MR_QUERY_CUSTOMER_NAMED, visit, ctx, err);
    mr_buffer_free(&match);
    return status;
}

/* --- Lines and products ----------------------------------------------------------------------- */

mr_status mr_sqlite_store_read_items(void *state, const mr_store_item_query *query,
                                     mr_store_visit_item visit, void *ctx, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_store_item_row item;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_ITEM_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, query->customer_id);
    mr_sqlite_bind_integer(statement, 2, query->cancellations);
    mr_sqlite_bind_integer(statement, 3, query->orders);
    mr_sqlite_bind_integer(statement, 4, query->from.seconds);
    mr_sqlite_bind_integer(statement, 5, query->to.seconds);
    while ((status = mr_sqlite_step(&store->db, MR_QUERY_ITEM_LIST, err)) == MR_OK) {
        item.invoice_no = mr_sqlite_column_text(statement, 9);
        item.invoice_date.seconds = sqlite3_column_int64(statement, 10);
        status = mr_sqlite_store_column_line(store, statement, &item.line, err);
        if (status != MR_OK || !visit(ctx, &item)) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, MR_QUERY_ITEM_LIST, status);
}

static mr_status list_of(const mr_text *texts, size_t count, mr_buffer *list, mr_err *err)
{
    size_t index;

    mr_buffer_append_string(list, "[");
    for (index = 0; index < count; index++) {
        mr_buffer_append_string(list, index == 0 ? "" : ",");
        mr_buffer_append_json_string(list, texts[index]);
    }
    mr_buffer_append_string(list, "]");
    return list->overflowed ? mr_fail(err, MR_LIMIT, "a page of %zu invoices is too long", count)
                            : MR_OK;
}

mr_status mr_sqlite_store_read_products(void *state, int64_t customer_id,
                                        const mr_text *invoice_nos, size_t count,
                                        mr_store_visit_product visit, void *ctx, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_buffer list;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_PRODUCT_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_buffer_init(&list, page_json_bytes_max);
    status = list_of(invoice_nos, count, &list, err);
    if (status == MR_OK) {
        mr_sqlite_bind_text(statement, 1, mr_buffer_text(&list));
        mr_sqlite_bind_integer(statement, 2, customer_id);
        while ((status = mr_sqlite_step(&store->db, MR_QUERY_PRODUCT_LIST, err)) == MR_OK) {
            size_t number = (size_t)sqlite3_column_int64(statement, 0);

            MR_ASSERT(number < count);
            visit(ctx, number, mr_sqlite_column_text(statement, 1),
                  mr_sqlite_column_text(statement, 2));
        }
        status = mr_sqlite_store_finish(store, MR_QUERY_PRODUCT_LIST, status);
    }
    mr_buffer_free(&list);
    return status;
}

/* --- Returns ---------------------------------------------------------------------------------- */

mr_status mr_sqlite_store_read_related(void *state, const mr_store_invoice *invoice,
                                       bool (*visit)(void *, const mr_store_related *), void *ctx,
                                       mr_err *err)
{
    mr_sqlite_store *store = state;
    mr_store_query query = invoice->cancelled ? MR_QUERY_RETURNED_FROM_LIST : MR_QUERY_RETURN_LIST;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, query, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(invoice->invoice_no));
    mr_sqlite_bind_integer(statement, 2, invoice->customer_id);
    mr_sqlite_bind_integer(statement, 3, invoice->invoice_date.seconds);
    while ((status = mr_sqlite_step(&store->db, query, err)) == MR_OK) {
        const mr_store_related related = {
            .invoice_no = mr_sqlite_column_text(statement, 0),
            .invoice_date = {sqlite3_column_int64(statement, 1)},
            .stock_code = mr_sqlite_column_text(statement, 2),
            .amount = mr_amount_of(sqlite3_column_int(statement, 3),
                                   (mr_price){sqlite3_column_int64(statement, 4)}),
        };

        if (!visit(ctx, &related)) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, query, status);
}
