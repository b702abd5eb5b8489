/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/connection_test.c - the state machine: order, deferred answers, deadlines, closing. */
#include "harness.h"

#define HOST      "Host: a\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static void answer_deferred(struct harness *harness, unsigned index, const char *body)
{
    mr_http_request_answer(harness->deferred[index],
                           &(mr_http_answer){.status = 200, .body = mr_text_of(body)});
    harness_round(harness);
}

static void pipelined_requests_are_answered_in_order_by_one_send(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, GET("/items/1") GET("/items/2") GET("/items/3"));
    assert_int_equal(harness_answers(&harness), 3);
    assert_int_equal(harness.sends, 1);
    const char *first = strstr(harness_text(&harness), "\r\n\r\n1HTTP/1.1 200");
    assert_non_null(first);
    assert_non_null(strstr(first, "\r\n\r\n2HTTP/1.1 200"));
    harness_end(&harness);
}

static void pipelines_survive_every_split(void **state)
{
    static const char pipeline[] =
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" GET(
            "/items/x") "POST /echo HTTP/1.1\r\n" HOST
                        "Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n" GET("/nothing")
                            GET("/");
    struct harness harness;

    (void)state;
    harness_open(&harness);
    for (size_t split = 0; split < sizeof pipeline - 1; split++) {
        mr_buffer_clear(&harness.received);
        harness_send_bytes(&harness, pipeline, split);
        harness_send_bytes(&harness, pipeline + split, sizeof pipeline - 1 - split);
        assert_int_equal(harness_answers(&harness), 5);
        harness_assert_has(&harness, "/echo|abc");
        harness_assert_has(&harness, "/echo|deHTTP/1.1 404");
    }
    assert_int_equal(harness.handled, harness.released);
    harness_end(&harness);
}

static void a_deferred_answer_holds_the_requests_behind_it(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, GET("/later") GET("/items/2") GET("/later"));
    harness_send_text(&harness, GET("/items/4"));
    assert_int_equal(harness.deferred_count, 1);
    assert_int_equal(harness.received.bytes, 0);
    answer_deferred(&harness, 0, "one");
    assert_int_equal(harness.deferred_count, 2);
    assert_int_equal(harness_answers(&harness), 2);
    answer_deferred(&harness, 1, "three");
    assert_int_equal(harness_answers(&harness), 4);
    harness_assert_has(&harness, "threeHTTP/1.1 200");
    assert_int_equal(harness.released, 2);
    harness_end(&harness);
}

static void a_handler_is_not_called_from_within_an_answer(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, GET("/later") GET("/later"));
    mr_http_request_answer(harness.deferred[0], &(mr_http_answer){.status = 204});
    assert_int_equal(harness.deferred_count, 1);
    harness_round(&harness);
    assert_int_equal(harness.deferred_count, 2);
    answer_deferred(&harness, 1, "");
    harness_end(&harness);
}

static void a_request_outlives_the_client_that_left(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "POST /later HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    harness.broken = true;
    harness_round(&harness);
    assert_null(harness.connection);
    assert_int_equal(harness.server->connection_count, 0);
    assert_int_equal(harness.loop->slot_count, 1);
    size_t bytes = 0;
    char *body = mr_http_request_body(harness.deferred[0], &bytes);
    assert_memory_equal(body, "abc\0\0\0\0\0\0\0\0", 11);
    memset(body, 'x', bytes + 8); /* all of it stays the handler's */
    assert_int_equal(harness.released, 0);
    answer_deferred(&harness, 0, "too late");
    assert_int_equal(harness.released, 1);
    assert_int_equal(harness.loop->slot_count, 0);
    assert_int_equal(harness.received.bytes, 0);
    harness_end(&harness);
}

static void a_client_may_leave_in_the_round_of_its_answer(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    for (int order = 0; order < 2; order++) {
        harness_send_text(&harness, GET("/later"));
        mr_connection *connection = harness.connection;
        if (order == 0) {
            mr_http_request_answer(harness.deferred[0], &(mr_http_answer){.status = 204});
            mr_connection_event(connection, EPOLLERR | EPOLLHUP);
        } else {
            mr_connection_event(connection, EPOLLERR | EPOLLHUP);
            mr_http_request_answer(harness.deferred[0], &(mr_http_answer){.status = 204});
        }
        mr_connection_event(connection, EPOLLIN); /* an event of the same round */
        mr_loop_settle(harness.loop);
        assert_int_equal(harness.loop->slot_count, 0);
        harness.deferred_count = 0;
        harness_connect(&harness);
    }
    assert_int_equal(harness.released, 2);
    harness_end(&harness);
}

