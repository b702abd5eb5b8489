/* SPDX-License-Identifier: Apache-2.0 */
/* http/internal.h - what the files of this room share; nobody else includes it. See also loop.h.
 *
 * Ownership: server > loops > connections; a connection holds its transport, the one request it
 * reads or answers (head in `message`, content in `body`) and its unsent output. All of a
 * connection belongs to its loop's thread; what threads share is marked "shared".
 */
#ifndef MR_HTTP_INTERNAL_H
#define MR_HTTP_INTERNAL_H

#include <sys/socket.h>
#include <sys/types.h>

#include "http/http.h"
#include "http/message.h"
#include "http/stream.h"

enum {
    mr_http_statuses_max = 16,          /* that have a counter of their own */
    mr_http_read_bytes_max = 65536,     /* of one receive while a body arrives */
    mr_http_input_bytes_max = 16384,    /* held back while a request is being handled */
    mr_http_coalesce_bytes_max = 16384, /* answers gathered before they are sent */
    mr_http_answer_bytes_max = 256 << 20,
    mr_http_linger_bytes_max = 16 << 20, /* read and dropped after an early answer */
    mr_http_linger_ms_max = 2000,
    mr_http_rate_grace_ms = 5000, /* of a body, before its rate counts */
    mr_http_client_bytes_max = 46,
    mr_http_allow_bytes_max = 128,
};

typedef struct mr_router mr_router;
typedef struct mr_tls mr_tls;
typedef struct mr_clients mr_clients;

/* --- Transport: bytes in and out of a connection ------------------------------------------- */

enum { MR_IO_AGAIN = -1, MR_IO_AGAIN_WRITE = -2, MR_IO_FAILED = -3 }; /* wait to read; to write */

typedef struct mr_transport {
    /* Optional; 1 when done, else MR_IO_*. */
    ssize_t (*handshake)(mr_connection *connection);
    /* Bytes moved, 0 at the peer's end (receive, drain), else MR_IO_*. Never block. */
    ssize_t (*receive)(mr_connection *connection, char *data, size_t bytes);
    ssize_t (*send)(mr_connection *connection, const char *data, size_t bytes);
    /* As receive, for bytes nobody will look at, after finish. */
    ssize_t (*drain)(mr_connection *connection, char *data, size_t bytes);
    /* Optional: received already, so that no event will tell of it. */
    bool (*buffered)(const mr_connection *connection);
    void (*finish)(mr_connection *connection); /* no more is sent: tell the peer */
    void (*close)(mr_connection *connection);  /* frees transport_state and fd */
} mr_transport;

extern const mr_transport mr_transport_plain;

/* --- Connection ------------------------------------------------------------------------------ */

typedef enum mr_state { /* drawn in connection.c */
                        MR_HANDSHAKE,
                        MR_IDLE,
                        MR_HEAD,
                        MR_BODY,
                        MR_HANDLING,
                        MR_STREAMING,
                        MR_WRITING,
                        MR_LINGERING,
                        MR_ORPHANED,
                        MR_CLOSED,
} mr_state;

struct mr_http_request {
    mr_connection *connection;
    void *user;
    void (*release)(void *user);
    void (*gone)(void *user);
    mr_http_stream_hooks stream; /* while STREAMING, as the two below */
    int stream_status;
    bool chunked, undrained;
};

typedef struct mr_peer {
    char text[mr_http_client_bytes_max]; /* the address without port */
    uint8_t key[16];                     /* IPv4 mapped; of IPv6 the /64 */
    bool loopback;
} mr_peer;

struct mr_connection {
    mr_http_loop *loop;
    const mr_transport *transport;
    void *transport_state;
    int fd; /* -1: not watched by epoll */
    mr_state state;
    uint32_t slot;    /* in loop->slots */
    uint32_t watched; /* events asked of epoll */
    bool feeding;     /* within feed(): answers are sent at its end */
    bool registered;  /* with epoll */
    bool to_resume, read_ended, read_wants_write, write_blocked, close_after, linger, refused;
    mr_connection *resume_next, *closed_next;
    mr_message message;
    mr_body body;
    mr_http_request request;
    mr_buffer pending; /* received, not yet parsed */
    size_t pending_used;
    mr_buffer output;
    size_t output_sent, linger_bytes;
    int64_t state_since_us, received_us, sent_us, request_began_us;
    mr_peer peer;
};

/* Takes fd (-1: not watched, for tests). refused: it only gets a 503. */
mr_connection *mr_connection_create(mr_http_loop *loop, const mr_transport *transport,
                                    void *transport_state, int fd, const mr_peer *peer,
                                    bool refused);
void mr_connection_event(mr_connection *connection, uint32_t epoll_events);
void mr_connection_resume(mr_connection *connection);  /* after a deferred answer */
void mr_connection_expire(mr_connection *connection);  /* its deadline is over */
void mr_connection_drain(mr_connection *connection);   /* the server stops: end when idle */
void mr_connection_close(mr_connection *connection);   /* at once; an open request is orphaned */
void mr_connection_destroy(mr_connection *connection); /* any state; by the loop alone */

/* --- Answers (answer.c) ---------------------------------------------------------------------- */

void mr_answer_append(mr_connection *connection, const mr_http_answer *answer, bool close);
/* The head of a streamed one. */
void mr_answer_append_stream_head(mr_connection *connection, const mr_http_answer *head,
                                  bool chunked, bool close);
/* Makes {"detail": ...} of it; the caller frees the buffer. */
/* {"detail": message}; headers: further ones, "" or lines. */
void mr_answer_problem(mr_connection *connection, int status, const char *message,
                       const char *headers, bool close);
/* Answers with what the message was refused for. */
void mr_answer_refusal(mr_connection *connection);

/* --- Routes ---------------------------------------------------------------------------------- */

typedef struct mr_route {
    const mr_http_route *route; /* NULL: stands for requests without a route */
    mr_text segments[mr_http_segments_max];
    uint8_t segment_count, parameter_count;
    int method;                                     /* llhttp's */
    mr_counter *requests[mr_http_statuses_max + 1]; /* NULL without metrics */
    mr_histogram *duration;
} mr_route;

mr_status mr_router_create(const mr_http_options *options, mr_router **ret_router, mr_err *err);
void mr_router_destroy(mr_router *router);
/* Sets message's route and parameters; else 0 becomes 404 or 405. */
int mr_router_match(const mr_router *router, mr_message *message);
/* "Allow: GET, HEAD\r\n" for the path of a message. */
void mr_router_allow(const mr_router *router, const mr_message *message,
                     char ret_header[static mr_http_allow_bytes_max]);
/* Counts an answer; route NULL is fine. */
void mr_router_count(const mr_router *router, const mr_route *route, int status,
                     int64_t duration_us);

/* --- Clients: connections by address; thread-safe ------------------------------------------- */

mr_clients *mr_clients_create(uint32_t connections_max, uint32_t per_client_max);
void mr_clients_destroy(mr_clients *clients);
bool mr_clients_enter(mr_clients *clients, const uint8_t key[static 16]); /* false: too many */
void mr_clients_leave(mr_clients *clients, const uint8_t key[static 16]);

/* --- TLS ------------------------------------------------------------------------------------- */

mr_status mr_tls_create(const char *certificate, const char *key, mr_tls **ret_tls, mr_err *err);
void mr_tls_destroy(mr_tls *tls);
extern const mr_transport mr_transport_tls;
void *mr_tls_accept(const mr_tls *tls, int fd); /* a transport_state; NULL: out of resources */

#endif
