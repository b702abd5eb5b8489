/* SPDX-License-Identifier: Apache-2.0 */
/* model_parse_fuzz.c - any bytes as a model's file: refused with a reason, or whole. */
#include "medallion/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    mr_text text = {(const char *)data, bytes};
    mr_model *model = NULL;
    mr_err err;

    if (mr_model_parse("fuzz.sql", text, &model, &err) == MR_OK) {
        MR_ASSERT(model->name != NULL && model->sql != NULL && model->hash >= 0);
        MR_ASSERT(model->column_count <= mr_model_columns_max);
        MR_ASSERT(model->reference_count <= mr_model_references_max);
        for (size_t i = 0; i < model->keys.count; i++) {
            MR_ASSERT(mr_model_find_column(model, model->keys.names[i]) != NULL);
        }
    } else {
        MR_ASSERT(err.message[0] != '\0' && model == NULL);
    }
    mr_model_free(model);
    return 0;
}
