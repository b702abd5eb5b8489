/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_consumer.c - a consumer: polls librdkafka, and returns what came of one partition.
 *
 * Owns:       a client of librdkafka, and the messages of the last poll until the next one.
 * Threads:    the polling thread's, but for `woken` and wake_fd, which wake() touches.
 * Invariants: (1) a poll's messages are of one partition, in offset order, and of committed
 *             transactions alone; (2) none comes from below `position`, nor of a partition that was
 *             taken away; (3) offsets may have holes (the ends of transactions), positions move
 *             over them.
 * Not here:   which partitions, and from where (kafka_assign.c); what waits for a later poll
 *             (kafka_kept.c).
 *
 * Messages are taken one by one: of librdkafka 2.0, the call that takes many loses some when a
 * rebalance or a seek comes between. It wakes us through an eventfd, as wake() does, which is why
 * a signal handler may call that.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/log.h"
#include "bus/kafka_consumer.h"

enum {
    recheck_ms_max = 1000, /* of what may be due: progress to publish, a seek to be told again */
    first_assignment_ms_max = 3000,
    retry_ms = 20, /* a partition just handed over is ready for a seek soon */
    refetch_ms_max = 200,
    number_bytes_max = 24,
};

static const char patient_fetch_bytes[] = "131072";

/* --- Opening and closing -------------------------------------------------------------------- */

static mr_status make_client(mr_kafka_consumer *consumer, mr_err *err)
{
    char group[mr_kafka_name_bytes_max + 1];
    rd_kafka_conf_t *conf = mr_kafka_conf(consumer->log, consumer);

    mr_kafka_group_name(consumer->log, consumer->grouped ? consumer->options.group : "look", group);
    mr_kafka_conf_set(conf, "group.id", group);
    mr_kafka_conf_set(conf, "enable.auto.commit", "false");
    mr_kafka_conf_set(conf, "enable.auto.offset.store", "false");
    mr_kafka_conf_set(conf, "auto.offset.reset", "error");
    mr_kafka_conf_set(conf, "enable.partition.eof", "true");
    mr_kafka_conf_set(conf, "isolation.level", "read_committed");
    mr_kafka_conf_set(conf, "partition.assignment.strategy", "cooperative-sticky");
    if (consumer->options.patient) { /* or whatever is there after fetch.wait.max.ms */
        mr_kafka_conf_set(conf, "fetch.min.bytes", patient_fetch_bytes);
    }
    if (consumer->grouped) {
        rd_kafka_conf_set_rebalance_cb(conf, mr_kafka_rebalance);
    }
    return mr_kafka_client(consumer->log, RD_KAFKA_CONSUMER, conf, "a consumer of Kafka",
                           &consumer->client, err);
}

static mr_status subscribe(mr_kafka_consumer *consumer, mr_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    (void)rd_kafka_topic_partition_list_add(list, consumer->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? MR_OK
               : mr_kafka_fail(err, code, "subscribe to %s", consumer->topic_given);
}

static void enable_wake(const mr_kafka_consumer *consumer)
{
    uint64_t one = 1; /* what an eventfd takes */
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer->client);

    rd_kafka_queue_io_event_enable(queue, consumer->wake_fd, &one, sizeof one);
    rd_kafka_queue_destroy(queue); /* our reference to it */
}

static uint64_t read_ahead_bytes(const mr_kafka *log)
{
    char text[number_bytes_max];
    size_t bytes = sizeof text;
    uint64_t kbytes = 0;
    rd_kafka_conf_res_t result =
        rd_kafka_conf_get(log->conf, "queued.max.messages.kbytes", text, &bytes);

    MR_ASSERT(result == RD_KAFKA_CONF_OK); /* it has had that name since its version 0.8 */
    MR_ASSERT(mr_parse_uint64(mr_text_of(text), INT32_MAX, &kbytes));
    return kbytes * 1024;
}

static mr_status connect_consumer(mr_kafka_consumer *consumer, mr_err *err)
{
    consumer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (consumer->wake_fd < 0) {
        return mr_fail_errno(err, errno, "topic %s: open a descriptor for events",
                             consumer->topic_given);
    }
    mr_status st = make_client(consumer, err);
    if (st != MR_OK) {
        return st;
    }
    (void)rd_kafka_poll_set_consumer(consumer->client); /* one queue for all that comes */
    enable_wake(consumer);
    return consumer->grouped ? subscribe(consumer, err) : MR_OK;
}

