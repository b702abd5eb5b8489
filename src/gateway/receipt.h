/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/receipt.h - where an event is: in the store, or in the log on its way there.
 *
 * Blocks; for a worker. A finder belongs to one thread.
 */
#ifndef MR_GATEWAY_RECEIPT_H
#define MR_GATEWAY_RECEIPT_H

#include "bus/bus.h"
#include "store/store.h"

enum {
    mr_receipt_records_max = 2000000,   /* a search of the log ends after so many ... */
    mr_receipt_search_us_max = 2000000, /* ... or so long */
    mr_receipt_partitions_max = 256,
};

typedef enum mr_receipt_state {
    MR_RECEIPT_STORED,
    MR_RECEIPT_PENDING,   /* in the log; the store has not come to it yet */
    MR_RECEIPT_UNKNOWN,   /* in neither */
    MR_RECEIPT_UNDECIDED, /* not in the store, and the log is too far ahead to search it */
} mr_receipt_state;

typedef struct mr_receipt {
    mr_receipt_state state;
    mr_store_receipt where; /* STORED; PENDING without the invoice */
    uint64_t lag;           /* records that the store has not taken yet */
} mr_receipt;

typedef struct mr_receipt_finder mr_receipt_finder;

typedef struct mr_receipt_options {
    mr_bus *bus; /* borrowed, as is the topic */
    const char *topic;
    mr_store_options store;
    uint64_t records_max;  /* a search of the log ends after so many ... */
    int64_t search_us_max; /* ... or so long */
} mr_receipt_options;

/* The store is opened when it exists. */
mr_receipt_finder *mr_receipt_finder_create(const mr_receipt_options *options);
void mr_receipt_finder_destroy(mr_receipt_finder *finder); /* NULL is fine */

mr_status mr_receipt_find(mr_receipt_finder *finder, const mr_event_id *id, mr_receipt *ret_receipt,
                          mr_err *err);

#endif
