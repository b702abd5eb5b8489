/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_batch.c - POST /invoicedata/batch: many events, answered with counts.
 *
 * Called by: the loops. Not here: all of the work (batch_job.c, on a worker).
 */
#include "gateway/answers.h"
#include "gateway/batch_job.h"
#include "gateway/media_type.h"
#include "gateway/routes.h"

void mr_route_batch(mr_http_request *request, void *ctx)
{
    mr_gateway *gateway = ctx;
    mr_client client;
    mr_err err;
    size_t bytes;

    if (!mr_admit_writer(request, &client)) {
        return;
    }
    if (!mr_media_type_is_batch(mr_http_request_header(request, "content-type"))) {
        mr_answer_refuse(request, 415, NULL,
                         "Send NDJSON as application/x-ndjson, or a JSON array as "
                         "application/json.");
        return;
    }
    (void)mr_http_request_body(request, &bytes);
    if (bytes == 0) {
        mr_answer_refuse(request, 400, NULL,
                         "The body holds no events: send one JSON object a line, or an array.");
        return;
    }
    if (mr_batch_job_start(mr_gateway_loop_of(request), request, &client, &err) != MR_OK) {
        mr_counter_add(gateway->counts.answers_busy, 1);
        mr_answer_unavailable(request, "The batch was not taken: %s. Send it again.", err.message);
    }
}
