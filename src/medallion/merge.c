/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/merge.c - the three ways of an increment into a table: insert, merge, replace.
 *
 * Called by increment.c. Each leaves `fresh` (rows that come, with is_new) and `gone` (keys of rows
 * that go). A row that comes out as it was is in neither: the same increment twice changes nothing.
 */
#include "medallion/task.h"

/* Rows of the target ("r") with the same `names` as a row of `values`, in files that may hold one.
 */
typedef struct existing_rows {
    const mr_file_list *files;
    const mr_buffer *where; /* that lets parts of files be passed over; may be empty */
    const char *values;
    const mr_names *names;
} existing_rows;

/* Appends FROM and what comes behind it; makes existing of the statement. */
static mr_status make_existing(mr_task *task, const existing_rows *rows, bool with_paths,
                               mr_err *err)
{
    mr_status status;

    (void)mr_buffer_append_string(&task->sql, " FROM ");
    status =
        mr_session_relation(task->session, task->target, rows->files, with_paths, &task->sql, err);
    (void)mr_buffer_printf(&task->sql, " AS r SEMI JOIN %s p ON (", rows->values);
    mr_sql_equal(&task->sql, rows->names, "r", "p");
    (void)mr_buffer_append_string(&task->sql, ")");
    if (rows->where->bytes > 0) {
        (void)mr_buffer_append_string(&task->sql, " WHERE ");
        (void)mr_buffer_append_text(&task->sql, mr_buffer_text(rows->where));
    }
    return status == MR_OK ? mr_session_make(task->session, "existing", &task->sql, err) : status;
}

/* Whole rows, and where they lie. */
static mr_status make_existing_rows(mr_task *task, const char *values, const mr_names *names,
                                    const mr_names *prune, mr_err *err)
{
    const mr_names *const lists[] = {names, prune};
    mr_file_list files = {.files = NULL};
    mr_buffer where;
    mr_status status;

    mr_buffer_init(&where, mr_session_sql_bytes_max);
    status = mr_task_prune(task, task->target, values, lists, 2, "r", &files, &where, err);
    if (status == MR_OK) {
        mr_buffer_clear(&task->sql);
        (void)mr_buffer_append_string(&task->sql, "SELECT r.*");
        const existing_rows rows = {&files, &where, values, names};
        status = make_existing(task, &rows, true, err);
    }
    mr_buffer_free(&where);
    mr_file_list_free(&files);
    return status;
}

/* What an insert needs of a row is its key alone; wide rows would cost. */
static mr_status make_known(mr_task *task, mr_err *err)
{
    mr_file_list files = {.files = NULL};
    const char *values = NULL;
    mr_buffer where;
    mr_status status;

    mr_buffer_init(&where, mr_session_sql_bytes_max);
    status = mr_task_find_known(task, &values, &files, &where, err);
    if (status == MR_OK) {
        mr_buffer_clear(&task->sql);
        (void)mr_buffer_append_string(&task->sql, "SELECT CAST('' AS STRING) AS file_path, ");
        mr_sql_names(&task->sql, &task->model->keys, "r");
        const existing_rows rows = {&files, &where, values, &task->model->keys};
        status = make_existing(task, &rows, false, err);
    }
    mr_buffer_free(&where);
    mr_file_list_free(&files);
    return status;
}

static mr_status bind_and_make_pending(mr_task *task, mr_err *err)
{
    mr_status status = mr_task_bind(task, false, err);

    return status == MR_OK ? mr_task_make_pending(task, err) : status;
}

/* gone: keys of the rows of fresh that stand in the place of others. */
static void select_replaced(mr_task *task)
{
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT ");
    mr_sql_names(&task->sql, &task->model->keys, NULL);
    (void)mr_buffer_append_string(&task->sql, " FROM fresh WHERE NOT is_new");
}

static mr_status make_gone(mr_task *task, mr_err *err)
{
    select_replaced(task);
    return mr_session_make(task->session, "gone", &task->sql, err);
}

mr_status mr_task_make_insert(mr_task *task, mr_err *err)
{
    mr_status status = bind_and_make_pending(task, err);

    if (status == MR_OK) {
        status = make_known(task, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(
        &task->sql, "SELECT p.*, true AS is_new FROM pending p ANTI JOIN existing e ON (");
    mr_sql_equal(&task->sql, &task->model->keys, "p", "e");
    (void)mr_buffer_append_string(&task->sql, ")");
    status = mr_session_make(task->session, "fresh", &task->sql, err);
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
    (void)mr_buffer_append_string(sql, " IS NOT NULL AND (");
    mr_sql_names(sql, &column->version, "p");
    (void)mr_buffer_append_string(sql, ") > (");
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
    (void)mr_buffer_append_string(sql, "SELECT ");
    mr_sql_columns(sql, model, "m");
    (void)mr_buffer_append_string(sql, ", m.is_new FROM (SELECT ");
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
    mr_status status = bind_and_make_pending(task, err);

    if (status == MR_OK) {
        status = make_existing_rows(task, "pending", &task->model->keys, &task->model->prune, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_buffer_clear(&task->sql);
    select_merged(&task->sql, task->model);
    status = mr_session_make(task->session, "fresh", &task->sql, err);
    return status == MR_OK ? make_gone(task, err) : status;
}

/* --- replace ---------------------------------------------------------------------------------- */

/* Rows that are new or other than before; keys of those that are other, or are no more. */
static mr_status compare_groups(mr_task *task, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    const mr_model *model = task->model;
    mr_status status;

    mr_buffer_clear(sql);
    (void)mr_buffer_append_string(
        sql, "SELECT p.*, e.file_path IS NULL AS is_new FROM pending p LEFT JOIN existing e ON (");
    mr_sql_equal(sql, &model->keys, "p", "e");
    (void)mr_buffer_append_string(sql, ") WHERE e.file_path IS NULL");
    for (size_t i = 0; i < model->column_count; i++) {
        (void)mr_buffer_append_string(sql, " OR p.");
        mr_sql_name(sql, model->columns[i].name);
        (void)mr_buffer_append_string(sql, " IS DISTINCT FROM e.");
        mr_sql_name(sql, model->columns[i].name);
    }
    status = mr_session_make(task->session, "fresh", sql, err);
    select_replaced(task);
    (void)mr_buffer_append_string(sql, " UNION ALL SELECT ");
    mr_sql_names(sql, &model->keys, "e");
    (void)mr_buffer_append_string(sql, " FROM existing e ANTI JOIN pending p ON (");
    mr_sql_equal(sql, &model->keys, "e", "p");
    (void)mr_buffer_append_string(sql, ")");
    return status == MR_OK ? mr_session_make(task->session, "gone", sql, err) : status;
}

mr_status mr_task_make_replace(mr_task *task, mr_err *err)
{
    const mr_names none = {.count = 0};
    mr_status status = bind_and_make_pending(task, err);

    if (status == MR_OK) {
        status = make_existing_rows(task, "touched", &task->model->group, &none, err);
    }
    return status == MR_OK ? compare_groups(task, err) : status;
}
