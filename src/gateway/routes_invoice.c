/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_invoice.c - POST /invoicedata: one event, answered 201 once it is durable.
 *
 * Called by: the loops. Not here: gathering and answering (collector.c).
 */
#include "gateway/admit.h"
#include "gateway/answers.h"
#include "gateway/media_type.h"
#include "gateway/routes.h"

static const char idempotency_key[] = "Idempotency-Key";

/* The key of the request, absent when it has none. false: it is no good, and the request is
 * answered. */
static bool read_key(mr_http_request *request, mr_text *ret_key)
{
    mr_text key = mr_http_request_header(request, idempotency_key);

    if (key.data != NULL) {
        if (!mr_utf8_valid(key)) {
            mr_answer_header_fault(request, idempotency_key, "string_unicode",
                                   "Input should be valid UTF-8");
            return false;
        }
        if (key.bytes == 0) {
            mr_answer_header_fault(request, idempotency_key, "string_too_short",
                                   "String should have at least 1 character");
            return false;
        }
        if (mr_utf8_length(key) > mr_event_key_length_max) {
            mr_answer_header_fault(request, idempotency_key, "string_too_long",
                                   "String should have at most 64 characters");
            return false;
        }
    }
    *ret_key = key;
    return true;
}

void mr_route_invoice(mr_http_request *request, void *ctx)
{
    mr_gateway *gateway = ctx;
    mr_gateway_loop *loop = mr_gateway_loop_of(request);
    mr_event_faults faults;
    mr_event event;
    mr_client client;
    mr_text key;
    mr_err err;
    uint32_t retry_after_seconds;
    size_t bytes;
    char *body;

    if (!mr_admit_writer(request, &client)) {
        return;
    }
    if (!mr_media_type_is_json(mr_http_request_header(request, "content-type"))) {
        mr_answer_refuse(request, 415, NULL, "Send one JSON object as application/json.");
        return;
    }
    if (!mr_admit_events(gateway, &client, 1, &retry_after_seconds)) {
        mr_admit_answer_limited(request, retry_after_seconds);
        return;
    }
    if (!read_key(request, &key)) {
        return;
    }
    body = mr_http_request_body(request, &bytes);
    if (bytes == 0) {
        mr_answer_refuse(request, 400, NULL, "The body is empty: send one JSON object.");
        return;
    }
    if (mr_event_parse_keyed(loop->parser, body, bytes, key, &event, &faults) != MR_OK) {
        mr_counter_add(gateway->counts.events_refused, 1);
        mr_answer_faults(request, &faults);
        return;
    }
    if (mr_collector_add(loop->collector, request, &event, &err) != MR_OK) {
        mr_counter_add(gateway->counts.answers_busy, 1);
        mr_answer_unavailable(request, "The event was not stored: %s. Send it again.", err.message);
    }
}
