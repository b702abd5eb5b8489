/* SPDX-License-Identifier: Apache-2.0 */
/* stream/runner_test.c - the loop of a sink, against one that fails to order. */
#include "stream/fixture.h"

#include <pthread.h>

#include "stream/runner.h"

enum { script_max = 8, taken_max = 256 };

/* A target in memory. What each delivery answers stands in a script; behind its end all succeed. */
typedef struct target {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    mr_status script[script_max];
    bool keeps[script_max]; /* a failed delivery took effect all the same */
    size_t deliveries;
    int64_t stands_at;
    int64_t taken[taken_max]; /* offsets, in the order of arrival */
    size_t taken_count;
    size_t position_reads;
    size_t largest; /* delivery */
    bool ended, closed;
} target;

static mr_status target_position(void *state, int32_t partition, int64_t *ret_next_offset,
                                 mr_err *err)
{
    target *t = state;

    (void)partition;
    (void)err;
    (void)pthread_mutex_lock(&t->mutex);
    t->position_reads++;
    *ret_next_offset = t->stands_at;
    (void)pthread_mutex_unlock(&t->mutex);
    return MR_OK;
}

static void take(target *t, const mr_bus_message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (messages[i].offset >= t->stands_at && t->taken_count < taken_max) {
            t->taken[t->taken_count++] = messages[i].offset;
        }
    }
    t->stands_at = messages[count - 1].offset + 1;
    t->largest = count > t->largest ? count : t->largest;
}

static mr_status target_deliver(void *state, const mr_bus_message *messages, size_t count,
                                mr_sink_counts *ret_counts, mr_err *err)
{
    target *t = state;

    (void)pthread_mutex_lock(&t->mutex);
    size_t step = t->deliveries++;
    mr_status answer = step < script_max ? t->script[step] : MR_OK;
    if (answer == MR_OK || t->keeps[step]) {
        take(t, messages, count);
    }
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->mutex);
    ret_counts->delivered = count;
    return answer == MR_OK ? MR_OK : mr_fail(err, answer, "as the script says");
}

static void target_close(void *state)
{
    target *t = state;

    t->closed = true;
}

static const mr_sink_ops target_ops = {
    .name = "target",
    .position = target_position,
    .deliver = target_deliver,
    .close = target_close,
};

static void note_ended(void *ctx)
{
    target *t = ctx;

    (void)pthread_mutex_lock(&t->mutex);
    t->ended = true;
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->mutex);
}

static void init_target(target *t)
{
    *t = (target){.stands_at = 0};
    assert_int_equal(pthread_mutex_init(&t->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&t->changed, NULL), 0);
}

static mr_runner *start(const fixture *f, target *t, size_t messages_max)
{
    mr_runner *runner = NULL;
    mr_runner_options options = {.bus = f->bus,
                                 .topic = topic_in,
                                 .sink = mr_sink_create(&target_ops, t),
                                 .messages_max = messages_max,
                                 .backoff_ms_min = 1,
                                 .backoff_ms_max = 2,
                                 .ended = note_ended,
                                 .ctx = t};

    must(mr_runner_start(&options, &runner, err));
    return runner;
}

static void wait_until(target *t, int64_t stands_at)
{
    (void)pthread_mutex_lock(&t->mutex);
    while (t->stands_at < stands_at && !t->ended) {
        (void)pthread_cond_wait(&t->changed, &t->mutex);
    }
    (void)pthread_mutex_unlock(&t->mutex);
}

static void wait_until_ended(target *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    while (!t->ended) {
        (void)pthread_cond_wait(&t->changed, &t->mutex);
    }
    (void)pthread_mutex_unlock(&t->mutex);
}

static void append_many(const fixture *f, size_t count)
{
    mr_text values[taken_max];

    for (size_t i = 0; i < count; i++) {
        values[i] = MR_TEXT_LITERAL("value");
    }
    append_texts(f, values, count);
}

static void expect_each_once(const target *t, size_t count)
{
    assert_int_equal(t->taken_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(t->taken[i], (int64_t)i);
    }
}

static bool find_group(void *ctx, const mr_bus_group_info *info)
{
    int64_t *published = ctx;

    if (strcmp(info->group, "target") == 0) {
        *published = info->next_offset;
    }
    return true;
}

static void test_records_arrive_in_order_and_progress_is_published(void **state)
{
    fixture *f = *state;
    target t;
    int64_t published = -1;
    mr_runner_report report;

    init_target(&t);
    append_many(f, 100);
    mr_runner *runner = start(f, &t, 7);
    wait_until(&t, 100);
    append_many(f, 1); /* while it waits for more */
    wait_until(&t, 101);
    mr_runner_stop(runner);
    must(mr_runner_finish(runner, err));
    expect_each_once(&t, 101);
    assert_int_equal(t.largest, 7);
    assert_true(t.closed);
    must(mr_bus_groups(f->bus, find_group, &published, err));
    assert_int_equal(published, 101);
    runner = start(f, &t, 7);
    mr_runner_read(runner, &report);
    assert_int_equal(report.failures, 0);
    must(mr_runner_finish(runner, err));
    expect_each_once(&t, 101);
}

