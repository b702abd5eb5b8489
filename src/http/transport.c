/* SPDX-License-Identifier: Apache-2.0 */
/* http/transport.c - bytes in and out of a plain TCP socket. TLS is in tls.c. */
#include <errno.h>
#include <unistd.h>

#include "http/loop.h"

static ssize_t result_of(ssize_t moved)
{
    if (moved >= 0) {
        return moved;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? MR_IO_AGAIN : MR_IO_FAILED;
}

static ssize_t plain_receive(mr_connection *connection, char *data, size_t bytes)
{
    return result_of(recv(connection->fd, data, bytes, 0));
}

static ssize_t plain_send(mr_connection *connection, const char *data, size_t bytes)
{
    return result_of(send(connection->fd, data, bytes, MSG_NOSIGNAL));
}

static void plain_finish(mr_connection *connection)
{
    (void)shutdown(connection->fd, SHUT_WR); /* fails only when the peer is gone already */
}

static void plain_close(mr_connection *connection)
{
    (void)close(connection->fd); /* nothing unsent is left that its failure could tell about */
    connection->fd = -1;
}

const mr_transport mr_transport_plain = {
    .receive = plain_receive,
    .send = plain_send,
    .drain = plain_receive,
    .finish = plain_finish,
    .close = plain_close,
};
