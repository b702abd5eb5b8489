/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_result.h - what a question comes to over one working set: the sums of a pass, and of
 * the days compared with.
 */
#ifndef MR_QUERY_SALES_RESULT_H
#define MR_QUERY_SALES_RESULT_H

#include "query/sales_range.h"
#include "query/sales_rfm.h"

/* A question's filter, with the bits that it needs. Segments of customers are those of the
 * question's own days: the days compared with are those of the same customers. */
typedef struct mr_sales_narrowed {
    mr_sales_filter filter;
    uint64_t *countries, *products, *customers; /* NULL: all */
    uint8_t *rfm; /* each customer's segment (sales_rfm.h); NULL: the question names none */
} mr_sales_narrowed;

/* Free it with mr_sales_narrowed_free, also where it failed. */
mr_status mr_sales_narrow(const mr_sales_set *set, const mr_sales_question *question,
                          mr_sales_range range, mr_sales_narrowed *ret, mr_err *err);
void mr_sales_narrowed_free(mr_sales_narrowed *narrowed);

typedef struct mr_sales_result {
    const mr_sales_set *set;        /* borrowed: names and labels */
    mr_sales_range range, compared; /* compared: from > to without one */
    mr_sales_grain grain;
    mr_sales_series series, series_before;
    mr_sales_pass *now, *before; /* before: NULL without a comparison */
    mr_sales_narrowed narrowed;
} mr_sales_result;

/* MR_INVALID: the range has too many periods. Free it with mr_sales_result_free. */
mr_status mr_sales_result_make(const mr_sales_set *set, const mr_sales_question *question,
                               mr_sales_result **ret_result, mr_err *err);
void mr_sales_result_free(mr_sales_result *result); /* NULL is fine */

/* The last day that segments of customers look back from. */
int32_t mr_sales_result_end(const mr_sales_set *set, mr_sales_range range);

#endif
