/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/catalog.h - the set of models, and what each of them reads. */
#ifndef MR_MEDALLION_CATALOG_H
#define MR_MEDALLION_CATALOG_H

#include "medallion/medallion.h"

enum { mr_models_max = 256 };

struct mr_models {
    mr_model *models[mr_models_max]; /* in order: each behind what it reads */
    size_t count;
};

/* Adds a model (taken over, also on failure), or puts it in the place of its namesake when
 * `replace`; else two of one name are an error. */
mr_status mr_models_add(mr_models *models, mr_model *model, bool replace, mr_err *err);
/* Checks what models are to one another, and puts them in order. */
mr_status mr_models_arrange(mr_models *models, mr_err *err);

/* What `model` must stand behind: the tables it reads, its driving source, and those that its
 * checks look into. Calls visit once for each name. */
void mr_model_visit_sources(const mr_model *model, void (*visit)(void *ctx, const char *name),
                            void *ctx);
bool mr_model_reads(const mr_model *model, const char *name);

#endif
