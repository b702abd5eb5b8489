/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_set.h - the lines of gold.fact_sales in memory, in columns: the dashboard's working
 * set.
 *
 *   invoices   0   1   1   2 ...            names by number
 *   segments  [a] [b] [c] [d]               lines of an invoice with one moment, country, customer
 *   lines     |||||  ||  |  ||||            16 bytes each: product, quantity, amount
 *
 * Invariants: (1) the segments of an invoice stand side by side, and the lines of a segment, too:
 *                 distinct invoices are counted by remembering the last one alone;
 *             (2) a segment's sums are those of its lines, exactly;
 *             (3) a set that was published is never changed.
 * Threads: a published set may be read by all; the count of its holders is its owner's (sales.c).
 */
#ifndef MR_QUERY_SALES_SET_H
#define MR_QUERY_SALES_SET_H

#include "base/decimal.h"
#include "query/sales_names.h"

#define MR_SALES_GUEST MR_SALES_NONE /* as a segment's customer */

enum { mr_sales_countries_max = 65535 };

typedef struct mr_sales_segment {
    int32_t day;     /* since 1970-01-01, by the shop's calendar */
    uint32_t second; /* of the day */
    uint32_t invoice, customer;
    uint32_t first_line;
    uint16_t country;
    bool cancelled; /* the invoice's number begins with C */
    bool summed;    /* its lines are in the set's cube (sales_cube.h) */
    int64_t amount; /* of its lines, in ten-thousandths */
    int64_t quantity;
} mr_sales_segment;

typedef struct mr_sales_lines {
    uint32_t *product;
    int32_t *quantity;
    int64_t *amount; /* ten-thousandths */
    uint32_t count, room;
} mr_sales_lines;

/* What is known of customers and products beyond their numbers. */
typedef struct mr_sales_customers {
    int64_t *number;
    uint32_t *name;     /* in names; MR_SALES_NONE: none */
    uint32_t *country;  /* in the set's countries; MR_SALES_NONE: unknown */
    int32_t *first_day; /* of the first order; INT32_MAX: never ordered */
    mr_amount *spent;   /* to date */
    uint32_t count, room;
    mr_sales_names names;
} mr_sales_customers;

typedef struct mr_sales_cube mr_sales_cube;

/* The first and last day of some segments. */
typedef struct mr_sales_days {
    int32_t first, last;
} mr_sales_days;

enum { mr_sales_block_segments = 256, mr_sales_part_segments = 8192 };

typedef struct mr_sales_set {
    mr_sales_names invoices, products, countries;
    mr_sales_names descriptions;
    uint32_t *description; /* of a product; MR_SALES_NONE: none */
    mr_amount *product_sales, *country_sales;
    mr_sales_customers customers;
    mr_sales_segment *segments; /* and one behind the last, whose first_line is the end */
    uint32_t segment_count, segment_room;
    mr_sales_days *blocks; /* of each mr_sales_block_segments segments */
    mr_sales_lines lines;
    mr_sales_cube *cube;         /* NULL: none */
    int32_t day_first, day_last; /* with data; day_first > day_last: there is none */
    int64_t second_last;         /* since 1970, of the latest line */
    int64_t version;             /* of gold.fact_sales */
    int64_t made_ms;             /* when that was committed */
    uint32_t holders;            /* the owner's */
} mr_sales_set;

void mr_sales_set_free(mr_sales_set *set);          /* NULL is fine */
size_t mr_sales_set_bytes(const mr_sales_set *set); /* of memory */

/* Bits by number; NULL: all. */
static inline bool mr_sales_bit(const uint64_t *bits, uint32_t number)
{
    return bits == NULL || (bits[number / 64] >> (number % 64) & 1) != 0;
}

static inline uint32_t mr_sales_segment_lines(const mr_sales_segment *segment)
{
    return segment[1].first_line - segment->first_line;
}

/* Segments [first, end) of a set. */
typedef struct mr_sales_slice {
    uint32_t first, end;
} mr_sales_slice;

/* Takes the next segments off the slice that may lie in these days, side by side: most of a set is
 * passed over without a look at it. false: there are none. */
bool mr_sales_set_next(const mr_sales_set *set, int32_t from, int32_t to, mr_sales_slice *slice,
                       mr_sales_slice *ret_some);

/* The index-th part of a set, for threads to share; no invoice is in two of them. Beyond the last
 * they are empty. */
uint32_t mr_sales_set_parts(const mr_sales_set *set);
mr_sales_slice mr_sales_set_part(const mr_sales_set *set, uint32_t index);

/* yyyymm of a day. */
int32_t mr_sales_month_of(int32_t day);

/* --- Building: one line after the other, in any order ----------------------------------------- */

typedef struct mr_sales_line {
    mr_text invoice, product, country;
    bool guest;
    int64_t customer; /* unless a guest */
    int64_t epoch_s;
    int32_t quantity;
    mr_amount amount;
} mr_sales_line;

typedef struct mr_sales_builder mr_sales_builder;

mr_sales_builder *mr_sales_builder_create(size_t bytes_max);
void mr_sales_builder_destroy(mr_sales_builder *builder); /* NULL is fine */

/* MR_LIMIT: the memory would be more than bytes_max, or a sum would not fit in 64 bits. */
mr_status mr_sales_builder_add(mr_sales_builder *builder, const mr_sales_line *line, mr_err *err);
/* Labels; the latest wins. */
void mr_sales_builder_product(mr_sales_builder *builder, mr_text code, mr_text description);
void mr_sales_builder_customer(mr_sales_builder *builder, int64_t number, mr_text name,
                               mr_text country);
/* The day of a customer's first order, where that is not among the lines. */
void mr_sales_builder_first_order(mr_sales_builder *builder, int64_t number, int32_t day);
/* How many lines will come: spares growing step by step. */
void mr_sales_builder_expect(mr_sales_builder *builder, uint64_t lines);
/* Forgets the lines, but not the names. */
void mr_sales_builder_clear(mr_sales_builder *builder);
/* Whether a month (yyyymm) of the set before goes. */
typedef bool (*mr_sales_drops)(void *ctx, int32_t month);
/* The lines of `before` (NULL: none), which this builder made, without the months that `drops`
 * (NULL: none) says, and the lines added since, as a set of their own. The builder keeps its names
 * and no lines. */
mr_status mr_sales_builder_finish(mr_sales_builder *builder, const mr_sales_set *before,
                                  mr_sales_drops drops, void *ctx, mr_sales_set **ret_set,
                                  mr_err *err);

#endif
