/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract_transactions.h - batches, positions, crashes and rivals. */
#ifndef MR_TESTS_STORE_CONTRACT_TRANSACTIONS_H
#define MR_TESTS_STORE_CONTRACT_TRANSACTIONS_H

#include <sys/wait.h>

#include "store_fixture.h"

static void what_was_not_committed_is_gone(void **state)
{
    store_fixture *fixture = *state;
    mr_event event = event_of(&(test_line){.quantity = 1});
    mr_store_item item = {.event = &event};

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    assert_int_equal(totals_of(fixture->store).lines, 1); /* its own transaction sees it */
    mr_store_close(fixture->store);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    assert_int_equal(totals_of(fixture->store).lines, 0);
    assert_int_equal(position_of(fixture->store, &fixture_source), 0);
}

static void a_rollback_forgets_everything_it_had_seen(void **state)
{
    mr_store *store = ((store_fixture *)*state)->store;
    mr_event event = event_of(&(test_line){.quantity = 1,
                                           .price = 10000,
                                           .customer_id = 5,
                                           .country = "Eire",
                                           .description = "LANTERN"});
    mr_store_item item = {.event = &event};

    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    mr_store_rollback(store);
    assert_int_equal(position_of(store, &fixture_source), 0);
    apply_items(store, &fixture_source, &item, 1);
    assert_int_equal(item.verdict, MR_STORE_INSERTED);
    assert_int_equal(totals_of(store).customers, 1);
    assert_int_equal(totals_of(store).countries, 1);
    assert_string_equal(customer_of(store, 5).country, "Eire");
    assert_amount(invoice_of(store, "536365").total, "1");
    assert_description(store, "LANTERN");
}

static void a_killed_writer_leaves_only_what_it_committed(void **state)
{
    store_fixture *fixture = *state;
    pid_t child;
    int exit_status = -1;

    mr_store_close(fixture->store);
    fixture->store = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mr_event first = event_of(&(test_line){.quantity = 1}),
                 second = event_of(&(test_line){.quantity = 2});
        mr_store_item items[] = {{.event = &first}, {.event = &second, .offset = 1}};
        mr_store *store = open_store(fixture, MR_STORE_WRITE);

        apply_items(store, &fixture_source, items, 1);
        _exit(mr_store_apply(store, &fixture_source, 1, 2, items + 1, 1, NULL) == MR_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_int_equal(exit_status, 0);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    assert_int_equal(totals_of(fixture->store).lines, 1);
    assert_int_equal(position_of(fixture->store, &fixture_source), 1);
}

static void a_writer_that_lost_its_position_is_fenced(void **state)
{
    store_fixture *fixture = *state;
    mr_store *rival = open_store(fixture, MR_STORE_WRITE);
    mr_event event = event_of(&(test_line){.quantity = 1});
    mr_store_item item = {.event = &event};
    mr_err err;

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 3, 4, &item, 1, &err),
                     MR_EXISTS); /* nothing was taken yet, so it stands at 0 */
    apply_items(rival, &fixture_source, &item, 1);
    event = event_of(&(test_line){.quantity = 2});
    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, &err),
                     MR_EXISTS);
    assert_non_null(strstr(err.message, "is 1, not 0"));
    assert_int_equal(totals_of(fixture->store).lines, 1);
    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 1, 2, &item, 1, &err), MR_OK);
    assert_int_equal(mr_store_commit(fixture->store, &err), MR_OK);
    mr_store_close(rival);
}

static void two_writers_of_two_partitions_add_up(void **state)
{
    static const mr_store_source other = {"store", "ingestion-topic", 1};
    store_fixture *fixture = *state;
    mr_store *rival = open_store(fixture, MR_STORE_WRITE);
    int32_t round;

    for (round = 1; round <= 3; round++) {
        mr_event ours = event_of(&(test_line){.quantity = round,
                                              .price = 10000,
                                              .customer_id = 5,
                                              .country = "Eire",
                                              .date_seconds = 10 * round});
        mr_event theirs = event_of(&(test_line){.quantity = 10 * round,
                                                .price = 10000,
                                                .customer_id = 5,
                                                .country = "Spain",
                                                .date_seconds = 10 * round + 1});
        mr_store_item item = {.event = &ours, .offset = round};

        apply_items(fixture->store, &fixture_source, &item, 1);
        item.event = &theirs;
        apply_items(rival, &other, &item, 1);
    }
    assert_amount(customer_of(fixture->store, 5).spent, "66");
    assert_string_equal(customer_of(fixture->store, 5).country, "Spain");
    assert_int_equal(totals_of(fixture->store).lines, 6);
    assert_int_equal(totals_of(fixture->store).countries, 2);
    mr_store_close(rival);
}

static bool append_position(void *ctx, const mr_store_source *source, int64_t next_offset)
{
    return mr_buffer_printf(ctx, "%s %s %d %lld\n", source->group, source->topic,
                            (int)source->partition, (long long)next_offset);
}

static void positions_move_with_batches_and_by_hand(void **state)
{
    static const mr_store_source second = {"store", "ingestion-topic", 1};
    mr_store *store = ((store_fixture *)*state)->store;
    mr_buffer list;

    mr_buffer_init(&list, 4096);
    assert_int_equal(position_of(store, &fixture_source), 0);
    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 0, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 70, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_store_apply(store, &second, 0, 8, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_store_commit(store, NULL), MR_OK);
    assert_int_equal(mr_store_reposition(store, &fixture_source, 5, NULL), MR_OK);
    assert_int_equal(position_of(store, &fixture_source), 5);
    assert_int_equal(mr_store_read_positions(store, append_position, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "store ingestion-topic 0 5\nstore ingestion-topic 1 8\n");
    mr_buffer_free(&list);
}

static void a_reader_sees_what_was_committed(void **state)
{
    store_fixture *fixture = *state;
    mr_store *reader = open_store(fixture, MR_STORE_READ);
    mr_event event = event_of(&(test_line){.quantity = 1, .price = 5, .customer_id = 5});
    mr_store_item item = {.event = &event};

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    assert_int_equal(totals_of(reader).lines, 0);
    assert_int_equal(mr_store_commit(fixture->store, NULL), MR_OK);
    assert_int_equal(totals_of(reader).lines, 1);
    assert_amount(customer_of(reader, 5).spent, "0.0005");
    mr_store_close(reader);
}

#endif
