/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_appender.c - rows in bulk, written straight into the engine's vectors.
 *
 * A chunk of vectors is filled row by row and handed over when full; the engine gathers chunks and
 * stores them when it has enough of them, or at a flush. Nothing is allocated for a row: longer
 * texts go to the vector's own heap.
 * Invariant: the row at hand counts only from mr_olap_appender_end_row on; a value that does not
 *            fit its column is remembered until then.
 */
#include <stdlib.h>

#include "olap/olap_private.h"

typedef struct slot {
    duckdb_vector vector;
    void *data;
    uint64_t *validity;
    duckdb_type id, storage;
    uint8_t scale;   /* of a DECIMAL */
    __int128 limit;  /* of a DECIMAL: the first integer that it is too narrow for */
    size_t rows_set; /* the row it was last set for, counted from 1 */
} slot;

struct mr_olap_appender {
    mr_olap_connection *connection;
    duckdb_appender handle;
    duckdb_data_chunk chunk;
    size_t row, row_count_max;
    size_t column_count;
    slot *slots;
    const char *misfit; /* why the row at hand cannot be taken; NULL: it can */
    size_t misfit_column;
    bool failed; /* the engine takes no more */
};

static __int128 power_of_ten(uint8_t digits)
{
    __int128 power = 1;

    for (int digit = 0; digit < digits; digit++) {
        power *= 10;
    }
    return power;
}

static void point_at_vectors(mr_olap_appender *appender)
{
    for (size_t index = 0; index < appender->column_count; index++) {
        slot *at = &appender->slots[index];

        at->vector = mr_duckdb.data_chunk_get_vector(appender->chunk, index);
        mr_duckdb.vector_ensure_validity_writable(at->vector);
        at->data = mr_duckdb.vector_get_data(at->vector);
        at->validity = mr_duckdb.vector_get_validity(at->vector);
        at->rows_set = 0;
    }
    appender->row = 0;
}

static void make_slots(mr_olap_appender *appender)
{
    const size_t count = mr_duckdb.appender_column_count(appender->handle);
    duckdb_logical_type *types = mr_alloc_zero(count, sizeof *types);

    appender->column_count = count;
    appender->slots = mr_alloc_zero(count, sizeof *appender->slots);
    for (size_t index = 0; index < count; index++) {
        slot *at = &appender->slots[index];

        types[index] = mr_duckdb.appender_column_type(appender->handle, index);
        at->id = mr_duckdb.get_type_id(types[index]);
        at->storage = mr_olap_storage(types[index]);
        if (at->id == DUCKDB_TYPE_DECIMAL) {
            at->limit = power_of_ten(mr_duckdb.decimal_width(types[index]));
            at->scale = mr_duckdb.decimal_scale(types[index]);
        }
    }
    appender->chunk = mr_duckdb.create_data_chunk(types, count);
    for (size_t index = 0; index < count; index++) {
        mr_duckdb.destroy_logical_type(&types[index]);
    }
    free(types);
    point_at_vectors(appender);
}

static mr_status fail_by_engine(mr_olap_appender *appender, mr_err *err)
{
    duckdb_error_data data = mr_duckdb.appender_error_data(appender->handle);
    const mr_status status =
        mr_olap_fail(appender->connection, mr_duckdb.error_data_error_type(data),
                     mr_duckdb.error_data_message(data), err);

    appender->failed = true;
    mr_duckdb.destroy_error_data(&data);
    return status;
}

mr_status mr_olap_appender_open(mr_olap_connection *connection, const char *table,
                                mr_olap_appender **ret_appender, mr_err *err)
{
    mr_olap_appender *appender = mr_alloc_zero(1, sizeof *appender);

    appender->connection = connection;
    appender->row_count_max = mr_duckdb.vector_size();
    if (mr_duckdb.appender_create(connection->handle, NULL, table, &appender->handle) !=
        DuckDBSuccess) {
        const mr_status status = fail_by_engine(appender, err);

        (void)mr_duckdb.appender_destroy(&appender->handle);
        free(appender);
        return status;
    }
    make_slots(appender);
    *ret_appender = appender;
    return MR_OK;
}

void mr_olap_appender_close(mr_olap_appender *appender)
{
    if (appender == NULL) {
        return;
    }
    (void)mr_duckdb.appender_clear(appender->handle); /* else destroy would flush */
    (void)mr_duckdb.appender_destroy(&appender->handle);
    mr_duckdb.destroy_data_chunk(&appender->chunk);
    free(appender->slots);
    free(appender);
}

/* The column, for the row at hand to be written to. */
static slot *begin_value(mr_olap_appender *appender, size_t column)
{
    MR_ASSERT(column < appender->column_count);
    slot *at = &appender->slots[column];
    at->rows_set = appender->row + 1;
    return at;
}

static void set_misfit(mr_olap_appender *appender, const slot *at, const char *why)
{
    if (appender->misfit == NULL) {
        appender->misfit = why;
        appender->misfit_column = (size_t)(at - appender->slots);
    }
}

void mr_olap_set_bool(mr_olap_appender *appender, size_t column, bool value)
{
    slot *at = begin_value(appender, column);

    MR_ASSERT(at->id == DUCKDB_TYPE_BOOLEAN);
    ((bool *)at->data)[appender->row] = value;
}

