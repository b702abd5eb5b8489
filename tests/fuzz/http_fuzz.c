/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/http_fuzz.c - a connection fed with anything, in any pieces, while clients come and go.
 *
 * The input is what a client sends. The byte 0xff, which HTTP never needs, and the byte behind it
 * are an instruction instead: see act(). Everything runs in memory, without sockets or threads.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "http/loop.h"

enum { open_max = 16, rounds_max = 64 };

struct client {
    mr_http_server *server;
    mr_http_loop *loop;
    mr_connection *connection;
    const uint8_t *input;
    size_t input_bytes;
    bool ends, blocked;
    bool answered; /* bytes were sent on this connection */
    mr_http_request *open[open_max];
    bool streams[open_max]; /* its answer has begun, in pieces */
    size_t open_count, handled, released;
};

static ssize_t take(mr_connection *connection, char *data, size_t bytes)
{
    struct client *client = connection->transport_state;

    if (client->input_bytes == 0) {
        return client->ends ? 0 : MR_IO_AGAIN;
    }
    size_t moved = bytes < client->input_bytes ? bytes : client->input_bytes;
    memcpy(data, client->input, moved);
    client->input += moved;
    client->input_bytes -= moved;
    return (ssize_t)moved;
}

static ssize_t give(mr_connection *connection, const char *data, size_t bytes)
{
    struct client *client = connection->transport_state;

    if (client->blocked) {
        return MR_IO_AGAIN;
    }
    if (!client->answered) {
        MR_ASSERT(bytes > 12 && memcmp(data, "HTTP/1.1 ", 9) == 0);
        client->answered = true;
    }
    return (ssize_t)bytes;
}

static void finish(mr_connection *connection)
{
    (void)connection;
}

static void leave(mr_connection *connection)
{
    struct client *client = connection->transport_state;

    if (client->connection == connection) {
        client->connection = NULL;
    }
}

static const mr_transport transport = {
    .receive = take, .send = give, .drain = take, .finish = finish, .close = leave};

static void release(void *user)
{
    struct client *client = user;

    client->released++;
}

static void look_at(mr_http_request *request, struct client *client)
{
    mr_buffer value;
    size_t bytes = 0;
    char *body = mr_http_request_body(request, &bytes);

    client->handled++;
    mr_http_request_set_user(request, client, release);
    mr_buffer_init(&value, 1024);
    (void)mr_http_request_query(request, "a", &value); /* absent is fine */
    mr_buffer_free(&value);
    MR_ASSERT(mr_utf8_valid(mr_http_request_path(request)));
    MR_ASSERT(mr_http_request_header(request, "x").bytes <= 512);
    memset(body, 'x', bytes + 8);
}

static void answer(mr_http_request *request, void *ctx)
{
    look_at(request, ctx);
    mr_http_request_answer(request,
                           &(mr_http_answer){.status = 200, .body = mr_http_request_path(request)});
}

static void hold(mr_http_request *request, void *ctx)
{
    struct client *client = ctx;

    look_at(request, client);
    if (client->open_count == open_max) {
        mr_http_request_fail(request, 503, "full");
        return;
    }
    client->streams[client->open_count] = false;
    client->open[client->open_count++] = request;
}

static void parameter(mr_http_request *request, void *ctx)
{
    look_at(request, ctx);
    mr_http_request_answer(
        request, &(mr_http_answer){.status = 200, .body = mr_http_request_parameter(request, 0)});
}

static const mr_http_route routes[] = {
    {"GET", "/", answer, 0, 0, "root", NULL},
    {"POST", "/e", answer, 4096, 65536, "echo", NULL},
    {"GET", "/l", hold, 0, 0, "later", NULL},
    {"POST", "/l", hold, 4096, 65536, "later", NULL},
    {"GET", "/i/{id}", parameter, 0, 0, "item", NULL},
};

static void turn(struct client *client)
{
    (void)mr_loop_run_tasks(client->loop);
    mr_loop_settle(client->loop);
}

