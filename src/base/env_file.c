/* SPDX-License-Identifier: Apache-2.0 */
/* base/env_file.c - the grammar of one line of a .env file.
 *
 * NAME=value, with an optional `export `. Unquoted values end at " #" and lose the blanks around
 * them; single quotes take everything literally; double quotes know \n \r \t \" \\ and \$.
 */
#include "base/config.h"

static bool is_name_char(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static mr_text skip(mr_text text, size_t bytes)
{
    return (mr_text){text.data + bytes, text.bytes - bytes};
}

static mr_text skip_export(mr_text line)
{
    if (mr_text_starts_with(line, "export") && line.bytes > 6 &&
        (line.data[6] == ' ' || line.data[6] == '\t')) {
        return mr_text_trim(skip(line, 6));
    }
    return line;
}

/* Bytes up to a '#' that begins a comment: at the start or behind a blank. */
static size_t before_comment(mr_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] == '#' &&
            (i == 0 || text.data[i - 1] == ' ' || text.data[i - 1] == '\t')) {
            return i;
        }
    }
    return text.bytes;
}

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

static mr_status read_quoted(mr_text text, char *unescaped, mr_text *ret_value, mr_err *err)
{
    char quote = text.data[0];
    size_t written = 0;
    size_t at = 1;

    for (; at < text.bytes && text.data[at] != quote; at++) {
        char c = text.data[at];
        if (quote == '"' && c == '\\' && at + 1 < text.bytes &&
            strchr("nrt\"\\$", text.data[at + 1]) != NULL) {
            at++;
            c = unescape(text.data[at]);
        }
        unescaped[written++] = c;
    }
    if (at >= text.bytes) {
        return mr_fail(err, MR_INVALID, "the closing %c is missing", quote);
    }
    mr_text rest = mr_text_trim(skip(text, at + 1));
    if (rest.bytes > 0 && rest.data[0] != '#') {
        return mr_fail(err, MR_INVALID, "text follows the closing %c", quote);
    }
    *ret_value = (mr_text){unescaped, written};
    return MR_OK;
}

static mr_status read_value(mr_text text, char *unescaped, mr_text *ret_value, mr_err *err)
{
    mr_text trimmed = mr_text_trim(text);

    if (trimmed.bytes > 0 && (trimmed.data[0] == '"' || trimmed.data[0] == '\'')) {
        return read_quoted(trimmed, unescaped, ret_value, err);
    }
    mr_text plain = mr_text_trim((mr_text){text.data, before_comment(text)});
    if (plain.bytes > 0) {
        memcpy(unescaped, plain.data, plain.bytes);
    }
    *ret_value = (mr_text){unescaped, plain.bytes};
    return MR_OK;
}

mr_status mr_env_parse_line(mr_text line, char *unescaped, mr_text *ret_name, mr_text *ret_value,
                            mr_err *err)
{
    size_t name_bytes = 0;

    line = mr_text_trim(line);
    if (line.bytes == 0 || line.data[0] == '#') {
        return MR_NOT_FOUND;
    }
    line = skip_export(line);
    while (name_bytes < line.bytes && is_name_char(line.data[name_bytes], name_bytes == 0)) {
        name_bytes++;
    }
    mr_text rest = mr_text_trim(skip(line, name_bytes));
    if (name_bytes == 0 || rest.bytes == 0 || rest.data[0] != '=') {
        return mr_fail(err, MR_INVALID, "NAME=value is expected");
    }
    if (memchr(rest.data, '\0', rest.bytes) != NULL) {
        return mr_fail(err, MR_INVALID, "a value cannot hold a NUL");
    }
    mr_status status = read_value(skip(rest, 1), unescaped, ret_value, err);
    if (status == MR_OK) {
        *ret_name = (mr_text){line.data, name_bytes};
    }
    return status;
}