void mr_olap_set_int64(mr_olap_appender *appender, size_t column, int64_t value)
{
    slot *at = begin_value(appender, column);
    bool fits = true;

    if (at->id == DUCKDB_TYPE_BIGINT) {
        ((int64_t *)at->data)[appender->row] = value;
    } else if (at->id == DUCKDB_TYPE_INTEGER) {
        fits = value >= INT32_MIN && value <= INT32_MAX;
        ((int32_t *)at->data)[appender->row] = (int32_t)value;
    } else if (at->id == DUCKDB_TYPE_SMALLINT) {
        fits = value >= INT16_MIN && value <= INT16_MAX;
        ((int16_t *)at->data)[appender->row] = (int16_t)value;
    } else {
        MR_ASSERT(at->id == DUCKDB_TYPE_TINYINT);
        fits = value >= INT8_MIN && value <= INT8_MAX;
        ((int8_t *)at->data)[appender->row] = (int8_t)value;
    }
    if (!fits) {
        set_misfit(appender, at, "the integer is too large for it");
    }
}

void mr_olap_set_int32(mr_olap_appender *appender, size_t column, int32_t value)
{
    mr_olap_set_int64(appender, column, value);
}

void mr_olap_set_amount(mr_olap_appender *appender, size_t column, mr_amount value)
{
    slot *at = begin_value(appender, column);

    MR_ASSERT(at->id == DUCKDB_TYPE_DECIMAL && at->scale == mr_price_scale);
    if (value.scaled >= at->limit || value.scaled <= -at->limit) {
        set_misfit(appender, at, "the amount is too large for it");
    } else if (at->storage == DUCKDB_TYPE_HUGEINT) {
        ((duckdb_hugeint *)at->data)[appender->row] = (duckdb_hugeint){
            .lower = (uint64_t)value.scaled, .upper = (int64_t)(value.scaled >> 64)};
    } else if (at->storage == DUCKDB_TYPE_BIGINT) {
        ((int64_t *)at->data)[appender->row] = (int64_t)value.scaled;
    } else {
        MR_ASSERT(at->storage == DUCKDB_TYPE_INTEGER);
        ((int32_t *)at->data)[appender->row] = (int32_t)value.scaled;
    }
}

void mr_olap_set_price(mr_olap_appender *appender, size_t column, mr_price value)
{
    mr_olap_set_amount(appender, column, (mr_amount){value.scaled});
}

void mr_olap_set_timestamp(mr_olap_appender *appender, size_t column, int64_t epoch_us)
{
    slot *at = begin_value(appender, column);

    MR_ASSERT(at->id == DUCKDB_TYPE_TIMESTAMP || at->id == DUCKDB_TYPE_TIMESTAMP_TZ);
    ((int64_t *)at->data)[appender->row] = epoch_us;
}

void mr_olap_set_date(mr_olap_appender *appender, size_t column, int32_t epoch_days)
{
    slot *at = begin_value(appender, column);

    MR_ASSERT(at->id == DUCKDB_TYPE_DATE);
    ((int32_t *)at->data)[appender->row] = epoch_days;
}

void mr_olap_set_text(mr_olap_appender *appender, size_t column, mr_text value)
{
    slot *at = begin_value(appender, column);
    duckdb_string_t string = {.value.inlined.length = (uint32_t)value.bytes};

    MR_ASSERT(at->id == DUCKDB_TYPE_VARCHAR || at->id == DUCKDB_TYPE_BLOB);
    if (value.data == NULL) {
        at->rows_set = 0;
        return;
    }
    if (value.bytes > UINT32_MAX) {
        set_misfit(appender, at, "the text is longer than 4 GiB");
        return;
    }
    if (at->id == DUCKDB_TYPE_VARCHAR && !mr_utf8_valid(value)) {
        set_misfit(appender, at, "the text is not UTF-8");
        return;
    }
    if (value.bytes > sizeof string.value.inlined.inlined) {
        mr_duckdb.vector_assign_string_element_len(at->vector, appender->row, value.data,
                                                   value.bytes);
        return;
    }
    memcpy(string.value.inlined.inlined, value.data, value.bytes);
    ((duckdb_string_t *)at->data)[appender->row] = string;
}

/* Hands the rows of the chunk over. */
static mr_status hand_over(mr_olap_appender *appender, mr_err *err)
{
    mr_status status = MR_OK;

    if (appender->row == 0) {
        return MR_OK;
    }
    mr_duckdb.data_chunk_set_size(appender->chunk, appender->row);
    if (mr_duckdb.append_data_chunk(appender->handle, appender->chunk) != DuckDBSuccess) {
        status = fail_by_engine(appender, err);
    }
    mr_duckdb.data_chunk_reset(appender->chunk);
    point_at_vectors(appender);
    return status;
}

static mr_status fail_failed(mr_err *err)
{
    return mr_fail(err, MR_INVALID, "no more rows can be added after a failure");
}

mr_status mr_olap_appender_end_row(mr_olap_appender *appender, mr_err *err)
{
    if (appender->failed) {
        return fail_failed(err);
    }
    if (appender->misfit != NULL) {
        const char *why = appender->misfit;

        appender->misfit = NULL;
        for (size_t index = 0; index < appender->column_count; index++) {
            appender->slots[index].rows_set = 0;
        }
        return mr_fail(err, MR_INVALID, "column %zu of a row to add: %s",
                       appender->misfit_column + 1, why);
    }
    const size_t row = appender->row;
    for (size_t index = 0; index < appender->column_count; index++) {
        slot *at = &appender->slots[index];

        if (at->rows_set != row + 1) {
            at->validity[row / 64] &= ~((uint64_t)1 << (row % 64));
        }
    }
    appender->row++;
    return appender->row == appender->row_count_max ? hand_over(appender, err) : MR_OK;
}

mr_status mr_olap_appender_flush(mr_olap_appender *appender, mr_err *err)
{
    mr_status status = appender->failed ? fail_failed(err) : hand_over(appender, err);

    if (status == MR_OK && mr_duckdb.appender_flush(appender->handle) != DuckDBSuccess) {
        status = fail_by_engine(appender, err);
    }
    return status;
}
