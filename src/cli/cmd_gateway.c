/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_gateway.c - `millrace gateway`: runs the gateway role until SIGTERM or SIGINT.
 *
 * The main thread only waits for signals and, once a second, looks after the gateway and the role's
 * state file. Not here: everything the gateway does (gateway/).
 */
#include <string.h>

#include "base/log.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/secrets.h"
#include "cli/server_process.h"
#include "cli/settings.h"
#include "gateway/gateway.h"

/* --- Options ---------------------------------------------------------------------------------- */

static mr_http_options http_options(const mr_config *config)
{
    mr_http_options http = mr_server_http_options(config, "MILLRACE_GATEWAY");

    http.loops = mr_server_thread_count(config, "MILLRACE_GATEWAY_THREADS");
    return http;
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
        .workers = mr_server_thread_count(config, "MILLRACE_GATEWAY_WORKERS"),
        .request_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_REQUEST_TIMEOUT"),
        .drain_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_DRAIN_TIMEOUT"),
        .bus = mr_settings_bus(config),
        .topic = mr_settings_topic_ingestion(config),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .store = mr_settings_store(config, MR_STORE_READ),
        .auth = auth_option(config),
        .key = mr_config_secret(config, "MILLRACE_GATEWAY_KEY"),
        .key_grace_ms = mr_config_duration_ms(config, "MILLRACE_GATEWAY_KEY_GRACE"),
        .rate_per_second = (double)mr_config_integer(config, "MILLRACE_RATE_LIMIT"),
        .rate_burst = (double)mr_config_integer(config, "MILLRACE_RATE_BURST"),
        .disk_free_bytes_min = mr_config_bytes(config, "MILLRACE_DISK_FREE_MIN"),
    };
}

/* --- The process ------------------------------------------------------------------------------ */

typedef struct serving {
    mr_role *role;
    mr_gateway *gateway;
    uint64_t errors_seen;
} serving;

static void update_role(serving *s)
{
    mr_gateway_totals totals;

    mr_gateway_read_totals(s->gateway, &totals);
    if (totals.errors > s->errors_seen) {
        mr_role_set_error(s->role, totals.last_error);
        s->errors_seen = totals.errors;
    }
    mr_role_update(s->role, totals.events, totals.errors);
}

static void turn(void *ctx)
{
    serving *s = ctx;

    mr_gateway_tick(s->gateway);
    update_role(s);
}

static void announce(mr_role *role, const mr_gateway *gateway, const mr_gateway_options *options)
{
    char address[mr_server_address_bytes_max];
    bool keys_needed = mr_gateway_needs_keys(options);

    mr_server_address(options->http.address, mr_gateway_port(gateway), address);
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
        serving s = {.role = role, .gateway = gateway};
        mr_server_wait(signals, turn, &s);
        update_role(&s);
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
    mr_server_block_signals(&signals);
    mr_cli_watch_secrets(cli);
    mr_server_raise_descriptor_limit(options.http.connections_max);
    if (run_role(&options, &signals, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return MR_EXIT_OK;
}
