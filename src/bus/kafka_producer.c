/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_producer.c - a producer: gives batches to librdkafka and counts their reports.
 *
 * Owns:       an idempotent client of librdkafka, the thread that polls it, and the writers of
 *             records with a mark (kafka_marks.c). Borrows each batch from submit until `done`;
 *             librdkafka reads the records where they lie in the batch.
 * Threads:    submit, append and queued_bytes from any; reports and `done` in the polling thread.
 * Locks:      client_lock (shared: while records are given to the client; alone: while it is
 *             replaced), lock (everything else shared). Never one within the other, and neither
 *             held over a callback.
 * Invariants: (1) `done` says durable only when every record of the batch was reported so, by all
 *             in-sync copies (acks=all); (2) it is called once, when no record is in librdkafka's
 *             hands any more; (3) queued_bytes counts what was taken and not yet reported.
 *
 *   submit --records--> librdkafka --reports--> polling thread: the last one of a batch -> done
 *      '---(records are under way)---> waiting ---(none are any more)---^
 *
 * Records go in rounds: while some are under way, batches wait here, and then go together. Given to
 * it at once they would wait within librdkafka: it sends no more than five requests ahead, each of
 * one partition, and 2.0 spins until it may send the next ones, a whole core, which the broker may
 * need to answer. A round over more partitions than that still spins; a process that sends to many
 * has several producers (mr_bus_lanes). A round that takes long (a partition without a leader)
 * holds up the others for hold_ms_max.
 *
 * After a fatal error (the cluster lost what it knew of this producer) the client is of no use any
 * more: what it holds fails, and a new one takes its place. A batch of which some records became
 * durable and others not fails as MR_UNKNOWN_OUTCOME: sent again, an event is counted once.
 */
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/thread.h"
#include "bus/kafka.h"

enum {
    batch_overhead_bytes = 64,     /* so that tiny batches fill the queue, too */
    chunk_records = 256,           /* given to librdkafka in one call */
    client_records_max = 10000000, /* librdkafka's own limit: ours, in bytes, comes first */
    poll_ms_max = 100,
    hold_ms_max = 500,         /* for a round to end, before the next one begins all the same */
    round_bytes_max = 4 << 20, /* of a round; one batch always passes */
    renew_ms = 1000,           /* between tries to make a new client */
    purge_polls_max = 100,
    purge_poll_ms = 100,
    heap_kept_bytes = 2 << 20,
    heap_block_bytes_max = 1 << 20, /* larger ones are mapped, each on its own */
};

typedef struct kafka_producer {
    mr_kafka *log;
    char topic[mr_kafka_name_bytes_max + 1];
    mr_kafka_marks *marks;
    int32_t partitions; /* when it was opened; 0: not known */
    pthread_t thread;

    pthread_rwlock_t client_lock;
    rd_kafka_t *client;       /* guarded by client_lock; NULL: being replaced */
    rd_kafka_topic_t *target; /* goes with client, as does events */
    rd_kafka_queue_t *events;
    atomic_bool broken; /* a fatal error was raised */

    pthread_mutex_t lock;
    pthread_cond_t room;           /* queued_bytes went down */
    mr_bus_batch *finished;        /* guarded by lock: reported by the submitting thread itself */
    mr_bus_batch *waiting;         /* guarded by lock: for the round under way to end */
    mr_bus_batch *waiting_last;    /* guarded by lock; of no meaning while none waits */
    size_t given;                  /* guarded by lock: batches that are not waiting */
    int64_t given_us;              /* guarded by lock: when the last round began */
    size_t open_batches;           /* guarded by lock: taken, `done` has not returned */
    bool closing;                  /* guarded by lock */
    _Atomic uint64_t queued_bytes; /* changed under lock, read anywhere */
} kafka_producer;

static uint64_t cost_of(const mr_bus_batch *batch)
{
    return batch->records.bytes + batch_overhead_bytes;
}

/* --- Giving records away -------------------------------------------------------------------- */

