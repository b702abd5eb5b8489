/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite_read.c - the OLTP store in a SQLite file: answers.
 *
 * Owns:       nothing; works on the store's connection, inside its open transaction if there is
 * one. Called by:  store_sqlite.c's table, on the handle's thread. Invariants: (1) an answer that
 * needs two statements reads them from one snapshot; (2) money is added here in 128 bits, never by
 * SQL; (3) no answer but the ranking of customers reads more than what it tells about. Not here:
 * writing (store_sqlite_write.c).
 */
#include "store/store_sqlite.h"

#include <stdlib.h>

#include "base/memory.h"

enum { mr_store_top_customers_max = 1000 };

/* *ret_began: the snapshot is ours to end; else the writer's transaction is the snapshot. */
static mr_status begin_snapshot(mr_sqlite_store *store, bool *ret_began, mr_err *err)
{
    mr_status status;

    if (store->in_transaction || store->in_snapshot) {
        *ret_began = false;
        return MR_OK;
    }
    status = mr_sqlite_exec(&store->db, "BEGIN", err);
    *ret_began = status == MR_OK;
    return status;
}

static void end_snapshot(mr_sqlite_store *store, bool began)
{
    if (began) {
        mr_sqlite_rollback(&store->db); /* nothing was written */
    }
}

static mr_status amount_of(const mr_sqlite_store *store, sqlite3_stmt *statement, int index,
                           mr_amount *ret_amount, mr_err *err)
{
    if (!mr_sqlite_column_amount(statement, index, ret_amount)) {
        mr_text text = mr_sqlite_column_text(statement, index);

        return mr_fail(err, MR_CORRUPT, "store %s: '%.*s' is not an amount", store->db.path,
                       MR_TEXT_ARGS(text));
    }
    return MR_OK;
}

mr_status mr_sqlite_store_finish(mr_sqlite_store *store, mr_store_query query, mr_status status)
{
    if (status == MR_NOT_FOUND) {
        return MR_OK;
    }
    mr_sqlite_reset(&store->db, query);
    return status;
}

/* --- Totals ----------------------------------------------------------------------------------- */

static mr_status column_totals(const mr_sqlite_store *store, sqlite3_stmt *statement,
                               mr_store_totals *ret_totals, mr_err *err)
{
    mr_store_totals totals = {
        .lines = (uint64_t)sqlite3_column_int64(statement, 0),
        .invoices = (uint64_t)sqlite3_column_int64(statement, 1),
        .cancelled_invoices = (uint64_t)sqlite3_column_int64(statement, 2),
        .customers = (uint64_t)sqlite3_column_int64(statement, 3),
        .products = (uint64_t)sqlite3_column_int64(statement, 4),
        .countries = (uint64_t)sqlite3_column_int64(statement, 5),
    };
    mr_status status = amount_of(store, statement, 6, &totals.sales, err);

    if (status == MR_OK) {
        status = amount_of(store, statement, 7, &totals.cancelled, err);
    }
    if (status == MR_OK) {
        *ret_totals = totals;
    }
    return status;
}

mr_status mr_sqlite_store_load_totals(mr_sqlite_store *store, mr_store_totals *ret_totals,
                                      mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_TOTAL_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    status = mr_sqlite_step(&store->db, MR_QUERY_TOTAL_READ, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_CORRUPT, "store %s: its totals are gone", store->db.path);
    }
    if (status == MR_OK) {
        status = column_totals(store, statement, ret_totals, err);
        mr_sqlite_reset(&store->db, MR_QUERY_TOTAL_READ);
    }
    return status;
}

mr_status mr_sqlite_store_read_totals(void *state, mr_store_totals *ret_totals, mr_err *err)
{
    return mr_sqlite_store_load_totals(state, ret_totals, err);
}

/* --- Customers -------------------------------------------------------------------------------- */

