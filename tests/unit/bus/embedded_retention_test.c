/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_retention_test.c - what retention removes, what it never does, and offsets after it.
 */
#include "bus/bus_fixture.h"

#include <sqlite3.h>

#include "base/random.h"

enum { block_records = 20, value_bytes = 2000 };

/* Blocks of 40 KB that do not compress. */
static void append_blocks(mr_bus *bus, size_t blocks)
{
    char value[value_bytes];
    mr_err err;
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = mr_bus_batch_create(fixture_batch_bytes_max);
    for (size_t block = 0; block < blocks; block++) {
        mr_bus_batch_clear(batch);
        for (size_t record = 0; record < block_records; record++) {
            mr_random_secret(value, sizeof value);
            assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, (mr_text){value, sizeof value}));
        }
        fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    }
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
}

static bool keep_info(void *ctx, const mr_bus_topic_info *info)
{
    mr_bus_topic_info *kept = ctx;
    *kept = *info;
    return true;
}

static mr_bus_topic_info topic_info(mr_bus *bus)
{
    mr_bus_topic_info info = {.first_offset = -1};
    mr_err err;
    fixture_ok(mr_bus_topics(bus, keep_info, &info, &err), &err);
    return info;
}

static uint64_t retain_all(mr_bus *bus)
{
    uint64_t total = 0;
    uint64_t removed = 0;
    mr_err err;
    do {
        fixture_ok(mr_bus_retain(bus, "orders", &removed, &err), &err);
        total += removed;
    } while (removed > 0);
    return total;
}

/* Makes the blocks before `offset` a minute old. */
static void age(const bus_fixture *fixture, int64_t offset)
{
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/log/orders.db", fixture->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *sql = sqlite3_mprintf(
        "UPDATE block SET append_ms = append_ms - 60000 WHERE base_offset < %lld", offset);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void records_past_their_age_go(void **state)
{
    bus_fixture *fixture = *state;
    fixture->options.retention_ms = 30000;
    mr_bus *bus = fixture_open(fixture);
    append_blocks(bus, 10);
    assert_int_equal(retain_all(bus), 0);
    age(fixture, 4 * block_records);
    assert_int_equal(retain_all(bus), 4 * block_records);
    assert_int_equal(topic_info(bus).first_offset, 4 * block_records);
    assert_int_equal(fixture_count_all(bus, "orders"), 6 * block_records);
    mr_bus_close(bus);
}

static void the_oldest_go_until_the_size_is_met(void **state)
{
    bus_fixture *fixture = *state;
    fixture->options.retention_bytes = 1000000;
    mr_bus *bus = fixture_open(fixture);
    append_blocks(bus, 50); /* 2 MB */
    assert_true(topic_info(bus).bytes > 2000000);
    assert_true(retain_all(bus) > 0);
    mr_bus_topic_info info = topic_info(bus);
    assert_true(info.bytes <= 1000000 && info.bytes > 800000);
    assert_int_equal(info.next_offset, 50 * block_records);
    assert_int_equal(info.first_offset % block_records, 0);
    assert_int_equal(fixture_count_all(bus, "orders"), info.next_offset - info.first_offset);
    mr_bus_close(bus);
}

static void without_limits_nothing_goes(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    append_blocks(bus, 3);
    age(fixture, INT64_MAX);
    assert_int_equal(retain_all(bus), 0);
    mr_bus_close(bus);
}

