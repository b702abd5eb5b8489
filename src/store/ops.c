/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops.c - API keys and the fate of dead letters: makes and checks keys, finds their home.
 *
 * Owns:       the handle; its state is the backend's.
 * Called by:  the gateway (checks), the commands key and dlq; one thread a handle.
 * Invariants: (1) a key is never stored, only its SHA-256; keys are 256 random bits, so neither a
 *                 salt nor a slow hash would add anything, and looking a hash up in an index tells
 *                 an attacker by its timing nothing about a key;
 *             (2) every change is durable when its function returns.
 * Not here:   any database (ops_sqlite.c, ops_postgres.c), caching of checks (gateway).
 */
#include "store/ops.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/memory.h"
#include "base/random.h"
#include "store/ops_backend.h"

enum {
    secret_bytes = 32,
    key_characters = 3 + mr_ops_secret_characters, /* "mr_" before it */
    name_bytes_max = 64,
    prefix_characters = 11,
};

static mr_status open_in(const mr_ops_backend *backend, const mr_store_options *options,
                         mr_ops **ret_ops, mr_err *err)
{
    void *state = NULL;
    mr_ops *ops;
    mr_status status = backend->open(options, &state, err);

    if (status != MR_OK) {
        return status;
    }
    ops = mr_alloc_zero(1, sizeof(*ops));
    ops->backend = backend;
    ops->state = state;
    *ret_ops = ops;
    return MR_OK;
}

mr_status mr_ops_open(const char *data_folder, mr_ops **ret_ops, mr_err *err)
{
    const mr_store_options options = {.url = "sqlite:", .data_folder = data_folder};

    return open_in(&mr_ops_sqlite, &options, ret_ops, err);
}

mr_status mr_ops_open_beside(const mr_store_options *store, mr_ops **ret_ops, mr_err *err)
{
    bool in_file = mr_text_starts_with(mr_text_of(store->url), "sqlite:");

    return open_in(in_file ? &mr_ops_sqlite : &mr_ops_postgres, store, ret_ops, err);
}

void mr_ops_close(mr_ops *ops)
{
    if (ops != NULL) {
        ops->backend->close(ops->state);
        free(ops);
    }
}

/* --- Keys ------------------------------------------------------------------------------------- */

