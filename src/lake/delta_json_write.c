/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_json_write.c - actions as lines of a Delta log.
 *
 * Every append is checked by its last one: a buffer past its cap takes nothing more and says so in
 * `overflowed`.
 * Not here: metaData (delta_schema.c), reading (delta_json.c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include <yyjson.h>

#include "base/civil.h"
#include "base/version.h"
#include "lake/delta_action.h"
#include "lake/delta_path.h"

static void put(mr_buffer *out, const char *text)
{
    (void)mr_buffer_append_string(out, text);
}

static void put_json(mr_buffer *out, const char *text)
{
    (void)mr_buffer_append_json_string(out, mr_text_of(text));
}

static bool end_line(mr_buffer *out)
{
    return mr_buffer_append(out, "\n", 1) && !out->overflowed;
}

bool mr_delta_write_info(const mr_delta_info_write *info, mr_buffer *out)
{
    (void)mr_buffer_printf(
        out, "{\"commitInfo\":{\"timestamp\":%" PRId64 ",\"operation\":", mr_now_ms());
    put_json(out, info->operation);
    put(out, ",\"operationParameters\":{},\"isBlindAppend\":");
    put(out, info->blind_append ? "true" : "false");
    if (info->metrics != NULL) {
        put(out, ",\"operationMetrics\":");
        put(out, info->metrics);
    }
    put(out, ",\"engineInfo\":\"millrace/");
    put(out, mr_version());
    put(out, "\",\"txnId\":");
    put_json(out, info->transaction);
    put(out, "}}");
    return end_line(out);
}

bool mr_delta_write_protocol(mr_buffer *out)
{
    (void)mr_buffer_printf(out, "{\"protocol\":{\"minReaderVersion\":%d,\"minWriterVersion\":%d}}",
                           mr_delta_reader_version, mr_delta_writer_version);
    return end_line(out);
}

bool mr_delta_write_txn(const mr_delta_txn *txn, mr_buffer *out)
{
    put(out, "{\"txn\":{\"appId\":");
    put_json(out, txn->app_id);
    (void)mr_buffer_printf(out, ",\"version\":%" PRId64 ",\"lastUpdated\":%" PRId64 "}}",
                           txn->version, mr_now_ms());
    return end_line(out);
}

static void put_path(mr_buffer *out, const char *path)
{
    mr_buffer encoded;

    mr_buffer_init(&encoded, strlen(path) * 3 + 1);
    bool done = mr_delta_path_encode(path, &encoded);
    MR_ASSERT(done); /* %XX is the longest */
    put(out, "{\"path\":");
    (void)mr_buffer_append_json_string(out, mr_buffer_text(&encoded));
    mr_buffer_free(&encoded);
}

static void put_partition_values(mr_buffer *out, const mr_delta_file *file,
                                 const mr_delta_schema *schema)
{
    put(out, ",\"partitionValues\":{");
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        put(out, i > 0 ? "," : "");
        put_json(out, schema->partition_columns[i]);
        put(out, ":");
        if (file->partition_values[i] == NULL) {
            put(out, "null");
        } else {
            put_json(out, file->partition_values[i]);
        }
    }
    put(out, "}");
}

bool mr_delta_write_add(const mr_delta_file *file, const mr_delta_schema *schema, mr_buffer *out)
{
    put(out, "{\"add\":");
    put_path(out, file->path);
    put_partition_values(out, file, schema);
    (void)mr_buffer_printf(
        out, ",\"size\":%" PRIu64 ",\"modificationTime\":%" PRId64 ",\"dataChange\":%s",
        file->bytes, file->modified_ms, file->data_change ? "true" : "false");
    if (file->stats != NULL) {
        put(out, ",\"stats\":");
        put_json(out, file->stats);
    }
    if (file->tags != NULL) {
        put(out, ",\"tags\":");
        put(out, file->tags);
    }
    put(out, "}}");
    return end_line(out);
}

bool mr_delta_write_remove(const mr_delta_file *file, const mr_delta_schema *schema, int64_t at_ms,
                           bool data_change, mr_buffer *out)
{
    put(out, "{\"remove\":");
    put_path(out, file->path);
    (void)mr_buffer_printf(
        out, ",\"deletionTimestamp\":%" PRId64 ",\"dataChange\":%s,\"extendedFileMetadata\":true",
        at_ms, data_change ? "true" : "false");
    put_partition_values(out, file, schema);
    (void)mr_buffer_printf(out, ",\"size\":%" PRIu64, file->bytes);
    if (file->rows >= 0) {
        (void)mr_buffer_printf(out, ",\"stats\":\"{\\\"numRecords\\\":%" PRId64 "}\"", file->rows);
    }
    put(out, "}}");
    return end_line(out);
}

bool mr_delta_write_tombstone(const mr_delta_file *file, mr_buffer *out)
{
    put(out, "{\"remove\":");
    put_path(out, file->path);
    (void)mr_buffer_printf(out,
                           ",\"deletionTimestamp\":%" PRId64
                           ",\"dataChange\":false,\"extendedFileMetadata\":false,\"size\":%" PRIu64
                           "}}",
                           file->modified_ms, file->bytes);
    return end_line(out);
}

static yyjson_mut_val *as_text(yyjson_mut_doc *document, yyjson_val *value)
{
    yyjson_mut_val *text;

    if (yyjson_is_str(value)) {
        return yyjson_val_mut_copy(document, value);
    }
    char *json = yyjson_val_write(value, YYJSON_WRITE_NOFLAG, NULL);
    text = yyjson_mut_strcpy(document, json);
    free(json);
    return text;
}

mr_status mr_delta_write_metrics(const char *json, mr_buffer *out, mr_err *err)
{
    yyjson_doc *read = yyjson_read(json, strlen(json), YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(read);

    if (!yyjson_is_obj(root)) {
        yyjson_doc_free(read);
        return mr_fail(err, MR_INVALID, "a commit's info is not a JSON object: %.200s", json);
    }
    yyjson_mut_doc *document = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(document);
    yyjson_obj_iter at = yyjson_obj_iter_with(root);
    yyjson_mut_doc_set_root(document, object);
    for (yyjson_val *key = yyjson_obj_iter_next(&at); key != NULL;
         key = yyjson_obj_iter_next(&at)) {
        (void)yyjson_mut_obj_add(object, yyjson_val_mut_copy(document, key),
                                 as_text(document, yyjson_obj_iter_get_val(key)));
    }
    char *text = yyjson_mut_write(document, YYJSON_WRITE_NOFLAG, NULL);
    bool done = text != NULL && mr_buffer_append_string(out, text) && mr_buffer_append(out, "", 1);
    free(text);
    yyjson_mut_doc_free(document);
    yyjson_doc_free(read);
    return done ? MR_OK : mr_fail(err, MR_LIMIT, "a commit's info is too long");
}
