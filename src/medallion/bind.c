/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/bind.c - the tables that a model's SELECT reads, held to what a task wants of them.
 *
 * A full refresh wants all of each. An increment wants of the driving source what is new, and where
 * the model says so (`group`, `lookup`), of the others only rows that belong to it: they are the
 * part of the work that would grow with the tables.
 *
 * Called by:  full.c and merge.c, on the task's thread.
 */
#include "medallion/task.h"

/* touched: the values that the increment has in these columns. */
static mr_status make_touched(mr_task *task, const mr_names *names, bool with_null, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    mr_status status;

    mr_buffer_clear(sql);
    (void)mr_buffer_append_string(sql, "SELECT DISTINCT ");
    mr_sql_names(sql, names, "n");
    (void)mr_buffer_append_string(sql, " FROM ");
    status = mr_session_relation(task->session, task->source, &task->news, false, sql, err);
    (void)mr_buffer_append_string(sql, " AS n");
    for (size_t i = 0; !with_null && i < names->count; i++) {
        (void)mr_buffer_append_string(sql, i == 0 ? " WHERE n." : " AND n.");
        mr_sql_name(sql, names->names[i]);
        (void)mr_buffer_append_string(sql, " IS NOT NULL");
    }
    return status == MR_OK ? mr_session_make(task->session, "touched", sql, err) : status;
}

static mr_status bind_touched(mr_task *task, mr_session_table *table, const mr_names *names,
                              mr_err *err)
{
    mr_file_list files = {.files = NULL};
    mr_buffer where;
    mr_status status;

    mr_buffer_init(&where, mr_session_sql_bytes_max);
    status = mr_task_prune(task, table, "touched", &names, 1, "whole", &files, &where, err);
    (void)mr_buffer_append_string(&where, where.bytes == 0 ? "" : " AND ");
    (void)mr_buffer_append_string(&where, "EXISTS (SELECT 1 FROM touched WHERE ");
    mr_sql_equal(&where, names, "touched", "whole");
    (void)mr_buffer_append(&where, ")", 2);
    if (status == MR_OK) {
        status = mr_session_bind(task->session, table, &files, where.data, err);
    }
    mr_buffer_free(&where);
    mr_file_list_free(&files);
    return status;
}

static mr_names columns_of(const mr_session_table *table, const mr_names *names)
{
    const mr_delta_schema *schema =
        table->snapshot != NULL ? mr_delta_schema_of(table->snapshot) : NULL;
    mr_names found = {.count = 0};

    for (size_t k = 0; schema != NULL && k < names->count; k++) {
        for (size_t i = 0; i < schema->field_count; i++) {
            if (strcmp(schema->fields[i].name, names->names[k]) == 0) {
                found.names[found.count++] = names->names[k];
            }
        }
    }
    return found;
}

/* A group is of all its columns, and asks for all of the driving source's rows too; what is looked
 * up is found by those of the columns that a table has. */
static mr_status bind_one(mr_task *task, mr_session_table *table, mr_err *err)
{
    const mr_model *model = task->model;
    const bool driving = table == task->source;
    const bool groups = model->mode == MR_MODEL_REPLACE;
    const mr_names found = columns_of(table, groups ? &model->group : &model->lookup);

    if (groups ? found.count == model->group.count : found.count > 0 && !driving) {
        return bind_touched(task, table, &found, err);
    }
    return mr_session_bind(task->session, table, driving && !groups ? &task->news : NULL, NULL,
                           err);
}

mr_status mr_task_bind(mr_task *task, bool all, mr_err *err)
{
    const mr_model *model = task->model;
    const bool groups = model->mode == MR_MODEL_REPLACE;
    mr_status status = MR_OK;

    if (!all && (groups || model->lookup.count > 0)) {
        status = make_touched(task, groups ? &model->group : &model->lookup, !groups, err);
    }
    for (size_t i = 0; status == MR_OK && i < model->reference_count; i++) {
        mr_session_table *table = NULL;
        status = mr_session_find(task->session, model->references[i], &table, err);
        if (status == MR_OK) {
            status = all ? mr_session_bind(task->session, table, NULL, NULL, err)
                         : bind_one(task, table, err);
        }
    }
    return status;
}
