/* SPDX-License-Identifier: Apache-2.0 */
/* http/workers_test.c - the bounded queue, and its threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdatomic.h>

#include "http/workers.h"

enum { work_count = 200, queue_max = 3 };

typedef struct bench {
    atomic_int created, destroyed, run;
    sem_t begun; /* posted by gated work when it runs */
    sem_t gate;  /* it then waits for this */
} bench;

typedef struct item {
    mr_work work; /* first */
    bench *b;
    atomic_int run;
} item;

static void *create(void *ctx)
{
    bench *b = ctx;

    atomic_fetch_add(&b->created, 1);
    return b;
}

static void destroy(void *worker)
{
    bench *b = worker;

    atomic_fetch_add(&b->destroyed, 1);
}

static void run_counted(mr_work *work, void *worker)
{
    item *i = (item *)work;

    assert_ptr_equal(worker, i->b);
    atomic_fetch_add(&i->run, 1);
    atomic_fetch_add(&i->b->run, 1);
}

static void run_gated(mr_work *work, void *worker)
{
    bench *b = worker;

    sem_post(&b->begun);
    sem_wait(&b->gate);
    run_counted(work, worker);
}

static mr_workers *start(bench *b, uint32_t threads, uint32_t queue)
{
    sem_init(&b->begun, 0, 0);
    sem_init(&b->gate, 0, 0);
    return mr_workers_start(&(mr_workers_options){threads, queue, create, destroy, b});
}

static void stop(bench *b, mr_workers *workers)
{
    mr_workers_stop(workers);
    sem_destroy(&b->begun);
    sem_destroy(&b->gate);
}

static void all_that_is_queued_runs_once_before_stop_returns(void **state)
{
    static item items[work_count];
    bench b = {0};
    mr_workers *workers = start(&b, 3, work_count);

    (void)state;
    for (size_t i = 0; i < work_count; i++) {
        items[i].work.run = run_counted;
        items[i].b = &b;
        assert_true(mr_workers_submit(workers, &items[i].work));
    }
    stop(&b, workers);
    for (size_t i = 0; i < work_count; i++) {
        assert_int_equal(atomic_load(&items[i].run), 1);
    }
    assert_int_equal(atomic_load(&b.created), 3);
    assert_int_equal(atomic_load(&b.destroyed), 3);
}

static void a_full_queue_refuses(void **state)
{
    item items[queue_max + 2] = {0};
    bench b = {0};
    mr_workers *workers = start(&b, 1, queue_max);

    (void)state;
    for (size_t i = 0; i < queue_max + 2; i++) {
        items[i].work.run = i == 0 ? run_gated : run_counted;
        items[i].b = &b;
    }
    assert_true(mr_workers_submit(workers, &items[0].work));
    sem_wait(&b.begun); /* taken off the queue by now */
    for (size_t i = 1; i <= queue_max; i++) {
        assert_true(mr_workers_submit(workers, &items[i].work));
    }
    assert_false(mr_workers_submit(workers, &items[queue_max + 1].work));
    sem_post(&b.gate);
    stop(&b, workers);
    assert_int_equal(atomic_load(&b.run), queue_max + 1);
    assert_int_equal(atomic_load(&items[queue_max + 1].run), 0);
}

static void stopping_nothing_is_fine(void **state)
{
    (void)state;
    mr_workers_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_queued_runs_once_before_stop_returns),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(stopping_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
