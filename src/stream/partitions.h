/* SPDX-License-Identifier: Apache-2.0 */
/* stream/partitions.h - what is known of each partition: a small table, looked up by number. */
#ifndef MR_STREAM_PARTITIONS_H
#define MR_STREAM_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { mr_partitions_max = 1024 };

typedef struct mr_partition {
    int32_t number;
    bool assigned;        /* runner: this process reads it now */
    int64_t next_offset;  /* sinks: where the target stands; runner: what it has published */
    int64_t taken_offset; /* delivered up to here, of that durable up to next_offset */
    int64_t letters_mark; /* sinks: dead letters from below are written already */
} mr_partition;

/* A zeroed struct is a valid empty table. */
typedef struct mr_partitions {
    mr_partition *items;
    size_t count;
} mr_partitions;

/* NULL when it is not in the table. Moves when another one is added. */
mr_partition *mr_partitions_find(const mr_partitions *partitions, int32_t number);
mr_partition *mr_partitions_add(mr_partitions *partitions,
                                int32_t number); /* or the one there is */
void mr_partitions_free(mr_partitions *partitions);

#endif
