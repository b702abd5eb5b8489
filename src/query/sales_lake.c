/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_lake.c - reads gold.fact_sales into a working set.
 *
 * Owns:       blobs, an engine with one connection, the builder, the handles of the tables.
 * Invariants: the names of the fact's files are unique for ever and lie in the partition of their
 *             month. So files that came and files that went tell which months to read again: where
 *             none went, the new files alone are read.
 */
#include "query/sales_lake.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "lake/delta_sql.h"
#include "medallion/medallion.h"

enum {
    statement_bytes_max = 64 << 20,
    day_ms = 86400000,
    months_max = 1200, /* that a refresh reads one by one; more: all */
};

static const char fact_path[] = "gold/fact_sales", products_path[] = "gold/dim_product",
                  customers_path[] = "gold/dim_customer", bronze_path[] = "bronze/sales_events";

typedef struct file_name {
    char *path;
    int32_t month; /* yyyymm; -1: it does not say */
} file_name;

typedef struct file_names {
    file_name *files;
    size_t count;
} file_names;

struct mr_sales_lake {
    mr_blobs *blobs;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_delta_table *fact, *products, *customers, *bronze;
    mr_sales_builder *builder;
    size_t bytes_max;
    file_names files;      /* of the version that was read last, in order */
    int64_t version;       /* of it; -1: none */
    int64_t rows_too_many; /* so many did not fit; INT64_MAX: not known yet */
    mr_sales_lag lag;
    int64_t lag_from, lag_until; /* versions of bronze whose rows lag.rows counts: (from, until] */
    int64_t made_version, made_of; /* gold's version, and the version of bronze it was made of */
};

/* --- Opening ---------------------------------------------------------------------------------- */

mr_status mr_sales_lake_open(const mr_sales_lake_options *options, mr_sales_lake **ret_lake,
                             mr_err *err)
{
    mr_sales_lake *lake = mr_alloc_zero(1, sizeof *lake);
    char *temp = mr_path_join(options->data_folder, "tmp/sales");
    mr_olap_options engine = options->engine;
    mr_status status = mr_blobs_open(&options->lake, &lake->blobs, err);

    engine.temp_folder = temp;
    if (status == MR_OK) {
        status = mr_olap_open(&engine, &lake->olap, err);
    }
    if (status == MR_OK) {
        status = mr_olap_connect(lake->olap, &lake->connection, err);
    }
    free(temp);
    if (status != MR_OK) {
        mr_sales_lake_close(lake);
        return status;
    }
    lake->bytes_max = options->bytes_max;
    lake->version = -1;
    lake->rows_too_many = INT64_MAX;
    lake->lag = (mr_sales_lag){-1, -1};
    lake->lag_from = lake->lag_until = lake->made_version = lake->made_of = -1;
    lake->fact = mr_delta_table_create(lake->blobs, fact_path);
    lake->products = mr_delta_table_create(lake->blobs, products_path);
    lake->customers = mr_delta_table_create(lake->blobs, customers_path);
    lake->bronze = mr_delta_table_create(lake->blobs, bronze_path);
    lake->builder = mr_sales_builder_create(lake->bytes_max);
    *ret_lake = lake;
    return MR_OK;
}

static void free_files(file_names *names)
{
    for (size_t index = 0; index < names->count; index++) {
        free(names->files[index].path);
    }
    free(names->files);
    *names = (file_names){.files = NULL};
}

void mr_sales_lake_close(mr_sales_lake *lake)
{
    if (lake == NULL) {
        return;
    }
    mr_sales_builder_destroy(lake->builder);
    mr_delta_table_destroy(lake->fact);
    mr_delta_table_destroy(lake->products);
    mr_delta_table_destroy(lake->customers);
    mr_delta_table_destroy(lake->bronze);
    mr_olap_disconnect(lake->connection);
    mr_olap_close(lake->olap);
    mr_blobs_close(lake->blobs);
    free_files(&lake->files);
    free(lake);
}

void mr_sales_lake_stop(mr_sales_lake *lake)
{
    mr_olap_interrupt(lake->connection);
}

/* --- Reading rows ----------------------------------------------------------------------------- */

