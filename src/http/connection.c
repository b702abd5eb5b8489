/* SPDX-License-Identifier: Apache-2.0 */
/* http/connection.c - one connection's life: reading, handling, writing, closing.
 *
 *   create (TLS) -> HANDSHAKE -shake_hands-> IDLE <- create (plain)
 *
 *   IDLE     -begin_head->                HEAD      the first byte of a request came
 *   HEAD     -begin_body->                BODY      its head is complete, its body is not
 *   HEAD, BODY -dispatch->                HANDLING  all of it is here, or it is refused
 *   HANDLING -mr_http_request_answer->    IDLE      the connection is kept
 *                                         WRITING   it is to be closed after this answer
 *   IDLE     -hold_when_blocked->         WRITING   the client does not read its answers
 *   WRITING  -end_writing->               IDLE      all is sent, and the connection is kept
 *                                         LINGERING half closed: input is dropped for a while
 *   HANDLING -mr_http_stream_begin->      STREAMING the answer comes in pieces
 *   STREAMING -mr_http_stream_end->       IDLE, WRITING
 *   HANDLING, STREAMING
 *            -mr_connection_close->       ORPHANED  the client left before its answer
 *   ORPHANED -mr_http_request_answer->    CLOSED    the answer is dropped (so at a stream's end)
 *
 *   From every other state mr_connection_close leads to CLOSED. A refused request (400, 404, 408)
 *   is dispatched like any other and answered at once; a refused connection goes to WRITING.
 *
 * Owns:       its descriptor, request, buffers. The loop frees it, at the end of a round, and only
 *             when CLOSED: events and lists of that round may still name it.
 * Called by:  the loop's thread only.
 * Invariants: (1) only enter() sets the state, along the table below; (2) the handler's request is
 *             answerable exactly in HANDLING, STREAMING and ORPHANED, where nothing of it moves or
 * is freed; (3) input is parsed only in IDLE, HEAD and BODY, else it waits in `pending`; (4)
 * handlers are never called from within an answer: a deferred one is resumed by the loop; (5) after
 * any event settle() has armed epoll and the deadline.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/civil.h"
#include "http/loop.h"

#define STATE_BIT(state) (1U << (state))

static const uint32_t next_states[] = {
    [MR_HANDSHAKE] = STATE_BIT(MR_IDLE) | STATE_BIT(MR_CLOSED),
    [MR_IDLE] = STATE_BIT(MR_HEAD) | STATE_BIT(MR_WRITING) | STATE_BIT(MR_CLOSED),
    [MR_HEAD] = STATE_BIT(MR_BODY) | STATE_BIT(MR_HANDLING) | STATE_BIT(MR_CLOSED),
    [MR_BODY] = STATE_BIT(MR_HANDLING) | STATE_BIT(MR_CLOSED),
    [MR_HANDLING] = STATE_BIT(MR_IDLE) | STATE_BIT(MR_WRITING) | STATE_BIT(MR_STREAMING) |
                    STATE_BIT(MR_ORPHANED),
    [MR_STREAMING] = STATE_BIT(MR_IDLE) | STATE_BIT(MR_WRITING) | STATE_BIT(MR_ORPHANED),
    [MR_WRITING] = STATE_BIT(MR_IDLE) | STATE_BIT(MR_LINGERING) | STATE_BIT(MR_CLOSED),
    [MR_LINGERING] = STATE_BIT(MR_CLOSED),
    [MR_ORPHANED] = STATE_BIT(MR_CLOSED),
    [MR_CLOSED] = 0,
};

static void enter(mr_connection *connection, mr_state state)
{
    MR_ASSERT((next_states[connection->state] & STATE_BIT(state)) != 0);
    connection->state = state;
    connection->state_since_us = connection->loop->now_us;
    if (state == MR_CLOSED) {
        mr_loop_closed(connection->loop, connection);
    }
}

static bool is_reading(const mr_connection *connection)
{
    const uint32_t reading = STATE_BIT(MR_IDLE) | STATE_BIT(MR_HEAD) | STATE_BIT(MR_BODY);

    return (STATE_BIT(connection->state) & reading) != 0;
}

static bool is_over(const mr_connection *connection)
{
    return connection->state == MR_CLOSED || connection->state == MR_ORPHANED;
}

static size_t unsent_bytes(const mr_connection *connection)
{
    return connection->output.bytes - connection->output_sent;
}

/* --- Life and death ------------------------------------------------------------------------ */

