/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_contract.h - what every backend of the log must do, as one suite of tests.
 *
 * A test program for a backend makes a bus_fixture with its URL in a setup function and runs
 * BUS_CONTRACT_TESTS(setup, teardown). Topics are made by the tests; each test has a fresh fixture.
 */
#ifndef MR_TESTS_BUS_CONTRACT_H
#define MR_TESTS_BUS_CONTRACT_H

#include "bus/bus_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/civil.h"

/* --- Appending ----------------------------------------------------------------------------- */

static inline void records_are_there_after_close_and_reopen(void **state)
{
    bus_fixture *fixture = *state;
    static const char odd[] = {0, 1, '\xff', '\n', 0};
    const mr_bus_message *messages = NULL;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = mr_bus_batch_create(1000);
    int64_t before_ms = mr_now_ms();
    assert_true(mr_bus_batch_add(batch, mr_text_of("k"), (mr_text){odd, sizeof odd}));
    assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("")));
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    assert_int_equal(mr_bus_batch_position(batch, 0).offset, 0);
    assert_int_equal(mr_bus_batch_position(batch, 1).offset, 1);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);

    bus = fixture_open(fixture);
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    assert_int_equal(fixture_poll(consumer, &messages), 2);
    fixture_assert_text(messages[0].key, "k");
    assert_int_equal(messages[0].value.bytes, sizeof odd);
    assert_memory_equal(messages[0].value.data, odd, sizeof odd);
    assert_int_equal(messages[0].offset, 0);
    assert_true(messages[0].append_ms >= before_ms && messages[0].append_ms <= mr_now_ms());
    assert_int_equal(messages[1].value.bytes, 0);
    assert_int_equal(messages[1].offset, 1);
    mr_bus_consumer_close(consumer);
    mr_bus_close(bus);
}

enum { contract_threads = 4, contract_batches = 25 };

static inline void *append_batches(void *ctx)
{
    mr_bus_producer *producer = ctx;
    for (size_t index = 0; index < contract_batches; index++) {
        /* cmocka's assertions are for the main thread: the count tells there. */
        mr_bus_batch *batch = mr_bus_batch_create(100000);
        for (size_t record = 0; record <= index; record++) {
            (void)mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("from a thread"));
        }
        (void)mr_bus_append(producer, batch, NULL, NULL);
        mr_bus_batch_destroy(batch);
    }
    return NULL;
}

static inline void offsets_are_dense_over_threads_and_producers(void **state)
{
    bus_fixture *fixture = *state;
    pthread_t threads[contract_threads];
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *shared = fixture_producer(bus, "orders");
    mr_bus_producer *other = fixture_producer(bus, "orders");
    for (int index = 0; index < contract_threads; index++) {
        mr_bus_producer *producer = index % 2 == 0 ? shared : other;
        assert_int_equal(pthread_create(&threads[index], NULL, append_batches, producer), 0);
    }
    for (int index = 0; index < contract_threads; index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
    }
    mr_bus_producer_close(shared);
    mr_bus_producer_close(other);
    fixture_expect_count(fixture, bus, "orders",
                         contract_threads * contract_batches * (contract_batches + 1) / 2);
    mr_bus_close(bus);
}

