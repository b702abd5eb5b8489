/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_local_stage.c - folders for unfinished files, that tell whether their process lives.
 *
 * <lake>/_stage/<pid>-<random>/ belongs to whoever holds the flock of <pid>-<random>.lock beside
 * it; the kernel lets go of it when the process ends, however it ends.
 *
 * Invariants: the lock file is made before the folder and removed after it, so a folder without
 * lock is nobody's; a lock that is held is never touched.
 */
#define _GNU_SOURCE
#include "lake/blob_local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"

enum { stage_depth_max = 16, stage_attempts_max = 16, lock_suffix_bytes = 5 };

static const char lock_suffix[] = ".lock";

/* Best effort: what cannot be removed is tried again by whoever stages next. */
static void remove_tree(int parent_fd, const char *name, int depth)
{
    if (unlinkat(parent_fd, name, 0) == 0 || (errno != EISDIR && errno != EPERM)) {
        return;
    }
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 && depth < stage_depth_max ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0) {
            (void)close(fd); /* only read */
        }
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            remove_tree(fd, entry->d_name, depth + 1);
        }
    }
    (void)closedir(folder);
    (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
}

/* The lock of a file that is still there under its name; -1: it is held, or gone. */
static int try_lock(const char *path, int flags)
{
    struct stat opened, named;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

    if (fd < 0) {
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
        return fd;
    }
    (void)close(fd); /* another one's */
    return -1;
}

static bool is_lock(const char *name)
{
    size_t bytes = strlen(name);

    return bytes > lock_suffix_bytes && strcmp(name + bytes - lock_suffix_bytes, lock_suffix) == 0;
}

static void remove_if_dead(int stages_fd, const char *stages, const char *lock_name)
{
    char path[PATH_MAX];
    char folder[NAME_MAX + 1];
    int length = snprintf(path, sizeof path, "%s/%s", stages, lock_name);

    if (length < 0 || (size_t)length >= sizeof path) {
        return;
    }
    int fd = try_lock(path, 0);
    if (fd < 0) {
        return;
    }
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strlen(lock_name) - lock_suffix_bytes),
                   lock_name);
    remove_tree(stages_fd, folder, 0);
    if (faccessat(stages_fd, folder, F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
        (void)unlinkat(stages_fd, lock_name, 0);
    }
    (void)close(fd); /* lets go of the lock */
}

void mr_local_stage_remove_dead(const char *root)
{
    char *stages = mr_path_join(root, MR_BLOB_STAGE);
    DIR *folder = opendir(stages);

    if (folder != NULL) {
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            if (is_lock(entry->d_name)) {
                remove_if_dead(dirfd(folder), stages, entry->d_name);
            }
        }
        (void)closedir(folder);
    }
    free(stages);
}

mr_status mr_local_stage_make(const char *root, mr_local_stage *ret_stage, mr_err *err)
{
    char folder[PATH_MAX];
    char lock[PATH_MAX + sizeof lock_suffix];
    mr_local_stage stage = {NULL, -1};
    char *stages = mr_path_join(root, MR_BLOB_STAGE);
    mr_status status = mr_folder_create(stages, err);

    for (int attempt = 0; status == MR_OK && stage.lock_fd < 0; attempt++) {
        uint64_t random;
        mr_random_secret(&random, sizeof random);
        int length =
            snprintf(folder, sizeof folder, "%s/%ld-%016" PRIx64, stages, (long)getpid(), random);
        if (length < 0 || (size_t)length >= sizeof folder) {
            status = mr_fail(err, MR_INVALID, "stage below %s: the path is too long", root);
            break;
        }
        (void)snprintf(lock, sizeof lock, "%s%s", folder, lock_suffix);
        /* Between making and locking it, one who tidies up may take it for dead. */
        stage.lock_fd = try_lock(lock, O_CREAT | O_EXCL);
        if (stage.lock_fd < 0 && (attempt == stage_attempts_max || errno == ENOSPC)) {
            status = mr_fail_errno(err, errno, "create %s", lock);
        }
    }
    if (status == MR_OK && mkdir(folder, 0700) != 0) {
        status = mr_fail_errno(err, errno, "create folder %s", folder);
        (void)unlink(lock);
        (void)close(stage.lock_fd); /* nothing was written */
    }
    if (status == MR_OK) {
        stage.folder = mr_copy_string(folder);
        *ret_stage = stage;
    }
    free(stages);
    return status;
}

void mr_local_stage_remove(mr_local_stage *stage)
{
    char lock[PATH_MAX + sizeof lock_suffix];

    if (stage->folder == NULL) {
        return;
    }
    remove_tree(AT_FDCWD, stage->folder, 0);
    (void)snprintf(lock, sizeof lock, "%s%s", stage->folder, lock_suffix);
    (void)unlink(lock);
    (void)close(stage->lock_fd); /* nothing was written */
    free(stage->folder);
    *stage = (mr_local_stage){NULL, -1};
}
