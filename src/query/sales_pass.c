/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_pass.c - the walk.
 *
 * Distinct invoices are counted without a set of them: each group remembers the last one it saw,
 * and an invoice's segments are neighbours. Distinct customers of a bucket or country are bits.
 */
#include "query/sales_pass.h"

#include <stdlib.h>

enum { bits_bytes_max = 256 << 20, day_s = 86400 };

mr_sales_pass *mr_sales_pass_create(const mr_sales_pass_options *options)
{
    mr_sales_pass *pass = mr_alloc_zero(1, sizeof *pass);

    MR_ASSERT(options->bucket_count <= mr_sales_buckets_max);
    pass->options = *options;
    if (options->buckets != NULL) {
        pass->buckets = mr_alloc_zero((size_t)options->bucket_count + 1, sizeof *pass->buckets);
    }
    return pass;
}

void mr_sales_pass_destroy(mr_sales_pass *pass)
{
    if (pass != NULL) {
        free(pass->buckets);
        free(pass->products);
        free(pass->sold);
        free(pass->returned);
        free(pass->customers);
        free(pass->countries);
        free(pass->bucket_customers);
        free(pass->country_customers);
        free(pass);
    }
}

static void grow(mr_sales_group **groups, uint32_t *count, uint32_t wanted)
{
    if (*groups == NULL || wanted > *count) {
        *groups = mr_realloc(*groups, ((size_t)wanted + 1) * sizeof **groups);
        memset(*groups + *count, 0, ((size_t)wanted + 1 - *count) * sizeof **groups);
        *count = wanted;
    }
}

static void grow_tallies(mr_sales_pass *pass, uint32_t wanted)
{
    mr_sales_tally **const tallies[] = {&pass->sold, &pass->returned};

    for (size_t index = 0; index < 2 && (*tallies[index] == NULL || wanted > pass->product_count);
         index++) {
        const size_t had = *tallies[index] == NULL ? 0 : pass->product_count;

        *tallies[index] =
            mr_realloc(*tallies[index], ((size_t)wanted + 1) * sizeof **tallies[index]);
        memset(*tallies[index] + had, 0, ((size_t)wanted + 1 - had) * sizeof **tallies[index]);
    }
    pass->product_count = wanted > pass->product_count ? wanted : pass->product_count;
}

static size_t words(uint32_t bits)
{
    return ((size_t)bits + 63) / 64;
}

/* Rows of bits, one a customer; those there were stay. MR_LIMIT leaves err as it is. */
static bool grow_bits(uint64_t **bits, uint32_t before, uint32_t customers, size_t row_words)
{
    const size_t room = (size_t)customers * row_words, had = (size_t)before * row_words;

    if (room * sizeof(uint64_t) > bits_bytes_max) {
        return false;
    }
    if (*bits == NULL) {
        *bits = mr_alloc_zero(room + 1, sizeof **bits);
    } else if (room > had) {
        *bits = mr_realloc(*bits, (room + 1) * sizeof **bits);
        memset(*bits + had, 0, (room + 1 - had) * sizeof **bits);
    }
    return true;
}

static mr_status make_room(mr_sales_pass *pass, const mr_sales_set *set, mr_err *err)
{
    const uint32_t customers_before = pass->customer_count;

    if (pass->options.products) {
        grow_tallies(pass, set->products.count);
    }
    grow(&pass->customers, &pass->customer_count, set->customers.count);
    if (pass->options.buckets != NULL &&
        !grow_bits(&pass->bucket_customers, customers_before, set->customers.count,
                   words(pass->options.bucket_count))) {
        return mr_fail(err, MR_LIMIT,
                       "too many customers for so many periods: a coarser grain, or "
                       "a shorter range, is needed");
    }
    if (!pass->options.details) {
        return MR_OK;
    }
    if (pass->country_count != 0 && words(set->countries.count) != words(pass->country_count)) {
        return mr_fail(err, MR_LIMIT, "there are more countries than at the beginning");
    }
    grow(&pass->countries, &pass->country_count, set->countries.count);
    return grow_bits(&pass->country_customers, customers_before, set->customers.count,
                     words(set->countries.count))
               ? MR_OK
               : mr_fail(err, MR_LIMIT, "too many customers in too many countries");
}

/* The part of a segment that the filter takes. */
typedef struct part {
    int64_t quantity;
    mr_amount amount;
    uint32_t lines, stamp;
} part;

static void add_part(mr_sales_group *group, const mr_sales_segment *segment, const part *taken)
{
    const bool first = group->stamp != taken->stamp;

    group->stamp = taken->stamp;
    group->lines += taken->lines;
    if (segment->cancelled) {
        group->returns.scaled += taken->amount.scaled;
        group->returned += taken->quantity;
        group->cancelled += first;
    } else {
        group->sales.scaled += taken->amount.scaled;
        group->quantity += taken->quantity;
        group->orders += first;
    }
}

/* Without a branch: products of an invoice mostly differ. */
static inline void tally(mr_sales_tally *product, int64_t amount, int32_t quantity, uint32_t stamp)
{
    product->amount += amount;
    product->quantity += quantity;
    product->invoices += product->stamp != stamp;
    product->stamp = stamp;
}

/* Adds the segment's lines to their products. */
static void tally_lines(mr_sales_tally *products, const mr_sales_lines *lines,
                        const mr_sales_segment *segment, uint32_t stamp)
{
    for (uint32_t line = segment[0].first_line; line < segment[1].first_line; line++) {
        tally(&products[lines->product[line]], lines->amount[line], lines->quantity[line], stamp);
    }
}

