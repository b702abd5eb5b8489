/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_write_test.c - what is written reads back as the same event. */
#include "json_fixture.h"

#include "base/random.h"

enum { random_events = 20000 };

static mr_event sample(void)
{
    mr_event event = {
        .invoice_no = MR_TEXT_LITERAL("536365"),
        .stock_code = MR_TEXT_LITERAL("85123A"),
        .description = MR_TEXT_LITERAL("HOLDER"),
        .country = MR_TEXT_LITERAL("France"),
        .unit_price = {25500},
        .customer_id = 17850,
        .quantity = 6,
        .has_customer = true,
    };

    assert_true(mr_civil_parse(MR_TEXT_LITERAL("01/12/2010 08:26"), &event.invoice_date));
    return event;
}

static void assert_written(const mr_event *event, const char *expected)
{
    mr_buffer out;

    mr_buffer_init(&out, mr_event_json_bytes_max);
    assert_true(mr_event_write_json(event, &out));
    assert_text(mr_buffer_text(&out), expected);
    mr_buffer_free(&out);
}

static void the_canonical_document_has_the_order_of_the_contract(void **state)
{
    mr_event event = sample();

    (void)state;
    assert_written(&event, "{\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\","
                           "\"Description\":\"HOLDER\",\"Quantity\":6,"
                           "\"InvoiceDate\":\"01/12/2010 08:26\",\"UnitPrice\":2.55,"
                           "\"CustomerID\":17850,\"Country\":\"France\"}");
    event.customer_name = MR_TEXT_LITERAL("Ann");
    event.event_key = MR_TEXT_LITERAL("k");
    event.extra = MR_TEXT_LITERAL("{\"a\":[1],\"b\":{}}");
    event.has_customer = false;
    event.description = MR_TEXT_ABSENT;
    event.quantity = INT32_MIN;
    event.unit_price.scaled = -1;
    event.invoice_date.seconds++;
    assert_written(&event, "{\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\","
                           "\"Description\":null,\"Quantity\":-2147483648,"
                           "\"InvoiceDate\":\"01/12/2010 08:26:01\",\"UnitPrice\":-0.0001,"
                           "\"CustomerID\":null,\"customerName\":\"Ann\",\"Country\":\"France\","
                           "\"EventID\":\"k\",\"a\":[1],\"b\":{}}");
}

static void the_answer_has_every_field_and_is_left_open(void **state)
{
    mr_event event = sample();
    mr_buffer out;

    (void)state;
    event.extra = MR_TEXT_LITERAL("{\"a\":1}");
    mr_buffer_init(&out, mr_event_json_bytes_max);
    assert_true(mr_event_write_answer_open(&event, &out));
    assert_text(mr_buffer_text(&out), "{\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\","
                                      "\"Description\":\"HOLDER\",\"Quantity\":6,"
                                      "\"InvoiceDate\":\"01-12-2010 08:26:00\",\"UnitPrice\":2.55,"
                                      "\"CustomerID\":17850,\"customerName\":null,"
                                      "\"Country\":\"France\",\"EventID\":null,\"a\":1");
    mr_buffer_free(&out);
}

static void texts_are_escaped_where_they_must_be(void **state)
{
    mr_event event = sample();
    mr_buffer out;

    (void)state;
    event.description = MR_TEXT_LITERAL("a\"b\\c/\b\f\n\r\t\x01\x1F\x7F\xC3\xA9");
    mr_buffer_init(&out, mr_event_json_bytes_max);
    assert_true(mr_event_write_json(&event, &out));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_non_null(strstr(out.data, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\xC3\xA9\""));
    mr_buffer_free(&out);
}

/* Wherever the byte stands: in the word-wise part of a text or in its tail. */
static void a_byte_to_escape_is_seen_at_every_place(void **state)
{
    json_fixture *fixture = *state;
    static const char bytes[] = {'"', '\\', '\n', 1, 0x1F};
    char text[40];

    for (size_t length = 1; length <= sizeof text; length++) {
        for (size_t at = 0; at < length; at++) {
            mr_event event = sample();
            mr_buffer out;

            memset(text, 'x', sizeof text);
            text[at] = bytes[(at + length) % sizeof bytes];
            event.description = (mr_text){text, length};
            mr_event_identify(&event);
            mr_buffer_init(&out, mr_event_json_bytes_max);
            assert_true(mr_event_write_json(&event, &out));
            assert_int_equal(fixture_parse_text(fixture, mr_buffer_text(&out)), MR_OK);
            assert_same_event(&event, &fixture->event);
            mr_buffer_free(&out);
        }
    }
}

static void a_document_is_written_whole_or_not_at_all(void **state)
{
    mr_event event = sample();
    mr_buffer whole;

    (void)state;
    event.description = MR_TEXT_LITERAL("say \"hello\"\x01");
    mr_buffer_init(&whole, mr_event_json_bytes_max);
    assert_true(mr_event_write_json(&event, &whole));
    for (size_t cap = whole.bytes - 2; cap <= whole.bytes + 1; cap++) {
        mr_buffer out;

        mr_buffer_init(&out, cap + 3);
        assert_true(mr_buffer_append(&out, "abc", 3));
        assert_int_equal(mr_event_write_json(&event, &out), cap >= whole.bytes);
        assert_int_equal(out.bytes, cap >= whole.bytes ? 3 + whole.bytes : 3);
        assert_memory_equal(out.data, "abc", 3);
        assert_int_equal(out.overflowed, cap < whole.bytes);
        mr_buffer_free(&out);
    }
    mr_buffer_free(&whole);
}

