/* SPDX-License-Identifier: Apache-2.0 */
/* query/snapshot_test.c - the state of data folders that are missing, empty, and in use. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/data_log.h"
#include "query/snapshot.h"
#include "store/ops.h"

static size_t entries_in(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count - 2; /* "." and ".." */
}

static void a_missing_folder_is_not_created(void **state)
{
    fixture *f = *state;
    mr_snapshot *snapshot = NULL;

    (void)snprintf(f->data, sizeof f->data, "%s/missing", f->folder);
    assert_int_equal(mr_config_set(f->config, "MILLRACE_DATA", f->data, "test", NULL), MR_OK);
    snapshot = mr_snapshot_take(f->config);
    assert_false(snapshot->exists);
    assert_false(mr_snapshot_anything_runs(snapshot));
    assert_int_equal(snapshot->problem_count, 0);
    assert_int_equal(access(f->data, F_OK), -1);
    mr_snapshot_destroy(snapshot);
}

static void looking_at_an_empty_folder_leaves_it_empty(void **state)
{
    fixture *f = *state;
    mr_snapshot *snapshot = mr_snapshot_take(f->config);

    assert_true(snapshot->exists);
    assert_false(snapshot->has_store);
    assert_int_equal(snapshot->problem_count, 0);
    assert_int_equal(entries_in(f->folder), 0);
    mr_snapshot_destroy(snapshot);
}

static void a_running_role_is_seen_with_its_memory(void **state)
{
    fixture *f = *state;
    mr_snapshot *snapshot = NULL;
    mr_role *role = NULL;

    assert_int_equal(mr_role_open(f->data, "gateway", &role, NULL), MR_OK);
    snapshot = mr_snapshot_take(f->config);
    assert_int_equal(snapshot->role_count, 1);
    assert_true(mr_snapshot_anything_runs(snapshot));
    assert_int_equal(snapshot->roles[0].state.pid, getpid());
    assert_true(snapshot->roles[0].resident_bytes > 0);
    mr_snapshot_destroy(snapshot);
    mr_role_close(role);
    snapshot = mr_snapshot_take(f->config);
    assert_int_equal(snapshot->role_count, 0); /* ended in good order: nothing to tell */
    mr_snapshot_destroy(snapshot);
}

static void topics_and_groups_are_seen_with_their_lag(void **state)
{
    fixture *f = *state;
    mr_snapshot *snapshot = NULL;

    append(f, "ingestion-topic", 10);
    publish(f, "store", "ingestion-topic", 4);
    snapshot = mr_snapshot_take(f->config);
    assert_int_equal(snapshot->problem_count, 0);
    assert_int_equal(snapshot->topic_count, 1);
    assert_string_equal(snapshot->topics[0].topic, "ingestion-topic");
    assert_int_equal(snapshot->topics[0].next_offset, 10);
    assert_int_equal(snapshot->group_count, 1);
    assert_string_equal(snapshot->groups[0].info.group, "store");
    assert_int_equal(snapshot->groups[0].lag, 6);
    mr_snapshot_destroy(snapshot);
}

static void dead_letters_are_open_until_they_are_dealt_with(void **state)
{
    fixture *f = *state;
    mr_snapshot *snapshot = NULL;
    mr_ops *ops = NULL;

    append(f, "dead-letter-topic", 5);
    snapshot = mr_snapshot_take(f->config);
    assert_int_equal(snapshot->letters, 5);
    assert_int_equal(snapshot->letters_open, 5);
    mr_snapshot_destroy(snapshot);
    assert_int_equal(mr_ops_open(f->data, &ops, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 1, MR_LETTER_RETRIED, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 4, MR_LETTER_DISCARDED, NULL), MR_OK);
    mr_ops_close(ops);
    snapshot = mr_snapshot_take(f->config);
    assert_int_equal(snapshot->letters, 5);
    assert_int_equal(snapshot->letters_open, 3);
    assert_false(snapshot->letters_open_at_most);
    mr_snapshot_destroy(snapshot);
}

static void a_part_that_cannot_be_read_is_a_problem_and_the_rest_is_shown(void **state)
{
    fixture *f = *state;
    mr_snapshot *snapshot = NULL;

    append(f, "ingestion-topic", 1);
    assert_int_equal(mr_config_set(f->config, "MILLRACE_STORE", "oracle:x", "test", NULL), MR_OK);
    snapshot = mr_snapshot_take(f->config);
    assert_int_equal(snapshot->problem_count, 1);
    assert_non_null(strstr(snapshot->problems[0], "store: "));
    assert_int_equal(snapshot->topic_count, 1);
    mr_snapshot_destroy(snapshot);
}

#define SNAPSHOT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SNAPSHOT_TEST(a_missing_folder_is_not_created),
        SNAPSHOT_TEST(looking_at_an_empty_folder_leaves_it_empty),
        SNAPSHOT_TEST(a_running_role_is_seen_with_its_memory),
        SNAPSHOT_TEST(topics_and_groups_are_seen_with_their_lag),
        SNAPSHOT_TEST(dead_letters_are_open_until_they_are_dealt_with),
        SNAPSHOT_TEST(a_part_that_cannot_be_read_is_a_problem_and_the_rest_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
