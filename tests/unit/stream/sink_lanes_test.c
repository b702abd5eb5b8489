/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_lanes_test.c - deliveries side by side: their order, their failures, their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "stream/sink_lanes.h"

enum { partitions = 4, taken_max = 64, wait_s_max = 30 };

/* What all lanes write to. A partition that is held keeps its lane until it is let go. */
typedef struct target {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int64_t stands_at[partitions];
    int64_t taken[partitions][taken_max]; /* offsets, in the order in which they came */
    size_t taken_count[partitions];
    bool held[partitions], failing[partitions];
    size_t inside; /* deliveries under way */
    size_t opened, closed, wakes;
    bool fails_to_open;
} target;

static target shared;

static bool await(bool (*is_so)(void))
{
    struct timespec until;
    int woken = 0;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += wait_s_max;
    while (!is_so() && woken == 0) {
        woken = pthread_cond_timedwait(&shared.changed, &shared.mutex, &until);
    }
    return is_so();
}

static void await_that(bool (*is_so)(void))
{
    (void)pthread_mutex_lock(&shared.mutex);
    bool so = await(is_so);
    (void)pthread_mutex_unlock(&shared.mutex);
    assert_true(so);
}

static void change(bool *what, bool to)
{
    (void)pthread_mutex_lock(&shared.mutex);
    *what = to;
    (void)pthread_cond_broadcast(&shared.changed);
    (void)pthread_mutex_unlock(&shared.mutex);
}

/* --- The sink of a lane ----------------------------------------------------------------------- */

static mr_status lane_position(void *state, int32_t partition, int64_t *ret_next_offset,
                               mr_err *err)
{
    (void)state;
    (void)err;
    (void)pthread_mutex_lock(&shared.mutex);
    *ret_next_offset = shared.stands_at[partition];
    (void)pthread_mutex_unlock(&shared.mutex);
    return MR_OK;
}

static mr_status lane_deliver(void *state, const mr_bus_message *messages, size_t count,
                              mr_sink_counts *ret_counts, mr_err *err)
{
    int32_t partition = messages[0].partition;
    mr_status status = MR_OK;

    (void)state;
    (void)pthread_mutex_lock(&shared.mutex);
    shared.inside++;
    (void)pthread_cond_broadcast(&shared.changed);
    while (shared.held[partition]) {
        (void)pthread_cond_wait(&shared.changed, &shared.mutex);
    }
    if (shared.failing[partition]) {
        shared.failing[partition] = false; /* the next one would be taken */
        status = mr_fail(err, MR_UNAVAILABLE, "as the test says");
    }
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        char expected[24];
        (void)snprintf(expected, sizeof(expected), "%d:%d", (int)partition,
                       (int)messages[i].offset);
        MR_ASSERT(mr_text_equal(messages[i].value, mr_text_of(expected)));
        MR_ASSERT(messages[i].key.data == NULL);
        shared.taken[partition][shared.taken_count[partition]++] = messages[i].offset;
        shared.stands_at[partition] = messages[i].offset + 1;
        ret_counts->delivered++;
    }
    shared.inside--;
    (void)pthread_cond_broadcast(&shared.changed);
    (void)pthread_mutex_unlock(&shared.mutex);
    return status;
}

static void lane_close(void *state)
{
    (void)state;
    shared.closed++;
}

static const mr_sink_ops lane_ops = {
    .name = "target",
    .position = lane_position,
    .deliver = lane_deliver,
    .close = lane_close,
};

static mr_status open_lane(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err)
{
    (void)options;
    if (shared.fails_to_open) {
        return mr_fail(err, MR_UNAVAILABLE, "as the test says");
    }
    shared.opened++;
    *ret_sink = mr_sink_create(&lane_ops, &shared);
    return MR_OK;
}

/* --- The runner's side ------------------------------------------------------------------------ */

static int set_up(void **state)
{
    (void)state;
    shared = (target){.opened = 0};
    return pthread_mutex_init(&shared.mutex, NULL) != 0 ||
           pthread_cond_init(&shared.changed, NULL) != 0;
}

static void note_wake(void *ctx)
{
    (void)ctx;
    (void)pthread_mutex_lock(&shared.mutex);
    shared.wakes++;
    (void)pthread_cond_broadcast(&shared.changed);
    (void)pthread_mutex_unlock(&shared.mutex);
}

