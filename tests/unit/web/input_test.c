/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/input_test.c - parameters as what they must be: over a request in memory. */
#include "http/harness.h"

#include "web/state.h"

typedef struct bench {
    struct harness harness;
    mr_web_call call;
    mr_err err;
} bench;

static const mr_http_route bench_routes[] = {
    {"GET", "/later/{id}", harness_defer, 0, 0, "later", NULL},
    {"POST", "/later", harness_defer, 1000, 1000, "later", NULL},
};

/* A call for a request: "GET /later/7?a=1". body NULL: none. */
static void open_bench(bench *b, const char *line, const char *body)
{
    mr_http_options options = harness_options(&b->harness);
    char text[1024];

    options.routes = bench_routes;
    options.route_count = 2;
    harness_open_with(&b->harness, &options);
    (void)snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s",
                   line, body == NULL ? 0 : strlen(body), body == NULL ? "" : body);
    harness_send_text(&b->harness, text);
    assert_int_equal(b->harness.deferred_count, 1);
    b->call = (mr_web_call){.request = b->harness.deferred[0]};
    b->call.arena = mr_arena_create(mr_web_arena_bytes_max);
    mr_buffer_init(&b->call.scratch, mr_web_query_bytes_max);
    mr_buffer_init(&b->call.faults, 16384);
}

static void close_bench(bench *b)
{
    mr_http_request_answer(b->call.request, &(mr_http_answer){.status = 204});
    mr_arena_destroy(b->call.arena);
    yyjson_doc_free(b->call.json);
    mr_buffer_free(&b->call.scratch);
    mr_buffer_free(&b->call.faults);
    harness_end(&b->harness);
}

/* The call is to be answered with this fault. */
static void expect_fault(bench *b, mr_status status, const char *loc)
{
    assert_int_equal(status, MR_INVALID);
    assert_true(mr_buffer_append(&b->call.faults, "", 1));
    if (strstr(b->call.faults.data, loc) == NULL) {
        fail_msg("no %s in %s", loc, b->call.faults.data);
    }
    mr_buffer_clear(&b->call.faults);
}

static void texts_are_decoded_and_bounded(void **state)
{
    bench b;
    mr_text text = MR_TEXT_LITERAL("untouched");

    (void)state;
    open_bench(&b, "GET /later/1?q=a%20b&e=&two=1&two=2", NULL);
    assert_int_equal(mr_web_query_text(&b.call, "q", 3, &text, &b.err), MR_OK);
    assert_true(mr_text_equal(text, MR_TEXT_LITERAL("a b")));
    assert_int_equal(mr_web_query_text(&b.call, "e", 3, &text, &b.err), MR_OK);
    assert_true(text.data != NULL && text.bytes == 0);
    assert_int_equal(mr_web_query_text(&b.call, "absent", 3, &text, &b.err), MR_OK);
    assert_null(text.data);
    expect_fault(&b, mr_web_query_text(&b.call, "q", 2, &text, &b.err),
                 "\"loc\":[\"query\",\"q\"]");
    expect_fault(&b, mr_web_query_text(&b.call, "two", 9, &text, &b.err), "given twice");
    close_bench(&b);
}

static void repeated_ones_keep_their_order(void **state)
{
    bench b;
    const mr_text *texts = NULL;
    size_t count = 9;

    (void)state;
    open_bench(&b, "GET /later/1?c=UK&x=1&c=&c=France", NULL);
    assert_int_equal(mr_web_query_texts(&b.call, "c", 10, 3, &texts, &count, &b.err), MR_OK);
    assert_int_equal(count, 3);
    assert_true(mr_text_equal(texts[0], MR_TEXT_LITERAL("UK")));
    assert_true(texts[1].data != NULL && texts[1].bytes == 0);
    assert_true(mr_text_equal(texts[2], MR_TEXT_LITERAL("France")));
    assert_int_equal(mr_web_query_texts(&b.call, "none", 10, 3, &texts, &count, &b.err), MR_OK);
    assert_int_equal(count, 0);
    expect_fault(&b, mr_web_query_texts(&b.call, "c", 10, 2, &texts, &count, &b.err), "too_long");
    close_bench(&b);
}

