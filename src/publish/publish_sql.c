/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_sql.c - a table's definition in PostgreSQL, from the lake's schema and the model.
 *
 * Owns:       nothing.
 * Called by:  the files of this room.
 * Invariants: types are exact: what the lake can hold, the column can; no amount becomes a float.
 * Not here:   views (publish_view.c), rows (publish_rows.c).
 */
#include <string.h>

#include "publish/publish_private.h"

void mr_publish_sql_table(mr_buffer *out, const char *schema, const char *name)
{
    (void)mr_olap_quote_name(out, mr_text_of(schema));
    (void)mr_buffer_append_string(out, ".");
    (void)mr_olap_quote_name(out, mr_text_of(name));
}

bool mr_publish_sql_type(mr_buffer *out, const mr_delta_field *field)
{
    static const struct {
        const char *delta, *postgres;
    } types[] = {{"string", "text"},
                 {"long", "bigint"},
                 {"integer", "integer"},
                 {"short", "smallint"},
                 {"byte", "smallint"},
                 {"boolean", "boolean"},
                 {"date", "date"},
                 {"timestamp", "timestamp"},
                 {"binary", "bytea"},
                 {"double", "double precision"},
                 {"float", "double precision"}};
    static const char decimal[] = "decimal(";

    if (strcmp(field->name, "event_id") == 0 && strcmp(field->type, "binary") == 0) {
        return mr_buffer_append_string(out, "uuid"); /* as the store has it: the two join */
    }
    if (strncmp(field->type, decimal, sizeof(decimal) - 1) == 0) {
        return mr_buffer_printf(out, "numeric(%s", field->type + sizeof(decimal) - 1);
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].delta, field->type) == 0) {
            return mr_buffer_append_string(out, types[i].postgres);
        }
    }
    return false;
}

const mr_names *mr_publish_keys(const mr_models *models, const mr_model *model)
{
    while (model->mode == MR_MODEL_PUBLISH) {
        const mr_model *source = mr_models_find(models, model->from);
        if (source == NULL) {
            break; /* a table that no model makes */
        }
        model = source;
    }
    return &model->keys;
}

mr_status mr_publish_sql_create(mr_buffer *out, const char *schema, const mr_publish_part *part,
                                mr_err *err)
{
    const mr_delta_schema *columns = mr_delta_schema_of(part->snapshot);

    (void)mr_buffer_append_string(out, "CREATE TABLE ");
    mr_publish_sql_table(out, schema, part->item->name);
    for (size_t i = 0; i < columns->field_count; i++) {
        const mr_delta_field *field = &columns->fields[i];

        (void)mr_buffer_append_string(out, i == 0 ? " (" : ", ");
        (void)mr_olap_quote_name(out, mr_text_of(field->name));
        (void)mr_buffer_append_string(out, " ");
        if (!mr_publish_sql_type(out, field)) {
            return mr_fail(err, MR_UNSUPPORTED, "%s: column %s: PostgreSQL has no type for %s",
                           part->item->name, field->name, field->type);
        }
        (void)mr_buffer_append_string(out, field->not_null ? " NOT NULL" : "");
    }
    (void)mr_buffer_append_string(out, ");");
    return MR_OK;
}

/* --- Keys and indexes ------------------------------------------------------------------------- */

static const mr_delta_field *find_field(const mr_publish_part *part, const char *name)
{
    const mr_delta_schema *columns = mr_delta_schema_of(part->snapshot);

    for (size_t i = 0; i < columns->field_count; i++) {
        if (strcmp(columns->fields[i].name, name) == 0) {
            return &columns->fields[i];
        }
    }
    return NULL;
}

static void append_names(mr_buffer *out, const mr_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? " (" : ", ");
        (void)mr_olap_quote_name(out, mr_text_of(names->names[i]));
    }
    (void)mr_buffer_append_string(out, ")");
}

