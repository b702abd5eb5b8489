/* SPDX-License-Identifier: Apache-2.0 */
/* cli/snapshot_print.h - a snapshot for people and for programs. */
#ifndef MR_CLI_SNAPSHOT_PRINT_H
#define MR_CLI_SNAPSHOT_PRINT_H

#include "base/memory.h"
#include "query/snapshot.h"

/* Room for every role, topic, group and problem that a snapshot can hold. */
enum { mr_snapshot_text_bytes_max = 1048576 };

/* begin_command: what starts the platform on this data folder, as a user would type it. */
void mr_snapshot_print_text(const mr_snapshot *snapshot, const char *begin_command, mr_buffer *out);
void mr_snapshot_print_json(const mr_snapshot *snapshot, mr_buffer *out);

#endif
