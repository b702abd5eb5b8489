/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_local.h - what the files of the local blob store share. Only blob_local*.c include it.
 */
#ifndef MR_LAKE_BLOB_LOCAL_H
#define MR_LAKE_BLOB_LOCAL_H

#include <pthread.h>

#include "lake/blob_backend.h"

/* A folder that this process alone writes to, as long as it holds the lock of its lock file. */
typedef struct mr_local_stage {
    char *folder; /* NULL: not made */
    int lock_fd;
} mr_local_stage;

typedef struct mr_local {
    char *root, *url;
    pthread_mutex_t mutex;  /* guards what follows */
    mr_local_stage own;     /* for the temporary files of create and replace; made when needed */
    mr_local_stage *stages; /* given out */
    size_t stage_count;
    char **unsynced; /* folders with new names */
    size_t unsynced_count;
    uint64_t next_temporary;
} mr_local;

/* blob_local_stage.c. Removing those of dead processes never fails: the next call tries again. */
mr_status mr_local_stage_make(const char *root, mr_local_stage *ret_stage, mr_err *err);
void mr_local_stage_remove(mr_local_stage *stage); /* and frees; one not made is fine */
void mr_local_stage_remove_dead(const char *root);

/* blob_local_list.c: the slots `folders` and `list`. */
mr_status mr_local_folders(void *state, const char *folder, bool (*visit)(void *, const char *),
                           void *ctx, mr_err *err);
mr_status mr_local_list(void *state, const char *prefix, const char *start,
                        bool (*visit)(void *, const mr_blob *), void *ctx, mr_err *err);

#endif
