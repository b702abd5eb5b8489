/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_postgres.c - API keys and the fate of dead letters, in the schema `ops` of the store's
 * database: gateways on several machines know the same keys.
 *
 * Owns:       a connection of its own.
 * Called by:  ops.c, on the handle's thread.
 * Invariants: (1) a change of keys and the generation that announces it are one transaction, which
 *                 begins with the generation's row: changes of keys come one after another;
 *             (2) every change is committed when its function returns.
 * Not here:   making and checking keys (ops.c), connections (postgres_connect.c).
 */
#include <stdlib.h>
#include <string.h>

#include "store/ops_backend.h"
#include "store/postgres_db.h"

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

extern const char mr_embed_postgres_ops_001_sql[];
extern const char mr_embed_postgres_ops_002_sql[];
extern const char mr_embed_postgres_ops_003_sql[];
extern const char mr_embed_postgres_ops_004_sql[];
extern const char mr_embed_postgres_ops_key_insert_sql[];
extern const char mr_embed_postgres_ops_key_valid_sql[];
extern const char mr_embed_postgres_ops_key_revoke_sql[];
extern const char mr_embed_postgres_ops_key_list_sql[];
extern const char mr_embed_postgres_ops_key_check_sql[];
extern const char mr_embed_postgres_ops_generation_read_sql[];
extern const char mr_embed_postgres_ops_generation_grow_sql[];
extern const char mr_embed_postgres_ops_letter_read_sql[];
extern const char mr_embed_postgres_ops_letter_mark_sql[];

static const char *const migrations[] = {
    mr_embed_postgres_ops_001_sql,
    mr_embed_postgres_ops_002_sql,
    mr_embed_postgres_ops_003_sql,
    mr_embed_postgres_ops_004_sql,
};

static const mr_pg_query queries[QUERY_COUNT] = {
    [QUERY_KEY_INSERT] = {"key_insert", mr_embed_postgres_ops_key_insert_sql},
    [QUERY_KEY_VALID] = {"key_valid", mr_embed_postgres_ops_key_valid_sql},
    [QUERY_KEY_REVOKE] = {"key_revoke", mr_embed_postgres_ops_key_revoke_sql},
    [QUERY_KEY_LIST] = {"key_list", mr_embed_postgres_ops_key_list_sql},
    [QUERY_KEY_CHECK] = {"key_check", mr_embed_postgres_ops_key_check_sql},
    [QUERY_GENERATION_READ] = {"generation_read", mr_embed_postgres_ops_generation_read_sql},
    [QUERY_GENERATION_GROW] = {"generation_grow", mr_embed_postgres_ops_generation_grow_sql},
    [QUERY_LETTER_READ] = {"letter_read", mr_embed_postgres_ops_letter_read_sql},
    [QUERY_LETTER_MARK] = {"letter_mark", mr_embed_postgres_ops_letter_mark_sql},
};

typedef struct postgres_ops {
    mr_pg *pg;
    mr_pg_params params;
    mr_pg_query queries[QUERY_COUNT + MR_OPS_STATEMENT_COUNT]; /* ours, then the shared ones */
} postgres_ops;

static void make_queries(postgres_ops *ops)
{
    memcpy(ops->queries, queries, sizeof(queries));
    for (size_t index = 0; index < MR_OPS_STATEMENT_COUNT; index++) {
        ops->queries[QUERY_COUNT + index] =
            (mr_pg_query){mr_ops_texts[index].name, mr_ops_texts[index].sql};
    }
}

static void close_ops(void *state)
{
    postgres_ops *ops = state;

    mr_pg_close(ops->pg);
    mr_pg_params_free(&ops->params);
    free(ops);
}

static mr_status open_ops(const mr_store_options *options, void **ret_state, mr_err *err)
{
    postgres_ops *ops = mr_alloc_zero(1, sizeof(*ops));
    const mr_pg_options pg_options = {
        .url = options->url,
        .server = &options->server,
        .what = "ops",
        .queries = ops->queries,
        .query_count = QUERY_COUNT + MR_OPS_STATEMENT_COUNT,
        .migrations = migrations,
        .migration_count = sizeof(migrations) / sizeof(migrations[0]),
        .migration_table = "ops.schema_migration",
        .read_only = options->mode == MR_STORE_READ,
        .timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : mr_ops_timeout_ms,
    };
    mr_status status;

    make_queries(ops);
    mr_pg_params_init(&ops->params);
    status = mr_pg_open(&pg_options, &ops->pg, err);
    if (status != MR_OK) {
        close_ops(ops);
        return status;
    }
    *ret_state = ops;
    return MR_OK;
}

/* --- Keys ------------------------------------------------------------------------------------- */

/* Changes of keys wait for each other here. */
static mr_status begin_keys(postgres_ops *ops, mr_err *err)
{
    mr_status status = mr_pg_begin(ops->pg, "ISOLATION LEVEL READ COMMITTED", err);

    return status != MR_OK ? status
                           : mr_pg_run(ops->pg, QUERY_GENERATION_GROW, NULL, NULL, NULL, err);
}

