/* SPDX-License-Identifier: Apache-2.0 */
/* eject/powerbi.h - the parts of a Power BI project, and what they share. */
#ifndef MR_EJECT_POWERBI_H
#define MR_EJECT_POWERBI_H

#include "eject/eject.h"
#include "eject/relation.h"

enum {
    mr_powerbi_bytes_max = 1 << 18,
    mr_powerbi_dimensions_max = 16
}; /* of one file; of the star */

/* A dimension, and the fact's column that leads to it: both from the check "references" of
 * gold.fact_sales. */
typedef struct mr_dimension {
    const mr_relation *relation;
    const char *column; /* of the fact */
    const char *key;    /* of the dimension */
    const char *date;   /* its column of type date: it is the calendar; NULL: it is none */
} mr_dimension;

typedef struct mr_powerbi {
    const mr_metrics *metrics;
    const mr_relations *relations;
    const mr_relation *fact;
    mr_dimension dimensions[mr_powerbi_dimensions_max];
    size_t dimension_count;
    const mr_eject_settings *settings;
    const mr_eject_sink *sink;
    mr_buffer *out; /* the file under way */
} mr_powerbi;

mr_status mr_powerbi_model(const mr_powerbi *powerbi, mr_err *err);
mr_status mr_powerbi_report(const mr_powerbi *powerbi, mr_err *err);

/* Hands the file to the sink, and begins the next. `path` is within the project's folder for
 * `part` ("SemanticModel", "Report"; NULL: beside them). */
mr_status mr_powerbi_end(const mr_powerbi *powerbi, const char *part, const char *path,
                         mr_err *err);
/* .platform: what Fabric's Git integration knows an item by; its id follows from its name. */
mr_status mr_powerbi_platform(const mr_powerbi *powerbi, const char *part, mr_err *err);

#endif
