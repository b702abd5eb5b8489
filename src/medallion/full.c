/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/full.c - a table from everything there is: straight from the SELECT into files. */
#include <pthread.h>
#include <stdio.h>

#include "base/thread.h"
#include "medallion/task.h"

/* Rows that fit memory are made first and written then: the engine writes partitions of a table of
 * its own at twice the speed, and checks need not read the files again. */
static bool fits_memory(const mr_task *task)
{
    return task->report->rows_read <= task->session->rows_in_memory_max;
}

void mr_task_name_made(const mr_model *model, char name[static mr_task_made_bytes_max])
{
    (void)snprintf(name, mr_task_made_bytes_max, "made.%s", model->name);
}

/* Rows that are sorted too are made first, however many: the engine holds what a SELECT groups and
 * what a sort has taken in memory at once, if one statement does both; a table's rows it can put
 * aside. */
static bool makes_first(const mr_task *task)
{
    return fits_memory(task) ||
           (task->model->order.count > 0 && mr_engine_is_shared(task->session->engine));
}

static mr_status make_rows(mr_task *task, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    char made[mr_task_made_bytes_max];

    mr_task_name_made(task->model, made);
    mr_buffer_clear(sql);
    (void)mr_buffer_append_string(sql, "SELECT ");
    mr_sql_cast_columns(sql, task->model);
    (void)mr_buffer_printf(sql, " FROM (%s\n) AS model", task->model->sql);
    return mr_session_make(task->session, made, sql, err);
}

static mr_status select_all(mr_task *task, mr_err *err)
{
    mr_buffer *sql = &task->sql;
    char made[mr_task_made_bytes_max];

    if (makes_first(task)) {
        mr_status status = make_rows(task, err);
        if (status != MR_OK) {
            return status;
        }
        mr_buffer_clear(sql);
        (void)mr_buffer_append_string(sql, "SELECT ");
        mr_sql_columns(sql, task->model, NULL);
        (void)mr_buffer_append_string(sql, " FROM ");
        mr_task_name_made(task->model, made);
        mr_sql_name(sql, made);
    } else {
        mr_buffer_clear(sql);
        (void)mr_buffer_append_string(sql, "SELECT ");
        mr_sql_cast_columns(sql, task->model);
        (void)mr_buffer_printf(sql, " FROM (%s\n) AS model", task->model->sql);
    }
    (void)mr_buffer_append(sql, "", 1);
    return MR_OK;
}

/* The written files as a table: nobody but us can see them yet. */
static mr_status written_relation(mr_task *task, mr_buffer *out, mr_err *err)
{
    const mr_engine_files rows = {.table = task->target->table,
                                  .schema = &task->schema,
                                  .files = task->adds.files,
                                  .count = task->adds.count};
    mr_status status = mr_engine_relation(task->session->engine, &rows, out, err);

    if (status == MR_OK && !mr_buffer_append(out, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "%s: too many files", task->model->name);
    }
    return status;
}

static mr_status check_written(mr_task *task, mr_err *err)
{
    mr_buffer relation;
    mr_status status = MR_OK;

    if (task->adds.count == 0) {
        return MR_OK;
    }
    mr_buffer_init(&relation, mr_session_sql_bytes_max);
    if (makes_first(task)) {
        char made[mr_task_made_bytes_max];
        mr_task_name_made(task->model, made);
        mr_sql_name(&relation, made);
        (void)mr_buffer_append(&relation, "", 1);
    } else {
        status = written_relation(task, &relation, err);
    }
    if (status == MR_OK) {
        status = mr_task_check(task, relation.data, &task->model->keys, err);
    }
    mr_buffer_free(&relation);
    return status;
}

/* --- Writing, and making what is made of the rows meanwhile ----------------------------------- */

typedef struct writer {
    mr_task *task;
    mr_engine *engine;
    const mr_delta_write *write;
    mr_status status;
    mr_err err;
} writer;

static void *run_writer(void *ctx)
{
    writer *w = ctx;

    w->status =
        mr_engine_write(w->engine, w->task->target->table, w->write, &w->task->written, &w->err);
    return NULL;
}

/* A thread and a handle of its own for the write: much of it keeps one core alone busy. The
 * table's handle is the writer's meanwhile; `beside` must not touch this task's files. */
static mr_status write_beside(mr_task *task, const mr_delta_write *write, mr_err *err)
{
    writer w = {.task = task, .write = write};
    pthread_t thread;
    mr_status status = mr_engine_another(task->session->engine, &w.engine, err);

    if (status != MR_OK) {
        return status;
    }
    if (mr_thread_start(&thread, "models-writer", run_writer, &w) != 0) {
        (void)run_writer(&w);
    } else {
        mr_task_name_made(task->model, task->target->made);
        task->beside(task->ctx, task);
        task->target->made[0] = '\0';
        (void)pthread_join(thread, NULL);
    }
    mr_engine_close(w.engine);
    if (w.status != MR_OK) {
        *err = w.err;
        return w.status;
    }
    /* One's sync may have taken over the other's folders, and failed. */
    return mr_blobs_sync(task->session->blobs, err);
}

static mr_status write_rows(mr_task *task, const mr_delta_write *write, mr_err *err)
{
    if (task->beside != NULL && fits_memory(task) && mr_engine_is_shared(task->session->engine)) {
        return write_beside(task, write, err);
    }
    return mr_engine_write(task->session->engine, task->target->table, write, &task->written, err);
}

static void take_files(mr_task *task)
{
    const mr_delta_snapshot *old = task->target->snapshot;

    for (size_t i = 0; i < mr_delta_files_count(task->written); i++) {
        mr_file_list_add(&task->adds, &mr_delta_files_list(task->written)[i]);
    }
    for (size_t i = 0; old != NULL && i < mr_delta_file_count(old); i++) {
        mr_file_list_add(&task->removes, mr_delta_file_at(old, i));
    }
    task->report->rows_new = mr_delta_files_rows(task->written);
    if (task->model->mode == MR_MODEL_INSERT) {
        task->report->rows_known = task->report->rows_read - task->report->rows_new;
    }
}

/* What does not fit memory must not be in the way of what comes next. */
static mr_status let_go(mr_task *task, mr_err *err)
{
    char made[mr_task_made_bytes_max];

    if (fits_memory(task) || !makes_first(task)) {
        return MR_OK;
    }
    mr_task_name_made(task->model, made);
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT 0 AS nothing LIMIT 0");
    return mr_session_make(task->session, made, &task->sql, err);
}

mr_status mr_task_compute_full(mr_task *task, mr_err *err)
{
    mr_status status = task->early ? MR_OK : mr_task_bind(task, true, err);

    if (status == MR_OK) {
        status = select_all(task, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_buffer order;
    mr_buffer_init(&order, mr_session_sql_bytes_max);
    mr_sql_names(&order, &task->model->order, NULL);
    (void)mr_buffer_append(&order, "", 1);
    const mr_delta_write write = {.schema = &task->schema,
                                  .select = task->sql.data,
                                  .order = task->model->order.count > 0 ? order.data : NULL,
                                  .at_hand = fits_memory(task),
                                  .file_bytes_target = task->model->file_bytes,
                                  .sum_column = task->model->sum};
    status = write_rows(task, &write, err);
    mr_buffer_free(&order);
    if (status == MR_OK) {
        take_files(task);
        status = check_written(task, err);
    }
    return status == MR_OK ? let_go(task, err) : status;
}

void mr_task_keep_made(mr_task *task)
{
    if (task->report->full && task->model->mode != MR_MODEL_PUBLISH && fits_memory(task)) {
        mr_task_name_made(task->model, task->target->made);
    }
}
