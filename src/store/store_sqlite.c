/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite.c - the OLTP store in a SQLite file: opening, positions, transactions.
 *
 * Owns:       the database and the cache of recent entries.
 * Called by:  store.c, on the handle's thread.
 * Invariants: (1) rows and the position they reach are one transaction;
 *             (2) the cache holds nothing that the open transaction, or else the database, has not;
 *             (3) a position moves only from where its reader believes it stands.
 *
 * Why synchronous=NORMAL is enough: in WAL mode a transaction is whole or absent and they survive
 * in order, so a power cut can only take back the last few commits, rows and position together. The
 * log is the truth, and it was synced before an event was answered; the sink asks for the position
 * and reads those events again, with the same verdicts, since the order is the same. Dead letters
 * it wrote in between stay, and are not written again: their own mark was synced with them.
 * Retention goes by age; a limit by size must keep what arrives in a minute, the longest
 * that a commit stays unsynced (docs/operations.md). A reposition comes from a person and exists
 * nowhere else: it is synced.
 *
 * Not here:   rows (store_sqlite_write.c), answers (store_sqlite_read.c, store_sqlite_portal.c).
 */
#include "store/store_sqlite.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/store_backend.h"

enum {
    mr_store_checkpoint_pages = 4000, /* 16 MiB */
    mr_store_wal_pages_max = 16000,   /* 64 MiB */
};

extern const char mr_embed_sqlite_001_sql[];
extern const char mr_embed_sqlite_002_sql[];

static const char *const migrations[] = {
    mr_embed_sqlite_001_sql,
    mr_embed_sqlite_002_sql,
};

/* The WAL is folded back by commit() below, hence no automatic checkpoint. Nothing is ever deleted,
 * so zeroing freed bytes would only cost. */
static const char pragmas[] = "PRAGMA page_size = 4096; PRAGMA cache_size = -8192;"
                              "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;"
                              "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY";

/* --- Opening --------------------------------------------------------------------------------- */

/* "sqlite:" | "sqlite:file.db" | "sqlite:/file.db" | "sqlite:///file.db" */
char *mr_sqlite_store_path(const mr_store_options *options)
{
    const char *rest = options->url + sizeof("sqlite:") - 1;

    if (strncmp(rest, "///", 3) == 0) {
        rest += 2;
    }
    return rest[0] == '\0' ? mr_path_join(options->data_folder, "store.db") : mr_copy_string(rest);
}

static mr_status create_folder_of(const char *path, mr_err *err)
{
    char *folder = mr_copy_string(path);
    char *slash = strrchr(folder, '/');
    mr_status status = MR_OK;

    if (slash != NULL && slash != folder) {
        *slash = '\0';
        status = mr_folder_create(folder, err);
    }
    free(folder);
    return status;
}

static int note_wal_pages(void *ctx, sqlite3 *handle, const char *database, int pages)
{
    mr_sqlite_store *store = ctx;

    (void)handle;
    (void)database;
    store->wal_pages = pages;
    return SQLITE_OK;
}

static mr_status open_database(mr_sqlite_store *store, const mr_store_options *options,
                               const char *path, mr_err *err)
{
    const mr_sqlite_options sqlite_options = {
        .path = path,
        .what = "store",
        .pragmas = pragmas,
        .migrations = migrations,
        .migration_count = sizeof(migrations) / sizeof(migrations[0]),
        .queries = mr_store_queries,
        .query_count = MR_QUERY_COUNT,
        .read_only = options->mode == MR_STORE_READ,
        .timeout_ms = options->timeout_ms,
    };
    mr_status status = MR_OK;

    if (options->mode == MR_STORE_WRITE) {
        status = create_folder_of(path, err);
    }
    return status != MR_OK ? status : mr_sqlite_open(&sqlite_options, &store->db, err);
}

static void close_store(void *state)
{
    mr_sqlite_store *store = state;

    mr_sqlite_close(&store->db);
    mr_cache_destroy(store->cache);
    free(store);
}

static mr_status open_store(const mr_store_options *options, void **ret_state, mr_err *err)
{
    mr_sqlite_store *store = mr_alloc_zero(1, sizeof(*store));
    char *path = mr_sqlite_store_path(options);
    mr_status status = open_database(store, options, path, err);

    free(path);
    if (status != MR_OK) {
        close_store(store);
        return status;
    }
    if (options->mode == MR_STORE_WRITE) {
        store->cache = mr_cache_create();
        store->wal_pages_max = mr_store_wal_pages_max;
        (void)sqlite3_wal_hook(store->db.handle, note_wal_pages, store); /* no hook was there */
    }
    *ret_state = store;
    return MR_OK;
}

