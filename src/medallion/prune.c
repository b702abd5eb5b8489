/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/prune.c - passing over files that cannot hold a row with any of some values.
 *
 * A file's stats tell the least and the greatest value of a column, and how often it is null. A
 * file without stats, or a type not known here, may hold anything.
 */
#include <stdlib.h>
#include <yyjson.h>

#include "medallion/task.h"

enum {
    prune_values_max = 4096, /* more: only least and greatest are looked at */
    prune_list_max = 256,    /* as many stand in an IN (...) of the statement */
    prune_bytes_max = 4 << 20,
};

typedef struct prune_column {
    const char *name;
    bool number;
    bool has_null;
    size_t count; /* of values, sorted, without null */
    bool range;   /* the two values are the least and the greatest of more */
    int64_t numbers[prune_values_max];
    mr_text texts[prune_values_max];
    mr_arena *arena;
} prune_column;

static int compare_text(mr_text a, mr_text b)
{
    size_t bytes = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = bytes == 0 ? 0 : memcmp(a.data, b.data, bytes);

    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

/* --- The values ------------------------------------------------------------------------------- */

static mr_status take_value(void *ctx, const mr_text *values, size_t count, mr_err *err)
{
    prune_column *column = ctx;

    MR_ASSERT(count == 1 && column->count < prune_values_max);
    if (values[0].data == NULL) {
        column->has_null = true;
        return MR_OK;
    }
    if (column->number) {
        MR_ASSERT(mr_parse_int64(values[0], &column->numbers[column->count]));
    } else if (!mr_arena_copy(column->arena, values[0], &column->texts[column->count])) {
        return mr_fail(err, MR_LIMIT, "values of %s are longer than %d bytes", column->name,
                       prune_bytes_max);
    }
    column->count++;
    return MR_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int compare_texts(const void *a, const void *b)
{
    return compare_text(*(const mr_text *)a, *(const mr_text *)b);
}

static mr_status ask_values(mr_task *task, prune_column *column, mr_buffer *sql, mr_err *err)
{
    if (sql->overflowed || !mr_buffer_append(sql, "", 1)) {
        return mr_fail(err, MR_LIMIT, "the statement for the values of %s is too long",
                       column->name);
    }
    column->count = 0;
    column->has_null = false;
    mr_arena_reset(column->arena);
    return mr_engine_query(task->session->engine, sql->data, take_value, column, err);
}

/* All that there are, in order; of too many the least and the greatest. */
static mr_status read_values(mr_task *task, prune_column *column, const char *values, mr_err *err)
{
    mr_buffer name;
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&name, 1024);
    mr_buffer_init(&sql, mr_session_sql_bytes_max); /* `values` may name many files */
    mr_sql_name(&name, column->name);
    (void)mr_buffer_append(&name, "", 1);
    (void)mr_buffer_printf(&sql, "SELECT DISTINCT %s FROM %s LIMIT %d", name.data, values,
                           prune_values_max);
    status = ask_values(task, column, &sql, err);
    column->range = column->count + (column->has_null ? 1 : 0) == (size_t)prune_values_max;
    if (status == MR_OK && column->range) {
        mr_buffer_clear(&sql);
        (void)mr_buffer_printf(&sql,
                               "SELECT min(%s) FROM %s UNION ALL SELECT max(%s) FROM %s UNION ALL "
                               "(SELECT %s FROM %s WHERE %s IS NULL LIMIT 1)",
                               name.data, values, name.data, values, name.data, values, name.data);
        status = ask_values(task, column, &sql, err);
    }
    if (status == MR_OK && column->number) {
        qsort(column->numbers, column->count, sizeof(column->numbers[0]), compare_numbers);
    } else if (status == MR_OK) {
        qsort(column->texts, column->count, sizeof(column->texts[0]), compare_texts);
    }
    mr_buffer_free(&name);
    mr_buffer_free(&sql);
    return status;
}

/* --- A file's stats --------------------------------------------------------------------------- */

/* Whether a value of the column lies in [least, greatest]: by the first that is not below least. */
static bool may_hold_number(const prune_column *column, int64_t least, int64_t greatest)
{
    size_t low = 0;
    size_t high = column->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (column->numbers[middle] < least) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < column->count && column->numbers[low] <= greatest;
}

static bool may_hold_text(const prune_column *column, mr_text least, mr_text greatest)
{
    size_t low = 0;
    size_t high = column->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_text(column->texts[middle], least) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < column->count && compare_text(column->texts[low], greatest) <= 0;
}

/* The two values of a range stand for all between them. */
static bool range_meets(const prune_column *column, yyjson_val *least, yyjson_val *greatest)
{
    if (column->count < 2) {
        return true;
    }
    if (column->number) {
        return column->numbers[0] <= yyjson_get_sint(greatest) &&
               column->numbers[1] >= yyjson_get_sint(least);
    }
    mr_text low = {yyjson_get_str(least), yyjson_get_len(least)};
    mr_text high = {yyjson_get_str(greatest), yyjson_get_len(greatest)};
    return compare_text(column->texts[0], high) <= 0 && compare_text(column->texts[1], low) >= 0;
}

static bool column_may_hold(const prune_column *column, yyjson_val *stats)
{
    yyjson_val *least = yyjson_obj_get(yyjson_obj_get(stats, "minValues"), column->name);
    yyjson_val *greatest = yyjson_obj_get(yyjson_obj_get(stats, "maxValues"), column->name);
    yyjson_val *nulls = yyjson_obj_get(yyjson_obj_get(stats, "nullCount"), column->name);

    if (column->has_null && (!yyjson_is_int(nulls) || yyjson_get_sint(nulls) != 0)) {
        return true;
    }
    if (column->number ? !yyjson_is_int(least) || !yyjson_is_int(greatest)
                       : !yyjson_is_str(least) || !yyjson_is_str(greatest)) {
        return true;
    }
    if (column->range) {
        return range_meets(column, least, greatest);
    }
    if (column->number) {
        return may_hold_number(column, yyjson_get_sint(least), yyjson_get_sint(greatest));
    }
    return may_hold_text(column, (mr_text){yyjson_get_str(least), yyjson_get_len(least)},
                         (mr_text){yyjson_get_str(greatest), yyjson_get_len(greatest)});
}

/* Keeps those of the files that may hold a value. */
static void filter_files(const prune_column *column, mr_file_list *files)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        const char *text = files->files[i]->stats;
        yyjson_doc *stats = text == NULL ? NULL : yyjson_read(text, strlen(text), 0);
        if (stats == NULL || column_may_hold(column, yyjson_doc_get_root(stats))) {
            files->files[kept++] = files->files[i];
        }
        yyjson_doc_free(stats);
    }
    files->count = kept;
}

