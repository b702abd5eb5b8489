/* SPDX-License-Identifier: Apache-2.0 */
/* stream/backoff.h - how long to wait before the next try: doubling, capped, with jitter. */
#ifndef MR_STREAM_BACKOFF_H
#define MR_STREAM_BACKOFF_H

#include <stdint.h>

#include "base/random.h"

typedef struct mr_backoff {
    uint32_t ms_min, ms_max;
    uint32_t failures; /* in a row */
    mr_random random;
} mr_backoff;

void mr_backoff_init(mr_backoff *backoff, uint32_t ms_min, uint32_t ms_max, uint64_t seed);

/* Between half of and the whole of min(ms_min << failures, ms_max): many that failed together do
 * not try again together. */
uint32_t mr_backoff_next_ms(mr_backoff *backoff);
void mr_backoff_reset(mr_backoff *backoff);

#endif
