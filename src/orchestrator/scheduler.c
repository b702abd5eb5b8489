/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/scheduler.c - the loop of the scheduler role; see scheduler.h.
 *
 * One thread waits in poll for: a signal, the next instant of the schedule (which a clock that is
 * set cancels, so that it is worked out anew), a change of the folders runs/ and bronze's log, the
 * end of a task. Between two waits it plans, looks for new data, and steps the executor.
 *
 * Owns:       the role's lock, the turn, the handles of history and lake.
 * Invariants: failures of the history or the lake (a full disk) are told, and tried again a second
 *             later; they never end the role.
 */
#define _GNU_SOURCE /* TFD_TIMER_CANCEL_ON_SET */
#include "orchestrator/scheduler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/log.h"
#include "base/role.h"
#include "orchestrator/pipeline.h"
#include "orchestrator/task_process.h"
#include "orchestrator/turn.h"
#include "orchestrator/watch.h"

enum {
    idle_ms = 5000, /* the queue is looked at this often even if nobody says anything */
    again_ms = 1000,
    bronze_poll_ms = 1000, /* where its log cannot be watched */
    grace_ms = 5000,
    parallel_max = 2,
    role_tries_max = 20,
    role_try_ms = 25,
    waits_max = 3 + mr_executor_tasks_max,
};

static const char wake_name[] = "runs/wake";
static const char local_scheme[] = "file:";

typedef struct scheduler {
    const mr_scheduler_options *options;
    const char *run_id; /* what to carry out; NULL: the role */
    mr_role *role;      /* NULL without it */
    mr_runs *runs;
    mr_blobs *blobs;
    mr_pipeline pipeline;
    mr_executor *executor;
    bool has_schedule;
    mr_cron cron;
    mr_zone *zone;
    bool plan_due; /* the schedule must be looked at */
    int64_t plan_next_ms;
    mr_watch watch;
    char *bronze_log; /* NULL: not a local folder */
    bool bronze_grown;
    int64_t bronze_version_queued, bronze_poll_us, continuous_us;
    sigset_t signals_before;
    int signal_fd, timer_fd, turn_fd;
    bool stopping, leave;
    char told[mr_err_message_bytes_max]; /* the failure that was logged last */
} scheduler;

/* --- Small things ----------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void wait_at_most(int64_t *wait_ms, int64_t ms)
{
    ms = ms > 0 ? ms : 0;
    if (*wait_ms > ms) {
        *wait_ms = ms;
    }
}

/* The same failure again and again is told once. */
static void tell(scheduler *s, const char *what, const mr_err *err, int64_t *wait_ms)
{
    char message[mr_err_message_bytes_max];

    (void)snprintf(message, sizeof message, "%s: %.400s", what, err->message);
    if (strcmp(message, s->told) != 0) {
        memcpy(s->told, message, sizeof s->told);
        mr_log_error("%s; tried again until it works", message);
    }
    if (s->role != NULL) {
        mr_role_set_error(s->role, message);
    }
    wait_at_most(wait_ms, again_ms);
}

static mr_status condition(void *ctx, const mr_run *run, const char *task, bool *ret_needed,
                           char ret_reason[static mr_run_reason_bytes_max], mr_err *err)
{
    scheduler *s = ctx;

    return mr_pipeline_condition(&s->pipeline, run, task, mr_now_ms(), ret_needed, ret_reason, err);
}

static mr_status ended(void *ctx, const mr_run *run, const mr_run_task *tasks, size_t count,
                       mr_err *err)
{
    scheduler *s = ctx;

    return mr_pipeline_ended(&s->pipeline, run, tasks, count, err);
}

/* --- Opening ---------------------------------------------------------------------------------- */

static mr_status open_schedule(scheduler *s, mr_err *err)
{
    const mr_scheduler_options *options = s->options;
    mr_status status = MR_OK;

    s->has_schedule = strcmp(options->schedule, "off") != 0;
    if (s->has_schedule) {
        status = mr_cron_parse(mr_text_of(options->schedule), &s->cron, err);
    }
    if (status == MR_OK) {
        status = mr_zone_open(options->time_zone, &s->zone, err);
    }
    return status == MR_OK ? MR_OK : mr_fail_in(err, MR_INVALID, "settings");
}

