/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_up.c - `millrace up`: the roles of one data folder, started, restarted and stopped
 * together.
 *
 * Each role is this same program with the command of that name. Settings are resolved once, here,
 * and passed by environment, so that all roles see the same ones wherever they came from. Not here:
 * the loop that watches processes (supervisor.c).
 */
#define _GNU_SOURCE /* strsep */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/detach.h"
#include "cli/role_environment.h"
#include "cli/settings.h"
#include "cli/supervisor.h"
#include "cli/web_settings.h"

enum {
    backoff_ms_min = 100,
    healthy_ms = 10000,
    stop_margin_ms = 5000, /* beyond the gateway's own drain time-out */
    text_bytes_max = 1048576,
    role_argument_count = 5,
    gateway_url_bytes_max = 128,
    log_shown_bytes_max = 8192,
};

static const char log_name[] = "run/up.log"; /* of a detached one, in the data folder */
static const char no_link[] = "--no-link";   /* for the web: the link is printed here */
static const char no_env_file[] = "--env-file=/dev/null"; /* all is in the environment already */

/* What can be started; MILLRACE_ROLES chooses among them. */
static const char *const known_roles[] = {"gateway", "processor", "scheduler", "web"};

typedef struct up_state {
    const mr_cli *cli;
    const mr_config *config;
    const char *data_folder;
    mr_role *role;
    char *role_names; /* MILLRACE_ROLES, cut into names */
    mr_supervised children[mr_supervisor_children_max];
    char program_name[sizeof "millrace"];
    char no_env_file[sizeof no_env_file];
    char no_link[sizeof no_link];
    char *arguments[mr_supervisor_children_max][role_argument_count];
    size_t child_count;
    char **environment;
    uint64_t restarts, restarts_of[mr_supervisor_children_max];
    bool detached;
    mr_detach detach;
    char gateway_url[gateway_url_bytes_max]; /* "" until a gateway is ready */
    char web_url[mr_web_link_bytes_max];     /* the same of a web */
} up_state;

/* --- Which roles ------------------------------------------------------------------------------ */

static bool is_known_role(const char *name)
{
    for (size_t index = 0; index < sizeof known_roles / sizeof known_roles[0]; index++) {
        if (strcmp(known_roles[index], name) == 0) {
            return true;
        }
    }
    return false;
}

static mr_status add_role(up_state *up, char *name, mr_err *err)
{
    if (!is_known_role(name)) {
        return mr_fail(err, MR_INVALID,
                       "MILLRACE_ROLES is '%s' (%s): '%s' is no role; gateway, processor, "
                       "scheduler and web are",
                       mr_config_text(up->config, "MILLRACE_ROLES"),
                       mr_config_source(up->config, "MILLRACE_ROLES"), name);
    }
    for (size_t index = 0; index < up->child_count; index++) {
        if (strcmp(up->children[index].name, name) == 0) {
            return mr_fail(err, MR_INVALID, "MILLRACE_ROLES names %s twice", name);
        }
    }
    up->arguments[up->child_count][0] = up->program_name;
    up->arguments[up->child_count][1] = name;
    up->arguments[up->child_count][2] = up->no_env_file;
    up->arguments[up->child_count][3] = strcmp(name, "web") == 0 ? up->no_link : NULL;
    up->children[up->child_count] =
        (mr_supervised){.name = name, .argv = up->arguments[up->child_count]};
    up->child_count++;
    return MR_OK;
}

static mr_status read_roles(up_state *up, mr_err *err)
{
    mr_status status = MR_OK;
    char *next = NULL;

    up->role_names = mr_copy_string(mr_config_text(up->config, "MILLRACE_ROLES"));
    next = up->role_names;
    while (next != NULL && status == MR_OK) {
        char *name = strsep(&next, ",");

        name += strspn(name, " ");
        name[strcspn(name, " ")] = '\0';
        if (*name != '\0') {
            status = add_role(up, name, err);
        }
    }
    if (status == MR_OK && up->child_count == 0) {
        status = mr_fail(err, MR_INVALID,
                         "MILLRACE_ROLES names no role: gateway, processor, scheduler and web are");
    }
    return status;
}

/* --- What it says ----------------------------------------------------------------------------- */

/* "" for a role that does not listen. Borrowed. */
static const char *url_of(up_state *up, const mr_role_state *state)
{
    const bool tls = mr_config_text(up->config, "MILLRACE_TLS_CERTIFICATE") != NULL;
    mr_web_options web;

    if (state->address[0] == '\0') {
        return "";
    }
    if (strcmp(state->role, "web") == 0) {
        web = mr_settings_web(up->config);
        mr_web_url(&web, state->address, up->web_url);
        return up->web_url;
    }
    (void)snprintf(up->gateway_url, sizeof up->gateway_url, "http%s://%s", tls ? "s" : "",
                   state->address);
    return up->gateway_url;
}

