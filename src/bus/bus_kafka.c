/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_kafka.c - the log on a Kafka cluster, through librdkafka: its table, opening and closing.
 *
 * Owns:       the names and limits, and the client that answers questions. Each producer and
 *             consumer has a client of its own. Opening does not connect: producers and consumers
 *             do, and look-ups.
 * Invariants: (1) a batch is reported durable only after all in-sync copies have each record
 *             (acks=all, idempotent); (2) readers see records of committed transactions alone;
 *             (3) every name on the cluster begins with the URL's prefix.
 * Not here:   appending (kafka_producer.c, kafka_marks.c), reading (kafka_consumer.c,
 *             kafka_assign.c), looking (kafka_look.c), settings (kafka_config.c). Retention is the
 *             brokers'.
 */
#include <stdlib.h>

#include "bus/kafka_consumer.h"

static void kafka_close(void *state)
{
    mr_kafka *log = state;

    if (log->client != NULL) {
        (void)rd_kafka_consumer_close(log->client); /* it has no group to leave */
        rd_kafka_destroy(log->client);
    }
    if (log->conf != NULL) {
        rd_kafka_conf_destroy(log->conf);
    }
    (void)pthread_mutex_destroy(&log->lock); /* nobody holds it */
    free(log->brokers);
    free(log->prefix);
    free(log->user);
    free(log);
}

static mr_status kafka_open(const mr_bus_options *options, void **ret_state, mr_err *err)
{
    mr_kafka *log = mr_alloc_zero(1, sizeof *log);

    (void)pthread_mutex_init(&log->lock, NULL); /* cannot fail with default attributes */
    log->partitions = options->partitions > 0 ? options->partitions : -1;
    log->replication = options->replication > 0 ? options->replication : -1;
    log->create_topics = options->create_topics;
    log->retention_ms = options->retention_ms;
    log->retention_bytes = options->retention_bytes;
    log->queue_bytes_max =
        options->queue_bytes_max != 0 ? options->queue_bytes_max : mr_kafka_queue_bytes;
    log->queue_bytes_max /= mr_kafka_lanes; /* that many producers share it */
    mr_status st = mr_kafka_configure(options, log, err);
    if (st != MR_OK) {
        kafka_close(log);
        return st;
    }
    *ret_state = log;
    return MR_OK;
}

static mr_status kafka_retain(void *state, const char *topic, uint64_t *ret_removed, mr_err *err)
{
    (void)state;
    (void)topic; /* its brokers remove what is old */
    (void)err;
    *ret_removed = 0;
    return MR_OK;
}

const mr_bus_backend mr_bus_kafka = {
    .scheme = "kafka",
    .lanes = mr_kafka_lanes,
    .open = kafka_open,
    .close = kafka_close,
    .producer_open = mr_kafka_producer_open,
    .producer_close = mr_kafka_producer_close,
    .append = mr_kafka_append,
    .submit = mr_kafka_submit,
    .partition_of = mr_kafka_partition_of,
    .queued_bytes = mr_kafka_queued_bytes,
    .mark_read = mr_kafka_mark_read,
    .consumer_open = mr_kafka_consumer_open,
    .consumer_close = mr_kafka_consumer_close,
    .poll = mr_kafka_poll,
    .seek = mr_kafka_seek,
    .position = mr_kafka_position,
    .wake = mr_kafka_wake,
    .publish = mr_kafka_publish,
    .topics = mr_kafka_topics,
    .create = mr_kafka_topic_create,
    .groups = mr_kafka_groups,
    .retain = kafka_retain,
};
