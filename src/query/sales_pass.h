/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_pass.h - one walk over a working set: all sums of the dashboard at once, exactly.
 *
 *   create --> add(a slice) --> ... --> finish: the figures may be read
 *                 '--> merge(another pass of the same options, over other slices)
 *
 * Slices hold whole invoices, each in one of them alone. Threads: a pass belongs to one thread;
 * several may walk one set.
 */
#ifndef MR_QUERY_SALES_PASS_H
#define MR_QUERY_SALES_PASS_H

#include "query/sales_cube.h"
#include "query/sales_set.h"

enum { mr_sales_hours = 7 * 24, mr_sales_buckets_max = 4096 };

/* What lines are taken. Bits by number in the set; NULL: all. */
typedef struct mr_sales_filter {
    int32_t from, to; /* days, both inclusive */
    uint8_t weekdays; /* bits, Monday first; 0: all */
    uint32_t hours;   /* bits, 0:00 first; 0: all */
    const uint64_t *countries, *products, *customers;
} mr_sales_filter;

/* Monday is 0; 1970-01-01 was a Thursday. */
static inline uint32_t mr_sales_weekday(int32_t day)
{
    return (uint32_t)((day % 7) + 7 + 3) % 7;
}

/* Whether a segment is taken, but for its products. */
static inline bool mr_sales_takes(const mr_sales_filter *filter, const mr_sales_segment *segment)
{
    return segment->day >= filter->from && segment->day <= filter->to &&
           (filter->hours == 0 || (filter->hours >> (segment->second / 3600) & 1) != 0) &&
           (filter->weekdays == 0 ||
            (filter->weekdays >> mr_sales_weekday(segment->day) & 1) != 0) &&
           mr_sales_bit(filter->countries, segment->country) &&
           (filter->customers == NULL || (segment->customer != MR_SALES_GUEST &&
                                          mr_sales_bit(filter->customers, segment->customer)));
}

/* Sums of some lines. Sales are those of invoices that are no cancellations. */
typedef struct mr_sales_group {
    mr_amount sales, returns;
    int64_t quantity, returned; /* pieces */
    int64_t last_order_s;       /* since 1970; where it is kept, and orders > 0 */
    uint32_t orders, cancelled; /* invoices */
    uint32_t customers;         /* where they are counted */
    uint32_t stamp;             /* the invoice counted last, and 1 */
    uint64_t lines;
} mr_sales_group;

typedef struct mr_sales_pass_options {
    mr_sales_filter filter;
    /* The bucket of each day from filter.from on; NULL: no series. */
    const uint16_t *buckets;
    uint32_t bucket_count;
    bool customers; /* a group each, without which they are counted alone */
    bool products;  /* a group each */
    bool details;   /* per country and hour, and the customers of buckets and countries */
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
    mr_sales_covered covered;                       /* by the set's cube: not walked */
    uint64_t *seen;                                 /* customers, where they have no groups */
    uint64_t *bucket_customers, *country_customers; /* a row of bits a customer */
} mr_sales_pass;

/* Options' arrays are borrowed for the pass's life. MR_LIMIT: the set has too many countries, or
 * periods, and customers to tell them apart. */
mr_status mr_sales_pass_create(const mr_sales_pass_options *options, const mr_sales_set *set,
                               mr_sales_pass **ret_pass, mr_err *err);
void mr_sales_pass_destroy(mr_sales_pass *pass); /* NULL is fine */
void mr_sales_pass_add(mr_sales_pass *pass, const mr_sales_set *set, mr_sales_slice slice);
/* Adds what another pass of the same options and set has walked. */
void mr_sales_pass_merge(mr_sales_pass *pass, const mr_sales_pass *other);
/* Adds what is in the set's cube, and counts what can be counted in the end only. */
void mr_sales_pass_finish(mr_sales_pass *pass, const mr_sales_set *set);

#endif
