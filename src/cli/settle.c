/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settle.c - compares the log's end with what the sinks have taken, whenever that changes.
 *
 * What a sink has published says how far it came, but for the store: that one is asked itself,
 * since what was published for a store that is gone is nothing to a new one, or to one brought back
 * from a copy. Only over the holes that ends of transactions leave in a partition of Kafka does a
 * position in the store not move: where it stands before the end and the end is published, the log
 * is read from there on. One record found shows that the store has yet to take it.
 *
 * A change is awaited by inotify on the folder of the embedded log, where every publication writes
 * to a file whose name ends in -wal. Nothing else there counts: a look itself makes and removes
 * files while no other process has them open, and would wake itself again and again. A look every
 * recheck_ms besides serves a log that lives elsewhere, and a folder not there yet.
 */
#define _GNU_SOURCE /* strsep */
#include "cli/settle.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "cli/settings.h"
#include "store/store.h"

enum {
    recheck_ms = 250,
    change_bytes_max = 4096,
    partitions_max = 1024,
    search_ms_max = 5000, /* for a record behind the store's position */
    search_poll_ms = 1000,
};

typedef struct ingestion {
    const char *topic;
    const char *sink; /* whose progress `taken` is */
    size_t count;
    bool too_many; /* more partitions than are kept here */
    int32_t partitions[partitions_max];
    int64_t first[partitions_max], next[partitions_max], taken[partitions_max];
} ingestion;

/* The store as a sink's target; it may not be there yet. */
typedef struct store_target {
    mr_store_options options;
    mr_store *store; /* NULL while there is none */
    int64_t position[partitions_max];
    int64_t record_at[partitions_max]; /* behind its position, found earlier; -1: none yet */
} store_target;

typedef struct positions {
    const ingestion *source;
    store_target *target;
} positions;

static bool note_topic(void *ctx, const mr_bus_topic_info *info)
{
    ingestion *source = ctx;

    if (source->count == partitions_max) {
        source->too_many = true;
        return false;
    }
    source->partitions[source->count] = info->partition;
    source->first[source->count] = info->first_offset;
    source->next[source->count] = info->next_offset;
    source->count++;
    return true;
}

static bool note_group(void *ctx, const mr_bus_group_info *info)
{
    ingestion *source = ctx;

    if (strcmp(info->topic, source->topic) != 0 || strcmp(info->group, source->sink) != 0) {
        return true;
    }
    for (size_t i = 0; i < source->count; i++) {
        if (source->partitions[i] == info->partition) {
            source->taken[i] = info->next_offset;
        }
    }
    return true;
}

static bool note_position(void *ctx, const mr_store_source *position, int64_t next_offset)
{
    const positions *all = ctx;
    const ingestion *source = all->source;

    if (strcmp(position->topic, source->topic) != 0 || strcmp(position->group, source->sink) != 0) {
        return true;
    }
    for (size_t i = 0; i < source->count; i++) {
        if (source->partitions[i] == position->partition && next_offset > source->first[i]) {
            all->target->position[i] = next_offset;
        }
    }
    return true;
}

static mr_status ask_store(store_target *target, const ingestion *source, mr_err *err)
{
    positions all = {source, target};

    memcpy(target->position, source->first, sizeof target->position);
    mr_status status =
        target->store != NULL ? MR_OK : mr_store_open(&target->options, &target->store, err);
    if (status == MR_NOT_FOUND) {
        return MR_OK; /* there is none yet */
    }
    return status != MR_OK ? status
                           : mr_store_read_positions(target->store, note_position, &all, err);
}

/* --- Holes ---------------------------------------------------------------------------------- */

static mr_status begin_there(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    (void)partition; /* it is the only one */
    (void)err;
    *ret_offset = *(const int64_t *)ctx;
    return MR_OK;
}

