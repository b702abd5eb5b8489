/* SPDX-License-Identifier: Apache-2.0 */
/* http/message.c - llhttp's events put together to the head and body of one request.
 *
 * Owns:       the head's bytes and header table of a connection; the parser's state.
 * Invariants: (1) head.data starts with the target; all else refers to it by offset, for it moves
 *             as it grows; (2) the parser is never given more than header_bytes_max bytes of a
 * head, so head cannot outgrow its cap; (3) parsing pauses at a request's end, before the first
 * byte of the next. Not here:   what a head must say (head.c), decoding bodies (body.c).
 */
#include "http/message.h"

#include <stdlib.h>

#include "http/loop.h"

enum { header_capacity_first = 16 };

bool mr_message_refuse(mr_message *message, int status, const char *detail)
{
    if (message->status == 0) {
        message->status = status;
        message->detail = detail;
    }
    return false;
}

mr_text mr_message_text(const mr_message *message, mr_span span)
{
    MR_ASSERT((size_t)span.offset + span.bytes <= message->head.bytes);
    return (mr_text){message->head.data + span.offset, span.bytes};
}

static mr_connection *connection_of(const llhttp_t *parser)
{
    return parser->data;
}

static mr_message *message_of(const llhttp_t *parser)
{
    return &connection_of(parser)->message;
}

static void append(mr_message *message, mr_span *span, const char *data, size_t bytes)
{
    bool fits = mr_buffer_append(&message->head, data, bytes);

    MR_ASSERT(fits);
    span->bytes += (uint32_t)bytes;
}

static int on_begin(llhttp_t *parser)
{
    message_of(parser)->begun = true;
    return 0;
}

static int on_target(llhttp_t *parser, const char *data, size_t bytes)
{
    mr_message *message = message_of(parser);

    append(message, &message->target, data, bytes);
    return 0;
}

static mr_header *add_header(mr_message *message)
{
    if (message->header_count == message->header_capacity) {
        message->header_capacity =
            message->header_capacity == 0 ? header_capacity_first : message->header_capacity * 2;
        message->headers =
            mr_realloc(message->headers, message->header_capacity * sizeof(mr_header));
    }
    mr_header *header = &message->headers[message->header_count++];
    *header = (mr_header){.name.offset = (uint32_t)message->head.bytes};
    return header;
}

static int on_header_name(llhttp_t *parser, const char *data, size_t bytes)
{
    mr_message *message = message_of(parser);
    mr_header *header;

    if (message->head_done) {
        return 0; /* a trailer: nothing here asks for them */
    }
    if (message->header_count == 0 || message->in_value) {
        if (message->header_count == mr_http_headers_max) {
            (void)mr_message_refuse(message, 431, "more than 100 headers");
            return -1;
        }
        header = add_header(message);
        message->in_value = false;
    } else {
        header = &message->headers[message->header_count - 1];
    }
    append(message, &header->name, data, bytes);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *data, size_t bytes)
{
    mr_message *message = message_of(parser);

    if (message->head_done) {
        return 0;
    }
    MR_ASSERT(message->header_count > 0);
    mr_header *header = &message->headers[message->header_count - 1];
    if (!message->in_value) {
        message->in_value = true;
        header->value.offset = (uint32_t)message->head.bytes;
    }
    append(message, &header->value, data, bytes);
    return 0;
}

static int on_head_done(llhttp_t *parser)
{
    mr_connection *connection = connection_of(parser);
    mr_message *message = &connection->message;

    message->head_done = true;
    parser->upgrade = 0; /* no other protocol is spoken here: RFC 9110, 7.8 lets us ignore it */
    message->has_body = (parser->flags & (F_CHUNKED | F_TRANSFER_ENCODING)) != 0 ||
                        ((parser->flags & F_CONTENT_LENGTH) != 0 && parser->content_length > 0);
    message->head_only = parser->method == HTTP_HEAD;
    message->keep_alive = llhttp_should_keep_alive(parser) != 0;
    if (!mr_head_check(connection) && (message->has_body || !message->keep_alive)) {
        return -1; /* without a body the parser goes on to the end, and the connection lives */
    }
    if (message->status == 0 && message->has_body) {
        mr_body_begin(&connection->body, message->route->route, message->encoding,
                      (parser->flags & F_CONTENT_LENGTH) != 0 ? parser->content_length : 0);
    }
    return 0;
}

static int on_chunk(llhttp_t *parser)
{
    mr_connection *connection = connection_of(parser);
    const mr_body *body = &connection->body;

    if (parser->content_length > body->sent_bytes_max - body->sent_bytes) {
        (void)mr_message_refuse(&connection->message, 413, "the body is larger than allowed");
        return -1;
    }
    return 0;
}

