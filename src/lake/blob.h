/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob.h - named, immutable byte strings: what every table of the lake is made of.
 *
 * Names are relative, '/'-separated, without empty parts, "." or "..": anything else is MR_INVALID.
 * A blob becomes visible whole or not at all, and what was put is durable on return.
 * Threads: a store may be shared. Several processes may use one lake.
 */
#ifndef MR_LAKE_BLOB_H
#define MR_LAKE_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

typedef struct mr_blobs mr_blobs;

typedef struct mr_blobs_options {
    const char *url;         /* "file:" (<data_folder>/lake), "file:/path" */
    const char *data_folder; /* also for temporary files */
} mr_blobs_options;

/* MR_UNSUPPORTED: no backend for the URL; err names those there are. Makes the folder. */
mr_status mr_blobs_open(const mr_blobs_options *options, mr_blobs **ret_blobs, mr_err *err);
void mr_blobs_close(mr_blobs *blobs); /* NULL is fine */
/* As people write it, without secrets: "file:/srv/millrace/lake". */
const char *mr_blobs_url(const mr_blobs *blobs);

typedef struct mr_blob {
    const char *name; /* borrowed for the visit */
    uint64_t bytes;
    int64_t modified_ms;
} mr_blob;

/* MR_EXISTS: there is one of that name, put by whomever; nothing was changed. Of many callers with
 * one name exactly one gets MR_OK. MR_UNKNOWN_OUTCOME: read the name again to see whose it is. */
mr_status mr_blob_create(mr_blobs *blobs, const char *name, mr_text content, mr_err *err);
/* Puts it in place of one there may be. */
mr_status mr_blob_replace(mr_blobs *blobs, const char *name, mr_text content, mr_err *err);
/* Appends the content to out. MR_NOT_FOUND; MR_LIMIT past out's cap. */
mr_status mr_blob_read(mr_blobs *blobs, const char *name, mr_buffer *out, mr_err *err);
/* MR_NOT_FOUND. ret_blob's name is the one given. */
mr_status mr_blob_find(mr_blobs *blobs, const char *name, mr_blob *ret_blob, mr_err *err);
/* One that is not there is no error. */
mr_status mr_blob_delete(mr_blobs *blobs, const char *name, mr_err *err);
/* The same content under a second name, without moving the bytes where the backend can.
 * MR_NOT_FOUND, MR_EXISTS. */
mr_status mr_blob_copy(mr_blobs *blobs, const char *from, const char *to, mr_err *err);

/* In the order of their names' bytes, from the first one >= start (NULL: all), those with the
 * prefix ("bronze/sales_events/_delta_log/"). visit returns false to end. */
mr_status mr_blob_list(mr_blobs *blobs, const char *prefix, const char *start,
                       bool (*visit)(void *ctx, const mr_blob *blob), void *ctx, mr_err *err);

/* --- Files that the engine writes and reads by path. ------------------------------------------ */

/* An empty local folder of this process's own to write into, near the lake; malloc'd. Those that
 * dead processes left behind are removed. */
mr_status mr_blobs_stage(mr_blobs *blobs, char **ret_folder, mr_err *err);
void mr_blobs_unstage(mr_blobs *blobs, char *folder); /* removes and frees it; NULL is fine */

/* Makes a finished local file a blob, durably; the file is gone afterwards. MR_EXISTS. */
mr_status mr_blob_import(mr_blobs *blobs, const char *file, const char *name, mr_err *err);
/* After a round of imports: makes their names durable too. Import alone need not. */
mr_status mr_blobs_sync(mr_blobs *blobs, mr_err *err);

/* Appends the path of a local file with the blob's content, good until mr_blobs_close. */
mr_status mr_blob_path(mr_blobs *blobs, const char *name, mr_buffer *out, mr_err *err);

#endif