static void fill_message(rd_kafka_message_t *message, mr_text key, mr_text value,
                         mr_batch_slot *slot)
{
    *message = (rd_kafka_message_t){
        /* librdkafka promises to read them only; a value without bytes must not become a NULL,
         * which would be a deletion. */
        .payload = (void *)(uintptr_t)value.data,
        .len = value.bytes,
        .key = key.bytes > 0 ? (void *)(uintptr_t)key.data : NULL,
        .key_len = key.bytes,
        ._private = slot,
    };
}

static size_t give_chunk(rd_kafka_topic_t *target, rd_kafka_message_t *messages, size_t count,
                         rd_kafka_resp_err_t *ret_code)
{
    int given = rd_kafka_produce_batch(target, RD_KAFKA_PARTITION_UA, 0, messages, (int)count);
    size_t refused = count - (size_t)given;

    for (size_t index = 0; refused > 0 && index < count; index++) {
        if (messages[index].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            *ret_code = messages[index].err;
            break;
        }
    }
    return refused;
}

size_t mr_kafka_produce(rd_kafka_topic_t *target, mr_bus_batch *batch,
                        rd_kafka_resp_err_t *ret_code)
{
    rd_kafka_message_t messages[chunk_records];
    const char *at = batch->records.data;
    const char *end = at + batch->records.bytes;
    size_t filled = 0;
    size_t refused = 0;

    MR_ASSERT(batch->scattered);
    for (size_t index = 0; index < batch->count; index++) {
        mr_text key;
        mr_text value;
        at = mr_batch_read_record(at, end, &key, &value);
        MR_ASSERT(at != NULL); /* batch.c wrote it */
        fill_message(&messages[filled++], key, value, &batch->slots[index]);
        if (filled == chunk_records || index + 1 == batch->count) {
            refused += give_chunk(target, messages, filled, ret_code);
            filled = 0;
        }
    }
    return refused;
}

/* --- Reports -------------------------------------------------------------------------------- */

/* A success without an offset is librdkafka's guess: when one request failed and the next one was
 * taken, it calls the first one stored, too. But a partition that does not know this producer yet
 * (a new process, a topic just made, a leader just chosen) takes any request as the first one: the
 * failed one may be stored nowhere. Believed, an event answered 201 was lost. */
rd_kafka_resp_err_t mr_kafka_read_report(const rd_kafka_message_t *report, mr_batch_slot *slot,
                                         mr_status *ret_status)
{
    if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR && report->offset < 0) {
        *ret_status = MR_UNKNOWN_OUTCOME;
        return RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE;
    }
    if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        slot->position = (mr_bus_position){report->partition, report->offset};
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    *ret_status = rd_kafka_message_status(report) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED
                      ? mr_kafka_status(report->err)
                      : MR_UNKNOWN_OUTCOME;
    return report->err;
}

/* Keeps the worst: one that may be there is worse than one that is not. */
static void note_failures(kafka_producer *producer, mr_bus_batch *batch, size_t count,
                          mr_status status, rd_kafka_resp_err_t code)
{
    /* What stands for the state of a producer is no reason to give the sender another answer. */
    status = status == MR_EXISTS || status == MR_INVALID ? MR_UNAVAILABLE : status;
    (void)pthread_mutex_lock(&producer->lock);
    if (batch->failed == 0 || (status == MR_UNKNOWN_OUTCOME && batch->failure.status != status)) {
        (void)mr_fail(&batch->failure, status, "append to %s: %s%s", producer->topic,
                      rd_kafka_err2str(code),
                      status == MR_UNKNOWN_OUTCOME ? "; it may be stored all the same" : "");
    }
    batch->failed += count;
    (void)pthread_mutex_unlock(&producer->lock);
}

