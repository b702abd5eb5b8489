/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/postgres_proxy.h - a TCP relay in front of the server that can lose a COMMIT, or
 * the answer to it, by cutting the connection there. One connection at a time, in one thread. */
#ifndef MR_TESTS_POSTGRES_PROXY_H
#define MR_TESTS_POSTGRES_PROXY_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "postgres_fixture.h"

typedef enum proxy_fault {
    PROXY_PASSES,
    PROXY_LOSES_COMMIT, /* the server never sees it */
    PROXY_LOSES_REPLY,  /* the server has committed, and nobody hears of it */
} proxy_fault;

typedef struct postgres_proxy {
    int listener;
    int stop[2]; /* a pipe: a byte ends the thread */
    uint16_t server_port;
    _Atomic int fault; /* the next COMMIT meets it; PASSES again afterwards */
    pthread_t thread;
    char url[postgres_url_bytes_max];
} postgres_proxy;

static inline int proxy_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static inline bool proxy_pass(int from, int to)
{
    char bytes[65536];
    ssize_t got = read(from, bytes, sizeof(bytes)), sent = 0, now;

    while (sent < got && (now = send(to, bytes + sent, (size_t)(got - sent), MSG_NOSIGNAL)) > 0) {
        sent += now;
    }
    return got > 0 && sent == got;
}

/* What the client has sent, without taking it: does it hold the COMMIT? */
static inline bool proxy_sees_commit(int client)
{
    char bytes[65536];
    ssize_t got = recv(client, bytes, sizeof(bytes), MSG_PEEK);
    ssize_t at;

    for (at = 0; at + 7 <= got; at++) {
        if (memcmp(bytes + at, "COMMIT", 7) == 0) {
            return true;
        }
    }
    return false;
}

/* false: the connection is over. */
static inline bool proxy_step(postgres_proxy *proxy, int client, int server)
{
    struct pollfd fds[] = {{.fd = client, .events = POLLIN},
                           {.fd = server, .events = POLLIN},
                           {.fd = proxy->stop[0], .events = POLLIN}};
    int fault;

    if (poll(fds, 3, -1) <= 0 || fds[2].revents != 0) {
        return false;
    }
    if (fds[0].revents != 0) {
        fault = atomic_load(&proxy->fault);
        if (fault == PROXY_PASSES || !proxy_sees_commit(client)) {
            return proxy_pass(client, server);
        }
        atomic_store(&proxy->fault, PROXY_PASSES);
        if (fault == PROXY_LOSES_REPLY && proxy_pass(client, server)) {
            fds[0].fd = -1;
            (void)poll(fds, 3, -1); /* it has answered */
        }
        return false;
    }
    return fds[1].revents == 0 || proxy_pass(server, client);
}

static inline void *proxy_run(void *ctx)
{
    postgres_proxy *proxy = ctx;
    struct pollfd fds[] = {{.fd = proxy->listener, .events = POLLIN},
                           {.fd = proxy->stop[0], .events = POLLIN}};

    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        int client = accept(proxy->listener, NULL, NULL);
        int server = proxy_connect(proxy->server_port);

        while (client >= 0 && server >= 0 && proxy_step(proxy, client, server)) {
        }
        (void)close(client);
        (void)close(server);
    }
    return NULL;
}

/* The fixture's store, as seen through the proxy: proxy->url. */
static inline void proxy_start(postgres_proxy *proxy, const store_fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(address);
    PGconn *conn = postgres_connect(postgres_server());
    const char *path = strrchr(fixture->url, '/');

    *proxy = (postgres_proxy){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    proxy->server_port = (uint16_t)strtoul(PQport(conn), NULL, 10);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(proxy->listener, 4), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&address, &bytes), 0);
    assert_int_equal(pipe(proxy->stop), 0);
    (void)snprintf(proxy->url, sizeof(proxy->url), "postgresql://%s:%s@127.0.0.1:%u%s",
                   PQuser(conn), PQpass(conn), (unsigned)ntohs(address.sin_port), path);
    PQfinish(conn);
    assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_run, proxy), 0);
}

static inline void proxy_end(postgres_proxy *proxy)
{
    assert_int_equal(write(proxy->stop[1], "x", 1), 1);
    assert_int_equal(pthread_join(proxy->thread, NULL), 0);
    (void)close(proxy->listener);
    (void)close(proxy->stop[0]);
    (void)close(proxy->stop[1]);
}

#endif
