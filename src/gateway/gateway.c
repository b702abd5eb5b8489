/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/gateway.c - the role that takes events in: starts its parts, and ends them in order.
 *
 * Owns:       everything in mr_gateway.
 * Called by:  the role's main thread; on_loop_* by each loop's.
 * Invariants: parts end in the order of the flow: HTTP, workers, producer, bus. Only then is what
 *             they referred to freed, so nothing is called back into freed memory.
 */
#include "gateway/gateway.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/log.h"
#include "gateway/admit.h"
#include "gateway/batch_job.h"
#include "gateway/routes.h"
#include "gateway/state.h"

enum {
    batches_per_worker = 2,
    batches_spare = 2,
    batch_bytes_max = 4 * 1048576,
};

/* --- Loops ------------------------------------------------------------------------------------ */

static void on_loop_started(mr_http_loop *http_loop, void *ctx)
{
    mr_gateway *gateway = ctx;
    mr_gateway_loop *loop = mr_alloc_zero(1, sizeof *loop);

    loop->gateway = gateway;
    loop->http_loop = http_loop;
    loop->parser = mr_event_parser_create();
    loop->collector = mr_collector_create(gateway, http_loop);
    if (gateway->keys_needed) {
        loop->auth = mr_auth_create_beside(&gateway->options.store);
        mr_auth_take_also(loop->auth, gateway->options.key, gateway->options.key_grace_ms);
    }
    mr_http_loop_set_user(http_loop, loop);
    pthread_mutex_lock(&gateway->mutex);
    MR_ASSERT(gateway->loop_count < mr_gateway_loops_max);
    gateway->loops[gateway->loop_count++] = loop;
    pthread_mutex_unlock(&gateway->mutex);
}

static void on_loop_turn(mr_http_loop *http_loop, void *ctx)
{
    mr_gateway_loop *loop = mr_http_loop_user(http_loop);

    (void)ctx; /* the loop knows it */
    mr_collector_turn(loop->collector);
}

static void expire_waiting(mr_http_task *task)
{
    mr_gateway_loop *loop = (mr_gateway_loop *)((char *)task - offsetof(mr_gateway_loop, tick));
    int64_t timeout_us = (int64_t)loop->gateway->options.request_timeout_ms * 1000;
    int64_t before_us = mr_monotonic_us() - timeout_us;

    atomic_store(&loop->tick_posted, false);
    mr_collector_expire(loop->collector, before_us);
    mr_batch_jobs_expire(loop, before_us);
}

static void destroy_loop(mr_gateway_loop *loop)
{
    mr_batch_jobs_abandon(loop);
    mr_collector_destroy(loop->collector);
    mr_event_parser_destroy(loop->parser);
    mr_auth_destroy(loop->auth);
    free(loop);
}

/* --- Start ------------------------------------------------------------------------------------ */

bool mr_gateway_is_local(const mr_gateway_options *options)
{
    const char *address = options->http.address;
    const char *colon = strrchr(address, ':');

    return colon != NULL && mr_host_is_loopback((mr_text){address, (size_t)(colon - address)});
}

bool mr_gateway_needs_keys(const mr_gateway_options *options)
{
    return options->auth == MR_GATEWAY_AUTH_REQUIRED ||
           (options->auth == MR_GATEWAY_AUTH_AUTO && !mr_gateway_is_local(options));
}

static void make_metrics(mr_gateway *gateway)
{
    mr_metrics *metrics = mr_metrics_create();
    mr_gateway_metrics *counts = &gateway->counts;
    static const char events_help[] = "Events that became durable in the log.";

    gateway->metrics = metrics;
    counts->events_single =
        mr_metrics_counter(metrics, "millrace_gateway_events_total", "way=\"single\"", events_help);
    counts->events_batch =
        mr_metrics_counter(metrics, "millrace_gateway_events_total", "way=\"batch\"", events_help);
    counts->events_refused = mr_metrics_counter(metrics, "millrace_gateway_events_refused_total",
                                                NULL, "Events that broke the data contract.");
    counts->appends_failed =
        mr_metrics_counter(metrics, "millrace_gateway_appends_failed_total", NULL,
                           "Batches of events that the log did not take.");
    counts->answers_busy = mr_metrics_counter(metrics, "millrace_gateway_busy_total", NULL,
                                              "Requests answered 503 because of load or the log.");
    counts->answers_limited =
        mr_metrics_counter(metrics, "millrace_gateway_limited_total", NULL,
                           "Requests answered 429 because of a client's rate.");
    counts->answers_unauthorized = mr_metrics_counter(
        metrics, "millrace_gateway_unauthorized_total", NULL, "Requests answered 401.");
    counts->queue_bytes = mr_metrics_gauge(metrics, "millrace_gateway_log_queue_bytes", NULL,
                                           "Bytes submitted to the log and not yet durable.");
    counts->append_us =
        mr_metrics_histogram(metrics, "millrace_gateway_append_seconds", NULL,
                             "From submitting a batch to the log until it is durable.");
}

