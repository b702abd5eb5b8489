/* SPDX-License-Identifier: Apache-2.0 */
/* http/stream.h - an answer in pieces: chunked (RFC 9112, 7.1), or up to the connection's end for a
 * client of HTTP/1.0.
 *
 * In place of mr_http_request_answer, in the loop's thread: begin, any number of writes, end. The
 * request lives until the end, also when the client has left; mr_http_request_on_gone tells of
 * that.
 */
#ifndef MR_HTTP_STREAM_H
#define MR_HTTP_STREAM_H

#include "http/http.h"

enum { mr_http_stream_unsent_bytes_max = 4 * 1048576 };

typedef struct mr_http_stream_hooks {
    /* Whenever all that was written has been sent; may be NULL. It must not end the stream. */
    void (*drained)(void *ctx);
    void *ctx;
    /* A client that sends no more has left: for streams without end. Else it may still read. */
    bool ends_with_input;
} mr_http_stream_hooks;

/* head: status, content type, headers; its body is not looked at. */
void mr_http_stream_begin(mr_http_request *request, const mr_http_answer *head,
                          const mr_http_stream_hooks *hooks);
/* Copied. false: the client has left, or reads so slowly that too much is unsent: it is left then.
 * The end is still due. */
bool mr_http_stream_write(mr_http_request *request, mr_text data);
/* Bytes written that are not sent yet. */
size_t mr_http_stream_unsent_bytes(const mr_http_request *request);
/* The request is gone afterwards. Not complete: the connection ends without the last chunk, so that
 * the client knows that something is missing. */
void mr_http_stream_end(mr_http_request *request, bool complete);

#endif
