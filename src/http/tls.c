/* SPDX-License-Identifier: Apache-2.0 */
/* http/tls.c - TLS 1.2 and 1.3 over OpenSSL as a connection's transport.
 *
 * Owns:       the certificate's SSL_CTX (read-only once made, shared by the loops) and an SSL a
 *             connection. OpenSSL writes with write(2): the loops' threads block SIGPIPE.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/loop.h"

struct mr_tls {
    SSL_CTX *context;
};

static mr_status fail(mr_err *err, const char *operation, const char *path)
{
    char reason[160];
    unsigned long code = ERR_peek_error(); /* the first one is the cause */

    ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return mr_fail(err, MR_INVALID, "TLS: %s %s: %s", operation, path, reason);
}

/* HTTP/1.1 if the client names it; a client that only names others is served without ALPN. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_bytes,
                           const unsigned char *offered, unsigned int offered_bytes, void *argument)
{
    (void)ssl;
    (void)argument;
    for (unsigned int at = 0; at < offered_bytes; at += 1U + offered[at]) {
        if (offered[at] == 8 && at + 9 <= offered_bytes &&
            memcmp(offered + at + 1, "http/1.1", 8) == 0) {
            *ret_name = offered + at + 1;
            *ret_bytes = 8;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* OpenSSL would ask on the terminal, and a server would wait there for ever. */
static int refuse_passphrase(char *phrase, int bytes, int writing, void *asked)
{
    (void)phrase;
    (void)bytes;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static mr_status load_key(SSL_CTX *context, const char *key, mr_err *err)
{
    bool asked = false;

    SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    int done = SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    if (asked) {
        ERR_clear_error();
        return mr_fail(err, MR_INVALID,
                       "TLS: the key %s is locked by a pass phrase; give one without, readable to "
                       "its owner alone (openssl pkey -in %s -out FILE)",
                       key, key);
    }
    return done == 1 ? MR_OK : fail(err, "read the key", key);
}

static mr_status load(SSL_CTX *context, const char *certificate, const char *key, mr_err *err)
{
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        return fail(err, "read the certificate", certificate);
    }
    mr_status status = load_key(context, key, err);
    if (status != MR_OK) {
        return status;
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return fail(err, "match the certificate with the key", key);
    }
    return MR_OK;
}

mr_status mr_tls_create(const char *certificate, const char *key, mr_tls **ret_tls, mr_err *err)
{
    static const unsigned char session_context[] = "millrace";

    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    MR_ASSERT(context != NULL);
    int done = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
               SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
    MR_ASSERT(done);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    mr_status status = load(context, certificate, key, err);
    if (status != MR_OK) {
        SSL_CTX_free(context);
        return status;
    }
    mr_tls *tls = mr_alloc_zero(1, sizeof *tls);
    tls->context = context;
    *ret_tls = tls;
    return MR_OK;
}

void mr_tls_destroy(mr_tls *tls)
{
    if (tls != NULL) {
        SSL_CTX_free(tls->context);
        free(tls);
    }
}

void *mr_tls_accept(const mr_tls *tls, int fd)
{
    SSL *ssl = SSL_new(tls->context);

    MR_ASSERT(ssl != NULL);
    int done = SSL_set_fd(ssl, fd);
    MR_ASSERT(done == 1);
    SSL_set_accept_state(ssl);
    return ssl;
}

/* A call's result as MR_IO_*; at_end: what the peer's orderly end is. */
static ssize_t result_of(SSL *ssl, int result, ssize_t at_end)
{
    int error = SSL_get_error(ssl, result);

    ERR_clear_error();
    switch (error) {
    case SSL_ERROR_WANT_READ:
        return MR_IO_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        return MR_IO_AGAIN_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return at_end;
    default:
        return MR_IO_FAILED;
    }
}

static ssize_t tls_handshake(mr_connection *connection)
{
    int result = SSL_do_handshake(connection->transport_state);

    return result == 1 ? 1 : result_of(connection->transport_state, result, MR_IO_FAILED);
}

static ssize_t tls_receive(mr_connection *connection, char *data, size_t bytes)
{
    size_t moved = 0;
    int result = SSL_read_ex(connection->transport_state, data, bytes, &moved);

    return result == 1 ? (ssize_t)moved : result_of(connection->transport_state, result, 0);
}

static ssize_t tls_send(mr_connection *connection, const char *data, size_t bytes)
{
    size_t moved = 0;
    int result = SSL_write_ex(connection->transport_state, data, bytes, &moved);

    return result == 1 ? (ssize_t)moved
                       : result_of(connection->transport_state, result, MR_IO_FAILED);
}

/* The rest is dropped unread, so nobody need decrypt it. */
static ssize_t tls_drain(mr_connection *connection, char *data, size_t bytes)
{
    return mr_transport_plain.drain(connection, data, bytes);
}

static bool tls_buffered(const mr_connection *connection)
{
    return SSL_pending(connection->transport_state) > 0;
}

static void say_goodbye(SSL *ssl)
{
    (void)SSL_shutdown(ssl); /* a courtesy: whether it went out does not matter any more */
    ERR_clear_error();
}

static void tls_finish(mr_connection *connection)
{
    say_goodbye(connection->transport_state);
    mr_transport_plain.finish(connection);
}

static void tls_close(mr_connection *connection)
{
    SSL *ssl = connection->transport_state;

    if (SSL_is_init_finished(ssl) && (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) == 0) {
        say_goodbye(ssl);
    }
    SSL_free(ssl);
    connection->transport_state = NULL;
    mr_transport_plain.close(connection);
}

const mr_transport mr_transport_tls = {
    .handshake = tls_handshake,
    .receive = tls_receive,
    .send = tls_send,
    .drain = tls_drain,
    .buffered = tls_buffered,
    .finish = tls_finish,
    .close = tls_close,
};
