/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_read.c - the OLTP store in PostgreSQL: answers.
 *
 * Owns:       nothing; works on the store's connection, inside its open transaction if there is
 * one. Called by:  store_postgres.c's table, on the handle's thread. Invariants: (1) an answer that
 * needs two statements reads them from one snapshot; (2) sums are numeric, which is exact; (3) no
 * answer but the ranking of customers reads more than what it tells about, and lists arrive row by
 * row, so that none is held whole. Not here:   writing (store_postgres_lines.c,
 * store_postgres_write.c).
 */
#include "store/store_postgres.h"

enum { top_customers_max = 1000 };

mr_status mr_pg_store_amount_of(const mr_pg_store *store, const PGresult *result, int row,
                                int column, mr_amount *ret_amount, mr_err *err)
{
    if (!mr_pg_amount(result, row, column, ret_amount)) {
        return mr_fail(err, MR_CORRUPT, "%s: a sum of money is NULL, not a number, or too large",
                       mr_pg_where(store->pg));
    }
    return MR_OK;
}

/* --- Totals ----------------------------------------------------------------------------------- */

static mr_status totals_of(const mr_pg_store *store, const PGresult *result,
                           mr_store_totals *ret_totals, mr_err *err)
{
    mr_store_totals totals = {
        .lines = (uint64_t)mr_pg_int8(result, 0, 0),
        .invoices = (uint64_t)mr_pg_int8(result, 0, 1),
        .cancelled_invoices = (uint64_t)mr_pg_int8(result, 0, 2),
        .customers = (uint64_t)mr_pg_int8(result, 0, 3),
        .products = (uint64_t)mr_pg_int8(result, 0, 4),
        .countries = (uint64_t)mr_pg_int8(result, 0, 5),
    };
    mr_status status = mr_pg_store_amount_of(store, result, 0, 6, &totals.sales, err);

    if (status == MR_OK) {
        status = mr_pg_store_amount_of(store, result, 0, 7, &totals.cancelled, err);
    }
    if (status == MR_OK) {
        *ret_totals = totals;
    }
    return status;
}

mr_status mr_pg_store_read_totals(void *state, mr_store_totals *ret_totals, mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_status status = mr_pg_run(store->pg, MR_PG_TOTAL_READ, NULL, &result, NULL, err);

    if (status == MR_OK) {
        status = totals_of(store, result, ret_totals, err);
        PQclear(result);
    }
    return status;
}

/* --- Customers -------------------------------------------------------------------------------- */

mr_status mr_pg_store_customer_of(const mr_pg_store *store, const PGresult *result, int row,
                                  mr_store_customer *ret_customer, mr_err *err)
{
    mr_store_customer customer = {
        .orders = (uint64_t)mr_pg_int8(result, row, 2),
        .cancellations = (uint64_t)mr_pg_int8(result, row, 3),
        .lines = (uint64_t)mr_pg_int8(result, row, 4),
        .first_order = mr_pg_date(result, row, 5),
        .last_order = mr_pg_date(result, row, 6),
        .customer_id = mr_pg_int8(result, row, 9),
    };
    mr_status status = mr_pg_store_amount_of(store, result, row, 7, &customer.spent, err);

    if (status == MR_OK) {
        status = mr_pg_store_amount_of(store, result, row, 8, &customer.returned, err);
    }
    if (status == MR_OK) {
        mr_pg_string(result, row, 0, customer.name, sizeof(customer.name));
        mr_pg_string(result, row, 1, customer.country, sizeof(customer.country));
        *ret_customer = customer;
    }
    return status;
}

