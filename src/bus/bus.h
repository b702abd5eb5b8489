/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus.h - the log: topics of durable records with dense offsets, and consumers of them.
 *
 * Promises, for every backend:
 *  (1) a record whose append succeeded is on stable storage and is never lost;
 *  (2) offsets of a partition grow and are never reused; on Kafka there may be holes between them;
 *  (3) records of one batch with a mark become visible together; in the embedded log, of any batch;
 *  (4) a mark (the position of a source) given with a batch is stored in the same atomic commit.
 *
 * Threads: a bus may be shared; a producer may be shared (appends are serialised inside); a
 * consumer and a batch belong to one thread at a time. Several processes may use one log at once.
 */
#ifndef MR_BUS_BUS_H
#define MR_BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/property.h"
#include "base/secret.h"
#include "base/status.h"
#include "base/text.h"

typedef struct mr_bus mr_bus;
typedef struct mr_bus_producer mr_bus_producer;
typedef struct mr_bus_consumer mr_bus_consumer;
typedef struct mr_bus_batch mr_bus_batch;

typedef struct mr_bus_options {
    const char *url;          /* "embedded:", "embedded:/folder", "kafka://host:port,host:port" */
    const char *data_folder;  /* where "embedded:" keeps its files: <data_folder>/log */
    uint64_t retention_ms;    /* records older than this may go; 0 = keep */
    uint64_t retention_bytes; /* per topic, oldest go first; 0 = keep */
    uint64_t queue_bytes_max; /* submitted and not yet durable, per producer */
    int32_t partitions, replication; /* of topics that are made; 0 = the backend's default */
    bool create_topics;              /* make a topic that is missing when it is opened (Kafka) */
    const mr_property *properties;   /* property_count for the backend's client library */
    size_t property_count;
    const mr_secret *password_now; /* sasl.password as it is now; NULL: it stays. Borrowed */
} mr_bus_options;

/* Connects; creates folder and files as needed. Options are copied. */
mr_status mr_bus_open(const mr_bus_options *options, mr_bus **ret_bus, mr_err *err);
void mr_bus_close(mr_bus *bus); /* after its producers and consumers; NULL is fine */

typedef struct mr_bus_position {
    int32_t partition;
    int64_t offset;
} mr_bus_position;

enum { mr_bus_record_bytes_max = 1048576 };

mr_bus_batch *mr_bus_batch_create(size_t bytes_max);
void mr_bus_batch_destroy(mr_bus_batch *batch);
void mr_bus_batch_clear(mr_bus_batch *batch); /* keeps its memory */

/* Copies key and value. false: the batch's cap, or the record's, is reached; nothing was added. */
bool mr_bus_batch_add(mr_bus_batch *batch, mr_text key, mr_text value);

/* To write a value without copying it twice: reserve the most it can take, write, then finish with
 * what was used (0 drops it). Between the two calls nothing else may be done with the batch. */
char *mr_bus_batch_reserve(mr_bus_batch *batch, mr_text key, size_t value_bytes_max);
void mr_bus_batch_finish(mr_bus_batch *batch, size_t value_bytes);

size_t mr_bus_batch_count(const mr_bus_batch *batch);
size_t mr_bus_batch_bytes(const mr_bus_batch *batch);

/* Where record `index` went; valid once the batch was appended. */
mr_bus_position mr_bus_batch_position(const mr_bus_batch *batch, size_t index);

/* --- Producing ----------------------------------------------------------------------------- */

mr_status mr_bus_producer_open(mr_bus *bus, const char *topic, mr_bus_producer **ret_producer,
                               mr_err *err);
/* Waits for what was submitted to become durable (or to fail) first. NULL is fine. */
void mr_bus_producer_close(mr_bus_producer *producer);

/* The position of a source, kept with the records derived from it: "group has taken topic's
 * partition up to, not including, next_offset". A mark never set stands at 0; a negative
 * expected_offset asks for one never set. */
typedef struct mr_bus_mark {
    const char *group;
    const char *topic; /* the source */
    int32_t partition;
    int64_t expected_offset; /* compare-and-set: MR_EXISTS unless the mark stands here */
    int64_t next_offset;
} mr_bus_mark;

/* Blocks until durable. An empty batch with a mark only moves the mark. mark may be NULL. */
mr_status mr_bus_append(mr_bus_producer *producer, mr_bus_batch *batch, const mr_bus_mark *mark,
                        mr_err *err);

/* Called once a submitted batch, from the bus's own thread: err is NULL when it is durable. Must be
 * quick; may submit again; the batch is the caller's again. */
typedef void (*mr_bus_done_fn)(void *ctx, mr_bus_batch *batch, const mr_err *err);

/* Does not block. The bus holds the batch until `done` is called; MR_OK promises that call. Batches
 * submitted while a commit is under way share the next one (group commit).
 * MR_UNAVAILABLE: queue_bytes_max is reached; nothing was taken, try later. */
mr_status mr_bus_submit(mr_bus_producer *producer, mr_bus_batch *batch, mr_bus_done_fn done,
                        void *ctx, mr_err *err);

