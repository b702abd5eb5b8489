/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/harness.h - a server without sockets, threads or a clock of its own.
 *
 * One connection over a transport in memory: the test says which bytes arrive in which pieces, how
 * many may be sent, and what time it is.
 */
#ifndef MR_UNIT_HTTP_HARNESS_H
#define MR_UNIT_HTTP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "http/loop.h"

enum { harness_deferred_max = 8 };

struct harness {
    mr_http_server *server;
    mr_http_loop *loop;
    mr_connection *connection; /* NULL once the server has closed it */
    const char *input;         /* what arrives */
    size_t input_bytes;
    bool input_ends;    /* the client will send no more */
    bool broken;        /* the connection is reset */
    size_t send_room;   /* bytes the client takes before it blocks */
    mr_buffer received; /* what the client has got */
    unsigned sends;     /* calls that moved bytes */
    bool finished;      /* the server has half-closed */
    uint64_t dropped_bytes;
    mr_http_request *deferred[harness_deferred_max];
    unsigned deferred_count, handled, released;
    char seen[4096]; /* what the last handler read of its request */
};

static inline ssize_t harness_take(struct harness *harness, char *data, size_t bytes)
{
    if (harness->broken) {
        return MR_IO_FAILED;
    }
    if (harness->input_bytes == 0) {
        return harness->input_ends ? 0 : MR_IO_AGAIN;
    }
    size_t moved = bytes < harness->input_bytes ? bytes : harness->input_bytes;
    memcpy(data, harness->input, moved);
    harness->input += moved;
    harness->input_bytes -= moved;
    return (ssize_t)moved;
}

static inline ssize_t harness_receive(mr_connection *connection, char *data, size_t bytes)
{
    return harness_take(connection->transport_state, data, bytes);
}

static inline ssize_t harness_drain(mr_connection *connection, char *data, size_t bytes)
{
    struct harness *harness = connection->transport_state;
    ssize_t moved = harness_take(harness, data, bytes);

    if (moved > 0) {
        harness->dropped_bytes += (uint64_t)moved;
    }
    return moved;
}

static inline ssize_t harness_send(mr_connection *connection, const char *data, size_t bytes)
{
    struct harness *harness = connection->transport_state;

    assert_false(harness->finished);
    if (harness->broken) {
        return MR_IO_FAILED;
    }
    if (harness->send_room == 0) {
        return MR_IO_AGAIN;
    }
    size_t moved = bytes < harness->send_room ? bytes : harness->send_room;
    assert_true(mr_buffer_append(&harness->received, data, moved));
    harness->send_room -= moved;
    harness->sends++;
    return (ssize_t)moved;
}

static inline void harness_finish(mr_connection *connection)
{
    struct harness *harness = connection->transport_state;

    harness->finished = true;
}

static inline void harness_close(mr_connection *connection)
{
    struct harness *harness = connection->transport_state;

    harness->connection = NULL;
}

static const mr_transport harness_transport = {
    .receive = harness_receive,
    .send = harness_send,
    .drain = harness_drain,
    .finish = harness_finish,
    .close = harness_close,
};

/* --- Handlers -------------------------------------------------------------------------------- */

static inline void harness_release(void *user)
{
    struct harness *harness = user;

    harness->released++;
}

/* Answers with the request's path, parameters and body. */
static inline void harness_echo(mr_http_request *request, void *ctx)
{
    struct harness *harness = ctx;
    size_t bytes = 0;
    const char *body = mr_http_request_body(request, &bytes);
    mr_text path = mr_http_request_path(request);

    harness->handled++;
    mr_http_request_set_user(request, harness, harness_release);
    int used = snprintf(harness->seen, sizeof harness->seen, "%.*s|%.*s", MR_TEXT_ARGS(path),
                        (int)bytes, body);
    assert_true(used >= 0 && (size_t)used < sizeof harness->seen);
    mr_http_request_answer(request,
                           &(mr_http_answer){.status = 200, .body = {harness->seen, (size_t)used}});
}

static inline void harness_defer(mr_http_request *request, void *ctx)
{
    struct harness *harness = ctx;

    assert_true(harness->deferred_count < harness_deferred_max);
    mr_http_request_set_user(request, harness, harness_release);
    harness->handled++;
    harness->deferred[harness->deferred_count++] = request;
}

static inline void harness_parameter(mr_http_request *request, void *ctx)
{
    (void)ctx;
    mr_http_request_answer(
        request, &(mr_http_answer){.status = 200, .body = mr_http_request_parameter(request, 0)});
}

static inline void harness_big(mr_http_request *request, void *ctx)
{
    struct harness *harness = ctx;
    char *body = mr_alloc_zero(1, 100000);

    harness->handled++;
    memset(body, 'b', 100000);
    mr_http_request_answer(request, &(mr_http_answer){.status = 200,
                                                      .body = {body, 100000},
                                                      .content_type = "text/plain",
                                                      .headers = "X-Big: yes\r\n"});
    free(body);
}

