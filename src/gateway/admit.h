/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/admit.h - who may pass: API keys, pages of other origins, rates, and a disk that is full.
 *
 * A function that returns false has answered the request. In the loop's thread unless said
 * otherwise.
 */
#ifndef MR_GATEWAY_ADMIT_H
#define MR_GATEWAY_ADMIT_H

#include "gateway/state.h"

enum { mr_client_bytes_max = 96 };

/* Who a request counts for: "key:<name>" or "address:<address>". */
typedef struct mr_client {
    char text[mr_client_bytes_max];
    size_t bytes;
} mr_client;

/* "localhost", "127.0.0.1", "::1" and the like, with or without brackets. From any thread. */
bool mr_host_is_loopback(mr_text host);

/* A valid key, where keys are asked for; and no foreign web page behind it, where they are not. */
bool mr_admit_client(mr_http_request *request, mr_client *ret_client);

/* As mr_admit_client, for what adds to the log: with room on the disk too. */
bool mr_admit_writer(mr_http_request *request, mr_client *ret_client);

/* May `client` send `events` now? false: *ret_retry_after_seconds says when. Answers nothing. From
 * any thread. */
bool mr_admit_events(mr_gateway *gateway, const mr_client *client, uint64_t events,
                     uint32_t *ret_retry_after_seconds);

/* 429. */
void mr_admit_answer_limited(mr_http_request *request, uint32_t retry_after_seconds);

#endif
