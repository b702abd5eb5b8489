/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_stats.c - statistics of files just written, from their own footers.
 *
 * The engine reads the footers back as rows (a row a column of a row group, values as text); here
 * they are put together, each in its type, and written as JSON. What must hold for readers who skip
 * files by it: min <= every value <= max, whatever is cut off.
 *
 * Called by:  delta_write.c; one thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"

#include "lake/delta_write.h"

typedef enum stats_kind {
    STATS_NONE,
    STATS_NUMBER,
    STATS_DATE,
    STATS_TIMESTAMP,
    STATS_TEXT
} stats_kind;

static stats_kind kind_of(const char *type)
{
    static const char *const numbers[] = {"long", "integer", "short", "byte"};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(type, numbers[i]) == 0) {
            return STATS_NUMBER;
        }
    }
    if (strncmp(type, "decimal", 7) == 0) {
        return STATS_NUMBER;
    }
    if (strcmp(type, "date") == 0) {
        return STATS_DATE;
    }
    if (strcmp(type, "timestamp") == 0) {
        return STATS_TIMESTAMP;
    }
    return strcmp(type, "string") == 0 ? STATS_TEXT : STATS_NONE;
}

/* --- The query -------------------------------------------------------------------------------- */

/* Returns how many; unsummed: only those whose sum is not known. */
static size_t put_files(const mr_delta_written_list *list, bool unsummed, mr_buffer *sql)
{
    size_t count = 0;

    (void)mr_buffer_append(sql, "[", 1);
    for (size_t i = 0; i < list->count; i++) {
        if (!unsummed || list->items[i].sum == NULL) {
            (void)mr_buffer_append_string(sql, count++ > 0 ? "," : "");
            (void)mr_olap_quote_text(sql, mr_text_of(list->items[i].path));
        }
    }
    (void)mr_buffer_append(sql, "]", 1);
    return count;
}

