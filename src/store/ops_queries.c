/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_queries.c - queries of the SQL page that users keep, and what they have run.
 *
 * Called by: the web's workers; one thread a handle. Statements: sql/access_saved_*.sql and
 * access_history_*.sql.
 */
#include "store/ops_queries.h"

#include "base/civil.h"
#include "base/memory.h"
#include "store/ops_access.h"
#include "store/ops_backend.h"

enum { trim_interval = 256 };

#define COUNT_OF(values) (sizeof(values) / sizeof((values)[0]))

static bool read_integer(void *ctx, const mr_ops_value *cells, size_t count)
{
    MR_ASSERT(count == 1);
    *(int64_t *)ctx = cells[0].integer;
    return true; /* to the end: what is inserted stands only then */
}

/* --- Saved queries ---------------------------------------------------------------------------- */

mr_status mr_ops_saved_add(mr_ops *ops, const char *user, const mr_saved_query *query,
                           int64_t *ret_query_id, mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_string(mr_text_of(user)), mr_ops_string(query->name),  mr_ops_string(query->source),
        mr_ops_string(query->query),     mr_ops_integer(mr_now_ms()),
    };
    int64_t count = 0, id = 0;
    mr_status status = ops->backend->run(ops->state, MR_OPS_SAVED_COUNT, values, 1, read_integer,
                                         &count, NULL, err);

    if (status == MR_OK && count >= mr_saved_queries_max) {
        return mr_fail(err, MR_LIMIT, "%d queries are saved, and no more can be: remove one first",
                       mr_saved_queries_max);
    }
    if (status == MR_OK) {
        status = ops->backend->run(ops->state, MR_OPS_SAVED_ADD, values, COUNT_OF(values),
                                   read_integer, &id, NULL, err);
    }
    if (status == MR_OK && id == 0) {
        return mr_fail(err, MR_EXISTS, "a query of that name is saved already");
    }
    if (status == MR_OK) {
        *ret_query_id = id;
    }
    return status;
}

typedef struct saved_visit {
    bool (*visit)(void *ctx, const mr_saved_query *query);
    void *ctx;
} saved_visit;

static bool visit_saved(void *ctx, const mr_ops_value *cells, size_t count)
{
    const saved_visit *to = ctx;
    const mr_saved_query query = {
        .query_id = cells[0].integer,
        .name = cells[1].text,
        .source = cells[2].text,
        .query = cells[3].text,
        .changed_ms = cells[4].integer,
    };

    MR_ASSERT(count == 5);
    return to->visit(to->ctx, &query);
}

mr_status mr_ops_saved(mr_ops *ops, const char *user,
                       bool (*visit)(void *ctx, const mr_saved_query *query), void *ctx,
                       mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_string(mr_text_of(user))};
    saved_visit to = {visit, ctx};

    return ops->backend->run(ops->state, MR_OPS_SAVED_LIST, values, COUNT_OF(values), visit_saved,
                             &to, NULL, err);
}

mr_status mr_ops_saved_change(mr_ops *ops, const char *user, const mr_saved_query *query,
                              mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_string(query->name),      mr_ops_string(query->source),
        mr_ops_string(query->query),     mr_ops_integer(mr_now_ms()),
        mr_ops_integer(query->query_id), mr_ops_string(mr_text_of(user)),
    };
    uint64_t changes = 0;
    mr_status status = ops->backend->run(ops->state, MR_OPS_SAVED_CHANGE, values, COUNT_OF(values),
                                         NULL, NULL, &changes, err);

    if (status == MR_OK && changes == 0) {
        return mr_fail(err, MR_NOT_FOUND, "no such query, or another of that name is saved");
    }
    return status;
}

mr_status mr_ops_saved_remove(mr_ops *ops, const char *user, int64_t query_id, mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_integer(query_id), mr_ops_string(mr_text_of(user))};
    uint64_t changes = 0;
    mr_status status = ops->backend->run(ops->state, MR_OPS_SAVED_REMOVE, values, COUNT_OF(values),
                                         NULL, NULL, &changes, err);

    if (status == MR_OK && changes == 0) {
        return mr_fail(err, MR_NOT_FOUND, "no such query is saved");
    }
    return status;
}

/* --- History ---------------------------------------------------------------------------------- */

mr_status mr_ops_history_add(mr_ops *ops, const char *user, const mr_query_run *run, mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_string(mr_text_of(user)),  mr_ops_integer(mr_now_ms()),
        mr_ops_string(run->source),       mr_ops_string(run->query),
        mr_ops_integer(run->duration_ms), mr_ops_integer(run->row_count),
        mr_ops_string(run->failure),
    };
    int64_t id = 0;
    mr_status status = ops->backend->run(ops->state, MR_OPS_HISTORY_ADD, values, COUNT_OF(values),
                                         read_integer, &id, NULL, err);

    if (status == MR_OK && id % trim_interval == 0) {
        const mr_ops_value oldest[] = {mr_ops_integer(id - mr_history_entries_max)};
        status = ops->backend->run(ops->state, MR_OPS_HISTORY_TRIM, oldest, COUNT_OF(oldest), NULL,
                                   NULL, NULL, err);
    }
    return status;
}

typedef struct history_visit {
    bool (*visit)(void *ctx, const mr_query_run *run);
    void *ctx;
} history_visit;

static bool visit_run(void *ctx, const mr_ops_value *cells, size_t count)
{
    const history_visit *to = ctx;
    const mr_query_run run = {
        .history_id = cells[0].integer,
        .at_ms = cells[1].integer,
        .source = cells[2].text,
        .query = cells[3].text,
        .duration_ms = cells[4].integer,
        .row_count = cells[5].integer,
        .failure = cells[6].text,
    };

    MR_ASSERT(count == 7);
    return to->visit(to->ctx, &run);
}

mr_status mr_ops_history(mr_ops *ops, const char *user, int64_t before, uint32_t limit,
                         bool (*visit)(void *ctx, const mr_query_run *run), void *ctx, mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_string(mr_text_of(user)),
        mr_ops_integer(before),
        mr_ops_integer(limit),
    };
    history_visit to = {visit, ctx};

    return ops->backend->run(ops->state, MR_OPS_HISTORY_LIST, values, COUNT_OF(values), visit_run,
                             &to, NULL, err);
}
