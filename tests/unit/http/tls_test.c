/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/tls_test.c - the server behind TLS, with a certificate made here. */
#define _GNU_SOURCE /* memmem */
#include "client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#define HOST "Host: localhost\r\n"

struct files {
    char folder[64], certificate[96], key[96], other_key[96], locked_key[96], junk[96];
};

static void write_locked_key(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(
        PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
}

static EVP_PKEY *write_key(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file = fopen(path, "w");

    assert_non_null(key);
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    return key;
}

static void write_certificate(const char *path, EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    static const unsigned char host[] = "localhost";

    assert_int_equal(X509_set_version(certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(certificate, name), 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(certificate);
}

static int make_files(void **state)
{
    struct files *files = mr_alloc_zero(1, sizeof *files);

    (void)snprintf(files->folder, sizeof files->folder, "/tmp/millrace-tls-XXXXXX");
    assert_non_null(mkdtemp(files->folder));
    (void)snprintf(files->certificate, sizeof files->certificate, "%s/cert.pem", files->folder);
    (void)snprintf(files->key, sizeof files->key, "%s/key.pem", files->folder);
    (void)snprintf(files->other_key, sizeof files->other_key, "%s/other.pem", files->folder);
    (void)snprintf(files->locked_key, sizeof files->locked_key, "%s/locked.pem", files->folder);
    (void)snprintf(files->junk, sizeof files->junk, "%s/junk.pem", files->folder);
    EVP_PKEY *key = write_key(files->key);
    write_certificate(files->certificate, key);
    write_locked_key(files->locked_key, key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(write_key(files->other_key));
    FILE *file = fopen(files->junk, "w");
    assert_non_null(file);
    assert_true(fputs("not PEM\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    *state = files;
    return 0;
}

static int remove_files(void **state)
{
    struct files *files = *state;

    (void)unlink(files->certificate);
    (void)unlink(files->key);
    (void)unlink(files->other_key);
    (void)unlink(files->locked_key);
    (void)unlink(files->junk);
    (void)rmdir(files->folder);
    free(files);
    return 0;
}

static void handle_echo(mr_http_request *request, void *ctx)
{
    size_t bytes = 0;
    const char *body = mr_http_request_body(request, &bytes);

    (void)ctx;
    mr_http_request_answer(
        request, &(mr_http_answer){.status = 200, .body = {bytes == 0 ? "" : body, bytes}});
}

static const mr_http_route routes[] = {
    {"GET", "/", handle_echo, 0, 0, "root", NULL},
    {"POST", "/echo", handle_echo, 1 << 20, 1 << 20, "echo", NULL},
};

static mr_http_options tls_options(const struct files *files)
{
    return (mr_http_options){
        .address = "127.0.0.1:0",
        .loops = 1,
        .connections_max = 10,
        .header_bytes_max = 4096,
        .buffer_bytes_max = 8 << 20,
        .header_timeout_ms = 20000,
        .body_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .write_timeout_ms = 20000,
        .tls_certificate = files->certificate,
        .tls_key = files->key,
        .routes = routes,
        .route_count = 2,
    };
}

static mr_http_server *start(const mr_http_options *options)
{
    mr_http_server *server = NULL;
    mr_err err;

    if (mr_http_server_start(options, &server, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return server;
}

static void stop(mr_http_server *server)
{
    mr_http_server_stop(server, 5000);
    mr_http_server_destroy(server);
}

struct tls_client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

/* The handshake's result. */
static int tls_connect(struct tls_client *client, uint16_t port, int version_max)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    const struct timeval wait = {.tv_sec = client_wait_ms_max / 1000};

    client->fd = client_connect(port);
    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    client->context = SSL_CTX_new(TLS_client_method());
    assert_non_null(client->context);
    SSL_CTX_set_security_level(client->context, 0); /* so that even TLS 1.1 can be offered */
    assert_int_equal(SSL_CTX_set_min_proto_version(client->context, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(client->context, version_max), 1);
    client->ssl = SSL_new(client->context);
    assert_non_null(client->ssl);
    assert_int_equal(SSL_set_alpn_protos(client->ssl, protocols, sizeof protocols - 1), 0);
    assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
    return SSL_connect(client->ssl);
}

static void tls_close(struct tls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    (void)close(client->fd);
    ERR_clear_error();
}

static void tls_send(struct tls_client *client, const char *data, size_t bytes)
{
    size_t moved = 0;

    assert_int_equal(SSL_write_ex(client->ssl, data, bytes, &moved), 1);
    assert_int_equal(moved, bytes);
}

/* Reads until `wanted` bytes lie behind the head of an answer; to be freed. */
static char *tls_read_answer(struct tls_client *client, size_t wanted)
{
    char *text = mr_alloc(client_answer_bytes_max * 2);
    size_t used = 0;

    for (;;) {
        size_t moved = 0;
        text[used] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end != NULL && used - (size_t)(end + 4 - text) >= wanted) {
            return text;
        }
        assert_true(used + 1 < client_answer_bytes_max * 2);
        assert_int_equal(
            SSL_read_ex(client->ssl, text + used, client_answer_bytes_max * 2 - used - 1, &moved),
            1);
        used += moved;
    }
}

static void requests_are_served_over_tls(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char get[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    mr_http_options options = tls_options(*state);
    mr_http_server *server = start(&options);

    for (size_t v = 0; v < 2; v++) {
        struct tls_client client;
        const unsigned char *protocol = NULL;
        unsigned protocol_bytes = 0;
        assert_int_equal(tls_connect(&client, mr_http_server_port(server), versions[v]), 1);
        SSL_get0_alpn_selected(client.ssl, &protocol, &protocol_bytes);
        assert_int_equal(protocol_bytes, 8);
        assert_memory_equal(protocol, "http/1.1", 8);
        for (size_t split = 1; split < sizeof get - 1; split += 5) {
            tls_send(&client, get, split);
            tls_send(&client, get + split, sizeof get - 1 - split);
            char *text = tls_read_answer(&client, 0);
            assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
            free(text);
        }
        tls_close(&client);
    }
    stop(server);
}

static void large_messages_pass_both_ways(void **state)
{
    enum { bytes = 1 << 20 };
    mr_http_options options = tls_options(*state);
    mr_http_server *server = start(&options);
    struct tls_client client;
    char *body = mr_alloc(bytes);
    char head[128];

    for (size_t i = 0; i < bytes; i++) {
        body[i] = (char)('a' + i % 23);
    }
    int head_bytes = snprintf(head, sizeof head,
                              "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", bytes);
    assert_int_equal(tls_connect(&client, mr_http_server_port(server), TLS1_3_VERSION), 1);
    for (int i = 0; i < 2; i++) {
        tls_send(&client, head, (size_t)head_bytes);
        tls_send(&client, body, bytes);
        char *text = tls_read_answer(&client, bytes);
        assert_memory_equal(strstr(text, "\r\n\r\n") + 4, body, bytes);
        free(text);
    }
    tls_close(&client);
    stop(server);
    free(body);
}

static void a_closing_answer_ends_with_a_close_notify(void **state)
{
    static const char get[] = "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    mr_http_options options = tls_options(*state);
    mr_http_server *server = start(&options);
    struct tls_client client;
    char byte;
    size_t moved = 0;

    assert_int_equal(tls_connect(&client, mr_http_server_port(server), TLS1_3_VERSION), 1);
    tls_send(&client, get, sizeof get - 1);
    free(tls_read_answer(&client, 0));
    assert_int_equal(SSL_read_ex(client.ssl, &byte, 1, &moved), 0);
    assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    tls_close(&client);
    stop(server);
}

static void old_versions_and_plain_text_are_turned_away(void **state)
{
    mr_http_options options = tls_options(*state);
    mr_http_server *server = start(&options);
    struct tls_client client;
    char data[256];

    assert_int_not_equal(tls_connect(&client, mr_http_server_port(server), TLS1_1_VERSION), 1);
    tls_close(&client);
    int fd = client_connect(mr_http_server_port(server));
    client_send_text(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    ssize_t got = client_receive(fd, data, sizeof data);
    while (got > 0) { /* an alert, perhaps; never an answer */
        assert_null(memmem(data, (size_t)got, "HTTP/", 5));
        got = client_receive(fd, data, sizeof data);
    }
    (void)close(fd);
    stop(server);
}

static void a_handshake_that_stalls_is_ended(void **state)
{
    mr_http_options options = tls_options(*state);
    char byte;

    options.header_timeout_ms = 30;
    mr_http_server *server = start(&options);
    int fd = client_connect(mr_http_server_port(server));
    assert_int_equal(client_receive(fd, &byte, 1), 0);
    (void)close(fd);
    stop(server);
}

static void bad_files_are_named_at_start(void **state)
{
    const struct files *files = *state;
    mr_http_options options = tls_options(files);
    mr_http_server *server = NULL;
    mr_err err;

    options.tls_certificate = "/nonexistent/cert.pem";
    assert_int_not_equal(mr_http_server_start(&options, &server, &err), MR_OK);
    assert_non_null(strstr(err.message, "/nonexistent/cert.pem"));
    assert_non_null(strstr(err.message, "No such file"));
    options.tls_certificate = files->junk;
    assert_int_not_equal(mr_http_server_start(&options, &server, &err), MR_OK);
    assert_non_null(strstr(err.message, files->junk));
    assert_non_null(strstr(err.message, "no start line"));
    options.tls_certificate = files->certificate;
    options.tls_key = files->other_key;
    assert_int_not_equal(mr_http_server_start(&options, &server, &err), MR_OK);
    assert_non_null(strstr(err.message, files->other_key));
    options.tls_key = files->locked_key; /* nobody is asked for the pass phrase */
    assert_int_equal(mr_http_server_start(&options, &server, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "pass phrase"));
    options.tls_key = NULL;
    assert_int_equal(mr_http_server_start(&options, &server, &err), MR_INVALID);
    assert_null(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_served_over_tls),
        cmocka_unit_test(large_messages_pass_both_ways),
        cmocka_unit_test(a_closing_answer_ends_with_a_close_notify),
        cmocka_unit_test(old_versions_and_plain_text_are_turned_away),
        cmocka_unit_test(a_handshake_that_stalls_is_ended),
        cmocka_unit_test(bad_files_are_named_at_start),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