static const char *body_detail(int status)
{
    switch (status) {
    case 413:
        return "the body is larger than allowed";
    case 503:
        return "the server's memory for request bodies is in use; try again later";
    default:
        return "the body does not fit its Content-Encoding";
    }
}

static int on_body(llhttp_t *parser, const char *data, size_t bytes)
{
    mr_connection *connection = connection_of(parser);
    int status = mr_body_write(&connection->body, &connection->loop->server->budget, data, bytes);

    if (status != 0) {
        (void)mr_message_refuse(&connection->message, status, body_detail(status));
        return -1;
    }
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    mr_connection *connection = connection_of(parser);
    mr_message *message = &connection->message;

    message->complete = true;
    if (message->status == 0) {
        int status = mr_body_finish(&connection->body, &connection->loop->server->budget);
        if (status != 0) {
            (void)mr_message_refuse(message, status, body_detail(status));
        }
    }
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_message_begin = on_begin,
    .on_url = on_target,
    .on_header_field = on_header_name,
    .on_header_value = on_header_value,
    .on_headers_complete = on_head_done,
    .on_chunk_header = on_chunk,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

void mr_message_init(mr_connection *connection)
{
    mr_message *message = &connection->message;

    /* Twice: the target's decoded query is looked at behind the head (target.c). */
    mr_buffer_init(&message->head, 2 * (size_t)connection->loop->server->options.header_bytes_max);
    llhttp_init(&message->parser, HTTP_REQUEST, &callbacks);
    message->parser.data = connection;
}

void mr_message_reset(mr_message *message)
{
    size_t fixed = offsetof(mr_message, route);

    if (message->head.capacity > mr_http_kept_bytes_max) {
        mr_buffer_free(&message->head);
    }
    mr_buffer_clear(&message->head);
    llhttp_reset(&message->parser);
    uint32_t header_capacity = message->header_capacity;
    memset((char *)message + fixed, 0, sizeof *message - fixed);
    message->header_capacity = header_capacity;
}

void mr_message_free(mr_message *message)
{
    mr_buffer_free(&message->head);
    free(message->headers);
    message->headers = NULL;
}

static bool version_is_known(const llhttp_t *parser)
{
    return parser->http_major == 1 && parser->http_minor <= 1;
}

/* What the parser itself refuses. */
static void refuse_syntax(mr_message *message, llhttp_errno_t error)
{
    const llhttp_t *parser = &message->parser;

    if (error == HPE_PAUSED_H2_UPGRADE ||
        (error == HPE_INVALID_VERSION && !version_is_known(parser))) {
        (void)mr_message_refuse(message, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    } else if (error == HPE_INVALID_TRANSFER_ENCODING && (parser->flags & F_CONTENT_LENGTH) == 0) {
        (void)mr_message_refuse(message, 501, "Transfer-Encoding other than chunked");
    } else {
        (void)mr_message_refuse(message, 400, "the request is not valid HTTP");
    }
}

static void refuse_long_head(mr_message *message)
{
    bool in_target = message->header_count == 0;

    (void)mr_message_refuse(message, in_target ? 414 : 431,
                            in_target ? "the request line is too long"
                                      : "the headers are larger than allowed");
}

/* Chunk headers, extensions and trailers carry nothing we keep: they must not come without end. */
static bool framing_is_sane(const mr_connection *connection)
{
    uint64_t content = connection->body.sent_bytes;

    return connection->message.framing_bytes <=
           16 * content + connection->loop->server->options.header_bytes_max;
}

mr_parse mr_message_parse(mr_connection *connection, const char *data, size_t bytes,
                          size_t *ret_used)
{
    mr_message *message = &connection->message;
    size_t head_max = connection->loop->server->options.header_bytes_max;
    bool in_head = !message->head_done;

    if (in_head && bytes > head_max - message->head_bytes) {
        bytes = head_max - message->head_bytes;
    }
    llhttp_errno_t error = llhttp_execute(&message->parser, data, bytes);
    *ret_used = bytes;
    if (error == HPE_PAUSED && message->complete) {
        *ret_used = (size_t)(llhttp_get_error_pos(&message->parser) - data);
        MR_ASSERT(*ret_used <= bytes);
        return MR_PARSE_COMPLETE; /* to be refused, perhaps; but the next request is legible */
    }
    if (error != HPE_OK) {
        refuse_syntax(message, error);
        return MR_PARSE_FAILED;
    }
    if (in_head) {
        message->head_bytes += bytes;
    } else {
        message->framing_bytes += bytes;
    }
    if (!message->head_done && message->head_bytes == head_max) {
        refuse_long_head(message);
    } else if (!framing_is_sane(connection)) {
        (void)mr_message_refuse(message, 400, "the chunks are framed wastefully");
    }
    return message->status == 0 || (message->head_done && !message->has_body) ? MR_PARSE_MORE
                                                                              : MR_PARSE_FAILED;
}
