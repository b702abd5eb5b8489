/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/receipt.c - where an event is: in the store, or in the log on its way there.
 *
 * Owns:       a read-only handle of the store, and a parser for the log's records.
 * Called by:  the receipts worker.
 * Invariants: the store's positions are read before the store is asked for the event. What it takes
 *             in between is then found in the log, not missed in both.
 */
#include "gateway/receipt.h"

#include <stdlib.h>

#include "base/civil.h"
#include "event/event_json.h"

enum { poll_messages_max = 4096, poll_bytes_max = 1048576, poll_ms = 50 };

/* Shared with the processor's store sink. */
static const char store_group[] = "store";

typedef struct search_range {
    int32_t partition;
    int64_t next; /* the store's position; moves as the search goes */
    int64_t end;
} search_range;

struct mr_receipt_finder {
    mr_receipt_options options;
    mr_store *store; /* NULL: not created yet */
    mr_event_parser *parser;
    mr_buffer record; /* a copy to parse in */
    search_range ranges[mr_receipt_partitions_max];
    size_t range_count;
    mr_status visit_status;
    mr_err visit_err;
};

mr_receipt_finder *mr_receipt_finder_create(const mr_receipt_options *options)
{
    mr_receipt_finder *finder = mr_alloc_zero(1, sizeof *finder);

    finder->options = *options;
    finder->options.store.mode = MR_STORE_READ;
    finder->parser = mr_event_parser_create();
    mr_buffer_init(&finder->record, mr_bus_record_bytes_max + mr_json_padding_bytes);
    return finder;
}

void mr_receipt_finder_destroy(mr_receipt_finder *finder)
{
    if (finder == NULL) {
        return;
    }
    mr_store_close(finder->store);
    mr_event_parser_destroy(finder->parser);
    mr_buffer_free(&finder->record);
    free(finder);
}

/* --- How far the store is --------------------------------------------------------------------- */

static mr_status open_store(mr_receipt_finder *finder, mr_err *err)
{
    mr_status st;

    if (finder->store != NULL) {
        return MR_OK;
    }
    st = mr_store_open(&finder->options.store, &finder->store, err);
    return st == MR_NOT_FOUND ? MR_OK : st; /* nothing was stored yet */
}

static bool add_range(void *ctx, const mr_bus_topic_info *info)
{
    mr_receipt_finder *finder = ctx;
    mr_store_source source = {store_group, finder->options.topic, info->partition};
    int64_t next = 0;

    if (finder->range_count == mr_receipt_partitions_max) {
        finder->visit_status =
            mr_fail(&finder->visit_err, MR_LIMIT, "receipts: topic %s has more than %d partitions",
                    finder->options.topic, mr_receipt_partitions_max);
        return false;
    }
    if (finder->store != NULL) {
        finder->visit_status = mr_store_position(finder->store, &source, &next, &finder->visit_err);
        if (finder->visit_status != MR_OK) {
            return false;
        }
    }
    next = next < info->first_offset ? info->first_offset : next;
    next = next > info->next_offset ? info->next_offset : next;
    finder->ranges[finder->range_count++] =
        (search_range){info->partition, next, info->next_offset};
    return true;
}

/* Sets ranges: what the store has not taken yet. */
static mr_status read_ranges(mr_receipt_finder *finder, uint64_t *ret_lag, mr_err *err)
{
    mr_status st;

    finder->range_count = 0;
    finder->visit_status = MR_OK;
    st =
        mr_bus_topic_partitions(finder->options.bus, finder->options.topic, add_range, finder, err);
    if (st != MR_OK) {
        return st;
    }
    if (finder->visit_status != MR_OK) {
        return mr_fail(err, finder->visit_status, "%s", finder->visit_err.message);
    }
    *ret_lag = 0;
    for (size_t i = 0; i < finder->range_count; i++) {
        *ret_lag += (uint64_t)(finder->ranges[i].end - finder->ranges[i].next);
    }
    return MR_OK;
}

/* --- Searching the log ------------------------------------------------------------------------ */

static search_range *range_of(mr_receipt_finder *finder, int32_t partition)
{
    for (size_t i = 0; i < finder->range_count; i++) {
        if (finder->ranges[i].partition == partition) {
            return &finder->ranges[i];
        }
    }
    return NULL;
}

static mr_status begin_range(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const search_range *range = range_of(ctx, partition);

    if (range == NULL) {
        return mr_fail(err, MR_UNAVAILABLE, "partition %d has just been added", (int)partition);
    }
    *ret_offset = range->next;
    return MR_OK;
}

