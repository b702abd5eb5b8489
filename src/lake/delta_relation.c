/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_relation.c - a table's files as a query of the engine.
 *
 * Files are read in groups, put together by UNION ALL:
 *   - those of ours whose columns are those of the schema now: nothing about them must be looked up
 *   - others: columns by name, and NULL where a file does not have one
 * and either of them by folders (the values of partitions stand in the path as Hive writes it), or,
 * where they do not, by partition with the values as constants.
 *
 * Called by:  whoever reads tables with the engine; one thread.
 */
#include <stdlib.h>

#include "base/file.h"
#include "lake/delta_path.h"
#include "lake/delta_write.h"

typedef struct relation {
    mr_delta_table *table;
    const mr_delta_schema *schema;
    bool with_rows; /* file_path and file_row in front */
    char schema_tag[mr_delta_schema_tag_bytes + 32];
    char *root; /* what stands before a file's path, with its '/' */
    bool folders_tell;
    mr_buffer *out;
    size_t group_count;
} relation;

typedef struct group {
    const mr_delta_file *const *files;
    size_t count;
    bool ours;
    bool folders; /* the values of its partitions are read from the paths */
} group;

/* --- Columns ---------------------------------------------------------------------------------- */

static void put(relation *self, const char *text)
{
    (void)mr_buffer_append_string(self->out, text);
}

static void put_name(relation *self, const char *name)
{
    (void)mr_olap_quote_name(self->out, mr_text_of(name));
}

static void put_cast(relation *self, const mr_delta_field *field, const char *constant)
{
    put(self, "CAST(");
    if (constant == NULL) {
        put(self, "NULL");
    } else {
        (void)mr_olap_quote_text(self->out, mr_text_of(constant));
    }
    put(self, " AS ");
    (void)mr_delta_type_sql(field->type, self->out);
    put(self, ")");
}

static const char *partition_value(const relation *self, const mr_delta_file *file,
                                   const char *column)
{
    for (size_t i = 0; i < mr_delta_partitions_max; i++) {
        if (strcmp(self->schema->partition_columns[i], column) == 0) {
            return file->partition_values[i];
        }
    }
    return NULL;
}

static void put_field(relation *self, const mr_delta_field *field, const group *of)
{
    bool partition = mr_delta_schema_is_partition(self->schema, field->name);

    if (partition && !of->folders) {
        put_cast(self, field, partition_value(self, of->files[0], field->name));
    } else if (!partition && strcmp(field->type, "timestamp") == 0) {
        put(self, "make_timestamp(epoch_us(");
        put_name(self, field->name);
        put(self, "))");
    } else {
        put(self, "CAST(");
        put_name(self, field->name);
        put(self, " AS ");
        (void)mr_delta_type_sql(field->type, self->out);
        put(self, ")");
    }
    put(self, " AS ");
    put_name(self, field->name);
}

static void put_columns(relation *self, const group *of)
{
    if (self->with_rows) {
        size_t length = mr_utf8_length(mr_text_of(self->root));
        (void)mr_buffer_printf(self->out,
                               "substr(filename, %zu) AS file_path, "
                               "CAST(file_row_number AS BIGINT) AS file_row, ",
                               length + 1);
    }
    for (size_t i = 0; i < self->schema->field_count; i++) {
        put(self, i > 0 ? ", " : "");
        put_field(self, &self->schema->fields[i], of);
    }
}

/* The columns of the schema without a row, as the files have them. */
static void put_no_rows(relation *self, bool file_types)
{
    bool first = true;

    put(self, "SELECT ");
    if (self->with_rows && !file_types) {
        put(self, "CAST(NULL AS VARCHAR) AS file_path, CAST(NULL AS BIGINT) AS file_row, ");
    }
    for (size_t i = 0; i < self->schema->field_count; i++) {
        const mr_delta_field *field = &self->schema->fields[i];
        if (file_types && mr_delta_schema_is_partition(self->schema, field->name)) {
            continue;
        }
        put(self, first ? "" : ", ");
        if (file_types && strcmp(field->type, "timestamp") == 0) {
            put(self, "CAST(NULL AS TIMESTAMPTZ)");
        } else {
            put_cast(self, field, NULL);
        }
        put(self, " AS ");
        put_name(self, field->name);
        first = false;
    }
    put(self, " WHERE false");
}

/* --- Files ------------------------------------------------------------------------------------ */

static mr_status put_path(relation *self, const mr_delta_file *file, mr_err *err)
{
    mr_buffer full;
    mr_status status = MR_OK;

    mr_buffer_init(&full, 8192);
    bool done =
        mr_buffer_append_string(&full, self->root) && mr_buffer_append_string(&full, file->path);
    if (!done) {
        status =
            mr_fail(err, MR_LIMIT, "table %s: the path of a file is too long", self->table->path);
    }
    (void)mr_olap_quote_text(self->out, mr_buffer_text(&full));
    mr_buffer_free(&full);
    return status;
}

