/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_write.c - the engine's rows as Parquet files of a table.
 *
 * The engine writes into a stage; what it wrote gets its statistics, its name in the table and its
 * place on stable storage. Nothing is visible before a commit names it.
 *
 * Called by:  sinks, the runner, optimize; one thread a table handle and connection.
 * Invariants: every column has the schema's type in the file; a timestamp is an instant there
 *             (isAdjustedToUTC); names are unique, so that no file is ever written twice.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/random.h"
#include "base/thread.h"
#include "lake/delta_path.h"
#include "lake/delta_write.h"

/* Of a column with more different values in a row group hardly any comes twice (identities, places
 * in the log): the engine's own limit has it look for them half as long as all the writing takes.
 */
enum { dictionary_values_max = 8192 };

enum { small_target_bytes = 4 << 20, parts_max = 64 };

static const size_t files_arena_bytes_max = (size_t)1 << 30;

struct mr_delta_files {
    mr_arena *arena;
    mr_delta_file *items;
    size_t count;
    int64_t rows;
};

/* Rows at hand that go into one folder: all, or those of a partition. */
typedef struct part {
    int64_t values[mr_delta_partitions_max];
    bool null[mr_delta_partitions_max];
    int64_t rows;
    char *sum; /* malloc'd; NULL: not asked for */
} part;

typedef struct writing {
    mr_delta_table *table;
    mr_olap_connection *connection;
    const mr_delta_write *write;
    char *folder; /* in the stage, where the engine writes */
    mr_delta_written_list written;
    bool in_place; /* what is written lies in the table under its own name */
    mr_delta_files *files;
    char schema_tag[mr_delta_schema_tag_bytes];
} writing;

/* --- The COPY --------------------------------------------------------------------------------- */

static void put_column(const mr_delta_field *field, mr_buffer *sql)
{
    mr_text name = mr_text_of(field->name);

    if (strcmp(field->type, "timestamp") == 0) {
        (void)mr_buffer_append_string(sql, "make_timestamptz(epoch_us(");
        (void)mr_olap_quote_name(sql, name);
        (void)mr_buffer_append_string(sql, ")) AS ");
    } else {
        (void)mr_buffer_append_string(sql, "CAST(");
        (void)mr_olap_quote_name(sql, name);
        (void)mr_buffer_append_string(sql, " AS ");
        (void)mr_delta_type_sql(field->type, sql);
        (void)mr_buffer_append_string(sql, ") AS ");
    }
    (void)mr_olap_quote_name(sql, name);
}

static bool looks_at_partitions(const mr_delta_write *write)
{
    return write->schema->partition_columns[0] != NULL && write->partition_values == NULL;
}

static void put_columns(const mr_delta_write *write, bool sorts_out, mr_buffer *sql)
{
    const char *comma = "";

    for (size_t i = 0; i < write->schema->field_count; i++) {
        const mr_delta_field *field = &write->schema->fields[i];
        bool partition = mr_delta_schema_is_partition(write->schema, field->name);
        if (partition && strcmp(field->type, "timestamp") == 0 && sorts_out) {
            /* As text in the folder's name: without a zone. */
            (void)mr_buffer_append_string(sql, comma);
            (void)mr_buffer_append_string(sql, "CAST(make_timestamp(epoch_us(");
            (void)mr_olap_quote_name(sql, mr_text_of(field->name));
            (void)mr_buffer_append_string(sql, ")) AS VARCHAR) AS ");
            (void)mr_olap_quote_name(sql, mr_text_of(field->name));
            comma = ", ";
        } else if (!partition || sorts_out) {
            (void)mr_buffer_append_string(sql, comma);
            put_column(field, sql);
            comma = ", ";
        }
    }
}

static void put_names(const mr_delta_schema *schema, bool partitions_only, mr_buffer *sql)
{
    const char *comma = "";

    for (size_t i = 0; !partitions_only && i < schema->field_count; i++) {
        (void)mr_buffer_append_string(sql, comma);
        (void)mr_olap_quote_name(sql, mr_text_of(schema->fields[i].name));
        comma = ", ";
    }
    for (size_t i = 0; partitions_only && i < mr_delta_partitions_max; i++) {
        if (schema->partition_columns[i] == NULL) {
            break;
        }
        (void)mr_buffer_append_string(sql, comma);
        (void)mr_olap_quote_name(sql, mr_text_of(schema->partition_columns[i]));
        comma = ", ";
    }
}

