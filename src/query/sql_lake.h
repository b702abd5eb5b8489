/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_lake.h - the lake as a database that can only be read: its tables and views by name, in
 * an engine with walls around it.
 *
 * Threads: one, except for mr_sql_lake_interrupt.
 */
#ifndef MR_QUERY_SQL_LAKE_H
#define MR_QUERY_SQL_LAKE_H

#include "lake/delta.h"
#include "medallion/medallion.h"
#include "olap/olap.h"
#include "query/sql_travel.h"

enum { mr_sql_tables_max = 4096 };

/* A table of the lake, or a view of the models. */
typedef struct mr_sql_table {
    char layer[mr_sql_name_bytes_max];
    char name[mr_sql_name_bytes_max];
    mr_delta_table *table; /* NULL: a view */
    const mr_model *model; /* that makes it; NULL: none */
} mr_sql_table;

typedef struct mr_sql_lake {
    mr_blobs *blobs;
    mr_models *models;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_sql_table *tables; /* in the order of layer and name */
    size_t table_count;
} mr_sql_lake;

typedef struct mr_sql_lake_options {
    mr_blobs_options lake;
    const char *data_folder;
    const char *models;     /* folder of models of one's own; NULL: none */
    const char *out_folder; /* a second one that the engine may write to; NULL: none */
    uint64_t memory_bytes_max;
    uint32_t threads;    /* 0: as many as there are processors */
    uint32_t timeout_ms; /* of a query; 0: no limit */
} mr_sql_lake_options;

/* Nothing is read of a table yet. */
mr_status mr_sql_lake_open(const mr_sql_lake_options *options, mr_sql_lake **ret_lake, mr_err *err);
void mr_sql_lake_close(mr_sql_lake *lake); /* NULL is fine */

/* Makes every table that the query names mean its newest version, or the one asked for, and appends
 * the query as the engine takes it, with a NUL. */
mr_status mr_sql_lake_prepare(mr_sql_lake *lake, mr_text sql, mr_buffer *out, mr_err *err);

/* By "bronze.sales_events", or "sales_events": gold before silver before bronze. NULL: none. */
const mr_sql_table *mr_sql_lake_find(const mr_sql_lake *lake, mr_text layer, mr_text name);

/* Adds what is there to choose from to an error about a table that is not there. */
mr_status mr_sql_lake_explain(const mr_sql_lake *lake, mr_status status, mr_err *err);

#endif
