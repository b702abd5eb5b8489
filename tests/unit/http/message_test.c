/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/message_test.c - which requests are accepted, refused, and with what status.
 *
 * Every case is sent whole, in two pieces split at every byte, and byte by byte: the answer must
 * not depend on how the network cuts a request.
 */
#include "harness.h"

#define HOST "Host: shop.example\r\n"

struct request_case {
    const char *request;
    int status;
    bool closes;
};

static const struct request_case framing_cases[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"GET / HTTP/1.0\r\n\r\n", 200, true},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200, true},
    {"GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200, false},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
     "2;name=value;x=\"y\"\r\nab\r\n1\r\nc\r\n0\r\nTrailer: x\r\nHost: other\r\n\r\n",
     200, false},
    /* lengths that two programs could read differently */
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabc", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
     400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
     400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     501, true},
    {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 501, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 501, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 501, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400,
     true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400,
     true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400,
     true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400,
     true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400,
     true},
};

static const struct request_case head_cases[] = {
    {"GET / HTTP/1.1\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" HOST "X: a\001b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\nHost: a\n\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, true},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505, true},
    {"GET / HTTP/3.0\r\n" HOST "\r\n", 505, true},
    {"GET /\r\n\r\n", 505, true},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true},
    {"FOO / HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"\001\002\003", 400, true},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400, true},
    {"GET nothing HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /#top HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /%4 HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /%ff HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /?a=%zz HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /?a=%c3%28 HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"GET /?a=%c3%a4+b HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"GET http://shop.example/items/all HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"GET http://shop.example HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"GET http://shop.example?a=b HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"GET ftp://shop.example/ HTTP/1.1\r\n" HOST "\r\n", 400, true},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 404, false},
    {"OPTIONS /echo HTTP/1.1\r\n" HOST "\r\n", 405, false},
};

static const struct request_case route_cases[] = {
    {"GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404, false},
    {"GET /items/ HTTP/1.1\r\n" HOST "\r\n", 404, false},
    {"GET /items/a/b HTTP/1.1\r\n" HOST "\r\n", 404, false},
    {"GET //items/a HTTP/1.1\r\n" HOST "\r\n", 404, false},
    {"GET /1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h/i HTTP/1.1\r\n" HOST "\r\n", 404, false},
    {"GET /items/a HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"GET /it%65ms/a HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"HEAD /items/a HTTP/1.1\r\n" HOST "\r\n", 200, false},
    {"DELETE /items/a HTTP/1.1\r\n" HOST "\r\n", 405, false},
    {"GET /echo HTTP/1.1\r\n" HOST "\r\n", 405, false},
    {"POST /nothing HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 404, true},
    {"POST /echo HTTP/1.1\r\n" HOST "\r\n", 411, false},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 413, true},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n", 413, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 413, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx", 415,
     true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx",
     415, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", 200,
     false},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", 400,
     true},
    {"POST /echo HTTP/1.1\r\n" HOST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx", 417, true},
    {"POST /echo HTTP/1.0\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\nx", 200, true},
    {"POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n", 413,
     true},
    {"POST /nothing HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n", 404,
     true},
};

static void check_answer(struct harness *harness, const struct request_case *one, size_t split)
{
    bool closed = harness->connection == NULL || harness->finished;

    if (harness_status(harness) != one->status || closed != one->closes ||
        harness_answers(harness) != 1) {
        fail_msg("split at %zu of %s\n%s (%s)", split, one->request, harness_text(harness),
                 closed ? "closed" : "open");
    }
    harness_assert_has(harness, "X-Content-Type-Options: nosniff\r\n");
    harness_assert_has(harness, "\r\nDate: ");
    if (one->closes) {
        harness_assert_has(harness, "\r\nConnection: close\r\n");
    }
}

static void reconnect(struct harness *harness)
{
    if (harness->connection != NULL) {
        mr_connection_close(harness->connection);
    }
    harness_round(harness);
    harness_connect(harness);
}

static void check_case(struct harness *harness, const struct request_case *one)
{
    size_t bytes = strlen(one->request);

    for (size_t split = 0; split < bytes; split++) {
        reconnect(harness);
        harness_send_bytes(harness, one->request, split);
        harness_send_bytes(harness, one->request + split, bytes - split);
        check_answer(harness, one, split);
    }
    reconnect(harness);
    for (size_t i = 0; i < bytes && harness->connection != NULL; i++) {
        harness_send_bytes(harness, one->request + i, 1);
    }
    check_answer(harness, one, bytes);
}

static void check_cases(const struct request_case *cases, size_t count)
{
    struct harness harness;

    harness_open(&harness);
    for (size_t i = 0; i < count; i++) {
        check_case(&harness, &cases[i]);
    }
    harness_end(&harness);
}

static void framing_is_read_one_way_only(void **state)
{
    (void)state;
    check_cases(framing_cases, sizeof framing_cases / sizeof framing_cases[0]);
}

static void heads_that_break_the_rules_are_refused(void **state)
{
    (void)state;
    check_cases(head_cases, sizeof head_cases / sizeof head_cases[0]);
}

static void routes_decide_before_a_body_is_read(void **state)
{
    (void)state;
    check_cases(route_cases, sizeof route_cases / sizeof route_cases[0]);
}

static void a_long_target_is_414_and_long_headers_431(void **state)
{
    struct harness harness;
    char line[2048];

    (void)state;
    harness_open(&harness);
    (void)snprintf(line, sizeof line, "GET /%0600d HTTP/1.1\r\n" HOST "\r\n", 7);
    harness_send_text(&harness, line);
    assert_int_equal(harness_status(&harness), 414);
    reconnect(&harness);
    (void)snprintf(line, sizeof line, "GET / HTTP/1.1\r\nHost: a\r\nX: %0600d\r\n\r\n", 7);
    harness_send_text(&harness, line);
    assert_int_equal(harness_status(&harness), 431);
    reconnect(&harness); /* white space that is not kept counts as well */
    (void)snprintf(line, sizeof line, "GET / HTTP/1.1\r\nHost: a\r\nX: %600s\r\n\r\n", "x");
    harness_send_text(&harness, line);
    assert_int_equal(harness_status(&harness), 431);
    harness_end(&harness);
}

static void a_head_may_have_exactly_its_limit_of_bytes(void **state)
{
    struct harness harness;
    char head[600];

    (void)state;
    harness_open(&harness);
    int bytes = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\nX: %0479d\r\n\r\n", 7);
    assert_int_equal(bytes, 511);
    for (int extra = 0; extra < 3; extra++) {
        reconnect(&harness);
        bytes = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n",
                         479 + extra, 7);
        harness_send_bytes(&harness, head, (size_t)bytes);
        assert_int_equal(harness_status(&harness), bytes <= 512 ? 200 : 431);
    }
    harness_end(&harness);
}

static void more_than_100_headers_are_431(void **state)
{
    struct harness harness;
    mr_http_options options = harness_options(&harness);
    mr_buffer request;

    (void)state;
    options.header_bytes_max = 4096;
    harness_open_with(&harness, &options);
    for (int count = 100; count <= 101; count++) {
        reconnect(&harness);
        mr_buffer_init(&request, 4096);
        assert_true(mr_buffer_append_string(&request, "GET / HTTP/1.1\r\nHost: a\r\n"));
        for (int i = 1; i < count; i++) {
            assert_true(mr_buffer_printf(&request, "X%d: y\r\n", i));
        }
        assert_true(mr_buffer_append_string(&request, "\r\n"));
        harness_send_bytes(&harness, request.data, request.bytes);
        assert_int_equal(harness_status(&harness), count == 100 ? 200 : 431);
        mr_buffer_free(&request);
    }
    harness_end(&harness);
}

static void wasteful_chunks_are_refused(void **state)
{
    struct harness harness;
    char extension[2000];

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness,
                      "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    memset(extension, 'x', sizeof extension);
    memcpy(extension, "1;", 2);
    harness_send_bytes(&harness, extension, sizeof extension);
    assert_int_equal(harness_status(&harness), 400);
    harness_end(&harness);
}

static void parameters_and_paths_are_decoded(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "GET /items/a%2Fb%20%C3%A4 HTTP/1.1\r\n" HOST "\r\n");
    harness_assert_has(&harness, "\r\n\r\na/b \xC3\xA4");
    reconnect(&harness); /* a literal route wins over a parameter */
    harness_send_text(&harness, "GET /items/%61ll?x=1 HTTP/1.1\r\n" HOST "\r\n");
    harness_assert_has(&harness, "\r\n\r\n/items/all|");
    harness_end(&harness);
}

