/* SPDX-License-Identifier: Apache-2.0 */
/* store_postgres_bench.c - the PostgreSQL store's sink rate against a bare binary COPY of the same
 * rows into the same tables.
 *
 * Usage: store_postgres_bench URL [events.ndjson [batch [rounds]]]. A first run of the sink, which
 * is not timed, makes the rows, and all of them are read back into memory. Then three take turns,
 * each in empty tables of the sink's own schema (keys and indexes included), right behind a
 * checkpoint, one transaction a batch:
 *   ours    the events, by the store
 *   bare    those rows of every table, by a COPY a table
 *   lines   those of invoice_line alone: no customers, products, invoices, sums or position
 * Bare ones encode nothing and ask nothing. A ratio is the median of the rounds' ratios, a rate the
 * median of the rounds' rates, in rows of invoice_line. Makes and drops the schema millrace_bench.
 * Prints one JSON line.
 */
#include <libpq-fe.h>

#include "base/civil.h"
#include "store_workload.h"

enum {
    copy_chunk_bytes = 65536,
    url_bytes_max = 1024,
    sql_bytes_max = 256,
    default_batch = 20000, /* lines; what MILLRACE_STORE_BATCH says */
    default_rounds = 5,
    rounds_max = 99,
};

/* What the sink fills, lines first; slots that the schema itself fills are not among them. */
static const char *const tables[] = {
    "invoice_line",   "invoice", "customer_invoice", "customer",        "product",
    "product_winner", "country", "store_total",      "consumed_offset",
};

enum { table_count = sizeof(tables) / sizeof(tables[0]) };

typedef struct table_rows {
    mr_buffer bytes; /* as COPY has them, one behind the other */
    size_t *ends;    /* of each */
    size_t count, capacity;
} table_rows;

typedef struct bench {
    workload load;
    size_t batch;
    const char *url; /* of the server */
    char there[url_bytes_max];
    table_rows rows[table_count];
} bench;

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

static mr_store *open_store(const bench *b)
{
    const mr_store_options options = {.url = b->there};
    mr_store *store = NULL;
    mr_err err;

    if (mr_store_open(&options, &store, &err) != MR_OK) {
        fail(&err);
    }
    return store;
}

/* --- The sink --------------------------------------------------------------------------------- */

static int64_t run_ours(bench *b)
{
    const mr_store_source source = {.group = "store", .topic = "ingestion-topic"};
    mr_store *store = open_store(b);
    int64_t start_us = mr_monotonic_us();
    size_t at, count;
    mr_err err;

    for (at = 0; at < b->load.count; at += count) {
        count = b->load.count - at < b->batch ? b->load.count - at : b->batch;
        if (mr_store_apply(store, &source, (int64_t)at, (int64_t)(at + count), b->load.items + at,
                           count, &err) != MR_OK ||
            mr_store_commit(store, &err) != MR_OK) {
            fail(&err);
        }
    }
    start_us = mr_monotonic_us() - start_us;
    mr_store_close(store);
    return start_us;
}

/* --- Bare COPY -------------------------------------------------------------------------------- */

static void keep_row(table_rows *rows, const char *row, size_t bytes)
{
    static const char signature[] = "PGCOPY\n\377\r\n";
    enum { header_bytes = sizeof(signature) + 8, trailer_bytes = 2 };

    if (bytes >= header_bytes && memcmp(row, signature, sizeof(signature)) == 0) {
        row += header_bytes;
        bytes -= header_bytes;
    }
    if (bytes <= trailer_bytes) {
        return;
    }
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 1024 : 2 * rows->capacity;
        rows->ends = mr_realloc(rows->ends, rows->capacity * sizeof(*rows->ends));
    }
    MR_ASSERT(mr_buffer_append(&rows->bytes, row, bytes));
    rows->ends[rows->count++] = rows->bytes.bytes;
}

/* In the order in which the sink wrote them. */
static void read_rows(PGconn *conn, const char *table, table_rows *rows)
{
    char sql[sql_bytes_max], *row = NULL;
    int bytes;

    mr_buffer_init(&rows->bytes, file_bytes_max);
    (void)snprintf(sql, sizeof(sql), "COPY %s TO STDOUT (FORMAT binary)", table);
    check(conn, PQexec(conn, sql), PGRES_COPY_OUT);
    while ((bytes = PQgetCopyData(conn, &row, 0)) > 0) {
        keep_row(rows, row, (size_t)bytes);
        PQfreemem(row);
    }
    check(conn, PQgetResult(conn), PGRES_COMMAND_OK);
    MR_ASSERT(PQgetResult(conn) == NULL);
}

static size_t begin_of(const table_rows *rows, size_t row)
{
    return row == 0 ? 0 : rows->ends[row - 1];
}

static void send_bytes(PGconn *conn, const char *bytes, size_t count)
{
    MR_ASSERT(PQputCopyData(conn, bytes, (int)count) == 1);
}