static void count_connections(mr_http_server *server, int change)
{
    uint_fast32_t count =
        change > 0 ? atomic_fetch_add_explicit(&server->connection_count, 1, memory_order_relaxed)
                   : atomic_fetch_sub_explicit(&server->connection_count, 1, memory_order_relaxed);

    if (server->connections_gauge != NULL) {
        mr_counter_set(server->connections_gauge, change > 0 ? count + 1 : count - 1);
    }
}

static void release_request(mr_connection *connection)
{
    mr_http_request *request = &connection->request;

    if (request->release != NULL) {
        request->release(request->user);
    }
    *request = (mr_http_request){.connection = connection};
    mr_body_release(&connection->body, &connection->loop->server->budget);
    mr_message_reset(&connection->message);
}

void mr_connection_close(mr_connection *connection)
{
    mr_http_server *server = connection->loop->server;

    if (is_over(connection)) {
        return;
    }
    if (connection->refused) {
        connection->loop->refused_count--;
    } else {
        count_connections(server, -1);
        if (server->clients != NULL) {
            mr_clients_leave(server->clients, connection->peer.key);
        }
    }
    /* After the counting: a client that sees the end may come again at once, to another loop. */
    connection->transport->close(connection);
    connection->loop->slots[connection->slot].deadline_us = INT64_MAX;
    if (connection->state != MR_HANDLING && connection->state != MR_STREAMING) {
        enter(connection, MR_CLOSED);
        return;
    }
    enter(connection, MR_ORPHANED);
    if (connection->request.gone != NULL) {
        connection->request.gone(connection->request.user);
    }
}

void mr_connection_destroy(mr_connection *connection)
{
    MR_ASSERT(is_over(connection));
    if (connection->request.release != NULL) {
        connection->request.release(connection->request.user);
    }
    mr_body_free(&connection->body, &connection->loop->server->budget);
    mr_message_free(&connection->message);
    mr_buffer_free(&connection->pending);
    mr_buffer_free(&connection->output);
    free(connection);
}

/* --- Output -------------------------------------------------------------------------------- */

static void flush(mr_connection *connection)
{
    mr_buffer *output = &connection->output;
    bool was_blocked = connection->write_blocked;

    connection->write_blocked = false;
    while (unsent_bytes(connection) > 0) {
        ssize_t moved = connection->transport->send(
            connection, output->data + connection->output_sent, unsent_bytes(connection));
        if (moved == MR_IO_FAILED) {
            mr_connection_close(connection);
            return;
        }
        if (moved < 0) {
            connection->write_blocked = true;
            if (!was_blocked) {
                connection->sent_us = connection->loop->now_us;
            }
            return;
        }
        connection->output_sent += (size_t)moved;
        connection->sent_us = connection->loop->now_us;
    }
    connection->output_sent = 0;
    mr_buffer_clear(output);
    if (output->capacity > mr_http_kept_bytes_max) {
        mr_buffer_free(output);
    }
}

/* No further request is served to a client that does not read the answers it has. */
static void hold_when_blocked(mr_connection *connection)
{
    if (connection->state == MR_IDLE && connection->write_blocked) {
        enter(connection, MR_WRITING);
    }
}

static void end_writing(mr_connection *connection)
{
    if (connection->state != MR_WRITING || unsent_bytes(connection) > 0) {
        return;
    }
    if (!connection->close_after) {
        enter(connection, MR_IDLE);
    } else if (connection->linger && !connection->read_ended) {
        connection->transport->finish(connection);
        enter(connection, MR_LINGERING);
    } else {
        mr_connection_close(connection);
    }
}

/* --- Requests and answers ------------------------------------------------------------------ */

static void dispatch(mr_connection *connection)
{
    mr_http_loop *loop = connection->loop;
    const mr_message *message = &connection->message;

    enter(connection, MR_HANDLING);
    if (message->status != 0) {
        mr_answer_refusal(connection);
        return;
    }
    MR_ASSERT(message->complete && message->route != NULL);
    loop->worked = true;
    message->route->route->handler(&connection->request, loop->server->options.ctx);
}

static bool is_loop_thread(const mr_http_loop *loop)
{
    return !loop->started || loop->ended || pthread_equal(loop->self, pthread_self()) != 0;
}

