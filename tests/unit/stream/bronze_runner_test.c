/* SPDX-License-Identifier: Apache-2.0 */
/* stream/bronze_runner_test.c - the runner's part in gathering: when it flushes, what it publishes,
 * and what it does when a flush fails; then bronze itself behind it.
 */
#include "stream/bronze_fixture.h"

#include <pthread.h>
#include <sched.h>

#include "base/civil.h"
#include "stream/runner.h"

enum { script_max = 8 };

/* A target that holds what it takes until it is flushed; flushes answer as the script says. */
typedef struct target {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    mr_status script[script_max];
    size_t flushes;
    int64_t stands_at, taken;
    int64_t flush_after_us; /* of the first one that is held */
    int64_t due_us;
    uint64_t shown; /* messages: one that comes twice counts twice */
    uint64_t held;
    size_t position_reads;
} target;

static mr_status target_position(void *state, int32_t partition, int64_t *ret_next_offset,
                                 mr_err *err)
{
    target *t = state;

    (void)partition;
    (void)err;
    (void)pthread_mutex_lock(&t->mutex);
    t->position_reads++;
    *ret_next_offset = t->taken;
    (void)pthread_mutex_unlock(&t->mutex);
    return MR_OK;
}

static mr_status target_deliver(void *state, const mr_bus_message *messages, size_t count,
                                mr_sink_counts *ret_counts, mr_err *err)
{
    target *t = state;

    (void)err;
    (void)pthread_mutex_lock(&t->mutex);
    assert_int_equal(messages[0].offset, t->taken);
    if (t->held == 0) {
        t->due_us = mr_monotonic_us() + t->flush_after_us;
    }
    t->held += count;
    t->taken = messages[count - 1].offset + 1;
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->mutex);
    *ret_counts = (mr_sink_counts){0};
    return MR_OK;
}

static mr_status target_flush(void *state, mr_sink_counts *ret_counts, mr_err *err)
{
    target *t = state;
    mr_status answer = MR_OK;

    (void)pthread_mutex_lock(&t->mutex);
    if (t->held > 0) {
        answer = t->flushes < script_max ? t->script[t->flushes] : MR_OK;
        t->flushes++;
    }
    if (answer == MR_OK) {
        t->stands_at = t->taken;
        t->shown += t->held;
        ret_counts->delivered = t->held;
    }
    t->held = 0;
    t->taken = t->stands_at;
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->mutex);
    return answer == MR_OK ? MR_OK : mr_fail(err, answer, "as the script says");
}

static int64_t target_flush_at_us(void *state)
{
    target *t = state;

    (void)pthread_mutex_lock(&t->mutex);
    int64_t at_us = t->held > 0 ? t->due_us : INT64_MAX;
    (void)pthread_mutex_unlock(&t->mutex);
    return at_us;
}

static void target_close(void *state)
{
    (void)state;
}

static const mr_sink_ops target_ops = {
    .name = "target",
    .position = target_position,
    .deliver = target_deliver,
    .flush = target_flush,
    .flush_at_us = target_flush_at_us,
    .close = target_close,
};

static mr_runner *start(const fixture *f, mr_sink *sink)
{
    mr_runner *runner = NULL;
    mr_runner_options options = {.bus = f->bus,
                                 .topic = topic_in,
                                 .sink = sink,
                                 .messages_max = 10,
                                 .backoff_ms_min = 1,
                                 .backoff_ms_max = 2};

    must(mr_runner_start(&options, &runner, err));
    return runner;
}

static mr_runner *start_target(const fixture *f, target *t)
{
    assert_int_equal(pthread_mutex_init(&t->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&t->changed, NULL), 0);
    return start(f, mr_sink_create(&target_ops, t));
}

static void wait_until(target *t, const int64_t *offset, int64_t reaches)
{
    (void)pthread_mutex_lock(&t->mutex);
    while (*offset < reaches) {
        (void)pthread_cond_wait(&t->changed, &t->mutex);
    }
    (void)pthread_mutex_unlock(&t->mutex);
}

static void append_many(const fixture *f, size_t count)
{
    mr_text values[64];

    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        values[i] = MR_TEXT_LITERAL("value");
    }
    append_texts(f, values, count);
}

typedef struct progress {
    const char *group;
    int64_t next_offset;
} progress;

static bool find_group(void *ctx, const mr_bus_group_info *info)
{
    progress *found = ctx;

    if (strcmp(info->group, found->group) == 0) {
        found->next_offset = info->next_offset;
    }
    return true;
}