static const mr_http_route harness_routes[] = {
    {"GET", "/", harness_echo, 0, 0, "root", NULL},
    {"POST", "/echo", harness_echo, 1000, 3000, "echo", NULL},
    {"PUT", "/echo", harness_echo, 1000, 3000, "echo", NULL},
    {"GET", "/items/{id}", harness_parameter, 0, 0, "item", NULL},
    {"GET", "/items/all", harness_echo, 0, 0, "items", NULL},
    {"GET", "/later", harness_defer, 0, 0, "later", NULL},
    {"POST", "/later", harness_defer, 1000, 1000, "later", NULL},
    {"GET", "/big", harness_big, 0, 0, "big", NULL},
};

/* --- Driving --------------------------------------------------------------------------------- */

static inline mr_http_options harness_options(struct harness *harness)
{
    return (mr_http_options){
        .address = "127.0.0.1:0",
        .loops = 1,
        .connections_max = 16,
        .header_bytes_max = 512,
        .buffer_bytes_max = 1 << 20,
        .header_timeout_ms = 1000,
        .body_timeout_ms = 2000,
        .body_rate_min = 100,
        .idle_timeout_ms = 3000,
        .write_timeout_ms = 4000,
        .routes = harness_routes,
        .route_count = sizeof harness_routes / sizeof harness_routes[0],
        .ctx = harness,
    };
}

static inline void harness_connect(struct harness *harness)
{
    const mr_peer peer = {.text = "127.0.0.1", .loopback = true};

    harness->input_bytes = 0;
    harness->input_ends = harness->broken = harness->finished = false;
    harness->send_room = SIZE_MAX;
    mr_buffer_clear(&harness->received);
    harness->sends = 0;
    harness->connection =
        mr_connection_create(harness->loop, &harness_transport, harness, -1, &peer, false);
}

static inline void harness_open_with(struct harness *harness, const mr_http_options *options)
{
    mr_err err;

    *harness = (struct harness){.send_room = SIZE_MAX};
    mr_http_options own = *options;
    own.ctx = harness;
    assert_int_equal(mr_server_prepare(&own, &harness->server, &err), MR_OK);
    harness->loop = &harness->server->loops[0];
    mr_buffer_init(&harness->received, 1 << 26);
    harness_connect(harness);
}

static inline void harness_open(struct harness *harness)
{
    mr_http_options options = harness_options(harness);

    harness_open_with(harness, &options);
}

static inline void harness_end(struct harness *harness)
{
    mr_http_server_destroy(harness->server);
    mr_buffer_free(&harness->received);
}

/* One round of the loop, with the events epoll would report. */
static inline void harness_round(struct harness *harness)
{
    mr_connection *connection = harness->connection;
    uint32_t ready = 0;

    if (connection != NULL) {
        if (harness->input_bytes > 0 || harness->input_ends) {
            ready |= (uint32_t)EPOLLIN;
        }
        if (harness->send_room > 0) {
            ready |= (uint32_t)EPOLLOUT;
        }
        ready &= connection->watched;
        if (harness->broken) {
            ready |= (uint32_t)EPOLLERR;
        }
        if (ready != 0) {
            mr_connection_event(connection, ready);
        }
    }
    (void)mr_loop_run_tasks(harness->loop);
    mr_loop_settle(harness->loop);
}

static inline void harness_send_bytes(struct harness *harness, const char *data, size_t bytes)
{
    harness->input = data;
    harness->input_bytes = bytes;
    for (int i = 0; i < 64 && harness->connection != NULL && harness->input_bytes > 0; i++) {
        harness_round(harness);
    }
}

static inline void harness_send_text(struct harness *harness, const char *text)
{
    harness_send_bytes(harness, text, strlen(text));
}

static inline void harness_pass_ms(struct harness *harness, int64_t ms)
{
    harness->loop->now_us += ms * 1000;
    mr_loop_sweep(harness->loop);
    mr_loop_settle(harness->loop);
}

static inline const char *harness_text(struct harness *harness)
{
    assert_true(mr_buffer_append(&harness->received, "", 1));
    harness->received.bytes--;
    return harness->received.data;
}

/* The status of the first answer; 0 without one. */
static inline int harness_status(struct harness *harness)
{
    const char *text = harness_text(harness);

    return strncmp(text, "HTTP/1.1 ", 9) == 0
               ? (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0')
               : 0;
}

/* A 100 is none. */
static inline unsigned harness_answers(struct harness *harness)
{
    unsigned count = 0;

    for (const char *at = harness_text(harness); (at = strstr(at, "\r\nDate: ")) != NULL; at++) {
        count++;
    }
    return count;
}

static inline void harness_assert_has(struct harness *harness, const char *wanted)
{
    if (strstr(harness_text(harness), wanted) == NULL) {
        fail_msg("no \"%s\" in: %.500s", wanted, harness_text(harness));
    }
}

static inline void harness_assert_has_not(struct harness *harness, const char *unwanted)
{
    if (strstr(harness_text(harness), unwanted) != NULL) {
        fail_msg("\"%s\" in: %.500s", unwanted, harness_text(harness));
    }
}

#endif
