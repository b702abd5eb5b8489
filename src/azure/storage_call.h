/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage_call.h - one signed request to a container. Only storage*.c include it. */
#ifndef MR_AZURE_STORAGE_CALL_H
#define MR_AZURE_STORAGE_CALL_H

#include "azure/storage.h"

enum { mr_storage_call_headers_max = 10, mr_storage_call_wanted_max = 5 };

struct mr_storage {
    char *endpoint, *account, *container;
    const mr_secret *account_key, *sas;
    mr_azure_credential *credential;
    mr_requests *requests;
    uint32_t timeout_ms; /* of a request without a large body */
};

/* Zeroed by begin, released by end; in between its fields may be set. */
typedef struct mr_storage_call {
    mr_storage *storage;
    mr_request request;
    mr_request_result result;
    mr_buffer url;
    mr_buffer token; /* what the last try was sent with */
    mr_property headers[mr_storage_call_headers_max];
    mr_request_field wanted[mr_storage_call_wanted_max];
    char values[mr_storage_call_wanted_max][mr_request_value_bytes_max];
} mr_storage_call;

/* The URL of the container (name NULL) or of a blob; query: "comp=list&..." encoded already, or
 * NULL. */
void mr_storage_call_begin(mr_storage_call *call, mr_storage *storage, const char *method,
                           const char *name, const char *query);
void mr_storage_call_end(mr_storage_call *call);
void mr_storage_call_header(mr_storage_call *call, const char *name,
                            const char *value); /* borrowed */
/* Where the header's value will stand. */
const char *mr_storage_call_want(mr_storage_call *call, const char *name);
/* The answer's x-ms-error-code, or "". */
const char *mr_storage_call_code(const mr_storage_call *call);

/* MR_OK: there is an answer, in call->result. A missing container is made when the call writes. */
mr_status mr_storage_call_send(mr_storage_call *call, mr_err *err);

/* The error of an answer that says no, by its status; `what`: "read a/b". */
mr_status mr_storage_call_fail(const mr_storage_call *call, const char *what, const char *name,
                               mr_err *err);

/* Time for so many bytes at the slowest rate that is waited for. */
uint32_t mr_storage_timeout_ms(const mr_storage *storage, uint64_t bytes);

/* Percent-encoded; with `path` a '/' stays. */
void mr_storage_encode(mr_text text, bool path, mr_buffer *out);

#endif
