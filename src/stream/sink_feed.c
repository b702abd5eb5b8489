/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_feed.c - forwards each valid event, in its canonical form, to the processed topic.
 *
 * A record's value is the canonical document with "event_id" (32 hex digits) added; its key is the
 * source's. It forwards what arrived, in order: an event sent twice comes out twice, with the same
 * event_id. What does not parse is counted and left out: its dead letter is the store sink's.
 *
 * Invariants: records and the mark of their source are one append, so none comes out twice.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "event/event_json.h"
#include "stream/partitions.h"
#include "stream/sink.h"

enum { feed_batch_bytes_max = 8388608 };

typedef struct feed_sink {
    mr_sink_options options;
    mr_bus_producer *producer;
    mr_bus_batch *batch;
    mr_event_parser *parser;
    mr_buffer document; /* the copy that the parser spoils */
    mr_buffer canonical;
    mr_partitions partitions;
} feed_sink;

static const char feed_name[] = "feed";

static void feed_close(void *state)
{
    feed_sink *feed = state;

    mr_bus_producer_close(feed->producer);
    mr_bus_batch_destroy(feed->batch);
    mr_event_parser_destroy(feed->parser);
    mr_buffer_free(&feed->document);
    mr_buffer_free(&feed->canonical);
    mr_partitions_free(&feed->partitions);
    free(feed);
}

static mr_status feed_position(void *state, int32_t partition, int64_t *ret_next_offset,
                               mr_err *err)
{
    feed_sink *feed = state;
    int64_t next_offset = 0;
    mr_status status =
        mr_bus_mark_read(feed->options.bus, feed->options.topic_processed, feed_name,
                         feed->options.topic_ingestion, partition, &next_offset, err);

    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    mr_partitions_add(&feed->partitions, partition)->next_offset = next_offset;
    *ret_next_offset = next_offset;
    return MR_OK;
}

/* Appends what is gathered and moves the mark, at once. */
static mr_status flush(feed_sink *feed, mr_partition *partition, int64_t next_offset, mr_err *err)
{
    mr_bus_mark mark = {.group = feed_name,
                        .topic = feed->options.topic_ingestion,
                        .partition = partition->number,
                        .expected_offset = partition->next_offset,
                        .next_offset = next_offset};
    mr_status status = mr_bus_append(feed->producer, feed->batch, &mark, err);

    mr_bus_batch_clear(feed->batch);
    if (status == MR_OK) {
        partition->next_offset = next_offset;
    }
    return status;
}

/* Leaves the canonical document of a record in feed->canonical; false: it is no event. */
static bool make_canonical(feed_sink *feed, mr_text value)
{
    mr_event event;
    mr_event_faults faults;
    char id[33];

    mr_buffer_clear(&feed->document);
    mr_buffer_clear(&feed->canonical);
    char *place = mr_buffer_reserve(&feed->document, value.bytes + mr_json_padding_bytes);
    if (place == NULL) {
        return false; /* longer than any record of the log may be */
    }
    if (value.bytes > 0) {
        memcpy(place, value.data, value.bytes);
    }
    memset(place + value.bytes, 0, mr_json_padding_bytes);
    if (mr_event_parse(feed->parser, place, value.bytes, &event, &faults) != MR_OK) {
        return false;
    }
    mr_event_id_format(&event.id, id);
    MR_ASSERT(mr_event_write_json(&event, &feed->canonical));
    MR_ASSERT(feed->canonical.data[feed->canonical.bytes - 1] == '}');
    feed->canonical.bytes--; /* reopened for one member more */
    MR_ASSERT(mr_buffer_append_string(&feed->canonical, ",\"event_id\":\"") &&
              mr_buffer_append_string(&feed->canonical, id) &&
              mr_buffer_append_string(&feed->canonical, "\"}"));
    return true;
}

static mr_status forward(feed_sink *feed, mr_partition *partition, const mr_bus_message *message,
                         mr_sink_counts *counts, mr_err *err)
{
    if (message->offset < partition->next_offset) {
        return MR_OK;
    }
    if (!make_canonical(feed, message->value)) {
        counts->rejected++;
        return MR_OK;
    }
    mr_text value = mr_buffer_text(&feed->canonical);
    if (!mr_bus_batch_add(feed->batch, message->key, value)) {
        mr_status status = flush(feed, partition, message->offset, err);
        if (status != MR_OK) {
            return status;
        }
        MR_ASSERT(mr_bus_batch_add(feed->batch, message->key, value)); /* it has room for one */
    }
    counts->delivered++;
    return MR_OK;
}

static mr_status feed_deliver(void *state, const mr_bus_message *messages, size_t count,
                              mr_sink_counts *ret_counts, mr_err *err)
{
    feed_sink *feed = state;
    mr_partition *partition = mr_partitions_find(&feed->partitions, messages[0].partition);
    mr_sink_counts counts = {0};
    int64_t next_offset = messages[count - 1].offset + 1;
    mr_status status = MR_OK;

    MR_ASSERT(partition != NULL); /* its position was asked for first */
    mr_bus_batch_clear(feed->batch);
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = forward(feed, partition, &messages[i], &counts, err);
    }
    if (status == MR_OK && next_offset > partition->next_offset) {
        status = flush(feed, partition, next_offset, err);
    }
    if (status != MR_OK) {
        return status;
    }
    *ret_counts = counts;
    return MR_OK;
}

static const mr_sink_ops feed_ops = {
    .name = feed_name,
    .patient = true,
    .position = feed_position,
    .deliver = feed_deliver,
    .close = feed_close,
};

mr_status mr_sink_feed_open(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err)
{
    feed_sink *feed = mr_alloc_zero(1, sizeof(*feed));
    mr_status status =
        mr_bus_producer_open(options->bus, options->topic_processed, &feed->producer, err);

    if (status != MR_OK) {
        free(feed);
        return status;
    }
    feed->options = *options;
    feed->batch = mr_bus_batch_create(feed_batch_bytes_max);
    feed->parser = mr_event_parser_create();
    mr_buffer_init(&feed->document, mr_bus_record_bytes_max + mr_json_padding_bytes);
    mr_buffer_init(&feed->canonical, mr_bus_record_bytes_max);
    *ret_sink = mr_sink_create(&feed_ops, feed);
    return MR_OK;
}
