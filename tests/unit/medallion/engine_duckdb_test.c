/* SPDX-License-Identifier: Apache-2.0 */
/* engine_duckdb_test.c - the engine in this process keeps the contract of engines. */
#include "engine_contract.h"

static void keeps_the_contract(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_engine *engine = NULL;
    mr_engine *second = NULL;

    (void)state;
    OK(mr_engine_duckdb_open(f->olap, f->connection, &engine, &err));
    assert_string_equal(mr_engine_name(engine), "duckdb");
    contract_sql(engine);
    contract_files(f, engine);
    assert_true(mr_engine_is_shared(engine));
    OK(mr_engine_another(engine, &second, &err));
    contract_expect(second, "SELECT count(*) FROM pending", "3\n");
    mr_engine_close(second);
    mr_engine_close(engine);
    lake_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_the_contract)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
