/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_sqlite.c - API keys and the fate of dead letters, in <data_folder>/ops.db.
 *
 * Owns:       that database.
 * Called by:  the gateway (checks), the commands key and dlq; one thread a handle.
 * Invariants: (1) a key is never stored, only its SHA-256; keys are 256 random bits, so neither a
 *                 salt nor a slow hash would add anything, and looking a hash up in an index tells
 *                 an attacker by its timing nothing about a key;
 *             (2) a change of keys and the generation that announces it are one transaction;
 *             (3) every change is synced when its function returns.
 * Not here:   the shop's data (store_sqlite.c), caching of checks (http).
 */
#include "store/ops.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "store/sqlite_db.h"

enum {
    secret_bytes = 32,
    hash_bytes = 32,
    key_characters = 3 + 43, /* "mr_" and 32 bytes in base64url */
    name_bytes_max = 64,
    prefix_characters = 11,
    ops_timeout_ms = 5000,
};

typedef enum ops_query {
    QUERY_KEY_INSERT,
    QUERY_KEY_VALID,
    QUERY_KEY_REVOKE,
    QUERY_KEY_LIST,
    QUERY_KEY_CHECK,
    QUERY_GENERATION_READ,
    QUERY_GENERATION_GROW,
    QUERY_LETTER_READ,
    QUERY_LETTER_MARK,
    QUERY_COUNT,
} ops_query;

extern const char mr_embed_ops_001_sql[];
extern const char mr_embed_key_insert_sql[];
extern const char mr_embed_key_valid_sql[];
extern const char mr_embed_key_revoke_sql[];
extern const char mr_embed_key_list_sql[];
extern const char mr_embed_key_check_sql[];
extern const char mr_embed_key_generation_read_sql[];
extern const char mr_embed_key_generation_grow_sql[];
extern const char mr_embed_letter_read_sql[];
extern const char mr_embed_letter_mark_sql[];

static const char *const migrations[] = {
    mr_embed_ops_001_sql,
};

static const mr_sqlite_query queries[QUERY_COUNT] = {
    [QUERY_KEY_INSERT] = {"key_insert", mr_embed_key_insert_sql},
    [QUERY_KEY_VALID] = {"key_valid", mr_embed_key_valid_sql},
    [QUERY_KEY_REVOKE] = {"key_revoke", mr_embed_key_revoke_sql},
    [QUERY_KEY_LIST] = {"key_list", mr_embed_key_list_sql},
    [QUERY_KEY_CHECK] = {"key_check", mr_embed_key_check_sql},
    [QUERY_GENERATION_READ] = {"key_generation_read", mr_embed_key_generation_read_sql},
    [QUERY_GENERATION_GROW] = {"key_generation_grow", mr_embed_key_generation_grow_sql},
    [QUERY_LETTER_READ] = {"letter_read", mr_embed_letter_read_sql},
    [QUERY_LETTER_MARK] = {"letter_mark", mr_embed_letter_mark_sql},
};

struct mr_ops {
    mr_sqlite db;
};

mr_status mr_ops_open(const char *data_folder, mr_ops **ret_ops, mr_err *err)
{
    mr_ops *ops;
    char *path;
    mr_status status = mr_folder_create(data_folder, err);

    if (status != MR_OK) {
        return status;
    }
    ops = mr_alloc_zero(1, sizeof(*ops));
    path = mr_path_join(data_folder, "ops.db");
    status = mr_sqlite_open(
        &(mr_sqlite_options){
            .path = path,
            .what = "ops",
            .pragmas = "PRAGMA cache_size = -1024",
            .migrations = migrations,
            .migration_count = sizeof(migrations) / sizeof(migrations[0]),
            .queries = queries,
            .query_count = QUERY_COUNT,
            .durable_commits = true,
            .timeout_ms = ops_timeout_ms,
        },
        &ops->db, err);
    free(path);
    if (status != MR_OK) {
        free(ops);
        return status;
    }
    *ret_ops = ops;
    return MR_OK;
}

void mr_ops_close(mr_ops *ops)
{
    if (ops != NULL) {
        mr_sqlite_close(&ops->db);
        free(ops);
    }
}

/* --- Keys ------------------------------------------------------------------------------------- */

