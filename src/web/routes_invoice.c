/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_invoice.c - an invoice with its lines and links, the same as a document, and an event
 * as it came.
 *
 * A customer is shown what of an invoice is theirs: the query names their id (portal.h).
 */
#include <stdio.h>

#include "web/csv.h"
#include "web/documents.h"
#include "web/json.h"
#include "web/portal.h"
#include "web/routes.h"

enum {
    piece_bytes = 65536,
    document_bytes_max = 64 << 20,
    event_wait_ms_max = 2000,
    disposition_bytes_max = 256,
    path_bytes_max = 1024,
};

/* --- Whose invoice ---------------------------------------------------------------------------- */

/* One that is another's is refused like one that is not there, and the try is kept in the audit
 * log. */
static mr_status refuse_others(mr_web_call *call, mr_store *store, mr_text invoice_no, mr_err *err)
{
    mr_store_invoice invoice;
    mr_status status = mr_store_read_invoice(store, invoice_no, &invoice, NULL, NULL, err);

    if (status == MR_OK) {
        status =
            mr_web_call_audit(call, "invoice.refused", invoice.invoice_no, MR_TEXT_ABSENT, err);
    }
    return status == MR_OK || status == MR_NOT_FOUND ? mr_fail(err, MR_NOT_FOUND, "Not Found")
                                                     : status;
}

static mr_status load_view(mr_web_call *call, mr_store *store, mr_invoice_view **ret_view,
                           mr_err *err)
{
    mr_text invoice_no = mr_web_call_path(call, 0);
    const int64_t *own_id = mr_portal_own_id(call);
    mr_status status = mr_invoice_view_load(store, invoice_no, own_id, ret_view, err);

    return status == MR_NOT_FOUND && own_id != NULL ? refuse_others(call, store, invoice_no, err)
                                                    : status;
}

/* --- GET /api/v1/invoices/{invoice_no} -------------------------------------------------------- */

static void write_line(mr_buffer *out, const mr_store_line *line)
{
    char event_id[33];

    mr_event_id_format(&line->event_id, event_id);
    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "event_id");
    mr_web_json_text(out, mr_text_of(event_id));
    mr_web_json_name(out, "stock_code");
    mr_web_json_text(out, line->stock_code);
    mr_web_json_name(out, "description");
    mr_web_json_text(out, line->description);
    mr_web_json_name(out, "quantity");
    mr_web_json_integer(out, line->quantity);
    mr_web_json_name(out, "unit_price");
    mr_web_json_price(out, line->unit_price);
    mr_web_json_name(out, "amount");
    mr_web_json_amount(out, line->amount);
    (void)mr_buffer_append(out, "}", 1);
}

static void write_link(mr_buffer *out, const mr_invoice_link *link, bool whole)
{
    size_t code;

    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, link->invoice_no);
    mr_web_json_name(out, "invoice_date");
    mr_web_json_civil(out, link->invoice_date);
    if (whole) {
        mr_web_json_name(out, "amount");
        mr_web_json_amount(out, link->amount);
    }
    mr_web_json_name(out, "stock_codes");
    (void)mr_buffer_append(out, "[", 1);
    for (code = 0; code < link->stock_code_count; code++) {
        mr_web_json_next(out);
        mr_web_json_text(out, link->stock_codes[code]);
    }
    (void)mr_buffer_append(out, "]}", 2);
}

/* Only one of the two lists has members: returns of an order, or where a return came from. */
static void write_links(mr_buffer *out, const mr_invoice_view *view, const char *name, bool wanted)
{
    size_t index;

    mr_web_json_name(out, name);
    (void)mr_buffer_append(out, "[", 1);
    for (index = 0; wanted && index < view->link_count; index++) {
        write_link(out, &view->links[index], !view->head.cancelled);
    }
    (void)mr_buffer_append(out, "]", 1);
}

static void write_head(mr_buffer *out, const mr_store_invoice *head)
{
    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, mr_text_of(head->invoice_no));
    mr_web_json_name(out, "invoice_date");
    mr_web_json_civil(out, head->invoice_date);
    mr_web_json_name(out, "cancelled");
    mr_web_json_flag(out, head->cancelled);
    mr_web_json_name(out, "customer_id");
    if (head->has_customer) {
        mr_web_json_integer(out, head->customer_id);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    mr_web_json_name(out, "customer_name");
    mr_web_json_text(out, head->customer_name[0] == '\0' ? MR_TEXT_ABSENT
                                                         : mr_text_of(head->customer_name));
    mr_web_json_name(out, "country");
    mr_web_json_text(out, mr_text_of(head->country));
    mr_web_json_name(out, "lines_count");
    mr_web_json_integer(out, (int64_t)head->lines);
    mr_web_json_name(out, "items");
    mr_web_json_integer(out, head->items);
    mr_web_json_name(out, "total");
    mr_web_json_amount(out, head->total);
}