static inline void assert_child_succeeded(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline void offsets_are_dense_over_processes(void **state)
{
    bus_fixture *fixture = *state;
    pid_t children[3];
    for (int index = 0; index < 3; index++) {
        children[index] = fork();
        assert_true(children[index] >= 0);
        if (children[index] == 0) {
            mr_bus *bus = NULL;
            mr_bus_producer *producer = NULL;
            bool opened = mr_bus_open(&fixture->options, &bus, NULL) == MR_OK &&
                          mr_bus_producer_open(bus, "orders", &producer, NULL) == MR_OK;
            if (!opened) {
                _exit(1);
            }
            (void)append_batches(producer);
            mr_bus_producer_close(producer);
            mr_bus_close(bus);
            _exit(0);
        }
    }
    for (int index = 0; index < 3; index++) {
        assert_child_succeeded(children[index]);
    }
    mr_bus *bus = fixture_open(fixture);
    fixture_expect_count(fixture, bus, "orders", 3 * contract_batches * (contract_batches + 1) / 2);
    mr_bus_close(bus);
}

static inline void a_batch_becomes_visible_as_a_whole(void **state)
{
    bus_fixture *fixture = *state;
    const mr_bus_message *messages = NULL;
    pthread_t thread;
    size_t total = 0;
    if (fixture->cluster) {
        skip();
    }
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    assert_int_equal(pthread_create(&thread, NULL, append_batches, producer), 0);
    /* Batch n has n + 1 records, so only these totals are seen: 1, 3, 6, 10 ... */
    for (size_t batch = 0; batch < contract_batches;) {
        total += fixture_poll(consumer, &messages);
        size_t whole = 0;
        for (batch = 0; whole < total; batch++) {
            whole += batch + 1;
        }
        assert_int_equal(whole, total);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

/* --- Submitting ---------------------------------------------------------------------------- */

typedef struct done_log {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count;
    size_t failures;
    size_t out_of_order;
    int64_t last_offset;
    mr_bus_producer *again; /* submit there once more from the callback */
    size_t again_left;
} done_log;

static inline void note_done(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    done_log *log = ctx;
    (void)pthread_mutex_lock(&log->lock);
    int64_t offset = mr_bus_batch_position(batch, 0).offset;
    log->failures += err != NULL;
    log->out_of_order += offset <= log->last_offset;
    log->last_offset = offset;
    log->count++;
    bool again = log->again_left > 0;
    log->again_left -= again ? 1 : 0;
    (void)pthread_cond_signal(&log->changed);
    (void)pthread_mutex_unlock(&log->lock);
    if (!again || mr_bus_submit(log->again, batch, note_done, log, NULL) != MR_OK) {
        mr_bus_batch_destroy(batch);
    }
}

static inline done_log new_done_log(void)
{
    return (done_log){
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .last_offset = -1};
}

static inline void wait_for_done(done_log *log, size_t count)
{
    (void)pthread_mutex_lock(&log->lock);
    while (log->count < count) {
        (void)pthread_cond_wait(&log->changed, &log->lock);
    }
    (void)pthread_mutex_unlock(&log->lock);
}

static inline void submitted_batches_are_done_once_in_order(void **state)
{
    bus_fixture *fixture = *state;
    done_log log = new_done_log();
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    /* Small, large and empty ones take different ways through a commit. */
    for (size_t index = 0; index < 60; index++) {
        mr_bus_batch *batch = fixture_batch("submitted", index % 5 == 0 ? 3000 : 2);
        fixture_ok(mr_bus_submit(producer, batch, note_done, &log, &err), &err);
    }
    mr_bus_producer_close(producer); /* waits for all */
    assert_int_equal(log.count, 60);
    assert_int_equal(log.failures, 0);
    assert_int_equal(log.out_of_order, 0);
    fixture_expect_count(fixture, bus, "orders", 12 * 3000 + 48 * 2);
    mr_bus_close(bus);
}

static inline void a_batch_may_be_submitted_again_from_its_callback(void **state)
{
    bus_fixture *fixture = *state;
    done_log log = new_done_log();
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    log.again = producer;
    log.again_left = 9;
    fixture_ok(mr_bus_submit(producer, fixture_batch("again", 3), note_done, &log, &err), &err);
    wait_for_done(&log, 10);
    mr_bus_producer_close(producer);
    assert_int_equal(log.failures, 0);
    fixture_expect_count(fixture, bus, "orders", 30);
    mr_bus_close(bus);
}

typedef struct contract_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool reached; /* guarded by lock */
    bool open;    /* guarded by lock */
} contract_gate;

static inline void wait_at_gate(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    contract_gate *at = ctx;
    (void)err; /* the test looks at what follows */
    mr_bus_batch_destroy(batch);
    (void)pthread_mutex_lock(&at->lock);
    at->reached = true;
    (void)pthread_cond_signal(&at->changed);
    while (!at->open) {
        (void)pthread_cond_wait(&at->changed, &at->lock);
    }
    (void)pthread_mutex_unlock(&at->lock);
}

static inline void a_full_queue_refuses_and_takes_again(void **state)
{
    bus_fixture *fixture = *state;
    contract_gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    done_log log = new_done_log();
    mr_err err;
    size_t taken = 0;
    fixture->options.queue_bytes_max = 100000;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_status st = mr_bus_submit(producer, fixture_batch("g", 1), wait_at_gate, &gate, &err);
    fixture_ok(st, &err);
    (void)pthread_mutex_lock(&gate.lock);
    while (!gate.reached) {
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    }
    (void)pthread_mutex_unlock(&gate.lock);

    mr_bus_batch *batch = fixture_batch("queued", 1000);
    while ((st = mr_bus_submit(producer, batch, note_done, &log, &err)) == MR_OK) {
        taken++;
        assert_true(taken < 100);
        batch = fixture_batch("queued", 1000);
    }
    assert_int_equal(st, MR_UNAVAILABLE);
    assert_int_equal(err.action, MR_RETRY);
    assert_true(taken >= 2);
    assert_true(mr_bus_queued_bytes(producer) <= 100000);
    assert_true(mr_bus_queued_bytes(producer) >= taken * mr_bus_batch_bytes(batch));

    (void)pthread_mutex_lock(&gate.lock);
    gate.open = true;
    (void)pthread_cond_signal(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
    wait_for_done(&log, taken);
    fixture_ok(mr_bus_submit(producer, batch, note_done, &log, &err), &err);
    mr_bus_producer_close(producer);
    assert_int_equal(log.count, taken + 1);
    fixture_expect_count(fixture, bus, "orders", 1 + 1000 * (taken + 1));
    mr_bus_close(bus);
}

/* --- Marks --------------------------------------------------------------------------------- */

static inline mr_bus_mark feed_mark(int64_t expected_offset, int64_t next_offset)
{
    return (mr_bus_mark){"feed", "source", 0, expected_offset, next_offset};
}

static inline int64_t read_feed_mark(mr_bus *bus)
{
    int64_t offset = -1;
    mr_err err;
    fixture_ok(mr_bus_mark_read(bus, "orders", "feed", "source", 0, &offset, &err), &err);
    return offset;
}

static inline void a_mark_moves_with_its_records_or_not_at_all(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("marked", 2);
    mr_bus_mark mark = feed_mark(0, 7);
    fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    assert_int_equal(read_feed_mark(bus), 7);

    /* The same again, as after a crash that hid the answer. */
    assert_int_equal(mr_bus_append(producer, batch, &mark, &err), MR_EXISTS);
    assert_non_null(strstr(err.message, "stands at 7"));
    assert_int_equal(read_feed_mark(bus), 7);
    fixture_expect_count(fixture, bus, "orders", 2);

    mark = feed_mark(7, 9);
    fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    assert_int_equal(read_feed_mark(bus), 9);
    fixture_expect_count(fixture, bus, "orders", 4);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static inline void a_mark_never_set_is_not_found_and_stands_at_the_beginning(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    int64_t offset = 0;
    mr_bus *bus = fixture_open(fixture);
    assert_int_equal(mr_bus_mark_read(bus, "orders", "feed", "source", 0, &offset, &err),
                     MR_NOT_FOUND);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("marked", 1);
    mr_bus_mark mark = feed_mark(5, 6);
    assert_int_equal(mr_bus_append(producer, batch, &mark, &err), MR_EXISTS);
    assert_int_equal(mr_bus_mark_read(bus, "orders", "feed", "source", 0, &offset, &err),
                     MR_NOT_FOUND);
    mark = feed_mark(-1, 6);
    fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    assert_int_equal(read_feed_mark(bus), 6);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static inline void an_empty_batch_moves_only_the_mark(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = mr_bus_batch_create(1000);
    mr_bus_mark mark = feed_mark(0, 3);
    fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    assert_int_equal(read_feed_mark(bus), 3);
    fixture_expect_count(fixture, bus, "orders", 0);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

typedef struct racer {
    mr_bus *bus;
    mr_bus_producer *producer;
    int64_t steps;
    size_t won;
} racer;

/* As a sink does: whoever is refused asks where the mark stands. On a cluster, two that open at the
 * same moment may shut each other out, and a step goes to neither at first. */
static inline void *race_for_the_mark(void *ctx)
{
    racer *self = ctx;
    int64_t deadline_us = mr_monotonic_us() + (int64_t)3 * fixture_wait_ms_max * 1000;
    int64_t at = 0;
    mr_bus_batch *batch = mr_bus_batch_create(1000);
    (void)mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("won"));
    while (at < self->steps && mr_monotonic_us() < deadline_us) {
        mr_bus_mark mark = feed_mark(at, at + 1);
        if (mr_bus_append(self->producer, batch, &mark, NULL) == MR_OK) {
            self->won++;
            at++;
        } else if (mr_bus_mark_read(self->bus, "orders", "feed", "source", 0, &at, NULL) ==
                   MR_NOT_FOUND) {
            at = 0;
        }
    }
    mr_bus_batch_destroy(batch);
    return NULL;
}

static inline void of_two_writers_of_a_mark_one_wins_each_step(void **state)
{
    bus_fixture *fixture = *state;
    pthread_t thread;
    mr_bus *bus = fixture_open(fixture);
    int64_t steps = fixture->cluster ? 4 : 30; /* there each change of writer takes half a second */
    racer first = {bus, fixture_producer(bus, "orders"), steps, 0};
    racer second = {bus, fixture_producer(bus, "orders"), steps, 0};
    assert_int_equal(pthread_create(&thread, NULL, race_for_the_mark, &second), 0);
    (void)race_for_the_mark(&first);
    assert_int_equal(pthread_join(thread, NULL), 0);
    mr_bus_producer_close(first.producer);
    mr_bus_producer_close(second.producer);
    fixture_expect_count(fixture, bus, "orders", (size_t)steps);
    assert_int_equal(read_feed_mark(bus), steps);
    /* Who is shut out while a commit is on its way does not learn that it was in time. */
    assert_true(fixture->cluster ? first.won + second.won <= (size_t)steps
                                 : first.won + second.won == (size_t)steps);
    mr_bus_close(bus);
}

/* --- Consuming ----------------------------------------------------------------------------- */

static inline void a_poll_stays_within_its_limits_and_goes_on_within_a_batch(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {.topic = "orders", .messages_max = 7, .bytes_max = 1000000};
    char expected[32];
    for (int batch = 0; batch < 3; batch++) {
        (void)fixture_append(producer, "r", 10);
    }
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    for (size_t taken = 0; taken < 30;) {
        const mr_bus_message *messages = NULL;
        size_t count = fixture_poll(consumer, &messages);
        assert_int_equal(count, taken < 28 ? 7 : 2);
        for (size_t index = 0; index < count; index++, taken++) {
            (void)snprintf(expected, sizeof expected, "r-%zu", taken % 10);
            fixture_assert_text(messages[index].value, expected);
            assert_int_equal(messages[index].offset, (int64_t)taken);
        }
    }
    mr_bus_consumer_close(consumer);

    options = (mr_bus_consumer_options){.topic = "orders", .messages_max = 100, .bytes_max = 1};
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    for (int64_t offset = 0; offset < 30; offset++) {
        const mr_bus_message *messages = NULL;
        assert_int_equal(fixture_poll(consumer, &messages), 1); /* one always passes */
        assert_int_equal(messages[0].offset, offset);
    }
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static inline void seek_goes_to_any_offset_there_is(void **state)
{
    bus_fixture *fixture = *state;
    static const int64_t targets[] = {17, 0, 29, 10, 9, 20};
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    for (int batch = 0; batch < 3; batch++) {
        (void)fixture_append(producer, "r", 10);
    }
    for (size_t index = 0; index < sizeof targets / sizeof targets[0]; index++) {
        fixture_ok(mr_bus_seek(consumer, 0, targets[index], &err), &err);
        assert_int_equal(fixture_poll(consumer, &messages), 30 - targets[index]);
        assert_int_equal(messages[0].offset, targets[index]);
    }
    fixture_ok(mr_bus_seek(consumer, 0, 30, &err), &err);
    fixture_ok(mr_bus_poll(consumer, 0, &messages, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_int_equal(mr_bus_seek(consumer, 0, 31, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "beyond the end"));
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

typedef struct asked_position {
    int times;
    int failures_left;
    int64_t offset;
} asked_position;

static inline mr_status give_position(void *ctx, int32_t partition, int64_t *ret_offset,
                                      mr_err *err)
{
    asked_position *self = ctx;
    assert_int_equal(partition, 0);
    self->times++;
    if (self->failures_left > 0) {
        self->failures_left--;
        return mr_fail(err, MR_UNAVAILABLE, "the target is away");
    }
    *ret_offset = self->offset;
    return MR_OK;
}

static inline void a_consumer_begins_where_its_target_says(void **state)
{
    bus_fixture *fixture = *state;
    asked_position asked = {0, 1, 4};
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {.topic = "orders",
                                       .group = "sink",
                                       .messages_max = 100,
                                       .bytes_max = 100000,
                                       .position = give_position,
                                       .ctx = &asked};
    (void)fixture_append(producer, "r", 10);
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    assert_int_equal(asked.times, 0);
    assert_int_equal(mr_bus_poll(consumer, fixture_wait_ms_max, &messages, &count, &err),
                     MR_UNAVAILABLE);
    assert_int_equal(fixture_poll(consumer, &messages), 6);
    assert_int_equal(messages[0].offset, 4);
    assert_int_equal(asked.times, 2);
    (void)fixture_append(producer, "r", 1);
    assert_int_equal(fixture_poll(consumer, &messages), 1);
    assert_int_equal(asked.times, 2); /* once a partition */
    mr_bus_consumer_close(consumer);

    asked.offset = 999;
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    assert_int_equal(mr_bus_poll(consumer, fixture_wait_ms_max, &messages, &count, &err),
                     MR_NOT_FOUND);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

enum { contract_rallies = 100 };

/* The other player: takes a ball from "there" and returns it to "back". */
static inline int return_balls(const mr_bus_options *options)
{
    mr_bus *bus = NULL;
    mr_bus_producer *producer = NULL;
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options reading = {.topic = "there", .messages_max = 9, .bytes_max = 1000};
    mr_bus_batch *ball = mr_bus_batch_create(1000);
    bool good = mr_bus_open(options, &bus, NULL) == MR_OK &&
                mr_bus_producer_open(bus, "back", &producer, NULL) == MR_OK &&
                mr_bus_consumer_open(bus, &reading, &consumer, NULL) == MR_OK &&
                mr_bus_batch_add(ball, MR_TEXT_ABSENT, mr_text_of("ball"));
    for (int rally = 0; good && rally < contract_rallies; rally++) {
        const mr_bus_message *messages = NULL;
        size_t count = 0;
        good = mr_bus_poll(consumer, fixture_wait_ms_max, &messages, &count, NULL) == MR_OK &&
               count == 1 && mr_bus_append(producer, ball, NULL, NULL) == MR_OK;
    }
    mr_bus_batch_destroy(ball);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    return good ? 0 : 1;
}

static inline void a_poll_wakes_when_another_process_appends(void **state)
{
    bus_fixture *fixture = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(return_balls(&fixture->options));
    }
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "there");
    mr_bus_consumer *consumer = fixture_consumer(bus, "back");
    int64_t start_us = mr_monotonic_us();
    for (int rally = 0; rally < contract_rallies; rally++) {
        const mr_bus_message *messages = NULL;
        (void)fixture_append(producer, "ball", 1);
        assert_int_equal(fixture_poll(consumer, &messages), 1);
    }
    int64_t spent_us = mr_monotonic_us() - start_us;
    assert_child_succeeded(child);
    /* Woken by the look every 250 ms alone, this would take 25 to 50 seconds. */
    assert_true(spent_us < 15 * 1000000);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static inline void *wake_consumer(void *ctx)
{
    mr_bus_consumer_wake(ctx);
    return NULL;
}

static inline void a_wake_ends_one_poll(void **state)
{
    bus_fixture *fixture = *state;
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    pthread_t thread;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    for (int round = 0; round < 20; round++) {
        assert_int_equal(pthread_create(&thread, NULL, wake_consumer, consumer), 0);
        assert_int_equal(mr_bus_poll(consumer, fixture_wait_ms_max, &messages, &count, &err),
                         MR_STOPPED);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    mr_bus_consumer_wake(consumer); /* before the poll */
    assert_int_equal(mr_bus_poll(consumer, fixture_wait_ms_max, &messages, &count, &err),
                     MR_STOPPED);
    fixture_ok(mr_bus_poll(consumer, 0, &messages, &count, &err), &err);
    assert_int_equal(count, 0);
    mr_bus_consumer_close(consumer);
    mr_bus_close(bus);
}

/* --- Looking ------------------------------------------------------------------------------- */

typedef struct look_log {
    size_t count;
    size_t count_max;
    mr_bus_topic_info topics[4];
    mr_bus_group_info groups[4];
} look_log;

static inline bool look_at_topic(void *ctx, const mr_bus_topic_info *info)
{
    look_log *self = ctx;
    assert_true(self->count < 4);
    self->topics[self->count++] = *info;
    return self->count < self->count_max;
}

static inline bool look_at_group(void *ctx, const mr_bus_group_info *info)
{
    look_log *self = ctx;
    assert_true(self->count < 4);
    self->groups[self->count++] = *info;
    return self->count < self->count_max;
}

static inline void topics_are_listed_with_their_bounds(void **state)
{
    bus_fixture *fixture = *state;
    look_log looked = {.count_max = 4};
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *full = fixture_producer(bus, "a.full");
    mr_bus_producer *empty = fixture_producer(bus, "b_empty");
    int64_t before_ms = mr_now_ms();
    (void)fixture_append(full, "r", 5);
    fixture_ok(mr_bus_topics(bus, look_at_topic, &looked, &err), &err);
    assert_int_equal(looked.count, 2);
    assert_string_equal(looked.topics[0].topic, "a.full");
    assert_int_equal(looked.topics[0].first_offset, 0);
    assert_int_equal(looked.topics[0].next_offset, 5);
    assert_true(fixture->cluster || looked.topics[0].last_append_ms >= before_ms);
    assert_string_equal(looked.topics[1].topic, "b_empty");
    assert_int_equal(looked.topics[1].next_offset, 0);
    assert_int_equal(looked.topics[1].last_append_ms, 0);

    looked.count = 0;
    looked.count_max = 1;
    fixture_ok(mr_bus_topics(bus, look_at_topic, &looked, &err), &err);
    assert_int_equal(looked.count, 1);
    mr_bus_producer_close(full);
    mr_bus_producer_close(empty);
    mr_bus_close(bus);
}

static inline void published_progress_is_listed(void **state)
{
    bus_fixture *fixture = *state;
    look_log looked = {.count_max = 4};
    const mr_bus_message *messages = NULL;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {
        .topic = "orders", .group = "sink", .messages_max = 100, .bytes_max = 100000};
    (void)fixture_append(producer, "r", 5);
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    assert_int_equal(fixture_poll(consumer, &messages), 5);
    fixture_ok(mr_bus_publish(consumer, 0, 3, &err), &err);
    fixture_ok(mr_bus_publish(consumer, 0, 5, &err), &err);
    int64_t deadline_us = mr_monotonic_us() + (int64_t)fixture_wait_ms_max * 1000;
    do { /* progress may travel with a later poll */
        size_t count = 0;
        fixture_ok(mr_bus_poll(consumer, 0, &messages, &count, &err), &err);
        looked.count = 0;
        fixture_ok(mr_bus_groups(bus, look_at_group, &looked, &err), &err);
    } while ((looked.count == 0 || looked.groups[0].next_offset < 5) &&
             mr_monotonic_us() < deadline_us);
    assert_int_equal(looked.count, 1);
    assert_string_equal(looked.groups[0].group, "sink");
    assert_string_equal(looked.groups[0].topic, "orders");
    assert_int_equal(looked.groups[0].partition, 0);
    assert_int_equal(looked.groups[0].next_offset, 5);
    assert_true(looked.groups[0].published_ms > 0);
    mr_bus_consumer_close(consumer);

    options.group = NULL;
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    assert_int_equal(mr_bus_publish(consumer, 0, 1, &err), MR_INVALID);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

#define BUS_CONTRACT_TEST(test, setup, teardown) \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

#define BUS_CONTRACT_TESTS(setup, teardown)                                                   \
    BUS_CONTRACT_TEST(records_are_there_after_close_and_reopen, setup, teardown),             \
        BUS_CONTRACT_TEST(offsets_are_dense_over_threads_and_producers, setup, teardown),     \
        BUS_CONTRACT_TEST(offsets_are_dense_over_processes, setup, teardown),                 \
        BUS_CONTRACT_TEST(a_batch_becomes_visible_as_a_whole, setup, teardown),               \
        BUS_CONTRACT_TEST(submitted_batches_are_done_once_in_order, setup, teardown),         \
        BUS_CONTRACT_TEST(a_batch_may_be_submitted_again_from_its_callback, setup, teardown), \
        BUS_CONTRACT_TEST(a_full_queue_refuses_and_takes_again, setup, teardown),             \
        BUS_CONTRACT_TEST(a_mark_moves_with_its_records_or_not_at_all, setup, teardown),      \
        BUS_CONTRACT_TEST(a_mark_never_set_is_not_found_and_stands_at_the_beginning, setup,   \
                          teardown),                                                          \
        BUS_CONTRACT_TEST(an_empty_batch_moves_only_the_mark, setup, teardown),               \
        BUS_CONTRACT_TEST(of_two_writers_of_a_mark_one_wins_each_step, setup, teardown),      \
        BUS_CONTRACT_TEST(a_poll_stays_within_its_limits_and_goes_on_within_a_batch, setup,   \
                          teardown),                                                          \
        BUS_CONTRACT_TEST(seek_goes_to_any_offset_there_is, setup, teardown),                 \
        BUS_CONTRACT_TEST(a_consumer_begins_where_its_target_says, setup, teardown),          \
        BUS_CONTRACT_TEST(a_poll_wakes_when_another_process_appends, setup, teardown),        \
        BUS_CONTRACT_TEST(a_wake_ends_one_poll, setup, teardown),                             \
        BUS_CONTRACT_TEST(topics_are_listed_with_their_bounds, setup, teardown),              \
        BUS_CONTRACT_TEST(published_progress_is_listed, setup, teardown)

#endif
