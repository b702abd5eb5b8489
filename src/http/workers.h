/* SPDX-License-Identifier: Apache-2.0 */
/* http/workers.h - a few threads and a bounded queue, for what a loop must not wait for. */
#ifndef MR_HTTP_WORKERS_H
#define MR_HTTP_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct mr_workers mr_workers;

/* The submitter's memory until run is called, and run's from then on. */
typedef struct mr_work {
    struct mr_work *next;
    void (*run)(struct mr_work *work, void *worker); /* worker: what create returned */
} mr_work;

typedef struct mr_workers_options {
    uint32_t threads;
    uint32_t queue_max;
    void *(*create)(void *ctx); /* a thread's own state, made and freed in that thread */
    void (*destroy)(void *worker);
    void *ctx;
} mr_workers_options;

mr_workers *mr_workers_start(const mr_workers_options *options);

/* false: queue_max wait already; nothing was taken. From any thread. */
bool mr_workers_submit(mr_workers *workers, mr_work *work);

/* Runs what is queued, then joins the threads and frees. NULL is fine. */
void mr_workers_stop(mr_workers *workers);

#endif
