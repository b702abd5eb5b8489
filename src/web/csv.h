/* SPDX-License-Identifier: Apache-2.0 */
/* web/csv.h - rows of CSV (RFC 4180) into a buffer, for exports that people open in a spreadsheet.
 *
 * A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a line end)
 * gets an apostrophe before it; figures stay figures. Lines end with CR LF.
 */
#ifndef MR_WEB_CSV_H
#define MR_WEB_CSV_H

#include "base/civil.h"
#include "base/decimal.h"
#include "base/memory.h"

/* Cells of one row, each after the other; the first of a row is known by what stands before it. */
void mr_web_csv_text(mr_buffer *out, mr_text text); /* absent: empty */
void mr_web_csv_integer(mr_buffer *out, int64_t value);
void mr_web_csv_amount(mr_buffer *out, mr_amount amount); /* 2 to 4 decimals, no separators */
void mr_web_csv_price(mr_buffer *out, mr_price price);
void mr_web_csv_civil(mr_buffer *out, mr_civil civil); /* 2011-12-09T12:50:00 */
void mr_web_csv_empty(mr_buffer *out);
void mr_web_csv_end(mr_buffer *out); /* of the row */

#endif
