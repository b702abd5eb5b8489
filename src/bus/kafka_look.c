/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_look.c - questions to the cluster: topics, bounds, groups, the last record.
 *
 * Owns:       the bus's own client, made at the first question.
 * Threads:    any; one question at a time, under log->lock. A question takes at most
 *             mr_kafka_look_ms_max a round trip.
 * Invariants: the client reads committed records alone, so "next" is behind the last record that a
 *             reader may see.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "bus/kafka.h"

enum {
    last_span_min = 16,    /* records looked at from the end ... */
    last_span_growth = 64, /* ... and more of them where those were all of aborted transactions */
    settle_ms_max = 4000,  /* for the end of a transaction to arrive where it was written */
    passing_ms = 20,
    try_ms_max = 1000, /* a question met by a change of leaders may go unanswered: ask again */
};

mr_status mr_kafka_look_begin(mr_kafka *log, mr_err *err)
{
    mr_status st = MR_OK;

    (void)pthread_mutex_lock(&log->lock); /* fails only on misuse, here and below */
    if (log->client == NULL) {
        char group[mr_kafka_name_bytes_max + 1];
        rd_kafka_conf_t *conf = mr_kafka_conf(log, NULL);
        mr_kafka_group_name(log, "look", group); /* assigning by hand asks for a name, no more */
        mr_kafka_conf_set(conf, "group.id", group);
        mr_kafka_conf_set(conf, "enable.auto.commit", "false");
        mr_kafka_conf_set(conf, "enable.partition.eof", "true");
        mr_kafka_conf_set(conf, "isolation.level", "read_committed");
        mr_kafka_conf_set(conf, "fetch.wait.max.ms", "5"); /* it only reads what is there */
        st = mr_kafka_client(log, RD_KAFKA_CONSUMER, conf, "a client of Kafka", &log->client, err);
        if (st == MR_OK) {
            (void)rd_kafka_poll_set_consumer(log->client); /* one queue for all that comes */
        }
    }
    if (st != MR_OK) {
        (void)pthread_mutex_unlock(&log->lock);
    } else {
        mr_kafka_renew_login(log, log->client, &log->login_seen);
    }
    return st;
}

void mr_kafka_look_end(mr_kafka *log)
{
    (void)pthread_mutex_unlock(&log->lock);
}

/* Of a partition whose leader is just changing, or was just chosen. */
static bool is_passing(rd_kafka_resp_err_t code, int64_t deadline_us)
{
    bool passing = code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
                   code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
                   code == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE ||
                   code == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH ||
                   code == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
                   code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                   code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
                   code == RD_KAFKA_RESP_ERR__TRANSPORT || /* a leader that was, and is gone */
                   code == RD_KAFKA_RESP_ERR__TIMED_OUT;

    if (!passing || mr_monotonic_us() > deadline_us) {
        return false;
    }
    (void)poll(NULL, 0, passing_ms); /* nothing tells when it is over */
    return true;
}

/* --- Metadata and bounds -------------------------------------------------------------------- */

/* name NULL: of all topics. Free with rd_kafka_metadata_destroy. */
static mr_status read_metadata(const mr_kafka *log, const char *name,
                               const rd_kafka_metadata_t **ret_metadata, mr_err *err)
{
    rd_kafka_t *client = log->client;
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_topic_t *topic = NULL;

    if (name != NULL) {
        topic = rd_kafka_topic_new(client, name, NULL);
        if (topic == NULL) {
            return mr_kafka_fail(err, rd_kafka_last_error(), "topic %s", name);
        }
    }
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(client, name == NULL, topic, &metadata, mr_kafka_look_ms_max);
    if (topic != NULL) {
        rd_kafka_topic_destroy(topic);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_fail(err, code, "ask Kafka at %s for its topics", log->brokers);
    }
    *ret_metadata = metadata;
    return MR_OK;
}

