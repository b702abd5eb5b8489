/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.h - a seeded, reproducible generator (xoshiro256**), and the kernel's randomness. */
#ifndef MR_BASE_RANDOM_H
#define MR_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Plain value; copy it to fork a stream. Not for secrets. */
typedef struct mr_random {
    uint64_t state[4];
} mr_random;

void mr_random_seed(mr_random *random, uint64_t seed); /* splitmix64 expansion of the seed */
uint64_t mr_random_next(mr_random *random);
uint64_t mr_random_below(mr_random *random, uint64_t limit); /* uniform in [0, limit), limit > 0 */
double mr_random_unit(mr_random *random);                    /* uniform in [0, 1) */

/* Kernel randomness, for keys and seeds. Never fails (aborts). */
void mr_random_secret(void *ret_data, size_t bytes);

#endif
