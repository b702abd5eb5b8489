/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model_column.c - a column of a model's header:
 *     name type[, not null][, same | sum | min | max | latest by column...][: description]
 */
#include "medallion/model_private.h"

static bool is_decimal(mr_text type)
{
    uint64_t digits = 0;
    uint64_t places = 0;
    const char *comma = memchr(type.data, ',', type.bytes);

    if (!mr_text_starts_with(type, "decimal(") || comma == NULL ||
        type.data[type.bytes - 1] != ')') {
        return false;
    }
    mr_text left = {type.data + 8, (size_t)(comma - type.data) - 8};
    mr_text right = {comma + 1, (size_t)(type.data + type.bytes - comma) - 2};
    return mr_parse_uint64(left, 38, &digits) && mr_parse_uint64(right, digits, &places) &&
           digits > 0;
}

static bool is_type(mr_text type)
{
    static const char *const types[] = {"string", "long",      "integer", "binary",
                                        "date",   "timestamp", "boolean", "double"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (mr_text_equal(type, mr_text_of(types[i]))) {
            return true;
        }
    }
    return type.bytes > 0 && is_decimal(type);
}

/* "string(32)" is a string, and says how long one can be; so do binaries. */
static mr_text read_length(mr_text type, uint32_t *ret_length_max)
{
    static const char *const words[] = {"string", "binary"};
    uint64_t length = 0;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const size_t bytes = strlen(words[i]);
        if (mr_text_starts_with(type, words[i]) && type.bytes > bytes + 2 &&
            type.data[bytes] == '(' && type.data[type.bytes - 1] == ')' &&
            mr_parse_uint64((mr_text){type.data + bytes + 1, type.bytes - bytes - 2},
                            mr_model_length_max, &length) &&
            length > 0) {
            *ret_length_max = (uint32_t)length;
            return (mr_text){type.data, bytes};
        }
    }
    return type;
}

static mr_status read_rule(mr_model_draft *draft, mr_model_column *column, mr_text word,
                           mr_text *rest, mr_err *err)
{
    static const struct {
        const char *word;
        mr_column_rule rule;
    } rules[] = {{"same", MR_RULE_SAME},
                 {"sum", MR_RULE_SUM},
                 {"min", MR_RULE_MIN},
                 {"max", MR_RULE_MAX},
                 {"latest", MR_RULE_LATEST}};
    mr_column_rule rule = MR_RULE_NONE;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (mr_text_equal(word, mr_text_of(rules[i].word))) {
            rule = rules[i].rule;
        }
    }
    if (rule == MR_RULE_NONE || column->rule != MR_RULE_NONE) {
        return mr_model_fault(draft, err,
                              "column %s: one of not null, same, sum, min, max, latest by ... is "
                              "expected, not '%.*s'",
                              column->name, MR_TEXT_ARGS(word));
    }
    column->rule = rule;
    if (rule != MR_RULE_LATEST) {
        return MR_OK;
    }
    if (!mr_text_equal(mr_model_word(rest), MR_TEXT_LITERAL("by"))) {
        return mr_model_fault(draft, err, "column %s: 'latest by' and names of columns",
                              column->name);
    }
    mr_text names = *rest;
    *rest = (mr_text){rest->data + rest->bytes, 0};
    return mr_model_read_names(draft, names, &column->version, err);
}

static mr_status read_words(mr_model_draft *draft, mr_model_column *column, mr_text words,
                            mr_err *err)
{
    for (mr_text word = mr_model_word(&words); word.bytes > 0; word = mr_model_word(&words)) {
        mr_status status = MR_OK;

        if (mr_text_equal(word, MR_TEXT_LITERAL("not"))) {
            if (!mr_text_equal(mr_model_word(&words), MR_TEXT_LITERAL("null"))) {
                return mr_model_fault(draft, err, "column %s: 'not null'", column->name);
            }
            column->not_null = true;
        } else {
            status = read_rule(draft, column, word, &words, err);
        }
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

mr_status mr_model_read_column(mr_model_draft *draft, mr_text value, mr_err *err)
{
    const char *colon = value.bytes > 0 ? memchr(value.data, ':', value.bytes) : NULL;
    mr_text words = {value.data, colon == NULL ? value.bytes : (size_t)(colon - value.data)};
    mr_model_column *column = &draft->columns[draft->model.column_count];
    mr_names name;

    if (draft->model.column_count == mr_model_columns_max) {
        return mr_model_fault(draft, err, "more than %d columns", mr_model_columns_max);
    }
    mr_status status = mr_model_read_names(draft, mr_model_word(&words), &name, err);
    if (status != MR_OK) {
        return status;
    }
    if (mr_model_find_column(&draft->model, name.names[0]) != NULL) {
        return mr_model_fault(draft, err, "column %s stands twice", name.names[0]);
    }
    mr_text type = read_length(mr_model_word(&words), &column->length_max);
    if (!is_type(type)) {
        return mr_model_fault(
            draft, err,
            "column %s: a type is string, string(n), long, integer, decimal(p,s), "
            "binary, binary(n), date, timestamp, boolean or double, not '%.*s'",
            name.names[0], MR_TEXT_ARGS(type));
    }
    column->name = name.names[0];
    column->type = mr_model_keep(draft, type);
    column->description =
        colon == NULL
            ? NULL
            : mr_model_keep(draft, mr_text_trim((mr_text){
                                       colon + 1, (size_t)(value.data + value.bytes - colon) - 1}));
    status = read_words(draft, column, words, err);
    draft->model.column_count += status == MR_OK;
    return status;
}