/* As a part of a URL's path. */
static void write_document_path(mr_buffer *out, const char *invoice_no)
{
    char path[path_bytes_max];
    size_t bytes = 0;

    for (; *invoice_no != '\0'; invoice_no++) {
        unsigned char byte = (unsigned char)*invoice_no;
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                     (byte >= 'A' && byte <= 'Z') || byte == '-';

        bytes +=
            (size_t)snprintf(path + bytes, sizeof(path) - bytes, plain ? "%c" : "%%%02X", byte);
    }
    path[bytes] = '\0';
    (void)mr_buffer_printf(out, "\"/api/v1/invoices/%s/pdf\"", path);
}

static void write_view(mr_buffer *out, const mr_invoice_view *view)
{
    size_t index;

    (void)mr_buffer_append(out, "{", 1);
    write_head(out, &view->head);
    mr_web_json_name(out, "lines");
    (void)mr_buffer_append(out, "[", 1);
    for (index = 0; index < view->line_count && !out->overflowed; index++) {
        write_line(out, &view->lines[index]);
    }
    (void)mr_buffer_append(out, "]", 1);
    write_links(out, view, "returns", !view->head.cancelled);
    write_links(out, view, "returned_from", view->head.cancelled);
    mr_web_json_name(out, "pdf");
    write_document_path(out, view->head.invoice_no);
    (void)mr_buffer_append(out, "}", 1);
}

static mr_status export_lines(mr_web_call *call, const mr_invoice_view *view, mr_err *err)
{
    char name[mr_documents_name_bytes_max], file[mr_documents_name_bytes_max + 16];
    mr_buffer row;
    mr_status status;
    size_t index;

    mr_documents_encode(mr_text_of(view->head.invoice_no), name);
    (void)snprintf(file, sizeof(file), "invoice-%s.csv", name);
    mr_buffer_init(&row, piece_bytes);
    status = mr_web_call_stream(call, "text/csv; charset=utf-8", file, err);
    (void)mr_buffer_append_string(&row, "stock_code,description,quantity,unit_price,amount\r\n");
    for (index = 0; index < view->line_count && status == MR_OK; index++) {
        const mr_store_line *line = &view->lines[index];

        mr_web_csv_text(&row, line->stock_code);
        mr_web_csv_text(&row, line->description);
        mr_web_csv_integer(&row, line->quantity);
        mr_web_csv_price(&row, line->unit_price);
        mr_web_csv_amount(&row, line->amount);
        mr_web_csv_end(&row);
        status = mr_web_call_write(call, mr_buffer_text(&row), err);
        mr_buffer_clear(&row);
    }
    mr_buffer_free(&row);
    return status;
}

mr_status mr_web_invoice_get(mr_web_call *call, mr_err *err)
{
    mr_invoice_view *view = NULL;
    mr_store *store = NULL;
    bool fresh = false, csv = false;
    mr_status status = mr_portal_wants_csv(call, &csv, err);

    if (status == MR_OK) {
        status = mr_portal_begin(call, &store, &fresh, NULL, err);
    }
    if (status == MR_OK && !fresh) {
        status = load_view(call, store, &view, err);
    }
    if (status != MR_OK || fresh) {
        return status;
    }
    if (csv) {
        status = export_lines(call, view, err);
    } else {
        write_view(mr_web_call_out(call), view);
    }
    mr_invoice_view_free(view);
    return status;
}

/* --- GET /api/v1/invoices/{invoice_no}/pdf ---------------------------------------------------- */

static mr_status send_document(mr_web_call *call, const mr_invoice_view *view, mr_text content,
                               mr_err *err)
{
    char name[mr_documents_name_bytes_max], disposition[disposition_bytes_max];
    mr_status status;
    size_t at;

    mr_documents_encode(mr_text_of(view->head.invoice_no), name);
    (void)snprintf(disposition, sizeof(disposition), "inline; filename=\"invoice-%s.pdf\"", name);
    mr_web_call_add_header(call, "Content-Disposition", disposition);
    status = mr_web_call_stream(call, "application/pdf", NULL, err);
    for (at = 0; at < content.bytes && status == MR_OK; at += piece_bytes) {
        size_t left = content.bytes - at;

        status = mr_web_call_write(
            call, (mr_text){content.data + at, left < piece_bytes ? left : piece_bytes}, err);
    }
    return status;
}