static void put_options(relation *self, const group *of)
{
    put(self, of->ours ? "" : ", union_by_name=true");
    put(self, self->with_rows ? ", filename=true, file_row_number=true" : "");
    if (!of->folders || self->schema->partition_columns[0] == NULL) {
        put(self, ", hive_partitioning=false");
        return;
    }
    put(self, ", hive_partitioning=true, hive_types={");
    for (size_t i = 0; i < self->schema->field_count; i++) {
        const mr_delta_field *field = &self->schema->fields[i];
        if (mr_delta_schema_is_partition(self->schema, field->name)) {
            put_name(self, field->name);
            put(self, ": ");
            (void)mr_delta_type_sql(field->type, self->out);
            put(self, ", ");
        }
    }
    self->out->bytes -= 2; /* the last comma */
    put(self, "}");
}

static mr_status put_group(relation *self, const group *of, mr_err *err)
{
    mr_status status = MR_OK;

    put(self, self->group_count++ > 0 ? " UNION ALL SELECT " : "SELECT ");
    put_columns(self, of);
    put(self, of->ours ? " FROM read_parquet([" : " FROM (SELECT * FROM read_parquet([");
    for (size_t i = 0; i < of->count && status == MR_OK; i++) {
        put(self, i > 0 ? "," : "");
        status = put_path(self, of->files[i], err);
    }
    put(self, "]");
    put_options(self, of);
    put(self, ")");
    if (!of->ours) {
        put(self, " UNION ALL BY NAME ");
        put_no_rows(self, true);
        put(self, ")");
    }
    return status;
}

/* --- Groups ----------------------------------------------------------------------------------- */

static bool is_ours(const relation *self, const mr_delta_file *file)
{
    return file->tags != NULL && strstr(file->tags, self->schema_tag) != NULL;
}

/* Whether the folders of its path tell the values of its partitions as the log does. */
static bool has_folders(const relation *self, const mr_delta_file *file)
{
    mr_buffer expected;
    bool same = self->folders_tell;

    mr_buffer_init(&expected, 8192);
    for (size_t i = 0; i < mr_delta_partitions_max && same; i++) {
        const char *column = self->schema->partition_columns[i];
        const char *value = file->partition_values[i];
        if (column == NULL) {
            break;
        }
        /* The engine takes this word for null. */
        same = (value == NULL ||
                !mr_text_equal_ignoring_case(mr_text_of(value), MR_TEXT_LITERAL("NULL"))) &&
               mr_delta_hive_append(column, value, &expected) &&
               mr_buffer_append(&expected, "/", 1);
    }
    same = same &&
           strncmp(file->path, expected.data != NULL ? expected.data : "", expected.bytes) == 0;
    mr_buffer_free(&expected);
    return same;
}

static int compare_values(const void *a, const void *b)
{
    const mr_delta_file *left = *(const mr_delta_file *const *)a;
    const mr_delta_file *right = *(const mr_delta_file *const *)b;
    int order = 0;

    for (size_t i = 0; i < mr_delta_partitions_max && order == 0; i++) {
        const char *x = left->partition_values[i];
        const char *y = right->partition_values[i];
        order = x == NULL || y == NULL ? (x != NULL) - (y != NULL) : strcmp(x, y);
    }
    return order;
}

/* Files whose folders do not tell, partition by partition. */
static mr_status put_by_value(relation *self, const mr_delta_file **files, size_t count, bool ours,
                              mr_err *err)
{
    mr_status status = MR_OK;

    if (count > 1) {
        qsort(files, count, sizeof *files, compare_values);
    }
    for (size_t first = 0; first < count && status == MR_OK;) {
        size_t end = first + 1;
        while (end < count && compare_values(&files[first], &files[end]) == 0) {
            end++;
        }
        const group one = {files + first, end - first, ours, false};
        status = put_group(self, &one, err);
        first = end;
    }
    return status;
}

static mr_status put_groups(relation *self, const mr_delta_file *const *files, size_t count,
                            mr_err *err)
{
    const mr_delta_file **chosen = mr_alloc((count + 1) * sizeof *chosen);
    mr_status status = MR_OK;

    for (int kind = 0; kind < 4 && status == MR_OK; kind++) {
        bool ours = kind < 2;
        bool folders = kind % 2 == 0;
        size_t chosen_count = 0;
        for (size_t i = 0; i < count; i++) {
            if (is_ours(self, files[i]) == ours && has_folders(self, files[i]) == folders) {
                chosen[chosen_count++] = files[i];
            }
        }
        const group one = {chosen, chosen_count, ours, true};
        if (chosen_count > 0) {
            status = folders ? put_group(self, &one, err)
                             : put_by_value(self, chosen, chosen_count, ours, err);
        }
    }
    free(chosen);
    return status;
}

