/* SPDX-License-Identifier: Apache-2.0 */
/* olap_library_test.c - DuckDB is loaded by the first database, by whoever opens it, and what is
 * missing is named. */
#include "olap_fixture.h"

#include <dlfcn.h>
#include <pthread.h>

#include "olap/olap_library.h"

enum { opener_count = 8 };

static bool is_mapped(void)
{
    return dlopen("libduckdb.so", RTLD_NOW | RTLD_NOLOAD) != NULL;
}

static bool is_zero(const mr_duckdb_table *table)
{
    const mr_duckdb_table zero = {0};

    return memcmp(table, &zero, sizeof zero) == 0;
}

static void *open_a_database(void *argument)
{
    pthread_barrier_t *together = argument;
    const mr_olap_options options = {.threads = 1};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    int64_t value = 0;
    mr_err err = {0};

    (void)pthread_barrier_wait(together);
    if (mr_olap_open(&options, &olap, &err) != MR_OK ||
        mr_olap_connect(olap, &connection, &err) != MR_OK ||
        mr_olap_scalar_int64(connection, "SELECT 42", &value, &err) != MR_OK) {
        print_error("%s\n", err.message);
    }
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    return value == 42 ? argument : NULL;
}

/* Before any other test here: what it says of the process is true once. */
static void test_the_first_databases_load_it_together(void **state)
{
    pthread_barrier_t together;
    pthread_t threads[opener_count];

    (void)state;
    assert_false(is_mapped());
    assert_true(is_zero(&mr_duckdb));
    assert_int_equal(pthread_barrier_init(&together, NULL, opener_count), 0);
    for (size_t i = 0; i < opener_count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_a_database, &together), 0);
    }
    for (size_t i = 0; i < opener_count; i++) {
        void *answer = NULL;
        assert_int_equal(pthread_join(threads[i], &answer), 0);
        assert_ptr_equal(answer, &together);
    }
    assert_int_equal(pthread_barrier_destroy(&together), 0);
    assert_true(is_mapped());
    assert_non_null(mr_duckdb.open_ext);
}

static void test_a_missing_library_is_named(void **state)
{
    mr_duckdb_table table = {0};
    mr_err err = {0};

    (void)state;
    assert_int_equal(mr_olap_library_load_file("libabsent-duck.so", &table, &err), MR_IO);
    assert_non_null(strstr(err.message, "libabsent-duck.so cannot be loaded"));
    assert_non_null(strstr(err.message, "No such file"));
    assert_true(is_zero(&table));
}

static void test_a_file_that_is_no_library_is_named(void **state)
{
    mr_duckdb_table table = {0};
    mr_err err = {0};
    char path[] = "/tmp/millrace-library-XXXXXX";
    const int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(mr_write_all(fd, "not an ELF file", 15, NULL), MR_OK);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_olap_library_load_file(path, &table, &err), MR_IO);
    assert_non_null(strstr(err.message, path));
    assert_true(is_zero(&table));
    assert_int_equal(unlink(path), 0);
}

/* As of another version: a library that has none of the functions. The first of the list is told.
 */
static void test_a_missing_function_is_named_with_its_library(void **state)
{
    mr_duckdb_table table = {0};
    mr_err err = {0};

    (void)state;
    assert_int_equal(mr_olap_library_load_file("libm.so.6", &table, &err), MR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "libm.so.6 has no duckdb_append_data_chunk"));
    assert_true(is_zero(&table));
}

static void test_loading_again_changes_nothing(void **state)
{
    const mr_duckdb_table before = mr_duckdb;
    mr_duckdb_table again = {0};
    mr_err err = {0};

    (void)state;
    assert_int_equal(mr_olap_library_load(&err), MR_OK);
    assert_memory_equal(&before, &mr_duckdb, sizeof before);
    assert_int_equal(mr_olap_library_load_file("libduckdb.so", &again, &err), MR_OK);
    assert_memory_equal(&again, &mr_duckdb, sizeof again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_databases_load_it_together),
        cmocka_unit_test(test_a_missing_library_is_named),
        cmocka_unit_test(test_a_file_that_is_no_library_is_named),
        cmocka_unit_test(test_a_missing_function_is_named_with_its_library),
        cmocka_unit_test(test_loading_again_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
