/* SPDX-License-Identifier: Apache-2.0 */
/* http/server.c - a server as a whole: its options checked, its loops started and ended.
 *
 * Called by:  the owner's one thread. Start binds every socket before the first thread runs, so
 *             that after it returns every connection is answered.
 */
#include <stdlib.h>
#include <unistd.h>

#include "http/loop.h"

enum {
    loops_max = 64,
    header_bytes_min = 256,
    header_bytes_max = 1 << 20,
    connections_max = 1 << 20,
    sweep_ms_max = 250, /* a deadline is kept to a quarter of the shortest, or to this */
};

static uint32_t sweep_ms_of(const mr_http_options *options)
{
    const uint32_t timeouts[] = {options->header_timeout_ms, options->body_timeout_ms,
                                 options->idle_timeout_ms, options->write_timeout_ms};
    uint32_t sweep_ms = sweep_ms_max;

    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        if (timeouts[i] / 4 < sweep_ms) {
            sweep_ms = timeouts[i] / 4;
        }
    }
    return sweep_ms == 0 ? 1 : sweep_ms;
}

static mr_status check(const mr_http_options *options, mr_err *err)
{
    if (options->loops < 1 || options->loops > loops_max) {
        return mr_fail(err, MR_INVALID, "HTTP server: loops must be 1 to %d", loops_max);
    }
    if (options->connections_max < 1 || options->connections_max > connections_max) {
        return mr_fail(err, MR_INVALID, "HTTP server: connections_max must be 1 to %d",
                       connections_max);
    }
    if (options->header_bytes_max < header_bytes_min ||
        options->header_bytes_max > header_bytes_max) {
        return mr_fail(err, MR_INVALID, "HTTP server: header_bytes_max must be %d to %d",
                       header_bytes_min, header_bytes_max);
    }
    if (options->header_timeout_ms == 0 || options->body_timeout_ms == 0 ||
        options->idle_timeout_ms == 0 || options->write_timeout_ms == 0) {
        return mr_fail(err, MR_INVALID, "HTTP server: a timeout of 0 would end every request");
    }
    if ((options->tls_certificate == NULL) != (options->tls_key == NULL)) {
        return mr_fail(err, MR_INVALID, "HTTP server: TLS needs both a certificate and a key");
    }
    return MR_OK;
}

static void register_metrics(mr_http_server *server)
{
    mr_metrics *metrics = server->options.metrics;

    if (metrics == NULL) {
        return;
    }
    server->connections_gauge = mr_metrics_gauge(metrics, "millrace_http_connections", NULL,
                                                 "Open connections of clients.");
    server->rejected_total =
        mr_metrics_counter(metrics, "millrace_http_connections_rejected_total", NULL,
                           "Connections turned away because there were too many.");
}

static mr_status open_loops(mr_http_server *server, mr_err *err)
{
    uint32_t count = server->options.loops;

    server->loops = mr_alloc_zero(count, sizeof *server->loops);
    for (uint32_t i = 0; i < count; i++) {
        mr_status status = mr_loop_open(&server->loops[i], server, err);
        server->loops_opened++;
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

mr_status mr_server_prepare(const mr_http_options *options, mr_http_server **ret_server,
                            mr_err *err)
{
    mr_status status = check(options, err);

    if (status != MR_OK) {
        return status;
    }
    mr_http_server *server = mr_alloc_zero(1, sizeof *server);
    server->options = *options;
    server->budget.bytes_max = options->buffer_bytes_max;
    server->sweep_ms = sweep_ms_of(options);
    server->stopped = true;
    if (options->connections_per_client_max > 0) {
        server->clients =
            mr_clients_create(options->connections_max, options->connections_per_client_max);
    }
    register_metrics(server);
    status = mr_router_create(options, &server->router, err);
    if (status == MR_OK && options->tls_certificate != NULL) {
        status = mr_tls_create(options->tls_certificate, options->tls_key, &server->tls, err);
    }
    if (status == MR_OK) {
        status = open_loops(server, err);
    }
    if (status != MR_OK) {
        mr_http_server_destroy(server);
        return status;
    }
    *ret_server = server;
    return MR_OK;
}

static mr_status start_loops(mr_http_server *server, mr_err *err)
{
    uint32_t count = server->options.loops;
    int fds[loops_max];
    mr_status status = mr_listen_open(server->options.address, count, fds, &server->port, err);

    if (status != MR_OK) {
        return status;
    }
    server->stopped = false;
    while (status == MR_OK && server->loops_started < count) {
        mr_http_loop *loop = &server->loops[server->loops_started];
        status = mr_loop_start(loop, fds[server->loops_started], err);
        server->loops_started += status == MR_OK;
    }
    /* The loop that failed has its socket already; those behind it were never given theirs. */
    for (uint32_t i = server->loops_started + 1; i < count; i++) {
        (void)close(fds[i]);
    }
    return status;
}

mr_status mr_http_server_start(const mr_http_options *options, mr_http_server **ret_server,
                               mr_err *err)
{
    mr_http_server *server = NULL;
    mr_status status = mr_server_prepare(options, &server, err);

    if (status == MR_OK) {
        status = start_loops(server, err);
        if (status != MR_OK) {
            mr_http_server_stop(server, 0);
            mr_http_server_destroy(server);
            return status;
        }
        *ret_server = server;
    }
    return status;
}

uint16_t mr_http_server_port(const mr_http_server *server)
{
    return server->port;
}

void mr_http_server_stop(mr_http_server *server, uint32_t drain_ms)
{
    if (server->stopped) {
        return;
    }
    server->drain_ms = drain_ms;
    for (uint32_t i = 0; i < server->loops_started; i++) {
        mr_loop_stop(&server->loops[i]);
    }
    for (uint32_t i = 0; i < server->loops_started; i++) {
        int result = pthread_join(server->loops[i].thread, NULL);
        MR_ASSERT(result == 0);
    }
    server->stopped = true;
}

void mr_http_server_destroy(mr_http_server *server)
{
    if (server == NULL) {
        return;
    }
    MR_ASSERT(server->stopped);
    for (uint32_t i = 0; i < server->loops_opened; i++) {
        mr_loop_close(&server->loops[i]);
    }
    MR_ASSERT(atomic_load(&server->connection_count) == 0);
    MR_ASSERT(atomic_load(&server->budget.used_bytes) == 0);
    free(server->loops);
    mr_router_destroy(server->router);
    mr_tls_destroy(server->tls);
    mr_clients_destroy(server->clients);
    free(server);
}
