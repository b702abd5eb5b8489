/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_traffic.c - plans invoice after invoice and hands out their lines.
 *
 * Owns:       the shop, the clock, the invoice at hand, and a ring of recent sales.
 * Called by:  cmd_generate.c; one thread.
 * Invariants: (1) integers only and one generator, so that a seed gives the same bytes everywhere;
 *             (2) a cancellation takes back no more than was sold, of a sale still in the ring;
 *             (3) the lines of an invoice differ, so that without duplicates every event is
 * another.
 */
#include "cli/generate_traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/convert_names.h"
#include "cli/generate_calendar.h"
#include "cli/generate_shop.h"

enum {
    ring_count = 8192,
    kept_lines_max = 4, /* of a sale, for a later cancellation */
    lines_max = 96,
    lines_mean_tenths = 147, /* of an invoice: table below, postage, cancellations; measured */
    first_invoice_no = 500001,
    cancellation_percent = 8,
    guest_percent = 25,
    passing_percent = 15,
    adjustment_one_in = 1500,
    manual_one_in = 120,
    pence_scale = mr_price_unit / 100,
};

typedef struct traffic_line {
    uint32_t item;
    int32_t quantity;
    int32_t price_pence;
} traffic_line;

typedef struct traffic_sale {
    uint64_t invoice_no;
    int64_t customer_id;
    bool has_customer;
    uint8_t country;
    uint8_t line_count;
    traffic_line lines[kept_lines_max]; /* quantity: what has not come back yet */
} traffic_sale;

struct mr_traffic {
    mr_traffic_options options;
    mr_random random;
    mr_shop *shop;
    mr_calendar calendar;
    uint64_t expected;
    uint64_t given;
    uint64_t next_invoice_no;
    uint64_t passing_count;

    /* The invoice at hand. */
    traffic_line lines[lines_max];
    uint32_t line_count;
    uint32_t line_next;
    bool repeat; /* the last line once more */
    mr_event event;
    char invoice_no[32];
    char name[mr_convert_name_bytes_max];
    char refers[48];
    uint64_t on_invoice[mr_shop_product_count]; /* number of the invoice a product stood on last */

    traffic_sale ring[ring_count];
    uint64_t sale_count; /* ever put into the ring */
};

static const uint8_t line_counts[32] = {1,  1,  1,  1,  2,  2,  3,  3,  4,  5,  6,
                                        7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,
                                        18, 20, 22, 24, 26, 29, 33, 38, 48, 80};
static const uint8_t quantities[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  2,  2,  2,  2,  2,  3,
                                       3, 3, 4, 4, 4, 6, 6, 6, 8, 10, 12, 12, 12, 12, 24, 48};

static bool one_in(mr_traffic *t, uint64_t count)
{
    return mr_random_below(&t->random, count) == 0;
}

static bool percent(mr_traffic *t, uint64_t share)
{
    return mr_random_below(&t->random, 100) < share;
}

/* --- Planning an invoice ---------------------------------------------------------------------- */

static void add_line(mr_traffic *t, uint32_t item, int32_t quantity, int32_t price_pence)
{
    MR_ASSERT(t->line_count < lines_max);
    t->lines[t->line_count++] = (traffic_line){item, quantity, price_pence};
}

static int32_t draw_quantity(mr_traffic *t)
{
    int32_t quantity = quantities[mr_random_below(&t->random, 32)];

    return one_in(t, 250) ? quantity * 12 : quantity;
}

static void add_product(mr_traffic *t)
{
    uint32_t product = mr_shop_pick_product(t->shop, &t->random);
    int32_t quantity = draw_quantity(t);
    int32_t price;

    while (t->on_invoice[product] == t->next_invoice_no) {
        product = (product + 1) % mr_shop_product_count;
    }
    t->on_invoice[product] = t->next_invoice_no;
    price = t->shop->items[product].price_pence;
    if (quantity >= 24) {
        price -= price * 15 / 100; /* wholesale */
    }
    add_line(t, product, quantity, price);
}

