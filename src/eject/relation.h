/* SPDX-License-Identifier: Apache-2.0 */
/* eject/relation.h - the tables of gold as generators look at them. */
#ifndef MR_EJECT_RELATION_H
#define MR_EJECT_RELATION_H

#include "medallion/medallion.h"

enum { mr_relations_max = 64 };

/* A table or view of gold. `shape` is the model that has its columns and keys: its own, or the one
 * whose table it publishes. */
typedef struct mr_relation {
    const mr_model *model;
    const mr_model *shape;
    bool by_date; /* rows of a key never move to another DateID: days can be loaded by themselves */
} mr_relation;

typedef struct mr_relations {
    mr_relation tables[mr_relations_max];
    size_t table_count;
    const mr_model *views[mr_relations_max]; /* each behind what it reads */
    size_t view_count;
} mr_relations;

mr_status mr_relations_of(const mr_models *models, mr_relations *ret_relations, mr_err *err);
/* By the table's name within gold; NULL: there is none. */
const mr_relation *mr_relations_find(const mr_relations *relations, const char *table);
/* Columns that are the merge's own bookkeeping begin with a small letter: not for reports. */
bool mr_column_is_technical(const mr_model_column *column);

#endif
