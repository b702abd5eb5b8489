/* SPDX-License-Identifier: Apache-2.0 */
/* A writer killed between any two system calls of a commit: the table is as before, or as after.
 *
 * The child is traced: it stops at the entry and the exit of every system call, and is killed at
 * the n-th such stop, for n = 1, 2, 3 ... until it ends by itself.
 */
#include "lake/lake_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>

enum { stops_max = 2000, exit_done = 42 };

/* In the child: one commit that adds a file, removes another and moves a txn on. */
static void commit_and_exit(const lake_fixture *fixture, int64_t number)
{
    const mr_blobs_options options = {.url = "file:", .data_folder = fixture->folder};
    mr_blobs *blobs = NULL;
    mr_delta_snapshot *base = NULL;
    char path[32];
    int64_t version = -1;

    (void)snprintf(path, sizeof path, "file-%lld", (long long)number);
    if (mr_blobs_open(&options, &blobs, NULL) != MR_OK) {
        _exit(1);
    }
    mr_delta_table *table = mr_delta_table_create(blobs, "bronze/events");
    if (mr_delta_read(table, &base, NULL) != MR_OK) {
        _exit(2);
    }
    const mr_delta_file file = fixture_data_file(path, 3);
    const mr_delta_txn txn = {"app", number};
    const int64_t expected = mr_delta_txn_version(base, "app");
    const mr_delta_commit commit = {.operation = "WRITE",
                                    .adds = &file,
                                    .add_count = 1,
                                    .removes = mr_delta_file_at(base, 0),
                                    .remove_count = 1,
                                    .txns = &txn,
                                    .txn_count = 1,
                                    .txns_expected = &expected,
                                    .data_change = true};
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0) {
        _exit(3);
    }
    _exit(mr_delta_commit_to(table, base, &commit, &version, NULL) == MR_OK ? exit_done : 4);
}

/* Whether the child ended by itself before the stop that was to kill it. */
static bool run_until(pid_t child, int stop)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSTOPPED(status)) {
        fail_msg("the child ended with %d before it was traced", WEXITSTATUS(status));
    }
    for (int i = 0; i < stop; i++) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), exit_done);
            return true;
        }
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return false;
}

/* All of it or nothing: one file, and the txn that belongs to it. */
static int64_t check_whole(lake_fixture *fixture, int64_t version, int64_t number)
{
    mr_delta_table *table = mr_delta_table_create(fixture->blobs, "bronze/events");
    mr_delta_snapshot *snapshot = fixture_read(table);
    int64_t now = mr_delta_version(snapshot);
    int64_t txn = mr_delta_txn_version(snapshot, "app");
    char path[32];

    assert_true(now == version || now == version + 1);
    assert_int_equal(mr_delta_file_count(snapshot), 1);
    if (now == version + 1) {
        (void)snprintf(path, sizeof path, "file-%lld", (long long)number);
        assert_string_equal(mr_delta_file_at(snapshot, 0)->path, path);
        assert_int_equal(txn, number);
    } else {
        assert_true(txn < number);
    }
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(table);
    return now;
}

static void a_kill_at_any_moment_leaves_a_whole_table(void **state)
{
    lake_fixture *fixture = *state;
    int64_t version = 1;
    int before = 0;
    int after = 0;
    bool ended = false;

    fixture_create(fixture->table);
    (void)fixture_append(fixture->table, "first");
    for (int stop = 1; !ended; stop++) {
        assert_true(stop < stops_max);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            commit_and_exit(fixture, stop);
        }
        ended = run_until(child, stop);
        int64_t now = check_whole(fixture, version, stop);
        before += now == version ? 1 : 0;
        after += now == version ? 0 : 1;
        version = now;
        if (after > 8) { /* short of a checkpoint, which has threads of its own */
            break;
        }
    }
    /* Both were seen, and what the dead left behind does not disturb. */
    assert_true(before > 10);
    assert_true(after > 1);
    assert_int_equal(fixture_append(fixture->table, "last"), version + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_kill_at_any_moment_leaves_a_whole_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
