/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/collector.c - gathers the single events of one loop into batches for the log.
 *
 * Owns:       gathers_count gathers a lane: a bus batch, the requests whose events are in it, and
 *             their answers, written when the event was parsed and still in reach, all but the
 *             offset.
 * Called by:  the loop's thread; gather_done by the bus's, which only posts back to the loop.
 * Invariants: (1) at most one gather of a lane is open; (2) a gather under way is touched by nobody
 * but gather_done until its task runs; (3) a request is answered exactly once: by gather_answer, or
 * by expire, which then forgets it.
 *
 *   FREE --open_gather--> OPEN --submit_gather--> UNDER_WAY --gather_answer--> ANSWERING --> FREE
 *                           '------(the bus refuses: 503)------------------------^
 */
#include "gateway/collector.h"

#include <stdio.h>

#include "base/civil.h"
#include "gateway/answers.h"
#include "gateway/state.h"

enum {
    gathers_count = 3,
    gather_requests_max = 4096,
    gather_batch_bytes_max = 4 * 1048576,
    gather_answers_bytes_max = 4 * 1048576,
    gather_large_bytes = 262144, /* worth a submit of its own while another is under way */
    crowd_min = 8,               /* senders; fewer are not waited for */
    crowd_wait_us_min = 1000,
    crowd_wait_us_max = 8000,
    answer_tail_bytes_max = 80, /* ,"offset":N,"partition":P} */
};

typedef enum gather_state {
    GATHER_FREE,
    GATHER_OPEN,
    GATHER_UNDER_WAY,
    GATHER_ANSWERING,
} gather_state;

typedef struct waiting {
    mr_http_request *request; /* NULL: answered already */
    size_t answer_start;      /* in answers; answer_tail_bytes_max are kept free behind it */
    size_t answer_bytes;
} waiting;

typedef struct lane lane;

typedef struct gather {
    mr_http_task task; /* first: gather_answer gets it back */
    lane *lane;
    gather_state state;
    mr_bus_batch *batch; /* record i belongs to requests[i] */
    mr_buffer answers;
    waiting *requests;
    size_t count, capacity;
    int64_t submitted_us;
    bool failed; /* set by gather_done, before the task is posted */
    mr_err err;
} gather;

/* What goes by one of the gateway's lanes, whatever the others are doing. */
struct lane {
    mr_collector *collector;
    mr_bus_producer *producer; /* the gateway's */
    gather *open;              /* NULL: none */
    size_t under_way;
    size_t crowd; /* its share of the senders there were when its last answers went */
    int64_t crowd_until_us;
    gather gathers[gathers_count];
};

struct mr_collector {
    mr_gateway *gateway;
    mr_http_loop *loop;
    mr_buffer record; /* one event's canonical JSON */
    lane *lanes;      /* as many as the gateway has */
    uint32_t lane_count;
    size_t senders; /* whose events are in a gather */
};

static void gather_answer(mr_http_task *task);
static void turn(lane *own);

static void init_lane(mr_collector *collector, lane *own)
{
    own->collector = collector;
    for (size_t i = 0; i < gathers_count; i++) {
        gather *g = &own->gathers[i];
        g->lane = own;
        g->task.run = gather_answer;
        g->batch = mr_bus_batch_create(gather_batch_bytes_max);
        mr_buffer_init(&g->answers, gather_answers_bytes_max);
    }
}

static void free_lane(lane *own)
{
    for (size_t i = 0; i < gathers_count; i++) {
        gather *g = &own->gathers[i];
        mr_bus_batch_destroy(g->batch);
        mr_buffer_free(&g->answers);
        free(g->requests);
    }
}

mr_collector *mr_collector_create(mr_gateway *gateway, mr_http_loop *loop)
{
    mr_collector *collector = mr_alloc_zero(1, sizeof *collector);

    collector->gateway = gateway;
    collector->loop = loop;
    mr_buffer_init(&collector->record, mr_gateway_event_text_bytes_max);
    collector->lane_count = gateway->lanes.count;
    collector->lanes = mr_alloc_zero(collector->lane_count, sizeof *collector->lanes);
    for (uint32_t i = 0; i < collector->lane_count; i++) {
        collector->lanes[i].producer = gateway->lanes.producers[i];
        init_lane(collector, &collector->lanes[i]);
    }
    return collector;
}

void mr_collector_destroy(mr_collector *collector)
{
    if (collector == NULL) {
        return;
    }
    for (uint32_t i = 0; i < collector->lane_count; i++) {
        free_lane(&collector->lanes[i]);
    }
    free(collector->lanes);
    mr_buffer_free(&collector->record);
    free(collector);
}

