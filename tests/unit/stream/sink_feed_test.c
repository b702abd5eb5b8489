/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_feed_test.c - canonical events into the processed topic, each once. */
#include "stream/fixture.h"

static mr_sink *open_sink(const fixture *f)
{
    mr_sink_options options = sink_options(f);
    mr_sink *sink = NULL;

    must(mr_sink_feed_open(&options, &sink, err));
    return sink;
}

static void test_values_are_canonical_and_carry_the_event_id(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append(f, "{\"Country\":\"UK\",\"UnitPrice\":2.50,\"Quantity\":1,\"StockCode\":\"1\",\"x\":1,"
              "\"InvoiceDate\":\"2010-12-01T08:26\",\"InvoiceNo\":536365}");
    append(f, "poison");
    append_event(f, "536366", 1);
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered, 2);
    assert_int_equal(d.counts.rejected, 1);
    mr_sink_close(d.sink);
    records *values = read_topic(f, topic_out);
    assert_int_equal(values->count, 2);
    const char *value = values->values[0].data;
    assert_ptr_equal(strstr(value, "{\"InvoiceNo\":\"536365\",\"StockCode\":\"1\""), value);
    assert_non_null(strstr(value, "\"UnitPrice\":2.5,"));
    assert_non_null(strstr(value, "\"x\":1,\"event_id\":\""));
    assert_int_equal(strlen(strstr(value, "event_id\":\"") + 11), 32 + 2);
    free_records(values);
}

static void test_a_delivery_repeated_after_a_restart_adds_nothing(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append_event(f, "1", 1);
    append_event(f, "1", 1); /* sent twice: comes out twice */
    (void)position_of(d.sink);
    deliver_all(f, &d);
    mr_sink_close(d.sink);
    append_event(f, "2", 1);
    d.sink = open_sink(f);
    assert_int_equal(position_of(d.sink), 2);
    deliver_all(f, &d);
    assert_int_equal(d.counts.delivered, 1);
    deliver_all(f, &d);
    assert_int_equal(d.counts.delivered, 0);
    mr_sink_close(d.sink);
    assert_int_equal(count_topic(f, topic_out), 3);
}

static void test_poison_alone_moves_the_position(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append(f, "x");
    append(f, "");
    (void)position_of(d.sink);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(position_of(d.sink), 2);
    mr_sink_close(d.sink);
    assert_int_equal(count_topic(f, topic_out), 0);
}

static void test_a_second_processor_is_fenced(void **state)
{
    fixture *f = *state;
    delivery first = {.sink = open_sink(f)};
    delivery second = {.sink = open_sink(f)};

    append_event(f, "1", 1);
    (void)position_of(first.sink);
    (void)position_of(second.sink);
    deliver_all(f, &first);
    deliver_all(f, &second);
    assert_int_equal(first.status, MR_OK);
    assert_int_equal(second.status, MR_EXISTS);
    assert_int_equal(position_of(second.sink), 1);
    deliver_all(f, &second);
    assert_int_equal(second.counts.delivered, 0);
    mr_sink_close(first.sink);
    mr_sink_close(second.sink);
    assert_int_equal(count_topic(f, topic_out), 1);
}

/* More than one append takes: each part has its own mark. */
static void test_a_delivery_larger_than_an_append_goes_out_in_parts(void **state)
{
    enum { count = 600, filler_bytes = 15000 };
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};
    mr_text values[count];

    for (int i = 0; i < count; i++) {
        char *json = mr_alloc(filler_bytes + 512);
        int head = snprintf(json, 512,
                            "{\"InvoiceNo\":\"%d\",\"StockCode\":\"1\",\"Quantity\":1,"
                            "\"InvoiceDate\":\"2010-12-01\",\"UnitPrice\":1,\"Country\":\"UK\","
                            "\"x\":\"",
                            i);
        memset(json + head, 'x', filler_bytes);
        memcpy(json + head + filler_bytes, "\"}", 3);
        values[i] = (mr_text){json, (size_t)head + filler_bytes + 2};
    }
    append_texts(f, values, count);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered, count);
    assert_int_equal(position_of(d.sink), count);
    mr_sink_close(d.sink);
    assert_int_equal(count_topic(f, topic_out), count);
    for (int i = 0; i < count; i++) {
        free((void *)(uintptr_t)values[i].data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_are_canonical_and_carry_the_event_id, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_delivery_repeated_after_a_restart_adds_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_poison_alone_moves_the_position, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_second_processor_is_fenced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_delivery_larger_than_an_append_goes_out_in_parts,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
