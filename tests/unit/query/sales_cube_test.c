/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_cube_test.c - a set with its cube answers as the same set without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "query/sales_answer.h"
#include "query/sales_cube.h"

enum { first_day = 14900, days = 140, lines = 30000, products = 30, day_s = 86400 };

/* Two large countries and many small ones; some invoices lie in two months or two countries. */
static mr_sales_set *make_set(mr_random *random)
{
    mr_sales_builder *builder = mr_sales_builder_create(64 << 20);
    mr_sales_set *set = NULL;
    char invoice[16], product[16], country[16];
    int64_t second = 0;
    uint64_t number = 0;

    for (int index = 0; index < lines; index++) {
        if (index % 8 == 0) {
            number = (uint64_t)index / 8;
            second = (first_day + (int64_t)mr_random_below(random, days)) * day_s;
            (void)snprintf(country, sizeof country, "Land %d",
                           (int)(mr_random_below(random, 3) * mr_random_below(random, 20) / 7));
        }
        if (mr_random_below(random, 200) == 0) {
            (void)snprintf(country, sizeof country, "Elsewhere");
        }
        (void)snprintf(invoice, sizeof invoice, "%s%d", number % 9 == 0 ? "C" : "", (int)number);
        (void)snprintf(product, sizeof product, "P%d", (int)mr_random_below(random, products));
        const mr_sales_line line = {
            .invoice = mr_text_of(invoice),
            .product = mr_text_of(product),
            .country = mr_text_of(country),
            .guest = number % 7 == 0,
            .customer = (int64_t)(number % 97),
            .epoch_s = second + (int64_t)mr_random_below(random, 3) * 40000,
            .quantity = (int32_t)mr_random_below(random, 40) - 20,
            .amount = {(__int128)mr_random_below(random, 1000000) - 300000}};

        assert_int_equal(mr_sales_builder_add(builder, &line, NULL), MR_OK);
    }
    assert_int_equal(mr_sales_builder_finish(builder, NULL, NULL, NULL, &set, NULL), MR_OK);
    mr_sales_builder_destroy(builder);
    return set;
}

static void answer(const mr_sales_set *set, const mr_sales_question *question, mr_buffer *out)
{
    mr_sales_result *result = NULL;

    mr_buffer_clear(out);
    assert_int_equal(mr_sales_result_make(set, question, &result, NULL), MR_OK);
    assert_int_equal(mr_sales_answer_write(result, out, NULL), MR_OK);
    mr_sales_result_free(result);
}

static void a_cube_changes_no_figure(void **state)
{
    mr_text countries[2];
    mr_random random;
    mr_buffer with, without;
    uint32_t used = 0;

    (void)state;
    mr_random_seed(&random, 5);
    mr_buffer_init(&with, 1 << 20);
    mr_buffer_init(&without, 1 << 20);
    mr_sales_set *set = make_set(&random);
    assert_non_null(set->cube);
    for (int index = 0; index < 200; index++) {
        mr_sales_question question = {.countries = countries,
                                      .country_count = mr_random_below(&random, 3)};
        mr_sales_cube *cube = set->cube;

        for (size_t at = 0; at < question.country_count; at++) {
            countries[at] = mr_sales_name(&set->countries,
                                          (uint32_t)mr_random_below(&random, set->countries.count));
        }
        if (index % 4 != 0) {
            question.has_from = question.has_to = true;
            question.from = first_day + (int32_t)mr_random_below(&random, days);
            question.to = question.from + (int32_t)mr_random_below(&random, days);
        }
        answer(set, &question, &with);
        set->cube = NULL; /* nothing is covered: every line is walked */
        answer(set, &question, &without);
        set->cube = cube;
        assert_true(mr_text_equal(mr_buffer_text(&with), mr_buffer_text(&without)));
        const mr_sales_covered covered =
            mr_sales_cube_cover(set, question.has_from ? question.from : INT32_MIN,
                                question.has_to ? question.to : INT32_MAX, NULL);
        used += covered.from <= covered.to;
    }
    assert_true(used > 50);
    mr_sales_set_free(set);
    mr_buffer_free(&with);
    mr_buffer_free(&without);
}

static void only_whole_months_are_covered(void **state)
{
    mr_random random;

    (void)state;
    mr_random_seed(&random, 6);
    mr_sales_set *set = make_set(&random);
    /* 14900 is 2010-10-18: November is 14914 to 14943. */
    mr_sales_covered covered = mr_sales_cube_cover(set, 14913, 14943, NULL);
    assert_int_equal(covered.from, 14914);
    assert_int_equal(covered.to, 14943);
    covered = mr_sales_cube_cover(set, 14915, 14972, NULL);
    assert_true(covered.from > covered.to);
    mr_sales_set_free(set);
}

static void without_room_there_is_none(void **state)
{
    mr_random random;

    (void)state;
    mr_random_seed(&random, 7);
    mr_sales_set *set = make_set(&random);
    assert_true(mr_sales_cube_bytes(set->cube) > 0);
    assert_null(mr_sales_cube_make(set, 100));
    for (uint32_t index = 0; index < set->segment_count; index++) {
        assert_false(set->segments[index].summed);
    }
    mr_sales_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cube_changes_no_figure),
        cmocka_unit_test(only_whole_months_are_covered),
        cmocka_unit_test(without_room_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
