/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish.h - gold in a schema of PostgreSQL, for any tool that reads one.
 *
 * Tables and views have the models' names, columns, types, keys and descriptions. One transaction
 * brings the schema from the versions of the lake's tables that it holds to those that there are
 * now, and keeps these versions beside the rows: so readers see the old or the new, a publication
 * that dies leaves the old, and the next one carries what changed since.
 *
 * Threads: all in the caller's. Several processes may publish into one schema: they take turns.
 */
#ifndef MR_PUBLISH_PUBLISH_H
#define MR_PUBLISH_PUBLISH_H

#include "medallion/medallion.h"
#include "store/store.h"

enum {
    mr_publish_reason_bytes_max = 160,
    mr_publish_schema_bytes_max = 64, /* of an identifier in PostgreSQL, with a NUL */
};

typedef enum mr_publish_way {
    MR_PUBLISH_NOTHING, /* the schema has it already */
    MR_PUBLISH_CHANGES, /* rows of the files that are new or gone */
    MR_PUBLISH_WHOLE,   /* all rows; `reason` says why */
    MR_PUBLISH_DEFINE,  /* a view */
    MR_PUBLISH_DROP,    /* its model is gone */
} mr_publish_way;

typedef struct mr_publish_item {
    char name[mr_publish_schema_bytes_max];
    const mr_model *model; /* NULL: MR_PUBLISH_DROP */
    mr_publish_way way;
    int64_t version_from, version; /* of the lake's table; -1: none, or a view */
    int64_t rows;                  /* of the table now; -1: unknown, or a view */
    uint64_t files_read;
    uint64_t rows_put, rows_removed; /* 0 of a dry run; a changed row is one of each */
    char reason[mr_publish_reason_bytes_max];
} mr_publish_item;

typedef struct mr_publish_report {
    char target[192]; /* "publish postgresql://host:5432/database", no password */
    char schema[mr_publish_schema_bytes_max];
    bool dry_run;
    bool granted; /* the reader lacked a right, and was given it */
    mr_publish_item *items;
    size_t count;
    uint64_t rows_put, rows_removed;
    uint64_t us;
} mr_publish_report;

typedef struct mr_publish_options {
    mr_blobs *blobs;
    const mr_models *models;
    mr_olap_options engine; /* reads the files */
    /* "postgresql://...", "postgresql:service=name", "postgresql:" (all from server). */
    const char *url;
    mr_store_server server;
    const char *schema; /* made when missing */
    const char *reader; /* a role that may read it; NULL: none is given rights */
    bool full;          /* every table whole */
    bool dry_run;       /* plans, and changes nothing */
    /* Rows of the table that were sent so far; may be NULL. */
    void (*progress)(void *ctx, const mr_publish_item *item, size_t index, size_t count,
                     uint64_t rows);
    void *ctx;
} mr_publish_options;

/* MR_EXISTS: the schema has a table of such a name that is not of a publication. MR_UNAVAILABLE:
 * the server is away, another publication takes too long, or gold's tables are not of one state
 * (a run is under way): later it may do. MR_NOT_FOUND: gold has not been made yet. */
mr_status mr_publish(const mr_publish_options *options, mr_publish_report **ret_report,
                     mr_err *err);
void mr_publish_report_free(mr_publish_report *report); /* NULL is fine */
/* Whether there was anything to do. */
bool mr_publish_report_changed(const mr_publish_report *report);
/* The whole report as one line of JSON, as tasks of runs report. */
bool mr_publish_report_json(const mr_publish_report *report, mr_buffer *out);
const char *mr_publish_way_name(mr_publish_way way);

#endif
