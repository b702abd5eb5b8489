/* SPDX-License-Identifier: Apache-2.0 */
/* bronze_latency_bench.c - the time from a POST's first byte until bronze, or gold, shows its
 * event.
 *
 * Usage: bronze_latency_bench PORT LAKE_URL DATA_FOLDER RATE SECONDS [TABLE]. One connection posts
 * single events at RATE a second, evenly and unsynchronised with the sink; another thread reads the
 * table's snapshots as any reader would, every look_ms. An event is visible in bronze once the
 * position of its partition lies behind it. Of another TABLE ("gold/mart_sales_by_customer") the
 * commits tell how many lines are in it: nothing else may be posted meanwhile, every event is a
 * line of its own, and one too many or too few in the end is a failure. Prints one JSON line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/random.h"
#include "lake/delta.h"

enum {
    events_max = 1000000,
    answer_bytes_max = 65536,
    look_ms = 2,
    give_up_s = 30,
};

typedef struct sample {
    int64_t sent_us, offset, visible_us;
} sample;

typedef struct latency_bench {
    int port;
    mr_blobs_options lake;
    double rate;
    int64_t seconds;
    const char *table; /* NULL: bronze */
    int64_t lines_before;
    sample *samples;
    atomic_size_t answered; /* samples below are written, but for visible_us */
    atomic_bool posted;     /* all are */
} latency_bench;

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bronze_latency_bench: %s: %s\n", what, why);
    exit(1);
}

static void wait_until_us(int64_t instant_us)
{
    int64_t left_us = instant_us - mr_monotonic_us();

    if (left_us > 0) {
        struct timespec pause = {.tv_sec = left_us / 1000000,
                                 .tv_nsec = (long)(left_us % 1000000) * 1000};
        (void)nanosleep(&pause, NULL);
    }
}

/* --- Posting ---------------------------------------------------------------------------------- */

static int open_connection(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        give_up("connect", strerror(errno));
    }
    return fd;
}

/* The offset that the answer tells. */
static int64_t read_answer(int fd)
{
    char answer[answer_bytes_max];
    size_t bytes = 0;
    const char *offset = NULL;

    while (bytes < sizeof(answer) - 1) {
        ssize_t got = recv(fd, answer + bytes, sizeof(answer) - 1 - bytes, 0);
        if (got <= 0) {
            give_up("answer", "the connection was closed");
        }
        bytes += (size_t)got;
        answer[bytes] = '\0';
        offset = strstr(answer, "\"offset\":");
        if (offset != NULL && strchr(offset, '}') != NULL) {
            break;
        }
    }
    if (strncmp(answer, "HTTP/1.1 201", 12) != 0 || offset == NULL) {
        give_up("answer", answer);
    }
    return strtoll(offset + strlen("\"offset\":"), NULL, 10);
}

/* Invoices of this run alone. */
static void write_body(char *body, size_t bytes, int64_t start_us, size_t index)
{
    (void)snprintf(body, bytes,
                   "{\"InvoiceNo\":\"L%" PRIx64 "-%zu\",\"StockCode\":\"85123A\",\"Quantity\":6,"
                   "\"InvoiceDate\":\"01/12/2010 08:26\",\"UnitPrice\":2.55,"
                   "\"CustomerID\":17850,\"Country\":\"United Kingdom\"}",
                   (uint64_t)start_us, index);
}

