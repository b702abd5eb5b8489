/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_upkeep.c - waits until there is enough to do, does it, waits again.
 *
 * Owns:       its thread, its own handle of the table, and an engine while it rewrites files.
 * Threads:    run() and what it calls: its own. `mutex` guards what the others share with it.
 * Invariants: nothing it does delays a delivery; a rewrite that another one was faster with is left
 *             alone, so that several processes may run one each.
 */
#include "stream/sink_bronze_upkeep.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/thread.h"
#include "lake/delta_sql.h"
#include "stream/sink_bronze_table.h"

enum {
    upkeep_commits_min = 32,
    upkeep_files_min = 8,   /* of like size, for them to become one */
    upkeep_rest_ms = 60000, /* from a commit to a look at what few there are; after a failure */
    upkeep_memory_bytes = 134217728,
    upkeep_threads = 1,
    upkeep_stop_wait_ms = 20,
    vacuum_delay_ms = 300000,
    vacuum_interval_ms = 86400000,
    retention_ms_default = 604800000,
    retention_ms_min = 3600000, /* a file that is being committed is younger than this */
};

struct mr_bronze_upkeep {
    mr_bronze_upkeep_options options;
    pthread_t thread;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* guarded by mutex */
    bool stopping, ended;
    size_t commits;        /* since the last look */
    int64_t first_at_us;   /* the first of these */
    int64_t not_before_us; /* after a failure */
    int64_t vacuum_at_us;
    mr_olap_connection *connection; /* while it rewrites */
    mr_bronze_upkeep_report report;
};

/* --- Waiting ---------------------------------------------------------------------------------- */

static struct timespec instant_of(int64_t us)
{
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
}

static int64_t optimize_at_us(const mr_bronze_upkeep *upkeep)
{
    if (upkeep->commits == 0) {
        return INT64_MAX;
    }
    if (upkeep->commits >= upkeep->options.commits_min) {
        return upkeep->not_before_us;
    }
    int64_t at_us = upkeep->first_at_us + (int64_t)upkeep_rest_ms * 1000;
    return at_us > upkeep->not_before_us ? at_us : upkeep->not_before_us;
}

typedef enum duty { duty_end, duty_optimize, duty_vacuum } duty;

static duty wait_for_duty(mr_bronze_upkeep *upkeep)
{
    duty chosen = duty_end;

    (void)pthread_mutex_lock(&upkeep->mutex);
    while (!upkeep->stopping) {
        int64_t now_us = mr_monotonic_us();
        int64_t at_us = optimize_at_us(upkeep);
        if (at_us <= now_us) {
            upkeep->commits = 0;
            chosen = duty_optimize;
            break;
        }
        if (upkeep->vacuum_at_us <= now_us) {
            upkeep->vacuum_at_us = now_us + (int64_t)upkeep->options.vacuum_interval_ms * 1000;
            chosen = duty_vacuum;
            break;
        }
        struct timespec until =
            instant_of(at_us < upkeep->vacuum_at_us ? at_us : upkeep->vacuum_at_us);
        (void)pthread_cond_timedwait(&upkeep->changed, &upkeep->mutex, &until);
    }
    (void)pthread_mutex_unlock(&upkeep->mutex);
    return chosen;
}

void mr_bronze_upkeep_note(mr_bronze_upkeep *upkeep)
{
    (void)pthread_mutex_lock(&upkeep->mutex);
    if (upkeep->commits == 0) {
        upkeep->first_at_us = mr_monotonic_us();
    }
    upkeep->commits++;
    if (upkeep->commits == 1 || upkeep->commits == upkeep->options.commits_min) {
        (void)pthread_cond_broadcast(&upkeep->changed);
    }
    (void)pthread_mutex_unlock(&upkeep->mutex);
}

/* --- Gathering small files -------------------------------------------------------------------- */

