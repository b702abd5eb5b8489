/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model.c - a model's file, taken apart: header lines first, then the SELECT.
 *
 * Owns:       the model's arena. Called by catalog.c and tests; any thread.
 * Not here:   what a header's value means (model_header.c, model_column.c, model_check.c), what the
 *             parts must be to one another (model_whole.c), which tables are read (model_scan.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "medallion/model_private.h"

mr_status mr_model_fault(const mr_model_draft *draft, mr_err *err, const char *format, ...)
{
    char message[mr_err_message_bytes_max];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return mr_fail(err, MR_INVALID, "%s:%zu: %s", draft->model.file, draft->line, message);
}

const char *mr_model_keep(mr_model_draft *draft, mr_text text)
{
    char *copy = mr_arena_take(draft->arena, text.bytes + 1);

    MR_ASSERT(copy != NULL);
    if (text.bytes > 0) {
        memcpy(copy, text.data, text.bytes);
    }
    copy[text.bytes] = '\0';
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

mr_text mr_model_word(mr_text *rest)
{
    size_t start = 0;
    size_t end;
    int depth = 0;
    bool quoted = false;

    while (start < rest->bytes && is_blank(rest->data[start])) {
        start++;
    }
    for (end = start; end < rest->bytes; end++) {
        char c = rest->data[end];
        quoted ^= c == '\'';
        depth += !quoted && c == '(';
        depth -= !quoted && c == ')' && depth > 0;
        if (!quoted && depth == 0 && is_blank(c)) {
            break;
        }
    }
    mr_text word = {rest->data + start, end - start};
    *rest = (mr_text){rest->data + end, rest->bytes - end};
    return word;
}

/* The next line of *rest, without its end; *rest moves behind it. */
static mr_text take_line(mr_text *rest)
{
    const char *end = memchr(rest->data, '\n', rest->bytes);
    size_t bytes = end == NULL ? rest->bytes : (size_t)(end - rest->data);
    size_t taken = end == NULL ? bytes : bytes + 1;
    mr_text line = {rest->data, bytes};

    *rest = (mr_text){rest->data + taken, rest->bytes - taken};
    return line;
}

/* Reads "-- key: value"; other comments and blank lines of the header are passed over. */
static mr_status read_header_line(mr_model_draft *draft, mr_text line, mr_err *err)
{
    mr_text text = mr_text_trim((mr_text){line.data + 2, line.bytes - 2});
    size_t at = 0;

    while (at < text.bytes &&
           ((text.data[at] >= 'a' && text.data[at] <= 'z') || text.data[at] == '_')) {
        at++;
    }
    if (at == 0 || at == text.bytes || text.data[at] != ':') {
        return MR_OK;
    }
    mr_text key = {text.data, at};
    mr_text value = mr_text_trim((mr_text){text.data + at + 1, text.bytes - at - 1});
    return mr_model_read_entry(draft, key, value, err);
}

static mr_status read_header(mr_model_draft *draft, mr_text *rest, mr_err *err)
{
    while (rest->bytes > 0) {
        mr_text ahead = *rest;
        mr_text line = mr_text_trim(take_line(&ahead));
        mr_status status = MR_OK;

        if (line.bytes > 0 && !mr_text_starts_with(line, "--")) {
            return MR_OK;
        }
        draft->line++;
        *rest = ahead;
        if (line.bytes > 0) {
            status = read_header_line(draft, line, err);
        }
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

static mr_status read_select(mr_model_draft *draft, mr_text rest, mr_err *err)
{
    mr_text select = mr_text_trim(rest);

    draft->line++;
    if (select.bytes > 0 && select.data[select.bytes - 1] == ';') {
        select = mr_text_trim((mr_text){select.data, select.bytes - 1});
    }
    mr_text ahead = select;
    mr_text word = mr_model_word(&ahead);
    mr_text first = {word.data, word.bytes < 6 ? word.bytes : 6};
    if (!mr_text_equal_ignoring_case(first, MR_TEXT_LITERAL("select")) &&
        !mr_text_equal_ignoring_case(word, MR_TEXT_LITERAL("with"))) {
        return mr_model_fault(draft, err, "behind the header stands a SELECT, not '%.*s'",
                              (int)(word.bytes < 40 ? word.bytes : 40),
                              word.bytes > 0 ? word.data : "");
    }
    draft->model.sql = mr_model_keep(draft, select);
    return mr_model_scan_references(draft, err);
}

mr_status mr_model_parse(const char *file, mr_text text, mr_model **ret_model, mr_err *err)
{
    mr_model_draft *draft = NULL;
    mr_text rest = text;
    mr_status status;

    if (text.bytes > mr_model_bytes_max) {
        return mr_fail(err, MR_INVALID, "%s: a model has at most %d bytes", file,
                       mr_model_bytes_max);
    }
    if (text.bytes == 0 || !mr_utf8_valid(text) || memchr(text.data, '\0', text.bytes) != NULL) {
        return mr_fail(err, MR_INVALID, "%s: a model is text in UTF-8", file);
    }
    draft = mr_alloc_zero(1, sizeof(*draft));
    draft->arena = mr_arena_create(mr_model_arena_bytes_max);
    draft->model.file = mr_model_keep(draft, mr_text_of(file));
    draft->model.columns = draft->columns;
    draft->model.checks = draft->checks;
    draft->model.hash = (int64_t)(mr_hash64(text.data, text.bytes) >> 1);
    draft->model.mode = MR_MODEL_INSERT;
    status = read_header(draft, &rest, err);
    if (status == MR_OK) {
        status = read_select(draft, rest, err);
    }
    if (status == MR_OK) {
        status = mr_model_check_whole(draft, err);
    }
    if (status != MR_OK) {
        mr_model_free(&draft->model);
        return status;
    }
    *ret_model = &draft->model;
    return MR_OK;
}

void mr_model_free(mr_model *model)
{
    mr_model_draft *draft = (mr_model_draft *)(void *)model;

    if (draft != NULL) {
        mr_arena_destroy(draft->arena);
        free(draft);
    }
}

const mr_model_column *mr_model_find_column(const mr_model *model, const char *name)
{
    for (size_t i = 0; i < model->column_count; i++) {
        if (mr_text_equal_ignoring_case(mr_text_of(model->columns[i].name), mr_text_of(name))) {
            return &model->columns[i];
        }
    }
    return NULL;
}

bool mr_names_has(const mr_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (mr_text_equal_ignoring_case(mr_text_of(names->names[i]), mr_text_of(name))) {
            return true;
        }
    }
    return false;
}

const char *mr_model_mode_name(mr_model_mode mode)
{
    static const char *const names[] = {"insert", "merge", "replace", "publish", "view"};

    return names[mode];
}

const char *mr_check_kind_name(mr_check_kind kind)
{
    static const char *const names[] = {"not_null", "unique", "accepted_range", "accepted_values",
                                        "references"};

    return names[kind];
}

void mr_model_path_of(const char *name, char path[static mr_model_path_bytes_max])
{
    (void)snprintf(path, mr_model_path_bytes_max, "%s", name);
    char *dot = strchr(path, '.');
    if (dot != NULL) {
        *dot = '/';
    }
}
