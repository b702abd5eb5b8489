/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/stream_test.c - answers in pieces, over a transport in memory. */
#include "harness.h"
#include "http/stream.h"

#define REQUEST     "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
#define PIECE(text) MR_TEXT_LITERAL(text)

static unsigned drained_count, gone_count;

static void on_drained(void *ctx)
{
    (void)ctx;
    drained_count++;
}

static void on_gone(void *user)
{
    (void)user;
    gone_count++;
}

static mr_http_request *begin(struct harness *harness, const char *text, bool ends_with_input)
{
    const mr_http_answer head = {
        .status = 200, .content_type = "text/csv", .headers = "X-A: b\r\n"};
    const mr_http_stream_hooks hooks = {.drained = on_drained, .ends_with_input = ends_with_input};

    drained_count = gone_count = 0;
    harness_send_text(harness, text);
    assert_int_equal(harness->deferred_count, 1);
    mr_http_request *request = harness->deferred[0];
    mr_http_request_on_gone(request, on_gone);
    mr_http_stream_begin(request, &head, &hooks);
    harness_round(harness);
    return request;
}

static void pieces_arrive_as_chunks_and_the_connection_is_kept(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    mr_http_request *request = begin(&harness, REQUEST, false);
    harness_assert_has(&harness, "HTTP/1.1 200 OK\r\n");
    harness_assert_has(&harness, "Transfer-Encoding: chunked\r\n");
    harness_assert_has(&harness, "X-A: b\r\n");
    harness_assert_has_not(&harness, "Content-Length");
    assert_true(mr_http_stream_write(request, PIECE("hello, ")));
    assert_true(mr_http_stream_write(request, PIECE("")));
    assert_true(mr_http_stream_write(request, PIECE("sixteen and more bytes")));
    harness_round(&harness);
    assert_int_equal(drained_count, 1);
    mr_http_stream_end(request, true);
    harness_round(&harness);
    harness_assert_has(&harness,
                       "\r\n\r\n7\r\nhello, \r\n16\r\nsixteen and more bytes\r\n0\r\n\r\n");
    assert_int_equal(harness.released, 1);
    assert_int_equal(gone_count, 0);
    harness_send_text(&harness, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(harness_answers(&harness), 2);
    harness_end(&harness);
}

static void what_is_pipelined_waits_for_the_end(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    mr_http_request *request = begin(&harness, REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false);
    assert_int_equal(harness_answers(&harness), 1);
    mr_http_stream_end(request, true);
    harness_round(&harness);
    assert_int_equal(harness_answers(&harness), 2);
    harness_end(&harness);
}

static void an_old_client_reads_up_to_the_end_of_the_connection(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    mr_http_request *request =
        begin(&harness, "GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false);
    harness_assert_has_not(&harness, "Transfer-Encoding");
    harness_assert_has(&harness, "Connection: close\r\n");
    assert_true(mr_http_stream_write(request, PIECE("all of it")));
    mr_http_stream_end(request, true);
    harness_round(&harness);
    harness_assert_has(&harness, "\r\n\r\nall of it");
    assert_true(harness.finished || harness.connection == NULL);
    harness_end(&harness);
}

static void a_head_has_no_body_and_is_drained(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    mr_http_request *request = begin(&harness, "HEAD /later HTTP/1.1\r\nHost: a\r\n\r\n", false);
    assert_true(mr_http_stream_write(request, PIECE("unseen")));
    harness_round(&harness);
    assert_int_equal(drained_count, 1);
    mr_http_stream_end(request, true);
    harness_round(&harness);
    harness_assert_has_not(&harness, "unseen");
    harness_assert_has_not(&harness, "\r\n0\r\n");
    assert_non_null(harness.connection);
    harness_end(&harness);
}

static void an_answer_that_is_cut_off_has_no_last_chunk(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    mr_http_request *request = begin(&harness, REQUEST, false);
    assert_true(mr_http_stream_write(request, PIECE("half")));
    mr_http_stream_end(request, false);
    harness_round(&harness);
    harness_assert_has(&harness, "4\r\nhalf\r\n");
    harness_assert_has_not(&harness, "\r\n0\r\n");
    assert_true(harness.finished);
    harness_end(&harness);
}

static void a_slow_reader_is_told_of_by_drained_and_left_by_the_time_out(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    harness.send_room = 300;
    mr_http_request *request = begin(&harness, REQUEST, false);
    char *piece = mr_alloc_zero(1, 1000);
    assert_true(mr_http_stream_write(request, (mr_text){piece, 1000}));
    harness_round(&harness);
    assert_int_equal(drained_count, 0);
    assert_true(mr_http_stream_unsent_bytes(request) > 700);
    harness.send_room = SIZE_MAX;
    harness_round(&harness);
    assert_int_equal(drained_count, 1);
    assert_int_equal(mr_http_stream_unsent_bytes(request), 0);
    harness.send_room = 0;
    assert_true(mr_http_stream_write(request, (mr_text){piece, 1000}));
    harness_round(&harness);
    harness_pass_ms(&harness, 5000); /* beyond write_timeout_ms */
    assert_null(harness.connection);
    assert_int_equal(gone_count, 1);
    assert_false(mr_http_stream_write(request, (mr_text){piece, 1000}));
    assert_int_equal(harness.released, 0);
    mr_http_stream_end(request, true);
    assert_int_equal(harness.released, 1);
    free(piece);
    harness_end(&harness);
}

static void a_reader_always_behind_does_not_make_the_output_grow(void **state)
{
    struct harness harness;
    char *piece = mr_alloc_zero(1, 65536);

    (void)state;
    harness_open(&harness);
    mr_http_request *request = begin(&harness, REQUEST, false);
    harness.send_room = 1000;
    for (int i = 0; i < 1000; i++) {
        assert_true(mr_http_stream_write(request, (mr_text){piece, 65536}));
        harness.send_room = 65500;
        harness_round(&harness);
        assert_true(mr_http_stream_unsent_bytes(request) > 0);
        assert_true(harness.connection->output.capacity < 4 * 1048576);
        mr_buffer_clear(&harness.received);
    }
    mr_http_stream_end(request, true);
    harness.send_room = SIZE_MAX;
    harness_round(&harness);
    free(piece);
    harness_end(&harness);
}

static void more_unsent_than_is_kept_ends_the_connection(void **state)
{
    struct harness harness;
    char *piece = mr_alloc_zero(1, 1048576);
    unsigned written = 0;

    (void)state;
    harness_open(&harness);
    mr_http_request *request = begin(&harness, REQUEST, false);
    harness.send_room = 0;
    while (written < 100 && mr_http_stream_write(request, (mr_text){piece, 1048576})) {
        written++;
        harness_round(&harness);
    }
    assert_in_range(written, 4, 6);
    assert_int_equal(gone_count, 1);
    mr_http_stream_end(request, true);
    free(piece);
    harness_end(&harness);
}

static void the_end_of_input_ends_only_a_stream_without_end(void **state)
{
    for (int endless = 0; endless <= 1; endless++) {
        struct harness harness;

        (void)state;
        harness_open(&harness);
        mr_http_request *request = begin(&harness, REQUEST, endless == 1);
        harness.input_ends = true;
        harness_round(&harness);
        assert_int_equal(harness.connection == NULL, endless);
        assert_int_equal(gone_count, endless);
        mr_http_stream_end(request, true);
        harness_round(&harness);
        harness_end(&harness);
    }
}

static void a_client_that_left_before_the_begin_is_told_of(void **state)
{
    struct harness harness;
    const mr_http_answer head = {.status = 200};

    (void)state;
    harness_open(&harness);
    gone_count = 0;
    harness_send_text(&harness, REQUEST);
    mr_http_request_on_gone(harness.deferred[0], on_gone);
    harness.broken = true;
    harness_round(&harness);
    assert_int_equal(gone_count, 1);
    mr_http_stream_begin(harness.deferred[0], &head, &(mr_http_stream_hooks){.drained = NULL});
    assert_false(mr_http_stream_write(harness.deferred[0], PIECE("lost")));
    mr_http_stream_end(harness.deferred[0], true);
    assert_int_equal(harness.released, 1);
    harness_end(&harness);
}

/* Others are answered: an end of input may be half of a close. */
static void a_client_that_ended_its_side_before_the_answer_has_left_where_that_is_so(void **state)
{
    (void)state;
    for (unsigned leaves = 0; leaves < 2; leaves++) {
        struct harness harness = {.server = NULL};
        mr_http_options options = harness_options(&harness);

        options.end_leaves = leaves == 1;
        gone_count = 0;
        harness_open_with(&harness, &options);
        harness_send_text(&harness, REQUEST);
        mr_http_request_on_gone(harness.deferred[0], on_gone);
        harness.input_ends = true;
        harness_round(&harness);
        assert_int_equal(gone_count, leaves);
        assert_int_equal(harness.connection == NULL, leaves);
        mr_http_request_answer(harness.deferred[0], &(mr_http_answer){.status = 200});
        harness_round(&harness);
        assert_int_equal(harness.received.bytes > 0, 1 - leaves);
        harness_end(&harness);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_arrive_as_chunks_and_the_connection_is_kept),
        cmocka_unit_test(what_is_pipelined_waits_for_the_end),
        cmocka_unit_test(an_old_client_reads_up_to_the_end_of_the_connection),
        cmocka_unit_test(a_head_has_no_body_and_is_drained),
        cmocka_unit_test(an_answer_that_is_cut_off_has_no_last_chunk),
        cmocka_unit_test(a_slow_reader_is_told_of_by_drained_and_left_by_the_time_out),
        cmocka_unit_test(a_reader_always_behind_does_not_make_the_output_grow),
        cmocka_unit_test(more_unsent_than_is_kept_ends_the_connection),
        cmocka_unit_test(the_end_of_input_ends_only_a_stream_without_end),
        cmocka_unit_test(a_client_that_left_before_the_begin_is_told_of),
        cmocka_unit_test(a_client_that_ended_its_side_before_the_answer_has_left_where_that_is_so),
    };

    return cmocka_run_group_tests_name("http streams", tests, NULL, NULL);
}
