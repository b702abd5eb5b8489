/* SPDX-License-Identifier: Apache-2.0 */
/* engine_spark_test.c - Spark keeps the contract of engines, and its job ends as it should.
 *
 * MR_TEST_SPARK names spark-submit (scripts/test.sh); without it the tests that need one are
 * skipped.
 */
#include "engine_contract.h"

#include "medallion/spark.h"

/* MR_TEST_SPARK_MASTER: a cluster's (tests/peers/lake/spark-cluster.sh), instead of this machine's.
 */
static mr_spark_options spark_options(const lake_fixture *f)
{
    const char *master = getenv("MR_TEST_SPARK_MASTER");

    return (mr_spark_options){.submit = getenv("MR_TEST_SPARK"),
                              .master = master != NULL ? master : "local[2]",
                              .properties = getenv("MR_TEST_SPARK_PROPERTIES"),
                              .log_folder = f->folder};
}

/* The same lines arrive in both lakes, in the same pieces. */
static void arrive(lake_fixture *const lakes[2], int first, int end, const char *date)
{
    for (int i = 0; i < 2; i++) {
        lake_arrive(lakes[i], first, end, date);
    }
}

static void bring_up(lake_fixture *f, mr_engine *engine, bool full_refresh)
{
    mr_run_options options = lake_options(f);

    options.kept_engine = engine;
    options.full_refresh = full_refresh;
    mr_run_report *report = lake_run(&options);
    for (size_t i = 0; i < report->model_count; i++) {
        if (report->models[i].state == MR_MODEL_FAILED) {
            fail_msg("%s: %s", report->models[i].model->name, report->models[i].message);
        }
    }
    assert_true(report->ok);
    assert_string_equal(report->engine, engine == NULL ? "duckdb" : "spark");
    mr_run_report_free(report);
}

static void make_same(lake_fixture *const lakes[2], mr_engine *engine, bool full_refresh,
                      const char *when)
{
    char what[128];

    bring_up(lakes[0], NULL, full_refresh);
    bring_up(lakes[1], engine, full_refresh);
    for (size_t i = 0; i < mr_models_count(lakes[0]->models); i++) {
        const mr_model *model = mr_models_at(lakes[0]->models, i);
        if (model->mode != MR_MODEL_VIEW) {
            (void)snprintf(what, sizeof(what), "%s, %s (- DuckDB, + Spark)", model->name, when);
            lake_read_table(lakes[0], model->name, "by_duckdb");
            lake_read_other(lakes[0], lakes[1], model->name, "by_spark");
            lake_assert_same(lakes[0], what, "by_duckdb", "by_spark");
        }
    }
}

/* Random lines: late, repeated, out of order, cancelled, of guests, at equal instants. More steps
 * with more lines (MR_TEST_SPARK_LINES): they take minutes. */
static void every_table_is_the_same(mr_engine *engine, lake_fixture *spark_lake, const char *asked)
{
    lake_fixture *const lakes[2] = {lake_open(NULL), spark_lake};
    const int lines = asked != NULL ? (int)strtol(asked, NULL, 10) : 2000;
    const int half = lines / 2;

    for (int i = 0; i < 2; i++) {
        lake_make_arrivals(lakes[i], lines, lines * 9 / 10, 20);
    }
    arrive(lakes, 0, half, "2026-11-20");
    make_same(lakes, engine, false, "from nothing");
    arrive(lakes, half, lines, "2026-11-21");
    arrive(lakes, 0, 50, "2026-11-22"); /* again */
    make_same(lakes, engine, false, "an increment");
    if (asked != NULL) {
        arrive(lakes, 0, half, "2026-11-23");
        make_same(lakes, engine, false, "repeats alone");
        make_same(lakes, engine, true, "made anew");
    }
    lake_close(lakes[0]);
}

static void keeps_the_contract(void **state)
{
    lake_fixture *f = lake_open(NULL);
    const mr_spark_options options = spark_options(f);

    (void)state;
    if (options.submit == NULL) {
        lake_close(f);
        skip();
    }
    mr_engine *engine = mr_engine_spark_create(f->blobs, &options);
    assert_string_equal(mr_engine_name(engine), "spark");
    assert_false(mr_engine_is_shared(engine));
    contract_sql(engine);
    contract_files(f, engine);
    every_table_is_the_same(engine, f, getenv("MR_TEST_SPARK_LINES"));
    mr_engine_close(engine);
    lake_close(f);
}

/* A program that is not there, and one that ends at once: each says so, and is not tried twice. */
static void what_does_not_start_says_why(void **state)
{
    lake_fixture *f = lake_open(NULL);
    mr_spark_options options = spark_options(f);
    int64_t count = 0;
    mr_err fault;

    (void)state;
    options.submit = "/nowhere/spark-submit";
    mr_engine *engine = mr_engine_spark_create(f->blobs, &options);
    assert_int_equal(mr_engine_count(engine, "SELECT 1", &count, &fault), MR_UNAVAILABLE);
    assert_non_null(strstr(fault.message, "MILLRACE_SPARK_SUBMIT"));
    mr_engine_close(engine);

    put_file(f->folder, "submit/spark-submit",
             "#!/bin/sh\necho 'no Java here: Error of the test' >&2\nexit 3\n");
    char *program = mr_path_join(f->folder, "submit/spark-submit");
    assert_int_equal(chmod(program, 0700), 0);
    options.submit = program;
    engine = mr_engine_spark_create(f->blobs, &options);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mr_engine_count(engine, "SELECT 1", &count, &fault), MR_UNAVAILABLE);
        assert_non_null(strstr(fault.message, "no Java here: Error of the test; its log: "));
    }
    mr_engine_close(engine);
    free(program);
    lake_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_contract),
        cmocka_unit_test(what_does_not_start_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