static void recycle(gather *g)
{
    mr_bus_batch_clear(g->batch);
    mr_buffer_clear(&g->answers);
    g->lane->collector->senders -= g->count;
    g->count = 0;
    g->failed = false;
    g->state = GATHER_FREE;
}

/* The open gather, or a free one opened, or NULL. */
static gather *open_gather(lane *own)
{
    if (own->open != NULL) {
        return own->open;
    }
    for (size_t i = 0; i < gathers_count; i++) {
        gather *g = &own->gathers[i];
        if (g->state == GATHER_FREE) {
            g->state = GATHER_OPEN;
            own->open = g;
            return g;
        }
    }
    return NULL;
}

/* --- Answers -------------------------------------------------------------------------------- */

static void answer_failed(mr_http_request *request, const mr_err *err)
{
    mr_answer_unavailable(request, "The event was not stored: %s. Send it again.", err->message);
}

static void answer_stored(gather *g, size_t index)
{
    const waiting *entry = &g->requests[index];
    mr_bus_position position = mr_bus_batch_position(g->batch, index);
    char *body = g->answers.data + entry->answer_start;
    int tail = snprintf(body + entry->answer_bytes, answer_tail_bytes_max,
                        ",\"offset\":%lld,\"partition\":%d}", (long long)position.offset,
                        (int)position.partition);
    mr_http_answer answer = {.status = 201};

    MR_ASSERT(tail > 0 && tail < answer_tail_bytes_max);
    answer.body = (mr_text){body, entry->answer_bytes + (size_t)tail};
    mr_http_request_answer(entry->request, &answer);
}

static void answer_all(gather *g)
{
    MR_ASSERT(g->state == GATHER_ANSWERING);
    for (size_t i = 0; i < g->count; i++) {
        if (g->requests[i].request == NULL) {
            continue;
        }
        if (g->failed) {
            answer_failed(g->requests[i].request, &g->err);
        } else {
            answer_stored(g, i);
        }
    }
    recycle(g);
}

/* --- To the log and back ---------------------------------------------------------------------- */

/* In the bus's thread. */
static void gather_done(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    gather *g = ctx;

    MR_ASSERT(g->batch == batch);
    g->failed = err != NULL;
    if (err != NULL) {
        g->err = *err;
    }
    mr_http_loop_post(g->lane->collector->loop, &g->task);
}

static void submit_gather(gather *g)
{
    lane *own = g->lane;
    mr_err err;

    MR_ASSERT(g->state == GATHER_OPEN && own->open == g && g->count > 0);
    own->open = NULL;
    g->submitted_us = mr_monotonic_us();
    g->state = GATHER_UNDER_WAY;
    own->under_way++;
    if (mr_bus_submit(own->producer, g->batch, gather_done, g, &err) != MR_OK) {
        own->under_way--;
        g->state = GATHER_ANSWERING;
        g->failed = true;
        g->err = err;
        mr_counter_add(own->collector->gateway->counts.answers_busy, g->count);
        answer_all(g);
    }
}

/* Senders that have an answer soon send again, and by any lane. Waiting for them costs at most what
 * the log took, and spares it a batch. */
static void expect_crowd(lane *own, int64_t now_us, int64_t append_us)
{
    int64_t wait_us = append_us < crowd_wait_us_min ? crowd_wait_us_min : append_us;

    own->crowd = own->collector->senders / own->collector->lane_count;
    own->crowd_until_us = now_us + (wait_us < crowd_wait_us_max ? wait_us : crowd_wait_us_max);
}

static void gather_answer(mr_http_task *task)
{
    gather *g = (gather *)task;
    lane *own = g->lane;
    mr_gateway *gateway = own->collector->gateway;
    const int64_t now_us = mr_monotonic_us();

    MR_ASSERT(g->state == GATHER_UNDER_WAY && own->under_way > 0);
    own->under_way--;
    g->state = GATHER_ANSWERING;
    expect_crowd(own, now_us, now_us - g->submitted_us);
    if (g->failed) {
        mr_health_append_failed(gateway->health, &g->err);
        mr_counter_add(gateway->counts.appends_failed, 1);
    } else {
        mr_health_append_succeeded(gateway->health);
        mr_counter_add(gateway->counts.events_single, g->count);
        mr_histogram_observe_us(gateway->counts.append_us, (uint64_t)(now_us - g->submitted_us));
    }
    turn(own); /* first: the disk works while the answers are written */
    answer_all(g);
}

/* How long yet the open gather waits for its crowd, in ms; 0: it does not. One in sixteen is not
 * waited for: some do not come back. */
