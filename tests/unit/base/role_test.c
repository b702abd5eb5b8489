/* SPDX-License-Identifier: Apache-2.0 */
/* base/role_test.c - roles seen from the same and from other processes. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/role.h"

typedef struct fixture {
    char folder[64];
} fixture;

typedef struct seen_roles {
    size_t count;
    mr_role_state states[4];
} seen_roles;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static int set_up(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);

    (void)snprintf(f->folder, sizeof f->folder, "/tmp/millrace-role-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static bool remember(void *ctx, const mr_role_state *state)
{
    seen_roles *seen = ctx;

    assert_true(seen->count < 4);
    seen->states[seen->count++] = *state;
    return true;
}

static seen_roles list(const fixture *f)
{
    seen_roles seen = {0};

    assert_int_equal(mr_role_list(f->folder, remember, &seen, NULL), MR_OK);
    return seen;
}

static void write_file(const fixture *f, const char *name, const char *content)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/run/%s", f->folder, name);
    assert_int_equal(mr_file_replace(path, mr_text_of(content), NULL), MR_OK);
}

static void an_open_role_is_listed_as_alive_with_what_it_told(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;
    seen_roles seen;

    assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
    mr_role_set_address(role, "127.0.0.1:8000");
    seen = list(f);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.states[0].role, "gateway");
    assert_true(seen.states[0].alive);
    assert_int_equal(seen.states[0].pid, getpid());
    assert_string_equal(seen.states[0].address, "127.0.0.1:8000");
    assert_true(seen.states[0].started_ms > 0);
    assert_true(seen.states[0].updated_ms >= seen.states[0].started_ms);
    mr_role_close(role);
}

static void totals_are_written_with_the_next_write(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;
    seen_roles seen;

    assert_int_equal(mr_role_open(f->folder, "processor", &role, NULL), MR_OK);
    mr_role_update(role, 541909, 3);
    mr_role_set_address(role, "");
    seen = list(f);
    assert_int_equal(seen.states[0].events, 541909);
    assert_int_equal(seen.states[0].errors, 3);
    assert_string_equal(seen.states[0].address, "");
    mr_role_close(role);
}

static void an_error_is_written_at_once_and_as_one_line(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;
    seen_roles seen;

    assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
    mr_role_set_error(role, "disk is full\nevents 99\nerrors 99");
    seen = list(f);
    assert_string_equal(seen.states[0].last_error, "disk is full events 99 errors 99");
    assert_true(seen.states[0].last_error_ms > 0);
    assert_int_equal(seen.states[0].events, 0);
    mr_role_close(role);
}

static void a_second_open_is_refused_and_names_the_holder(void **state)
{
    const fixture *f = *state;
    mr_role *first = NULL;
    mr_role *second = NULL;
    char pid[32];
    mr_err err;

    assert_int_equal(mr_role_open(f->folder, "up", &first, NULL), MR_OK);
    assert_int_equal(mr_role_open(f->folder, "up", &second, &err), MR_EXISTS);
    assert_null(second);
    (void)snprintf(pid, sizeof pid, "process %d", (int)getpid());
    assert_non_null(strstr(err.message, pid));
    assert_non_null(strstr(err.message, f->folder));
    mr_role_close(first);
    assert_int_equal(mr_role_open(f->folder, "up", &second, NULL), MR_OK);
    mr_role_close(second);
}

static void looking_does_not_hold_the_lock(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;

    assert_int_equal(mr_role_open(f->folder, "up", &role, NULL), MR_OK);
    mr_role_close(role);
    assert_false(list(f).states[0].alive);
    assert_int_equal(mr_role_open(f->folder, "up", &role, NULL), MR_OK);
    mr_role_close(role);
}

static void a_closed_role_leaves_no_state(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;
    seen_roles seen;

    assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
    mr_role_close(role);
    mr_role_close(NULL);
    seen = list(f);
    assert_int_equal(seen.count, 1);
    assert_false(seen.states[0].alive);
    assert_int_equal(seen.states[0].pid, 0);
}

static void a_role_whose_process_died_is_listed_as_dead_with_its_last_words(void **state)
{
    const fixture *f = *state;
    int wait_status = 0;
    seen_roles seen;
    const pid_t pid = fork();

    if (pid == 0) {
        mr_role *role = NULL;

        if (mr_role_open(f->folder, "gateway", &role, NULL) == MR_OK) {
            mr_role_set_address(role, "127.0.0.1:1");
        }
        _exit(0); /* without mr_role_close, as a killed process */
    }
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    seen = list(f);
    assert_int_equal(seen.count, 1);
    assert_false(seen.states[0].alive);
    assert_int_equal(seen.states[0].pid, pid);
    assert_string_equal(seen.states[0].address, "127.0.0.1:1");
}

