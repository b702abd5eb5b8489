/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite.h - what the SQLite backend's files share. Nobody else includes it but tests.
 *
 * store_sqlite.c opens, moves positions, commits; store_sqlite_load.c and store_sqlite_write.c
 * apply lines; store_sqlite_read.c answers, store_sqlite_portal.c a customer's pages;
 * store_sqlite_queries.c names the statements.
 */
#ifndef MR_STORE_STORE_SQLITE_H
#define MR_STORE_STORE_SQLITE_H

#include "store/sqlite_db.h"
#include "store/store_backend.h"
#include "store/store_cache.h"

typedef enum mr_store_query {
    MR_QUERY_DATA_VERSION,
    MR_QUERY_POSITION_READ,
    MR_QUERY_POSITION_MOVE,
    MR_QUERY_POSITION_START,
    MR_QUERY_POSITION_SET,
    MR_QUERY_POSITION_LIST,
    MR_QUERY_LINE_INSERT,
    MR_QUERY_LINE_CONTENT,
    MR_QUERY_LINE_LIST,
    MR_QUERY_COUNTRY_LOAD,
    MR_QUERY_COUNTRY_INSERT,
    MR_QUERY_CUSTOMER_LOAD,
    MR_QUERY_CUSTOMER_INSERT,
    MR_QUERY_CUSTOMER_UPDATE,
    MR_QUERY_CUSTOMER_READ,
    MR_QUERY_CUSTOMER_SUMS,
    MR_QUERY_CUSTOMER_SPEND,
    MR_QUERY_PRODUCT_LOAD,
    MR_QUERY_PRODUCT_INSERT,
    MR_QUERY_PRODUCT_UPDATE,
    MR_QUERY_INVOICE_LOAD,
    MR_QUERY_INVOICE_INSERT,
    MR_QUERY_INVOICE_UPDATE,
    MR_QUERY_INVOICE_READ,
    MR_QUERY_ORDER_LOAD,
    MR_QUERY_ORDER_INSERT,
    MR_QUERY_ORDER_UPDATE,
    MR_QUERY_ORDER_LIST,
    MR_QUERY_RECEIPT_READ,
    MR_QUERY_TOTAL_READ,
    MR_QUERY_TOTAL_UPDATE,
    MR_QUERY_POSITION_MOVED_AT,
    MR_QUERY_CUSTOMER_BETWEEN,
    MR_QUERY_CUSTOMER_NAMED,
    MR_QUERY_ITEM_LIST,
    MR_QUERY_PRODUCT_LIST,
    MR_QUERY_OWN_INVOICE_READ,
    MR_QUERY_OWN_LINE_LIST,
    MR_QUERY_RETURN_LIST,
    MR_QUERY_RETURNED_FROM_LIST,
    MR_QUERY_COUNT,
} mr_store_query;

extern const mr_sqlite_query mr_store_queries[MR_QUERY_COUNT];

typedef struct mr_sqlite_store {
    mr_sqlite db;
    mr_cache *cache;        /* NULL for a reader */
    mr_store_totals totals; /* as of the open transaction */
    int64_t data_version;   /* changes when another connection has written */
    int wal_pages;          /* after the last commit */
    int wal_pages_max;      /* from here on a commit waits for readers to let the WAL begin anew */
    bool in_transaction;
    bool in_snapshot; /* a reader's, over several answers */
    mr_store_limit limit;
} mr_sqlite_store;

/* The file that a URL names; malloc'd. */
char *mr_sqlite_store_path(const mr_store_options *options);

/* Reads the running totals into store->totals. */
mr_status mr_sqlite_store_load_totals(mr_sqlite_store *store, mr_store_totals *ret_totals,
                                      mr_err *err);

/* Applies the items inside the open transaction; on failure the caller rolls back. */
mr_status mr_sqlite_store_write(mr_sqlite_store *store, int32_t partition, mr_store_item *items,
                                size_t count, mr_err *err);

/* The entry a line belongs to, from the cache, the database or new (entry.stored tells). */
mr_status mr_sqlite_store_find_country(mr_sqlite_store *store, mr_text name, int64_t *ret_id,
                                       mr_err *err);
