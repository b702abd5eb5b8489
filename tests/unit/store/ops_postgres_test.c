/* SPDX-License-Identifier: Apache-2.0 */
/* ops_postgres_test.c - API keys and the fate of dead letters in PostgreSQL: ops.h's promises.
 * Their schema has a fixed name, so every test gets a database. */
#include "ops_access_contract.h"
#include "postgres_fixture.h"

typedef struct postgres_ops_fixture {
    ops_fixture ops;
    char database[postgres_schema_bytes_max];
    char url[postgres_url_bytes_max];
} postgres_ops_fixture;

static mr_ops *open_handle(const ops_fixture *fixture)
{
    const mr_store_options store = {.url = fixture->base.url, .data_folder = "/nowhere"};
    mr_ops *ops = NULL;
    mr_err err;

    if (mr_ops_open_beside(&store, &ops, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return ops;
}

static void exec_raw(const ops_fixture *fixture, const char *sql)
{
    PGconn *conn = postgres_connect(fixture->base.url);

    postgres_exec(conn, "SET search_path = ops");
    postgres_exec(conn, sql);
    PQfinish(conn);
}

static int open_ops(void **state)
{
    postgres_ops_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));

    fixture_make_folder(&fixture->ops.base); /* its name is unique: so is the database's */
    (void)snprintf(fixture->database, sizeof(fixture->database), "test_%.24s",
                   strrchr(fixture->ops.base.folder, '-') + 1);
    postgres_make_database(fixture->database, fixture->url);
    fixture->ops.base.url = fixture->url;
    fixture->ops.open = open_handle;
    fixture->ops.exec = exec_raw;
    fixture->ops.ops = open_handle(&fixture->ops);
    *state = &fixture->ops;
    return 0;
}

static int close_ops(void **state)
{
    postgres_ops_fixture *fixture = *state;

    mr_ops_close(fixture->ops.ops);
    postgres_remove_database(fixture->database);
    fixture_remove_folder(&fixture->ops.base);
    free(fixture);
    return 0;
}

static void a_reader_waits_for_the_first_key(void **state)
{
    ops_fixture *fixture = *state;
    const mr_store_options store = {
        .url = fixture->base.url, .data_folder = "/nowhere", .mode = MR_STORE_READ};
    char key[mr_api_key_bytes_max];
    mr_api_key found;
    mr_ops *reader = NULL;

    fixture->exec(fixture, "ALTER SCHEMA ops RENAME TO hidden");
    assert_int_equal(mr_ops_open_beside(&store, &reader, NULL), MR_NOT_FOUND);
    fixture->exec(fixture, "ALTER SCHEMA hidden RENAME TO ops");
    assert_int_equal(mr_ops_open_beside(&store, &reader, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(fixture->ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(reader, mr_text_of(key), &found, NULL), MR_OK);
    assert_int_not_equal(mr_ops_key_revoke(reader, "till", NULL), MR_OK);
    mr_ops_close(reader);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        OPS_CONTRACT(open_ops, close_ops),
        OPS_ACCESS_CONTRACT(open_ops, close_ops),
        cmocka_unit_test_setup_teardown(a_reader_waits_for_the_first_key, open_ops, close_ops),
    };

    if (postgres_server() == NULL) {
        (void)printf("skipped: MR_TEST_POSTGRES names no server\n");
        return postgres_skipped;
    }
    return cmocka_run_group_tests_name("ops on PostgreSQL", tests, NULL, NULL);
}
