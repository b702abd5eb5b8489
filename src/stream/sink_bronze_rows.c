/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_rows.c - events as rows in the layout of the engine, and the file made of
 * them.
 *
 * Owns:       the engine and the connection to it. Of the runner's thread.
 * Invariants: (1) all rows are of one day, and their sum is kept while they are added;
 *             (2) what is the same in all rows (topic, day) is not stored with each.
 */
#include "stream/sink_bronze_rows.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/file.h"
#include "olap/olap_rows.h"
#include "stream/sink_bronze_table.h"

enum {
    rows_memory_bytes_max = 268435456,
    select_bytes_max = 4096,
    day_ms = 86400000,
};

static const uint64_t file_bytes_max = (uint64_t)1 << 40; /* one file, whatever its size */

enum {
    column_invoice_no,
    column_stock_code,
    column_description,
    column_quantity,
    column_invoice_date,
    column_unit_price,
    column_customer_id,
    column_customer_name,
    column_country,
    column_event_key,
    column_event_id,
    column_extra,
    column_partition,
    column_offset,
    column_ingest_time,
};

static const mr_olap_rows_column columns[] = {
    [column_invoice_no] = {"InvoiceNo", MR_OLAP_ROWS_TEXT},
    [column_stock_code] = {"StockCode", MR_OLAP_ROWS_TEXT},
    [column_description] = {"Description", MR_OLAP_ROWS_TEXT},
    [column_quantity] = {"Quantity", MR_OLAP_ROWS_INT32},
    [column_invoice_date] = {"InvoiceDate", MR_OLAP_ROWS_INSTANT},
    [column_unit_price] = {"UnitPrice", MR_OLAP_ROWS_PRICE},
    [column_customer_id] = {"CustomerID", MR_OLAP_ROWS_INT64},
    [column_customer_name] = {"CustomerName", MR_OLAP_ROWS_TEXT},
    [column_country] = {"Country", MR_OLAP_ROWS_TEXT},
    [column_event_key] = {"EventID", MR_OLAP_ROWS_TEXT},
    [column_event_id] = {"event_id", MR_OLAP_ROWS_BLOB},
    [column_extra] = {"extra", MR_OLAP_ROWS_TEXT},
    [column_partition] = {"partition", MR_OLAP_ROWS_INT32},
    [column_offset] = {"offset", MR_OLAP_ROWS_INT64},
    [column_ingest_time] = {"ingest_time", MR_OLAP_ROWS_INSTANT},
};

static const char select_head[] =
    "SELECT InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, "
    "CustomerName, Country, \"EventID\", event_id, extra, ";

struct mr_bronze_rows {
    const mr_bronze_options *options;
    const char *topic;
    char *temp_folder;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_olap_rows *values;
    int64_t day;
    mr_amount sum;
};

static void close_engine(mr_bronze_rows *rows)
{
    mr_olap_disconnect(rows->connection);
    mr_olap_close(rows->olap);
    rows->connection = NULL;
    rows->olap = NULL;
}

mr_bronze_rows *mr_bronze_rows_create(const mr_bronze_options *options, const char *topic)
{
    mr_bronze_rows *rows = mr_alloc_zero(1, sizeof(*rows));

    rows->options = options;
    rows->topic = topic;
    rows->values = mr_olap_rows_create(columns, sizeof(columns) / sizeof(columns[0]));
    rows->temp_folder = mr_path_join(options->lake.data_folder, "tmp/bronze");
    return rows;
}

void mr_bronze_rows_destroy(mr_bronze_rows *rows)
{
    if (rows != NULL) {
        mr_bronze_rows_release(rows);
        mr_olap_rows_destroy(rows->values);
        free(rows->temp_folder);
        free(rows);
    }
}

size_t mr_bronze_rows_count(const mr_bronze_rows *rows)
{
    return mr_olap_rows_count(rows->values);
}

bool mr_bronze_rows_full(const mr_bronze_rows *rows)
{
    return mr_olap_rows_count(rows->values) >= mr_bronze_rows_max ||
           mr_olap_rows_bytes(rows->values) >= mr_bronze_bytes_max;
}

static int64_t day_of(const mr_bus_message *message)
{
    int64_t day = message->append_ms / day_ms;

    return day * day_ms > message->append_ms ? day - 1 : day;
}

bool mr_bronze_rows_fit(const mr_bronze_rows *rows, const mr_bus_message *message)
{
    return mr_bronze_rows_count(rows) == 0 || day_of(message) == rows->day;
}

bool mr_bronze_rows_engine_is_open(const mr_bronze_rows *rows)
{
    return rows->olap != NULL;
}

mr_amount mr_bronze_rows_sum(const mr_bronze_rows *rows)
{
    return rows->sum;
}

/* --- Adding ----------------------------------------------------------------------------------- */

