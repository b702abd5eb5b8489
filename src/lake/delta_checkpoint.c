/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_checkpoint.c - a table's state as one Parquet file, so that nobody reads the whole
 * log.
 *
 * Rows go by way of JSON in both directions: the same lines as in the log, turned by the engine:
 * the one lent to the table, or one that is opened for the moment alone.
 *
 * Called by:  delta_log.c (reading), delta_commit.c and delta_vacuum.c (writing, cleaning up).
 * Invariants: (1) a checkpoint is durable before _last_checkpoint names it;
 *             (2) clean-up removes only what lies before a complete checkpoint whose own entry is
 *                 past the retention, the oldest thousand first, and keeps that checkpoint and its
 *                 entry.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/civil.h"
#include "base/file.h"
#include "lake/delta_log.h"
#include "lake/delta_sql.h"

enum {
    checkpoint_memory_bytes = 512 << 20,
    checkpoint_sql_bytes_max = 16 << 20,
    checkpoint_lines_bytes_max = 64 << 20, /* an action is shorter */
    checkpoint_lines_bytes_step = 4 << 20,
    checkpoint_small_bytes = 1 << 20,
    checkpoint_interval = 10,
    checkpoint_interval_max = 1000000,
    /* A table with many files is rewritten less often, so that a commit's share stays the same. */
    checkpoint_actions_a_commit = 200,
    checkpoint_stretch_max = 10,
    pointer_bytes_max = 1 << 20,
    clean_names_max = 1024, /* removed together */
};

#define DAY_MS UINT64_C(86400000)
static const uint64_t log_retention_ms = 30 * DAY_MS;
static const uint64_t dead_retention_ms = 7 * DAY_MS;

static const char pointer_name[] = "_last_checkpoint";

/* The engine, for the moment. */
typedef struct checkpoint_engine {
    mr_olap *olap; /* NULL: it is lent */
    mr_olap_connection *connection;
} checkpoint_engine;

void mr_delta_table_lend(mr_delta_table *table, mr_olap_connection *connection)
{
    table->lent = connection;
}

static mr_status engine_open(checkpoint_engine *self, const mr_delta_table *table, mr_err *err)
{
    if (table->lent != NULL) {
        *self = (checkpoint_engine){NULL, table->lent};
        return MR_OK;
    }
    const mr_olap_options options = {
        .memory_bytes_max = checkpoint_memory_bytes, .threads = 1, .preserve_order = true};
    mr_status status = mr_olap_open(&options, &self->olap, err);

    return status == MR_OK ? mr_olap_connect(self->olap, &self->connection, err) : status;
}

static void engine_close(checkpoint_engine *self)
{
    if (self->olap != NULL) {
        mr_olap_disconnect(self->connection);
        mr_olap_close(self->olap);
    }
}

/* --- The pointer ------------------------------------------------------------------------------ */

static void pointer_blob(const mr_delta_table *table, char name[static mr_delta_name_bytes_max])
{
    char folder[mr_delta_name_bytes_max];

    mr_delta_log_folder(table, folder);
    (void)snprintf(name, mr_delta_name_bytes_max, "%.1100s%s", folder, pointer_name);
}

static bool parse_pointer(mr_text json, mr_delta_last_checkpoint *ret_last)
{
    yyjson_doc *document = yyjson_read(json.data, json.bytes, YYJSON_READ_NOFLAG);
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *version = yyjson_obj_get(root, "version");
    yyjson_val *parts = yyjson_obj_get(root, "parts");
    yyjson_val *size = yyjson_obj_get(root, "size");
    /* One that is not classic says so: the listing knows which files there are. */
    bool good = yyjson_is_uint(version) && yyjson_get_uint(version) < (uint64_t)INT64_MAX &&
                yyjson_obj_get(root, "v2Checkpoint") == NULL &&
                (parts == NULL || yyjson_is_null(parts) ||
                 (yyjson_is_uint(parts) && yyjson_get_uint(parts) <= mr_delta_parts_max));

    if (good) {
        ret_last->checkpoint.version = (int64_t)yyjson_get_uint(version);
        ret_last->checkpoint.parts = (uint32_t)yyjson_get_uint(parts);
        ret_last->actions = yyjson_get_uint(size);
    }
    yyjson_doc_free(document);
    return good;
}

