/* SPDX-License-Identifier: Apache-2.0 */
/* web/accept.c - the way of a request of the API: from the loop to a worker, and its answer back.
 *
 * Owns:       the call, from the request to its answer; the request frees it.
 * Called by:  the loops (mr_web_accept, answer), the workers (run_call).
 * Invariants: every call is answered exactly once, in its loop's thread: also one that no worker
 *             would take, and one whose client has left.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/random.h"
#include "store/store_portal.h"
#include "web/live.h"
#include "web/state.h"

enum { faults_bytes_max = 16384 };

/* --- Workers ---------------------------------------------------------------------------------- */

void *mr_web_worker_create(void *ctx)
{
    mr_web_worker *worker = mr_alloc_zero(1, sizeof *worker);

    worker->web = ctx;
    return worker;
}

void mr_web_worker_destroy(void *state)
{
    mr_web_worker *worker = state;

    for (size_t i = 0; i < MR_WEB_SLOT_COUNT; i++) {
        if (worker->slots[i].value != NULL) {
            worker->slots[i].destroy(worker->slots[i].value);
        }
    }
    mr_store_close(worker->store);
    mr_ops_close(worker->ops);
    free(worker);
}

/* --- The call --------------------------------------------------------------------------------- */

static void release_call(void *state)
{
    mr_web_call *call = state;

    mr_http_pump_destroy(call->pump);
    mr_arena_destroy(call->arena);
    yyjson_doc_free(call->json);
    mr_buffer_free(&call->scratch);
    mr_buffer_free(&call->faults);
    mr_buffer_free(&call->key);
    mr_buffer_free(&call->headers);
    mr_buffer_free(&call->out);
    free(call);
}

static void on_gone(void *state)
{
    mr_web_call *call = state;

    atomic_store_explicit(&call->gone, true, memory_order_relaxed);
    mr_http_pump_gone(call->pump);
    if (call->kept) {
        mr_web_live_gone(call);
    }
}

static void answer(mr_http_task *task)
{
    mr_web_call *call = (mr_web_call *)((char *)task - offsetof(mr_web_call, task));

    mr_counter_add(call->web->answers, 1);
    MR_ASSERT(mr_buffer_append(&call->headers, "", 1)); /* room for the NUL is kept */
    mr_http_request_answer(call->request, &(mr_http_answer){
                                              .status = call->status,
                                              .content_type = call->content_type,
                                              .headers = call->headers.data,
                                              .body = mr_buffer_text(&call->out),
                                          });
}

/* The head has gone out: what went wrong since can only be told by an end that is none. */
static void end_stream(mr_web_call *call, mr_status status, const mr_err *err)
{
    bool complete = status == MR_OK || mr_http_request_is_head(call->request);

    mr_counter_add(call->web->answers, 1);
    if (!complete && !atomic_load_explicit(&call->gone, memory_order_relaxed)) {
        mr_counter_add(call->web->errors, 1);
        mr_web_set_error(call->web, err->message);
        mr_log_warn("request %s: %s %s ended before its end: %s", call->id, call->route->method,
                    call->route->path, err->message);
    }
    mr_http_pump_end(call->pump, &call->out, complete);
}

/* A worker's store outlives the call that its limit was of. */
static void release_store(mr_web_worker *worker)
{
    if (worker->store != NULL) {
        mr_store_set_limit(worker->store, NULL);
    }
}

/* false: the answer is on its way by the pump, and the call is the loop's. */
static bool run_guarded(mr_web_call *call)
{
    mr_err err = {.status = MR_OK};
    int refusal = 0;
    mr_status st = mr_web_guard(call, &refusal, &err);

    if (st == MR_OK && refusal != 0) {
        if (refusal == 429) {
            mr_web_refuse_for(call, refusal, call->retry_after_s, err.message);
        } else {
            mr_web_refuse(call, refusal, err.message);
        }
        return true;
    }
    if (st == MR_OK) {
        st = call->route->handler(call, &err);
        release_store(call->worker);
    }
    if (call->head.status != 0) {
        end_stream(call, st, &err);
        return false;
    }
    if (st == MR_OK && call->out.overflowed) {
        st = mr_fail(&err, MR_CORRUPT, "the answer is larger than %d bytes",
                     mr_web_answer_bytes_max);
    }
    if (st != MR_OK) {
        mr_web_problem(call, st, &err);
    } else if (call->unchanged) {
        call->status = 304;
        mr_buffer_clear(&call->out);
    } else {
        mr_web_call_keep(call);
    }
    return true;
}

/* In the worker's thread. */
static void run_call(mr_work *work, void *worker)
{
    mr_web_call *call = (mr_web_call *)work;

    call->worker = worker;
    if (mr_monotonic_us() >= call->deadline_us) {
        mr_counter_add(call->web->busy, 1);
        mr_web_refuse(call, 503, "The server is busy: the request waited too long. Ask again.");
    } else if (!atomic_load_explicit(&call->gone, memory_order_relaxed) && !run_guarded(call)) {
        return;
    }
    mr_http_loop_post(call->loop, &call->task);
}

static mr_web_call *create_call(mr_http_request *request, mr_web *web)
{
    mr_web_call *call = mr_alloc_zero(1, sizeof *call);
    uint8_t id[(mr_web_request_id_bytes_max - 1) / 2];

    call->work.run = run_call;
    call->task.run = answer;
    call->web = web;
    call->route = mr_http_request_route(request)->user;
    call->loop = mr_http_request_loop(request);
    call->request = request;
    call->status = 200;
    call->came_us = mr_monotonic_us();
    call->deadline_us = call->came_us + (int64_t)web->options.query_timeout_ms * 1000;
    mr_random_secret(id, sizeof id);
    mr_hex_encode(id, sizeof id, call->id);
    call->pump = mr_http_pump_create(request);
    call->arena = mr_arena_create(mr_web_arena_bytes_max);
    mr_buffer_init(&call->scratch, mr_web_query_bytes_max);
    mr_buffer_init(&call->faults, faults_bytes_max);
    mr_buffer_init(&call->key, mr_web_query_bytes_max);
    mr_buffer_init(&call->headers, mr_web_header_bytes_max + 1);
    mr_buffer_init(&call->out, mr_web_answer_bytes_max);
    return call;
}

/* Exports are long wherever they are asked for. */
static mr_web_lane lane_of(mr_web_call *call)
{
    if (call->route->lane != MR_WEB_LANE_QUICK) {
        return call->route->lane;
    }
    bool given = mr_http_request_query(call->request, "format", &call->scratch);
    bool csv = given && mr_text_equal(mr_buffer_text(&call->scratch), MR_TEXT_LITERAL("csv"));

    mr_buffer_clear(&call->scratch);
    return csv ? MR_WEB_LANE_LONG : MR_WEB_LANE_QUICK;
}

void mr_web_accept(mr_http_request *request, void *ctx)
{
    mr_web *web = ctx;
    mr_web_call *call = create_call(request, web);

    mr_http_request_set_user(request, call, release_call);
    mr_http_request_on_gone(request, on_gone);
    if (!mr_workers_submit(web->lanes[lane_of(call)], &call->work)) {
        mr_counter_add(web->busy, 1);
        mr_web_refuse(call, 503, "The server is busy: too many requests wait. Ask again.");
        answer(&call->task);
    }
}
