/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/family.c - what is made of a table and of what is made of it, beside it. See family.h.
 */
#include "medallion/family.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/thread.h"

typedef enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE, JOB_FAILED } job_state;

/* A member to be made, or checks of the head's own rows: they need not wait for its files. */
typedef struct job {
    mr_family_member *member;
    bool of_head;
    bool wanted; /* another job reads what it makes */
    job_state state;
} job;

typedef struct making {
    mr_family *family;
    mr_task *head;
    job jobs[mr_models_max + 1];
    size_t count;
    pthread_mutex_t mutex; /* guards the states, and with them what a job has made */
    pthread_cond_t changed;
} making;

/* Of each thread: the session with an engine's handle of its own. */
typedef struct lane {
    mr_session session;
    making *making;
} lane;

/* --- Who belongs to it ------------------------------------------------------------------------ */

static job *find_job(making *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++) {
        if (!m->jobs[i].of_head && strcmp(m->jobs[i].member->task.model->name, name) == 0) {
            return &m->jobs[i];
        }
    }
    return NULL;
}

typedef bool (*visit_source)(making *m, const char *name);

/* Whether it holds for every table that the model reads, by its SELECT or by a check. */
static bool all_sources(making *m, const mr_model *model, visit_source holds)
{
    bool all = true;

    for (size_t i = 0; all && i < model->reference_count; i++) {
        all = holds(m, model->references[i]);
    }
    for (size_t i = 0; all && i < model->check_count; i++) {
        all = model->checks[i].target == NULL || holds(m, model->checks[i].target);
    }
    return all;
}

static bool is_head(const making *m, const char *name)
{
    return strcmp(name, m->head->model->name) == 0;
}

static bool is_made_here(making *m, const char *name)
{
    const job *maker = find_job(m, name);

    return is_head(m, name) ||
           (maker != NULL && maker->member->task.model->mode != MR_MODEL_PUBLISH);
}

static bool has_checks_of_rows(const mr_model *model)
{
    for (size_t i = 0; i < model->check_count; i++) {
        if (mr_task_check_asks_rows(&model->checks[i])) {
            return true;
        }
    }
    return false;
}

/* Models come in the order of their references: whatever this one reads has been looked at. */
static bool is_member(making *m, const mr_model *model)
{
    return model->from != NULL && is_head(m, model->from) && model->mode != MR_MODEL_VIEW &&
           (model->mode != MR_MODEL_PUBLISH || has_checks_of_rows(model)) &&
           m->family->is_wanted(m->family->ctx, model) && all_sources(m, model, is_made_here);
}

static bool note_wanted(making *m, const char *name)
{
    job *maker = find_job(m, name);

    if (maker != NULL) {
        maker->wanted = true;
    }
    return true;
}

static mr_status add_job(making *m, const mr_model *model, bool of_head, mr_err *err)
{
    mr_session *session = m->family->session;
    mr_family_member *member = mr_alloc_zero(1, sizeof(*member));

    mr_task_init(&member->task, session, model, &member->report);
    member->task.source = of_head ? m->head->source : m->head->target;
    member->task.full_wanted = m->head->full_wanted;
    (void)all_sources(m, model, note_wanted);
    m->jobs[m->count++] = (job){.member = member, .of_head = of_head};
    return mr_session_find(session, model->name, &member->task.target, err);
}

/* Tables are found here, so that threads only read what they share; those of models that come later
 * too, while another thread writes. */
static mr_status list_jobs(making *m, mr_err *err)
{
    mr_family *family = m->family;
    const mr_models *models = family->session->models;
    mr_session_table *later = NULL;
    mr_status status = mr_session_bind(family->session, m->head->target, NULL, NULL, err);

    for (size_t i = 0; status == MR_OK && i < mr_models_count(models); i++) {
        const mr_model *model = mr_models_at(models, i);
        if (model != m->head->model && is_member(m, model)) {
            status = add_job(m, model, false, err);
        } else if (model->from != NULL && family->is_wanted(family->ctx, model)) {
            status = mr_session_find(family->session, model->name, &later, err);
        }
    }
    if (status == MR_OK && has_checks_of_rows(m->head->model)) {
        status = add_job(m, m->head->model, true, err);
    }
    return status;
}

/* --- Making ----------------------------------------------------------------------------------- */

static bool is_done(making *m, const char *name)
{
    const job *maker = find_job(m, name);

    return maker == NULL || maker->state == JOB_DONE;
}

static bool has_not_failed(making *m, const char *name)
{
    const job *maker = find_job(m, name);

    return maker == NULL || maker->state != JOB_FAILED;
}

