/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of gold: what is published has the shape of its source; which days can stand alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eject/relation.h"

static void test_shapes_and_days(void **state)
{
    static const struct {
        const char *table, *shape;
        bool by_date;
    } tables[] = {
        {"fact_sales", "silver.fact_sales", true},    /* a line stays where it is */
        {"dim_date", "silver.dim_date", true},        /* a day is its own key */
        {"dim_invoice", "silver.dim_invoice", false}, /* an earlier line moves it to another day */
        {"dim_customer", "silver.dim_customer", false},
        {"mart_sales_by_day", "gold.mart_sales_by_day", true},
        {"mart_orders", "gold.mart_orders", false},
    };
    mr_models *models = NULL;
    mr_relations relations;

    (void)state;
    assert_int_equal(mr_models_load(NULL, &models, NULL), MR_OK);
    assert_int_equal(mr_relations_of(models, &relations, NULL), MR_OK);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const mr_relation *relation = mr_relations_find(&relations, tables[i].table);

        assert_non_null(relation);
        assert_string_equal(relation->shape->name, tables[i].shape);
        assert_int_equal(relation->by_date, tables[i].by_date);
    }
    assert_null(mr_relations_find(&relations, "vw_TotalSales"));
    assert_int_equal(relations.view_count, 6);
    mr_models_free(models);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes_and_days)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
