/* SPDX-License-Identifier: Apache-2.0 */
/* bench/kafka_bench.c - from append to poll through Kafka, at a steady rate.
 *
 *   kafka_bench kafka://host:port [events a second, 5000] [seconds, 10]
 *
 * Every millisecond a batch is submitted, as the gateway does; a consumer of a group, as a sink
 * has one, polls it. Each event carries when it was submitted. Two JSON lines: until the cluster
 * has reported it durable, and until the consumer has it. Its topic has a prefix of its own and is
 * left behind.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/memory.h"
#include "bus/bus.h"

enum {
    warm_seconds = 3, /* not counted: the group comes together, and the cluster gets warm */
    event_bytes = 205,
    number_bytes = 16,
    url_bytes_max = 512,
    batch_bytes_max = 65536,
    batches_max = 4096, /* in flight */
    keys = 512,
    quiet_ms_max = 10000,
    rate_max = 100000,
    seconds_max = 600,
};

typedef struct delays {
    uint32_t *us;
    size_t count;
} delays;

typedef struct flight {
    mr_bus_batch *batch;
    int64_t submitted_us;
    atomic_bool busy;
} flight;

typedef struct kafka_bench {
    mr_bus *bus;
    mr_bus_consumer *consumer;
    flight flights[batches_max];
    delays reported; /* by the bus's thread */
    delays polled;   /* by the reader's */
    size_t warm, total;
} kafka_bench;

static void check(mr_status st, const mr_err *err)
{
    if (st != MR_OK) {
        (void)fprintf(stderr, "kafka_bench: %s\n", err->message);
        exit(1);
    }
}

static void note(delays *list, int64_t since_us)
{
    list->us[list->count++] = (uint32_t)(mr_monotonic_us() - since_us);
}

static void note_done(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    kafka_bench *bench = ctx;

    check(err == NULL ? MR_OK : err->status, err);
    for (size_t index = 0; index < batches_max; index++) {
        if (bench->flights[index].batch == batch) {
            for (size_t event = 0; event < mr_bus_batch_count(batch); event++) {
                note(&bench->reported, bench->flights[index].submitted_us);
            }
            atomic_store(&bench->flights[index].busy, false);
            return;
        }
    }
}

static void *read_all(void *ctx)
{
    kafka_bench *bench = ctx;

    while (bench->polled.count < bench->total) {
        const mr_bus_message *messages = NULL;
        size_t count = 0;
        mr_err err;
        check(mr_bus_poll(bench->consumer, quiet_ms_max, &messages, &count, &err), &err);
        for (size_t index = 0; index < count; index++) {
            uint64_t submitted_us = 0;
            mr_text number = {messages[index].value.data, number_bytes};
            MR_ASSERT(mr_parse_uint64(number, INT64_MAX, &submitted_us));
            note(&bench->polled, (int64_t)submitted_us);
        }
    }
    return NULL;
}

static void fill(mr_bus_batch *batch, size_t count, size_t *next, int64_t now_us)
{
    char key[number_bytes];
    char value[event_bytes + 1];

    mr_bus_batch_clear(batch);
    for (size_t index = 0; index < count; index++) {
        (void)snprintf(key, sizeof key, "%zu", 536365 + *next % keys);
        (void)snprintf(value, sizeof value, "%0*lld %0*zu", number_bytes, (long long)now_us,
                       event_bytes - number_bytes - 1, (*next)++);
        MR_ASSERT(mr_bus_batch_add(batch, mr_text_of(key), mr_text_of(value)));
    }
}

static flight *take_flight(kafka_bench *bench)
{
    for (size_t index = 0; index < batches_max; index++) {
        if (!atomic_exchange(&bench->flights[index].busy, true)) {
            return &bench->flights[index];
        }
    }
    (void)fprintf(stderr, "kafka_bench: the cluster cannot keep up\n");
    exit(1);
}

