/* SPDX-License-Identifier: Apache-2.0 */
/* base/status_test.c - errors, their actions and their messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/status.h"

static void test_failures_carry_status_action_and_message(void **state)
{
    mr_err err;

    (void)state;
    assert_int_equal(mr_fail(&err, MR_CORRUPT, "page %d", 3), MR_CORRUPT);
    assert_int_equal(err.action, MR_HALT);
    assert_string_equal(err.message, "page 3");
    assert_int_equal(mr_fail(NULL, MR_INVALID, "x"), MR_INVALID);
    assert_int_equal(mr_fail_in(&err, MR_IO, "read %s", "log"), MR_CORRUPT);
    assert_string_equal(err.message, "read log: page 3");
    assert_int_equal(mr_fail_in(NULL, MR_IO, "x"), MR_IO);
    assert_int_equal(mr_fail(&err, MR_IO, "again: %s", err.message), MR_IO);
    assert_string_equal(err.message, "again: read log: page 3");
}

static void test_a_full_disk_is_its_own_status(void **state)
{
    mr_err err;

    (void)state;
    assert_int_equal(mr_fail_errno(&err, ENOSPC, "append"), MR_FULL);
    assert_string_equal(err.message, "append: No space left on device");
    assert_int_equal(mr_fail_errno(&err, EDQUOT, "append"), MR_FULL);
    assert_int_equal(mr_fail_errno(&err, EIO, "append"), MR_IO);
    assert_int_equal(mr_fail_errno(NULL, EIO, "append"), MR_IO);
}

static void test_long_messages_are_cut(void **state)
{
    char text[2 * mr_err_message_bytes_max];
    mr_err err;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    (void)mr_fail(&err, MR_IO, "%s", text);
    assert_int_equal(strlen(err.message), mr_err_message_bytes_max - 1);
    (void)mr_fail_in(&err, MR_IO, "%s", text);
    assert_int_equal(strlen(err.message), mr_err_message_bytes_max - 1);
    (void)mr_fail_errno(&err, EIO, "%s", text);
    assert_int_equal(strlen(err.message), mr_err_message_bytes_max - 1);
}

static void test_every_status_has_a_name_and_an_action(void **state)
{
    (void)state;
    for (int status = MR_OK; status <= MR_STOPPED; status++) {
        assert_true(strlen(mr_status_name((mr_status)status)) > 0);
        assert_true(mr_status_action((mr_status)status) <= MR_HALT);
    }
    assert_int_equal(mr_status_action(MR_UNAVAILABLE), MR_RETRY);
    assert_int_equal(mr_status_action(MR_UNKNOWN_OUTCOME), MR_RETRY);
    assert_int_equal(mr_status_action(MR_INVALID), MR_REJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_carry_status_action_and_message),
        cmocka_unit_test(test_a_full_disk_is_its_own_status),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_every_status_has_a_name_and_an_action),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
