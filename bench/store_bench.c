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
#include "store_workload.h"

static void remove_database(const char *folder, const char *name)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[128];
    size_t index;

    for (index = 0; index < sizeof(suffixes) / sizeof(suffixes[0]); index++) {
        (void)snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffixes[index]);
        if (unlink(path) != 0 && errno != ENOENT) {
            perror(path);
        }
    }
}

static double run_ours(workload *load, const char *folder)
{
    const mr_store_source source = {.group = "store", .topic = "ingestion-topic"};
    const mr_store_options options = {.url = "sqlite:", .data_folder = folder};
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
    remove_database(folder, "store.db");
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

static double run_bare(workload *load, const char *folder)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    char path[128];
    int64_t start_us;
    size_t at, index, count;

    (void)snprintf(path, sizeof(path), "%s/bare.db", folder);
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
    remove_database(folder, "bare.db");
    return (double)load->count * 1e6 / (double)start_us;
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/millrace-store-bench-XXXXXX";
    workload load = {0};
    double ours = 0, bare = 0;
    int round;

    if (mkdtemp(folder) == NULL) {
        perror("store_bench: mkdtemp");
        return 1;
    }
    load_events(&load, argc > 1 ? argv[1] : NULL);
    for (round = 0; round < rounds; round++) {
        double ours_now = run_ours(&load, folder), bare_now = run_bare(&load, folder);

        ours = ours_now > ours ? ours_now : ours;
        bare = bare_now > bare ? bare_now : bare;
    }
    printf("{\"bench\":\"store\",\"events\":%zu,\"ours_rows_per_s\":%.0f,\"bare_rows_per_s\":%.0f,"
           "\"ratio\":%.3f}\n",
           load.count, ours, bare, ours / bare);
    (void)rmdir(folder);
    free_events(&load);
    return 0;
}
