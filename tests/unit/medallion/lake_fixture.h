/* SPDX-License-Identifier: Apache-2.0 */
/* lake_fixture.h - a lake with a bronze table of made-up lines, and runs over it. */
#ifndef MR_TEST_LAKE_FIXTURE_H
#define MR_TEST_LAKE_FIXTURE_H

#include "medallion_fixture.h"

#include "lake/delta_sql.h"
#include "medallion/medallion.h"
#include "stream/sink_bronze_table.h"

typedef struct lake_fixture {
    char folder[64];
    mr_blobs *blobs;
    mr_models *models;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_delta_table *bronze;
} lake_fixture;

#define OK(call)                                    \
    do {                                            \
        mr_err err;                                 \
        err.message[0] = '\0';                      \
        if ((call) != MR_OK) {                      \
            fail_msg("%s: %s", #call, err.message); \
        }                                           \
    } while (0)

static const mr_olap_options fixture_engine = {.memory_bytes_max = 256 << 20, .threads = 2};

static inline lake_fixture *lake_open(const char *models_folder)
{
    lake_fixture *f = mr_alloc_zero(1, sizeof(*f));

    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-lake-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    const mr_blobs_options options = {.url = "file:", .data_folder = f->folder};
    OK(mr_blobs_open(&options, &f->blobs, &err));
    OK(mr_models_load(models_folder, &f->models, &err));
    OK(mr_olap_open(&fixture_engine, &f->olap, &err));
    OK(mr_olap_connect(f->olap, &f->connection, &err));
    f->bronze = mr_delta_table_create(f->blobs, "bronze/sales_events");
    return f;
}

static inline void lake_close(lake_fixture *f)
{
    mr_delta_table_destroy(f->bronze);
    mr_olap_disconnect(f->connection);
    mr_olap_close(f->olap);
    mr_models_free(f->models);
    mr_blobs_close(f->blobs);
    remove_folder(f->folder);
    free(f);
}

static inline void lake_sql(lake_fixture *f, const char *sql)
{
    OK(mr_olap_run(f->connection, sql, &err));
}

static inline int64_t lake_count(lake_fixture *f, const char *sql)
{
    int64_t count = -1;

    OK(mr_olap_scalar_int64(f->connection, sql, &count, &err));
    return count;
}

/* Of these two the first comes first by bytes, and the second by UTF-16. */
#define LAKE_LIGATURE "'\xef\xac\x81'"
#define LAKE_FACE     "'\xf0\x9f\x98\x80'"

/* Lines `lines` (without repeats: every line is made of its number), of them `distinct` ones: table
 * "arrivals" with bronze's columns and the order of arrival. */
static inline void lake_make_arrivals(lake_fixture *f, int lines, int distinct, int seed)
{
    char sql[4096];

    lake_sql(f, "CREATE OR REPLACE MACRO pick(a, b) AS CAST(hash(a, b) % 1000003 AS BIGINT)");
    (void)snprintf(
        sql, sizeof(sql),
        "CREATE OR REPLACE TABLE arrivals AS WITH n AS (SELECT i, i %% %d AS k FROM range(%d) "
        "t(i)),"
        " d AS (SELECT i, CASE WHEN pick(k, %d + 1) %% 8 = 0 THEN 'C' ELSE '' END ||"
        " CAST(536365 + pick(k, %d + 2) %% 60 AS VARCHAR) AS InvoiceNo,"
        " (['P', 'P', 'p', '\xc3\x84', " LAKE_LIGATURE ", " LAKE_FACE "])[1 + pick(k, 16) %% 6]"
        " || CAST(pick(k, 3) %% 15 AS VARCHAR) AS StockCode,"
        " ([NULL, '', 'RED MUG', 'BLUE MUG', 'mug', 'M\xc3\xbcg ', 'Mu\xcc\x88g', " LAKE_LIGATURE
        ", " LAKE_FACE "])[1 + pick(k, 4) %% 9] AS Description,"
        " CAST(pick(k, 5) %% 20 AS INTEGER) - 5 AS Quantity,"
        " TIMESTAMP '2010-12-01 08:00:00' + to_days(CAST(pick(k, 6) %% 70 AS INTEGER))"
        " + to_minutes(CAST(pick(k, 7) %% 3 AS INTEGER) * 200) AS InvoiceDate,"
        " CAST(pick(k, 8) %% 120000 - 20000 AS DECIMAL(18,4)) / 1000 AS UnitPrice,"
        " CASE WHEN pick(k, 9) %% 4 = 0 THEN NULL ELSE CAST(12346 + pick(k, 10) %% 9 AS BIGINT) END"
        " AS CustomerID, ([NULL, '', 'Ada', 'Zo\xc3\xab', " LAKE_LIGATURE ", " LAKE_FACE
        "])[1 + pick(k, 11) %% 6] AS CustomerName,"
        " (['France', 'Norway', 'EIRE', '\xc3\x96sterreich'])[1 + pick(k, 12) %% 4] AS Country,"
        " CASE WHEN pick(k, 13) %% 3 = 0 THEN 'E' || CAST(pick(k, 14) %% 4 AS VARCHAR) END"
        " AS EventID FROM n),"
        " e AS (SELECT *, unhex(md5(InvoiceNo || '/' || coalesce('E:' || EventID, concat_ws('|',"
        " StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, CustomerName,"
        " Country)))) AS event_id, hash(i, %d, 15) AS turn FROM d)"
        " SELECT InvoiceNo, StockCode, Description, Quantity, InvoiceDate,"
        " CAST(UnitPrice AS DECIMAL(18,4)) AS UnitPrice, CustomerID, CustomerName, Country,"
        " EventID, event_id, CAST(NULL AS VARCHAR) AS extra, 'ingestion-topic' AS topic,"
        " CAST(hash(InvoiceNo) %% 3 AS INTEGER) AS \"partition\","
        " CAST(row_number() OVER (PARTITION BY hash(InvoiceNo) %% 3 ORDER BY turn) - 1 AS BIGINT)"
        " AS \"offset\", TIMESTAMP '2026-11-20 10:00:00' AS ingest_time,"
        " row_number() OVER (ORDER BY turn) - 1 AS place FROM e",
        distinct, lines, seed, seed, seed);
    lake_sql(f, sql);
}

/* Arrivals with a place in [first, end) become a commit of bronze. */
static inline void lake_arrive(lake_fixture *f, int first, int end, const char *date)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_delta_files *files = NULL;
    int64_t version = -1;
    char select[512];
    mr_err read_err;

    if (mr_delta_read(f->bronze, &snapshot, &read_err) != MR_OK) {
        snapshot = NULL;
    }
    (void)snprintf(
        select, sizeof(select),
        "SELECT * EXCLUDE (place), DATE '%s' AS ingest_date FROM arrivals WHERE place >= "
        "%d AND place < %d",
        date, first, end);
    const mr_delta_write write = {.schema = &mr_bronze_schema, .select = select};
    OK(mr_delta_write_rows(f->bronze, f->connection, &write, &files, &err));
    const mr_delta_commit commit = {.operation = "WRITE",
                                    .schema = snapshot == NULL ? &mr_bronze_schema : NULL,
                                    .adds = mr_delta_files_list(files),
                                    .add_count = mr_delta_files_count(files),
                                    .append_only = true,
                                    .data_change = true};
    OK(mr_delta_commit_to(f->bronze, snapshot, &commit, &version, &err));
    mr_delta_files_free(files);
    mr_delta_snapshot_free(snapshot);
}

