/* SPDX-License-Identifier: Apache-2.0 */
/* base/file_test.c - files, folders and their errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/millrace-file-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void test_replace_then_read(void **state)
{
    char *path = mr_path_join(folder, "a.json");
    mr_buffer content = {.bytes_max = 100};

    (void)state;
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("first"), NULL), MR_OK);
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("second"), NULL), MR_OK);
    assert_int_equal(mr_file_read(path, &content, NULL), MR_OK);
    assert_true(mr_text_equal(mr_buffer_text(&content), MR_TEXT_LITERAL("second")));
    assert_int_equal(mr_file_read(path, &content, NULL), MR_OK);
    assert_int_equal(content.bytes, 12);
    mr_buffer_free(&content);
    assert_int_equal(unlink(path), 0); /* and the folder is empty: no temporary file is left */
    free(path);
}

static void test_read_stops_at_the_cap(void **state)
{
    char *path = mr_path_join(folder, "b");
    mr_buffer content = {.bytes_max = 5};
    mr_err err;

    (void)state;
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("12345"), NULL), MR_OK);
    assert_int_equal(mr_file_read(path, &content, NULL), MR_OK);
    mr_buffer_clear(&content);
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("123456"), NULL), MR_OK);
    assert_int_equal(mr_file_read(path, &content, &err), MR_LIMIT);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(content.bytes, 0);
    mr_buffer_free(&content);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void test_errors_name_the_file(void **state)
{
    mr_buffer content = {.bytes_max = 5};
    mr_err err;

    (void)state;
    assert_int_equal(mr_file_read("/tmp/millrace-none/x", &content, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "/tmp/millrace-none/x"));
    assert_int_equal(mr_file_read(folder, &content, &err), MR_IO);
    assert_int_equal(mr_file_replace("/tmp/millrace-none/x", MR_TEXT_LITERAL(""), &err), MR_IO);
    assert_int_equal(mr_write_all(-1, "x", 1, &err), MR_IO);
    assert_int_equal(mr_folder_create("", &err), MR_INVALID);
    assert_int_equal(mr_folder_create("/dev/null/x", &err), MR_IO);
    assert_non_null(strstr(err.message, "/dev/null"));
    mr_buffer_free(&content);
}

static void test_a_full_disk_is_told_apart(void **state)
{
    mr_err err;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    if (full == NULL) {
        skip();
    }
    assert_int_equal(mr_write_all(fileno(full), "x", 1, &err), MR_FULL);
    assert_int_equal(err.action, MR_RETRY);
    (void)fclose(full);
}

static void test_folders_are_private_and_made_with_their_parents(void **state)
{
    char *outer = mr_path_join(folder, "x");
    char *inner = mr_path_join(outer, "y");
    struct stat info;

    (void)state;
    assert_int_equal(mr_folder_create(inner, NULL), MR_OK);
    assert_int_equal(mr_folder_create(inner, NULL), MR_OK);
    assert_int_equal(stat(inner, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(outer), 0);
    assert_true(mr_disk_free_bytes(folder) > 0);
    assert_true(mr_disk_free_bytes("/tmp/millrace-none/x") == 0);
    free(inner);
    free(outer);
}

static void test_paths_join_with_one_slash(void **state)
{
    static const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *path = mr_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_then_read),
        cmocka_unit_test(test_read_stops_at_the_cap),
        cmocka_unit_test(test_errors_name_the_file),
        cmocka_unit_test(test_a_full_disk_is_told_apart),
        cmocka_unit_test(test_folders_are_private_and_made_with_their_parents),
        cmocka_unit_test(test_paths_join_with_one_slash),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
