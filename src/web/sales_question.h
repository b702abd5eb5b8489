/* SPDX-License-Identifier: Apache-2.0 */
/* web/sales_question.h - the filters that every route of the dashboard takes. */
#ifndef MR_WEB_SALES_QUESTION_H
#define MR_WEB_SALES_QUESTION_H

#include "query/sales_range.h"
#include "web/call.h"

enum { mr_web_sales_filters_max = 64, mr_web_sales_filter_bytes_max = 200 };

/* Texts are the call's. */
typedef struct mr_web_sales_question {
    mr_sales_question question; /* customers are those beside it: it must not be moved */
    int64_t customers[mr_web_sales_filters_max];
} mr_web_sales_question;

/* MR_INVALID: a parameter is wrong, and named in the answer. */
mr_status mr_web_read_sales_question(mr_web_call *call, mr_web_sales_question *ret, mr_err *err);

#endif