static void draw_customer(mr_traffic *t, mr_event *event, uint8_t *ret_country)
{
    if (percent(t, guest_percent)) {
        event->has_customer = false;
        *ret_country = one_in(t, 40)
                           ? mr_shop_country_of((int64_t)mr_random_below(&t->random, 5000))
                           : mr_shop_home_country;
        return;
    }
    event->has_customer = true;
    if (percent(t, passing_percent)) {
        event->customer_id = mr_shop_passing_customer(t->passing_count++);
    } else {
        event->customer_id = mr_shop_pick_loyal(t->shop, &t->random);
    }
    *ret_country = mr_shop_country_of(event->customer_id);
}

static void set_customer(mr_traffic *t, bool has_customer, int64_t customer_id, uint8_t country)
{
    t->event.has_customer = has_customer;
    t->event.customer_id = has_customer ? customer_id : 0;
    t->event.country = mr_shop_country_name(country);
    t->event.customer_name = MR_TEXT_ABSENT;
    if (has_customer) {
        t->event.customer_name.bytes = mr_convert_name(customer_id, t->name);
        t->event.customer_name.data = t->name;
    }
}

static void number_invoice(mr_traffic *t, const char *prefix)
{
    int bytes =
        snprintf(t->invoice_no, sizeof(t->invoice_no), "%s%" PRIu64, prefix, t->next_invoice_no);

    t->event.invoice_no = (mr_text){t->invoice_no, (size_t)bytes};
    t->next_invoice_no++;
}

static void remember_sale(mr_traffic *t, uint8_t country)
{
    traffic_sale *sale = &t->ring[t->sale_count % ring_count];

    sale->invoice_no = t->next_invoice_no;
    sale->customer_id = t->event.customer_id;
    sale->has_customer = t->event.has_customer;
    sale->country = country;
    sale->line_count = 0;
    for (uint32_t i = 0; i < t->line_count && sale->line_count < kept_lines_max; i++) {
        if (t->lines[i].item < mr_shop_product_count) {
            sale->lines[sale->line_count++] = t->lines[i];
        }
    }
    t->sale_count++;
}

static void plan_sale(mr_traffic *t)
{
    uint32_t count = line_counts[mr_random_below(&t->random, 32)];
    mr_event drawn = {.has_customer = false};
    uint8_t country;

    draw_customer(t, &drawn, &country);
    for (uint32_t i = 0; i < count; i++) {
        add_product(t);
    }
    if (country != mr_shop_home_country) {
        int32_t parcels = (int32_t)mr_random_below(&t->random, 3) + 1;
        add_line(t, mr_shop_postage, parcels, 1800);
    } else if (!drawn.has_customer && one_in(t, 8)) {
        add_line(t, mr_shop_carriage, 1, 295 + (int32_t)mr_random_below(&t->random, 40) * 5);
    }
    if (one_in(t, manual_one_in)) {
        add_line(t, mr_shop_manual, 1, 100 + (int32_t)mr_random_below(&t->random, 9900));
    }
    set_customer(t, drawn.has_customer, drawn.customer_id, country);
    remember_sale(t, country);
    number_invoice(t, "");
}

/* A correction of the books: no customer, a price below zero. */
static void plan_adjustment(mr_traffic *t)
{
    int32_t price = -(500 + (int32_t)mr_random_below(&t->random, 500000));

    set_customer(t, false, 0, mr_shop_home_country);
    add_line(t, mr_shop_bad_debt, 1, price);
    number_invoice(t, "A");
}

/* Takes lines of a sale back, whole or in part. false: nothing of that sale is left. */
static bool take_back(mr_traffic *t, traffic_sale *sale)
{
    uint64_t wanted = 1 + mr_random_below(&t->random, 3);

    for (uint8_t i = 0; i < sale->line_count && t->line_count < wanted; i++) {
        traffic_line *sold = &sale->lines[i];
        int32_t back = sold->quantity;
        if (back == 0) {
            continue;
        }
        if (back > 1 && percent(t, 40)) {
            back = 1 + (int32_t)mr_random_below(&t->random, (uint64_t)back - 1);
        }
        sold->quantity -= back;
        add_line(t, sold->item, -back, sold->price_pence);
    }
    return t->line_count > 0;
}

