/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_values.c - type-ahead over the names of a set. */
#include "query/sales_values.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct candidate {
    uint32_t number;
    mr_amount sales;
} candidate;

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool starts(mr_text text, mr_text with)
{
    if (with.bytes > text.bytes) {
        return false;
    }
    for (size_t at = 0; at < with.bytes; at++) {
        if (lower(text.data[at]) != lower(with.data[at])) {
            return false;
        }
    }
    return true;
}

static bool contains(mr_text text, mr_text part)
{
    for (size_t at = 0; at + part.bytes <= text.bytes; at++) {
        if (starts((mr_text){text.data + at, text.bytes - at}, part)) {
            return true;
        }
    }
    return false;
}

static mr_text label_of(const mr_sales_set *set, mr_sales_field field, uint32_t number)
{
    const mr_sales_names *names =
        field == MR_SALES_PRODUCT ? &set->descriptions : &set->customers.names;
    uint32_t label;

    if (field == MR_SALES_COUNTRY) {
        return mr_sales_name(&set->countries, number);
    }
    label = field == MR_SALES_PRODUCT ? set->description[number] : set->customers.name[number];
    return label == MR_SALES_NONE ? MR_TEXT_ABSENT : mr_sales_name(names, label);
}

enum { value_bytes_max = 32 };

static mr_text value_of(const mr_sales_set *set, mr_sales_field field, uint32_t number,
                        char buffer[static value_bytes_max])
{
    if (field == MR_SALES_CUSTOMER) {
        (void)snprintf(buffer, value_bytes_max, "%" PRId64, set->customers.number[number]);
        return mr_text_of(buffer);
    }
    return mr_sales_name(field == MR_SALES_PRODUCT ? &set->products : &set->countries, number);
}

static mr_amount sales_of(const mr_sales_set *set, mr_sales_field field, uint32_t number)
{
    return field == MR_SALES_CUSTOMER  ? set->customers.spent[number]
           : field == MR_SALES_PRODUCT ? set->product_sales[number]
                                       : set->country_sales[number];
}

/* Keeps the best in order. */
static void offer(candidate *best, size_t *count, size_t limit, candidate one)
{
    size_t place = *count;

    if (*count == limit && one.sales.scaled <= best[limit - 1].sales.scaled) {
        return;
    }
    *count += *count < limit;
    place = place < limit ? place : limit - 1;
    while (place > 0 && best[place - 1].sales.scaled < one.sales.scaled) {
        best[place] = best[place - 1];
        place--;
    }
    best[place] = one;
}

mr_status mr_sales_values_write(const mr_sales_set *set, mr_sales_field field, mr_text text,
                                size_t limit, mr_sales_rows *rows, mr_err *err)
{
    const uint32_t all = field == MR_SALES_CUSTOMER  ? set->customers.count
                         : field == MR_SALES_PRODUCT ? set->products.count
                                                     : set->countries.count;
    candidate best[mr_sales_values_max];
    char buffer[value_bytes_max];
    size_t count = 0;
    mr_status status = MR_OK;

    MR_ASSERT(limit > 0 && limit <= mr_sales_values_max);
    for (uint32_t number = 0; number < all; number++) {
        if (starts(value_of(set, field, number, buffer), text) ||
            contains(label_of(set, field, number), text)) {
            offer(best, &count, limit, (candidate){number, sales_of(set, field, number)});
        }
    }
    for (size_t index = 0; index < count && status == MR_OK; index++) {
        mr_sales_row_begin(rows);
        mr_sales_row_text(rows, "value", value_of(set, field, best[index].number, buffer));
        mr_sales_row_text(rows, "label", label_of(set, field, best[index].number));
        mr_sales_row_money(rows, "sales", best[index].sales);
        status = mr_sales_row_end(rows, err);
    }
    return status;
}
