/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/publish.c - a table that is another's files: linked, or copied, never read.
 *
 * The files keep their names, which are unique for ever: the same name is the same content.
 */
#include <stdlib.h>

#include "medallion/task.h"

static int compare_paths(const void *a, const void *b)
{
    const mr_delta_file *const *left = a;
    const mr_delta_file *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

static void list_files(const mr_delta_snapshot *snapshot, mr_file_list *list)
{
    for (size_t i = 0; snapshot != NULL && i < mr_delta_file_count(snapshot); i++) {
        mr_file_list_add(list, mr_delta_file_at(snapshot, i));
    }
    if (list->count > 0) {
        qsort(list->files, list->count, sizeof(*list->files), compare_paths);
    }
}

/* Walks both lists in order: what only one of them has is to be added, or removed. */
static void compare_lists(mr_task *task, const mr_file_list *theirs, const mr_file_list *ours)
{
    size_t i = 0;
    size_t k = 0;

    while (i < theirs->count || k < ours->count) {
        int order = i == theirs->count ? 1
                    : k == ours->count ? -1
                                       : compare_paths(&theirs->files[i], &ours->files[k]);
        if (order < 0) {
            mr_file_list_add(&task->adds, theirs->files[i]);
        } else if (order > 0) {
            mr_file_list_add(&task->removes, ours->files[k]);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static mr_status copy_files(mr_task *task, mr_err *err)
{
    const char *from_table = mr_delta_table_path(task->source->table);
    const char *to_table = mr_delta_table_path(task->target->table);
    mr_buffer names;
    mr_status status = MR_OK;

    mr_buffer_init(&names, 8192);
    for (size_t i = 0; i < task->adds.count && status == MR_OK; i++) {
        const char *path = task->adds.files[i]->path;
        mr_buffer_clear(&names);
        (void)mr_buffer_printf(&names, "%s/%s%c%s/%s", from_table, path, '\0', to_table, path);
        (void)mr_buffer_append(&names, "", 1);
        MR_ASSERT(!names.overflowed);
        const char *to = names.data + strlen(names.data) + 1;
        status = mr_blob_copy(task->session->blobs, names.data, to, err);
        if (status == MR_EXISTS) {
            status = MR_OK; /* by a run that died before its commit */
        }
    }
    mr_buffer_free(&names);
    return status == MR_OK ? mr_blobs_sync(task->session->blobs, err) : status;
}

/* Whether the source only gathered its files since, so that our readers need not look. */
static void find_rearranged(mr_task *task)
{
    bool has_news = true;

    task->rearranged =
        !task->report->full &&
        mr_task_has_news(task->source, task->report->version_from, &has_news, NULL) == MR_OK &&
        !has_news;
}

static mr_status check_added(mr_task *task, mr_err *err)
{
    const mr_model *source = mr_models_find(task->session->models, task->source->name);
    mr_buffer relation;
    mr_status status = MR_OK;

    if (task->adds.count == 0 || task->rearranged || task->model->check_count == 0) {
        return MR_OK;
    }
    mr_buffer_init(&relation, mr_session_sql_bytes_max);
    if (task->source->made[0] != '\0' &&
        task->adds.count == mr_delta_file_count(task->source->snapshot)) {
        mr_sql_name(&relation, task->source->made);
    } else {
        task->told = 0; /* of other rows */
        status =
            mr_session_relation(task->session, task->source, &task->adds, false, &relation, err);
    }
    if (status == MR_OK && !mr_buffer_append(&relation, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "%s: too many files", task->model->name);
    }
    if (status == MR_OK) {
        status = mr_task_check(task, relation.data, &source->keys, err);
    }
    mr_buffer_free(&relation);
    return status;
}

static int64_t rows_of(const mr_file_list *list)
{
    int64_t rows = 0;

    for (size_t i = 0; i < list->count; i++) {
        rows += list->files[i]->rows > 0 ? list->files[i]->rows : 0;
    }
    return rows;
}

mr_status mr_task_publish(mr_task *task, mr_err *err)
{
    mr_file_list theirs = {.files = NULL};
    mr_file_list ours = {.files = NULL};
    mr_status status;

    list_files(task->source->snapshot, &theirs);
    list_files(task->target->snapshot, &ours);
    compare_lists(task, &theirs, &ours);
    mr_file_list_free(&theirs);
    mr_file_list_free(&ours);
    find_rearranged(task);
    task->report->rows_read = rows_of(&task->adds);
    int64_t gained = task->report->rows_read - rows_of(&task->removes);
    task->report->rows_new = task->rearranged ? 0 : gained;
    status = check_added(task, err);
    return status == MR_OK ? copy_files(task, err) : status;
}
