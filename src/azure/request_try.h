/* SPDX-License-Identifier: Apache-2.0 */
/* azure/request_try.h - one try of a request on libcurl. Only request*.c include it. */
#ifndef MR_AZURE_REQUEST_TRY_H
#define MR_AZURE_REQUEST_TRY_H

#include "azure/request.h"

/* Handles that keep their connections; those not in use wait for the next request. */
typedef struct mr_request_handles mr_request_handles;

mr_request_handles *mr_request_handles_create(const mr_requests_options *options);
void mr_request_handles_destroy(mr_request_handles *handles);

typedef enum mr_try_end {
    MR_TRY_ANSWERED,
    MR_TRY_NOT_SENT, /* no connection: it cannot have taken effect */
    MR_TRY_UNCLEAR,  /* it was sent, or a part of it, and the answer did not arrive whole */
    MR_TRY_REFUSED,  /* another try would fare alike: *ret_status says how */
} mr_try_end;

typedef struct mr_try_outcome {
    mr_try_end end;
    mr_status status; /* of MR_TRY_REFUSED */
    int http_status;
    uint64_t body_bytes;
    uint64_t retry_after_ms; /* 0: the answer does not say */
    char reason[256];        /* what went wrong, or the answer's x-ms-error-code */
} mr_try_outcome;

/* Fails only by the request's sign. */
mr_status mr_request_try_once(mr_request_handles *handles, const mr_request *request,
                              uint64_t timeout_ms, mr_try_outcome *ret_outcome, mr_err *err);

#endif
