/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops.h - what is not the shop's data: API keys, and what became of dead letters.
 *
 * Lives apart from the shop's data: in a file of its own (<data_folder>/ops.db), or, where the
 * store is a server that several machines share, in that database's schema `ops`. A handle belongs
 * to one thread; several processes may use the same data.
 */
#ifndef MR_STORE_OPS_H
#define MR_STORE_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "store/ops_access.h"
#include "store/store.h"

typedef struct mr_ops mr_ops;

/* <data_folder>/ops.db. */
mr_status mr_ops_open(const char *data_folder, mr_ops **ret_ops, mr_err *err);
/* Beside the store: in that file, or in the database that its URL names; there, MR_STORE_READ needs
 * no right to write, and is MR_NOT_FOUND until somebody has written. */
mr_status mr_ops_open_beside(const mr_store_options *store, mr_ops **ret_ops, mr_err *err);
void mr_ops_close(mr_ops *ops);

/* --- API keys: "mr_" + 43 characters base64url of 32 random bytes; only SHA-256 of it is kept.  */

enum {
    mr_api_key_bytes_max = 64,
    mr_api_key_role_name_bytes = 60, /* longest name of a key with a role: see mr_api_key_user */
};

typedef struct mr_api_key {
    char name[65];
    char prefix[12];   /* the first characters, to recognise a key by */
    mr_user_role role; /* what it may do at the web; NOBODY: a sender's, for the gateway alone */
    int64_t created_ms;
    int64_t expires_ms; /* 0 = never */
    int64_t revoked_ms; /* 0 = valid */
} mr_api_key;

/* MR_EXISTS: a valid key of that name exists. The key itself is shown only here. */
mr_status mr_ops_key_add(mr_ops *ops, const char *name, mr_user_role role, int64_t expires_ms,
                         char ret_key[static mr_api_key_bytes_max], mr_err *err);
mr_status mr_ops_key_revoke(mr_ops *ops, const char *name, mr_err *err);
mr_status mr_ops_keys(mr_ops *ops, bool (*visit)(void *ctx, const mr_api_key *key), void *ctx,
                      mr_err *err);
/* MR_NOT_FOUND: unknown, revoked or expired. */
mr_status mr_ops_key_check(mr_ops *ops, mr_text key, mr_api_key *ret_key, mr_err *err);
/* Whom the web takes the holder of a key with a role for: "key:airflow", which no user's name is.
 */
mr_user mr_api_key_user(const mr_api_key *key);
/* Grows whenever a key is added or revoked, so that checks may be cached. */
mr_status mr_ops_key_generation(mr_ops *ops, int64_t *ret_generation, mr_err *err);

/* --- Dead letters -------------------------------------------------------------------------- */

typedef enum mr_letter_state {
    MR_LETTER_OPEN,
    MR_LETTER_RETRIED,
    MR_LETTER_DISCARDED
} mr_letter_state;

/* MR_LETTER_OPEN where nothing was recorded. */
mr_status mr_ops_letter_state(mr_ops *ops, int32_t partition, int64_t offset,
                              mr_letter_state *ret_state, mr_err *err);
mr_status mr_ops_letter_mark(mr_ops *ops, int32_t partition, int64_t offset, mr_letter_state state,
                             mr_err *err);

#endif
