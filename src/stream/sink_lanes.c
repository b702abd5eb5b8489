/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_lanes.c - hands deliveries to lanes, and waits for them when it must.
 *
 * A delivery is copied into a block of its partition's lane. A lane has two: one that its sink is
 * taking, and one that waits.
 *
 *   IDLE --deliver--> BUSY (1 or 2 blocks) --the last block is taken--> IDLE
 *                       '--its sink fails: what waits is dropped--> FAILED --told--> IDLE
 *
 * Owns:       the lanes: their sinks, threads and blocks.
 * Called by:  stream/sink_store.c, where the store takes several writers.
 * Threads:    deliver, flush, position, revoked, close: the runner's. run(): a lane's own. It has
 *             the lane's sink while the lane is BUSY; else the runner's thread has it. `mutex`
 *             guards what they share.
 * Invariants: (1) a partition goes by one lane until all lanes are at rest;
 *             (2) behind a failed delivery of a lane none is taken until the failure was told, and
 *                 then all are at rest: the runner asks the target where to go on;
 *             (3) counts are told of what is durable alone.
 * Not here:   what a delivery does (the sinks), when to try again (stream/runner.c).
 */
#include "stream/sink_lanes.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/memory.h"
#include "base/thread.h"
#include "stream/partitions.h"

enum {
    blocks_per_lane = 2,
    /* How long progress may stay unpublished while the lanes are never at rest: to publish it they
     * must be. It only serves lag and retention. */
    unpublished_us_max = 2000000,
    block_bytes_max = 1 << 30, /* far beyond what a runner delivers at once */
};

typedef struct block {
    mr_bus_message *messages; /* their texts lie in bytes */
    size_t count, capacity;
    mr_buffer bytes;
} block;

typedef struct lanes lanes;

typedef struct lane {
    lanes *all;
    mr_sink *sink;
    pthread_t thread;
    block blocks[blocks_per_lane];
    size_t first;  /* guarded by mutex: the block being taken */
    size_t queued; /* guarded by mutex: blocks from `first` on; the other is the runner's */
    bool failed;   /* guarded by mutex */
    mr_err err;    /* guarded by mutex: why */
} lane;

/* Which lane a partition goes by. */
typedef struct route {
    int32_t partition;
    size_t lane;
} route;

struct lanes {
    mr_sink_lane_open open;
    mr_sink_options options; /* of each lane's sink */
    mr_sink_ops ops;         /* with the sinks' name */
    lane items[mr_sink_lanes_max];
    size_t count, count_max;
    route routes[mr_partitions_max];
    size_t route_count;
    bool unpublished; /* something was delivered since the last flush */
    int64_t unpublished_since_us;

    pthread_mutex_t mutex;
    pthread_cond_t changed;  /* any of the following, or a lane's queue */
    bool closing;            /* guarded by mutex */
    mr_sink_counts counts;   /* guarded by mutex: durable, not told yet */
    void (*wake)(void *ctx); /* guarded by mutex, and called under it */
    void *wake_ctx;          /* guarded by mutex */
};

/* --- A lane's thread -------------------------------------------------------------------------- */

static void add_counts(mr_sink_counts *to, const mr_sink_counts *counts)
{
    to->delivered += counts->delivered;
    to->duplicates += counts->duplicates;
    to->rejected += counts->rejected;
}

/* Under the mutex. */
static void end_block(lane *own, mr_status status, const mr_sink_counts *counts, const mr_err *err)
{
    lanes *all = own->all;

    if (status == MR_OK) {
        add_counts(&all->counts, counts);
        own->first = (own->first + 1) % blocks_per_lane;
        own->queued--;
    } else {
        own->queued = 0;
        own->failed = true;
        own->err = *err;
    }
    if (own->queued == 0 && all->wake != NULL) {
        all->wake(all->wake_ctx); /* it may want to publish, or to be told */
    }
    (void)pthread_cond_broadcast(&all->changed);
}

static void *run(void *ctx)
{
    lane *own = ctx;
    lanes *all = own->all;

    (void)pthread_mutex_lock(&all->mutex);
    for (;;) {
        while (own->queued == 0 && !all->closing) {
            (void)pthread_cond_wait(&all->changed, &all->mutex);
        }
        if (all->closing) {
            break;
        }
        const block *taken = &own->blocks[own->first];
        mr_sink_counts counts = {0};
        mr_err err;
        (void)pthread_mutex_unlock(&all->mutex);
        mr_status status = mr_sink_deliver(own->sink, taken->messages, taken->count, &counts, &err);
        (void)pthread_mutex_lock(&all->mutex);
        end_block(own, status, &counts, &err);
    }
    (void)pthread_mutex_unlock(&all->mutex);
    return NULL;
}

/* --- Opening and closing ---------------------------------------------------------------------- */