/* In the polling thread: the batch is the caller's again. */
static void finish_batch(kafka_producer *producer, mr_bus_batch *batch)
{
    mr_err err;
    bool failed = batch->failed > 0;

    if (failed) {
        err = batch->failure;
        if (batch->failed < batch->count && err.status != MR_UNKNOWN_OUTCOME) {
            (void)mr_fail(&err, MR_UNKNOWN_OUTCOME, "%s; %zu of %zu records are stored",
                          batch->failure.message, batch->count - batch->failed, batch->count);
        }
    }
    (void)pthread_mutex_lock(&producer->lock);
    MR_ASSERT(atomic_load(&producer->queued_bytes) >= cost_of(batch));
    (void)atomic_fetch_sub(&producer->queued_bytes, cost_of(batch));
    (void)pthread_cond_broadcast(&producer->room);
    (void)pthread_mutex_unlock(&producer->lock);

    batch->submitted = false;
    batch->done(batch->ctx, batch, failed ? &err : NULL);

    (void)pthread_mutex_lock(&producer->lock);
    producer->open_batches--;
    producer->given--;
    (void)pthread_mutex_unlock(&producer->lock);
}

static void note_report(rd_kafka_t *client, const rd_kafka_message_t *report, void *opaque)
{
    kafka_producer *producer = opaque;
    mr_batch_slot *slot = report->_private;
    mr_bus_batch *batch = atomic_load_explicit(&slot->batch, memory_order_acquire);
    mr_status status = MR_OK;
    rd_kafka_resp_err_t code = mr_kafka_read_report(report, slot, &status);

    (void)client; /* the producer has it */
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        note_failures(producer, batch, 1, status, code);
    }
    if (atomic_fetch_sub(&batch->pending, 1) == 1) {
        finish_batch(producer, batch);
    }
}

static void note_client_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    kafka_producer *producer = opaque;

    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        char text[mr_err_message_bytes_max];
        rd_kafka_resp_err_t cause = rd_kafka_fatal_error(client, text, sizeof text);
        mr_log_warn("kafka: the producer of %s is of no use any more (%s: %s); a new one takes "
                    "its place",
                    producer->topic, rd_kafka_err2name(cause), text);
        atomic_store(&producer->broken, true);
    } else {
        mr_log_debug("kafka: %s: %s: %s", producer->topic,
                     rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
    }
}

/* --- The client ----------------------------------------------------------------------------- */

typedef struct client_parts {
    rd_kafka_t *client;
    rd_kafka_topic_t *target;
    rd_kafka_queue_t *events;
} client_parts;

static mr_status make_client(kafka_producer *producer, client_parts *ret_parts, mr_err *err)
{
    char number[24];
    rd_kafka_conf_t *conf = mr_kafka_conf(producer->log, producer);
    client_parts parts = {.client = NULL};

    mr_kafka_conf_set(conf, "enable.idempotence", "true");
    (void)snprintf(number, sizeof number, "%d", client_records_max);
    mr_kafka_conf_set(conf, "queue.buffering.max.messages", number);
    mr_kafka_conf_set(conf, "queue.buffering.max.kbytes", "2147483647");
    rd_kafka_conf_set_dr_msg_cb(conf, note_report);
    rd_kafka_conf_set_error_cb(conf, note_client_error);
    mr_status st = mr_kafka_client(producer->log, RD_KAFKA_PRODUCER, conf, "a producer of Kafka",
                                   &parts.client, err);
    if (st != MR_OK) {
        return st;
    }
    parts.target = rd_kafka_topic_new(parts.client, producer->topic, NULL);
    if (parts.target == NULL) {
        st = mr_kafka_fail(err, rd_kafka_last_error(), "topic %s", producer->topic);
        rd_kafka_destroy(parts.client);
        return st;
    }
    parts.events = rd_kafka_queue_get_main(parts.client);
    *ret_parts = parts;
    return MR_OK;
}

static void put_client(kafka_producer *producer, client_parts parts)
{
    (void)pthread_rwlock_wrlock(&producer->client_lock);
    producer->client = parts.client;
    producer->target = parts.target;
    producer->events = parts.events;
    (void)pthread_rwlock_unlock(&producer->client_lock);
}

