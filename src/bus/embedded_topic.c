/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_topic.c - a topic's database file: its schema, its bounds, its marks.
 *
 * A block is a row: the offset of its first record, how many there are, when they were appended and
 * the payload (embedded_block.c). The small columns come first, so that they are read without the
 * payload's overflow pages. Blocks are dense: each begins where the one before ends.
 *
 * topic.next_offset is written by retention only: the next offset is the end of the last block, or,
 * when retention took them all, what it wrote there. So an append changes no row but its own.
 *
 * Space: pages freed by retention are reused before the file grows (no auto_vacuum: its pointer map
 * would be written with every commit, and moving pages would hold the write lock). The file keeps
 * its largest size, which retention bounds.
 *
 * Page size: measured from 4 to 64 KiB (bench/log_bench.c), all within the noise of the disk; 16
 * KiB was never behind, at one event a commit as at 5,000.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "bus/embedded.h"

static const mr_embedded_schema topic_schema = {
    .what = "topic",
    .application_id = 0x4d524c47, /* "MRLG" */
    .version = 1,
    .prepare = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL",
    .create = "CREATE TABLE block (base_offset INTEGER PRIMARY KEY, count INTEGER NOT NULL,"
              " append_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;"
              "CREATE TABLE topic (id INTEGER PRIMARY KEY CHECK (id = 1),"
              " next_offset INTEGER NOT NULL) STRICT;"
              "CREATE TABLE mark (\"group\" TEXT NOT NULL, topic TEXT NOT NULL,"
              " partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,"
              " PRIMARY KEY (\"group\", topic, partition)) STRICT, WITHOUT ROWID;"
              "INSERT INTO topic (id, next_offset) VALUES (1, 0);"
              "PRAGMA application_id = 1297239111; PRAGMA user_version = 1",
    /* Checkpoints are the writer's (embedded_append.c). Freed pages need no zeros: records are
     * removed for their age, not for secrecy. */
    .connect = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
               "PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = OFF",
};

static const char sql_bounds[] =
    "SELECT coalesce((SELECT min(base_offset) FROM block), next_offset),"
    " max(next_offset, coalesce((SELECT base_offset + count FROM block"
    " ORDER BY base_offset DESC LIMIT 1), 0)) FROM topic";
static const char sql_mark[] =
    "SELECT next_offset FROM mark WHERE \"group\" = ?1 AND topic = ?2 AND partition = ?3";
static const char sql_bytes[] =
    "SELECT (p.page_count - f.freelist_count) * s.page_size"
    " FROM pragma_page_count AS p, pragma_freelist_count AS f, pragma_page_size AS s";
static const char sql_last_append[] =
    "SELECT append_ms FROM block ORDER BY base_offset DESC LIMIT 1";

static const char database_suffix[] = ".db";
static const char groups_name[] = "groups"; /* groups.db is not a topic */

static mr_status check_not_reserved(const char *name, mr_err *err)
{
    return strcmp(name, groups_name) != 0
               ? MR_OK
               : mr_fail(err, MR_INVALID, "topic name '%s' is reserved; choose another", name);
}

static void file_name(const char *topic, char ret_name[static mr_embedded_name_bytes_max + 4])
{
    (void)snprintf(ret_name, mr_embedded_name_bytes_max + 4, "%s%s", topic, database_suffix);
}