/* Polls until a record comes, or the end is met. *ret_record -1: nothing but holes. */
static mr_status search(mr_bus_consumer *consumer, int32_t partition, int64_t next,
                        int64_t *ret_record, mr_err *err)
{
    const int64_t deadline_us = mr_monotonic_us() + (int64_t)search_ms_max * 1000;
    const mr_bus_message *messages = NULL;
    int64_t position = -1;
    size_t count = 0;

    while (position < next) {
        if (mr_monotonic_us() > deadline_us) {
            return mr_fail(err, MR_UNAVAILABLE, "partition %d does not answer within %d ms",
                           partition, search_ms_max);
        }
        mr_status status = mr_bus_poll(consumer, search_poll_ms, &messages, &count, err);
        if (status == MR_OK && count > 0) {
            *ret_record = messages[0].offset;
            return MR_OK;
        }
        if (status == MR_OK) {
            status = mr_bus_consumer_position(consumer, partition, &position, err);
        }
        if (status != MR_OK) {
            return status;
        }
    }
    *ret_record = -1;
    return MR_OK;
}

static mr_status find_record(mr_bus *bus, const ingestion *source, size_t i, int64_t from,
                             int64_t *ret_record, mr_err *err)
{
    const mr_bus_consumer_options options = {.topic = source->topic,
                                             .partitions = &source->partitions[i],
                                             .partition_count = 1,
                                             .messages_max = 1,
                                             .bytes_max = 1,
                                             .position = begin_there,
                                             .ctx = &from};
    mr_bus_consumer *consumer = NULL;
    mr_status status = mr_bus_consumer_open(bus, &options, &consumer, err);

    if (status != MR_OK) {
        return status;
    }
    status = search(consumer, source->partitions[i], source->next[i], ret_record, err);
    mr_bus_consumer_close(consumer);
    return status;
}

/* The end is published: does the store stand there, or at nothing but holes before it? */
static mr_status check_end(mr_bus *bus, store_target *target, ingestion *source, size_t i,
                           mr_err *err)
{
    const int64_t position = target->position[i];

    if (position >= source->next[i]) {
        return MR_OK;
    }
    if (target->record_at[i] < position) {
        mr_status status = find_record(bus, source, i, position, &target->record_at[i], err);
        if (status != MR_OK) {
            return status;
        }
    }
    if (target->record_at[i] >= position) {
        source->taken[i] = position;
    }
    return MR_OK;
}

static mr_status read_store(mr_bus *bus, store_target *target, ingestion *source, mr_err *err)
{
    mr_status status = ask_store(target, source, err);

    for (size_t i = 0; status == MR_OK && i < source->count; i++) {
        if (source->taken[i] < source->next[i]) { /* nobody says that it has all */
            source->taken[i] = target->position[i];
        } else {
            status = check_end(bus, target, source, i, err);
        }
    }
    return status;
}

/* --- One sink ------------------------------------------------------------------------------- */

static mr_status read_taken(mr_bus *bus, store_target *target, ingestion *source, mr_err *err)
{
    memcpy(source->taken, source->first, sizeof source->taken);
    mr_status status = mr_bus_groups(bus, note_group, source, err);
    return status == MR_OK && strcmp(source->sink, "store") == 0
               ? read_store(bus, target, source, err)
               : status;
}

/* MR_UNAVAILABLE: err says how far behind the sink is. */
static mr_status look_at_sink(mr_bus *bus, store_target *target, ingestion *source, mr_err *err)
{
    uint64_t lag = 0;

    mr_status status = read_taken(bus, target, source, err);
    if (status != MR_OK) {
        return status;
    }
    for (size_t i = 0; i < source->count; i++) {
        lag +=
            source->next[i] > source->taken[i] ? (uint64_t)(source->next[i] - source->taken[i]) : 0;
    }
    if (lag == 0) {
        return MR_OK;
    }
    return mr_fail(
        err, MR_UNAVAILABLE,
        "sink %s has yet to take %llu records of %s; `millrace status` shows whether the "
        "processor runs",
        source->sink, (unsigned long long)lag, source->topic);
}

