/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_sums.c - the OLTP store in PostgreSQL: invoices, orders and totals.
 *
 * An invoice that this handle has not met before is new, nearly always: such are copied into the
 * table, which costs a third of anything that looks first, and their orders with them, which then
 * must be new, too. The others go out as one statement a table, with a column of values in each
 * parameter, that adds to what the row has.
 *
 * An invoice that was there after all fails the COPY and with it all since the savepoint: the
 * caller writes the batch again, by statements (store_postgres_lines.c). They tell how many rows
 * they met, so that it stays that way as long as lines of older invoices come.
 *
 * Owns:       nothing; works on the store's open transaction and its cache.
 * Called by:  store_postgres_write.c, on the handle's thread.
 * Invariants: (1) rows are written in the order of their keys, new ones first;
 *             (2) what is written is taken out of the cache: the next batch's sums begin at
 * nothing. Not here:   noting lines (store_postgres_write.c), what partitions share
 *             (store_postgres_shared.c).
 */
#include "store/store_postgres.h"

#include <stdlib.h>

enum {
    copied_rows_min = 32, /* fewer are not worth the two ways that a COPY takes */
    /* the key, and at most 160 bytes of the others with their lengths */
    row_bytes_max = 4 * mr_event_invoice_no_length_max + 256,
    invoice_fields = 12,
    order_fields = 6,
};

_Static_assert((int)mr_cache_orders_max <= (int)mr_cache_invoices_max, "both are listed in turn");

extern const char mr_embed_postgres_invoice_copy_sql[];
extern const char mr_embed_postgres_order_copy_sql[];

/* --- What is to be written -------------------------------------------------------------------- */

static const mr_cached_invoice *invoice_at(const mr_pg_store *store, size_t index)
{
    return (const mr_cached_invoice *)(const void *)store->changed[index];
}

static const mr_cached_order *order_at(const mr_pg_store *store, size_t index)
{
    return (const mr_cached_order *)(const void *)store->changed[index];
}