static mr_delta_written *find_written(mr_delta_written_list *list, mr_text path)
{
    for (size_t i = 0; i < list->count; i++) {
        if (mr_text_equal(mr_text_of(list->items[i].path), path)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static size_t stats_fields(const mr_delta_schema *schema,
                           const mr_delta_field *fields[static mr_delta_stats_columns_max])
{
    size_t count = 0;

    for (size_t i = 0; i < schema->field_count && count < mr_delta_stats_columns_max; i++) {
        if (!mr_delta_schema_is_partition(schema, schema->fields[i].name)) {
            fields[count++] = &schema->fields[i];
        }
    }
    return count;
}

/* --- Columns ---------------------------------------------------------------------------------- */

/* One of a file, over its row groups so far. */
typedef struct column_stats {
    stats_kind kind;
    int64_t nulls;
    bool nulls_unknown;
    bool unbounded[2]; /* a row group with values does not say its min, its max */
    char *bounds[2];   /* NULL: none yet */
} column_stats;

/* Whole numbers and decimals of one scale, as the engine prints them: "-12.5000". */
static int compare_numbers(const char *a, const char *b)
{
    bool negative = a[0] == '-';
    size_t a_bytes = strlen(a);
    size_t b_bytes = strlen(b);

    if (negative != (b[0] == '-')) {
        return negative ? -1 : 1;
    }
    int order = a_bytes != b_bytes ? (a_bytes < b_bytes ? -1 : 1) : strcmp(a, b);
    return negative ? -order : order;
}

/* Dates and instants of four-digit years are in the order of their bytes, as texts are. */
static int compare_bounds(stats_kind kind, const char *a, const char *b)
{
    return kind == STATS_NUMBER ? compare_numbers(a, b) : strcmp(a, b);
}

static void take_bound(column_stats *column, bool is_max, mr_text value, bool has_values)
{
    char **bound = &column->bounds[is_max ? 1 : 0];

    if (value.data == NULL || memchr(value.data, '\0', value.bytes) != NULL) {
        column->unbounded[is_max ? 1 : 0] |= has_values;
        return;
    }
    char *copy = mr_alloc(value.bytes + 1);
    memcpy(copy, value.data, value.bytes);
    copy[value.bytes] = '\0';
    int order = *bound != NULL ? compare_bounds(column->kind, copy, *bound) : 0;
    if (*bound == NULL || (is_max ? order > 0 : order < 0)) {
        free(*bound);
        *bound = copy;
    } else {
        free(copy);
    }
}

/* --- As JSON ---------------------------------------------------------------------------------- */

/* "2011-12-09 12:50:00.000001+00"; milliseconds there, of a max rounded up. */
static bool put_instant(const char *text, bool is_max, mr_buffer *json)
{
    static const char form[] = "2011-12-09 12:50:00";
    char instant[mr_civil_text_bytes_max];
    mr_civil civil;
    int64_t micros = 0;

    if (strlen(text) < sizeof form - 1 ||
        !mr_civil_parse((mr_text){text, sizeof form - 1}, &civil)) {
        return false;
    }
    const char *at = text + sizeof form - 1;
    if (*at == '.') {
        int64_t unit = 100000;
        for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10) {
            micros += unit * (*at - '0');
        }
    }
    if (strcmp(at, "+00") != 0) {
        return false;
    }
    (void)mr_instant_format(civil.seconds * 1000 + (micros + (is_max ? 999 : 0)) / 1000, instant);
    return mr_buffer_printf(json, "\"%s\"", instant);
}

/* The first characters; of a longer max with one behind that is above all others. */
static bool put_cut_text(const char *text, bool is_max, mr_buffer *json)
{
    static const char above_all[] = "\xf4\x8f\xbf\xbf"; /* U+10FFFF */
    char cut[(size_t)4 * mr_delta_stats_text_length_max + sizeof above_all];
    size_t length = 0;
    size_t bytes = 0;

    for (; text[bytes] != '\0'; bytes++) {
        bool starts = ((unsigned char)text[bytes] & 0xc0) != 0x80;
        if (starts && length++ == mr_delta_stats_text_length_max) {
            break;
        }
    }
    MR_ASSERT(bytes <= sizeof cut - sizeof above_all);
    memcpy(cut, text, bytes);
    if (is_max && text[bytes] != '\0') {
        memcpy(cut + bytes, above_all, sizeof above_all - 1);
        bytes += sizeof above_all - 1;
    }
    return mr_utf8_valid((mr_text){cut, bytes}) &&
           mr_buffer_append_json_string(json, (mr_text){cut, bytes});
}

static bool put_bound(const column_stats *column, bool is_max, mr_buffer *json)
{
    const char *text = column->bounds[is_max ? 1 : 0];

    switch (column->kind) {
    case STATS_NUMBER:
        return mr_buffer_append_string(json, text);
    case STATS_DATE:
        return strlen(text) == 10 && mr_buffer_printf(json, "\"%s\"", text);
    case STATS_TIMESTAMP:
        return put_instant(text, is_max, json);
    case STATS_TEXT:
        return put_cut_text(text, is_max, json);
    case STATS_NONE:
        break;
    }
    return false;
}

static void put_bounds(const column_stats *columns, const mr_delta_field *const *fields,
                       size_t count, bool is_max, mr_buffer *json)
{
    bool first = true;

    (void)mr_buffer_printf(json, ",\"%s\":{", is_max ? "maxValues" : "minValues");
    for (size_t i = 0; i < count; i++) {
        size_t before = json->bytes;
        if (columns[i].unbounded[is_max ? 1 : 0] || columns[i].bounds[is_max ? 1 : 0] == NULL) {
            continue;
        }
        (void)mr_buffer_append_string(json, first ? "" : ",");
        (void)mr_buffer_append_json_string(json, mr_text_of(fields[i]->name));
        (void)mr_buffer_append(json, ":", 1);
        if (put_bound(&columns[i], is_max, json)) {
            first = false;
        } else {
            json->bytes = before; /* one that cannot be told: no bound */
        }
    }
    (void)mr_buffer_append(json, "}", 1);
}

static char *stats_json(const column_stats *columns, const mr_delta_field *const *fields,
                        size_t count, int64_t rows)
{
    mr_buffer json;
    bool first = true;

    mr_buffer_init(&json, mr_delta_meta_bytes_max);
    (void)mr_buffer_printf(&json, "{\"numRecords\":%" PRId64, rows);
    put_bounds(columns, fields, count, false, &json);
    put_bounds(columns, fields, count, true, &json);
    (void)mr_buffer_append_string(&json, ",\"nullCount\":{");
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].nulls_unknown) {
            (void)mr_buffer_append_string(&json, first ? "" : ",");
            (void)mr_buffer_append_json_string(&json, mr_text_of(fields[i]->name));
            (void)mr_buffer_printf(&json, ":%" PRId64, columns[i].nulls);
            first = false;
        }
    }
    (void)mr_buffer_append(&json, "}}", 3); /* with its NUL */
    return json.data;
}