static bool plan_cancellation(mr_traffic *t)
{
    uint64_t kept = t->sale_count < ring_count ? t->sale_count : ring_count;
    traffic_sale *sale;
    int bytes;

    if (kept == 0) {
        return false;
    }
    sale = &t->ring[mr_random_below(&t->random, kept)];
    if (!take_back(t, sale)) {
        return false;
    }
    set_customer(t, sale->has_customer, sale->customer_id, sale->country);
    bytes =
        snprintf(t->refers, sizeof(t->refers), "{\"Refers\":\"%" PRIu64 "\"}", sale->invoice_no);
    t->event.extra = (mr_text){t->refers, (size_t)bytes};
    number_invoice(t, "C");
    return true;
}

static void plan_invoice(mr_traffic *t)
{
    t->line_count = 0;
    t->line_next = 0;
    t->event.extra = MR_TEXT_ABSENT;
    t->event.invoice_date = mr_calendar_next(&t->calendar, &t->random);
    if (one_in(t, adjustment_one_in)) {
        plan_adjustment(t);
    } else if (!percent(t, cancellation_percent) || !plan_cancellation(t)) {
        plan_sale(t);
    }
}

/* --- The stream ------------------------------------------------------------------------------- */

static void fill_line(mr_traffic *t, const traffic_line *line)
{
    const mr_shop_item *item = &t->shop->items[line->item];

    t->event.stock_code = (mr_text){item->code, item->code_bytes};
    t->event.description = (mr_text){item->description, item->description_bytes};
    t->event.quantity = line->quantity;
    t->event.unit_price = (mr_price){(int64_t)line->price_pence * pence_scale};
}

static bool is_over(const mr_traffic *t)
{
    if (t->options.events > 0) {
        return t->given == t->options.events;
    }
    return t->calendar.day >= t->options.days;
}

bool mr_traffic_next(mr_traffic *traffic, mr_event *ret_event)
{
    if (traffic->repeat) {
        traffic->repeat = false;
    } else {
        if (traffic->line_next == traffic->line_count) {
            plan_invoice(traffic);
        }
        fill_line(traffic, &traffic->lines[traffic->line_next++]);
        traffic->repeat = traffic->options.duplicates_ppm > 0 &&
                          mr_random_below(&traffic->random, mr_traffic_parts_each) <
                              traffic->options.duplicates_ppm;
    }
    if (is_over(traffic)) {
        return false;
    }
    traffic->given++;
    *ret_event = traffic->event;
    return true;
}

mr_traffic *mr_traffic_create(const mr_traffic_options *options)
{
    mr_traffic *traffic = mr_alloc_zero(1, sizeof(*traffic));
    uint32_t days = options->days;

    MR_ASSERT(options->events > 0 || options->days > 0);
    MR_ASSERT(options->events <= mr_traffic_events_max && days <= mr_calendar_days_max);
    traffic->options = *options;
    traffic->expected =
        options->events > 0 ? options->events : (uint64_t)days * mr_traffic_events_each_day;
    if (days == 0) {
        uint64_t needed = options->events / mr_traffic_events_each_day;
        days = needed < 1                           ? 1
               : needed > mr_traffic_days_usual_max ? mr_traffic_days_usual_max
                                                    : (uint32_t)needed;
    }
    /* A few events are the first minutes of a usual day, not a day of a few events. */
    uint64_t spread = options->days == 0 && traffic->expected < mr_traffic_events_each_day
                          ? mr_traffic_events_each_day
                          : traffic->expected;
    mr_random_seed(&traffic->random, options->seed);
    traffic->shop = mr_shop_create();
    traffic->next_invoice_no =
        options->first_invoice_no > 0 ? options->first_invoice_no : first_invoice_no;
    mr_calendar_start(&traffic->calendar, options->from, days, spread * 10 / lines_mean_tenths + 1);
    return traffic;
}

void mr_traffic_destroy(mr_traffic *traffic)
{
    if (traffic != NULL) {
        free(traffic->shop);
        free(traffic);
    }
}

uint64_t mr_traffic_expected(const mr_traffic *traffic)
{
    return traffic->expected;
}
