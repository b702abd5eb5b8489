/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage.h - the blobs of one container of Azure Storage (Data Lake Storage Gen2 too), by
 * the Blob service's REST interface, version 2023-11-03.
 *
 * Blob names are UTF-8 with '/' between their parts, not encoded. Threads: a storage may be shared.
 * Errors, where a function does not say otherwise: MR_UNAVAILABLE when the service is away, busy or
 * refuses whoever asks (keys and rights change: the same call may succeed later); MR_IO for answers
 * that nobody expects.
 */
#ifndef MR_AZURE_STORAGE_H
#define MR_AZURE_STORAGE_H

#include "azure/credential.h"
#include "azure/request.h"

typedef struct mr_storage mr_storage;

typedef struct mr_storage_options {
    /* Without '/' at the end: "https://shop.blob.core.windows.net", an emulator's
     * "http://127.0.0.1:10000/devstoreaccount1". http only to loopback. */
    const char *endpoint;
    const char *account, *container;
    /* Whose word counts: the first of these that is set. Borrowed until mr_storage_close. */
    const mr_secret *account_key; /* base64 */
    const mr_secret *sas;         /* the query of a shared access signature, with or without '?' */
    mr_azure_credential *credential;
    mr_requests_options requests;
} mr_storage_options;

/* Asks nothing yet. MR_INVALID: options that can never work. */
mr_status mr_storage_open(const mr_storage_options *options, mr_storage **ret_storage, mr_err *err);
void mr_storage_close(mr_storage *storage); /* NULL is fine */

/* Whether a secret has a value, and not an empty one; NULL has none. */
bool mr_storage_is_set(const mr_secret *secret);

/* What the service knows of a blob. */
typedef struct mr_storage_blob {
    const char *name; /* borrowed; in a listing, for the visit */
    uint64_t bytes;
    int64_t modified_ms; /* in whole seconds */
} mr_storage_blob;

typedef enum mr_storage_put_mode {
    MR_STORAGE_CREATE,  /* MR_EXISTS where there is one of the name already */
    MR_STORAGE_REPLACE, /* in place of one there may be */
} mr_storage_put_mode;

/* In one request. The container is made when it is missing. Of many creators one gets MR_OK, also
 * when answers are lost: each put carries a mark of its own, and a put that finds a blob asks whose
 * it is. MR_UNKNOWN_OUTCOME: that could not be found out in time. */
mr_status mr_storage_put(mr_storage *storage, const char *name, mr_text content,
                         mr_storage_put_mode mode, mr_err *err);
/* The same of an open file; large ones in blocks, several at once. ret_blob's name is the one
 * given. */
mr_status mr_storage_put_file(mr_storage *storage, const char *name, int fd, uint64_t bytes,
                              mr_storage_put_mode mode, mr_storage_blob *ret_blob, mr_err *err);

/* Appends the blob. MR_NOT_FOUND; MR_LIMIT past out's cap. */
mr_status mr_storage_get(mr_storage *storage, const char *name, mr_buffer *out, mr_err *err);
/* Bytes [offset, offset + bytes) of the blob into a file at the same offset. MR_NOT_FOUND;
 * MR_CORRUPT: the blob does not have them. */
mr_status mr_storage_get_range(mr_storage *storage, const char *name, uint64_t offset,
                               uint64_t bytes, int fd, mr_err *err);
/* MR_NOT_FOUND. */
mr_status mr_storage_find(mr_storage *storage, const char *name, mr_storage_blob *ret_blob,
                          mr_err *err);
/* One that is not there is no error. */
mr_status mr_storage_delete(mr_storage *storage, const char *name, mr_err *err);
/* By the service itself. MR_NOT_FOUND, MR_EXISTS; MR_UNSUPPORTED: it will not: read and write. */
mr_status mr_storage_copy(mr_storage *storage, const char *from, const char *to, mr_err *err);

/* All blobs whose names begin with the prefix, in the service's order, without the directories of
 * accounts with a hierarchical namespace. With `delimited` only those without another '/' behind
 * the prefix, and, as names with '/' at their end and 0 bytes, the folders. visit returns false to
 * end. A container that is missing is empty. */
mr_status mr_storage_list(mr_storage *storage, const char *prefix, bool delimited,
                          bool (*visit)(void *ctx, const mr_storage_blob *blob), void *ctx,
                          mr_err *err);

/* --- storage_list.c: one page of a listing -------------------------------------------------- */

/* *ret_ended: visit ended it. Appends the marker of the next page to next; nothing: it was the
 * last. MR_CORRUPT: it is no listing. */
mr_status mr_storage_list_parse(mr_text xml, bool (*visit)(void *ctx, const mr_storage_blob *blob),
                                void *ctx, bool *ret_ended, mr_buffer *next, mr_err *err);

#endif
