/* SPDX-License-Identifier: Apache-2.0 */
/* store_test.c - store.h's promises on SQLite, and the choice of a backend by URL. The same
 * promises on PostgreSQL: store_postgres_test.c. */
#include "store_contract.h"

static void destroy_sqlite(store_fixture *fixture)
{
    mr_store_close(fixture->store);
    fixture_remove_folder(fixture);
    free(fixture);
}

static store_fixture *create_sqlite(void)
{
    store_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));

    fixture_make_folder(fixture);
    fixture->url = "sqlite:";
    fixture->create = create_sqlite;
    fixture->destroy = destroy_sqlite;
    return fixture;
}

static int open_sqlite(void **state)
{
    store_fixture *fixture = create_sqlite();

    fixture->store = open_store(fixture, MR_STORE_WRITE);
    *state = fixture;
    return 0;
}

static int close_any(void **state)
{
    store_fixture *fixture = *state;

    fixture->destroy(fixture);
    return 0;
}

static void refuses_an_unknown_kind_of_store(void **state)
{
    static const char *const urls[] = {
        "", "sqlite", "sqlit:", "mysql://me:secret@host/shop", ":sqlite:", "postgresql", "service"};
    mr_store_options options = {.data_folder = "/tmp"};
    mr_store *store = NULL;
    mr_err err;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(urls) / sizeof(urls[0]); index++) {
        options.url = urls[index];
        assert_int_equal(mr_store_open(&options, &store, &err), MR_INVALID);
        assert_non_null(strstr(err.message, "sqlite:"));
        assert_null(strstr(err.message, "secret"));
        assert_null(store);
    }
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    mr_store_close(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORE_CONTRACT(open_sqlite, close_any),
        cmocka_unit_test(refuses_an_unknown_kind_of_store),
        cmocka_unit_test(closing_nothing_is_fine),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