static void put_source(const mr_delta_write *write, mr_buffer *sql)
{
    (void)mr_buffer_append_string(sql, " FROM (");
    (void)mr_buffer_append_string(sql, write->select);
    (void)mr_buffer_append_string(sql, "\n) AS source(");
    put_names(write->schema, false, sql);
    (void)mr_buffer_append_string(sql, ")");
}

static void put_where(const mr_delta_schema *schema, const part *of, mr_buffer *sql)
{
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        (void)mr_buffer_append_string(sql, i == 0 ? " WHERE " : " AND ");
        (void)mr_olap_quote_name(sql, mr_text_of(schema->partition_columns[i]));
        if (of->null[i]) {
            (void)mr_buffer_append_string(sql, " IS NULL");
        } else {
            (void)mr_buffer_printf(sql, " = %" PRId64, of->values[i]);
        }
    }
}

/* The stage's folder, with "/month=201012" behind it for a partition. */
static void put_folder(const writing *self, const part *of, mr_buffer *out)
{
    const mr_delta_schema *schema = self->write->schema;
    char value[32];

    (void)mr_buffer_append_string(out, self->folder);
    for (size_t i = 0; of != NULL && looks_at_partitions(self->write) &&
                       i < mr_delta_partitions_max && schema->partition_columns[i] != NULL;
         i++) {
        (void)snprintf(value, sizeof value, "%" PRId64, of->values[i]);
        (void)mr_buffer_append_string(out, "/");
        (void)mr_delta_hive_append(schema->partition_columns[i], of->null[i] ? NULL : value, out);
    }
}

/* of NULL: all rows, which the engine sorts out by partitions where there are any. */
static mr_status put_copy(const writing *self, const part *of, mr_buffer *sql, mr_err *err)
{
    const mr_delta_write *write = self->write;
    const bool sorts_out = of == NULL && looks_at_partitions(write);
    uint64_t target =
        write->file_bytes_target > 0 ? write->file_bytes_target : MR_DELTA_FILE_BYTES_TARGET;
    mr_buffer folder;

    mr_buffer_init(&folder, 8192);
    put_folder(self, of, &folder);
    (void)mr_buffer_append_string(sql, "COPY (SELECT ");
    put_columns(write, sorts_out, sql);
    put_source(write, sql);
    if (of != NULL && looks_at_partitions(write)) {
        put_where(write->schema, of, sql);
    }
    if (write->order != NULL) {
        (void)mr_buffer_printf(sql, " ORDER BY %s", write->order);
    }
    (void)mr_buffer_append_string(sql, ") TO ");
    (void)mr_olap_quote_text(sql, mr_buffer_text(&folder));
    /* Nobody looks for single values of our files, which is what Bloom filters are for. */
    (void)mr_buffer_printf(sql,
                           " (FORMAT parquet, COMPRESSION snappy, WRITE_BLOOM_FILTER false, "
                           "DICTIONARY_SIZE_LIMIT %d, FILENAME_PATTERN 'part-{uuid}', RETURN_STATS",
                           dictionary_values_max);
    if (sorts_out) {
        (void)mr_buffer_append_string(sql, ", PARTITION_BY (");
        put_names(write->schema, true, sql);
        (void)mr_buffer_append_string(sql, "))");
    } else {
        /* A file ends behind a row group: small files need small ones. */
        (void)mr_buffer_printf(sql, ", FILE_SIZE_BYTES %" PRIu64 "%s)", target,
                               target <= small_target_bytes ? ", ROW_GROUP_SIZE 16384" : "");
    }
    bool fits = !folder.overflowed && mr_buffer_append(sql, "", 1);
    mr_buffer_free(&folder);
    return fits ? MR_OK
                : mr_fail(err, MR_LIMIT, "the query has over %d bytes", mr_delta_sql_bytes_max);
}

static void note_written(const writing *self, mr_delta_written_list *list, mr_text path,
                         int64_t rows)
{
    char *copy = mr_alloc(path.bytes + 1);

    memcpy(copy, path.data, path.bytes);
    copy[path.bytes] = '\0';
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        list->items = mr_realloc(list->items, list->capacity * sizeof *list->items);
    }
    MR_ASSERT(strncmp(copy, self->folder, strlen(self->folder)) == 0);
    list->items[list->count++] =
        (mr_delta_written){.path = copy, .relative = copy + strlen(self->folder) + 1, .rows = rows};
}

