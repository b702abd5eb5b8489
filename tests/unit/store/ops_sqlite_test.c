/* SPDX-License-Identifier: Apache-2.0 */
/* ops_sqlite_test.c - API keys and the fate of dead letters. */
#define _GNU_SOURCE /* memmem */
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/civil.h"
#include "store/ops.h"
#include "store_fixture.h"

typedef struct ops_fixture {
    store_fixture base;
    mr_ops *ops;
} ops_fixture;

static int open_ops(void **state)
{
    ops_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));

    fixture_make_folder(&fixture->base);
    assert_int_equal(mr_ops_open(fixture->base.folder, &fixture->ops, NULL), MR_OK);
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

/* By another connection, as another process would. */
static void exec_raw(const ops_fixture *fixture, const char *sql)
{
    char path[2 * fixture_path_bytes_max];
    sqlite3 *handle = NULL;

    (void)snprintf(path, sizeof(path), "%s/ops.db", fixture->base.folder);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static int64_t generation_of(mr_ops *ops)
{
    int64_t generation = -1;

    assert_int_equal(mr_ops_key_generation(ops, &generation, NULL), MR_OK);
    return generation;
}

static void a_key_opens_until_it_is_revoked(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max];
    mr_api_key found;

    assert_int_equal(mr_ops_key_add(ops, "till", 0, key, NULL), MR_OK);
    assert_int_equal(strlen(key), 46);
    assert_memory_equal(key, "mr_", 3);
    assert_int_equal(strspn(key + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
                     43);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    assert_string_equal(found.name, "till");
    assert_memory_equal(found.prefix, key, 11);
    assert_int_equal(found.expires_ms, 0);
    assert_int_equal(mr_ops_key_revoke(ops, "till", NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_key_revoke(ops, "till", NULL), MR_NOT_FOUND);
}

static void no_other_key_opens(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max], other[mr_api_key_bytes_max];
    mr_api_key found;
    size_t index;

    assert_int_equal(mr_ops_key_add(ops, "till", 0, key, NULL), MR_OK);
    for (index = 0; index < 45; index++) { /* the last digit has bits that no byte has */
        memcpy(other, key, sizeof(key));
        other[index] = other[index] == 'x' ? 'y' : 'x';
        assert_int_equal(mr_ops_key_check(ops, mr_text_of(other), &found, NULL), MR_NOT_FOUND);
        assert_int_equal(mr_ops_key_check(ops, (mr_text){key, index}, &found, NULL), MR_NOT_FOUND);
    }
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(""), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_key_check(ops, MR_TEXT_ABSENT, &found, NULL), MR_NOT_FOUND);
}

static void the_key_itself_is_nowhere_on_disk(void **state)
{
    ops_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max], key[mr_api_key_bytes_max];
    char *content = mr_alloc(1048576);
    size_t bytes;
    FILE *file;

    assert_int_equal(mr_ops_key_add(fixture->ops, "till", 0, key, NULL), MR_OK);
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

static void a_name_stands_for_one_valid_key(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max] = "untouched";
    mr_err err;

    assert_int_equal(mr_ops_key_add(ops, "till", 0, key, NULL), MR_OK);
    (void)snprintf(key, sizeof(key), "untouched");
    assert_int_equal(mr_ops_key_add(ops, "till", 0, key, &err), MR_EXISTS);
    assert_string_equal(key, "untouched");
    assert_non_null(strstr(err.message, "'till'"));
    assert_int_equal(mr_ops_key_add(ops, "Till", 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_revoke(ops, "till", NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "till", 0, key, NULL), MR_OK);
}

static void odd_names_and_past_ends_are_refused(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max], name[66];

    memset(name, 'n', sizeof(name));
    name[65] = '\0';
    assert_int_equal(mr_ops_key_add(ops, name, 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, name + 1, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "", 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, "a\nb", 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, "\xff", 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, "past", mr_now_ms() - 1, key, NULL), MR_INVALID);
}

