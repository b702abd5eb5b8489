/* SPDX-License-Identifier: Apache-2.0 */
/* event/event.h - one line of one invoice: the unit that everything else moves.
 *
 * Field rules: docs/data-contract.md. Texts are borrowed: they point into the document the event
 * was parsed from (or into its parser) and live until that buffer, or parser, is used again.
 */
#ifndef MR_EVENT_EVENT_H
#define MR_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "base/memory.h"
#include "base/text.h"

enum {
    mr_event_id_bytes = 16,
    mr_event_invoice_no_length_max = 32, /* lengths are in code points */
    mr_event_stock_code_length_max = 32,
    mr_event_description_length_max = 255,
    mr_event_customer_name_length_max = 255,
    mr_event_country_length_max = 64,
    mr_event_key_length_max = 64,
    mr_event_extra_bytes_max = 16384, /* unknown fields of one event, as JSON */
    mr_event_json_bytes_max = 65536,  /* one event on the wire */
};

typedef struct mr_event_id {
    uint8_t bytes[mr_event_id_bytes];
} mr_event_id;

typedef struct mr_event {
    mr_text invoice_no;
    mr_text stock_code;
    mr_text description;   /* absent = null */
    mr_text customer_name; /* absent = null */
    mr_text country;
    mr_text event_key; /* EventID, the sender's identity of the line; absent = none */
    mr_text extra;     /* JSON object of the unknown fields; absent = none */
    mr_civil invoice_date;
    mr_price unit_price;
    int64_t customer_id; /* meaningful only with has_customer */
    int32_t quantity;
    bool has_customer;     /* false: a guest */
    mr_event_id id;        /* set by mr_event_identify */
    uint64_t content_hash; /* set by mr_event_identify: of the canonical content */
} mr_event;

/* Begins with 'C': a cancellation (a return). */
static inline bool mr_event_is_cancelled(const mr_event *event)
{
    return event->invoice_no.bytes > 0 && event->invoice_no.data[0] == 'C';
}

/* Sets id and content_hash; texts longer than the limits above are asserted against. The canonical
 * content is every field of the contract except EventID and the unknown ones, so a line means the
 * same however it was spelled (2.5 or 2.50, "17850" or 17850). Layout of the id, which puts an
 * invoice's lines side by side in any index:
 *   bytes 0..5   the first 6 of XXH3-64 of InvoiceNo (big-endian): mr_event_id_prefix
 *   bytes 6..15  the first 10 of XXH3-128 of (InvoiceNo, EventID) or of the canonical content */
void mr_event_identify(mr_event *event);

/* The 48 bits that every line of an invoice shares. */
uint64_t mr_event_id_prefix(const mr_event_id *id);
uint64_t mr_event_invoice_prefix(mr_text invoice_no);

/* 32 lower-case hex digits and a NUL. */
void mr_event_id_format(const mr_event_id *id, char buffer[static 33]);
bool mr_event_id_parse(mr_text text, mr_event_id *ret_id);

/* The fields of the wire, in its order. Names: mr_event_field_name(MR_FIELD_QUANTITY) = "Quantity".
 */
typedef enum mr_event_field {
    MR_FIELD_INVOICE_NO,
    MR_FIELD_STOCK_CODE,
    MR_FIELD_DESCRIPTION,
    MR_FIELD_QUANTITY,
    MR_FIELD_INVOICE_DATE,
    MR_FIELD_UNIT_PRICE,
    MR_FIELD_CUSTOMER_ID,
    MR_FIELD_CUSTOMER_NAME,
    MR_FIELD_COUNTRY,
    MR_FIELD_EVENT_ID,
    MR_FIELD_COUNT,
    MR_FIELD_EXTRA = MR_FIELD_COUNT, /* only in faults: the unknown fields together are too large */
} mr_event_field;

const char *mr_event_field_name(mr_event_field field);

/* Why a field was refused; each has the `type` and `msg` of FastAPI's (pydantic 2) answers. */
typedef enum mr_fault_kind {
    MR_FAULT_MISSING,
    MR_FAULT_STRING_TYPE,
    MR_FAULT_STRING_TOO_SHORT,
    MR_FAULT_STRING_TOO_LONG,
    MR_FAULT_STRING_NUL, /* U+0000 inside: no store can hold it */
    MR_FAULT_INT_TYPE,
    MR_FAULT_INT_PARSING,    /* a string that is not digits */
    MR_FAULT_INT_FROM_FLOAT, /* 6.5 */
    MR_FAULT_INT_RANGE,
    MR_FAULT_DECIMAL_TYPE,
    MR_FAULT_DECIMAL_DIGITS, /* more than 14 before the point */
    MR_FAULT_DECIMAL_PLACES, /* more than 4 behind it */
    MR_FAULT_DUPLICATE,      /* the field stands twice, or under both of its names */
    MR_FAULT_TOO_LARGE,      /* unknown fields above mr_event_extra_bytes_max */
    MR_FAULT_DATE,        /* InvoiceDate does not parse: answered 400 when it is the only fault */
    MR_FAULT_OBJECT_TYPE, /* the document is not an object */
} mr_fault_kind;

typedef struct mr_event_fault {
    mr_event_field field;
    mr_fault_kind kind;
} mr_event_fault;

enum { mr_event_faults_max = MR_FIELD_COUNT + 1 };

typedef struct mr_event_faults {
    mr_event_fault items[mr_event_faults_max]; /* in field order; at most one a field */
    uint32_t count;
    bool malformed;    /* not JSON at all: no items, `message` says where and why */
    char message[160]; /* for malformed */
} mr_event_faults;

const char *mr_fault_type(mr_event_fault fault);    /* "missing", "int_type", ... */
const char *mr_fault_message(mr_event_fault fault); /* "Field required", ... with the limits */

/* One line for people and dead letters: "Quantity: Input should be a valid integer; Country: ..."
 */
void mr_event_faults_describe(const mr_event_faults *faults, mr_buffer *out);

#endif