static void put_event(mr_olap_rows *to, const mr_event *event)
{
    mr_olap_rows_put_text(to, column_invoice_no, event->invoice_no);
    mr_olap_rows_put_text(to, column_stock_code, event->stock_code);
    mr_olap_rows_put_text(to, column_description, event->description);
    mr_olap_rows_put_int32(to, column_quantity, event->quantity);
    mr_olap_rows_put_instant(to, column_invoice_date, event->invoice_date.seconds * 1000000);
    mr_olap_rows_put_price(to, column_unit_price, event->unit_price);
    if (event->has_customer) {
        mr_olap_rows_put_int64(to, column_customer_id, event->customer_id);
    }
    mr_olap_rows_put_text(to, column_customer_name, event->customer_name);
    mr_olap_rows_put_text(to, column_country, event->country);
    mr_olap_rows_put_text(to, column_event_key, event->event_key);
    mr_olap_rows_put_text(to, column_event_id,
                          (mr_text){(const char *)event->id.bytes, sizeof(event->id.bytes)});
    mr_olap_rows_put_text(to, column_extra, event->extra);
}

void mr_bronze_rows_add(mr_bronze_rows *rows, const mr_event *event, const mr_bus_message *message)
{
    MR_ASSERT(mr_bronze_rows_fit(rows, message));
    put_event(rows->values, event);
    mr_olap_rows_put_int32(rows->values, column_partition, message->partition);
    mr_olap_rows_put_int64(rows->values, column_offset, message->offset);
    mr_olap_rows_put_instant(rows->values, column_ingest_time, message->append_ms * 1000);
    mr_olap_rows_end_row(rows->values);
    rows->day = day_of(message);
    rows->sum = mr_amount_add(rows->sum, mr_amount_of(event->quantity, event->unit_price));
}

/* --- Writing ---------------------------------------------------------------------------------- */

static mr_status open_engine(mr_bronze_rows *rows, mr_err *err)
{
    uint64_t memory = rows->options->memory_bytes_max;
    mr_olap_options options = {
        .memory_bytes_max =
            memory > 0 && memory < rows_memory_bytes_max ? memory : rows_memory_bytes_max,
        .threads = 1, /* two cost a fifth more in all, and the other sinks want one, too */
        .temp_folder = rows->temp_folder,
    };
    mr_status status = MR_OK;

    if (rows->connection != NULL) {
        return MR_OK;
    }
    close_engine(rows); /* one that was opened halfway */
    status = mr_olap_open(&options, &rows->olap, err);
    if (status == MR_OK) {
        status = mr_olap_connect(rows->olap, &rows->connection, err);
    }
    if (status == MR_OK) {
        status = mr_olap_rows_show(rows->values, rows->connection, "gathered", err);
    }
    return status;
}

static void write_select(const mr_bronze_rows *rows, const char *day, mr_buffer *out)
{
    MR_ASSERT(mr_buffer_append_string(out, select_head) &&
              mr_olap_quote_text(out, mr_text_of(rows->topic)) &&
              mr_buffer_printf(out,
                               " AS topic, \"partition\", \"offset\", ingest_time, DATE '%s' AS "
                               "ingest_date FROM gathered()",
                               day) &&
              mr_buffer_append(out, "", 1));
}

mr_status mr_bronze_rows_write(mr_bronze_rows *rows, mr_delta_table *table,
                               mr_delta_files **ret_files, mr_err *err)
{
    char instant[mr_civil_text_bytes_max];
    char day[sizeof("yyyy-mm-dd")];
    const char *const partition[mr_delta_partitions_max] = {day};
    mr_buffer select;
    mr_delta_write write = {.schema = &mr_bronze_schema,
                            .file_bytes_target = file_bytes_max,
                            .partition_values = partition};
    mr_status status = open_engine(rows, err);

    MR_ASSERT(mr_bronze_rows_count(rows) > 0);
    if (status != MR_OK) {
        return status;
    }
    (void)mr_instant_format(rows->day * day_ms, instant); /* yyyy-mm-ddT... */
    (void)snprintf(day, sizeof(day), "%.10s", instant);
    mr_buffer_init(&select, select_bytes_max);
    write_select(rows, day, &select);
    write.select = select.data;
    status = mr_delta_write_rows(table, rows->connection, &write, ret_files, err);
    mr_buffer_free(&select);
    return status;
}

/* --- Forgetting ------------------------------------------------------------------------------- */

void mr_bronze_rows_clear(mr_bronze_rows *rows)
{
    mr_olap_rows_clear(rows->values);
    rows->sum = (mr_amount){0};
}

void mr_bronze_rows_release(mr_bronze_rows *rows)
{
    bool was_open = rows->olap != NULL;

    mr_bronze_rows_clear(rows);
    close_engine(rows); /* it may look at the rows until then */
    mr_olap_rows_trim(rows->values);
    if (was_open) {
        (void)malloc_trim(0); /* what the engine had goes back to the system */
    }
}