mr_status mr_sqlite_store_find_customer(mr_sqlite_store *store, int64_t customer_id,
                                        mr_cached_customer **ret_customer, mr_err *err);
mr_status mr_sqlite_store_find_product(mr_sqlite_store *store, mr_text stock_code,
                                       mr_cached_product **ret_product, mr_err *err);
mr_status mr_sqlite_store_find_invoice(mr_sqlite_store *store, const mr_event *event,
                                       mr_cached_invoice **ret_invoice, mr_err *err);
mr_status mr_sqlite_store_find_order(mr_sqlite_store *store, const mr_event *event,
                                     mr_cached_order **ret_order, mr_err *err);

/* The answers, as in store_backend.h. */
mr_status mr_sqlite_store_read_totals(void *state, mr_store_totals *ret_totals, mr_err *err);
mr_status mr_sqlite_store_read_customer(void *state, int64_t customer_id,
                                        mr_store_customer *ret_customer, mr_err *err);
mr_status mr_sqlite_store_read_orders(void *state, const mr_store_order_query *query,
                                      bool (*visit)(void *, const mr_store_order *), void *ctx,
                                      mr_err *err);
mr_status mr_sqlite_store_read_invoice(void *state, mr_text invoice_no,
                                       mr_store_invoice *ret_invoice,
                                       bool (*visit)(void *, const mr_store_line *), void *ctx,
                                       mr_err *err);
mr_status mr_sqlite_store_read_receipt(void *state, const mr_event_id *event_id,
                                       mr_store_receipt *ret_receipt, mr_err *err);
mr_status mr_sqlite_store_read_top_customers(void *state, size_t limit,
                                             bool (*visit)(void *, const mr_store_customer *),
                                             void *ctx, mr_err *err);
mr_status mr_sqlite_store_read_positions(void *state,
                                         bool (*visit)(void *, const mr_store_source *, int64_t),
                                         void *ctx, mr_err *err);

/* Those of store_portal.h. */
void mr_sqlite_store_set_limit(void *state, const mr_store_limit *limit);
mr_status mr_sqlite_store_begin_snapshot(void *state, mr_err *err);
void mr_sqlite_store_end_snapshot(void *state);
mr_status mr_sqlite_store_read_changed_at(void *state, int64_t *ret_at_ms, mr_err *err);
mr_status mr_sqlite_store_find_customers_between(void *state, int64_t low, int64_t high,
                                                 size_t limit, mr_store_visit_customer visit,
                                                 void *ctx, mr_err *err);
mr_status mr_sqlite_store_find_customers_named(void *state, const mr_words *words, int64_t after_id,
                                               size_t limit, mr_store_visit_customer visit,
                                               void *ctx, mr_err *err);
mr_status mr_sqlite_store_read_items(void *state, const mr_store_item_query *query,
                                     mr_store_visit_item visit, void *ctx, mr_err *err);
mr_status mr_sqlite_store_read_products(void *state, int64_t customer_id,
                                        const mr_text *invoice_nos, size_t count,
                                        mr_store_visit_product visit, void *ctx, mr_err *err);
mr_status mr_sqlite_store_read_own_invoice(void *state, mr_text invoice_no, int64_t customer_id,
                                           mr_store_invoice *ret_invoice,
                                           bool (*visit)(void *, const mr_store_line *), void *ctx,
                                           mr_err *err);
mr_status mr_sqlite_store_read_related(void *state, const mr_store_invoice *invoice,
                                       bool (*visit)(void *, const mr_store_related *), void *ctx,
                                       mr_err *err);

/* What answers share. A visit is over: MR_NOT_FOUND is the end of the rows, and fine. */
mr_status mr_sqlite_store_finish(mr_sqlite_store *store, mr_store_query query, mr_status status);
/* Nine columns from 0 on. */
mr_status mr_sqlite_store_column_line(const mr_sqlite_store *store, sqlite3_stmt *statement,
                                      mr_store_line *ret_line, mr_err *err);
/* Fills in everything but the head, of the customer_id that stands there. */
mr_status mr_sqlite_store_read_customer_sums(mr_sqlite_store *store, mr_store_customer *customer,
                                             mr_err *err);

#endif
