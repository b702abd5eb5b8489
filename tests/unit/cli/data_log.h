/* SPDX-License-Identifier: Apache-2.0 */
/* cli/data_log.h - records in the log of a temporary data folder, and groups that read it. */
#ifndef MR_TESTS_CLI_DATA_LOG_H
#define MR_TESTS_CLI_DATA_LOG_H

#include "bus/bus.h"
#include "cli/data_folder.h"

/* Puts count records of "key" and "value" into the folder's log. */
static inline void append(const fixture *f, const char *topic, size_t count)
{
    const mr_bus_options options = mr_settings_bus(f->config);
    mr_bus_batch *batch = mr_bus_batch_create(65536);
    mr_bus_producer *producer = NULL;
    mr_bus *bus = NULL;

    assert_int_equal(mr_bus_open(&options, &bus, NULL), MR_OK);
    assert_int_equal(mr_bus_producer_open(bus, topic, &producer, NULL), MR_OK);
    for (size_t index = 0; index < count; index++) {
        assert_true(mr_bus_batch_add(batch, MR_TEXT_LITERAL("key"), MR_TEXT_LITERAL("value")));
    }
    assert_int_equal(mr_bus_append(producer, batch, NULL, NULL), MR_OK);
    mr_bus_producer_close(producer);
    mr_bus_batch_destroy(batch);
    mr_bus_close(bus);
}

static inline mr_status begin_at_zero(void *ctx, int32_t partition, int64_t *ret_offset,
                                      mr_err *err)
{
    (void)ctx;
    (void)partition;
    (void)err;
    *ret_offset = 0;
    return MR_OK;
}

/* Tells the log that the group has come so far, as a consumer of its first partition does. */
static inline void publish(const fixture *f, const char *group, const char *topic,
                           int64_t next_offset)
{
    const mr_bus_options options = mr_settings_bus(f->config);
    const mr_bus_consumer_options consuming = {.topic = topic,
                                               .group = group,
                                               .messages_max = 1,
                                               .bytes_max = 1024,
                                               .position = begin_at_zero};
    const mr_bus_message *messages = NULL;
    mr_bus_consumer *consumer = NULL;
    mr_bus *bus = NULL;
    size_t count = 0;

    assert_int_equal(mr_bus_open(&options, &bus, NULL), MR_OK);
    assert_int_equal(mr_bus_consumer_open(bus, &consuming, &consumer, NULL), MR_OK);
    assert_int_equal(mr_bus_poll(consumer, 1000, &messages, &count, NULL), MR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(mr_bus_publish(consumer, messages[0].partition, next_offset, NULL), MR_OK);
    mr_bus_consumer_close(consumer);
    mr_bus_close(bus);
}

#endif