static mr_status open_waiting(scheduler *s, mr_err *err)
{
    char *runs_folder = mr_path_join(s->options->data_folder, "runs");
    sigset_t signals;
    mr_status status = mr_folder_create(runs_folder, err);

    (void)sigemptyset(&signals); /* the numbers are right, so these cannot fail */
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    MR_ASSERT(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    if (status == MR_OK) {
        s->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        s->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (s->signal_fd < 0 || s->timer_fd < 0) {
            status = mr_fail_errno(err, errno, "open descriptors for signals and time");
        }
    }
    if (status == MR_OK) {
        status = mr_watch_open(&s->watch, runs_folder, err);
    }
    free(runs_folder);
    return status;
}

static char *find_bronze_log(const mr_scheduler_options *options)
{
    const char *path = options->lake.url + sizeof local_scheme - 1;
    char *lake, *log;

    if (strncmp(options->lake.url, local_scheme, sizeof local_scheme - 1) != 0) {
        return NULL;
    }
    lake = path[0] != '\0' ? mr_copy_string(path) : mr_path_join(options->data_folder, "lake");
    log = mr_path_join(lake, "bronze/sales_events/_delta_log");
    free(lake);
    return log;
}

static void make_executor(scheduler *s, mr_task_processes *processes)
{
    const mr_scheduler_options *options = s->options;

    *processes = (mr_task_processes){options->data_folder, options->program, options->environment};
    s->executor = mr_executor_create(&(mr_executor_options){
        .runs = s->runs,
        .clock = mr_system_clock,
        .runner = &mr_task_process_runner,
        .runner_ctx = processes,
        .retries = options->retries,
        .retry_delay_ms = options->retry_delay_ms,
        .timeout_ms = options->timeout_ms,
        .grace_ms = grace_ms,
        .parallel_max = parallel_max,
        .keep = options->keep,
        .publish = options->publish,
        .ctx = s,
        .condition = condition,
        .ended = ended,
    });
}

/* One that was killed between fork and exec has left its locks, for that moment, to its child. */
static mr_status open_role(scheduler *s, mr_err *err)
{
    mr_status status = mr_role_open(s->options->data_folder, "scheduler", &s->role, err);

    for (int count = 0; count < role_tries_max && status == MR_EXISTS; count++) {
        (void)poll(NULL, 0, role_try_ms);
        status = mr_role_open(s->options->data_folder, "scheduler", &s->role, err);
    }
    return status;
}

static mr_status open_lake(scheduler *s, mr_err *err)
{
    const mr_scheduler_options *options = s->options;
    mr_status status = mr_blobs_open(&options->lake, &s->blobs, err);

    if (status == MR_OK) {
        mr_pipeline_open(&s->pipeline, s->runs, s->blobs, options->models);
    }
    return status;
}

static mr_status open_scheduler(scheduler *s, mr_task_processes *processes, mr_err *err)
{
    const mr_scheduler_options *options = s->options;
    mr_status status = open_schedule(s, err);

    if (status == MR_OK && s->run_id == NULL) {
        status = open_role(s, err);
    }
    if (status == MR_OK) {
        status = open_waiting(s, err);
    }
    if (status == MR_OK) {
        status = mr_runs_open(options->data_folder, false, &s->runs, err);
    }
    if (status == MR_OK) {
        status = open_lake(s, err);
        if (s->run_id == NULL && status != MR_UNSUPPORTED && status != MR_INVALID) {
            status = MR_OK; /* a lake that is not there yet does not end the role: see has_lake */
        }
    }
    if (status == MR_OK && s->run_id != NULL) {
        status = mr_turn_take(options->data_folder, &s->turn_fd, err);
    }
    if (status == MR_OK) {
        s->bronze_log = find_bronze_log(options);
        make_executor(s, processes);
    }
    return status;
}

static void close_scheduler(scheduler *s)
{
    mr_executor_destroy(s->executor);
    mr_blobs_close(s->blobs);
    mr_runs_close(s->runs);
    mr_watch_close(&s->watch);
    close_fd(&s->turn_fd);
    close_fd(&s->timer_fd);
    close_fd(&s->signal_fd);
    mr_role_close(s->role);
    mr_zone_close(s->zone);
    free(s->bronze_log);
    MR_ASSERT(pthread_sigmask(SIG_SETMASK, &s->signals_before, NULL) == 0);
}

/* --- What is due ------------------------------------------------------------------------------ */

static void set_timer(const scheduler *s, int64_t at_ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000}};

    MR_ASSERT(timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
                              NULL) == 0 ||
              errno == ECANCELED); /* the clock was set just now: the next read says so */
}

static void plan(scheduler *s, int64_t *wait_ms)
{
    const mr_planner_options planner = {.runs = s->runs,
                                        .schedule = s->options->schedule,
                                        .cron = &s->cron,
                                        .zone = s->zone,
                                        .catch_up = s->options->catch_up};
    mr_plan planned;
    mr_err err;

    if (!s->has_schedule ||
        !(s->plan_due || (s->plan_next_ms > 0 && mr_now_ms() >= s->plan_next_ms))) {
        return;
    }
    if (mr_planner_step(&planner, mr_now_ms(), &planned, &err) != MR_OK) {
        tell(s, "plan the schedule's runs", &err, wait_ms);
        return;
    }
    s->plan_due = false;
    s->plan_next_ms = planned.next_ms;
    set_timer(s, planned.next_ms);
    if (planned.missed > 0) {
        mr_log_warn("%u instants of the schedule passed without a run of their own",
                    planned.missed);
    }
}

