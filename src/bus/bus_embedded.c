/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_embedded.c - the durable log in a folder, on SQLite: its table, opening and closing.
 *
 * Owns:       the folder's name and the limits. Each producer, consumer and look-up opens its own
 *             connection, so that a bus can be shared by threads without a lock.
 * Invariants: (1) a batch is reported durable only after its commit reached stable storage
 *                 (synchronous=FULL); (2) offsets are given inside the write transaction, dense,
 *                 and never again, not even when retention has emptied a topic.
 * Not here:   appending (embedded_writer.c, embedded_append.c), reading (embedded_reader.c), the
 *             files (embedded_topic.c, embedded_groups.c), retention (embedded_retention.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "bus/embedded.h"

static mr_status embedded_open(const mr_bus_options *options, void **ret_state, mr_err *err)
{
    const char *folder = strchr(options->url, ':') + 1;
    mr_embedded *log = mr_alloc_zero(1, sizeof *log);

    if (*folder == '\0' && options->data_folder == NULL) {
        free(log);
        return mr_fail(err, MR_INVALID, "bus '%s': no folder is given; use embedded:/folder",
                       options->url);
    }
    log->folder =
        *folder != '\0' ? mr_copy_string(folder) : mr_path_join(options->data_folder, "log");
    log->retention_ms = options->retention_ms;
    log->retention_bytes = options->retention_bytes;
    log->queue_bytes_max =
        options->queue_bytes_max != 0 ? options->queue_bytes_max : mr_embedded_queue_bytes;

    mr_status st = mr_folder_create(log->folder, err);
    if (st != MR_OK) {
        free(log->folder);
        free(log);
        return st;
    }
    *ret_state = log;
    return MR_OK;
}

static void embedded_close(void *state)
{
    mr_embedded *log = state;
    free(log->folder);
    free(log);
}

/* A topic is one file, and one writer's syncs serve all. */
static uint32_t embedded_partition_of(const void *producer, mr_text key)
{
    (void)producer;
    (void)key;
    return 0;
}

const mr_bus_backend mr_bus_embedded = {
    .scheme = "embedded",
    .lanes = 1,
    .open = embedded_open,
    .close = embedded_close,
    .producer_open = mr_embedded_producer_open,
    .producer_close = mr_embedded_producer_close,
    .append = mr_embedded_append,
    .submit = mr_embedded_submit,
    .partition_of = embedded_partition_of,
    .queued_bytes = mr_embedded_queued_bytes,
    .mark_read = mr_embedded_mark_read,
    .consumer_open = mr_embedded_consumer_open,
    .consumer_close = mr_embedded_consumer_close,
    .poll = mr_embedded_poll,
    .seek = mr_embedded_seek,
    .position = mr_embedded_position,
    .wake = mr_embedded_wake,
    .publish = mr_embedded_publish,
    .topics = mr_embedded_topics,
    .create = mr_embedded_topic_create,
    .groups = mr_embedded_groups_visit,
    .retain = mr_embedded_retain,
};
