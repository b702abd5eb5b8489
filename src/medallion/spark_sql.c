/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_sql.c - one dialect's tokens as the other's. See spark_sql.h. */
#include "medallion/spark_sql.h"

#include "olap/olap_token.h"

enum { name_bytes_max = 512 };

typedef struct translation {
    mr_text sql;
    size_t at;       /* behind the token */
    size_t copied;   /* what stands before is in out */
    bool behind_dot; /* the token belongs to a name of more parts */
    mr_buffer *out;
} translation;

/* Blanks and comments before a token stay as they are. */
static void copy_until(translation *t, const char *place)
{
    const size_t end = (size_t)(place - t->sql.data);

    (void)mr_buffer_append(t->out, t->sql.data + t->copied, end - t->copied);
    t->copied = end;
}

static void put_name(translation *t, mr_text name)
{
    (void)mr_buffer_append(t->out, "`", 1);
    for (size_t i = 0; i < name.bytes; i++) {
        (void)mr_buffer_append(t->out, &name.data[i], 1);
        if (name.data[i] == '`') {
            (void)mr_buffer_append(t->out, "`", 1);
        }
    }
    (void)mr_buffer_append(t->out, "`", 1);
}

static void put_string(translation *t, mr_token token)
{
    (void)mr_buffer_append(t->out, "'", 1);
    for (size_t i = 1; i + 1 < token.text.bytes; i++) {
        const char c = token.text.data[i];
        if (c == '\'') { /* the first of two */
            i++;
        }
        if (c == '\'' || c == '\\') {
            (void)mr_buffer_append(t->out, "\\", 1);
        }
        (void)mr_buffer_append(t->out, &c, 1);
    }
    (void)mr_buffer_append(t->out, "'", 1);
}

static bool is_layer(mr_token token)
{
    static const char *const layers[] = {"bronze", "silver", "gold"};
    char name[name_bytes_max];

    if (!mr_token_is_name(token)) {
        return false;
    }
    (void)mr_token_unquote(token, name, sizeof(name));
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        if (mr_text_equal_ignoring_case(mr_text_of(name), mr_text_of(layers[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether what stands behind a table is an alias, or makes one needless (a column's name). */
static bool has_alias(mr_token next)
{
    static const char *const others[] = {
        "join",   "inner",     "left",   "right",  "full",    "cross",   "semi",       "anti",
        "on",     "using",     "where",  "group",  "order",   "having",  "limit",      "union",
        "except", "intersect", "window", "offset", "natural", "lateral", "tablesample"};

    if (!mr_token_is_name(next)) {
        return mr_token_is_symbol(next, '.');
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (mr_token_is_word(next, others[i])) {
            return false;
        }
    }
    return true;
}

/* "silver.fact_sales", of a table whose layer is `token`; false: it is something else. */
static bool put_table(translation *t, mr_token token)
{
    char name[2 * name_bytes_max];
    size_t behind = t->at;
    const mr_token dot = mr_token_next(t->sql, &behind);
    const mr_token table = mr_token_next(t->sql, &behind);

    if (t->behind_dot || !mr_token_is_symbol(dot, '.') || !mr_token_is_name(table)) {
        return false;
    }
    size_t bytes = mr_token_unquote(token, name, name_bytes_max);
    name[bytes++] = '.';
    const size_t first = bytes;
    bytes += mr_token_unquote(table, name + bytes, name_bytes_max);
    copy_until(t, token.text.data);
    put_name(t, (mr_text){name, bytes});
    t->at = behind;
    t->copied = behind;
    if (!has_alias(mr_token_next(t->sql, &behind))) {
        (void)mr_buffer_append_string(t->out, " AS ");
        put_name(t, (mr_text){name + first, bytes - first});
    }
    return true;
}

static void put_token(translation *t, mr_token token)
{
    char name[name_bytes_max];

    if (is_layer(token) && put_table(t, token)) {
        return;
    }
    if (token.kind == MR_TOKEN_NAME) {
        copy_until(t, token.text.data);
        put_name(t, (mr_text){name, mr_token_unquote(token, name, sizeof(name))});
        t->copied = t->at;
    } else if (token.kind == MR_TOKEN_STRING && token.text.data[0] == '\'') {
        copy_until(t, token.text.data);
        put_string(t, token);
        t->copied = t->at;
    }
}

bool mr_spark_sql(const char *sql, mr_buffer *out)
{
    translation t = {.sql = mr_text_of(sql), .out = out};

    for (mr_token token = mr_token_next(t.sql, &t.at); token.kind != MR_TOKEN_END;
         token = mr_token_next(t.sql, &t.at)) {
        put_token(&t, token);
        t.behind_dot = mr_token_is_symbol(token, '.');
    }
    copy_until(&t, t.sql.data + t.sql.bytes);
    return !out->overflowed;
}
