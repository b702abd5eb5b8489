/* SPDX-License-Identifier: Apache-2.0 */
/* web/web.c - the role that people look at: starts its parts, and ends them in order.
 *
 * Owns:       everything in mr_web.
 * Called by:  the role's main thread.
 * Invariants: parts end in the order of the flow: HTTP, workers, what calls share. Only then is
 * what they referred to freed.
 */
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "web/live.h"
#include "web/state.h"

/* Scripts, styles and data come from here alone, and no other site may frame, open or embed it. */
static const char common_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Frame-Options: DENY\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";
enum { audits_per_second = 1, audits_burst = 20 }; /* of refusals, from one address */

static const char transport_header[] = "Strict-Transport-Security: max-age=31536000\r\n";

bool mr_web_is_secure(const mr_web_options *options)
{
    return options->http.tls_certificate != NULL ||
           (options->public_url != NULL && strncmp(options->public_url, "https:", 6) == 0);
}

/* --- Start ------------------------------------------------------------------------------------ */

static void make_metrics(mr_web *web)
{
    web->metrics = mr_metrics_create();
    web->answers = mr_metrics_counter(web->metrics, "millrace_web_answers_total", NULL,
                                      "Requests of the API answered.");
    web->errors = mr_metrics_counter(web->metrics, "millrace_web_errors_total", NULL,
                                     "Requests of the API that failed by a fault of this side.");
    web->busy = mr_metrics_counter(web->metrics, "millrace_web_busy_total", NULL,
                                   "Requests of the API answered 503 because too many waited.");
}

static void make_headers(mr_web *web)
{
    int bytes = snprintf(web->headers, sizeof web->headers, "%s%s", common_headers,
                         web->secure ? transport_header : "");

    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof web->headers);
}

static size_t make_routes(mr_web *web)
{
    size_t count = 0;
    const mr_web_route *table = mr_web_routes(&count);
    size_t all = count + mr_web_system_route_count();

    web->routes = mr_alloc_zero(all, sizeof *web->routes);
    for (size_t i = 0; i < count; i++) {
        web->routes[i] = (mr_http_route){
            .method = table[i].method,
            .path = table[i].path,
            .handler = mr_web_accept,
            .body_bytes_max = table[i].body_bytes_max,
            .unpacked_bytes_max = table[i].body_bytes_max,
            .label = table[i].label,
            .user = &table[i],
        };
    }
    mr_web_system_routes(web->routes + count);
    web->fallback =
        (mr_http_route){.method = "GET", .path = "/", .handler = mr_web_file, .label = "files"};
    return all;
}

static void start_lanes(mr_web *web)
{
    const uint32_t threads[MR_WEB_LANE_COUNT] = {
        [MR_WEB_LANE_QUICK] = web->options.workers,
        [MR_WEB_LANE_LONG] = web->options.workers,
        [MR_WEB_LANE_SIGN_IN] = mr_web_sign_in_workers,
    };

    for (size_t lane = 0; lane < MR_WEB_LANE_COUNT; lane++) {
        web->lanes[lane] = mr_workers_start(&(mr_workers_options){
            .threads = threads[lane],
            .queue_max = lane == MR_WEB_LANE_SIGN_IN ? mr_web_sign_in_calls_max : mr_web_calls_max,
            .create = mr_web_worker_create,
            .destroy = mr_web_worker_destroy,
            .ctx = web,
        });
    }
}

static void make_parts(mr_web *web)
{
    for (size_t i = 0; i < MR_WEB_PART_COUNT; i++) {
        if (mr_web_parts[i].create != NULL) {
            web->parts[i] = mr_web_parts[i].create(&web->options);
        }
    }
}

static void on_loop_started(mr_http_loop *loop, void *ctx)
{
    mr_web *web = ctx;

    mr_web_live_add_loop(web->live, loop);
}

static mr_status start_server(mr_web *web, mr_err *err)
{
    mr_http_options http = web->options.http;

    http.route_count = make_routes(web);
    http.routes = web->routes;
    http.fallback = &web->fallback;
    http.headers = web->headers;
    http.request_ids = true;
    http.end_leaves = true; /* what nobody waits for any more is not run */
    http.ctx = web;
    http.loop_started = on_loop_started;
    http.loop_turn = NULL;
    http.loop_ended = NULL;
    http.metrics = web->metrics;
    return mr_http_server_start(&http, &web->server, err);
}

mr_status mr_web_start(const mr_web_options *options, mr_web **ret_web, mr_err *err)
{
    mr_web *web;
    mr_status st;

    if (options->workers == 0 || options->query_timeout_ms == 0) {
        return mr_fail(err, MR_INVALID, "the web needs at least 1 worker and a time-out");
    }
    st = mr_folder_create(options->data_folder, err);
    if (st != MR_OK) {
        return st;
    }
    web = mr_alloc_zero(1, sizeof *web);
    web->options = *options;
    pthread_mutex_init(&web->mutex, NULL);
    web->secure = mr_web_is_secure(options);
    web->session_limits = (mr_session_limits){options->session_idle_ms, options->session_max_ms};
    web->refusals = mr_rate_limit_create(audits_per_second, audits_burst, mr_web_audit_clients_max);
    web->programs = mr_rate_limit_create(mr_web_program_requests_per_second,
                                         mr_web_program_requests_burst, mr_web_programs_max);
    make_metrics(web);
    make_headers(web);
    make_parts(web);
    start_lanes(web);
    web->live = mr_web_live_start(web, mr_web_live_period_ms);
    st = start_server(web, err);
    if (st != MR_OK) {
        mr_web_stop(web);
        return st;
    }
    *ret_web = web;
    return MR_OK;
}

uint16_t mr_web_port(const mr_web *web)
{
    return mr_http_server_port(web->server);
}

void mr_web_read_totals(mr_web *web, mr_web_totals *ret_totals)
{
    ret_totals->requests = mr_counter_value(web->answers);
    ret_totals->errors = mr_counter_value(web->errors);
    pthread_mutex_lock(&web->mutex);
    memcpy(ret_totals->last_error, web->last_error, sizeof ret_totals->last_error);
    pthread_mutex_unlock(&web->mutex);
}

void mr_web_stop(mr_web *web)
{
    if (web == NULL) {
        return;
    }
    mr_web_live_stop(web->live);
    if (web->server != NULL) {
        mr_http_server_stop(web->server, web->options.drain_timeout_ms);
    }
    for (size_t lane = 0; lane < MR_WEB_LANE_COUNT; lane++) {
        mr_workers_stop(web->lanes[lane]);
    }
    mr_http_server_destroy(web->server);
    mr_web_live_destroy(web->live);
    for (size_t i = 0; i < MR_WEB_PART_COUNT; i++) {
        if (web->parts[i] != NULL) {
            mr_web_parts[i].destroy(web->parts[i]);
        }
    }
    mr_rate_limit_destroy(web->refusals);
    mr_rate_limit_destroy(web->programs);
    mr_metrics_destroy(web->metrics);
    pthread_mutex_destroy(&web->mutex);
    free(web->routes);
    free(web);
}
