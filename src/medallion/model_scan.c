/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model_scan.c - which tables a SELECT reads: the names behind FROM and JOIN.
 *
 * A scanner of words, not a parser: names of two parts ("silver.fact_sales") in the list of a FROM,
 * or behind a JOIN, are tables; names of one part are WITH's own. It knows texts, quoted names and
 * comments, and that the FROM of extract(), trim(), substring() and IS DISTINCT FROM is another.
 */
#include "medallion/model_private.h"

enum { scan_depth_max = 64 };

typedef struct scan {
    mr_text rest;
    mr_text last;                  /* the word before */
    size_t depth;                  /* of brackets */
    bool tables[scan_depth_max];   /* a list of tables is open at this depth: a comma adds one */
    bool function[scan_depth_max]; /* the bracket belongs to a function with a FROM of its own */
    bool expecting;                /* a table's name comes next */
} scan;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static void skip(scan *s, size_t bytes)
{
    s->rest = (mr_text){s->rest.data + bytes, s->rest.bytes - bytes};
}

/* Behind the closing quote, or at the end. Doubled quotes are two texts side by side: no harm. */
static size_t quoted_bytes(mr_text text)
{
    const char *end = memchr(text.data + 1, text.data[0], text.bytes - 1);

    return end == NULL ? text.bytes : (size_t)(end - text.data) + 1;
}

static size_t comment_bytes(mr_text text)
{
    if (text.bytes < 2) {
        return 0;
    }
    if (memcmp(text.data, "--", 2) == 0) {
        const char *end = memchr(text.data, '\n', text.bytes);
        return end == NULL ? text.bytes : (size_t)(end - text.data) + 1;
    }
    if (memcmp(text.data, "/*", 2) == 0) {
        for (size_t i = 2; i + 1 < text.bytes; i++) {
            if (text.data[i] == '*' && text.data[i + 1] == '/') {
                return i + 2;
            }
        }
        return text.bytes;
    }
    return 0;
}

static void skip_blanks(scan *s)
{
    while (s->rest.bytes > 0) {
        size_t bytes = comment_bytes(s->rest);
        char c = s->rest.data[0];

        if (bytes == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            bytes = 1;
        }
        if (bytes == 0) {
            return;
        }
        skip(s, bytes);
    }
}

/* A name, bare or quoted; empty when there is none. */
static mr_text take_name(scan *s)
{
    mr_text name = {s->rest.data, 0};

    if (s->rest.bytes > 0 && (s->rest.data[0] == '"' || s->rest.data[0] == '`')) {
        size_t bytes = quoted_bytes(s->rest);
        name = (mr_text){s->rest.data + 1, bytes >= 2 ? bytes - 2 : 0};
        skip(s, bytes);
        return name;
    }
    while (name.bytes < s->rest.bytes && is_letter(s->rest.data[name.bytes])) {
        name.bytes++;
    }
    skip(s, name.bytes);
    return name;
}

static bool is_word(mr_text word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (mr_text_equal_ignoring_case(word, mr_text_of(*words))) {
            return true;
        }
    }
    return false;
}

static mr_status add_reference(mr_model_draft *draft, mr_text schema, mr_text table, mr_err *err)
{
    mr_model *model = &draft->model;
    char name[mr_model_path_bytes_max];

    if (schema.bytes + table.bytes + 2 > sizeof(name)) {
        return mr_model_fault(draft, err, "a table's name is too long");
    }
    memcpy(name, schema.data, schema.bytes);
    name[schema.bytes] = '.';
    memcpy(name + schema.bytes + 1, table.data, table.bytes);
    mr_text whole = {name, schema.bytes + 1 + table.bytes};
    for (size_t i = 0; i < model->reference_count; i++) {
        if (mr_text_equal(mr_text_of(model->references[i]), whole)) {
            return MR_OK;
        }
    }
    if (model->reference_count == mr_model_references_max) {
        return mr_model_fault(draft, err, "more than %d tables", mr_model_references_max);
    }
    model->references[model->reference_count++] = mr_model_keep(draft, whole);
    return MR_OK;
}

