/* SPDX-License-Identifier: Apache-2.0 */
/* web/invoice_view.h - all that an invoice's page and its document tell, read from the store once.
 *
 * A view owns what it holds; it belongs to one thread.
 */
#ifndef MR_WEB_INVOICE_VIEW_H
#define MR_WEB_INVOICE_VIEW_H

#include "base/memory.h"
#include "store/store_portal.h"

/* Another invoice of the same customer that shares products with this one: of an order a later
 * return, of a return an earlier order. */
typedef struct mr_invoice_link {
    mr_text invoice_no;
    mr_civil invoice_date;
    mr_amount amount; /* of the shared products there */
    mr_text *stock_codes;
    size_t stock_code_count;
} mr_invoice_link;

typedef struct mr_invoice_view {
    mr_store_invoice head;
    mr_store_line *lines; /* in the order they came */
    size_t line_count;
    mr_invoice_link *links;
    size_t link_count;
    mr_arena *arena; /* holds every text */
} mr_invoice_view;

enum { mr_invoice_state_bytes = 33 };

/* customer_id NULL: the whole invoice; else what of it is this customer's, MR_NOT_FOUND when
 * nothing is. MR_LIMIT: more lines than a page can hold. */
mr_status mr_invoice_view_load(mr_store *store, mr_text invoice_no, const int64_t *customer_id,
                               mr_invoice_view **ret_view, mr_err *err);
void mr_invoice_view_free(mr_invoice_view *view); /* NULL is fine */

/* Names everything that the view tells, as hex: the same as long as nothing of it changes. */
void mr_invoice_view_state(const mr_invoice_view *view,
                           char ret_state[static mr_invoice_state_bytes]);

#endif
