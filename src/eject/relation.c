/* SPDX-License-Identifier: Apache-2.0 */
/* eject/relation.c - see relation.h. Called by: eject/synapse.c, eject/powerbi.c. */
#include "eject/relation.h"

static bool days_stand_alone(const mr_model *shape)
{
    return mr_model_find_column(shape, "DateID") != NULL &&
           (mr_names_has(&shape->keys, "DateID") || shape->mode == MR_MODEL_INSERT);
}

mr_status mr_relations_of(const mr_models *models, mr_relations *ret_relations, mr_err *err)
{
    mr_relations relations = {.table_count = 0};

    for (size_t i = 0; i < mr_models_count(models); i++) {
        const mr_model *model = mr_models_at(models, i);
        const mr_model *shape = model;

        if (strcmp(model->layer, "gold") != 0) {
            continue;
        }
        if (relations.table_count + relations.view_count == mr_relations_max) {
            return mr_fail(err, MR_LIMIT, "gold has more than %d tables", mr_relations_max);
        }
        if (model->mode == MR_MODEL_VIEW) {
            relations.views[relations.view_count++] = model;
            continue;
        }
        while (shape->mode == MR_MODEL_PUBLISH) {
            shape = mr_models_find(models, shape->from);
            MR_ASSERT(shape != NULL); /* the models were arranged */
        }
        relations.tables[relations.table_count++] =
            (mr_relation){.model = model, .shape = shape, .by_date = days_stand_alone(shape)};
    }
    *ret_relations = relations;
    return MR_OK;
}

const mr_relation *mr_relations_find(const mr_relations *relations, const char *table)
{
    for (size_t i = 0; i < relations->table_count; i++) {
        if (strcmp(relations->tables[i].model->table, table) == 0) {
            return &relations->tables[i];
        }
    }
    return NULL;
}

bool mr_column_is_technical(const mr_model_column *column)
{
    return column->name[0] >= 'a' && column->name[0] <= 'z';
}
