/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/task_process_test.c - real processes: started, found again by their locks after
 * their starter was killed, ended with all they started.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "orchestrator/fixture.h"
#include "orchestrator/task_process.h"

enum { wait_ms = 20000 };

/* Plays the program: what a task does is its first argument. */
static const char script[] = "#!/bin/sh\n"
                             "case \"$1\" in\n"
                             "done) echo to the log >&2; echo "
                             "\"{\\\"status\\\":\\\"done\\\",\\\"home\\\":\\\"$HERE\\\"}\";;\n"
                             "fail) exit 3;;\n"
                             "die) kill -9 $$;;\n"
                             "hold) read line < \"$2\"; echo '{\"status\":\"done\"}';;\n"
                             "deaf) trap '' TERM; read line < \"$2\";;\n"
                             "esac\n";

typedef struct program {
    char path[128], gate[128];
    mr_task_processes processes;
    char *environment[2];
} program;

static program *make_program(const fixture *f)
{
    static char here[] = "HERE=there";
    program *made = mr_alloc_zero(1, sizeof *made);

    (void)snprintf(made->path, sizeof made->path, "%s/program", f->folder);
    (void)snprintf(made->gate, sizeof made->gate, "%s/gate", f->folder);
    must(mr_file_replace(made->path, mr_text_of(script), err));
    assert_int_equal(chmod(made->path, 0700), 0);
    assert_int_equal(mkfifo(made->gate, 0600), 0);
    made->environment[0] = here;
    made->processes = (mr_task_processes){f->folder, made->path, made->environment};
    return made;
}

static void *start(program *p, const mr_attempt *attempt, const char *what)
{
    const char *const arguments[] = {what, p->gate, NULL};
    void *process = NULL;

    must(mr_task_process_runner.start(&p->processes, attempt, arguments, &process, err));
    return process;
}

static mr_attempt_end wait_for(program *p, void *process)
{
    struct pollfd wait = {.fd = mr_task_process_runner.wait_fd(&p->processes, process),
                          .events = POLLIN};
    mr_attempt_end end = {0};

    assert_true(wait.fd >= 0);
    assert_int_equal(poll(&wait, 1, wait_ms), 1);
    /* The lock goes with the last descriptor, a moment after the process. */
    while (!mr_task_process_runner.has_ended(&p->processes, process, &end)) {
        (void)poll(NULL, 0, 1);
    }
    mr_task_process_runner.close(&p->processes, process);
    return end;
}

static void open_gate(const program *p)
{
    FILE *gate = fopen(p->gate, "w");

    assert_non_null(gate);
    (void)fputs("go\n", gate);
    assert_int_equal(fclose(gate), 0);
}

static void assert_report(program *p, const mr_attempt *attempt, const char *expected)
{
    mr_buffer report;

    mr_buffer_init(&report, 1000);
    must(mr_task_process_runner.report(&p->processes, attempt, &report, err));
    assert_true(mr_buffer_append(&report, "", 1));
    assert_string_equal(report.data, expected);
    mr_buffer_free(&report);
}

static void output_is_the_report_and_the_rest_the_log(void **state)
{
    fixture *f = *state;
    program *p = make_program(f);
    const mr_attempt attempt = {"run-1", "silver", 1};
    const mr_attempt_end end = wait_for(p, start(p, &attempt, "done"));
    char *log_path = mr_task_log_path(f->folder, "run-1", "silver");
    mr_buffer log;

    assert_true(end.exit_known);
    assert_int_equal(end.exit_status, 0);
    assert_report(p, &attempt, "{\"status\":\"done\",\"home\":\"there\"}\n");
    mr_buffer_init(&log, 10000);
    must(mr_file_read(log_path, &log, err));
    assert_true(mr_buffer_append(&log, "", 1));
    assert_non_null(strstr(log.data, "attempt 1: millrace done"));
    assert_non_null(strstr(log.data, "to the log\n"));
    mr_buffer_free(&log);
    free(log_path);
    mr_task_process_runner.forget(&p->processes, "run-1");
    assert_report(p, &attempt, "");
    free(p);
}

