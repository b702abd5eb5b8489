/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_shop.c - composes the catalogue and the customers.
 *
 * Called by:  generate_traffic.c; the shop is read-only once made.
 * Invariants: (1) integer arithmetic only; (2) item codes and descriptions are distinct.
 */
#include "cli/generate_shop.h"

#include <stdio.h>

#include "base/memory.h"

enum {
    adjective_count = 60,
    noun_count = 50,
    price_steps = 32,
    product_stride = 1237, /* coprime to the number of products: neighbours in rank are unlike */
    first_loyal_id = 12000,
    first_passing_id = 100000,
    popularity_offset = 12, /* flattens the head of the long tail */
    loyalty_offset = 40,
};

_Static_assert(adjective_count *noun_count == mr_shop_product_count, "a name for each product");

/* clang-format off */
static const char *const adjectives[adjective_count] = {
    "Amber", "Ash", "Bamboo", "Beech", "Birch", "Brass", "Bronze", "Canvas", "Cedar", "Ceramic",
    "Charcoal", "Cherry", "Copper", "Coral", "Cork", "Cotton", "Cream", "Crimson", "Denim", "Elm",
    "Enamel", "Felt", "Fern", "Flax", "Frosted", "Glazed", "Golden", "Granite", "Green", "Hazel",
    "Indigo", "Ivory", "Jade", "Jute", "Lacquered", "Larch", "Lavender", "Linen", "Maple", "Marble",
    "Mint", "Moss", "Navy", "Oak", "Olive", "Opal", "Pearl", "Pewter", "Pine", "Plum",
    "Quilted", "Russet", "Sage", "Silver", "Slate", "Teal", "Velvet", "Walnut", "Willow", "Woven",
};

static const char *const nouns[noun_count] = {
    "Apron", "Basket", "Bell", "Blanket", "Bookend", "Bottle Stopper", "Bowl", "Bread Bin", "Brush",
    "Butter Dish", "Candle Jar", "Card Box", "Chopping Board", "Clock", "Coaster Pair", "Coat Hook",
    "Cup and Saucer", "Cushion Cover", "Door Wedge", "Egg Holder", "Frame", "Gift Ribbon",
    "Hand Towel", "Ink Stand", "Jewel Case", "Jug", "Key Rack", "Ladle", "Lamp Shade", "Lunch Tin",
    "Magnet Trio", "Mirror", "Mug", "Napkin Ring", "Notebook", "Oven Glove", "Paper Weight",
    "Pen Pot", "Pencil Roll", "Place Mat", "Plant Pot", "Purse", "Salt Cellar", "Serving Tray",
    "Spice Rack", "Storage Crate", "Tea Caddy", "Toy Train", "Umbrella", "Wall Plaque",
};

/* Pence at each 32nd of all products: log-normal, median 2.40, sigma 0.95. */
static const int32_t price_quantiles[price_steps + 1] = {
    19, 41, 56, 69, 80, 92, 103, 115, 126, 138, 151, 164, 177, 192, 207, 223, 240,
    259, 279, 301, 325, 352, 382, 416, 456, 502, 557, 626, 716, 839, 1031, 1408, 3265,
};

typedef struct shop_country {
    mr_text name;
    uint32_t per_mille; /* of the customers */
} shop_country;

static const shop_country countries[] = {
    {{"United Kingdom", 14}, 900}, {{"Germany", 7}, 22}, {{"France", 6}, 20}, {{"Ireland", 7}, 12},
    {{"Spain", 5}, 8}, {{"Netherlands", 11}, 7}, {{"Belgium", 7}, 6}, {{"Switzerland", 11}, 5},
    {{"Portugal", 8}, 5}, {{"Norway", 6}, 4}, {{"Italy", 5}, 4}, {{"Sweden", 6}, 2},
    {{"Finland", 7}, 2}, {{"Australia", 9}, 2}, {{"Japan", 5}, 1},
};
/* clang-format on */

