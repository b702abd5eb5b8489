/* SPDX-License-Identifier: Apache-2.0 */
/* http/answer.c - answers as bytes: status line, headers and body, appended to the output. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "http/loop.h"

enum {
    head_bytes_max = 512, /* of what is written here, without the caller's strings */
    detail_bytes_max = 4096,
    id_header_bytes_max = 48,
};

static const char *reason_of(int status)
{
    switch (status) {
#define MR_REASON(number, symbol, text) \
    case number:                        \
        return #symbol;
        HTTP_STATUS_MAP(MR_REASON)
#undef MR_REASON
    default:
        return "UNKNOWN";
    }
}

/* "NOT_FOUND" as "Not Found". */
static char *put_reason(char *at, int status)
{
    bool starts_word = true;

    for (const char *c = reason_of(status); *c != '\0'; c++) {
        bool is_letter = *c >= 'A' && *c <= 'Z';
        *at++ = *c == '_' ? ' ' : is_letter && !starts_word ? (char)(*c | 0x20) : *c;
        starts_word = *c == '_';
    }
    return at;
}

static char *put(char *at, const char *data, size_t bytes)
{
    memcpy(at, data, bytes);
    return at + bytes;
}

#define PUT_LITERAL(at, literal) put((at), (literal), sizeof(literal) - 1)

static char *put_status_line(char *at, int status)
{
    switch (status) {
    case 200:
        return PUT_LITERAL(at, "HTTP/1.1 200 OK\r\n");
    case 201:
        return PUT_LITERAL(at, "HTTP/1.1 201 Created\r\n");
    default:
        MR_ASSERT(status >= 200 && status <= 599);
        at = PUT_LITERAL(at, "HTTP/1.1 ");
        *at++ = (char)('0' + status / 100);
        *at++ = (char)('0' + status / 10 % 10);
        *at++ = (char)('0' + status % 10);
        *at++ = ' ';
        at = put_reason(at, status);
        return PUT_LITERAL(at, "\r\n");
    }
}

static char *put_number(char *at, size_t number)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

static char *put_connection(char *at, const mr_message *message, bool close)
{
    if (close) {
        return PUT_LITERAL(at, "Connection: close\r\n");
    }
    if (message->parser.http_minor == 0) {
        return PUT_LITERAL(at, "Connection: keep-alive\r\n");
    }
    return at;
}

static bool status_has_body(int status)
{
    return status != 204 && status != 304;
}

/* Framing: "Content-Length: 12\r\n" or its like. */
static char *put_head(mr_connection *connection, const mr_http_answer *answer, const char *framing,
                      bool close, size_t body_bytes)
{
    const mr_http_loop *loop = connection->loop;
    mr_text type = answer->content_type == NULL ? MR_TEXT_LITERAL("application/json")
                                                : mr_text_of(answer->content_type);
    mr_text extra = mr_text_of(answer->headers);
    mr_text always = mr_text_of(loop->server->options.headers);
    size_t bytes_max = head_bytes_max + type.bytes + extra.bytes + always.bytes + body_bytes;
    char *start = mr_buffer_reserve(&connection->output, bytes_max);

    MR_ASSERT(start != NULL); /* who calls has checked the size */
    char *at = put_status_line(start, answer->status);
    at = put(at, loop->date, strlen(loop->date));
    if (status_has_body(answer->status)) {
        at = PUT_LITERAL(at, "Content-Type: ");
        at = put(at, type.data, type.bytes);
        at = PUT_LITERAL(at, "\r\n");
        at = put(at, framing, strlen(framing));
    }
    at = PUT_LITERAL(at, "X-Content-Type-Options: nosniff\r\n");
    at = put_connection(at, &connection->message, close);
    if (always.bytes > 0) {
        at = put(at, always.data, always.bytes);
    }
    if (extra.bytes > 0) {
        at = put(at, extra.data, extra.bytes);
    }
    return PUT_LITERAL(at, "\r\n");
}

static void commit(mr_connection *connection, const char *end)
{
    const mr_buffer *output = &connection->output;

    mr_buffer_commit(&connection->output, (size_t)(end - (output->data + output->bytes)));
}

void mr_answer_append(mr_connection *connection, const mr_http_answer *answer, bool close)
{
    const mr_message *message = &connection->message;
    char framing[48] = "Content-Length: ";
    char *digits_end = put_number(framing + strlen(framing), answer->body.bytes);

    memcpy(digits_end, "\r\n", 3);
    char *at = put_head(connection, answer, framing, close, answer->body.bytes);
    if (status_has_body(answer->status) && !message->head_only && answer->body.bytes > 0) {
        at = put(at, answer->body.data, answer->body.bytes);
    }
    commit(connection, at);
}

void mr_answer_append_stream_head(mr_connection *connection, const mr_http_answer *head,
                                  bool chunked, bool close)
{
    MR_ASSERT(status_has_body(head->status));
    commit(connection,
           put_head(connection, head, chunked ? "Transfer-Encoding: chunked\r\n" : "", close, 0));
}

static void write_detail(const char *message, mr_buffer *out)
{
    bool fits = mr_buffer_append_string(out, "{\"detail\":") &&
                mr_buffer_append_json_string(out, mr_text_of(message)) &&
                mr_buffer_append_string(out, "}");
    if (!fits) {
        mr_buffer_clear(out);
        (void)mr_buffer_append_string(out, "{\"detail\":\"the reason is too long to tell\"}");
    }
}

/* An id for the answer and the log; nothing where ids are not asked for. */
static void write_id(mr_connection *connection, int status, const char *message, char *ret_header)
{
    uint8_t random[8];
    char id[2 * sizeof random + 1];

    ret_header[0] = '\0';
    if (!connection->loop->server->options.request_ids) {
        return;
    }
    mr_random_secret(random, sizeof random);
    mr_hex_encode(random, sizeof random, id);
    (void)snprintf(ret_header, id_header_bytes_max, "X-Request-Id: %s\r\n", id);
    mr_log_info("request %s: %d: %s", id, status, message);
}

void mr_answer_problem(mr_connection *connection, int status, const char *message,
                       const char *headers, bool close)
{
    char id[id_header_bytes_max], all[id_header_bytes_max + mr_http_allow_bytes_max];
    mr_buffer detail;

    mr_buffer_init(&detail, detail_bytes_max);
    write_detail(message, &detail);
    write_id(connection, status, message, id);
    const int bytes = snprintf(all, sizeof all, "%s%s", headers, id);
    MR_ASSERT(bytes >= 0 && (size_t)bytes < sizeof all);
    mr_http_request_answer(&connection->request, &(mr_http_answer){.status = status,
                                                                   .body = mr_buffer_text(&detail),
                                                                   .headers = all,
                                                                   .close = close});
    mr_buffer_free(&detail);
}

void mr_answer_refusal(mr_connection *connection)
{
    const mr_message *message = &connection->message;
    char headers[mr_http_allow_bytes_max] = "";

    if (message->status == 405) {
        mr_router_allow(connection->loop->server->router, message, headers);
    } else if (message->status == 503) {
        (void)snprintf(headers, sizeof headers, "Retry-After: 1\r\n");
    }
    mr_answer_problem(connection, message->status, message->detail, headers,
                      message->status == 408 || !message->complete);
}
