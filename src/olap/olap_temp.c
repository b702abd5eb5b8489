/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_temp.c - a folder of one database's own for what does not fit in memory.
 *
 * The engine names its spill files alike in every process, so two databases must not share a
 * folder: each makes one of its own below the given one. While a database lives it holds a lock on
 * its folder; folders without a holder are what dead processes left, and are removed.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "olap/olap_private.h"

static const char own_prefix[] = "olap-";

enum { open_attempts_max = 100 };

/* The engine's spill folders are flat. */
static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    if (folder == NULL) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

/* Locks a folder; -1 when another holds it, or it is gone. */
static int lock_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat held, there;

    if (fd < 0) {
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 && stat(path, &there) == 0 &&
        held.st_ino == there.st_ino && held.st_dev == there.st_dev) {
        return fd;
    }
    (void)close(fd);
    return -1;
}

static void remove_stale(const char *parent)
{
    DIR *folder = opendir(parent);
    const struct dirent *entry;

    if (folder == NULL) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, own_prefix, sizeof own_prefix - 1) != 0) {
            continue;
        }
        char *path = mr_path_join(parent, entry->d_name);
        const int fd = lock_folder(path);
        if (fd >= 0) {
            remove_folder(path);
            (void)close(fd);
        }
        free(path);
    }
    (void)closedir(folder);
}

mr_status mr_olap_temp_open(const char *parent, mr_olap_temp *ret_temp, mr_err *err)
{
    char pattern[sizeof own_prefix + 6];
    const mr_status status = mr_folder_create(parent, err);

    if (status != MR_OK) {
        return status;
    }
    remove_stale(parent);
    (void)snprintf(pattern, sizeof pattern, "%sXXXXXX", own_prefix);
    /* Another process may take a new folder for a stale one before we hold it. */
    for (int attempt = 0; attempt < open_attempts_max; attempt++) {
        char *path = mr_path_join(parent, pattern);

        if (mkdtemp(path) == NULL) {
            const int failure = errno;
            free(path);
            return mr_fail_errno(err, failure, "make a folder for temporary files in %s", parent);
        }
        const int fd = lock_folder(path);
        if (fd >= 0) {
            *ret_temp = (mr_olap_temp){.folder = path, .lock_fd = fd};
            return MR_OK;
        }
        free(path);
    }
    return mr_fail(err, MR_IO, "%s: cannot lock a folder there for temporary files", parent);
}

void mr_olap_temp_close(mr_olap_temp *temp)
{
    if (temp->folder == NULL) {
        return;
    }
    remove_folder(temp->folder);
    (void)close(temp->lock_fd);
    free(temp->folder);
    *temp = (mr_olap_temp){0};
}