static void raise_event(struct client *client, uint32_t events)
{
    if (client->connection != NULL) {
        mr_connection_event(client->connection, events);
    }
    turn(client);
}

static void deliver(struct client *client)
{
    for (int i = 0; i < rounds_max && client->connection != NULL; i++) {
        uint32_t ready = (client->input_bytes > 0 || client->ends) ? (uint32_t)EPOLLIN : 0U;
        ready |= client->blocked ? 0U : (uint32_t)EPOLLOUT;
        ready &= client->connection->watched;
        if (ready == 0) {
            return;
        }
        raise_event(client, ready);
    }
    MR_ASSERT(client->connection == NULL || !client->ends); /* or epoll would spin */
}

static void join(struct client *client)
{
    const mr_peer peer = {.text = "127.0.0.1", .loopback = true};

    if (client->connection != NULL) {
        raise_event(client, (uint32_t)EPOLLERR);
    }
    client->ends = client->blocked = client->answered = false;
    client->input_bytes = 0;
    client->connection = mr_connection_create(client->loop, &transport, client, -1, &peer, false);
}

static void answer_one(struct client *client)
{
    if (client->open_count > 0) {
        mr_http_request *request = client->open[--client->open_count];
        if (client->streams[client->open_count]) {
            mr_http_stream_end(request, client->handled % 2 == 0);
        } else {
            mr_http_request_answer(request, &(mr_http_answer){.status = 201});
        }
        turn(client);
    }
}

/* Begins the newest open answer, or adds a piece to it. */
static void write_one(struct client *client)
{
    const mr_http_answer head = {.status = 200};
    const mr_http_stream_hooks hooks = {.ends_with_input = client->handled % 2 == 0};

    if (client->open_count == 0) {
        return;
    }
    mr_http_request *request = client->open[client->open_count - 1];
    bool *begun = &client->streams[client->open_count - 1];
    if (!*begun) {
        *begun = true;
        mr_http_stream_begin(request, &head, &hooks);
    }
    (void)mr_http_stream_write(request, MR_TEXT_LITERAL("a piece of the answer"));
    turn(client);
}

static void act(struct client *client, uint8_t instruction)
{
    switch (instruction) {
    case 'a':
        answer_one(client);
        break;
    case 's':
        write_one(client);
        break;
    case 'b':
        client->blocked = true;
        break;
    case 'u':
        client->blocked = false;
        break;
    case 't':
        client->loop->now_us += 600000;
        mr_loop_sweep(client->loop);
        turn(client);
        break;
    case 'r':
        raise_event(client, (uint32_t)EPOLLERR);
        break;
    case 'e':
        client->ends = true;
        break;
    case 'n':
        join(client);
        break;
    default: /* the input is cut here, and nothing else */
        break;
    }
    deliver(client);
}

static void play(struct client *client, const uint8_t *data, size_t bytes)
{
    size_t at = 0;

    while (at < bytes) {
        const uint8_t *mark = memchr(data + at, 0xff, bytes - at);
        size_t end = mark == NULL ? bytes : (size_t)(mark - data);
        client->input = data + at;
        client->input_bytes = end - at;
        deliver(client);
        at = end + 2;
        if (end + 1 < bytes) {
            act(client, data[end + 1]);
        }
        client->input_bytes = 0; /* what the server would not take yet is forgotten */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct client client = {.server = NULL};
    const mr_http_options options = {
        .address = "127.0.0.1:0",
        .loops = 1,
        .connections_max = 16,
        .header_bytes_max = 512,
        .buffer_bytes_max = 1 << 20,
        .header_timeout_ms = 1000,
        .body_timeout_ms = 1000,
        .body_rate_min = 10,
        .idle_timeout_ms = 1000,
        .write_timeout_ms = 1000,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .ctx = &client,
    };

    MR_ASSERT(mr_server_prepare(&options, &client.server, NULL) == MR_OK);
    client.loop = &client.server->loops[0];
    join(&client);
    play(&client, data, bytes);
    mr_http_server_destroy(client.server);
    MR_ASSERT(client.handled == client.released);
    return 0;
}
