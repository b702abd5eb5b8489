/* SPDX-License-Identifier: Apache-2.0 */
/* http/loop.c - one thread's event loop: epoll, posted tasks, deadlines, drain.
 *
 * A round: wait, take events, run tasks, resume what was answered, call the owner's loop_turn hook
 * if anything ran or the owner asked for it by now, free what was closed, and now and then look for
 * deadlines.
 *
 * Owns:       the epoll and wake descriptors, the listening socket, all its connections.
 * Invariants: (1) a closed connection is freed at a round's end, when no event, list or caller
 *             names it; (2) its slot in `slots` moves only then; (3) the wake descriptor is
 *             edge-triggered and never read: each write is an edge.
 * Shared:     tasks, stop_requested. All else belongs to the loop's thread, and to the server's
 *             owner before it starts and after it ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/thread.h"
#include "http/loop.h"

enum { events_max = 256, slots_first = 64 };

/* --- Lists ---------------------------------------------------------------------------------- */

void mr_loop_add(mr_http_loop *loop, mr_connection *connection)
{
    if (loop->slot_count == loop->slot_capacity) {
        loop->slot_capacity = loop->slot_capacity == 0 ? slots_first : loop->slot_capacity * 2;
        loop->slots = mr_realloc(loop->slots, loop->slot_capacity * sizeof *loop->slots);
    }
    connection->slot = loop->slot_count++;
    loop->slots[connection->slot] = (mr_slot){INT64_MAX, connection};
}

void mr_loop_closed(mr_http_loop *loop, mr_connection *connection)
{
    connection->closed_next = loop->closed;
    loop->closed = connection;
}

void mr_loop_resume_later(mr_http_loop *loop, mr_connection *connection)
{
    if (!connection->to_resume) {
        connection->to_resume = true;
        connection->resume_next = loop->resume;
        loop->resume = connection;
    }
}

static void resume_all(mr_http_loop *loop)
{
    while (loop->resume != NULL) {
        mr_connection *connection = loop->resume;
        loop->resume = connection->resume_next;
        connection->to_resume = false;
        mr_connection_resume(connection);
    }
}

static void remove_slot(mr_http_loop *loop, uint32_t index)
{
    mr_slot *last = &loop->slots[--loop->slot_count];

    loop->slots[index] = *last;
    loop->slots[index].connection->slot = index;
}

static void free_closed(mr_http_loop *loop)
{
    MR_ASSERT(loop->resume == NULL);
    while (loop->closed != NULL) {
        mr_connection *connection = loop->closed;
        loop->closed = connection->closed_next;
        remove_slot(loop, connection->slot);
        mr_connection_destroy(connection);
    }
}

void mr_loop_settle(mr_http_loop *loop)
{
    resume_all(loop);
    free_closed(loop);
}

void mr_loop_watch(mr_http_loop *loop, mr_connection *connection, uint32_t epoll_events)
{
    struct epoll_event event = {.events = epoll_events, .data.ptr = connection};
    bool is_new = connection->watched == 0 && !connection->registered;

    connection->watched = epoll_events;
    if (connection->fd < 0) {
        return;
    }
    connection->registered = true;
    int result =
        epoll_ctl(loop->epoll_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, connection->fd, &event);
    if (result != 0) {
        mr_connection_close(connection); /* out of the kernel's memory for watches */
    }
}

/* --- Tasks ---------------------------------------------------------------------------------- */

void mr_loop_wake(mr_http_loop *loop)
{
    const uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof one);

    MR_ASSERT(written == (ssize_t)sizeof one);
}

void mr_http_loop_post(mr_http_loop *loop, mr_http_task *task)
{
    mr_http_task *newest = atomic_load_explicit(&loop->tasks, memory_order_relaxed);

    do {
        task->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&loop->tasks, &newest, task,
                                                    memory_order_release, memory_order_relaxed));
    if (newest == NULL) {
        mr_loop_wake(loop); /* whoever finds a task there leaves the waking to its poster */
    }
}

