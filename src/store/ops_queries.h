/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_queries.h - queries of the SQL page that users keep, and what they have run.
 *
 * Part of ops.h's handle and its rules. A user sees and changes only their own.
 */
#ifndef MR_STORE_OPS_QUERIES_H
#define MR_STORE_OPS_QUERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

typedef struct mr_ops mr_ops;

/* Texts are borrowed: from the caller, or for the visit. */
typedef struct mr_saved_query {
    int64_t query_id; /* set by mr_ops_saved_add's ret_query_id */
    mr_text name;     /* one of each a user */
    mr_text source;   /* "lake", "store" */
    mr_text query;
    int64_t changed_ms;
} mr_saved_query;

/* MR_EXISTS: the name is taken. MR_LIMIT: the user has mr_saved_queries_max. */
mr_status mr_ops_saved_add(mr_ops *ops, const char *user, const mr_saved_query *query,
                           int64_t *ret_query_id, mr_err *err);
/* By name; visit returns false to end. */
mr_status mr_ops_saved(mr_ops *ops, const char *user,
                       bool (*visit)(void *ctx, const mr_saved_query *query), void *ctx,
                       mr_err *err);
/* query_id says which. MR_NOT_FOUND: the user has none of that id, or another of that name. */
mr_status mr_ops_saved_change(mr_ops *ops, const char *user, const mr_saved_query *query,
                              mr_err *err);
mr_status mr_ops_saved_remove(mr_ops *ops, const char *user, int64_t query_id, mr_err *err);

typedef struct mr_query_run {
    int64_t history_id, at_ms; /* both set by the history */
    mr_text source, query;
    int64_t duration_ms, row_count;
    mr_text failure; /* "" when it succeeded */
} mr_query_run;

mr_status mr_ops_history_add(mr_ops *ops, const char *user, const mr_query_run *run, mr_err *err);
/* Newest first, those with an id below `before` (INT64_MAX: all). */
mr_status mr_ops_history(mr_ops *ops, const char *user, int64_t before, uint32_t limit,
                         bool (*visit)(void *ctx, const mr_query_run *run), void *ctx, mr_err *err);

#endif
