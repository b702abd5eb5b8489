/* SPDX-License-Identifier: Apache-2.0 */
/* web/problem.c - refusals and failures as answers, in FastAPI's shapes, each with its id.
 *
 * Invariants: what is ours to mend (500, 503) is told in full in the log, under the id that the
 *             client is given, and only in general to the client.
 */
#include <stdio.h>

#include "base/log.h"
#include "web/state.h"

void mr_web_set_error(mr_web *web, const char *message)
{
    pthread_mutex_lock(&web->mutex);
    (void)snprintf(web->last_error, sizeof web->last_error, "%s", message);
    pthread_mutex_unlock(&web->mutex);
}

static void begin(mr_web_call *call, int http_status)
{
    call->status = http_status;
    call->content_type = NULL;
    call->unchanged = false;
    mr_buffer_clear(&call->out);
    mr_buffer_clear(&call->headers); /* what it says was about another answer */
    mr_web_call_add_header(call, "X-Request-Id", call->id);
    if (http_status == 503) {
        mr_web_call_add_header(call, "Retry-After", "1");
    }
    mr_web_call_add_header(call, "Cache-Control", "no-store");
}

void mr_web_refuse(mr_web_call *call, int http_status, const char *message)
{
    mr_text text = mr_text_of(message);

    begin(call, http_status);
    if (!mr_utf8_valid(text)) { /* cut within a character, or quoted from a client */
        text = MR_TEXT_LITERAL("The request was refused.");
    }
    (void)mr_buffer_append_string(&call->out, "{\"detail\":");
    (void)mr_buffer_append_json_string(&call->out, text);
    (void)mr_buffer_append_string(&call->out, "}");
    if (http_status >= 400 && http_status != 401) {
        mr_log_info("request %s: %s %s: %d: %s", call->id, call->route->method, call->route->path,
                    http_status, message);
    }
}

void mr_web_refuse_for(mr_web_call *call, int http_status, uint32_t retry_after_seconds,
                       const char *message)
{
    char seconds[16];

    mr_web_refuse(call, http_status, message);
    (void)snprintf(seconds, sizeof seconds, "%u", retry_after_seconds);
    mr_web_call_add_header(call, "Retry-After", seconds);
}

static void refuse_faults(mr_web_call *call)
{
    begin(call, 422);
    (void)mr_buffer_append_string(&call->out, "{\"detail\":[");
    (void)mr_buffer_append_text(&call->out, mr_buffer_text(&call->faults));
    (void)mr_buffer_append_string(&call->out, "]}");
}

static int status_of(mr_status status)
{
    switch (status) {
    case MR_INVALID:
        return 400;
    case MR_NOT_FOUND:
        return 404;
    case MR_EXISTS:
        return 409;
    case MR_LIMIT:
        return 413;
    case MR_UNAVAILABLE:
    case MR_FULL:
        return 503;
    case MR_STOPPED:
        return 504;
    case MR_UNSUPPORTED:
        return 501;
    case MR_OK:
    case MR_IO:
    case MR_CORRUPT:
    case MR_UNKNOWN_OUTCOME:
        break;
    }
    return 500;
}

static const char *general_message(int http_status)
{
    switch (http_status) {
    case 501:
        return "This server cannot do that.";
    case 503:
        return "What this needs is away for now. Ask again in a moment.";
    case 504:
        return "This took longer than a request may. Ask for less at once.";
    default:
        return "Something went wrong here. The log tells what, under this request's id.";
    }
}

void mr_web_problem(mr_web_call *call, mr_status status, const mr_err *err)
{
    int http_status = status_of(status);

    if (status == MR_INVALID && call->faults.bytes > 0) {
        refuse_faults(call);
        return;
    }
    if (http_status < 500) {
        mr_web_refuse(call, http_status, err->message);
        return;
    }
    if (status == MR_STOPPED && atomic_load_explicit(&call->gone, memory_order_relaxed)) {
        return; /* nobody is there to be told */
    }
    mr_counter_add(call->web->errors, 1);
    mr_web_set_error(call->web, err->message);
    mr_log_warn("request %s: %s %s failed: %s", call->id, call->route->method, call->route->path,
                err->message);
    mr_web_refuse(call, http_status, general_message(http_status));
}
