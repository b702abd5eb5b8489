/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/scheduler_test.c - the scheduler as a process: what it is asked for, what bronze
 * gains, ends in good order and by SIGKILL at any moment, with real processes as tasks.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/random.h"
#include "orchestrator/fixture.h"
#include "orchestrator/scheduler.h"

enum { patience_ms = 60000, tasks_log_bytes_max = 1048576 };

/* Plays the program: tells what it does to a file, and takes a moment. */
static const char script[] = "#!/bin/sh\n"
                             "echo \"begin $2\" >> \"$TASKS\"\n"
                             "sleep \"$TAKES\"\n"
                             "echo \"end $2\" >> \"$TASKS\"\n"
                             "echo '{\"status\":\"done\"}'\n";

typedef struct stage {
    fixture *f;
    char program[128], tasks[128], tasks_variable[160], takes_variable[32], path_variable[32];
    char *environment[4];
    mr_scheduler_options options;
} stage;

static stage *make_stage(fixture *f, const char *takes)
{
    stage *s = mr_alloc_zero(1, sizeof *s);

    s->f = f;
    (void)snprintf(s->program, sizeof s->program, "%s/program", f->folder);
    (void)snprintf(s->tasks, sizeof s->tasks, "%s/tasks", f->folder);
    (void)snprintf(s->tasks_variable, sizeof s->tasks_variable, "TASKS=%s", s->tasks);
    (void)snprintf(s->takes_variable, sizeof s->takes_variable, "TAKES=%s", takes);
    (void)snprintf(s->path_variable, sizeof s->path_variable, "PATH=/usr/bin:/bin");
    must(mr_file_replace(s->program, mr_text_of(script), err));
    assert_int_equal(chmod(s->program, 0700), 0);
    s->environment[0] = s->tasks_variable;
    s->environment[1] = s->takes_variable;
    s->environment[2] = s->path_variable;
    s->options = (mr_scheduler_options){
        .data_folder = f->folder,
        .program = s->program,
        .environment = s->environment,
        .lake = {.url = "file:", .data_folder = f->folder},
        .schedule = "off",
        .time_zone = "UTC",
        .timeout_ms = 60000,
        .retries = 0,
        .keep = 1000,
    };
    f->now_ms = mr_now_ms();
    return s;
}

static pid_t start_scheduler(const stage *s)
{
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        mr_err err = {.message = ""};
        const mr_status status = mr_scheduler_run(&s->options, &err);

        if (status != MR_OK) {
            (void)fprintf(stderr, "scheduler: %s\n", err.message);
        }
        _exit(status == MR_OK ? 0 : 1);
    }
    return pid;
}

static int end_scheduler(pid_t pid, int signal_number)
{
    int wait_status = 0;

    assert_int_equal(kill(pid, signal_number), 0);
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -WTERMSIG(wait_status);
}

/* The history belongs to another process here: it is looked at until it says so. */
static mr_run wait_for_end(fixture *f, const char *id)
{
    for (int waited_ms = 0; waited_ms < patience_ms; waited_ms += 5) {
        mr_run run = {.id = ""};

        if (mr_runs_find(f->runs, id, &run, NULL) == MR_OK && mr_run_has_ended(run.state)) {
            return run;
        }
        (void)poll(NULL, 0, 5);
    }
    fail_msg("run %s does not end", id);
    return (mr_run){.id = ""};
}

static size_t count_lines(const stage *s, const char *line)
{
    mr_buffer tasks;
    size_t count = 0;

    mr_buffer_init(&tasks, tasks_log_bytes_max);
    if (access(s->tasks, F_OK) == 0) {
        must(mr_file_read(s->tasks, &tasks, err));
    }
    assert_true(mr_buffer_append(&tasks, "", 1));
    for (const char *at = tasks.data; (at = strstr(at, line)) != NULL; at += strlen(line)) {
        count++;
    }
    mr_buffer_free(&tasks);
    return count;
}

static void put_bronze(fixture *f, int version)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/lake/bronze/sales_events/_delta_log", f->folder);
    must(mr_folder_create(path, err));
    (void)snprintf(path, sizeof path, "%s/lake/bronze/sales_events/_delta_log/%020d.json",
                   f->folder, version);
    must(mr_file_replace(path, mr_text_of("{}\n"), err));
}

static void a_run_that_is_asked_for_begins_at_once(void **state)
{
    fixture *f = *state;
    stage *s = make_stage(f, "0");
    const pid_t pid = start_scheduler(s);
    mr_run first, second;

    first = add_run(f, MR_RUN_MANUAL, "all");
    mr_scheduler_wake(f->folder);
    assert_int_equal(wait_for_end(f, first.id).state, MR_RUN_SUCCESS);
    f->now_ms = mr_now_ms();
    second = add_run(f, MR_RUN_MANUAL, "silver");
    mr_scheduler_wake(f->folder);
    second = wait_for_end(f, second.id);
    assert_in_range(second.started_ms - second.created_ms, 0, 2000); /* not when it looks anyway */
    assert_true(mr_scheduler_is_at_work(f->folder));
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    assert_false(mr_scheduler_is_at_work(f->folder));
    assert_int_equal(count_lines(s, "end silver"), 2);
    assert_int_equal(count_lines(s, "end gold"), 1);
    free(s);
}

