/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_copy.c - the whole content of one store into another, empty one.
 *
 * Owns:       both ends while it copies.
 * Called by:  the command migrate-store, on its thread.
 * Invariants: (1) every table of the schema stands in the list below, but for those it says do not
 *                 come along (a test counts them);
 *             (2) nothing of the store's copy stays unless all of it does, and then what lies
 *                 beside it is there already;
 *             (3) what is reported was read back from the copy.
 * Not here:   how a database keeps cells (copy_sqlite.c, copy_postgres.c).
 */
#include "store/store_copy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "store/copy_backend.h"
#include "store/ops.h"

enum { progress_rows = 8192, row_bytes_max = 131072 };

/* In the order in which they are copied: what others refer to comes first. */
static const mr_copy_table tables[] = {
    {.name = "country",
     .columns = {{.name = "country_id", .kind = MR_COPY_INT4},
                 {.name = "name", .kind = MR_COPY_TEXT}},
     .column_count = 2,
     .identity = "country_id"},
    {.name = "customer",
     .columns = {{.name = "customer_id", .kind = MR_COPY_INT8},
                 {.name = "name", .kind = MR_COPY_TEXT},
                 {.name = "name_date", .kind = MR_COPY_DATE},
                 {.name = "name_partition", .kind = MR_COPY_INT4},
                 {.name = "name_offset", .kind = MR_COPY_INT8},
                 {.name = "country_id", .kind = MR_COPY_INT4},
                 {.name = "country_date", .kind = MR_COPY_DATE},
                 {.name = "country_partition", .kind = MR_COPY_INT4},
                 {.name = "country_offset", .kind = MR_COPY_INT8}},
     .column_count = 9},
    {.name = "product",
     .columns = {{.name = "product_id", .kind = MR_COPY_INT4},
                 {.name = "stock_code", .kind = MR_COPY_TEXT},
                 {.name = "description", .kind = MR_COPY_TEXT},
                 {.name = "description_date", .kind = MR_COPY_DATE},
                 {.name = "description_partition", .kind = MR_COPY_INT4},
                 {.name = "description_offset", .kind = MR_COPY_INT8}},
     .column_count = 6,
     .identity = "product_id",
     .has_winners = true},
    {.name = "invoice",
     .columns = {{.name = "invoice_no", .kind = MR_COPY_TEXT},
                 {.name = "no_prefix", .kind = MR_COPY_INT8},
                 {.name = "cancelled", .kind = MR_COPY_FLAG},
                 {.name = "invoice_date", .kind = MR_COPY_DATE},
                 {.name = "customer_id", .kind = MR_COPY_INT8},
                 {.name = "country_id", .kind = MR_COPY_INT4},
                 {.name = "head_date", .kind = MR_COPY_DATE},
                 {.name = "head_partition", .kind = MR_COPY_INT4},
                 {.name = "head_offset", .kind = MR_COPY_INT8},
                 {.name = "lines", .kind = MR_COPY_INT8},
                 {.name = "items", .kind = MR_COPY_INT8},
                 {.name = "amount", .kind = MR_COPY_AMOUNT}},
     .column_count = 12},
    {.name = "customer_invoice",
     .columns = {{.name = "invoice_no", .kind = MR_COPY_TEXT},
                 {.name = "customer_id", .kind = MR_COPY_INT8},
                 {.name = "invoice_date", .kind = MR_COPY_DATE},
                 {.name = "lines", .kind = MR_COPY_INT8},
                 {.name = "items", .kind = MR_COPY_INT8},
                 {.name = "amount", .kind = MR_COPY_AMOUNT}},
     .column_count = 6},
    {.name = "invoice_line",
     .columns = {{.name = "invoice_no", .kind = MR_COPY_TEXT},
                 {.name = "event_id", .kind = MR_COPY_BYTES, .is_uuid = true},
                 {.name = "stock_code", .kind = MR_COPY_TEXT},
                 {.name = "quantity", .kind = MR_COPY_INT4},
                 {.name = "unit_price", .kind = MR_COPY_PRICE},
                 {.name = "invoice_date", .kind = MR_COPY_DATE},
                 {.name = "customer_id", .kind = MR_COPY_INT8},
                 {.name = "content_hash", .kind = MR_COPY_INT8},
                 {.name = "log_partition", .kind = MR_COPY_INT4},
                 {.name = "log_offset", .kind = MR_COPY_INT8}},
     .column_count = 10},
    {.name = "consumed_offset",
     .columns = {{.name = "consumer_group", .kind = MR_COPY_TEXT},
                 {.name = "topic", .kind = MR_COPY_TEXT},
                 {.name = "log_partition", .kind = MR_COPY_INT4},
                 {.name = "next_offset", .kind = MR_COPY_INT8},
                 {.name = "moved_ms", .kind = MR_COPY_INT8}},
     .column_count = 5},
    {.name = "api_key",
     .columns = {{.name = "key_id", .kind = MR_COPY_INT8},
                 {.name = "name", .kind = MR_COPY_TEXT},
                 {.name = "hash", .kind = MR_COPY_BYTES},
                 {.name = "prefix", .kind = MR_COPY_TEXT},
                 {.name = "created_ms", .kind = MR_COPY_INT8},
                 {.name = "expires_ms", .kind = MR_COPY_INT8},
                 {.name = "revoked_ms", .kind = MR_COPY_INT8},
                 {.name = "role", .kind = MR_COPY_INT8}},
     .column_count = 8,
     .identity = "key_id",
     .is_ops = true},
    {.name = "dead_letter",
     .columns = {{.name = "log_partition", .kind = MR_COPY_INT4},
                 {.name = "log_offset", .kind = MR_COPY_INT8},
                 {.name = "state", .kind = MR_COPY_INT4},
                 {.name = "changed_ms", .kind = MR_COPY_INT8}},
     .column_count = 4,
     .is_ops = true},
    /* Who may look comes along; sessions, links and tries end here, and so does the history. */
    {.name = "web_user",
     .columns = {{.name = "user_id", .kind = MR_COPY_INT8},
                 {.name = "name", .kind = MR_COPY_TEXT},
                 {.name = "role", .kind = MR_COPY_INT8},
                 {.name = "customer_id", .kind = MR_COPY_INT8},
                 {.name = "password", .kind = MR_COPY_TEXT},
                 {.name = "created_ms", .kind = MR_COPY_INT8},
                 {.name = "signed_in_ms", .kind = MR_COPY_INT8}},
     .column_count = 7,
     .identity = "user_id",
     .is_ops = true},
    {.name = "web_saved_query",
     .columns = {{.name = "query_id", .kind = MR_COPY_INT8},
                 {.name = "user_name", .kind = MR_COPY_TEXT},
                 {.name = "name", .kind = MR_COPY_TEXT},
                 {.name = "source", .kind = MR_COPY_TEXT},
                 {.name = "query", .kind = MR_COPY_TEXT},
                 {.name = "changed_ms", .kind = MR_COPY_INT8}},
     .column_count = 6,
     .identity = "query_id",
     .is_ops = true},
    {.name = "web_audit",
     .columns = {{.name = "audit_id", .kind = MR_COPY_INT8},
                 {.name = "at_ms", .kind = MR_COPY_INT8},
                 {.name = "user_name", .kind = MR_COPY_TEXT},
                 {.name = "address", .kind = MR_COPY_TEXT},
                 {.name = "action", .kind = MR_COPY_TEXT},
                 {.name = "target", .kind = MR_COPY_TEXT},
                 {.name = "detail", .kind = MR_COPY_TEXT}},
     .column_count = 7,
     .identity = "audit_id",
     .is_ops = true},
};