/* Most prices of a shop end in 5 or 9. */
static int32_t shop_price(int32_t pence, uint64_t variant)
{
    if (variant % 20 < 9 && pence >= 60) {
        return pence / 100 * 100 + 95;
    }
    if (variant % 20 < 12 && pence >= 60) {
        return pence / 100 * 100 + 99;
    }
    return pence < 20 ? pence : pence / 5 * 5;
}

static int32_t price_at(uint64_t random)
{
    uint64_t step = random % price_steps;
    int64_t low = price_quantiles[step];
    int64_t high = price_quantiles[step + 1];

    return (int32_t)(low + ((high - low) * (int64_t)((random >> 16) % 1024)) / 1024);
}

static void name_item(mr_shop_item *item, const char *code, const char *description)
{
    item->code_bytes = (uint8_t)snprintf(item->code, sizeof(item->code), "%s", code);
    item->description_bytes =
        (uint8_t)snprintf(item->description, sizeof(item->description), "%s", description);
    MR_ASSERT(item->code_bytes < sizeof(item->code));
    MR_ASSERT(item->description_bytes < sizeof(item->description));
}

static void make_product(mr_shop_item *item, uint32_t rank, mr_random *random)
{
    uint32_t number = rank * product_stride % mr_shop_product_count;
    char letter[2] = {number % 6 == 0 ? (char)('A' + number / 6 % 8) : '\0', '\0'};
    char code[16];
    char description[64];

    (void)snprintf(code, sizeof(code), "%u%s", 20000 + number * 13, letter);
    (void)snprintf(description, sizeof(description), "%s %s", adjectives[number / noun_count],
                   nouns[number % noun_count]);
    name_item(item, code, description);
    /* In statements of their own: arguments are evaluated in an order of the compiler's choice. */
    int32_t pence = price_at(mr_random_next(random));
    uint64_t variant = mr_random_below(random, 20);
    item->price_pence = shop_price(pence, variant);
}

mr_shop *mr_shop_create(void)
{
    mr_shop *shop = mr_alloc_zero(1, sizeof(*shop));
    mr_random random;
    uint64_t sum = 0;

    mr_random_seed(&random, 1);
    for (uint32_t rank = 0; rank < mr_shop_product_count; rank++) {
        make_product(&shop->items[rank], rank, &random);
        sum += (UINT64_C(1) << 32) / (rank + popularity_offset);
        shop->popularity[rank] = sum;
    }
    sum = 0;
    for (uint32_t rank = 0; rank < mr_shop_loyal_count; rank++) {
        sum += (UINT64_C(1) << 32) / (rank + loyalty_offset);
        shop->loyalty[rank] = sum;
    }
    name_item(&shop->items[mr_shop_postage], "POST", "Postage");
    name_item(&shop->items[mr_shop_carriage], "DOT", "Online order postage");
    name_item(&shop->items[mr_shop_manual], "M", "Manual");
    name_item(&shop->items[mr_shop_bad_debt], "B", "Adjust bad debt");
    return shop;
}

/* The first place whose cumulative weight is above a random one. */
static uint32_t pick(const uint64_t *cumulative, uint32_t count, mr_random *random)
{
    uint64_t target = mr_random_below(random, cumulative[count - 1]);
    uint32_t low = 0;
    uint32_t high = count - 1;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (cumulative[middle] > target) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

uint32_t mr_shop_pick_product(const mr_shop *shop, mr_random *random)
{
    return pick(shop->popularity, mr_shop_product_count, random);
}

int64_t mr_shop_pick_loyal(const mr_shop *shop, mr_random *random)
{
    return first_loyal_id + (int64_t)pick(shop->loyalty, mr_shop_loyal_count, random);
}

int64_t mr_shop_passing_customer(uint64_t number)
{
    return first_passing_id + (int64_t)number;
}

uint8_t mr_shop_country_of(int64_t customer_id)
{
    uint64_t mixed = (uint64_t)customer_id * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t place = (uint32_t)((mixed >> 32) % 1000);
    uint8_t country = 0;

    while (place >= countries[country].per_mille) {
        place -= countries[country].per_mille;
        country++;
        MR_ASSERT(country < sizeof(countries) / sizeof(countries[0]));
    }
    return country;
}

mr_text mr_shop_country_name(uint8_t country)
{
    return countries[country].name;
}
