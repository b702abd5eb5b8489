/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_log.h - a table's log: entries by their version, and what they add up to.
 *
 * Private to the room; one thread a table handle.
 */
#ifndef MR_LAKE_DELTA_LOG_H
#define MR_LAKE_DELTA_LOG_H

#include "lake/delta_state.h"
#include "olap/olap.h"

enum {
    mr_delta_entry_bytes_max = 512 << 20, /* of one log entry */
    mr_delta_name_bytes_max = 1200,       /* of a blob */
    mr_delta_parts_max = 10000,           /* of a checkpoint */
};

/* The newest of all versions. */
#define MR_DELTA_NEWEST INT64_MAX

typedef struct mr_delta_ahead mr_delta_ahead;

struct mr_delta_table {
    mr_blobs *blobs;
    char *path;
    mr_delta_state *head;       /* what the handle knows; NULL: nothing yet */
    int64_t head_modified_ms;   /* of the head's log entry */
    mr_delta_snapshot *current; /* of the head; NULL: not taken yet */
    mr_buffer entry;            /* the log entry being read */
    mr_delta_ahead *ahead;      /* entries of a lake elsewhere, read before they are asked for */
    mr_delta_reader *reader;
    mr_olap_connection *lent; /* for checkpoints; NULL: one is opened each time */
};

/* A checkpoint as the log's names tell it. */
typedef struct mr_delta_checkpoint {
    int64_t version; /* -1: none */
    uint32_t parts;  /* 0: the one file of a classic checkpoint */
} mr_delta_checkpoint;

typedef enum mr_delta_log_kind {
    MR_DELTA_LOG_OTHER,
    MR_DELTA_LOG_ENTRY,
    MR_DELTA_LOG_CHECKPOINT
} mr_delta_log_kind;

typedef struct mr_delta_log_name {
    mr_delta_log_kind kind;
    int64_t version;
    uint32_t part, parts; /* of a checkpoint; 0 of 0: its one file */
} mr_delta_log_name;

/* "<table>/_delta_log/"; with entry_name: "<table>/_delta_log/00000000000000000012.json". */
void mr_delta_log_folder(const mr_delta_table *table, char name[static mr_delta_name_bytes_max]);
void mr_delta_log_entry_name(const mr_delta_table *table, int64_t version,
                             char name[static mr_delta_name_bytes_max]);
void mr_delta_log_checkpoint_name(const mr_delta_table *table, mr_delta_checkpoint checkpoint,
                                  uint32_t part, char name[static mr_delta_name_bytes_max]);
/* From a blob's whole name. */
mr_delta_log_name mr_delta_log_parse_name(const char *name);

/* delta_ahead.c: the text of one entry, into the table's. Versions asked for one behind the other
 * are read several at once where the lake is elsewhere. MR_NOT_FOUND. */
mr_delta_ahead *mr_delta_ahead_create(void);
void mr_delta_ahead_destroy(mr_delta_ahead *ahead);
mr_status mr_delta_ahead_read(mr_delta_table *table, int64_t version, mr_err *err);

/* Visits the actions of one entry; metaData and protocol first. MR_NOT_FOUND: there is none.
 * meta: how the partition columns are called; a metaData of the entry itself goes before it. */
typedef mr_status (*mr_delta_action_fn)(void *ctx, const mr_delta_action *action, mr_err *err);
mr_status mr_delta_log_visit(mr_delta_table *table, int64_t version, mr_delta_meta *meta,
                             mr_delta_action_fn visit, void *ctx, mr_err *err);

/* Applies the entries behind the state's version, up to `until`. */
mr_status mr_delta_log_replay(mr_delta_table *table, mr_delta_state *state, int64_t until,
                              mr_err *err);

/* The state at a version (MR_DELTA_NEWEST), from a checkpoint and the entries behind it.
 * MR_NOT_FOUND: there is no table, no such version, or it cannot be had any more. */
mr_status mr_delta_log_load(mr_delta_table *table, int64_t version, bool keep_dead,
                            mr_delta_state **ret_state, mr_err *err);

/* --- delta_checkpoint.c --- */

typedef struct mr_delta_last_checkpoint {
    mr_delta_checkpoint checkpoint;
    uint64_t actions;
} mr_delta_last_checkpoint;

/* MR_NOT_FOUND: there is none, or it says nothing that can be used. */
mr_status mr_delta_checkpoint_last(mr_delta_table *table, mr_delta_last_checkpoint *ret_last,
                                   mr_err *err);
/* Into an empty state. */
mr_status mr_delta_checkpoint_read(mr_delta_table *table, mr_delta_checkpoint checkpoint,
                                   mr_delta_state *state, mr_err *err);
mr_status mr_delta_checkpoint_write(mr_delta_table *table, int64_t version, mr_err *err);
/* Writes one where the version just committed asks for it, and cleans the log up. The commit
 * stands whatever becomes of it: the next that is due does its work too. */
void mr_delta_checkpoint_when_due(mr_delta_table *table, const mr_delta_meta *meta,
                                  int64_t version);
/* Removes entries and checkpoints past the log's retention. */
mr_status mr_delta_log_clean(mr_delta_table *table, const mr_delta_meta *meta, bool dry_run,
                             uint64_t *ret_removed, mr_err *err);

#endif
