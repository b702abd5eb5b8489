/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_pass.c - the walk.
 *
 * Distinct invoices are counted without a set of them: each group remembers the last one it saw,
 * and an invoice's segments are neighbours. Distinct customers of a bucket or country are bits.
 */
#include "query/sales_pass.h"

#include <stdlib.h>

enum { bits_bytes_max = 256 << 20, day_s = 86400 };

static size_t words(uint32_t bits)
{
    return ((size_t)bits + 63) / 64;
}

static mr_sales_group *make_groups(uint32_t count)
{
    return mr_alloc_zero((size_t)count + 1, sizeof(mr_sales_group));
}

/* Rows of bits, one a customer. NULL: they are too many. */
static uint64_t *make_rows(uint32_t customers, uint32_t columns)
{
    const size_t bytes = (size_t)customers * words(columns) * sizeof(uint64_t);

    return bytes > bits_bytes_max ? NULL : mr_alloc_zero(1, bytes + sizeof(uint64_t));
}

static mr_status make_details(mr_sales_pass *pass, mr_err *err)
{
    if (pass->buckets != NULL) {
        pass->bucket_customers = make_rows(pass->customer_count, pass->options.bucket_count);
        if (pass->bucket_customers == NULL) {
            return mr_fail(err, MR_LIMIT,
                           "too many customers for so many periods: a coarser grain, or "
                           "a shorter range, is needed");
        }
    }
    pass->countries = make_groups(pass->country_count);
    pass->country_customers = make_rows(pass->customer_count, pass->country_count);
    return pass->country_customers != NULL
               ? MR_OK
               : mr_fail(err, MR_LIMIT, "too many customers in too many countries");
}

mr_status mr_sales_pass_create(const mr_sales_pass_options *options, const mr_sales_set *set,
                               mr_sales_pass **ret_pass, mr_err *err)
{
    mr_sales_pass *pass = mr_alloc_zero(1, sizeof *pass);
    const mr_sales_filter *filter = &options->filter;
    mr_status status = MR_OK;

    MR_ASSERT(options->bucket_count <= mr_sales_buckets_max);
    pass->options = *options;
    pass->product_count = set->products.count;
    pass->customer_count = set->customers.count;
    pass->country_count = set->countries.count;
    pass->covered = (mr_sales_covered){.from = 0, .to = -1};
    if (options->buckets != NULL) {
        pass->buckets = make_groups(options->bucket_count);
    }
    if (options->customers) {
        pass->customers = make_groups(set->customers.count);
    } else {
        pass->seen = mr_alloc_zero(words(set->customers.count) + 1, sizeof *pass->seen);
    }
    if (options->products) {
        pass->sold = mr_alloc_zero((size_t)set->products.count + 1, sizeof *pass->sold);
        pass->returned = mr_alloc_zero((size_t)set->products.count + 1, sizeof *pass->returned);
        if (filter->products == NULL && filter->customers == NULL && filter->hours == 0 &&
            filter->weekdays == 0) {
            pass->covered = mr_sales_cube_cover(set, filter->from, filter->to, filter->countries);
        }
    }
    if (options->details) {
        status = make_details(pass, err);
    }
    if (status != MR_OK) {
        mr_sales_pass_destroy(pass);
        return status;
    }
    *ret_pass = pass;
    return MR_OK;
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
        free(pass->seen);
        free(pass->bucket_customers);
        free(pass->country_customers);
        free(pass);
    }
}

/* --- Walking ---------------------------------------------------------------------------------- */

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

