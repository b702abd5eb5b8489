/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_topic.c - making topics.
 *
 * A topic of records keeps them for MILLRACE_LOG_RETENTION and stamps them with the broker's time;
 * from three copies on, two must have a record before it counts as durable. A topic of marks is
 * compacted: its last record of each key is kept for ever.
 *
 * Called by:  producers and consumers as they open, commands. Blocks.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "base/civil.h"
#include "bus/kafka.h"

enum {
    default_partitions = -1,
    appear_ms_max = 10000, /* until every broker knows of a new topic */
    appear_look_ms = 20,
    again_ms = 200, /* after an error that passes */
    safe_copies_min = 3,
    number_bytes_max = 24,
};

static const char marks_start[] = "millrace-marks.";

bool mr_kafka_is_marks_name(const mr_kafka *log, const char *name)
{
    size_t prefix_bytes = strlen(log->prefix);

    return strncmp(name, log->prefix, prefix_bytes) == 0 &&
           strncmp(name + prefix_bytes, marks_start, sizeof marks_start - 1) == 0;
}

static void set_config(rd_kafka_NewTopic_t *topic, const char *name, const char *value)
{
    /* Refused only for a NULL: what is wrong with a value, the broker says. */
    (void)rd_kafka_NewTopic_set_config(topic, name, value);
}

static void set_record_configs(const mr_kafka *log, rd_kafka_NewTopic_t *topic, int32_t partitions,
                               int32_t replication)
{
    char number[number_bytes_max] = "-1";

    if (log->retention_ms > 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, log->retention_ms);
    }
    set_config(topic, "retention.ms", number);
    if (log->retention_bytes > 0) { /* Kafka's is a partition's, ours a topic's */
        uint64_t share = log->retention_bytes / (uint64_t)(partitions > 0 ? partitions : 1);
        (void)snprintf(number, sizeof number, "%" PRIu64, share > 0 ? share : 1);
        set_config(topic, "retention.bytes", number);
    }
    set_config(topic, "message.timestamp.type", "LogAppendTime");
    set_config(topic, "max.message.bytes", "2097152");
    if (replication >= safe_copies_min) {
        set_config(topic, "min.insync.replicas", "2");
    }
}

static void set_marks_configs(rd_kafka_NewTopic_t *topic, int32_t replication)
{
    set_config(topic, "cleanup.policy", "compact");
    set_config(topic, "segment.bytes", "16777216");
    if (replication >= safe_copies_min) {
        set_config(topic, "min.insync.replicas", "2");
    }
}

/* --- Asking for it -------------------------------------------------------------------------- */

/* Brokers that have just started are fenced for a moment, and then nothing can be placed: told as
 * if the number of copies were wrong. */
static bool is_passing(rd_kafka_resp_err_t code, const char *text)
{
    return code == RD_KAFKA_RESP_ERR_NOT_CONTROLLER ||
           (code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR && text != NULL &&
            strstr(text, "fenced") != NULL);
}

static mr_status check_topics(const rd_kafka_topic_result_t **topics, size_t count,
                              bool *ret_passing, mr_err *err)
{
    for (size_t index = 0; index < count; index++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(topics[index]);
        const char *text = rd_kafka_topic_result_error_string(topics[index]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            *ret_passing = is_passing(code, text);
            return mr_fail(err, *ret_passing ? MR_UNAVAILABLE : mr_kafka_status(code),
                           "topic %s: %s", rd_kafka_topic_result_name(topics[index]),
                           text != NULL ? text : rd_kafka_err2str(code));
        }
    }
    return MR_OK;
}

static mr_status check_answer(rd_kafka_event_t *answer, const char *name, bool *ret_passing,
                              mr_err *err)
{
    const rd_kafka_topic_result_t **topics = NULL;
    size_t count = 0;

    if (answer == NULL) {
        return mr_fail(err, MR_UNAVAILABLE, "topic %s: Kafka did not answer within %d ms", name,
                       mr_kafka_change_ms_max);
    }
    if (rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_fail(err, rd_kafka_event_error(answer), "topic %s: make it", name);
    }
    if (rd_kafka_event_type(answer) == RD_KAFKA_EVENT_CREATETOPICS_RESULT) {
        topics =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
    } else {
        topics = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(answer), &count);
    }
    return check_topics(topics, count, ret_passing, err);
}

typedef void (*send_request)(mr_kafka *log, void *request, rd_kafka_queue_t *queue);

static void send_create(mr_kafka *log, void *request, rd_kafka_queue_t *queue)
{
    rd_kafka_NewTopic_t *topic = request;
    rd_kafka_CreateTopics(log->client, &topic, 1, NULL, queue);
}

static void send_grow(mr_kafka *log, void *request, rd_kafka_queue_t *queue)
{
    rd_kafka_NewPartitions_t *partitions = request;
    rd_kafka_CreatePartitions(log->client, &partitions, 1, NULL, queue);
}