static void integers_days_and_words_are_only_these(void **state)
{
    bench b;
    int64_t value = 0;
    bool given = true;
    mr_civil day = {.seconds = 1};
    size_t index = 9;

    (void)state;
    open_bench(&b, "GET /later/7?n=5&m=-1&x=5x&d=2011-12-09&e=2011-02-30&f=2011-12-09T00:00&w=two",
               NULL);
    assert_int_equal(mr_web_query_integer(&b.call, "n", 1, 5, 3, &value, &b.err), MR_OK);
    assert_int_equal(value, 5);
    assert_int_equal(mr_web_query_integer(&b.call, "none", 1, 5, 3, &value, &b.err), MR_OK);
    assert_int_equal(value, 3);
    expect_fault(&b, mr_web_query_integer(&b.call, "n", 1, 4, 3, &value, &b.err), "from 1 to 4");
    expect_fault(&b, mr_web_query_integer(&b.call, "m", 0, 4, 3, &value, &b.err), "\"m\"");
    expect_fault(&b, mr_web_query_integer(&b.call, "x", 0, 9, 3, &value, &b.err), "\"x\"");
    assert_int_equal(mr_web_query_day(&b.call, "d", &given, &day, &b.err), MR_OK);
    assert_true(given && day.seconds == 1323388800);
    assert_int_equal(mr_web_query_day(&b.call, "none", &given, &day, &b.err), MR_OK);
    assert_false(given);
    expect_fault(&b, mr_web_query_day(&b.call, "e", &given, &day, &b.err), "\"e\"");
    expect_fault(&b, mr_web_query_day(&b.call, "f", &given, &day, &b.err), "\"f\"");
    assert_int_equal(mr_web_query_word(&b.call, "w", "one|two|three", 0, &index, &b.err), MR_OK);
    assert_int_equal(index, 1);
    assert_int_equal(mr_web_query_word(&b.call, "none", "one|two", 0, &index, &b.err), MR_OK);
    assert_int_equal(index, 0);
    expect_fault(&b, mr_web_query_word(&b.call, "w", "one|twofold", 0, &index, &b.err), "enum");
    assert_int_equal(mr_web_call_path_integer(&b.call, 0, "id", 1, 9, &value, &b.err), MR_OK);
    assert_int_equal(value, 7);
    expect_fault(&b, mr_web_call_path_integer(&b.call, 0, "id", 8, 9, &value, &b.err),
                 "\"loc\":[\"path\",\"id\"]");
    close_bench(&b);
}

static void members_of_the_body_are_typed(void **state)
{
    bench b;
    mr_text text = MR_TEXT_LITERAL("untouched");
    int64_t value = 0;
    bool flag = false;

    (void)state;
    open_bench(&b, "POST /later", "{\"s\":\"\\u00e4b\",\"n\":12,\"f\":true,\"z\":null,\"d\":1.5}");
    assert_int_equal(mr_web_body_text(&b.call, "s", true, 3, &text, &b.err), MR_OK);
    assert_true(mr_text_equal(text, MR_TEXT_LITERAL("\xc3\xa4"
                                                    "b")));
    assert_int_equal(mr_web_body_text(&b.call, "z", false, 3, &text, &b.err), MR_OK);
    assert_null(text.data);
    expect_fault(&b, mr_web_body_text(&b.call, "z", true, 3, &text, &b.err), "missing");
    expect_fault(&b, mr_web_body_text(&b.call, "s", true, 2, &text, &b.err), "string_too_long");
    expect_fault(&b, mr_web_body_text(&b.call, "n", true, 3, &text, &b.err), "string_type");
    assert_int_equal(mr_web_body_integer(&b.call, "n", 0, 20, 1, &value, &b.err), MR_OK);
    assert_int_equal(value, 12);
    assert_int_equal(mr_web_body_integer(&b.call, "none", 0, 20, 1, &value, &b.err), MR_OK);
    assert_int_equal(value, 1);
    expect_fault(&b, mr_web_body_integer(&b.call, "d", 0, 20, 1, &value, &b.err), "\"d\"");
    expect_fault(&b, mr_web_body_integer(&b.call, "n", 0, 11, 1, &value, &b.err), "\"n\"");
    assert_int_equal(mr_web_body_flag(&b.call, "f", false, &flag, &b.err), MR_OK);
    assert_true(flag);
    expect_fault(&b, mr_web_body_flag(&b.call, "n", false, &flag, &b.err), "bool_type");
    close_bench(&b);
}

static void a_body_that_is_no_object_is_said_to_be_none(void **state)
{
    static const char *const bodies[] = {"[]", "1", "{\"a\":1", "{\"a\":\"\xff\"}"};
    mr_text text;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        bench b;
        open_bench(&b, "POST /later", bodies[i]);
        expect_fault(&b, mr_web_body_text(&b.call, "a", true, 3, &text, &b.err), "json_invalid");
        close_bench(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_decoded_and_bounded),
        cmocka_unit_test(repeated_ones_keep_their_order),
        cmocka_unit_test(integers_days_and_words_are_only_these),
        cmocka_unit_test(members_of_the_body_are_typed),
        cmocka_unit_test(a_body_that_is_no_object_is_said_to_be_none),
    };

    return cmocka_run_group_tests_name("web input", tests, NULL, NULL);
}
