/* SPDX-License-Identifier: Apache-2.0 */
/* bench/log_bench.c - the embedded log against a bare file: events a second, durable.
 *
 *   log_bench [folder]     files go below the folder (default ".") and are removed
 *
 * For each batch size, in interleaved rounds over the same events:
 *   ours    mr_bus_append, one batch after the other
 *   bare    write() + fdatasync() of the same batch, uncompressed, one after the other
 *   submit  mr_bus_submit with batches in flight: what group commit makes of it
 * and at the end how fast a consumer reads what was written. One JSON line each.
 */
#define _GNU_SOURCE /* nftw */
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/random.h"
#include "bus/bus.h"

enum {
    events_in_pool = 50000,
    event_bytes_max = 400,
    rounds = 5,
    round_us = 250000,
    flight_batches_max = 128,
    flight_bytes_max = 16 << 20,
    batch_bytes_max = 4 << 20,
};

typedef struct event_pool {
    char *text;
    mr_text *events;
    size_t next;
} event_pool;

typedef struct log_figures {
    uint64_t events;
    int64_t us;
    int64_t cpu_us; /* of the whole process */
} log_figures;

typedef struct batch_flight {
    pthread_mutex_t lock;
    pthread_cond_t landed;
    mr_bus_batch *free[flight_batches_max]; /* guarded by lock */
    size_t free_count;                      /* guarded by lock */
} batch_flight;

typedef struct log_bench {
    mr_bus *bus;
    mr_bus_producer *producer;
    int bare_fd;
    event_pool pool;
    batch_flight flight;
    uint64_t appended;
    mr_buffer bare;
} log_bench;

static void check(mr_status st, const mr_err *err)
{
    if (st != MR_OK) {
        (void)fprintf(stderr, "log_bench: %s\n", err->message);
        exit(1);
    }
}

/* --- Events -------------------------------------------------------------------------------- */

static int write_event(char *at, mr_random *random, unsigned invoice, unsigned customer)
{
    static const char *const things[] = {"WHITE HANGING HEART T-LIGHT HOLDER",
                                         "REGENCY CAKESTAND 3 TIER",
                                         "JUMBO BAG RED RETROSPOT",
                                         "ASSORTED COLOUR BIRD ORNAMENT",
                                         "PARTY BUNTING",
                                         "LUNCH BAG BLACK SKULL.",
                                         "SET OF 3 CAKE TINS PANTRY DESIGN",
                                         "PACK OF 72 RETROSPOT CAKE CASES"};
    static const char *const names[] = {"Amelia Stone", "Noah Fletcher", "Isla Marsh",
                                        "Oliver Harding"};
    unsigned item = (unsigned)mr_random_below(random, 3000);
    unsigned minute = invoice * 3 % 60;
    return snprintf(
        at, event_bytes_max,
        "{\"InvoiceNo\":\"%u\",\"StockCode\":\"%u%c\",\"Description\":\"%s\","
        "\"Quantity\":%u,\"InvoiceDate\":\"%02u/12/2010 %02u:%02u\",\"UnitPrice\":%u.%02u,"
        "\"CustomerID\":%u,\"customerName\":\"%s\",\"Country\":\"United Kingdom\","
        "\"EventID\":\"L%06u\"}",
        536365 + invoice, 20000 + item, 'A' + (char)(item % 6), things[item % 8],
        1 + (unsigned)mr_random_below(random, 24), 1 + invoice / 300 % 28, 8 + invoice % 10, minute,
        item % 17, item % 100, customer, names[customer % 4],
        (unsigned)mr_random_below(random, 1000000));
}

static void make_events(event_pool *pool)
{
    mr_random random;
    size_t bytes = 0;
    unsigned invoice = 0;
    unsigned customer = 0;
    mr_random_seed(&random, 42);
    pool->text = mr_alloc((size_t)events_in_pool * event_bytes_max);
    pool->events = mr_alloc_zero(events_in_pool, sizeof *pool->events);
    for (size_t index = 0; index < events_in_pool; index++) {
        if (mr_random_below(&random, 20) == 0) {
            invoice++;
            customer = 12346 + (unsigned)mr_random_below(&random, 5000);
        }
        char *at = pool->text + bytes;
        int used = write_event(at, &random, invoice, customer);
        MR_ASSERT(used > 0 && used < event_bytes_max);
        pool->events[index] = (mr_text){at, (size_t)used};
        bytes += (size_t)used;
    }
    pool->next = 0;
    (void)printf("{\"bench\":\"log\",\"mean_event_bytes\":%zu}\n", bytes / events_in_pool);
}