/* --- Rows of the footers ---------------------------------------------------------------------- */

typedef struct stats_read {
    const mr_delta_field *fields[mr_delta_stats_columns_max];
    size_t count;
    mr_delta_written *file; /* whose rows come by; NULL: none yet */
    column_stats columns[mr_delta_stats_columns_max];
} stats_read;

static void finish_file(stats_read *self)
{
    if (self->file != NULL) {
        free(self->file->stats);
        self->file->stats = stats_json(self->columns, self->fields, self->count, self->file->rows);
    }
    for (size_t i = 0; i < self->count; i++) {
        free(self->columns[i].bounds[0]);
        free(self->columns[i].bounds[1]);
        self->columns[i] = (column_stats){.kind = kind_of(self->fields[i]->type)};
    }
}

static mr_text text_or_absent(const mr_olap_result *result, size_t column)
{
    return mr_olap_is_null(result, column) ? MR_TEXT_ABSENT : mr_olap_text(result, column);
}

static void take_chunk(stats_read *self, const mr_delta_chunk *chunk)
{
    column_stats *column = &self->columns[chunk->column];
    const bool counted = chunk->nulls >= 0;
    const bool has_values = !counted || chunk->nulls != chunk->values;

    column->nulls += counted ? chunk->nulls : 0;
    column->nulls_unknown |= !counted;
    if (column->kind != STATS_NONE) {
        take_bound(column, false, chunk->least, has_values);
        take_bound(column, true, chunk->greatest, has_values);
    }
}

/* file_name, column_id, num_values, stats_null_count, stats_min_value, stats_max_value */
static void take_row(stats_read *self, const mr_olap_result *result, mr_delta_written_list *list)
{
    mr_text path = mr_olap_text(result, 0);
    int64_t index = mr_olap_int64(result, 1);

    if (self->file == NULL || !mr_text_equal(mr_text_of(self->file->path), path)) {
        finish_file(self);
        self->file = find_written(list, path);
    }
    if (self->file == NULL || index < 0 || (size_t)index >= self->count) {
        return;
    }
    take_chunk(
        self, &(mr_delta_chunk){.column = (size_t)index,
                                .values = mr_olap_int64(result, 2),
                                .nulls = mr_olap_is_null(result, 3) ? -1 : mr_olap_int64(result, 3),
                                .least = text_or_absent(result, 4),
                                .greatest = text_or_absent(result, 5)});
}

char *mr_delta_stats_tell(const mr_delta_write *write, const mr_delta_foreign *file)
{
    stats_read *self = mr_alloc_zero(1, sizeof *self);
    mr_delta_written written = {.rows = file->rows};

    self->count = stats_fields(write->schema, self->fields);
    finish_file(self); /* of none yet: makes the columns ready */
    self->file = &written;
    for (size_t i = 0; i < file->chunk_count; i++) {
        if (file->chunks[i].column < self->count) {
            take_chunk(self, &file->chunks[i]);
        }
    }
    finish_file(self);
    free(self);
    return written.stats;
}

