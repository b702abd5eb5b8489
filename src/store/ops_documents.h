/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_documents.h - which document of an invoice lies where in the lake.
 *
 * Part of ops.h's handle and its rules. What is recorded here can be made again, so nothing is lost
 * with it.
 */
#ifndef MR_STORE_OPS_DOCUMENTS_H
#define MR_STORE_OPS_DOCUMENTS_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

typedef struct mr_ops mr_ops;

enum { mr_document_path_bytes_max = 512, mr_document_hash_bytes = 32 };

typedef struct mr_document {
    char path[mr_document_path_bytes_max]; /* a blob's name: "documents/invoices/536365/....pdf" */
    uint64_t bytes;
    uint8_t sha256[mr_document_hash_bytes]; /* of the content */
    int64_t made_ms;
} mr_document;

void mr_document_hash(mr_text content, uint8_t ret_sha256[static mr_document_hash_bytes]);

/* Records it in place of one of the same invoice and state. */
mr_status mr_ops_document_add(mr_ops *ops, mr_text invoice_no, mr_text state,
                              const mr_document *document, mr_err *err);
/* MR_NOT_FOUND: none of this state was made. */
mr_status mr_ops_document_find(mr_ops *ops, mr_text invoice_no, mr_text state,
                               mr_document *ret_document, mr_err *err);

#endif
