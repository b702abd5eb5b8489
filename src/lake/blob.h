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

#include "azure/credential.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

typedef struct mr_blobs mr_blobs;

/* Of a lake in Azure. The first of key, signature and identity that is set (not NULL, not empty) is
 * used; secrets are borrowed until mr_blobs_close. */
typedef struct mr_blobs_azure {
    const mr_secret *account_key;
    const mr_secret *sas; /* a shared access signature's query */
    mr_azure_credential_options identity;
    const char *ca_file;      /* PEM of authorities to trust; NULL: the system's */
    uint64_t cache_bytes_max; /* of copies on this machine's disk; 0: 10 GiB */
    uint32_t timeout_ms;      /* of a request with all its tries; 0: 60 s */
} mr_blobs_azure;

typedef struct mr_blobs_options {
    /* "file:" (<data_folder>/lake), "file:/path",
     * "abfss://container@account.dfs.core.windows.net/path",
     * "https://account.blob.core.windows.net/container/path",
     * "http://127.0.0.1:10000/account/container/path" (an emulator on this machine) */
    const char *url;
    const char *data_folder; /* also for temporary files, and copies of a lake elsewhere */
    mr_blobs_azure azure;
} mr_blobs_options;

/* MR_UNSUPPORTED: no backend for the URL; err names those there are. Makes the folder; a lake
 * elsewhere is not asked yet. */
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
/* Reads several blobs at once where that is faster: name(ctx, i, ...) writes the
 * name of the i-th, outs[i] takes its content. *ret_count: those before the first that is not
 * there.
 */
typedef void (*mr_blob_name_fn)(void *ctx, size_t index, char *name, size_t room);
mr_status mr_blobs_read(mr_blobs *blobs, mr_blob_name_fn name, void *ctx, mr_buffer *outs,
                        size_t count, size_t *ret_count, mr_err *err);
/* MR_NOT_FOUND. ret_blob's name is the one given. */
mr_status mr_blob_find(mr_blobs *blobs, const char *name, mr_blob *ret_blob, mr_err *err);
/* One that is not there is no error. */
mr_status mr_blob_delete(mr_blobs *blobs, const char *name, mr_err *err);
/* Several, at once where that is faster; names as for mr_blobs_read. After a failure some of them
 * are gone. */
mr_status mr_blobs_delete(mr_blobs *blobs, mr_blob_name_fn name, void *ctx, size_t count,
                          mr_err *err);
/* The same content under a second name, without moving the bytes where the backend can; it lasts
 * from the next mr_blobs_sync on. MR_NOT_FOUND, MR_EXISTS. */
mr_status mr_blob_copy(mr_blobs *blobs, const char *from, const char *to, mr_err *err);

/* In the order of their names' bytes, from the first one >= start (NULL: all), those with the
 * prefix ("bronze/sales_events/_delta_log/"). visit returns false to end. */
mr_status mr_blob_list(mr_blobs *blobs, const char *prefix, const char *start,
                       bool (*visit)(void *ctx, const mr_blob *blob), void *ctx, mr_err *err);

/* The folders right below one ("bronze/", or "" for the lake's own), in the order of their bytes,
 * as "bronze/sales_events/". One without a blob in it may be among them. visit returns false to
 * end. */
mr_status mr_blob_folders(mr_blobs *blobs, const char *folder,
                          bool (*visit)(void *ctx, const char *name), void *ctx, mr_err *err);

/* --- Files that the engine writes and reads by path. ------------------------------------------ */

/* An empty local folder of this process's own to write into, near the lake; malloc'd. Those that
 * dead processes left behind are removed. */
mr_status mr_blobs_stage(mr_blobs *blobs, char **ret_folder, mr_err *err);
void mr_blobs_unstage(mr_blobs *blobs, char *folder); /* removes and frees it; NULL is fine */

/* A finished local file that becomes a blob. */
typedef struct mr_blob_import {
    const char *file, *name;
    mr_blob blob; /* set by the import, when done; its name is the one given */
    bool done;
} mr_blob_import;

/* Makes local files blobs, durably, several at once where that is faster; the files are gone
 * afterwards. MR_EXISTS. After a failure `done` tells which are blobs nevertheless. */
mr_status mr_blobs_import(mr_blobs *blobs, mr_blob_import *items, size_t count, mr_err *err);
mr_status mr_blob_import_file(mr_blobs *blobs, const char *file, const char *name, mr_err *err);
/* After a round of imports: makes their names durable too. Import alone need not. */
mr_status mr_blobs_sync(mr_blobs *blobs, mr_err *err);

/* Appends the local folder below which blobs are files by their names, once they were fetched. */
mr_status mr_blobs_folder(mr_blobs *blobs, mr_buffer *out, mr_err *err);
/* Whether there is anything to fetch: a lake on this machine's disk is there already. */
bool mr_blobs_are_remote(const mr_blobs *blobs);
/* Makes these blobs files below the folder, several at once; name and bytes are given. They stay
 * until mr_blobs_close, but an hour at most after they were last asked for. MR_NOT_FOUND;
 * MR_CORRUPT: one has another size. */
mr_status mr_blobs_fetch(mr_blobs *blobs, const mr_blob *wanted, size_t count, mr_err *err);
/* Appends the path of a local file with the blob's content, fetched if need be. */
mr_status mr_blob_path(mr_blobs *blobs, const char *name, mr_buffer *out, mr_err *err);

#endif
