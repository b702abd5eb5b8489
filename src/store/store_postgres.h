/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres.h - what the PostgreSQL backend's files share. Nobody else includes it but
 * tests.
 *
 * store_postgres.c opens, moves positions, commits; store_postgres_lines.c writes lines and judges
 * them; store_postgres_write.c notes what they change; store_postgres_sums.c writes what belongs to
 * a partition, store_postgres_shared.c what all share; store_postgres_read.c answers,
 * store_postgres_portal.c a customer's pages; store_postgres_queries.c names the statements.
 */
#ifndef MR_STORE_STORE_POSTGRES_H
#define MR_STORE_STORE_POSTGRES_H

#include "store/postgres_db.h"
#include "store/store_backend.h"
#include "store/store_cache.h"
#include "store/store_postgres_products.h"

typedef enum mr_pg_store_query {
    MR_PG_POSITION_READ,
    MR_PG_POSITION_MOVE,
    MR_PG_POSITION_START,
    MR_PG_POSITION_SET,
    MR_PG_POSITION_LIST,
    MR_PG_LINE_INSERT,
    MR_PG_LINE_KNOWN,
    MR_PG_LINE_LIST,
    MR_PG_COUNTRY_LOAD,
    MR_PG_COUNTRY_INSERT,
    MR_PG_DIMENSION_LOCK,
    MR_PG_INVOICE_ADD,
    MR_PG_INVOICE_READ,
    MR_PG_ORDER_ADD,
    MR_PG_ORDER_LIST,
    MR_PG_PRODUCT_ADD,
    MR_PG_PRODUCT_LOAD,
    MR_PG_PRODUCT_DESCRIBE,
    MR_PG_WINNER_LOAD,
    MR_PG_WINNER_PUT,
    MR_PG_CUSTOMER_ADD,
    MR_PG_CUSTOMER_MOVE,
    MR_PG_CUSTOMER_READ,
    MR_PG_CUSTOMER_TOP,
    MR_PG_TOTAL_ADD,
    MR_PG_TOTAL_READ,
    MR_PG_RECEIPT_READ,
    MR_PG_POSITION_MOVED_AT,
    MR_PG_CUSTOMER_BETWEEN,
    MR_PG_CUSTOMER_NAMED,
    MR_PG_ITEM_LIST,
    MR_PG_PRODUCT_LIST,
    MR_PG_OWN_INVOICE_READ,
    MR_PG_OWN_LINE_LIST,
    MR_PG_RETURN_LIST,
    MR_PG_RETURNED_FROM_LIST,
    MR_PG_QUERY_COUNT,
} mr_pg_store_query;

extern const mr_pg_query mr_pg_store_queries[MR_PG_QUERY_COUNT];

/* What leads to the store, for another connection beside it; the caller adds its statements. */
mr_pg_options mr_pg_store_options(const mr_store_options *options);

/* Cache entries name a country by its place in this list until they are written: while lines are
 * on their way to the server, a new country cannot be asked for its number. */
typedef struct mr_pg_countries {
    mr_text names[mr_cache_countries_max];   /* lie in the cache */
    int32_t numbers[mr_cache_countries_max]; /* 0: not asked for yet */
    int32_t count;
} mr_pg_countries;

/* The items of a batch by event, so that COPY gets no line twice. */
typedef struct mr_pg_seen {
    uint32_t *slots;   /* 1 + the item's number; 0 = free */
    size_t slot_count; /* a power of two, at least twice the items */
} mr_pg_seen;

/* The invoices met last, by the hash of their numbers: what was cleared out of the cache in the
 * midst of an invoice is still known to be in the database. */
enum { mr_pg_recent_count = 4096 /* a power of two */ };

/* The cache: of invoices and orders it holds what the open batch adds to them; of customers and
 * products what the database has at least (another process may have brought newer). So entries are
 * never read, and what others write makes none of them wrong. */
typedef struct mr_pg_store {
    mr_pg *pg;
    mr_cache *cache; /* NULL for a reader */
    mr_pg_countries countries;
    mr_pg_seen seen;
    mr_store_totals added;     /* by the open batch; written with it */
    mr_pg_products *products;  /* NULL for a reader */
    int64_t dimension_version; /* that the cache and products are as new as; -1: none */
    bool dimensions_locked;    /* in the open transaction */
    mr_pg_params params;
    mr_buffer rows;        /* of a COPY, on their way */
    uint64_t generation;   /* of the connection that the cache was filled by */
    bool expects_known;    /* the last batch brought lines again: this one may, too */
    bool expects_older;    /* the last batch brought lines of invoices that were there before */
    bool copies_invoices;  /* the open batch may: what fails is written again */
    uint64_t met_invoices; /* of those: in the open batch */
    mr_cache_entry *changed[mr_cache_invoices_max]; /* invoices, then orders, being written */
    uint64_t recent[mr_pg_recent_count];            /* each where its hash says; 0: none */
} mr_pg_store;

