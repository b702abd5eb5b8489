/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_batch_test.c - POST /invoicedata/batch as a client sees it. */
#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

#include "gateway/batch_job.h"
#include "gateway/fixture.h"

#define BAD "{\"InvoiceNo\":\"1\"}"

static int start(void **state)
{
    fixture *f = fixture_create();

    fixture_start(f);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static void assert_counts(const reply *r, int status, int64_t accepted, int64_t refused)
{
    assert_status(r, status);
    assert_int_equal(integer_at(r, "/accepted"), accepted);
    assert_int_equal(integer_at(r, "/refused"), refused);
}

static void good_lines_are_kept_and_bad_ones_listed(void **state)
{
    reply *r = post_batch(*state, EVENT "\n\n" BAD "\n" EVENT "\r\n{\"x\"\n" EVENT);

    assert_counts(r, 201, 3, 2);
    assert_int_equal(integer_at(r, "/first_offset"), 0);
    assert_int_equal(integer_at(r, "/last_offset"), 2);
    assert_int_equal(integer_at(r, "/errors/0/line"), 3);
    assert_string_equal(string_at(r, "/errors/0/detail/0/type"), "missing");
    assert_string_equal(string_at(r, "/errors/0/detail/0/loc/1"), "StockCode");
    assert_int_equal(integer_at(r, "/errors/1/line"), 5);
    assert_string_equal(string_at(r, "/errors/1/detail/0/type"), "json_invalid");
    assert_int_equal(integer_at(r, "/errors_omitted"), 0);
    reply_free(r);
}

static void an_array_is_taken_too(void **state)
{
    reply *r = exchange(*state, "POST /invoicedata/batch", "Content-Type: application/json\r\n",
                        " [" EVENT "," BAD "," EVENT "]");

    assert_counts(r, 201, 2, 1);
    assert_int_equal(integer_at(r, "/errors/0/line"), 2);
    reply_free(r);
}

static void all_bad_is_422_with_the_same_body(void **state)
{
    reply *r = post_batch(*state, BAD "\n" BAD "\n");

    assert_counts(r, 422, 0, 2);
    assert_true(yyjson_is_null(yyjson_doc_ptr_get(r->json, "/first_offset")));
    assert_true(yyjson_is_null(yyjson_doc_ptr_get(r->json, "/last_offset")));
    reply_free(r);
}

static void no_events_is_400(void **state)
{
    const char *const bodies[] = {"", "\n \r\n", "[]"};

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        reply *r = post_batch(*state, bodies[i]);
        assert_status(r, 400);
        assert_non_null(strstr(string_at(r, "/detail"), "holds no events"));
        reply_free(r);
    }
}

static void content_types(void **state)
{
    const struct {
        const char *header;
        int status;
    } cases[] = {
        {"Content-Type: text/plain; charset=utf-8\r\n", 201},
        {"Content-Type: application/jsonl\r\n", 201},
        {"Content-Type: APPLICATION/NDJSON\r\n", 201},
        {"", 201},
        {"Content-Type: text/csv\r\n", 415},
        {"Content-Encoding: br\r\n", 415},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reply *r = exchange(*state, "POST /invoicedata/batch", cases[i].header, EVENT);
        assert_status(r, cases[i].status);
        reply_free(r);
    }
}

/* `count` lines, each event with an id of its own. */
static void write_lines(mr_buffer *out, size_t count)
{
    mr_buffer_init(out, 16 * 1048576);
    for (size_t i = 0; i < count; i++) {
        mr_buffer_printf(out, "{%s,\"EventID\":\"e%zu\"}\n", EVENT_FIELDS, i);
    }
}

static void a_gzipped_body_is_unpacked(void **state)
{
    z_stream stream = {0};
    unsigned char packed[65536];
    mr_buffer lines;
    reply *r;

    write_lines(&lines, 1000);
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)lines.data;
    stream.avail_in = (unsigned)lines.bytes;
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    r = receive_reply(send_request(*state, "POST /invoicedata/batch", "Content-Encoding: gzip\r\n",
                                   packed, stream.total_out));
    assert_counts(r, 201, 1000, 0);
    reply_free(r);
    deflateEnd(&stream);
    mr_buffer_free(&lines);
}

