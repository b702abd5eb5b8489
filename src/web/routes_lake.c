/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_lake.c - the lake as it stands: tables and views, their versions and files, the checks
 * of every run, and what is made of what.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "lake/delta_sql.h"
#include "query/sql_lake.h"
#include "web/json.h"
#include "web/lake_slot.h"
#include "web/operations.h"
#include "web/routes.h"

enum { page_default = 50, page_max = 200, text_bytes_max = 256, sql_bytes_max = 1 << 20 };

static void write_text(mr_buffer *out, const char *name, const char *text)
{
    mr_web_json_name(out, name);
    mr_web_json_text(out, mr_text_of(text));
}

/* What is not known is null. */
static void write_count(mr_buffer *out, const char *name, int64_t count)
{
    mr_web_json_name(out, name);
    if (count < 0) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        mr_web_json_integer(out, count);
    }
}

/* --- Tables ----------------------------------------------------------------------------------- */

typedef struct last_entry {
    int64_t at_ms;
    char operation[64];
} last_entry;

static bool take_last(void *ctx, const mr_delta_entry *entry)
{
    last_entry *last = ctx;

    last->at_ms = entry->committed_ms > 0 ? entry->committed_ms : 0;
    (void)snprintf(last->operation, sizeof last->operation, "%s", entry->operation);
    return false;
}

/* Its members, without braces. *ret_snapshot (may be NULL): the newest; NULL for a view. */
static mr_status write_table(const mr_sql_table *table, mr_delta_snapshot **ret_snapshot,
                             mr_buffer *out, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    last_entry last = {.at_ms = 0};
    char name[2 * mr_sql_name_bytes_max];
    mr_status status = MR_OK;

    if (table->table != NULL) {
        status = mr_delta_read(table->table, &snapshot, err);
    }
    if (status == MR_OK && snapshot != NULL) {
        status = mr_delta_history(table->table, take_last, &last, err);
    }
    (void)snprintf(name, sizeof name, "%s.%s", table->layer, table->name);
    write_text(out, "table", name);
    write_text(out, "kind", table->table != NULL ? "table" : "view");
    write_text(out, "description", table->model != NULL ? table->model->description : NULL);
    write_count(out, "version", snapshot != NULL ? mr_delta_version(snapshot) : -1);
    write_count(out, "rows", snapshot != NULL ? mr_delta_rows(snapshot) : -1);
    write_count(out, "files", snapshot != NULL ? (int64_t)mr_delta_file_count(snapshot) : -1);
    write_count(out, "bytes", snapshot != NULL ? (int64_t)mr_delta_bytes(snapshot) : -1);
    mr_web_json_name(out, "at");
    mr_web_json_instant(out, last.at_ms);
    write_text(out, "operation", last.operation[0] != '\0' ? last.operation : NULL);
    if (ret_snapshot != NULL && status == MR_OK) {
        *ret_snapshot = snapshot;
    } else {
        mr_delta_snapshot_free(snapshot);
    }
    return status;
}

mr_status mr_web_tables_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_sql_lake *lake = NULL;
    mr_status status = mr_web_lake(call, &lake, err);

    (void)mr_buffer_append_string(out, "{\"items\":[");
    for (size_t index = 0; status == MR_OK && index < lake->table_count; index++) {
        mr_web_json_next(out);
        (void)mr_buffer_append_string(out, "{");
        status = write_table(&lake->tables[index], NULL, out, err);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_printf(out, "],\"total\":%zu,\"next\":null}",
                           status == MR_OK ? lake->table_count : 0);
    return status;
}

/* The table of the path: layer, name. */
static mr_status find_table(mr_web_call *call, const mr_sql_table **ret_table, mr_err *err)
{
    mr_sql_lake *lake = NULL;
    const mr_status status = mr_web_lake(call, &lake, err);

    if (status != MR_OK) {
        return status;
    }
    *ret_table = mr_sql_lake_find(lake, mr_web_call_path(call, 0), mr_web_call_path(call, 1));
    return *ret_table != NULL ? MR_OK
                              : mr_fail(err, MR_NOT_FOUND, "there is no such table in the lake");
}

static bool is_partition(const mr_delta_schema *schema, const char *name)
{
    for (size_t index = 0;
         index < mr_delta_partitions_max && schema->partition_columns[index] != NULL; index++) {
        if (strcmp(schema->partition_columns[index], name) == 0) {
            return true;
        }
    }
    return false;
}

