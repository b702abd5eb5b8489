/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_result.c - a question's walks, each by two threads that share the set. */
#include "query/sales_result.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/thread.h"

enum { walkers_max = 2, walks_max = 2, lines_beside_min = 50000 };

/* --- What is taken ---------------------------------------------------------------------------- */

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

static uint64_t *customer_bits(const mr_sales_set *set, const mr_sales_question *question)
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

/* --- Walks, two threads side by side ----------------------------------------------------------
 *
 * Each takes the next part of the set that nobody has: days lie side by side, so that halves would
 * leave one thread without work, and a core that others use takes less than its share. */

typedef struct share {
    const mr_sales_set *set;
    const mr_sales_pass_options *options; /* of each walk */
    size_t walk_count;
    atomic_uint next[walks_max]; /* the part that is taken next */
} share;

typedef struct walker {
    share *work;
    mr_sales_pass *passes[walks_max]; /* NULL: took no part */
    mr_status status;
    mr_err err;
} walker;

static void walk_parts(walker *self, size_t index)
{
    share *work = self->work;
    const uint32_t parts = mr_sales_set_parts(work->set);
    uint32_t part;

    while ((part = atomic_fetch_add(&work->next[index], 1)) < parts) {
        if (self->passes[index] == NULL) {
            self->status = mr_sales_pass_create(&work->options[index], work->set,
                                                &self->passes[index], &self->err);
        }
        if (self->status != MR_OK) {
            return;
        }
        mr_sales_pass_add(self->passes[index], work->set, mr_sales_set_part(work->set, part));
    }
}

static void *walk_all_parts(void *ctx)
{
    walker *self = ctx;

    for (size_t index = 0; index < self->work->walk_count && self->status == MR_OK; index++) {
        walk_parts(self, index);
    }
    return NULL;
}

/* Few lines are walked sooner than a thread is started. */
static void walk_beside(walker walkers[static walkers_max])
{
    pthread_t thread;
    const bool beside = walkers[0].work->set->lines.count >= lines_beside_min &&
                        mr_thread_start(&thread, "sales-walk", walk_all_parts, &walkers[1]) == 0;

    (void)walk_all_parts(&walkers[0]);
    if (beside) {
        const int joined = pthread_join(thread, NULL);
        MR_ASSERT(joined == 0); /* fails only on misuse */
    }
}

/* One pass of what both walked. */
static mr_status join(walker walkers[static walkers_max], size_t index, mr_sales_pass **ret_pass,
                      mr_err *err)
{
    const share *work = walkers[0].work;
    mr_sales_pass *pass = walkers[0].passes[index], *other = walkers[1].passes[index];
    mr_status status = MR_OK;

    if (pass != NULL && other != NULL) {
        mr_sales_pass_merge(pass, other);
        mr_sales_pass_destroy(other);
    } else if (pass == NULL && other != NULL) {
        pass = other;
    } else if (pass == NULL) { /* nothing to walk */
        status = mr_sales_pass_create(&work->options[index], work->set, &pass, err);
    }
    if (status == MR_OK) {
        mr_sales_pass_finish(pass, work->set);
        *ret_pass = pass;
    }
    return status;
}

/* All walks over the whole set; their passes are finished. Where one fails, the caller frees those
 * that were given. */
static mr_status walk_all(const mr_sales_set *set, const mr_sales_pass_options *options,
                          size_t count, mr_sales_pass **ret_passes[walks_max], mr_err *err)
{
    share work = {.set = set, .options = options, .walk_count = count};
    walker walkers[walkers_max] = {{.work = &work}, {.work = &work}};
    mr_status status = MR_OK;

    walk_beside(walkers);
    for (size_t at = 0; at < walkers_max && status == MR_OK; at++) {
        status = walkers[at].status;
        if (status != MR_OK && err != NULL) {
            *err = walkers[at].err;
        }
    }
    for (size_t index = 0; index < count; index++) {
        if (status == MR_OK) {
            status = join(walkers, index, ret_passes[index], err);
        } else {
            mr_sales_pass_destroy(walkers[0].passes[index]);
            mr_sales_pass_destroy(walkers[1].passes[index]);
        }
    }
    return status;
}

/* --- Segments --------------------------------------------------------------------------------- */

