/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_backend.h - what an OLTP backend provides. Only store.c, store_portal.c and the
 * backends include it.
 *
 * A backend is one table, listed in store.c; each slot has the contract of the function of the
 * same name in store.h or store_portal.h, or of what stands beside it; all are required.
 */
#ifndef MR_STORE_STORE_BACKEND_H
#define MR_STORE_STORE_BACKEND_H

#include "store/store_portal.h"
#include "store/store_search.h"

/* Which lines of a customer. */
typedef struct mr_store_item_query {
    int64_t customer_id;
    bool orders, cancellations;
    mr_civil from, to; /* from <= the invoice's date < to; both of years 1 to 9999 */
} mr_store_item_query;

typedef bool (*mr_store_visit_item)(void *ctx, const mr_store_item_row *item);
typedef bool (*mr_store_visit_customer)(void *ctx, const mr_store_customer *customer);

typedef void (*mr_store_visit_product)(void *ctx, size_t number, mr_text stock_code,
                                       mr_text description);

typedef struct mr_store_backend {
    const char *scheme; /* "sqlite"; what else a URL may begin with stands in store.c */
    bool takes_several;
    mr_status (*open)(const mr_store_options *options, void **ret_state, mr_err *err);
    void (*close)(void *state);
    mr_status (*position)(void *state, const mr_store_source *source, int64_t *ret_next_offset,
                          mr_err *err);
    mr_status (*apply)(void *state, const mr_store_source *source, int64_t expected_offset,
                       int64_t next_offset, mr_store_item *items, size_t count, mr_err *err);
    mr_status (*commit)(void *state, mr_err *err);
    void (*rollback)(void *state);
    mr_status (*reposition)(void *state, const mr_store_source *source, int64_t next_offset,
                            mr_err *err);
    mr_status (*read_totals)(void *state, mr_store_totals *ret_totals, mr_err *err);
    mr_status (*read_customer)(void *state, int64_t customer_id, mr_store_customer *ret_customer,
                               mr_err *err);
    mr_status (*read_orders)(void *state, const mr_store_order_query *query,
                             bool (*visit)(void *, const mr_store_order *), void *ctx, mr_err *err);
    mr_status (*read_invoice)(void *state, mr_text invoice_no, mr_store_invoice *ret_invoice,
                              bool (*visit)(void *, const mr_store_line *), void *ctx, mr_err *err);
    mr_status (*read_receipt)(void *state, const mr_event_id *event_id,
                              mr_store_receipt *ret_receipt, mr_err *err);
    mr_status (*read_top_customers)(void *state, size_t limit,
                                    bool (*visit)(void *, const mr_store_customer *), void *ctx,
                                    mr_err *err);
    mr_status (*read_positions)(void *state,
                                bool (*visit)(void *, const mr_store_source *, int64_t), void *ctx,
                                mr_err *err);

    /* --- store_portal.h --- */
    /* NULL: no limit. */
    void (*set_limit)(void *state, const mr_store_limit *limit);
    mr_status (*begin_snapshot)(void *state, mr_err *err);
    void (*end_snapshot)(void *state);
    /* When a position moved last; 0: never. */
    mr_status (*read_changed_at)(void *state, int64_t *ret_at_ms, mr_err *err);
    /* Those with low <= id <= high, by id. */
    mr_status (*find_customers_between)(void *state, int64_t low, int64_t high, size_t limit,
                                        mr_store_visit_customer visit, void *ctx, mr_err *err);
    /* Those whose name has the words (at least one is given), by id. */
    mr_status (*find_customers_named)(void *state, const mr_words *words, int64_t after_id,
                                      size_t limit, mr_store_visit_customer visit, void *ctx,
                                      mr_err *err);
    /* Invoice by invoice. */
    mr_status (*read_items)(void *state, const mr_store_item_query *query,
                            mr_store_visit_item visit, void *ctx, mr_err *err);
    /* The products on the customer's lines of these invoices, each once an invoice, invoice by
     * invoice as given, within one as they came. `number` counts the invoices from 0 on. */
    mr_status (*read_products)(void *state, int64_t customer_id, const mr_text *invoice_nos,
                               size_t count, mr_store_visit_product visit, void *ctx, mr_err *err);
    mr_status (*read_own_invoice)(void *state, mr_text invoice_no, int64_t customer_id,
                                  mr_store_invoice *ret_invoice,
                                  bool (*visit)(void *, const mr_store_line *), void *ctx,
                                  mr_err *err);
    /* Line by line. */
    mr_status (*read_related)(void *state, const mr_store_invoice *invoice,
                              bool (*visit)(void *, const mr_store_related *), void *ctx,
                              mr_err *err);
} mr_store_backend;

struct mr_store {
    const mr_store_backend *backend;
    void *state;
    mr_store_limit limit;
    bool in_snapshot;
};

extern const mr_store_backend mr_store_sqlite;
extern const mr_store_backend mr_store_postgres;

#endif