void mr_ops_make_secret(char ret_secret[static mr_ops_secret_characters + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t secret[secret_bytes + 1] = {0}; /* 33 bytes are 44 digits; the last one is left off */
    size_t bytes = 0, index;

    mr_random_secret(secret, secret_bytes);
    for (index = 0; index < sizeof(secret); index += 3) {
        uint32_t group = (uint32_t)secret[index] << 16 | (uint32_t)secret[index + 1] << 8 |
                         (uint32_t)secret[index + 2];

        ret_secret[bytes++] = digits[group >> 18];
        ret_secret[bytes++] = digits[group >> 12 & 63];
        ret_secret[bytes++] = digits[group >> 6 & 63];
        ret_secret[bytes++] = digits[group & 63];
    }
    ret_secret[mr_ops_secret_characters] = '\0';
    OPENSSL_cleanse(secret, sizeof(secret));
}

void mr_ops_hash(mr_text secret, uint8_t ret_hash[static mr_ops_hash_bytes])
{
    unsigned int bytes = 0;
    int done = EVP_Digest(secret.data, secret.bytes, ret_hash, &bytes, EVP_sha256(), NULL);

    MR_ASSERT(done == 1 && bytes == mr_ops_hash_bytes); /* fails for lack of memory only */
}

static mr_status check_name(const char *name, size_t bytes_max, mr_err *err)
{
    size_t bytes = strlen(name), index;
    bool good = bytes >= 1 && bytes <= bytes_max && mr_utf8_valid(mr_text_of(name));

    for (index = 0; index < bytes && good; index++) {
        good = (unsigned char)name[index] >= ' ' && name[index] != 0x7f;
    }
    return good ? MR_OK
                : mr_fail(err, MR_INVALID, "a key's name has 1 to %zu bytes of printable text",
                          bytes_max);
}

mr_status mr_ops_key_add(mr_ops *ops, const char *name, mr_user_role role, int64_t expires_ms,
                         char ret_key[static mr_api_key_bytes_max], mr_err *err)
{
    char key[mr_api_key_bytes_max];
    mr_ops_new_key wanted = {
        .name = name, .role = role, .now_ms = mr_now_ms(), .expires_ms = expires_ms};
    mr_status status =
        check_name(name, role == MR_USER_NOBODY ? name_bytes_max : mr_api_key_role_name_bytes, err);

    MR_ASSERT(role != MR_USER_CUSTOMER); /* of which customer? */

    if (status == MR_OK && expires_ms != 0 && expires_ms <= wanted.now_ms) {
        status = mr_fail(err, MR_INVALID, "key '%s' would have expired already", name);
    }
    if (status != MR_OK) {
        return status;
    }
    memcpy(key, "mr_", 3);
    mr_ops_make_secret(key + 3);
    mr_ops_hash(mr_text_of(key), wanted.hash);
    wanted.prefix = (mr_text){key, prefix_characters};
    status = ops->backend->key_add(ops->state, &wanted, err);
    if (status == MR_EXISTS) {
        (void)mr_fail(err, MR_EXISTS,
                      "a valid key named '%s' exists; revoke it first or take another name", name);
    }
    if (status == MR_OK) {
        memcpy(ret_key, key, sizeof(key));
    }
    OPENSSL_cleanse(key, sizeof(key));
    return status;
}

mr_status mr_ops_key_revoke(mr_ops *ops, const char *name, mr_err *err)
{
    bool found = false;
    mr_status status = ops->backend->key_revoke(ops->state, name, mr_now_ms(), &found, err);

    if (status == MR_OK && !found) {
        return mr_fail(err, MR_NOT_FOUND, "no key named '%s' is in use", name);
    }
    return status;
}

mr_status mr_ops_keys(mr_ops *ops, bool (*visit)(void *ctx, const mr_api_key *key), void *ctx,
                      mr_err *err)
{
    return ops->backend->keys(ops->state, visit, ctx, err);
}

mr_status mr_ops_key_check(mr_ops *ops, mr_text key, mr_api_key *ret_key, mr_err *err)
{
    uint8_t hash[mr_ops_hash_bytes];
    mr_status status;

    if (key.bytes != key_characters || !mr_text_starts_with(key, "mr_")) {
        return mr_fail(err, MR_NOT_FOUND, "this is not an API key");
    }
    mr_ops_hash(key, hash);
    status = ops->backend->key_check(ops->state, hash, mr_now_ms(), ret_key, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_NOT_FOUND, "the API key is unknown, revoked or expired");
    }
    return status;
}

mr_user mr_api_key_user(const mr_api_key *key)
{
    mr_user user = {.role = key->role, .created_ms = key->created_ms};
    int bytes = snprintf(user.name, sizeof(user.name), "key:%s", key->name);

    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof(user.name));
    return user;
}

mr_status mr_ops_key_generation(mr_ops *ops, int64_t *ret_generation, mr_err *err)
{
    return ops->backend->key_generation(ops->state, ret_generation, err);
}

/* --- Dead letters ----------------------------------------------------------------------------- */

mr_status mr_ops_letter_state(mr_ops *ops, int32_t partition, int64_t offset,
                              mr_letter_state *ret_state, mr_err *err)
{
    int64_t state = MR_LETTER_OPEN;
    mr_status status = ops->backend->letter_state(ops->state, partition, offset, &state, err);

    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    if (state < MR_LETTER_OPEN || state > MR_LETTER_DISCARDED) {
        return mr_fail(err, MR_CORRUPT, "ops: dead letter %d/%lld has state %lld", (int)partition,
                       (long long)offset, (long long)state);
    }
    *ret_state = (mr_letter_state)state;
    return MR_OK;
}

mr_status mr_ops_letter_mark(mr_ops *ops, int32_t partition, int64_t offset, mr_letter_state state,
                             mr_err *err)
{
    return ops->backend->letter_mark(ops->state, partition, offset, state, mr_now_ms(), err);
}
