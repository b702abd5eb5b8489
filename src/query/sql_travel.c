/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_travel.c - rewrites time travel into names the engine knows, token by token.
 *
 * The table keeps its name and gets a schema of its own ("bronze@12"), so that columns can still
 * be qualified by the table's name and an alias may follow.
 */
#include "query/sql_travel.h"

#include <stdio.h>

#include "base/civil.h"
#include "olap/olap.h"
#include "olap/olap_token.h"

/* A place in the query: the token there, and where the next one begins. */
typedef struct place {
    mr_text sql;
    mr_token token;
    size_t next;
} place;

static place place_at(mr_text sql, size_t at)
{
    place here = {.sql = sql, .next = at};

    here.token = mr_token_next(sql, &here.next);
    return here;
}

static place behind(place here)
{
    return place_at(here.sql, here.next);
}

static size_t offset_of(place here)
{
    return (size_t)(here.token.text.data - here.sql.data);
}

/* --- Instants --------------------------------------------------------------------------------- */

/* Cuts ".123" off the end of *text; up to milliseconds count. */
static bool cut_fraction(mr_text *text, int64_t *ret_ms)
{
    const char *point = text->bytes > 0 ? memchr(text->data, '.', text->bytes) : NULL;
    int64_t ms = 0, unit = 100;

    *ret_ms = 0;
    if (point == NULL) {
        return true;
    }
    const size_t before = (size_t)(point - text->data);
    for (size_t at = before + 1; at < text->bytes; at++) {
        if (text->data[at] < '0' || text->data[at] > '9') {
            return false;
        }
        ms += (text->data[at] - '0') * unit;
        unit /= 10;
    }
    if (before + 1 == text->bytes) {
        return false;
    }
    text->bytes = before;
    *ret_ms = ms;
    return true;
}

bool mr_sql_instant_parse(mr_text text, int64_t *ret_epoch_ms)
{
    mr_text rest = mr_text_trim(text);
    mr_civil civil;
    int64_t ms;

    if (rest.bytes > 0 && (rest.data[rest.bytes - 1] == 'Z' || rest.data[rest.bytes - 1] == 'z')) {
        rest.bytes--;
    }
    /* Day first, as senders of events write it, is not for analysts: 01/02 would be guessed. */
    if (rest.bytes == 0 || memchr(rest.data, '/', rest.bytes) != NULL ||
        !cut_fraction(&rest, &ms) || !mr_civil_parse(rest, &civil)) {
        return false;
    }
    *ret_epoch_ms = civil.seconds * 1000 + ms;
    return true;
}

/* --- Rewriting -------------------------------------------------------------------------------- */

/* A table's name in the query: a.b or b. */
typedef struct path {
    place first;
    mr_token layer; /* of kind MR_TOKEN_END: none */
    mr_token table;
    place last;
} path;

static bool read_path(place here, path *ret_path)
{
    path found = {.first = here, .table = here.token, .last = here};

    if (!mr_token_is_name(here.token)) {
        return false;
    }
    const place dot = behind(here);
    const place name = mr_token_is_symbol(dot.token, '.') ? behind(dot) : dot;
    if (mr_token_is_symbol(dot.token, '.') && mr_token_is_name(name.token)) {
        found.layer = here.token;
        found.table = name.token;
        found.last = name;
    }
    *ret_path = found;
    return true;
}

/* Finds [FOR] VERSION AS OF, or TIMESTAMP AS OF, behind the name. */
static bool read_as_of(place name, bool *ret_by_version, place *ret_value)
{
    place here = behind(name);

    if (mr_token_is_word(here.token, "FOR")) {
        here = behind(here);
    }
    const bool by_version =
        mr_token_is_word(here.token, "VERSION") || mr_token_is_word(here.token, "SYSTEM_VERSION");
    if (!by_version && !mr_token_is_word(here.token, "TIMESTAMP") &&
        !mr_token_is_word(here.token, "SYSTEM_TIME")) {
        return false;
    }
    here = behind(here);
    const place of = behind(here);
    if (!mr_token_is_word(here.token, "AS") || !mr_token_is_word(of.token, "OF")) {
        return false;
    }
    *ret_by_version = by_version;
    *ret_value = behind(of);
    return true;
}

/* SELECT version AS of FROM t: a column and its alias behind a word, and no time travel. */
static bool is_alias(const path *name, mr_token value)
{
    return name->layer.kind == MR_TOKEN_END && value.kind != MR_TOKEN_NUMBER &&
           value.kind != MR_TOKEN_STRING;
}

