/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sql_print.c - rows as an aligned table, Markdown, CSV, JSON, or one JSON object a line.
 *
 * Rows are written as they are computed. Only a table must look ahead, for its widths: it keeps
 * the first rows, and writes the rest with the widths of those.
 */
#include "cli/sql_print.h"

#include <errno.h>
#include <stdlib.h>

#include "query/sql_cell.h"

enum {
    ahead_rows_max = 1000,
    row_bytes_max = 256 << 20,
};

const char mr_sql_formats[] = "table|csv|json|ndjson|markdown|parquet";

typedef struct printer {
    mr_olap_result *result;
    mr_sql_format format;
    FILE *stream;
    uint64_t limit, rows;
    size_t column_count;
    mr_sql_kind *kinds;
    size_t *widths;
    mr_buffer cell, line;
} printer;

bool mr_sql_format_parse(const char *name, mr_sql_format *ret_format)
{
    static const char *const names[] = {
        [MR_SQL_FORMAT_TABLE] = "table",       [MR_SQL_FORMAT_CSV] = "csv",
        [MR_SQL_FORMAT_JSON] = "json",         [MR_SQL_FORMAT_NDJSON] = "ndjson",
        [MR_SQL_FORMAT_MARKDOWN] = "markdown", [MR_SQL_FORMAT_PARQUET] = "parquet"};

    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        if (strcmp(name, names[index]) == 0) {
            *ret_format = (mr_sql_format)index;
            return true;
        }
    }
    return false;
}

static mr_status fail_row(mr_err *err)
{
    return mr_fail(err, MR_LIMIT, "a row is larger than %d MiB", row_bytes_max >> 20);
}

/* Writes the line out, and empties it. */
static mr_status flush_line(printer *p, mr_err *err)
{
    const size_t bytes = p->line.bytes;
    const bool written = bytes == 0 || fwrite(p->line.data, 1, bytes, p->stream) == bytes;

    mr_buffer_clear(&p->line);
    return written ? MR_OK : mr_fail_errno(err, errno, "write the rows");
}

/* The value of the current row, in p->cell; absent for NULL. */
static bool read_cell(printer *p, size_t column, mr_text *ret_value)
{
    mr_buffer_clear(&p->cell);
    *ret_value = MR_TEXT_ABSENT;
    if (mr_olap_is_null(p->result, column)) {
        return true;
    }
    if (!mr_olap_write_text(p->result, column, &p->cell)) {
        return false;
    }
    *ret_value = mr_buffer_text(&p->cell);
    return true;
}

/* The next row, unless there were enough. MR_NOT_FOUND: that was all. */
static mr_status next_row(printer *p, mr_err *err)
{
    if (p->rows == p->limit) {
        return MR_NOT_FOUND;
    }
    const mr_status status = mr_olap_next(p->result, err);
    p->rows += status == MR_OK ? 1 : 0;
    return status;
}

/* --- CSV and JSON ----------------------------------------------------------------------------- */

static bool append_csv(printer *p)
{
    bool good = true;

    for (size_t column = 0; good && column < p->column_count; column++) {
        mr_text value;

        good = (column == 0 || mr_buffer_append(&p->line, ",", 1)) &&
               read_cell(p, column, &value) && mr_sql_cell_csv(&p->line, value);
    }
    return good && mr_buffer_append(&p->line, "\n", 1);
}

static bool append_json(printer *p)
{
    bool good = mr_buffer_append(&p->line, "{", 1);

    for (size_t column = 0; good && column < p->column_count; column++) {
        mr_text value;

        good = (column == 0 || mr_buffer_append(&p->line, ",", 1)) &&
               mr_buffer_append_json_string(&p->line,
                                            mr_text_of(mr_olap_column_name(p->result, column))) &&
               mr_buffer_append(&p->line, ":", 1) && read_cell(p, column, &value) &&
               mr_sql_cell_json(&p->line, p->kinds[column], value);
    }
    return good && mr_buffer_append(&p->line, "}", 1);
}

static void append_csv_head(printer *p)
{
    for (size_t column = 0; column < p->column_count; column++) {
        (void)mr_buffer_append_string(&p->line, column > 0 ? "," : "");
        (void)mr_sql_cell_csv(&p->line, mr_text_of(mr_olap_column_name(p->result, column)));
    }
    (void)mr_buffer_append_string(&p->line, "\n");
}

