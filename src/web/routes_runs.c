/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_runs.c - runs of the pipeline: their tasks, logs and reports, and asking for one or
 * for its end. Carrying out is the scheduler's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/file.h"
#include "base/zone.h"
#include "orchestrator/dag.h"
#include "orchestrator/runs.h"
#include "orchestrator/scheduler.h"
#include "orchestrator/task_process.h"
#include "web/json.h"
#include "web/routes.h"

enum {
    page_default = 50,
    page_max = 200,
    runs_max = 100000,       /* looked through for a page */
    log_bytes_max = 1 << 20, /* of a log's end */
    text_bytes_max = 64,
};

static const char *folder_of(const mr_web_call *call)
{
    return mr_web_call_options(call)->data_folder;
}

/* --- Runs as JSON ----------------------------------------------------------------------------- */

static void write_text(mr_buffer *out, const char *name, const char *text)
{
    const mr_text given = mr_text_of(text);

    mr_web_json_name(out, name);
    mr_web_json_text(out, given.bytes > 0 && mr_utf8_valid(given) ? given : MR_TEXT_ABSENT);
}

static void write_instant(mr_buffer *out, const char *name, int64_t epoch_ms)
{
    mr_web_json_name(out, name);
    mr_web_json_instant(out, epoch_ms);
}

static void write_flag(mr_buffer *out, const char *name, bool flag)
{
    mr_web_json_name(out, name);
    mr_web_json_flag(out, flag);
}

static void write_task(const mr_run_task *task, mr_buffer *out)
{
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "name", task->name);
    write_text(out, "state", mr_task_state_name(task->state));
    (void)mr_buffer_printf(out, ",\"attempts\":%" PRId32 ",\"failures\":%" PRId32, task->attempts,
                           task->failures);
    write_instant(out, "started_at", task->started_ms);
    write_instant(out, "ended_at", task->ended_ms);
    write_instant(out, "next_attempt_at", task->next_ms);
    mr_web_json_name(out, "exit_status");
    if (task->exit_status < 0 || task->attempts == 0) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        mr_web_json_integer(out, task->exit_status);
    }
    write_text(out, "reason", task->reason);
    (void)mr_buffer_append_string(out, "}");
}

static mr_status write_run(mr_runs *runs, const mr_run *run, mr_buffer *out, mr_err *err)
{
    mr_run_task tasks[mr_run_tasks_max];
    size_t count = 0;
    const mr_status status = mr_runs_tasks(runs, run->id, tasks, &count, err);

    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "id", run->id);
    write_text(out, "kind", mr_run_kind_name(run->kind));
    write_text(out, "state", mr_run_state_name(run->state));
    write_text(out, "target", run->target);
    write_text(out, "date", run->date);
    write_flag(out, "full_refresh", run->full_refresh);
    write_flag(out, "cancel_asked", run->cancel_asked);
    write_instant(out, "due_at", run->due_ms);
    write_instant(out, "from", run->from_ms);
    write_instant(out, "until", run->until_ms);
    write_instant(out, "created_at", run->created_ms);
    write_instant(out, "started_at", run->started_ms);
    write_instant(out, "ended_at", run->ended_ms);
    write_text(out, "reason", run->reason);
    write_text(out, "key", run->key);
    mr_web_json_name(out, "tasks");
    (void)mr_buffer_append_string(out, "[");
    for (size_t index = 0; index < count && status == MR_OK; index++) {
        write_task(&tasks[index], out);
    }
    (void)mr_buffer_append_string(out, "]}");
    return status;
}

/* --- The list --------------------------------------------------------------------------------- */

/* Runs are gathered first: their tasks are asked for by the same handle. */
typedef struct listing {
    mr_text after, state; /* absent: from the newest on; any */
    int64_t limit;
    mr_run *runs;
    int64_t count, total;
    bool more;
} listing;

static bool add_run(void *ctx, const mr_run *run)
{
    listing *list = ctx;

    if (list->state.data != NULL &&
        !mr_text_equal(list->state, mr_text_of(mr_run_state_name(run->state)))) {
        return true;
    }
    list->total++;
    /* Ids sort by time. */
    if (list->after.data != NULL && strncmp(run->id, list->after.data, list->after.bytes) >= 0) {
        return true;
    }
    if (list->count == list->limit) {
        list->more = true;
    } else {
        list->runs[list->count++] = *run;
    }
    return true;
}

static mr_status write_list(mr_runs *runs, listing *list, mr_buffer *out, mr_err *err)
{
    mr_status status = mr_runs_list(runs, runs_max, add_run, list, err);

    for (int64_t index = 0; index < list->count && status == MR_OK; index++) {
        status = write_run(runs, &list->runs[index], out, err);
    }
    return status;
}