static mr_status read_value(mr_token value, mr_sql_travel *travel, mr_err *err)
{
    char text[mr_civil_text_bytes_max + 8], schema[sizeof travel->schema];
    const bool literal =
        value.kind == MR_TOKEN_STRING || (travel->by_version && value.kind == MR_TOKEN_NUMBER);
    const size_t bytes = mr_token_unquote(value, text, sizeof text);
    uint64_t version = 0;

    if (travel->by_version) {
        if (!literal || !mr_parse_uint64((mr_text){text, bytes}, INT64_MAX, &version)) {
            return mr_fail(err, MR_INVALID, "VERSION AS OF takes a version's number, not %.*s",
                           MR_TEXT_ARGS(value.text));
        }
        travel->version = (int64_t)version;
    } else if (!literal || !mr_sql_instant_parse((mr_text){text, bytes}, &travel->epoch_ms)) {
        return mr_fail(
            err, MR_INVALID,
            "TIMESTAMP AS OF takes an instant in UTC, as '2026-11-01 12:00:00', not %.*s",
            MR_TEXT_ARGS(value.text));
    }
    (void)snprintf(schema, sizeof schema, "%s@%s", travel->layer, text);
    memcpy(travel->schema, schema, sizeof schema);
    return MR_OK;
}

static mr_status add_travel(const path *name, bool by_version, mr_token value,
                            mr_sql_travels *travels, mr_buffer *out, mr_err *err)
{
    mr_sql_travel *travel = &travels->travels[travels->count];

    if (travels->count == mr_sql_travels_max) {
        return mr_fail(err, MR_LIMIT, "a query can read %d older versions at most",
                       mr_sql_travels_max);
    }
    *travel = (mr_sql_travel){.by_version = by_version};
    if (name->layer.kind != MR_TOKEN_END) {
        (void)mr_token_unquote(name->layer, travel->layer, sizeof travel->layer);
    }
    const size_t bytes = mr_token_unquote(name->table, travel->table, sizeof travel->table);
    const mr_status status = read_value(value, travel, err);
    if (status != MR_OK) {
        return status;
    }
    travels->count++;
    if (!mr_olap_quote_name(out, mr_text_of(travel->schema)) || !mr_buffer_append(out, ".", 1) ||
        !mr_olap_quote_name(out, (mr_text){travel->table, bytes})) {
        return mr_fail(err, MR_LIMIT, "the query is longer than %zu bytes", out->bytes_max);
    }
    return MR_OK;
}

mr_status mr_sql_travel_rewrite(mr_text sql, mr_sql_travels *ret_travels, mr_buffer *out,
                                mr_err *err)
{
    size_t copied = 0;
    mr_status status = MR_OK;

    ret_travels->count = 0;
    for (place here = place_at(sql, 0); status == MR_OK && here.token.kind != MR_TOKEN_END;
         here = behind(here)) {
        path name;
        bool by_version;
        place value;

        if (!read_path(here, &name)) {
            continue;
        }
        here = name.last;
        if (!read_as_of(name.last, &by_version, &value) || is_alias(&name, value.token)) {
            continue;
        }
        if (!mr_buffer_append(out, sql.data + copied, offset_of(name.first) - copied)) {
            status = mr_fail(err, MR_LIMIT, "the query is longer than %zu bytes", out->bytes_max);
            break;
        }
        status = add_travel(&name, by_version, value.token, ret_travels, out, err);
        copied = value.next;
        here = value;
    }
    if (status == MR_OK && !mr_buffer_append(out, sql.data + copied, sql.bytes - copied)) {
        status = mr_fail(err, MR_LIMIT, "the query is longer than %zu bytes", out->bytes_max);
    }
    return status;
}

mr_text mr_sql_split(mr_text sql, mr_text *ret_rest, bool *ret_closed)
{
    size_t first = sql.bytes, end = 0;
    place here = place_at(sql, 0);

    while (here.token.kind != MR_TOKEN_END && !mr_token_is_symbol(here.token, ';')) {
        first = first < sql.bytes ? first : offset_of(here);
        end = here.next;
        here = behind(here);
    }
    *ret_closed = here.token.kind != MR_TOKEN_END;
    *ret_rest = (mr_text){sql.data + here.next, sql.bytes - here.next};
    return end > 0 ? (mr_text){sql.data + first, end - first} : (mr_text){sql.data, 0};
}
