/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/increment.c - a table brought up by what is new: from pending rows to files.
 *
 * Each mode makes `fresh` and `gone` in its own way (merge.c); from there all go the same way:
 * files that hold rows of `gone` are rewritten without them, and fresh rows come in with them. So
 * the cost follows the increment and the files that it touches, not the table.
 */
#include <stdlib.h>

#include "medallion/task.h"

mr_status mr_task_make_pending(mr_task *task, mr_err *err)
{
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT ");
    mr_sql_cast_columns(&task->sql, task->model);
    (void)mr_buffer_printf(&task->sql, " FROM (%s\n) AS model", task->model->sql);
    return mr_session_make(task->session, "pending", &task->sql, err);
}

static mr_status take_counts(void *ctx, const mr_text *values, size_t count, mr_err *err)
{
    mr_model_report *report = ctx;

    (void)err;
    MR_ASSERT(count == 2);
    MR_ASSERT(mr_parse_int64(values[0], &report->rows_new));
    MR_ASSERT(mr_parse_int64(values[1], &report->rows_changed));
    return MR_OK;
}

static mr_status count_fresh(mr_task *task, mr_err *err)
{
    return mr_engine_query(task->session->engine,
                           "SELECT count(*), (SELECT count(*) FROM gone) FROM fresh WHERE is_new",
                           take_counts, task->report, err);
}

static int compare_paths(const void *a, const void *b)
{
    const mr_delta_file *const *left = a;
    const mr_delta_file *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

/* Files are many, paths of rows that go may be as many: not each against each. */
static void sort_files(const mr_delta_snapshot *snapshot, mr_file_list *list)
{
    for (size_t i = 0; i < mr_delta_file_count(snapshot); i++) {
        mr_file_list_add(list, mr_delta_file_at(snapshot, i));
    }
    if (list->count > 0) {
        qsort(list->files, list->count, sizeof(*list->files), compare_paths);
    }
}

static void remove_file(mr_task *task, const mr_file_list *sorted, mr_text path)
{
    size_t low = 0;
    size_t high = sorted->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        mr_text at = mr_text_of(sorted->files[middle]->path);
        size_t bytes = at.bytes < path.bytes ? at.bytes : path.bytes;
        int order = memcmp(at.data, path.data, bytes);
        if (order == 0 && at.bytes == path.bytes) {
            mr_file_list_add(&task->removes, sorted->files[middle]);
            return;
        }
        if (order < 0 || (order == 0 && at.bytes < path.bytes)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
}

typedef struct touched {
    mr_task *task;
    mr_file_list sorted; /* files of the target, by path */
} touched;

static mr_status take_path(void *ctx, const mr_text *values, size_t count, mr_err *err)
{
    touched *t = ctx;

    (void)count;
    (void)err;
    remove_file(t->task, &t->sorted, values[0]);
    return MR_OK;
}

/* The files with rows that go. */
static mr_status find_touched(mr_task *task, mr_err *err)
{
    touched t = {.task = task, .sorted = {.files = NULL}};
    mr_status status;

    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(
        &task->sql, "SELECT DISTINCT e.file_path FROM existing e SEMI JOIN gone g ON (");
    mr_sql_equal(&task->sql, &task->model->keys, "e", "g");
    (void)mr_buffer_append(&task->sql, ")", 2);
    sort_files(task->target->snapshot, &t.sorted);
    status = mr_engine_query(task->session->engine, task->sql.data, take_path, &t, err);
    mr_file_list_free(&t.sorted);
    return status;
}

/* fresh, and what stays of the files that are rewritten. */
static mr_status select_rows(mr_task *task, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    const mr_model *model = task->model;
    mr_status status = MR_OK;

    mr_buffer_clear(sql);
    (void)mr_buffer_append_string(sql, "SELECT ");
    mr_sql_columns(sql, model, NULL);
    (void)mr_buffer_append_string(sql, " FROM fresh");
    if (task->removes.count > 0) {
        (void)mr_buffer_append_string(sql, " UNION ALL SELECT ");
        mr_sql_columns(sql, model, "r");
        (void)mr_buffer_append_string(sql, " FROM ");
        status = mr_session_relation(task->session, task->target, &task->removes, false, sql, err);
        (void)mr_buffer_append_string(sql, " AS r ANTI JOIN gone g ON (");
        mr_sql_equal(sql, &model->keys, "r", "g");
        (void)mr_buffer_append_string(sql, ")");
    }
    if (model->order.count > 0) {
        (void)mr_buffer_append_string(sql, " ORDER BY ");
        mr_sql_names(sql, &model->order, NULL);
    }
    if (status == MR_OK && !mr_buffer_append(sql, "", 1)) {
        return mr_fail(err, MR_LIMIT, "%s: a statement would be too long: too many files",
                       model->name);
    }
    return status;
}

static mr_status write_rows(mr_task *task, mr_err *err)
{
    mr_status status = find_touched(task, err);

    if (status == MR_OK) {
        status = select_rows(task, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_delta_write write = {.schema = mr_delta_schema_of(task->target->snapshot),
                            .select = task->sql.data,
                            .file_bytes_target = task->model->file_bytes,
                            .sum_column = task->model->sum};
    status =
        mr_engine_write(task->session->engine, task->target->table, &write, &task->written, err);
    for (size_t i = 0; status == MR_OK && i < mr_delta_files_count(task->written); i++) {
        mr_file_list_add(&task->adds, &mr_delta_files_list(task->written)[i]);
    }
    return status;
}

mr_status mr_task_compute_increment(mr_task *task, mr_err *err)
{
    mr_model_report *report = task->report;
    mr_status status;

    switch (task->model->mode) {
    case MR_MODEL_INSERT:
        status = mr_task_make_insert(task, err);
        break;
    case MR_MODEL_MERGE:
        status = mr_task_make_merge(task, err);
        break;
    case MR_MODEL_REPLACE:
        status = mr_task_make_replace(task, err);
        break;
    case MR_MODEL_PUBLISH:
    case MR_MODEL_VIEW:
    default:
        MR_ASSERT(false);
        return MR_INVALID;
    }
    if (status == MR_OK) {
        status = count_fresh(task, err);
    }
    if (status == MR_OK && report->rows_new + report->rows_changed > 0) {
        status = mr_task_check(task, "fresh", &task->model->keys, err);
        if (status == MR_OK) {
            status = write_rows(task, err);
        }
    }
    if (task->model->mode == MR_MODEL_INSERT) {
        report->rows_known = report->rows_read - report->rows_new;
    }
    return status;
}
