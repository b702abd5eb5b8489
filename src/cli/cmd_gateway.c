/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_gateway.c - `millrace gateway`: runs the gateway role until SIGTERM or SIGINT.
 *
 * The main thread only waits for signals and, once a second, looks after the gateway and the role's
 * state file. Not here: everything the gateway does (gateway/).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "gateway/gateway.h"

enum {
    descriptors_spare = 256, /* log, store, keys, standard streams */
    address_bytes_max = 280,
};

/* --- Options ---------------------------------------------------------------------------------- */

static uint32_t setting_u32(const mr_config *config, const char *name)
{
    return (uint32_t)mr_config_integer(config, name);
}

static uint32_t setting_ms(const mr_config *config, const char *name)
{
    return (uint32_t)mr_config_duration_ms(config, name);
}

/* 0 means half of the processors: the log, the kernel and the other roles need theirs. */
static uint32_t thread_count(const mr_config *config, const char *name)
{
    uint32_t count = setting_u32(config, name);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (count == 0) {
        count = processors > 2 ? (uint32_t)processors / 2 : 1;
    }
    return count;
}

static mr_http_options http_options(const mr_config *config)
{
    return (mr_http_options){
        .address = mr_config_text(config, "MILLRACE_GATEWAY"),
        .loops = thread_count(config, "MILLRACE_GATEWAY_THREADS"),
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

static mr_gateway_auth auth_option(const mr_config *config)
{
    const char *auth = mr_config_text(config, "MILLRACE_AUTH");

    if (strcmp(auth, "required") == 0) {
        return MR_GATEWAY_AUTH_REQUIRED;
    }
    return strcmp(auth, "off") == 0 ? MR_GATEWAY_AUTH_OFF : MR_GATEWAY_AUTH_AUTO;
}

static mr_gateway_options gateway_options(const mr_config *config)
{
    return (mr_gateway_options){
        .http = http_options(config),
        .body_bytes_max = mr_config_bytes(config, "MILLRACE_BODY_BYTES_MAX"),
        .body_unpacked_bytes_max = mr_config_bytes(config, "MILLRACE_BODY_UNPACKED_BYTES_MAX"),
        .workers = thread_count(config, "MILLRACE_GATEWAY_WORKERS"),
        .request_timeout_ms = setting_ms(config, "MILLRACE_REQUEST_TIMEOUT"),
        .drain_timeout_ms = setting_ms(config, "MILLRACE_DRAIN_TIMEOUT"),
        .bus = mr_settings_bus(config),
        .topic = mr_settings_topic_ingestion(config),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .store = mr_settings_store(config, MR_STORE_READ),
        .auth = auth_option(config),
        .rate_per_second = (double)mr_config_integer(config, "MILLRACE_RATE_LIMIT"),
        .rate_burst = (double)mr_config_integer(config, "MILLRACE_RATE_BURST"),
        .disk_free_bytes_min = mr_config_bytes(config, "MILLRACE_DISK_FREE_MIN"),
    };
}

/* --- The process ------------------------------------------------------------------------------ */

static void raise_descriptor_limit(uint32_t connections_max)
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

/* Before any thread starts, so that all inherit it and only the main thread takes signals. */
static void block_signals(sigset_t *ret_signals)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a failed write, not the end */
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

static void update_role(mr_role *role, mr_gateway *gateway, uint64_t *errors_seen)
{
    mr_gateway_totals totals;

    mr_gateway_read_totals(gateway, &totals);
    if (totals.errors > *errors_seen) {
        mr_role_set_error(role, totals.last_error);
        *errors_seen = totals.errors;
    }
    mr_role_update(role, totals.events, totals.errors);
}

/* Until SIGTERM or SIGINT. */
static void serve(mr_role *role, mr_gateway *gateway, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    uint64_t errors_seen = 0;

    for (;;) {
        int number = sigtimedwait(signals, NULL, &second);
        if (number == SIGTERM || number == SIGINT) {
            mr_log_info("%s: finishing the requests under way", strsignal(number));
            break;
        }
        if (number == SIGHUP) {
            mr_log_info("%s: nothing to do; settings are read at the start", strsignal(number));
        }
        mr_gateway_tick(gateway);
        update_role(role, gateway, &errors_seen);
    }
    update_role(role, gateway, &errors_seen);
}

/* The address as it turned out: with the port that was picked for port 0. */
static void announce(mr_role *role, const mr_gateway *gateway, const mr_gateway_options *options)
{
    const char *configured = options->http.address;
    const char *colon = strrchr(configured, ':'); /* there: the server has bound to it */
    char address[address_bytes_max];
    bool keys_needed = mr_gateway_needs_keys(options);

    snprintf(address, sizeof address, "%.*s:%u", (int)(colon - configured), configured,
             (unsigned)mr_gateway_port(gateway));
    if (!keys_needed && !mr_gateway_is_local(options)) {
        mr_log_warn("anybody who reaches %s may send events: MILLRACE_AUTH is off", address);
    }
    mr_log_info("listening on %s://%s, %s",
                options->http.tls_certificate != NULL ? "https" : "http", address,
                keys_needed ? "API keys are asked for" : "no API keys are asked for");
    mr_role_set_address(role, address);
    mr_role_ready(role);
}

static mr_status run_role(const mr_gateway_options *options, const sigset_t *signals, mr_err *err)
{
    mr_role *role = NULL;
    mr_gateway *gateway = NULL;
    mr_status st = mr_role_open(options->data_folder, "gateway", &role, err);

    if (st == MR_OK) {
        st = mr_gateway_start(options, &gateway, err);
    }
    if (st == MR_OK) {
        announce(role, gateway, options);
        serve(role, gateway, signals);
        mr_gateway_stop(gateway);
        mr_log_info("stopped");
    }
    mr_role_close(role);
    return st;
}

int mr_cmd_gateway(mr_cli *cli, int argc, char **argv)
{
    mr_gateway_options options;
    int argument_count = 0;
    char **arguments = NULL;
    int status = MR_EXIT_OK;
    sigset_t signals;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, NULL, 0, &argument_count, &arguments, &status)) {
        return status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    options = gateway_options(mr_cli_config(cli));
    block_signals(&signals);
    raise_descriptor_limit(options.http.connections_max);
    if (run_role(&options, &signals, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return MR_EXIT_OK;
}
