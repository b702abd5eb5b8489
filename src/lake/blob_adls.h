/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_adls.h - what the files of the blob store in Azure share. Only blob_adls*.c, and the
 * tests of addresses, include it.
 */
#ifndef MR_LAKE_BLOB_ADLS_H
#define MR_LAKE_BLOB_ADLS_H

#include "azure/storage.h"
#include "lake/blob_backend.h"
#include "lake/blob_cache.h"

/* Where a lake lies, by its URL. */
typedef struct mr_adls_place {
    char *url;      /* as given, without '/' at its end */
    char *endpoint; /* "https://account.blob.core.windows.net" */
    char *account, *container;
    char *prefix; /* of every blob's name: "" or "path/" */
} mr_adls_place;

/* MR_INVALID: err says what a URL must look like, without what may be secret in this one. */
mr_status mr_adls_place_parse(const char *url, mr_adls_place *ret_place, mr_err *err);
void mr_adls_place_free(mr_adls_place *place); /* a zeroed one is fine */

typedef struct mr_adls {
    mr_adls_place place;
    mr_azure_credential *credential;
    mr_storage *storage;
    void *local; /* a local store's state: its root is the cache's */
    mr_blob_cache *cache;
} mr_adls;

/* With the lake's prefix; malloc'd. */
char *mr_adls_full_name(const mr_adls *adls, const char *name);

/* blob_adls_files.c: the slots of the same names. */
mr_status mr_adls_import(void *state, mr_blob_import *items, size_t count, mr_err *err);
mr_status mr_adls_fetch(void *state, const mr_blob *wanted, size_t count, mr_err *err);
/* A copy by reading and writing. MR_NOT_FOUND, MR_EXISTS. */
mr_status mr_adls_copy_by_hand(mr_adls *adls, const char *from, const char *to, mr_err *err);

#endif