mr_status mr_kafka_consumer_open(void *state, const mr_bus_consumer_options *options,
                                 void **ret_consumer, mr_err *err)
{
    mr_kafka *log = state;
    mr_status st = mr_kafka_topic_ensure(log, options->topic, err);

    if (st != MR_OK) {
        return st;
    }
    mr_kafka_consumer *opened = mr_alloc_zero(1, sizeof *opened);
    opened->log = log;
    opened->wake_fd = -1;
    opened->grouped = options->group != NULL;
    opened->ahead_bytes_max = read_ahead_bytes(log);
    opened->options = *options;
    opened->topic_given = mr_copy_string(options->topic);
    mr_kafka_topic_name(log, options->topic, opened->topic);
    if (options->partitions != NULL) {
        size_t bytes = options->partition_count * sizeof *options->partitions;
        opened->wanted = mr_alloc(bytes + 1); /* of none, too */
        memcpy(opened->wanted, options->partitions, bytes);
        opened->options.partitions = opened->wanted;
    }
    atomic_init(&opened->woken, false);
    opened->messages = mr_alloc_zero(options->messages_max, sizeof *opened->messages);
    opened->taken = mr_alloc_zero(options->messages_max, sizeof(rd_kafka_message_t *));
    st = connect_consumer(opened, err);
    /* The caller's strings are borrowed no longer. */
    opened->options.topic = opened->topic_given;
    opened->options.group = NULL;
    if (st != MR_OK) {
        mr_kafka_consumer_close(opened);
        return st;
    }
    *ret_consumer = opened;
    return MR_OK;
}

static void release_messages(mr_kafka_consumer *consumer)
{
    for (size_t index = 0; index < consumer->count; index++) {
        rd_kafka_message_destroy(consumer->taken[index]);
    }
    consumer->count = 0;
    consumer->bytes = 0;
}

/* librdkafka before 2.3 aborts when a client is destroyed that has joined its group and was not
 * assigned anything yet, not even nothing (its issue 4312). */
static void await_first_assignment(mr_kafka_consumer *consumer)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)first_assignment_ms_max * 1000;

    while (consumer->grouped && !consumer->rebalanced && mr_monotonic_us() < deadline_us) {
        char *member = rd_kafka_memberid(consumer->client);
        bool joining = member != NULL && member[0] != '\0';
        if (member != NULL) {
            rd_kafka_mem_free(consumer->client, member);
        }
        if (!joining) {
            break;
        }
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->client, recheck_ms_max / 10);
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
    }
}

static void close_client(mr_kafka_consumer *consumer)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer->client);

    consumer->closing = true;
    await_first_assignment(consumer);
    mr_kafka_publish_due(consumer, true);
    (void)rd_kafka_consumer_close(consumer->client); /* fails only where there is no group */
    if (queue != NULL) {
        rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
        rd_kafka_queue_destroy(queue); /* our reference to it */
    }
    if (!consumer->grouped || consumer->rebalanced) {
        rd_kafka_destroy(consumer->client);
    } /* else it is closed, and left for the process to take with it: see above */
}

void mr_kafka_consumer_close(void *state)
{
    mr_kafka_consumer *consumer = state;

    release_messages(consumer);
    for (size_t index = 0; index < consumer->part_count; index++) {
        mr_kafka_drop_kept(consumer, &consumer->parts[index]);
    }
    if (consumer->client != NULL) {
        close_client(consumer);
    }
    if (consumer->wake_fd >= 0) {
        (void)close(consumer->wake_fd); /* nothing is kept in it */
    }
    free(consumer->parts);
    free(consumer->wanted);
    free(consumer->messages);
    free(consumer->taken);
    free(consumer->topic_given);
    free(consumer);
}

/* --- Taking messages ------------------------------------------------------------------------ */

static void note_end(mr_kafka_consumer *consumer, const rd_kafka_message_t *message)
{
    mr_kafka_part *part = mr_kafka_part_find(consumer, message->partition);

    if (part == NULL || part->seeking || message->offset <= part->ahead) {
        return;
    }
    part->ahead = message->offset;
    if (part->kept.count == 0) { /* else it moves when the last of them is taken */
        part->position = part->ahead;
        part->publish_due = part->publish_due || part->published == part->returned;
        consumer->moved = true;
    }
}

static mr_status fail_message(mr_kafka_consumer *consumer, const rd_kafka_message_t *message,
                              mr_err *err)
{
    char text[mr_err_message_bytes_max];

    if (message->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
        mr_log_warn("kafka: topic %s: polled too late, the group went on without this consumer; it "
                    "joins again",
                    consumer->topic_given);
        return MR_OK;
    }
    if (message->err == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(consumer->client, text, sizeof text);
        mr_status st = mr_fail(err, MR_IO, "topic %s: %s; this consumer is of no use any more",
                               consumer->topic_given, text);
        err->action = MR_HALT; /* a new process begins afresh */
        return st;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        mr_kafka_unplace(consumer, message->partition);
    }
    return mr_kafka_fail(err, message->err, "topic %s/%d: read offset %lld", consumer->topic_given,
                         message->partition, (long long)message->offset);
}

/* Takes one from librdkafka: to its partition's queue, or for what it tells. *ret_more false: there
 * is none. */
