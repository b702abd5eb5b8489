/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes.h - the routes, and the handlers behind them; ctx is the gateway. */
#ifndef MR_GATEWAY_ROUTES_H
#define MR_GATEWAY_ROUTES_H

#include "gateway/gateway.h"
#include "http/http.h"

enum { mr_route_count = 11 };

/* Fills the table with the limits of the options. */
void mr_routes_fill(const mr_gateway_options *options,
                    mr_http_route ret_routes[static mr_route_count]);

void mr_route_invoice(mr_http_request *request, void *ctx);
void mr_route_batch(mr_http_request *request, void *ctx);
void mr_route_receipt(mr_http_request *request, void *ctx);
void mr_route_root(mr_http_request *request, void *ctx);
void mr_route_health(mr_http_request *request, void *ctx);
void mr_route_ready(mr_http_request *request, void *ctx);
void mr_route_metrics(mr_http_request *request, void *ctx);
void mr_route_openapi(mr_http_request *request, void *ctx);

/* The receipts worker's own state, for mr_workers_options; ctx is the gateway. */
void *mr_receipt_worker_create(void *ctx);
void mr_receipt_worker_destroy(void *worker);

#endif