static void make_key(char ret_key[static mr_api_key_bytes_max])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t secret[secret_bytes + 1] = {0}; /* 33 bytes are 44 digits; the last one is left off */
    size_t bytes = 3, index;

    mr_random_secret(secret, secret_bytes);
    memcpy(ret_key, "mr_", bytes);
    for (index = 0; index < sizeof(secret); index += 3) {
        uint32_t group = (uint32_t)secret[index] << 16 | (uint32_t)secret[index + 1] << 8 |
                         (uint32_t)secret[index + 2];

        ret_key[bytes++] = digits[group >> 18];
        ret_key[bytes++] = digits[group >> 12 & 63];
        ret_key[bytes++] = digits[group >> 6 & 63];
        ret_key[bytes++] = digits[group & 63];
    }
    ret_key[key_characters] = '\0';
    OPENSSL_cleanse(secret, sizeof(secret));
}

static void hash_key(mr_text key, uint8_t ret_hash[static hash_bytes])
{
    unsigned int bytes = 0;
    int done = EVP_Digest(key.data, key.bytes, ret_hash, &bytes, EVP_sha256(), NULL);

    MR_ASSERT(done == 1 && bytes == hash_bytes); /* fails for lack of memory only */
}

static mr_status check_name(const char *name, mr_err *err)
{
    size_t bytes = strlen(name), index;
    bool good = bytes >= 1 && bytes <= name_bytes_max && mr_utf8_valid(mr_text_of(name));

    for (index = 0; index < bytes && good; index++) {
        good = (unsigned char)name[index] >= ' ' && name[index] != 0x7f;
    }
    return good ? MR_OK
                : mr_fail(err, MR_INVALID, "a key's name has 1 to %d bytes of printable text",
                          name_bytes_max);
}

static mr_status grow_generation(mr_ops *ops, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_GENERATION_GROW, &statement, err);

    return status != MR_OK ? status : mr_sqlite_run(&ops->db, QUERY_GENERATION_GROW, NULL, err);
}

/* Ends a change of keys: the generation grows with it, or neither is kept. */
static mr_status commit_keys(mr_ops *ops, mr_status status, mr_err *err)
{
    if (status == MR_OK) {
        status = grow_generation(ops, err);
    }
    if (status == MR_OK) {
        status = mr_sqlite_exec(&ops->db, "COMMIT", err);
    }
    if (status != MR_OK) {
        mr_sqlite_rollback(&ops->db);
    }
    return status;
}

