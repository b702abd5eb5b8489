/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/gateway_test.c - starting, draining, and requests that wait too long for the log. */
#include <inttypes.h>
#include <poll.h>
#include <sqlite3.h>

#include "gateway/fixture.h"

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

static void an_address_in_use_is_an_error_that_names_it(void **state)
{
    fixture *f = *state;
    fixture *second = fixture_create();
    char address[64];
    mr_gateway *gateway;
    mr_err err;

    fixture_start(f);
    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)mr_gateway_port(f->gateway));
    second->options.http.address = address;
    assert_int_not_equal(mr_gateway_start(&second->options, &gateway, &err), MR_OK);
    assert_non_null(strstr(err.message, address));
    fixture_destroy(second);
}

static void options_that_cannot_work_are_refused(void **state)
{
    fixture *f = *state;
    mr_gateway *gateway;
    mr_err err;

    f->options.workers = 0;
    assert_int_equal(mr_gateway_start(&f->options, &gateway, &err), MR_INVALID);
    f->options.workers = 1;
    f->options.bus.url = "carrier-pigeon:";
    assert_int_not_equal(mr_gateway_start(&f->options, &gateway, &err), MR_OK);
    assert_true(strlen(err.message) > 0);
}

/* The status of what a connection got, 0 when it was closed without an answer. */
static int status_of(int fd)
{
    char text[16] = "";
    size_t bytes = 0;
    ssize_t got;
    int status = 0;

    while (bytes < sizeof text - 1 &&
           (got = recv(fd, text + bytes, sizeof text - 1 - bytes, 0)) > 0) {
        bytes += (size_t)got;
    }
    close(fd);
    return sscanf(text, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static void what_was_answered_201_before_the_end_is_in_the_log(void **state)
{
    enum { clients = 40 };
    fixture *f = *state;
    int fds[clients];
    int accepted = 0;
    char body[512];
    reply *r;

    fixture_start(f);
    for (int i = 0; i < clients; i++) {
        snprintf(body, sizeof body, "{%s,\"EventID\":\"d%d\"}", EVENT_FIELDS, i);
        fds[i] = send_request(f, i % 2 == 0 ? "POST /invoicedata" : "POST /invoicedata/batch", "",
                              body, strlen(body));
    }
    r = get(f, "/health"); /* the loops are at work by now */
    reply_free(r);
    fixture_stop(f);
    for (int i = 0; i < clients; i++) {
        accepted += status_of(fds[i]) == 201 ? 1 : 0;
    }
    fixture_start(f);
    r = post_event(f, EVENT);
    assert_status(r, 201);
    assert_true(integer_at(r, "/offset") >= accepted);
    reply_free(r);
}

static void a_stopped_gateway_refuses_connections(void **state)
{
    fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    fixture_start(f);
    address.sin_port = htons(mr_gateway_port(f->gateway));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fixture_stop(f);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), -1);
    close(fd);
}

/* --- A log that stands still: another process holds its write lock ---------------------------- */

