/* SPDX-License-Identifier: Apache-2.0 */
/* eject/synapse.h - the scripts of Synapse's two pools, and what they share. */
#ifndef MR_EJECT_SYNAPSE_H
#define MR_EJECT_SYNAPSE_H

#include "eject/eject.h"
#include "eject/tsql.h"

enum { mr_synapse_bytes_max = 1 << 20 }; /* of one script */

typedef struct mr_synapse {
    const mr_metrics *metrics;
    const mr_relations *relations;
    const mr_eject_settings *settings;
    const mr_eject_sink *sink;
    mr_buffer *out; /* the script under way */
} mr_synapse;

mr_status mr_synapse_serverless(const mr_synapse *synapse, mr_err *err);
mr_status mr_synapse_dedicated(const mr_synapse *synapse, mr_err *err);

/* Begins a script with its head: who made it, and where it runs. */
void mr_synapse_begin(const mr_synapse *synapse, const char *what, const char *where);
/* Hands the script to the sink. */
mr_status mr_synapse_end(const mr_synapse *synapse, const char *path, mr_err *err);
/* Views of gold; the head of each says what it is. */
mr_status mr_synapse_views(const mr_synapse *synapse, const char *path, const char *where,
                           mr_err *err);
/* [gold].[metrics]: every metric, a row each, with its words and its value. */
mr_status mr_synapse_metrics(const mr_synapse *synapse, const char *path, const char *where,
                             mr_err *err);
/* "[a], [b]", each with its prefix ("t."); technical columns too. */
void mr_synapse_put_columns(const mr_synapse *synapse, const mr_model *shape, const char *prefix);

#endif