mr_status mr_web_runs_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    listing list = {.limit = page_default};
    mr_runs *runs = NULL;
    mr_status status =
        mr_web_query_integer(call, "limit", 1, page_max, page_default, &list.limit, err);

    if (status == MR_OK) {
        status = mr_web_query_text(call, "after", text_bytes_max, &list.after, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "state", text_bytes_max, &list.state, err);
        list.state = list.state.bytes > 0 ? list.state : MR_TEXT_ABSENT;
    }
    if (status != MR_OK) {
        return status;
    }
    list.runs = mr_alloc_zero((size_t)list.limit, sizeof *list.runs);
    (void)mr_buffer_append_string(out, "{\"items\":[");
    status = mr_runs_open(folder_of(call), true, &runs, err);
    if (status == MR_OK) {
        status = write_list(runs, &list, out, err);
    } else if (status == MR_NOT_FOUND) {
        status = MR_OK; /* nothing has ever run */
    }
    (void)mr_buffer_printf(out, "],\"total\":%" PRId64, list.total);
    write_text(out, "next", list.more ? list.runs[list.count - 1].id : NULL);
    (void)mr_buffer_append_string(out, "}");
    mr_runs_close(runs);
    free(list.runs);
    return status;
}

/* --- One run ---------------------------------------------------------------------------------- */

/* The run of the path, by its whole id. */
static mr_status open_run(mr_web_call *call, mr_runs **ret_runs, mr_run *ret_run, mr_err *err)
{
    const mr_text id = mr_web_call_path(call, 0);
    char text[mr_run_id_bytes_max];
    mr_status status = MR_NOT_FOUND;

    *ret_runs = NULL;
    if (id.bytes < sizeof text) {
        (void)snprintf(text, sizeof text, "%.*s", MR_TEXT_ARGS(id));
        status = mr_runs_open(folder_of(call), true, ret_runs, err);
    }
    if (status == MR_OK) {
        status = mr_runs_find(*ret_runs, text, ret_run, err);
    }
    if (status == MR_OK && strcmp(text, ret_run->id) != 0 && strcmp(text, "last") != 0) {
        status = MR_NOT_FOUND;
    }
    return status == MR_NOT_FOUND ? mr_fail(err, MR_NOT_FOUND, "there is no such run") : status;
}

mr_status mr_web_run_get(mr_web_call *call, mr_err *err)
{
    mr_runs *runs = NULL;
    mr_run run;
    mr_status status = open_run(call, &runs, &run, err);

    if (status == MR_OK) {
        status = write_run(runs, &run, mr_web_call_out(call), err);
    }
    mr_runs_close(runs);
    return status;
}

/* The task of the path, which the run has: its name is safe to make a path of. */
static mr_status find_task(mr_web_call *call, mr_runs *runs, const mr_run *run,
                           mr_run_task *ret_task, mr_err *err)
{
    mr_run_task tasks[mr_run_tasks_max];
    size_t count = 0;
    const mr_status status = mr_runs_tasks(runs, run->id, tasks, &count, err);

    for (size_t index = 0; index < count && status == MR_OK; index++) {
        if (mr_text_equal(mr_web_call_path(call, 1), mr_text_of(tasks[index].name))) {
            *ret_task = tasks[index];
            return MR_OK;
        }
    }
    return status != MR_OK ? status : mr_fail(err, MR_NOT_FOUND, "the run has no such task");
}

/* The end of a file, from the start of a line. */
static mr_status read_end(const char *path, mr_buffer *out, mr_err *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    char *place;
    ssize_t bytes = 0;

    if (fd < 0) {
        return errno == ENOENT ? MR_OK : mr_fail_errno(err, errno, "open the log of the task");
    }
    const off_t from = size > log_bytes_max ? size - log_bytes_max : 0;
    place = mr_buffer_reserve(out, (size_t)(size - from) + 1);
    MR_ASSERT(place != NULL);
    bytes = pread(fd, place, (size_t)(size - from), from);
    (void)close(fd);
    if (bytes < 0) {
        return mr_fail_errno(err, errno, "read the log of the task");
    }
    const char *line = from > 0 ? memchr(place, '\n', (size_t)bytes) : NULL;
    const size_t skip = line != NULL ? (size_t)(line - place) + 1 : 0;
    memmove(place, place + skip, (size_t)bytes - skip);
    mr_buffer_commit(out, (size_t)bytes - skip);
    return MR_OK;
}

mr_status mr_web_run_log_get(mr_web_call *call, mr_err *err)
{
    mr_runs *runs = NULL;
    mr_run run;
    mr_run_task task;
    mr_status status = open_run(call, &runs, &run, err);

    if (status == MR_OK) {
        status = find_task(call, runs, &run, &task, err);
    }
    if (status == MR_OK) {
        char *path = mr_task_log_path(folder_of(call), run.id, task.name);

        mr_web_call_set_content_type(call, "text/plain; charset=utf-8");
        status = read_end(path, mr_web_call_out(call), err);
        free(path);
    }
    mr_runs_close(runs);
    return status;
}

