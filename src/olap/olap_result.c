/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_result.c - the rows of a query, a chunk of the engine's at a time.
 *
 * Owns:       the engine's result, the chunk at hand, what is known of each column.
 * Invariants: (1) between two calls of mr_olap_next exactly one chunk is at hand, or none;
 *             (2) the statement is under way until the engine says that there are no more rows.
 * States:     before the first row -> rows -> ended, each step by mr_olap_next.
 */
#include <stdlib.h>

#include "olap/olap_private.h"

enum { type_bytes_max = 65536 };

static void fill_column(mr_olap_result *result, size_t index)
{
    mr_olap_column *column = &result->columns[index];

    column->name = mr_duckdb.column_name(&result->result, index);
    column->type = mr_duckdb.column_logical_type(&result->result, index);
    column->id = mr_duckdb.get_type_id(column->type);
    column->storage = mr_olap_storage(column->type);
    column->scale =
        column->id == DUCKDB_TYPE_DECIMAL ? mr_duckdb.decimal_scale(column->type) : (uint8_t)0;
}

static mr_status name_type(mr_olap_column *column, mr_err *err)
{
    mr_buffer text;
    mr_status status = MR_OK;

    mr_buffer_init(&text, type_bytes_max);
    if (mr_olap_write_type(column->type, &text) && mr_buffer_append(&text, "", 1)) {
        column->type_text = mr_copy_string(text.data);
    } else {
        status = mr_fail(err, MR_UNSUPPORTED,
                         "column %s has a type that cannot be read here: cast it to VARCHAR",
                         column->name);
    }
    mr_buffer_free(&text);
    return status;
}

mr_status mr_olap_result_create(mr_olap_connection *connection, uint64_t statement,
                                duckdb_prepared_statement prepared, duckdb_result *result,
                                mr_olap_result **ret_result, mr_err *err)
{
    mr_olap_result *made = mr_alloc_zero(1, sizeof *made);
    mr_status status = MR_OK;

    made->connection = connection;
    made->statement = statement;
    made->prepared = prepared;
    made->result = *result;
    made->column_count = mr_duckdb.column_count(&made->result);
    made->columns = mr_alloc_zero(made->column_count, sizeof *made->columns);
    for (size_t index = 0; index < made->column_count; index++) {
        fill_column(made, index);
        status = status == MR_OK ? name_type(&made->columns[index], err) : status;
    }
    if (status != MR_OK) {
        mr_olap_result_free(made);
        return status;
    }
    *ret_result = made;
    return MR_OK;
}

void mr_olap_result_free(mr_olap_result *result)
{
    if (result == NULL) {
        return;
    }
    if (result->chunk != NULL) {
        mr_duckdb.destroy_data_chunk(&result->chunk);
    }
    mr_duckdb.destroy_result(&result->result);
    mr_duckdb.destroy_prepare(&result->prepared);
    mr_olap_end(result->connection, result->statement);
    for (size_t index = 0; index < result->column_count; index++) {
        mr_duckdb.destroy_logical_type(&result->columns[index].type);
        free(result->columns[index].type_text);
    }
    free(result->columns);
    free(result);
}

size_t mr_olap_column_count(const mr_olap_result *result)
{
    return result->column_count;
}

static const mr_olap_column *column_at(const mr_olap_result *result, size_t column)
{
    MR_ASSERT(column < result->column_count);
    return &result->columns[column];
}

const char *mr_olap_column_name(const mr_olap_result *result, size_t column)
{
    return column_at(result, column)->name;
}

const char *mr_olap_column_type(const mr_olap_result *result, size_t column)
{
    return column_at(result, column)->type_text;
}

static void look_at_chunk(mr_olap_result *result)
{
    for (size_t index = 0; index < result->column_count; index++) {
        mr_olap_column *column = &result->columns[index];

        column->vector = mr_duckdb.data_chunk_get_vector(result->chunk, index);
        column->data = mr_duckdb.vector_get_data(column->vector);
        column->validity = mr_duckdb.vector_get_validity(column->vector);
    }
}

