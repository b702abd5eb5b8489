/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_cache.h - files of a remote lake kept on this machine's disk, by name and size.
 *
 * <root>/<blob's name> is a whole copy or is not there; several processes share a root. What is
 * pinned stays: a pin lasts until the cache is closed (or its process ends), but for at most an
 * hour after it was last asked for. Only blob_adls*.c include it. Threads: a cache may be shared.
 */
#ifndef MR_LAKE_BLOB_CACHE_H
#define MR_LAKE_BLOB_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct mr_blob_cache mr_blob_cache;

enum { mr_blob_cache_pin_ms_max = 3600000 };

/* root is there. bytes_max: what is kept at most, but for what is pinned. */
mr_status mr_blob_cache_open(const char *root, uint64_t bytes_max, mr_blob_cache **ret_cache,
                             mr_err *err);
void mr_blob_cache_close(mr_blob_cache *cache); /* NULL is fine */

/* Pins the name; true: it is there in that size, and counts as used now. */
bool mr_blob_cache_use(mr_blob_cache *cache, const char *name, uint64_t bytes);
/* Makes a whole file, on the same file system as the root, the copy of the name; it moves. */
mr_status mr_blob_cache_keep(mr_blob_cache *cache, const char *file, const char *name, mr_err *err);
void mr_blob_cache_forget(mr_blob_cache *cache, const char *name); /* one not there is fine */

/* Removes what was not used for longest until the rest fits, when so much was kept since the last
 * look that it may not. */
void mr_blob_cache_tidy(mr_blob_cache *cache);

#endif
