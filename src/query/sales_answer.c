/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_answer.c - tiles, and every panel in its place. */
#include "query/sales_answer.h"

#include <inttypes.h>

enum { top_count = 10 };

const char *mr_sales_grain_name(mr_sales_grain grain)
{
    static const char *const names[] = {[MR_SALES_GRAIN_AUTO] = "auto",
                                        [MR_SALES_DAY] = "day",
                                        [MR_SALES_WEEK] = "week",
                                        [MR_SALES_MONTH] = "month",
                                        [MR_SALES_QUARTER] = "quarter"};

    return names[grain];
}

static void write_range(const mr_sales_result *result, mr_buffer *out)
{
    const mr_sales_set *set = result->set;
    char from[mr_sales_day_text_bytes_max], to[mr_sales_day_text_bytes_max];

    if (result->range.from > result->range.to) {
        (void)mr_buffer_append_string(out, "\"range\":{\"from\":null,\"to\":null");
    } else {
        (void)mr_buffer_printf(out, "\"range\":{\"from\":\"%s\",\"to\":\"%s\"",
                               mr_sales_day_text(result->range.from, from),
                               mr_sales_day_text(result->range.to, to));
    }
    if (set->day_first > set->day_last) {
        (void)mr_buffer_append_string(out, ",\"first\":null,\"last\":null");
    } else {
        (void)mr_buffer_printf(out, ",\"first\":\"%s\",\"last\":\"%s\"",
                               mr_sales_day_text(set->day_first, from),
                               mr_sales_day_text(set->day_last, to));
    }
    (void)mr_buffer_printf(out,
                           "},\"grain\":\"%s\",\"compared\":", mr_sales_grain_name(result->grain));
    if (result->before == NULL) {
        (void)mr_buffer_append_string(out, "null");
    } else {
        (void)mr_buffer_printf(out, "{\"from\":\"%s\",\"to\":\"%s\"}",
                               mr_sales_day_text(result->compared.from, from),
                               mr_sales_day_text(result->compared.to, to));
    }
}

/* --- Tiles ------------------------------------------------------------------------------------ */

typedef enum tile_kind { MONEY, COUNT, RATE } tile_kind;

/* A figure of a group: money in ten-thousandths, a count, or for a rate its numerator; all by
 * `over`. */
typedef struct tile {
    const char *name;
    tile_kind kind;
    __int128 (*value)(const mr_sales_group *group);
    __int128 (*over)(const mr_sales_group *group); /* NULL: 1 */
} tile;

static __int128 sales_of(const mr_sales_group *group)
{
    return group->sales.scaled;
}

static __int128 returns_of(const mr_sales_group *group)
{
    return group->returns.scaled;
}

static __int128 orders_of(const mr_sales_group *group)
{
    return group->orders;
}

static __int128 customers_of(const mr_sales_group *group)
{
    return group->customers;
}

static __int128 items_of(const mr_sales_group *group)
{
    return group->quantity;
}

static __int128 cancelled_of(const mr_sales_group *group)
{
    return group->cancelled;
}

static __int128 invoices_of(const mr_sales_group *group)
{
    return (__int128)group->orders + group->cancelled;
}

static const tile tiles[] = {
    {"sales", MONEY, sales_of, NULL},
    {"orders", COUNT, orders_of, NULL},
    {"average_order", MONEY, sales_of, orders_of},
    {"customers", COUNT, customers_of, NULL},
    {"items", COUNT, items_of, NULL},
    {"cancelled_orders", COUNT, cancelled_of, NULL},
    {"cancellation_rate", RATE, cancelled_of, invoices_of},
    {"returns", MONEY, returns_of, NULL},
};

/* For drawings, rates and changes only. */
static double double_of(const tile *shown, const mr_sales_group *group)
{
    const __int128 over = shown->over != NULL ? shown->over(group) : 1;
    const double unit = shown->kind == MONEY ? 10000.0 : 1.0;

    return over == 0 ? 0.0 : (double)shown->value(group) / (double)over / unit;
}

/* Half away from zero, as SQL rounds. */
static __int128 divide(__int128 value, __int128 over)
{
    if (over == 0) {
        return 0;
    }
    return (value >= 0 ? value + over / 2 : value - over / 2) / over;
}

/* A part of a whole, 0 to 1, exact to six places: the digits that SQL's decimal(9, 6) has. */
static void write_part(mr_buffer *out, __int128 part, __int128 whole)
{
    const int64_t scaled = (int64_t)divide(part * 1000000, whole);

    (void)mr_buffer_printf(out, "%" PRId64 ".%06" PRId64, scaled / 1000000, scaled % 1000000);
}

static void write_value(const tile *shown, const mr_sales_group *group, mr_buffer *out)
{
    if (shown->kind == RATE) {
        write_part(out, shown->value(group), shown->over(group));
    } else if (shown->kind == MONEY) {
        const __int128 over = shown->over != NULL ? shown->over(group) : 1;

        mr_sales_write_money(out, (mr_amount){divide(shown->value(group), over)});
    } else {
        (void)mr_buffer_printf(out, "%" PRId64, (int64_t)shown->value(group));
    }
}

