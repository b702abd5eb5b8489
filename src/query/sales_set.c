/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_set.c - puts lines in the order of their invoices, and knows what a set weighs.
 *
 * Lines come in as they lie in the files; neighbours of one invoice, moment, country and customer
 * become a segment at once. finish() sorts segments by their invoice's number (counting them) and
 * moves their lines with them: linear, and stable; what memory is left may hold a cube of them.
 */
#include "query/sales_set.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/hash.h"
#include "query/sales_cube.h"

enum { day_s = 86400, first_room = 4096 };

struct mr_sales_builder {
    mr_sales_set raw; /* lines as they came; the names of all sets */
    uint32_t *customer_slots;
    uint32_t customer_slot_count;
    uint32_t description_room;
    size_t bytes_max;
    mr_sales_line last; /* the texts are the names' own */
    uint32_t last_invoice, last_country, last_customer;
};

/* --- Memory ----------------------------------------------------------------------------------- */

static void free_lines(mr_sales_lines *lines)
{
    free(lines->product);
    free(lines->quantity);
    free(lines->amount);
    *lines = (mr_sales_lines){.product = NULL};
}

static void free_contents(mr_sales_set *set)
{
    mr_sales_names_free(&set->invoices);
    mr_sales_names_free(&set->products);
    mr_sales_names_free(&set->countries);
    mr_sales_names_free(&set->descriptions);
    mr_sales_names_free(&set->customers.names);
    free(set->description);
    free(set->product_sales);
    free(set->country_sales);
    free(set->customers.number);
    free(set->customers.name);
    free(set->customers.country);
    free(set->customers.first_day);
    free(set->customers.spent);
    free(set->segments);
    free(set->blocks);
    free_lines(&set->lines);
    mr_sales_cube_free(set->cube);
}

void mr_sales_set_free(mr_sales_set *set)
{
    if (set != NULL) {
        free_contents(set);
        free(set);
    }
}

enum { line_bytes = sizeof(uint32_t) + sizeof(int32_t) + sizeof(int64_t) };

size_t mr_sales_set_bytes(const mr_sales_set *set)
{
    const mr_sales_customers *customers = &set->customers;

    return mr_sales_names_bytes(&set->invoices) + mr_sales_names_bytes(&set->products) +
           mr_sales_names_bytes(&set->countries) + mr_sales_names_bytes(&set->descriptions) +
           mr_sales_names_bytes(&customers->names) + set->segment_room * sizeof(mr_sales_segment) +
           (size_t)set->lines.room * line_bytes +
           (size_t)customers->room * (sizeof(int64_t) + 3 * sizeof(uint32_t) + sizeof(mr_amount)) +
           (size_t)set->products.count * (sizeof(uint32_t) + sizeof(mr_amount)) +
           (size_t)set->countries.count * sizeof(mr_amount) + mr_sales_cube_bytes(set->cube);
}

bool mr_sales_set_next(const mr_sales_set *set, int32_t from, int32_t to, mr_sales_slice *slice,
                       mr_sales_slice *ret_some)
{
    while (slice->first < slice->end) {
        const uint32_t block = slice->first / mr_sales_block_segments;
        const uint32_t end = (block + 1) * mr_sales_block_segments;
        const mr_sales_slice some = {slice->first, end < slice->end ? end : slice->end};

        slice->first = some.end;
        if (set->blocks[block].first <= to && set->blocks[block].last >= from) {
            *ret_some = some;
            return true;
        }
    }
    return false;
}

uint32_t mr_sales_set_parts(const mr_sales_set *set)
{
    return (set->segment_count + mr_sales_part_segments - 1) / mr_sales_part_segments;
}

/* Where a part begins: with an invoice. */
static uint32_t part_begin(const mr_sales_set *set, uint64_t index)
{
    const uint64_t near = index * mr_sales_part_segments;
    uint32_t begin = near < set->segment_count ? (uint32_t)near : set->segment_count;

    while (begin > 0 && begin < set->segment_count &&
           set->segments[begin].invoice == set->segments[begin - 1].invoice) {
        begin++;
    }
    return begin;
}

