/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_table.h - the table bronze/sales_events: its columns, and its commits.
 *
 * A commit names the new file and, for each partition of the topic it takes further, the action
 * "txn" with appId "millrace/bronze/<topic>/<partition>" and the next offset as version. The
 * versions before are compared in the same commit, so that of two writers only one moves on.
 */
#ifndef MR_STREAM_SINK_BRONZE_TABLE_H
#define MR_STREAM_SINK_BRONZE_TABLE_H

#include "base/decimal.h"
#include "lake/delta_sql.h"
#include "stream/partitions.h"

extern const char mr_bronze_path[];
extern const mr_delta_schema mr_bronze_schema;

typedef struct mr_bronze_table mr_bronze_table;

/* blobs outlives it; topic is borrowed. Reads nothing yet. */
mr_bronze_table *mr_bronze_table_create(mr_blobs *blobs, const char *topic);
void mr_bronze_table_destroy(mr_bronze_table *table); /* NULL is fine */
mr_delta_table *mr_bronze_table_delta(mr_bronze_table *table);

/* The next offset that the table wants of a partition; 0 when it has none of it, or is not there.
 * MR_INVALID: it has other columns. */
mr_status mr_bronze_table_position(mr_bronze_table *table, int32_t partition,
                                   int64_t *ret_next_offset, mr_err *err);

/* Makes the table when it is missing, then shows the files (NULL: none, all was poison) and moves
 * each partition from its next_offset to its taken_offset. sum is that of Quantity * UnitPrice over
 * the files. MR_EXISTS: another process moved one of them, or made the table; nothing was changed.
 */
mr_status mr_bronze_table_commit(mr_bronze_table *table, const mr_delta_files *files, mr_amount sum,
                                 const mr_partitions *partitions, mr_err *err);

#endif
