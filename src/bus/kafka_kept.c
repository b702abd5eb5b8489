/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_kept.c - messages kept aside for later polls, a queue for each partition.
 *
 * librdkafka hands out the partitions' messages mixed, a poll returns those of one partition. What
 * comes of the others waits here, so that a poll's messages are as many as are there.
 *
 * Owns:       the messages from mr_kafka_keep until they were taken for a poll, or dropped.
 * Threads:    the polling thread's.
 * Invariants: (1) a queue is in offset order, and begins at or behind its part's `position`;
 *             (2) `ahead` is behind its last message, and behind the hole that follows it, where
 *             the end of the partition was met; (3) kept_bytes is the sum over all queues, and a
 *             message is taken from librdkafka only while that is below kept_bytes_max.
 */
#include <stdlib.h>

#include "bus/kafka_consumer.h"

enum {
    kept_bytes_max = 16 << 20,
    message_overhead_bytes = 256, /* librdkafka's own, about */
    queue_start = 64,             /* messages */
};

static size_t cost_of(const rd_kafka_message_t *message)
{
    return message->key_len + message->len + message_overhead_bytes;
}

bool mr_kafka_may_keep(const mr_kafka_consumer *consumer)
{
    return consumer->kept_bytes < kept_bytes_max;
}

static void make_place(mr_kafka_queue *queue)
{
    if (queue->first + queue->count < queue->capacity) {
        return;
    }
    if (queue->first > queue->capacity / 2) {
        memmove(queue->items, queue->items + queue->first, queue->count * sizeof(*queue->items));
        queue->first = 0;
        return;
    }
    queue->capacity = queue->capacity > 0 ? queue->capacity * 2 : queue_start;
    queue->items = mr_realloc(queue->items, queue->capacity * sizeof(*queue->items));
}

void mr_kafka_keep(mr_kafka_consumer *consumer, mr_kafka_part *part, rd_kafka_message_t *message)
{
    make_place(&part->kept);
    part->kept.items[part->kept.first + part->kept.count++] = message;
    part->ahead = message->offset + 1;
    consumer->kept_bytes += cost_of(message);
}

static rd_kafka_message_t *pop(mr_kafka_consumer *consumer, mr_kafka_queue *queue)
{
    rd_kafka_message_t *message = queue->items[queue->first++];

    queue->count--;
    queue->first = queue->count > 0 ? queue->first : 0;
    consumer->kept_bytes -= cost_of(message);
    return message;
}

void mr_kafka_drop_kept(mr_kafka_consumer *consumer, mr_kafka_part *part)
{
    while (part->kept.count > 0) {
        rd_kafka_message_destroy(pop(consumer, &part->kept));
    }
    free(part->kept.items);
    part->kept = (mr_kafka_queue){.items = NULL};
    part->ahead = part->position;
}

static void take_message(mr_kafka_consumer *consumer, rd_kafka_message_t *message)
{
    int64_t append_ms = rd_kafka_message_timestamp(message, NULL);

    consumer->taken[consumer->count] = message;
    consumer->messages[consumer->count++] = (mr_bus_message){
        .partition = message->partition,
        .offset = message->offset,
        .append_ms = append_ms > 0 ? append_ms : 0,
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
    };
    consumer->bytes += message->key_len + message->len;
}

static void take_part(mr_kafka_consumer *consumer, mr_kafka_part *part)
{
    const mr_bus_consumer_options *options = &consumer->options;

    while (part->kept.count > 0 && consumer->count < options->messages_max &&
           consumer->bytes < options->bytes_max) {
        rd_kafka_message_t *message = pop(consumer, &part->kept);
        part->position = message->offset + 1;
        take_message(consumer, message);
    }
    part->returned = part->position;
    if (part->kept.count == 0) {
        part->position = part->ahead;
    }
}

/* The partitions take turns. */
void mr_kafka_take_kept(mr_kafka_consumer *consumer)
{
    for (size_t tried = 0; tried < consumer->part_count && consumer->count == 0; tried++) {
        consumer->turn = (consumer->turn + 1) % consumer->part_count;
        if (consumer->parts[consumer->turn].kept.count > 0) {
            take_part(consumer, &consumer->parts[consumer->turn]);
        }
    }
}
