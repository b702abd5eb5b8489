/* SPDX-License-Identifier: Apache-2.0 */
/* sales_bench.c - the dashboard's engine over a lake that is there: how long it takes to read it,
 * to answer a changed filter, and to answer it again.
 *
 * Usage: sales_bench DATA_FOLDER [MEMORY_MIB [QUESTIONS [COMMAND]]]. Questions are made up with a
 * fixed seed: any range of days, with or without countries, products, customers and a comparison.
 * COMMAND makes gold newer: how long the set takes to follow is measured, too.
 * Prints one JSON line.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/metrics.h"
#include "base/random.h"
#include "query/sales.h"

enum {
    default_memory_mib = 1024,
    default_questions = 300,
    wait_ms = 600000,
    answers_bytes = 64 << 20
};

static uint32_t below(mr_random *random, uint32_t count)
{
    return count == 0 ? 0 : (uint32_t)mr_random_below(random, count);
}

static int by_value(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

typedef struct asked {
    mr_sales_question question;
    mr_text country, products[3];
    int64_t customers[2];
} asked;

static void make_question(mr_random *random, const mr_sales_set *set, asked *ret)
{
    const int32_t days = set->day_last - set->day_first + 1;

    *ret = (asked){.question = {.compare = (mr_sales_compare)below(random, 3)}};
    if (below(random, 4) > 0) {
        const int32_t from = set->day_first + (int32_t)below(random, (uint32_t)days);
        const int32_t left = set->day_last - from + 1;

        ret->question.has_from = ret->question.has_to = true;
        ret->question.from = from;
        ret->question.to = from + (int32_t)below(random, (uint32_t)left);
    }
    if (below(random, 3) == 0) {
        ret->country = mr_sales_name(&set->countries, below(random, set->countries.count));
        ret->question.countries = &ret->country;
        ret->question.country_count = 1;
    }
    if (below(random, 3) == 0) {
        ret->question.product_count = 1 + below(random, 3);
        for (size_t index = 0; index < ret->question.product_count; index++) {
            ret->products[index] =
                mr_sales_name(&set->products, below(random, set->products.count));
        }
        ret->question.products = ret->products;
    }
    if (below(random, 6) == 0) {
        ret->customers[0] = set->customers.number[below(random, set->customers.count)];
        ret->question.customers = ret->customers;
        ret->question.customer_count = 1;
    }
}

/* How long the next version took, once it is there. */
static uint64_t follow(mr_sales *sales, const mr_sales_question *all, const char *command)
{
    mr_sales_state before, now;
    mr_sales_set *set = NULL;

    mr_sales_read_state(sales, &before);
    if (system(command) != 0) {
        exit(1);
    }
    do {
        if (mr_sales_take(sales, all, wait_ms, &set, NULL) != MR_OK) {
            exit(1);
        }
        mr_sales_give(sales, set);
        (void)poll(NULL, 0, 10);
        mr_sales_read_state(sales, &now);
    } while (now.version == before.version);
    return now.load_us;
}

static int64_t ask_us(mr_sales *sales, const mr_sales_set *set, const mr_sales_question *question,
                      mr_buffer *out)
{
    const int64_t begin_us = mr_monotonic_us();

    mr_buffer_clear(out);
    if (mr_sales_ask(sales, set, question, out, NULL) != MR_OK) {
        exit(1);
    }
    return mr_monotonic_us() - begin_us;
}

int main(int argc, char **argv)
{
    const size_t mib = argc > 2 ? strtoull(argv[2], NULL, 10) : default_memory_mib;
    const size_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : default_questions;
    const mr_sales_options options = {
        .lake = {.url = "file:", .data_folder = argc > 1 ? argv[1] : "."},
        .data_folder = argc > 1 ? argv[1] : ".",
        .memory_bytes_max = mib << 20,
        .answers_bytes_max = answers_bytes,
        .look_ms = 1000,
        .engine = {.memory_bytes_max = 256 << 20, .threads = 2}};
    mr_sales *sales = mr_sales_start(&options);
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_YEAR};
    mr_random random;
    mr_sales_set *set = NULL;
    mr_sales_state state;
    mr_buffer out;
    mr_err err;

    mr_random_seed(&random, 7);
    mr_buffer_init(&out, 16 << 20);
    if (mr_sales_take(sales, &all, wait_ms, &set, &err) != MR_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    mr_sales_read_state(sales, &state);
    int64_t *changed = mr_alloc((count + 1) * sizeof *changed);
    int64_t *again = mr_alloc((count + 1) * sizeof *again);
    const int64_t first_us = ask_us(sales, set, &all, &out);
    asked *questions = mr_alloc_zero(count + 1, sizeof *questions);
    for (size_t index = 0; index < count; index++) {
        make_question(&random, set, &questions[index]);
        changed[index] = ask_us(sales, set, &questions[index].question, &out);
        again[index] = ask_us(sales, set, &questions[index].question, &out);
    }
    qsort(changed, count, sizeof *changed, by_value);
    qsort(again, count, sizeof *again, by_value);
    const double resident = (double)mr_process_resident_bytes(getpid()) / 1048576;
    mr_sales_give(sales, set);
    const uint64_t refresh_us = argc > 4 ? follow(sales, &all, argv[4]) : 0;
    (void)printf("{\"bench\":\"sales\",\"lines\":%llu,\"load_ms\":%.0f,\"set_mib\":%.1f,"
                 "\"resident_mib\":%.1f,\"whole_ms\":%.2f,\"changed_p50_ms\":%.2f,"
                 "\"changed_p99_ms\":%.2f,\"changed_max_ms\":%.2f,\"again_p99_ms\":%.3f,\"refresh_"
                 "ms\":%.0f}\n",
                 (unsigned long long)state.lines, (double)state.load_us / 1e3,
                 (double)state.memory_bytes / 1048576, resident, (double)first_us / 1e3,
                 (double)changed[count / 2] / 1e3, (double)changed[count * 99 / 100] / 1e3,
                 (double)changed[count - 1] / 1e3, (double)again[count * 99 / 100] / 1e3,
                 (double)refresh_us / 1e3);
    mr_sales_stop(sales);
    free(changed);
    free(again);
    free(questions);
    mr_buffer_free(&out);
    return 0;
}
