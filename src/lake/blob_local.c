/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_local.c - blobs as files of a local folder.
 *
 * Owns:       <lake>/ and its temporary files, which lie in a stage of its own.
 * Called by:  lake/blob.c, from any thread.
 * Invariants: (1) a name appears by link(2) or rename(2) of a file that was synced before;
 *             (2) the folder of a name is synced before create or replace return, and at the next
 *                 sync for an import or a copy;
 *             (3) link(2) decides between several creators of one name.
 */
#define _GNU_SOURCE
#include "lake/blob_local.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static const char scheme[] = "file:";

enum { copy_step_bytes = 1 << 20, folder_attempts_max = 3 };

static char *path_of(const mr_local *local, const char *name)
{
    return mr_path_join(local->root, name);
}

/* --- Folders ---------------------------------------------------------------------------------- */

static mr_status sync_folder(const char *folder, mr_err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return mr_fail_errno(err, errno, "open folder %s", folder);
    }
    int failed = fsync(fd);
    int reason = errno;
    (void)close(fd); /* the sync has answered already */
    return failed != 0 ? mr_fail_errno(err, reason, "sync folder %s", folder) : MR_OK;
}

/* The folder that path lies in, without its last '/'. */
static void folder_of(const char *path, char folder[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    MR_ASSERT(slash != NULL && (size_t)(slash - path) < PATH_MAX);
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
}

/* Makes what is missing of the folders between the root and path's own, each durably. */
static mr_status make_folders(const mr_local *local, const char *path, mr_err *err)
{
    char folder[PATH_MAX];
    char parent[PATH_MAX];
    size_t root_bytes = strlen(local->root);

    for (const char *slash = strchr(path + root_bytes + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        if ((size_t)(slash - path) >= sizeof folder) {
            return mr_fail(err, MR_INVALID, "create %.200s...: the path is too long", path);
        }
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
        if (mkdir(folder, 0700) != 0) {
            if (errno != EEXIST) {
                return mr_fail_errno(err, errno, "create folder %s", folder);
            }
            continue;
        }
        folder_of(folder, parent);
        mr_status status = sync_folder(parent, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

/* link(2), with the folders it needs. MR_EXISTS. *ret_reason: errno when it failed. */
static mr_status link_file(const mr_local *local, const char *from, const char *to, int *ret_reason,
                           mr_err *err)
{
    for (int attempt = 0;; attempt++) {
        if (link(from, to) == 0) {
            return MR_OK;
        }
        int reason = errno;
        *ret_reason = reason;
        if (reason == EEXIST) {
            return mr_fail(err, MR_EXISTS, "create %s: there is one of that name already", to);
        }
        if (reason != ENOENT || attempt == folder_attempts_max || access(from, F_OK) != 0) {
            return mr_fail_errno(err, reason, "link %s to %s", from, to);
        }
        mr_status status = make_folders(local, to, err);
        if (status != MR_OK) {
            return status;
        }
    }
}

static void remember_unsynced(mr_local *local, const char *path)
{
    char folder[PATH_MAX];
    bool known = false;

    folder_of(path, folder);
    (void)pthread_mutex_lock(&local->mutex);
    for (size_t i = 0; i < local->unsynced_count && !known; i++) {
        known = strcmp(local->unsynced[i], folder) == 0;
    }
    if (!known) {
        local->unsynced =
            mr_realloc(local->unsynced, (local->unsynced_count + 1) * sizeof *local->unsynced);
        local->unsynced[local->unsynced_count++] = mr_copy_string(folder);
    }
    (void)pthread_mutex_unlock(&local->mutex);
}

static mr_status local_sync(void *state, mr_err *err)
{
    mr_local *local = state;
    mr_status status = MR_OK;

    (void)pthread_mutex_lock(&local->mutex);
    char **folders = local->unsynced;
    size_t count = local->unsynced_count;
    local->unsynced = NULL;
    local->unsynced_count = 0;
    (void)pthread_mutex_unlock(&local->mutex);
    for (size_t i = 0; i < count; i++) {
        if (status == MR_OK) {
            status = sync_folder(folders[i], err);
        }
        if (status != MR_OK) {
            char *inside = mr_path_join(folders[i], "x");
            remember_unsynced(local, inside);
            free(inside);
        }
        free(folders[i]);
    }
    free(folders);
    return status;
}

/* A name is visible; what is left is to make it last. Whoever asks again by content learns so. */
static mr_status settle_name(mr_local *local, const char *path, mr_err *err)
{
    char folder[PATH_MAX];

    folder_of(path, folder);
    if (sync_folder(folder, err) == MR_OK) {
        return MR_OK;
    }
    remember_unsynced(local, path);
    char reason[mr_err_message_bytes_max] = "";
    if (err != NULL) {
        (void)snprintf(reason, sizeof reason, "%s", err->message);
    }
    return mr_fail(err, MR_UNKNOWN_OUTCOME,
                   "create %s: it is there, but may not outlast a "
                   "power cut: %.200s",
                   path, reason);
}

/* --- Temporary files -------------------------------------------------------------------------- */

/* The stage is made by whoever needs it first. */
static mr_status temporary_path(mr_local *local, char path[static PATH_MAX], mr_err *err)
{
    mr_status status = MR_OK;

    (void)pthread_mutex_lock(&local->mutex);
    if (local->own.folder == NULL) {
        mr_local_stage_remove_dead(local->root);
        status = mr_local_stage_make(local->root, &local->own, err);
    }
    if (status == MR_OK) {
        int length =
            snprintf(path, PATH_MAX, "%s/%" PRIu64, local->own.folder, local->next_temporary++);
        if (length < 0 || length >= PATH_MAX) {
            status =
                mr_fail(err, MR_INVALID, "create a file in %s: the path is too long", local->root);
        }
    }
    (void)pthread_mutex_unlock(&local->mutex);
    return status;
}

static mr_status finish_file(int fd, const char *path, mr_status status, mr_err *err)
{
    int failed = status == MR_OK ? fsync(fd) : 0;
    int reason = errno;

    if (close(fd) != 0 && failed == 0 && status == MR_OK) {
        failed = -1;
        reason = errno;
    }
    if (failed != 0) {
        status = mr_fail_errno(err, reason, "sync %s", path);
    }
    if (status != MR_OK) {
        (void)unlink(path); /* best effort: it lies in our stage */
    }
    return status;
}

static mr_status write_temporary(mr_local *local, mr_text content, char path[static PATH_MAX],
                                 mr_err *err)
{
    mr_status status = temporary_path(local, path, err);

    if (status != MR_OK) {
        return status;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return mr_fail_errno(err, errno, "create %s", path);
    }
    status = mr_write_all(fd, content.data, content.bytes, err);
    if (status != MR_OK) {
        (void)mr_fail_in(err, status, "write %s", path);
    }
    return finish_file(fd, path, status, err);
}

static mr_status copy_bytes(int from, int to, const char *path, mr_err *err)
{
    char *step = mr_alloc(copy_step_bytes);
    mr_status status = MR_OK;

    while (status == MR_OK) {
        ssize_t got = read(from, step, copy_step_bytes);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            status = mr_write_all(to, step, (size_t)got, err);
        } else if (errno != EINTR) {
            status = mr_fail_errno(err, errno, "read %s", path);
        }
    }
    free(step);
    return status;
}

static mr_status copy_to_temporary(mr_local *local, const char *from, char path[static PATH_MAX],
                                   mr_err *err)
{
    mr_status status = temporary_path(local, path, err);

    if (status != MR_OK) {
        return status;
    }
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0) {
        return mr_fail_errno(err, errno, "open %s", from);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = mr_fail_errno(err, errno, "create %s", path);
    } else {
        status = finish_file(fd, path, copy_bytes(source, fd, from, err), err);
    }
    (void)close(source); /* only read */
    return status;
}

/* --- Slots ------------------------------------------------------------------------------------ */

static mr_status local_create(void *state, const char *name, mr_text content, mr_err *err)
{
    char temporary[PATH_MAX];
    mr_local *local = state;
    int reason = 0;
    char *path = path_of(local, name);

    if (access(path, F_OK) == 0) { /* what is lost anyway need not be written */
        free(path);
        return mr_fail(err, MR_EXISTS, "create %s: there is one of that name already", name);
    }
    mr_status status = write_temporary(local, content, temporary, err);
    if (status == MR_OK) {
        status = link_file(local, temporary, path, &reason, err);
        (void)unlink(temporary); /* the second name; our stage goes with us anyway */
    }
    if (status == MR_OK) {
        status = settle_name(local, path, err);
    }
    free(path);
    return status;
}

static mr_status local_replace(void *state, const char *name, mr_text content, mr_err *err)
{
    char temporary[PATH_MAX];
    mr_local *local = state;
    char *path = path_of(local, name);
    mr_status status = write_temporary(local, content, temporary, err);

    if (status == MR_OK && rename(temporary, path) != 0) {
        int reason = errno;
        status = reason == ENOENT ? make_folders(local, path, err) : MR_OK;
        if (status == MR_OK && (reason != ENOENT || rename(temporary, path) != 0)) {
            status = mr_fail_errno(err, errno, "rename %s to %s", temporary, path);
        }
        if (status != MR_OK) {
            (void)unlink(temporary); /* best effort */
        }
    }
    if (status == MR_OK) {
        status = settle_name(local, path, err);
    }
    free(path);
    return status;
}

static mr_status not_found(const char *what, const char *name, mr_err *err)
{
    return mr_fail(err, MR_NOT_FOUND, "%s %s: it is not in the lake", what, name);
}

static mr_status local_read(void *state, const char *name, mr_buffer *out, mr_err *err)
{
    char *path = path_of(state, name);
    mr_status status = mr_file_read(path, out, err);

    free(path);
    return status == MR_NOT_FOUND ? not_found("read", name, err) : status;
}

static mr_status local_find(void *state, const char *name, mr_blob *ret_blob, mr_err *err)
{
    struct stat info;
    char *path = path_of(state, name);
    int failed = stat(path, &info);
    int reason = errno;

    free(path);
    if (failed != 0 && reason != ENOENT && reason != ENOTDIR) {
        return mr_fail_errno(err, reason, "look for %s", name);
    }
    if (failed != 0 || !S_ISREG(info.st_mode)) {
        return not_found("look for", name, err);
    }
    *ret_blob = (mr_blob){name, (uint64_t)info.st_size,
                          (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000};
    return MR_OK;
}

static mr_status local_remove(void *state, const char *name, mr_err *err)
{
    char *path = path_of(state, name);
    int failed = unlink(path);
    int reason = errno;

    free(path);
    if (failed != 0 && reason != ENOENT && reason != ENOTDIR) {
        return mr_fail_errno(err, reason, "delete %s", name);
    }
    return MR_OK;
}

/* A second link; where the file system has none to give, a second file. */
static mr_status link_or_copy(mr_local *local, const char *from, const char *to, mr_err *err)
{
    char temporary[PATH_MAX];
    int reason = 0;
    mr_status status = link_file(local, from, to, &reason, err);

    if (status != MR_IO || (reason != EXDEV && reason != EMLINK && reason != EPERM)) {
        return status;
    }
    status = copy_to_temporary(local, from, temporary, err);
    if (status == MR_OK) {
        status = link_file(local, temporary, to, &reason, err);
        (void)unlink(temporary); /* the second name */
    }
    return status;
}

static mr_status local_copy(void *state, const char *from, const char *to, mr_err *err)
{
    mr_local *local = state;
    char *source = path_of(local, from);
    char *path = path_of(local, to);
    mr_status status;

    /* Both are as young as the copy: whoever clears away old files must not think it forgotten. */
    if (utimensat(AT_FDCWD, source, NULL, 0) != 0) {
        int reason = errno;
        status = reason == ENOENT ? not_found("copy", from, err)
                                  : mr_fail_errno(err, reason, "copy %s", from);
    } else {
        status = link_or_copy(local, source, path, err);
    }
    if (status == MR_OK || status == MR_EXISTS) { /* by one that died before its sync */
        remember_unsynced(local, path);
    }
    free(path);
    free(source);
    return status;
}

static mr_status sync_file(const char *file, mr_err *err)
{
    int fd = open(file, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        int reason = errno;
        return reason == ENOENT ? mr_fail(err, MR_NOT_FOUND, "import %s: no such file", file)
                                : mr_fail_errno(err, reason, "open %s", file);
    }
    int failed = fchmod(fd, 0600) != 0 ? -1 : fsync(fd);
    int reason = errno;
    (void)close(fd); /* the sync has answered already */
    return failed != 0 ? mr_fail_errno(err, reason, "sync %s", file) : MR_OK;
}

static mr_status import_one(mr_local *local, mr_blob_import *item, mr_err *err)
{
    char *path = path_of(local, item->name);
    mr_status status = sync_file(item->file, err);

    if (status == MR_OK) {
        status = link_or_copy(local, item->file, path, err);
    }
    if (status == MR_OK) {
        item->done = true;
        remember_unsynced(local, path);
        (void)unlink(item->file); /* the second name; it lies in a stage */
        status = local_find(local, item->name, &item->blob, err);
    }
    free(path);
    return status;
}

static mr_status local_import(void *state, mr_blob_import *items, size_t count, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = import_one(state, &items[i], err);
    }
    return status;
}

static const char *local_folder(const void *state)
{
    return ((const mr_local *)state)->root;
}

static mr_status local_fetch(void *state, const mr_blob *wanted, size_t count, mr_err *err)
{
    (void)state; /* they are there */
    (void)wanted;
    (void)count;
    (void)err;
    return MR_OK;
}

static mr_status local_stage(void *state, char **ret_folder, mr_err *err)
{
    mr_local *local = state;
    mr_local_stage stage;

    mr_local_stage_remove_dead(local->root);
    mr_status status = mr_local_stage_make(local->root, &stage, err);
    if (status != MR_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&local->mutex);
    local->stages = mr_realloc(local->stages, (local->stage_count + 1) * sizeof *local->stages);
    local->stages[local->stage_count++] = stage;
    (void)pthread_mutex_unlock(&local->mutex);
    *ret_folder = mr_copy_string(stage.folder);
    return MR_OK;
}

static void local_unstage(void *state, char *folder)
{
    mr_local *local = state;
    mr_local_stage stage = {NULL, -1};

    (void)pthread_mutex_lock(&local->mutex);
    for (size_t i = 0; i < local->stage_count && stage.folder == NULL; i++) {
        if (strcmp(local->stages[i].folder, folder) == 0) {
            stage = local->stages[i];
            local->stages[i] = local->stages[--local->stage_count];
        }
    }
    (void)pthread_mutex_unlock(&local->mutex);
    MR_ASSERT(stage.folder != NULL);
    mr_local_stage_remove(&stage);
    free(folder);
}

/* --- Opening ---------------------------------------------------------------------------------- */

static mr_status local_open(const mr_blobs_options *options, void **ret_state, mr_err *err)
{
    const char *path = options->url + strlen(scheme);
    char *given =
        path[0] != '\0' ? mr_copy_string(path) : mr_path_join(options->data_folder, "lake");
    mr_status status = mr_folder_create(given, err);
    char *root = status == MR_OK ? realpath(given, NULL) : NULL;

    if (status == MR_OK && root == NULL) {
        status = mr_fail_errno(err, errno, "open the lake %s", given);
    }
    free(given);
    if (status != MR_OK) {
        return status;
    }
    mr_local *local = mr_alloc_zero(1, sizeof *local);
    local->root = root;
    local->url = mr_alloc(strlen(scheme) + strlen(root) + 1);
    (void)stpcpy(stpcpy(local->url, scheme), root);
    local->own.lock_fd = -1;
    (void)pthread_mutex_init(&local->mutex, NULL);
    *ret_state = local;
    return MR_OK;
}

static void local_close(void *state)
{
    mr_local *local = state;

    mr_local_stage_remove(&local->own);
    for (size_t i = 0; i < local->stage_count; i++) {
        mr_local_stage_remove(&local->stages[i]);
    }
    for (size_t i = 0; i < local->unsynced_count; i++) {
        free(local->unsynced[i]);
    }
    free(local->stages);
    free(local->unsynced);
    free(local->url);
    free(local->root);
    (void)pthread_mutex_destroy(&local->mutex);
    free(local);
}

static const char *local_url(const void *state)
{
    return ((const mr_local *)state)->url;
}

const mr_blob_ops mr_blob_local = {
    .schemes = {scheme},
    .open = local_open,
    .close = local_close,
    .url = local_url,
    .create = local_create,
    .replace = local_replace,
    .read = local_read,
    .find = local_find,
    .remove = local_remove,
    .copy = local_copy,
    .list = mr_local_list,
    .folders = mr_local_folders,
    .stage = local_stage,
    .unstage = local_unstage,
    .import = local_import,
    .sync = local_sync,
    .folder = local_folder,
    .fetch = local_fetch,
};
