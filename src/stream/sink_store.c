/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_store.c - takes events into the OLTP store, and what it cannot take to dead letters.
 *
 * One delivery, in this order:
 *   1. parse    every record, in place, in one reused block of memory
 *   2. apply    the events in an open transaction of the store, with the position behind them
 *   3. letters  append what did not parse, or conflicts, to the dead-letter topic
 *   4. commit   the store's transaction
 * A crash between 3 and 4 delivers the batch again. So the letters carry, in their own append, a
 * mark "written up to this source offset", and letters from below the mark are not written again.
 *
 * Invariants: (1) nothing is committed whose dead letters are not durable;
 *             (2) the letters of a batch go out in source order, so the mark only grows;
 *             (3) the store gives the same verdicts again for the same records at the same
 * position. Not here:   making letters (stream/letter_writer.c), when to try again
 * (stream/runner.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "event/event_json.h"
#include "stream/letter_writer.h"
#include "stream/partitions.h"
#include "stream/sink_lanes.h"

enum { reasons_bytes_max = 1048576, documents_bytes_max = 67108864 };

/* What became of a record in step 1. */
typedef struct parsed {
    bool is_event;
    mr_letter_code code; /* of a record that is none */
    size_t reason_at, reason_bytes;
} parsed;

typedef struct store_sink {
    mr_sink_options options;
    mr_store *store;
    mr_letter_writer *letters;
    mr_event_parser *parser;
    mr_partitions partitions;
    mr_buffer documents; /* the copies that the parser spoils; events point into it */
    mr_buffer reasons;
    size_t capacity; /* of the arrays below */
    parsed *parsed;
    mr_event *events;
    mr_store_item *items;
    size_t item_count;
} store_sink;

static const char store_name[] = "store";

static void store_close(void *state)
{
    store_sink *sink = state;

    mr_store_close(sink->store);
    mr_letter_writer_close(sink->letters);
    mr_event_parser_destroy(sink->parser);
    mr_partitions_free(&sink->partitions);
    mr_buffer_free(&sink->documents);
    mr_buffer_free(&sink->reasons);
    free(sink->parsed);
    free(sink->events);
    free(sink->items);
    free(sink);
}

static mr_store_source source_of(const store_sink *sink, int32_t partition)
{
    return (mr_store_source){
        .group = store_name, .topic = sink->options.topic_ingestion, .partition = partition};
}

static mr_status store_position(void *state, int32_t partition, int64_t *ret_next_offset,
                                mr_err *err)
{
    store_sink *sink = state;
    mr_store_source source = source_of(sink, partition);
    int64_t next_offset = 0;
    int64_t mark = 0;
    mr_status status = mr_store_position(sink->store, &source, &next_offset, err);

    if (status == MR_OK) {
        status = mr_letter_writer_mark(sink->letters, partition, &mark, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_partition *found = mr_partitions_add(&sink->partitions, partition);
    found->next_offset = next_offset;
    found->letters_mark = mark;
    *ret_next_offset = next_offset;
    return MR_OK;
}

/* --- Step 1: parsing -------------------------------------------------------------------------- */

static void make_room(store_sink *sink, const mr_bus_message *messages, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += messages[i].value.bytes + mr_json_padding_bytes;
    }
    mr_buffer_clear(&sink->reasons);
    mr_buffer_clear(&sink->documents);
    /* Taken whole: events point into it, so it must not move while records are added. */
    MR_ASSERT(mr_buffer_reserve(&sink->documents, bytes) != NULL);
    if (count > sink->capacity) {
        sink->parsed = mr_realloc(sink->parsed, count * sizeof(*sink->parsed));
        sink->events = mr_realloc(sink->events, count * sizeof(*sink->events));
        sink->items = mr_realloc(sink->items, count * sizeof(*sink->items));
        sink->capacity = count;
    }
    sink->item_count = 0;
}

static void note_faults(store_sink *sink, const mr_event_faults *faults, parsed *result)
{
    result->is_event = false;
    result->code = faults->malformed ? MR_LETTER_MALFORMED : MR_LETTER_INVALID;
    result->reason_at = sink->reasons.bytes;
    mr_event_faults_describe(faults, &sink->reasons); /* cut at the cap: it is for people */
    result->reason_bytes = sink->reasons.bytes - result->reason_at;
}

static void parse_one(store_sink *sink, const mr_bus_message *message, parsed *result)
{
    mr_text value = message->value;
    char *json = mr_buffer_reserve(&sink->documents, value.bytes + mr_json_padding_bytes);
    mr_event *event = &sink->events[sink->item_count];
    mr_event_faults faults;

    MR_ASSERT(json != NULL);
    if (value.bytes > 0) {
        memcpy(json, value.data, value.bytes);
    }
    memset(json + value.bytes, 0, mr_json_padding_bytes);
    mr_buffer_commit(&sink->documents, value.bytes + mr_json_padding_bytes);
    if (mr_event_parse(sink->parser, json, value.bytes, event, &faults) != MR_OK) {
        note_faults(sink, &faults, result);
        return;
    }
    /* Unknown fields live in the parser until its next call, and the store keeps none. */
    event->extra = MR_TEXT_ABSENT;
    result->is_event = true;
    sink->items[sink->item_count++] = (mr_store_item){.event = event, .offset = message->offset};
}

static void parse_all(store_sink *sink, const mr_bus_message *messages, size_t count)
{
    make_room(sink, messages, count);
    for (size_t i = 0; i < count; i++) {
        parse_one(sink, &messages[i], &sink->parsed[i]);
    }
}

/* --- Step 3: dead letters --------------------------------------------------------------------- */

static mr_status put_conflict(store_sink *sink, mr_partition *partition,
                              const mr_bus_message *message, const mr_event *event, mr_err *err)
{
    char reason[1024];
    mr_dead_letter letter = {.code = MR_LETTER_CONFLICT, .sink = MR_TEXT_LITERAL("store")};
    int length = snprintf(reason, sizeof(reason),
                          "EventID %.*s of invoice %.*s is taken already, with other content: the "
                          "first stays",
                          MR_TEXT_ARGS(event->event_key), MR_TEXT_ARGS(event->invoice_no));

    MR_ASSERT(length > 0 && (size_t)length < sizeof(reason)); /* both have at most 256 bytes */
    letter.reason = (mr_text){reason, (size_t)length};
    return mr_letter_writer_put(sink->letters, partition, message, &letter, err);
}

static mr_status put_poison(store_sink *sink, mr_partition *partition,
                            const mr_bus_message *message, const parsed *result, mr_err *err)
{
    mr_dead_letter letter = {.code = result->code, .sink = MR_TEXT_LITERAL("store")};

    letter.reason = result->reason_bytes > 0
                        ? (mr_text){sink->reasons.data + result->reason_at, result->reason_bytes}
                        : MR_TEXT_LITERAL("the record breaks the data contract");
    return mr_letter_writer_put(sink->letters, partition, message, &letter, err);
}

static void count_verdict(mr_store_verdict verdict, mr_sink_counts *counts)
{
    counts->delivered += verdict == MR_STORE_INSERTED;
    counts->duplicates += verdict == MR_STORE_DUPLICATE;
    counts->rejected += verdict == MR_STORE_CONFLICT;
}

static mr_status put_letters(store_sink *sink, mr_partition *partition,
                             const mr_bus_message *messages, size_t count, mr_sink_counts *counts,
                             mr_err *err)
{
    const mr_store_item *item = sink->items;
    mr_status status = MR_OK;

    mr_letter_writer_begin(sink->letters);
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        if (!sink->parsed[i].is_event) {
            counts->rejected++;
            status = put_poison(sink, partition, &messages[i], &sink->parsed[i], err);
            continue;
        }
        count_verdict(item->verdict, counts);
        if (item->verdict == MR_STORE_CONFLICT) {
            status = put_conflict(sink, partition, &messages[i], item->event, err);
        }
        item++;
    }
    if (status == MR_OK) {
        status =
            mr_letter_writer_flush(sink->letters, partition, messages[count - 1].offset + 1, err);
    }
    return status;
}

/* --- Steps 2 and 4 ---------------------------------------------------------------------------- */

/* A lost answer is settled by the position: it moved with the rows, or neither did. */
static mr_status commit(store_sink *sink, const mr_store_source *source, int64_t next_offset,
                        mr_err *err)
{
    int64_t stands_at = 0;
    mr_status status = mr_store_commit(sink->store, err);

    if (status != MR_UNKNOWN_OUTCOME) {
        return status;
    }
    status = mr_store_position(sink->store, source, &stands_at, err);
    if (status != MR_OK) {
        return status;
    }
    if (stands_at == next_offset) {
        return MR_OK;
    }
    return mr_fail(err, MR_UNAVAILABLE,
                   "commit of %s/%" PRId32 " to offset %" PRId64
                   ": the answer was lost and the store stands at %" PRId64,
                   source->topic, source->partition, next_offset, stands_at);
}

static mr_status deliver_new(store_sink *sink, mr_partition *partition,
                             const mr_bus_message *messages, size_t count,
                             mr_sink_counts *ret_counts, mr_err *err)
{
    mr_store_source source = source_of(sink, partition->number);
    int64_t next_offset = messages[count - 1].offset + 1;
    mr_sink_counts counts = {0};

    parse_all(sink, messages, count);
    mr_status status = mr_store_apply(sink->store, &source, partition->next_offset, next_offset,
                                      sink->items, sink->item_count, err);
    if (status != MR_OK) {
        return status;
    }
    status = put_letters(sink, partition, messages, count, &counts, err);
    if (status != MR_OK) {
        mr_store_rollback(sink->store);
        return status;
    }
    status = commit(sink, &source, next_offset, err);
    if (status != MR_OK) {
        return status;
    }
    partition->next_offset = next_offset;
    *ret_counts = counts;
    return MR_OK;
}

static mr_status store_deliver(void *state, const mr_bus_message *messages, size_t count,
                               mr_sink_counts *ret_counts, mr_err *err)
{
    store_sink *sink = state;
    mr_partition *partition = mr_partitions_find(&sink->partitions, messages[0].partition);
    size_t taken = 0;

    MR_ASSERT(partition != NULL); /* its position was asked for first */
    while (taken < count && messages[taken].offset < partition->next_offset) {
        taken++;
    }
    if (taken == count) {
        *ret_counts = (mr_sink_counts){0};
        return MR_OK;
    }
    return deliver_new(sink, partition, messages + taken, count - taken, ret_counts, err);
}

static const mr_sink_ops store_ops = {
    .name = store_name,
    .position = store_position,
    .deliver = store_deliver,
    .close = store_close,
};

static mr_status open_one(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err)
{
    store_sink *sink = mr_alloc_zero(1, sizeof(*sink));
    mr_letter_options letters = {.bus = options->bus,
                                 .group = store_name,
                                 .topic = options->topic_dead_letter,
                                 .source_topic = options->topic_ingestion};

    sink->options = *options;
    sink->parser = mr_event_parser_create();
    mr_buffer_init(&sink->documents, documents_bytes_max);
    mr_buffer_init(&sink->reasons, reasons_bytes_max);
    mr_status status = mr_store_open(&options->store, &sink->store, err);
    if (status == MR_OK) {
        status = mr_letter_writer_open(&letters, &sink->letters, err);
    }
    if (status != MR_OK) {
        store_close(sink);
        return status;
    }
    *ret_sink = mr_sink_create(&store_ops, sink);
    return MR_OK;
}

mr_status mr_sink_store_open(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err)
{
    return options->store_writers > 1 && mr_store_takes_several(options->store.url)
               ? mr_sink_lanes_open(open_one, options->store_writers, options, ret_sink, err)
               : open_one(options, ret_sink, err);
}
