/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink.h - a target that takes the records of a topic exactly once.
 *
 * A sink keeps, in its target, the position it has reached, in the same atomic commit as the data:
 * that is all of exactly-once. After any failure its runner asks where it stands and goes on there.
 *
 * A sink belongs to its runner's thread. Adding one is a file sink_<name>.c and a line in sink.c.
 */
#ifndef MR_STREAM_SINK_H
#define MR_STREAM_SINK_H

#include "bus/bus.h"
#include "lake/blob.h"
#include "store/store.h"

typedef struct mr_sink_counts {
    uint64_t delivered;  /* new in the target */
    uint64_t duplicates; /* there already */
    uint64_t rejected;   /* dead letters, or records this sink has to leave out */
} mr_sink_counts;

typedef struct mr_sink mr_sink;

typedef struct mr_sink_ops {
    const char *name; /* also its consumer group */
    bool patient;     /* nobody waits for its target: it leaves broker and processor to the others
                       * and takes more at once */

    /* Required. Reads the next offset the target wants of a partition; 0 when it has taken nothing.
     * Asked before the first delivery and after every failed one. A sink that gathers answers with
     * what it holds of the partition, if it holds any. */
    mr_status (*position)(void *state, int32_t partition, int64_t *ret_next_offset, mr_err *err);

    /* Required. Messages of one partition, in offset order; those below the position are skipped.
     * MR_OK: they, and the position behind them, are durable in the target. MR_EXISTS: another
     * process moved the position. Nothing of a failed delivery shows, or it is found again by the
     * position. Counts are of what became durable. Blocks. */
    mr_status (*deliver)(void *state, const mr_bus_message *messages, size_t count,
                         mr_sink_counts *ret_counts, mr_err *err);

    /* Both or neither: of a sink that gathers, whose deliver may return before its messages are
     * durable. MR_OK of flush: all that it took, of every partition, is. After a failure of either
     * it holds nothing any more. With nothing held, flush does what else is due. Blocks. */
    mr_status (*flush)(void *state, mr_sink_counts *ret_counts, mr_err *err);
    /* When flush wants to be called (mr_monotonic_us); INT64_MAX: not as things are. Cheap. */
    int64_t (*flush_at_us)(void *state);
    /* Optional, of a sink that gathers. A partition was taken away, after a flush: what is known of
     * it is of the past. */
    void (*revoked)(void *state, int32_t partition);
    /* Optional, of a sink with threads of its own: it calls wake, from any of them, when
     * flush_at_us came nearer. NULL: nobody wants to know, and no call is under way any more. */
    void (*set_wake)(void *state, void (*wake)(void *ctx), void *ctx);

    /* Required. Rolls back what is under way. */
    void (*close)(void *state);
} mr_sink_ops;

typedef struct mr_bronze_options {
    mr_blobs_options lake;
    uint32_t flush_ms;         /* longest from the log to the table; 0 = 1000 */
    uint64_t file_bytes;       /* what small files are gathered to; 0 = 128 MiB */
    uint64_t memory_bytes_max; /* of the engine; 0 = 256 MiB, which is the most it takes */
    uint64_t retention_ms;     /* of files that no version needs; 0 = 7 days */
    bool letters;              /* dead letters are this sink's to write: no other one does */
    bool upkeep;               /* small files are gathered, dead ones removed, in the background */
} mr_bronze_options;

/* Texts are borrowed for the sink's life; bus outlives it. */
typedef struct mr_sink_options {
    mr_bus *bus;
    const char *topic_ingestion, *topic_processed, *topic_dead_letter;
    mr_store_options store;
    size_t store_writers; /* most at once, where the store takes several; 0 = 1 */
    mr_bronze_options bronze;
} mr_sink_options;

/* MR_INVALID: no sink has this name; err lists those there are. */
mr_status mr_sink_open(mr_text name, const mr_sink_options *options, mr_sink **ret_sink,
                       mr_err *err);
mr_sink *mr_sink_create(const mr_sink_ops *ops, void *state); /* state passes to the sink */
void mr_sink_close(mr_sink *sink);                            /* NULL is fine */

const char *mr_sink_name(const mr_sink *sink);
mr_status mr_sink_position(mr_sink *sink, int32_t partition, int64_t *ret_next_offset, mr_err *err);
mr_status mr_sink_deliver(mr_sink *sink, const mr_bus_message *messages, size_t count,
                          mr_sink_counts *ret_counts, mr_err *err);
/* Of a sink that does not gather: at once, and never. */
mr_status mr_sink_flush(mr_sink *sink, mr_sink_counts *ret_counts, mr_err *err);
int64_t mr_sink_flush_at_us(mr_sink *sink);
void mr_sink_revoked(mr_sink *sink, int32_t partition);
void mr_sink_set_wake(mr_sink *sink, void (*wake)(void *ctx), void *ctx);
bool mr_sink_gathers(const mr_sink *sink);
bool mr_sink_is_patient(const mr_sink *sink);

/* The constructors; sink.c lists them. */
mr_status mr_sink_store_open(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err);
mr_status mr_sink_feed_open(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err);
mr_status mr_sink_bronze_open(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err);

#endif
