/* SPDX-License-Identifier: Apache-2.0 */
/* Requests against a server that answers, fails, hangs and cuts as a script says. */
#define _GNU_SOURCE
#include "azure/request.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "azure/scripted_server.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-Thing:  a value \r\n\r\nhello"
#define EMPTY(status_line) \
    "HTTP/1.1 " status_line "\r\nContent-Length: 0\r\nx-ms-error-code: SomeCode\r\n\r\n"

typedef struct exchange {
    scripted_server server;
    char url[128];
    mr_requests *requests;
    mr_request request;
    mr_request_result result;
    mr_buffer answer;
    mr_err err;
    mr_status status;
} exchange;

static void begin(exchange *x, const scripted_answer *answers, size_t count)
{
    static const mr_requests_options options = {.wait_ms = 2, .timeout_ms = 5000};

    *x = (exchange){.status = MR_OK};
    scripted_start(&x->server, answers, count);
    (void)snprintf(x->url, sizeof x->url, "http://127.0.0.1:%d/a/b?sig=geheim", x->server.port);
    x->requests = mr_requests_create(&options);
    mr_buffer_init(&x->answer, 64);
    x->request = (mr_request){.method = "GET", .url = x->url, .answer = &x->answer};
}

static void run(exchange *x)
{
    x->status = mr_request_send(x->requests, &x->request, &x->result, &x->err);
}

static void end(exchange *x)
{
    mr_requests_destroy(x->requests);
    mr_buffer_free(&x->answer);
    scripted_free(&x->server);
}

static void test_an_answer_with_its_headers(void **state)
{
    static const scripted_answer answers[] = {{OK_ANSWER, false, 0}};
    char value[mr_request_value_bytes_max];
    mr_request_field wanted[] = {{"X-THING", value}};
    exchange x;

    (void)state;
    begin(&x, answers, 1);
    x.request.wanted = wanted;
    x.request.wanted_count = 1;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_OK);
    assert_int_equal(x.result.status, 200);
    assert_int_equal(x.result.tries, 1);
    assert_int_equal(x.result.body_bytes, 5);
    assert_memory_equal(x.answer.data, "hello", 5);
    assert_string_equal(value, "a value");
    assert_non_null(strstr(x.server.requests[0], "GET /a/b?sig=geheim HTTP/1.1\r\n"));
    end(&x);
}

static void test_connections_are_used_again(void **state)
{
    static const scripted_answer answers[] = {
        {OK_ANSWER, true, 0}, {OK_ANSWER, true, 0}, {OK_ANSWER, true, 0}};
    exchange x;

    (void)state;
    begin(&x, answers, 3);
    for (int i = 0; i < 3; i++) {
        run(&x);
        assert_int_equal(x.status, MR_OK);
    }
    scripted_stop(&x.server);
    assert_int_equal(x.server.connection_count, 1);
    end(&x);
}

static void test_what_deserves_it_is_tried_again(void **state)
{
    static const scripted_answer answers[] = {
        {EMPTY("503 Busy"), false, 0},
        {NULL, false, 0},
        {EMPTY("429 Slow"), false, 0},
        {EMPTY("408 Late"), false, 0},
        {"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad", false, 0},
        {OK_ANSWER, false, 0}};
    exchange x;

    (void)state;
    begin(&x, answers, 6);
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_OK);
    assert_int_equal(x.result.tries, 6);
    assert_int_equal(x.answer.bytes, 5); /* of the last answer alone */
    end(&x);
}

static void test_a_cut_answer_is_asked_for_again(void **state)
{
    static const scripted_answer answers[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel", false, 0}, {OK_ANSWER, false, 0}};
    exchange x;

    (void)state;
    begin(&x, answers, 2);
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_OK);
    assert_memory_equal(x.answer.data, "hello", 5);
    assert_int_equal(x.answer.bytes, 5);
    end(&x);
}

