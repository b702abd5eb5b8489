/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_products.c - the lines that products' descriptions were taken from, packed.
 *
 * A winner's 20 bytes, big-endian:   0 date, seconds   8 offset   16 partition + 1 (0: none)
 *
 * Owns:       the blocks at hand.
 * Called by:  store_postgres_write.c, on the handle's thread.
 * Invariants: blocks never move until mr_pg_products_clear; a search ends, since at most half of
 * the slots are taken. Not here:   reading and writing blocks (store_postgres_write.c).
 */
#include "store/store_postgres_products.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { slot_count = 2 * mr_pg_blocks_max };

struct mr_pg_products {
    mr_pg_block *blocks;
    size_t count;
    uint16_t slots[slot_count]; /* 1 + the block's place; 0 = free */
};

mr_pg_products *mr_pg_products_create(void)
{
    mr_pg_products *products = mr_alloc_zero(1, sizeof(*products));

    products->blocks = mr_alloc(mr_pg_blocks_max * sizeof(*products->blocks));
    return products;
}

void mr_pg_products_destroy(mr_pg_products *products)
{
    if (products != NULL) {
        free(products->blocks);
        free(products);
    }
}

void mr_pg_products_clear(mr_pg_products *products)
{
    memset(products->slots, 0, sizeof(products->slots));
    products->count = 0;
}

int32_t mr_pg_block_of(int64_t product_id)
{
    return (int32_t)(product_id / mr_pg_block_products);
}

mr_pg_block *mr_pg_products_find(mr_pg_products *products, int32_t number)
{
    uint32_t at = (uint32_t)number % slot_count;
    mr_pg_block *block;

    while (products->slots[at] != 0) {
        block = &products->blocks[products->slots[at] - 1];
        if (block->number == number) {
            return block;
        }
        at = (at + 1) % slot_count;
    }
    if (products->count == mr_pg_blocks_max) {
        return NULL;
    }
    block = &products->blocks[products->count++];
    products->slots[at] = (uint16_t)products->count;
    *block = (mr_pg_block){.number = number};
    return block;
}

size_t mr_pg_products_count(const mr_pg_products *products)
{
    return products->count;
}

mr_pg_block *mr_pg_products_at(mr_pg_products *products, size_t index)
{
    MR_ASSERT(index < products->count);
    return &products->blocks[index];
}

/* --- Winners ---------------------------------------------------------------------------------- */

void mr_pg_winner_pack(const mr_winner *winner, unsigned char *at)
{
    uint64_t date = __builtin_bswap64((uint64_t)winner->date_seconds);
    uint64_t offset = __builtin_bswap64((uint64_t)winner->offset);
    uint32_t partition = __builtin_bswap32((uint32_t)winner->partition + 1);

    if (!winner->is_set) {
        memset(at, 0, mr_pg_winner_bytes);
        return;
    }
    memcpy(at, &date, sizeof(date));
    memcpy(at + 8, &offset, sizeof(offset));
    memcpy(at + 16, &partition, sizeof(partition));
}

mr_winner mr_pg_winner_unpack(const unsigned char *at)
{
    uint64_t date, offset;
    uint32_t partition;

    memcpy(&date, at, sizeof(date));
    memcpy(&offset, at + 8, sizeof(offset));
    memcpy(&partition, at + 16, sizeof(partition));
    if (partition == 0) {
        return (mr_winner){0};
    }
    return (mr_winner){
        .date_seconds = (int64_t)__builtin_bswap64(date),
        .offset = (int64_t)__builtin_bswap64(offset),
        .partition = (int32_t)(__builtin_bswap32(partition) - 1),
        .is_set = true,
    };
}

mr_winner mr_pg_block_winner(const mr_pg_block *block, int64_t product_id)
{
    MR_ASSERT(block->is_held && mr_pg_block_of(product_id) == block->number);
    return mr_pg_winner_unpack(block->bytes +
                               (product_id % mr_pg_block_products) * mr_pg_winner_bytes);
}

void mr_pg_block_set_winner(mr_pg_block *block, int64_t product_id, const mr_winner *winner)
{
    MR_ASSERT(block->is_held && mr_pg_block_of(product_id) == block->number);
    mr_pg_winner_pack(winner,
                      block->bytes + (product_id % mr_pg_block_products) * mr_pg_winner_bytes);
    block->changed = true;
}
