/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/run.c - a run: the models of a layer, in order, and then the books.
 *
 * Called by the commands, on one thread. A model that fails blocks what reads it; the others run
 * on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/random.h"
#include "medallion/family.h"
#include "medallion/quality.h"

typedef struct run {
    const mr_run_options *options;
    mr_session *session;
    mr_run_report *report;
    mr_family family; /* computed already, not committed */
    mr_run_progress under_way;
} run;

/* --- Which models ----------------------------------------------------------------------------- */

static bool is_selected(const mr_run_options *options, const mr_model *model)
{
    if (model->mode == MR_MODEL_VIEW ||
        (options->layer != NULL && strcmp(options->layer, model->layer) != 0)) {
        return false;
    }
    if (options->select == NULL) {
        return true;
    }
    for (const char *const *name = options->select; *name != NULL; name++) {
        if (mr_models_find(options->models, *name) == model) {
            return true;
        }
        if (strcmp(*name, model->table) == 0) {
            return true;
        }
    }
    return false;
}

static mr_status check_select(const mr_run_options *options, mr_err *err)
{
    for (const char *const *name = options->select; name != NULL && *name != NULL; name++) {
        bool known = false;
        for (size_t i = 0; i < mr_models_count(options->models); i++) {
            const mr_model *model = mr_models_at(options->models, i);
            known =
                known || ((strcmp(model->name, *name) == 0 || strcmp(model->table, *name) == 0) &&
                          model->mode != MR_MODEL_VIEW);
        }
        if (!known) {
            return mr_fail(err, MR_INVALID,
                           "there is no model %s that is stored; `millrace lineage` lists them",
                           *name);
        }
    }
    return MR_OK;
}

static const mr_model_report *find_report(const run *r, const char *name)
{
    for (size_t i = 0; i < r->report->model_count; i++) {
        if (strcmp(r->report->models[i].model->name, name) == 0) {
            return &r->report->models[i];
        }
    }
    return NULL;
}

typedef struct blockade {
    const run *run;
    const char *by;
} blockade;

static void find_failure(void *ctx, const char *name)
{
    blockade *b = ctx;
    const mr_model_report *report = find_report(b->run, name);

    if (report != NULL && (report->state == MR_MODEL_FAILED || report->state == MR_MODEL_BLOCKED)) {
        b->by = name;
    }
}

/* --- One model -------------------------------------------------------------------------------- */

static mr_status find_tables(run *r, mr_task *task, mr_err *err)
{
    mr_status status = mr_session_find(r->session, task->model->from, &task->source, err);

    return status == MR_OK ? mr_session_find(r->session, task->model->name, &task->target, err)
                           : status;
}

static mr_status run_task(run *r, const mr_model *model, const char *date, mr_model_report *report,
                          mr_err *err)
{
    mr_task task;
    mr_status status;

    mr_task_init(&task, r->session, model, report);
    task.date = date;
    task.full_wanted = date == NULL && r->options->full_refresh;
    task.beside = mr_family_make;
    task.ctx = &r->family;
    status = find_tables(r, &task, err);
    if (status == MR_OK) {
        status = mr_task_run(&task, err);
    }
    if (status != MR_OK && r->family.head == model) {
        mr_family_drop(&r->family);
    }
    mr_task_free(&task);
    return status;
}

/* One that was computed beside its source: what is left is its commit. */
static mr_status run_member(mr_family_member *member, mr_model_report *report, mr_err *err)
{
    mr_status status;

    *report = member->report;
    member->task.report = report;
    status = mr_task_run(&member->task, err);
    mr_family_member_free(member);
    return status;
}

