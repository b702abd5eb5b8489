/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_marks.c - records with a mark: one transaction, one writer at a time a source
 * partition.
 *
 * Where a mark is kept: in a compacted topic of its own for each (group, source, target),
 *
 *     <prefix>millrace-marks.<group>.<source>.<target>, partition p = partition p of the source,
 *
 * as the last committed record there: the next offset in digits. Not as the offset of a consumer
 * group: the cluster forgets those of a group that has been quiet for a week, and with it that the
 * records were written.
 *
 * The transactional id names (target, group, source, partition), so that Kafka allows one writer of
 * a mark at a time. Compare-and-set follows: to open a writer ends the transaction of the one
 * before it, whichever way, and shuts it out (init_transactions); then the mark is read, and nobody
 * but this writer moves it until another one opens, which this one learns with its next
 * transaction.
 *
 *            open: fence, read the mark             fenced: MR_EXISTS
 *     none ------------------------------> ready ---------------------> none
 *      ^                                   |   ^ committed, or aborted
 *      |  outcome not known, fatal         v   |
 *      +------------------------------ transaction
 *
 * Owns:       the writers, each a transactional client of librdkafka.
 * Threads:    any; appends are serialised by `lock`, which is held over the transaction.
 * Invariants: (1) a writer's `stands_at` is the mark while the writer is not fenced;
 *             (2) when an append returns, no record of its batch is in librdkafka's hands.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "bus/kafka.h"

enum {
    writers_max = 256, /* of one producer; the one longest unused gives way */
    id_bytes_max = 512,
    purge_polls_max = 100,
    purge_poll_ms = 100,
};

typedef struct marks_writer {
    char *id; /* transactional */
    const mr_kafka *log;
    rd_kafka_t *client;
    uint64_t login_seen;
    rd_kafka_topic_t *target;
    rd_kafka_topic_t *marks;
    int32_t partition;
    bool found; /* the mark was set, ever */
    int64_t stands_at;
    int64_t used_us;
    size_t failed; /* reports of the transaction under way */
    rd_kafka_resp_err_t failure;
} marks_writer;

struct mr_kafka_marks {
    mr_kafka *log;
    char topic[mr_kafka_name_bytes_max + 1]; /* the target, by the cluster's name */
    char *topic_given;
    pthread_mutex_t lock;
    marks_writer **writers; /* guarded by lock */
    size_t count;
};

static mr_status marks_name(const mr_kafka *log, const char *group, const char *source,
                            const char *target, char ret_name[static mr_kafka_name_bytes_max + 1],
                            mr_err *err)
{
    int bytes = snprintf(ret_name, mr_kafka_name_bytes_max + 1, "%smillrace-marks.%s.%s.%s",
                         log->prefix, group, source, target);

    if (bytes < 0 || bytes > mr_kafka_name_bytes_max) {
        return mr_fail(err, MR_INVALID,
                       "marks of group %s over %s in %s: the names are too long together; a topic "
                       "of Kafka has at most %d characters",
                       group, source, target, mr_kafka_name_bytes_max);
    }
    return MR_OK;
}

/* --- Reading -------------------------------------------------------------------------------- */

static mr_status read_mark(mr_kafka *log, const char *name, int32_t partition, bool *ret_found,
                           int64_t *ret_offset, mr_err *err)
{
    char value[mr_kafka_value_bytes_max];
    int64_t offset = 0;
    bool found = false;
    mr_status st = mr_kafka_read_last(log, name, partition, &found, value, err);

    if (st == MR_OK && found && (!mr_parse_int64(mr_text_of(value), &offset) || offset < 0)) {
        st = mr_fail(err, MR_CORRUPT, "topic %s: the mark of partition %d is '%s', no offset", name,
                     partition, value);
    }
    if (st == MR_OK) {
        *ret_found = found;
        *ret_offset = found ? offset : 0;
    }
    return st;
}

/* May miss a transaction that is just being ended; an append on the strength of it is refused. */
mr_status mr_kafka_mark_read(void *state, const char *target_topic, const char *group,
                             const char *topic, int32_t partition, int64_t *ret_next_offset,
                             mr_err *err)
{
    mr_kafka *log = state;
    char name[mr_kafka_name_bytes_max + 1];
    int32_t count = 0;
    int64_t offset = 0;
    bool found = false;
    mr_status st = marks_name(log, group, topic, target_topic, name, err);

    if (st == MR_OK) {
        st = mr_kafka_partition_count(log, name, &count, err);
    }
    if (st == MR_OK && partition < count) {
        st = read_mark(log, name, partition, &found, &offset, err);
    }
    if (st == MR_OK && !found) {
        st = mr_fail(err, MR_NOT_FOUND, "topic %s holds no mark of group %s over %s/%d",
                     target_topic, group, topic, partition);
    }
    if (st == MR_OK) {
        *ret_next_offset = offset;
    }
    return st;
}

