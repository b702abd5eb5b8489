/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_look_test.c - questions to a cluster whose leaders moved or died since they were last
 * heard of.
 */
#include "bus/kafka_mock.h"

enum { partitions = 2 };

static const char topic[] = "orders";

typedef struct asked {
    kafka_mock mock;
    mr_kafka log;
} asked;

static int set_up(void **state)
{
    mr_err err;
    asked *made = mr_alloc_zero(1, sizeof *made);
    mock_start(&made->mock, topic, partitions);
    mr_bus_options options = {.url = made->mock.url};
    fixture_ok(mr_kafka_configure(&options, &made->log, &err), &err);
    (void)pthread_mutex_init(&made->log.lock, NULL);
    *state = made;
    return 0;
}

static int tear_down(void **state)
{
    asked *made = *state;
    if (made->log.client != NULL) {
        rd_kafka_destroy(made->log.client);
    }
    (void)pthread_mutex_destroy(&made->log.lock);
    rd_kafka_conf_destroy(made->log.conf);
    free(made->log.brokers);
    free(made->log.prefix);
    mock_stop(&made->mock);
    free(made);
    return 0;
}

static void lead(const asked *made, int32_t partition, int32_t broker)
{
    assert_int_equal(
        rd_kafka_mock_partition_set_leader(made->mock.cluster, topic, partition, broker),
        RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* As a consumer asks that has no partition yet: its client has heard of the topic, no more. */
static void bounds_are_there(asked *made)
{
    mr_kafka_bounds bounds = {-1, -1};
    mr_err err;
    fixture_ok(mr_kafka_look_begin(&made->log, &err), &err);
    mr_status st = mr_kafka_read_bounds(made->log.client, topic, 0, &bounds, &err);
    mr_kafka_look_end(&made->log);
    fixture_ok(st, &err);
    assert_int_equal(bounds.first_offset, 0);
    assert_int_equal(bounds.next_offset, 0);
}

static void bounds_are_asked_of_the_leader_that_is(void **state)
{
    asked *made = *state;
    lead(made, 0, 1);
    bounds_are_there(made);
    for (int32_t broker = 2; broker <= mock_brokers; broker++) {
        lead(made, 0, broker);
        bounds_are_there(made);
    }
}

static void bounds_are_read_past_a_leader_that_died(void **state)
{
    asked *made = *state;
    lead(made, 0, 1);
    bounds_are_there(made);
    lead(made, 0, 2);
    assert_int_equal(rd_kafka_mock_broker_set_down(made->mock.cluster, 1),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    bounds_are_there(made);
}

static void a_partition_that_had_no_leader_is_asked_for_again(void **state)
{
    asked *made = *state;
    mr_err err;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = RD_KAFKA_OFFSET_END;
    lead(made, 0, -1);
    fixture_ok(mr_kafka_look_begin(&made->log, &err), &err);
    /* It hears so, and keeps that. */
    assert_int_equal(rd_kafka_offsets_for_times(made->log.client, list, fixture_wait_ms_max),
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    mr_kafka_look_end(&made->log);
    rd_kafka_topic_partition_list_destroy(list);
    lead(made, 0, 3);
    bounds_are_there(made);
}

static void the_leaders_of_all_partitions_are_awaited_where_they_are(void **state)
{
    asked *made = *state;
    mr_err err;
    lead(made, 0, 1);
    lead(made, 1, 2);
    fixture_ok(mr_kafka_await_leaders(&made->log, topic, partitions, &err), &err);
    lead(made, 0, 3);
    lead(made, 1, 1);
    fixture_ok(mr_kafka_await_leaders(&made->log, topic, partitions, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bounds_are_asked_of_the_leader_that_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_are_read_past_a_leader_that_died, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_partition_that_had_no_leader_is_asked_for_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_leaders_of_all_partitions_are_awaited_where_they_are,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
