/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_local_list.c - the names below a folder, in the order of their bytes.
 *
 * A folder's entries are read and sorted one folder at a time; what lies before `start` is not even
 * kept. Entries that go away meanwhile are left out.
 */
#define _GNU_SOURCE
#include "lake/blob_local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { list_depth_max = 16, list_name_bytes_max = 2048 };

typedef struct walk {
    mr_local *local;
    const char *prefix, *start;
    bool (*visit)(void *, const mr_blob *);
    void *ctx;
    bool ended;
} walk;

typedef struct entries {
    char **names; /* folders with a '/' behind, so that the order is that of whole names */
    size_t count, capacity;
} entries;

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether names that begin with this one (as folders do), or are it, can be wanted. */
static bool is_wanted(const walk *self, const char *name, bool folder)
{
    size_t bytes = strlen(name);
    size_t prefix_bytes = strlen(self->prefix);
    size_t shorter = folder && bytes < prefix_bytes ? bytes : prefix_bytes;

    if (strncmp(name, self->prefix, shorter) != 0) {
        return false;
    }
    return folder ? strncmp(name, self->start, bytes) >= 0 : strcmp(name, self->start) >= 0;
}

static void add_name(entries *list, const char *name)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->names = mr_realloc(list->names, list->capacity * sizeof *list->names);
    }
    list->names[list->count++] = mr_copy_string(name);
}

static bool is_folder(int fd, const struct dirent *entry)
{
    struct stat info;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(fd, entry->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static mr_status read_entries(const walk *self, const char *folder, entries *list, mr_err *err)
{
    char name[list_name_bytes_max];
    char *path = mr_alloc(strlen(self->local->root) + strlen(folder) + 2);
    int length = 0;

    (void)stpcpy(stpcpy(stpcpy(path, self->local->root), "/"), folder);
    DIR *stream = opendir(path);
    if (stream == NULL) {
        int reason = errno;
        free(path);
        return reason == ENOENT || reason == ENOTDIR
                   ? MR_OK
                   : mr_fail_errno(err, reason, "list %s of the lake", folder);
    }
    errno = 0;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        bool below = is_folder(dirfd(stream), entry);
        bool ours = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                    (folder[0] != '\0' || strcmp(entry->d_name, MR_BLOB_STAGE) != 0);
        length = snprintf(name, sizeof name, "%s%s%s", folder, entry->d_name, below ? "/" : "");
        if (ours && length > 0 && (size_t)length < sizeof name && is_wanted(self, name, below)) {
            add_name(list, name);
        }
        errno = 0;
    }
    int reason = errno;
    (void)closedir(stream);
    free(path);
    return reason == 0 ? MR_OK : mr_fail_errno(err, reason, "list %s of the lake", folder);
}

static void free_entries(entries *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->names[i]);
    }
    free(list->names);
}

static mr_status visit_one(walk *self, const char *name, mr_err *err)
{
    mr_blob blob;
    mr_status status = mr_blob_local.find(self->local, name, &blob, err);

    if (status == MR_NOT_FOUND) {
        return MR_OK;
    }
    if (status == MR_OK) {
        self->ended = !self->visit(self->ctx, &blob);
    }
    return status;
}

static mr_status walk_folder(walk *self, const char *folder, int depth, mr_err *err)
{
    entries list = {NULL, 0, 0};
    mr_status status = read_entries(self, folder, &list, err);

    if (status == MR_OK && depth > list_depth_max) {
        status = mr_fail(err, MR_LIMIT, "list %s of the lake: more than %d folders deep", folder,
                         list_depth_max);
    }
    if (list.count > 1) {
        qsort(list.names, list.count, sizeof *list.names, compare_names);
    }
    for (size_t i = 0; i < list.count && status == MR_OK && !self->ended; i++) {
        bool below = list.names[i][strlen(list.names[i]) - 1] == '/';
        status = below ? walk_folder(self, list.names[i], depth + 1, err)
                       : visit_one(self, list.names[i], err);
    }
    free_entries(&list);
    return status;
}

mr_status mr_local_list(void *state, const char *prefix, const char *start,
                        bool (*visit)(void *, const mr_blob *), void *ctx, mr_err *err)
{
    walk self = {state, prefix, start, visit, ctx, false};
    const char *slash = strrchr(prefix, '/');
    char *folder = mr_copy_string(prefix);

    folder[slash == NULL ? 0 : slash - prefix + 1] = '\0';
    mr_status status = walk_folder(&self, folder, 0, err);
    free(folder);
    return status;
}

mr_status mr_local_folders(void *state, const char *folder, bool (*visit)(void *, const char *),
                           void *ctx, mr_err *err)
{
    const walk self = {.local = state, .prefix = folder, .start = ""};
    entries list = {NULL, 0, 0};
    mr_status status = read_entries(&self, folder, &list, err);
    bool more = status == MR_OK;

    if (list.count > 1) {
        qsort(list.names, list.count, sizeof *list.names, compare_names);
    }
    for (size_t i = 0; i < list.count && more; i++) {
        if (list.names[i][strlen(list.names[i]) - 1] == '/') {
            more = visit(ctx, list.names[i]);
        }
    }
    free_entries(&list);
    return status;
}