static bool print_role(void *ctx, const mr_role_state *state)
{
    up_state *up = ctx;

    if (!state->alive || !is_known_role(state->role)) {
        return true;
    }
    const char *url = url_of(up, state);
    if (mr_cli_json(up->cli)) {
        (void)printf(",\"%s\":{\"pid\":%d%s%s%s}", state->role, state->pid,
                     url[0] != '\0' ? ",\"url\":\"" : "", url, url[0] != '\0' ? "\"" : "");
    } else if (url[0] != '\0') {
        (void)printf("  %-10s %s\n", state->role, url);
    } else {
        (void)printf("  %-10s process %d\n", state->role, state->pid);
    }
    return true;
}

/* How the first operator gets into the web; "" where somebody has, or where none is started. */
static void make_link(up_state *up, char ret_link[static mr_web_link_bytes_max])
{
    const mr_web_options web = mr_settings_web(up->config);
    mr_err err;

    ret_link[0] = '\0';
    if (up->web_url[0] != '\0' && mr_web_first_link(&web, up->web_url, ret_link, &err) != MR_OK) {
        ret_link[0] = '\0';
        mr_log_warn("no sign-in link: %s", err.message);
    }
}

static void print_ready_json(up_state *up)
{
    char link[mr_web_link_bytes_max];
    mr_buffer folder;

    mr_buffer_init(&folder, text_bytes_max);
    MR_ASSERT(mr_buffer_append_json_string(&folder, mr_text_of(up->data_folder)));
    (void)printf("{\"ready\":true,\"pid\":%d,\"data\":%.*s", (int)getpid(), (int)folder.bytes,
                 folder.data);
    (void)mr_role_list(up->data_folder, print_role, up, NULL); /* what cannot be read is left out */
    make_link(up, link);
    if (link[0] != '\0') {
        (void)printf(",\"sign_in_link\":\"%s\"", link);
    }
    (void)printf("}\n");
    mr_buffer_free(&folder);
}

/* What to type next, with the flags that this `up` was given where they matter. */
static void print_ready_text(up_state *up)
{
    const char *post_url = mr_config_text(up->config, "MILLRACE_URL");
    char link[mr_web_link_bytes_max];
    mr_buffer flag;

    mr_buffer_init(&flag, text_bytes_max);
    mr_cli_append_data_flag(&flag, up->config);
    MR_ASSERT(mr_buffer_append(&flag, "", 1));
    if (up->detached) {
        (void)printf("millrace is up, data in %s; millrace down%s stops it\n", up->data_folder,
                     flag.data);
    } else {
        (void)printf("millrace is up, data in %s; Ctrl-C stops it\n", up->data_folder);
    }
    (void)mr_role_list(up->data_folder, print_role, up, NULL); /* as above */
    if (strcmp(up->gateway_url, post_url) == 0) {
        (void)printf("To try it: millrace generate | millrace post -\n");
    } else if (up->gateway_url[0] != '\0') {
        (void)printf("To try it: millrace generate | millrace post --url %s -\n", up->gateway_url);
    }
    (void)printf("To watch:  millrace status --watch 2%s\n", flag.data);
    make_link(up, link);
    if (link[0] != '\0') {
        (void)printf("To look, signed in once within %d hours:\n  %s\n", mr_web_link_hours, link);
    }
    mr_buffer_free(&flag);
}

static void on_ready(void *ctx)
{
    up_state *up = ctx;

    mr_role_ready(up->role);
    if (mr_cli_json(up->cli)) {
        print_ready_json(up);
    } else {
        print_ready_text(up);
    }
    (void)fflush(stdout);
    mr_detach_ready(&up->detach);
}

/* Tells others how often each role was started again. */
static void publish_restarts(up_state *up, const char *name)
{
    char text[sizeof((mr_role_state){0}.restarts)] = "";
    size_t bytes = 0;

    for (size_t index = 0; index < up->child_count; index++) {
        up->restarts_of[index] += strcmp(up->children[index].name, name) == 0;
        if (up->restarts_of[index] > 0) {
            bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "%s%s %" PRIu64,
                                      bytes > 0 ? "," : "", up->children[index].name,
                                      up->restarts_of[index]);
            MR_ASSERT(bytes < sizeof text); /* there is room for every known role */
        }
    }
    mr_role_set_restarts(up->role, text);
}

static void on_restarting(void *ctx, const char *name, const char *what, uint64_t restart_ms)
{
    up_state *up = ctx;
    char text[mr_cli_text_bytes_max];
    char message[mr_err_message_bytes_max];

    (void)snprintf(message, sizeof message, "%s %s; starting it again in %s", name, what,
                   mr_cli_duration(restart_ms, text));
    mr_log_warn("%s", message);
    up->restarts++;
    mr_role_update(up->role, 0, up->restarts);
    mr_role_set_error(up->role, message);
    publish_restarts(up, name);
}

