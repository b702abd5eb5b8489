/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_answer.h - the whole dashboard as JSON. */
#ifndef MR_QUERY_SALES_ANSWER_H
#define MR_QUERY_SALES_ANSWER_H

#include "query/sales_panels.h"

/* Appends "range":{...},...,"hours":[...]: the members of the answer but "as_of". */
mr_status mr_sales_answer_write(const mr_sales_result *result, mr_buffer *out, mr_err *err);
/* "day", "week", "month", "quarter" */
const char *mr_sales_grain_name(mr_sales_grain grain);

#endif
