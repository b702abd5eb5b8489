/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/family.c - what is made of a table alone, computed beside it. See family.h. */
#include "medallion/family.h"

#include <pthread.h>
#include <stdatomic.h>
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

/* Of each thread: the session with an engine's handle of its own. */
typedef struct lane {
    mr_session session;
    struct making *making;
} lane;

typedef struct making {
    mr_family *family;
    const mr_task *head;
    mr_family_member *members[mr_models_max]; /* those that cannot be made become NULL */
    size_t count;
    atomic_size_t next; /* of members, to be taken by a thread */
} making;

static bool make_member(const mr_task *head, mr_session *session, mr_family_member *member)
{
    mr_task *task = &member->task;
    const int64_t start_us = mr_monotonic_us();
    mr_session *shared = task->session;
    mr_err err;

    task->session = session;
    const mr_status status = mr_task_compute_early(task, head->report->rows_read, &err);
    task->session = shared;
    if (status != MR_OK) { /* it fails again in its turn, and says why */
        mr_task_discard(task);
        return false;
    }
    member->us = (uint64_t)(mr_monotonic_us() - start_us);
    return true;
}

static void *run_lane(void *ctx)
{
    lane *self = ctx;
    making *m = self->making;

    for (size_t i = atomic_fetch_add(&m->next, 1); i < m->count;
         i = atomic_fetch_add(&m->next, 1)) {
        if (!make_member(m->head, &self->session, m->members[i])) {
            mr_family_member_free(m->members[i]);
            m->members[i] = NULL;
        }
    }
    return NULL;
}

/* Tables are found and bound here, so that threads only read what they share. */
static mr_status list_members(making *m, mr_err *err)
{
    const mr_family *family = m->family;
    mr_session *session = family->session;
    mr_status status = mr_session_bind(session, m->head->target, NULL, NULL, err);

    for (size_t i = 0; status == MR_OK && i < mr_models_count(session->models); i++) {
        const mr_model *model = mr_models_at(session->models, i);
        if (!is_member(model, m->head->model) || !family->is_wanted(family->ctx, model)) {
            continue;
        }
        mr_family_member *member = mr_alloc_zero(1, sizeof(*member));
        mr_task_init(&member->task, session, model, &member->report);
        member->task.source = m->head->target;
        member->task.full_wanted = m->head->full_wanted;
        m->members[m->count++] = member;
        status = mr_session_find(session, model->name, &member->task.target, err);
    }
    return status;
}

/* A second thread, where there can be one: much of a small table's making keeps one core busy. */
static void make_members(making *m)
{
    lane lanes[2] = {{*m->family->session, m}, {*m->family->session, m}};
    mr_engine *another = NULL;
    pthread_t thread;
    mr_err err;
    bool second = mr_engine_another(m->family->session->engine, &another, &err) == MR_OK;

    if (second) {
        lanes[1].session.engine = another;
        second = pthread_create(&thread, NULL, run_lane, &lanes[1]) == 0;
    }
    (void)run_lane(&lanes[0]);
    if (second) {
        (void)pthread_join(thread, NULL);
    }
    mr_engine_close(another);
}

void mr_family_make(void *ctx, mr_task *head)
{
    mr_family *family = ctx;
    making m = {.family = family, .head = head};
    mr_err err;

    if (family->count > 0 && family->head != head->model) {
        return;
    }
    mr_family_drop(family); /* of a try of the head's that another writer won */
    family->head = head->model;
    if (list_members(&m, &err) == MR_OK) {
        make_members(&m);
    } else {
        for (size_t i = 0; i < m.count; i++) {
            mr_family_member_free(m.members[i]);
            m.members[i] = NULL;
        }
    }
    for (size_t i = 0; i < m.count; i++) {
        if (m.members[i] != NULL) {
            family->members[family->count++] = m.members[i];
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
