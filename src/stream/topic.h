/* SPDX-License-Identifier: Apache-2.0 */
/* stream/topic.h - looking at a topic without a group: its bounds, and a walk over its records. */
#ifndef MR_STREAM_TOPIC_H
#define MR_STREAM_TOPIC_H

#include "bus/bus.h"

typedef struct mr_topic_range {
    int64_t first_offset; /* the oldest kept */
    int64_t next_offset;  /* the one the next record gets */
    bool exists;
} mr_topic_range;

/* {0, 0, false} for a topic, or a partition, that has not been written to. */
mr_status mr_topic_read_range(mr_bus *bus, const char *topic, int32_t partition,
                              mr_topic_range *ret_range, mr_err *err);

/* All partitions of a topic, ranges[p] being partition p's. *ret_ranges is the caller's to free;
 * NULL, and *ret_count 0: there is no such topic. */
enum { mr_topic_partitions_max = 1024 };
mr_status mr_topic_read_ranges(mr_bus *bus, const char *topic, mr_topic_range **ret_ranges,
                               size_t *ret_count, mr_err *err);

/* A stretch of one partition. */
typedef struct mr_topic_span {
    int32_t partition;
    int64_t from_offset; /* negative: the oldest kept */
    int64_t to_offset;   /* ends before it; INT64_MAX: waits for more, for ever */
} mr_topic_span;

typedef struct mr_topic_walk {
    const char *topic;
    int32_t partition;          /* the stretch to walk, unless there are spans */
    int64_t from_offset;        /* negative: the oldest kept */
    int64_t to_offset;          /* ends before it; INT64_MAX: waits for more, for ever */
    const mr_topic_span *spans; /* NULL: the one above. At most one of a partition */
    size_t span_count;
    bool (*visit)(void *ctx, const mr_bus_message *message); /* false ends the walk */
    void (*flush)(void *ctx); /* after the messages at hand; may be NULL */
    void *ctx;
} mr_topic_walk;

/* Visits the records of the stretches: those of one in order, those of several side by side. */
mr_status mr_topic_visit(mr_bus *bus, const mr_topic_walk *walk, mr_err *err);

#endif
