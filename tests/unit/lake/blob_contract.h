/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_contract.h - what every blob store must do, as one suite of tests.
 *
 * A test program for a backend makes a lake_fixture whose blobs are empty in a setup function and
 * runs BLOB_CONTRACT_TESTS(setup, teardown).
 */
#ifndef MR_TESTS_BLOB_CONTRACT_H
#define MR_TESTS_BLOB_CONTRACT_H

#include "lake/lake_fixture.h"

#include <pthread.h>

#include "base/civil.h"

static inline void contract_expect(mr_blobs *blobs, const char *name, const char *content)
{
    mr_buffer out;
    mr_err err;

    mr_buffer_init(&out, 1 << 20);
    fixture_ok(mr_blob_read(blobs, name, &out, &err), &err);
    assert_true(mr_text_equal(mr_buffer_text(&out), mr_text_of(content)));
    mr_buffer_free(&out);
}

static inline void what_is_created_is_read(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    static const char odd[] = {0, 1, '\xff', '\n', 0};
    int64_t before_ms = mr_now_ms();
    mr_buffer out;
    mr_blob blob;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "a/b/c.bin", (mr_text){odd, sizeof odd}, &err), &err);
    mr_buffer_init(&out, 1 << 20);
    assert_true(mr_buffer_append(&out, "x", 1)); /* appended to */
    fixture_ok(mr_blob_read(blobs, "a/b/c.bin", &out, &err), &err);
    assert_int_equal(out.bytes, 1 + sizeof odd);
    assert_memory_equal(out.data + 1, odd, sizeof odd);
    mr_buffer_free(&out);
    fixture_ok(mr_blob_find(blobs, "a/b/c.bin", &blob, &err), &err);
    assert_string_equal(blob.name, "a/b/c.bin");
    assert_int_equal(blob.bytes, sizeof odd);
    assert_true(blob.modified_ms >= before_ms - 1000 && blob.modified_ms <= mr_now_ms() + 1000);
    fixture_ok(mr_blob_create(blobs, "empty", mr_text_of(""), &err), &err);
    contract_expect(blobs, "empty", "");
}

static inline void a_name_is_created_once(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "a", mr_text_of("first"), &err), &err);
    assert_int_equal(mr_blob_create(blobs, "a", mr_text_of("second"), &err), MR_EXISTS);
    contract_expect(blobs, "a", "first");
    fixture_ok(mr_blob_replace(blobs, "a", mr_text_of("third"), &err), &err);
    contract_expect(blobs, "a", "third");
    fixture_ok(mr_blob_replace(blobs, "new/b", mr_text_of("fourth"), &err), &err);
    contract_expect(blobs, "new/b", "fourth");
}

static inline void what_is_not_there_is_not_found(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_buffer out;
    mr_blob blob;
    mr_err err;

    mr_buffer_init(&out, 16);
    fixture_ok(mr_blob_create(blobs, "a/b", mr_text_of("x"), &err), &err);
    assert_int_equal(mr_blob_read(blobs, "no/where", &out, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "no/where"));
    assert_int_equal(mr_blob_find(blobs, "nowhere", &blob, &err), MR_NOT_FOUND);
    assert_int_equal(mr_blob_find(blobs, "a/b/c", &blob, &err), MR_NOT_FOUND);
    assert_int_equal(mr_blob_find(blobs, "a", &blob, &err), MR_NOT_FOUND); /* no blob: a folder */
    assert_int_equal(mr_blob_copy(blobs, "nowhere", "c", &err), MR_NOT_FOUND);
    assert_int_equal(mr_blob_import_file(blobs, "/nonexistent/file", "c", &err), MR_NOT_FOUND);
    fixture_ok(mr_blob_delete(blobs, "nowhere", &err), &err);
    fixture_ok(mr_blob_delete(blobs, "a/b", &err), &err);
    assert_int_equal(mr_blob_find(blobs, "a/b", &blob, &err), MR_NOT_FOUND);
    mr_buffer_free(&out);
}

