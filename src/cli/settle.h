/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settle.h - waiting until the sinks have taken all that the log holds (`status --wait`). */
#ifndef MR_CLI_SETTLE_H
#define MR_CLI_SETTLE_H

#include "base/config.h"
#include "base/status.h"

/* Returns MR_OK once every sink of MILLRACE_SINKS has published the end of the ingestion topic, as
 * it stood at some moment after the call. MR_UNAVAILABLE after timeout_ms: err names who is behind.
 */
mr_status mr_settle_wait(const mr_config *config, uint64_t timeout_ms, mr_err *err);

#endif
