/* SPDX-License-Identifier: Apache-2.0 */
/* http/head.c - the rules a complete request head must keep (RFC 9110, 9112), before any body.
 *
 * Called by message.c when the parser has seen the empty line. Framing rules come first: a request
 * whose length two programs could read differently is refused and its connection closed, for what
 * follows it cannot be trusted (request smuggling).
 */
#include "http/loop.h"

/* What the rules need to know of the headers, gathered in one pass. */
struct facts {
    uint32_t host_count, encoding_count, transfer_count, length_count;
    mr_text host, encoding, transfer, expect;
};

static bool is_named(mr_text name, const char *lower_case)
{
    return mr_text_equal_ignoring_case(name, mr_text_of(lower_case));
}

static void gather_one(struct facts *facts, mr_text name, mr_text value)
{
    switch (name.bytes) {
    case 4:
        if (is_named(name, "host")) {
            facts->host_count++;
            facts->host = value;
        }
        break;
    case 6:
        if (is_named(name, "expect")) {
            facts->expect = value;
        }
        break;
    case 14:
        if (is_named(name, "content-length")) {
            facts->length_count++;
        }
        break;
    case 16:
        if (is_named(name, "content-encoding")) {
            facts->encoding_count++;
            facts->encoding = value;
        }
        break;
    case 17:
        if (is_named(name, "transfer-encoding")) {
            facts->transfer_count++;
            facts->transfer = value;
        }
        break;
    default:
        break;
    }
}

static void gather(const mr_message *message, struct facts *facts)
{
    for (uint32_t i = 0; i < message->header_count; i++) {
        const mr_header *header = &message->headers[i];
        gather_one(facts, mr_message_text(message, header->name),
                   mr_text_trim(mr_message_text(message, header->value)));
    }
}

static bool host_is_valid(mr_text host)
{
    static const char also[] = "-._~!$&'()*+,;=:[]%";

    for (size_t i = 0; i < host.bytes; i++) {
        char c = host.data[i];
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphanumeric && memchr(also, c, sizeof also - 1) == NULL) {
            return false;
        }
    }
    return true;
}

static bool check_framing(mr_message *message, const struct facts *facts)
{
    const llhttp_t *parser = &message->parser;
    bool is_1_1 = parser->http_minor == 1;

    if (parser->http_major != 1 || parser->http_minor > 1) {
        return mr_message_refuse(message, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    if (facts->host_count > 1 || (is_1_1 && facts->host_count == 0)) {
        return mr_message_refuse(message, 400, "exactly one Host header is needed");
    }
    if (!host_is_valid(facts->host)) {
        return mr_message_refuse(message, 400, "the Host header is not valid");
    }
    if (facts->transfer_count > 0 && facts->length_count > 0) {
        return mr_message_refuse(message, 400, "Content-Length together with Transfer-Encoding");
    }
    if (facts->length_count > 1 || facts->transfer_count > 1) {
        return mr_message_refuse(message, 400, "the body's length is given twice");
    }
    if (facts->transfer_count == 1 && !is_1_1) {
        return mr_message_refuse(message, 400, "HTTP/1.0 has no Transfer-Encoding");
    }
    if (facts->transfer_count == 1 && !is_named(facts->transfer, "chunked")) {
        return mr_message_refuse(message, 501, "Transfer-Encoding other than chunked");
    }
    return true;
}

static bool check_expect(mr_message *message, const struct facts *facts)
{
    if (facts->expect.data == NULL || message->parser.http_minor == 0) {
        return true; /* RFC 9110, 10.1.1: a 1.0 request's expectation is ignored */
    }
    if (!is_named(facts->expect, "100-continue")) {
        return mr_message_refuse(message, 417, "Expect other than 100-continue");
    }
    message->expects_continue = message->has_body;
    return true;
}

static bool check_encoding(mr_message *message, const struct facts *facts)
{
    if (facts->encoding_count == 0 || is_named(facts->encoding, "identity")) {
        message->encoding = MR_ENCODING_NONE;
    } else if (is_named(facts->encoding, "gzip") || is_named(facts->encoding, "x-gzip")) {
        message->encoding = MR_ENCODING_GZIP;
    } else if (is_named(facts->encoding, "zstd")) {
        message->encoding = MR_ENCODING_ZSTD;
    } else {
        return mr_message_refuse(message, 415, "Content-Encoding other than gzip or zstd");
    }
    if (facts->encoding_count > 1) {
        return mr_message_refuse(message, 415, "more than one Content-Encoding");
    }
    return true;
}

static bool check_body(mr_message *message, const struct facts *facts)
{
    const mr_http_route *route = message->route->route;

    if (!message->has_body) {
        bool needs_length = route->body_bytes_max > 0 && facts->length_count == 0;
        return !needs_length ||
               mr_message_refuse(message, 411, "the body's Content-Length is missing");
    }
    if (route->body_bytes_max == 0) {
        return mr_message_refuse(message, 413, "no body is taken here");
    }
    if (facts->length_count == 1 && message->parser.content_length > route->body_bytes_max) {
        return mr_message_refuse(message, 413, "the body is larger than allowed");
    }
    return check_encoding(message, facts);
}

bool mr_head_check(mr_connection *connection)
{
    mr_message *message = &connection->message;
    struct facts facts = {0};

    gather(message, &facts);
    if (!check_framing(message, &facts) || !mr_target_parse(message)) {
        message->keep_alive = false;
        return false;
    }
    int status = mr_router_match(connection->loop->server->router, message);
    if (status == 404) {
        return mr_message_refuse(message, 404, "Not Found");
    }
    if (status == 405) {
        return mr_message_refuse(message, 405, "Method Not Allowed");
    }
    return check_expect(message, &facts) && check_body(message, &facts);
}
