/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_calendar.c - spreads invoices over opening hours, so that every day sums up right.
 *
 * Called by:  generate_traffic.c; one thread.
 * Invariants: (1) times never go back; (2) no table grows with the number of days or invoices.
 */
#include "cli/generate_calendar.h"

#include "base/status.h"

enum {
    opening_hour = 8,
    hour_count = 12,
    minutes_each = 60,
    minute_count = hour_count * minutes_each,
    seconds_each_day = 86400,
    growth_first = 800, /* per mille of the average, on the first day ... */
    growth_last = 1200, /* ... and on the last and all later days */
};

static const uint32_t hour_weights[hour_count] = {3, 7, 11, 13, 15, 13, 12, 10, 7, 4, 3, 2};
static const uint32_t hour_weight_sum = 100;

/* From Monday. */
static const uint32_t weekday_weights[7] = {100, 108, 102, 116, 92, 30, 56};
static const uint32_t month_weights[12] = {70, 70, 84, 80, 90, 87, 86, 85, 118, 132, 172, 150};

static bool is_closed(mr_civil_parts date)
{
    return (date.month == 12 && (date.day == 25 || date.day == 26)) ||
           (date.month == 1 && date.day == 1);
}

static mr_civil day_start(const mr_calendar *calendar, uint32_t day)
{
    return (mr_civil){calendar->first_day.seconds + (int64_t)day * seconds_each_day};
}

static uint64_t day_weight(const mr_calendar *calendar, uint32_t day)
{
    mr_civil start = day_start(calendar, day);
    mr_civil_parts date = mr_civil_split(start);
    int64_t weekday = (start.seconds / seconds_each_day + 3) % 7; /* 1970-01-01 was a Thursday */
    uint32_t grown = day < calendar->days ? day : calendar->days;
    MR_ASSERT(calendar->days > 0);
    uint64_t growth =
        growth_first + (uint64_t)(growth_last - growth_first) * grown / calendar->days;

    if (is_closed(date)) {
        return 0;
    }
    return growth * weekday_weights[(weekday + 7) % 7] * month_weights[date.month - 1];
}

static void start_day(mr_calendar *calendar)
{
    unsigned __int128 share =
        (unsigned __int128)calendar->invoices_fixed * day_weight(calendar, calendar->day);

    MR_ASSERT(calendar->total_weight > 0);
    calendar->minute = 0;
    calendar->day_fixed = (uint64_t)(share / calendar->total_weight);
}

void mr_calendar_start(mr_calendar *calendar, mr_civil from, uint32_t days, uint64_t invoices)
{
    int64_t into_day = (from.seconds % seconds_each_day + seconds_each_day) % seconds_each_day;

    MR_ASSERT(days >= 1 && days <= mr_calendar_days_max);
    MR_ASSERT(invoices >= 1 && invoices <= UINT32_MAX);
    *calendar = (mr_calendar){
        .first_day = {from.seconds - into_day},
        .days = days,
        .invoices_fixed = invoices << 32,
    };
    for (uint32_t day = 0; day < days; day++) {
        calendar->total_weight += day_weight(calendar, day);
    }
    if (calendar->total_weight == 0) {
        calendar->total_weight = day_weight(calendar, days) + day_weight(calendar, days + 1) +
                                 day_weight(calendar, days + 2); /* closed on every day asked for */
    }
    start_day(calendar);
}

/* How many invoices fall into a minute: the share it is due, give or take, rounded by lot. */
static uint64_t draw_due(const mr_calendar *calendar, mr_random *random)
{
    uint32_t weight = hour_weights[calendar->minute / minutes_each];
    uint64_t share = calendar->day_fixed / ((uint64_t)hour_weight_sum * minutes_each) * weight;
    uint64_t jitter = 512 + mr_random_below(random, 1025);
    unsigned __int128 wanted = (unsigned __int128)share * jitter / 1024;

    return (uint64_t)((wanted + (mr_random_next(random) >> 32)) >> 32);
}

mr_civil mr_calendar_next(mr_calendar *calendar, mr_random *random)
{
    mr_civil start;

    while (calendar->due == 0) {
        if (calendar->minute == minute_count) {
            calendar->day++;
            start_day(calendar);
        }
        calendar->due = draw_due(calendar, random);
        calendar->minute++;
    }
    calendar->due--;
    start = day_start(calendar, calendar->day);
    /* The minute was counted on when its invoices were drawn. */
    return (mr_civil){start.seconds + (int64_t)opening_hour * 3600 +
                      ((int64_t)calendar->minute - 1) * 60};
}