/* A run for what bronze has gained, unless one waits that will see it too. */
static mr_status queue_increment(scheduler *s, mr_err *err)
{
    int64_t version = -1, made = -1;
    uint32_t scheduled = 0, continuous = 0;
    mr_run run = {.kind = MR_RUN_CONTINUOUS, .target = "all", .created_ms = mr_now_ms()};
    mr_status status = mr_pipeline_bronze_version(&s->pipeline, &version, err);

    if (status == MR_OK) {
        status = mr_pipeline_made_version(&s->pipeline, &made, err);
    }
    if (status == MR_OK) {
        status = mr_runs_queued(s->runs, MR_RUN_SCHEDULED, &scheduled, err);
    }
    if (status == MR_OK) {
        status = mr_runs_queued(s->runs, MR_RUN_CONTINUOUS, &continuous, err);
    }
    if (status == MR_OK && version > made && version > s->bronze_version_queued &&
        scheduled + continuous == 0) {
        status = mr_runs_add(s->runs, &run, err);
        if (status == MR_OK) {
            s->bronze_version_queued = version;
            s->continuous_us = mr_monotonic_us();
        }
    }
    s->bronze_grown = status != MR_OK;
    return status;
}

static void look_for_data(scheduler *s, int64_t *wait_ms)
{
    const int64_t now_us = mr_monotonic_us();
    int64_t left_ms;
    mr_err err;

    if (s->options->continuous_ms == 0) {
        return;
    }
    s->bronze_grown = mr_watch_bronze(&s->watch, s->bronze_log) || s->bronze_grown;
    if (s->watch.bronze < 0) {
        if (now_us >= s->bronze_poll_us) {
            s->bronze_grown = true;
            s->bronze_poll_us = now_us + bronze_poll_ms * INT64_C(1000);
        }
        wait_at_most(wait_ms, (s->bronze_poll_us - now_us) / 1000 + 1);
    }
    if (!s->bronze_grown) {
        return;
    }
    left_ms = s->continuous_us == 0
                  ? 0
                  : (int64_t)s->options->continuous_ms - (now_us - s->continuous_us) / 1000;
    if (left_ms > 0) {
        wait_at_most(wait_ms, left_ms);
    } else if (queue_increment(s, &err) != MR_OK) {
        tell(s, "look for new data", &err, wait_ms);
    }
}

/* --- Carrying out ----------------------------------------------------------------------------- */

static bool has_lake(scheduler *s, int64_t *wait_ms)
{
    mr_err err;

    if (s->blobs == NULL && open_lake(s, &err) != MR_OK) {
        tell(s, "open the lake", &err, wait_ms);
    }
    return s->blobs != NULL;
}

static bool has_turn(scheduler *s, int64_t *wait_ms)
{
    mr_err err;
    mr_status status;

    if (s->turn_fd >= 0) {
        return true;
    }
    status = mr_turn_take(s->options->data_folder, &s->turn_fd, &err);
    if (status == MR_EXISTS) {
        wait_at_most(wait_ms, again_ms); /* somebody has a run carried out by hand */
    } else if (status != MR_OK) {
        tell(s, "take the turn", &err, wait_ms);
    }
    return status == MR_OK;
}

static void step(scheduler *s, int64_t *wait_ms)
{
    int64_t executor_ms = -1;
    uint64_t failed = 0, done;
    mr_err err;

    if (has_turn(s, wait_ms)) {
        if (mr_executor_step(s->executor, &executor_ms, &err) != MR_OK) {
            tell(s, "carry runs out", &err, wait_ms);
        } else {
            s->told[0] = '\0';
        }
        if (executor_ms >= 0) {
            wait_at_most(wait_ms, executor_ms);
        }
    }
    if (s->role != NULL) {
        done = mr_executor_runs_ended(s->executor, &failed);
        mr_role_update(s->role, done, failed);
    }
}

static bool is_done(scheduler *s)
{
    mr_run run;

    if (s->run_id == NULL) {
        return s->leave || (s->stopping && mr_executor_is_idle(s->executor));
    }
    return s->leave ||
           (mr_runs_find(s->runs, s->run_id, &run, NULL) == MR_OK && mr_run_has_ended(run.state));
}

/* --- Waiting ---------------------------------------------------------------------------------- */

