/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_result.c - see sales_result.h. */
#include "query/sales_result.h"

#include <pthread.h>
#include <stdlib.h>

enum { lines_beside_min = 50000 };

static uint64_t *make_bits(uint32_t count)
{
    return mr_alloc_zero(count / 64 + 1, sizeof(uint64_t));
}

static void set_bit(uint64_t *bits, uint32_t number)
{
    bits[number / 64] |= UINT64_C(1) << (number % 64);
}

static uint64_t *name_bits(const mr_sales_names *names, const mr_text *wanted, size_t count)
{
    uint64_t *bits = count > 0 ? make_bits(names->count) : NULL;

    for (size_t index = 0; index < count; index++) {
        const uint32_t number = mr_sales_names_find(names, wanted[index]);

        if (number != MR_SALES_NONE) {
            set_bit(bits, number);
        }
    }
    return bits;
}

uint64_t *mr_sales_country_bits(const mr_sales_set *set, const mr_sales_question *question)
{
    return name_bits(&set->countries, question->countries, question->country_count);
}

uint64_t *mr_sales_product_bits(const mr_sales_set *set, const mr_sales_question *question)
{
    return name_bits(&set->products, question->products, question->product_count);
}

uint64_t *mr_sales_customer_bits(const mr_sales_set *set, const mr_sales_question *question)
{
    uint64_t *bits = question->customer_count > 0 ? make_bits(set->customers.count) : NULL;

    for (size_t wanted = 0; wanted < question->customer_count; wanted++) {
        for (uint32_t number = 0; number < set->customers.count; number++) {
            if (set->customers.number[number] == question->customers[wanted]) {
                set_bit(bits, number);
            }
        }
    }
    return bits;
}

static mr_status walk(mr_sales_result *result, const mr_sales_series *series, bool details,
                      mr_sales_pass **ret_pass, mr_err *err)
{
    const mr_sales_pass_options options = {.filter = {.from = series->range.from,
                                                      .to = series->range.to,
                                                      .countries = result->countries,
                                                      .products = result->products,
                                                      .customers = result->customers},
                                           .buckets = series->bucket_of_day,
                                           .bucket_count = series->count,
                                           .products = details,
                                           .details = details};
    mr_sales_pass *pass = mr_sales_pass_create(&options);
    const mr_status status = mr_sales_pass_add(pass, result->set, err);

    if (status != MR_OK) {
        mr_sales_pass_destroy(pass);
        return status;
    }
    mr_sales_pass_finish(pass);
    *ret_pass = pass;
    return MR_OK;
}

/* --- The period compared with, walked beside the other one ------------------------------------ */

typedef struct comparison {
    mr_sales_result *result;
    mr_status status;
    mr_err err;
    pthread_t thread;
    bool beside; /* in a thread of its own, to be joined */
} comparison;

static void *walk_before(void *ctx)
{
    comparison *c = ctx;

    c->status = walk(c->result, &c->result->series_before, false, &c->result->before, &c->err);
    return NULL;
}

/* Few lines are walked sooner than a thread is started. */
static void begin_comparison(comparison *c)
{
    c->beside = c->result->set->lines.count >= lines_beside_min &&
                pthread_create(&c->thread, NULL, walk_before, c) == 0;
}

static mr_status end_comparison(comparison *c, mr_err *err)
{
    if (c->beside) {
        const int joined = pthread_join(c->thread, NULL);
        MR_ASSERT(joined == 0); /* fails only on misuse */
    } else {
        (void)walk_before(c);
    }
    if (c->status != MR_OK && err != NULL) {
        *err = c->err;
    }
    return c->status;
}

/* Both walks, of series that have been made. */
static mr_status walk_all(mr_sales_result *result, bool compares, mr_err *err)
{
    comparison c = {.result = result, .status = MR_OK};

    if (compares) {
        begin_comparison(&c);
    }
    mr_status status = walk(result, &result->series, true, &result->now, err);
    if (compares && (status == MR_OK || c.beside)) {
        const mr_status before = end_comparison(&c, status == MR_OK ? err : NULL);
        status = status == MR_OK ? before : status;
    }
    return status;
}

mr_status mr_sales_result_make(const mr_sales_set *set, const mr_sales_question *question,
                               mr_sales_result **ret_result, mr_err *err)
{
    mr_sales_result *result = mr_alloc_zero(1, sizeof *result);
    mr_status status;

    result->set = set;
    result->countries = mr_sales_country_bits(set, question);
    result->products = mr_sales_product_bits(set, question);
    result->customers = mr_sales_customer_bits(set, question);
    result->range = mr_sales_range_of(question, set->day_first, set->day_last);
    result->compared = mr_sales_range_before(result->range, question->compare);
    result->grain = mr_sales_grain_of(question->grain, result->range);
    status = mr_sales_series_make(result->range, result->grain, &result->series, err);
    const bool compares = result->compared.from <= result->compared.to;
    if (status == MR_OK && compares) {
        status = mr_sales_series_make(result->compared, result->grain, &result->series_before, err);
    }
    if (status == MR_OK) {
        status = walk_all(result, compares, err);
    }
    if (status != MR_OK) {
        mr_sales_result_free(result);
        return status;
    }
    *ret_result = result;
    return MR_OK;
}

void mr_sales_result_free(mr_sales_result *result)
{
    if (result == NULL) {
        return;
    }
    mr_sales_pass_destroy(result->now);
    mr_sales_pass_destroy(result->before);
    mr_sales_series_free(&result->series);
    mr_sales_series_free(&result->series_before);
    free(result->countries);
    free(result->products);
    free(result->customers);
    free(result);
}
