/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_shared.c - the OLTP store in PostgreSQL: customers, products, countries.
 *
 * All partitions share them. Two batches nearly always have some in common, so writing them at the
 * same time would mostly be waiting, or deadlock. They are written last, under one lock of the
 * store that is held until the commit; lines, invoices and orders, where the time goes, are written
 * side by side.
 *
 * Of a product only the line that its description came from changes all the time. Those are packed
 * many to a row (store_postgres_products.h), and known here as long as no other process had the
 * lock in between. A description itself is written when it changes.
 *
 * Owns:       nothing; works on the store's open transaction, its cache and its products.
 * Called by:  store_postgres_write.c, on the handle's thread.
 * Invariants: (1) what is written is the latest line's, whoever wrote before: customers by a
 *                 comparison in the statement, products by one here, against what the lock
 * protects; (2) a cached customer or product is never newer than the database, seen from the open
 *                 transaction, once the batch is flushed.
 * Not here:   sums (store_postgres_write.c).
 */
#include "store/store_postgres.h"

#include <stdlib.h>

static mr_status lock_dimensions(mr_pg_store *store, mr_err *err)
{
    PGresult *result = NULL;
    int64_t version;
    mr_status status;

    if (store->dimensions_locked) {
        return MR_OK;
    }
    status = mr_pg_run(store->pg, MR_PG_DIMENSION_LOCK, NULL, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    if (PQntuples(result) != 1) {
        PQclear(result);
        return mr_fail(err, MR_CORRUPT, "%s: the row of dimension_version is gone",
                       mr_pg_where(store->pg));
    }
    version = mr_pg_int8(result, 0, 0);
    PQclear(result);
    if (version != store->dimension_version + 1) {
        mr_pg_products_clear(store->products); /* another was in between */
    }
    store->dimension_version = version;
    store->dimensions_locked = true;
    return MR_OK;
}

/* --- Countries -------------------------------------------------------------------------------- */

/* *ret_number: 0 when the query gave no row. */
static mr_status ask_country(mr_pg_store *store, mr_pg_store_query query, mr_text name,
                             int32_t *ret_number, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status;

    mr_pg_params_reset(&store->params);
    mr_pg_bind_text(&store->params, name);
    status = mr_pg_run(store->pg, query, &store->params, &result, NULL, err);
    if (status == MR_OK) {
        *ret_number = PQntuples(result) == 0 ? 0 : mr_pg_int4(result, 0, 0);
        PQclear(result);
    }
    return status;
}

/* A new country is made under the dimension lock, early as it is: two batches that bring the same
 * ones in other orders must not wait for each other. There are few, once. */
static mr_status number_country(mr_pg_store *store, mr_text name, int32_t *number, mr_err *err)
{
    mr_status status = ask_country(store, MR_PG_COUNTRY_LOAD, name, number, err);

    if (status != MR_OK || *number != 0) {
        return status;
    }
    status = lock_dimensions(store, err);
    if (status == MR_OK) {
        status = ask_country(store, MR_PG_COUNTRY_INSERT, name, number, err);
    }
    if (status == MR_OK && *number != 0) {
        store->added.countries++;
        return MR_OK;
    }
    return status != MR_OK ? status : ask_country(store, MR_PG_COUNTRY_LOAD, name, number, err);
}

mr_status mr_pg_store_number_countries(mr_pg_store *store, mr_err *err)
{
    mr_pg_countries *countries = &store->countries;
    mr_status status = MR_OK;
    int32_t index;

    for (index = 0; index < countries->count && status == MR_OK; index++) {
        if (countries->numbers[index] == 0) {
            status =
                number_country(store, countries->names[index], &countries->numbers[index], err);
        }
    }
    return status;
}

/* --- Products --------------------------------------------------------------------------------- */

static mr_cached_product *product_at(const mr_pg_store *store, size_t index)
{
    return mr_cache_changed(store->cache, MR_CACHE_PRODUCTS, index);
}

/* The stock codes of the products whose numbers are not known; returns how many. */
static size_t bind_unnumbered(mr_pg_store *store)
{
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_PRODUCTS), index, rows = 0;
    mr_buffer *codes;

    mr_pg_params_reset(&store->params);
    codes = mr_pg_array_begin(&store->params, MR_PG_TEXT);
    for (index = 0; index < count; index++) {
        if (product_at(store, index)->product_id == 0) {
            mr_pg_put_text(codes, product_at(store, index)->entry.key.text);
            rows++;
        }
    }
    mr_pg_array_end(codes, rows);
    return rows;
}