enum {
    table_count = sizeof(tables) / sizeof(tables[0]),
    table_country = 0,
    table_customer = 1,
    table_product = 2,
    table_invoice = 3,
    table_line = 5,
    table_key = 7,
    table_letter = 8,
};

/* What is known of a table's rows, in whatever order they come. */
typedef struct tally {
    uint64_t rows;
    uint64_t checksum;
} tally;

typedef struct end {
    const mr_copy_backend *backend;
    void *store, *ops; /* ops NULL: nothing was ever kept there */
} end;

typedef struct copying {
    end from, to;
    tally read[table_count], written[table_count];
    bool kept[table_count]; /* what is there is what would be copied */
    size_t table;           /* that is being read */
    mr_store_totals totals; /* counted from the rows that went by */
    uint64_t rows, rows_expected;
    mr_store_copy_progress progress;
    void *ctx;
    bool checking;
    bool with_ops; /* unless both ends have the same */
    mr_buffer row; /* canonical bytes, for the checksum */
} copying;

/* --- Ends ------------------------------------------------------------------------------------- */

static const mr_copy_backend *backend_of(const char *url)
{
    return strncmp(url, "sqlite:", strlen("sqlite:")) == 0 ? &mr_copy_sqlite : &mr_copy_postgres;
}

static mr_status open_end(const mr_store_options *options, bool writing, bool with_ops,
                          end *ret_end, mr_err *err)
{
    const mr_copy_backend *backend = backend_of(options->url);
    mr_status status;

    *ret_end = (end){.backend = backend};
    status = backend->open(options, false, writing, &ret_end->store, err);
    if (status == MR_OK && with_ops) {
        status = backend->open(options, true, writing, &ret_end->ops, err);
        status = status == MR_NOT_FOUND ? MR_OK : status;
    }
    return status;
}

