/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_shop.h - a gold table of made-up lines in a folder of its own, for the tests of the
 * dashboard's engine.
 *
 * open_shop and close_shop are cmocka's set-up and tear-down: *state is the shop.
 */
#ifndef MR_TESTS_QUERY_SALES_SHOP_H
#define MR_TESTS_QUERY_SALES_SHOP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "cli/data_folder.h"
#include "lake/delta_sql.h"
#include "query/sales.h"

enum { sql_bytes_max = 1 << 20, first_day = 14900, days = 140 };

static const char made_up[] =
    "SELECT CAST(unhex(md5(CAST(i AS VARCHAR))) AS BLOB) AS event_id,"
    " (CASE WHEN hash(i // 5, 1) %% 9 = 0 THEN 'C' ELSE '' END) || CAST(1000 + i // 5 AS VARCHAR)"
    "   AS InvoiceNo,"
    " 'P' || CAST(hash(i, 2) %% 40 AS VARCHAR) AS StockCode,"
    " CAST(NULL AS VARCHAR) AS Description,"
    " CASE WHEN hash(i // 5, 3) %% 6 = 0 THEN NULL ELSE CAST(hash(i // 5, 4) %% 60 AS BIGINT) END"
    "   AS CustomerID,"
    " CAST(NULL AS VARCHAR) AS CustomerName,"
    " CASE WHEN hash(i, 5) %% 40 = 0 THEN '' ELSE 'Land ' || CAST(hash(i // 5, 6) %% 7 AS VARCHAR) "
    "END"
    "   AS Country,"
    " CAST(CASE WHEN hash(i // 5, 1) %% 9 = 0 THEN -1 ELSE 1 END * (hash(i, 7) %% 30) AS INTEGER)"
    "   AS Quantity,"
    " CAST(hash(i, 8) %% 1000000 AS DECIMAL(18, 4)) / 10000 AS UnitPrice,"
    " TIMESTAMP '2010-10-18' + INTERVAL (hash(i // 5, 9) %% (140 * 1440)) MINUTE"
    "   + INTERVAL (hash(i, 10) %% 3 * 400) MINUTE AS InvoiceDate"
    " FROM range(%d, %d) r(i)";

static const mr_delta_field fields[] = {
    {.name = "event_id", .type = "binary"},         {.name = "InvoiceNo", .type = "string"},
    {.name = "StockCode", .type = "string"},        {.name = "Description", .type = "string"},
    {.name = "CustomerID", .type = "long"},         {.name = "CustomerName", .type = "string"},
    {.name = "Country", .type = "string"},          {.name = "Quantity", .type = "integer"},
    {.name = "UnitPrice", .type = "decimal(18,4)"}, {.name = "Amount", .type = "decimal(28,4)"},
    {.name = "InvoiceDate", .type = "timestamp"},   {.name = "InvoiceMonth", .type = "integer"},
};
static const mr_delta_schema schema = {.fields = fields,
                                       .field_count = sizeof fields / sizeof fields[0],
                                       .partition_columns = {"InvoiceMonth"}};

typedef struct shop {
    fixture *folder;
    mr_blobs *blobs;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_delta_table *table;
} shop;

static inline void run(shop *s, const char *sql)
{
    mr_err err;

    if (mr_olap_run(s->connection, sql, &err) != MR_OK) {
        fail_msg("%s\n%s", err.message, sql);
    }
}

