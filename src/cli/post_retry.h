/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_retry.h - what an answer means for the lines that were sent, and when to try again. */
#ifndef MR_CLI_POST_RETRY_H
#define MR_CLI_POST_RETRY_H

#include "base/random.h"

enum {
    mr_post_backoff_first_us = 100000,
    mr_post_backoff_most_us = 10000000,
    mr_post_retry_after_most_us = 300000000, /* a server that asks for more is not believed */
};

typedef enum mr_post_verdict {
    MR_POST_TAKEN,    /* 2xx */
    MR_POST_REFUSED,  /* the lines are wrong: 400, 409, 422 and the like; never sent again */
    MR_POST_AGAIN,    /* no answer, 408, 429, 5xx: the same may be taken later */
    MR_POST_SMALLER,  /* 413: too much at once */
    MR_POST_HOPELESS, /* the request is wrong, not its lines: 401, 404 ...; the run ends */
} mr_post_verdict;

/* http_status: 0 = no answer came. */
mr_post_verdict mr_post_judge(int http_status);

/* How long to wait before try number attempt + 1 (attempt from 1): doubling, with jitter of half,
 * so that clients that failed together do not come back together; at least what the server asked
 * for. */
uint64_t mr_post_backoff_us(uint32_t attempt, uint64_t retry_after_us, mr_random *random);

#endif
