/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_products.h - the lines that products' descriptions were taken from, packed.
 *
 * One processor at a time changes them, under the dimension lock; what it has seen of them stays
 * good until another was in between. Memory is fixed: what does not fit is read again.
 */
#ifndef MR_STORE_STORE_POSTGRES_PRODUCTS_H
#define MR_STORE_STORE_POSTGRES_PRODUCTS_H

#include "store/store_cache.h"

enum {
    mr_pg_block_products = 32,
    mr_pg_winner_bytes = 20,
    mr_pg_block_bytes = mr_pg_block_products * mr_pg_winner_bytes,
    mr_pg_blocks_max = 2048, /* 65,536 products: the most whose winners are kept at hand */
};

typedef struct mr_pg_block {
    int32_t number;
    bool is_held; /* bytes are the database's, or newer when changed */
    bool changed;
    unsigned char bytes[mr_pg_block_bytes];
} mr_pg_block;

typedef struct mr_pg_products mr_pg_products;

mr_pg_products *mr_pg_products_create(void);
void mr_pg_products_destroy(mr_pg_products *products); /* NULL is fine */
void mr_pg_products_clear(mr_pg_products *products);

int32_t mr_pg_block_of(int64_t product_id);

/* The block, held or not yet; NULL: there is no room for another. */
mr_pg_block *mr_pg_products_find(mr_pg_products *products, int32_t number);
size_t mr_pg_products_count(const mr_pg_products *products);
mr_pg_block *mr_pg_products_at(mr_pg_products *products, size_t index);

mr_winner mr_pg_block_winner(const mr_pg_block *block, int64_t product_id);
void mr_pg_block_set_winner(mr_pg_block *block, int64_t product_id, const mr_winner *winner);
/* Of a block as it is stored: for copies between stores. */
void mr_pg_winner_pack(const mr_winner *winner, unsigned char *at);
mr_winner mr_pg_winner_unpack(const unsigned char *at);

#endif