static int compare_keys(const void *a, const void *b)
{
    const mr_cache_key *left = &(*(const mr_cache_entry *const *)a)->key;
    const mr_cache_key *right = &(*(const mr_cache_entry *const *)b)->key;
    size_t least = left->text.bytes < right->text.bytes ? left->text.bytes : right->text.bytes;
    int order = memcmp(left->text.data, right->text.data, least);

    if (order == 0 && left->text.bytes != right->text.bytes) {
        order = left->text.bytes < right->text.bytes ? -1 : 1;
    }
    return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

static bool is_new(mr_cache_kind kind, const mr_cache_entry *entry)
{
    return kind == MR_CACHE_INVOICES
               ? !entry->stored
               : !((const mr_cached_order *)(const void *)entry)->invoice->entry.stored;
}

/* Lists what changed in store->changed: those that count as new, whose number it returns, then the
 * others; each by key. */
static size_t list_changed(mr_pg_store *store, mr_cache_kind kind)
{
    size_t count = mr_cache_changed_count(store->cache, kind), index, new_count = 0;

    for (index = 0; index < count; index++) {
        mr_cache_entry *entry = mr_cache_changed(store->cache, kind, index);

        store->changed[index] = entry;
        if (is_new(kind, entry)) {
            store->changed[index] = store->changed[new_count];
            store->changed[new_count++] = entry;
        }
    }
    qsort(store->changed, new_count, sizeof(*store->changed), compare_keys);
    qsort(store->changed + new_count, count - new_count, sizeof(*store->changed), compare_keys);
    return new_count;
}

/* Three cells: lines, items, amount. */
static char *write_sum(char *at, const mr_cached_sum *sum)
{
    at = mr_pg_write_int8(at, (int64_t)sum->lines);
    at = mr_pg_write_int8(at, sum->items);
    return mr_pg_write_amount(at, sum->amount);
}

static void put_sum(mr_buffer *const *cells, const mr_cached_sum *sum)
{
    mr_pg_put_int8(cells[0], (int64_t)sum->lines);
    mr_pg_put_int8(cells[1], sum->items);
    mr_pg_put_amount(cells[2], sum->amount);
}

/* --- By COPY ---------------------------------------------------------------------------------- */

static char *write_invoice(char *at, const mr_pg_store *store, const mr_cache_entry *entry,
                           int32_t partition)
{
    const mr_cached_invoice *invoice = (const mr_cached_invoice *)(const void *)entry;
    mr_text invoice_no = entry->key.text;

    at = mr_pg_write_field_count(at, invoice_fields);
    at = mr_pg_write_text(at, invoice_no);
    at = mr_pg_write_int8(at, (int64_t)entry->key.hash);
    at = mr_pg_write_flag(at, invoice_no.bytes > 0 && invoice_no.data[0] == 'C');
    at = mr_pg_write_date(at, (mr_civil){invoice->sum.date_seconds});
    at = invoice->has_customer ? mr_pg_write_int8(at, invoice->customer_id) : mr_pg_write_null(at);
    at = mr_pg_write_int4(at, store->countries.numbers[invoice->country_id]);
    at = mr_pg_write_date(at, (mr_civil){invoice->winner.date_seconds});
    at = mr_pg_write_int4(at, partition);
    at = mr_pg_write_int8(at, invoice->winner.offset);
    return write_sum(at, &invoice->sum);
}

static char *write_order(char *at, const mr_pg_store *store, const mr_cache_entry *entry,
                         int32_t partition)
{
    const mr_cached_order *order = (const mr_cached_order *)(const void *)entry;

    (void)store;
    (void)partition;
    at = mr_pg_write_field_count(at, order_fields);
    at = mr_pg_write_text(at, entry->key.text);
    at = mr_pg_write_int8(at, entry->key.number);
    at = mr_pg_write_date(at, (mr_civil){order->sum.date_seconds});
    return write_sum(at, &order->sum);
}

/* The first count of those listed. */
static mr_status copy_rows(mr_pg_store *store, const char *sql, size_t count, int32_t partition,
                           char *(*write_row)(char *, const mr_pg_store *, const mr_cache_entry *,
                                              int32_t),
                           mr_err *err)
{
    mr_status status = mr_pg_copy_begin(store->pg, sql, err);
    size_t index;

    mr_buffer_clear(&store->rows);
    mr_pg_put_copy_header(&store->rows);
    for (index = 0; index < count && status == MR_OK; index++) {
        char *begin = mr_buffer_reserve(&store->rows, row_bytes_max);

        MR_ASSERT(begin != NULL);
        mr_buffer_commit(
            &store->rows,
            (size_t)(write_row(begin, store, store->changed[index], partition) - begin));
        status = mr_pg_copy_put_chunk(store->pg, &store->rows, err);
    }
    if (status == MR_OK) {
        status = mr_pg_copy_put_last(store->pg, &store->rows, err);
    }
    return status != MR_OK ? status : mr_pg_copy_end(store->pg, NULL, err);
}

/* --- Invoices --------------------------------------------------------------------------------- */

static uint64_t count_cancelled(const mr_pg_store *store, size_t count)
{
    uint64_t cancelled = 0;
    size_t index;

    for (index = 0; index < count; index++) {
        cancelled += mr_text_starts_with(store->changed[index]->key.text, "C") ? 1 : 0;
    }
    return cancelled;
}

static mr_status add_invoices(mr_pg_store *store, int32_t partition, size_t from, size_t count,
                              mr_err *err)
{
    static const mr_pg_type types[] = {MR_PG_TEXT, MR_PG_INT8,      MR_PG_TIMESTAMP, MR_PG_INT8,
                                       MR_PG_INT4, MR_PG_TIMESTAMP, MR_PG_INT8,      MR_PG_INT8,
                                       MR_PG_INT8, MR_PG_NUMERIC};
    mr_pg_columns to = mr_pg_columns_begin(&store->params, types, sizeof(types) / sizeof(types[0]));
    size_t index;

    for (index = from; index < count; index++) {
        const mr_cached_invoice *invoice = invoice_at(store, index);

        mr_pg_put_text(to.cells[0], invoice->entry.key.text);
        mr_pg_put_int8(to.cells[1], (int64_t)invoice->entry.key.hash);
        mr_pg_put_date(to.cells[2], (mr_civil){invoice->sum.date_seconds});
        if (invoice->has_customer) {
            mr_pg_put_int8(to.cells[3], invoice->customer_id);
        } else {
            mr_pg_put_null(to.cells[3]);
        }
        mr_pg_put_int4(to.cells[4], store->countries.numbers[invoice->country_id]);
        mr_pg_put_date(to.cells[5], (mr_civil){invoice->winner.date_seconds});
        mr_pg_put_int8(to.cells[6], invoice->winner.offset);
        put_sum(&to.cells[7], &invoice->sum);
    }
    mr_pg_columns_end(&to, count - from);
    mr_pg_bind_int4(&store->params, partition);
    return mr_pg_store_run_counting(store, MR_PG_INVOICE_ADD, &store->added.invoices,
                                    &store->added.cancelled_invoices, err);
}

static mr_status write_invoices(mr_pg_store *store, int32_t partition, bool *ret_copied,
                                mr_err *err)
{
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_INVOICES), index;
    size_t new_count = list_changed(store, MR_CACHE_INVOICES), copied;
    uint64_t before = store->added.invoices, inserted;
    mr_status status = MR_OK;

    *ret_copied = store->copies_invoices && new_count >= copied_rows_min;
    copied = *ret_copied ? new_count : 0;
    if (copied > 0) {
        status = copy_rows(store, mr_embed_postgres_invoice_copy_sql, copied, partition,
                           write_invoice, err);
        store->added.invoices += copied;
        store->added.cancelled_invoices += count_cancelled(store, copied);
    }
    if (status == MR_OK && copied < count) {
        status = add_invoices(store, partition, copied, count, err);
    }
    inserted = store->added.invoices - before;
    store->met_invoices += new_count > inserted ? new_count - inserted : 0;
    for (index = 0; index < count; index++) {
        mr_cached_invoice *invoice = mr_cache_changed(store->cache, MR_CACHE_INVOICES, index);

        store->recent[invoice->entry.key.hash % mr_pg_recent_count] = invoice->entry.key.hash;
        invoice->sum = (mr_cached_sum){0};
        invoice->winner = (mr_winner){0};
        invoice->has_customer = false;
    }
    return status;
}

