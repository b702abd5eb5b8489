/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/store_fixture.h - a temporary folder, events from a line of C, applying them. */
#ifndef MR_TESTS_STORE_FIXTURE_H
#define MR_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "store/store_portal.h"

enum { fixture_path_bytes_max = 128 };

typedef struct store_fixture store_fixture;

struct store_fixture {
    char folder[fixture_path_bytes_max];
    const char *url; /* of the backend under test */
    mr_store *store;
    store_fixture *(*create)(void);          /* another, with an empty store of its own, not open */
    void (*destroy)(store_fixture *fixture); /* closes the store */
};

static const mr_store_source fixture_source = {.group = "store", .topic = "ingestion-topic"};

/* What a test says about a line; what it leaves out is as below. */
typedef struct test_line {
    const char *invoice_no;  /* "536365" */
    const char *stock_code;  /* "85123A" */
    const char *description; /* absent */
    const char *name;        /* absent */
    const char *country;     /* "United Kingdom" */
    const char *key;         /* absent */
    int64_t date_seconds;    /* 1000 */
    int64_t price;           /* ten-thousandths */
    int64_t customer_id;     /* 0 = a guest */
    int32_t quantity;
} test_line;

static inline mr_event event_of(const test_line *line)
{
    mr_event event = {
        .invoice_no = mr_text_of(line->invoice_no != NULL ? line->invoice_no : "536365"),
        .stock_code = mr_text_of(line->stock_code != NULL ? line->stock_code : "85123A"),
        .description = mr_text_of(line->description),
        .customer_name = mr_text_of(line->name),
        .country = mr_text_of(line->country != NULL ? line->country : "United Kingdom"),
        .event_key = mr_text_of(line->key),
        .invoice_date = {line->date_seconds != 0 ? line->date_seconds : 1000},
        .unit_price = {line->price},
        .customer_id = line->customer_id,
        .has_customer = line->customer_id != 0,
        .quantity = line->quantity,
    };

    mr_event_identify(&event);
    return event;
}

static inline mr_store *open_store(const store_fixture *fixture, mr_store_mode mode)
{
    const mr_store_options options = {
        .url = fixture->url, .data_folder = fixture->folder, .mode = mode};
    mr_store *store = NULL;
    mr_err err = {.message = ""};

    if (mr_store_open(&options, &store, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return store;
}

static inline int64_t position_of(mr_store *store, const mr_store_source *source)
{
    int64_t next_offset = -1;

    assert_int_equal(mr_store_position(store, source, &next_offset, NULL), MR_OK);
    return next_offset;
}

/* Applies the items where the source stands, and commits. */
static inline void apply_items(mr_store *store, const mr_store_source *source, mr_store_item *items,
                               size_t count)
{
    int64_t at = position_of(store, source);
    mr_err err = {.message = ""};

    if (mr_store_apply(store, source, at, at + (int64_t)count, items, count, &err) != MR_OK ||
        mr_store_commit(store, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
}

/* One line at the position its source stands at. */
static inline mr_store_verdict apply_line(mr_store *store, const test_line *line)
{
    mr_event event = event_of(line);
    mr_store_item item = {.event = &event, .offset = position_of(store, &fixture_source)};

    apply_items(store, &fixture_source, &item, 1);
    return item.verdict;
}

#define APPLY(store, ...) apply_line(store, &(test_line){__VA_ARGS__})

static inline mr_store_totals totals_of(mr_store *store)
{
    mr_store_totals totals;

    assert_int_equal(mr_store_read_totals(store, &totals, NULL), MR_OK);
    return totals;
}

static inline mr_store_customer customer_of(mr_store *store, int64_t customer_id)
{
    mr_store_customer customer;

    assert_int_equal(mr_store_read_customer(store, customer_id, &customer, NULL), MR_OK);
    return customer;
}

static inline mr_store_invoice invoice_of(mr_store *store, const char *invoice_no)
{
    mr_store_invoice invoice;

    assert_int_equal(
        mr_store_read_invoice(store, mr_text_of(invoice_no), &invoice, NULL, NULL, NULL), MR_OK);
    return invoice;
}

static inline void assert_amount(mr_amount amount, const char *expected)
{
    char text[mr_amount_text_bytes_max];

    mr_amount_format(amount, 0, text);
    assert_string_equal(text, expected);
}

static inline bool keep_description(void *ctx, const mr_store_line *line)
{
    (void)snprintf(ctx, 64, "%.*s", MR_TEXT_ARGS(line->description));
    return true;
}

/* Of the product on invoice 536365, the one that lines are on unless they say otherwise. */
static inline void assert_description(mr_store *store, const char *expected)
{
    char description[64] = "";
    mr_store_invoice invoice;

    assert_int_equal(mr_store_read_invoice(store, mr_text_of("536365"), &invoice, keep_description,
                                           description, NULL),
                     MR_OK);
    assert_string_equal(description, expected);
}

enum { portal_list_bytes_max = 65536 };

static inline void portal_expect(mr_buffer *list, const char *expected)
{
    mr_buffer_append(list, "", 1);
    assert_string_equal(list->data, expected);
    mr_buffer_free(list);
}

static inline bool list_found(void *ctx, const mr_store_customer *customer)
{
    char spent[mr_amount_text_bytes_max];

    mr_amount_format(customer->spent, 0, spent);
    return mr_buffer_printf(ctx, "%lld/%s/%llu ", (long long)customer->customer_id, spent,
                            (unsigned long long)customer->orders);
}

static inline mr_store_found_page find_page(mr_store *store, const mr_store_find *find,
                                            mr_buffer *list)
{
    mr_store_found_page page;
    mr_err err = {.message = ""};

    if (mr_store_find_customers(store, find, &page, list_found, list, &err) != MR_OK) {
        fail_msg("%.*s: %s", MR_TEXT_ARGS(find->search), err.message);
    }
    return page;
}

static inline void assert_found(mr_store *store, const char *search, size_t limit,
                                const char *expected)
{
    mr_buffer list;

    mr_buffer_init(&list, portal_list_bytes_max);
    find_page(store, &(mr_store_find){.search = mr_text_of(search), .limit = limit}, &list);
    portal_expect(&list, expected);
}

/* All of it, `limit` at a time, a bar where each page ends. */
static inline void assert_found_paged(mr_store *store, const char *search, size_t limit,
                                      const char *expected)
{
    mr_store_find find = {.search = mr_text_of(search), .limit = limit};
    mr_store_found after;
    mr_store_found_page page;
    mr_buffer list;

    mr_buffer_init(&list, portal_list_bytes_max);
    do {
        page = find_page(store, &find, &list);
        mr_buffer_append_string(&list, "| ");
        after = page.last;
        find.after = &after;
    } while (page.has_next);
    portal_expect(&list, expected);
}

static inline mr_store_change change_of(mr_store *store)
{
    mr_store_change change;

    assert_int_equal(mr_store_read_change(store, &change, NULL), MR_OK);
    return change;
}

static inline void fixture_make_folder(store_fixture *fixture)
{
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/millrace-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
}

static inline void fixture_remove_folder(const store_fixture *fixture)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm",
                                        "ops.db",   "ops.db-wal",   "ops.db-shm"};
    char path[2 * fixture_path_bytes_max];
    size_t index;

    for (index = 0; index < sizeof(names) / sizeof(names[0]); index++) {
        (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, names[index]);
        (void)unlink(path); /* most are not there */
    }
    assert_int_equal(rmdir(fixture->folder), 0);
}

#endif
