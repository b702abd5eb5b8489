/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_cache.c - a table of entries with the turn each was last used in.
 *
 * Invariant: the bytes of keys, values and entries are at most bytes_max.
 */
#include "query/sales_cache.h"

#include <stdlib.h>

#include "base/hash.h"

enum { entries_max = 1024 };

typedef struct entry {
    char *key; /* with the value behind it; NULL: free */
    size_t key_bytes, value_bytes;
    uint64_t hash, used;
} entry;

struct mr_sales_cache {
    size_t bytes_max, bytes;
    uint64_t turn;
    entry entries[entries_max];
};

mr_sales_cache *mr_sales_cache_create(size_t bytes_max)
{
    mr_sales_cache *cache = mr_alloc_zero(1, sizeof *cache);

    cache->bytes_max = bytes_max;
    return cache;
}

static size_t weight(size_t key_bytes, size_t value_bytes)
{
    return key_bytes + value_bytes + sizeof(entry);
}

static void drop(mr_sales_cache *cache, entry *gone)
{
    MR_ASSERT(gone->key != NULL);
    cache->bytes -= weight(gone->key_bytes, gone->value_bytes);
    free(gone->key);
    gone->key = NULL;
}

void mr_sales_cache_destroy(mr_sales_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t index = 0; index < entries_max; index++) {
        free(cache->entries[index].key);
    }
    free(cache);
}

static entry *find(mr_sales_cache *cache, mr_text key)
{
    const uint64_t hash = mr_hash64(key.data, key.bytes);

    for (size_t index = 0; index < entries_max; index++) {
        entry *here = &cache->entries[index];

        if (here->key != NULL && here->hash == hash && here->key_bytes == key.bytes &&
            memcmp(here->key, key.data, key.bytes) == 0) {
            return here;
        }
    }
    return NULL;
}

mr_text mr_sales_cache_get(mr_sales_cache *cache, mr_text key)
{
    entry *found = find(cache, key);

    if (found == NULL) {
        return MR_TEXT_ABSENT;
    }
    found->used = ++cache->turn;
    return (mr_text){found->key + found->key_bytes, found->value_bytes};
}

static entry *oldest(mr_sales_cache *cache)
{
    entry *found = NULL;

    for (size_t index = 0; index < entries_max; index++) {
        entry *here = &cache->entries[index];

        if (here->key != NULL && (found == NULL || here->used < found->used)) {
            found = here;
        }
    }
    return found;
}

static entry *vacant(mr_sales_cache *cache)
{
    for (size_t index = 0; index < entries_max; index++) {
        if (cache->entries[index].key == NULL) {
            return &cache->entries[index];
        }
    }
    return NULL;
}

void mr_sales_cache_put(mr_sales_cache *cache, mr_text key, mr_text value)
{
    const size_t bytes = weight(key.bytes, value.bytes);
    entry *place = find(cache, key);

    if (place != NULL) {
        drop(cache, place);
    }
    if (bytes > cache->bytes_max) {
        return;
    }
    while (cache->bytes + bytes > cache->bytes_max || vacant(cache) == NULL) {
        drop(cache, oldest(cache));
    }
    place = vacant(cache);
    MR_ASSERT(place != NULL);
    *place = (entry){.key = mr_alloc(key.bytes + value.bytes + 1),
                     .key_bytes = key.bytes,
                     .value_bytes = value.bytes,
                     .hash = mr_hash64(key.data, key.bytes),
                     .used = ++cache->turn};
    memcpy(place->key, key.data, key.bytes);
    memcpy(place->key + key.bytes, value.data, value.bytes);
    cache->bytes += bytes;
}

size_t mr_sales_cache_bytes(const mr_sales_cache *cache)
{
    return cache->bytes;
}
