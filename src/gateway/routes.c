/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes.c - the table of routes. Each stands in assets/openapi.json too; a test compares.
 */
#include "gateway/routes.h"

#include <string.h>

#include "event/event.h"
#include "http/docs.h"

enum { own_count = mr_route_count - mr_http_docs_route_count };

static mr_http_route get(const char *path, mr_http_handler handler, const char *label)
{
    return (mr_http_route){.method = "GET", .path = path, .handler = handler, .label = label};
}

static mr_http_route post(const char *path, mr_http_handler handler, const char *label)
{
    return (mr_http_route){.method = "POST", .path = path, .handler = handler, .label = label};
}

void mr_routes_fill(const mr_gateway_options *options,
                    mr_http_route ret_routes[static mr_route_count])
{
    mr_http_route single = post("/invoicedata", mr_route_invoice, "invoicedata");
    mr_http_route batch = post("/invoicedata/batch", mr_route_batch, "invoicedata_batch");

    single.body_bytes_max = mr_event_json_bytes_max;
    single.unpacked_bytes_max = mr_event_json_bytes_max;
    batch.body_bytes_max = options->body_bytes_max;
    batch.unpacked_bytes_max = options->body_unpacked_bytes_max;
    const mr_http_route routes[own_count] = {
        single,
        batch,
        get("/receipts/{event_id}", mr_route_receipt, "receipts"),
        get("/", mr_route_root, "root"),
        get("/health", mr_route_health, "health"),
        get("/ready", mr_route_ready, "ready"),
        get("/metrics", mr_route_metrics, "metrics"),
        get("/openapi.json", mr_route_openapi, "openapi"),
    };
    memcpy(ret_routes, routes, sizeof routes);
    mr_http_docs_routes(ret_routes + own_count);
}
