/* SPDX-License-Identifier: Apache-2.0 */
/* eject/eject.h - the platform's tables and figures as other systems spell them: what a team takes
 * along when it leaves for them. All names, types and words are those of the models and metrics.
 *
 * Threads: any; nothing is kept. A generator hands each file of its folder to the sink, in an order
 * that does not change, and ends with the sink's first failure.
 */
#ifndef MR_EJECT_EJECT_H
#define MR_EJECT_EJECT_H

#include "base/status.h"
#include "base/text.h"
#include "medallion/medallion.h"
#include "medallion/metric.h"

typedef struct mr_eject_sink {
    /* path is relative ("serverless/1_database.sql"), content UTF-8; both are borrowed. */
    mr_status (*put)(void *ctx, const char *path, mr_text content, mr_err *err);
    void *ctx;
} mr_eject_sink;

/* What the files are filled in with; texts are borrowed. */
typedef struct mr_eject_settings {
    const char *account;       /* storage account, "millracelake" */
    const char *container;     /* of the lake, "lake" */
    const char *folder;        /* of the lake within it, "" or "shop" */
    const char *exchange;      /* container that Synapse may write, "synapse" */
    const char *database;      /* in Synapse and of the Power BI project, "millrace" */
    const char *workspace;     /* of Synapse, "millrace-dev-synapse" */
    const char *postgres_host; /* of published marts, "localhost" or "host:5433" */
    const char *postgres_database;
} mr_eject_settings;

/* Those of deploy/: names to be replaced. */
extern const mr_eject_settings mr_eject_defaults;

/* synapse/: scripts for a serverless and for a dedicated pool. MR_INVALID: a name of storage is
 * none. MR_UNSUPPORTED: a view of the models is written in SQL that T-SQL has not got; err names
 * it. */
mr_status mr_synapse_write(const mr_models *models, const mr_metrics *metrics,
                           const mr_eject_settings *settings, const mr_eject_sink *sink,
                           mr_err *err);

/* powerbi/: a PBIP project (semantic model and report) over Synapse, and .pbids files. */
mr_status mr_powerbi_write(const mr_models *models, const mr_metrics *metrics,
                           const mr_eject_settings *settings, const mr_eject_sink *sink,
                           mr_err *err);

#endif
