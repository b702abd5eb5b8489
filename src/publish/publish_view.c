/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_view.c - a view of the models as a view of PostgreSQL.
 *
 * Models name things without quotes and in any case, PostgreSQL would make small letters of that.
 * So each word that names a table or a column of what the view reads is put in quotes, spelt as
 * there; the layer before a table becomes the schema. Keywords, functions, types and aliases stay.
 * The whole is cast to the columns that the model declares: a view's types are the model's, too.
 *
 * Owns:       nothing.
 * Called by:  publish.c.
 */
#include <string.h>

#include "olap/olap_token.h"
#include "publish/publish_private.h"

enum { depth_max = 64, word_bytes_max = 256 };

typedef struct translation {
    const mr_models *models;
    const mr_model *view;
    const char *schema;
    mr_text sql;
    size_t at;              /* behind `token` */
    size_t copied;          /* of sql, into out */
    mr_token before, token; /* before: the token in front */
    bool casts[depth_max];  /* the bracket was opened by CAST */
    size_t depth;
    mr_buffer *out;
} translation;

static void copy_to(translation *t, size_t end)
{
    (void)mr_buffer_append_text(t->out, (mr_text){t->sql.data + t->copied, end - t->copied});
    t->copied = end;
}

static size_t start_of(const translation *t, mr_token token)
{
    return (size_t)(token.text.data - t->sql.data);
}

static mr_token look_ahead(const translation *t)
{
    size_t at = t->at;

    return mr_token_next(t->sql, &at);
}

/* The column's name as declared; NULL: no table that the view reads, nor itself, has such. */
static const char *find_column(const translation *t, mr_text word)
{
    const mr_model *view = t->view;
    const mr_model *model = view;
    size_t next = 0;

    MR_ASSERT(view != NULL);
    for (;;) {
        while (model != NULL && model->mode == MR_MODEL_PUBLISH) { /* columns of its source */
            model = mr_models_find(t->models, model->from);
        }
        for (size_t i = 0; model != NULL && i < model->column_count; i++) {
            if (mr_text_equal_ignoring_case(word, mr_text_of(model->columns[i].name))) {
                return model->columns[i].name;
            }
        }
        if (next == view->reference_count) {
            return NULL;
        }
        model = mr_models_find(t->models, view->references[next++]);
    }
}

/* The word is a layer, a point and a table follow. */
static bool put_table(translation *t)
{
    char name[word_bytes_max];

    for (size_t i = 0; i < t->view->reference_count; i++) {
        const char *reference = t->view->references[i];
        const char *point = strchr(reference, '.');
        size_t at = t->at;
        mr_token dot = mr_token_next(t->sql, &at);
        mr_token table = mr_token_next(t->sql, &at);

        if (point == NULL || !mr_token_is_symbol(dot, '.') || !mr_token_is_name(table) ||
            !mr_text_equal_ignoring_case(t->token.text,
                                         (mr_text){reference, (size_t)(point - reference)})) {
            continue;
        }
        const mr_text found = {name, mr_token_unquote(table, name, sizeof(name))};
        if (mr_text_equal_ignoring_case(found, mr_text_of(point + 1))) {
            copy_to(t, start_of(t, t->token));
            mr_publish_sql_table(t->out, t->schema, point + 1);
            t->at = at;
            t->copied = at;
            t->before = table;
            return true;
        }
    }
    return false;
}

/* A type behind AS within CAST, a function before its bracket, a literal's type before its text. */
static bool is_column_place(const translation *t)
{
    const mr_token next = look_ahead(t);
    const bool in_cast = t->depth > 0 && t->casts[t->depth - 1];

    if (mr_token_is_symbol(t->before, '.')) {
        return true;
    }
    return !(in_cast && mr_token_is_word(t->before, "AS")) && !mr_token_is_symbol(next, '(') &&
           next.kind != MR_TOKEN_STRING;
}

static void put_word(translation *t)
{
    const char *column = is_column_place(t) ? find_column(t, t->token.text) : NULL;

    if (column != NULL) {
        copy_to(t, start_of(t, t->token));
        (void)mr_olap_quote_name(t->out, mr_text_of(column));
        t->copied = t->at;
    }
}

static void follow_brackets(translation *t)
{
    if (mr_token_is_symbol(t->token, '(') && t->depth < depth_max) {
        t->casts[t->depth++] = mr_token_is_word(t->before, "CAST");
    } else if (mr_token_is_symbol(t->token, ')') && t->depth > 0) {
        t->depth--;
    }
}

static void put_select(translation *t)
{
    for (;;) {
        t->token = mr_token_next(t->sql, &t->at);
        if (t->token.kind == MR_TOKEN_END) {
            break;
        }
        follow_brackets(t);
        if (t->token.kind == MR_TOKEN_WORD) {
            if (!mr_token_is_symbol(t->before, '.') && put_table(t)) {
                continue;
            }
            put_word(t);
        }
        t->before = t->token;
    }
    copy_to(t, t->sql.bytes);
}

void mr_publish_sql_view(mr_buffer *out, const mr_models *models, const char *schema,
                         const mr_model *model)
{
    translation t = {.models = models,
                     .view = model,
                     .schema = schema,
                     .sql = mr_text_of(model->sql),
                     .before = {.kind = MR_TOKEN_END},
                     .out = out};

    (void)mr_buffer_append_string(out, "CREATE VIEW ");
    mr_publish_sql_table(out, schema, model->table);
    (void)mr_buffer_append_string(out, " AS SELECT ");
    for (size_t i = 0; i < model->column_count; i++) {
        const mr_delta_field field = {.name = model->columns[i].name,
                                      .type = model->columns[i].type};
        (void)mr_buffer_append_string(out, i == 0 ? "CAST(" : ", CAST(");
        (void)mr_olap_quote_name(out, mr_text_of(field.name));
        (void)mr_buffer_append_string(out, " AS ");
        if (!mr_publish_sql_type(out, &field)) {
            (void)mr_buffer_append_string(out, field.type); /* the server says what it is not */
        }
        (void)mr_buffer_append_string(out, ") AS ");
        (void)mr_olap_quote_name(out, mr_text_of(field.name));
    }
    (void)mr_buffer_append_string(out, model->column_count == 0 ? "* FROM (" : " FROM (");
    put_select(&t);
    (void)mr_buffer_append_string(out, "\n) v;");
}
