/* SPDX-License-Identifier: Apache-2.0 */
/* cli/supervisor_test.c - the supervisor with real processes.
 *
 * The children are this program again: `supervisor_test <role> <name>`. They append what happens to
 * them to the file $MR_TEST_JOURNAL, a line an event, and the tests read that. Nothing waits for a
 * time: a test ends the supervisor by a signal from within a callback or from a child.
 */
#define _GNU_SOURCE /* nftw, environ */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/role.h"
#include "cli/supervisor.h"

enum { restarts_max = 16, journal_bytes_max = 4096, lag_ms = 30 };

static const char journal_variable[] = "MR_TEST_JOURNAL";
static const char folder_variable[] = "MR_TEST_FOLDER";

/* --- The children ----------------------------------------------------------------------------- */

static void note(const char *name, const char *what)
{
    char line[128];
    const int fd = open(getenv(journal_variable), O_WRONLY | O_APPEND | O_CLOEXEC);

    (void)snprintf(line, sizeof line, "%s %s\n", name, what);
    if (fd < 0 || mr_write_all(fd, line, strlen(line), NULL) != MR_OK) {
        abort();
    }
    (void)close(fd);
}

static void tell_ready(const char *name)
{
    mr_role *role = NULL;

    if (mr_role_open(getenv(folder_variable), name, &role, NULL) != MR_OK) {
        abort();
    }
    mr_role_ready(role);
    mr_role_close(role);
}

/* Serves until SIGTERM; a slow one takes its time to end, so that whoever does not wait for it is
 * found out. A child that hears SIGHUP asks its parent to end. */
static int serve(const char *name, bool slow)
{
    sigset_t signals;
    int number = 0;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    tell_ready(name);
    while (sigwait(&signals, &number) == 0 && number == SIGHUP) {
        note(name, "hup");
        (void)kill(getppid(), SIGTERM);
    }
    if (slow) {
        (void)poll(NULL, 0, lag_ms);
    }
    note(name, "term");
    return 0;
}

static void refuse_to_end(const char *name)
{
    (void)signal(SIGTERM, SIG_IGN);
    note(name, "start");
    tell_ready(name);
    for (;;) {
        (void)pause();
    }
}

static int run_child(const char *what, const char *name)
{
    if (strcmp(what, "tell-output") == 0) {
        struct stat output;
        struct stat errors;

        (void)fstat(STDOUT_FILENO, &output);
        (void)fstat(STDERR_FILENO, &errors);
        note(name, output.st_ino == errors.st_ino ? "shares" : "differs");
        return 2;
    }
    if (strcmp(what, "serve") == 0) {
        return serve(name, false);
    }
    if (strcmp(what, "serve-slowly") == 0) {
        return serve(name, true);
    }
    if (strcmp(what, "refuse-to-end") == 0) {
        refuse_to_end(name);
    }
    note(name, "start");
    if (strcmp(what, "ready-and-fail") == 0) {
        tell_ready(name);
        return 1;
    }
    return strcmp(what, "wrong-usage") == 0 ? 2 : 1; /* "fail" */
}

/* --- The fixture ------------------------------------------------------------------------------ */

typedef struct fixture {
    char folder[64];
    char journal[96];
    mr_supervised children[3];
    char *arguments[3][4];
    mr_supervisor_options options;
    size_t ready_count;
    size_t restart_count;
    uint64_t restart_ms[restarts_max];
    char last_what[128];
    size_t stop_after_restarts; /* 0: never */
    int signals_when_ready[3];  /* sent to this process, in order */
} fixture;

static void on_ready(void *ctx)
{
    fixture *f = ctx;

    f->ready_count++;
    for (size_t index = 0; index < 3 && f->signals_when_ready[index] != 0; index++) {
        (void)kill(getpid(), f->signals_when_ready[index]);
    }
}

static void on_restarting(void *ctx, const char *name, const char *what, uint64_t restart_ms)
{
    fixture *f = ctx;

    (void)name;
    f->restart_ms[f->restart_count % restarts_max] = restart_ms;
    f->restart_count++;
    (void)snprintf(f->last_what, sizeof f->last_what, "%s", what);
    if (f->stop_after_restarts > 0 && f->restart_count >= f->stop_after_restarts &&
        f->ready_count > 0) {
        (void)kill(getpid(), SIGTERM);
    }
}

