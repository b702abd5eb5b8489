/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/fixture.h - a gateway in this process, on a free port over a log in a temporary folder,
 * and a blocking client for it. Each exchange is a connection of its own.
 */
#ifndef MR_TESTS_GATEWAY_FIXTURE_H
#define MR_TESTS_GATEWAY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <yyjson.h>

#include "gateway/gateway.h"
#include "http/client.h"
#include "http/server_folder.h"

enum { reply_bytes_max = 16 * 1048576 };

/* The fields of one event, to be used within braces; InvoiceNo stands first. */
#define EVENT_FIELDS_BUT_QUANTITY                                                   \
    "\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\",\"Description\":\"HEART\","  \
    "\"InvoiceDate\":\"01/12/2010 08:26\",\"UnitPrice\":2.55,\"CustomerID\":17850," \
    "\"Country\":\"United Kingdom\""
#define EVENT_FIELDS EVENT_FIELDS_BUT_QUANTITY ",\"Quantity\":6"
#define EVENT        "{" EVENT_FIELDS "}"

typedef struct fixture {
    char folder[server_folder_bytes];
    mr_gateway_options options;
    mr_gateway *gateway;
} fixture;

typedef struct reply {
    int status;
    mr_buffer text;   /* all of it */
    const char *body; /* in text, NUL behind it */
    yyjson_doc *json; /* of the body; NULL: not JSON */
    yyjson_val *root;
} reply;

static inline mr_gateway_options default_options(const char *folder)
{
    return (mr_gateway_options){
        .http =
            {
                .address = "127.0.0.1:0",
                .loops = 2,
                .connections_max = 256,
                .header_bytes_max = 16384,
                .buffer_bytes_max = 64 * 1048576,
                .header_timeout_ms = 10000,
                .body_timeout_ms = 10000,
                .body_rate_min = 1,
                .idle_timeout_ms = 10000,
                .write_timeout_ms = 10000,
            },
        .body_bytes_max = 4 * 1048576,
        .body_unpacked_bytes_max = 16 * 1048576,
        .workers = 2,
        .request_timeout_ms = 30000,
        .drain_timeout_ms = 5000,
        .bus = {.url = "embedded:", .data_folder = folder, .queue_bytes_max = 64 * 1048576},
        .topic = "ingestion-topic",
        .data_folder = folder,
        .store = {.url = "sqlite:", .data_folder = folder},
    };
}

static inline fixture *fixture_create(void)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);

    server_folder_make("gateway", f->folder);
    f->options = default_options(f->folder);
    return f;
}

static inline void fixture_start(fixture *f)
{
    mr_err err = {0};

    if (mr_gateway_start(&f->options, &f->gateway, &err) != MR_OK) {
        fail_msg("the gateway did not start: %s", err.message);
    }
}

static inline void fixture_stop(fixture *f)
{
    mr_gateway_stop(f->gateway);
    f->gateway = NULL;
}

static inline void fixture_destroy(fixture *f)
{
    fixture_stop(f);
    server_folder_remove(f->folder);
    free(f);
}

/* --- The client ------------------------------------------------------------------------------- */

static inline int connect_to(const fixture *f)
{
    return client_connect(mr_gateway_port(f->gateway));
}

/* Reads to the end of the connection. */
static inline reply *receive_reply(int fd)
{
    reply *r = mr_alloc_zero(1, sizeof *r);
    const char *head_end;
    ssize_t got;

    mr_buffer_init(&r->text, reply_bytes_max);
    do {
        char *place = mr_buffer_reserve(&r->text, 65536);
        assert_non_null(place);
        got = recv(fd, place, 65536, 0);
        assert_true(got >= 0);
        mr_buffer_commit(&r->text, (size_t)got);
    } while (got > 0);
    close(fd);
    mr_buffer_append(&r->text, "", 1);
    assert_int_equal(sscanf(r->text.data, "HTTP/1.1 %d", &r->status), 1);
    head_end = strstr(r->text.data, "\r\n\r\n");
    assert_non_null(head_end);
    r->body = head_end + 4;
    r->json = yyjson_read(r->body, strlen(r->body), 0);
    r->root = yyjson_doc_get_root(r->json);
    return r;
}

static inline void reply_free(reply *r)
{
    yyjson_doc_free(r->json);
    mr_buffer_free(&r->text);
    free(r);
}

/* headers: each with its line break, or "". */
static inline int send_request(const fixture *f, const char *line, const char *headers,
                               const void *body, size_t bytes)
{
    int fd = connect_to(f);
    char head[4096];
    int head_bytes = snprintf(head, sizeof head,
                              "%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
                              "%sContent-Length: %zu\r\n\r\n",
                              line, (unsigned)mr_gateway_port(f->gateway), headers, bytes);

    assert_true(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    client_send(fd, head, (size_t)head_bytes);
    client_send(fd, body, bytes);
    return fd;
}

static inline reply *exchange(const fixture *f, const char *line, const char *headers,
                              const char *body)
{
    return receive_reply(send_request(f, line, headers, body, strlen(body)));
}

static inline reply *get(const fixture *f, const char *path)
{
    char line[512];
    int fd = connect_to(f);
    char head[1024];

    snprintf(line, sizeof line, "GET %s", path);
    snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
             line);
    client_send(fd, head, strlen(head));
    return receive_reply(fd);
}

static inline reply *post_event(const fixture *f, const char *body)
{
    return exchange(f, "POST /invoicedata", "Content-Type: application/json\r\n", body);
}

static inline reply *post_batch(const fixture *f, const char *body)
{
    return exchange(f, "POST /invoicedata/batch", "Content-Type: application/x-ndjson\r\n", body);
}

/* --- Looking at replies ----------------------------------------------------------------------- */

static inline void assert_status(const reply *r, int status)
{
    if (r->status != status) {
        fail_msg("expected status %d, got:\n%s", status, r->text.data);
    }
}

static inline void assert_contains(const reply *r, const char *text)
{
    if (strstr(r->text.data, text) == NULL) {
        fail_msg("\"%s\" does not stand in:\n%s", text, r->text.data);
    }
}

static inline const char *string_at(const reply *r, const char *pointer)
{
    const char *text = yyjson_get_str(yyjson_doc_ptr_get(r->json, pointer));

    if (text == NULL) {
        fail_msg("no string %s in:\n%s", pointer, r->text.data);
        return "";
    }
    return text;
}

static inline int64_t integer_at(const reply *r, const char *pointer)
{
    yyjson_val *value = yyjson_doc_ptr_get(r->json, pointer);

    if (!yyjson_is_int(value)) {
        fail_msg("no integer %s in:\n%s", pointer, r->text.data);
    }
    return yyjson_get_sint(value);
}

/* Posts one event and returns its id. */
static inline void post_for_id(const fixture *f, const char *body, char ret_id[static 33])
{
    reply *r = post_event(f, body);

    assert_status(r, 201);
    assert_int_equal(snprintf(ret_id, 33, "%s", string_at(r, "/event_id")), 32);
    reply_free(r);
}

#endif