static bool append_row(printer *p)
{
    if (p->format == MR_SQL_FORMAT_CSV) {
        return append_csv(p);
    }
    if (p->format == MR_SQL_FORMAT_NDJSON) {
        return append_json(p) && mr_buffer_append(&p->line, "\n", 1);
    }
    return mr_buffer_append_string(&p->line, p->rows > 1 ? ",\n" : "\n") && append_json(p);
}

static mr_status print_stream(printer *p, mr_err *err)
{
    const bool array = p->format == MR_SQL_FORMAT_JSON;
    mr_status status = MR_OK;

    if (p->format == MR_SQL_FORMAT_CSV) {
        append_csv_head(p);
    } else if (array) {
        (void)mr_buffer_append_string(&p->line, "[");
    }
    while (status == MR_OK) {
        status = flush_line(p, err);
        status = status == MR_OK ? next_row(p, err) : status;
        if (status == MR_OK && !append_row(p)) {
            status = fail_row(err);
        }
    }
    if (status != MR_NOT_FOUND) {
        return status;
    }
    (void)mr_buffer_append_string(&p->line, !array ? "" : p->rows > 0 ? "\n]\n" : "]\n");
    return flush_line(p, err);
}

/* --- Tables ----------------------------------------------------------------------------------- */

/* Cells as they will be shown, one behind the other. */
typedef struct ahead {
    mr_buffer text;
    size_t *ends; /* of each cell in text */
    size_t rows;
} ahead;

static bool show_cell(printer *p, mr_text value, mr_buffer *out)
{
    return p->format == MR_SQL_FORMAT_MARKDOWN ? mr_sql_cell_markdown(out, value)
                                               : mr_sql_cell_terminal(out, value);
}

static bool is_right(const printer *p, size_t column)
{
    return p->kinds[column] == MR_SQL_NUMBER || p->kinds[column] == MR_SQL_FLOAT;
}

static void append_blanks(mr_buffer *out, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        (void)mr_buffer_append(out, " ", 1);
    }
}

static void append_aligned(printer *p, size_t column, mr_text shown, bool right)
{
    const bool markdown = p->format == MR_SQL_FORMAT_MARKDOWN;
    const size_t width = mr_sql_width(shown);
    const size_t pad = p->widths[column] > width ? p->widths[column] - width : 0;
    const bool last = column + 1 == p->column_count;

    (void)mr_buffer_append_string(&p->line, column > 0 ? " | " : markdown ? "| " : " ");
    append_blanks(&p->line, right ? pad : 0);
    (void)mr_buffer_append_text(&p->line, shown);
    append_blanks(&p->line, right || (last && !markdown) ? 0 : pad);
    if (last) {
        (void)mr_buffer_append_string(&p->line, markdown ? " |\n" : "\n");
    }
}

static void append_marks(mr_buffer *out, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        (void)mr_buffer_append(out, "-", 1);
    }
}

/* The line below the head. In Markdown a colon says that the column stands to the right. */
static void append_rule(printer *p)
{
    const bool markdown = p->format == MR_SQL_FORMAT_MARKDOWN;

    for (size_t column = 0; column < p->column_count; column++) {
        if (markdown) {
            (void)mr_buffer_append_string(&p->line, "|-");
            append_marks(&p->line, p->widths[column]);
            (void)mr_buffer_append_string(&p->line, is_right(p, column) ? ":" : "-");
        } else {
            (void)mr_buffer_append_string(&p->line, column > 0 ? "-+-" : "-");
            append_marks(&p->line, p->widths[column]);
        }
    }
    (void)mr_buffer_append_string(&p->line, markdown ? "|\n" : "-\n");
}

static void append_head(printer *p)
{
    mr_buffer shown;

    mr_buffer_init(&shown, row_bytes_max);
    for (size_t column = 0; column < p->column_count; column++) {
        mr_buffer_clear(&shown);
        (void)show_cell(p, mr_text_of(mr_olap_column_name(p->result, column)), &shown);
        append_aligned(p, column, mr_buffer_text(&shown), is_right(p, column));
    }
    mr_buffer_free(&shown);
    append_rule(p);
}

static void widen(printer *p, size_t column, mr_text shown)
{
    const size_t width = mr_sql_width(shown);

    p->widths[column] = width > p->widths[column] ? width : p->widths[column];
}

