/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/batch_pool.h - the bus batches that batch bodies are sent in: a fixed number, so that
 * what is parsed and not yet durable is bounded. Thread-safe.
 */
#ifndef MR_GATEWAY_BATCH_POOL_H
#define MR_GATEWAY_BATCH_POOL_H

#include <stdint.h>

#include "bus/bus.h"

typedef struct mr_batch_pool mr_batch_pool;

typedef struct mr_pooled_batch {
    mr_bus_batch *batch;
    void *owner;          /* the taker's */
    int64_t submitted_us; /* the taker's */
    struct mr_pooled_batch *next;
} mr_pooled_batch;

mr_batch_pool *mr_batch_pool_create(uint32_t count, size_t batch_bytes_max);
void mr_batch_pool_destroy(mr_batch_pool *pool); /* all must have been given back; NULL is fine */

/* An empty batch; waits for one to be given back, at most timeout_ms. NULL: none came. */
mr_pooled_batch *mr_batch_pool_take(mr_batch_pool *pool, uint32_t timeout_ms);
void mr_batch_pool_give(mr_batch_pool *pool, mr_pooled_batch *batch);

#endif
