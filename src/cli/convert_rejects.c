/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_rejects.c - writes the rejects file of convert and post.
 *
 * Owns:      the file, and at most buffer_bytes_max of entries not yet written.
 * Called by: cmd_convert.c and post_run.c, on one thread.
 */
#include "cli/convert_rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum {
    flush_bytes = 65536,
    raw_bytes_max = 262144,                          /* of a line; a longer one is cut */
    entry_bytes_max = 6 * 2 * raw_bytes_max + 65536, /* every byte escaped */
};

struct mr_convert_rejects {
    char *path;
    int fd; /* -1 until the first reject */
    uint64_t bytes;
    uint64_t count;
    mr_buffer buffer;
};

mr_convert_rejects *mr_convert_rejects_create(const char *path, const char *input)
{
    mr_convert_rejects *rejects = mr_alloc_zero(1, sizeof(*rejects));

    rejects->fd = -1;
    mr_buffer_init(&rejects->buffer, flush_bytes + entry_bytes_max);
    if (path != NULL) {
        rejects->path = mr_copy_string(path);
    } else {
        const char *name = strcmp(input, "-") == 0 ? "stdin" : input;
        size_t bytes = strlen(name) + sizeof(".rejects");
        rejects->path = mr_alloc(bytes);
        (void)snprintf(rejects->path, bytes, "%s.rejects", name);
    }
    return rejects;
}

void mr_convert_rejects_resume(mr_convert_rejects *rejects, uint64_t bytes_kept,
                               uint64_t count_kept)
{
    MR_ASSERT(rejects->fd < 0 && rejects->count == 0);
    rejects->bytes = bytes_kept;
    rejects->count = count_kept;
}

void mr_convert_rejects_destroy(mr_convert_rejects *rejects)
{
    if (rejects == NULL) {
        return;
    }
    if (rejects->fd >= 0) {
        (void)close(rejects->fd); /* flush has reported what could fail */
    }
    mr_buffer_free(&rejects->buffer);
    free(rejects->path);
    free(rejects);
}

/* Bytes that are not UTF-8 become the code points of the same number: readable, and reversible. */
static void append_raw(mr_buffer *out, mr_text raw)
{
    mr_buffer utf8;

    raw.bytes = raw.bytes < raw_bytes_max ? raw.bytes : raw_bytes_max;
    if (mr_utf8_valid(raw)) {
        (void)mr_buffer_append_json_string(out, raw);
        return;
    }
    mr_buffer_init(&utf8, (size_t)2 * raw_bytes_max);
    for (size_t i = 0; i < raw.bytes; i++) {
        unsigned char c = (unsigned char)raw.data[i];
        char pair[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
        (void)mr_buffer_append(&utf8, c < 0x80 ? &raw.data[i] : pair, c < 0x80 ? 1 : 2);
    }
    (void)mr_buffer_append_json_string(out, mr_buffer_text(&utf8));
    mr_buffer_free(&utf8);
}

void mr_convert_rejects_format(uint64_t line, mr_text reason, mr_text raw, mr_buffer *out)
{
    (void)mr_buffer_printf(out, "{\"line\":%" PRIu64 ",\"reason\":", line);
    append_raw(out, reason);
    (void)mr_buffer_append_string(out, ",\"raw\":");
    append_raw(out, raw);
    (void)mr_buffer_append_string(out, "}\n");
}

static mr_status open_file(mr_convert_rejects *rejects, mr_err *err)
{
    int fd = open(rejects->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return mr_fail_errno(err, errno, "open the rejects file %s", rejects->path);
    }
    /* A pipe or terminal can neither be cut nor sought, and needs neither. */
    if (ftruncate(fd, (off_t)rejects->bytes) == 0 && lseek(fd, 0, SEEK_END) < 0) {
        (void)close(fd);
        return mr_fail_errno(err, errno, "seek in the rejects file %s", rejects->path);
    }
    rejects->fd = fd;
    return MR_OK;
}

mr_status mr_convert_rejects_flush(mr_convert_rejects *rejects, mr_err *err)
{
    mr_status status = MR_OK;

    if (rejects->buffer.bytes == 0) {
        return MR_OK;
    }
    if (rejects->fd < 0) {
        status = open_file(rejects, err);
    }
    if (status == MR_OK) {
        status = mr_write_all(rejects->fd, rejects->buffer.data, rejects->buffer.bytes, err);
    }
    if (status != MR_OK) {
        return status;
    }
    rejects->bytes += rejects->buffer.bytes;
    mr_buffer_clear(&rejects->buffer);
    return MR_OK;
}

mr_status mr_convert_rejects_add(mr_convert_rejects *rejects, uint64_t line, mr_text reason,
                                 mr_text raw, mr_err *err)
{
    mr_convert_rejects_format(line, reason, raw, &rejects->buffer);
    rejects->count++;
    return rejects->buffer.bytes < flush_bytes ? MR_OK : mr_convert_rejects_flush(rejects, err);
}

mr_status mr_convert_rejects_add_formatted(mr_convert_rejects *rejects, mr_text entries,
                                           uint64_t count, mr_err *err)
{
    mr_status status = mr_convert_rejects_flush(rejects, err);

    if (status == MR_OK && rejects->fd < 0 && entries.bytes > 0) {
        status = open_file(rejects, err);
    }
    if (status == MR_OK && entries.bytes > 0) {
        status = mr_write_all(rejects->fd, entries.data, entries.bytes, err);
    }
    if (status == MR_OK) {
        rejects->bytes += entries.bytes;
        rejects->count += count;
    }
    return status;
}

uint64_t mr_convert_rejects_count(const mr_convert_rejects *rejects)
{
    return rejects->count;
}

uint64_t mr_convert_rejects_bytes(const mr_convert_rejects *rejects)
{
    return rejects->bytes;
}

const char *mr_convert_rejects_path(const mr_convert_rejects *rejects)
{
    return rejects->path;
}