/* A day again, behind the increment: what the increment brought is known by then. */
static mr_status run_day(run *r, const mr_model *model, mr_model_report *report, mr_err *err)
{
    mr_model_report day = {.model = model};
    mr_status status;

    if (r->options->date == NULL || report->version < 0 ||
        !mr_text_starts_with(mr_text_of(model->from), "bronze.") ||
        model->mode != MR_MODEL_INSERT) {
        return MR_OK;
    }
    status = run_task(r, model, r->options->date, &day, err);
    report->rows_read += day.rows_read;
    report->rows_new += day.rows_new;
    report->rows_known += day.rows_known;
    report->files_added += day.files_added;
    report->bytes_added += day.bytes_added;
    if (status == MR_OK) {
        report->version = day.version;
        report->rows = day.rows;
    }
    if (status == MR_OK && report->state == MR_MODEL_SKIPPED && day.state == MR_MODEL_DONE) {
        (void)snprintf(report->message, sizeof(report->message), "%s: %lld rows again, %lld new",
                       r->options->date, (long long)day.rows_read, (long long)day.rows_new);
        report->state = day.rows_new > 0 ? MR_MODEL_DONE : MR_MODEL_SKIPPED;
    }
    return status;
}

static void run_model(run *r, const mr_model *model, mr_model_report *report)
{
    int64_t start_us = mr_monotonic_us();
    blockade b = {.run = r};
    mr_err err;
    mr_status status;

    mr_model_visit_sources(model, find_failure, &b);
    if (b.by != NULL) {
        report->state = MR_MODEL_BLOCKED;
        (void)snprintf(report->message, sizeof(report->message), "%s, which it reads, failed",
                       b.by);
        return;
    }
    if (r->options->stop != NULL && atomic_load(r->options->stop)) {
        report->state = MR_MODEL_FAILED;
        (void)snprintf(report->message, sizeof(report->message), "stopped before it began");
        return;
    }
    mr_family_member *member = mr_family_take(&r->family, model);
    const uint64_t before_us = member != NULL ? member->us : 0;
    status =
        member != NULL ? run_member(member, report, &err) : run_task(r, model, NULL, report, &err);
    if (status == MR_OK) {
        status = run_day(r, model, report, &err);
    }
    if (status != MR_OK) {
        report->state = MR_MODEL_FAILED;
        (void)snprintf(report->message, sizeof(report->message), "%s", err.message);
    }
    report->us = before_us + (uint64_t)(mr_monotonic_us() - start_us);
}

static void tell(run *r, size_t index, size_t count, const mr_model *model,
                 const mr_model_report *report)
{
    const mr_run_progress progress = {
        .model = model, .index = index, .count = count, .report = report};

    r->under_way = progress;
    if (r->options->progress != NULL) {
        r->options->progress(r->options->ctx, &progress);
    }
}

static void count_state(mr_run_report *report, mr_model_state state)
{
    report->done += state == MR_MODEL_DONE;
    report->skipped += state == MR_MODEL_SKIPPED;
    report->failed += state == MR_MODEL_FAILED;
    report->blocked += state == MR_MODEL_BLOCKED;
}

/* For the family: those of this run that have not had their turn. */
static bool is_wanted(void *ctx, const mr_model *model)
{
    const run *r = ctx;

    return is_selected(r->options, model) && find_report(r, model->name) == NULL;
}

static void run_models(run *r)
{
    const mr_run_options *options = r->options;
    size_t all = mr_models_count(options->models);
    size_t count = 0;

    for (size_t i = 0; i < all; i++) {
        count += is_selected(options, mr_models_at(options->models, i));
    }
    for (size_t i = 0; i < all; i++) {
        const mr_model *model = mr_models_at(options->models, i);
        if (!is_selected(options, model)) {
            continue;
        }
        size_t index = r->report->model_count;
        mr_model_report *report = &r->report->models[index];
        *report = (mr_model_report){.model = model, .version = -1, .rows = -1};
        tell(r, index, count, model, NULL);
        run_model(r, model, report);
        r->report->model_count++;
        count_state(r->report, report->state);
        tell(r, index, count, model, report);
    }
}

/* --- The run ---------------------------------------------------------------------------------- */

