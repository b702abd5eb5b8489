/* SPDX-License-Identifier: Apache-2.0 */
/* store/copy_postgres.c - the tables of a PostgreSQL database as rows of plain cells.
 *
 * The lines that products' descriptions came from are packed there (store_postgres_products.h):
 * they are unpacked on reading, and packed again as products arrive in the order of their numbers.
 *
 * Owns:       a connection of its own, in one transaction from open to close: that is the moment.
 * Called by:  store_copy.c, on its thread.
 * Not here:   which tables there are (store_copy.c), the schema (sql/postgres_001.sql).
 */
#include <stdlib.h>

#include "store/copy_backend.h"
#include "store/store_postgres.h"

enum {
    statement_bytes_max = 1024,
    rows_bytes_max = 4 * mr_pg_copy_chunk_bytes,
    blocks_bytes_max = 1073741824, /* 20 bytes a product */
    winner_columns = 3,
};

typedef struct copy_end {
    mr_pg *pg;
    mr_buffer rows;    /* on their way */
    mr_buffer blocks;  /* product_winner, to be sent behind the products */
    mr_pg_block block; /* that products are added to; is_held false: none */
} copy_end;

static const char *schema_of(const mr_copy_table *table)
{
    return table->is_ops ? "ops." : "";
}

static void close_end(void *state)
{
    copy_end *end = state;

    mr_pg_close(end->pg);
    mr_buffer_free(&end->rows);
    mr_buffer_free(&end->blocks);
    free(end);
}

static mr_status open_end(const mr_store_options *options, bool is_ops, bool writing,
                          void **ret_state, mr_err *err)
{
    copy_end *end = mr_alloc_zero(1, sizeof(*end));
    mr_pg_options pg_options = {
        .url = options->url,
        .server = &options->server,
        .what = is_ops ? "ops" : "store",
        .read_only = !writing,
        .timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : 5000,
    };
    mr_status status;

    mr_buffer_init(&end->rows, rows_bytes_max);
    mr_buffer_init(&end->blocks, blocks_bytes_max);
    status = mr_pg_open(&pg_options, &end->pg, err);
    if (status == MR_OK) {
        status =
            mr_pg_begin(end->pg, writing ? "" : "ISOLATION LEVEL REPEATABLE READ, READ ONLY", err);
    }
    if (status == MR_OK) { /* a copy takes as long as it takes */
        status = mr_pg_exec(end->pg,
                            "SET LOCAL statement_timeout = 0;"
                            "SET LOCAL idle_in_transaction_session_timeout = 0",
                            err);
    }
    if (status == MR_OK && is_ops && !writing) {
        status = mr_pg_exec(end->pg, "SELECT FROM ops.api_key LIMIT 0", err);
        status = status == MR_NOT_FOUND || status == MR_INVALID ? MR_NOT_FOUND : status;
    }
    if (status != MR_OK) {
        close_end(end);
        return status;
    }
    *ret_state = end;
    return MR_OK;
}

/* --- Reading ---------------------------------------------------------------------------------- */

typedef struct row_visit {
    const mr_copy_table *table;
    const copy_end *end;
    mr_copy_visit visit;
    void *ctx;
} row_visit;

static bool take_cell(const PGresult *row, int index, mr_copy_kind kind, mr_copy_cell *cell)
{
    mr_amount amount;

    *cell = (mr_copy_cell){.is_null = mr_pg_is_null(row, 0, index)};
    if (cell->is_null) {
        return true;
    }
    switch (kind) {
    case MR_COPY_INT4:
        cell->number = mr_pg_int4(row, 0, index);
        return true;
    case MR_COPY_INT8:
        cell->number = mr_pg_int8(row, 0, index);
        return true;
    case MR_COPY_FLAG:
        cell->number = mr_pg_flag(row, 0, index);
        return true;
    case MR_COPY_DATE:
        cell->number = mr_pg_date(row, 0, index).seconds;
        return true;
    case MR_COPY_PRICE:
        if (!mr_pg_amount(row, 0, index, &amount)) {
            return false;
        }
        cell->number = (int64_t)amount.scaled; /* numeric(18,4) fits */
        return true;
    case MR_COPY_AMOUNT:
        return mr_pg_amount(row, 0, index, &cell->amount);
    case MR_COPY_TEXT:
    case MR_COPY_BYTES:
        break;
    }
    cell->text = mr_pg_text(row, 0, index);
    return true;
}