static void write_column(mr_buffer *out, const char *name, const char *type, bool nullable,
                         bool partition, const char *description)
{
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "name", name);
    write_text(out, "type", type);
    mr_web_json_name(out, "nullable");
    mr_web_json_flag(out, nullable);
    mr_web_json_name(out, "partition");
    mr_web_json_flag(out, partition);
    write_text(out, "description", description);
    (void)mr_buffer_append_string(out, "}");
}

static void write_columns(const mr_sql_table *table, const mr_delta_snapshot *snapshot,
                          mr_buffer *out)
{
    mr_web_json_name(out, "columns");
    (void)mr_buffer_append_string(out, "[");
    if (snapshot != NULL) {
        const mr_delta_schema *schema = mr_delta_schema_of(snapshot);

        for (size_t index = 0; index < schema->field_count; index++) {
            const mr_delta_field *field = &schema->fields[index];

            write_column(out, field->name, field->type, !field->not_null,
                         is_partition(schema, field->name), field->comment);
        }
    } else if (table->model != NULL) {
        for (size_t index = 0; index < table->model->column_count; index++) {
            const mr_model_column *column = &table->model->columns[index];

            write_column(out, column->name, column->type, !column->not_null, false,
                         column->description);
        }
    }
    (void)mr_buffer_append_string(out, "]");
}

static void write_model(const mr_model *model, mr_buffer *out)
{
    mr_web_json_name(out, "model");
    if (model == NULL) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
        return;
    }
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "mode", mr_model_mode_name(model->mode));
    write_text(out, "sql", model->sql);
    mr_web_json_name(out, "reads");
    (void)mr_buffer_append_string(out, "[");
    for (size_t index = 0; index < model->reference_count; index++) {
        mr_web_json_next(out);
        mr_web_json_text(out, mr_text_of(model->references[index]));
    }
    (void)mr_buffer_append_string(out, "]");
    mr_web_json_name(out, "checks");
    (void)mr_buffer_append_string(out, "[");
    for (size_t index = 0; index < model->check_count; index++) {
        mr_web_json_next(out);
        mr_web_json_text(out, mr_text_of(model->checks[index].text));
    }
    (void)mr_buffer_append_string(out, "]}");
}

static void write_properties(const mr_delta_snapshot *snapshot, mr_buffer *out)
{
    static const char *const keys[] = {"delta.appendOnly", "delta.checkpointInterval",
                                       "delta.logRetentionDuration",
                                       "delta.deletedFileRetentionDuration"};

    mr_web_json_name(out, "properties");
    (void)mr_buffer_append_string(out, "{");
    for (size_t index = 0; snapshot != NULL && index < sizeof keys / sizeof keys[0]; index++) {
        const char *value = mr_delta_property(snapshot, keys[index]);

        if (value != NULL) {
            write_text(out, keys[index], value);
        }
    }
    (void)mr_buffer_append_string(out, "}");
}

mr_status mr_web_table_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    const mr_sql_table *table = NULL;
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = find_table(call, &table, err);

    if (status != MR_OK) {
        return status;
    }
    (void)mr_buffer_append_string(out, "{");
    status = write_table(table, &snapshot, out, err);
    if (status == MR_OK) {
        write_columns(table, snapshot, out);
        write_properties(snapshot, out);
        write_model(table->model, out);
        (void)mr_buffer_append_string(out, "}");
    }
    mr_delta_snapshot_free(snapshot);
    return status;
}

/* --- Versions --------------------------------------------------------------------------------- */

typedef struct versions {
    mr_buffer *out;
    int64_t before; /* versions below it */
    int64_t limit, count, last;
    bool more;
} versions;

/* operationMetrics, which a table of strangers may fill with anything: objects of texts alone. */
static void write_metrics(const char *info, mr_buffer *out)
{
    yyjson_doc *document =
        info != NULL ? yyjson_read(info, strlen(info), YYJSON_READ_NOFLAG) : NULL;
    yyjson_obj_iter members;
    yyjson_val *key;

    mr_web_json_name(out, "metrics");
    (void)mr_buffer_append_string(out, "{");
    if (yyjson_obj_iter_init(yyjson_doc_get_root(document), &members)) {
        while ((key = yyjson_obj_iter_next(&members)) != NULL) {
            const char *text = yyjson_get_str(yyjson_obj_iter_get_val(key));

            if (text != NULL) {
                write_text(out, yyjson_get_str(key), text);
            }
        }
    }
    (void)mr_buffer_append_string(out, "}");
    yyjson_doc_free(document);
}

