/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model_check.c - a check of a model's header:
 *     not_null column... | unique column... | accepted_range column LEAST GREATEST
 *     accepted_values column VALUE... | references column layer.table.column
 * Values are numbers, 'texts', or null for no bound.
 */
#include "medallion/model_private.h"

/* A number, a text in quotes, null, true or false: nothing that could be more than a value. */
static bool is_literal(mr_text word)
{
    if (word.data == NULL || word.bytes == 0) {
        return false;
    }
    if (mr_text_equal(word, MR_TEXT_LITERAL("null")) ||
        mr_text_equal(word, MR_TEXT_LITERAL("true")) ||
        mr_text_equal(word, MR_TEXT_LITERAL("false"))) {
        return true;
    }
    if (word.bytes >= 2 && word.data[0] == '\'' && word.data[word.bytes - 1] == '\'') {
        return memchr(word.data + 1, '\'', word.bytes - 2) == NULL;
    }
    for (size_t i = 0; i < word.bytes; i++) {
        char c = word.data[i];
        if (!(c >= '0' && c <= '9') && c != '.' && !(i == 0 && c == '-' && word.bytes > 1)) {
            return false;
        }
    }
    return true;
}

static mr_status read_values(mr_model_draft *draft, mr_model_check *check, mr_text words,
                             mr_err *err)
{
    for (mr_text word = mr_model_word(&words); word.bytes > 0; word = mr_model_word(&words)) {
        if (!is_literal(word)) {
            return mr_model_fault(draft, err, "'%.*s' is neither a number nor a text in quotes",
                                  MR_TEXT_ARGS(word));
        }
        if (check->value_count == mr_model_values_max) {
            return mr_model_fault(draft, err, "more than %d values", mr_model_values_max);
        }
        check->values[check->value_count++] = mr_model_keep(draft, word);
    }
    if (check->kind == MR_CHECK_RANGE ? check->value_count != 2 : check->value_count == 0) {
        return mr_model_fault(draft, err, "%s",
                              check->kind == MR_CHECK_RANGE
                                  ? "accepted_range wants a column, the least and the greatest "
                                    "value (null: no bound)"
                                  : "accepted_values wants a column and values");
    }
    return MR_OK;
}

static mr_status read_target(mr_model_draft *draft, mr_model_check *check, mr_text words,
                             mr_err *err)
{
    mr_text target = mr_model_word(&words);
    size_t dot = target.bytes;

    while (dot > 0 && target.data[dot - 1] != '.') {
        dot--;
    }
    if (dot < 2 || dot == target.bytes || memchr(target.data, '.', dot - 1) == NULL ||
        mr_model_word(&words).bytes > 0) {
        return mr_model_fault(draft, err, "references wants a column, then layer.table.column");
    }
    check->target = mr_model_keep(draft, (mr_text){target.data, dot - 1});
    check->target_column = mr_model_keep(draft, (mr_text){target.data + dot, target.bytes - dot});
    return MR_OK;
}

static bool find_kind(mr_text word, mr_check_kind *ret_kind)
{
    for (int kind = MR_CHECK_NOT_NULL; kind <= MR_CHECK_REFERENCES; kind++) {
        if (mr_text_equal(word, mr_text_of(mr_check_kind_name((mr_check_kind)kind)))) {
            *ret_kind = (mr_check_kind)kind;
            return true;
        }
    }
    return false;
}

mr_status mr_model_read_check(mr_model_draft *draft, mr_text value, mr_err *err)
{
    mr_text words = value;
    mr_text word = mr_model_word(&words);
    mr_model_check *check = &draft->checks[draft->model.check_count];
    mr_status status;

    if (draft->model.check_count == mr_model_checks_max) {
        return mr_model_fault(draft, err, "more than %d checks", mr_model_checks_max);
    }
    if (!find_kind(word, &check->kind)) {
        return mr_model_fault(draft, err,
                              "a check is not_null, unique, accepted_range, accepted_values or "
                              "references, not '%.*s'",
                              MR_TEXT_ARGS(word));
    }
    check->text = mr_model_keep(draft, value);
    if (check->kind == MR_CHECK_NOT_NULL || check->kind == MR_CHECK_UNIQUE) {
        status = mr_model_read_names(draft, words, &check->columns, err);
    } else {
        status = mr_model_read_names(draft, mr_model_word(&words), &check->columns, err);
        if (status == MR_OK) {
            status = check->kind == MR_CHECK_REFERENCES ? read_target(draft, check, words, err)
                                                        : read_values(draft, check, words, err);
        }
    }
    draft->model.check_count += status == MR_OK;
    return status;
}