static void a_half_closed_client_gets_all_its_answers(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness.input_ends = true;
    harness_send_text(&harness, GET("/later") GET("/items/2") "GET / HT");
    harness_round(&harness);
    assert_non_null(harness.connection);
    assert_int_equal(harness.connection->watched & EPOLLIN, 0); /* or epoll would spin */
    answer_deferred(&harness, 0, "one");
    assert_int_equal(harness_answers(&harness), 2);
    assert_null(harness.connection);
    harness_end(&harness);
}

static void unanswered_requests_are_released_with_the_server(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, GET("/later"));
    harness.broken = true;
    harness_round(&harness);
    harness_connect(&harness);
    harness_send_text(&harness, GET("/later"));
    assert_int_equal(harness.deferred_count, 2);
    mr_http_server_destroy(harness.server);
    assert_int_equal(harness.released, 2);
    mr_buffer_free(&harness.received);
}

static void input_behind_an_open_request_is_bounded(void **state)
{
    struct harness harness;
    char *flood = mr_alloc_zero(1, 100000);

    (void)state;
    harness_open(&harness);
    memset(flood, 'x', 100000);
    harness_send_text(&harness, GET("/later"));
    harness.input = flood;
    harness.input_bytes = 100000;
    for (int i = 0; i < 100; i++) {
        harness_round(&harness);
    }
    assert_int_equal(harness.input_bytes, 100000 - mr_http_input_bytes_max);
    assert_int_equal(harness.connection->watched & EPOLLIN, 0);
    answer_deferred(&harness, 0, "now");
    assert_int_equal(harness_answers(&harness), 2); /* and a 400 */
    harness_end(&harness);
    free(flood);
}

static void a_client_that_does_not_read_is_served_no_more(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness.send_room = 100;
    harness_send_text(&harness, GET("/big") GET("/big") GET("/big"));
    assert_int_equal(harness.handled, 1);
    assert_int_equal(harness.connection->watched, EPOLLOUT);
    for (int i = 0; i < 1000 && harness.handled < 3; i++) {
        harness.send_room = 1000;
        harness_round(&harness);
    }
    harness.send_room = SIZE_MAX;
    harness_round(&harness);
    assert_int_equal(harness_answers(&harness), 3);
    harness_assert_has(&harness, "Content-Type: text/plain\r\nContent-Length: 100000\r\n");
    harness_assert_has(&harness, "X-Big: yes\r\n");
    assert_int_equal(harness.connection->watched, EPOLLIN);
    harness_end(&harness);
}

static void a_reader_that_stalls_is_cut_off(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_pass_ms(&harness, 2999);
    harness.send_room = 100;
    harness_send_text(&harness, GET("/big"));
    harness_pass_ms(&harness, 3999); /* counted from when it blocked */
    assert_non_null(harness.connection);
    harness.send_room = 10; /* progress: the pause begins anew */
    harness_round(&harness);
    harness_pass_ms(&harness, 3999);
    assert_non_null(harness.connection);
    harness_pass_ms(&harness, 1);
    assert_null(harness.connection);
    harness_end(&harness);
}

static void a_slow_head_is_408_and_an_idle_client_is_closed_silently(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "G");
    harness_pass_ms(&harness, 999);
    harness_send_text(&harness, "E"); /* does not buy time */
    harness_pass_ms(&harness, 1);
    assert_int_equal(harness_status(&harness), 408);
    assert_true(harness.finished);
    harness_pass_ms(&harness, mr_http_linger_ms_max);
    assert_null(harness.connection);

    harness_connect(&harness);
    harness_send_text(&harness, GET("/"));
    mr_buffer_clear(&harness.received);
    harness_send_text(&harness, "\r\n"); /* an empty line is no request */
    harness_pass_ms(&harness, 2999);
    assert_non_null(harness.connection);
    harness_pass_ms(&harness, 1);
    assert_null(harness.connection);
    assert_int_equal(harness.received.bytes, 0);
    harness_end(&harness);
}

