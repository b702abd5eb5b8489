/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/pipeline.h - the conditions of the standard pipeline: is there new data, and is it
 * time for upkeep; and what must be remembered for them. One thread.
 */
#ifndef MR_ORCHESTRATOR_PIPELINE_H
#define MR_ORCHESTRATOR_PIPELINE_H

#include "lake/blob.h"
#include "orchestrator/runs.h"

enum { mr_pipeline_upkeep_hours = 20 };

typedef struct mr_pipeline {
    mr_runs *runs;
    mr_blobs *blobs;
    /* What silver and gold are made with: when it changes, they are made again from data that has
     * not. */
    char fingerprint[64];
    int64_t version_seen; /* of bronze, the newest; -1: none. Where looking begins next time */
} mr_pipeline;

/* models: the folder of the user's models; NULL or "": none. */
void mr_pipeline_open(mr_pipeline *pipeline, mr_runs *runs, mr_blobs *blobs, const char *models);

/* The newest version of bronze, -1 when there is none yet. */
mr_status mr_pipeline_bronze_version(mr_pipeline *pipeline, int64_t *ret_version, mr_err *err);
/* The version that silver and gold were made of last, -1 for never (or with another fingerprint).
 */
mr_status mr_pipeline_made_version(mr_pipeline *pipeline, int64_t *ret_version, mr_err *err);

/* For mr_executor_options, with now_ms by the wall clock. */
mr_status mr_pipeline_condition(mr_pipeline *pipeline, const mr_run *run, const char *task,
                                int64_t now_ms, bool *ret_needed,
                                char ret_reason[static mr_run_reason_bytes_max], mr_err *err);
mr_status mr_pipeline_ended(mr_pipeline *pipeline, const mr_run *run, const mr_run_task *tasks,
                            size_t count, mr_err *err);

#endif
