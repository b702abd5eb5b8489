/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_append.c - the transaction that gives batches their offsets and stores them.
 *
 * Owns:       a connection to the topic and the statements that write it.
 * Called by:  one writer thread (embedded_writer.c).
 * Invariants: (1) offsets are read and given under the write lock, so they are dense over all
 *             processes; (2) a batch lies within one block; (3) after a failure nothing of the
 *             transaction is kept and the next one may succeed.
 *
 * The write-ahead log (WAL) is moved into the database by `checkpoint`, which the writer calls
 * after it has reported a commit, so that no caller waits for it. It can begin anew only when no
 * reader holds a snapshot; readers let go after every poll. Should it grow past wal_pages_max all
 * the same, new readers are held off for a moment (RESTART).
 */
#include <stdlib.h>

#include "base/civil.h"
#include "bus/embedded.h"

enum {
    checkpoint_pages = 512, /* 8 MiB: bounded, and rare enough */
    wal_pages_max = 8 * checkpoint_pages,
    restart_busy_ms_max = 50,
};

struct mr_embedded_appender {
    mr_embedded_topic topic;
    sqlite3_stmt *insert_block;
    sqlite3_stmt *read_mark;
    sqlite3_stmt *write_mark;
    mr_buffer merged; /* records of small batches, to become one block */
    size_t merged_count;
    mr_buffer block;
    int64_t next_offset;
    int64_t now_ms;
    int wal_pages;          /* after the last commit, by whichever process */
    int checkpointed_pages; /* of these, moved by the last checkpoint here */
};

static const char sql_insert_block[] =
    "INSERT INTO block (base_offset, count, append_ms, bytes, payload) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char sql_read_mark[] =
    "SELECT next_offset FROM mark WHERE \"group\" = ?1 AND topic = ?2 AND partition = ?3";
static const char sql_write_mark[] =
    "INSERT INTO mark (\"group\", topic, partition, next_offset) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset";

static int note_wal_pages(void *ctx, sqlite3 *db, const char *database, int pages)
{
    mr_embedded_appender *appender = ctx;
    (void)db;
    (void)database;
    appender->wal_pages = pages;
    return SQLITE_OK;
}

mr_status mr_embedded_appender_open(const mr_embedded *log, const char *topic,
                                    mr_embedded_appender **ret_appender, mr_err *err)
{
    mr_embedded_appender *appender = mr_alloc_zero(1, sizeof *appender);
    mr_buffer_init(&appender->merged, mr_embedded_merge_bytes_max);
    mr_status st = mr_embedded_topic_open(log, topic, &appender->topic, err);
    sqlite3 *db = appender->topic.db;
    if (st == MR_OK) {
        (void)sqlite3_wal_hook(db, note_wal_pages, appender); /* there was no hook before */
        st = mr_embedded_prepare(db, sql_insert_block, topic, &appender->insert_block, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_prepare(db, sql_read_mark, topic, &appender->read_mark, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_prepare(db, sql_write_mark, topic, &appender->write_mark, err);
    }
    if (st != MR_OK) {
        mr_embedded_appender_close(appender);
        return st;
    }
    *ret_appender = appender;
    return MR_OK;
}

void mr_embedded_appender_close(mr_embedded_appender *appender)
{
    if (appender == NULL) {
        return;
    }
    (void)sqlite3_finalize(appender->insert_block); /* each repeats its last step's code */
    (void)sqlite3_finalize(appender->read_mark);
    (void)sqlite3_finalize(appender->write_mark);
    mr_embedded_topic_close(&appender->topic);
    mr_buffer_free(&appender->merged);
    mr_buffer_free(&appender->block);
    free(appender);
}

/* Stores a block that ends at next_offset. */
static mr_status insert_block(mr_embedded_appender *appender, const mr_buffer *block, size_t count,
                              mr_err *err)
{
    sqlite3_stmt *statement = appender->insert_block;
    /* Binding cannot fail: the indexes are right and nothing is copied. */
    (void)sqlite3_bind_int64(statement, 1, appender->next_offset - (int64_t)count);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)count);
    (void)sqlite3_bind_int64(statement, 3, appender->now_ms);
    (void)sqlite3_bind_int64(statement, 4, (int64_t)block->bytes);
    (void)sqlite3_bind_blob64(statement, 5, block->data, block->bytes, SQLITE_STATIC);
    mr_status st = mr_embedded_run(statement, appender->topic.name, err);
    (void)sqlite3_clear_bindings(statement); /* always succeeds */
    return st;
}

static mr_status flush_merged(mr_embedded_appender *appender, mr_err *err)
{
    size_t count = appender->merged_count;
    if (count == 0) {
        return MR_OK;
    }
    mr_embedded_block_encode(mr_buffer_text(&appender->merged), count, &appender->block);
    mr_buffer_clear(&appender->merged);
    appender->merged_count = 0;
    return insert_block(appender, &appender->block, count, err);
}