static void open_body(struct harness *harness)
{
    harness_send_text(harness, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n");
}

static void a_body_that_pauses_is_408(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    open_body(&harness);
    for (int i = 0; i < 2; i++) {
        harness_pass_ms(&harness, 1999);
        harness_send_text(&harness, "abc");
        assert_int_equal(harness_status(&harness), 0);
    }
    harness_pass_ms(&harness, 2000);
    assert_int_equal(harness_status(&harness), 408);
    harness_end(&harness);
}

static void a_body_below_the_least_rate_is_408(void **state)
{
    struct harness harness;
    int64_t passed_ms = 0;

    (void)state;
    harness_open(&harness);
    open_body(&harness);
    while (harness_status(&harness) == 0 && passed_ms < 20000) {
        harness_send_text(&harness, "abcdefghij"); /* 10 bytes in 500 ms: a fifth of the rate */
        harness_pass_ms(&harness, 500);
        passed_ms += 500;
    }
    assert_int_equal(harness_status(&harness), 408);
    assert_int_equal(passed_ms, mr_http_rate_grace_ms);
    mr_connection_close(harness.connection);

    harness_connect(&harness);
    open_body(&harness);
    for (int i = 0; i < 24; i++) { /* 960 bytes in 9.1 s: just above it */
        harness_send_text(&harness, "0123456789012345678901234567890123456789");
        harness_pass_ms(&harness, 380);
    }
    assert_int_equal(harness_status(&harness), 0);
    harness_end(&harness);
}

static void an_early_answer_reaches_a_client_that_still_sends(void **state)
{
    struct harness harness;
    char *rest = mr_alloc_zero(1, 70000);

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5000000\r\n\r\n");
    assert_int_equal(harness_status(&harness), 413);
    assert_true(harness.finished);
    harness_send_bytes(&harness, rest, 70000);
    assert_int_equal(harness.dropped_bytes, 70000);
    assert_non_null(harness.connection);
    harness.input_ends = true;
    harness_round(&harness);
    assert_null(harness.connection);

    harness_connect(&harness); /* but one that never ends is not read for ever */
    harness_send_text(&harness, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5000000\r\n\r\n");
    for (int i = 0; i < 1000 && harness.connection != NULL; i++) {
        harness_send_bytes(&harness, rest, 70000);
    }
    assert_null(harness.connection);
    assert_true(harness.dropped_bytes < mr_http_linger_bytes_max + 70000 + 2 * 65536);
    harness_end(&harness);
    free(rest);
}

static void a_100_is_sent_only_to_a_client_that_waits(void **state)
{
    static const char head[] =
        "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, head);
    assert_string_equal(harness_text(&harness), "HTTP/1.1 100 Continue\r\n\r\n");
    harness_send_text(&harness, "abc");
    assert_int_equal(harness_answers(&harness), 1);
    harness_assert_has(&harness, "\r\n\r\n/echo|abc");
    mr_buffer_clear(&harness.received);
    char whole[256];
    (void)snprintf(whole, sizeof whole, "%sabc", head);
    harness_send_text(&harness, whole);
    harness_assert_has_not(&harness, " 100 ");
    assert_int_equal(harness_status(&harness), 200);
    harness_end(&harness);
}

static void a_draining_server_closes_after_the_answers_under_way(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, GET("/later"));
    harness.loop->draining = true;
    mr_connection_drain(harness.connection);
    assert_non_null(harness.connection);
    answer_deferred(&harness, 0, "last");
    harness_assert_has(&harness, "Connection: close\r\n");
    assert_true(harness.finished);
    harness.input_ends = true;
    harness_round(&harness);
    assert_null(harness.connection);

    harness.loop->draining = false; /* idle, but its request is in the socket already */
    harness_connect(&harness);
    harness.loop->draining = true;
    harness.input = GET("/");
    harness.input_bytes = strlen(harness.input);
    mr_connection_drain(harness.connection);
    assert_int_equal(harness_status(&harness), 200);
    mr_connection_close(harness.connection);
    mr_loop_settle(harness.loop);
    harness.loop->draining = false;

    harness_connect(&harness);
    harness.loop->draining = true;
    mr_connection_drain(harness.connection);
    assert_null(harness.connection);
    mr_loop_settle(harness.loop);
    harness_end(&harness);
}

static void a_refused_connection_gets_a_503_and_is_not_counted(void **state)
{
    const mr_peer peer = {.text = "127.0.0.1"};
    struct harness harness;

    (void)state;
    harness_open(&harness);
    mr_connection_close(harness.connection);
    mr_loop_settle(harness.loop);
    harness.connection =
        mr_connection_create(harness.loop, &harness_transport, &harness, -1, &peer, true);
    assert_int_equal(harness_status(&harness), 503);
    harness_assert_has(&harness, "Retry-After: 1\r\n");
    assert_true(harness.finished);
    assert_int_equal(harness.server->connection_count, 0);
    harness_send_text(&harness, GET("/"));
    assert_int_equal(harness.handled, 0);
    harness_end(&harness);
}

static void bodies_together_are_bounded(void **state)
{
    struct harness harness;
    mr_http_options options = harness_options(&harness);
    mr_http_route route = {"POST", "/echo", harness_echo, 100000, 0, "echo", NULL};
    char *body = mr_alloc_zero(1, 50000);

    (void)state;
    options.routes = &route;
    options.route_count = 1;
    options.buffer_bytes_max = 20000;
    harness_open_with(&harness, &options);
    harness_send_text(&harness, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\n");
    harness_send_bytes(&harness, body, 50000);
    assert_int_equal(harness_status(&harness), 503);
    harness_assert_has(&harness, "Retry-After: 1\r\n");
    assert_int_equal(harness.server->budget.used_bytes, 0);
    harness_end(&harness);
    free(body);
}

static void a_blocked_client_waits_for_its_next_request_too(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, GET("/later") GET("/later"));
    harness.send_room = 0;
    answer_deferred(&harness, 0, "one");
    assert_int_equal(harness.deferred_count, 1);
    harness.send_room = SIZE_MAX;
    harness_round(&harness);
    assert_int_equal(harness.deferred_count, 2);
    answer_deferred(&harness, 1, "two");
    assert_int_equal(harness_answers(&harness), 2);
    harness_end(&harness);
}

static bool harness_buffered(const mr_connection *connection)
{
    const struct harness *harness = connection->transport_state;

    return harness->input_bytes > 0;
}

static void what_the_transport_holds_is_read_without_an_event(void **state)
{
    enum { requests = 600 };
    mr_transport buffering = harness_transport;
    const mr_peer peer = {.text = "127.0.0.1"};
    struct harness harness;
    mr_buffer input;

    (void)state;
    buffering.buffered = harness_buffered;
    harness_open(&harness);
    mr_connection_close(harness.connection);
    harness.connection = mr_connection_create(harness.loop, &buffering, &harness, -1, &peer, false);
    mr_buffer_init(&input, 1 << 20);
    for (int i = 0; i < requests; i++) {
        assert_true(mr_buffer_append_string(&input, GET("/items/1")));
    }
    assert_true(input.bytes > mr_http_input_bytes_max);
    harness_send_text(&harness, GET("/later"));
    harness.input = input.data;
    harness.input_bytes = input.bytes;
    mr_connection_event(harness.connection, EPOLLIN);
    assert_true(harness.input_bytes > 0); /* more than waits behind an open request */
    mr_http_request_answer(harness.deferred[0], &(mr_http_answer){.status = 204});
    mr_loop_settle(harness.loop);
    assert_int_equal(harness_answers(&harness), requests + 1);
    mr_buffer_free(&input);
    harness_end(&harness);
}

static void trailers_do_not_become_headers(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "POST /later HTTP/1.1\r\n" HOST
                                "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Role: admin\r\n\r\n");
    assert_int_equal(harness.deferred_count, 1);
    assert_null(mr_http_request_header(harness.deferred[0], "X-Role").data);
    assert_non_null(mr_http_request_header(harness.deferred[0], "host").data);
    answer_deferred(&harness, 0, "");
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_requests_are_answered_in_order_by_one_send),
        cmocka_unit_test(pipelines_survive_every_split),
        cmocka_unit_test(a_deferred_answer_holds_the_requests_behind_it),
        cmocka_unit_test(a_handler_is_not_called_from_within_an_answer),
        cmocka_unit_test(a_request_outlives_the_client_that_left),
        cmocka_unit_test(a_client_may_leave_in_the_round_of_its_answer),
        cmocka_unit_test(a_half_closed_client_gets_all_its_answers),
        cmocka_unit_test(unanswered_requests_are_released_with_the_server),
        cmocka_unit_test(input_behind_an_open_request_is_bounded),
        cmocka_unit_test(a_client_that_does_not_read_is_served_no_more),
        cmocka_unit_test(a_reader_that_stalls_is_cut_off),
        cmocka_unit_test(a_slow_head_is_408_and_an_idle_client_is_closed_silently),
        cmocka_unit_test(a_body_that_pauses_is_408),
        cmocka_unit_test(a_body_below_the_least_rate_is_408),
        cmocka_unit_test(an_early_answer_reaches_a_client_that_still_sends),
        cmocka_unit_test(a_100_is_sent_only_to_a_client_that_waits),
        cmocka_unit_test(a_draining_server_closes_after_the_answers_under_way),
        cmocka_unit_test(a_refused_connection_gets_a_503_and_is_not_counted),
        cmocka_unit_test(bodies_together_are_bounded),
        cmocka_unit_test(a_blocked_client_waits_for_its_next_request_too),
        cmocka_unit_test(what_the_transport_holds_is_read_without_an_event),
        cmocka_unit_test(trailers_do_not_become_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
