/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka.h - what the files of the Kafka backend share. Only bus_kafka.c, kafka_*.c and their
 * tests include it; nothing else sees librdkafka.
 *
 *   kafka_config.c  URL, properties, errors   kafka_producer.c  submit, append, reports
 *   kafka_look.c    topics, bounds, groups    kafka_marks.c     marked records: transactions
 *   kafka_topic.c   making topics             kafka_consumer.c  poll
 *   kafka_kept.c    kept for later polls      kafka_assign.c    which partitions, from where
 */
#ifndef MR_BUS_KAFKA_H
#define MR_BUS_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "base/memory.h"
#include "bus/batch.h"
#include "bus/bus_backend.h"

enum {
    mr_kafka_name_bytes_max = 249,   /* Kafka's own limit on a topic's name */
    mr_kafka_queue_bytes = 64 << 20, /* queue_bytes_max when the options say 0 */
    /* A broker answers a connection's requests one after the other, and there is a request a
     * partition: two connections are answered side by side, and six partitions, three of each,
     * stay below the five requests that librdkafka sends ahead. */
    mr_kafka_lanes = 2,
    mr_kafka_look_ms_max = 5000,    /* one question to the cluster */
    mr_kafka_change_ms_max = 15000, /* making a topic; a transaction's commit */
};

/* The state of an open bus. Constant after open but for what the lock guards. */
typedef struct mr_kafka {
    char *brokers;                 /* "host:port,host:port" */
    char *prefix;                  /* of topics, groups and transactional ids; "" */
    rd_kafka_conf_t *conf;         /* what every client begins with */
    const mr_secret *password_now; /* of SASL; borrowed; NULL: conf's stays */
    char *user;                    /* of SASL; NULL: none */
    int32_t partitions;            /* -1: the cluster's default */
    int32_t replication;           /* -1: the cluster's default */
    bool create_topics;
    uint64_t retention_ms;
    uint64_t retention_bytes;
    uint64_t queue_bytes_max;
    pthread_mutex_t lock; /* one question at a time; held while it is answered */
    rd_kafka_t *client;   /* guarded by lock; NULL: nothing was asked yet */
    uint64_t login_seen;  /* guarded by lock */
} mr_kafka;

/* --- kafka_config.c ------------------------------------------------------------------------- */

/* Fills in brokers, prefix and conf. MR_INVALID: err names what is wrong with URL or property. */
mr_status mr_kafka_configure(const mr_bus_options *options, mr_kafka *log, mr_err *err);

/* A client with what `conf` adds to log->conf (from mr_kafka_conf); conf is taken either way. */
rd_kafka_conf_t *mr_kafka_conf(const mr_kafka *log, void *opaque);
void mr_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);
mr_status mr_kafka_client(const mr_kafka *log, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                          const char *what, rd_kafka_t **ret_client, mr_err *err);

/* Tells a client the password as it is now, for its next connections, unless *seen says that it
 * knows. Cheap: to be called each time before the client works. */
void mr_kafka_renew_login(const mr_kafka *log, rd_kafka_t *client, uint64_t *seen);