static mr_status add_line(void *ctx, const mr_olap_result *row, mr_err *err)
{
    const int64_t epoch_ms = mr_olap_int64(row, 6);
    const mr_sales_line line = {.invoice = mr_olap_text(row, 0),
                                .product = mr_olap_text(row, 1),
                                .guest = mr_olap_is_null(row, 2),
                                .customer = mr_olap_int64(row, 2),
                                .country = mr_olap_text(row, 3),
                                .quantity = (int32_t)mr_olap_int64(row, 4),
                                .amount = mr_olap_amount(row, 5),
                                .epoch_s = epoch_ms / 1000 - (epoch_ms % 1000 < 0)};

    return mr_sales_builder_add(ctx, &line, err);
}

static mr_status add_product(void *ctx, const mr_olap_result *row, mr_err *err)
{
    (void)err;
    mr_sales_builder_product(ctx, mr_olap_text(row, 0),
                             mr_olap_is_null(row, 1) ? MR_TEXT_ABSENT : mr_olap_text(row, 1));
    return MR_OK;
}

static mr_status add_customer(void *ctx, const mr_olap_result *row, mr_err *err)
{
    (void)err;
    mr_sales_builder_customer(ctx, mr_olap_int64(row, 0),
                              mr_olap_is_null(row, 1) ? MR_TEXT_ABSENT : mr_olap_text(row, 1),
                              mr_olap_is_null(row, 2) ? MR_TEXT_ABSENT : mr_olap_text(row, 2));
    return MR_OK;
}

static mr_status add_first_order(void *ctx, const mr_olap_result *row, mr_err *err)
{
    (void)err;
    mr_sales_builder_first_order(ctx, mr_olap_int64(row, 0), (int32_t)mr_olap_int64(row, 1));
    return MR_OK;
}

typedef mr_status (*row_fn)(void *ctx, const mr_olap_result *row, mr_err *err);

