/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_identity.c - which lines are the same line: the canonical content and its hash.
 *
 * The canonical content, hashed as one string of bytes (integers big-endian, two's complement):
 *
 *     byte  0      domain: 1
 *           1      presence: bit 0 Description, bit 1 customerName, bit 2 CustomerID
 *           2..9   InvoiceDate, seconds (base/civil.h)
 *          10..17  UnitPrice, ten-thousandths
 *          18..25  CustomerID, 0 for a guest
 *          26..29  Quantity
 *          30..    InvoiceNo, StockCode, Description, customerName, Country; each is
 *                  2 bytes of length and then its UTF-8; absent = length 0 and no presence bit
 *
 * An EventID names a line within its invoice, under a domain of its own:
 *
 *     byte  0      domain: 2
 *           1..    InvoiceNo, EventID; each is 2 bytes of length and then its UTF-8
 *
 * Lengths stand before texts, so that no two different lines share a string of bytes. These bytes
 * decide what is a duplicate in every store: changing them needs new domains and a migration.
 */
#include <string.h>

#include "base/hash.h"
#include "event/event.h"

enum {
    content_domain = 1,
    keyed_domain = 2,
    has_description = 1,
    has_customer_name = 2,
    has_customer_id = 4,
    utf8_bytes_max = 4,
    hash_bytes = 16,
    id_prefix_bytes = 6,
    numbers_bytes = 30,
    content_bytes_max =
        numbers_bytes + 5 * 2 +
        utf8_bytes_max * (mr_event_invoice_no_length_max + mr_event_stock_code_length_max +
                          mr_event_description_length_max + mr_event_customer_name_length_max +
                          mr_event_country_length_max),
    keyed_bytes_max =
        1 + 2 * 2 + utf8_bytes_max * (mr_event_invoice_no_length_max + mr_event_key_length_max),
};

/* Byte by byte, so that every machine writes the same; compilers make one store of it. */
static uint8_t *put_uint32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}

static uint8_t *put_uint64(uint8_t *at, uint64_t value)
{
    return put_uint32(put_uint32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static uint64_t get_uint64(const uint8_t *at)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static uint8_t *put_text(uint8_t *at, mr_text text, size_t length_max)
{
    MR_ASSERT(text.bytes <= utf8_bytes_max * length_max);
    at[0] = (uint8_t)(text.bytes >> 8);
    at[1] = (uint8_t)text.bytes;
    if (text.bytes > 0) {
        memcpy(at + 2, text.data, text.bytes);
    }
    return at + 2 + text.bytes;
}

static void hash_content(const mr_event *event, uint8_t ret_hash[static hash_bytes])
{
    uint8_t content[content_bytes_max];
    uint8_t *at = content;

    *at++ = content_domain;
    *at++ = (uint8_t)((event->description.data != NULL ? has_description : 0) |
                      (event->customer_name.data != NULL ? has_customer_name : 0) |
                      (event->has_customer ? has_customer_id : 0));
    at = put_uint64(at, (uint64_t)event->invoice_date.seconds);
    at = put_uint64(at, (uint64_t)event->unit_price.scaled);
    at = put_uint64(at, event->has_customer ? (uint64_t)event->customer_id : 0);
    at = put_uint32(at, (uint32_t)event->quantity);
    at = put_text(at, event->invoice_no, mr_event_invoice_no_length_max);
    at = put_text(at, event->stock_code, mr_event_stock_code_length_max);
    at = put_text(at, event->description, mr_event_description_length_max);
    at = put_text(at, event->customer_name, mr_event_customer_name_length_max);
    at = put_text(at, event->country, mr_event_country_length_max);
    mr_hash128(content, (size_t)(at - content), ret_hash);
}

static void hash_key(const mr_event *event, uint8_t ret_hash[static hash_bytes])
{
    uint8_t keyed[keyed_bytes_max];
    uint8_t *at = keyed;

    *at++ = keyed_domain;
    at = put_text(at, event->invoice_no, mr_event_invoice_no_length_max);
    at = put_text(at, event->event_key, mr_event_key_length_max);
    mr_hash128(keyed, (size_t)(at - keyed), ret_hash);
}

void mr_event_identify(mr_event *event)
{
    uint8_t hash[hash_bytes];
    uint64_t invoice_hash = mr_hash64(event->invoice_no.data, event->invoice_no.bytes);
    uint8_t head[sizeof invoice_hash];

    hash_content(event, hash);
    event->content_hash = get_uint64(hash);
    if (event->event_key.data != NULL) {
        hash_key(event, hash);
    }
    (void)put_uint64(head, invoice_hash);
    memcpy(event->id.bytes, head, id_prefix_bytes);
    memcpy(event->id.bytes + id_prefix_bytes, hash, mr_event_id_bytes - id_prefix_bytes);
}
