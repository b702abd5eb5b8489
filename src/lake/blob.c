/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob.c - the blob store by URL: finds the backend, checks names before it sees them.
 *
 * Owns:       the handle; its state is the backend's.
 * Called by:  the Delta tables, from any thread.
 * Invariants: every backend in the table has every slot (asserted at open); no backend is asked
 *             for a name that could leave its folder.
 * Not here:   any store: blob_<name>.c.
 */
#include "lake/blob.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/parallel.h"
#include "lake/blob_backend.h"

enum { blob_name_bytes_max = 1024, blob_part_bytes_max = 255 };

struct mr_blobs {
    const mr_blob_ops *ops;
    void *state;
};

static const mr_blob_ops *const backends[] = {&mr_blob_local, &mr_blob_adls};

static const mr_blob_ops *backend_of(const char *url)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        for (size_t k = 0; k < mr_blob_schemes_max && backends[i]->schemes[k] != NULL; k++) {
            if (mr_text_starts_with(mr_text_of(url), backends[i]->schemes[k])) {
                return backends[i];
            }
        }
    }
    return NULL;
}

static void check_slots(const mr_blob_ops *ops)
{
    MR_ASSERT(ops->open != NULL && ops->close != NULL && ops->url != NULL);
    MR_ASSERT(ops->create != NULL && ops->replace != NULL && ops->read != NULL);
    MR_ASSERT(ops->find != NULL && ops->remove != NULL && ops->copy != NULL && ops->list != NULL);
    MR_ASSERT(ops->folders != NULL);
    MR_ASSERT(ops->stage != NULL && ops->unstage != NULL && ops->import != NULL);
    MR_ASSERT(ops->sync != NULL && ops->folder != NULL && ops->fetch != NULL);
}

mr_status mr_blobs_open(const mr_blobs_options *options, mr_blobs **ret_blobs, mr_err *err)
{
    void *state = NULL;

    MR_ASSERT(options->url != NULL);
    const mr_blob_ops *ops = backend_of(options->url);
    if (ops == NULL) {
        /* Not the whole URL: a secret may stand in it. */
        return mr_fail(err, MR_UNSUPPORTED,
                       "lake '%.*s': there is no such kind of lake; use file: (a folder lake in "
                       "the data folder), file:/folder or "
                       "abfss://container@account.dfs.core.windows.net/path",
                       (int)strcspn(options->url, ":"), options->url);
    }
    check_slots(ops);
    mr_status status = ops->open(options, &state, err);
    if (status != MR_OK) {
        return status;
    }
    mr_blobs *blobs = mr_alloc_zero(1, sizeof *blobs);
    blobs->ops = ops;
    blobs->state = state;
    *ret_blobs = blobs;
    return MR_OK;
}

void mr_blobs_close(mr_blobs *blobs)
{
    if (blobs != NULL) {
        blobs->ops->close(blobs->state);
        free(blobs);
    }
}

const char *mr_blobs_url(const mr_blobs *blobs)
{
    return blobs->ops->url(blobs->state);
}

/* --- Names ------------------------------------------------------------------------------------ */

static bool part_is_good(const char *part, size_t bytes)
{
    bool dots = (bytes == 1 && part[0] == '.') || (bytes == 2 && part[0] == '.' && part[1] == '.');

    return bytes > 0 && bytes <= blob_part_bytes_max && !dots;
}

static mr_status check_name(const char *name, mr_err *err)
{
    const char *part = name;
    bool good = strlen(name) <= blob_name_bytes_max;

    for (size_t part_count = 0; good; part_count++) {
        size_t bytes = strcspn(part, "/");
        good = part_is_good(part, bytes);
        if (part_count == 0 && bytes == strlen(MR_BLOB_STAGE) &&
            memcmp(part, MR_BLOB_STAGE, bytes) == 0) {
            good = false;
        }
        if (part[bytes] == '\0') {
            break;
        }
        part += bytes + 1;
    }
    if (!good) {
        return mr_fail(err, MR_INVALID,
                       "blob '%.200s': a name has parts of 1 to %d bytes with '/' between them, "
                       "none of them . or .., %d bytes in all, and does not begin with %s",
                       name, blob_part_bytes_max, blob_name_bytes_max, MR_BLOB_STAGE);
    }
    return MR_OK;
}