static void a_folder_that_no_role_used_has_none(void **state)
{
    const fixture *f = *state;
    char missing[96];
    seen_roles seen = {0};

    assert_int_equal(list(f).count, 0);
    (void)snprintf(missing, sizeof missing, "%s/missing", f->folder);
    assert_int_equal(mr_role_list(missing, remember, &seen, NULL), MR_OK);
    assert_int_equal(seen.count, 0);
}

static void spoiled_state_files_are_survived(void **state)
{
    static const char *const spoiled[] = {
        "",
        "\n",
        "millrace-role 2\npid 7\n",
        "pid 7\n",
        "millrace-role 1\npid",
        "millrace-role 1\n\n \n",
        "millrace-role 1\npid -3\nevents 99999999999999999999999\nunknown 1\nstarted_ms x\n",
    };
    const fixture *f = *state;
    mr_role *role = NULL;

    assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
    mr_role_close(role);
    for (size_t index = 0; index < sizeof spoiled / sizeof spoiled[0]; index++) {
        seen_roles seen;

        write_file(f, "gateway.state", spoiled[index]);
        seen = list(f);
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.states[0].pid, 0);
        assert_int_equal(seen.states[0].events, 0);
    }
}

static void overlong_fields_of_a_state_file_are_cut(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;
    char content[1024] = "millrace-role 1\naddress ";
    const size_t head = strlen(content);
    seen_roles seen;

    assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
    mr_role_close(role);
    memset(content + head, 'a', 900);
    write_file(f, "gateway.state", content);
    seen = list(f);
    assert_int_equal(strlen(seen.states[0].address), sizeof seen.states[0].address - 1);
}

static void a_role_without_a_place_for_its_files_fails_and_says_where(void **state)
{
    const fixture *f = *state;
    char path[96];
    mr_role *role = NULL;
    mr_err err;

    (void)snprintf(path, sizeof path, "%s/file", f->folder);
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("x"), NULL), MR_OK);
    assert_int_not_equal(mr_role_open(path, "gateway", &role, &err), MR_OK);
    assert_non_null(strstr(err.message, path));
}

/* A socket with a name without a file, as `millrace up` and systemd offer one. */
static int offer_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t bytes = sizeof address;
    char name[64];
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    (void)snprintf(name, sizeof name, "@%.*s", (int)(bytes - sizeof(sa_family_t) - 1),
                   address.sun_path + 1);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void restarts_are_told_by_the_supervisor(void **state)
{
    const fixture *f = *state;
    mr_role *role = NULL;

    assert_int_equal(mr_role_open(f->folder, "up", &role, NULL), MR_OK);
    mr_role_set_restarts(role, "gateway 2,web 11");
    const mr_role_state up = list(f).states[0];
    assert_int_equal(mr_role_restarts(&up, "gateway"), 2);
    assert_int_equal(mr_role_restarts(&up, "web"), 11);
    assert_int_equal(mr_role_restarts(&up, "processor"), 0);
    assert_int_equal(mr_role_restarts(&up, "we"), 0);
    mr_role_close(role);
}

static void readiness_is_told_once(void **state)
{
    const fixture *f = *state;
    const int fd = offer_socket();
    char message[32] = "";
    mr_role *role = NULL;

    assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
    mr_role_ready(role);
    mr_role_ready(role);
    assert_int_equal(recv(fd, message, sizeof message - 1, MSG_DONTWAIT), 7);
    assert_string_equal(message, "READY=1");
    assert_int_equal(recv(fd, message, sizeof message - 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    mr_role_close(role);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    (void)close(fd);
}

static void readiness_without_a_listener_is_no_failure(void **state)
{
    static const char *const names[] = {"", "@", "nonsense", "/nowhere/at/all", "@gone"};
    const fixture *f = *state;

    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        mr_role *role = NULL;

        assert_int_equal(setenv("NOTIFY_SOCKET", names[index], 1), 0);
        assert_int_equal(mr_role_open(f->folder, "gateway", &role, NULL), MR_OK);
        mr_role_ready(role);
        assert_true(list(f).states[0].alive);
        mr_role_close(role);
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

#define ROLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLE_TEST(an_open_role_is_listed_as_alive_with_what_it_told),
        ROLE_TEST(totals_are_written_with_the_next_write),
        ROLE_TEST(an_error_is_written_at_once_and_as_one_line),
        ROLE_TEST(a_second_open_is_refused_and_names_the_holder),
        ROLE_TEST(looking_does_not_hold_the_lock),
        ROLE_TEST(a_closed_role_leaves_no_state),
        ROLE_TEST(a_role_whose_process_died_is_listed_as_dead_with_its_last_words),
        ROLE_TEST(a_folder_that_no_role_used_has_none),
        ROLE_TEST(spoiled_state_files_are_survived),
        ROLE_TEST(overlong_fields_of_a_state_file_are_cut),
        ROLE_TEST(a_role_without_a_place_for_its_files_fails_and_says_where),
        ROLE_TEST(restarts_are_told_by_the_supervisor),
        ROLE_TEST(readiness_is_told_once),
        ROLE_TEST(readiness_without_a_listener_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