/* Bytes submitted and not yet durable. */
uint64_t mr_bus_queued_bytes(const mr_bus_producer *producer);

/* The mark of a group over a source, as stored with the records of `target_topic`. MR_NOT_FOUND:
 * never set. */
mr_status mr_bus_mark_read(mr_bus *bus, const char *target_topic, const char *group,
                           const char *topic, int32_t partition, int64_t *ret_next_offset,
                           mr_err *err);

/* --- Consuming ----------------------------------------------------------------------------- */

typedef struct mr_bus_message {
    int32_t partition;
    int64_t offset;
    int64_t append_ms; /* wall clock of the append, epoch milliseconds */
    mr_text key;
    mr_text value;
} mr_bus_message;

typedef struct mr_bus_consumer_options {
    const char *topic;
    const char *group;         /* NULL: no group (tail); nothing is published */
    const int32_t *partitions; /* without a group: read these alone; NULL: all there are */
    size_t partition_count;
    size_t messages_max; /* a poll returns at most this many */
    size_t bytes_max;    /* soft cap on the bytes of one poll; one record always passes */
    bool patient;        /* records may come a tenth of a second later, more of them at once */
    /* Asked once a partition when it is assigned: where to begin. Negative: at the first offset
     * there is. Runs inside poll. */
    mr_status (*position)(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err);
    /* A partition was taken away: forget what is not committed. May be NULL. Runs inside poll. */
    void (*revoked)(void *ctx, int32_t partition);
    void *ctx;
} mr_bus_consumer_options;

mr_status mr_bus_consumer_open(mr_bus *bus, const mr_bus_consumer_options *options,
                               mr_bus_consumer **ret_consumer, mr_err *err);
void mr_bus_consumer_close(mr_bus_consumer *consumer);

/* Waits at most timeout_ms for messages. MR_OK with *ret_count 0: none came; that may be told
 * early, when the consumer's position moved over a hole. The messages are borrowed until the next
 * poll. One poll's messages are of one partition, in offset order. MR_NOT_FOUND: the position asked
 * for was removed by retention; err names the first there is. */
mr_status mr_bus_poll(mr_bus_consumer *consumer, uint32_t timeout_ms,
                      const mr_bus_message **ret_messages, size_t *ret_count, mr_err *err);

/* Goes to another offset of an assigned partition (after a failed delivery, or a replay). */
mr_status mr_bus_seek(mr_bus_consumer *consumer, int32_t partition, int64_t offset, mr_err *err);

/* Where the next poll reads on; below, all was returned or is a hole. MR_NOT_FOUND: unassigned. */
mr_status mr_bus_consumer_position(mr_bus_consumer *consumer, int32_t partition,
                                   int64_t *ret_offset, mr_err *err);
/* Ends a poll under way, or the next one, with MR_STOPPED. From any thread or signal handler. */
void mr_bus_consumer_wake(mr_bus_consumer *consumer);

/* Publishes the group's progress, for lag and retention only: truth is in the target. Cheap; may
 * travel with a later poll, or with the close. */
mr_status mr_bus_publish(mr_bus_consumer *consumer, int32_t partition, int64_t next_offset,
                         mr_err *err);

/* --- Looking ------------------------------------------------------------------------------- */

typedef struct mr_bus_topic_info {
    char topic[128];
    int32_t partition;
    int64_t first_offset, next_offset; /* the oldest kept; the one the next record gets */
    uint64_t bytes;                    /* on disk, 0 when unknown */
    int64_t last_append_ms;            /* 0 when empty, or unknown */
} mr_bus_topic_info;

typedef struct mr_bus_group_info {
    char group[128], topic[128];
    int32_t partition;
    int64_t next_offset;
    int64_t published_ms; /* 0 when unknown */
} mr_bus_group_info;

typedef bool (*mr_bus_topic_fn)(void *ctx, const mr_bus_topic_info *info);
typedef bool (*mr_bus_group_fn)(void *ctx, const mr_bus_group_info *info);

/* Calls visit once a topic's partition (or group's); a visit that returns false ends it. */
mr_status mr_bus_topics(mr_bus *bus, mr_bus_topic_fn visit, void *ctx, mr_err *err);
mr_status mr_bus_groups(mr_bus *bus, mr_bus_group_fn visit, void *ctx, mr_err *err);
/* Of one topic; no visit when there is none of that name. */
mr_status mr_bus_topic_partitions(mr_bus *bus, const char *topic, mr_bus_topic_fn visit, void *ctx,
                                  mr_err *err);

/* partitions and replication 0: as the options say. MR_EXISTS: there is one of that name. */
mr_status mr_bus_topic_create(mr_bus *bus, const char *topic, int32_t partitions,
                              int32_t replication, mr_err *err);

/* Removes what retention_ms and retention_bytes allow, never what a published group has not taken.
 * *ret_removed: records. Bounded work a call; call again while it removes. None on Kafka: its
 * brokers do it themselves. */
mr_status mr_bus_retain(mr_bus *bus, const char *topic, uint64_t *ret_removed, mr_err *err);

#endif
