/* SPDX-License-Identifier: Apache-2.0 */
/* web/state.h - what the parts of a running web share. Included only in this room.
 *
 * Threads: `mr_web` is made before the loops start and read-only afterwards, except for parts that
 * say they are thread-safe. A call belongs to its loop's thread until it is submitted, to the
 * worker's until its task is posted, and to the loop's thread again; `gone` is shared.
 */
#ifndef MR_WEB_STATE_H
#define MR_WEB_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <yyjson.h>

#include "base/metrics.h"
#include "http/pump.h"
#include "http/rate_limit.h"
#include "http/workers.h"
#include "web/call.h"
#include "web/parts.h"
#include "web/routes.h"

enum {
    mr_web_calls_max = 256, /* that wait for a worker, in each lane */
    mr_web_sign_in_calls_max = 16,
    mr_web_sign_in_workers = 2,
    mr_web_request_id_bytes_max = 17,
    mr_web_arena_bytes_max = 1048576,
    mr_web_query_bytes_max = 1048576,
    mr_web_etag_bytes_max = 128,
    mr_web_live_period_ms = 500,
    mr_web_common_headers_bytes_max = 1536,
    mr_web_piece_bytes = 65536,        /* of a streamed answer */
    mr_web_stream_ms_max = 10 * 60000, /* longest time it may take */
    mr_web_address_bytes_max = 46,
    mr_web_audit_clients_max = 4096,
    mr_web_program_requests_per_second = 20, /* with one key; as many wrong keys of an address */
    mr_web_program_requests_burst = 100,
    mr_web_programs_max = 4096,
};

/* One a worker's thread. */
typedef struct mr_web_worker {
    mr_web *web;
    mr_store *store; /* NULL: not open */
    mr_ops *ops;     /* NULL: not open */
    struct {
        void *value;
        void (*destroy)(void *value);
    } slots[MR_WEB_SLOT_COUNT];
} mr_web_worker;

struct mr_web {
    mr_web_options options;
    mr_metrics *metrics;
    mr_counter *answers, *errors, *busy; /* thread-safe */
    mr_http_route *routes;               /* one a row of the table, then those of the system */
    mr_http_route fallback;
    char headers[mr_web_common_headers_bytes_max]; /* of every answer */
    void *parts[MR_WEB_PART_COUNT];
    mr_workers *lanes[MR_WEB_LANE_COUNT]; /* thread-safe */
    mr_rate_limit *refusals; /* thread-safe: of strangers, that the audit log takes by address */
    mr_rate_limit *programs; /* thread-safe: requests by key, and wrong keys by address */
    mr_session_limits session_limits;
    bool secure;              /* people reach it by HTTPS */
    struct mr_web_live *live; /* thread-safe */
    mr_http_server *server;
    pthread_mutex_t mutex;
    char last_error[mr_err_message_bytes_max]; /* guarded by mutex */
};

struct mr_web_call {
    mr_work work; /* first: the worker gets the call back */
    mr_http_task task;
    mr_web *web;
    const mr_web_route *route;
    mr_http_loop *loop;
    mr_http_request *request;
    mr_web_worker *worker; /* NULL until it runs */
    char id[mr_web_request_id_bytes_max];
    int64_t came_us, deadline_us;
    atomic_bool gone;                       /* shared: the client has left */
    char address[mr_web_address_bytes_max]; /* the client's */
    bool has_user;
    uint32_t retry_after_s;         /* of a refusal with 429 */
    mr_session session;             /* with has_user; of a program its user alone */
    char token[mr_token_bytes_max]; /* of its cookie; "" without one */
    mr_arena *arena;
    mr_buffer scratch;    /* a decoded parameter */
    yyjson_doc *json;     /* of the body; NULL: not read yet */
    mr_buffer faults;     /* members of a JSON array */
    bool kept, live_over; /* a live stream; whose session has ended: live.c */
    mr_web_call *live_next;
    int status;
    const char *content_type; /* NULL: JSON */
    bool unchanged;
    bool streamed;                    /* the answer may come in pieces */
    mr_http_pump *pump;               /* which carries them, once they outgrow `out` */
    mr_http_answer head;              /* of these; status 0: not begun */
    char etag[mr_web_etag_bytes_max]; /* "" without one */
    mr_buffer key;                    /* what the answer is kept by; empty: it is not */
    mr_buffer headers, out;
};

/* accept.c: the http handler of every row of the table; ctx is the web. */
void mr_web_accept(mr_http_request *request, void *ctx);
/* Workers' own state, for mr_workers_options; ctx is the web. */
void *mr_web_worker_create(void *ctx);
void mr_web_worker_destroy(void *state);

/* call.c: keeps an answer that mr_web_call_known has not found. */
void mr_web_call_keep(mr_web_call *call);

/* access.c: may this call be made? Sets its address, user and session. In the worker's thread.
 * *ret_refusal: 0, or the status that refuses it with err's message. */
mr_status mr_web_guard(mr_web_call *call, int *ret_refusal, mr_err *err);
/* The session's token for X-CSRF-Token. */
enum { mr_web_csrf_bytes_max = 65 };
void mr_web_csrf(const char *token, char ret_csrf[static mr_web_csrf_bytes_max]);
/* "address:192.0.2.7", of IPv6 the /64: who counts as one client. */
enum { mr_web_subject_bytes_max = 80 };
void mr_web_client_subject(const mr_web_call *call,
                           char ret_subject[static mr_web_subject_bytes_max]);

/* problem.c: turns what the handler returned into the answer, and logs what is ours to mend. */
void mr_web_problem(mr_web_call *call, mr_status status, const mr_err *err);
/* The same for a refusal that has a status of HTTP already. */
void mr_web_refuse(mr_web_call *call, int http_status, const char *message);
/* With Retry-After. */
void mr_web_refuse_for(mr_web_call *call, int http_status, uint32_t retry_after_seconds,
                       const char *message);
void mr_web_set_error(mr_web *web, const char *message);

/* routes_system.c, files.c: answered by the loops. */
size_t mr_web_system_route_count(void);
void mr_web_system_routes(mr_http_route *ret_routes);
void mr_web_file(mr_http_request *request, void *ctx); /* the fallback */

#endif
