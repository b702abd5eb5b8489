/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta.h - Delta Lake tables (delta-io/delta PROTOCOL.md): snapshots, commits, history.
 *
 * We write protocol reader 1 / writer 2. A table that asks for more is MR_UNSUPPORTED, with the
 * name of the feature. A commit is the creation of the next log entry: all of it is seen, or none.
 *
 * Threads: a table handle and its snapshots belong to one thread at a time. Several processes, and
 * other engines on stores that can create atomically, may write one table.
 */
#ifndef MR_LAKE_DELTA_H
#define MR_LAKE_DELTA_H

#include "lake/blob.h"

enum {
    mr_delta_fields_max = 256,
    mr_delta_partitions_max = 4, /* columns a table is partitioned by */
};

/* Delta's primitive names: "string", "long", "integer", "decimal(18,4)", "binary", "date",
 * "timestamp" (an instant; shop time is kept as if it were UTC), "boolean", "double". */
typedef struct mr_delta_field {
    const char *name;
    const char *type;
    const char *comment; /* NULL = none */
    bool not_null;       /* recorded as nullable=false */
} mr_delta_field;

typedef struct mr_delta_schema {
    const mr_delta_field *fields; /* partition columns too */
    size_t field_count;
    const char *partition_columns[mr_delta_partitions_max]; /* NULL behind the last */
} mr_delta_schema;

/* A data file. Texts are borrowed from the snapshot, or from whoever builds a commit. */
typedef struct mr_delta_file {
    const char *path; /* relative to the table, decoded: a blob is <table>/<path> */
    const char *partition_values[mr_delta_partitions_max]; /* NULL = null */
    uint64_t bytes;
    int64_t modified_ms;
    int64_t rows;      /* of stats; -1 = unknown */
    const char *stats; /* JSON text; NULL = none */
    const char *tags;  /* JSON object of strings; NULL = none */
    bool data_change;
} mr_delta_file;

typedef struct mr_delta_txn {
    const char *app_id;
    int64_t version;
} mr_delta_txn;

typedef struct mr_delta_table mr_delta_table;
typedef struct mr_delta_snapshot mr_delta_snapshot;

/* The paths of all tables, in the order of their bytes; visit returns false to end. */
mr_status mr_delta_list(mr_blobs *blobs, bool (*visit)(void *ctx, const char *path), void *ctx,
                        mr_err *err);

/* path: "bronze/sales_events". Reads nothing yet. blobs outlives it. */
mr_delta_table *mr_delta_table_create(mr_blobs *blobs, const char *path);
void mr_delta_table_destroy(mr_delta_table *table); /* NULL is fine */
const char *mr_delta_table_path(const mr_delta_table *table);

/* --- Snapshots -------------------------------------------------------------------------------- */

/* The newest; cheap when little has changed since the handle last looked. MR_NOT_FOUND: no table.
 */
mr_status mr_delta_read(mr_delta_table *table, mr_delta_snapshot **ret_snapshot, mr_err *err);
/* MR_NOT_FOUND: there is no such version, or its log is cleaned up already; err says which. */
mr_status mr_delta_read_version(mr_delta_table *table, int64_t version,
                                mr_delta_snapshot **ret_snapshot, mr_err *err);
/* The last version committed at or before the instant. */
mr_status mr_delta_read_instant(mr_delta_table *table, int64_t epoch_ms,
                                mr_delta_snapshot **ret_snapshot, mr_err *err);
void mr_delta_snapshot_free(mr_delta_snapshot *snapshot); /* NULL is fine */

