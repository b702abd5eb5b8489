/* SPDX-License-Identifier: Apache-2.0 */
/* http/docs.c - the page that shows /openapi.json; its files are linked into the program. */
#include "http/docs.h"

/* Made from assets/ by the build. */
extern const char mr_embed_docs_html[];
extern const size_t mr_embed_docs_html_bytes;
extern const char mr_embed_docs_css[];
extern const size_t mr_embed_docs_css_bytes;
extern const char mr_embed_docs_js[];
extern const size_t mr_embed_docs_js_bytes;

/* A server that has these headers for all of its answers says them twice: both hold (CSP, 8.1). */
const char mr_http_docs_headers[] =
    "Cache-Control: no-cache\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

static void answer_asset(mr_http_request *request, const char *content_type, const char *data,
                         size_t bytes)
{
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = 200,
                                        .content_type = content_type,
                                        .headers = mr_http_docs_headers,
                                        .body = {data, bytes},
                                    });
}

static void answer_html(mr_http_request *request, void *ctx)
{
    (void)ctx;
    answer_asset(request, "text/html; charset=utf-8", mr_embed_docs_html, mr_embed_docs_html_bytes);
}

static void answer_css(mr_http_request *request, void *ctx)
{
    (void)ctx;
    answer_asset(request, "text/css; charset=utf-8", mr_embed_docs_css, mr_embed_docs_css_bytes);
}

static void answer_js(mr_http_request *request, void *ctx)
{
    (void)ctx;
    answer_asset(request, "text/javascript; charset=utf-8", mr_embed_docs_js,
                 mr_embed_docs_js_bytes);
}

void mr_http_docs_routes(mr_http_route ret_routes[static mr_http_docs_route_count])
{
    const mr_http_route routes[mr_http_docs_route_count] = {
        {.method = "GET", .path = "/docs", .handler = answer_html, .label = "docs"},
        {.method = "GET", .path = "/docs.css", .handler = answer_css, .label = "docs"},
        {.method = "GET", .path = "/docs.js", .handler = answer_js, .label = "docs"},
    };

    memcpy(ret_routes, routes, sizeof routes);
}