/* Runs the query in sql, without a NUL yet, and gives every row to add. */
static mr_status read_rows(mr_sales_lake *lake, mr_buffer *sql, row_fn add,
                           mr_sales_builder *builder, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_status status;

    if (sql->overflowed || !mr_buffer_append(sql, "", 1)) {
        return mr_fail(err, MR_LIMIT,
                       "gold has too many files to be read at once: gather them "
                       "with millrace lake optimize");
    }
    status = mr_olap_query(lake->connection, sql->data, true, &result, err);
    while (status == MR_OK && (status = mr_olap_next(result, err)) == MR_OK) {
        status = add(builder, result, err);
    }
    mr_olap_result_free(result);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static const char select_lines[] =
    "SELECT InvoiceNo, StockCode, CustomerID, Country, Quantity, Amount, epoch_ms(InvoiceDate)"
    " FROM ";

/* Names of products and customers as they are now: newer ones than the fact's do no harm. */
static mr_status read_labels(mr_sales_lake *lake, mr_sales_builder *builder, mr_err *err)
{
    const struct {
        mr_delta_table *table;
        const char *select;
        row_fn add;
    } labels[] = {
        {lake->products, "SELECT StockCode, Description FROM ", add_product},
        {lake->customers, "SELECT CustomerID, CustomerName, Country FROM ", add_customer},
    };
    mr_status status = MR_OK;

    for (size_t index = 0; index < sizeof labels / sizeof labels[0] && status == MR_OK; index++) {
        mr_delta_snapshot *snapshot = NULL;
        mr_buffer sql;

        status = mr_delta_read(labels[index].table, &snapshot, err);
        if (status == MR_NOT_FOUND) {
            status = MR_OK;
            continue;
        }
        mr_buffer_init(&sql, statement_bytes_max);
        (void)mr_buffer_append_string(&sql, labels[index].select);
        if (status == MR_OK) {
            status = mr_delta_relation(labels[index].table, snapshot, NULL, 0, &sql, err);
        }
        if (status == MR_OK) {
            status = read_rows(lake, &sql, labels[index].add, builder, err);
        }
        mr_buffer_free(&sql);
        mr_delta_snapshot_free(snapshot);
    }
    return status;
}

/* --- What is new ------------------------------------------------------------------------------ */

static int compare_files(const void *left, const void *right)
{
    const file_name *a = left, *b = right;

    return strcmp(a->path, b->path);
}

static int32_t month_of(const mr_delta_file *file)
{
    uint64_t month = 0;

    return mr_parse_uint64(mr_text_of(file->partition_values[0]), 999912, &month) ? (int32_t)month
                                                                                  : -1;
}

static void list_files(const mr_delta_snapshot *snapshot, file_names *ret_names)
{
    const size_t count = mr_delta_file_count(snapshot);
    file_names names = {.files = mr_alloc((count + 1) * sizeof *names.files), .count = count};

    for (size_t index = 0; index < count; index++) {
        const mr_delta_file *file = mr_delta_file_at(snapshot, index);

        names.files[index] = (file_name){mr_copy_string(file->path), month_of(file)};
    }
    qsort(names.files, count, sizeof *names.files, compare_files);
    *ret_names = names;
}

static bool has_file(const file_names *names, const char *path)
{
    const file_name wanted = {.path = (char *)(uintptr_t)path};

    return names->count > 0 &&
           bsearch(&wanted, names->files, names->count, sizeof wanted, compare_files) != NULL;
}

/* What a refresh reads, and which months of the set before it takes away. */
typedef struct change {
    bool all;
    int32_t months[months_max]; /* to be read again */
    size_t month_count;
    const mr_delta_file **files;
    size_t file_count;
    uint64_t rows;
} change;

static bool is_month_of(void *ctx, int32_t month)
{
    const change *self = ctx;

    for (size_t index = 0; index < self->month_count; index++) {
        if (self->months[index] == month) {
            return true;
        }
    }
    return false;
}

static void add_month(change *what, int32_t month)
{
    if (month < 0 || what->month_count == months_max) {
        what->all = true;
    } else if (!is_month_of(what, month)) {
        what->months[what->month_count++] = month;
    }
}

static void find_change(const file_names *before, const mr_delta_snapshot *snapshot,
                        const file_names *now, bool all, change *what)
{
    const size_t count = mr_delta_file_count(snapshot);

    what->all = all;
    for (size_t index = 0; index < before->count; index++) {
        if (!has_file(now, before->files[index].path)) {
            add_month(what, before->files[index].month);
        }
    }
    what->files = mr_alloc((count + 1) * sizeof *what->files);
    for (size_t index = 0; index < count; index++) {
        const mr_delta_file *file = mr_delta_file_at(snapshot, index);

        if (what->all || is_month_of(what, month_of(file)) || !has_file(before, file->path)) {
            what->files[what->file_count++] = file;
            what->rows += file->rows > 0 ? (uint64_t)file->rows : 0;
        }
    }
}

static bool take_first(void *ctx, const mr_delta_entry *entry)
{
    *(int64_t *)ctx = entry->committed_ms;
    return false;
}

static mr_status read_change(mr_sales_lake *lake, const mr_delta_snapshot *snapshot,
                             const change *what, mr_err *err)
{
    mr_buffer sql;
    mr_status status = MR_OK;

    if (what->file_count == 0) {
        return MR_OK;
    }
    mr_sales_builder_expect(lake->builder, what->rows);
    mr_buffer_init(&sql, statement_bytes_max);
    (void)mr_buffer_append_string(&sql, select_lines);
    status = mr_delta_relation(lake->fact, snapshot, what->files, what->file_count, &sql, err);
    if (status == MR_OK) {
        status = read_rows(lake, &sql, add_line, lake->builder, err);
    }
    mr_buffer_free(&sql);
    return status;
}

static void begin_anew(mr_sales_lake *lake)
{
    mr_sales_builder_destroy(lake->builder);
    lake->builder = mr_sales_builder_create(lake->bytes_max);
    free_files(&lake->files);
    lake->version = -1;
}

static mr_status build(mr_sales_lake *lake, const mr_delta_snapshot *snapshot,
                       const mr_sales_set *before, mr_sales_set **ret_set, mr_err *err)
{
    change *what = mr_alloc_zero(1, sizeof *what);
    file_names now;
    const bool alone = before == NULL;
    mr_sales_set *set = NULL;
    mr_status status;

    if (mr_delta_rows(snapshot) >= lake->rows_too_many) { /* spares reading them in vain */
        free(what);
        return mr_fail(err, MR_LIMIT, "the sales need more than %zu MiB of memory",
                       lake->bytes_max >> 20);
    }
    list_files(snapshot, &now);
    find_change(&lake->files, snapshot, &now, before == NULL, what);
    if (what->all) { /* names that no line has any more go, too */
        begin_anew(lake);
        before = NULL;
    }
    status = read_labels(lake, lake->builder, err);
    if (status == MR_OK) {
        status = read_change(lake, snapshot, what, err);
    }
    if (status == MR_OK) {
        status = mr_sales_builder_finish(lake->builder, before, is_month_of, what, &set, err);
    }
    free((void *)what->files);
    free(what);
    if (status != MR_OK) {
        /* What has no room beside the set before may have it once that one is gone. */
        lake->rows_too_many = status == MR_LIMIT && alone ? mr_delta_rows(snapshot) : INT64_MAX;
        begin_anew(lake);
        free_files(&now);
        return status;
    }
    free_files(&lake->files);
    lake->files = now;
    lake->version = set->version = mr_delta_version(snapshot);
    *ret_set = set;
    return MR_OK;
}

/* A set without lines, for a lake without the table. */
static mr_status build_empty(mr_sales_lake *lake, mr_sales_set **ret_set, mr_err *err)
{
    mr_sales_set *set = NULL;

    begin_anew(lake);
    const mr_status status = mr_sales_builder_finish(lake->builder, NULL, NULL, NULL, &set, err);
    if (status == MR_OK) {
        set->version = -1;
        *ret_set = set;
    }
    return status;
}

mr_status mr_sales_lake_refresh(mr_sales_lake *lake, const mr_sales_set *before,
                                mr_sales_set **ret_set, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_sales_set *set = NULL;
    mr_status status = mr_delta_read(lake->fact, &snapshot, err);

    if (status == MR_NOT_FOUND) {
        *ret_set = NULL;
        return before != NULL && before->version < 0 ? MR_OK : build_empty(lake, ret_set, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (before == NULL || before->version != mr_delta_version(snapshot)) {
        if (before != NULL && lake->version != before->version) {
            before = NULL; /* not the one these names belong to */
        }
        status = build(lake, snapshot, before, &set, err);
    }
    if (status == MR_OK && set != NULL) {
        status = mr_delta_history(lake->fact, take_first, &set->made_ms, err);
    }
    mr_delta_snapshot_free(snapshot);
    if (status != MR_OK) {
        mr_sales_set_free(set);
        return status;
    }
    *ret_set = set;
    return MR_OK;
}

/* --- The lines of one question ---------------------------------------------------------------- */

static void append_days(mr_buffer *sql, mr_sales_range range)
{
    char from[mr_sales_day_text_bytes_max], to[mr_sales_day_text_bytes_max];

    (void)mr_buffer_printf(sql,
                           "(InvoiceDate >= TIMESTAMP '%s' AND InvoiceDate < TIMESTAMP '%s' + "
                           "INTERVAL 1 DAY)",
                           mr_sales_day_text(range.from, from), mr_sales_day_text(range.to, to));
}

static void append_texts(mr_buffer *sql, const char *column, const mr_text *texts, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        (void)mr_buffer_printf(sql, index == 0 ? " AND %s IN (" : ", ", column);
        (void)mr_olap_quote_text(sql, texts[index]);
    }
    (void)mr_buffer_append_string(sql, count > 0 ? ")" : "");
}

/* Bits of the numbers that the expression may have; 0: all. */
static void append_bits(mr_buffer *sql, const char *expression, uint32_t bits)
{
    for (uint32_t left = bits; left != 0; left &= left - 1) {
        if (left == bits) {
            (void)mr_buffer_printf(sql, " AND %s IN (", expression);
        }
        (void)mr_buffer_printf(sql, "%s%d", left == bits ? "" : ", ", __builtin_ctz(left));
    }
    (void)mr_buffer_append_string(sql, bits != 0 ? ")" : "");
}

void mr_sales_append_condition(mr_buffer *sql, const mr_sales_question *question,
                               mr_sales_range range, mr_sales_range compared)
{
    (void)mr_buffer_append_string(sql, " WHERE (");
    append_days(sql, range);
    if (compared.from <= compared.to) {
        (void)mr_buffer_append_string(sql, " OR ");
        append_days(sql, compared);
    }
    (void)mr_buffer_append_string(sql, ")");
    append_texts(sql, "Country", question->countries, question->country_count);
    append_texts(sql, "StockCode", question->products, question->product_count);
    for (size_t index = 0; index < question->customer_count; index++) {
        (void)mr_buffer_printf(sql, "%s%" PRId64, index == 0 ? " AND CustomerID IN (" : ", ",
                               question->customers[index]);
    }
    (void)mr_buffer_append_string(sql, question->customer_count > 0 ? ")" : "");
    append_bits(sql, "isodow(InvoiceDate) - 1", question->weekdays);
    append_bits(sql, "hour(InvoiceDate)", question->hours);
}

/* A query of the fact's newest version; tail goes behind it. */
static mr_status ask_fact(mr_sales_lake *lake, const mr_delta_snapshot *snapshot,
                          const char *select, mr_text tail, row_fn add, mr_sales_builder *builder,
                          mr_err *err)
{
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, statement_bytes_max);
    (void)mr_buffer_append_string(&sql, select);
    status = mr_delta_relation(lake->fact, snapshot, NULL, 0, &sql, err);
    (void)mr_buffer_append_text(&sql, tail);
    if (status == MR_OK) {
        status = read_rows(lake, &sql, add, builder, err);
    }
    mr_buffer_free(&sql);
    return status;
}

static const char select_days[] = "SELECT CAST(min(epoch_ms(InvoiceDate)) // 86400000 AS BIGINT),"
                                  " CAST(max(epoch_ms(InvoiceDate)) // 86400000 AS BIGINT) FROM ";
static const char select_first_orders[] =
    "SELECT CustomerID, CAST(min(epoch_ms(InvoiceDate)) // 86400000 AS BIGINT) FROM ";
static const char first_orders_tail[] =
    " WHERE CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%' GROUP BY CustomerID";

typedef struct span {
    int64_t first, last;
} span;

static mr_status find_days(mr_sales_lake *lake, const mr_delta_snapshot *snapshot, span *ret_days,
                           mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, statement_bytes_max);
    (void)mr_buffer_append_string(&sql, select_days);
    status = mr_delta_relation(lake->fact, snapshot, NULL, 0, &sql, err);
    (void)mr_buffer_append(&sql, "", 1);
    if (status == MR_OK) {
        status = mr_olap_query(lake->connection, sql.data, true, &result, err);
    }
    if (status == MR_OK) {
        status = mr_olap_next(result, err);
    }
    if (status == MR_OK && !mr_olap_is_null(result, 0)) {
        *ret_days = (span){mr_olap_int64(result, 0), mr_olap_int64(result, 1)};
    }
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
    return status;
}

