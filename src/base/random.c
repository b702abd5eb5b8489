/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.c - xoshiro256** (Blackman and Vigna), seeded by splitmix64; and the kernel's own. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/status.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t mixed = (*state += 0x9E3779B97F4A7C15u);

    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

void mr_random_seed(mr_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        random->state[i] = splitmix(&seed);
    }
}

static uint64_t rotate(uint64_t word, unsigned left)
{
    return word << left | word >> (64 - left);
}

uint64_t mr_random_next(mr_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

/* Lemire's multiplication; the draws that would favour low values are thrown away. */
uint64_t mr_random_below(mr_random *random, uint64_t limit)
{
    MR_ASSERT(limit > 0);
    uint64_t threshold = (0 - limit) % limit;

    for (;;) { /* each round ends it with a chance above one half */
        unsigned __int128 product = (unsigned __int128)mr_random_next(random) * limit;
        if ((uint64_t)product >= threshold) {
            return (uint64_t)(product >> 64);
        }
    }
}

double mr_random_unit(mr_random *random)
{
    return (double)(mr_random_next(random) >> 11) * 0x1.0p-53;
}

void mr_random_secret(void *ret_data, size_t bytes)
{
    unsigned char *to = ret_data;

    while (bytes > 0) {
        ssize_t got = getrandom(to, bytes, 0);
        MR_ASSERT(got > 0 || errno == EINTR);
        if (got > 0) {
            to += got;
            bytes -= (size_t)got;
        }
    }
}
