/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/cron.h - when a schedule such as "40 7 * * *" is due, in a time zone.
 *
 * Five fields: minute hour day-of-month month day-of-week; each a '*', a number, a name (jan, mon),
 * a range a-b, a list a,b and any of them with a step "/n". Sunday is 0 or 7. When both days are
 * restricted, either will do, as in every cron. Also @yearly @monthly @weekly @daily @hourly.
 *
 * Where clocks change (docs/scheduler.md):
 *   - a time that clocks skip is due at the instant at which they do, once, however many of the
 *     schedule's times they skip;
 *   - a time that they show twice is due at the first of the two;
 *   - but a schedule of every hour ("0 * * * *", any of '*' as its hour) goes by what has elapsed:
 *     it is due in both of two like hours, and not for one that is skipped whole.
 *
 * Plain value; any thread.
 */
#ifndef MR_ORCHESTRATOR_CRON_H
#define MR_ORCHESTRATOR_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"

typedef struct mr_cron {
    uint64_t minutes; /* bit n: n is in the list */
    uint32_t hours;
    uint32_t days; /* of the month, 1 to 31 */
    uint32_t months;
    uint32_t weekdays; /* 0 is Sunday */
    bool any_day, any_weekday;
    bool every_hour;
} mr_cron;

/* MR_INVALID names the field, and what it may be. A schedule that is never due ("0 0 30 2 *") is
 * refused too. */
mr_status mr_cron_parse(mr_text text, mr_cron *ret_cron, mr_err *err);

/* The first wall-clock minute at or after `from`; false when there is none in the next 41 years. */
bool mr_cron_next_local(const mr_cron *cron, mr_civil from, mr_civil *ret_local);

/* The first instant after `after_s` (both seconds since the epoch) at which it is due. */
bool mr_cron_next(const mr_cron *cron, const mr_zone *zone, int64_t after_s, int64_t *ret_due_s);

#endif
