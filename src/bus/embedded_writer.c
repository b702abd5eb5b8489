/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_writer.c - a producer: a bounded queue of batches and the thread that commits them.
 *
 * Owns:       the writer thread and its appender. Borrows each batch from submit until `done`.
 * Threads:    submit, append and queued_bytes from any; the appender is the writer thread's alone.
 * Locks:      one, `lock`; never held over input or output, compression, or a callback.
 * Invariants: (1) a batch taken is reported exactly once, in the order it was submitted;
 *             (2) `done` is told of durability only after the commit;
 *             (3) queued_bytes counts what was taken and not yet committed or failed.
 *
 *   submit/append -> [queue] -> take_group -> commit (one transaction) -> report each -> checkpoint
 *
 * Batches queue up while a commit waits for the disk, and share the next one. A large batch is
 * compressed by the thread that submits it, which spreads that work over the submitters; small ones
 * are merged into one block by the writer, where they compress better and make fewer rows.
 */
#include <pthread.h>
#include <stdlib.h>

#include "bus/embedded.h"

#include "base/thread.h"

enum {
    batch_overhead_bytes = 64,      /* so that tiny batches fill the queue, too */
    compress_bytes_min = 32 * 1024, /* from here on the submitter compresses */
};

_Static_assert((int)compress_bytes_min <= (int)mr_embedded_merge_bytes_max,
               "what is merged must fit");

typedef struct embedded_producer {
    mr_embedded_appender *appender;
    uint64_t queue_bytes_max;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;           /* the queue is no longer empty, or closing */
    pthread_cond_t room;           /* queued_bytes went down */
    mr_bus_batch *first;           /* guarded by lock */
    mr_bus_batch *last;            /* guarded by lock */
    bool closing;                  /* guarded by lock */
    _Atomic uint64_t queued_bytes; /* changed under lock, read anywhere */
} embedded_producer;

static uint64_t cost_of(const mr_bus_batch *batch)
{
    return batch->records.bytes + batch_overhead_bytes;
}

/* --- The writer thread --------------------------------------------------------------------- */

/* Waits for work and takes as many batches as one transaction may hold. NULL: closing, all done. */
static mr_bus_batch *take_group(embedded_producer *producer, uint64_t *ret_bytes)
{
    (void)pthread_mutex_lock(&producer->lock); /* fails only on misuse, here and below */
    while (producer->first == NULL && !producer->closing) {
        (void)pthread_cond_wait(&producer->work, &producer->lock);
    }
    mr_bus_batch *group = producer->first;
    mr_bus_batch *last = group;
    uint64_t bytes = group == NULL ? 0 : cost_of(group);
    while (last != NULL && last->next != NULL &&
           bytes + cost_of(last->next) <= mr_embedded_transaction_bytes_max) {
        last = last->next;
        bytes += cost_of(last);
    }
    if (last != NULL) {
        producer->first = last->next;
        last->next = NULL;
    }
    (void)pthread_mutex_unlock(&producer->lock);
    *ret_bytes = bytes;
    return group;
}

static mr_status commit_group(embedded_producer *producer, mr_bus_batch *group, mr_err *err)
{
    for (const mr_bus_batch *batch = group; batch != NULL; batch = batch->next) {
        if (batch->count > 0 || batch->mark != NULL) {
            return mr_embedded_appender_commit(producer->appender, group, err);
        }
    }
    return MR_OK; /* nothing to keep */
}

static void release_bytes(embedded_producer *producer, uint64_t bytes)
{
    (void)pthread_mutex_lock(&producer->lock);
    MR_ASSERT(atomic_load(&producer->queued_bytes) >= bytes);
    (void)atomic_fetch_sub(&producer->queued_bytes, bytes);
    (void)pthread_cond_broadcast(&producer->room);
    (void)pthread_mutex_unlock(&producer->lock);
}

static void report_group(mr_bus_batch *group, const mr_err *group_err)
{
    while (group != NULL) {
        mr_bus_batch *batch = group;
        const mr_err *err = group_err != NULL || !batch->refused ? group_err : batch->mark_err;
        group = batch->next;
        batch->next = NULL;
        batch->submitted = false;
        batch->done(batch->ctx, batch, err); /* the batch is the caller's again */
    }
}

static void *writer_run(void *ctx)
{
    embedded_producer *producer = ctx;
    uint64_t bytes = 0;
    mr_bus_batch *group;

    while ((group = take_group(producer, &bytes)) != NULL) {
        mr_err err;
        mr_status st = commit_group(producer, group, &err);
        release_bytes(producer, bytes);
        report_group(group, st == MR_OK ? NULL : &err);
        mr_embedded_appender_checkpoint(producer->appender);
    }
    return NULL;
}

/* --- Opening and closing ------------------------------------------------------------------- */

static void free_producer(embedded_producer *producer)
{
    mr_embedded_appender_close(producer->appender);
    (void)pthread_mutex_destroy(&producer->lock); /* nobody holds it */
    (void)pthread_cond_destroy(&producer->work);
    (void)pthread_cond_destroy(&producer->room);
    free(producer);
}

