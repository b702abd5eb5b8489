/* SPDX-License-Identifier: Apache-2.0 */
/* cli/snapshot_print_test.c - a snapshot made by hand, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/memory.h"
#include "cli/snapshot_print.h"

static const int64_t now_ms = INT64_C(1795391860722);

static void put(char *field, size_t bytes, const char *text)
{
    assert_true(snprintf(field, bytes, "%s", text) < (int)bytes);
}

static mr_snapshot *make_snapshot(void)
{
    mr_snapshot *snapshot = mr_alloc_zero(1, sizeof *snapshot);
    mr_role_state *gateway = &snapshot->roles[0].state;
    mr_role_state *processor = &snapshot->roles[1].state;

    snapshot->data_folder = "/srv/\"mill\"";
    snapshot->exists = true;
    snapshot->taken_ms = now_ms;
    snapshot->role_count = 2;
    *gateway = (mr_role_state){.pid = 4711,
                               .alive = true,
                               .started_ms = now_ms - 125000,
                               .updated_ms = now_ms,
                               .events = 541909,
                               .errors = 2,
                               .events_per_second = 1234.4,
                               .last_error_ms = now_ms - 3000};
    put(gateway->role, sizeof gateway->role, "gateway");
    put(gateway->address, sizeof gateway->address, "127.0.0.1:8000");
    put(gateway->last_error, sizeof gateway->last_error, "disk \"x\" is full");
    snapshot->roles[0].resident_bytes = 35000000;
    *processor = (mr_role_state){.pid = 99, .updated_ms = now_ms - 60000};
    put(processor->role, sizeof processor->role, "processor");
    snapshot->topic_count = 1;
    snapshot->topics[0] = (mr_bus_topic_info){
        .first_offset = 0, .next_offset = 541909, .bytes = 17000000, .last_append_ms = now_ms};
    put(snapshot->topics[0].topic, sizeof snapshot->topics[0].topic, "ingestion-topic");
    snapshot->group_count = 1;
    snapshot->groups[0] = (mr_snapshot_group){.info = {.next_offset = 541000}, .lag = 909};
    put(snapshot->groups[0].info.group, sizeof snapshot->groups[0].info.group, "store");
    put(snapshot->groups[0].info.topic, sizeof snapshot->groups[0].info.topic, "ingestion-topic");
    snapshot->has_store = true;
    snapshot->store = (mr_store_totals){.lines = 541000,
                                        .customers = 4372,
                                        .sales = {.scaled = INT64_C(97477479340)},
                                        .cancelled = {.scaled = -INT64_C(8965887999)}};
    snapshot->has_balances = true;
    snapshot->balances = (mr_kept_reconciliation){.started_ms = now_ms - 4000,
                                                  .bronze_version = 41,
                                                  .silver_version = 40,
                                                  .gold_version = -1,
                                                  .count = 3};
    snapshot->balances.balances[0] = (mr_kept_balance){.name = "bronze rows = rows silver has read",
                                                       .known = true,
                                                       .holds = true,
                                                       .left = "541909",
                                                       .right = "541909",
                                                       .difference = "0"};
    snapshot->balances.balances[1] = (mr_kept_balance){.name = "store money = silver money",
                                                       .known = true,
                                                       .left = "9747747.934",
                                                       .right = "9747747.93",
                                                       .difference = "0.004"};
    snapshot->balances.balances[2] = (mr_kept_balance){
        .name = "silver lines = gold lines", .holds = true, .note = "gold is behind"};
    put(snapshot->balances.run, sizeof snapshot->balances.run, "1-2");
    snapshot->letters = 7;
    snapshot->letters_open = 3;
    return snapshot;
}

static void assert_has(const mr_buffer *out, const char *expected)
{
    if (strstr(out->data, expected) == NULL) {
        fail_msg("'%s' is not in:\n%s", expected, out->data);
    }
}

static void render_text(const mr_snapshot *snapshot, mr_buffer *out)
{
    mr_buffer_init(out, mr_snapshot_text_bytes_max);
    mr_snapshot_print_text(snapshot, "millrace up", out);
    assert_true(mr_buffer_append(out, "", 1));
}

static void people_see_grouped_numbers_and_ages(void **state)
{
    mr_snapshot *snapshot = make_snapshot();
    mr_buffer out;

    (void)state;
    render_text(snapshot, &out);
    assert_has(&out, "541,909");
    assert_has(&out, "2 min 5 s");
    assert_has(&out, "1,234 ");
    assert_has(&out, "35 MB");
    assert_has(&out, "127.0.0.1:8000");
    assert_has(&out, "processor  died      was process 99, last seen 1 min 0 s ago");
    assert_has(&out, "last error of gateway, 3.0 s ago: disk \"x\" is full");
    assert_has(&out, "sales 9,747,747.934, cancelled -896,588.7999");
    assert_has(&out, "DEAD LETTERS  3 open of 7; millrace dlq list shows why");
    assert_has(&out, "BOOKS  DO NOT BALANCE: 1 of 3 balances hold, 1 could not be told; run of "
                     "4.0 s ago\n");
    assert_has(&out, "versions: bronze 41, silver 40, gold none yet\n");
    assert_has(&out, "BROKEN  store money = silver money: 9747747.934 and 9747747.93, "
                     "difference 0.004\n");
    assert_null(strstr(out.data, "gold is behind")); /* not broken: nothing to read here */
    assert_null(strstr(out.data, "To begin"));       /* something runs */
    mr_buffer_free(&out);
    mr_snapshot_destroy(snapshot);
}

