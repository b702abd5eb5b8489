/* SPDX-License-Identifier: Apache-2.0 */
/* A server on loopback that answers the requests it gets, in their order, as a script says, and
 * keeps what it was asked. One thread; a connection is closed after its answer unless the answer
 * is kept open. */
#ifndef TEST_AZURE_SCRIPTED_SERVER_H
#define TEST_AZURE_SCRIPTED_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { scripted_answers_max = 32, scripted_request_bytes_max = 1 << 20 };

typedef struct scripted_answer {
    const char *text; /* the whole answer; NULL: the connection is cut without one */
    bool keep;        /* the connection stays open */
    int hang_ms;      /* before the answer; ends early when the client goes away */
} scripted_answer;

typedef struct scripted_server {
    const scripted_answer *answers;
    size_t answer_count;
    int listener, port;
    pthread_t thread;
    /* After scripted_stop: */
    char *requests[scripted_answers_max];
    size_t request_count, connection_count;
} scripted_server;

/* A request with its body, NUL behind it; NULL: the connection ended. */
static inline char *scripted_read(int fd)
{
    char *text = malloc(scripted_request_bytes_max + 1);
    size_t have = 0;
    size_t wanted = 0;

    while (have < scripted_request_bytes_max && (wanted == 0 || have < wanted)) {
        ssize_t got = recv(fd, text + have, scripted_request_bytes_max - have, 0);
        if (got <= 0) {
            free(text);
            return NULL;
        }
        have += (size_t)got;
        text[have] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        if (end != NULL && wanted == 0) {
            char *length = strcasestr(text, "content-length:");
            wanted = (size_t)(end + 4 - text);
            if (length != NULL && length < end) {
                wanted += strtoul(length + 15, NULL, 10);
            }
        }
    }
    return text;
}

static inline void *scripted_run(void *ctx)
{
    scripted_server *self = ctx;
    int fd = -1;

    while (self->request_count < self->answer_count) {
        if (fd < 0) {
            fd = accept(self->listener, NULL, NULL);
            if (fd < 0) {
                break; /* stopped */
            }
            self->connection_count++;
        }
        char *request = scripted_read(fd);
        if (request == NULL) {
            (void)close(fd);
            fd = -1;
            continue;
        }
        const scripted_answer *answer = &self->answers[self->request_count];
        self->requests[self->request_count++] = request;
        if (answer->hang_ms > 0) {
            struct pollfd gone = {fd, POLLIN | POLLRDHUP, 0};
            (void)poll(&gone, 1, answer->hang_ms);
        }
        if (answer->text != NULL) {
            (void)send(fd, answer->text, strlen(answer->text), MSG_NOSIGNAL);
        }
        if (!answer->keep) {
            (void)close(fd);
            fd = -1;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return NULL;
}

/* A listener of its own, whoever is to answer there. */
static inline void scripted_listen(scripted_server *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;

    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (self->listener < 0 ||
        bind(self->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(self->listener, 16) != 0 ||
        getsockname(self->listener, (struct sockaddr *)&address, &bytes) != 0) {
        abort();
    }
    self->port = ntohs(address.sin_port);
}

static inline void scripted_start(scripted_server *self, const scripted_answer *answers,
                                  size_t count)
{
    *self = (scripted_server){.answers = answers, .answer_count = count};
    scripted_listen(self);
    if (count > scripted_answers_max ||
        pthread_create(&self->thread, NULL, scripted_run, self) != 0) {
        abort();
    }
}

/* Ends it, whatever it waits for, and leaves what it has seen. */
static inline void scripted_stop(scripted_server *self)
{
    (void)shutdown(self->listener, SHUT_RDWR);
    (void)pthread_join(self->thread, NULL);
    (void)close(self->listener);
}

static inline void scripted_free(scripted_server *self)
{
    for (size_t i = 0; i < self->request_count; i++) {
        free(self->requests[i]);
    }
}

#endif
