/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/answers.h - the bodies of refusals, in FastAPI's shapes.
 *
 * {"detail": "..."} for a whole request, {"detail": [{"type", "loc", "msg"}]} for fields. Each
 * mr_answer_* answers the request: it is gone afterwards. In the loop's thread.
 */
#ifndef MR_GATEWAY_ANSWERS_H
#define MR_GATEWAY_ANSWERS_H

#include <stdbool.h>

#include "base/memory.h"
#include "event/event.h"
#include "http/http.h"

enum { mr_answer_text_bytes_max = 1024 };

/* headers: extra ones, each "Name: value\r\n", or NULL. */
void mr_answer_refuse(mr_http_request *request, int status, const char *headers, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* 503 with Retry-After: 1. */
void mr_answer_unavailable(mr_http_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* 400 for what is not JSON, and for a date alone; else 422 naming every field. */
void mr_answer_faults(mr_http_request *request, const mr_event_faults *faults);

/* [{"type":"missing","loc":["body","Quantity"],"msg":"Field required"}, ...]
 * false past out's cap. */
bool mr_answer_write_faults(mr_buffer *out, const mr_event_faults *faults);

/* 422 about one header. */
void mr_answer_header_fault(mr_http_request *request, const char *name, const char *type,
                            const char *message);

/* 422 about one part of the path. */
void mr_answer_path_fault(mr_http_request *request, const char *name, const char *type,
                          const char *message);

#endif