mr_status mr_delta_checkpoint_last(mr_delta_table *table, mr_delta_last_checkpoint *ret_last,
                                   mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    mr_buffer json;

    pointer_blob(table, name);
    mr_buffer_init(&json, pointer_bytes_max);
    mr_status status = mr_blob_read(table->blobs, name, &json, err);
    if (status == MR_OK && !parse_pointer(mr_buffer_text(&json), ret_last)) {
        status = mr_fail(err, MR_NOT_FOUND, "%s names no checkpoint", name);
    }
    mr_buffer_free(&json);
    return status;
}

static mr_status write_pointer(mr_delta_table *table, const mr_delta_last_checkpoint *last,
                               uint64_t bytes, uint64_t files, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    char checksum[mr_delta_name_bytes_max];
    char folder[mr_delta_name_bytes_max];
    char json[256];

    pointer_blob(table, name);
    (void)snprintf(json, sizeof json,
                   "{\"version\":%" PRId64 ",\"size\":%" PRIu64 ",\"sizeInBytes\":%" PRIu64
                   ",\"numOfAddFiles\":%" PRIu64 "}",
                   last->checkpoint.version, last->actions, bytes, files);
    mr_status status = mr_blob_replace(table->blobs, name, mr_text_of(json), err);
    if (status == MR_OK) {
        /* Hadoop's checksum of the file that was replaced. */
        mr_delta_log_folder(table, folder);
        (void)snprintf(checksum, sizeof checksum, "%.1100s.%s.crc", folder, pointer_name);
        status = mr_blob_delete(table->blobs, checksum, err);
    }
    return status;
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* *ret_small: it is known to be. */
static mr_status append_source(mr_delta_table *table, mr_delta_checkpoint checkpoint,
                               mr_buffer *sql, bool *ret_small, mr_err *err)
{
    const bool remote = mr_blobs_are_remote(table->blobs);
    uint64_t bytes = 0;
    uint32_t last = checkpoint.parts > 0 ? checkpoint.parts : 1;
    char name[mr_delta_name_bytes_max];
    mr_buffer path;
    mr_status status = MR_OK;

    mr_buffer_init(&path, 8192);
    (void)mr_buffer_append_string(sql, " FROM read_parquet([");
    for (uint32_t part = 1; part <= last && status == MR_OK; part++) {
        mr_blob blob = {.bytes = 0};
        mr_delta_log_checkpoint_name(table, checkpoint, part, name);
        mr_buffer_clear(&path);
        if (!remote) { /* else the path asks */
            status = mr_blob_find(table->blobs, name, &blob, err);
        }
        bytes += blob.bytes;
        if (status == MR_OK) {
            status = mr_blob_path(table->blobs, name, &path, err);
        }
        (void)mr_buffer_append_string(sql, part > 1 ? "," : "");
        (void)mr_olap_quote_text(sql, mr_buffer_text(&path));
    }
    (void)mr_buffer_append_string(sql, "], union_by_name=true)");
    mr_buffer_free(&path);
    *ret_small = !remote && bytes <= checkpoint_small_bytes;
    return status;
}

/* The query's rows are lines as in the log. */
static mr_status apply_rows(mr_delta_table *table, checkpoint_engine *engine, const char *sql,
                            mr_delta_state *state, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_status status = mr_olap_query(engine->connection, sql, false, &result, err);

    while (status == MR_OK) {
        mr_delta_action action;
        status = mr_olap_next(result, err);
        if (status != MR_OK || mr_olap_is_null(result, 0)) {
            continue;
        }
        status = mr_delta_read_action(table->reader, mr_olap_text(result, 0), state->view.meta,
                                      &action, err);
        if (status == MR_OK) {
            status = mr_delta_state_apply(state, &action, err);
        }
    }
    mr_olap_result_free(result);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

typedef struct columns {
    const char *names[8];
    size_t head, count; /* the first ones tell what the others mean */
} columns;

static mr_status find_columns(checkpoint_engine *engine, const char *source, bool keep_dead,
                              columns *ret_columns, mr_err *err)
{
    static const char *const wanted[] = {"protocol", "metaData", "txn", "add", "remove"};
    const size_t wanted_count = sizeof wanted / sizeof wanted[0] - (keep_dead ? 0 : 1);
    mr_olap_result *result = NULL;
    mr_buffer sql;

    *ret_columns = (columns){.count = 0};
    mr_buffer_init(&sql, checkpoint_sql_bytes_max);
    (void)mr_buffer_printf(&sql, "SELECT *%s LIMIT 0", source);
    (void)mr_buffer_append(&sql, "", 1);
    mr_status status = mr_olap_query(engine->connection, sql.data, false, &result, err);
    for (size_t name = 0; status == MR_OK && name < wanted_count; name++) {
        for (size_t i = 0; i < mr_olap_column_count(result); i++) {
            if (strcmp(mr_olap_column_name(result, i), wanted[name]) == 0) {
                ret_columns->names[ret_columns->count++] = wanted[name];
                ret_columns->head += name < 2;
                break;
            }
        }
    }
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
    return status;
}

/* "SELECT CASE WHEN add IS NOT NULL THEN '{"add":' || to_json(add) || '}' ... END FROM ...", of the
 * columns in [first, end); the head before the others. */
static mr_status apply_columns(mr_delta_table *table, checkpoint_engine *engine, const char *source,
                               const columns *all, size_t first, size_t end, mr_delta_state *state,
                               mr_err *err)
{
    mr_buffer sql;

    if (first == end) {
        return MR_OK;
    }
    mr_buffer_init(&sql, checkpoint_sql_bytes_max);
    (void)mr_buffer_append_string(&sql, "SELECT CASE");
    for (size_t i = first; i < end; i++) {
        (void)mr_buffer_printf(&sql,
                               " WHEN \"%s\" IS NOT NULL THEN '{\"%s\":' || "
                               "to_json(\"%s\")::VARCHAR || '}'",
                               all->names[i], all->names[i], all->names[i]);
    }
    (void)mr_buffer_printf(&sql, " END AS action%s", source);
    for (size_t i = first; i < all->head && end > all->head; i++) {
        (void)mr_buffer_printf(&sql, "%s \"%s\" IS NULL", i == first ? " ORDER BY" : " AND",
                               all->names[i]);
    }
    (void)mr_buffer_append(&sql, "", 1);
    mr_status status = apply_rows(table, engine, sql.data, state, err);
    mr_buffer_free(&sql);
    return status;
}

/* A statement costs as much as reading a small file; a large one's rows are not sorted for that. */
static mr_status apply_all(mr_delta_table *table, checkpoint_engine *engine, const char *source,
                           bool small, mr_delta_state *state, mr_err *err)
{
    columns all;
    mr_status status = find_columns(engine, source, state->keep_dead, &all, err);

    if (status == MR_OK && small) {
        return apply_columns(table, engine, source, &all, 0, all.count, state, err);
    }
    if (status == MR_OK) {
        status = apply_columns(table, engine, source, &all, 0, all.head, state, err);
    }
    if (status == MR_OK) {
        status = apply_columns(table, engine, source, &all, all.head, all.count, state, err);
    }
    return status;
}

mr_status mr_delta_checkpoint_read(mr_delta_table *table, mr_delta_checkpoint checkpoint,
                                   mr_delta_state *state, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    checkpoint_engine engine = {NULL, NULL};
    bool small = false;
    mr_buffer source;

    mr_buffer_init(&source, checkpoint_sql_bytes_max);
    mr_status status = append_source(table, checkpoint, &source, &small, err);
    if (status == MR_OK) {
        (void)mr_buffer_append(&source, "", 1);
        status = engine_open(&engine, table, err);
    }
    if (status == MR_OK) {
        status = apply_all(table, &engine, source.data, small, state, err);
    }
    if (status == MR_INVALID) {
        (void)mr_fail_in(err, MR_CORRUPT, "not a checkpoint");
        status = err != NULL ? mr_fail(err, MR_CORRUPT, "%s", err->message) : MR_CORRUPT;
    }
    if (status != MR_OK && status != MR_NOT_FOUND) {
        mr_delta_log_checkpoint_name(table, checkpoint, 1, name);
        (void)mr_fail_in(err, status, "%s", name);
    }
    engine_close(&engine);
    mr_buffer_free(&source);
    return status;
}

/* --- Writing ---------------------------------------------------------------------------------- */

typedef struct lines {
    int fd;
    mr_buffer buffer;
    uint64_t count;
    mr_status status;
} lines;

static void flush_lines(lines *self, size_t bytes_kept, mr_err *err)
{
    if (self->status == MR_OK && self->buffer.overflowed) {
        self->status = mr_fail(err, MR_LIMIT, "an action of the checkpoint is too long");
    }
    if (self->status == MR_OK && self->buffer.bytes > bytes_kept) {
        self->status = mr_write_all(self->fd, self->buffer.data, self->buffer.bytes, err);
        mr_buffer_clear(&self->buffer);
    }
}

static void put_head(lines *self, const mr_delta_state *state)
{
    const mr_delta_view *view = &state->view;

    (void)mr_buffer_printf(&self->buffer,
                           "{\"protocol\":{\"minReaderVersion\":%d,\"minWriterVersion\":%d}}\n",
                           view->protocol.reader_version, view->protocol.writer_version);
    (void)mr_buffer_printf(&self->buffer, "{\"metaData\":%s}\n", view->meta->json);
    for (size_t i = 0; i < view->txns->count; i++) {
        (void)mr_delta_write_txn(&view->txns->items[i], &self->buffer);
    }
    self->count += 2 + view->txns->count;
}

static void put_files(lines *self, const mr_delta_state *state, mr_err *err)
{
    const mr_delta_view *view = &state->view;
    uint64_t retention = mr_delta_meta_interval_ms(view->meta, "delta.deletedFileRetentionDuration",
                                                   dead_retention_ms);
    int64_t now = mr_now_ms();

    for (size_t i = 0; i < state->live.files.count; i++) {
        mr_delta_file file = *mr_delta_files_array_at(&state->live.files, i);
        file.data_change = false; /* of a checkpoint: nothing is new */
        (void)mr_delta_write_add(&file, &view->meta->schema, &self->buffer);
        self->count++;
        flush_lines(self, checkpoint_lines_bytes_step, err);
    }
    for (size_t i = 0; i < state->dead.files.count; i++) {
        const mr_delta_file *file = mr_delta_files_array_at(&state->dead.files, i);
        if (now - file->modified_ms < (int64_t)retention) {
            (void)mr_delta_write_tombstone(file, &self->buffer);
            self->count++;
            flush_lines(self, checkpoint_lines_bytes_step, err);
        }
    }
}

static mr_status write_lines(const mr_delta_state *state, const char *path, uint64_t *ret_count,
                             mr_err *err)
{
    lines self = {.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};

    if (self.fd < 0) {
        return mr_fail(err, MR_IO, "create %s", path);
    }
    mr_buffer_init(&self.buffer, checkpoint_lines_bytes_max);
    put_head(&self, state);
    put_files(&self, state, err);
    flush_lines(&self, 0, err);
    if (close(self.fd) != 0 && self.status == MR_OK) {
        self.status = mr_fail(err, MR_IO, "close %s", path);
    }
    mr_buffer_free(&self.buffer);
    *ret_count = self.count;
    return self.status;
}

static const char lines_columns[] =
    "columns={\"txn\":'STRUCT(\"appId\" VARCHAR, version BIGINT, \"lastUpdated\" BIGINT)',"
    "\"add\":'STRUCT(path VARCHAR, \"partitionValues\" MAP(VARCHAR, VARCHAR), size BIGINT, "
    "\"modificationTime\" BIGINT, \"dataChange\" BOOLEAN, stats VARCHAR, "
    "tags MAP(VARCHAR, VARCHAR))',"
    "\"remove\":'STRUCT(path VARCHAR, \"deletionTimestamp\" BIGINT, \"dataChange\" BOOLEAN, "
    "\"extendedFileMetadata\" BOOLEAN, \"partitionValues\" MAP(VARCHAR, VARCHAR), size BIGINT)',"
    "\"metaData\":'STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, "
    "format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), \"schemaString\" VARCHAR, "
    "\"partitionColumns\" VARCHAR[], configuration MAP(VARCHAR, VARCHAR), \"createdTime\" BIGINT)',"
    "\"protocol\":'STRUCT(\"minReaderVersion\" INTEGER, \"minWriterVersion\" INTEGER)'}";

static mr_status turn_into_parquet(const mr_delta_table *table, const char *from, const char *to,
                                   mr_err *err)
{
    checkpoint_engine engine = {NULL, NULL};
    mr_buffer sql;

    mr_buffer_init(&sql, checkpoint_sql_bytes_max);
    (void)mr_buffer_append_string(&sql, "COPY (SELECT * FROM read_json(");
    (void)mr_olap_quote_text(&sql, mr_text_of(from));
    (void)mr_buffer_printf(&sql, ", format='newline_delimited', maximum_object_size=%d, %s)) TO ",
                           checkpoint_lines_bytes_max, lines_columns);
    (void)mr_olap_quote_text(&sql, mr_text_of(to));
    (void)mr_buffer_append_string(&sql, " (FORMAT parquet, COMPRESSION snappy)");
    (void)mr_buffer_append(&sql, "", 1);
    mr_status status = engine_open(&engine, table, err);
    if (status == MR_OK) {
        status = mr_olap_run(engine.connection, sql.data, err);
    }
    engine_close(&engine);
    mr_buffer_free(&sql);
    return status;
}

/* The checkpoint's file, in the stage, and then in the log. */
static mr_status make_checkpoint(mr_delta_table *table, const mr_delta_state *state,
                                 const char *stage, mr_err *err)
{
    mr_delta_last_checkpoint last = {{state->view.version, 0}, 0};
    char name[mr_delta_name_bytes_max];
    mr_blob blob;
    char *from = mr_path_join(stage, "lines.json");
    char *to = mr_path_join(stage, "checkpoint.parquet");
    mr_status status = write_lines(state, from, &last.actions, err);

    mr_delta_log_checkpoint_name(table, last.checkpoint, 0, name);
    if (status == MR_OK) {
        status = turn_into_parquet(table, from, to, err);
    }
    if (status == MR_OK) {
        status = mr_blob_import_file(table->blobs, to, name, err);
        status = status == MR_EXISTS ? MR_OK : status; /* another one's says the same */
    }
    if (status == MR_OK) {
        status = mr_blobs_sync(table->blobs, err);
    }
    if (status == MR_OK) {
        status = mr_blob_find(table->blobs, name, &blob, err);
    }
    if (status == MR_OK) {
        status = write_pointer(table, &last, blob.bytes, state->live.files.count, err);
    }
    free(from);
    free(to);
    return status;
}

mr_status mr_delta_checkpoint_write(mr_delta_table *table, int64_t version, mr_err *err)
{
    mr_delta_state *state = NULL;
    char *stage = NULL;
    mr_status status = mr_delta_log_load(table, version, true, &state, err);

    if (status == MR_OK) {
        status = mr_blobs_stage(table->blobs, &stage, err);
    }
    if (status == MR_OK) {
        status = make_checkpoint(table, state, stage, err);
    }
    mr_blobs_unstage(table->blobs, stage);
    mr_delta_state_destroy(state);
    if (status != MR_OK) {
        (void)mr_fail_in(err, status, "checkpoint of table %s at version %" PRId64, table->path,
                         version);
    }
    return status;
}

mr_status mr_delta_checkpoint_now(mr_delta_table *table, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = mr_delta_read(table, &snapshot, err);

    if (status == MR_OK) {
        status = mr_delta_checkpoint_write(table, snapshot->view.version, err);
    }
    mr_delta_snapshot_free(snapshot);
    return status;
}

static int64_t interval_of(mr_delta_table *table, const mr_delta_meta *meta)
{
    const char *text = mr_delta_meta_property(meta, "delta.checkpointInterval");
    mr_delta_last_checkpoint last;
    int64_t interval = 0;

    if (text != NULL && mr_parse_int64(mr_text_of(text), &interval) && interval >= 1) {
        return interval < checkpoint_interval_max ? interval : checkpoint_interval_max;
    }
    if (mr_delta_checkpoint_last(table, &last, NULL) != MR_OK) {
        return checkpoint_interval;
    }
    uint64_t stretch = last.actions / checkpoint_interval / checkpoint_actions_a_commit;
    stretch = stretch < 1 ? 1 : stretch;
    stretch = stretch > checkpoint_stretch_max ? checkpoint_stretch_max : stretch;
    return checkpoint_interval * (int64_t)stretch;
}

void mr_delta_checkpoint_when_due(mr_delta_table *table, const mr_delta_meta *meta, int64_t version)
{
    const char *given = mr_delta_meta_property(meta, "delta.checkpointInterval");

    if (version == 0 || (given == NULL && version % checkpoint_interval != 0)) {
        return; /* without a look at the log */
    }
    if (version % interval_of(table, meta) != 0) {
        return;
    }
    if (mr_delta_checkpoint_write(table, version, NULL) == MR_OK) {
        uint64_t removed;
        (void)mr_delta_log_clean(table, meta, false, &removed, NULL); /* the next one tries again */
    }
}

/* --- Cleaning up ------------------------------------------------------------------------------ */

typedef struct cleaning {
    mr_delta_table *table;
    int64_t cutoff_ms;
    mr_delta_checkpoint seen; /* the newest complete one */
    uint32_t seen_parts;
    int64_t keep_from; /* of those whose entry is old enough; -1: none */
    bool dry_run;
    uint64_t removed;
    char *names[clean_names_max];
    size_t name_count;
    mr_status status;
    mr_err *err;
} cleaning;

static bool find_kept(void *ctx, const mr_blob *blob)
{
    cleaning *self = ctx;
    mr_delta_log_name name = mr_delta_log_parse_name(blob->name);

    if (name.kind == MR_DELTA_LOG_CHECKPOINT) {
        if (self->seen.version != name.version || self->seen.parts != name.parts) {
            self->seen = (mr_delta_checkpoint){name.version, name.parts};
            self->seen_parts = 0;
        }
        self->seen_parts++;
    } else if (name.kind == MR_DELTA_LOG_ENTRY) {
        if (blob->modified_ms >= self->cutoff_ms) {
            return false;
        }
        if (self->seen.version == name.version && self->seen_parts >= self->seen.parts) {
            self->keep_from = name.version; /* a checkpoint's name comes before its entry's */
        }
    }
    return true;
}

static bool is_checksum(const char *name, int64_t *ret_version)
{
    const char *at = strrchr(name, '/') + 1;
    uint64_t version;
    bool is = strlen(at) == 24 && strcmp(at + 20, ".crc") == 0 &&
              mr_parse_uint64((mr_text){at, 20}, (uint64_t)INT64_MAX, &version);

    if (is) {
        *ret_version = (int64_t)version;
    }
    return is;
}

static void name_old(void *ctx, size_t index, char *name, size_t room)
{
    (void)snprintf(name, room, "%s", ((const cleaning *)ctx)->names[index]);
}

static void remove_noted(cleaning *self)
{
    if (!self->dry_run && self->status == MR_OK) {
        self->status =
            mr_blobs_delete(self->table->blobs, name_old, self, self->name_count, self->err);
    }
    self->removed += self->status == MR_OK ? self->name_count : 0;
    while (self->name_count > 0) {
        free(self->names[--self->name_count]);
    }
}

static bool note_old(void *ctx, const mr_blob *blob)
{
    cleaning *self = ctx;
    mr_delta_log_name name = mr_delta_log_parse_name(blob->name);

    if (name.kind == MR_DELTA_LOG_OTHER && !is_checksum(blob->name, &name.version)) {
        return true;
    }
    if (name.version >= self->keep_from) {
        return false;
    }
    self->names[self->name_count++] = mr_copy_string(blob->name);
    if (self->name_count == clean_names_max) {
        remove_noted(self);
    }
    return self->status == MR_OK;
}

mr_status mr_delta_log_clean(mr_delta_table *table, const mr_delta_meta *meta, bool dry_run,
                             uint64_t *ret_removed, mr_err *err)
{
    uint64_t retention =
        mr_delta_meta_interval_ms(meta, "delta.logRetentionDuration", log_retention_ms);
    const char *enabled = mr_delta_meta_property(meta, "delta.enableExpiredLogCleanup");
    char folder[mr_delta_name_bytes_max];
    cleaning self = {.table = table,
                     .cutoff_ms = mr_now_ms() - (int64_t)retention,
                     .seen = {-1, 0},
                     .keep_from = -1,
                     .dry_run = dry_run,
                     .status = MR_OK,
                     .err = err};

    mr_delta_log_folder(table, folder);
    if (enabled != NULL && mr_text_equal_ignoring_case(mr_text_of(enabled), mr_text_of("false"))) {
        *ret_removed = 0;
        return MR_OK;
    }
    mr_status status = mr_blob_list(table->blobs, folder, NULL, find_kept, &self, err);
    if (status == MR_OK && self.keep_from > 0) {
        status = mr_blob_list(table->blobs, folder, NULL, note_old, &self, err);
        remove_noted(&self);
    }
    status = status == MR_OK ? self.status : status;
    if (status == MR_OK) {
        *ret_removed = self.removed;
    }
    return status;
}