/* The key is the invoice, whose hash the id begins with: hardly any other record is parsed. */
static bool is_event(mr_receipt_finder *finder, const mr_bus_message *message,
                     const mr_event_id *id)
{
    mr_event event;
    mr_event_faults faults;

    if (mr_event_invoice_prefix(message->key) != mr_event_id_prefix(id)) {
        return false;
    }
    mr_buffer_clear(&finder->record);
    if (!mr_buffer_append_text(&finder->record, message->value) ||
        mr_buffer_reserve(&finder->record, mr_json_padding_bytes) == NULL) {
        return false;
    }
    return mr_event_parse(finder->parser, finder->record.data, message->value.bytes, &event,
                          &faults) == MR_OK &&
           memcmp(event.id.bytes, id->bytes, mr_event_id_bytes) == 0;
}

static bool is_searched(const mr_receipt_finder *finder)
{
    for (size_t i = 0; i < finder->range_count; i++) {
        if (finder->ranges[i].next < finder->ranges[i].end) {
            return false;
        }
    }
    return true;
}

static bool search_messages(mr_receipt_finder *finder, const mr_bus_message *messages, size_t count,
                            const mr_event_id *id, mr_receipt *receipt)
{
    for (size_t i = 0; i < count; i++) {
        if (is_event(finder, &messages[i], id)) {
            receipt->state = MR_RECEIPT_PENDING;
            receipt->where.partition = messages[i].partition;
            receipt->where.offset = messages[i].offset;
            return true;
        }
    }
    return false;
}

/* Behind the last record there may be a hole, which the consumer's position moves over. */
static void move_ranges(mr_receipt_finder *finder, mr_bus_consumer *consumer)
{
    for (size_t i = 0; i < finder->range_count; i++) {
        search_range *range = &finder->ranges[i];
        int64_t position = 0;
        if (range->next < range->end &&
            mr_bus_consumer_position(consumer, range->partition, &position, NULL) == MR_OK) {
            range->next = position > range->next ? position : range->next;
        }
    }
}

static mr_status search_consumer(mr_receipt_finder *finder, mr_bus_consumer *consumer,
                                 const mr_event_id *id, mr_receipt *receipt, mr_err *err)
{
    int64_t stop_us = mr_monotonic_us() + finder->options.search_us_max;
    uint64_t records = 0;

    while (!is_searched(finder)) {
        const mr_bus_message *messages;
        size_t count;
        mr_status st = mr_bus_poll(consumer, poll_ms, &messages, &count, err);

        if (st != MR_OK) {
            return st;
        }
        if (search_messages(finder, messages, count, id, receipt)) {
            return MR_OK;
        }
        move_ranges(finder, consumer);
        records += count;
        if (records >= finder->options.records_max || mr_monotonic_us() >= stop_us) {
            break;
        }
    }
    if (!is_searched(finder)) {
        receipt->state = MR_RECEIPT_UNDECIDED;
    }
    return MR_OK;
}

static mr_status search_log(mr_receipt_finder *finder, const mr_event_id *id, mr_receipt *receipt,
                            mr_err *err)
{
    uint64_t records_max = finder->options.records_max;
    int32_t partitions[mr_receipt_partitions_max];
    size_t partition_count = 0;
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {
        .topic = finder->options.topic,
        .partitions = partitions,
        .messages_max = records_max < poll_messages_max ? records_max : poll_messages_max,
        .bytes_max = poll_bytes_max,
        .position = begin_range,
        .ctx = finder,
    };
    mr_status st;

    for (size_t i = 0; i < finder->range_count; i++) {
        if (finder->ranges[i].next < finder->ranges[i].end) {
            partitions[partition_count++] = finder->ranges[i].partition;
        }
    }
    if (partition_count == 0) {
        return MR_OK;
    }
    options.partition_count = partition_count;
    st = mr_bus_consumer_open(finder->options.bus, &options, &consumer, err);
    if (st == MR_OK) {
        st = search_consumer(finder, consumer, id, receipt, err);
    }
    mr_bus_consumer_close(consumer);
    return st;
}

mr_status mr_receipt_find(mr_receipt_finder *finder, const mr_event_id *id, mr_receipt *ret_receipt,
                          mr_err *err)
{
    mr_receipt receipt = {.state = MR_RECEIPT_UNKNOWN};
    mr_status st = open_store(finder, err);

    if (st == MR_OK) {
        st = read_ranges(finder, &receipt.lag, err);
    }
    if (st == MR_OK && finder->store != NULL) {
        st = mr_store_read_receipt(finder->store, id, &receipt.where, err);
        if (st == MR_OK) {
            receipt.state = MR_RECEIPT_STORED;
            *ret_receipt = receipt;
            return MR_OK;
        }
        st = st == MR_NOT_FOUND ? MR_OK : st;
    }
    if (st == MR_OK) {
        st = search_log(finder, id, &receipt, err);
    }
    if (st == MR_OK) {
        *ret_receipt = receipt;
    }
    return st;
}