static void write_tile(const mr_sales_result *result, const tile *shown, mr_buffer *out)
{
    const mr_sales_group *total = &result->now->total;

    (void)mr_buffer_printf(out, "\"%s\":{\"value\":", shown->name);
    write_value(shown, total, out);
    if (result->before == NULL) {
        (void)mr_buffer_append_string(out, ",\"before\":null,\"change\":null");
    } else {
        const double before = double_of(shown, &result->before->total);

        (void)mr_buffer_append_string(out, ",\"before\":");
        write_value(shown, &result->before->total, out);
        (void)mr_buffer_append_string(out, ",\"change\":");
        if (before == 0.0) {
            (void)mr_buffer_append_string(out, "null");
        } else {
            mr_sales_write_rate(out, (double_of(shown, total) - before) /
                                         (before < 0.0 ? -before : before));
        }
    }
    (void)mr_buffer_append_string(out, ",\"spark\":[");
    for (uint32_t index = 0; index < result->series.count; index++) {
        (void)mr_buffer_printf(out, "%s%.6g", index > 0 ? "," : "",
                               double_of(shown, &result->now->buckets[index]));
    }
    (void)mr_buffer_append_string(out, "]}");
}

static void write_tiles(const mr_sales_result *result, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, ",\"tiles\":{");
    for (size_t index = 0; index < sizeof tiles / sizeof tiles[0]; index++) {
        (void)mr_buffer_append_string(out, index > 0 ? "," : "");
        write_tile(result, &tiles[index], out);
    }
    (void)mr_buffer_append_string(out, "}");
}

/* --- Panels ----------------------------------------------------------------------------------- */

/* name: ",\"series\":" */
static mr_status write_panel(const mr_sales_result *result, const char *name, mr_sales_panel panel,
                             mr_sales_page page, mr_buffer *out, mr_err *err)
{
    mr_sales_rows rows = {.out = out};
    mr_sales_shown shown = {.next = NULL};

    (void)mr_buffer_append_string(out, name);
    (void)mr_buffer_append_string(out, "[");
    const mr_status status = mr_sales_panel_write(result, panel, &page, &rows, &shown, err);
    (void)mr_buffer_append_string(out, "]");
    return status;
}

static void write_customers(const mr_sales_result *result, mr_buffer *out)
{
    const mr_sales_customer_counts counted = mr_sales_count_customers(result);

    (void)mr_buffer_printf(out,
                           ",\"customers\":{\"total\":%" PRIu64 ",\"new\":%" PRIu64
                           ",\"returning\":%" PRIu64 ",\"loyal\":%" PRIu64 ",\"guests_sales\":",
                           counted.total, counted.fresh, counted.returning, counted.loyal);
    mr_sales_write_money(out, result->now->guests);
}

static void write_cancellations(const mr_sales_result *result, mr_buffer *out)
{
    const mr_sales_group *total = &result->now->total;

    (void)mr_buffer_printf(
        out, ",\"cancellations\":{\"orders\":%" PRIu32 ",\"amount\":", total->cancelled);
    mr_sales_write_money(out, total->returns);
    (void)mr_buffer_append_string(out, ",\"rate\":");
    write_part(out, total->cancelled, invoices_of(total));
}

mr_status mr_sales_answer_write(const mr_sales_result *result, mr_buffer *out, mr_err *err)
{
    const mr_sales_page all = {.limit = UINT64_MAX}, top = {.limit = top_count};
    const mr_sales_page by_quantity = {.limit = top_count, .by_quantity = true};
    const struct {
        const char *name;
        mr_sales_panel panel;
        const mr_sales_page *page;
        void (*before)(const mr_sales_result *result, mr_buffer *out); /* what stands before */
        const char *after;
    } parts[] = {
        {",\"series\":", MR_SALES_PANEL_SERIES, &all, write_tiles, ""},
        {",\"products\":{\"by_sales\":", MR_SALES_PANEL_PRODUCTS, &top, NULL, ""},
        {",\"by_quantity\":", MR_SALES_PANEL_PRODUCTS, &by_quantity, NULL, "}"},
        {",\"top\":", MR_SALES_PANEL_CUSTOMERS, &top, write_customers, ""},
        {",\"segments\":", MR_SALES_PANEL_SEGMENTS, &all, NULL, "}"},
        {",\"products\":", MR_SALES_PANEL_CANCELLATIONS, &top, write_cancellations, ""},
        {",\"customers\":", MR_SALES_PANEL_CANCELLING, &top, NULL, "}"},
        {",\"countries\":", MR_SALES_PANEL_COUNTRIES, &all, NULL, ""},
        {",\"hours\":", MR_SALES_PANEL_HOURS, &all, NULL, ""},
    };
    mr_status status = MR_OK;

    write_range(result, out);
    for (size_t index = 0; index < sizeof parts / sizeof parts[0] && status == MR_OK; index++) {
        if (parts[index].before != NULL) {
            parts[index].before(result, out);
        }
        status = write_panel(result, parts[index].name, parts[index].panel, *parts[index].page, out,
                             err);
        (void)mr_buffer_append_string(out, parts[index].after);
    }
    return status == MR_OK && out->overflowed
               ? mr_fail(err, MR_LIMIT, "the answer is larger than %zu bytes", out->bytes_max)
               : status;
}