mr_status mr_embedded_topic_open(const mr_embedded *log, const char *name,
                                 mr_embedded_topic *ret_topic, mr_err *err)
{
    char file[mr_embedded_name_bytes_max + 4];
    mr_embedded_topic topic = {.db = NULL};

    MR_ASSERT(strlen(name) < sizeof topic.name);
    (void)snprintf(topic.name, sizeof topic.name, "%s", name);
    file_name(name, file);
    mr_status st = check_not_reserved(name, err);
    if (st == MR_OK) {
        st = mr_embedded_signal_open(log->folder, name, &topic.signal, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_database_open(log->folder, file, &topic_schema, &topic.db, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_prepare(topic.db, sql_bounds, name, &topic.bounds, err);
    }
    if (st != MR_OK) {
        mr_embedded_topic_close(&topic);
        return mr_fail_in(err, st, "topic %s", name);
    }
    *ret_topic = topic;
    return MR_OK;
}

void mr_embedded_topic_close(mr_embedded_topic *topic)
{
    (void)sqlite3_finalize(topic->bounds); /* repeats its last step's code */
    int code = sqlite3_close(topic->db);
    MR_ASSERT(code == SQLITE_OK); /* else a statement was left open */
    mr_embedded_signal_close(topic->signal);
    *topic = (mr_embedded_topic){.db = NULL};
}

mr_status mr_embedded_topic_bounds(mr_embedded_topic *topic, mr_embedded_bounds *ret_bounds,
                                   mr_err *err)
{
    int code = sqlite3_step(topic->bounds);
    mr_embedded_bounds bounds = {0, 0};
    if (code == SQLITE_ROW) {
        bounds.first_offset = sqlite3_column_int64(topic->bounds, 0);
        bounds.next_offset = sqlite3_column_int64(topic->bounds, 1);
    }
    (void)sqlite3_reset(topic->bounds); /* repeats the step's code */
    if (code == SQLITE_DONE || bounds.first_offset < 0 ||
        bounds.next_offset < bounds.first_offset) {
        return mr_fail(err, MR_CORRUPT, "topic %s: its bounds %lld to %lld make no sense",
                       topic->name, (long long)bounds.first_offset, (long long)bounds.next_offset);
    }
    if (code != SQLITE_ROW) {
        return mr_embedded_fail(err, topic->db, code, "topic %s: read its bounds", topic->name);
    }
    *ret_bounds = bounds;
    return MR_OK;
}

static mr_status query_integer(mr_embedded_topic *topic, const char *sql, bool *ret_found,
                               int64_t *ret_value, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status st = mr_embedded_prepare(topic->db, sql, topic->name, &statement, err);
    if (st == MR_OK) {
        st = mr_embedded_read_integer(statement, topic->name, ret_found, ret_value, err);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    return st;
}

mr_status mr_embedded_topic_bytes(mr_embedded_topic *topic, uint64_t *ret_bytes, mr_err *err)
{
    bool found = false;
    int64_t bytes = 0;
    mr_status st = query_integer(topic, sql_bytes, &found, &bytes, err);
    if (st == MR_OK) {
        MR_ASSERT(found && bytes >= 0);
        *ret_bytes = (uint64_t)bytes;
    }
    return st;
}

bool mr_embedded_topic_exists(const mr_embedded *log, const char *name)
{
    char file[mr_embedded_name_bytes_max + 4];
    file_name(name, file);
    char *path = mr_path_join(log->folder, file);
    bool exists = access(path, F_OK) == 0;
    free(path);
    return exists;
}

static mr_status read_mark(mr_embedded_topic *target, const char *group, const char *topic,
                           int32_t partition, bool *ret_found, int64_t *ret_next_offset,
                           mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status st = mr_embedded_prepare(target->db, sql_mark, target->name, &statement, err);
    if (st == MR_OK) {
        (void)sqlite3_bind_text(statement, 1, group, -1, SQLITE_STATIC); /* cannot fail: no copy */
        (void)sqlite3_bind_text(statement, 2, topic, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int(statement, 3, partition);
        st = mr_embedded_read_integer(statement, target->name, ret_found, ret_next_offset, err);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    return st;
}

mr_status mr_embedded_mark_read(void *state, const char *target_topic, const char *group,
                                const char *topic, int32_t partition, int64_t *ret_next_offset,
                                mr_err *err)
{
    const mr_embedded *log = state;
    mr_embedded_topic target = {.db = NULL};
    bool found = false;
    mr_status st = MR_OK;

    if (mr_embedded_topic_exists(log, target_topic)) {
        st = mr_embedded_topic_open(log, target_topic, &target, err);
        if (st != MR_OK) {
            return st;
        }
        st = read_mark(&target, group, topic, partition, &found, ret_next_offset, err);
        mr_embedded_topic_close(&target);
    }
    if (st == MR_OK && !found) {
        st = mr_fail(err, MR_NOT_FOUND, "topic %s holds no mark of group %s over %s/%d",
                     target_topic, group, topic, partition);
    }
    return st;
}

static mr_status describe(const mr_embedded *log, const char *name, mr_bus_topic_info *ret_info,
                          mr_err *err)
{
    mr_embedded_topic topic = {.db = NULL};
    mr_embedded_bounds bounds = {0, 0};
    mr_bus_topic_info info = {.partition = 0};
    bool found = false;

    mr_status st = mr_embedded_topic_open(log, name, &topic, err);
    if (st != MR_OK) {
        return st;
    }
    (void)snprintf(info.topic, sizeof info.topic, "%s", name);
    st = mr_embedded_topic_bounds(&topic, &bounds, err);
    if (st == MR_OK) {
        st = mr_embedded_topic_bytes(&topic, &info.bytes, err);
    }
    if (st == MR_OK) {
        st = query_integer(&topic, sql_last_append, &found, &info.last_append_ms, err);
    }
    if (st == MR_OK) {
        info.first_offset = bounds.first_offset;
        info.next_offset = bounds.next_offset;
        *ret_info = info;
    }
    mr_embedded_topic_close(&topic);
    return st;
}

static int names_topic(const struct dirent *entry)
{
    size_t bytes = strlen(entry->d_name);
    size_t suffix = sizeof database_suffix - 1;
    return bytes > suffix && bytes - suffix < mr_embedded_name_bytes_max &&
           entry->d_name[0] != '.' &&
           strcmp(entry->d_name + bytes - suffix, database_suffix) == 0 &&
           strcmp(entry->d_name, "groups.db") != 0;
}

static mr_status visit_one(const mr_embedded *log, const char *name, mr_bus_topic_fn visit,
                           void *ctx, mr_err *err)
{
    mr_bus_topic_info info;
    if (strcmp(name, groups_name) == 0 || !mr_embedded_topic_exists(log, name)) {
        return MR_OK;
    }
    mr_status st = describe(log, name, &info, err);
    if (st == MR_OK) {
        (void)visit(ctx, &info); /* there is no other to go on to */
    }
    return st;
}

mr_status mr_embedded_topics(void *state, const char *only, mr_bus_topic_fn visit, void *ctx,
                             mr_err *err)
{
    const mr_embedded *log = state;
    struct dirent **entries = NULL;
    mr_status st = MR_OK;
    bool more = true;

    if (only != NULL) {
        return visit_one(log, only, visit, ctx, err);
    }
    int count = scandir(log->folder, &entries, names_topic, alphasort);
    if (count < 0) {
        return mr_fail_errno(err, errno, "list %s", log->folder);
    }
    for (int index = 0; index < count; index++) {
        mr_bus_topic_info info;
        char *name = entries[index]->d_name;
        name[strlen(name) - (sizeof database_suffix - 1)] = '\0';
        if (st == MR_OK && more) {
            st = describe(log, name, &info, err);
            more = st == MR_OK && visit(ctx, &info);
        }
        free(entries[index]);
    }
    free(entries);
    return st;
}

mr_status mr_embedded_topic_create(void *state, const char *name, int32_t partitions,
                                   int32_t replication, mr_err *err)
{
    const mr_embedded *log = state;
    mr_embedded_topic topic = {0};

    if (partitions > 1 || replication > 1) {
        return mr_fail(err, MR_INVALID,
                       "topic %s: the embedded log keeps one partition, and one copy of it; Kafka "
                       "keeps more",
                       name);
    }
    if (mr_embedded_topic_exists(log, name)) {
        return mr_fail(err, MR_EXISTS, "topic %s exists already", name);
    }
    mr_status st = mr_embedded_topic_open(log, name, &topic, err);
    if (st == MR_OK) {
        mr_embedded_topic_close(&topic);
    }
    return st;
}
