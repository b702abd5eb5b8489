/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/merge.c - the three ways of an increment into a table: insert, merge, replace.
 *
 * Called by increment.c. Each leaves `fresh` (rows that come, with is_new) and `gone` (keys of rows
 * that go). A row that comes out as it was is in neither: the same increment twice changes nothing.
 */
#include "medallion/task.h"

/* CREATE existing: the target's rows with the same `names` as a row of `values`. */
static mr_status make_existing(mr_task *task, const char *values, const mr_names *names,
                               const mr_names *prune, mr_err *err)
{
    const mr_names *const columns[] = {names, prune};
    static const mr_delta_file *const no_file[1];
    mr_file_list files = {.files = NULL};
    mr_buffer where;
    mr_status status;

    mr_buffer_init(&where, mr_session_sql_bytes_max);
    status = mr_task_prune(task, task->target, values, columns, 2, "r", &files, &where, err);
    if (status == MR_OK) {
        mr_buffer_clear(&task->sql);
        (void)mr_buffer_append_string(&task->sql,
                                      "CREATE OR REPLACE TEMP TABLE existing AS SELECT r.* FROM ");
        status = mr_delta_relation_rows(task->target->table, task->target->snapshot,
                                        files.count > 0 ? files.files : no_file, files.count,
                                        &task->sql, err);
        (void)mr_buffer_printf(&task->sql, " AS r SEMI JOIN %s p ON (", values);
        mr_sql_equal(&task->sql, names, "r", "p");
        (void)mr_buffer_append_string(&task->sql, ")");
        if (where.bytes > 0) {
            (void)mr_buffer_append_string(&task->sql, " WHERE ");
            (void)mr_buffer_append_text(&task->sql, mr_buffer_text(&where));
        }
    }
    if (status == MR_OK) {
        status = mr_session_run(task->session, &task->sql, err);
    }
    mr_buffer_free(&where);
    mr_file_list_free(&files);
    return status;
}

/* What a file of `existing` needs for an insert is the key alone; wide rows would cost. */
static mr_status make_known(mr_task *task, mr_err *err)
{
    const mr_names *const columns[] = {&task->model->keys, &task->model->prune};
    static const mr_delta_file *const no_file[1];
    mr_file_list files = {.files = NULL};
    mr_buffer where;
    mr_status status;

    mr_buffer_init(&where, mr_session_sql_bytes_max);
    status = mr_task_prune(task, task->target, "pending", columns, 2, "r", &files, &where, err);
    if (status == MR_OK) {
        mr_buffer_clear(&task->sql);
        (void)mr_buffer_append_string(&task->sql, "CREATE OR REPLACE TEMP TABLE existing AS "
                                                  "SELECT ''::VARCHAR AS file_path, ");
        mr_sql_names(&task->sql, &task->model->keys, "r");
        (void)mr_buffer_append_string(&task->sql, " FROM ");
        status = mr_delta_relation(task->target->table, task->target->snapshot,
                                   files.count > 0 ? files.files : no_file, files.count, &task->sql,
                                   err);
        (void)mr_buffer_append_string(&task->sql, " AS r SEMI JOIN pending p ON (");
        mr_sql_equal(&task->sql, &task->model->keys, "r", "p");
        (void)mr_buffer_append_string(&task->sql, ")");
        if (where.bytes > 0) {
            (void)mr_buffer_append_string(&task->sql, " WHERE ");
            (void)mr_buffer_append_text(&task->sql, mr_buffer_text(&where));
        }
    }
    if (status == MR_OK) {
        status = mr_session_run(task->session, &task->sql, err);
    }
    mr_buffer_free(&where);
    mr_file_list_free(&files);
    return status;
}

static mr_status bind_and_make_pending(mr_task *task, const mr_names *grouped, mr_err *err)
{
    mr_status status = mr_task_bind(task, false, grouped, err);

    return status == MR_OK ? mr_task_make_pending(task, err) : status;
}

