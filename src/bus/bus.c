/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus.c - finds the backend that a URL names, checks what callers give, and passes calls on.
 *
 * Owns:       the handles of bus.h, each a backend's table and that backend's own state.
 * Invariants: every backend in the table has every slot (asserted when a bus is opened).
 * Not here:   how records are kept (bus_<backend>.c), what a batch is (batch.c).
 */
#include "bus/bus.h"

#include <stdlib.h>

#include "base/memory.h"
#include "bus/batch.h"
#include "bus/bus_backend.h"

enum { name_bytes_max = 100 }; /* of a topic or a group; Kafka's own limit is 249 */

static const mr_bus_backend *const backends[] = {
    &mr_bus_embedded,
    &mr_bus_kafka,
};
enum { backend_count = sizeof backends / sizeof backends[0] };

struct mr_bus {
    const mr_bus_backend *backend;
    void *state;
};

struct mr_bus_producer {
    const mr_bus_backend *backend;
    void *state;
};

struct mr_bus_consumer {
    const mr_bus_backend *backend;
    void *state;
};

static void assert_complete(const mr_bus_backend *backend)
{
    MR_ASSERT(backend->scheme != NULL);
    MR_ASSERT(backend->open != NULL && backend->close != NULL);
    MR_ASSERT(backend->producer_open != NULL && backend->producer_close != NULL);
    MR_ASSERT(backend->append != NULL && backend->submit != NULL);
    MR_ASSERT(backend->lanes >= 1 && backend->lanes <= mr_bus_lanes_max);
    MR_ASSERT(backend->partition_of != NULL);
    MR_ASSERT(backend->queued_bytes != NULL && backend->mark_read != NULL);
    MR_ASSERT(backend->consumer_open != NULL && backend->consumer_close != NULL);
    MR_ASSERT(backend->poll != NULL && backend->seek != NULL && backend->wake != NULL);
    MR_ASSERT(backend->position != NULL);
    MR_ASSERT(backend->publish != NULL && backend->retain != NULL);
    MR_ASSERT(backend->topics != NULL && backend->groups != NULL && backend->create != NULL);
}

static const mr_bus_backend *find_backend(const char *url)
{
    for (size_t index = 0; index < backend_count; index++) {
        size_t bytes = strlen(backends[index]->scheme);
        if (strncmp(url, backends[index]->scheme, bytes) == 0 && url[bytes] == ':') {
            return backends[index];
        }
    }
    return NULL;
}

static bool name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* Names become file names, and Kafka's: the same alphabet, and no dot in front. */
static mr_status check_name(const char *kind, const char *name, mr_err *err)
{
    size_t bytes = name == NULL ? 0 : strnlen(name, name_bytes_max + 1);
    bool valid = bytes > 0 && bytes <= name_bytes_max && name[0] != '.';
    for (size_t index = 0; valid && index < bytes; index++) {
        valid = name_character(name[index]);
    }
    if (!valid) {
        return mr_fail(err, MR_INVALID,
                       "%s name '%.*s': use 1 to %d of A-Z a-z 0-9 . _ -, no dot in front", kind,
                       (int)bytes, name == NULL ? "" : name, name_bytes_max);
    }
    return MR_OK;
}

mr_status mr_bus_open(const mr_bus_options *options, mr_bus **ret_bus, mr_err *err)
{
    const mr_bus_backend *backend = find_backend(options->url);
    if (backend == NULL) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "bus '%s': no such backend; use embedded:, embedded:/folder or "
                       "kafka://host:port",
                       options->url);
    }
    assert_complete(backend);
    void *state = NULL;
    mr_status st = backend->open(options, &state, err);
    if (st != MR_OK) {
        return st;
    }
    mr_bus *bus = mr_alloc(sizeof *bus);
    *bus = (mr_bus){backend, state};
    *ret_bus = bus;
    return MR_OK;
}

void mr_bus_close(mr_bus *bus)
{
    if (bus != NULL) {
        bus->backend->close(bus->state);
        free(bus);
    }
}

mr_status mr_bus_producer_open(mr_bus *bus, const char *topic, mr_bus_producer **ret_producer,
                               mr_err *err)
{
    void *state = NULL;
    mr_status st = check_name("topic", topic, err);
    if (st == MR_OK) {
        st = bus->backend->producer_open(bus->state, topic, &state, err);
    }
    if (st != MR_OK) {
        return st;
    }
    mr_bus_producer *producer = mr_alloc(sizeof *producer);
    *producer = (mr_bus_producer){bus->backend, state};
    *ret_producer = producer;
    return MR_OK;
}

void mr_bus_producer_close(mr_bus_producer *producer)
{
    if (producer != NULL) {
        producer->backend->producer_close(producer->state);
        free(producer);
    }
}

static mr_status check_mark(const mr_bus_mark *mark, mr_err *err)
{
    mr_status st = check_name("group", mark->group, err);
    if (st == MR_OK) {
        st = check_name("topic", mark->topic, err);
    }
    if (st == MR_OK && mark->next_offset < 0) {
        st = mr_fail(err, MR_INVALID, "mark of group %s: next offset %lld is negative", mark->group,
                     (long long)mark->next_offset);
    }
    return st;
}