/* keep: the change was made; else the generation shall not grow either. */
static mr_status end_keys(postgres_ops *ops, mr_status status, bool keep, mr_err *err)
{
    if (status == MR_OK && keep) {
        return mr_pg_commit(ops->pg, err);
    }
    mr_pg_rollback(ops->pg);
    return status;
}

static mr_status refuse_valid_name(postgres_ops *ops, const mr_ops_new_key *key, mr_err *err)
{
    uint64_t rows = 0;
    mr_status status;

    mr_pg_params_reset(&ops->params);
    mr_pg_bind_text(&ops->params, mr_text_of(key->name));
    mr_pg_bind_integer(&ops->params, key->now_ms);
    status = mr_pg_run(ops->pg, QUERY_KEY_VALID, &ops->params, NULL, &rows, err);
    if (status == MR_OK && rows > 0) {
        status = mr_fail(err, MR_EXISTS, "a valid key has the name");
    }
    return status;
}

static mr_status key_add(void *state, const mr_ops_new_key *key, mr_err *err)
{
    postgres_ops *ops = state;
    mr_status status = begin_keys(ops, err);

    if (status == MR_OK) {
        status = refuse_valid_name(ops, key, err);
    }
    if (status == MR_OK) {
        mr_pg_params_reset(&ops->params);
        mr_pg_bind_text(&ops->params, mr_text_of(key->name));
        mr_pg_bind_bytes(&ops->params, key->hash, sizeof(key->hash));
        mr_pg_bind_text(&ops->params, key->prefix);
        mr_pg_bind_integer(&ops->params, key->now_ms);
        mr_pg_bind_integer(&ops->params, key->expires_ms);
        mr_pg_bind_integer(&ops->params, key->role);
        status = mr_pg_run(ops->pg, QUERY_KEY_INSERT, &ops->params, NULL, NULL, err);
    }
    return end_keys(ops, status, true, err);
}

static mr_status key_revoke(void *state, const char *name, int64_t now_ms, bool *ret_found,
                            mr_err *err)
{
    postgres_ops *ops = state;
    uint64_t changes = 0;
    mr_status status = begin_keys(ops, err);

    if (status == MR_OK) {
        mr_pg_params_reset(&ops->params);
        mr_pg_bind_text(&ops->params, mr_text_of(name));
        mr_pg_bind_integer(&ops->params, now_ms);
        status = mr_pg_run(ops->pg, QUERY_KEY_REVOKE, &ops->params, NULL, &changes, err);
    }
    *ret_found = changes > 0;
    return end_keys(ops, status, changes > 0, err);
}

static mr_api_key key_of(const PGresult *row)
{
    mr_api_key key = {
        .created_ms = mr_pg_int8(row, 0, 2),
        .expires_ms = mr_pg_int8(row, 0, 3),
        .revoked_ms = mr_pg_int8(row, 0, 4),
        .role = (mr_user_role)mr_pg_int8(row, 0, 5),
    };

    mr_pg_string(row, 0, 0, key.name, sizeof(key.name));
    mr_pg_string(row, 0, 1, key.prefix, sizeof(key.prefix));
    return key;
}

typedef struct key_visit {
    bool (*visit)(void *ctx, const mr_api_key *key);
    void *ctx;
} key_visit;

static mr_status visit_key(void *ctx, const PGresult *row, mr_err *err)
{
    const key_visit *to = ctx;
    mr_api_key key = key_of(row);

    (void)err;
    return to->visit(to->ctx, &key) ? MR_OK : MR_STOPPED;
}

static mr_status keys(void *state, bool (*visit)(void *ctx, const mr_api_key *key), void *ctx,
                      mr_err *err)
{
    postgres_ops *ops = state;
    key_visit to = {visit, ctx};

    return mr_pg_each(ops->pg, QUERY_KEY_LIST, NULL, visit_key, &to, err);
}

/* One row of one query, or MR_NOT_FOUND. */
static mr_status read_row(postgres_ops *ops, ops_query query, PGresult **ret_row, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status = mr_pg_run(ops->pg, query, &ops->params, &result, NULL, err);

    if (status != MR_OK) {
        return status;
    }
    if (PQntuples(result) == 0) {
        PQclear(result);
        return MR_NOT_FOUND;
    }
    *ret_row = result;
    return MR_OK;
}

static mr_status key_check(void *state, const uint8_t hash[static mr_ops_hash_bytes],
                           int64_t now_ms, mr_api_key *ret_key, mr_err *err)
{
    postgres_ops *ops = state;
    PGresult *row = NULL;
    mr_status status;

    mr_pg_params_reset(&ops->params);
    mr_pg_bind_bytes(&ops->params, hash, mr_ops_hash_bytes);
    mr_pg_bind_integer(&ops->params, now_ms);
    status = read_row(ops, QUERY_KEY_CHECK, &row, err);
    if (status == MR_OK) {
        *ret_key = key_of(row);
        PQclear(row);
    }
    return status;
}