static mr_status read_customer_head(mr_sqlite_store *store, int64_t customer_id,
                                    mr_store_customer *ret_customer, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_CUSTOMER_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, customer_id);
    status = mr_sqlite_step(&store->db, MR_QUERY_CUSTOMER_READ, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_NOT_FOUND, "customer %lld is not in the store",
                       (long long)customer_id);
    }
    if (status != MR_OK) {
        return status;
    }
    ret_customer->customer_id = customer_id;
    mr_sqlite_column_string(statement, 0, ret_customer->name, sizeof(ret_customer->name));
    mr_sqlite_column_string(statement, 1, ret_customer->country, sizeof(ret_customer->country));
    mr_sqlite_reset(&store->db, MR_QUERY_CUSTOMER_READ);
    return MR_OK;
}

static mr_status add_order(const mr_sqlite_store *store, sqlite3_stmt *statement,
                           mr_store_customer *customer, mr_err *err)
{
    mr_text invoice_no = mr_sqlite_column_text(statement, 0);
    mr_civil date = {sqlite3_column_int64(statement, 1)};
    bool first = customer->orders + customer->cancellations == 0;
    mr_amount amount;
    mr_status status = amount_of(store, statement, 3, &amount, err);

    if (status != MR_OK) {
        return status;
    }
    if (first || date.seconds < customer->first_order.seconds) {
        customer->first_order = date;
    }
    if (first || date.seconds > customer->last_order.seconds) {
        customer->last_order = date;
    }
    customer->lines += (uint64_t)sqlite3_column_int64(statement, 2);
    if (mr_text_starts_with(invoice_no, "C")) {
        customer->cancellations++;
        customer->returned = mr_amount_add(customer->returned, amount);
    } else {
        customer->orders++;
        customer->spent = mr_amount_add(customer->spent, amount);
    }
    return MR_OK;
}

mr_status mr_sqlite_store_read_customer_sums(mr_sqlite_store *store, mr_store_customer *customer,
                                             mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_CUSTOMER_SUMS, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, customer->customer_id);
    while ((status = mr_sqlite_step(&store->db, MR_QUERY_CUSTOMER_SUMS, err)) == MR_OK) {
        status = add_order(store, statement, customer, err);
        if (status != MR_OK) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, MR_QUERY_CUSTOMER_SUMS, status);
}

mr_status mr_sqlite_store_read_customer(void *state, int64_t customer_id,
                                        mr_store_customer *ret_customer, mr_err *err)
{
    mr_sqlite_store *store = state;
    mr_store_customer customer = {0};
    bool began = false;
    mr_status status = begin_snapshot(store, &began, err);

    if (status == MR_OK) {
        status = read_customer_head(store, customer_id, &customer, err);
    }
    if (status == MR_OK) {
        status = mr_sqlite_store_read_customer_sums(store, &customer, err);
    }
    end_snapshot(store, began);
    if (status == MR_OK) {
        *ret_customer = customer;
    }
    return status;
}

mr_status mr_sqlite_store_read_orders(void *state, const mr_store_order_query *query,
                                      bool (*visit)(void *, const mr_store_order *), void *ctx,
                                      mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_store_order order;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_ORDER_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, query->customer_id);
    mr_sqlite_bind_integer(statement, 2, query->cancellations);
    mr_sqlite_bind_integer(statement, 3, query->orders);
    mr_sqlite_bind_integer(statement, 4,
                           query->limit == 0 || query->limit > INT64_MAX ? INT64_MAX
                                                                         : (int64_t)query->limit);
    mr_sqlite_bind_integer(statement, 5,
                           query->skip > INT64_MAX ? INT64_MAX : (int64_t)query->skip);
    while ((status = mr_sqlite_step(&store->db, MR_QUERY_ORDER_LIST, err)) == MR_OK) {
        order.invoice_no = mr_sqlite_column_text(statement, 0);
        order.invoice_date.seconds = sqlite3_column_int64(statement, 1);
        order.cancelled = mr_text_starts_with(order.invoice_no, "C");
        order.lines = (uint64_t)sqlite3_column_int64(statement, 2);
        order.items = sqlite3_column_int64(statement, 3);
        status = amount_of(store, statement, 4, &order.amount, err);
        if (status != MR_OK || !visit(ctx, &order)) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, MR_QUERY_ORDER_LIST, status);
}

