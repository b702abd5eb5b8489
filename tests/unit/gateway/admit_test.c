/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/admit_test.c - keys, web pages and rates, as a client meets them. */
#include "gateway/admit.h"
#include "gateway/fixture.h"
#include "store/ops.h"

static int start(void **state)
{
    *state = fixture_create();
    return 0;
}

static int stop(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static void add_key(const fixture *f, const char *name, char ret_key[static mr_api_key_bytes_max])
{
    mr_ops *ops;

    assert_int_equal(mr_ops_open(f->folder, &ops, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, name, MR_USER_NOBODY, 0, ret_key, NULL), MR_OK);
    mr_ops_close(ops);
}

static int post_with(const fixture *f, const char *headers)
{
    reply *r = exchange(f, "POST /invoicedata", headers, EVENT);
    int status = r->status;

    reply_free(r);
    return status;
}

static void a_key_is_asked_for_where_required(void **state)
{
    fixture *f = *state;
    char key[mr_api_key_bytes_max];
    char header[256];
    reply *r;

    f->options.auth = MR_GATEWAY_AUTH_REQUIRED;
    fixture_start(f);
    add_key(f, "till", key);
    r = post_event(f, EVENT);
    assert_status(r, 401);
    assert_contains(r, "WWW-Authenticate: Bearer");
    reply_free(r);
    assert_int_equal(post_with(f, "Authorization: Bearer mr_wrong\r\n"), 401);
    assert_int_equal(post_with(f, "Authorization: Basic mr_wrong\r\n"), 401);
    assert_int_equal(post_with(f, "X-API-Key:\r\n"), 401);
    snprintf(header, sizeof header, "Authorization: bearer %s\r\n", key);
    assert_int_equal(post_with(f, header), 201);
    assert_int_equal(post_with(f, header), 201);
    snprintf(header, sizeof header, "X-API-Key: %s\r\n", key);
    assert_int_equal(post_with(f, header), 201);
}

static void only_metrics_receipts_and_events_ask_for_a_key(void **state)
{
    const struct {
        const char *path;
        int status;
    } cases[] = {
        {"/health", 200},
        {"/ready", 200},
        {"/", 200},
        {"/openapi.json", 200},
        {"/docs", 200},
        {"/metrics", 401},
        {"/receipts/00112233445566778899aabbccddeeff", 401},
    };
    fixture *f = *state;
    reply *r;

    f->options.auth = MR_GATEWAY_AUTH_REQUIRED;
    fixture_start(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        r = get(f, cases[i].path);
        assert_status(r, cases[i].status);
        reply_free(r);
    }
    r = post_batch(f, EVENT);
    assert_status(r, 401);
    reply_free(r);
}

static void keys_are_needed_beyond_loopback(void **state)
{
    fixture *f = *state;
    mr_gateway_options *options = &f->options;
    const struct {
        const char *address;
        bool local;
    } cases[] = {
        {"127.0.0.1:8000", true},
        {"127.1.2.3:0", true},
        {"localhost:80", true},
        {"[::1]:8000", true},
        {"0.0.0.0:8000", false},
        {"[::]:8000", false},
        {"127.0.0.1.example:80", false},
        {"shop:80", false},
        {":8000", false},
        {"12.7.0.1:80", false},
        {"8000", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options->http.address = cases[i].address;
        options->auth = MR_GATEWAY_AUTH_AUTO;
        assert_int_equal(mr_gateway_is_local(options), cases[i].local);
        assert_int_equal(mr_gateway_needs_keys(options), !cases[i].local);
        options->auth = MR_GATEWAY_AUTH_OFF;
        assert_false(mr_gateway_needs_keys(options));
        options->auth = MR_GATEWAY_AUTH_REQUIRED;
        assert_true(mr_gateway_needs_keys(options));
    }
}

static int post_from(const fixture *f, const char *host, const char *headers)
{
    int fd = connect_to(f);
    char request[2048];
    reply *r;
    int status;

    snprintf(request, sizeof request,
             "POST /invoicedata HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%sContent-Length: %zu"
             "\r\n\r\n%s",
             host, headers, strlen(EVENT), EVENT);
    client_send(fd, request, strlen(request));
    r = receive_reply(fd);
    status = r->status;
    reply_free(r);
    return status;
}

static void foreign_web_pages_are_refused_where_no_key_is_asked_for(void **state)
{
    const struct {
        const char *host, *headers;
        int status;
    } cases[] = {
        {"127.0.0.1:8000", "", 201},
        {"shop.example", "", 201}, /* no browser: a name of one's own is fine */
        {"127.0.0.1:8000", "Origin: http://127.0.0.1:8000\r\n", 201},
        {"localhost:8000", "Origin: http://localhost:8000\r\nSec-Fetch-Site: same-origin\r\n", 201},
        {"[::1]:8000", "Origin: http://[::1]:8000\r\n", 201},
        {"[::1]", "Origin: http://[::1]\r\n", 201},
        {"127.0.0.1:8000", "Origin: http://evil.example\r\n", 403},
        {"127.0.0.1:8000", "Origin: http://127.0.0.1:9000\r\n", 403},
        {"127.0.0.1:8000", "Origin: null\r\n", 403},
        {"127.0.0.1:8000", "Sec-Fetch-Site: cross-site\r\n", 403},
        {"evil.example:8000", "Origin: http://evil.example:8000\r\n", 403},
        {"evil.example:8000", "Sec-Fetch-Site: same-origin\r\n", 403},
    };
    fixture *f = *state;

    fixture_start(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = post_from(f, cases[i].host, cases[i].headers);
        if (status != cases[i].status) {
            fail_msg("Host %s, %s: %d, not %d", cases[i].host, cases[i].headers, status,
                     cases[i].status);
        }
    }
}

static void a_client_above_its_rate_is_429(void **state)
{
    fixture *f = *state;
    reply *r;

    f->options.rate_per_second = 0.001;
    f->options.rate_burst = 2;
    fixture_start(f);
    assert_int_equal(post_with(f, ""), 201);
    assert_int_equal(post_with(f, ""), 201);
    r = post_event(f, EVENT);
    assert_status(r, 429);
    assert_contains(r, "Retry-After: ");
    assert_non_null(strstr(string_at(r, "/detail"), "MILLRACE_RATE_LIMIT"));
    reply_free(r);
    r = post_batch(f, EVENT);
    assert_status(r, 429);
    reply_free(r);
    r = get(f, "/health");
    assert_status(r, 200);
    reply_free(r);
}

static void a_batch_costs_its_events(void **state)
{
    fixture *f = *state;
    reply *r;

    f->options.rate_per_second = 0.001;
    f->options.rate_burst = 5;
    fixture_start(f);
    r = post_batch(f, EVENT "\n" EVENT "\n" EVENT "\n");
    assert_status(r, 201);
    reply_free(r);
    r = exchange(f, "POST /invoicedata/batch", "", "[" EVENT "," EVENT "," EVENT "]");
    assert_status(r, 429);
    reply_free(r);
    r = post_batch(f, EVENT "\n" EVENT);
    assert_status(r, 201);
    reply_free(r);
}

static void rates_are_counted_by_key(void **state)
{
    fixture *f = *state;
    char first[mr_api_key_bytes_max];
    char second[mr_api_key_bytes_max];
    char first_header[256];
    char second_header[256];

    f->options.auth = MR_GATEWAY_AUTH_REQUIRED;
    f->options.rate_per_second = 0.001;
    f->options.rate_burst = 1;
    add_key(f, "first", first);
    add_key(f, "second", second);
    fixture_start(f);
    snprintf(first_header, sizeof first_header, "X-API-Key: %s\r\n", first);
    snprintf(second_header, sizeof second_header, "X-API-Key: %s\r\n", second);
    assert_int_equal(post_with(f, first_header), 201);
    assert_int_equal(post_with(f, first_header), 429);
    assert_int_equal(post_with(f, second_header), 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_asked_for_where_required, start, stop),
        cmocka_unit_test_setup_teardown(only_metrics_receipts_and_events_ask_for_a_key, start,
                                        stop),
        cmocka_unit_test_setup_teardown(keys_are_needed_beyond_loopback, start, stop),
        cmocka_unit_test_setup_teardown(foreign_web_pages_are_refused_where_no_key_is_asked_for,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_client_above_its_rate_is_429, start, stop),
        cmocka_unit_test_setup_teardown(a_batch_costs_its_events, start, stop),
        cmocka_unit_test_setup_teardown(rates_are_counted_by_key, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