/* All it was given has been reported by then, or is reported by this. */
static void destroy_client(client_parts parts)
{
    if (parts.client == NULL) {
        return;
    }
    (void)rd_kafka_purge(parts.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (int round = 0; round < purge_polls_max && rd_kafka_outq_len(parts.client) > 0; round++) {
        (void)rd_kafka_poll(parts.client, purge_poll_ms);
    }
    MR_ASSERT(rd_kafka_outq_len(parts.client) == 0); /* else a batch would never be reported */
    rd_kafka_topic_destroy(parts.target);
    rd_kafka_queue_destroy(parts.events);
    rd_kafka_destroy(parts.client);
}

static bool is_closing(kafka_producer *producer)
{
    (void)pthread_mutex_lock(&producer->lock);
    bool closing = producer->closing;
    (void)pthread_mutex_unlock(&producer->lock);
    return closing;
}

/* Between the two there is no client, and submits are refused: reports may call for more. */
static void renew_client(kafka_producer *producer)
{
    client_parts old = {producer->client, producer->target, producer->events};
    client_parts fresh = {.client = NULL};
    mr_err err;

    put_client(producer, fresh);
    destroy_client(old);
    atomic_store(&producer->broken, false);
    while (make_client(producer, &fresh, &err) != MR_OK && !is_closing(producer)) {
        mr_log_error("kafka: a new producer of %s: %s; tries again", producer->topic, err.message);
        (void)poll(NULL, 0, renew_ms); /* nothing to await but the time itself */
    }
    put_client(producer, fresh);
}

/* --- The polling thread --------------------------------------------------------------------- */

static void finish_listed(kafka_producer *producer)
{
    (void)pthread_mutex_lock(&producer->lock);
    mr_bus_batch *list = producer->finished;
    producer->finished = NULL;
    (void)pthread_mutex_unlock(&producer->lock);
    while (list != NULL) {
        mr_bus_batch *batch = list;
        list = batch->next;
        batch->next = NULL;
        finish_batch(producer, batch);
    }
}

/* Under the lock. */
static bool may_give(const kafka_producer *producer)
{
    return producer->given == 0 ||
           mr_monotonic_us() - producer->given_us >= (int64_t)hold_ms_max * 1000;
}

static void note_given(kafka_producer *producer, size_t count)
{
    producer->given += count;
    producer->given_us = mr_monotonic_us();
}

static void add_waiting(kafka_producer *producer, mr_bus_batch *batch)
{
    batch->next = NULL;
    if (producer->waiting == NULL) {
        producer->waiting = batch;
    } else {
        producer->waiting_last->next = batch;
    }
    producer->waiting_last = batch;
}

/* The next round, or NULL: one is under way, or none waits. */
static mr_bus_batch *take_round(kafka_producer *producer)
{
    mr_bus_batch *round = NULL;
    mr_bus_batch **end = &round;
    uint64_t bytes = 0;
    size_t count = 0;

    (void)pthread_mutex_lock(&producer->lock);
    while (producer->waiting != NULL && (count > 0 || may_give(producer)) &&
           (count == 0 || bytes + cost_of(producer->waiting) <= round_bytes_max)) {
        mr_bus_batch *batch = producer->waiting;
        producer->waiting = batch->next;
        batch->next = NULL;
        *end = batch;
        end = &batch->next;
        bytes += cost_of(batch);
        count++;
    }
    if (count > 0) {
        note_given(producer, count);
    }
    (void)pthread_mutex_unlock(&producer->lock);
    return round;
}

/* Ends a wait in rd_kafka_poll. */
static void wake(kafka_producer *producer)
{
    (void)pthread_rwlock_rdlock(&producer->client_lock);
    if (producer->events != NULL) {
        rd_kafka_queue_yield(producer->events);
    }
    (void)pthread_rwlock_unlock(&producer->client_lock);
}

/* The last report may have come while records were still being given away. */
static void end_giving(kafka_producer *producer, mr_bus_batch *batch, size_t refused)
{
    if (atomic_fetch_sub(&batch->pending, refused + 1) != refused + 1) {
        return;
    }
    (void)pthread_mutex_lock(&producer->lock);
    batch->next = producer->finished;
    producer->finished = batch;
    (void)pthread_mutex_unlock(&producer->lock);
    wake(producer);
}

/* How many of its records were refused. */
static size_t give_records(kafka_producer *producer, mr_bus_batch *batch,
                           rd_kafka_resp_err_t *ret_code)
{
    size_t refused = batch->count;

    *ret_code = RD_KAFKA_RESP_ERR__STATE;
    (void)pthread_rwlock_rdlock(&producer->client_lock);
    if (producer->client != NULL) {
        refused = mr_kafka_produce(producer->target, batch, ret_code);
    }
    (void)pthread_rwlock_unlock(&producer->client_lock);
    return refused;
}

static void give_waiting(kafka_producer *producer)
{
    mr_bus_batch *round = take_round(producer);

    while (round != NULL) {
        mr_bus_batch *batch = round;
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
        round = batch->next;
        batch->next = NULL;
        size_t refused = give_records(producer, batch, &code);
        if (refused > 0) {
            note_failures(producer, batch, refused, mr_kafka_status(code), code);
        }
        end_giving(producer, batch, refused);
    }
}

static bool has_ended(kafka_producer *producer)
{
    (void)pthread_mutex_lock(&producer->lock);
    bool ended = producer->closing && producer->open_batches == 0;
    (void)pthread_mutex_unlock(&producer->lock);
    return ended;
}

static void *poll_run(void *ctx)
{
    kafka_producer *producer = ctx;
    uint64_t login_seen = 0;

    while (!has_ended(producer)) {
        if (producer->client != NULL) { /* this thread alone changes it */
            mr_kafka_renew_login(producer->log, producer->client, &login_seen);
            (void)rd_kafka_poll(producer->client, poll_ms_max);
        }
        finish_listed(producer);
        if (atomic_load(&producer->broken)) {
            renew_client(producer);
        }
        give_waiting(producer);
    }
    return NULL;
}

/* --- Opening and closing -------------------------------------------------------------------- */

static void free_producer(kafka_producer *producer)
{
    destroy_client((client_parts){producer->client, producer->target, producer->events});
    mr_kafka_marks_close(producer->marks);
    (void)pthread_rwlock_destroy(&producer->client_lock); /* nobody holds any of them */
    (void)pthread_mutex_destroy(&producer->lock);
    (void)pthread_cond_destroy(&producer->room);
    free(producer);
}

/* For each batch librdkafka takes and frees some 150 kB to compress it. Given back to the kernel
 * each time, they cost a sixth of the gateway's time in page faults. Of the whole process, for
 * good. */
static void keep_heap(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, heap_kept_bytes); /* if refused, it is only slower */
    (void)mallopt(M_MMAP_THRESHOLD, heap_block_bytes_max);
}

