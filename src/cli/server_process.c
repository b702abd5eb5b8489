/* SPDX-License-Identifier: Apache-2.0 */
/* cli/server_process.c - what the commands that serve HTTP have in common. */
#include "cli/server_process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { descriptors_spare = 256 }; /* log, store, keys, standard streams */

static uint32_t setting_u32(const mr_config *config, const char *name)
{
    return (uint32_t)mr_config_integer(config, name);
}

static uint32_t setting_ms(const mr_config *config, const char *name)
{
    return (uint32_t)mr_config_duration_ms(config, name);
}

/* Half: the log, the kernel and the other roles need theirs. */
uint32_t mr_server_thread_count(const mr_config *config, const char *setting)
{
    uint32_t count = setting_u32(config, setting);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (count == 0) {
        count = processors > 2 ? (uint32_t)processors / 2 : 1;
    }
    return count;
}

mr_http_options mr_server_http_options(const mr_config *config, const char *address_setting)
{
    return (mr_http_options){
        .address = mr_config_text(config, address_setting),
        .connections_max = setting_u32(config, "MILLRACE_CONNECTIONS_MAX"),
        .connections_per_client_max = setting_u32(config, "MILLRACE_CONNECTIONS_PER_CLIENT_MAX"),
        .header_bytes_max = (uint32_t)mr_config_bytes(config, "MILLRACE_HEADER_BYTES_MAX"),
        .buffer_bytes_max = mr_config_bytes(config, "MILLRACE_BUFFER_BYTES_MAX"),
        .header_timeout_ms = setting_ms(config, "MILLRACE_HEADER_TIMEOUT"),
        .body_timeout_ms = setting_ms(config, "MILLRACE_BODY_TIMEOUT"),
        .body_rate_min = (uint32_t)mr_config_bytes(config, "MILLRACE_BODY_RATE_MIN"),
        .idle_timeout_ms = setting_ms(config, "MILLRACE_IDLE_TIMEOUT"),
        .write_timeout_ms = setting_ms(config, "MILLRACE_WRITE_TIMEOUT"),
        .tls_certificate = mr_config_text(config, "MILLRACE_TLS_CERTIFICATE"),
        .tls_key = mr_config_text(config, "MILLRACE_TLS_KEY"),
    };
}

void mr_server_raise_descriptor_limit(uint32_t connections_max)
{
    rlim_t wanted = (rlim_t)connections_max + descriptors_spare;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted) {
        mr_log_warn("this process may open %llu files, too few for MILLRACE_CONNECTIONS_MAX=%u; "
                    "raise the hard limit (ulimit -Hn) or lower the setting",
                    (unsigned long long)limit.rlim_max, connections_max);
        wanted = limit.rlim_max;
    }
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        mr_log_warn("raising the limit of open files to %llu: %s", (unsigned long long)wanted,
                    strerror(errno));
    }
}

void mr_server_block_signals(sigset_t *ret_signals)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a failed write, not the end */
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

void mr_server_wait(const sigset_t *signals, void (*turn)(void *ctx), void *ctx)
{
    const struct timespec second = {.tv_sec = 1};

    for (;;) {
        int number = sigtimedwait(signals, NULL, &second);
        if (number == SIGTERM || number == SIGINT) {
            mr_log_info("%s: finishing the requests under way", strsignal(number));
            return;
        }
        if (number == SIGHUP) {
            mr_log_info("%s: nothing to do; settings are read at the start", strsignal(number));
        }
        turn(ctx);
    }
}

void mr_server_address(const char *configured, uint16_t port,
                       char ret_address[static mr_server_address_bytes_max])
{
    const char *colon = strrchr(configured, ':'); /* there: the server has bound to it */

    (void)snprintf(ret_address, mr_server_address_bytes_max, "%.*s:%u", (int)(colon - configured),
                   configured, (unsigned)port);
}
