/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_web.c - `millrace web`: runs the web role until SIGTERM or SIGINT.
 *
 * The main thread only waits for signals and, once a second, keeps the role's state file. Not here:
 * everything the web does (web/).
 */
#include "base/log.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/server_process.h"
#include "cli/settings.h"
#include "web/web.h"

typedef struct serving {
    mr_role *role;
    mr_web *web;
    uint64_t errors_seen;
} serving;

static mr_web_options web_options(const mr_config *config)
{
    mr_web_options options = {
        .http = mr_server_http_options(config, "MILLRACE_WEB"),
        .workers = (uint32_t)mr_config_integer(config, "MILLRACE_WEB_WORKERS"),
        .query_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_WEB_QUERY_TIMEOUT"),
        .drain_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_DRAIN_TIMEOUT"),
        .session_idle_ms = mr_config_duration_ms(config, "MILLRACE_WEB_SESSION_IDLE"),
        .session_max_ms = mr_config_duration_ms(config, "MILLRACE_WEB_SESSION_MAX"),
        .public_url = mr_config_text(config, "MILLRACE_WEB_URL"),
        .behind_proxy = mr_config_flag(config, "MILLRACE_WEB_BEHIND_PROXY"),
        .demo = mr_config_flag(config, "MILLRACE_WEB_DEMO"),
        .shop = mr_config_text(config, "MILLRACE_WEB_SHOP"),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .store = mr_settings_store(config, MR_STORE_READ),
        .bus = mr_settings_bus(config),
        .topic_ingestion = mr_settings_topic_ingestion(config),
        .topic_dead_letter = mr_settings_topic_dead_letter(config),
        .lake = mr_config_text(config, "MILLRACE_LAKE"),
        .olap_memory_bytes = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
        .olap_threads = (uint32_t)mr_config_integer(config, "MILLRACE_OLAP_THREADS"),
        .models = mr_config_text(config, "MILLRACE_MODELS"),
    };

    options.http.loops = 1; /* it only moves bytes: the work is the workers' */
    return options;
}

static void update_role(void *ctx)
{
    serving *s = ctx;
    mr_web_totals totals;

    mr_web_read_totals(s->web, &totals);
    if (totals.errors > s->errors_seen) {
        mr_role_set_error(s->role, totals.last_error);
        s->errors_seen = totals.errors;
    }
    mr_role_update(s->role, totals.requests, totals.errors);
}

static void announce(mr_role *role, const mr_web *web, const mr_web_options *options)
{
    char address[mr_server_address_bytes_max];

    mr_server_address(options->http.address, mr_web_port(web), address);
    mr_log_info("listening on %s://%s", options->http.tls_certificate != NULL ? "https" : "http",
                address);
    mr_role_set_address(role, address);
    mr_role_ready(role);
}

static mr_status run_role(const mr_web_options *options, const sigset_t *signals, mr_err *err)
{
    serving s = {0};
    mr_status st = mr_role_open(options->data_folder, "web", &s.role, err);

    if (st == MR_OK) {
        st = mr_web_start(options, &s.web, err);
    }
    if (st == MR_OK) {
        announce(s.role, s.web, options);
        mr_server_wait(signals, update_role, &s);
        update_role(&s);
        mr_web_stop(s.web);
        mr_log_info("stopped");
    }
    mr_role_close(s.role);
    return st;
}

int mr_cmd_web(mr_cli *cli, int argc, char **argv)
{
    mr_web_options options;
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
    options = web_options(mr_cli_config(cli));
    mr_server_block_signals(&signals);
    mr_server_raise_descriptor_limit(options.http.connections_max);
    if (run_role(&options, &signals, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return MR_EXIT_OK;
}
