/* SPDX-License-Identifier: Apache-2.0 */
/* ops_sqlite_test.c - API keys and the fate of dead letters in a file: ops.h's promises. */
#define _GNU_SOURCE /* memmem */
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "ops_access_contract.h"

static mr_ops *open_handle(const ops_fixture *fixture)
{
    mr_ops *ops = NULL;

    assert_int_equal(mr_ops_open(fixture->base.folder, &ops, NULL), MR_OK);
    return ops;
}

static void exec_raw(const ops_fixture *fixture, const char *sql)
{
    char path[2 * fixture_path_bytes_max];
    sqlite3 *handle = NULL;

    (void)snprintf(path, sizeof(path), "%s/ops.db", fixture->base.folder);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static int open_ops(void **state)
{
    ops_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));

    fixture_make_folder(&fixture->base);
    fixture->open = open_handle;
    fixture->exec = exec_raw;
    fixture->ops = open_handle(fixture);
    *state = fixture;
    return 0;
}

static int close_ops(void **state)
{
    ops_fixture *fixture = *state;

    mr_ops_close(fixture->ops);
    fixture_remove_folder(&fixture->base);
    free(fixture);
    return 0;
}

static void the_key_itself_is_nowhere_on_disk(void **state)
{
    ops_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max], key[mr_api_key_bytes_max];
    char *content = mr_alloc(1048576);
    size_t bytes;
    FILE *file;

    assert_int_equal(mr_ops_key_add(fixture->ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    (void)snprintf(path, sizeof(path), "%s/ops.db-wal", fixture->base.folder);
    file = fopen(path, "r");
    assert_non_null(file);
    bytes = fread(content, 1, 1048576, file);
    assert_int_equal(fclose(file), 0);
    assert_non_null(memmem(content, bytes, "till", 4));
    assert_non_null(memmem(content, bytes, key, 11)); /* what the list shows */
    assert_null(memmem(content, bytes, key, 12));
    free(content);
}

static void beside_a_file_it_is_a_file(void **state)
{
    ops_fixture *fixture = *state;
    const mr_store_options store = {.url = "sqlite:/nowhere/store.db",
                                    .data_folder = fixture->base.folder};
    char key[mr_api_key_bytes_max];
    mr_ops *beside = NULL;

    assert_int_equal(mr_ops_open_beside(&store, &beside, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(beside, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_revoke(fixture->ops, "till", NULL), MR_OK);
    mr_ops_close(beside);
}

/* What `millrace key add` does while a gateway runs: this program again, see main. */
static void add_key_in_another_process(const ops_fixture *fixture, const char *name)
{
    char folder[fixture_path_bytes_max], own_name[64];
    char program[] = "/proc/self/exe";
    char *arguments[] = {program, folder, own_name, NULL};
    int outcome = -1;
    pid_t pid = 0;

    (void)snprintf(folder, sizeof(folder), "%s", fixture->base.folder);
    (void)snprintf(own_name, sizeof(own_name), "%s", name);
    assert_int_equal(posix_spawn(&pid, program, NULL, NULL, arguments, NULL), 0);
    assert_int_equal(waitpid(pid, &outcome, 0), pid);
    assert_true(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
}

static int add_key(const char *folder, const char *name)
{
    char key[mr_api_key_bytes_max];
    mr_ops *ops = NULL;
    mr_status status = mr_ops_open(folder, &ops, NULL);

    if (status == MR_OK) {
        status = mr_ops_key_add(ops, name, MR_USER_NOBODY, 0, key, NULL);
    }
    mr_ops_close(ops);
    return status == MR_OK ? 0 : 1;
}

/* A gateway holds a handle a loop. Opening one more must not cost the others their locks: another
 * process would then take itself for the last one, and its changes would pass unseen. */
static void two_handles_of_a_process_see_what_others_change(void **state)
{
    ops_fixture *fixture = *state;
    int64_t before = generation_of(fixture->ops);
    mr_ops *second = NULL;

    add_key_in_another_process(fixture, "first");
    assert_true(generation_of(fixture->ops) > before);
    assert_int_equal(mr_ops_open(fixture->base.folder, &second, NULL), MR_OK);
    before = generation_of(fixture->ops);
    add_key_in_another_process(fixture, "second");
    assert_true(generation_of(second) > before);
    assert_true(generation_of(fixture->ops) > before);
    before = generation_of(fixture->ops);
    add_key_in_another_process(fixture, "third");
    assert_true(generation_of(fixture->ops) > before);
    mr_ops_close(second);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        return add_key(argv[1], argv[2]);
    }
    static const struct CMUnitTest tests[] = {
        OPS_CONTRACT(open_ops, close_ops),
        OPS_ACCESS_CONTRACT(open_ops, close_ops),
        cmocka_unit_test_setup_teardown(the_key_itself_is_nowhere_on_disk, open_ops, close_ops),
        cmocka_unit_test_setup_teardown(beside_a_file_it_is_a_file, open_ops, close_ops),
        cmocka_unit_test_setup_teardown(two_handles_of_a_process_see_what_others_change, open_ops,
                                        close_ops),
    };

    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