mr_status mr_kafka_partition_count(mr_kafka *log, const char *name, int32_t *ret_count, mr_err *err)
{
    const rd_kafka_metadata_t *metadata = NULL;
    mr_status st = mr_kafka_look_begin(log, err);

    if (st != MR_OK) {
        return st;
    }
    st = read_metadata(log, name, &metadata, err);
    mr_kafka_look_end(log);
    if (st != MR_OK) {
        return st;
    }
    MR_ASSERT(metadata != NULL);
    const rd_kafka_metadata_topic_t *topic = metadata->topic_cnt == 1 ? metadata->topics : NULL;
    if (topic == NULL || topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        *ret_count = 0;
    } else if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
               topic->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        st = mr_kafka_fail(err, topic->err, "topic %s", name);
    } else {
        *ret_count = topic->partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return st;
}

static rd_kafka_resp_err_t try_offsets(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list,
                                       int64_t which)
{
    for (int index = 0; index < list->cnt; index++) {
        list->elems[index].offset = which;
        list->elems[index].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client, list, try_ms_max);
    for (int index = 0; index < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; index++) {
        code = list->elems[index].err;
    }
    return code;
}

/* librdkafka asks whom it last heard to lead a partition. Told by that one that it does not, or
 * losing it, it asks for the leaders of the topics that it holds a handle of, and of no others: of
 * a topic that was only asked about, or no partition of which is assigned yet, it believes what it
 * has heard for minutes. So it gets handles of them all, and is made to ask. */
static void refresh_leaders(rd_kafka_t *client, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_t **held = mr_alloc_zero((size_t)list->cnt, sizeof(rd_kafka_topic_t *));
    const rd_kafka_metadata_t *metadata = NULL;

    for (int index = 0; index < list->cnt; index++) {
        held[index] = rd_kafka_topic_new(client, list->elems[index].topic, NULL);
    }
    /* What comes of it, the next question to the leaders tells. */
    (void)rd_kafka_metadata(client, 0, NULL, &metadata, try_ms_max);
    if (metadata != NULL) {
        rd_kafka_metadata_destroy(metadata);
    }
    for (int index = 0; index < list->cnt; index++) {
        if (held[index] != NULL) {
            rd_kafka_topic_destroy(held[index]);
        }
    }
    free(held);
}

/* Offsets of a whole list at once: those of `which`, RD_KAFKA_OFFSET_BEGINNING or _END. */
static rd_kafka_resp_err_t ask_offsets(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list,
                                       int64_t which)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)mr_kafka_look_ms_max * 1000;
    rd_kafka_resp_err_t code = try_offsets(client, list, which);

    while (is_passing(code, deadline_us)) {
        refresh_leaders(client, list);
        code = try_offsets(client, list, which);
    }
    return code;
}

static mr_status read_offsets(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list,
                              int64_t which, mr_err *err)
{
    rd_kafka_resp_err_t code =
        list->cnt > 0 ? ask_offsets(client, list, which) : RD_KAFKA_RESP_ERR_NO_ERROR;

    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? MR_OK
                                              : mr_kafka_fail(err, code, "ask Kafka for offsets");
}

/* Not by rd_kafka_query_watermark_offsets: of librdkafka 2.0, that does not heed its time-out. */
mr_status mr_kafka_read_bounds(rd_kafka_t *client, const char *name, int32_t partition,
                               mr_kafka_bounds *ret_bounds, mr_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    const rd_kafka_topic_partition_t *part =
        rd_kafka_topic_partition_list_add(list, name, partition);
    mr_kafka_bounds bounds = {0, 0};

    rd_kafka_resp_err_t code = ask_offsets(client, list, RD_KAFKA_OFFSET_BEGINNING);
    bounds.first_offset = part->offset;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = ask_offsets(client, list, RD_KAFKA_OFFSET_END);
        bounds.next_offset = part->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_fail(err, code, "topic %s: read the bounds of partition %d", name,
                             partition);
    }
    *ret_bounds = bounds;
    return MR_OK;
}

/* --- Topics --------------------------------------------------------------------------------- */

