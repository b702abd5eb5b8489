/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_reader.c - a consumer: reads blocks, checks and unpacks them, waits for more.
 *
 * Owns:       a connection to the topic, one array of messages and one stretch of memory into which
 *             blocks are unpacked; messages point into it until the next poll.
 * Threads:    the polling thread's, but for `woken` and the signal, which wake() touches.
 * Invariants: (1) a snapshot of the database is held within a poll only, so that the write-ahead
 * log can begin anew; (2) messages come in dense offset order from `position`; a hole is an error;
 *             (3) `position` is the offset of the record at `at`, or of the next block.
 *
 *     memory:  | taken by this poll ... | at -> the rest of the last block <- end |  free  |
 *
 * The rest is moved to the front only when it is too little for a poll, so each byte moves at most
 * once. The memory is reserved for the worst case and touched as needed: it never moves under the
 * messages.
 */
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "bus/embedded.h"

enum {
    recheck_us_max = 250000, /* a wake-up may be lost with the process that should have sent it */
    record_header_bytes_max = 2 * mr_batch_varint_bytes_max,
};

typedef struct embedded_consumer {
    const mr_embedded *log;
    mr_embedded_topic topic;
    mr_embedded_groups *groups; /* NULL without a group */
    mr_bus_consumer_options options;
    char *group;
    bool registered; /* the group's progress has been published once */
    sqlite3_stmt *find_base;
    sqlite3_stmt *read_blocks;
    atomic_bool woken;

    bool assigned;
    int64_t position;
    int64_t next_base;    /* where the next block to be read begins: at or before position */
    int64_t block_offset; /* of the block unpacked last */
    int64_t append_ms;    /* of that block */
    size_t left;          /* records from `at` to `end` */
    char *at;
    char *end;
    char *memory;
    size_t memory_bytes;
    mr_bus_message *messages;
    size_t count; /* messages taken by this poll */
    size_t bytes; /* their size */
} embedded_consumer;

static const char sql_find_base[] = "SELECT max(base_offset) FROM block WHERE base_offset <= ?1";
static const char sql_read_blocks[] = "SELECT base_offset, count, append_ms, payload FROM block"
                                      " WHERE base_offset >= ?1 ORDER BY base_offset";

/* --- Opening and closing ------------------------------------------------------------------- */