static int set_up(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);

    (void)snprintf(f->folder, sizeof f->folder, "/tmp/millrace-supervisor-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->journal, sizeof f->journal, "%s/journal", f->folder);
    assert_int_equal(mr_file_replace(f->journal, MR_TEXT_LITERAL(""), NULL), MR_OK);
    assert_int_equal(setenv(journal_variable, f->journal, 1), 0);
    assert_int_equal(setenv(folder_variable, f->folder, 1), 0);
    f->options = (mr_supervisor_options){
        .program = "/proc/self/exe",
        .children = f->children,
        .environment = environ,
        .backoff_ms_min = 1,
        .backoff_ms_max = 4,
        .healthy_ms = 60000,
        .stop_ms = 60000,
        .ctx = f,
        .ready = on_ready,
        .restarting = on_restarting,
    };
    f->signals_when_ready[0] = SIGTERM;
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    fixture *f = *state;

    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t child = 0; child < f->options.child_count; child++) {
        for (size_t index = 0; index < 4; index++) {
            free(f->arguments[child][index]);
        }
    }
    free(f);
    return 0;
}

static void add_child(fixture *f, const char *what, const char *name)
{
    const size_t index = f->options.child_count++;

    f->arguments[index][0] = mr_copy_string("supervisor_test");
    f->arguments[index][1] = mr_copy_string(what);
    f->arguments[index][2] = mr_copy_string(name);
    f->children[index] =
        (mr_supervised){.name = f->arguments[index][2], .argv = f->arguments[index]};
}

static mr_status run(fixture *f, mr_err *err)
{
    return mr_supervisor_run(&f->options, err);
}

static void assert_journal(const fixture *f, const char *expected)
{
    mr_buffer journal;

    mr_buffer_init(&journal, journal_bytes_max);
    assert_int_equal(mr_file_read(f->journal, &journal, NULL), MR_OK);
    assert_true(mr_buffer_append(&journal, "", 1));
    assert_string_equal(journal.data, expected);
    mr_buffer_free(&journal);
}

/* --- Stopping --------------------------------------------------------------------------------- */

static void children_are_stopped_one_after_the_other_in_order(void **state)
{
    fixture *f = *state;

    add_child(f, "serve-slowly", "first");
    add_child(f, "serve-slowly", "second");
    add_child(f, "serve", "third");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_int_equal(f->ready_count, 1);
    assert_int_equal(f->restart_count, 0);
    assert_journal(f, "first term\nsecond term\nthird term\n");
}

static void interrupt_stops_as_well(void **state)
{
    fixture *f = *state;

    f->signals_when_ready[0] = SIGINT;
    add_child(f, "serve", "only");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_journal(f, "only term\n");
}

static void a_child_that_does_not_end_in_time_is_killed(void **state)
{
    fixture *f = *state;

    f->options.stop_ms = 20;
    add_child(f, "refuse-to-end", "stubborn");
    add_child(f, "serve", "polite");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_journal(f, "stubborn start\npolite term\n");
}

static void a_second_signal_kills_at_once(void **state)
{
    fixture *f = *state;

    /* stop_ms is a minute: only the second signal can end this test in time. */
    f->signals_when_ready[0] = SIGTERM;
    f->signals_when_ready[1] = SIGINT;
    add_child(f, "refuse-to-end", "stubborn");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_journal(f, "stubborn start\n");
}

static void hangup_is_passed_on_to_every_child(void **state)
{
    fixture *f = *state;

    f->signals_when_ready[0] = SIGHUP;
    add_child(f, "serve", "only"); /* hears it, and then sends SIGTERM to the supervisor */
    assert_int_equal(run(f, NULL), MR_OK);
    assert_journal(f, "only hup\nonly term\n");
}

static void the_callers_signal_mask_is_restored(void **state)
{
    fixture *f = *state;
    sigset_t mask;

    add_child(f, "serve", "only");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
    assert_int_equal(sigismember(&mask, SIGINT), 0);
    assert_int_equal(sigismember(&mask, SIGHUP), 0);
}

/* --- Restarting ------------------------------------------------------------------------------- */

static void a_child_that_dies_is_restarted_with_growing_waits(void **state)
{
    fixture *f = *state;
    const uint64_t expected[] = {1, 2, 4, 4, 4, 4};

    f->signals_when_ready[0] = 0;
    f->stop_after_restarts = 6;
    add_child(f, "ready-and-fail", "frail");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_int_equal(f->restart_count, 6);
    assert_memory_equal(f->restart_ms, expected, sizeof expected);
    assert_string_equal(f->last_what, "ended with status 1");
    assert_int_equal(f->ready_count, 1);
    assert_journal(f, "frail start\nfrail start\nfrail start\nfrail start\nfrail start\n"
                      "frail start\n");
}

static void a_healthy_life_sets_the_wait_back(void **state)
{
    fixture *f = *state;
    const uint64_t expected[] = {1, 1, 1};

    f->options.healthy_ms = 0;
    f->signals_when_ready[0] = 0;
    f->stop_after_restarts = 3;
    add_child(f, "ready-and-fail", "frail");
    assert_int_equal(run(f, NULL), MR_OK);
    assert_memory_equal(f->restart_ms, expected, sizeof expected);
}

