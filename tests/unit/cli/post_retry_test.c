/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_retry_test.c - what is tried again, what never, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/post_retry.h"

static void answers_are_told_apart(void **state)
{
    static const struct {
        int status;
        mr_post_verdict verdict;
    } cases[] = {
        {200, MR_POST_TAKEN},    {201, MR_POST_TAKEN},    {202, MR_POST_TAKEN},
        {400, MR_POST_REFUSED},  {422, MR_POST_REFUSED},  {409, MR_POST_REFUSED},
        {0, MR_POST_AGAIN},      {408, MR_POST_AGAIN},    {429, MR_POST_AGAIN},
        {500, MR_POST_AGAIN},    {503, MR_POST_AGAIN},    {599, MR_POST_AGAIN},
        {413, MR_POST_SMALLER},  {301, MR_POST_HOPELESS}, {401, MR_POST_HOPELESS},
        {403, MR_POST_HOPELESS}, {404, MR_POST_HOPELESS}, {415, MR_POST_HOPELESS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mr_post_judge(cases[i].status), cases[i].verdict);
    }
}

static void waits_double_within_bounds_and_differ(void **state)
{
    mr_random random;

    (void)state;
    mr_random_seed(&random, 1);
    for (uint32_t attempt = 1; attempt < 100; attempt++) {
        uint64_t most = mr_post_backoff_most_us;
        if (attempt < 8 && (uint64_t)mr_post_backoff_first_us << (attempt - 1) < most) {
            most = (uint64_t)mr_post_backoff_first_us << (attempt - 1);
        }
        uint64_t smallest = UINT64_MAX;
        uint64_t largest = 0;
        for (int i = 0; i < 100; i++) {
            uint64_t wait = mr_post_backoff_us(attempt, 0, &random);
            smallest = wait < smallest ? wait : smallest;
            largest = wait > largest ? wait : largest;
        }
        assert_in_range(smallest, most / 2, most * 6 / 10);
        assert_in_range(largest, most * 9 / 10, most);
    }
}

static void server_is_never_asked_before_it_wants(void **state)
{
    mr_random random;

    (void)state;
    mr_random_seed(&random, 1);
    for (uint32_t attempt = 1; attempt < 20; attempt++) {
        assert_in_range(mr_post_backoff_us(attempt, 20000000, &random), 20000000, 22000000);
    }
    assert_in_range(mr_post_backoff_us(1, UINT64_MAX, &random), mr_post_retry_after_most_us,
                    (uint64_t)mr_post_retry_after_most_us + 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(waits_double_within_bounds_and_differ),
        cmocka_unit_test(server_is_never_asked_before_it_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
