/* SPDX-License-Identifier: Apache-2.0 */
/* http/docs.h - a page that shows /openapi.json and lets people try it: the same for every server.
 */
#ifndef MR_HTTP_DOCS_H
#define MR_HTTP_DOCS_H

#include "http/http.h"

enum { mr_http_docs_route_count = 3 };

/* GET /docs, /docs.css, /docs.js. The server itself answers /openapi.json. */
void mr_http_docs_routes(mr_http_route ret_routes[static mr_http_docs_route_count]);

/* What the page needs, and the document beside it: nothing but the server they came from. */
extern const char mr_http_docs_headers[];

#endif
