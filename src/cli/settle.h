/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settle.h - waiting until the sinks have taken all that the log holds (`status --wait`). */
#ifndef MR_CLI_SETTLE_H
#define MR_CLI_SETTLE_H

#include "base/config.h"
#include "base/status.h"

/* Returns MR_OK once every sink of MILLRACE_SINKS has taken the ingestion topic up to its end, as
 * that stood at some moment after the call: the store by its own account, the others by what they
 * published. MR_UNAVAILABLE after timeout_ms: err names who is behind. */
mr_status mr_settle_wait(const mr_config *config, uint64_t timeout_ms, mr_err *err);

#endif
