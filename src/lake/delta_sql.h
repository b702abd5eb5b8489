/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_sql.h - a table's files as SQL of the engine, and the engine's rows as files of a
 * table.
 */
#ifndef MR_LAKE_DELTA_SQL_H
#define MR_LAKE_DELTA_SQL_H

#include "lake/delta.h"
#include "olap/olap.h"

/* Appends a query "(SELECT ... FROM read_parquet([...]))" with the schema's columns in its order
 * and types, partition columns included: "timestamp" as TIMESTAMP (UTC), "binary" as BLOB. No file:
 * the same columns without rows. files: NULL = all of the snapshot. */
mr_status mr_delta_relation(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                            const mr_delta_file *const *files, size_t file_count, mr_buffer *out,
                            mr_err *err);

/* As above, and two more columns in front: file_path (as in mr_delta_file.path) and file_row (the
 * row's number in that file, from 0). */
mr_status mr_delta_relation_rows(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                                 const mr_delta_file *const *files, size_t file_count,
                                 mr_buffer *out, mr_err *err);

/* Either of them, of files that need not be in a snapshot: just written ones. */
mr_status mr_delta_relation_of(mr_delta_table *table, const mr_delta_schema *schema,
                               const mr_delta_file *const *files, size_t file_count, bool with_rows,
                               mr_buffer *out, mr_err *err);

/* Checkpoints of the table are read and written by this engine from now on, instead of one opened
 * each time, which costs some 30 ms. It must outlive the handle, and have no result with rows left
 * whenever the table is read or committed to. */
void mr_delta_table_lend(mr_delta_table *table, mr_olap_connection *connection);

typedef struct mr_delta_files mr_delta_files; /* written, and not yet committed */

typedef struct mr_delta_write {
    const mr_delta_schema *schema; /* the select has these columns, in this order */
    const char *select;
    const char *order; /* of the rows in each file: names behind ORDER BY; NULL = any */
    /* The select reads rows that the engine has in memory, and little more: so it may be run
     * several times, for sums and a COPY a partition, which is faster than to read and to sort out
     * files. */
    bool at_hand;
    /* Another of the same engine, for a second thread that copies partitions at hand; NULL: none.
     */
    mr_olap_connection *connection_beside;
    uint64_t file_bytes_target; /* 0 = 128 MiB */
    /* Its exact sum becomes the file's tag "millrace.sum"; "a*b": that of the columns' products;
     * NULL: none. */
    const char *sum_column;
    const char *tag;       /* "millrace.<tag>":"true" on each file; NULL = none */
    int compression_level; /* reserved for the codec; 0 = its default */
    /* One a partition column, NULL = null, when every row is of this one partition: spares looking
     * at each. NULL: as the rows say. */
    const char *const *partition_values;
} mr_delta_write;

/* Runs the select and makes its rows durable as Parquet files of the table (snappy), with stats.
 * Nothing is visible before a commit names them. No rows: no files. */
mr_status mr_delta_write_rows(mr_delta_table *table, mr_olap_connection *connection,
                              const mr_delta_write *write, mr_delta_files **ret_files, mr_err *err);
size_t mr_delta_files_count(const mr_delta_files *files);
const mr_delta_file *mr_delta_files_list(const mr_delta_files *files);
int64_t mr_delta_files_rows(const mr_delta_files *files);
void mr_delta_files_free(mr_delta_files *files); /* the blobs stay; NULL is fine */
/* Removes the blobs, where a commit was refused (MR_EXISTS) and certainly names none of them. */
void mr_delta_files_discard(mr_delta_table *table, const mr_delta_files *files);

/* What a footer says of a column of a row group. Texts as the engine's parquet_metadata spells
 * them:
 * "-12.5000", "2011-12-09", "2011-12-09 12:50:00.000001+00"; absent: it does not say. */
typedef struct mr_delta_chunk {
    size_t column;         /* of the schema without its partition columns */
    int64_t values, nulls; /* values with nulls; nulls -1: it does not say */
    mr_text least, greatest;
} mr_delta_chunk;

/* A file that another engine wrote; borrowed. */
typedef struct mr_delta_foreign {
    const char
        *path;    /* behind the folder, with those of partitions: "month=201012/part-1.parquet" */
    int64_t rows; /* more than none */
    const char *sum; /* of the write's sum_column; NULL without one */
    const mr_delta_chunk *chunks;
    size_t chunk_count;
} mr_delta_foreign;

/* Takes files that another engine wrote below `folder`, of a stage of the lake, into the table, as
 * mr_delta_write_rows takes those of its own; write->select is not looked at. folder NULL: they lie
 * in the table's own folder already, durably, under names of their own. */
mr_status mr_delta_adopt(mr_delta_table *table, const mr_delta_write *write, const char *folder,
                         const mr_delta_foreign *files, size_t count, mr_delta_files **ret_files,
                         mr_err *err);

typedef struct mr_delta_optimize_options {
    uint64_t file_bytes_target; /* 0 = 128 MiB */
    uint64_t file_bytes_small;  /* files below are gathered; 0 = half the target */
    size_t files_min;           /* of one partition, for it to be worth it; 0 = 2 */
    const char *order;          /* of the rows in each file, as in mr_delta_write; NULL = any */
    bool tiers; /* gather only files of like size, so that a row is rewritten few times */
} mr_delta_optimize_options;

typedef struct mr_delta_optimize_report {
    uint64_t files_before, files_after, bytes_before, bytes_after; /* of those rewritten */
    int64_t version;                                               /* -1: there was nothing to do */
} mr_delta_optimize_report;

/* Gathers small files, in one commit a partition, that changes no data. A partition that another
 * writer rearranged meanwhile is left as it is. */
mr_status mr_delta_optimize(mr_delta_table *table, mr_olap_connection *connection,
                            const mr_delta_optimize_options *options,
                            mr_delta_optimize_report *ret_report, mr_err *err);

#endif
