/* SPDX-License-Identifier: Apache-2.0 */
/* eject/writer.c - see writer.h. Called by the generators of this room. */
#include "eject/writer.h"

void mr_put_quoted(mr_buffer *out, const char *text, char quote)
{
    (void)mr_buffer_append(out, &quote, 1);
    for (; *text != '\0'; text++) {
        (void)mr_buffer_append(out, text, 1);
        if (*text == quote) {
            (void)mr_buffer_append(out, text, 1);
        }
    }
    (void)mr_buffer_append(out, &quote, 1);
}

void mr_put_m_text(mr_buffer *out, const char *text)
{
    mr_put_quoted(out, text, '"');
}

static void put_bracketed(mr_buffer *out, const char *name)
{
    (void)mr_buffer_append_string(out, "[");
    for (; *name != '\0'; name++) {
        (void)mr_buffer_append(out, name, 1);
        if (*name == ']') {
            (void)mr_buffer_append(out, name, 1);
        }
    }
    (void)mr_buffer_append_string(out, "]");
}

void mr_put_tsql_name(mr_buffer *out, const char *schema, const char *name)
{
    if (schema != NULL) {
        put_bracketed(out, schema);
        (void)mr_buffer_append_string(out, ".");
    }
    put_bracketed(out, name);
}

void mr_put_tmdl_name(mr_buffer *out, const char *name)
{
    if (strpbrk(name, " .=:'\t") != NULL) {
        mr_put_quoted(out, name, '\'');
    } else {
        (void)mr_buffer_append_string(out, name);
    }
}

void mr_put_json(mr_buffer *out, const char *text)
{
    (void)mr_buffer_append_json_string(out, mr_text_of(text));
}

void mr_put_hcl(mr_buffer *out, const char *text)
{
    const size_t start = out->bytes;

    mr_put_json(out, text);
    for (size_t i = start; i + 1 < out->bytes; i++) {
        const char c = out->data[i];

        if ((c == '$' || c == '%') && out->data[i + 1] == '{' && mr_buffer_append(out, &c, 1)) {
            memmove(out->data + i + 1, out->data + i, out->bytes - i - 1);
            i++;
        }
    }
}
