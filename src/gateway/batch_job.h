/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/batch_job.h - one POST /invoicedata/batch, from its body to its answer. */
#ifndef MR_GATEWAY_BATCH_JOB_H
#define MR_GATEWAY_BATCH_JOB_H

#include "gateway/admit.h"
#include "gateway/state.h"

enum { mr_batch_errors_listed_max = 1000 };

typedef struct mr_batch_job mr_batch_job;

/* Hands the request's body to a worker and promises an answer. MR_UNAVAILABLE: too many wait for a
 * worker; nothing was taken. In the loop's thread. */
mr_status mr_batch_job_start(mr_gateway_loop *loop, mr_http_request *request,
                             const mr_client *client, mr_err *err);

/* Answers 503 to jobs begun before `before_us` (monotonic) that only wait for the log. In the
 * loop's thread. */
void mr_batch_jobs_expire(mr_gateway_loop *loop, int64_t before_us);

/* Frees what was never answered; after the loop, the workers and the producer have ended. */
void mr_batch_jobs_abandon(mr_gateway_loop *loop);

/* What a worker keeps between jobs: for mr_workers_options. */
void *mr_batch_worker_create(void *ctx);
void mr_batch_worker_destroy(void *state);

#endif
