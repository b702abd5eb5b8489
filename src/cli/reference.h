/* SPDX-License-Identifier: Apache-2.0 */
/* cli/reference.h - documents made from the table of settings. */
#ifndef MR_CLI_REFERENCE_H
#define MR_CLI_REFERENCE_H

#include "base/memory.h"

enum { mr_reference_bytes_max = 262144 };

void mr_reference_markdown(mr_buffer *out); /* docs/configuration.md */
void mr_reference_env(mr_buffer *out);      /* .env.example */

#endif
