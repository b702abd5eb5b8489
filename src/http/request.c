/* SPDX-License-Identifier: Apache-2.0 */
/* http/request.c - what a handler may ask of a request. All of it is borrowed from its connection,
 * which lives until the request is answered, even if the client has left.
 */
#include "http/loop.h"

mr_http_loop *mr_http_request_loop(const mr_http_request *request)
{
    return request->connection->loop;
}

const mr_http_route *mr_http_request_route(const mr_http_request *request)
{
    return request->connection->message.route->route;
}

bool mr_http_request_is_head(const mr_http_request *request)
{
    return request->connection->message.head_only;
}

void *mr_http_request_ctx(const mr_http_request *request)
{
    return request->connection->loop->server->options.ctx;
}

mr_text mr_http_request_path(const mr_http_request *request)
{
    const mr_message *message = &request->connection->message;

    return mr_message_text(message, message->path);
}

mr_text mr_http_request_header(const mr_http_request *request, const char *name)
{
    const mr_message *message = &request->connection->message;
    mr_text wanted = mr_text_of(name);

    for (uint32_t i = 0; i < message->header_count; i++) {
        const mr_header *header = &message->headers[i];
        if (header->name.bytes == wanted.bytes &&
            mr_text_equal_ignoring_case(mr_message_text(message, header->name), wanted)) {
            return mr_text_trim(mr_message_text(message, header->value));
        }
    }
    return MR_TEXT_ABSENT;
}

mr_text mr_http_request_parameter(const mr_http_request *request, size_t index)
{
    const mr_message *message = &request->connection->message;

    MR_ASSERT(index < message->parameter_count);
    return mr_message_text(message, message->parameters[index]);
}

bool mr_http_request_query(const mr_http_request *request, const char *name, mr_buffer *out)
{
    const mr_message *message = &request->connection->message;

    return mr_target_query(mr_message_text(message, message->query), name, 0, out);
}

mr_text mr_http_request_query_text(const mr_http_request *request)
{
    const mr_message *message = &request->connection->message;

    return mr_message_text(message, message->query);
}

bool mr_http_request_query_nth(const mr_http_request *request, const char *name, size_t nth,
                               mr_buffer *out)
{
    const mr_message *message = &request->connection->message;

    return mr_target_query(mr_message_text(message, message->query), name, nth, out);
}

mr_text mr_http_request_client(const mr_http_request *request)
{
    return mr_text_of(request->connection->peer.text);
}

bool mr_http_request_is_loopback(const mr_http_request *request)
{
    return request->connection->peer.loopback;
}

char *mr_http_request_body(mr_http_request *request, size_t *ret_bytes)
{
    *ret_bytes = request->connection->body.bytes;
    return request->connection->body.data;
}

void mr_http_request_set_user(mr_http_request *request, void *user, void (*release)(void *user))
{
    request->user = user;
    request->release = release;
}

void mr_http_request_on_gone(mr_http_request *request, void (*gone)(void *user))
{
    request->gone = gone;
}

void *mr_http_request_user(const mr_http_request *request)
{
    return request->user;
}

void mr_http_request_fail(mr_http_request *request, int status, const char *message)
{
    mr_answer_problem(request->connection, status, message, "", false);
}
