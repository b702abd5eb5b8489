/* SPDX-License-Identifier: Apache-2.0 */
/* base/file.h - small file helpers with errors that name the file. */
#ifndef MR_BASE_FILE_H
#define MR_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

/* mkdir -p, mode 0700: a data folder holds customers' data. */
mr_status mr_folder_create(const char *path, mr_err *err);

/* Whole file into buffer (appended), at most the buffer's cap. */
mr_status mr_file_read(const char *path, mr_buffer *buffer, mr_err *err);

/* Replaces path atomically and durably: temporary file, fsync, rename, fsync of the folder. */
mr_status mr_file_replace(const char *path, mr_text content, mr_err *err);

/* Writes all bytes to fd, through EINTR and short writes. */
mr_status mr_write_all(int fd, const void *data, size_t bytes, mr_err *err);

/* Sends the file's bytes on to the disk, so that a sync later on has little left to wait for. Best
 * effort. */
void mr_file_write_behind(const char *path);

/* Free bytes of the file system that holds path; 0 when unknown. */
uint64_t mr_disk_free_bytes(const char *path);

/* "a/b" of ("a", "b"), malloc'd. */
char *mr_path_join(const char *folder, const char *name);

#endif
