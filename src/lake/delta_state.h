/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_state.h - the live files of a table at a version, built action by action.
 *
 * A state changes; a snapshot taken of it does not. They share their files: blocks of pointers that
 * are copied when one of them is to change while another still looks at it. So a snapshot costs a
 * pointer a block, and a commit what it touches.
 *
 * Private to the room; one thread.
 */
#ifndef MR_LAKE_DELTA_STATE_H
#define MR_LAKE_DELTA_STATE_H

#include "lake/delta_action.h"

enum {
    mr_delta_block_files = 128,
    mr_delta_files_max = 16 << 20, /* live files of a table */
    mr_delta_txns_max = 1 << 20,
};

typedef struct mr_delta_record {
    uint32_t references;
    uint64_t hash;      /* of the path */
    mr_delta_file file; /* its texts lie behind */
} mr_delta_record;

typedef struct mr_delta_block {
    uint32_t references;
    mr_delta_record *records[mr_delta_block_files];
} mr_delta_block;

/* A dense array of records, in blocks. */
typedef struct mr_delta_files_array {
    mr_delta_block **blocks;
    size_t count; /* records */
} mr_delta_files_array;

/* Records by their path. */
typedef struct mr_delta_file_set {
    mr_delta_files_array files;
    size_t block_capacity;
    uint32_t *slots; /* index + 1 of a record; open addressing */
    size_t slot_count;
} mr_delta_file_set;

typedef struct mr_delta_txn_list {
    uint32_t references;
    size_t count, capacity;
    mr_delta_txn *items; /* app_id owned */
} mr_delta_txn_list;

/* What a snapshot shares with its state. */
typedef struct mr_delta_view {
    int64_t version;
    mr_delta_meta *meta;        /* NULL: none yet */
    mr_delta_protocol protocol; /* reader 0: none yet */
    mr_delta_txn_list *txns;
    uint64_t bytes;
    int64_t rows;          /* of the files that say */
    size_t files_unstated; /* those that do not */
} mr_delta_view;

typedef struct mr_delta_state {
    mr_delta_view view;
    mr_delta_file_set live;
    mr_delta_file_set dead; /* removed and not added again; empty unless keep_dead */
    bool keep_dead;
} mr_delta_state;

struct mr_delta_snapshot {
    uint32_t references;
    mr_delta_view view;
    mr_delta_files_array files;
    int64_t taken_ms;
};

mr_delta_state *mr_delta_state_create(bool keep_dead);
void mr_delta_state_destroy(mr_delta_state *state); /* NULL is fine */

mr_status mr_delta_state_apply(mr_delta_state *state, const mr_delta_action *action, mr_err *err);

/* NULL: not live. Borrowed until the state changes. */
const mr_delta_file *mr_delta_state_find(const mr_delta_state *state, const char *path);
/* The same of those removed; modified_ms is when. */
const mr_delta_file *mr_delta_state_find_dead(const mr_delta_state *state, const char *path);

mr_delta_snapshot *mr_delta_state_snapshot(const mr_delta_state *state);
mr_delta_snapshot *mr_delta_snapshot_share(mr_delta_snapshot *snapshot);

static inline const mr_delta_file *mr_delta_files_array_at(const mr_delta_files_array *files,
                                                           size_t index)
{
    return &files->blocks[index / mr_delta_block_files]
                ->records[index % mr_delta_block_files]
                ->file;
}

#endif
