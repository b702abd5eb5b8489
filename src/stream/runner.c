/* SPDX-License-Identifier: Apache-2.0 */
/* stream/runner.c - the loop poll, deliver, publish of one sink; and what it does when that fails.
 *
 * Owns:       its consumer, its sink and its thread.
 * Threads:    run() and everything it calls: the runner's own. stop and read: any; `mutex` guards
 *             what they share with it.
 * Invariants: (1) after any failure the position is read from the target before the next delivery;
 *             (2) a batch once handed to the sink is finished before the runner ends;
 *             (3) progress is published only behind what is durable in the target.
 */
#include "stream/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/thread.h"
#include "stream/backoff.h"
#include "stream/partitions.h"
#include "stream/topic.h"

enum {
    runner_messages_max = 5000,
    runner_bytes_max = 8388608,
    runner_backoff_ms_min = 50,
    runner_backoff_ms_max = 10000,
    runner_poll_ms_max = 10000,
};

struct mr_runner {
    mr_runner_options options;
    mr_bus_consumer *consumer;
    pthread_t thread;
    mr_partitions partitions;
    mr_backoff backoff;
    bool lost; /* where the target stands is to be read again */

    pthread_mutex_t mutex;
    pthread_cond_t stop_asked;
    bool stopping;           /* guarded by mutex */
    mr_runner_report report; /* guarded by mutex */
    mr_status result;        /* written by the thread, read once it was joined */
    mr_err result_err;
};

static bool is_stopping(mr_runner *runner)
{
    (void)pthread_mutex_lock(&runner->mutex);
    bool stopping = runner->stopping;
    (void)pthread_mutex_unlock(&runner->mutex);
    return stopping;
}

/* --- Where to read ---------------------------------------------------------------------------- */

