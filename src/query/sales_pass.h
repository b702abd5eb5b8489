/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_pass.h - one walk over a working set: all sums of the dashboard at once, exactly.
 *
 * A pass may walk several sets one behind the other (batches of lines out of the lake), if each
 * invoice is in one of them alone. Threads: a pass belongs to one thread.
 */
#ifndef MR_QUERY_SALES_PASS_H
#define MR_QUERY_SALES_PASS_H

#include "query/sales_set.h"

enum { mr_sales_hours = 7 * 24, mr_sales_buckets_max = 4096 };

/* What lines are taken. Bits by number in the set; NULL: all. */
typedef struct mr_sales_filter {
    int32_t from, to; /* days, both inclusive */
    const uint64_t *countries, *products, *customers;
} mr_sales_filter;

static inline bool mr_sales_bit(const uint64_t *bits, uint32_t number)
{
    return bits == NULL || (bits[number / 64] >> (number % 64) & 1) != 0;
}

/* Sums of some lines. Sales are those of invoices that are no cancellations. */
typedef struct mr_sales_group {
    mr_amount sales, returns;
    int64_t quantity, returned; /* pieces */
    int64_t last_order_s;       /* since 1970; INT64_MIN: no order */
    uint32_t orders, cancelled; /* invoices */
    uint32_t customers;         /* where they are counted */
    uint32_t stamp;             /* the invoice counted last, and 1 */
    uint64_t lines;
} mr_sales_group;

/* What the walk itself keeps of a product, small for the sake of the processor's caches. */
typedef struct mr_sales_tally {
    __int128 amount; /* ten-thousandths */
    int64_t quantity;
    uint32_t invoices, stamp;
} mr_sales_tally;

typedef struct mr_sales_pass_options {
    mr_sales_filter filter;
    /* The bucket of each day from filter.from on; NULL: no series. */
    const uint16_t *buckets;
    uint32_t bucket_count;
    bool products, details; /* per product; per customer, country and hour */
} mr_sales_pass_options;

typedef struct mr_sales_pass {
    mr_sales_pass_options options;
    mr_sales_group total;
    mr_sales_group *buckets, *customers, *countries;
    mr_sales_group *products;        /* made by finish */
    mr_sales_tally *sold, *returned; /* of products: lines of orders, and of cancellations */
    uint32_t product_count, customer_count, country_count;
    mr_sales_group hours[mr_sales_hours];           /* Monday 0:00 first */
    mr_amount guests;                               /* sales without a customer */
    uint64_t *bucket_customers, *country_customers; /* a row of bits a customer */
} mr_sales_pass;

/* Options' arrays are borrowed for the pass's life. */
mr_sales_pass *mr_sales_pass_create(const mr_sales_pass_options *options);
void mr_sales_pass_destroy(mr_sales_pass *pass); /* NULL is fine */
/* MR_LIMIT: the set has too many countries and customers to tell them apart. */
mr_status mr_sales_pass_add(mr_sales_pass *pass, const mr_sales_set *set, mr_err *err);
/* Counts what can be counted in the end only. */
void mr_sales_pass_finish(mr_sales_pass *pass);

#endif