/* The packed winner stands in the place of its three columns. */
static bool take_winner(const PGresult *row, int index, mr_copy_cell *cells)
{
    mr_text block = mr_pg_text(row, 0, index);
    mr_winner winner = {0};

    if (block.data != NULL && block.bytes != mr_pg_block_bytes) {
        return false;
    }
    if (block.data != NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the key comes first */
        int64_t place = cells[0].number % mr_pg_block_products;
        winner =
            mr_pg_winner_unpack((const unsigned char *)block.data + place * mr_pg_winner_bytes);
    }
    cells[index] = (mr_copy_cell){.is_null = !winner.is_set, .number = winner.date_seconds};
    cells[index + 1] = (mr_copy_cell){.is_null = !winner.is_set, .number = winner.partition};
    cells[index + 2] = (mr_copy_cell){.is_null = !winner.is_set, .number = winner.offset};
    return true;
}

static mr_status visit_row(void *ctx, const PGresult *row, mr_err *err)
{
    const row_visit *to = ctx;
    const mr_copy_table *table = to->table;
    mr_copy_cell cells[mr_copy_columns_max];
    int index, plain = table->column_count - (table->has_winners ? winner_columns : 0);

    for (index = 0; index < plain; index++) {
        if (!take_cell(row, index, table->columns[index].kind, &cells[index])) {
            break;
        }
    }
    if (index < plain || (table->has_winners && !take_winner(row, plain, cells))) {
        return mr_fail(err, MR_CORRUPT, "%s: table %s, column %s: not a value that can be",
                       mr_pg_where(to->end->pg), table->name, table->columns[index].name);
    }
    return to->visit(to->ctx, cells, err);
}

static void append_columns(mr_buffer *sql, const mr_copy_table *table, int count)
{
    int index;

    for (index = 0; index < count; index++) {
        mr_buffer_printf(sql, "%s%s", index == 0 ? "" : ", ", table->columns[index].name);
    }
}

static mr_status read_table(void *state, const mr_copy_table *table, mr_copy_visit visit, void *ctx,
                            mr_err *err)
{
    copy_end *end = state;
    row_visit to = {table, end, visit, ctx};
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, statement_bytes_max);
    mr_buffer_printf(&sql, "SELECT ");
    if (table->has_winners) {
        append_columns(&sql, table, table->column_count - winner_columns);
        mr_buffer_printf(&sql,
                         ", winners FROM %s LEFT JOIN product_winner ON block = product_id / %d"
                         " ORDER BY product_id",
                         table->name, mr_pg_block_products);
    } else {
        append_columns(&sql, table, table->column_count);
        mr_buffer_printf(&sql, " FROM %s%s", schema_of(table), table->name);
    }
    MR_ASSERT(mr_buffer_append(&sql, "", 1));
    status = mr_pg_each_sql(end->pg, sql.data, visit_row, &to, err);
    mr_buffer_free(&sql);
    return status;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static mr_status put_begin(void *state, const mr_copy_table *table, mr_err *err)
{
    copy_end *end = state;
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, statement_bytes_max);
    mr_buffer_printf(&sql, "COPY %s%s (", schema_of(table), table->name);
    append_columns(&sql, table, table->column_count - (table->has_winners ? winner_columns : 0));
    mr_buffer_printf(&sql, ") FROM STDIN (FORMAT binary)");
    MR_ASSERT(mr_buffer_append(&sql, "", 1));
    status = mr_pg_copy_begin(end->pg, sql.data, err);
    mr_buffer_free(&sql);
    mr_buffer_clear(&end->rows);
    mr_pg_put_copy_header(&end->rows);
    mr_buffer_clear(&end->blocks);
    mr_pg_put_copy_header(&end->blocks);
    end->block.is_held = false;
    return status;
}

static void put_cell(mr_buffer *rows, mr_copy_kind kind, const mr_copy_cell *cell)
{
    if (cell->is_null) {
        mr_pg_put_null(rows);
        return;
    }
    switch (kind) {
    case MR_COPY_INT4:
        mr_pg_put_int4(rows, (int32_t)cell->number);
        return;
    case MR_COPY_INT8:
        mr_pg_put_int8(rows, cell->number);
        return;
    case MR_COPY_FLAG:
        mr_pg_put_flag(rows, cell->number != 0);
        return;
    case MR_COPY_DATE:
        mr_pg_put_date(rows, (mr_civil){cell->number});
        return;
    case MR_COPY_PRICE:
        mr_pg_put_price(rows, (mr_price){cell->number});
        return;
    case MR_COPY_AMOUNT:
        mr_pg_put_amount(rows, cell->amount);
        return;
    case MR_COPY_TEXT:
    case MR_COPY_BYTES:
        break;
    }
    mr_pg_put_text(rows, cell->text);
}

