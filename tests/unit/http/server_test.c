/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/server_test.c - a whole server on 127.0.0.1: threads, sockets, limits, draining. */
#include "client.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <zlib.h>

#include "http/loop.h"

#define HOST      "Host: a\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

/* A worker thread that answers deferred requests through tasks posted to their loops. */
struct job {
    mr_http_task task;
    mr_http_request *request;
    struct shop *shop;
    struct job *next;
};

struct shop {
    mr_http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *jobs;       /* guarded by lock, as all below */
    bool held, worker_ends; /* held: jobs wait */
    unsigned open;          /* deferred and not yet answered */
    unsigned left;          /* told that the loop saw the client leave */
    pthread_t worker;
    atomic_uint turns, started, ended, released, loops_seen;
};

static void answer_job(mr_http_task *task)
{
    struct job *job = (struct job *)(void *)((char *)task - offsetof(struct job, task));
    struct shop *shop = job->shop;

    mr_http_request_answer(job->request, &(mr_http_answer){
                                             .status = 201,
                                             .body = MR_TEXT_LITERAL("{\"stored\":true}"),
                                         });
    free(job);
    (void)pthread_mutex_lock(&shop->lock);
    shop->open--;
    (void)pthread_cond_broadcast(&shop->changed);
    (void)pthread_mutex_unlock(&shop->lock);
}

static void *work(void *argument)
{
    struct shop *shop = argument;

    (void)pthread_mutex_lock(&shop->lock);
    for (;;) {
        while ((shop->jobs == NULL || shop->held) && !shop->worker_ends) {
            (void)pthread_cond_wait(&shop->changed, &shop->lock);
        }
        struct job *job = shop->jobs;
        if (job == NULL) {
            break;
        }
        shop->jobs = job->next;
        (void)pthread_mutex_unlock(&shop->lock);
        size_t bytes = 0;
        char *body = mr_http_request_body(job->request, &bytes);
        memset(body, 'x', bytes + 8); /* the body is the worker's while the answer is open */
        mr_http_loop_post(mr_http_request_loop(job->request), &job->task);
        (void)pthread_mutex_lock(&shop->lock);
    }
    (void)pthread_mutex_unlock(&shop->lock);
    return NULL;
}

static void released(void *user)
{
    struct shop *shop = user;

    atomic_fetch_add(&shop->released, 1);
}

static void handle_later(mr_http_request *request, void *ctx)
{
    struct shop *shop = ctx;
    struct job *job = mr_alloc_zero(1, sizeof *job);

    job->task.run = answer_job;
    job->request = request;
    job->shop = shop;
    mr_http_request_set_user(request, shop, released);
    (void)pthread_mutex_lock(&shop->lock);
    job->next = shop->jobs;
    shop->jobs = job;
    shop->open++;
    (void)pthread_cond_broadcast(&shop->changed);
    (void)pthread_mutex_unlock(&shop->lock);
}

static void handle_now(mr_http_request *request, void *ctx)
{
    struct shop *shop = ctx;
    mr_http_loop *loop = mr_http_request_loop(request);

    assert_ptr_equal(mr_http_loop_user(loop), shop);
    assert_true(mr_http_request_is_loopback(request));
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = 200,
                                        .body = mr_http_request_client(request),
                                        .content_type = "text/plain",
                                    });
}

static void handle_sum(mr_http_request *request, void *ctx)
{
    size_t bytes = 0;
    const char *body = mr_http_request_body(request, &bytes);
    uint32_t sum = 0;
    char text[64];

    (void)ctx;
    for (size_t i = 0; i < bytes; i++) {
        sum = sum * 31 + (unsigned char)body[i];
    }
    int used = snprintf(text, sizeof text, "%zu %u", bytes, sum);
    mr_http_request_answer(request, &(mr_http_answer){.status = 200, .body = {text, (size_t)used}});
}

static void handle_fail(mr_http_request *request, void *ctx)
{
    (void)ctx;
    mr_http_request_fail(request, 429, "\"slow\" down");
}

static void handle_header(mr_http_request *request, void *ctx)
{
    mr_text value = mr_http_request_header(request, "X-Shop");

    (void)ctx;
    assert_null(mr_http_request_header(request, "X-None").data);
    mr_http_request_answer(request, &(mr_http_answer){.status = 200, .body = value, .close = true});
}

static const mr_http_route routes[] = {
    {"GET", "/", handle_now, 0, 0, "root", NULL},
    {"GET", "/later", handle_later, 0, 0, "later", NULL},
    {"POST", "/later", handle_later, 65536, 65536, "later", NULL},
    {"POST", "/sum", handle_sum, 16 << 20, 16 << 20, "sum", NULL},
    {"GET", "/fail", handle_fail, 0, 0, "fail", NULL},
    {"GET", "/header", handle_header, 0, 0, "header", NULL},
};