/* The name without the prefix, or NULL for what is not ours to show. */
static const char *shown_name(const mr_kafka *log, const char *name)
{
    size_t prefix_bytes = strlen(log->prefix);

    if (strncmp(name, log->prefix, prefix_bytes) != 0 || strncmp(name, "__", 2) == 0 ||
        mr_kafka_is_marks_name(log, name) ||
        strlen(name + prefix_bytes) >= sizeof((mr_bus_topic_info *)0)->topic) {
        return NULL;
    }
    return name + prefix_bytes;
}

mr_status mr_kafka_await_leaders(mr_kafka *log, const char *name, int32_t partitions, mr_err *err)
{
    mr_status st = mr_kafka_look_begin(log, err);

    if (st != MR_OK) {
        return st;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions + 1);
    for (int32_t number = 0; number < partitions; number++) {
        (void)rd_kafka_topic_partition_list_add(list, name, number);
    }
    st = read_offsets(log->client, list, RD_KAFKA_OFFSET_END, err);
    rd_kafka_topic_partition_list_destroy(list);
    mr_kafka_look_end(log);
    return st;
}

static rd_kafka_topic_partition_list_t *list_partitions(const mr_kafka *log,
                                                        const rd_kafka_metadata_t *metadata)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);

    MR_ASSERT(metadata != NULL);
    for (int index = 0; index < metadata->topic_cnt; index++) {
        const rd_kafka_metadata_topic_t *topic = &metadata->topics[index];
        if (shown_name(log, topic->topic) == NULL) {
            continue;
        }
        for (int partition = 0; partition < topic->partition_cnt; partition++) {
            (void)rd_kafka_topic_partition_list_add(list, topic->topic,
                                                    topic->partitions[partition].id);
        }
    }
    rd_kafka_topic_partition_list_sort(list, NULL, NULL); /* by topic and partition */
    return list;
}

static void visit_topics(const mr_kafka *log, const rd_kafka_topic_partition_list_t *first,
                         const rd_kafka_topic_partition_list_t *next, mr_bus_topic_fn visit,
                         void *ctx)
{
    bool more = true;

    for (int index = 0; index < first->cnt && more; index++) {
        mr_bus_topic_info info = {.partition = first->elems[index].partition,
                                  .first_offset = first->elems[index].offset,
                                  .next_offset = next->elems[index].offset};
        (void)snprintf(info.topic, sizeof info.topic, "%s",
                       shown_name(log, first->elems[index].topic));
        more = visit(ctx, &info);
    }
}

mr_status mr_kafka_topics(void *state, const char *only, mr_bus_topic_fn visit, void *ctx,
                          mr_err *err)
{
    mr_kafka *log = state;
    char name[mr_kafka_name_bytes_max + 1];
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_topic_partition_list_t *first = NULL;
    rd_kafka_topic_partition_list_t *next = NULL;
    mr_status st = mr_kafka_look_begin(log, err);

    if (st != MR_OK) {
        return st;
    }
    if (only != NULL) {
        mr_kafka_topic_name(log, only, name);
    }
    st = read_metadata(log, only != NULL ? name : NULL, &metadata, err);
    if (st == MR_OK) {
        first = list_partitions(log, metadata);
        next = rd_kafka_topic_partition_list_copy(first);
        rd_kafka_metadata_destroy(metadata);
        st = read_offsets(log->client, first, RD_KAFKA_OFFSET_BEGINNING, err);
    }
    if (st == MR_OK) {
        st = read_offsets(log->client, next, RD_KAFKA_OFFSET_END, err);
    }
    mr_kafka_look_end(log); /* visits may ask questions of their own */
    if (st == MR_OK) {
        visit_topics(log, first, next, visit, ctx);
    }
    if (first != NULL) {
        rd_kafka_topic_partition_list_destroy(first);
        rd_kafka_topic_partition_list_destroy(next);
    }
    return st;
}

/* --- Groups --------------------------------------------------------------------------------- */

typedef struct group_list {
    mr_bus_group_info *items;
    size_t count;
} group_list;

