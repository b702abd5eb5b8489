/* SPDX-License-Identifier: Apache-2.0 */
/* lanes_test.c - as many producers as the log does best with, and an invoice's events by one. */
#define _GNU_SOURCE /* nftw */
#include <stdio.h>
#include <stdlib.h>

#include "bus/kafka_mock.h"

#include "gateway/lanes.h"

static void the_embedded_log_has_one(void **state)
{
    char folder[] = "/tmp/lanes-XXXXXX", remove[64];
    mr_lanes lanes = {.count = 0};
    mr_bus *bus = NULL;
    mr_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    const mr_bus_options options = {.url = "embedded:", .data_folder = folder};
    fixture_ok(mr_bus_open(&options, &bus, &err), &err);
    fixture_ok(mr_lanes_open(bus, "events", &lanes, &err), &err);
    assert_int_equal(lanes.count, 1);
    assert_int_equal(mr_lanes_of(&lanes, MR_TEXT_LITERAL("536365")), 0);
    assert_int_equal(mr_lanes_queued_bytes(&lanes), 0);
    mr_lanes_close(&lanes);
    mr_bus_close(bus);
    (void)snprintf(remove, sizeof remove, "rm -rf %s", folder);
    assert_int_equal(system(remove), 0);
}

static void kafka_has_several_and_an_invoice_goes_by_one(void **state)
{
    kafka_mock mock;
    char invoice_no[16];
    mr_lanes lanes = {.count = 0};
    bool used[mr_bus_lanes_max] = {false};
    mr_bus *bus = NULL;
    mr_err err;

    (void)state;
    mock_start(&mock, "events", 6);
    const mr_bus_options options = {.url = mock.url};
    fixture_ok(mr_bus_open(&options, &bus, &err), &err);
    fixture_ok(mr_lanes_open(bus, "events", &lanes, &err), &err);
    assert_true(lanes.count > 1);
    for (int number = 0; number < 100; number++) {
        (void)snprintf(invoice_no, sizeof invoice_no, "%d", 536365 + number);
        const uint32_t lane = mr_lanes_of(&lanes, mr_text_of(invoice_no));
        assert_in_range(lane, 0, lanes.count - 1);
        assert_int_equal(lane, mr_lanes_of(&lanes, mr_text_of(invoice_no)));
        used[lane] = true;
    }
    for (uint32_t lane = 0; lane < lanes.count; lane++) {
        assert_true(used[lane]);
    }
    mr_lanes_close(&lanes);
    assert_int_equal(lanes.count, 0);
    mr_lanes_close(&lanes);
    mr_bus_close(bus);
    mock_stop(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_embedded_log_has_one),
        cmocka_unit_test(kafka_has_several_and_an_invoice_goes_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
