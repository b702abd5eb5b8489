/* SPDX-License-Identifier: Apache-2.0 */
/* http/message.h - one request as it is read: its head (message.c, head.c, target.c) and body.c.
 *
 * Both belong to the connection that reads them and are used again for its next request.
 */
#ifndef MR_HTTP_MESSAGE_H
#define MR_HTTP_MESSAGE_H

#include <llhttp.h>
#include <stdatomic.h>

#include "http/http.h"

enum {
    mr_http_headers_max = 100,
    mr_http_segments_max = 16, /* of a path */
    mr_http_parameters_max = 8,
    mr_http_kept_bytes_max = 4096, /* of a buffer that an idle connection keeps */
};

typedef struct mr_connection mr_connection;

typedef struct mr_span {
    uint32_t offset, bytes; /* in message.head */
} mr_span;

typedef struct mr_header {
    mr_span name, value;
} mr_header;

typedef enum mr_encoding { MR_ENCODING_NONE, MR_ENCODING_GZIP, MR_ENCODING_ZSTD } mr_encoding;
typedef enum mr_parse { MR_PARSE_MORE, MR_PARSE_COMPLETE, MR_PARSE_FAILED } mr_parse;

typedef struct mr_message {
    llhttp_t parser;
    mr_buffer head;     /* the target, then names and values; the target is decoded in place */
    mr_header *headers; /* header_count of header_capacity; kept between requests */
    const struct mr_route *route; /* NULL: none */
    int status;                   /* not 0: the request is refused with this status and detail */
    const char *detail;
    size_t head_bytes;    /* as sent */
    size_t framing_bytes; /* of a chunked body, as sent, its content included */
    mr_span target, path, query;
    mr_span segments[mr_http_segments_max], parameters[mr_http_parameters_max];
    uint32_t header_count, header_capacity;
    uint8_t segment_count, parameter_count;
    bool begun, head_done, complete; /* in this order */
    bool in_value;                   /* the last header's value has begun */
    bool keep_alive, head_only, has_body, expects_continue;
    mr_encoding encoding;
} mr_message;

void mr_message_init(mr_connection *connection);
void mr_message_reset(mr_message *message); /* ready for the next request */
void mr_message_free(mr_message *message);
/* Takes bytes of the connection's current request up to its end; *ret_used says how many. */
mr_parse mr_message_parse(mr_connection *connection, const char *data, size_t bytes,
                          size_t *ret_used);
/* Keeps the first refusal; false, so that a check can end with it. */
bool mr_message_refuse(mr_message *message, int status, const char *detail);
mr_text mr_message_text(const mr_message *message, mr_span span);
/* The rules on a complete head (head.c); false when message.status was set. */
bool mr_head_check(mr_connection *connection);
bool mr_target_parse(mr_message *message);
bool mr_target_query(mr_text query, const char *name, size_t nth, mr_buffer *out);

/* --- Body ----------------------------------------------------------------------------------- */

typedef struct mr_budget {
    atomic_uint_fast64_t used_bytes; /* shared */
    uint64_t bytes_max;
} mr_budget;

typedef struct mr_body {
    char *data; /* capacity always leaves 8 zeroed bytes behind `bytes` once finished */
    size_t bytes, capacity;
    uint64_t counted_bytes; /* taken from the budget for data and decoder */
    uint64_t sent_bytes, sent_bytes_max, unpacked_bytes_max, announced_bytes;
    mr_encoding encoding;
    void *decoder;
    bool decoder_ended; /* at a frame's end, where the body may end too */
} mr_body;

void mr_body_begin(mr_body *body, const mr_http_route *route, mr_encoding encoding,
                   uint64_t announced_bytes);
/* 0, or the status to answer: 400 413 503. */
int mr_body_write(mr_body *body, mr_budget *budget, const char *data, size_t bytes);
int mr_body_finish(mr_body *body, mr_budget *budget);
void mr_body_release(mr_body *body, mr_budget *budget); /* may keep a small block */
void mr_body_free(mr_body *body, mr_budget *budget);

#endif
