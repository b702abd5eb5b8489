/* SPDX-License-Identifier: Apache-2.0 */
/* spark_log_test.c - logs are kept in a limited number, and asked for what matters in them. */
#include "medallion_fixture.h"

#include <dirent.h>

#include "medallion/spark_log.h"

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void the_last_ten_stay(void **state)
{
    char folder[] = "/tmp/millrace-logs-XXXXXX";
    struct dirent **entries = NULL;
    char *path = NULL;
    mr_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 12; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "logs/16000000000%02d-1.log", i);
        put_file(folder, name, "old\n");
    }
    put_file(folder, "logs/notes.txt", "not ours\n");
    char *logs = mr_path_join(folder, "logs");
    assert_int_equal(mr_spark_log_new(logs, &path, &err), MR_OK);
    const int count = scandir(logs, &entries, is_file, alphasort);
    assert_int_equal(count, mr_spark_logs_max + 1);
    assert_string_equal(entries[0]->d_name, "1600000000003-1.log");
    assert_string_equal(entries[count - 1]->d_name, "notes.txt");
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    free(path);
    free(logs);
    remove_folder(folder);
}

static void the_last_error_is_what_matters(void **state)
{
    char folder[] = "/tmp/millrace-logs-XXXXXX";
    char line[mr_spark_log_line_bytes_max];

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "logs/a.log",
             "WARN begins\njava.lang.IllegalArgumentException: first\n"
             "Exception in thread main: second\n\tat Error.java:1\nWARN ends\n\n");
    put_file(folder, "logs/b.log", "one\ntwo\n");
    put_file(folder, "logs/c.log", "");
    char *path = mr_path_join(folder, "logs/a.log");
    mr_spark_log_fault(path, line);
    assert_string_equal(line, "Exception in thread main: second");
    path[strlen(path) - strlen("a.log")] = 'b';
    mr_spark_log_fault(path, line);
    assert_string_equal(line, "two");
    path[strlen(path) - strlen("b.log")] = 'c';
    mr_spark_log_fault(path, line);
    assert_string_equal(line, "it says nothing");
    free(path);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_ten_stay),
        cmocka_unit_test(the_last_error_is_what_matters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
