/* SPDX-License-Identifier: Apache-2.0 */
/* http/loop.h - a loop and the server it belongs to, for the files of this room.
 *
 * A loop's fields belong to its thread, and to the server's owner before it starts and after it
 * has ended, but for those marked "shared".
 */
#ifndef MR_HTTP_LOOP_H
#define MR_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/internal.h"

typedef struct mr_slot {
    int64_t deadline_us;
    mr_connection *connection;
} mr_slot;

struct mr_http_loop {
    mr_http_server *server;
    void *user;
    pthread_t thread, self; /* to be joined; as the loop's thread itself knows it */
    int epoll_fd, wake_fd, listen_fd, reserve_fd; /* reserve_fd: closed to accept when out of fds */
    int64_t now_us, date_due_us, sweep_due_us, drain_end_us;
    int64_t turn_due_us; /* INT64_MAX: loop_turn is called after handlers alone */
    char date[40];       /* "Date: ...\r\n" of this second */
    char *scratch;       /* mr_http_read_bytes_max: what was just received */
    mr_slot *slots;      /* of every connection, closed and orphaned ones included */
    uint32_t slot_count, slot_capacity, refused_count;
    mr_connection *resume, *closed; /* lists */
    bool worked, listener_paused, draining, started, ended;
    atomic_bool stop_requested;    /* shared */
    _Atomic(mr_http_task *) tasks; /* shared: newest first */
};

struct mr_http_server {
    mr_http_options options;
    mr_router *router;
    mr_tls *tls;         /* NULL: plain */
    mr_clients *clients; /* NULL: no limit */
    mr_budget budget;
    mr_http_loop *loops;
    uint32_t loops_opened, loops_started;
    uint32_t sweep_ms, drain_ms;
    uint16_t port;
    bool stopped;
    atomic_uint_fast32_t connection_count; /* shared */
    mr_counter *connections_gauge, *rejected_total;
};

/* Everything of a server but sockets and threads (tests and fuzzing drive its loops by hand). */
mr_status mr_server_prepare(const mr_http_options *options, mr_http_server **ret_server,
                            mr_err *err);

/* Opens loop_count listening sockets on one address. */
mr_status mr_listen_open(const char *address, uint32_t count, int *ret_fds, uint16_t *ret_port,
                         mr_err *err);
void mr_listen_accept(mr_http_loop *loop);
void mr_listen_reserve(mr_http_loop *loop); /* takes the reserve descriptor if it is lost */

mr_status mr_loop_open(mr_http_loop *loop, mr_http_server *server, mr_err *err);
void mr_loop_close(mr_http_loop *loop);
mr_status mr_loop_start(mr_http_loop *loop, int listen_fd, mr_err *err);
void mr_loop_stop(mr_http_loop *loop); /* asks; the thread is to be joined */
void mr_loop_wake(mr_http_loop *loop);
void mr_loop_tick(mr_http_loop *loop); /* looks at the clock */
bool mr_loop_run_tasks(mr_http_loop *loop);
void mr_loop_settle(mr_http_loop *loop); /* resumes answered connections, frees closed ones */
void mr_loop_sweep(mr_http_loop *loop);  /* ends what is past its deadline */
void mr_loop_add(mr_http_loop *loop, mr_connection *connection);
void mr_loop_closed(mr_http_loop *loop, mr_connection *connection);
void mr_loop_resume_later(mr_http_loop *loop, mr_connection *connection);
void mr_loop_watch(mr_http_loop *loop, mr_connection *connection, uint32_t epoll_events);

#endif
