/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_rows.c - rows of a table from the lake's files into PostgreSQL, by binary COPY.
 *
 * Changes are two sets of rows: those that the table is to lose (by their keys), and those it is to
 * gain; a changed row is in both. Files that were only gathered give neither.
 *
 * Owns:       nothing; rows pass through one buffer, whatever their number.
 * Called by:  publish.c, within its transaction.
 * Invariants: (1) what is to go is there: another count than the lake's is an error, not a guess;
 *             (2) values pass as they are: integers, digits, bytes; none through a float but those
 *                 that are one.
 */
#include <stdlib.h>
#include <string.h>

#include "publish/publish_private.h"

enum {
    progress_rows = 4096,
    decimal_amount_places = 4, /* of mr_amount, whose 38 digits hold them, too */
    decimal_amount_digits = 34,
};

typedef enum cell_kind {
    CELL_TEXT,
    CELL_BYTES,
    CELL_INT2,
    CELL_INT4,
    CELL_INT8,
    CELL_FLAG,
    CELL_FLOAT,
    CELL_AMOUNT,
    CELL_DECIMAL,
} cell_kind;

/* How a column is asked of the engine, so that a cell is a copy: "%s" is the column. */
typedef struct cell_form {
    const char *delta;
    cell_kind kind;
    const char *before, *behind;
} cell_form;

static const cell_form forms[] = {
    {"string", CELL_TEXT, "", ""},
    {"binary", CELL_BYTES, "", ""},
    {"long", CELL_INT8, "", ""},
    {"integer", CELL_INT4, "", ""},
    {"short", CELL_INT2, "", ""},
    {"byte", CELL_INT2, "", ""},
    {"boolean", CELL_FLAG, "", ""},
    {"double", CELL_FLOAT, "CAST(", " AS VARCHAR)"},
    {"float", CELL_FLOAT, "CAST(CAST(", " AS DOUBLE) AS VARCHAR)"},
    {"date", CELL_INT4, "", " - DATE '2000-01-01'"},
    {"timestamp", CELL_INT8, "epoch_us(", ") - 946684800000000"}, /* since 2000 */
};

static const cell_form amount_form = {"", CELL_AMOUNT, "", ""};
static const cell_form decimal_form = {"", CELL_DECIMAL, "CAST(", " AS VARCHAR)"};

static const cell_form *form_of(const mr_delta_field *field)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].delta, field->type) == 0) {
            return &forms[i];
        }
    }
    /* "decimal(18,4)": the plan has refused all others. */
    const char *comma = strchr(field->type, ',');
    long digits = strtol(field->type + strlen("decimal("), NULL, 10);
    long places = comma == NULL ? 0 : strtol(comma + 1, NULL, 10);
    return places <= decimal_amount_places && digits - places <= decimal_amount_digits
               ? &amount_form
               : &decimal_form;
}

/* --- Columns ---------------------------------------------------------------------------------- */

typedef struct row_shape {
    const mr_delta_field *fields[mr_delta_fields_max];
    const cell_form *forms[mr_delta_fields_max];
    size_t count;
} row_shape;

static void shape_all(const mr_delta_schema *schema, row_shape *shape)
{
    shape->count = schema->field_count;
    for (size_t i = 0; i < schema->field_count; i++) {
        shape->fields[i] = &schema->fields[i];
        shape->forms[i] = form_of(&schema->fields[i]);
    }
}

static void shape_keys(const mr_delta_schema *schema, const mr_names *keys, row_shape *shape)
{
    shape->count = 0;
    for (size_t i = 0; i < schema->field_count; i++) {
        if (mr_names_has(keys, schema->fields[i].name)) {
            shape->fields[shape->count] = &schema->fields[i];
            shape->forms[shape->count++] = form_of(&schema->fields[i]);
        }
    }
}

static void append_columns(mr_buffer *out, const row_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : ", ");
        (void)mr_olap_quote_name(out, mr_text_of(shape->fields[i]->name));
    }
}

static void append_cells(mr_buffer *out, const row_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : ", ");
        (void)mr_buffer_append_string(out, shape->forms[i]->before);
        (void)mr_olap_quote_name(out, mr_text_of(shape->fields[i]->name));
        (void)mr_buffer_append_string(out, shape->forms[i]->behind);
    }
}

