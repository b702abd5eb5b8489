/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/engine_spark.c - Spark as the engine of a run: requests to its job. See engine.h.
 *
 * Owns: the job; the answer of the request under way.
 * What the job is asked for: spark/job.py. Files come from the snapshots that the runner read, and
 * go where it says; Spark itself knows nothing of tables and versions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/file.h"
#include "medallion/spark_job.h"
#include "medallion/spark_sql.h"

enum { request_bytes_max = 256 << 20, name_bytes_max = 32 };

static const uint64_t file_bytes_default = UINT64_C(134217728);

typedef struct spark_engine {
    mr_engine head;
    mr_blobs *blobs;
    mr_spark_options options;
    mr_spark_job *job;  /* NULL: nothing has been asked for yet */
    mr_err start_fault; /* why there is none; not tried again */
    mr_status start_status;
    mr_buffer request;
    yyjson_doc *answer; /* of the last request; NULL: none */
    uint64_t relations; /* so many there were */
} spark_engine;

/* --- Requests --------------------------------------------------------------------------------- */

static void put(spark_engine *self, const char *text)
{
    (void)mr_buffer_append_string(&self->request, text);
}

static void put_text(spark_engine *self, const char *key, const char *text)
{
    (void)mr_buffer_printf(&self->request, ",\"%s\":", key);
    if (text == NULL) {
        put(self, "null");
    } else {
        (void)mr_buffer_append_json_string(&self->request, mr_text_of(text));
    }
}

static void begin_request(spark_engine *self, const char *what)
{
    mr_buffer_clear(&self->request);
    (void)mr_buffer_printf(&self->request, "{\"do\":\"%s\"", what);
}

static void put_sql(spark_engine *self, const char *key, const char *sql)
{
    mr_buffer text;

    (void)mr_buffer_printf(&self->request, ",\"%s\":", key);
    if (sql == NULL) {
        put(self, "null");
        return;
    }
    mr_buffer_init(&text, request_bytes_max);
    if (mr_spark_sql(sql, &text)) {
        (void)mr_buffer_append_json_string(&self->request, mr_buffer_text(&text));
    } else {
        self->request.overflowed = true;
    }
    mr_buffer_free(&text);
}

static void put_schema(spark_engine *self, const mr_delta_schema *schema)
{
    put(self, ",\"fields\":[");
    for (size_t i = 0; i < schema->field_count; i++) {
        put(self, i == 0 ? "{\"name\":" : ",{\"name\":");
        (void)mr_buffer_append_json_string(&self->request, mr_text_of(schema->fields[i].name));
        put_text(self, "type", schema->fields[i].type);
        put(self, "}");
    }
    put(self, "],\"partition\":[");
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        put(self, i == 0 ? "" : ",");
        (void)mr_buffer_append_json_string(&self->request,
                                           mr_text_of(schema->partition_columns[i]));
    }
    put(self, "]");
}

/* A run that finds nothing to do needs no job: it is started for the first request. */
static mr_status start(spark_engine *self, mr_err *err)
{
    if (self->job == NULL && self->start_status == MR_OK) {
        self->start_status =
            self->options.pool != NULL
                ? mr_spark_pool_submit(self->blobs, &self->options, &self->job, &self->start_fault)
                : mr_spark_submit(&self->options, &self->job, &self->start_fault);
    }
    if (self->start_status != MR_OK) {
        *err = self->start_fault;
    }
    return self->start_status;
}

