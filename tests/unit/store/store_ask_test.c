/* SPDX-License-Identifier: Apache-2.0 */
/* store_ask_test.c - a question is looked at, and goes to the store that the URL names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ask_answer.h"

static mr_status ask(const char *url, mr_text sql, mr_err *err)
{
    const mr_store_options options = {.url = url, .data_folder = "/nowhere"};
    answer given = {.rows_max = 1, .looks_max = 1};
    const mr_store_asked asked = {
        .sql = sql, .columns = columns, .row = row, .is_over = is_over, .ctx = &given};

    return mr_store_ask(&options, &asked, err);
}

static void a_nul_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask("sqlite:/nowhere", (mr_text){"SELECT 1\0", 9}, NULL), MR_INVALID);
    assert_int_equal(ask("postgresql://127.0.0.1:1/shop", (mr_text){"SELECT 1\0", 9}, NULL),
                     MR_INVALID);
}

static void the_url_names_the_store(void **state)
{
    mr_err err;

    (void)state;
    assert_int_equal(ask("sqlite:/nowhere/store.db", MR_TEXT_LITERAL("SELECT 1"), NULL),
                     MR_NOT_FOUND);
    assert_int_equal(ask("postgresql://127.0.0.1:1/shop", MR_TEXT_LITERAL("SELECT 1"), &err),
                     MR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "postgresql://127.0.0.1:1/shop"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_is_refused),
        cmocka_unit_test(the_url_names_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