/* False: it is to stop, and nothing may begin that could not be interrupted. */
static bool share_connection(mr_bronze_upkeep *upkeep, mr_olap_connection *connection)
{
    (void)pthread_mutex_lock(&upkeep->mutex);
    bool goes_on = !upkeep->stopping;
    upkeep->connection = goes_on ? connection : NULL;
    (void)pthread_mutex_unlock(&upkeep->mutex);
    return goes_on;
}

static mr_status optimize_with(mr_bronze_upkeep *upkeep, mr_delta_table *table,
                               mr_olap_connection *connection, mr_err *err)
{
    const mr_delta_optimize_options options = {.file_bytes_target = upkeep->options.file_bytes,
                                               .files_min = upkeep_files_min,
                                               .tiers = true};
    mr_delta_optimize_report report = {.version = -1};

    if (!share_connection(upkeep, connection)) {
        return MR_OK;
    }
    mr_status status = mr_delta_optimize(table, connection, &options, &report, err);
    (void)share_connection(upkeep, NULL);
    if (status == MR_OK && report.version >= 0) {
        mr_log_info("%s: %" PRIu64 " files of %" PRIu64 " bytes became %" PRIu64 " of %" PRIu64,
                    mr_bronze_path, report.files_before, report.bytes_before, report.files_after,
                    report.bytes_after);
        (void)pthread_mutex_lock(&upkeep->mutex);
        upkeep->report.rewritten += report.files_before;
        (void)pthread_mutex_unlock(&upkeep->mutex);
    }
    return status;
}

static mr_status optimize(mr_bronze_upkeep *upkeep, mr_delta_table *table, mr_err *err)
{
    char *temp_folder = mr_path_join(upkeep->options.data_folder, "tmp/bronze-upkeep");
    mr_olap_options options = {.memory_bytes_max = upkeep_memory_bytes,
                               .threads = upkeep_threads,
                               .temp_folder = temp_folder};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    mr_status status = mr_olap_open(&options, &olap, err);

    if (status == MR_OK) {
        status = mr_olap_connect(olap, &connection, err);
    }
    if (status == MR_OK) {
        status = optimize_with(upkeep, table, connection, err);
    }
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    free(temp_folder);
    return status;
}

/* --- Removing what is dead -------------------------------------------------------------------- */

static mr_status vacuum(mr_bronze_upkeep *upkeep, mr_delta_table *table, mr_err *err)
{
    uint64_t retention_ms = upkeep->options.retention_ms;
    mr_delta_vacuum_options options = {
        .retention_ms = retention_ms > retention_ms_min ? retention_ms : retention_ms_min,
        .force = true, /* the operator's setting says so */
    };
    mr_delta_vacuum_report report = {0};
    mr_status status = mr_delta_vacuum(table, &options, &report, err);

    if (status == MR_OK && report.files + report.log_entries > 0) {
        mr_log_info("%s: %" PRIu64 " files of %" PRIu64 " bytes and %" PRIu64
                    " log entries were past their retention",
                    mr_bronze_path, report.files, report.bytes, report.log_entries);
    }
    return status;
}

/* --- The thread ------------------------------------------------------------------------------- */

static void note_round(mr_bronze_upkeep *upkeep, duty done, bool failed)
{
    (void)pthread_mutex_lock(&upkeep->mutex);
    upkeep->report.rounds++;
    upkeep->report.vacuums += done == duty_vacuum;
    upkeep->report.failures += failed;
    if (failed) {
        upkeep->not_before_us = mr_monotonic_us() + (int64_t)upkeep_rest_ms * 1000;
    }
    (void)pthread_cond_broadcast(&upkeep->changed);
    (void)pthread_mutex_unlock(&upkeep->mutex);
}