static void append_key(mr_buffer *out, const mr_names *keys, const char *schema,
                       const mr_publish_part *part)
{
    bool not_null = true;

    for (size_t i = 0; i < keys->count; i++) {
        const mr_delta_field *field = find_field(part, keys->names[i]);
        if (field == NULL) {
            return;
        }
        not_null = not_null && field->not_null;
    }
    if (keys->count == 0) {
        return;
    }
    (void)mr_buffer_append_string(out, "ALTER TABLE ");
    mr_publish_sql_table(out, schema, part->item->name);
    (void)mr_buffer_append_string(out,
                                  not_null ? " ADD PRIMARY KEY" : " ADD UNIQUE NULLS NOT DISTINCT");
    append_names(out, keys);
    (void)mr_buffer_append_string(out, ";");
}

/* An index on a column, unless the key begins with it, or it has one. */
static void append_index(mr_buffer *out, const char *column, const mr_names *keys, mr_names *done,
                         const char *schema, const mr_publish_part *part)
{
    const bool leads = keys->count > 0 && strcmp(keys->names[0], column) == 0;

    if (leads || mr_names_has(done, column) || done->count == mr_model_names_max ||
        find_field(part, column) == NULL) {
        return;
    }
    done->names[done->count++] = column;
    (void)mr_buffer_append_string(out, "CREATE INDEX ON ");
    mr_publish_sql_table(out, schema, part->item->name);
    (void)mr_buffer_append_string(out, " (");
    (void)mr_olap_quote_name(out, mr_text_of(column));
    (void)mr_buffer_append_string(out, ");");
}

void mr_publish_sql_indexes(mr_buffer *out, const mr_models *models, const char *schema,
                            const mr_publish_part *part)
{
    const mr_model *model = part->item->model;
    const mr_names *keys = mr_publish_keys(models, model);
    mr_names done = {.count = 0};

    append_key(out, keys, schema, part);
    /* What tools join by (a column that refers to another table), and what they filter by: what the
     * lake's table is parted by. */
    for (size_t i = 0; i < model->check_count; i++) {
        const mr_model_check *check = &model->checks[i];
        for (size_t k = 0; check->kind == MR_CHECK_REFERENCES && k < check->columns.count; k++) {
            append_index(out, check->columns.names[k], keys, &done, schema, part);
        }
    }
    const mr_delta_schema *columns = mr_delta_schema_of(part->snapshot);
    for (size_t i = 0; i < mr_delta_partitions_max && columns->partition_columns[i] != NULL; i++) {
        append_index(out, columns->partition_columns[i], keys, &done, schema, part);
    }
    for (size_t i = 1; i < keys->count; i++) { /* the key's index serves its first column alone */
        append_index(out, keys->names[i], keys, &done, schema, part);
    }
}

/* --- What is said of it ----------------------------------------------------------------------- */

static void append_text(mr_buffer *out, const char *text)
{
    (void)mr_buffer_append_string(out, " IS ");
    if (text == NULL || text[0] == '\0') {
        (void)mr_buffer_append_string(out, "NULL");
    } else {
        (void)mr_olap_quote_text(out, mr_text_of(text));
    }
    (void)mr_buffer_append_string(out, ";");
}

static void append_column_comment(mr_buffer *out, const char *schema, const char *table,
                                  const char *column, const char *text)
{
    (void)mr_buffer_append_string(out, "COMMENT ON COLUMN ");
    mr_publish_sql_table(out, schema, table);
    (void)mr_buffer_append_string(out, ".");
    (void)mr_olap_quote_name(out, mr_text_of(column));
    append_text(out, text);
}

void mr_publish_sql_comments(mr_buffer *out, const char *schema, const mr_publish_part *part)
{
    const mr_model *model = part->item->model;
    const bool is_view = model->mode == MR_MODEL_VIEW;

    (void)mr_buffer_append_string(out, is_view ? "COMMENT ON VIEW " : "COMMENT ON TABLE ");
    mr_publish_sql_table(out, schema, part->item->name);
    append_text(out, model->description);
    for (size_t i = 0; is_view && i < model->column_count; i++) {
        append_column_comment(out, schema, part->item->name, model->columns[i].name,
                              model->columns[i].description);
    }
    const mr_delta_schema *columns = is_view ? NULL : mr_delta_schema_of(part->snapshot);
    for (size_t i = 0; columns != NULL && i < columns->field_count; i++) {
        append_column_comment(out, schema, part->item->name, columns->fields[i].name,
                              columns->fields[i].comment);
    }
}
