/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_portal.c - the OLTP store in PostgreSQL: a customer's pages.
 *
 * Owns:       nothing; works on the store's connection.
 * Called by:  store_postgres.c's table, on the handle's thread.
 * Invariants: (1) no statement reads a whole table: each begins from a customer, an invoice or a
 *                 name's words, by an index;
 *             (2) rows arrive one by one, so that no list is held whole.
 * Not here:   sorting, paging and sums (store_portal.c), other answers (store_postgres_read.c).
 */
#include "store/store_postgres.h"

#include "base/memory.h"

enum { name_match_bytes_max = 1024 };

/* --- Limits, snapshots, changes --------------------------------------------------------------- */

void mr_pg_store_set_limit(void *state, const mr_store_limit *limit)
{
    mr_pg_store *store = state;

    mr_pg_set_limit(store->pg, limit);
}

mr_status mr_pg_store_begin_snapshot(void *state, mr_err *err)
{
    mr_pg_store *store = state;

    return mr_pg_begin(store->pg, "ISOLATION LEVEL REPEATABLE READ, READ ONLY", err);
}

void mr_pg_store_end_snapshot(void *state)
{
    mr_pg_store *store = state;

    mr_pg_rollback(store->pg); /* nothing was written */
}

mr_status mr_pg_store_read_changed_at(void *state, int64_t *ret_at_ms, mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_status status = mr_pg_run(store->pg, MR_PG_POSITION_MOVED_AT, NULL, &result, NULL, err);

    if (status == MR_OK) {
        *ret_at_ms = mr_pg_int8(result, 0, 0);
        PQclear(result);
    }
    return status;
}

/* --- Customers -------------------------------------------------------------------------------- */

typedef struct customer_visit {
    const mr_pg_store *store;
    mr_store_visit_customer visit;
    void *ctx;
} customer_visit;

static mr_status visit_customer(void *ctx, const PGresult *row, mr_err *err)
{
    const customer_visit *to = ctx;
    mr_store_customer customer;
    mr_status status = mr_pg_store_customer_of(to->store, row, 0, &customer, err);

    if (status != MR_OK) {
        return status;
    }
    return to->visit(to->ctx, &customer) ? MR_OK : MR_STOPPED;
}

mr_status mr_pg_store_find_customers_between(void *state, int64_t low, int64_t high, size_t limit,
                                             mr_store_visit_customer visit, void *ctx, mr_err *err)
{
    mr_pg_store *store = state;
    customer_visit to = {.store = store, .visit = visit, .ctx = ctx};

    mr_pg_params_reset(&store->params);
    mr_pg_bind_integer(&store->params, low);
    mr_pg_bind_integer(&store->params, high);
    mr_pg_bind_integer(&store->params, (int64_t)limit);
    return mr_pg_each(store->pg, MR_PG_CUSTOMER_BETWEEN, &store->params, visit_customer, &to, err);
}

mr_status mr_pg_store_find_customers_named(void *state, const mr_words *words, int64_t after_id,
                                           size_t limit, mr_store_visit_customer visit, void *ctx,
                                           mr_err *err)
{
    mr_pg_store *store = state;
    customer_visit to = {.store = store, .visit = visit, .ctx = ctx};
    mr_buffer match;
    size_t index;
    mr_status status;

    mr_buffer_init(&match, name_match_bytes_max);
    for (index = 0; index < words->count; index++) { /* words hold letters and digits: no quotes */
        mr_buffer_printf(&match, "%s'%.*s':*", index == 0 ? "" : " & ",
                         MR_TEXT_ARGS(words->words[index]));
    }
    MR_ASSERT(!match.overflowed);
    mr_pg_params_reset(&store->params);
    mr_pg_bind_text(&store->params, mr_buffer_text(&match));
    mr_pg_bind_integer(&store->params, (int64_t)limit);
    mr_pg_bind_integer(&store->params, after_id);
    status = mr_pg_each(store->pg, MR_PG_CUSTOMER_NAMED, &store->params, visit_customer, &to, err);
    mr_buffer_free(&match);
    return status;
}

/* --- Lines and products ----------------------------------------------------------------------- */

