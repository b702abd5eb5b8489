/* SPDX-License-Identifier: Apache-2.0 */
/* http/listen.c - listening sockets: opening them on one address, taking connections from them.
 *
 * The first socket binds without SO_REUSEPORT, so that an address somebody else listens on is an
 * error and not a silent share; only then the flag is set for the other loops' sockets.
 */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "http/loop.h"

enum {
    backlog = 1024,
    accept_batch = 64, /* then the loop's other connections have their turn */
    refused_max = 64,  /* a loop lets so many refused ones read their 503 at once */
    host_bytes_max = 256,
};

static mr_status split_address(const char *address, char *ret_host, const char **ret_port,
                               mr_err *err)
{
    const char *colon = strrchr(address, ':');
    const char *start = address;
    size_t bytes = colon == NULL ? 0 : (size_t)(colon - address);

    if (bytes >= 2 && address[0] == '[' && address[bytes - 1] == ']') {
        start = address + 1;
        bytes -= 2;
    }
    if (bytes == 0 || bytes >= host_bytes_max || colon[1] == '\0') {
        return mr_fail(err, MR_INVALID,
                       "listen on '%s': an address is host:port, such as 127.0.0.1:8000", address);
    }
    memcpy(ret_host, start, bytes);
    ret_host[bytes] = '\0';
    *ret_port = colon + 1;
    return MR_OK;
}

static mr_status resolve(const char *address, struct sockaddr_storage *ret_place,
                         socklen_t *ret_bytes, mr_err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[host_bytes_max];
    const char *port = NULL;
    mr_status status = split_address(address, host, &port, err);

    if (status != MR_OK) {
        return status;
    }
    int result = getaddrinfo(host, port, &hints, &found);
    if (result != 0) {
        return mr_fail(err, MR_INVALID, "listen on %s: %s", address, gai_strerror(result));
    }
    memcpy(ret_place, found->ai_addr, found->ai_addrlen);
    *ret_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return MR_OK;
}

static void set_flag(int fd, int level, int option)
{
    const int on = 1;

    /* These options exist on every Linux we run on; without one of them we are merely slower. */
    (void)setsockopt(fd, level, option, &on, sizeof on);
}

static mr_status open_one(const char *address, struct sockaddr_storage *place, socklen_t bytes,
                          bool first, int *ret_fd, mr_err *err)
{
    int fd = socket(place->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return mr_fail_errno(err, errno, "listen on %s: socket", address);
    }
    set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
    if (!first) {
        set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
    }
    bool bound = bind(fd, (const struct sockaddr *)place, bytes) == 0;
    if (bound && first) {
        set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
        bound = getsockname(fd, (struct sockaddr *)place, &bytes) == 0;
    }
    if (!bound || listen(fd, backlog) != 0) {
        int cause = errno;
        (void)close(fd);
        return mr_fail_errno(err, cause, "listen on %s", address);
    }
    *ret_fd = fd;
    return MR_OK;
}

static uint16_t port_of(const struct sockaddr_storage *place)
{
    if (place->ss_family == AF_INET6) {
        return ntohs(((const struct sockaddr_in6 *)place)->sin6_port);
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): resolve() filled it in */
    return ntohs(((const struct sockaddr_in *)place)->sin_port);
}

mr_status mr_listen_open(const char *address, uint32_t count, int *ret_fds, uint16_t *ret_port,
                         mr_err *err)
{
    struct sockaddr_storage place = {0};
    socklen_t bytes = 0;
    mr_status status = resolve(address, &place, &bytes, err);
    uint32_t opened = 0;

    while (status == MR_OK && opened < count) {
        status = open_one(address, &place, bytes, opened == 0, &ret_fds[opened], err);
        opened += status == MR_OK;
    }
    if (status != MR_OK) {
        while (opened > 0) {
            (void)close(ret_fds[--opened]);
        }
        return status;
    }
    *ret_port = port_of(&place);
    return MR_OK;
}

