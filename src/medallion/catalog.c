/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/catalog.c - the models built in, and those of a folder of the operator's.
 *
 * Owns the models. A new model of the house is a file below models/ and a line of the table here.
 * Not here: the order (graph.c).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "medallion/catalog.h"

#define MODELS(X)              \
    X(fact_sales)              \
    X(dim_customer)            \
    X(dim_product)             \
    X(dim_invoice)             \
    X(dim_date)                \
    X(gold_dim_customer)       \
    X(gold_dim_product)        \
    X(gold_dim_invoice)        \
    X(gold_dim_date)           \
    X(gold_fact_sales)         \
    X(mart_sales_by_day)       \
    X(mart_sales_by_hour)      \
    X(mart_sales_by_product)   \
    X(mart_orders)             \
    X(mart_sales_by_customer)  \
    X(vw_totalsales)           \
    X(vw_salesbytime)          \
    X(vw_top10sellingproducts) \
    X(vw_customerstats)        \
    X(vw_cancelledorders)      \
    X(vw_averageordervalue)

#define DECLARE(name)                          \
    extern const char mr_embed_##name##_sql[]; \
    extern const size_t mr_embed_##name##_sql_bytes;
MODELS(DECLARE)
#undef DECLARE

mr_status mr_models_add(mr_models *models, mr_model *model, bool replace, mr_err *err)
{
    for (size_t i = 0; i < models->count; i++) {
        if (strcmp(models->models[i]->name, model->name) != 0) {
            continue;
        }
        if (!replace) {
            mr_status status =
                mr_fail(err, MR_INVALID, "%s: %s is the name of a model already, in %s",
                        model->file, model->name, models->models[i]->file);
            mr_model_free(model);
            return status;
        }
        mr_model_free(models->models[i]);
        models->models[i] = model;
        return MR_OK;
    }
    if (models->count == mr_models_max) {
        mr_model_free(model);
        return mr_fail(err, MR_LIMIT, "more than %d models", mr_models_max);
    }
    models->models[models->count++] = model;
    return MR_OK;
}

static mr_status add_built_in(mr_models *models, mr_err *err)
{
#define ENTRY(name) {"models/" #name ".sql", mr_embed_##name##_sql, &mr_embed_##name##_sql_bytes},
    static const struct {
        const char *file;
        const char *text;
        const size_t *bytes;
    } entries[] = {MODELS(ENTRY)};
#undef ENTRY
    mr_status status = MR_OK;

    for (size_t i = 0; status == MR_OK && i < sizeof(entries) / sizeof(entries[0]); i++) {
        mr_model *model = NULL;

        status = mr_model_parse(entries[i].file, (mr_text){entries[i].text, *entries[i].bytes},
                                &model, err);
        if (status == MR_OK) {
            status = mr_models_add(models, model, false, err);
        }
    }
    return status;
}

static mr_status add_file(mr_models *models, const char *path, mr_err *err)
{
    mr_model *model = NULL;
    mr_buffer content;
    mr_status status;

    mr_buffer_init(&content, mr_model_bytes_max);
    status = mr_file_read(path, &content, err);
    if (status == MR_OK) {
        status = mr_model_parse(path, mr_buffer_text(&content), &model, err);
    }
    if (status == MR_OK) {
        status = mr_models_add(models, model, true, err);
    }
    mr_buffer_free(&content);
    return status;
}

static int is_model_file(const struct dirent *entry)
{
    size_t bytes = strlen(entry->d_name);

    return entry->d_name[0] != '.' && bytes > 4 && strcmp(entry->d_name + bytes - 4, ".sql") == 0;
}

/* A folder that is not there holds no models. */
static mr_status add_folder(mr_models *models, const char *folder, const char *layer, size_t *files,
                            mr_err *err)
{
    struct dirent **entries = NULL;
    char *path = mr_path_join(folder, layer);
    int count = scandir(path, &entries, is_model_file, alphasort);
    mr_status status = MR_OK;

    if (count < 0 && errno != ENOENT) {
        status = mr_fail_errno(err, errno, "read the folder of models %s", path);
    }
    for (int i = 0; i < count; i++) {
        char *file = mr_path_join(path, entries[i]->d_name);
        if (status == MR_OK) {
            status = add_file(models, file, err);
        }
        free(file);
        free(entries[i]);
        (*files)++;
    }
    free(entries);
    free(path);
    return status;
}

mr_status mr_models_load(const char *folder, mr_models **ret_models, mr_err *err)
{
    mr_models *models = mr_alloc_zero(1, sizeof(*models));
    size_t files = 0;
    mr_status status = add_built_in(models, err);

    if (status == MR_OK && folder != NULL) {
        status = add_folder(models, folder, "silver", &files, err);
        if (status == MR_OK) {
            status = add_folder(models, folder, "gold", &files, err);
        }
        if (status == MR_OK && files == 0) {
            status = mr_fail(err, MR_NOT_FOUND,
                             "there are no models in %s: they lie in silver/*.sql and gold/*.sql",
                             folder);
        }
    }
    if (status == MR_OK) {
        status = mr_models_arrange(models, err);
    }
    if (status != MR_OK) {
        mr_models_free(models);
        return status;
    }
    *ret_models = models;
    return MR_OK;
}

void mr_models_free(mr_models *models)
{
    if (models == NULL) {
        return;
    }
    for (size_t i = 0; i < models->count; i++) {
        mr_model_free(models->models[i]);
    }
    free(models);
}

size_t mr_models_count(const mr_models *models)
{
    return models->count;
}

const mr_model *mr_models_at(const mr_models *models, size_t index)
{
    MR_ASSERT(index < models->count);
    return models->models[index];
}

const mr_model *mr_models_find(const mr_models *models, const char *name)
{
    const mr_model *found = NULL;

    for (size_t i = 0; i < models->count; i++) {
        const mr_model *model = models->models[i];
        if (strcmp(model->name, name) == 0) {
            return model;
        }
        if (strcmp(model->table, name) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = model;
        }
    }
    return found;
}
