/* SPDX-License-Identifier: Apache-2.0 */
/* web/live.c - server-sent events: the same figures to every stream.
 *
 *   reader thread:  wait for streams -> read -> put the text in `text` -> post `tell` to each loop
 *   loop's thread:  tell -> write `text` to each of its streams; end those whose session is over
 *
 * Owns:       the streams: calls from their begin to their end, in a list a loop.
 * Invariants: (1) a loop's list belongs to that loop's thread, but links and `over` change under
 * the mutex, for the reader thread looks whose sessions still stand; (2) a stream whose client does
 * not read is ended before it holds more than stream_unsent_bytes_max; (3) reserved >= streams, and
 * never above its maximum. Lock order: the mutex is a leaf; neither store nor ops is asked while it
 * is held.
 */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "web/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/stream.h"
#include "web/live_totals.h"

enum {
    alive_ms = 15000,
    sessions_ms = 5000, /* between two looks at the sessions of the streams */
    stream_unsent_bytes_max = 65536,
    text_bytes_max = 4096,
};

typedef struct live_loop {
    mr_web_live *live;
    mr_http_loop *loop;
    mr_http_task tell;
    bool posted;        /* guarded by mutex */
    mr_web_call *first; /* its streams */
    uint64_t told;      /* the number of the last text written */
} live_loop;

struct mr_web_live {
    mr_web *web;
    uint32_t period_ms;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    live_loop loops[mr_web_live_loops_max]; /* the slots, and what says so: guarded by mutex */
    size_t loop_count;                      /* guarded by mutex, as all below */
    uint32_t reserved;
    bool stopping, stopped;
    mr_buffer figures; /* the last event of totals, for those who join; empty at first */
    mr_buffer text;    /* what the loops are to write, number `number` */
    uint64_t number;
};

/* --- Writing, in the loops -------------------------------------------------------------------- */

static void release_place(mr_web_live *live)
{
    pthread_mutex_lock(&live->mutex);
    MR_ASSERT(live->reserved > 0);
    live->reserved--;
    pthread_mutex_unlock(&live->mutex);
}

static live_loop *loop_of(mr_web_live *live, const mr_http_loop *loop)
{
    size_t i = 0;

    while (live->loops[i].loop != loop) {
        i++;
        MR_ASSERT(i < live->loop_count); /* every loop was added when it started */
    }
    return &live->loops[i];
}

static void unlink_call(mr_web_live *live, mr_web_call *call)
{
    pthread_mutex_lock(&live->mutex);
    live_loop *own = loop_of(live, call->loop);
    mr_web_call **link = &own->first;
    while (*link != call) {
        link = &(*link)->live_next;
    }
    *link = call->live_next;
    live->reserved--;
    pthread_mutex_unlock(&live->mutex);
    call->kept = false;
}

void mr_web_live_gone(mr_web_call *call)
{
    unlink_call(call->web->live, call);
    mr_http_stream_end(call->request, true);
}

static void end_stream(mr_web_call *call, bool with_word)
{
    if (with_word) {
        (void)mr_http_stream_write(call->request, MR_TEXT_LITERAL("event: end\ndata: {}\n\n"));
    }
    if (call->kept) { /* writing may have found out that the client has left */
        unlink_call(call->web->live, call);
        mr_http_stream_end(call->request, true);
    }
}

/* A customer is told that something has changed, and none of the shop's figures. */
static mr_text seen_by(const mr_web_call *call, mr_text text)
{
    bool hidden =
        call->session.user.role == MR_USER_CUSTOMER && mr_text_starts_with(text, "event: totals\n");

    return hidden ? MR_TEXT_LITERAL("event: totals\ndata: {}\n\n") : text;
}

static void write_to(mr_web_call *call, mr_text text)
{
    if (mr_http_stream_unsent_bytes(call->request) > stream_unsent_bytes_max) {
        end_stream(call, false);
    } else {
        /* A client that left is told of. */
        (void)mr_http_stream_write(call->request, seen_by(call, text));
    }
}

/* Copies what is new, so that nothing is written under the mutex. */
static bool take_text(live_loop *own, char text[static text_bytes_max], size_t *ret_bytes)
{
    mr_web_live *live = own->live;

    pthread_mutex_lock(&live->mutex);
    own->posted = false;
    bool is_new = own->told != live->number;
    own->told = live->number;
    *ret_bytes = live->text.bytes;
    if (is_new && live->text.bytes > 0) {
        memcpy(text, live->text.data, live->text.bytes);
    }
    bool stopping = live->stopping;
    pthread_mutex_unlock(&live->mutex);
    *ret_bytes = is_new ? *ret_bytes : 0;
    return stopping;
}

static bool is_over(mr_web_live *live, const mr_web_call *call)
{
    pthread_mutex_lock(&live->mutex);
    bool over = call->live_over;
    pthread_mutex_unlock(&live->mutex);
    return over;
}

