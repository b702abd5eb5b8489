/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/batch_pool_test.c - a pool lends what it has, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "gateway/batch_pool.h"

enum { wait_for_ever_ms = 60000 };

static void a_taken_batch_is_empty_whatever_it_held(void **state)
{
    mr_batch_pool *pool = mr_batch_pool_create(1, 4096);
    mr_pooled_batch *batch = mr_batch_pool_take(pool, 0);

    (void)state;
    assert_non_null(batch);
    assert_true(mr_bus_batch_add(batch->batch, MR_TEXT_LITERAL("k"), MR_TEXT_LITERAL("v")));
    mr_batch_pool_give(pool, batch);
    batch = mr_batch_pool_take(pool, 0);
    assert_int_equal(mr_bus_batch_count(batch->batch), 0);
    mr_batch_pool_give(pool, batch);
    mr_batch_pool_destroy(pool);
}

static void an_empty_pool_gives_up_after_its_time(void **state)
{
    mr_batch_pool *pool = mr_batch_pool_create(2, 4096);
    mr_pooled_batch *first = mr_batch_pool_take(pool, 0);
    mr_pooled_batch *second = mr_batch_pool_take(pool, 0);

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_null(mr_batch_pool_take(pool, 5));
    mr_batch_pool_give(pool, second);
    assert_ptr_equal(mr_batch_pool_take(pool, 0), second);
    mr_batch_pool_give(pool, first);
    mr_batch_pool_give(pool, second);
    mr_batch_pool_destroy(pool);
}

static void *take_and_give(void *pool)
{
    mr_pooled_batch *batch = mr_batch_pool_take(pool, wait_for_ever_ms);

    mr_batch_pool_give(pool, batch);
    return batch;
}

static void a_waiter_gets_what_is_given_back(void **state)
{
    mr_batch_pool *pool = mr_batch_pool_create(1, 4096);
    mr_pooled_batch *batch = mr_batch_pool_take(pool, 0);
    pthread_t waiter;
    void *taken;

    (void)state;
    assert_int_equal(pthread_create(&waiter, NULL, take_and_give, pool), 0);
    mr_batch_pool_give(pool, batch);
    assert_int_equal(pthread_join(waiter, &taken), 0);
    assert_ptr_equal(taken, batch);
    mr_batch_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taken_batch_is_empty_whatever_it_held),
        cmocka_unit_test(an_empty_pool_gives_up_after_its_time),
        cmocka_unit_test(a_waiter_gets_what_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
