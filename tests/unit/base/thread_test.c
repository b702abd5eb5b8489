/* SPDX-License-Identifier: Apache-2.0 */
/* base/thread_test.c - a thread has its name and no signals; a wait ends by the steady clock. */
#define _GNU_SOURCE /* pthread_getname_np */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/civil.h"
#include "base/thread.h"

enum { wait_us = 20000 };

static void *look(void *ctx)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, ctx);
    return NULL;
}

static void signals_stay_with_the_thread_that_starts_another(void **state)
{
    sigset_t others;
    sigset_t before;
    sigset_t after;
    pthread_t thread;

    (void)state;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(sigismember(&before, SIGTERM), 0);
    assert_int_equal(mr_thread_start(&thread, "looker", look, &others), 0);
    (void)pthread_join(thread, NULL);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number <= SIGSYS; number++) {
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
        if (number != SIGKILL && number != SIGSTOP) {
            assert_int_equal(sigismember(&others, number), 1);
        }
    }
}

static void *wait_at(void *ctx)
{
    (void)pthread_barrier_wait(ctx);
    return NULL;
}

static void a_thread_bears_its_name(void **state)
{
    char name[mr_thread_name_chars_max + 1] = "";
    pthread_barrier_t end;
    pthread_t thread;

    (void)state;
    (void)pthread_barrier_init(&end, NULL, 2);
    assert_int_equal(mr_thread_start(&thread, "fifteen letters", wait_at, &end), 0);
    assert_int_equal(pthread_getname_np(thread, name, sizeof name), 0);
    (void)pthread_barrier_wait(&end);
    (void)pthread_join(thread, NULL);
    (void)pthread_barrier_destroy(&end);
    assert_string_equal(name, "fifteen letters");
}

static void a_timed_wait_is_by_the_steady_clock(void **state)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never;
    const int64_t until_us = mr_monotonic_us() + wait_us;
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = (until_us % 1000000) * 1000};
    int result = 0;

    (void)state;
    mr_condition_init(&never);
    (void)pthread_mutex_lock(&mutex);
    while (result == 0) {
        result = pthread_cond_timedwait(&never, &mutex, &until);
    }
    (void)pthread_mutex_unlock(&mutex);
    assert_int_equal(result, ETIMEDOUT);
    assert_true(mr_monotonic_us() >= until_us); /* by the clock of the day it had ended at once */
    (void)pthread_cond_destroy(&never);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_stay_with_the_thread_that_starts_another),
        cmocka_unit_test(a_thread_bears_its_name),
        cmocka_unit_test(a_timed_wait_is_by_the_steady_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