static void test_failed_deliveries_are_tried_again_from_the_targets_position(void **state)
{
    fixture *f = *state;
    target t;
    mr_runner_report report;

    init_target(&t);
    t.script[1] = MR_UNAVAILABLE;
    t.script[2] = MR_FULL;
    t.script[4] = MR_UNKNOWN_OUTCOME; /* it took effect: must not be delivered again */
    t.keeps[4] = true;
    t.script[5] = MR_IO;
    append_many(f, 60);
    mr_runner *runner = start(f, &t, 10);
    wait_until(&t, 60);
    mr_runner_read(runner, &report);
    must(mr_runner_finish(runner, err));
    expect_each_once(&t, 60);
    assert_int_equal(report.failures, 4);
    assert_string_equal(report.last_error, "as the script says");
    assert_int_equal(t.position_reads, 5);
}

static void test_a_fenced_sink_goes_on_where_the_other_left_off(void **state)
{
    fixture *f = *state;
    target t;

    init_target(&t);
    t.script[1] = MR_EXISTS;
    t.keeps[1] = true; /* the other process took what this one wanted to */
    append_many(f, 30);
    mr_runner *runner = start(f, &t, 10);
    wait_until(&t, 30);
    must(mr_runner_finish(runner, err));
    expect_each_once(&t, 30);
}

static void test_an_error_that_would_spoil_data_ends_the_runner(void **state)
{
    fixture *f = *state;
    static const mr_status answers[] = {MR_CORRUPT, MR_INVALID};

    append_many(f, 30);
    for (size_t i = 0; i < 2; i++) {
        target t;
        mr_err err;
        mr_runner_report report;

        init_target(&t);
        t.script[1] = answers[i];
        mr_runner *runner = start(f, &t, 10);
        wait_until_ended(&t);
        mr_runner_read(runner, &report);
        assert_true(report.ended);
        assert_int_equal(mr_runner_finish(runner, &err), answers[i]);
        assert_string_equal(err.message, "sink target: as the script says");
        assert_int_equal(t.deliveries, 2);
        assert_int_equal(t.stands_at, 10);
    }
}

static void test_a_log_shorter_than_the_target_ends_the_runner(void **state)
{
    fixture *f = *state;
    target t;
    mr_err err;

    init_target(&t);
    append_many(f, 3);
    t.stands_at = 4;
    mr_runner *runner = start(f, &t, 10);
    wait_until_ended(&t);
    assert_int_equal(mr_runner_finish(runner, &err), MR_CORRUPT);
    assert_non_null(strstr(err.message, "stands at offset 4"));
}

static void test_what_retention_removed_is_passed_over(void **state)
{
    fixture *f = *state;
    target t;
    uint64_t removed = 0;

    init_target(&t);
    append_many(f, 5);
    must(mr_bus_retain(f->bus, topic_in, &removed, err)); /* the bus keeps one byte at the most */
    assert_int_equal(removed, 5);
    append_many(f, 2);
    mr_runner *runner = start(f, &t, 10);
    wait_until(&t, 7);
    must(mr_runner_finish(runner, err));
    assert_int_equal(t.taken_count, 2);
    assert_int_equal(t.taken[0], 5);
}

static void test_stop_ends_the_wait_between_two_tries(void **state)
{
    fixture *f = *state;
    target t;
    mr_runner *runner = NULL;
    mr_runner_options options = {
        .bus = f->bus, .topic = topic_in, .backoff_ms_min = 3600000, .backoff_ms_max = 3600000};

    init_target(&t);
    t.script[0] = MR_UNAVAILABLE;
    append_many(f, 1);
    options.sink = mr_sink_create(&target_ops, &t);
    must(mr_runner_start(&options, &runner, err));
    (void)pthread_mutex_lock(&t.mutex);
    while (t.deliveries == 0) {
        (void)pthread_cond_wait(&t.changed, &t.mutex);
    }
    (void)pthread_mutex_unlock(&t.mutex);
    must(mr_runner_finish(runner, err)); /* within the test's own time limit, not in an hour */
    assert_int_equal(t.taken_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_records_arrive_in_order_and_progress_is_published,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_failed_deliveries_are_tried_again_from_the_targets_position, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_fenced_sink_goes_on_where_the_other_left_off, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_error_that_would_spoil_data_ends_the_runner, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_log_shorter_than_the_target_ends_the_runner, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_retention_removed_is_passed_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stop_ends_the_wait_between_two_tries, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
