/* SPDX-License-Identifier: Apache-2.0 */
/* eject/dax.c - see dax.h. The lines are those of fact_sales; whether one is an order's its invoice
 * says, which is the same: IsCancelled is that its number begins with C.
 *
 * Called by:  eject/powerbi_model.c, cli/cmd_metrics.c; from any thread.
 */
#include "eject/dax.h"

#include <inttypes.h>

static void put(mr_buffer *out, const char *text)
{
    (void)mr_buffer_append_string(out, text);
}

static void put_column(mr_buffer *out, const char *column)
{
    (void)mr_buffer_printf(out, "'fact_sales'[%s]", column);
}

static void put_measure(mr_buffer *out, const mr_metric *metric)
{
    (void)mr_buffer_printf(out, "[%s]", metric->title);
}

/* ", condition" for each of the bits. KEEPFILTERS: what a report filters stays filtered. */
static void put_conditions(mr_buffer *out, unsigned lines, bool keep)
{
    static const struct {
        unsigned bit;
        const char *test;
    } tests[] = {{MR_LINES_ORDERS, "'dim_invoice'[IsCancelled] = FALSE ()"},
                 {MR_LINES_CANCELLATIONS, "'dim_invoice'[IsCancelled] = TRUE ()"},
                 {MR_LINES_GUESTS, "ISBLANK ( 'fact_sales'[CustomerID] )"}};

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if ((lines & tests[i].bit) != 0) {
            (void)mr_buffer_printf(out, keep ? ", KEEPFILTERS ( %s )" : ", %s", tests[i].test);
        }
    }
}

static void put_aggregate(mr_buffer *out, const mr_metric *metric)
{
    put(out, metric->lines != 0 ? "CALCULATE ( " : "");
    put(out, metric->kind == MR_METRIC_SUM ? "SUM ( " : "DISTINCTCOUNTNOBLANK ( ");
    put_column(out, metric->column);
    put(out, " )");
    put_conditions(out, metric->lines, true);
    put(out, metric->lines != 0 ? " )" : "");
}

/* The values of the column that the filters leave, and that `by` says something of. */
static void put_values(mr_buffer *out, const mr_metric *metric, int64_t bound)
{
    put(out, "COUNTROWS ( FILTER ( VALUES ( ");
    put_column(out, metric->column);
    put(out, " ), NOT ( ISBLANK ( ");
    put_column(out, metric->column);
    put(out, " ) ) && ");
    put_measure(out, metric->by);
    (void)mr_buffer_printf(out, " > %" PRId64, bound);
}

/* When a value came first is looked up over all lines, whatever is filtered. */
static void put_first(mr_buffer *out, const mr_metric *metric, const char *indent)
{
    put(out, "VAR since = MIN ( 'dim_date'[DateID] )\n");
    put(out, indent);
    put(out, "RETURN\n");
    put(out, indent);
    put(out, "    ");
    put_values(out, metric, 0);
    put(out, " && CALCULATE ( MIN ( 'fact_sales'[DateID] ), ALLEXCEPT ( 'fact_sales', ");
    put_column(out, metric->column);
    put(out, " )");
    put_conditions(out, metric->by->lines, false);
    put(out, metric->kind == MR_METRIC_FIRST ? " ) >= since ) )" : " ) < since ) )");
}

static void put_ratio(mr_buffer *out, const mr_metric *metric)
{
    put(out, "ROUND ( DIVIDE ( ");
    put_measure(out, metric->by);
    put(out, ", ");
    for (size_t i = 0; i < metric->part_count; i++) {
        put(out, i > 0 ? " + " : "");
        put_measure(out, metric->parts[i]);
    }
    put(out, metric->format == MR_METRIC_RATE ? " ), 6 )" : " ), 4 )");
}

void mr_put_dax(mr_buffer *out, const mr_metric *metric, const char *indent)
{
    switch (metric->kind) {
    case MR_METRIC_SUM:
    case MR_METRIC_DISTINCT:
        put_aggregate(out, metric);
        break;
    case MR_METRIC_MORE:
        put_values(out, metric, metric->bound);
        put(out, " ) )");
        break;
    case MR_METRIC_FIRST:
    case MR_METRIC_BEFORE:
        put_first(out, metric, indent);
        break;
    case MR_METRIC_RATIO:
        put_ratio(out, metric);
        break;
    }
}

const char *mr_dax_format(const mr_metric *metric)
{
    static const char *const formats[] = {"#,##0.00", "#,##0", "0.00%"};

    return formats[metric->format];
}
