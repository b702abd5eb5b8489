/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_invoices.c - one walk gathers what the filter leaves of each invoice; what lies
 * behind the cursor is put in order, and a page of it is written.
 *
 * A cursor is "<key>~<invoice number>" of the last row: it means the same place in a later version.
 */
#define _GNU_SOURCE /* qsort_r */
#include "query/sales_invoices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/sales_result.h"

enum { day_s = 86400 };

const char mr_sales_invoices_header[] =
    "invoice_no,invoice_date,cancelled,customer_id,name,country,lines,items,amount\r\n";

typedef struct found {
    uint32_t invoice, customer, lines;
    uint16_t country;
    bool cancelled;
    int64_t second, items;
    mr_amount amount;
} found;

typedef struct search {
    const mr_sales_set *set;
    const mr_sales_invoices *wanted;
    mr_sales_filter filter;
    found *list;
    size_t count, room;
} search;

static __int128 key_of(const search *s, const found *one)
{
    const __int128 key = s->wanted->sort == MR_SALES_BY_AMOUNT  ? one->amount.scaled
                         : s->wanted->sort == MR_SALES_BY_ITEMS ? one->items
                                                                : one->second;

    return s->wanted->ascending ? key : -key;
}

static int compare_text(mr_text a, mr_text b)
{
    const size_t bytes = a.bytes < b.bytes ? a.bytes : b.bytes;
    const int order = bytes > 0 ? memcmp(a.data, b.data, bytes) : 0;

    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

static int compare_found(const void *left, const void *right, void *ctx)
{
    const search *s = ctx;
    const found *a = left, *b = right;
    const __int128 x = key_of(s, a), y = key_of(s, b);

    if (x != y) {
        return x < y ? -1 : 1;
    }
    return compare_text(mr_sales_name(&s->set->invoices, a->invoice),
                        mr_sales_name(&s->set->invoices, b->invoice));
}

/* --- Gathering -------------------------------------------------------------------------------- */

static found *place_for(search *s, const mr_sales_segment *segment)
{
    if (s->count > 0 && s->list[s->count - 1].invoice == segment->invoice) {
        return &s->list[s->count - 1];
    }
    if (s->count == s->room) {
        s->room = 2 * s->room + 4096;
        s->list = mr_realloc(s->list, s->room * sizeof *s->list);
    }
    s->list[s->count] = (found){.invoice = segment->invoice,
                                .customer = segment->customer,
                                .country = segment->country,
                                .cancelled = segment->cancelled,
                                .second = (int64_t)segment->day * day_s + segment->second};
    return &s->list[s->count++];
}

static void take_segment(search *s, const mr_sales_segment *segment)
{
    const mr_sales_lines *lines = &s->set->lines;
    found *one = NULL;

    for (uint32_t line = segment[0].first_line; line < segment[1].first_line; line++) {
        if (!mr_sales_bit(s->filter.products, lines->product[line])) {
            continue;
        }
        one = one == NULL ? place_for(s, segment) : one;
        one->lines++;
        one->items += lines->quantity[line];
        one->amount.scaled += lines->amount[line];
    }
    if (one != NULL) {
        const int64_t second = (int64_t)segment->day * day_s + segment->second;

        one->second = second < one->second ? second : one->second;
        one->customer = one->customer == MR_SALES_GUEST ? segment->customer : one->customer;
    }
}

static void gather(search *s)
{
    mr_sales_slice all = {0, s->set->segment_count}, some;

    while (mr_sales_set_next(s->set, s->filter.from, s->filter.to, &all, &some)) {
        for (uint32_t index = some.first; index < some.end; index++) {
            const mr_sales_segment *segment = &s->set->segments[index];

            if ((s->wanted->kind == MR_SALES_ALL ||
                 segment->cancelled == (s->wanted->kind == MR_SALES_RETURNS)) &&
                mr_sales_takes(&s->filter, segment)) {
                take_segment(s, segment);
            }
        }
    }
}

/* --- Pages ------------------------------------------------------------------------------------ */

/* Leaves what lies behind the cursor. */
static mr_status skip_to(search *s, mr_err *err)
{
    const mr_text after = s->wanted->after;
    const char *mark = after.bytes > 0 ? memchr(after.data, '~', after.bytes) : NULL;
    mr_amount cursor;
    size_t kept = 0;

    if (after.data == NULL) {
        return MR_OK;
    }
    if (mark == NULL ||
        !mr_amount_parse((mr_text){after.data, (size_t)(mark - after.data)}, &cursor)) {
        return mr_fail(err, MR_INVALID, "after is not a cursor that a page before gave");
    }
    const mr_text number = {mark + 1, after.bytes - (size_t)(mark - after.data) - 1};
    for (size_t index = 0; index < s->count; index++) {
        const __int128 key = key_of(s, &s->list[index]);

        if (key > cursor.scaled ||
            (key == cursor.scaled &&
             compare_text(mr_sales_name(&s->set->invoices, s->list[index].invoice), number) > 0)) {
            s->list[kept++] = s->list[index];
        }
    }
    s->count = kept;
    return MR_OK;
}

/* Puts the page's rows first: a sorted list of so many, in which most find no place. */
static size_t pick_page(search *s)
{
    const size_t limit = s->wanted->limit < s->count ? (size_t)s->wanted->limit : s->count;
    size_t picked = 0;

    if (s->count == 0) {
        return 0; /* there is no list, which qsort_r may not be given */
    }
    if (limit == s->count || limit > 1000) {
        qsort_r(s->list, s->count, sizeof *s->list, compare_found, s);
        return limit;
    }
    for (size_t index = 0; index < s->count; index++) {
        const found one = s->list[index];
        size_t place;

        if (picked == limit && compare_found(&one, &s->list[limit - 1], s) >= 0) {
            continue;
        }
        s->list[index] = s->list[picked < limit ? picked : limit - 1];
        place = picked < limit ? picked++ : limit - 1;
        while (place > 0 && compare_found(&one, &s->list[place - 1], s) < 0) {
            s->list[place] = s->list[place - 1];
            place--;
        }
        s->list[place] = one;
    }
    return picked;
}

static mr_status write_row(const search *s, const found *one, mr_sales_rows *rows, mr_err *err)
{
    const mr_sales_set *set = s->set;
    const mr_sales_customers *customers = &set->customers;

    mr_sales_row_begin(rows);
    mr_sales_row_text(rows, "invoice_no", mr_sales_name(&set->invoices, one->invoice));
    mr_sales_row_moment(rows, "invoice_date", one->second);
    mr_sales_row_flag(rows, "cancelled", one->cancelled);
    if (one->customer == MR_SALES_GUEST) {
        mr_sales_row_text(rows, "customer_id", MR_TEXT_ABSENT);
        mr_sales_row_text(rows, "name", MR_TEXT_ABSENT);
    } else {
        const uint32_t name = customers->name[one->customer];

        mr_sales_row_count(rows, "customer_id", customers->number[one->customer]);
        mr_sales_row_text(rows, "name",
                          name == MR_SALES_NONE ? MR_TEXT_ABSENT
                                                : mr_sales_name(&customers->names, name));
    }
    mr_sales_row_text(rows, "country", mr_sales_name(&set->countries, one->country));
    mr_sales_row_count(rows, "lines", one->lines);
    mr_sales_row_count(rows, "items", one->items);
    mr_sales_row_money(rows, "amount", one->amount);
    return mr_sales_row_end(rows, err);
}

static void write_cursor(const search *s, const found *last, char *cursor)
{
    const mr_text number = mr_sales_name(&s->set->invoices, last->invoice);
    char key[mr_amount_text_bytes_max];

    (void)mr_amount_format((mr_amount){key_of(s, last)}, 0, key);
    (void)snprintf(cursor, mr_sales_cursor_bytes_max, "%s~%.*s", key, MR_TEXT_ARGS(number));
}

static mr_status write_page(search *s, mr_sales_rows *rows, mr_sales_invoices_found *ret_found,
                            mr_err *err)
{
    mr_status status = skip_to(s, err);

    if (status != MR_OK) {
        return status;
    }
    const size_t behind = s->count, page = pick_page(s);
    for (size_t index = 0; index < page && status == MR_OK; index++) {
        status = write_row(s, &s->list[index], rows, err);
    }
    if (status == MR_OK && page > 0 && page < behind) {
        write_cursor(s, &s->list[page - 1], ret_found->next);
    }
    return status;
}

mr_status mr_sales_invoices_write(const mr_sales_set *set, const mr_sales_question *question,
                                  const mr_sales_invoices *wanted, mr_sales_rows *rows,
                                  mr_sales_invoices_found *ret_found, mr_err *err)
{
    const mr_sales_range range = mr_sales_range_of(question, set->day_first, set->day_last);
    search s = {.set = set, .wanted = wanted};
    mr_sales_invoices_found total = {.total = 0};
    mr_sales_narrowed narrowed;
    mr_status status = mr_sales_narrow(set, question, range, &narrowed, err);

    s.filter = narrowed.filter;
    if (status == MR_OK) {
        gather(&s);
    }
    total.total = s.count;
    for (size_t index = 0; index < s.count; index++) {
        total.sum = mr_amount_add(total.sum, s.list[index].amount);
    }
    if (status == MR_OK) {
        status = write_page(&s, rows, &total, err);
    }
    free(s.list);
    mr_sales_narrowed_free(&narrowed);
    if (status == MR_OK) {
        *ret_found = total;
    }
    return status;
}
