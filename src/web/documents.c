/* SPDX-License-Identifier: Apache-2.0 */
/* web/documents.c - invoices as documents: made once, kept in the lake, made anew when they
 * changed.
 *
 * Owns:       nothing beyond a call.
 * Called by:  routes_invoice.c, in a worker's thread; several workers and processes at once.
 * Invariants: (1) what is recorded was put into the lake before, under a name that its own content
 *                 gives it, so that two who make the same document put the same blob;
 *             (2) what is read back is compared with the recorded hash: a blob that is gone or not
 *                 what was put is made again;
 *             (3) an invoice number, a stranger's text, is never a path: it is encoded.
 * Not here:   how it looks (invoice_pdf.c).
 */
#include "web/documents.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/hash.h"
#include "base/log.h"
#include "web/invoice_pdf.h"

enum { encoded_bytes_max = 200, document_bytes_max = 64 << 20 };

void mr_documents_encode(mr_text invoice_no, char ret_name[static mr_documents_name_bytes_max])
{
    uint8_t hash[16];
    size_t at, bytes = 0;

    for (at = 0; at < invoice_no.bytes && bytes <= encoded_bytes_max; at++) {
        unsigned char byte = (unsigned char)invoice_no.data[at];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                     (byte >= 'A' && byte <= 'Z') || byte == '-';

        bytes += (size_t)snprintf(ret_name + bytes, mr_documents_name_bytes_max - bytes,
                                  plain ? "%c" : "_%02x", byte);
    }
    if (bytes > encoded_bytes_max || bytes == 0) {
        mr_hash128(invoice_no.data, invoice_no.bytes, hash);
        memcpy(ret_name, "_h", 2);
        mr_hex_encode(hash, sizeof(hash), ret_name + 2);
    }
}

void mr_documents_state(mr_web_call *call, const mr_invoice_view *view,
                        char ret_state[static mr_documents_state_bytes])
{
    const char *shop = mr_web_call_options(call)->shop;
    char view_state[mr_invoice_state_bytes], all[1024];
    uint8_t hash[16];
    int bytes;

    mr_invoice_view_state(view, view_state);
    bytes = snprintf(all, sizeof(all), "%d/%d/%s/%s", mr_invoice_pdf_layout,
                     mr_invoice_pdf_is_whole(view, shop, mr_invoice_pdf_fonts), view_state, shop);
    MR_ASSERT(bytes > 0);
    mr_hash128(all, (size_t)bytes < sizeof(all) ? (size_t)bytes : sizeof(all) - 1, hash);
    mr_hex_encode(hash, sizeof(hash), ret_state);
}

/* false: it is not what was put. */
static bool is_intact(const mr_document *document, mr_text content)
{
    uint8_t sha256[mr_document_hash_bytes];

    mr_document_hash(content, sha256);
    return content.bytes == document->bytes &&
           memcmp(sha256, document->sha256, sizeof(sha256)) == 0;
}

/* MR_NOT_FOUND: it is to be made. */
static mr_status read_kept(mr_ops *ops, mr_blobs *blobs, mr_text invoice_no, const char *state,
                           mr_buffer *content, mr_err *err)
{
    mr_document document;
    mr_status status = mr_ops_document_find(ops, invoice_no, mr_text_of(state), &document, err);

    if (status != MR_OK) {
        return status;
    }
    status = mr_blob_read(blobs, document.path, content, err);
    if (status == MR_OK && !is_intact(&document, mr_buffer_text(content))) {
        mr_log_warn("%s is not what was put there: the document is made again", document.path);
        mr_buffer_clear(content);
        status = mr_blob_delete(blobs, document.path, err);
        return status != MR_OK ? status : MR_NOT_FOUND;
    }
    return status;
}

static mr_status keep(mr_ops *ops, mr_blobs *blobs, mr_text invoice_no, const char *state,
                      mr_text content, mr_err *err)
{
    mr_document document = {.bytes = content.bytes, .made_ms = mr_now_ms()};
    char name[mr_documents_name_bytes_max], hash[2 * mr_document_hash_bytes + 1];
    mr_status status;
    int bytes;

    mr_document_hash(content, document.sha256);
    mr_hex_encode(document.sha256, sizeof(document.sha256), hash);
    mr_documents_encode(invoice_no, name);
    bytes =
        snprintf(document.path, sizeof(document.path), "documents/invoices/%s/%s.pdf", name, hash);
    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof(document.path));
    status = mr_blob_create(blobs, document.path, content, err);
    if (status == MR_OK || status == MR_EXISTS) { /* another worker has put the same */
        status = mr_ops_document_add(ops, invoice_no, mr_text_of(state), &document, err);
    }
    return status;
}

mr_status mr_documents_read(mr_web_call *call, const mr_invoice_view *view, const char *state,
                            mr_buffer *content, mr_err *err)
{
    mr_text invoice_no = mr_text_of(view->head.invoice_no);
    mr_blobs *blobs = NULL;
    mr_ops *ops = NULL;
    mr_status status = mr_web_call_ops(call, &ops, err);

    if (status == MR_OK) {
        status = mr_portal_blobs(call, &blobs, err);
    }
    if (status == MR_OK) {
        status = read_kept(ops, blobs, invoice_no, state, content, err);
    }
    if (status != MR_NOT_FOUND) {
        return status;
    }
    status = mr_invoice_pdf_make(view, mr_web_call_options(call)->shop, mr_invoice_pdf_fonts,
                                 content, err);
    return status != MR_OK ? status
                           : keep(ops, blobs, invoice_no, state, mr_buffer_text(content), err);
}
