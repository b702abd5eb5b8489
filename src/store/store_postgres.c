/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres.c - the OLTP store in PostgreSQL: opening, positions, transactions.
 *
 * Owns:       the connection and the cache of recent entries.
 * Called by:  store.c, on the handle's thread.
 * Invariants: (1) rows and the position they reach are one transaction;
 *             (2) a position moves only from where its reader believes it stands, and moves first:
 *                 of two processes that believe to own a partition, the second waits here for the
 *                 first, and is then fenced before it has written anything;
 *             (3) locks are taken in one order, so that writers of several partitions do not
 *                 deadlock: position, lines, invoices and orders (new ones by key, then the others
 *                 by key), the dimension lock (store_postgres_shared.c), which is held until the
 *                 commit. Where two batches bring the same new lines in opposite orders, or one
 *                 invoice comes in two partitions, PostgreSQL may end one; that is a retry.
 * Not here:   rows (store_postgres_lines.c, store_postgres_write.c), answers
 *             (store_postgres_read.c, store_postgres_portal.c), connections (postgres_connect.c).
 */
#include "store/store_postgres.h"

#include <stdlib.h>

#include "base/civil.h"
#include "store/store_backend.h"

enum { rows_bytes_max = 2 * mr_pg_copy_chunk_bytes };

extern const char mr_embed_postgres_001_sql[];
extern const char mr_embed_postgres_002_sql[];
extern const char mr_embed_postgres_ask_sql[];

static const char *const migrations[] = {
    mr_embed_postgres_001_sql,
    mr_embed_postgres_002_sql,
};

/* --- Opening --------------------------------------------------------------------------------- */

static void close_store(void *state)
{
    mr_pg_store *store = state;

    mr_pg_close(store->pg);
    mr_cache_destroy(store->cache);
    mr_pg_products_destroy(store->products);
    mr_pg_params_free(&store->params);
    mr_buffer_free(&store->rows);
    free(store->seen.slots);
    free(store);
}

mr_pg_options mr_pg_store_options(const mr_store_options *options)
{
    return (mr_pg_options){
        .url = options->url,
        .server = &options->server,
        .what = "store",
        .migrations = migrations,
        .migration_count = sizeof(migrations) / sizeof(migrations[0]),
        .migration_table = "schema_migration",
        .read_only = options->mode == MR_STORE_READ,
        .timeout_ms = options->timeout_ms,
    };
}

static mr_status open_store(const mr_store_options *options, void **ret_state, mr_err *err)
{
    mr_pg_store *store = mr_alloc_zero(1, sizeof(*store));
    mr_pg_options pg_options = mr_pg_store_options(options);

    pg_options.queries = mr_pg_store_queries;
    pg_options.query_count = MR_PG_QUERY_COUNT;
    mr_status status = mr_pg_open(&pg_options, &store->pg, err);
    if (status == MR_OK && options->mode == MR_STORE_WRITE) {
        status = mr_pg_exec(store->pg, mr_embed_postgres_ask_sql, err);
    }
    mr_pg_params_init(&store->params);
    mr_buffer_init(&store->rows, rows_bytes_max);
    if (status != MR_OK) {
        close_store(store);
        return status;
    }
    if (options->mode == MR_STORE_WRITE) {
        store->cache = mr_cache_create();
        store->products = mr_pg_products_create();
    }
    *ret_state = store;
    return MR_OK;
}

/* --- Positions ------------------------------------------------------------------------------- */

static void bind_source(mr_pg_store *store, const mr_store_source *source)
{
    mr_pg_params_reset(&store->params);
    mr_pg_bind_text(&store->params, mr_text_of(source->group));
    mr_pg_bind_text(&store->params, mr_text_of(source->topic));
    mr_pg_bind_int4(&store->params, source->partition);
}

static mr_status position(void *state, const mr_store_source *source, int64_t *ret_next_offset,
                          mr_err *err)
{
    mr_pg_store *store = state;
    PGresult *result = NULL;
    mr_status status;

    bind_source(store, source);
    status = mr_pg_run(store->pg, MR_PG_POSITION_READ, &store->params, &result, NULL, err);
    if (status == MR_OK) {
        *ret_next_offset = PQntuples(result) == 0 ? 0 : mr_pg_int8(result, 0, 0);
        PQclear(result);
    }
    return status;
}

static mr_status fail_fenced(mr_pg_store *store, const mr_store_source *source,
                             int64_t expected_offset, mr_err *err)
{
    int64_t stands_at = 0;
    mr_status status = position(store, source, &stands_at, err);

    if (status != MR_OK) {
        return status;
    }
    return mr_fail(err, MR_EXISTS,
                   "%s: position of group %s in %s/%d is %lld, not %lld: another process has "
                   "moved it; read the position and go on from there",
                   mr_pg_where(store->pg), source->group, source->topic, (int)source->partition,
                   (long long)stands_at, (long long)expected_offset);
}

