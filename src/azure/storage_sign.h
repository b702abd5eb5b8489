/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage_sign.h - Shared Key: how a request to Azure Storage is signed with an account's
 * key.
 *
 * Pure functions of their arguments; any thread.
 */
#ifndef MR_AZURE_STORAGE_SIGN_H
#define MR_AZURE_STORAGE_SIGN_H

#include "azure/request.h"

enum { mr_storage_date_bytes = 32, mr_storage_signature_bytes = 45 };

/* "Mon, 30 Nov 2026 18:00:00 GMT" (RFC 1123), whatever the locale. */
void mr_storage_date(int64_t epoch_ms, char date[static mr_storage_date_bytes]);
/* The instant of such a date; false: it is none. */
bool mr_storage_date_parse(mr_text date, int64_t *ret_epoch_ms);

/* What is signed of a request whose date is sent as x-ms-date. Its URL and headers are as they are
 * sent; the headers that the signature covers by name (Content-Type, If-None-Match, Range ...) are
 * taken from them. MR_LIMIT past out's cap. */
mr_status mr_storage_string_to_sign(const mr_request *request, const char *account,
                                    const char *date, mr_buffer *out, mr_err *err);

void mr_storage_encode_base64(mr_text bytes, mr_buffer *out);

/* HMAC-SHA256 of text with the key (base64, as the portal shows it), in base64.
 * MR_INVALID: the key is not base64. */
mr_status mr_storage_sign(mr_text key, mr_text text,
                          char signature[static mr_storage_signature_bytes], mr_err *err);

#endif