static bool write_version(void *ctx, const mr_delta_entry *entry)
{
    versions *list = ctx;

    if (entry->version >= list->before) {
        return true;
    }
    if (list->count == list->limit) {
        list->more = true;
        return false;
    }
    list->count++;
    list->last = entry->version;
    mr_web_json_next(list->out);
    (void)mr_buffer_append_string(list->out, "{");
    write_count(list->out, "version", entry->version);
    mr_web_json_name(list->out, "at");
    mr_web_json_instant(list->out, entry->committed_ms > 0 ? entry->committed_ms : 0);
    write_text(list->out, "operation", entry->operation);
    write_count(list->out, "files_added", (int64_t)entry->files_added);
    write_count(list->out, "files_removed", (int64_t)entry->files_removed);
    write_count(list->out, "rows_added", entry->rows_added);
    write_count(list->out, "rows_removed", entry->rows_removed);
    write_metrics(entry->info, list->out);
    (void)mr_buffer_append_string(list->out, "}");
    return true;
}

static mr_status read_page(mr_web_call *call, int64_t after_otherwise, int64_t *ret_limit,
                           int64_t *ret_after, mr_err *err)
{
    const mr_status status =
        mr_web_query_integer(call, "limit", 1, page_max, page_default, ret_limit, err);

    return status == MR_OK
               ? mr_web_query_integer(call, "after", 0, INT64_MAX, after_otherwise, ret_after, err)
               : status;
}

mr_status mr_web_table_history_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    versions list = {.out = out};
    const mr_sql_table *table = NULL;
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = read_page(call, INT64_MAX, &list.limit, &list.before, err);

    if (status == MR_OK) {
        status = find_table(call, &table, err);
    }
    if (status == MR_OK && table->table == NULL) {
        status = mr_fail(err, MR_NOT_FOUND, "a view has no versions");
    }
    if (status == MR_OK) {
        status = mr_delta_read(table->table, &snapshot, err);
    }
    if (status == MR_OK) {
        (void)mr_buffer_append_string(out, "{\"items\":[");
        status = mr_delta_history(table->table, write_version, &list, err);
        (void)mr_buffer_printf(out, "],\"total\":%" PRId64, mr_delta_version(snapshot) + 1);
        if (list.more) {
            (void)mr_buffer_printf(out, ",\"next\":\"%" PRId64 "\"}", list.last);
        } else {
            (void)mr_buffer_append_string(out, ",\"next\":null}");
        }
    }
    mr_delta_snapshot_free(snapshot);
    return status;
}

/* --- Files ------------------------------------------------------------------------------------ */

static void write_file(const mr_delta_schema *schema, const mr_delta_file *file, mr_buffer *out)
{
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "path", file->path);
    write_count(out, "bytes", (int64_t)file->bytes);
    write_count(out, "rows", file->rows);
    mr_web_json_name(out, "partition");
    (void)mr_buffer_append_string(out, "{");
    for (size_t index = 0;
         index < mr_delta_partitions_max && schema->partition_columns[index] != NULL; index++) {
        write_text(out, schema->partition_columns[index], file->partition_values[index]);
    }
    (void)mr_buffer_append_string(out, "}");
    mr_web_json_name(out, "at");
    mr_web_json_instant(out, file->modified_ms);
    (void)mr_buffer_append_string(out, "}");
}

mr_status mr_web_table_files_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    const mr_sql_table *table = NULL;
    mr_delta_snapshot *snapshot = NULL;
    int64_t limit = 0, after = 0;
    mr_status status = read_page(call, 0, &limit, &after, err);

    if (status == MR_OK) {
        status = find_table(call, &table, err);
    }
    if (status == MR_OK && table->table == NULL) {
        status = mr_fail(err, MR_NOT_FOUND, "a view has no files");
    }
    if (status == MR_OK) {
        status = mr_delta_read(table->table, &snapshot, err);
    }
    if (status == MR_OK) {
        const size_t count = mr_delta_file_count(snapshot);
        size_t index = (size_t)after;

        (void)mr_buffer_append_string(out, "{\"items\":[");
        for (; index < count && index < (size_t)(after + limit); index++) {
            write_file(mr_delta_schema_of(snapshot), mr_delta_file_at(snapshot, index), out);
        }
        (void)mr_buffer_printf(out, "],\"total\":%zu", count);
        if (index < count) {
            (void)mr_buffer_printf(out, ",\"next\":\"%zu\"}", index);
        } else {
            (void)mr_buffer_append_string(out, ",\"next\":null}");
        }
    }
    mr_delta_snapshot_free(snapshot);
    return status;
}

