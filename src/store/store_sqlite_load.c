/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite_load.c - the OLTP store in a SQLite file: finding what a line belongs to.
 *
 * Owns:       nothing; fills the store's cache from its open transaction.
 * Called by:  store_sqlite_write.c, on the handle's thread.
 * Invariants: (1) an entry not yet in the database comes back new (entry.stored is false), but a
 *                 country, which is inserted at once since others refer to its number;
 *             (2) the cache has room for what one line needs (the caller saw to it).
 * Not here:   changing entries and writing them (store_sqlite_write.c).
 */
#include "store/store_sqlite.h"

enum { text_bytes_max = 4 * mr_event_description_length_max };

/* --- Columns that several rows share ---------------------------------------------------------- */

/* Three columns from index on: date, partition, offset. */
static mr_winner column_winner(sqlite3_stmt *statement, int index)
{
    return (mr_winner){
        .date_seconds = sqlite3_column_int64(statement, index),
        .partition = sqlite3_column_int(statement, index + 1),
        .offset = sqlite3_column_int64(statement, index + 2),
        .is_set = !mr_sqlite_column_is_null(statement, index),
    };
}

/* Three columns from index on: lines, items, amount. */
static mr_status column_sum(const mr_sqlite_store *store, sqlite3_stmt *statement, int index,
                            const char *what, mr_cached_sum *ret_sum, mr_err *err)
{
    mr_amount amount;

    if (!mr_sqlite_column_amount(statement, index + 2, &amount)) {
        return mr_fail(err, MR_CORRUPT, "store %s: %s: its amount is not a number", store->db.path,
                       what);
    }
    ret_sum->lines = (uint64_t)sqlite3_column_int64(statement, index);
    ret_sum->items = sqlite3_column_int64(statement, index + 1);
    ret_sum->amount = amount;
    return MR_OK;
}

/* A name or description, copied into the cache; the cap is that of events. */
static mr_status column_cached_text(mr_sqlite_store *store, sqlite3_stmt *statement, int index,
                                    mr_text *ret_text, mr_err *err)
{
    mr_text text = mr_sqlite_column_text(statement, index);

    if (text.bytes > text_bytes_max) {
        return mr_fail(err, MR_CORRUPT, "store %s: a name of %zu bytes; no event can have it",
                       store->db.path, text.bytes);
    }
    *ret_text = mr_cache_copy_text(store->cache, text);
    return MR_OK;
}

/* --- Finding an entry, in the cache or the database ------------------------------------------- */

static mr_status insert_country(mr_sqlite_store *store, mr_text name, int64_t *ret_id, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&store->db, MR_QUERY_COUNTRY_INSERT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, name);
    status = mr_sqlite_run(&store->db, MR_QUERY_COUNTRY_INSERT, NULL, err);
    if (status == MR_OK) {
        *ret_id = sqlite3_last_insert_rowid(store->db.handle);
        store->totals.countries++;
    }
    return status;
}

mr_status mr_sqlite_store_find_country(mr_sqlite_store *store, mr_text name, int64_t *ret_id,
                                       mr_err *err)
{
    mr_cache_key key = mr_cache_key_of_text(name);
    mr_cached_country *country = mr_cache_find(store->cache, MR_CACHE_COUNTRIES, &key);
    sqlite3_stmt *statement = NULL;
    int64_t country_id = 0;
    mr_status status;

    if (country != NULL) {
        *ret_id = country->country_id;
        return MR_OK;
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_COUNTRY_LOAD, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, name);
    status = mr_sqlite_step(&store->db, MR_QUERY_COUNTRY_LOAD, err);
    if (status == MR_OK) {
        country_id = sqlite3_column_int64(statement, 0);
        mr_sqlite_reset(&store->db, MR_QUERY_COUNTRY_LOAD);
    } else if (status == MR_NOT_FOUND) {
        status = insert_country(store, name, &country_id, err);
    }
    if (status != MR_OK) {
        return status;
    }
    country = mr_cache_add(store->cache, MR_CACHE_COUNTRIES, &key);
    country->entry.stored = true;
    country->country_id = country_id;
    *ret_id = country_id;
    return MR_OK;
}

