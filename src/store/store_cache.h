/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_cache.h - the invoices, orders, customers, products and countries of recent lines.
 *
 * Why: twenty lines share an invoice, and thousands a product. The writer changes the entries here
 * and writes each changed one once a batch, so that the common line costs the store one insert.
 *
 * Memory is fixed at creation. An entry stands at its address until mr_cache_clear, which the owner
 * calls when there is no room for another line, when its transaction was rolled back, and when
 * another connection has written. Knows nothing of databases. One thread.
 */
#ifndef MR_STORE_STORE_CACHE_H
#define MR_STORE_STORE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/text.h"
#include "event/event.h"

enum {
    mr_cache_invoices_max = 8192,
    mr_cache_orders_max = 8192,
    mr_cache_customers_max = 8192,
    mr_cache_products_max = 16384,
    mr_cache_countries_max = 1024,
    mr_cache_text_bytes_max = 4194304,
};

/* What an entry is found by: a text, a number, or both. */
typedef struct mr_cache_key {
    uint64_t hash;
    mr_text text;
    int64_t number;
} mr_cache_key;

typedef struct mr_cache_entry {
    mr_cache_key key; /* text lies in the cache */
    bool stored;      /* the database has a row for it */
    bool changed;     /* and it is in its table's list of changed ones */
} mr_cache_entry;

/* The line that a value was taken from; is_set false: no line has given one. */
typedef struct mr_winner {
    int64_t date_seconds;
    int64_t offset;
    int32_t partition;
    bool is_set;
} mr_winner;

typedef struct mr_cached_country {
    mr_cache_entry entry; /* text: its name */
    int64_t country_id;
} mr_cached_country;

typedef struct mr_cached_customer {
    mr_cache_entry entry; /* number: customer_id */
    mr_text name;
    mr_winner name_winner;
    int64_t country_id;
    mr_winner country_winner;
} mr_cached_customer;

typedef struct mr_cached_product {
    mr_cache_entry entry; /* text: stock code */
    int64_t product_id;
    mr_text description;
    mr_winner winner;
    mr_winner stored_winner; /* the database's, when its description was the one here */
    bool text_changed;       /* since then */
} mr_cached_product;

typedef struct mr_cached_sum {
    uint64_t lines;
    int64_t items;
    mr_amount amount;
    int64_t date_seconds; /* the earliest line's */
} mr_cached_sum;

typedef struct mr_cached_invoice {
    mr_cache_entry entry; /* text: invoice_no */
    mr_cached_sum sum;
    bool has_customer;
    int64_t customer_id;
    int64_t country_id;
    mr_winner winner; /* of customer and country: a line that names a customer goes before others */
} mr_cached_invoice;

typedef struct mr_cached_order { /* what one customer has on one invoice */
    mr_cache_entry entry;        /* text: invoice_no, number: customer_id */
    mr_cached_invoice *invoice;  /* where the writer sets it */
    mr_cached_sum sum;
} mr_cached_order;

typedef enum mr_cache_kind {
    MR_CACHE_INVOICES,
    MR_CACHE_ORDERS,
    MR_CACHE_CUSTOMERS,
    MR_CACHE_PRODUCTS,
    MR_CACHE_COUNTRIES,
    MR_CACHE_KIND_COUNT,
} mr_cache_kind;

typedef struct mr_cache mr_cache;

mr_cache *mr_cache_create(void);
void mr_cache_destroy(mr_cache *cache); /* NULL is fine */
void mr_cache_clear(mr_cache *cache);

/* Room for whatever one more line can bring: an entry of each kind and its texts. */
bool mr_cache_has_room(const mr_cache *cache);

mr_cache_key mr_cache_key_of_text(mr_text text);
mr_cache_key mr_cache_key_of_number(int64_t number);
mr_cache_key mr_cache_key_of_invoice(const mr_event *event);
mr_cache_key mr_cache_key_of_order(const mr_event *event);

/* NULL: not here. */
void *mr_cache_find(mr_cache *cache, mr_cache_kind kind, const mr_cache_key *key);
/* A zeroed entry under a copy of the key, which must not be here yet. Asserts room. */
void *mr_cache_add(mr_cache *cache, mr_cache_kind kind, const mr_cache_key *key);
/* Asserts room. */
mr_text mr_cache_copy_text(mr_cache *cache, mr_text text);

/* Changed entries in the order of their first change. */
void mr_cache_mark_changed(mr_cache *cache, mr_cache_kind kind, mr_cache_entry *entry);
size_t mr_cache_changed_count(const mr_cache *cache, mr_cache_kind kind);
void *mr_cache_changed(const mr_cache *cache, mr_cache_kind kind, size_t index);
/* Every entry is as the database has it. */
void mr_cache_mark_stored(mr_cache *cache);

/* Latest wins: whether a line takes the place of the winner. */
bool mr_winner_loses_to(const mr_winner *winner, const mr_winner *line);

/* Adds a line to a sum. */
void mr_cached_sum_add(mr_cached_sum *sum, const mr_event *event);

#endif