/* --- Cells ------------------------------------------------------------------------------------ */

static void put_cell(mr_buffer *out, const cell_form *form, const mr_olap_result *row,
                     size_t column)
{
    if (mr_olap_is_null(row, column)) {
        mr_pg_put_null(out);
        return;
    }
    switch (form->kind) {
    case CELL_TEXT:
    case CELL_BYTES:
        mr_pg_put_text(out, mr_olap_text(row, column));
        return;
    case CELL_INT2:
        mr_pg_put_int2(out, (int16_t)mr_olap_int64(row, column));
        return;
    case CELL_INT4:
        mr_pg_put_int4(out, (int32_t)mr_olap_int64(row, column));
        return;
    case CELL_INT8:
        mr_pg_put_int8(out, mr_olap_int64(row, column));
        return;
    case CELL_FLAG:
        mr_pg_put_flag(out, mr_olap_int64(row, column) != 0);
        return;
    case CELL_AMOUNT:
        mr_pg_put_amount(out, mr_olap_amount(row, column));
        return;
    case CELL_DECIMAL:
        mr_pg_put_decimal(out, mr_olap_text(row, column));
        return;
    case CELL_FLOAT:
        break;
    }
    char digits[64]; /* the engine's are the shortest that read back as the same */
    const mr_text text = mr_olap_text(row, column);
    MR_ASSERT(text.bytes < sizeof(digits));
    memcpy(digits, text.data, text.bytes);
    digits[text.bytes] = '\0';
    mr_pg_put_float8(out, strtod(digits, NULL));
}