static void run_tell(mr_http_task *task)
{
    live_loop *own = (live_loop *)((char *)task - offsetof(live_loop, tell));
    char text[text_bytes_max];
    size_t bytes = 0;
    bool stopping = take_text(own, text, &bytes);
    mr_web_call *next;

    for (mr_web_call *call = own->first; call != NULL; call = next) {
        next = call->live_next;
        if (stopping || is_over(own->live, call)) {
            end_stream(call, !stopping);
        } else if (bytes > 0) {
            write_to(call, (mr_text){text, bytes});
        }
    }
}

void mr_web_live_begin(mr_http_task *task)
{
    static const mr_http_answer head = {
        .status = 200,
        .content_type = "text/event-stream",
        .headers = "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
    };
    static const mr_http_stream_hooks hooks = {.ends_with_input = true};
    mr_web_call *call = (mr_web_call *)((char *)task - offsetof(mr_web_call, task));
    mr_web_live *live = call->web->live;
    char text[text_bytes_max];
    size_t bytes = 0;

    if (atomic_load_explicit(&call->gone, memory_order_relaxed) ||
        mr_http_request_is_head(call->request)) {
        release_place(live);
        mr_http_stream_begin(call->request, &head, &hooks);
        mr_http_stream_end(call->request, true);
        return;
    }
    mr_counter_add(call->web->answers, 1);
    mr_http_stream_begin(call->request, &head, &hooks);
    pthread_mutex_lock(&live->mutex);
    live_loop *own = loop_of(live, call->loop);
    call->live_next = own->first;
    own->first = call;
    call->kept = true;
    bytes = live->figures.bytes;
    MR_ASSERT(bytes <= sizeof text);
    if (bytes > 0) {
        memcpy(text, live->figures.data, bytes);
    }
    bool stopping = live->stopping;
    pthread_mutex_unlock(&live->mutex);
    if (stopping) {
        end_stream(call, false);
        return;
    }
    (void)mr_http_stream_write(call->request, MR_TEXT_LITERAL("retry: 2000\n\n"));
    if (call->kept && bytes > 0) { /* the first writing may have found the client gone */
        (void)mr_http_stream_write(call->request, seen_by(call, (mr_text){text, bytes}));
    }
}

bool mr_web_live_reserve(mr_web_live *live)
{
    pthread_mutex_lock(&live->mutex);
    bool room = !live->stopping && live->reserved < mr_web_live_streams_max;
    live->reserved += room;
    pthread_cond_signal(&live->changed);
    pthread_mutex_unlock(&live->mutex);
    return room;
}

/* --- Reading, in the thread ------------------------------------------------------------------- */

/* Under the mutex. A loop that has not come to the last task will see this text instead. */
static void post_all(mr_web_live *live)
{
    for (size_t i = 0; i < live->loop_count; i++) {
        if (!live->loops[i].posted) {
            live->loops[i].posted = true;
            mr_http_loop_post(live->loops[i].loop, &live->loops[i].tell);
        }
    }
}

static void tell_all(mr_web_live *live, const char *event, mr_text data, bool keep)
{
    pthread_mutex_lock(&live->mutex);
    mr_buffer_clear(&live->text);
    (void)mr_buffer_printf(&live->text, "event: %s\ndata: %.*s\n\n", event, MR_TEXT_ARGS(data));
    if (keep) {
        mr_buffer_clear(&live->figures);
        (void)mr_buffer_append_text(&live->figures, mr_buffer_text(&live->text));
    }
    live->number++;
    post_all(live);
    pthread_mutex_unlock(&live->mutex);
}

typedef struct token_list {
    char (*tokens)[mr_token_bytes_max];
    size_t count;
} token_list;

static token_list copy_tokens(mr_web_live *live)
{
    token_list list = {.tokens = mr_alloc_zero(mr_web_live_streams_max, sizeof *list.tokens)};

    pthread_mutex_lock(&live->mutex);
    for (size_t i = 0; i < live->loop_count; i++) {
        for (const mr_web_call *call = live->loops[i].first; call != NULL; call = call->live_next) {
            MR_ASSERT(list.count < mr_web_live_streams_max);
            memcpy(list.tokens[list.count++], call->token, sizeof call->token);
        }
    }
    pthread_mutex_unlock(&live->mutex);
    return list;
}

static void end_session(mr_web_live *live, const char *token)
{
    pthread_mutex_lock(&live->mutex);
    for (size_t i = 0; i < live->loop_count; i++) {
        for (mr_web_call *call = live->loops[i].first; call != NULL; call = call->live_next) {
            call->live_over = call->live_over || strcmp(call->token, token) == 0;
        }
    }
    post_all(live);
    pthread_mutex_unlock(&live->mutex);
}