mr_status mr_web_run_report_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_runs *runs = NULL;
    mr_run run;
    mr_run_task task;
    mr_status status = open_run(call, &runs, &run, err);

    if (status == MR_OK) {
        status = find_task(call, runs, &run, &task, err);
    }
    if (status == MR_OK) {
        status = mr_runs_report(runs, run.id, task.name, out, err);
    }
    if (status == MR_OK && out->bytes == 0) {
        status = mr_fail(err, MR_NOT_FOUND, "the task has no report");
    }
    mr_runs_close(runs);
    return status;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static mr_status read_day(mr_web_call *call, mr_run *run, mr_err *err)
{
    const mr_config *config = mr_web_call_options(call)->config;
    mr_text day = MR_TEXT_ABSENT;
    mr_zone *zone = NULL;
    mr_status status = mr_web_body_text(call, "date", false, text_bytes_max, &day, err);

    if (status != MR_OK || day.data == NULL) {
        return status;
    }
    status = mr_zone_open(config != NULL ? mr_config_text(config, "MILLRACE_TIMEZONE") : "UTC",
                          &zone, err);
    if (status == MR_OK && mr_run_set_day(run, zone, day, err) != MR_OK) {
        status = mr_web_call_fault(call, "body", "date", "date_parsing",
                                   "Input should be a day like 2026-11-23", err);
    }
    mr_zone_close(zone);
    return status;
}

static mr_status read_key(mr_web_call *call, mr_run *run, mr_err *err)
{
    mr_text key = MR_TEXT_ABSENT;
    const mr_status status =
        mr_web_body_text(call, "idempotency_key", false, sizeof run->key - 1, &key, err);

    if (status == MR_OK && key.data != NULL) {
        (void)snprintf(run->key, sizeof run->key, "%.*s", MR_TEXT_ARGS(key));
    }
    return status;
}

static mr_status read_asked(mr_web_call *call, mr_run *run, mr_err *err)
{
    mr_text target = MR_TEXT_ABSENT;
    mr_dag dag;
    mr_status status = mr_web_body_text(call, "target", true, sizeof run->target - 1, &target, err);

    if (status == MR_OK) {
        status = mr_web_body_flag(call, "full_refresh", false, &run->full_refresh, err);
    }
    if (status == MR_OK) {
        (void)snprintf(run->target, sizeof run->target, "%.*s", MR_TEXT_ARGS(target));
        if (mr_dag_make(run, false, &dag, err) != MR_OK) {
            status = mr_web_call_fault(call, "body", "target", "enum",
                                       "Input should be one of all, silver, gold", err);
        }
    }
    if (status == MR_OK) {
        status = read_day(call, run, err);
    }
    return status == MR_OK ? read_key(call, run, err) : status;
}

mr_status mr_web_runs_post(mr_web_call *call, mr_err *err)
{
    mr_run run = {.kind = MR_RUN_MANUAL, .created_ms = mr_now_ms()};
    mr_runs *runs = NULL;
    bool joined = false;
    mr_status status = read_asked(call, &run, err);

    if (status == MR_OK && !mr_scheduler_is_at_work(folder_of(call))) {
        status =
            mr_fail(err, MR_UNAVAILABLE,
                    "no scheduler is at work: `millrace up` or `millrace scheduler` starts one");
    }
    if (status == MR_OK) {
        status = mr_runs_open(folder_of(call), false, &runs, err);
    }
    if (status == MR_OK) {
        status = mr_web_call_audit(call, "run.trigger", run.target,
                                   mr_text_of(run.full_refresh ? "full refresh" : run.date), err);
    }
    if (status == MR_OK) {
        status = mr_runs_ask(runs, &run, &joined, err);
    }
    if (status == MR_OK) {
        mr_scheduler_wake(folder_of(call));
        mr_web_call_set_status(call, joined ? 200 : 201);
        status = write_run(runs, &run, mr_web_call_out(call), err);
    }
    mr_runs_close(runs);
    return status;
}

mr_status mr_web_run_cancel(mr_web_call *call, mr_err *err)
{
    mr_runs *runs = NULL;
    mr_run run = {.state = MR_RUN_QUEUED};
    mr_status status = open_run(call, &runs, &run, err);

    if (status == MR_OK && mr_run_has_ended(run.state)) {
        status = mr_fail(err, MR_EXISTS, "the run has ended already");
    }
    if (status == MR_OK) {
        status = mr_web_call_audit(call, "run.cancel", run.id, MR_TEXT_ABSENT, err);
    }
    if (status == MR_OK) {
        status = mr_runs_ask_cancel(runs, run.id, err);
        status = status == MR_NOT_FOUND ? MR_OK : status; /* it ended just now */
    }
    if (status == MR_OK) {
        mr_scheduler_wake(folder_of(call));
        status = mr_runs_find(runs, run.id, &run, err);
    }
    if (status == MR_OK) {
        status = write_run(runs, &run, mr_web_call_out(call), err);
    }
    mr_runs_close(runs);
    return status;
}
