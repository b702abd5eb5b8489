/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/health_test.c - ready, and not, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/health.h"

static void assert_ready(mr_health *health, bool ready, const char *reasons)
{
    mr_buffer out;

    mr_buffer_init(&out, 8192);
    assert_int_equal(mr_health_ready(health, &out), ready);
    mr_buffer_append(&out, "", 1);
    assert_string_equal(out.data, reasons);
    mr_buffer_free(&out);
}

static void a_failure_counts_until_the_next_success(void **state)
{
    mr_health *health = mr_health_create("/tmp", 0);
    mr_err err;

    (void)state;
    assert_ready(health, true, "");
    (void)mr_fail(&err, MR_IO, "the \"disk\" is gone");
    mr_health_append_failed(health, &err);
    assert_ready(health, false, "\"the \\\"disk\\\" is gone\"");
    mr_health_append_succeeded(health);
    assert_ready(health, true, "");
    mr_health_destroy(health);
}

static void the_last_error_is_remembered(void **state)
{
    mr_health *health = mr_health_create("/tmp", 0);
    char message[mr_err_message_bytes_max];
    mr_err err;

    (void)state;
    mr_health_last_error(health, message);
    assert_string_equal(message, "");
    (void)mr_fail(&err, MR_IO, "first");
    mr_health_append_failed(health, &err);
    (void)mr_fail(&err, MR_IO, "second");
    mr_health_append_failed(health, &err);
    mr_health_append_succeeded(health);
    mr_health_last_error(health, message);
    assert_string_equal(message, "second");
    mr_health_destroy(health);
}

static void all_reasons_are_given(void **state)
{
    mr_health *health = mr_health_create("/tmp", UINT64_MAX);
    mr_err err;

    (void)state;
    assert_true(mr_health_disk_is_low(health));
    (void)mr_fail(&err, MR_IO, "broken");
    mr_health_append_failed(health, &err);
    assert_ready(health, false,
                 "\"broken\",\"less than 18446744073709551615 bytes are free on the disk of the "
                 "data folder (MILLRACE_DISK_FREE_MIN)\"");
    mr_health_destroy(health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_counts_until_the_next_success),
        cmocka_unit_test(the_last_error_is_remembered),
        cmocka_unit_test(all_reasons_are_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
