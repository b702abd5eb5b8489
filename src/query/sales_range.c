/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_range.c - the calendar of the dashboard. */
#include "query/sales_range.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"

enum { day_s = 86400, day_grain_days_max = 62, week_grain_days_max = 184, days_max = 400 * 366 };

static mr_civil_parts parts_of(int32_t day)
{
    return mr_civil_split((mr_civil){(int64_t)day * day_s});
}

/* The last of the month where the day is none of it: 29 February a year earlier is the 28th. */
static int32_t day_at(int32_t year, int32_t month, int32_t day_of_month)
{
    mr_civil civil = {0};
    bool there = false;

    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    while (!there && day_of_month > 0) {
        const mr_civil_parts parts = {
            .year = year, .month = (uint8_t)month, .day = (uint8_t)day_of_month--};

        there = mr_civil_make(parts, &civil);
    }
    return (int32_t)(civil.seconds / day_s);
}

mr_sales_range mr_sales_range_of(const mr_sales_question *question, int32_t day_first,
                                 int32_t day_last)
{
    mr_sales_range range = {question->has_from ? question->from : day_first,
                            question->has_to ? question->to : day_last};

    if (day_first > day_last && (!question->has_from || !question->has_to)) {
        range = (mr_sales_range){0, -1}; /* no data, and no days to name */
    }
    return range;
}

mr_sales_range mr_sales_range_before(mr_sales_range range, mr_sales_compare compare)
{
    const mr_civil_parts from = parts_of(range.from), to = parts_of(range.to);

    if (range.from > range.to || from.year <= 1) {
        return (mr_sales_range){0, -1};
    }
    switch (compare) {
    case MR_SALES_COMPARE_PREVIOUS:
        return (mr_sales_range){range.from - (range.to - range.from) - 1, range.from - 1};
    case MR_SALES_COMPARE_YEAR:
        return (mr_sales_range){day_at(from.year - 1, from.month, from.day),
                                day_at(to.year - 1, to.month, to.day)};
    case MR_SALES_COMPARE_NONE:
    default:
        return (mr_sales_range){0, -1};
    }
}

mr_sales_grain mr_sales_grain_of(mr_sales_grain grain, mr_sales_range range)
{
    const int32_t days = range.to - range.from + 1;

    if (grain != MR_SALES_GRAIN_AUTO) {
        return grain;
    }
    return days <= day_grain_days_max    ? MR_SALES_DAY
           : days <= week_grain_days_max ? MR_SALES_WEEK
                                         : MR_SALES_MONTH;
}

static mr_sales_range period_of(int32_t day, mr_sales_grain grain)
{
    const mr_civil_parts parts = parts_of(day);
    const int32_t weekday = ((day % 7) + 7 + 3) % 7; /* Monday is 0 */
    const int32_t quarter_month = (parts.month - 1) / 3 * 3 + 1;

    switch (grain) {
    case MR_SALES_WEEK:
        return (mr_sales_range){day - weekday, day - weekday + 6};
    case MR_SALES_MONTH:
        return (mr_sales_range){day_at(parts.year, parts.month, 1),
                                day_at(parts.year, parts.month + 1, 1) - 1};
    case MR_SALES_QUARTER:
        return (mr_sales_range){day_at(parts.year, quarter_month, 1),
                                day_at(parts.year, quarter_month + 3, 1) - 1};
    case MR_SALES_DAY:
    case MR_SALES_GRAIN_AUTO:
    default:
        return (mr_sales_range){day, day};
    }
}

mr_status mr_sales_series_make(mr_sales_range range, mr_sales_grain grain,
                               mr_sales_series *ret_series, mr_err *err)
{
    const int32_t days = range.from <= range.to ? range.to - range.from + 1 : 0;
    mr_sales_series series = {.range = range};

    if (days > days_max) {
        return mr_fail(err, MR_INVALID, "the range is longer than 400 years");
    }
    series.bucket_of_day = mr_alloc((size_t)(days + 1) * sizeof *series.bucket_of_day);
    series.buckets = mr_alloc(mr_sales_buckets_max * sizeof *series.buckets);
    for (int32_t day = range.from; day <= range.to; day++) {
        if (series.count == 0 || day > series.buckets[series.count - 1].to) {
            if (series.count == mr_sales_buckets_max) {
                mr_sales_series_free(&series);
                return mr_fail(err, MR_INVALID,
                               "the range has more than %d periods: choose a coarser grain",
                               mr_sales_buckets_max);
            }
            series.buckets[series.count++] = period_of(day, grain);
        }
        series.bucket_of_day[day - range.from] = (uint16_t)(series.count - 1);
    }
    *ret_series = series;
    return MR_OK;
}

void mr_sales_series_free(mr_sales_series *series)
{
    free(series->bucket_of_day);
    free(series->buckets);
    *series = (mr_sales_series){.count = 0};
}

const char *mr_sales_day_text(int32_t day, char buffer[static mr_sales_day_text_bytes_max])
{
    const mr_civil_parts parts = parts_of(day);

    (void)snprintf(buffer, mr_sales_day_text_bytes_max, "%04d-%02u-%02u", (int)parts.year % 10000,
                   parts.month, parts.day);
    return buffer;
}
