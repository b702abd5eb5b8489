/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_web.c - `millrace web`: runs the web role until SIGTERM or SIGINT.
 *
 * The main thread only waits for signals and, once a second, keeps the role's state file. Not here:
 * everything the web does (web/).
 */
#include "base/log.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/secrets.h"
#include "cli/server_process.h"
#include "cli/web_settings.h"
#include "web/web.h"

typedef struct serving {
    mr_role *role;
    mr_web *web;
    uint64_t errors_seen;
} serving;

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

/* Into the log, which whoever starts the web reads. */
static mr_status tell_first_link(const mr_web_options *options, const char *url, mr_err *err)
{
    char link[mr_web_link_bytes_max];
    mr_status st = mr_web_first_link(options, url, link, err);

    if (st == MR_OK && link[0] != '\0') {
        mr_log_info("nobody has signed in yet: within %d hours, this link does it once: %s",
                    mr_web_link_hours, link);
    }
    return st;
}

static mr_status announce(mr_role *role, const mr_web *web, const mr_web_options *options,
                          bool no_link, mr_err *err)
{
    char address[mr_server_address_bytes_max];
    char url[mr_web_link_bytes_max];

    mr_server_address(options->http.address, mr_web_port(web), address);
    mr_web_url(options, address, url);
    mr_log_info("listening on %s, people reach it at %s", address, url);
    mr_role_set_address(role, address);
    mr_status st = no_link ? MR_OK : tell_first_link(options, url, err);
    if (st == MR_OK) {
        mr_role_ready(role);
    }
    return st;
}

static mr_status run_role(const mr_web_options *options, bool no_link, const sigset_t *signals,
                          mr_err *err)
{
    serving s = {0};
    mr_status st = mr_role_open(options->data_folder, "web", &s.role, err);

    if (st == MR_OK) {
        st = mr_web_start(options, &s.web, err);
    }
    if (st == MR_OK) {
        st = announce(s.role, s.web, options, no_link, err);
    }
    if (st == MR_OK) {
        mr_server_wait(signals, update_role, &s);
        update_role(&s);
    }
    mr_web_stop(s.web);
    if (st == MR_OK) {
        mr_log_info("stopped");
    }
    mr_role_close(s.role);
    return st;
}

int mr_cmd_web(mr_cli *cli, int argc, char **argv)
{
    bool no_link = false;
    const mr_cli_option own[] = {
        {.name = "--no-link",
         .help = "print no sign-in link for the first operator (`millrace up` prints it itself)",
         .ret_switch = &no_link},
    };
    mr_web_options options;
    int argument_count = 0;
    char **arguments = NULL;
    int status = MR_EXIT_OK;
    sigset_t signals;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, own, sizeof own / sizeof own[0], &argument_count, &arguments,
                      &status)) {
        return status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    options = mr_settings_web(mr_cli_config(cli));
    mr_server_block_signals(&signals);
    mr_cli_watch_secrets(cli);
    mr_server_raise_descriptor_limit(options.http.connections_max);
    if (run_role(&options, no_link, &signals, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return MR_EXIT_OK;
}