static void on_signal(scheduler *s)
{
    struct signalfd_siginfo info;
    mr_err err;

    if (read(s->signal_fd, &info, sizeof info) != (ssize_t)sizeof info ||
        info.ssi_signo == SIGHUP) {
        return;
    }
    if (s->stopping) {
        s->leave = true;
    } else if (s->run_id != NULL) {
        s->leave = mr_runs_ask_cancel(s->runs, s->run_id, &err) != MR_OK;
        s->stopping = true;
    } else {
        mr_log_info("asked to stop; tasks under way are asked to end");
        s->stopping = true;
        mr_executor_stop(s->executor);
    }
}

static void wait_for_something(scheduler *s, int64_t wait_ms)
{
    struct pollfd waits[waits_max] = {{.fd = s->signal_fd, .events = POLLIN},
                                      {.fd = s->timer_fd, .events = POLLIN},
                                      {.fd = s->watch.fd, .events = POLLIN}};
    int tasks[mr_executor_tasks_max];
    const size_t task_count = mr_executor_wait_fds(s->executor, tasks);
    uint64_t expirations = 0;
    int ready;

    for (size_t index = 0; index < task_count; index++) {
        waits[3 + index] = (struct pollfd){.fd = tasks[index], .events = POLLIN};
    }
    ready = poll(waits, 3 + task_count, (int)wait_ms);
    MR_ASSERT(ready >= 0 || errno == EINTR);
    if (ready <= 0) {
        return;
    }
    if (waits[0].revents != 0) {
        on_signal(s);
    }
    if (waits[1].revents != 0) {
        (void)!read(s->timer_fd, &expirations, sizeof expirations); /* or ECANCELED: both mean: */
        s->plan_due = true;
    }
    if (waits[2].revents != 0) {
        mr_watch_drain(&s->watch, &s->bronze_grown);
    }
}

static void work(scheduler *s)
{
    for (;;) {
        int64_t wait_ms = idle_ms;

        const bool planning = s->run_id == NULL && !s->stopping;

        if (planning) {
            plan(s, &wait_ms);
        }
        if (has_lake(s, &wait_ms)) {
            if (planning) {
                look_for_data(s, &wait_ms);
            }
            step(s, &wait_ms);
        }
        if (is_done(s)) {
            return;
        }
        wait_for_something(s, wait_ms);
    }
}

/* --- Both ways in ----------------------------------------------------------------------------- */

static scheduler make(const mr_scheduler_options *options, const char *run_id)
{
    scheduler s = {
        .options = options,
        .run_id = run_id,
        .plan_due = true,
        .bronze_grown = true,
        .bronze_version_queued = -1,
        .watch = {-1, -1, -1},
        .signal_fd = -1,
        .timer_fd = -1,
        .turn_fd = -1,
    };

    MR_ASSERT(pthread_sigmask(SIG_SETMASK, NULL, &s.signals_before) == 0);
    return s;
}

static void say_what_is_next(const scheduler *s)
{
    char local[mr_civil_text_bytes_max];
    int64_t next_s = 0;

    if (!s->has_schedule || !mr_cron_next(&s->cron, s->zone, mr_now_ms() / 1000, &next_s)) {
        mr_log_info("no schedule%s",
                    s->options->continuous_ms > 0 ? "; follows bronze as it grows" : "");
        return;
    }
    (void)mr_civil_format_iso(mr_zone_local(s->zone, next_s), local);
    mr_log_info("schedule %s: next at %s %s%s", s->options->schedule, local, mr_zone_name(s->zone),
                s->options->continuous_ms > 0 ? "; follows bronze as it grows" : "");
}

mr_status mr_scheduler_run(const mr_scheduler_options *options, mr_err *err)
{
    scheduler s = make(options, NULL);
    mr_task_processes processes;
    mr_status status = open_scheduler(&s, &processes, err);

    if (status == MR_OK) {
        say_what_is_next(&s);
        mr_role_ready(s.role);
        work(&s);
    }
    close_scheduler(&s);
    return status;
}

mr_status mr_scheduler_carry_out(const mr_scheduler_options *options, const char *run_id,
                                 mr_err *err)
{
    scheduler s = make(options, run_id);
    mr_task_processes processes;
    mr_status status = open_scheduler(&s, &processes, err);

    if (status == MR_OK) {
        work(&s);
    }
    close_scheduler(&s);
    return status;
}

/* --- For those who ask ------------------------------------------------------------------------ */

bool mr_scheduler_is_at_work(const char *data_folder)
{
    return mr_turn_is_taken(data_folder);
}

void mr_scheduler_wake(const char *data_folder)
{
    char *path = mr_path_join(data_folder, wake_name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    close_fd(&fd); /* closing it is the message; unheard, the queue is looked at all the same */
    free(path);
}