/* Ends the streams whose sessions are over. While ops cannot be asked, they go on. */
static void look_at_sessions(mr_web_live *live, mr_ops **ops)
{
    const mr_web *web = live->web;
    mr_store_options options = web->options.store;
    token_list list = copy_tokens(live);

    options.mode = MR_STORE_WRITE;
    if (*ops == NULL && mr_ops_open_beside(&options, ops, NULL) != MR_OK) {
        *ops = NULL;
    }
    for (size_t i = 0; i < list.count && *ops != NULL; i++) {
        mr_session session;
        mr_status st = mr_ops_session_look(*ops, mr_text_of(list.tokens[i]), &web->session_limits,
                                           &session, NULL);
        if (st == MR_NOT_FOUND) {
            end_session(live, list.tokens[i]);
        } else if (st != MR_OK) {
            mr_ops_close(*ops);
            *ops = NULL;
        }
    }
    explicit_bzero(list.tokens, mr_web_live_streams_max * sizeof *list.tokens);
    free(list.tokens);
}

/* Waits for the next reading, and for a stream to read for. false: the end. */
static bool wait_for_turn(mr_web_live *live, int64_t due_us)
{
    const struct timespec due = {.tv_sec = (time_t)(due_us / 1000000),
                                 .tv_nsec = (long)(due_us % 1000000) * 1000};
    bool in_time = true;

    pthread_mutex_lock(&live->mutex);
    while (!live->stopping && (live->reserved == 0 || in_time)) {
        if (live->reserved == 0) {
            pthread_cond_wait(&live->changed, &live->mutex);
        } else {
            in_time = mr_monotonic_us() < due_us &&
                      pthread_cond_timedwait(&live->changed, &live->mutex, &due) != ETIMEDOUT;
        }
    }
    bool goes_on = !live->stopping;
    pthread_mutex_unlock(&live->mutex);
    return goes_on;
}

static void *live_main(void *argument)
{
    mr_web_live *live = argument;
    mr_live_reader *reader = mr_live_reader_create(&live->web->options);
    int64_t read_us = 0, alive_us = mr_monotonic_us(), sessions_us = alive_us;
    mr_ops *ops = NULL;
    mr_buffer data;

    mr_buffer_init(&data, text_bytes_max / 2);
    while (wait_for_turn(live, read_us + (int64_t)live->period_ms * 1000)) {
        read_us = mr_monotonic_us();
        mr_buffer_clear(&data);
        if (mr_live_reader_read(reader, &data)) {
            MR_ASSERT(!data.overflowed);
            tell_all(live, "totals", mr_buffer_text(&data), true);
            alive_us = read_us;
        } else if (read_us - alive_us >= (int64_t)alive_ms * 1000) {
            tell_all(live, "alive", MR_TEXT_LITERAL("{}"), false);
            alive_us = read_us;
        }
        if (read_us - sessions_us >= (int64_t)sessions_ms * 1000) {
            look_at_sessions(live, &ops);
            sessions_us = read_us;
        }
    }
    mr_ops_close(ops);
    mr_live_reader_destroy(reader);
    mr_buffer_free(&data);
    return NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

mr_web_live *mr_web_live_start(mr_web *web, uint32_t period_ms)
{
    mr_web_live *live = mr_alloc_zero(1, sizeof *live);

    live->web = web;
    live->period_ms = period_ms;
    mr_buffer_init(&live->figures, text_bytes_max / 2);
    mr_buffer_init(&live->text, text_bytes_max);
    pthread_mutex_init(&live->mutex, NULL);
    mr_condition_init(&live->changed);
    /* Failing to start a thread is as final as running out of memory. */
    MR_ASSERT(mr_thread_start(&live->thread, "live", live_main, live) == 0);
    return live;
}

void mr_web_live_add_loop(mr_web_live *live, mr_http_loop *loop)
{
    pthread_mutex_lock(&live->mutex);
    MR_ASSERT(live->loop_count < mr_web_live_loops_max);
    live_loop *own = &live->loops[live->loop_count++];
    *own = (live_loop){.live = live, .loop = loop, .tell.run = run_tell};
    pthread_mutex_unlock(&live->mutex);
}

void mr_web_live_stop(mr_web_live *live)
{
    if (live == NULL || live->stopped) {
        return;
    }
    pthread_mutex_lock(&live->mutex);
    live->stopping = true;
    pthread_cond_signal(&live->changed);
    post_all(live);
    pthread_mutex_unlock(&live->mutex);
    pthread_join(live->thread, NULL);
    live->stopped = true;
}

void mr_web_live_destroy(mr_web_live *live)
{
    if (live == NULL) {
        return;
    }
    MR_ASSERT(live->stopped);
    mr_buffer_free(&live->figures);
    mr_buffer_free(&live->text);
    pthread_cond_destroy(&live->changed);
    pthread_mutex_destroy(&live->mutex);
    free(live);
}

/* --- The route -------------------------------------------------------------------------------- */

mr_status mr_web_live_get(mr_web_call *call, mr_err *err)
{
    if (!mr_web_live_reserve(call->web->live)) {
        return mr_fail(err, MR_UNAVAILABLE, "%d live streams are open, and no more can be",
                       mr_web_live_streams_max);
    }
    call->task.run = mr_web_live_begin;
    return MR_OK;
}