static void place(mr_embedded_appender *appender, mr_bus_batch *batch)
{
    batch->first = (mr_bus_position){0, appender->next_offset};
    appender->next_offset += (int64_t)batch->count;
}

static mr_status append_records(mr_embedded_appender *appender, mr_bus_batch *batch, mr_err *err)
{
    mr_status st = MR_OK;
    if (batch->count == 0) {
        return MR_OK;
    }
    if (batch->precompressed ||
        appender->merged.bytes + batch->records.bytes > mr_embedded_merge_bytes_max) {
        st = flush_merged(appender, err);
    }
    if (st != MR_OK) {
        return st;
    }
    place(appender, batch);
    if (batch->precompressed) {
        return insert_block(appender, &batch->block, batch->count, err);
    }
    bool fits = mr_buffer_append_text(&appender->merged, mr_buffer_text(&batch->records));
    MR_ASSERT(fits);
    appender->merged_count += batch->count;
    return MR_OK;
}

static void bind_mark(sqlite3_stmt *statement, const mr_bus_mark *mark)
{
    /* Binding cannot fail: the indexes are right and nothing is copied. */
    (void)sqlite3_bind_text(statement, 1, mark->group, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, mark->topic, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(statement, 3, mark->partition);
}

/* A mark never set stands at 0, and a negative expected offset asks for just that. */
static bool mark_stands(const mr_bus_mark *mark, bool found, int64_t stands_at)
{
    return found ? stands_at == mark->expected_offset : mark->expected_offset <= 0;
}

static mr_status move_mark(mr_embedded_appender *appender, mr_bus_batch *batch, mr_err *err)
{
    const mr_bus_mark *mark = batch->mark;
    const char *name = appender->topic.name;
    bool found = false;
    int64_t stands_at = 0;

    bind_mark(appender->read_mark, mark);
    mr_status st = mr_embedded_read_integer(appender->read_mark, name, &found, &stands_at, err);
    if (st != MR_OK) {
        return st;
    }
    if (!mark_stands(mark, found, stands_at)) {
        batch->refused = true;
        (void)mr_fail(batch->mark_err, MR_EXISTS,
                      "append to %s: the mark of group %s over %s/%d stands at %lld, not at %lld; "
                      "another writer was first",
                      name, mark->group, mark->topic, mark->partition, (long long)stands_at,
                      (long long)mark->expected_offset);
        return MR_OK;
    }
    bind_mark(appender->write_mark, mark);
    (void)sqlite3_bind_int64(appender->write_mark, 4, mark->next_offset);
    return mr_embedded_run(appender->write_mark, name, err);
}

static mr_status write_batches(mr_embedded_appender *appender, mr_bus_batch *first, mr_err *err)
{
    mr_embedded_bounds bounds = {0, 0};
    mr_status st = mr_embedded_topic_bounds(&appender->topic, &bounds, err);

    appender->next_offset = bounds.next_offset;
    appender->now_ms = mr_now_ms();
    mr_buffer_clear(&appender->merged);
    appender->merged_count = 0;
    for (mr_bus_batch *batch = first; st == MR_OK && batch != NULL; batch = batch->next) {
        if (batch->mark != NULL) {
            st = move_mark(appender, batch, err);
        }
        if (st == MR_OK && !batch->refused) {
            st = append_records(appender, batch, err);
        }
    }
    return st == MR_OK ? flush_merged(appender, err) : st;
}

mr_status mr_embedded_appender_commit(mr_embedded_appender *appender, mr_bus_batch *first,
                                      mr_err *err)
{
    sqlite3 *db = appender->topic.db;
    const char *name = appender->topic.name;

    mr_status st = mr_embedded_begin(db, name, err);
    if (st == MR_OK) {
        st = write_batches(appender, first, err);
        st = mr_embedded_finish(db, st, name, err);
    }
    if (st != MR_OK) {
        return mr_fail_in(err, st, "append to %s", name);
    }
    mr_embedded_signal_raise(appender->topic.signal);
    return MR_OK;
}

void mr_embedded_appender_checkpoint(mr_embedded_appender *appender)
{
    sqlite3 *db = appender->topic.db;
    if (appender->wal_pages < appender->checkpointed_pages) {
        appender->checkpointed_pages = 0; /* it has begun anew */
    }
    if (appender->wal_pages - appender->checkpointed_pages < checkpoint_pages) {
        return;
    }
    appender->checkpointed_pages = appender->wal_pages;
    /* A checkpoint that fails loses nothing and is tried again when the log has grown: by its very
     * nature it is not the failure of any append. */
    if (appender->wal_pages < wal_pages_max) {
        (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        return;
    }
    (void)sqlite3_busy_timeout(db, restart_busy_ms_max);
    (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    (void)sqlite3_busy_timeout(db, mr_embedded_busy_ms_max);
}