static void count_answer(const mr_connection *connection, int status)
{
    const mr_http_server *server = connection->loop->server;

    if (server->options.metrics != NULL) {
        mr_router_count(server->router, connection->message.route, status,
                        mr_monotonic_us() - connection->request_began_us);
    }
}

static bool answer_fits(const mr_connection *connection, const mr_http_answer *answer)
{
    uint64_t bytes = answer->body.bytes + mr_text_of(answer->headers).bytes;

    return bytes <= mr_http_answer_bytes_max / 2 &&
           connection->output.bytes < mr_http_answer_bytes_max / 4;
}

static void end_answer(mr_connection *connection, int status, bool close)
{
    const mr_message *message = &connection->message;

    count_answer(connection, status);
    connection->close_after = close;
    connection->linger = !message->complete || message->keep_alive;
    release_request(connection);
    enter(connection, close ? MR_WRITING : MR_IDLE);
}

void mr_http_request_answer(mr_http_request *request, const mr_http_answer *answer)
{
    static const mr_http_answer too_large = {
        .status = 500,
        .body = {"{\"detail\":\"the answer is too large\"}", 36},
    };
    mr_connection *connection = request->connection;
    mr_message *message = &connection->message;

    MR_ASSERT(is_loop_thread(connection->loop));
    MR_ASSERT(connection->state == MR_HANDLING || connection->state == MR_ORPHANED);
    if (connection->state == MR_ORPHANED) {
        release_request(connection);
        enter(connection, MR_CLOSED);
        return;
    }
    if (!answer_fits(connection, answer)) {
        answer = &too_large;
    }
    bool close = answer->close || !message->keep_alive || connection->loop->draining;
    mr_answer_append(connection, answer, close);
    end_answer(connection, answer->status, close);
    if (!connection->feeding) {
        mr_loop_resume_later(connection->loop, connection);
    } else if (connection->write_blocked || unsent_bytes(connection) > mr_http_coalesce_bytes_max) {
        flush(connection);
        hold_when_blocked(connection);
    }
}

/* --- Answers in pieces: stream.h ------------------------------------------------------------ */

static void flush_later(mr_connection *connection)
{
    if (!connection->feeding) {
        mr_loop_resume_later(connection->loop, connection);
    }
}

/* At the end of a round, so that what the hook writes is sent in the next. */
static void tell_drained(mr_connection *connection)
{
    mr_http_request *request = &connection->request;

    if (connection->state == MR_STREAMING && request->undrained && unsent_bytes(connection) == 0) {
        request->undrained = false;
        if (request->stream.drained != NULL) {
            request->stream.drained(request->stream.ctx);
        }
    }
}

void mr_http_stream_begin(mr_http_request *request, const mr_http_answer *head,
                          const mr_http_stream_hooks *hooks)
{
    mr_connection *connection = request->connection;

    MR_ASSERT(is_loop_thread(connection->loop));
    MR_ASSERT(connection->state == MR_HANDLING || connection->state == MR_ORPHANED);
    request->stream = *hooks;
    request->stream_status = head->status;
    request->chunked = connection->message.parser.http_minor == 1;
    if (connection->state == MR_ORPHANED) {
        return;
    }
    bool close = !request->chunked || !connection->message.keep_alive || connection->loop->draining;
    mr_answer_append_stream_head(connection, head, request->chunked, close);
    connection->close_after = close;
    enter(connection, MR_STREAMING);
    flush_later(connection);
}

/* A reader that is always a little behind must not make the output grow with what it has got. */
static void drop_sent(mr_connection *connection)
{
    mr_buffer *output = &connection->output;
    size_t left = unsent_bytes(connection);

    if (connection->output_sent > mr_http_read_bytes_max && connection->output_sent > left) {
        memmove(output->data, output->data + connection->output_sent, left);
        mr_buffer_clear(output);
        mr_buffer_commit(output, left);
        connection->output_sent = 0;
    }
}

bool mr_http_stream_write(mr_http_request *request, mr_text data)
{
    mr_connection *connection = request->connection;
    mr_buffer *output = &connection->output;

    MR_ASSERT(is_loop_thread(connection->loop));
    if (connection->state == MR_ORPHANED) {
        return false;
    }
    MR_ASSERT(connection->state == MR_STREAMING);
    request->undrained = true;
    flush_later(connection);
    if (data.bytes == 0 || connection->message.head_only) {
        return true;
    }
    if (unsent_bytes(connection) > mr_http_stream_unsent_bytes_max) {
        mr_connection_close(connection);
        return false;
    }
    drop_sent(connection);
    bool fits = !request->chunked || mr_buffer_printf(output, "%zx\r\n", data.bytes);
    fits = fits && mr_buffer_append_text(output, data) &&
           (!request->chunked || mr_buffer_append(output, "\r\n", 2));
    MR_ASSERT(fits);
    return true;
}

