/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/batch_pool.c - a fixed number of bus batches on a list of free ones.
 *
 * Called by: workers (take, give), the bus's thread (give).
 */
#include "gateway/batch_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/thread.h"

struct mr_batch_pool {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    mr_pooled_batch *free_list; /* guarded by mutex */
    uint32_t free_count;        /* guarded by mutex */
    uint32_t count;
    mr_pooled_batch *items;
};

mr_batch_pool *mr_batch_pool_create(uint32_t count, size_t batch_bytes_max)
{
    mr_batch_pool *pool = mr_alloc_zero(1, sizeof *pool);

    MR_ASSERT(count > 0);
    pthread_mutex_init(&pool->mutex, NULL);
    mr_condition_init(&pool->given);
    pool->count = count;
    pool->items = mr_alloc_zero(count, sizeof *pool->items);
    for (uint32_t i = 0; i < count; i++) {
        pool->items[i].batch = mr_bus_batch_create(batch_bytes_max);
        mr_batch_pool_give(pool, &pool->items[i]);
    }
    return pool;
}

void mr_batch_pool_destroy(mr_batch_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    MR_ASSERT(pool->free_count == pool->count);
    for (uint32_t i = 0; i < pool->count; i++) {
        mr_bus_batch_destroy(pool->items[i].batch);
    }
    free(pool->items);
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static struct timespec deadline_in(uint32_t timeout_ms)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return deadline;
}

mr_pooled_batch *mr_batch_pool_take(mr_batch_pool *pool, uint32_t timeout_ms)
{
    struct timespec deadline = deadline_in(timeout_ms);
    mr_pooled_batch *taken;
    int waited = 0;

    pthread_mutex_lock(&pool->mutex);
    while (pool->free_list == NULL && waited == 0) {
        waited = pthread_cond_timedwait(&pool->given, &pool->mutex, &deadline);
    }
    taken = pool->free_list;
    if (taken != NULL) {
        pool->free_list = taken->next;
        pool->free_count--;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (taken != NULL) {
        mr_bus_batch_clear(taken->batch);
    }
    return taken;
}

void mr_batch_pool_give(mr_batch_pool *pool, mr_pooled_batch *batch)
{
    pthread_mutex_lock(&pool->mutex);
    batch->owner = NULL;
    batch->next = pool->free_list;
    pool->free_list = batch;
    pool->free_count++;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->mutex);
}
