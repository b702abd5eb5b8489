/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_rfm.h - segments of customers by when they ordered last, how often, and for how much.
 *
 * Those who ordered nothing are in none.
 */
#ifndef MR_QUERY_SALES_RFM_H
#define MR_QUERY_SALES_RFM_H

#include "query/sales_pass.h"

enum { mr_sales_rfm_count = 5, mr_sales_rfm_none = 255 };

typedef struct mr_sales_rfm {
    const char *name, *definition;
    const char *sql; /* of a customer's last_day, orders, spent; end and average of all */
} mr_sales_rfm;

extern const mr_sales_rfm mr_sales_rfms[mr_sales_rfm_count];

/* The segment of each customer by a finished pass with groups of customers. Malloc'd. */
uint8_t *mr_sales_rfm_of(const mr_sales_pass *pass, int32_t end);

/* Appends " AND CustomerID IN (...)": those in the segments (bits), of the lines of gold.fact_sales
 * that `condition` (from " WHERE" on) leaves; `table` is what they are called there. */
void mr_sales_rfm_append_condition(mr_buffer *sql, uint8_t segments, const char *table,
                                   mr_text condition, int32_t end);

#endif
