/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_token.c - the lexer behind olap_token.h.
 *
 * Invariant: it never sees less than the engine does: a word that the engine takes for one is one
 *            here. Where the two could differ, text is cut into more tokens, not fewer.
 */
#include "olap/olap_token.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word_part(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static char byte_at(mr_text sql, size_t at)
{
    return at < sql.bytes ? sql.data[at] : '\0';
}

/* Behind the comment, which may hold comments itself, that begins at `at`. */
static size_t skip_block_comment(mr_text sql, size_t at)
{
    size_t depth = 0;

    while (at < sql.bytes) {
        if (byte_at(sql, at) == '/' && byte_at(sql, at + 1) == '*') {
            depth++;
            at += 2;
        } else if (byte_at(sql, at) == '*' && byte_at(sql, at + 1) == '/') {
            depth--;
            at += 2;
            if (depth == 0) {
                return at;
            }
        } else {
            at++;
        }
    }
    return sql.bytes;
}

static size_t skip_line_comment(mr_text sql, size_t at)
{
    while (at < sql.bytes && sql.data[at] != '\n' && sql.data[at] != '\r') {
        at++;
    }
    return at;
}

static size_t skip_blanks(mr_text sql, size_t at)
{
    while (at < sql.bytes) {
        const char c = sql.data[at];

        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            at++;
        } else if (c == '-' && byte_at(sql, at + 1) == '-') {
            at = skip_line_comment(sql, at);
        } else if (c == '/' && byte_at(sql, at + 1) == '*') {
            at = skip_block_comment(sql, at);
        } else {
            break;
        }
    }
    return at;
}

/* Behind the closing mark of what opens at `at`; a doubled mark is none. */
static size_t skip_quoted(mr_text sql, size_t at, bool escapes)
{
    const char mark = sql.data[at++];

    while (at < sql.bytes) {
        if (escapes && sql.data[at] == '\\') {
            at += 2;
        } else if (sql.data[at] != mark) {
            at++;
        } else if (byte_at(sql, at + 1) == mark) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return sql.bytes;
}

/* Behind $tag$...$tag$, or `at` when there is no such thing. */
static size_t skip_dollars(mr_text sql, size_t at)
{
    size_t end = at + 1;

    if (is_word_start(byte_at(sql, end))) {
        while (is_word_start(byte_at(sql, end)) || is_digit(byte_at(sql, end))) {
            end++;
        }
    }
    if (byte_at(sql, end) != '$') {
        return at;
    }
    const size_t tag_bytes = end + 1 - at;
    for (end++; end + tag_bytes <= sql.bytes; end++) {
        if (memcmp(sql.data + end, sql.data + at, tag_bytes) == 0) {
            return end + tag_bytes;
        }
    }
    return sql.bytes;
}

static size_t skip_digits(mr_text sql, size_t at)
{
    while (is_digit(byte_at(sql, at))) {
        at++;
    }
    return at;
}

static size_t skip_number(mr_text sql, size_t at)
{
    at = skip_digits(sql, at);
    if (byte_at(sql, at) == '.') {
        at = skip_digits(sql, at + 1);
    }
    if (byte_at(sql, at) == 'e' || byte_at(sql, at) == 'E') {
        const char sign = byte_at(sql, at + 1);
        const size_t digits = at + 1 + (sign == '+' || sign == '-' ? 1 : 0);

        at = is_digit(byte_at(sql, digits)) ? skip_digits(sql, digits) : at;
    }
    return at;
}

static size_t skip_word(mr_text sql, size_t at)
{
    while (at < sql.bytes && is_word_part(sql.data[at])) {
        at++;
    }
    return at;
}

/* The kind of what begins at `start`, and where it ends. */
static mr_token_kind scan(mr_text sql, size_t start, size_t *ret_end)
{
    const char c = sql.data[start];

    if ((c == 'e' || c == 'E') && byte_at(sql, start + 1) == '\'') {
        *ret_end = skip_quoted(sql, start + 1, true);
        return MR_TOKEN_STRING;
    }
    if (is_word_start(c)) {
        *ret_end = skip_word(sql, start);
        return MR_TOKEN_WORD;
    }
    if (is_digit(c) || (c == '.' && is_digit(byte_at(sql, start + 1)))) {
        *ret_end = skip_number(sql, start);
        return MR_TOKEN_NUMBER;
    }
    if (c == '\'' || c == '"') {
        *ret_end = skip_quoted(sql, start, false);
        return c == '"' ? MR_TOKEN_NAME : MR_TOKEN_STRING;
    }
    if (c == '$') {
        *ret_end = skip_dollars(sql, start);
        if (*ret_end > start) {
            return MR_TOKEN_STRING;
        }
    }
    *ret_end = start + 1;
    return MR_TOKEN_SYMBOL;
}

mr_token mr_token_next(mr_text sql, size_t *at)
{
    const size_t start = skip_blanks(sql, *at);
    size_t end = sql.bytes;
    mr_token_kind kind = MR_TOKEN_END;

    if (start < sql.bytes) {
        kind = scan(sql, start, &end);
        end = end < sql.bytes ? end : sql.bytes; /* a '\\' may be the last byte */
    }
    *at = end;
    return (mr_token){kind, {sql.data != NULL ? sql.data + start : "", end - start}};
}

bool mr_token_is_word(mr_token token, const char *word)
{
    return token.kind == MR_TOKEN_WORD && mr_text_equal_ignoring_case(token.text, mr_text_of(word));
}

bool mr_token_is_symbol(mr_token token, char symbol)
{
    return token.kind == MR_TOKEN_SYMBOL && token.text.data[0] == symbol;
}

bool mr_token_is_name(mr_token token)
{
    return token.kind == MR_TOKEN_WORD || token.kind == MR_TOKEN_NAME;
}

size_t mr_token_unquote(mr_token token, char *name, size_t room)
{
    const bool quoted = token.kind == MR_TOKEN_NAME || token.kind == MR_TOKEN_STRING;
    const char mark = token.kind == MR_TOKEN_NAME ? '"' : '\'';
    size_t used = 0;

    for (size_t at = 0; at < token.text.bytes && used + 1 < room; at++) {
        if (quoted && token.text.data[at] == mark) {
            if (at == 0 || byte_at(token.text, at + 1) != mark) {
                continue;
            }
            at++;
        }
        name[used++] = token.text.data[at];
    }
    name[used] = '\0';
    return used;
}
