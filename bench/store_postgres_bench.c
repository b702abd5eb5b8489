/* SPDX-License-Identifier: Apache-2.0 */
/* store_postgres_bench.c - the PostgreSQL store's sink rate against a bare binary COPY of the same
 * lines into the same table.
 *
 * Usage: store_postgres_bench URL [events.ndjson]. Both sides take the same events in batches of
 * batch_events, one transaction a batch, on the same server, in turns; the best run of each counts.
 * Bare is BEGIN, COPY, COMMIT into an invoice_line of its own (the schema's, made by the store in
 * another schema), and nothing else: no customers, products, invoices, sums or position. Makes and
 * drops the schemas millrace_bench_ours and millrace_bench_bare. Prints one JSON line.
 */
#include <libpq-fe.h>

#include "base/civil.h"
#include "store/postgres_cell.h"
#include "store_workload.h"

enum { copy_chunk_bytes = 65536, url_bytes_max = 1024, line_fields = 10 };

static const char copy_sql[] =
    "COPY invoice_line (invoice_no, event_id, stock_code, quantity, unit_price, invoice_date,"
    " customer_id, content_hash, log_partition, log_offset) FROM STDIN (FORMAT binary)";

static PGconn *connect_to(const char *url)
{
    PGconn *conn = PQconnectdb(url);

    if (PQstatus(conn) != CONNECTION_OK) {
        fprintf(stderr, "store_postgres_bench: %s", PQerrorMessage(conn));
        exit(1);
    }
    return conn;
}

static void check(PGconn *conn, PGresult *result, ExecStatusType expected)
{
    if (PQresultStatus(result) != expected) {
        fprintf(stderr, "store_postgres_bench: %s", PQerrorMessage(conn));
        exit(1);
    }
    PQclear(result);
}

static void exec_sql(const char *url, const char *sql)
{
    PGconn *conn = connect_to(url);

    check(conn, PQexec(conn, "SET client_min_messages = warning"), PGRES_COMMAND_OK);
    check(conn, PQexec(conn, sql), PGRES_COMMAND_OK);
    PQfinish(conn);
}

static mr_store *open_in(const char *url, mr_err *err)
{
    const mr_store_options options = {.url = url};
    mr_store *store = NULL;

    if (mr_store_open(&options, &store, err) != MR_OK) {
        fail(err);
    }
    return store;
}

static double rate(const workload *load, int64_t took_us)
{
    return (double)load->count * 1e6 / (double)took_us;
}

static double run_ours(workload *load, const char *url)
{
    const mr_store_source source = {.group = "store", .topic = "ingestion-topic"};
    mr_err err;
    mr_store *store = open_in(url, &err);
    int64_t start_us = mr_monotonic_us();
    size_t at, count;

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
    return rate(load, start_us);
}

static void put_row(mr_buffer *rows, const mr_event *event, int64_t offset)
{
    mr_pg_put_field_count(rows, line_fields);
    mr_pg_put_text(rows, event->invoice_no);
    mr_pg_put_bytes(rows, event->id.bytes, sizeof(event->id.bytes));
    mr_pg_put_text(rows, event->stock_code);
    mr_pg_put_int4(rows, event->quantity);
    mr_pg_put_price(rows, event->unit_price);
    mr_pg_put_date(rows, event->invoice_date);
    if (event->has_customer) {
        mr_pg_put_int8(rows, event->customer_id);
    } else {
        mr_pg_put_null(rows);
    }
    mr_pg_put_null(rows);
    mr_pg_put_int4(rows, 0);
    mr_pg_put_int8(rows, offset);
}

static void send_rows(PGconn *conn, mr_buffer *rows)
{
    MR_ASSERT(PQputCopyData(conn, rows->data, (int)rows->bytes) == 1);
    mr_buffer_clear(rows);
}

static void copy_batch(PGconn *conn, const workload *load, size_t at, size_t count, mr_buffer *rows)
{
    size_t index;

    check(conn, PQexec(conn, "BEGIN"), PGRES_COMMAND_OK);
    check(conn, PQexec(conn, copy_sql), PGRES_COPY_IN);
    mr_pg_put_copy_header(rows);
    for (index = at; index < at + count; index++) {
        put_row(rows, &load->events[index], (int64_t)index);
        if (rows->bytes >= copy_chunk_bytes) {
            send_rows(conn, rows);
        }
    }
    mr_pg_put_copy_trailer(rows);
    send_rows(conn, rows);
    MR_ASSERT(PQputCopyEnd(conn, NULL) == 1);
    check(conn, PQgetResult(conn), PGRES_COMMAND_OK);
    MR_ASSERT(PQgetResult(conn) == NULL);
    check(conn, PQexec(conn, "COMMIT"), PGRES_COMMAND_OK);
}

static double run_bare(workload *load, const char *url)
{
    mr_err err;
    mr_buffer rows;
    PGconn *conn;
    int64_t start_us;
    size_t at, count;

    mr_store_close(open_in(url, &err)); /* makes the table */
    conn = connect_to(url);
    mr_buffer_init(&rows, 2 * copy_chunk_bytes);
    start_us = mr_monotonic_us();
    for (at = 0; at < load->count; at += count) {
        count = load->count - at < batch_events ? load->count - at : batch_events;
        copy_batch(conn, load, at, count, &rows);
    }
    start_us = mr_monotonic_us() - start_us;
    mr_buffer_free(&rows);
    PQfinish(conn);
    return rate(load, start_us);
}

/* Every run begins with empty tables, right behind a checkpoint, so that none pays for another. */
static double run_in(workload *load, const char *url, const char *schema,
                     double (*run)(workload *, const char *))
{
    char there[url_bytes_max], sql[256];
    double result;

    (void)snprintf(there, sizeof(there), "%s%soptions=-csearch_path%%3D%s", url,
                   strchr(url, '?') == NULL ? "?" : "&", schema);
    (void)snprintf(sql, sizeof(sql), "DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s", schema,
                   schema);
    exec_sql(url, sql);
    exec_sql(url, "CHECKPOINT");
    result = run(load, there);
    (void)snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", schema);
    exec_sql(url, sql);
    return result;
}

int main(int argc, char **argv)
{
    workload load = {0};
    double ours = 0, bare = 0;
    int round;

    if (argc < 2) {
        fprintf(stderr, "usage: store_postgres_bench URL [events.ndjson]\n");
        return 2;
    }
    load_events(&load, argc > 2 ? argv[2] : NULL);
    drop_repeated(&load); /* COPY takes no line twice */
    for (round = 0; round < rounds; round++) {
        double bare_now = run_in(&load, argv[1], "millrace_bench_bare", run_bare);
        double ours_now = run_in(&load, argv[1], "millrace_bench_ours", run_ours);

        ours = ours_now > ours ? ours_now : ours;
        bare = bare_now > bare ? bare_now : bare;
    }
    printf("{\"bench\":\"store_postgres\",\"events\":%zu,\"ours_rows_per_s\":%.0f,"
           "\"bare_rows_per_s\":%.0f,\"ratio\":%.3f}\n",
           load.count, ours, bare, ours / bare);
    free_events(&load);
    return 0;
}