/* --- The command ------------------------------------------------------------------------------ */

static mr_status prepare_folder(const up_state *up, mr_err *err)
{
    struct stat folder;
    mr_status status = mr_folder_create(up->data_folder, err);

    if (status != MR_OK) {
        return status;
    }
    if (stat(up->data_folder, &folder) != 0) {
        return mr_fail_errno(err, errno, "look at data folder %s", up->data_folder);
    }
    if ((folder.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        mr_log_warn("data folder %s is open to other users (mode %03o); chmod 700 closes it",
                    up->data_folder, (unsigned)(folder.st_mode & 0777));
    }
    return MR_OK;
}

static mr_status supervise(up_state *up, mr_err *err)
{
    const mr_supervisor_options options = {
        .program = mr_cli_program(up->cli),
        .children = up->children,
        .child_count = up->child_count,
        .environment = up->environment,
        .backoff_ms_min = backoff_ms_min,
        .backoff_ms_max = (uint32_t)mr_config_duration_ms(up->config, "MILLRACE_RESTART_DELAY_MAX"),
        .healthy_ms = healthy_ms,
        .stop_ms =
            stop_margin_ms + (uint32_t)mr_config_duration_ms(up->config, "MILLRACE_DRAIN_TIMEOUT"),
        .ctx = up,
        .ready = on_ready,
        .restarting = on_restarting,
    };

    return mr_supervisor_run(&options, err);
}

static mr_status run_up(up_state *up, mr_err *err)
{
    mr_status status = mr_role_open(up->data_folder, "up", &up->role, err);

    if (status == MR_OK) {
        up->environment = mr_role_environment_create(up->config);
        status = supervise(up, err);
    }
    return status;
}

/* --- In the background ------------------------------------------------------------------------ */

/* What was written to the log since it had `before` bytes, for whoever started us. */
static void show_log(const char *path, off_t before)
{
    char text[log_shown_bytes_max];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t bytes = fd < 0 ? -1 : pread(fd, text, sizeof text, before);

    if (bytes > 0) {
        (void)fwrite(text, 1, (size_t)bytes, stderr);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* In the parent: waits for the child's word. Returns in both. */
static mr_status detach(up_state *up, bool *ret_is_parent, mr_err *err)
{
    char *path = mr_path_join(up->data_folder, log_name);
    mr_role *probe = NULL;
    struct stat log = {0};
    bool ready = false;
    /* Whoever holds the data folder is named here, where a person reads it, not in the log. */
    mr_status status = mr_role_open(up->data_folder, "up", &probe, err);

    mr_role_close(probe);
    if (status == MR_OK) {
        (void)stat(path, &log); /* absent: 0 bytes */
        status = mr_detach_begin(&up->detach, path, ret_is_parent, &ready, err);
    }
    if (status == MR_OK && *ret_is_parent && !ready) {
        show_log(path, log.st_size);
        status = mr_fail(err, MR_UNAVAILABLE, "it ended before it was ready; its log is %s", path);
    }
    free(path);
    return status;
}

static void release(up_state *up)
{
    mr_role_close(up->role);
    mr_role_environment_destroy(up->environment);
    free(up->role_names);
}

static mr_status begin(up_state *up, bool *ret_is_parent, mr_err *err)
{
    mr_status status = read_roles(up, err);

    if (status == MR_OK) {
        status = prepare_folder(up, err);
    }
    if (status == MR_OK && up->detached) {
        status = detach(up, ret_is_parent, err);
    }
    return status;
}

int mr_cmd_up(mr_cli *cli, int argc, char **argv)
{
    up_state up = {.cli = cli, .program_name = "millrace", .detach.ready_fd = -1};
    const mr_cli_option options[] = {
        {.name = "--detach",
         .letter = 'd',
         .help = "return once all serve, and go on in the background",
         .ret_switch = &up.detached},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    bool is_parent = false;
    mr_status status = MR_OK;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'; --roles chooses what is started",
                            arguments[0]);
    }
    up.config = mr_cli_config(cli);
    memcpy(up.no_env_file, no_env_file, sizeof up.no_env_file);
    memcpy(up.no_link, no_link, sizeof up.no_link);
    up.data_folder = mr_config_text(up.config, "MILLRACE_DATA");
    status = begin(&up, &is_parent, &err);
    if (status == MR_OK && !is_parent) {
        status = run_up(&up, &err);
    }
    release(&up);
    if (status == MR_OK) {
        return MR_EXIT_OK;
    }
    (void)mr_cli_fail(cli, &err);
    return status == MR_INVALID ? MR_EXIT_USAGE : MR_EXIT_FAILED;
}
