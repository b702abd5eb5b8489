/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_history.c - a log's entries one by one: who did what, and which files came in.
 *
 * Called by:  incremental readers (added_since) and people (history); one thread a handle.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lake/delta_log.h"

/* --- Files added since ------------------------------------------------------------------------ */

typedef struct added_visit {
    mr_delta_table *table;
    bool (*visit)(void *ctx, const mr_delta_file *file);
    void *ctx;
    bool ended;
} added_visit;

/* A file that is live in what the handle knows need not be looked for. */
static mr_status check_there(mr_delta_table *table, const mr_delta_file *file, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    mr_blob blob;

    if (table->head != NULL && mr_delta_state_find(table->head, file->path) != NULL) {
        return MR_OK;
    }
    int length = snprintf(name, sizeof name, "%s/%s", table->path, file->path);
    if (length < 0 || (size_t)length >= sizeof name) {
        return mr_fail(err, MR_CORRUPT, "table %s: the path of a file is too long", table->path);
    }
    return mr_blob_find(table->blobs, name, &blob, err);
}

static mr_status visit_added(void *ctx, const mr_delta_action *action, mr_err *err)
{
    added_visit *self = ctx;

    if (action->kind != MR_DELTA_ADD || !action->file.data_change || self->ended) {
        return MR_OK;
    }
    mr_status status = check_there(self->table, &action->file, err);
    if (status == MR_OK) {
        self->ended = !self->visit(self->ctx, &action->file);
    }
    return status;
}

mr_status mr_delta_added_since(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                               int64_t after, bool (*visit)(void *ctx, const mr_delta_file *file),
                               void *ctx, mr_err *err)
{
    added_visit self = {table, visit, ctx, false};
    mr_status status = MR_OK;

    MR_ASSERT(visit != NULL && after >= -1);
    for (int64_t version = after + 1;
         version <= snapshot->view.version && status == MR_OK && !self.ended; version++) {
        status = mr_delta_log_visit(table, version, snapshot->view.meta, visit_added, &self, err);
    }
    if (status == MR_NOT_FOUND) {
        (void)mr_fail_in(err, status, "what table %s got since version %" PRId64 " is cleaned up",
                         table->path, after);
    }
    return status;
}

/* --- History ---------------------------------------------------------------------------------- */

typedef struct entry_sum {
    mr_delta_entry entry;
    char *operation, *info;
} entry_sum;

static void add_rows(int64_t *sum, int64_t rows)
{
    *sum = rows < 0 || *sum < 0 ? -1 : *sum + rows;
}

static mr_status sum_action(void *ctx, const mr_delta_action *action, mr_err *err)
{
    entry_sum *sum = ctx;

    (void)err; /* counting cannot fail */
    if (action->kind == MR_DELTA_ADD) {
        sum->entry.files_added++;
        add_rows(&sum->entry.rows_added, action->file.rows);
    } else if (action->kind == MR_DELTA_REMOVE) {
        sum->entry.files_removed++;
        add_rows(&sum->entry.rows_removed, action->file.rows);
    } else if (action->kind == MR_DELTA_COMMIT_INFO && sum->operation == NULL) {
        sum->operation = mr_copy_string(action->info.operation);
        sum->info = action->info.metrics != NULL ? mr_copy_string(action->info.metrics) : NULL;
        sum->entry.committed_ms = action->info.timestamp_ms;
    }
    return MR_OK;
}

static mr_status sum_entry(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                           int64_t version, entry_sum *sum, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    mr_blob blob;

    sum->entry.version = version;
    sum->entry.committed_ms = -1;
    mr_status status =
        mr_delta_log_visit(table, version, snapshot->view.meta, sum_action, sum, err);
    if (status == MR_OK && sum->entry.committed_ms < 0) {
        mr_delta_log_entry_name(table, version, name);
        status = mr_blob_find(table->blobs, name, &blob, err);
        sum->entry.committed_ms = status == MR_OK ? blob.modified_ms : 0;
    }
    sum->entry.operation = sum->operation != NULL ? sum->operation : "";
    sum->entry.info = sum->info;
    return status;
}

mr_status mr_delta_history(mr_delta_table *table,
                           bool (*visit)(void *ctx, const mr_delta_entry *entry), void *ctx,
                           mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = mr_delta_read(table, &snapshot, err);
    bool more = true;

    if (status != MR_OK) {
        return status;
    }
    for (int64_t version = snapshot->view.version; version >= 0 && more && status == MR_OK;
         version--) {
        entry_sum sum = {.operation = NULL};
        status = sum_entry(table, snapshot, version, &sum, err);
        if (status == MR_OK) {
            more = visit(ctx, &sum.entry);
        }
        free(sum.operation);
        free(sum.info);
    }
    mr_delta_snapshot_free(snapshot);
    return status == MR_NOT_FOUND ? MR_OK : status; /* older ones are cleaned up */
}