static mr_status take_table(scan *s, mr_model_draft *draft, mr_text schema, mr_err *err)
{
    s->expecting = false;
    s->tables[s->depth] = true;
    skip_blanks(s);
    if (s->rest.bytes == 0 || s->rest.data[0] != '.') {
        return MR_OK;
    }
    skip(s, 1);
    skip_blanks(s);
    mr_text table = take_name(s);
    return table.bytes == 0 ? mr_model_fault(draft, err, "a table's name is missing behind '%.*s.'",
                                             MR_TEXT_ARGS(schema))
                            : add_reference(draft, schema, table, err);
}

static void note_word(scan *s, mr_text word)
{
    static const char *const enders[] = {"where",  "group",  "order",  "having",
                                         "limit",  "union",  "except", "intersect",
                                         "select", "window", NULL};
    static const char *const from[] = {"from", NULL};
    static const char *const join[] = {"join", NULL};
    static const char *const distinct[] = {"distinct", NULL};
    static const char *const modifiers[] = {"lateral", NULL};

    if (is_word(word, from)) {
        s->expecting = !s->function[s->depth] && !is_word(s->last, distinct);
    } else if (is_word(word, join)) {
        s->expecting = true;
    } else if (is_word(word, enders)) {
        s->tables[s->depth] = false;
        s->expecting = false;
    } else if (!is_word(word, modifiers)) {
        s->expecting = false;
    }
}

static mr_status note_mark(scan *s, mr_model_draft *draft, char c, mr_err *err)
{
    static const char *const functions[] = {"extract", "trim", "substring", "overlay", NULL};

    if (c == '(') {
        if (s->depth + 1 == scan_depth_max) {
            return mr_model_fault(draft, err, "more than %d brackets within one another",
                                  scan_depth_max - 1);
        }
        if (s->expecting) {
            s->tables[s->depth] = true;
        }
        s->depth++;
        s->tables[s->depth] = false;
        s->function[s->depth] = is_word(s->last, functions);
        s->expecting = s->expecting && !s->function[s->depth];
    } else if (c == ')') {
        if (s->depth == 0) {
            return mr_model_fault(draft, err, "a bracket is closed that was not opened");
        }
        s->depth--;
        s->expecting = false;
    } else {
        s->expecting = c == ',' && s->tables[s->depth];
    }
    s->last = MR_TEXT_ABSENT;
    return MR_OK;
}

static mr_status scan_step(scan *s, mr_model_draft *draft, mr_err *err)
{
    static const char *const keywords[] = {"select", "from", "join", "lateral", "values", NULL};
    char c = s->rest.data[0];
    bool quoted = c == '"' || c == '`';

    if (c == '\'') {
        skip(s, quoted_bytes(s->rest));
        s->last = MR_TEXT_ABSENT;
        return MR_OK;
    }
    if (!is_letter(c) && !quoted) {
        skip(s, 1);
        return note_mark(s, draft, c, err);
    }
    mr_text word = take_name(s);
    if (s->expecting && (quoted || !is_word(word, keywords))) {
        s->last = word;
        return take_table(s, draft, word, err);
    }
    if (!quoted) {
        note_word(s, word);
    }
    s->last = word;
    return MR_OK;
}

mr_status mr_model_scan_references(mr_model_draft *draft, mr_err *err)
{
    scan s = {.rest = mr_text_of(draft->model.sql), .last = MR_TEXT_ABSENT};
    mr_status status = MR_OK;

    for (skip_blanks(&s); s.rest.bytes > 0 && status == MR_OK; skip_blanks(&s)) {
        status = scan_step(&s, draft, err);
    }
    if (status == MR_OK && s.depth > 0) {
        return mr_model_fault(draft, err, "a bracket is not closed");
    }
    return status;
}
