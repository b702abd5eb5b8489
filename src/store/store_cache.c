/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_cache.c - the invoices, orders, customers, products and countries of recent lines.
 *
 * Owns:       one open-addressing table a kind, and one pool of bytes for their texts.
 * Called by:  the writing half of a backend, on the thread that owns the store.
 * Invariants: (1) a table is at most half full, so that a search ends after a few slots;
 *             (2) entries never move: slots hold their numbers;
 *             (3) a hash only leads to an entry, its key decides: equal hashes are harmless.
 */
#include "store/store_cache.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

enum {
    /* Keys (twice an invoice's), a stored and a new name and description, a country's name. */
    mr_cache_line_text_bytes_max =
        4 * (3 * mr_event_invoice_no_length_max + mr_event_stock_code_length_max +
             2 * mr_event_description_length_max + 2 * mr_event_customer_name_length_max +
             mr_event_country_length_max),
};

typedef struct cache_table {
    unsigned char *entries;
    size_t entry_bytes;
    uint32_t *slots; /* 1 + the entry's number; 0 = free; a power of two of them */
    uint32_t *changed;
    mr_cache_entry *last; /* found last: lines of an invoice come together */
    uint32_t slot_mask;
    uint32_t count;
    uint32_t capacity;
    uint32_t changed_count;
} cache_table;

struct mr_cache {
    cache_table tables[MR_CACHE_KIND_COUNT];
    char *texts;
    size_t text_bytes;
};

static const struct {
    size_t entry_bytes;
    uint32_t capacity; /* a power of two */
} kinds[MR_CACHE_KIND_COUNT] = {
    [MR_CACHE_INVOICES] = {sizeof(mr_cached_invoice), mr_cache_invoices_max},
    [MR_CACHE_ORDERS] = {sizeof(mr_cached_order), mr_cache_orders_max},
    [MR_CACHE_CUSTOMERS] = {sizeof(mr_cached_customer), mr_cache_customers_max},
    [MR_CACHE_PRODUCTS] = {sizeof(mr_cached_product), mr_cache_products_max},
    [MR_CACHE_COUNTRIES] = {sizeof(mr_cached_country), mr_cache_countries_max},
};

mr_cache *mr_cache_create(void)
{
    mr_cache *cache = mr_alloc_zero(1, sizeof(*cache));
    int kind;

    for (kind = 0; kind < MR_CACHE_KIND_COUNT; kind++) {
        cache_table *table = &cache->tables[kind];

        table->entry_bytes = kinds[kind].entry_bytes;
        table->capacity = kinds[kind].capacity;
        table->slot_mask = 2 * table->capacity - 1;
        MR_ASSERT((table->capacity & (table->capacity - 1)) == 0);
        table->entries = mr_alloc(table->capacity * table->entry_bytes);
        table->slots = mr_alloc_zero(2 * (size_t)table->capacity, sizeof(*table->slots));
        table->changed = mr_alloc(table->capacity * sizeof(*table->changed));
    }
    cache->texts = mr_alloc(mr_cache_text_bytes_max);
    return cache;
}

void mr_cache_destroy(mr_cache *cache)
{
    int kind;

    if (cache == NULL) {
        return;
    }
    for (kind = 0; kind < MR_CACHE_KIND_COUNT; kind++) {
        free(cache->tables[kind].entries);
        free(cache->tables[kind].slots);
        free(cache->tables[kind].changed);
    }
    free(cache->texts);
    free(cache);
}

void mr_cache_clear(mr_cache *cache)
{
    int kind;

    for (kind = 0; kind < MR_CACHE_KIND_COUNT; kind++) {
        cache_table *table = &cache->tables[kind];

        if (table->count > 0) {
            memset(table->slots, 0, 2 * (size_t)table->capacity * sizeof(*table->slots));
        }
        table->count = 0;
        table->changed_count = 0;
        table->last = NULL;
    }
    cache->text_bytes = 0;
}

bool mr_cache_has_room(const mr_cache *cache)
{
    int kind;

    for (kind = 0; kind < MR_CACHE_KIND_COUNT; kind++) {
        if (cache->tables[kind].count == cache->tables[kind].capacity) {
            return false;
        }
    }
    return cache->text_bytes + mr_cache_line_text_bytes_max <= mr_cache_text_bytes_max;
}

