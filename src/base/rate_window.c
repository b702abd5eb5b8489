/* SPDX-License-Identifier: Apache-2.0 */
/* base/rate_window.c - a ring of one sample a second; see rate_window.h. */
#include "base/rate_window.h"

static uint64_t newest_index(const mr_rate_window *window)
{
    return (window->count - 1) % mr_rate_window_samples;
}

bool mr_rate_window_add(mr_rate_window *window, int64_t now_us, uint64_t total)
{
    const uint64_t place = window->count % mr_rate_window_samples;

    if (window->count > 0 &&
        now_us - window->samples[newest_index(window)].us < mr_rate_window_sample_us) {
        return false;
    }
    window->samples[place].us = now_us;
    window->samples[place].total = total;
    window->count++;
    return true;
}

double mr_rate_window_per_second(const mr_rate_window *window)
{
    const uint64_t kept =
        window->count < mr_rate_window_samples ? window->count : mr_rate_window_samples;
    /* Samples may be further apart than a second: some of the ring can be too old. Half a sample of
     * tolerance keeps the eleventh of ten seconds that took a little longer. */
    const int64_t age_us_max =
        (int64_t)mr_rate_window_seconds * 1000000 + mr_rate_window_sample_us / 2;

    for (uint64_t back = kept; back > 1; back--) {
        const uint64_t oldest = (window->count - back) % mr_rate_window_samples;
        const uint64_t newest = newest_index(window);
        const int64_t elapsed_us = window->samples[newest].us - window->samples[oldest].us;
        const uint64_t before = window->samples[oldest].total;
        const uint64_t now = window->samples[newest].total;

        if (elapsed_us <= age_us_max || back == 2) {
            return now > before ? (double)(now - before) * 1e6 / (double)elapsed_us : 0.0;
        }
    }
    return 0.0;
}