size_t mr_http_stream_unsent_bytes(const mr_http_request *request)
{
    return unsent_bytes(request->connection);
}

void mr_http_stream_end(mr_http_request *request, bool complete)
{
    mr_connection *connection = request->connection;

    MR_ASSERT(is_loop_thread(connection->loop));
    MR_ASSERT(connection->state == MR_STREAMING || connection->state == MR_ORPHANED);
    if (connection->state == MR_ORPHANED) {
        release_request(connection);
        enter(connection, MR_CLOSED);
        return;
    }
    bool close = connection->close_after || connection->loop->draining || !complete;
    if (complete && request->chunked && !connection->message.head_only) {
        bool fits = mr_buffer_append_string(&connection->output, "0\r\n\r\n");
        MR_ASSERT(fits);
    }
    end_answer(connection, request->stream_status, close);
    flush_later(connection);
}

/* --- Input --------------------------------------------------------------------------------- */

static void begin_head(mr_connection *connection)
{
    if (connection->state == MR_IDLE) {
        connection->request_began_us = connection->loop->now_us;
        enter(connection, MR_HEAD);
    }
}

static void begin_body(mr_connection *connection)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    enter(connection, MR_BODY);
    if (connection->message.expects_continue && connection->body.sent_bytes == 0) {
        bool fits = mr_buffer_append(&connection->output, go_on, sizeof go_on - 1);
        MR_ASSERT(fits);
    }
}

static size_t feed_some(mr_connection *connection, const char *data, size_t bytes)
{
    mr_message *message = &connection->message;
    size_t used = 0;
    mr_parse result = mr_message_parse(connection, data, bytes, &used);

    if (message->begun || result != MR_PARSE_MORE) {
        begin_head(connection);
    }
    if (result != MR_PARSE_MORE) {
        dispatch(connection);
    } else if (connection->state == MR_HEAD && message->head_done) {
        begin_body(connection);
    }
    return used;
}

/* Parses and handles request after request until one is left open or the bytes are used up. */
static size_t feed(mr_connection *connection, const char *data, size_t bytes)
{
    size_t used = 0;

    connection->feeding = true;
    while (used < bytes && is_reading(connection)) {
        used += feed_some(connection, data + used, bytes - used);
    }
    connection->feeding = false;
    return used;
}

static size_t pending_bytes(const mr_connection *connection)
{
    return connection->pending.bytes - connection->pending_used;
}

static void drop_used_pending(mr_connection *connection)
{
    mr_buffer *pending = &connection->pending;
    size_t left = pending_bytes(connection);

    if (connection->pending_used > 0 && left > 0) {
        memmove(pending->data, pending->data + connection->pending_used, left);
    }
    mr_buffer_clear(pending);
    mr_buffer_commit(pending, left);
    connection->pending_used = 0;
    if (left == 0 && pending->capacity > 0) {
        mr_buffer_free(pending); /* pipelining is rare: an idle connection keeps no room for it */
    }
}

static void take(mr_connection *connection, const char *data, size_t bytes)
{
    size_t used = pending_bytes(connection) == 0 ? feed(connection, data, bytes) : 0;

    if (used == bytes || is_over(connection)) {
        return;
    }
    if (connection->close_after) {
        connection->linger = true; /* what follows the last request is not looked at */
        return;
    }
    drop_used_pending(connection);
    bool fits = mr_buffer_append(&connection->pending, data + used, bytes - used);
    MR_ASSERT(fits);
}

/* How much may be received now, such that what cannot be parsed yet fits in `pending`. */
static size_t receive_room(const mr_connection *connection)
{
    const mr_body *body = &connection->body;

    if (connection->state == MR_BODY) {
        uint64_t left =
            body->announced_bytes > body->sent_bytes ? body->announced_bytes - body->sent_bytes : 0;
        return left < mr_http_read_bytes_max - mr_http_input_bytes_max
                   ? (size_t)left + mr_http_input_bytes_max
                   : mr_http_read_bytes_max;
    }
    if (is_reading(connection) || connection->state == MR_HANDLING ||
        connection->state == MR_STREAMING) {
        return mr_http_input_bytes_max - pending_bytes(connection);
    }
    return 0;
}