static void loop_started(mr_http_loop *loop, void *ctx)
{
    struct shop *shop = ctx;

    mr_http_loop_set_user(loop, shop);
    atomic_fetch_add(&shop->started, 1);
}

static void loop_turn(mr_http_loop *loop, void *ctx)
{
    struct shop *shop = ctx;

    assert_ptr_equal(mr_http_loop_user(loop), shop);
    atomic_fetch_add(&shop->turns, 1);
}

static void loop_ended(mr_http_loop *loop, void *ctx)
{
    struct shop *shop = ctx;

    assert_ptr_equal(mr_http_loop_user(loop), shop);
    atomic_fetch_add(&shop->ended, 1);
}

static mr_http_options usual_options(void)
{
    return (mr_http_options){
        .address = "127.0.0.1:0",
        .loops = 2,
        .connections_max = 100,
        .header_bytes_max = 4096,
        .buffer_bytes_max = 64 << 20,
        .header_timeout_ms = 20000,
        .body_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .write_timeout_ms = 20000,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .loop_started = loop_started,
        .loop_turn = loop_turn,
        .loop_ended = loop_ended,
    };
}

static uint16_t open_shop(struct shop *shop, const mr_http_options *options)
{
    mr_http_options own = *options;
    mr_err err;

    *shop = (struct shop){.server = NULL};
    (void)pthread_mutex_init(&shop->lock, NULL);
    (void)pthread_cond_init(&shop->changed, NULL);
    assert_int_equal(pthread_create(&shop->worker, NULL, work, shop), 0);
    own.ctx = shop;
    if (mr_http_server_start(&own, &shop->server, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return mr_http_server_port(shop->server);
}

static void hold(struct shop *shop, bool on)
{
    (void)pthread_mutex_lock(&shop->lock);
    shop->held = on;
    (void)pthread_cond_broadcast(&shop->changed);
    (void)pthread_mutex_unlock(&shop->lock);
}

static void await_open(struct shop *shop, unsigned count)
{
    (void)pthread_mutex_lock(&shop->lock);
    while (shop->open != count) {
        (void)pthread_cond_wait(&shop->changed, &shop->lock);
    }
    (void)pthread_mutex_unlock(&shop->lock);
}

static void end_worker(struct shop *shop)
{
    (void)pthread_mutex_lock(&shop->lock);
    shop->worker_ends = true;
    shop->held = false;
    (void)pthread_cond_broadcast(&shop->changed);
    (void)pthread_mutex_unlock(&shop->lock);
    (void)pthread_join(shop->worker, NULL);
}

static void close_shop(struct shop *shop)
{
    mr_http_server_stop(shop->server, 5000);
    mr_http_server_stop(shop->server, 5000); /* a second time does nothing */
    assert_int_equal(shop->started, shop->ended);
    end_worker(shop);
    mr_http_server_destroy(shop->server);
    (void)pthread_mutex_destroy(&shop->lock);
    (void)pthread_cond_destroy(&shop->changed);
}

static void requests_are_answered_on_one_connection(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);
    int fd = client_connect(port);

    (void)state;
    assert_int_not_equal(port, 0);
    for (int i = 0; i < 3; i++) {
        client_send_text(fd, GET("/"));
        client_expect(fd, "\r\n\r\n127.0.0.1");
        client_send_text(fd, GET("/later"));
        client_expect(fd, "HTTP/1.1 201 Created");
        client_send_text(fd, GET("/fail"));
        client_expect(fd, "{\"detail\":\"\\\"slow\\\" down\"}");
    }
    client_send_text(fd, "GET /header HTTP/1.1\r\n" HOST "x-SHOP:  a b \r\n\r\n");
    client_expect_last(fd, "\r\n\r\na b");
    assert_true(shop.turns >= 6);
    close_shop(&shop);
    assert_int_equal(shop.started, 2);
    assert_int_equal(shop.released, 3);
}

static void answers_from_another_thread_reach_many_clients(void **state)
{
    enum { clients = 32, rounds = 20 };
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);
    int fds[clients];

    (void)state;
    for (int i = 0; i < clients; i++) {
        fds[i] = client_connect(port);
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < clients; i++) {
            client_send_text(fds[i], "POST /later HTTP/1.1\r\n" HOST
                                     "Content-Length: 5\r\n\r\nhello" GET("/"));
        }
        for (int i = 0; i < clients; i++) {
            client_expect(fds[i], "{\"stored\":true}");
            client_expect(fds[i], "\r\n\r\n127.0.0.1");
        }
    }
    for (int i = 0; i < clients; i++) {
        (void)close(fds[i]);
    }
    close_shop(&shop);
    assert_int_equal(shop.released, clients * rounds);
}

