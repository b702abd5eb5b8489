/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/task.c - one model, from its plan to its commit.
 *
 * Invariants: (1) rows and the version of the source that they come from are one commit;
 *             (2) the commit names what it found there before: of two runs one wins, and the other
 *                 plans again on what that one made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "medallion/task.h"

typedef struct task_txns {
    mr_delta_txn txns[mr_task_txns_max];
    int64_t expected[mr_task_txns_max];
    size_t count;
    char epoch_key[mr_model_path_bytes_max + 32];
    char path[mr_model_path_bytes_max];
} task_txns;

static void add_txn(task_txns *list, const mr_task *task, const char *key, int64_t version)
{
    const mr_delta_snapshot *target = task->target->snapshot;

    MR_ASSERT(list->count < mr_task_txns_max);
    list->txns[list->count] = (mr_delta_txn){.app_id = key, .version = version};
    list->expected[list->count] = target == NULL ? -1 : mr_delta_txn_version(target, key);
    list->count++;
}

static int64_t next_epoch(const mr_task *task)
{
    int64_t old = task->target->snapshot == NULL ? 0 : mr_task_epoch(task->target);
    int64_t now = mr_now_ms();

    return now > old ? now : old + 1;
}

static void list_txns(const mr_task *task, task_txns *list)
{
    const mr_model_report *report = task->report;
    const mr_delta_snapshot *target = task->target->snapshot;
    int64_t epoch = mr_task_epoch(task->source);
    int64_t read = 0;

    list->count = 0;
    mr_model_path_of(task->source->name, list->path);
    (void)snprintf(list->epoch_key, sizeof(list->epoch_key), "%s:%s", mr_task_epoch_key,
                   task->source->name);
    if (task->date != NULL) { /* the day's rows come again in their own version's turn */
        add_txn(list, task, list->path, mr_delta_txn_version(target, list->path));
        return;
    }
    if (!report->full && mr_delta_txn_version(target, mr_task_read_key) > 0) {
        read = mr_delta_txn_version(target, mr_task_read_key);
    }
    add_txn(list, task, list->path, report->version_to);
    add_txn(list, task, list->epoch_key, epoch);
    add_txn(list, task, mr_task_hash_key, task->model->hash);
    add_txn(list, task, mr_task_read_key, read + report->rows_read);
    if (task->model->mode == MR_MODEL_PUBLISH) {
        add_txn(list, task, mr_task_epoch_key, epoch);
    } else if (report->full) {
        add_txn(list, task, mr_task_epoch_key, next_epoch(task));
    }
}

/* The table's schema as the model has it; a published one's is its source's. */
static void make_schema(mr_task *task)
{
    const mr_model *model = task->model;

    if (model->mode == MR_MODEL_PUBLISH) {
        task->schema = *mr_delta_schema_of(task->source->snapshot);
        return;
    }
    for (size_t i = 0; i < model->column_count; i++) {
        task->fields[i] = (mr_delta_field){.name = model->columns[i].name,
                                           .type = model->columns[i].type,
                                           .comment = model->columns[i].description,
                                           .not_null = model->columns[i].not_null};
    }
    task->schema = (mr_delta_schema){.fields = task->fields, .field_count = model->column_count};
    for (size_t i = 0; i < model->partition.count; i++) {
        task->schema.partition_columns[i] = model->partition.names[i];
    }
}

static mr_delta_file *copy_list(const mr_file_list *list, bool data_change)
{
    mr_delta_file *files = mr_alloc_zero(list->count + 1, sizeof(*files));

    for (size_t i = 0; i < list->count; i++) {
        files[i] = *list->files[i];
        files[i].data_change = data_change;
    }
    return files;
}

