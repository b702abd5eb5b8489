/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_csv.h - an event as a CSV line (RFC 4180), the way `millrace convert` reads it. */
#ifndef MR_CLI_GENERATE_CSV_H
#define MR_CLI_GENERATE_CSV_H

#include "event/event.h"

/* Unknown fields and EventID have no column. False past out's cap. */
bool mr_generate_csv_header(mr_buffer *out);
bool mr_generate_csv_line(const mr_event *event, mr_buffer *out);

#endif
