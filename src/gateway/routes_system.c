/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_system.c - what the gateway says about itself: state, metrics, documentation.
 *
 * Called by: the loops. Open to everybody but /metrics, which asks for a key where keys are asked
 * for.
 */
#include "base/version.h"
#include "gateway/admit.h"
#include "gateway/answers.h"
#include "gateway/routes.h"
#include "http/docs.h"

enum { metrics_bytes_max = 4 * 1048576, system_body_bytes_max = 8192 };

/* Made from assets/ by the build. */
extern const char mr_embed_openapi_json[];
extern const size_t mr_embed_openapi_json_bytes;

void mr_route_openapi(mr_http_request *request, void *ctx)
{
    (void)ctx;
    mr_http_request_answer(request,
                           &(mr_http_answer){
                               .status = 200,
                               .headers = mr_http_docs_headers,
                               .body = {mr_embed_openapi_json, mr_embed_openapi_json_bytes},
                           });
}

void mr_route_root(mr_http_request *request, void *ctx)
{
    mr_buffer body;

    (void)ctx; /* it says the same of every gateway */
    mr_buffer_init(&body, system_body_bytes_max);
    mr_buffer_append_string(&body, "{\"name\":\"millrace gateway\",\"version\":");
    mr_buffer_append_json_string(&body, mr_text_of(mr_version()));
    mr_buffer_append_string(
        &body, ",\"links\":{\"event\":\"/invoicedata\",\"batch\":\"/invoicedata/batch\","
               "\"receipt\":\"/receipts/{event_id}\",\"health\":\"/health\",\"ready\":\"/ready\","
               "\"metrics\":\"/metrics\",\"openapi\":\"/openapi.json\",\"docs\":\"/docs\"}}");
    mr_http_request_answer(request,
                           &(mr_http_answer){.status = 200, .body = mr_buffer_text(&body)});
    mr_buffer_free(&body);
}

void mr_route_health(mr_http_request *request, void *ctx)
{
    (void)ctx;
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = 200,
                                        .body = MR_TEXT_LITERAL("{\"status\":\"alive\"}"),
                                    });
}

void mr_route_ready(mr_http_request *request, void *ctx)
{
    mr_gateway *gateway = ctx;
    mr_http_answer answer = {.status = 200, .body = MR_TEXT_LITERAL("{\"status\":\"ready\"}")};
    mr_buffer body;
    mr_buffer reasons;

    mr_buffer_init(&reasons, system_body_bytes_max);
    mr_buffer_init(&body, system_body_bytes_max);
    if (!mr_health_ready(gateway->health, &reasons)) {
        mr_buffer_append_string(&body, "{\"status\":\"not ready\",\"reasons\":[");
        mr_buffer_append_text(&body, mr_buffer_text(&reasons));
        mr_buffer_append_string(&body, "]}");
        answer = (mr_http_answer){
            .status = 503,
            .headers = "Retry-After: 1\r\n",
            .body = mr_buffer_text(&body),
        };
    }
    mr_http_request_answer(request, &answer);
    mr_buffer_free(&body);
    mr_buffer_free(&reasons);
}

void mr_route_metrics(mr_http_request *request, void *ctx)
{
    mr_gateway *gateway = ctx;
    mr_client client;
    mr_buffer body;

    if (!mr_admit_client(request, &client)) {
        return;
    }
    mr_counter_set(gateway->counts.queue_bytes, mr_lanes_queued_bytes(&gateway->lanes));
    mr_buffer_init(&body, metrics_bytes_max);
    mr_metrics_render(gateway->metrics, &body);
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = 200,
                                        .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                        .body = mr_buffer_text(&body),
                                    });
    mr_buffer_free(&body);
}
