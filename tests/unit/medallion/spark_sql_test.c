/* SPDX-License-Identifier: Apache-2.0 */
/* spark_sql_test.c - statements of ours as Spark spells them. */
#include "medallion_fixture.h"

#include "medallion/spark_sql.h"

static void each_piece_is_spelled_anew(void **state)
{
    static const char *const pairs[][2] = {
        {"SELECT \"a b\", \"x\"\"y`z\" FROM t", "SELECT `a b`, `x\"y``z` FROM t"},
        {"SELECT 'it''s', '', 'a\\b', '\"n\"'", "SELECT 'it\\'s', '', 'a\\\\b', '\"n\"'"},
        {"SELECT f.a FROM silver.fact_sales f", "SELECT f.a FROM `silver.fact_sales` f"},
        {"SELECT * FROM gold . \"Dim X\" AS d", "SELECT * FROM `gold.Dim X` AS d"},
        {"FROM silver.a JOIN bronze.b ON (a.k = b.k) WHERE",
         "FROM `silver.a` AS `a` JOIN `bronze.b` AS `b` ON (a.k = b.k) WHERE"},
        {"(SELECT * FROM silver.a)", "(SELECT * FROM `silver.a` AS `a`)"},
        {"SELECT silver.a.k FROM silver.a", "SELECT `silver.a`.k FROM `silver.a` AS `a`"},
        {"SELECT t.silver.x, gold FROM t", "SELECT t.silver.x, gold FROM t"},
        {"SELECT 1 -- silver.a 'x' \"y\"\n+ 1.0e0 /* gold.b */",
         "SELECT 1 -- silver.a 'x' \"y\"\n+ 1.0e0 /* gold.b */"},
        {"", ""},
    };
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 4096);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        mr_buffer_clear(&out);
        assert_true(mr_spark_sql(pairs[i][0], &out));
        assert_true(mr_buffer_append(&out, "", 1));
        assert_string_equal(out.data, pairs[i][1]);
    }
    mr_buffer_free(&out);
}

static void what_does_not_fit_says_so(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 16);
    assert_false(mr_spark_sql("SELECT \"a\" FROM somewhere", &out));
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_piece_is_spelled_anew),
        cmocka_unit_test(what_does_not_fit_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
