/* SPDX-License-Identifier: Apache-2.0 */
/* web/shared_answer.c - the newest answer and the moment its look began; see shared_answer.h.
 *
 * Threads: lock guards all fields; make runs without it, by the one that has set `looking`.
 */
#include "web/shared_answer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/thread.h"
#include "web/call.h"

struct mr_shared_answer {
    pthread_mutex_t lock;
    pthread_cond_t looked;
    bool looking;
    int64_t begun_us; /* of the answer that is kept; INT64_MIN: none */
    mr_buffer answer;
};

mr_shared_answer *mr_shared_answer_create(void)
{
    mr_shared_answer *shared = mr_alloc_zero(1, sizeof *shared);

    (void)pthread_mutex_init(&shared->lock, NULL);
    mr_condition_init(&shared->looked);
    shared->begun_us = INT64_MIN;
    mr_buffer_init(&shared->answer, mr_web_answer_bytes_max);
    return shared;
}

void mr_shared_answer_destroy(mr_shared_answer *shared)
{
    if (shared == NULL) {
        return;
    }
    MR_ASSERT(!shared->looking);
    (void)pthread_cond_destroy(&shared->looked);
    (void)pthread_mutex_destroy(&shared->lock);
    mr_buffer_free(&shared->answer);
    free(shared);
}

/* With the lock. false: the deadline came first. */
static bool wait_for_look(mr_shared_answer *shared, int64_t deadline_us)
{
    const struct timespec deadline = {.tv_sec = deadline_us / 1000000,
                                      .tv_nsec = deadline_us % 1000000 * 1000};

    while (shared->looking) {
        if (pthread_cond_timedwait(&shared->looked, &shared->lock, &deadline) == ETIMEDOUT &&
            shared->looking) {
            return false;
        }
    }
    return true;
}

/* With the lock, which is open while make runs. */
static mr_status look(mr_shared_answer *shared, const mr_shared_ask *ask, mr_buffer *out,
                      mr_err *err)
{
    const size_t before = out->bytes;
    const int64_t begun_us = mr_monotonic_us();

    shared->looking = true;
    pthread_mutex_unlock(&shared->lock);
    const mr_status status = ask->make(ask->ctx, out, err);
    pthread_mutex_lock(&shared->lock);
    shared->looking = false;
    if (status == MR_OK && !out->overflowed) {
        const mr_text made = mr_buffer_text(out);

        mr_buffer_clear(&shared->answer);
        MR_ASSERT(mr_buffer_append(&shared->answer, made.data + before, made.bytes - before));
        shared->begun_us = begun_us;
    }
    pthread_cond_broadcast(&shared->looked);
    return status;
}

mr_status mr_shared_answer_get(mr_shared_answer *shared, const mr_shared_ask *ask, mr_buffer *out,
                               mr_err *err)
{
    mr_status status = MR_OK;

    pthread_mutex_lock(&shared->lock);
    while (shared->begun_us <= ask->came_us && shared->looking && status == MR_OK) {
        if (!wait_for_look(shared, ask->deadline_us)) {
            status = mr_fail(err, MR_STOPPED, "what was asked is still being looked at");
        }
    }
    if (status == MR_OK && shared->begun_us > ask->came_us) {
        (void)mr_buffer_append_text(out, mr_buffer_text(&shared->answer));
    } else if (status == MR_OK) {
        status = look(shared, ask, out, err);
    }
    pthread_mutex_unlock(&shared->lock);
    return status;
}

void *mr_web_shared_create(const mr_web_options *options)
{
    (void)options;
    return mr_shared_answer_create();
}

void mr_web_shared_destroy(void *part)
{
    mr_shared_answer_destroy(part);
}
