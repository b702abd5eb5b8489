/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_rows.c - blocks of rows in the layout of the engine's vectors, and the table function
 * that hands them over.
 *
 * A block has room for as many rows as a vector; in it each column has its values and its validity
 * (a bit a row, 1: there is a value). Handing a block over is a copy of these, column by column.
 * Texts of more than 12 bytes lie in chunks beside, to which the values point.
 *
 * Invariants: (1) blocks and chunks do not move once made;
 *             (2) a block's validity is zero behind its last row.
 */
#include "olap/olap_rows.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "olap/olap_private.h"

enum {
    block_rows = 2048, /* of the engine's vectors, too */
    block_words = block_rows / 64,
    chunk_bytes = mr_olap_rows_text_bytes_max,
    thread_rows = 122880, /* of a row group: fewer are not worth a thread */
    threads_max = 16,
};

typedef struct block {
    size_t rows;
    char *values;       /* of all columns; column i from offsets[i] on */
    uint64_t *validity; /* block_words a column */
    uint32_t *set;      /* how many values a column has */
} block;

struct mr_olap_rows {
    const mr_olap_rows_column *columns;
    size_t column_count;
    size_t *offsets;
    size_t values_bytes; /* of a block */
    block *blocks;
    size_t block_count, block_capacity; /* in use, made */
    block *last;
    char **chunks;
    size_t chunk_count, chunk_capacity;
    size_t chunk_used; /* bytes of the last one in use */
    size_t count;
};

/* --- Room ------------------------------------------------------------------------------------- */

static size_t width_of(mr_olap_rows_type type)
{
    switch (type) {
    case MR_OLAP_ROWS_TEXT:
    case MR_OLAP_ROWS_BLOB:
        return sizeof(duckdb_string_t);
    case MR_OLAP_ROWS_INT32:
        return sizeof(int32_t);
    case MR_OLAP_ROWS_INT64:
    case MR_OLAP_ROWS_PRICE:
    case MR_OLAP_ROWS_INSTANT:
        break;
    }
    return sizeof(int64_t);
}

mr_olap_rows *mr_olap_rows_create(const mr_olap_rows_column *columns, size_t column_count)
{
    mr_olap_rows *rows = mr_alloc_zero(1, sizeof *rows);

    rows->columns = columns;
    rows->column_count = column_count;
    rows->offsets = mr_alloc(column_count * sizeof *rows->offsets);
    for (size_t i = 0; i < column_count; i++) {
        rows->offsets[i] = rows->values_bytes;
        rows->values_bytes += width_of(columns[i].type) * block_rows;
    }
    return rows;
}

void mr_olap_rows_destroy(mr_olap_rows *rows)
{
    if (rows != NULL) {
        mr_olap_rows_trim(rows);
        free(rows->offsets);
        free(rows);
    }
}

void mr_olap_rows_clear(mr_olap_rows *rows)
{
    rows->block_count = 0;
    rows->last = NULL;
    rows->chunk_count = 0;
    rows->chunk_used = chunk_bytes;
    rows->count = 0;
}

void mr_olap_rows_trim(mr_olap_rows *rows)
{
    mr_olap_rows_clear(rows);
    for (size_t i = 0; i < rows->block_capacity; i++) {
        free(rows->blocks[i].values);
        free(rows->blocks[i].validity);
        free(rows->blocks[i].set);
    }
    for (size_t i = 0; i < rows->chunk_capacity; i++) {
        free(rows->chunks[i]);
    }
    free(rows->blocks);
    free(rows->chunks);
    rows->blocks = NULL;
    rows->chunks = NULL;
    rows->block_capacity = 0;
    rows->chunk_capacity = 0;
}

static void begin_block(mr_olap_rows *rows)
{
    if (rows->block_count == rows->block_capacity) {
        rows->blocks = mr_realloc(rows->blocks, (rows->block_capacity + 1) * sizeof *rows->blocks);
        rows->blocks[rows->block_capacity++] = (block){
            .values = mr_alloc(rows->values_bytes),
            .validity = mr_alloc(rows->column_count * block_words * sizeof(uint64_t)),
            .set = mr_alloc(rows->column_count * sizeof(uint32_t)),
        };
    }
    rows->last = &rows->blocks[rows->block_count++];
    rows->last->rows = 0;
    memset(rows->last->validity, 0, rows->column_count * block_words * sizeof(uint64_t));
    memset(rows->last->set, 0, rows->column_count * sizeof(uint32_t));
}

