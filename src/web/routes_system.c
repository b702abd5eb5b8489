/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_system.c - what the web says about itself: state, metrics and documentation.
 *
 * Documentation and /health are answered by the loops. /ready is answered by a worker, since what
 * it looks at may block: so it also tells that workers have room. /metrics asks for a session or a
 * key, as all of the API does.
 */
#include "http/docs.h"
#include "web/routes.h"
#include "web/state.h"

/* Made from assets/ by the build. */
extern const char mr_embed_web_openapi_json[];
extern const size_t mr_embed_web_openapi_json_bytes;

static void answer_openapi(mr_http_request *request, void *ctx)
{
    (void)ctx;
    mr_http_request_answer(request,
                           &(mr_http_answer){
                               .status = 200,
                               .headers = "Cache-Control: no-cache\r\n",
                               .body = {mr_embed_web_openapi_json, mr_embed_web_openapi_json_bytes},
                           });
}

static void answer_health(mr_http_request *request, void *ctx)
{
    (void)ctx;
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = 200,
                                        .headers = "Cache-Control: no-store\r\n",
                                        .body = MR_TEXT_LITERAL("{\"status\":\"alive\"}"),
                                    });
}

/* A store that is not there yet is no reason: the pages say what fills it. What ails users and
 * sessions is told in general alone, for anybody may ask. */
mr_status mr_web_ready_get(mr_web_call *call, mr_err *err)
{
    mr_ops *ops = NULL;
    const bool ready = mr_web_call_ops(call, &ops, err) == MR_OK;

    mr_web_call_add_header(call, "Cache-Control", "no-store");
    if (!ready) {
        mr_web_call_set_status(call, 503);
        mr_web_call_add_header(call, "Retry-After", "1");
    }
    (void)mr_buffer_append_string(mr_web_call_out(call),
                                  ready ? "{\"status\":\"ready\"}"
                                        : "{\"status\":\"not ready\",\"reasons\":"
                                          "[\"users and sessions cannot be read\"]}");
    return MR_OK;
}

mr_status mr_web_metrics_get(mr_web_call *call, mr_err *err)
{
    (void)err; /* what does not fit is noticed by whoever sends it */
    mr_web_call_set_content_type(call, "text/plain; version=0.0.4; charset=utf-8");
    mr_web_call_add_header(call, "Cache-Control", "no-store");
    mr_metrics_render(call->web->metrics, mr_web_call_out(call));
    return MR_OK;
}

static const mr_http_route routes[] = {
    {.method = "GET", .path = "/openapi.json", .handler = answer_openapi, .label = "openapi"},
    {.method = "GET", .path = "/health", .handler = answer_health, .label = "health"},
};

size_t mr_web_system_route_count(void)
{
    return sizeof routes / sizeof routes[0] + mr_http_docs_route_count;
}

void mr_web_system_routes(mr_http_route *ret_routes)
{
    memcpy(ret_routes, routes, sizeof routes);
    mr_http_docs_routes(ret_routes + sizeof routes / sizeof routes[0]);
}
