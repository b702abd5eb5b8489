/* SPDX-License-Identifier: Apache-2.0 */
/* spark_properties_test.c - Spark's properties as its own reader takes them. */
#include "medallion_fixture.h"

#include "medallion/spark_properties.h"

static void lines_are_names_and_values(void **state)
{
    char folder[] = "/tmp/millrace-properties-XXXXXX";
    mr_spark_properties properties;
    mr_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "conf/spark.conf",
             "# a comment = no property\n\n"
             "spark.executor.memory 4g\r\n"
             "  spark.executor.cores=2\n"
             "spark.x : a b=c  \n"
             "spark.executor.memory\t8g\n"
             "alone\n");
    char *path = mr_path_join(folder, "conf/spark.conf");
    assert_int_equal(mr_spark_properties_read(path, &properties, &err), MR_OK);
    assert_int_equal(properties.count, 4);
    assert_string_equal(mr_spark_property(&properties, "spark.executor.cores"), "2");
    assert_string_equal(mr_spark_property(&properties, "spark.x"), "a b=c");
    assert_string_equal(mr_spark_property(&properties, "spark.executor.memory"), "8g");
    assert_null(mr_spark_property(&properties, "alone"));
    mr_spark_properties_free(&properties);
    free(path);

    assert_int_equal(mr_spark_properties_read(NULL, &properties, &err), MR_OK);
    assert_int_equal(properties.count, 0);
    mr_spark_properties_free(&properties);
    assert_int_equal(mr_spark_properties_read("/nowhere/x", &properties, &err), MR_NOT_FOUND);
    mr_spark_properties_free(&properties);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_are_names_and_values)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