static int64_t published(const fixture *f, const char *group)
{
    progress found = {.group = group, .next_offset = -1};

    must(mr_bus_groups(f->bus, find_group, &found, err));
    return found.next_offset;
}

static void test_what_is_held_is_flushed_when_it_asks_for_it(void **state)
{
    fixture *f = *state;
    target t = {.flush_after_us = 1000};
    mr_runner_report report;

    append_many(f, 25);
    mr_runner *runner = start_target(f, &t);
    wait_until(&t, &t.stands_at, 25);
    append_many(f, 1); /* the wait for more ends in time for the flush */
    wait_until(&t, &t.stands_at, 26);
    mr_runner_stop(runner);
    mr_runner_read(runner, &report);
    must(mr_runner_finish(runner, err));
    assert_int_equal(t.shown, 26);
    assert_int_equal(published(f, "target"), 26);
}

static void test_only_what_is_durable_is_published_and_the_rest_is_flushed_at_the_end(void **state)
{
    fixture *f = *state;
    target t = {.flush_after_us = 3600000000};

    append_many(f, 25);
    mr_runner *runner = start_target(f, &t);
    wait_until(&t, &t.taken, 25);
    assert_int_equal(published(f, "target"), 0);
    assert_int_equal(t.stands_at, 0);
    must(mr_runner_finish(runner, err));
    assert_int_equal(t.shown, 25);
    assert_int_equal(published(f, "target"), 25);
}

static void test_after_a_failed_flush_all_that_was_held_comes_again(void **state)
{
    fixture *f = *state;
    target t = {.flush_after_us = 1, .script = {MR_FULL, MR_OK, MR_EXISTS, MR_UNAVAILABLE}};
    mr_runner_report report;

    append_many(f, 30);
    mr_runner *runner = start_target(f, &t);
    wait_until(&t, &t.stands_at, 30);
    append_many(f, 5);
    wait_until(&t, &t.stands_at, 35);
    mr_runner_read(runner, &report);
    must(mr_runner_finish(runner, err));
    assert_int_equal(t.shown, 35);
    assert_int_equal(report.failures, 3);
    assert_string_equal(report.last_error, "as the script says");
    assert_int_equal(published(f, "target"), 35);
}

static void test_a_flush_that_fails_at_the_end_moves_nothing(void **state)
{
    fixture *f = *state;
    target t = {.flush_after_us = 3600000000, .script = {MR_FULL}};

    append_many(f, 5);
    mr_runner *runner = start_target(f, &t);
    wait_until(&t, &t.taken, 5);
    must(mr_runner_finish(runner, err));
    assert_int_equal(t.shown, 0);
    assert_int_equal(t.stands_at, 0);
    assert_int_equal(published(f, "target"), 0);
}

static void test_bronze_takes_a_stream_over_restarts_each_event_once(void **state)
{
    fixture *f = *state;
    mr_sink_options options = bronze_sink_options(f);
    char invoice[16];
    mr_buffer expected = {.bytes_max = 4096};

    options.bronze.flush_ms = 20;
    for (int round = 0; round < 4; round++) {
        mr_runner *runner = start(f, open_bronze_with(&options));
        for (int i = 0; i < 25; i++) {
            (void)snprintf(invoice, sizeof(invoice), "%d", 1000 + round * 25 + i);
            append_event(f, invoice, 1);
        }
        must(mr_runner_finish(runner, err)); /* wherever it is */
    }
    mr_runner *runner = start(f, open_bronze_with(&options));
    while (published(f, "bronze") < 100) { /* published is durable */
        assert_int_equal(sched_yield(), 0);
    }
    must(mr_runner_finish(runner, err));
    assert_int_equal(count_bronze(f), 100);
    for (int i = 0; i < 100; i++) {
        assert_true(mr_buffer_printf(&expected, "%d|%d\n", 1000 + i, i));
    }
    assert_true(mr_buffer_append(&expected, "", 1));
    expect_bronze(f, "InvoiceNo, \"offset\"", expected.data);
    mr_buffer_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_held_is_flushed_when_it_asks_for_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_only_what_is_durable_is_published_and_the_rest_is_flushed_at_the_end, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_after_a_failed_flush_all_that_was_held_comes_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_flush_that_fails_at_the_end_moves_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_bronze_takes_a_stream_over_restarts_each_event_once,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