/* --- The interface ---------------------------------------------------------------------------- */

mr_status mr_blob_create(mr_blobs *blobs, const char *name, mr_text content, mr_err *err)
{
    mr_status status = check_name(name, err);

    return status == MR_OK ? blobs->ops->create(blobs->state, name, content, err) : status;
}

mr_status mr_blob_replace(mr_blobs *blobs, const char *name, mr_text content, mr_err *err)
{
    mr_status status = check_name(name, err);

    return status == MR_OK ? blobs->ops->replace(blobs->state, name, content, err) : status;
}

mr_status mr_blob_read(mr_blobs *blobs, const char *name, mr_buffer *out, mr_err *err)
{
    mr_status status = check_name(name, err);

    return status == MR_OK ? blobs->ops->read(blobs->state, name, out, err) : status;
}

enum { remote_threads = 16 }; /* for what is as little work as a name */

typedef struct reading {
    mr_blobs *blobs;
    mr_blob_name_fn name;
    void *ctx;
    mr_buffer *outs;
    bool *missing;
} reading;

static mr_status read_one(void *ctx, size_t index, mr_err *err)
{
    const reading *self = ctx;
    char name[blob_name_bytes_max + 1];

    self->name(self->ctx, index, name, sizeof name);
    mr_status status = mr_blob_read(self->blobs, name, &self->outs[index], err);
    self->missing[index] = status == MR_NOT_FOUND;
    return status == MR_NOT_FOUND ? MR_OK : status;
}

mr_status mr_blobs_read(mr_blobs *blobs, mr_blob_name_fn name, void *ctx, mr_buffer *outs,
                        size_t count, size_t *ret_count, mr_err *err)
{
    bool *missing = mr_alloc_zero(count + 1, sizeof *missing);
    reading self = {blobs, name, ctx, outs, missing};
    size_t there = 0;
    mr_status status =
        mr_parallel(count, blobs->ops->remote ? remote_threads : 1, read_one, &self, err);

    while (there < count && !missing[there]) {
        there++;
    }
    free(missing);
    if (status == MR_OK) {
        *ret_count = there;
    }
    return status;
}

mr_status mr_blob_find(mr_blobs *blobs, const char *name, mr_blob *ret_blob, mr_err *err)
{
    mr_status status = check_name(name, err);

    return status == MR_OK ? blobs->ops->find(blobs->state, name, ret_blob, err) : status;
}

mr_status mr_blob_delete(mr_blobs *blobs, const char *name, mr_err *err)
{
    mr_status status = check_name(name, err);

    return status == MR_OK ? blobs->ops->remove(blobs->state, name, err) : status;
}

typedef struct deleting {
    mr_blobs *blobs;
    mr_blob_name_fn name;
    void *ctx;
} deleting;

static mr_status delete_one(void *ctx, size_t index, mr_err *err)
{
    const deleting *self = ctx;
    char name[blob_name_bytes_max + 1];

    self->name(self->ctx, index, name, sizeof name);
    return mr_blob_delete(self->blobs, name, err);
}

mr_status mr_blobs_delete(mr_blobs *blobs, mr_blob_name_fn name, void *ctx, size_t count,
                          mr_err *err)
{
    deleting self = {blobs, name, ctx};

    return mr_parallel(count, blobs->ops->remote ? remote_threads : 1, delete_one, &self, err);
}

mr_status mr_blob_copy(mr_blobs *blobs, const char *from, const char *to, mr_err *err)
{
    mr_status status = check_name(from, err);

    if (status == MR_OK) {
        status = check_name(to, err);
    }
    return status == MR_OK ? blobs->ops->copy(blobs->state, from, to, err) : status;
}

