/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/health.c - does the log take events?
 *
 * Called by:  loops, workers and the bus's thread.
 * Invariants: `failing` is true from the first failed append to the next that succeeds.
 */
#include "gateway/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/log.h"

enum { health_memory_us = 5000000 };

struct mr_health {
    char *data_folder;
    uint64_t disk_free_bytes_min;
    atomic_bool failing;
    atomic_bool disk_is_low; /* as of the last look */
    pthread_mutex_t mutex;
    int64_t failed_us;                      /* guarded by mutex */
    int64_t told_us;                        /* guarded by mutex; of the last failure logged */
    bool told;                              /* guarded by mutex; the failure under way is logged */
    char message[mr_err_message_bytes_max]; /* guarded by mutex */
};

mr_health *mr_health_create(const char *data_folder, uint64_t disk_free_bytes_min)
{
    mr_health *health = mr_alloc_zero(1, sizeof *health);

    health->data_folder = mr_copy_string(data_folder);
    health->disk_free_bytes_min = disk_free_bytes_min;
    atomic_init(&health->failing, false);
    atomic_init(&health->disk_is_low, false);
    pthread_mutex_init(&health->mutex, NULL);
    mr_health_look(health);
    return health;
}

void mr_health_destroy(mr_health *health)
{
    if (health == NULL) {
        return;
    }
    pthread_mutex_destroy(&health->mutex);
    free(health->data_folder);
    free(health);
}

void mr_health_append_failed(mr_health *health, const mr_err *err)
{
    int64_t now_us = mr_monotonic_us();
    bool tell = false;

    pthread_mutex_lock(&health->mutex);
    health->failed_us = now_us;
    snprintf(health->message, sizeof health->message, "%s", err->message);
    /* A log that comes and goes must not fill another one. */
    if (!health->told && (health->told_us == 0 || now_us - health->told_us >= health_memory_us)) {
        health->told = true;
        health->told_us = now_us;
        tell = true;
    }
    atomic_store(&health->failing, true);
    pthread_mutex_unlock(&health->mutex);
    if (tell) {
        mr_log_error("the log takes no events: %s", err->message);
    }
}

void mr_health_append_succeeded(mr_health *health)
{
    bool tell;

    if (!atomic_load_explicit(&health->failing, memory_order_relaxed)) {
        return;
    }
    pthread_mutex_lock(&health->mutex);
    tell = health->told;
    health->told = false;
    atomic_store(&health->failing, false);
    pthread_mutex_unlock(&health->mutex);
    if (tell) {
        mr_log_info("the log takes events again");
    }
}

void mr_health_look(mr_health *health)
{
    uint64_t available = mr_disk_free_bytes(health->data_folder);
    bool low = available != 0 && available < health->disk_free_bytes_min; /* 0: unknown */

    if (atomic_exchange(&health->disk_is_low, low) == low) {
        return;
    }
    if (low) {
        mr_log_error("no events are taken: %llu bytes are free on the disk of %s, %llu are wanted "
                     "(MILLRACE_DISK_FREE_MIN); make room",
                     (unsigned long long)available, health->data_folder,
                     (unsigned long long)health->disk_free_bytes_min);
    } else {
        mr_log_info("the disk of %s has room again: events are taken", health->data_folder);
    }
}

bool mr_health_disk_is_low(const mr_health *health)
{
    return atomic_load_explicit(&health->disk_is_low, memory_order_relaxed);
}

static bool append_ready(mr_health *health, mr_buffer *reasons)
{
    bool ready = true;

    if (!atomic_load(&health->failing)) {
        return true;
    }
    pthread_mutex_lock(&health->mutex);
    if (mr_monotonic_us() - health->failed_us < health_memory_us) {
        ready = false;
        mr_buffer_append_json_string(reasons, mr_text_of(health->message));
    }
    pthread_mutex_unlock(&health->mutex);
    return ready;
}

static bool disk_ready(mr_health *health, bool first, mr_buffer *reasons)
{
    mr_health_look(health);
    if (!mr_health_disk_is_low(health)) {
        return true;
    }
    mr_buffer_printf(reasons,
                     "%s\"less than %llu bytes are free on the disk of the data folder "
                     "(MILLRACE_DISK_FREE_MIN)\"",
                     first ? "" : ",", (unsigned long long)health->disk_free_bytes_min);
    return false;
}

bool mr_health_ready(mr_health *health, mr_buffer *reasons)
{
    bool append = append_ready(health, reasons);
    bool disk = disk_ready(health, append, reasons);

    return append && disk;
}

void mr_health_last_error(mr_health *health, char ret_message[static mr_err_message_bytes_max])
{
    pthread_mutex_lock(&health->mutex);
    memcpy(ret_message, health->message, sizeof health->message);
    pthread_mutex_unlock(&health->mutex);
}