static mr_status read_question(mr_sales_lake *lake, const mr_delta_snapshot *snapshot,
                               const mr_sales_question *question, span days,
                               mr_sales_builder *builder, mr_err *err)
{
    const mr_sales_range range =
        mr_sales_range_of(question, (int32_t)days.first, (int32_t)days.last);
    mr_buffer tail;
    mr_status status = MR_OK;

    if (range.from > range.to) {
        return MR_OK;
    }
    mr_buffer_init(&tail, statement_bytes_max);
    mr_sales_append_condition(&tail, question, range,
                              mr_sales_range_before(range, question->compare));
    status = ask_fact(lake, snapshot, select_lines, mr_buffer_text(&tail), add_line, builder, err);
    mr_buffer_free(&tail);
    if (status == MR_OK) {
        status = ask_fact(lake, snapshot, select_first_orders, MR_TEXT_LITERAL(first_orders_tail),
                          add_first_order, builder, err);
    }
    return status;
}

mr_status mr_sales_lake_filter(mr_sales_lake *lake, const mr_sales_question *question,
                               uint32_t timeout_ms, mr_sales_set **ret_set, mr_err *err)
{
    mr_sales_builder *builder = mr_sales_builder_create(lake->bytes_max);
    mr_delta_snapshot *snapshot = NULL;
    span days = {1, 0};
    mr_sales_set *set = NULL;
    mr_status status = mr_delta_read(lake->fact, &snapshot, err);

    if (status == MR_NOT_FOUND) {
        mr_sales_builder_destroy(builder);
        return build_empty(lake, ret_set, err);
    }
    mr_olap_set_timeout(lake->connection, timeout_ms);
    if (status == MR_OK) {
        status = find_days(lake, snapshot, &days, err);
    }
    if (status == MR_OK) {
        status = read_labels(lake, builder, err);
    }
    if (status == MR_OK) {
        status = read_question(lake, snapshot, question, days, builder, err);
    }
    if (status == MR_OK) {
        status = mr_sales_builder_finish(builder, NULL, NULL, NULL, &set, err);
    }
    if (status == MR_OK) {
        set->version = mr_delta_version(snapshot);
        set->day_first = (int32_t)days.first;
        set->day_last = (int32_t)days.last;
        status = mr_delta_history(lake->fact, take_first, &set->made_ms, err);
    }
    mr_olap_set_timeout(lake->connection, 0);
    mr_delta_snapshot_free(snapshot);
    mr_sales_builder_destroy(builder);
    if (status != MR_OK) {
        mr_sales_set_free(set);
        return status;
    }
    *ret_set = set;
    return MR_OK;
}

