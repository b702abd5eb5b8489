/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena_test.c - alignment, caps, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"

static void test_blocks_are_aligned_and_apart(void **state)
{
    mr_arena *arena = mr_arena_create(100000);
    unsigned char *before = NULL;

    (void)state;
    for (size_t bytes = 0; bytes < 100; bytes++) {
        unsigned char *taken = mr_arena_take(arena, bytes);
        assert_non_null(taken);
        assert_int_equal((uintptr_t)taken % 16, 0);
        assert_true(taken != before);
        memset(taken, 0xAA, bytes);
        before = taken;
    }
    mr_arena_destroy(arena);
    mr_arena_destroy(NULL);
}

static void test_the_cap_holds(void **state)
{
    mr_arena *arena = mr_arena_create(1008);
    size_t taken = 0;

    (void)state;
    assert_null(mr_arena_take(arena, 1009));
    assert_null(mr_arena_take(arena, SIZE_MAX));
    while (mr_arena_take(arena, 16) != NULL) {
        taken += 16;
    }
    assert_int_equal(taken, 1008);
    assert_int_equal(mr_arena_used_bytes(arena), 1008);
    mr_text copy;
    assert_false(mr_arena_copy(arena, MR_TEXT_LITERAL("x"), &copy));
    mr_arena_reset(arena);
    assert_non_null(mr_arena_take(arena, 1000));
    mr_arena_destroy(arena);
}

static void test_reset_keeps_the_first_block(void **state)
{
    mr_arena *arena = mr_arena_create(1 << 20);
    void *first = mr_arena_take(arena, 64);

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_non_null(mr_arena_take(arena, 5000));
    }
    mr_arena_reset(arena);
    assert_int_equal(mr_arena_used_bytes(arena), 0);
    assert_ptr_equal(mr_arena_take(arena, 64), first);
    mr_arena_destroy(arena);
    arena = mr_arena_create(10);
    mr_arena_reset(arena);
    mr_arena_destroy(arena);
}

static void test_copies_end_with_a_nul_and_keep_absence(void **state)
{
    mr_arena *arena = mr_arena_create(1000);
    mr_text copy;

    (void)state;
    assert_true(mr_arena_copy(arena, MR_TEXT_LITERAL("abc"), &copy));
    assert_string_equal(copy.data, "abc");
    assert_int_equal(copy.bytes, 3);
    assert_true(mr_arena_copy(arena, MR_TEXT_ABSENT, &copy));
    assert_null(copy.data);
    assert_true(mr_arena_copy(arena, MR_TEXT_LITERAL(""), &copy));
    assert_non_null(copy.data);
    mr_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_aligned_and_apart),
        cmocka_unit_test(test_the_cap_holds),
        cmocka_unit_test(test_reset_keeps_the_first_block),
        cmocka_unit_test(test_copies_end_with_a_nul_and_keep_absence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
