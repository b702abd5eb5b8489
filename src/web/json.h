/* SPDX-License-Identifier: Apache-2.0 */
/* web/json.h - values as the API writes them. All append to out; past its cap it is `overflowed`,
 * which the call answers for.
 */
#ifndef MR_WEB_JSON_H
#define MR_WEB_JSON_H

#include "base/civil.h"
#include "base/decimal.h"
#include "base/memory.h"

/* "name": with its colon; a comma before it unless it follows '{', '[' or ':'. */
void mr_web_json_name(mr_buffer *out, const char *name);
/* A comma, unless it follows '{' or '[': before an element of a list. */
void mr_web_json_next(mr_buffer *out);

void mr_web_json_text(mr_buffer *out, mr_text text); /* absent: null */
void mr_web_json_integer(mr_buffer *out, int64_t value);
void mr_web_json_number(mr_buffer *out, double value); /* a rate; null when not finite */
void mr_web_json_flag(mr_buffer *out, bool value);
/* "143711.17": exact, 2 to 4 decimals, as a string. */
void mr_web_json_amount(mr_buffer *out, mr_amount amount);
void mr_web_json_price(mr_buffer *out, mr_price price);
void mr_web_json_civil(mr_buffer *out, mr_civil civil); /* "2011-12-09T12:50:00" */
void mr_web_json_day(mr_buffer *out, mr_civil civil);   /* "2011-12-09" */
void mr_web_json_month(mr_buffer *out, mr_civil civil); /* "2011-12" */
/* "2026-11-30T14:22:13.000Z"; 0 is null. */
void mr_web_json_instant(mr_buffer *out, int64_t epoch_ms);

#endif