/* --- Random events -------------------------------------------------------------------------- */

static mr_text random_text(mr_random *random, mr_arena *arena, size_t length_max)
{
    static const char *const letters[] = {"a",
                                          "Z",
                                          "0",
                                          " ",
                                          "\"",
                                          "\\",
                                          "/",
                                          "\n",
                                          "\t",
                                          "\x01",
                                          "\x7F",
                                          "{",
                                          "]",
                                          ",",
                                          "\xC3\xA9",
                                          "\xE2\x82\xAC",
                                          "\xEF\xBF\xBF",
                                          "\xF0\x9F\x8E\x84",
                                          "\xF4\x8F\xBF\xBF"};
    static const size_t letter_count = sizeof letters / sizeof *letters;
    size_t length = 1 + mr_random_below(random, mr_random_below(random, 8) == 0 ? length_max : 12);
    bool plain = mr_random_below(random, 2) == 0;
    char *text = mr_arena_take(arena, 4 * length);
    size_t bytes = 0;

    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        const char *letter = letters[mr_random_below(random, plain ? 4 : letter_count)];

        memcpy(text + bytes, letter, strlen(letter));
        bytes += strlen(letter);
    }
    return (mr_text){text, bytes};
}

static mr_text random_nullable(mr_random *random, mr_arena *arena, size_t length_max)
{
    switch (mr_random_below(random, 6)) {
    case 0:
        return MR_TEXT_ABSENT;
    case 1:
        return MR_TEXT_LITERAL("");
    default:
        return random_text(random, arena, length_max);
    }
}

static mr_text random_extra(mr_random *random, mr_arena *arena)
{
    mr_buffer json;
    mr_text extra;
    mr_text name = random_text(random, arena, 20);

    if (mr_random_below(random, 3) != 0) {
        return MR_TEXT_ABSENT;
    }
    mr_buffer_init(&json, mr_event_extra_bytes_max);
    assert_true(mr_buffer_append(&json, "{", 1));
    assert_true(mr_buffer_append_json_string(&json, name));
    assert_true(mr_buffer_append_string(&json, ":[1.500,{\"x\":"));
    assert_true(mr_buffer_append_json_string(&json, random_text(random, arena, 200)));
    assert_true(mr_buffer_append_string(&json, "},-0e5,null,true,[],{}]}"));
    assert_true(mr_arena_copy(arena, mr_buffer_text(&json), &extra));
    mr_buffer_free(&json);
    return extra;
}

static int64_t random_extreme(mr_random *random, int64_t low, int64_t high)
{
    switch (mr_random_below(random, 6)) {
    case 0:
        return low;
    case 1:
        return high;
    case 2:
        return 0;
    default:
        return (int64_t)((uint64_t)low + mr_random_below(random, (uint64_t)high - (uint64_t)low));
    }
}

static mr_event random_event(mr_random *random, mr_arena *arena)
{
    static const int64_t year_1 = -62135596800;
    static const int64_t year_9999_end = 253402300799;
    static const int64_t price_max = 999999999999999999;
    mr_event event = {
        .invoice_no = random_text(random, arena, mr_event_invoice_no_length_max),
        .stock_code = random_text(random, arena, mr_event_stock_code_length_max),
        .description = random_nullable(random, arena, mr_event_description_length_max),
        .customer_name = random_nullable(random, arena, mr_event_customer_name_length_max),
        .country = random_text(random, arena, mr_event_country_length_max),
        .extra = random_extra(random, arena),
        .invoice_date = {random_extreme(random, year_1, year_9999_end)},
        .unit_price = {random_extreme(random, -price_max, price_max)},
        .customer_id = random_extreme(random, INT64_MIN, INT64_MAX),
        .quantity = (int32_t)random_extreme(random, INT32_MIN, INT32_MAX),
        .has_customer = mr_random_below(random, 4) != 0,
    };

    if (mr_random_below(random, 2) == 0) {
        event.event_key = random_text(random, arena, mr_event_key_length_max);
    }
    mr_event_identify(&event);
    return event;
}

static void random_events_survive_writing_and_reading(void **state)
{
    json_fixture *fixture = *state;
    mr_arena *arena = mr_arena_create(1 << 20);
    mr_random random;
    mr_buffer out;
    mr_buffer again;

    mr_random_seed(&random, 20101201);
    mr_buffer_init(&out, mr_event_json_bytes_max);
    mr_buffer_init(&again, mr_event_json_bytes_max);
    for (int i = 0; i < random_events; i++) {
        mr_event event = random_event(&random, arena);

        mr_buffer_clear(&out);
        assert_true(mr_event_write_json(&event, &out));
        assert_int_equal(fixture_parse_text(fixture, mr_buffer_text(&out)), MR_OK);
        assert_same_event(&event, &fixture->event);
        mr_buffer_clear(&again);
        assert_true(mr_event_write_json(&fixture->event, &again));
        assert_same_text(mr_buffer_text(&out), mr_buffer_text(&again));
        mr_arena_reset(arena);
    }
    mr_buffer_free(&out);
    mr_buffer_free(&again);
    mr_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_document_has_the_order_of_the_contract),
        cmocka_unit_test(the_answer_has_every_field_and_is_left_open),
        cmocka_unit_test(texts_are_escaped_where_they_must_be),
        cmocka_unit_test(a_byte_to_escape_is_seen_at_every_place),
        cmocka_unit_test(a_document_is_written_whole_or_not_at_all),
        cmocka_unit_test(random_events_survive_writing_and_reading),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
