/* SPDX-License-Identifier: Apache-2.0 */
/* web/lake_slot.c - a worker's engine, and the thread that ends queries nobody waits for.
 *
 * Threads: the slot is its worker's. The watch is shared: its list is guarded by lock; the thread
 *          sleeps while the list is empty, and looks ten times a second at calls in it: that a
 *          client left is a flag of the call, which wakes nobody.
 */
#include "web/lake_slot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/thread.h"
#include "web/parts.h"

enum { look_ms = 100, watched_max = 1024, tables_us_max = 10 * 1000000 };

/* --- The lake --------------------------------------------------------------------------------- */

typedef struct lake_slot {
    mr_sql_lake *lake;
    int64_t opened_us;
} lake_slot;

static void destroy_slot(void *value)
{
    lake_slot *slot = value;

    mr_sql_lake_close(slot->lake);
    free(slot);
}

mr_status mr_web_lake(mr_web_call *call, mr_sql_lake **ret_lake, mr_err *err)
{
    const mr_web_options *options = mr_web_call_options(call);
    lake_slot *slot = mr_web_call_slot(call, MR_WEB_SLOT_LAKE);

    if (slot == NULL || mr_monotonic_us() - slot->opened_us > tables_us_max) {
        const mr_sql_lake_options lake = {.lake = options->lake,
                                          .data_folder = options->data_folder,
                                          .models = options->models,
                                          .memory_bytes_max = options->sql_memory_bytes,
                                          .threads = options->olap_threads,
                                          .timeout_ms = options->query_timeout_ms};
        lake_slot *fresh = mr_alloc_zero(1, sizeof *fresh);
        const mr_status status = mr_sql_lake_open(&lake, &fresh->lake, err);

        if (status != MR_OK) {
            free(fresh);
            return status;
        }
        fresh->opened_us = mr_monotonic_us();
        mr_web_call_set_slot(call, MR_WEB_SLOT_LAKE, fresh, destroy_slot);
        slot = fresh;
    }
    mr_olap_set_timeout(slot->lake->connection, mr_web_call_left_ms(call));
    *ret_lake = slot->lake;
    return MR_OK;
}

/* --- The watch -------------------------------------------------------------------------------- */

typedef struct watched {
    const mr_web_call *call;
    mr_olap_connection *connection;
} watched;

typedef struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    watched list[watched_max];
    size_t count;
    bool stopping;
} watch;

static struct timespec next_look(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += look_ms * 1000000L;
    if (time.tv_nsec >= 1000000000L) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000L;
    }
    return time;
}

static void *run_watch(void *argument)
{
    watch *self = argument;

    pthread_mutex_lock(&self->lock);
    while (!self->stopping) {
        const struct timespec next = next_look();

        if (self->count == 0) {
            pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        if (pthread_cond_timedwait(&self->changed, &self->lock, &next) != ETIMEDOUT) {
            continue;
        }
        for (size_t index = 0; index < self->count; index++) {
            if (mr_web_call_is_over(self->list[index].call)) {
                mr_olap_interrupt(self->list[index].connection);
            }
        }
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

void *mr_web_watch_create(const mr_web_options *options)
{
    watch *self = mr_alloc_zero(1, sizeof *self);

    (void)options;
    (void)pthread_mutex_init(&self->lock, NULL);
    mr_condition_init(&self->changed);
    MR_ASSERT(mr_thread_start(&self->thread, "lake-slot", run_watch, self) == 0);
    return self;
}

void mr_web_watch_destroy(void *part)
{
    watch *self = part;

    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    (void)pthread_join(self->thread, NULL);
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

void mr_web_lake_begin(mr_web_call *call, mr_olap_connection *connection)
{
    watch *self = mr_web_call_part(call, MR_WEB_PART_SQL);

    pthread_mutex_lock(&self->lock);
    MR_ASSERT(self->count < watched_max); /* one a worker, and there are fewer */
    self->list[self->count++] = (watched){call, connection};
    if (self->count == 1) {
        pthread_cond_signal(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
}

void mr_web_lake_end(mr_web_call *call, mr_olap_connection *connection)
{
    watch *self = mr_web_call_part(call, MR_WEB_PART_SQL);

    pthread_mutex_lock(&self->lock);
    for (size_t index = 0; index < self->count; index++) {
        if (self->list[index].call == call && self->list[index].connection == connection) {
            self->list[index] = self->list[--self->count];
            break;
        }
    }
    pthread_mutex_unlock(&self->lock);
}
