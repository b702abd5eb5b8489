/* SPDX-License-Identifier: Apache-2.0 */
/* base/civil.h - shop time: a local date and time without a zone, and the instants of machines. */
#ifndef MR_BASE_CIVIL_H
#define MR_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { mr_civil_text_bytes_max = 32 };

/* Seconds since 1970-01-01 00:00:00 read as if it were UTC. Years 1 to 9999. */
typedef struct mr_civil {
    int64_t seconds;
} mr_civil;

typedef struct mr_civil_parts {
    int32_t year;
    uint8_t month, day, hour, minute, second; /* 1-based month and day */
} mr_civil_parts;

/* false for a date that does not exist (31 April, hour 24). */
bool mr_civil_make(mr_civil_parts parts, mr_civil *ret_civil);
mr_civil_parts mr_civil_split(mr_civil civil);

/* The wire's forms (docs/data-contract.md): "dd/mm/yyyy HH:MM[:SS]" (day and month of one or two
 * digits) and ISO 8601 "yyyy-mm-dd", "yyyy-mm-ddTHH:MM[:SS[.000]]" with 'T' or a blank. A zone or a
 * fraction other than zero is refused: a shop's time has neither. */
bool mr_civil_parse(mr_text text, mr_civil *ret_civil);

/* Three forms of a time; each writes a NUL and returns the bytes before it.
 *   wire    dd/mm/yyyy HH:MM[:SS], seconds only when they are not 0
 *   answer  dd-mm-yyyy HH:MM:SS
 *   iso     yyyy-mm-dd HH:MM:SS */
size_t mr_civil_format_wire(mr_civil civil, char buffer[static mr_civil_text_bytes_max]);
size_t mr_civil_format_answer(mr_civil civil, char buffer[static mr_civil_text_bytes_max]);
size_t mr_civil_format_iso(mr_civil civil, char buffer[static mr_civil_text_bytes_max]);

/* Milliseconds since the epoch, by the wall clock; and of a clock that never steps back. */
int64_t mr_now_ms(void);
int64_t mr_monotonic_us(void);

/* yyyy-mm-ddTHH:MM:SS.mmmZ (UTC) of an instant. */
size_t mr_instant_format(int64_t epoch_ms, char buffer[static mr_civil_text_bytes_max]);

#endif
