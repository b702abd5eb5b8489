/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/executor.c - one run at a time through its tasks; see executor.h.
 *
 * A task in hand:
 *
 *     WAITING --start_attempt--> RUNNING --settle_attempt--> ended, or RETRYING --(its time)--+
 *                                   ^                                                         |
 *                                   +---------------------------------------------------------+
 *
 * Invariants: (1) RUNNING stands in the history before its process is started, and the process is
 *                 looked for before RUNNING is believed: no attempt is lost or made twice;
 *             (2) memory holds nothing that the history does not, but process handles and times to
 *                 wait, which take_up makes anew: any failure is met by letting go and taking up;
 *             (3) waiting goes by the monotonic clock, what is written by the wall's.
 * Not here:   what tasks there are (dag.c), reading reports (task_report.c).
 */
#include "orchestrator/executor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/log.h"
#include "orchestrator/task_report.h"

enum {
    usage_exit_status = 2, /* the same call would fail the same way */
    retry_delay_ms_max = 3600000,
    poll_ms = 200, /* where no descriptor tells that a process has ended */
    cancel_poll_ms = 2000,
    rounds_max = 64, /* of one step: each ends a task or a run, or starts one */
};

typedef struct task_in_hand {
    void *process; /* NULL: none */
    int64_t at_us; /* RUNNING: when it is told to end; RETRYING: when it starts again */
    bool told_to_end, timed_out, interrupted, cancelled;
} task_in_hand;

struct mr_executor {
    mr_executor_options options;
    bool active; /* a run is in hand */
    bool stopping;
    mr_run run;
    mr_dag dag;
    mr_run_task tasks[mr_run_tasks_max];
    task_in_hand hands[mr_run_tasks_max];
    uint64_t runs_ended, runs_failed;
};

static int64_t system_now_ms(void *ctx)
{
    (void)ctx;
    return mr_now_ms();
}

static int64_t system_monotonic_us(void *ctx)
{
    (void)ctx;
    return mr_monotonic_us();
}

const mr_clock mr_system_clock = {system_now_ms, system_monotonic_us, NULL};

static int64_t now_ms(const mr_executor *e)
{
    return e->options.clock.now_ms(e->options.clock.ctx);
}

static int64_t monotonic_us(const mr_executor *e)
{
    return e->options.clock.monotonic_us(e->options.clock.ctx);
}

mr_executor *mr_executor_create(const mr_executor_options *options)
{
    mr_executor *e = mr_alloc_zero(1, sizeof *e);

    MR_ASSERT(options->runner->start != NULL && options->condition != NULL);
    MR_ASSERT(options->parallel_max > 0 && options->keep > 0);
    e->options = *options;
    return e;
}

static mr_attempt attempt_of(const mr_executor *e, size_t index)
{
    return (mr_attempt){e->run.id, e->tasks[index].name, e->tasks[index].attempts};
}

static void drop_process(mr_executor *e, size_t index)
{
    if (e->hands[index].process != NULL) {
        e->options.runner->close(e->options.runner_ctx, e->hands[index].process);
    }
    e->hands[index] = (task_in_hand){0};
}

static void let_go(mr_executor *e)
{
    for (size_t index = 0; index < mr_run_tasks_max; index++) {
        drop_process(e, index);
    }
    e->active = false;
}

void mr_executor_destroy(mr_executor *e)
{
    if (e != NULL) {
        let_go(e);
        free(e);
    }
}

static mr_status save_task(mr_executor *e, size_t index, mr_text report, mr_err *err)
{
    return mr_runs_save_task(e->options.runs, e->run.id, &e->tasks[index], report, err);
}

static void set_reason(mr_executor *e, size_t index, const char *reason)
{
    (void)snprintf(e->tasks[index].reason, sizeof e->tasks[index].reason, "%s", reason);
}

/* --- The end of an attempt -------------------------------------------------------------------- */

static uint64_t retry_delay_ms(const mr_executor *e, int32_t failures)
{
    uint64_t delay_ms = e->options.retry_delay_ms;

    for (int32_t count = 1; count < failures && delay_ms < retry_delay_ms_max; count++) {
        delay_ms *= 2;
    }
    return delay_ms < retry_delay_ms_max ? delay_ms : retry_delay_ms_max;
}