static mr_status refuse_valid_name(mr_ops *ops, const char *name, int64_t now_ms, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_KEY_VALID, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(name));
    mr_sqlite_bind_integer(statement, 2, now_ms);
    status = mr_sqlite_step(&ops->db, QUERY_KEY_VALID, err);
    if (status == MR_OK) {
        mr_sqlite_reset(&ops->db, QUERY_KEY_VALID);
        return mr_fail(err, MR_EXISTS,
                       "a valid key named '%s' exists; revoke it first or take another name", name);
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static mr_status insert_key(mr_ops *ops, const char *name, const char *key, int64_t now_ms,
                            int64_t expires_ms, mr_err *err)
{
    uint8_t hash[hash_bytes];
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_KEY_INSERT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    hash_key(mr_text_of(key), hash);
    mr_sqlite_bind_text(statement, 1, mr_text_of(name));
    mr_sqlite_bind_blob(statement, 2, hash, sizeof(hash));
    mr_sqlite_bind_text(statement, 3, (mr_text){key, prefix_characters});
    mr_sqlite_bind_integer(statement, 4, now_ms);
    mr_sqlite_bind_integer(statement, 5, expires_ms);
    return mr_sqlite_run(&ops->db, QUERY_KEY_INSERT, NULL, err);
}

mr_status mr_ops_key_add(mr_ops *ops, const char *name, int64_t expires_ms,
                         char ret_key[static mr_api_key_bytes_max], mr_err *err)
{
    char key[mr_api_key_bytes_max];
    int64_t now_ms = mr_now_ms();
    mr_status status = check_name(name, err);

    if (status == MR_OK && expires_ms != 0 && expires_ms <= now_ms) {
        status = mr_fail(err, MR_INVALID, "key '%s' would have expired already", name);
    }
    if (status == MR_OK) {
        status = mr_sqlite_exec(&ops->db, "BEGIN IMMEDIATE", err);
    }
    if (status != MR_OK) {
        return status;
    }
    make_key(key);
    status = refuse_valid_name(ops, name, now_ms, err);
    if (status == MR_OK) {
        status = insert_key(ops, name, key, now_ms, expires_ms, err);
    }
    status = commit_keys(ops, status, err);
    if (status == MR_OK) {
        memcpy(ret_key, key, sizeof(key));
    }
    OPENSSL_cleanse(key, sizeof(key));
    return status;
}

mr_status mr_ops_key_revoke(mr_ops *ops, const char *name, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int changes = 0;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_KEY_REVOKE, &statement, err);

    if (status == MR_OK) {
        status = mr_sqlite_exec(&ops->db, "BEGIN IMMEDIATE", err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(name));
    mr_sqlite_bind_integer(statement, 2, mr_now_ms());
    status = mr_sqlite_run(&ops->db, QUERY_KEY_REVOKE, &changes, err);
    if (status == MR_OK && changes == 0) {
        status = mr_fail(err, MR_NOT_FOUND, "no key named '%s' is in use", name);
    }
    return commit_keys(ops, status, err);
}

static mr_api_key column_key(sqlite3_stmt *statement)
{
    mr_api_key key = {
        .created_ms = sqlite3_column_int64(statement, 2),
        .expires_ms = sqlite3_column_int64(statement, 3),
        .revoked_ms = sqlite3_column_int64(statement, 4),
    };

    mr_sqlite_column_string(statement, 0, key.name, sizeof(key.name));
    mr_sqlite_column_string(statement, 1, key.prefix, sizeof(key.prefix));
    return key;
}

mr_status mr_ops_keys(mr_ops *ops, bool (*visit)(void *ctx, const mr_api_key *key), void *ctx,
                      mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_KEY_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    while ((status = mr_sqlite_step(&ops->db, QUERY_KEY_LIST, err)) == MR_OK) {
        mr_api_key key = column_key(statement);

        if (!visit(ctx, &key)) {
            mr_sqlite_reset(&ops->db, QUERY_KEY_LIST);
            return MR_OK;
        }
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

mr_status mr_ops_key_check(mr_ops *ops, mr_text key, mr_api_key *ret_key, mr_err *err)
{
    uint8_t hash[hash_bytes];
    sqlite3_stmt *statement = NULL;
    mr_status status;

    if (key.bytes != key_characters || !mr_text_starts_with(key, "mr_")) {
        return mr_fail(err, MR_NOT_FOUND, "this is not an API key");
    }
    status = mr_sqlite_prepare(&ops->db, QUERY_KEY_CHECK, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    hash_key(key, hash);
    mr_sqlite_bind_blob(statement, 1, hash, sizeof(hash));
    mr_sqlite_bind_integer(statement, 2, mr_now_ms());
    status = mr_sqlite_step(&ops->db, QUERY_KEY_CHECK, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_NOT_FOUND, "the API key is unknown, revoked or expired");
    }
    if (status == MR_OK) {
        *ret_key = column_key(statement);
        mr_sqlite_reset(&ops->db, QUERY_KEY_CHECK);
    }
    return status;
}

mr_status mr_ops_key_generation(mr_ops *ops, int64_t *ret_generation, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_GENERATION_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    status = mr_sqlite_step(&ops->db, QUERY_GENERATION_READ, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_CORRUPT, "ops %s: the generation of keys is gone", ops->db.path);
    }
    if (status == MR_OK) {
        *ret_generation = sqlite3_column_int64(statement, 0);
        mr_sqlite_reset(&ops->db, QUERY_GENERATION_READ);
    }
    return status;
}

/* --- Dead letters ----------------------------------------------------------------------------- */

mr_status mr_ops_letter_state(mr_ops *ops, int32_t partition, int64_t offset,
                              mr_letter_state *ret_state, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int64_t state;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_LETTER_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, partition);
    mr_sqlite_bind_integer(statement, 2, offset);
    status = mr_sqlite_step(&ops->db, QUERY_LETTER_READ, err);
    if (status == MR_NOT_FOUND) {
        *ret_state = MR_LETTER_OPEN;
        return MR_OK;
    }
    if (status != MR_OK) {
        return status;
    }
    state = sqlite3_column_int64(statement, 0);
    mr_sqlite_reset(&ops->db, QUERY_LETTER_READ);
    if (state < MR_LETTER_OPEN || state > MR_LETTER_DISCARDED) {
        return mr_fail(err, MR_CORRUPT, "ops %s: dead letter %d/%lld has state %lld", ops->db.path,
                       (int)partition, (long long)offset, (long long)state);
    }
    *ret_state = (mr_letter_state)state;
    return MR_OK;
}

mr_status mr_ops_letter_mark(mr_ops *ops, int32_t partition, int64_t offset, mr_letter_state state,
                             mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_LETTER_MARK, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, partition);
    mr_sqlite_bind_integer(statement, 2, offset);
    mr_sqlite_bind_integer(statement, 3, state);
    mr_sqlite_bind_integer(statement, 4, mr_now_ms());
    return mr_sqlite_run(&ops->db, QUERY_LETTER_MARK, NULL, err);
}