static void describe_ipv4(const uint8_t *bytes, mr_peer *peer)
{
    memset(peer->key, 0, 10);
    memset(peer->key + 10, 0xff, 2);
    memcpy(peer->key + 12, bytes, 4);
    peer->loopback = bytes[0] == 127;
    (void)inet_ntop(AF_INET, bytes, peer->text, sizeof peer->text); /* the room suffices */
}

static void describe(const struct sockaddr_storage *place, mr_peer *peer)
{
    *peer = (mr_peer){.loopback = false};
    if (place->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)place;
        uint8_t bytes[4];
        memcpy(bytes, &v4->sin_addr, sizeof bytes);
        describe_ipv4(bytes, peer);
        return;
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)place)->sin6_addr;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): accept4() filled it in */
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        describe_ipv4(v6->s6_addr + 12, peer);
        return;
    }
    memcpy(peer->key, v6->s6_addr, 8); /* a household has a /64: it counts as one client */
    peer->loopback = IN6_IS_ADDR_LOOPBACK(v6);
    (void)inet_ntop(AF_INET6, v6, peer->text, sizeof peer->text);
}

/* Whether there is room for one more; if so it is counted for its client. */
static bool admit(mr_http_server *server, const mr_peer *peer)
{
    if (atomic_load_explicit(&server->connection_count, memory_order_relaxed) >=
        server->options.connections_max) {
        return false;
    }
    return server->clients == NULL || mr_clients_enter(server->clients, peer->key);
}

static void add(mr_http_loop *loop, int fd, const mr_peer *peer)
{
    mr_http_server *server = loop->server;
    const mr_transport *transport = &mr_transport_plain;
    void *transport_state = NULL;

    if (server->tls != NULL) {
        transport = &mr_transport_tls;
        transport_state = mr_tls_accept(server->tls, fd);
        MR_ASSERT(transport_state != NULL);
    }
    set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
    (void)mr_connection_create(loop, transport, transport_state, fd, peer, false);
}

static void refuse(mr_http_loop *loop, int fd, const mr_peer *peer)
{
    if (loop->server->rejected_total != NULL) {
        mr_counter_add(loop->server->rejected_total, 1);
    }
    if (loop->server->tls != NULL || loop->refused_count >= refused_max) {
        (void)close(fd); /* no answer is worth a handshake now */
        return;
    }
    (void)mr_connection_create(loop, &mr_transport_plain, NULL, fd, peer, true);
}

/* Out of descriptors: a reserve is given up to take the connection and close it, for a client that
 * is told to go is better than one that waits, and epoll would report it for ever. */
static bool shed_one(mr_http_loop *loop)
{
    if (loop->reserve_fd < 0) {
        return false;
    }
    (void)close(loop->reserve_fd);
    loop->reserve_fd = -1;
    int fd = accept4(loop->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
    }
    mr_listen_reserve(loop);
    return fd >= 0;
}

void mr_listen_reserve(mr_http_loop *loop)
{
    if (loop->reserve_fd < 0) {
        loop->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* -1: the sweep tries again */
    }
}

/* false: nothing more to take now. */
static bool accept_one(mr_http_loop *loop)
{
    struct sockaddr_storage place = {0};
    socklen_t bytes = sizeof place;
    mr_peer peer;
    int fd =
        accept4(loop->listen_fd, (struct sockaddr *)&place, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        describe(&place, &peer);
        if (admit(loop->server, &peer)) {
            add(loop, fd, &peer);
        } else {
            refuse(loop, fd, &peer);
        }
        return true;
    }
    switch (errno) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
        if (shed_one(loop)) {
            return true;
        }
        break;
    case ENOBUFS:
    case ENOMEM:
        break;
    default:
        return true; /* this one connection failed before it was taken: accept(2) */
    }
    loop->listener_paused = true; /* the sweep tries again */
    return false;
}

void mr_listen_accept(mr_http_loop *loop)
{
    for (int i = 0; i < accept_batch; i++) {
        if (!accept_one(loop)) {
            return;
        }
    }
}
