/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_groups.c - <folder>/groups.db: how far each group says it has come.
 *
 * For lag and retention only; the truth is in each group's target. So commits are not synced
 * (synchronous=NORMAL): a power cut may take the last of them back, which makes retention keep
 * more.
 *
 * Called by:  consumers (publish, each over its own connection), retention, status.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "bus/embedded.h"

struct mr_embedded_groups {
    sqlite3 *db;
    sqlite3_stmt *publish;
};

static const mr_embedded_schema groups_schema = {
    .what = "file of groups",
    .application_id = 0x4d524750, /* "MRGP" */
    .version = 1,
    .prepare = "PRAGMA journal_mode = WAL",
    .create = "CREATE TABLE progress (\"group\" TEXT NOT NULL, topic TEXT NOT NULL,"
              " partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,"
              " published_ms INTEGER NOT NULL,"
              " PRIMARY KEY (\"group\", topic, partition)) STRICT, WITHOUT ROWID;"
              "PRAGMA application_id = 1297237840; PRAGMA user_version = 1",
    .connect = "PRAGMA synchronous = NORMAL",
};

static const char sql_publish[] =
    "INSERT INTO progress (\"group\", topic, partition, next_offset, published_ms)"
    " VALUES (?1, ?2, 0, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset,"
    " published_ms = excluded.published_ms";
static const char sql_floor[] = "SELECT min(next_offset) FROM progress WHERE topic = ?1";
static const char sql_visit[] =
    "SELECT \"group\", topic, partition, next_offset, published_ms FROM progress ORDER BY 1, 2, 3";

static const char groups_file[] = "groups.db";

mr_status mr_embedded_groups_open(const mr_embedded *log, mr_embedded_groups **ret_groups,
                                  mr_err *err)
{
    mr_embedded_groups *groups = mr_alloc_zero(1, sizeof *groups);
    mr_status st =
        mr_embedded_database_open(log->folder, groups_file, &groups_schema, &groups->db, err);
    if (st == MR_OK) {
        st = mr_embedded_prepare(groups->db, sql_publish, groups_file, &groups->publish, err);
    }
    if (st != MR_OK) {
        mr_embedded_groups_close(groups);
        return st;
    }
    *ret_groups = groups;
    return MR_OK;
}

void mr_embedded_groups_close(mr_embedded_groups *groups)
{
    if (groups == NULL) {
        return;
    }
    (void)sqlite3_finalize(groups->publish); /* repeats its last step's code */
    int code = sqlite3_close(groups->db);
    MR_ASSERT(code == SQLITE_OK); /* else a statement was left open */
    free(groups);
}

mr_status mr_embedded_groups_publish(mr_embedded_groups *groups, const char *group,
                                     const char *topic, int64_t next_offset, mr_err *err)
{
    /* Binding cannot fail: the indexes are right and nothing is copied. */
    (void)sqlite3_bind_text(groups->publish, 1, group, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(groups->publish, 2, topic, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(groups->publish, 3, next_offset);
    (void)sqlite3_bind_int64(groups->publish, 4, mr_now_ms());
    return mr_embedded_run(groups->publish, groups_file, err);
}

mr_status mr_embedded_groups_floor(const mr_embedded *log, const char *topic, int64_t *ret_offset,
                                   mr_err *err)
{
    mr_embedded_groups *groups = NULL;
    sqlite3_stmt *statement = NULL;
    bool found = false;
    int64_t floor_offset = INT64_MAX;

    mr_status st = mr_embedded_groups_open(log, &groups, err);
    if (st != MR_OK) {
        return st;
    }
    st = mr_embedded_prepare(groups->db, sql_floor, groups_file, &statement, err);
    if (st == MR_OK) {
        (void)sqlite3_bind_text(statement, 1, topic, -1, SQLITE_STATIC); /* nothing is copied */
        st = mr_embedded_read_integer(statement, groups_file, &found, &floor_offset, err);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    mr_embedded_groups_close(groups);
    if (st == MR_OK) {
        *ret_offset = floor_offset;
    }
    return st;
}

static void read_info(sqlite3_stmt *statement, mr_bus_group_info *ret_info)
{
    mr_bus_group_info *info = ret_info;
    (void)snprintf(info->group, sizeof info->group, "%s",
                   (const char *)sqlite3_column_text(statement, 0));
    (void)snprintf(info->topic, sizeof info->topic, "%s",
                   (const char *)sqlite3_column_text(statement, 1));
    info->partition = sqlite3_column_int(statement, 2);
    info->next_offset = sqlite3_column_int64(statement, 3);
    info->published_ms = sqlite3_column_int64(statement, 4);
}

mr_status mr_embedded_groups_visit(void *state, mr_bus_group_fn visit, void *ctx, mr_err *err)
{
    mr_embedded_groups *groups = NULL;
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_ROW;

    mr_status st = mr_embedded_groups_open(state, &groups, err);
    if (st != MR_OK) {
        return st;
    }
    st = mr_embedded_prepare(groups->db, sql_visit, groups_file, &statement, err);
    while (st == MR_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        mr_bus_group_info info;
        read_info(statement, &info);
        if (!visit(ctx, &info)) {
            break;
        }
    }
    if (st == MR_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        st = mr_embedded_fail(err, groups->db, code, "%s: list groups", groups_file);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    mr_embedded_groups_close(groups);
    return st;
}
