/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting of each language: a name with its quote in it stays one name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eject/writer.h"

static void test_quotes(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 256);
    mr_put_quoted(&out, "it's", '\'');
    mr_put_m_text(&out, "a\"b");
    mr_put_tsql_name(&out, "a]b", "c");
    mr_put_tmdl_name(&out, "plain_name");
    mr_put_tmdl_name(&out, "Average order's");
    mr_put_json(&out, "a\"\n");
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data,
                        "'it''s'\"a\"\"b\"[a]]b].[c]plain_name'Average order''s'\"a\\\"\\n\"");
    mr_buffer_free(&out);
}

static void test_terraform_reads_no_template(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 256);
    mr_put_hcl(&out, "a${b} %{c} $ {d} $${e}\"");
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, "\"a$${b} %%{c} $ {d} $$${e}\\\"\"");
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quotes),
                                       cmocka_unit_test(test_terraform_reads_no_template)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