static mr_status take_next(mr_kafka_consumer *consumer, bool *ret_more, mr_err *err)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->client, 0);
    mr_status st = MR_OK;

    if (message == NULL) {
        *ret_more = false;
        return MR_OK;
    }
    mr_kafka_part *part = mr_kafka_part_find(consumer, message->partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        note_end(consumer, message);
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        st = fail_message(consumer, message, err);
    } else if (part != NULL && !part->seeking && message->offset >= part->ahead) {
        consumer->drained_bytes += message->key_len + message->len;
        mr_kafka_keep(consumer, part, message);
        return MR_OK;
    } /* else it was left in a queue when its partition was taken away, or read from elsewhere */
    rd_kafka_message_destroy(message);
    return st;
}

static mr_status gather(mr_kafka_consumer *consumer, mr_err *err)
{
    bool more = true;
    mr_status st = MR_OK;
    mr_err own;

    while (more && st == MR_OK && consumer->status == MR_OK && mr_kafka_may_keep(consumer)) {
        st = take_next(consumer, &more, &own);
    }
    mr_kafka_take_kept(consumer);
    if (st == MR_OK && consumer->status != MR_OK && consumer->count == 0) {
        st = consumer->status; /* of a callback, or of an earlier poll */
        own = consumer->err;
        consumer->status = MR_OK;
    }
    if (st != MR_OK && consumer->count > 0) { /* what is good goes out first */
        consumer->status = st;
        consumer->err = own;
        return MR_OK;
    }
    if (st != MR_OK && err != NULL) {
        *err = own;
    }
    return st;
}

/* Once librdkafka holds as much as it may, its thread sleeps; before version 2.2 it then looks
 * again whether there is room when something wakes it, or after a second, in which the sink would
 * run dry. Any question to the partitions' brokers wakes it. Asked every time half of what it may
 * hold was taken, there is always enough left to go on with. */
static void keep_fetching(mr_kafka_consumer *consumer)
{
    if (consumer->drained_bytes < consumer->ahead_bytes_max / 2) {
        return;
    }
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)consumer->part_count + 1);
    for (size_t index = 0; index < consumer->part_count; index++) {
        if (consumer->parts[index].placed) {
            rd_kafka_topic_partition_list_add(list, consumer->topic, consumer->parts[index].number)
                ->offset = RD_KAFKA_OFFSET_END;
        }
    }
    consumer->drained_bytes = 0;
    if (list->cnt > 0) { /* what they answer, and whether, does not matter */
        (void)rd_kafka_offsets_for_times(consumer->client, list, refetch_ms_max);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- Polling -------------------------------------------------------------------------------- */

static int wait_ms(const mr_kafka_consumer *consumer, int64_t left_us)
{
    int ms = recheck_ms_max;

    for (size_t index = 0; index < consumer->part_count; index++) {
        const mr_kafka_part *part = &consumer->parts[index];
        if (part->seeking || part->publish_due) {
            ms = retry_ms;
        }
    }
    return left_us / 1000 < ms ? (int)(left_us / 1000) + 1 : ms;
}

static void clear_wake(const mr_kafka_consumer *consumer)
{
    uint64_t count = 0;
    /* Nothing to read is as good: it was not written since. */
    ssize_t bytes = read(consumer->wake_fd, &count, sizeof count);
    (void)bytes;
}

static void await_wake(const mr_kafka_consumer *consumer, int64_t left_us)
{
    struct pollfd waits = {.fd = consumer->wake_fd, .events = POLLIN};
    /* Woken, timed out or interrupted: look again. */
    (void)poll(&waits, 1, wait_ms(consumer, left_us));
}

mr_status mr_kafka_poll(void *state, uint32_t timeout_ms, const mr_bus_message **ret_messages,
                        size_t *ret_count, mr_err *err)
{
    mr_kafka_consumer *consumer = state;
    int64_t deadline_us = mr_monotonic_us() + (int64_t)timeout_ms * 1000;

    release_messages(consumer);
    consumer->moved = false;
    mr_kafka_renew_login(consumer->log, consumer->client, &consumer->login_seen);
    for (;;) {
        clear_wake(consumer);
        if (atomic_exchange(&consumer->woken, false)) {
            return mr_fail(err, MR_STOPPED, "topic %s: the poll was ended", consumer->topic_given);
        }
        mr_status st = mr_kafka_assign_settle(consumer, err);
        if (st == MR_OK) {
            st = gather(consumer, err);
        }
        mr_kafka_publish_due(consumer, false);
        if (st != MR_OK) {
            return st;
        }
        int64_t left_us = deadline_us - mr_monotonic_us();
        if (consumer->count > 0 || consumer->moved || left_us <= 0) {
            break;
        }
        if (!mr_kafka_assign_pending(consumer)) { /* else nothing would wake us for it */
            await_wake(consumer, left_us);
        }
    }
    keep_fetching(consumer);
    *ret_messages = consumer->messages;
    *ret_count = consumer->count;
    return MR_OK;
}

void mr_kafka_wake(void *state)
{
    mr_kafka_consumer *consumer = state;
    uint64_t one = 1;
    int saved = errno;

    atomic_store(&consumer->woken, true);
    /* Fails only when it is about to overflow, and then it is readable already. */
    ssize_t bytes = write(consumer->wake_fd, &one, sizeof one);
    (void)bytes;
    errno = saved;
}
