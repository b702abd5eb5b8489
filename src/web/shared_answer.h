/* SPDX-License-Identifier: Apache-2.0 */
/* web/shared_answer.h - one answer for all who wait for it: to a question that costs much, about
 * what changes without a version that tells.
 *
 * Promise: nobody is given what was looked at before they asked. Those who ask while a look is
 *          under way are answered by the next one, all of them by the same.
 * Threads: any.
 */
#ifndef MR_WEB_SHARED_ANSWER_H
#define MR_WEB_SHARED_ANSWER_H

#include "base/memory.h"
#include "base/status.h"
#include "web/web.h"

typedef struct mr_shared_answer mr_shared_answer;

typedef struct mr_shared_ask {
    int64_t came_us;     /* when it was asked, by mr_monotonic_us */
    int64_t deadline_us; /* no longer than this is waited for another's look */
    mr_status (*make)(void *ctx, mr_buffer *out, mr_err *err); /* looks; one at a time */
    void *ctx;
} mr_shared_ask;

mr_shared_answer *mr_shared_answer_create(void);
void mr_shared_answer_destroy(mr_shared_answer *shared); /* NULL is fine; nobody asks any more */

/* Appends the answer to out, by a look of its own or by another's that began after it came. An
 * error of make is its caller's alone: others look for themselves. MR_STOPPED: the deadline. */
mr_status mr_shared_answer_get(mr_shared_answer *shared, const mr_shared_ask *ask, mr_buffer *out,
                               mr_err *err);

/* As a part of the web; for parts.c. */
void *mr_web_shared_create(const mr_web_options *options);
void mr_web_shared_destroy(void *part);

#endif
