/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/pump_test.c - a streamed answer written by another thread, over real sockets. */
#include "client.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/civil.h"
#include "http/pump.h"

enum { piece_bytes = 65536, pieces_many = 400 };

#define GET "GET /pump HTTP/1.1\r\nHost: a\r\n\r\n"

typedef struct writer {
    mr_http_pump *pump;
    mr_http_answer head;
    pthread_t thread;
    struct stage *stage;
} writer;

typedef struct stage {
    mr_http_server *server;
    unsigned pieces; /* to be written */
    bool complete;
    int64_t patience_us; /* of a send */
    atomic_uint sent, released;
    _Atomic(mr_status) outcome;
    sem_t ended; /* posted by a writer's end */
    pthread_t writers[8];
    unsigned writer_count;
} stage;

static void *write_pieces(void *argument)
{
    writer *w = argument;
    stage *s = w->stage;
    mr_status status = MR_OK;
    mr_buffer data;
    mr_err err;

    mr_buffer_init(&data, piece_bytes);
    for (unsigned i = 0; i < s->pieces && status == MR_OK; i++) {
        char *room = mr_buffer_reserve(&data, piece_bytes);
        memset(room, 'a' + (int)(i % 26), piece_bytes);
        mr_buffer_commit(&data, piece_bytes);
        status = mr_http_pump_send(w->pump, &data, mr_monotonic_us() + s->patience_us, &err);
        atomic_fetch_add(&s->sent, status == MR_OK);
    }
    atomic_store(&s->outcome, status);
    mr_buffer_clear(&data);
    mr_http_pump_end(w->pump, &data, s->complete && status == MR_OK); /* w may be gone now */
    mr_buffer_free(&data);
    (void)sem_post(&s->ended);
    return NULL;
}

static void release(void *user)
{
    writer *w = user;

    atomic_fetch_add(&w->stage->released, 1);
    mr_http_pump_destroy(w->pump);
    free(w);
}

static void on_gone(void *user)
{
    writer *w = user;

    mr_http_pump_gone(w->pump);
}

static void handle(mr_http_request *request, void *ctx)
{
    writer *w = mr_alloc_zero(1, sizeof *w);
    stage *s = ctx;

    w->stage = s;
    w->pump = mr_http_pump_create(request);
    w->head = (mr_http_answer){.status = 200, .content_type = "text/plain"};
    mr_http_pump_set_head(w->pump, &w->head);
    mr_http_request_set_user(request, w, release);
    mr_http_request_on_gone(request, on_gone);
    assert_int_equal(pthread_create(&s->writers[s->writer_count++], NULL, write_pieces, w), 0);
}

static const mr_http_route routes[] = {{"GET", "/pump", handle, 0, 0, "pump", NULL}};

static void open_stage(stage *s)
{
    const mr_http_options options = {
        .address = "127.0.0.1:0",
        .loops = 1,
        .connections_max = 16,
        .header_bytes_max = 4096,
        .buffer_bytes_max = 1 << 20,
        .header_timeout_ms = 10000,
        .body_timeout_ms = 10000,
        .idle_timeout_ms = 10000,
        .write_timeout_ms = 10000,
        .routes = routes,
        .route_count = 1,
        .ctx = s,
    };
    mr_err err;

    *s = (stage){.pieces = pieces_many, .complete = true, .patience_us = 20000000};
    assert_int_equal(sem_init(&s->ended, 0, 0), 0);
    assert_int_equal(mr_http_server_start(&options, &s->server, &err), MR_OK);
}

static void close_stage(stage *s)
{
    mr_http_server_stop(s->server, 0);
    for (unsigned i = 0; i < s->writer_count; i++) {
        assert_int_equal(pthread_join(s->writers[i], NULL), 0);
    }
    mr_http_server_destroy(s->server);
    assert_int_equal(s->released, s->writer_count);
    (void)sem_destroy(&s->ended);
}

static void all_of_it_arrives_in_order(void **state)
{
    stage s;
    size_t bytes = 0;
    char *data = mr_alloc(1 << 20);

    (void)state;
    open_stage(&s);
    int fd = client_connect(mr_http_server_port(s.server));
    client_send_text(fd, GET);
    for (bool last = false; !last;) {
        ssize_t moved = client_receive(fd, data, 1 << 20);
        assert_true(moved > 0);
        bytes += (size_t)moved;
        last = moved >= 5 && memcmp(data + moved - 5, "0\r\n\r\n", 5) == 0;
    }
    assert_in_range(bytes, pieces_many * (piece_bytes + 9), pieces_many * (piece_bytes + 9) + 512);
    assert_int_equal(s.outcome, MR_OK);
    (void)close(fd);
    free(data);
    close_stage(&s);
}

static void the_writer_waits_for_a_slow_reader(void **state)
{
    stage s;

    (void)state;
    open_stage(&s);
    s.patience_us = 300000;
    int fd = client_connect(mr_http_server_port(s.server));
    client_send_text(fd, GET);
    (void)sem_wait(&s.ended); /* nothing was read: its patience ended */
    assert_int_equal(s.outcome, MR_STOPPED);
    assert_true(s.sent > 0 && s.sent < pieces_many); /* what the sockets' buffers hold */
    (void)close(fd);
    close_stage(&s);
}

static void a_client_that_leaves_stops_the_writer(void **state)
{
    stage s;
    char data[4096];

    (void)state;
    open_stage(&s);
    s.patience_us = INT64_C(3600000000);
    int fd = client_connect(mr_http_server_port(s.server));
    client_send_text(fd, GET);
    assert_true(client_receive(fd, data, sizeof data) > 0);
    client_reset(fd);
    (void)sem_wait(&s.ended);
    assert_int_equal(s.outcome, MR_STOPPED);
    close_stage(&s);
}

static void a_server_that_stops_stops_the_writer(void **state)
{
    stage s;
    char data[4096];

    (void)state;
    open_stage(&s);
    s.patience_us = INT64_C(3600000000);
    int fd = client_connect(mr_http_server_port(s.server));
    client_send_text(fd, GET);
    assert_true(client_receive(fd, data, sizeof data) > 0);
    close_stage(&s); /* joins the writer */
    assert_int_equal(s.outcome, MR_STOPPED);
    (void)close(fd);
}

static void what_is_cut_off_has_no_last_chunk(void **state)
{
    stage s;

    (void)state;
    open_stage(&s);
    s.pieces = 2;
    s.complete = false;
    int fd = client_connect(mr_http_server_port(s.server));
    client_send_text(fd, GET);
    char *text = client_read_all(fd); /* the server closes */
    size_t bytes = strlen(text);
    assert_true(bytes > 2 * piece_bytes);
    assert_memory_not_equal(text + bytes - 5, "0\r\n\r\n", 5);
    free(text);
    (void)close(fd);
    close_stage(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_arrives_in_order),
        cmocka_unit_test(the_writer_waits_for_a_slow_reader),
        cmocka_unit_test(a_client_that_leaves_stops_the_writer),
        cmocka_unit_test(a_server_that_stops_stops_the_writer),
        cmocka_unit_test(what_is_cut_off_has_no_last_chunk),
    };

    return cmocka_run_group_tests_name("http pump", tests, NULL, NULL);
}