static mr_status read_stats(mr_olap_connection *connection, const mr_delta_write *write,
                            mr_delta_written_list *list, mr_buffer *sql, mr_err *err)
{
    stats_read *self = mr_alloc_zero(1, sizeof *self);
    mr_olap_result *result = NULL;

    self->count = stats_fields(write->schema, self->fields);
    (void)mr_buffer_append_string(sql, "SELECT file_name, column_id, num_values, stats_null_count, "
                                       "stats_min_value, stats_max_value FROM parquet_metadata(");
    (void)put_files(list, false, sql);
    (void)mr_buffer_append_string(sql, ") ORDER BY file_name");
    mr_status status =
        mr_buffer_append(sql, "", 1)
            ? mr_olap_query(connection, sql->data, false, &result, err)
            : mr_fail(err, MR_LIMIT, "statistics of %zu files: too many at once", list->count);
    while (status == MR_OK && (status = mr_olap_next(result, err)) == MR_OK) {
        take_row(self, result, list);
    }
    if (status == MR_NOT_FOUND) {
        status = MR_OK;
    } else {
        self->file = NULL;
    }
    finish_file(self);
    mr_olap_result_free(result);
    free(self);
    return status;
}

void mr_delta_put_sum(const char *column, mr_buffer *sql)
{
    const char *star = strchr(column, '*');

    (void)mr_buffer_append_string(sql, "coalesce(sum(");
    if (star != NULL) {
        (void)mr_olap_quote_name(sql, (mr_text){column, (size_t)(star - column)});
        (void)mr_buffer_append_string(sql, " * ");
        column = star + 1;
    }
    (void)mr_olap_quote_name(sql, mr_text_of(column));
    (void)mr_buffer_append_string(sql, "), 0)");
}

static mr_status read_sums(mr_olap_connection *connection, const mr_delta_write *write,
                           mr_delta_written_list *list, mr_buffer *sql, mr_err *err)
{
    mr_olap_result *result = NULL;

    (void)mr_buffer_append_string(sql, "SELECT filename, ");
    mr_delta_put_sum(write->sum_column, sql);
    (void)mr_buffer_append_string(sql, " FROM read_parquet(");
    if (put_files(list, true, sql) == 0) {
        return MR_OK;
    }
    (void)mr_buffer_append_string(sql, ", filename=true, hive_partitioning=false) GROUP BY ALL");
    if (!mr_buffer_append(sql, "", 1)) {
        return mr_fail(err, MR_LIMIT, "sums of %zu files: too many at once", list->count);
    }
    mr_status status = mr_olap_query(connection, sql->data, false, &result, err);
    while (status == MR_OK && (status = mr_olap_next(result, err)) == MR_OK) {
        mr_delta_written *file = find_written(list, mr_olap_text(result, 0));
        mr_buffer text;
        mr_buffer_init(&text, 256);
        if (file != NULL && mr_olap_write_text(result, 1, &text) &&
            mr_buffer_append(&text, "", 1)) {
            free(file->sum);
            file->sum = text.data;
        } else {
            mr_buffer_free(&text);
        }
    }
    mr_olap_result_free(result);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

mr_status mr_delta_stats_read(mr_olap_connection *connection, const mr_delta_write *write,
                              mr_delta_written_list *list, mr_err *err)
{
    mr_buffer sql;

    if (list->count == 0) {
        return MR_OK;
    }
    mr_buffer_init(&sql, mr_delta_sql_bytes_max);
    mr_status status = read_stats(connection, write, list, &sql, err);
    if (status == MR_OK && write->sum_column != NULL) {
        mr_buffer_clear(&sql);
        status = read_sums(connection, write, list, &sql, err);
    }
    mr_buffer_free(&sql);
    return status;
}
