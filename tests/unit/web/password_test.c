/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/password_test.c - what a password may be, and that its hash tells it from others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "web/password.h"

static void what_may_be_a_password(void **state)
{
    char *longest = mr_alloc_zero(1, mr_password_bytes_max + 2);
    static const struct {
        const char *password;
        bool allowed;
    } cases[] = {
        {"", false},
        {"123456789", false},
        {"1234567890", true},
        {"äöüäöüäöüä", true},
        {"äöüäö", false},
        {"Anna.Operator", false},
        {"anna.operator!", true},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_status st = mr_password_check(mr_text_of(cases[i].password), "anna.operator", NULL);
        assert_int_equal(st, cases[i].allowed ? MR_OK : MR_INVALID);
    }
    memset(longest, 'x', mr_password_bytes_max);
    assert_int_equal(mr_password_check(mr_text_of(longest), "anna", NULL), MR_OK);
    longest[mr_password_bytes_max] = 'x';
    assert_int_equal(mr_password_check(mr_text_of(longest), "anna", NULL), MR_INVALID);
    free(longest);
}

static void a_hash_is_argon2id_salted_and_of_one_password(void **state)
{
    mr_text password = MR_TEXT_LITERAL("correct horse");
    char first[mr_password_hash_bytes_max], second[mr_password_hash_bytes_max];

    (void)state;
    assert_int_equal(mr_password_hash(password, first, NULL), MR_OK);
    assert_int_equal(mr_password_hash(password, second, NULL), MR_OK);
    assert_memory_equal(first, "$argon2id$v=19$m=65536,", 23);
    assert_string_not_equal(first, second);
    assert_true(mr_password_matches(password, first));
    assert_false(mr_password_matches(MR_TEXT_LITERAL("correct horsf"), first));
    assert_false(mr_password_matches(MR_TEXT_LITERAL(""), first));
    assert_false(mr_password_matches(password, ""));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_a_password),
        cmocka_unit_test(a_hash_is_argon2id_salted_and_of_one_password),
    };

    return cmocka_run_group_tests_name("web password", tests, NULL, NULL);
}
