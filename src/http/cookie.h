/* SPDX-License-Identifier: Apache-2.0 */
/* http/cookie.h - one cookie out of a Cookie header (RFC 6265, 4.2). */
#ifndef MR_HTTP_COOKIE_H
#define MR_HTTP_COOKIE_H

#include "base/text.h"

/* Borrowed from header. Absent when there is none of that name, and when there are several: which
 * of them is meant cannot be known, and one may have been planted. */
mr_text mr_http_cookie(mr_text header, const char *name);

#endif
