/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_consumer_test.c - several partitions, several consumers, and holes between offsets. */
#include "bus/kafka_fixture.h"

#include <pthread.h>
#include <time.h>

enum { partitions = 6 };

static int set_up(void **state)
{
    return kafka_set_up(state, partitions);
}

static int tear_down(void **state)
{
    return kafka_tear_down(state);
}

/* --- A group ------------------------------------------------------------------------------- */

enum { group_batches = 120, batch_records = 50, records_total = group_batches * batch_records };

/* The target that all consumers deliver to: a position a partition, and how often each record came.
 */
typedef struct group_target {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t next[partitions]; /* guarded by lock, like the rest */
    unsigned char times[records_total];
    size_t taken;
    size_t refused; /* batches of a partition that another consumer had moved on */
    size_t wrong;
} group_target;

typedef struct sink_member {
    group_target *target;
    mr_bus_consumer *consumer;
    pthread_t thread;
    size_t delivered, revoked;
    size_t assigned;              /* guarded by the target's lock */
    int64_t position[partitions]; /* what this member believes */
} sink_member;

static mr_status read_target(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    sink_member *member = ctx;
    (void)err; /* it is always there */
    (void)pthread_mutex_lock(&member->target->lock);
    *ret_offset = member->target->next[partition];
    member->assigned++;
    (void)pthread_cond_broadcast(&member->target->changed);
    (void)pthread_mutex_unlock(&member->target->lock);
    member->position[partition] = *ret_offset;
    return MR_OK;
}

static void note_revoked(void *ctx, int32_t partition)
{
    sink_member *member = ctx;
    member->revoked++;
    member->position[partition] = -1;
}

/* As a sink does: compare and set. false: fenced. */
static bool deliver(sink_member *member, const mr_bus_message *messages, size_t count)
{
    group_target *target = member->target;
    int32_t partition = messages[0].partition;
    (void)pthread_mutex_lock(&target->lock);
    bool mine = target->next[partition] == member->position[partition];
    for (size_t index = 0; mine && index < count; index++) {
        uint64_t number = 0;
        if (!mr_parse_uint64(messages[index].value, records_total - 1, &number) ||
            messages[index].partition != partition ||
            messages[index].offset < target->next[partition]) {
            target->wrong++;
            continue;
        }
        target->times[number]++;
        target->taken++;
        target->next[partition] = messages[index].offset + 1;
    }
    target->refused += mine ? 0 : 1;
    member->position[partition] = target->next[partition];
    (void)pthread_cond_broadcast(&target->changed);
    (void)pthread_mutex_unlock(&target->lock);
    return mine;
}

static void *run_member(void *ctx)
{
    sink_member *member = ctx;
    for (;;) {
        const mr_bus_message *messages = NULL;
        size_t count = 0;
        mr_status st = mr_bus_poll(member->consumer, 1000, &messages, &count, NULL);
        if (st == MR_STOPPED) {
            return NULL;
        }
        if (st != MR_OK || count == 0) {
            continue;
        }
        int32_t partition = messages[0].partition;
        member->delivered += count;
        if (deliver(member, messages, count)) {
            (void)mr_bus_publish(member->consumer, partition, messages[count - 1].offset + 1, NULL);
        } else {
            (void)mr_bus_seek(member->consumer, partition, member->position[partition], NULL);
        }
    }
}

static void join_group(mr_bus *bus, sink_member *member, group_target *target)
{
    mr_err err;
    mr_bus_consumer_options options = {.topic = "orders",
                                       .group = "sink",
                                       .messages_max = 20,
                                       .bytes_max = 100000,
                                       .position = read_target,
                                       .revoked = note_revoked,
                                       .ctx = member};
    member->target = target;
    fixture_ok(mr_bus_consumer_open(bus, &options, &member->consumer, &err), &err);
    assert_int_equal(pthread_create(&member->thread, NULL, run_member, member), 0);
}

static void leave_group(sink_member *member)
{
    mr_bus_consumer_wake(member->consumer);
    assert_int_equal(pthread_join(member->thread, NULL), 0);
    mr_bus_consumer_close(member->consumer);
}