/* Tallies the lines of the products wanted alone; what is taken goes to *taken. */
static void take_lines(mr_sales_tally *products, const uint64_t *wanted,
                       const mr_sales_lines *lines, const mr_sales_segment *segment, part *taken)
{
    for (uint32_t line = segment[0].first_line; line < segment[1].first_line; line++) {
        const uint32_t product = lines->product[line];

        if (!mr_sales_bit(wanted, product)) {
            continue;
        }
        if (products != NULL) {
            mr_sales_tally *tally = &products[product];

            tally->amount += lines->amount[line];
            tally->quantity += lines->quantity[line];
            tally->invoices += tally->stamp != taken->stamp;
            tally->stamp = taken->stamp;
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
    const uint32_t hour = mr_sales_weekday(segment->day) * 24 + segment->second / 3600;

    add_part(&pass->hours[hour], segment, taken);
    add_part(&pass->countries[segment->country], segment, taken);
    if (segment->customer == MR_SALES_GUEST) {
        pass->guests.scaled += segment->cancelled ? 0 : taken->amount.scaled;
    } else {
        set_bit(pass->country_customers, segment->customer, words(pass->country_count),
                segment->country);
    }
}

static void add_customer(mr_sales_pass *pass, const mr_sales_segment *segment, const part *taken)
{
    if (pass->customers == NULL) {
        set_bit(pass->seen, 0, 0, segment->customer);
        return;
    }
    mr_sales_group *customer = &pass->customers[segment->customer];
    const int64_t second = (int64_t)segment->day * day_s + segment->second;
    if (!segment->cancelled && (customer->orders == 0 || second > customer->last_order_s)) {
        customer->last_order_s = second;
    }
    add_part(customer, segment, taken);
}

static void add_segment(mr_sales_pass *pass, const mr_sales_segment *segment, const part *taken)
{
    add_part(&pass->total, segment, taken);
    if (segment->customer != MR_SALES_GUEST) {
        add_customer(pass, segment, taken);
    }
    if (pass->buckets != NULL) {
        const uint16_t bucket = pass->options.buckets[segment->day - pass->options.filter.from];

        add_part(&pass->buckets[bucket], segment, taken);
        if (pass->bucket_customers != NULL && segment->customer != MR_SALES_GUEST) {
            set_bit(pass->bucket_customers, segment->customer, words(pass->options.bucket_count),
                    bucket);
        }
    }
    if (pass->options.details) {
        add_details(pass, segment, taken);
    }
}

static void walk(mr_sales_pass *pass, const mr_sales_set *set, mr_sales_slice slice)
{
    const mr_sales_filter *filter = &pass->options.filter;

    for (uint32_t index = slice.first; index < slice.end; index++) {
        const mr_sales_segment *segment = &set->segments[index];
        part taken = {.stamp = segment->invoice + 1};

        if (!mr_sales_takes(filter, segment)) {
            continue;
        }
        mr_sales_tally *products = segment->cancelled ? pass->returned : pass->sold;
        if (filter->products != NULL) {
            take_lines(products, filter->products, &set->lines, segment, &taken);
        } else {
            taken.quantity = segment->quantity;
            taken.amount.scaled = segment->amount;
            taken.lines = mr_sales_segment_lines(segment);
            if (products != NULL && !mr_sales_cube_has(set->cube, &pass->covered, segment)) {
                mr_sales_tally_lines(products, &set->lines, segment, taken.stamp);
            }
        }
        if (taken.lines > 0) {
            add_segment(pass, segment, &taken);
        }
    }
}

void mr_sales_pass_add(mr_sales_pass *pass, const mr_sales_set *set, mr_sales_slice slice)
{
    const mr_sales_filter *filter = &pass->options.filter;
    mr_sales_slice some;

    while (mr_sales_set_next(set, filter->from, filter->to, &slice, &some)) {
        walk(pass, set, some);
    }
}

/* --- Adding up -------------------------------------------------------------------------------- */

static void merge_groups(mr_sales_group *groups, const mr_sales_group *others, uint32_t count)
{
    for (uint32_t index = 0; groups != NULL && index < count; index++) {
        mr_sales_group *group = &groups[index];
        const mr_sales_group *other = &others[index];

        if (other->lines == 0) {
            continue;
        }
        if (other->orders > 0 &&
            (group->orders == 0 || other->last_order_s > group->last_order_s)) {
            group->last_order_s = other->last_order_s;
        }
        group->sales = mr_amount_add(group->sales, other->sales);
        group->returns = mr_amount_add(group->returns, other->returns);
        group->quantity += other->quantity;
        group->returned += other->returned;
        group->orders += other->orders;
        group->cancelled += other->cancelled;
        group->lines += other->lines;
    }
}

static void merge_tallies(mr_sales_tally *products, const mr_sales_tally *others, uint32_t count)
{
    for (uint32_t index = 0; products != NULL && index < count; index++) {
        products[index].amount += others[index].amount;
        products[index].quantity += others[index].quantity;
        products[index].invoices += others[index].invoices;
    }
}

static void merge_bits(uint64_t *bits, const uint64_t *others, size_t count)
{
    for (size_t word = 0; bits != NULL && word < count; word++) {
        bits[word] |= others[word];
    }
}

void mr_sales_pass_merge(mr_sales_pass *pass, const mr_sales_pass *other)
{
    const size_t customers = pass->customer_count;

    MR_ASSERT(other->customer_count == customers && other->product_count == pass->product_count);
    merge_groups(&pass->total, &other->total, 1);
    merge_groups(pass->buckets, other->buckets, pass->options.bucket_count);
    merge_groups(pass->customers, other->customers, pass->customer_count);
    merge_groups(pass->countries, other->countries, pass->country_count);
    merge_groups(pass->hours, other->hours, mr_sales_hours);
    merge_tallies(pass->sold, other->sold, pass->product_count);
    merge_tallies(pass->returned, other->returned, pass->product_count);
    pass->guests = mr_amount_add(pass->guests, other->guests);
    merge_bits(pass->seen, other->seen, words(pass->customer_count));
    merge_bits(pass->bucket_customers, other->bucket_customers,
               customers * words(pass->options.bucket_count));
    merge_bits(pass->country_customers, other->country_customers,
               customers * words(pass->country_count));
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
    pass->products = make_groups(pass->product_count);
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

static void count_customers(mr_sales_pass *pass)
{
    for (uint32_t index = 0; pass->customers != NULL && index < pass->customer_count; index++) {
        pass->total.customers += pass->customers[index].lines > 0;
    }
    for (size_t word = 0; pass->seen != NULL && word < words(pass->customer_count); word++) {
        pass->total.customers += (uint32_t)__builtin_popcountll(pass->seen[word]);
    }
}

void mr_sales_pass_finish(mr_sales_pass *pass, const mr_sales_set *set)
{
    if (pass->sold != NULL) {
        mr_sales_cube_add(set->cube, &pass->covered, pass->sold, pass->returned);
        finish_products(pass);
    }
    count_customers(pass);
    if (pass->bucket_customers != NULL) {
        count_bits(pass->bucket_customers, pass->customer_count, pass->options.bucket_count,
                   pass->buckets);
    }
    if (pass->country_customers != NULL) {
        count_bits(pass->country_customers, pass->customer_count, pass->country_count,
                   pass->countries);
    }
}
