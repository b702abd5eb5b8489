/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_calendar.h - when the made-up shop is busy: hours, weekdays, months, growth.
 *
 * A clock that is asked for the time of the next invoice; it only goes forward. Integers only.
 */
#ifndef MR_CLI_GENERATE_CALENDAR_H
#define MR_CLI_GENERATE_CALENDAR_H

#include "base/civil.h"
#include "base/random.h"

enum { mr_calendar_days_max = 36525 };

typedef struct mr_calendar {
    mr_civil first_day;
    uint32_t days; /* over which the shop grows, and total_weight is taken */
    uint64_t total_weight;
    uint64_t invoices_fixed; /* wanted over all days, 32 binary places */
    uint32_t day;            /* of the clock, from 0 */
    uint32_t minute;         /* of that day's opening time; minute_count = over */
    uint64_t day_fixed;      /* invoices wanted on that day, 32 binary places */
    uint64_t due;            /* invoices still to come in this minute */
} mr_calendar;

/* invoices: wanted over `days` days (1..mr_calendar_days_max) from the day of `from`. */
void mr_calendar_start(mr_calendar *calendar, mr_civil from, uint32_t days, uint64_t invoices);

/* Moves on to the next invoice, beyond the last day if need be. */
mr_civil mr_calendar_next(mr_calendar *calendar, mr_random *random);

#endif