static void append_numbers(mr_bus_producer *producer, size_t first, size_t count)
{
    mr_err err;
    mr_bus_batch *batch = mr_bus_batch_create(1 << 20);
    for (size_t number = first; number < first + count; number++) {
        char value[24];
        (void)snprintf(value, sizeof value, "%zu", number);
        assert_true(mr_bus_batch_add(batch, mr_text_of(value), mr_text_of(value)));
    }
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    mr_bus_batch_destroy(batch);
}

static void await_taken(group_target *target, size_t taken)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += 3 * fixture_wait_ms_max / 1000;
    (void)pthread_mutex_lock(&target->lock);
    while (target->taken < taken) {
        assert_int_equal(pthread_cond_timedwait(&target->changed, &target->lock, &until), 0);
    }
    (void)pthread_mutex_unlock(&target->lock);
}

static void await_assigned(sink_member *member)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += 3 * fixture_wait_ms_max / 1000;
    (void)pthread_mutex_lock(&member->target->lock);
    while (member->assigned == 0) {
        assert_int_equal(
            pthread_cond_timedwait(&member->target->changed, &member->target->lock, &until), 0);
    }
    (void)pthread_mutex_unlock(&member->target->lock);
}

static void consumers_come_and_go_and_each_record_is_taken_once(void **state)
{
    bus_fixture *fixture = *state;
    group_target *target = mr_alloc_zero(1, sizeof *target);
    sink_member members[3] = {{.target = target}};
    (void)pthread_mutex_init(&target->lock, NULL);
    (void)pthread_cond_init(&target->changed, NULL);
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    size_t number = 0;
    join_group(bus, &members[0], target);
    for (int batch = 0; batch < group_batches; batch++, number += batch_records) {
        append_numbers(producer, number, batch_records);
        if (batch == 20) {
            await_taken(target, 1);
            join_group(bus, &members[1], target);
            await_assigned(&members[1]);
        } else if (batch == 60) {
            await_taken(target, number / 2);
            leave_group(&members[0]);
            join_group(bus, &members[2], target);
            await_assigned(&members[2]);
        }
    }
    await_taken(target, records_total);
    leave_group(&members[1]);
    leave_group(&members[2]);
    assert_int_equal(target->wrong, 0);
    for (size_t index = 0; index < records_total; index++) {
        assert_int_equal(target->times[index], 1);
    }
    assert_true(members[0].delivered > 0);
    assert_true(members[0].revoked > 0); /* the second one took some over */
    assert_true(members[1].delivered + members[2].delivered > 0);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    (void)pthread_mutex_destroy(&target->lock);
    (void)pthread_cond_destroy(&target->changed);
    free(target);
}

/* Nothing wakes a poll for what its own callbacks were given: it must not wait (a second, until it
 * looks again) before it asks where to begin. A slow machine may need longer once, not every time.
 */
static void what_a_group_gives_is_read_at_once(void **state)
{
    enum { tries_max = 5, early_us = 900000 };
    bus_fixture *fixture = *state;
    group_target *target = mr_alloc_zero(1, sizeof *target);
    mr_err err;
    (void)pthread_mutex_init(&target->lock, NULL);
    (void)pthread_cond_init(&target->changed, NULL);
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    append_numbers(producer, 0, batch_records);
    bool early = false;
    for (int try = 0; try < tries_max && !early; try++) {
        sink_member member = {.target = target};
        mr_bus_consumer_options options = {.topic = "orders",
                                           .group = "sink",
                                           .messages_max = 20,
                                           .bytes_max = 100000,
                                           .position = read_target,
                                           .revoked = note_revoked,
                                           .ctx = &member};
        size_t count = 0;
        int64_t began_us = mr_monotonic_us();
        fixture_ok(mr_bus_consumer_open(bus, &options, &member.consumer, &err), &err);
        while (count == 0) {
            const mr_bus_message *messages = NULL;
            assert_true(mr_monotonic_us() - began_us < (int64_t)fixture_wait_ms_max * 1000);
            fixture_ok(mr_bus_poll(member.consumer, 5000, &messages, &count, &err), &err);
        }
        early = mr_monotonic_us() - began_us < early_us;
        assert_int_equal(member.assigned, partitions); /* all, before the first is read */
        mr_bus_consumer_close(member.consumer);
    }
    assert_true(early);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    (void)pthread_mutex_destroy(&target->lock);
    (void)pthread_cond_destroy(&target->changed);
    free(target);
}

/* --- By hand ------------------------------------------------------------------------------- */

