/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/state.h - what the parts of a running gateway share. Included only in this room.
 *
 * Threads: `mr_gateway` is made before the loops start and read-only afterwards, except for parts
 * that say they are thread-safe. A `mr_gateway_loop` belongs to its loop's thread alone.
 */
#ifndef MR_GATEWAY_STATE_H
#define MR_GATEWAY_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/metrics.h"
#include "event/event_json.h"
#include "gateway/auth.h"
#include "gateway/batch_pool.h"
#include "gateway/collector.h"
#include "gateway/gateway.h"
#include "gateway/health.h"
#include "gateway/lanes.h"
#include "gateway/routes.h"
#include "http/rate_limit.h"
#include "http/workers.h"

enum {
    /* One event as canonical JSON, and as an answer: what came in and the names of what was left
     * out. */
    mr_gateway_event_text_bytes_max = mr_event_json_bytes_max + 4096,
    mr_gateway_batch_jobs_max = 256,   /* batch bodies that wait for a worker */
    mr_gateway_receipt_jobs_max = 256, /* receipts that wait for theirs */
    mr_gateway_rate_clients_max = 4096,
    mr_gateway_loops_max = 256,
};

typedef struct mr_gateway_metrics {
    mr_counter *events_single; /* durable, by the way they came */
    mr_counter *events_batch;
    mr_counter *events_refused; /* broke the contract */
    mr_counter *appends_failed;
    mr_counter *answers_busy;    /* 503, nothing was taken */
    mr_counter *answers_limited; /* 429 */
    mr_counter *answers_unauthorized;
    mr_counter *queue_bytes; /* a gauge, set when metrics are read */
    mr_histogram *append_us; /* submit to durable */
} mr_gateway_metrics;

/* One a loop; its user slot. */
typedef struct mr_gateway_loop {
    struct mr_gateway *gateway;
    mr_http_loop *http_loop;
    mr_event_parser *parser;
    mr_collector *collector;
    mr_auth *auth;             /* NULL: no keys are asked for */
    struct mr_batch_job *jobs; /* batches not yet answered */
    mr_http_task tick;         /* any thread's that turns tick_posted to true */
    atomic_bool tick_posted;
} mr_gateway_loop;

struct mr_gateway {
    mr_gateway_options options;
    bool keys_needed;
    mr_metrics *metrics;
    mr_gateway_metrics counts;
    mr_health *health; /* thread-safe */
    mr_bus *bus;
    mr_lanes lanes;            /* thread-safe */
    mr_batch_pool *batches;    /* thread-safe */
    mr_workers *workers;       /* thread-safe */
    mr_workers *receipts;      /* thread-safe */
    mr_rate_limit *rate_limit; /* thread-safe; NULL: no limit */
    mr_http_route routes[mr_route_count];
    mr_http_server *server;
    pthread_mutex_t mutex;
    mr_gateway_loop *loops[mr_gateway_loops_max]; /* guarded by mutex */
    size_t loop_count;                            /* guarded by mutex */
};

static inline mr_gateway_loop *mr_gateway_loop_of(const mr_http_request *request)
{
    return mr_http_loop_user(mr_http_request_loop(request));
}

#endif