/* A topic that another process has just made may not be ready yet. What is not ready by then, the
 * first appends will meet. */
static int32_t await_leaders(mr_kafka *log, const char *name)
{
    int32_t count = 0;
    mr_err err;
    mr_status st = mr_kafka_partition_count(log, name, &count, &err);

    if (st == MR_OK) {
        st = mr_kafka_await_leaders(log, name, count, &err);
    }
    if (st != MR_OK) {
        mr_log_warn("kafka: %s", err.message);
    }
    return count;
}

mr_status mr_kafka_producer_open(void *state, const char *topic, void **ret_producer, mr_err *err)
{
    mr_kafka *log = state;
    client_parts parts = {.client = NULL};
    mr_status st = mr_kafka_topic_ensure(log, topic, err);

    if (st != MR_OK) {
        return st;
    }
    kafka_producer *opened = mr_alloc_zero(1, sizeof *opened);
    opened->log = log;
    mr_kafka_topic_name(log, topic, opened->topic);
    (void)pthread_rwlock_init(&opened->client_lock, NULL); /* cannot fail with defaults */
    (void)pthread_mutex_init(&opened->lock, NULL);
    (void)pthread_cond_init(&opened->room, NULL);
    atomic_init(&opened->broken, false);
    opened->partitions = await_leaders(log, opened->topic);
    opened->marks = mr_kafka_marks_open(log, topic);
    keep_heap();
    st = make_client(opened, &parts, err);
    if (st == MR_OK) {
        put_client(opened, parts);
        int reason = mr_thread_start(&opened->thread, "kafka-reports", poll_run, opened);
        st = reason == 0 ? MR_OK
                         : mr_fail_errno(err, reason, "topic %s: start its polling thread", topic);
    }
    if (st != MR_OK) {
        free_producer(opened);
        return st;
    }
    *ret_producer = opened;
    return MR_OK;
}