static mr_status run_copy(const writing *self, mr_olap_connection *connection, const part *of,
                          mr_delta_written_list *list, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_buffer sql;

    mr_buffer_init(&sql, mr_delta_sql_bytes_max);
    mr_status status = put_copy(self, of, &sql, err);
    if (status == MR_OK) {
        status = mr_olap_query(connection, sql.data, false, &result, err);
    }
    while (status == MR_OK) {
        status = mr_olap_next(result, err);
        if (status == MR_OK && mr_olap_int64(result, 1) > 0) { /* no rows: still a file */
            note_written(self, list, mr_olap_text(result, 0), mr_olap_int64(result, 1));
            mr_file_write_behind(list->items[list->count - 1].path);
        }
    }
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* --- Rows at hand ----------------------------------------------------------------------------- */

/* Whole numbers are the partitions that can be told apart by a WHERE without more ado. Rows of one
 * part, without a sum, have nothing to be asked for. */
static bool goes_by_parts(const mr_delta_write *write)
{
    const mr_delta_schema *schema = write->schema;
    bool whole =
        write->at_hand && (write->sum_column != NULL || schema->partition_columns[0] != NULL);

    for (size_t i = 0; whole && i < schema->field_count; i++) {
        const mr_delta_field *field = &schema->fields[i];
        whole = !mr_delta_schema_is_partition(schema, field->name) ||
                strcmp(field->type, "integer") == 0 || strcmp(field->type, "long") == 0;
    }
    return whole && (write->partition_values == NULL || schema->partition_columns[0] == NULL);
}

/* "SELECT count(*), sum(amount), month FROM (...) GROUP BY month", of values as the files get them
 */
static bool put_parts(const mr_delta_write *write, mr_buffer *sql)
{
    const bool partitions = looks_at_partitions(write);

    (void)mr_buffer_append_string(sql, "SELECT count(*), ");
    if (write->sum_column != NULL) {
        mr_delta_put_sum(write->sum_column, sql);
    } else {
        (void)mr_buffer_append_string(sql, "NULL");
    }
    (void)mr_buffer_append_string(sql, partitions ? ", " : "");
    put_names(write->schema, true, sql);
    (void)mr_buffer_append_string(sql, " FROM (SELECT ");
    put_columns(write, partitions, sql);
    put_source(write, sql);
    (void)mr_buffer_append_string(sql, ") AS rows_written");
    if (partitions) {
        (void)mr_buffer_append_string(sql, " GROUP BY ");
        put_names(write->schema, true, sql);
        (void)mr_buffer_append_string(sql, " ORDER BY ");
        put_names(write->schema, true, sql);
    }
    return mr_buffer_append(sql, "", 1);
}

static void take_part(const writing *self, const mr_olap_result *result, part *to)
{
    const mr_delta_schema *schema = self->write->schema;
    mr_buffer sum;

    *to = (part){.rows = mr_olap_int64(result, 0)};
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        to->null[i] = mr_olap_is_null(result, 2 + i);
        to->values[i] = to->null[i] ? 0 : mr_olap_int64(result, 2 + i);
    }
    mr_buffer_init(&sum, 256);
    if (self->write->sum_column != NULL && mr_olap_write_text(result, 1, &sum) &&
        mr_buffer_append(&sum, "", 1)) {
        to->sum = sum.data;
    } else {
        mr_buffer_free(&sum);
    }
}

/* *ret_count: parts_max + 1 where there are more of them. */
static mr_status find_parts(const writing *self, part parts[static parts_max + 1],
                            size_t *ret_count, mr_err *err)
{
    mr_olap_result *result = NULL;
    size_t count = 0;
    mr_buffer sql;

    mr_buffer_init(&sql, mr_delta_sql_bytes_max);
    mr_status status =
        put_parts(self->write, &sql)
            ? mr_olap_query(self->connection, sql.data, false, &result, err)
            : mr_fail(err, MR_LIMIT, "the query has over %d bytes", mr_delta_sql_bytes_max);
    while (status == MR_OK && count <= parts_max && (status = mr_olap_next(result, err)) == MR_OK) {
        take_part(self, result, &parts[count++]);
    }
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
    *ret_count = count;
    return status == MR_NOT_FOUND ? MR_OK : status;
}

typedef struct part_list {
    part items[parts_max + 1];
    size_t count;
    atomic_size_t next; /* to be taken by a copier */
    atomic_bool failed;
} part_list;

