/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_runs.c - `millrace runs`: what ran, what will, and asking for more. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "cli/commands.h"
#include "cli/runs_ask.h"
#include "cli/runs_print.h"
#include "cli/shop_print.h"
#include "orchestrator/cron.h"
#include "orchestrator/task_process.h"

enum {
    list_default = 20,
    next_default = 5,
    count_max = 100000,
    arguments_max = 3,
    copy_bytes = 65536,
};

typedef struct runs_call {
    mr_cli *cli;
    const char *arguments[arguments_max]; /* behind the verb; NULL: not given */
    int64_t count;                        /* 0: not given */
    const char *from;
    const char *date, *key; /* NULL: not given */
    bool full_refresh, wait;
    bool printed;
} runs_call;

static const char *data_folder_of(const runs_call *call)
{
    return mr_config_text(mr_cli_config(call->cli), "MILLRACE_DATA");
}

/* --- list and show ---------------------------------------------------------------------------- */

static bool print_run(void *ctx, const mr_run *run)
{
    runs_call *call = ctx;

    if (mr_cli_json(call->cli)) {
        (void)printf("%s", call->printed ? ",\n " : "");
        mr_runs_print_json(run);
        (void)putchar('}');
    } else {
        mr_runs_print_line(run, !call->printed);
    }
    call->printed = true;
    return ferror(stdout) == 0;
}

static int list_runs(runs_call *call)
{
    const bool json = mr_cli_json(call->cli);
    mr_runs *runs = NULL;
    mr_err err;
    mr_status status = mr_runs_open(data_folder_of(call), true, &runs, &err);

    if (json) {
        (void)printf("{\"runs\":[");
    }
    if (status == MR_OK) {
        status = mr_runs_list(runs, (uint32_t)(call->count > 0 ? call->count : list_default),
                              print_run, call, &err);
    } else if (status == MR_NOT_FOUND) {
        status = MR_OK;
    }
    mr_runs_close(runs);
    if (json) {
        (void)printf("]}\n");
    } else if (status == MR_OK && !call->printed) {
        (void)fprintf(stderr, "Nothing has run yet: millrace runs trigger starts a run.\n");
    }
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(call->cli, &err);
}

static int show_run(runs_call *call)
{
    mr_runs *runs = NULL;
    mr_run run;
    mr_err err;
    mr_status status = mr_runs_open(data_folder_of(call), true, &runs, &err);

    if (status == MR_OK) {
        status = mr_runs_find(runs, call->arguments[0], &run, &err);
    }
    if (status == MR_OK) {
        status = mr_runs_print_whole(call->cli, runs, &run, &err);
    }
    mr_runs_close(runs);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(call->cli, &err);
}

/* --- log -------------------------------------------------------------------------------------- */