static void clients_may_leave_before_their_answers(void **state)
{
    enum { clients = 16, rounds = 10 };
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);

    (void)state;
    for (int round = 0; round < rounds; round++) {
        int fds[clients];
        hold(&shop, round % 2 == 0); /* every other round it is a race */
        for (int i = 0; i < clients; i++) {
            fds[i] = client_connect(port);
            client_send_text(fds[i], "POST /later HTTP/1.1\r\n" HOST
                                     "Content-Length: 5\r\n\r\nhello" GET("/"));
        }
        if (round % 2 == 0) {
            await_open(&shop, clients);
        }
        for (int i = 0; i < clients; i++) {
            client_reset(fds[i]);
        }
        int fd = client_connect(port); /* the loops live on */
        client_send_text(fd, GET("/"));
        client_expect(fd, "200 OK");
        (void)close(fd);
        hold(&shop, false);
        await_open(&shop, 0);
    }
    close_shop(&shop);
    assert_int_equal(shop.open, 0);
}

static void answers_after_the_stop_are_dropped(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);
    int fd = client_connect(port);
    char byte;

    (void)state;
    hold(&shop, true);
    client_send_text(fd, GET("/later"));
    await_open(&shop, 1);
    mr_http_server_stop(shop.server, 20);
    assert_true(client_receive(fd, &byte, 1) <= 0);
    (void)close(fd);
    assert_int_equal(shop.released, 0);
    end_worker(&shop); /* posts its task to a loop that has ended */
    assert_int_equal(shop.open, 1);
    mr_http_server_destroy(shop.server); /* and here it runs */
    assert_int_equal(shop.open, 0);
    assert_int_equal(shop.released, 1);
}

static void *stop(void *argument)
{
    struct shop *shop = argument;

    mr_http_server_stop(shop->server, 20000);
    return NULL;
}

static void a_stop_waits_for_requests_under_way(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    options.loops = 1; /* so that whoever sees one end knows that both are being drained */
    uint16_t port = open_shop(&shop, &options);
    int idle = client_connect(port);
    int busy = client_connect(port);
    pthread_t stopper;
    char byte;

    (void)state;
    client_send_text(idle, GET("/"));
    client_expect(idle, "200 OK");
    hold(&shop, true);
    client_send_text(busy, GET("/later"));
    await_open(&shop, 1);
    assert_int_equal(pthread_create(&stopper, NULL, stop, &shop), 0);
    assert_int_equal(client_receive(idle, &byte, 1), 0); /* idle ones are closed at once */
    (void)close(idle);
    hold(&shop, false);
    client_expect_last(busy, "Connection: close\r\n");
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_int_equal(shop.ended, 1);
    close_shop(&shop);
}

static void loop_started_late(mr_http_loop *loop, void *ctx)
{
    loop_started(loop, ctx);
    while (!atomic_load(&loop->stop_requested)) {
        (void)sched_yield();
    }
}

static void who_waits_in_the_queue_at_the_stop_is_served(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    pthread_t stopper;

    (void)state;
    options.loops = 1;
    options.loop_started = loop_started_late; /* it first runs when it is to stop */
    uint16_t port = open_shop(&shop, &options);
    int fd = client_connect(port);
    client_send_text(fd, GET("/"));
    assert_int_equal(pthread_create(&stopper, NULL, stop, &shop), 0);
    client_expect_last(fd, "HTTP/1.1 200 OK");
    assert_int_equal(pthread_join(stopper, NULL), 0);
    close_shop(&shop);
}

static void big_bodies_arrive_whole(void **state)
{
    enum { bytes = 8 << 20 };
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);
    char *body = mr_alloc(bytes);
    char wanted[64];
    char head[128];
    uint32_t sum = 0;

    (void)state;
    for (size_t i = 0; i < bytes; i++) {
        body[i] = (char)(i * 7 + i / 251);
        sum = sum * 31 + (unsigned char)body[i];
    }
    (void)snprintf(wanted, sizeof wanted, "\r\n\r\n%d %u", bytes, sum);
    (void)snprintf(head, sizeof head, "POST /sum HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
                   bytes);
    int fd = client_connect(port);
    for (int i = 0; i < 2; i++) {
        client_send_text(fd, head);
        client_send(fd, body, bytes);
        client_expect(fd, wanted);
    }
    client_send_text(fd, "POST /sum HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    (void)snprintf(head, sizeof head, "%x\r\n", bytes);
    client_send_text(fd, head);
    client_send(fd, body, bytes);
    client_send_text(fd, "\r\n0\r\n\r\n");
    client_expect(fd, wanted);
    (void)close(fd);
    free(body);
    close_shop(&shop);
}

