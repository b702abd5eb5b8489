/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite_write.c - the OLTP store in a SQLite file: applying lines.
 *
 * Owns:       nothing; works on the store's open transaction and its cache.
 * Called by:  store_sqlite.c, on the handle's thread.
 * Invariants: (1) a line that was there already, same or not, changes nothing;
 *             (2) what a line changes beside its own row is a maximum (latest wins), a minimum (the
 *                 earliest date) or a sum, so the order in which lines come does not matter;
 *             (3) before mr_sqlite_store_write returns MR_OK every changed entry is in its table.
 * Not here:   transactions and positions (store_sqlite.c).
 */
#include "store/store_sqlite.h"

static mr_status run(mr_sqlite_store *store, mr_store_query query, mr_err *err)
{
    return mr_sqlite_run(&store->db, query, NULL, err);
}

/* --- Binding what several rows share ---------------------------------------------------------- */

/* Three columns from index on: date, partition, offset. */
static void bind_winner(sqlite3_stmt *statement, int index, const mr_winner *winner)
{
    if (!winner->is_set) {
        mr_sqlite_bind_null(statement, index);
        mr_sqlite_bind_null(statement, index + 1);
        mr_sqlite_bind_null(statement, index + 2);
        return;
    }
    mr_sqlite_bind_integer(statement, index, winner->date_seconds);
    mr_sqlite_bind_integer(statement, index + 1, winner->partition);
    mr_sqlite_bind_integer(statement, index + 2, winner->offset);
}

/* Three columns from index on: lines, items, amount. */
static void bind_sum(sqlite3_stmt *statement, int index, const mr_cached_sum *sum)
{
    mr_sqlite_bind_integer(statement, index, (int64_t)sum->lines);
    mr_sqlite_bind_integer(statement, index + 1, sum->items);
    mr_sqlite_bind_amount(statement, index + 2, sum->amount);
}

/* --- What a new line changes ------------------------------------------------------------------ */

/* Latest wins among the lines that give a name; one without says nothing about it. */
static bool take_text(mr_cache *cache, mr_text *text, mr_winner *winner, mr_text given,
                      const mr_winner *line)
{
    if (given.bytes == 0 || !mr_winner_loses_to(winner, line)) {
        return false;
    }
    if (!mr_text_equal(*text, given)) {
        *text = mr_cache_copy_text(cache, given);
    }
    *winner = *line;
    return true;
}

static mr_status note_product(mr_sqlite_store *store, const mr_event *event, const mr_winner *line,
                              mr_err *err)
{
    mr_cached_product *product = NULL;
    mr_status status = mr_sqlite_store_find_product(store, event->stock_code, &product, err);

    if (status == MR_OK && take_text(store->cache, &product->description, &product->winner,
                                     event->description, line)) {
        mr_cache_mark_changed(store->cache, MR_CACHE_PRODUCTS, &product->entry);
    }
    return status;
}

static mr_status note_customer(mr_sqlite_store *store, const mr_event *event, int64_t country_id,
                               const mr_winner *line, mr_err *err)
{
    mr_cached_customer *customer = NULL;
    mr_status status = mr_sqlite_store_find_customer(store, event->customer_id, &customer, err);
    bool changed;

    if (status != MR_OK) {
        return status;
    }
    changed = take_text(store->cache, &customer->name, &customer->name_winner, event->customer_name,
                        line);
    if (mr_winner_loses_to(&customer->country_winner, line)) {
        customer->country_id = country_id;
        customer->country_winner = *line;
        changed = true;
    }
    if (changed) {
        mr_cache_mark_changed(store->cache, MR_CACHE_CUSTOMERS, &customer->entry);
    }
    return MR_OK;
}

static mr_status note_order(mr_sqlite_store *store, const mr_event *event, mr_err *err)
{
    mr_cached_order *order = NULL;
    mr_status status = mr_sqlite_store_find_order(store, event, &order, err);

    if (status == MR_OK) {
        mr_cached_sum_add(&order->sum, event);
        mr_cache_mark_changed(store->cache, MR_CACHE_ORDERS, &order->entry);
    }
    return status;
}

