/* SPDX-License-Identifier: Apache-2.0 */
/* cli/suggest_test.c - how far words are apart, and what is near enough to suggest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/suggest.h"

static void distance_counts_single_letter_edits(void **state)
{
    (void)state;
    assert_int_equal(mr_suggest_distance("", ""), 0);
    assert_int_equal(mr_suggest_distance("", "abc"), 3);
    assert_int_equal(mr_suggest_distance("abc", ""), 3);
    assert_int_equal(mr_suggest_distance("status", "status"), 0);
    assert_int_equal(mr_suggest_distance("status", "statue"), 1);
    assert_int_equal(mr_suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(mr_suggest_distance("satus", "status"), 1);
}

static void neighbours_swapped_are_one_edit(void **state)
{
    (void)state;
    assert_int_equal(mr_suggest_distance("sattus", "status"), 1);
    assert_int_equal(mr_suggest_distance("ab", "ba"), 1);
}

static void words_beyond_the_limit_are_far_from_everything(void **state)
{
    static const char long_word[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    (void)state;
    assert_int_equal(mr_suggest_distance(long_word, long_word), mr_suggest_word_bytes_max);
    assert_int_equal(mr_suggest_distance("a", long_word), mr_suggest_word_bytes_max);
}

static const char *nearest(const char *typed)
{
    static const char *const words[] = {"up", "gateway", "generate", "status", "post"};
    mr_suggestion suggestion = {0};

    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++) {
        mr_suggest_offer(&suggestion, typed, words[index]);
    }
    return suggestion.word;
}

static void the_nearest_word_wins(void **state)
{
    (void)state;
    assert_string_equal(nearest("gatway"), "gateway");
    assert_string_equal(nearest("stauts"), "status");
    assert_string_equal(nearest("pots"), "post");
    assert_string_equal(nearest("pu"), "up");
}

static void a_word_cut_short_is_near(void **state)
{
    (void)state;
    assert_string_equal(nearest("gen"), "generate");
}

static void nothing_near_is_no_suggestion(void **state)
{
    (void)state;
    assert_null(nearest("frobnicate"));
    assert_null(nearest("g"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_single_letter_edits),
        cmocka_unit_test(neighbours_swapped_are_one_edit),
        cmocka_unit_test(words_beyond_the_limit_are_far_from_everything),
        cmocka_unit_test(the_nearest_word_wins),
        cmocka_unit_test(a_word_cut_short_is_near),
        cmocka_unit_test(nothing_near_is_no_suggestion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
