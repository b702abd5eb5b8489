/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/medallion.h - silver and gold: the models, and the runner that makes tables of them.
 *
 * A run brings every table up to its sources: it reads what its driving source has gained since the
 * version recorded in the table's own last commit, and commits rows and new version together. So a
 * run that dies, or one that comes twice, changes nothing that the next one would not do as well.
 *
 * Threads: a handle belongs to one thread (the stop flag alone may be set from any). Several
 * processes may run at once: each table's commit compares and sets, the loser reads again.
 */
#ifndef MR_MEDALLION_MEDALLION_H
#define MR_MEDALLION_MEDALLION_H

#include <stdatomic.h>

#include "base/decimal.h"
#include "bus/bus.h"
#include "lake/blob.h"
#include "medallion/model.h"
#include "medallion/spark.h"
#include "olap/olap.h"
#include "store/store.h"

/* --- Models ----------------------------------------------------------------------------------- */

typedef struct mr_models mr_models;

/* Those built in, with those of `folder` (silver/ and gold/ in it; NULL = none) added or put in
 * their place. In an order in which each stands behind what it reads. Circles, unknown tables and
 * columns are MR_INVALID. */
mr_status mr_models_load(const char *folder, mr_models **ret_models, mr_err *err);
void mr_models_free(mr_models *models); /* NULL is fine */
size_t mr_models_count(const mr_models *models);
const mr_model *mr_models_at(const mr_models *models, size_t index);
/* By "silver.fact_sales", or "fact_sales" where only one layer has it; NULL: none. */
const mr_model *mr_models_find(const mr_models *models, const char *name);

/* --- Runs ------------------------------------------------------------------------------------- */

typedef enum mr_model_state {
    MR_MODEL_DONE,
    MR_MODEL_SKIPPED, /* nothing to do; `message` says why */
    MR_MODEL_FAILED,
    MR_MODEL_BLOCKED, /* something it reads failed */
} mr_model_state;

typedef struct mr_check_result {
    const char *check; /* as the model's header has it */
    int64_t rows;      /* that break it; 0: it holds */
    char sample[256];  /* keys of some of them */
} mr_check_result;

typedef struct mr_model_report {
    const mr_model *model;
    mr_model_state state;
    bool full;         /* computed from everything, not from what was new */
    int64_t rows_read; /* of the driving source */
    int64_t rows_new, rows_changed;
    int64_t rows_known; /* read, and there already */
    int64_t rows;       /* of the table now; -1: unknown */
    uint64_t files_added, files_removed, bytes_added;
    int64_t version_from, version_to; /* of the driving source; -1 = from nothing */
    int64_t version;                  /* of the table; -1: there is none yet */
    uint64_t us;
    mr_check_result checks[mr_model_checks_max];
    size_t check_count;
    char message[mr_err_message_bytes_max]; /* why it was skipped, failed, or made anew */
} mr_model_report;

/* One comparison of counts or money between two places. */
typedef struct mr_balance {
    const char *name; /* "bronze rows = silver lines + repeats" */
    bool known;       /* false: a side cannot be told; `note` says why */
    bool money;       /* amounts in ten-thousandths, else counts */
    mr_amount left, right, difference;
    bool holds;
    char note[160];
} mr_balance;

enum { mr_balances_max = 16 };

typedef struct mr_reconciliation {
    mr_balance balances[mr_balances_max];
    size_t count;
    bool holds; /* all that are known hold */
    /* Of bronze.sales_events, silver.fact_sales, gold.fact_sales; -1 = no such table yet. */
    int64_t bronze_version, silver_version, gold_version;
} mr_reconciliation;

/* A balance as a run kept it; amounts are the digits it wrote, "" where it is not known. */
typedef struct mr_kept_balance {
    char name[96];
    bool known, holds;
    char left[mr_amount_text_bytes_max], right[mr_amount_text_bytes_max];
    char difference[mr_amount_text_bytes_max];
    char note[160];
} mr_kept_balance;

typedef struct mr_kept_reconciliation {
    char run[40];
    int64_t started_ms; /* of that run */
    int64_t bronze_version, silver_version, gold_version;
    bool holds;
    size_t count;
    mr_kept_balance balances[mr_balances_max];
} mr_kept_reconciliation;

typedef struct mr_run_report {
    char id[40];        /* of this run */
    const char *engine; /* "duckdb", "spark"; static */
    int64_t started_ms;
    uint64_t us;
    mr_model_report *models; /* in the order they were run */
    size_t model_count;
    size_t done, skipped, failed, blocked;
    mr_reconciliation reconciliation;
    bool ok; /* nothing failed and the reconciliation holds */
} mr_run_report;

void mr_run_report_free(mr_run_report *report); /* NULL is fine */
/* "done", "skipped" (nothing was new) or "failed". */
const char *mr_run_report_status(const mr_run_report *report);
/* The whole report as one line of JSON. */
bool mr_run_report_json(const mr_run_report *report, mr_buffer *out);
bool mr_reconciliation_json(const mr_reconciliation *reconciliation, mr_buffer *out);
const char *mr_model_state_name(mr_model_state state);

typedef struct mr_run_progress {
    const mr_model *model;
    size_t index, count;           /* of the models of this run */
    const mr_model_report *report; /* NULL: it begins, or goes on; else it has ended */
    const char *note;              /* it goes on: what the engine is at; NULL: it begins */
} mr_run_progress;

/* What a run is compared with; each may be NULL, and its balances are then unknown. */
typedef struct mr_run_peers {
    mr_bus *bus;
    const char *topic; /* the ingestion topic */
    const mr_store_options *store;
} mr_run_peers;

typedef struct mr_run_options {
    mr_blobs *blobs;
    const mr_models *models;
    mr_olap_options engine;        /* DuckDB: computes, or (with spark) does the upkeep alone */
    const mr_spark_options *spark; /* NULL: DuckDB computes */
    mr_engine *kept_engine;        /* instead: one that outlives the run; NULL: none */
    mr_run_peers peers;
    const char *layer;         /* "silver", "gold"; NULL = all */
    const char *const *select; /* names of models, NULL-terminated; NULL = all of the layer */
    bool full_refresh;
    const char *date; /* "2026-11-23": also what was ingested on that day, again; NULL = none */
    bool keep_quiet;  /* no rows for ops/quality */
    const atomic_bool *stop; /* set: ends the run after the model under way; may be NULL */
    void (*progress)(void *ctx, const mr_run_progress *progress); /* may be NULL */
    void *ctx;
} mr_run_options;

/* Runs the models in order. A model that fails blocks those that read it, and the run goes on with
 * the others: MR_OK with report->ok false. Other statuses: nothing could be run at all. */
mr_status mr_medallion_run(const mr_run_options *options, mr_run_report **ret_report, mr_err *err);

/* Compares counts and money of log, store, bronze, silver and gold from what each of them keeps,
 * without reading rows. */
mr_status mr_medallion_reconcile(mr_blobs *blobs, const mr_models *models,
                                 const mr_run_peers *peers, mr_reconciliation *ret_reconciliation,
                                 mr_err *err);

/* The balances of the last run that kept any (beside their rows in ops/quality), without an engine.
 * A run that found nothing to do keeps them only when they hold no longer, or again. MR_NOT_FOUND:
 * there are none. */
mr_status mr_medallion_last_reconciliation(mr_blobs *blobs, mr_kept_reconciliation *ret_kept,
                                           mr_err *err);

#endif
