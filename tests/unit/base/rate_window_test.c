/* SPDX-License-Identifier: Apache-2.0 */
/* base/rate_window_test.c - rates from totals, with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rate_window.h"

static const int64_t second_us = 1000000;

static int64_t rounded(const mr_rate_window *window)
{
    return (int64_t)(mr_rate_window_per_second(window) + 0.5);
}

static void an_empty_window_and_a_single_sample_have_no_rate(void **state)
{
    mr_rate_window window = {0};

    (void)state;
    assert_int_equal(rounded(&window), 0);
    assert_true(mr_rate_window_add(&window, 5, 100));
    assert_int_equal(rounded(&window), 0);
}

static void totals_within_a_second_are_passed_over(void **state)
{
    mr_rate_window window = {0};

    (void)state;
    assert_true(mr_rate_window_add(&window, 0, 0));
    assert_false(mr_rate_window_add(&window, second_us - 1, 50));
    assert_true(mr_rate_window_add(&window, second_us, 100));
    assert_int_equal(rounded(&window), 100);
}

static void only_the_last_ten_seconds_count(void **state)
{
    mr_rate_window window = {0};
    uint64_t total = 0;

    (void)state;
    for (int64_t second = 0; second <= 30; second++) {
        assert_true(mr_rate_window_add(&window, second * second_us, total));
        total += 1000;
    }
    assert_int_equal(rounded(&window), 1000);
    for (int64_t second = 31; second <= 35; second++) {
        assert_true(mr_rate_window_add(&window, second * second_us, total - 1000));
    }
    assert_int_equal(rounded(&window), 500); /* five seconds of work, five of none */
    for (int64_t second = 36; second <= 40; second++) {
        assert_true(mr_rate_window_add(&window, second * second_us, total - 1000));
    }
    assert_int_equal(rounded(&window), 0);
}

static void samples_older_than_the_window_are_left_out(void **state)
{
    mr_rate_window window = {0};

    (void)state;
    assert_true(mr_rate_window_add(&window, 0, 0));
    assert_true(mr_rate_window_add(&window, 100 * second_us, 1000000));
    assert_true(mr_rate_window_add(&window, 102 * second_us, 1000200));
    assert_int_equal(rounded(&window), 100);
}

static void a_total_that_falls_has_no_rate(void **state)
{
    mr_rate_window window = {0};

    (void)state;
    assert_true(mr_rate_window_add(&window, 0, 100));
    assert_true(mr_rate_window_add(&window, second_us, 40));
    assert_int_equal(rounded(&window), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_window_and_a_single_sample_have_no_rate),
        cmocka_unit_test(totals_within_a_second_are_passed_over),
        cmocka_unit_test(only_the_last_ten_seconds_count),
        cmocka_unit_test(samples_older_than_the_window_are_left_out),
        cmocka_unit_test(a_total_that_falls_has_no_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
