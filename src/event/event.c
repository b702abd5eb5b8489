/* SPDX-License-Identifier: Apache-2.0 */
/* event/event.c - the names of the wire's fields, and the written form of an event's identity.
 *
 * Not here: how the identity comes about (event/event_identity.c).
 */
#include "event/event.h"

#include "base/hash.h"

enum { prefix_bytes = 6, prefix_dropped_bits = 16 };

static const char *const field_names[] = {
    [MR_FIELD_INVOICE_NO] = "InvoiceNo",
    [MR_FIELD_STOCK_CODE] = "StockCode",
    [MR_FIELD_DESCRIPTION] = "Description",
    [MR_FIELD_QUANTITY] = "Quantity",
    [MR_FIELD_INVOICE_DATE] = "InvoiceDate",
    [MR_FIELD_UNIT_PRICE] = "UnitPrice",
    [MR_FIELD_CUSTOMER_ID] = "CustomerID",
    [MR_FIELD_CUSTOMER_NAME] = "customerName",
    [MR_FIELD_COUNTRY] = "Country",
    [MR_FIELD_EVENT_ID] = "EventID",
    [MR_FIELD_EXTRA] = "extra",
};

const char *mr_event_field_name(mr_event_field field)
{
    MR_ASSERT(field <= MR_FIELD_EXTRA);
    return field_names[field];
}

uint64_t mr_event_id_prefix(const mr_event_id *id)
{
    uint64_t prefix = 0;

    for (int i = 0; i < prefix_bytes; i++) {
        prefix = prefix << 8 | id->bytes[i];
    }
    return prefix;
}

uint64_t mr_event_invoice_prefix(mr_text invoice_no)
{
    return mr_hash64(invoice_no.data, invoice_no.bytes) >> prefix_dropped_bits;
}

void mr_event_id_format(const mr_event_id *id, char buffer[static 33])
{
    mr_hex_encode(id->bytes, sizeof id->bytes, buffer);
}

bool mr_event_id_parse(mr_text text, mr_event_id *ret_id)
{
    mr_event_id id;

    if (!mr_hex_decode(text, id.bytes, sizeof id.bytes)) {
        return false;
    }
    *ret_id = id;
    return true;
}