static mr_sink *open_lanes(size_t count)
{
    const mr_sink_options options = {.bus = NULL};
    mr_sink *sink = NULL;
    mr_err err;

    assert_int_equal(mr_sink_lanes_open(open_lane, count, &options, &sink, &err), MR_OK);
    mr_sink_set_wake(sink, note_wake, NULL);
    return sink;
}

static void place(mr_sink *sink, int32_t partition, int64_t expected)
{
    int64_t offset = -1;
    mr_err err;

    assert_int_equal(mr_sink_position(sink, partition, &offset, &err), MR_OK);
    assert_int_equal(offset, expected);
}

/* One record; its text is gone when this returns. */
static mr_status deliver(mr_sink *sink, int32_t partition, int64_t offset, uint64_t *delivered)
{
    char value[24];
    int length = snprintf(value, sizeof(value), "%d:%d", (int)partition, (int)offset);
    mr_bus_message message = {
        .partition = partition, .offset = offset, .value = {value, (size_t)length}};
    mr_sink_counts counts = {0};
    mr_err err;
    mr_status status = mr_sink_deliver(sink, &message, 1, &counts, &err);

    memset(value, '?', sizeof(value));
    *delivered += counts.delivered;
    return status;
}

static mr_status flush(mr_sink *sink, uint64_t *delivered)
{
    mr_sink_counts counts = {0};
    mr_err err;
    mr_status status = mr_sink_flush(sink, &counts, &err);

    *delivered += counts.delivered;
    return status;
}

static bool two_are_inside(void)
{
    return shared.inside == 2;
}

static bool was_woken(void)
{
    return shared.wakes > 0;
}