static void the_other_children_live_on_while_one_is_restarted(void **state)
{
    fixture *f = *state;
    mr_buffer journal;
    const char *first = NULL;

    f->signals_when_ready[0] = 0;
    f->stop_after_restarts = 3;
    f->options.backoff_ms_max = 20;
    add_child(f, "serve", "steady");
    add_child(f, "ready-and-fail", "frail");
    assert_int_equal(run(f, NULL), MR_OK);
    mr_buffer_init(&journal, journal_bytes_max);
    assert_int_equal(mr_file_read(f->journal, &journal, NULL), MR_OK);
    assert_true(mr_buffer_append(&journal, "", 1));
    first = strstr(journal.data, "steady");
    assert_non_null(first);
    assert_string_equal(first, "steady term\n"); /* once, and that at the end */
    mr_buffer_free(&journal);
}

static void wrong_usage_is_not_retried_and_ends_the_others(void **state)
{
    fixture *f = *state;
    mr_err err;

    f->signals_when_ready[0] = 0;
    add_child(f, "serve", "innocent");
    add_child(f, "wrong-usage", "confused");
    assert_int_equal(run(f, &err), MR_INVALID);
    assert_int_equal(f->restart_count, 0);
    assert_int_equal(f->ready_count, 0);
    assert_non_null(strstr(err.message, "confused"));
}

static void a_child_that_never_becomes_ready_is_given_up(void **state)
{
    fixture *f = *state;
    mr_err err;

    f->signals_when_ready[0] = 0;
    add_child(f, "fail", "hopeless");
    assert_int_equal(run(f, &err), MR_UNAVAILABLE);
    assert_int_equal(f->restart_count, mr_supervisor_start_attempts_max - 1);
    assert_non_null(strstr(err.message, "hopeless"));
    assert_non_null(strstr(err.message, "ended with status 1"));
    assert_journal(f, "hopeless start\nhopeless start\nhopeless start\nhopeless start\n"
                      "hopeless start\n");
}

static void a_program_that_cannot_be_started_is_given_up(void **state)
{
    fixture *f = *state;
    mr_err err;

    f->options.program = "/nonexistent/millrace";
    f->signals_when_ready[0] = 0;
    add_child(f, "serve", "missing");
    assert_int_equal(run(f, &err), MR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "ended with status 127"));
}

static void standard_output_is_not_handed_to_children(void **state)
{
    fixture *f = *state;
    int output[2];
    const int saved = dup(STDOUT_FILENO);

    assert_int_equal(pipe(output), 0);
    add_child(f, "tell-output", "child");
    assert_true(dup2(output[1], STDOUT_FILENO) >= 0);
    (void)run(f, NULL);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    (void)close(output[0]);
    (void)close(output[1]);
    (void)close(saved);
    assert_journal(f, "child shares\n");
}

/* --- Death of the supervisor ------------------------------------------------------------------ */

static void children_die_with_a_killed_supervisor(void **state)
{
    fixture *f = *state;
    int alive[2];
    char byte = 0;
    int wait_status = 0;
    pid_t pid = -1;

    /* The supervisor and its children inherit the writing end: end of file means all are gone. */
    assert_int_equal(pipe(alive), 0);
    f->signals_when_ready[0] = SIGKILL;
    add_child(f, "refuse-to-end", "first");
    add_child(f, "refuse-to-end", "second");
    pid = fork();
    if (pid == 0) {
        (void)close(alive[0]);
        _exit(run(f, NULL) == MR_OK ? 0 : 1);
    }
    (void)close(alive[1]);
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    assert_true(WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL);
    assert_int_equal(read(alive[0], &byte, 1), 0);
    (void)close(alive[0]);
}

#define SUPERVISOR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SUPERVISOR_TEST(children_are_stopped_one_after_the_other_in_order),
        SUPERVISOR_TEST(interrupt_stops_as_well),
        SUPERVISOR_TEST(a_child_that_does_not_end_in_time_is_killed),
        SUPERVISOR_TEST(a_second_signal_kills_at_once),
        SUPERVISOR_TEST(hangup_is_passed_on_to_every_child),
        SUPERVISOR_TEST(the_callers_signal_mask_is_restored),
        SUPERVISOR_TEST(a_child_that_dies_is_restarted_with_growing_waits),
        SUPERVISOR_TEST(a_healthy_life_sets_the_wait_back),
        SUPERVISOR_TEST(the_other_children_live_on_while_one_is_restarted),
        SUPERVISOR_TEST(wrong_usage_is_not_retried_and_ends_the_others),
        SUPERVISOR_TEST(a_child_that_never_becomes_ready_is_given_up),
        SUPERVISOR_TEST(a_program_that_cannot_be_started_is_given_up),
        SUPERVISOR_TEST(standard_output_is_not_handed_to_children),
        SUPERVISOR_TEST(children_die_with_a_killed_supervisor),
    };

    if (argc == 3) {
        return run_child(argv[1], argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