static mr_status copy_out(const char *path, mr_err *err)
{
    char *bytes = mr_alloc(copy_bytes);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    mr_status status = fd >= 0 ? MR_OK : mr_fail_errno(err, errno, "open %s", path);
    ssize_t count = 1;

    while (status == MR_OK && count > 0) {
        count = read(fd, bytes, copy_bytes);
        if (count < 0) {
            status = mr_fail_errno(err, errno, "read %s", path);
        } else if (fwrite(bytes, 1, (size_t)count, stdout) != (size_t)count) {
            status = mr_fail(err, MR_IO, "write to standard output");
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    free(bytes);
    return status;
}

static mr_status print_log(const runs_call *call, const mr_run *run, const mr_run_task *task,
                           mr_err *err)
{
    char *path = mr_task_log_path(data_folder_of(call), run->id, task->name);
    mr_status status = MR_OK;

    if (access(path, F_OK) == 0) { /* a condition, or one never begun, has none */
        if (!mr_cli_json(call->cli)) {
            (void)printf("== %s\n", task->name);
        }
        status = copy_out(path, err);
    }
    free(path);
    return status;
}

static mr_status print_logs(const runs_call *call, mr_runs *runs, const mr_run *run, mr_err *err)
{
    mr_run_task tasks[mr_run_tasks_max];
    size_t count = 0;
    bool found = call->arguments[1] == NULL;
    mr_status status = mr_runs_tasks(runs, run->id, tasks, &count, err);

    for (size_t index = 0; index < count && status == MR_OK; index++) {
        if (call->arguments[1] == NULL || strcmp(call->arguments[1], tasks[index].name) == 0) {
            found = true;
            status = print_log(call, run, &tasks[index], err);
        }
    }
    if (status == MR_OK && !found) {
        return mr_fail(err, MR_NOT_FOUND, "run %s has no task '%s'", run->id, call->arguments[1]);
    }
    return status;
}

static int show_log(runs_call *call)
{
    mr_runs *runs = NULL;
    mr_run run;
    mr_err err;
    mr_status status = mr_runs_open(data_folder_of(call), true, &runs, &err);

    if (status == MR_OK) {
        status = mr_runs_find(runs, call->arguments[0], &run, &err);
    }
    if (status == MR_OK) {
        status = print_logs(call, runs, &run, &err);
    }
    mr_runs_close(runs);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(call->cli, &err);
}

/* --- next ------------------------------------------------------------------------------------- */

static bool parse_instant(const char *text, int64_t *ret_s)
{
    const size_t bytes = strlen(text);
    const bool zulu = bytes > 0 && text[bytes - 1] == 'Z';
    mr_civil civil;

    if (!mr_civil_parse((mr_text){text, bytes - (zulu ? 1 : 0)}, &civil)) {
        return false;
    }
    *ret_s = civil.seconds;
    return true;
}

static void print_instant(const runs_call *call, const mr_zone *zone, int64_t at_s)
{
    char local[mr_civil_text_bytes_max], utc[mr_civil_text_bytes_max];
    char zone_now[mr_zone_abbreviation_bytes_max];
    const int32_t offset_s = mr_zone_offset_s(zone, at_s);
    const int32_t distance_s = offset_s < 0 ? -offset_s : offset_s;

    (void)mr_civil_format_iso(mr_zone_local(zone, at_s), local);
    (void)mr_civil_format_iso((mr_civil){at_s}, utc);
    mr_zone_abbreviation(zone, at_s, zone_now);
    if (mr_cli_json(call->cli)) {
        (void)printf("%s{\"local\":\"%s\",\"offset\":\"%c%02d:%02d\",\"utc\":\"%sZ\","
                     "\"epoch_seconds\":%" PRId64 "}",
                     call->printed ? "," : "", local, offset_s < 0 ? '-' : '+', distance_s / 3600,
                     distance_s / 60 % 60, utc, at_s);
        return;
    }
    if (!call->printed) {
        (void)printf("%-19s %-6s  %s\n", "LOCAL", "", "UTC");
    }
    (void)printf("%-19s %-6s  %s\n", local, zone_now, utc);
}

static int print_next(runs_call *call, const mr_cron *cron, const mr_zone *zone, int64_t from_s)
{
    const int64_t count = call->count > 0 ? call->count : next_default;
    int64_t at_s = from_s;

    if (mr_cli_json(call->cli)) {
        (void)putchar('{');
        mr_shop_print_json_text(
            "schedule", mr_text_of(mr_config_text(mr_cli_config(call->cli), "MILLRACE_SCHEDULE")));
        (void)printf(",\"time_zone\":\"%s\",\"next\":[", mr_zone_name(zone));
    }
    for (int64_t index = 0; index < count && mr_cron_next(cron, zone, at_s, &at_s); index++) {
        print_instant(call, zone, at_s);
        call->printed = true;
    }
    if (mr_cli_json(call->cli)) {
        (void)printf("]}\n");
    }
    return MR_EXIT_OK;
}

static int show_next(runs_call *call)
{
    const mr_config *config = mr_cli_config(call->cli);
    const char *schedule = mr_config_text(config, "MILLRACE_SCHEDULE");
    int64_t from_s = mr_now_ms() / 1000;
    mr_zone *zone = NULL;
    mr_cron cron;
    int exit_status;
    mr_err err;

    if (call->from != NULL && !parse_instant(call->from, &from_s)) {
        return mr_cli_usage(call->cli, "--from takes an instant in UTC, like 2026-11-23T06:40");
    }
    if (strcmp(schedule, "off") == 0) {
        return mr_cli_fail_text(call->cli, "there is no schedule: MILLRACE_SCHEDULE is off");
    }
    if (mr_cron_parse(mr_text_of(schedule), &cron, &err) != MR_OK ||
        mr_zone_open(mr_config_text(config, "MILLRACE_TIMEZONE"), &zone, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    exit_status = print_next(call, &cron, zone, from_s);
    mr_zone_close(zone);
    return exit_status;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static int trigger(runs_call *call)
{
    const mr_runs_wanted wanted = {
        .target = call->arguments[0] != NULL ? call->arguments[0] : "all",
        .date = call->date,
        .key = call->key,
        .full_refresh = call->full_refresh,
    };

    return mr_runs_trigger(call->cli, &wanted, call->wait);
}

static int cancel(runs_call *call)
{
    return mr_runs_cancel(call->cli, call->arguments[0]);
}

static int backfill(runs_call *call)
{
    return mr_runs_backfill(call->cli, call->arguments[0], call->arguments[1], call->wait);
}

/* --- The command ------------------------------------------------------------------------------ */

typedef struct runs_verb {
    const char *name;
    int least, most; /* arguments behind it */
    const char *wants;
    int (*run)(runs_call *call);
} runs_verb;

static const runs_verb verbs[] = {
    {"list", 0, 0, "no argument", list_runs},
    {"show", 1, 1, "the id of a run, or last", show_run},
    {"log", 1, 2, "the id of a run, or last, and perhaps a task", show_log},
    {"next", 0, 0, "no argument", show_next},
    {"trigger", 0, 1, "silver, gold or all", trigger},
    {"cancel", 1, 1, "the id of a run, or last", cancel},
    {"backfill", 2, 2, "the first and the last day", backfill},
};

static const runs_verb *verb_of(const char *name)
{
    for (size_t index = 0; index < sizeof verbs / sizeof verbs[0]; index++) {
        if (strcmp(verbs[index].name, name) == 0) {
            return &verbs[index];
        }
    }
    return NULL;
}

static int run_verb(runs_call *call, int argument_count, char **arguments, const char *count)
{
    const runs_verb *verb = verb_of(argument_count > 0 ? arguments[0] : "list");
    const bool asks = verb != NULL && (verb->run == trigger || verb->run == backfill);
    const bool lists = verb != NULL && (verb->run == list_runs || verb->run == show_next);
    const int given = argument_count > 0 ? argument_count - 1 : 0;

    if (verb == NULL) {
        return mr_cli_usage(call->cli,
                            "list, show, log, next, trigger, cancel or backfill, not '%s'",
                            arguments[0]);
    }
    if (given < verb->least || given > verb->most) {
        return mr_cli_usage(call->cli, "runs %s takes %s", verb->name, verb->wants);
    }
    const bool triggers = call->full_refresh || call->date != NULL || call->key != NULL;

    if ((triggers && verb->run != trigger) || (call->wait && !asks) || (count != NULL && !lists) ||
        (call->from != NULL && verb->run != show_next)) {
        return mr_cli_usage(call->cli, "runs %s does not take that option", verb->name);
    }
    if (count != NULL && (!mr_parse_int64(mr_text_of(count), &call->count) || call->count < 1 ||
                          call->count > count_max)) {
        return mr_cli_usage(call->cli, "--count is '%s': 1 to %d", count, count_max);
    }
    for (int index = 0; index < given; index++) {
        call->arguments[index] = arguments[index + 1];
    }
    return verb->run(call);
}

int mr_cmd_runs(mr_cli *cli, int argc, char **argv)
{
    runs_call call = {.cli = cli};
    const char *count = NULL;
    const mr_cli_option options[] = {
        {.name = "--full-refresh",
         .help = "trigger: make the tables anew from all of bronze",
         .ret_switch = &call.full_refresh},
        {.name = "--date",
         .value_name = "DAY",
         .help = "trigger: also take what was ingested on that day again, like 2026-11-23",
         .ret_value = &call.date},
        {.name = "--key",
         .value_name = "KEY",
         .help = "trigger: join the run asked for with this key, unless that failed",
         .ret_value = &call.key},
        {.name = "--wait",
         .help = "trigger, backfill: return once the run has ended",
         .ret_switch = &call.wait},
        {.name = "--count",
         .letter = 'n',
         .value_name = "N",
         .help = "list, next: how many",
         .ret_value = &count},
        {.name = "--from",
         .value_name = "INSTANT",
         .help = "next: after this instant (UTC) instead of now",
         .ret_value = &call.from},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    return run_verb(&call, argument_count, arguments, count);
}