/* Takes part after part; each on a thread and a connection of its own. */
typedef struct copier {
    const writing *self;
    mr_olap_connection *connection;
    part_list *parts;
    mr_delta_written_list written;
    mr_status status;
    mr_err err;
} copier;

/* A part that became one file gives it its sum; one of several files leaves theirs to be read. */
static mr_status copy_part(copier *c, part *of)
{
    const size_t before = c->written.count;
    mr_status status = run_copy(c->self, c->connection, of, &c->written, &c->err);

    if (status == MR_OK && c->written.count == before + 1 &&
        c->written.items[before].rows == of->rows) {
        c->written.items[before].sum = of->sum;
        of->sum = NULL;
    }
    return status;
}

static void *run_copier(void *ctx)
{
    copier *c = ctx;
    part_list *parts = c->parts;

    for (size_t i = atomic_fetch_add(&parts->next, 1);
         i < parts->count && !atomic_load(&parts->failed); i = atomic_fetch_add(&parts->next, 1)) {
        c->status = parts->items[i].rows > 0 ? copy_part(c, &parts->items[i]) : MR_OK;
        if (c->status != MR_OK) {
            atomic_store(&parts->failed, true);
            break;
        }
    }
    return NULL;
}

static void take_written(writing *self, mr_delta_written_list *from)
{
    mr_delta_written_list *to = &self->written;
    const size_t count = to->count + from->count;

    if (from->count > 0) {
        to->items = mr_realloc(to->items, count * sizeof *to->items);
        memcpy(to->items + to->count, from->items, from->count * sizeof *from->items);
        to->count = count;
        to->capacity = count;
    }
    free(from->items);
    *from = (mr_delta_written_list){.items = NULL};
}

/* A part is one row group or few of them, of which the engine makes each on one core alone. */
static mr_status copy_parts(writing *self, part_list *parts, mr_err *err)
{
    copier copiers[2] = {
        {.self = self, .connection = self->connection, .parts = parts},
        {.self = self, .connection = self->write->connection_beside, .parts = parts}};
    pthread_t thread;
    const bool beside = copiers[1].connection != NULL && parts->count > 1 &&
                        mr_thread_start(&thread, "lake-writer", run_copier, &copiers[1]) == 0;
    mr_status status = MR_OK;

    (void)run_copier(&copiers[0]);
    if (beside) {
        (void)pthread_join(thread, NULL);
    }
    for (size_t i = 0; i < 2; i++) {
        take_written(self, &copiers[i].written);
        if (status == MR_OK && copiers[i].status != MR_OK) {
            status = copiers[i].status;
            *err = copiers[i].err;
        }
    }
    return status;
}

static mr_status copy_rows(writing *self, mr_err *err)
{
    part_list parts = {.count = 0};

    if (!goes_by_parts(self->write)) {
        return run_copy(self, self->connection, NULL, &self->written, err);
    }
    mr_status status = find_parts(self, parts.items, &parts.count, err);
    if (status == MR_OK && parts.count > parts_max) {
        status = run_copy(self, self->connection, NULL, &self->written, err);
    } else if (status == MR_OK) {
        status = looks_at_partitions(self->write) ? mr_folder_create(self->folder, err) : MR_OK;
        status = status == MR_OK ? copy_parts(self, &parts, err) : status;
    }
    for (size_t i = 0; i < parts.count; i++) {
        free(parts.items[i].sum);
    }
    return status;
}

/* --- Into the table --------------------------------------------------------------------------- */

static const char *keep(writing *self, mr_text text)
{
    mr_text copy = MR_TEXT_ABSENT;
    bool kept = mr_arena_copy(self->files->arena, text, &copy);

    MR_ASSERT(kept); /* a few hundred bytes a file */
    return copy.data;
}

/* "a=x/b=y/" of the folder the engine chose, or of the values given. */
static mr_status read_partition(writing *self, const mr_delta_written *written, mr_delta_file *file,
                                mr_err *err)
{
    const mr_delta_schema *schema = self->write->schema;
    const char *at = written->relative;

    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        const char *equals = strchr(at, '=');
        const char *end = equals != NULL ? strchr(equals, '/') : NULL;
        if (end == NULL) {
            return mr_fail(err, MR_IO, "the engine wrote %s: no partition", written->relative);
        }
        mr_text value = {equals + 1, (size_t)(end - equals - 1)};
        mr_buffer decoded;
        mr_buffer_init(&decoded, value.bytes + 1);
        bool done = mr_delta_path_decode(value, &decoded);
        if (done && !mr_text_equal(value, MR_TEXT_LITERAL(MR_DELTA_HIVE_NULL))) {
            file->partition_values[i] = keep(self, mr_buffer_text(&decoded));
        }
        mr_buffer_free(&decoded);
        if (!done) {
            return mr_fail(err, MR_IO, "the engine wrote %s: not a folder's name",
                           written->relative);
        }
        at = end + 1;
    }
    return MR_OK;
}

