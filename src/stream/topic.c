/* SPDX-License-Identifier: Apache-2.0 */
/* stream/topic.c - a topic's bounds and a walk over its records, for commands and sinks.
 *
 * Called by:  one thread at a time; a walk opens a consumer of its own.
 */
#include "stream/topic.h"

enum { walk_messages_max = 1000, walk_bytes_max = 4194304, walk_poll_ms_max = 10000 };

typedef struct range_search {
    const char *topic;
    int32_t partition;
    mr_topic_range range;
} range_search;

static bool match_range(void *ctx, const mr_bus_topic_info *info)
{
    range_search *search = ctx;

    if (strcmp(info->topic, search->topic) != 0 || info->partition != search->partition) {
        return true;
    }
    search->range = (mr_topic_range){info->first_offset, info->next_offset, true};
    return false;
}

mr_status mr_topic_read_range(mr_bus *bus, const char *topic, int32_t partition,
                              mr_topic_range *ret_range, mr_err *err)
{
    range_search search = {.topic = topic, .partition = partition};
    mr_status status = mr_bus_topics(bus, match_range, &search, err);

    if (status == MR_OK) {
        *ret_range = search.range;
    }
    return status;
}

static mr_status begin_at(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const mr_topic_walk *walk = ctx;

    (void)err; /* nothing to fail */
    *ret_offset = partition == 0 ? walk->from_offset : -1;
    return MR_OK;
}

/* Returns the offset behind the last message visited, or to_offset to end the walk. */
static int64_t visit_messages(const mr_topic_walk *walk, const mr_bus_message *messages,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (messages[i].offset >= walk->to_offset || !walk->visit(walk->ctx, &messages[i])) {
            return walk->to_offset;
        }
    }
    return messages[count - 1].offset + 1;
}

mr_status mr_topic_visit(mr_bus *bus, const mr_topic_walk *walk, mr_err *err)
{
    mr_topic_walk begin = *walk;
    mr_bus_consumer *consumer = NULL;
    int64_t at = walk->from_offset;
    mr_bus_consumer_options options = {.topic = walk->topic,
                                       .messages_max = walk_messages_max,
                                       .bytes_max = walk_bytes_max,
                                       .position = begin_at,
                                       .ctx = &begin};
    mr_status status =
        at >= walk->to_offset ? MR_OK : mr_bus_consumer_open(bus, &options, &consumer, err);

    while (status == MR_OK && at < walk->to_offset) {
        const mr_bus_message *messages;
        size_t count = 0;

        status = mr_bus_poll(consumer, walk_poll_ms_max, &messages, &count, err);
        if (status == MR_OK && count > 0 && messages[0].partition == 0) {
            at = visit_messages(walk, messages, count);
            if (walk->flush != NULL) {
                walk->flush(walk->ctx);
            }
        }
    }
    mr_bus_consumer_close(consumer);
    return status;
}
