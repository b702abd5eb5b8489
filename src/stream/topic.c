/* SPDX-License-Identifier: Apache-2.0 */
/* stream/topic.c - a topic's bounds and a walk over its records, for commands and sinks.
 *
 * Called by:  one thread at a time; a walk opens a consumer of its own.
 */
#include "stream/topic.h"

#include <stdlib.h>

#include "base/memory.h"

enum { walk_messages_max = 1000, walk_bytes_max = 4194304, walk_poll_ms_max = 10000 };

/* --- Bounds ----------------------------------------------------------------------------------- */

typedef struct range_search {
    int32_t partition;
    mr_topic_range range;
} range_search;

static bool match_range(void *ctx, const mr_bus_topic_info *info)
{
    range_search *search = ctx;

    if (info->partition != search->partition) {
        return true;
    }
    search->range = (mr_topic_range){info->first_offset, info->next_offset, true};
    return false;
}

mr_status mr_topic_read_range(mr_bus *bus, const char *topic, int32_t partition,
                              mr_topic_range *ret_range, mr_err *err)
{
    range_search search = {.partition = partition};
    mr_status status = mr_bus_topic_partitions(bus, topic, match_range, &search, err);

    if (status == MR_OK) {
        *ret_range = search.range;
    }
    return status;
}

typedef struct range_list {
    mr_topic_range *ranges;
    size_t count;
    bool too_many;
} range_list;

static bool add_range(void *ctx, const mr_bus_topic_info *info)
{
    range_list *list = ctx;
    size_t index = (size_t)info->partition;

    if (index >= mr_topic_partitions_max) {
        list->too_many = true;
        return false;
    }
    if (list->ranges == NULL) {
        list->ranges = mr_alloc_zero(mr_topic_partitions_max, sizeof(*list->ranges));
    }
    list->ranges[index] = (mr_topic_range){info->first_offset, info->next_offset, true};
    list->count = index >= list->count ? index + 1 : list->count;
    return true;
}

mr_status mr_topic_read_ranges(mr_bus *bus, const char *topic, mr_topic_range **ret_ranges,
                               size_t *ret_count, mr_err *err)
{
    range_list list = {.ranges = NULL};
    mr_status status = mr_bus_topic_partitions(bus, topic, add_range, &list, err);

    if (status == MR_OK && list.too_many) {
        status = mr_fail(err, MR_LIMIT, "%s has more than %d partitions", topic,
                         mr_topic_partitions_max);
    }
    if (status != MR_OK) {
        free(list.ranges);
        return status;
    }
    *ret_ranges = list.ranges;
    *ret_count = list.count;
    return MR_OK;
}

/* --- Walking ---------------------------------------------------------------------------------- */

typedef struct walking {
    const mr_topic_walk *walk;
    mr_topic_span *spans; /* from_offset moves with the walk */
    size_t count;
    int32_t *partitions; /* of the spans that are not empty */
    size_t partition_count;
    bool ended; /* the visitor has had enough */
} walking;

static mr_topic_span *span_of(const walking *w, int32_t partition)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->spans[i].partition == partition) {
            return &w->spans[i];
        }
    }
    return NULL;
}

static mr_status begin_at(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const walking *w = ctx;
    const mr_topic_span *span = span_of(w, partition);

    (void)err; /* nothing to fail */
    *ret_offset = span != NULL ? span->from_offset : -1;
    return MR_OK;
}

static void visit_messages(walking *w, const mr_bus_message *messages, size_t count)
{
    mr_topic_span *span = span_of(w, messages[0].partition);

    if (span == NULL) {
        return;
    }
    for (size_t i = 0; i < count && !w->ended; i++) {
        if (messages[i].offset >= span->to_offset) {
            break;
        }
        w->ended = !w->walk->visit(w->walk->ctx, &messages[i]);
    }
    span->from_offset = messages[count - 1].offset + 1;
}

/* A stretch may end in a hole, which only the consumer's position moves over. */
static bool is_over(walking *w, mr_bus_consumer *consumer)
{
    bool over = true;

    for (size_t i = 0; i < w->count; i++) {
        mr_topic_span *span = &w->spans[i];
        int64_t position = 0;
        if (span->from_offset < span->to_offset &&
            mr_bus_consumer_position(consumer, span->partition, &position, NULL) == MR_OK &&
            position > span->from_offset) {
            span->from_offset = position;
        }
        over = over && span->from_offset >= span->to_offset;
    }
    return over || w->ended;
}

static mr_status walk_consumer(walking *w, mr_bus_consumer *consumer, mr_err *err)
{
    mr_status status = MR_OK;

    while (status == MR_OK && !is_over(w, consumer)) {
        const mr_bus_message *messages = NULL;
        size_t count = 0;

        status = mr_bus_poll(consumer, walk_poll_ms_max, &messages, &count, err);
        if (status == MR_OK && count > 0) {
            visit_messages(w, messages, count);
            if (w->walk->flush != NULL) {
                w->walk->flush(w->walk->ctx);
            }
        }
    }
    return status;
}

static void begin(const mr_topic_walk *walk, walking *w)
{
    const mr_topic_span one = {walk->partition, walk->from_offset, walk->to_offset};
    const mr_topic_span *spans = walk->spans != NULL ? walk->spans : &one;

    *w = (walking){.walk = walk, .count = walk->spans != NULL ? walk->span_count : 1};
    w->spans = mr_alloc((w->count + 1) * sizeof(*w->spans));
    w->partitions = mr_alloc((w->count + 1) * sizeof(*w->partitions));
    for (size_t i = 0; i < w->count; i++) {
        w->spans[i] = spans[i];
        if (spans[i].from_offset < spans[i].to_offset) {
            w->partitions[w->partition_count++] = spans[i].partition;
        }
    }
}

mr_status mr_topic_visit(mr_bus *bus, const mr_topic_walk *walk, mr_err *err)
{
    walking w;
    mr_bus_consumer *consumer = NULL;
    mr_status status = MR_OK;

    begin(walk, &w);
    if (w.partition_count > 0) {
        mr_bus_consumer_options options = {.topic = walk->topic,
                                           .partitions = w.partitions,
                                           .partition_count = w.partition_count,
                                           .messages_max = walk_messages_max,
                                           .bytes_max = walk_bytes_max,
                                           .position = begin_at,
                                           .ctx = &w};
        status = mr_bus_consumer_open(bus, &options, &consumer, err);
        if (status == MR_OK) {
            status = walk_consumer(&w, consumer, err);
        }
        mr_bus_consumer_close(consumer);
    }
    free(w.spans);
    free(w.partitions);
    return status;
}
