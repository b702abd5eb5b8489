/* SPDX-License-Identifier: Apache-2.0 */
/* web/invoice_pdf.h - an invoice or credit note as a document of A4 pages.
 *
 * The same view gives the same bytes: nothing in them tells when, where or by whom they were made.
 */
#ifndef MR_WEB_INVOICE_PDF_H
#define MR_WEB_INVOICE_PDF_H

#include "web/invoice_view.h"

/* Grows whenever the layout does: documents of an older one are made anew. */
enum { mr_invoice_pdf_layout = 1 };

/* Where Debian keeps the font for texts beyond Latin-1. */
extern const char mr_invoice_pdf_fonts[];

/* font_folder: with DejaVuSans.ttf and DejaVuSans-Bold.ttf. Where a text needs them and they are
 * not there, '?' stands for what cannot be shown, and the document says so. Appends to out. */
mr_status mr_invoice_pdf_make(const mr_invoice_view *view, const char *shop,
                              const char *font_folder, mr_buffer *out, mr_err *err);

/* Whether the document would show every character: without the fonts it would not. */
bool mr_invoice_pdf_is_whole(const mr_invoice_view *view, const char *shop,
                             const char *font_folder);

#endif