static inline mr_run_options lake_options(lake_fixture *f)
{
    return (mr_run_options){.blobs = f->blobs, .models = f->models, .engine = fixture_engine};
}

static inline mr_run_report *lake_run(const mr_run_options *options)
{
    mr_run_report *report = NULL;

    OK(mr_medallion_run(options, &report, &err));
    return report;
}

/* Runs and wants success. */
static inline void lake_bring_up(lake_fixture *f, bool full_refresh)
{
    mr_run_options options = lake_options(f);

    options.full_refresh = full_refresh;
    mr_run_report *report = lake_run(&options);
    for (size_t i = 0; i < report->model_count; i++) {
        if (report->models[i].state == MR_MODEL_FAILED) {
            fail_msg("%s: %s", report->models[i].model->name, report->models[i].message);
        }
    }
    for (size_t i = 0; i < report->reconciliation.count; i++) {
        if (!report->reconciliation.balances[i].holds) {
            fail_msg("%s does not balance", report->reconciliation.balances[i].name);
        }
    }
    assert_true(report->ok);
    mr_run_report_free(report);
}

/* The rows of a table of `of` as they are now, as table `name` of f's connection. */
static inline void lake_read_other(lake_fixture *f, const lake_fixture *of, const char *table,
                                   const char *name)
{
    char path[mr_model_path_bytes_max];
    mr_delta_snapshot *snapshot = NULL;
    mr_buffer sql;

    mr_model_path_of(table, path);
    mr_delta_table *delta = mr_delta_table_create(of->blobs, path);
    OK(mr_delta_read(delta, &snapshot, &err));
    mr_buffer_init(&sql, 16 << 20);
    (void)mr_buffer_printf(&sql, "CREATE OR REPLACE TABLE %s AS SELECT * FROM ", name);
    OK(mr_delta_relation(delta, snapshot, NULL, 0, &sql, &err));
    (void)mr_buffer_append(&sql, "", 1);
    lake_sql(f, sql.data);
    mr_buffer_free(&sql);
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(delta);
}

static inline void lake_read_table(lake_fixture *f, const char *table, const char *name)
{
    lake_read_other(f, f, table, name);
}

/* The first rows of a query, on standard error. */
static inline void lake_show(lake_fixture *f, const char *sql)
{
    mr_olap_result *result = NULL;
    mr_buffer line;

    mr_buffer_init(&line, 65536);
    OK(mr_olap_query(f->connection, sql, true, &result, &err));
    for (int row = 0; row < 6 && mr_olap_next(result, NULL) == MR_OK; row++) {
        mr_buffer_clear(&line);
        for (size_t i = 0; i < mr_olap_column_count(result); i++) {
            (void)mr_buffer_append_string(&line, i == 0 ? "  " : " | ");
            (void)mr_olap_write_text(result, i, &line);
        }
        print_error("%.*s\n", (int)line.bytes, line.data);
    }
    mr_olap_result_free(result);
    mr_buffer_free(&line);
}

/* Both tables of the connection hold the same rows, each as often. */
static inline void lake_assert_same(lake_fixture *f, const char *what, const char *one,
                                    const char *other)
{
    char sql[1024];

    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM ((SELECT * FROM %s EXCEPT ALL SELECT * FROM %s) UNION ALL "
                   "(SELECT * FROM %s EXCEPT ALL SELECT * FROM %s)) d",
                   one, other, other, one);
    int64_t differing = lake_count(f, sql);
    if (differing != 0) {
        (void)snprintf(sql, sizeof(sql),
                       "(SELECT '-', * FROM (SELECT * FROM %s EXCEPT ALL SELECT * FROM %s)) UNION "
                       "ALL (SELECT '+', * FROM (SELECT * FROM %s EXCEPT ALL SELECT * FROM %s)) "
                       "ORDER BY 2, 1",
                       one, other, other, one);
        lake_show(f, sql);
        fail_msg("%s: %lld rows differ", what, (long long)differing);
    }
}

#endif
