/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_assign.c - which partitions a consumer reads, where each begins, and how far its group
 * is said to have come.
 *
 *        given (group), listed (none)          position known, within bounds, as the others' are
 *   -  --------------------------------> waiting ----------------------------> placed <--.
 *   ^                                        |                                   |  seek | told
 *   |                revoked                 v           revoked                 v       |
 *   '----------------------------------------+-----------------------------------+---> seeking
 *
 * A rebalance only notes what is given; the targets are asked for their positions afterwards, in
 * the poll itself, at once, where a target that is away is an error to return and to ask again
 * after. Only then they are handed to librdkafka (incremental assignment), each at its offset.
 *
 * Threads: the polling thread's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "bus/kafka_consumer.h"

enum {
    publish_interval_us = 100000,
    number_bytes_max = 24,
    seek_ms_max = -1, /* for ever */
};

mr_kafka_part *mr_kafka_part_find(const mr_kafka_consumer *consumer, int32_t number)
{
    for (size_t index = 0; index < consumer->part_count; index++) {
        if (consumer->parts[index].number == number) {
            return &consumer->parts[index];
        }
    }
    return NULL;
}

static void add_part(mr_kafka_consumer *consumer, int32_t number)
{
    if (mr_kafka_part_find(consumer, number) != NULL) {
        return;
    }
    consumer->parts =
        mr_realloc(consumer->parts, (consumer->part_count + 1) * sizeof *consumer->parts);
    consumer->parts[consumer->part_count++] = (mr_kafka_part){
        .number = number, .position = -1, .returned = -1, .ahead = -1, .published = -1};
}

static rd_kafka_topic_partition_list_t *list_one(const mr_kafka_consumer *consumer, int32_t number,
                                                 int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, consumer->topic, number)->offset = offset;
    return list;
}

/* --- Progress of the group ------------------------------------------------------------------ */

static bool part_due(const mr_kafka_part *part)
{
    return part->publish_due && part->published >= 0;
}

/* Behind the last record there may be a hole up to the end: it is taken, too. */
static int64_t publish_offset(const mr_kafka_part *part)
{
    return part->published == part->returned && part->position > part->published ? part->position
                                                                                 : part->published;
}

static void add_progress(const mr_kafka_consumer *consumer, mr_kafka_part *part,
                         rd_kafka_topic_partition_list_t *list)
{
    char now[number_bytes_max];
    rd_kafka_topic_partition_t *item =
        rd_kafka_topic_partition_list_add(list, consumer->topic, part->number);

    (void)snprintf(now, sizeof now, "%" PRId64, mr_now_ms());
    item->offset = publish_offset(part);
    item->metadata = mr_copy_string(now); /* the list frees it */
    item->metadata_size = strlen(now);
    part->publish_due = false;
}

void mr_kafka_publish_due(mr_kafka_consumer *consumer, bool at_once)
{
    int64_t now_us = mr_monotonic_us();
    rd_kafka_topic_partition_list_t *list = NULL;

    if (!consumer->grouped || (!at_once && now_us < consumer->publish_at_us)) {
        return;
    }
    for (size_t index = 0; index < consumer->part_count; index++) {
        if (part_due(&consumer->parts[index])) {
            list = list != NULL ? list : rd_kafka_topic_partition_list_new(8);
            add_progress(consumer, &consumer->parts[index], list);
        }
    }
    if (list != NULL) {
        /* For lag only: what fails to be told now, the next one tells. */
        (void)rd_kafka_commit(consumer->client, list, 1);
        rd_kafka_topic_partition_list_destroy(list);
        consumer->publish_at_us = now_us + publish_interval_us;
    }
}

mr_status mr_kafka_publish(void *state, int32_t partition, int64_t next_offset, mr_err *err)
{
    mr_kafka_consumer *consumer = state;
    mr_kafka_part *part = mr_kafka_part_find(consumer, partition);

    if (!consumer->grouped || next_offset < 0) {
        return mr_fail(err, MR_INVALID,
                       "topic %s: cannot publish offset %lld of partition %d %s a group",
                       consumer->topic_given, (long long)next_offset, partition,
                       consumer->grouped ? "for" : "without");
    }
    if (part != NULL) { /* else it was taken away meanwhile: its new owner publishes */
        part->published = next_offset;
        part->publish_due = true;
        mr_kafka_publish_due(consumer, false);
    }
    return MR_OK;
}

/* --- Rebalancing ---------------------------------------------------------------------------- */

static void fail_callback(mr_kafka_consumer *consumer, rd_kafka_error_t *error, const char *what)
{
    if (error == NULL) {
        return;
    }
    if (consumer->status == MR_OK) {
        consumer->status = mr_fail(&consumer->err, MR_UNAVAILABLE, "topic %s: %s: %s",
                                   consumer->topic_given, what, rd_kafka_error_string(error));
    }
    rd_kafka_error_destroy(error);
}

