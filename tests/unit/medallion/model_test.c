/* SPDX-License-Identifier: Apache-2.0 */
/* model_test.c - reading a model's file. */
#include "medallion_fixture.h"

#include "medallion/model.h"

#define HEADER                              \
    "-- name: silver.lines\n"               \
    "-- mode: merge\n"                      \
    "-- from: bronze.sales_events\n"        \
    "-- keys: id\n"                         \
    "-- column: id long, not null: a key\n" \
    "-- column: total decimal(28,4), sum: money\n"

static mr_model *parse(const char *text)
{
    mr_model *model = NULL;
    mr_err err;

    if (mr_model_parse("m.sql", mr_text_of(text), &model, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return model;
}

static void assert_refused(const char *text, const char *message)
{
    mr_model *model = NULL;
    mr_err err;

    assert_int_equal(mr_model_parse("m.sql", mr_text_of(text), &model, &err), MR_INVALID);
    if (strstr(err.message, message) == NULL) {
        fail_msg("'%s' does not hold '%s'", err.message, message);
    }
    assert_null(model);
}

static void assert_reads(const char *select, const char *expected)
{
    char text[4096];
    char names[1024] = "";

    (void)snprintf(text, sizeof(text), HEADER "%s", select);
    mr_model *model = parse(text);
    for (size_t i = 0; i < model->reference_count; i++) {
        (void)strncat(names, i == 0 ? "" : " ", sizeof(names) - strlen(names) - 1);
        (void)strncat(names, model->references[i], sizeof(names) - strlen(names) - 1);
    }
    assert_string_equal(names, expected);
    mr_model_free(model);
}

static void header_and_select_are_taken_apart(void **state)
{
    (void)state;
    mr_model *model = parse(HEADER "-- description: Lines, once: each\n"
                                   "-- order: id\n"
                                   "-- file_bytes: 8MiB\n"
                                   "-- a remark without a key\n"
                                   "-- check: accepted_values id 1 2 'it, or not' null\n"
                                   "\n"
                                   "SELECT id, total -- of all\nFROM bronze.sales_events;\n");
    assert_string_equal(model->name, "silver.lines");
    assert_string_equal(model->layer, "silver");
    assert_string_equal(model->table, "lines");
    assert_string_equal(model->description, "Lines, once: each");
    assert_int_equal(model->mode, MR_MODEL_MERGE);
    assert_int_equal(model->file_bytes, 8 << 20);
    assert_int_equal(model->column_count, 2);
    assert_true(model->columns[0].not_null);
    assert_string_equal(model->columns[1].type, "decimal(28,4)");
    assert_string_equal(model->columns[1].description, "money");
    assert_int_equal(model->columns[1].rule, MR_RULE_SUM);
    assert_int_equal(model->checks[0].value_count, 4);
    assert_string_equal(model->checks[0].values[2], "'it, or not'");
    assert_string_equal(model->sql, "SELECT id, total -- of all\nFROM bronze.sales_events");
    assert_true(model->hash >= 0);
    mr_model_free(model);
}

static void a_text_may_say_how_long_it_is(void **state)
{
    (void)state;
    mr_model *model = parse(HEADER "-- column: code string(32), same: a code\n"
                                   "-- column: id_bytes binary(16), same\n"
                                   "-- column: word string, same\n"
                                   "SELECT 1");
    assert_string_equal(model->columns[2].type, "string");
    assert_int_equal(model->columns[2].length_max, 32);
    assert_string_equal(model->columns[3].type, "binary");
    assert_int_equal(model->columns[3].length_max, 16);
    assert_int_equal(model->columns[4].length_max, 0);
    mr_model_free(model);
    assert_refused(HEADER "-- column: x string(0)\nSELECT 1", "column x: a type is");
    assert_refused(HEADER "-- column: x string(32\nSELECT 1", "column x: a type is");
    assert_refused(HEADER "-- column: x long(8)\nSELECT 1", "column x: a type is");
}

static void a_change_of_the_text_changes_the_hash(void **state)
{
    (void)state;
    mr_model *one = parse(HEADER "SELECT id, total FROM bronze.sales_events");
    mr_model *other = parse(HEADER "SELECT id, total + 1 FROM bronze.sales_events");
    assert_int_not_equal(one->hash, other->hash);
    mr_model_free(one);
    mr_model_free(other);
}

static void tables_of_from_and_join_are_found(void **state)
{
    (void)state;
    assert_reads("SELECT * FROM bronze.a", "bronze.a");
    assert_reads("select * from bronze.a x, silver.b y where x.c = y.d", "bronze.a silver.b");
    assert_reads("SELECT * FROM (SELECT 1 FROM silver.a) s JOIN silver.b ON true",
                 "silver.a silver.b");
    assert_reads("SELECT * FROM bronze.a WHERE x IN (SELECT y FROM bronze.a)", "bronze.a");
    assert_reads("WITH w AS (SELECT 1 FROM silver.a) SELECT * FROM w", "silver.a");
    assert_reads("SELECT * FROM \"silver\".\"b\" CROSS JOIN `gold`.`c`", "silver.b gold.c");
    assert_reads("SELECT * FROM (silver.a LEFT JOIN silver.b USING (k))", "silver.a silver.b");
}

static void what_only_looks_like_a_table_is_none(void **state)
{
    (void)state;
    assert_reads("SELECT ' FROM silver.x' FROM silver.a -- JOIN silver.y", "silver.a");
    assert_reads("SELECT /* FROM silver.x */ 1 FROM silver.a", "silver.a");
    assert_reads("SELECT extract(year FROM t.d), trim(both FROM t.x) FROM silver.a t", "silver.a");
    assert_reads("SELECT a.b, c.d FROM silver.a a WHERE a.b IS DISTINCT FROM c.d", "silver.a");
    assert_reads("SELECT x FROM silver.a t GROUP BY t.x, t.y ORDER BY t.x, t.y", "silver.a");
}

static void faults_are_named_with_their_line(void **state)
{
    (void)state;
    assert_refused("-- name: bronze.x\nSELECT 1", "m.sql:1: a name is silver.table or gold.table");
    assert_refused("\n-- mode: often\nSELECT 1", "m.sql:2: a mode is insert");
    assert_refused("-- name: silver.x\n-- colour: red\nSELECT 1", "m.sql:2: there is no entry");
    assert_refused(HEADER "-- column: id long\nSELECT 1", "m.sql:7: column id stands twice");
    assert_refused(HEADER "-- column: x int\nSELECT 1", "column x: a type is");
    assert_refused(HEADER "-- column: x decimal(39,4)\nSELECT 1", "column x: a type is");
    assert_refused(HEADER "-- column: x long\nSELECT 1", "column x: a rule is missing");
    assert_refused(HEADER "-- column: x long, latest by y\nSELECT 1", "there is no column y");
    assert_refused(HEADER "-- check: pretty id\nSELECT 1", "a check is not_null");
    assert_refused(HEADER "-- check: accepted_range id 1\nSELECT 1", "accepted_range wants");
    assert_refused(HEADER "-- check: accepted_range id 1 now()\nSELECT 1", "neither a number");
    assert_refused(HEADER "-- check: references id silver\nSELECT 1", "references wants");
    assert_refused(HEADER "-- check: not_null other\nSELECT 1", "there is no column other");
    assert_refused(HEADER "DELETE FROM silver.lines", "stands a SELECT, not 'DELETE'");
    assert_refused(HEADER "SELECT (1 FROM silver.a", "a bracket is not closed");
    assert_refused(HEADER "", "stands a SELECT");
    assert_refused("SELECT 1", "the header has no 'name'");
    assert_refused("-- name: gold.x\n-- mode: replace\n-- from: silver.a\n-- keys: k\n"
                   "-- column: k long\nSELECT 1",
                   "wants a 'group'");
    assert_refused("-- name: gold.x\n-- mode: insert\n-- from: silver.a\n-- keys: k\n"
                   "-- lookup: k\n-- column: k long\nSELECT 1",
                   "'lookup' is for mode merge");
    assert_refused("-- name: gold.x\n-- mode: insert\n-- from: silver.a\n-- keys: k\n"
                   "-- index: gold.y\n-- column: k long\nSELECT 1",
                   "'index' is for mode insert, with 'prune'");
    assert_refused(HEADER "-- index: y\nSELECT 1", "'index' is layer.table");
    assert_refused(HEADER "-- index: gold.y id between a\nSELECT 1", "'index' is layer.table");
    assert_refused("-- name: gold.x\n-- mode: insert\n-- from: silver.a\n-- keys: k\n-- prune: k\n"
                   "-- index: gold.y day between a b\n-- column: k long\nSELECT 1",
                   "there is no column day");
    assert_refused("-- name: gold.x\n-- mode: view\n-- from: silver.a\nSELECT 1", "a view has no");
}

static void what_is_no_text_is_refused(void **state)
{
    mr_model *model = NULL;
    mr_err err;

    (void)state;
    assert_int_equal(mr_model_parse("m", (mr_text){"a\0b", 3}, &model, &err), MR_INVALID);
    assert_int_equal(mr_model_parse("m", (mr_text){"\xff", 1}, &model, &err), MR_INVALID);
    assert_int_equal(mr_model_parse("m", (mr_text){NULL, 0}, &model, &err), MR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_select_are_taken_apart),
        cmocka_unit_test(a_text_may_say_how_long_it_is),
        cmocka_unit_test(a_change_of_the_text_changes_the_hash),
        cmocka_unit_test(tables_of_from_and_join_are_found),
        cmocka_unit_test(what_only_looks_like_a_table_is_none),
        cmocka_unit_test(faults_are_named_with_their_line),
        cmocka_unit_test(what_is_no_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
