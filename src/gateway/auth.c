/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/auth.c - API keys of one loop.
 *
 * Owns:       a handle to the keys and a table of keys found valid, a slot each by hash.
 * Invariants: (1) only valid keys are remembered, so that a stream of wrong ones pushes none out;
 *             (2) a key that was added or revoked is seen within mr_auth_recheck_us;
 *             (3) when the keys cannot be read nobody passes.
 */
#include "gateway/auth.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/hash.h"
#include "base/memory.h"
#include "store/ops.h"

enum { auth_slots = 256 };

const char mr_auth_setting_name[] = "setting";

typedef struct known_key {
    char text[mr_api_key_bytes_max];
    size_t bytes; /* 0: an empty slot */
    mr_api_key key;
} known_key;

struct mr_auth {
    mr_store_options store;
    char *data_folder; /* ours, or NULL */
    mr_ops *ops;       /* NULL: not open */
    int64_t generation;
    int64_t checked_us; /* when the generation was read; meaningful while ops is open */
    known_key slots[auth_slots];
    const mr_secret *given; /* a key of the settings; NULL: none */
    uint64_t given_grace_ms;
    uint64_t given_generation; /* of given_text */
    char *given_text;          /* NULL: not copied yet */
};

mr_auth *mr_auth_create(const char *data_folder)
{
    mr_auth *auth = mr_alloc_zero(1, sizeof *auth);

    auth->data_folder = mr_copy_string(data_folder);
    auth->store = (mr_store_options){.url = "sqlite:", .data_folder = auth->data_folder};
    return auth;
}

mr_auth *mr_auth_create_beside(const mr_store_options *store)
{
    mr_auth *auth = mr_alloc_zero(1, sizeof *auth);

    auth->store = *store;
    auth->store.mode = MR_STORE_READ;
    return auth;
}

void mr_auth_destroy(mr_auth *auth)
{
    if (auth == NULL) {
        return;
    }
    mr_ops_close(auth->ops);
    mr_secret_wipe(auth->given_text);
    free(auth->data_folder);
    free(auth);
}

void mr_auth_take_also(mr_auth *auth, const mr_secret *key, uint64_t grace_ms)
{
    auth->given = key;
    auth->given_grace_ms = grace_ms;
}

static void forget_all(mr_auth *auth)
{
    for (size_t i = 0; i < auth_slots; i++) {
        auth->slots[i].bytes = 0;
    }
}

/* Drops what is remembered if the keys have changed, or cannot be read. */
static mr_status refresh(mr_auth *auth, int64_t now_us, mr_err *err)
{
    int64_t generation;
    mr_status st = MR_OK;

    if (auth->ops != NULL && now_us - auth->checked_us < mr_auth_recheck_us) {
        return MR_OK;
    }
    if (auth->ops == NULL) {
        st = mr_ops_open_beside(&auth->store, &auth->ops, err);
        if (st != MR_OK) {
            auth->ops = NULL;
            return st;
        }
    }
    st = mr_ops_key_generation(auth->ops, &generation, err);
    if (st != MR_OK) {
        forget_all(auth);
        mr_ops_close(auth->ops);
        auth->ops = NULL;
        return st;
    }
    if (generation != auth->generation) {
        forget_all(auth);
        auth->generation = generation;
    }
    auth->checked_us = now_us;
    return MR_OK;
}

/* Is it the key of the settings, or the one that it was until a while ago? */
static bool is_given(mr_auth *auth, mr_text key)
{
    uint64_t generation = mr_secret_generation(auth->given);

    if (auth->given == NULL) {
        return false;
    }
    if (auth->given_text == NULL || auth->given_generation != generation) {
        mr_secret_wipe(auth->given_text);
        auth->given_text = mr_secret_copy(auth->given);
        auth->given_generation = generation;
    }
    bool is = auth->given_text != NULL && mr_secret_equal(mr_text_of(auth->given_text), key);
    if (!is && auth->given_grace_ms > 0) {
        const int64_t since_ms = mr_now_ms() - (int64_t)auth->given_grace_ms;
        char *previous = mr_secret_copy_previous(auth->given, since_ms);
        is = previous != NULL && mr_secret_equal(mr_text_of(previous), key);
        mr_secret_wipe(previous);
    }
    return is;
}

static bool same_key(const known_key *known, mr_text key)
{
    return mr_secret_equal((mr_text){known->text, known->bytes}, key);
}

static bool has_expired(const mr_api_key *key)
{
    return key->expires_ms != 0 && key->expires_ms <= mr_now_ms();
}

mr_status mr_auth_check(mr_auth *auth, mr_text key, int64_t now_us, mr_text *ret_name, mr_err *err)
{
    known_key *known;
    mr_api_key found;
    mr_status st;

    if (key.bytes > 0 && is_given(auth, key)) {
        *ret_name = mr_text_of(mr_auth_setting_name);
        return MR_OK;
    }
    if (key.bytes == 0 || key.bytes > mr_api_key_bytes_max) {
        return mr_fail(err, MR_NOT_FOUND, "the API key is not valid");
    }
    st = refresh(auth, now_us, err);
    if (st != MR_OK) {
        return st;
    }
    known = &auth->slots[mr_hash64(key.data, key.bytes) % auth_slots];
    if (!same_key(known, key) || has_expired(&known->key)) {
        st = mr_ops_key_check(auth->ops, key, &found, err);
        if (st != MR_OK) {
            return st;
        }
        if (found.role != MR_USER_NOBODY) {
            return mr_fail(err, MR_NOT_FOUND, "the API key is for the web, not for sending");
        }
        memcpy(known->text, key.data, key.bytes);
        known->bytes = key.bytes;
        known->key = found;
    }
    *ret_name = mr_text_of(known->key.name);
    return MR_OK;
}
