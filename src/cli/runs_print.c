/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_print.c - runs and tasks on standard output. */
#include "cli/runs_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "cli/shop_print.h"
#include "orchestrator/task_process.h"

/* --- Pieces ----------------------------------------------------------------------------------- */

static void print_json_string(const char *name, const char *value)
{
    const mr_text text = mr_text_of(value);

    /* A message cut at its limit may end within a character. */
    mr_shop_print_json_text(name, mr_utf8_valid(text) ? text : mr_text_of("(not UTF-8)"));
}

static void print_json_instant(const char *name, int64_t epoch_ms)
{
    (void)putchar(',');
    mr_shop_print_json_instant(name, epoch_ms);
}

/* "2026-11-23 06:40:00" in UTC. */
static const char *instant(int64_t epoch_ms, char buffer[static mr_civil_text_bytes_max])
{
    if (epoch_ms == 0) {
        return "-";
    }
    (void)mr_civil_format_iso((mr_civil){epoch_ms / 1000}, buffer);
    return buffer;
}

static const char *took(int64_t started_ms, int64_t ended_ms,
                        char buffer[static mr_cli_text_bytes_max])
{
    const int64_t until_ms = ended_ms != 0 ? ended_ms : mr_now_ms();

    if (started_ms == 0) {
        return "-";
    }
    return mr_cli_duration(until_ms > started_ms ? (uint64_t)(until_ms - started_ms) : 0, buffer);
}

static void print_text(const char *text)
{
    mr_shop_print_text(mr_text_of(text));
}

/* --- Runs ------------------------------------------------------------------------------------- */

void mr_runs_print_line(const mr_run *run, bool first)
{
    char at[mr_civil_text_bytes_max], time[mr_cli_text_bytes_max];

    if (first) {
        (void)printf("%-24s  %-10s %-7s %-10s %-19s  %-9s %s\n", "RUN", "KIND", "TARGET", "STATE",
                     "BEGAN (UTC)", "TOOK", "WHY");
    }
    (void)printf("%-24s  %-10s %-7s %-10s %-19s  %-9s ", run->id, mr_run_kind_name(run->kind),
                 run->target, mr_run_state_name(run->state), instant(run->started_ms, at),
                 took(run->started_ms, run->ended_ms, time));
    if (run->date[0] != '\0') {
        (void)printf("%s%s", run->date, run->reason[0] != '\0' ? ": " : "");
    }
    print_text(run->reason);
    (void)putchar('\n');
}

void mr_runs_print_json(const mr_run *run)
{
    (void)printf("{\"id\":\"%s\",\"kind\":\"%s\",\"state\":\"%s\",\"target\":\"%s\",", run->id,
                 mr_run_kind_name(run->kind), mr_run_state_name(run->state), run->target);
    print_json_string("date", run->date);
    (void)printf(",\"full_refresh\":%s,\"cancel_asked\":%s", run->full_refresh ? "true" : "false",
                 run->cancel_asked ? "true" : "false");
    print_json_instant("due_at", run->due_ms);
    print_json_instant("from", run->from_ms);
    print_json_instant("until", run->until_ms);
    print_json_instant("created_at", run->created_ms);
    print_json_instant("started_at", run->started_ms);
    print_json_instant("ended_at", run->ended_ms);
    (void)putchar(',');
    print_json_string("reason", run->reason);
    (void)putchar(',');
    print_json_string("key", run->key);
}

/* --- Tasks ------------------------------------------------------------------------------------ */

static mr_status print_task_json(mr_runs *runs, const char *data_folder, const mr_run *run,
                                 const mr_run_task *task, mr_err *err)
{
    char *log = mr_task_log_path(data_folder, run->id, task->name);
    mr_buffer report;
    mr_status status;

    mr_buffer_init(&report, mr_run_report_bytes_max);
    status = mr_runs_report(runs, run->id, task->name, &report, err);
    (void)printf("{\"name\":\"%s\",\"state\":\"%s\",\"attempts\":%d,\"failures\":%d", task->name,
                 mr_task_state_name(task->state), task->attempts, task->failures);
    print_json_instant("started_at", task->started_ms);
    print_json_instant("ended_at", task->ended_ms);
    print_json_instant("next_attempt_at", task->state == MR_TASK_RETRYING ? task->next_ms : 0);
    if (task->exit_status >= 0) {
        (void)printf(",\"exit_status\":%d,", task->exit_status);
    } else {
        (void)printf(",\"exit_status\":null,");
    }
    print_json_string("reason", task->reason);
    (void)putchar(',');
    print_json_string("log", log);
    while (report.bytes > 0 && report.data[report.bytes - 1] == '\n') {
        report.bytes--; /* kept as it was printed: whole JSON, with its line's end */
    }
    (void)printf(",\"report\":%.*s}", report.bytes > 0 ? (int)report.bytes : 4,
                 report.bytes > 0 ? report.data : "null");
    mr_buffer_free(&report);
    free(log);
    return status;
}

static void print_task(const mr_run_task *task)
{
    char at[mr_civil_text_bytes_max], time[mr_cli_text_bytes_max], exit_text[16] = "-";

    if (task->exit_status >= 0 && task->attempts > 0) {
        (void)snprintf(exit_text, sizeof exit_text, "%d", task->exit_status);
    }
    (void)printf("  %-15s %-15s %8d %5s  %-19s  %-9s ", task->name, mr_task_state_name(task->state),
                 task->attempts, exit_text, instant(task->started_ms, at),
                 took(task->started_ms, task->ended_ms, time));
    print_text(task->reason);
    (void)putchar('\n');
}

static void print_interval(const mr_run *run)
{
    char from[mr_civil_text_bytes_max], until[mr_civil_text_bytes_max];

    if (run->due_ms != 0) {
        (void)printf("  due at %s UTC\n", instant(run->due_ms, from));
    }
    if (run->from_ms != 0 || run->until_ms != 0) {
        (void)printf("  for %s to %s UTC\n", instant(run->from_ms, from),
                     instant(run->until_ms, until));
    }
}

mr_status mr_runs_print_whole(const mr_cli *cli, mr_runs *runs, const mr_run *run, mr_err *err)
{
    const char *data_folder = mr_config_text(mr_cli_config(cli), "MILLRACE_DATA");
    mr_run_task tasks[mr_run_tasks_max];
    size_t count = 0;
    mr_status status = mr_runs_tasks(runs, run->id, tasks, &count, err);

    if (status != MR_OK) {
        return status;
    }
    if (!mr_cli_json(cli)) {
        mr_runs_print_line(run, true);
        print_interval(run);
        if (count > 0) {
            (void)printf("\n  %-15s %-15s %8s %5s  %-19s  %-9s %s\n", "TASK", "STATE", "ATTEMPTS",
                         "EXIT", "LAST BEGAN (UTC)", "TOOK", "WHY");
        }
        for (size_t index = 0; index < count; index++) {
            print_task(&tasks[index]);
        }
        return MR_OK;
    }
    mr_runs_print_json(run);
    (void)printf(",\"tasks\":[");
    for (size_t index = 0; index < count && status == MR_OK; index++) {
        (void)printf("%s", index > 0 ? "," : "");
        status = print_task_json(runs, data_folder, run, &tasks[index], err);
    }
    (void)printf("]}\n");
    return status;
}