static void try_again(mr_executor *e, size_t index, uint64_t delay_ms)
{
    e->tasks[index].state = MR_TASK_RETRYING;
    e->tasks[index].next_ms = now_ms(e) + (int64_t)delay_ms;
    e->hands[index].at_us = monotonic_us(e) + (int64_t)delay_ms * 1000;
}

static void fail_attempt(mr_executor *e, size_t index, bool for_good)
{
    mr_run_task *task = &e->tasks[index];
    const bool timed_out = e->hands[index].timed_out;

    task->failures++;
    if (for_good || task->failures > (int32_t)e->options.retries) {
        task->state = timed_out ? MR_TASK_TIMED_OUT : MR_TASK_FAILED;
    } else {
        try_again(e, index, retry_delay_ms(e, task->failures));
    }
    mr_log_warn("run %s: %s, attempt %d: %s%s", e->run.id, task->name, task->attempts, task->reason,
                task->state == MR_TASK_RETRYING ? "; it is tried again" : "");
}

/* Its process is gone, and nothing says that it finished. */
static void lose_attempt(mr_executor *e, size_t index)
{
    mr_run_task *task = &e->tasks[index];

    if (task->attempts - task->failures >= mr_executor_lost_max) {
        set_reason(e, index, "its process was lost again and again");
        task->state = MR_TASK_FAILED;
    } else {
        set_reason(e, index, "its process was lost");
        try_again(e, index, 0);
    }
}

static void describe_failure(mr_executor *e, size_t index, const mr_attempt_end *end,
                             const mr_task_verdict *verdict)
{
    mr_run_task *task = &e->tasks[index];

    if (e->hands[index].timed_out) {
        (void)snprintf(task->reason, sizeof task->reason, "it took longer than %llu s",
                       (unsigned long long)(e->options.timeout_ms / 1000));
    } else if (verdict->reason[0] != '\0') {
        set_reason(e, index, verdict->reason);
    } else if (end->exit_status > 128) {
        (void)snprintf(task->reason, sizeof task->reason, "it was ended by signal %d",
                       end->exit_status - 128);
    } else {
        (void)snprintf(task->reason, sizeof task->reason, "it ended with status %d",
                       end->exit_status);
    }
}

/* What has become of an attempt that ended, from its exit and its report. */
static void judge(mr_executor *e, size_t index, const mr_attempt_end *end,
                  const mr_task_verdict *verdict)
{
    const task_in_hand *hand = &e->hands[index];
    mr_run_task *task = &e->tasks[index];
    const bool well = end->exit_known ? end->exit_status == 0 : verdict->complete;

    task->exit_status = end->exit_known ? end->exit_status : -1;
    task->ended_ms = now_ms(e);
    task->reason[0] = '\0';
    if (well && !verdict->failed) {
        task->state = verdict->skipped ? MR_TASK_SKIPPED : MR_TASK_SUCCESS;
        set_reason(e, index, verdict->skipped ? verdict->reason : "");
    } else if (hand->cancelled) {
        task->state = MR_TASK_CANCELLED;
        set_reason(e, index, "it was cancelled");
    } else if (hand->interrupted || (!end->exit_known && !verdict->complete)) {
        lose_attempt(e, index);
    } else {
        describe_failure(e, index, end, verdict);
        fail_attempt(e, index, end->exit_known && end->exit_status == usage_exit_status);
    }
}

static mr_status settle_attempt(mr_executor *e, size_t index, const mr_attempt_end *end,
                                mr_err *err)
{
    const mr_attempt attempt = attempt_of(e, index);
    mr_task_verdict verdict;
    mr_buffer report;
    mr_status status;

    mr_buffer_init(&report, mr_run_report_bytes_max);
    status = e->options.runner->report(e->options.runner_ctx, &attempt, &report, err);
    if (status == MR_LIMIT) {
        mr_buffer_clear(&report); /* not a report of ours; the exit status alone will say */
        status = MR_OK;
    }
    if (status == MR_OK) {
        int64_t at_us;

        mr_task_report_read(mr_buffer_text(&report), &verdict);
        judge(e, index, end, &verdict);
        at_us = e->hands[index].at_us;
        drop_process(e, index);
        e->hands[index].at_us = at_us;
        status =
            save_task(e, index, verdict.complete ? mr_buffer_text(&report) : MR_TEXT_ABSENT, err);
    }
    mr_buffer_free(&report);
    return status;
}