static void an_expired_key_opens_nothing_and_frees_its_name(void **state)
{
    ops_fixture *fixture = *state;
    char key[mr_api_key_bytes_max];
    mr_api_key found;
    mr_ops *ops = fixture->ops;

    assert_int_equal(mr_ops_key_add(ops, "till", mr_now_ms() + 3600000, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    assert_true(found.expires_ms > mr_now_ms());
    exec_raw(fixture, "UPDATE api_key SET expires_ms = 1");
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_key_add(ops, "till", 0, key, NULL), MR_OK);
}

static bool append_key(void *ctx, const mr_api_key *key)
{
    return mr_buffer_printf(ctx, "%s%s ", key->name, key->revoked_ms != 0 ? "(revoked)" : "") &&
           strcmp(key->name, "last") != 0;
}

static void keys_are_listed_as_they_came(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max];
    mr_buffer list;

    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_ops_key_add(ops, "b", 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "a", 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "last", 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "unseen", 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_revoke(ops, "b", NULL), MR_OK);
    assert_int_equal(mr_ops_keys(ops, append_key, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "b(revoked) a last ");
    mr_buffer_free(&list);
}

static void the_generation_tells_of_every_change(void **state)
{
    ops_fixture *fixture = *state;
    char key[mr_api_key_bytes_max];
    mr_ops *watcher = NULL;
    int64_t before;

    assert_int_equal(mr_ops_open(fixture->base.folder, &watcher, NULL), MR_OK);
    before = generation_of(watcher);
    assert_int_equal(mr_ops_key_add(fixture->ops, "till", 0, key, NULL), MR_OK);
    assert_true(generation_of(watcher) > before);
    before = generation_of(watcher);
    assert_int_equal(mr_ops_key_add(fixture->ops, "till", 0, key, NULL), MR_EXISTS);
    assert_int_equal(mr_ops_key_revoke(fixture->ops, "nobody", NULL), MR_NOT_FOUND);
    assert_int_equal(generation_of(watcher), before);
    assert_int_equal(mr_ops_key_revoke(fixture->ops, "till", NULL), MR_OK);
    assert_true(generation_of(watcher) > before);
    mr_ops_close(watcher);
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
        status = mr_ops_key_add(ops, name, 0, key, NULL);
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

static void a_letter_is_open_until_it_is_marked(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    mr_letter_state letter = MR_LETTER_DISCARDED;

    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_OPEN);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 7, MR_LETTER_RETRIED, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_RETRIED);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 7, MR_LETTER_DISCARDED, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_DISCARDED);
    assert_int_equal(mr_ops_letter_state(ops, 1, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_OPEN);
}

static void a_letter_of_an_unknown_state_is_corrupt(void **state)
{
    ops_fixture *fixture = *state;
    mr_letter_state letter;

    exec_raw(fixture, "INSERT INTO dead_letter VALUES (0, 1, 9, 0)");
    assert_int_equal(mr_ops_letter_state(fixture->ops, 0, 1, &letter, NULL), MR_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ops, close_ops)

int main(int argc, char **argv)
{
    if (argc == 3) {
        return add_key(argv[1], argv[2]);
    }
    static const struct CMUnitTest tests[] = {
        TEST(a_key_opens_until_it_is_revoked),
        TEST(no_other_key_opens),
        TEST(the_key_itself_is_nowhere_on_disk),
        TEST(a_name_stands_for_one_valid_key),
        TEST(odd_names_and_past_ends_are_refused),
        TEST(an_expired_key_opens_nothing_and_frees_its_name),
        TEST(keys_are_listed_as_they_came),
        TEST(the_generation_tells_of_every_change),
        TEST(two_handles_of_a_process_see_what_others_change),
        TEST(a_letter_is_open_until_it_is_marked),
        TEST(a_letter_of_an_unknown_state_is_corrupt),
    };

    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