static mr_status find_partition(writing *self, const mr_delta_written *written, mr_delta_file *file,
                                mr_err *err)
{
    const mr_delta_schema *schema = self->write->schema;

    if (looks_at_partitions(self->write)) {
        return read_partition(self, written, file, err);
    }
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        const char *value = self->write->partition_values[i];
        file->partition_values[i] =
            value != NULL && value[0] != '\0' ? keep(self, mr_text_of(value)) : NULL;
    }
    return MR_OK;
}

static void put_tags(const writing *self, const mr_delta_written *written, mr_buffer *out)
{
    (void)mr_buffer_printf(out, "{\"millrace.schema\":\"%s\"", self->schema_tag);
    if (written->sum != NULL) {
        (void)mr_buffer_printf(out,
                               ",\"millrace.sum\":\"%s\",\"millrace.sum.column\":", written->sum);
        (void)mr_buffer_append_json_string(out, mr_text_of(self->write->sum_column));
    }
    if (self->write->tag != NULL) {
        (void)mr_buffer_printf(out, ",\"millrace.%s\":\"true\"", self->write->tag);
    }
    (void)mr_buffer_append_string(out, "}");
}

static void put_path(const writing *self, const mr_delta_file *file, mr_buffer *out)
{
    const mr_delta_schema *schema = self->write->schema;
    uint8_t id[16];
    char hex[33];

    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        (void)mr_delta_hive_append(schema->partition_columns[i], file->partition_values[i], out);
        (void)mr_buffer_append(out, "/", 1);
    }
    mr_random_secret(id, sizeof id);
    mr_hex_encode(id, sizeof id, hex);
    (void)mr_buffer_printf(out, "part-%.8s-%.4s-%.4s-%.4s-%.12s.snappy.parquet", hex, hex + 8,
                           hex + 12, hex + 16, hex + 20);
}

/* What the log will say of a written file, and the name it becomes a blob by. */
static mr_status name_file(writing *self, const mr_delta_written *written, mr_delta_file *ret_file,
                           mr_blob_import *ret_import, mr_err *err)
{
    mr_delta_file file = {.rows = written->rows, .data_change = true};
    char name[mr_delta_name_bytes_max];
    mr_buffer text;

    mr_buffer_init(&text, 8192);
    mr_status status = find_partition(self, written, &file, err);
    if (status == MR_OK) {
        if (self->in_place) {
            (void)mr_buffer_append_string(&text, written->relative);
        } else {
            put_path(self, &file, &text);
        }
        file.path = keep(self, mr_buffer_text(&text));
        mr_buffer_clear(&text);
        put_tags(self, written, &text);
        file.tags = keep(self, mr_buffer_text(&text));
        file.stats = written->stats != NULL ? keep(self, mr_text_of(written->stats)) : NULL;
        int length = snprintf(name, sizeof name, "%s/%s", self->table->path, file.path);
        if (text.overflowed || length < 0 || (size_t)length >= sizeof name) {
            status = mr_fail(err, MR_LIMIT, "the values of a partition are too long for a path");
        }
    }
    if (status == MR_OK) {
        *ret_file = file;
        *ret_import = (mr_blob_import){.file = written->path, .name = keep(self, mr_text_of(name))};
    }
    mr_buffer_free(&text);
    return status;
}

static mr_status find_blobs(writing *self, mr_blob_import *files, size_t count, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = mr_blob_find(self->table->blobs, files[i].name, &files[i].blob, err);
        files[i].done = status == MR_OK;
    }
    return status;
}

