/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.h - the OLTP store: customers, products, invoices and their lines, exactly once.
 *
 * Promises, for every backend:
 *  (1) a batch's rows and the position it reaches become durable in one transaction, or not at all;
 *  (2) an event_id is kept once; what comes again changes nothing;
 *  (3) the result does not depend on the order of arrival ("latest wins" by InvoiceDate, then log
 *      offset; an invoice's date is its earliest line's);
 *  (4) sums are exact.
 *
 * Threads: a handle belongs to one thread. Several processes may read while one writes.
 */
#ifndef MR_STORE_STORE_H
#define MR_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/secret.h"
#include "base/status.h"
#include "event/event.h"

typedef struct mr_store mr_store;

typedef enum mr_store_mode {
    MR_STORE_WRITE, /* creates and migrates the schema */
    MR_STORE_READ,  /* MR_NOT_FOUND while nothing has been created yet */
} mr_store_mode;

/* Where a server is and who asks it, for a URL that does not say: NULL leaves it to the backend. */
typedef struct mr_store_server {
    const char *host, *port, *database, *user, *password;
    /* Password and URL as they are now, for the next connection of a server; NULL: they stay what
     * they were. Borrowed for the life of what is opened by them. */
    const mr_secret *password_now, *url_now;
} mr_store_server;

typedef struct mr_store_options {
    /* "sqlite:" (<data_folder>/store.db) or "sqlite:/path/file.db"; "postgresql://user@host/name",
     * "postgresql:service=name" (or other words of libpq), "postgresql:" (all from server). */
    const char *url;
    const char *data_folder;
    mr_store_mode mode;
    uint32_t timeout_ms;    /* waiting for a lock or a statement; 0 = 5000 */
    mr_store_server server; /* for "postgresql:" alone */
} mr_store_options;

mr_status mr_store_open(const mr_store_options *options, mr_store **ret_store, mr_err *err);
/* Whether several handles, each with sources of its own, write at the same time rather than one
 * after the other. */
bool mr_store_takes_several(const char *url);
void mr_store_close(mr_store *store); /* rolls back what is not committed; NULL is fine */

/* --- Writing (the store sink) --------------------------------------------------------------- */

typedef struct mr_store_source {
    const char *group; /* "store" */
    const char *topic;
    int32_t partition;
} mr_store_source;

/* The next offset the store wants of a source; 0 when it has taken nothing. */
mr_status mr_store_position(mr_store *store, const mr_store_source *source,
                            int64_t *ret_next_offset, mr_err *err);

typedef enum mr_store_verdict {
    MR_STORE_INSERTED,
    MR_STORE_DUPLICATE, /* the same event was there already */
    MR_STORE_CONFLICT,  /* the same id with other content: the first stays */
} mr_store_verdict;

typedef struct mr_store_item {
    const mr_event *event;    /* identified */
    int64_t offset;           /* in the source's partition */
    mr_store_verdict verdict; /* set by mr_store_apply */
} mr_store_item;

/* Applies the items in one open transaction and sets their verdicts. The position moves from
 * expected_offset to next_offset (MR_EXISTS when another process has moved it: fenced). Nothing is
 * durable until mr_store_commit, so that the caller can first put the conflicts elsewhere. On
 * failure the transaction is gone. */
mr_status mr_store_apply(mr_store *store, const mr_store_source *source, int64_t expected_offset,
                         int64_t next_offset, mr_store_item *items, size_t count, mr_err *err);

/* MR_UNKNOWN_OUTCOME: the reply was lost; read mr_store_position to learn what became of it. */
mr_status mr_store_commit(mr_store *store, mr_err *err);
void mr_store_rollback(mr_store *store);

/* Moves a position by hand (replay). Durable on return. */
mr_status mr_store_reposition(mr_store *store, const mr_store_source *source, int64_t next_offset,
                              mr_err *err);

/* --- Answers -------------------------------------------------------------------------------- */

typedef struct mr_store_totals {
    uint64_t lines, invoices, cancelled_invoices, customers, products, countries;
    mr_amount sales;     /* lines of invoices that are not cancellations, guests included */
    mr_amount cancelled; /* lines of cancellations: negative */
} mr_store_totals;

mr_status mr_store_read_totals(mr_store *store, mr_store_totals *ret_totals, mr_err *err);

typedef struct mr_store_customer {
    int64_t customer_id;
    char name[4 * mr_event_customer_name_length_max + 1]; /* "" when unknown */
    char country[4 * mr_event_country_length_max + 1];
    mr_amount spent;    /* without returns: lines of invoices that are not cancellations */
    mr_amount returned; /* lines of cancellations: negative */
    uint64_t orders, cancellations, lines;
    mr_civil first_order, last_order; /* over orders and returns; seconds 0 with no invoice */
} mr_store_customer;

/* MR_NOT_FOUND: no such customer. */
mr_status mr_store_read_customer(mr_store *store, int64_t customer_id,
                                 mr_store_customer *ret_customer, mr_err *err);

typedef struct mr_store_order {
    mr_text invoice_no; /* borrowed for the visit */
    mr_civil invoice_date;
    bool cancelled;
    uint64_t lines;
    int64_t items; /* sum of quantities */
    mr_amount amount;
} mr_store_order;

typedef struct mr_store_order_query {
    int64_t customer_id;
    uint64_t skip, limit;       /* newest first; limit 0 = all */
    bool orders, cancellations; /* which to list */
} mr_store_order_query;

/* visit returns false to end early. */
mr_status mr_store_read_orders(mr_store *store, const mr_store_order_query *query,
                               bool (*visit)(void *ctx, const mr_store_order *order), void *ctx,
                               mr_err *err);

typedef struct mr_store_line {
    mr_event_id event_id;
    mr_text stock_code, description; /* borrowed for the visit */
    int32_t quantity;
    mr_price unit_price;
    mr_amount amount;
    mr_civil invoice_date;
    bool has_customer;
    int64_t customer_id;
    int32_t partition;
    int64_t offset;
} mr_store_line;

typedef struct mr_store_invoice {
    char invoice_no[4 * mr_event_invoice_no_length_max + 1];
    mr_civil invoice_date; /* the earliest line's */
    bool cancelled;
    bool has_customer;
    int64_t customer_id;
    char customer_name[4 * mr_event_customer_name_length_max + 1];
    char country[4 * mr_event_country_length_max + 1];
    uint64_t lines;
    int64_t items;
    mr_amount total;
} mr_store_invoice;

/* Fills the head, then visits the lines (in log order). visit may be NULL. */
mr_status mr_store_read_invoice(mr_store *store, mr_text invoice_no, mr_store_invoice *ret_invoice,
                                bool (*visit)(void *ctx, const mr_store_line *line), void *ctx,
                                mr_err *err);

/* The line of an event: MR_NOT_FOUND when the store has not got it (yet). */
typedef struct mr_store_receipt {
    char invoice_no[4 * mr_event_invoice_no_length_max + 1];
    int32_t partition;
    int64_t offset;
} mr_store_receipt;

mr_status mr_store_read_receipt(mr_store *store, const mr_event_id *event_id,
                                mr_store_receipt *ret_receipt, mr_err *err);

/* Customers by spend, most first (for status and the demo). */
mr_status mr_store_read_top_customers(mr_store *store, size_t limit,
                                      bool (*visit)(void *ctx, const mr_store_customer *customer),
                                      void *ctx, mr_err *err);

/* Every source's position. */
mr_status mr_store_read_positions(mr_store *store,
                                  bool (*visit)(void *ctx, const mr_store_source *source,
                                                int64_t next_offset),
                                  void *ctx, mr_err *err);

#endif
