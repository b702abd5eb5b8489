/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_lake.h - the working set as the lake has it: read once, then kept up by what is new.
 *
 * Threads: one at a time.
 */
#ifndef MR_QUERY_SALES_LAKE_H
#define MR_QUERY_SALES_LAKE_H

#include "lake/blob.h"
#include "olap/olap.h"
#include "query/sales_range.h"

typedef struct mr_sales_lake mr_sales_lake;

typedef struct mr_sales_lake_options {
    mr_blobs_options lake;
    const char *data_folder;
    size_t bytes_max;       /* of the set, of the next one while it is made, and of rows */
    mr_olap_options engine; /* that reads the files */
} mr_sales_lake_options;

mr_status mr_sales_lake_open(const mr_sales_lake_options *options, mr_sales_lake **ret_lake,
                             mr_err *err);
void mr_sales_lake_close(mr_sales_lake *lake); /* NULL is fine */

/* Ends what reads: MR_STOPPED there. From any thread. */
void mr_sales_lake_stop(mr_sales_lake *lake);

/* The newest version as a set, on top of `before`, the one that this function gave last (NULL:
 * none). *ret_set is NULL when `before` is the newest. No table yet is a set without lines, of
 * version -1. MR_LIMIT: it does not fit into bytes_max. */
mr_status mr_sales_lake_refresh(mr_sales_lake *lake, const mr_sales_set *before,
                                mr_sales_set **ret_set, mr_err *err);

/* Only the lines that a question and its comparison need, of the newest version. What customers
 * ordered first is of all lines. MR_LIMIT: they do not fit into bytes_max. */
mr_status mr_sales_lake_filter(mr_sales_lake *lake, const mr_sales_question *question,
                               uint32_t timeout_ms, mr_sales_set **ret_set, mr_err *err);

/* Appends " WHERE ..." for the lines of a question in two ranges (compared: from > to without one),
 * but for the segments of customers that it names (sales_rfm.h). */
void mr_sales_append_condition(mr_buffer *sql, const mr_sales_question *question,
                               mr_sales_range range, mr_sales_range compared);

/* How far gold is behind: the version of bronze that it was made of (-1: unknown), and the rows
 * that bronze has beyond it (-1: unknown). */
typedef struct mr_sales_lag {
    int64_t bronze_version, rows;
} mr_sales_lag;
void mr_sales_lake_lag(mr_sales_lake *lake, mr_sales_lag *ret_lag);

/* Whether the books of the last run held: 1, 0; -1: there is no run that says. */
int mr_sales_lake_reconciled(mr_sales_lake *lake, int64_t *ret_at_ms);

#endif
