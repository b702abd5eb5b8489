/* SPDX-License-Identifier: Apache-2.0 */
/* stream/bronze_fixture.h - a bronze sink on the fixture's folder, and ways to look at its table.
 */
#ifndef MR_TESTS_STREAM_BRONZE_FIXTURE_H
#define MR_TESTS_STREAM_BRONZE_FIXTURE_H

#include "stream/fixture.h"

#include "lake/delta_sql.h"

static inline mr_sink_options bronze_sink_options(const fixture *f)
{
    mr_sink_options options = sink_options(f);

    options.bronze.lake = (mr_blobs_options){.url = "file:", .data_folder = f->folder};
    return options;
}

static inline mr_sink *open_bronze_with(const mr_sink_options *options)
{
    mr_sink *sink = NULL;

    must(mr_sink_bronze_open(options, &sink, err));
    return sink;
}

static inline mr_sink *open_bronze(const fixture *f)
{
    mr_sink_options options = bronze_sink_options(f);

    return open_bronze_with(&options);
}

static inline mr_sink_counts flush(mr_sink *sink)
{
    mr_sink_counts counts = {0};

    must(mr_sink_flush(sink, &counts, err));
    return counts;
}

/* --- Looking at the table --------------------------------------------------------------------- */

typedef struct lake_view {
    mr_blobs *blobs;
    mr_delta_table *table;
    mr_delta_snapshot *snapshot; /* NULL: there is no table */
    mr_olap *olap;
    mr_olap_connection *connection;
} lake_view;

static inline lake_view open_view(const fixture *f)
{
    mr_blobs_options blobs = {.url = "file:", .data_folder = f->folder};
    mr_olap_options olap = {.threads = 1, .preserve_order = true};
    lake_view view = {.snapshot = NULL};
    mr_err refusal;

    must(mr_blobs_open(&blobs, &view.blobs, err));
    view.table = mr_delta_table_create(view.blobs, "bronze/sales_events");
    mr_status status = mr_delta_read(view.table, &view.snapshot, &refusal);
    assert_true(status == MR_OK || status == MR_NOT_FOUND);
    must(mr_olap_open(&olap, &view.olap, err));
    must(mr_olap_connect(view.olap, &view.connection, err));
    return view;
}

static inline void close_view(lake_view *view)
{
    mr_delta_snapshot_free(view->snapshot);
    mr_delta_table_destroy(view->table);
    mr_blobs_close(view->blobs);
    mr_olap_disconnect(view->connection);
    mr_olap_close(view->olap);
}

/* The rows of "SELECT <what> FROM bronze ORDER BY "partition", "offset"", a line each, columns
 * apart by '|', "-" for null; to be freed. */
static inline char *select_bronze(const fixture *f, const char *what)
{
    lake_view view = open_view(f);
    mr_buffer sql = {.bytes_max = 1 << 20};
    mr_buffer out = {.bytes_max = 1 << 20};
    mr_olap_result *result = NULL;
    mr_err end;

    assert_non_null(view.snapshot);
    assert_true(mr_buffer_printf(&sql, "SELECT %s FROM ", what));
    must(mr_delta_relation(view.table, view.snapshot, NULL, 0, &sql, err));
    assert_true(mr_buffer_append(&sql, " ORDER BY \"partition\", \"offset\"", 32));
    must(mr_olap_query(view.connection, sql.data, true, &result, err));
    while (mr_olap_next(result, &end) == MR_OK) {
        for (size_t column = 0; column < mr_olap_column_count(result); column++) {
            assert_true(mr_buffer_append_string(&out, column > 0 ? "|" : ""));
            if (mr_olap_is_null(result, column)) {
                assert_true(mr_buffer_append_string(&out, "-"));
            }
            assert_true(mr_olap_write_text(result, column, &out));
        }
        assert_true(mr_buffer_append_string(&out, "\n"));
    }
    assert_int_equal(end.status, MR_NOT_FOUND);
    assert_true(mr_buffer_append(&out, "", 1));
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
    close_view(&view);
    return out.data;
}

static inline void expect_bronze(const fixture *f, const char *what, const char *lines)
{
    char *found = select_bronze(f, what);

    assert_string_equal(found, lines);
    free(found);
}

static inline size_t count_bronze(const fixture *f)
{
    lake_view view = open_view(f);
    int64_t rows = view.snapshot == NULL ? 0 : mr_delta_rows(view.snapshot);

    assert_true(rows >= 0); /* every file says how many it has */
    close_view(&view);
    return (size_t)rows;
}

static inline size_t count_bronze_files(const fixture *f)
{
    lake_view view = open_view(f);
    size_t files = view.snapshot == NULL ? 0 : mr_delta_file_count(view.snapshot);

    close_view(&view);
    return files;
}

/* The tags' sums, added up; each file must have one. */
static inline __int128 sum_of_tags(const fixture *f)
{
    static const char head[] = "\"millrace.sum\":\"";
    lake_view view = open_view(f);
    __int128 sum = 0;

    for (size_t i = 0; view.snapshot != NULL && i < mr_delta_file_count(view.snapshot); i++) {
        const mr_delta_file *file = mr_delta_file_at(view.snapshot, i);
        mr_amount amount;
        assert_non_null(file->tags);
        const char *at = strstr(file->tags, head);
        assert_non_null(at);
        at += sizeof(head) - 1;
        assert_true(mr_amount_parse((mr_text){at, strcspn(at, "\"")}, &amount));
        sum += amount.scaled;
    }
    close_view(&view);
    return sum;
}

/* --- Messages made by hand -------------------------------------------------------------------- */

/* "%d" in it becomes the quantity. */
static const char event_json[] =
    "{\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\",\"Quantity\":%d,\"InvoiceDate\":"
    "\"01/12/2010 08:26\",\"UnitPrice\":2.5501,\"CustomerID\":17850,\"Country\":\"United "
    "Kingdom\"}";

typedef struct handmade {
    char text[512];
    mr_bus_message message;
} handmade;

static inline void make_message(handmade *made, int32_t partition, int64_t offset,
                                int64_t append_ms, int quantity)
{
    int length = snprintf(made->text, sizeof(made->text), event_json, quantity);

    made->message = (mr_bus_message){.partition = partition,
                                     .offset = offset,
                                     .append_ms = append_ms,
                                     .value = {made->text, (size_t)length}};
}

static inline void deliver_one(mr_sink *sink, int32_t partition, int64_t offset, int64_t append_ms,
                               int quantity)
{
    handmade made;
    mr_sink_counts counts = {0};

    make_message(&made, partition, offset, append_ms, quantity);
    must(mr_sink_deliver(sink, &made.message, 1, &counts, err));
}

#endif
