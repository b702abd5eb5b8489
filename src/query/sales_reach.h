/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_reach.h - how many days a page of lines lies on: what the lake is asked for them
 * need not look at the others.
 */
#ifndef MR_QUERY_SALES_REACH_H
#define MR_QUERY_SALES_REACH_H

#include "query/sales_invoices.h"

typedef struct mr_sales_reach {
    mr_sales_kind kind;
    int32_t after;  /* lines of later days are counted; what is left of this one may come before */
    uint64_t lines; /* so many are wanted */
} mr_sales_reach;

/* The day of the question's range up to which, behind `after`, there are as many of its lines; the
 * last day of the range where there are fewer. */
mr_status mr_sales_reach_day(const mr_sales_set *set, const mr_sales_question *question,
                             const mr_sales_reach *wanted, int32_t *ret_day, mr_err *err);

#endif
