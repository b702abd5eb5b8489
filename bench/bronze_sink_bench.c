/* SPDX-License-Identifier: Apache-2.0 */
/* bronze_sink_bench.c - what the bronze sink costs an event, against DuckDB's own COPY of the same
 * rows to Parquet.
 *
 * Usage: bronze_sink_bench FOLDER [events.ndjson]. Without a file the events are generated. Ours:
 * records as the log hands them out, parsed, made rows, written, synced and committed, with the
 * files the sink chooses under backlog. Two yardsticks on the same rows: parsing alone, and COPY
 * from a table in DuckDB's memory to one file, which parses, commits and syncs nothing. The rounds
 * alternate; the best of each counts. CPU is that of all threads. Prints one JSON line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/random.h"
#include "event/event_json.h"
#include "lake/delta_sql.h"
#include "stream/sink.h"

enum {
    rounds = 3,
    generated_events = 500000,
    events_max = 2000000,
    batch_events = 5000,
    text_bytes_max = 1073741824,
    sql_bytes_max = 4194304,
};

typedef struct workload {
    mr_buffer text;
    mr_bus_message *messages;
    size_t count;
} workload;

typedef struct cost {
    double wall_us, cpu_us;
} cost;

static void check(mr_status status, const mr_err *err)
{
    if (status != MR_OK) {
        fprintf(stderr, "bronze_sink_bench: %s\n", err->message);
        exit(1);
    }
}

static cost now(void)
{
    struct rusage usage;

    MR_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    return (cost){
        (double)mr_monotonic_us(),
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
    };
}

static void keep_best(cost *best, cost start)
{
    cost end = now();
    cost taken = {end.wall_us - start.wall_us, end.cpu_us - start.cpu_us};

    if (best->wall_us <= 0 || taken.wall_us < best->wall_us) {
        best->wall_us = taken.wall_us;
    }
    if (best->cpu_us <= 0 || taken.cpu_us < best->cpu_us) {
        best->cpu_us = taken.cpu_us;
    }
}

/* --- The events ------------------------------------------------------------------------------- */

static void generate(mr_buffer *out)
{
    mr_random random;
    unsigned invoice = 536365;

    mr_random_seed(&random, 42);
    for (int i = 0; i < generated_events; i++) {
        unsigned product = (unsigned)mr_random_below(&random, 4000);
        unsigned pence = product * 7 % 2000 + 29;
        bool guest = mr_random_below(&random, 4) == 0;
        char customer[16];

        (void)snprintf(customer, sizeof(customer), "%u",
                       12346 + (unsigned)mr_random_below(&random, 4000));
        MR_ASSERT(mr_buffer_printf(
            out,
            "{\"InvoiceNo\":\"%u\",\"StockCode\":\"%u\",\"Description\":\"GLASS STAR FROSTED "
            "T-LIGHT %u\",\"Quantity\":%d,\"InvoiceDate\":\"%02u/%02u/2011 %02u:%02u\","
            "\"UnitPrice\":%u.%02u,\"CustomerID\":%s,\"Country\":\"United Kingdom\"}\n",
            invoice, 20000 + product, product, (int)mr_random_below(&random, 48) + 1,
            invoice % 28 + 1, invoice / 28 % 12 + 1, 8 + invoice % 10, invoice % 60, pence / 100,
            pence % 100, guest ? "null" : customer));
        invoice += mr_random_below(&random, 20) == 0;
    }
}

static void load(workload *all, const char *path)
{
    mr_err err;

    mr_buffer_init(&all->text, text_bytes_max);
    if (path != NULL) {
        check(mr_file_read(path, &all->text, &err), &err);
    } else {
        generate(&all->text);
    }
    all->messages = mr_alloc(events_max * sizeof(*all->messages));
    const char *at = all->text.data;
    const char *end = at + all->text.bytes;
    int64_t append_ms = mr_now_ms() - 3600000; /* backlog */
    while (at < end && all->count < events_max) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end != NULL ? line_end : end;
        all->messages[all->count] = (mr_bus_message){.offset = (int64_t)all->count,
                                                     .append_ms = append_ms,
                                                     .value = {at, (size_t)(line_end - at)}};
        all->count++;
        at = line_end + 1;
    }
}

/* --- Ours, and the yardsticks ----------------------------------------------------------------- */

static void run_parser(const workload *all, cost *best)
{
    mr_event_parser *parser = mr_event_parser_create();
    char *document = mr_alloc_zero(1, mr_bus_record_bytes_max + mr_json_padding_bytes);
    mr_event_faults faults;
    mr_event event;
    cost start = now();

    for (size_t i = 0; i < all->count; i++) {
        mr_text value = all->messages[i].value;
        memcpy(document, value.data, value.bytes);
        memset(document + value.bytes, 0, mr_json_padding_bytes);
        MR_ASSERT(mr_event_parse(parser, document, value.bytes, &event, &faults) == MR_OK);
    }
    keep_best(best, start);
    free(document);
    mr_event_parser_destroy(parser);
}