typedef struct item_visit {
    const mr_pg_store *store;
    mr_store_visit_item visit;
    void *ctx;
} item_visit;

static mr_status visit_item(void *ctx, const PGresult *row, mr_err *err)
{
    const item_visit *to = ctx;
    mr_store_item_row item = {
        .invoice_no = mr_pg_text(row, 0, 9),
        .invoice_date = mr_pg_date(row, 0, 10),
    };
    mr_status status = mr_pg_store_line_of(to->store, row, &item.line, err);

    if (status != MR_OK) {
        return status;
    }
    return to->visit(to->ctx, &item) ? MR_OK : MR_STOPPED;
}

mr_status mr_pg_store_read_items(void *state, const mr_store_item_query *query,
                                 mr_store_visit_item visit, void *ctx, mr_err *err)
{
    mr_pg_store *store = state;
    item_visit to = {.store = store, .visit = visit, .ctx = ctx};

    mr_pg_params_reset(&store->params);
    mr_pg_bind_integer(&store->params, query->customer_id);
    mr_pg_bind_flag(&store->params, query->cancellations);
    mr_pg_bind_flag(&store->params, query->orders);
    mr_pg_bind_date(&store->params, query->from);
    mr_pg_bind_date(&store->params, query->to);
    return mr_pg_each(store->pg, MR_PG_ITEM_LIST, &store->params, visit_item, &to, err);
}

mr_status mr_pg_store_read_products(void *state, int64_t customer_id, const mr_text *invoice_nos,
                                    size_t count, mr_store_visit_product visit, void *ctx,
                                    mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_buffer *numbers;
    size_t index;
    mr_status status;
    int row;

    mr_pg_params_reset(&store->params);
    numbers = mr_pg_array_begin(&store->params, MR_PG_TEXT);
    for (index = 0; index < count; index++) {
        mr_pg_put_text(numbers, invoice_nos[index]);
    }
    mr_pg_array_end(numbers, count);
    mr_pg_bind_integer(&store->params, customer_id);
    status = mr_pg_run(store->pg, MR_PG_PRODUCT_LIST, &store->params, &result, NULL, err);
    for (row = 0; status == MR_OK && row < PQntuples(result); row++) {
        size_t number = (size_t)mr_pg_int8(result, row, 0) - 1;

        MR_ASSERT(number < count);
        visit(ctx, number, mr_pg_text(result, row, 1), mr_pg_text(result, row, 2));
    }
    PQclear(result);
    return status;
}

/* --- Returns ---------------------------------------------------------------------------------- */

typedef struct related_visit {
    const mr_pg_store *store;
    bool (*visit)(void *ctx, const mr_store_related *related);
    void *ctx;
} related_visit;

static mr_status visit_related(void *ctx, const PGresult *row, mr_err *err)
{
    const related_visit *to = ctx;
    mr_store_related related = {
        .invoice_no = mr_pg_text(row, 0, 0),
        .invoice_date = mr_pg_date(row, 0, 1),
        .stock_code = mr_pg_text(row, 0, 2),
    };
    mr_amount price;
    mr_status status = mr_pg_store_amount_of(to->store, row, 0, 4, &price, err);

    if (status != MR_OK) {
        return status;
    }
    related.amount.scaled = price.scaled * mr_pg_int4(row, 0, 3);
    return to->visit(to->ctx, &related) ? MR_OK : MR_STOPPED;
}

mr_status mr_pg_store_read_related(void *state, const mr_store_invoice *invoice,
                                   bool (*visit)(void *, const mr_store_related *), void *ctx,
                                   mr_err *err)
{
    mr_pg_store *store = state;
    related_visit to = {.store = store, .visit = visit, .ctx = ctx};

    mr_pg_params_reset(&store->params);
    mr_pg_bind_text(&store->params, mr_text_of(invoice->invoice_no));
    mr_pg_bind_integer(&store->params, invoice->customer_id);
    mr_pg_bind_date(&store->params, invoice->invoice_date);
    return mr_pg_each(store->pg, invoice->cancelled ? MR_PG_RETURNED_FROM_LIST : MR_PG_RETURN_LIST,
                      &store->params, visit_related, &to, err);
}
