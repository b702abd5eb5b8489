/* SPDX-License-Identifier: Apache-2.0 */
/* base/hash.h - XXH3: checksums and identities. Not a defence against a forger. */
#ifndef MR_BASE_HASH_H
#define MR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t mr_hash64(const void *data, size_t bytes);

/* XXH3-128 in its canonical (big-endian) form. */
void mr_hash128(const void *data, size_t bytes, uint8_t ret_hash[static 16]);

#endif