/* gone: keys of the rows of fresh that stand in the place of others. */
static mr_status make_gone(mr_task *task, mr_err *err)
{
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "CREATE OR REPLACE TEMP TABLE gone AS SELECT ");
    mr_sql_names(&task->sql, &task->model->keys, NULL);
    (void)mr_buffer_append_string(&task->sql, " FROM fresh WHERE NOT is_new");
    return mr_session_run(task->session, &task->sql, err);
}

mr_status mr_task_make_insert(mr_task *task, mr_err *err)
{
    mr_status status = bind_and_make_pending(task, NULL, err);

    if (status == MR_OK) {
        status = make_known(task, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "CREATE OR REPLACE TEMP TABLE fresh AS SELECT p.*, "
                                              "true AS is_new FROM pending p ANTI JOIN existing e "
                                              "ON (");
    mr_sql_equal(&task->sql, &task->model->keys, "p", "e");
    (void)mr_buffer_append_string(&task->sql, ")");
    status = mr_session_run(task->session, &task->sql, err);
    return status == MR_OK ? make_gone(task, err) : status;
}

/* --- merge ------------------------------------------------------------------------------------ */

/* The new row's version columns are greater; without an old version any wins, NULL never does. */
static void append_latest(mr_buffer *sql, const mr_model_column *column, const char *name)
{
    (void)mr_buffer_append_string(sql, "CASE WHEN e.");
    mr_sql_name(sql, column->version.names[0]);
    (void)mr_buffer_append_string(sql, " IS NULL OR (p.");
    mr_sql_name(sql, column->version.names[0]);
    (void)mr_buffer_append_string(sql, " IS NOT NULL AND row(");
    mr_sql_names(sql, &column->version, "p");
    (void)mr_buffer_append_string(sql, ") > row(");
    mr_sql_names(sql, &column->version, "e");
    (void)mr_buffer_printf(sql, ")) THEN p.%s ELSE e.%s END", name, name);
}

static void append_rule(mr_buffer *sql, const mr_model_column *column)
{
    mr_buffer quoted;

    mr_buffer_init(&quoted, 1024);
    mr_sql_name(&quoted, column->name);
    (void)mr_buffer_append(&quoted, "", 1);
    const char *name = quoted.data;
    (void)mr_buffer_append_string(sql, "CAST(");
    switch (column->rule) {
    case MR_RULE_SUM:
        (void)mr_buffer_printf(sql, "coalesce(p.%s + e.%s, p.%s, e.%s)", name, name, name, name);
        break;
    case MR_RULE_MIN:
        (void)mr_buffer_printf(sql, "least(p.%s, e.%s)", name, name);
        break;
    case MR_RULE_MAX:
        (void)mr_buffer_printf(sql, "greatest(p.%s, e.%s)", name, name);
        break;
    case MR_RULE_LATEST:
        append_latest(sql, column, name);
        break;
    case MR_RULE_NONE:
    case MR_RULE_SAME:
    default:
        (void)mr_buffer_printf(sql, "p.%s", name);
        break;
    }
    (void)mr_buffer_printf(sql, " AS %s) AS %s", mr_sql_type(column->type), name);
    mr_buffer_free(&quoted);
}

/* Pending rows put together with those there are; of them those that are new or come out other. */
static void select_merged(mr_buffer *sql, const mr_model *model)
{
    (void)mr_buffer_append_string(sql, "CREATE OR REPLACE TEMP TABLE fresh AS SELECT m.* EXCLUDE "
                                       "(is_other) FROM (SELECT ");
    for (size_t i = 0; i < model->column_count; i++) {
        append_rule(sql, &model->columns[i]);
        (void)mr_buffer_append_string(sql, ", ");
    }
    (void)mr_buffer_append_string(sql, "e.file_path IS NULL AS is_new, e.file_path IS NULL");
    for (size_t i = 0; i < model->column_count; i++) {
        if (mr_names_has(&model->keys, model->columns[i].name)) {
            continue;
        }
        mr_buffer expression;
        mr_buffer_init(&expression, 65536);
        append_rule(&expression, &model->columns[i]);
        /* Without the " AS name" behind it. */
        size_t bytes = expression.bytes - strlen(model->columns[i].name) - strlen(" AS \"\"");
        (void)mr_buffer_append_string(sql, " OR ");
        (void)mr_buffer_append(sql, expression.data, bytes);
        (void)mr_buffer_append_string(sql, " IS DISTINCT FROM e.");
        mr_sql_name(sql, model->columns[i].name);
        mr_buffer_free(&expression);
    }
    (void)mr_buffer_append_string(sql, " AS is_other FROM pending p LEFT JOIN existing e ON (");
    mr_sql_equal(sql, &model->keys, "p", "e");
    (void)mr_buffer_append_string(sql, ")) m WHERE m.is_other");
}

mr_status mr_task_make_merge(mr_task *task, mr_err *err)
{
    mr_status status = bind_and_make_pending(task, NULL, err);

    if (status == MR_OK) {
        status = make_existing(task, "pending", &task->model->keys, &task->model->prune, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_buffer_clear(&task->sql);
    select_merged(&task->sql, task->model);
    status = mr_session_run(task->session, &task->sql, err);
    return status == MR_OK ? make_gone(task, err) : status;
}

/* --- replace ---------------------------------------------------------------------------------- */

/* The groups that the increment has rows of. */
static mr_status make_touched(mr_task *task, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    const mr_names *group = &task->model->group;
    mr_status status;

    mr_buffer_clear(sql);
    (void)mr_buffer_append_string(sql, "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT ");
    mr_sql_names(sql, group, "n");
    (void)mr_buffer_append_string(sql, " FROM ");
    status = mr_delta_relation(task->source->table, task->source->snapshot, task->news.files,
                               task->news.count, sql, err);
    (void)mr_buffer_append_string(sql, " AS n WHERE ");
    for (size_t i = 0; i < group->count; i++) {
        (void)mr_buffer_append_string(sql, i == 0 ? "n." : " AND n.");
        mr_sql_name(sql, group->names[i]);
        (void)mr_buffer_append_string(sql, " IS NOT NULL");
    }
    return status == MR_OK ? mr_session_run(task->session, sql, err) : status;
}

/* Rows that are new or other than before; keys of those that are other, or are no more. */
static mr_status compare_groups(mr_task *task, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    const mr_model *model = task->model;
    mr_status status;

    mr_buffer_clear(sql);
    (void)mr_buffer_append_string(
        sql, "CREATE OR REPLACE TEMP TABLE fresh AS SELECT p.*, e.file_path IS NULL AS is_new FROM "
             "pending p LEFT JOIN existing e ON (");
    mr_sql_equal(sql, &model->keys, "p", "e");
    (void)mr_buffer_append_string(sql, ") WHERE e.file_path IS NULL");
    for (size_t i = 0; i < model->column_count; i++) {
        (void)mr_buffer_append_string(sql, " OR p.");
        mr_sql_name(sql, model->columns[i].name);
        (void)mr_buffer_append_string(sql, " IS DISTINCT FROM e.");
        mr_sql_name(sql, model->columns[i].name);
    }
    status = mr_session_run(task->session, sql, err);
    if (status == MR_OK) {
        status = make_gone(task, err);
    }
    (void)mr_buffer_append_string(sql, "INSERT INTO gone SELECT ");
    mr_sql_names(sql, &model->keys, "e");
    (void)mr_buffer_append_string(sql, " FROM existing e ANTI JOIN pending p ON (");
    mr_sql_equal(sql, &model->keys, "e", "p");
    (void)mr_buffer_append_string(sql, ")");
    return status == MR_OK ? mr_session_run(task->session, sql, err) : status;
}

mr_status mr_task_make_replace(mr_task *task, mr_err *err)
{
    const mr_names none = {.count = 0};
    mr_status status = make_touched(task, err);

    if (status == MR_OK) {
        status = bind_and_make_pending(task, &task->model->group, err);
    }
    if (status == MR_OK) {
        status = make_existing(task, "touched", &task->model->group, &none, err);
    }
    return status == MR_OK ? compare_groups(task, err) : status;
}