/* An invoice's customer and country are its latest line's, of those that name a customer if any. */
static mr_status note_invoice(mr_sqlite_store *store, const mr_event *event, int64_t country_id,
                              const mr_winner *line, mr_err *err)
{
    mr_cached_invoice *invoice = NULL;
    mr_status status = mr_sqlite_store_find_invoice(store, event, &invoice, err);
    bool wins;

    if (status != MR_OK) {
        return status;
    }
    wins = event->has_customer == invoice->has_customer
               ? mr_winner_loses_to(&invoice->winner, line)
               : event->has_customer || !invoice->winner.is_set;
    if (wins) {
        invoice->has_customer = event->has_customer;
        invoice->customer_id = event->customer_id;
        invoice->country_id = country_id;
        invoice->winner = *line;
    }
    mr_cached_sum_add(&invoice->sum, event);
    mr_cache_mark_changed(store->cache, MR_CACHE_INVOICES, &invoice->entry);
    return MR_OK;
}

static void note_total(mr_store_totals *totals, const mr_event *event)
{
    mr_amount amount = mr_amount_of(event->quantity, event->unit_price);

    totals->lines++;
    if (mr_event_is_cancelled(event)) {
        totals->cancelled = mr_amount_add(totals->cancelled, amount);
    } else {
        totals->sales = mr_amount_add(totals->sales, amount);
    }
}

static mr_status note_line(mr_sqlite_store *store, const mr_event *event, const mr_winner *line,
                           mr_err *err)
{
    int64_t country_id = 0;
    mr_status status = mr_sqlite_store_find_country(store, event->country, &country_id, err);

    if (status == MR_OK) {
        status = note_product(store, event, line, err);
    }
    if (status == MR_OK) {
        status = note_invoice(store, event, country_id, line, err);
    }
    if (status == MR_OK && event->has_customer) {
        status = note_order(store, event, err);
        if (status == MR_OK) {
            status = note_customer(store, event, country_id, line, err);
        }
    }
    if (status == MR_OK) {
        note_total(&store->totals, event);
    }
    return status;
}

/* --- Writing changed entries ------------------------------------------------------------------ */

static mr_status write_customer(mr_sqlite_store *store, void *changed, mr_err *err)
{
    const mr_cached_customer *customer = changed;
    mr_store_query query =
        customer->entry.stored ? MR_QUERY_CUSTOMER_UPDATE : MR_QUERY_CUSTOMER_INSERT;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, query, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, customer->entry.key.number);
    mr_sqlite_bind_text(statement, 2, customer->name);
    bind_winner(statement, 3, &customer->name_winner);
    mr_sqlite_bind_integer(statement, 6, customer->country_id);
    bind_winner(statement, 7, &customer->country_winner);
    store->totals.customers += customer->entry.stored ? 0 : 1;
    return run(store, query, err);
}

static mr_status write_product(mr_sqlite_store *store, void *changed, mr_err *err)
{
    mr_cached_product *product = changed;
    mr_store_query query =
        product->entry.stored ? MR_QUERY_PRODUCT_UPDATE : MR_QUERY_PRODUCT_INSERT;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, query, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    if (product->entry.stored) {
        mr_sqlite_bind_integer(statement, 1, product->product_id);
    } else {
        mr_sqlite_bind_text(statement, 1, product->entry.key.text);
        store->totals.products++;
    }
    mr_sqlite_bind_text(statement, 2, product->description);
    bind_winner(statement, 3, &product->winner);
    status = run(store, query, err);
    if (status == MR_OK && !product->entry.stored) {
        product->product_id = sqlite3_last_insert_rowid(store->db.handle);
    }
    return status;
}