bool mr_loop_run_tasks(mr_http_loop *loop)
{
    mr_http_task *newest = atomic_exchange_explicit(&loop->tasks, NULL, memory_order_acquire);
    mr_http_task *oldest = NULL;

    while (newest != NULL) {
        mr_http_task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    bool any = oldest != NULL;
    while (oldest != NULL) {
        mr_http_task *next = oldest->next;
        oldest->run(oldest);
        oldest = next;
    }
    return any;
}

/* --- Time ----------------------------------------------------------------------------------- */

void mr_loop_tick(mr_http_loop *loop)
{
    loop->now_us = mr_monotonic_us();
    if (loop->now_us < loop->date_due_us) {
        return;
    }
    int64_t wall_ms = mr_now_ms();
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    (void)gmtime_r(&seconds, &parts); /* the years it cannot show are far away */
    size_t bytes = strftime(loop->date, sizeof loop->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
                            &parts); /* the C locale's names: the program never sets another */
    MR_ASSERT(bytes > 0);
    loop->date_due_us = loop->now_us + (1000 - wall_ms % 1000) * 1000;
}

static void watch_listener(mr_http_loop *loop, bool on)
{
    struct epoll_event event = {.events = on ? (uint32_t)EPOLLIN : 0U,
                                .data.ptr = &loop->listen_fd};

    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->listen_fd, &event); /* it is registered */
}

void mr_loop_sweep(mr_http_loop *loop)
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        if (loop->slots[i].deadline_us <= loop->now_us) {
            mr_connection_expire(loop->slots[i].connection);
        }
    }
    if (loop->listener_paused && loop->listen_fd >= 0) {
        loop->listener_paused = false;
        mr_listen_reserve(loop);
        watch_listener(loop, true);
    }
    loop->sweep_due_us = loop->now_us + (int64_t)loop->server->sweep_ms * 1000;
}

/* --- Rounds --------------------------------------------------------------------------------- */

static int wait_ms(const mr_http_loop *loop)
{
    bool idle = loop->slot_count == 0 && !loop->listener_paused && !loop->draining;

    if (loop->worked || loop->resume != NULL) {
        return 0;
    }
    bool drain_first = loop->draining && loop->drain_end_us < loop->sweep_due_us;
    int64_t due_us = drain_first ? loop->drain_end_us : loop->sweep_due_us;
    if (idle || loop->turn_due_us < due_us) {
        due_us = loop->turn_due_us;
    }
    if (due_us == INT64_MAX) {
        return -1;
    }
    int64_t left_us = due_us - mr_monotonic_us();
    return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
}

void mr_http_loop_turn_within(mr_http_loop *loop, uint32_t ms)
{
    int64_t due_us = mr_monotonic_us() + (int64_t)ms * 1000;

    loop->turn_due_us = due_us < loop->turn_due_us ? due_us : loop->turn_due_us;
}

static void take_event(mr_http_loop *loop, const struct epoll_event *event)
{
    if (event->data.ptr == &loop->listen_fd) {
        if (loop->listen_fd >= 0) {
            mr_listen_accept(loop);
        }
    } else if (event->data.ptr != &loop->wake_fd) {
        mr_connection_event(event->data.ptr, event->events);
    }
}

static void turn(mr_http_loop *loop)
{
    const mr_http_options *options = &loop->server->options;

    if (mr_loop_run_tasks(loop)) {
        loop->worked = true;
    }
    if (loop->now_us >= loop->turn_due_us) {
        loop->turn_due_us = INT64_MAX;
        loop->worked = true;
    }
    resume_all(loop);
    if (loop->worked) {
        loop->worked = false;
        if (options->loop_turn != NULL) {
            options->loop_turn(loop, options->ctx);
        }
    }
}

