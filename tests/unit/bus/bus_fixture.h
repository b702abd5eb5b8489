/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_fixture.h - what the tests of the bus share: a folder of their own, and short ways to
 * open a log, append to it and read it. Every failure fails the test with the error's own message.
 */
#ifndef MR_TESTS_BUS_FIXTURE_H
#define MR_TESTS_BUS_FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw; this header comes first */
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "bus/bus.h"

enum { fixture_batch_bytes_max = 4 << 20, fixture_wait_ms_max = 20000, fixture_more_ms = 100 };

typedef struct bus_fixture {
    char folder[64];
    const char *url;
    mr_bus_options options;
    /* The log is a cluster's: offsets may have holes, a batch may be seen in parts, and nobody
     * knows when a topic was last appended to. */
    bool cluster;
} bus_fixture;

static inline void fixture_ok(mr_status st, const mr_err *err)
{
    if (st != MR_OK) {
        fail_msg("%s: %s", mr_status_name(st), err->message);
    }
}

static inline int fixture_remove_entry(const char *path, const struct stat *info, int kind,
                                       struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void fixture_remove_folder(const char *folder)
{
    assert_int_equal(nftw(folder, fixture_remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void fixture_make(bus_fixture *fixture, const char *url)
{
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/millrace-bus-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->url = url;
    fixture->options = (mr_bus_options){.url = url, .data_folder = fixture->folder};
}

static inline mr_bus *fixture_open(const bus_fixture *fixture)
{
    mr_bus *bus = NULL;
    mr_err err;
    fixture_ok(mr_bus_open(&fixture->options, &bus, &err), &err);
    return bus;
}

static inline mr_bus_producer *fixture_producer(mr_bus *bus, const char *topic)
{
    mr_bus_producer *producer = NULL;
    mr_err err;
    fixture_ok(mr_bus_producer_open(bus, topic, &producer, &err), &err);
    return producer;
}

static inline mr_bus_consumer *fixture_consumer(mr_bus *bus, const char *topic)
{
    mr_bus_consumer *consumer = NULL;
    mr_err err;
    mr_bus_consumer_options options = {
        .topic = topic, .messages_max = 100000, .bytes_max = 64 << 20};
    fixture_ok(mr_bus_consumer_open(bus, &options, &consumer, &err), &err);
    return consumer;
}

/* A batch of `count` records "<prefix>-<index>" with the prefix as key. */
static inline mr_bus_batch *fixture_batch(const char *prefix, size_t count)
{
    char value[128];
    mr_bus_batch *batch = mr_bus_batch_create(fixture_batch_bytes_max);
    for (size_t index = 0; index < count; index++) {
        (void)snprintf(value, sizeof value, "%s-%zu", prefix, index);
        assert_true(mr_bus_batch_add(batch, mr_text_of(prefix), mr_text_of(value)));
    }
    return batch;
}

/* Appends such a batch; returns the offset of its first record. */
static inline int64_t fixture_append(mr_bus_producer *producer, const char *prefix, size_t count)
{
    mr_err err;
    mr_bus_batch *batch = fixture_batch(prefix, count);
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    int64_t offset = mr_bus_batch_position(batch, 0).offset;
    mr_bus_batch_destroy(batch);
    return offset;
}

/* One poll that must bring something. */
static inline size_t fixture_poll(mr_bus_consumer *consumer, const mr_bus_message **ret_messages)
{
    mr_err err;
    size_t count = 0;
    fixture_ok(mr_bus_poll(consumer, fixture_wait_ms_max, ret_messages, &count, &err), &err);
    assert_true(count > 0);
    return count;
}

static inline void fixture_assert_text(mr_text text, const char *expected)
{
    assert_int_equal(text.bytes, strlen(expected));
    assert_memory_equal(text.data, expected, text.bytes);
}

/* Reads from the first offset to the end; checks that offsets are dense; returns how many. */
static inline size_t fixture_count_all(mr_bus *bus, const char *topic)
{
    mr_err err;
    mr_bus_consumer *consumer = fixture_consumer(bus, topic);
    const mr_bus_message *messages = NULL;
    size_t total = 0;
    size_t count = 0;
    int64_t expected = -1;
    do {
        fixture_ok(mr_bus_poll(consumer, 0, &messages, &count, &err), &err);
        for (size_t index = 0; index < count; index++) {
            expected = expected < 0 ? messages[index].offset : expected;
            assert_int_equal(messages[index].offset, expected);
            expected++;
        }
        total += count;
    } while (count > 0);
    mr_bus_consumer_close(consumer);
    return total;
}

/* The topic holds `expected` records, soon (the end of a transaction travels by itself) and for
 * good; their offsets grow, in a log of one machine by 1. */
static inline void fixture_expect_count(const bus_fixture *fixture, mr_bus *bus, const char *topic,
                                        size_t expected)
{
    mr_err err;
    const mr_bus_message *messages = NULL;
    size_t total = 0;
    size_t count = 1;
    int64_t next = 0;
    if (!fixture->cluster) {
        assert_int_equal(fixture_count_all(bus, topic), expected);
        return;
    }
    mr_bus_consumer *consumer = fixture_consumer(bus, topic);
    while (total < expected || count > 0) {
        uint32_t wait_ms = total < expected ? fixture_wait_ms_max : fixture_more_ms;
        fixture_ok(mr_bus_poll(consumer, wait_ms, &messages, &count, &err), &err);
        for (size_t index = 0; index < count; index++) {
            assert_true(messages[index].offset >= next);
            next = messages[index].offset + 1;
        }
        total += count;
    }
    assert_int_equal(total, expected);
    mr_bus_consumer_close(consumer);
}

/* An embedded log in a folder of its own. */
static inline int fixture_set_up(void **state)
{
    bus_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);
    fixture_make(fixture, "embedded:");
    *state = fixture;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    bus_fixture *fixture = *state;
    fixture_remove_folder(fixture->folder);
    free(fixture);
    return 0;
}

#endif