/* --- The ranking of customers ----------------------------------------------------------------- */

typedef struct ranked {
    int64_t customer_id;
    mr_amount spent;
} ranked;

/* The best so far, the least of them at the root: a binary heap. */
typedef struct ranking {
    ranked *heap;
    size_t count;
    size_t capacity;
} ranking;

/* Customers of equal spend stand in the order of their numbers. */
static bool ranks_below(const ranked *a, const ranked *b)
{
    return a->spent.scaled != b->spent.scaled ? a->spent.scaled < b->spent.scaled
                                              : a->customer_id > b->customer_id;
}

static void swap(ranked *a, ranked *b)
{
    ranked other = *a;

    *a = *b;
    *b = other;
}

static void sift_down(ranking *best)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < best->count) {
        if (child + 1 < best->count && ranks_below(&best->heap[child + 1], &best->heap[child])) {
            child++;
        }
        if (!ranks_below(&best->heap[child], &best->heap[at])) {
            break;
        }
        swap(&best->heap[child], &best->heap[at]);
        at = child;
    }
}

static void rank(ranking *best, const ranked *customer)
{
    size_t at = best->count;

    if (best->count == best->capacity) {
        if (ranks_below(&best->heap[0], customer)) {
            best->heap[0] = *customer;
            sift_down(best);
        }
        return;
    }
    best->heap[best->count++] = *customer;
    while (at > 0 && ranks_below(&best->heap[at], &best->heap[(at - 1) / 2])) {
        swap(&best->heap[at], &best->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static int compare_ranked(const void *a, const void *b)
{
    return ranks_below(a, b) ? 1 : ranks_below(b, a) ? -1 : 0;
}

/* Rows come customer by customer. */
static mr_status rank_customers(mr_sqlite_store *store, ranking *best, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    ranked current = {0};
    mr_amount amount;
    bool any = false;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_CUSTOMER_SPEND, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    while ((status = mr_sqlite_step(&store->db, MR_QUERY_CUSTOMER_SPEND, err)) == MR_OK) {
        int64_t customer_id = sqlite3_column_int64(statement, 0);

        if (any && customer_id != current.customer_id) {
            rank(best, &current);
            current.spent.scaled = 0;
        }
        any = true;
        current.customer_id = customer_id;
        status = amount_of(store, statement, 2, &amount, err);
        if (status != MR_OK) {
            break;
        }
        if (!mr_text_starts_with(mr_sqlite_column_text(statement, 1), "C")) {
            current.spent = mr_amount_add(current.spent, amount);
        }
    }
    if (status == MR_NOT_FOUND && any) {
        rank(best, &current);
    }
    return mr_sqlite_store_finish(store, MR_QUERY_CUSTOMER_SPEND, status);
}

static mr_status visit_ranked(mr_sqlite_store *store, const ranking *best,
                              bool (*visit)(void *, const mr_store_customer *), void *ctx,
                              mr_err *err)
{
    size_t index;

    for (index = 0; index < best->count; index++) {
        mr_store_customer customer = {0};
        mr_status status = read_customer_head(store, best->heap[index].customer_id, &customer, err);

        if (status == MR_OK) {
            status = mr_sqlite_store_read_customer_sums(store, &customer, err);
        }
        if (status != MR_OK) {
            return status;
        }
        if (!visit(ctx, &customer)) {
            break;
        }
    }
    return MR_OK;
}

mr_status mr_sqlite_store_read_top_customers(void *state, size_t limit,
                                             bool (*visit)(void *, const mr_store_customer *),
                                             void *ctx, mr_err *err)
{
    mr_sqlite_store *store = state;
    ranking best = {.capacity = limit};
    bool began = false;
    mr_status status;

    if (limit == 0) {
        return MR_OK;
    }
    if (limit > mr_store_top_customers_max) {
        return mr_fail(err, MR_LIMIT, "the first %zu customers were asked for; at most %d can be",
                       limit, mr_store_top_customers_max);
    }
    best.heap = mr_alloc(limit * sizeof(*best.heap));
    status = begin_snapshot(store, &began, err);
    if (status == MR_OK) {
        status = rank_customers(store, &best, err);
    }
    if (status == MR_OK) {
        qsort(best.heap, best.count, sizeof(*best.heap), compare_ranked);
        status = visit_ranked(store, &best, visit, ctx, err);
    }
    end_snapshot(store, began);
    free(best.heap);
    return status;
}

/* --- Invoices --------------------------------------------------------------------------------- */

/* Whose lines of an invoice are read, and by which statements. */
typedef struct invoice_reader {
    mr_store_query head, lines;
    mr_text invoice_no;
    const int64_t *customer_id; /* NULL: all */
} invoice_reader;

static mr_status prepare_for(mr_sqlite_store *store, const invoice_reader *reader,
                             mr_store_query query, sqlite3_stmt **ret_statement, mr_err *err)
{
    mr_status status = mr_sqlite_prepare(&store->db, query, ret_statement, err);

    if (status == MR_OK) {
        mr_sqlite_bind_text(*ret_statement, 1, reader->invoice_no);
        if (reader->customer_id != NULL) {
            mr_sqlite_bind_integer(*ret_statement, 2, *reader->customer_id);
        }
    }
    return status;
}

static mr_status read_invoice_head(mr_sqlite_store *store, const invoice_reader *reader,
                                   mr_store_invoice *ret_invoice, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_store_invoice invoice = {0};
    mr_status status = prepare_for(store, reader, reader->head, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    status = mr_sqlite_step(&store->db, reader->head, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_NOT_FOUND, "invoice %.*s is not in the store",
                       MR_TEXT_ARGS(reader->invoice_no));
    }
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_column_string(statement, 0, invoice.invoice_no, sizeof(invoice.invoice_no));
    invoice.invoice_date.seconds = sqlite3_column_int64(statement, 1);
    invoice.cancelled = sqlite3_column_int(statement, 2) != 0;
    invoice.has_customer = !mr_sqlite_column_is_null(statement, 3);
    invoice.customer_id = sqlite3_column_int64(statement, 3);
    mr_sqlite_column_string(statement, 4, invoice.customer_name, sizeof(invoice.customer_name));
    mr_sqlite_column_string(statement, 5, invoice.country, sizeof(invoice.country));
    invoice.lines = (uint64_t)sqlite3_column_int64(statement, 6);
    invoice.items = sqlite3_column_int64(statement, 7);
    status = amount_of(store, statement, 8, &invoice.total, err);
    mr_sqlite_reset(&store->db, reader->head);
    if (status == MR_OK) {
        *ret_invoice = invoice;
    }
    return status;
}

mr_status mr_sqlite_store_column_line(const mr_sqlite_store *store, sqlite3_stmt *statement,
                                      mr_store_line *ret_line, mr_err *err)
{
    mr_text event_id = mr_sqlite_column_blob(statement, 0);
    mr_store_line line = {
        .stock_code = mr_sqlite_column_text(statement, 1),
        .description = mr_sqlite_column_text(statement, 2),
        .quantity = sqlite3_column_int(statement, 3),
        .unit_price = {sqlite3_column_int64(statement, 4)},
        .invoice_date = {sqlite3_column_int64(statement, 5)},
        .has_customer = !mr_sqlite_column_is_null(statement, 6),
        .customer_id = sqlite3_column_int64(statement, 6),
        .partition = sqlite3_column_int(statement, 7),
        .offset = sqlite3_column_int64(statement, 8),
    };

    if (event_id.bytes != sizeof(line.event_id.bytes)) {
        return mr_fail(err, MR_CORRUPT, "store %s: an event_id of %zu bytes", store->db.path,
                       event_id.bytes);
    }
    memcpy(line.event_id.bytes, event_id.data, sizeof(line.event_id.bytes));
    line.amount = mr_amount_of(line.quantity, line.unit_price);
    *ret_line = line;
    return MR_OK;
}

static mr_status visit_lines(mr_sqlite_store *store, const invoice_reader *reader,
                             bool (*visit)(void *, const mr_store_line *), void *ctx, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_store_line line;
    mr_status status = prepare_for(store, reader, reader->lines, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    while ((status = mr_sqlite_step(&store->db, reader->lines, err)) == MR_OK) {
        status = mr_sqlite_store_column_line(store, statement, &line, err);
        if (status != MR_OK || !visit(ctx, &line)) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, reader->lines, status);
}

static mr_status read_invoice(mr_sqlite_store *store, const invoice_reader *reader,
                              mr_store_invoice *ret_invoice,
                              bool (*visit)(void *, const mr_store_line *), void *ctx, mr_err *err)
{
    bool began = false;
    mr_status status = begin_snapshot(store, &began, err);

    if (status == MR_OK) {
        status = read_invoice_head(store, reader, ret_invoice, err);
    }
    if (status == MR_OK && visit != NULL) {
        status = visit_lines(store, reader, visit, ctx, err);
    }
    end_snapshot(store, began);
    return status;
}

mr_status mr_sqlite_store_read_invoice(void *state, mr_text invoice_no,
                                       mr_store_invoice *ret_invoice,
                                       bool (*visit)(void *, const mr_store_line *), void *ctx,
                                       mr_err *err)
{
    const invoice_reader reader = {
        .head = MR_QUERY_INVOICE_READ, .lines = MR_QUERY_LINE_LIST, .invoice_no = invoice_no};

    return read_invoice(state, &reader, ret_invoice, visit, ctx, err);
}

mr_status mr_sqlite_store_read_own_invoice(void *state, mr_text invoice_no, int64_t customer_id,
                                           mr_store_invoice *ret_invoice,
                                           bool (*visit)(void *, const mr_store_line *), void *ctx,
                                           mr_err *err)
{
    const invoice_reader reader = {
        .head = MR_QUERY_OWN_INVOICE_READ,
        .lines = MR_QUERY_OWN_LINE_LIST,
        .invoice_no = invoice_no,
        .customer_id = &customer_id,
    };

    return read_invoice(state, &reader, ret_invoice, visit, ctx, err);
}

mr_status mr_sqlite_store_read_receipt(void *state, const mr_event_id *event_id,
                                       mr_store_receipt *ret_receipt, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_RECEIPT_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, (int64_t)mr_event_id_prefix(event_id));
    mr_sqlite_bind_blob(statement, 2, event_id->bytes, sizeof(event_id->bytes));
    status = mr_sqlite_step(&store->db, MR_QUERY_RECEIPT_READ, err);
    if (status == MR_NOT_FOUND) {
        char text[33];

        mr_event_id_format(event_id, text);
        return mr_fail(err, MR_NOT_FOUND, "event %s is not in the store", text);
    }
    if (status == MR_OK) {
        mr_sqlite_column_string(statement, 0, ret_receipt->invoice_no,
                                sizeof(ret_receipt->invoice_no));
        ret_receipt->partition = sqlite3_column_int(statement, 1);
        ret_receipt->offset = sqlite3_column_int64(statement, 2);
        mr_sqlite_reset(&store->db, MR_QUERY_RECEIPT_READ);
    }
    return status;
}

/* --- Positions -------------------------------------------------------------------------------- */

mr_status mr_sqlite_store_read_positions(void *state,
                                         bool (*visit)(void *, const mr_store_source *, int64_t),
                                         void *ctx, mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_POSITION_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    while ((status = mr_sqlite_step(&store->db, MR_QUERY_POSITION_LIST, err)) == MR_OK) {
        const mr_store_source source = {
            .group = mr_sqlite_column_text(statement, 0).data, /* SQLite ends texts with a NUL */
            .topic = mr_sqlite_column_text(statement, 1).data,
            .partition = sqlite3_column_int(statement, 2),
        };

        if (!visit(ctx, &source, sqlite3_column_int64(statement, 3))) {
            break;
        }
    }
    return mr_sqlite_store_finish(store, MR_QUERY_POSITION_LIST, status);
}
