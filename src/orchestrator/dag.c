/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/dag.c - the tasks of a run and the rules between them; see dag.h. */
#include "orchestrator/dag.h"

#include <stdio.h>
#include <string.h>

const char mr_dag_publish_task[] = "publish";

/* --- The tasks of a run ----------------------------------------------------------------------- */

static void add_argument(mr_dag_task *task, const char *argument)
{
    size_t index = 0;

    while (task->arguments[index] != NULL) {
        index++;
    }
    MR_ASSERT(index + 1 < mr_dag_arguments_max);
    task->arguments[index] = argument;
}

/* Needs the one before, if there is one. */
static mr_dag_task *add_task(mr_dag *dag, const char *name)
{
    mr_dag_task *task = &dag->tasks[dag->count];

    MR_ASSERT(dag->count < mr_run_tasks_max);
    *task = (mr_dag_task){.name = name};
    task->needs = dag->count > 0 ? UINT32_C(1) << (dag->count - 1) : 0;
    dag->count++;
    return task;
}

static mr_dag_task *add_models(mr_dag *dag, const char *layer, const mr_run *run)
{
    mr_dag_task *task = add_task(dag, layer);

    add_argument(task, "run");
    add_argument(task, layer);
    add_argument(task, "--json");
    if (run->full_refresh) {
        add_argument(task, "--full-refresh");
    }
    if (run->date[0] != '\0') {
        add_argument(task, "--date");
        add_argument(task, run->date);
    }
    return task;
}

static mr_dag_task *add_upkeep(mr_dag *dag, const char *what)
{
    mr_dag_task *task = add_task(dag, what);

    add_argument(task, "lake");
    add_argument(task, what);
    add_argument(task, "--json");
    task->after_skip = true;
    task->conditional = true;
    return task;
}

/* What the schema lacks may be of an earlier day; what others wait for is gold, not this. */
static void add_publish(mr_dag *dag)
{
    mr_dag_task *task = add_task(dag, mr_dag_publish_task);

    add_argument(task, "publish");
    add_argument(task, "--json");
    task->after_skip = true;
}

mr_status mr_dag_make(const mr_run *run, bool publish, mr_dag *ret_dag, mr_err *err)
{
    const bool all = strcmp(run->target, "all") == 0;
    const bool silver = all || strcmp(run->target, "silver") == 0;
    const bool gold = all || strcmp(run->target, "gold") == 0;
    mr_dag dag = {0};

    if (!silver && !gold) {
        return mr_fail(err, MR_INVALID, "'%s' cannot be run: silver, gold and all can",
                       run->target);
    }
    if (silver) {
        add_task(&dag, "check-new-data")->conditional = true;
        (void)add_models(&dag, "silver", run);
    }
    if (gold) {
        /* It may be behind silver from an earlier day, and knows that best itself. */
        add_models(&dag, "gold", run)->after_skip = true;
    }
    const uint32_t last_models = UINT32_C(1) << (dag.count - 1);
    if (gold && publish) {
        add_publish(&dag);
    }
    if (all && (run->kind == MR_RUN_SCHEDULED || run->kind == MR_RUN_CONTINUOUS)) {
        add_upkeep(&dag, "optimize")->needs = last_models;
        (void)add_upkeep(&dag, "vacuum");
    }
    *ret_dag = dag;
    return MR_OK;
}

/* --- Rules ------------------------------------------------------------------------------------ */

static bool is_needed(const mr_dag_task *task, size_t index)
{
    return (task->needs >> index & 1) != 0;
}

static bool has_failed(mr_task_state state)
{
    return state == MR_TASK_FAILED || state == MR_TASK_TIMED_OUT ||
           state == MR_TASK_UPSTREAM_FAILED;
}

static void pass_over(mr_run_task *task, mr_task_state state, const mr_run_task *cause)
{
    task->state = state;
    (void)snprintf(task->reason, sizeof task->reason, "%.32s %s", cause->name,
                   state == MR_TASK_UPSTREAM_FAILED ? "has failed"
                   : state == MR_TASK_CANCELLED     ? "was cancelled"
                                                    : "was skipped");
}

