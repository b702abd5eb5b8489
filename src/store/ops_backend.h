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
#include "store/ops_statements.h"

enum { mr_ops_hash_bytes = 32, mr_ops_timeout_ms = 5000 };

typedef struct mr_ops_new_key {
    const char *name;
    uint8_t hash[mr_ops_hash_bytes];
    mr_text prefix;
    mr_user_role role;
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
    /* Several statements as one change: commit, or rollback after any failure. */
    mr_status (*begin)(void *state, mr_err *err);
    mr_status (*commit)(void *state, mr_err *err);
    void (*rollback)(void *state);
    /* Runs a statement of ops_statements.h; each row is visited (visit may be NULL). *ret_changes
     * (may be NULL): the rows inserted, changed or removed; meaningless for a SELECT. */
    mr_status (*run)(void *state, mr_ops_statement statement, const mr_ops_value *values,
                     size_t count, mr_ops_row visit, void *ctx, uint64_t *ret_changes, mr_err *err);
} mr_ops_backend;

struct mr_ops {
    const mr_ops_backend *backend;
    void *state;
};

/* 43 characters base64url of 32 random bytes, and a NUL. */
enum { mr_ops_secret_characters = 43 };
void mr_ops_make_secret(char ret_secret[static mr_ops_secret_characters + 1]);
/* SHA-256 of a secret. */
void mr_ops_hash(mr_text secret, uint8_t ret_hash[static mr_ops_hash_bytes]);

extern const mr_ops_backend mr_ops_sqlite;
extern const mr_ops_backend mr_ops_postgres;

#endif
