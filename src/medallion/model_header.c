/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model_header.c - the entries of a model's header.
 *
 * A table of keys; columns and checks have files of their own. Called by model.c.
 */
#include "medallion/model_private.h"

static bool is_name(mr_text word)
{
    for (size_t i = 0; i < word.bytes; i++) {
        char c = word.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return word.bytes > 0 && word.bytes <= 64;
}

mr_status mr_model_read_names(mr_model_draft *draft, mr_text words, mr_names *ret_names,
                              mr_err *err)
{
    mr_names names = {.count = 0};

    for (mr_text word = mr_model_word(&words); word.bytes > 0; word = mr_model_word(&words)) {
        if (!is_name(word)) {
            return mr_model_fault(draft, err, "'%.*s' is not a column's name", MR_TEXT_ARGS(word));
        }
        if (names.count == mr_model_names_max) {
            return mr_model_fault(draft, err, "more than %d columns", mr_model_names_max);
        }
        names.names[names.count++] = mr_model_keep(draft, word);
    }
    if (names.count == 0) {
        return mr_model_fault(draft, err, "names of columns are missing");
    }
    *ret_names = names;
    return MR_OK;
}

/* "silver.fact_sales" */
static bool split_table(mr_text name, mr_text *ret_layer, mr_text *ret_table)
{
    const char *dot = memchr(name.data, '.', name.bytes);

    if (dot == NULL) {
        return false;
    }
    *ret_layer = (mr_text){name.data, (size_t)(dot - name.data)};
    *ret_table = (mr_text){dot + 1, name.bytes - ret_layer->bytes - 1};
    return is_name(*ret_layer) && is_name(*ret_table);
}

static mr_status read_name(mr_model_draft *draft, mr_text value, mr_err *err)
{
    mr_text layer;
    mr_text table;

    if (value.bytes == 0 || !split_table(value, &layer, &table) ||
        !(mr_text_equal(layer, MR_TEXT_LITERAL("silver")) ||
          mr_text_equal(layer, MR_TEXT_LITERAL("gold")))) {
        return mr_model_fault(draft, err, "a name is silver.table or gold.table, not '%.*s'",
                              MR_TEXT_ARGS(value));
    }
    draft->model.name = mr_model_keep(draft, value);
    draft->model.layer = mr_model_keep(draft, layer);
    draft->model.table = mr_model_keep(draft, table);
    return MR_OK;
}

static mr_status read_mode(mr_model_draft *draft, mr_text value, mr_err *err)
{
    for (int mode = MR_MODEL_INSERT; mode <= MR_MODEL_VIEW; mode++) {
        if (mr_text_equal(value, mr_text_of(mr_model_mode_name((mr_model_mode)mode)))) {
            draft->model.mode = (mr_model_mode)mode;
            return MR_OK;
        }
    }
    return mr_model_fault(draft, err,
                          "a mode is insert, merge, replace, publish or view, not '%.*s'",
                          MR_TEXT_ARGS(value));
}

static mr_status read_from(mr_model_draft *draft, mr_text value, mr_err *err)
{
    mr_text layer;
    mr_text table;

    if (value.bytes == 0 || !split_table(value, &layer, &table)) {
        return mr_model_fault(draft, err, "'from' names a table as layer.table, not '%.*s'",
                              MR_TEXT_ARGS(value));
    }
    draft->model.from = mr_model_keep(draft, value);
    return MR_OK;
}

static mr_status read_sum(mr_model_draft *draft, mr_text value, mr_err *err)
{
    mr_names names;
    mr_status status = mr_model_read_names(draft, value, &names, err);

    if (status == MR_OK && names.count != 1) {
        return mr_model_fault(draft, err, "'sum' names one column");
    }
    if (status == MR_OK) {
        draft->model.sum = names.names[0];
    }
    return status;
}

/* TABLE [COLUMN between LEAST GREATEST] */
static mr_status read_index(mr_model_draft *draft, mr_text value, mr_err *err)
{
    mr_model_index *index = &draft->model.index;
    mr_text words = value;
    mr_text table = mr_model_word(&words);
    mr_text column = mr_model_word(&words);
    mr_text between = mr_model_word(&words);
    mr_text least = mr_model_word(&words);
    mr_text greatest = mr_model_word(&words);
    mr_text parts[2];
    bool spans = is_name(column) && is_name(least) && is_name(greatest) &&
                 mr_text_equal(between, MR_TEXT_LITERAL("between"));

    if (table.bytes == 0 || !split_table(table, &parts[0], &parts[1]) ||
        (column.bytes > 0 && !spans) || mr_model_word(&words).bytes > 0) {
        return mr_model_fault(draft, err,
                              "'index' is layer.table, then at most: column between least "
                              "greatest");
    }
    index->table = mr_model_keep(draft, table);
    if (spans) {
        index->column = mr_model_keep(draft, column);
        index->least = mr_model_keep(draft, least);
        index->greatest = mr_model_keep(draft, greatest);
    }
    return MR_OK;
}

static mr_status read_file_bytes(mr_model_draft *draft, mr_text value, mr_err *err)
{
    uint64_t bytes = 0;

    if (!mr_parse_bytes(value, &bytes) || bytes < 65536) {
        return mr_model_fault(draft, err, "file_bytes is a size such as 8MiB, at least 64KiB");
    }
    draft->model.file_bytes = bytes;
    return MR_OK;
}

static mr_status read_description(mr_model_draft *draft, mr_text value, mr_err *err)
{
    (void)err;
    draft->model.description = mr_model_keep(draft, value);
    return MR_OK;
}

#define NAMES_READER(field)                                                          \
    static mr_status read_##field(mr_model_draft *draft, mr_text value, mr_err *err) \
    {                                                                                \
        return mr_model_read_names(draft, value, &draft->model.field, err);          \
    }
NAMES_READER(keys)
NAMES_READER(group)
NAMES_READER(partition)
NAMES_READER(order)
NAMES_READER(prune)
NAMES_READER(lookup)
#undef NAMES_READER

mr_status mr_model_read_entry(mr_model_draft *draft, mr_text key, mr_text value, mr_err *err)
{
    static const struct {
        const char *key;
        mr_status (*read)(mr_model_draft *draft, mr_text value, mr_err *err);
    } entries[] = {
        {"name", read_name},
        {"description", read_description},
        {"mode", read_mode},
        {"from", read_from},
        {"keys", read_keys},
        {"group", read_group},
        {"partition", read_partition},
        {"order", read_order},
        {"prune", read_prune},
        {"lookup", read_lookup},
        {"index", read_index},
        {"sum", read_sum},
        {"file_bytes", read_file_bytes},
        {"column", mr_model_read_column},
        {"check", mr_model_read_check},
    };

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (mr_text_equal(key, mr_text_of(entries[i].key))) {
            return entries[i].read(draft, value, err);
        }
    }
    return mr_model_fault(draft, err, "there is no entry '%.*s'", MR_TEXT_ARGS(key));
}