static void copy_rows(PGconn *conn, const char *table, const table_rows *rows, size_t from,
                      size_t end)
{
    static const char header[19] = "PGCOPY\n\377\r\n", trailer[2] = {-1, -1};
    size_t at = begin_of(rows, from), stop = begin_of(rows, end), bytes;
    char sql[sql_bytes_max];

    (void)snprintf(sql, sizeof(sql), "COPY %s FROM STDIN (FORMAT binary)", table);
    check(conn, PQexec(conn, sql), PGRES_COPY_IN);
    send_bytes(conn, header, sizeof(header));
    for (; at < stop; at += bytes) {
        bytes = stop - at < copy_chunk_bytes ? stop - at : copy_chunk_bytes;
        send_bytes(conn, rows->bytes.data + at, bytes);
    }
    send_bytes(conn, trailer, sizeof(trailer));
    MR_ASSERT(PQputCopyEnd(conn, NULL) == 1);
    check(conn, PQgetResult(conn), PGRES_COMMAND_OK);
    MR_ASSERT(PQgetResult(conn) == NULL);
}

/* A batch holds its share of each table's rows. */
static int64_t run_bare(bench *b, size_t tables_copied)
{
    size_t batches = (b->load.count + b->batch - 1) / b->batch, batch, table;
    PGconn *conn;
    int64_t start_us;

    mr_store_close(open_store(b)); /* makes the tables */
    conn = connect_to(b->there);
    start_us = mr_monotonic_us();
    for (batch = 0; batch < batches; batch++) {
        check(conn, PQexec(conn, "BEGIN"), PGRES_COMMAND_OK);
        for (table = 0; table < tables_copied; table++) {
            const table_rows *rows = &b->rows[table];
            size_t from = rows->count * batch / batches;
            size_t end = rows->count * (batch + 1) / batches;

            if (from < end) {
                copy_rows(conn, tables[table], rows, from, end);
            }
        }
        check(conn, PQexec(conn, "COMMIT"), PGRES_COMMAND_OK);
    }
    start_us = mr_monotonic_us() - start_us;
    PQfinish(conn);
    return start_us;
}

/* --- Rounds ----------------------------------------------------------------------------------- */

static void begin_empty(const bench *b)
{
    exec_sql(b->url, "DROP SCHEMA IF EXISTS millrace_bench CASCADE; CREATE SCHEMA millrace_bench");
    exec_sql(b->url, "CHECKPOINT");
}

static void make_rows(bench *b)
{
    PGconn *conn;
    size_t table;

    begin_empty(b);
    (void)run_ours(b);
    conn = connect_to(b->there);
    for (table = 0; table < table_count; table++) {
        read_rows(conn, tables[table], &b->rows[table]);
    }
    PQfinish(conn);
    MR_ASSERT(b->rows[0].count == b->load.count);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void run_rounds(bench *b, int count)
{
    double ours[rounds_max], bare[rounds_max], lines[rounds_max];
    double to_bare[rounds_max], to_lines[rounds_max];
    int round;

    for (round = 0; round < count; round++) {
        begin_empty(b);
        bare[round] = (double)b->load.count * 1e6 / (double)run_bare(b, table_count);
        begin_empty(b);
        ours[round] = (double)b->load.count * 1e6 / (double)run_ours(b);
        begin_empty(b);
        lines[round] = (double)b->load.count * 1e6 / (double)run_bare(b, 1);
        to_bare[round] = ours[round] / bare[round];
        to_lines[round] = ours[round] / lines[round];
    }
    exec_sql(b->url, "DROP SCHEMA millrace_bench CASCADE");
    printf("{\"bench\":\"store_postgres\",\"events\":%zu,\"batch\":%zu,\"rounds\":%d,"
           "\"ours_rows_per_s\":%.0f,\"bare_rows_per_s\":%.0f,\"ratio\":%.3f,"
           "\"bare_lines_rows_per_s\":%.0f,\"ratio_to_lines\":%.3f}\n",
           b->load.count, b->batch, count, median(ours, count), median(bare, count),
           median(to_bare, count), median(lines, count), median(to_lines, count));
}

int main(int argc, char **argv)
{
    bench b = {.batch = default_batch};
    int count = default_rounds;
    size_t table;

    if (argc < 2) {
        fprintf(stderr, "usage: store_postgres_bench URL [events.ndjson [batch [rounds]]]\n");
        return 2;
    }
    b.url = argv[1];
    b.batch = argc > 3 ? strtoul(argv[3], NULL, 10) : b.batch;
    count = argc > 4 ? (int)strtol(argv[4], NULL, 10) : count;
    MR_ASSERT(b.batch > 0 && count > 0 && count <= rounds_max);
    (void)snprintf(b.there, sizeof(b.there), "%s%soptions=-csearch_path%%3Dmillrace_bench", b.url,
                   strchr(b.url, '?') == NULL ? "?" : "&");
    load_events(&b.load, argc > 2 && argv[2][0] != '\0' ? argv[2] : NULL);
    drop_repeated(&b.load); /* COPY takes no line twice */
    make_rows(&b);
    run_rounds(&b, count);
    for (table = 0; table < table_count; table++) {
        mr_buffer_free(&b.rows[table].bytes);
        free(b.rows[table].ends);
    }
    free_events(&b.load);
    return 0;
}