static mr_status open_lane(lanes *all, mr_err *err)
{
    lane *opened = &all->items[all->count];
    mr_status status = all->open(&all->options, &opened->sink, err);

    if (status != MR_OK) {
        return status;
    }
    MR_ASSERT(!mr_sink_gathers(opened->sink));
    opened->all = all;
    for (size_t i = 0; i < blocks_per_lane; i++) {
        mr_buffer_init(&opened->blocks[i].bytes, block_bytes_max);
    }
    int failed = mr_thread_start(&opened->thread, "sink-lane", run, opened);
    if (failed != 0) {
        status =
            mr_fail_errno(err, failed, "start a thread of sink %s", mr_sink_name(opened->sink));
        mr_sink_close(opened->sink);
        opened->sink = NULL;
        return status;
    }
    all->count++;
    return MR_OK;
}

static void close_lane(lane *own)
{
    MR_ASSERT(pthread_join(own->thread, NULL) == 0);
    mr_sink_close(own->sink);
    for (size_t i = 0; i < blocks_per_lane; i++) {
        free(own->blocks[i].messages);
        mr_buffer_free(&own->blocks[i].bytes);
    }
}

static void lanes_close(void *state)
{
    lanes *all = state;

    (void)pthread_mutex_lock(&all->mutex);
    all->closing = true;
    (void)pthread_cond_broadcast(&all->changed);
    (void)pthread_mutex_unlock(&all->mutex);
    for (size_t i = 0; i < all->count; i++) {
        close_lane(&all->items[i]);
    }
    (void)pthread_cond_destroy(&all->changed); /* nobody waits: the threads have ended */
    (void)pthread_mutex_destroy(&all->mutex);
    free(all);
}

static void lanes_set_wake(void *state, void (*wake)(void *ctx), void *ctx)
{
    lanes *all = state;

    (void)pthread_mutex_lock(&all->mutex);
    all->wake = wake;
    all->wake_ctx = ctx;
    (void)pthread_mutex_unlock(&all->mutex);
}

/* --- Waiting for lanes ------------------------------------------------------------------------ */

/* Under the mutex. */
static void await_rest_of(lanes *all, const lane *own)
{
    while (own->queued > 0) {
        (void)pthread_cond_wait(&all->changed, &all->mutex);
    }
}

/* Under the mutex: until all are at rest; the first failure, if any, which is then told. */
static mr_status settle(lanes *all, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < all->count; i++) {
        await_rest_of(all, &all->items[i]);
    }
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].failed && status == MR_OK) {
            status = all->items[i].err.status;
            if (err != NULL) {
                *err = all->items[i].err;
            }
        }
        all->items[i].failed = false;
    }
    all->unpublished = false;
    return status;
}

/* Under the mutex. */
static bool any_failed(const lanes *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].failed) {
            return true;
        }
    }
    return false;
}

/* Under the mutex. */
static bool is_at_rest(const lanes *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].queued > 0) {
            return false;
        }
    }
    return true;
}

static mr_status lanes_flush(void *state, mr_sink_counts *ret_counts, mr_err *err)
{
    lanes *all = state;

    (void)pthread_mutex_lock(&all->mutex);
    mr_status status = settle(all, err);
    if (status == MR_OK) {
        *ret_counts = all->counts;
        all->counts = (mr_sink_counts){0};
    }
    (void)pthread_mutex_unlock(&all->mutex);
    return status;
}

static int64_t lanes_flush_at_us(void *state)
{
    lanes *all = state;

    if (!all->unpublished) {
        return INT64_MAX;
    }
    (void)pthread_mutex_lock(&all->mutex);
    bool now = any_failed(all) || is_at_rest(all);
    (void)pthread_mutex_unlock(&all->mutex);
    return now ? mr_monotonic_us() : all->unpublished_since_us + unpublished_us_max;
}

/* --- Which lane ------------------------------------------------------------------------------- */

static size_t count_routes(const lanes *all, size_t lane_index)
{
    size_t count = 0;

    for (size_t i = 0; i < all->route_count; i++) {
        count += all->routes[i].lane == lane_index;
    }
    return count;
}

/* One without a partition, opened if it must be; else the one with the fewest. */
static mr_status choose_lane(lanes *all, size_t *ret_lane, mr_err *err)
{
    size_t best = 0;

    for (size_t i = 1; i < all->count; i++) {
        best = count_routes(all, i) < count_routes(all, best) ? i : best;
    }
    if (count_routes(all, best) > 0 && all->count < all->count_max) {
        best = all->count;
        mr_status status = open_lane(all, err);
        if (status != MR_OK) {
            return status;
        }
    }
    *ret_lane = best;
    return MR_OK;
}

static lane *find_lane(lanes *all, int32_t partition)
{
    for (size_t i = 0; i < all->route_count; i++) {
        if (all->routes[i].partition == partition) {
            return &all->items[all->routes[i].lane];
        }
    }
    return NULL;
}

/* Where the target stands, asked through the partition's lane, which is one from now on. */
static mr_status lanes_position(void *state, int32_t partition, int64_t *ret_next_offset,
                                mr_err *err)
{
    lanes *all = state;
    lane *own = find_lane(all, partition);
    size_t chosen = 0;

    if (own == NULL) {
        mr_status status = choose_lane(all, &chosen, err);
        if (status != MR_OK) {
            return status;
        }
        MR_ASSERT(all->route_count < mr_partitions_max);
        all->routes[all->route_count++] = (route){partition, chosen};
        own = &all->items[chosen];
    }
    (void)pthread_mutex_lock(&all->mutex);
    await_rest_of(all, own);
    (void)pthread_mutex_unlock(&all->mutex);
    return mr_sink_position(own->sink, partition, ret_next_offset, err);
}

