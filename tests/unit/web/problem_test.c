/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/problem_test.c - what a handler returns as an answer: the status, and how much is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "web/state.h"

static const char secret[] = "store.db: disk I/O error at /var/lib/shop";

typedef struct bench {
    mr_web web;
    mr_web_route route;
    mr_web_call call;
} bench;

/* A call that has an answer already, which a problem takes the place of. */
static int open_bench(void **state)
{
    bench *b = mr_alloc_zero(1, sizeof *b);

    b->web.metrics = mr_metrics_create();
    b->web.errors = mr_metrics_counter(b->web.metrics, "millrace_errors_total", NULL, "Errors");
    pthread_mutex_init(&b->web.mutex, NULL);
    b->route = (mr_web_route){.method = "GET", .path = "/api/v1/things"};
    b->call = (mr_web_call){.web = &b->web, .route = &b->route, .id = "0123456789abcdef"};
    mr_buffer_init(&b->call.faults, 1024);
    mr_buffer_init(&b->call.headers, 1024);
    mr_buffer_init(&b->call.out, 1024);
    b->call.status = 201;
    b->call.content_type = "text/csv";
    b->call.unchanged = true;
    (void)mr_buffer_append_string(&b->call.headers, "ETag: \"gold-1\"\r\n");
    (void)mr_buffer_append_string(&b->call.out, "half an answer");
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    bench *b = *state;

    mr_buffer_free(&b->call.out);
    mr_buffer_free(&b->call.headers);
    mr_buffer_free(&b->call.faults);
    pthread_mutex_destroy(&b->web.mutex);
    mr_metrics_destroy(b->web.metrics);
    free(b);
    return 0;
}

static void fail_with(bench *b, mr_status status, const char *message)
{
    mr_err err = {0};

    (void)mr_fail(&err, status, "%s", message);
    mr_web_problem(&b->call, status, &err);
}

static void expect_answer(bench *b, int status, const char *body)
{
    assert_int_equal(b->call.status, status);
    assert_null(b->call.content_type);
    assert_false(b->call.unchanged);
    assert_true(mr_buffer_append(&b->call.out, "", 1) && mr_buffer_append(&b->call.headers, "", 1));
    assert_string_equal(b->call.out.data, body);
    assert_non_null(strstr(b->call.headers.data, "X-Request-Id: 0123456789abcdef\r\n"));
    assert_non_null(strstr(b->call.headers.data, "Cache-Control: no-store\r\n"));
    assert_null(strstr(b->call.headers.data, "ETag"));
}

static void what_the_client_can_mend_is_told_as_it_is(void **state)
{
    static const struct {
        mr_status status;
        int http_status;
    } told[] = {{MR_INVALID, 400}, {MR_NOT_FOUND, 404}, {MR_EXISTS, 409}, {MR_LIMIT, 413}};
    bench *b = *state;

    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        fail_with(b, told[i].status, "no invoice \"536365\"");
        expect_answer(b, told[i].http_status, "{\"detail\":\"no invoice \\\"536365\\\"\"}");
    }
    assert_int_equal(mr_counter_value(b->web.errors), 0);
    assert_string_equal(b->web.last_error, "");
}

static void what_is_ours_to_mend_is_told_in_general_only(void **state)
{
    static const struct {
        mr_status status;
        int http_status;
        bool again;
    } hidden[] = {
        {MR_IO, 500, false},          {MR_CORRUPT, 500, false},
        {MR_OK, 500, false},          {MR_UNKNOWN_OUTCOME, 500, false},
        {MR_UNSUPPORTED, 501, false}, {MR_UNAVAILABLE, 503, true},
        {MR_FULL, 503, true},         {MR_STOPPED, 504, false},
    };
    bench *b = *state;
    size_t count = sizeof hidden / sizeof hidden[0];
    mr_err err = {.message = ""};

    (void)snprintf(err.message, sizeof err.message, "%s", secret);
    for (size_t i = 0; i < count; i++) {
        mr_web_problem(&b->call, hidden[i].status, &err);
        assert_int_equal(b->call.status, hidden[i].http_status);
        assert_true(mr_buffer_append(&b->call.out, "", 1));
        assert_true(mr_buffer_append(&b->call.headers, "", 1));
        assert_non_null(strstr(b->call.out.data, "{\"detail\":\""));
        assert_null(strstr(b->call.out.data, "disk"));
        assert_int_equal(strstr(b->call.headers.data, "Retry-After: 1\r\n") != NULL,
                         hidden[i].again);
        assert_int_equal(mr_counter_value(b->web.errors), i + 1);
        assert_string_equal(b->web.last_error, secret);
    }
}

static void wrong_parameters_are_named(void **state)
{
    bench *b = *state;

    (void)mr_buffer_append_string(&b->call.faults, "{\"loc\":[\"query\",\"limit\"]}");
    fail_with(b, MR_INVALID, "limit");
    expect_answer(b, 422, "{\"detail\":[{\"loc\":[\"query\",\"limit\"]}]}");
}

static void nothing_is_said_to_who_has_left(void **state)
{
    bench *b = *state;

    atomic_store(&b->call.gone, true);
    fail_with(b, MR_STOPPED, secret);
    assert_int_equal(mr_counter_value(b->web.errors), 0);
    assert_string_equal(b->web.last_error, "");
    fail_with(b, MR_IO, secret); /* this is ours to mend all the same */
    assert_int_equal(mr_counter_value(b->web.errors), 1);
}

static void a_message_cut_within_a_character_is_not_quoted(void **state)
{
    bench *b = *state;

    mr_web_refuse(&b->call, 400, "no customer M\xc3");
    expect_answer(b, 400, "{\"detail\":\"The request was refused.\"}");
}

static void a_refusal_says_when_to_ask_again(void **state)
{
    bench *b = *state;

    mr_web_refuse_for(&b->call, 429, 900, "Too many attempts.");
    expect_answer(b, 429, "{\"detail\":\"Too many attempts.\"}");
    assert_non_null(strstr(b->call.headers.data, "Retry-After: 900\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_client_can_mend_is_told_as_it_is, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(what_is_ours_to_mend_is_told_in_general_only, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(wrong_parameters_are_named, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(nothing_is_said_to_who_has_left, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_message_cut_within_a_character_is_not_quoted, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(a_refusal_says_when_to_ask_again, open_bench, close_bench),
    };

    mr_log_configure("test", MR_LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