/* MR_OK: all have taken all. MR_UNAVAILABLE: err names one that has not. */
static mr_status look(mr_bus *bus, store_target *target, const mr_config *config, mr_err *err)
{
    ingestion source = {.topic = mr_settings_topic_ingestion(config)};
    char *names = mr_copy_string(mr_config_text(config, "MILLRACE_SINKS"));
    char *next = names;
    mr_status status = mr_bus_topic_partitions(bus, source.topic, note_topic, &source, err);

    if (status == MR_OK && source.too_many) {
        status =
            mr_fail(err, MR_LIMIT, "%s has more than %d partitions", source.topic, partitions_max);
    }
    while (next != NULL && status == MR_OK) {
        char *sink = strsep(&next, ",");
        sink += strspn(sink, " ");
        sink[strcspn(sink, " ")] = '\0';
        if (*sink != '\0') {
            source.sink = sink;
            status = look_at_sink(bus, target, &source, err);
        }
    }
    free(names);
    return status;
}

static bool is_publication(const struct inotify_event *event)
{
    static const char end[] = "-wal";
    const size_t end_bytes = sizeof end - 1;
    const size_t bytes = event->len > 0 ? strlen(event->name) : 0; /* len counts padding */

    return (event->mask & IN_Q_OVERFLOW) != 0 ||
           (bytes > end_bytes && memcmp(event->name + bytes - end_bytes, end, end_bytes) == 0);
}

/* Takes all that was noticed; true: a publication was among it. */
static bool take_changes(int watch_fd)
{
    union {
        struct inotify_event align;
        char bytes[change_bytes_max];
    } changes;
    bool published = false;
    ssize_t bytes;

    while ((bytes = read(watch_fd, changes.bytes, sizeof changes.bytes)) > 0) {
        for (ssize_t at = 0; at < bytes;) {
            const struct inotify_event *event =
                (const struct inotify_event *)(const void *)(changes.bytes + at);
            published = is_publication(event) || published;
            at += (ssize_t)(offsetof(struct inotify_event, name) + event->len);
        }
    }
    return published;
}

static void await_change(int watch_fd, int64_t left_us)
{
    const int64_t wait_us =
        left_us < (int64_t)recheck_ms * 1000 ? left_us : (int64_t)recheck_ms * 1000;
    const int64_t until_us = mr_monotonic_us() + wait_us;
    int64_t now_us = mr_monotonic_us();

    for (; now_us < until_us; now_us = mr_monotonic_us()) {
        struct pollfd changed = {.fd = watch_fd, .events = POLLIN};
        if (poll(&changed, watch_fd >= 0 ? 1 : 0, (int)((until_us - now_us) / 1000) + 1) > 0 &&
            take_changes(watch_fd)) {
            return;
        }
    }
}

static mr_status wait_on(mr_bus *bus, const mr_config *config, int watch_fd, uint64_t timeout_ms,
                         mr_err *err)
{
    store_target target = {.options = mr_settings_store(config, MR_STORE_READ)};
    memset(target.record_at, -1, sizeof target.record_at);
    const int64_t deadline_us = mr_monotonic_us() + (int64_t)timeout_ms * 1000;
    mr_status status;

    while ((status = look(bus, &target, config, err)) == MR_UNAVAILABLE) {
        int64_t left_us = deadline_us - mr_monotonic_us();
        if (left_us <= 0) {
            break;
        }
        await_change(watch_fd, left_us);
    }
    mr_store_close(target.store);
    return status;
}

mr_status mr_settle_wait(const mr_config *config, uint64_t timeout_ms, mr_err *err)
{
    const mr_bus_options options = mr_settings_bus(config);
    mr_bus *bus = NULL;
    mr_status status = mr_bus_open(&options, &bus, err);

    if (status != MR_OK) {
        return status;
    }
    char *folder = mr_path_join(mr_config_text(config, "MILLRACE_DATA"), "log");
    int watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch_fd >= 0) {
        (void)inotify_add_watch(watch_fd, folder, IN_MODIFY); /* else: recheck_ms */
    }
    status = wait_on(bus, config, watch_fd, timeout_ms, err);
    if (watch_fd >= 0) {
        (void)close(watch_fd); /* nothing was written through it */
    }
    free(folder);
    mr_bus_close(bus);
    return status;
}