static void a_gzip_body_is_unpacked(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);
    Bytef plain[1000];
    Bytef packed[1000];
    char head[160];
    z_stream stream = {0};

    (void)state;
    memset(plain, 'a', sizeof plain);
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = plain;
    stream.avail_in = sizeof plain;
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t bytes = sizeof packed - stream.avail_out;
    (void)deflateEnd(&stream);
    int fd = client_connect(port);
    (void)snprintf(head, sizeof head,
                   "POST /sum HTTP/1.1\r\n" HOST
                   "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                   bytes);
    client_send_text(fd, head);
    client_send(fd, packed, bytes);
    client_expect(fd, "\r\n\r\n1000 ");
    (void)close(fd);
    close_shop(&shop);
}

static void an_early_answer_is_seen_by_a_client_that_still_sends(void **state)
{
    enum { bytes = 4 << 20 };
    mr_http_options options = usual_options();
    struct shop shop;
    uint16_t port = open_shop(&shop, &options);
    char *body = mr_alloc_zero(1, bytes);
    int fd = client_connect(port);

    (void)state;
    client_send_text(fd, "POST /nothing HTTP/1.1\r\n" HOST "Content-Length: 4194304\r\n\r\n");
    client_send(fd, body, bytes);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    client_expect_last(fd, "HTTP/1.1 404 Not Found");
    free(body);
    close_shop(&shop);
}

static void slow_clients_meet_their_deadlines(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;

    (void)state;
    options.header_timeout_ms = 30;
    options.body_timeout_ms = 30;
    options.idle_timeout_ms = 30;
    uint16_t port = open_shop(&shop, &options);
    int fd = client_connect(port);
    client_send_text(fd, "GET / HTT");
    client_expect_last(fd, "HTTP/1.1 408 Request Timeout");
    fd = client_connect(port);
    client_send_text(fd, "POST /sum HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabc");
    client_expect_last(fd, "HTTP/1.1 408 Request Timeout");
    fd = client_connect(port);
    char *silence = client_read_all(fd);
    assert_string_equal(silence, "");
    free(silence);
    (void)close(fd);
    close_shop(&shop);
}

static void too_many_connections_are_told_so(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    int fds[4];

    (void)state;
    options.loops = 1;
    options.connections_max = 4;
    uint16_t port = open_shop(&shop, &options);
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(port);
        client_send_text(fds[i], GET("/"));
        client_expect(fds[i], "200 OK");
    }
    int refused = client_connect(port);
    client_send_text(refused, GET("/"));
    client_expect_last(refused, "HTTP/1.1 503 Service Unavailable");
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    client_expect_last(fds[0], "");
    int taken = client_connect(port);
    client_send_text(taken, GET("/"));
    client_expect(taken, "200 OK");
    (void)close(taken);
    for (int i = 1; i < 4; i++) {
        (void)close(fds[i]);
    }
    close_shop(&shop);
}

static void one_client_does_not_take_all_connections(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;

    (void)state;
    options.connections_per_client_max = 2;
    uint16_t port = open_shop(&shop, &options);
    for (int round = 0; round < 3; round++) {
        int fds[2];
        for (int i = 0; i < 2; i++) {
            fds[i] = client_connect(port);
            client_send_text(fds[i], GET("/"));
            client_expect(fds[i], "200 OK");
        }
        client_expect_last(client_connect(port), "HTTP/1.1 503 ");
        for (int i = 0; i < 2; i++) {
            assert_int_equal(shutdown(fds[i], SHUT_WR), 0);
            client_expect_last(fds[i], "");
        }
    }
    close_shop(&shop);
}

static int connect_late(int fd, uint16_t port)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};

    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (const struct sockaddr *)&place, sizeof place);
}