static inline void a_blob_larger_than_the_buffer_is_refused(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_buffer out;
    mr_err err;

    mr_buffer_init(&out, 3);
    fixture_ok(mr_blob_create(blobs, "a", mr_text_of("four"), &err), &err);
    assert_int_equal(mr_blob_read(blobs, "a", &out, &err), MR_LIMIT);
    assert_int_equal(out.bytes, 0);
    mr_buffer_free(&out);
}

static inline void names_that_could_leave_the_lake_are_refused(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    static const char *const names[] = {"",  "/etc/passwd", "../x",  "a/../b", "a//b",    "a/",
                                        ".", "..",          "a/./b", "_stage", "_stage/x"};
    char longest[1100];
    mr_buffer out;
    mr_blob blob;
    mr_err err;

    mr_buffer_init(&out, 16);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(mr_blob_create(blobs, names[i], mr_text_of("x"), &err), MR_INVALID);
        assert_int_equal(mr_blob_replace(blobs, names[i], mr_text_of("x"), &err), MR_INVALID);
        assert_int_equal(mr_blob_read(blobs, names[i], &out, &err), MR_INVALID);
        assert_int_equal(mr_blob_find(blobs, names[i], &blob, &err), MR_INVALID);
        assert_int_equal(mr_blob_delete(blobs, names[i], &err), MR_INVALID);
        assert_int_equal(mr_blob_copy(blobs, "a", names[i], &err), MR_INVALID);
        assert_int_equal(mr_blob_copy(blobs, names[i], "a", &err), MR_INVALID);
        assert_int_equal(mr_blob_import_file(blobs, "/dev/null", names[i], &err), MR_INVALID);
        assert_int_equal(mr_blob_path(blobs, names[i], &out, &err), MR_INVALID);
    }
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0'; /* one part too long */
    assert_int_equal(mr_blob_create(blobs, longest, mr_text_of("x"), &err), MR_INVALID);
    longest[255] = '\0';
    fixture_ok(mr_blob_create(blobs, longest, mr_text_of("x"), &err), &err);
    mr_buffer_free(&out);
}

/* --- Lists ------------------------------------------------------------------------------------ */

typedef struct contract_names {
    char text[512];
    size_t most, count;
} contract_names;

static inline bool contract_note(void *ctx, const mr_blob *blob)
{
    contract_names *names = ctx;

    (void)strcat(names->text, blob->name);
    (void)strcat(names->text, " ");
    return ++names->count < names->most;
}

static inline void contract_expect_list(mr_blobs *blobs, const char *prefix, const char *start,
                                        const char *expected)
{
    contract_names names = {.most = 100};
    mr_err err;

    fixture_ok(mr_blob_list(blobs, prefix, start, contract_note, &names, &err), &err);
    assert_string_equal(names.text, expected);
}

static inline void names_are_listed_in_the_order_of_their_bytes(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    static const char *const names[] = {"b/1", "a.c", "a/z", "a/b/2", "a/b/10",
                                        "a-b", "c",   "a0",  "a/b.x"};
    contract_names first = {.most = 2};
    mr_err err;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fixture_ok(mr_blob_create(blobs, names[i], mr_text_of("x"), &err), &err);
    }
    contract_expect_list(blobs, "", NULL, "a-b a.c a/b.x a/b/10 a/b/2 a/z a0 b/1 c ");
    contract_expect_list(blobs, "a/", NULL, "a/b.x a/b/10 a/b/2 a/z ");
    contract_expect_list(blobs, "a/b", NULL, "a/b.x a/b/10 a/b/2 ");
    contract_expect_list(blobs, "a/b/", NULL, "a/b/10 a/b/2 ");
    contract_expect_list(blobs, "a/b/", "a/b/2", "a/b/2 ");
    contract_expect_list(blobs, "", "a/b/11", "a/b/2 a/z a0 b/1 c ");
    contract_expect_list(blobs, "", "a/c", "a/z a0 b/1 c ");
    contract_expect_list(blobs, "", "b0", "c ");
    contract_expect_list(blobs, "nothing/", NULL, "");
    contract_expect_list(blobs, "c/", NULL, "");
    contract_expect_list(blobs, "a", "b", "");
    fixture_ok(mr_blob_list(blobs, "", NULL, contract_note, &first, &err), &err);
    assert_string_equal(first.text, "a-b a.c ");
    assert_int_equal(mr_blob_list(blobs, "../", NULL, contract_note, &first, &err), MR_INVALID);
}

