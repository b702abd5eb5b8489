/* SPDX-License-Identifier: Apache-2.0 */
/* visible_bench.c - how long it takes from a POST to the rows that anybody sees in PostgreSQL.
 *
 * Usage: visible_bench PORT URL [events_per_s [seconds [lines]]]. Posts invoices of `lines` events
 * (20; with 1: single events) to a gateway on 127.0.0.1 at a steady rate, each at its own due
 * moment: time runs from then on, so a late answer delays none of the others' clocks. Some invoices
 * are looked for: a second connection asks which of them have all their rows, again and again, with
 * pauses of look_us. What that adds counts against us. The first warm_seconds are not counted.
 * Prints one JSON line, "visible" or "visible_singles"; fails when an event was refused, or its row
 * never came.
 */
#define _GNU_SOURCE /* epoll_pwait2, strcasestr */
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/memory.h"

enum {
    connections = 64,
    default_rate = 5000,
    default_seconds = 30,
    warm_seconds = 30, /* a Java machine that has just begun is slow */
    drain_seconds_max = 30,
    default_lines = 20,
    lines_max = 50,
    single_sample_every = 50,
    invoice_sample_every = 5,
    missing_max = 4096, /* samples on their way at once */
    look_us = 1000,
    default_wait_us = 100000,
    line_bytes_max = 256,
    head_bytes_max = 256,
    request_bytes_max = lines_max * line_bytes_max + head_bytes_max,
    answer_bytes_max = 4096,
    names_bytes_max = 65536,
    second_us = 1000000,
};

typedef struct connection {
    int fd;
    bool busy;
    int64_t due_us; /* of the invoice whose answer it awaits */
    bool counted;
    size_t bytes;
    char answer[answer_bytes_max];
} connection;

typedef struct figures {
    int64_t *us;
    size_t count;
} figures;

typedef struct bench {
    connection connections[connections];
    int epoll_fd;
    const char *url;
    size_t rate, lines; /* events a second, and in an invoice */
    size_t invoices, warm_invoices, sample_every;
    int64_t start_us;
    size_t sent, answered, refused;
    figures answers;   /* due to 201 */
    figures rows;      /* due to visible */
    atomic_size_t due; /* invoices that were sent: samples below may be looked for */
    atomic_bool ended; /* nothing more is sent */
    size_t lost;       /* samples that never came */
} bench;

static _Noreturn void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "visible_bench: %s: %s\n", what, why);
    exit(1);
}

static int64_t due_us(const bench *b, size_t invoice)
{
    return b->start_us + (int64_t)(invoice * b->lines * second_us / b->rate);
}

static void pause_us(int64_t us)
{
    struct timespec time = {.tv_sec = us / second_us, .tv_nsec = us % second_us * 1000};

    (void)nanosleep(&time, NULL); /* woken early, it looks once more than it had to */
}

/* --- Rows ------------------------------------------------------------------------------------- */

typedef struct watch {
    bench *bench;
    PGconn *conn;
    size_t missing[missing_max]; /* invoices, in the order in which they were sent */
    size_t missing_count;
    size_t next; /* the next sample to come */
} watch;

static void take_new_samples(watch *w)
{
    const size_t sent = atomic_load(&w->bench->due);

    while (w->next < sent && w->missing_count < missing_max) {
        w->missing[w->missing_count++] = w->next;
        w->next += w->bench->sample_every;
    }
}

static PGresult *ask(watch *w)
{
    char names[names_bytes_max];
    const char *parameters[] = {names};
    size_t bytes = 1;

    names[0] = '{';
    for (size_t i = 0; i < w->missing_count; i++) {
        bytes += (size_t)snprintf(names + bytes, sizeof names - bytes, "%sV%zu", i > 0 ? "," : "",
                                  w->missing[i]);
    }
    MR_ASSERT(bytes + 2 <= sizeof names);
    memcpy(names + bytes, "}", 2);
    PGresult *result = PQexecPrepared(w->conn, "look", 1, parameters, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail("look for rows", PQerrorMessage(w->conn));
    }
    return result;
}

static void note_row(watch *w, size_t invoice, int64_t now_us)
{
    bench *b = w->bench;

    for (size_t i = 0; i < w->missing_count; i++) {
        if (w->missing[i] == invoice) {
            w->missing_count--;
            memmove(w->missing + i, w->missing + i + 1,
                    (w->missing_count - i) * sizeof w->missing[0]);
            if (invoice >= b->warm_invoices) {
                b->rows.us[b->rows.count++] = now_us - due_us(b, invoice);
            }
            return;
        }
    }
}