static void take_away(mr_kafka_consumer *consumer, int32_t number)
{
    mr_kafka_part *part = mr_kafka_part_find(consumer, number);

    if (part == NULL) {
        return;
    }
    mr_kafka_drop_kept(consumer, part);
    *part = consumer->parts[--consumer->part_count];
    if (consumer->options.revoked != NULL && !consumer->closing) {
        consumer->options.revoked(consumer->options.ctx, number);
    }
}

static void take_list_away(mr_kafka_consumer *consumer,
                           const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *placed =
        rd_kafka_topic_partition_list_new(partitions->cnt + 1);

    mr_kafka_publish_due(consumer, true);
    for (int index = 0; index < partitions->cnt; index++) {
        int32_t number = partitions->elems[index].partition;
        const mr_kafka_part *part = mr_kafka_part_find(consumer, number);
        if (part != NULL && part->placed) {
            (void)rd_kafka_topic_partition_list_add(placed, consumer->topic, number);
        }
        take_away(consumer, number);
    }
    fail_callback(consumer, rd_kafka_incremental_unassign(consumer->client, placed),
                  "give up partitions");
    rd_kafka_topic_partition_list_destroy(placed);
}

static void take_all_away(mr_kafka_consumer *consumer)
{
    while (consumer->part_count > 0) {
        take_away(consumer, consumer->parts[0].number);
    }
    (void)rd_kafka_assign(consumer->client, NULL); /* what it holds is void either way */
}

void mr_kafka_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    mr_kafka_consumer *consumer = opaque;

    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        consumer->rebalanced = true;
        for (int index = 0; index < partitions->cnt; index++) {
            add_part(consumer, partitions->elems[index].partition);
        }
        /* Of none yet: each follows when its position is known. */
        rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(1);
        fail_callback(consumer, rd_kafka_incremental_assign(client, none), "take partitions");
        rd_kafka_topic_partition_list_destroy(none);
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        take_list_away(consumer, partitions);
    } else {
        take_all_away(consumer);
    }
}

/* --- Where to read -------------------------------------------------------------------------- */

/* MR_NOT_FOUND: the log does not have the offset (any more). Negative: the first there is. */
static mr_status check_offset(const mr_kafka_consumer *consumer, int32_t number, int64_t *offset,
                              mr_err *err)
{
    mr_kafka_bounds bounds = {0, 0};
    mr_status st = mr_kafka_read_bounds(consumer->client, consumer->topic, number, &bounds, err);

    if (st != MR_OK) {
        return st;
    }
    if (*offset < 0) {
        *offset = bounds.first_offset;
    }
    if (*offset < bounds.first_offset) {
        return mr_fail(err, MR_NOT_FOUND,
                       "topic %s/%d: offset %lld was removed by retention; the first there is, is "
                       "%lld",
                       consumer->topic_given, number, (long long)*offset,
                       (long long)bounds.first_offset);
    }
    if (*offset > bounds.next_offset) {
        return mr_fail(err, MR_NOT_FOUND,
                       "topic %s/%d: offset %lld lies beyond the end, the next record gets %lld; "
                       "was the topic made anew?",
                       consumer->topic_given, number, (long long)*offset,
                       (long long)bounds.next_offset);
    }
    return MR_OK;
}

static void go_to(mr_kafka_consumer *consumer, mr_kafka_part *part, int64_t offset)
{
    part->position = offset;
    mr_kafka_drop_kept(consumer, part);
    part->returned = offset;
}

/* Hands it to librdkafka, which reads from where it was located. */
static mr_status begin_reading(mr_kafka_consumer *consumer, mr_kafka_part *part, mr_err *err)
{
    rd_kafka_topic_partition_list_t *list = list_one(consumer, part->number, part->position);
    rd_kafka_error_t *error = rd_kafka_incremental_assign(consumer->client, list);
    mr_status st = MR_OK;

    rd_kafka_topic_partition_list_destroy(list);
    part->located = false; /* if it failed, it is asked for anew */
    if (error != NULL) {
        st = mr_fail(err, MR_UNAVAILABLE, "topic %s/%d: begin to read: %s", consumer->topic_given,
                     part->number, rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        return st;
    }
    part->placed = true;
    part->published = part->position; /* that is where the target stands */
    part->publish_due = true;
    return MR_OK;
}

static mr_status place(mr_kafka_consumer *consumer, mr_kafka_part *part, int64_t offset,
                       mr_err *err)
{
    mr_status st = check_offset(consumer, part->number, &offset, err);

    if (st != MR_OK) {
        return st;
    }
    go_to(consumer, part, offset);
    return begin_reading(consumer, part, err);
}

/* A partition that was just handed over may not be ready for it: the next poll tries again. What it
 * waits for is a thread of this process, not the cluster; librdkafka 2.0 takes any bound given for
 * microseconds (its pull request 4230), and a bound that runs out leaves its state unknown. */
static mr_status tell_seek(mr_kafka_consumer *consumer, mr_kafka_part *part, mr_err *err)
{
    rd_kafka_topic_partition_list_t *list = list_one(consumer, part->number, part->position);
    rd_kafka_error_t *error = rd_kafka_seek_partitions(consumer->client, list, seek_ms_max);
    rd_kafka_resp_err_t code = error != NULL ? rd_kafka_error_code(error) : list->elems[0].err;

    rd_kafka_topic_partition_list_destroy(list);
    if (error != NULL) {
        rd_kafka_error_destroy(error);
    }
    part->seeking = code != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!part->seeking || code == RD_KAFKA_RESP_ERR__STATE ||
        code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS) {
        return MR_OK;
    }
    return mr_kafka_fail(err, code, "topic %s/%d: go to offset %lld", consumer->topic_given,
                         part->number, (long long)part->position);
}

