/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_adls_files.c - files between the lake and this machine's disk, several at once.
 *
 * Called by:  lake/blob.c through the slots of blob_adls.c, from any thread.
 * Invariants: a download is a file of the stage until it is whole, synced, and of the size that the
 *             table's log tells; memory is bounded by the threads, whatever the files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parallel.h"
#include "lake/blob_adls.h"

enum {
    fetch_threads = 16, /* files at once */
    range_threads = 4,  /* parts of one file at once */
    import_threads = 8, /* files at once */
    range_bytes = 8 << 20,
};

/* --- Fetching --------------------------------------------------------------------------------- */

typedef struct fetching {
    mr_adls *adls;
    const mr_blob **missing;
    const char *stage;
} fetching;

typedef struct download {
    mr_adls *adls;
    const char *full;
    uint64_t bytes;
    int fd;
} download;

static mr_status get_range(void *ctx, size_t index, mr_err *err)
{
    const download *self = ctx;
    uint64_t offset = (uint64_t)index * range_bytes;
    uint64_t left = self->bytes - offset;

    return mr_storage_get_range(self->adls->storage, self->full, offset,
                                left < range_bytes ? left : range_bytes, self->fd, err);
}

/* Ranges cannot tell that a blob is longer than it should be, or empty. */
static mr_status check_size(const download *self, const char *name, mr_err *err)
{
    mr_storage_blob blob;
    mr_status status = mr_storage_find(self->adls->storage, self->full, &blob, err);

    if (status == MR_OK && blob.bytes != self->bytes) {
        status = mr_fail(err, MR_CORRUPT, "read %s: it has %llu bytes, and %llu by its table's log",
                         name, (unsigned long long)blob.bytes, (unsigned long long)self->bytes);
    }
    return status;
}

static mr_status download_to(mr_adls *adls, const mr_blob *blob, const char *path, mr_err *err)
{
    char *full = mr_adls_full_name(adls, blob->name);
    download self = {adls, full, blob->bytes,
                     open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    mr_status status = MR_OK;

    if (self.fd < 0) {
        status = mr_fail_errno(err, errno, "create %s", path);
    } else if (blob->bytes == 0) {
        status = check_size(&self, blob->name, err);
    } else {
        size_t count = (size_t)((blob->bytes + range_bytes - 1) / range_bytes);
        status = mr_parallel(count, range_threads, get_range, &self, err);
    }
    if (self.fd >= 0 && close(self.fd) != 0 && status == MR_OK) {
        status = mr_fail_errno(err, errno, "write %s", path);
    }
    free(full);
    return status;
}

static mr_status fetch_one(void *ctx, size_t index, mr_err *err)
{
    const fetching *self = ctx;
    const mr_blob *blob = self->missing[index];
    char name[32];

    (void)snprintf(name, sizeof name, "%zu", index);
    char *path = mr_path_join(self->stage, name);
    mr_status status = download_to(self->adls, blob, path, err);
    if (status == MR_OK) {
        status = mr_blob_cache_keep(self->adls->cache, path, blob->name, err);
    }
    if (status != MR_OK) {
        (void)unlink(path); /* best effort: it lies in a stage */
    }
    free(path);
    return status;
}

mr_status mr_adls_fetch(void *state, const mr_blob *wanted, size_t count, mr_err *err)
{
    mr_adls *adls = state;
    fetching self = {adls, mr_alloc_zero(count + 1, sizeof *self.missing), NULL};
    size_t missing = 0;
    char *stage = NULL;
    mr_status status = MR_OK;

    for (size_t i = 0; i < count; i++) {
        if (!mr_blob_cache_use(adls->cache, wanted[i].name, wanted[i].bytes)) {
            self.missing[missing++] = &wanted[i];
        }
    }
    if (missing > 0) {
        status = mr_blob_local.stage(adls->local, &stage, err);
    }
    if (missing > 0 && status == MR_OK) {
        self.stage = stage;
        status = mr_parallel(missing, fetch_threads, fetch_one, &self, err);
        mr_blob_local.unstage(adls->local, stage);
        mr_blob_cache_tidy(adls->cache);
    }
    free(self.missing);
    return status;
}

/* --- Importing -------------------------------------------------------------------------------- */

typedef struct importing {
    mr_adls *adls;
    mr_blob_import *items;
} importing;

static mr_status open_file(const char *file, int *ret_fd, uint64_t *ret_bytes, mr_err *err)
{
    struct stat info;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0) {
        int reason = errno;
        if (fd >= 0) {
            (void)close(fd); /* only read */
        }
        return reason == ENOENT ? mr_fail(err, MR_NOT_FOUND, "import %s: no such file", file)
                                : mr_fail_errno(err, reason, "open %s", file);
    }
    *ret_fd = fd;
    *ret_bytes = (uint64_t)info.st_size;
    return MR_OK;
}

static mr_status upload(mr_adls *adls, const char *file, const char *name, mr_blob *ret_blob,
                        mr_err *err)
{
    mr_storage_blob blob;
    uint64_t bytes = 0;
    int fd = -1;
    mr_status status = open_file(file, &fd, &bytes, err);

    if (status != MR_OK) {
        return status;
    }
    char *full = mr_adls_full_name(adls, name);
    status = mr_storage_put_file(adls->storage, full, fd, bytes, MR_STORAGE_CREATE, &blob, err);
    (void)close(fd); /* only read */
    free(full);
    if (status == MR_OK) {
        *ret_blob = (mr_blob){name, blob.bytes, blob.modified_ms};
    }
    return status;
}

/* What was written here is read here soon: it stays as a copy. */
static mr_status import_one(void *ctx, size_t index, mr_err *err)
{
    const importing *self = ctx;
    mr_blob_import *item = &self->items[index];
    mr_status status = upload(self->adls, item->file, item->name, &item->blob, err);

    if (status != MR_OK) {
        return status;
    }
    item->done = true;
    if (mr_blob_cache_keep(self->adls->cache, item->file, item->name, NULL) != MR_OK) {
        (void)unlink(item->file); /* it is fetched when it is asked for */
    }
    return MR_OK;
}

mr_status mr_adls_import(void *state, mr_blob_import *items, size_t count, mr_err *err)
{
    mr_adls *adls = state;
    importing self = {adls, items};
    mr_status status = mr_parallel(count, import_threads, import_one, &self, err);

    mr_blob_cache_tidy(adls->cache);
    return status;
}

mr_status mr_adls_copy_by_hand(mr_adls *adls, const char *from, const char *to, mr_err *err)
{
    mr_storage_blob found;
    mr_blob copy;
    char *full = mr_adls_full_name(adls, from);
    mr_status status = mr_storage_find(adls->storage, full, &found, err);

    free(full);
    if (status != MR_OK) {
        return status;
    }
    const mr_blob wanted = {from, found.bytes, found.modified_ms};
    status = mr_adls_fetch(adls, &wanted, 1, err);
    if (status == MR_OK) {
        char *path = mr_path_join(mr_blob_local.folder(adls->local), from);
        status = upload(adls, path, to, &copy, err);
        free(path);
    }
    return status;
}
