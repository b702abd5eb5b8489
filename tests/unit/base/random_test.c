/* SPDX-License-Identifier: Apache-2.0 */
/* base/random_test.c - reproducible and uniform numbers; hashes' fixed points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/hash.h"
#include "base/random.h"

static void test_a_seed_gives_the_same_numbers_again(void **state)
{
    mr_random a;
    mr_random b;
    mr_random other;

    (void)state;
    mr_random_seed(&a, 42);
    mr_random_seed(&b, 42);
    mr_random_seed(&other, 43);
    assert_true(mr_random_next(&a) == 1546998764402558742u); /* reference implementation */
    assert_true(mr_random_next(&b) == 1546998764402558742u);
    assert_true(mr_random_next(&a) == mr_random_next(&b));
    assert_true(mr_random_next(&other) != mr_random_next(&a));
}

static void test_numbers_stay_below_their_limit_and_fill_it(void **state)
{
    mr_random random;
    unsigned counts[7] = {0};

    (void)state;
    mr_random_seed(&random, 1);
    for (int i = 0; i < 70000; i++) {
        uint64_t value = mr_random_below(&random, 7);
        assert_true(value < 7);
        counts[value]++;
        double unit = mr_random_unit(&random);
        assert_true(unit >= 0 && unit < 1);
    }
    for (int i = 0; i < 7; i++) {
        assert_in_range(counts[i], 9500, 10500);
    }
    assert_int_equal(mr_random_below(&random, 1), 0);
    assert_true(mr_random_below(&random, UINT64_MAX) < UINT64_MAX);
}

static void test_secrets_differ(void **state)
{
    unsigned char a[64] = {0};
    unsigned char b[64] = {0};

    (void)state;
    mr_random_secret(a, sizeof(a));
    mr_random_secret(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_hashes_are_xxh3(void **state)
{
    static const uint8_t empty[16] = {0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
                                      0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f};
    uint8_t hash[16];

    (void)state;
    assert_true(mr_hash64("", 0) == 0x2d06800538d394c2u);
    mr_hash128("", 0, hash);
    assert_memory_equal(hash, empty, sizeof(hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_gives_the_same_numbers_again),
        cmocka_unit_test(test_numbers_stay_below_their_limit_and_fill_it),
        cmocka_unit_test(test_secrets_differ),
        cmocka_unit_test(test_hashes_are_xxh3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
