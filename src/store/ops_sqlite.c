/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_sqlite.c - API keys and the fate of dead letters, in <data_folder>/ops.db.
 *
 * Owns:       that database.
 * Called by:  ops.c, on the handle's thread.
 * Invariants: (1) a change of keys and the generation that announces it are one transaction;
 *             (2) every change is synced when its function returns.
 * Not here:   making and checking keys (ops.c), the shop's data (store_sqlite.c).
 */
#include "store/ops_backend.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "store/sqlite_db.h"

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
extern const char mr_embed_ops_002_sql[];
extern const char mr_embed_ops_003_sql[];
extern const char mr_embed_ops_004_sql[];
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
    mr_embed_ops_002_sql,
    mr_embed_ops_003_sql,
    mr_embed_ops_004_sql,
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

typedef struct sqlite_ops {
    mr_sqlite db;
    mr_sqlite_query queries[QUERY_COUNT + MR_OPS_STATEMENT_COUNT]; /* ours, then the shared ones */
    char *texts[MR_OPS_STATEMENT_COUNT];                           /* of these */
} sqlite_ops;

/* The shared text as SQLite takes it: without the schema's name, which it does not have. */
static char *text_without_schema(const char *sql)
{
    static const char schema[] = "ops.";
    char *text = mr_copy_string(sql);
    char *end = text;

    for (const char *at = sql; *at != '\0';) {
        if (strncmp(at, schema, sizeof(schema) - 1) == 0) {
            at += sizeof(schema) - 1;
        } else {
            *end++ = *at++;
        }
    }
    *end = '\0';
    return text;
}

static void make_queries(sqlite_ops *ops)
{
    memcpy(ops->queries, queries, sizeof(queries));
    for (size_t index = 0; index < MR_OPS_STATEMENT_COUNT; index++) {
        ops->texts[index] = text_without_schema(mr_ops_texts[index].sql);
        ops->queries[QUERY_COUNT + index] =
            (mr_sqlite_query){mr_ops_texts[index].name, ops->texts[index]};
    }
}

static void free_ops(sqlite_ops *ops)
{
    for (size_t index = 0; index < MR_OPS_STATEMENT_COUNT; index++) {
        free(ops->texts[index]);
    }
    free(ops);
}

static mr_status open_ops(const mr_store_options *options, void **ret_state, mr_err *err)
{
    sqlite_ops *ops;
    char *path;
    mr_status status = mr_folder_create(options->data_folder, err);

    if (status != MR_OK) {
        return status;
    }
    ops = mr_alloc_zero(1, sizeof(*ops));
    make_queries(ops);
    path = mr_path_join(options->data_folder, "ops.db");
    status = mr_sqlite_open(
        &(mr_sqlite_options){
            .path = path,
            .what = "ops",
            .pragmas = "PRAGMA cache_size = -1024",
            .migrations = migrations,
            .migration_count = sizeof(migrations) / sizeof(migrations[0]),
            .queries = ops->queries,
            .query_count = QUERY_COUNT + MR_OPS_STATEMENT_COUNT,
            .durable_commits = true,
            .timeout_ms = mr_ops_timeout_ms,
        },
        &ops->db, err);
    free(path);
    if (status != MR_OK) {
        free_ops(ops);
        return status;
    }
    *ret_state = ops;
    return MR_OK;
}

static void close_ops(void *state)
{
    sqlite_ops *ops = state;

    mr_sqlite_close(&ops->db);
    free_ops(ops);
}

/* --- Keys ------------------------------------------------------------------------------------- */

static mr_status grow_generation(sqlite_ops *ops, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_GENERATION_GROW, &statement, err);

    return status != MR_OK ? status : mr_sqlite_run(&ops->db, QUERY_GENERATION_GROW, NULL, err);
}

/* Ends a change of keys: the generation grows with it, or neither is kept. */
static mr_status commit_keys(sqlite_ops *ops, mr_status status, mr_err *err)
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

