/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/engine.c - calls through the table of an engine. See engine.h. */
#include "medallion/engine.h"

void mr_engine_init(mr_engine *engine, const mr_engine_ops *ops)
{
    MR_ASSERT(ops->name != NULL && ops->hash != NULL);
    MR_ASSERT(ops->relation != NULL && ops->bind != NULL && ops->make != NULL);
    MR_ASSERT(ops->query != NULL && ops->write != NULL && ops->close != NULL);
    engine->ops = ops;
}

const char *mr_engine_name(const mr_engine *engine)
{
    return engine->ops->name;
}

const char *mr_engine_hash(const mr_engine *engine)
{
    return engine->ops->hash;
}

bool mr_engine_is_shared(const mr_engine *engine)
{
    return engine->ops->another != NULL;
}

mr_status mr_engine_relation(mr_engine *engine, const mr_engine_files *files, mr_buffer *out,
                             mr_err *err)
{
    return engine->ops->relation(engine, files, out, err);
}

mr_status mr_engine_bind(mr_engine *engine, const char *name, const char *query, mr_err *err)
{
    return engine->ops->bind(engine, name, query, err);
}

mr_status mr_engine_make(mr_engine *engine, const char *name, const char *select, mr_err *err)
{
    return engine->ops->make(engine, name, select, err);
}

mr_status mr_engine_query(mr_engine *engine, const char *sql, mr_engine_visit visit, void *ctx,
                          mr_err *err)
{
    return engine->ops->query(engine, sql, visit, ctx, err);
}

typedef struct count {
    bool found;
    int64_t value;
} count;

static mr_status take_count(void *ctx, const mr_text *values, size_t columns, mr_err *err)
{
    count *c = ctx;

    if (columns != 1 || c->found) {
        return mr_fail(err, MR_INVALID, "one value was asked for, and there are more");
    }
    if (values[0].data == NULL) {
        return MR_OK;
    }
    c->found = true;
    return mr_parse_int64(values[0], &c->value)
               ? MR_OK
               : mr_fail(err, MR_INVALID, "a number was asked for, and it is '%.*s'",
                         MR_TEXT_ARGS(values[0]));
}

mr_status mr_engine_count(mr_engine *engine, const char *sql, int64_t *ret_count, mr_err *err)
{
    count c = {.found = false};
    mr_status status = mr_engine_query(engine, sql, take_count, &c, err);

    if (status != MR_OK) {
        return status;
    }
    if (!c.found) {
        return mr_fail(err, MR_NOT_FOUND, "a number was asked for, and there is none");
    }
    *ret_count = c.value;
    return MR_OK;
}

mr_status mr_engine_write(mr_engine *engine, mr_delta_table *table, const mr_delta_write *write,
                          mr_delta_files **ret_files, mr_err *err)
{
    return engine->ops->write(engine, table, write, ret_files, err);
}

mr_status mr_engine_another(mr_engine *engine, mr_engine **ret_engine, mr_err *err)
{
    MR_ASSERT(mr_engine_is_shared(engine));
    return engine->ops->another(engine, ret_engine, err);
}

void mr_engine_close(mr_engine *engine)
{
    if (engine != NULL) {
        engine->ops->close(engine);
    }
}
