/* SPDX-License-Identifier: Apache-2.0 */
/* base/secret_test.c - what readers of a secret see while it changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/secret.h"

static void test_a_change_is_told_by_the_generation(void **state)
{
    mr_secret *secret = mr_secret_create(MR_TEXT_LITERAL("one"));
    uint64_t before = mr_secret_generation(secret);

    (void)state;
    assert_false(mr_secret_set(secret, MR_TEXT_LITERAL("one"), 5));
    assert_true(mr_secret_generation(secret) == before);
    assert_true(mr_secret_set(secret, MR_TEXT_LITERAL("two"), 5));
    assert_true(mr_secret_generation(secret) > before);
    char *copy = mr_secret_copy(secret);
    assert_string_equal(copy, "two");
    mr_secret_wipe(copy);
    mr_secret_destroy(secret);
}

static void test_the_previous_value_is_given_as_long_as_it_was_replaced_lately(void **state)
{
    mr_secret *secret = mr_secret_create(MR_TEXT_LITERAL("one"));

    (void)state;
    assert_null(mr_secret_copy_previous(secret, 0));
    (void)mr_secret_set(secret, MR_TEXT_LITERAL("two"), 1000);
    char *previous = mr_secret_copy_previous(secret, 1000);
    assert_string_equal(previous, "one");
    mr_secret_wipe(previous);
    assert_null(mr_secret_copy_previous(secret, 1001));
    mr_secret_destroy(secret);
}

static void test_nothing_set_is_no_value(void **state)
{
    mr_secret *secret = mr_secret_create(MR_TEXT_ABSENT);

    (void)state;
    assert_null(mr_secret_copy(secret));
    assert_null(mr_secret_copy(NULL));
    assert_true(mr_secret_generation(NULL) == 0);
    assert_false(mr_secret_set(secret, MR_TEXT_ABSENT, 0));
    assert_true(mr_secret_set(secret, MR_TEXT_LITERAL(""), 0)); /* empty is a value */
    mr_secret_destroy(secret);
    mr_secret_destroy(NULL);
    mr_secret_wipe(NULL);
}

static void test_texts_are_compared_whole(void **state)
{
    (void)state;
    assert_true(mr_secret_equal(MR_TEXT_LITERAL("abc"), MR_TEXT_LITERAL("abc")));
    assert_false(mr_secret_equal(MR_TEXT_LITERAL("abc"), MR_TEXT_LITERAL("abd")));
    assert_false(mr_secret_equal(MR_TEXT_LITERAL("abc"), MR_TEXT_LITERAL("ab")));
}

/* --- Threads ---------------------------------------------------------------------------------- */

enum { changes = 2000 };

typedef struct race {
    mr_secret *secret;
    _Atomic bool ended;
    _Atomic bool torn, late;
} race;

/* Every value is one number twice: two numbers are a value torn. The number is that of
 * the generation, so that a value older than the generation read before it would be seen. */
static void *read_it(void *ctx)
{
    race *r = ctx;

    while (!atomic_load(&r->ended)) {
        uint64_t generation = mr_secret_generation(r->secret);
        char *copy = mr_secret_copy(r->secret);
        uint64_t first = strtoull(copy, NULL, 10);
        uint64_t second = strtoull(copy + 21, NULL, 10);
        if (first != second) {
            atomic_store(&r->torn, true);
        }
        if (first < generation) {
            atomic_store(&r->late, true);
        }
        mr_secret_wipe(copy);
    }
    return NULL;
}

static void test_readers_see_whole_values_and_none_older_than_the_generation(void **state)
{
    race r = {.secret = NULL};
    pthread_t readers[2];
    char value[64];

    (void)state;
    (void)snprintf(value, sizeof value, "%020d %020d", 1, 1);
    r.secret = mr_secret_create(mr_text_of(value));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_it, &r), 0);
    }
    for (int number = 2; number <= changes; number++) {
        (void)snprintf(value, sizeof value, "%020d %020d", number, number);
        assert_true(mr_secret_set(r.secret, mr_text_of(value), number));
    }
    atomic_store(&r.ended, true);
    for (size_t i = 0; i < 2; i++) {
        (void)pthread_join(readers[i], NULL);
    }
    assert_false(atomic_load(&r.torn));
    assert_false(atomic_load(&r.late));
    mr_secret_destroy(r.secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_change_is_told_by_the_generation),
        cmocka_unit_test(test_the_previous_value_is_given_as_long_as_it_was_replaced_lately),
        cmocka_unit_test(test_nothing_set_is_no_value),
        cmocka_unit_test(test_texts_are_compared_whole),
        cmocka_unit_test(test_readers_see_whole_values_and_none_older_than_the_generation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
