/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/plan.c - what a model has to do: everything, what is new, or nothing.
 *
 * A table's own commits say which version of its source it has taken, by which model, and of which
 * making (epoch) of the source. Where one of them is not what it was, an increment would be wrong.
 */
#include <stdio.h>

#include "medallion/task.h"

const char mr_task_hash_key[] = "millrace.model";
const char mr_task_epoch_key[] = "millrace.epoch";
const char mr_task_read_key[] = "millrace.rows-read";

int64_t mr_task_epoch(const mr_session_table *table)
{
    return mr_delta_txn_version(table->snapshot, mr_task_epoch_key);
}

/* --- The increment ---------------------------------------------------------------------------- */

static const char *keep(mr_task *task, const char *text)
{
    mr_text copy;

    if (text == NULL || !mr_arena_copy(task->arena, mr_text_of(text), &copy)) {
        return NULL;
    }
    return copy.data;
}

/* Snapshots and visits lend their texts only for a while. */
static bool keep_file(mr_task *task, const mr_delta_file *file)
{
    mr_delta_file *copy = mr_arena_take(task->arena, sizeof(*copy));

    if (copy == NULL) {
        return false;
    }
    *copy = *file;
    copy->path = keep(task, file->path);
    copy->stats = keep(task, file->stats);
    copy->tags = keep(task, file->tags);
    for (size_t i = 0; i < mr_delta_partitions_max; i++) {
        copy->partition_values[i] = keep(task, file->partition_values[i]);
    }
    mr_file_list_add(&task->news, copy);
    return copy->path != NULL;
}

typedef struct visit_news {
    mr_task *task;
    bool fits;
} visit_news;

static bool visit_file(void *ctx, const mr_delta_file *file)
{
    visit_news *visit = ctx;

    visit->fits = keep_file(visit->task, file);
    if (file->rows > 0) {
        visit->task->report->rows_read += file->rows;
    }
    return visit->fits;
}

static mr_status read_news(mr_task *task, int64_t after, mr_err *err)
{
    visit_news visit = {.task = task, .fits = true};
    mr_status status = mr_delta_added_since(task->source->table, task->source->snapshot, after,
                                            visit_file, &visit, err);

    if (status == MR_OK && !visit.fits) {
        return mr_fail(err, MR_LIMIT, "%s: more new files than fit %d bytes", task->source->name,
                       mr_task_arena_bytes_max);
    }
    return status;
}

static bool note_news(void *ctx, const mr_delta_file *file)
{
    bool *has_news = ctx;

    (void)file;
    *has_news = true;
    return false;
}

mr_status mr_task_has_news(const mr_session_table *source, int64_t after, bool *ret_has_news,
                           mr_err *err)
{
    bool has_news = false;
    mr_status status =
        mr_delta_added_since(source->table, source->snapshot, after, note_news, &has_news, err);

    if (status == MR_OK) {
        *ret_has_news = has_news;
    }
    return status;
}

/* The source's files of one day, as the source has them now. */
static mr_status read_day(mr_task *task, mr_err *err)
{
    const mr_delta_schema *schema = mr_delta_schema_of(task->source->snapshot);
    size_t column = 0;
    visit_news visit = {.task = task, .fits = true};

    while (column < mr_delta_partitions_max && schema->partition_columns[column] != NULL &&
           strcmp(schema->partition_columns[column], "ingest_date") != 0) {
        column++;
    }
    if (column == mr_delta_partitions_max || schema->partition_columns[column] == NULL) {
        return mr_fail(err, MR_INVALID, "%s has no column ingest_date to find a day by",
                       task->source->name);
    }
    for (size_t i = 0; visit.fits && i < mr_delta_file_count(task->source->snapshot); i++) {
        const mr_delta_file *file = mr_delta_file_at(task->source->snapshot, i);
        const char *day = file->partition_values[column];
        if (day != NULL && strcmp(day, task->date) == 0) {
            (void)visit_file(&visit, file);
        }
    }
    return visit.fits ? MR_OK
                      : mr_fail(err, MR_LIMIT, "%s: a day of too many files", task->source->name);
}

/* --- The decision ----------------------------------------------------------------------------- */

static void say(mr_task *task, const char *message)
{
    (void)snprintf(task->report->message, sizeof(task->report->message), "%s", message);
}

static void skip(mr_task *task, const char *message)
{
    task->report->state = MR_MODEL_SKIPPED;
    say(task, message);
}