/* Fills err from librdkafka's code: its status, the text made of format, and the code's own. */
mr_status mr_kafka_fail(mr_err *err, rd_kafka_resp_err_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
mr_status mr_kafka_status(rd_kafka_resp_err_t code);

/* "<prefix><name>": what the cluster calls a topic; "<prefix>millrace-<group>". */
void mr_kafka_topic_name(const mr_kafka *log, const char *topic,
                         char ret_name[static mr_kafka_name_bytes_max + 1]);
void mr_kafka_group_name(const mr_kafka *log, const char *group,
                         char ret_name[static mr_kafka_name_bytes_max + 1]);
/* The group behind a name of ours, or NULL. */
const char *mr_kafka_group_of(const mr_kafka *log, const char *name);

/* --- kafka_look.c --------------------------------------------------------------------------- */

/* Names here are the cluster's. Partitions of a topic; 0: there is no such topic. */
mr_status mr_kafka_partition_count(mr_kafka *log, const char *name, int32_t *ret_count,
                                   mr_err *err);

/* Waits until the leader of each partition answers for it, at most mr_kafka_look_ms_max. */
mr_status mr_kafka_await_leaders(mr_kafka *log, const char *name, int32_t partitions, mr_err *err);

typedef struct mr_kafka_bounds {
    int64_t first_offset;
    int64_t next_offset; /* behind the last record that readers may see */
} mr_kafka_bounds;

/* Asked through a client of the caller's, which must read committed records alone. */
mr_status mr_kafka_read_bounds(rd_kafka_t *client, const char *name, int32_t partition,
                               mr_kafka_bounds *ret_bounds, mr_err *err);

/* Copies the value of the last committed record of a partition; false: it holds none. */
enum { mr_kafka_value_bytes_max = 64 };
mr_status mr_kafka_read_last(mr_kafka *log, const char *name, int32_t partition, bool *ret_found,
                             char ret_value[static mr_kafka_value_bytes_max], mr_err *err);

mr_status mr_kafka_topics(void *state, const char *only, mr_bus_topic_fn visit, void *ctx,
                          mr_err *err);
mr_status mr_kafka_groups(void *state, mr_bus_group_fn visit, void *ctx, mr_err *err);

/* Locks the bus's own client, making it when it is not there. */
mr_status mr_kafka_look_begin(mr_kafka *log, mr_err *err);
void mr_kafka_look_end(mr_kafka *log);

/* --- kafka_topic.c -------------------------------------------------------------------------- */

mr_status mr_kafka_topic_create(void *state, const char *topic, int32_t partitions,
                                int32_t replication, mr_err *err);
/* Makes the topic when it is missing and the options allow it; else MR_NOT_FOUND. */
mr_status mr_kafka_topic_ensure(mr_kafka *log, const char *topic, mr_err *err);
/* A compacted topic (by the cluster's name) of at least `partitions`. */
mr_status mr_kafka_marks_ensure(mr_kafka *log, const char *name, int32_t partitions, mr_err *err);
bool mr_kafka_is_marks_name(const mr_kafka *log, const char *name);

/* --- kafka_producer.c ----------------------------------------------------------------------- */

/* Gives every record of a batch to a client; *ret_code is the first refusal. How many were refused.
 * The batch was scattered and stays as it is until each has been reported. */
size_t mr_kafka_produce(rd_kafka_topic_t *target, mr_bus_batch *batch,
                        rd_kafka_resp_err_t *ret_code);
/* What a report says of its record: NO_ERROR, and the slot is filled in; or its error. */
rd_kafka_resp_err_t mr_kafka_read_report(const rd_kafka_message_t *report, mr_batch_slot *slot,
                                         mr_status *ret_status);

mr_status mr_kafka_producer_open(void *state, const char *topic, void **ret_producer, mr_err *err);
void mr_kafka_producer_close(void *state);
mr_status mr_kafka_append(void *state, mr_bus_batch *batch, const mr_bus_mark *mark, mr_err *err);
mr_status mr_kafka_submit(void *state, mr_bus_batch *batch, mr_bus_done_fn done, void *ctx,
                          mr_err *err);
uint32_t mr_kafka_partition_of(const void *state, mr_text key);
uint64_t mr_kafka_queued_bytes(const void *state);
void mr_kafka_producer_break(void *state); /* for tests: as if given up by the cluster */

/* --- kafka_marks.c -------------------------------------------------------------------------- */

typedef struct mr_kafka_marks mr_kafka_marks;

mr_kafka_marks *mr_kafka_marks_open(mr_kafka *log, const char *topic);
void mr_kafka_marks_close(mr_kafka_marks *marks); /* NULL is fine */
mr_status mr_kafka_marks_append(mr_kafka_marks *marks, mr_bus_batch *batch, const mr_bus_mark *mark,
                                mr_err *err);
mr_status mr_kafka_mark_read(void *state, const char *target_topic, const char *group,
                             const char *topic, int32_t partition, int64_t *ret_next_offset,
                             mr_err *err);

#endif
