/* SPDX-License-Identifier: Apache-2.0 */
/* base/file.c - files and folders, with errors that name them. */
#define _GNU_SOURCE /* mkostemp */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { file_read_step_bytes = 65536 };

static mr_status create_one_folder(const char *path, mr_err *err)
{
    struct stat info;

    if (mkdir(path, 0700) == 0) {
        return MR_OK;
    }
    int reason = errno;
    /* Others may answer EACCES or EROFS for a folder that stands already. */
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            return MR_OK;
        }
        reason = ENOTDIR;
    }
    return mr_fail_errno(err, reason, "create folder %s", path);
}

mr_status mr_folder_create(const char *path, mr_err *err)
{
    char partial[PATH_MAX];
    size_t bytes = strlen(path);

    if (bytes == 0 || bytes >= sizeof(partial)) {
        return mr_fail(err, MR_INVALID, "create folder '%.64s': a path has 1 to %d bytes", path,
                       PATH_MAX - 1);
    }
    memcpy(partial, path, bytes + 1);
    for (size_t i = 1; i < bytes; i++) {
        if (partial[i] == '/' && partial[i - 1] != '/') {
            partial[i] = '\0';
            mr_status status = create_one_folder(partial, err);
            if (status != MR_OK) {
                return status;
            }
            partial[i] = '/';
        }
    }
    return create_one_folder(path, err);
}

static mr_status read_all(int fd, const char *path, mr_buffer *buffer, mr_err *err)
{
    for (;;) {
        size_t room = buffer->bytes_max - buffer->bytes;
        size_t step = room < file_read_step_bytes ? room : file_read_step_bytes;
        char extra;
        char *place = step > 0 ? mr_buffer_reserve(buffer, step) : &extra;
        ssize_t got = read(fd, place, step > 0 ? step : 1);

        if (got == 0) {
            return MR_OK;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mr_fail_errno(err, errno, "read %s", path);
        }
        if (step == 0) {
            buffer->overflowed = true;
            return mr_fail(err, MR_LIMIT, "read %s: the file is larger than %zu bytes", path,
                           buffer->bytes_max);
        }
        mr_buffer_commit(buffer, (size_t)got);
    }
}

mr_status mr_file_read(const char *path, mr_buffer *buffer, mr_err *err)
{
    size_t before = buffer->bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        int reason = errno;
        mr_status status = mr_fail_errno(err, reason, "open %s", path);
        if (reason != ENOENT) {
            return status;
        }
        return mr_fail(err, MR_NOT_FOUND, "open %s: there is no such file", path);
    }
    mr_status status = read_all(fd, path, buffer, err);
    (void)close(fd); /* nothing was written through it */
    if (status != MR_OK) {
        buffer->bytes = before;
    }
    return status;
}

static mr_status sync_folder_of(const char *path, mr_err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t bytes = slash == NULL ? 0 : (size_t)(slash - path);

    if (slash == NULL) {
        folder[0] = '.';
        folder[1] = '\0';
    } else {
        bytes = bytes == 0 ? 1 : bytes;
        memcpy(folder, path, bytes);
        folder[bytes] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return mr_fail_errno(err, errno, "open folder %s", folder);
    }
    int failed = fsync(fd);
    int reason = errno;
    (void)close(fd); /* the sync has answered already */
    return failed != 0 ? mr_fail_errno(err, reason, "sync folder %s", folder) : MR_OK;
}

static mr_status write_durably(int fd, const char *path, mr_text content, mr_err *err)
{
    mr_status status = mr_write_all(fd, content.data, content.bytes, err);

    if (status != MR_OK) {
        (void)close(fd); /* the first error counts */
        return mr_fail_in(err, status, "write %s", path);
    }
    int failed = fsync(fd);
    int reason = errno;
    if (close(fd) != 0 && failed == 0) {
        failed = -1;
        reason = errno;
    }
    return failed != 0 ? mr_fail_errno(err, reason, "sync %s", path) : MR_OK;
}

mr_status mr_file_replace(const char *path, mr_text content, mr_err *err)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);

    if (length < 0 || (size_t)length >= sizeof(temporary)) {
        return mr_fail(err, MR_INVALID, "replace '%.64s...': the path is too long", path);
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return mr_fail_errno(err, errno, "create %s", temporary);
    }
    mr_status status = write_durably(fd, temporary, content, err);
    if (status == MR_OK && rename(temporary, path) != 0) {
        status = mr_fail_errno(err, errno, "rename %s to %s", temporary, path);
    }
    if (status != MR_OK) {
        (void)unlink(temporary); /* best effort: the old file still stands */
        return status;
    }
    return sync_folder_of(path, err);
}

mr_status mr_write_all(int fd, const void *data, size_t bytes, mr_err *err)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t written = write(fd, at, bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return mr_fail_errno(err, written < 0 ? errno : EIO, "write %zu bytes", bytes);
        }
        at += written;
        bytes -= (size_t)written;
    }
    return MR_OK;
}

void mr_file_write_behind(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* the sync itself will tell */
        (void)close(fd);
    }
}

uint64_t mr_disk_free_bytes(const char *path)
{
    struct statvfs info;

    return statvfs(path, &info) == 0 ? (uint64_t)info.f_bavail * info.f_frsize : 0;
}

char *mr_path_join(const char *folder, const char *name)
{
    size_t folder_bytes = strlen(folder);
    size_t name_bytes = strlen(name);
    size_t slash = folder_bytes > 0 && folder[folder_bytes - 1] != '/' ? 1 : 0;
    char *path = mr_alloc(folder_bytes + slash + name_bytes + 1);

    memcpy(path, folder, folder_bytes);
    if (slash == 1) {
        path[folder_bytes] = '/';
    }
    memcpy(path + folder_bytes + slash, name, name_bytes + 1);
    return path;
}
