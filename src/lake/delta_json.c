/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_json.c - one line of a Delta log as an action.
 *
 * Owns:       the reader: the line's document and the texts made of it, until the next line.
 * Called by:  delta_log.c (commits), delta_checkpoint.c (rows of checkpoints, as JSON).
 * Invariants: a path in an action is decoded and cannot leave the table; actions and fields that
 *             are not known are passed over, as the protocol asks for.
 * Not here:   schemas (delta_schema.c), writing (delta_json_write.c).
 */
#include <stdlib.h>

#include <yyjson.h>

#include "lake/delta_action.h"
#include "lake/delta_path.h"

enum { delta_path_bytes_max = 4096, delta_features_shown_max = 200 };

struct mr_delta_reader {
    yyjson_doc *document;
    mr_delta_meta *meta;
    char *tags, *metrics;
    mr_buffer path;
};

mr_delta_reader *mr_delta_reader_create(void)
{
    mr_delta_reader *reader = mr_alloc_zero(1, sizeof *reader);

    mr_buffer_init(&reader->path, delta_path_bytes_max);
    return reader;
}

static void forget_line(mr_delta_reader *reader)
{
    yyjson_doc_free(reader->document);
    mr_delta_meta_release(reader->meta);
    free(reader->tags);
    free(reader->metrics);
    mr_buffer_clear(&reader->path);
    reader->document = NULL;
    reader->meta = NULL;
    reader->tags = NULL;
    reader->metrics = NULL;
}

void mr_delta_reader_destroy(mr_delta_reader *reader)
{
    if (reader != NULL) {
        forget_line(reader);
        mr_buffer_free(&reader->path);
        free(reader);
    }
}

/* --- Fields ----------------------------------------------------------------------------------- */

/* NULL: absent or null. MR_CORRUPT: another type, or a NUL inside. */
static mr_status text_of(yyjson_val *object, const char *key, const char **ret_text, mr_err *err)
{
    yyjson_val *value = yyjson_obj_get(object, key);

    *ret_text = NULL;
    if (value == NULL || yyjson_is_null(value)) {
        return MR_OK;
    }
    if (!yyjson_is_str(value) || strlen(yyjson_get_str(value)) != yyjson_get_len(value)) {
        return mr_fail(err, MR_CORRUPT, "%s is not a text", key);
    }
    *ret_text = yyjson_get_str(value);
    return MR_OK;
}

static mr_status text_required(yyjson_val *object, const char *key, const char **ret_text,
                               mr_err *err)
{
    mr_status status = text_of(object, key, ret_text, err);

    if (status == MR_OK && *ret_text == NULL) {
        status = mr_fail(err, MR_CORRUPT, "%s is missing", key);
    }
    return status;
}

static mr_status integer_of(yyjson_val *object, const char *key, int64_t absent,
                            int64_t *ret_number, mr_err *err)
{
    yyjson_val *value = yyjson_obj_get(object, key);

    *ret_number = absent;
    if (value == NULL || yyjson_is_null(value)) {
        return MR_OK;
    }
    if (!yyjson_is_int(value) ||
        (yyjson_is_uint(value) && yyjson_get_uint(value) > (uint64_t)INT64_MAX)) {
        return mr_fail(err, MR_CORRUPT, "%s is not a whole number", key);
    }
    *ret_number = yyjson_get_sint(value);
    return MR_OK;
}

static bool is_true(yyjson_val *object, const char *key)
{
    return yyjson_get_bool(yyjson_obj_get(object, key));
}

/* --- add and remove --------------------------------------------------------------------------- */

static mr_status read_path(mr_delta_reader *reader, yyjson_val *object, mr_delta_file *file,
                           mr_err *err)
{
    const char *encoded = NULL;
    mr_status status = text_required(object, "path", &encoded, err);

    if (status != MR_OK) {
        return status;
    }
    if (!mr_delta_path_decode(mr_text_of(encoded), &reader->path) ||
        !mr_buffer_append(&reader->path, "", 1)) {
        return mr_fail(err, MR_CORRUPT, "the path '%.200s' is not one of a URI", encoded);
    }
    if (encoded[0] == '/' || encoded[strcspn(encoded, ":/")] == ':') {
        return mr_fail(err, MR_UNSUPPORTED,
                       "the path '%.200s' is absolute: the file is shared with another table",
                       encoded);
    }
    if (!mr_delta_path_is_local(reader->path.data)) {
        return mr_fail(err, MR_CORRUPT, "the path '%.200s' leaves the table", encoded);
    }
    file->path = reader->path.data;
    return MR_OK;
}

static mr_status read_partition_values(yyjson_val *object, const mr_delta_meta *meta,
                                       mr_delta_file *file, mr_err *err)
{
    yyjson_val *values = yyjson_obj_get(object, "partitionValues");
    mr_status status = MR_OK;

    if (meta == NULL || values == NULL || yyjson_is_null(values)) {
        return MR_OK;
    }
    for (size_t i = 0; i < mr_delta_partitions_max && status == MR_OK; i++) {
        const char *column = meta->schema.partition_columns[i];
        if (column == NULL) {
            break;
        }
        status = text_of(values, column, &file->partition_values[i], err);
        if (status == MR_OK && file->partition_values[i] != NULL &&
            file->partition_values[i][0] == '\0') {
            file->partition_values[i] = NULL; /* the protocol: an empty text is null too */
        }
    }
    return status;
}

