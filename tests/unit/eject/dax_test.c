/* SPDX-License-Identifier: Apache-2.0 */
/* A metric's measure has the same parts as its SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eject/dax.h"

static void expect(const mr_metrics *metrics, const char *name, const char *dax)
{
    mr_buffer out;

    mr_buffer_init(&out, 4096);
    mr_put_dax(&out, mr_metrics_find(metrics, name), "  ");
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, dax);
    mr_buffer_free(&out);
}

static void test_each_form(void **state)
{
    mr_metrics *metrics = mr_metrics_load();

    (void)state;
    expect(metrics, "sales",
           "CALCULATE ( SUM ( 'fact_sales'[Amount] ), KEEPFILTERS ( 'dim_invoice'[IsCancelled] = "
           "FALSE () ) )");
    expect(metrics, "customers", "DISTINCTCOUNTNOBLANK ( 'fact_sales'[CustomerID] )");
    expect(metrics, "loyal_customers",
           "COUNTROWS ( FILTER ( VALUES ( 'fact_sales'[CustomerID] ), NOT ( ISBLANK ( "
           "'fact_sales'[CustomerID] ) ) && [Orders] > 1 ) )");
    expect(metrics, "cancellation_rate",
           "ROUND ( DIVIDE ( [Cancelled orders], [Orders] + [Cancelled orders] ), 6 )");
    expect(metrics, "returning_customers",
           "VAR since = MIN ( 'dim_date'[DateID] )\n  RETURN\n      COUNTROWS ( FILTER ( VALUES ( "
           "'fact_sales'[CustomerID] ), NOT ( ISBLANK ( 'fact_sales'[CustomerID] ) ) && [Orders] > "
           "0 && "
           "CALCULATE ( MIN ( 'fact_sales'[DateID] ), ALLEXCEPT ( 'fact_sales', "
           "'fact_sales'[CustomerID] ), 'dim_invoice'[IsCancelled] = FALSE () ) < since ) )");
    mr_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_form)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