void mr_kafka_unplace(mr_kafka_consumer *consumer, int32_t partition)
{
    mr_kafka_part *part = mr_kafka_part_find(consumer, partition);

    if (part != NULL && part->placed) {
        rd_kafka_topic_partition_list_t *list = list_one(consumer, partition, part->position);
        fail_callback(consumer, rd_kafka_incremental_unassign(consumer->client, list),
                      "give up a partition");
        rd_kafka_topic_partition_list_destroy(list);
        part->placed = false;
        part->seeking = false;
        mr_kafka_drop_kept(consumer, part);
    }
}

/* Without a group: the partitions asked for, or all there are now. */
static mr_status list_parts(mr_kafka_consumer *consumer, mr_err *err)
{
    const mr_bus_consumer_options *options = &consumer->options;
    int32_t count = 0;
    mr_status st = MR_OK;

    for (size_t index = 0; index < options->partition_count; index++) {
        add_part(consumer, options->partitions[index]);
    }
    if (options->partitions == NULL) {
        st = mr_kafka_partition_count(consumer->log, consumer->topic, &count, err);
    }
    for (int32_t number = 0; st == MR_OK && number < count; number++) {
        add_part(consumer, number);
    }
    consumer->listed = st == MR_OK;
    return st;
}

/* Asks target and log where it begins. */
static mr_status locate(mr_kafka_consumer *consumer, mr_kafka_part *part, mr_err *err)
{
    const mr_bus_consumer_options *options = &consumer->options;
    int64_t offset = -1;
    mr_status st = MR_OK;

    if (options->position != NULL) {
        st = options->position(options->ctx, part->number, &offset, err);
    }
    if (st == MR_OK) {
        st = check_offset(consumer, part->number, &offset, err);
    }
    if (st == MR_OK) {
        go_to(consumer, part, offset);
        part->located = true;
    }
    return st;
}

bool mr_kafka_assign_pending(const mr_kafka_consumer *consumer)
{
    for (size_t index = 0; index < consumer->part_count; index++) {
        if (!consumer->parts[index].placed) {
            return true;
        }
    }
    return false;
}

/* All are located before the first is read: a broker answers a connection's requests one after the
 * other, so once there is nothing to fetch each question would wait for fetch.wait.max.ms. */
mr_status mr_kafka_assign_settle(mr_kafka_consumer *consumer, mr_err *err)
{
    mr_status st = MR_OK;

    if (!consumer->grouped && !consumer->listed) {
        st = list_parts(consumer, err);
    }
    for (size_t index = 0; st == MR_OK && index < consumer->part_count; index++) {
        mr_kafka_part *part = &consumer->parts[index];
        if (part->seeking) {
            st = tell_seek(consumer, part, err);
        } else if (!part->placed && !part->located) {
            st = locate(consumer, part, err);
        }
    }
    for (size_t index = 0; st == MR_OK && index < consumer->part_count; index++) {
        if (consumer->parts[index].located) {
            st = begin_reading(consumer, &consumer->parts[index], err);
        }
    }
    return st;
}

mr_status mr_kafka_seek(void *state, int32_t partition, int64_t offset, mr_err *err)
{
    mr_kafka_consumer *consumer = state;
    mr_status st = MR_OK;

    if (!consumer->grouped && !consumer->listed) {
        st = list_parts(consumer, err);
    }
    if (st != MR_OK) {
        return st;
    }
    mr_kafka_part *part = mr_kafka_part_find(consumer, partition);
    if (part == NULL) {
        return mr_fail(err, MR_INVALID, "topic %s: partition %d is not this consumer's to read",
                       consumer->topic_given, partition);
    }
    if (!part->placed) {
        return place(consumer, part, offset, err);
    }
    st = check_offset(consumer, partition, &offset, err);
    if (st != MR_OK) {
        return st;
    }
    go_to(consumer, part, offset);
    return tell_seek(consumer, part, err);
}

mr_status mr_kafka_position(void *state, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const mr_kafka_consumer *consumer = state;
    const mr_kafka_part *part = mr_kafka_part_find(consumer, partition);

    if (part == NULL || !part->placed) {
        return mr_fail(err, MR_NOT_FOUND, "topic %s: partition %d is not being read",
                       consumer->topic_given, partition);
    }
    *ret_offset = part->position;
    return MR_OK;
}