static mr_status send_rows(mr_publication *p, const mr_publish_part *part, const row_shape *shape,
                           mr_olap_result *result, uint64_t *ret_rows, mr_err *err)
{
    const mr_publish_options *options = p->options;
    const size_t index = (size_t)(part->item - p->report->items);
    mr_status status = MR_OK;
    uint64_t rows = 0;

    while (status == MR_OK && (status = mr_olap_next(result, err)) == MR_OK) {
        mr_pg_put_field_count(&p->rows, (int16_t)shape->count);
        for (size_t i = 0; i < shape->count; i++) {
            put_cell(&p->rows, shape->forms[i], result, i);
        }
        status = mr_pg_copy_put_chunk(p->pg, &p->rows, err);
        rows++;
        if (options->progress != NULL && rows % progress_rows == 0) {
            options->progress(options->ctx, part->item, index, p->part_count, rows);
        }
    }
    *ret_rows = rows;
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* Copies the rows of the query in p->sql, which has the shape's cells as columns, into `target`. */
static mr_status copy_rows(mr_publication *p, const mr_publish_part *part, const row_shape *shape,
                           const char *target, uint64_t *ret_rows, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_buffer copy;
    mr_status status;

    if (p->sql.overflowed || !mr_buffer_append(&p->sql, "", 1)) {
        return mr_fail(err, MR_LIMIT,
                       "%s has too many files for one query: gather them with "
                       "millrace lake optimize",
                       part->item->name);
    }
    mr_buffer_init(&copy, 1 << 20);
    (void)mr_buffer_printf(&copy, "COPY %s (", target);
    append_columns(&copy, shape);
    (void)mr_buffer_append_string(&copy, ") FROM STDIN (FORMAT binary)");
    MR_ASSERT(mr_buffer_append(&copy, "", 1));
    status = mr_olap_query(p->connection, p->sql.data, false, &result, err);
    mr_buffer_clear(&p->sql);
    if (status == MR_OK) {
        status = mr_pg_copy_begin(p->pg, copy.data, err);
    }
    mr_buffer_free(&copy);
    mr_buffer_clear(&p->rows);
    if (status == MR_OK) {
        mr_pg_put_copy_header(&p->rows);
        status = send_rows(p, part, shape, result, ret_rows, err);
    }
    if (status == MR_OK) {
        status = mr_pg_copy_put_last(p->pg, &p->rows, err);
    }
    if (status == MR_OK) {
        status = mr_pg_copy_end(p->pg, NULL, err);
    }
    mr_olap_result_free(result);
    return status;
}

/* --- All of a table --------------------------------------------------------------------------- */

static mr_status make_table(mr_publication *p, const mr_publish_part *part, bool *ret_made,
                            mr_err *err)
{
    const char *schema = p->options->schema;
    const bool stays = part->present && !part->is_view && part->shape_then == part->shape;
    mr_status status = MR_OK;

    if (part->present) { /* rows are deleted and not cut off: readers of an older moment see them */
        (void)mr_buffer_append_string(&p->sql, stays           ? "DELETE FROM "
                                               : part->is_view ? "DROP VIEW "
                                                               : "DROP TABLE ");
        mr_publish_sql_table(&p->sql, schema, part->item->name);
        (void)mr_buffer_append_string(&p->sql, ";");
    }
    if (!stays) {
        status = mr_publish_sql_create(&p->sql, schema, part, err);
    }
    *ret_made = !stays;
    return status == MR_OK ? mr_publish_run(p, part->item->name, err) : status;
}

static void name_target(mr_publication *p, const mr_publish_part *part, mr_buffer *target)
{
    mr_buffer_init(target, 1024);
    mr_publish_sql_table(target, p->options->schema, part->item->name);
    MR_ASSERT(mr_buffer_append(target, "", 1));
}

static mr_status put_rows(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    row_shape shape;
    mr_buffer target;

    shape_all(mr_delta_schema_of(part->snapshot), &shape);
    name_target(p, part, &target);
    mr_status status = copy_rows(p, part, &shape, target.data, &part->item->rows_put, err);
    mr_buffer_free(&target);
    return status;
}

static mr_status publish_whole(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    row_shape shape;
    bool made = false;
    mr_status status = make_table(p, part, &made, err);

    if (status == MR_OK) {
        shape_all(mr_delta_schema_of(part->snapshot), &shape);
        (void)mr_buffer_append_string(&p->sql, "SELECT ");
        append_cells(&p->sql, &shape);
        (void)mr_buffer_append_string(&p->sql, " FROM ");
        status = mr_delta_relation(part->table, part->snapshot, NULL, 0, &p->sql, err);
    }
    if (status == MR_OK) {
        status = put_rows(p, part, err);
    }
    if (status != MR_OK) {
        return status;
    }
    part->item->rows_removed = made || part->rows_then < 0 ? 0 : (uint64_t)part->rows_then;
    if (made) {
        mr_publish_sql_indexes(&p->sql, p->options->models, p->options->schema, part);
    }
    (void)mr_buffer_append_string(&p->sql, "ANALYZE ");
    mr_publish_sql_table(&p->sql, p->options->schema, part->item->name);
    return mr_publish_run(p, part->item->name, err);
}

/* --- Changes ---------------------------------------------------------------------------------- */

/* "SELECT <cells> FROM ((rows of these files) EXCEPT (rows of those))" */
static mr_status append_difference(mr_publication *p, const mr_publish_part *part,
                                   const row_shape *shape, bool gained, mr_err *err)
{
    const mr_delta_file **these = gained ? part->added : part->removed;
    const mr_delta_file **those = gained ? part->removed : part->added;
    const size_t these_count = gained ? part->added_count : part->removed_count;
    const size_t those_count = gained ? part->removed_count : part->added_count;
    mr_status status;

    (void)mr_buffer_append_string(&p->sql, "SELECT ");
    append_cells(&p->sql, shape);
    (void)mr_buffer_append_string(&p->sql, " FROM (SELECT * FROM ");
    status = mr_delta_relation(part->table, part->snapshot, these, these_count, &p->sql, err);
    if (status == MR_OK && those_count > 0) {
        (void)mr_buffer_append_string(&p->sql, " EXCEPT SELECT * FROM ");
        status = mr_delta_relation(part->table, part->snapshot, those, those_count, &p->sql, err);
    }
    (void)mr_buffer_append_string(&p->sql, ")");
    return status;
}

static mr_status take_count(void *ctx, const PGresult *row, mr_err *err)
{
    uint64_t *count = ctx;

    (void)err;
    *count = (uint64_t)mr_pg_int8(row, 0, 0);
    return MR_OK;
}

/* Nothing equals NULL, and "is not distinct" finds no index: it stands where a key can be NULL. */
static void append_match(mr_buffer *out, const row_shape *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? " WHERE t." : " AND t.");
        (void)mr_olap_quote_name(out, mr_text_of(keys->fields[i]->name));
        (void)mr_buffer_append_string(out, keys->fields[i]->not_null ? " = g."
                                                                     : " IS NOT DISTINCT FROM g.");
        (void)mr_olap_quote_name(out, mr_text_of(keys->fields[i]->name));
    }
}

