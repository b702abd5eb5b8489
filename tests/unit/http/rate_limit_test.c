/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/rate_limit_test.c - token buckets: their arithmetic, their table's bounds. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/status.h"
#include "http/rate_limit.h"

static const int64_t second_us = 1000000;

static bool take(mr_rate_limit *limit, const char *client, double cost, int64_t now_us,
                 uint32_t *ret_wait_ms)
{
    return mr_rate_limit_take(limit, mr_text_of(client), cost, now_us, ret_wait_ms);
}

static void a_client_has_its_burst_and_then_its_rate(void **state)
{
    mr_rate_limit *limit = mr_rate_limit_create(10, 5, 100);
    uint32_t wait_ms = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_true(take(limit, "a", 1, second_us, &wait_ms));
    }
    assert_false(take(limit, "a", 1, second_us, &wait_ms));
    assert_in_range(wait_ms, 100, 101);
    assert_true(take(limit, "b", 1, second_us, &wait_ms)); /* others have their own */
    assert_false(take(limit, "a", 1, second_us + 99000, &wait_ms));
    assert_true(take(limit, "a", 1, second_us + (int64_t)wait_ms * 1000 + 99000, &wait_ms));
    int64_t later_us = 100 * second_us; /* no more than the burst gathers */
    for (int i = 0; i < 5; i++) {
        assert_true(take(limit, "a", 1, later_us, &wait_ms));
    }
    assert_false(take(limit, "a", 1, later_us, &wait_ms));
    mr_rate_limit_destroy(limit);
}

static void a_cost_above_the_burst_is_paid_back(void **state)
{
    mr_rate_limit *limit = mr_rate_limit_create(10, 5, 100);
    uint32_t wait_ms = 0;

    (void)state;
    assert_true(take(limit, "a", 1, 0, &wait_ms));
    assert_false(take(limit, "a", 25, 0, &wait_ms)); /* the bucket is not full */
    assert_true(take(limit, "a", 25, second_us, &wait_ms));
    assert_false(take(limit, "a", 1, second_us, &wait_ms));
    assert_in_range(wait_ms, 2100, 2101);
    assert_true(take(limit, "a", 1, second_us + 2101000, &wait_ms));
    mr_rate_limit_destroy(limit);
}

static void a_clock_that_steps_back_gives_nothing(void **state)
{
    mr_rate_limit *limit = mr_rate_limit_create(1, 1, 8);
    uint32_t wait_ms = 0;

    (void)state;
    assert_true(take(limit, "a", 1, 10 * second_us, &wait_ms));
    assert_false(take(limit, "a", 1, 5 * second_us, &wait_ms));
    assert_false(take(limit, "a", 1, 10 * second_us, &wait_ms));
    assert_true(take(limit, "a", 1, 11 * second_us + 1000, &wait_ms));
    mr_rate_limit_destroy(limit);
}

static void the_idlest_makes_room(void **state)
{
    mr_rate_limit *limit = mr_rate_limit_create(0.001, 1, 8); /* one set of 8 */
    uint32_t wait_ms = 0;
    char client[16];

    (void)state;
    for (int i = 0; i < 8; i++) {
        (void)snprintf(client, sizeof client, "c%d", i);
        assert_true(take(limit, client, 1, i, &wait_ms));
    }
    assert_false(take(limit, "c0", 1, 100, &wait_ms)); /* now c1 is the idlest */
    assert_true(take(limit, "new", 1, 200, &wait_ms));
    assert_false(take(limit, "c0", 1, 201, &wait_ms));
    assert_true(take(limit, "c1", 1, 202, &wait_ms)); /* forgotten, so full again */
    mr_rate_limit_destroy(limit);
}

enum { threads = 4, tries = 20000, tokens = 1000 };

static void *hammer(void *argument)
{
    mr_rate_limit *limit = argument;
    uintptr_t taken = 0;

    for (int i = 0; i < tries; i++) {
        uint32_t wait_ms = 0;
        taken += take(limit, "shared", 1, second_us, &wait_ms);
    }
    return (void *)taken; /* a count, carried as a thread's result */
}

static void threads_share_one_bucket(void **state)
{
    mr_rate_limit *limit = mr_rate_limit_create(1, tokens, 8);
    pthread_t ids[threads];
    uintptr_t taken = 0;

    (void)state;
    for (int i = 0; i < threads; i++) {
        assert_int_equal(pthread_create(&ids[i], NULL, hammer, limit), 0);
    }
    for (int i = 0; i < threads; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(ids[i], &result), 0);
        taken += (uintptr_t)result;
    }
    assert_int_equal(taken, tokens);
    mr_rate_limit_destroy(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_has_its_burst_and_then_its_rate),
        cmocka_unit_test(a_cost_above_the_burst_is_paid_back),
        cmocka_unit_test(a_clock_that_steps_back_gives_nothing),
        cmocka_unit_test(the_idlest_makes_room),
        cmocka_unit_test(threads_share_one_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