/* Takes lines into the cache from item `from` on while it has room; returns the first not taken. */
size_t mr_pg_store_note(mr_pg_store *store, int32_t partition, const mr_store_item *items,
                        size_t from, size_t count);
/* Writes what the cache holds of the open batch. */
mr_status mr_pg_store_flush(mr_pg_store *store, int32_t partition, mr_err *err);
/* Makes room in the cache. */
void mr_pg_store_forget(mr_pg_store *store);
/* The same, and all else that may not be in the database. */
void mr_pg_store_forget_all(mr_pg_store *store);

/* Gives every country that lines named its number. */
mr_status mr_pg_store_number_countries(mr_pg_store *store, mr_err *err);
/* Writes changed products and customers, under the dimension lock. */
mr_status mr_pg_store_write_shared(mr_pg_store *store, mr_err *err);
/* Writes invoices and orders. MR_EXISTS, with copies_invoices alone: one was there already. */
mr_status mr_pg_store_write_sums(mr_pg_store *store, int32_t partition, mr_err *err);
mr_status mr_pg_store_write_totals(mr_pg_store *store, int32_t partition, mr_err *err);
/* Runs a statement on the store's params that answers with one row of counts; adds them. second may
 * be NULL. */
mr_status mr_pg_store_run_counting(mr_pg_store *store, mr_pg_store_query query, uint64_t *first,
                                   uint64_t *second, mr_err *err);

/* Applies the items inside the open transaction; on failure the caller rolls back. */
mr_status mr_pg_store_write(mr_pg_store *store, int32_t partition, mr_store_item *items,
                            size_t count, mr_err *err);

/* The answers, as in store_backend.h. */
mr_status mr_pg_store_read_totals(void *state, mr_store_totals *ret_totals, mr_err *err);
mr_status mr_pg_store_read_customer(void *state, int64_t customer_id,
                                    mr_store_customer *ret_customer, mr_err *err);
mr_status mr_pg_store_read_orders(void *state, const mr_store_order_query *query,
                                  bool (*visit)(void *, const mr_store_order *), void *ctx,
                                  mr_err *err);
mr_status mr_pg_store_read_invoice(void *state, mr_text invoice_no, mr_store_invoice *ret_invoice,
                                   bool (*visit)(void *, const mr_store_line *), void *ctx,
                                   mr_err *err);
mr_status mr_pg_store_read_receipt(void *state, const mr_event_id *event_id,
                                   mr_store_receipt *ret_receipt, mr_err *err);
mr_status mr_pg_store_read_top_customers(void *state, size_t limit,
                                         bool (*visit)(void *, const mr_store_customer *),
                                         void *ctx, mr_err *err);
mr_status mr_pg_store_read_positions(void *state,
                                     bool (*visit)(void *, const mr_store_source *, int64_t),
                                     void *ctx, mr_err *err);

/* Those of store_portal.h. */
void mr_pg_store_set_limit(void *state, const mr_store_limit *limit);
mr_status mr_pg_store_begin_snapshot(void *state, mr_err *err);
void mr_pg_store_end_snapshot(void *state);
mr_status mr_pg_store_read_changed_at(void *state, int64_t *ret_at_ms, mr_err *err);
mr_status mr_pg_store_find_customers_between(void *state, int64_t low, int64_t high, size_t limit,
                                             mr_store_visit_customer visit, void *ctx, mr_err *err);
mr_status mr_pg_store_find_customers_named(void *state, const mr_words *words, int64_t after_id,
                                           size_t limit, mr_store_visit_customer visit, void *ctx,
                                           mr_err *err);
mr_status mr_pg_store_read_items(void *state, const mr_store_item_query *query,
                                 mr_store_visit_item visit, void *ctx, mr_err *err);
mr_status mr_pg_store_read_products(void *state, int64_t customer_id, const mr_text *invoice_nos,
                                    size_t count, mr_store_visit_product visit, void *ctx,
                                    mr_err *err);
mr_status mr_pg_store_read_own_invoice(void *state, mr_text invoice_no, int64_t customer_id,
                                       mr_store_invoice *ret_invoice,
                                       bool (*visit)(void *, const mr_store_line *), void *ctx,
                                       mr_err *err);
mr_status mr_pg_store_read_related(void *state, const mr_store_invoice *invoice,
                                   bool (*visit)(void *, const mr_store_related *), void *ctx,
                                   mr_err *err);

/* What answers share. */
mr_status mr_pg_store_amount_of(const mr_pg_store *store, const PGresult *result, int row,
                                int column, mr_amount *ret_amount, mr_err *err);
/* Ten columns. */
mr_status mr_pg_store_customer_of(const mr_pg_store *store, const PGresult *result, int row,
                                  mr_store_customer *ret_customer, mr_err *err);
/* Nine columns of the only row. */
mr_status mr_pg_store_line_of(const mr_pg_store *store, const PGresult *row,
                              mr_store_line *ret_line, mr_err *err);

#endif