/* --- A writer ------------------------------------------------------------------------------- */

static void note_report(rd_kafka_t *client, const rd_kafka_message_t *report, void *opaque)
{
    marks_writer *writer = opaque;
    mr_batch_slot *slot = report->_private; /* NULL: the mark itself */
    mr_batch_slot nowhere;
    mr_status status = MR_OK;
    rd_kafka_resp_err_t code =
        mr_kafka_read_report(report, slot != NULL ? slot : &nowhere, &status);

    (void)client; /* the writer has it */
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        bool guessed = writer->failure == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE;
        writer->failure = writer->failed > 0 && guessed ? writer->failure : code;
        writer->failed++;
    }
}

static void destroy_writer(marks_writer *writer)
{
    if (writer->client != NULL) {
        (void)rd_kafka_purge(writer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        for (int round = 0; round < purge_polls_max && rd_kafka_outq_len(writer->client) > 0;
             round++) {
            (void)rd_kafka_poll(writer->client, purge_poll_ms); /* what is purged is reported */
        }
        if (writer->target != NULL) {
            rd_kafka_topic_destroy(writer->target);
        }
        if (writer->marks != NULL) {
            rd_kafka_topic_destroy(writer->marks);
        }
        rd_kafka_destroy(writer->client); /* waits for its threads: none reads the batch now */
    }
    free(writer->id);
    free(writer);
}

static mr_status fail_transaction(mr_err *err, rd_kafka_error_t *error, const char *id,
                                  const char *step)
{
    mr_status st = mr_kafka_status(rd_kafka_error_code(error));

    if (st == MR_EXISTS) {
        st = mr_fail(err, st, "%s: %s: another writer has taken over (%s)", id, step,
                     rd_kafka_error_string(error));
    } else { /* of the cluster's state, not of the records: try again */
        st = mr_fail(err, MR_UNAVAILABLE, "%s: %s: %s", id, step, rd_kafka_error_string(error));
    }
    rd_kafka_error_destroy(error);
    return st;
}

static mr_status connect_writer(const mr_kafka_marks *marks, marks_writer *writer,
                                const char *marks_topic, mr_err *err)
{
    rd_kafka_conf_t *conf = mr_kafka_conf(marks->log, writer);

    writer->log = marks->log;
    mr_kafka_conf_set(conf, "transactional.id", writer->id);
    mr_kafka_conf_set(conf, "queue.buffering.max.messages", "10000000");
    mr_kafka_conf_set(conf, "queue.buffering.max.kbytes", "2147483647");
    mr_kafka_conf_set(conf, "linger.ms", "0"); /* a commit flushes: there is nothing to wait for */
    rd_kafka_conf_set_dr_msg_cb(conf, note_report);
    mr_status st = mr_kafka_client(marks->log, RD_KAFKA_PRODUCER, conf,
                                   "a transactional producer of Kafka", &writer->client, err);
    if (st != MR_OK) {
        return st;
    }
    writer->target = rd_kafka_topic_new(writer->client, marks->topic, NULL);
    writer->marks = rd_kafka_topic_new(writer->client, marks_topic, NULL);
    MR_ASSERT(writer->target != NULL && writer->marks != NULL); /* the names were checked */
    rd_kafka_error_t *error = rd_kafka_init_transactions(writer->client, mr_kafka_change_ms_max);
    return error == NULL ? MR_OK : fail_transaction(err, error, writer->id, "begin to write");
}

/* As many partitions as the source has, so that the topic is made once. */
static mr_status ensure_marks(const mr_kafka_marks *marks, const char *name,
                              const mr_bus_mark *mark, mr_err *err)
{
    char source[mr_kafka_name_bytes_max + 1];
    int32_t partitions = 0;

    mr_kafka_topic_name(marks->log, mark->topic, source);
    mr_status st = mr_kafka_partition_count(marks->log, source, &partitions, err);
    if (st != MR_OK) {
        return st;
    }
    partitions = partitions > mark->partition ? partitions : mark->partition + 1;
    return mr_kafka_marks_ensure(marks->log, name, partitions, err);
}

static mr_status open_writer(mr_kafka_marks *marks, const char *id, const mr_bus_mark *mark,
                             marks_writer **ret_writer, mr_err *err)
{
    char name[mr_kafka_name_bytes_max + 1];
    marks_writer *writer = mr_alloc_zero(1, sizeof *writer);

    writer->id = mr_copy_string(id);
    writer->partition = mark->partition;
    mr_status st = marks_name(marks->log, mark->group, mark->topic, marks->topic_given, name, err);
    if (st == MR_OK) {
        st = ensure_marks(marks, name, mark, err);
    }
    if (st == MR_OK) {
        st = connect_writer(marks, writer, name, err);
    }
    if (st == MR_OK) { /* in this order: from here on nobody else moves it */
        st = read_mark(marks->log, name, mark->partition, &writer->found, &writer->stands_at, err);
    }
    if (st != MR_OK) {
        destroy_writer(writer);
        return st;
    }
    *ret_writer = writer;
    return MR_OK;
}

/* --- The writers of a producer -------------------------------------------------------------- */

mr_kafka_marks *mr_kafka_marks_open(mr_kafka *log, const char *topic)
{
    mr_kafka_marks *marks = mr_alloc_zero(1, sizeof *marks);

    marks->log = log;
    marks->topic_given = mr_copy_string(topic);
    mr_kafka_topic_name(log, topic, marks->topic);
    (void)pthread_mutex_init(&marks->lock, NULL); /* cannot fail with default attributes */
    return marks;
}

void mr_kafka_marks_close(mr_kafka_marks *marks)
{
    if (marks == NULL) {
        return;
    }
    for (size_t index = 0; index < marks->count; index++) {
        destroy_writer(marks->writers[index]);
    }
    (void)pthread_mutex_destroy(&marks->lock); /* nobody holds it */
    free(marks->writers);
    free(marks->topic_given);
    free(marks);
}

static marks_writer **find_writer(mr_kafka_marks *marks, const char *id)
{
    for (size_t index = 0; index < marks->count; index++) {
        if (strcmp(marks->writers[index]->id, id) == 0) {
            return &marks->writers[index];
        }
    }
    return NULL;
}

static void drop_writer(mr_kafka_marks *marks, const char *id)
{
    marks_writer **place = find_writer(marks, id);

    if (place != NULL) {
        destroy_writer(*place);
        *place = marks->writers[--marks->count];
    }
}

static void make_place(mr_kafka_marks *marks)
{
    marks_writer *oldest = NULL;

    if (marks->writers == NULL) {
        marks->writers = mr_alloc_zero(writers_max, sizeof *marks->writers);
    }
    for (size_t index = 0; index < marks->count; index++) {
        marks_writer *writer = marks->writers[index];
        oldest = oldest == NULL || writer->used_us < oldest->used_us ? writer : oldest;
    }
    if (marks->count == writers_max) {
        drop_writer(marks, oldest->id);
    }
}

/* A mark never set stands at 0, and a negative expected offset asks for just that. */
static bool mark_stands(const marks_writer *writer, const mr_bus_mark *mark)
{
    return writer->found ? writer->stands_at == mark->expected_offset : mark->expected_offset <= 0;
}

/* A writer whose mark stands where it is expected. What an open one knows may be of yesterday, so
 * only a fresh one refuses. */
static mr_status take_writer(mr_kafka_marks *marks, const char *id, const mr_bus_mark *mark,
                             marks_writer **ret_writer, mr_err *err)
{
    marks_writer **place = find_writer(marks, id);
    marks_writer *writer = NULL;

    if (place != NULL && mark_stands(*place, mark)) {
        *ret_writer = *place;
        return MR_OK;
    }
    drop_writer(marks, id);
    mr_status st = open_writer(marks, id, mark, &writer, err);
    if (st != MR_OK) {
        return st;
    }
    make_place(marks);
    marks->writers[marks->count++] = writer;
    if (!mark_stands(writer, mark)) {
        return mr_fail(err, MR_EXISTS,
                       "append to %s: the mark of group %s over %s/%d stands at %lld, not at %lld; "
                       "another writer was first",
                       marks->topic_given, mark->group, mark->topic, mark->partition,
                       (long long)writer->stands_at, (long long)mark->expected_offset);
    }
    *ret_writer = writer;
    return MR_OK;
}

/* --- The transaction ------------------------------------------------------------------------ */

static mr_status produce_all(marks_writer *writer, mr_bus_batch *batch, const mr_bus_mark *mark,
                             mr_err *err)
{
    char value[mr_kafka_value_bytes_max];
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    size_t refused = batch->count > 0 ? mr_kafka_produce(writer->target, batch, &code) : 0;

    if (refused == 0) {
        int bytes = snprintf(value, sizeof value, "%" PRId64, mark->next_offset);
        if (rd_kafka_produce(writer->marks, mark->partition, RD_KAFKA_MSG_F_COPY, value,
                             (size_t)bytes, mark->group, strlen(mark->group), NULL) != 0) {
            refused = 1;
            code = rd_kafka_last_error();
        }
    }
    return refused == 0 ? MR_OK : mr_kafka_fail(err, code, "%s: give it records", writer->id);
}

/* Waits until each record was reported, before the commit can make any of them visible: a report
 * that librdkafka takes for a success need not be one to mr_kafka_read_report. Other failures, and
 * its time running out, the commit itself tells. */
static mr_status await_reports(marks_writer *writer, mr_err *err)
{
    (void)rd_kafka_flush(writer->client, mr_kafka_change_ms_max);
    if (writer->failed > 0 && writer->failure == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE) {
        return mr_kafka_fail(err, writer->failure, "%s: write the records", writer->id);
    }
    return MR_OK;
}

/* MR_OK: the writer can go on. Else it must be dropped. */
static mr_status abort_transaction(marks_writer *writer)
{
    mr_err ignored; /* what matters is why it is aborted */
    rd_kafka_error_t *error = rd_kafka_abort_transaction(writer->client, mr_kafka_change_ms_max);

    return error == NULL ? MR_OK : fail_transaction(&ignored, error, writer->id, "abort");
}

static mr_status commit(marks_writer *writer, bool *ret_over, mr_err *err)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)mr_kafka_change_ms_max * 1000;
    rd_kafka_error_t *error = NULL;

    for (;;) {
        int64_t left_us = deadline_us - mr_monotonic_us();
        error = rd_kafka_commit_transaction(writer->client,
                                            left_us > 0 ? (int)(left_us / 1000) + 1 : 1);
        if (error == NULL) {
            return MR_OK;
        }
        if (!rd_kafka_error_is_retriable(error) || left_us <= 0) {
            break;
        }
        rd_kafka_error_destroy(error); /* the very same call again, says librdkafka */
    }
    if (rd_kafka_error_txn_requires_abort(error)) {
        mr_status st = fail_transaction(err, error, writer->id, "commit");
        *ret_over = abort_transaction(writer) != MR_OK;
        if (writer->failed > 0 && mr_kafka_status(writer->failure) == MR_LIMIT) {
            st = mr_kafka_fail(err, writer->failure, "%s: commit", writer->id);
        }
        return st;
    }
    *ret_over = true;
    mr_status st = fail_transaction(err, error, writer->id, "commit");
    return st == MR_EXISTS ? st
                           : mr_fail(err, MR_UNKNOWN_OUTCOME,
                                     "%s: the commit was not answered; the mark tells", writer->id);
}

