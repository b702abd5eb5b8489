/* SPDX-License-Identifier: Apache-2.0 */
/* azure/request.c - tries a request until its answer is clear, its time is over, or both are vain.
 *
 *   try --answered, not 408/429/5xx--> MR_OK
 *    ^  |--408, 429, 5xx, no answer--> may it be sent again, and is there time? -no-> an error
 *    |  '--sign failed, refused------> that error         |yes
 *    '------------------ wait: jitter, Retry-After <------'
 *
 * Owns:       a pool's options and handles.
 * Called by:  whoever speaks to a service of Azure, from any thread.
 * Invariants: a request that may have taken effect never ends as MR_UNAVAILABLE, unless it has no
 *             effect.
 */
#include "azure/request.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "azure/request_try.h"
#include "base/civil.h"
#include "base/random.h"

enum { default_timeout_ms = 60000, default_wait_ms = 100, wait_ms_max = 10000 };

struct mr_requests {
    uint32_t timeout_ms, wait_ms;
    mr_request_handles *handles;
};

mr_requests *mr_requests_create(const mr_requests_options *options)
{
    mr_requests *requests = mr_alloc_zero(1, sizeof *requests);

    requests->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : default_timeout_ms;
    requests->wait_ms = options->wait_ms > 0 ? options->wait_ms : default_wait_ms;
    requests->handles = mr_request_handles_create(options);
    return requests;
}

void mr_requests_destroy(mr_requests *requests)
{
    if (requests != NULL) {
        mr_request_handles_destroy(requests->handles);
        free(requests);
    }
}

void mr_request_show_url(const char *url, char shown[static mr_request_shown_bytes_max])
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : url;
    size_t bytes = strcspn(host, "?#");
    size_t host_bytes = strcspn(host, "/?#");
    const char *at = memchr(host, '@', host_bytes);

    if (at != NULL) {
        bytes -= (size_t)(at + 1 - host);
        host_bytes = (size_t)(host - url);
        host = at + 1;
    } else {
        host_bytes = (size_t)(host - url);
    }
    (void)snprintf(shown, mr_request_shown_bytes_max, "%.*s%.*s", (int)host_bytes, url, (int)bytes,
                   host);
}

/* --- Judging a try ---------------------------------------------------------------------------- */

typedef struct sending {
    const mr_request *request;
    int64_t began_us;
    uint64_t timeout_ms, wait_ms;
    mr_request_result result;
    mr_try_outcome last;
} sending;

static bool is_for_later(int http_status)
{
    return http_status == 408 || http_status == 429 || http_status >= 500;
}

static bool is_done(const sending *self)
{
    return self->last.end == MR_TRY_REFUSED ||
           (self->last.end == MR_TRY_ANSWERED && !is_for_later(self->last.http_status));
}

/* Whether the try may have done what was asked for. One that was throttled has not. */
static bool is_unclear(const sending *self)
{
    return self->last.end == MR_TRY_UNCLEAR ||
           (self->last.end == MR_TRY_ANSWERED && self->last.http_status != 429);
}

static uint64_t elapsed_ms(const sending *self)
{
    return (uint64_t)(mr_monotonic_us() - self->began_us) / 1000;
}

/* Between half of the wait and all of it, so that those that failed together come back apart. */
static bool wait_for_next(sending *self)
{
    uint64_t random;

    mr_random_secret(&random, sizeof random);
    uint64_t wait_ms = self->wait_ms / 2 + random % (self->wait_ms / 2 + 1);
    if (self->last.retry_after_ms > wait_ms) {
        wait_ms = self->last.retry_after_ms;
    }
    self->wait_ms = self->wait_ms * 2 < wait_ms_max ? self->wait_ms * 2 : wait_ms_max;
    if (elapsed_ms(self) + wait_ms >= self->timeout_ms) {
        return false;
    }
    (void)poll(NULL, 0, (int)wait_ms);
    return true;
}

static mr_status fail_of(const sending *self, mr_err *err)
{
    const mr_request *request = self->request;
    char url[mr_request_shown_bytes_max];
    char what[32] = "";
    bool unclear = self->result.tries_unclear > 0 && request->effect != MR_REQUEST_READS;
    mr_status status = self->last.end == MR_TRY_REFUSED ? self->last.status : MR_UNAVAILABLE;

    if (unclear) {
        status = MR_UNKNOWN_OUTCOME;
    }
    mr_request_show_url(request->url, url);
    if (self->last.end == MR_TRY_ANSWERED) {
        (void)snprintf(what, sizeof what, "%d ", self->last.http_status);
    }
    return mr_fail(err, status, "%s %s: %s%s (%u %s in %.1f s)", request->method, url, what,
                   self->last.reason, self->result.tries, self->result.tries == 1 ? "try" : "tries",
                   (double)elapsed_ms(self) / 1000.0);
}

/* --- Trying ----------------------------------------------------------------------------------- */

static mr_status try_until_clear(mr_requests *requests, sending *self, mr_err *err)
{
    const mr_request *request = self->request;
    size_t answer_before = request->answer != NULL ? request->answer->bytes : 0;

    for (;;) {
        uint64_t gone_ms = elapsed_ms(self);
        uint64_t left_ms = gone_ms < self->timeout_ms ? self->timeout_ms - gone_ms : 1;
        mr_status status =
            mr_request_try_once(requests->handles, request, left_ms, &self->last, err);
        if (status != MR_OK) {
            return status;
        }
        self->result.tries++;
        if (is_done(self)) {
            break;
        }
        self->result.tries_unclear += is_unclear(self) ? 1 : 0;
        bool again = request->effect != MR_REQUEST_ONCE || self->result.tries_unclear == 0;
        if (!again || self->result.tries == mr_request_tries_max || !wait_for_next(self)) {
            return fail_of(self, err);
        }
        if (request->answer != NULL) {
            request->answer->bytes = answer_before; /* of an answer that does not count */
        }
    }
    if (self->last.end == MR_TRY_REFUSED) {
        return fail_of(self, err);
    }
    self->result.status = self->last.http_status;
    self->result.body_bytes = self->last.body_bytes;
    return MR_OK;
}

mr_status mr_request_send(mr_requests *requests, const mr_request *request,
                          mr_request_result *ret_result, mr_err *err)
{
    sending self = {
        .request = request,
        .began_us = mr_monotonic_us(),
        .timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : requests->timeout_ms,
        .wait_ms = requests->wait_ms,
    };

    MR_ASSERT(request->wanted_count <= mr_request_wanted_max);
    MR_ASSERT(request->body.bytes == 0 || request->body_bytes == 0);
    mr_status status = try_until_clear(requests, &self, err);
    if (status == MR_OK) {
        *ret_result = self.result;
    }
    return status;
}