mr_status mr_web_invoice_pdf_get(mr_web_call *call, mr_err *err)
{
    char state[mr_documents_state_bytes];
    mr_invoice_view *view = NULL;
    mr_store *store = NULL;
    mr_buffer content;
    mr_status status = mr_web_call_store(call, &store, err);

    if (status == MR_OK) {
        status = load_view(call, store, &view, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_documents_state(call, view, state);
    if (!mr_web_call_fresh(call, state)) {
        mr_buffer_init(&content, document_bytes_max);
        status = mr_documents_read(call, view, state, &content, err);
        if (status == MR_OK) {
            status = send_document(call, view, mr_buffer_text(&content), err);
        }
        mr_buffer_free(&content);
    }
    mr_invoice_view_free(view);
    return status;
}

/* --- GET /api/v1/events/{event_id} ------------------------------------------------------------ */

typedef struct event_place {
    int32_t partition;
    int64_t offset;
} event_place;

static mr_status begin_at(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    const event_place *place = ctx;

    (void)err;
    *ret_offset = partition == place->partition ? place->offset : -1;
    return MR_OK;
}

static void write_event(mr_buffer *out, const mr_bus_message *message,
                        const mr_store_receipt *receipt)
{
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "event");
    if (message == NULL) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        (void)mr_buffer_append_text(out, message->value); /* the gateway's own JSON */
    }
    mr_web_json_name(out, "receipt");
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "partition");
    mr_web_json_integer(out, receipt->partition);
    mr_web_json_name(out, "offset");
    mr_web_json_integer(out, receipt->offset);
    mr_web_json_name(out, "ingested_at");
    mr_web_json_instant(out, message == NULL ? 0 : message->append_ms);
    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, mr_text_of(receipt->invoice_no));
    (void)mr_buffer_append(out, "}}", 2);
}

/* Retention may have removed the event: its receipt stays. */
static mr_status write_from_log(mr_web_call *call, mr_bus *bus, const mr_store_receipt *receipt,
                                mr_err *err)
{
    event_place place = {.partition = receipt->partition, .offset = receipt->offset};
    const mr_bus_consumer_options options = {
        .topic = mr_web_call_options(call)->topic_ingestion,
        .partitions = &place.partition,
        .partition_count = 1,
        .messages_max = 1,
        .bytes_max = 1 << 20,
        .position = begin_at,
        .ctx = &place,
    };
    int64_t until_us = mr_monotonic_us() + (int64_t)event_wait_ms_max * 1000;
    const mr_bus_message *messages = NULL;
    mr_bus_consumer *consumer = NULL;
    size_t count = 0;
    mr_status status = mr_bus_consumer_open(bus, &options, &consumer, err);

    while (status == MR_OK && count == 0 && mr_monotonic_us() < until_us &&
           !mr_web_call_is_over(call)) {
        status = mr_bus_poll(consumer, 100, &messages, &count, err);
    }
    if (status == MR_OK || status == MR_NOT_FOUND) {
        bool found = status == MR_OK && count > 0 && messages[0].offset == receipt->offset;

        write_event(mr_web_call_out(call), found ? &messages[0] : NULL, receipt);
        status = MR_OK;
    }
    mr_bus_consumer_close(consumer);
    return status;
}

mr_status mr_web_event_get(mr_web_call *call, mr_err *err)
{
    mr_store_receipt receipt;
    mr_event_id event_id;
    mr_store *store = NULL;
    mr_bus *bus = NULL;
    bool fresh = false;
    mr_status status;

    MR_ASSERT(mr_portal_own_id(call) == NULL); /* the table of routes keeps customers out */
    if (!mr_event_id_parse(mr_web_call_path(call, 0), &event_id)) {
        return mr_web_call_fault(call, "path", "event_id", "value_error",
                                 "An event's id is 32 hexadecimal digits", err);
    }
    status = mr_portal_begin(call, &store, &fresh, NULL, err);
    if (status == MR_OK && !fresh) {
        status = mr_store_read_receipt(store, &event_id, &receipt, err);
    }
    if (status != MR_OK || fresh) {
        return status;
    }
    status = mr_portal_bus(call, &bus, err);
    return status != MR_OK ? status : write_from_log(call, bus, &receipt, err);
}
