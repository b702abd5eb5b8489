/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_range.h - what a dashboard is asked for: days, what they are compared with, and the
 * periods of its series.
 */
#ifndef MR_QUERY_SALES_RANGE_H
#define MR_QUERY_SALES_RANGE_H

#include "query/sales_pass.h"

typedef enum mr_sales_grain {
    MR_SALES_GRAIN_AUTO, /* day up to two months, week up to half a year, month */
    MR_SALES_DAY,
    MR_SALES_WEEK, /* begins on Monday */
    MR_SALES_MONTH,
    MR_SALES_QUARTER,
} mr_sales_grain;

typedef enum mr_sales_compare {
    MR_SALES_COMPARE_NONE,
    MR_SALES_COMPARE_PREVIOUS, /* as many days right before */
    MR_SALES_COMPARE_YEAR,     /* the same days a year earlier */
} mr_sales_compare;

/* Texts are borrowed. A list without members takes everything. */
typedef struct mr_sales_question {
    bool has_from, has_to;
    int32_t from, to; /* days since 1970-01-01, inclusive; absent: as far as there is data */
    const mr_text *countries, *products;
    const int64_t *customers;
    size_t country_count, product_count, customer_count;
    uint8_t weekdays; /* bits, Monday first; 0: all */
    uint32_t hours;   /* bits, 0:00 first; 0: all */
    uint8_t segments; /* bits, in the order of mr_sales_rfms; 0: all customers, and guests */
    mr_sales_compare compare;
    mr_sales_grain grain;
} mr_sales_question;

typedef struct mr_sales_range {
    int32_t from, to;
} mr_sales_range;

/* The days asked for; a question without days means those with data (none: from > to). */
mr_sales_range mr_sales_range_of(const mr_sales_question *question, int32_t day_first,
                                 int32_t day_last);
mr_sales_range mr_sales_range_before(mr_sales_range range, mr_sales_compare compare);
mr_sales_grain mr_sales_grain_of(mr_sales_grain grain, mr_sales_range range);

/* The periods that a range touches, in order. */
typedef struct mr_sales_series {
    mr_sales_range range;
    uint16_t *bucket_of_day; /* from range.from on */
    mr_sales_range *buckets; /* whole periods: the first and last may reach beyond the range */
    uint32_t count;
} mr_sales_series;

/* MR_INVALID: more than mr_sales_buckets_max. */
mr_status mr_sales_series_make(mr_sales_range range, mr_sales_grain grain,
                               mr_sales_series *ret_series, mr_err *err);
void mr_sales_series_free(mr_sales_series *series);

enum { mr_sales_day_text_bytes_max = 16 };
/* "2011-12-09" */
const char *mr_sales_day_text(int32_t day, char buffer[static mr_sales_day_text_bytes_max]);

#endif
