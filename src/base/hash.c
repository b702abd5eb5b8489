/* SPDX-License-Identifier: Apache-2.0 */
/* base/hash.c - XXH3, inlined so that the short keys of events cost no call. */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t mr_hash64(const void *data, size_t bytes)
{
    return XXH3_64bits(data, bytes);
}

void mr_hash128(const void *data, size_t bytes, uint8_t ret_hash[static 16])
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
    for (int i = 0; i < 16; i++) {
        ret_hash[i] = canonical.digest[i];
    }
}
