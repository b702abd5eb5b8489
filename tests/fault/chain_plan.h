/* SPDX-License-Identifier: Apache-2.0 */
/* fault/chain_plan.h - what the power cut test of the chain sends, and the ledger it keeps.
 *
 * The plan follows from a seed; the ledger lies in memory that all lives of a round share, so it
 * knows what was acknowledged whatever becomes of a life.
 */
#ifndef MR_FAULT_CHAIN_PLAN_H
#define MR_FAULT_CHAIN_PLAN_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "base/random.h"
#include "stream/dead_letter.h"

enum {
    plan_max = 3000,
    invoices = 12, /* and as many cancellations */
    customers = 5,
    products = 30,
    countries = 3,
    first_invoice = 536300,
    first_customer = 17850,
    filler_bytes_max = 400,
};

typedef enum planned_kind { PLANNED_EVENT, PLANNED_POISON } planned_kind;

/* The n-th record that will be sent. Records of one identity have one event_id; the same quantity
 * makes them the same event, another one makes them a conflict. */
typedef struct planned {
    planned_kind kind;
    uint32_t identity; /* the first record planned with this event_id */
    bool keyed;        /* has an EventID; else its content is its identity */
    bool cancelled;
    uint32_t invoice, customer, product; /* customer 0: a guest */
    int32_t quantity;
    mr_price price;
    uint32_t minute;
    uint32_t filler_bytes;
} planned;

enum { sink_store, sink_feed, sinks };

static const char *const sink_names[sinks] = {"store", "feed"};

typedef struct tally {
    uint32_t acknowledged, present, letters, faults;
    uint32_t lost;      /* acknowledged and not in the log */
    int64_t taken_back; /* records the store had to take again */
} tally;

typedef struct ledger {
    planned plan[plan_max];
    int64_t acknowledged_at[plan_max]; /* -1: not acknowledged */
    uint32_t attempted;                /* records of the plan handed to the log */
    int64_t told[sinks];               /* where a sink stood after its last delivery */
    tally tally;
    uint32_t complaints; /* all that is wrong */
    char first_complaint[512];
} ledger;

static inline void complain(ledger *book, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void complain(ledger *book, const char *format, ...)
{
    va_list arguments;

    if (book->complaints++ == 0) {
        va_start(arguments, format);
        (void)vsnprintf(book->first_complaint, sizeof(book->first_complaint), format, arguments);
        va_end(arguments);
    }
}

static inline void plan_event(mr_random *random, uint32_t seq, planned *record)
{
    bool huge = mr_random_below(random, 8) == 0; /* sums far beyond 64 bits */
    uint64_t price = mr_random_below(random, huge ? 1000000000000000000 : 1000000);

    *record = (planned){
        .kind = PLANNED_EVENT,
        .identity = seq,
        .keyed = mr_random_below(random, 4) != 0,
        .cancelled = mr_random_below(random, 4) == 0,
        .invoice = (uint32_t)mr_random_below(random, invoices),
        .customer = (uint32_t)mr_random_below(random, customers + 1),
        .product = (uint32_t)mr_random_below(random, products),
        .quantity = (int32_t)mr_random_below(random, huge ? 1000000000 : 1000) - 200,
        .price = {(int64_t)price},
        .minute = (uint32_t)mr_random_below(random, 28 * 24 * 60),
    };
}

static inline void plan_record(const ledger *book, mr_random *random, uint32_t seq, planned *record)
{
    uint64_t kind = mr_random_below(random, 10);
    uint64_t back = mr_random_below(random, seq < 60 ? seq + 1 : 60);
    const planned *earlier = &book->plan[seq - back];

    if (kind == 0) {
        *record = (planned){.kind = PLANNED_POISON};
    } else if (kind > 4 || back == 0 || earlier->kind == PLANNED_POISON) {
        plan_event(random, seq, record);
    } else {
        *record = *earlier; /* the same again */
        if (kind > 2 && earlier->keyed) {
            record->quantity += 1 + (int32_t)mr_random_below(random, 3); /* a conflict */
        }
    }
    record->filler_bytes = (uint32_t)mr_random_below(random, filler_bytes_max);
}

static inline void plan_round(ledger *book, uint64_t seed)
{
    mr_random random;

    mr_random_seed(&random, seed);
    *book = (ledger){.attempted = 0};
    for (uint32_t seq = 0; seq < plan_max; seq++) {
        plan_record(book, &random, seq, &book->plan[seq]);
        book->acknowledged_at[seq] = -1;
    }
}

static const char *invoice_name(bool cancelled, uint32_t invoice, char buffer[static 16])
{
    (void)snprintf(buffer, 16, "%s%u", cancelled ? "C" : "", first_invoice + invoice);
    return buffer;
}

static inline bool write_poison(uint32_t seq, mr_buffer *out)
{
    switch (seq % 4) {
    case 0:
        return mr_buffer_printf(out, "not JSON, %u", seq);
    case 1:
        return mr_buffer_printf(out, "\xff\xfe%u", seq);
    case 2:
        return mr_buffer_printf(out, "{\"InvoiceNo\":\"%u\"}", seq);
    default:
        return true; /* nothing at all */
    }
}

static inline mr_letter_code poison_code(uint32_t seq)
{
    return seq % 4 == 2 ? MR_LETTER_INVALID : MR_LETTER_MALFORMED;
}

static inline bool write_event(const planned *record, uint32_t seq, mr_buffer *out)
{
    char invoice[16], price[mr_amount_text_bytes_max], customer[16], key[32] = "";

    (void)mr_price_format(record->price, price);
    (void)snprintf(customer, sizeof(customer), "%u", first_customer + record->customer);
    if (record->keyed) {
        (void)snprintf(key, sizeof(key), ",\"EventID\":\"e%u\"", record->identity);
    }
    return mr_buffer_printf(out,
                            "{\"InvoiceNo\":\"%s\",\"StockCode\":\"S%u\",\"Description\":\"line "
                            "%u\",\"Quantity\":%d,\"InvoiceDate\":\"%02u/12/2010 %02u:%02u\","
                            "\"UnitPrice\":%s,\"CustomerID\":%s,\"Country\":\"Country %u\"%s,"
                            "\"note\":\"%u %0*d\"}",
                            invoice_name(record->cancelled, record->invoice, invoice),
                            record->product, record->identity, record->quantity,
                            1 + record->minute / 1440, record->minute / 60 % 24,
                            record->minute % 60, price, record->customer == 0 ? "null" : customer,
                            record->invoice % countries, key, seq, (int)record->filler_bytes, 0);
}

/* In the canonical form, so that the feed must bring out these bytes. The note, which no identity
 * covers, tells records apart. */
static inline void write_record(const ledger *book, uint32_t seq, mr_buffer *out)
{
    const planned *record = &book->plan[seq];

    mr_buffer_clear(out);
    MR_ASSERT(record->kind == PLANNED_POISON ? write_poison(seq, out)
                                             : write_event(record, seq, out));
}

/* In a life nothing may go through cmocka: it would report for the parent. */
#define require(book, call)                                              \
    do {                                                                 \
        mr_err require_err = {.message = ""};                            \
        mr_err *err = &require_err;                                      \
        if ((call) != MR_OK) {                                           \
            complain(book, "%s failed: %s", #call, require_err.message); \
            _exit(1);                                                    \
        }                                                                \
    } while (0)

#endif