static void bronze_that_grows_is_followed(void **state)
{
    fixture *f = *state;
    stage *s = make_stage(f, "0");
    mr_run run;
    pid_t pid;

    s->options.continuous_ms = 1;
    put_bronze(f, 0);
    pid = start_scheduler(s);
    run = wait_for_end(f, "last");
    assert_int_equal(run.kind, MR_RUN_CONTINUOUS);
    assert_int_equal(run.state, MR_RUN_SUCCESS);
    put_bronze(f, 1);
    while (strcmp(run.id, find_run(f, "last").id) == 0) {
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(wait_for_end(f, "last").state, MR_RUN_SUCCESS);
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    assert_int_equal(count_lines(s, "end gold"), 2);
    free(s);
}

static void bronze_that_has_not_grown_since_is_left_alone(void **state)
{
    fixture *f = *state;
    stage *s = make_stage(f, "0");
    mr_run run, after;
    pid_t pid;

    s->options.continuous_ms = 1;
    put_bronze(f, 4);
    pid = start_scheduler(s);
    run = wait_for_end(f, "last");
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    pid = start_scheduler(s); /* it must remember what was made of what */
    f->now_ms = mr_now_ms();
    after = add_run(f, MR_RUN_SCHEDULED, "all");
    mr_scheduler_wake(f->folder);
    after = wait_for_end(f, after.id);
    assert_int_equal(after.state, MR_RUN_SKIPPED);
    assert_string_equal(after.reason, "no new data: bronze is still at version 4, of which silver "
                                      "and gold were made");
    assert_string_equal(find_run(f, "last").id, after.id);
    assert_string_not_equal(run.id, after.id);
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    free(s);
}

static void a_scheduler_that_ends_leaves_its_run_to_the_next(void **state)
{
    fixture *f = *state;
    stage *s = make_stage(f, "30");
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    pid_t pid = start_scheduler(s);

    while (count_lines(s, "begin silver") == 0) {
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    assert_int_equal(find_run(f, run.id).state, MR_RUN_RUNNING);
    assert_int_equal(find_task(f, run.id, "silver").state, MR_TASK_RETRYING);
    (void)snprintf(s->takes_variable, sizeof s->takes_variable, "TAKES=0");
    pid = start_scheduler(s);
    assert_int_equal(wait_for_end(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    assert_int_equal(count_lines(s, "end silver"), 1);
    free(s);
}

static void a_run_is_cancelled_from_outside(void **state)
{
    fixture *f = *state;
    stage *s = make_stage(f, "30");
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    const pid_t pid = start_scheduler(s);

    while (count_lines(s, "begin silver") == 0) {
        (void)poll(NULL, 0, 5);
    }
    must(mr_runs_ask_cancel(f->runs, run.id, err));
    mr_scheduler_wake(f->folder);
    assert_int_equal(wait_for_end(f, run.id).state, MR_RUN_CANCELLED);
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    assert_int_equal(count_lines(s, "end silver"), 0);
    free(s);
}

static void without_a_scheduler_a_run_is_carried_out_here(void **state)
{
    fixture *f = *state;
    stage *s = make_stage(f, "0");
    mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    pid_t pid;

    must(mr_scheduler_carry_out(&s->options, run.id, err));
    assert_int_equal(find_run(f, run.id).state, MR_RUN_SUCCESS);
    pid = start_scheduler(s);
    while (!mr_scheduler_is_at_work(f->folder)) {
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(mr_scheduler_carry_out(&s->options, run.id, NULL), MR_EXISTS);
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    free(s);
}

static void settings_that_make_no_sense_end_it(void **state)
{
    stage *s = make_stage(*state, "0");

    s->options.schedule = "61 * * * *";
    assert_int_equal(mr_scheduler_run(&s->options, NULL), MR_INVALID);
    s->options.schedule = "off";
    s->options.time_zone = "Europe/Atlantis";
    assert_int_equal(mr_scheduler_run(&s->options, NULL), MR_INVALID);
    free(s);
}

/* Only the scheduler is killed, so what began must end, once. */
static void a_scheduler_killed_at_any_moment_loses_and_doubles_nothing(void **state)
{
    enum { runs = 6, kills = 25 };
    fixture *f = *state;
    stage *s = make_stage(f, "0.01");
    char ids[runs][mr_run_id_bytes_max];
    mr_random random;
    pid_t pid;

    mr_random_seed(&random, 11);
    for (int index = 0; index < runs; index++) {
        const mr_run run = add_run(f, MR_RUN_MANUAL, "all");

        memcpy(ids[index], run.id, sizeof run.id);
    }
    for (int index = 0; index < kills; index++) {
        pid = start_scheduler(s);
        (void)poll(NULL, 0, (int)mr_random_below(&random, 60)); /* any moment of its work */
        assert_int_equal(end_scheduler(pid, SIGKILL), -SIGKILL);
    }
    pid = start_scheduler(s);
    for (int index = 0; index < runs; index++) {
        assert_int_equal(wait_for_end(f, ids[index]).state, MR_RUN_SUCCESS);
    }
    while (!mr_scheduler_is_at_work(f->folder)) { /* all may have been done by those before it */
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(end_scheduler(pid, SIGTERM), 0);
    assert_int_equal(count_lines(s, "begin silver"), runs);
    assert_int_equal(count_lines(s, "end silver"), runs);
    assert_int_equal(count_lines(s, "begin gold"), runs);
    assert_int_equal(count_lines(s, "end gold"), runs);
    free(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_run_that_is_asked_for_begins_at_once),
        TEST(bronze_that_grows_is_followed),
        TEST(bronze_that_has_not_grown_since_is_left_alone),
        TEST(a_scheduler_that_ends_leaves_its_run_to_the_next),
        TEST(a_run_is_cancelled_from_outside),
        TEST(without_a_scheduler_a_run_is_carried_out_here),
        TEST(settings_that_make_no_sense_end_it),
        TEST(a_scheduler_killed_at_any_moment_loses_and_doubles_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
