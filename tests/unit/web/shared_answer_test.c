/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/shared_answer_test.c - who is given which look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/thread.h"
#include "web/shared_answer.h"

enum { askers = 8, far_us = 60 * 1000000 };

/* What is looked at; a look waits while it is held. */
typedef struct scene {
    mr_shared_answer *shared;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held, fails;
    unsigned begun, looks;
} scene;

typedef struct asker {
    scene *scene;
    int64_t came_us;
    pthread_t thread;
    mr_buffer out;
    mr_status status;
} asker;

static mr_status look(void *ctx, mr_buffer *out, mr_err *err)
{
    scene *self = ctx;

    pthread_mutex_lock(&self->lock);
    self->begun++;
    pthread_cond_broadcast(&self->changed);
    while (self->held) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    (void)mr_buffer_printf(out, "look %u", ++self->looks);
    const bool fails = self->fails;
    pthread_mutex_unlock(&self->lock);
    return fails ? mr_fail(err, MR_IO, "nothing to be seen") : MR_OK;
}

static mr_status get(scene *self, int64_t came_us, int64_t deadline_us, mr_buffer *out)
{
    const mr_shared_ask ask = {
        .came_us = came_us, .deadline_us = deadline_us, .make = look, .ctx = self};

    return mr_shared_answer_get(self->shared, &ask, out, NULL);
}

static void expect_look(scene *self, int64_t came_us, const char *wanted)
{
    mr_buffer out;

    mr_buffer_init(&out, 64);
    (void)mr_buffer_append_string(&out, "< ");
    assert_int_equal(get(self, came_us, came_us + far_us, &out), MR_OK);
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data + 2, wanted);
    mr_buffer_free(&out);
}

static void *ask(void *ctx)
{
    asker *self = ctx;

    self->status = get(self->scene, self->came_us, self->came_us + far_us, &self->out);
    return NULL;
}

static void begin(asker *self, scene *of)
{
    self->scene = of;
    self->came_us = mr_monotonic_us();
    mr_buffer_init(&self->out, 64);
    assert_int_equal(mr_thread_start(&self->thread, "asker", ask, self), 0);
}

static void end(asker *self, const char *wanted)
{
    assert_int_equal(pthread_join(self->thread, NULL), 0);
    assert_int_equal(self->status, MR_OK);
    assert_true(mr_buffer_append(&self->out, "", 1));
    assert_string_equal(self->out.data, wanted);
    mr_buffer_free(&self->out);
}

/* Looks wait from now on, or no longer. */
static void hold(scene *self, bool held)
{
    pthread_mutex_lock(&self->lock);
    self->held = held;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void wait_for_look(scene *self, unsigned begun)
{
    pthread_mutex_lock(&self->lock);
    while (self->begun < begun) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);
}

static int start(void **state)
{
    scene *self = mr_alloc_zero(1, sizeof *self);

    self->shared = mr_shared_answer_create();
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_cond_init(&self->changed, NULL);
    *state = self;
    return 0;
}

static int stop(void **state)
{
    scene *self = *state;

    mr_shared_answer_destroy(self->shared);
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    return 0;
}

static void who_asks_later_is_given_a_later_look(void **state)
{
    scene *self = *state;
    const int64_t before_us = mr_monotonic_us() - 1;

    expect_look(self, before_us, "look 1");
    expect_look(self, before_us, "look 1");
    expect_look(self, mr_monotonic_us(), "look 2");
    expect_look(self, before_us, "look 2");
}

static void all_who_ask_during_a_look_share_the_next(void **state)
{
    scene *self = *state;
    asker first, others[askers];

    hold(self, true);
    begin(&first, self);
    wait_for_look(self, 1);
    for (size_t index = 0; index < askers; index++) {
        begin(&others[index], self);
    }
    hold(self, false);
    end(&first, "look 1");
    for (size_t index = 0; index < askers; index++) {
        end(&others[index], "look 2");
    }
    assert_int_equal(self->looks, 2);
}

static void a_failed_look_is_given_to_nobody_else(void **state)
{
    scene *self = *state;
    const int64_t before_us = mr_monotonic_us() - 1;
    mr_buffer out;

    mr_buffer_init(&out, 64);
    self->fails = true;
    assert_int_equal(get(self, before_us, before_us + far_us, &out), MR_IO);
    self->fails = false;
    expect_look(self, before_us, "look 2");
    mr_buffer_free(&out);
}

static void no_look_is_waited_for_longer_than_the_deadline(void **state)
{
    scene *self = *state;
    asker first;
    mr_buffer out;

    mr_buffer_init(&out, 64);
    hold(self, true);
    begin(&first, self);
    wait_for_look(self, 1);
    const int64_t now_us = mr_monotonic_us();
    assert_int_equal(get(self, now_us, now_us, &out), MR_STOPPED);
    hold(self, false);
    end(&first, "look 1");
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_asks_later_is_given_a_later_look, start, stop),
        cmocka_unit_test_setup_teardown(all_who_ask_during_a_look_share_the_next, start, stop),
        cmocka_unit_test_setup_teardown(a_failed_look_is_given_to_nobody_else, start, stop),
        cmocka_unit_test_setup_teardown(no_look_is_waited_for_longer_than_the_deadline, start,
                                        stop),
    };

    return cmocka_run_group_tests_name("shared_answer", tests, NULL, NULL);
}