/* --- Keys ------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t value)
{
    value *= UINT64_C(0x9e3779b97f4a7c15);
    return value ^ (value >> 32);
}

mr_cache_key mr_cache_key_of_text(mr_text text)
{
    return (mr_cache_key){.hash = mr_hash64(text.data, text.bytes), .text = text};
}

mr_cache_key mr_cache_key_of_number(int64_t number)
{
    return (mr_cache_key){.hash = mix((uint64_t)number), .number = number};
}

mr_cache_key mr_cache_key_of_invoice(const mr_event *event)
{
    return (mr_cache_key){.hash = mr_event_id_prefix(&event->id), .text = event->invoice_no};
}

mr_cache_key mr_cache_key_of_order(const mr_event *event)
{
    return (mr_cache_key){
        .hash = mr_event_id_prefix(&event->id) ^ mix((uint64_t)event->customer_id),
        .text = event->invoice_no,
        .number = event->customer_id,
    };
}

static bool keys_equal(const mr_cache_key *a, const mr_cache_key *b)
{
    return a->hash == b->hash && a->number == b->number && mr_text_equal(a->text, b->text);
}

/* --- Entries --------------------------------------------------------------------------------- */

static mr_cache_entry *entry_at(const cache_table *table, uint32_t number)
{
    return (mr_cache_entry *)(void *)(table->entries + number * table->entry_bytes);
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *find_slot(const cache_table *table, const mr_cache_key *key)
{
    uint32_t at = (uint32_t)key->hash & table->slot_mask;

    while (table->slots[at] != 0 && !keys_equal(&entry_at(table, table->slots[at] - 1)->key, key)) {
        at = (at + 1) & table->slot_mask;
    }
    return &table->slots[at];
}

void *mr_cache_find(mr_cache *cache, mr_cache_kind kind, const mr_cache_key *key)
{
    cache_table *table = &cache->tables[kind];
    uint32_t slot;

    if (table->last != NULL && keys_equal(&table->last->key, key)) {
        return table->last;
    }
    slot = *find_slot(table, key);
    table->last = slot == 0 ? NULL : entry_at(table, slot - 1);
    return table->last;
}

mr_text mr_cache_copy_text(mr_cache *cache, mr_text text)
{
    char *copy = cache->texts + cache->text_bytes;

    if (text.data == NULL) {
        return MR_TEXT_ABSENT;
    }
    MR_ASSERT(text.bytes <= mr_cache_text_bytes_max - cache->text_bytes);
    memcpy(copy, text.data, text.bytes);
    cache->text_bytes += text.bytes;
    return (mr_text){copy, text.bytes};
}

void *mr_cache_add(mr_cache *cache, mr_cache_kind kind, const mr_cache_key *key)
{
    cache_table *table = &cache->tables[kind];
    uint32_t *slot = find_slot(table, key);
    mr_cache_entry *entry = entry_at(table, table->count);

    MR_ASSERT(*slot == 0);
    MR_ASSERT(table->count < table->capacity);
    memset(entry, 0, table->entry_bytes);
    entry->key = *key;
    entry->key.text = mr_cache_copy_text(cache, key->text);
    table->count++;
    *slot = table->count;
    return entry;
}

void mr_cache_mark_changed(mr_cache *cache, mr_cache_kind kind, mr_cache_entry *entry)
{
    cache_table *table = &cache->tables[kind];
    size_t bytes = (size_t)((unsigned char *)entry - table->entries);

    if (entry->changed) {
        return;
    }
    MR_ASSERT(bytes < table->count * table->entry_bytes && bytes % table->entry_bytes == 0);
    entry->changed = true;
    table->changed[table->changed_count++] = (uint32_t)(bytes / table->entry_bytes);
}

size_t mr_cache_changed_count(const mr_cache *cache, mr_cache_kind kind)
{
    return cache->tables[kind].changed_count;
}

void *mr_cache_changed(const mr_cache *cache, mr_cache_kind kind, size_t index)
{
    const cache_table *table = &cache->tables[kind];

    MR_ASSERT(index < table->changed_count);
    return entry_at(table, table->changed[index]);
}

void mr_cache_mark_stored(mr_cache *cache)
{
    int kind;
    uint32_t index;

    for (kind = 0; kind < MR_CACHE_KIND_COUNT; kind++) {
        cache_table *table = &cache->tables[kind];

        for (index = 0; index < table->changed_count; index++) {
            mr_cache_entry *entry = entry_at(table, table->changed[index]);

            entry->stored = true;
            entry->changed = false;
        }
        table->changed_count = 0;
    }
}

/* --- Rules ----------------------------------------------------------------------------------- */

bool mr_winner_loses_to(const mr_winner *winner, const mr_winner *line)
{
    MR_ASSERT(line->is_set);
    if (!winner->is_set) {
        return true;
    }
    if (winner->date_seconds != line->date_seconds) {
        return winner->date_seconds < line->date_seconds;
    }
    if (winner->partition != line->partition) {
        return winner->partition < line->partition;
    }
    return winner->offset < line->offset;
}

void mr_cached_sum_add(mr_cached_sum *sum, const mr_event *event)
{
    if (sum->lines == 0 || event->invoice_date.seconds < sum->date_seconds) {
        sum->date_seconds = event->invoice_date.seconds;
    }
    sum->lines++;
    sum->items += event->quantity;
    sum->amount = mr_amount_add(sum->amount, mr_amount_of(event->quantity, event->unit_price));
}