/* Its object is there until the next one. */
static mr_status ask(spark_engine *self, yyjson_val **ret_answer, mr_err *err)
{
    mr_text line = MR_TEXT_ABSENT;

    yyjson_doc_free(self->answer);
    self->answer = NULL;
    put(self, "}");
    if (self->request.overflowed) {
        return mr_fail(err, MR_LIMIT, "a request to Spark would be longer than %d bytes",
                       request_bytes_max);
    }
    mr_status status = start(self, err);
    if (status == MR_OK) {
        status = self->job->ops->ask(self->job, mr_buffer_text(&self->request), &line, err);
    }
    if (status != MR_OK) {
        return status;
    }
    self->answer = yyjson_read(line.data, line.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(self->answer);
    const char *fault = yyjson_get_str(yyjson_obj_get(root, "error"));
    if (!yyjson_is_obj(root)) {
        return mr_fail(err, MR_IO, "Spark's job answered what is no answer: %.100s", line.data);
    }
    if (fault != NULL) {
        const bool wrong = yyjson_is_true(yyjson_obj_get(root, "wrong"));
        return mr_fail(err, wrong ? MR_INVALID : MR_IO, "Spark: %.150s; its log: %s", fault,
                       self->job->ops->log(self->job));
    }
    *ret_answer = root;
    return MR_OK;
}

/* As Spark calls the blob, or the folder, of that name. */
static mr_status put_place(spark_engine *self, const char *key, const char *name, mr_err *err)
{
    mr_buffer place;
    mr_status status = MR_OK;

    mr_buffer_init(&place, 8192);
    if (self->options.lake != NULL || mr_blobs_are_remote(self->blobs)) {
        (void)mr_buffer_append_string(
            &place, self->options.lake != NULL ? self->options.lake : mr_blobs_url(self->blobs));
    } else {
        (void)mr_buffer_append_string(&place, "file:");
        status = mr_blobs_folder(self->blobs, &place, err);
    }
    if (status == MR_OK &&
        !(mr_buffer_append_string(&place, "/") && mr_buffer_append_string(&place, name) &&
          mr_buffer_append(&place, "", 1))) {
        status = mr_fail(err, MR_LIMIT, "the path of %s is too long", name);
    }
    if (status == MR_OK) {
        put_text(self, key, place.data);
    }
    mr_buffer_free(&place);
    return status;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void put_files(spark_engine *self, const mr_engine_files *files)
{
    put(self, ",\"files\":[");
    for (size_t i = 0; i < files->count; i++) {
        const mr_delta_file *file = files->files[i];
        put(self, i == 0 ? "[" : ",[");
        (void)mr_buffer_append_json_string(&self->request, mr_text_of(file->path));
        put(self, ",[");
        for (size_t k = 0;
             k < mr_delta_partitions_max && files->schema->partition_columns[k] != NULL; k++) {
            const char *value = file->partition_values[k];
            put(self, k == 0 ? "" : ",");
            if (value == NULL) {
                put(self, "null");
            } else {
                (void)mr_buffer_append_json_string(&self->request, mr_text_of(value));
            }
        }
        put(self, "]]");
    }
    put(self, "]");
}

static mr_status relation(mr_engine *engine, const mr_engine_files *files, mr_buffer *out,
                          mr_err *err)
{
    spark_engine *self = (spark_engine *)engine;
    char name[name_bytes_max];
    yyjson_val *answer;

    (void)snprintf(name, sizeof(name), "rows_%" PRIu64, ++self->relations);
    begin_request(self, "relation");
    put_text(self, "name", name);
    mr_status status = put_place(self, "root", mr_delta_table_path(files->table), err);
    if (status != MR_OK) {
        return status;
    }
    put_schema(self, files->schema);
    put_files(self, files);
    put(self, files->with_paths ? ",\"paths\":true" : ",\"paths\":false");
    status = ask(self, &answer, err);
    if (status == MR_OK) {
        (void)mr_buffer_append_string(out, name);
    }
    return status;
}

static mr_status name_rows(mr_engine *engine, const char *what, const char *name, const char *sql,
                           mr_err *err)
{
    spark_engine *self = (spark_engine *)engine;
    yyjson_val *answer;

    begin_request(self, what);
    put_text(self, "name", name);
    put_sql(self, "sql", sql);
    return ask(self, &answer, err);
}

static mr_status bind(mr_engine *engine, const char *name, const char *query, mr_err *err)
{
    return name_rows(engine, "bind", name, query, err);
}

static mr_status make(mr_engine *engine, const char *name, const char *select, mr_err *err)
{
    return name_rows(engine, "make", name, select, err);
}

static mr_status visit_row(yyjson_val *row, mr_engine_visit visit, void *ctx, mr_err *err)
{
    mr_text values[mr_engine_columns_max];
    size_t count = 0;
    yyjson_val *value;
    yyjson_arr_iter each = yyjson_arr_iter_with(row);

    while ((value = yyjson_arr_iter_next(&each)) != NULL) {
        MR_ASSERT(count < mr_engine_columns_max);
        values[count++] = yyjson_is_str(value)
                              ? (mr_text){yyjson_get_str(value), yyjson_get_len(value)}
                              : MR_TEXT_ABSENT;
    }
    return visit(ctx, values, count, err);
}

static mr_status query(mr_engine *engine, const char *sql, mr_engine_visit visit, void *ctx,
                       mr_err *err)
{
    spark_engine *self = (spark_engine *)engine;
    yyjson_val *answer;
    yyjson_val *row;

    begin_request(self, "query");
    put_sql(self, "sql", sql);
    mr_status status = ask(self, &answer, err);
    if (status != MR_OK) {
        return status;
    }
    yyjson_arr_iter each = yyjson_arr_iter_with(yyjson_obj_get(answer, "rows"));
    while (status == MR_OK && (row = yyjson_arr_iter_next(&each)) != NULL) {
        status = visit_row(row, visit, ctx, err);
    }
    return status;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static mr_text text_of(yyjson_val *value)
{
    return yyjson_is_str(value) ? (mr_text){yyjson_get_str(value), yyjson_get_len(value)}
                                : MR_TEXT_ABSENT;
}

/* [column, values, nulls, least, greatest] */
static mr_delta_chunk chunk_of(yyjson_val *value)
{
    return (mr_delta_chunk){.column = (size_t)yyjson_get_uint(yyjson_arr_get(value, 0)),
                            .values = yyjson_get_sint(yyjson_arr_get(value, 1)),
                            .nulls = yyjson_get_sint(yyjson_arr_get(value, 2)),
                            .least = text_of(yyjson_arr_get(value, 3)),
                            .greatest = text_of(yyjson_arr_get(value, 4))};
}

static mr_delta_foreign file_of(yyjson_val *value)
{
    yyjson_val *list = yyjson_obj_get(value, "chunks");
    mr_delta_chunk *chunks = mr_alloc_zero(yyjson_arr_size(list) + 1, sizeof(*chunks));
    mr_delta_foreign file = {.path = yyjson_get_str(yyjson_obj_get(value, "path")),
                             .rows = yyjson_get_sint(yyjson_obj_get(value, "rows")),
                             .sum = yyjson_get_str(yyjson_obj_get(value, "sum")),
                             .chunks = chunks};
    yyjson_arr_iter each = yyjson_arr_iter_with(list);
    yyjson_val *chunk;

    while ((chunk = yyjson_arr_iter_next(&each)) != NULL) {
        chunks[file.chunk_count++] = chunk_of(chunk);
    }
    return file;
}

static mr_status adopt(mr_delta_table *table, const mr_delta_write *write, const char *folder,
                       yyjson_val *list, mr_delta_files **ret_files, mr_err *err)
{
    mr_delta_foreign *files = mr_alloc_zero(yyjson_arr_size(list) + 1, sizeof(*files));
    yyjson_arr_iter each = yyjson_arr_iter_with(list);
    yyjson_val *value;
    size_t count = 0;
    mr_status status = MR_OK;

    while (status == MR_OK && (value = yyjson_arr_iter_next(&each)) != NULL) {
        files[count] = file_of(value);
        if (files[count].path == NULL || files[count].rows <= 0) {
            status = mr_fail(err, MR_IO, "Spark's job told of a file without path or rows");
        }
        count++;
    }
    if (status == MR_OK) {
        status = mr_delta_adopt(table, write, folder, files, count, ret_files, err);
    }
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)files[i].chunks);
    }
    free(files);
    return status;
}

