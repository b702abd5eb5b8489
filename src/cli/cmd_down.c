/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_down.c - `millrace down`: stops what `millrace up` runs on a data folder, and waits.
 *
 * The end of the process is awaited on a pidfd; the supervisor drains its roles meanwhile.
 */
#define _GNU_SOURCE /* syscall */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/role.h"
#include "cli/commands.h"

enum { stop_margin_ms = 30000 };

static bool note_supervisor(void *ctx, const mr_role_state *state)
{
    int *pid = ctx;

    if (state->alive && strcmp(state->role, "up") == 0) {
        *pid = state->pid;
        return false;
    }
    return true;
}

/* The pid may name another process by now only if the supervisor ended in between: the pidfd is
 * opened before the lock is looked at again. */
static mr_status stop_and_wait(const char *data_folder, int pid, int timeout_ms, mr_err *err)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    int still = 0;

    if (fd < 0) {
        return errno == ESRCH ? MR_OK : mr_fail_errno(err, errno, "watch process %d", pid);
    }
    mr_status status = mr_role_list(data_folder, note_supervisor, &still, err);
    if (status == MR_OK && still == pid &&
        syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) != 0 && errno != ESRCH) {
        status = mr_fail_errno(err, errno, "stop process %d", pid);
    }
    if (status == MR_OK && still == pid) {
        struct pollfd ended = {.fd = fd, .events = POLLIN};
        int ready = poll(&ended, 1, timeout_ms);
        if (ready == 0) {
            status = mr_fail(err, MR_UNAVAILABLE,
                             "process %d still runs after %d s; it may be draining: try again, or "
                             "kill it: nothing acknowledged is lost",
                             pid, timeout_ms / 1000);
        }
    }
    (void)close(fd); /* nothing was written through it */
    return status;
}

int mr_cmd_down(mr_cli *cli, int argc, char **argv)
{
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    int pid = 0;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, NULL, 0, &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    const mr_config *config = mr_cli_config(cli);
    const char *data_folder = mr_config_text(config, "MILLRACE_DATA");
    mr_status status = mr_role_list(data_folder, note_supervisor, &pid, &err);
    if (status != MR_OK && status != MR_NOT_FOUND) {
        return mr_cli_fail(cli, &err);
    }
    if (pid == 0) {
        if (mr_cli_json(cli)) {
            (void)printf("{\"stopped\":false}\n");
        } else {
            (void)printf("millrace is not running on %s\n", data_folder);
        }
        return MR_EXIT_OK;
    }
    int timeout_ms = stop_margin_ms + (int)mr_config_duration_ms(config, "MILLRACE_DRAIN_TIMEOUT");
    if (stop_and_wait(data_folder, pid, timeout_ms, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    if (mr_cli_json(cli)) {
        (void)printf("{\"stopped\":true,\"pid\":%d}\n", pid);
    } else {
        (void)printf("millrace is down (process %d)\n", pid);
    }
    return MR_EXIT_OK;
}
