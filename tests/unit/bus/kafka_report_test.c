/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_report_test.c - what the reports of librdkafka are taken for (kafka_producer.c). */
#include "bus/kafka_mock.h"

#include <poll.h>
#include <time.h>

enum { round_trip_ms = 300, tries_max = 8 };

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

static mr_bus_producer *start(kafka_mock *mock, const mr_property *property, mr_bus **ret_bus)
{
    mr_err err;
    mock_start(mock, topic, 1);
    mr_bus_options options = {
        .url = mock->url, .properties = property, .property_count = property != NULL ? 1 : 0};
    fixture_ok(mr_bus_open(&options, ret_bus, &err), &err);
    mr_bus_producer *producer = fixture_producer(*ret_bus, topic);
    (void)fixture_append(producer, "before", 1); /* connected, with an id, in step */
    for (int32_t broker = 1; broker <= mock_brokers; broker++) {
        assert_int_equal(rd_kafka_mock_broker_set_rtt(mock->cluster, broker, round_trip_ms),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    return producer;
}

/* Two requests are under way; the first is refused, the second taken. librdkafka then calls the
 * first one's record stored, too, which no broker has said. */
static void what_only_the_next_request_vouches_for_is_of_unknown_outcome(void **state)
{
    enum { produce_request = 0 }; /* its number in Kafka's protocol */
    static const mr_property one_a_request = {"batch.num.messages", "1"};
    kafka_mock mock;
    mr_err err;
    mr_bus *bus = NULL;
    (void)state;
    mr_bus_producer *producer = start(&mock, &one_a_request, &bus);
    rd_kafka_mock_push_request_errors(mock.cluster, produce_request, 1,
                                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    mr_bus_batch *batch = fixture_batch("k", 2);
    assert_int_equal(mr_bus_append(producer, batch, NULL, &err), MR_UNKNOWN_OUTCOME);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    mock_stop(&mock);
}

/* --- While a request is under way ----------------------------------------------------------- */

enum { batches = 4, batch_records = 20 };

typedef struct ends {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count; /* guarded by lock, like the rest */
    int64_t offsets[batches];
    mr_status worst;
} ends;

static void note_end(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    ends *all = ctx;
    (void)pthread_mutex_lock(&all->lock);
    all->worst = err != NULL ? err->status : all->worst;
    all->offsets[all->count++] = err != NULL ? -1 : mr_bus_batch_position(batch, 0).offset;
    (void)pthread_cond_signal(&all->changed);
    (void)pthread_mutex_unlock(&all->lock);
}

static int64_t cpu_us(void)
{
    struct timespec time;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
    return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* More records for a partition, while as many as the library sends ahead are under way. Returns the
 * CPU time that it took, in microseconds. */
static int64_t wait_for_answers(void)
{
    kafka_mock mock;
    mr_err err;
    mr_bus *bus = NULL;
    mr_bus_batch *given[batches];
    ends all = {.count = 0};
    (void)pthread_mutex_init(&all.lock, NULL);
    (void)pthread_cond_init(&all.changed, NULL);
    mr_bus_producer *producer = start(&mock, NULL, &bus);
    int64_t before_us = cpu_us();
    for (size_t index = 0; index < batches; index++) {
        given[index] = fixture_batch("k", batch_records);
        fixture_ok(mr_bus_submit(producer, given[index], note_end, &all, &err), &err);
        if (index == 0) { /* nothing tells when it has been sent; the others shall find it so */
            (void)poll(NULL, 0, round_trip_ms / 5);
        }
    }
    (void)pthread_mutex_lock(&all.lock);
    while (all.count < batches) {
        (void)pthread_cond_wait(&all.changed, &all.lock);
    }
    (void)pthread_mutex_unlock(&all.lock);
    int64_t taken_us = cpu_us() - before_us;
    assert_int_equal(all.worst, MR_OK);
    for (size_t index = 0; index < batches; index++) { /* in the order in which they were given */
        assert_int_equal(all.offsets[index], 1 + index * batch_records);
        mr_bus_batch_destroy(given[index]);
    }
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
    mock_stop(&mock);
    (void)pthread_mutex_destroy(&all.lock);
    (void)pthread_cond_destroy(&all.changed);
    return taken_us;
}

/* On a busy machine the first batch may not have been sent when the others come: then it is tried
 * again. A producer that spins does so each time. */
static void waiting_for_an_answer_takes_no_time_of_a_core(void **state)
{
    int64_t least_us = INT64_MAX;
    (void)state;
    for (int tries = 0; tries < tries_max && least_us > round_trip_ms * 1000 / 8; tries++) {
        int64_t taken_us = wait_for_answers();
        least_us = taken_us < least_us ? taken_us : least_us;
    }
    assert_in_range(least_us, 0, round_trip_ms * 1000 / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_with_an_offset_says_where_the_record_is),
        cmocka_unit_test(a_report_without_an_offset_is_never_an_acknowledgement),
        cmocka_unit_test(what_only_the_next_request_vouches_for_is_of_unknown_outcome),
        cmocka_unit_test(waiting_for_an_answer_takes_no_time_of_a_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