static void add_group(group_list *list, const mr_kafka *log, const char *group,
                      const rd_kafka_topic_partition_t *part)
{
    size_t prefix_bytes = strlen(log->prefix);
    mr_bus_group_info info = {.partition = part->partition, .next_offset = part->offset};
    uint64_t published_ms = 0;

    if (part->offset < 0 || strncmp(part->topic, log->prefix, prefix_bytes) != 0) {
        return;
    }
    (void)snprintf(info.group, sizeof info.group, "%s", group);
    (void)snprintf(info.topic, sizeof info.topic, "%s", part->topic + prefix_bytes);
    if (part->metadata != NULL &&
        mr_parse_uint64((mr_text){part->metadata, part->metadata_size}, INT64_MAX, &published_ms)) {
        info.published_ms = (int64_t)published_ms;
    }
    list->items = mr_realloc(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = info;
}

static mr_status take_offsets(const mr_kafka *log, rd_kafka_event_t *answer, group_list *list,
                              mr_err *err)
{
    size_t count = 0;
    const rd_kafka_ListConsumerGroupOffsets_result_t *result =
        rd_kafka_event_ListConsumerGroupOffsets_result(answer);
    const rd_kafka_group_result_t **groups =
        rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);

    for (size_t index = 0; index < count; index++) {
        const rd_kafka_error_t *error = rd_kafka_group_result_error(groups[index]);
        const rd_kafka_topic_partition_list_t *parts =
            rd_kafka_group_result_partitions(groups[index]);
        const char *name = rd_kafka_group_result_name(groups[index]);
        if (error != NULL) {
            return mr_kafka_fail(err, rd_kafka_error_code(error), "group %s: read its offsets",
                                 name);
        }
        for (int i = 0; parts != NULL && i < parts->cnt; i++) {
            add_group(list, log, mr_kafka_group_of(log, name), &parts->elems[i]);
        }
    }
    return MR_OK;
}

static mr_status read_group(mr_kafka *log, const char *name, group_list *list, mr_err *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_ListConsumerGroupOffsets_t *request =
        rd_kafka_ListConsumerGroupOffsets_new(name, NULL);
    mr_status st = MR_OK;

    rd_kafka_ListConsumerGroupOffsets(log->client, &request, 1, NULL, queue);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, mr_kafka_look_ms_max);
    if (answer == NULL) {
        st = mr_fail(err, MR_UNAVAILABLE, "group %s: Kafka did not answer within %d ms", name,
                     mr_kafka_look_ms_max);
    } else if (rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        st = mr_kafka_fail(err, rd_kafka_event_error(answer), "group %s: read its offsets", name);
    } else {
        st = take_offsets(log, answer, list, err);
    }
    if (answer != NULL) {
        rd_kafka_event_destroy(answer);
    }
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    rd_kafka_queue_destroy(queue);
    return st;
}

static mr_status read_groups(mr_kafka *log, group_list *list, mr_err *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    mr_status st = MR_OK;
    size_t count = 0;

    rd_kafka_ListConsumerGroups(log->client, NULL, queue);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, mr_kafka_look_ms_max);
    rd_kafka_queue_destroy(queue);
    if (answer == NULL) {
        return mr_fail(err, MR_UNAVAILABLE, "list groups: Kafka did not answer within %d ms",
                       mr_kafka_look_ms_max);
    }
    if (rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        st = mr_kafka_fail(err, rd_kafka_event_error(answer), "list groups");
        rd_kafka_event_destroy(answer);
        return st;
    }
    const rd_kafka_ConsumerGroupListing_t **groups = rd_kafka_ListConsumerGroups_result_valid(
        rd_kafka_event_ListConsumerGroups_result(answer), &count);
    for (size_t index = 0; index < count && st == MR_OK; index++) {
        const char *name = rd_kafka_ConsumerGroupListing_group_id(groups[index]);
        if (mr_kafka_group_of(log, name) != NULL) {
            st = read_group(log, name, list, err);
        }
    }
    rd_kafka_event_destroy(answer);
    return st;
}