/* A run that had work is kept; one that had none, if the books turned since the last one kept. */
static mr_status is_worth_keeping(const run *r, bool *ret_worth, mr_err *err)
{
    const mr_run_report *report = r->report;
    mr_kept_reconciliation last;
    mr_status status;

    if (r->options->keep_quiet || report->done + report->failed > 0) {
        *ret_worth = !r->options->keep_quiet;
        return MR_OK;
    }
    status = mr_medallion_last_reconciliation(r->options->blobs, &last, err);
    if (status == MR_NOT_FOUND) {
        *ret_worth = !report->reconciliation.holds;
        return MR_OK;
    }
    if (status == MR_OK) {
        *ret_worth = last.holds != report->reconciliation.holds;
    }
    return status;
}

static mr_status read_books(run *r, mr_err *err)
{
    mr_run_report *report = r->report;
    bool worth = false;
    mr_status status =
        mr_session_reconcile(r->session, &r->options->peers, &report->reconciliation, err);

    report->ok = report->failed == 0 && report->blocked == 0 && status == MR_OK &&
                 report->reconciliation.holds;
    if (status == MR_OK) {
        status = is_worth_keeping(r, &worth, err);
    }
    if (status == MR_OK && worth) {
        status = mr_quality_keep(r->session, report, err);
    }
    return status;
}

static bool is_date(const char *text)
{
    mr_civil day;

    return strlen(text) == strlen("2026-11-23") && mr_civil_parse(mr_text_of(text), &day);
}

/* What the engine is at, while a model is under way. */
static void tell_note(void *ctx, const char *note)
{
    const run *r = ctx;

    if (r->under_way.model != NULL && r->options->progress != NULL) {
        mr_run_progress progress = r->under_way;
        progress.note = note;
        r->options->progress(r->options->ctx, &progress);
    }
}

static mr_status open_session(run *r, mr_err *err)
{
    const mr_run_options *options = r->options;
    mr_engine *engine = options->kept_engine;

    if (engine == NULL && options->spark != NULL) {
        mr_spark_options spark = *options->spark;
        spark.progress = tell_note;
        spark.ctx = r;
        engine = mr_engine_spark_create(options->blobs, &spark);
    }
    return mr_session_open(options->blobs, options->models, &options->engine, engine,
                           options->kept_engine != NULL, &r->session, err);
}

mr_status mr_medallion_run(const mr_run_options *options, mr_run_report **ret_report, mr_err *err)
{
    run r = {.options = options};
    int64_t start_us = mr_monotonic_us();
    uint64_t random = 0;
    mr_status status = check_select(options, err);

    if (status == MR_OK && options->date != NULL && !is_date(options->date)) {
        return mr_fail(err, MR_INVALID, "a date is yyyy-mm-dd, not '%s'", options->date);
    }
    if (status == MR_OK) {
        status = open_session(&r, err);
    }
    if (status != MR_OK) {
        return status;
    }
    r.report = mr_alloc_zero(1, sizeof(*r.report));
    r.report->models =
        mr_alloc_zero(mr_models_count(options->models) + 1, sizeof(*r.report->models));
    r.report->engine = mr_engine_name(r.session->engine);
    r.report->started_ms = mr_now_ms();
    mr_random_secret(&random, sizeof(random));
    (void)snprintf(r.report->id, sizeof(r.report->id), "%llx-%08llx",
                   (unsigned long long)r.report->started_ms,
                   (unsigned long long)(random & 0xffffffff));
    r.family = (mr_family){.session = r.session, .is_wanted = is_wanted, .ctx = &r};
    run_models(&r);
    mr_family_drop(&r.family);
    status = read_books(&r, err);
    r.report->us = (uint64_t)(mr_monotonic_us() - start_us);
    mr_session_close(r.session);
    if (status != MR_OK) {
        mr_run_report_free(r.report);
        return status;
    }
    *ret_report = r.report;
    return MR_OK;
}