int64_t mr_delta_version(const mr_delta_snapshot *snapshot);
/* The table's own, for ever; another one under the same name has another. Borrowed. */
const char *mr_delta_id(const mr_delta_snapshot *snapshot);
const mr_delta_schema *mr_delta_schema_of(const mr_delta_snapshot *snapshot);
size_t mr_delta_file_count(const mr_delta_snapshot *snapshot);
const mr_delta_file *mr_delta_file_at(const mr_delta_snapshot *snapshot, size_t index);
/* The version recorded under app_id; -1 when there is none. */
int64_t mr_delta_txn_version(const mr_delta_snapshot *snapshot, const char *app_id);
const char *mr_delta_property(const mr_delta_snapshot *snapshot, const char *key); /* or NULL */
uint64_t mr_delta_bytes(const mr_delta_snapshot *snapshot);
int64_t mr_delta_rows(const mr_delta_snapshot *snapshot); /* -1: a file does not say */

/* The files that versions (after, snapshot's version] added with data_change, also those that are
 * no longer live. MR_NOT_FOUND: a log entry or file of them is cleaned up: only a full read can
 * help. */
mr_status mr_delta_added_since(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                               int64_t after, bool (*visit)(void *ctx, const mr_delta_file *file),
                               void *ctx, mr_err *err);

/* --- Commits ---------------------------------------------------------------------------------- */

typedef struct mr_delta_commit {
    const char *operation;         /* "WRITE", "MERGE", "OPTIMIZE", "CREATE TABLE" ... */
    const char *info;              /* JSON object for commitInfo's operationMetrics; NULL = none */
    const mr_delta_schema *schema; /* creates the table, or replaces its schema; NULL = as it is */
    const mr_delta_file *adds;
    size_t add_count;
    const mr_delta_file *removes; /* live files, as the snapshot gave them */
    size_t remove_count;
    const mr_delta_txn *txns;
    size_t txn_count;
    const int64_t *txns_expected; /* one a txn: what it must stand at (-1: none); NULL = any */
    bool append_only; /* adds do not depend on what was read: others may add meanwhile */
    bool data_change; /* false: only rearranges (optimize) */
    /* Properties of the table to set: key, value, key, value, NULL; NULL = none. */
    const char *const *properties;
} mr_delta_commit;

/* Commits on top of what `base` read (NULL: the table must not exist yet). Loses against another
 * writer are tried again where the two do not touch: then *ret_version skips the other's.
 * MR_EXISTS: they touch: a txn moved, a file that we remove is gone, the schema changed, or others
 * added rows and append_only is false. Nothing was changed: read again, decide again. The outcome
 * of a put that got no answer is settled by reading. Writes checkpoints when they are due. */
mr_status mr_delta_commit_to(mr_delta_table *table, const mr_delta_snapshot *base,
                             const mr_delta_commit *commit, int64_t *ret_version, mr_err *err);

/* Writes a checkpoint of the newest version now; commits do so when one is due. */
mr_status mr_delta_checkpoint_now(mr_delta_table *table, mr_err *err);

/* --- History and upkeep ----------------------------------------------------------------------- */

typedef struct mr_delta_entry {
    int64_t version;
    int64_t committed_ms;
    const char *operation; /* "" when it does not say */
    uint64_t files_added, files_removed;
    int64_t rows_added, rows_removed; /* -1 = unknown */
    const char *info;                 /* operationMetrics as JSON; NULL = none */
} mr_delta_entry;

/* Newest first; visit returns false to end. */
mr_status mr_delta_history(mr_delta_table *table,
                           bool (*visit)(void *ctx, const mr_delta_entry *entry), void *ctx,
                           mr_err *err);

typedef struct mr_delta_vacuum_options {
    uint64_t retention_ms; /* files dead for longer go; below 7 days only with `force` */
    bool force;
    bool dry_run;
} mr_delta_vacuum_options;

typedef struct mr_delta_vacuum_report {
    uint64_t files, bytes, log_entries;
    uint64_t files_kept; /* that the log does not know, and that are younger than an hour */
} mr_delta_vacuum_report;

/* Removes data files that no kept version needs, and log entries past their retention. Files that
 * the log does not know stay for an hour at least, whatever the retention and also with `force`: a
 * writer may be about to commit them. */
mr_status mr_delta_vacuum(mr_delta_table *table, const mr_delta_vacuum_options *options,
                          mr_delta_vacuum_report *ret_report, mr_err *err);

#endif
