/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_stream_test.c - many events in one document: lines, arrays, and bad ones
 * between. */
#include "json_fixture.h"

static mr_status next(json_fixture *fixture, uint64_t *ret_number)
{
    return mr_event_stream_next(fixture->parser, &fixture->event, &fixture->faults, ret_number);
}

static void assert_event(json_fixture *fixture, uint64_t expected_number)
{
    uint64_t number = 0;

    assert_int_equal(next(fixture, &number), MR_OK);
    assert_int_equal(number, expected_number);
    assert_text(fixture->event.invoice_no, "536365");
    assert_text(fixture->event.country, "United Kingdom");
}

static void assert_malformed(json_fixture *fixture, uint64_t expected_number)
{
    uint64_t number = 0;

    assert_int_equal(next(fixture, &number), MR_INVALID);
    assert_int_equal(number, expected_number);
    assert_true(fixture->faults.malformed);
}

static void assert_end(json_fixture *fixture)
{
    uint64_t number = 0;

    assert_int_equal(next(fixture, &number), MR_NOT_FOUND);
    assert_int_equal(next(fixture, &number), MR_NOT_FOUND);
}

static void lines_are_events_and_blank_ones_count_but_are_skipped(void **state)
{
    json_fixture *fixture = *state;

    fixture_start(fixture, "\n" GOOD_EVENT "\n \t\r\n  " GOOD_EVENT " \r\n" GOOD_EVENT);
    assert_event(fixture, 2);
    assert_event(fixture, 4);
    assert_event(fixture, 5);
    assert_end(fixture);
}

static void nothing_and_blanks_hold_no_event(void **state)
{
    json_fixture *fixture = *state;

    fixture_start(fixture, "");
    assert_end(fixture);
    fixture_start(fixture, " \n\n\t");
    assert_end(fixture);
    fixture_start(fixture, "\xEF\xBB\xBF");
    assert_end(fixture);
    fixture_start(fixture, "[ ]\n");
    assert_end(fixture);
}

static void a_bad_line_does_not_disturb_the_next(void **state)
{
    static const char *const bad[] = {
        "{\"a\":",
        "{\"a\":\"open",
        "{",
        "[",
        "17",
        "nonsense",
        "{\"a\":1}}",
        "\"",
        "{\"a\\",
        GOOD_EVENT GOOD_EVENT,
        "{\"Quantity\":1",
        "-",
        "1e",
        "{\"a\":\"\\",
        "}",
    };
    json_fixture *fixture = *state;
    uint64_t number;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mr_buffer json;

        mr_buffer_init(&json, mr_event_json_bytes_max);
        assert_true(mr_buffer_printf(&json, GOOD_EVENT "\n%s\n" GOOD_EVENT "\n", bad[i]));
        mr_event_stream_start(fixture->parser, fixture_load(fixture, mr_buffer_text(&json)),
                              json.bytes);
        assert_event(fixture, 1);
        assert_int_equal(next(fixture, &number), MR_INVALID);
        assert_int_equal(number, 2);
        assert_event(fixture, 3);
        assert_end(fixture);
        mr_buffer_free(&json);
    }
}

static void a_line_too_long_is_refused_and_the_next_is_read(void **state)
{
    json_fixture *fixture = *state;
    mr_buffer json;

    mr_buffer_init(&json, 4 * mr_event_json_bytes_max);
    for (size_t i = 0; i <= mr_event_json_bytes_max; i++) {
        assert_true(mr_buffer_append(&json, "x", 1));
    }
    assert_true(mr_buffer_append_string(&json, "\n" GOOD_EVENT));
    mr_event_stream_start(fixture->parser, fixture_load(fixture, mr_buffer_text(&json)),
                          json.bytes);
    assert_malformed(fixture, 1);
    assert_non_null(strstr(fixture->faults.message, "65536"));
    assert_event(fixture, 2);
    assert_end(fixture);
    mr_buffer_free(&json);
}

static void elements_of_an_array_are_events(void **state)
{
    json_fixture *fixture = *state;

    fixture_start(fixture, " \n[" GOOD_EVENT ",\n " GOOD_EVENT " , " GOOD_EVENT "\n] \n");
    assert_event(fixture, 1);
    assert_event(fixture, 2);
    assert_event(fixture, 3);
    assert_end(fixture);
}

static void brackets_and_quotes_within_strings_do_not_end_an_element(void **state)
{
    json_fixture *fixture = *state;

    fixture_start(fixture, "[" GOOD_HEAD "\"x\":\"]}\\\"],[{\\\\\"," GOOD_TAIL "," GOOD_EVENT "]");
    assert_event(fixture, 1);
    assert_text(fixture->event.extra, "{\"x\":\"]}\\\"],[{\\\\\"}");
    assert_event(fixture, 2);
    assert_end(fixture);
}

static void elements_that_are_no_events_are_refused_one_by_one(void **state)
{
    json_fixture *fixture = *state;
    uint64_t number;

    fixture_start(fixture, "[1,\"a,]\",null,[[]],{}," GOOD_EVENT "]");
    for (uint64_t i = 1; i <= 4; i++) {
        assert_int_equal(next(fixture, &number), MR_INVALID);
        assert_int_equal(number, i);
        assert_one_fault(&fixture->faults, MR_FIELD_EXTRA, MR_FAULT_OBJECT_TYPE);
    }
    assert_int_equal(next(fixture, &number), MR_INVALID);
    assert_int_equal(fixture->faults.items[0].kind, MR_FAULT_MISSING);
    assert_event(fixture, 6);
    assert_end(fixture);
}