static mr_status open_log(mr_gateway *gateway, mr_err *err)
{
    mr_status st = mr_folder_create(gateway->options.data_folder, err);

    if (st == MR_OK) {
        st = mr_bus_open(&gateway->options.bus, &gateway->bus, err);
    }
    if (st == MR_OK) {
        st = mr_lanes_open(gateway->bus, gateway->options.topic, &gateway->lanes, err);
    }
    return st;
}

static void start_workers(mr_gateway *gateway)
{
    uint32_t threads = gateway->options.workers;

    gateway->batches =
        mr_batch_pool_create(threads * batches_per_worker + batches_spare, batch_bytes_max);
    gateway->workers = mr_workers_start(&(mr_workers_options){
        .threads = threads,
        .queue_max = mr_gateway_batch_jobs_max,
        .create = mr_batch_worker_create,
        .destroy = mr_batch_worker_destroy,
        .ctx = gateway,
    });
    gateway->receipts = mr_workers_start(&(mr_workers_options){
        .threads = 1,
        .queue_max = mr_gateway_receipt_jobs_max,
        .create = mr_receipt_worker_create,
        .destroy = mr_receipt_worker_destroy,
        .ctx = gateway,
    });
}

static void make_rate_limit(mr_gateway *gateway)
{
    double per_second = gateway->options.rate_per_second;
    double burst = gateway->options.rate_burst;

    if (per_second > 0) {
        gateway->rate_limit = mr_rate_limit_create(per_second, burst > 0 ? burst : per_second,
                                                   mr_gateway_rate_clients_max);
    }
}

static mr_status start_server(mr_gateway *gateway, mr_err *err)
{
    mr_http_options http = gateway->options.http;

    mr_routes_fill(&gateway->options, gateway->routes);
    http.routes = gateway->routes;
    http.route_count = mr_route_count;
    http.ctx = gateway;
    http.loop_started = on_loop_started;
    http.loop_turn = on_loop_turn;
    http.loop_ended = NULL;
    http.metrics = gateway->metrics;
    return mr_http_server_start(&http, &gateway->server, err);
}

static mr_status check_options(const mr_gateway_options *options, mr_err *err)
{
    if (options->workers == 0 || options->http.loops == 0 ||
        options->http.loops > mr_gateway_loops_max) {
        return mr_fail(err, MR_INVALID, "the gateway needs 1 to %d loops and at least 1 worker",
                       mr_gateway_loops_max);
    }
    return MR_OK;
}

mr_status mr_gateway_start(const mr_gateway_options *options, mr_gateway **ret_gateway, mr_err *err)
{
    mr_gateway *gateway = mr_alloc_zero(1, sizeof *gateway);
    mr_status st;

    gateway->options = *options;
    gateway->keys_needed = mr_gateway_needs_keys(options);
    pthread_mutex_init(&gateway->mutex, NULL);
    st = check_options(options, err);
    if (st == MR_OK) {
        st = open_log(gateway, err);
    }
    if (st == MR_OK) {
        make_metrics(gateway);
        gateway->health = mr_health_create(options->data_folder, options->disk_free_bytes_min);
        make_rate_limit(gateway);
        start_workers(gateway);
        st = start_server(gateway, err);
    }
    if (st != MR_OK) {
        mr_gateway_stop(gateway);
        return st;
    }
    *ret_gateway = gateway;
    return MR_OK;
}

uint16_t mr_gateway_port(const mr_gateway *gateway)
{
    return mr_http_server_port(gateway->server);
}

/* --- Running ---------------------------------------------------------------------------------- */

void mr_gateway_tick(mr_gateway *gateway)
{
    mr_health_look(gateway->health);
    pthread_mutex_lock(&gateway->mutex);
    for (size_t i = 0; i < gateway->loop_count; i++) {
        mr_gateway_loop *loop = gateway->loops[i];
        if (!atomic_exchange(&loop->tick_posted, true)) {
            loop->tick.run = expire_waiting;
            mr_http_loop_post(loop->http_loop, &loop->tick);
        }
    }
    pthread_mutex_unlock(&gateway->mutex);
}

void mr_gateway_read_totals(mr_gateway *gateway, mr_gateway_totals *ret_totals)
{
    const mr_gateway_metrics *counts = &gateway->counts;

    ret_totals->events =
        mr_counter_value(counts->events_single) + mr_counter_value(counts->events_batch);
    ret_totals->errors = mr_counter_value(counts->appends_failed);
    mr_health_last_error(gateway->health, ret_totals->last_error);
}

void mr_gateway_stop(mr_gateway *gateway)
{
    if (gateway == NULL) {
        return;
    }
    if (gateway->server != NULL) {
        mr_http_server_stop(gateway->server, gateway->options.drain_timeout_ms);
    }
    mr_workers_stop(gateway->workers);
    mr_workers_stop(gateway->receipts);
    mr_lanes_close(&gateway->lanes);
    mr_http_server_destroy(gateway->server);
    for (size_t i = 0; i < gateway->loop_count; i++) {
        destroy_loop(gateway->loops[i]);
    }
    mr_batch_pool_destroy(gateway->batches);
    mr_bus_close(gateway->bus);
    mr_rate_limit_destroy(gateway->rate_limit);
    mr_health_destroy(gateway->health);
    mr_metrics_destroy(gateway->metrics);
    pthread_mutex_destroy(&gateway->mutex);
    free(gateway);
}
