/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_write.c - the OLTP store in PostgreSQL: what lines belong to.
 *
 * Lines are noted in the cache, and a batch's changes go out a table at a time. Sums are added to
 * what the row has; a value of which the latest line wins takes the place of an older one only, by
 * a comparison in the statement. So what several processes write at once adds up to the same, in
 * whatever order they commit.
 *
 * Owns:       nothing; works on the store's open transaction and its cache.
 * Called by:  store_postgres_lines.c, on the handle's thread.
 * Invariants: (1) what a line changes beside its own row is a maximum (latest wins), a minimum (the
 *                 earliest date) or a sum, so the order in which lines come does not matter;
 *             (2) once a batch is flushed nothing of it is left to write.
 * Not here:   lines (store_postgres_lines.c), invoices, orders and totals (store_postgres_sums.c),
 *             customers, products and countries (store_postgres_shared.c), transactions and
 *             positions (store_postgres.c).
 */
#include "store/store_postgres.h"

/* --- What a new line changes ------------------------------------------------------------------ */

/* A country's place in the list. */
static int64_t note_country(mr_pg_store *store, mr_text name)
{
    mr_cache_key key = mr_cache_key_of_text(name);
    mr_cached_country *country = mr_cache_find(store->cache, MR_CACHE_COUNTRIES, &key);

    if (country == NULL) {
        country = mr_cache_add(store->cache, MR_CACHE_COUNTRIES, &key);
        country->country_id = store->countries.count++;
        store->countries.names[country->country_id] = country->entry.key.text;
        store->countries.numbers[country->country_id] = 0;
    }
    return country->country_id;
}

/* The entry of a key, added where it is new. */
static void *find_or_add(mr_pg_store *store, mr_cache_kind kind, const mr_cache_key *key,
                         bool *ret_added)
{
    void *entry = mr_cache_find(store->cache, kind, key);

    *ret_added = entry == NULL;
    return entry != NULL ? entry : mr_cache_add(store->cache, kind, key);
}

/* Latest wins among the lines that give a text; one without says nothing about it. */
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

static void note_product(mr_pg_store *store, const mr_event *event, const mr_winner *line)
{
    mr_cache_key key = mr_cache_key_of_text(event->stock_code);
    bool changed;
    mr_cached_product *product = find_or_add(store, MR_CACHE_PRODUCTS, &key, &changed);
    mr_text before = product->description;

    changed |=
        take_text(store->cache, &product->description, &product->winner, event->description, line);
    product->text_changed |= before.data != product->description.data;
    if (changed) {
        mr_cache_mark_changed(store->cache, MR_CACHE_PRODUCTS, &product->entry);
    }
}

static void note_customer(mr_pg_store *store, const mr_event *event, int64_t country,
                          const mr_winner *line)
{
    mr_cache_key key = mr_cache_key_of_number(event->customer_id);
    bool changed;
    mr_cached_customer *customer = find_or_add(store, MR_CACHE_CUSTOMERS, &key, &changed);

    changed |= take_text(store->cache, &customer->name, &customer->name_winner,
                         event->customer_name, line);
    if (mr_winner_loses_to(&customer->country_winner, line)) {
        customer->country_id = country;
        customer->country_winner = *line;
        changed = true;
    }
    if (changed) {
        mr_cache_mark_changed(store->cache, MR_CACHE_CUSTOMERS, &customer->entry);
    }
}

static void note_order(mr_pg_store *store, const mr_event *event, mr_cached_invoice *invoice)
{
    mr_cache_key key = mr_cache_key_of_order(event);
    bool added;
    mr_cached_order *order = find_or_add(store, MR_CACHE_ORDERS, &key, &added);

    order->invoice = invoice;
    mr_cached_sum_add(&order->sum, event);
    mr_cache_mark_changed(store->cache, MR_CACHE_ORDERS, &order->entry);
}

/* An invoice's customer and country are its latest line's, of those that name a customer if any. */
static mr_cached_invoice *note_invoice(mr_pg_store *store, const mr_event *event, int64_t country,
                                       const mr_winner *line)
{
    mr_cache_key key = mr_cache_key_of_invoice(event);
    bool added, wins;
    mr_cached_invoice *invoice = find_or_add(store, MR_CACHE_INVOICES, &key, &added);

    if (added) {
        invoice->entry.stored = store->recent[key.hash % mr_pg_recent_count] == key.hash;
    }
    wins = event->has_customer == invoice->has_customer
               ? mr_winner_loses_to(&invoice->winner, line)
               : event->has_customer || !invoice->winner.is_set;
    if (wins) {
        invoice->has_customer = event->has_customer;
        invoice->customer_id = event->customer_id;
        invoice->country_id = country;
        invoice->winner = *line;
    }
    mr_cached_sum_add(&invoice->sum, event);
    mr_cache_mark_changed(store->cache, MR_CACHE_INVOICES, &invoice->entry);
    return invoice;
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

size_t mr_pg_store_note(mr_pg_store *store, int32_t partition, const mr_store_item *items,
                        size_t from, size_t count)
{
    for (; from < count && mr_cache_has_room(store->cache); from++) {
        const mr_event *event = items[from].event;
        const mr_winner line = {
            .date_seconds = event->invoice_date.seconds,
            .offset = items[from].offset,
            .partition = partition,
            .is_set = true,
        };
        mr_cached_invoice *invoice;
        int64_t country;

        if (items[from].verdict != MR_STORE_INSERTED) {
            continue;
        }
        country = note_country(store, event->country);
        note_product(store, event, &line);
        invoice = note_invoice(store, event, country, &line);
        if (event->has_customer) {
            note_order(store, event, invoice);
            note_customer(store, event, country, &line);
        }
        note_total(&store->added, event);
    }
    return from;
}

void mr_pg_store_forget(mr_pg_store *store)
{
    if (store->cache != NULL) {
        mr_cache_clear(store->cache);
    }
    store->countries.count = 0;
    store->added = (mr_store_totals){0};
}

void mr_pg_store_forget_all(mr_pg_store *store)
{
    mr_pg_store_forget(store);
    if (store->products != NULL) {
        mr_pg_products_clear(store->products);
    }
    memset(store->recent, 0, sizeof(store->recent));
    store->dimension_version = -1;
    store->dimensions_locked = false;
}

/* --- Writing it ------------------------------------------------------------------------------- */

mr_status mr_pg_store_run_counting(mr_pg_store *store, mr_pg_store_query query, uint64_t *first,
                                   uint64_t *second, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status = mr_pg_run(store->pg, query, &store->params, &result, NULL, err);

    if (status != MR_OK) {
        return status;
    }
    *first += (uint64_t)mr_pg_int8(result, 0, 0);
    if (second != NULL) {
        *second += (uint64_t)mr_pg_int8(result, 0, 1);
    }
    PQclear(result);
    return MR_OK;
}

mr_status mr_pg_store_flush(mr_pg_store *store, int32_t partition, mr_err *err)
{
    mr_status status;

    if (store->added.lines == 0) {
        return MR_OK;
    }
    status = mr_pg_store_number_countries(store, err);
    if (status == MR_OK) {
        status = mr_pg_store_write_sums(store, partition, err);
    }
    if (status == MR_OK) {
        status = mr_pg_store_write_shared(store, err);
    }
    if (status == MR_OK) {
        status = mr_pg_store_write_totals(store, partition, err);
    }
    if (status == MR_OK) {
        mr_cache_mark_stored(store->cache);
    }
    return status;
}
