/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_input.c - opens, spools and reads the file that is converted.
 *
 * Owns:      the descriptor, and the unlinked copy of what cannot be read twice.
 * Called by: convert_stream.c, on one thread.
 */
#include "cli/convert_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { spool_chunk_bytes = 262144, path_bytes_max = 4096 };

static mr_status read_some(int fd, char *buffer, size_t capacity, size_t *ret_bytes, mr_err *err)
{
    ssize_t got;

    do {
        got = read(fd, buffer, capacity);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return mr_fail_errno(err, errno, "read");
    }
    *ret_bytes = (size_t)got;
    return MR_OK;
}

static mr_status spool_file(int *ret_fd, mr_err *err)
{
    const char *folder = getenv("TMPDIR");
    char path[path_bytes_max];
    int fd;

    /* Not /tmp: where that is memory, a large input would be too. */
    if (folder == NULL || folder[0] == '\0') {
        folder = "/var/tmp";
    }
    if (snprintf(path, sizeof(path), "%s/millrace-XXXXXX", folder) >= (int)sizeof(path)) {
        return mr_fail(err, MR_INVALID, "TMPDIR is longer than a path may be");
    }
    fd = mkstemp(path); /* no child is started here that could inherit it */
    if (fd < 0) {
        return mr_fail_errno(err, errno, "make a temporary file in %s (set TMPDIR)", folder);
    }
    (void)unlink(path); /* a name left behind would cost only disk */
    *ret_fd = fd;
    return MR_OK;
}

static mr_status spool(int from, mr_text head, int *ret_fd, mr_err *err)
{
    char *chunk = NULL;
    size_t bytes = 1;
    int fd = -1;
    mr_status status = spool_file(&fd, err);

    if (status == MR_OK && head.bytes > 0) {
        status = mr_write_all(fd, head.data, head.bytes, err);
    }
    chunk = mr_alloc(spool_chunk_bytes);
    while (status == MR_OK && bytes > 0) {
        status = read_some(from, chunk, spool_chunk_bytes, &bytes, err);
        if (status == MR_OK) {
            status = mr_write_all(fd, chunk, bytes, err);
        }
    }
    free(chunk);
    if (status == MR_OK) {
        *ret_fd = fd;
    } else if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

static int64_t changed_ns(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

/* Replaces *fd by a copy that can be read twice, unless it can be already. */
static mr_status make_rereadable(int *fd, mr_text head, struct stat *ret_info, mr_err *err)
{
    struct stat info;
    int spooled = -1;
    mr_status status;

    if (fstat(*fd, &info) != 0) {
        return mr_fail_errno(err, errno, "stat");
    }
    if (S_ISDIR(info.st_mode)) {
        return mr_fail(err, MR_INVALID, "is a folder: name a file");
    }
    if (!S_ISREG(info.st_mode) || lseek(*fd, 0, SEEK_CUR) != 0) {
        status = spool(*fd, head, &spooled, err);
        if (status != MR_OK) {
            return status;
        }
        (void)close(*fd);
        *fd = spooled;
        if (fstat(*fd, &info) != 0) {
            return mr_fail_errno(err, errno, "stat the temporary file");
        }
    }
    *ret_info = info;
    return MR_OK;
}

mr_status mr_convert_input_open(const char *path, mr_text head, mr_convert_input *ret_input,
                                mr_err *err)
{
    mr_convert_input input = {.fd = -1};
    struct stat info = {.st_size = 0};
    mr_status status;

    if (strcmp(path, "-") == 0) {
        input.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    } else {
        input.fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (input.fd < 0) {
        return mr_fail_errno(err, errno, "open");
    }
    status = make_rereadable(&input.fd, head, &info, err);
    if (status == MR_OK) {
        input.bytes = (uint64_t)info.st_size;
        input.changed_ns = changed_ns(&info);
        status = mr_convert_input_rewind(&input, err);
    }
    if (status != MR_OK) {
        mr_convert_input_close(&input);
        return status;
    }
    *ret_input = input;
    return MR_OK;
}

void mr_convert_input_close(mr_convert_input *input)
{
    if (input->fd >= 0) {
        (void)close(input->fd); /* only read from */
    }
    input->fd = -1;
}

mr_status mr_convert_input_rewind(mr_convert_input *input, mr_err *err)
{
    if (lseek(input->fd, 0, SEEK_SET) != 0) {
        return mr_fail_errno(err, errno, "read from the beginning again");
    }
    return MR_OK;
}

mr_status mr_convert_input_unchanged(const mr_convert_input *input, mr_err *err)
{
    struct stat info;

    if (fstat(input->fd, &info) != 0) {
        return mr_fail_errno(err, errno, "stat");
    }
    if ((uint64_t)info.st_size != input->bytes || changed_ns(&info) != input->changed_ns) {
        return mr_fail(err, MR_IO, "the file was changed while it was read: run again");
    }
    return MR_OK;
}

mr_status mr_convert_input_read(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                                mr_err *err)
{
    mr_convert_input *input = ctx;

    return read_some(input->fd, buffer, capacity, ret_bytes, err);
}