/* Commits the rows [from, to) to the table; replacing: in the place of all there are. */
static inline void commit(shop *s, int from, int to, bool replacing)
{
    mr_delta_write write = {.schema = &schema};
    mr_delta_commit entry = {.operation = "WRITE", .append_only = !replacing, .data_change = true};
    mr_delta_snapshot *base = NULL;
    mr_delta_files *files = NULL;
    mr_delta_file *gone = NULL;
    char inner[4096], select[8192];
    int64_t version;
    mr_err err;

    (void)snprintf(inner, sizeof inner, made_up, from, to);
    (void)snprintf(select, sizeof select,
                   "SELECT event_id, InvoiceNo, StockCode, Description, CustomerID, CustomerName,"
                   " Country, Quantity, CAST(UnitPrice AS DECIMAL(18,4)) AS UnitPrice,"
                   " CAST(Quantity * CAST(UnitPrice AS DECIMAL(18,4)) AS DECIMAL(28,4)) AS Amount,"
                   " InvoiceDate,"
                   " CAST(year(InvoiceDate) * 100 + month(InvoiceDate) AS INTEGER) AS InvoiceMonth"
                   " FROM (%s)",
                   inner);
    write.select = select;
    if (mr_delta_read(s->table, &base, &err) == MR_NOT_FOUND) {
        entry.schema = &schema;
    }
    if (mr_delta_write_rows(s->table, s->connection, &write, &files, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    entry.adds = mr_delta_files_list(files);
    entry.add_count = mr_delta_files_count(files);
    if (replacing) {
        entry.remove_count = mr_delta_file_count(base);
        gone = mr_alloc_zero(entry.remove_count + 1, sizeof *gone);
        for (size_t index = 0; index < entry.remove_count; index++) {
            gone[index] = *mr_delta_file_at(base, index);
        }
        entry.removes = gone;
    }
    if (mr_delta_commit_to(s->table, base, &entry, &version, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    free(gone);
    mr_delta_files_free(files);
    mr_delta_snapshot_free(base);
}

/* Makes the table's newest version what SQL sees as f. */
static inline void bind(shop *s)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_buffer sql;

    assert_int_equal(mr_delta_read(s->table, &snapshot, NULL), MR_OK);
    mr_buffer_init(&sql, sql_bytes_max);
    (void)mr_buffer_append_string(&sql, "CREATE OR REPLACE TABLE f AS SELECT * FROM ");
    assert_int_equal(mr_delta_relation(s->table, snapshot, NULL, 0, &sql, NULL), MR_OK);
    (void)mr_buffer_append(&sql, "", 1);
    run(s, sql.data);
    mr_buffer_free(&sql);
    mr_delta_snapshot_free(snapshot);
}

static inline int open_shop(void **state)
{
    const mr_olap_options engine = {.threads = 1};
    shop *s = mr_alloc_zero(1, sizeof *s);
    void *folder = NULL;

    if (set_up(&folder) != 0) {
        return 1;
    }
    s->folder = folder;
    const mr_blobs_options blobs = {.url = "file:", .data_folder = s->folder->folder};
    assert_int_equal(mr_blobs_open(&blobs, &s->blobs, NULL), MR_OK);
    assert_int_equal(mr_olap_open(&engine, &s->olap, NULL), MR_OK);
    assert_int_equal(mr_olap_connect(s->olap, &s->connection, NULL), MR_OK);
    s->table = mr_delta_table_create(s->blobs, "gold/fact_sales");
    *state = s;
    return 0;
}

static inline int close_shop(void **state)
{
    shop *s = *state;
    void *folder = s->folder;

    mr_delta_table_destroy(s->table);
    mr_olap_disconnect(s->connection);
    mr_olap_close(s->olap);
    mr_blobs_close(s->blobs);
    free(s);
    return tear_down(&folder);
}

static inline mr_sales_lake *open_lake(const shop *s, size_t bytes_max)
{
    const mr_sales_lake_options options = {
        .lake = {.url = "file:", .data_folder = s->folder->folder},
        .data_folder = s->folder->folder,
        .bytes_max = bytes_max,
        .engine = {.threads = 1}};
    mr_sales_lake *lake = NULL;
    mr_err err;

    if (mr_sales_lake_open(&options, &lake, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return lake;
}

static inline mr_sales_set *refresh(mr_sales_lake *lake, const mr_sales_set *before)
{
    mr_sales_set *set = NULL;
    mr_err err;

    if (mr_sales_lake_refresh(lake, before, &set, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return set;
}

#endif