static void limit_descriptors(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void running_out_of_descriptors_sheds_and_recovers(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    struct rlimit before;
    int late[2];
    char byte;

    (void)state;
    options.loops = 1;
    uint16_t port = open_shop(&shop, &options);
    int open_one = client_connect(port);
    for (int i = 0; i < 2; i++) {
        late[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    client_send_text(open_one, GET("/"));
    client_expect(open_one, "200 OK");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int first_free = dup(0);
    assert_true(first_free > 0);
    limit_descriptors((rlim_t)first_free);
    (void)close(first_free);
    assert_int_equal(connect_late(late[0], port), 0);
    assert_true(client_receive(late[0], &byte, 1) <= 0); /* the reserve was used to say no */
    limit_descriptors(1);                                /* now not even the reserve helps */
    assert_int_equal(connect_late(late[1], port), 0);
    client_send_text(open_one, GET("/")); /* those that are open are served meanwhile */
    client_expect(open_one, "200 OK");
    limit_descriptors(before.rlim_cur);
    client_send_text(late[1], GET("/"));
    client_expect(late[1], "200 OK"); /* it had to wait */
    (void)close(late[0]);
    (void)close(late[1]);
    (void)close(open_one);
    close_shop(&shop);
}

static void what_is_answered_is_counted(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    mr_buffer text;

    (void)state;
    options.metrics = mr_metrics_create();
    uint16_t port = open_shop(&shop, &options);
    int fd = client_connect(port);
    client_send_text(fd, GET("/") GET("/") GET("/later") GET("/nothing") GET("/fail"));
    for (int i = 0; i < 5; i++) {
        free(client_read_answer(fd));
    }
    (void)close(fd);
    close_shop(&shop);
    mr_buffer_init(&text, 1 << 20);
    mr_metrics_render(options.metrics, &text);
    assert_true(mr_buffer_append(&text, "", 1));
    assert_non_null(
        strstr(text.data, "millrace_http_requests_total{route=\"root\",status=\"200\"} 2\n"));
    assert_non_null(
        strstr(text.data, "millrace_http_requests_total{route=\"later\",status=\"201\"} 1\n"));
    assert_non_null(
        strstr(text.data, "millrace_http_requests_total{route=\"none\",status=\"404\"} 1\n"));
    assert_non_null(
        strstr(text.data, "millrace_http_requests_total{route=\"fail\",status=\"429\"} 1\n"));
    assert_non_null(strstr(text.data, "millrace_http_connections 0\n"));
    mr_buffer_free(&text);
    mr_metrics_destroy(options.metrics);
}

static void starting_fails_with_the_reason(void **state)
{
    static const struct {
        const char *address, *reason;
    } cases[] = {
        {"8000", "host:port"},          {":8000", "host:port"},
        {"127.0.0.1:", "host:port"},    {"127.0.0.1:port", "listen on 127.0.0.1:port"},
        {"192.0.2.1:0", "192.0.2.1:0"},
    };
    mr_http_options options = usual_options();
    mr_http_server *server = NULL;
    mr_err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options.address = cases[i].address;
        assert_int_not_equal(mr_http_server_start(&options, &server, &err), MR_OK);
        assert_non_null(strstr(err.message, cases[i].reason));
    }
    options.address = "127.0.0.1:0";
    options.loops = 0;
    assert_int_equal(mr_http_server_start(&options, &server, &err), MR_INVALID);
    options.loops = 1;
    options.idle_timeout_ms = 0;
    assert_int_equal(mr_http_server_start(&options, &server, &err), MR_INVALID);
    assert_null(server);
    mr_http_server_destroy(NULL);
}

static void an_address_in_use_is_not_shared(void **state)
{
    mr_http_options options = usual_options();
    struct shop shop;
    char address[32];
    mr_http_server *second = NULL;
    mr_err err;

    (void)state;
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", open_shop(&shop, &options));
    options.address = address;
    assert_int_not_equal(mr_http_server_start(&options, &second, &err), MR_OK);
    assert_non_null(strstr(err.message, address));
    close_shop(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_on_one_connection),
        cmocka_unit_test(answers_from_another_thread_reach_many_clients),
        cmocka_unit_test(clients_may_leave_before_their_answers),
        cmocka_unit_test(answers_after_the_stop_are_dropped),
        cmocka_unit_test(a_stop_waits_for_requests_under_way),
        cmocka_unit_test(who_waits_in_the_queue_at_the_stop_is_served),
        cmocka_unit_test(big_bodies_arrive_whole),
        cmocka_unit_test(a_gzip_body_is_unpacked),
        cmocka_unit_test(an_early_answer_is_seen_by_a_client_that_still_sends),
        cmocka_unit_test(slow_clients_meet_their_deadlines),
        cmocka_unit_test(too_many_connections_are_told_so),
        cmocka_unit_test(one_client_does_not_take_all_connections),
        cmocka_unit_test(running_out_of_descriptors_sheds_and_recovers),
        cmocka_unit_test(what_is_answered_is_counted),
        cmocka_unit_test(starting_fails_with_the_reason),
        cmocka_unit_test(an_address_in_use_is_not_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
