/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_reach.c - one walk counts a question's lines by day. */
#include "query/sales_reach.h"

#include <stdlib.h>

#include "query/sales_result.h"

static uint64_t lines_of(const mr_sales_set *set, const mr_sales_filter *filter,
                         const mr_sales_segment *segment)
{
    uint64_t count = 0;

    if (filter->products == NULL) {
        return mr_sales_segment_lines(segment);
    }
    for (uint32_t line = segment[0].first_line; line < segment[1].first_line; line++) {
        count += mr_sales_bit(filter->products, set->lines.product[line]);
    }
    return count;
}

/* ret_counts: one a day of the filter. */
static void count_days(const mr_sales_set *set, const mr_sales_filter *filter, mr_sales_kind kind,
                       uint64_t *ret_counts)
{
    mr_sales_slice all = {0, set->segment_count}, some;

    while (mr_sales_set_next(set, filter->from, filter->to, &all, &some)) {
        for (uint32_t index = some.first; index < some.end; index++) {
            const mr_sales_segment *segment = &set->segments[index];

            if ((kind == MR_SALES_ALL || segment->cancelled == (kind == MR_SALES_RETURNS)) &&
                mr_sales_takes(filter, segment)) {
                ret_counts[segment->day - filter->from] += lines_of(set, filter, segment);
            }
        }
    }
}

mr_status mr_sales_reach_day(const mr_sales_set *set, const mr_sales_question *question,
                             const mr_sales_reach *wanted, int32_t *ret_day, mr_err *err)
{
    const mr_sales_range range = mr_sales_range_of(question, set->day_first, set->day_last);
    mr_sales_narrowed narrowed;
    mr_status status = mr_sales_narrow(set, question, range, &narrowed, err);
    mr_sales_filter filter = narrowed.filter;

    /* Only days with data: a range may be given that is far longer. */
    filter.from = wanted->after >= range.from ? wanted->after + 1 : range.from;
    filter.from = filter.from < set->day_first ? set->day_first : filter.from;
    filter.to = range.to < set->day_last ? range.to : set->day_last;
    if (status == MR_OK) {
        *ret_day = range.to;
    }
    if (status == MR_OK && filter.from <= filter.to) {
        const size_t days = (size_t)(filter.to - filter.from) + 1;
        uint64_t *counts = mr_alloc_zero(days, sizeof *counts), sum = 0;

        count_days(set, &filter, wanted->kind, counts);
        for (size_t day = 0; day < days && *ret_day == range.to; day++) {
            sum += counts[day];
            *ret_day = sum >= wanted->lines ? filter.from + (int32_t)day : range.to;
        }
        free(counts);
    }
    mr_sales_narrowed_free(&narrowed);
    return status;
}