/* rows: number among the unnumbered (in their order), product_id, description. Returns how many. */
static size_t take_numbers(mr_pg_store *store, const PGresult *rows, size_t unnumbered)
{
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_PRODUCTS), index;
    mr_cached_product **waiting = mr_alloc(unnumbered * sizeof(mr_cached_product *));
    size_t filled = 0;
    int row;

    for (index = 0; index < count; index++) {
        if (product_at(store, index)->product_id == 0) {
            waiting[filled++] = product_at(store, index);
        }
    }
    MR_ASSERT(filled == unnumbered);
    for (row = 0; row < PQntuples(rows); row++) {
        mr_cached_product *product = waiting[mr_pg_int4(rows, row, 0)];

        product->product_id = mr_pg_int4(rows, row, 1);
        product->text_changed = !mr_text_equal(mr_pg_text(rows, row, 2), product->description);
    }
    free(waiting);
    return (size_t)PQntuples(rows);
}

/* Learns the numbers of products not met before. *ret_unnumbered: so many are new. */
static mr_status ask_numbers(mr_pg_store *store, size_t *ret_unnumbered, mr_err *err)
{
    size_t unnumbered = bind_unnumbered(store);
    PGresult *result = NULL;
    mr_status status;

    *ret_unnumbered = 0;
    if (unnumbered == 0) {
        return MR_OK;
    }
    status = mr_pg_run(store->pg, MR_PG_PRODUCT_LOAD, &store->params, &result, NULL, err);
    if (status == MR_OK) {
        *ret_unnumbered = unnumbered - take_numbers(store, result, unnumbered);
        PQclear(result);
    }
    return status;
}

/* Makes the unnumbered products, with their descriptions. */
static mr_status add_products(mr_pg_store *store, size_t *ret_unnumbered, mr_err *err)
{
    static const mr_pg_type types[] = {MR_PG_TEXT, MR_PG_TEXT};
    mr_pg_columns to = mr_pg_columns_begin(&store->params, types, sizeof(types) / sizeof(types[0]));
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_PRODUCTS), index;
    PGresult *result = NULL;
    mr_status status;
    int row;

    for (index = 0; index < count; index++) {
        if (product_at(store, index)->product_id == 0) {
            mr_pg_put_text(to.cells[0], product_at(store, index)->entry.key.text);
            mr_pg_put_text(to.cells[1], product_at(store, index)->description);
        }
    }
    mr_pg_columns_end(&to, *ret_unnumbered);
    status = mr_pg_run(store->pg, MR_PG_PRODUCT_ADD, &store->params, &result, NULL, err);
    for (row = 0; status == MR_OK && row < PQntuples(result); row++) {
        mr_cache_key key = mr_cache_key_of_text(mr_pg_text(result, row, 0));
        mr_cached_product *product = mr_cache_find(store->cache, MR_CACHE_PRODUCTS, &key);

        MR_ASSERT(product != NULL);
        product->product_id = mr_pg_int4(result, row, 1);
        product->text_changed = false;
        store->added.products++;
        (*ret_unnumbered)--;
    }
    PQclear(result);
    return status;
}

static mr_status number_products(mr_pg_store *store, mr_err *err)
{
    size_t unnumbered = 0;
    mr_status status = ask_numbers(store, &unnumbered, err);

    if (status == MR_OK && unnumbered > 0) {
        status = add_products(store, &unnumbered, err);
    }
    if (status == MR_OK && unnumbered > 0) {
        status = mr_fail(err, MR_CORRUPT, "%s: a product that is not there cannot be added",
                         mr_pg_where(store->pg));
    }
    return status;
}

/* Finds the blocks of changed products from `from` on, as far as there is room; asks for those not
 * at hand. *ret_end: the first product without a block. */