mr_status mr_sqlite_store_find_customer(mr_sqlite_store *store, int64_t customer_id,
                                        mr_cached_customer **ret_customer, mr_err *err)
{
    mr_cache_key key = mr_cache_key_of_number(customer_id);
    mr_cached_customer *customer = mr_cache_find(store->cache, MR_CACHE_CUSTOMERS, &key);
    sqlite3_stmt *statement = NULL;
    mr_status status;

    if (customer != NULL) {
        *ret_customer = customer;
        return MR_OK;
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_CUSTOMER_LOAD, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, customer_id);
    status = mr_sqlite_step(&store->db, MR_QUERY_CUSTOMER_LOAD, err);
    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    customer = mr_cache_add(store->cache, MR_CACHE_CUSTOMERS, &key);
    *ret_customer = customer;
    if (status == MR_NOT_FOUND) {
        return MR_OK;
    }
    customer->entry.stored = true;
    customer->name_winner = column_winner(statement, 1);
    customer->country_id = sqlite3_column_int64(statement, 4);
    customer->country_winner = column_winner(statement, 5);
    status = column_cached_text(store, statement, 0, &customer->name, err);
    mr_sqlite_reset(&store->db, MR_QUERY_CUSTOMER_LOAD);
    return status;
}

mr_status mr_sqlite_store_find_product(mr_sqlite_store *store, mr_text stock_code,
                                       mr_cached_product **ret_product, mr_err *err)
{
    mr_cache_key key = mr_cache_key_of_text(stock_code);
    mr_cached_product *product = mr_cache_find(store->cache, MR_CACHE_PRODUCTS, &key);
    sqlite3_stmt *statement = NULL;
    mr_status status;

    if (product != NULL) {
        *ret_product = product;
        return MR_OK;
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_PRODUCT_LOAD, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, stock_code);
    status = mr_sqlite_step(&store->db, MR_QUERY_PRODUCT_LOAD, err);
    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    product = mr_cache_add(store->cache, MR_CACHE_PRODUCTS, &key);
    *ret_product = product;
    if (status == MR_NOT_FOUND) {
        mr_cache_mark_changed(store->cache, MR_CACHE_PRODUCTS, &product->entry);
        return MR_OK;
    }
    product->entry.stored = true;
    product->product_id = sqlite3_column_int64(statement, 0);
    product->winner = column_winner(statement, 2);
    status = column_cached_text(store, statement, 1, &product->description, err);
    mr_sqlite_reset(&store->db, MR_QUERY_PRODUCT_LOAD);
    return status;
}

mr_status mr_sqlite_store_find_invoice(mr_sqlite_store *store, const mr_event *event,
                                       mr_cached_invoice **ret_invoice, mr_err *err)
{
    mr_cache_key key = mr_cache_key_of_invoice(event);
    mr_cached_invoice *invoice = mr_cache_find(store->cache, MR_CACHE_INVOICES, &key);
    sqlite3_stmt *statement = NULL;
    mr_status status;

    if (invoice != NULL) {
        *ret_invoice = invoice;
        return MR_OK;
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_INVOICE_LOAD, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, event->invoice_no);
    status = mr_sqlite_step(&store->db, MR_QUERY_INVOICE_LOAD, err);
    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    invoice = mr_cache_add(store->cache, MR_CACHE_INVOICES, &key);
    *ret_invoice = invoice;
    if (status == MR_NOT_FOUND) {
        return MR_OK;
    }
    invoice->entry.stored = true;
    invoice->sum.date_seconds = sqlite3_column_int64(statement, 0);
    invoice->has_customer = !mr_sqlite_column_is_null(statement, 1);
    invoice->customer_id = sqlite3_column_int64(statement, 1);
    invoice->country_id = sqlite3_column_int64(statement, 2);
    invoice->winner = column_winner(statement, 3);
    status = column_sum(store, statement, 6, "an invoice", &invoice->sum, err);
    mr_sqlite_reset(&store->db, MR_QUERY_INVOICE_LOAD);
    return status;
}

mr_status mr_sqlite_store_find_order(mr_sqlite_store *store, const mr_event *event,
                                     mr_cached_order **ret_order, mr_err *err)
{
    mr_cache_key key = mr_cache_key_of_order(event);
    mr_cached_order *order = mr_cache_find(store->cache, MR_CACHE_ORDERS, &key);
    sqlite3_stmt *statement = NULL;
    mr_status status;

    if (order != NULL) {
        *ret_order = order;
        return MR_OK;
    }
    status = mr_sqlite_prepare(&store->db, MR_QUERY_ORDER_LOAD, &statement, err);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, event->invoice_no);
    mr_sqlite_bind_integer(statement, 2, event->customer_id);
    status = mr_sqlite_step(&store->db, MR_QUERY_ORDER_LOAD, err);
    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    order = mr_cache_add(store->cache, MR_CACHE_ORDERS, &key);
    *ret_order = order;
    if (status == MR_NOT_FOUND) {
        return MR_OK;
    }
    order->entry.stored = true;
    order->sum.date_seconds = sqlite3_column_int64(statement, 0);
    status = column_sum(store, statement, 1, "a customer's invoice", &order->sum, err);
    mr_sqlite_reset(&store->db, MR_QUERY_ORDER_LOAD);
    return status;
}