mr_status mr_bus_append(mr_bus_producer *producer, mr_bus_batch *batch, const mr_bus_mark *mark,
                        mr_err *err)
{
    MR_ASSERT(!batch->submitted && !batch->reserved);
    mr_status st = mark == NULL ? MR_OK : check_mark(mark, err);
    return st != MR_OK ? st : producer->backend->append(producer->state, batch, mark, err);
}

mr_status mr_bus_submit(mr_bus_producer *producer, mr_bus_batch *batch, mr_bus_done_fn done,
                        void *ctx, mr_err *err)
{
    MR_ASSERT(!batch->submitted && !batch->reserved && done != NULL);
    return producer->backend->submit(producer->state, batch, done, ctx, err);
}

uint32_t mr_bus_lanes(const mr_bus *bus)
{
    return bus->backend->lanes;
}

uint32_t mr_bus_lane_of(const mr_bus_producer *producer, mr_text key, uint32_t lanes)
{
    MR_ASSERT(lanes > 0);
    return lanes > 1 ? producer->backend->partition_of(producer->state, key) % lanes : 0;
}

uint64_t mr_bus_queued_bytes(const mr_bus_producer *producer)
{
    return producer->backend->queued_bytes(producer->state);
}

mr_status mr_bus_mark_read(mr_bus *bus, const char *target_topic, const char *group,
                           const char *topic, int32_t partition, int64_t *ret_next_offset,
                           mr_err *err)
{
    mr_status st = check_name("topic", target_topic, err);
    if (st == MR_OK) {
        st = check_name("topic", topic, err);
    }
    if (st == MR_OK) {
        st = check_name("group", group, err);
    }
    return st != MR_OK ? st
                       : bus->backend->mark_read(bus->state, target_topic, group, topic, partition,
                                                 ret_next_offset, err);
}

mr_status mr_bus_consumer_open(mr_bus *bus, const mr_bus_consumer_options *options,
                               mr_bus_consumer **ret_consumer, mr_err *err)
{
    void *state = NULL;
    mr_status st = check_name("topic", options->topic, err);
    if (st == MR_OK && options->group != NULL) {
        st = check_name("group", options->group, err);
    }
    if (st == MR_OK && (options->messages_max == 0 || options->bytes_max == 0)) {
        st = mr_fail(err, MR_INVALID, "consumer of %s: messages_max and bytes_max must be above 0",
                     options->topic);
    }
    if (st == MR_OK) {
        st = bus->backend->consumer_open(bus->state, options, &state, err);
    }
    if (st != MR_OK) {
        return st;
    }
    mr_bus_consumer *consumer = mr_alloc(sizeof *consumer);
    *consumer = (mr_bus_consumer){bus->backend, state};
    *ret_consumer = consumer;
    return MR_OK;
}

void mr_bus_consumer_close(mr_bus_consumer *consumer)
{
    if (consumer != NULL) {
        consumer->backend->consumer_close(consumer->state);
        free(consumer);
    }
}

mr_status mr_bus_poll(mr_bus_consumer *consumer, uint32_t timeout_ms,
                      const mr_bus_message **ret_messages, size_t *ret_count, mr_err *err)
{
    return consumer->backend->poll(consumer->state, timeout_ms, ret_messages, ret_count, err);
}

mr_status mr_bus_seek(mr_bus_consumer *consumer, int32_t partition, int64_t offset, mr_err *err)
{
    return consumer->backend->seek(consumer->state, partition, offset, err);
}

mr_status mr_bus_consumer_position(mr_bus_consumer *consumer, int32_t partition,
                                   int64_t *ret_offset, mr_err *err)
{
    return consumer->backend->position(consumer->state, partition, ret_offset, err);
}

void mr_bus_consumer_wake(mr_bus_consumer *consumer)
{
    consumer->backend->wake(consumer->state);
}

mr_status mr_bus_publish(mr_bus_consumer *consumer, int32_t partition, int64_t next_offset,
                         mr_err *err)
{
    return consumer->backend->publish(consumer->state, partition, next_offset, err);
}

mr_status mr_bus_topics(mr_bus *bus, mr_bus_topic_fn visit, void *ctx, mr_err *err)
{
    return bus->backend->topics(bus->state, NULL, visit, ctx, err);
}

mr_status mr_bus_topic_partitions(mr_bus *bus, const char *topic, mr_bus_topic_fn visit, void *ctx,
                                  mr_err *err)
{
    mr_status st = check_name("topic", topic, err);
    return st != MR_OK ? st : bus->backend->topics(bus->state, topic, visit, ctx, err);
}

mr_status mr_bus_topic_create(mr_bus *bus, const char *topic, int32_t partitions,
                              int32_t replication, mr_err *err)
{
    mr_status st = check_name("topic", topic, err);
    if (st == MR_OK && (partitions < 0 || replication < 0)) {
        st = mr_fail(err, MR_INVALID, "topic %s: %d partitions, %d copies of each: use 1 or more",
                     topic, partitions, replication);
    }
    return st != MR_OK ? st : bus->backend->create(bus->state, topic, partitions, replication, err);
}

mr_status mr_bus_groups(mr_bus *bus, mr_bus_group_fn visit, void *ctx, mr_err *err)
{
    return bus->backend->groups(bus->state, visit, ctx, err);
}

mr_status mr_bus_retain(mr_bus *bus, const char *topic, uint64_t *ret_removed, mr_err *err)
{
    mr_status st = check_name("topic", topic, err);
    return st != MR_OK ? st : bus->backend->retain(bus->state, topic, ret_removed, err);
}
