/* SPDX-License-Identifier: Apache-2.0 */
/* base/parallel_test.c - every index once, several at a time, and none begun after a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/parallel.h"

enum { things = 1000, threads = 4, bad_index = 3 };

typedef struct calls {
    atomic_int of_index[things];
    pthread_barrier_t together; /* for as many threads as were asked for */
    atomic_int begun;
} calls;

static mr_status count_call(void *ctx, size_t index, mr_err *err)
{
    calls *all = ctx;
    (void)err;
    atomic_fetch_add(&all->of_index[index], 1);
    if (index < threads) { /* only reached when that many are under way at once */
        (void)pthread_barrier_wait(&all->together);
    }
    return MR_OK;
}

static mr_status fail_at_one(void *ctx, size_t index, mr_err *err)
{
    calls *all = ctx;
    atomic_fetch_add(&all->begun, 1);
    return index == bad_index ? mr_fail(err, MR_IO, "index %zu", index) : MR_OK;
}

static void test_each_index_is_done_once_by_so_many_threads(void **state)
{
    static calls all;
    mr_err err;
    (void)state;
    assert_int_equal(pthread_barrier_init(&all.together, NULL, threads), 0);
    assert_int_equal(mr_parallel(things, threads, count_call, &all, &err), MR_OK);
    for (size_t index = 0; index < things; index++) {
        assert_int_equal(atomic_load(&all.of_index[index]), 1);
    }
    (void)pthread_barrier_destroy(&all.together);
}

static void test_a_failure_is_returned_and_ends_it(void **state)
{
    static calls all;
    mr_err err;
    (void)state;
    assert_int_equal(mr_parallel(things, 1, fail_at_one, &all, &err), MR_IO);
    assert_string_equal(err.message, "index 3");
    assert_int_equal(atomic_load(&all.begun), bad_index + 1);
}

static void test_nothing_to_do_is_done(void **state)
{
    (void)state;
    assert_int_equal(mr_parallel(0, threads, fail_at_one, NULL, NULL), MR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_index_is_done_once_by_so_many_threads),
        cmocka_unit_test(test_a_failure_is_returned_and_ends_it),
        cmocka_unit_test(test_nothing_to_do_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
