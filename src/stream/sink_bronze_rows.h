/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_rows.h - the rows of bronze that are gathered in memory until they become one
 * Parquet file.
 *
 * The engine is opened by the first write, and stays open, about 35 MB, until it is released.
 */
#ifndef MR_STREAM_SINK_BRONZE_ROWS_H
#define MR_STREAM_SINK_BRONZE_ROWS_H

#include "event/event.h"
#include "lake/delta_sql.h"
#include "stream/sink.h"

typedef struct mr_bronze_rows mr_bronze_rows;

enum {
    mr_bronze_rows_max = 250000, /* gathered for one file */
    mr_bronze_bytes_max = 67108864,
};

/* Both are borrowed. */
mr_bronze_rows *mr_bronze_rows_create(const mr_bronze_options *options, const char *topic);
void mr_bronze_rows_destroy(mr_bronze_rows *rows); /* NULL is fine */

size_t mr_bronze_rows_count(const mr_bronze_rows *rows);
/* A cap is reached: write them before more are added. A row more is taken all the same. */
bool mr_bronze_rows_full(const mr_bronze_rows *rows);
/* A file's rows are of one day: the partition of the table. */
bool mr_bronze_rows_fit(const mr_bronze_rows *rows, const mr_bus_message *message);
bool mr_bronze_rows_engine_is_open(const mr_bronze_rows *rows);

void mr_bronze_rows_add(mr_bronze_rows *rows, const mr_event *event, const mr_bus_message *message);
/* The exact sum of Quantity * UnitPrice. */
mr_amount mr_bronze_rows_sum(const mr_bronze_rows *rows);
/* Makes them one durable file, not yet shown; they stay. There is at least one. After a failure,
 * release. */
mr_status mr_bronze_rows_write(mr_bronze_rows *rows, mr_delta_table *table,
                               mr_delta_files **ret_files, mr_err *err);

/* Forgets the rows, for the next file. */
void mr_bronze_rows_clear(mr_bronze_rows *rows);
/* Forgets the rows, closes the engine, gives the memory back. */
void mr_bronze_rows_release(mr_bronze_rows *rows);

#endif
