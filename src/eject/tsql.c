/* SPDX-License-Identifier: Apache-2.0 */
/* eject/tsql.c - types, and the SELECT of a view by its tokens. See tsql.h.
 *
 * What differs from what the engines share, and is dealt with here: LIMIT n is TOP (n) of its
 * SELECT; an ORDER BY around the whole is no part of a view; a boolean column is a bit, not a
 * condition; counts, and sums of a CASE's integers, are 64 bits wide; names of types. A function
 * that is not on the list is refused.
 *
 * Called by:  eject/synapse*.c.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "eject/tsql.h"
#include "olap/olap_token.h"

enum { tokens_max = 2048, depth_max = 32 };

typedef struct view_text {
    const mr_model *view;
    const mr_relations *relations;
    mr_text sql;
    mr_token tokens[tokens_max];
    size_t count, end;       /* what stands at end and behind it is left out */
    mr_text top[tokens_max]; /* of a SELECT */
    bool dropped[tokens_max];
    mr_err *err;
} view_text;

void mr_put_tsql_type(mr_buffer *out, const mr_model_column *column, mr_tsql_pool pool)
{
    static const struct {
        const char *type, *tsql;
    } types[] = {{"long", "bigint"},
                 {"integer", "int"},
                 {"boolean", "bit"},
                 {"date", "date"},
                 {"timestamp", "datetime2(6)"},
                 {"double", "float"}};
    uint64_t digits = 0;
    uint64_t places = 0;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(column->type, types[i].type) == 0) {
            (void)mr_buffer_append_string(out, types[i].tsql);
            return;
        }
    }
    if (strcmp(column->type, "string") == 0 && pool == MR_TSQL_SERVERLESS) {
        /* UTF-8: up to four bytes a character. */
        (void)mr_buffer_printf(out, "varchar(%u) COLLATE Latin1_General_100_BIN2_UTF8",
                               column->length_max > 0 ? 4 * column->length_max : 8000);
    } else if (strcmp(column->type, "string") == 0) {
        (void)mr_buffer_printf(out, "nvarchar(%u) COLLATE Latin1_General_100_BIN2",
                               column->length_max > 0 ? 2 * column->length_max : 4000);
    } else if (strcmp(column->type, "binary") == 0) {
        (void)mr_buffer_printf(out, "varbinary(%u)",
                               column->length_max > 0 ? column->length_max : 8000);
    } else {
        const char *comma = strchr(column->type, ',');

        MR_ASSERT(mr_text_starts_with(mr_text_of(column->type), "decimal(") && comma != NULL);
        const mr_text left = {column->type + 8, (size_t)(comma - column->type) - 8};
        const mr_text right = mr_text_trim((mr_text){comma + 1, strlen(comma + 1) - 1});
        MR_ASSERT(mr_parse_uint64(left, 38, &digits) && mr_parse_uint64(right, 38, &places));
        (void)mr_buffer_printf(out, "decimal(%" PRIu64 ", %" PRIu64 ")", digits, places);
    }
}

static mr_status refuse(const view_text *v, mr_token token)
{
    return mr_fail(v->err, MR_UNSUPPORTED, "%s: T-SQL has no %.*s as %s uses it", v->view->file,
                   MR_TEXT_ARGS(token.text), v->view->name);
}

static mr_status read_tokens(view_text *v)
{
    size_t at = 0;

    for (;;) {
        const mr_token token = mr_token_next(v->sql, &at);

        if (token.kind == MR_TOKEN_END) {
            v->end = v->count;
            return MR_OK;
        }
        if (v->count == tokens_max) {
            return mr_fail(v->err, MR_LIMIT, "%s: the view is too long", v->view->file);
        }
        v->tokens[v->count++] = token;
    }
}

static mr_token token_at(const view_text *v, size_t index)
{
    return index < v->count ? v->tokens[index] : (mr_token){.kind = MR_TOKEN_END};
}

/* Finds each LIMIT's SELECT, and the ORDER BY that a view cannot have. */
static mr_status place_limits(view_text *v)
{
    size_t select[depth_max] = {0};
    size_t order[depth_max] = {0}; /* 0: none; a SELECT comes first */
    size_t depth = 0;

    for (size_t i = 0; i < v->count; i++) {
        const mr_token token = v->tokens[i];

        if (mr_token_is_symbol(token, '(')) {
            if (++depth == depth_max) {
                return refuse(v, token);
            }
            order[depth] = 0;
        } else if (mr_token_is_symbol(token, ')')) {
            if (order[depth] > 0) {
                return refuse(v, v->tokens[order[depth]]);
            }
            depth -= depth > 0;
        } else if (mr_token_is_word(token, "select")) {
            select[depth] = i;
        } else if (mr_token_is_word(token, "order")) {
            order[depth] = i;
        } else if (mr_token_is_word(token, "limit")) {
            if (token_at(v, i + 1).kind != MR_TOKEN_NUMBER) {
                return refuse(v, token);
            }
            v->top[select[depth]] = v->tokens[i + 1].text;
            v->dropped[i] = v->dropped[i + 1] = true;
            order[depth] = 0;
        }
    }
    v->end = order[0] > 0 ? order[0] : v->count;
    return MR_OK;
}