/* --- Positions ------------------------------------------------------------------------------- */

static void bind_source(sqlite3_stmt *statement, const mr_store_source *source)
{
    mr_sqlite_bind_text(statement, 1, mr_text_of(source->group));
    mr_sqlite_bind_text(statement, 2, mr_text_of(source->topic));
    mr_sqlite_bind_integer(statement, 3, source->partition);
}

static mr_status position(void *state, const mr_store_source *source, int64_t *ret_next_offset,
                          mr_err *err)
{
    mr_sqlite_store *store = state;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_POSITION_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    bind_source(statement, source);
    status = mr_sqlite_step(&store->db, MR_QUERY_POSITION_READ, err);
    if (status == MR_NOT_FOUND) {
        *ret_next_offset = 0;
        return MR_OK;
    }
    if (status == MR_OK) {
        *ret_next_offset = sqlite3_column_int64(statement, 0);
        mr_sqlite_reset(&store->db, MR_QUERY_POSITION_READ);
    }
    return status;
}

static mr_status fail_fenced(mr_sqlite_store *store, const mr_store_source *source,
                             int64_t expected_offset, mr_err *err)
{
    int64_t stands_at = 0;
    mr_status status = position(store, source, &stands_at, err);

    if (status != MR_OK) {
        return status;
    }
    return mr_fail(err, MR_EXISTS,
                   "store %s: position of group %s in %s/%d is %lld, not %lld: another process has "
                   "moved it; read the position and go on from there",
                   store->db.path, source->group, source->topic, (int)source->partition,
                   (long long)stands_at, (long long)expected_offset);
}

/* Compare and set: MR_EXISTS unless the position stands at expected_offset. */
static mr_status move_position(mr_sqlite_store *store, const mr_store_source *source,
                               int64_t expected_offset, int64_t next_offset, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int changes = 0;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_POSITION_MOVE, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    bind_source(statement, source);
    mr_sqlite_bind_integer(statement, 4, expected_offset);
    mr_sqlite_bind_integer(statement, 5, next_offset);
    mr_sqlite_bind_integer(statement, 6, mr_now_ms());
    status = mr_sqlite_run(&store->db, MR_QUERY_POSITION_MOVE, &changes, err);
    if (status != MR_OK || changes == 1) {
        return status;
    }
    if (expected_offset != 0) {
        return fail_fenced(store, source, expected_offset, err);
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_POSITION_START, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    bind_source(statement, source);
    mr_sqlite_bind_integer(statement, 4, next_offset);
    mr_sqlite_bind_integer(statement, 5, mr_now_ms());
    status = mr_sqlite_run(&store->db, MR_QUERY_POSITION_START, &changes, err);
    if (status != MR_OK || changes == 1) {
        return status;
    }
    return fail_fenced(store, source, expected_offset, err);
}

static mr_status set_position(mr_sqlite_store *store, const mr_store_source *source,
                              int64_t next_offset, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_POSITION_SET, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    bind_source(statement, source);
    mr_sqlite_bind_integer(statement, 4, next_offset);
    mr_sqlite_bind_integer(statement, 5, mr_now_ms());
    return mr_sqlite_run(&store->db, MR_QUERY_POSITION_SET, NULL, err);
}

static mr_status reposition(void *state, const mr_store_source *source, int64_t next_offset,
                            mr_err *err)
{
    mr_sqlite_store *store = state;
    mr_status status;

    MR_ASSERT(!store->in_transaction);
    status = mr_sqlite_exec(&store->db, "PRAGMA synchronous = FULL", err);
    if (status != MR_OK) {
        return status;
    }
    status = set_position(store, source, next_offset, err); /* a transaction of its own */
    /* Should this fail, commits stay synced: slower, not wrong. */
    (void)mr_sqlite_exec(&store->db, "PRAGMA synchronous = NORMAL", NULL);
    return status;
}

/* --- Transactions ---------------------------------------------------------------------------- */

static void rollback(void *state)
{
    mr_sqlite_store *store = state;

    mr_sqlite_rollback(&store->db);
    store->in_transaction = false;
    mr_cache_clear(store->cache);
}

static mr_status forget_if_others_wrote(mr_sqlite_store *store, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int64_t version;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_DATA_VERSION, &statement, err);

    if (status == MR_OK) {
        status = mr_sqlite_step(&store->db, MR_QUERY_DATA_VERSION, err);
    }
    if (status != MR_OK) {
        return status;
    }
    version = sqlite3_column_int64(statement, 0);
    mr_sqlite_reset(&store->db, MR_QUERY_DATA_VERSION);
    if (version != store->data_version) {
        mr_cache_clear(store->cache);
        store->data_version = version;
    }
    return MR_OK;
}