static char *take_text_bytes(mr_olap_rows *rows, size_t bytes)
{
    MR_ASSERT(bytes <= chunk_bytes);
    if (rows->chunk_count == 0 || chunk_bytes - rows->chunk_used < bytes) {
        if (rows->chunk_count == rows->chunk_capacity) {
            rows->chunks =
                mr_realloc(rows->chunks, (rows->chunk_capacity + 1) * sizeof *rows->chunks);
            rows->chunks[rows->chunk_capacity++] = mr_alloc(chunk_bytes);
        }
        rows->chunk_count++;
        rows->chunk_used = 0;
    }
    char *place = rows->chunks[rows->chunk_count - 1] + rows->chunk_used;
    rows->chunk_used += bytes;
    return place;
}

/* --- Values ----------------------------------------------------------------------------------- */

static void *place_value(mr_olap_rows *rows, size_t column, mr_olap_rows_type type)
{
    MR_ASSERT(column < rows->column_count && rows->columns[column].type == type);
    if (rows->last == NULL || rows->last->rows == block_rows) {
        begin_block(rows);
    }
    block *at = rows->last;
    at->validity[column * block_words + at->rows / 64] |= (uint64_t)1 << (at->rows % 64);
    at->set[column]++;
    return at->values + rows->offsets[column] + at->rows * width_of(type);
}

void mr_olap_rows_put_text(mr_olap_rows *rows, size_t column, mr_text value)
{
    const mr_olap_rows_type type = rows->columns[column].type;
    duckdb_string_t string = {.value.inlined.length = (uint32_t)value.bytes};

    MR_ASSERT(type == MR_OLAP_ROWS_TEXT || type == MR_OLAP_ROWS_BLOB);
    if (value.data == NULL) {
        return;
    }
    if (value.bytes <= sizeof string.value.inlined.inlined) {
        memcpy(string.value.inlined.inlined, value.data, value.bytes);
    } else {
        string.value.pointer.ptr = take_text_bytes(rows, value.bytes);
        memcpy(string.value.pointer.ptr, value.data, value.bytes);
        memcpy(string.value.pointer.prefix, value.data, sizeof string.value.pointer.prefix);
    }
    *(duckdb_string_t *)place_value(rows, column, type) = string;
}

void mr_olap_rows_put_int32(mr_olap_rows *rows, size_t column, int32_t value)
{
    *(int32_t *)place_value(rows, column, MR_OLAP_ROWS_INT32) = value;
}

void mr_olap_rows_put_int64(mr_olap_rows *rows, size_t column, int64_t value)
{
    *(int64_t *)place_value(rows, column, MR_OLAP_ROWS_INT64) = value;
}

void mr_olap_rows_put_price(mr_olap_rows *rows, size_t column, mr_price value)
{
    *(int64_t *)place_value(rows, column, MR_OLAP_ROWS_PRICE) = value.scaled;
}

void mr_olap_rows_put_instant(mr_olap_rows *rows, size_t column, int64_t epoch_us)
{
    *(int64_t *)place_value(rows, column, MR_OLAP_ROWS_INSTANT) = epoch_us;
}

void mr_olap_rows_end_row(mr_olap_rows *rows)
{
    if (rows->last == NULL || rows->last->rows == block_rows) {
        begin_block(rows); /* a row of nothing but NULL */
    }
    rows->last->rows++;
    rows->count++;
}

size_t mr_olap_rows_count(const mr_olap_rows *rows)
{
    return rows->count;
}

size_t mr_olap_rows_bytes(const mr_olap_rows *rows)
{
    return rows->block_count *
               (rows->values_bytes + rows->column_count * block_words * sizeof(uint64_t)) +
           rows->chunk_count * chunk_bytes;
}

