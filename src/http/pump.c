/* SPDX-License-Identifier: Apache-2.0 */
/* http/pump.c - a streamed answer that another thread writes.
 *
 *   writer:  send  -> waits until `handed` is free and sent, swaps its data in, posts `more`
 *   loop:    more  -> begins the stream (once), writes `handed`;  drained -> wakes the writer
 *   writer:  end   -> posts `last`, which the loop runs after every `more` posted before it
 *
 * Invariants: (1) `handed` belongs to the loop from posting `more` until it has run, else to the
 *                 writer; (2) the writer never waits for a task to run once the client has left:
 * the loop may have ended, and tasks run only when the server is destroyed. Lock order: the mutex
 * is a leaf.
 */
#include "http/pump.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/thread.h"
#include "http/stream.h"

struct mr_http_pump {
    mr_http_task more, last;
    mr_http_loop *loop;
    mr_http_request *request;
    const mr_http_answer *head;
    mr_buffer handed, rest;
    bool complete; /* set before `last` is posted */
    bool started;  /* the loop's: the stream stands */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool busy; /* guarded by mutex: `handed` is not sent yet */
    bool gone; /* guarded by mutex */
};

static void wake(mr_http_pump *pump, bool *flag, bool value)
{
    pthread_mutex_lock(&pump->mutex);
    *flag = value;
    pthread_cond_signal(&pump->changed);
    pthread_mutex_unlock(&pump->mutex);
}

/* --- In the loop's thread --------------------------------------------------------------------- */

static void on_drained(void *ctx)
{
    mr_http_pump *pump = ctx;

    wake(pump, &pump->busy, false);
}

static void start(mr_http_pump *pump)
{
    const mr_http_stream_hooks hooks = {.drained = on_drained, .ctx = pump};

    if (!pump->started) {
        pump->started = true;
        mr_http_stream_begin(pump->request, pump->head, &hooks);
    }
}

static void run_more(mr_http_task *task)
{
    mr_http_pump *pump = (mr_http_pump *)((char *)task - offsetof(mr_http_pump, more));

    start(pump);
    (void)mr_http_stream_write(pump->request, mr_buffer_text(&pump->handed)); /* gone tells */
    mr_buffer_clear(&pump->handed);
}

static void run_last(mr_http_task *task)
{
    mr_http_pump *pump = (mr_http_pump *)((char *)task - offsetof(mr_http_pump, last));

    start(pump);
    (void)mr_http_stream_write(pump->request, mr_buffer_text(&pump->rest));
    mr_http_stream_end(pump->request, pump->complete); /* the pump is gone */
}

/* --- Life ------------------------------------------------------------------------------------- */

mr_http_pump *mr_http_pump_create(mr_http_request *request)
{
    mr_http_pump *pump = mr_alloc_zero(1, sizeof *pump);

    pump->more.run = run_more;
    pump->last.run = run_last;
    pump->request = request;
    pump->loop = mr_http_request_loop(request);
    mr_buffer_init(&pump->handed, SIZE_MAX / 2); /* both hold what the writer's buffer held */
    mr_buffer_init(&pump->rest, SIZE_MAX / 2);
    pthread_mutex_init(&pump->mutex, NULL);
    mr_condition_init(&pump->changed);
    return pump;
}

void mr_http_pump_destroy(mr_http_pump *pump)
{
    if (pump == NULL) {
        return;
    }
    mr_buffer_free(&pump->handed);
    mr_buffer_free(&pump->rest);
    pthread_cond_destroy(&pump->changed);
    pthread_mutex_destroy(&pump->mutex);
    free(pump);
}

void mr_http_pump_gone(mr_http_pump *pump)
{
    wake(pump, &pump->gone, true);
}

/* --- In the writer's thread ------------------------------------------------------------------- */

void mr_http_pump_set_head(mr_http_pump *pump, const mr_http_answer *head)
{
    pump->head = head;
}

/* true: `handed` is the writer's, and is marked busy for what it will hold. */
static bool take_turn(mr_http_pump *pump, int64_t deadline_us)
{
    const struct timespec end = {.tv_sec = (time_t)(deadline_us / 1000000),
                                 .tv_nsec = (long)(deadline_us % 1000000) * 1000};
    bool in_time = true;

    pthread_mutex_lock(&pump->mutex);
    while (pump->busy && !pump->gone && in_time) {
        in_time = pthread_cond_timedwait(&pump->changed, &pump->mutex, &end) != ETIMEDOUT;
    }
    bool taken = !pump->busy && !pump->gone;
    pump->busy = pump->busy || taken;
    pthread_mutex_unlock(&pump->mutex);
    return taken;
}

mr_status mr_http_pump_send(mr_http_pump *pump, mr_buffer *data, int64_t deadline_us, mr_err *err)
{
    mr_buffer given = *data;

    MR_ASSERT(pump->head != NULL);
    if (data->bytes == 0) {
        return MR_OK;
    }
    if (!take_turn(pump, deadline_us)) {
        return mr_fail(err, MR_STOPPED, "the client has left, or reads too slowly");
    }
    *data = pump->handed; /* empty, with its memory */
    pump->handed = given;
    data->bytes_max = given.bytes_max;
    mr_http_loop_post(pump->loop, &pump->more);
    return MR_OK;
}

void mr_http_pump_end(mr_http_pump *pump, mr_buffer *rest, bool complete)
{
    mr_buffer given = *rest;

    *rest = pump->rest;
    pump->rest = given;
    pump->complete = complete;
    mr_http_loop_post(pump->loop, &pump->last);
}
