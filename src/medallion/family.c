/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/family.c - what is made of a table alone, computed beside it. See family.h. */
#include "medallion/family.h"

#include <stdlib.h>

#include "base/civil.h"

/* Made of the head's rows and of nothing else, checks included. */
static bool is_member(const mr_model *model, const mr_model *head)
{
    if (model->from == NULL || model->mode == MR_MODEL_VIEW || model->mode == MR_MODEL_PUBLISH ||
        strcmp(model->from, head->name) != 0 || model->reference_count != 1 ||
        strcmp(model->references[0], head->name) != 0) {
        return false;
    }
    for (size_t i = 0; i < model->check_count; i++) {
        if (model->checks[i].target != NULL) {
            return false;
        }
    }
    return true;
}

static mr_status compute(mr_family *family, const mr_task *head, mr_family_member *member,
                         mr_err *err)
{
    mr_task *task = &member->task;
    mr_status status = mr_session_find(family->session, task->model->name, &task->target, err);

    task->source = head->target;
    task->full_wanted = head->full_wanted;
    return status == MR_OK ? mr_task_compute_early(task, head->report->rows_read, err) : status;
}

static void make_member(mr_family *family, const mr_task *head, const mr_model *model)
{
    mr_family_member *member = mr_alloc_zero(1, sizeof(*member));
    const int64_t start_us = mr_monotonic_us();
    mr_err err;

    mr_task_init(&member->task, family->session, model, &member->report);
    if (compute(family, head, member, &err) == MR_OK) {
        member->us = (uint64_t)(mr_monotonic_us() - start_us);
        family->members[family->count++] = member;
        return;
    }
    /* It fails again in its turn, and says why. */
    if (member->task.target != NULL) {
        mr_task_discard(&member->task);
    }
    mr_family_member_free(member);
}

void mr_family_make(void *ctx, mr_task *head)
{
    mr_family *family = ctx;

    if (family->count > 0 && family->head != head->model) {
        return;
    }
    mr_family_drop(family); /* of a try of the head's that another writer won */
    family->head = head->model;
    for (size_t i = 0; i < mr_models_count(family->session->models); i++) {
        const mr_model *model = mr_models_at(family->session->models, i);
        if (is_member(model, head->model) && family->is_wanted(family->ctx, model)) {
            make_member(family, head, model);
        }
    }
}

mr_family_member *mr_family_take(mr_family *family, const mr_model *model)
{
    for (size_t i = 0; i < family->count; i++) {
        mr_family_member *member = family->members[i];
        if (member->task.model == model) {
            family->members[i] = family->members[--family->count];
            return member;
        }
    }
    return NULL;
}

void mr_family_member_free(mr_family_member *member)
{
    if (member != NULL) {
        mr_task_free(&member->task);
        free(member);
    }
}

void mr_family_drop(mr_family *family)
{
    while (family->count > 0) {
        mr_family_member *member = family->members[--family->count];
        mr_task_discard(&member->task);
        mr_family_member_free(member);
    }
}
