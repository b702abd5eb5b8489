/* SPDX-License-Identifier: Apache-2.0 */
/* http/pump.h - a streamed answer that another thread writes, as fast as the client reads it.
 *
 * One buffer is on its way to the client while the writer fills the next; handing over a third
 * waits. The writer is one thread; the pump belongs to the request's user and is destroyed by its
 * release.
 */
#ifndef MR_HTTP_PUMP_H
#define MR_HTTP_PUMP_H

#include "http/http.h"

typedef struct mr_http_pump mr_http_pump;

/* request: outstanding. Sends nothing yet. */
mr_http_pump *mr_http_pump_create(mr_http_request *request);
void mr_http_pump_destroy(mr_http_pump *pump); /* NULL is fine */

/* From the hook of mr_http_request_on_gone, in the loop's thread: nobody reads any more. */
void mr_http_pump_gone(mr_http_pump *pump);

/* The head, before the first send; borrowed until the end. */
void mr_http_pump_set_head(mr_http_pump *pump, const mr_http_answer *head);

/* Takes data's content; data is empty afterwards. Waits while the client has not read what was sent
 * before, at most until deadline_us (mr_monotonic_us). MR_STOPPED: the client has left, or the time
 * is over. */
mr_status mr_http_pump_send(mr_http_pump *pump, mr_buffer *data, int64_t deadline_us, mr_err *err);

/* Sends the rest and ends the answer; the request, and with it the pump, is gone some time after.
 * Never waits. */
void mr_http_pump_end(mr_http_pump *pump, mr_buffer *rest, bool complete);

#endif