static void *run(void *ctx)
{
    mr_bronze_upkeep *upkeep = ctx;
    mr_delta_table *table = mr_delta_table_create(upkeep->options.blobs, mr_bronze_path);

    mr_thread_give_way();
    for (duty next = wait_for_duty(upkeep); next != duty_end; next = wait_for_duty(upkeep)) {
        mr_err err;
        mr_status status =
            next == duty_optimize ? optimize(upkeep, table, &err) : vacuum(upkeep, table, &err);
        bool failed = status != MR_OK && status != MR_NOT_FOUND && status != MR_STOPPED;
        if (failed) {
            mr_log_warn("%s: %s: %s; tried again later", mr_bronze_path,
                        next == duty_optimize ? "gathering small files" : "removing dead files",
                        err.message);
        }
        note_round(upkeep, next, failed);
    }
    mr_delta_table_destroy(table);
    (void)pthread_mutex_lock(&upkeep->mutex);
    upkeep->ended = true;
    (void)pthread_cond_broadcast(&upkeep->changed);
    (void)pthread_mutex_unlock(&upkeep->mutex);
    return NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void init(mr_bronze_upkeep *upkeep, const mr_bronze_upkeep_options *options)
{
    mr_bronze_upkeep_options *own = &upkeep->options;

    *own = *options;
    own->retention_ms = own->retention_ms > 0 ? own->retention_ms : retention_ms_default;
    own->vacuum_delay_ms = own->vacuum_delay_ms > 0 ? own->vacuum_delay_ms : vacuum_delay_ms;
    own->vacuum_interval_ms =
        own->vacuum_interval_ms > 0 ? own->vacuum_interval_ms : vacuum_interval_ms;
    own->commits_min = own->commits_min > 0 ? own->commits_min : upkeep_commits_min;
    upkeep->vacuum_at_us = mr_monotonic_us() + (int64_t)own->vacuum_delay_ms * 1000;
    mr_condition_init(&upkeep->changed);
    MR_ASSERT(pthread_mutex_init(&upkeep->mutex, NULL) == 0);
}

static void destroy(mr_bronze_upkeep *upkeep)
{
    (void)pthread_cond_destroy(&upkeep->changed); /* nobody waits: the thread has ended */
    (void)pthread_mutex_destroy(&upkeep->mutex);
    free(upkeep);
}

mr_status mr_bronze_upkeep_start(const mr_bronze_upkeep_options *options,
                                 mr_bronze_upkeep **ret_upkeep, mr_err *err)
{
    mr_bronze_upkeep *upkeep = mr_alloc_zero(1, sizeof(*upkeep));

    init(upkeep, options);
    int failed = mr_thread_start(&upkeep->thread, "bronze-upkeep", run, upkeep);
    if (failed != 0) {
        destroy(upkeep);
        return mr_fail_errno(err, failed, "start the thread that keeps %s in order",
                             mr_bronze_path);
    }
    *ret_upkeep = upkeep;
    return MR_OK;
}

void mr_bronze_upkeep_stop(mr_bronze_upkeep *upkeep)
{
    if (upkeep == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&upkeep->mutex);
    upkeep->stopping = true;
    (void)pthread_cond_broadcast(&upkeep->changed);
    while (!upkeep->ended) {
        struct timespec until = instant_of(mr_monotonic_us() + (int64_t)upkeep_stop_wait_ms * 1000);
        if (upkeep->connection != NULL) { /* between two statements none would be met: again */
            mr_olap_interrupt(upkeep->connection);
        }
        (void)pthread_cond_timedwait(&upkeep->changed, &upkeep->mutex, &until);
    }
    (void)pthread_mutex_unlock(&upkeep->mutex);
    MR_ASSERT(pthread_join(upkeep->thread, NULL) == 0);
    destroy(upkeep);
}

mr_bronze_upkeep_report mr_bronze_upkeep_wait(mr_bronze_upkeep *upkeep, uint64_t rounds)
{
    (void)pthread_mutex_lock(&upkeep->mutex);
    while (upkeep->report.rounds < rounds) {
        (void)pthread_cond_wait(&upkeep->changed, &upkeep->mutex);
    }
    mr_bronze_upkeep_report report = upkeep->report;
    (void)pthread_mutex_unlock(&upkeep->mutex);
    return report;
}