void mr_kafka_producer_close(void *state)
{
    kafka_producer *producer = state;

    (void)pthread_mutex_lock(&producer->lock);
    producer->closing = true;
    (void)pthread_mutex_unlock(&producer->lock);
    wake(producer);
    int reason = pthread_join(producer->thread, NULL);
    MR_ASSERT(reason == 0);
    MR_ASSERT(producer->finished == NULL && atomic_load(&producer->queued_bytes) == 0);
    free_producer(producer);
}

void mr_kafka_producer_break(void *state)
{
    kafka_producer *producer = state;

    (void)pthread_rwlock_rdlock(&producer->client_lock);
    if (producer->client != NULL) {
        (void)rd_kafka_test_fatal_error(producer->client,
                                        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "a test");
    }
    (void)pthread_rwlock_unlock(&producer->client_lock);
}

/* --- Submitting ----------------------------------------------------------------------------- */

static bool has_room(const kafka_producer *producer, uint64_t bytes)
{
    uint64_t queued = atomic_load(&producer->queued_bytes);
    /* One batch always passes. */
    return queued == 0 || queued + bytes <= producer->log->queue_bytes_max;
}

/* Under the lock. */
static void count_in(kafka_producer *producer, const mr_bus_batch *batch)
{
    (void)atomic_fetch_add(&producer->queued_bytes, cost_of(batch));
    producer->open_batches++;
}

static void count_out(kafka_producer *producer, const mr_bus_batch *batch)
{
    (void)pthread_mutex_lock(&producer->lock);
    (void)atomic_fetch_sub(&producer->queued_bytes, cost_of(batch));
    producer->open_batches--;
    producer->given--;
    (void)pthread_cond_broadcast(&producer->room);
    (void)pthread_mutex_unlock(&producer->lock);
    wake(producer); /* it may wait for the last batch to end, or others for this round */
}

static mr_status take_room(kafka_producer *producer, const mr_bus_batch *batch, mr_err *err)
{
    mr_status st = MR_OK;

    (void)pthread_mutex_lock(&producer->lock);
    if (producer->closing) {
        st = MR_STOPPED;
    } else if (!has_room(producer, cost_of(batch))) {
        st = MR_UNAVAILABLE;
    } else {
        count_in(producer, batch);
    }
    (void)pthread_mutex_unlock(&producer->lock);
    if (st == MR_STOPPED) {
        return mr_fail(err, st, "submit to %s: its producer is being closed", producer->topic);
    }
    return st == MR_OK
               ? MR_OK
               : mr_fail(err, st,
                         "submit to %s: %llu bytes wait for Kafka already, the limit is "
                         "%llu; try again in a moment",
                         producer->topic, (unsigned long long)atomic_load(&producer->queued_bytes),
                         (unsigned long long)producer->log->queue_bytes_max);
}

