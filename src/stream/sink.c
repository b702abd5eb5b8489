/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink.c - the sinks there are, and the one place their functions are called from. */
#include "stream/sink.h"

#include <stdlib.h>

#include "base/memory.h"

struct mr_sink {
    const mr_sink_ops *ops;
    void *state;
};

static const struct {
    const char *name;
    mr_status (*open)(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err);
} sinks[] = {
    {"store", mr_sink_store_open},
    {"feed", mr_sink_feed_open},
    {"bronze", mr_sink_bronze_open},
};

mr_status mr_sink_open(mr_text name, const mr_sink_options *options, mr_sink **ret_sink,
                       mr_err *err)
{
    for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
        if (mr_text_equal(name, mr_text_of(sinks[i].name))) {
            return sinks[i].open(options, ret_sink, err);
        }
    }
    return mr_fail(err, MR_INVALID,
                   "there is no sink '%.*s'; MILLRACE_SINKS may name store, feed, bronze",
                   MR_TEXT_ARGS(name));
}

mr_sink *mr_sink_create(const mr_sink_ops *ops, void *state)
{
    MR_ASSERT(ops->name != NULL && ops->position != NULL && ops->deliver != NULL &&
              ops->close != NULL && (ops->flush == NULL) == (ops->flush_at_us == NULL));
    mr_sink *sink = mr_alloc(sizeof(*sink));

    *sink = (mr_sink){ops, state};
    return sink;
}

void mr_sink_close(mr_sink *sink)
{
    if (sink != NULL) {
        sink->ops->close(sink->state);
        free(sink);
    }
}

const char *mr_sink_name(const mr_sink *sink)
{
    return sink->ops->name;
}

mr_status mr_sink_position(mr_sink *sink, int32_t partition, int64_t *ret_next_offset, mr_err *err)
{
    return sink->ops->position(sink->state, partition, ret_next_offset, err);
}

mr_status mr_sink_deliver(mr_sink *sink, const mr_bus_message *messages, size_t count,
                          mr_sink_counts *ret_counts, mr_err *err)
{
    MR_ASSERT(count > 0);
    return sink->ops->deliver(sink->state, messages, count, ret_counts, err);
}

mr_status mr_sink_flush(mr_sink *sink, mr_sink_counts *ret_counts, mr_err *err)
{
    return sink->ops->flush != NULL ? sink->ops->flush(sink->state, ret_counts, err) : MR_OK;
}

int64_t mr_sink_flush_at_us(mr_sink *sink)
{
    return sink->ops->flush_at_us != NULL ? sink->ops->flush_at_us(sink->state) : INT64_MAX;
}

void mr_sink_revoked(mr_sink *sink, int32_t partition)
{
    if (sink->ops->revoked != NULL) {
        sink->ops->revoked(sink->state, partition);
    }
}

void mr_sink_set_wake(mr_sink *sink, void (*wake)(void *ctx), void *ctx)
{
    if (sink->ops->set_wake != NULL) {
        sink->ops->set_wake(sink->state, wake, ctx);
    }
}

bool mr_sink_gathers(const mr_sink *sink)
{
    return sink->ops->flush != NULL;
}

bool mr_sink_is_patient(const mr_sink *sink)
{
    return sink->ops->patient;
}
