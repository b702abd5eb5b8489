/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_command_test.c - `millrace post` against gateways good, busy, strict, lost and dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <zlib.h>
#include <zstd.h>

#include "cli/commands.h"
#include "cli/convert_fixture.h"
#include "cli/post_responder.h"

#define L(n) "{\"InvoiceNo\":\"" #n "\"}\n"
#define TEN  L(1) L(2) L(3) L(4) L(5) L(6) L(7) L(8) L(9) L(10)

#define POST(...) RUN(mr_cmd_post, "-q", __VA_ARGS__)

static void always_accept(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    reply_accepted(asked, answer);
}

static void assert_received(const responder *server, const char *expected)
{
    assert_int_equal(server->received.bytes, strlen(expected));
    assert_memory_equal(server->received.data, expected, strlen(expected));
}

/* Batches of two, one after the other. */
static ran post_pairs(const responder *server, const char *path)
{
    return POST("--url", server->url, "-b", "2", "-c", "1", path);
}

static void file_is_sent_whole_and_as_it_stands(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "good.ndjson", TEN);
    responder *server = responder_start(always_accept, NULL);
    ran r = post_pairs(server, path);

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_received(server, TEN);
    assert_int_equal(server->requests, 5);
    assert_int_equal(server->thread_count, 1); /* one connection for all */
    assert_non_null(strstr(r.out, "10 events in"));
    assert_non_null(strstr(r.out, "10 accepted, 0 refused\nanswers: 201 5x\n"));
    assert_null(files_read(files_path(f, "good.ndjson.progress")));
    assert_null(files_read(files_path(f, "good.ndjson.rejects")));
    responder_free(server);
    ran_free(&r);
}

static void busy_then_accept(void *ctx, const request *asked, reply *answer)
{
    size_t *failures_left = ctx;

    if (*failures_left > 0) {
        answer->status = *failures_left % 2 == 0 ? 0 : 503; /* 0: the connection breaks */
        (*failures_left)--;
        return;
    }
    reply_accepted(asked, answer);
}

static void busy_server_and_broken_connections_are_tried_again(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "busy.ndjson", TEN);
    size_t failures = 2;
    responder *server = responder_start(busy_then_accept, &failures);
    ran r = POST("--url", server->url, "-b", "5", "-c", "1", "--json", path);

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_received(server, TEN);
    assert_non_null(strstr(r.out, "\"outcome\":\"done\""));
    assert_non_null(strstr(r.out, "\"accepted\":10,\"refused\":0,\"not_sent\":0,\"requests\":4,"
                                  "\"sent_again\":2"));
    assert_non_null(strstr(r.out, "\"answers\":{\"0\":1,\"201\":2,\"503\":1}"));
    responder_free(server);
    ran_free(&r);
}

static void always_busy(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    (void)asked;
    answer->status = 503;
}

static void server_in_trouble_is_not_given_more(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "trouble.ndjson", TEN);
    responder *server = responder_start(always_busy, NULL);
    ran r = POST("--url", server->url, "-b", "1", "-c", "2", "--retries", "2", path);

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_int_equal(server->received.bytes, 0);
    /* The two lines that were under way when the first answer came, three times each, and no other.
     */
    assert_in_range(server->requests, 3, 6);
    assert_null(files_read(files_path(f, "trouble.ndjson.rejects")));
    responder_free(server);
    ran_free(&r);
}

static void ask_for_an_hour(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    (void)asked;
    answer->status = 429;
    answer->headers = "Retry-After: 3600\r\n";
    (void)snprintf(answer->body, sizeof(answer->body), "{\"detail\":\"slow down\"}");
}

/* What the server asks for is longer than the user would wait: no use in trying. */
static void retry_after_is_believed(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "later.ndjson", TEN);
    responder *server = responder_start(ask_for_an_hour, NULL);
    ran r = POST("--url", server->url, "-c", "1", "--give-up-after", "60s", path);

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_int_equal(server->requests, 1);
    assert_non_null(strstr(r.err, "gave up on lines 1 to 10 after 1 tries: status 429: slow down"));
    responder_free(server);
    ran_free(&r);
}

