/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_config_test.c - URLs and properties of the Kafka backend; needs no broker. */
#include "bus/bus_fixture.h"

#include "base/civil.h"

static mr_status open_with(const char *url, const mr_property *properties, size_t count,
                           mr_err *err)
{
    mr_bus_options options = {.url = url, .properties = properties, .property_count = count};
    mr_bus *bus = NULL;
    mr_status st = mr_bus_open(&options, &bus, err);
    mr_bus_close(bus);
    return st;
}

static void a_url_names_brokers_and_perhaps_a_prefix(void **state)
{
    static const char *const good[] = {"kafka://h:9092", "kafka://a:1,b:2,c:3", "kafka://h:9092/",
                                       "kafka://h:9092/shop-1.", "kafka://[::1]:9092"};
    mr_err err;
    (void)state;
    for (size_t index = 0; index < sizeof good / sizeof good[0]; index++) {
        fixture_ok(open_with(good[index], NULL, 0, &err), &err);
    }
}

static void a_url_that_makes_no_sense_is_refused(void **state)
{
    static const char *const bad[] = {"kafka:",          "kafka:/h:9092",       "kafka://",
                                      "kafka:///prefix", "kafka://h:9092?a=b",  "kafka://h:1/a/b",
                                      "kafka://h:1/a b", "kafka://h:1/.hidden", "kafka://h:1#x"};
    mr_err err;
    (void)state;
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        assert_int_equal(open_with(bad[index], NULL, 0, &err), MR_INVALID);
        assert_non_null(strstr(err.message, bad[index]));
    }
}

static void a_password_in_the_url_is_refused_and_not_repeated(void **state)
{
    mr_err err;
    (void)state;
    assert_int_equal(open_with("kafka://user:hunter2@h:9092", NULL, 0, &err), MR_INVALID);
    assert_null(strstr(err.message, "hunter2"));
    assert_non_null(strstr(err.message, "MILLRACE_KAFKA_SASL_USERNAME"));
}

static void what_the_promises_rest_on_cannot_be_set(void **state)
{
    static const mr_property fixed[] = {
        {"enable.idempotence", "false"}, {"acks", "1"},
        {"isolation.level", "x"},        {"group.id", "mine"},
        {"transactional.id", "mine"},    {"bootstrap.servers", "h:1"},
        {"partitioner", "random"}};
    mr_err err;
    (void)state;
    for (size_t index = 0; index < sizeof fixed / sizeof fixed[0]; index++) {
        assert_int_equal(open_with("kafka://h:9092", &fixed[index], 1, &err), MR_INVALID);
        assert_non_null(strstr(err.message, fixed[index].name));
    }
}

static void a_property_that_is_none_or_takes_no_such_value_is_named_without_its_value(void **state)
{
    static const mr_property wrong[] = {{"sasl.pasword", "hunter2"}, {"linger.ms", "hunter2"}};
    mr_err err;
    (void)state;
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++) {
        assert_int_equal(open_with("kafka://h:9092", &wrong[index], 1, &err), MR_INVALID);
        assert_non_null(strstr(err.message, wrong[index].name));
        assert_null(strstr(err.message, "hunter2"));
    }
}

static void what_may_be_set_is_taken(void **state)
{
    static const mr_property good[] = {{"linger.ms", "5"},
                                       {"compression.type", "zstd"},
                                       {"partitioner", "consistent_random"},
                                       {"sasl.mechanism", "PLAIN"},
                                       {"sasl.username", "$ConnectionString"},
                                       {"sasl.password", "Endpoint=sb://x"},
                                       {"security.protocol", "SASL_SSL"}};
    mr_err err;
    (void)state;
    fixture_ok(open_with("kafka://h:9092", good, sizeof good / sizeof good[0], &err), &err);
}

static void a_cluster_that_is_away_is_unavailable_soon(void **state)
{
    mr_bus_options options = {.url = "kafka://127.0.0.1:1", .create_topics = true};
    mr_bus *bus = NULL;
    mr_bus_producer *producer = NULL;
    mr_err err;
    (void)state;
    fixture_ok(mr_bus_open(&options, &bus, &err), &err);
    int64_t start_us = mr_monotonic_us();
    assert_int_equal(mr_bus_producer_open(bus, "orders", &producer, &err), MR_UNAVAILABLE);
    assert_int_equal(err.action, MR_RETRY);
    assert_non_null(strstr(err.message, "127.0.0.1:1"));
    assert_true(mr_monotonic_us() - start_us < 10 * 1000000);
    mr_bus_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_names_brokers_and_perhaps_a_prefix),
        cmocka_unit_test(a_url_that_makes_no_sense_is_refused),
        cmocka_unit_test(a_password_in_the_url_is_refused_and_not_repeated),
        cmocka_unit_test(what_the_promises_rest_on_cannot_be_set),
        cmocka_unit_test(a_property_that_is_none_or_takes_no_such_value_is_named_without_its_value),
        cmocka_unit_test(what_may_be_set_is_taken),
        cmocka_unit_test(a_cluster_that_is_away_is_unavailable_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