static mr_status commit(mr_task *task, int64_t *ret_version, mr_err *err)
{
    static const char *const operations[] = {"WRITE", "MERGE", "MERGE", "WRITE", ""};
    const mr_model_report *report = task->report;
    mr_delta_file *adds = copy_list(&task->adds, !task->rearranged);
    mr_delta_file *removes = copy_list(&task->removes, !task->rearranged);
    task_txns txns;
    char info[256];

    list_txns(task, &txns);
    (void)snprintf(info, sizeof(info),
                   "{\"numSourceRows\":\"%lld\",\"numTargetRowsInserted\":\"%lld\","
                   "\"numTargetRowsUpdated\":\"%lld\",\"numOutputRows\":\"%lld\"}",
                   (long long)report->rows_read, (long long)report->rows_new,
                   (long long)report->rows_changed,
                   (long long)(report->rows_new + report->rows_changed));
    mr_delta_commit commit = {.operation = operations[task->model->mode],
                              .info = info,
                              .schema = report->full ? &task->schema : NULL,
                              .adds = adds,
                              .add_count = task->adds.count,
                              .removes = removes,
                              .remove_count = task->removes.count,
                              .txns = txns.txns,
                              .txn_count = txns.count,
                              .txns_expected = txns.expected,
                              .data_change = !task->rearranged};
    mr_status status =
        mr_delta_commit_to(task->target->table, task->target->snapshot, &commit, ret_version, err);
    free(adds);
    free(removes);
    return status;
}

static void report_files(mr_task *task)
{
    mr_model_report *report = task->report;

    report->files_added = task->adds.count;
    report->files_removed = task->removes.count;
    report->bytes_added = 0;
    for (size_t i = 0; i < task->adds.count; i++) {
        report->bytes_added += task->adds.files[i]->bytes;
    }
}

static void report_table(mr_task *task)
{
    const mr_delta_snapshot *target = task->target->snapshot;

    task->report->version = target == NULL ? -1 : mr_delta_version(target);
    task->report->rows = target == NULL ? -1 : mr_delta_rows(target);
}

/* Gathers small files once there are many; what it cannot do now is done after a later run. */
static void gather(mr_task *task)
{
    const mr_delta_snapshot *target = task->target->snapshot;
    uint64_t target_bytes = task->model->file_bytes > 0 ? task->model->file_bytes : 128 << 20;
    size_t small = 0;
    mr_delta_optimize_report report;
    mr_buffer order;
    mr_err err;

    for (size_t i = 0; target != NULL && i < mr_delta_file_count(target); i++) {
        small += mr_delta_file_at(target, i)->bytes < target_bytes / 2;
    }
    if (small < mr_task_small_files_min || task->adds.count == 0 ||
        task->model->mode == MR_MODEL_PUBLISH) {
        return;
    }
    mr_buffer_init(&order, mr_session_sql_bytes_max);
    mr_sql_names(&order, &task->model->order, NULL);
    (void)mr_buffer_append(&order, "", 1);
    const mr_delta_optimize_options options = {.file_bytes_target = task->model->file_bytes,
                                               .files_min = mr_task_small_files_min,
                                               .order = order.bytes > 1 ? order.data : NULL,
                                               .tiers = true};
    if (mr_delta_optimize(task->target->table, task->session->connection, &options, &report,
                          &err) == MR_OK &&
        report.version >= 0) {
        (void)mr_session_refresh(task->target, &err);
    }
    mr_buffer_free(&order);
}

void mr_task_discard(mr_task *task)
{
    mr_delta_files_discard(task->target->table, task->written);
    mr_delta_files_free(task->written);
    task->written = NULL;
}

static void clear(mr_task *task)
{
    mr_delta_files_free(task->written);
    task->written = NULL;
    task->early = false;
    task->told = 0;
    mr_file_list_free(&task->news);
    mr_file_list_free(&task->adds);
    mr_file_list_free(&task->removes);
    mr_arena_reset(task->arena);
    mr_buffer_clear(&task->sql);
    task->rearranged = false;
    task->note_only = false;
    *task->report = (mr_model_report){.model = task->model, .version = -1, .rows = -1};
}

mr_status mr_task_check_made(mr_task *task, const mr_session_table *table, mr_err *err)
{
    const mr_model *maker = mr_models_find(task->session->models, table->name);
    mr_buffer relation;

    task->early = true;
    mr_buffer_init(&relation, 1024);
    mr_sql_name(&relation, table->made);
    (void)mr_buffer_append(&relation, "", 1);
    mr_status status = mr_task_check_early(task, relation.data, &maker->keys, err);
    mr_buffer_free(&relation);
    return status;
}

