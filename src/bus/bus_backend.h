/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_backend.h - what a log backend provides. Only bus.c and the backends include this.
 *
 * A backend is one file (bus_<name>.c) with one external symbol, its table, listed in bus.c.
 * Each slot has the contract of the function of the same name in bus.h; all are required.
 */
#ifndef MR_BUS_BUS_BACKEND_H
#define MR_BUS_BUS_BACKEND_H

#include "bus/bus_lanes.h"

typedef struct mr_bus_backend {
    const char *scheme; /* "embedded" */
    uint32_t lanes;     /* 1 to mr_bus_lanes_max */
    mr_status (*open)(const mr_bus_options *options, void **ret_state, mr_err *err);
    void (*close)(void *state);
    mr_status (*producer_open)(void *state, const char *topic, void **ret_producer, mr_err *err);
    void (*producer_close)(void *producer);
    mr_status (*append)(void *producer, mr_bus_batch *batch, const mr_bus_mark *mark, mr_err *err);
    mr_status (*submit)(void *producer, mr_bus_batch *batch, mr_bus_done_fn done, void *ctx,
                        mr_err *err);
    /* Where a record of this key goes, as far as is known; for mr_bus_lane_of. Cheap. */
    uint32_t (*partition_of)(const void *producer, mr_text key);
    uint64_t (*queued_bytes)(const void *producer);
    mr_status (*mark_read)(void *state, const char *target_topic, const char *group,
                           const char *topic, int32_t partition, int64_t *ret_next_offset,
                           mr_err *err);
    mr_status (*consumer_open)(void *state, const mr_bus_consumer_options *options,
                               void **ret_consumer, mr_err *err);
    void (*consumer_close)(void *consumer);
    mr_status (*poll)(void *consumer, uint32_t timeout_ms, const mr_bus_message **ret_messages,
                      size_t *ret_count, mr_err *err);
    mr_status (*seek)(void *consumer, int32_t partition, int64_t offset, mr_err *err);
    mr_status (*position)(void *consumer, int32_t partition, int64_t *ret_offset, mr_err *err);
    void (*wake)(void *consumer);
    mr_status (*publish)(void *consumer, int32_t partition, int64_t next_offset, mr_err *err);
    mr_status (*topics)(void *state, const char *topic /* NULL: all */, mr_bus_topic_fn visit,
                        void *ctx, mr_err *err);
    mr_status (*create)(void *state, const char *topic, int32_t partitions, int32_t replication,
                        mr_err *err);
    mr_status (*groups)(void *state, mr_bus_group_fn visit, void *ctx, mr_err *err);
    mr_status (*retain)(void *state, const char *topic, uint64_t *ret_removed, mr_err *err);
} mr_bus_backend;

extern const mr_bus_backend mr_bus_embedded;
extern const mr_bus_backend mr_bus_kafka;

#endif
