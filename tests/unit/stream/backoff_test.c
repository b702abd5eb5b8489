/* SPDX-License-Identifier: Apache-2.0 */
/* stream/backoff_test.c - delays double, stay below their cap and differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/backoff.h"

static void test_delays_double_up_to_the_cap(void **state)
{
    mr_backoff backoff;

    (void)state;
    mr_backoff_init(&backoff, 50, 1000, 1);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t whole = i < 5 ? 50u << i : 1000;
        uint32_t ms = mr_backoff_next_ms(&backoff);
        assert_in_range(ms, whole - whole / 2, whole);
    }
    mr_backoff_reset(&backoff);
    assert_in_range(mr_backoff_next_ms(&backoff), 25, 50);
}

static void test_two_that_failed_together_part(void **state)
{
    mr_backoff a;
    mr_backoff b;
    int equal = 0;

    (void)state;
    mr_backoff_init(&a, 1000, 1000, 1);
    mr_backoff_init(&b, 1000, 1000, 2);
    for (int i = 0; i < 100; i++) {
        equal += mr_backoff_next_ms(&a) == mr_backoff_next_ms(&b);
    }
    assert_true(equal < 10);
}

static void test_the_smallest_delay_works(void **state)
{
    mr_backoff backoff;

    (void)state;
    mr_backoff_init(&backoff, 1, 1, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(mr_backoff_next_ms(&backoff), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays_double_up_to_the_cap),
        cmocka_unit_test(test_two_that_failed_together_part),
        cmocka_unit_test(test_the_smallest_delay_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
