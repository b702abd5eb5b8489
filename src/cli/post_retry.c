/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_retry.c - the rules of trying again. Pure functions. Called by: post_run.c. */
#include "cli/post_retry.h"

mr_post_verdict mr_post_judge(int http_status)
{
    if (http_status >= 200 && http_status < 300) {
        return MR_POST_TAKEN;
    }
    if (http_status >= 500) {
        return MR_POST_AGAIN;
    }
    switch (http_status) {
    case 0:
    case 408:
    case 429:
        return MR_POST_AGAIN;
    case 400:
    case 409:
    case 422:
        return MR_POST_REFUSED;
    case 413:
        return MR_POST_SMALLER;
    default:
        return MR_POST_HOPELESS;
    }
}

uint64_t mr_post_backoff_us(uint32_t attempt, uint64_t retry_after_us, mr_random *random)
{
    uint32_t doublings = attempt > 0 ? attempt - 1 : 0;
    uint64_t wait = mr_post_backoff_most_us;

    if (doublings < 16 && (uint64_t)mr_post_backoff_first_us << doublings < wait) {
        wait = (uint64_t)mr_post_backoff_first_us << doublings;
    }
    wait = wait / 2 + mr_random_below(random, wait / 2 + 1);
    if (retry_after_us > mr_post_retry_after_most_us) {
        retry_after_us = mr_post_retry_after_most_us;
    }
    return wait > retry_after_us ? wait : retry_after_us + wait / 8;
}