static mr_status transact(marks_writer *writer, mr_bus_batch *batch, const mr_bus_mark *mark,
                          bool *ret_over, mr_err *err)
{
    mr_kafka_renew_login(writer->log, writer->client, &writer->login_seen);
    rd_kafka_error_t *error = rd_kafka_begin_transaction(writer->client);

    writer->failed = 0;
    if (error != NULL) {
        *ret_over = true;
        return fail_transaction(err, error, writer->id, "begin a transaction");
    }
    mr_status st = produce_all(writer, batch, mark, err);
    if (st == MR_OK) {
        st = await_reports(writer, err);
    }
    if (st != MR_OK) {
        *ret_over = abort_transaction(writer) != MR_OK;
        return st;
    }
    st = commit(writer, ret_over, err);
    if (st == MR_OK) {
        writer->found = true;
        writer->stands_at = mark->next_offset;
    }
    return st;
}

mr_status mr_kafka_marks_append(mr_kafka_marks *marks, mr_bus_batch *batch, const mr_bus_mark *mark,
                                mr_err *err)
{
    char id[id_bytes_max];
    marks_writer *writer = NULL;
    bool over = false; /* the writer is of no use any more */
    int bytes = snprintf(id, sizeof id, "%smillrace.%s.%s.%s.%d", marks->log->prefix, mark->group,
                         mark->topic, marks->topic_given, mark->partition);

    MR_ASSERT(bytes > 0 && bytes < id_bytes_max); /* names are short */
    mr_batch_scatter(batch);
    (void)pthread_mutex_lock(&marks->lock);
    mr_status st = take_writer(marks, id, mark, &writer, err);
    if (st == MR_OK) {
        MR_ASSERT(writer != NULL);
        writer->used_us = mr_monotonic_us();
        st = transact(writer, batch, mark, &over, err);
    }
    if (over) {
        drop_writer(marks, id); /* only now is nothing of the batch in its hands */
    }
    (void)pthread_mutex_unlock(&marks->lock);
    return st;
}