static mr_status ask_once(mr_kafka *log, send_request send, void *request, const char *name,
                          bool *ret_passing, mr_err *err)
{
    mr_status st = mr_kafka_look_begin(log, err);

    if (st != MR_OK) {
        return st;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    send(log, request, queue);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, mr_kafka_change_ms_max);
    st = check_answer(answer, name, ret_passing, err);
    if (answer != NULL) {
        rd_kafka_event_destroy(answer);
    }
    rd_kafka_queue_destroy(queue);
    mr_kafka_look_end(log);
    return st;
}

static mr_status ask(mr_kafka *log, send_request send, void *request, const char *name, mr_err *err)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)mr_kafka_change_ms_max * 1000;

    for (;;) {
        bool passing = false;
        mr_status st = ask_once(log, send, request, name, &passing, err);
        if (!passing || mr_monotonic_us() > deadline_us) {
            return st;
        }
        (void)poll(NULL, 0, again_ms); /* nothing tells when it is over */
    }
}

/* Nothing tells when the brokers have heard of it; until then they deny that it exists. A broker
 * names itself a partition's leader a moment before it takes anything for it. */
static mr_status await_topic(mr_kafka *log, const char *name, int32_t partitions, mr_err *err)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)appear_ms_max * 1000;
    int32_t count = 0;
    mr_status st = mr_kafka_partition_count(log, name, &count, err);

    while (st == MR_OK && (count == 0 || count < partitions)) {
        if (mr_monotonic_us() > deadline_us) {
            return mr_fail(err, MR_UNAVAILABLE,
                           "topic %s was made, but did not appear within %d ms", name,
                           appear_ms_max);
        }
        (void)poll(NULL, 0, appear_look_ms);
        st = mr_kafka_partition_count(log, name, &count, err);
    }
    return st == MR_OK ? mr_kafka_await_leaders(log, name, count, err) : st;
}

static mr_status create(mr_kafka *log, const char *name, int32_t partitions, int32_t replication,
                        bool marks, mr_err *err)
{
    char reason[256];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(name, partitions, replication, reason, sizeof reason);

    if (topic == NULL) {
        return mr_fail(err, MR_INVALID, "topic %s with %d partitions, %d copies of each: %s", name,
                       partitions, replication, reason);
    }
    if (marks) {
        set_marks_configs(topic, replication);
    } else {
        set_record_configs(log, topic, partitions, replication);
    }
    mr_status st = ask(log, send_create, topic, name, err);
    rd_kafka_NewTopic_destroy(topic);
    return st == MR_OK ? await_topic(log, name, partitions, err) : st;
}

mr_status mr_kafka_topic_create(void *state, const char *topic, int32_t partitions,
                                int32_t replication, mr_err *err)
{
    mr_kafka *log = state;
    char name[mr_kafka_name_bytes_max + 1];

    mr_kafka_topic_name(log, topic, name);
    return create(log, name, partitions > 0 ? partitions : log->partitions,
                  replication > 0 ? replication : log->replication, false, err);
}

/* --- When it is missing --------------------------------------------------------------------- */

mr_status mr_kafka_topic_ensure(mr_kafka *log, const char *topic, mr_err *err)
{
    char name[mr_kafka_name_bytes_max + 1];
    int32_t count = 0;

    mr_kafka_topic_name(log, topic, name);
    mr_status st = mr_kafka_partition_count(log, name, &count, err);
    if (st != MR_OK || count > 0) {
        return st;
    }
    if (!log->create_topics) {
        return mr_fail(err, MR_NOT_FOUND,
                       "topic %s does not exist at %s; make it with `millrace topic create %s`, or "
                       "set MILLRACE_KAFKA_CREATE_TOPICS=on",
                       name, log->brokers, topic);
    }
    st = mr_kafka_topic_create(log, topic, 0, 0, err);
    return st == MR_EXISTS ? await_topic(log, name, default_partitions, err) : st;
}

static mr_status grow(mr_kafka *log, const char *name, int32_t partitions, mr_err *err)
{
    char reason[256];
    rd_kafka_NewPartitions_t *request =
        rd_kafka_NewPartitions_new(name, (size_t)partitions, reason, sizeof reason);

    if (request == NULL) {
        return mr_fail(err, MR_INVALID, "topic %s: %d partitions: %s", name, partitions, reason);
    }
    mr_status st = ask(log, send_grow, request, name, err);
    rd_kafka_NewPartitions_destroy(request);
    /* Another writer may have been first, with as many or more. */
    return st == MR_OK || st == MR_INVALID ? await_topic(log, name, partitions, err) : st;
}

mr_status mr_kafka_marks_ensure(mr_kafka *log, const char *name, int32_t partitions, mr_err *err)
{
    int32_t count = 0;
    mr_status st = mr_kafka_partition_count(log, name, &count, err);

    if (st != MR_OK || count >= partitions) {
        return st;
    }
    if (!log->create_topics) {
        return mr_fail(err, MR_NOT_FOUND,
                       "topic %s (compacted, %d partitions or more) is needed at %s; make it, or "
                       "set MILLRACE_KAFKA_CREATE_TOPICS=on",
                       name, partitions, log->brokers);
    }
    if (count > 0) {
        return grow(log, name, partitions, err);
    }
    st = create(log, name, partitions, log->replication, true, err);
    return st == MR_EXISTS ? await_topic(log, name, partitions, err) : st;
}