static mr_status load_blocks(mr_pg_store *store, size_t from, size_t *ret_end, mr_err *err)
{
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_PRODUCTS), index, wanted = 0;
    PGresult *result = NULL;
    mr_status status = MR_OK;
    mr_buffer *numbers;
    int row;

    mr_pg_params_reset(&store->params);
    numbers = mr_pg_array_begin(&store->params, MR_PG_INT4);
    for (; from < count; from++) {
        int32_t number = mr_pg_block_of(product_at(store, from)->product_id);
        mr_pg_block *block = mr_pg_products_find(store->products, number);

        if (block == NULL) {
            break;
        }
        if (!block->is_held) {
            mr_pg_put_int4(numbers, number);
            block->is_held = true; /* all zeros, unless the database has it */
            wanted++;
        }
    }
    mr_pg_array_end(numbers, wanted);
    *ret_end = from;
    if (wanted > 0) {
        status = mr_pg_run(store->pg, MR_PG_WINNER_LOAD, &store->params, &result, NULL, err);
    }
    for (row = 0; status == MR_OK && row < PQntuples(result); row++) {
        mr_pg_block *block = mr_pg_products_find(store->products, mr_pg_int4(result, row, 0));
        mr_text bytes = mr_pg_text(result, row, 1);

        if (bytes.bytes != sizeof(block->bytes)) {
            status =
                mr_fail(err, MR_CORRUPT, "%s: block %d of product_winner has %zu bytes, not %d",
                        mr_pg_where(store->pg), (int)block->number, bytes.bytes, mr_pg_block_bytes);
            break;
        }
        memcpy(block->bytes, bytes.data, bytes.bytes);
    }
    for (index = 0; status != MR_OK && index < mr_pg_products_count(store->products); index++) {
        mr_pg_products_at(store->products, index)->is_held = false;
    }
    PQclear(result);
    return status;
}

static bool same_winner(const mr_winner *a, const mr_winner *b)
{
    return a->is_set == b->is_set &&
           (!a->is_set || (a->date_seconds == b->date_seconds && a->partition == b->partition &&
                           a->offset == b->offset));
}

/* Whether the product's line wins against the stored one; sets *ret_describe when the description
 * there may be another. */
static bool settle_product(mr_pg_store *store, mr_cached_product *product, bool *ret_describe)
{
    mr_pg_block *block = mr_pg_products_find(store->products, mr_pg_block_of(product->product_id));
    mr_winner stored = mr_pg_block_winner(block, product->product_id);

    if (!product->winner.is_set) {
        return false;
    }
    if (!mr_winner_loses_to(&stored, &product->winner)) {
        product->text_changed = true; /* what is stored is another's, and not known here */
        return false;
    }
    *ret_describe = product->text_changed ||
                    (product->entry.stored && !same_winner(&stored, &product->stored_winner));
    mr_pg_block_set_winner(block, product->product_id, &product->winner);
    product->stored_winner = product->winner;
    product->text_changed = false;
    return true;
}

static mr_status describe_products(mr_pg_store *store, size_t from, size_t end, mr_err *err)
{
    static const mr_pg_type types[] = {MR_PG_INT4, MR_PG_TEXT};
    mr_pg_columns to = mr_pg_columns_begin(&store->params, types, sizeof(types) / sizeof(types[0]));
    size_t rows = 0;

    for (; from < end; from++) {
        mr_cached_product *product = product_at(store, from);
        bool describe = false;

        if (settle_product(store, product, &describe) && describe) {
            mr_pg_put_int4(to.cells[0], (int32_t)product->product_id);
            mr_pg_put_text(to.cells[1], product->description);
            rows++;
        }
    }
    mr_pg_columns_end(&to, rows);
    return rows == 0 ? MR_OK : mr_pg_send(store->pg, MR_PG_PRODUCT_DESCRIBE, &store->params, err);
}

