/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run_lineage.h - the models and what they read, drawn. */
#ifndef MR_CLI_RUN_LINEAGE_H
#define MR_CLI_RUN_LINEAGE_H

#include "medallion/medallion.h"

/* format: "text", "dot", "mermaid" or "json"; false: none of them. */
bool mr_lineage_draw(const mr_models *models, const char *format, mr_buffer *out);

#endif
