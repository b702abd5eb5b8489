/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_retention.c - removes the oldest blocks of a topic, a bounded step a call.
 *
 * Invariants: (1) only whole blocks go, oldest first, so that offsets stay dense from the first;
 *             (2) no record goes that a published group has not taken;
 *             (3) the topic keeps its next offset even when its last block goes.
 * The step is small because appenders wait for it.
 */
#include "base/civil.h"
#include "bus/embedded.h"

enum {
    step_blocks_max = 256,
    step_bytes_max = 8 << 20,
};

typedef struct retention_step {
    int64_t floor_offset;  /* of the groups */
    int64_t expired_ms;    /* appended before: too old */
    uint64_t excess_bytes; /* to be freed */
    uint64_t removed_bytes;
    uint64_t removed_count;
    int64_t first_offset; /* of what stays */
} retention_step;

static const char sql_oldest[] = "SELECT base_offset, count, append_ms, bytes FROM block"
                                 " ORDER BY base_offset LIMIT ?1";
static const char sql_delete[] = "DELETE FROM block WHERE base_offset < ?1";
static const char sql_keep_next[] = "UPDATE topic SET next_offset = ?1";

static bool may_go(const retention_step *step, int64_t end_offset, int64_t append_ms)
{
    return end_offset <= step->floor_offset && step->removed_bytes < step_bytes_max &&
           (append_ms < step->expired_ms || step->removed_bytes < step->excess_bytes);
}

static mr_status choose(mr_embedded_topic *topic, retention_step *step, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_DONE;
    mr_status st = mr_embedded_prepare(topic->db, sql_oldest, topic->name, &statement, err);
    if (st != MR_OK) {
        return st;
    }
    (void)sqlite3_bind_int(statement, 1, step_blocks_max); /* the index is right */
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t count = sqlite3_column_int64(statement, 1);
        int64_t end_offset = sqlite3_column_int64(statement, 0) + count;
        if (!may_go(step, end_offset, sqlite3_column_int64(statement, 2))) {
            break;
        }
        step->first_offset = end_offset;
        step->removed_count += (uint64_t)count;
        step->removed_bytes += (uint64_t)sqlite3_column_int64(statement, 3);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        st = mr_embedded_fail(err, topic->db, code, "topic %s: find old blocks", topic->name);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    return st;
}

static mr_status run_with(mr_embedded_topic *topic, const char *sql, int64_t value, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status st = mr_embedded_prepare(topic->db, sql, topic->name, &statement, err);
    if (st == MR_OK) {
        (void)sqlite3_bind_int64(statement, 1, value); /* the index is right */
        st = mr_embedded_run(statement, topic->name, err);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    return st;
}

static mr_status remove_step(mr_embedded_topic *topic, const mr_embedded *log, retention_step *step,
                             mr_err *err)
{
    mr_embedded_bounds bounds = {0, 0};
    uint64_t bytes = 0;
    mr_status st = mr_embedded_topic_bounds(topic, &bounds, err);
    if (st == MR_OK) {
        st = mr_embedded_topic_bytes(topic, &bytes, err);
    }
    if (st == MR_OK) {
        bool over = log->retention_bytes != 0 && bytes > log->retention_bytes;
        step->excess_bytes = over ? bytes - log->retention_bytes : 0;
        st = choose(topic, step, err);
    }
    if (st != MR_OK || step->removed_count == 0) {
        return st;
    }
    MR_ASSERT(step->first_offset <= bounds.next_offset);
    st = run_with(topic, sql_keep_next, bounds.next_offset, err);
    return st == MR_OK ? run_with(topic, sql_delete, step->first_offset, err) : st;
}

mr_status mr_embedded_retain(void *state, const char *name, uint64_t *ret_removed, mr_err *err)
{
    const mr_embedded *log = state;
    mr_embedded_topic topic = {.db = NULL};
    retention_step step = {.expired_ms = INT64_MIN};

    if (!mr_embedded_topic_exists(log, name)) {
        *ret_removed = 0;
        return MR_OK;
    }
    if (log->retention_ms != 0) {
        int64_t now_ms = mr_now_ms();
        step.expired_ms =
            log->retention_ms < (uint64_t)now_ms ? now_ms - (int64_t)log->retention_ms : 0;
    }
    mr_status st = mr_embedded_groups_floor(log, name, &step.floor_offset, err);
    if (st == MR_OK) {
        st = mr_embedded_topic_open(log, name, &topic, err);
    }
    if (st != MR_OK) {
        return st;
    }
    st = mr_embedded_begin(topic.db, name, err);
    if (st == MR_OK) {
        st = remove_step(&topic, log, &step, err);
        st = mr_embedded_finish(topic.db, st, name, err);
    }
    mr_embedded_topic_close(&topic);
    if (st != MR_OK) {
        return mr_fail_in(err, st, "retention of %s", name);
    }
    *ret_removed = step.removed_count;
    return MR_OK;
}