static mr_status ask_to_write(spark_engine *self, const mr_delta_write *write,
                              yyjson_val **ret_answer, mr_err *err)
{
    put_schema(self, write->schema);
    put_text(self, "sum", write->sum_column);
    (void)mr_buffer_printf(&self->request, ",\"bytes\":%" PRIu64,
                           write->file_bytes_target > 0 ? write->file_bytes_target
                                                        : file_bytes_default);
    put_sql(self, "order", write->order);
    put_sql(self, "sql", write->select);
    return ask(self, ret_answer, err);
}

/* Into a local stage, from where we move the files into the table. */
static mr_status write_by_stage(spark_engine *self, mr_delta_table *table,
                                const mr_delta_write *write, mr_delta_files **ret_files,
                                mr_err *err)
{
    char *stage = NULL;
    yyjson_val *answer;
    mr_status status = mr_blobs_stage(self->blobs, &stage, err);

    if (status != MR_OK) {
        return status;
    }
    char *folder = mr_path_join(stage, "rows");
    begin_request(self, "write");
    put(self, ",\"table\":null");
    char *place = mr_alloc(strlen(folder) + sizeof("file:"));
    (void)stpcpy(stpcpy(place, "file:"), folder);
    put_text(self, "folder", place);
    free(place);
    status = ask_to_write(self, write, &answer, err);
    if (status == MR_OK) {
        status = adopt(table, write, folder, yyjson_obj_get(answer, "files"), ret_files, err);
    }
    free(folder);
    mr_blobs_unstage(self->blobs, stage);
    return status;
}

