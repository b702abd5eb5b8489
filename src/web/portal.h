/* SPDX-License-Identifier: Apache-2.0 */
/* web/portal.h - what the routes on customers and invoices share.
 *
 * Whose data: a customer's own id is the one that stands in every query of theirs, whatever id they
 * asked for; asking for another's is refused before, as if it did not exist.
 */
#ifndef MR_WEB_PORTAL_H
#define MR_WEB_PORTAL_H

#include "bus/bus.h"
#include "lake/blob.h"
#include "store/store_portal.h"
#include "web/call.h"

/* A worker's own, opened at the first use. */
typedef struct mr_portal_worker {
    mr_blobs *blobs; /* NULL: not open */
    mr_bus *bus;     /* NULL: not open */
    uint64_t log_events;
    int64_t log_seen_us; /* when log_events was read; 0: never */
    bool log_known;
} mr_portal_worker;

mr_portal_worker *mr_portal_worker_of(mr_web_call *call);
mr_status mr_portal_blobs(mr_web_call *call, mr_blobs **ret_blobs, mr_err *err);
mr_status mr_portal_bus(mr_web_call *call, mr_bus **ret_bus, mr_err *err);

/* The user's own id where the user is a customer, else NULL: all. Lives as long as the call. */
const int64_t *mr_portal_own_id(const mr_web_call *call);

/* The customer of the path, its first part: the one that queries are to name. MR_NOT_FOUND: not
 * this user's to see. */
mr_status mr_portal_customer(mr_web_call *call, int64_t *ret_customer_id, mr_err *err);

/* How new the data is. */
typedef struct mr_portal_age {
    mr_store_change change;
    bool lag_known;
    uint64_t lag; /* events in the log that the store has not taken */
} mr_portal_age;

/* The store, and the ETag by its version: *ret_fresh: the client has the answer already. ret_age
 * may be NULL; with it the lag is a part of the version. */
mr_status mr_portal_begin(mr_web_call *call, mr_store **ret_store, bool *ret_fresh,
                          mr_portal_age *ret_age, mr_err *err);

/* format=json|csv */
mr_status mr_portal_wants_csv(mr_web_call *call, bool *ret_csv, mr_err *err);

/* --- Pages: limit, after, sort, direction, q, from, to ---------------------------------------- */

typedef struct mr_portal_page {
    mr_store_page_query query;
    mr_store_mark after;
} mr_portal_page;

/* sorts: four words in the order of mr_store_sort. query.after may point into the page. The
 * customer and the kinds are the caller's to set. */
mr_status mr_portal_page_read(mr_web_call *call, const char *sorts, mr_portal_page *ret_page,
                              mr_err *err);
/* ],"total":..,"sum":..,"next":..} */
void mr_portal_page_end(mr_buffer *out, const mr_portal_page *asked, const mr_store_page *page);

#endif