int32_t mr_sales_result_end(const mr_sales_set *set, mr_sales_range range)
{
    return range.to < set->day_last ? range.to : set->day_last;
}

/* Leaves the customers of the segments (bits) alone, by what all other filters take. */
static mr_status narrow_to_segments(const mr_sales_set *set, uint8_t segments, int32_t end,
                                    mr_sales_narrowed *narrowed, mr_err *err)
{
    const mr_sales_pass_options options = {.filter = narrowed->filter, .customers = true};
    mr_sales_pass *pass = NULL;
    mr_sales_pass **passes[walks_max] = {&pass};
    const mr_status status = walk_all(set, &options, 1, passes, err);

    if (status != MR_OK) {
        return status;
    }
    narrowed->rfm = mr_sales_rfm_of(pass, end);
    mr_sales_pass_destroy(pass);
    free(narrowed->customers);
    narrowed->customers = make_bits(set->customers.count);
    for (uint32_t number = 0; number < set->customers.count; number++) {
        if (narrowed->rfm[number] != mr_sales_rfm_none &&
            (segments >> narrowed->rfm[number] & 1) != 0) {
            set_bit(narrowed->customers, number);
        }
    }
    narrowed->filter.customers = narrowed->customers;
    return MR_OK;
}

mr_status mr_sales_narrow(const mr_sales_set *set, const mr_sales_question *question,
                          mr_sales_range range, mr_sales_narrowed *ret, mr_err *err)
{
    *ret = (mr_sales_narrowed){
        .countries = name_bits(&set->countries, question->countries, question->country_count),
        .products = name_bits(&set->products, question->products, question->product_count),
        .customers = customer_bits(set, question)};
    ret->filter = (mr_sales_filter){.from = range.from,
                                    .to = range.to,
                                    .weekdays = question->weekdays,
                                    .hours = question->hours,
                                    .countries = ret->countries,
                                    .products = ret->products,
                                    .customers = ret->customers};
    return question->segments == 0 ? MR_OK
                                   : narrow_to_segments(set, question->segments,
                                                        mr_sales_result_end(set, range), ret, err);
}

void mr_sales_narrowed_free(mr_sales_narrowed *narrowed)
{
    free(narrowed->countries);
    free(narrowed->products);
    free(narrowed->customers);
    free(narrowed->rfm);
    *narrowed = (mr_sales_narrowed){.rfm = NULL};
}

/* --- The result ------------------------------------------------------------------------------- */

static mr_status walk(mr_sales_result *result, mr_err *err)
{
    const mr_sales_series *before = &result->series_before;
    const bool compares = result->compared.from <= result->compared.to;
    mr_sales_pass_options options[walks_max] = {{.filter = result->narrowed.filter,
                                                 .buckets = result->series.bucket_of_day,
                                                 .bucket_count = result->series.count,
                                                 .customers = true,
                                                 .products = true,
                                                 .details = true},
                                                {.filter = result->narrowed.filter,
                                                 .buckets = before->bucket_of_day,
                                                 .bucket_count = before->count}};
    mr_sales_pass **passes[walks_max] = {&result->now, &result->before};

    options[1].filter.from = result->compared.from;
    options[1].filter.to = result->compared.to;
    return walk_all(result->set, options, compares ? 2 : 1, passes, err);
}

mr_status mr_sales_result_make(const mr_sales_set *set, const mr_sales_question *question,
                               mr_sales_result **ret_result, mr_err *err)
{
    mr_sales_result *result = mr_alloc_zero(1, sizeof *result);
    mr_status status;

    result->set = set;
    result->range = mr_sales_range_of(question, set->day_first, set->day_last);
    result->compared = mr_sales_range_before(result->range, question->compare);
    result->grain = mr_sales_grain_of(question->grain, result->range);
    status = mr_sales_series_make(result->range, result->grain, &result->series, err);
    if (status == MR_OK && result->compared.from <= result->compared.to) {
        status = mr_sales_series_make(result->compared, result->grain, &result->series_before, err);
    }
    if (status == MR_OK) {
        status = mr_sales_narrow(set, question, result->range, &result->narrowed, err);
    }
    if (status == MR_OK) {
        status = walk(result, err);
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
    mr_sales_narrowed_free(&result->narrowed);
    free(result);
}