/* More than one batch of the log, more than the pool holds, and from several clients at once. */
static void large_bodies_from_several_clients_are_kept_whole(void **state)
{
    enum { clients = 4, lines_each = 17000 };
    int fds[clients];
    int64_t last = -1;
    mr_buffer lines;
    reply *r;

    write_lines(&lines, lines_each);
    for (int i = 0; i < clients; i++) {
        fds[i] = send_request(*state, "POST /invoicedata/batch", "", lines.data, lines.bytes);
    }
    for (int i = 0; i < clients; i++) {
        r = receive_reply(fds[i]);
        assert_counts(r, 201, lines_each, 0);
        last = integer_at(r, "/last_offset") > last ? integer_at(r, "/last_offset") : last;
        reply_free(r);
    }
    assert_int_equal(last, clients * lines_each - 1);
    mr_buffer_free(&lines);
}

static void at_most_a_thousand_errors_are_listed(void **state)
{
    mr_buffer lines;
    reply *r;

    mr_buffer_init(&lines, 1048576);
    for (int i = 0; i < mr_batch_errors_listed_max + 7; i++) {
        mr_buffer_append_string(&lines, "7\n");
    }
    mr_buffer_append_string(&lines, EVENT);
    mr_buffer_append(&lines, "", 1);
    r = post_batch(*state, lines.data);
    assert_counts(r, 201, 1, mr_batch_errors_listed_max + 7);
    assert_int_equal(yyjson_arr_size(yyjson_doc_ptr_get(r->json, "/errors")),
                     mr_batch_errors_listed_max);
    assert_int_equal(integer_at(r, "/errors_omitted"), 7);
    reply_free(r);
    mr_buffer_free(&lines);
}

static void singles_and_batches_share_the_log(void **state)
{
    reply *r = post_batch(*state, EVENT "\n" EVENT);

    assert_counts(r, 201, 2, 0);
    reply_free(r);
    r = post_event(*state, EVENT);
    assert_status(r, 201);
    assert_int_equal(integer_at(r, "/offset"), 2);
    reply_free(r);
}

/* A log that cannot write: nothing is answered 201, /ready says so, and it recovers by itself. */
static void a_log_that_cannot_write_is_answered_503(void **state)
{
    struct rlimit before;
    struct rlimit small;
    reply *single;
    reply *batch;
    reply *ready;
    reply *r;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    single = post_event(*state, EVENT);
    batch = post_batch(*state, EVENT "\n" BAD);
    ready = get(*state, "/ready");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

    assert_status(single, 503);
    assert_contains(single, "Retry-After: 1\r\n");
    assert_non_null(strstr(string_at(single, "/detail"), "not stored"));
    assert_counts(batch, 503, 0, 1);
    assert_contains(batch, "Retry-After: 1\r\n");
    assert_true(strlen(string_at(batch, "/detail")) > 0);
    assert_status(ready, 503);
    assert_true(strlen(string_at(ready, "/reasons/0")) > 0);
    reply_free(single);
    reply_free(batch);
    reply_free(ready);

    r = post_event(*state, EVENT);
    assert_status(r, 201);
    assert_int_equal(integer_at(r, "/offset"), 0);
    reply_free(r);
    r = get(*state, "/ready");
    assert_status(r, 200);
    reply_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_lines_are_kept_and_bad_ones_listed, start, stop),
        cmocka_unit_test_setup_teardown(an_array_is_taken_too, start, stop),
        cmocka_unit_test_setup_teardown(all_bad_is_422_with_the_same_body, start, stop),
        cmocka_unit_test_setup_teardown(no_events_is_400, start, stop),
        cmocka_unit_test_setup_teardown(content_types, start, stop),
        cmocka_unit_test_setup_teardown(a_gzipped_body_is_unpacked, start, stop),
        cmocka_unit_test_setup_teardown(large_bodies_from_several_clients_are_kept_whole, start,
                                        stop),
        cmocka_unit_test_setup_teardown(at_most_a_thousand_errors_are_listed, start, stop),
        cmocka_unit_test_setup_teardown(singles_and_batches_share_the_log, start, stop),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_write_is_answered_503, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
