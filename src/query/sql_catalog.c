/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_catalog.c - what the lake has, as rows: the tables and views, and a table's columns.
 *
 * The rows are written as a query over constants, so that they are printed as all others are.
 */
#include "query/sql_catalog.h"

#include <inttypes.h>

static void append_text(mr_buffer *out, const char *text)
{
    if (text == NULL) {
        (void)mr_buffer_append_string(out, "NULL");
    } else {
        (void)mr_olap_quote_text(out, mr_text_of(text));
    }
}

static void append_number(mr_buffer *out, int64_t number)
{
    if (number < 0) {
        (void)mr_buffer_append_string(out, ", NULL");
    } else {
        (void)mr_buffer_printf(out, ", %" PRId64, number);
    }
}

static mr_status append_table(const mr_sql_table *table, mr_buffer *out, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = MR_OK;

    if (table->table != NULL) {
        status = mr_delta_read(table->table, &snapshot, err);
    }
    if (status != MR_OK) {
        return mr_fail_in(err, status, "%s.%s", table->layer, table->name);
    }
    (void)mr_buffer_append_string(out, ", (");
    (void)mr_buffer_append_string(out, "concat_ws('.', ");
    append_text(out, table->layer);
    (void)mr_buffer_append_string(out, ", ");
    append_text(out, table->name);
    (void)mr_buffer_printf(out, "), '%s'", table->table != NULL ? "table" : "view");
    append_number(out, snapshot != NULL ? mr_delta_rows(snapshot) : -1);
    append_number(out, snapshot != NULL ? (int64_t)mr_delta_file_count(snapshot) : -1);
    append_number(out, snapshot != NULL ? (int64_t)mr_delta_bytes(snapshot) : -1);
    append_number(out, snapshot != NULL ? mr_delta_version(snapshot) : -1);
    (void)mr_buffer_append_string(out, ", ");
    append_text(out, table->model != NULL ? table->model->description : NULL);
    (void)mr_buffer_append_string(out, ")");
    mr_delta_snapshot_free(snapshot);
    return MR_OK;
}

/* A query whose first row of constants only gives the columns their types. */
static mr_status end_query(mr_buffer *out, const char *columns, const char *condition, mr_err *err)
{
    (void)mr_buffer_printf(out, ") AS lake(%s) WHERE %s", columns, condition);
    return out->overflowed ? mr_fail(err, MR_LIMIT, "the lake has too much to list") : MR_OK;
}

mr_status mr_sql_catalog_tables(mr_sql_lake *lake, mr_buffer *out, mr_err *err)
{
    mr_status status = MR_OK;

    (void)mr_buffer_append_string(out, "SELECT * FROM (VALUES ('', NULL::VARCHAR, NULL::BIGINT, "
                                       "NULL::BIGINT, NULL::BIGINT, NULL::BIGINT, NULL::VARCHAR)");
    for (size_t index = 0; status == MR_OK && index < lake->table_count; index++) {
        status = append_table(&lake->tables[index], out, err);
    }
    return status == MR_OK ? end_query(out,
                                       "\"table\", kind, \"rows\", files, bytes, version, "
                                       "description",
                                       "\"table\" <> ''", err)
                           : status;
}

static void append_column(mr_buffer *out, const char *name, const char *type, bool not_null,
                          const char *description)
{
    (void)mr_buffer_append_string(out, ", (");
    append_text(out, name);
    (void)mr_buffer_append_string(out, ", ");
    append_text(out, type);
    (void)mr_buffer_printf(out, ", %s, ", not_null ? "false" : "true");
    append_text(out, description);
    (void)mr_buffer_append_string(out, ")");
}

static mr_status append_table_columns(const mr_sql_table *table, mr_buffer *out, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    const mr_status status = mr_delta_read(table->table, &snapshot, err);

    if (status != MR_OK) {
        return mr_fail_in(err, status, "%s.%s", table->layer, table->name);
    }
    const mr_delta_schema *schema = mr_delta_schema_of(snapshot);
    for (size_t index = 0; index < schema->field_count; index++) {
        const mr_delta_field *field = &schema->fields[index];

        append_column(out, field->name, field->type, field->not_null, field->comment);
    }
    mr_delta_snapshot_free(snapshot);
    return MR_OK;
}

mr_status mr_sql_catalog_columns(mr_sql_lake *lake, mr_text name, mr_buffer *out, mr_err *err)
{
    const char *dot = name.bytes > 0 ? memchr(name.data, '.', name.bytes) : NULL;
    const size_t layer_bytes = dot != NULL ? (size_t)(dot - name.data) : 0;
    const size_t start = dot != NULL ? layer_bytes + 1 : 0;
    const mr_sql_table *table = mr_sql_lake_find(lake, (mr_text){name.data, layer_bytes},
                                                 (mr_text){name.data + start, name.bytes - start});
    mr_status status = MR_OK;

    if (table == NULL) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %.*s in the lake %s; \\d lists them",
                       MR_TEXT_ARGS(name), mr_blobs_url(lake->blobs));
    }
    (void)mr_buffer_append_string(
        out, "SELECT * FROM (VALUES ('', NULL::VARCHAR, NULL::BOOLEAN, NULL::VARCHAR)");
    if (table->table != NULL) {
        status = append_table_columns(table, out, err);
    } else {
        for (size_t index = 0; index < table->model->column_count; index++) {
            const mr_model_column *column = &table->model->columns[index];

            append_column(out, column->name, column->type, column->not_null, column->description);
        }
    }
    return status == MR_OK ? end_query(out, "\"column\", \"type\", nullable, description",
                                       "\"column\" <> ''", err)
                           : status;
}