/* --- The table function ----------------------------------------------------------------------- */

static duckdb_logical_type make_type(mr_olap_rows_type type)
{
    static const duckdb_type ids[] = {
        [MR_OLAP_ROWS_TEXT] = DUCKDB_TYPE_VARCHAR,
        [MR_OLAP_ROWS_BLOB] = DUCKDB_TYPE_BLOB,
        [MR_OLAP_ROWS_INT32] = DUCKDB_TYPE_INTEGER,
        [MR_OLAP_ROWS_INT64] = DUCKDB_TYPE_BIGINT,
        [MR_OLAP_ROWS_INSTANT] = DUCKDB_TYPE_TIMESTAMP_TZ,
    };

    return type == MR_OLAP_ROWS_PRICE ? mr_duckdb.create_decimal_type(18, mr_price_scale)
                                      : mr_duckdb.create_logical_type(ids[type]);
}

static void bind(duckdb_bind_info info)
{
    const mr_olap_rows *rows = mr_duckdb.bind_get_extra_info(info);

    for (size_t i = 0; i < rows->column_count; i++) {
        duckdb_logical_type type = make_type(rows->columns[i].type);
        mr_duckdb.bind_add_result_column(info, rows->columns[i].name, type);
        mr_duckdb.destroy_logical_type(&type);
    }
    mr_duckdb.bind_set_cardinality(info, rows->count, true);
}

static void begin_scan(duckdb_init_info info)
{
    const mr_olap_rows *rows = mr_duckdb.init_get_extra_info(info);
    size_t threads = rows->count / thread_rows + 1;
    atomic_size_t *next = mr_alloc(sizeof *next);

    atomic_init(next, 0);
    mr_duckdb.init_set_init_data(info, next, free);
    mr_duckdb.init_set_max_threads(info, threads < threads_max ? threads : threads_max);
}

static void hand_column_over(const mr_olap_rows *rows, const block *from, size_t column,
                             duckdb_data_chunk output)
{
    duckdb_vector vector = mr_duckdb.data_chunk_get_vector(output, column);

    memcpy(mr_duckdb.vector_get_data(vector), from->values + rows->offsets[column],
           from->rows * width_of(rows->columns[column].type));
    if (from->set[column] < from->rows) {
        mr_duckdb.vector_ensure_validity_writable(vector);
        memcpy(mr_duckdb.vector_get_validity(vector), from->validity + column * block_words,
               (from->rows + 63) / 64 * sizeof(uint64_t));
    }
}

/* From any of the engine's threads, for one block each. */
static void scan(duckdb_function_info info, duckdb_data_chunk output)
{
    const mr_olap_rows *rows = mr_duckdb.function_get_extra_info(info);
    atomic_size_t *next = mr_duckdb.function_get_init_data(info);
    size_t index = atomic_fetch_add(next, 1);

    if (index >= rows->block_count) {
        mr_duckdb.data_chunk_set_size(output, 0);
        return;
    }
    const block *from = &rows->blocks[index];
    for (size_t i = 0; i < rows->column_count; i++) {
        hand_column_over(rows, from, i, output);
    }
    mr_duckdb.data_chunk_set_size(output, from->rows);
}

mr_status mr_olap_rows_show(mr_olap_rows *rows, mr_olap_connection *connection, const char *name,
                            mr_err *err)
{
    duckdb_table_function function = mr_duckdb.create_table_function();

    MR_ASSERT(mr_duckdb.vector_size() == block_rows);
    mr_duckdb.table_function_set_name(function, name);
    mr_duckdb.table_function_set_extra_info(function, rows, NULL);
    mr_duckdb.table_function_set_bind(function, bind);
    mr_duckdb.table_function_set_init(function, begin_scan);
    mr_duckdb.table_function_set_function(function, scan);
    const duckdb_state state = mr_duckdb.register_table_function(connection->handle, function);
    mr_duckdb.destroy_table_function(&function);
    return state == DuckDBSuccess ? MR_OK
                                  : mr_fail(err, MR_INVALID, "rows cannot be shown as %s", name);
}