static mr_status put_blocks(mr_pg_store *store, mr_err *err)
{
    static const mr_pg_type types[] = {MR_PG_INT4, MR_PG_BYTEA};
    mr_pg_columns to = mr_pg_columns_begin(&store->params, types, sizeof(types) / sizeof(types[0]));
    size_t count = mr_pg_products_count(store->products), index, rows = 0;

    for (index = 0; index < count; index++) {
        mr_pg_block *block = mr_pg_products_at(store->products, index);

        if (block->changed) {
            mr_pg_put_int4(to.cells[0], block->number);
            mr_pg_put_bytes(to.cells[1], block->bytes, sizeof(block->bytes));
            block->changed = false;
            rows++;
        }
    }
    mr_pg_columns_end(&to, rows);
    return rows == 0 ? MR_OK : mr_pg_send(store->pg, MR_PG_WINNER_PUT, &store->params, err);
}

static mr_status write_products(mr_pg_store *store, mr_err *err)
{
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_PRODUCTS), from = 0, end = 0;
    mr_status status = number_products(store, err);

    while (status == MR_OK && from < count) {
        status = load_blocks(store, from, &end, err);
        if (status == MR_OK) {
            status = describe_products(store, from, end, err);
        }
        if (status == MR_OK) {
            status = put_blocks(store, err);
        }
        if (end < count) {
            mr_pg_products_clear(store->products);
        }
        from = end;
    }
    return status;
}

/* --- Customers -------------------------------------------------------------------------------- */

/* Three columns: date, partition, offset. */
static void put_winner(mr_buffer *const *cells, const mr_winner *winner)
{
    if (!winner->is_set) {
        mr_pg_put_null(cells[0]);
        mr_pg_put_null(cells[1]);
        mr_pg_put_null(cells[2]);
        return;
    }
    mr_pg_put_date(cells[0], (mr_civil){winner->date_seconds});
    mr_pg_put_int4(cells[1], winner->partition);
    mr_pg_put_int8(cells[2], winner->offset);
}

static mr_cached_customer *customer_at(const mr_pg_store *store, size_t index)
{
    return mr_cache_changed(store->cache, MR_CACHE_CUSTOMERS, index);
}

/* Those that are there already (stored), or those that may not be. */
static size_t bind_customers(mr_pg_store *store, bool stored)
{
    static const mr_pg_type types[] = {MR_PG_INT8,      MR_PG_TEXT, MR_PG_TIMESTAMP,
                                       MR_PG_INT4,      MR_PG_INT8, MR_PG_INT4,
                                       MR_PG_TIMESTAMP, MR_PG_INT4, MR_PG_INT8};
    mr_pg_columns to = mr_pg_columns_begin(&store->params, types, sizeof(types) / sizeof(types[0]));
    size_t count = mr_cache_changed_count(store->cache, MR_CACHE_CUSTOMERS), index, rows = 0;

    for (index = 0; index < count; index++) {
        const mr_cached_customer *customer = customer_at(store, index);

        if (customer->entry.stored == stored) {
            mr_pg_put_int8(to.cells[0], customer->entry.key.number);
            mr_pg_put_text(to.cells[1], customer->name);
            put_winner(&to.cells[2], &customer->name_winner);
            mr_pg_put_int4(to.cells[5], store->countries.numbers[customer->country_id]);
            put_winner(&to.cells[6], &customer->country_winner);
            rows++;
        }
    }
    mr_pg_columns_end(&to, rows);
    return rows;
}

static mr_status move_customers(mr_pg_store *store, mr_err *err)
{
    return bind_customers(store, true) == 0
               ? MR_OK
               : mr_pg_send(store->pg, MR_PG_CUSTOMER_MOVE, &store->params, err);
}

static mr_status add_customers(mr_pg_store *store, mr_err *err)
{
    return bind_customers(store, false) == 0
               ? MR_OK
               : mr_pg_store_run_counting(store, MR_PG_CUSTOMER_ADD, &store->added.customers, NULL,
                                          err);
}

mr_status mr_pg_store_write_shared(mr_pg_store *store, mr_err *err)
{
    mr_status status = lock_dimensions(store, err);

    if (status == MR_OK) {
        status = write_products(store, err);
    }
    if (status == MR_OK) {
        status = move_customers(store, err);
    }
    return status != MR_OK ? status : add_customers(store, err);
}
