/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model_whole.c - what the parts of a model must be to one another. */
#include "medallion/model_private.h"

static mr_status require_columns(const mr_model_draft *draft, const char *entry,
                                 const mr_names *names, mr_err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        if (mr_model_find_column(&draft->model, names->names[i]) == NULL) {
            return mr_model_fault(draft, err, "%s: there is no column %s", entry, names->names[i]);
        }
    }
    return MR_OK;
}

static mr_status check_column(const mr_model_draft *draft, const mr_model_column *column,
                              mr_err *err)
{
    const mr_model *model = &draft->model;
    bool key = mr_names_has(&model->keys, column->name);

    if (model->mode != MR_MODEL_MERGE && column->rule != MR_RULE_NONE) {
        return mr_model_fault(draft, err, "column %s: only a model of mode merge has rules",
                              column->name);
    }
    if (model->mode == MR_MODEL_MERGE && key != (column->rule == MR_RULE_NONE)) {
        return mr_model_fault(
            draft, err,
            key ? "column %s: a key has no rule"
                : "column %s: a rule is missing: same, sum, min, max or latest by",
            column->name);
    }
    return require_columns(draft, "latest by", &column->version, err);
}

static mr_status check_references(const mr_model_draft *draft, mr_err *err)
{
    const mr_model *model = &draft->model;

    for (size_t i = 0; i < model->check_count; i++) {
        /* A published table's columns are those of its source. */
        mr_status status = model->mode == MR_MODEL_PUBLISH
                               ? MR_OK
                               : require_columns(draft, "check", &model->checks[i].columns, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

static mr_status check_mode(const mr_model_draft *draft, mr_err *err)
{
    const mr_model *model = &draft->model;
    bool stored = model->mode != MR_MODEL_VIEW;
    bool computed = stored && model->mode != MR_MODEL_PUBLISH;

    if (stored && model->from == NULL) {
        return mr_model_fault(draft, err, "'from' is missing: the table whose new rows it reads");
    }
    if (!stored && model->from != NULL) {
        return mr_model_fault(draft, err, "a view has no 'from': it is not stored");
    }
    if (!computed && (model->keys.count > 0 || model->partition.count > 0)) {
        return mr_model_fault(draft, err, "keys and partition are not for mode %s",
                              mr_model_mode_name(model->mode));
    }
    if (computed && model->keys.count == 0) {
        return mr_model_fault(draft, err, "'keys' is missing: what makes a row the same row");
    }
    if ((model->mode == MR_MODEL_REPLACE) != (model->group.count > 0)) {
        return mr_model_fault(draft, err, "mode replace, and it alone, wants a 'group'");
    }
    if (model->mode != MR_MODEL_MERGE && model->lookup.count > 0) {
        return mr_model_fault(draft, err, "'lookup' is for mode merge");
    }
    if (model->index.table != NULL && (model->mode != MR_MODEL_INSERT || model->prune.count == 0)) {
        return mr_model_fault(draft, err, "'index' is for mode insert, with 'prune'");
    }
    if (computed && model->column_count == 0) {
        return mr_model_fault(draft, err, "columns are missing");
    }
    if (model->partition.count > 4) {
        return mr_model_fault(draft, err, "a table is partitioned by at most 4 columns");
    }
    return MR_OK;
}

mr_status mr_model_check_whole(mr_model_draft *draft, mr_err *err)
{
    const mr_model *model = &draft->model;
    const mr_names indexed = {.names = {model->index.column},
                              .count = model->index.column != NULL ? 1 : 0};
    const struct {
        const char *entry;
        const mr_names *names;
    } lists[] = {{"keys", &model->keys},           {"group", &model->group},
                 {"partition", &model->partition}, {"order", &model->order},
                 {"prune", &model->prune},         {"index", &indexed}};
    mr_status status;

    draft->line = 1;
    if (model->name == NULL) {
        return mr_model_fault(draft, err, "the header has no 'name'");
    }
    status = check_mode(draft, err);
    for (size_t i = 0; status == MR_OK && i < sizeof(lists) / sizeof(lists[0]); i++) {
        status = require_columns(draft, lists[i].entry, lists[i].names, err);
    }
    for (size_t i = 0; status == MR_OK && i < model->column_count; i++) {
        status = check_column(draft, &model->columns[i], err);
    }
    return status == MR_OK ? check_references(draft, err) : status;
}
