/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_adls.c - blobs in a container of Azure Data Lake Storage Gen2.
 *
 * Owns:       the connection to the container, its identity, and the copies of blobs and the stages
 *             in <data>/lake-cache/<hash of the URL>/.
 * Called by:  lake/blob.c, from any thread.
 * Invariants: what the engine reads or writes lies on this machine's disk; a blob is put by one
 *             request that refuses to overwrite.
 * Not here:   addresses (blob_adls_url.c), fetching and importing files (blob_adls_files.c),
 *             requests (azure/storage*.c).
 */
#include "lake/blob_adls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"

static const uint64_t cache_bytes_default = UINT64_C(10) << 30;

char *mr_adls_full_name(const mr_adls *adls, const char *name)
{
    size_t bytes = strlen(adls->place.prefix) + strlen(name) + 1;
    char *full = mr_alloc(bytes);

    (void)snprintf(full, bytes, "%s%s", adls->place.prefix, name);
    return full;
}

/* --- Blobs ------------------------------------------------------------------------------------ */

static mr_status put(void *state, const char *name, mr_text content, mr_storage_put_mode mode,
                     mr_err *err)
{
    mr_adls *adls = state;
    char *full = mr_adls_full_name(adls, name);
    mr_status status = mr_storage_put(adls->storage, full, content, mode, err);

    free(full);
    return status;
}

static mr_status adls_create(void *state, const char *name, mr_text content, mr_err *err)
{
    return put(state, name, content, MR_STORAGE_CREATE, err);
}

static mr_status adls_replace(void *state, const char *name, mr_text content, mr_err *err)
{
    return put(state, name, content, MR_STORAGE_REPLACE, err);
}

static mr_status adls_read(void *state, const char *name, mr_buffer *out, mr_err *err)
{
    mr_adls *adls = state;
    char *full = mr_adls_full_name(adls, name);
    mr_status status = mr_storage_get(adls->storage, full, out, err);

    free(full);
    return status;
}

static mr_status adls_find(void *state, const char *name, mr_blob *ret_blob, mr_err *err)
{
    mr_adls *adls = state;
    char *full = mr_adls_full_name(adls, name);
    mr_storage_blob blob;
    mr_status status = mr_storage_find(adls->storage, full, &blob, err);

    free(full);
    if (status == MR_OK) {
        *ret_blob = (mr_blob){name, blob.bytes, blob.modified_ms};
    }
    return status;
}

static mr_status adls_remove(void *state, const char *name, mr_err *err)
{
    mr_adls *adls = state;
    char *full = mr_adls_full_name(adls, name);
    mr_status status = mr_storage_delete(adls->storage, full, err);

    free(full);
    mr_blob_cache_forget(adls->cache, name);
    return status;
}

static mr_status adls_copy(void *state, const char *from, const char *to, mr_err *err)
{
    mr_adls *adls = state;
    char *full_from = mr_adls_full_name(adls, from);
    char *full_to = mr_adls_full_name(adls, to);
    mr_status status = mr_storage_copy(adls->storage, full_from, full_to, err);

    free(full_to);
    free(full_from);
    return status == MR_UNSUPPORTED ? mr_adls_copy_by_hand(adls, from, to, err) : status;
}

/* --- Listing ---------------------------------------------------------------------------------- */

/* A whole listing: accounts with a hierarchical namespace sort their names folder by folder. */
typedef struct listing {
    size_t prefix_bytes; /* of the lake, in front of each name */
    const char *start;
    mr_blob *items; /* with names of their own */
    size_t count, capacity;
    bool sorted;
} listing;

static bool note_blob(void *ctx, const mr_storage_blob *blob)
{
    listing *self = ctx;
    const char *name = blob->name + self->prefix_bytes;

    if (strcmp(name, self->start) < 0) {
        return true;
    }
    if (self->count == self->capacity) {
        self->capacity = self->capacity == 0 ? 256 : self->capacity * 2;
        self->items = mr_realloc(self->items, self->capacity * sizeof *self->items);
    }
    self->sorted =
        self->sorted && (self->count == 0 || strcmp(self->items[self->count - 1].name, name) <= 0);
    self->items[self->count++] = (mr_blob){mr_copy_string(name), blob->bytes, blob->modified_ms};
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const mr_blob *)a)->name, ((const mr_blob *)b)->name);
}

static void free_name(const char *name)
{
    union {
        const char *borrowed;
        char *owned;
    } text = {.borrowed = name}; /* items own their names */

    free(text.owned);
}

static mr_status adls_list(void *state, const char *prefix, const char *start,
                           bool (*visit)(void *, const mr_blob *), void *ctx, mr_err *err)
{
    mr_adls *adls = state;
    listing all = {.prefix_bytes = strlen(adls->place.prefix), .start = start, .sorted = true};
    char *full = mr_adls_full_name(adls, prefix);
    mr_status status = mr_storage_list(adls->storage, full, false, note_blob, &all, err);
    bool more = status == MR_OK;

    free(full);
    if (!all.sorted) {
        qsort(all.items, all.count, sizeof *all.items, compare_names);
    }
    for (size_t i = 0; i < all.count; i++) {
        more = more && visit(ctx, &all.items[i]);
        free_name(all.items[i].name);
    }
    free(all.items);
    return status;
}

