/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_consumer.h - what the files of a consumer of Kafka share: kafka_consumer.c (poll),
 * kafka_assign.c (which partitions, and from where), kafka_kept.c (messages for later polls); and
 * what bus_kafka.c hangs up of them.
 */
#ifndef MR_BUS_KAFKA_CONSUMER_H
#define MR_BUS_KAFKA_CONSUMER_H

#include "bus/kafka.h"

typedef struct mr_kafka_queue {
    rd_kafka_message_t **items; /* from `first` on, `count` of them */
    size_t first, count, capacity;
} mr_kafka_queue;

/* A partition this consumer reads, or is about to. */
typedef struct mr_kafka_part {
    int32_t number;
    bool placed;       /* it is being read; else its position is still to be asked for */
    bool located;      /* not placed, and `position` says where to begin */
    bool seeking;      /* `position` is still to be told to the library */
    int64_t position;  /* where the next poll reads on */
    int64_t returned;  /* behind the last message returned */
    int64_t ahead;     /* where the library reads on; at `position` when nothing is kept */
    int64_t published; /* what the target has taken; -1: not known */
    bool publish_due;
    mr_kafka_queue kept; /* taken from the library for later polls */
} mr_kafka_part;

typedef struct mr_kafka_consumer {
    mr_kafka *log;
    rd_kafka_t *client;
    uint64_t login_seen;
    char topic[mr_kafka_name_bytes_max + 1]; /* the cluster's name */
    char *topic_given;                       /* ours, for messages */
    bool grouped;
    bool rebalanced; /* the group has come to an assignment, ever */
    mr_bus_consumer_options options;
    int32_t *wanted; /* options.partitions, copied */
    int wake_fd;     /* written by librdkafka when messages come, and by wake() */
    atomic_bool woken;

    mr_kafka_part *parts;
    size_t part_count;
    bool listed;      /* without a group: `parts` are known */
    bool closing;     /* what is revoked now needs no telling */
    bool moved;       /* a position moved over a hole */
    mr_status status; /* of a callback within the poll; MR_OK: none failed */
    mr_err err;
    int64_t publish_at_us; /* not before */

    size_t kept_bytes; /* of all parts, with what the library adds to each message */
    size_t turn;       /* the part whose messages were returned last */
    rd_kafka_message_t **taken;
    mr_bus_message *messages; /* of taken */
    size_t count;
    size_t bytes;
    uint64_t ahead_bytes_max; /* what the library holds before it stops fetching */
    uint64_t drained_bytes;   /* taken from it since it was last made to look */
} mr_kafka_consumer;

mr_kafka_part *mr_kafka_part_find(const mr_kafka_consumer *consumer, int32_t number);
void mr_kafka_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t *partitions, void *opaque);
/* Asks for the positions not known yet, and goes to them. */
mr_status mr_kafka_assign_settle(mr_kafka_consumer *consumer, mr_err *err);
/* Some are still to be settled: a rebalance came within the poll. */
bool mr_kafka_assign_pending(const mr_kafka_consumer *consumer);
/* Tells the group's progress when it is due, or at once. */
void mr_kafka_publish_due(mr_kafka_consumer *consumer, bool at_once);
/* After the log refused its offset: its position is to be asked for anew. */
void mr_kafka_unplace(mr_kafka_consumer *consumer, int32_t partition);

/* The library's messages on their way through the parts' queues into a poll. */
bool mr_kafka_may_keep(const mr_kafka_consumer *consumer);
void mr_kafka_keep(mr_kafka_consumer *consumer, mr_kafka_part *part, rd_kafka_message_t *message);
void mr_kafka_take_kept(mr_kafka_consumer *consumer);
void mr_kafka_drop_kept(mr_kafka_consumer *consumer, mr_kafka_part *part);

mr_status mr_kafka_consumer_open(void *state, const mr_bus_consumer_options *options,
                                 void **ret_consumer, mr_err *err);
void mr_kafka_consumer_close(void *state);
mr_status mr_kafka_poll(void *state, uint32_t timeout_ms, const mr_bus_message **ret_messages,
                        size_t *ret_count, mr_err *err);
mr_status mr_kafka_seek(void *state, int32_t partition, int64_t offset, mr_err *err);
mr_status mr_kafka_position(void *state, int32_t partition, int64_t *ret_offset, mr_err *err);
void mr_kafka_wake(void *state);
mr_status mr_kafka_publish(void *state, int32_t partition, int64_t next_offset, mr_err *err);

#endif
