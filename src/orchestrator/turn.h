/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/turn.h - who carries runs out on a data folder: one at a time. */
#ifndef MR_ORCHESTRATOR_TURN_H
#define MR_ORCHESTRATOR_TURN_H

#include <stdbool.h>

#include "base/status.h"

/* Makes <data_folder>/runs. MR_EXISTS: another process does it. Closing the descriptor gives it up;
 * so does the end of the process, but no child keeps it. */
mr_status mr_turn_take(const char *data_folder, int *ret_fd, mr_err *err);
bool mr_turn_is_taken(const char *data_folder);

#endif