/* A prefix of names, which may end with a '/'. */
static mr_status check_prefix(const char *prefix, mr_err *err)
{
    size_t bytes = strlen(prefix);
    mr_status status = MR_OK;

    if (bytes > 0 && prefix[bytes - 1] != '/') {
        status = check_name(prefix, err);
    } else if (bytes > 0 && bytes <= blob_name_bytes_max) {
        char folder[blob_name_bytes_max + 1];
        memcpy(folder, prefix, bytes);
        folder[bytes - 1] = '\0';
        status = check_name(folder, err);
    } else if (bytes > 0) {
        status = mr_fail(err, MR_INVALID, "list blobs: the prefix is longer than %d bytes",
                         blob_name_bytes_max);
    }
    return status;
}

mr_status mr_blob_list(mr_blobs *blobs, const char *prefix, const char *start,
                       bool (*visit)(void *ctx, const mr_blob *blob), void *ctx, mr_err *err)
{
    mr_status status = check_prefix(prefix, err);

    MR_ASSERT(visit != NULL);
    if (status != MR_OK) {
        return status;
    }
    return blobs->ops->list(blobs->state, prefix, start != NULL ? start : "", visit, ctx, err);
}

mr_status mr_blob_folders(mr_blobs *blobs, const char *folder,
                          bool (*visit)(void *ctx, const char *name), void *ctx, mr_err *err)
{
    mr_status status = check_prefix(folder, err);

    MR_ASSERT(visit != NULL && (folder[0] == '\0' || folder[strlen(folder) - 1] == '/'));
    return status == MR_OK ? blobs->ops->folders(blobs->state, folder, visit, ctx, err) : status;
}

mr_status mr_blobs_stage(mr_blobs *blobs, char **ret_folder, mr_err *err)
{
    return blobs->ops->stage(blobs->state, ret_folder, err);
}

void mr_blobs_unstage(mr_blobs *blobs, char *folder)
{
    if (folder != NULL) {
        blobs->ops->unstage(blobs->state, folder);
    }
}

mr_status mr_blobs_import(mr_blobs *blobs, mr_blob_import *items, size_t count, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < count && status == MR_OK; i++) {
        items[i].done = false;
        status = check_name(items[i].name, err);
    }
    return status == MR_OK ? blobs->ops->import(blobs->state, items, count, err) : status;
}

mr_status mr_blob_import_file(mr_blobs *blobs, const char *file, const char *name, mr_err *err)
{
    mr_blob_import one = {.file = file, .name = name};

    return mr_blobs_import(blobs, &one, 1, err);
}

mr_status mr_blobs_sync(mr_blobs *blobs, mr_err *err)
{
    return blobs->ops->sync(blobs->state, err);
}

mr_status mr_blobs_folder(mr_blobs *blobs, mr_buffer *out, mr_err *err)
{
    bool done = mr_buffer_append_string(out, blobs->ops->folder(blobs->state));

    return done ? MR_OK : mr_fail(err, MR_LIMIT, "the lake's folder: no room for its path");
}

bool mr_blobs_are_remote(const mr_blobs *blobs)
{
    return blobs->ops->remote;
}

mr_status mr_blobs_fetch(mr_blobs *blobs, const mr_blob *wanted, size_t count, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = check_name(wanted[i].name, err);
    }
    return status == MR_OK ? blobs->ops->fetch(blobs->state, wanted, count, err) : status;
}

mr_status mr_blob_path(mr_blobs *blobs, const char *name, mr_buffer *out, mr_err *err)
{
    mr_status status = check_name(name, err);
    mr_blob blob;

    if (status == MR_OK && blobs->ops->remote) {
        status = blobs->ops->find(blobs->state, name, &blob, err);
        if (status == MR_OK) {
            status = blobs->ops->fetch(blobs->state, &blob, 1, err);
        }
    }
    if (status != MR_OK) {
        return status;
    }
    char *path = mr_path_join(blobs->ops->folder(blobs->state), name);
    bool done = mr_buffer_append_string(out, path);
    free(path);
    return done ? MR_OK : mr_fail(err, MR_LIMIT, "path of %s: no room for it", name);
}