static mr_text next_event(event_pool *pool)
{
    mr_text event = pool->events[pool->next];
    pool->next = pool->next + 1 == events_in_pool ? 0 : pool->next + 1;
    return event;
}

static void fill_batch(log_bench *bench, mr_bus_batch *batch, size_t count)
{
    mr_bus_batch_clear(batch);
    for (size_t index = 0; index < count; index++) {
        bool added = mr_bus_batch_add(batch, MR_TEXT_ABSENT, next_event(&bench->pool));
        MR_ASSERT(added);
    }
}

static int64_t cpu_us(void)
{
    struct timespec spent;
    MR_ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0);
    return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

/* --- The three ways of writing ------------------------------------------------------------- */

static void round_ours(log_bench *bench, size_t batch_count, log_figures *figures)
{
    mr_err err;
    mr_bus_batch *batch = mr_bus_batch_create(batch_bytes_max);
    int64_t start_us = mr_monotonic_us();
    int64_t spent_us = 0;
    while (spent_us < round_us) {
        fill_batch(bench, batch, batch_count);
        check(mr_bus_append(bench->producer, batch, NULL, &err), &err);
        figures->events += batch_count;
        bench->appended += batch_count;
        spent_us = mr_monotonic_us() - start_us;
    }
    figures->us += spent_us;
    mr_bus_batch_destroy(batch);
}

static void round_bare(log_bench *bench, size_t batch_count, log_figures *figures)
{
    mr_err err;
    int64_t start_us = mr_monotonic_us();
    int64_t spent_us = 0;
    while (spent_us < round_us) {
        mr_buffer_clear(&bench->bare);
        for (size_t index = 0; index < batch_count; index++) {
            bool added = mr_buffer_append_text(&bench->bare, next_event(&bench->pool));
            MR_ASSERT(added);
        }
        check(mr_write_all(bench->bare_fd, bench->bare.data, bench->bare.bytes, &err), &err);
        MR_ASSERT(fdatasync(bench->bare_fd) == 0);
        figures->events += batch_count;
        spent_us = mr_monotonic_us() - start_us;
    }
    figures->us += spent_us;
}

static void landed(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    batch_flight *flight = ctx;
    check(err == NULL ? MR_OK : err->status, err);
    (void)pthread_mutex_lock(&flight->lock);
    flight->free[flight->free_count++] = batch;
    (void)pthread_cond_signal(&flight->landed);
    (void)pthread_mutex_unlock(&flight->lock);
}

static mr_bus_batch *take_free(batch_flight *flight, size_t wanted)
{
    (void)pthread_mutex_lock(&flight->lock);
    while (flight->free_count < wanted) {
        (void)pthread_cond_wait(&flight->landed, &flight->lock);
    }
    mr_bus_batch *batch = flight->free[--flight->free_count];
    (void)pthread_mutex_unlock(&flight->lock);
    return batch;
}

static void round_submit(log_bench *bench, size_t batch_count, log_figures *figures)
{
    mr_err err;
    batch_flight *flight = &bench->flight;
    size_t most = flight_bytes_max / (batch_count * event_bytes_max) + 2;
    flight->free_count = most < flight_batches_max ? most : flight_batches_max;
    size_t flying = flight->free_count;
    for (size_t index = 0; index < flying; index++) {
        flight->free[index] = mr_bus_batch_create(batch_bytes_max);
    }
    int64_t start_us = mr_monotonic_us();
    int64_t start_cpu_us = cpu_us();
    while (mr_monotonic_us() - start_us < round_us) {
        mr_bus_batch *batch = take_free(flight, 1);
        fill_batch(bench, batch, batch_count);
        check(mr_bus_submit(bench->producer, batch, landed, flight, &err), &err);
        figures->events += batch_count;
        bench->appended += batch_count;
    }
    for (size_t index = flying; index > 0; index--) {
        mr_bus_batch_destroy(take_free(flight, index));
    }
    figures->us += mr_monotonic_us() - start_us;
    figures->cpu_us += cpu_us() - start_cpu_us;
}

