/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_rfm.c - the rules twice, for sums in memory and for SQL; a test compares them. */
#include "query/sales_rfm.h"

#include "query/sales_range.h"

enum { champion_days = 30, active_days = 90, champion_orders = 5, day_s = 86400 };
enum { CHAMPIONS, ACTIVE, ONE_ORDER, AT_RISK, LOST };

#define CHAMPION "away <= 30 AND orders >= 5 AND spent * everybody >= spent_by_all"

const mr_sales_rfm mr_sales_rfms[mr_sales_rfm_count] = {
    [CHAMPIONS] = {"Champions",
                   "Last order at most 30 days before the end of the range, at least 5 orders, and "
                   "spent no less than the average customer who ordered",
                   CHAMPION},
    [ACTIVE] = {"Active",
                "Last order at most 90 days before the end of the range, at least 2 orders, and no "
                "champion",
                "away <= 90 AND orders >= 2 AND NOT (" CHAMPION ")"},
    [ONE_ORDER] = {"One order", "One order, at most 90 days before the end of the range",
                   "away <= 90 AND orders = 1"},
    [AT_RISK] = {"At risk",
                 "At least 2 orders, the last one more than 90 days before the end of the range",
                 "away > 90 AND orders >= 2"},
    [LOST] = {"Lost", "One order, more than 90 days before the end of the range",
              "away > 90 AND orders = 1"},
};

static uint8_t segment_of(const mr_sales_group *customer, int32_t end, bool above_average)
{
    const int64_t days = end - customer->last_order_s / day_s;

    if (days > active_days) {
        return customer->orders > 1 ? AT_RISK : LOST;
    }
    if (customer->orders == 1) {
        return ONE_ORDER;
    }
    return days <= champion_days && customer->orders >= champion_orders && above_average ? CHAMPIONS
                                                                                         : ACTIVE;
}

uint8_t *mr_sales_rfm_of(const mr_sales_pass *pass, int32_t end)
{
    uint8_t *segments = mr_alloc((size_t)pass->customer_count + 1);
    __int128 spent = 0, ordered = 0;

    MR_ASSERT(pass->customers != NULL);
    for (uint32_t customer = 0; customer < pass->customer_count; customer++) {
        if (pass->customers[customer].orders > 0) {
            spent += pass->customers[customer].sales.scaled;
            ordered++;
        }
    }
    for (uint32_t customer = 0; customer < pass->customer_count; customer++) {
        const mr_sales_group *group = &pass->customers[customer];

        segments[customer] = group->orders > 0
                                 ? segment_of(group, end, group->sales.scaled * ordered >= spent)
                                 : mr_sales_rfm_none;
    }
    return segments;
}

void mr_sales_rfm_append_condition(mr_buffer *sql, uint8_t segments, const char *table,
                                   mr_text condition, int32_t end)
{
    char day[mr_sales_day_text_bytes_max];
    const char *between = "";

    (void)mr_buffer_printf(
        sql,
        " AND CustomerID IN (SELECT CustomerID FROM (SELECT CustomerID,"
        " date_diff('day', CAST(max(InvoiceDate) AS DATE), DATE '%s') AS away,"
        " count(DISTINCT InvoiceNo) AS orders, sum(Amount) AS spent,"
        " count(*) OVER () AS everybody, sum(sum(Amount)) OVER () AS spent_by_all"
        " FROM %s%.*s AND CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%%'"
        " GROUP BY CustomerID) WHERE ",
        mr_sales_day_text(end, day), table, MR_TEXT_ARGS(condition));
    for (size_t index = 0; index < mr_sales_rfm_count; index++) {
        if ((segments >> index & 1) != 0) {
            (void)mr_buffer_printf(sql, "%s(%s)", between, mr_sales_rfms[index].sql);
            between = " OR ";
        }
    }
    (void)mr_buffer_append_string(sql, ")");
}