/* --- Orders ----------------------------------------------------------------------------------- */

static mr_status add_orders(mr_pg_store *store, size_t from, size_t count, mr_err *err)
{
    static const mr_pg_type types[] = {MR_PG_TEXT, MR_PG_INT8, MR_PG_TIMESTAMP,
                                       MR_PG_INT8, MR_PG_INT8, MR_PG_NUMERIC};
    mr_pg_columns to = mr_pg_columns_begin(&store->params, types, sizeof(types) / sizeof(types[0]));
    size_t index;

    for (index = from; index < count; index++) {
        const mr_cached_order *order = order_at(store, index);

        mr_pg_put_text(to.cells[0], order->entry.key.text);
        mr_pg_put_int8(to.cells[1], order->entry.key.number);
        mr_pg_put_date(to.cells[2], (mr_civil){order->sum.date_seconds});
        put_sum(&to.cells[3], &order->sum);
    }
    mr_pg_columns_end(&to, count - from);
    return mr_pg_send(store->pg, MR_PG_ORDER_ADD, &store->params, err);
}

static mr_status write_orders(mr_pg_store *store, int32_t partition, bool invoices_copied,
                              mr_err *err)
{
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_ORDERS), index;
    size_t new_count = list_changed(store, MR_CACHE_ORDERS);
    size_t copied = invoices_copied ? new_count : 0;
    mr_status status = MR_OK;

    if (copied > 0) {
        status =
            copy_rows(store, mr_embed_postgres_order_copy_sql, copied, partition, write_order, err);
    }
    if (status == MR_OK && copied < count) {
        status = add_orders(store, copied, count, err);
    }
    for (index = 0; index < count; index++) {
        mr_cached_order *order = mr_cache_changed(store->cache, MR_CACHE_ORDERS, index);

        order->sum = (mr_cached_sum){0};
    }
    return status;
}

mr_status mr_pg_store_write_sums(mr_pg_store *store, int32_t partition, mr_err *err)
{
    bool copied;
    mr_status status = write_invoices(store, partition, &copied, err);

    return status != MR_OK ? status : write_orders(store, partition, copied, err);
}

/* --- Totals ----------------------------------------------------------------------------------- */

mr_status mr_pg_store_write_totals(mr_pg_store *store, int32_t partition, mr_err *err)
{
    const mr_store_totals *added = &store->added;
    mr_status status;

    mr_pg_params_reset(&store->params);
    mr_pg_bind_int4(&store->params, partition);
    mr_pg_bind_integer(&store->params, (int64_t)added->lines);
    mr_pg_bind_integer(&store->params, (int64_t)added->invoices);
    mr_pg_bind_integer(&store->params, (int64_t)added->cancelled_invoices);
    mr_pg_bind_integer(&store->params, (int64_t)added->customers);
    mr_pg_bind_integer(&store->params, (int64_t)added->products);
    mr_pg_bind_integer(&store->params, (int64_t)added->countries);
    mr_pg_bind_amount(&store->params, added->sales);
    mr_pg_bind_amount(&store->params, added->cancelled);
    status = mr_pg_send(store->pg, MR_PG_TOTAL_ADD, &store->params, err);
    store->added = (mr_store_totals){0};
    return status;
}