static double rate(const log_figures *figures)
{
    return (double)figures->events * 1e6 / (double)figures->us;
}

static void bench_batch(log_bench *bench, size_t batch_count)
{
    log_figures ours = {.events = 0};
    log_figures bare = {.events = 0};
    log_figures submit = {.events = 0};
    for (int round = 0; round < rounds; round++) {
        round_ours(bench, batch_count, &ours);
        round_bare(bench, batch_count, &bare);
        round_submit(bench, batch_count, &submit);
    }
    (void)printf("{\"bench\":\"log\",\"batch\":%zu,\"ours_events_per_s\":%.0f,"
                 "\"bare_events_per_s\":%.0f,\"ratio\":%.3f,\"submit_events_per_s\":%.0f,"
                 "\"submit_ratio\":%.3f,\"submit_cpu_us_per_event\":%.3f}\n",
                 batch_count, rate(&ours), rate(&bare), rate(&ours) / rate(&bare), rate(&submit),
                 rate(&submit) / rate(&bare), (double)submit.cpu_us / (double)submit.events);
    (void)fflush(stdout);
}

/* --- Reading ------------------------------------------------------------------------------- */

static void bench_reading(log_bench *bench)
{
    mr_err err;
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {
        .topic = "bench", .messages_max = 10000, .bytes_max = 2 << 20};
    log_figures reading = {.events = 0};
    uint64_t bytes = 0;
    check(mr_bus_consumer_open(bench->bus, &options, &consumer, &err), &err);
    int64_t start_us = mr_monotonic_us();
    while (reading.events < bench->appended) {
        const mr_bus_message *messages = NULL;
        size_t count = 0;
        check(mr_bus_poll(consumer, 0, &messages, &count, &err), &err);
        MR_ASSERT(count > 0);
        for (size_t index = 0; index < count; index++) {
            MR_ASSERT(messages[index].value.data[0] == '{');
            bytes += messages[index].value.bytes;
        }
        reading.events += count;
    }
    reading.us = mr_monotonic_us() - start_us;
    (void)printf("{\"bench\":\"log_read\",\"events\":%llu,\"events_per_s\":%.0f,"
                 "\"mib_per_s\":%.0f}\n",
                 (unsigned long long)reading.events, rate(&reading),
                 (double)bytes * 1e6 / (double)reading.us / 1048576);
    mr_bus_consumer_close(consumer);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

int main(int argc, char **argv)
{
    static const size_t batch_counts[] = {1, 64, 1000, 5000};
    mr_err err;
    log_bench bench = {
        .bare = {.bytes_max = batch_bytes_max},
        .flight = {.lock = PTHREAD_MUTEX_INITIALIZER, .landed = PTHREAD_COND_INITIALIZER}};
    char *folder = mr_path_join(argc > 1 ? argv[1] : ".", "log_bench.XXXXXX");
    MR_ASSERT(mkdtemp(folder) != NULL);
    char *bare_path = mr_path_join(folder, "bare");

    make_events(&bench.pool);
    check(
        mr_bus_open(&(mr_bus_options){.url = "embedded:", .data_folder = folder}, &bench.bus, &err),
        &err);
    check(mr_bus_producer_open(bench.bus, "bench", &bench.producer, &err), &err);
    bench.bare_fd = open(bare_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    MR_ASSERT(bench.bare_fd >= 0);
    for (size_t index = 0; index < sizeof batch_counts / sizeof batch_counts[0]; index++) {
        bench_batch(&bench, batch_counts[index]);
    }
    bench_reading(&bench);

    mr_bus_producer_close(bench.producer);
    mr_bus_close(bench.bus);
    (void)close(bench.bare_fd); /* its content is of no use any more */
    (void)nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    mr_buffer_free(&bench.bare);
    free(bench.pool.text);
    free(bench.pool.events);
    free(bare_path);
    free(folder);
    return 0;
}