static void run_sink(const workload *all, const char *lake, const char *folder, cost *best)
{
    mr_sink_options options = {.topic_ingestion = "ingestion-topic",
                               .bronze = {.lake = {.url = lake, .data_folder = folder}}};
    mr_sink *sink = NULL;
    mr_sink_counts counts = {0};
    int64_t offset = 0;
    mr_err err;
    cost start = now();

    check(mr_sink_bronze_open(&options, &sink, &err), &err);
    check(mr_sink_position(sink, 0, &offset, &err), &err);
    for (size_t at = 0; at < all->count; at += batch_events) {
        size_t left = all->count - at;
        size_t count = left < batch_events ? left : batch_events;
        check(mr_sink_deliver(sink, all->messages + at, count, &counts, &err), &err);
        if (mr_sink_flush_at_us(sink) <= mr_monotonic_us()) {
            check(mr_sink_flush(sink, &counts, &err), &err);
        }
    }
    check(mr_sink_flush(sink, &counts, &err), &err);
    keep_best(best, start);
    mr_sink_close(sink);
}

typedef struct copier {
    mr_blobs *blobs;
    mr_delta_table *table;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_buffer sql;
} copier;

/* The rows that the sink wrote, in a table of DuckDB's memory. */
static void open_copier(copier *c, const char *lake, const char *folder, size_t expected)
{
    mr_blobs_options blobs = {.url = lake, .data_folder = folder};
    mr_olap_options olap = {.memory_bytes_max = (uint64_t)2 << 30};
    mr_delta_snapshot *snapshot = NULL;
    mr_err err;

    check(mr_blobs_open(&blobs, &c->blobs, &err), &err);
    c->table = mr_delta_table_create(c->blobs, "bronze/sales_events");
    check(mr_delta_read(c->table, &snapshot, &err), &err);
    MR_ASSERT(mr_delta_rows(snapshot) == (int64_t)expected);
    check(mr_olap_open(&olap, &c->olap, &err), &err);
    check(mr_olap_connect(c->olap, &c->connection, &err), &err);
    mr_buffer_init(&c->sql, sql_bytes_max);
    MR_ASSERT(mr_buffer_append_string(&c->sql,
                                      "CREATE TABLE rows AS SELECT * EXCLUDE (ingest_date) FROM "));
    check(mr_delta_relation(c->table, snapshot, NULL, 0, &c->sql, &err), &err);
    MR_ASSERT(mr_buffer_append(&c->sql, "", 1));
    check(mr_olap_run(c->connection, c->sql.data, &err), &err);
    mr_delta_snapshot_free(snapshot);
    mr_buffer_clear(&c->sql);
    MR_ASSERT(mr_buffer_printf(&c->sql, "COPY rows TO '%s/rows.parquet' (FORMAT parquet)", folder));
}

static void run_copy(copier *c, cost *best)
{
    cost start = now();
    mr_err err;

    check(mr_olap_run(c->connection, c->sql.data, &err), &err);
    keep_best(best, start);
}

static void close_copier(copier *c)
{
    mr_delta_table_destroy(c->table);
    mr_blobs_close(c->blobs);
    mr_olap_disconnect(c->connection);
    mr_olap_close(c->olap);
    mr_buffer_free(&c->sql);
}

static void report(const workload *all, cost ours, cost parsing, cost copying)
{
    const double events = (double)all->count;
    struct rusage usage;

    MR_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    printf("{\"bench\":\"bronze_sink\",\"events\":%zu,\"ours_events_per_s\":%.0f,"
           "\"ours_cpu_us\":%.3f,\"parse_cpu_us\":%.3f,\"beyond_parse_cpu_us\":%.3f,"
           "\"duckdb_copy_events_per_s\":%.0f,\"duckdb_copy_cpu_us\":%.3f,"
           "\"ratio\":%.2f,\"peak_mib\":%ld}\n",
           all->count, events * 1e6 / ours.wall_us, ours.cpu_us / events, parsing.cpu_us / events,
           (ours.cpu_us - parsing.cpu_us) / events, events * 1e6 / copying.wall_us,
           copying.cpu_us / events, copying.wall_us / ours.wall_us, usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    workload all = {.count = 0};
    cost ours = {0};
    cost parsing = {0};
    cost copying = {0};
    copier copy = {.blobs = NULL};

    if (argc < 2) {
        fprintf(stderr, "usage: bronze_sink_bench FOLDER [events.ndjson]\n");
        return 2;
    }
    load(&all, argc > 2 ? argv[2] : NULL);
    for (int round = 0; round < rounds; round++) {
        char lake[1024];
        (void)snprintf(lake, sizeof(lake), "file:%s/lake%d", argv[1], round);
        run_parser(&all, &parsing);
        run_sink(&all, lake, argv[1], &ours);
        if (round == 0) {
            open_copier(&copy, lake, argv[1], all.count);
        }
        run_copy(&copy, &copying);
    }
    close_copier(&copy);
    report(&all, ours, parsing, copying);
    free(all.messages);
    mr_buffer_free(&all.text);
    return 0;
}