static mr_status insert_invoice(mr_sqlite_store *store, const mr_cached_invoice *invoice,
                                mr_err *err)
{
    mr_text invoice_no = invoice->entry.key.text;
    bool cancelled = invoice_no.data[0] == 'C';
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_INVOICE_INSERT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, invoice_no);
    mr_sqlite_bind_integer(statement, 2, (int64_t)invoice->entry.key.hash);
    mr_sqlite_bind_integer(statement, 3, cancelled);
    mr_sqlite_bind_integer(statement, 4, invoice->sum.date_seconds);
    if (invoice->has_customer) {
        mr_sqlite_bind_integer(statement, 5, invoice->customer_id);
    } else {
        mr_sqlite_bind_null(statement, 5);
    }
    mr_sqlite_bind_integer(statement, 6, invoice->country_id);
    bind_winner(statement, 7, &invoice->winner);
    bind_sum(statement, 10, &invoice->sum);
    store->totals.invoices++;
    store->totals.cancelled_invoices += cancelled ? 1 : 0;
    return run(store, MR_QUERY_INVOICE_INSERT, err);
}

static mr_status write_invoice(mr_sqlite_store *store, void *changed, mr_err *err)
{
    const mr_cached_invoice *invoice = changed;
    sqlite3_stmt *statement = NULL;
    mr_status status;

    if (!invoice->entry.stored) {
        return insert_invoice(store, invoice, err);
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_INVOICE_UPDATE, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, invoice->entry.key.text);
    mr_sqlite_bind_integer(statement, 2, invoice->sum.date_seconds);
    if (invoice->has_customer) {
        mr_sqlite_bind_integer(statement, 3, invoice->customer_id);
    } else {
        mr_sqlite_bind_null(statement, 3);
    }
    mr_sqlite_bind_integer(statement, 4, invoice->country_id);
    bind_winner(statement, 5, &invoice->winner);
    bind_sum(statement, 8, &invoice->sum);
    return run(store, MR_QUERY_INVOICE_UPDATE, err);
}

static mr_status write_order(mr_sqlite_store *store, void *changed, mr_err *err)
{
    const mr_cached_order *order = changed;
    mr_store_query query = order->entry.stored ? MR_QUERY_ORDER_UPDATE : MR_QUERY_ORDER_INSERT;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, query, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, order->entry.key.text);
    mr_sqlite_bind_integer(statement, 2, order->entry.key.number);
    mr_sqlite_bind_integer(statement, 3, order->sum.date_seconds);
    bind_sum(statement, 4, &order->sum);
    return run(store, query, err);
}

static mr_status write_totals(mr_sqlite_store *store, mr_err *err)
{
    const mr_store_totals *totals = &store->totals;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_TOTAL_UPDATE, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, (int64_t)totals->lines);
    mr_sqlite_bind_integer(statement, 2, (int64_t)totals->invoices);
    mr_sqlite_bind_integer(statement, 3, (int64_t)totals->cancelled_invoices);
    mr_sqlite_bind_integer(statement, 4, (int64_t)totals->customers);
    mr_sqlite_bind_integer(statement, 5, (int64_t)totals->products);
    mr_sqlite_bind_integer(statement, 6, (int64_t)totals->countries);
    mr_sqlite_bind_amount(statement, 7, totals->sales);
    mr_sqlite_bind_amount(statement, 8, totals->cancelled);
    return run(store, MR_QUERY_TOTAL_UPDATE, err);
}

static mr_status write_changed(mr_sqlite_store *store, mr_err *err)
{
    static const struct {
        mr_cache_kind kind;
        mr_status (*write)(mr_sqlite_store *store, void *changed, mr_err *err);
    } writers[] = {
        {MR_CACHE_CUSTOMERS, write_customer},
        {MR_CACHE_PRODUCTS, write_product},
        {MR_CACHE_INVOICES, write_invoice},
        {MR_CACHE_ORDERS, write_order},
    };
    size_t writer, index;
    mr_status status = MR_OK;

    for (writer = 0; writer < sizeof(writers) / sizeof(writers[0]); writer++) {
        size_t count = mr_cache_changed_count(store->cache, writers[writer].kind);

        for (index = 0; index < count && status == MR_OK; index++) {
            status = writers[writer].write(
                store, mr_cache_changed(store->cache, writers[writer].kind, index), err);
        }
    }
    if (status == MR_OK) {
        mr_cache_mark_stored(store->cache);
    }
    return status;
}

