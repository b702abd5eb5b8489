/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/metric_sql.c - a metric's definition as SQL, for three dialects. What differs is the
 * table `spellings` alone.
 *
 * Called by:  eject/synapse.c, web/routes_sales.c, cli/cmd_metrics.c; from any thread.
 */
#include <inttypes.h>

#include "medallion/metric.h"

typedef struct spelling {
    const char *open, *close; /* around a name */
    const char *count;
    const char *divide; /* integers, towards zero */
} spelling;

static const spelling spellings[] = {
    [MR_SQL_DUCKDB] = {"", "", "count", " // "},
    [MR_SQL_POSTGRES] = {"\"", "\"", "count", " / "},
    [MR_SQL_TSQL] = {"[", "]", "count_big", " / "},
};

typedef struct writer {
    const spelling *spelling;
    const char *table;
    mr_buffer *out;
} writer;

const char *mr_metric_format_name(mr_metric_format format)
{
    static const char *const names[] = {"money", "count", "rate"};

    return names[format];
}

const char *mr_metric_sql_type(const mr_metric *metric)
{
    static const char *const types[] = {"decimal(38, 4)", "bigint", "decimal(9, 6)"};

    return types[metric->format];
}

static void put(writer *w, const char *text)
{
    (void)mr_buffer_append_string(w->out, text);
}

static void put_name(writer *w, const char *name)
{
    put(w, w->spelling->open);
    put(w, name);
    put(w, w->spelling->close);
}

/* "a AND b"; false: all lines. */
static bool put_condition(writer *w, unsigned lines)
{
    static const struct {
        unsigned bit;
        const char *column, *test;
    } tests[] = {{MR_LINES_ORDERS, "InvoiceNo", " NOT LIKE 'C%'"},
                 {MR_LINES_CANCELLATIONS, "InvoiceNo", " LIKE 'C%'"},
                 {MR_LINES_GUESTS, "CustomerID", " IS NULL"}};
    bool any = false;

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if ((lines & tests[i].bit) != 0) {
            put(w, any ? " AND " : "");
            put_name(w, tests[i].column);
            put(w, tests[i].test);
            any = true;
        }
    }
    return any;
}

static void put_from(writer *w, unsigned lines)
{
    put(w, " FROM ");
    put(w, w->table);
    if (lines != 0) {
        put(w, " WHERE ");
        (void)put_condition(w, lines);
    }
}

/* The column; of some lines alone with `lines`. Integers are added up as 64 bits. */
static void put_operand(writer *w, const mr_metric *metric, unsigned lines)
{
    const bool wide = metric->kind == MR_METRIC_SUM && metric->format == MR_METRIC_COUNT;

    put(w, wide ? "CAST(" : "");
    if (lines != 0) {
        put(w, "CASE WHEN ");
        (void)put_condition(w, lines);
        put(w, " THEN ");
    }
    put_name(w, metric->column);
    put(w, lines != 0 ? " END" : "");
    put(w, wide ? " AS bigint)" : "");
}

static void put_aggregate(writer *w, const mr_metric *metric, unsigned lines)
{
    if (metric->kind == MR_METRIC_DISTINCT) {
        put(w, w->spelling->count);
        put(w, "(DISTINCT ");
        put_operand(w, metric, lines);
        put(w, ")");
        return;
    }
    put(w, "CAST(coalesce(sum(");
    put_operand(w, metric, lines);
    put(w, "), 0) AS ");
    put(w, mr_metric_sql_type(metric));
    put(w, ")");
}

/* One pass over the lines: each part takes its own. The quotient is one of integers, x of the last
 * place and n, rounded half away from zero: no engine's division of decimals is asked. */
static void put_ratio(writer *w, const mr_metric *metric)
{
    const bool money = metric->format == MR_METRIC_MONEY;

    put(w, "SELECT CAST(coalesce(CAST(r.y");
    put(w, w->spelling->divide);
    put(w, money ? "nullif(r.d, 0) AS decimal(33, 0)) * 0.0001, 0) AS "
                 : "nullif(r.d, 0) AS decimal(9, 0)) * 0.000001, 0) AS ");
    put(w, mr_metric_sql_type(metric));
    put(w, ") FROM (SELECT 2 * a.x + CASE WHEN a.x < 0 THEN -a.n ELSE a.n END AS y, 2 * a.n AS d "
           "FROM (SELECT CAST(");
    put_aggregate(w, metric->by, metric->by->lines);
    put(w, money ? " * 10000 AS bigint) AS x, " : " * 1000000 AS bigint) AS x, ");
    for (size_t i = 0; i < metric->part_count; i++) {
        put(w, i > 0 ? " + " : "");
        put_aggregate(w, metric->parts[i], metric->parts[i]->lines);
    }
    put(w, " AS n");
    put_from(w, 0);
    put(w, ") a) r");
}

/* Values of the column, each with what `by` says of it. */
static void put_grouped(writer *w, const mr_metric *metric, const char *aggregate)
{
    put(w, "SELECT ");
    put(w, w->spelling->count);
    put(w, "(*) FROM (SELECT ");
    put_name(w, metric->column);
    put(w, ", ");
    if (aggregate == NULL) {
        put_aggregate(w, metric->by, 0);
    } else {
        put(w, aggregate);
        put_name(w, "DateID");
        put(w, ")");
    }
    put(w, " AS ");
    put_name(w, "v");
    put_from(w, metric->by->lines);
    put(w, metric->by->lines != 0 ? " AND " : " WHERE ");
    put_name(w, metric->column);
    put(w, " IS NOT NULL GROUP BY ");
    put_name(w, metric->column);
    put(w, ") g WHERE g.");
    put_name(w, "v");
}

/* Here the range is all there is. */
static void put_first(writer *w, const mr_metric *metric)
{
    put_grouped(w, metric, "min(");
    put(w, metric->kind == MR_METRIC_FIRST ? " >= (SELECT min(" : " < (SELECT min(");
    put_name(w, "DateID");
    put(w, ")");
    put_from(w, 0);
    put(w, ")");
}

bool mr_metric_write_sql(const mr_metric *metric, mr_sql_dialect dialect, const char *table,
                         mr_buffer *out)
{
    writer w = {.spelling = &spellings[dialect], .table = table, .out = out};

    switch (metric->kind) {
    case MR_METRIC_SUM:
    case MR_METRIC_DISTINCT:
        put(&w, "SELECT ");
        put_aggregate(&w, metric, 0);
        put_from(&w, metric->lines);
        break;
    case MR_METRIC_MORE:
        put_grouped(&w, metric, NULL);
        (void)mr_buffer_printf(out, " > %" PRId64, metric->bound);
        break;
    case MR_METRIC_FIRST:
    case MR_METRIC_BEFORE:
        put_first(&w, metric);
        break;
    case MR_METRIC_RATIO:
        put_ratio(&w, metric);
        break;
    }
    return !out->overflowed;
}