mr_sales_slice mr_sales_set_part(const mr_sales_set *set, uint32_t index)
{
    return (mr_sales_slice){part_begin(set, index), part_begin(set, (uint64_t)index + 1)};
}

static void lines_room(mr_sales_lines *lines, uint32_t room)
{
    lines->room = room;
    lines->product = mr_realloc(lines->product, (size_t)room * sizeof *lines->product);
    lines->quantity = mr_realloc(lines->quantity, (size_t)room * sizeof *lines->quantity);
    lines->amount = mr_realloc(lines->amount, (size_t)room * sizeof *lines->amount);
}

static void segments_room(mr_sales_set *set, uint32_t room)
{
    set->segment_room = room;
    set->segments = mr_realloc(set->segments, (size_t)room * sizeof *set->segments);
}

/* --- Customers -------------------------------------------------------------------------------- */

static uint32_t customer_slot(const mr_sales_builder *builder, int64_t number)
{
    const uint32_t mask = builder->customer_slot_count - 1;
    uint32_t slot = (uint32_t)mr_hash64(&number, sizeof number) & mask;

    while (builder->customer_slots[slot] != MR_SALES_NONE &&
           builder->raw.customers.number[builder->customer_slots[slot]] != number) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void customers_room(mr_sales_customers *customers, uint32_t room)
{
    customers->room = room;
    customers->number = mr_realloc(customers->number, room * sizeof *customers->number);
    customers->name = mr_realloc(customers->name, room * sizeof *customers->name);
    customers->country = mr_realloc(customers->country, room * sizeof *customers->country);
    customers->first_day = mr_realloc(customers->first_day, room * sizeof *customers->first_day);
}

static void grow_customers(mr_sales_builder *builder)
{
    mr_sales_customers *customers = &builder->raw.customers;

    customers_room(customers, 2 * customers->room + first_room);
    builder->customer_slot_count =
        builder->customer_slot_count == 0 ? 4 * first_room : builder->customer_slot_count;
    while (builder->customer_slot_count < 2 * customers->room) {
        builder->customer_slot_count *= 2;
    }
    free(builder->customer_slots);
    builder->customer_slots = mr_alloc(builder->customer_slot_count * sizeof(uint32_t));
    memset(builder->customer_slots, 0xff, builder->customer_slot_count * sizeof(uint32_t));
    for (uint32_t index = 0; index < customers->count; index++) {
        builder->customer_slots[customer_slot(builder, customers->number[index])] = index;
    }
}

static uint32_t add_customer(mr_sales_builder *builder, int64_t number)
{
    mr_sales_customers *customers = &builder->raw.customers;

    if (customers->count == customers->room) {
        grow_customers(builder);
    }
    const uint32_t slot = customer_slot(builder, number);
    if (builder->customer_slots[slot] == MR_SALES_NONE) {
        customers->number[customers->count] = number;
        customers->name[customers->count] = MR_SALES_NONE;
        customers->country[customers->count] = MR_SALES_NONE;
        customers->first_day[customers->count] = INT32_MAX;
        builder->customer_slots[slot] = customers->count++;
    }
    return builder->customer_slots[slot];
}

/* --- Adding ----------------------------------------------------------------------------------- */

mr_sales_builder *mr_sales_builder_create(size_t bytes_max)
{
    mr_sales_builder *builder = mr_alloc_zero(1, sizeof *builder);

    builder->bytes_max = bytes_max;
    builder->last_invoice = builder->last_country = MR_SALES_NONE;
    segments_room(&builder->raw, 1);
    return builder;
}

void mr_sales_builder_destroy(mr_sales_builder *builder)
{
    if (builder != NULL) {
        free_contents(&builder->raw);
        free(builder->customer_slots);
        free(builder);
    }
}

static mr_status fail_memory(const mr_sales_builder *builder, mr_err *err)
{
    return mr_fail(err, MR_LIMIT, "the sales need more than %zu MiB of memory",
                   builder->bytes_max >> 20);
}

/* Growing doubles: what is asked for then, and the sorted copy, must fit. */
static mr_status make_room(mr_sales_builder *builder, mr_err *err)
{
    mr_sales_set *raw = &builder->raw;

    if (raw->lines.count == raw->lines.room) {
        const uint64_t room = raw->lines.room + raw->lines.room / 2 + first_room;

        if (room > UINT32_MAX || mr_sales_set_bytes(raw) + room * line_bytes > builder->bytes_max) {
            return fail_memory(builder, err);
        }
        lines_room(&raw->lines, (uint32_t)room);
    }
    if (raw->segment_count + 1 >= raw->segment_room) {
        const uint64_t room = raw->segment_room + raw->segment_room / 2 + first_room;

        if (room > UINT32_MAX ||
            mr_sales_set_bytes(raw) + room * sizeof(mr_sales_segment) > builder->bytes_max) {
            return fail_memory(builder, err);
        }
        segments_room(raw, (uint32_t)room);
    }
    return MR_OK;
}

static bool same_text(mr_text a, mr_text b)
{
    return a.bytes == b.bytes && memcmp(a.data, b.data, a.bytes) == 0;
}

/* Numbers of invoice, country and customer; those of the line before, where they are the same. */
static mr_status number_names(mr_sales_builder *builder, const mr_sales_line *line, mr_err *err)
{
    mr_sales_set *raw = &builder->raw;
    mr_sales_line *last = &builder->last;

    if (builder->last_invoice == MR_SALES_NONE || !same_text(last->invoice, line->invoice)) {
        builder->last_invoice = mr_sales_names_add(&raw->invoices, line->invoice);
    }
    if (builder->last_country == MR_SALES_NONE || !same_text(last->country, line->country)) {
        builder->last_country = mr_sales_names_add(&raw->countries, line->country);
    }
    if (builder->last_invoice == MR_SALES_NONE || builder->last_country >= mr_sales_countries_max) {
        return fail_memory(builder, err);
    }
    /* Names move when they grow: these point to where they are now. */
    last->invoice = mr_sales_name(&raw->invoices, builder->last_invoice);
    last->country = mr_sales_name(&raw->countries, builder->last_country);
    builder->last_customer = line->guest ? MR_SALES_GUEST : add_customer(builder, line->customer);
    return MR_OK;
}

static int32_t day_of(int64_t epoch_s)
{
    return (int32_t)(epoch_s >= 0 ? epoch_s / day_s : -((day_s - 1 - epoch_s) / day_s));
}

/* The segment that the line belongs to: the last one, or a new one. */
static mr_sales_segment *segment_for(mr_sales_builder *builder, const mr_sales_line *line)
{
    mr_sales_set *raw = &builder->raw;
    const int32_t day = day_of(line->epoch_s);
    const uint32_t second = (uint32_t)(line->epoch_s - (int64_t)day * day_s);
    mr_sales_segment *last = raw->segment_count > 0 ? &raw->segments[raw->segment_count - 1] : NULL;

    MR_ASSERT(raw->segments != NULL); /* the caller has made room */
    if (last != NULL && last->invoice == builder->last_invoice && last->day == day &&
        last->second == second && last->country == builder->last_country &&
        last->customer == builder->last_customer) {
        return last;
    }
    raw->segments[raw->segment_count] =
        (mr_sales_segment){.day = day,
                           .second = second,
                           .invoice = builder->last_invoice,
                           .customer = builder->last_customer,
                           .first_line = raw->lines.count,
                           .country = (uint16_t)builder->last_country,
                           .cancelled = line->invoice.bytes > 0 && line->invoice.data[0] == 'C'};
    return &raw->segments[raw->segment_count++];
}

mr_status mr_sales_builder_add(mr_sales_builder *builder, const mr_sales_line *line, mr_err *err)
{
    mr_sales_lines *lines = &builder->raw.lines;
    mr_status status = make_room(builder, err);

    if (status == MR_OK) {
        status = number_names(builder, line, err);
    }
    if (status != MR_OK) {
        return status;
    }
    const uint32_t product = mr_sales_names_add(&builder->raw.products, line->product);
    mr_sales_segment *segment = segment_for(builder, line);
    const int64_t amount = (int64_t)line->amount.scaled;
    int64_t sum;

    if (product == MR_SALES_NONE || line->amount.scaled != amount ||
        __builtin_add_overflow(segment->amount, amount, &sum)) {
        return mr_fail(err, MR_LIMIT, "an amount of invoice %.*s is too large to be held in memory",
                       MR_TEXT_ARGS(line->invoice));
    }
    segment->amount = sum;
    segment->quantity += line->quantity;
    lines->product[lines->count] = product;
    lines->quantity[lines->count] = line->quantity;
    lines->amount[lines->count++] = amount;
    return MR_OK;
}

/* --- Labels ----------------------------------------------------------------------------------- */

static void descriptions_room(mr_sales_builder *builder, uint32_t count)
{
    mr_sales_set *raw = &builder->raw;

    if (count > builder->description_room) {
        const uint32_t room = 2 * count + first_room;

        raw->description = mr_realloc(raw->description, room * sizeof *raw->description);
        memset(raw->description + builder->description_room, 0xff,
               (room - builder->description_room) * sizeof *raw->description);
        builder->description_room = room;
    }
}

void mr_sales_builder_product(mr_sales_builder *builder, mr_text code, mr_text description)
{
    mr_sales_set *raw = &builder->raw;
    const uint32_t product = mr_sales_names_add(&raw->products, code);

    descriptions_room(builder, raw->products.count);
    if (product != MR_SALES_NONE && description.data != NULL) {
        raw->description[product] = mr_sales_names_add(&raw->descriptions, description);
    }
}

void mr_sales_builder_customer(mr_sales_builder *builder, int64_t number, mr_text name,
                               mr_text country)
{
    mr_sales_customers *customers = &builder->raw.customers;
    const uint32_t customer = add_customer(builder, number);

    if (name.data != NULL) {
        customers->name[customer] = mr_sales_names_add(&customers->names, name);
    }
    if (country.data != NULL) {
        const uint32_t number_of = mr_sales_names_add(&builder->raw.countries, country);

        customers->country[customer] = number_of;
        builder->last_country = MR_SALES_NONE; /* the text it was compared with may have moved */
    }
}

void mr_sales_builder_first_order(mr_sales_builder *builder, int64_t number, int32_t day)
{
    builder->raw.customers.first_day[add_customer(builder, number)] = day;
}

void mr_sales_builder_expect(mr_sales_builder *builder, uint64_t lines)
{
    mr_sales_lines *there = &builder->raw.lines;

    if (lines > there->room && lines < UINT32_MAX && lines * line_bytes < builder->bytes_max) {
        lines_room(there, (uint32_t)lines);
    }
}

void mr_sales_builder_clear(mr_sales_builder *builder)
{
    mr_sales_set *raw = &builder->raw;

    free_lines(&raw->lines);
    raw->segment_count = 0;
    segments_room(raw, 1);
}

/* --- Finishing -------------------------------------------------------------------------------- */

int32_t mr_sales_month_of(int32_t day)
{
    const mr_civil_parts parts = mr_civil_split((mr_civil){(int64_t)day * day_s});

    return parts.year * 100 + parts.month;
}

/* Numbers of segments, those of `before` first, in the order of their invoices. */
static uint32_t *sort_segments(const mr_sales_set *before, const mr_sales_set *raw)
{
    const uint32_t before_count = before != NULL ? before->segment_count : 0;
    const uint32_t invoices = raw->invoices.count;
    uint32_t *starts = mr_alloc_zero((size_t)invoices + 1, sizeof *starts);
    uint32_t *order = mr_alloc(((size_t)before_count + raw->segment_count + 1) * sizeof *order);

    for (uint32_t index = 0; index < before_count; index++) {
        starts[before->segments[index].invoice + 1]++;
    }
    for (uint32_t index = 0; index < raw->segment_count; index++) {
        starts[raw->segments[index].invoice + 1]++;
    }
    for (uint32_t invoice = 0; invoice < invoices; invoice++) {
        starts[invoice + 1] += starts[invoice];
    }
    for (uint32_t index = 0; index < before_count; index++) {
        order[starts[before->segments[index].invoice]++] = index;
    }
    for (uint32_t index = 0; index < raw->segment_count; index++) {
        order[starts[raw->segments[index].invoice]++] = before_count + index;
    }
    free(starts);
    return order;
}

static bool same_segment(const mr_sales_segment *a, const mr_sales_segment *b)
{
    return a->invoice == b->invoice && a->day == b->day && a->second == b->second &&
           a->country == b->country && a->customer == b->customer;
}

/* Appends a segment with its lines; to the last one where it is of the same moment and customer. */
static void append_segment(mr_sales_set *set, const mr_sales_lines *from,
                           const mr_sales_segment *segment)
{
    const uint32_t lines = mr_sales_segment_lines(segment), first = set->lines.count;
    mr_sales_segment *last = set->segment_count > 0 ? &set->segments[set->segment_count - 1] : NULL;
    int64_t sum = 0;

    MR_ASSERT(first + lines <= set->lines.room && set->segment_count + 1 < set->segment_room);
    memcpy(set->lines.product + first, from->product + segment->first_line,
           lines * sizeof(uint32_t));
    memcpy(set->lines.quantity + first, from->quantity + segment->first_line,
           lines * sizeof(int32_t));
    memcpy(set->lines.amount + first, from->amount + segment->first_line, lines * sizeof(int64_t));
    set->lines.count += lines;
    if (last != NULL && same_segment(last, segment) &&
        !__builtin_add_overflow(last->amount, segment->amount, &sum)) {
        last->amount = sum;
        last->quantity += segment->quantity;
    } else {
        set->segments[set->segment_count] = *segment;
        set->segments[set->segment_count++].first_line = first;
    }
    set->segments[set->segment_count].first_line = set->lines.count;
}

static void copy_names(const mr_sales_set *raw, mr_sales_set *set)
{
    const mr_sales_customers *from = &raw->customers;
    mr_sales_customers *to = &set->customers;
    const size_t products = raw->products.count, customers = from->count;

    mr_sales_names_copy(&raw->invoices, &set->invoices);
    mr_sales_names_copy(&raw->products, &set->products);
    mr_sales_names_copy(&raw->countries, &set->countries);
    mr_sales_names_copy(&raw->descriptions, &set->descriptions);
    mr_sales_names_copy(&from->names, &to->names);
    set->description = mr_alloc((products + 1) * sizeof *set->description);
    memcpy(set->description, raw->description, products * sizeof *set->description);
    set->product_sales = mr_alloc_zero(products + 1, sizeof *set->product_sales);
    set->country_sales = mr_alloc_zero((size_t)raw->countries.count + 1, sizeof(mr_amount));
    customers_room(to, (uint32_t)customers + 1);
    to->count = (uint32_t)customers;
    to->spent = mr_alloc_zero(customers + 1, sizeof *to->spent);
    for (size_t index = 0; index < customers; index++) {
        to->number[index] = from->number[index];
        to->name[index] = from->name[index];
        to->country[index] = from->country[index];
        to->first_day[index] = from->first_day[index];
    }
}

/* What orders come to, of each product. */
static void sum_products(mr_sales_set *set)
{
    const mr_sales_covered all = mr_sales_cube_cover(set, INT32_MIN, INT32_MAX, NULL);
    const size_t count = (size_t)set->products.count + 1;
    mr_sales_tally *sold = mr_alloc_zero(count, sizeof *sold);
    mr_sales_tally *returned = mr_alloc_zero(count, sizeof *returned);

    if (set->cube != NULL) {
        mr_sales_cube_add(set->cube, &all, sold, returned);
    }
    for (uint32_t index = 0; index < set->segment_count; index++) {
        const mr_sales_segment *segment = &set->segments[index];

        if (!segment->summed && !segment->cancelled) {
            mr_sales_tally_lines(sold, &set->lines, segment, segment->invoice + 1);
        }
    }
    for (uint32_t product = 0; product < set->products.count; product++) {
        set->product_sales[product].scaled = sold[product].amount;
    }
    free(sold);
    free(returned);
}

/* What is told of customers and countries to date, and the days there are. */
static void sum_up(mr_sales_set *set)
{
    mr_sales_customers *customers = &set->customers;

    set->blocks =
        mr_alloc_zero(set->segment_count / mr_sales_block_segments + 1, sizeof *set->blocks);
    set->day_first = INT32_MAX;
    set->day_last = INT32_MIN;
    set->second_last = INT64_MIN;
    for (uint32_t index = 0; index < set->segment_count; index++) {
        const mr_sales_segment *segment = &set->segments[index];
        const int64_t second = (int64_t)segment->day * day_s + segment->second;
        mr_sales_days *block = &set->blocks[index / mr_sales_block_segments];

        if (index % mr_sales_block_segments == 0) {
            *block = (mr_sales_days){segment->day, segment->day};
        }
        block->first = segment->day < block->first ? segment->day : block->first;
        block->last = segment->day > block->last ? segment->day : block->last;
        set->day_first = segment->day < set->day_first ? segment->day : set->day_first;
        set->day_last = segment->day > set->day_last ? segment->day : set->day_last;
        set->second_last = second > set->second_last ? second : set->second_last;
        if (segment->cancelled) {
            continue;
        }
        set->country_sales[segment->country].scaled += segment->amount;
        if (segment->customer != MR_SALES_GUEST) {
            customers->spent[segment->customer].scaled += segment->amount;
            if (segment->day < customers->first_day[segment->customer]) {
                customers->first_day[segment->customer] = segment->day;
            }
        }
    }
}

/* What goes of the set before, day by day: a month is asked for once. */
typedef struct dropping {
    mr_sales_drops drops; /* NULL: nothing */
    void *ctx;
    int32_t day, month;
    bool gone;
} dropping;

static bool is_gone(dropping *self, int32_t day)
{
    if (self->drops == NULL) {
        return false;
    }
    if (self->day != day) {
        const int32_t month = mr_sales_month_of(day);

        self->gone = month == self->month ? self->gone : self->drops(self->ctx, month);
        self->day = day;
        self->month = month;
    }
    return self->gone;
}

static mr_sales_set *merge(const mr_sales_set *before, const mr_sales_set *raw, dropping *gone)
{
    const uint32_t before_count = before != NULL ? before->segment_count : 0;
    const uint32_t before_lines = before != NULL ? before->lines.count : 0;
    mr_sales_set *set = mr_alloc_zero(1, sizeof *set);
    uint32_t *order = sort_segments(before, raw);

    lines_room(&set->lines, before_lines + raw->lines.count + 1);
    segments_room(set, before_count + raw->segment_count + 1);
    set->segments[0] = (mr_sales_segment){.first_line = 0};
    for (uint32_t index = 0; index < before_count + raw->segment_count; index++) {
        if (order[index] >= before_count) {
            append_segment(set, &raw->lines, &raw->segments[order[index] - before_count]);
        } else if (!is_gone(gone, before->segments[order[index]].day)) {
            append_segment(set, &before->lines, &before->segments[order[index]]);
        }
    }
    free(order);
    segments_room(set, set->segment_count + 1);
    lines_room(&set->lines, set->lines.count + 1);
    copy_names(raw, set);
    sum_up(set);
    return set;
}

mr_status mr_sales_builder_finish(mr_sales_builder *builder, const mr_sales_set *before,
                                  mr_sales_drops drops, void *ctx, mr_sales_set **ret_set,
                                  mr_err *err)
{
    mr_sales_set *raw = &builder->raw;
    const uint64_t lines = (uint64_t)raw->lines.count + (before != NULL ? before->lines.count : 0);
    const size_t there =
        mr_sales_set_bytes(raw) + (before != NULL ? mr_sales_set_bytes(before) : 0);
    dropping gone = {.drops = drops, .ctx = ctx, .day = INT32_MIN, .month = INT32_MIN};

    descriptions_room(builder, raw->products.count + 1);
    raw->segments[raw->segment_count].first_line = raw->lines.count;
    if (lines >= UINT32_MAX || there + lines * line_bytes > builder->bytes_max) {
        return fail_memory(builder, err);
    }
    mr_sales_set *set = merge(before, raw, &gone);
    mr_sales_builder_clear(builder);
    const size_t held = mr_sales_set_bytes(set) + (before != NULL ? mr_sales_set_bytes(before) : 0);
    set->cube = mr_sales_cube_make(set, held < builder->bytes_max ? builder->bytes_max - held : 0);
    sum_products(set);
    *ret_set = set;
    return MR_OK;
}