static int64_t rows_of(const char *stats)
{
    int64_t rows = -1;
    yyjson_doc *document =
        stats != NULL ? yyjson_read(stats, strlen(stats), YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *count = yyjson_obj_get(yyjson_doc_get_root(document), "numRecords");

    if (yyjson_is_uint(count) && yyjson_get_uint(count) <= (uint64_t)INT64_MAX) {
        rows = yyjson_get_sint(count);
    }
    yyjson_doc_free(document);
    return rows;
}

static mr_status read_file(mr_delta_reader *reader, yyjson_val *object, const mr_delta_meta *meta,
                           mr_delta_file *file, mr_err *err)
{
    int64_t bytes = 0;
    yyjson_val *vector = yyjson_obj_get(object, "deletionVector");
    mr_status status = read_path(reader, object, file, err);

    if (status == MR_OK && vector != NULL && !yyjson_is_null(vector)) {
        status = mr_fail(err, MR_UNSUPPORTED, "the file %.200s has a deletion vector", file->path);
    }
    if (status == MR_OK) {
        status = read_partition_values(object, meta, file, err);
    }
    if (status == MR_OK) {
        status = integer_of(object, "size", 0, &bytes, err);
    }
    if (status == MR_OK) {
        status = text_of(object, "stats", &file->stats, err);
    }
    yyjson_val *tags = yyjson_obj_get(object, "tags");
    if (status == MR_OK && yyjson_is_obj(tags) && yyjson_obj_size(tags) > 0) {
        reader->tags = yyjson_val_write(tags, YYJSON_WRITE_NOFLAG, NULL);
        file->tags = reader->tags;
    }
    file->bytes = bytes > 0 ? (uint64_t)bytes : 0;
    file->rows = rows_of(file->stats);
    file->data_change = is_true(object, "dataChange");
    return status;
}

static mr_status read_add(mr_delta_reader *reader, yyjson_val *object, const mr_delta_meta *meta,
                          mr_delta_action *action, mr_err *err)
{
    mr_status status = read_file(reader, object, meta, &action->file, err);

    return status == MR_OK
               ? integer_of(object, "modificationTime", 0, &action->file.modified_ms, err)
               : status;
}

static mr_status read_remove(mr_delta_reader *reader, yyjson_val *object, const mr_delta_meta *meta,
                             mr_delta_action *action, mr_err *err)
{
    mr_status status = read_file(reader, object, meta, &action->file, err);

    return status == MR_OK
               ? integer_of(object, "deletionTimestamp", 0, &action->file.modified_ms, err)
               : status;
}

/* --- The others ------------------------------------------------------------------------------- */

static mr_status read_txn(yyjson_val *object, mr_delta_action *action, mr_err *err)
{
    mr_status status = text_required(object, "appId", &action->txn.app_id, err);

    if (status == MR_OK) {
        status = integer_of(object, "version", -1, &action->txn.version, err);
    }
    return status;
}

static mr_status refuse_features(yyjson_val *features, const char *whose, int version, mr_err *err)
{
    char names[delta_features_shown_max] = "";
    size_t used = 0;
    yyjson_arr_iter at = yyjson_arr_iter_with(features);

    for (yyjson_val *name = yyjson_arr_iter_next(&at); name != NULL;
         name = yyjson_arr_iter_next(&at)) {
        const char *text = yyjson_is_str(name) ? yyjson_get_str(name) : "?";
        if (used + strlen(text) + 3 < sizeof names) {
            (void)stpcpy(stpcpy(names + used, used > 0 ? ", " : ""), text);
            used = strlen(names);
        }
    }
    return mr_fail(err, MR_UNSUPPORTED,
                   "the table asks for %s version %d%s%s; this program knows readers to %d and "
                   "writers to %d",
                   whose, version, used > 0 ? " with " : "", names, mr_delta_reader_version_max,
                   mr_delta_writer_version);
}

static mr_status read_protocol(yyjson_val *object, mr_delta_action *action, mr_err *err)
{
    int64_t reader = 0;
    int64_t writer = 0;
    mr_status status = integer_of(object, "minReaderVersion", -1, &reader, err);

    if (status == MR_OK) {
        status = integer_of(object, "minWriterVersion", -1, &writer, err);
    }
    if (status == MR_OK && (reader < 1 || reader > 1000 || writer < 1 || writer > 1000)) {
        status = mr_fail(err, MR_CORRUPT, "the protocol does not say its versions");
    }
    if (status == MR_OK && reader > mr_delta_reader_version_max) {
        status =
            refuse_features(yyjson_obj_get(object, "readerFeatures"), "reader", (int)reader, err);
    }
    if (status == MR_OK) {
        action->protocol = (mr_delta_protocol){(int)reader, (int)writer};
    }
    return status;
}

static mr_status read_meta(mr_delta_reader *reader, yyjson_val *object, mr_delta_action *action,
                           mr_err *err)
{
    size_t bytes = 0;
    char *json = yyjson_val_write(object, YYJSON_WRITE_NOFLAG, &bytes);

    if (json == NULL) {
        return mr_fail(err, MR_CORRUPT, "the table's metadata cannot be read");
    }
    mr_status status = mr_delta_meta_parse((mr_text){json, bytes}, &reader->meta, err);
    free(json);
    action->meta = reader->meta;
    return status;
}

static mr_status read_info(mr_delta_reader *reader, yyjson_val *object, mr_delta_action *action,
                           mr_err *err)
{
    /* Free form, by the protocol: what is not as expected is passed over. */
    yyjson_val *metrics = yyjson_obj_get(object, "operationMetrics");

    if (integer_of(object, "timestamp", -1, &action->info.timestamp_ms, err) != MR_OK) {
        action->info.timestamp_ms = -1;
    }
    if (text_of(object, "operation", &action->info.operation, err) != MR_OK ||
        action->info.operation == NULL) {
        action->info.operation = "";
    }
    if (text_of(object, "txnId", &action->info.transaction, err) != MR_OK) {
        action->info.transaction = NULL;
    }
    if (yyjson_is_obj(metrics) && yyjson_obj_size(metrics) > 0) {
        reader->metrics = yyjson_val_write(metrics, YYJSON_WRITE_NOFLAG, NULL);
        action->info.metrics = reader->metrics;
    }
    return MR_OK;
}

/* --- The line --------------------------------------------------------------------------------- */

static mr_delta_action_kind kind_of(const char *name)
{
    static const struct {
        const char *name;
        mr_delta_action_kind kind;
    } kinds[] = {
        {"add", MR_DELTA_ADD},           {"remove", MR_DELTA_REMOVE},
        {"txn", MR_DELTA_TXN},           {"metaData", MR_DELTA_METADATA},
        {"protocol", MR_DELTA_PROTOCOL}, {"commitInfo", MR_DELTA_COMMIT_INFO},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            return kinds[i].kind;
        }
    }
    return MR_DELTA_OTHER;
}

