/* SPDX-License-Identifier: Apache-2.0 */
/* azure/assertion.h - a service principal's word, signed with its certificate's key, that it asks
 * for a token (RFC 7523).
 */
#ifndef MR_AZURE_ASSERTION_H
#define MR_AZURE_ASSERTION_H

#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

typedef struct mr_assertion_claims {
    const char *audience; /* the URL that it is sent to */
    const char *client_id;
    int64_t now_s; /* the wall clock; it holds for ten minutes */
} mr_assertion_claims;

enum { mr_assertion_bytes_max = 16384 };

/* Appends a JWT signed PS256, its x5t#S256 naming the certificate. pem_file holds certificate and
 * RSA key, in any order; password may be NULL. MR_INVALID: what is wrong with the file; nothing
 * that is in it is said. */
mr_status mr_assertion_write(const char *pem_file, const char *password,
                             const mr_assertion_claims *claims, mr_buffer *out, mr_err *err);

/* RFC 4648 section 5, without '='. */
void mr_base64url_append(mr_buffer *out, const void *data, size_t bytes);

#endif