static void a_folder_without_running_roles_says_how_to_begin(void **state)
{
    mr_snapshot *snapshot = make_snapshot();
    mr_buffer out;

    (void)state;
    snapshot->roles[0].state.alive = false;
    render_text(snapshot, &out);
    assert_has(&out, "Nothing runs. To begin: millrace up\n");
    mr_buffer_free(&out);
    snapshot->roles_unknown = true;
    render_text(snapshot, &out);
    assert_null(strstr(out.data, "Nothing runs"));
    mr_buffer_free(&out);
    snapshot->exists = false;
    render_text(snapshot, &out);
    assert_string_equal(out.data, "/srv/\"mill\" does not exist yet. To begin: millrace up\n");
    mr_buffer_free(&out);
    mr_snapshot_destroy(snapshot);
}

static yyjson_doc *render_json(const mr_snapshot *snapshot)
{
    mr_buffer out;
    yyjson_doc *document = NULL;

    mr_buffer_init(&out, mr_snapshot_text_bytes_max);
    mr_snapshot_print_json(snapshot, &out);
    assert_int_equal(out.data[out.bytes - 1], '\n');
    assert_ptr_equal(memchr(out.data, '\n', out.bytes), out.data + out.bytes - 1); /* one line */
    /* Numbers as they stand in the text: amounts are exact. */
    document = yyjson_read(out.data, out.bytes, YYJSON_READ_NUMBER_AS_RAW);
    assert_non_null(document);
    mr_buffer_free(&out);
    return document;
}

static yyjson_val *at(yyjson_doc *document, const char *pointer)
{
    yyjson_val *value = yyjson_doc_ptr_get(document, pointer);

    assert_non_null(value);
    return value;
}

/* A number, by its digits. */
static void assert_raw(yyjson_doc *document, const char *pointer, const char *expected)
{
    yyjson_val *value = at(document, pointer);

    assert_true(yyjson_is_raw(value));
    assert_int_equal(yyjson_get_len(value), strlen(expected));
    assert_memory_equal(yyjson_get_raw(value), expected, strlen(expected));
}

static void programs_get_every_figure_as_it_is(void **state)
{
    mr_snapshot *snapshot = make_snapshot();
    yyjson_doc *document = render_json(snapshot);

    (void)state;
    assert_string_equal(yyjson_get_str(at(document, "/data")), "/srv/\"mill\"");
    assert_raw(document, "/roles/0/events", "541909");
    assert_true(yyjson_get_bool(at(document, "/roles/0/alive")));
    assert_false(yyjson_get_bool(at(document, "/roles/1/alive")));
    assert_string_equal(yyjson_get_str(at(document, "/roles/0/last_error")), "disk \"x\" is full");
    assert_raw(document, "/topics/0/next_offset", "541909");
    assert_raw(document, "/consumers/0/lag", "909");
    assert_raw(document, "/store/sales", "9747747.934");
    assert_raw(document, "/store/cancelled", "-896588.7999");
    assert_raw(document, "/dead_letters/open", "3");
    assert_false(yyjson_get_bool(at(document, "/reconciliation/holds")));
    assert_string_equal(yyjson_get_str(at(document, "/reconciliation/run")), "1-2");
    assert_raw(document, "/reconciliation/bronze_version", "41");
    assert_raw(document, "/reconciliation/gold_version", "-1");
    assert_raw(document, "/reconciliation/balances/1/difference", "0.004");
    assert_true(yyjson_is_null(at(document, "/reconciliation/balances/2/left")));
    yyjson_doc_free(document);
    mr_snapshot_destroy(snapshot);
}

static void a_message_cut_within_a_character_is_still_json(void **state)
{
    mr_snapshot *snapshot = make_snapshot();
    yyjson_doc *document = NULL;

    (void)state;
    put(snapshot->roles[0].state.last_error, sizeof snapshot->roles[0].state.last_error, "caf\xc3");
    snapshot->problem_count = 1;
    put(snapshot->problems[0], sizeof snapshot->problems[0], "store: \xe2\x82");
    document = render_json(snapshot);
    assert_non_null(at(document, "/problems/0"));
    yyjson_doc_free(document);
    mr_snapshot_destroy(snapshot);
}

static void a_snapshot_of_nothing_is_json_too(void **state)
{
    mr_snapshot *snapshot = mr_alloc_zero(1, sizeof *snapshot);
    yyjson_doc *document = NULL;

    (void)state;
    snapshot->data_folder = "data";
    document = render_json(snapshot);
    assert_false(yyjson_get_bool(at(document, "/exists")));
    assert_true(yyjson_is_null(at(document, "/store")));
    assert_true(yyjson_is_null(at(document, "/reconciliation")));
    assert_int_equal(yyjson_arr_size(at(document, "/roles")), 0);
    yyjson_doc_free(document);
    mr_snapshot_destroy(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_see_grouped_numbers_and_ages),
        cmocka_unit_test(a_folder_without_running_roles_says_how_to_begin),
        cmocka_unit_test(programs_get_every_figure_as_it_is),
        cmocka_unit_test(a_message_cut_within_a_character_is_still_json),
        cmocka_unit_test(a_snapshot_of_nothing_is_json_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
