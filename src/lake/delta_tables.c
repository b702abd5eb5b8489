/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_tables.c - which tables there are: every folder of the lake with a log in it.
 *
 * Costs a look at each folder above the tables and one at each table, however many files it has:
 * below a table there are no others.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lake/delta_log.h"

enum { table_depth_max = 8, folders_max = 10000 };

static const char log_suffix[] = "/_delta_log/";

typedef struct search {
    mr_blobs *blobs;
    bool (*visit)(void *, const char *);
    void *ctx;
    bool ended;
} search;

/* What lies right below a folder. */
typedef struct folders {
    char **names;
    size_t count;
    bool is_table;
} folders;

static bool note_folder(void *ctx, const char *name)
{
    folders *below = ctx;
    size_t bytes = strlen(name);
    const size_t suffix = sizeof log_suffix - 1;

    below->is_table = bytes > suffix && strcmp(name + bytes - suffix, log_suffix) == 0;
    if (below->is_table || below->count == folders_max) {
        return false;
    }
    below->names = mr_realloc(below->names, (below->count + 1) * sizeof *below->names);
    below->names[below->count++] = mr_copy_string(name);
    return true;
}

static bool note_any(void *ctx, const mr_blob *blob)
{
    (void)blob;
    *(bool *)ctx = true;
    return false;
}

/* A log's folder may be left empty by a first commit that did not come to pass; of a lake elsewhere
 * a folder is there by what is in it. */
static mr_status has_entries(const search *self, const char *folder, bool *ret_any, mr_err *err)
{
    char log[mr_delta_name_bytes_max + sizeof log_suffix];

    *ret_any = mr_blobs_are_remote(self->blobs);
    if (*ret_any) {
        return MR_OK;
    }
    (void)snprintf(log, sizeof log, "%.*s%s", (int)strlen(folder) - 1, folder, log_suffix);
    return mr_blob_list(self->blobs, log, NULL, note_any, ret_any, err);
}

static mr_status visit_table(search *self, const char *folder, mr_err *err)
{
    bool any = false;
    mr_status status = has_entries(self, folder, &any, err);

    if (status == MR_OK && any) {
        char *path = mr_copy_string(folder);
        path[strlen(path) - 1] = '\0';
        self->ended = !self->visit(self->ctx, path);
        free(path);
    }
    return status;
}

static mr_status search_below(search *self, const char *folder, int depth, mr_err *err)
{
    folders below = {NULL, 0, false};
    mr_status status = mr_blob_folders(self->blobs, folder, note_folder, &below, err);

    if (status == MR_OK && below.is_table) {
        status = visit_table(self, folder, err);
    } else if (depth < table_depth_max) {
        for (size_t i = 0; i < below.count && status == MR_OK && !self->ended; i++) {
            status = search_below(self, below.names[i], depth + 1, err);
        }
    }
    for (size_t i = 0; i < below.count; i++) {
        free(below.names[i]);
    }
    free(below.names);
    return status;
}

mr_status mr_delta_list(mr_blobs *blobs, bool (*visit)(void *ctx, const char *path), void *ctx,
                        mr_err *err)
{
    search self = {blobs, visit, ctx, false};

    return search_below(&self, "", 0, err);
}