static mr_status open_files(embedded_consumer *consumer, mr_err *err)
{
    const char *name = consumer->options.topic;
    mr_status st = mr_embedded_topic_open(consumer->log, name, &consumer->topic, err);
    if (st == MR_OK) {
        st =
            mr_embedded_prepare(consumer->topic.db, sql_find_base, name, &consumer->find_base, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_prepare(consumer->topic.db, sql_read_blocks, name, &consumer->read_blocks,
                                 err);
    }
    if (st == MR_OK && consumer->group != NULL) {
        st = mr_embedded_groups_open(consumer->log, &consumer->groups, err);
    }
    return st;
}

mr_status mr_embedded_consumer_open(void *state, const mr_bus_consumer_options *options,
                                    void **ret_consumer, mr_err *err)
{
    embedded_consumer *opened = mr_alloc_zero(1, sizeof *opened);
    opened->log = state;
    opened->options = *options;
    opened->group = options->group == NULL ? NULL : mr_copy_string(options->group);
    atomic_init(&opened->woken, false);
    mr_status st = open_files(opened, err);
    if (st != MR_OK) {
        mr_embedded_consumer_close(opened);
        return st;
    }
    opened->options.topic = opened->topic.name; /* the caller's strings are borrowed no longer */
    opened->options.group = opened->group;
    opened->memory_bytes =
        options->bytes_max + record_header_bytes_max + mr_bus_record_bytes_max + mr_batch_bytes_max;
    opened->memory = mr_alloc(opened->memory_bytes);
    opened->at = opened->memory;
    opened->end = opened->memory;
    opened->messages = mr_alloc_zero(options->messages_max, sizeof *opened->messages);
    *ret_consumer = opened;
    return MR_OK;
}

void mr_embedded_consumer_close(void *state)
{
    embedded_consumer *consumer = state;
    (void)sqlite3_finalize(consumer->find_base); /* each repeats its last step's code */
    (void)sqlite3_finalize(consumer->read_blocks);
    mr_embedded_topic_close(&consumer->topic);
    mr_embedded_groups_close(consumer->groups);
    free(consumer->messages);
    free(consumer->memory);
    free(consumer->group);
    free(consumer);
}

/* --- Where to read ------------------------------------------------------------------------- */

static mr_status fail_position(const embedded_consumer *consumer, int64_t offset,
                               const mr_embedded_bounds *bounds, mr_err *err)
{
    if (offset < bounds->first_offset) {
        return mr_fail(
            err, MR_NOT_FOUND,
            "topic %s: offset %lld was removed by retention; the first there is, is %lld",
            consumer->topic.name, (long long)offset, (long long)bounds->first_offset);
    }
    return mr_fail(err, MR_NOT_FOUND,
                   "topic %s: offset %lld lies beyond the end, the next record gets %lld; was the "
                   "log replaced by an older copy?",
                   consumer->topic.name, (long long)offset, (long long)bounds->next_offset);
}

/* Forgets what was unpacked and goes to `offset`, negative: to the first. */
static mr_status move_to(embedded_consumer *consumer, int64_t offset, mr_err *err)
{
    mr_embedded_bounds bounds = {0, 0};
    bool found = false;
    mr_status st = mr_embedded_topic_bounds(&consumer->topic, &bounds, err);
    if (st != MR_OK) {
        return st;
    }
    offset = offset < 0 ? bounds.first_offset : offset;
    if (offset < bounds.first_offset || offset > bounds.next_offset) {
        return fail_position(consumer, offset, &bounds, err);
    }
    int64_t base_offset = offset;
    if (offset < bounds.next_offset) {
        (void)sqlite3_bind_int64(consumer->find_base, 1, offset); /* the index is right */
        st = mr_embedded_read_integer(consumer->find_base, consumer->topic.name, &found,
                                      &base_offset, err);
    }
    if (st == MR_OK) {
        consumer->assigned = true;
        consumer->position = offset;
        consumer->next_base = base_offset;
        consumer->left = 0;
        consumer->at = consumer->memory;
        consumer->end = consumer->memory;
    }
    return st;
}

static mr_status assign(embedded_consumer *consumer, mr_err *err)
{
    int64_t offset = -1;
    if (consumer->options.position != NULL) {
        mr_status st = consumer->options.position(consumer->options.ctx, 0, &offset, err);
        if (st != MR_OK) {
            return st;
        }
    }
    return move_to(consumer, offset, err);
}

/* From its first poll on, retention must keep what the group has not taken. */
static void register_group(embedded_consumer *consumer)
{
    if (!consumer->registered && consumer->groups != NULL) {
        /* Not a reason to stop reading: the next poll tries again. */
        consumer->registered =
            mr_embedded_groups_publish(consumer->groups, consumer->group, consumer->topic.name,
                                       consumer->position, NULL) == MR_OK;
    }
}

mr_status mr_embedded_seek(void *state, int32_t partition, int64_t offset, mr_err *err)
{
    embedded_consumer *consumer = state;
    if (partition != 0) {
        return mr_fail(err, MR_INVALID, "topic %s has partition 0 only, not %d",
                       consumer->topic.name, partition);
    }
    return move_to(consumer, offset, err);
}

/* --- Reading ------------------------------------------------------------------------------- */

static mr_status fail_block(const embedded_consumer *consumer, int64_t offset, const char *reason,
                            mr_err *err)
{
    return mr_fail(err, MR_CORRUPT,
                   "topic %s: the block of records at offset %lld is damaged: %s; see 'Damaged "
                   "log' in docs/operations.md",
                   consumer->topic.name, (long long)offset, reason);
}

static bool full(const embedded_consumer *consumer)
{
    return consumer->count >= consumer->options.messages_max ||
           consumer->bytes >= consumer->options.bytes_max;
}

/* Messages from what is unpacked, until the poll is full. */
static mr_status take_records(embedded_consumer *consumer, mr_err *err)
{
    const char *at = consumer->at;
    const char *next = at;
    while (consumer->left > 0 && !full(consumer)) {
        mr_bus_message *message = &consumer->messages[consumer->count];
        next = mr_batch_read_record(at, consumer->end, &message->key, &message->value);
        if (next == NULL) {
            break;
        }
        message->partition = 0;
        message->offset = consumer->position;
        message->append_ms = consumer->append_ms;
        consumer->bytes += (size_t)(next - at);
        consumer->count++;
        consumer->position++;
        consumer->left--;
        at = next;
    }
    consumer->at += at - consumer->at;
    if (next == NULL) {
        return fail_block(consumer, consumer->block_offset, "a record is cut", err);
    }
    if (consumer->left == 0 && consumer->at != consumer->end) {
        return fail_block(consumer, consumer->block_offset, "bytes follow its last record", err);
    }
    return MR_OK;
}

static mr_status skip_records(embedded_consumer *consumer, size_t count, mr_err *err)
{
    const char *at = consumer->at;
    mr_text key;
    mr_text value;
    for (size_t index = 0; index < count; index++) {
        at = mr_batch_read_record(at, consumer->end, &key, &value);
        if (at == NULL) {
            return fail_block(consumer, consumer->block_offset, "a record is cut", err);
        }
    }
    consumer->at += at - consumer->at;
    consumer->left -= count;
    return MR_OK;
}

/* Unpacks the row that read_blocks stands on, behind what this poll has taken. */
static mr_status unpack_row(embedded_consumer *consumer, mr_err *err)
{
    sqlite3_stmt *row = consumer->read_blocks;
    mr_embedded_block block;
    int64_t base_offset = sqlite3_column_int64(row, 0);
    int64_t count = sqlite3_column_int64(row, 1);
    const void *payload = sqlite3_column_blob(row, 3);
    size_t payload_bytes = (size_t)sqlite3_column_bytes(row, 3);

    MR_ASSERT(consumer->left == 0 && base_offset == consumer->next_base);
    MR_ASSERT(base_offset <= consumer->position);
    const char *reason = mr_embedded_block_open(payload, payload_bytes, &block);
    if (reason == NULL && (int64_t)block.count != count) {
        reason = "its row gives another count";
    }
    if (reason == NULL && consumer->position - base_offset >= count) {
        reason = "it ends before it should";
    }
    if (reason == NULL) {
        size_t room = consumer->memory_bytes - (size_t)(consumer->end - consumer->memory);
        MR_ASSERT(block.records_bytes <= room);
        reason = mr_embedded_block_decode(&block, consumer->end);
    }
    if (reason != NULL) {
        return fail_block(consumer, base_offset, reason, err);
    }
    consumer->next_base = base_offset + count;
    consumer->block_offset = base_offset;
    consumer->append_ms = sqlite3_column_int64(row, 2);
    consumer->at = consumer->end;
    consumer->end = consumer->at + block.records_bytes;
    consumer->left = block.count;
    return skip_records(consumer, (size_t)(consumer->position - base_offset), err);
}

/* One query, one snapshot: blocks from position on, until the poll is full or no more follow. */
static mr_status read_blocks(embedded_consumer *consumer, mr_err *err)
{
    sqlite3_stmt *rows = consumer->read_blocks;
    mr_status st = MR_OK;

    (void)sqlite3_bind_int64(rows, 1, consumer->next_base); /* the index is right */
    while (st == MR_OK && !full(consumer)) {
        int code = sqlite3_step(rows);
        if (code == SQLITE_DONE ||
            (code == SQLITE_ROW && sqlite3_column_int64(rows, 0) != consumer->next_base)) {
            break; /* the end, or a hole: check_hole tells */
        }
        if (code != SQLITE_ROW) {
            st = mr_embedded_fail(err, consumer->topic.db, code, "topic %s: read offset %lld",
                                  consumer->topic.name, (long long)consumer->position);
            break;
        }
        st = unpack_row(consumer, err);
        if (st == MR_OK) {
            st = take_records(consumer, err);
        }
    }
    (void)sqlite3_reset(rows); /* repeats the step's code; ends the snapshot */
    return st;
}

/* Nothing was found at position: is that the end of the log, or is something missing? */
static mr_status check_hole(embedded_consumer *consumer, mr_err *err)
{
    mr_embedded_bounds bounds = {0, 0};
    bool found = false;
    int64_t base_offset = 0;
    mr_status st = mr_embedded_topic_bounds(&consumer->topic, &bounds, err);
    if (st != MR_OK || consumer->position == bounds.next_offset) {
        return st;
    }
    if (consumer->position < bounds.first_offset || consumer->position > bounds.next_offset) {
        return fail_position(consumer, consumer->position, &bounds, err);
    }
    (void)sqlite3_bind_int64(consumer->find_base, 1, consumer->position); /* the index is right */
    st = mr_embedded_read_integer(consumer->find_base, consumer->topic.name, &found, &base_offset,
                                  err);
    if (st == MR_OK && (!found || base_offset != consumer->position)) {
        st = fail_block(consumer, consumer->position, "it is missing", err);
    }
    return st; /* a block that came just now is read next time */
}

static mr_status collect(embedded_consumer *consumer, mr_err *err)
{
    size_t rest = (size_t)(consumer->end - consumer->at);
    consumer->count = 0;
    consumer->bytes = 0;
    if (consumer->left < consumer->options.messages_max && rest < consumer->options.bytes_max) {
        memmove(consumer->memory, consumer->at, rest);
        consumer->at = consumer->memory;
        consumer->end = consumer->memory + rest;
    }
    mr_status st = take_records(consumer, err);
    if (st == MR_OK && !full(consumer)) {
        st = read_blocks(consumer, err);
    }
    if (st != MR_OK && consumer->count > 0) {
        return MR_OK; /* what is good goes out first; the next poll meets the error */
    }
    return st == MR_OK && consumer->count == 0 ? check_hole(consumer, err) : st;
}

mr_status mr_embedded_poll(void *state, uint32_t timeout_ms, const mr_bus_message **ret_messages,
                           size_t *ret_count, mr_err *err)
{
    embedded_consumer *consumer = state;
    int64_t deadline_us = mr_monotonic_us() + (int64_t)timeout_ms * 1000;

    for (;;) {
        uint32_t seen = mr_embedded_signal_load(consumer->topic.signal);
        if (atomic_exchange(&consumer->woken, false)) {
            return mr_fail(err, MR_STOPPED, "topic %s: the poll was ended", consumer->topic.name);
        }
        mr_status st = consumer->assigned ? MR_OK : assign(consumer, err);
        if (st == MR_OK) {
            register_group(consumer);
            st = collect(consumer, err);
        }
        if (st != MR_OK) {
            return st;
        }
        int64_t left_us = deadline_us - mr_monotonic_us();
        if (consumer->count > 0 || left_us <= 0) {
            break;
        }
        mr_embedded_signal_wait(consumer->topic.signal, seen,
                                left_us < recheck_us_max ? left_us : recheck_us_max);
    }
    *ret_messages = consumer->messages;
    *ret_count = consumer->count;
    return MR_OK;
}

mr_status mr_embedded_position(void *state, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const embedded_consumer *consumer = state;
    if (partition != 0 || !consumer->assigned) {
        return mr_fail(err, MR_NOT_FOUND, "topic %s: partition %d is not being read",
                       consumer->topic.name, partition);
    }
    *ret_offset = consumer->position;
    return MR_OK;
}

/* The signal is raised so that a poll about to sleep does not; other readers look once in vain. */
void mr_embedded_wake(void *state)
{
    embedded_consumer *consumer = state;
    atomic_store(&consumer->woken, true);
    mr_embedded_signal_raise(consumer->topic.signal);
}

mr_status mr_embedded_publish(void *state, int32_t partition, int64_t next_offset, mr_err *err)
{
    embedded_consumer *consumer = state;
    if (consumer->groups == NULL || partition != 0 || next_offset < 0) {
        return mr_fail(err, MR_INVALID,
                       "topic %s: cannot publish offset %lld of partition %d %s a group",
                       consumer->topic.name, (long long)next_offset, partition,
                       consumer->groups == NULL ? "without" : "for");
    }
    return mr_embedded_groups_publish(consumer->groups, consumer->group, consumer->topic.name,
                                      next_offset, err);
}