/* Those that stay are spread anew, as their next records come. */
static void lanes_revoked(void *state, int32_t partition)
{
    lanes *all = state;

    (void)partition;
    (void)pthread_mutex_lock(&all->mutex);
    for (size_t i = 0; i < all->count; i++) {
        await_rest_of(all, &all->items[i]);
    }
    (void)pthread_mutex_unlock(&all->mutex);
    all->route_count = 0;
}

/* --- Delivering ------------------------------------------------------------------------------- */

static mr_text copy_text(mr_buffer *bytes, mr_text text)
{
    char *copy = bytes->data + bytes->bytes;

    if (text.data == NULL) {
        return text;
    }
    MR_ASSERT(mr_buffer_append(bytes, text.data, text.bytes)); /* its room was taken before */
    return (mr_text){copy, text.bytes};
}

static void fill_block(block *to, const mr_bus_message *messages, size_t count)
{
    size_t bytes = 1; /* of none, too */

    for (size_t i = 0; i < count; i++) {
        bytes += messages[i].key.bytes + messages[i].value.bytes;
    }
    if (count > to->capacity) {
        to->messages = mr_realloc(to->messages, count * sizeof(*to->messages));
        to->capacity = count;
    }
    mr_buffer_clear(&to->bytes);
    MR_ASSERT(mr_buffer_reserve(&to->bytes, bytes) != NULL);
    for (size_t i = 0; i < count; i++) {
        to->messages[i] = messages[i];
        to->messages[i].key = copy_text(&to->bytes, messages[i].key);
        to->messages[i].value = copy_text(&to->bytes, messages[i].value);
    }
    to->count = count;
}

/* A failure of any lane, told here, so that the runner does not go on. */
static mr_status await_block(lanes *all, lane *own, block **ret_block, mr_err *err)
{
    mr_status status = MR_OK;

    (void)pthread_mutex_lock(&all->mutex);
    while (own->queued == blocks_per_lane && !any_failed(all)) {
        (void)pthread_cond_wait(&all->changed, &all->mutex);
    }
    if (any_failed(all)) {
        status = settle(all, err);
    } else {
        *ret_block = &own->blocks[(own->first + own->queued) % blocks_per_lane];
    }
    (void)pthread_mutex_unlock(&all->mutex);
    return status;
}

static mr_status lanes_deliver(void *state, const mr_bus_message *messages, size_t count,
                               mr_sink_counts *ret_counts, mr_err *err)
{
    lanes *all = state;
    lane *own = find_lane(all, messages[0].partition);
    block *to = NULL;
    int64_t next_offset = 0;
    mr_status status = MR_OK;

    if (own == NULL) {
        status = lanes_position(all, messages[0].partition, &next_offset, err);
        own = find_lane(all, messages[0].partition);
    }
    if (status == MR_OK) {
        status = await_block(all, own, &to, err);
    }
    if (status != MR_OK) {
        return status;
    }
    fill_block(to, messages, count);
    if (!all->unpublished) {
        all->unpublished = true;
        all->unpublished_since_us = mr_monotonic_us();
    }
    (void)pthread_mutex_lock(&all->mutex);
    own->queued++;
    *ret_counts = all->counts;
    all->counts = (mr_sink_counts){0};
    (void)pthread_cond_broadcast(&all->changed);
    (void)pthread_mutex_unlock(&all->mutex);
    return MR_OK;
}

static const mr_sink_ops lanes_ops = {
    .position = lanes_position,
    .deliver = lanes_deliver,
    .flush = lanes_flush,
    .flush_at_us = lanes_flush_at_us,
    .revoked = lanes_revoked,
    .set_wake = lanes_set_wake,
    .close = lanes_close,
};

mr_status mr_sink_lanes_open(mr_sink_lane_open open, size_t count, const mr_sink_options *options,
                             mr_sink **ret_sink, mr_err *err)
{
    lanes *all = mr_alloc_zero(1, sizeof(*all));

    MR_ASSERT(count >= 1 && count <= mr_sink_lanes_max);
    all->open = open;
    all->count_max = count;
    all->options = *options;
    MR_ASSERT(pthread_mutex_init(&all->mutex, NULL) == 0);
    MR_ASSERT(pthread_cond_init(&all->changed, NULL) == 0);
    mr_status status = open_lane(all, err); /* a target that cannot be had is told at once */
    if (status != MR_OK) {
        lanes_close(all);
        return status;
    }
    all->ops = lanes_ops;
    all->ops.name = mr_sink_name(all->items[0].sink);
    all->ops.patient = mr_sink_is_patient(all->items[0].sink);
    *ret_sink = mr_sink_create(&all->ops, all);
    return MR_OK;
}
