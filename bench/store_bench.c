/* SPDX-License-Identifier: Apache-2.0 */
/* store_bench.c - the store's sink rate against a bare insert of the same lines.
 *
 * Usage: store_bench [events.ndjson]. Without a file the events are generated: invoices of up to 40
 * lines, 4,000 products, 5,000 customers. Both sides take the same events in batches of
 * batch_events, one transaction a batch, with the same pragmas, in turns; the best run of each
 * counts. Bare is one prepared INSERT into a copy of invoice_line and nothing else: no customers,
 * products, invoices, sums or position. Prints one JSON line.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "event/event_json.h"
#include "store/store.h"

enum {
    batch_events = 5000,
    rounds = 3,
    generated_events = 500000,
    events_max = 2000000,
    file_bytes_max = 1073741824,
};

typedef struct workload {
    char folder[64];
    mr_event *events;
    mr_store_item *items;
    size_t count;
    mr_arena *texts;
} workload;

static void fail(const mr_err *err)
{
    fprintf(stderr, "store_bench: %s\n", err->message);
    exit(1);
}

static mr_text keep(workload *load, mr_text text)
{
    mr_text copy = MR_TEXT_ABSENT;

    if (text.data != NULL) {
        MR_ASSERT(mr_arena_copy(load->texts, text, &copy));
    }
    return copy;
}

static void add_event(workload *load, const mr_event *event)
{
    mr_event *kept = &load->events[load->count];

    MR_ASSERT(load->count < events_max);
    *kept = *event;
    kept->invoice_no = keep(load, event->invoice_no);
    kept->stock_code = keep(load, event->stock_code);
    kept->description = keep(load, event->description);
    kept->customer_name = keep(load, event->customer_name);
    kept->country = keep(load, event->country);
    kept->event_key = keep(load, event->event_key);
    kept->extra = MR_TEXT_ABSENT;
    load->items[load->count].event = kept;
    load->items[load->count].offset = (int64_t)load->count;
    load->count++;
}

static void read_events(workload *load, const char *path)
{
    static const char padding[mr_json_padding_bytes];
    mr_event_parser *parser = mr_event_parser_create();
    mr_event_faults faults;
    mr_buffer file;
    mr_event event;
    uint64_t number;
    mr_err err;
    mr_status status;

    mr_buffer_init(&file, file_bytes_max);
    if (mr_file_read(path, &file, &err) != MR_OK) {
        fail(&err);
    }
    MR_ASSERT(mr_buffer_append(&file, padding, sizeof(padding)));
    mr_event_stream_start(parser, file.data, file.bytes - sizeof(padding));
    while ((status = mr_event_stream_next(parser, &event, &faults, &number)) != MR_NOT_FOUND) {
        if (status != MR_OK) {
            fprintf(stderr, "store_bench: %s: event %llu is not valid\n", path,
                    (unsigned long long)number);
            exit(1);
        }
        add_event(load, &event);
    }
    mr_buffer_free(&file);
    mr_event_parser_destroy(parser);
}

static void generate_events(workload *load)
{
    mr_random random;
    char invoice_no[16], stock_code[16], description[48];
    uint64_t invoice = 536365, lines_left = 0;
    mr_event event = {0};

    mr_random_seed(&random, 42);
    while (load->count < generated_events) {
        if (lines_left-- == 0) {
            lines_left = mr_random_below(&random, 40);
            (void)snprintf(invoice_no, sizeof(invoice_no), "%s%llu",
                           mr_random_below(&random, 7) == 0 ? "C" : "",
                           (unsigned long long)invoice++);
            event.has_customer = mr_random_below(&random, 4) != 0;
            event.customer_id = (int64_t)(12346 + mr_random_below(&random, 5000));
            event.invoice_date.seconds = 1291191960 + (int64_t)invoice * 60;
        }
        uint64_t product = mr_random_below(&random, 4000);

        (void)snprintf(stock_code, sizeof(stock_code), "%llu",
                       (unsigned long long)(20000 + product));
        (void)snprintf(description, sizeof(description), "GLASS STAR FROSTED T-LIGHT %llu",
                       (unsigned long long)product);
        event.invoice_no = mr_text_of(invoice_no);
        event.stock_code = mr_text_of(stock_code);
        event.description = mr_text_of(description);
        event.country = MR_TEXT_LITERAL("United Kingdom");
        event.quantity = (int32_t)mr_random_below(&random, 100) - 10;
        event.unit_price.scaled = (int64_t)mr_random_below(&random, 300000);
        mr_event_identify(&event);
        add_event(load, &event);
    }
}

static void remove_database(const workload *load, const char *name)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[128];
    size_t index;

    for (index = 0; index < sizeof(suffixes) / sizeof(suffixes[0]); index++) {
        (void)snprintf(path, sizeof(path), "%s/%s%s", load->folder, name, suffixes[index]);
        if (unlink(path) != 0 && errno != ENOENT) {
            perror(path);
        }
    }
}

static double run_ours(workload *load)
{
    const mr_store_source source = {.group = "store", .topic = "ingestion-topic"};
    const mr_store_options options = {.url = "sqlite:", .data_folder = load->folder};
    mr_store *store = NULL;
    mr_err err;
    int64_t start_us;
    size_t at, count;

    if (mr_store_open(&options, &store, &err) != MR_OK) {
        fail(&err);
    }
    start_us = mr_monotonic_us();
    for (at = 0; at < load->count; at += count) {
        count = load->count - at < batch_events ? load->count - at : batch_events;
        if (mr_store_apply(store, &source, (int64_t)at, (int64_t)(at + count), load->items + at,
                           count, &err) != MR_OK ||
            mr_store_commit(store, &err) != MR_OK) {
            fail(&err);
        }
    }
    start_us = mr_monotonic_us() - start_us;
    mr_store_close(store);
    remove_database(load, "store.db");
    return (double)load->count * 1e6 / (double)start_us;
}

static void bare_exec(sqlite3 *handle, const char *sql)
{
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "store_bench: %s: %s\n", sql, sqlite3_errmsg(handle));
        exit(1);
    }
}

static void bare_insert(sqlite3_stmt *statement, const mr_event *event, int64_t offset)
{
    sqlite3_bind_text(statement, 1, event->invoice_no.data, (int)event->invoice_no.bytes,
                      SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, event->id.bytes, sizeof(event->id.bytes), SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, event->stock_code.data, (int)event->stock_code.bytes,
                      SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, event->quantity);
    sqlite3_bind_int64(statement, 5, event->unit_price.scaled);
    sqlite3_bind_int64(statement, 6, event->invoice_date.seconds);
    if (event->has_customer) {
        sqlite3_bind_int64(statement, 7, event->customer_id);
    } else {
        sqlite3_bind_null(statement, 7);
    }
    sqlite3_bind_null(statement, 8);
    sqlite3_bind_int64(statement, 9, 0);
    sqlite3_bind_int64(statement, 10, offset);
    MR_ASSERT(sqlite3_step(statement) == SQLITE_DONE);
    MR_ASSERT(sqlite3_reset(statement) == SQLITE_OK);
}

static double run_bare(workload *load)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    char path[128];
    int64_t start_us;
    size_t at, index, count;

    (void)snprintf(path, sizeof(path), "%s/bare.db", load->folder);
    MR_ASSERT(sqlite3_open_v2(path, &handle,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                              NULL) == SQLITE_OK);
    bare_exec(handle, "PRAGMA page_size = 4096; PRAGMA cache_size = -8192;"
                      "PRAGMA secure_delete = OFF; PRAGMA synchronous = NORMAL;"
                      "PRAGMA journal_mode = WAL");
    bare_exec(handle,
              "CREATE TABLE invoice_line (invoice_no TEXT NOT NULL, event_id BLOB NOT NULL,"
              " stock_code TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL,"
              " invoice_date INTEGER NOT NULL, customer_id INTEGER, content_hash INTEGER,"
              " log_partition INTEGER NOT NULL, log_offset INTEGER NOT NULL,"
              " PRIMARY KEY (invoice_no, event_id)) WITHOUT ROWID");
    MR_ASSERT(sqlite3_prepare_v3(handle,
                                 "INSERT INTO invoice_line VALUES (?,?,?,?,?,?,?,?,?,?)"
                                 " ON CONFLICT DO NOTHING",
                                 -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) == SQLITE_OK);
    start_us = mr_monotonic_us();
    for (at = 0; at < load->count; at += count) {
        count = load->count - at < batch_events ? load->count - at : batch_events;
        bare_exec(handle, "BEGIN IMMEDIATE");
        for (index = at; index < at + count; index++) {
            bare_insert(statement, &load->events[index], (int64_t)index);
        }
        bare_exec(handle, "COMMIT");
    }
    start_us = mr_monotonic_us() - start_us;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    remove_database(load, "bare.db");
    return (double)load->count * 1e6 / (double)start_us;
}

int main(int argc, char **argv)
{
    workload load = {.folder = "/tmp/millrace-store-bench-XXXXXX"};
    double ours = 0, bare = 0;
    int round;

    if (mkdtemp(load.folder) == NULL) {
        perror("store_bench: mkdtemp");
        return 1;
    }
    load.events = mr_alloc(events_max * sizeof(*load.events));
    load.items = mr_alloc(events_max * sizeof(*load.items));
    load.texts = mr_arena_create(file_bytes_max);
    if (argc > 1) {
        read_events(&load, argv[1]);
    } else {
        generate_events(&load);
    }
    for (round = 0; round < rounds; round++) {
        double ours_now = run_ours(&load), bare_now = run_bare(&load);

        ours = ours_now > ours ? ours_now : ours;
        bare = bare_now > bare ? bare_now : bare;
    }
    printf("{\"bench\":\"store\",\"events\":%zu,\"ours_rows_per_s\":%.0f,\"bare_rows_per_s\":%.0f,"
           "\"ratio\":%.3f}\n",
           load.count, ours, bare, ours / bare);
    (void)rmdir(load.folder);
    mr_arena_destroy(load.texts);
    free(load.items);
    free(load.events);
    return 0;
}