static bool settle_one(const mr_dag *dag, size_t index, mr_run_task *tasks)
{
    const mr_dag_task *task = &dag->tasks[index];

    if (tasks[index].state != MR_TASK_WAITING) {
        return false;
    }
    for (size_t other = 0; other < index; other++) {
        const mr_task_state state = tasks[other].state;

        if (!is_needed(task, other)) {
            continue;
        }
        if (has_failed(state)) {
            pass_over(&tasks[index], MR_TASK_UPSTREAM_FAILED, &tasks[other]);
            return true;
        }
        if (state == MR_TASK_CANCELLED) {
            pass_over(&tasks[index], MR_TASK_CANCELLED, &tasks[other]);
            return true;
        }
        if (state == MR_TASK_PASSED_OVER || (state == MR_TASK_SKIPPED && !task->after_skip)) {
            pass_over(&tasks[index], MR_TASK_PASSED_OVER, &tasks[other]);
            return true;
        }
    }
    return false;
}

uint32_t mr_dag_settle(const mr_dag *dag, mr_run_task *tasks)
{
    uint32_t changed = 0;

    for (size_t index = 0; index < dag->count; index++) {
        MR_ASSERT(dag->tasks[index].needs >> index == 0); /* no circles: only earlier ones */
        changed |= settle_one(dag, index, tasks) ? UINT32_C(1) << index : 0;
    }
    return changed;
}

uint32_t mr_dag_ready(const mr_dag *dag, const mr_run_task *tasks)
{
    uint32_t ready = 0;

    for (size_t index = 0; index < dag->count; index++) {
        bool waits = tasks[index].state != MR_TASK_WAITING;

        for (size_t other = 0; other < index && !waits; other++) {
            waits = is_needed(&dag->tasks[index], other) && !mr_task_has_ended(tasks[other].state);
        }
        ready |= waits ? 0 : UINT32_C(1) << index;
    }
    return ready;
}

/* The first task in a state, or NULL. */
static const mr_run_task *first_in(const mr_dag *dag, const mr_run_task *tasks, mr_task_state state)
{
    for (size_t index = 0; index < dag->count; index++) {
        if (tasks[index].state == state) {
            return &tasks[index];
        }
    }
    return NULL;
}

bool mr_dag_outcome(const mr_dag *dag, const mr_run_task *tasks, mr_run_state *ret_state,
                    char ret_reason[static mr_run_reason_bytes_max])
{
    static const struct {
        mr_task_state task;
        mr_run_state run;
    } worst_first[] = {
        {MR_TASK_CANCELLED, MR_RUN_CANCELLED},
        {MR_TASK_TIMED_OUT, MR_RUN_TIMED_OUT},
        {MR_TASK_FAILED, MR_RUN_FAILED},
    };
    bool worked = false;

    for (size_t index = 0; index < dag->count; index++) {
        if (!mr_task_has_ended(tasks[index].state)) {
            return false;
        }
        worked = worked ||
                 (tasks[index].state == MR_TASK_SUCCESS && dag->tasks[index].arguments[0] != NULL);
    }
    ret_reason[0] = '\0';
    *ret_state = worked ? MR_RUN_SUCCESS : MR_RUN_SKIPPED;
    for (size_t index = 0; index < sizeof worst_first / sizeof worst_first[0]; index++) {
        const mr_run_task *task = first_in(dag, tasks, worst_first[index].task);

        if (task != NULL) {
            *ret_state = worst_first[index].run;
            (void)snprintf(ret_reason, mr_run_reason_bytes_max, "%.32s: %.200s", task->name,
                           task->reason);
            return true;
        }
    }
    const mr_run_task *skipped = first_in(dag, tasks, MR_TASK_SKIPPED);

    if (!worked && skipped != NULL) {
        (void)snprintf(ret_reason, mr_run_reason_bytes_max, "%.250s", skipped->reason);
    }
    return true;
}