static void *post(void *ctx)
{
    latency_bench *b = ctx;
    int fd = open_connection(b->port);
    int64_t start_us = mr_monotonic_us();
    mr_random random;

    mr_random_seed(&random, (uint64_t)start_us);
    for (size_t i = 0; i < events_max && mr_monotonic_us() < start_us + b->seconds * 1000000; i++) {
        char body[512];
        char request[1024];
        write_body(body, sizeof(body), start_us, i);
        int bytes = snprintf(request, sizeof(request),
                             "POST /invoicedata HTTP/1.1\r\nHost: bench\r\nContent-Type: "
                             "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                             strlen(body), body);
        /* Anywhere within its turn, so that no rhythm of the sink's is met again and again. */
        wait_until_us(start_us + (int64_t)(((double)i + mr_random_unit(&random)) * 1e6 / b->rate));
        b->samples[i].sent_us = mr_monotonic_us();
        if (send(fd, request, (size_t)bytes, MSG_NOSIGNAL) != bytes) {
            give_up("send", strerror(errno));
        }
        b->samples[i].offset = read_answer(fd);
        atomic_store(&b->answered, i + 1);
    }
    (void)close(fd); /* everything was answered */
    atomic_store(&b->posted, true);
    return NULL;
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* Of bronze the place in the log; of another table how many lines it has taken. */
static int64_t read_position(mr_delta_table *table, bool bronze)
{
    mr_delta_snapshot *snapshot = NULL;
    int64_t position = -1;
    mr_err err;
    mr_status status = mr_delta_read(table, &snapshot, &err);

    if (status == MR_OK) {
        position = mr_delta_txn_version(snapshot, bronze ? "millrace/bronze/ingestion-topic/0"
                                                         : "millrace.rows-read");
        mr_delta_snapshot_free(snapshot);
    } else if (status != MR_NOT_FOUND) {
        give_up("read the table", err.message);
    }
    return position;
}

static bool is_visible(const latency_bench *b, size_t index, int64_t position)
{
    return b->table == NULL ? b->samples[index].offset < position
                            : (int64_t)index < position - b->lines_before;
}

static size_t watch(latency_bench *b, mr_delta_table *table)
{
    size_t visible = 0;
    int64_t last_us = mr_monotonic_us();
    int64_t position = -1;

    while (!atomic_load(&b->posted) || visible < atomic_load(&b->answered)) {
        position = read_position(table, b->table == NULL);
        int64_t now_us = mr_monotonic_us();
        size_t answered = atomic_load(&b->answered);
        while (visible < answered && is_visible(b, visible, position)) {
            b->samples[visible++].visible_us = now_us;
            last_us = now_us;
        }
        if (visible == answered) {
            last_us = now_us;
        } else if (now_us - last_us > (int64_t)give_up_s * 1000000) {
            give_up("wait", "events do not become visible");
        }
        wait_until_us(now_us + look_ms * 1000);
    }
    if (b->table != NULL && position - b->lines_before != (int64_t)visible) {
        give_up("count the lines", "not every event is there once");
    }
    return visible;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static size_t measure(latency_bench *b)
{
    mr_blobs *blobs = NULL;
    pthread_t poster;
    mr_err err;

    if (mr_blobs_open(&b->lake, &blobs, &err) != MR_OK) {
        give_up("open the lake", err.message);
    }
    mr_delta_table *table =
        mr_delta_table_create(blobs, b->table == NULL ? "bronze/sales_events" : b->table);
    b->lines_before = read_position(table, b->table == NULL);
    MR_ASSERT(pthread_create(&poster, NULL, post, b) == 0);
    size_t count = watch(b, table);
    MR_ASSERT(pthread_join(poster, NULL) == 0);
    mr_delta_table_destroy(table);
    mr_blobs_close(blobs);
    return count;
}

int main(int argc, char **argv)
{
    latency_bench b = {.port = 0};

    if (argc != 6 && argc != 7) {
        fprintf(stderr,
                "usage: bronze_latency_bench PORT LAKE_URL DATA_FOLDER RATE SECONDS [TABLE]\n");
        return 2;
    }
    b.port = (int)strtol(argv[1], NULL, 10);
    b.lake = (mr_blobs_options){.url = argv[2], .data_folder = argv[3]};
    b.rate = strtod(argv[4], NULL);
    b.seconds = strtol(argv[5], NULL, 10);
    b.table = argc == 7 ? argv[6] : NULL;
    b.samples = mr_alloc_zero(events_max, sizeof(*b.samples));
    size_t count = measure(&b);
    int64_t *took_us = mr_alloc((count + 1) * sizeof(*took_us));
    for (size_t i = 0; i < count; i++) {
        took_us[i] = b.samples[i].visible_us - b.samples[i].sent_us;
    }
    qsort(took_us, count, sizeof(*took_us), compare);
    if (count > 0) {
        printf("{\"bench\":\"%s_latency\",\"rate\":%.0f,\"events\":%zu,\"p50_ms\":%.1f,"
               "\"p99_ms\":%.1f,\"max_ms\":%.1f}\n",
               b.table == NULL ? "bronze" : "gold", b.rate, count, (double)took_us[count / 2] / 1e3,
               (double)took_us[count * 99 / 100] / 1e3, (double)took_us[count - 1] / 1e3);
    }
    free(took_us);
    free(b.samples);
    return count > 0 ? 0 : 1;
}