/* Compare and set: MR_EXISTS unless the position stands at expected_offset. */
static mr_status move_position(mr_pg_store *store, const mr_store_source *source,
                               int64_t expected_offset, int64_t next_offset, mr_err *err)
{
    uint64_t changes = 0;
    mr_status status;

    bind_source(store, source);
    mr_pg_bind_integer(&store->params, expected_offset);
    mr_pg_bind_integer(&store->params, next_offset);
    mr_pg_bind_integer(&store->params, mr_now_ms());
    status = mr_pg_run(store->pg, MR_PG_POSITION_MOVE, &store->params, NULL, &changes, err);
    if (status != MR_OK || changes == 1) {
        return status;
    }
    if (expected_offset != 0) {
        return fail_fenced(store, source, expected_offset, err);
    }
    bind_source(store, source);
    mr_pg_bind_integer(&store->params, next_offset);
    mr_pg_bind_integer(&store->params, mr_now_ms());
    status = mr_pg_run(store->pg, MR_PG_POSITION_START, &store->params, NULL, &changes, err);
    if (status != MR_OK || changes == 1) {
        return status;
    }
    return fail_fenced(store, source, expected_offset, err);
}

static mr_status reposition(void *state, const mr_store_source *source, int64_t next_offset,
                            mr_err *err)
{
    mr_pg_store *store = state;

    MR_ASSERT(!mr_pg_in_transaction(store->pg));
    bind_source(store, source);
    mr_pg_bind_integer(&store->params, next_offset);
    mr_pg_bind_integer(&store->params, mr_now_ms());
    return mr_pg_run(store->pg, MR_PG_POSITION_SET, &store->params, NULL, NULL, err);
}

/* --- Transactions ---------------------------------------------------------------------------- */

static void rollback(void *state)
{
    mr_pg_store *store = state;

    mr_pg_rollback(store->pg);
    mr_pg_store_forget_all(store);
}

/* A server that took another's place may lack the last commits of the one before it. */
static mr_status begin(mr_pg_store *store, mr_err *err)
{
    mr_status status = MR_OK;

    if (!mr_pg_in_transaction(store->pg)) {
        status = mr_pg_begin_soon(store->pg, "ISOLATION LEVEL READ COMMITTED", err);
    }
    if (status == MR_OK && store->generation != mr_pg_generation(store->pg)) {
        mr_pg_store_forget_all(store);
        store->generation = mr_pg_generation(store->pg);
    }
    return status;
}

static mr_status apply(void *state, const mr_store_source *source, int64_t expected_offset,
                       int64_t next_offset, mr_store_item *items, size_t count, mr_err *err)
{
    mr_pg_store *store = state;
    mr_status status;

    MR_ASSERT(store->cache != NULL); /* a reader was opened */
    status = begin(store, err);
    if (status == MR_OK) {
        status = move_position(store, source, expected_offset, next_offset, err);
    }
    if (status == MR_OK) {
        status = mr_pg_store_write(store, source->partition, items, count, err);
    }
    if (status != MR_OK) {
        rollback(store);
    }
    return status;
}

static mr_status commit(void *state, mr_err *err)
{
    mr_pg_store *store = state;
    mr_status status = mr_pg_commit(store->pg, err);

    store->dimensions_locked = false;
    if (status != MR_OK) {
        rollback(store);
    }
    return status;
}

const mr_store_backend mr_store_postgres = {
    .scheme = "postgresql",
    .takes_several = true,
    .open = open_store,
    .close = close_store,
    .position = position,
    .apply = apply,
    .commit = commit,
    .rollback = rollback,
    .reposition = reposition,
    .read_totals = mr_pg_store_read_totals,
    .read_customer = mr_pg_store_read_customer,
    .read_orders = mr_pg_store_read_orders,
    .read_invoice = mr_pg_store_read_invoice,
    .read_receipt = mr_pg_store_read_receipt,
    .read_top_customers = mr_pg_store_read_top_customers,
    .read_positions = mr_pg_store_read_positions,
    .set_limit = mr_pg_store_set_limit,
    .begin_snapshot = mr_pg_store_begin_snapshot,
    .end_snapshot = mr_pg_store_end_snapshot,
    .read_changed_at = mr_pg_store_read_changed_at,
    .find_customers_between = mr_pg_store_find_customers_between,
    .find_customers_named = mr_pg_store_find_customers_named,
    .read_items = mr_pg_store_read_items,
    .read_products = mr_pg_store_read_products,
    .read_own_invoice = mr_pg_store_read_own_invoice,
    .read_related = mr_pg_store_read_related,
};
