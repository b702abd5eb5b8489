/* SPDX-License-Identifier: Apache-2.0 */
/* base/rate_window.h - the rate of a growing total over the last seconds. */
#ifndef MR_BASE_RATE_WINDOW_H
#define MR_BASE_RATE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum {
    mr_rate_window_seconds = 10,
    mr_rate_window_samples = mr_rate_window_seconds + 1,
    mr_rate_window_sample_us = 1000000, /* totals that come sooner after the last are passed over */
};

/* A zeroed struct is an empty window. Plain value. */
typedef struct mr_rate_window {
    struct {
        int64_t us;
        uint64_t total;
    } samples[mr_rate_window_samples]; /* a ring: the newest overwrites the oldest */
    uint64_t count;                    /* ever taken */
} mr_rate_window;

/* true when the total was taken as a sample (the first always is). */
bool mr_rate_window_add(mr_rate_window *window, int64_t now_us, uint64_t total);

/* Per second, between the oldest sample not older than the window and the newest. 0 with fewer than
 * two, or when the total fell. */
double mr_rate_window_per_second(const mr_rate_window *window);

#endif