static mr_status read_kind(mr_delta_reader *reader, yyjson_val *object, const mr_delta_meta *meta,
                           mr_delta_action *action, mr_err *err)
{
    switch (action->kind) {
    case MR_DELTA_ADD:
        return read_add(reader, object, meta, action, err);
    case MR_DELTA_REMOVE:
        return read_remove(reader, object, meta, action, err);
    case MR_DELTA_TXN:
        return read_txn(object, action, err);
    case MR_DELTA_METADATA:
        return read_meta(reader, object, action, err);
    case MR_DELTA_PROTOCOL:
        return read_protocol(object, action, err);
    case MR_DELTA_COMMIT_INFO:
        return read_info(reader, object, action, err);
    case MR_DELTA_OTHER:
        break;
    }
    return MR_OK;
}

/* The one member of the line that is an action we know; null members are those of checkpoints. */
static yyjson_val *find_action(yyjson_val *root, mr_delta_action_kind *ret_kind)
{
    yyjson_obj_iter at = yyjson_obj_iter_with(root);

    for (yyjson_val *key = yyjson_obj_iter_next(&at); key != NULL;
         key = yyjson_obj_iter_next(&at)) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        *ret_kind = kind_of(yyjson_get_str(key));
        if (*ret_kind != MR_DELTA_OTHER && !yyjson_is_null(value)) {
            return value;
        }
    }
    *ret_kind = MR_DELTA_OTHER;
    return NULL;
}

mr_status mr_delta_read_action(mr_delta_reader *reader, mr_text line, const mr_delta_meta *meta,
                               mr_delta_action *ret_action, mr_err *err)
{
    yyjson_read_err reason;
    mr_delta_action action = {.kind = MR_DELTA_OTHER};
    char *json;

    forget_line(reader);
    /* Without YYJSON_READ_INSITU the text is only read. */
    json = (char *)(uintptr_t)line.data;
    reader->document = yyjson_read_opts(json, line.bytes, YYJSON_READ_NOFLAG, NULL, &reason);
    if (reader->document == NULL) {
        return mr_fail(err, MR_CORRUPT, "not JSON: %s at byte %zu", reason.msg, reason.pos);
    }
    yyjson_val *root = yyjson_doc_get_root(reader->document);
    if (!yyjson_is_obj(root)) {
        return mr_fail(err, MR_CORRUPT, "not a JSON object");
    }
    yyjson_val *object = find_action(root, &action.kind);
    if (object != NULL && !yyjson_is_obj(object)) {
        return mr_fail(err, MR_CORRUPT, "the action is not a JSON object");
    }
    mr_status status = object != NULL ? read_kind(reader, object, meta, &action, err) : MR_OK;
    if (status == MR_OK) {
        *ret_action = action;
    }
    return status;
}
