/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_text.c - text and names as SQL quotes them. */
#include "olap/olap.h"

static bool quote(mr_buffer *out, mr_text text, char mark)
{
    const size_t start = out->bytes;
    size_t done = 0;
    bool good = mr_buffer_append(out, &mark, 1);

    while (good && done < text.bytes) {
        const char *next = memchr(text.data + done, mark, text.bytes - done);
        const size_t end = next != NULL ? (size_t)(next - text.data) + 1 : text.bytes;

        good = mr_buffer_append(out, text.data + done, end - done) &&
               (next == NULL || mr_buffer_append(out, &mark, 1));
        done = end;
    }
    good = good && mr_buffer_append(out, &mark, 1);
    if (!good) {
        out->bytes = start;
    }
    return good;
}

bool mr_olap_quote_text(mr_buffer *out, mr_text text)
{
    return quote(out, text, '\'');
}

bool mr_olap_quote_name(mr_buffer *out, mr_text name)
{
    return quote(out, name, '"');
}