static void only_the_partitions_asked_for_are_read(void **state)
{
    bus_fixture *fixture = *state;
    static const int32_t wanted[] = {1, 4};
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    append_numbers(producer, 0, 600);
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {.topic = "orders",
                                       .partitions = wanted,
                                       .partition_count = 2,
                                       .messages_max = 1000,
                                       .bytes_max = 1000000};
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    size_t total = 0;
    size_t count = 1;
    bool seen[partitions] = {false};
    while (total == 0 || count > 0) {
        const mr_bus_message *messages = NULL;
        fixture_ok(mr_bus_poll(consumer, 1000, &messages, &count, &err), &err);
        for (size_t index = 0; index < count; index++) {
            seen[messages[index].partition] = true;
        }
        total += count;
    }
    for (int32_t partition = 0; partition < partitions; partition++) {
        assert_int_equal(seen[partition], partition == 1 || partition == 4);
    }
    assert_int_equal(mr_bus_seek(consumer, 2, 0, &err), MR_INVALID);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

typedef struct end_search {
    int32_t partition;
    int64_t next;
} end_search;

static bool keep_end(void *ctx, const mr_bus_topic_info *info)
{
    end_search *search = ctx;
    search->next = info->partition == search->partition ? info->next_offset : search->next;
    return true;
}

/* A transaction's end takes an offset that no record has. */
static void positions_move_over_the_hole_behind_the_last_record(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    fixture->options.partitions = 1;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("r", 3);
    int64_t position = -1;
    assert_int_equal(mr_bus_consumer_position(consumer, 0, &position, &err), MR_NOT_FOUND);
    for (int64_t round = 0; round < 3; round++) {
        mr_bus_mark mark = {"feed", "source", 0, round, round + 1};
        fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    }
    int64_t deadline_us = mr_monotonic_us() + (int64_t)fixture_wait_ms_max * 1000;
    size_t total = 0;
    end_search search = {0, 0};
    while (position < 12) { /* three records and one hole, three times */
        const mr_bus_message *messages = NULL;
        size_t count = 0;
        assert_true(mr_monotonic_us() < deadline_us);
        fixture_ok(mr_bus_poll(consumer, 1000, &messages, &count, &err), &err);
        total += count;
        fixture_ok(mr_bus_consumer_position(consumer, 0, &position, &err), &err);
    }
    assert_int_equal(total, 9);
    fixture_ok(mr_bus_topic_partitions(bus, "orders", keep_end, &search, &err), &err);
    assert_int_equal(search.next, position);
    mr_bus_batch_destroy(batch);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static bool keep_published(void *ctx, const mr_bus_group_info *info)
{
    *(int64_t *)ctx = info->next_offset;
    return false; /* there is one alone */
}

/* What a group has published shows no lag, though the topic ends in a hole. */
static void a_group_at_the_end_has_no_lag_behind_a_hole(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    group_target *target = mr_alloc_zero(1, sizeof *target);
    sink_member member = {.target = target};
    end_search search = {0, 0};
    int64_t published = -1;
    (void)pthread_mutex_init(&target->lock, NULL);
    (void)pthread_cond_init(&target->changed, NULL);
    fixture->options.partitions = 1;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = mr_bus_batch_create(1000);
    mr_bus_mark mark = {"feed", "source", 0, 0, 1};
    assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("0")));
    fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    join_group(bus, &member, target);
    await_taken(target, 1);
    int64_t deadline_us = mr_monotonic_us() + (int64_t)fixture_wait_ms_max * 1000;
    while (published < 2) {
        assert_true(mr_monotonic_us() < deadline_us);
        fixture_ok(mr_bus_groups(bus, keep_published, &published, &err), &err);
    }
    fixture_ok(mr_bus_topic_partitions(bus, "orders", keep_end, &search, &err), &err);
    assert_int_equal(published, search.next);
    leave_group(&member);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    (void)pthread_mutex_destroy(&target->lock);
    (void)pthread_cond_destroy(&target->changed);
    free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_group_gives_is_read_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(consumers_come_and_go_and_each_record_is_taken_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_the_partitions_asked_for_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(positions_move_over_the_hole_behind_the_last_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_group_at_the_end_has_no_lag_behind_a_hole, set_up,
                                        tear_down),
    };
    if (!kafka_is_there()) {
        return kafka_skip_status;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
