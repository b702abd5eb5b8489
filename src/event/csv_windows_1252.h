/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_windows_1252.h - the code page of old Windows exports, as UTF-8. Pure functions. */
#ifndef MR_EVENT_CSV_WINDOWS_1252_H
#define MR_EVENT_CSV_WINDOWS_1252_H

#include "base/text.h"

enum { mr_windows_1252_expansion_max = 3 }; /* bytes of UTF-8 for one of the code page */

/* The first of the five bytes that the code page does not define (81 8D 8F 90 9D), or NULL. */
const char *mr_windows_1252_find_undefined(mr_text text);

/* Writes text as UTF-8 to out, which has room for its expansion; returns the bytes written. */
size_t mr_windows_1252_decode(mr_text text, char *out);

#endif