static void receive(mr_connection *connection)
{
    size_t room = receive_room(connection);

    if (room == 0 || connection->read_ended) {
        return;
    }
    connection->read_wants_write = false;
    ssize_t moved = connection->transport->receive(connection, connection->loop->scratch, room);
    if (moved > 0) {
        connection->received_us = connection->loop->now_us;
        take(connection, connection->loop->scratch, (size_t)moved);
    } else if (moved == 0) {
        connection->read_ended = true; /* the client may still wait for an answer */
        if (connection->loop->server->options.end_leaves && connection->state == MR_HANDLING) {
            mr_connection_close(connection);
        }
    } else if (moved == MR_IO_AGAIN_WRITE) {
        connection->read_wants_write = true;
    } else if (moved == MR_IO_FAILED) {
        mr_connection_close(connection);
    }
}

static void drop_input(mr_connection *connection)
{
    ssize_t moved =
        connection->transport->drain(connection, connection->loop->scratch, mr_http_read_bytes_max);

    if (moved > 0) {
        connection->linger_bytes += (size_t)moved;
    }
    if (moved == 0 || moved == MR_IO_FAILED ||
        connection->linger_bytes > mr_http_linger_bytes_max) {
        mr_connection_close(connection);
    }
}

static void shake_hands(mr_connection *connection)
{
    ssize_t result = connection->transport->handshake(connection);

    connection->read_wants_write = result == MR_IO_AGAIN_WRITE;
    if (result == MR_IO_FAILED) {
        mr_connection_close(connection);
    } else if (result > 0) {
        enter(connection, MR_IDLE);
    }
}

/* --- After every event ---------------------------------------------------------------------- */

static uint32_t wanted_events(const mr_connection *connection)
{
    bool in = (receive_room(connection) > 0 && !connection->read_ended) ||
              connection->state == MR_HANDSHAKE || connection->state == MR_LINGERING;
    bool out = connection->write_blocked || connection->read_wants_write;

    return (in ? (uint32_t)EPOLLIN : 0U) | (out ? (uint32_t)EPOLLOUT : 0U);
}

