/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/receipt_test.c - the limits of the search. What it finds: routes_receipt_test.c. */
#include "event/event.h"
#include "gateway/fixture.h"
#include "gateway/receipt.h"

typedef struct log_and_finder {
    fixture *f; /* for its folder only */
    mr_bus *bus;
    mr_receipt_finder *finder;
} log_and_finder;

static mr_receipt_finder *make_finder(const log_and_finder *l, uint64_t records_max)
{
    return mr_receipt_finder_create(&(mr_receipt_options){
        .bus = l->bus,
        .topic = "t",
        .store = l->f->options.store,
        .records_max = records_max,
        .search_us_max = 60000000,
    });
}

static int start(void **state)
{
    log_and_finder *l = mr_alloc_zero(1, sizeof *l);
    mr_bus_batch *batch = mr_bus_batch_create(1048576);
    mr_bus_producer *producer;

    l->f = fixture_create();
    assert_int_equal(mr_bus_open(&l->f->options.bus, &l->bus, NULL), MR_OK);
    assert_int_equal(mr_bus_producer_open(l->bus, "t", &producer, NULL), MR_OK);
    for (int i = 0; i < 50; i++) {
        /* The 49th is no event, though its key says that it belongs to the invoice. */
        assert_true(mr_bus_batch_add(batch, MR_TEXT_LITERAL("536365"),
                                     i == 48 ? MR_TEXT_LITERAL("{") : MR_TEXT_LITERAL(EVENT)));
    }
    assert_int_equal(mr_bus_append(producer, batch, NULL, NULL), MR_OK);
    mr_bus_producer_close(producer);
    mr_bus_batch_destroy(batch);
    *state = l;
    return 0;
}

static int stop(void **state)
{
    log_and_finder *l = *state;

    mr_receipt_finder_destroy(l->finder);
    mr_bus_close(l->bus);
    fixture_destroy(l->f);
    free(l);
    return 0;
}

/* The id of a line of the invoice that was never sent. */
static mr_event_id absent_id(void)
{
    uint64_t prefix = mr_event_invoice_prefix(MR_TEXT_LITERAL("536365"));
    mr_event_id id = {{0}};

    for (int i = 0; i < 6; i++) {
        id.bytes[i] = (uint8_t)(prefix >> (8 * (5 - i)));
    }
    assert_int_equal(mr_event_id_prefix(&id), prefix);
    return id;
}

static void assert_found(log_and_finder *l, uint64_t records_max, mr_receipt_state state)
{
    const mr_event_id id = absent_id();
    mr_receipt receipt;

    l->finder = make_finder(l, records_max);
    assert_int_equal(mr_receipt_find(l->finder, &id, &receipt, NULL), MR_OK);
    assert_int_equal(receipt.state, state);
    assert_int_equal(receipt.lag, 50);
}

static void the_whole_log_is_searched_within_the_limit(void **state)
{
    assert_found(*state, 50, MR_RECEIPT_UNKNOWN);
}

static void too_long_a_log_is_not_decided(void **state)
{
    assert_found(*state, 20, MR_RECEIPT_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_whole_log_is_searched_within_the_limit, start, stop),
        cmocka_unit_test_setup_teardown(too_long_a_log_is_not_decided, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
