/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/task_report.h - what a task's report says of its end: {"status":"done"|"skipped"|
 * "failed", "reason": ...}; anything else it holds is kept as it is, for people. */
#ifndef MR_ORCHESTRATOR_TASK_REPORT_H
#define MR_ORCHESTRATOR_TASK_REPORT_H

#include "orchestrator/runs.h"

typedef struct mr_task_verdict {
    bool complete; /* a whole JSON object: the task came to its end, whichever */
    bool skipped, failed;
    char reason[mr_run_reason_bytes_max]; /* "reason", else "error"; "" when it gives none */
} mr_task_verdict;

/* Any bytes. */
void mr_task_report_read(mr_text report, mr_task_verdict *ret_verdict);

#endif