/* The same for the products wanted alone; what is taken goes to *taken. */
static void take_lines(mr_sales_tally *products, const uint64_t *wanted,
                       const mr_sales_lines *lines, const mr_sales_segment *segment, part *taken)
{
    for (uint32_t line = segment[0].first_line; line < segment[1].first_line; line++) {
        const uint32_t product = lines->product[line];

        if (!mr_sales_bit(wanted, product)) {
            continue;
        }
        if (products != NULL) {
            tally(&products[product], lines->amount[line], lines->quantity[line], taken->stamp);
        }
        taken->quantity += lines->quantity[line];
        taken->amount.scaled += lines->amount[line];
        taken->lines++;
    }
}

static void set_bit(uint64_t *bits, uint32_t row, size_t row_words, uint32_t bit)
{
    bits[row * row_words + bit / 64] |= UINT64_C(1) << (bit % 64);
}

static void add_details(mr_sales_pass *pass, const mr_sales_segment *segment, const part *taken)
{
    /* 1970-01-01 was a Thursday. */
    const int32_t weekday = ((segment->day % 7) + 7 + 3) % 7;

    add_part(&pass->hours[weekday * 24 + (int32_t)(segment->second / 3600)], segment, taken);
    add_part(&pass->countries[segment->country], segment, taken);
    if (segment->customer == MR_SALES_GUEST) {
        pass->guests.scaled += segment->cancelled ? 0 : taken->amount.scaled;
    } else {
        set_bit(pass->country_customers, segment->customer, words(pass->country_count),
                segment->country);
    }
}

static void add_segment(mr_sales_pass *pass, const mr_sales_segment *segment, const part *taken)
{
    add_part(&pass->total, segment, taken);
    if (pass->buckets != NULL) {
        const uint16_t bucket = pass->options.buckets[segment->day - pass->options.filter.from];

        add_part(&pass->buckets[bucket], segment, taken);
        if (segment->customer != MR_SALES_GUEST) {
            set_bit(pass->bucket_customers, segment->customer, words(pass->options.bucket_count),
                    bucket);
        }
    }
    if (segment->customer != MR_SALES_GUEST) {
        mr_sales_group *customer = &pass->customers[segment->customer];
        const int64_t second = (int64_t)segment->day * day_s + segment->second;

        if (!segment->cancelled && (customer->orders == 0 || second > customer->last_order_s)) {
            customer->last_order_s = second;
        }
        add_part(customer, segment, taken);
    }
    if (pass->options.details) {
        add_details(pass, segment, taken);
    }
}

mr_status mr_sales_pass_add(mr_sales_pass *pass, const mr_sales_set *set, mr_err *err)
{
    const mr_sales_filter *filter = &pass->options.filter;
    mr_status status = make_room(pass, set, err);

    for (uint32_t index = 0; status == MR_OK && index < set->segment_count; index++) {
        const mr_sales_segment *segment = &set->segments[index];
        part taken = {.stamp = segment->invoice + 1};

        if (segment->day < filter->from || segment->day > filter->to ||
            !mr_sales_bit(filter->countries, segment->country) ||
            (filter->customers != NULL && (segment->customer == MR_SALES_GUEST ||
                                           !mr_sales_bit(filter->customers, segment->customer)))) {
            continue;
        }
        mr_sales_tally *products = segment->cancelled ? pass->returned : pass->sold;
        if (filter->products != NULL) {
            take_lines(products, filter->products, &set->lines, segment, &taken);
        } else {
            taken.quantity = segment->quantity;
            taken.amount.scaled = segment->amount;
            taken.lines = mr_sales_segment_lines(segment);
            if (products != NULL) {
                tally_lines(products, &set->lines, segment, taken.stamp);
            }
        }
        if (taken.lines > 0) {
            add_segment(pass, segment, &taken);
        }
    }
    return status;
}

/* Counts the bits of each column. */
static void count_bits(const uint64_t *bits, uint32_t customers, uint32_t columns,
                       mr_sales_group *groups)
{
    const size_t row_words = words(columns);

    for (size_t row = 0; row < customers; row++) {
        for (size_t word = 0; word < row_words; word++) {
            for (uint64_t left = bits[row * row_words + word]; left != 0; left &= left - 1) {
                groups[word * 64 + (size_t)__builtin_ctzll(left)].customers++;
            }
        }
    }
}

static void finish_products(mr_sales_pass *pass)
{
    pass->products = mr_alloc_zero((size_t)pass->product_count + 1, sizeof *pass->products);
    for (uint32_t index = 0; index < pass->product_count; index++) {
        const mr_sales_tally *sold = &pass->sold[index], *returned = &pass->returned[index];

        pass->products[index] = (mr_sales_group){.sales = {sold->amount},
                                                 .returns = {returned->amount},
                                                 .quantity = sold->quantity,
                                                 .returned = returned->quantity,
                                                 .orders = sold->invoices,
                                                 .cancelled = returned->invoices};
    }
}

void mr_sales_pass_finish(mr_sales_pass *pass)
{
    if (pass->sold != NULL) {
        finish_products(pass);
    }
    for (uint32_t index = 0; index < pass->customer_count; index++) {
        pass->total.customers += pass->customers[index].lines > 0;
    }
    if (pass->bucket_customers != NULL) {
        count_bits(pass->bucket_customers, pass->customer_count, pass->options.bucket_count,
                   pass->buckets);
    }
    if (pass->country_customers != NULL) {
        count_bits(pass->country_customers, pass->customer_count, pass->country_count,
                   pass->countries);
    }
}
