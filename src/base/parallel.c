/* SPDX-License-Identifier: Apache-2.0 */
/* base/parallel.c - threads that take the next index until there is none; see parallel.h. */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"

typedef struct parallel {
    size_t count;
    mr_status (*work)(void *, size_t, mr_err *);
    void *ctx;
    _Atomic size_t next;
    _Atomic int status; /* of the first failure */
    pthread_mutex_t mutex;
    mr_err err; /* guarded by mutex; of the first failure */
} parallel;

static void *take_turns(void *ctx)
{
    parallel *self = ctx;
    mr_err err = {.status = MR_OK};

    while (atomic_load(&self->status) == MR_OK) {
        size_t index = atomic_fetch_add(&self->next, 1);
        if (index >= self->count) {
            break;
        }
        mr_status status = self->work(self->ctx, index, &err);
        if (status != MR_OK) {
            (void)pthread_mutex_lock(&self->mutex);
            if (atomic_load(&self->status) == MR_OK) {
                self->err = err;
                atomic_store(&self->status, (int)status);
            }
            (void)pthread_mutex_unlock(&self->mutex);
        }
    }
    return NULL;
}

mr_status mr_parallel(size_t count, size_t threads,
                      mr_status (*work)(void *ctx, size_t index, mr_err *err), void *ctx,
                      mr_err *err)
{
    pthread_t others[mr_parallel_threads_max];
    parallel self = {.count = count, .work = work, .ctx = ctx};
    size_t wanted = threads < count ? threads : count;
    size_t started = 0;

    (void)pthread_mutex_init(&self.mutex, NULL);
    while (started + 1 < wanted && started < mr_parallel_threads_max &&
           mr_thread_start(&others[started], "parallel", take_turns, &self) == 0) {
        started++; /* fewer threads than wished for do the same work */
    }
    (void)take_turns(&self);
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(others[i], NULL);
    }
    (void)pthread_mutex_destroy(&self.mutex);
    mr_status status = (mr_status)atomic_load(&self.status);
    if (status != MR_OK && err != NULL) {
        *err = self.err;
    }
    return status;
}
