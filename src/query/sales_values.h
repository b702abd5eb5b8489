/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_values.h - what filters can be set to, as one types. */
#ifndef MR_QUERY_SALES_VALUES_H
#define MR_QUERY_SALES_VALUES_H

#include "query/sales_rows.h"
#include "query/sales_set.h"

typedef enum mr_sales_field {
    MR_SALES_COUNTRY,
    MR_SALES_PRODUCT,
    MR_SALES_CUSTOMER
} mr_sales_field;

enum { mr_sales_values_max = 50 };

/* {value, label, sales} of at most `limit` values whose number begins with, or whose words contain,
 * the text (ASCII case aside; empty: any), those with most sales first. */
mr_status mr_sales_values_write(const mr_sales_set *set, mr_sales_field field, mr_text text,
                                size_t limit, mr_sales_rows *rows, mr_err *err);

#endif