/* --- Lines ------------------------------------------------------------------------------------ */

/* The same event again, or another under its id? An event without a key has its content's hash for
 * an id, and no content_hash. */
static mr_status judge_known(mr_sqlite_store *store, mr_store_item *item, mr_err *err)
{
    const mr_event *event = item->event;
    sqlite3_stmt *statement = NULL;
    bool same;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_LINE_CONTENT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, event->invoice_no);
    mr_sqlite_bind_blob(statement, 2, event->id.bytes, sizeof(event->id.bytes));
    status = mr_sqlite_step(&store->db, MR_QUERY_LINE_CONTENT, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_CORRUPT, "store %s: line %lld is there and is not", store->db.path,
                       (long long)item->offset);
    }
    if (status != MR_OK) {
        return status;
    }
    if (event->event_key.data == NULL || mr_sqlite_column_is_null(statement, 0)) {
        same = event->event_key.data == NULL && mr_sqlite_column_is_null(statement, 0);
    } else {
        same = (uint64_t)sqlite3_column_int64(statement, 0) == event->content_hash;
    }
    mr_sqlite_reset(&store->db, MR_QUERY_LINE_CONTENT);
    item->verdict = same ? MR_STORE_DUPLICATE : MR_STORE_CONFLICT;
    return MR_OK;
}

static void bind_line(sqlite3_stmt *statement, const mr_event *event, const mr_winner *line)
{
    mr_sqlite_bind_text(statement, 1, event->invoice_no);
    mr_sqlite_bind_blob(statement, 2, event->id.bytes, sizeof(event->id.bytes));
    mr_sqlite_bind_text(statement, 3, event->stock_code);
    mr_sqlite_bind_integer(statement, 4, event->quantity);
    mr_sqlite_bind_integer(statement, 5, event->unit_price.scaled);
    mr_sqlite_bind_integer(statement, 6, event->invoice_date.seconds);
    if (event->has_customer) {
        mr_sqlite_bind_integer(statement, 7, event->customer_id);
    } else {
        mr_sqlite_bind_null(statement, 7);
    }
    if (event->event_key.data != NULL) {
        mr_sqlite_bind_integer(statement, 8, (int64_t)event->content_hash);
    } else {
        mr_sqlite_bind_null(statement, 8);
    }
    mr_sqlite_bind_integer(statement, 9, line->partition);
    mr_sqlite_bind_integer(statement, 10, line->offset);
}

static mr_status write_item(mr_sqlite_store *store, int32_t partition, mr_store_item *item,
                            mr_err *err)
{
    const mr_event *event = item->event;
    const mr_winner line = {
        .date_seconds = event->invoice_date.seconds,
        .offset = item->offset,
        .partition = partition,
        .is_set = true,
    };
    sqlite3_stmt *statement = NULL;
    int changes = 0;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_LINE_INSERT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    bind_line(statement, event, &line);
    status = mr_sqlite_run(&store->db, MR_QUERY_LINE_INSERT, &changes, err);
    if (status != MR_OK) {
        return status;
    }
    if (changes == 0) {
        return judge_known(store, item, err);
    }
    item->verdict = MR_STORE_INSERTED;
    return note_line(store, event, &line, err);
}

mr_status mr_sqlite_store_write(mr_sqlite_store *store, int32_t partition, mr_store_item *items,
                                size_t count, mr_err *err)
{
    mr_status status = MR_OK;
    size_t index;

    for (index = 0; index < count && status == MR_OK; index++) {
        if (!mr_cache_has_room(store->cache)) {
            status = write_changed(store, err);
            mr_cache_clear(store->cache);
        }
        if (status == MR_OK) {
            status = write_item(store, partition, &items[index], err);
        }
    }
    if (status == MR_OK) {
        status = write_changed(store, err);
    }
    return status != MR_OK ? status : write_totals(store, err);
}