/* The job moves them itself: where it runs, or where the lake is, nothing of ours is near. */
static mr_status write_in_place(spark_engine *self, mr_delta_table *table,
                                const mr_delta_write *write, mr_delta_files **ret_files,
                                mr_err *err)
{
    yyjson_val *answer;

    begin_request(self, "write");
    put(self, ",\"folder\":null");
    mr_status status = put_place(self, "table", mr_delta_table_path(table), err);
    if (status == MR_OK) {
        status = ask_to_write(self, write, &answer, err);
    }
    return status == MR_OK
               ? adopt(table, write, NULL, yyjson_obj_get(answer, "files"), ret_files, err)
               : status;
}

static mr_status write_rows(mr_engine *engine, mr_delta_table *table, const mr_delta_write *write,
                            mr_delta_files **ret_files, mr_err *err)
{
    spark_engine *self = (spark_engine *)engine;

    const bool in_place = self->options.pool != NULL || mr_blobs_are_remote(self->blobs);

    return in_place ? write_in_place(self, table, write, ret_files, err)
                    : write_by_stage(self, table, write, ret_files, err);
}

/* --- Opening ---------------------------------------------------------------------------------- */

static void close_engine(mr_engine *engine)
{
    spark_engine *self = (spark_engine *)engine;

    if (self->job != NULL) {
        self->job->ops->end(self->job);
    }
    yyjson_doc_free(self->answer);
    mr_buffer_free(&self->request);
    free(self);
}

static const mr_engine_ops ops = {
    .name = "spark",
    .hash = "xxhash64",
    .relation = relation,
    .bind = bind,
    .make = make,
    .query = query,
    .write = write_rows,
    .close = close_engine,
};

mr_engine *mr_engine_spark_create(mr_blobs *blobs, const mr_spark_options *options)
{
    spark_engine *self = mr_alloc_zero(1, sizeof(*self));

    mr_engine_init(&self->head, &ops);
    self->blobs = blobs;
    self->options = *options;
    self->start_status = MR_OK;
    mr_buffer_init(&self->request, request_bytes_max);
    return &self->head;
}
