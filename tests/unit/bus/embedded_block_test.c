/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_block_test.c - a stored block gives back its records, or says that it is damaged. */
#include "bus/bus_fixture.h"

#include "base/random.h"
#include "bus/embedded.h"

static void assert_round_trip(mr_text records, size_t count, bool compressed)
{
    mr_buffer stored = {.bytes_max = 0};
    mr_embedded_block block;
    mr_embedded_block_encode(records, count, &stored);
    assert_null(mr_embedded_block_open(stored.data, stored.bytes, &block));
    assert_int_equal(block.count, count);
    assert_int_equal(block.records_bytes, records.bytes);
    assert_int_equal(block.compressed, compressed);
    char *copy = mr_alloc(records.bytes);
    assert_null(mr_embedded_block_decode(&block, copy));
    assert_memory_equal(copy, records.data, records.bytes);
    free(copy);
    mr_buffer_free(&stored);
}

static void records_come_back_as_they_were(void **state)
{
    char random_bytes[1000];
    char *zeros = mr_alloc_zero(1, 1000000);
    (void)state;
    mr_random_secret(random_bytes, sizeof random_bytes);
    assert_round_trip((mr_text){zeros, 1000000}, 1000, true);
    assert_round_trip((mr_text){random_bytes, sizeof random_bytes}, 3, false);
    assert_round_trip((mr_text){random_bytes, 1}, 1, false);
    free(zeros);
}

static void any_flipped_bit_is_noticed(void **state)
{
    mr_buffer stored = {.bytes_max = 0};
    mr_embedded_block block;
    (void)state;
    mr_embedded_block_encode(MR_TEXT_LITERAL("\0\4abcd\0\4abcd\0\4abcd\0\4abcd\0\4abcd"), 5,
                             &stored);
    for (size_t bit = 0; bit < 8 * stored.bytes; bit++) {
        stored.data[bit / 8] = (char)(stored.data[bit / 8] ^ (1 << (bit % 8)));
        assert_non_null(mr_embedded_block_open(stored.data, stored.bytes, &block));
        stored.data[bit / 8] = (char)(stored.data[bit / 8] ^ (1 << (bit % 8)));
    }
    assert_null(mr_embedded_block_open(stored.data, stored.bytes, &block));
    mr_buffer_free(&stored);
}

static void a_cut_block_is_noticed(void **state)
{
    mr_buffer stored = {.bytes_max = 0};
    mr_embedded_block block;
    (void)state;
    mr_embedded_block_encode(MR_TEXT_LITERAL("\0\4abcd"), 1, &stored);
    for (size_t bytes = 0; bytes < stored.bytes; bytes++) {
        assert_non_null(mr_embedded_block_open(stored.data, bytes, &block));
    }
    mr_buffer_free(&stored);
}

static void a_body_that_does_not_decompress_is_noticed(void **state)
{
    static const char nonsense[] = {'\xff', '\xff', '\xff', '\xff', 0, 1, 2, 3};
    char out[64];
    mr_embedded_block block = {.records_bytes = sizeof out,
                               .count = 1,
                               .compressed = true,
                               .body = nonsense,
                               .body_bytes = sizeof nonsense};
    (void)state;
    assert_non_null(mr_embedded_block_decode(&block, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(any_flipped_bit_is_noticed),
        cmocka_unit_test(a_cut_block_is_noticed),
        cmocka_unit_test(a_body_that_does_not_decompress_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
