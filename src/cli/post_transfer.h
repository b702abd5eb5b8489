/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_transfer.h - a fixed number of HTTP requests at once, over connections that are kept.
 *
 * All of them belong to one thread, which waits in mr_post_transfers_wait and nowhere else.
 */
#ifndef MR_CLI_POST_TRANSFER_H
#define MR_CLI_POST_TRANSFER_H

#include "base/memory.h"
#include "cli/post_pack.h"

enum {
    mr_post_connect_timeout_ms = 10000,
    mr_post_request_timeout_ms = 120000,
    mr_post_answer_bytes_max = 4194304, /* what an answer has beyond it is not kept */
    mr_post_concurrency_max = 1024,
};

typedef struct mr_post_transfers mr_post_transfers;

typedef struct mr_post_transfers_options {
    const char *url;     /* of the route: "http://127.0.0.1:8000/invoicedata/batch" */
    const char *api_key; /* NULL: none */
    const char *ca_file; /* PEM of authorities to trust; NULL: the system's */
    const char *content_type;
    mr_post_packing packing;
    uint32_t count; /* requests at once */
} mr_post_transfers_options;

/* One finished request. Texts are borrowed until the next send. */
typedef struct mr_post_result {
    void *user;              /* as given to send */
    int http_status;         /* 0: no answer */
    uint64_t retry_after_us; /* what the server asked for; 0 = nothing */
    mr_text body;
    const char *failure; /* without an answer: why; else NULL */
    bool hopeless;       /* without an answer: it will be so again (a bad URL or certificate) */
} mr_post_result;

/* Strings are copied. */
mr_post_transfers *mr_post_transfers_create(const mr_post_transfers_options *options);
void mr_post_transfers_destroy(
    mr_post_transfers *transfers); /* breaks off what runs; NULL is fine */

uint32_t mr_post_transfers_idle(const mr_post_transfers *transfers);
uint32_t mr_post_transfers_busy(const mr_post_transfers *transfers);

/* Needs an idle one (asserted). body is borrowed until its result. */
mr_status mr_post_transfers_send(mr_post_transfers *transfers, mr_text body, void *user,
                                 mr_err *err);

/* Moves bytes, without waiting. */
void mr_post_transfers_step(mr_post_transfers *transfers);
/* false: nothing has finished. */
bool mr_post_transfers_next(mr_post_transfers *transfers, mr_post_result *ret_result);

/* Until a transfer can go on, one of fds is ready, or the time is over. */
void mr_post_transfers_wait(mr_post_transfers *transfers, const int *fds, size_t fd_count,
                            uint32_t timeout_ms);

#endif
