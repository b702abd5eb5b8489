/* SPDX-License-Identifier: Apache-2.0 */
/* web/documents.h - invoices as documents: made once, kept in the lake, made anew when they
 * changed.
 */
#ifndef MR_WEB_DOCUMENTS_H
#define MR_WEB_DOCUMENTS_H

#include "store/ops_documents.h"
#include "web/invoice_view.h"
#include "web/portal.h"

enum { mr_documents_state_bytes = 33, mr_documents_name_bytes_max = 224 };

/* Names what the document of the view is made of: the view, the shop's name, the layout, and
 * whether the fonts that it needs are there. */
void mr_documents_state(mr_web_call *call, const mr_invoice_view *view,
                        char ret_state[static mr_documents_state_bytes]);

/* Reads the document of that state from the lake, or makes and keeps it. Appends its bytes. */
mr_status mr_documents_read(mr_web_call *call, const mr_invoice_view *view, const char *state,
                            mr_buffer *content, mr_err *err);

/* An invoice number as a part of a path or of a file's name: letters, digits and '-' stay, all else
 * is '_' and two hex digits; a long one is "_h" and its hash. */
void mr_documents_encode(mr_text invoice_no, char ret_name[static mr_documents_name_bytes_max]);

#endif