/* --- The beginning of an attempt -------------------------------------------------------------- */

/* Where a task is not needed, or is no more than its condition, that ends it; else *ret_go. */
static mr_status ask_condition(mr_executor *e, size_t index, bool *ret_go, mr_err *err)
{
    const mr_dag_task *spec = &e->dag.tasks[index];
    mr_run_task *task = &e->tasks[index];
    bool needed = true;
    char reason[mr_run_reason_bytes_max] = "";
    mr_err failure = {.message = ""};

    *ret_go = !spec->conditional;
    if (*ret_go) {
        return MR_OK;
    }
    if (e->options.condition(e->options.ctx, &e->run, task->name, &needed, reason, &failure) !=
        MR_OK) {
        task->attempts++;
        task->started_ms = now_ms(e);
        task->ended_ms = task->started_ms;
        (void)snprintf(task->reason, sizeof task->reason, "%.250s", failure.message);
        fail_attempt(e, index, false);
        return save_task(e, index, MR_TEXT_ABSENT, err);
    }
    *ret_go = needed && spec->arguments[0] != NULL;
    if (*ret_go) {
        return MR_OK;
    }
    task->attempts++;
    task->started_ms = now_ms(e);
    task->ended_ms = task->started_ms;
    task->state = needed ? MR_TASK_SUCCESS : MR_TASK_SKIPPED;
    task->exit_status = 0;
    set_reason(e, index, reason);
    return save_task(e, index, MR_TEXT_ABSENT, err);
}

static mr_status start_attempt(mr_executor *e, size_t index, mr_err *err)
{
    mr_run_task *task = &e->tasks[index];
    bool go = false;
    mr_status status = ask_condition(e, index, &go, err);
    mr_attempt attempt;
    mr_err failure;

    if (status != MR_OK || !go) {
        return status;
    }
    task->state = MR_TASK_RUNNING;
    task->attempts++;
    task->started_ms = now_ms(e);
    task->ended_ms = 0;
    task->reason[0] = '\0';
    status = save_task(e, index, MR_TEXT_ABSENT, err);
    if (status != MR_OK) {
        return status;
    }
    attempt = attempt_of(e, index);
    e->hands[index] = (task_in_hand){0};
    if (e->options.runner->start(e->options.runner_ctx, &attempt, e->dag.tasks[index].arguments,
                                 &e->hands[index].process, &failure) == MR_OK) {
        e->hands[index].at_us = monotonic_us(e) + (int64_t)e->options.timeout_ms * 1000;
        return MR_OK;
    }
    task->ended_ms = now_ms(e);
    task->exit_status = -1;
    (void)snprintf(task->reason, sizeof task->reason, "%.250s", failure.message);
    fail_attempt(e, index, false);
    return save_task(e, index, MR_TEXT_ABSENT, err);
}

static uint32_t count_running(const mr_executor *e)
{
    uint32_t count = 0;

    for (size_t index = 0; index < e->dag.count; index++) {
        count += e->hands[index].process != NULL ? 1 : 0;
    }
    return count;
}

