/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_test.c - the contract of the log, run over the embedded backend, and what bus.c refuses.
 */
#include "bus/bus_contract.h"

static void an_unknown_backend_is_named(void **state)
{
    static const char *const urls[] = {"carrier-pigeon:", "embedded", "embeddedx:", ""};
    mr_bus *bus = NULL;
    mr_err err;
    (void)state;
    for (size_t index = 0; index < sizeof urls / sizeof urls[0]; index++) {
        mr_bus_options options = {.url = urls[index]};
        assert_int_equal(mr_bus_open(&options, &bus, &err), MR_UNSUPPORTED);
        assert_non_null(strstr(err.message, urls[index]));
        assert_null(bus);
    }
}

static void a_url_may_name_its_own_folder(void **state)
{
    bus_fixture *fixture = *state;
    char url[128];
    mr_err err;
    (void)snprintf(url, sizeof url, "embedded:%s/own/folder", fixture->folder);
    mr_bus_options options = {.url = url};
    mr_bus *bus = NULL;
    fixture_ok(mr_bus_open(&options, &bus, &err), &err);
    mr_bus_producer_close(fixture_producer(bus, "orders"));
    mr_bus_close(bus);
    (void)snprintf(url, sizeof url, "%s/own/folder/orders.db", fixture->folder);
    assert_int_equal(access(url, F_OK), 0);

    options = (mr_bus_options){.url = "embedded:"};
    assert_int_equal(mr_bus_open(&options, &bus, &err), MR_INVALID);
}

static void a_name_that_is_no_file_name_is_refused(void **state)
{
    bus_fixture *fixture = *state;
    static const char *const names[] = {"",    "../x",        "a/b",   ".hidden",
                                        "a b", "caf\xc3\xa9", "groups"};
    char long_name[102];
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = NULL;
    mr_bus_consumer *consumer = NULL;
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        mr_bus_consumer_options options = {
            .topic = names[index], .messages_max = 1, .bytes_max = 1};
        assert_int_equal(mr_bus_producer_open(bus, names[index], &producer, &err), MR_INVALID);
        assert_int_equal(mr_bus_consumer_open(bus, &options, &consumer, &err), MR_INVALID);
    }
    memset(long_name, 'x', 101);
    long_name[101] = '\0';
    assert_int_equal(mr_bus_producer_open(bus, long_name, &producer, &err), MR_INVALID);
    mr_bus_producer_close(fixture_producer(bus, long_name + 1));
    mr_bus_close(bus);
}

static void a_mark_or_consumer_without_sense_is_refused(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("r", 1);
    mr_bus_mark mark = {"feed", "source", 0, 0, -1};
    assert_int_equal(mr_bus_append(producer, batch, &mark, &err), MR_INVALID);
    mark = (mr_bus_mark){"", "source", 0, 0, 1};
    assert_int_equal(mr_bus_append(producer, batch, &mark, &err), MR_INVALID);
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {.topic = "orders", .messages_max = 0, .bytes_max = 1};
    assert_int_equal(mr_bus_consumer_open(bus, &options, &consumer, &err), MR_INVALID);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUS_CONTRACT_TESTS(fixture_set_up, fixture_tear_down),
        cmocka_unit_test(an_unknown_backend_is_named),
        cmocka_unit_test_setup_teardown(a_url_may_name_its_own_folder, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_is_no_file_name_is_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_mark_or_consumer_without_sense_is_refused, fixture_set_up,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
