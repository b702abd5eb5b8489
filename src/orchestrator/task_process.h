/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/task_process.h - attempts as processes of this same program.
 *
 *     <data_folder>/runs/<run>/<task>.log          standard error of all its attempts
 *     <data_folder>/runs/<run>/<task>.<n>.json     standard output of attempt n: its report
 *     <data_folder>/runs/<run>/<task>.lock         held by the process itself while it lives
 */
#ifndef MR_ORCHESTRATOR_TASK_PROCESS_H
#define MR_ORCHESTRATOR_TASK_PROCESS_H

#include "orchestrator/task_runner.h"

typedef struct mr_task_processes {
    const char *data_folder;
    const char *program;
    char *const *environment; /* ends with NULL */
} mr_task_processes;

/* Its ctx is a mr_task_processes. The caller must be the process's only thread (it forks). */
extern const mr_task_runner mr_task_process_runner;

/* "<data_folder>/runs/<run>/<task>.log", malloc'd. */
char *mr_task_log_path(const char *data_folder, const char *run_id, const char *task);

#endif
