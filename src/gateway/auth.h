/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/auth.h - API keys of one loop: checked against store/ops.h, remembered until the keys
 * change.
 *
 * All functions are for the loop's thread. They ask for the keys' generation at most once a second
 * for keys that are remembered, and once for each key that is not.
 */
#ifndef MR_GATEWAY_AUTH_H
#define MR_GATEWAY_AUTH_H

#include "base/secret.h"
#include "base/status.h"
#include "base/text.h"
#include "store/store.h"

enum { mr_auth_recheck_us = 1000000 };

typedef struct mr_auth mr_auth;

extern const char mr_auth_setting_name[]; /* "setting" */

/* Opens ops.db at the first check. */
mr_auth *mr_auth_create(const char *data_folder);
/* The keys that lie beside this store; its texts are borrowed. */
mr_auth *mr_auth_create_beside(const mr_store_options *store);
/* Before the first check: a key of the settings (NULL: none) that is valid beside them, under the
 * name mr_auth_setting_name, whatever becomes of the others; the one that it was before it changed
 * stays valid for grace_ms. Borrowed. */
void mr_auth_take_also(mr_auth *auth, const mr_secret *key, uint64_t grace_ms);
void mr_auth_destroy(mr_auth *auth); /* NULL is fine */

/* now_us: mr_monotonic_us. MR_OK: *ret_name is the key's name, borrowed until the next call.
 * MR_NOT_FOUND: unknown, revoked, expired, or with a role at the web. Others: the keys cannot be
 * read; nobody may pass. */
mr_status mr_auth_check(mr_auth *auth, mr_text key, int64_t now_us, mr_text *ret_name, mr_err *err);

#endif