static void run_round(mr_http_loop *loop)
{
    struct epoll_event events[events_max];
    bool was_paused = loop->listener_paused;
    int count = epoll_wait(loop->epoll_fd, events, events_max, wait_ms(loop));

    MR_ASSERT(count >= 0 || errno == EINTR);
    mr_loop_tick(loop);
    for (int i = 0; i < count; i++) {
        take_event(loop, &events[i]);
    }
    if (loop->listener_paused && !was_paused) {
        watch_listener(loop, false);
    }
    turn(loop);
    mr_loop_settle(loop);
    if (loop->now_us >= loop->sweep_due_us) {
        mr_loop_sweep(loop);
        mr_loop_settle(loop);
    }
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void begin_drain(mr_http_loop *loop)
{
    mr_loop_tick(loop);
    mr_listen_accept(loop); /* who is in the queue already is served, not reset */
    close_fd(&loop->listen_fd);
    loop->draining = true;
    loop->drain_end_us = loop->now_us + (int64_t)loop->server->drain_ms * 1000;
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        mr_connection_drain(loop->slots[i].connection);
    }
    loop->worked = true; /* handlers may have run: their turn is due */
}

static void close_all(mr_http_loop *loop)
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        mr_connection_close(loop->slots[i].connection);
    }
    (void)mr_loop_run_tasks(loop);
    mr_loop_settle(loop);
}

static bool is_finished(const mr_http_loop *loop)
{
    return loop->draining && (loop->slot_count == 0 || loop->now_us >= loop->drain_end_us);
}

static void *loop_main(void *argument)
{
    mr_http_loop *loop = argument;
    const mr_http_options *options = &loop->server->options;

    loop->self = pthread_self();
    mr_loop_tick(loop);
    if (options->loop_started != NULL) {
        options->loop_started(loop, options->ctx);
    }
    while (!is_finished(loop)) {
        if (!loop->draining && atomic_load_explicit(&loop->stop_requested, memory_order_acquire)) {
            begin_drain(loop);
        } else {
            run_round(loop);
        }
    }
    close_all(loop);
    if (options->loop_ended != NULL) {
        options->loop_ended(loop, options->ctx);
    }
    mr_loop_settle(loop);
    loop->ended = true;
    return NULL;
}

/* --- For the server -------------------------------------------------------------------------- */

mr_status mr_loop_open(mr_http_loop *loop, mr_http_server *server, mr_err *err)
{
    struct epoll_event wake = {.events = (uint32_t)EPOLLIN | (uint32_t)EPOLLET,
                               .data.ptr = &loop->wake_fd};

    *loop = (mr_http_loop){.server = server, .listen_fd = -1, .turn_due_us = INT64_MAX};
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 || loop->reserve_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &wake) != 0) {
        return mr_fail_errno(err, errno, "open an event loop");
    }
    loop->scratch = mr_alloc(mr_http_read_bytes_max);
    mr_loop_tick(loop);
    loop->sweep_due_us = loop->now_us;
    return MR_OK;
}

void mr_loop_close(mr_http_loop *loop)
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        mr_connection_close(loop->slots[i].connection);
    }
    while (mr_loop_run_tasks(loop)) {
        mr_loop_settle(loop);
    }
    mr_loop_settle(loop);
    while (loop->slot_count > 0) { /* requests that nobody answered, and nobody can any more */
        mr_connection *orphan = loop->slots[0].connection;
        remove_slot(loop, 0);
        mr_connection_destroy(orphan);
    }
    free(loop->slots);
    free(loop->scratch);
    close_fd(&loop->listen_fd);
    close_fd(&loop->reserve_fd);
    close_fd(&loop->wake_fd);
    close_fd(&loop->epoll_fd);
}

mr_status mr_loop_start(mr_http_loop *loop, int listen_fd, mr_err *err)
{
    struct epoll_event event = {.events = (uint32_t)EPOLLIN, .data.ptr = &loop->listen_fd};

    loop->listen_fd = listen_fd;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) != 0) {
        return mr_fail_errno(err, errno, "watch a listening socket");
    }
    loop->started = true;
    int result = mr_thread_start(&loop->thread, "http-loop", loop_main, loop);
    if (result != 0) {
        loop->started = false;
        return mr_fail_errno(err, result, "start a loop's thread");
    }
    return MR_OK;
}

void mr_loop_stop(mr_http_loop *loop)
{
    atomic_store_explicit(&loop->stop_requested, true, memory_order_release);
    mr_loop_wake(loop);
}

void mr_http_loop_set_user(mr_http_loop *loop, void *user)
{
    loop->user = user;
}

void *mr_http_loop_user(const mr_http_loop *loop)
{
    return loop->user;
}