/* Why an increment would not do; NULL: it does. */
static const char *why_full(const mr_task *task)
{
    const mr_delta_snapshot *target = task->target->snapshot;
    char key[mr_model_path_bytes_max + sizeof(mr_task_epoch_key) + 1];

    if (task->full_wanted) {
        return "asked for";
    }
    if (target == NULL) {
        return "there was no table yet";
    }
    if (mr_delta_txn_version(target, mr_task_hash_key) != task->model->hash) {
        return "its model has changed";
    }
    (void)snprintf(key, sizeof(key), "%s:%s", mr_task_epoch_key, task->source->name);
    if (mr_delta_txn_version(target, key) != mr_task_epoch(task->source)) {
        return "what it reads was made anew";
    }
    if (task->report->version_from > task->report->version_to) {
        return "what it reads is older than what it has taken";
    }
    return NULL;
}

static mr_status plan_full(mr_task *task, const char *why)
{
    task->report->full = true;
    task->report->version_from = -1;
    task->report->rows_read = mr_delta_rows(task->source->snapshot);
    mr_file_list_free(&task->news);
    say(task, why);
    return MR_OK;
}

static mr_status plan_increment(mr_task *task, mr_err *err)
{
    mr_model_report *report = task->report;
    mr_status status;

    if (task->date != NULL) {
        status = read_day(task, err);
    } else if (report->version_from == report->version_to) {
        skip(task, "nothing new");
        return MR_OK;
    } else if (task->model->mode == MR_MODEL_PUBLISH) {
        return MR_OK;
    } else {
        status = read_news(task, report->version_from, err);
    }
    if (status == MR_NOT_FOUND) {
        report->rows_read = 0;
        return plan_full(task, "the history of what it reads is cleaned up");
    }
    if (status == MR_OK && task->news.count == 0) {
        skip(task, "nothing new");
        task->note_only = task->date == NULL &&
                          report->version_to - report->version_from >= (int64_t)mr_task_stale_max;
    }
    return status;
}

bool mr_task_is_level(const mr_session_table *source, const mr_session_table *table)
{
    char path[mr_model_path_bytes_max];
    char key[mr_model_path_bytes_max + sizeof(mr_task_epoch_key) + 1];
    bool has_news = true;
    int64_t taken;

    if (source->snapshot == NULL || table->snapshot == NULL) {
        return false;
    }
    mr_model_path_of(source->name, path);
    (void)snprintf(key, sizeof(key), "%s:%s", mr_task_epoch_key, source->name);
    taken = mr_delta_txn_version(table->snapshot, path);
    if (mr_delta_txn_version(table->snapshot, key) != mr_task_epoch(source) ||
        taken > mr_delta_version(source->snapshot)) {
        return false;
    }
    return taken == mr_delta_version(source->snapshot) ||
           (mr_task_has_news(source, taken, &has_news, NULL) == MR_OK && !has_news);
}

/* What is looked up has to be of the same rows as the increment: else it waits. */
static mr_status wait_for_lookups(mr_task *task, mr_err *err)
{
    const mr_model *model = task->model;
    mr_status status = MR_OK;

    for (size_t i = 0; status == MR_OK && model->lookup.count > 0 && i < model->reference_count &&
                       task->report->state != MR_MODEL_SKIPPED;
         i++) {
        const mr_model *other = mr_models_find(task->session->models, model->references[i]);
        mr_session_table *table = NULL;
        if (other == NULL || other->from == NULL || strcmp(other->from, model->from) != 0) {
            continue;
        }
        status = mr_session_find(task->session, other->name, &table, err);
        if (status == MR_OK && !mr_task_is_level(task->source, table)) {
            skip(task, "");
            (void)snprintf(task->report->message, sizeof(task->report->message),
                           "%s has not taken the same of %s", other->name, model->from);
        }
    }
    return status;
}

mr_status mr_task_plan(mr_task *task, mr_err *err)
{
    char path[mr_model_path_bytes_max];
    const char *why;

    if (task->source->snapshot == NULL) {
        skip(task, "");
        (void)snprintf(task->report->message, sizeof(task->report->message), "there is no %s yet",
                       task->source->name);
        return MR_OK;
    }
    mr_model_path_of(task->source->name, path);
    task->report->state = MR_MODEL_DONE;
    task->report->message[0] = '\0';
    task->report->version_to = mr_delta_version(task->source->snapshot);
    task->report->version_from =
        task->target->snapshot == NULL ? -1 : mr_delta_txn_version(task->target->snapshot, path);
    why = why_full(task);
    mr_status status = why != NULL ? plan_full(task, why) : plan_increment(task, err);
    return status == MR_OK ? wait_for_lookups(task, err) : status;
}