static int by_name(const void *left, const void *right)
{
    const mr_bus_group_info *a = left;
    const mr_bus_group_info *b = right;
    int order = strcmp(a->group, b->group);

    order = order != 0 ? order : strcmp(a->topic, b->topic);
    return order != 0 ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

mr_status mr_kafka_groups(void *state, mr_bus_group_fn visit, void *ctx, mr_err *err)
{
    mr_kafka *log = state;
    group_list list = {.items = NULL};
    mr_status st = mr_kafka_look_begin(log, err);

    if (st != MR_OK) {
        return st;
    }
    st = read_groups(log, &list, err);
    mr_kafka_look_end(log);
    if (st == MR_OK && list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, by_name);
        for (size_t index = 0; index < list.count && visit(ctx, &list.items[index]); index++) {
        }
    }
    free(list.items);
    return st;
}

/* --- The last record of a partition --------------------------------------------------------- */

static void keep_value(const rd_kafka_message_t *message, bool *found, char *value)
{
    size_t bytes = message->len < mr_kafka_value_bytes_max ? message->len : 0;

    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (bytes > 0) {
            memcpy(value, message->payload, bytes);
        }
        value[bytes] = '\0';
        *found = true;
    }
}

/* Behind what may be read there are records: a transaction is under way, or just being ended. */
static bool has_pending(rd_kafka_t *client, const rd_kafka_message_t *end)
{
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    rd_kafka_resp_err_t code =
        rd_kafka_get_watermark_offsets(client, rd_kafka_topic_name(end->rkt), end->partition,
                                       &first_offset, &last_offset); /* as of the last fetch */

    return code == RD_KAFKA_RESP_ERR_NO_ERROR && last_offset > end->offset;
}

/* Reads from an offset to the end; what is kept is the last record there is. A transaction that is
 * pending there gets settle_ms_max to end. */
static mr_status read_from(rd_kafka_t *client, const char *name, int32_t partition, int64_t offset,
                           bool *found, char *value, mr_err *err)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)mr_kafka_look_ms_max * 1000;
    int64_t settled_us = mr_monotonic_us() + (int64_t)settle_ms_max * 1000;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    bool at_end = false; /* of what may be read so far */
    bool ended = false;

    rd_kafka_topic_partition_list_add(list, name, partition)->offset = offset;
    code = rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    while (code == RD_KAFKA_RESP_ERR_NO_ERROR && !ended) {
        int64_t left_us = (at_end ? settled_us : deadline_us) - mr_monotonic_us();
        rd_kafka_message_t *message =
            left_us > 0 ? rd_kafka_consumer_poll(client, (int)(left_us / 1000) + 1) : NULL;
        if (message == NULL) {
            code = at_end ? code : RD_KAFKA_RESP_ERR__TIMED_OUT;
            break;
        }
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            ended = !has_pending(client, message);
            at_end = true;
        } else {
            code = message->err;
            keep_value(message, found, value);
        }
        rd_kafka_message_destroy(message);
    }
    (void)rd_kafka_assign(client, NULL); /* a failure shows at the next assign */
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? MR_OK
               : mr_kafka_fail(err, code, "topic %s: read the end of partition %d", name,
                               partition);
}

mr_status mr_kafka_read_last(mr_kafka *log, const char *name, int32_t partition, bool *ret_found,
                             char ret_value[static mr_kafka_value_bytes_max], mr_err *err)
{
    mr_kafka_bounds bounds = {0, 0};
    bool found = false;
    mr_status st = mr_kafka_look_begin(log, err);

    if (st != MR_OK) {
        return st;
    }
    st = mr_kafka_read_bounds(log->client, name, partition, &bounds, err);
    int64_t from = bounds.next_offset;
    int64_t span = last_span_min;
    do { /* at least once: the first record of all may be in a transaction that is just ending */
        from = from - span > bounds.first_offset ? from - span : bounds.first_offset;
        span *= last_span_growth;
        st = st == MR_OK ? read_from(log->client, name, partition, from, &found, ret_value, err)
                         : st;
    } while (st == MR_OK && !found && from > bounds.first_offset);
    mr_kafka_look_end(log);
    if (st == MR_OK) {
        *ret_found = found;
    }
    return st;
}
