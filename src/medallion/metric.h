/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/metric.h - the figures of the platform, each said once (models/metrics), and
 * that definition as SQL.
 *
 * A metric is a closed form over the lines of gold.fact_sales:
 *     sum COLUMN [of LINES...]           count COLUMN [of LINES...]
 *     count COLUMN with METRIC > N       count COLUMN with first METRIC within | before
 *     METRIC / METRIC [+ METRIC]
 * Metrics are immutable once read and may be shared between threads. As DAX: eject/dax.h.
 */
#ifndef MR_MEDALLION_METRIC_H
#define MR_MEDALLION_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "medallion/medallion.h"

enum { mr_metrics_max = 64, mr_metric_parts_max = 2 };

typedef enum mr_metric_format {
    MR_METRIC_MONEY, /* decimal(38,4) */
    MR_METRIC_COUNT, /* bigint */
    MR_METRIC_RATE,  /* decimal(9,6), 0 to 1 */
} mr_metric_format;

typedef enum mr_metric_kind {
    MR_METRIC_SUM,
    MR_METRIC_DISTINCT,
    MR_METRIC_MORE,   /* values of the column for which `by` is more than `bound` */
    MR_METRIC_FIRST,  /* ... whose first line of `by` lies within the range */
    MR_METRIC_BEFORE, /* ... in the range with `by`, and before it */
    MR_METRIC_RATIO,  /* `by` divided by the sum of `parts` */
} mr_metric_kind;

/* Which lines: bits, all of them hold. */
enum { MR_LINES_ORDERS = 1, MR_LINES_CANCELLATIONS = 2, MR_LINES_GUESTS = 4 };

typedef struct mr_metric mr_metric;
struct mr_metric {
    const char *name;  /* "average_order" */
    const char *title; /* "Average order" */
    const char *description;
    mr_metric_format format;
    mr_metric_kind kind;
    const char *column; /* of gold.fact_sales; NULL for a ratio */
    unsigned lines;     /* MR_LINES_... */
    const mr_metric *by;
    int64_t bound;
    const mr_metric *parts[mr_metric_parts_max];
    size_t part_count;
    const char *view, *view_column; /* of gold, the same figure; NULL: none has it */
};

typedef struct mr_metrics mr_metrics;

/* Those built in. They are part of the program, so this does not fail. */
mr_metrics *mr_metrics_load(void);
/* MR_INVALID: err says "file:line: what is wrong". A metric names those that stand before it. */
mr_status mr_metrics_parse(const char *file, mr_text text, mr_metrics **ret_metrics, mr_err *err);
void mr_metrics_free(mr_metrics *metrics); /* NULL is fine */
size_t mr_metrics_count(const mr_metrics *metrics);
const mr_metric *mr_metrics_at(const mr_metrics *metrics, size_t index);
const mr_metric *mr_metrics_find(const mr_metrics *metrics, const char *name); /* or NULL */

/* MR_INVALID: a metric names a column of gold.fact_sales, or of a view, that the models lack. */
mr_status mr_metrics_check(const mr_metrics *metrics, const mr_models *models, mr_err *err);

typedef enum mr_sql_dialect { MR_SQL_DUCKDB, MR_SQL_POSTGRES, MR_SQL_TSQL } mr_sql_dialect;

const char *mr_metric_format_name(mr_metric_format format); /* "money", "count", "rate" */
/* The type of a metric's value: "decimal(38, 4)", "bigint", "decimal(9, 6)". */
const char *mr_metric_sql_type(const mr_metric *metric);
/* Appends a SELECT of one row and one column, the metric over all of `table`, which is written as
 * it stands ("gold.fact_sales"). PostgreSQL's and T-SQL's columns are quoted: their case counts.
 * false when it did not fit. */
bool mr_metric_write_sql(const mr_metric *metric, mr_sql_dialect dialect, const char *table,
                         mr_buffer *out);

#endif
