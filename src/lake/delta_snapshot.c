/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_snapshot.c - a table as it is, or as it was, and what came since.
 *
 * Called by:  whoever reads tables; one thread a handle.
 * Invariants: the handle's head is the newest version it knows, and its snapshot is shared by all
 *             who read it unchanged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "lake/delta_log.h"

/* --- Reading ---------------------------------------------------------------------------------- */

static void forget_head(mr_delta_table *table)
{
    mr_delta_snapshot_free(table->current);
    mr_delta_state_destroy(table->head);
    table->current = NULL;
    table->head = NULL;
}

/* MR_NOT_FOUND: the head's own entry is gone, or another: the handle knows nothing any more. */
static mr_status check_head(mr_delta_table *table, bool first, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    mr_blob blob;

    mr_delta_log_entry_name(table, table->head->view.version, name);
    mr_status status = mr_blob_find(table->blobs, name, &blob, err);
    if (status == MR_OK && !first && blob.modified_ms != table->head_modified_ms) {
        status = mr_fail(err, MR_NOT_FOUND, "%s is not what it was", name);
    }
    if (status == MR_OK) {
        table->head_modified_ms = blob.modified_ms;
    }
    return status;
}

static mr_status load_head(mr_delta_table *table, mr_err *err)
{
    mr_status status = mr_delta_log_load(table, MR_DELTA_NEWEST, false, &table->head, err);

    return status == MR_OK ? check_head(table, true, err) : status;
}

static mr_status advance_head(mr_delta_table *table, mr_err *err)
{
    int64_t before = table->head->view.version;
    mr_status status = mr_delta_log_replay(table, table->head, before + 1, err);

    if (status == MR_NOT_FOUND) {
        return check_head(table, false, err);
    }
    /* There is something new: nobody but others needs the old snapshot. */
    mr_delta_snapshot_free(table->current);
    table->current = NULL;
    if (status == MR_OK) {
        status = mr_delta_log_replay(table, table->head, MR_DELTA_NEWEST, err);
    }
    return status == MR_OK ? check_head(table, true, err) : status;
}

mr_status mr_delta_read(mr_delta_table *table, mr_delta_snapshot **ret_snapshot, mr_err *err)
{
    mr_status status = MR_NOT_FOUND;

    if (table->head != NULL) {
        status = advance_head(table, err);
    }
    if (status != MR_OK) {
        forget_head(table);
    }
    if (status == MR_NOT_FOUND) {
        status = load_head(table, err);
    }
    if (status != MR_OK) {
        forget_head(table);
        return status;
    }
    if (table->current == NULL) {
        table->current = mr_delta_state_snapshot(table->head);
    }
    table->current->taken_ms = mr_monotonic_us() / 1000;
    *ret_snapshot = mr_delta_snapshot_share(table->current);
    return MR_OK;
}

mr_status mr_delta_read_version(mr_delta_table *table, int64_t version,
                                mr_delta_snapshot **ret_snapshot, mr_err *err)
{
    mr_delta_state *state = NULL;

    if (version < 0) {
        return mr_fail(err, MR_NOT_FOUND, "table %s has no version %" PRId64, table->path, version);
    }
    mr_status status = mr_delta_log_load(table, version, false, &state, err);
    if (status == MR_OK) {
        *ret_snapshot = mr_delta_state_snapshot(state);
        mr_delta_state_destroy(state);
    }
    return status;
}

/* --- By time: entries are as old as their files, and never older than the entry before. ------- */

typedef struct instant_search {
    int64_t wanted_ms, last_ms, first_ms;
    int64_t version; /* -1: none yet */
} instant_search;

static bool search_instant(void *ctx, const mr_blob *blob)
{
    instant_search *search = ctx;
    mr_delta_log_name name = mr_delta_log_parse_name(blob->name);

    if (name.kind != MR_DELTA_LOG_ENTRY) {
        return true;
    }
    int64_t at_ms = blob->modified_ms > search->last_ms ? blob->modified_ms : search->last_ms;
    if (search->first_ms < 0) {
        search->first_ms = at_ms;
    }
    search->last_ms = at_ms;
    if (at_ms > search->wanted_ms) {
        return false;
    }
    search->version = name.version;
    return true;
}

mr_status mr_delta_read_instant(mr_delta_table *table, int64_t epoch_ms,
                                mr_delta_snapshot **ret_snapshot, mr_err *err)
{
    char folder[mr_delta_name_bytes_max];
    char wanted[mr_civil_text_bytes_max];
    char first[mr_civil_text_bytes_max];
    instant_search search = {epoch_ms, 0, -1, -1};

    mr_delta_log_folder(table, folder);
    mr_status status = mr_blob_list(table->blobs, folder, NULL, search_instant, &search, err);
    if (status != MR_OK) {
        return status;
    }
    if (search.first_ms < 0) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %s in the lake", table->path);
    }
    if (search.version < 0) {
        (void)mr_instant_format(epoch_ms, wanted);
        (void)mr_instant_format(search.first_ms, first);
        return mr_fail(err, MR_NOT_FOUND,
                       "table %s has no version as old as %s; the oldest is of "
                       "%s",
                       table->path, wanted, first);
    }
    return mr_delta_read_version(table, search.version, ret_snapshot, err);
}

/* --- What a snapshot says --------------------------------------------------------------------- */

int64_t mr_delta_version(const mr_delta_snapshot *snapshot)
{
    return snapshot->view.version;
}

const char *mr_delta_id(const mr_delta_snapshot *snapshot)
{
    return snapshot->view.meta->id;
}

const mr_delta_schema *mr_delta_schema_of(const mr_delta_snapshot *snapshot)
{
    return &snapshot->view.meta->schema;
}

size_t mr_delta_file_count(const mr_delta_snapshot *snapshot)
{
    return snapshot->files.count;
}

const mr_delta_file *mr_delta_file_at(const mr_delta_snapshot *snapshot, size_t index)
{
    MR_ASSERT(index < snapshot->files.count);
    return mr_delta_files_array_at(&snapshot->files, index);
}

int64_t mr_delta_txn_version(const mr_delta_snapshot *snapshot, const char *app_id)
{
    const mr_delta_txn_list *txns = snapshot->view.txns;

    for (size_t i = 0; i < txns->count; i++) {
        if (strcmp(txns->items[i].app_id, app_id) == 0) {
            return txns->items[i].version;
        }
    }
    return -1;
}

const char *mr_delta_property(const mr_delta_snapshot *snapshot, const char *key)
{
    return mr_delta_meta_property(snapshot->view.meta, key);
}

uint64_t mr_delta_bytes(const mr_delta_snapshot *snapshot)
{
    return snapshot->view.bytes;
}

int64_t mr_delta_rows(const mr_delta_snapshot *snapshot)
{
    return snapshot->view.files_unstated > 0 ? -1 : snapshot->view.rows;
}