/* Refuses lines with a 3 or a 7 in them; lists as many as ctx says. */
static void refuse_some(void *ctx, const request *asked, reply *answer)
{
    const size_t *listed_max = ctx;
    size_t accepted = 0, refused = 0, listed = 0, line = 0;
    const char *at = asked->body.data;
    const char *end = at + asked->body.bytes;
    char errors[4096] = "";
    size_t bytes = 0;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = stop != NULL ? stop : end;
        size_t line_bytes = (size_t)(line_end - at);
        line++;
        if (memchr(at, '3', line_bytes) == NULL && memchr(at, '7', line_bytes) == NULL) {
            accepted += line_bytes > 0;
        } else if (++refused && listed < *listed_max) {
            bytes += (size_t)snprintf(errors + bytes, sizeof(errors) - bytes,
                                      "%s{\"line\":%zu,\"detail\":[{\"type\":\"missing\",\"loc\":["
                                      "\"body\",\"Quantity\"],\"msg\":\"Field required\"}]}",
                                      listed > 0 ? "," : "", line);
            listed++;
        }
        at = line_end + 1;
    }
    answer->status = accepted > 0 ? 201 : 422;
    (void)snprintf(answer->body, sizeof(answer->body),
                   "{\"accepted\":%zu,\"refused\":%zu,\"errors\":[%s],\"errors_omitted\":%zu}",
                   accepted, refused, errors, refused - listed);
}

static void assert_three_and_seven_rejected(const char *rejects)
{
    assert_non_null(rejects);
    assert_string_equal(rejects, "{\"line\":3,\"reason\":\"Quantity: Field required\",\"raw\":"
                                 "\"{\\\"InvoiceNo\\\":\\\"3\\\"}\"}\n"
                                 "{\"line\":7,\"reason\":\"Quantity: Field required\",\"raw\":"
                                 "\"{\\\"InvoiceNo\\\":\\\"7\\\"}\"}\n");
}

static void refused_lines_go_to_the_rejects_file(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "bad.ndjson", TEN);
    size_t listed_max = 100;
    responder *server = responder_start(refuse_some, &listed_max);
    ran r = POST("--url", server->url, "-b", "4", path);
    char *rejects = files_read(files_path(f, "bad.ndjson.rejects"));

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.out, "8 accepted, 2 refused"));
    assert_non_null(strstr(r.out, "2 lines, with their reasons, in"));
    assert_three_and_seven_rejected(rejects);
    assert_null(files_read(files_path(f, "bad.ndjson.progress"))); /* every line was answered */
    free(rejects);
    responder_free(server);
    ran_free(&r);
}

static void refusals_that_were_not_listed_are_asked_for_again(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "omit.ndjson", TEN);
    size_t listed_max = 1;
    responder *server = responder_start(refuse_some, &listed_max);
    ran r = POST("--url", server->url, "-c", "1", path);
    char *rejects = files_read(files_path(f, "omit.ndjson.rejects"));

    responder_stop(server);
    assert_int_equal(server->requests, 2);
    assert_non_null(strstr(r.out, "8 accepted, 2 refused"));
    assert_three_and_seven_rejected(rejects);
    free(rejects);
    responder_free(server);
    ran_free(&r);
}

static void refuse_without_naming(void *ctx, const request *asked, reply *answer)
{
    size_t lines = 0;

    (void)ctx;
    for (size_t i = 0; i < asked->body.bytes; i++) {
        lines += asked->body.data[i] == '\n';
    }
    answer->status = 422;
    (void)snprintf(answer->body, sizeof(answer->body), "{\"accepted\":0,\"refused\":%zu}", lines);
}

static void server_that_names_no_line_is_asked_one_by_one(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "mute.ndjson", L(1) L(2) L(3));
    responder *server = responder_start(refuse_without_naming, NULL);
    ran r = POST("--url", server->url, "-c", "1", path);
    char *rejects = files_read(files_path(f, "mute.ndjson.rejects"));

    responder_stop(server);
    assert_int_equal(count_of(rejects, "refused without a reason"), 3);
    assert_int_equal(count_of(rejects, "\"line\":3"), 1);
    free(rejects);
    responder_free(server);
    ran_free(&r);
}

static void too_large_above_three_lines(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    if (asked->body.bytes > strlen(L(1) L(2) L(3))) {
        answer->status = 413;
        return;
    }
    reply_accepted(asked, answer);
}

static void batches_the_server_finds_too_large_are_halved(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "large.ndjson", TEN);
    responder *server = responder_start(too_large_above_three_lines, NULL);
    ran r = POST("--url", server->url, "-c", "1", path);

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_received(server, TEN);
    assert_non_null(strstr(r.out, "10 accepted"));
    responder_free(server);
    ran_free(&r);
}

static void ask_for_a_key(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    (void)asked;
    answer->status = 401;
    (void)snprintf(answer->body, sizeof(answer->body), "{\"detail\":\"Send an API key\"}");
}

