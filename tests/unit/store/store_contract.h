/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_contract.h - what store.h promises, for any backend.
 *
 * Each test finds a store_fixture in *state: an empty store of the backend, open for writing.
 */
#ifndef MR_TESTS_STORE_CONTRACT_H
#define MR_TESTS_STORE_CONTRACT_H

#include "store_contract_answers.h"
#include "store_contract_lines.h"
#include "store_contract_order.h"
#include "store_contract_portal.h"
#include "store_contract_transactions.h"

#define STORE_CONTRACT(setup, teardown)                                                            \
    cmocka_unit_test_setup_teardown(keeps_an_event_once, setup, teardown),                         \
        cmocka_unit_test_setup_teardown(keeps_an_event_once_within_a_batch, setup, teardown),      \
        cmocka_unit_test_setup_teardown(the_first_of_two_events_under_one_key_stays, setup,        \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_key_names_a_line_within_its_invoice, setup, teardown),   \
        cmocka_unit_test_setup_teardown(guests_count_in_totals_and_belong_to_nobody, setup,        \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_cancellation_is_a_return, setup, teardown),              \
        cmocka_unit_test_setup_teardown(an_invoice_is_as_old_as_its_earliest_line, setup,          \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(the_latest_line_names_a_customer_and_his_country, setup,   \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(the_latest_description_that_is_not_empty_wins, setup,      \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(several_customers_on_one_invoice_each_see_their_lines,     \
                                        setup, teardown),                                          \
        cmocka_unit_test_setup_teardown(sums_are_exact_beyond_64_bits, setup, teardown),           \
        cmocka_unit_test_setup_teardown(a_receipt_tells_where_an_event_went, setup, teardown),     \
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, setup, teardown),          \
        cmocka_unit_test_setup_teardown(orders_are_listed_newest_first_by_page_and_kind, setup,    \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(the_best_customers_are_ranked_by_spend, setup, teardown),  \
        cmocka_unit_test_setup_teardown(answers_do_not_depend_on_the_order_of_arrival, setup,      \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(sums_are_those_of_a_plain_loop_over_the_events, setup,     \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_batch_larger_than_every_cache_is_applied_whole, setup,   \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(what_was_not_committed_is_gone, setup, teardown),          \
        cmocka_unit_test_setup_teardown(a_rollback_forgets_everything_it_had_seen, setup,          \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_only_what_it_committed, setup,      \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(a_writer_that_lost_its_position_is_fenced, setup,          \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(two_writers_of_two_partitions_add_up, setup, teardown),    \
        cmocka_unit_test_setup_teardown(positions_move_with_batches_and_by_hand, setup, teardown), \
        cmocka_unit_test_setup_teardown(a_reader_sees_what_was_committed, setup, teardown),        \
        cmocka_unit_test_setup_teardown(texts_of_any_script_and_length_come_back, setup,           \
                                        teardown),                                                 \
        STORE_CONTRACT_PORTAL(setup, teardown)

#endif