/* SPDX-License-Identifier: Apache-2.0 */
/* http/cookie.c - one cookie out of a Cookie header. */
#include "http/cookie.h"

/* "name=value" of that name: its value. */
static mr_text value_of(mr_text pair, mr_text name)
{
    if (pair.bytes <= name.bytes || pair.data[name.bytes] != '=' ||
        memcmp(pair.data, name.data, name.bytes) != 0) {
        return MR_TEXT_ABSENT;
    }
    return (mr_text){pair.data + name.bytes + 1, pair.bytes - name.bytes - 1};
}

mr_text mr_http_cookie(mr_text header, const char *name)
{
    mr_text wanted = mr_text_of(name);
    mr_text found = MR_TEXT_ABSENT;

    for (size_t at = 0; at < header.bytes;) {
        const char *end = memchr(header.data + at, ';', header.bytes - at);
        size_t bytes = end == NULL ? header.bytes - at : (size_t)(end - header.data) - at;
        mr_text value = value_of(mr_text_trim((mr_text){header.data + at, bytes}), wanted);
        if (value.data != NULL && found.data != NULL) {
            return MR_TEXT_ABSENT;
        }
        found = value.data != NULL ? value : found;
        at += bytes + 1;
    }
    return found;
}
