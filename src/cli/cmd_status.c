/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_status.c - `millrace status`: a snapshot, once or again and again. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/settle.h"
#include "cli/snapshot_print.h"
#include "query/snapshot.h"

enum { watch_seconds_max = 3600, begin_command_bytes_max = 65536, wait_ms_max = 86400000 };

static const char clear_screen[] = "\033[H\033[2J";

/* "millrace up", with the data folder where that did not come from a place `up` reads too. */
static void describe_begin(const mr_config *config, mr_buffer *out)
{
    MR_ASSERT(mr_buffer_append_string(out, "millrace up"));
    mr_cli_append_data_flag(out, config);
    MR_ASSERT(mr_buffer_append(out, "", 1));
}

static bool show(const mr_cli *cli, bool clear)
{
    mr_snapshot *snapshot = mr_snapshot_take(mr_cli_config(cli));
    mr_buffer begin_command;
    mr_buffer out;
    bool shown = false;

    mr_buffer_init(&out, mr_snapshot_text_bytes_max);
    mr_buffer_init(&begin_command, begin_command_bytes_max);
    describe_begin(mr_cli_config(cli), &begin_command);
    if (mr_cli_json(cli)) {
        mr_snapshot_print_json(snapshot, &out);
    } else {
        MR_ASSERT(mr_buffer_append_string(&out, clear ? clear_screen : ""));
        mr_snapshot_print_text(snapshot, begin_command.data, &out);
    }
    shown = fwrite(out.data, 1, out.bytes, stdout) == out.bytes && fflush(stdout) == 0;
    mr_buffer_free(&begin_command);
    mr_buffer_free(&out);
    mr_snapshot_destroy(snapshot);
    return shown;
}

/* true: go on; false: end with *ret_exit. */
static bool wait_settled(const mr_cli *cli, const char *wait, int *ret_exit)
{
    uint64_t timeout_ms = 0;
    mr_err err;

    if (wait == NULL) {
        return true;
    }
    if (!mr_parse_duration_ms(mr_text_of(wait), &timeout_ms) || timeout_ms > wait_ms_max) {
        *ret_exit =
            mr_cli_usage(cli, "--wait is '%s': a duration like 30s or 5m, at most a day", wait);
        return false;
    }
    if (mr_settle_wait(mr_cli_config(cli), timeout_ms, &err) != MR_OK) {
        *ret_exit = mr_cli_fail(cli, &err);
        return false;
    }
    return true;
}

int mr_cmd_status(mr_cli *cli, int argc, char **argv)
{
    const char *watch = NULL;
    const char *wait = NULL;
    const mr_cli_option options[] = {
        {.name = "--watch",
         .letter = 'w',
         .value_name = "SECONDS",
         .help = "show it again and again, until Ctrl-C",
         .ret_value = &watch},
        {.name = "--wait",
         .value_name = "DURATION",
         .help = "first wait, at most so long, until all sinks have taken all",
         .ret_value = &wait},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int status = MR_EXIT_OK;
    uint64_t seconds = 0;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &status)) {
        return status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    if (!wait_settled(cli, wait, &status)) {
        return status;
    }
    if (watch == NULL) {
        return show(cli, false) ? MR_EXIT_OK : mr_cli_fail_text(cli, "cannot write the answer");
    }
    if (!mr_parse_uint64(mr_text_of(watch), watch_seconds_max, &seconds) || seconds == 0) {
        return mr_cli_usage(cli, "--watch is '%s': 1 to %d seconds", watch, watch_seconds_max);
    }
    while (show(cli, !mr_cli_json(cli) && isatty(STDOUT_FILENO) == 1)) {
        (void)poll(NULL, 0, (int)seconds * 1000); /* nothing to await but the time itself */
    }
    return MR_EXIT_OK; /* the reader has left */
}