static void look(watch *w)
{
    PGresult *result = ask(w);
    const int64_t now_us = mr_monotonic_us();

    for (int row = 0; row < PQntuples(result); row++) {
        note_row(w, strtoul(PQgetvalue(result, row, 0) + 1, NULL, 10), now_us);
    }
    PQclear(result);
}

static void *watch_rows(void *ctx)
{
    watch w = {.bench = ctx, .conn = PQconnectdb(((bench *)ctx)->url)};
    char look_for[head_bytes_max];
    int64_t deadline_us = INT64_MAX;

    if (PQstatus(w.conn) != CONNECTION_OK) {
        fail("connect", PQerrorMessage(w.conn));
    }
    (void)snprintf(look_for, sizeof look_for,
                   "SELECT invoice_no FROM invoice_line WHERE invoice_no = ANY ($1::text[]) "
                   "GROUP BY invoice_no HAVING count(*) = %zu",
                   w.bench->lines);
    PQclear(PQprepare(w.conn, "look", look_for, 1, NULL));
    while (mr_monotonic_us() < deadline_us) {
        bool ended = atomic_load(&w.bench->ended);
        take_new_samples(&w);
        if (w.missing_count > 0) {
            look(&w);
        } else if (ended) {
            break;
        }
        if (ended && deadline_us == INT64_MAX) {
            deadline_us = mr_monotonic_us() + (int64_t)drain_seconds_max * second_us;
        }
        pause_us(look_us);
    }
    w.bench->lost = w.missing_count;
    PQfinish(w.conn);
    return NULL;
}

/* --- Requests --------------------------------------------------------------------------------- */

static void connect_all(bench *b, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;

    b->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < connections; i++) {
        connection *c = &b->connections[i];
        struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
            setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
            epoll_ctl(b->epoll_fd, EPOLL_CTL_ADD, c->fd, &interest) != 0) {
            fail("connect to the gateway", strerror(errno));
        }
    }
}

static size_t write_line(char *at, size_t invoice, size_t line)
{
    const size_t event = invoice * lines_max + line;

    return (size_t)snprintf(
        at, line_bytes_max,
        "{\"InvoiceNo\":\"V%zu\",\"StockCode\":\"%zu\",\"Description\":\"WHITE HANGING HEART\","
        "\"Quantity\":%zu,\"InvoiceDate\":\"01/12/2010 08:26\",\"UnitPrice\":2.55,"
        "\"CustomerID\":%zu,\"Country\":\"United Kingdom\"}\n",
        invoice, 20000 + event % 4000, 1 + event % 12, 12000 + invoice % 4000);
}

static void post(bench *b, connection *c)
{
    char body[lines_max * line_bytes_max], request[request_bytes_max];
    const size_t invoice = b->sent++;
    size_t body_bytes = 0;

    for (size_t line = 0; line < b->lines; line++) {
        body_bytes += write_line(body + body_bytes, invoice, line);
    }
    int head_bytes =
        snprintf(request, sizeof request,
                 "POST /invoicedata%s HTTP/1.1\r\nHost: localhost\r\n"
                 "Content-Type: application/%s\r\nContent-Length: %zu\r\n\r\n",
                 b->lines > 1 ? "/batch" : "", b->lines > 1 ? "x-ndjson" : "json", body_bytes);
    const size_t bytes = (size_t)head_bytes + body_bytes;

    memcpy(request + head_bytes, body, body_bytes);
    if (write(c->fd, request, bytes) != (ssize_t)bytes) {
        fail("send", strerror(errno));
    }
    c->busy = true;
    c->due_us = due_us(b, invoice);
    c->counted = invoice >= b->warm_invoices;
    atomic_store(&b->due, b->sent);
}

/* The answer's length, 0 while its head is not whole. */
static size_t answer_bytes(const connection *c)
{
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "\r\ncontent-length:");

    if (end == NULL || length == NULL) {
        return 0;
    }
    return (size_t)(end + 4 - c->answer) +
           strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
}

static void receive(bench *b, connection *c)
{
    ssize_t got = read(c->fd, c->answer + c->bytes, sizeof c->answer - 1 - c->bytes);

    if (got <= 0) {
        fail("the gateway", got == 0 ? "closed a connection" : strerror(errno));
    }
    c->bytes += (size_t)got;
    c->answer[c->bytes] = '\0';
    size_t whole = answer_bytes(c);
    if (whole == 0 || c->bytes < whole) {
        return;
    }
    if (strncmp(c->answer, "HTTP/1.1 201 ", 13) != 0) {
        b->refused++;
    } else if (c->counted) {
        b->answers.us[b->answers.count++] = mr_monotonic_us() - c->due_us;
    }
    b->answered++;
    c->busy = false;
    c->bytes = 0;
}