/* --- Quality ---------------------------------------------------------------------------------- */

/* Columns in the order of quality_columns; all as text. */
static const char select_quality[] =
    "SELECT run, strftime(started, '%Y-%m-%dT%H:%M:%S.000Z'), kind, coalesce(model, ''), name,"
    " CAST(holds AS VARCHAR), CAST(broken_rows AS VARCHAR), CAST(left_side AS VARCHAR),"
    " CAST(right_side AS VARCHAR), CAST(difference AS VARCHAR), coalesce(note, ''),"
    " CAST(count(*) OVER () AS VARCHAR) FROM ops.quality";

static const struct {
    const char *name;
    bool plain; /* digits, true or false: not in quotes */
} quality_columns[] = {{"run", false},        {"at", false},   {"kind", false},
                       {"model", false},      {"name", false}, {"holds", true},
                       {"broken_rows", true}, {"left", false}, {"right", false},
                       {"difference", false}, {"note", false}};
enum { quality_count = sizeof quality_columns / sizeof quality_columns[0] };

static void write_result(const mr_olap_result *row, mr_buffer *out)
{
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    for (size_t column = 0; column < quality_count; column++) {
        const mr_text text =
            mr_olap_is_null(row, column) ? MR_TEXT_ABSENT : mr_olap_text(row, column);

        mr_web_json_name(out, quality_columns[column].name);
        if (quality_columns[column].plain && text.data != NULL) {
            (void)mr_buffer_append_text(out, text);
        } else {
            mr_web_json_text(out, text);
        }
    }
    (void)mr_buffer_append_string(out, "}");
}

typedef struct quality_request {
    int64_t limit, after;
    size_t kind; /* all, check, balance */
    bool broken;
    mr_text run;
} quality_request;

