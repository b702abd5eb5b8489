/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/health.h - does the log take events? Thread-safe.
 *
 * Not ready: an append failed within the last health_memory_us and none has succeeded since, or the
 * disk is nearly full. The memory is short so that a gateway which gets no traffic while it is not
 * ready is tried again.
 */
#ifndef MR_GATEWAY_HEALTH_H
#define MR_GATEWAY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

typedef struct mr_health mr_health;

mr_health *mr_health_create(const char *data_folder, uint64_t disk_free_bytes_min);
void mr_health_destroy(mr_health *health); /* NULL is fine */

/* The first failure of a row, and the success that ends it, are logged; not more often than every
 * few seconds. That the log's queue is full is load, not a failure. */
void mr_health_append_failed(mr_health *health, const mr_err *err);
void mr_health_append_succeeded(mr_health *health);

/* Looks at the disk; about once a second. */
void mr_health_look(mr_health *health);
/* As of the last look: too little room to take events. Cheap. */
bool mr_health_disk_is_low(const mr_health *health);

/* Appends the reasons against it, as members of a JSON array, to reasons. */
bool mr_health_ready(mr_health *health, mr_buffer *reasons);

/* The message of the last failure ever; "" when there was none. */
void mr_health_last_error(mr_health *health, char ret_message[static mr_err_message_bytes_max]);

#endif