static sqlite3 *lock_log(const fixture *f)
{
    char path[256];
    sqlite3 *db = NULL;

    snprintf(path, sizeof path, "%s/log/ingestion-topic.db", f->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void a_request_that_waits_too_long_is_503_and_the_event_still_counts(void **state)
{
    fixture *f = *state;
    sqlite3 *lock;
    reply *r;
    int single;
    int batch;

    f->options.request_timeout_ms = 0;
    f->options.http.loops = 1; /* one request's answer shows that those before it were taken */
    fixture_start(f);
    r = post_event(f, EVENT);
    assert_status(r, 201);
    reply_free(r);
    lock = lock_log(f);
    single = send_request(f, "POST /invoicedata", "", EVENT, strlen(EVENT));
    batch = send_request(f, "POST /invoicedata/batch", "", EVENT, strlen(EVENT));
    for (int answered = 0; answered < 2;) {
        struct pollfd polls[2] = {{.fd = single, .events = POLLIN},
                                  {.fd = batch, .events = POLLIN}};
        mr_gateway_tick(f->gateway);
        r = get(f, "/health");
        reply_free(r);
        assert_true(poll(polls, 2, 0) >= 0);
        answered = (polls[0].revents != 0) + (polls[1].revents != 0);
    }
    r = receive_reply(single);
    assert_status(r, 503);
    assert_contains(r, "Retry-After: 1\r\n");
    assert_non_null(strstr(string_at(r, "/detail"), "may still be stored"));
    reply_free(r);
    r = receive_reply(batch);
    assert_status(r, 503);
    reply_free(r);

    assert_int_equal(sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(lock);
    r = post_event(f, EVENT);
    assert_status(r, 201);
    reply_free(r);
}

static void wait_until_queued(const fixture *f)
{
    bool queued = false;

    while (!queued) {
        reply *r = get(f, "/metrics");
        assert_status(r, 200);
        queued = strstr(r->body, "\nmillrace_gateway_log_queue_bytes 0\n") == NULL;
        reply_free(r);
    }
}

static void a_full_queue_is_503_at_once_and_what_waits_is_kept(void **state)
{
    fixture *f = *state;
    sqlite3 *lock;
    reply *r;
    int first;

    f->options.bus.queue_bytes_max = 1; /* one batch always passes */
    fixture_start(f);
    lock = lock_log(f);
    first = send_request(f, "POST /invoicedata/batch", "", EVENT, strlen(EVENT));
    wait_until_queued(f);
    r = post_event(f, EVENT);
    assert_status(r, 503);
    assert_contains(r, "Retry-After: 1\r\n");
    reply_free(r);
    r = post_batch(f, EVENT "\n" EVENT);
    assert_status(r, 503);
    assert_int_equal(integer_at(r, "/accepted"), 0);
    reply_free(r);

    assert_int_equal(sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(lock);
    r = receive_reply(first);
    assert_status(r, 201);
    assert_int_equal(integer_at(r, "/last_offset"), 0);
    reply_free(r);
}

static void events_that_come_while_the_log_works_share_its_next_commit(void **state)
{
    enum { followers = 10 };
    fixture *f = *state;
    int fds[followers + 1];
    uint64_t commits = 0;
    const char *line;
    sqlite3 *lock;
    reply *r;

    f->options.http.loops = 1;
    fixture_start(f);
    lock = lock_log(f);
    fds[0] = send_request(f, "POST /invoicedata", "", EVENT, strlen(EVENT));
    wait_until_queued(f);
    for (int i = 1; i <= followers; i++) {
        fds[i] = send_request(f, "POST /invoicedata", "", EVENT, strlen(EVENT));
        r = get(f, "/health"); /* so that they come to the loop one after the other */
        reply_free(r);
    }
    assert_int_equal(sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(lock);
    for (int i = 0; i <= followers; i++) {
        r = receive_reply(fds[i]);
        assert_status(r, 201);
        reply_free(r);
    }
    r = get(f, "/metrics");
    line = strstr(r->body, "\nmillrace_gateway_append_seconds_count ");
    assert_non_null(line);
    assert_int_equal(sscanf(line, " %*s %" SCNu64, &commits), 1);
    assert_in_range(commits, 2, 4);
    reply_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_in_use_is_an_error_that_names_it, start, stop),
        cmocka_unit_test_setup_teardown(options_that_cannot_work_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(what_was_answered_201_before_the_end_is_in_the_log, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_stopped_gateway_refuses_connections, start, stop),
        cmocka_unit_test_setup_teardown(
            a_request_that_waits_too_long_is_503_and_the_event_still_counts, start, stop),
        cmocka_unit_test_setup_teardown(events_that_come_while_the_log_works_share_its_next_commit,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_full_queue_is_503_at_once_and_what_waits_is_kept, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
