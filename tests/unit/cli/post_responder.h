/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_responder.h - a gateway of a few lines, that answers what a test wants to see answered.
 */
#ifndef MR_TESTS_CLI_POST_RESPONDER_H
#define MR_TESTS_CLI_POST_RESPONDER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    responder_connections_max = 64,
    responder_request_bytes_max = 1048576,
    responder_body_bytes_max = 65536,
};

typedef struct request {
    char head[4096]; /* request line and headers, with a NUL */
    mr_text body;
    size_t number; /* of all requests, from 1 */
} request;

typedef struct reply {
    int status;          /* 0: close the connection without an answer */
    const char *headers; /* each with its line end */
    char body[responder_body_bytes_max];
} reply;

typedef struct responder {
    int fd;
    char url[64];
    void *ctx;
    void (*respond)(void *ctx, const request *asked, reply *answer); /* under the mutex */
    pthread_t acceptor;
    pthread_t threads[responder_connections_max];
    size_t thread_count;
    pthread_mutex_t mutex;
    size_t requests;
    mr_buffer received; /* the bodies, one behind the other */
} responder;

typedef struct responder_connection {
    responder *owner;
    int fd;
} responder_connection;

/* What a gateway says of lines that are all good. */
static inline void reply_accepted(const request *asked, reply *answer)
{
    size_t lines = 0;

    for (size_t i = 0; i < asked->body.bytes; i++) {
        lines += asked->body.data[i] == '\n';
    }
    answer->status = 201;
    (void)snprintf(answer->body, sizeof(answer->body),
                   "{\"accepted\":%zu,\"refused\":0,\"errors\":[],\"errors_omitted\":0}", lines);
}

static inline void responder_answer(responder *owner, int fd, request *asked)
{
    reply *answer = calloc(1, sizeof(*answer));
    char head[1024];

    if (answer == NULL) {
        abort();
    }
    (void)pthread_mutex_lock(&owner->mutex);
    asked->number = ++owner->requests;
    owner->respond(owner->ctx, asked, answer);
    if (answer->status / 100 == 2) {
        (void)mr_buffer_append_text(&owner->received, asked->body);
    }
    (void)pthread_mutex_unlock(&owner->mutex);
    if (answer->status == 0) {
        (void)shutdown(fd, SHUT_RDWR);
    } else {
        int bytes = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n",
                             answer->status, answer->headers != NULL ? answer->headers : "",
                             strlen(answer->body));
        /* A client that has left is part of some tests. */
        (void)!write(fd, head, (size_t)bytes);
        (void)!write(fd, answer->body, strlen(answer->body));
    }
    free(answer);
}

static inline size_t responder_length(const char *head)
{
    const char *at = head;

    while ((at = strstr(at, "\r\n")) != NULL) {
        at += 2;
        if (strncasecmp(at, "content-length:", 15) == 0) {
            return strtoul(at + 15, NULL, 10);
        }
    }
    return 0;
}

static inline void *responder_serve(void *ctx)
{
    responder_connection *connection = ctx;
    char *data = malloc(responder_request_bytes_max + 1);
    size_t bytes = 0;
    ssize_t got;

    while (data != NULL &&
           (got = read(connection->fd, data + bytes, responder_request_bytes_max - bytes)) > 0) {
        bytes += (size_t)got;
        data[bytes] = '\0';
        char *end = strstr(data, "\r\n\r\n");
        size_t head_bytes = end == NULL ? 0 : (size_t)(end - data) + 4;
        if (end == NULL || bytes < head_bytes + responder_length(data)) {
            continue;
        }
        request *asked = calloc(1, sizeof(*asked));
        if (asked == NULL || head_bytes >= sizeof(asked->head)) {
            abort();
        }
        memcpy(asked->head, data, head_bytes);
        asked->body = (mr_text){data + head_bytes, bytes - head_bytes};
        responder_answer(connection->owner, connection->fd, asked);
        free(asked);
        bytes = 0;
    }
    free(data);
    (void)close(connection->fd);
    free(connection);
    return NULL;
}

static inline void *responder_accept(void *ctx)
{
    responder *owner = ctx;
    int fd;

    while ((fd = accept(owner->fd, NULL, NULL)) >= 0) {
        responder_connection *connection = calloc(1, sizeof(*connection));
        if (connection == NULL || owner->thread_count == responder_connections_max) {
            abort();
        }
        connection->owner = owner;
        connection->fd = fd;
        if (pthread_create(&owner->threads[owner->thread_count++], NULL, responder_serve,
                           connection) != 0) {
            abort();
        }
    }
    return NULL;
}

static inline responder *
responder_start(void (*respond)(void *ctx, const request *asked, reply *answer), void *ctx)
{
    responder *owner = calloc(1, sizeof(*owner));
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof(address);

    if (owner == NULL) {
        abort();
    }
    owner->respond = respond;
    owner->ctx = ctx;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    mr_buffer_init(&owner->received, responder_request_bytes_max);
    owner->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (pthread_mutex_init(&owner->mutex, NULL) != 0 || owner->fd < 0 ||
        bind(owner->fd, (struct sockaddr *)&address, bytes) != 0 || listen(owner->fd, 64) != 0 ||
        getsockname(owner->fd, (struct sockaddr *)&address, &bytes) != 0 ||
        pthread_create(&owner->acceptor, NULL, responder_accept, owner) != 0) {
        abort();
    }
    (void)snprintf(owner->url, sizeof(owner->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    return owner;
}

/* Ends when the clients have left. `received`, with a NUL behind it, stays until responder_free. */
static inline void responder_stop(responder *owner)
{
    (void)shutdown(owner->fd, SHUT_RDWR);
    (void)pthread_join(owner->acceptor, NULL);
    for (size_t i = 0; i < owner->thread_count; i++) {
        (void)pthread_join(owner->threads[i], NULL);
    }
    (void)close(owner->fd);
    if (mr_buffer_append(&owner->received, "", 1)) {
        owner->received.bytes--;
    }
}

static inline void responder_free(responder *owner)
{
    (void)pthread_mutex_destroy(&owner->mutex);
    mr_buffer_free(&owner->received);
    free(owner);
}

#endif
