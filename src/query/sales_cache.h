/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_cache.h - texts by key, the longest unused go first. One thread at a time. */
#ifndef MR_QUERY_SALES_CACHE_H
#define MR_QUERY_SALES_CACHE_H

#include "base/memory.h"

typedef struct mr_sales_cache mr_sales_cache;

mr_sales_cache *mr_sales_cache_create(size_t bytes_max);
void mr_sales_cache_destroy(mr_sales_cache *cache); /* NULL is fine */
/* Borrowed until the next put; absent: it is not kept. */
mr_text mr_sales_cache_get(mr_sales_cache *cache, mr_text key);
/* What alone is larger than the cache is not kept. */
void mr_sales_cache_put(mr_sales_cache *cache, mr_text key, mr_text value);
size_t mr_sales_cache_bytes(const mr_sales_cache *cache);

#endif