static void what_a_group_has_not_taken_stays(void **state)
{
    bus_fixture *fixture = *state;
    const mr_bus_message *messages = NULL;
    mr_err err;
    fixture->options.retention_ms = 1000;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_consumer *consumers[2] = {NULL, NULL};
    append_blocks(bus, 10);
    age(fixture, INT64_MAX);
    for (int index = 0; index < 2; index++) {
        mr_bus_consumer_options options = {.topic = "orders",
                                           .group = index == 0 ? "fast" : "slow",
                                           .messages_max = 10,
                                           .bytes_max = 1000000};
        fixture_ok(mr_bus_consumer_open(bus, &options, &consumers[index], &err), &err);
        (void)fixture_poll(consumers[index], &messages);
    }
    /* Neither has published; they have begun, and that holds everything. */
    assert_int_equal(retain_all(bus), 0);
    fixture_ok(mr_bus_publish(consumers[0], 0, 10 * block_records, &err), &err);
    assert_int_equal(retain_all(bus), 0);
    fixture_ok(mr_bus_publish(consumers[1], 0, 3 * block_records + 1, &err), &err);
    assert_int_equal(retain_all(bus), 3 * block_records); /* whole blocks only */
    fixture_ok(mr_bus_publish(consumers[1], 0, 10 * block_records, &err), &err);
    assert_int_equal(retain_all(bus), 7 * block_records);
    mr_bus_consumer_close(consumers[0]);
    mr_bus_consumer_close(consumers[1]);
    mr_bus_close(bus);
}

static void offsets_go_on_after_retention_emptied_the_topic(void **state)
{
    bus_fixture *fixture = *state;
    fixture->options.retention_ms = 1000;
    mr_bus *bus = fixture_open(fixture);
    append_blocks(bus, 3);
    age(fixture, INT64_MAX);
    assert_int_equal(retain_all(bus), 3 * block_records);
    mr_bus_topic_info info = topic_info(bus);
    assert_int_equal(info.first_offset, 3 * block_records);
    assert_int_equal(info.next_offset, 3 * block_records);
    mr_bus_close(bus);

    bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    assert_int_equal(fixture_append(producer, "next", 2), 3 * block_records);
    assert_int_equal(fixture_count_all(bus, "orders"), 2);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static void a_position_that_was_removed_is_said_to_be(void **state)
{
    bus_fixture *fixture = *state;
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    mr_err err;
    fixture->options.retention_ms = 30000;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {.topic = "orders", .messages_max = 10, .bytes_max = 100000};
    append_blocks(bus, 5);
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    assert_int_equal(fixture_poll(consumer, &messages), 10);
    age(fixture, 3 * block_records);
    assert_int_equal(retain_all(bus), 3 * block_records);
    /* The rest of the block in memory is still good; what follows is not there any more. */
    assert_int_equal(fixture_poll(consumer, &messages), 10);
    assert_int_equal(mr_bus_poll(consumer, 0, &messages, &count, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "the first there is, is 60"));
    assert_int_equal(mr_bus_seek(consumer, 0, 59, &err), MR_NOT_FOUND);
    fixture_ok(mr_bus_seek(consumer, 0, 60, &err), &err);
    assert_int_equal(fixture_poll(consumer, &messages), 10);
    assert_int_equal(messages[0].offset, 60);
    mr_bus_consumer_close(consumer);
    mr_bus_close(bus);
}

static void a_call_removes_a_bounded_step(void **state)
{
    bus_fixture *fixture = *state;
    uint64_t removed = 0;
    mr_err err;
    fixture->options.retention_ms = 1000;
    mr_bus *bus = fixture_open(fixture);
    append_blocks(bus, 300); /* 12 MB */
    age(fixture, INT64_MAX);
    fixture_ok(mr_bus_retain(bus, "orders", &removed, &err), &err);
    assert_true(removed > 0 && removed <= 256 * block_records);
    assert_int_equal(retain_all(bus), 300 * block_records - removed);
    mr_bus_close(bus);
}

static void a_topic_that_is_not_there_has_nothing_to_remove(void **state)
{
    bus_fixture *fixture = *state;
    uint64_t removed = 1;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    fixture_ok(mr_bus_retain(bus, "nothing", &removed, &err), &err);
    assert_int_equal(removed, 0);
    assert_int_equal(topic_info(bus).first_offset, -1); /* and is not made by asking */
    mr_bus_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_past_their_age_go, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_go_until_the_size_is_met, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(without_limits_nothing_goes, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_a_group_has_not_taken_stays, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(offsets_go_on_after_retention_emptied_the_topic,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_position_that_was_removed_is_said_to_be, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_call_removes_a_bounded_step, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_topic_that_is_not_there_has_nothing_to_remove,
                                        fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