static mr_status refuse_valid_name(sqlite_ops *ops, const char *name, int64_t now_ms, mr_err *err)
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
        return mr_fail(err, MR_EXISTS, "a valid key has the name");
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static mr_status insert_key(sqlite_ops *ops, const mr_ops_new_key *key, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_KEY_INSERT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(key->name));
    mr_sqlite_bind_blob(statement, 2, key->hash, sizeof(key->hash));
    mr_sqlite_bind_text(statement, 3, key->prefix);
    mr_sqlite_bind_integer(statement, 4, key->now_ms);
    mr_sqlite_bind_integer(statement, 5, key->expires_ms);
    mr_sqlite_bind_integer(statement, 6, key->role);
    return mr_sqlite_run(&ops->db, QUERY_KEY_INSERT, NULL, err);
}

static mr_status key_add(void *state, const mr_ops_new_key *key, mr_err *err)
{
    sqlite_ops *ops = state;
    mr_status status = mr_sqlite_exec(&ops->db, "BEGIN IMMEDIATE", err);

    if (status != MR_OK) {
        return status;
    }
    status = refuse_valid_name(ops, key->name, key->now_ms, err);
    if (status == MR_OK) {
        status = insert_key(ops, key, err);
    }
    return commit_keys(ops, status, err);
}

static mr_status key_revoke(void *state, const char *name, int64_t now_ms, bool *ret_found,
                            mr_err *err)
{
    sqlite_ops *ops = state;
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
    mr_sqlite_bind_integer(statement, 2, now_ms);
    status = mr_sqlite_run(&ops->db, QUERY_KEY_REVOKE, &changes, err);
    *ret_found = changes > 0;
    if (status == MR_OK && changes == 0) {
        mr_sqlite_rollback(&ops->db);
        return MR_OK;
    }
    return commit_keys(ops, status, err);
}

static mr_api_key column_key(sqlite3_stmt *statement)
{
    mr_api_key key = {
        .created_ms = sqlite3_column_int64(statement, 2),
        .expires_ms = sqlite3_column_int64(statement, 3),
        .revoked_ms = sqlite3_column_int64(statement, 4),
        .role = (mr_user_role)sqlite3_column_int(statement, 5),
    };

    mr_sqlite_column_string(statement, 0, key.name, sizeof(key.name));
    mr_sqlite_column_string(statement, 1, key.prefix, sizeof(key.prefix));
    return key;
}

static mr_status keys(void *state, bool (*visit)(void *ctx, const mr_api_key *key), void *ctx,
                      mr_err *err)
{
    sqlite_ops *ops = state;
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

static mr_status key_check(void *state, const uint8_t hash[static mr_ops_hash_bytes],
                           int64_t now_ms, mr_api_key *ret_key, mr_err *err)
{
    sqlite_ops *ops = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_KEY_CHECK, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_blob(statement, 1, hash, mr_ops_hash_bytes);
    mr_sqlite_bind_integer(statement, 2, now_ms);
    status = mr_sqlite_step(&ops->db, QUERY_KEY_CHECK, err);
    if (status == MR_OK) {
        *ret_key = column_key(statement);
        mr_sqlite_reset(&ops->db, QUERY_KEY_CHECK);
    }
    return status;
}

static mr_status key_generation(void *state, int64_t *ret_generation, mr_err *err)
{
    sqlite_ops *ops = state;
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

static mr_status letter_state(void *state, int32_t partition, int64_t offset, int64_t *ret_state,
                              mr_err *err)
{
    sqlite_ops *ops = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_LETTER_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, partition);
    mr_sqlite_bind_integer(statement, 2, offset);
    status = mr_sqlite_step(&ops->db, QUERY_LETTER_READ, err);
    if (status == MR_OK) {
        *ret_state = sqlite3_column_int64(statement, 0);
        mr_sqlite_reset(&ops->db, QUERY_LETTER_READ);
    }
    return status;
}

static mr_status letter_mark(void *state, int32_t partition, int64_t offset, mr_letter_state letter,
                             int64_t now_ms, mr_err *err)
{
    sqlite_ops *ops = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, QUERY_LETTER_MARK, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, partition);
    mr_sqlite_bind_integer(statement, 2, offset);
    mr_sqlite_bind_integer(statement, 3, letter);
    mr_sqlite_bind_integer(statement, 4, now_ms);
    return mr_sqlite_run(&ops->db, QUERY_LETTER_MARK, NULL, err);
}