static void a_broken_array_is_reported_once_and_ends(void **state)
{
    static const char *const behind_first[] = {
        "",
        ",",
        ",]",
        " " GOOD_EVENT "]",
        ",{\"a\":1",
        ",{\"a\":\"x]",
        "]]",
        "] x",
        ",,1]",
        "}",
        ",{\"a\":tru}," GOOD_EVENT "]",
        ",nope," GOOD_EVENT "]",
        ",{\"a\":1]," GOOD_EVENT "]",
        ",\\]",
        ",{\\}]",
        ",\"\\",
    };
    json_fixture *fixture = *state;

    for (size_t i = 0; i < sizeof behind_first / sizeof *behind_first; i++) {
        mr_buffer json;

        mr_buffer_init(&json, mr_event_json_bytes_max);
        assert_true(mr_buffer_printf(&json, "[" GOOD_EVENT "%s", behind_first[i]));
        mr_event_stream_start(fixture->parser, fixture_load(fixture, mr_buffer_text(&json)),
                              json.bytes);
        assert_event(fixture, 1);
        assert_malformed(fixture, 2);
        assert_end(fixture);
        mr_buffer_free(&json);
    }
    fixture_start(fixture, "[");
    assert_malformed(fixture, 1);
    assert_end(fixture);
    fixture_start(fixture, "[,");
    assert_malformed(fixture, 1);
    assert_end(fixture);
}

static void an_element_too_long_or_too_deep_does_not_end_the_array(void **state)
{
    json_fixture *fixture = *state;
    mr_buffer json;

    mr_buffer_init(&json, 4 * mr_event_json_bytes_max);
    assert_true(mr_buffer_append_string(&json, "[{\"x\":["));
    for (size_t i = 0; i < mr_event_json_bytes_max / 4; i++) {
        assert_true(mr_buffer_append_string(&json, "\"x]\","));
    }
    assert_true(mr_buffer_append_string(&json, "1]}, {\"x\":"));
    for (size_t i = 0; i < 100; i++) {
        assert_true(mr_buffer_append(&json, "[", 1));
    }
    for (size_t i = 0; i < 100; i++) {
        assert_true(mr_buffer_append(&json, "]", 1));
    }
    assert_true(mr_buffer_append_string(&json, "}," GOOD_EVENT "]"));
    mr_event_stream_start(fixture->parser, fixture_load(fixture, mr_buffer_text(&json)),
                          json.bytes);
    assert_malformed(fixture, 1);
    assert_non_null(strstr(fixture->faults.message, "65536"));
    assert_malformed(fixture, 2);
    assert_non_null(strstr(fixture->faults.message, "64"));
    assert_event(fixture, 3);
    assert_end(fixture);
    mr_buffer_free(&json);
}

static void events_of_a_document_live_together(void **state)
{
    enum { event_count = 300 };
    json_fixture *fixture = *state;
    static mr_event events[event_count];
    mr_buffer json;
    uint64_t number;

    mr_buffer_init(&json, 4 * mr_event_json_bytes_max);
    for (int i = 0; i < event_count; i++) {
        assert_true(mr_buffer_printf(
            &json, GOOD_HEAD "\"n\":[%d],\"Event\\u0049D\":\"e%d\"," GOOD_TAIL "\n", i, i));
    }
    mr_event_stream_start(fixture->parser, fixture_load(fixture, mr_buffer_text(&json)),
                          json.bytes);
    for (int i = 0; i < event_count; i++) {
        assert_int_equal(
            mr_event_stream_next(fixture->parser, &events[i], &fixture->faults, &number), MR_OK);
    }
    assert_end(fixture);
    for (int i = 0; i < event_count; i++) {
        mr_buffer expected;

        mr_buffer_init(&expected, 100);
        assert_true(mr_buffer_printf(&expected, "{\"n\":[%d]}", i));
        assert_same_text(events[i].extra, mr_buffer_text(&expected));
        mr_buffer_clear(&expected);
        assert_true(mr_buffer_printf(&expected, "e%d", i));
        assert_same_text(events[i].event_key, mr_buffer_text(&expected));
        assert_text(events[i].description, "HOLDER");
        mr_buffer_free(&expected);
    }
    mr_buffer_free(&json);
}

static void a_single_document_ends_the_stream(void **state)
{
    json_fixture *fixture = *state;
    char single[sizeof GOOD_EVENT + mr_json_padding_bytes] = GOOD_EVENT;

    fixture_start(fixture, GOOD_EVENT "\n" GOOD_EVENT);
    assert_event(fixture, 1);
    assert_int_equal(mr_event_parse(fixture->parser, single, strlen(GOOD_EVENT), &fixture->event,
                                    &fixture->faults),
                     MR_OK);
    assert_end(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_events_and_blank_ones_count_but_are_skipped),
        cmocka_unit_test(nothing_and_blanks_hold_no_event),
        cmocka_unit_test(a_bad_line_does_not_disturb_the_next),
        cmocka_unit_test(a_line_too_long_is_refused_and_the_next_is_read),
        cmocka_unit_test(elements_of_an_array_are_events),
        cmocka_unit_test(brackets_and_quotes_within_strings_do_not_end_an_element),
        cmocka_unit_test(elements_that_are_no_events_are_refused_one_by_one),
        cmocka_unit_test(a_broken_array_is_reported_once_and_ends),
        cmocka_unit_test(an_element_too_long_or_too_deep_does_not_end_the_array),
        cmocka_unit_test(events_of_a_document_live_together),
        cmocka_unit_test(a_single_document_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
