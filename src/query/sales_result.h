/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_result.h - what a question comes to over one working set: the sums of a pass, and of
 * the days compared with.
 */
#ifndef MR_QUERY_SALES_RESULT_H
#define MR_QUERY_SALES_RESULT_H

#include "query/sales_range.h"

typedef struct mr_sales_result {
    const mr_sales_set *set;        /* borrowed: names and labels */
    mr_sales_range range, compared; /* compared: from > to without one */
    mr_sales_grain grain;
    mr_sales_series series, series_before;
    mr_sales_pass *now, *before;                /* before: NULL without a comparison */
    uint64_t *countries, *products, *customers; /* bits of the filter; NULL: all */
} mr_sales_result;

/* MR_INVALID: the range has too many periods. Free it with mr_sales_result_free. */
mr_status mr_sales_result_make(const mr_sales_set *set, const mr_sales_question *question,
                               mr_sales_result **ret_result, mr_err *err);
void mr_sales_result_free(mr_sales_result *result); /* NULL is fine */

/* The bits of what a question names; NULL where it names nothing. Malloc'd. */
uint64_t *mr_sales_country_bits(const mr_sales_set *set, const mr_sales_question *question);
uint64_t *mr_sales_product_bits(const mr_sales_set *set, const mr_sales_question *question);
uint64_t *mr_sales_customer_bits(const mr_sales_set *set, const mr_sales_question *question);

#endif