static mr_status read_quality(mr_web_call *call, quality_request *ret, mr_err *err)
{
    size_t broken = 0;
    mr_status status = read_page(call, 0, &ret->limit, &ret->after, err);

    if (status == MR_OK) {
        status = mr_web_query_word(call, "kind", "all|check|balance", 0, &ret->kind, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_word(call, "broken", "false|true", 0, &broken, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "run", text_bytes_max, &ret->run, err);
    }
    ret->broken = broken == 1;
    return status;
}

static void append_quality(const quality_request *asked, mr_buffer *sql)
{
    (void)mr_buffer_append_string(sql, select_quality);
    (void)mr_buffer_append_string(sql, asked->broken ? " WHERE NOT holds" : " WHERE true");
    if (asked->kind != 0) {
        (void)mr_buffer_append_string(sql, asked->kind == 1 ? " AND kind = 'check'"
                                                            : " AND kind = 'balance'");
    }
    if (asked->run.data != NULL) {
        (void)mr_buffer_append_string(sql, " AND run = ");
        (void)mr_olap_quote_text(sql, asked->run);
    }
    (void)mr_buffer_printf(sql,
                           " ORDER BY started DESC, run DESC, kind, model, name"
                           " LIMIT %" PRId64 " OFFSET %" PRId64,
                           asked->limit + 1, asked->after);
}

static mr_status write_quality(mr_olap_result *result, const quality_request *asked, mr_buffer *out,
                               mr_err *err)
{
    int64_t count = 0, total = asked->after;
    bool more = false;
    mr_status status;

    (void)mr_buffer_append_string(out, "{\"items\":[");
    while ((status = mr_olap_next(result, err)) == MR_OK && !more) {
        (void)mr_parse_int64(mr_olap_text(result, quality_count), &total);
        more = count == asked->limit;
        if (!more) {
            write_result(result, out);
            count++;
        }
    }
    (void)mr_buffer_printf(out, "],\"total\":%" PRId64, total);
    if (more) {
        (void)mr_buffer_printf(out, ",\"next\":\"%" PRId64 "\"}", asked->after + count);
    } else {
        (void)mr_buffer_append_string(out, ",\"next\":null}");
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* A worker's last answer: many ask the same of a table that changes with a run. */
typedef struct kept_quality {
    int64_t version;
    mr_buffer sql, answer;
} kept_quality;

static void destroy_quality(void *value)
{
    kept_quality *kept = value;

    mr_buffer_free(&kept->sql);
    mr_buffer_free(&kept->answer);
    free(kept);
}

static void keep_quality(mr_web_call *call, int64_t version, mr_text sql, mr_text answer)
{
    kept_quality *kept = mr_alloc_zero(1, sizeof *kept);

    kept->version = version;
    mr_buffer_init(&kept->sql, sql_bytes_max);
    mr_buffer_init(&kept->answer, mr_web_answer_bytes_max);
    (void)mr_buffer_append_text(&kept->sql, sql);
    (void)mr_buffer_append_text(&kept->answer, answer);
    mr_web_call_set_slot(call, MR_WEB_SLOT_QUALITY, kept, destroy_quality);
}

/* false: it is to be asked for. */
static bool find_quality(mr_web_call *call, int64_t version, mr_text sql)
{
    const kept_quality *kept = mr_web_call_slot(call, MR_WEB_SLOT_QUALITY);

    return kept != NULL && kept->version == version &&
           mr_text_equal(mr_buffer_text(&kept->sql), sql) &&
           mr_buffer_append_text(mr_web_call_out(call), mr_buffer_text(&kept->answer));
}

static mr_status ask_quality(mr_web_call *call, mr_sql_lake *lake, const quality_request *asked,
                             mr_text sql, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_buffer prepared;
    mr_status status;

    mr_buffer_init(&prepared, sql_bytes_max);
    mr_web_lake_begin(call, lake->connection);
    status = mr_sql_lake_prepare(lake, sql, &prepared, err);
    if (status == MR_OK) {
        status = mr_olap_query(lake->connection, prepared.data, true, &result, err);
    }
    if (status == MR_OK) {
        status = write_quality(result, asked, mr_web_call_out(call), err);
    }
    mr_olap_result_free(result);
    mr_web_lake_end(call, lake->connection);
    mr_buffer_free(&prepared);
    return status;
}

mr_status mr_web_quality_get(mr_web_call *call, mr_err *err)
{
    quality_request asked = {.limit = page_default};
    mr_sql_lake *lake = NULL;
    mr_delta_snapshot *snapshot = NULL;
    mr_buffer sql;
    mr_status status = read_quality(call, &asked, err);

    if (status == MR_OK) {
        status = mr_web_lake(call, &lake, err);
    }
    if (status != MR_OK) {
        return status;
    }
    const mr_sql_table *found =
        mr_sql_lake_find(lake, MR_TEXT_LITERAL("ops"), MR_TEXT_LITERAL("quality"));
    if (found == NULL) {
        (void)mr_buffer_append_string(mr_web_call_out(call),
                                      "{\"items\":[],\"total\":0,\"next\":null}");
        return MR_OK;
    }
    /* Read before the question: a version that comes between is asked for once more. */
    status = mr_delta_read(found->table, &snapshot, err);
    if (status != MR_OK) {
        return status;
    }
    const int64_t version = mr_delta_version(snapshot);
    mr_delta_snapshot_free(snapshot);
    mr_buffer_init(&sql, sql_bytes_max);
    append_quality(&asked, &sql);
    if (!find_quality(call, version, mr_buffer_text(&sql))) {
        status = ask_quality(call, lake, &asked, mr_buffer_text(&sql), err);
        if (status == MR_OK) {
            keep_quality(call, version, mr_buffer_text(&sql),
                         mr_buffer_text(mr_web_call_out(call)));
        }
    }
    mr_buffer_free(&sql);
    return status;
}

/* --- Lineage ---------------------------------------------------------------------------------- */

mr_status mr_web_lineage_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    const mr_models *models = NULL;
    const mr_status status = mr_web_models(call, &models, err);

    if (status != MR_OK) {
        return status;
    }
    (void)mr_buffer_append_string(out, "{\"models\":[");
    for (size_t index = 0; index < mr_models_count(models); index++) {
        const mr_model *model = mr_models_at(models, index);

        mr_web_json_next(out);
        (void)mr_buffer_append_string(out, "{");
        write_text(out, "name", model->name);
        write_text(out, "mode", mr_model_mode_name(model->mode));
        write_text(out, "description", model->description);
        write_text(out, "sql", model->sql);
        mr_web_json_name(out, "reads");
        (void)mr_buffer_append_string(out, "[");
        for (size_t source = 0; source < model->reference_count; source++) {
            mr_web_json_next(out);
            mr_web_json_text(out, mr_text_of(model->references[source]));
        }
        (void)mr_buffer_append_string(out, "]}");
    }
    (void)mr_buffer_append_string(out, "]}");
    return MR_OK;
}
