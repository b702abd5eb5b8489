/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_backend.h - what a home of keys and letters provides. Only ops.c and the backends
 * include it.
 *
 * A backend is one table, listed in ops.c; all slots are required. Names and times have been
 * checked, keys come as their hashes.
 */
#ifndef MR_STORE_OPS_BACKEND_H
#define MR_STORE_OPS_BACKEND_H

#include "store/ops.h"

enum { mr_ops_hash_bytes = 32, mr_ops_timeout_ms = 5000 };

typedef struct mr_ops_new_key {
    const char *name;
    uint8_t hash[mr_ops_hash_bytes];
    mr_text prefix;
    int64_t now_ms, expires_ms;
} mr_ops_new_key;

typedef struct mr_ops_backend {
    mr_status (*open)(const mr_store_options *options, void **ret_state, mr_err *err);
    void (*close)(void *state);
    /* With the growth of the generation, or not at all. MR_EXISTS: a valid key has the name. */
    mr_status (*key_add)(void *state, const mr_ops_new_key *key, mr_err *err);
    /* The same; *ret_found: there was one. */
    mr_status (*key_revoke)(void *state, const char *name, int64_t now_ms, bool *ret_found,
                            mr_err *err);
    mr_status (*keys)(void *state, bool (*visit)(void *ctx, const mr_api_key *key), void *ctx,
                      mr_err *err);
    /* MR_NOT_FOUND leaves err alone. */
    mr_status (*key_check)(void *state, const uint8_t hash[static mr_ops_hash_bytes],
                           int64_t now_ms, mr_api_key *ret_key, mr_err *err);
    mr_status (*key_generation)(void *state, int64_t *ret_generation, mr_err *err);
    /* MR_NOT_FOUND (err untouched) where nothing was recorded. */
    mr_status (*letter_state)(void *state, int32_t partition, int64_t offset, int64_t *ret_state,
                              mr_err *err);
    mr_status (*letter_mark)(void *state, int32_t partition, int64_t offset, mr_letter_state letter,
                             int64_t now_ms, mr_err *err);
} mr_ops_backend;

extern const mr_ops_backend mr_ops_sqlite;
extern const mr_ops_backend mr_ops_postgres;

#endif
