/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_producer_test.c - what is Kafka's own about appending: partitions, refusals, a producer
 * that the cluster has given up.
 */
#include "bus/kafka_fixture.h"

#include "bus/kafka.h"

static int set_up(void **state)
{
    return kafka_set_up(state, 6);
}

static int tear_down(void **state)
{
    return kafka_tear_down(state);
}

enum { key_count = 40, rounds = 25 };

/* Key k's records carry 0, 1, 2 ... and must come back so, all from one partition. */
static void records_of_a_key_stay_in_one_partition_and_in_order(void **state)
{
    bus_fixture *fixture = *state;
    char key[16];
    char value[16];
    int64_t next[key_count] = {0};
    int32_t partition[key_count];
    bool used[6] = {false};
    size_t total = 0;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    for (int round = 0; round < rounds; round++) {
        mr_bus_batch *batch = mr_bus_batch_create(100000);
        for (int k = 0; k < key_count; k++) {
            (void)snprintf(key, sizeof key, "key-%d", k);
            (void)snprintf(value, sizeof value, "%d:%d", k, round);
            assert_true(mr_bus_batch_add(batch, mr_text_of(key), mr_text_of(value)));
        }
        fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
        for (int k = 0; k < key_count; k++) {
            mr_bus_position position = mr_bus_batch_position(batch, (size_t)k);
            assert_true(position.partition >= 0 && position.partition < 6 && position.offset >= 0);
            assert_true(round == 0 || partition[k] == position.partition);
            (void)snprintf(key, sizeof key, "key-%d", k);
            assert_int_equal(mr_bus_lane_of(producer, mr_text_of(key), 4), position.partition % 4);
            partition[k] = position.partition;
            used[position.partition] = true;
        }
        mr_bus_batch_destroy(batch);
    }
    for (int index = 0; index < 6; index++) {
        assert_true(used[index]);
    }
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    while (total < key_count * rounds) {
        const mr_bus_message *messages = NULL;
        size_t count = fixture_poll(consumer, &messages);
        for (size_t index = 0; index < count; index++) {
            int k = 0;
            int round = 0;
            (void)snprintf(value, sizeof value, "%.*s", MR_TEXT_ARGS(messages[index].value));
            assert_int_equal(sscanf(value, "%d:%d", &k, &round), 2);
            assert_int_equal(messages[index].partition, messages[0].partition);
            assert_int_equal(messages[index].partition, partition[k]);
            assert_int_equal(next[k]++, round);
        }
        total += count;
    }
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static void the_largest_record_passes(void **state)
{
    bus_fixture *fixture = *state;
    const mr_bus_message *messages = NULL;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = mr_bus_batch_create(4 << 20);
    char *value = mr_alloc(mr_bus_record_bytes_max);
    for (size_t index = 0; index < mr_bus_record_bytes_max; index++) {
        value[index] = (char)(index * 7919 >> 5); /* packs badly */
    }
    assert_true(
        mr_bus_batch_add(batch, mr_text_of("k"), (mr_text){value, mr_bus_record_bytes_max - 1}));
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    assert_int_equal(fixture_poll(consumer, &messages), 1);
    assert_int_equal(messages[0].value.bytes, mr_bus_record_bytes_max - 1);
    assert_memory_equal(messages[0].value.data, value, mr_bus_record_bytes_max - 1);
    mr_bus_consumer_close(consumer);
    free(value);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static void a_record_too_large_for_the_client_is_a_limit_and_the_rest_is_told_of(void **state)
{
    static const mr_property small = {"message.max.bytes", "20000"};
    bus_fixture *fixture = *state;
    char *value = mr_alloc_zero(1, 30000);
    mr_err err;
    fixture->options.properties = &small;
    fixture->options.property_count = 1;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = mr_bus_batch_create(100000);
    assert_true(mr_bus_batch_add(batch, mr_text_of("k"), (mr_text){value, 30000}));
    assert_int_equal(mr_bus_append(producer, batch, NULL, &err), MR_LIMIT);
    assert_int_equal(mr_bus_queued_bytes(producer), 0);

    /* One good record beside it: the batch as a whole is neither stored nor not. */
    assert_true(mr_bus_batch_add(batch, mr_text_of("k"), mr_text_of("good")));
    assert_int_equal(mr_bus_append(producer, batch, NULL, &err), MR_UNKNOWN_OUTCOME);
    assert_non_null(strstr(err.message, "1 of 2 records"));

    mr_bus_batch_clear(batch);
    assert_true(mr_bus_batch_add(batch, mr_text_of("k"), mr_text_of("good")));
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    fixture_expect_count(fixture, bus, "orders", 2);
    mr_bus_batch_destroy(batch);
    free(value);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

/* The backend's own producer, to break it. */
static void a_producer_given_up_by_the_cluster_is_replaced(void **state)
{
    bus_fixture *fixture = *state;
    void *log = NULL;
    void *producer = NULL;
    mr_err err;
    fixture_ok(mr_bus_kafka.open(&fixture->options, &log, &err), &err);
    fixture_ok(mr_bus_kafka.producer_open(log, "orders", &producer, &err), &err);
    size_t stored = 0;
    for (int round = 0; round < 5; round++) {
        mr_bus_batch *batch = fixture_batch("r", 3);
        fixture_ok(mr_bus_kafka.append(producer, batch, NULL, &err), &err);
        stored += 3;
        mr_kafka_producer_break(producer);
        /* Until the new one is in place, refusals are for now. */
        mr_status st;
        while ((st = mr_bus_kafka.append(producer, batch, NULL, &err)) != MR_OK) {
            assert_true(st == MR_UNAVAILABLE || st == MR_UNKNOWN_OUTCOME);
        }
        stored += 3;
        mr_bus_batch_destroy(batch);
    }
    mr_bus_kafka.producer_close(producer);
    mr_bus_kafka.close(log);
    mr_bus *bus = fixture_open(fixture);
    fixture_expect_count(fixture, bus, "orders", stored);
    mr_bus_close(bus);
}

static void a_missing_topic_is_made_only_when_that_is_allowed(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus_producer *producer = NULL;
    mr_err err;
    fixture->options.create_topics = false;
    mr_bus *bus = fixture_open(fixture);
    assert_int_equal(mr_bus_producer_open(bus, "orders", &producer, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "millrace topic create orders"));
    fixture_ok(mr_bus_topic_create(bus, "orders", 2, 1, &err), &err);
    assert_int_equal(mr_bus_topic_create(bus, "orders", 2, 1, &err), MR_EXISTS);
    assert_int_equal(mr_bus_topic_create(bus, "other", 2, 9, &err), MR_INVALID);
    mr_bus_producer_close(fixture_producer(bus, "orders"));
    mr_bus_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_of_a_key_stay_in_one_partition_and_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_largest_record_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_record_too_large_for_the_client_is_a_limit_and_the_rest_is_told_of, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_producer_given_up_by_the_cluster_is_replaced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_missing_topic_is_made_only_when_that_is_allowed, set_up,
                                        tear_down),
    };
    if (!kafka_is_there()) {
        return kafka_skip_status;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