static void queries_are_decoded_by_name(void **state)
{
    static const struct {
        const char *query, *name, *value;
    } cases[] = {
        {"a=1&b=2", "a", "1"},     {"a=1&b=2", "b", "2"}, {"a=1&b=2", "c", NULL},
        {"a=1&a=2", "a", "1"},     {"a", "a", ""},        {"a=", "a", ""},
        {"=x&a=1", "a", "1"},      {"&&a=1&&", "a", "1"}, {"a%3D=x%26y", "a=", "x&y"},
        {"a+b=c+d", "a b", "c d"}, {"%61=1", "a", "1"},   {"aa=1", "a", NULL},
        {"a=b=c", "a", "b=c"},     {"", "a", NULL},       {"a=%zz", "a", NULL},
    };
    mr_buffer out;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_buffer_init(&out, 64);
        bool found = mr_target_query(mr_text_of(cases[i].query), cases[i].name, 0, &out);
        assert_int_equal(found, cases[i].value != NULL);
        if (found) {
            assert_true(mr_text_equal((mr_text){out.data, out.bytes}, mr_text_of(cases[i].value)));
        }
        mr_buffer_free(&out);
    }
    mr_buffer_init(&out, 2);
    assert_false(mr_target_query(MR_TEXT_LITERAL("a=123"), "a", 0, &out));
    mr_buffer_free(&out);
}

