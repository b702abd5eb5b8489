/* SPDX-License-Identifier: Apache-2.0 */
/* stream/fixture.h - a data folder of its own, an embedded log in it, and short ways to use both.
 */
#ifndef MR_TESTS_STREAM_FIXTURE_H
#define MR_TESTS_STREAM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "bus/bus.h"
#include "store/store.h"
#include "stream/dead_letter.h"
#include "stream/sink.h"
#include "stream/topic.h"

static const char topic_in[] = "ingestion-topic";
static const char topic_out[] = "processed-topic";
static const char topic_dead[] = "dead-letter-topic";

typedef struct fixture {
    char folder[64];
    mr_bus *bus;
} fixture;

#define must(call)                                       \
    do {                                                 \
        mr_err must_err = {.message = ""};               \
        mr_err *err = &must_err;                         \
        if ((call) != MR_OK) {                           \
            fail_msg("%s: %s", #call, must_err.message); \
        }                                                \
    } while (0)

static inline mr_bus_options bus_options(const fixture *f)
{
    return (mr_bus_options){.url = "embedded:", .data_folder = f->folder, .retention_bytes = 1};
}

static inline mr_store_options store_options(const fixture *f)
{
    return (mr_store_options){.url = "sqlite:", .data_folder = f->folder, .mode = MR_STORE_WRITE};
}

static inline mr_sink_options sink_options(const fixture *f)
{
    return (mr_sink_options){.bus = f->bus,
                             .topic_ingestion = topic_in,
                             .topic_processed = topic_out,
                             .topic_dead_letter = topic_dead,
                             .store = store_options(f)};
}

static inline int set_up(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof(*f));
    mr_bus_options options;

    mr_log_configure("test", MR_LOG_ERROR, false);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-stream-XXXXXX");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    options = bus_options(f);
    *state = f;
    return mr_bus_open(&options, &f->bus, NULL) == MR_OK ? 0 : -1;
}

/* Folders in it hold files only. */
static inline void remove_folder(const char *path)
{
    DIR *folder = opendir(path);

    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char *inner = mr_path_join(path, entry->d_name);
        if (unlink(inner) != 0) {
            remove_folder(inner);
        }
        free(inner);
    }
    assert_int_equal(closedir(folder), 0);
    assert_int_equal(rmdir(path), 0);
}

static inline int tear_down(void **state)
{
    fixture *f = *state;

    mr_bus_close(f->bus);
    remove_folder(f->folder);
    free(f);
    return 0;
}

static inline void append_texts(const fixture *f, const mr_text *values, size_t count)
{
    mr_bus_producer *producer = NULL;
    mr_bus_batch *batch = mr_bus_batch_create(16777216);

    must(mr_bus_producer_open(f->bus, topic_in, &producer, err));
    for (size_t i = 0; i < count; i++) {
        assert_true(mr_bus_batch_add(batch, MR_TEXT_LITERAL("key"), values[i]));
    }
    must(mr_bus_append(producer, batch, NULL, err));
    mr_bus_producer_close(producer);
    mr_bus_batch_destroy(batch);
}

static inline void append(const fixture *f, const char *value)
{
    mr_text text = mr_text_of(value);

    append_texts(f, &text, 1);
}

static inline void append_event(const fixture *f, const char *invoice, int quantity)
{
    char json[512];

    (void)snprintf(json, sizeof(json),
                   "{\"InvoiceNo\":\"%s\",\"StockCode\":\"85123A\",\"Description\":\"HEART\","
                   "\"Quantity\":%d,\"InvoiceDate\":\"01/12/2010 08:26\",\"UnitPrice\":2.55,"
                   "\"CustomerID\":17850,\"Country\":\"United Kingdom\"}",
                   invoice, quantity);
    append(f, json);
}

/* The same invoice and EventID; another quantity is other content. */
static inline void append_keyed(const fixture *f, const char *key, int quantity)
{
    char json[512];

    (void)snprintf(json, sizeof(json),
                   "{\"InvoiceNo\":\"7\",\"StockCode\":\"1\",\"Quantity\":%d,\"InvoiceDate\":"
                   "\"01/12/2010 08:26\",\"UnitPrice\":1,\"Country\":\"UK\",\"EventID\":\"%s\"}",
                   quantity, key);
    append(f, json);
}

/* --- A topic's records, copied ---------------------------------------------------------------- */

enum { records_max = 2048 };

typedef struct records {
    mr_text values[records_max];
    size_t count;
} records;

static inline bool copy_record(void *ctx, const mr_bus_message *message)
{
    records *all = ctx;
    char *copy = mr_alloc(message->value.bytes + 1);

    assert_true(all->count < records_max);
    if (message->value.bytes > 0) {
        memcpy(copy, message->value.data, message->value.bytes);
    }
    copy[message->value.bytes] = '\0';
    all->values[all->count++] = (mr_text){copy, message->value.bytes};
    return true;
}

static inline records *read_topic(const fixture *f, const char *topic)
{
    records *all = mr_alloc_zero(1, sizeof(*all));
    mr_topic_range range;
    mr_topic_walk walk = {.topic = topic, .visit = copy_record, .ctx = all};

    must(mr_topic_read_range(f->bus, topic, 0, &range, err));
    walk.from_offset = range.first_offset;
    walk.to_offset = range.next_offset;
    must(mr_topic_visit(f->bus, &walk, err));
    return all;
}

static inline void free_records(records *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free((void *)(uintptr_t)all->values[i].data);
    }
    free(all);
}

static inline size_t count_topic(const fixture *f, const char *topic)
{
    mr_topic_range range;

    must(mr_topic_read_range(f->bus, topic, 0, &range, err));
    return (size_t)(range.next_offset - range.first_offset);
}

/* --- Delivering by hand ----------------------------------------------------------------------- */

typedef struct delivery {
    mr_sink *sink;
    mr_status status;
    mr_sink_counts counts;
    mr_err err;
} delivery;

/* Everything in the ingestion topic, in one batch, whatever the sink's position is. */
static inline void deliver_all(const fixture *f, delivery *d)
{
    mr_bus_consumer *consumer = NULL;
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    mr_bus_consumer_options options = {
        .topic = topic_in, .messages_max = records_max, .bytes_max = 16777216};

    must(mr_bus_consumer_open(f->bus, &options, &consumer, err));
    must(mr_bus_poll(consumer, 0, &messages, &count, err));
    assert_true(count > 0);
    d->counts = (mr_sink_counts){0};
    d->status = mr_sink_deliver(d->sink, messages, count, &d->counts, &d->err);
    mr_bus_consumer_close(consumer);
}

static inline int64_t position_of(mr_sink *sink)
{
    int64_t offset = -1;

    must(mr_sink_position(sink, 0, &offset, err));
    return offset;
}

static inline mr_store_totals read_totals(const fixture *f)
{
    mr_store_options options = store_options(f);
    mr_store *store = NULL;
    mr_store_totals totals;

    options.mode = MR_STORE_READ;
    must(mr_store_open(&options, &store, err));
    must(mr_store_read_totals(store, &totals, err));
    mr_store_close(store);
    return totals;
}

#endif
