/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/graph.c - what models are to one another: who reads whom, in which order they run. */
#include <stdio.h>

#include "medallion/catalog.h"

void mr_model_visit_sources(const mr_model *model, void (*visit)(void *ctx, const char *name),
                            void *ctx)
{
    for (size_t i = 0; i < model->reference_count; i++) {
        visit(ctx, model->references[i]);
    }
    bool referenced = model->from == NULL;
    for (size_t i = 0; i < model->reference_count && !referenced; i++) {
        referenced = strcmp(model->from, model->references[i]) == 0;
    }
    if (!referenced) {
        visit(ctx, model->from);
    }
    for (size_t i = 0; i < model->check_count; i++) {
        const char *target = model->checks[i].target;
        bool seen = target == NULL || (model->from != NULL && strcmp(target, model->from) == 0);
        for (size_t k = 0; k < model->reference_count && !seen; k++) {
            seen = strcmp(target, model->references[k]) == 0;
        }
        for (size_t k = 0; k < i && !seen; k++) {
            seen = model->checks[k].target != NULL && strcmp(target, model->checks[k].target) == 0;
        }
        if (!seen) {
            visit(ctx, target);
        }
    }
}

typedef struct search {
    const char *name;
    bool found;
} search;

static void compare_source(void *ctx, const char *name)
{
    search *s = ctx;

    s->found = s->found || strcmp(s->name, name) == 0;
}

bool mr_model_reads(const mr_model *model, const char *name)
{
    search s = {.name = name};

    mr_model_visit_sources(model, compare_source, &s);
    return s.found;
}

static const mr_model *find_exactly(const mr_models *models, const char *name)
{
    for (size_t i = 0; i < models->count; i++) {
        if (strcmp(models->models[i]->name, name) == 0) {
            return models->models[i];
        }
    }
    return NULL;
}

typedef struct examination {
    const mr_models *models;
    const mr_model *model;
    mr_status status;
    mr_err *err;
} examination;

static void examine_source(void *ctx, const char *name)
{
    examination *e = ctx;
    const mr_model *source;

    if (e->status != MR_OK || mr_text_starts_with(mr_text_of(name), "bronze.")) {
        return;
    }
    source = find_exactly(e->models, name);
    if (source == NULL) {
        e->status = mr_fail(e->err, MR_INVALID, "%s: %s reads %s, which no model makes",
                            e->model->file, e->model->name, name);
    } else if (source->mode == MR_MODEL_VIEW && e->model->mode != MR_MODEL_VIEW) {
        e->status =
            mr_fail(e->err, MR_INVALID, "%s: %s reads %s, which is a view: only views read views",
                    e->model->file, e->model->name, name);
    } else if (strcmp(e->model->layer, "silver") == 0 && strcmp(source->layer, "gold") == 0) {
        e->status = mr_fail(e->err, MR_INVALID, "%s: %s reads %s: silver cannot stand on gold",
                            e->model->file, e->model->name, name);
    }
}

static bool sums(const mr_model *model)
{
    for (size_t i = 0; i < model->column_count; i++) {
        if (model->columns[i].rule == MR_RULE_SUM) {
            return true;
        }
    }
    return false;
}

/* Rows that are rewritten come again in an increment: adding them up would count them twice. */
static mr_status check_driver(const mr_models *models, const mr_model *model, mr_err *err)
{
    const mr_model *driver = model->from == NULL ? NULL : find_exactly(models, model->from);

    if (driver != NULL && driver->mode != MR_MODEL_INSERT && sums(model)) {
        return mr_fail(err, MR_INVALID,
                       "%s: %s has sums, so its 'from' must be bronze or a model of mode insert; "
                       "%s is of mode %s",
                       model->file, model->name, driver->name, mr_model_mode_name(driver->mode));
    }
    if (model->mode == MR_MODEL_PUBLISH && driver == NULL) {
        return mr_fail(err, MR_INVALID, "%s: %s publishes %s, which is no model's table",
                       model->file, model->name, model->from);
    }
    return MR_OK;
}

typedef struct wait_for {
    const mr_models *models;
    const bool *placed;
    const mr_model *missing;
} wait_for;

static void wait_source(void *ctx, const char *name)
{
    wait_for *w = ctx;

    for (size_t i = 0; i < w->models->count; i++) {
        if (!w->placed[i] && strcmp(w->models->models[i]->name, name) == 0) {
            w->missing = w->models->models[i];
        }
    }
}

/* The first model that waits for none; NULL: all wait, *ret_waiting for *ret_missing. */
static mr_model *next_free(const mr_models *models, bool *placed, const mr_model **ret_waiting,
                           const mr_model **ret_missing)
{
    for (size_t i = 0; i < models->count; i++) {
        wait_for w = {.models = models, .placed = placed};

        if (placed[i]) {
            continue;
        }
        mr_model_visit_sources(models->models[i], wait_source, &w);
        if (w.missing == NULL) {
            placed[i] = true;
            return models->models[i];
        }
        *ret_waiting = models->models[i];
        *ret_missing = w.missing;
    }
    return NULL;
}

/* The order is the same every time. */
static mr_status sort(mr_models *models, mr_err *err)
{
    mr_model *sorted[mr_models_max];
    bool placed[mr_models_max] = {false};
    const mr_model *waiting = NULL;
    const mr_model *missing = NULL;

    for (size_t count = 0; count < models->count; count++) {
        sorted[count] = next_free(models, placed, &waiting, &missing);
        if (sorted[count] == NULL) {
            MR_ASSERT(waiting != NULL && missing != NULL);
            return mr_fail(err, MR_INVALID,
                           "%s: %s reads in a circle: it waits for %s, which waits for others",
                           waiting->file, waiting->name, missing->name);
        }
    }
    memcpy(models->models, sorted, models->count * sizeof(models->models[0]));
    return MR_OK;
}

mr_status mr_models_arrange(mr_models *models, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < models->count && status == MR_OK; i++) {
        examination e = {.models = models, .model = models->models[i], .err = err};

        mr_model_visit_sources(models->models[i], examine_source, &e);
        status = e.status == MR_OK ? check_driver(models, models->models[i], err) : e.status;
    }
    return status == MR_OK ? sort(models, err) : status;
}
