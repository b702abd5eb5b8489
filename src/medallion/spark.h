/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark.h - Apache Spark as the engine of a run: where it is, and how it is reached.
 *
 * A run has one job (spark/job.py, held by this program), started for the first rows it needs and
 * ended with it, in whatever way it ends. Texts are borrowed for as long as the engine is open.
 */
#ifndef MR_MEDALLION_SPARK_H
#define MR_MEDALLION_SPARK_H

#include "azure/credential.h"
#include "medallion/engine.h"

typedef struct mr_spark_options {
    const char *submit;     /* program; NULL: spark-submit, on the PATH */
    const char *master;     /* "local[2]", "spark://host:7077", "yarn" */
    const char *properties; /* file of Spark properties of one's own; NULL: none */
    const char *log_folder; /* of the jobs' logs; the last ten stay */
    /* What Spark calls the lake: "file:/srv/lake", "abfss://lake@account.dfs.core.windows.net/x";
     * NULL: the path of the lake's own folder. */
    const char *lake;
    /* Instead of submit and master: a pool's Livy endpoint, ".../sparkPools/NAME". Then lake and
     * credential are needed, the batch reads and writes the lake itself. NULL: none. */
    const char *pool;
    mr_azure_credential *credential; /* borrowed; NULL: none */
    const char *ca_file;             /* of the pool's host; NULL: the system's */
    uint64_t memory_bytes; /* of the driver, where it computes too (local); 0: Spark's default */
    uint32_t start_timeout_ms; /* until the job answers; 0: 5 minutes */
    /* Called while a statement runs, at most once a second; may be NULL. */
    void (*progress)(void *ctx, const char *note);
    void *ctx;
} mr_spark_options;

/* The job is started for the first thing that is asked of it; what cannot be had is MR_UNAVAILABLE
 * then, and err says where its log lies. Copies the options, not their texts. Never fails. */
mr_engine *mr_engine_spark_create(mr_blobs *blobs, const mr_spark_options *options);

#endif
