/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/dag.h - which tasks a run has, what each waits for, and what its end means for the
 * others. Decides only; starting processes is the executor's.
 */
#ifndef MR_ORCHESTRATOR_DAG_H
#define MR_ORCHESTRATOR_DAG_H

#include "orchestrator/runs.h"

enum { mr_dag_arguments_max = 8 };

typedef struct mr_dag_task {
    const char *name;
    /* Of this program: {"run", "silver", "--json"}, NULL behind the last. None: the task is its
     * condition alone. */
    const char *arguments[mr_dag_arguments_max];
    uint32_t needs;   /* bit n: the n-th task of the list, which stands before this one */
    bool after_skip;  /* runs also when one it needs found nothing to do by itself */
    bool conditional; /* asks whether it is needed before it starts */
} mr_dag_task;

typedef struct mr_dag {
    mr_dag_task tasks[mr_run_tasks_max];
    size_t count;
} mr_dag;

/* The tasks of a run by its target:
 *     check-new-data --> silver --> gold --> optimize --> vacuum
 *                                       \-> publish
 * publish: gold goes on into a schema of PostgreSQL. Texts are borrowed from the run. MR_INVALID:
 * no such target. */
mr_status mr_dag_make(const mr_run *run, bool publish, mr_dag *ret_dag, mr_err *err);
extern const char mr_dag_publish_task[]; /* the task's name */

/* Ends the tasks that can never start, given how others ended. Tasks are in the list's order.
 * Returns a bit for each that changed. */
uint32_t mr_dag_settle(const mr_dag *dag, mr_run_task *tasks);

/* A bit for each that waits for nothing but to be started. */
uint32_t mr_dag_ready(const mr_dag *dag, const mr_run_task *tasks);

/* true once all have ended: how the run has, and why. */
bool mr_dag_outcome(const mr_dag *dag, const mr_run_task *tasks, mr_run_state *ret_state,
                    char ret_reason[static mr_run_reason_bytes_max]);

#endif