static void end_block(copy_end *end)
{
    if (end->block.is_held) {
        mr_pg_put_field_count(&end->blocks, 2);
        mr_pg_put_int4(&end->blocks, end->block.number);
        mr_pg_put_bytes(&end->blocks, end->block.bytes, sizeof(end->block.bytes));
    }
}

static void pack_winner(copy_end *end, const mr_copy_cell *cells, int first)
{
    int64_t product_id = cells[0].number;
    mr_winner winner = {
        .date_seconds = cells[first].number,
        .partition = (int32_t)cells[first + 1].number,
        .offset = cells[first + 2].number,
        .is_set = !cells[first].is_null,
    };

    if (!end->block.is_held || end->block.number != mr_pg_block_of(product_id)) {
        end_block(end);
        end->block = (mr_pg_block){.number = mr_pg_block_of(product_id), .is_held = true};
    }
    mr_pg_block_set_winner(&end->block, product_id, &winner);
}

static mr_status put(void *state, const mr_copy_table *table, const mr_copy_cell *cells,
                     mr_err *err)
{
    copy_end *end = state;
    int index, plain = table->column_count - (table->has_winners ? winner_columns : 0);

    mr_pg_put_field_count(&end->rows, (int16_t)plain);
    for (index = 0; index < plain; index++) {
        put_cell(&end->rows, table->columns[index].kind, &cells[index]);
    }
    if (table->has_winners) {
        pack_winner(end, cells, plain);
    }
    return mr_pg_copy_put_chunk(end->pg, &end->rows, err);
}

static mr_status finish_copy(copy_end *end, mr_buffer *rows, mr_err *err)
{
    mr_status status = mr_pg_copy_put_last(end->pg, rows, err);

    return status != MR_OK ? status : mr_pg_copy_end(end->pg, NULL, err);
}

static mr_status put_winners(copy_end *end, mr_err *err)
{
    mr_status status = mr_pg_copy_begin(
        end->pg, "COPY product_winner (block, winners) FROM STDIN (FORMAT binary)", err);

    end_block(end);
    return status != MR_OK ? status : finish_copy(end, &end->blocks, err);
}

/* New rows get numbers above those that came. */
static mr_status raise_identity(copy_end *end, const mr_copy_table *table, mr_err *err)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql),
                   "SELECT setval(pg_get_serial_sequence('%s%s', '%s'), max(%s)) FROM %s%s"
                   " HAVING max(%s) IS NOT NULL",
                   schema_of(table), table->name, table->identity, table->identity,
                   schema_of(table), table->name, table->identity);
    return mr_pg_exec(end->pg, sql, err);
}

static mr_status put_end(void *state, const mr_copy_table *table, mr_err *err)
{
    copy_end *end = state;
    mr_status status = finish_copy(end, &end->rows, err);

    if (status == MR_OK && table->has_winners) {
        status = put_winners(end, err);
    }
    if (status == MR_OK && table->identity != NULL) {
        status = raise_identity(end, table, err);
    }
    return status;
}

/* Under a partition that no log has. */
static mr_status put_totals(void *state, const mr_store_totals *totals, mr_err *err)
{
    copy_end *end = state;
    char sales[mr_amount_text_bytes_max], cancelled[mr_amount_text_bytes_max], sql[512];

    mr_amount_format(totals->sales, 0, sales);
    mr_amount_format(totals->cancelled, 0, cancelled);
    (void)snprintf(
        sql, sizeof(sql),
        "INSERT INTO store_total VALUES (-1, %llu, %llu, %llu, %llu, %llu, %llu, %s, %s)",
        (unsigned long long)totals->lines, (unsigned long long)totals->invoices,
        (unsigned long long)totals->cancelled_invoices, (unsigned long long)totals->customers,
        (unsigned long long)totals->products, (unsigned long long)totals->countries, sales,
        cancelled);
    return mr_pg_exec(end->pg, sql, err);
}

static mr_status commit(void *state, mr_err *err)
{
    copy_end *end = state;

    return mr_pg_commit(end->pg, err);
}

const mr_copy_backend mr_copy_postgres = {
    .open = open_end,
    .close = close_end,
    .read = read_table,
    .put_begin = put_begin,
    .put = put,
    .put_end = put_end,
    .put_totals = put_totals,
    .commit = commit,
};