static uint32_t gathering_ms(const lane *own)
{
    const int64_t left_us = own->crowd_until_us - mr_monotonic_us();
    const bool complete = own->crowd < crowd_min || own->open->count * 16 >= own->crowd * 15;

    return complete || left_us <= 0 ? 0 : (uint32_t)((left_us + 999) / 1000);
}

static void turn(lane *own)
{
    gather *g = own->open;

    if (g == NULL || g->count == 0) {
        return;
    }
    const bool large = mr_bus_batch_bytes(g->batch) >= gather_large_bytes;
    if (!large && own->under_way > 0) {
        return;
    }
    const uint32_t wait_ms = large ? 0 : gathering_ms(own);
    if (wait_ms > 0) {
        mr_http_loop_turn_within(own->collector->loop, wait_ms);
    } else {
        submit_gather(g);
    }
}

void mr_collector_turn(mr_collector *collector)
{
    for (uint32_t i = 0; i < collector->lane_count; i++) {
        turn(&collector->lanes[i]);
    }
}

/* --- Taking an event -------------------------------------------------------------------------- */

static bool gather_has_room(gather *g)
{
    if (g->count == gather_requests_max) {
        return false;
    }
    if (g->count == g->capacity) {
        g->capacity = g->capacity == 0 ? 64 : 2 * g->capacity;
        g->requests = mr_realloc(g->requests, g->capacity * sizeof *g->requests);
    }
    return true;
}

/* Writes the answer, up to its tail, behind what stands in answers. */
static bool write_answer(gather *g, const mr_event *event)
{
    char id[33];

    mr_event_id_format(&event->id, id);
    if (!mr_event_write_answer_open(event, &g->answers) ||
        !mr_buffer_append_string(&g->answers, ",\"event_id\":\"") ||
        !mr_buffer_append(&g->answers, id, 32) || !mr_buffer_append(&g->answers, "\"", 1)) {
        return false;
    }
    return mr_buffer_reserve(&g->answers, answer_tail_bytes_max) != NULL;
}

/* false: no room. What was written by then is only lost space: no entry points to it. */
static bool gather_add(gather *g, mr_http_request *request, const mr_event *event, mr_text record)
{
    size_t start = g->answers.bytes;
    waiting *entry;

    if (!gather_has_room(g) || !write_answer(g, event)) {
        return false;
    }
    if (!mr_bus_batch_add(g->batch, event->invoice_no, record)) {
        return false;
    }
    entry = &g->requests[g->count++];
    *entry = (waiting){request, start, g->answers.bytes - start};
    mr_buffer_commit(&g->answers, answer_tail_bytes_max);
    g->lane->collector->senders++;
    return true;
}

mr_status mr_collector_add(mr_collector *collector, mr_http_request *request, const mr_event *event,
                           mr_err *err)
{
    lane *own = &collector->lanes[mr_lanes_of(&collector->gateway->lanes, event->invoice_no)];

    /* A second round, with a fresh gather, when the first one is full. */
    for (int round = 0; round < 2; round++) {
        gather *g = open_gather(own);
        if (g == NULL) {
            return mr_fail(err, MR_UNAVAILABLE, "the log is behind: %d batches wait for it",
                           gathers_count);
        }
        mr_buffer_clear(&collector->record);
        if (!mr_event_write_json(event, &collector->record)) {
            return mr_fail(err, MR_LIMIT, "the event is larger than %d bytes",
                           mr_gateway_event_text_bytes_max);
        }
        if (gather_add(g, request, event, mr_buffer_text(&collector->record))) {
            return MR_OK;
        }
        if (g->count == 0) {
            recycle(g);
            own->open = NULL;
            break;
        }
        submit_gather(g);
    }
    return mr_fail(err, MR_LIMIT, "the event does not fit into a batch of the log");
}

/* --- When the log is slow, or the loop has ended ---------------------------------------------- */

static void expire(gather *g, int64_t before_us)
{
    if (g->state != GATHER_UNDER_WAY || g->submitted_us >= before_us) {
        return;
    }
    for (size_t j = 0; j < g->count; j++) {
        mr_http_request *request = g->requests[j].request;
        if (request != NULL) {
            g->requests[j].request = NULL;
            mr_answer_unavailable(request, "The log did not confirm the event in time; it may "
                                           "still be stored. Send it again: an event is "
                                           "counted once.");
        }
    }
}

void mr_collector_expire(mr_collector *collector, int64_t before_us)
{
    for (uint32_t i = 0; i < collector->lane_count; i++) {
        for (size_t j = 0; j < gathers_count; j++) {
            expire(&collector->lanes[i].gathers[j], before_us);
        }
    }
}
