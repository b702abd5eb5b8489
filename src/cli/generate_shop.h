/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_shop.h - the made-up shop: what it sells, to whom, where they live.
 *
 * Nothing here depends on the seed: every run is of the same shop. Integers only, so that the shop
 * is the same on every machine.
 */
#ifndef MR_CLI_GENERATE_SHOP_H
#define MR_CLI_GENERATE_SHOP_H

#include "base/random.h"
#include "base/text.h"

/* What is on an invoice without being a product stands behind the products. */
enum {
    mr_shop_product_count = 3000,
    mr_shop_postage = mr_shop_product_count,
    mr_shop_carriage,
    mr_shop_manual,
    mr_shop_bad_debt,
    mr_shop_item_count,
    mr_shop_loyal_count = 4000,
    mr_shop_description_bytes_max = 48,
};

typedef struct mr_shop_item {
    char code[8];
    char description[mr_shop_description_bytes_max];
    uint8_t code_bytes;
    uint8_t description_bytes;
    int32_t price_pence;
} mr_shop_item;

typedef struct mr_shop {
    mr_shop_item items[mr_shop_item_count];
    uint64_t popularity[mr_shop_product_count]; /* cumulative weights */
    uint64_t loyalty[mr_shop_loyal_count];      /* cumulative weights */
} mr_shop;

/* About 400 KB; free with free(). */
mr_shop *mr_shop_create(void);

uint32_t mr_shop_pick_product(const mr_shop *shop, mr_random *random);
/* One of the customers that come again and again, some much more often than others. */
int64_t mr_shop_pick_loyal(const mr_shop *shop, mr_random *random);
/* The number-th customer who comes once. */
int64_t mr_shop_passing_customer(uint64_t number);

/* A customer lives in one country for ever. */
uint8_t mr_shop_country_of(int64_t customer_id);
mr_text mr_shop_country_name(uint8_t country);
enum { mr_shop_home_country = 0 };

#endif