static void measure_head(printer *p)
{
    mr_buffer shown;

    mr_buffer_init(&shown, row_bytes_max);
    for (size_t column = 0; column < p->column_count; column++) {
        mr_buffer_clear(&shown);
        (void)show_cell(p, mr_text_of(mr_olap_column_name(p->result, column)), &shown);
        widen(p, column, mr_buffer_text(&shown));
    }
    mr_buffer_free(&shown);
}

/* MR_NOT_FOUND: these are all rows. */
static mr_status read_ahead(printer *p, ahead *kept, mr_err *err)
{
    mr_status status = MR_OK;

    while (kept->rows < ahead_rows_max && (status = next_row(p, err)) == MR_OK) {
        for (size_t column = 0; column < p->column_count; column++) {
            const size_t start = kept->text.bytes;
            mr_text value;

            if (!read_cell(p, column, &value) || !show_cell(p, value, &kept->text)) {
                return fail_row(err);
            }
            kept->ends[kept->rows * p->column_count + column] = kept->text.bytes;
            widen(p, column, (mr_text){kept->text.data + start, kept->text.bytes - start});
        }
        kept->rows++;
    }
    return status;
}

static mr_status print_kept(printer *p, const ahead *kept, mr_err *err)
{
    mr_status status = flush_line(p, err);
    size_t start = 0;

    for (size_t row = 0; status == MR_OK && row < kept->rows; row++) {
        for (size_t column = 0; column < p->column_count; column++) {
            const size_t end = kept->ends[row * p->column_count + column];

            append_aligned(p, column, (mr_text){kept->text.data + start, end - start},
                           is_right(p, column));
            start = end;
        }
        status = flush_line(p, err);
    }
    return status;
}

static mr_status print_rest(printer *p, ahead *scratch, mr_err *err)
{
    mr_status status;

    while ((status = next_row(p, err)) == MR_OK) {
        for (size_t column = 0; column < p->column_count; column++) {
            mr_text value;

            mr_buffer_clear(&scratch->text);
            if (!read_cell(p, column, &value) || !show_cell(p, value, &scratch->text)) {
                return fail_row(err);
            }
            append_aligned(p, column, mr_buffer_text(&scratch->text), is_right(p, column));
        }
        status = flush_line(p, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return status;
}

static mr_status print_table(printer *p, mr_err *err)
{
    ahead kept = {.ends = mr_alloc_zero(p->column_count * ahead_rows_max, sizeof *kept.ends)};
    mr_status status, printed;

    mr_buffer_init(&kept.text, row_bytes_max);
    measure_head(p);
    status = read_ahead(p, &kept, err);
    if (status == MR_OK || status == MR_NOT_FOUND) {
        append_head(p);
        printed = print_kept(p, &kept, err);
        status = printed != MR_OK ? printed : status;
    }
    if (status == MR_OK) {
        status = print_rest(p, &kept, err);
    }
    free(kept.ends);
    mr_buffer_free(&kept.text);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

mr_status mr_sql_print(mr_olap_result *result, mr_sql_format format, uint64_t limit, FILE *stream,
                       uint64_t *ret_rows, mr_err *err)
{
    printer p = {.result = result,
                 .format = format,
                 .stream = stream,
                 .limit = limit,
                 .column_count = mr_olap_column_count(result)};
    mr_status status;

    MR_ASSERT(format != MR_SQL_FORMAT_PARQUET);
    p.kinds = mr_alloc_zero(p.column_count, sizeof *p.kinds);
    p.widths = mr_alloc_zero(p.column_count, sizeof *p.widths);
    mr_buffer_init(&p.cell, row_bytes_max);
    mr_buffer_init(&p.line, row_bytes_max);
    for (size_t column = 0; column < p.column_count; column++) {
        p.kinds[column] = mr_sql_kind_of(mr_olap_column_type(result, column));
    }
    status = format == MR_SQL_FORMAT_TABLE || format == MR_SQL_FORMAT_MARKDOWN
                 ? print_table(&p, err)
                 : print_stream(&p, err);
    if (status == MR_OK) {
        *ret_rows = p.rows;
    }
    free(p.kinds);
    free(p.widths);
    mr_buffer_free(&p.cell);
    mr_buffer_free(&p.line);
    return status;
}