static void receive_some(bench *b, int64_t wait_us)
{
    struct epoll_event events[connections];
    const struct timespec wait = {.tv_nsec = wait_us * 1000};
    int count = epoll_pwait2(b->epoll_fd, events, connections, &wait, NULL);

    for (int i = 0; i < count; i++) {
        receive(b, events[i].data.ptr);
    }
}

/* What is due now and finds a connection at rest; the others' clocks run on. */
static void post_due(bench *b)
{
    for (size_t i = 0; i < connections && b->sent < b->invoices; i++) {
        if (due_us(b, b->sent) > mr_monotonic_us()) {
            return;
        }
        if (!b->connections[i].busy) {
            post(b, &b->connections[i]);
        }
    }
}

/* Microseconds until there is something to post and a connection to post it on; otherwise an answer
 * wakes the loop. */
static int64_t idle_us(const bench *b)
{
    int64_t left_us = default_wait_us;

    if (b->sent < b->invoices && b->sent - b->answered < connections) {
        left_us = due_us(b, b->sent) - mr_monotonic_us();
    }
    return left_us < 0 ? 0 : left_us < default_wait_us ? left_us : default_wait_us;
}

static void post_all(bench *b)
{
    b->start_us = mr_monotonic_us();
    while (b->answered < b->invoices) {
        post_due(b);
        receive_some(b, idle_us(b));
    }
    atomic_store(&b->ended, true);
}

/* --- Figures ---------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static double share_ms(const figures *taken, size_t thousandths)
{
    return taken->count == 0 ? 0
                             : (double)taken->us[(taken->count - 1) * thousandths / 1000] / 1000.0;
}

static void print(bench *b, double seconds)
{
    qsort(b->answers.us, b->answers.count, sizeof(int64_t), by_size);
    qsort(b->rows.us, b->rows.count, sizeof(int64_t), by_size);
    printf("{\"bench\":\"visible%s\",\"lines\":%zu,\"events_per_s\":%zu,\"events\":%zu,\"samples\":"
           "%zu,"
           "\"reached_events_per_s\":%.0f,\"answer_p50_ms\":%.2f,\"answer_p99_ms\":%.2f,"
           "\"row_p50_ms\":%.1f,\"row_p99_ms\":%.1f,\"row_max_ms\":%.1f,\"refused\":%zu,"
           "\"lost\":%zu}\n",
           b->lines > 1 ? "" : "_singles", b->lines, b->rate, b->invoices * b->lines, b->rows.count,
           (double)(b->answered * b->lines) / seconds, share_ms(&b->answers, 500),
           share_ms(&b->answers, 990), share_ms(&b->rows, 500), share_ms(&b->rows, 990),
           share_ms(&b->rows, 1000), b->refused, b->lost);
}

int main(int argc, char **argv)
{
    static bench b;
    pthread_t watcher;

    if (argc < 3 || argc > 6) {
        (void)fprintf(stderr, "usage: visible_bench PORT URL [events_per_s [seconds [lines]]]\n");
        return 2;
    }
    const size_t seconds_counted = argc > 4 ? strtoul(argv[4], NULL, 10) : default_seconds;
    b.url = argv[2];
    b.rate = argc > 3 ? strtoul(argv[3], NULL, 10) : default_rate;
    b.lines = argc > 5 ? strtoul(argv[5], NULL, 10) : default_lines;
    if (b.rate == 0 || seconds_counted == 0 || b.lines == 0 || b.lines > lines_max) {
        fail("arguments", "a rate, seconds, and 1 to 50 lines");
    }
    b.sample_every = b.lines > 1 ? invoice_sample_every : single_sample_every;
    b.warm_invoices = b.rate * warm_seconds / b.lines;
    b.invoices = b.warm_invoices + b.rate * seconds_counted / b.lines;
    b.answers.us = mr_alloc(b.invoices * sizeof(int64_t));
    b.rows.us = mr_alloc(b.invoices * sizeof(int64_t));
    connect_all(&b, argv[1]);
    if (pthread_create(&watcher, NULL, watch_rows, &b) != 0) {
        fail("start a thread", strerror(errno));
    }
    post_all(&b);
    const double seconds = (double)(mr_monotonic_us() - b.start_us) / second_us;
    (void)pthread_join(watcher, NULL);
    print(&b, seconds);
    free(b.answers.us);
    free(b.rows.us);
    return b.refused == 0 && b.lost == 0 ? 0 : 1;
}
