/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_extra_test.c - unknown fields are kept as they are, within limits. */
#include "json_fixture.h"

#include "event/event_parser.h"

static void assert_extra(json_fixture *fixture, const char *members, const char *expected)
{
    mr_buffer json;

    mr_buffer_init(&json, mr_event_json_bytes_max);
    assert_true(mr_buffer_append_string(&json, GOOD_HEAD));
    assert_true(mr_buffer_append_string(&json, members));
    assert_true(mr_buffer_append_string(&json, "," GOOD_TAIL));
    assert_int_equal(fixture_parse_text(fixture, mr_buffer_text(&json)), MR_OK);
    assert_text(fixture->event.extra, expected);
    mr_buffer_free(&json);
}

static void there_is_no_extra_without_unknown_fields(void **state)
{
    json_fixture *fixture = *state;

    assert_int_equal(fixture_parse(fixture, GOOD_EVENT), MR_OK);
    assert_null(fixture->event.extra.data);
}

static void scalars_keep_their_kind_and_numbers_their_digits(void **state)
{
    assert_extra(*state,
                 "\"a\" : 1.50 , \"b\":-0.0e+10,\"c\":\"x\",\"d\":null,\"e\":true,\"f\":false",
                 "{\"a\":1.50,\"b\":-0.0e+10,\"c\":\"x\",\"d\":null,\"e\":true,\"f\":false}");
    assert_extra(*state, "\"n\":123456789012345678901234567890.12345678901234567890",
                 "{\"n\":123456789012345678901234567890.12345678901234567890}");
}

static void nesting_is_kept(void **state)
{
    assert_extra(
        *state,
        "\"a\" : { \"b\" : [ 1 , [ ] , { } , [ 2 , { \"c\" : 3 } ] ] , \"d\" : 4 },\"e\":[]",
        "{\"a\":{\"b\":[1,[],{},[2,{\"c\":3}]],\"d\":4},\"e\":[]}");
}

static void strings_are_escaped_again(void **state)
{
    assert_extra(*state, "\"k\\n\":\"\\u0041\\u0000\\\"\\\\\\/\\ud83c\\udf84\"",
                 "{\"k\\n\":\"A\\u0000\\\"\\\\/\xF0\x9F\x8E\x84\"}");
}

static void names_near_those_of_the_contract_are_unknown(void **state)
{
    assert_extra(*state, "\"quantity\":1,\"country\":2,\"\":3,\"InvoiceNO\":4,\"CUSTOMERNAME\":5",
                 "{\"quantity\":1,\"country\":2,\"\":3,\"InvoiceNO\":4,\"CUSTOMERNAME\":5}");
}

static mr_status parse_nested(json_fixture *fixture, size_t depth)
{
    mr_buffer json;
    mr_status status;

    mr_buffer_init(&json, mr_event_json_bytes_max);
    assert_true(mr_buffer_append_string(&json, GOOD_HEAD "\"deep\":"));
    for (size_t i = 0; i < depth; i++) {
        assert_true(mr_buffer_append(&json, "[", 1));
    }
    assert_true(mr_buffer_append(&json, "1", 1));
    for (size_t i = 0; i < depth; i++) {
        assert_true(mr_buffer_append(&json, "]", 1));
    }
    assert_true(mr_buffer_append_string(&json, "," GOOD_TAIL));
    status = fixture_parse_text(fixture, mr_buffer_text(&json));
    mr_buffer_free(&json);
    return status;
}

static void nesting_has_a_limit(void **state)
{
    json_fixture *fixture = *state;

    assert_int_equal(parse_nested(fixture, mr_json_depth_max), MR_OK);
    assert_int_equal(fixture->event.extra.bytes, strlen("{\"deep\":1}") + 2 * mr_json_depth_max);
    assert_int_equal(parse_nested(fixture, mr_json_depth_max + 1), MR_INVALID);
    assert_true(fixture->faults.malformed);
    assert_non_null(strstr(fixture->faults.message, "64"));
    assert_int_equal(parse_nested(fixture, 20000), MR_INVALID);
}

static void brackets_left_open_are_named(void **state)
{
    json_fixture *fixture = *state;
    char *json = mr_alloc(mr_event_json_bytes_max);

    memset(json, '[', mr_event_json_bytes_max);
    assert_int_equal(fixture_parse_text(fixture, (mr_text){json, mr_event_json_bytes_max}),
                     MR_INVALID);
    assert_non_null(strstr(fixture->faults.message, "brackets"));
    free(json);
}

static mr_status parse_with_extra_bytes(json_fixture *fixture, size_t bytes)
{
    static const char frame[] = "{\"k\":\"\"}";
    mr_buffer json;
    mr_status status;

    mr_buffer_init(&json, mr_event_json_bytes_max);
    assert_true(mr_buffer_append_string(&json, GOOD_HEAD "\"k\":\""));
    for (size_t i = sizeof frame - 1; i < bytes; i++) {
        assert_true(mr_buffer_append(&json, "x", 1));
    }
    assert_true(mr_buffer_append_string(&json, "\"," GOOD_TAIL));
    status = fixture_parse_text(fixture, mr_buffer_text(&json));
    mr_buffer_free(&json);
    return status;
}

static void the_bytes_of_unknown_fields_have_a_limit(void **state)
{
    json_fixture *fixture = *state;

    assert_int_equal(parse_with_extra_bytes(fixture, mr_event_extra_bytes_max), MR_OK);
    assert_int_equal(fixture->event.extra.bytes, mr_event_extra_bytes_max);
    for (size_t over = 1; over < 12; over++) {
        assert_int_equal(parse_with_extra_bytes(fixture, mr_event_extra_bytes_max + over),
                         MR_INVALID);
        assert_one_fault(&fixture->faults, MR_FIELD_EXTRA, MR_FAULT_TOO_LARGE);
    }
    assert_int_equal(parse_with_extra_bytes(fixture, 100), MR_OK);
    assert_int_equal(fixture->event.extra.bytes, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_extra_without_unknown_fields),
        cmocka_unit_test(scalars_keep_their_kind_and_numbers_their_digits),
        cmocka_unit_test(nesting_is_kept),
        cmocka_unit_test(strings_are_escaped_again),
        cmocka_unit_test(names_near_those_of_the_contract_are_unknown),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(brackets_left_open_are_named),
        cmocka_unit_test(the_bytes_of_unknown_fields_have_a_limit),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