mr_status mr_pg_store_read_customer(void *state, int64_t customer_id,
                                    mr_store_customer *ret_customer, mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_status status;

    mr_pg_params_reset(&store->params);
    mr_pg_bind_integer(&store->params, customer_id);
    status = mr_pg_run(store->pg, MR_PG_CUSTOMER_READ, &store->params, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    status = PQntuples(result) == 0
                 ? mr_fail(err, MR_NOT_FOUND, "customer %lld is not in the store",
                           (long long)customer_id)
                 : mr_pg_store_customer_of(store, result, 0, ret_customer, err);
    PQclear(result);
    return status;
}

mr_status mr_pg_store_read_top_customers(void *state, size_t limit,
                                         bool (*visit)(void *, const mr_store_customer *),
                                         void *ctx, mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_store_customer customer;
    mr_status status;
    int row;

    if (limit == 0) {
        return MR_OK;
    }
    if (limit > top_customers_max) {
        return mr_fail(err, MR_LIMIT, "the first %zu customers were asked for; at most %d can be",
                       limit, top_customers_max);
    }
    mr_pg_params_reset(&store->params);
    mr_pg_bind_integer(&store->params, (int64_t)limit);
    status = mr_pg_run(store->pg, MR_PG_CUSTOMER_TOP, &store->params, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    for (row = 0; row < PQntuples(result) && status == MR_OK; row++) {
        status = mr_pg_store_customer_of(store, result, row, &customer, err);
        if (status == MR_OK && !visit(ctx, &customer)) {
            break;
        }
    }
    PQclear(result);
    return status;
}

/* --- Orders ----------------------------------------------------------------------------------- */

typedef struct order_visit {
    const mr_pg_store *store;
    bool (*visit)(void *ctx, const mr_store_order *order);
    void *ctx;
} order_visit;

static mr_status visit_order(void *ctx, const PGresult *row, mr_err *err)
{
    const order_visit *to = ctx;
    mr_store_order order = {
        .invoice_no = mr_pg_text(row, 0, 0),
        .invoice_date = mr_pg_date(row, 0, 1),
        .lines = (uint64_t)mr_pg_int8(row, 0, 2),
        .items = mr_pg_int8(row, 0, 3),
    };
    mr_status status = mr_pg_store_amount_of(to->store, row, 0, 4, &order.amount, err);

    order.cancelled = mr_text_starts_with(order.invoice_no, "C");
    if (status != MR_OK) {
        return status;
    }
    return to->visit(to->ctx, &order) ? MR_OK : MR_STOPPED;
}

mr_status mr_pg_store_read_orders(void *state, const mr_store_order_query *query,
                                  bool (*visit)(void *, const mr_store_order *), void *ctx,
                                  mr_err *err)
{
    mr_pg_store *store = state;
    order_visit to = {.store = store, .visit = visit, .ctx = ctx};
    bool all = query->limit == 0 || query->limit > INT64_MAX;

    mr_pg_params_reset(&store->params);
    mr_pg_bind_integer(&store->params, query->customer_id);
    mr_pg_bind_flag(&store->params, query->cancellations);
    mr_pg_bind_flag(&store->params, query->orders);
    mr_pg_bind_integer(&store->params, all ? INT64_MAX : (int64_t)query->limit);
    mr_pg_bind_integer(&store->params, query->skip > INT64_MAX ? INT64_MAX : (int64_t)query->skip);
    return mr_pg_each(store->pg, MR_PG_ORDER_LIST, &store->params, visit_order, &to, err);
}

/* --- Invoices --------------------------------------------------------------------------------- */

static mr_status invoice_of(const mr_pg_store *store, const PGresult *result,
                            mr_store_invoice *ret_invoice, mr_err *err)
{
    mr_store_invoice invoice = {
        .invoice_date = mr_pg_date(result, 0, 1),
        .cancelled = mr_pg_flag(result, 0, 2),
        .has_customer = !mr_pg_is_null(result, 0, 3),
        .customer_id = mr_pg_int8(result, 0, 3),
        .lines = (uint64_t)mr_pg_int8(result, 0, 6),
        .items = mr_pg_int8(result, 0, 7),
    };
    mr_status status = mr_pg_store_amount_of(store, result, 0, 8, &invoice.total, err);

    if (status == MR_OK) {
        mr_pg_string(result, 0, 0, invoice.invoice_no, sizeof(invoice.invoice_no));
        mr_pg_string(result, 0, 4, invoice.customer_name, sizeof(invoice.customer_name));
        mr_pg_string(result, 0, 5, invoice.country, sizeof(invoice.country));
        *ret_invoice = invoice;
    }
    return status;
}

/* Whose lines of an invoice are read, and by which statements. */
typedef struct invoice_reader {
    mr_pg_store_query head, lines;
    mr_text invoice_no;
    const int64_t *customer_id; /* NULL: all */
} invoice_reader;

static void bind_for(mr_pg_store *store, const invoice_reader *reader)
{
    mr_pg_params_reset(&store->params);
    mr_pg_bind_text(&store->params, reader->invoice_no);
    if (reader->customer_id != NULL) {
        mr_pg_bind_integer(&store->params, *reader->customer_id);
    }
}

static mr_status read_invoice_head(mr_pg_store *store, const invoice_reader *reader,
                                   mr_store_invoice *ret_invoice, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status;

    bind_for(store, reader);
    status = mr_pg_run(store->pg, reader->head, &store->params, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    status = PQntuples(result) == 0 ? mr_fail(err, MR_NOT_FOUND, "invoice %.*s is not in the store",
                                              MR_TEXT_ARGS(reader->invoice_no))
                                    : invoice_of(store, result, ret_invoice, err);
    PQclear(result);
    return status;
}

typedef struct line_visit {
    const mr_pg_store *store;
    bool (*visit)(void *ctx, const mr_store_line *line);
    void *ctx;
} line_visit;

mr_status mr_pg_store_line_of(const mr_pg_store *store, const PGresult *row,
                              mr_store_line *ret_line, mr_err *err)
{
    mr_text event_id = mr_pg_text(row, 0, 0);
    mr_store_line line = {
        .stock_code = mr_pg_text(row, 0, 1),
        .description = mr_pg_text(row, 0, 2),
        .quantity = mr_pg_int4(row, 0, 3),
        .invoice_date = mr_pg_date(row, 0, 5),
        .has_customer = !mr_pg_is_null(row, 0, 6),
        .customer_id = mr_pg_int8(row, 0, 6),
        .partition = mr_pg_int4(row, 0, 7),
        .offset = mr_pg_int8(row, 0, 8),
    };
    mr_amount price;
    mr_status status = mr_pg_store_amount_of(store, row, 0, 4, &price, err);

    if (status != MR_OK) {
        return status;
    }
    MR_ASSERT(event_id.bytes == sizeof(line.event_id.bytes)); /* a uuid */
    memcpy(line.event_id.bytes, event_id.data, sizeof(line.event_id.bytes));
    line.unit_price.scaled = (int64_t)price.scaled; /* numeric(18,4) fits */
    line.amount = mr_amount_of(line.quantity, line.unit_price);
    *ret_line = line;
    return MR_OK;
}

static mr_status visit_line(void *ctx, const PGresult *row, mr_err *err)
{
    const line_visit *to = ctx;
    mr_store_line line;
    mr_status status = mr_pg_store_line_of(to->store, row, &line, err);

    if (status != MR_OK) {
        return status;
    }
    return to->visit(to->ctx, &line) ? MR_OK : MR_STOPPED;
}

static mr_status visit_lines(mr_pg_store *store, const invoice_reader *reader,
                             bool (*visit)(void *, const mr_store_line *), void *ctx, mr_err *err)
{
    line_visit to = {.store = store, .visit = visit, .ctx = ctx};

    bind_for(store, reader);
    return mr_pg_each(store->pg, reader->lines, &store->params, visit_line, &to, err);
}

static mr_status read_invoice(mr_pg_store *store, const invoice_reader *reader,
                              mr_store_invoice *ret_invoice,
                              bool (*visit)(void *, const mr_store_line *), void *ctx, mr_err *err)
{
    bool alone = visit != NULL && !mr_pg_in_transaction(store->pg);
    mr_status status = MR_OK;

    if (alone) {
        status = mr_pg_begin(store->pg, "ISOLATION LEVEL REPEATABLE READ, READ ONLY", err);
    }
    if (status == MR_OK) {
        status = read_invoice_head(store, reader, ret_invoice, err);
        if (status == MR_OK && visit != NULL) {
            status = visit_lines(store, reader, visit, ctx, err);
        }
        if (alone) {
            mr_pg_rollback(store->pg); /* nothing was written */
        }
    }
    return status;
}

mr_status mr_pg_store_read_invoice(void *state, mr_text invoice_no, mr_store_invoice *ret_invoice,
                                   bool (*visit)(void *, const mr_store_line *), void *ctx,
                                   mr_err *err)
{
    const invoice_reader reader = {
        .head = MR_PG_INVOICE_READ, .lines = MR_PG_LINE_LIST, .invoice_no = invoice_no};

    return read_invoice(state, &reader, ret_invoice, visit, ctx, err);
}

mr_status mr_pg_store_read_own_invoice(void *state, mr_text invoice_no, int64_t customer_id,
                                       mr_store_invoice *ret_invoice,
                                       bool (*visit)(void *, const mr_store_line *), void *ctx,
                                       mr_err *err)
{
    const invoice_reader reader = {
        .head = MR_PG_OWN_INVOICE_READ,
        .lines = MR_PG_OWN_LINE_LIST,
        .invoice_no = invoice_no,
        .customer_id = &customer_id,
    };

    return read_invoice(state, &reader, ret_invoice, visit, ctx, err);
}

mr_status mr_pg_store_read_receipt(void *state, const mr_event_id *event_id,
                                   mr_store_receipt *ret_receipt, mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    char text[33];
    mr_status status;

    mr_pg_params_reset(&store->params);
    mr_pg_bind_integer(&store->params, (int64_t)mr_event_id_prefix(event_id));
    mr_pg_bind_bytes(&store->params, event_id->bytes, sizeof(event_id->bytes));
    status = mr_pg_run(store->pg, MR_PG_RECEIPT_READ, &store->params, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    if (PQntuples(result) == 0) {
        mr_event_id_format(event_id, text);
        status = mr_fail(err, MR_NOT_FOUND, "event %s is not in the store", text);
    } else {
        mr_pg_string(result, 0, 0, ret_receipt->invoice_no, sizeof(ret_receipt->invoice_no));
        ret_receipt->partition = mr_pg_int4(result, 0, 1);
        ret_receipt->offset = mr_pg_int8(result, 0, 2);
    }
    PQclear(result);
    return status;
}

/* --- Positions -------------------------------------------------------------------------------- */

mr_status mr_pg_store_read_positions(void *state,
                                     bool (*visit)(void *, const mr_store_source *, int64_t),
                                     void *ctx, mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_status status = mr_pg_run(store->pg, MR_PG_POSITION_LIST, NULL, &result, NULL, err);
    int row;

    if (status != MR_OK) {
        return status;
    }
    for (row = 0; row < PQntuples(result); row++) {
        const mr_store_source source = {
            .group = PQgetvalue(result, row, 0), /* libpq ends values with a NUL */
            .topic = PQgetvalue(result, row, 1),
            .partition = mr_pg_int4(result, row, 2),
        };

        if (!visit(ctx, &source, mr_pg_int8(result, row, 3))) {
            break;
        }
    }
    PQclear(result);
    return MR_OK;
}