mr_status mr_task_compute_early(mr_task *task, int64_t rows_read, mr_err *err)
{
    *task->report = (mr_model_report){.model = task->model,
                                      .state = MR_MODEL_DONE,
                                      .full = true,
                                      .rows_read = rows_read,
                                      .version = -1,
                                      .rows = -1};
    task->early = true;
    if (task->model->mode == MR_MODEL_PUBLISH) {
        return mr_task_check_made(task, task->source, err);
    }
    make_schema(task);
    return mr_task_compute_full(task, err);
}

static mr_status compute(mr_task *task, mr_err *err)
{
    mr_status status;

    if (task->report->state == MR_MODEL_SKIPPED) {
        return MR_OK;
    }
    make_schema(task);
    if (task->model->mode == MR_MODEL_PUBLISH) {
        status = mr_task_publish(task, err);
    } else if (task->report->full) {
        status = mr_task_compute_full(task, err);
    } else {
        status = mr_task_compute_increment(task, err);
    }
    report_files(task);
    return status;
}

/* A day again that brought nothing is no commit: it would say nothing. */
static bool worth_a_commit(const mr_task *task)
{
    if (task->report->state == MR_MODEL_SKIPPED) {
        return task->note_only;
    }
    return task->date == NULL || task->adds.count + task->removes.count > 0;
}

/* What was computed early is taken as it is, now that its source stands; unless that turns out to
 * ask for something else. */
static mr_status plan_and_compute(mr_task *task, mr_err *err)
{
    const mr_model_report made = *task->report;
    mr_status status = mr_task_plan(task, err);

    const bool as_made = task->early && task->report->full && task->report->state == MR_MODEL_DONE;
    if (status == MR_OK && as_made && task->model->mode != MR_MODEL_PUBLISH) {
        task->report->rows_known =
            task->model->mode == MR_MODEL_INSERT ? task->report->rows_read - made.rows_new : 0;
        report_files(task);
        return MR_OK;
    }
    if (status == MR_OK && task->early && !as_made) {
        mr_task_discard(task);
        clear(task);
        status = mr_task_plan(task, err);
    }
    return status == MR_OK ? compute(task, err) : status;
}

static mr_status try_once(mr_task *task, mr_err *err)
{
    int64_t version = -1;
    mr_status status = plan_and_compute(task, err);

    if (status != MR_OK || !worth_a_commit(task)) {
        return status;
    }
    status = commit(task, &version, err);
    if (status == MR_EXISTS && task->written != NULL) {
        mr_delta_files_discard(task->target->table, task->written);
    }
    if (status == MR_OK) {
        status = mr_session_refresh(task->target, err);
    }
    if (status == MR_OK && mr_delta_version(task->target->snapshot) == version) {
        mr_task_keep_made(task);
    }
    if (status == MR_OK) {
        gather(task);
    }
    return status;
}

mr_status mr_task_run(mr_task *task, mr_err *err)
{
    mr_status status = MR_EXISTS;

    for (int tries = 0; status == MR_EXISTS && tries < mr_task_tries_max; tries++) {
        if (tries > 0) {
            status = mr_session_refresh(task->target, err);
            if (status != MR_OK) {
                break;
            }
        }
        if (tries > 0 || !task->early) {
            clear(task);
        }
        status = try_once(task, err);
    }
    report_table(task);
    return status;
}

void mr_task_init(mr_task *task, mr_session *session, const mr_model *model,
                  mr_model_report *report)
{
    *task = (mr_task){.session = session,
                      .model = model,
                      .report = report,
                      .arena = mr_arena_create(mr_task_arena_bytes_max)};
    mr_buffer_init(&task->sql, mr_session_sql_bytes_max);
}

void mr_task_free(mr_task *task)
{
    mr_delta_files_free(task->written);
    mr_file_list_free(&task->news);
    mr_file_list_free(&task->adds);
    mr_file_list_free(&task->removes);
    mr_arena_destroy(task->arena);
    mr_buffer_free(&task->sql);
}