static void wrong_request_ends_the_run_and_blames_no_line(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "key.ndjson", TEN);
    responder *server = responder_start(ask_for_a_key, NULL);
    ran r = post_pairs(server, path);

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_int_equal(server->requests, 1);
    assert_non_null(strstr(r.err, "status 401: Send an API key"));
    assert_null(files_read(files_path(f, "key.ndjson.rejects")));
    responder_free(server);
    ran_free(&r);
}

static void bad_url_ends_the_run_at_once(void **state)
{
    files *f = *state;
    ran r = POST("--url", "gopher://127.0.0.1:1", files_write(f, "url.ndjson", TEN));

    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "gopher"));
    ran_free(&r);
}

static void nobody_listening_is_given_up(void **state)
{
    files *f = *state;
    responder *server = responder_start(always_accept, NULL);
    char url[64];

    memcpy(url, server->url, sizeof(url));
    responder_stop(server);
    responder_free(server);
    ran r = POST("--url", url, "--retries", "1", "-c", "1", files_write(f, "dead.ndjson", TEN));
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.out, "answers: none 2x; sent again: 1"));
    assert_non_null(strstr(r.err, "gave up on lines 1 to 10 after 2 tries"));
    ran_free(&r);
}

/* Takes two requests, then none until `open`. */
typedef struct door {
    size_t taken;
    bool open;
} door;

static void accept_two(void *ctx, const request *asked, reply *answer)
{
    door *d = ctx;

    if (d->taken == 2 && !d->open) {
        answer->status = 503;
        return;
    }
    d->taken++;
    refuse_some(&(size_t){100}, asked, answer);
}

static void run_that_gave_up_goes_on_where_it_stopped(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "resume.ndjson", TEN);
    const char *progress_path = files_path(f, "resume.ndjson.progress");
    door d = {0};
    responder *server = responder_start(accept_two, &d);
    ran r = POST("--url", server->url, "-b", "2", "-c", "1", "--retries", "1", path);
    char *progress = files_read(progress_path);

    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "run it again to go on at line 5"));
    assert_received(server, L(1) L(2) L(3) L(4));
    assert_non_null(progress);
    assert_non_null(strstr(progress, "\"line\":5,"));
    free(progress);
    ran_free(&r);

    d.open = true;
    r = RUN(mr_cmd_post, "--url", server->url, "-b", "3", "-c", "1", path);
    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_FAILED); /* lines 3 and 7 were refused */
    assert_non_null(strstr(r.err, "going on at line 5"));
    assert_received(server, TEN);
    char *rejects = files_read(files_path(f, "resume.ndjson.rejects"));
    assert_three_and_seven_rejected(rejects);
    assert_null(files_read(progress_path));
    free(rejects);
    responder_free(server);
    ran_free(&r);
}

static void restart_and_changed_files_begin_again(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "again.ndjson", TEN);
    door d = {0};
    responder *server = responder_start(accept_two, &d);
    ran r = POST("--url", server->url, "-b", "2", "-c", "1", "--retries", "1", path);

    ran_free(&r);
    r = POST("--url", server->url, "-b", "2", "-c", "1", "--retries", "1", "--restart", path);
    assert_null(strstr(r.err, "going on"));
    assert_non_null(strstr(r.err, "go on at line 1"));
    ran_free(&r);
    d.open = true;
    server->received.bytes = 0;
    path = files_write(f, "again.ndjson", L(1) L(2));
    r = RUN(mr_cmd_post, "--url", server->url, path);
    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_non_null(strstr(r.err, "beginning again"));
    assert_received(server, L(1) L(2));
    responder_free(server);
    ran_free(&r);
}

static void stop_at_second(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    if (asked->number == 2) {
        (void)kill(getpid(), SIGINT);
    }
    reply_accepted(asked, answer);
}

/* The request under way is waited for; what it took is remembered. */
static void signal_stops_the_run_in_good_order(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "stop.ndjson", TEN);
    sigset_t blocked, old;

    /* The server's threads must not take the signal. */
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGINT);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &old), 0);
    responder *server = responder_start(stop_at_second, NULL);
    ran r = post_pairs(server, path);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "stopped by a signal"));
    char *progress = files_read(files_path(f, "stop.ndjson.progress"));
    assert_non_null(progress);
    /* Between the answer and the signal the third pair may have been sent. */
    assert_true(strstr(progress, "\"line\":5,") != NULL || strstr(progress, "\"line\":7,") != NULL);
    assert_int_equal(server->received.bytes % strlen(L(1) L(2)), 0);
    free(progress);
    responder_free(server);
    ran_free(&r);
}