/* --- The shared statements -------------------------------------------------------------------- */

static mr_status begin(void *state, mr_err *err)
{
    sqlite_ops *ops = state;

    return mr_sqlite_exec(&ops->db, "BEGIN IMMEDIATE", err);
}

static mr_status commit(void *state, mr_err *err)
{
    sqlite_ops *ops = state;

    return mr_sqlite_exec(&ops->db, "COMMIT", err);
}

static void rollback(void *state)
{
    sqlite_ops *ops = state;

    mr_sqlite_rollback(&ops->db);
}

static void bind_values(sqlite3_stmt *statement, const mr_ops_value *values, size_t count)
{
    MR_ASSERT(sqlite3_bind_parameter_count(statement) == (int)count);
    for (size_t at = 0; at < count; at++) {
        const int index = (int)at + 1;

        switch (values[at].kind) {
        case MR_OPS_NULL:
            mr_sqlite_bind_null(statement, index);
            break;
        case MR_OPS_INTEGER:
            mr_sqlite_bind_integer(statement, index, values[at].integer);
            break;
        case MR_OPS_TEXT:
            mr_sqlite_bind_text(statement, index, values[at].text);
            break;
        case MR_OPS_BYTES:
            mr_sqlite_bind_blob(statement, index, values[at].text.data, values[at].text.bytes);
            break;
        }
    }
}

static mr_ops_value cell_of(sqlite3_stmt *statement, int index)
{
    switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
        return mr_ops_integer(sqlite3_column_int64(statement, index));
    case SQLITE_TEXT:
        return mr_ops_string(mr_sqlite_column_text(statement, index));
    case SQLITE_BLOB:
        return (mr_ops_value){.kind = MR_OPS_BYTES,
                              .text = mr_sqlite_column_blob(statement, index)};
    default:
        return (mr_ops_value){.kind = MR_OPS_NULL};
    }
}

/* false: enough was read. */
static bool visit_row(sqlite3_stmt *statement, mr_ops_row visit, void *ctx)
{
    mr_ops_value cells[mr_ops_cells_max];
    int count = sqlite3_column_count(statement);

    MR_ASSERT(count <= mr_ops_cells_max);
    for (int index = 0; index < count; index++) {
        cells[index] = cell_of(statement, index);
    }
    return visit(ctx, cells, (size_t)count);
}

static mr_status run(void *state, mr_ops_statement which, const mr_ops_value *values, size_t count,
                     mr_ops_row visit, void *ctx, uint64_t *ret_changes, mr_err *err)
{
    sqlite_ops *ops = state;
    const size_t query = QUERY_COUNT + (size_t)which;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&ops->db, query, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    bind_values(statement, values, count);
    while ((status = mr_sqlite_step(&ops->db, query, err)) == MR_OK) {
        if (visit != NULL && !visit_row(statement, visit, ctx)) {
            mr_sqlite_reset(&ops->db, query);
            return MR_OK;
        }
    }
    if (status != MR_NOT_FOUND) {
        return status;
    }
    if (ret_changes != NULL) {
        *ret_changes = (uint64_t)sqlite3_changes(ops->db.handle);
    }
    return MR_OK;
}

const mr_ops_backend mr_ops_sqlite = {
    .open = open_ops,
    .close = close_ops,
    .key_add = key_add,
    .key_revoke = key_revoke,
    .keys = keys,
    .key_check = key_check,
    .key_generation = key_generation,
    .letter_state = letter_state,
    .letter_mark = letter_mark,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
};
