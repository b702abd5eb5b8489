/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_invoices.h - the invoices behind a number: found in the working set, page by page. */
#ifndef MR_QUERY_SALES_INVOICES_H
#define MR_QUERY_SALES_INVOICES_H

#include "query/sales_range.h"
#include "query/sales_rows.h"

typedef enum mr_sales_kind { MR_SALES_ALL, MR_SALES_ORDERS, MR_SALES_RETURNS } mr_sales_kind;
typedef enum mr_sales_sort {
    MR_SALES_BY_DATE,
    MR_SALES_BY_AMOUNT,
    MR_SALES_BY_ITEMS
} mr_sales_sort;

typedef struct mr_sales_invoices {
    mr_sales_kind kind;
    mr_sales_sort sort;
    bool ascending;
    uint64_t limit; /* UINT64_MAX: all */
    mr_text after;  /* the cursor of the page before; absent: the first page */
} mr_sales_invoices;

enum { mr_sales_cursor_bytes_max = 320 };

typedef struct mr_sales_invoices_found {
    uint64_t total; /* of all pages */
    mr_amount sum;
    char next[mr_sales_cursor_bytes_max]; /* "": this is the last page */
} mr_sales_invoices_found;

extern const char mr_sales_invoices_header[]; /* of CSV */

/* Writes a page of those with lines that the question takes; figures are of these lines alone.
 * MR_INVALID: `after` is no cursor. */
mr_status mr_sales_invoices_write(const mr_sales_set *set, const mr_sales_question *question,
                                  const mr_sales_invoices *wanted, mr_sales_rows *rows,
                                  mr_sales_invoices_found *ret_found, mr_err *err);

#endif