static void exits_and_signals_are_told_apart(void **state)
{
    program *p = make_program(*state);
    const mr_attempt failing = {"run-1", "silver", 1}, dying = {"run-1", "silver", 2};

    assert_int_equal(wait_for(p, start(p, &failing, "fail")).exit_status, 3);
    assert_int_equal(wait_for(p, start(p, &dying, "die")).exit_status, 128 + SIGKILL);
    free(p);
}

static void a_program_that_is_not_there_ends_with_127(void **state)
{
    program *p = make_program(*state);
    const mr_attempt attempt = {"run-1", "silver", 1};

    p->processes.program = "/nonexistent";
    assert_int_equal(wait_for(p, start(p, &attempt, "done")).exit_status, 127);
    free(p);
}

static void no_attempt_begins_beside_another(void **state)
{
    program *p = make_program(*state);
    const mr_attempt first = {"run-1", "silver", 1}, second = {"run-1", "silver", 2};
    const char *const arguments[] = {"done", NULL};
    void *process = start(p, &first, "hold"), *other = NULL;
    mr_err err;

    assert_int_equal(mr_task_process_runner.start(&p->processes, &second, arguments, &other, &err),
                     MR_EXISTS);
    assert_null(other);
    open_gate(p);
    assert_int_equal(wait_for(p, process).exit_status, 0);
    free(p);
}

/* In a process of its own, which is then killed as a scheduler might be. */
static void start_and_be_killed(program *p, const mr_attempt *attempt, const char *what)
{
    const pid_t starter = fork();
    int wait_status = 0;

    if (starter == 0) {
        const char *const arguments[] = {what, p->gate, NULL};
        void *process = NULL;

        if (mr_task_process_runner.start(&p->processes, attempt, arguments, &process, NULL) !=
            MR_OK) {
            _exit(1);
        }
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(starter, &wait_status, 0), starter);
    assert_true(WIFSIGNALED(wait_status));
}

/* Until the process has told its number: it may not have come so far yet. */
static void *adopt(program *p, const mr_attempt *attempt)
{
    void *process = NULL;

    must(mr_task_process_runner.adopt(&p->processes, attempt, &process, err));
    while (mr_task_process_runner.wait_fd(&p->processes, process) < 0) {
        mr_task_process_runner.close(&p->processes, process);
        must(mr_task_process_runner.adopt(&p->processes, attempt, &process, err));
    }
    return process;
}

static void a_task_outlives_its_starter_and_is_found_again(void **state)
{
    program *p = make_program(*state);
    const mr_attempt attempt = {"run-1", "silver", 1};
    mr_attempt_end end;
    void *process, *again = NULL;

    start_and_be_killed(p, &attempt, "hold");
    process = adopt(p, &attempt);
    assert_false(mr_task_process_runner.has_ended(&p->processes, process, &end));
    open_gate(p);
    end = wait_for(p, process);
    assert_false(end.exit_known);
    assert_report(p, &attempt, "{\"status\":\"done\"}\n");
    assert_int_equal(mr_task_process_runner.adopt(&p->processes, &attempt, &again, NULL),
                     MR_NOT_FOUND);
    free(p);
}

static void one_that_was_found_again_can_be_ended(void **state)
{
    program *p = make_program(*state);
    const mr_attempt attempt = {"run-1", "silver", 1};
    void *process;

    start_and_be_killed(p, &attempt, "deaf");
    process = adopt(p, &attempt);
    mr_task_process_runner.signal(&p->processes, process, SIGKILL);
    assert_false(wait_for(p, process).exit_known);
    assert_report(p, &attempt, "");
    free(p);
}

static void what_never_ran_is_not_found(void **state)
{
    program *p = make_program(*state);
    const mr_attempt attempt = {"run-1", "silver", 1};
    void *process = NULL;

    assert_int_equal(mr_task_process_runner.adopt(&p->processes, &attempt, &process, NULL),
                     MR_NOT_FOUND);
    assert_null(process);
    free(p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(output_is_the_report_and_the_rest_the_log),
        TEST(exits_and_signals_are_told_apart),
        TEST(a_program_that_is_not_there_ends_with_127),
        TEST(no_attempt_begins_beside_another),
        TEST(a_task_outlives_its_starter_and_is_found_again),
        TEST(one_that_was_found_again_can_be_ended),
        TEST(what_never_ran_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
