/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/live_test.c - live streams: what each role is told, how many there are, how they end. */
#include "fixture.h"

#include "web/live.h"

enum { stream_bytes_max = 16384 };

typedef struct stream {
    int fd;
    size_t used;
    char text[stream_bytes_max + 1];
} stream;

static int start(void **state)
{
    fixture *f = fixture_create();

    f->options.http.connections_max = mr_web_live_streams_max + 32;
    f->options.http.idle_timeout_ms = 60000;
    fixture_start(f);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static void open_stream(const fixture *f, const visitor *who, const char *method,
                        stream *ret_stream)
{
    char request[512];

    *ret_stream = (stream){.fd = fixture_connect(f)};
    (void)snprintf(
        request, sizeof request,
        "%s /api/v1/live HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nCookie: %s\r\n\r\n",
        method, who->cookie);
    client_send_text(ret_stream->fd, request);
}

/* Reads until the text has come; NULL: until the end. */
static void read_until(stream *s, const char *text)
{
    ssize_t moved = 1;

    while (moved > 0 && (text == NULL || strstr(s->text, text) == NULL)) {
        assert_true(s->used < stream_bytes_max);
        moved = recv(s->fd, s->text + s->used, stream_bytes_max - s->used, 0);
        s->used += moved > 0 ? (size_t)moved : 0;
        s->text[s->used] = '\0';
    }
    if (text != NULL ? moved <= 0 : moved != 0) { /* below 0: it took too long */
        fail_msg("no %s in: %s", text != NULL ? text : "end", s->text);
    }
}

static void close_stream(stream *s)
{
    (void)close(s->fd);
}

static void staff_is_told_the_figures_and_a_customer_only_that_they_moved(void **state)
{
    const fixture *f = *state;
    visitor analyst = fixture_visitor(f, "anna", MR_USER_ANALYST);
    visitor customer = fixture_visitor(f, "shop", MR_USER_CUSTOMER);
    stream staff, own, late;

    open_stream(f, &analyst, "GET", &staff);
    read_until(&staff, "event: totals\ndata: {\"lines\":");
    assert_non_null(strstr(staff.text, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(staff.text, "retry: 2000\n\n"));
    open_stream(f, &customer, "GET", &own);
    read_until(&own, "event: totals\ndata: {}\n\n");
    assert_null(strstr(own.text, "lines"));
    open_stream(f, &analyst, "GET", &late); /* nothing moves: it is told what is known */
    read_until(&late, "event: totals\ndata: {\"lines\":");
    close_stream(&staff);
    close_stream(&own);
    close_stream(&late);
}

static void a_session_that_ends_ends_its_streams_alone(void **state)
{
    const fixture *f = *state;
    int64_t leaving_id = fixture_add_user(f, "lea", MR_USER_ANALYST, "");
    visitor leaving = fixture_sign_in(f, leaving_id);
    visitor staying = fixture_visitor(f, "stan", MR_USER_ANALYST);
    stream ended, other;

    open_stream(f, &leaving, "GET", &ended);
    open_stream(f, &staying, "GET", &other);
    read_until(&ended, "retry: ");
    read_until(&other, "retry: ");
    expect_reply(exchange(f, &leaving, "DELETE", "/api/v1/session", NULL, NULL, false), 204, NULL);
    read_until(&ended, NULL);
    assert_non_null(strstr(ended.text, "event: end\ndata: {}\n\n"));
    assert_null(strstr(other.text, "event: end"));
    assert_int_not_equal(recv(other.fd, other.text, 1, MSG_DONTWAIT), 0); /* no end */
    close_stream(&ended);
    close_stream(&other);
}

/* A place is free again once its client has left, or wanted the head alone. */
static void places_are_counted(void **state)
{
    static stream streams[mr_web_live_streams_max];
    const fixture *f = *state;
    visitor who = fixture_visitor(f, "paul", MR_USER_OPERATOR);
    stream head;

    open_stream(f, &who, "HEAD", &head);
    read_until(&head, "\r\n\r\n");
    close_stream(&head);
    for (size_t i = 0; i < mr_web_live_streams_max; i++) {
        open_stream(f, &who, "GET", &streams[i]);
        read_until(&streams[i], "retry: ");
    }
    expect_reply(get(f, &who, "/api/v1/live"), 503, "What this needs is away for now");
    do { /* the loop learns in its own time that its client has left */
        close_stream(&streams[7]);
        open_stream(f, &who, "GET", &streams[7]);
        read_until(&streams[7], "\r\n\r\n");
    } while (strstr(streams[7].text, "HTTP/1.1 200") == NULL);
    for (size_t i = 0; i < mr_web_live_streams_max; i++) {
        close_stream(&streams[i]);
    }
}

static void streams_end_with_the_web(void **state)
{
    fixture *f = *state;
    visitor who = fixture_visitor(f, "eve", MR_USER_ANALYST);
    stream s;

    open_stream(f, &who, "GET", &s);
    read_until(&s, "retry: ");
    fixture_stop(f);
    read_until(&s, NULL);
    close_stream(&s);
    fixture_start(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staff_is_told_the_figures_and_a_customer_only_that_they_moved),
        cmocka_unit_test(a_session_that_ends_ends_its_streams_alone),
        cmocka_unit_test(places_are_counted),
        cmocka_unit_test(streams_end_with_the_web),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