static mr_status delete_gone(mr_publication *p, mr_publish_part *part, const row_shape *keys,
                             uint64_t gone, mr_err *err)
{
    uint64_t deleted = 0;
    mr_status status;

    (void)mr_buffer_append_string(&p->sql, "ANALYZE pg_temp.millrace_gone");
    status = mr_publish_run(p, part->item->name, err);
    if (status != MR_OK) {
        return status;
    }
    (void)mr_buffer_append_string(&p->sql, "WITH gone AS (DELETE FROM ");
    mr_publish_sql_table(&p->sql, p->options->schema, part->item->name);
    (void)mr_buffer_append_string(&p->sql, " t USING pg_temp.millrace_gone g");
    append_match(&p->sql, keys);
    (void)mr_buffer_append_string(&p->sql, " RETURNING 1) SELECT count(*) FROM gone");
    MR_ASSERT(mr_buffer_append(&p->sql, "", 1));
    status = mr_pg_each_sql(p->pg, p->sql.data, take_count, &deleted, err);
    mr_buffer_clear(&p->sql);
    if (status == MR_OK && deleted != gone) {
        return mr_fail(err, MR_CORRUPT,
                       "%s: %s is not what was published: %llu rows should go, %llu were there; "
                       "publish it whole by --full",
                       mr_pg_where(p->pg), part->item->name, (unsigned long long)gone,
                       (unsigned long long)deleted);
    }
    part->item->rows_removed = deleted;
    return status;
}

/* Takes out the rows that only the version published has. */
static mr_status remove_gone(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    row_shape keys;
    uint64_t gone = 0;
    mr_status status;

    if (part->removed_count == 0) {
        return MR_OK;
    }
    shape_keys(mr_delta_schema_of(part->snapshot),
               mr_publish_keys(p->options->models, part->item->model), &keys);
    (void)mr_buffer_append_string(&p->sql, "CREATE TEMP TABLE millrace_gone AS SELECT ");
    append_columns(&p->sql, &keys);
    (void)mr_buffer_append_string(&p->sql, " FROM ");
    mr_publish_sql_table(&p->sql, p->options->schema, part->item->name);
    (void)mr_buffer_append_string(&p->sql, " WITH NO DATA");
    status = mr_publish_run(p, part->item->name, err);
    if (status == MR_OK) {
        status = append_difference(p, part, &keys, false, err);
    }
    if (status == MR_OK) {
        status = copy_rows(p, part, &keys, "pg_temp.millrace_gone", &gone, err);
    }
    if (status == MR_OK && gone > 0) {
        status = delete_gone(p, part, &keys, gone, err);
    }
    if (status == MR_OK) {
        (void)mr_buffer_append_string(&p->sql, "DROP TABLE pg_temp.millrace_gone");
        status = mr_publish_run(p, part->item->name, err);
    }
    return status;
}

static mr_status publish_changes(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    row_shape shape;
    mr_status status = remove_gone(p, part, err);

    if (status != MR_OK || part->added_count == 0) {
        return status;
    }
    shape_all(mr_delta_schema_of(part->snapshot), &shape);
    status = append_difference(p, part, &shape, true, err);
    return status == MR_OK ? put_rows(p, part, err) : status;
}

mr_status mr_publish_rows(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    mr_status status = part->item->way == MR_PUBLISH_WHOLE ? publish_whole(p, part, err)
                                                           : publish_changes(p, part, err);

    if (status == MR_OK &&
        (part->item->way == MR_PUBLISH_WHOLE || part->words != part->words_then)) {
        mr_publish_sql_comments(&p->sql, p->options->schema, part);
        status = mr_publish_run(p, part->item->name, err);
    }
    mr_buffer_clear(&p->sql);
    return status == MR_OK ? MR_OK : mr_fail_in(err, status, "%s", part->item->name);
}
