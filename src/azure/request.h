/* SPDX-License-Identifier: Apache-2.0 */
/* azure/request.h - one exchange with an HTTP service of Azure, tried until it is clear or too
 * late.
 *
 * A pool keeps connections for the next request to the same host. Threads: a pool may be shared,
 * each thread is in one request at a time. What is secret (headers, a URL's query) never gets into
 * a message: URLs are shown without their query.
 *
 * Tried again, with waits that double and vary at random (Retry-After is obeyed): connections that
 * fail, 408, 429 and 5xx. Any other answer is the caller's to judge, and MR_OK.
 */
#ifndef MR_AZURE_REQUEST_H
#define MR_AZURE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/property.h"
#include "base/status.h"

typedef struct mr_requests mr_requests;

typedef struct mr_requests_options {
    const char *ca_file;         /* PEM of the authorities to trust; NULL: the system's */
    uint32_t connect_timeout_ms; /* of each try; 0: 10 s */
    uint32_t stall_timeout_ms;   /* of each try, without a byte either way; whole s; 0: 20 s */
    uint32_t timeout_ms;         /* of a request with all its tries; 0: 60 s */
    uint32_t wait_ms;            /* before the second try; doubles up to 10 s; 0: 100 ms */
} mr_requests_options;

/* Copies the options. Never fails. */
mr_requests *mr_requests_create(const mr_requests_options *options);
void mr_requests_destroy(mr_requests *requests); /* no request is under way; NULL is fine */

/* What a second sending of the same request may do. */
typedef enum mr_request_effect {
    MR_REQUEST_READS,   /* it changes nothing */
    MR_REQUEST_REPEATS, /* sent twice it has the effect of once, or the second answer tells */
    MR_REQUEST_ONCE,    /* it is not sent again once the first may have arrived */
} mr_request_effect;

enum { mr_request_wanted_max = 8, mr_request_value_bytes_max = 1024, mr_request_tries_max = 12 };

/* A header of the answer. */
typedef struct mr_request_field {
    const char *name; /* "ETag", in any case */
    char *value;      /* room for mr_request_value_bytes_max; "" where the answer has none */
} mr_request_field;

typedef struct mr_request mr_request;
typedef struct mr_request_try mr_request_try;

/* Called before each try, which may add headers to it (a date, a signature, a token that was
 * renewed). Any status but MR_OK ends the request with it. */
typedef mr_status (*mr_request_sign_fn)(void *ctx, const mr_request *request,
                                        mr_request_try *attempt, mr_err *err);
/* Copies both. */
void mr_request_try_header(mr_request_try *attempt, const char *name, const char *value);

struct mr_request {
    const char *method; /* "GET" */
    const char *url;
    const mr_property *headers; /* sent with every try */
    size_t header_count;
    mr_request_effect effect;
    mr_request_sign_fn sign; /* NULL: none */
    void *sign_ctx;
    uint32_t timeout_ms; /* 0: the pool's */
    bool direct; /* never by a proxy of the environment: an address on this machine's link */

    mr_text body; /* or, when body_bytes > 0, that much of a file: */
    int body_fd;
    uint64_t body_offset, body_bytes;

    /* Where the answer's body goes: appended to `answer` (NULL: it is let go; past its cap
     * MR_LIMIT), or, of a 2xx answer with answer_bytes_max > 0, into a file at an offset; a body
     * longer than that is MR_LIMIT. */
    mr_buffer *answer;
    bool answer_of_success; /* the body of an answer that is not 2xx is let go */
    int answer_fd;
    uint64_t answer_offset, answer_bytes_max;

    mr_request_field *wanted; /* headers to be told of */
    size_t wanted_count;      /* at most mr_request_wanted_max */
};

typedef struct mr_request_result {
    int status;             /* 200 */
    uint64_t body_bytes;    /* of the answer */
    uint32_t tries;         /* 1: the first was answered */
    uint32_t tries_unclear; /* tries before the last that may have taken effect */
} mr_request_result;

/* Blocks. MR_OK: there is an answer that is not tried again, whatever its status.
 * MR_UNAVAILABLE: there was none in time, and nothing was changed (or effect is MR_REQUEST_READS).
 * MR_UNKNOWN_OUTCOME: there was none, and a try may have taken effect.
 * MR_INVALID: the URL, or the server's certificate, is not acceptable. MR_LIMIT: see answer. */
mr_status mr_request_send(mr_requests *requests, const mr_request *request,
                          mr_request_result *ret_result, mr_err *err);

/* "https://host/path of url" for messages: without user, password, query and fragment. */
enum { mr_request_shown_bytes_max = 256 };
void mr_request_show_url(const char *url, char shown[static mr_request_shown_bytes_max]);

#endif
