/* SPDX-License-Identifier: Apache-2.0 */
/* event/json_fixture.h - a parser and a document of exactly its size, so that a sanitizer sees any
 * step past the promised padding. */
#ifndef MR_TEST_JSON_FIXTURE_H
#define MR_TEST_JSON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event/event_json.h"

#define GOOD_HEAD "{\"InvoiceNo\":\"536365\",\"StockCode\":\"85123A\",\"Description\":\"HOLDER\","
#define GOOD_TAIL                                                             \
    "\"Quantity\":6,\"InvoiceDate\":\"01/12/2010 08:26\",\"UnitPrice\":2.55," \
    "\"CustomerID\":17850,\"Country\":\"United Kingdom\"}"
#define GOOD_EVENT GOOD_HEAD GOOD_TAIL

typedef struct json_fixture {
    mr_event_parser *parser;
    char *document;
    mr_event event;
    mr_event_faults faults;
} json_fixture;

static inline int fixture_setup(void **state)
{
    json_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);

    fixture->parser = mr_event_parser_create();
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    json_fixture *fixture = *state;

    mr_event_parser_destroy(fixture->parser);
    free(fixture->document);
    free(fixture);
    return 0;
}

/* The padding is not zero: the parser must not count on it. */
static inline char *fixture_load(json_fixture *fixture, mr_text json)
{
    free(fixture->document);
    fixture->document = mr_alloc(json.bytes + mr_json_padding_bytes);
    if (json.bytes > 0) {
        memcpy(fixture->document, json.data, json.bytes);
    }
    memset(fixture->document + json.bytes, '9', mr_json_padding_bytes);
    return fixture->document;
}

static inline mr_status fixture_parse_text(json_fixture *fixture, mr_text json)
{
    return mr_event_parse(fixture->parser, fixture_load(fixture, json), json.bytes, &fixture->event,
                          &fixture->faults);
}

static inline mr_status fixture_parse(json_fixture *fixture, const char *json)
{
    return fixture_parse_text(fixture, mr_text_of(json));
}

static inline void fixture_start(json_fixture *fixture, const char *json)
{
    mr_text text = mr_text_of(json);

    mr_event_stream_start(fixture->parser, fixture_load(fixture, text), text.bytes);
}

static inline void assert_text(mr_text text, const char *expected)
{
    if (expected == NULL) {
        assert_null(text.data);
        return;
    }
    assert_non_null(text.data);
    assert_int_equal(text.bytes, strlen(expected));
    assert_memory_equal(text.data, expected, text.bytes);
}

static inline void assert_one_fault(const mr_event_faults *faults, mr_event_field field,
                                    mr_fault_kind kind)
{
    assert_false(faults->malformed);
    assert_int_equal(faults->count, 1);
    assert_int_equal(faults->items[0].field, field);
    assert_int_equal(faults->items[0].kind, kind);
}

static inline void assert_same_text(mr_text a, mr_text b)
{
    assert_true(mr_text_equal(a, b));
}

static inline void assert_same_event(const mr_event *a, const mr_event *b)
{
    assert_same_text(a->invoice_no, b->invoice_no);
    assert_same_text(a->stock_code, b->stock_code);
    assert_same_text(a->description, b->description);
    assert_same_text(a->customer_name, b->customer_name);
    assert_same_text(a->country, b->country);
    assert_same_text(a->event_key, b->event_key);
    assert_same_text(a->extra, b->extra);
    assert_true(a->invoice_date.seconds == b->invoice_date.seconds);
    assert_true(a->unit_price.scaled == b->unit_price.scaled);
    assert_int_equal(a->has_customer, b->has_customer);
    assert_true(!a->has_customer || a->customer_id == b->customer_id);
    assert_int_equal(a->quantity, b->quantity);
    assert_memory_equal(a->id.bytes, b->id.bytes, mr_event_id_bytes);
    assert_true(a->content_hash == b->content_hash);
}

#endif