/* The batch has its room. Nothing was taken when it fails; the room is given back. */
static mr_status give_batch(kafka_producer *producer, mr_bus_batch *batch, mr_bus_done_fn done,
                            void *ctx, mr_err *err)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    bool waits = false;

    batch->done = done;
    batch->ctx = ctx;
    batch->failed = 0;
    mr_batch_scatter(batch);
    batch->submitted = true;
    atomic_store(&batch->pending, batch->count + 1);

    (void)pthread_mutex_lock(&producer->lock);
    waits = producer->waiting != NULL || !may_give(producer);
    if (waits) {
        add_waiting(producer, batch); /* the polling thread gives it away when the round ends */
    } else {
        note_given(producer, 1);
    }
    (void)pthread_mutex_unlock(&producer->lock);
    if (waits) {
        return MR_OK;
    }
    size_t refused = give_records(producer, batch, &code);
    if (refused == batch->count && batch->count > 0) {
        batch->submitted = false;
        count_out(producer, batch);
        mr_status status = mr_kafka_status(code);
        return mr_fail(err, status == MR_LIMIT ? status : MR_UNAVAILABLE, "submit to %s: %s",
                       producer->topic, rd_kafka_err2str(code));
    }
    if (refused > 0) {
        note_failures(producer, batch, refused, mr_kafka_status(code), code);
    }
    end_giving(producer, batch, refused);
    return MR_OK;
}

mr_status mr_kafka_submit(void *state, mr_bus_batch *batch, mr_bus_done_fn done, void *ctx,
                          mr_err *err)
{
    kafka_producer *producer = state;
    mr_status st = take_room(producer, batch, err);

    return st == MR_OK ? give_batch(producer, batch, done, ctx, err) : st;
}

typedef struct blocking_append {
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool done; /* guarded by lock */
    mr_status status;
    mr_err err;
} blocking_append;

static void finish_append(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    blocking_append *append = ctx;
    (void)batch; /* the blocked caller has it */
    (void)pthread_mutex_lock(&append->lock);
    append->done = true;
    append->status = err == NULL ? MR_OK : err->status;
    if (err != NULL) {
        append->err = *err;
    }
    (void)pthread_cond_signal(&append->finished);
    (void)pthread_mutex_unlock(&append->lock);
}

static mr_status append_plain(kafka_producer *producer, mr_bus_batch *batch, mr_err *err)
{
    blocking_append append = {.done = false};

    (void)pthread_mutex_lock(&producer->lock);
    while (!has_room(producer, cost_of(batch))) {
        (void)pthread_cond_wait(&producer->room, &producer->lock);
    }
    count_in(producer, batch);
    (void)pthread_mutex_unlock(&producer->lock);

    (void)pthread_mutex_init(&append.lock, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&append.finished, NULL);
    mr_status st = give_batch(producer, batch, finish_append, &append, err);
    if (st == MR_OK) {
        (void)pthread_mutex_lock(&append.lock);
        while (!append.done) {
            (void)pthread_cond_wait(&append.finished, &append.lock);
        }
        (void)pthread_mutex_unlock(&append.lock);
        st = append.status;
        if (st != MR_OK && err != NULL) {
            *err = append.err;
        }
    }
    (void)pthread_mutex_destroy(&append.lock); /* its last user has let go */
    (void)pthread_cond_destroy(&append.finished);
    return st;
}

mr_status mr_kafka_append(void *state, mr_bus_batch *batch, const mr_bus_mark *mark, mr_err *err)
{
    kafka_producer *producer = state;

    MR_ASSERT(!pthread_equal(pthread_self(), producer->thread)); /* it would wait for itself */
    if (mark != NULL) {
        return mr_kafka_marks_append(producer->marks, batch, mark, err);
    }
    return batch->count == 0 ? MR_OK : append_plain(producer, batch, err);
}

uint64_t mr_kafka_queued_bytes(const void *state)
{
    const kafka_producer *producer = state;
    return atomic_load(&producer->queued_bytes);
}

/* By the partitioner that kafka_config.c sets. Where another one is set, or partitions were added,
 * records of one lane go to more partitions than they might: that is all. */
uint32_t mr_kafka_partition_of(const void *state, mr_text key)
{
    const kafka_producer *producer = state;

    return producer->partitions <= 1 || key.bytes == 0
               ? 0
               : (uint32_t)rd_kafka_msg_partitioner_murmur2(NULL, key.data, key.bytes,
                                                            producer->partitions, NULL, NULL);
}