static void single_answers(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    if (strncmp(asked->head, "POST /invoicedata HTTP/1.1\r\n", 28) != 0) {
        answer->status = 404;
    } else if (memchr(asked->body.data, '2', asked->body.bytes) != NULL) {
        answer->status = 422;
        (void)snprintf(answer->body, sizeof(answer->body),
                       "{\"detail\":[{\"loc\":[\"body\",\"Country\"],\"msg\":\"Field "
                       "required\"},{\"loc\":[\"body\",\"Quantity\"],\"msg\":\"Too much\"}]}");
    } else {
        answer->status = 201;
    }
}

static void single_events_are_sent_one_by_one(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "single.ndjson", L(1) "\n" L(2) "  \r\n" L(3));
    responder *server = responder_start(single_answers, NULL);
    ran r = POST("--url", server->url, "--single", "-c", "2", "--verbose", path);
    char *rejects = files_read(files_path(f, "single.ndjson.rejects"));

    responder_stop(server);
    assert_int_equal(server->requests, 3);
    assert_int_equal(count_of(r.out, "Status code: 201\n"), 2);
    assert_int_equal(count_of(r.out, "Status code: 422\n"), 1);
    assert_non_null(strstr(r.out, "2 accepted, 1 refused"));
    assert_string_equal(rejects,
                        "{\"line\":3,\"reason\":\"Country: Field required; Quantity: Too much\","
                        "\"raw\":\"{\\\"InvoiceNo\\\":\\\"2\\\"}\"}\n");
    free(rejects);
    responder_free(server);
    ran_free(&r);
}

static void refuse_line_two(void *ctx, const request *asked, reply *answer)
{
    (void)ctx;
    (void)asked;
    answer->status = 201;
    (void)snprintf(answer->body, sizeof(answer->body),
                   "{\"accepted\":1,\"refused\":1,\"errors\":[{\"line\":2,\"detail\":\"no\"}]}");
}

/* Numbers in the rejects file are those of the CSV file, whoever refused the line. */
static void csv_is_converted_on_the_way(void **state)
{
    static const char csv[] = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,"
                              "CustomerID,Country\n"
                              "1,A,\"two\nlines\",6,2010-12-01,2.5,7,X\n"
                              "2,A,x,many,2010-12-01,2.5,7,X\n"
                              "3,A,x,6,2010-12-01,2.5,7,X\n";
    files *f = *state;
    const char *path = files_write(f, "in.csv", csv);
    responder *server = responder_start(refuse_line_two, NULL);
    ran r = POST("--url", server->url, path);
    char *rejects = files_read(files_path(f, "in.csv.rejects"));

    responder_stop(server);
    assert_non_null(strstr(r.out, "1 accepted, 1 refused, 1 not sent"));
    assert_int_equal(count_of(rejects, "\n"), 2);
    assert_int_equal(count_of(rejects, "{\"line\":4,\"reason\":\"Quantity: "), 1);
    assert_int_equal(count_of(rejects, "{\"line\":5,\"reason\":\"no\""), 1);
    assert_int_equal(count_of(server->received.data, "two\\nlines"), 1);
    free(rejects);
    responder_free(server);
    ran_free(&r);
}

static void unpack(void *ctx, const request *asked, reply *answer)
{
    char text[4096];
    size_t bytes = 0;

    if (strstr(asked->head, "Content-Encoding: zstd\r\n") != NULL) {
        bytes = ZSTD_decompress(text, sizeof(text), asked->body.data, asked->body.bytes);
    } else if (strstr(asked->head, "Content-Encoding: gzip\r\n") != NULL) {
        z_stream z = {.avail_in = (uInt)asked->body.bytes,
                      .next_out = (Bytef *)text,
                      .avail_out = sizeof(text)};
        memcpy(&z.next_in, &asked->body.data, sizeof(z.next_in));
        if (inflateInit2(&z, 31) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END) {
            bytes = sizeof(text) - z.avail_out;
        }
        (void)inflateEnd(&z);
    }
    *(bool *)ctx = bytes == strlen(TEN) && memcmp(text, TEN, bytes) == 0 &&
                   strstr(asked->head, "X-API-Key: mr_secret\r\n") != NULL &&
                   strstr(asked->head, "Content-Type: application/x-ndjson\r\n") != NULL &&
                   strstr(asked->head, "Expect:") == NULL;
    answer->status = 201;
    (void)snprintf(answer->body, sizeof(answer->body), "{\"accepted\":10,\"refused\":0}");
}