/* --- The condition ---------------------------------------------------------------------------- */

static void append_value(mr_buffer *out, const prune_column *column, size_t index)
{
    if (column->number) {
        (void)mr_buffer_printf(out, "%lld", (long long)column->numbers[index]);
    } else {
        (void)mr_olap_quote_text(out, column->texts[index]);
    }
}

static void append_condition(mr_buffer *where, const prune_column *column, const char *alias)
{
    if (column->has_null || column->count == 0) {
        return;
    }
    (void)mr_buffer_printf(where, "%s%s.", where->bytes == 0 ? "" : " AND ", alias);
    mr_sql_name(where, column->name);
    if (column->range || column->count > prune_list_max) {
        (void)mr_buffer_append_string(where, " BETWEEN ");
        append_value(where, column, 0);
        (void)mr_buffer_append_string(where, " AND ");
        append_value(where, column, column->count - 1);
        return;
    }
    for (size_t i = 0; i < column->count; i++) {
        (void)mr_buffer_append_string(where, i == 0 ? " IN (" : ", ");
        append_value(where, column, i);
    }
    (void)mr_buffer_append_string(where, ")");
}

/* --- All of it -------------------------------------------------------------------------------- */

static const char *type_of(const mr_session_table *table, const char *name)
{
    const mr_delta_schema *schema = mr_delta_schema_of(table->snapshot);

    for (size_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0) {
            return schema->fields[i].type;
        }
    }
    return "";
}

static mr_status prune_by(mr_task *task, const mr_session_table *table, const char *values,
                          const char *name, const char *alias, mr_file_list *files,
                          mr_buffer *where, mr_err *err)
{
    const char *type = type_of(table, name);
    bool number = strcmp(type, "long") == 0 || strcmp(type, "integer") == 0;
    prune_column *column;
    mr_status status;

    if (!number && strcmp(type, "string") != 0) {
        return MR_OK;
    }
    column = mr_alloc_zero(1, sizeof(*column));
    column->name = name;
    column->number = number;
    column->arena = mr_arena_create(prune_bytes_max);
    status = read_values(task, column, values, err);
    if (status == MR_OK) {
        filter_files(column, files);
        if (where != NULL) {
            append_condition(where, column, alias);
        }
    }
    mr_arena_destroy(column->arena);
    free(column);
    return status;
}

mr_status mr_task_prune(mr_task *task, const mr_session_table *table, const char *values,
                        const mr_names *const *columns, size_t column_lists, const char *alias,
                        mr_file_list *ret_files, mr_buffer *where, mr_err *err)
{
    mr_file_list files = {.files = NULL};
    mr_status status = MR_OK;

    for (size_t i = 0; i < mr_delta_file_count(table->snapshot); i++) {
        mr_file_list_add(&files, mr_delta_file_at(table->snapshot, i));
    }
    for (size_t list = 0; list < column_lists; list++) {
        for (size_t i = 0; status == MR_OK && i < columns[list]->count; i++) {
            status =
                prune_by(task, table, values, columns[list]->names[i], alias, &files, where, err);
        }
    }
    if (status != MR_OK) {
        mr_file_list_free(&files);
        return status;
    }
    *ret_files = files;
    return MR_OK;
}
