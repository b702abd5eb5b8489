/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_sql.c - SQL that people write: over the lake, and for operators over the store; what
 * there is to ask; queries that are kept, and those that were asked.
 *
 * Invariant: nothing here makes a query safe. That it can only read is the databases' own doing
 * (olap.h's harden and read-only statements, store_ask.h); time and rows are limited here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/sql_cell.h"
#include "query/sql_lake.h"
#include "store/ops_queries.h"
#include "store/store_ask.h"
#include "web/json.h"
#include "web/lake_slot.h"
#include "web/routes.h"

enum {
    query_bytes_max = 65536,
    name_bytes_max = 200,
    rows_default = 1000,
    rows_max = 10000,
    answer_bytes_max = 8 << 20, /* of rows; more are cut off */
    csv_flush_bytes = 32768,
    csv_bytes_max = 4 << 20,
    page_default = 50,
    page_max = 200,
};

static const char *const sources[] = {"lake", "store"};

/* --- The answer, row by row ------------------------------------------------------------------- */

typedef struct asked {
    mr_web_call *call;
    size_t source; /* of sources */
    mr_text sql;
    int64_t limit;
    bool csv;
    mr_buffer text; /* of CSV, until it is written */
    uint64_t rows;
    bool truncated;
    int64_t begin_us;
} asked;

static mr_status begin_answer(asked *self, mr_err *err)
{
    if (!self->csv) {
        (void)mr_buffer_append_string(mr_web_call_out(self->call), "{\"columns\":[");
        return MR_OK;
    }
    mr_buffer_init(&self->text, csv_bytes_max);
    return mr_web_call_stream(self->call, "text/csv; charset=utf-8", "query.csv", err);
}

static void write_column(asked *self, size_t column, const char *name, const char *type)
{
    mr_buffer *out = mr_web_call_out(self->call);

    if (self->csv) {
        (void)mr_buffer_append_string(&self->text, column > 0 ? "," : "");
        (void)mr_sql_cell_csv(&self->text, mr_text_of(name));
        return;
    }
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    mr_web_json_name(out, "name");
    mr_web_json_text(out, mr_text_of(name));
    mr_web_json_name(out, "type");
    mr_web_json_text(out, mr_text_of(type));
    (void)mr_buffer_append_string(out, "}");
}

static void end_columns(asked *self)
{
    if (self->csv) {
        (void)mr_buffer_append_string(&self->text, "\r\n");
    } else {
        (void)mr_buffer_append_string(mr_web_call_out(self->call), "],\"rows\":[");
    }
}

/* A text that a spreadsheet would take for a formula; numbers stay numbers. */
static bool is_formula(mr_text cell)
{
    static const char digits[] = "0123456789.eE+-";

    if (cell.bytes == 0 || memchr("=+-@\t\r", cell.data[0], 6) == NULL) {
        return false;
    }
    for (size_t at = 0; at < cell.bytes; at++) {
        if (memchr(digits, cell.data[at], sizeof digits - 1) == NULL) {
            return true;
        }
    }
    return cell.bytes == 1;
}

static void write_csv_cell(asked *self, mr_text cell)
{
    mr_buffer harmless;

    if (!is_formula(cell)) {
        (void)mr_sql_cell_csv(&self->text, cell);
        return;
    }
    mr_buffer_init(&harmless, csv_bytes_max);
    (void)mr_buffer_append(&harmless, "'", 1);
    (void)mr_buffer_append_text(&harmless, cell);
    (void)mr_sql_cell_csv(&self->text, mr_buffer_text(&harmless));
    mr_buffer_free(&harmless);
}

static void write_cell(asked *self, size_t column, mr_text cell)
{
    mr_buffer *out = mr_web_call_out(self->call);

    if (self->csv) {
        (void)mr_buffer_append_string(&self->text, column > 0 ? "," : "");
        write_csv_cell(self, cell);
        return;
    }
    mr_web_json_next(out);
    if (cell.data != NULL && !mr_utf8_valid(cell)) {
        cell = MR_TEXT_LITERAL("(not UTF-8)");
    }
    mr_web_json_text(out, cell);
}

/* false: there is no room for another row. */
static bool begin_row(asked *self)
{
    mr_buffer *out = mr_web_call_out(self->call);

    if (!self->csv &&
        (self->rows == (uint64_t)self->limit || out->bytes > (size_t)answer_bytes_max)) {
        self->truncated = true;
        return false;
    }
    if (!self->csv) {
        mr_web_json_next(out);
        (void)mr_buffer_append_string(out, "[");
    }
    return true;
}

static mr_status end_row(asked *self, mr_err *err)
{
    mr_status status = MR_OK;

    self->rows++;
    if (!self->csv) {
        (void)mr_buffer_append_string(mr_web_call_out(self->call), "]");
        return MR_OK;
    }
    (void)mr_buffer_append_string(&self->text, "\r\n");
    if (self->text.overflowed) {
        return mr_fail(err, MR_LIMIT, "a row is larger than %d bytes", csv_bytes_max);
    }
    if (self->text.bytes >= csv_flush_bytes) {
        status = mr_web_call_write(self->call, mr_buffer_text(&self->text), err);
        mr_buffer_clear(&self->text);
    }
    return status;
}

static mr_status end_answer(asked *self, mr_err *err)
{
    if (self->csv) {
        return self->text.bytes > 0
                   ? mr_web_call_write(self->call, mr_buffer_text(&self->text), err)
                   : MR_OK;
    }
    (void)mr_buffer_printf(
        mr_web_call_out(self->call), "],\"rows_total\":%s,\"truncated\":%s,\"ms\":%" PRId64 "}",
        "null", self->truncated ? "true" : "false", (mr_monotonic_us() - self->begin_us) / 1000);
    return MR_OK;
}

/* --- The lake --------------------------------------------------------------------------------- */

static mr_status write_lake_rows(asked *self, mr_olap_result *result, mr_err *err)
{
    const size_t columns = mr_olap_column_count(result);
    mr_buffer text;
    mr_status status = begin_answer(self, err);

    for (size_t column = 0; column < columns && status == MR_OK; column++) {
        write_column(self, column, mr_olap_column_name(result, column),
                     mr_olap_column_type(result, column));
    }
    end_columns(self);
    mr_buffer_init(&text, mr_store_ask_cell_bytes_max);
    while (status == MR_OK && (status = mr_olap_next(result, err)) == MR_OK && begin_row(self)) {
        for (size_t column = 0; column < columns; column++) {
            mr_buffer_clear(&text);
            if (!mr_olap_write_text(result, column, &text)) {
                (void)mr_buffer_append_string(&text, "(too large)");
            }
            write_cell(self, column,
                       mr_olap_is_null(result, column)
                           ? MR_TEXT_ABSENT
                           : (mr_text){text.data != NULL ? text.data : "", text.bytes});
        }
        status = end_row(self, err);
    }
    mr_buffer_free(&text);
    status = status == MR_NOT_FOUND ? MR_OK : status;
    return status == MR_OK ? end_answer(self, err) : status;
}

static mr_status ask_lake(asked *self, mr_err *err)
{
    mr_sql_lake *lake = NULL;
    mr_olap_result *result = NULL;
    mr_buffer sql;
    bool closed;
    mr_text rest;
    const mr_text statement = mr_sql_split(self->sql, &rest, &closed);
    mr_status status = mr_web_lake(self->call, &lake, err);

    if (status != MR_OK) {
        return status;
    }
    if (statement.bytes == 0 || mr_sql_split(rest, &rest, &closed).bytes > 0) {
        return mr_fail(err, MR_INVALID, "one query is taken at a time");
    }
    mr_buffer_init(&sql, mr_sql_bytes_max);
    mr_web_lake_begin(self->call, lake->connection);
    status = mr_sql_lake_prepare(lake, statement, &sql, err);
    if (status == MR_OK) {
        status = mr_olap_query(lake->connection, sql.data, true, &result, err);
        status = status == MR_INVALID ? mr_sql_lake_explain(lake, status, err) : status;
    }
    if (status == MR_OK) {
        status = write_lake_rows(self, result, err);
    }
    mr_olap_result_free(result);
    mr_web_lake_end(self->call, lake->connection);
    mr_buffer_free(&sql);
    return status;
}

/* --- The store -------------------------------------------------------------------------------- */

static mr_status take_columns(void *ctx, const char *const *names, const char *const *types,
                              size_t count, mr_err *err)
{
    asked *self = ctx;
    const mr_status status = begin_answer(self, err);

    for (size_t column = 0; column < count && status == MR_OK; column++) {
        write_column(self, column, names[column], types[column]);
    }
    end_columns(self);
    return status;
}

static mr_status take_row(void *ctx, const mr_text *cells, size_t count, mr_err *err)
{
    asked *self = ctx;

    if (!begin_row(self)) {
        return MR_NOT_FOUND;
    }
    for (size_t column = 0; column < count; column++) {
        write_cell(self, column, cells[column]);
    }
    return end_row(self, err);
}

static bool is_over(void *ctx)
{
    const asked *self = ctx;

    return mr_web_call_is_over(self->call);
}

static mr_status ask_store(asked *self, mr_err *err)
{
    mr_text rest;
    bool closed;
    const mr_text statement = mr_sql_split(self->sql, &rest, &closed);
    const mr_store_asked question = {.sql = statement,
                                     .rows_max = self->csv ? 0 : (uint64_t)self->limit + 1,
                                     .columns = take_columns,
                                     .row = take_row,
                                     .is_over = is_over,
                                     .ctx = self};
    mr_status status;

    if (statement.bytes == 0 || mr_sql_split(rest, &rest, &closed).bytes > 0) {
        return mr_fail(err, MR_INVALID, "one query is taken at a time");
    }
    status = mr_store_ask(&mr_web_call_options(self->call)->store, &question, err);
    return status == MR_OK ? end_answer(self, err) : status;
}

/* --- POST /sql -------------------------------------------------------------------------------- */

static mr_status read_source(mr_web_call *call, size_t *ret_source, mr_err *err)
{
    mr_text source = MR_TEXT_ABSENT;
    mr_status status = mr_web_body_text(call, "source", true, name_bytes_max, &source, err);

    if (status != MR_OK) {
        return status;
    }
    for (size_t index = 0; index < sizeof sources / sizeof sources[0]; index++) {
        if (mr_text_equal(source, mr_text_of(sources[index]))) {
            *ret_source = index;
            return MR_OK;
        }
    }
    return mr_web_call_fault(call, "body", "source", "enum", "Input should be one of lake|store",
                             err);
}

static mr_status read_asked(mr_web_call *call, asked *ret, mr_err *err)
{
    size_t format = 0;
    mr_status status = read_source(call, &ret->source, err);

    if (status == MR_OK) {
        status = mr_web_body_text(call, "sql", true, query_bytes_max, &ret->sql, err);
    }
    if (status == MR_OK) {
        status = mr_web_body_integer(call, "limit", 1, rows_max, rows_default, &ret->limit, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_word(call, "format", "json|csv", 0, &format, err);
    }
    ret->csv = format == 1;
    return status;
}

/* Kept for the user; that it cannot be kept does not spoil the answer. */
static void keep_history(const asked *self, mr_status status, const mr_err *failure)
{
    const mr_query_run run = {.source = mr_text_of(sources[self->source]),
                              .query = self->sql,
                              .duration_ms = (mr_monotonic_us() - self->begin_us) / 1000,
                              .row_count = (int64_t)self->rows,
                              .failure = status == MR_OK || failure == NULL
                                             ? MR_TEXT_LITERAL("")
                                             : mr_text_of(failure->message)};
    mr_ops *ops = NULL;
    mr_err err;

    if (mr_web_call_ops(self->call, &ops, &err) == MR_OK) {
        (void)mr_ops_history_add(ops, mr_web_call_user(self->call)->name, &run, &err);
    }
}

mr_status mr_web_sql_post(mr_web_call *call, mr_err *err)
{
    asked self = {.call = call, .begin_us = mr_monotonic_us()};
    mr_status status = read_asked(call, &self, err);

    if (status == MR_OK && self.source == 1 && mr_web_call_user(call)->role != MR_USER_OPERATOR) {
        mr_web_call_set_status(call, 403);
        (void)mr_buffer_append_string(mr_web_call_out(call),
                                      "{\"detail\":\"Only an operator may ask the store\"}");
        return mr_web_call_audit(call, "sql.refused", "store", self.sql, err);
    }
    if (status == MR_OK) {
        status = mr_web_call_audit(call, "sql.run", sources[self.source], self.sql, err);
    }
    if (status != MR_OK) {
        return status;
    }
    status = self.source == 0 ? ask_lake(&self, err) : ask_store(&self, err);
    mr_buffer_free(&self.text);
    keep_history(&self, status, err);
    if (status == MR_INVALID || status == MR_UNSUPPORTED) {
        char message[mr_err_message_bytes_max];

        (void)snprintf(message, sizeof message, "%s", err != NULL ? err->message : "");
        status = mr_web_call_fault(call, "body", "sql", "value_error", message, err);
    }
    return status;
}

/* --- What there is to ask --------------------------------------------------------------------- */

static void write_schema_column(mr_buffer *out, const char *name, const char *type,
                                const char *description)
{
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    mr_web_json_name(out, "name");
    mr_web_json_text(out, mr_text_of(name));
    mr_web_json_name(out, "type");
    mr_web_json_text(out, mr_text_of(type));
    mr_web_json_name(out, "description");
    mr_web_json_text(out, mr_text_of(description));
    (void)mr_buffer_append_string(out, "}");
}

static mr_status write_schema_table(const mr_sql_table *table, mr_buffer *out, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    const mr_status status =
        table->table != NULL ? mr_delta_read(table->table, &snapshot, err) : MR_OK;

    mr_web_json_next(out);
    (void)mr_buffer_printf(out, "{\"name\":\"%s.%s\",\"kind\":\"%s\"", table->layer, table->name,
                           table->table != NULL ? "table" : "view");
    mr_web_json_name(out, "description");
    mr_web_json_text(out, mr_text_of(table->model != NULL ? table->model->description : NULL));
    mr_web_json_name(out, "rows");
    if (snapshot != NULL && mr_delta_rows(snapshot) >= 0) {
        mr_web_json_integer(out, mr_delta_rows(snapshot));
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    mr_web_json_name(out, "columns");
    (void)mr_buffer_append_string(out, "[");
    if (snapshot != NULL) {
        const mr_delta_schema *schema = mr_delta_schema_of(snapshot);

        for (size_t index = 0; index < schema->field_count; index++) {
            write_schema_column(out, schema->fields[index].name, schema->fields[index].type,
                                schema->fields[index].comment);
        }
    } else if (table->model != NULL) {
        for (size_t index = 0; index < table->model->column_count; index++) {
            write_schema_column(out, table->model->columns[index].name,
                                table->model->columns[index].type,
                                table->model->columns[index].description);
        }
    }
    (void)mr_buffer_append_string(out, "]}");
    mr_delta_snapshot_free(snapshot);
    return status;
}

/* The store's schema comes as rows: table, kind, column, type. */
typedef struct store_schema {
    mr_web_call *call;
    mr_buffer *out;
    char table[128]; /* the one at hand; "": none */
} store_schema;

static mr_status ignore_columns(void *ctx, const char *const *names, const char *const *types,
                                size_t count, mr_err *err)
{
    (void)ctx;
    (void)names;
    (void)types;
    (void)count;
    (void)err;
    return MR_OK;
}

static mr_status take_schema_row(void *ctx, const mr_text *cells, size_t count, mr_err *err)
{
    store_schema *self = ctx;
    char table[sizeof self->table], column[128], type[128];

    (void)err;
    MR_ASSERT(count == 4);
    (void)snprintf(table, sizeof table, "%.*s", MR_TEXT_ARGS(cells[0]));
    (void)snprintf(column, sizeof column, "%.*s", MR_TEXT_ARGS(cells[2]));
    (void)snprintf(type, sizeof type, "%.*s", MR_TEXT_ARGS(cells[3]));
    if (strcmp(table, self->table) != 0) {
        (void)mr_buffer_append_string(self->out, self->table[0] != '\0' ? "]}," : "");
        (void)mr_buffer_append_string(self->out, "{\"name\":");
        mr_web_json_text(self->out, mr_text_of(table));
        (void)mr_buffer_append_string(self->out, ",\"kind\":");
        mr_web_json_text(self->out, cells[1]);
        (void)mr_buffer_append_string(self->out,
                                      ",\"description\":null,\"rows\":null,\"columns\":[");
        memcpy(self->table, table, sizeof table);
    }
    write_schema_column(self->out, column, type, NULL);
    return MR_OK;
}

static bool schema_is_over(void *ctx)
{
    const store_schema *self = ctx;

    return mr_web_call_is_over(self->call);
}

static mr_status write_store_schema(mr_web_call *call, mr_buffer *out, mr_err *err)
{
    store_schema self = {.call = call, .out = out};
    const mr_store_asked question = {
        .columns = ignore_columns, .row = take_schema_row, .is_over = schema_is_over, .ctx = &self};
    mr_status status;

    (void)mr_buffer_append_string(out, ",{\"source\":\"store\",\"tables\":[");
    status = mr_store_ask_schema(&mr_web_call_options(call)->store, &question, err);
    (void)mr_buffer_append_string(out, self.table[0] != '\0' ? "]}]}" : "]}");
    /* No store yet, or one that cannot be asked: nothing to list. */
    return status == MR_NOT_FOUND || status == MR_UNSUPPORTED ? MR_OK : status;
}

mr_status mr_web_sql_schema_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_sql_lake *lake = NULL;
    mr_status status = mr_web_lake(call, &lake, err);

    (void)mr_buffer_append_string(out, "{\"sources\":[{\"source\":\"lake\",\"tables\":[");
    for (size_t index = 0; status == MR_OK && index < lake->table_count; index++) {
        status = write_schema_table(&lake->tables[index], out, err);
    }
    (void)mr_buffer_append_string(out, "]}");
    if (status == MR_OK && mr_web_call_user(call)->role == MR_USER_OPERATOR) {
        status = write_store_schema(call, out, err);
    }
    (void)mr_buffer_append_string(out, "]}");
    return status;
}

/* --- History and saved queries ---------------------------------------------------------------- */

typedef struct listing {
    mr_buffer *out;
    int64_t limit, count, last;
    bool more;
} listing;

static bool write_past(void *ctx, const mr_query_run *run)
{
    listing *list = ctx;
    mr_buffer *out = list->out;

    if (list->count == list->limit) {
        list->more = true;
        return false;
    }
    list->count++;
    list->last = run->history_id;
    mr_web_json_next(out);
    (void)mr_buffer_printf(out, "{\"id\":%" PRId64, run->history_id);
    mr_web_json_name(out, "at");
    mr_web_json_instant(out, run->at_ms);
    mr_web_json_name(out, "source");
    mr_web_json_text(out, run->source);
    mr_web_json_name(out, "sql");
    mr_web_json_text(out, run->query);
    (void)mr_buffer_printf(out, ",\"ms\":%" PRId64 ",\"rows\":%" PRId64, run->duration_ms,
                           run->row_count);
    mr_web_json_name(out, "error");
    mr_web_json_text(out, run->failure.bytes > 0 ? run->failure : MR_TEXT_ABSENT);
    (void)mr_buffer_append_string(out, "}");
    return true;
}

mr_status mr_web_sql_history_get(mr_web_call *call, mr_err *err)
{
    listing list = {.out = mr_web_call_out(call)};
    int64_t before = INT64_MAX;
    mr_ops *ops = NULL;
    mr_status status =
        mr_web_query_integer(call, "limit", 1, page_max, page_default, &list.limit, err);

    if (status == MR_OK) {
        status = mr_web_query_integer(call, "after", 0, INT64_MAX, INT64_MAX, &before, err);
    }
    if (status == MR_OK) {
        status = mr_web_call_ops(call, &ops, err);
    }
    if (status != MR_OK) {
        return status;
    }
    (void)mr_buffer_append_string(list.out, "{\"items\":[");
    status = mr_ops_history(ops, mr_web_call_user(call)->name, before, (uint32_t)list.limit + 1,
                            write_past, &list, err);
    if (list.more) {
        (void)mr_buffer_printf(list.out, "],\"next\":\"%" PRId64 "\"}", list.last);
    } else {
        (void)mr_buffer_append_string(list.out, "],\"next\":null}");
    }
    return status;
}

static void write_saved_members(mr_buffer *out, const mr_saved_query *query)
{
    (void)mr_buffer_printf(out, "{\"id\":%" PRId64, query->query_id);
    mr_web_json_name(out, "name");
    mr_web_json_text(out, query->name);
    mr_web_json_name(out, "source");
    mr_web_json_text(out, query->source);
    mr_web_json_name(out, "sql");
    mr_web_json_text(out, query->query);
    mr_web_json_name(out, "updated_at");
    mr_web_json_instant(out, query->changed_ms);
    (void)mr_buffer_append_string(out, "}");
}

static bool write_saved(void *ctx, const mr_saved_query *query)
{
    listing *list = ctx;

    mr_web_json_next(list->out);
    write_saved_members(list->out, query);
    return true;
}

mr_status mr_web_sql_saved_get(mr_web_call *call, mr_err *err)
{
    listing list = {.out = mr_web_call_out(call)};
    mr_ops *ops = NULL;
    mr_status status = mr_web_call_ops(call, &ops, err);

    if (status == MR_OK) {
        (void)mr_buffer_append_string(list.out, "{\"items\":[");
        status = mr_ops_saved(ops, mr_web_call_user(call)->name, write_saved, &list, err);
        (void)mr_buffer_append_string(list.out, "]}");
    }
    return status;
}

static mr_status read_saved(mr_web_call *call, mr_saved_query *ret, mr_err *err)
{
    size_t source = 0;
    mr_status status = mr_web_body_text(call, "name", true, name_bytes_max, &ret->name, err);

    if (status == MR_OK && mr_text_trim(ret->name).bytes == 0) {
        status = mr_web_call_fault(call, "body", "name", "value_error", "A name is needed", err);
    }
    if (status == MR_OK) {
        status = read_source(call, &source, err);
    }
    if (status == MR_OK) {
        status = mr_web_body_text(call, "sql", true, query_bytes_max, &ret->query, err);
    }
    ret->source = mr_text_of(sources[source]);
    ret->changed_ms = mr_now_ms();
    return status;
}

mr_status mr_web_sql_saved_post(mr_web_call *call, mr_err *err)
{
    mr_saved_query query = {.query_id = 0};
    mr_ops *ops = NULL;
    mr_status status = read_saved(call, &query, err);

    if (status == MR_OK) {
        status = mr_web_call_ops(call, &ops, err);
    }
    if (status == MR_OK) {
        status = mr_ops_saved_add(ops, mr_web_call_user(call)->name, &query, &query.query_id, err);
    }
    if (status == MR_OK) {
        mr_web_call_set_status(call, 201);
        write_saved_members(mr_web_call_out(call), &query);
    }
    return status;
}

mr_status mr_web_sql_saved_put(mr_web_call *call, mr_err *err)
{
    mr_saved_query query = {.query_id = 0};
    mr_ops *ops = NULL;
    mr_status status = mr_web_call_path_integer(call, 0, "id", 1, INT64_MAX, &query.query_id, err);

    if (status == MR_OK) {
        status = read_saved(call, &query, err);
    }
    if (status == MR_OK) {
        status = mr_web_call_ops(call, &ops, err);
    }
    if (status == MR_OK) {
        status = mr_ops_saved_change(ops, mr_web_call_user(call)->name, &query, err);
    }
    if (status == MR_OK) {
        write_saved_members(mr_web_call_out(call), &query);
    }
    return status;
}

mr_status mr_web_sql_saved_delete(mr_web_call *call, mr_err *err)
{
    int64_t id = 0;
    mr_ops *ops = NULL;
    mr_status status = mr_web_call_path_integer(call, 0, "id", 1, INT64_MAX, &id, err);

    if (status == MR_OK) {
        status = mr_web_call_ops(call, &ops, err);
    }
    if (status == MR_OK) {
        status = mr_ops_saved_remove(ops, mr_web_call_user(call)->name, id, err);
    }
    if (status == MR_OK) {
        mr_web_call_set_status(call, 204);
    }
    return status;
}
