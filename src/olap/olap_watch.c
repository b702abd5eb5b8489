/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_watch.c - stops statements: past their time limit, or when somebody asks.
 *
 * Owns:       the watcher, one thread a database, asleep until the nearest deadline.
 * Lock:       olap->lock guards the list of connections and each one's statement. The engine is
 *             called under it only to interrupt, which never waits.
 * Invariants: (1) the engine forgets an interrupt that comes before it has begun to work, so the
 *             watcher repeats it until the statement ends;
 *             (2) a connection in the list has an open handle.
 */
#include <limits.h>
#include <time.h>

#include "base/civil.h"
#include "base/thread.h"
#include "olap/olap_private.h"

enum { repeat_us = 20000 };

/* Interrupts what is due. Returns when to look again; INT64_MAX: when something changes. */
static int64_t stop_what_is_due(mr_olap *olap, int64_t now_us)
{
    int64_t wake_us = INT64_MAX;

    for (mr_olap_connection *at = olap->connections; at != NULL; at = at->next) {
        int64_t again_us = at->deadline_us;

        if (!at->under_way) {
            continue;
        }
        if (at->stop == MR_OLAP_GOES_ON && at->deadline_us <= now_us) {
            at->stop = MR_OLAP_LATE;
        }
        if (at->stop != MR_OLAP_GOES_ON) {
            mr_duckdb.interrupt(at->handle);
            again_us = now_us + repeat_us;
        }
        wake_us = again_us < wake_us ? again_us : wake_us;
    }
    return wake_us;
}

static void *watch(void *argument)
{
    mr_olap *olap = argument;

    (void)pthread_mutex_lock(&olap->lock);
    while (!olap->closing) {
        const int64_t wake_us = stop_what_is_due(olap, mr_monotonic_us());

        if (wake_us == INT64_MAX) {
            (void)pthread_cond_wait(&olap->changed, &olap->lock);
        } else {
            const struct timespec until = {.tv_sec = wake_us / 1000000,
                                           .tv_nsec = wake_us % 1000000 * 1000};
            (void)pthread_cond_timedwait(&olap->changed, &olap->lock, &until);
        }
    }
    (void)pthread_mutex_unlock(&olap->lock);
    return NULL;
}

void mr_olap_watch_start(mr_olap *olap)
{
    MR_ASSERT(pthread_mutex_init(&olap->lock, NULL) == 0);
    mr_condition_init(&olap->changed);
    MR_ASSERT(mr_thread_start(&olap->watcher, "olap-watch", watch, olap) == 0);
}

void mr_olap_watch_stop(mr_olap *olap)
{
    (void)pthread_mutex_lock(&olap->lock);
    MR_ASSERT(olap->connections == NULL);
    olap->closing = true;
    (void)pthread_cond_signal(&olap->changed);
    (void)pthread_mutex_unlock(&olap->lock);
    (void)pthread_join(olap->watcher, NULL);
    (void)pthread_cond_destroy(&olap->changed);
    (void)pthread_mutex_destroy(&olap->lock);
}

void mr_olap_watch_add(mr_olap_connection *connection)
{
    mr_olap *olap = connection->olap;

    connection->deadline_us = INT64_MAX;
    (void)pthread_mutex_lock(&olap->lock);
    connection->next = olap->connections;
    olap->connections = connection;
    (void)pthread_mutex_unlock(&olap->lock);
}

void mr_olap_watch_remove(mr_olap_connection *connection)
{
    mr_olap *olap = connection->olap;
    mr_olap_connection **link = &olap->connections;

    (void)pthread_mutex_lock(&olap->lock);
    while (*link != connection) {
        MR_ASSERT(*link != NULL);
        link = &(*link)->next;
    }
    *link = connection->next;
    (void)pthread_mutex_unlock(&olap->lock);
}

void mr_olap_interrupt(mr_olap_connection *connection)
{
    mr_olap *olap = connection->olap;

    (void)pthread_mutex_lock(&olap->lock);
    if (connection->under_way && connection->stop == MR_OLAP_GOES_ON) {
        connection->stop = MR_OLAP_INTERRUPTED;
        (void)pthread_cond_signal(&olap->changed);
    }
    (void)pthread_mutex_unlock(&olap->lock);
}

void mr_olap_set_timeout(mr_olap_connection *connection, uint32_t timeout_ms)
{
    (void)pthread_mutex_lock(&connection->olap->lock);
    connection->timeout_ms = timeout_ms;
    (void)pthread_mutex_unlock(&connection->olap->lock);
}

uint64_t mr_olap_begin(mr_olap_connection *connection)
{
    mr_olap *olap = connection->olap;

    (void)pthread_mutex_lock(&olap->lock);
    const uint64_t statement = ++connection->statement;
    connection->under_way = true;
    connection->stop = MR_OLAP_GOES_ON;
    connection->deadline_us = INT64_MAX;
    if (connection->timeout_ms > 0) {
        connection->deadline_us = mr_monotonic_us() + (int64_t)connection->timeout_ms * 1000;
        (void)pthread_cond_signal(&olap->changed);
    }
    (void)pthread_mutex_unlock(&olap->lock);
    return statement;
}

void mr_olap_end(mr_olap_connection *connection, uint64_t statement)
{
    (void)pthread_mutex_lock(&connection->olap->lock);
    if (connection->statement == statement) {
        connection->under_way = false;
    }
    (void)pthread_mutex_unlock(&connection->olap->lock);
}

bool mr_olap_is_current(mr_olap_connection *connection, uint64_t statement)
{
    (void)pthread_mutex_lock(&connection->olap->lock);
    const bool current = connection->statement == statement;
    (void)pthread_mutex_unlock(&connection->olap->lock);
    return current;
}

mr_olap_stop mr_olap_stopped(mr_olap_connection *connection)
{
    (void)pthread_mutex_lock(&connection->olap->lock);
    const mr_olap_stop stop = connection->stop;
    (void)pthread_mutex_unlock(&connection->olap->lock);
    return stop;
}