static inline bool contract_note_folder(void *ctx, const char *name)
{
    const mr_blob blob = {.name = name};

    return contract_note(ctx, &blob);
}

static inline void folders_are_told_one_level_at_a_time(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    static const char *const names[] = {"a/b/1", "a/b/c/2", "a/d", "a-b/1", "a0/1", "e"};
    static const char *const expected[][2] = {
        {"", "a-b/ a/ a0/ "}, {"a/", "a/b/ "}, {"a/b/", "a/b/c/ "}, {"nothing/", ""}};
    contract_names first = {.most = 1};
    mr_err err;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fixture_ok(mr_blob_create(blobs, names[i], mr_text_of("x"), &err), &err);
    }
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        contract_names all = {.most = 100};
        fixture_ok(mr_blob_folders(blobs, expected[i][0], contract_note_folder, &all, &err), &err);
        assert_string_equal(all.text, expected[i][1]);
    }
    fixture_ok(mr_blob_folders(blobs, "", contract_note_folder, &first, &err), &err);
    assert_string_equal(first.text, "a-b/ ");
    assert_int_equal(mr_blob_folders(blobs, "../", contract_note_folder, &first, &err), MR_INVALID);
}

/* --- Files ------------------------------------------------------------------------------------ */

static inline void contract_write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void a_finished_file_becomes_a_blob(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    char file[512];
    char *stage = NULL;
    mr_buffer path;
    mr_err err;

    fixture_ok(mr_blobs_stage(blobs, &stage, &err), &err);
    (void)snprintf(file, sizeof file, "%s/rows.parquet", stage);
    contract_write_file(file, "rows");
    fixture_ok(mr_blob_import_file(blobs, file, "t/day=1/part-1", &err), &err);
    assert_int_not_equal(access(file, F_OK), 0); /* it moved */
    contract_write_file(file, "others");
    assert_int_equal(mr_blob_import_file(blobs, file, "t/day=1/part-1", &err), MR_EXISTS);
    assert_int_equal(access(file, F_OK), 0);
    fixture_ok(mr_blobs_sync(blobs, &err), &err);
    contract_expect(blobs, "t/day=1/part-1", "rows");
    mr_buffer_init(&path, 4096);
    fixture_ok(mr_blob_path(blobs, "t/day=1/part-1", &path, &err), &err);
    assert_true(mr_buffer_append(&path, "", 1));
    assert_int_equal(access(path.data, R_OK), 0);
    mr_buffer_free(&path);
    contract_expect_list(blobs, "", NULL, "t/day=1/part-1 "); /* what is staged is no blob */
    (void)snprintf(file, sizeof file, "%s", stage);
    mr_blobs_unstage(blobs, stage);
    assert_int_not_equal(access(file, F_OK), 0);
    mr_blobs_unstage(blobs, NULL);
}

static inline void a_copy_is_a_blob_of_its_own(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "silver/part-1", mr_text_of("rows"), &err), &err);
    fixture_ok(mr_blob_copy(blobs, "silver/part-1", "gold/x/part-1", &err), &err);
    assert_int_equal(mr_blob_copy(blobs, "silver/part-1", "gold/x/part-1", &err), MR_EXISTS);
    fixture_ok(mr_blob_delete(blobs, "silver/part-1", &err), &err);
    contract_expect(blobs, "gold/x/part-1", "rows");
}

/* --- Many at once ----------------------------------------------------------------------------- */

enum { contract_threads = 16, contract_rounds = 8 };