/* --- The interface ---------------------------------------------------------------------------- */

/* "/srv/lake/bronze/sales_events/" */
static mr_status find_root(relation *self, mr_err *err)
{
    mr_buffer path;

    mr_buffer_init(&path, 8192);
    mr_status status = mr_blobs_folder(self->table->blobs, &path, err);
    if (status == MR_OK &&
        (!mr_buffer_append(&path, "/", 1) || !mr_buffer_append_string(&path, self->table->path) ||
         !mr_buffer_append(&path, "/", 2))) {
        status = mr_fail(err, MR_LIMIT, "the path of table %s is too long", self->table->path);
    }
    if (status != MR_OK) {
        mr_buffer_free(&path);
        return status;
    }
    self->root = path.data;
    self->folders_tell = strchr(self->root, '=') == NULL; /* else the engine reads these too */
    return MR_OK;
}

/* Of a lake elsewhere: the files onto this machine, all that the engine is going to read. */
static mr_status fetch_files(const relation *self, const mr_delta_file *const *files, size_t count,
                             mr_err *err)
{
    mr_blobs *blobs = self->table->blobs;

    if (count == 0 || !mr_blobs_are_remote(blobs)) {
        return MR_OK;
    }
    mr_blob *wanted = mr_alloc_zero(count, sizeof *wanted);
    char **names = mr_alloc_zero(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = mr_path_join(self->table->path, files[i]->path);
        wanted[i] = (mr_blob){names[i], files[i]->bytes, files[i]->modified_ms};
    }
    mr_status status = mr_blobs_fetch(blobs, wanted, count, err);
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
    free(wanted);
    return status;
}

static mr_status append_relation(relation *self, const mr_delta_file *const *files,
                                 size_t file_count, mr_err *err)
{
    mr_status status = fetch_files(self, files, file_count, err);

    if (status == MR_OK) {
        status = find_root(self, err);
    }
    if (status != MR_OK) {
        return status;
    }
    put(self, "(");
    if (file_count == 0) {
        put_no_rows(self, false);
    } else {
        status = put_groups(self, files, file_count, err);
    }
    put(self, ")");
    free(self->root);
    if (status == MR_OK && self->out->overflowed) {
        status = mr_fail(err, MR_LIMIT, "table %s: the query of %zu files is over %zu bytes",
                         self->table->path, file_count, self->out->bytes_max);
    }
    return status;
}

mr_status mr_delta_relation_of(mr_delta_table *table, const mr_delta_schema *schema,
                               const mr_delta_file *const *files, size_t file_count, bool with_rows,
                               mr_buffer *out, mr_err *err)
{
    char tag[mr_delta_schema_tag_bytes];
    relation self = {.table = table, .schema = schema, .with_rows = with_rows, .out = out};

    mr_delta_schema_tag(self.schema, tag);
    (void)stpcpy(stpcpy(stpcpy(self.schema_tag, "\"millrace.schema\":\""), tag), "\"");
    return append_relation(&self, files, file_count, err);
}

static mr_status relation_of_snapshot(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                                      bool with_rows, const mr_delta_file *const *files,
                                      size_t file_count, mr_buffer *out, mr_err *err)
{
    const mr_delta_schema *schema = mr_delta_schema_of(snapshot);
    const mr_delta_file **all;
    mr_status status;

    if (files != NULL) {
        return mr_delta_relation_of(table, schema, files, file_count, with_rows, out, err);
    }
    file_count = mr_delta_file_count(snapshot);
    all = mr_alloc((file_count + 1) * sizeof *all);
    for (size_t i = 0; i < file_count; i++) {
        all[i] = mr_delta_file_at(snapshot, i);
    }
    status = mr_delta_relation_of(table, schema, all, file_count, with_rows, out, err);
    free(all);
    return status;
}

mr_status mr_delta_relation(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                            const mr_delta_file *const *files, size_t file_count, mr_buffer *out,
                            mr_err *err)
{
    return relation_of_snapshot(table, snapshot, false, files, file_count, out, err);
}

mr_status mr_delta_relation_rows(mr_delta_table *table, const mr_delta_snapshot *snapshot,
                                 const mr_delta_file *const *files, size_t file_count,
                                 mr_buffer *out, mr_err *err)
{
    return relation_of_snapshot(table, snapshot, true, files, file_count, out, err);
}
