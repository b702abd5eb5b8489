/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_job.h - the job of a run, wherever it runs.
 *
 *   spark_submit.c   a process of spark-submit here, and a socket to it
 *   spark_pool.c     a batch of a Spark pool (Livy), and a mailbox in the lake
 *
 * One thread. In whatever way this process ends, the job ends too.
 */
#ifndef MR_MEDALLION_SPARK_JOB_H
#define MR_MEDALLION_SPARK_JOB_H

#include "medallion/spark.h"

typedef struct mr_spark_job mr_spark_job;

typedef struct mr_spark_job_ops {
    /* A request and its answer, both a line of JSON without its end; the answer is there until the
     * next call, with a NUL behind it. MR_UNAVAILABLE: it has not started; MR_IO: it is gone. */
    mr_status (*ask)(mr_spark_job *job, mr_text request, mr_text *ret_answer, mr_err *err);
    const char *(*log)(const mr_spark_job *job); /* where its log lies */
    void (*end)(mr_spark_job *job);              /* what does not end is killed */
} mr_spark_job_ops;

/* The head of either's own struct. */
struct mr_spark_job {
    const mr_spark_job_ops *ops;
};

/* options are borrowed until the end. MR_UNAVAILABLE: it did not start, or not in time. */
mr_status mr_spark_submit(const mr_spark_options *options, mr_spark_job **ret_job, mr_err *err);
mr_status mr_spark_pool_submit(mr_blobs *blobs, const mr_spark_options *options,
                               mr_spark_job **ret_job, mr_err *err);

/* spark/job.py */
extern const char mr_embed_job_py[];
extern const size_t mr_embed_job_py_bytes;

#endif
