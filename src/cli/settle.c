/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settle.c - compares the log's end with what the sinks have published, whenever that changes.
 *
 * What was published for a store that is gone is nothing to a new one: a store without any position
 * has taken nothing. Of a store that has one, what is published counts: it moves over the holes
 * that ends of transactions leave in a partition of Kafka, a position in the store does not.
 *
 * A change is awaited by inotify on the folder of the embedded log, where every publication writes.
 * A look every recheck_ms besides serves a log that lives elsewhere, and a folder not there yet.
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

enum { recheck_ms = 250, change_bytes_max = 4096, partitions_max = 1024 };

typedef struct ingestion {
    const char *topic;
    const char *sink; /* whose progress `taken` is */
    size_t count;
    bool too_many;       /* more partitions than are kept here */
    bool known_to_store; /* it has a position of this topic */
    int32_t partitions[partitions_max];
    int64_t first[partitions_max], next[partitions_max], taken[partitions_max];
} ingestion;

/* The store as a sink's target; it may not be there yet. */
typedef struct store_target {
    mr_store_options options;
    mr_store *store; /* NULL while there is none */
} store_target;

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
    ingestion *source = ctx;

    (void)next_offset;
    source->known_to_store =
        strcmp(position->topic, source->topic) == 0 && strcmp(position->group, source->sink) == 0;
    return !source->known_to_store;
}

static mr_status ask_store(store_target *target, ingestion *source, mr_err *err)
{
    source->known_to_store = false;
    mr_status status =
        target->store != NULL ? MR_OK : mr_store_open(&target->options, &target->store, err);
    if (status == MR_NOT_FOUND) {
        return MR_OK; /* there is none yet */
    }
    return status != MR_OK ? status
                           : mr_store_read_positions(target->store, note_position, source, err);
}

static mr_status read_taken(mr_bus *bus, store_target *target, ingestion *source, mr_err *err)
{
    memcpy(source->taken, source->first, sizeof source->taken);
    if (strcmp(source->sink, "store") == 0) {
        mr_status status = ask_store(target, source, err);
        if (status != MR_OK || !source->known_to_store) {
            return status;
        }
    }
    return mr_bus_groups(bus, note_group, source, err);
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

static void await_change(int watch_fd, int64_t left_us)
{
    char changes[change_bytes_max];
    struct pollfd changed = {.fd = watch_fd, .events = POLLIN};
    int wait_ms = left_us < (int64_t)recheck_ms * 1000 ? (int)(left_us / 1000) + 1 : recheck_ms;

    if (poll(&changed, watch_fd >= 0 ? 1 : 0, wait_ms) > 0) {
        while (read(watch_fd, changes, sizeof changes) > 0) {
            /* what changed does not matter, only that it did */
        }
    }
}

static mr_status wait_on(mr_bus *bus, const mr_config *config, int watch_fd, uint64_t timeout_ms,
                         mr_err *err)
{
    store_target target = {.options = mr_settings_store(config, MR_STORE_READ)};
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
        (void)inotify_add_watch(watch_fd, folder, IN_MODIFY | IN_CREATE); /* else: recheck_ms */
    }
    status = wait_on(bus, config, watch_fd, timeout_ms, err);
    if (watch_fd >= 0) {
        (void)close(watch_fd); /* nothing was written through it */
    }
    free(folder);
    mr_bus_close(bus);
    return status;
}
