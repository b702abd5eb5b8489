/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_panels.h - the panels of the dashboard, each as rows.
 *
 * Definitions, the same in models, docs and `GET /sales/metrics`: an invoice whose number begins
 * with C is a cancellation, all others are orders; sales are the lines of orders, returns those of
 * cancellations; lines without a customer are a guest's and count in both.
 */
#ifndef MR_QUERY_SALES_PANELS_H
#define MR_QUERY_SALES_PANELS_H

#include "query/sales_result.h"
#include "query/sales_rows.h"

typedef enum mr_sales_panel {
    MR_SALES_PANEL_SERIES,
    MR_SALES_PANEL_PRODUCTS,
    MR_SALES_PANEL_CUSTOMERS,
    MR_SALES_PANEL_SEGMENTS,
    MR_SALES_PANEL_CANCELLATIONS, /* products that were returned */
    MR_SALES_PANEL_CANCELLING,    /* customers who did */
    MR_SALES_PANEL_COUNTRIES,
    MR_SALES_PANEL_HOURS,
} mr_sales_panel;

typedef enum mr_sales_buyer_sort {
    MR_SALES_BUYERS_BY_SPENT,
    MR_SALES_BUYERS_BY_ORDERS,
    MR_SALES_BUYERS_BY_LAST_ORDER,
    MR_SALES_BUYERS_BY_NUMBER,
    MR_SALES_BUYERS_BY_NAME, /* by its bytes; who has none comes before all names */
    MR_SALES_BUYERS_SORTS,
} mr_sales_buyer_sort;

typedef struct mr_sales_page {
    bool by_quantity;           /* products: not by sales */
    mr_sales_buyer_sort buyers; /* customers; equal ones by number */
    bool ascending;             /* customers: the smallest first */
    mr_text search;             /* customers: by number and name, as the store; absent: all */
    mr_text after;              /* the cursor of the page before; absent: the first page */
    uint64_t limit;
} mr_sales_page;

/* A cursor names the last row by what the order goes by: it means the same place in a later
 * version, wherever the rows around it have gone. */
typedef struct mr_sales_shown {
    uint64_t total;  /* rows of all pages */
    mr_buffer *next; /* the cursor is appended, unless this is the last page; NULL: not wanted */
} mr_sales_shown;

/* false: there is none of that name. */
bool mr_sales_panel_parse(const char *name, mr_sales_panel *ret_panel);
/* The CSV line of names, with its end. */
const char *mr_sales_panel_header(mr_sales_panel which);
/* Is this a cursor that a page of it may have given? */
bool mr_sales_panel_takes(mr_sales_panel which, mr_text cursor);
/* Writes the page's rows. The cursor is one that the panel takes. */
mr_status mr_sales_panel_write(const mr_sales_result *result, mr_sales_panel which,
                               const mr_sales_page *page, mr_sales_rows *rows, mr_sales_shown *ret,
                               mr_err *err);

/* How the customers of a result came to be. */
typedef struct mr_sales_customer_counts {
    uint64_t total, ordered, fresh, returning, loyal;
} mr_sales_customer_counts;

mr_sales_customer_counts mr_sales_count_customers(const mr_sales_result *result);

#endif