mr_status mr_embedded_producer_open(void *state, const char *topic, void **ret_producer,
                                    mr_err *err)
{
    const mr_embedded *log = state;
    mr_embedded_appender *appender = NULL;
    mr_status st = mr_embedded_appender_open(log, topic, &appender, err);
    if (st != MR_OK) {
        return st;
    }
    embedded_producer *opened = mr_alloc_zero(1, sizeof *opened);
    opened->appender = appender;
    opened->queue_bytes_max = log->queue_bytes_max;
    (void)pthread_mutex_init(&opened->lock, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&opened->work, NULL);
    (void)pthread_cond_init(&opened->room, NULL);
    int reason = mr_thread_start(&opened->thread, "log-writer", writer_run, opened);
    if (reason != 0) {
        free_producer(opened);
        return mr_fail_errno(err, reason, "topic %s: start its writer thread", topic);
    }
    *ret_producer = opened;
    return MR_OK;
}

void mr_embedded_producer_close(void *state)
{
    embedded_producer *producer = state;
    (void)pthread_mutex_lock(&producer->lock);
    producer->closing = true;
    (void)pthread_cond_signal(&producer->work);
    (void)pthread_mutex_unlock(&producer->lock);
    int reason = pthread_join(producer->thread, NULL);
    MR_ASSERT(reason == 0);
    MR_ASSERT(producer->first == NULL && atomic_load(&producer->queued_bytes) == 0);
    free_producer(producer);
}

/* --- Submitting ---------------------------------------------------------------------------- */

static bool has_room(const embedded_producer *producer, uint64_t bytes)
{
    uint64_t queued = atomic_load(&producer->queued_bytes);
    return queued == 0 || queued + bytes <= producer->queue_bytes_max; /* one batch always passes */
}

static void push(embedded_producer *producer, mr_bus_batch *batch)
{
    batch->next = NULL;
    batch->submitted = true;
    if (producer->first == NULL) {
        producer->first = batch;
        (void)pthread_cond_signal(&producer->work);
    } else {
        producer->last->next = batch;
    }
    producer->last = batch;
    (void)atomic_fetch_add(&producer->queued_bytes, cost_of(batch));
}

static void prepare(mr_bus_batch *batch, mr_bus_done_fn done, void *ctx, const mr_bus_mark *mark,
                    mr_err *mark_err)
{
    batch->done = done;
    batch->ctx = ctx;
    batch->mark = mark;
    batch->mark_err = mark_err;
    batch->refused = false;
    batch->precompressed = batch->records.bytes >= compress_bytes_min;
    if (batch->precompressed) {
        mr_embedded_block_encode(mr_buffer_text(&batch->records), batch->count, &batch->block);
    }
}

mr_status mr_embedded_submit(void *state, mr_bus_batch *batch, mr_bus_done_fn done, void *ctx,
                             mr_err *err)
{
    embedded_producer *producer = state;
    mr_status st = has_room(producer, cost_of(batch)) ? MR_OK : MR_UNAVAILABLE;
    if (st == MR_OK) { /* else nothing is compressed in vain */
        prepare(batch, done, ctx, NULL, NULL);
        (void)pthread_mutex_lock(&producer->lock);
        if (producer->closing) {
            st = MR_STOPPED;
        } else if (!has_room(producer, cost_of(batch))) {
            st = MR_UNAVAILABLE;
        } else {
            push(producer, batch);
        }
        (void)pthread_mutex_unlock(&producer->lock);
    }
    if (st == MR_STOPPED) {
        return mr_fail(err, st, "submit to the log: its producer is being closed");
    }
    return st == MR_OK ? MR_OK
                       : mr_fail(err, st,
                                 "submit to the log: %llu bytes wait for the disk already, the "
                                 "limit is %llu; try again in a moment",
                                 (unsigned long long)atomic_load(&producer->queued_bytes),
                                 (unsigned long long)producer->queue_bytes_max);
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
    if (err != NULL && err != &append->err) {
        append->err = *err;
    }
    (void)pthread_cond_signal(&append->finished);
    (void)pthread_mutex_unlock(&append->lock);
}

mr_status mr_embedded_append(void *state, mr_bus_batch *batch, const mr_bus_mark *mark, mr_err *err)
{
    embedded_producer *producer = state;
    blocking_append append = {.done = false};
    MR_ASSERT(!pthread_equal(pthread_self(), producer->thread)); /* it would wait for itself */

    (void)pthread_mutex_init(&append.lock, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&append.finished, NULL);
    prepare(batch, finish_append, &append, mark, &append.err);

    (void)pthread_mutex_lock(&producer->lock);
    while (!has_room(producer, cost_of(batch))) {
        (void)pthread_cond_wait(&producer->room, &producer->lock);
    }
    push(producer, batch);
    (void)pthread_mutex_unlock(&producer->lock);

    (void)pthread_mutex_lock(&append.lock);
    while (!append.done) {
        (void)pthread_cond_wait(&append.finished, &append.lock);
    }
    (void)pthread_mutex_unlock(&append.lock);
    (void)pthread_mutex_destroy(&append.lock); /* its last user has let go */
    (void)pthread_cond_destroy(&append.finished);
    if (append.status != MR_OK && err != NULL) {
        *err = append.err;
    }
    return append.status;
}

uint64_t mr_embedded_queued_bytes(const void *state)
{
    const embedded_producer *producer = state;
    return atomic_load(&producer->queued_bytes);
}
