/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_report_test.c - what the reports of librdkafka are taken for (kafka_producer.c). */
#include "bus/kafka_mock.h"

#include <poll.h>

enum { round_trip_ms = 300 };

static const char topic[] = "orders";

static void a_report_with_an_offset_says_where_the_record_is(void **state)
{
    rd_kafka_message_t report = {.partition = 3, .offset = 0};
    mr_batch_slot slot = {.position = {-1, -1}};
    mr_status status = MR_OK;
    (void)state;
    assert_int_equal(mr_kafka_read_report(&report, &slot, &status), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(status, MR_OK);
    assert_int_equal(slot.position.partition, 3);
    assert_int_equal(slot.position.offset, 0);
}

static void a_report_without_an_offset_is_never_an_acknowledgement(void **state)
{
    rd_kafka_message_t report = {.partition = 3, .offset = RD_KAFKA_OFFSET_INVALID};
    mr_batch_slot slot = {.position = {-1, -1}};
    mr_status status = MR_OK;
    (void)state;
    assert_int_not_equal(mr_kafka_read_report(&report, &slot, &status), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(status, MR_UNKNOWN_OUTCOME);
    assert_int_equal(slot.position.offset, -1);
}

typedef struct outcome {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t finished;     /* guarded by lock, like the rest */
    mr_status status[2]; /* of each batch, by its ctx */
} outcome;

typedef struct waiter {
    outcome *all;
    size_t number;
} waiter;

static void note_done(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    waiter *waits = ctx;
    (void)batch;
    (void)pthread_mutex_lock(&waits->all->lock);
    waits->all->status[waits->number] = err == NULL ? MR_OK : err->status;
    waits->all->finished++;
    (void)pthread_cond_signal(&waits->all->changed);
    (void)pthread_mutex_unlock(&waits->all->lock);
}

/* Two requests are under way; the first is refused, the second taken. librdkafka then calls the
 * first one's records stored, too, which no broker has said. */
static void what_only_the_next_request_vouches_for_is_of_unknown_outcome(void **state)
{
    kafka_mock mock;
    mr_err err;
    mr_bus *bus = NULL;
    outcome all = {.finished = 0};
    waiter waits[2] = {{&all, 0}, {&all, 1}};
    mr_bus_batch *batches[2];
    (void)state;
    (void)pthread_mutex_init(&all.lock, NULL);
    (void)pthread_cond_init(&all.changed, NULL);
    mock_start(&mock, topic, 1);
    mr_bus_options options = {.url = mock.url};
    fixture_ok(mr_bus_open(&options, &bus, &err), &err);
    mr_bus_producer *producer = fixture_producer(bus, topic);
    (void)fixture_append(producer, "before", 1); /* connected, with an id, in step */

    for (int32_t broker = 1; broker <= mock_brokers; broker++) {
        assert_int_equal(rd_kafka_mock_broker_set_rtt(mock.cluster, broker, round_trip_ms),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    enum { produce_request = 0 }; /* its number in Kafka's protocol */
    rd_kafka_mock_push_request_errors(mock.cluster, produce_request, 1,
                                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    for (size_t number = 0; number < 2; number++) {
        batches[number] = fixture_batch("k", 1);
        fixture_ok(mr_bus_submit(producer, batches[number], note_done, &waits[number], &err), &err);
        (void)poll(NULL, 0, round_trip_ms / 3); /* so that each goes in a request of its own */
    }
    (void)pthread_mutex_lock(&all.lock);
    while (all.finished < 2) {
        (void)pthread_cond_wait(&all.changed, &all.lock);
    }
    (void)pthread_mutex_unlock(&all.lock);
    assert_int_equal(all.status[0], MR_UNKNOWN_OUTCOME);
    assert_int_equal(all.status[1], MR_OK);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    mr_bus_batch_destroy(batches[0]);
    mr_bus_batch_destroy(batches[1]);
    mock_stop(&mock);
    (void)pthread_mutex_destroy(&all.lock);
    (void)pthread_cond_destroy(&all.changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_with_an_offset_says_where_the_record_is),
        cmocka_unit_test(a_report_without_an_offset_is_never_an_acknowledgement),
        cmocka_unit_test(what_only_the_next_request_vouches_for_is_of_unknown_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