static void test_answers_that_stand_are_not_tried_again(void **state)
{
    static const struct {
        scripted_answer answer;
        int status;
    } cases[] = {
        {{EMPTY("400 x"), false, 0}, 400},
        {{EMPTY("401 x"), false, 0}, 401},
        {{EMPTY("403 x"), false, 0}, 403},
        {{EMPTY("404 x"), false, 0}, 404},
        {{EMPTY("409 x"), false, 0}, 409},
        {{EMPTY("412 x"), false, 0}, 412},
        {{"HTTP/1.1 302 x\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", false, 0}, 302}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        exchange x;
        begin(&x, &cases[i].answer, 1);
        run(&x);
        scripted_stop(&x.server);
        assert_int_equal(x.status, MR_OK);
        assert_int_equal(x.result.status, cases[i].status);
        assert_int_equal(x.result.tries, 1);
        end(&x);
    }
}

static void test_retry_after_is_obeyed(void **state)
{
    static const scripted_answer answers[] = {
        {"HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", false, 0},
        {OK_ANSWER, false, 0}};
    struct timespec before, after;
    exchange x;

    (void)state;
    begin(&x, answers, 2);
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    run(&x);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_OK);
    assert_true(
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 999);
    end(&x);
}

static void test_time_is_up(void **state)
{
    static const scripted_answer answers[] = {{NULL, false, 4000}};
    exchange x;

    (void)state;
    begin(&x, answers, 1);
    x.request.timeout_ms = 150;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_UNAVAILABLE); /* it reads */
    end(&x);
}

static void test_an_unclear_end_is_said(void **state)
{
    static const scripted_answer cut[] = {{NULL, false, 0}, {OK_ANSWER, false, 0}};
    exchange x;

    (void)state;
    begin(&x, cut, 2);
    x.request.method = "PUT";
    x.request.body = MR_TEXT_LITERAL("content");
    x.request.effect = MR_REQUEST_ONCE;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_UNKNOWN_OUTCOME);
    assert_int_equal(x.server.request_count, 1); /* not sent again */
    end(&x);

    begin(&x, cut, 2);
    x.request.method = "PUT";
    x.request.body = MR_TEXT_LITERAL("content");
    x.request.effect = MR_REQUEST_REPEATS;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_OK);
    assert_int_equal(x.result.tries_unclear, 1);
    assert_non_null(strstr(x.server.requests[1], "Content-Length: 7\r\n"));
    assert_non_null(strstr(x.server.requests[1], "\r\n\r\ncontent"));
    end(&x);
}

static void test_nobody_listens(void **state)
{
    exchange x;

    (void)state;
    begin(&x, NULL, 0);
    scripted_stop(&x.server); /* the port is free again */
    x.request.method = "PUT";
    x.request.effect = MR_REQUEST_ONCE;
    x.request.timeout_ms = 100;
    run(&x);
    assert_int_equal(x.status, MR_UNAVAILABLE); /* it cannot have taken effect */
    assert_null(strstr(x.err.message, "geheim"));
    assert_non_null(strstr(x.err.message, "/a/b"));
    end(&x);
}

static mr_status sign(void *ctx, const mr_request *request, mr_request_try *attempt, mr_err *err)
{
    char text[16];
    int *count = ctx;

    (void)request;
    if (++*count == 3) {
        return mr_fail(err, MR_INVALID, "no more");
    }
    (void)snprintf(text, sizeof text, "try %d", *count);
    mr_request_try_header(attempt, "X-Signed", text);
    return MR_OK;
}

static void test_each_try_is_signed(void **state)
{
    static const scripted_answer answers[] = {{EMPTY("503 x"), false, 0},
                                              {EMPTY("503 x"), false, 0}};
    int count = 0;
    exchange x;

    (void)state;
    begin(&x, answers, 2);
    x.request.sign = sign;
    x.request.sign_ctx = &count;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_INVALID);
    assert_string_equal(x.err.message, "no more");
    assert_non_null(strstr(x.server.requests[0], "X-Signed: try 1\r\n"));
    assert_non_null(strstr(x.server.requests[1], "X-Signed: try 2\r\n"));
    end(&x);
}

