/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/collector.h - gathers the single events of one loop into batches for the log.
 *
 * Adaptive group commit: while a batch is under way the next one gathers, and it is submitted when
 * the first is durable and most of its senders have sent their next event, or at once when it is
 * large. Few senders are never waited for, many at most as long as the log took for the first, up
 * to 8 ms: a batch of all of them costs the log little more than one of half of them.
 * All functions are for the loop's thread.
 */
#ifndef MR_GATEWAY_COLLECTOR_H
#define MR_GATEWAY_COLLECTOR_H

#include "base/status.h"
#include "event/event.h"
#include "http/http.h"

struct mr_gateway;

typedef struct mr_collector mr_collector;

mr_collector *mr_collector_create(struct mr_gateway *gateway, mr_http_loop *loop);
/* After the producer is closed: nothing may be under way. NULL is fine. */
void mr_collector_destroy(mr_collector *collector);

/* Takes the event (copied) and promises the request an answer: 201 once it is durable, else 503.
 * MR_UNAVAILABLE: every batch is full and under way; nothing was taken. */
mr_status mr_collector_add(mr_collector *collector, mr_http_request *request, const mr_event *event,
                           mr_err *err);

/* Submits what has gathered, if it is its turn. */
void mr_collector_turn(mr_collector *collector);

/* Answers 503 to what was submitted before `before_us` (monotonic) and is not durable yet. */
void mr_collector_expire(mr_collector *collector, int64_t before_us);

#endif