static mr_status start_ready(mr_executor *e, bool *progress, mr_err *err)
{
    const uint32_t ready = mr_dag_ready(&e->dag, e->tasks);

    for (size_t index = 0; index < e->dag.count; index++) {
        const bool due =
            e->tasks[index].state == MR_TASK_RETRYING && e->hands[index].at_us <= monotonic_us(e);
        mr_status status;

        if ((!due && (ready >> index & 1) == 0) || count_running(e) >= e->options.parallel_max) {
            continue;
        }
        *progress = true;
        status = start_attempt(e, index, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

/* --- While attempts run ----------------------------------------------------------------------- */

static void tell_to_end(mr_executor *e, size_t index)
{
    task_in_hand *hand = &e->hands[index];

    if (hand->process != NULL && !hand->told_to_end) {
        e->options.runner->signal(e->options.runner_ctx, hand->process, SIGTERM);
        hand->told_to_end = true;
        hand->at_us = monotonic_us(e) + (int64_t)e->options.grace_ms * 1000;
    }
}

static void watch_time(mr_executor *e, size_t index)
{
    task_in_hand *hand = &e->hands[index];

    if (monotonic_us(e) < hand->at_us) {
        return;
    }
    if (!hand->told_to_end) {
        hand->timed_out = true;
        tell_to_end(e, index);
        return;
    }
    e->options.runner->signal(e->options.runner_ctx, hand->process, SIGKILL);
    hand->at_us = monotonic_us(e) + (int64_t)e->options.grace_ms * 1000;
}

static mr_status watch_running(mr_executor *e, bool *progress, mr_err *err)
{
    for (size_t index = 0; index < e->dag.count; index++) {
        mr_attempt_end end;
        mr_status status;

        if (e->hands[index].process == NULL) {
            continue;
        }
        if (!e->options.runner->has_ended(e->options.runner_ctx, e->hands[index].process, &end)) {
            watch_time(e, index);
            continue;
        }
        *progress = true;
        status = settle_attempt(e, index, &end, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

static mr_status watch_cancel(mr_executor *e, mr_err *err)
{
    mr_run now;
    mr_status status = mr_runs_find(e->options.runs, e->run.id, &now, err);

    if (status != MR_OK || !now.cancel_asked) {
        return status;
    }
    for (size_t index = 0; index < e->dag.count && status == MR_OK; index++) {
        mr_run_task *task = &e->tasks[index];

        if (e->hands[index].process != NULL) {
            e->hands[index].cancelled = true;
            tell_to_end(e, index);
        } else if (!mr_task_has_ended(task->state)) {
            task->state = MR_TASK_CANCELLED;
            set_reason(e, index, "it was cancelled");
            status = save_task(e, index, MR_TEXT_ABSENT, err);
        }
    }
    return status;
}

/* --- Runs ------------------------------------------------------------------------------------- */

/* The tasks of a run that begins, in one transaction with its state. */
static mr_status begin_run(mr_executor *e, mr_err *err)
{
    mr_status status = mr_runs_begin(e->options.runs, err);

    e->run.state = MR_RUN_RUNNING;
    e->run.started_ms = now_ms(e);
    memset(e->tasks, 0, sizeof e->tasks);
    for (size_t index = 0; index < e->dag.count && status == MR_OK; index++) {
        (void)snprintf(e->tasks[index].name, sizeof e->tasks[index].name, "%s",
                       e->dag.tasks[index].name);
        e->tasks[index].exit_status = -1;
        status = save_task(e, index, MR_TEXT_ABSENT, err);
    }
    if (status == MR_OK) {
        status = mr_runs_save(e->options.runs, &e->run, err);
    }
    if (status == MR_OK) {
        status = mr_runs_commit(e->options.runs, err);
    }
    mr_runs_rollback(e->options.runs);
    if (status == MR_OK) {
        mr_log_info("run %s (%s, %s) begins", e->run.id, mr_run_kind_name(e->run.kind),
                    e->run.target);
    }
    return status;
}

/* A task that ran when whoever started it went away. */
static mr_status find_again(mr_executor *e, size_t index, mr_err *err)
{
    const mr_attempt attempt = attempt_of(e, index);
    const int64_t ran_ms = now_ms(e) - e->tasks[index].started_ms;
    const int64_t limit_ms = (int64_t)e->options.timeout_ms;
    int64_t left_ms = ran_ms < 0 ? limit_ms : limit_ms - ran_ms;
    const mr_status status =
        e->options.runner->adopt(e->options.runner_ctx, &attempt, &e->hands[index].process, err);

    if (status == MR_NOT_FOUND) {
        return settle_attempt(e, index, &(mr_attempt_end){.exit_known = false}, err);
    }
    left_ms = left_ms > 0 ? left_ms : 0;
    e->hands[index].at_us = monotonic_us(e) + left_ms * 1000;
    return status;
}

static mr_status resume_run(mr_executor *e, mr_err *err)
{
    size_t count = 0;
    mr_status status = mr_runs_tasks(e->options.runs, e->run.id, e->tasks, &count, err);

    if (status == MR_OK && count != e->dag.count) {
        return mr_fail(err, MR_CORRUPT, "run %s has %zu tasks, not %zu", e->run.id, count,
                       e->dag.count);
    }
    mr_log_info("run %s is taken up again", e->run.id);
    for (size_t index = 0; index < count && status == MR_OK; index++) {
        const int64_t left_ms = e->tasks[index].next_ms - now_ms(e);

        e->hands[index] = (task_in_hand){0};
        if (e->tasks[index].state == MR_TASK_RUNNING) {
            status = find_again(e, index, err);
        } else if (e->tasks[index].state == MR_TASK_RETRYING && left_ms > 0) {
            const int64_t most_ms = (int64_t)retry_delay_ms(e, e->tasks[index].failures);

            e->hands[index].at_us =
                monotonic_us(e) + (left_ms < most_ms ? left_ms : most_ms) * 1000;
        }
    }
    return status;
}

static void forget_logs(void *ctx, const char *id)
{
    const mr_executor *e = ctx;

    e->options.runner->forget(e->options.runner_ctx, id);
}

static mr_status end_run(mr_executor *e, mr_run_state state, const char *reason, mr_err *err)
{
    mr_status status = mr_runs_begin(e->options.runs, err);

    e->run.state = state;
    e->run.ended_ms = now_ms(e);
    (void)snprintf(e->run.reason, sizeof e->run.reason, "%s", reason);
    if (status == MR_OK) {
        status = mr_runs_save(e->options.runs, &e->run, err);
    }
    if (status == MR_OK) {
        status = e->options.ended(e->options.ctx, &e->run, e->tasks, e->dag.count, err);
    }
    if (status == MR_OK) {
        status = mr_runs_commit(e->options.runs, err);
    }
    mr_runs_rollback(e->options.runs);
    if (status != MR_OK) {
        return status;
    }
    mr_log_info("run %s: %s%s%s", e->run.id, mr_run_state_name(state),
                reason[0] != '\0' ? ": " : "", reason);
    e->runs_ended++;
    e->runs_failed += state == MR_RUN_FAILED || state == MR_RUN_TIMED_OUT ? 1 : 0;
    let_go(e);
    return mr_runs_prune(e->options.runs, e->options.keep, forget_logs, e, err);
}

/* Whether the run publishes: as the settings have it, or as they had it when it began. */
static mr_status does_publish(mr_executor *e, bool *ret_publish, mr_err *err)
{
    size_t count = 0;
    mr_status status = MR_OK;

    *ret_publish = e->options.publish;
    if (e->run.state != MR_RUN_QUEUED) {
        status = mr_runs_tasks(e->options.runs, e->run.id, e->tasks, &count, err);
        *ret_publish = false;
    }
    for (size_t index = 0; index < count && status == MR_OK; index++) {
        *ret_publish = *ret_publish || strcmp(e->tasks[index].name, mr_dag_publish_task) == 0;
    }
    return status;
}

/* MR_NOT_FOUND: the queue is empty. */
static mr_status take_up(mr_executor *e, mr_err *err)
{
    mr_err failure;
    mr_status status = mr_runs_next(e->options.runs, &e->run, err);
    bool publish = false;

    if (status == MR_OK) {
        status = does_publish(e, &publish, err);
    }
    if (status != MR_OK) {
        return status;
    }
    e->dag.count = 0;
    if (mr_dag_make(&e->run, publish, &e->dag, &failure) != MR_OK) {
        return end_run(e, MR_RUN_FAILED, failure.message, err);
    }
    if (e->run.state == MR_RUN_QUEUED && e->run.cancel_asked) {
        e->dag.count = 0;
        return end_run(e, MR_RUN_CANCELLED, "it was cancelled before it began", err);
    }
    e->active = true;
    return e->run.state == MR_RUN_QUEUED ? begin_run(e, err) : resume_run(e, err);
}

static mr_status settle_dag(mr_executor *e, bool *progress, mr_err *err)
{
    const uint32_t changed = mr_dag_settle(&e->dag, e->tasks);
    char reason[mr_run_reason_bytes_max];
    mr_run_state state;

    for (size_t index = 0; index < e->dag.count; index++) {
        const mr_status status =
            (changed >> index & 1) != 0 ? save_task(e, index, MR_TEXT_ABSENT, err) : MR_OK;

        if (status != MR_OK) {
            return status;
        }
    }
    if (!mr_dag_outcome(&e->dag, e->tasks, &state, reason)) {
        return MR_OK;
    }
    *progress = true;
    return end_run(e, state, reason, err);
}

/* --- Steps ------------------------------------------------------------------------------------ */

static mr_status do_round(mr_executor *e, bool *progress, mr_err *err)
{
    mr_status status = MR_OK;

    if (!e->active) {
        if (e->stopping) {
            return MR_OK;
        }
        status = take_up(e, err);
        *progress = status == MR_OK;
        return status == MR_NOT_FOUND ? MR_OK : status;
    }
    status = watch_running(e, progress, err);
    if (status == MR_OK && !e->stopping) {
        status = watch_cancel(e, err);
    }
    if (status == MR_OK) {
        status = settle_dag(e, progress, err);
    }
    if (status == MR_OK && e->active && !e->stopping) {
        status = start_ready(e, progress, err);
    }
    return status;
}

static int64_t wait_ms(const mr_executor *e)
{
    int64_t until_us = INT64_MAX;

    if (!e->active) {
        return -1;
    }
    for (size_t index = 0; index < e->dag.count; index++) {
        void *process = e->hands[index].process;

        if (process == NULL && e->tasks[index].state != MR_TASK_RETRYING) {
            continue;
        }
        until_us = e->hands[index].at_us < until_us ? e->hands[index].at_us : until_us;
        if (process != NULL && e->options.runner->wait_fd(e->options.runner_ctx, process) < 0) {
            const int64_t poll_us = monotonic_us(e) + poll_ms * INT64_C(1000);

            until_us = poll_us < until_us ? poll_us : until_us;
        }
    }
    const int64_t left_ms =
        until_us == INT64_MAX ? cancel_poll_ms : (until_us - monotonic_us(e) + 999) / 1000;

    if (left_ms < 0) {
        return 0;
    }
    return left_ms < cancel_poll_ms ? left_ms : cancel_poll_ms;
}

mr_status mr_executor_step(mr_executor *e, int64_t *ret_wait_ms, mr_err *err)
{
    for (int round = 0; round < rounds_max; round++) {
        bool progress = false;
        const mr_status status = do_round(e, &progress, err);

        if (status != MR_OK) {
            let_go(e);
            return status;
        }
        if (!progress) {
            *ret_wait_ms = wait_ms(e);
            return MR_OK;
        }
    }
    *ret_wait_ms = 0;
    return MR_OK;
}

size_t mr_executor_wait_fds(mr_executor *e, int ret_fds[static mr_executor_tasks_max])
{
    size_t count = 0;

    for (size_t index = 0; index < e->dag.count && e->active; index++) {
        const int fd =
            e->hands[index].process != NULL
                ? e->options.runner->wait_fd(e->options.runner_ctx, e->hands[index].process)
                : -1;

        if (fd >= 0) {
            ret_fds[count++] = fd;
        }
    }
    return count;
}

void mr_executor_stop(mr_executor *e)
{
    e->stopping = true;
    for (size_t index = 0; index < e->dag.count && e->active; index++) {
        e->hands[index].interrupted = e->hands[index].process != NULL;
        tell_to_end(e, index);
    }
}

bool mr_executor_is_idle(const mr_executor *e)
{
    return !e->active || count_running(e) == 0;
}

uint64_t mr_executor_runs_ended(const mr_executor *e, uint64_t *ret_failed)
{
    *ret_failed = e->runs_failed;
    return e->runs_ended;
}
