/* SPDX-License-Identifier: Apache-2.0 */
/* http/workers.c - a few threads and a bounded queue.
 *
 * Owns:       the threads and the list of waiting work, oldest first.
 * Invariants: work is run exactly once, in the order of submission per thread that takes it.
 */
#include "http/workers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/thread.h"

struct mr_workers {
    mr_workers_options options;
    pthread_mutex_t mutex;
    pthread_cond_t work_came;
    mr_work *first, *last; /* guarded by mutex */
    uint32_t queued;       /* guarded by mutex */
    bool stopping;         /* guarded by mutex */
    pthread_t *threads;
};

/* The next work; NULL: the end. */
static mr_work *wait_for_work(mr_workers *workers)
{
    mr_work *work;

    pthread_mutex_lock(&workers->mutex);
    while (workers->first == NULL && !workers->stopping) {
        pthread_cond_wait(&workers->work_came, &workers->mutex);
    }
    work = workers->first;
    if (work != NULL) {
        workers->first = work->next;
        workers->last = workers->first == NULL ? NULL : workers->last;
        workers->queued--;
    }
    pthread_mutex_unlock(&workers->mutex);
    return work;
}

static void *worker_main(void *argument)
{
    mr_workers *workers = argument;
    void *worker = workers->options.create(workers->options.ctx);
    mr_work *work;

    while ((work = wait_for_work(workers)) != NULL) {
        work->run(work, worker);
    }
    workers->options.destroy(worker);
    return NULL;
}

mr_workers *mr_workers_start(const mr_workers_options *options)
{
    mr_workers *workers = mr_alloc_zero(1, sizeof *workers);

    MR_ASSERT(options->threads > 0 && options->queue_max > 0);
    workers->options = *options;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->work_came, NULL);
    workers->threads = mr_alloc_zero(options->threads, sizeof *workers->threads);
    for (uint32_t i = 0; i < options->threads; i++) {
        /* Failing to start a thread is as final as running out of memory. */
        MR_ASSERT(mr_thread_start(&workers->threads[i], "worker", worker_main, workers) == 0);
    }
    return workers;
}

bool mr_workers_submit(mr_workers *workers, mr_work *work)
{
    bool taken = false;

    pthread_mutex_lock(&workers->mutex);
    MR_ASSERT(!workers->stopping);
    if (workers->queued < workers->options.queue_max) {
        work->next = NULL;
        if (workers->last == NULL) {
            workers->first = work;
        } else {
            workers->last->next = work;
        }
        workers->last = work;
        workers->queued++;
        taken = true;
        pthread_cond_signal(&workers->work_came);
    }
    pthread_mutex_unlock(&workers->mutex);
    return taken;
}

void mr_workers_stop(mr_workers *workers)
{
    if (workers == NULL) {
        return;
    }
    pthread_mutex_lock(&workers->mutex);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->work_came);
    pthread_mutex_unlock(&workers->mutex);
    for (uint32_t i = 0; i < workers->options.threads; i++) {
        pthread_join(workers->threads[i], NULL);
    }
    pthread_cond_destroy(&workers->work_came);
    pthread_mutex_destroy(&workers->mutex);
    free(workers->threads);
    free(workers);
}
