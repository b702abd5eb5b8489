/* SPDX-License-Identifier: Apache-2.0 */
/* stream/backoff.c - exponential delays with jitter. Only computes: waiting is the runner's. */
#include "stream/backoff.h"

#include "base/status.h"

void mr_backoff_init(mr_backoff *backoff, uint32_t ms_min, uint32_t ms_max, uint64_t seed)
{
    MR_ASSERT(ms_min > 0 && ms_min <= ms_max);
    *backoff = (mr_backoff){.ms_min = ms_min, .ms_max = ms_max};
    mr_random_seed(&backoff->random, seed);
}

uint32_t mr_backoff_next_ms(mr_backoff *backoff)
{
    uint64_t whole = backoff->ms_max;

    if (backoff->failures < 32 && (uint64_t)backoff->ms_min << backoff->failures < whole) {
        whole = (uint64_t)backoff->ms_min << backoff->failures;
    }
    backoff->failures++;
    return (uint32_t)(whole - mr_random_below(&backoff->random, whole / 2 + 1));
}

void mr_backoff_reset(mr_backoff *backoff)
{
    backoff->failures = 0;
}
