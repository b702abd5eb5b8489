/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/client.h - a blocking TCP client for tests of real servers. Every wait has an end. */
#ifndef MR_UNIT_HTTP_CLIENT_H
#define MR_UNIT_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/http.h"

enum { client_wait_ms_max = 20000, client_answer_bytes_max = 1 << 20 };

static inline int client_connect(uint16_t port)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&place, sizeof place), 0);
    return fd;
}

static inline void client_send(int fd, const void *data, size_t bytes)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t moved = send(fd, at, bytes, MSG_NOSIGNAL);
        if (moved < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return; /* the server may stop listening; its answer tells */
        }
        assert_true(moved > 0);
        at += moved;
        bytes -= (size_t)moved;
    }
}

static inline void client_send_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* Bytes received, 0 at the end, -1 after a reset. */
static inline ssize_t client_receive(int fd, char *data, size_t bytes)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&poller, 1, client_wait_ms_max), 1);
    return recv(fd, data, bytes, 0);
}

/* Until the server closes; NUL-terminated, to be freed. */
static inline char *client_read_all(int fd)
{
    char *text = mr_alloc(client_answer_bytes_max + 1);
    size_t used = 0;
    ssize_t moved = 0;

    while (used < client_answer_bytes_max &&
           (moved = client_receive(fd, text + used, client_answer_bytes_max - used)) > 0) {
        used += (size_t)moved;
    }
    assert_true(moved >= 0);
    text[used] = '\0';
    return text;
}

/* One answer with Content-Length; NUL-terminated, to be freed. */
static inline char *client_read_answer(int fd)
{
    char *text = mr_alloc(client_answer_bytes_max + 1);
    size_t used = 0;
    size_t wanted = SIZE_MAX;

    while (used < wanted) {
        ssize_t moved = client_receive(fd, text + used, 1);
        assert_int_equal(moved, 1);
        text[++used] = '\0';
        if (wanted == SIZE_MAX && used >= 4 && memcmp(text + used - 4, "\r\n\r\n", 4) == 0) {
            const char *length = strstr(text, "Content-Length: ");
            wanted = used + (length == NULL ? 0 : strtoul(length + 16, NULL, 10));
            assert_true(wanted < client_answer_bytes_max);
        }
    }
    return text;
}

static inline void client_reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    (void)close(fd);
}

static inline void client_expect(int fd, const char *wanted)
{
    char *text = client_read_answer(fd);

    if (strstr(text, wanted) == NULL) {
        fail_msg("no \"%s\" in: %.400s", wanted, text);
    }
    free(text);
}

static inline void client_expect_last(int fd, const char *wanted)
{
    char *text = client_read_all(fd);

    if (strstr(text, wanted) == NULL) {
        fail_msg("no \"%s\" in: %.400s", wanted, text);
    }
    free(text);
    (void)close(fd);
}

#endif
