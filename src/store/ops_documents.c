/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_documents.c - which document of an invoice lies where in the lake.
 *
 * Called by: the web's workers; one thread a handle. Statements: sql/access_document_*.sql.
 */
#include "store/ops_documents.h"

#include <openssl/evp.h>

#include "store/ops_backend.h"

#define COUNT_OF(values) (sizeof(values) / sizeof((values)[0]))

void mr_document_hash(mr_text content, uint8_t ret_sha256[static mr_document_hash_bytes])
{
    unsigned int bytes = 0;
    int done = EVP_Digest(content.data, content.bytes, ret_sha256, &bytes, EVP_sha256(), NULL);

    MR_ASSERT(done == 1 && bytes == mr_document_hash_bytes); /* fails for lack of memory only */
}

mr_status mr_ops_document_add(mr_ops *ops, mr_text invoice_no, mr_text state,
                              const mr_document *document, mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_string(invoice_no),
        mr_ops_string(state),
        mr_ops_string(mr_text_of(document->path)),
        mr_ops_integer((int64_t)document->bytes),
        mr_ops_bytes(document->sha256, sizeof(document->sha256)),
        mr_ops_integer(document->made_ms),
    };

    return ops->backend->run(ops->state, MR_OPS_DOCUMENT_ADD, values, COUNT_OF(values), NULL, NULL,
                             NULL, err);
}

typedef struct document_row {
    mr_document document;
    bool found, good;
} document_row;

static bool read_document(void *ctx, const mr_ops_value *cells, size_t count)
{
    document_row *row = ctx;

    MR_ASSERT(count == 4);
    row->found = true;
    row->good = cells[0].text.bytes < sizeof(row->document.path) &&
                cells[2].text.bytes == sizeof(row->document.sha256) && cells[1].integer >= 0;
    if (row->good) {
        memcpy(row->document.path, cells[0].text.data, cells[0].text.bytes);
        row->document.path[cells[0].text.bytes] = '\0';
        row->document.bytes = (uint64_t)cells[1].integer;
        memcpy(row->document.sha256, cells[2].text.data, cells[2].text.bytes);
        row->document.made_ms = cells[3].integer;
    }
    return true;
}

mr_status mr_ops_document_find(mr_ops *ops, mr_text invoice_no, mr_text state,
                               mr_document *ret_document, mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_string(invoice_no), mr_ops_string(state)};
    document_row row = {.found = false};
    mr_status status = ops->backend->run(ops->state, MR_OPS_DOCUMENT_FIND, values, COUNT_OF(values),
                                         read_document, &row, NULL, err);

    if (status != MR_OK) {
        return status;
    }
    if (!row.found) {
        return mr_fail(err, MR_NOT_FOUND, "no document of invoice %.*s was made of this state",
                       MR_TEXT_ARGS(invoice_no));
    }
    if (!row.good) {
        return mr_fail(err, MR_CORRUPT, "ops: the record of a document of invoice %.*s",
                       MR_TEXT_ARGS(invoice_no));
    }
    *ret_document = row.document;
    return MR_OK;
}