static bool one_is_through(void)
{
    return shared.taken_count[1] == 1;
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void test_partitions_are_taken_side_by_side_and_each_in_order(void **state)
{
    mr_sink *sink = open_lanes(2);
    uint64_t delivered = 0;

    (void)state;
    assert_int_equal(shared.opened, 1);
    place(sink, 0, 0);
    assert_int_equal(shared.opened, 1); /* no second one for a single partition */
    place(sink, 1, 0);
    assert_int_equal(shared.opened, 2);
    shared.held[0] = shared.held[1] = true;
    assert_int_equal(deliver(sink, 0, 0, &delivered), MR_OK);
    assert_int_equal(deliver(sink, 1, 0, &delivered), MR_OK);
    await_that(two_are_inside);
    assert_int_equal(deliver(sink, 0, 1, &delivered), MR_OK); /* waits behind the first */
    assert_int_equal(delivered, 0);
    change(&shared.held[1], false);
    await_that(one_is_through);
    change(&shared.held[0], false);
    for (int offset = 2; offset < 32; offset++) {
        assert_int_equal(deliver(sink, 0, offset, &delivered), MR_OK);
    }
    assert_int_equal(flush(sink, &delivered), MR_OK);
    assert_int_equal(delivered, 33);
    assert_int_equal(shared.taken_count[0], 32);
    for (int offset = 0; offset < 32; offset++) {
        assert_int_equal(shared.taken[0][offset], offset);
    }
    mr_sink_close(sink);
    assert_int_equal(shared.closed, 2);
}

static void test_progress_is_due_once_the_lanes_are_at_rest(void **state)
{
    mr_sink *sink = open_lanes(2);
    uint64_t delivered = 0;

    (void)state;
    place(sink, 0, 0);
    assert_true(mr_sink_flush_at_us(sink) == INT64_MAX);
    shared.held[0] = true;
    assert_int_equal(deliver(sink, 0, 0, &delivered), MR_OK);
    assert_true(mr_sink_flush_at_us(sink) > mr_monotonic_us());
    assert_true(mr_sink_flush_at_us(sink) < INT64_MAX);
    assert_int_equal(shared.wakes, 0);
    change(&shared.held[0], false);
    await_that(was_woken);
    assert_true(mr_sink_flush_at_us(sink) <= mr_monotonic_us());
    assert_int_equal(flush(sink, &delivered), MR_OK);
    assert_int_equal(delivered, 1);
    assert_true(mr_sink_flush_at_us(sink) == INT64_MAX);
    mr_sink_close(sink);
}

/* The same partition again: what waits behind it, and what comes next, is not taken. */
static void test_behind_a_failure_nothing_is_taken_until_it_was_told(void **state)
{
    mr_sink *sink = open_lanes(2);
    uint64_t delivered = 0;

    (void)state;
    place(sink, 0, 0);
    place(sink, 1, 0);
    shared.held[0] = shared.failing[0] = true;
    assert_int_equal(deliver(sink, 0, 0, &delivered), MR_OK);
    assert_int_equal(deliver(sink, 0, 1, &delivered), MR_OK);
    assert_int_equal(deliver(sink, 1, 0, &delivered), MR_OK);
    await_that(one_is_through);
    change(&shared.held[0], false);
    await_that(was_woken);
    assert_int_equal(flush(sink, &delivered), MR_UNAVAILABLE);
    assert_int_equal(shared.taken_count[0], 0);
    place(sink, 0, 0);
    place(sink, 1, 1);
    assert_int_equal(deliver(sink, 0, 0, &delivered), MR_OK);
    assert_int_equal(flush(sink, &delivered), MR_OK);
    assert_int_equal(delivered, 2);
    assert_int_equal(shared.taken_count[0], 1);
    mr_sink_close(sink);
}

static void test_a_delivery_meets_the_failure_of_another_lane(void **state)
{
    mr_sink *sink = open_lanes(2);
    uint64_t delivered = 0;
    mr_status status = MR_OK;

    (void)state;
    place(sink, 0, 0);
    place(sink, 1, 0);
    shared.failing[0] = true;
    assert_int_equal(deliver(sink, 0, 0, &delivered), MR_OK);
    await_that(was_woken);
    status = deliver(sink, 1, 0, &delivered);
    assert_int_equal(status, MR_UNAVAILABLE);
    assert_int_equal(shared.taken_count[1], 0);
    assert_int_equal(flush(sink, &delivered), MR_OK); /* it was told */
    mr_sink_close(sink);
}

/* Both on one lane once two others are gone: then they must part again. */
static void test_what_stays_after_a_rebalance_is_spread_anew(void **state)
{
    mr_sink *sink = open_lanes(2);
    uint64_t delivered = 0;

    (void)state;
    for (int32_t partition = 0; partition < partitions; partition++) {
        place(sink, partition, 0); /* 0 and 2, 1 and 3 share a lane */
    }
    assert_int_equal(flush(sink, &delivered), MR_OK);
    mr_sink_revoked(sink, 1);
    mr_sink_revoked(sink, 3);
    shared.held[0] = shared.held[2] = true;
    assert_int_equal(deliver(sink, 0, 0, &delivered), MR_OK);
    assert_int_equal(deliver(sink, 2, 0, &delivered), MR_OK);
    await_that(two_are_inside);
    change(&shared.held[0], false);
    change(&shared.held[2], false);
    assert_int_equal(flush(sink, &delivered), MR_OK);
    assert_int_equal(delivered, 2);
    mr_sink_close(sink);
}

static void test_a_lane_that_cannot_be_opened_is_told(void **state)
{
    const mr_sink_options options = {.bus = NULL};
    mr_sink *sink = NULL;
    int64_t offset = 0;
    mr_err err;

    (void)state;
    shared.fails_to_open = true;
    assert_int_equal(mr_sink_lanes_open(open_lane, 2, &options, &sink, &err), MR_UNAVAILABLE);
    shared.fails_to_open = false;
    sink = open_lanes(2);
    place(sink, 0, 0);
    shared.fails_to_open = true;
    assert_int_equal(mr_sink_position(sink, 1, &offset, &err), MR_UNAVAILABLE);
    shared.fails_to_open = false;
    place(sink, 1, 0);
    assert_int_equal(shared.opened, 2);
    mr_sink_close(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_partitions_are_taken_side_by_side_and_each_in_order, set_up),
        cmocka_unit_test_setup(test_progress_is_due_once_the_lanes_are_at_rest, set_up),
        cmocka_unit_test_setup(test_behind_a_failure_nothing_is_taken_until_it_was_told, set_up),
        cmocka_unit_test_setup(test_a_delivery_meets_the_failure_of_another_lane, set_up),
        cmocka_unit_test_setup(test_what_stays_after_a_rebalance_is_spread_anew, set_up),
        cmocka_unit_test_setup(test_a_lane_that_cannot_be_opened_is_told, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
