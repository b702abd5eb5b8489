/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/fixture.h - a data folder, a history in it, a clock that is turned by hand, and
 * tasks without processes, which live on when whoever started them is gone.
 *
 * Include after cmocka.h, with _GNU_SOURCE defined (nftw).
 */
#ifndef MR_TESTS_ORCHESTRATOR_FIXTURE_H
#define MR_TESTS_ORCHESTRATOR_FIXTURE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "orchestrator/executor.h"

#define must(call)                                       \
    do {                                                 \
        mr_err must_err = {.message = ""};               \
        mr_err *err = &must_err;                         \
        if ((call) != MR_OK) {                           \
            fail_msg("%s: %s", #call, must_err.message); \
        }                                                \
    } while (0)

enum { fake_attempts_max = 4096, fake_lives_ms = 1000 };

/* What becomes of an attempt that is started. */
typedef struct fake_fate {
    int64_t lives_ms;
    int exit_status;
    const char *report; /* NULL: none */
    bool ignores_sigterm;
    bool cannot_start;
} fake_fate;

typedef struct fake_attempt {
    char run_id[mr_run_id_bytes_max], task[32], arguments[128];
    int32_t number;
    int64_t ends_us;
    fake_fate fate;
    bool ended, vanished, signalled;
    int killed_by;
} fake_attempt;

typedef struct fixture {
    char folder[64];
    mr_runs *runs;
    int64_t now_ms, monotonic_us;
    fake_attempt attempts[fake_attempts_max];
    size_t attempt_count;
    fake_fate (*fate_of)(struct fixture *f, const mr_attempt *attempt);
    bool needed;               /* what conditions say */
    mr_status condition_fails; /* or how they fail */
    size_t ended_calls;
    mr_run_state ended_state;
    void *extra;
} fixture;

static inline int64_t fake_now_ms(void *ctx)
{
    return ((fixture *)ctx)->now_ms;
}

static inline int64_t fake_monotonic_us(void *ctx)
{
    return ((fixture *)ctx)->monotonic_us;
}

static inline void pass_time(fixture *f, int64_t ms)
{
    f->now_ms += ms;
    f->monotonic_us += ms * 1000;
}

/* --- Tasks without processes ------------------------------------------------------------------ */

static inline bool fake_is_alive(fixture *f, fake_attempt *attempt)
{
    if (!attempt->ended && f->monotonic_us >= attempt->ends_us) {
        attempt->ended = true;
    }
    return !attempt->ended;
}

static inline fake_attempt *fake_find(fixture *f, const mr_attempt *wanted)
{
    for (size_t index = 0; index < f->attempt_count; index++) {
        fake_attempt *attempt = &f->attempts[index];

        if (attempt->number == wanted->number && strcmp(attempt->task, wanted->task) == 0 &&
            strcmp(attempt->run_id, wanted->run_id) == 0) {
            return attempt;
        }
    }
    return NULL;
}

static inline mr_status fake_start(void *ctx, const mr_attempt *wanted,
                                   const char *const *arguments, void **ret_process, mr_err *err)
{
    fixture *f = ctx;
    fake_attempt *attempt = &f->attempts[f->attempt_count];
    const fake_fate fate = f->fate_of(f, wanted);

    if (fate.cannot_start) {
        return mr_fail(err, MR_IO, "no process is free");
    }
    assert_true(f->attempt_count < fake_attempts_max);
    assert_null(fake_find(f, wanted)); /* an attempt is made once */
    for (size_t index = 0; index < f->attempt_count; index++) {
        fake_attempt *other = &f->attempts[index];

        if (strcmp(other->task, wanted->task) == 0 && fake_is_alive(f, other)) {
            fail_msg("%s of %s starts beside attempt %d of %s", wanted->task, wanted->run_id,
                     other->number, other->run_id);
        }
    }
    *attempt = (fake_attempt){
        .number = wanted->number, .fate = fate, .ends_us = f->monotonic_us + fate.lives_ms * 1000};
    (void)snprintf(attempt->run_id, sizeof attempt->run_id, "%s", wanted->run_id);
    (void)snprintf(attempt->task, sizeof attempt->task, "%s", wanted->task);
    for (; *arguments != NULL; arguments++) {
        const size_t bytes = strlen(attempt->arguments);

        (void)snprintf(attempt->arguments + bytes, sizeof attempt->arguments - bytes, "%s ",
                       *arguments);
    }
    f->attempt_count++;
    *ret_process = attempt;
    return MR_OK;
}

static inline mr_status fake_adopt(void *ctx, const mr_attempt *wanted, void **ret_process,
                                   mr_err *err)
{
    fake_attempt *attempt = fake_find(ctx, wanted);

    (void)err;
    if (attempt == NULL || !fake_is_alive(ctx, attempt)) {
        return MR_NOT_FOUND;
    }
    attempt->vanished = true; /* how it ends, nobody will be told */
    *ret_process = attempt;
    return MR_OK;
}

static inline bool fake_has_ended(void *ctx, void *process, mr_attempt_end *ret_end)
{
    fake_attempt *attempt = process;

    if (fake_is_alive(ctx, attempt)) {
        return false;
    }
    *ret_end = (mr_attempt_end){.exit_known = !attempt->vanished,
                                .exit_status = attempt->killed_by != 0 ? 128 + attempt->killed_by
                                                                       : attempt->fate.exit_status};
    return true;
}

static inline void fake_signal(void *ctx, void *process, int signal_number)
{
    fake_attempt *attempt = process;

    attempt->signalled = true;
    if (fake_is_alive(ctx, attempt) && (signal_number == 9 || !attempt->fate.ignores_sigterm)) {
        attempt->ended = true;
        attempt->killed_by = signal_number;
    }
}

static inline int fake_wait_fd(void *ctx, void *process)
{
    (void)ctx;
    (void)process;
    return -1;
}

static inline void fake_close(void *ctx, void *process)
{
    (void)ctx;
    (void)process;
}

static inline mr_status fake_report(void *ctx, const mr_attempt *wanted, mr_buffer *out,
                                    mr_err *err)
{
    fake_attempt *attempt = fake_find(ctx, wanted);

    (void)err;
    if (attempt != NULL && attempt->ended && attempt->killed_by == 0 &&
        attempt->fate.report != NULL) {
        assert_true(mr_buffer_append_string(out, attempt->fate.report));
    }
    return MR_OK;
}

static inline void fake_forget(void *ctx, const char *run_id)
{
    (void)ctx;
    (void)run_id;
}

static const mr_task_runner fake_runner = {
    .start = fake_start,
    .adopt = fake_adopt,
    .has_ended = fake_has_ended,
    .signal = fake_signal,
    .wait_fd = fake_wait_fd,
    .close = fake_close,
    .report = fake_report,
    .forget = fake_forget,
};

/* --- An executor on them ---------------------------------------------------------------------- */

static inline mr_status fake_condition(void *ctx, const mr_run *run, const char *task,
                                       bool *ret_needed,
                                       char ret_reason[static mr_run_reason_bytes_max], mr_err *err)
{
    fixture *f = ctx;

    (void)run;
    (void)task;
    if (f->condition_fails != MR_OK) {
        return mr_fail(err, f->condition_fails, "the lake is away");
    }
    *ret_needed = f->needed;
    (void)snprintf(ret_reason, mr_run_reason_bytes_max, "%s", f->needed ? "" : "no new data");
    return MR_OK;
}

static inline mr_status fake_ended(void *ctx, const mr_run *run, const mr_run_task *tasks,
                                   size_t count, mr_err *err)
{
    fixture *f = ctx;

    (void)tasks;
    (void)count;
    (void)err;
    f->ended_calls++;
    f->ended_state = run->state;
    return MR_OK;
}

static inline mr_executor_options executor_options(fixture *f)
{
    return (mr_executor_options){
        .runs = f->runs,
        .clock = {fake_now_ms, fake_monotonic_us, f},
        .runner = &fake_runner,
        .runner_ctx = f,
        .retries = 2,
        .retry_delay_ms = 30000,
        .timeout_ms = 3600000,
        .grace_ms = 5000,
        .parallel_max = 2,
        .keep = 1000,
        .ctx = f,
        .condition = fake_condition,
        .ended = fake_ended,
    };
}

static inline fake_fate live_and_be_done(fixture *f, const mr_attempt *attempt)
{
    (void)f;
    (void)attempt;
    return (fake_fate){.lives_ms = fake_lives_ms, .report = "{\"status\":\"done\",\"rows\":7}"};
}

static inline mr_run add_run(fixture *f, mr_run_kind kind, const char *target)
{
    mr_run run = {.kind = kind, .created_ms = f->now_ms};

    (void)snprintf(run.target, sizeof run.target, "%.10s", target);
    if (kind == MR_RUN_SCHEDULED) {
        run.due_ms = f->now_ms;
    }
    must(mr_runs_add(f->runs, &run, err));
    return run;
}

static inline mr_run find_run(fixture *f, const char *id)
{
    mr_run run = {.id = ""};

    must(mr_runs_find(f->runs, id, &run, err));
    return run;
}

static inline mr_run_task find_task(fixture *f, const char *id, const char *name)
{
    mr_run_task tasks[mr_run_tasks_max];
    size_t count = 0;

    must(mr_runs_tasks(f->runs, id, tasks, &count, err));
    for (size_t index = 0; index < count; index++) {
        if (strcmp(tasks[index].name, name) == 0) {
            return tasks[index];
        }
    }
    fail_msg("run %s has no task %s", id, name);
    return (mr_run_task){.name = ""};
}

static inline int set_up(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);

    mr_log_configure("test", MR_LOG_ERROR, false);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/millrace-runs-XXXXXX");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    f->now_ms = INT64_C(1795000000000);
    f->monotonic_us = 1000000;
    f->needed = true;
    f->fate_of = live_and_be_done;
    *state = f;
    return mr_runs_open(f->folder, false, &f->runs, NULL) == MR_OK ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline int tear_down(void **state)
{
    fixture *f = *state;

    mr_runs_close(f->runs);
    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

#endif