static mr_status import_files(writing *self, mr_err *err)
{
    size_t count = self->written.count;
    mr_delta_file *files = mr_alloc_zero(count + 1, sizeof *files);
    mr_blob_import *imports = mr_alloc_zero(count + 1, sizeof *imports);
    mr_status status = MR_OK;

    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = name_file(self, &self->written.items[i], &files[i], &imports[i], err);
    }
    if (status == MR_OK) {
        status = self->in_place ? find_blobs(self, imports, count, err)
                                : mr_blobs_import(self->table->blobs, imports, count, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (imports[i].done) { /* it can be discarded, should others have failed */
            files[i].bytes = imports[i].blob.bytes;
            files[i].modified_ms = imports[i].blob.modified_ms;
            self->files->rows += files[i].rows;
            files[self->files->count++] = files[i];
        }
    }
    self->files->items = files;
    free(imports);
    return status == MR_OK ? mr_blobs_sync(self->table->blobs, err) : status;
}

/* --- The interface ---------------------------------------------------------------------------- */

static mr_status write_staged(writing *self, mr_err *err)
{
    mr_status status = copy_rows(self, err);

    if (status == MR_OK) {
        status = mr_delta_stats_read(self->connection, self->write, &self->written, err);
    }
    return status == MR_OK ? import_files(self, err) : status;
}

static void free_written(mr_delta_written_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].stats);
        free(list->items[i].sum);
    }
    free(list->items);
}

static void begin(writing *self, char *folder)
{
    self->folder = folder;
    self->files = mr_alloc_zero(1, sizeof *self->files);
    self->files->arena = mr_arena_create(files_arena_bytes_max);
    mr_delta_schema_tag(self->write->schema, self->schema_tag);
}

static mr_status finish(writing *self, mr_status status, mr_delta_files **ret_files, mr_err *err)
{
    free_written(&self->written);
    free(self->folder);
    if (status != MR_OK) {
        mr_delta_files_discard(self->table, self->files);
        mr_delta_files_free(self->files);
        return mr_fail_in(err, status, "write to table %s", self->table->path);
    }
    *ret_files = self->files;
    return MR_OK;
}

mr_status mr_delta_write_rows(mr_delta_table *table, mr_olap_connection *connection,
                              const mr_delta_write *write, mr_delta_files **ret_files, mr_err *err)
{
    writing self = {.table = table, .connection = connection, .write = write};
    char *stage = NULL;
    mr_status status = mr_delta_schema_check(write->schema, err);

    if (status == MR_OK) {
        status = mr_blobs_stage(table->blobs, &stage, err);
    }
    if (status == MR_OK) {
        begin(&self, mr_path_join(stage, "rows"));
        status = write_staged(&self, err);
    }
    mr_blobs_unstage(table->blobs, stage);
    return finish(&self, status, ret_files, err);
}

mr_status mr_delta_adopt(mr_delta_table *table, const mr_delta_write *write, const char *folder,
                         const mr_delta_foreign *files, size_t count, mr_delta_files **ret_files,
                         mr_err *err)
{
    writing self = {.table = table, .write = write, .in_place = folder == NULL};
    mr_status status = mr_delta_schema_check(write->schema, err);

    folder = folder == NULL ? table->path : folder;
    if (status == MR_OK) {
        begin(&self, mr_copy_string(folder));
        for (size_t i = 0; i < count; i++) {
            char *path = mr_path_join(folder, files[i].path);
            note_written(&self, &self.written, mr_text_of(path), files[i].rows);
            free(path);
            mr_delta_written *written = &self.written.items[i];
            written->stats = mr_delta_stats_tell(write, &files[i]);
            written->sum = files[i].sum != NULL ? mr_copy_string(files[i].sum) : NULL;
        }
        status = import_files(&self, err);
    }
    return finish(&self, status, ret_files, err);
}

size_t mr_delta_files_count(const mr_delta_files *files)
{
    return files->count;
}

const mr_delta_file *mr_delta_files_list(const mr_delta_files *files)
{
    return files->items;
}

int64_t mr_delta_files_rows(const mr_delta_files *files)
{
    return files->rows;
}

void mr_delta_files_discard(mr_delta_table *table, const mr_delta_files *files)
{
    char name[mr_delta_name_bytes_max];

    for (size_t i = 0; files != NULL && i < files->count; i++) {
        (void)snprintf(name, sizeof name, "%.200s/%.900s", table->path, files->items[i].path);
        (void)mr_blob_delete(table->blobs, name, NULL); /* else vacuum does, later */
    }
}

void mr_delta_files_free(mr_delta_files *files)
{
    if (files != NULL) {
        mr_arena_destroy(files->arena);
        free(files->items);
        free(files);
    }
}
