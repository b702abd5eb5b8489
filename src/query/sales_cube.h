/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_cube.h - sums of a set's lines by month, country and product: whole months of a
 * question are added up from these, so that their lines need not be walked.
 *
 *   column 0     the countries that have few lines, together
 *   column 1...  a country with a large part of all lines, each
 *
 * Invariants: (1) every line of a segment marked `summed` is in one cell, all others are in none;
 *             (2) the segments of an invoice are marked all or not at all, and those marked lie in
 *                 one month and column: invoices of cells may be added without counting one twice.
 * Threads: as the set's (sales_set.h).
 */
#ifndef MR_QUERY_SALES_CUBE_H
#define MR_QUERY_SALES_CUBE_H

#include "query/sales_set.h"

enum { mr_sales_columns_max = 17 };

/* Sums of lines of one product, small for the sake of the processor's caches. */
typedef struct mr_sales_tally {
    __int128 amount; /* ten-thousandths */
    int64_t quantity;
    uint32_t invoices, stamp; /* the invoice counted last, and 1 */
} mr_sales_tally;

/* Adds the segment's lines to their products. */
void mr_sales_tally_lines(mr_sales_tally *products, const mr_sales_lines *lines,
                          const mr_sales_segment *segment, uint32_t stamp);

/* Marks the segments that it has. NULL: it would take more than bytes_max, or more than a part of
 * what the lines take. */
mr_sales_cube *mr_sales_cube_make(mr_sales_set *set, size_t bytes_max);
void mr_sales_cube_free(mr_sales_cube *cube); /* NULL is fine */
size_t mr_sales_cube_bytes(const mr_sales_cube *cube);

/* The part of a question that a cube has. */
typedef struct mr_sales_covered {
    int32_t from, to; /* days of whole months; from > to: nothing */
    uint32_t columns; /* bits */
} mr_sales_covered;

/* What of these days and countries (bits by number; NULL: all). cube may be NULL. */
mr_sales_covered mr_sales_cube_cover(const mr_sales_set *set, int32_t from, int32_t to,
                                     const uint64_t *countries);
bool mr_sales_cube_has(const mr_sales_cube *cube, const mr_sales_covered *covered,
                       const mr_sales_segment *segment);
/* Adds what is covered, by product: lines of orders, and of cancellations. */
void mr_sales_cube_add(const mr_sales_cube *cube, const mr_sales_covered *covered,
                       mr_sales_tally *sold, mr_sales_tally *returned);

#endif