/* The target's position, checked against what the log still has. */
static mr_status locate(mr_runner *runner, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const char *topic = runner->options.topic;
    mr_topic_range range = {.exists = false};
    int64_t offset = 0;
    mr_status status = mr_sink_position(runner->options.sink, partition, &offset, err);

    if (status == MR_OK) {
        status = mr_topic_read_range(runner->options.bus, topic, partition, &range, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (offset > range.next_offset) {
        return mr_fail(err, MR_CORRUPT,
                       "the target stands at offset %" PRId64 " of %s/%" PRId32
                       ", which ends at %" PRId64
                       ": the log was replaced by an older one; restore the log and the target "
                       "from the same time, or move the sink with `millrace replay`",
                       offset, topic, partition, range.next_offset);
    }
    if (offset < range.first_offset) {
        mr_log_warn("sink %s: offsets %" PRId64 " to %" PRId64 " of %s/%" PRId32
                    " were removed by retention before it took them; it goes on behind them",
                    mr_runner_name(runner), offset, range.first_offset - 1, topic, partition);
        offset = range.first_offset;
    }
    *ret_offset = offset;
    return MR_OK;
}

static mr_status assign(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    mr_runner *runner = ctx;
    mr_status status = locate(runner, partition, ret_offset, err);

    if (status == MR_OK) {
        mr_partition *assigned = mr_partitions_add(&runner->partitions, partition);
        assigned->assigned = true;
        assigned->next_offset = *ret_offset;
        assigned->taken_offset = *ret_offset;
    }
    return status;
}

static mr_status go_back(mr_runner *runner, mr_err *err)
{
    for (size_t i = 0; i < runner->partitions.count; i++) {
        mr_partition *partition = &runner->partitions.items[i];
        int64_t offset = 0;
        if (!partition->assigned) {
            continue;
        }
        mr_status status = locate(runner, partition->number, &offset, err);
        if (status == MR_OK) {
            status = mr_bus_seek(runner->consumer, partition->number, offset, err);
        }
        if (status != MR_OK) {
            return status;
        }
        if (offset != partition->taken_offset) { /* else there may be something to publish still */
            partition->next_offset = offset;
            partition->taken_offset = offset;
        }
    }
    return MR_OK;
}

/* --- Delivering ------------------------------------------------------------------------------- */

static void note_failure(mr_runner *runner, const mr_err *err, bool ended)
{
    (void)pthread_mutex_lock(&runner->mutex);
    runner->report.failures++;
    runner->report.ended = ended;
    (void)snprintf(runner->report.last_error, sizeof(runner->report.last_error), "%s",
                   err->message);
    (void)pthread_mutex_unlock(&runner->mutex);
}

static void add_counts(mr_runner *runner, const mr_sink_counts *counts)
{
    (void)pthread_mutex_lock(&runner->mutex);
    runner->report.counts.delivered += counts->delivered;
    runner->report.counts.duplicates += counts->duplicates;
    runner->report.counts.rejected += counts->rejected;
    (void)pthread_mutex_unlock(&runner->mutex);
}

/* For lag and retention only: the next batch publishes more than this one failed to. */
static void publish(mr_runner *runner, mr_partition *partition)
{
    mr_err err;

    if (mr_bus_publish(runner->consumer, partition->number, partition->taken_offset, &err) ==
        MR_OK) {
        partition->next_offset = partition->taken_offset;
    } else {
        mr_log_debug("sink %s: publish progress: %s", mr_runner_name(runner), err.message);
    }
}

/* All that the sink took is durable in its target. */
static void note_durable(mr_runner *runner, const mr_sink_counts *counts)
{
    if (runner->backoff.failures > 0) {
        mr_log_info("sink %s: delivers again", mr_runner_name(runner));
        mr_backoff_reset(&runner->backoff);
    }
    add_counts(runner, counts);
    for (size_t i = 0; i < runner->partitions.count; i++) {
        mr_partition *partition = &runner->partitions.items[i];
        if (partition->assigned && partition->taken_offset > partition->next_offset) {
            publish(runner, partition);
        }
    }
}

static mr_status deliver(mr_runner *runner, const mr_bus_message *messages, size_t count,
                         mr_err *err)
{
    const mr_bus_message *last = &messages[count - 1];
    mr_partition *partition = mr_partitions_add(&runner->partitions, last->partition);
    mr_sink_counts counts = {0};
    mr_status status = mr_sink_deliver(runner->options.sink, messages, count, &counts, err);

    if (status != MR_OK) {
        return status;
    }
    partition->taken_offset = last->offset + 1;
    if (!mr_sink_gathers(runner->options.sink)) {
        note_durable(runner, &counts);
    } else {
        add_counts(runner, &counts);
    }
    return MR_OK;
}

static mr_status flush(mr_runner *runner, mr_err *err)
{
    mr_sink_counts counts = {0};
    mr_status status = mr_sink_flush(runner->options.sink, &counts, err);

    if (status == MR_OK) {
        note_durable(runner, &counts);
    }
    return status;
}

/* Whoever gets it asks the target where to begin: that should be behind what was gathered here. */
static void revoke(void *ctx, int32_t partition)
{
    mr_runner *runner = ctx;
    mr_partition *found = mr_partitions_find(&runner->partitions, partition);
    mr_err err;

    if (mr_sink_gathers(runner->options.sink) && flush(runner, &err) != MR_OK) {
        mr_log_warn("sink %s: %s; %s/%" PRId32 " is given up without what was gathered of it",
                    mr_runner_name(runner), err.message, runner->options.topic, partition);
        note_failure(runner, &err, false);
        runner->lost = true;
    }
    mr_sink_revoked(runner->options.sink, partition);
    if (found != NULL) {
        found->assigned = false;
    }
}

/* No later than the sink wants to be flushed. */
static uint32_t wait_ms_at_most(const mr_runner *runner, uint32_t ms_max)
{
    int64_t flush_at_us = mr_sink_flush_at_us(runner->options.sink);
    int64_t left_us = flush_at_us == INT64_MAX ? INT64_MAX : flush_at_us - mr_monotonic_us();

    if (left_us <= 0) {
        return 0;
    }
    return left_us / 1000 < ms_max ? (uint32_t)(left_us / 1000) + 1 : ms_max;
}

static mr_status step(mr_runner *runner, mr_err *err)
{
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    mr_status status = MR_OK;

    if (wait_ms_at_most(runner, 1) == 0) {
        status = flush(runner, err);
    }
    if (status == MR_OK && runner->lost) {
        status = go_back(runner, err);
        runner->lost = status != MR_OK;
    }
    if (status == MR_OK) {
        status = mr_bus_poll(runner->consumer, wait_ms_at_most(runner, runner_poll_ms_max),
                             &messages, &count, err);
        if (status == MR_STOPPED) {
            return MR_OK;
        }
    }
    if (status != MR_OK || count == 0) {
        return status;
    }
    return deliver(runner, messages, count, err);
}

/* --- Failing ---------------------------------------------------------------------------------- */

/* Fenced, or overtaken by retention: the target's position tells where to go on. */
static bool is_recoverable(const mr_err *err)
{
    return err->action == MR_RETRY || err->status == MR_EXISTS || err->status == MR_NOT_FOUND;
}

static void wait_for_stop(mr_runner *runner, uint32_t ms)
{
    struct timespec until;

    MR_ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&runner->mutex);
    int woken = 0;
    while (!runner->stopping && woken != ETIMEDOUT) {
        woken = pthread_cond_timedwait(&runner->stop_asked, &runner->mutex, &until);
    }
    (void)pthread_mutex_unlock(&runner->mutex);
}

/* What fails here is delivered again to whoever comes next: the position did not move. */
static void finish_gathered(mr_runner *runner)
{
    mr_err err;

    if (mr_sink_gathers(runner->options.sink) && flush(runner, &err) != MR_OK) {
        mr_log_warn("sink %s: %s; what was gathered is taken again after a restart",
                    mr_runner_name(runner), err.message);
        note_failure(runner, &err, false);
    }
}

static void *run(void *ctx)
{
    mr_runner *runner = ctx;
    const char *name = mr_runner_name(runner);

    if (mr_sink_is_patient(runner->options.sink)) {
        mr_thread_give_way();
    }
    while (!is_stopping(runner)) {
        mr_err err;
        mr_status status = step(runner, &err);
        if (status == MR_OK) {
            continue;
        }
        if (!is_recoverable(&err)) {
            mr_log_error("sink %s: %s; it stops here", name, err.message);
            runner->result = mr_fail_in(&err, status, "sink %s", name);
            runner->result_err = err;
            note_failure(runner, &err, true);
            if (runner->options.ended != NULL) {
                runner->options.ended(runner->options.ctx);
            }
            break;
        }
        uint32_t wait_ms = mr_backoff_next_ms(&runner->backoff);
        mr_log_warn("sink %s: %s; tries again in %" PRIu32 " ms", name, err.message, wait_ms);
        note_failure(runner, &err, false);
        runner->lost = true;
        wait_for_stop(runner, wait_ms_at_most(runner, wait_ms));
    }
    if (runner->result == MR_OK) {
        finish_gathered(runner);
    }
    return NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void init_options(mr_runner *runner, const mr_runner_options *options)
{
    mr_runner_options *own = &runner->options;

    *own = *options;
    own->messages_max = own->messages_max > 0 ? own->messages_max : runner_messages_max;
    own->bytes_max = own->bytes_max > 0 ? own->bytes_max : runner_bytes_max;
    own->backoff_ms_min = own->backoff_ms_min > 0 ? own->backoff_ms_min : runner_backoff_ms_min;
    own->backoff_ms_max = own->backoff_ms_max > 0 ? own->backoff_ms_max : runner_backoff_ms_max;
    mr_backoff_init(&runner->backoff, own->backoff_ms_min, own->backoff_ms_max,
                    (uint64_t)mr_monotonic_us());
}

static void init_waiting(mr_runner *runner)
{
    mr_condition_init(&runner->stop_asked);
    MR_ASSERT(pthread_mutex_init(&runner->mutex, NULL) == 0);
}

static void wake(void *ctx)
{
    const mr_runner *runner = ctx;

    mr_bus_consumer_wake(runner->consumer);
}

static void destroy(mr_runner *runner)
{
    mr_sink_set_wake(runner->options.sink, NULL, NULL);
    mr_bus_consumer_close(runner->consumer);
    mr_sink_close(runner->options.sink);
    mr_partitions_free(&runner->partitions);
    (void)pthread_cond_destroy(&runner->stop_asked); /* nobody waits: the thread has ended */
    (void)pthread_mutex_destroy(&runner->mutex);
    free(runner);
}

mr_status mr_runner_start(const mr_runner_options *options, mr_runner **ret_runner, mr_err *err)
{
    mr_runner *runner = mr_alloc_zero(1, sizeof(*runner));

    init_options(runner, options);
    init_waiting(runner);
    mr_bus_consumer_options consumer = {.topic = options->topic,
                                        .group = mr_sink_name(options->sink),
                                        .messages_max = runner->options.messages_max,
                                        .bytes_max = runner->options.bytes_max,
                                        .patient = mr_sink_is_patient(options->sink),
                                        .position = assign,
                                        .revoked = revoke,
                                        .ctx = runner};
    mr_status status = mr_bus_consumer_open(options->bus, &consumer, &runner->consumer, err);
    if (status == MR_OK) {
        mr_sink_set_wake(options->sink, wake, runner);
        int failed = mr_thread_start(&runner->thread, "sink", run, runner);
        if (failed != 0) {
            status = mr_fail_errno(err, failed, "start the thread of sink %s",
                                   mr_sink_name(options->sink));
        }
    }
    if (status != MR_OK) {
        destroy(runner);
        return status;
    }
    *ret_runner = runner;
    return MR_OK;
}

void mr_runner_stop(mr_runner *runner)
{
    (void)pthread_mutex_lock(&runner->mutex);
    runner->stopping = true;
    (void)pthread_cond_signal(&runner->stop_asked);
    (void)pthread_mutex_unlock(&runner->mutex);
    mr_bus_consumer_wake(runner->consumer);
}

mr_status mr_runner_finish(mr_runner *runner, mr_err *err)
{
    mr_runner_stop(runner);
    MR_ASSERT(pthread_join(runner->thread, NULL) == 0);
    mr_status result = runner->result;
    if (result != MR_OK && err != NULL) {
        *err = runner->result_err;
    }
    destroy(runner);
    return result;
}

void mr_runner_read(mr_runner *runner, mr_runner_report *ret_report)
{
    (void)pthread_mutex_lock(&runner->mutex);
    *ret_report = runner->report;
    (void)pthread_mutex_unlock(&runner->mutex);
}

const char *mr_runner_name(const mr_runner *runner)
{
    return mr_sink_name(runner->options.sink);
}