static mr_status begin(mr_sqlite_store *store, mr_err *err)
{
    mr_status status;

    if (store->in_transaction) {
        return MR_OK;
    }
    status = mr_sqlite_exec(&store->db, "BEGIN IMMEDIATE", err);
    if (status != MR_OK) {
        return status;
    }
    store->in_transaction = true;
    status = forget_if_others_wrote(store, err);
    return status != MR_OK ? status : mr_sqlite_store_load_totals(store, &store->totals, err);
}

static mr_status apply(void *state, const mr_store_source *source, int64_t expected_offset,
                       int64_t next_offset, mr_store_item *items, size_t count, mr_err *err)
{
    mr_sqlite_store *store = state;
    mr_status status;

    MR_ASSERT(store->cache != NULL); /* a reader was opened */
    status = begin(store, err);
    if (status == MR_OK) {
        status = move_position(store, source, expected_offset, next_offset, err);
    }
    if (status == MR_OK) {
        status = mr_sqlite_store_write(store, source->partition, items, count, err);
    }
    if (status != MR_OK) {
        rollback(store);
    }
    return status;
}

/* Results are ignored: the data is safe in the WAL, and the next commit tries again. */
static void checkpoint(mr_sqlite_store *store)
{
    int mode = SQLITE_CHECKPOINT_PASSIVE;
    int code;

    if (store->wal_pages < mr_store_checkpoint_pages) {
        return;
    }
    if (store->wal_pages >= store->wal_pages_max) {
        mode = SQLITE_CHECKPOINT_RESTART; /* waits for readers, which never let the WAL end */
    }
    code = sqlite3_wal_checkpoint_v2(store->db.handle, NULL, mode, NULL, NULL);
    if (mode == SQLITE_CHECKPOINT_RESTART) {
        store->wal_pages_max =
            code == SQLITE_OK ? mr_store_wal_pages_max : store->wal_pages + mr_store_wal_pages_max;
    }
}

static mr_status commit(void *state, mr_err *err)
{
    mr_sqlite_store *store = state;
    mr_status status;

    MR_ASSERT(store->in_transaction);
    status = mr_sqlite_exec(&store->db, "COMMIT", err);
    if (status != MR_OK) {
        rollback(store);
        if (status == MR_IO) { /* the bytes may have reached the disk or not */
            return mr_fail(err, MR_UNKNOWN_OUTCOME,
                           "store %s: commit: input/output error; read the position to learn "
                           "whether it was kept",
                           store->db.path);
        }
        return status;
    }
    store->in_transaction = false;
    checkpoint(store);
    return MR_OK;
}

const mr_store_backend mr_store_sqlite = {
    .scheme = "sqlite",
    .open = open_store,
    .close = close_store,
    .position = position,
    .apply = apply,
    .commit = commit,
    .rollback = rollback,
    .reposition = reposition,
    .read_totals = mr_sqlite_store_read_totals,
    .read_customer = mr_sqlite_store_read_customer,
    .read_orders = mr_sqlite_store_read_orders,
    .read_invoice = mr_sqlite_store_read_invoice,
    .read_receipt = mr_sqlite_store_read_receipt,
    .read_top_customers = mr_sqlite_store_read_top_customers,
    .read_positions = mr_sqlite_store_read_positions,
    .set_limit = mr_sqlite_store_set_limit,
    .begin_snapshot = mr_sqlite_store_begin_snapshot,
    .end_snapshot = mr_sqlite_store_end_snapshot,
    .read_changed_at = mr_sqlite_store_read_changed_at,
    .find_customers_between = mr_sqlite_store_find_customers_between,
    .find_customers_named = mr_sqlite_store_find_customers_named,
    .read_items = mr_sqlite_store_read_items,
    .read_products = mr_sqlite_store_read_products,
    .read_own_invoice = mr_sqlite_store_read_own_invoice,
    .read_related = mr_sqlite_store_read_related,
};