static void bodies_are_packed_and_signed_in(void **state)
{
    static const char *const packings[] = {"gzip", "zstd"};
    files *f = *state;
    const char *path = files_write(f, "packed.ndjson", TEN);

    assert_int_equal(setenv("MILLRACE_API_KEY", "mr_secret", 1), 0);
    for (size_t i = 0; i < 2; i++) {
        bool right = false;
        responder *server = responder_start(unpack, &right);
        ran r = POST("--url", server->url, "--compress", packings[i], path);
        responder_stop(server);
        assert_int_equal(r.exit_status, MR_EXIT_OK);
        assert_true(right);
        responder_free(server);
        ran_free(&r);
    }
    assert_int_equal(unsetenv("MILLRACE_API_KEY"), 0);
}

static void many_requests_at_once_lose_nothing(void **state)
{
    enum { lines = 3000 };
    files *f = *state;
    mr_buffer text;
    size_t failures = 6;

    mr_buffer_init(&text, 1 << 20);
    for (int i = 0; i < lines; i++) {
        assert_true(mr_buffer_printf(&text, "{\"InvoiceNo\":\"%05d\"}\n", i));
    }
    const char *path = files_write_bytes(f, "many.ndjson", text.data, text.bytes);
    responder *server = responder_start(busy_then_accept, &failures);
    ran r = POST("--url", server->url, "-b", "7", "-c", "8", path);
    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_int_equal(server->received.bytes, text.bytes);
    /* In some order, each once. */
    bool seen[lines] = {false};
    for (size_t at = 0; at < server->received.bytes; at += 22) {
        unsigned long number = strtoul(server->received.data + at + 14, NULL, 10);
        assert_true(number < lines && !seen[number]);
        seen[number] = true;
    }
    mr_buffer_free(&text);
    responder_free(server);
    ran_free(&r);
}

static void rate_is_kept(void **state)
{
    files *f = *state;
    const char *path = files_write(f, "rate.ndjson", TEN);
    responder *server = responder_start(always_accept, NULL);
    ran r = POST("--url", server->url, "--rate", "40", "--json", path);
    const char *seconds = strstr(r.out, "\"seconds\":");

    responder_stop(server);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_received(server, TEN);
    assert_non_null(seconds);
    /* Ten events at forty a second: the last piece may leave only when those before are due. */
    assert_true(strtod(seconds + strlen("\"seconds\":"), NULL) >= 0.2);
    responder_free(server);
    ran_free(&r);
}

static void wrong_usage_is_said(void **state)
{
    static const char *const wrong[][2] = {
        {"--batch", "0"},         {"--batch", "1000000"},   {"--concurrency", "0"},
        {"--rate", "fast"},       {"--compress", "brotli"}, {"--retries", "0"},
        {"--give-up-after", "?"}, {"--date-order", "ymd"},
    };
    files *f = *state;
    ran r;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        r = POST(wrong[i][0], wrong[i][1], "file");
        assert_int_equal(r.exit_status, MR_EXIT_USAGE);
        assert_non_null(strstr(r.err, wrong[i][0]));
        ran_free(&r);
    }
    r = POST("--single", "--batch", "5", "file");
    assert_int_equal(r.exit_status, MR_EXIT_USAGE);
    ran_free(&r);
    r = POST(files_path(f, "none.ndjson"));
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "none.ndjson"));
    ran_free(&r);
    r = POST(files_write(f, "array.json", "[\n{}]\n"));
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "one event a line"));
    ran_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_is_sent_whole_and_as_it_stands),
        cmocka_unit_test(busy_server_and_broken_connections_are_tried_again),
        cmocka_unit_test(server_in_trouble_is_not_given_more),
        cmocka_unit_test(retry_after_is_believed),
        cmocka_unit_test(refused_lines_go_to_the_rejects_file),
        cmocka_unit_test(refusals_that_were_not_listed_are_asked_for_again),
        cmocka_unit_test(server_that_names_no_line_is_asked_one_by_one),
        cmocka_unit_test(batches_the_server_finds_too_large_are_halved),
        cmocka_unit_test(wrong_request_ends_the_run_and_blames_no_line),
        cmocka_unit_test(bad_url_ends_the_run_at_once),
        cmocka_unit_test(nobody_listening_is_given_up),
        cmocka_unit_test(run_that_gave_up_goes_on_where_it_stopped),
        cmocka_unit_test(restart_and_changed_files_begin_again),
        cmocka_unit_test(signal_stops_the_run_in_good_order),
        cmocka_unit_test(single_events_are_sent_one_by_one),
        cmocka_unit_test(csv_is_converted_on_the_way),
        cmocka_unit_test(bodies_are_packed_and_signed_in),
        cmocka_unit_test(many_requests_at_once_lose_nothing),
        cmocka_unit_test(rate_is_kept),
        cmocka_unit_test(wrong_usage_is_said),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, files_set_up, files_tear_down);
}