static void a_repeated_query_is_read_one_by_one(void **state)
{
    mr_text query = MR_TEXT_LITERAL("c=UK&x=1&c=&c=a%20b&d");
    static const char *const wanted[] = {"UK", "", "a b"};
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 64);
    for (size_t nth = 0; nth < 3; nth++) {
        mr_buffer_clear(&out);
        assert_true(mr_target_query(query, "c", nth, &out));
        assert_true(mr_text_equal(mr_buffer_text(&out), mr_text_of(wanted[nth])));
    }
    assert_false(mr_target_query(query, "c", 3, &out));
    assert_false(mr_target_query(query, "d", 1, &out));
    mr_buffer_free(&out);
}

static void what_no_route_has_goes_to_the_fallback(void **state)
{
    static const mr_http_route fallback = {"GET", "/", harness_echo, 0, 0, "files", NULL};
    struct harness harness;
    mr_http_options options = harness_options(&harness);

    (void)state;
    options.fallback = &fallback;
    options.headers = "X-Every: answer\r\n";
    harness_open_with(&harness, &options);
    harness_send_text(&harness, "GET /a/b.js HTTP/1.1\r\n" HOST "\r\n");
    harness_assert_has(&harness, "X-Every: answer\r\n");
    harness_assert_has(&harness, "\r\n\r\n/a/b.js|");
    reconnect(&harness);
    harness_send_text(&harness, "POST /a/b.js HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
    assert_int_equal(harness_status(&harness), 404);
    harness_assert_has(&harness, "X-Every: answer\r\n");
    reconnect(&harness); /* the path is a route's, but not with this method */
    harness_send_text(&harness, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(harness_status(&harness), 405);
    harness_end(&harness);
}

static void a_405_names_the_methods(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    harness_assert_has(&harness, "\r\nAllow: POST, PUT\r\n");
    harness_assert_has(&harness, "\r\n\r\n{\"detail\":\"Method Not Allowed\"}");
    reconnect(&harness);
    harness_send_text(&harness, "OPTIONS /items/x HTTP/1.1\r\n" HOST "\r\n");
    harness_assert_has(&harness, "\r\nAllow: GET, HEAD\r\n");
    harness_end(&harness);
}

static void a_head_request_gets_the_length_but_no_body(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness_send_text(&harness, "HEAD /items/abc HTTP/1.1\r\n" HOST "\r\n");
    harness_assert_has(&harness, "\r\nContent-Length: 3\r\n");
    assert_memory_equal(harness_text(&harness) + harness.received.bytes - 4, "\r\n\r\n", 4);
    harness_end(&harness);
}

static void bad_routes_are_refused_at_start(void **state)
{
    static const mr_http_route bad[] = {
        {"FETCH", "/", harness_echo, 0, 0, "x", NULL},
        {"HEAD", "/", harness_echo, 0, 0, "x", NULL},
        {"GET", "x", harness_echo, 0, 0, "x", NULL},
        {"GET", "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", harness_echo, 0, 0, "x", NULL},
        {"GET", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", harness_echo, 0, 0, "x", NULL},
        {"GET", "/", NULL, 0, 0, "x", NULL},
        {"GET", "/", harness_echo, 0, 0, NULL, NULL},
    };
    struct harness harness;
    mr_http_options options = harness_options(&harness);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mr_http_server *server = NULL;
        mr_err err;
        options.routes = &bad[i];
        options.route_count = 1;
        assert_int_not_equal(mr_server_prepare(&options, &server, &err), MR_OK);
        assert_non_null(strstr(err.message, bad[i].path));
        assert_null(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_is_read_one_way_only),
        cmocka_unit_test(heads_that_break_the_rules_are_refused),
        cmocka_unit_test(routes_decide_before_a_body_is_read),
        cmocka_unit_test(a_long_target_is_414_and_long_headers_431),
        cmocka_unit_test(a_head_may_have_exactly_its_limit_of_bytes),
        cmocka_unit_test(more_than_100_headers_are_431),
        cmocka_unit_test(wasteful_chunks_are_refused),
        cmocka_unit_test(parameters_and_paths_are_decoded),
        cmocka_unit_test(queries_are_decoded_by_name),
        cmocka_unit_test(a_repeated_query_is_read_one_by_one),
        cmocka_unit_test(what_no_route_has_goes_to_the_fallback),
        cmocka_unit_test(a_405_names_the_methods),
        cmocka_unit_test(a_head_request_gets_the_length_but_no_body),
        cmocka_unit_test(bad_routes_are_refused_at_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
