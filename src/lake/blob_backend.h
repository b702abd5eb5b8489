/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_backend.h - what a blob store provides. Only blob.c and the backends include it.
 *
 * A backend is one table, listed in blob.c; each slot has the contract of the function of the same
 * name in blob.h; all are required. Names were checked before. Slots may be called from any thread.
 */
#ifndef MR_LAKE_BLOB_BACKEND_H
#define MR_LAKE_BLOB_BACKEND_H

#include "lake/blob.h"

/* Blob names never begin with it: a backend may keep there what is not finished. */
#define MR_BLOB_STAGE "_stage"

enum { mr_blob_schemes_max = 3 };

typedef struct mr_blob_ops {
    const char *schemes[mr_blob_schemes_max]; /* "file:" */
    bool remote;                              /* fetch has work to do */
    mr_status (*open)(const mr_blobs_options *options, void **ret_state, mr_err *err);
    void (*close)(void *state);
    const char *(*url)(const void *state);
    mr_status (*create)(void *state, const char *name, mr_text content, mr_err *err);
    mr_status (*replace)(void *state, const char *name, mr_text content, mr_err *err);
    mr_status (*read)(void *state, const char *name, mr_buffer *out, mr_err *err);
    mr_status (*find)(void *state, const char *name, mr_blob *ret_blob, mr_err *err);
    mr_status (*remove)(void *state, const char *name, mr_err *err);
    mr_status (*copy)(void *state, const char *from, const char *to, mr_err *err);
    /* start is never NULL. */
    mr_status (*list)(void *state, const char *prefix, const char *start,
                      bool (*visit)(void *, const mr_blob *), void *ctx, mr_err *err);
    mr_status (*folders)(void *state, const char *folder, bool (*visit)(void *, const char *),
                         void *ctx, mr_err *err);
    mr_status (*stage)(void *state, char **ret_folder, mr_err *err);
    void (*unstage)(void *state, char *folder);
    mr_status (*import)(void *state, mr_blob_import *items, size_t count, mr_err *err);
    mr_status (*sync)(void *state, mr_err *err);
    const char *(*folder)(const void *state);
    mr_status (*fetch)(void *state, const mr_blob *wanted, size_t count, mr_err *err);
} mr_blob_ops;

extern const mr_blob_ops mr_blob_local;
extern const mr_blob_ops mr_blob_adls;

#endif