static bool is_boolean_column(const view_text *v, mr_token token)
{
    char name[128];

    (void)mr_token_unquote(token, name, sizeof name);
    for (size_t i = 0; i < v->relations->table_count; i++) {
        const mr_model_column *column = mr_model_find_column(v->relations->tables[i].shape, name);
        if (column != NULL && strcmp(column->type, "boolean") == 0) {
            return true;
        }
    }
    return false;
}

/* A bit where a condition is wanted: behind WHEN, AND, OR, NOT, WHERE or ON, and compared with
 * nothing. */
static bool stands_as_condition(const view_text *v, size_t index)
{
    static const char *const before[] = {"when", "and", "or", "not", "where", "on"};
    static const char *const behind[] = {"then", "and", "or", "group", "order"};
    const size_t start =
        index >= 2 && mr_token_is_symbol(v->tokens[index - 1], '.') ? index - 2 : index;
    const mr_token next = token_at(v, index + 1);
    bool asked = false;
    bool ends = next.kind == MR_TOKEN_END || mr_token_is_symbol(next, ')');

    for (size_t i = 0; start > 0 && i < sizeof before / sizeof before[0]; i++) {
        asked |= mr_token_is_word(v->tokens[start - 1], before[i]);
    }
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        ends |= mr_token_is_word(next, behind[i]);
    }
    return asked && ends;
}

static bool is_known_call(mr_token token)
{
    static const char *const known[] = {
        "sum",  "min",    "max",  "avg",   "count", "coalesce", "nullif", "cast",
        "abs",  "round",  "year", "month", "day",   "lower",    "upper",  "decimal",
        "in",   "exists", "from", "join",  "and",   "or",       "not",    "when",
        "then", "else",   "on",   "where", "by",    "as",       "over",   "select"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (mr_token_is_word(token, known[i])) {
            return true;
        }
    }
    return false;
}

static bool is_refused_word(mr_token token)
{
    static const char *const refused[] = {"filter", "qualify", "using",  "ilike",  "interval",
                                          "true",   "false",   "offset", "natural"};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (mr_token_is_word(token, refused[i])) {
            return true;
        }
    }
    return false;
}

/* NULL: the token stays as it is. */
static const char *type_of(mr_token token)
{
    static const struct {
        const char *word, *tsql;
    } types[] = {{"double", "float"},
                 {"timestamp", "datetime2(6)"},
                 {"string", "varchar(8000)"},
                 {"boolean", "bit"}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (mr_token_is_word(token, types[i].word)) {
            return types[i].tsql;
        }
    }
    return NULL;
}

/* An integer that a CASE gives: its sum would be one of 32 bits. */
static bool is_counted(const view_text *v, size_t index)
{
    const mr_text text = v->tokens[index].text;
    uint64_t value = 0;

    return index > 0 && v->tokens[index].kind == MR_TOKEN_NUMBER &&
           mr_parse_uint64(text, UINT64_MAX, &value) &&
           (mr_token_is_word(v->tokens[index - 1], "then") ||
            mr_token_is_word(v->tokens[index - 1], "else"));
}

static mr_status put_token(const view_text *v, size_t index, mr_buffer *out)
{
    const mr_token token = v->tokens[index];
    const mr_token next = token_at(v, index + 1);
    const bool behind_dot = index > 0 && mr_token_is_symbol(v->tokens[index - 1], '.');
    const bool is_call = token.kind == MR_TOKEN_WORD && mr_token_is_symbol(next, '(');
    const char *type = NULL;

    if (!behind_dot && ((is_call && !is_known_call(token)) || is_refused_word(token) ||
                        (mr_token_is_symbol(token, '|') || mr_token_is_symbol(token, ':')))) {
        return refuse(v, token);
    }
    if (index > 0 && mr_token_is_word(v->tokens[index - 1], "as") &&
        mr_token_is_symbol(next, ')')) {
        type = type_of(token);
    }
    if (type != NULL) {
        (void)mr_buffer_append_string(out, type);
    } else if (is_counted(v, index)) {
        (void)mr_buffer_printf(out, "CAST(%.*s AS bigint)", MR_TEXT_ARGS(token.text));
    } else {
        (void)mr_buffer_append_text(out, token.text);
    }
    if (is_call && mr_token_is_word(token, "count")) {
        (void)mr_buffer_append_string(out, "_big");
    }
    if (v->top[index].bytes > 0) {
        (void)mr_buffer_printf(out, " TOP (%.*s)", MR_TEXT_ARGS(v->top[index]));
    }
    if (mr_token_is_name(token) && stands_as_condition(v, index) && is_boolean_column(v, token)) {
        (void)mr_buffer_append_string(out, " = 1");
    }
    return MR_OK;
}

mr_status mr_put_tsql_view(mr_buffer *out, const mr_model *view, const mr_relations *relations,
                           mr_err *err)
{
    view_text *v = mr_alloc_zero(1, sizeof *v);
    const char *copied = view->sql; /* blanks and comments between tokens stay */
    mr_status status;

    v->view = view;
    v->relations = relations;
    v->sql = mr_text_of(view->sql);
    v->err = err;
    status = read_tokens(v);
    if (status == MR_OK) {
        status = place_limits(v);
    }
    for (size_t i = 0; status == MR_OK && i < v->end; i++) {
        const mr_text text = v->tokens[i].text;

        if (!v->dropped[i]) {
            (void)mr_buffer_append(out, copied, (size_t)(text.data - copied));
            status = put_token(v, i, out);
        }
        copied = text.data + text.bytes;
    }
    free(v);
    return status;
}