static mr_status key_generation(void *state, int64_t *ret_generation, mr_err *err)
{
    postgres_ops *ops = state;
    PGresult *row = NULL;
    mr_status status;

    mr_pg_params_reset(&ops->params);
    status = read_row(ops, QUERY_GENERATION_READ, &row, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_CORRUPT, "%s: the generation of keys is gone", mr_pg_where(ops->pg));
    }
    if (status == MR_OK) {
        *ret_generation = mr_pg_int8(row, 0, 0);
        PQclear(row);
    }
    return status;
}

/* --- Dead letters ----------------------------------------------------------------------------- */

static mr_status letter_state(void *state, int32_t partition, int64_t offset, int64_t *ret_state,
                              mr_err *err)
{
    postgres_ops *ops = state;
    PGresult *row = NULL;
    mr_status status;

    mr_pg_params_reset(&ops->params);
    mr_pg_bind_int4(&ops->params, partition);
    mr_pg_bind_integer(&ops->params, offset);
    status = read_row(ops, QUERY_LETTER_READ, &row, err);
    if (status == MR_OK) {
        *ret_state = mr_pg_int4(row, 0, 0);
        PQclear(row);
    }
    return status;
}

static mr_status letter_mark(void *state, int32_t partition, int64_t offset, mr_letter_state letter,
                             int64_t now_ms, mr_err *err)
{
    postgres_ops *ops = state;

    mr_pg_params_reset(&ops->params);
    mr_pg_bind_int4(&ops->params, partition);
    mr_pg_bind_integer(&ops->params, offset);
    mr_pg_bind_int4(&ops->params, (int32_t)letter);
    mr_pg_bind_integer(&ops->params, now_ms);
    return mr_pg_run(ops->pg, QUERY_LETTER_MARK, &ops->params, NULL, NULL, err);
}

/* --- The shared statements -------------------------------------------------------------------- */

static mr_status begin(void *state, mr_err *err)
{
    postgres_ops *ops = state;

    return mr_pg_begin(ops->pg, "ISOLATION LEVEL READ COMMITTED", err);
}

static mr_status commit(void *state, mr_err *err)
{
    postgres_ops *ops = state;

    return mr_pg_commit(ops->pg, err);
}

static void rollback(void *state)
{
    postgres_ops *ops = state;

    mr_pg_rollback(ops->pg);
}

static void bind_values(mr_pg_params *params, const mr_ops_value *values, size_t count)
{
    mr_pg_params_reset(params);
    for (size_t at = 0; at < count; at++) {
        switch (values[at].kind) {
        case MR_OPS_NULL:
            mr_pg_bind_text(params, MR_TEXT_ABSENT);
            break;
        case MR_OPS_INTEGER:
            mr_pg_bind_integer(params, values[at].integer);
            break;
        case MR_OPS_TEXT:
            mr_pg_bind_text(params, values[at].text);
            break;
        case MR_OPS_BYTES:
            mr_pg_bind_bytes(params, values[at].text.data, values[at].text.bytes);
            break;
        }
    }
}

static mr_ops_value cell_of(const PGresult *result, int row, int column)
{
    if (mr_pg_is_null(result, row, column)) {
        return (mr_ops_value){.kind = MR_OPS_NULL};
    }
    switch (PQftype(result, column)) {
    case MR_PG_INT8:
        return mr_ops_integer(mr_pg_int8(result, row, column));
    case MR_PG_BYTEA:
        return (mr_ops_value){.kind = MR_OPS_BYTES, .text = mr_pg_text(result, row, column)};
    default:
        MR_ASSERT(PQftype(result, column) == MR_PG_TEXT);
        return mr_ops_string(mr_pg_text(result, row, column));
    }
}

static void visit_rows(const PGresult *result, mr_ops_row visit, void *ctx)
{
    mr_ops_value cells[mr_ops_cells_max];
    const int columns = PQnfields(result);

    MR_ASSERT(columns <= mr_ops_cells_max);
    for (int row = 0; row < PQntuples(result); row++) {
        for (int column = 0; column < columns; column++) {
            cells[column] = cell_of(result, row, column);
        }
        if (!visit(ctx, cells, (size_t)columns)) {
            return;
        }
    }
}

static mr_status run(void *state, mr_ops_statement which, const mr_ops_value *values, size_t count,
                     mr_ops_row visit, void *ctx, uint64_t *ret_changes, mr_err *err)
{
    postgres_ops *ops = state;
    PGresult *result = NULL;
    uint64_t changes = 0;
    mr_status status;

    bind_values(&ops->params, values, count);
    status = mr_pg_run(ops->pg, QUERY_COUNT + (size_t)which, &ops->params, &result, &changes, err);
    if (status != MR_OK) {
        return status;
    }
    if (visit != NULL) {
        visit_rows(result, visit, ctx);
    }
    PQclear(result);
    if (ret_changes != NULL) {
        *ret_changes = changes;
    }
    return MR_OK;
}

const mr_ops_backend mr_ops_postgres = {
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
