/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_system.c - what the web says about itself: state and documentation. Open to everybody;
 * answered by the loops.
 */
#include "http/docs.h"
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