/* Why there is no next chunk: the end, or a failure. */
static mr_status end_rows(mr_olap_result *result, mr_err *err)
{
    const char *message = mr_duckdb.result_error(&result->result);
    const duckdb_error_type type = mr_duckdb.result_error_type(&result->result);
    mr_status status = MR_NOT_FOUND;

    result->ended = true;
    if (message != NULL && message[0] != '\0') {
        status = mr_olap_fail_statement(result->connection, result->prepared, type, message, err);
    }
    mr_olap_end(result->connection, result->statement);
    return status;
}

static mr_status next_chunk(mr_olap_result *result, mr_err *err)
{
    if (result->chunk != NULL) {
        mr_duckdb.destroy_data_chunk(&result->chunk);
    }
    result->row_count = 0;
    if (!mr_olap_is_current(result->connection, result->statement)) {
        result->ended = true;
        return mr_fail(err, MR_INVALID,
                       "the rows of a query end where its connection begins another statement");
    }
    const mr_status stopped = mr_olap_fail_stopped(result->connection, err);
    if (stopped != MR_OK) {
        result->ended = true;
        mr_olap_end(result->connection, result->statement);
        return stopped;
    }
    result->chunk = mr_duckdb.fetch_chunk(result->result);
    if (result->chunk == NULL) {
        return end_rows(result, err);
    }
    result->row = 0;
    result->row_count = mr_duckdb.data_chunk_get_size(result->chunk);
    look_at_chunk(result);
    return MR_OK;
}

mr_status mr_olap_next(mr_olap_result *result, mr_err *err)
{
    if (result->chunk != NULL && result->row + 1 < result->row_count) {
        result->row++;
        return MR_OK;
    }
    mr_status status = result->ended ? MR_NOT_FOUND : MR_OK;
    while (status == MR_OK) {
        status = next_chunk(result, err);
        if (status == MR_OK && result->row_count > 0) {
            return MR_OK;
        }
    }
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_NOT_FOUND, "the query has no more rows");
    }
    return status;
}

static const mr_olap_column *value_of(const mr_olap_result *result, size_t column)
{
    MR_ASSERT(result->chunk != NULL && result->row < result->row_count);
    return column_at(result, column);
}

bool mr_olap_is_null(const mr_olap_result *result, size_t column)
{
    const uint64_t *validity = value_of(result, column)->validity;

    return validity != NULL && (validity[result->row / 64] >> (result->row % 64) & 1) == 0;
}

int64_t mr_olap_int64(const mr_olap_result *result, size_t column)
{
    const mr_olap_column *at = value_of(result, column);

    MR_ASSERT(at->id >= DUCKDB_TYPE_BOOLEAN && at->id <= DUCKDB_TYPE_UBIGINT);
    const __int128 value = mr_olap_load_integer(at->data, result->row, at->storage);
    MR_ASSERT(value <= INT64_MAX);
    return (int64_t)value;
}

mr_amount mr_olap_amount(const mr_olap_result *result, size_t column)
{
    const mr_olap_column *at = value_of(result, column);
    __int128 value = mr_olap_load_integer(at->data, result->row, at->storage);

    MR_ASSERT(at->scale <= mr_price_scale);
    for (int place = at->scale; place < mr_price_scale; place++) {
        MR_ASSERT(!__builtin_mul_overflow(value, (__int128)10, &value));
    }
    return (mr_amount){value};
}

mr_text mr_olap_text(const mr_olap_result *result, size_t column)
{
    const mr_olap_column *at = value_of(result, column);

    MR_ASSERT(at->id == DUCKDB_TYPE_VARCHAR || at->id == DUCKDB_TYPE_BLOB);
    if (mr_olap_is_null(result, column)) {
        return MR_TEXT_ABSENT;
    }
    const duckdb_string_t *string = (const duckdb_string_t *)at->data + result->row;
    const uint32_t bytes = string->value.inlined.length;
    return (mr_text){bytes <= sizeof string->value.inlined.inlined ? string->value.inlined.inlined
                                                                   : string->value.pointer.ptr,
                     bytes};
}

bool mr_olap_write_text(const mr_olap_result *result, size_t column, mr_buffer *out)
{
    const mr_olap_column *at = value_of(result, column);

    if (mr_olap_is_null(result, column)) {
        return true;
    }
    return mr_olap_write_value(at->type, at->vector, result->row, out);
}