static void close_end(const end *e)
{
    if (e->store != NULL) {
        e->backend->close(e->store);
    }
    if (e->ops != NULL) {
        e->backend->close(e->ops);
    }
}

static void *state_for(const end *e, const mr_copy_table *table)
{
    return table->is_ops ? e->ops : e->store;
}

/* Opening for writing makes what is not there; the same for what lies beside. */
static mr_status make_schema(const mr_store_options *to, mr_err *err)
{
    mr_store_options options = *to;
    mr_store *store = NULL;
    mr_ops *ops = NULL;
    mr_status status;

    options.mode = MR_STORE_WRITE;
    status = mr_store_open(&options, &store, err);
    mr_store_close(store);
    if (status == MR_OK) {
        status = mr_ops_open_beside(&options, &ops, err);
        mr_ops_close(ops);
    }
    return status;
}

/* What lies beside the source has the tables that are read, if there is anything: a version from
 * before the web is brought up to date. */
static mr_status renew_ops(const mr_store_options *from, mr_err *err)
{
    mr_store_options options = *from;
    mr_ops *ops = NULL;
    mr_status status;

    if (backend_of(from->url) == &mr_copy_sqlite) {
        char *path = mr_path_join(from->data_folder, "ops.db");
        bool exists = access(path, F_OK) == 0;
        free(path);
        if (!exists) {
            return MR_OK; /* opening would make it */
        }
    }
    options.mode = MR_STORE_READ;
    status = mr_ops_open_beside(&options, &ops, err);
    if (status == MR_UNAVAILABLE) { /* an older version, or nobody is there: then this fails too */
        options.mode = MR_STORE_WRITE;
        status = mr_ops_open_beside(&options, &ops, err);
    }
    mr_ops_close(ops);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* Two files of one data folder have the same keys beside them. */
static bool share_ops(const mr_store_options *from, const mr_store_options *to)
{
    return backend_of(from->url) == &mr_copy_sqlite && backend_of(to->url) == &mr_copy_sqlite &&
           strcmp(from->data_folder, to->data_folder) == 0;
}

/* --- Rows ------------------------------------------------------------------------------------- */

static void note_progress(copying *c)
{
    if (++c->rows % progress_rows == 0 && c->progress != NULL) {
        c->progress(c->ctx, c->rows, c->rows_expected, c->checking);
    }
}

static void put_cell(mr_buffer *row, mr_copy_kind kind, const mr_copy_cell *cell)
{
    bool is_text = kind == MR_COPY_TEXT || kind == MR_COPY_BYTES;
    bool fits = mr_buffer_append(row, &cell->is_null, sizeof(cell->is_null));

    if (!cell->is_null && is_text) {
        fits = fits && mr_buffer_append(row, &cell->text.bytes, sizeof(cell->text.bytes)) &&
               mr_buffer_append_text(row, cell->text);
    } else if (!cell->is_null && kind == MR_COPY_AMOUNT) {
        fits = fits && mr_buffer_append(row, &cell->amount, sizeof(cell->amount));
    } else if (!cell->is_null) {
        fits = fits && mr_buffer_append(row, &cell->number, sizeof(cell->number));
    }
    MR_ASSERT(fits); /* the longest row holds a saved query, of 64 KiB at most */
}

/* A sum of hashes is the same in any order, and differs when a row is there twice. */
static void add_to(tally *t, mr_buffer *row, const mr_copy_table *table, const mr_copy_cell *cells)
{
    int index;

    mr_buffer_clear(row);
    for (index = 0; index < table->column_count; index++) {
        put_cell(row, table->columns[index].kind, &cells[index]);
    }
    t->rows++;
    t->checksum += mr_hash64(row->data, row->bytes);
}

/* Quantity and price stand side by side in the table of lines. */
static void count_line(mr_store_totals *totals, const mr_copy_cell *cells)
{
    mr_amount amount = mr_amount_of((int32_t)cells[3].number, (mr_price){cells[4].number});

    totals->lines++;
    if (mr_text_starts_with(cells[0].text, "C")) {
        totals->cancelled = mr_amount_add(totals->cancelled, amount);
    } else {
        totals->sales = mr_amount_add(totals->sales, amount);
    }
}

/* What a row adds to the totals beside being one. */
static void count_row(copying *c, const mr_copy_cell *cells)
{
    if (c->table == table_line) {
        count_line(&c->totals, cells);
    } else if (c->table == table_invoice) {
        c->totals.cancelled_invoices += cells[2].number != 0;
    }
}

static mr_store_totals counted_totals(const copying *c, const tally *tallies)
{
    mr_store_totals totals = c->totals;

    totals.countries = tallies[table_country].rows;
    totals.customers = tallies[table_customer].rows;
    totals.products = tallies[table_product].rows;
    totals.invoices = tallies[table_invoice].rows;
    return totals;
}

static mr_status copy_row(void *ctx, const mr_copy_cell *cells, mr_err *err)
{
    copying *c = ctx;
    const mr_copy_table *table = &tables[c->table];

    add_to(&c->read[c->table], &c->row, table, cells);
    count_row(c, cells);
    note_progress(c);
    return c->to.backend->put(state_for(&c->to, table), table, cells, err);
}

static mr_status check_row(void *ctx, const mr_copy_cell *cells, mr_err *err)
{
    copying *c = ctx;

    (void)err;
    add_to(&c->written[c->table], &c->row, &tables[c->table], cells);
    count_row(c, cells);
    note_progress(c);
    return MR_OK;
}

static mr_status refuse(size_t table, mr_err *err)
{
    return mr_fail(err, MR_EXISTS,
                   "the store to copy to is not empty: its table %s has rows%s; a copy goes into a "
                   "new database or file",
                   tables[table].name, tables[table].is_ops ? " that the source has not" : "");
}

static mr_status look_at_row(void *ctx, const mr_copy_cell *cells, mr_err *err)
{
    copying *c = ctx;

    if (!tables[c->table].is_ops) {
        return refuse(c->table, err);
    }
    add_to(&c->written[c->table], &c->row, &tables[c->table], cells);
    return MR_OK;
}

static mr_status read_row(void *ctx, const mr_copy_cell *cells, mr_err *err)
{
    copying *c = ctx;

    (void)err;
    add_to(&c->read[c->table], &c->row, &tables[c->table], cells);
    return MR_OK;
}

/* --- All of it -------------------------------------------------------------------------------- */

/* Visits every table of an end that has any. */
static mr_status read_all(copying *c, const end *e, mr_copy_visit visit, mr_err *err)
{
    mr_status status = MR_OK;

    for (c->table = 0; c->table < table_count && status == MR_OK; c->table++) {
        void *state = state_for(e, &tables[c->table]);

        if (state != NULL) {
            status = e->backend->read(state, &tables[c->table], visit, c, err);
            if (status != MR_OK) {
                break;
            }
        }
    }
    return status;
}

/* What lies beside the store is committed first: a copy that ended in between left it there. */
static mr_status keep_same(copying *c, mr_err *err)
{
    mr_status status = MR_OK;

    for (c->table = 0; c->table < table_count && status == MR_OK; c->table++) {
        const mr_copy_table *table = &tables[c->table];
        void *from = state_for(&c->from, table);
        tally *read = &c->read[c->table], *written = &c->written[c->table];

        if (written->rows == 0) {
            continue;
        }
        if (from != NULL) {
            status = c->from.backend->read(from, table, read_row, c, err);
        }
        c->kept[c->table] = read->rows == written->rows && read->checksum == written->checksum;
        if (status == MR_OK && !c->kept[c->table]) {
            return refuse(c->table, err);
        }
        *written = (tally){0};
    }
    return status;
}

static mr_status copy_table(copying *c, mr_err *err)
{
    const mr_copy_table *table = &tables[c->table];
    void *from = state_for(&c->from, table), *to = state_for(&c->to, table);
    mr_status status;

    if (from == NULL || to == NULL || c->kept[c->table]) {
        return MR_OK;
    }
    status = c->to.backend->put_begin(to, table, err);
    if (status == MR_OK) {
        status = c->from.backend->read(from, table, copy_row, c, err);
    }
    return status != MR_OK ? status : c->to.backend->put_end(to, table, err);
}

static mr_status copy_all(copying *c, mr_err *err)
{
    mr_store_totals totals;
    mr_status status = MR_OK;

    for (c->table = 0; c->table < table_count && status == MR_OK; c->table++) {
        status = copy_table(c, err);
    }
    if (status == MR_OK) {
        totals = counted_totals(c, c->read);
        status = c->to.backend->put_totals(c->to.store, &totals, err);
    }
    if (status == MR_OK && c->to.ops != NULL) { /* keys first: nobody misses them in no store */
        status = c->to.backend->commit(c->to.ops, err);
    }
    return status != MR_OK ? status : c->to.backend->commit(c->to.store, err);
}

static mr_status compare(const copying *c, mr_err *err)
{
    size_t index;

    for (index = 0; index < table_count; index++) {
        const tally *read = &c->read[index], *written = &c->written[index];

        if (read->rows != written->rows || read->checksum != written->checksum) {
            return mr_fail(err, MR_CORRUPT,
                           "the copy's table %s has %llu rows and not the %llu that were read, or "
                           "other content; remove the copy and make it again",
                           tables[index].name, (unsigned long long)written->rows,
                           (unsigned long long)read->rows);
        }
    }
    return MR_OK;
}

static bool same_totals(const mr_store_totals *a, const mr_store_totals *b)
{
    return a->lines == b->lines && a->invoices == b->invoices &&
           a->cancelled_invoices == b->cancelled_invoices && a->customers == b->customers &&
           a->products == b->products && a->countries == b->countries &&
           a->sales.scaled == b->sales.scaled && a->cancelled.scaled == b->cancelled.scaled;
}

static mr_status read_totals(const mr_store_options *options, mr_store_totals *ret_totals,
                             mr_err *err)
{
    mr_store_options reading = *options;
    mr_store *store = NULL;
    mr_status status;

    reading.mode = MR_STORE_READ;
    status = mr_store_open(&reading, &store, err);
    if (status == MR_OK) {
        status = mr_store_read_totals(store, ret_totals, err);
    }
    mr_store_close(store);
    return status;
}

/* Reads the copy back: its rows are the source's, and its totals are those of its rows. */
static mr_status check_copy(copying *c, const mr_store_options *to, mr_store_copied *ret_copied,
                            mr_err *err)
{
    mr_store_totals kept, counted;
    mr_status status;

    close_end(&c->to);
    c->rows = 0;
    c->totals = (mr_store_totals){0};
    c->checking = true;
    status = open_end(to, false, c->with_ops, &c->to, err);
    if (status == MR_OK) {
        status = read_all(c, &c->to, check_row, err);
    }
    if (status == MR_OK) {
        status = compare(c, err);
    }
    if (status == MR_OK) {
        status = read_totals(to, &kept, err);
    }
    if (status != MR_OK) {
        return status;
    }
    counted = counted_totals(c, c->written);
    if (!same_totals(&kept, &counted)) {
        return mr_fail(err, MR_CORRUPT,
                       "the totals that were kept are not those of the rows (%llu lines kept, %llu "
                       "there); remove the copy and make it again",
                       (unsigned long long)kept.lines, (unsigned long long)counted.lines);
    }
    *ret_copied = (mr_store_copied){.totals = kept,
                                    .rows = c->rows,
                                    .keys = c->written[table_key].rows,
                                    .letters = c->written[table_letter].rows};
    return MR_OK;
}

static mr_status copy_and_check(copying *c, const mr_store_options *to, mr_store_copied *ret_copied,
                                mr_err *err)
{
    mr_status status = read_all(c, &c->to, look_at_row, err);

    if (status == MR_OK) {
        status = keep_same(c, err);
    }
    if (status == MR_OK) {
        status = copy_all(c, err);
    }
    return status != MR_OK ? status : check_copy(c, to, ret_copied, err);
}

mr_status mr_store_copy(const mr_store_options *from, const mr_store_options *to,
                        mr_store_copy_progress progress, void *ctx, mr_store_copied *ret_copied,
                        mr_err *err)
{
    copying *c;
    mr_store_totals expected;
    mr_status status = read_totals(from, &expected, err);

    if (status == MR_OK) {
        status = renew_ops(from, err);
    }
    if (status == MR_OK) {
        status = make_schema(to, err);
    }
    if (status != MR_OK) {
        return status;
    }
    c = mr_alloc_zero(1, sizeof(*c));
    c->progress = progress;
    c->ctx = ctx;
    c->with_ops = !share_ops(from, to);
    c->rows_expected = expected.lines + 2 * expected.invoices;
    mr_buffer_init(&c->row, row_bytes_max);
    status = open_end(from, false, c->with_ops, &c->from, err);
    if (status == MR_OK) {
        status = open_end(to, true, c->with_ops, &c->to, err);
    }
    if (status == MR_OK) {
        status = copy_and_check(c, to, ret_copied, err);
    }
    close_end(&c->from);
    close_end(&c->to);
    mr_buffer_free(&c->row);
    free(c);
    return status;
}