static int64_t after_ms(int64_t since_us, uint64_t ms)
{
    return since_us + (int64_t)ms * 1000;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When a body that gets no further byte breaks the pause limit or the least rate. */
static int64_t body_deadline_us(const mr_connection *connection)
{
    const mr_http_options *options = &connection->loop->server->options;
    int64_t pause_ends_us = after_ms(connection->received_us, options->body_timeout_ms);

    if (options->body_rate_min == 0) {
        return pause_ends_us;
    }
    uint64_t earned_ms = connection->body.sent_bytes * 1000 / options->body_rate_min;
    uint64_t ms = earned_ms > mr_http_rate_grace_ms ? earned_ms : mr_http_rate_grace_ms;
    return earlier(pause_ends_us, after_ms(connection->state_since_us, ms));
}

static int64_t state_deadline_us(const mr_connection *connection)
{
    const mr_http_options *options = &connection->loop->server->options;
    int64_t since_us = connection->state_since_us;

    switch (connection->state) {
    case MR_HANDSHAKE:
    case MR_HEAD:
        return after_ms(since_us, options->header_timeout_ms);
    case MR_IDLE:
        return after_ms(since_us, options->idle_timeout_ms);
    case MR_BODY:
        return body_deadline_us(connection);
    case MR_LINGERING:
        return after_ms(since_us, mr_http_linger_ms_max);
    case MR_HANDLING:
    case MR_STREAMING:
    case MR_WRITING:
    case MR_ORPHANED:
    case MR_CLOSED:
        break;
    }
    return INT64_MAX;
}

static int64_t write_deadline_us(const mr_connection *connection)
{
    return connection->write_blocked
               ? after_ms(connection->sent_us, connection->loop->server->options.write_timeout_ms)
               : INT64_MAX;
}

static void arm(mr_connection *connection)
{
    mr_http_loop *loop = connection->loop;
    uint32_t events = wanted_events(connection);

    if (events != connection->watched) {
        mr_loop_watch(loop, connection, events);
    }
    loop->slots[connection->slot].deadline_us =
        earlier(state_deadline_us(connection), write_deadline_us(connection));
}

/* Goes on with input that is here already; false when there is none or it has to wait. */
static bool take_more(mr_connection *connection)
{
    if (!is_reading(connection)) {
        return false;
    }
    if (pending_bytes(connection) > 0) {
        connection->pending_used +=
            feed(connection, connection->pending.data + connection->pending_used,
                 pending_bytes(connection));
        drop_used_pending(connection);
        return true;
    }
    if (!connection->read_ended && connection->transport->buffered != NULL &&
        connection->transport->buffered(connection)) {
        receive(connection);
        return true;
    }
    return false;
}

static void settle(mr_connection *connection)
{
    do {
        if (!is_over(connection) && unsent_bytes(connection) > 0) {
            flush(connection);
        }
        hold_when_blocked(connection);
        end_writing(connection);
    } while (take_more(connection));

    tell_drained(connection);
    bool nothing_to_come =
        is_reading(connection) && unsent_bytes(connection) == 0 &&
        (connection->read_ended || (connection->loop->draining && connection->state == MR_IDLE));
    bool reader_left = connection->state == MR_STREAMING && connection->read_ended &&
                       connection->request.stream.ends_with_input;
    if (nothing_to_come || reader_left) {
        mr_connection_close(connection);
    }
    if (!is_over(connection)) {
        arm(connection);
    }
}

/* --- Called by the loop --------------------------------------------------------------------- */

static void refuse_connection(mr_connection *connection)
{
    static const mr_http_answer busy = {
        .status = 503,
        .body = {"{\"detail\":\"too many connections\"}", 33},
        .headers = "Retry-After: 1\r\n",
    };

    mr_answer_append(connection, &busy, true);
    connection->close_after = true;
    connection->linger = true;
    enter(connection, MR_WRITING);
}

mr_connection *mr_connection_create(mr_http_loop *loop, const mr_transport *transport,
                                    void *transport_state, int fd, const mr_peer *peer,
                                    bool refused)
{
    mr_connection *connection = mr_alloc_zero(1, sizeof *connection);

    connection->loop = loop;
    connection->transport = transport;
    connection->transport_state = transport_state;
    connection->fd = fd;
    connection->peer = *peer;
    connection->refused = refused;
    connection->state = transport->handshake != NULL ? MR_HANDSHAKE : MR_IDLE;
    connection->state_since_us = connection->received_us = connection->sent_us = loop->now_us;
    connection->request.connection = connection;
    mr_buffer_init(&connection->pending, mr_http_input_bytes_max);
    mr_buffer_init(&connection->output, mr_http_answer_bytes_max);
    mr_message_init(connection);
    mr_loop_add(loop, connection);
    if (refused) {
        MR_ASSERT(connection->state == MR_IDLE);
        loop->refused_count++;
        refuse_connection(connection);
    } else {
        count_connections(loop->server, 1);
    }
    settle(connection);
    return connection;
}

void mr_connection_event(mr_connection *connection, uint32_t epoll_events)
{
    const uint32_t gone = (uint32_t)EPOLLERR | (uint32_t)EPOLLHUP;

    if (is_over(connection)) {
        return; /* closed earlier in this round */
    }
    if ((epoll_events & gone) != 0) {
        mr_connection_close(connection);
        return;
    }
    if (connection->state == MR_HANDSHAKE) {
        shake_hands(connection);
    }
    if (connection->state == MR_LINGERING) {
        drop_input(connection);
    } else if ((epoll_events & (uint32_t)EPOLLIN) != 0 || connection->read_wants_write) {
        receive(connection);
    }
    settle(connection);
}

void mr_connection_resume(mr_connection *connection)
{
    settle(connection);
}

void mr_connection_expire(mr_connection *connection)
{
    bool is_late_request = connection->state == MR_HEAD || connection->state == MR_BODY;

    if (!is_late_request || write_deadline_us(connection) <= connection->loop->now_us) {
        mr_connection_close(connection);
        return;
    }
    (void)mr_message_refuse(&connection->message, 408, "the request took too long to arrive");
    connection->feeding = true;
    dispatch(connection);
    connection->feeding = false;
    settle(connection);
}

void mr_connection_drain(mr_connection *connection)
{
    if (connection->state == MR_HANDSHAKE) {
        mr_connection_close(connection);
    } else if (connection->state == MR_IDLE) {
        receive(connection); /* a request may have arrived just now */
        settle(connection);
    }
}
