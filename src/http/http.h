/* SPDX-License-Identifier: Apache-2.0 */
/* http/http.h - the HTTP/1.1 server (RFC 9110, 9112): loops, routes, requests and their answers.
 *
 * One thread a loop; each loop listens on the same address (SO_REUSEPORT), owns its connections and
 * calls the handlers of their requests. A handler answers at once or later; it never blocks.
 * Requests of one connection are handled one at a time, in order (pipelining is accepted).
 *
 * Bodies are collected whole, decoded (gzip, zstd) and counted against limits before the handler
 * runs. What breaks a limit or the protocol is answered here: 400 408 411 413 414 415 417 431 501
 * 503 505, as {"detail": "..."}; routing answers 404 and 405.
 */
#ifndef MR_HTTP_HTTP_H
#define MR_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/text.h"

typedef struct mr_http_server mr_http_server;
typedef struct mr_http_loop mr_http_loop;
typedef struct mr_http_request mr_http_request;

typedef void (*mr_http_handler)(mr_http_request *request, void *ctx);

typedef struct mr_http_route {
    const char *method; /* "GET" (serves HEAD too), "POST", ... */
    const char *path;   /* "/receipts/{event_id}"; a {name} matches one segment */
    mr_http_handler handler;
    uint64_t body_bytes_max; /* as sent, and as unpacked; 0 = no body is taken */
    uint64_t unpacked_bytes_max;
    const char *label; /* for metrics: "invoicedata" */
    const void *user;  /* the owner's: mr_http_request_route gives it back */
} mr_http_route;

typedef struct mr_http_options {
    const char *address;                 /* "127.0.0.1:8000"; port 0 picks one */
    uint32_t loops;                      /* threads; at least 1 */
    uint32_t connections_max;            /* over all loops; more are answered 503 and closed */
    uint32_t connections_per_client_max; /* by address; 0 = no limit */
    uint32_t header_bytes_max;           /* request line and headers together: 431 or 414 */
    uint64_t buffer_bytes_max;           /* all bodies in memory together: 503 with Retry-After */
    uint32_t header_timeout_ms;          /* from first byte to the end of the headers: 408 */
    uint32_t body_timeout_ms;            /* longest pause while a body arrives: 408 */
    uint32_t body_rate_min;      /* bytes per second a body must reach after its first 5 s: 408 */
    uint32_t idle_timeout_ms;    /* keep-alive without a request */
    uint32_t write_timeout_ms;   /* longest pause of a reader of the answer */
    const char *tls_certificate; /* PEM chain; NULL = plain HTTP */
    const char *tls_key;
    const mr_http_route *routes; /* borrowed */
    size_t route_count;
    const mr_http_route *fallback; /* GETs whose path no route has; NULL: 404. Its path is unread */
    const char *headers;           /* of every answer, each "Name: value\r\n", or NULL; borrowed */
    bool request_ids;              /* refusals made here carry X-Request-Id, and are logged */
    bool end_leaves;               /* who ends their side before the answer has left */
    void *ctx;                     /* given to handlers and hooks */
    void (*loop_started)(mr_http_loop *loop, void *ctx); /* in the loop's thread; may be NULL */
    void (*loop_turn)(mr_http_loop *loop,
                      void *ctx); /* after each round of handlers; may be NULL */
    void (*loop_ended)(mr_http_loop *loop, void *ctx); /* in the loop's thread; may be NULL */
    mr_metrics *metrics;                               /* borrowed; NULL = none */
} mr_http_options;

/* Binds and starts the loops. */
mr_status mr_http_server_start(const mr_http_options *options, mr_http_server **ret_server,
                               mr_err *err);
uint16_t mr_http_server_port(const mr_http_server *server);

/* Stops listening, lets requests under way finish (at most drain_ms), closes all and joins the
 * threads. Answers that come later are dropped safely. Not from a loop's thread. */
void mr_http_server_stop(mr_http_server *server, uint32_t drain_ms);

/* After stop, and after the threads that post have ended: tasks posted since the stop run here, in
 * the caller's thread, and requests still unanswered are released. NULL is fine. */
void mr_http_server_destroy(mr_http_server *server);

/* --- Loops --------------------------------------------------------------------------------- */

void mr_http_loop_set_user(mr_http_loop *loop, void *user);
void *mr_http_loop_user(const mr_http_loop *loop);

/* Runs fn in the loop's thread soon. From any thread; wakes the loop. The node is caller's memory
 * until fn is called. */
typedef struct mr_http_task {
    struct mr_http_task *next;
    void (*run)(struct mr_http_task *task);
} mr_http_task;
void mr_http_loop_post(mr_http_loop *loop, mr_http_task *task);

/* Calls loop_turn in about ms, even if nothing comes until then. In the loop's thread; the soonest
 * asked for counts, once. */
void mr_http_loop_turn_within(mr_http_loop *loop, uint32_t ms);

/* --- Requests -------------------------------------------------------------------------------- */

/* What is read here may be read by any thread while the answer is outstanding; all else is the
 * loop's thread's. */

mr_http_loop *mr_http_request_loop(const mr_http_request *request);
const mr_http_route *mr_http_request_route(const mr_http_request *request);
bool mr_http_request_is_head(const mr_http_request *request);
void *mr_http_request_ctx(const mr_http_request *request);
mr_text mr_http_request_path(const mr_http_request *request); /* decoded, without the query */
mr_text mr_http_request_header(const mr_http_request *request,
                               const char *name); /* absent: .data NULL */
mr_text mr_http_request_parameter(const mr_http_request *request,
                                  size_t index);                    /* index-th {name}, decoded */
mr_text mr_http_request_query_text(const mr_http_request *request); /* all of it, as it came */
bool mr_http_request_query(const mr_http_request *request, const char *name,
                           mr_buffer *out); /* decoded; the first of that name */
bool mr_http_request_query_nth(const mr_http_request *request, const char *name, size_t nth,
                               mr_buffer *out); /* the one behind nth others of that name */
mr_text
mr_http_request_client(const mr_http_request *request); /* the peer's address, without port */
bool mr_http_request_is_loopback(const mr_http_request *request);

/* The decoded body: writable, with at least 8 writable bytes behind it; valid until the answer.
 * Any thread may read and write it while the answer is outstanding. */
char *mr_http_request_body(mr_http_request *request, size_t *ret_bytes);

/* A slot for the handler's own state, freed by release (if any) when the request is done with. */
void mr_http_request_set_user(mr_http_request *request, void *user, void (*release)(void *user));
void *mr_http_request_user(const mr_http_request *request);

/* gone(user) is called once, in the loop's thread, if the client leaves or the server ends while
 * the answer is outstanding. The answer stays due; gone may give it, or anybody later. */
void mr_http_request_on_gone(mr_http_request *request, void (*gone)(void *user));

typedef struct mr_http_answer {
    int status;
    const char *content_type; /* NULL: "application/json" */
    mr_text body;             /* copied */
    const char *headers;      /* extra, each "Name: value\r\n", or NULL; copied */
    bool close;               /* close the connection after it */
} mr_http_answer;

/* Exactly once a request; it is gone afterwards. In the loop's thread, inside the handler or later.
 * If the client has left meanwhile, the answer is dropped. */
void mr_http_request_answer(mr_http_request *request, const mr_http_answer *answer);

/* {"detail": "<message>"} */
void mr_http_request_fail(mr_http_request *request, int status, const char *message);

#endif