/* Under the mutex. NULL: none can begin now. What others wait for comes first. */
static job *take_job(making *m)
{
    job *taken = NULL;

    for (size_t i = 0; i < m->count; i++) {
        job *next = &m->jobs[i];
        const mr_model *model = next->member->task.model;
        if (next->state == JOB_WAITS && !next->of_head && !all_sources(m, model, has_not_failed)) {
            next->state = JOB_FAILED; /* it is tried again in its turn */
        }
        if (next->state == JOB_WAITS && (taken == NULL || (next->wanted && !taken->wanted)) &&
            (next->of_head || all_sources(m, model, is_done))) {
            taken = next;
        }
    }
    if (taken != NULL) {
        taken->state = JOB_RUNS;
    }
    return taken;
}

static bool has_waiting(const making *m)
{
    bool waits = false;

    for (size_t i = 0; i < m->count; i++) {
        waits = waits || m->jobs[i].state == JOB_WAITS;
    }
    return waits;
}

/* What others read is bound by its maker alone: the engine lets one at a time change a name. */
static mr_status run_member(const making *m, const job *taken, mr_session *session, mr_err *err)
{
    mr_task *task = &taken->member->task;
    mr_status status = mr_task_compute_early(task, m->head->report->rows_read, err);

    if (status == MR_OK && taken->wanted) {
        mr_task_name_made(task->model, task->target->made);
        status = mr_session_bind(session, task->target, NULL, NULL, err);
    }
    return status;
}

static mr_status run_job(const making *m, const job *taken, mr_session *session)
{
    mr_task *task = &taken->member->task;
    const int64_t start_us = mr_monotonic_us();
    mr_session *shared = task->session;
    mr_status status;
    mr_err err;

    task->session = session;
    status = taken->of_head ? mr_task_check_made(task, m->head->target, &err)
                            : run_member(m, taken, session, &err);
    task->session = shared;
    if (status != MR_OK) { /* it fails again in its turn, and says why */
        mr_task_discard(task);
    }
    taken->member->us = (uint64_t)(mr_monotonic_us() - start_us);
    return status;
}

static void *run_lane(void *ctx)
{
    lane *self = ctx;
    making *m = self->making;

    (void)pthread_mutex_lock(&m->mutex);
    for (;;) {
        job *taken = take_job(m);
        if (taken == NULL && !has_waiting(m)) {
            break;
        }
        if (taken == NULL) {
            (void)pthread_cond_wait(&m->changed, &m->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&m->mutex);
        const mr_status status = run_job(m, taken, &self->session);
        (void)pthread_mutex_lock(&m->mutex);
        taken->state = status == MR_OK ? JOB_DONE : JOB_FAILED;
        (void)pthread_cond_broadcast(&m->changed);
    }
    (void)pthread_mutex_unlock(&m->mutex);
    return NULL;
}

/* A second thread, where there can be one: much of a small table's making keeps one core busy. */
static void run_jobs(making *m)
{
    lane lanes[2] = {{*m->family->session, m}, {*m->family->session, m}};
    mr_engine *another = NULL;
    pthread_t thread;
    mr_err err;
    bool second = mr_engine_another(m->family->session->engine, &another, &err) == MR_OK;

    (void)pthread_mutex_init(&m->mutex, NULL);
    (void)pthread_cond_init(&m->changed, NULL);
    if (second) {
        lanes[1].session.engine = another;
        second = mr_thread_start(&thread, "models", run_lane, &lanes[1]) == 0;
    }
    (void)run_lane(&lanes[0]);
    if (second) {
        (void)pthread_join(thread, NULL);
    }
    (void)pthread_cond_destroy(&m->changed);
    (void)pthread_mutex_destroy(&m->mutex);
    mr_engine_close(another);
}

/* The head's own task takes over what its rows were found to be. */
static void take_checks(mr_task *head, const mr_task *checked)
{
    for (size_t i = 0; i < checked->model->check_count; i++) {
        if ((checked->told & (UINT32_C(1) << i)) != 0) {
            head->report->checks[i] = checked->report->checks[i];
        }
    }
    head->told = checked->told;
}

static void take_jobs(making *m)
{
    mr_family *family = m->family;

    for (size_t i = 0; i < m->count; i++) {
        job *made = &m->jobs[i];
        if (made->of_head) {
            take_checks(m->head, &made->member->task);
        } else {
            made->member->task.target->made[0] = '\0'; /* until its commit */
        }
        if (made->state == JOB_DONE && !made->of_head) {
            family->members[family->count++] = made->member;
        } else {
            mr_family_member_free(made->member);
        }
    }
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
    if (list_jobs(&m, &err) == MR_OK) {
        run_jobs(&m);
    }
    take_jobs(&m); /* of those that never ran, nothing */
}

/* --- In their turn ---------------------------------------------------------------------------- */

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
