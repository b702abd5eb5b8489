/* SPDX-License-Identifier: Apache-2.0 */
/* cli/server_process.h - what the commands that serve HTTP (gateway, web) have in common. */
#ifndef MR_CLI_SERVER_PROCESS_H
#define MR_CLI_SERVER_PROCESS_H

#include <signal.h>

#include "base/config.h"
#include "http/http.h"

enum { mr_server_address_bytes_max = 280 };

/* What the settings say of HTTP; texts are borrowed from the config. The caller sets the rest. */
mr_http_options mr_server_http_options(const mr_config *config, const char *address_setting);

/* A setting that counts threads: 0 means half of the processors. */
uint32_t mr_server_thread_count(const mr_config *config, const char *setting);

/* As many open files as connections_max needs, or a warning. */
void mr_server_raise_descriptor_limit(uint32_t connections_max);

/* Before any thread starts, so that all inherit it and only the main thread takes signals: SIGTERM,
 * SIGINT and SIGHUP are blocked, to be waited for. */
void mr_server_block_signals(sigset_t *ret_signals);

/* Calls turn about once a second, until SIGTERM or SIGINT. */
void mr_server_wait(const sigset_t *signals, void (*turn)(void *ctx), void *ctx);

/* The address as it turned out: with the port that was picked for port 0. */
void mr_server_address(const char *configured, uint16_t port,
                       char ret_address[static mr_server_address_bytes_max]);

#endif