typedef struct contract_racer {
    mr_blobs *blobs;
    int number;
    int won[contract_rounds];
    bool failed;
} contract_racer;

static inline void *contract_race(void *ctx)
{
    contract_racer *self = ctx;

    for (int round = 0; round < contract_rounds; round++) {
        char name[32];
        char content[32];
        (void)snprintf(name, sizeof name, "race/new-%d/x", round);
        (void)snprintf(content, sizeof content, "%d", self->number);
        mr_status status = mr_blob_create(self->blobs, name, mr_text_of(content), NULL);
        self->won[round] = status == MR_OK ? 1 : 0;
        self->failed = self->failed || (status != MR_OK && status != MR_EXISTS);
    }
    return NULL;
}

static inline void of_many_creators_one_wins(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    pthread_t threads[contract_threads];
    contract_racer racers[contract_threads];

    for (int i = 0; i < contract_threads; i++) {
        racers[i] = (contract_racer){.blobs = blobs, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, contract_race, &racers[i]), 0);
    }
    for (int i = 0; i < contract_threads; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(racers[i].failed);
    }
    for (int round = 0; round < contract_rounds; round++) {
        int winners = 0;
        for (int i = 0; i < contract_threads; i++) {
            if (racers[i].won[round] == 1) {
                char name[32];
                char content[32];
                (void)snprintf(name, sizeof name, "race/new-%d/x", round);
                (void)snprintf(content, sizeof content, "%d", i);
                contract_expect(blobs, name, content);
                winners++;
            }
        }
        assert_int_equal(winners, 1);
    }
}

static inline void contract_name_many(void *ctx, size_t index, char *name, size_t room)
{
    (void)ctx;
    (void)snprintf(name, room, "many/%zu", index);
}

static inline void many_are_deleted_and_no_other(void **state)
{
    enum { many = 40 };
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    char name[32];
    mr_blob blob;
    mr_err err;

    for (size_t i = 0; i < many + 1; i += 3) { /* what is not there is no error */
        contract_name_many(NULL, i, name, sizeof name);
        fixture_ok(mr_blob_create(blobs, name, mr_text_of("x"), &err), &err);
    }
    fixture_ok(mr_blobs_delete(blobs, contract_name_many, NULL, many - 1, &err), &err);
    for (size_t i = 0; i < many - 1; i++) {
        contract_name_many(NULL, i, name, sizeof name);
        assert_int_equal(mr_blob_find(blobs, name, &blob, &err), MR_NOT_FOUND);
    }
    contract_expect(blobs, "many/39", "x");
}

#define BLOB_CONTRACT_TEST(name, setup, teardown) \
    cmocka_unit_test_setup_teardown(name, setup, teardown)

#define BLOB_CONTRACT_TESTS(setup, teardown)                                               \
    BLOB_CONTRACT_TEST(what_is_created_is_read, setup, teardown),                          \
        BLOB_CONTRACT_TEST(a_name_is_created_once, setup, teardown),                       \
        BLOB_CONTRACT_TEST(what_is_not_there_is_not_found, setup, teardown),               \
        BLOB_CONTRACT_TEST(a_blob_larger_than_the_buffer_is_refused, setup, teardown),     \
        BLOB_CONTRACT_TEST(names_that_could_leave_the_lake_are_refused, setup, teardown),  \
        BLOB_CONTRACT_TEST(names_are_listed_in_the_order_of_their_bytes, setup, teardown), \
        BLOB_CONTRACT_TEST(folders_are_told_one_level_at_a_time, setup, teardown),         \
        BLOB_CONTRACT_TEST(a_finished_file_becomes_a_blob, setup, teardown),               \
        BLOB_CONTRACT_TEST(a_copy_is_a_blob_of_its_own, setup, teardown),                  \
        BLOB_CONTRACT_TEST(many_are_deleted_and_no_other, setup, teardown),                \
        BLOB_CONTRACT_TEST(of_many_creators_one_wins, setup, teardown)

#endif