static void submit_all(kafka_bench *bench, mr_bus_producer *producer, uint64_t rate)
{
    int64_t start_us = mr_monotonic_us();
    size_t next = 0;
    mr_err err;

    for (int64_t tick = 1; next < bench->total; tick++) {
        struct timespec until = {.tv_sec = (start_us + tick * 1000) / 1000000,
                                 .tv_nsec = (start_us + tick * 1000) % 1000000 * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        size_t due = rate * (uint64_t)tick / 1000;
        due = due < bench->total ? due : bench->total;
        if (due == next) {
            continue;
        }
        flight *taken = take_flight(bench);
        taken->submitted_us = mr_monotonic_us();
        fill(taken->batch, due - next, &next, taken->submitted_us);
        check(mr_bus_submit(producer, taken->batch, note_done, bench, &err), &err);
    }
}

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void print(const char *what, const delays *list, size_t warm, uint64_t rate)
{
    uint32_t *us = list->us + warm;
    size_t count = list->count - warm;

    qsort(us, count, sizeof *us, by_size);
    (void)printf("{\"bench\":\"%s\",\"events\":%zu,\"events_per_s\":%llu,\"p50_us\":%u,"
                 "\"p99_us\":%u,\"max_us\":%u}\n",
                 what, count, (unsigned long long)rate, us[count / 2], us[count * 99 / 100],
                 us[count - 1]);
}

static uint64_t argument(int argc, char **argv, int index, uint64_t max, uint64_t otherwise)
{
    uint64_t value = otherwise;

    if (index < argc && (!mr_parse_uint64(mr_text_of(argv[index]), max, &value) || value == 0)) {
        (void)fprintf(stderr, "kafka_bench: '%s': use 1 to %llu\n", argv[index],
                      (unsigned long long)max);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    char url[url_bytes_max];
    uint64_t rate = argument(argc, argv, 2, rate_max, 5000);
    kafka_bench *bench = mr_alloc_zero(1, sizeof *bench);
    mr_bus_producer *producer = NULL;
    pthread_t reader;
    mr_err err;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: kafka_bench kafka://host:port [EVENTS_A_SECOND] [SECONDS]\n");
        return 2;
    }
    bench->warm = rate * warm_seconds;
    bench->total = bench->warm + rate * argument(argc, argv, 3, seconds_max, 10);
    bench->reported.us = mr_alloc_zero(bench->total, sizeof(uint32_t));
    bench->polled.us = mr_alloc_zero(bench->total, sizeof(uint32_t));
    for (size_t index = 0; index < batches_max; index++) {
        bench->flights[index].batch = mr_bus_batch_create(batch_bytes_max);
    }
    (void)snprintf(url, sizeof url, "%s/bench%d.", argv[1], (int)getpid());
    mr_bus_options options = {.url = url, .partitions = 6, .replication = 1, .create_topics = true};
    mr_bus_consumer_options reading = {
        .topic = "events", .group = "bench", .messages_max = 5000, .bytes_max = 8 << 20};
    check(mr_bus_open(&options, &bench->bus, &err), &err);
    check(mr_bus_producer_open(bench->bus, "events", &producer, &err), &err);
    check(mr_bus_consumer_open(bench->bus, &reading, &bench->consumer, &err), &err);
    MR_ASSERT(pthread_create(&reader, NULL, read_all, bench) == 0);
    submit_all(bench, producer, rate);
    MR_ASSERT(pthread_join(reader, NULL) == 0);
    mr_bus_producer_close(producer);
    mr_bus_consumer_close(bench->consumer);
    mr_bus_close(bench->bus);
    print("kafka_reported", &bench->reported, bench->warm, rate);
    print("kafka_polled", &bench->polled, bench->warm, rate);
    for (size_t index = 0; index < batches_max; index++) {
        mr_bus_batch_destroy(bench->flights[index].batch);
    }
    free(bench->reported.us);
    free(bench->polled.us);
    free(bench);
    return 0;
}