/* --- Freshness -------------------------------------------------------------------------------- */

static bool add_rows(void *ctx, const mr_delta_file *file)
{
    int64_t *rows = ctx;

    *rows = file->rows < 0 || *rows < 0 ? -1 : *rows + file->rows;
    return true;
}

/* Rows of bronze that are newer than what gold was made of; counted on from where it was. */
static mr_status count_lag(mr_sales_lake *lake, int64_t from, mr_err *err)
{
    mr_delta_snapshot *bronze = NULL;
    mr_status status = mr_delta_read(lake->bronze, &bronze, err);

    if (status != MR_OK) {
        return status;
    }
    if (from != lake->lag_from || lake->lag_until > mr_delta_version(bronze)) {
        lake->lag_from = lake->lag_until = from;
        lake->lag = (mr_sales_lag){from, 0};
    }
    if (lake->lag_until < mr_delta_version(bronze)) {
        status = mr_delta_added_since(lake->bronze, bronze, lake->lag_until, add_rows,
                                      &lake->lag.rows, err);
        lake->lag_until = mr_delta_version(bronze);
    }
    mr_delta_snapshot_free(bronze);
    return status;
}

/* The version of bronze that gold was made of: gold names silver's, silver bronze's. */
static mr_status find_source(mr_sales_lake *lake, int64_t *ret_version, mr_err *err)
{
    mr_delta_snapshot *gold = NULL, *silver = NULL;
    mr_delta_table *table = mr_delta_table_create(lake->blobs, "silver/fact_sales");
    mr_status status = mr_delta_read(lake->fact, &gold, err);

    if (status == MR_OK && mr_delta_version(gold) != lake->made_version) {
        const int64_t version = mr_delta_txn_version(gold, "silver/fact_sales");

        status = version < 0 ? mr_fail(err, MR_NOT_FOUND, "gold does not say what it was made of")
                             : mr_delta_read_version(table, version, &silver, err);
        if (status == MR_OK) {
            lake->made_of = mr_delta_txn_version(silver, bronze_path);
            lake->made_version = mr_delta_version(gold);
        }
    }
    if (status == MR_OK) {
        *ret_version = lake->made_of;
    }
    mr_delta_snapshot_free(gold);
    mr_delta_snapshot_free(silver);
    mr_delta_table_destroy(table);
    return status;
}

void mr_sales_lake_lag(mr_sales_lake *lake, mr_sales_lag *ret_lag)
{
    int64_t from = -1;
    mr_err err;
    mr_status status = find_source(lake, &from, &err);

    if (status == MR_OK) {
        status = from < 0 ? MR_NOT_FOUND : count_lag(lake, from, &err);
    }
    *ret_lag = status == MR_OK ? lake->lag : (mr_sales_lag){from, -1};
}

int mr_sales_lake_reconciled(mr_sales_lake *lake, int64_t *ret_at_ms)
{
    mr_kept_reconciliation *kept = mr_alloc_zero(1, sizeof *kept);
    mr_err err;
    int holds = -1;

    if (mr_medallion_last_reconciliation(lake->blobs, kept, &err) == MR_OK) {
        holds = kept->holds ? 1 : 0;
        *ret_at_ms = kept->started_ms;
    }
    free(kept);
    return holds;
}