typedef struct folder_visit {
    size_t prefix_bytes;
    bool (*visit)(void *, const char *);
    void *ctx;
} folder_visit;

static bool visit_folder(void *ctx, const mr_storage_blob *blob)
{
    const folder_visit *self = ctx;
    size_t bytes = strlen(blob->name);

    return blob->name[bytes - 1] != '/' || self->visit(self->ctx, blob->name + self->prefix_bytes);
}

static mr_status adls_folders(void *state, const char *folder, bool (*visit)(void *, const char *),
                              void *ctx, mr_err *err)
{
    mr_adls *adls = state;
    folder_visit self = {strlen(adls->place.prefix), visit, ctx};
    char *full = mr_adls_full_name(adls, folder);
    mr_status status = mr_storage_list(adls->storage, full, true, visit_folder, &self, err);

    free(full);
    return status;
}

/* --- Stages: folders of this machine, as the local store has them. ---------------------------- */

static mr_status adls_stage(void *state, char **ret_folder, mr_err *err)
{
    return mr_blob_local.stage(((mr_adls *)state)->local, ret_folder, err);
}

static void adls_unstage(void *state, char *folder)
{
    mr_blob_local.unstage(((mr_adls *)state)->local, folder);
}

static mr_status adls_sync(void *state, mr_err *err)
{
    (void)state; /* what is put is durable */
    (void)err;
    return MR_OK;
}

static const char *adls_folder(const void *state)
{
    return mr_blob_local.folder(((const mr_adls *)state)->local);
}

/* --- Opening ---------------------------------------------------------------------------------- */

static mr_status open_cache(mr_adls *adls, const mr_blobs_options *options, mr_err *err)
{
    uint64_t limit = options->azure.cache_bytes_max;
    char below[64];
    char *folder;
    char *url;

    (void)snprintf(below, sizeof below, "lake-cache/%016" PRIx64,
                   mr_hash64(adls->place.url, strlen(adls->place.url)));
    folder = mr_path_join(options->data_folder, below);
    url = mr_alloc(strlen(folder) + sizeof "file:");
    (void)stpcpy(stpcpy(url, "file:"), folder);
    const mr_blobs_options local = {.url = url, .data_folder = options->data_folder};
    mr_status status = mr_blob_local.open(&local, &adls->local, err);
    free(url);
    free(folder);
    if (status == MR_OK) {
        status = mr_blob_cache_open(adls_folder(adls), limit > 0 ? limit : cache_bytes_default,
                                    &adls->cache, err);
    }
    return status;
}

static mr_status open_storage(mr_adls *adls, const mr_blobs_azure *azure, mr_err *err)
{
    mr_status status = MR_OK;

    if (!mr_storage_is_set(azure->account_key) && !mr_storage_is_set(azure->sas)) {
        status = mr_azure_credential_create(&azure->identity, &adls->credential, err);
    }
    if (status != MR_OK) {
        return status;
    }
    const mr_storage_options storage = {
        .endpoint = adls->place.endpoint,
        .account = adls->place.account,
        .container = adls->place.container,
        .account_key = azure->account_key,
        .sas = azure->sas,
        .credential = adls->credential,
        .requests = {.ca_file = azure->ca_file, .timeout_ms = azure->timeout_ms},
    };
    return mr_storage_open(&storage, &adls->storage, err);
}

static void adls_close(void *state)
{
    mr_adls *adls = state;

    mr_storage_close(adls->storage);
    mr_azure_credential_destroy(adls->credential);
    mr_blob_cache_close(adls->cache);
    if (adls->local != NULL) {
        mr_blob_local.close(adls->local);
    }
    mr_adls_place_free(&adls->place);
    free(adls);
}

static mr_status adls_open(const mr_blobs_options *options, void **ret_state, mr_err *err)
{
    mr_adls *adls = mr_alloc_zero(1, sizeof *adls);
    mr_status status = mr_adls_place_parse(options->url, &adls->place, err);

    if (status == MR_OK) {
        status = open_storage(adls, &options->azure, err);
    }
    if (status == MR_OK) {
        status = open_cache(adls, options, err);
    }
    if (status != MR_OK) {
        adls_close(adls);
        return status;
    }
    *ret_state = adls;
    return MR_OK;
}

static const char *adls_url(const void *state)
{
    return ((const mr_adls *)state)->place.url;
}

const mr_blob_ops mr_blob_adls = {
    .schemes = {"abfss:", "https:", "http:"},
    .remote = true,
    .open = adls_open,
    .close = adls_close,
    .url = adls_url,
    .create = adls_create,
    .replace = adls_replace,
    .read = adls_read,
    .find = adls_find,
    .remove = adls_remove,
    .copy = adls_copy,
    .list = adls_list,
    .folders = adls_folders,
    .stage = adls_stage,
    .unstage = adls_unstage,
    .import = mr_adls_import,
    .sync = adls_sync,
    .folder = adls_folder,
    .fetch = mr_adls_fetch,
};
