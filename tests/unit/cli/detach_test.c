/* SPDX-License-Identifier: Apache-2.0 */
/* cli/detach_test.c - what the one who waits learns of the one that goes on.
 *
 * Children leave by _exit, so that only this process reports to the test framework.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/detach.h"

typedef struct fixture {
    char folder[64];
    char log_path[96];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/millrace-detach-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->log_path, sizeof f->log_path, "%s/up.log", f->folder);
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
    free(f);
    return 0;
}

static void assert_log(const fixture *f, const char *expected)
{
    mr_buffer log;

    mr_buffer_init(&log, 4096);
    assert_int_equal(mr_file_read(f->log_path, &log, NULL), MR_OK);
    assert_int_equal(log.bytes, strlen(expected));
    assert_memory_equal(log.data, expected, log.bytes);
    mr_buffer_free(&log);
}

static void the_parent_returns_once_the_child_says_that_it_serves(void **state)
{
    const fixture *f = *state;
    mr_detach detach = {.ready_fd = -1};
    bool is_parent = false;
    bool ready = false;

    assert_int_equal(mr_detach_begin(&detach, f->log_path, &is_parent, &ready, NULL), MR_OK);
    if (!is_parent) {
        const bool leads = getsid(0) == getpid();

        (void)fprintf(stderr, leads ? "leader\n" : "no leader\n");
        mr_detach_ready(&detach);
        _exit(0);
    }
    assert_true(ready);
    assert_int_equal(detach.ready_fd, -1);
    assert_true(wait(NULL) > 0);
    assert_log(f, "leader\n");
}

static void the_parent_learns_of_a_child_that_ended_without_a_word(void **state)
{
    const fixture *f = *state;
    mr_detach detach = {.ready_fd = -1};
    bool is_parent = false;
    bool ready = true;

    assert_int_equal(mr_detach_begin(&detach, f->log_path, &is_parent, &ready, NULL), MR_OK);
    if (!is_parent) {
        (void)fprintf(stderr, "no disk\n");
        _exit(1);
    }
    assert_false(ready);
    assert_true(wait(NULL) > 0);
    assert_log(f, "no disk\n");
}

static void a_log_that_cannot_be_opened_fails_in_the_child(void **state)
{
    mr_detach detach = {.ready_fd = -1};
    bool is_parent = false;
    bool ready = true;
    int wait_status = 0;
    mr_err err;
    const mr_status status =
        mr_detach_begin(&detach, "/nonexistent/up.log", &is_parent, &ready, &err);

    (void)state;
    if (!is_parent) {
        _exit(status != MR_OK && strstr(err.message, "/nonexistent/up.log") != NULL ? 7 : 0);
    }
    assert_int_equal(status, MR_OK);
    assert_false(ready);
    assert_true(wait(&wait_status) > 0);
    assert_int_equal(WEXITSTATUS(wait_status), 7);
}

static void readiness_of_what_was_never_detached_is_no_failure(void **state)
{
    mr_detach detach = {.ready_fd = -1};
    struct stat before;
    struct stat after;

    (void)state;
    assert_int_equal(fstat(STDOUT_FILENO, &before), 0);
    mr_detach_ready(&detach);
    assert_int_equal(fstat(STDOUT_FILENO, &after), 0);
    assert_int_equal(detach.ready_fd, -1);
    assert_int_equal(after.st_ino, before.st_ino); /* standard output is left alone */
}

#define DETACH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DETACH_TEST(the_parent_returns_once_the_child_says_that_it_serves),
        DETACH_TEST(the_parent_learns_of_a_child_that_ended_without_a_word),
        DETACH_TEST(a_log_that_cannot_be_opened_fails_in_the_child),
        DETACH_TEST(readiness_of_what_was_never_detached_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