static void test_a_name_that_nobody_knows_is_asked_for_again(void **state)
{
    int count = 0; /* sign() ends it at the third try */
    exchange x;

    (void)state;
    begin(&x, NULL, 0);
    scripted_stop(&x.server);
    x.request.url = "http://nobody.invalid/a/b";
    x.request.sign = sign;
    x.request.sign_ctx = &count;
    run(&x);
    assert_string_equal(x.err.message, "no more");
    end(&x);
}

static void test_files_both_ways(void **state)
{
    static const scripted_answer answers[] = {
        {EMPTY("500 x"), false, 0},
        {OK_ANSWER, false, 0},
        {"HTTP/1.1 404 x\r\nContent-Length: 7\r\n\r\nnothing", false, 0},
        {"HTTP/1.1 404 x\r\nContent-Length: 7\r\n\r\nnothing", false, 0}};
    char path[] = "/tmp/millrace-request-XXXXXX";
    char text[16] = "";
    exchange x;

    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "0123456789", 10) == 10);
    begin(&x, answers, 4);
    x.request.method = "PUT";
    x.request.effect = MR_REQUEST_REPEATS;
    x.request.body_fd = fd;
    x.request.body_offset = 3;
    x.request.body_bytes = 4;
    x.request.answer_fd = fd;
    x.request.answer_offset = 8;
    x.request.answer_bytes_max = 5;
    run(&x);
    assert_int_equal(x.status, MR_OK);
    assert_int_equal(x.answer.bytes, 0);
    run(&x); /* an error's text is not the file's */
    assert_int_equal(x.result.status, 404);
    assert_memory_equal(x.answer.data, "nothing", 7);
    mr_buffer_clear(&x.answer);
    x.request.answer_of_success = true;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.result.status, 404);
    assert_int_equal(x.answer.bytes, 0);
    assert_non_null(strstr(x.server.requests[1], "\r\n\r\n3456"));
    assert_int_equal(pread(fd, text, sizeof text, 0), 13);
    assert_memory_equal(text, "01234567hello", 13);
    (void)close(fd);
    (void)unlink(path);
    end(&x);
}

static void test_an_answer_too_long(void **state)
{
    static const scripted_answer answers[] = {{OK_ANSWER, false, 0}};
    exchange x;

    (void)state;
    begin(&x, answers, 1);
    x.answer.bytes_max = 4;
    run(&x);
    scripted_stop(&x.server);
    assert_int_equal(x.status, MR_LIMIT);
    end(&x);
}

static void test_urls_are_shown_without_secrets(void **state)
{
    char shown[mr_request_shown_bytes_max];

    (void)state;
    mr_request_show_url("https://a.b/c/d?sig=x&y#z", shown);
    assert_string_equal(shown, "https://a.b/c/d");
    mr_request_show_url("https://me:secret@a.b?sig=x", shown);
    assert_string_equal(shown, "https://a.b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_with_its_headers),
        cmocka_unit_test(test_connections_are_used_again),
        cmocka_unit_test(test_what_deserves_it_is_tried_again),
        cmocka_unit_test(test_a_cut_answer_is_asked_for_again),
        cmocka_unit_test(test_answers_that_stand_are_not_tried_again),
        cmocka_unit_test(test_retry_after_is_obeyed),
        cmocka_unit_test(test_time_is_up),
        cmocka_unit_test(test_an_unclear_end_is_said),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_a_name_that_nobody_knows_is_asked_for_again),
        cmocka_unit_test(test_each_try_is_signed),
        cmocka_unit_test(test_files_both_ways),
        cmocka_unit_test(test_an_answer_too_long),
        cmocka_unit_test(test_urls_are_shown_without_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
