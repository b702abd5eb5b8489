/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_portal.h - what a customer's pages ask of the store, beside store.h's answers.
 *
 * Every answer reads what it tells about and no more: one customer's orders, or his lines. A
 * customer's id is part of each query. Money is exact and so is the order of amounts. Lists come by
 * pages: a page begins behind a mark, so that it costs the same wherever it lies and does not
 * repeat or miss rows when others are added.
 *
 * Threads, ownership, errors: as in store.h. MR_STOPPED: the limit of mr_store_set_limit.
 */
#ifndef MR_STORE_STORE_PORTAL_H
#define MR_STORE_STORE_PORTAL_H

#include "store/store.h"

enum {
    mr_store_page_rows_max = 5000,
    mr_store_found_customers_max = 200,
    mr_store_related_max = 100,
    mr_store_invoice_no_bytes = 4 * mr_event_invoice_no_length_max + 1,
};

/* --- Limits, snapshots, changes --------------------------------------------------------------- */

typedef struct mr_store_limit {
    int64_t deadline_us;              /* of mr_monotonic_us; 0: none */
    bool (*is_over)(const void *ctx); /* asked every few milliseconds; NULL: never */
    const void *ctx;
} mr_store_limit;

/* Answers from now on end with MR_STOPPED once the limit is reached. NULL: no limit. ctx is
 * borrowed until the next call. */
void mr_store_set_limit(mr_store *store, const mr_store_limit *limit);

/* Answers up to the end are of one moment. Not while a transaction of mr_store_apply is open. */
mr_status mr_store_begin_snapshot(mr_store *store, mr_err *err);
void mr_store_end_snapshot(mr_store *store); /* also when there is none */

typedef struct mr_store_change {
    uint64_t version; /* another one whenever the store has taken events (of 64 bits, a hash) */
    uint64_t events;  /* taken from the log: the sum of all positions */
    int64_t at_ms;    /* of the newest change; 0: none yet, or none since it was recorded */
} mr_store_change;

mr_status mr_store_read_change(mr_store *store, mr_store_change *ret_change, mr_err *err);

/* --- Customers -------------------------------------------------------------------------------- */

/* A place in what a search has found. */
typedef struct mr_store_found {
    int64_t customer_id;
    bool by_name; /* else by id */
} mr_store_found;

typedef struct mr_store_find {
    mr_text search;              /* empty: all customers */
    size_t limit;                /* 1..mr_store_found_customers_max */
    const mr_store_found *after; /* NULL: from the first; borrowed */
} mr_store_find;

typedef struct mr_store_found_page {
    bool has_next;
    mr_store_found last; /* set when has_next */
} mr_store_found_page;

/* Customers whose id begins with the search, fewest digits first, then those whose name has all its
 * words (the beginnings of words are enough); within both by id. At most limit are visited. */
mr_status mr_store_find_customers(mr_store *store, const mr_store_find *find,
                                  mr_store_found_page *ret_page,
                                  bool (*visit)(void *ctx, const mr_store_customer *customer),
                                  void *ctx, mr_err *err);

typedef struct mr_store_month {
    int32_t year;
    uint8_t month;      /* 1..12 */
    mr_amount spent;    /* as in mr_store_customer */
    mr_amount returned; /* negative */
    uint64_t orders, cancellations;
} mr_store_month;

/* From the first month with an order or return to the last, without gaps. */
mr_status mr_store_read_months(mr_store *store, int64_t customer_id,
                               bool (*visit)(void *ctx, const mr_store_month *month), void *ctx,
                               mr_err *err);

/* --- Pages ------------------------------------------------------------------------------------ */

typedef enum mr_store_sort {
    MR_STORE_BY_DATE,
    MR_STORE_BY_AMOUNT,
    MR_STORE_BY_ITEMS,
    MR_STORE_BY_NUMBER,
} mr_store_sort;

/* Where a row stands in a sorted list: what it is sorted by, then what tells equal ones apart. */
typedef struct mr_store_mark {
    __int128 rank; /* 0 when sorted by number */
    char invoice_no[mr_store_invoice_no_bytes];
    mr_event_id event_id; /* of a line; zeros for an order */
} mr_store_mark;

typedef struct mr_store_page_query {
    int64_t customer_id;
    bool orders, cancellations; /* which to list */
    mr_text search;             /* absent or empty: all. An invoice number's beginning, or words of
                                 * a description or stock code, all on one line */
    bool has_from, has_to;
    mr_civil from, to; /* from <= invoice date < to */
    mr_store_sort sort;
    bool ascending;
    size_t limit;               /* 1..mr_store_page_rows_max */
    const mr_store_mark *after; /* NULL: the first page */
} mr_store_page_query;

typedef struct mr_store_page {
    uint64_t total; /* rows of all pages */
    mr_amount sum;  /* of their amounts */
    bool has_next;
    mr_store_mark last; /* where the next page begins behind; only with has_next */
} mr_store_page;

enum { mr_store_products_shown = 2 };

typedef struct mr_store_page_order {
    mr_store_order order;
    mr_text products[mr_store_products_shown]; /* descriptions, else stock codes, in log order */
    size_t product_count;                      /* of those */
    uint64_t product_more;                     /* the order's other products */
} mr_store_page_order;

/* visit may be NULL: total and sum alone. Borrowed texts: for the visit. */
mr_status mr_store_read_order_page(mr_store *store, const mr_store_page_query *query,
                                   mr_store_page *ret_page,
                                   bool (*visit)(void *ctx, const mr_store_page_order *order),
                                   void *ctx, mr_err *err);

typedef struct mr_store_item_row {
    mr_text invoice_no;
    mr_civil invoice_date; /* the invoice's, as the customer has it */
    mr_store_line line;
} mr_store_item_row;

/* The lines of the customer's invoices of those kinds; BY_ITEMS sorts by quantity. */
mr_status mr_store_read_item_page(mr_store *store, const mr_store_page_query *query,
                                  mr_store_page *ret_page,
                                  bool (*visit)(void *ctx, const mr_store_item_row *item),
                                  void *ctx, mr_err *err);

/* --- Invoices --------------------------------------------------------------------------------- */

/* mr_store_read_invoice as one customer sees it: his lines and their sums alone. MR_NOT_FOUND also
 * for an invoice without lines of his. */
mr_status mr_store_read_own_invoice(mr_store *store, mr_text invoice_no, int64_t customer_id,
                                    mr_store_invoice *ret_invoice,
                                    bool (*visit)(void *ctx, const mr_store_line *line), void *ctx,
                                    mr_err *err);

typedef struct mr_store_related {
    mr_text invoice_no, stock_code; /* borrowed for the visit */
    mr_civil invoice_date;
    mr_amount amount; /* of the lines of that stock code */
} mr_store_related;

/* Of an order of the customer: his later cancellations with one of its stock codes, earliest first;
 * of a cancellation: his earlier orders, newest first; by stock code within an invoice. At most
 * mr_store_related_max are visited. */
mr_status mr_store_read_related(mr_store *store, const mr_store_invoice *invoice,
                                bool (*visit)(void *ctx, const mr_store_related *related),
                                void *ctx, mr_err *err);

#endif
